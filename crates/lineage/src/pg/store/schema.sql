-- Sent as it stands under the lock of the runner; brings the tables of any earlier format to the present one.
BEGIN;
-- What is there already is no news.
SET LOCAL client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS lineage;
CREATE TABLE IF NOT EXISTS lineage.meta (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    format integer NOT NULL
);
CREATE TABLE IF NOT EXISTS lineage.revision (
    id text PRIMARY KEY,
    parents text[] NOT NULL,
    title text NOT NULL,
    h1 text NOT NULL,
    r1 text NOT NULL,
    up_sql text NOT NULL,
    down_sql text,
    check_sql text NOT NULL,
    irreversible text,
    state text NOT NULL CHECK (state IN ('applying', 'applied', 'reverting')),
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    duration_ms bigint,
    tables_affected text[] NOT NULL DEFAULT '{}',
    indexes_created text[] NOT NULL DEFAULT '{}',
    by_user text NOT NULL DEFAULT session_user,
    host text NOT NULL,
    tool text NOT NULL,
    CHECK ((down_sql IS NULL) = (irreversible IS NOT NULL))
);
-- Format 2: revisions without a transaction, and what each of their steps came to.
ALTER TABLE lineage.revision ADD COLUMN IF NOT EXISTS transactional boolean NOT NULL DEFAULT true;
CREATE TABLE IF NOT EXISTS lineage.step (
    revision text NOT NULL REFERENCES lineage.revision ON DELETE CASCADE,
    direction text NOT NULL CHECK (direction IN ('up', 'down')),
    n integer NOT NULL,
    token_hash text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'running', 'done', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    backend_pid integer,
    started_at timestamptz,
    finished_at timestamptz,
    sqlstate text,
    PRIMARY KEY (revision, direction, n)
);
CREATE TABLE IF NOT EXISTS lineage.snapshot (
    revision text PRIMARY KEY REFERENCES lineage.revision ON DELETE CASCADE,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    fingerprint text NOT NULL,
    objects jsonb NOT NULL,
    -- The schema as the next run found it: what differs was changed by hand, and must not pass for that run's work.
    found_by_next jsonb
);
CREATE TABLE IF NOT EXISTS lineage.backup (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    file text NOT NULL,
    bytes bigint NOT NULL,
    sha256 text NOT NULL,
    lsn text NOT NULL,
    revision text,
    why text NOT NULL
);
CREATE TABLE IF NOT EXISTS lineage.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text NOT NULL,
    revision text,
    why text,
    by_user text NOT NULL DEFAULT session_user,
    host text NOT NULL,
    tool text NOT NULL
);
INSERT INTO lineage.meta (format) VALUES (2)
ON CONFLICT (single) DO UPDATE SET format = excluded.format WHERE meta.format < excluded.format;
COMMIT
