-- lineage: 1
-- id: 131d9d4b3891
-- parent: ec782a87305c
-- title: Order date index

-- >> up
CREATE INDEX IF NOT EXISTS ix_orders_date ON shop.orders (ordered_at);

\quit
-- >> down
DROP INDEX IF EXISTS shop.ix_orders_date;
