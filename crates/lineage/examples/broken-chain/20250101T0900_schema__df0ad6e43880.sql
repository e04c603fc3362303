-- lineage: 1
-- id: df0ad6e43880
-- parent: base
-- title: Schema

-- >> up
CREATE SCHEMA IF NOT EXISTS shop;

\quit
-- >> down
DROP SCHEMA IF EXISTS shop;
