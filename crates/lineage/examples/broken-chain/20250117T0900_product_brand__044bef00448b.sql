-- lineage: 1
-- id: 044bef00448b
-- parent: 574b74232d72
-- title: Product brand

-- >> up
ALTER TABLE shop.products ADD COLUMN IF NOT EXISTS brand text;

\quit
-- >> down
ALTER TABLE shop.products DROP COLUMN IF EXISTS brand;
