//! The migration engine: plain SQL revisions, one chain, one runner at a time.
//!
//! A revision is one SQL file with a comment header, an `-- >> up` and a `-- >> down` part
//! (see the README for the format). [`Chain`] reads a set of them, from a directory or from
//! text compiled into the program, and says in [`Finding`]s what is wrong with it: two heads, a
//! dangling parent, a lock file that disagrees. `pg::Engine` brings a database along a sound chain.
//!
//! Always holds: nothing here panics, whatever bytes a file contains; a chain with an error
//! never reaches a database; a revision and its row in `lineage.revision` are committed together.
//!
//! Never done here: reading the wall clock or choosing random numbers in the pure part (both are arguments),
//! printing (reports are values that render themselves), or touching schemas named as external.
//!
//! `lint` (a feature) says without a database what a chain will do to one.
//! Without the feature `pg` the crate is pure: no runtime, no database driver.

#[cfg(feature = "lint")]
pub mod adopt;
mod core;
#[cfg(feature = "lint")]
pub mod ddl;
#[cfg(feature = "lint")]
pub mod lint;
#[cfg(feature = "pg")]
pub mod pg;

pub use crate::core::chain::{Chain, ReadError};
pub use crate::core::commands;
pub use crate::core::draw::Paint;
pub use crate::core::export::{github, sarif};
pub use crate::core::finding::{Finding, Patch, Place, Related, Rule, Severity, Summary};
pub use crate::core::hash::TokenHash;
pub use crate::core::hook::{HookReport, install_hook};
pub use crate::core::lock::{LOCK_FILE, Lock, LockLine};
#[cfg(feature = "lint")]
pub use crate::core::relink::{Relink, Relinked};
pub use crate::core::report::{Exit, Report};
pub use crate::core::revision::{Allow, Down, Phase, Revision, RevisionId, Section};
pub use crate::core::script::{Statement, split};
pub use crate::core::target::{Direction, Target, TargetError};
pub use crate::core::token::{Token, TokenError, TokenKind, tokenize};
