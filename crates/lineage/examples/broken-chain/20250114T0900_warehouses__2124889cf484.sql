-- lineage: 1
-- id: 2124889cf484
-- parent: base
-- title: Warehouses

-- >> up
CREATE TABLE IF NOT EXISTS shop.warehouses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.warehouses;
