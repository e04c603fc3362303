//! The text of a revision of ours made from one of another tool, and the way back from its lines.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::core::finding::{Finding, Place, Rule};
use crate::core::revision::RevisionId;

use super::original::{Line, Original, Source};

/// What the text is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be judged in the place of the original.
    Judging,
    /// To be written: what could not be read is marked.
    Writing,
}

/// A text and where each of its lines came from.
pub(super) struct Composed {
    pub(super) text: String,
    origins: Vec<Option<(Arc<Source>, usize)>>,
    /// Lines in the place of something that could not be read.
    unread: HashSet<usize>,
}

impl Composed {
    fn add(&mut self, line: &str, origin: Option<(&Arc<Source>, usize)>) {
        self.text.push_str(line);
        self.text.push('\n');
        self.origins
            .push(origin.map(|(source, number)| (Arc::clone(source), number)));
    }

    fn section(&mut self, lines: &[Line], purpose: Purpose) {
        let mut hidden = false;
        for line in lines {
            hidden |= line.unread;
            if line.unread && purpose == Purpose::Judging {
                continue;
            }
            if hidden && !line.unread {
                self.unread.insert(self.origins.len() + 1);
                hidden = false;
            }
            // A remark of the other tool must not look like a part of ours.
            let escaped = if line.sql.starts_with("-- >>") {
                format!(" {}", line.sql)
            } else {
                line.sql.clone()
            };
            self.add(&escaped, Some((&line.source, line.number)));
        }
    }

    /// Where line `number` came from.
    fn place(&self, number: usize) -> Option<Place> {
        let (source, line) = self.origins.get(number.checked_sub(1)?)?.as_ref()?;
        Some(source.place(*line))
    }
}

/// The revision with these ids.
pub(super) fn compose(original: &Original, id: &str, parents: &[String], purpose: Purpose) -> Composed {
    let mut out = Composed {
        text: String::new(),
        origins: Vec::new(),
        unread: HashSet::new(),
    };
    let source = &original.source;
    out.add("-- lineage: 1", Some((source, 0)));
    out.add(&format!("-- id: {id}"), Some((source, original.id_line)));
    let parents = match parents {
        [] => "-- parent: base".to_owned(),
        [one] => format!("-- parent: {one}"),
        many => format!("-- parents: {}", many.join(", ")),
    };
    out.add(&parents, Some((source, original.parent_line)));
    let title: String = original
        .title
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(120)
        .collect();
    out.add(&format!("-- title: {title}"), Some((source, 0)));
    if !original.transaction {
        out.add("-- transaction: no", Some((source, 0)));
    }
    if original.down.is_empty() {
        out.add("-- irreversible: the original had no way back", Some((source, 0)));
    }
    out.add("", None);
    out.add("-- >> up", Some((source, 0)));
    out.section(&original.up, purpose);
    if !original.down.is_empty() {
        if purpose == Purpose::Writing {
            out.add("", None);
            out.add("\\quit", None);
        }
        out.add("-- >> down", Some((source, 0)));
        out.section(&original.down, purpose);
    }
    out
}

/// Puts findings about composed texts where the originals are.
pub(super) fn back_to_originals(findings: Vec<Finding>, texts: &HashMap<String, Composed>) -> Vec<Finding> {
    let back = |place: &mut Place| {
        let origin = texts.get(&place.file);
        if let Some(origin) = origin.and_then(|text| text.place(place.line.max(1))) {
            *place = origin;
        }
    };
    let mut out = Vec::with_capacity(findings.len());
    for mut finding in findings {
        let unread = texts
            .get(&finding.place.file)
            .is_some_and(|text| text.unread.contains(&finding.place.line));
        if unread && finding.rule == Rule::I03 {
            "this is not literal: what it does is not known here".clone_into(&mut finding.message);
            "write it as SQL in the adopted revision".clone_into(&mut finding.help);
        }
        back(&mut finding.place);
        for related in &mut finding.related {
            back(&mut related.place);
        }
        // A change of the composed text is no change of the original.
        finding.patch = None;
        out.push(finding);
    }
    out
}

/// Ids as ours may be, each original id with its own.
pub(super) fn ids(originals: &[Original]) -> HashMap<String, String> {
    let mut taken = HashSet::new();
    let mut out = HashMap::new();
    for original in originals {
        if out.contains_key(&original.id) {
            continue;
        }
        let lower = original.id.to_lowercase();
        let plain: String = lower
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .take(56)
            .collect();
        let usable = RevisionId::parse(&plain).map_or(format!("r_{plain}"), |_| plain);
        let numbered = (2..).map(|nth: usize| format!("{usable}_{nth}"));
        let id = std::iter::once(usable.clone())
            .chain(numbered)
            .find(|id| taken.insert(id.clone()));
        out.insert(original.id.clone(), id.unwrap_or(usable));
    }
    out
}
