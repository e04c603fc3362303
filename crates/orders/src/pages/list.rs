//! The list of orders: views with counts, search, filters, sort; its address restores it whole.

use axum::extract::State;
use axum::response::Response;
use chrono::{Days, NaiveDate, TimeZone as _};
use kernel::{BUCHAREST, Money, Timestamp};
use serde::{Deserialize, Serialize};
use web::{AppState, Page, Problem, Query, page_request};

use super::{Badge, Choice, Kept, Sort, View, channel_text, status_badge};
use crate::api::sorted;
use crate::model::{Channel, OrderRow, OrderStatus};
use crate::search::{Direction, OrderFilter, OrderSort};
use crate::{ORDERS_EDIT, service};

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// `to_ship`, `attention` or a status.
    view: Option<String>,
    channel: Option<Channel>,
    /// First and last day, in Bucharest.
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    q: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
}

impl ListQuery {
    fn href(&self, change: impl FnOnce(&mut Self)) -> String {
        let mut wanted = Self {
            cursor: None,
            ..self.clone()
        };
        change(&mut wanted);
        web::address(
            "/orders",
            &[
                ("view", wanted.view),
                ("channel", wanted.channel.map(|channel| channel.to_string())),
                ("from", wanted.from.map(|day| day.to_string())),
                ("to", wanted.to.map(|day| day.to_string())),
                ("q", wanted.q),
                ("sort", wanted.sort),
                ("cursor", wanted.cursor),
            ],
        )
    }

    fn filter(&self) -> Result<OrderFilter, Problem> {
        let (mut to_ship, mut attention, mut status) = (false, false, None);
        match self.view.as_deref() {
            None => {}
            Some("to_ship") => to_ship = true,
            Some("attention") => attention = true,
            Some(word) => status = Some(word.parse::<OrderStatus>().map_err(Problem::Malformed)?),
        }
        Ok(OrderFilter {
            status,
            to_ship,
            attention,
            channel: self.channel,
            customer: None,
            placed_from: self.from.and_then(midnight),
            placed_before: self
                .to
                .and_then(|day| day.checked_add_days(Days::new(1)))
                .and_then(midnight),
            q: self.q.clone(),
        })
    }

    fn is_filtered(&self) -> bool {
        self.view.is_some()
            || self.channel.is_some()
            || self.from.is_some()
            || self.to.is_some()
            || self.q.is_some()
    }
}

fn midnight(day: NaiveDate) -> Option<Timestamp> {
    let local = day.and_hms_opt(0, 0, 0)?;
    Some(BUCHAREST.from_local_datetime(&local).earliest()?.to_utc())
}

#[derive(Serialize)]
struct ListPage {
    rows: Vec<Row>,
    shown: usize,
    total: Option<i64>,
    text: String,
    here: String,
    views: Vec<View>,
    channels: Vec<Choice>,
    channel: Option<Channel>,
    from: Option<String>,
    to: Option<String>,
    chips: Vec<Chip>,
    clear: String,
    /// For the search box and for the filter form.
    keep_filters: Vec<Kept>,
    keep_search: Vec<Kept>,
    sorts: Vec<Sort>,
    next: Option<String>,
    first: Option<String>,
    filtered: bool,
    may_edit: bool,
}

#[derive(Serialize)]
struct Chip {
    text: String,
    remove: String,
}

#[derive(Serialize)]
pub(super) struct Row {
    id: i64,
    number: String,
    customer_id: i64,
    customer: String,
    channel: String,
    marketplace_ships: bool,
    status: Badge,
    total: Money,
    short: bool,
    unresolved: bool,
    placed_at: Timestamp,
    /// Only while it matters.
    ship_by: Option<Timestamp>,
}

impl Row {
    pub(super) fn of(row: OrderRow, page: &Page) -> Self {
        let open = row.status.is_open();
        let ship_by = row.ship_by.filter(|_| open);
        Self {
            id: row.id.0,
            number: row.number,
            customer_id: row.customer_id.0,
            customer: row.customer_name,
            channel: channel_text(page, row.channel),
            marketplace_ships: row.fulfilment == crate::Fulfilment::Marketplace,
            status: status_badge(page, row.status),
            total: row.total_gross,
            short: open && row.short_lines > 0,
            unresolved: open && row.unresolved_lines > 0,
            placed_at: row.placed_at,
            ship_by,
        }
    }
}

