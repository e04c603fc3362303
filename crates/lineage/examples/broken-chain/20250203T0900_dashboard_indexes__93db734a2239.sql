-- lineage: 1
-- id: 93db734a2239
-- parent: 51b7a18275c9
-- title: Dashboard indexes

-- >> up
CREATE INDEX IF NOT EXISTS ix_orders_date ON shop.orders (ordered_at DESC, status);
CREATE INDEX IF NOT EXISTS ix_products_sku ON shop.products (lower(sku));

\quit
-- >> down
DROP INDEX IF EXISTS shop.ix_orders_date;
DROP INDEX IF EXISTS shop.ix_products_sku;
