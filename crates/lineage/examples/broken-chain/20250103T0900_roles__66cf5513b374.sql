-- lineage: 1
-- id: 66cf5513b374
-- parent: 7dfb4cf67742
-- title: Roles

-- >> up
CREATE TABLE IF NOT EXISTS shop.roles (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.roles;
