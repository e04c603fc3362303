-- lineage: 1
-- id: a10f3c5e7d21
-- parent: base
-- title: Schema, audit trail and event subscriptions
-- transaction: yes

-- >> up
CREATE SCHEMA IF NOT EXISTS app;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;

-- What search compares: lower case, without diacritics. Immutable, since the dictionary is named.
CREATE FUNCTION app.fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(public.unaccent('public.unaccent'::regdictionary, value));

-- The audit trail: who did what to which row, from where, old and new values.
CREATE TABLE app.audit_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint,
    actor text NOT NULL,
    action text NOT NULL CHECK (action IN ('CREATE', 'UPDATE', 'DELETE')),
    table_name text NOT NULL,
    record_id text NOT NULL,
    old_values jsonb,
    new_values jsonb,
    ip_address inet,
    user_agent text,
    request_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (old_values IS NOT NULL OR new_values IS NOT NULL)
);
CREATE INDEX audit_logs_record ON app.audit_logs (table_name, record_id, id DESC);
CREATE INDEX audit_logs_user ON app.audit_logs (user_id, id DESC);

-- The database writes the trail itself, so no code path can forget it. Arguments of the trigger are columns that
-- must never be copied (hashes, secrets). On an update only what changed is kept.
CREATE FUNCTION app.audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, app AS $body$
DECLARE
    -- Without arguments the array is NULL, and would make everything NULL.
    hidden text[] := COALESCE(TG_ARGV[0:], '{}');
    before jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) - hidden END;
    after jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) - hidden END;
    changed_before jsonb := before;
    changed_after jsonb := after;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(b.key, b.value), jsonb_object_agg(b.key, after -> b.key)
          INTO changed_before, changed_after
          FROM jsonb_each(before) AS b
         WHERE b.value IS DISTINCT FROM after -> b.key AND b.key NOT IN ('updated_at', 'version');
        IF changed_after IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO app.audit_logs
        (user_id, actor, action, table_name, record_id, old_values, new_values, ip_address, user_agent, request_id)
    VALUES (
        NULLIF(current_setting('app.user_id', true), '')::bigint,
        COALESCE(NULLIF(current_setting('app.actor', true), ''), 'sql:' || session_user),
        CASE TG_OP WHEN 'INSERT' THEN 'CREATE' ELSE TG_OP END,
        TG_TABLE_NAME,
        COALESCE(after, before) ->> 'id',
        changed_before,
        changed_after,
        NULLIF(current_setting('app.ip', true), '')::inet,
        NULLIF(current_setting('app.agent', true), ''),
        NULLIF(current_setting('app.request_id', true), '')
    );
    RETURN NULL;
END
$body$;

-- Rows of history are never changed or removed by hand.
CREATE FUNCTION app.append_only() RETURNS trigger
    LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$body$;

CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE ON app.audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION app.append_only();

CREATE FUNCTION app.touch() RETURNS trigger
    LANGUAGE plpgsql AS $body$
BEGIN
    NEW.updated_at := now();
    NEW.version := OLD.version + 1;
    RETURN NEW;
END
$body$;

-- Which job runs when something happened; the server writes it at start, so a publisher never knows its readers.
CREATE TABLE app.event_subscriptions (
    event text NOT NULL,
    job text NOT NULL,
    queue text,
    PRIMARY KEY (event, job)
);

-- The firm, and what it decided for the whole installation. One row.
CREATE TABLE app.company (
    id bigint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    name text NOT NULL CHECK (name <> ''),
    tax_id text,
    country text NOT NULL DEFAULT 'RO' CHECK (country ~ '^[A-Z]{2}$'),
    currency text NOT NULL DEFAULT 'RON' CHECK (currency ~ '^[A-Z]{3}$'),
    locale text NOT NULL DEFAULT 'ro' CHECK (locale IN ('ro', 'en')),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER company_touch BEFORE UPDATE ON app.company FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER company_audit AFTER INSERT OR UPDATE OR DELETE ON app.company
    FOR EACH ROW EXECUTE FUNCTION app.audit();

-- The first answer to a POST with an Idempotency-Key; purged after a day. No audit: it copies what the rows tell.
CREATE TABLE app.idempotency_keys (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id bigint NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status smallint,
    location text,
    etag text,
    body bytea,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_unique UNIQUE (owner_id, key)
);
CREATE INDEX idempotency_keys_age ON app.idempotency_keys (created_at);

\quit
-- >> down
DROP TABLE IF EXISTS app.idempotency_keys;
DROP TABLE IF EXISTS app.company;
DROP TABLE IF EXISTS app.event_subscriptions;
DROP FUNCTION IF EXISTS app.touch();
DROP TABLE IF EXISTS app.audit_logs;
DROP FUNCTION IF EXISTS app.append_only();
DROP FUNCTION IF EXISTS app.audit();
DROP FUNCTION IF EXISTS app.fold(text);
DROP EXTENSION IF EXISTS unaccent;
DROP EXTENSION IF EXISTS pg_trgm;
DROP SCHEMA IF EXISTS app;
