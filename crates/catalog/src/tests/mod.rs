//! Articles against a real database.

mod rim;

use kernel::{Actor, Currency, Money, Net, PageRequest, ProductId, Sku, VatRate};
use testkit::TestDb;

use crate::model::{NewProduct, PriceChange, ProductFilter, ProductPatch, ProductSort, ProductStatus};
use crate::{CatalogError, ChannelArticle, ChannelOutcome, StockFilter, service};

fn lei(amount: &str) -> Net {
    Net(Money::parse(amount, Currency::RON).unwrap())
}

fn rate() -> VatRate {
    "21".parse().unwrap()
}

fn article(sku: &str, name: &str) -> NewProduct {
    NewProduct::new(Sku::parse(sku).unwrap(), name, lei("29.7521"), rate())
}

async fn create(test: &TestDb, actor: &Actor, new: NewProduct) -> Result<crate::Product, CatalogError> {
    let mut tx = test.db.begin(actor).await.unwrap();
    let made = service::create(&mut tx, actor, new).await?;
    tx.commit().await.unwrap();
    Ok(made)
}

async fn update(
    test: &TestDb,
    actor: &Actor,
    id: ProductId,
    version: Option<i64>,
    patch: ProductPatch,
) -> Result<crate::Product, CatalogError> {
    let mut tx = test.db.begin(actor).await.unwrap();
    let done = service::update(&mut tx, actor, id, version, patch).await?;
    tx.commit().await.unwrap();
    Ok(done)
}

/// SKUs that a search finds, in order.
async fn found(test: &TestDb, actor: &Actor, q: &str) -> Vec<String> {
    let mut conn = test.db.read().await.unwrap();
    let filter = ProductFilter {
        q: Some(q.to_owned()),
        status: Some(ProductStatus::Active),
        ..ProductFilter::default()
    };
    let page = service::list(&mut conn, actor, &filter, PageRequest::default())
        .await
        .unwrap();
    page.items.iter().map(|row| row.sku.to_string()).collect()
}

