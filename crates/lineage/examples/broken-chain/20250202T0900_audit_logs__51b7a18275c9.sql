-- lineage: 1
-- id: 51b7a18275c9
-- parent: 04c7f4d3bc50
-- title: Audit logs

-- >> up
CREATE TABLE IF NOT EXISTS shop.audit_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint REFERENCES shop.users,
    action text NOT NULL,
    created_at timestamptz NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.audit_logs;
