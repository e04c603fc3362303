-- lineage: 1
-- id: e2e9ac1712c8
-- parent: ad28b44f3eb8
-- title: Order notes for support

-- >> up
ALTER TABLE shop.orders ADD COLUMN notes text;

\quit
-- >> down
ALTER TABLE shop.orders DROP COLUMN IF EXISTS notes;