#[tokio::test]
async fn an_article_is_found_by_name_diacritics_typo_sku_old_sku_and_ean() {
    let test = testkit::database().await;
    let actor = testkit::user(&test).await;
    let mut lamp = article("BMX147", "Lampă solară cu senzor de mișcare");
    lamp.eans = vec![kernel::Ean::parse("4006381333931").unwrap()];
    let lamp = create(&test, &actor, lamp).await.unwrap();
    create(&test, &actor, article("RX1", "Șurubelniță cu clichet"))
        .await
        .unwrap();
    let renamed = ProductPatch {
        sku: Some(Sku::parse("BMX200").unwrap()),
        ..ProductPatch::default()
    };
    update(&test, &actor, lamp.id, None, renamed).await.unwrap();
    for q in [
        "lampa solara",
        "LAMPĂ",
        "lamda solara",
        "bmx200",
        "BMX147",
        "4006381333931",
        "senzor mișcare",
    ] {
        assert_eq!(found(&test, &actor, q).await, ["BMX200"], "{q}");
    }
    assert!(found(&test, &actor, "bicicletă").await.is_empty());
    assert!(
        found(&test, &actor, "'; DROP TABLE app.products; --")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_renamed_article_keeps_its_history_and_its_old_code_still_resolves() {
    let test = testkit::database().await;
    let actor = testkit::user(&test).await;
    let made = create(&test, &actor, article("OLD-1", "Cablu")).await.unwrap();
    let patch = ProductPatch {
        sku: Some(Sku::parse("NEW-1").unwrap()),
        ..ProductPatch::default()
    };
    update(&test, &actor, made.id, Some(made.version), patch)
        .await
        .unwrap();
    let mut conn = test.db.read().await.unwrap();
    let codes = ["OLD-1".to_owned(), "NEW-1".to_owned(), "NONE".to_owned()];
    let known = service::resolve_many(&mut conn, &codes).await.unwrap();
    assert_eq!(known.len(), 2);
    assert!(known.values().all(|id| *id == made.id));
}

#[tokio::test]
async fn the_second_of_two_editors_is_told_what_changed() {
    let test = testkit::database().await;
    let actor = testkit::user(&test).await;
    let made = create(&test, &actor, article("A1", "Cablu")).await.unwrap();
    let rename = |name: &str| ProductPatch {
        name: Some(name.to_owned()),
        ..ProductPatch::default()
    };
    update(&test, &actor, made.id, Some(made.version), rename("Cablu scurt"))
        .await
        .unwrap();
    let late = update(&test, &actor, made.id, Some(made.version), rename("Cablu lung")).await;
    let Err(CatalogError::Stale { current }) = late else {
        panic!("{late:?}")
    };
    assert_eq!(current.name, "Cablu scurt");
}

#[tokio::test]
async fn thirty_six_lei_with_vat_stay_thirty_six_lei() {
    let test = testkit::database().await;
    let actor = testkit::user(&test).await;
    let made = create(&test, &actor, article("A1", "Cablu")).await.unwrap();
    let gross = kernel::Gross(Money::parse("36", Currency::RON).unwrap());
    let patch = ProductPatch {
        price: Some(PriceChange::Gross(gross)),
        ..ProductPatch::default()
    };
    let priced = update(&test, &actor, made.id, None, patch).await.unwrap();
    assert_eq!(priced.price.0.amount().to_string(), "29.7521");
    assert_eq!(priced.gross, gross);
    let jobs = testkit::jobs(&test).await;
    assert!(jobs.is_empty(), "nobody subscribed: {jobs:?}");
}

#[tokio::test]
async fn a_code_in_use_is_refused_by_name() {
    let test = testkit::database().await;
    let actor = testkit::user(&test).await;
    create(&test, &actor, article("A1", "Cablu")).await.unwrap();
    let twice = create(&test, &actor, article("A1", "Altul")).await;
    assert!(
        matches!(&twice, Err(CatalogError::Refused(r)) if r.code == "catalog-refused-sku-taken"),
        "{twice:?}"
    );
    let long = create(&test, &actor, article("A2", &"x".repeat(501))).await;
    assert!(
        matches!(&long, Err(CatalogError::Refused(r)) if r.code == "catalog-refused-name-long"),
        "{long:?}"
    );
}

#[tokio::test]
async fn a_channels_bad_row_does_not_hold_up_the_good_ones() {
    let test = testkit::database().await;
    let actor = Actor::system("test");
    let row = |sku: &str, name: &str| ChannelArticle {
        sku: sku.to_owned(),
        name: name.to_owned(),
        brand: None,
        eans: Vec::new(),
        price_net: lei("10"),
        vat: rate(),
        image_url: None,
        weight_g: None,
    };
    let rows = [
        row("E1", "Primul"),
        row("", "Fără cod"),
        row("E1", "Dublu"),
        row("E2", "<script>alert(1)</script>"),
    ];
    let mut tx = test.db.begin(&actor).await.unwrap();
    let first = service::upsert_from_channel(&mut tx, &actor, &rows)
        .await
        .unwrap();
    let again = service::upsert_from_channel(&mut tx, &actor, &rows)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(first[0], ChannelOutcome::Created(_)), "{first:?}");
    assert!(matches!(first[1], ChannelOutcome::Refused(_)), "{first:?}");
    assert!(matches!(first[3], ChannelOutcome::Created(_)), "{first:?}");
    assert!(matches!(again[0], ChannelOutcome::Existing(_)), "{again:?}");
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM app.products")
        .fetch_one(test.db.pool())
        .await
        .unwrap();
    assert_eq!(count, 2);
}

#[tokio::test]
async fn every_page_of_every_order_is_walked_without_loss_or_repeat() {
    let test = testkit::database().await;
    let actor = testkit::user(&test).await;
    for n in 0..23 {
        create(
            &test,
            &actor,
            article(&format!("P{n:02}"), &format!("Produs {}", n % 5)),
        )
        .await
        .unwrap();
    }
    for sort in [
        "sku",
        "-sku",
        "name",
        "-name",
        "price",
        "-updated",
        "available",
        "-available",
    ] {
        let filter = ProductFilter {
            sort: ProductSort::parse(sort).unwrap(),
            ..ProductFilter::default()
        };
        let mut request = PageRequest {
            limit: kernel::Limit::new(7).unwrap(),
            after: None,
        };
        let mut seen = std::collections::BTreeSet::new();
        loop {
            let mut conn = test.db.read().await.unwrap();
            let page = service::list(&mut conn, &actor, &filter, request.clone())
                .await
                .unwrap();
            assert_eq!(page.total, Some(23), "{sort}");
            for row in page.items {
                assert!(seen.insert(row.id), "{sort}: {} twice", row.sku);
            }
            let Some(next) = page.next else { break };
            request.after = Some(next);
        }
        assert_eq!(seen.len(), 23, "{sort}");
    }
}

#[tokio::test]
async fn who_may_only_see_can_change_nothing() {
    let test = testkit::database().await;
    let mut actor = testkit::user(&test).await;
    let made = create(&test, &actor, article("A1", "Cablu")).await.unwrap();
    actor.permissions = ["catalog.view".to_owned()].into_iter().collect();
    let price = ProductPatch {
        price: Some(PriceChange::Net(lei("1"))),
        ..ProductPatch::default()
    };
    assert!(matches!(
        update(&test, &actor, made.id, None, price).await,
        Err(CatalogError::Denied(_))
    ));
    assert!(matches!(
        create(&test, &actor, article("A2", "x")).await,
        Err(CatalogError::Denied(_))
    ));
}

/// Codes that a filter shows, in order.
async fn shown(test: &TestDb, actor: &Actor, filter: &ProductFilter) -> String {
    let mut conn = test.db.read().await.unwrap();
    let page = service::list(&mut conn, actor, filter, PageRequest::default())
        .await
        .unwrap();
    assert_eq!(page.total, i64::try_from(page.items.len()).ok());
    let rows: Vec<String> = page
        .items
        .iter()
        .map(|row| format!("{}:{}", row.sku, row.available))
        .collect();
    rows.join(" ")
}

#[tokio::test]
async fn the_list_filters_and_sorts_by_own_stock_and_not_by_what_lies_at_the_marketplace() {
    let test = testkit::database().await;
    let actor = testkit::user(&test).await;
    for (sku, units, reorder_point) in [("A", 9, 5), ("B", 3, 5), ("C", 0, 0), ("D", 0, 2)] {
        let mut new = article(sku, "Lampă");
        new.levels.reorder_point = reorder_point;
        let made = create(&test, &actor, new).await.unwrap();
        if units > 0 {
            sqlx::query("INSERT INTO app.stock_movements (product_id, warehouse_id, delta, cause) VALUES ($1, 1, $2, 'opening')")
                .bind(made.id)
                .bind(units)
                .execute(test.db.pool())
                .await
                .unwrap();
        }
    }
    let filter = |stock, sort: &str| ProductFilter {
        stock,
        sort: ProductSort::parse(sort).unwrap(),
        ..ProductFilter::default()
    };
    let expected = [
        (filter(None, "-available"), "A:9 B:3 D:0 C:0"),
        (filter(Some(StockFilter::In), "sku"), "A:9 B:3"),
        (filter(Some(StockFilter::Low), "sku"), "B:3 D:0"),
        (filter(Some(StockFilter::Out), "-sku"), "D:0 C:0"),
    ];
    for (filter, rows) in &expected {
        assert_eq!(
            shown(&test, &actor, filter).await,
            *rows,
            "one warehouse, {filter:?}"
        );
    }
    // A second own warehouse adds to the figures; one at the marketplace does not.
    sqlx::raw_sql(
        "INSERT INTO app.warehouses (code, name, kind) VALUES ('IASI', 'Iași', 'own'), ('FBE', 'eMAG', 'marketplace');
         INSERT INTO app.stock_movements (product_id, warehouse_id, delta, cause)
         SELECT p.id, w.id, 4, 'opening' FROM app.products p, app.warehouses w
          WHERE (p.sku, w.code) IN (('C', 'IASI'), ('A', 'FBE'), ('B', 'FBE'), ('D', 'FBE'))",
    )
    .execute(test.db.pool())
    .await
    .unwrap();
    let expected = [
        (filter(None, "-available"), "A:9 C:4 B:3 D:0"),
        (filter(Some(StockFilter::In), "sku"), "A:9 B:3 C:4"),
        (filter(Some(StockFilter::Low), "sku"), "B:3 D:0"),
        (filter(Some(StockFilter::Out), "sku"), "D:0"),
    ];
    for (filter, rows) in &expected {
        assert_eq!(
            shown(&test, &actor, filter).await,
            *rows,
            "two warehouses, {filter:?}"
        );
    }
}

#[tokio::test]
async fn pages_of_a_misspelt_search_go_on_misspelt_and_signs_of_patterns_are_plain_text() {
    let test = testkit::database().await;
    let actor = testkit::user(&test).await;
    for n in 0..5 {
        create(&test, &actor, article(&format!("S{n}"), "Șurubelniță electrică"))
            .await
            .unwrap();
    }
    create(&test, &actor, article("P1", "Reducere 100% a_b"))
        .await
        .unwrap();
    let filter = ProductFilter {
        q: Some("surubelnota".to_owned()),
        ..ProductFilter::default()
    };
    let mut request = PageRequest {
        limit: kernel::Limit::new(2).unwrap(),
        after: None,
    };
    let mut seen = Vec::new();
    loop {
        let mut conn = test.db.read().await.unwrap();
        let page = service::list(&mut conn, &actor, &filter, request.clone())
            .await
            .unwrap();
        seen.extend(page.items.iter().map(|row| row.sku.to_string()));
        let Some(next) = page.next else { break };
        request.after = Some(next);
    }
    assert_eq!(seen, ["S0", "S1", "S2", "S3", "S4"]);
    assert_eq!(found(&test, &actor, "100% a_b").await, ["P1"]);
    assert!(found(&test, &actor, "1%0%a").await.is_empty());
    assert!(
        found(&test, &actor, "x'; DROP TABLE app.products; --")
            .await
            .is_empty()
    );
}
