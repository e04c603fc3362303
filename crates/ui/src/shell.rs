//! What every page shows around its content: who, where, which language, what just happened.
//!
//! Built once per request by the web layer; templates read it as `shell`.

use chrono::{DateTime, Utc};
use kernel::Locale;
use serde::Serialize;

/// The frame of a page.
#[derive(Debug, Clone, Serialize)]
pub struct Shell {
    /// Language of words, numbers and dates.
    pub locale: Locale,
    /// Light, dark or as the system says.
    pub theme: Theme,
    /// Token that every form carries.
    pub csrf: String,
    /// Path and query of the page shown, to come back to after changing language or theme.
    pub path: String,
    /// Translation key of the page's title.
    pub title_key: String,
    /// Who is logged in; absent on the log-in page.
    pub user: Option<ShellUser>,
    /// The rail; the first four also stand in the bottom bar of a phone.
    pub nav: Vec<NavEntry>,
    /// Messages to show once.
    pub flash: Vec<Flash>,
    /// State of the marketplace synchronisation, shown in the top bar.
    pub sync: Option<SyncPill>,
    /// Reference a person can give to support.
    pub request_id: String,
    /// Version of the embedded assets; an open page of another version offers to reload.
    pub asset_version: String,
    /// The present moment, for "3 minutes ago". At its default, relative times are written as dates.
    pub now: DateTime<Utc>,
}

impl Default for Shell {
    fn default() -> Self {
        Self {
            locale: Locale::Ro,
            theme: Theme::System,
            csrf: String::new(),
            path: "/".to_owned(),
            title_key: "nav-today".to_owned(),
            user: None,
            nav: Vec::new(),
            flash: Vec::new(),
            sync: None,
            request_id: String::new(),
            asset_version: crate::assets::version().to_owned(),
            now: DateTime::UNIX_EPOCH,
        }
    }
}

/// The colour theme a person chose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the operating system says.
    #[default]
    System,
    /// Light, always.
    Light,
    /// Dark, always.
    Dark,
}

/// The person logged in.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ShellUser {
    /// Database id.
    pub id: i64,
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// One or two letters for the round badge.
    pub initials: String,
}

/// One entry of the rail.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NavEntry {
    /// Where it leads.
    pub href: String,
    /// Name of an icon in the sprite.
    pub icon: String,
    /// Translation key of its word (`nav-orders`).
    pub key: String,
    /// Whether the page shown belongs to it.
    pub active: bool,
    /// Number beside the word: orders to ship, failed syncs.
    pub count: Option<u64>,
    /// First of a group that stands apart: what is used now and then.
    pub apart: bool,
}

/// A message shown once.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Flash {
    /// Colour and icon.
    pub kind: FlashKind,
    /// Already translated.
    pub text: String,
}

/// How a message is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlashKind {
    /// For your information.
    #[default]
    Info,
    /// It worked.
    Success,
    /// It worked, but look.
    Warning,
    /// It did not work.
    Error,
}

/// The state of the marketplace synchronisation in the top bar.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SyncPill {
    /// Colour and icon.
    pub state: SyncState,
    /// Already translated, short: "2 min", "synchronising…".
    pub text: String,
}

/// How the synchronisation stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// Up to date.
    #[default]
    Fine,
    /// Working now.
    Running,
    /// Later than it should be, or partly failed.
    Late,
    /// Failed; a person must look.
    Failed,
    /// Switched off or read-only.
    Off,
}
