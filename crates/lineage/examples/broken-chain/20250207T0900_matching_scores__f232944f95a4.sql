-- lineage: 1
-- id: f232944f95a4
-- parent: bc6d99756cad
-- title: Matching scores

-- >> up
CREATE TABLE IF NOT EXISTS shop.matching_scores (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id bigint NOT NULL REFERENCES shop.matching_groups,
    score numeric(5, 4) NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.matching_scores;
