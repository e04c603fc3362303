//! Directories of plain SQL: Flyway, golang-migrate, dbmate, sqlx. They number their files, so the order is a line.

use std::path::Path;
use std::sync::Arc;

use crate::core::chain::ReadError;
use crate::core::finding::{Finding, Rule, Severity};

use super::Tool;
use super::files::{list, read};
use super::original::{Line, Original, Source};

/// The revisions of a directory in their order, and what is wrong with its files.
pub(super) fn originals(dir: &Path, tool: Tool) -> Result<(Vec<Original>, Vec<Finding>), ReadError> {
    let (sources, mut findings) = read(&list(dir, "sql")?);
    let mut numbered: Vec<Numbered> = Vec::new();
    let mut backs: Vec<Numbered> = Vec::new();
    for source in sources {
        match Numbered::of(&source, tool) {
            Some(one) if one.way == Way::Down => backs.push(one),
            Some(one) => numbered.push(one),
            None => findings.push(unknown(&source, tool)),
        }
    }
    numbered.sort_by(|left, right| {
        (left.way == Way::Again, &left.order, &left.title).cmp(&(
            right.way == Way::Again,
            &right.order,
            &right.title,
        ))
    });
    let mut out: Vec<Original> = Vec::with_capacity(numbered.len());
    for one in numbered {
        let back = backs.iter().find(|back| back.order == one.order);
        let before = out
            .iter()
            .rev()
            .map(|original| &original.id)
            .find(|id| **id != one.id)
            .cloned();
        out.push(original(&one, back, before, tool));
    }
    Ok((out, findings))
}

fn unknown(source: &Source, tool: Tool) -> Finding {
    let message = format!("{} would not take this file for a migration", tool.name());
    let help = "rename it as the tool wants, or take it out of the directory";
    Finding::error(Rule::A06, source.place(0), message, help).with_severity(Severity::Warning)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
    /// Both in one file.
    Both,
    /// Flyway runs it again whenever it changes.
    Again,
}

struct Numbered {
    source: Arc<Source>,
    way: Way,
    /// The parts of the version as numbers.
    order: Vec<u64>,
    id: String,
    title: String,
}

impl Numbered {
    fn of(source: &Arc<Source>, tool: Tool) -> Option<Self> {
        let file = source.name.rsplit(['/', '\\']).next()?;
        let stem = file.strip_suffix(".sql")?;
        let (way, rest) = match tool {
            Tool::Flyway => match stem.split_at_checked(1)? {
                ("V", rest) => (Way::Up, rest),
                ("U", rest) => (Way::Down, rest),
                ("R", rest) => (Way::Again, rest),
                (_, _) => return None,
            },
            Tool::Dbmate => (Way::Both, stem),
            Tool::GolangMigrate | Tool::Sqlx => {
                match (stem.strip_suffix(".up"), stem.strip_suffix(".down")) {
                    (Some(rest), _) => (Way::Up, rest),
                    (None, Some(rest)) => (Way::Down, rest),
                    (None, None) if tool == Tool::Sqlx => (Way::Up, stem),
                    (None, None) => return None,
                }
            }
            Tool::Alembic => return None,
        };
        let mark = if tool == Tool::Flyway { "__" } else { "_" };
        let (version, title) = rest.split_once(mark).unwrap_or((rest, ""));
        let parts = version.split(['.', '_']).filter(|part| !part.is_empty());
        let order: Option<Vec<u64>> = parts.map(|part| part.parse().ok()).collect();
        let order = order?;
        if order.is_empty() && way != Way::Again {
            return None;
        }
        let id = if way == Way::Again {
            format!("r_{title}")
        } else {
            version.to_owned()
        };
        Some(Self {
            source: Arc::clone(source),
            way,
            order,
            id,
            title: title.replace('_', " "),
        })
    }
}

fn original(one: &Numbered, back: Option<&Numbered>, before: Option<String>, tool: Tool) -> Original {
    let mut original = Original::of(&one.source);
    original.id.clone_from(&one.id);
    original.parents = before.into_iter().collect();
    original.title.clone_from(&one.title);
    original.stamp = one.order.first().map(ToString::to_string).unwrap_or_default();
    let text = &one.source.text;
    if tool == Tool::Dbmate {
        dbmate(&one.source, &mut original);
    } else {
        original.up = lines(&one.source, 0, text.lines().count());
        original.down = back
            .map(|back| lines(&back.source, 0, back.source.text.lines().count()))
            .unwrap_or_default();
        let first = text.lines().next().unwrap_or("");
        original.transaction = first.trim() != "-- no-transaction";
    }
    if one.way == Way::Again {
        let message = "Flyway runs this file again whenever it changes; here it is a revision like any other";
        let help = "write a new revision for each change of it";
        let finding = Finding::error(Rule::A07, one.source.place(0), message, help);
        original.findings.push(finding.with_severity(Severity::Warning));
    }
    if original.down.iter().all(|line| line.sql.trim().is_empty()) {
        original.down.clear();
        let help = "write the way back, or say in the new revision why there is none";
        let finding = Finding::error(Rule::A01, one.source.place(0), "there is no way back", help);
        original.findings.push(finding.with_severity(Severity::Warning));
    }
    original
}

/// `-- migrate:up [transaction:false]` and `-- migrate:down` divide the file.
fn dbmate(source: &Arc<Source>, original: &mut Original) {
    let marks: Vec<(usize, &str)> = source
        .text
        .lines()
        .enumerate()
        .filter_map(|(at, line)| Some((at, line.trim().strip_prefix("-- migrate:")?)))
        .collect();
    let count = source.text.lines().count();
    if !marks.iter().any(|(_, mark)| mark.starts_with("up")) {
        let message = "the line `-- migrate:up` is missing";
        original.findings.push(Finding::error(
            Rule::A06,
            source.place(0),
            message,
            "add it above the SQL",
        ));
    }
    for (nth, (at, mark)) in marks.iter().enumerate() {
        let end = marks.get(nth + 1).map_or(count, |(next, _)| *next);
        let body = lines(source, at + 1, end);
        if mark.starts_with("up") {
            original.transaction = !mark.contains("transaction:false");
            original.up = body;
        } else if mark.starts_with("down") {
            original.down = body;
        }
    }
}

/// Lines `start..end`. `BEGIN` and `COMMIT` around a file go: the runner opens the transaction.
fn lines(source: &Arc<Source>, start: usize, end: usize) -> Vec<Line> {
    let all = source
        .text
        .lines()
        .enumerate()
        .skip(start)
        .take(end.saturating_sub(start));
    let control = |line: &str| {
        let line = line.trim().trim_end_matches(';').trim().to_ascii_lowercase();
        matches!(
            line.as_str(),
            "begin" | "commit" | "begin transaction" | "commit transaction" | "start transaction"
        )
    };
    // Inside a function `BEGIN` has no semicolon and `END` closes it.
    let is_control = |line: &str| line.trim_end().ends_with(';') && control(line);
    all.filter(|(_, line)| !is_control(line))
        .map(|(at, line)| Line {
            sql: line.trim_end().to_owned(),
            source: Arc::clone(source),
            number: at + 1,
            unread: false,
        })
        .collect()
}
