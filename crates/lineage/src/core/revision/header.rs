//! The comment header of a revision: `-- key: value` lines, up to the first other line.

use std::collections::BTreeMap;

use crate::core::finding::{Place, Rule};
use crate::core::nearest::nearest;

use super::read::{Reader, Value};
use super::{Allow, Phase, RevisionId};

const HEADER_KEYS: [&str; 10] = [
    "lineage",
    "id",
    "parent",
    "parents",
    "title",
    "transaction",
    "phase",
    "replaces",
    "allow",
    "irreversible",
];
const FORMAT: &str = "1";
const EXAMPLE: &str = "begin the file with `-- lineage: 1`, `-- id: <12 hex>`, `-- parent: <id or base>`";

impl Reader<'_> {
    /// The header is the comment lines at the top, up to the first other line or section mark.
    pub(super) fn header_end(&self) -> usize {
        let mut end = 0;
        for line in self.text.split_inclusive('\n') {
            let trimmed = line.trim();
            if trimmed.is_empty() && self.text.get(..end).is_some_and(|above| above.trim().is_empty()) {
                end += line.len();
                continue;
            }
            if !trimmed.starts_with("--") || trimmed.starts_with("-- >>") {
                break;
            }
            end += line.len();
        }
        end
    }

    pub(super) fn header(&mut self, end: usize, allows: &mut Vec<Allow>) -> BTreeMap<&'static str, Value> {
        let header = self.text.get(..end).unwrap_or("").to_owned();
        let mut values: BTreeMap<&'static str, Value> = BTreeMap::new();
        let mut at = 0;
        for line in header.split_inclusive('\n') {
            let place = self.place(at, at + line.trim_end().len());
            at += line.len();
            let line = line.trim().trim_start_matches('-').trim();
            match line.strip_prefix("allow:") {
                Some(rest) => allows.extend(self.allow(rest.trim(), place)),
                None => self.header_line(line, place, &mut values),
            }
        }
        values
    }

    fn header_line(&mut self, line: &str, place: Place, values: &mut BTreeMap<&'static str, Value>) {
        if line.is_empty() {
            return;
        }
        let Some((key, value)) = line.split_once(':') else {
            return self.report(
                place,
                "a header line is `-- key: value`",
                "put remarks below an empty line, after the header",
            );
        };
        let Some(known) = HEADER_KEYS.iter().find(|known| **known == key.trim()) else {
            let help = match nearest(key.trim(), HEADER_KEYS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "known keys: {}; put remarks below an empty line",
                    HEADER_KEYS.join(", ")
                ),
            };
            return self.report(place, format!("unknown header key `{}`", key.trim()), help);
        };
        let text = header_value(known, value);
        match values.get_mut(known) {
            Some(earlier) => {
                let first = earlier.place.line;
                let message = format!("`{known}` is given twice (first on line {first})");
                self.report(place, message, "keep one of them");
            }
            None => {
                values.insert(known, Value { text, place });
            }
        }
    }

    pub(super) fn format(&mut self, value: Option<&Value>) {
        match value {
            Some(value) if value.text == FORMAT => {}
            Some(value) => {
                let message = format!(
                    "format `{}` is not known to this version (it reads {FORMAT})",
                    value.text
                );
                self.report(
                    value.place.clone(),
                    message,
                    "write `-- lineage: 1`, or use a newer engine",
                );
            }
            None => {
                let place = self.first_line();
                self.report(place, "the header line `-- lineage: 1` is missing", EXAMPLE);
            }
        }
    }

    pub(super) fn id(&mut self, value: Option<&Value>) -> Option<RevisionId> {
        let Some(value) = value else {
            let place = self.first_line();
            self.report(place, "the header has no `id`", EXAMPLE);
            return None;
        };
        let id = RevisionId::parse(&value.text);
        if id.is_none() {
            let message = format!("`{}` is not a revision id", value.text);
            let help = "an id is 1 to 64 of a-z, 0-9 and _, and not `base` or `head`";
            self.report(value.place.clone(), message, help);
        }
        id
    }

    pub(super) fn parents(
        &mut self,
        header: &mut BTreeMap<&'static str, Value>,
    ) -> (Option<Vec<RevisionId>>, Place) {
        let value = match (header.remove("parent"), header.remove("parents")) {
            (Some(value), None) | (None, Some(value)) => value,
            (Some(_), Some(both)) => {
                let help = "`parent` for one, `parents` for a merge";
                self.report(both.place, "both `parent` and `parents` are given", help);
                return (None, Place::default());
            }
            (None, None) => {
                let place = self.first_line();
                self.report(place, "the header has no `parent`", EXAMPLE);
                return (None, Place::default());
            }
        };
        if value.text == "base" {
            return (Some(Vec::new()), value.place);
        }
        let mut parents = Vec::new();
        for name in value.text.split(',').map(str::trim) {
            match RevisionId::parse(name) {
                Some(id) if !parents.contains(&id) => parents.push(id),
                Some(_) => self.report(
                    value.place.clone(),
                    format!("parent `{name}` is given twice"),
                    "keep one",
                ),
                None => {
                    let help = "a parent is the id of another revision, or `base` for the first one";
                    self.report(
                        value.place.clone(),
                        format!("`{name}` is not a revision id"),
                        help,
                    );
                    return (None, value.place);
                }
            }
        }
        (Some(parents), value.place)
    }

    /// True unless the header says `transaction: no`.
    pub(super) fn transaction(&mut self, value: Option<&Value>) -> bool {
        let Some(value) = value else { return true };
        match value.text.as_str() {
            "yes" => {}
            "no" => return false,
            other => {
                let message = format!("`transaction` is yes or no, not `{other}`");
                self.report(value.place.clone(), message, "leave the line out for yes");
            }
        }
        true
    }

    /// `RULE object "reason"`; the reason is compulsory, so that the next reader can judge it.
    fn allow(&mut self, text: &str, place: Place) -> Option<Allow> {
        let form = "write `-- allow: L01 app.orders \"why it may stand\"`, or `*` for any object";
        let parsed = split_allow(text);
        let Some((rule, object, reason)) = parsed else {
            self.report(
                place,
                "this `allow` lacks a rule, an object or a quoted reason",
                form,
            );
            return None;
        };
        let Some(known) = Rule::parse(rule) else {
            self.report(place, format!("`{rule}` is not the id of a rule"), form);
            return None;
        };
        if !known.may_be_allowed() {
            let message = format!("{known} cannot be allowed: the chain would not run");
            self.report(place, message, "cure what it says instead");
            return None;
        }
        Some(Allow {
            rule: known,
            object: object.to_owned(),
            reason: reason.to_owned(),
            place,
        })
    }

    pub(super) fn phase(&mut self, value: Option<&Value>) -> Option<Phase> {
        let value = value?;
        match value.text.as_str() {
            "expand" => Some(Phase::Expand),
            "migrate" => Some(Phase::Migrate),
            "contract" => Some(Phase::Contract),
            other => {
                let message = format!("`{other}` is not a phase");
                self.report(
                    value.place.clone(),
                    message,
                    "a phase is expand, migrate or contract",
                );
                None
            }
        }
    }

    /// What a squash stands for.
    pub(super) fn replaces(&mut self, value: Option<&Value>) -> Vec<RevisionId> {
        let Some(value) = value else { return Vec::new() };
        let mut replaced = Vec::new();
        for name in value.text.split(',').map(str::trim) {
            if let Some(id) = RevisionId::parse(name) {
                replaced.push(id);
                continue;
            }
            let message = format!("`{name}` is not a revision id");
            let help = "`replaces` lists the ids that this revision stands for, with commas";
            self.report(value.place.clone(), message, help);
        }
        replaced
    }
}

/// Values of the short keys may be followed by a remark (`-- like this`); prose keeps its dashes.
fn header_value(key: &str, value: &str) -> String {
    let prose = matches!(key, "title" | "irreversible");
    let value = if prose {
        value
    } else {
        value.split("--").next().unwrap_or("")
    };
    value.trim().to_owned()
}

/// Object names may be quoted and hold spaces, so the reason is what stands in the last pair of quotes.
fn split_allow(text: &str) -> Option<(&str, &str, &str)> {
    let (rule, rest) = text.split_once(char::is_whitespace)?;
    let before = rest.trim_end().strip_suffix('"')?;
    let open = before.find(" \"")?;
    let (object, reason) = (before.get(..open)?.trim(), before.get(open + 2..)?.trim());
    (!object.is_empty() && !reason.is_empty()).then_some((rule, object, reason))
}
