//! What differs between two pictures, told so that a person knows what to do.
//!
//! One change by hand is one difference: what disappears together with its table is not told beside it, and a
//! constraint that the server named otherwise is not one missing and one extra.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::finding::{Finding, Place, Rule, Severity};

use super::{Definition, Key, Snapshot};

/// How one object differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Missing {
        wanted: String,
    },
    Extra {
        found: String,
    },
    Different {
        wanted: String,
        found: String,
    },
    /// Equal but for what may differ without harm.
    Strict {
        wanted: String,
        found: String,
    },
}

/// One difference between what should be and what is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) key: Key,
    of: Option<Key>,
    pub(crate) change: Change,
}

/// Longer definitions are told by the first line that differs.
const SHOWN_CHARS_MAX: usize = 300;

impl Snapshot {
    /// How `found` differs from this one, by kind and name.
    pub(crate) fn differences(&self, found: &Self) -> Vec<Difference> {
        let keys: BTreeSet<&Key> = self.objects.keys().chain(found.objects.keys()).collect();
        let all = keys
            .into_iter()
            .filter_map(|key| difference(key, self.objects.get(key), found.objects.get(key)));
        without_echoes(with_renamed(all.collect()))
    }

    /// The findings of a comparison with a live database.
    pub(crate) fn drift(&self, found: &Self) -> Vec<Finding> {
        self.differences(found).iter().map(Difference::finding).collect()
    }
}

fn difference(key: &Key, wanted: Option<&Definition>, found: Option<&Definition>) -> Option<Difference> {
    let (of, change) = match (wanted, found) {
        (Some(wanted), None) => {
            let text = wanted.logical.clone();
            (wanted.of.clone(), Change::Missing { wanted: text })
        }
        (None, Some(found)) => {
            let text = found.logical.clone();
            (found.of.clone(), Change::Extra { found: text })
        }
        (Some(wanted), Some(found)) if wanted.logical != found.logical => {
            let (wanted_text, found_text) = (wanted.logical.clone(), found.logical.clone());
            let change = Change::Different {
                wanted: wanted_text,
                found: found_text,
            };
            (wanted.of.clone(), change)
        }
        (Some(wanted), Some(found)) if wanted.strict != found.strict => {
            let (wanted_text, found_text) = (wanted.strict.clone(), found.strict.clone());
            let change = Change::Strict {
                wanted: wanted_text,
                found: found_text,
            };
            (wanted.of.clone(), change)
        }
        (_, _) => return None,
    };
    Some(Difference {
        key: key.clone(),
        of,
        change,
    })
}

/// A constraint whose name the server chose differently the second time is the same constraint.
fn with_renamed(all: Vec<Difference>) -> Vec<Difference> {
    let mut extra: BTreeMap<(Option<Key>, String), Vec<Key>> = BTreeMap::new();
    for one in all.iter().filter(|one| is_server_named(&one.key)) {
        if let Change::Extra { found } = &one.change {
            let same = extra.entry((one.of.clone(), found.clone())).or_default();
            same.push(one.key.clone());
        }
    }
    let mut paired = BTreeSet::new();
    let mut out = Vec::new();
    for mut one in all {
        if let Change::Missing { wanted } = &one.change
            && is_server_named(&one.key)
            && let Some(other) = extra
                .get_mut(&(one.of.clone(), wanted.clone()))
                .and_then(Vec::pop)
        {
            one.change = Change::Strict {
                wanted: one.key.name.clone(),
                found: other.name.clone(),
            };
            paired.insert(other);
        }
        out.push(one);
    }
    out.retain(|one| !(matches!(one.change, Change::Extra { .. }) && paired.contains(&one.key)));
    out
}

fn is_server_named(key: &Key) -> bool {
    let stem = key.name.trim_end_matches(|c: char| c.is_ascii_digit());
    let endings = ["_check", "_key", "_fkey", "_pkey", "_excl"];
    key.kind == "constraint" && endings.iter().any(|ending| stem.ends_with(ending))
}

/// What comes or goes with its table is not told beside it.
fn without_echoes(all: Vec<Difference>) -> Vec<Difference> {
    let moved: BTreeSet<(bool, Key)> = all
        .iter()
        .filter_map(|one| Some((one.is_missing()?, one.key.clone())))
        .collect();
    let grown: BTreeSet<Key> = all
        .iter()
        .filter(|one| one.key.kind == "column" && one.is_missing().is_some())
        .filter_map(|one| one.of.clone())
        .collect();
    let echoes = |one: &Difference| match (one.is_missing(), &one.of) {
        (Some(missing), Some(of)) => moved.contains(&(missing, of.clone())),
        // The order of its columns changes with every column.
        (None, _) => matches!(one.change, Change::Strict { .. }) && grown.contains(&one.key),
        (Some(_), None) => false,
    };
    let kept: Vec<bool> = all.iter().map(|one| !echoes(one)).collect();
    let told = all.into_iter().zip(kept).filter(|(_, kept)| *kept);
    told.map(|(one, _)| one).collect()
}

impl Difference {
    /// True for missing, false for extra, none for what is on both sides.
    fn is_missing(&self) -> Option<bool> {
        match self.change {
            Change::Missing { .. } => Some(true),
            Change::Extra { .. } => Some(false),
            Change::Different { .. } | Change::Strict { .. } => None,
        }
    }

    /// Whether it decides that two schemas are not the same.
    pub(crate) fn is_logical(&self) -> bool {
        !matches!(self.change, Change::Strict { .. })
    }

