-- lineage: 1
-- id: ec782a87305c
-- parent: 044bef00448b
-- title: Order status

-- >> up
ALTER TABLE shop.orders ADD COLUMN IF NOT EXISTS status text NOT NULL DEFAULT 'new';

\quit
-- >> down
ALTER TABLE shop.orders DROP COLUMN IF EXISTS status;
