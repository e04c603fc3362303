//! The graph of revisions: order, roots, heads, and everything that makes it not one chain.
//!
//! Works on headers only, in time proportional to revisions and edges, without recursion (ten
//! thousand revisions are one long chain). Never looks at SQL.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::core::finding::{Finding, Rule, Severity};
use crate::core::nearest::nearest;
use crate::core::revision::{Revision, RevisionId};

/// Puts revisions (given in file-name order) into topological order and reports what is wrong.
pub(crate) fn arrange(revisions: Vec<Revision>) -> (Vec<Revision>, Vec<Finding>) {
    let mut findings = Vec::new();
    let unique = drop_duplicates(revisions, &mut findings);
    let graph = Graph::of(&unique, &mut findings);
    let order = graph.order();
    if order.len() < unique.len() {
        graph.report_cycles(&order, &mut findings);
    } else {
        graph.report_roots_and_heads(&order, &mut findings);
    }
    for revision in unique.iter().filter(|revision| revision.parents.len() > 1) {
        let message = format!(
            "`{}` merges {} revisions; the chain is meant to be linear",
            revision.id,
            revision.parents.len()
        );
        let help = "re-parent one side onto the other before it is applied anywhere";
        let finding = Finding::error(Rule::G08, revision.parent_place.clone(), message, help);
        findings.push(finding.with_severity(Severity::Warning));
    }
    let sequence = graph.complete(order);
    (permute(unique, &sequence), findings)
}

fn permute(revisions: Vec<Revision>, sequence: &[usize]) -> Vec<Revision> {
    let mut slots: Vec<Option<Revision>> = revisions.into_iter().map(Some).collect();
    sequence
        .iter()
        .filter_map(|at| slots.get_mut(*at).and_then(Option::take))
        .collect()
}

fn drop_duplicates(revisions: Vec<Revision>, findings: &mut Vec<Finding>) -> Vec<Revision> {
    let mut places = HashMap::new();
    let mut unique = Vec::with_capacity(revisions.len());
    for revision in revisions {
        if let Some(first) = places.get(&revision.id) {
            let message = format!("id `{}` is used by two files", revision.id);
            let help = "give one of them a new id; if one is a copy, delete it";
            let finding = Finding::error(Rule::G05, revision.id_place.clone(), message, help);
            findings.push(finding.related(first, "first use"));
            continue;
        }
        places.insert(revision.id.clone(), revision.id_place.clone());
        unique.push(revision);
    }
    unique
}

