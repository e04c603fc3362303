-- lineage: 1
-- id: 153b2a38cb4a
-- parent: a01b788a31a1
-- title: Returns

-- >> up
CREATE TABLE IF NOT EXISTS shop.returns (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES shop.orders,
    reason text
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.returns;
