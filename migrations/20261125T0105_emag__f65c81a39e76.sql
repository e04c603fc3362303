-- lineage: 1
-- id: f65c81a39e76
-- parent: e54b70928d65
-- title: Marketplace accounts, listings, orders, runs and calls
-- transaction: yes

-- >> up
CREATE TABLE app.emag_accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    platform text NOT NULL CHECK (platform IN ('emag-ro', 'emag-bg', 'emag-hu', 'fd-ro', 'fd-bg')),
    -- MAIN: we ship from our own warehouse; FBE: the goods lie at eMAG.
    kind text NOT NULL CHECK (kind IN ('MAIN', 'FBE')),
    username text NOT NULL CHECK (username <> ''),
    -- Sealed with the installation's key; never leaves the server.
    password_sealed bytea NOT NULL,
    -- Instead of the platform's own address: a proxy or the local sandbox.
    base_url text,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    warehouse_id bigint NOT NULL REFERENCES app.warehouses,
    is_active boolean NOT NULL DEFAULT true,
    -- Why no calls are made: bad credentials, a foreign IP; set by an answer, cleared by new credentials or a good one.
    fault text CHECK (fault IN ('bad_credentials', 'foreign_ip', 'no_credentials', 'unreachable')),
    fault_detail text,
    fault_at timestamptz,
    -- A new account only reads. The owner switches push on after seeing what would be sent.
    push_enabled boolean NOT NULL DEFAULT false,
    push_enabled_at timestamptz,
    push_enabled_by bigint REFERENCES app.users,
    -- Prices of the own catalogue are sent too; off: the shop's prices are kept by hand at the marketplace.
    push_prices boolean NOT NULL DEFAULT true,
    safety_buffer bigint NOT NULL DEFAULT 0 CHECK (safety_buffer >= 0),
    -- The first complete reading of the offers posts the opening movements, once.
    opened_at timestamptz,
    orders_read_until timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT emag_accounts_login_unique UNIQUE (platform, username)
);

-- One article as one account lists it. Four numbers that must never be mixed: emag_id is the seller's numeric id in
-- this account, part_number the seller's own code (SKU), part_number_key eMAG's PNK, id our own row.
CREATE TABLE app.emag_listings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES app.emag_accounts,
    emag_id bigint NOT NULL CHECK (emag_id > 0),
    part_number text NOT NULL,
    part_number_key text,
    product_id bigint REFERENCES app.products,
    name text NOT NULL,
    brand text,
    category_id bigint,
    eans text[] NOT NULL DEFAULT '{}',
    image_url text,
    -- 1 active, 0 inactive, 2 end of life (eMAG API 4.4.9 section 10.2)
    status smallint NOT NULL,
    sale_price numeric(14, 4) NOT NULL CHECK (sale_price >= 0),
    recommended_price numeric(14, 4),
    min_sale_price numeric(14, 4),
    max_sale_price numeric(14, 4),
    currency text NOT NULL,
    vat_id integer,
    general_stock bigint NOT NULL DEFAULT 0,
    estimated_stock bigint NOT NULL DEFAULT 0,
    validation_status integer,
    validation_status_description text,
    translation_validation_status integer,
    offer_validation_status integer,
    ownership integer,
    number_of_offers integer,
    buy_button_rank integer,
    best_offer_sale_price numeric(14, 4),
    best_offer_recommended_price numeric(14, 4),
    length_mm integer,
    width_mm integer,
    height_mm integer,
    weight_g integer,
    raw jsonb NOT NULL,
    -- Reconciliation. remote_*: what we know eMAG holds now (last sent or read, less what was acknowledged since).
    -- wanted_*: what it should hold; NULL while nothing is wanted (no product, FBE, never computed).
    remote_stock bigint NOT NULL DEFAULT 0,
    wanted_stock bigint CHECK (wanted_stock >= 0),
    wanted_cause text,
    remote_price numeric(14, 4) NOT NULL,
    wanted_price numeric(14, 4),
    stock_sent_at timestamptz,
    price_sent_at timestamptz,
    -- A call went out and its answer is not known, or crossed an acknowledgement: read the offer before trusting remote_*.
    unsure_since timestamptz,
    -- A refusal by eMAG; no further try until the wanted value changes or somebody retries.
    push_error text,
    push_error_at timestamptz,
    retry_after timestamptz,
    price_error text,
    price_error_at timestamptz,
    price_retry_after timestamptz,
    last_seen_at timestamptz NOT NULL,
    last_run_id bigint,
    missing_since timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    search text NOT NULL GENERATED ALWAYS AS
        (app.fold(name || ' ' || part_number || ' ' || COALESCE(part_number_key, ''))) STORED,
    CONSTRAINT emag_listings_id_unique UNIQUE (account_id, emag_id)
);
CREATE UNIQUE INDEX emag_listings_part_number_unique ON app.emag_listings (account_id, part_number)
    WHERE part_number <> '';
