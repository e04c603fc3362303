-- lineage: 1
-- id: a75e7b6f15a5
-- parent: 32ce772a5023
-- title: Supplier lead time

-- >> up
ALTER TABLE shop.suppliers ADD COLUMN IF NOT EXISTS lead_time_days integer;

\quit
-- >> down
ALTER TABLE shop.suppliers DROP COLUMN IF EXISTS lead_time_days;