    /// One sentence, from the point of view of the database that was looked at.
    pub(crate) fn describe(&self) -> String {
        let Key { kind, name } = &self.key;
        match &self.change {
            Change::Missing { .. } => format!("{kind} `{name}` is missing"),
            Change::Extra { .. } => format!("{kind} `{name}` should not be there"),
            Change::Different { wanted, found } => {
                let (wanted, found) = told_apart(wanted, found);
                format!("{kind} `{name}` is `{found}` instead of `{wanted}`")
            }
            Change::Strict { wanted, found } => {
                let (wanted, found) = told_apart(wanted, found);
                format!("{kind} `{name}` is the same but for this: `{found}` instead of `{wanted}`")
            }
        }
    }

    fn finding(&self) -> Finding {
        let (rule, help) = match &self.change {
            Change::Missing { wanted } if wanted.is_empty() => (
                Rule::X01,
                "make it again, or write a revision that drops it".to_owned(),
            ),
            Change::Missing { wanted } => (
                Rule::X01,
                format!(
                    "make it again (it was: {}), or write a revision that drops it",
                    shown(wanted)
                ),
            ),
            Change::Extra { .. } => (
                Rule::X02,
                "drop it, write it as a revision, or name its schema as external".to_owned(),
            ),
            Change::Different { .. } | Change::Strict { .. } => (
                Rule::X03,
                "change it back, or write the change as a revision".to_owned(),
            ),
        };
        let finding = Finding::error(rule, Place::default(), self.describe(), help).about(&self.key.name);
        if self.is_logical() {
            finding
        } else {
            finding.with_severity(Severity::Warning)
        }
    }
}

/// The first lines that differ.
fn told_apart(wanted: &str, found: &str) -> (String, String) {
    let same = wanted
        .lines()
        .zip(found.lines())
        .take_while(|(left, right)| left == right)
        .count();
    let line = |text: &str| shown(text.lines().nth(same).unwrap_or("").trim());
    (line(wanted), line(found))
}

fn shown(text: &str) -> String {
    let short: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if short.len() < text.len() {
        short + " ..."
    } else {
        short
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Definition, Key, Snapshot};

    fn key(text: &str) -> Key {
        let (kind, name) = text.split_once(' ').unwrap();
        Key {
            kind: kind.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Lines of `kind name: logical | strict`, the parent being what stands before the last dot of columns and constraints.
    fn picture(lines: &[&str]) -> Snapshot {
        let objects = lines.iter().map(|line| {
            let (name, rest) = line.split_once(": ").unwrap();
            let (logical, strict) = rest.split_once(" | ").unwrap_or((rest, ""));
            let key = key(name);
            let inside = matches!(key.kind.as_str(), "column" | "constraint");
            let of = key.name.rsplit_once('.').filter(|_| inside);
            let definition = Definition {
                of: of.map(|(table, _)| Key {
                    kind: "table".to_owned(),
                    name: table.to_owned(),
                }),
                logical: logical.to_owned(),
                strict: strict.to_owned(),
            };
            (key, definition)
        });
        Snapshot {
            objects: objects.collect(),
            server: 15,
        }
    }

    #[track_caller]
    fn check(wanted: &[&str], found: &[&str], expected: &[&str]) {
        let differences = picture(wanted).differences(&picture(found));
        let told: Vec<String> = differences.iter().map(super::Difference::describe).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_table_takes_what_belongs_to_it_along() {
        let table = [
            "table s.t: t | columns a",
            "column s.t.a: integer",
            "constraint s.t.t_pkey: KEY (a)",
        ];
        check(&table, &[], &["table `s.t` is missing"]);
        check(&[], &table, &["table `s.t` should not be there"]);
        check(&table, &table, &[]);
    }

    #[test]
    fn the_order_of_columns_is_not_told_beside_a_new_column() {
        check(
            &["table s.t: t | columns a", "column s.t.a: integer"],
            &[
                "table s.t: t | columns a, b",
                "column s.t.a: integer",
                "column s.t.b: text",
            ],
            &["column `s.t.b` should not be there"],
        );
    }

    #[test]
    fn a_name_the_server_chose_is_a_strict_difference() {
        let wanted = picture(&["table s.t: t", "constraint s.t.t_a_check: CHECK (a)"]);
        let found = picture(&["table s.t: t", "constraint s.t.t_a_check1: CHECK (a)"]);
        let differences = wanted.differences(&found);
        assert!(
            matches!(differences[..], [ref one] if matches!(one.change, Change::Strict { .. })),
            "{differences:?}"
        );
        check(
            &["table s.t: t", "constraint s.t.positive: CHECK (a)"],
            &["table s.t: t", "constraint s.t.above: CHECK (a)"],
            &[
                "constraint `s.t.above` should not be there",
                "constraint `s.t.positive` is missing",
            ],
        );
    }

    #[test]
    fn a_change_by_hand_does_not_become_part_of_what_a_run_made() {
        let wanted = picture(&["view a: 1", "view b: 1", "view gone: 1"]);
        let before = picture(&["view a: 1", "view b: by hand", "view stray: 1"]);
        let now = picture(&["view a: 2", "view b: by hand", "view stray: 1", "view new: 1"]);
        let carried = wanted.carried_on(&before, &now);
        assert_eq!(
            carried,
            picture(&["view a: 2", "view b: 1", "view gone: 1", "view new: 1"])
        );
    }
}
