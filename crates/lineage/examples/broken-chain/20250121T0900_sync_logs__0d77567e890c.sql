-- lineage: 1
-- id: 0d77567e890c
-- parent: base
-- title: Sync logs

-- >> up
CREATE TABLE IF NOT EXISTS shop.sync_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    status text NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.sync_logs;
