-- lineage: 1
-- id: e54b70928d65
-- parent: d43a6f819c54
-- title: Customers and sales orders
-- transaction: yes

-- >> up
CREATE TABLE app.customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'company')),
    name text NOT NULL CHECK (name <> '' AND length(name) <= 300),
    email text,
    phone text,
    tax_id text,
    -- Came from a channel and its check digit does not fit: ask before invoicing.
    tax_id_suspect boolean NOT NULL DEFAULT false,
    registration_number text,
    -- {street, city, county, postal_code, country, contact, phone, locker}
    billing jsonb NOT NULL DEFAULT '{}',
    shipping jsonb NOT NULL DEFAULT '{}',
    channel text NOT NULL DEFAULT 'manual' CHECK (channel IN ('manual', 'shop', 'emag')),
    external_id text,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    search text NOT NULL GENERATED ALWAYS AS
        (app.fold(name || ' ' || COALESCE(email, '') || ' ' || COALESCE(phone, '') || ' ' || COALESCE(tax_id, ''))) STORED,
    CONSTRAINT customers_external_unique UNIQUE (channel, external_id)
);
CREATE INDEX customers_search ON app.customers USING gin (search public.gin_trgm_ops);
CREATE INDEX customers_name ON app.customers (name, id);

CREATE TABLE app.sales_orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- What people say on the phone; for the marketplace its own order number.
    number text NOT NULL CHECK (number <> ''),
    channel text NOT NULL CHECK (channel IN ('manual', 'shop', 'emag')),
    -- Which of several shops of a channel; 0 where there is one.
    channel_account bigint NOT NULL DEFAULT 0,
    external_id text,
    customer_id bigint NOT NULL REFERENCES app.customers,
    status text NOT NULL DEFAULT 'new' CHECK (status IN
        ('new', 'confirmed', 'packed', 'shipped', 'cancelled', 'returned')),
    -- What the channel said last. Only a change of it moves the status, so that work done here is not undone by a
    -- channel that repeats itself.
    channel_status text,
    -- own: we ship and reserve; marketplace: eMAG ships from its own stock (FBE).
    fulfilment text NOT NULL DEFAULT 'own' CHECK (fulfilment IN ('own', 'marketplace')),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    total_net numeric(14, 4) NOT NULL DEFAULT 0,
    total_gross numeric(14, 4) NOT NULL DEFAULT 0,
    shipping_gross numeric(14, 4) NOT NULL DEFAULT 0 CHECK (shipping_gross >= 0),
    payment_method text NOT NULL DEFAULT 'other' CHECK (payment_method IN ('cash_on_delivery', 'bank_transfer', 'card', 'other')),
    is_paid boolean NOT NULL DEFAULT false,
    -- Counted from the lines in the same transaction, so that lists and alarms need no join.
    unresolved_lines integer NOT NULL DEFAULT 0 CHECK (unresolved_lines >= 0),
    short_lines integer NOT NULL DEFAULT 0 CHECK (short_lines >= 0),
    cancel_reason text,
    note text,
    -- Where the goods leave from; a marketplace that ships itself may have none.
    warehouse_id bigint REFERENCES app.warehouses,
    -- Where it goes, as it stood when the order came; the customer may move later.
    ship_to jsonb NOT NULL DEFAULT '{}',
    placed_at timestamptz NOT NULL,
    ship_by timestamptz,
    shipped_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    search text NOT NULL GENERATED ALWAYS AS (app.fold(number || ' ' || COALESCE(external_id, ''))) STORED,
    -- Two shops of one marketplace may use one number.
    CONSTRAINT sales_orders_number_unique UNIQUE (channel, channel_account, number),
    CONSTRAINT sales_orders_external_unique UNIQUE (channel, channel_account, external_id),
    CHECK (status <> 'cancelled' OR cancel_reason IS NOT NULL),
    CHECK (fulfilment <> 'own' OR warehouse_id IS NOT NULL)
);
CREATE INDEX sales_orders_placed ON app.sales_orders (placed_at DESC, id DESC);
CREATE INDEX sales_orders_status ON app.sales_orders (status, placed_at DESC, id DESC);
CREATE INDEX sales_orders_customer ON app.sales_orders (customer_id, placed_at DESC);
CREATE INDEX sales_orders_attention ON app.sales_orders (placed_at, id)
    WHERE (unresolved_lines > 0 OR short_lines > 0) AND status IN ('new', 'confirmed', 'packed');
CREATE INDEX sales_orders_ship_by ON app.sales_orders (ship_by, id) WHERE status IN ('new', 'confirmed', 'packed');
CREATE INDEX sales_orders_search ON app.sales_orders USING gin (search public.gin_trgm_ops);
CREATE SEQUENCE app.sales_order_number AS bigint;

CREATE TABLE app.sales_order_lines (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES app.sales_orders ON DELETE CASCADE,
    position integer NOT NULL CHECK (position > 0),
    external_line_id text,
    -- NULL: nobody knows yet which article this is; the line waits in the queue of unresolved lines.
    product_id bigint REFERENCES app.products,
    -- What the channel called it, kept for good.
    sku text,
    external_product_id text,
    name text NOT NULL CHECK (name <> ''),
    quantity bigint NOT NULL CHECK (quantity > 0),
    price_net numeric(14, 4) NOT NULL CHECK (price_net >= 0),
    vat_percent numeric(5, 2) NOT NULL CHECK (vat_percent BETWEEN 0 AND 100),
    -- Vouchers and discounts of the whole line, zero or below.
    discount_net numeric(14, 4) NOT NULL DEFAULT 0 CHECK (discount_net <= 0),
    discount_vat numeric(14, 4) NOT NULL DEFAULT 0 CHECK (discount_vat <= 0),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'cancelled')),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    -- Wanted but not reserved, of an own-fulfilment order that is open.
    short bigint NOT NULL DEFAULT 0 CHECK (short >= 0),
    -- Left the stock; a later change of the order never takes them again.
    shipped bigint NOT NULL DEFAULT 0 CHECK (shipped >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sales_order_lines_position_unique UNIQUE (order_id, position),
    CONSTRAINT sales_order_lines_external_unique UNIQUE (order_id, external_line_id),
    CHECK (reserved + short <= quantity)
);
CREATE INDEX sales_order_lines_product ON app.sales_order_lines (product_id, order_id);
CREATE INDEX sales_order_lines_unresolved ON app.sales_order_lines (id) WHERE product_id IS NULL AND status = 'active';
CREATE INDEX sales_order_lines_short ON app.sales_order_lines (product_id, id) WHERE short > 0;

CREATE TRIGGER customers_touch BEFORE UPDATE ON app.customers FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER customers_audit AFTER INSERT OR UPDATE OR DELETE ON app.customers
    FOR EACH ROW EXECUTE FUNCTION app.audit('search');
CREATE TRIGGER sales_orders_touch BEFORE UPDATE ON app.sales_orders FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER sales_orders_audit AFTER INSERT OR UPDATE OR DELETE ON app.sales_orders
    FOR EACH ROW EXECUTE FUNCTION app.audit('search');
CREATE TRIGGER sales_order_lines_audit AFTER INSERT OR UPDATE OR DELETE ON app.sales_order_lines
    FOR EACH ROW EXECUTE FUNCTION app.audit('updated_at');

\quit
-- >> down
DROP TABLE IF EXISTS app.sales_order_lines;
DROP SEQUENCE IF EXISTS app.sales_order_number;
DROP TABLE IF EXISTS app.sales_orders;
DROP TABLE IF EXISTS app.customers;
