-- lineage: 1
-- id: 7a9051f3ee1e
-- parent: 93db734a2239
-- title: Order notes

-- >> up
ALTER TABLE shop.orders ADD COLUMN IF NOT EXISTS notes text;

\quit
-- >> down
ALTER TABLE shop.orders DROP COLUMN IF EXISTS notes;
