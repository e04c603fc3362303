//! The rules by their stable ids, and how bad a finding is.
//!
//! Ids are never reused; tools, `allow` lines and the pages in `docs/rules.md` rely on them.

use std::fmt;

use serde::Serialize;

/// Declares the enum, the list of all rules and their one-line titles in one place, so none can be forgotten.
macro_rules! rules {
    ($($(#[doc = $title:literal])+ $id:ident,)+) => {
        /// The stable id of a rule. Ids are never reused; tools may rely on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $title])+ $id,)+
        }

        impl Rule {
            /// Every rule there is.
            pub const ALL: &'static [Self] = &[$(Self::$id),+];

            /// What it finds, in one line.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$id => concat!($($title),+).trim_ascii(),)+
                }
            }

            /// The rule with this id.
            pub fn parse(id: &str) -> Option<Self> {
                match id {
                    $(stringify!($id) => Some(Self::$id),)+
                    _ => None,
                }
            }
        }
    };
}

rules! {
    /// More than one revision without a parent.
    G01,
    /// More than one revision that is nobody's parent.
    G02,
    /// A parent that is in no file.
    G03,
    /// Revisions that are each other's ancestors.
    G04,
    /// One id in two files.
    G05,
    /// A file, header or section that is missing, malformed or unreadable.
    G06,
    /// The lock file disagrees with the revisions.
    G07,
    /// A merge revision where the chain must be linear.
    G08,
    /// An `allow` line that allows nothing.
    G09,
    /// A revision that another one replaces, and that is still there.
    G10,
    /// An object created again with the same definition, behind a guard.
    D01,
    /// An object created again with another definition; the guard hides that the second never exists.
    D02,
    /// An object created again without a guard.
    D03,
    /// A column added twice.
    D04,
    /// Two indexes on the same columns under different names.
    D05,
    /// A foreign key to a table that is created later.
    O01,
    /// A foreign key to a table or column that nobody creates.
    O02,
    /// A foreign key to columns that are not unique.
    O03,
    /// A foreign key whose columns have another type than its target.
    O04,
    /// A statement on an object that is not there at that point.
    O05,
    /// An object dropped while another one needs it.
    O06,
    /// DDL without a guard.
    I01,
    /// A guard that asks about another object than the one it guards.
    I02,
    /// SQL that cannot be seen from outside: dynamic, in a foreign language, or not understood.
    I03,
    /// A step without a transaction of which nobody could tell after a crash whether it was done.
    I04,
    /// An index built on a table in use without CONCURRENTLY.
    L01,
    /// A foreign key added to a table in use, checked at once.
    L02,
    /// A CHECK constraint added to a table in use, checked at once.
    L03,
    /// NOT NULL set on a column of a table in use.
    L04,
    /// The type of a column in use changed.
    L05,
    /// A column added to a table in use with a default that is computed for every row.
    L06,
    /// A NOT NULL column without a default added to a table that may have rows.
    L07,
    /// A unique or primary key added to a table in use by building its index under a lock.
    L08,
    /// A table or column in use renamed.
    L09,
    /// A table or column in use dropped.
    L10,
    /// A constraint added NOT VALID and validated in the same transaction.
    L11,
    /// TRUNCATE with CASCADE.
    L12,
    /// A table rewritten or locked as a whole by maintenance.
    L13,
    /// An index of a table in use dropped without CONCURRENTLY.
    L14,
    /// CONCURRENTLY under a lock timeout, which leaves an INVALID index.
    L21,
    /// A `transaction: no` revision that mixes statements which need no such thing.
    L22,
    /// An enum label used in the transaction that adds it.
    L23,
    /// Many tables locked exclusively in one transaction.
    L24,
    /// A statement the runner cannot run inside a revision (transaction control, `COPY ... FROM STDIN`).
    L25,
    /// Neither a down part nor `irreversible`.
    R01,
    /// A way back that does not restore what was there before.
    R02,
    /// A way back that destroys rows or columns older than the revision.
    R03,
    /// A way back that drops an object another one still needs.
    R04,
    /// A downgrade over a revision that was declared irreversible.
    R05,
    /// A rename or drop in an `expand` revision.
    P02,
    /// Two sides of a merge that touch the same thing.
    M01,
    /// An original without a way back.
    A01,
    /// An Alembic directory whose `env.py` takes no lock.
    A03,
    /// An index built CONCURRENTLY behind a guard, which stays INVALID after a crash.
    A04,
    /// An operation of the original that could not be read and must be written by hand.
    A05,
    /// A file of another tool that cannot be read, or that the tool would refuse.
    A06,
    /// A migration that its tool repeats, adopted as it is now.
    A07,
    /// A revision was edited after it was applied.
    T01,
    /// Only comments, whitespace or case changed since.
    T02,
    /// The file of an applied revision is gone.
    T03,
    /// A revision was interrupted half way.
    S01,
    /// An index is INVALID.
    S02,
    /// A constraint was left NOT VALID.
    S03,
    /// The database is ahead of these files.
    S04,
    /// A revision that another runner is at right now.
    S05,
    /// The database is behind these files.
    S06,
    /// An object that the revisions made is not there.
    X01,
    /// An object that no revision made.
    X02,
    /// An object that is not as the revisions made it.
    X03,
    /// The state tables cannot be understood.
    X04,
    /// Nothing to compare the schema with.
    X05,
    /// Applied again after its way back, a revision makes something else.
    V01,
    /// A guarded revision that cannot run twice.
    V02,
    /// `schema.sql` is not what the revisions make.
    V03,
    /// Two orders of a merge that make two schemas.
    M02,
    /// Something around the database that a run will need is not as it should be.
    E01,
    /// Valid in the format, but not offered by this version of the engine.
    U01,
    /// The database refused a statement.
    Q01,
    /// A `-- >> check` query did not return true.
    Q02,
}

impl Rule {
    /// True for rules of the linter, whose findings a revision may declare as known. The others stop
    /// the engine or speak of a database, and no line in a file changes that.
    pub fn may_be_allowed(self) -> bool {
        let id = self.to_string();
        let linted = matches!(
            id.as_bytes().first(),
            Some(b'D' | b'O' | b'I' | b'L' | b'R' | b'P' | b'M')
        );
        linted && !matches!(self, Self::I04 | Self::L25 | Self::R01 | Self::R05)
    }
}

impl Rule {
    /// True for rules about files, header, graph and lock.
    #[cfg(feature = "lint")]
    pub(crate) fn is_of_graph(self) -> bool {
        self <= Self::G10
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// How bad a finding is. Only errors stop the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably a mistake; nothing is stopped.
    Warning,
    /// Stops every command that would change a database.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}
