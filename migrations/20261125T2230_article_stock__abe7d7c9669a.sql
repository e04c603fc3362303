-- lineage: 1
-- id: abe7d7c9669a
-- parent: f65c81a39e76
-- title: Stock of an article over all own warehouses
-- transaction: yes

-- >> up
-- What can be sold of an article over all own warehouses, so that lists sort and filter by it without summing levels.
-- Written only by the triggers below: the sums follow app.inventory, the rest follows app.products.
CREATE TABLE app.product_stock (
    product_id bigint PRIMARY KEY REFERENCES app.products ON DELETE CASCADE,
    on_hand bigint NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved BETWEEN 0 AND on_hand),
    available bigint NOT NULL GENERATED ALWAYS AS (on_hand - reserved) STORED,
    -- It had a level once; an article that was never stocked is not out of stock.
    is_stocked boolean NOT NULL DEFAULT false,
    -- Copies of the article's, so that one index answers what runs low.
    is_active boolean NOT NULL,
    reorder_point bigint NOT NULL,
    -- A column of its own, so that the planner knows how many there are.
    is_low boolean NOT NULL GENERATED ALWAYS AS
        (is_active AND is_stocked AND on_hand - reserved <= reorder_point) STORED
);
INSERT INTO app.product_stock (product_id, on_hand, reserved, is_stocked, is_active, reorder_point)
SELECT p.id, COALESCE(sum(i.on_hand), 0), COALESCE(sum(i.reserved), 0), count(i.product_id) > 0, p.status = 'active',
       p.reorder_point
  FROM app.products p
  LEFT JOIN (app.inventory i JOIN app.warehouses w ON w.id = i.warehouse_id AND w.kind = 'own') ON i.product_id = p.id
 GROUP BY p.id;
CREATE INDEX product_stock_available ON app.product_stock (available, product_id);
CREATE INDEX product_stock_low ON app.product_stock ((available - reorder_point), product_id) INCLUDE (available)
    WHERE is_low;

CREATE FUNCTION app.product_stock_of_product() RETURNS trigger
    LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO app.product_stock (product_id, is_active, reorder_point)
        VALUES (NEW.id, NEW.status = 'active', NEW.reorder_point);
    ELSE
        UPDATE app.product_stock SET is_active = NEW.status = 'active', reorder_point = NEW.reorder_point
         WHERE product_id = NEW.id
           AND (is_active, reorder_point) IS DISTINCT FROM (NEW.status = 'active', NEW.reorder_point);
    END IF;
    RETURN NULL;
END
$body$;
CREATE TRIGGER products_stock_row AFTER INSERT OR UPDATE OF status, reorder_point ON app.products
    FOR EACH ROW EXECUTE FUNCTION app.product_stock_of_product();

-- At the end of the transaction: a level made for a movement has brought its sums by then, and nothing is written twice.
CREATE FUNCTION app.product_stock_of_new_level() RETURNS trigger
    LANGUAGE plpgsql AS $body$
BEGIN
    UPDATE app.product_stock SET is_stocked = true
     WHERE product_id = NEW.product_id AND NOT is_stocked
       AND EXISTS (SELECT FROM app.warehouses WHERE id = NEW.warehouse_id AND kind = 'own');
    RETURN NULL;
END
$body$;
CREATE CONSTRAINT TRIGGER inventory_stock_added AFTER INSERT ON app.inventory
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.product_stock_of_new_level();

CREATE FUNCTION app.product_stock_of_levels() RETURNS trigger
    LANGUAGE plpgsql AS $body$
BEGIN
    -- Rows are locked in the order of their keys, as levels are: two places of one article never wait for each other.
    PERFORM 1 FROM app.product_stock WHERE product_id IN (SELECT product_id FROM after) ORDER BY product_id FOR UPDATE;
    UPDATE app.product_stock AS stock
       SET on_hand = stock.on_hand + change.on_hand, reserved = stock.reserved + change.reserved, is_stocked = true
      FROM (SELECT n.product_id, sum(n.on_hand - o.on_hand) AS on_hand, sum(n.reserved - o.reserved) AS reserved
              FROM after n JOIN before o ON o.product_id = n.product_id AND o.warehouse_id = n.warehouse_id
              JOIN app.warehouses w ON w.id = n.warehouse_id AND w.kind = 'own' GROUP BY 1) AS change
     WHERE stock.product_id = change.product_id;
    RETURN NULL;
END
$body$;
CREATE TRIGGER inventory_stock_changed AFTER UPDATE ON app.inventory
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION app.product_stock_of_levels();

CREATE FUNCTION app.product_stock_follows() RETURNS trigger
    LANGUAGE plpgsql AS $body$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'the stock of an article follows its levels' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END
$body$;
CREATE TRIGGER product_stock_follows BEFORE INSERT OR UPDATE OR DELETE ON app.product_stock
    FOR EACH ROW EXECUTE FUNCTION app.product_stock_follows();

-- The sums count own warehouses: which one is own is decided once.
CREATE FUNCTION app.warehouse_kind_stays() RETURNS trigger
    LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'the kind of a warehouse is decided when it is made' USING ERRCODE = 'restrict_violation';
END
$body$;
CREATE TRIGGER warehouses_kind_stays BEFORE UPDATE OF kind ON app.warehouses
    FOR EACH ROW WHEN (OLD.kind IS DISTINCT FROM NEW.kind) EXECUTE FUNCTION app.warehouse_kind_stays();

\quit
-- >> down
DROP TRIGGER IF EXISTS warehouses_kind_stays ON app.warehouses;
DROP FUNCTION IF EXISTS app.warehouse_kind_stays();
DROP TRIGGER IF EXISTS inventory_stock_changed ON app.inventory;
DROP FUNCTION IF EXISTS app.product_stock_of_levels();
DROP TRIGGER IF EXISTS inventory_stock_added ON app.inventory;
DROP FUNCTION IF EXISTS app.product_stock_of_new_level();
DROP TRIGGER IF EXISTS products_stock_row ON app.products;
DROP FUNCTION IF EXISTS app.product_stock_of_product();
DROP TABLE IF EXISTS app.product_stock;
DROP FUNCTION IF EXISTS app.product_stock_follows();
