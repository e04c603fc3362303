//! How far to go, as a person writes it.

use serde::Serialize;

/// Which way the schema moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Forward.
    Up,
    /// Back.
    Down,
}

impl Direction {
    /// `up` or `down`, as in log events and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// How far to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To the last revision.
    Head,
    /// Before the first revision.
    Base,
    /// So many revisions forward.
    Forward(usize),
    /// So many revisions back.
    Back(usize),
    /// To this revision: its id, or the beginning of it if that is unique.
    Revision(String),
}

/// A target that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not a target at all.
    #[error("`{0}` is not a target; write head, base, +2, -1 or a revision id")]
    Malformed(String),
    /// No revision begins like this.
    #[error("no revision begins with `{0}`; `migrate history` lists them")]
    Unknown(String),
    /// Several revisions begin like this.
    #[error("`{prefix}` is not unique: {}", candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// Ids that begin with it, at most five.
        candidates: Vec<String>,
    },
    /// `upgrade` was asked to go back, or `downgrade` forward.
    #[error("`{target}` does not lie {direction} of the present revision")]
    WrongWay {
        /// What was asked for.
        target: String,
        /// `forward` or `back`.
        direction: &'static str,
    },
}

/// More candidates than these help nobody.
const CANDIDATES_MAX: usize = 5;

impl Target {
    /// Reads `head`, `base`, `+2`, `-1`, or a revision id or its beginning.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let malformed = || TargetError::Malformed(text.to_owned());
        let count = |digits: &str| match digits.parse::<usize>() {
            Ok(count) if count > 0 => Ok(count),
            Ok(_) | Err(_) => Err(malformed()),
        };
        match text {
            "head" => Ok(Self::Head),
            "base" => Ok(Self::Base),
            _ => match text.as_bytes().first() {
                Some(b'+') => count(&text[1..]).map(Self::Forward),
                Some(b'-') => count(&text[1..]).map(Self::Back),
                Some(_) if crate::core::revision::RevisionId::parse(text).is_some() => {
                    Ok(Self::Revision(text.to_owned()))
                }
                Some(_) | None => Err(malformed()),
            },
        }
    }
}

/// Position of the one id that is, or begins with, `prefix`.
pub(crate) fn find_prefix(ids: &[&str], prefix: &str) -> Result<usize, TargetError> {
    if let Some(at) = ids.iter().position(|id| *id == prefix) {
        return Ok(at);
    }
    let matching: Vec<usize> = (0..ids.len()).filter(|at| ids[*at].starts_with(prefix)).collect();
    match matching.as_slice() {
        [] => Err(TargetError::Unknown(prefix.to_owned())),
        [at] => Ok(*at),
        many => Err(TargetError::Ambiguous {
            prefix: prefix.to_owned(),
            candidates: many
                .iter()
                .take(CANDIDATES_MAX)
                .map(|at| ids[*at].to_owned())
                .collect(),
        }),
    }
}
