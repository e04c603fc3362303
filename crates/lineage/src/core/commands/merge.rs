//! `merge`: two heads become one, when the order of the two sides is of no matter.

use std::path::Path;

use serde::Serialize;

use crate::core::chain::Chain;
use crate::core::hash::hexadecimal;
use crate::core::report::{Exit, Findings, Report};
use crate::lint::overlaps;

use super::branches::Branches;
use super::edit::renew_lock;
use super::{CommandError, Listed, NewRevision, file_name, write_new};

/// Which heads, and what a new revision needs. Without names the two heads there are.
#[derive(Debug, Clone, Copy)]
pub struct Merge<'a> {
    /// The two heads.
    pub heads: Option<(&'a str, &'a str)>,
    /// Title, time and chance of the merge revision; an empty title becomes `Merge a and b`.
    pub revision: NewRevision<'a>,
}

/// The merge revision, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MergeReport {
    /// Its id; none if it was refused.
    pub id: Option<String>,
    /// The two heads.
    pub parents: [Listed; 2],
    /// The new file; none if it was refused.
    pub file: Option<String>,
    /// Where the two sides touch the same thing, and what is still to be said about the chain.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for MergeReport {
    fn render_text(&self) -> String {
        let [first, second] = &self.parents;
        let end = match (&self.file, &self.id) {
            (Some(file), Some(id)) => format!("{file}\n  id {id}, parents {} and {}\n", first.id, second.id),
            (_, _) => format!("no merge of {} and {}: rebase one of them\n", first.id, second.id),
        };
        self.found.render_text() + &end
    }

    fn exit(&self) -> Exit {
        match self.id {
            Some(_) => Exit::of(&self.found.findings),
            None => Exit::Findings,
        }
    }
}

/// Writes a revision without statements whose parents are the two heads, and the lock. Refused if something
/// that one side changes is touched by the other.
pub fn merge(dir: &Path, wanted: &Merge<'_>) -> Result<MergeReport, CommandError> {
    let chain = Chain::read_dir(dir)?;
    let branches = Branches::of(&chain)?;
    let (first, second) = sides(&branches, wanted.heads)?;
    let revisions = chain.revisions();
    let findings = overlaps(
        revisions,
        &branches.only(first, second),
        &branches.only(second, first),
    );
    let parents = [Listed::of(&revisions[first]), Listed::of(&revisions[second])];
    if Exit::of(&findings) != Exit::Fine {
        return Ok(MergeReport {
            id: None,
            parents,
            file: None,
            found: Findings::new(findings),
        });
    }
    let title = match wanted.revision.title.trim() {
        "" => format!("Merge {} and {}", parents[0].id, parents[1].id),
        given => given.to_owned(),
    };
    let id = hexadecimal(&wanted.revision.chance);
    let path = dir.join(file_name(&title, wanted.revision.now, &id)?);
    write_new(&path, &text(&id, &parents, &title))?;
    let mut found = findings;
    found.extend(renew_lock(dir)?.findings().iter().cloned());
    Ok(MergeReport {
        id: Some(id),
        parents,
        file: Some(path.display().to_string()),
        found: Findings::new(found),
    })
}

fn sides(branches: &Branches<'_>, wanted: Option<(&str, &str)>) -> Result<(usize, usize), CommandError> {
    let heads = branches.heads();
    let refused = |why: &str| CommandError::Refused { why: why.to_owned() };
    let (first, second) = match (wanted, heads.as_slice()) {
        (Some((first, second)), _) => (branches.find(first)?, branches.find(second)?),
        (None, [first, second]) => (*first, *second),
        (None, [] | [_]) => return Err(refused("there is one head: nothing is to be merged")),
        (None, _) => return Err(refused("there are more than two heads: name two of them")),
    };
    if branches.line(first).contains(&second) || branches.line(second).contains(&first) {
        return Err(refused(
            "one of them comes after the other: nothing is to be merged",
        ));
    }
    if !heads.contains(&first) || !heads.contains(&second) {
        return Err(refused(
            "only heads are merged: each of the two must be nobody's parent",
        ));
    }
    Ok((first, second))
}

fn text(id: &str, parents: &[Listed; 2], title: &str) -> String {
    format!(
        "-- lineage: 1\n-- id: {id}\n-- parents: {}, {}\n-- title: {title}\n\n\
         -- >> up\n-- Nothing to do: the two sides touch nothing in common.\n\n\
         \\quit\n-- >> down\n-- Nothing to do.\n",
        parents[0].id, parents[1].id
    )
}