struct Graph<'a> {
    revisions: &'a [Revision],
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    fn of(revisions: &'a [Revision], findings: &mut Vec<Finding>) -> Self {
        let index: HashMap<&RevisionId, usize> =
            revisions.iter().enumerate().map(|(at, r)| (&r.id, at)).collect();
        let mut graph = Self {
            revisions,
            parents: vec![Vec::new(); revisions.len()],
            children: vec![Vec::new(); revisions.len()],
        };
        for (child, revision) in revisions.iter().enumerate() {
            for parent in &revision.parents {
                if let Some(at) = index.get(parent) {
                    graph.parents[child].push(*at);
                    graph.children[*at].push(child);
                } else {
                    findings.push(dangling(revision, parent, revisions));
                }
            }
            let replaced = revision.replaces.iter().filter_map(|id| index.get(id));
            findings.extend(replaced.map(|at| still_there(revision, &revisions[*at])));
        }
        graph
    }

    /// Kahn's sort; of several ready revisions the first by file name goes first. Shorter than the graph if it has a cycle.
    fn order(&self) -> Vec<usize> {
        let mut waiting: Vec<usize> = self.parents.iter().map(Vec::len).collect();
        let mut ready: BinaryHeap<Reverse<usize>> = (0..waiting.len())
            .filter(|at| waiting[*at] == 0)
            .map(Reverse)
            .collect();
        let mut order = Vec::with_capacity(waiting.len());
        while let Some(Reverse(at)) = ready.pop() {
            order.push(at);
            for child in &self.children[at] {
                waiting[*child] -= 1;
                if waiting[*child] == 0 {
                    ready.push(Reverse(*child));
                }
            }
        }
        order
    }

    /// The order, with what hangs on a cycle at the end.
    fn complete(&self, mut order: Vec<usize>) -> Vec<usize> {
        let placed: HashSet<usize> = order.iter().copied().collect();
        order.extend((0..self.revisions.len()).filter(|at| !placed.contains(at)));
        order
    }

    /// Every revision left over has a left-over parent, so walking upwards must come back: that is the cycle.
    fn report_cycles(&self, order: &[usize], findings: &mut Vec<Finding>) {
        let mut done: HashSet<usize> = order.iter().copied().collect();
        for start in 0..self.revisions.len() {
            let mut path: Vec<usize> = Vec::new();
            let mut on_path: HashMap<usize, usize> = HashMap::new();
            let mut at = start;
            while !done.contains(&at) {
                if let Some(entry) = on_path.get(&at) {
                    findings.push(self.cycle(&path[*entry..]));
                    break;
                }
                on_path.insert(at, path.len());
                path.push(at);
                let Some(up) = self.parents[at].iter().find(|up| !done.contains(*up)) else {
                    break;
                };
                at = *up;
            }
            done.extend(path);
        }
    }

    fn cycle(&self, members: &[usize]) -> Finding {
        let mut names: Vec<&str> = members
            .iter()
            .filter_map(|at| self.revisions.get(*at))
            .map(|r| r.id.as_str())
            .collect();
        names.extend(names.first().copied());
        let shown = if names.len() > 8 {
            format!("{} -> ...", names[..8].join(" -> "))
        } else {
            names.join(" -> ")
        };
        let place = members
            .first()
            .map(|at| self.revisions[*at].parent_place.clone())
            .unwrap_or_default();
        let help = "one of these `parent:` lines is wrong; the oldest of them must point outside the circle";
        let finding = Finding::error(
            Rule::G04,
            place,
            format!("revisions are each other's parents: {shown}"),
            help,
        );
        members.iter().skip(1).take(7).fold(finding, |finding, at| {
            finding.related(&self.revisions[*at].parent_place, "")
        })
    }

    fn report_roots_and_heads(&self, order: &[usize], findings: &mut Vec<Finding>) {
        let depth = self.depths(order);
        let mut heads: Vec<usize> = (0..depth.len())
            .filter(|at| self.children[*at].is_empty())
            .collect();
        // The longest line is taken for the main one; of equals the first by file name.
        heads.sort_by_key(|at| (Reverse(depth[*at]), *at));
        let Some((main, others)) = heads.split_first() else {
            return;
        };
        let ancestors = self.ancestors(*main);
        self.report_roots(*main, &ancestors, findings);
        for head in others {
            let fork = self.fork(*head, &ancestors);
            let (main, head, fork) = (
                &self.revisions[*main],
                &self.revisions[*head],
                &self.revisions[fork],
            );
            let message = format!("two heads: `{}` and `{}`", main.id, head.id);
            let help = format!(
                "if `{}` is not applied anywhere yet, set `-- parent: {}` in {} and run `migrate rebless`",
                fork.id, main.id, fork.file
            );
            let finding = Finding::error(Rule::G02, fork.parent_place.clone(), message, help);
            findings.push(finding.related(&main.id_place, "the other head"));
        }
    }

    fn depths(&self, order: &[usize]) -> Vec<usize> {
        let mut depth = vec![0; self.revisions.len()];
        for at in order {
            depth[*at] = self.parents[*at]
                .iter()
                .map(|up| depth[*up] + 1)
                .max()
                .unwrap_or(0);
        }
        depth
    }

    fn ancestors(&self, of: usize) -> HashSet<usize> {
        let mut seen = HashSet::from([of]);
        let mut open = vec![of];
        while let Some(at) = open.pop() {
            open.extend(self.parents[at].iter().copied().filter(|up| seen.insert(*up)));
        }
        seen
    }

    /// The first revision on the way up from `head` that does not belong to the main line.
    fn fork(&self, head: usize, main_line: &HashSet<usize>) -> usize {
        let mut at = head;
        while let Some(up) = self.parents[at].first().filter(|up| !main_line.contains(up)) {
            at = *up;
        }
        at
    }

    fn report_roots(&self, main: usize, main_line: &HashSet<usize>, findings: &mut Vec<Finding>) {
        let mut roots: Vec<usize> = (0..self.revisions.len())
            .filter(|at| self.revisions[*at].parents.is_empty())
            .collect();
        roots.sort_by_key(|at| (!main_line.contains(at), *at));
        let Some((first, extra)) = roots.split_first() else {
            return;
        };
        for root in extra {
            let (first, root_revision) = (&self.revisions[*first], &self.revisions[*root]);
            let message = format!(
                "`{}` is a second root; the chain already begins with `{}`",
                root_revision.id, first.id
            );
            let help = if main_line.contains(root) {
                format!(
                    "set its `parent:` to a revision that comes before it, for example `{}`",
                    first.id
                )
            } else {
                format!(
                    "set `-- parent: {}` in {} and run `migrate rebless`",
                    self.revisions[main].id, root_revision.file
                )
            };
            let finding = Finding::error(Rule::G01, root_revision.parent_place.clone(), message, help);
            findings.push(finding.related(&first.parent_place, "the first root"));
        }
    }
}

fn dangling(revision: &Revision, parent: &RevisionId, revisions: &[Revision]) -> Finding {
    let others = revisions
        .iter()
        .filter(|other| other.id != revision.id)
        .map(|other| other.id.as_str());
    let squash = revisions.iter().find(|other| other.replaces.contains(parent));
    if let Some(squash) = squash {
        let message = format!(
            "parent `{parent}` of `{}` was squashed into `{}`",
            revision.id, squash.id
        );
        let help = format!(
            "if `{parent}` was the last of them, set `-- parent: {}`; otherwise rebase onto the head",
            squash.id
        );
        return Finding::error(Rule::G03, revision.parent_place.clone(), message, help);
    }
    let help = match nearest(parent.as_str(), others) {
        Some(near) => format!("did you mean `{near}`? otherwise restore the missing file"),
        None => "restore the missing file, or name a revision that exists (`migrate history` lists them)"
            .to_owned(),
    };
    let message = format!("parent `{parent}` of `{}` is in no file", revision.id);
    Finding::error(Rule::G03, revision.parent_place.clone(), message, help)
}

fn still_there(squash: &Revision, old: &Revision) -> Finding {
    let message = format!(
        "`{}` replaces `{}`, and both are in the directory",
        squash.id, old.id
    );
    let help = "delete the file that is replaced, or take its id out of `replaces`";
    Finding::error(Rule::G10, squash.id_place.clone(), message, help).related(&old.id_place, "replaced")
}
