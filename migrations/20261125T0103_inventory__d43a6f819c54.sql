-- lineage: 1
-- id: d43a6f819c54
-- parent: c32f5e708b43
-- title: Stock ledger, levels, reservations
-- transaction: yes

-- >> up
CREATE TABLE app.warehouses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL CHECK (code ~ '^[A-Z0-9_-]{1,20}$'),
    name text NOT NULL CHECK (name <> ''),
    -- own: sold from; marketplace: lies at eMAG and is only mirrored here.
    kind text NOT NULL CHECK (kind IN ('own', 'marketplace')),
    is_active boolean NOT NULL DEFAULT true,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT warehouses_code_unique UNIQUE (code)
);
INSERT INTO app.warehouses (code, name, kind) VALUES ('MAIN', 'Depozit propriu', 'own');

-- The level of a product in a warehouse. Written only by the triggers below: on_hand is the sum of the ledger,
-- reserved the sum of the reservations held.
CREATE TABLE app.inventory (
    product_id bigint NOT NULL REFERENCES app.products,
    warehouse_id bigint NOT NULL REFERENCES app.warehouses,
    on_hand bigint NOT NULL DEFAULT 0,
    reserved bigint NOT NULL DEFAULT 0,
    available bigint NOT NULL GENERATED ALWAYS AS (on_hand - reserved) STORED,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_id, warehouse_id),
    CONSTRAINT inventory_on_hand_not_negative CHECK (on_hand >= 0),
    CONSTRAINT inventory_reserved_not_negative CHECK (reserved >= 0),
    CONSTRAINT inventory_reserved_within_on_hand CHECK (reserved <= on_hand)
);
CREATE INDEX inventory_warehouse ON app.inventory (warehouse_id, product_id);

-- The ledger: rows are only ever added.
CREATE TABLE app.stock_movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES app.products,
    warehouse_id bigint NOT NULL REFERENCES app.warehouses,
    delta bigint NOT NULL CHECK (delta <> 0),
    cause text NOT NULL CHECK (cause IN
        ('opening', 'order', 'receipt', 'count', 'damage', 'transfer', 'return', 'correction', 'marketplace')),
    reason text,
    reference text,
    user_id bigint REFERENCES app.users,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stock_movements_product ON app.stock_movements (product_id, warehouse_id, id DESC);
CREATE INDEX stock_movements_created ON app.stock_movements (created_at DESC, id DESC);
-- A movement that belongs to something (an order line shipped, an account's opening) is posted once.
CREATE UNIQUE INDEX stock_movements_reference ON app.stock_movements (reference, product_id, warehouse_id)
    WHERE reference IS NOT NULL;
CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE ON app.stock_movements
    FOR EACH STATEMENT EXECUTE FUNCTION app.append_only();

CREATE FUNCTION app.post_movements() RETURNS trigger
    LANGUAGE plpgsql AS $body$
BEGIN
    -- Two statements: the checks of an INSERT … ON CONFLICT judge the difference as if it were the level.
    INSERT INTO app.inventory (product_id, warehouse_id)
    SELECT DISTINCT product_id, warehouse_id FROM added ORDER BY product_id, warehouse_id
    ON CONFLICT (product_id, warehouse_id) DO NOTHING;
    UPDATE app.inventory AS level SET on_hand = level.on_hand + change.delta, updated_at = now()
      FROM (SELECT product_id, warehouse_id, sum(delta) AS delta FROM added GROUP BY 1, 2) AS change
     WHERE level.product_id = change.product_id AND level.warehouse_id = change.warehouse_id;
    RETURN NULL;
END
$body$;
CREATE TRIGGER stock_movements_post AFTER INSERT ON app.stock_movements
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION app.post_movements();

-- Units promised to a holder (an order line). held → shipped (goods left) or released (promise ended).
CREATE TABLE app.reservations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    holder text NOT NULL CHECK (holder IN ('order_line')),
    holder_id bigint NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    state text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'shipped', 'released')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (product_id, warehouse_id) REFERENCES app.inventory
);
-- One promise per holder, product and place at a time.
CREATE UNIQUE INDEX reservations_held ON app.reservations (holder, holder_id, product_id, warehouse_id)
    WHERE state = 'held';
CREATE INDEX reservations_level ON app.reservations (product_id, warehouse_id, id DESC) WHERE state = 'held';
CREATE INDEX reservations_holder ON app.reservations (holder, holder_id);

CREATE FUNCTION app.sum_reservations() RETURNS trigger
    LANGUAGE plpgsql AS $body$
DECLARE
    change bigint := 0;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state = 'held' THEN
        change := change - OLD.quantity;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'held' THEN
        change := change + NEW.quantity;
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.product_id, OLD.warehouse_id, OLD.holder, OLD.holder_id)
        IS DISTINCT FROM (NEW.product_id, NEW.warehouse_id, NEW.holder, NEW.holder_id) THEN
        RAISE EXCEPTION 'a reservation never changes its article, place or holder' USING ERRCODE = 'restrict_violation';
    END IF;
    IF change <> 0 THEN
        UPDATE app.inventory SET reserved = reserved + change, updated_at = now()
         WHERE product_id = COALESCE(NEW.product_id, OLD.product_id)
           AND warehouse_id = COALESCE(NEW.warehouse_id, OLD.warehouse_id);
    END IF;
    RETURN NULL;
END
$body$;
CREATE TRIGGER reservations_sum AFTER INSERT OR UPDATE OR DELETE ON app.reservations
    FOR EACH ROW EXECUTE FUNCTION app.sum_reservations();

-- A level is touched by its triggers alone: a direct write is a bug and is refused.
CREATE FUNCTION app.levels_follow_ledger() RETURNS trigger
    LANGUAGE plpgsql AS $body$
BEGIN
    IF pg_trigger_depth() < 2 AND (TG_OP = 'DELETE' OR TG_OP = 'UPDATE'
        OR NEW.on_hand <> 0 OR NEW.reserved <> 0) THEN
        RAISE EXCEPTION 'levels follow the ledger: post a movement or a reservation' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END
$body$;
CREATE TRIGGER inventory_follows_ledger BEFORE INSERT OR UPDATE OR DELETE ON app.inventory
    FOR EACH ROW EXECUTE FUNCTION app.levels_follow_ledger();

CREATE TRIGGER warehouses_touch BEFORE UPDATE ON app.warehouses FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER warehouses_audit AFTER INSERT OR UPDATE OR DELETE ON app.warehouses
    FOR EACH ROW EXECUTE FUNCTION app.audit();

\quit
-- >> down
DROP TABLE IF EXISTS app.reservations;
DROP FUNCTION IF EXISTS app.sum_reservations();
DROP TABLE IF EXISTS app.stock_movements;
DROP FUNCTION IF EXISTS app.post_movements();
DROP TABLE IF EXISTS app.inventory;
DROP FUNCTION IF EXISTS app.levels_follow_ledger();
DROP TABLE IF EXISTS app.warehouses;
