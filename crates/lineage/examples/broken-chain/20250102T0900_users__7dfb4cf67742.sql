-- lineage: 1
-- id: 7dfb4cf67742
-- parent: df0ad6e43880
-- title: Users

-- >> up
CREATE TABLE IF NOT EXISTS shop.users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.users;
