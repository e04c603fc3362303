-- lineage: 1
-- id: 7f4e24928b47
-- parent: abe7d7c9669a
-- title: Whether an account acknowledges its orders

-- >> up
-- Another program may wait for the new orders of a shop that is only being tried here.
ALTER TABLE app.emag_accounts ADD COLUMN acknowledge_orders boolean NOT NULL DEFAULT true;

\quit
-- >> down
ALTER TABLE app.emag_accounts DROP COLUMN IF EXISTS acknowledge_orders;
