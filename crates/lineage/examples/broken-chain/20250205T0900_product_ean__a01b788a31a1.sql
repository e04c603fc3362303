-- lineage: 1
-- id: a01b788a31a1
-- parent: 7a9051f3ee1e
-- title: Product ean

-- >> up
ALTER TABLE shop.products ADD COLUMN IF NOT EXISTS ean text;

\quit
-- >> down
ALTER TABLE shop.products DROP COLUMN IF EXISTS ean;
