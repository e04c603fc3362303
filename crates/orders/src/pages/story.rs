//! The story of an order in words.

use kernel::{Locale, OrderLineId, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;
use ui::Args;
use web::Page;

use crate::model::Order;
use crate::service::{TimelineChange, TimelineEntry};

#[derive(Serialize)]
pub(super) struct Entry {
    who: String,
    text: String,
    at: Timestamp,
    glyph: &'static str,
    old: Option<String>,
    new: Option<String>,
}

pub(super) fn entry(page: &Page, order: &Order, entry: TimelineEntry) -> Entry {
    let (text, glyph, old, new) = match entry.change {
        TimelineChange::Placed => (page.t("orders-story-placed"), "shopping-cart", None, None),
        TimelineChange::LineAdded { line } => (
            of_line(page, "orders-story-line-added", order, line),
            "plus",
            None,
            None,
        ),
        TimelineChange::Changed {
            line,
            column,
            old,
            new,
        } => {
            let show = |value: Option<String>| value.map(|value| value_text(page, &column, &value));
            let (old, new) = (show(old), show(new));
            let text = match line {
                Some(line) => of_line(
                    page,
                    &format!("orders-story-line-{}", dashed(&column)),
                    order,
                    line,
                ),
                None => page.t(&format!("orders-story-{}", dashed(&column))),
            };
            (text, glyph_of(&column), old, new.or_else(|| Some("–".to_owned())))
        }
    };
    Entry {
        who: page.system_actor(&entry.who),
        text,
        at: entry.at,
        glyph,
        old,
        new,
    }
}

fn dashed(column: &str) -> String {
    column.replace('_', "-")
}

fn of_line(page: &Page, key: &str, order: &Order, line: OrderLineId) -> String {
    let name = order
        .lines
        .iter()
        .find(|candidate| candidate.id == line)
        .map(|line| line.sku.clone().unwrap_or_else(|| line.name.clone()))
        .unwrap_or_default();
    page.state
        .ui
        .text(page.locale, key, &Args::new().with("line", name))
}

fn glyph_of(column: &str) -> &'static str {
    match column {
        "status" => "arrow-right",
        "reserved" | "short" | "quantity" => "boxes",
        "product_id" => "link",
        "cancel_reason" => "ban",
        "is_paid" | "total_gross" => "coins",
        _ => "edit",
    }
}

fn value_text(page: &Page, column: &str, value: &str) -> String {
    match column {
        "status" => page.t(&format!("orders-status-{value}")),
        "is_paid" => page.t(if value == "true" {
            "orders-paid"
        } else {
            "orders-unpaid"
        }),
        "total_gross" => number(value, page.locale),
        "ship_by" => value
            .parse::<Timestamp>()
            .map_or_else(|_| value.to_owned(), |at| ui::formats::datetime(at, page.locale)),
        _ => value.to_owned(),
    }
}

fn number(value: &str, locale: Locale) -> String {
    value.parse::<Decimal>().map_or_else(
        |_| value.to_owned(),
        |amount| ui::formats::fixed(amount, 2, locale),
    )
}
