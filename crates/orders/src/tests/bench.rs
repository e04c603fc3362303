//! A shop with one warehouse, a few articles, and helpers that say what happened in a word.

use catalog::NewProduct;
use kernel::{Actor, Clock, Currency, Money, Net, OrderId, ProductId, Sku, VatRate};
use testkit::TestDb;

use crate::{
    Channel, Fulfilment, LineOutcome, NewCustomer, NewLine, NewOrder, Order, OrderError, OrderStatus,
    PaymentMethod, Upserted, service,
};

pub(super) struct Shop {
    pub(super) test: TestDb,
    pub(super) actor: Actor,
    pub(super) clock: Clock,
}

pub(super) fn lei(amount: &str) -> Money {
    Money::parse(amount, Currency::RON).unwrap()
}

pub(super) fn vat(percent: &str) -> VatRate {
    percent.parse().unwrap()
}

/// `"A 2"`: two of article A, as a channel's line `l-A`; `"A 2 x"`: cancelled.
pub(super) fn line(text: &str) -> NewLine {
    let mut words = text.split(' ');
    let sku = words.next().unwrap();
    let quantity = words.next().unwrap().parse().unwrap();
    NewLine {
        external_line_id: Some(format!("l-{sku}")),
        name: Some(format!("Articol {sku}")),
        price_net: Some(Net(lei("29.7521"))),
        vat: Some(vat("21")),
        active: words.next().is_none(),
        ..NewLine::of_sku(sku, quantity)
    }
}

pub(super) fn order(external: &str, lines: &[&str]) -> NewOrder {
    NewOrder {
        channel: Channel::Emag,
        channel_account: 1,
        external_id: Some(external.to_owned()),
        number: Some(external.to_owned()),
        customer: NewCustomer {
            external_id: Some("c-1".to_owned()),
            ..NewCustomer::person("Ionuț Țărână")
        },
        lines: lines.iter().map(|text| line(text)).collect(),
        currency: Currency::RON,
        placed_at: "2026-11-25T07:00:00Z".parse().unwrap(),
        fulfilment: Fulfilment::Own,
        payment_method: PaymentMethod::Card,
        is_paid: true,
        shipping_gross: lei("19.99"),
        status: OrderStatus::New,
        cancel_reason: None,
        warehouse: None,
        ship_by: None,
        note: None,
    }
}

pub(super) fn manual(lines: Vec<NewLine>) -> NewOrder {
    NewOrder {
        channel: Channel::Manual,
        channel_account: 0,
        external_id: None,
        number: None,
        customer: NewCustomer::person("Maria Pop"),
        lines,
        ..order("x", &[])
    }
}

impl Shop {
    /// Articles with their stock: `"A 5, B 1"`.
    pub(super) async fn with(stock: &str) -> Self {
        let test = testkit::database().await;
        let actor = testkit::user(&test).await;
        let (clock, _) = testkit::clock();
        let shop = Self { test, actor, clock };
        for article in stock.split(", ") {
            let (sku, units) = article.split_once(' ').unwrap();
            shop.article(sku).await;
            shop.receive(sku, units.parse().unwrap()).await;
        }
        shop
    }

    pub(super) async fn article(&self, sku: &str) -> ProductId {
        let mut tx = self.test.db.begin(&self.actor).await.unwrap();
        let new = NewProduct::new(
            Sku::parse(sku).unwrap(),
            format!("Articol {sku}"),
            Net(lei("10")),
            vat("21"),
        );
        let product = catalog::service::create(&mut tx, &self.actor, new).await.unwrap();
        tx.commit().await.unwrap();
        product.id
    }

    pub(super) async fn product(&self, sku: &str) -> ProductId {
        let id = sqlx::query_scalar("SELECT id FROM app.products WHERE sku = $1")
            .bind(sku)
            .fetch_one(self.test.db.pool())
            .await
            .unwrap();
        ProductId(id)
    }

    pub(super) async fn receive(&self, sku: &str, units: i64) {
        if units == 0 {
            return;
        }
        sqlx::query(
            "INSERT INTO app.stock_movements (product_id, warehouse_id, delta, cause) \
             SELECT p.id, w.id, $2, 'receipt' FROM app.products p, app.warehouses w WHERE p.sku = $1 AND w.code = 'MAIN'",
        )
        .bind(sku)
        .bind(units)
        .execute(self.test.db.pool())
        .await
        .unwrap();
    }

