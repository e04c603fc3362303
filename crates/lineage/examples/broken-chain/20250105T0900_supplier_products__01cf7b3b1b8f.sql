-- lineage: 1
-- id: 01cf7b3b1b8f
-- parent: 4d2dc8b91479
-- title: Supplier products

-- >> up
CREATE TABLE IF NOT EXISTS shop.supplier_products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    supplier_id bigint NOT NULL REFERENCES shop.suppliers,
    code text NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.supplier_products;
