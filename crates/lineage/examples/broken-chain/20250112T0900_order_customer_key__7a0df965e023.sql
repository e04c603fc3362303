-- lineage: 1
-- id: 7a0df965e023
-- parent: 21eb2153dd14
-- title: Order customer key

-- >> up
ALTER TABLE shop.orders DROP CONSTRAINT IF EXISTS orders_customer_fk;
ALTER TABLE shop.orders ADD CONSTRAINT orders_customer_fk FOREIGN KEY (customer_id) REFERENCES shop.customers NOT VALID;

\quit
-- >> down
ALTER TABLE shop.orders DROP CONSTRAINT IF EXISTS orders_customer_fk;