    pub(super) async fn place(&self, order: NewOrder) -> Result<crate::Placed, OrderError> {
        let mut tx = self.test.db.begin(&self.actor).await.unwrap();
        let placed = service::place(&mut tx, &self.actor, order, &self.clock).await?;
        tx.commit().await.unwrap();
        Ok(placed)
    }

    pub(super) async fn import(&self, order: NewOrder) -> Upserted {
        let mut tx = self.test.db.begin(&self.actor).await.unwrap();
        let done = service::upsert_external(&mut tx, &self.actor, order, &self.clock)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        done
    }

    pub(super) async fn act(&self, id: OrderId, action: crate::Action) -> Result<Order, OrderError> {
        let mut tx = self.test.db.begin(&self.actor).await.unwrap();
        let (actor, which) = (&self.actor, (id, None));
        let order = match action {
            crate::Action::Confirm => service::confirm(&mut tx, actor, which).await?,
            crate::Action::Pack => service::pack(&mut tx, actor, which).await?,
            crate::Action::Ship => service::ship(&mut tx, actor, which, &self.clock).await?,
            crate::Action::Cancel => service::cancel(&mut tx, actor, which, "clientul a renunțat").await?,
            crate::Action::Return => service::return_goods(&mut tx, actor, which).await?,
        };
        tx.commit().await.unwrap();
        Ok(order)
    }

    pub(super) async fn order(&self, id: OrderId) -> Order {
        let mut conn = self.test.db.read().await.unwrap();
        service::get(&mut conn, &self.actor, id).await.unwrap()
    }

    /// `"A 2+1"`: two reserved and one short; cancelled lines end in `x`, unresolved ones in `?`.
    pub(super) async fn lines(&self, id: OrderId) -> String {
        let order = self.order(id).await;
        let texts: Vec<String> = order
            .lines
            .iter()
            .map(|line| {
                let mark = match (line.status, line.product) {
                    (crate::LineStatus::Cancelled, _) => " x",
                    (crate::LineStatus::Active, None) => " ?",
                    (crate::LineStatus::Active, Some(_)) => "",
                };
                let sku = line.sku.as_deref().unwrap_or("-");
                format!("{sku} {}+{}{mark}", line.reserved, line.short)
            })
            .collect();
        texts.join(", ")
    }

    /// `"5/2"`: on hand and reserved.
    pub(super) async fn stock(&self, sku: &str) -> String {
        let (on_hand, reserved): (i64, i64) = sqlx::query_as(
            "SELECT i.on_hand, i.reserved FROM app.inventory i JOIN app.products p ON p.id = i.product_id WHERE p.sku = $1",
        )
        .bind(sku)
        .fetch_one(self.test.db.pool())
        .await
        .unwrap();
        format!("{on_hand}/{reserved}")
    }

    /// Rows of the audit trail of orders, lines and customers.
    pub(super) async fn trail(&self) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM app.audit_logs WHERE table_name IN ('sales_orders', 'sales_order_lines', 'customers')",
        )
        .fetch_one(self.test.db.pool())
        .await
        .unwrap()
    }

    pub(super) async fn allocate(&self, sku: &str) -> service::Allocated {
        let product = self.product(sku).await;
        let mut tx = self.test.db.begin(&self.actor).await.unwrap();
        let given = service::allocate_short(&mut tx, &self.actor, &[product])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        given
    }

    /// The books of this slice and the stock agree.
    pub(super) async fn proves_itself(&self) {
        let mut conn = self.test.db.read().await.unwrap();
        assert_eq!(service::verify(&mut conn).await.unwrap(), []);
    }
}

pub(super) fn reserved(outcomes: &[LineOutcome]) -> i64 {
    outcomes.iter().map(|outcome| outcome.reserved).sum()
}

/// The code of a refusal, or of the first refused field as `field: code`.
pub(super) fn code<T: std::fmt::Debug>(result: Result<T, OrderError>) -> String {
    let error = result.unwrap_err();
    if let OrderError::Refused(refusal) = &error {
        return refusal.code.to_owned();
    }
    if let OrderError::Invalid(problems) = &error {
        return format!("{}: {}", problems[0].field, problems[0].refusal.code);
    }
    format!("{error:?}")
}
