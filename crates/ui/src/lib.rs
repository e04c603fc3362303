//! The face of `MagFlow`: template environment, components, assets, translations, number and date formats.
//!
//! What always holds: templates escape HTML and refuse undefined names; every visible word comes from a
//! translation file and exists in Romanian and in English; every asset is embedded and addressed by the
//! hash of its content; nothing here needs an inline script or style, so the pages live under
//! `default-src 'self'`.
//!
//! What it never does: it knows no business rule, no SQL and no HTTP framework, reads no clock
//! (the present moment comes in with [`Shell::now`]) and reckons no amounts: money arrives as it is shown.

pub mod assets;
pub mod chart;
mod coverage;
mod filters;
pub mod formats;
pub mod input;
mod render;
mod shell;
mod slice;
mod words;

pub use coverage::{WordGap, WordGaps};
pub use kernel::Locale;
pub use render::{Ui, UiError};
pub use shell::{Flash, FlashKind, NavEntry, Shell, ShellUser, SyncPill, SyncState, Theme};
pub use slice::{PAGES, SlicePages};
pub use words::Args;

#[cfg(test)]
mod tests;
