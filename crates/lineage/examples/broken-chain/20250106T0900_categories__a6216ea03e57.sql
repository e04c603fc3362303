-- lineage: 1
-- id: a6216ea03e57
-- parent: base
-- title: Categories

-- >> up
CREATE TABLE IF NOT EXISTS shop.categories (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    parent_id bigint REFERENCES shop.categories
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.categories;
