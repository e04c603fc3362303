//! The commands that need no database, as functions from values to reports.
//!
//! The clock and chance are arguments. Each file is written whole or not at all; the files beside hold the
//! commands that change a chain.

mod branches;
mod edit;
#[cfg(feature = "lint")]
mod merge;
mod rebase;
#[cfg(feature = "lint")]
mod show;
mod sql;
#[cfg(feature = "lint")]
mod squash;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::core::chain::{Chain, ReadError};
use crate::core::finding::{Finding, Rule};
use crate::core::hash::hexadecimal;
use crate::core::lock::{LOCK_FILE, Lock};
use crate::core::report::{Exit, Findings, Report};
use crate::core::revision::Revision;
use crate::core::target::TargetError;

#[cfg(feature = "lint")]
pub(crate) use edit::renew_lock;
pub use edit::{Mode, Relinked};
#[cfg(feature = "lint")]
pub use merge::{Merge, MergeReport, merge};
pub use rebase::{Rebase, RebaseReport, rebase};
#[cfg(feature = "lint")]
pub use show::{ShowReport, Shown, show};
pub use sql::{SqlReport, sql};
#[cfg(feature = "lint")]
pub use squash::{Squash, SquashReport, squash};

/// A title is one line of a header and part of a file name.
const TITLE_CHARS_MAX: usize = 120;
const SLUG_CHARS_MAX: usize = 48;

/// A command on files that could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The directory cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A title must be one line with at least one letter or digit.
    #[error("a title is one line of 1 to {TITLE_CHARS_MAX} characters with a letter or digit in it")]
    Title,
    /// The chain must be sound first.
    #[error("the revisions have {} finding(s) to be cured first", findings.len())]
    Unsound {
        /// What is wrong.
        findings: Vec<Finding>,
    },
    /// The directory lies in no repository, or git cannot be run.
    #[error("git does not tell where its hooks are: {0}")]
    Git(String),
    /// A hook that was not written by this program.
    #[error("{} was written by somebody else; add this line to it: {line}", path.display())]
    ForeignHook {
        /// Which file.
        path: PathBuf,
        /// What to add.
        line: String,
    },
    /// The clock is before 1970 or far in the future.
    #[error("the given time cannot be written as a date")]
    Time,
    /// A revision that was named is not there.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The wish makes no sense for this chain.
    #[error("{why}")]
    Refused {
        /// Why, as a sentence.
        why: String,
    },
}

impl CommandError {
    /// How the process should end.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unsound { .. } | Self::Refused { .. } => Exit::Findings,
            Self::Read(_)
            | Self::Write { .. }
            | Self::Title
            | Self::Git(_)
            | Self::ForeignHook { .. }
            | Self::Time
            | Self::Target(_) => Exit::Usage,
        }
    }

    /// The findings behind it, if any.
    pub fn findings(&self) -> &[Finding] {
        if let Self::Unsound { findings } = self {
            findings
        } else {
            &[]
        }
    }
}

/// One revision in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Parents, empty for a root.
    pub parents: Vec<String>,
    /// Title.
    pub title: String,
    /// File name.
    pub file: String,
}

impl Listed {
    fn of(revision: &Revision) -> Self {
        Self {
            id: revision.id.to_string(),
            parents: revision.parents.iter().map(ToString::to_string).collect(),
            title: revision.title.clone(),
            file: revision.file.clone(),
        }
    }
}

/// The heads of a directory; more than one is a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeadsReport {
    /// Nobody's parents.
    pub heads: Vec<Listed>,
    /// What is wrong with the chain.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for HeadsReport {
    fn render_text(&self) -> String {
        let mut out = self.found.render_text();
        for head in &self.heads {
            // Writing to a String cannot fail.
            let _: std::fmt::Result = writeln!(out, "{} (head) {}", head.id, head.title);
        }
        out
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}

/// Lists the heads.
pub fn heads(chain: &Chain) -> HeadsReport {
    HeadsReport {
        heads: chain.heads().into_iter().map(Listed::of).collect(),
        found: Findings::new(chain.findings().to_vec()),
    }
}

/// All revisions, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryReport {
    /// The revisions, children before parents.
    pub revisions: Vec<Listed>,
    /// What is wrong with the chain.
    #[serde(flatten)]
    pub found: Findings,
}