pub(super) async fn list(
    State(state): State<AppState>,
    page: Page,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let request = page_request(None, query.cursor.clone())?;
    let newest = (OrderSort::Placed, Direction::Descending);
    let sort = sorted(query.sort.as_deref(), &OrderSort::ALL, OrderSort::as_str, newest)?;
    let filter = query.filter()?;
    let mut conn = state.db.read().await?;
    let found = service::list(&mut conn, &page.actor, &filter, sort, &request).await?;
    let views = views(&query, &page, &mut conn).await?;
    let rows: Vec<Row> = found.items.into_iter().map(|row| Row::of(row, &page)).collect();
    let context = ListPage {
        shown: rows.len(),
        rows,
        total: found.total,
        text: query.q.clone().unwrap_or_default(),
        here: query.href(|wanted| wanted.cursor.clone_from(&query.cursor)),
        views,
        channels: channels(&page),
        channel: query.channel,
        from: query.from.map(|day| day.to_string()),
        to: query.to.map(|day| day.to_string()),
        chips: chips(&query, &page),
        clear: query
            .href(|wanted| (wanted.channel, wanted.from, wanted.to, wanted.q) = (None, None, None, None)),
        keep_filters: kept(&query, &["view", "channel", "from", "to", "sort"]),
        keep_search: kept(&query, &["view", "q", "sort"]),
        sorts: OrderSort::ALL
            .into_iter()
            .map(|key| heading(&query, sort, key))
            .collect(),
        next: found
            .next
            .map(|cursor| query.href(|wanted| wanted.cursor = Some(cursor.as_str().to_owned()))),
        first: query.cursor.is_some().then(|| query.href(|_| ())),
        filtered: query.is_filtered(),
        may_edit: page.actor.may(ORDERS_EDIT),
    };
    page.render("orders/list.html", &context)
}

async fn views(query: &ListQuery, page: &Page, conn: &mut sqlx::PgConnection) -> Result<Vec<View>, Problem> {
    let counts = service::counts_by_status(&mut *conn, &page.actor).await?;
    let to_ship = service::orders_to_ship(&mut *conn).await?;
    let attention = service::count_attention(conn, &page.actor).await?;
    let view = |word: Option<&str>, count| View {
        text: page.t(&match word {
            None => "orders-view-all".to_owned(),
            Some(word @ ("to_ship" | "attention")) => format!("orders-view-{}", word.replace('_', "-")),
            Some(status) => format!("orders-status-{status}"),
        }),
        href: query.href(|wanted| wanted.view = word.map(str::to_owned)),
        active: query.view.as_deref() == word,
        count,
    };
    let mut views = vec![
        view(None, None),
        view(Some("to_ship"), Some(to_ship)),
        view(Some("attention"), Some(attention)),
    ];
    views.extend(
        counts
            .iter()
            .map(|count| view(Some(count.status.as_str()), Some(count.orders))),
    );
    Ok(views)
}

fn channels(page: &Page) -> Vec<Choice> {
    Channel::ALL
        .iter()
        .map(|channel| Choice {
            value: channel.as_str(),
            text: channel_text(page, *channel),
        })
        .collect()
}

fn chips(query: &ListQuery, page: &Page) -> Vec<Chip> {
    let day = |day: NaiveDate| ui::formats::date(day, page.locale);
    let said = |key: &str, value: String| {
        let args = ui::Args::new().with("value", value);
        page.state.ui.text(page.locale, key, &args)
    };
    let chip = |text, remove| Chip { text, remove };
    [
        query.channel.map(|channel| {
            let text = said("orders-chip-channel", channel_text(page, channel));
            chip(text, query.href(|wanted| wanted.channel = None))
        }),
        query.from.map(|from| {
            chip(
                said("orders-chip-from", day(from)),
                query.href(|wanted| wanted.from = None),
            )
        }),
        query.to.map(|to| {
            chip(
                said("orders-chip-to", day(to)),
                query.href(|wanted| wanted.to = None),
            )
        }),
        query
            .q
            .clone()
            .map(|q| chip(said("orders-chip-text", q), query.href(|wanted| wanted.q = None))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn kept(query: &ListQuery, names: &[&'static str]) -> Vec<Kept> {
    [
        ("view", query.view.clone()),
        ("channel", query.channel.map(|channel| channel.to_string())),
        ("from", query.from.map(|day| day.to_string())),
        ("to", query.to.map(|day| day.to_string())),
        ("q", query.q.clone()),
        ("sort", query.sort.clone()),
    ]
    .into_iter()
    .filter(|(name, _)| names.contains(name))
    .filter_map(|(name, value)| Some(Kept { name, value: value? }))
    .collect()
}

/// A second click turns the order around.
fn heading(query: &ListQuery, now: (OrderSort, Direction), key: OrderSort) -> Sort {
    let sorted = (now.0 == key).then_some(match now.1 {
        Direction::Ascending => "asc",
        Direction::Descending => "desc",
    });
    let next = if sorted == Some("desc") {
        key.as_str().to_owned()
    } else {
        format!("-{}", key.as_str())
    };
    Sort {
        key: key.as_str(),
        href: query.href(|wanted| wanted.sort = Some(next)),
        sorted,
    }
}
