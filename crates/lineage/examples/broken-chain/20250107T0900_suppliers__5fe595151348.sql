-- lineage: 1
-- id: 5fe595151348
-- parent: 01cf7b3b1b8f
-- title: Suppliers

-- >> up
CREATE TABLE IF NOT EXISTS shop.suppliers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    country text
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.suppliers;
