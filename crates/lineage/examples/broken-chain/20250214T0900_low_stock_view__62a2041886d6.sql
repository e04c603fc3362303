-- lineage: 1
-- id: 62a2041886d6
-- parent: a75e7b6f15a5
-- title: Low stock view

-- >> up
CREATE OR REPLACE VIEW shop.low_stock AS
SELECT product_id, sum(quantity) AS quantity FROM shop.inventory GROUP BY product_id HAVING sum(quantity) <= 0;

\quit
-- >> down
DROP VIEW IF EXISTS shop.low_stock;
