-- lineage: 1
-- id: 92ab364e8f43
-- parent: f3a3f9697821
-- title: Offers

-- >> up
CREATE TABLE IF NOT EXISTS shop.offers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES shop.products,
    price numeric(12, 2) NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.offers;
