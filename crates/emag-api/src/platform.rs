//! The five marketplaces and where their API lives (eMAG API 4.4.9 section 1).
//!
//! The base address is configuration with a default: the Fashion Days RO host changed between two document versions.

use chrono_tz::Tz;

/// One marketplace site. An account belongs to exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Platform {
    EmagRo,
    EmagBg,
    EmagHu,
    FdRo,
    FdBg,
}

impl Platform {
    pub const ALL: [Self; 5] = [Self::EmagRo, Self::EmagBg, Self::EmagHu, Self::FdRo, Self::FdBg];

    /// The short key used in configuration, for example `emag-ro`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::EmagRo => "emag-ro",
            Self::EmagBg => "emag-bg",
            Self::EmagHu => "emag-hu",
            Self::FdRo => "fd-ro",
            Self::FdBg => "fd-bg",
        }
    }

    /// The platform of a short key, if there is one.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.key() == key)
    }

    /// The documented API base, without a closing slash.
    pub const fn default_base_url(self) -> &'static str {
        match self {
            Self::EmagRo => "https://marketplace-api.emag.ro/api-3",
            Self::EmagBg => "https://marketplace-api.emag.bg/api-3",
            Self::EmagHu => "https://marketplace-api.emag.hu/api-3",
            Self::FdRo => "https://marketplace-ro-api.fashiondays.com/api-3",
            Self::FdBg => "https://marketplace-bg-api.fashiondays.com/api-3",
        }
    }

    /// ISO code of the site's currency. Bulgaria trades in euro since January 2026; the 4.4.9 document still says BGN.
    pub const fn currency(self) -> &'static str {
        match self {
            Self::EmagRo | Self::FdRo => "RON",
            Self::EmagBg | Self::FdBg => "EUR",
            Self::EmagHu => "HUF",
        }
    }

    /// The locale the site's content is written in.
    pub const fn locale(self) -> &'static str {
        match self {
            Self::EmagRo | Self::FdRo => "ro_RO",
            Self::EmagBg | Self::FdBg => "bg_BG",
            Self::EmagHu => "hu_HU",
        }
    }

    /// The zone of the site's zone-less timestamps. Documented for none; Hungary is the likeliest to differ, so an
    /// [`Endpoint`] can override it.
    pub const fn default_zone(self) -> Tz {
        match self {
            Self::EmagRo | Self::EmagBg | Self::FdRo | Self::FdBg => Tz::Europe__Bucharest,
            Self::EmagHu => Tz::Europe__Budapest,
        }
    }
}

/// Where one account's calls go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub platform: Platform,
    base_url: String,
    pub zone: Tz,
}

impl Endpoint {
    /// The documented address of a platform.
    pub fn of(platform: Platform) -> Self {
        Self::at(platform, platform.default_base_url())
    }

    /// A platform reached at another address; `base_url` ends in `/api-3`, a closing slash is dropped.
    pub fn at(platform: Platform, base_url: &str) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Self {
            platform,
            base_url,
            zone: platform.default_zone(),
        }
    }

    /// The same endpoint with another zone for its zone-less timestamps.
    #[must_use]
    pub fn in_zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// The base without a closing slash.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}