impl HistoryReport {
    /// The history with a line that joins what belongs together; a merge shows its further parents.
    pub fn render_graph(&self) -> String {
        let mut out = self.found.render_text();
        for (at, revision) in self.revisions.iter().enumerate() {
            let further = revision.parents.get(1..).unwrap_or_default();
            let merges = if further.is_empty() {
                String::new()
            } else {
                format!(" <- {}", further.join(", "))
            };
            // Writing to a String cannot fail.
            let _: std::fmt::Result = writeln!(out, "* {} {}{merges}", revision.id, revision.title);
            let next = self.revisions.get(at + 1);
            if next.is_some_and(|next| revision.parents.contains(&next.id)) {
                out.push_str("|\n");
            }
        }
        out
    }
}

impl Report for HistoryReport {
    fn render_text(&self) -> String {
        let mut out = self.found.render_text();
        for revision in &self.revisions {
            let parents = if revision.parents.is_empty() {
                "base".to_owned()
            } else {
                revision.parents.join(", ")
            };
            // Writing to a String cannot fail.
            let _: std::fmt::Result = writeln!(out, "{parents} -> {} {}", revision.id, revision.title);
        }
        out
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}

/// Lists all revisions, the newest first.
pub fn history(chain: &Chain) -> HistoryReport {
    HistoryReport {
        revisions: chain.revisions().iter().rev().map(Listed::of).collect(),
        found: Findings::new(chain.findings().to_vec()),
    }
}

/// What [`new`] needs to know; time and chance come from the caller.
#[derive(Debug, Clone, Copy)]
pub struct NewRevision<'a> {
    /// What the revision is about, one line.
    pub title: &'a str,
    /// The present time; written to the minute, in UTC.
    pub now: SystemTime,
    /// Six random bytes, the new id.
    pub chance: [u8; 6],
}

/// The revision that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewReport {
    /// Its id.
    pub id: String,
    /// Its parent, `base` for the first one.
    pub parent: String,
    /// The new file.
    pub file: String,
    /// Findings that do not stop the work.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for NewReport {
    fn render_text(&self) -> String {
        format!(
            "{}\n  id {}, parent {}\n  write the SQL, then run `migrate rebless`\n",
            self.file, self.id, self.parent
        )
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}

/// Writes the skeleton of the next revision after the head, and the lock file.
/// The directory is made if it does not exist. Refused unless the chain is sound.
pub fn new(dir: &Path, wanted: &NewRevision<'_>) -> Result<NewReport, CommandError> {
    let title = wanted.title.trim();
    let id = hexadecimal(&wanted.chance);
    let name = file_name(title, wanted.now, &id)?;
    fs::create_dir_all(dir).map_err(|source| CommandError::Write {
        path: dir.to_owned(),
        source,
    })?;
    let chain = sound(Chain::read_dir(dir)?)?;
    let parent = chain.head().map_or("base".to_owned(), |head| head.id.to_string());
    let path = dir.join(name);
    write_new(&path, &skeleton(&id, &parent, title))?;
    let chain = Chain::read_dir(dir)?;
    write_lock(dir, &chain)?;
    let lasting = Chain::read_dir(dir)?.findings().to_vec();
    Ok(NewReport {
        id,
        parent,
        file: path.display().to_string(),
        found: Findings::new(lasting),
    })
}

/// Time for people, title, id for the graph.
fn file_name(title: &str, now: SystemTime, id: &str) -> Result<String, CommandError> {
    let title = title.trim();
    let one_line = !title.chars().any(char::is_control) && title.chars().count() <= TITLE_CHARS_MAX;
    let slug = slug(title);
    if !one_line || slug.is_empty() {
        return Err(CommandError::Title);
    }
    let stamp = stamp(now).ok_or(CommandError::Time)?;
    Ok(format!("{stamp}_{slug}__{id}.sql"))
}

fn sound(chain: Chain) -> Result<Chain, CommandError> {
    if chain.is_sound() {
        return Ok(chain);
    }
    let findings = chain
        .findings()
        .iter()
        .filter(|finding| finding.is_error())
        .cloned()
        .collect();
    Err(CommandError::Unsound { findings })
}

