-- lineage: 1
-- id: 2dd871977772
-- parent: da567afd14f7
-- title: Product price again

-- >> up
ALTER TABLE shop.products ADD COLUMN IF NOT EXISTS price numeric(14, 4);

\quit
-- >> down
ALTER TABLE shop.products DROP COLUMN IF EXISTS price;
