-- lineage: 1
-- id: 8bb6922758ad
-- parent: 2dd871977772
-- title: Notifications

-- >> up
CREATE TABLE IF NOT EXISTS shop.notifications (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES shop.users,
    body text NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.notifications;
