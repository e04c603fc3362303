-- lineage: 1
-- id: 6d1ede42fa97
-- parent: 5fe595151348
-- title: Order lines

-- >> up
CREATE TABLE IF NOT EXISTS shop.order_lines (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES shop.orders,
    quantity integer NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.order_lines;
