-- lineage: 1
-- id: b21e4d6f8a32
-- parent: a10f3c5e7d21
-- title: Users, roles, permissions, sessions, tokens
-- transaction: yes

-- >> up
CREATE TABLE app.users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL CHECK (email = lower(email) AND email LIKE '%_@_%'),
    name text NOT NULL CHECK (name <> ''),
    password_hash text NOT NULL,
    locale text NOT NULL DEFAULT 'ro' CHECK (locale IN ('ro', 'en')),
    theme text NOT NULL DEFAULT 'system' CHECK (theme IN ('system', 'light', 'dark')),
    is_active boolean NOT NULL DEFAULT true,
    last_login_at timestamptz,
    -- Stands in the audit trail for the hash, which never does.
    password_changed_at timestamptz NOT NULL DEFAULT now(),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_email_unique UNIQUE (email)
);

CREATE TABLE app.roles (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]{1,40}$'),
    name text NOT NULL CHECK (name <> ''),
    is_builtin boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT roles_code_unique UNIQUE (code)
);

-- The words the program knows; written at start from what the slices declare.
CREATE TABLE app.permissions (
    code text PRIMARY KEY CHECK (code ~ '^[a-z_]+\.[a-z_]+$'),
    slice text NOT NULL
);

CREATE TABLE app.role_permissions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    role_id bigint NOT NULL REFERENCES app.roles ON DELETE CASCADE,
    permission text NOT NULL REFERENCES app.permissions ON DELETE CASCADE,
    CONSTRAINT role_permissions_unique UNIQUE (role_id, permission)
);
CREATE INDEX role_permissions_permission ON app.role_permissions (permission);

CREATE TABLE app.user_roles (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES app.users ON DELETE CASCADE,
    role_id bigint NOT NULL REFERENCES app.roles ON DELETE RESTRICT,
    CONSTRAINT user_roles_unique UNIQUE (user_id, role_id)
);
CREATE INDEX user_roles_role ON app.user_roles (role_id);

-- What an active user may do, over all their roles. The owner may do everything, also what is declared later.
CREATE VIEW app.user_rights AS
SELECT u.id AS user_id,
       EXISTS (SELECT FROM app.user_roles ur JOIN app.roles r ON r.id = ur.role_id
                WHERE ur.user_id = u.id AND r.code = 'owner') AS is_owner,
       ARRAY(SELECT DISTINCT rp.permission
               FROM app.user_roles ur JOIN app.role_permissions rp ON rp.role_id = ur.role_id
              WHERE ur.user_id = u.id) AS permissions
  FROM app.users u
 WHERE u.is_active;

-- Only hashes of what the browser or program holds. `kind`: a browser session, or a family of API refresh tokens:
-- every use puts the hash of the next token here. `family_hash` names the family in all its tokens, so that one
-- which was already used is known again and ends the family.
CREATE TABLE app.sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES app.users ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('browser', 'refresh')),
    token_hash bytea NOT NULL,
    family_hash bytea,
    csrf_token text NOT NULL,
    ip_address inet,
    user_agent text,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT sessions_token_unique UNIQUE (token_hash),
    CONSTRAINT sessions_family_unique UNIQUE (family_hash),
    CHECK ((kind = 'refresh') = (family_hash IS NOT NULL)),
    CHECK (expires_at > created_at)
);
CREATE INDEX sessions_user ON app.sessions (user_id);
CREATE INDEX sessions_expiry ON app.sessions (expires_at);

CREATE TABLE app.api_tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES app.users ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    token_hash bytea NOT NULL,
    prefix text NOT NULL,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT api_tokens_hash_unique UNIQUE (token_hash)
);
CREATE INDEX api_tokens_user ON app.api_tokens (user_id);

-- Failed log-ins, for throttling by address and by account. `subject` is a hash, so that a password typed into
-- the e-mail field is not kept.
CREATE TABLE app.login_failures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject bytea NOT NULL,
    ip_address inet,
    failed_at timestamptz NOT NULL
);
CREATE INDEX login_failures_subject ON app.login_failures (subject, failed_at);
CREATE INDEX login_failures_ip ON app.login_failures (ip_address, failed_at);
CREATE INDEX login_failures_age ON app.login_failures (failed_at);

-- A log-in is no change of the user: it must not make somebody's open edit form stale.
CREATE TRIGGER users_touch BEFORE UPDATE OF email, name, password_hash, locale, theme, is_active ON app.users
    FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER users_audit AFTER INSERT OR UPDATE OR DELETE ON app.users
    FOR EACH ROW EXECUTE FUNCTION app.audit('password_hash', 'last_login_at');
CREATE TRIGGER roles_touch BEFORE UPDATE ON app.roles FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER roles_audit AFTER INSERT OR UPDATE OR DELETE ON app.roles
    FOR EACH ROW EXECUTE FUNCTION app.audit();
CREATE TRIGGER role_permissions_audit AFTER INSERT OR UPDATE OR DELETE ON app.role_permissions
    FOR EACH ROW EXECUTE FUNCTION app.audit();
CREATE TRIGGER user_roles_audit AFTER INSERT OR UPDATE OR DELETE ON app.user_roles
    FOR EACH ROW EXECUTE FUNCTION app.audit();
CREATE TRIGGER api_tokens_audit AFTER INSERT OR UPDATE OR DELETE ON app.api_tokens
    FOR EACH ROW EXECUTE FUNCTION app.audit('token_hash', 'last_used_at');

\quit
-- >> down
DROP TABLE IF EXISTS app.login_failures;
DROP TABLE IF EXISTS app.api_tokens;
DROP TABLE IF EXISTS app.sessions;
DROP VIEW IF EXISTS app.user_rights;
DROP TABLE IF EXISTS app.user_roles;
DROP TABLE IF EXISTS app.role_permissions;
DROP TABLE IF EXISTS app.permissions;
DROP TABLE IF EXISTS app.roles;
DROP TABLE IF EXISTS app.users;
