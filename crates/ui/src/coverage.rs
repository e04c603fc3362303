//! Do words and their uses agree?
//!
//! Reads the first argument of every `t(…)` in the templates. A literal that is continued by `~` is a
//! beginning: all keys with it count as used, and at least one must exist.

use std::collections::BTreeSet;
use std::fmt;

use kernel::Locale;

use crate::slice::FRAME_KEYS;
use crate::words::Words;

/// Everything that does not agree; empty when all is well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordGaps(pub Vec<WordGap>);

impl WordGaps {
    /// Whether words and uses agree.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for WordGaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|gap| writeln!(f, "{gap}"))
    }
}

/// One disagreement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordGap {
    /// A key is used but not defined in this language.
    #[error("{user} uses {key}, which has no word in {locale}")]
    Undefined {
        /// Template, or "code".
        user: String,
        /// The key, or the beginning of keys.
        key: String,
        /// Language tag.
        locale: &'static str,
    },
    /// One language has a key that the other lacks.
    #[error("{key} has no word in {locale}")]
    OneSided {
        /// The key.
        key: String,
        /// Tag of the language that lacks it.
        locale: &'static str,
    },
    /// Nobody uses this key.
    #[error("{key} is used nowhere")]
    Unused {
        /// The key.
        key: String,
    },
}

struct Use {
    user: String,
    key: String,
    beginning: bool,
}

impl Use {
    fn covers(&self, key: &str) -> bool {
        if self.beginning {
            key.starts_with(&self.key)
        } else {
            key == self.key
        }
    }
}

pub(crate) fn gaps(sources: &[(&str, &str)], words: &Words, in_code: &[&str]) -> WordGaps {
    let mut uses: Vec<Use> = FRAME_KEYS
        .iter()
        .chain(in_code)
        .map(|key| from_code(key))
        .collect();
    for (template, source) in sources {
        uses.extend(uses_in(template, source));
    }
    let mut gaps = Vec::new();
    for locale in Locale::ALL {
        let keys = words.keys(locale);
        gaps.extend(
            uses.iter()
                .filter(|one| !is_defined(one, keys))
                .map(|one| WordGap::Undefined {
                    user: one.user.clone(),
                    key: one.key.clone(),
                    locale: locale.tag(),
                }),
        );
    }
    let (ro, en) = (words.keys(Locale::Ro), words.keys(Locale::En));
    for (here, there, locale) in [(ro, en, Locale::En), (en, ro, Locale::Ro)] {
        gaps.extend(here.difference(there).map(|key| WordGap::OneSided {
            key: key.clone(),
            locale: locale.tag(),
        }));
    }
    gaps.extend(
        ro.union(en)
            .filter(|key| !uses.iter().any(|one| one.covers(key)))
            .map(|key| WordGap::Unused { key: key.clone() }),
    );
    WordGaps(gaps)
}

fn is_defined(one: &Use, keys: &BTreeSet<String>) -> bool {
    keys.iter().any(|key| one.covers(key))
}

fn from_code(key: &str) -> Use {
    let (key, beginning) = match key.strip_suffix('*') {
        Some(start) => (start, true),
        None => (key, false),
    };
    Use {
        user: "code".to_owned(),
        key: key.to_owned(),
        beginning,
    }
}

fn uses_in(template: &str, source: &str) -> Vec<Use> {
    let mut uses = Vec::new();
    for (at, _) in source.match_indices("t(") {
        let inside_a_name = source[..at]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if !inside_a_name {
            literals(template, &source[at + 2..], &mut uses);
        }
    }
    uses
}

/// The text literals of a call's first argument; those being compared with are no keys.
fn literals(template: &str, argument: &str, uses: &mut Vec<Use>) {
    let mut depth = 0_u32;
    let mut before = String::new();
    let mut rest = argument.char_indices();
    while let Some((at, sign)) = rest.next() {
        match sign {
            '"' | '\'' => {
                let from = at + 1;
                let Some((to, _)) = rest.by_ref().find(|(_, c)| *c == sign) else {
                    return;
                };
                let after = argument[to + 1..].trim_start();
                let compared = before.ends_with('=') || before.ends_with(" in ");
                if !compared && !before.ends_with('~') && !before.ends_with('[') {
                    uses.push(Use {
                        user: template.to_owned(),
                        key: argument[from..to].to_owned(),
                        beginning: after.starts_with('~'),
                    });
                }
                before.push('"');
            }
            ',' | ')' if depth == 0 => return,
            '(' | '[' => {
                depth += 1;
                before.push(sign);
            }
            ')' | ']' => {
                depth = depth.saturating_sub(1);
                before.push(sign);
            }
            c if c.is_whitespace() && before.ends_with(['=', '~']) => {}
            c => before.push(c),
        }
    }
}
