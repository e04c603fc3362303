-- lineage: 1
-- id: 21eb2153dd14
-- parent: 1c168adb00d2
-- title: Customers

-- >> up
CREATE TABLE IF NOT EXISTS shop.customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.customers;
