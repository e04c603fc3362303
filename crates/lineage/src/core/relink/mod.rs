//! A proposal how revisions that do not form one chain could: which parent each should have.
//!
//! What a revision needs (tables it alters, indexes, refers to or writes to) decides what must come before it; among what
//! may come next the declared parents and then the times of the files decide, so that little is moved. Only `parent`
//! lines change, never SQL. A proposal is no proof: apply it to a copy and let `verify` judge.

mod needs;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::fmt::Write as _;

use serde::Serialize;

use crate::core::chain::Chain;
use crate::core::revision::Revision;
use needs::needs;

/// A revision that gets another parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relinked {
    /// Its id.
    pub revision: String,
    /// Its file.
    pub file: String,
    /// The parents it names today: `base`, an id, or ids with commas.
    pub from: String,
    /// The one it should name.
    pub to: String,
    /// Why it stands where it does.
    pub why: String,
}

/// A chain of all revisions, as a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Relink {
    /// What changes, in the order of the new chain.
    pub changes: Vec<Relinked>,
    /// The same as a patch (`git apply`).
    pub patch: String,
    /// The files as they would be, names and texts.
    #[serde(skip)]
    pub files: Vec<(String, String)>,
}

impl Chain {
    /// Proposes one chain of all revisions; no changes if they are one already.
    pub fn relinked(&self) -> Relink {
        relink(self.revisions())
    }
}

fn relink(revisions: &[Revision]) -> Relink {
    let declared = declared_order(revisions);
    let needs = needs(revisions, &declared);
    let order = ordered(&needs.before, &declared);
    let mut out = Relink::default();
    let mut parent = "base".to_owned();
    for at in order {
        let Some(revision) = revisions.get(at) else {
            continue;
        };
        let text = if revision.parents_text() == parent {
            revision.text.clone()
        } else {
            let why = needs.why.get(&at).cloned();
            let why = why.unwrap_or_else(|| "by the time of its file".to_owned());
            out.change(revision, &parent, why)
        };
        out.files.push((revision.file.clone(), text));
        parent = revision.id.to_string();
    }
    out
}

impl Relink {
    fn change(&mut self, revision: &Revision, parent: &str, why: String) -> String {
        let line = revision.parent_place.line;
        let new = format!("-- parent: {parent}");
        let mut text = String::with_capacity(revision.text.len());
        for (number, old) in revision.text.split_inclusive('\n').enumerate() {
            if number + 1 == line {
                text.push_str(&new);
                text.push('\n');
                // Writing to a String cannot fail.
                let _: std::fmt::Result = writeln!(
                    self.patch,
                    "--- a/{file}\n+++ b/{file}\n@@ -{line} +{line} @@\n-{}\n+{new}",
                    old.trim_end_matches('\n'),
                    file = revision.file
                );
            } else {
                text.push_str(old);
            }
        }
        self.changes.push(Relinked {
            revision: revision.id.to_string(),
            file: revision.file.clone(),
            from: revision.parents_text(),
            to: parent.to_owned(),
            why,
        });
        text
    }
}

