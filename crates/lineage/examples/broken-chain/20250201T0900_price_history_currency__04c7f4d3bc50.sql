-- lineage: 1
-- id: 04c7f4d3bc50
-- parents: 8bb6922758ad, 3b9b0d17ff6d
-- title: Price history currency

-- >> up
ALTER TABLE shop.price_history ADD COLUMN IF NOT EXISTS currency text NOT NULL DEFAULT 'RON';

\quit
-- >> down
ALTER TABLE shop.price_history DROP COLUMN IF EXISTS currency;