/// The lock file as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReblessReport {
    /// The lock file.
    pub file: String,
    /// Its head.
    pub head: Option<String>,
    /// How many revisions it names.
    pub revisions: usize,
    /// False if it already said the same.
    pub changed: bool,
    /// Findings that do not stop the work.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for ReblessReport {
    fn render_text(&self) -> String {
        let what = if self.changed { "written" } else { "already right" };
        let head = self.head.as_deref().unwrap_or("base");
        self.found.render_text()
            + &format!(
                "{}: {what}, {} revisions, head {head}\n",
                self.file, self.revisions
            )
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}

/// Writes the lock file anew from the revisions. Refused unless files and graph are sound; an edited
/// revision that a database already has is still reported by `check` and stops `upgrade` there.
pub fn rebless(dir: &Path) -> Result<ReblessReport, CommandError> {
    let before = Chain::read_dir(dir)?;
    let findings: Vec<Finding> = before
        .findings()
        .iter()
        .filter(|f| f.is_error() && f.rule != Rule::G07)
        .cloned()
        .collect();
    if !findings.is_empty() {
        return Err(CommandError::Unsound { findings });
    }
    let wanted = Lock::of(before.revisions());
    let changed = before.lock().map(Lock::render) != Some(wanted.render()) || !before.is_sound();
    if changed {
        write_lock(dir, &before)?;
    }
    let after = Chain::read_dir(dir)?;
    Ok(ReblessReport {
        file: dir.join(LOCK_FILE).display().to_string(),
        head: after.head().map(|head| head.id.to_string()),
        revisions: after.revisions().len(),
        changed,
        found: Findings::new(after.findings().to_vec()),
    })
}

fn skeleton(id: &str, parent: &str, title: &str) -> String {
    format!(
        "-- lineage: 1\n-- id: {id}\n-- parent: {parent}\n-- title: {title}\n\n\
         -- >> up\n\
         -- Guard every statement, so that a second run changes nothing:\n\
         -- CREATE TABLE IF NOT EXISTS app.thing (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);\n\n\
         \\quit\n\
         -- >> down\n\
         -- The way back, in reverse order; or replace this part by `irreversible` and the reason:\n\
         -- DROP TABLE IF EXISTS app.thing;\n"
    )
}

pub(crate) fn write_new(path: &Path, text: &str) -> Result<(), CommandError> {
    let failed = |source| CommandError::Write {
        path: path.to_owned(),
        source,
    };
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(failed)
}

fn write_lock(dir: &Path, chain: &Chain) -> Result<(), CommandError> {
    edit::write_whole(
        &dir.join(LOCK_FILE),
        Lock::of(chain.revisions()).render().as_bytes(),
    )
}

/// A title as part of a file name, whatever it holds.
#[cfg(feature = "lint")]
pub(crate) fn file_slug(title: &str) -> String {
    let slug = slug(title);
    if slug.is_empty() {
        "revision".to_owned()
    } else {
        slug
    }
}

/// Letters and digits of the title in lower case, Romanian letters without their marks, joined by underscores.
fn slug(title: &str) -> String {
    let lower = title.to_lowercase();
    let plain = lower.chars().map(|letter| match letter {
        'ă' | 'â' => 'a',
        'î' => 'i',
        'ș' | 'ş' => 's',
        'ț' | 'ţ' => 't',
        other => other,
    });
    let spaced: String = plain
        .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
        .collect();
    let joined = spaced.split_whitespace().collect::<Vec<_>>().join("_");
    joined
        .chars()
        .take(SLUG_CHARS_MAX)
        .collect::<String>()
        .trim_end_matches('_')
        .to_owned()
}

/// `YYYYMMDDTHHMM` in UTC, for years 1970 to 9999.
fn stamp(now: SystemTime) -> Option<String> {
    let seconds = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let (days, minutes) = (seconds / 86_400, seconds / 60 % 1440);
    // Civil date from a day count, counted from 1 March of year 0 so that a leap day ends its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year <= 9999).then(|| {
        format!(
            "{year:04}{month:02}{day:02}T{:02}{:02}",
            minutes / 60,
            minutes % 60
        )
    })
}
