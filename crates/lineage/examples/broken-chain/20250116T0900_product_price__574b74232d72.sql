-- lineage: 1
-- id: 574b74232d72
-- parent: b11a85b296a9
-- title: Product price

-- >> up
ALTER TABLE shop.products ADD COLUMN IF NOT EXISTS price numeric(12, 2);

\quit
-- >> down
ALTER TABLE shop.products DROP COLUMN IF EXISTS price;
