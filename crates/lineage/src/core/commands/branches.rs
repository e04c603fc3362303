//! The sides of a graph with several heads: what belongs to which.

use std::collections::{BTreeSet, HashMap};

use crate::core::chain::Chain;
use crate::core::finding::{Finding, Rule};

use super::CommandError;

/// Positions in the chain, which is in topological order.
pub(super) struct Branches<'a> {
    chain: &'a Chain,
    parents: Vec<Vec<usize>>,
}

impl<'a> Branches<'a> {
    /// Refused where files are broken or the order cannot be told: then nobody knows what belongs together.
    pub(super) fn of(chain: &'a Chain) -> Result<Self, CommandError> {
        let curable = |finding: &Finding| {
            matches!(finding.rule, Rule::G01 | Rule::G02 | Rule::G07) || !finding.is_error()
        };
        let findings: Vec<Finding> = chain.findings().iter().filter(|f| !curable(f)).cloned().collect();
        if !findings.is_empty() {
            return Err(CommandError::Unsound { findings });
        }
        let index: HashMap<&str, usize> = chain
            .revisions()
            .iter()
            .enumerate()
            .map(|(at, revision)| (revision.id.as_str(), at))
            .collect();
        let parents = chain.revisions().iter().map(|revision| {
            let known = revision.parents.iter().filter_map(|up| index.get(up.as_str()));
            known.copied().collect()
        });
        Ok(Self {
            chain,
            parents: parents.collect(),
        })
    }

    /// The heads, in chain order.
    pub(super) fn heads(&self) -> Vec<usize> {
        let parents: BTreeSet<usize> = self.parents.iter().flatten().copied().collect();
        (0..self.parents.len())
            .filter(|at| !parents.contains(at))
            .collect()
    }

    /// A revision and everything before it.
    pub(super) fn line(&self, of: usize) -> BTreeSet<usize> {
        let mut seen = BTreeSet::from([of]);
        let mut open = vec![of];
        while let Some(at) = open.pop() {
            open.extend(self.parents[at].iter().copied().filter(|up| seen.insert(*up)));
        }
        seen
    }

    /// What leads to `head` and not to `other`, in order.
    pub(super) fn only(&self, head: usize, other: usize) -> Vec<usize> {
        let shared = self.line(other);
        self.line(head).difference(&shared).copied().collect()
    }

    /// The position of a revision by its id or the beginning of it.
    pub(super) fn find(&self, prefix: &str) -> Result<usize, CommandError> {
        Ok(self.chain.position(prefix)?)
    }

    /// The head that stays when nobody says which: what the lock file knows was there for others to see;
    /// of equals the longest line, as the finding G02 has it.
    pub(super) fn main(&self, heads: &[usize]) -> Option<usize> {
        let known: BTreeSet<&str> = self
            .chain
            .lock()
            .iter()
            .flat_map(|lock| &lock.lines)
            .map(|line| line.id.as_str())
            .collect();
        let rank = |head: &&usize| {
            let id = self.chain.revisions()[**head].id.as_str();
            (known.contains(id), self.depth(**head), std::cmp::Reverse(**head))
        };
        heads.iter().max_by_key(rank).copied()
    }

    fn depth(&self, of: usize) -> usize {
        let mut depth = vec![0; of + 1];
        for at in 0..=of {
            depth[at] = self.parents[at]
                .iter()
                .map(|up| depth[*up] + 1)
                .max()
                .unwrap_or(0);
        }
        depth[of]
    }
}