/// The order that the declared parents give, and among those that are free the times in the names of the files.
fn declared_order(revisions: &[Revision]) -> Vec<usize> {
    let index: HashMap<&str, usize> = revisions
        .iter()
        .enumerate()
        .map(|(at, r)| (r.id.as_str(), at))
        .collect();
    let mut names: Vec<(&str, usize)> = revisions
        .iter()
        .enumerate()
        .map(|(at, r)| (file_name(&r.file), at))
        .collect();
    names.sort_unstable();
    let mut by_time = vec![0; revisions.len()];
    for (rank, (_, at)) in names.iter().enumerate() {
        by_time[*at] = rank;
    }
    let before: Vec<BTreeSet<usize>> = revisions
        .iter()
        .map(|revision| {
            revision
                .parents
                .iter()
                .filter_map(|id| index.get(id.as_str()).copied())
                .collect()
        })
        .collect();
    let mut rank = vec![0; revisions.len()];
    for (place, at) in ordered(&before, &by_time).into_iter().enumerate() {
        rank[at] = place;
    }
    rank
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Everything after what must come before it, the lowest rank first; a cycle is broken at the lowest rank in it.
fn ordered(before: &[BTreeSet<usize>], rank: &[usize]) -> Vec<usize> {
    let mut waiting: Vec<usize> = before.iter().map(BTreeSet::len).collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); before.len()];
    for (at, earlier) in before.iter().enumerate() {
        for one in earlier {
            after[*one].push(at);
        }
    }
    let ranked = |at: usize| Reverse((rank[at], at));
    let mut ready: BinaryHeap<_> = (0..before.len())
        .filter(|at| waiting[*at] == 0)
        .map(ranked)
        .collect();
    let mut left: BTreeSet<(usize, usize)> = (0..before.len()).map(|at| (rank[at], at)).collect();
    let mut order = Vec::with_capacity(before.len());
    while let Some(first) = left.first().copied() {
        let (rank, at) = ready.pop().map_or(first, |Reverse(next)| next);
        if !left.remove(&(rank, at)) {
            continue;
        }
        order.push(at);
        for later in &after[at] {
            waiting[*later] = waiting[*later].saturating_sub(1);
            if waiting[*later] == 0 {
                ready.push(ranked(*later));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use crate::core::chain::Chain;

    /// Revisions as `time id parents: SQL`; the new chain as `id<parent`, the changed ones marked.
    #[track_caller]
    fn check(revisions: &[&str], expected: &str) {
        let files = revisions.iter().map(|line| {
            let (head, sql) = line.split_once(": ").unwrap();
            let words: Vec<&str> = head.splitn(3, ' ').collect();
            let text = format!(
                "-- lineage: 1\n-- id: {}\n-- parents: {}\n\n-- >> up\n{sql};\n-- irreversible: a test\n",
                words[1], words[2]
            );
            (format!("dir/{}__{}.sql", words[0], words[1]), text)
        });
        let proposal = Chain::from_files(files).relinked();
        let ids: Vec<&str> = proposal
            .files
            .iter()
            .map(|(name, _)| name.rsplit("__").next().unwrap().trim_end_matches(".sql"))
            .collect();
        let changed: Vec<String> = proposal
            .changes
            .iter()
            .map(|one| format!("{}<{}", one.revision, one.to))
            .collect();
        assert_eq!(format!("{} | {}", ids.join(" "), changed.join(" ")), expected);
        let again = Chain::from_files(proposal.files);
        assert!(again.is_sound(), "{:?}", again.findings());
    }

    #[test]
    fn a_sound_chain_stays() {
        check(
            &[
                "2 a base: CREATE TABLE t (n int)",
                "1 b a: CREATE INDEX i ON t (n)",
            ],
            "a b | ",
        );
    }

    #[test]
    fn an_orphan_takes_its_place_by_the_time_of_its_file() {
        check(
            &["1 a base: SELECT 1", "2 o base: SELECT 2", "3 b a: SELECT 3"],
            "a o b | o<a b<o",
        );
    }

    #[test]
    fn a_second_head_and_its_merge_become_one_line() {
        check(
            &[
                "1 a base: SELECT 1",
                "2 b a: SELECT 2",
                "3 c a: SELECT 3",
                "4 m b, c: SELECT 4",
            ],
            "a b c m | c<b m<c",
        );
    }

    #[test]
    fn a_key_comes_after_the_table_it_names() {
        check(
            &[
                "1 lines base: CREATE TABLE lines (o int REFERENCES orders (id))",
                "2 orders lines: CREATE TABLE orders (id int PRIMARY KEY)",
            ],
            "orders lines | orders<base lines<orders",
        );
    }

    #[test]
    fn cycles_and_lost_parents_end_too() {
        check(
            &["1 a b: SELECT 1", "2 b a: SELECT 2", "3 c gone: SELECT 3"],
            "c a b | c<base a<c",
        );
    }
}
