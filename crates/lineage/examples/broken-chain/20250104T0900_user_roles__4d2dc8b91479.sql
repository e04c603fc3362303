-- lineage: 1
-- id: 4d2dc8b91479
-- parent: 66cf5513b374
-- title: User roles

-- >> up
CREATE TABLE IF NOT EXISTS shop.user_roles (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES shop.users,
    role_id bigint NOT NULL REFERENCES shop.roles
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.user_roles;
