-- lineage: 1
-- id: b11a85b296a9
-- parents: 8f18a033309a, 2124889cf484
-- title: Inventory

-- >> up
CREATE TABLE IF NOT EXISTS shop.inventory (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES shop.products,
    warehouse_id bigint NOT NULL REFERENCES shop.warehouses,
    quantity integer NOT NULL DEFAULT 0
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.inventory;
