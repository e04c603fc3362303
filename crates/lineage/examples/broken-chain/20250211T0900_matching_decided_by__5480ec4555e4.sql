-- lineage: 1
-- id: 5480ec4555e4
-- parent: f232944f95a4
-- title: Matching decided by

-- >> up
ALTER TABLE shop.matching_groups ADD COLUMN IF NOT EXISTS decided_by bigint;

\quit
-- >> down
ALTER TABLE shop.matching_groups DROP COLUMN IF EXISTS decided_by;
