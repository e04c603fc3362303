//! The languages of the house and its time zone at the edge.

use serde::{Deserialize, Serialize};

/// Where the trade days of the house begin and end. Inside, times are UTC.
pub const BUCHAREST: chrono_tz::Tz = chrono_tz::Europe::Bucharest;

/// A language of the screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    #[default]
    Ro,
    En,
}

impl Locale {
    pub const ALL: [Self; 2] = [Self::Ro, Self::En];

    /// The language tag, as in `lang="…"` and in the users table.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Ro => "ro",
            Self::En => "en",
        }
    }

    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.tag() == tag)
    }

    /// The first language of an `Accept-Language` header that the house speaks.
    pub fn from_accept_language(header: &str) -> Option<Self> {
        header
            .split(',')
            .find_map(|part| Self::from_tag(part.trim().get(..2)?.to_ascii_lowercase().as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_language_is_followed() {
        assert_eq!(
            Locale::from_accept_language("en-GB,en;q=0.9,ro;q=0.8"),
            Some(Locale::En)
        );
        assert_eq!(Locale::from_accept_language("de-DE, RO;q=0.5"), Some(Locale::Ro));
        assert_eq!(Locale::from_accept_language("zh"), None);
        assert_eq!(Locale::from_accept_language("é"), None);
    }
}
