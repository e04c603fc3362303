//! `rebase`: a branch that is applied nowhere yet is put after the other head.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::core::chain::Chain;
use crate::core::report::{Exit, Findings, Report};
use crate::core::revision::RevisionId;

use super::branches::Branches;
use super::edit::{Mode, Relinked, relink, renew_lock};
use super::{CommandError, Listed};

/// What is put where. Without names the line that the lock file knows, or else the longest one, stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rebase<'a> {
    /// Any revision of the branch that moves.
    pub branch: Option<&'a str>,
    /// The head it is put after.
    pub onto: Option<&'a str>,
    /// Whether files are changed.
    pub mode: Mode,
}

/// What was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RebaseReport {
    /// Changed, or only shown.
    pub mode: Mode,
    /// The head that stayed.
    pub onto: Listed,
    /// The revisions that have another parent now, in order.
    pub relinked: Vec<Relinked>,
    /// The heads afterwards.
    pub heads: Vec<String>,
    /// What is still to be said about the chain.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for RebaseReport {
    fn render_text(&self) -> String {
        let mut out = self.found.render_text();
        let verb = match self.mode {
            Mode::Write => "moved",
            Mode::Preview => "would move",
        };
        for one in &self.relinked {
            // Writing to a String cannot fail.
            let _: std::fmt::Result = writeln!(
                out,
                "{verb} {}: parent {} -> {} ({})",
                one.id, one.from, one.to, one.file
            );
        }
        let _: std::fmt::Result = writeln!(out, "head: {}", self.heads.join(", "));
        out
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}

/// Puts the revisions of one branch after another head, one after the other in their order, and writes the
/// lock. A revision that is applied somewhere must not be moved; for such a branch there is `merge`.
pub fn rebase(dir: &Path, wanted: &Rebase<'_>) -> Result<RebaseReport, CommandError> {
    let chain = Chain::read_dir(dir)?;
    let branches = Branches::of(&chain)?;
    let (moves, stays) = sides(&branches, wanted)?;
    let revisions = chain.revisions();
    let mut relinked = Vec::new();
    let mut before: RevisionId = revisions[stays].id.clone();
    for at in branches.only(moves, stays) {
        let revision = &revisions[at];
        let parents = std::slice::from_ref(&before);
        if revision.parents != parents {
            let change = Relinked::of(revision, parents);
            if wanted.mode == Mode::Write {
                relink(revision, &change.to)?;
            }
            relinked.push(change);
        }
        before = revision.id.clone();
    }
    let after = match wanted.mode {
        Mode::Write => renew_lock(dir)?,
        Mode::Preview => chain.clone(),
    };
    let found = match wanted.mode {
        Mode::Write => after.findings().to_vec(),
        Mode::Preview => Vec::new(),
    };
    let moved_head = revisions[moves].id.as_str();
    let mut heads: Vec<String> = branches
        .heads()
        .into_iter()
        .filter(|head| *head != stays && *head != moves)
        .map(|head| revisions[head].id.to_string())
        .collect();
    heads.insert(0, moved_head.to_owned());
    Ok(RebaseReport {
        mode: wanted.mode,
        onto: Listed::of(&revisions[stays]),
        relinked,
        heads,
        found: Findings::new(found),
    })
}

/// The head of the branch that moves, and the head that stays.
fn sides(branches: &Branches<'_>, wanted: &Rebase<'_>) -> Result<(usize, usize), CommandError> {
    let heads = branches.heads();
    let onto = wanted.onto.map(|name| branches.find(name)).transpose()?;
    let inside = wanted.branch.map(|name| branches.find(name)).transpose()?;
    let refused = |why: &str| CommandError::Refused { why: why.to_owned() };
    if heads.len() < 2 && onto.is_none() {
        return Err(refused("there is one head: nothing is to be rebased"));
    }
    let moves = if let Some(at) = inside {
        let more = "several heads come after this revision: name one of them";
        one_of(&heads, |head| branches.line(head).contains(&at), more)?
    } else {
        let stays = onto.or_else(|| branches.main(&heads));
        let more = "there are more than two heads: name a revision of the branch that is to move";
        one_of(&heads, |head| Some(head) != stays, more)?
    };
    let others: Vec<usize> = heads.iter().copied().filter(|head| *head != moves).collect();
    let Some(stays) = onto.or_else(|| branches.main(&others)) else {
        return Err(refused("there is no other head to put it after"));
    };
    let shared = branches.line(stays);
    if inside.is_some_and(|at| shared.contains(&at)) || shared.contains(&moves) {
        return Err(refused(
            "the revision that is to move belongs to the line it would be put after",
        ));
    }
    if branches.line(moves).contains(&stays) {
        return Err(refused("the branch comes after that revision already"));
    }
    Ok((moves, stays))
}

fn one_of(heads: &[usize], fits: impl Fn(usize) -> bool, otherwise: &str) -> Result<usize, CommandError> {
    let mut fitting = heads.iter().copied().filter(|head| fits(*head));
    match (fitting.next(), fitting.next()) {
        (Some(head), None) => Ok(head),
        (_, _) => Err(CommandError::Refused {
            why: otherwise.to_owned(),
        }),
    }
}
