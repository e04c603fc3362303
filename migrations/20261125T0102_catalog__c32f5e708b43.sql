-- lineage: 1
-- id: c32f5e708b43
-- parent: b21e4d6f8a32
-- title: Products, categories, dated VAT rates
-- transaction: yes

-- >> up
-- Rates are dated data: Romania went from 19 to 21 % on 2025-08-01 (Law 141/2025).
CREATE TABLE app.vat_rates (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    kind text NOT NULL CHECK (kind IN ('standard', 'reduced', 'zero')),
    percent numeric(5, 2) NOT NULL CHECK (percent BETWEEN 0 AND 100),
    valid_from date NOT NULL,
    valid_to date,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT vat_rates_unique UNIQUE (country, kind, percent, valid_from),
    CHECK (valid_to IS NULL OR valid_to >= valid_from)
);
INSERT INTO app.vat_rates (country, kind, percent, valid_from, valid_to) VALUES
    ('RO', 'standard', 19, '2017-01-01', '2025-07-31'),
    ('RO', 'standard', 21, '2025-08-01', NULL),
    ('RO', 'reduced', 9, '2015-06-01', '2025-07-31'),
    ('RO', 'reduced', 5, '2016-01-01', '2025-07-31'),
    ('RO', 'reduced', 11, '2025-08-01', NULL),
    ('RO', 'zero', 0, '2007-01-01', NULL),
    ('BG', 'standard', 20, '1999-01-01', NULL),
    ('BG', 'reduced', 9, '2011-04-01', NULL),
    ('HU', 'standard', 27, '2012-01-01', NULL),
    ('HU', 'reduced', 18, '2009-07-01', NULL),
    ('HU', 'reduced', 5, '2004-01-01', NULL);

CREATE TABLE app.categories (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id bigint REFERENCES app.categories,
    name text NOT NULL CHECK (name <> ''),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT categories_name_unique UNIQUE NULLS NOT DISTINCT (parent_id, name),
    CHECK (parent_id <> id)
);

CREATE TABLE app.products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL CHECK (sku <> '' AND length(sku) <= 64),
    name text NOT NULL CHECK (name <> '' AND length(name) <= 500),
    brand text,
    description text,
    category_id bigint REFERENCES app.categories,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
    price_net numeric(14, 4) NOT NULL CHECK (price_net >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    vat_percent numeric(5, 2) NOT NULL CHECK (vat_percent BETWEEN 0 AND 100),
    weight_g integer CHECK (weight_g >= 0),
    length_mm integer CHECK (length_mm >= 0),
    width_mm integer CHECK (width_mm >= 0),
    height_mm integer CHECK (height_mm >= 0),
    image_url text,
    -- Levels for reorder; a synchronisation never overwrites them.
    stock_min bigint NOT NULL DEFAULT 0 CHECK (stock_min >= 0),
    reorder_point bigint NOT NULL DEFAULT 0 CHECK (reorder_point >= stock_min),
    stock_target bigint CHECK (stock_target >= reorder_point),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    search text NOT NULL GENERATED ALWAYS AS (app.fold(name || ' ' || sku || ' ' || COALESCE(brand, ''))) STORED,
    CONSTRAINT products_sku_unique UNIQUE (sku)
);
CREATE INDEX products_search ON app.products USING gin (search public.gin_trgm_ops);
CREATE INDEX products_name ON app.products (name, id);
CREATE INDEX products_updated ON app.products (updated_at DESC, id DESC);
CREATE INDEX products_price ON app.products (price_net, id);
CREATE INDEX products_category ON app.products (category_id);

CREATE TABLE app.product_eans (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES app.products ON DELETE CASCADE,
    ean text NOT NULL CHECK (ean ~ '^[0-9]{6,14}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT product_eans_unique UNIQUE (ean)
);
CREATE INDEX product_eans_product ON app.product_eans (product_id);

-- A renamed article is found by its old code for ever.
CREATE TABLE app.product_sku_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES app.products ON DELETE CASCADE,
    sku text NOT NULL,
    replaced_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT product_sku_history_unique UNIQUE (product_id, sku)
);
CREATE INDEX product_sku_history_sku ON app.product_sku_history (sku);

CREATE TRIGGER vat_rates_audit AFTER INSERT OR UPDATE OR DELETE ON app.vat_rates
    FOR EACH ROW EXECUTE FUNCTION app.audit();
CREATE TRIGGER categories_touch BEFORE UPDATE ON app.categories FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER categories_audit AFTER INSERT OR UPDATE OR DELETE ON app.categories
    FOR EACH ROW EXECUTE FUNCTION app.audit();
CREATE TRIGGER products_touch BEFORE UPDATE ON app.products FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER products_audit AFTER INSERT OR UPDATE OR DELETE ON app.products
    FOR EACH ROW EXECUTE FUNCTION app.audit('search');
CREATE TRIGGER product_eans_audit AFTER INSERT OR UPDATE OR DELETE ON app.product_eans
    FOR EACH ROW EXECUTE FUNCTION app.audit();
CREATE TRIGGER product_sku_history_audit AFTER INSERT OR UPDATE OR DELETE ON app.product_sku_history
    FOR EACH ROW EXECUTE FUNCTION app.audit();

\quit
-- >> down
DROP TABLE IF EXISTS app.product_sku_history;
DROP TABLE IF EXISTS app.product_eans;
DROP TABLE IF EXISTS app.products;
DROP TABLE IF EXISTS app.categories;
DROP TABLE IF EXISTS app.vat_rates;