CREATE INDEX emag_listings_product ON app.emag_listings (product_id);
CREATE INDEX emag_listings_pnk ON app.emag_listings (part_number_key);
CREATE INDEX emag_listings_updated ON app.emag_listings (updated_at DESC, id DESC);
CREATE INDEX emag_listings_active ON app.emag_listings (account_id, id) WHERE status = 1;
CREATE INDEX emag_listings_account ON app.emag_listings (account_id, name, id);
CREATE INDEX emag_listings_low_stock ON app.emag_listings (general_stock, id) WHERE status = 1;
CREATE INDEX emag_listings_name_trgm ON app.emag_listings USING gin (search public.gin_trgm_ops);
CREATE INDEX emag_listings_stock_diff ON app.emag_listings (account_id, id)
    WHERE wanted_stock IS NOT NULL AND wanted_stock <> remote_stock;
CREATE INDEX emag_listings_unsure ON app.emag_listings (account_id, id) WHERE unsure_since IS NOT NULL;
CREATE INDEX emag_listings_price_diff ON app.emag_listings (account_id, id)
    WHERE wanted_price IS NOT NULL AND wanted_price <> remote_price;

-- An order as the marketplace gave it, beside the sales order made from it.
CREATE TABLE app.emag_orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES app.emag_accounts,
    emag_order_id bigint NOT NULL CHECK (emag_order_id > 0),
    -- 2 fulfilled by eMAG (FBE), 3 by the seller (section 21.1)
    type smallint NOT NULL,
    status smallint NOT NULL,
    order_id bigint REFERENCES app.sales_orders,
    raw jsonb NOT NULL,
    emag_modified_at timestamptz,
    -- Units per listing (emag_id) of the active lines, side by side: what eMAG takes off its figure when the order is
    -- acknowledged.
    unit_ids bigint[] NOT NULL DEFAULT '{}',
    unit_counts bigint[] NOT NULL DEFAULT '{}',
    -- none: nothing to do; wanted: to be acknowledged; sent: asked, answer unknown; done; refused.
    ack text NOT NULL DEFAULT 'none' CHECK (ack IN ('none', 'wanted', 'sent', 'done', 'refused')),
    ack_sent_at timestamptz,
    acked_at timestamptz,
    ack_error text,
    -- Read again after the acknowledgement: from here on eMAG no longer edits it alone.
    settled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT emag_orders_id_unique UNIQUE (account_id, emag_order_id),
    CONSTRAINT emag_orders_order_unique UNIQUE (order_id),
    CHECK (type = 3 OR ack = 'none'),
    CHECK (cardinality(unit_ids) = cardinality(unit_counts))
);
CREATE INDEX emag_orders_to_ack ON app.emag_orders (account_id, id) WHERE ack IN ('wanted', 'sent');
CREATE INDEX emag_orders_to_settle ON app.emag_orders (account_id, id) WHERE ack = 'done' AND settled_at IS NULL;

CREATE TABLE app.emag_sync_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES app.emag_accounts,
    kind text NOT NULL CHECK (kind IN ('offers', 'orders')),
    mode text NOT NULL CHECK (mode IN ('full', 'incremental')),
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'partial', 'failed')),
    -- Where a restart goes on: {"page":7,…}
    cursor jsonb NOT NULL DEFAULT '{}',
    pages_done integer NOT NULL DEFAULT 0,
    pages_total integer,
    rows_read integer NOT NULL DEFAULT 0,
    rows_created integer NOT NULL DEFAULT 0,
    rows_changed integer NOT NULL DEFAULT 0,
    rows_unchanged integer NOT NULL DEFAULT 0,
    rows_refused integer NOT NULL DEFAULT 0,
    error_code text,
    error_detail text,
    started_by bigint REFERENCES app.users,
    queued_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    heartbeat_at timestamptz,
    finished_at timestamptz,
    CHECK ((state IN ('done', 'partial', 'failed')) = (finished_at IS NOT NULL)),
    CHECK (state <> 'failed' OR error_code IS NOT NULL)
);
-- One at a time per account and kind, whoever asks.
CREATE UNIQUE INDEX emag_sync_runs_one ON app.emag_sync_runs (account_id, kind) WHERE state IN ('queued', 'running');
CREATE INDEX emag_sync_runs_recent ON app.emag_sync_runs (account_id, id DESC);

-- Every page or row that could not be taken, with the reason; retried until resolved.
CREATE TABLE app.emag_sync_failures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES app.emag_sync_runs ON DELETE CASCADE,
    subject text NOT NULL CHECK (subject IN ('page', 'offer', 'order', 'acknowledge')),
    external_id text NOT NULL,
    code text NOT NULL,
    detail text,
    raw jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz
);
CREATE INDEX emag_sync_failures_run ON app.emag_sync_failures (run_id, id);
CREATE INDEX emag_sync_failures_open ON app.emag_sync_failures (id DESC) WHERE resolved_at IS NULL;

-- Changes that look like an accident wait here for a person.
CREATE TABLE app.emag_push_holds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES app.emag_accounts,
    listing_id bigint NOT NULL REFERENCES app.emag_listings,
    kind text NOT NULL CHECK (kind IN ('stock', 'price')),
    reason text NOT NULL CHECK (reason IN ('many_zeros', 'price_jump')),
    old_value numeric(14, 4) NOT NULL,
    new_value numeric(14, 4) NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'rejected', 'outdated')),
    decided_by bigint REFERENCES app.users,
    decided_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX emag_push_holds_one ON app.emag_push_holds (listing_id, kind) WHERE state = 'waiting';
