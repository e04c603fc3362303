-- lineage: 1
-- id: f3a3f9697821
-- parents: 1cb51a46c71d, 0d77567e890c
-- title: Sync log account

-- >> up
ALTER TABLE shop.sync_logs ADD COLUMN IF NOT EXISTS account text;

\quit
-- >> down
ALTER TABLE shop.sync_logs DROP COLUMN IF EXISTS account;
