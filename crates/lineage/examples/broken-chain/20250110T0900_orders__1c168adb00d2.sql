-- lineage: 1
-- id: 1c168adb00d2
-- parent: 0a3e27b8ca81
-- title: Orders

-- >> up
CREATE TABLE IF NOT EXISTS shop.orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE,
    ordered_at timestamptz NOT NULL,
    customer_id bigint
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.orders;
