-- lineage: 1
-- id: bc6d99756cad
-- parent: base
-- title: Matching groups

-- >> up
CREATE TABLE IF NOT EXISTS shop.matching_groups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    confidence numeric(5, 4)
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.matching_groups;
