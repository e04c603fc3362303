-- lineage: 1
-- id: 8f18a033309a
-- parent: 7a0df965e023
-- title: Product sku index

-- >> up
CREATE INDEX IF NOT EXISTS ix_products_sku ON shop.products (sku);

\quit
-- >> down
DROP INDEX IF EXISTS shop.ix_products_sku;
