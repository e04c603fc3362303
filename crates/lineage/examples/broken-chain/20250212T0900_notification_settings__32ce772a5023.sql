-- lineage: 1
-- id: 32ce772a5023
-- parent: e2e9ac1712c8
-- title: Notification settings

-- >> up
CREATE TABLE IF NOT EXISTS shop.notification_settings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES shop.users,
    channel text NOT NULL
);

\quit
-- >> down
DROP TABLE IF EXISTS shop.notification_settings;
