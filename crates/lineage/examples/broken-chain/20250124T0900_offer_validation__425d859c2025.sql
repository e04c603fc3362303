-- lineage: 1
-- id: 425d859c2025
-- parent: 92ab364e8f43
-- title: Offer validation

-- >> up
CREATE TABLE IF NOT EXISTS shop.offer_validation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    offer_id bigint NOT NULL REFERENCES shop.offers,
    run_id bigint NOT NULL REFERENCES shop.validation_runs
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.offer_validation;
