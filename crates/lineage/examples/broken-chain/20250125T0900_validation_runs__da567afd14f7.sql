-- lineage: 1
-- id: da567afd14f7
-- parent: 425d859c2025
-- title: Validation runs

-- >> up
CREATE TABLE IF NOT EXISTS shop.validation_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.validation_runs;
