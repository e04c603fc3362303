//! Charts drawn on the server as SVG: a line or bars, labelled axes, the exact value on hover, and the
//! same figures as a table for those who do not see.
//!
//! Amounts arrive already written ([`Point::text`]); the plain value only places the mark.
//! The drawing carries classes and no styles, so the colours come from the theme.

use std::fmt::Write as _;

use kernel::Locale;
use rust_decimal::{Decimal, prelude::ToPrimitive};

use crate::formats;

/// How the values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Values over time.
    Line,
    /// Sums per day, week or state.
    Bars,
}

/// One value.
#[derive(Debug, Clone)]
pub struct Point {
    /// What stands on the axis: "24.11".
    pub label: String,
    /// Where the mark is placed.
    pub value: Decimal,
    /// The exact value as it is shown: "1.234,56 lei".
    pub text: String,
}

/// A chart of one series.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Unique on its page; letters, digits and dashes.
    pub id: String,
    /// Line or bars.
    pub kind: Kind,
    /// Read aloud and used as the table's caption.
    pub title: String,
    /// Word for the horizontal axis: "Zi".
    pub x_label: String,
    /// Word and unit for the vertical axis: "Vânzări, lei".
    pub y_label: String,
    /// From left to right.
    pub points: Vec<Point>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 38.0;
const BOTTOM: f64 = 28.0;
/// More labels than this would touch each other.
const LABELS_MAX: usize = 8;
/// Steps of the vertical axis aimed at.
const STEPS: f64 = 4.0;
/// A bar's share of its column.
const BAR_SHARE: f64 = 0.64;
/// Few bars in a wide chart would be walls.
const BAR_MAX: f64 = 40.0;

impl Chart {
    /// The chart as HTML; `word` translates the frame's keys.
    pub(crate) fn html(&self, locale: Locale, word: impl Fn(&str) -> String) -> String {
        if self.points.is_empty() {
            return format!(
                "<p class=\"chart-empty\">{}</p>",
                escaped(&word("ui-chart-empty"))
            );
        }
        let id = escaped(&self.id);
        let title = escaped(&self.title);
        let scale = Scale::over(self.points.iter().map(|point| place(point.value)));
        let mut svg = format!(
            "<figure class=\"chart\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-title\"><title id=\"{id}-title\">{title}</title>"
        );
        self.axes(&mut svg, &scale, locale);
        match self.kind {
            Kind::Line => self.line(&mut svg, &scale),
            Kind::Bars => self.bars(&mut svg, &scale),
        }
        svg.push_str("</svg>");
        self.table(&mut svg, &word("ui-chart-as-table"));
        svg.push_str("</figure>");
        svg
    }

    fn column(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / count(self.points.len())
    }

    /// The middle of a point's column.
    fn x(&self, index: usize) -> f64 {
        LEFT + self.column() * (count(index) + 0.5)
    }

    fn axes(&self, svg: &mut String, scale: &Scale, locale: Locale) {
        put(
            svg,
            format_args!(
                "<text class=\"chart-unit\" x=\"0\" y=\"14\">{}</text>",
                escaped(&self.y_label)
            ),
        );
        for tick in scale.ticks() {
            let y = scale.y(tick);
            let label = Decimal::try_from(tick)
                .map_or_else(|_| String::new(), |v| formats::number(v.round_dp(2), locale));
            put(
                svg,
                format_args!(
                    "<line class=\"chart-grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text class=\"chart-tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                    WIDTH - RIGHT,
                    LEFT - 8.0,
                    y + 4.0,
                ),
            );
        }
        let every = self.points.len().div_ceil(LABELS_MAX).max(1);
        for (index, point) in self.points.iter().enumerate().step_by(every) {
            put(
                svg,
                format_args!(
                    "<text class=\"chart-tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                    self.x(index),
                    HEIGHT - 8.0,
                    escaped(&point.label),
                ),
            );
        }
    }

