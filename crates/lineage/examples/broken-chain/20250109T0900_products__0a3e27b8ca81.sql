-- lineage: 1
-- id: 0a3e27b8ca81
-- parents: 6d1ede42fa97, a6216ea03e57
-- title: Products

-- >> up
CREATE TABLE IF NOT EXISTS shop.products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL,
    name text NOT NULL,
    category_id bigint REFERENCES shop.categories
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.products;
