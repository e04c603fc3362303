-- lineage: 1
-- id: 1cb51a46c71d
-- parent: 131d9d4b3891
-- title: Search indexes

-- >> up
CREATE INDEX IF NOT EXISTS ix_products_sku ON shop.products (sku, name);

\quit
-- >> down
DROP INDEX IF EXISTS shop.ix_products_sku;
