//! `-- allow: RULE object "reason"`: findings that a revision declares as known, and declarations that are not needed.

use std::collections::HashMap;

use crate::core::finding::{Finding, Rule, Severity};
use crate::core::revision::{Allow, Revision};

/// Takes out what is allowed; adds G09 for each line that allowed nothing. Answers how many were taken out.
pub(super) fn apply(revisions: &[Revision], findings: Vec<Finding>) -> (Vec<Finding>, usize) {
    let mut by_file: HashMap<&str, Vec<(&Allow, bool)>> = HashMap::new();
    for revision in revisions.iter().filter(|revision| !revision.allows.is_empty()) {
        let allows = revision.allows.iter().map(|allow| (allow, false)).collect();
        by_file.insert(&revision.file, allows);
    }
    let before = findings.len();
    let mut kept = Vec::with_capacity(before);
    for finding in findings {
        let allows = by_file.get_mut(finding.place.file.as_str());
        let fitting = allows.and_then(|allows| allows.iter_mut().find(|(allow, _)| fits(allow, &finding)));
        match fitting {
            Some((_, used)) => *used = true,
            None => kept.push(finding),
        }
    }
    let allowed = before - kept.len();
    for revision in revisions {
        let unused = by_file
            .get(revision.file.as_str())
            .into_iter()
            .flatten()
            .filter(|(_, used)| !used);
        kept.extend(unused.map(|(allow, _)| not_needed(allow)));
    }
    (kept, allowed)
}

fn fits(allow: &Allow, finding: &Finding) -> bool {
    let object = finding.object.as_deref().unwrap_or("*");
    allow.rule == finding.rule && (allow.object == "*" || allow.object == object)
}

fn not_needed(allow: &Allow) -> Finding {
    let message = format!(
        "{} finds nothing about `{}` in this revision",
        allow.rule, allow.object
    );
    let help = "take the line out, or name the object as the finding does";
    Finding::error(Rule::G09, allow.place.clone(), message, help).with_severity(Severity::Warning)
}