CREATE INDEX emag_push_holds_account ON app.emag_push_holds (account_id, id DESC);

-- What was sent, value by value.
CREATE TABLE app.emag_pushes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES app.emag_accounts,
    listing_id bigint NOT NULL REFERENCES app.emag_listings,
    kind text NOT NULL CHECK (kind IN ('stock', 'price')),
    old_value numeric(14, 4) NOT NULL,
    new_value numeric(14, 4) NOT NULL,
    cause text,
    verdict text NOT NULL CHECK (verdict IN ('ok', 'refused', 'unknown')),
    detail text,
    sent_at timestamptz NOT NULL
);
CREATE INDEX emag_pushes_listing ON app.emag_pushes (listing_id, id DESC);
CREATE INDEX emag_pushes_zeros ON app.emag_pushes (account_id, sent_at) WHERE kind = 'stock' AND new_value = 0;

-- Every call with its answer for 30 days (section 5), secrets redacted.
CREATE TABLE app.emag_calls (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES app.emag_accounts ON DELETE CASCADE,
    called_at timestamptz NOT NULL,
    route text NOT NULL,
    method text NOT NULL,
    request text,
    status integer,
    response text,
    verdict text NOT NULL,
    attempt integer NOT NULL,
    duration_ms integer NOT NULL
);
CREATE INDEX emag_calls_recent ON app.emag_calls (account_id, id DESC);
CREATE INDEX emag_calls_age ON app.emag_calls (called_at);

-- Read views that other tools may rely on.
CREATE VIEW app.emag_products_v2 AS
SELECT l.id, l.account_id, l.product_id, l.emag_id, l.part_number AS sku, l.part_number_key, l.name, l.brand,
       a.kind AS account_type, l.status = 1 AS is_active, l.general_stock AS stock_quantity, l.general_stock,
       l.estimated_stock, l.sale_price AS price, l.currency, l.validation_status, l.validation_status_description,
       l.translation_validation_status, l.ownership, l.number_of_offers, l.buy_button_rank,
       l.best_offer_sale_price, l.best_offer_recommended_price, l.length_mm, l.width_mm, l.height_mm, l.weight_g,
       l.created_at, l.updated_at
  FROM app.emag_listings l JOIN app.emag_accounts a ON a.id = l.account_id;

CREATE VIEW app.emag_product_offers AS
SELECT l.id, l.account_id, l.product_id, l.emag_id, l.part_number AS sku, l.part_number_key, l.status, l.sale_price,
       l.recommended_price, l.min_sale_price, l.max_sale_price, l.currency, l.vat_id, l.general_stock,
       l.estimated_stock, l.offer_validation_status, l.remote_stock, l.wanted_stock, l.remote_price, l.wanted_price,
       l.stock_sent_at, l.price_sent_at, l.updated_at
  FROM app.emag_listings l;

CREATE VIEW app.emag_sync_logs AS
SELECT r.id, r.account_id, a.kind AS account_type, r.kind AS sync_type, r.mode, r.state AS status, r.pages_done,
       r.rows_read AS items_processed, r.rows_created AS items_created, r.rows_changed AS items_updated,
       r.rows_refused AS items_failed, r.error_code, r.error_detail, r.started_at, r.finished_at AS completed_at
  FROM app.emag_sync_runs r JOIN app.emag_accounts a ON a.id = r.account_id;

CREATE TRIGGER emag_accounts_touch BEFORE UPDATE ON app.emag_accounts FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER emag_accounts_audit AFTER INSERT OR UPDATE OR DELETE ON app.emag_accounts
    FOR EACH ROW EXECUTE FUNCTION app.audit('password_sealed', 'orders_read_until');
-- Being seen again unchanged (last_seen_at, last_run_id) is no change of the row.
CREATE TRIGGER emag_listings_touch BEFORE UPDATE OF product_id, part_number, part_number_key, name, brand, status,
    sale_price, general_stock, raw, remote_stock, wanted_stock, remote_price, wanted_price, push_error, price_error,
    missing_since
    ON app.emag_listings FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER emag_push_holds_audit AFTER INSERT OR UPDATE OR DELETE ON app.emag_push_holds
    FOR EACH ROW EXECUTE FUNCTION app.audit();

\quit
-- >> down
DROP VIEW IF EXISTS app.emag_sync_logs;
DROP VIEW IF EXISTS app.emag_product_offers;
DROP VIEW IF EXISTS app.emag_products_v2;
DROP TABLE IF EXISTS app.emag_calls;
DROP TABLE IF EXISTS app.emag_pushes;
DROP TABLE IF EXISTS app.emag_push_holds;
DROP TABLE IF EXISTS app.emag_sync_failures;
DROP TABLE IF EXISTS app.emag_sync_runs;
DROP TABLE IF EXISTS app.emag_orders;
DROP TABLE IF EXISTS app.emag_listings;
DROP TABLE IF EXISTS app.emag_accounts;
