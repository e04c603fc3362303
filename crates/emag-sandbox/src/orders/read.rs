//! `order/read` and `order/count`: filters, windows of at most a month, and the type that defaults to 3.

use chrono::Months;
use serde_json::Value;

use crate::paging::{Page, bounded, choices, id_filter, invalid, text_filter};
use crate::reply::Reply;
use crate::state::{Order, Shop};
use crate::value::{Doc, int_at, naive, text_at};

/// Which of the two actions asks; their window rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Read,
    Count,
}

/// Bounds of one time field, as wall-clock texts (which sort as times do).
#[derive(Debug, Default)]
struct Window {
    after: Option<String>,
    before: Option<String>,
}

struct OrderFilter {
    id: Option<u64>,
    created: Window,
    modified: Window,
    status: Option<Vec<i64>>,
    payment: Option<Vec<i64>>,
    complete: Option<i64>,
    kind: Option<i64>,
}

impl OrderFilter {
    fn of(filters: &Doc, action: Action) -> Result<OrderFilter, Reply> {
        let kind = bounded(filters, "type", 2, 3)?;
        Ok(OrderFilter {
            id: id_filter(filters, "id")?,
            created: window(filters, "created", action)?,
            modified: window(filters, "modified", action)?,
            status: choices(filters, "status", &[0, 1, 2, 3, 4, 5])?,
            payment: choices(filters, "payment_mode_id", &[1, 2, 3])?,
            complete: bounded(filters, "is_complete", 0, 1)?,
            kind: kind.or((action == Action::Read).then_some(3)),
        })
    }

    fn takes(&self, order: &Order) -> bool {
        let doc = &order.doc;
        let one_of = |wanted: &Option<Vec<i64>>, key: &str| {
            wanted
                .as_ref()
                .is_none_or(|wanted| int_at(doc, key).is_some_and(|code| wanted.contains(&code)))
        };
        self.id
            .is_none_or(|id| crate::value::id_at(doc, "id") == Some(id))
            && self.created.holds(&text_at(doc, "date"))
            && self.modified.holds(&text_at(doc, "modified"))
            && one_of(&self.status, "status")
            && one_of(&self.payment, "payment_mode_id")
            && self
                .complete
                .is_none_or(|wanted| int_at(doc, "is_complete") == Some(wanted))
            && self.kind.is_none_or(|wanted| order.kind() == wanted)
    }
}

impl Window {
    fn holds(&self, at: &str) -> bool {
        self.after.as_deref().is_none_or(|after| after <= at)
            && self.before.as_deref().is_none_or(|before| at <= before)
    }
}

fn window(filters: &Doc, what: &str, action: Action) -> Result<Window, Reply> {
    let (after_key, before_key) = (format!("{what}After"), format!("{what}Before"));
    let moment = |key: &str| -> Result<Option<String>, Reply> {
        let text = text_filter(filters, key)?;
        if text.as_deref().is_some_and(|text| naive(text).is_none()) {
            return Err(invalid(key));
        }
        Ok(text)
    };
    let window = Window {
        after: moment(&after_key)?,
        before: moment(&before_key)?,
    };
    match (&window.after, &window.before) {
        (None, Some(_)) => Err(Reply::refused(format!("{before_key} requires {after_key}"))),
        (Some(_), None) if action == Action::Count => {
            Err(Reply::refused(format!("{after_key} requires {before_key}")))
        }
        (Some(after), Some(before)) if !is_a_month_at_most(after, before) => Err(Reply::refused(format!(
            "The interval between {after_key} and {before_key} must be at most 1 month"
        ))),
        (None | Some(_), None) | (Some(_), Some(_)) => Ok(window),
    }
}

fn is_a_month_at_most(after: &str, before: &str) -> bool {
    let bounds = naive(after).zip(naive(before));
    bounds.is_some_and(|(after, before)| {
        after <= before
            && after
                .checked_add_months(Months::new(1))
                .is_some_and(|end| before <= end)
    })
}

/// Newest first, so that "no filter" gives the latest hundred and pages slip while orders arrive.
pub(crate) fn read(shop: &Shop, filters: &Doc, slip: usize) -> Result<Reply, Reply> {
    let page = Page {
        slip,
        ..Page::of(filters)?
    };
    let filter = OrderFilter::of(filters, Action::Read)?;
    let mut taken: Vec<&Order> = shop
        .orders
        .values()
        .rev()
        .filter(|order| filter.takes(order))
        .collect();
    taken.sort_by_cached_key(|order| std::cmp::Reverse(text_at(&order.doc, "date")));
    let rows = page
        .cut(taken.into_iter())
        .into_iter()
        .map(|order| Value::Object(order.doc.clone()))
        .collect();
    Ok(Reply::rows(rows))
}

pub(crate) fn count(shop: &Shop, filters: &Doc) -> Result<Reply, Reply> {
    let page = Page::of(filters)?;
    let filter = OrderFilter::of(filters, Action::Count)?;
    Ok(Reply::count(
        shop.orders.values().filter(|order| filter.takes(order)).count(),
        page.size,
    ))
}
