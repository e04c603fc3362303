-- lineage: 1
-- id: 3b9b0d17ff6d
-- parent: base
-- title: Price history

-- >> up
CREATE TABLE IF NOT EXISTS shop.price_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    supplier_product_id bigint NOT NULL REFERENCES shop.supplier_products,
    price numeric(12, 2) NOT NULL,
    seen_at timestamptz NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.price_history;