    fn line(&self, svg: &mut String, scale: &Scale) {
        let mut path = String::new();
        for (index, point) in self.points.iter().enumerate() {
            let pen = if index == 0 { 'M' } else { 'L' };
            put(
                &mut path,
                format_args!("{pen}{:.1} {:.1}", self.x(index), scale.y(place(point.value))),
            );
        }
        let (first, last) = (self.x(0), self.x(self.points.len() - 1));
        let floor = scale.y(scale.low.max(0.0));
        put(
            svg,
            format_args!(
                "<path class=\"chart-area\" d=\"{path}L{last:.1} {floor:.1}L{first:.1} {floor:.1}Z\"/><path class=\"chart-line\" d=\"{path}\"/>"
            ),
        );
        for (index, point) in self.points.iter().enumerate() {
            let (x, y) = (self.x(index), scale.y(place(point.value)));
            put(
                svg,
                format_args!(
                    "<g class=\"chart-mark\"><rect x=\"{:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\"/><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>{}</g>",
                    x - self.column() / 2.0,
                    self.column(),
                    HEIGHT - TOP - BOTTOM,
                    hint(point),
                ),
            );
        }
    }

    fn bars(&self, svg: &mut String, scale: &Scale) {
        let width = (self.column() * BAR_SHARE).min(BAR_MAX);
        let zero = scale.y(0.0);
        for (index, point) in self.points.iter().enumerate() {
            let tip = scale.y(place(point.value));
            put(
                svg,
                format_args!(
                    "<g class=\"chart-mark\"><rect x=\"{:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\"/><rect class=\"chart-bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"2\"/>{}</g>",
                    self.x(index) - self.column() / 2.0,
                    self.column(),
                    HEIGHT - TOP - BOTTOM,
                    self.x(index) - width / 2.0,
                    tip.min(zero),
                    (tip - zero).abs(),
                    hint(point),
                ),
            );
        }
    }

    fn table(&self, html: &mut String, as_table: &str) {
        put(
            html,
            format_args!(
                "<details class=\"chart-table\"><summary>{}</summary><table class=\"table compact\"><caption class=\"sr-only\">{}</caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\" class=\"num\">{}</th></tr></thead><tbody>",
                escaped(as_table),
                escaped(&self.title),
                escaped(&self.x_label),
                escaped(&self.y_label),
            ),
        );
        for point in &self.points {
            put(
                html,
                format_args!(
                    "<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td></tr>",
                    escaped(&point.label),
                    escaped(&point.text)
                ),
            );
        }
        html.push_str("</tbody></table></details>");
    }
}

fn hint(point: &Point) -> String {
    format!(
        "<title>{}: {}</title>",
        escaped(&point.label),
        escaped(&point.text)
    )
}

/// Maps values to heights, from a round number below all of them to one above.
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let span = if high > low { high - low } else { 1.0 };
        let step = round_step(span / STEPS);
        Self {
            low: (low / step).floor() * step,
            high: if high > low {
                (high / step).ceil() * step
            } else {
                step * STEPS
            },
            step,
        }
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (low, step, high) = (self.low, self.step, self.high);
        std::iter::successors(Some(low), move |tick| Some(tick + step))
            .take_while(move |tick| *tick <= high + step / 2.0)
    }
}

/// The next of 1, 2, 5, 10, 20, 50 … that is not smaller.
fn round_step(raw: f64) -> f64 {
    let power = 10.0_f64.powf(raw.log10().floor());
    let lead = raw / power;
    let round = if lead <= 1.0 {
        1.0
    } else if lead <= 2.0 {
        2.0
    } else if lead <= 5.0 {
        5.0
    } else {
        10.0
    };
    round * power
}

/// A place on the screen, not an amount: a float is precise enough for a pixel.
fn place(value: Decimal) -> f64 {
    value.to_f64().unwrap_or(0.0)
}

fn count(items: usize) -> f64 {
    u32::try_from(items).map_or(f64::from(u32::MAX), f64::from)
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(what);
}

/// Text made safe for HTML content and quoted attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
