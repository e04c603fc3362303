//! The catalogue's statements, one function each.

use kernel::{CategoryId, Ean, ProductId, Sku, Timestamp, VatRate};
use rust_decimal::Decimal;
use sqlx::PgConnection;

use crate::model::{Category, ChannelArticle, OldSku, Product, ProductStatus, StockLevels};
use crate::service::checked::Checked;

pub(crate) mod search;

type Stored<T> = Result<T, sqlx::Error>;

/// A row as it lies in the table.
struct Record {
    id: ProductId,
    sku: Sku,
    name: String,
    brand: Option<String>,
    description: Option<String>,
    category_id: Option<CategoryId>,
    status: ProductStatus,
    price_net: Decimal,
    currency: String,
    vat: VatRate,
    weight_g: Option<i32>,
    image_url: Option<String>,
    stock_min: i64,
    reorder_point: i64,
    stock_target: Option<i64>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    eans: Vec<Ean>,
}

impl Record {
    fn read(self) -> Stored<Product> {
        let (price, gross) = prices(self.price_net, &self.currency, self.vat)?;
        Ok(Product {
            id: self.id,
            sku: self.sku,
            name: self.name,
            brand: self.brand,
            description: self.description,
            category_id: self.category_id,
            status: self.status,
            price,
            vat: self.vat,
            gross,
            weight_g: self.weight_g,
            image_url: self.image_url,
            eans: self.eans,
            levels: StockLevels {
                min: self.stock_min,
                reorder_point: self.reorder_point,
                target: self.stock_target,
            },
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// Net and gross out of the columns; an unreadable row is a fault of the database, not of the caller.
pub(crate) fn prices(net: Decimal, currency: &str, vat: VatRate) -> Stored<(kernel::Net, kernel::Gross)> {
    let fault = |error: kernel::MoneyError| sqlx::Error::Decode(Box::new(error));
    let currency = currency.parse().map_err(fault)?;
    let net = kernel::Net(kernel::Money::new(net, currency).map_err(fault)?);
    let gross = vat.gross(net).map_err(fault)?;
    Ok((net, gross))
}

pub(crate) async fn by_ids(conn: &mut PgConnection, ids: &[ProductId]) -> Stored<Vec<Product>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Record,
        r#"SELECT p.id AS "id: ProductId", p.sku AS "sku: Sku", p.name, p.brand, p.description,
                  p.category_id AS "category_id: CategoryId", p.status AS "status: ProductStatus",
                  p.price_net, p.currency, p.vat_percent AS "vat: VatRate", p.weight_g, p.image_url,
                  p.stock_min, p.reorder_point, p.stock_target, p.version, p.created_at, p.updated_at,
                  ARRAY(SELECT e.ean FROM app.product_eans e WHERE e.product_id = p.id ORDER BY e.id)
                      AS "eans!: Vec<Ean>"
             FROM app.products p WHERE p.id = ANY($1) ORDER BY p.id"#,
        &ids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Record::read).collect()
}

/// Locks the article against a second change; false when there is none.
pub(crate) async fn lock(conn: &mut PgConnection, id: ProductId) -> Stored<bool> {
    let row = sqlx::query_scalar!(
        "SELECT id FROM app.products WHERE id = $1 FOR NO KEY UPDATE",
        id as ProductId
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some())
}

pub(crate) async fn insert(conn: &mut PgConnection, new: &Checked) -> Stored<ProductId> {
    sqlx::query_scalar!(
        r#"INSERT INTO app.products (sku, name, brand, description, category_id, price_net, currency, vat_percent,
                                     weight_g, image_url, stock_min, reorder_point, stock_target)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id AS "id: ProductId""#,
        new.sku.as_str(),
        new.name,
        new.brand,
        new.description,
        new.category_id as Option<CategoryId>,
        new.price.0.amount(),
        new.price.0.currency().to_string(),
        new.vat.percent(),
        new.weight_g,
        new.image_url,
        new.levels.min,
        new.levels.reorder_point,
        new.levels.target,
    )
    .fetch_one(conn)
    .await
}

pub(crate) async fn update(
    conn: &mut PgConnection,
    id: ProductId,
    status: ProductStatus,
    new: &Checked,
) -> Stored<()> {
    sqlx::query!(
        "UPDATE app.products SET sku = $2, name = $3, brand = $4, description = $5, category_id = $6,
                price_net = $7, currency = $8, vat_percent = $9, weight_g = $10, image_url = $11, stock_min = $12,
                reorder_point = $13, stock_target = $14, status = $15
          WHERE id = $1",
        id as ProductId,
        new.sku.as_str(),
        new.name,
        new.brand,
        new.description,
        new.category_id as Option<CategoryId>,
        new.price.0.amount(),
        new.price.0.currency().to_string(),
        new.vat.percent(),
        new.weight_g,
        new.image_url,
        new.levels.min,
        new.levels.reorder_point,
        new.levels.target,
        status as ProductStatus,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers a replaced code; a code that comes back a second time keeps its first entry, moved to now.
pub(crate) async fn remember_sku(conn: &mut PgConnection, id: ProductId, old: &Sku) -> Stored<()> {
    sqlx::query!(
        "INSERT INTO app.product_sku_history (product_id, sku) VALUES ($1, $2)
         ON CONFLICT (product_id, sku) DO UPDATE SET replaced_at = now()",
        id as ProductId,
        old.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn old_skus(conn: &mut PgConnection, id: ProductId) -> Stored<Vec<OldSku>> {
    sqlx::query_as!(
        OldSku,
        "SELECT sku, replaced_at FROM app.product_sku_history WHERE product_id = $1 ORDER BY replaced_at DESC, id DESC",
        id as ProductId
    )
    .fetch_all(conn)
    .await
}

/// Makes the article's EANs equal to the list.
pub(crate) async fn set_eans(conn: &mut PgConnection, id: ProductId, eans: &[Ean]) -> Stored<()> {
    let eans: Vec<String> = eans.iter().map(|ean| ean.as_str().to_owned()).collect();
    sqlx::query!(
        "DELETE FROM app.product_eans WHERE product_id = $1 AND ean <> ALL($2)",
        id as ProductId,
        &eans
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO app.product_eans (product_id, ean)
         SELECT $1, w.ean FROM unnest($2::text[]) WITH ORDINALITY AS w(ean, n)
          WHERE NOT EXISTS (SELECT FROM app.product_eans e WHERE e.product_id = $1 AND e.ean = w.ean) ORDER BY w.n",
        id as ProductId,
        &eans
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Articles by their current code, else by the newest of those that had it before.
pub(crate) async fn resolve(conn: &mut PgConnection, codes: &[String]) -> Stored<Vec<(String, ProductId)>> {
    let rows = sqlx::query!(
        r#"SELECT w.code AS "code!", COALESCE(p.id, h.product_id) AS "id!: ProductId"
             FROM (SELECT DISTINCT code FROM unnest($1::text[]) AS u(code)) w
             LEFT JOIN app.products p ON p.sku = w.code
             LEFT JOIN LATERAL (SELECT product_id FROM app.product_sku_history
                                 WHERE p.id IS NULL AND sku = w.code ORDER BY replaced_at DESC, id DESC LIMIT 1) h ON true
            WHERE p.id IS NOT NULL OR h.product_id IS NOT NULL"#,
        codes
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.code, row.id)).collect())
}

pub(crate) async fn resolve_eans(
    conn: &mut PgConnection,
    eans: &[String],
) -> Stored<Vec<(String, ProductId)>> {
    let rows = sqlx::query!(
        r#"SELECT ean, product_id AS "id: ProductId" FROM app.product_eans WHERE ean = ANY($1)"#,
        eans
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.ean, row.id)).collect())
}

/// Creates what is missing; a code that somebody else created meanwhile is left alone.
pub(crate) async fn insert_many(
    conn: &mut PgConnection,
    rows: &[&ChannelArticle],
) -> Stored<Vec<(String, ProductId)>> {
    let column = |of: fn(&ChannelArticle) -> String| rows.iter().map(|row| of(row)).collect::<Vec<_>>();
    let skus = column(|row| row.sku.clone());
    let names = column(|row| row.name.clone());
    let currencies = column(|row| row.price_net.0.currency().as_str().to_owned());
    let brands: Vec<Option<String>> = rows.iter().map(|row| row.brand.clone()).collect();
    let images: Vec<Option<String>> = rows.iter().map(|row| row.image_url.clone()).collect();
    let prices: Vec<Decimal> = rows.iter().map(|row| row.price_net.0.amount()).collect();
    let rates: Vec<Decimal> = rows.iter().map(|row| row.vat.percent()).collect();
    let weights: Vec<Option<i32>> = rows.iter().map(|row| row.weight_g).collect();
    let created = sqlx::query!(
        r#"INSERT INTO app.products (sku, name, brand, price_net, currency, vat_percent, image_url, weight_g)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::numeric[], $5::text[], $6::numeric[],
                                $7::text[], $8::int[])
           ON CONFLICT (sku) DO NOTHING RETURNING sku, id AS "id: ProductId""#,
        &skus,
        &names,
        brands.as_slice() as &[Option<String>],
        &prices,
        &currencies,
        &rates,
        images.as_slice() as &[Option<String>],
        weights.as_slice() as &[Option<i32>],
    )
    .fetch_all(conn)
    .await?;
    Ok(created.into_iter().map(|row| (row.sku, row.id)).collect())
}

/// Adds EANs that no article has yet; on a quarrel the first owner keeps it.
pub(crate) async fn add_free_eans(conn: &mut PgConnection, pairs: &[(ProductId, Ean)]) -> Stored<()> {
    let ids: Vec<i64> = pairs.iter().map(|(id, _)| id.0).collect();
    let eans: Vec<String> = pairs.iter().map(|(_, ean)| ean.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO app.product_eans (product_id, ean) SELECT * FROM unnest($1::bigint[], $2::text[])
         ON CONFLICT (ean) DO NOTHING",
        &ids,
        &eans
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn standard_vat(
    conn: &mut PgConnection,
    country: &str,
    date: chrono::NaiveDate,
) -> Stored<Option<VatRate>> {
    sqlx::query_scalar!(
        r#"SELECT percent AS "percent: VatRate" FROM app.vat_rates
            WHERE country = $1 AND kind = 'standard' AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)
            ORDER BY valid_from DESC LIMIT 1"#,
        country,
        date
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn vat_rates(
    conn: &mut PgConnection,
    country: &str,
    date: chrono::NaiveDate,
) -> Stored<Vec<VatRate>> {
    sqlx::query_scalar!(
        r#"SELECT percent AS "percent: VatRate" FROM app.vat_rates
            WHERE country = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)
            ORDER BY kind = 'standard' DESC, percent DESC"#,
        country,
        date
    )
    .fetch_all(conn)
    .await
}

/// All categories with their way from the root.
pub(crate) async fn categories(conn: &mut PgConnection) -> Stored<Vec<Category>> {
    sqlx::query_as!(
        Category,
        r#"WITH RECURSIVE tree AS (
               SELECT id, name AS path, 1 AS depth FROM app.categories WHERE parent_id IS NULL
               UNION ALL
               SELECT c.id, t.path || ' / ' || c.name, t.depth + 1
                 FROM app.categories c JOIN tree t ON t.id = c.parent_id WHERE t.depth < 20)
           SELECT id AS "id!: CategoryId", path AS "path!" FROM tree ORDER BY path"#
    )
    .fetch_all(conn)
    .await
}
