//! What a slice hands over: its templates and its words, embedded at build time.
//!
//! Template names always begin with the slice's name (`orders/list.html`), so two slices cannot collide.

use kernel::Locale;

/// The templates and words of one slice, as [`slice_pages!`](crate::slice_pages) collects them.
#[derive(Debug, Clone, Copy)]
pub struct SlicePages {
    /// The slice's name, also the folder of its templates.
    pub name: &'static str,
    /// (`"orders/list.html"`, source).
    pub templates: &'static [(&'static str, &'static str)],
    /// (language, text of its Fluent file).
    pub words: &'static [(Locale, &'static str)],
}

/// Embeds a slice's templates (`templates/<slice>/…`) and words (`locales/{ro,en}/<slice>.ftl`).
///
/// ```ignore
/// pub static PAGES: ui::SlicePages = ui::slice_pages!("orders", templates: ["list.html", "show.html", "_lines.html"]);
/// ```
#[macro_export]
macro_rules! slice_pages {
    ($slice:literal, templates: [$($file:literal),* $(,)?] $(,)?) => {
        $crate::SlicePages {
            name: $slice,
            templates: &[$((
                concat!($slice, "/", $file),
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $slice, "/", $file)),
            )),*],
            words: &[
                (
                    $crate::Locale::Ro,
                    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/ro/", $slice, ".ftl")),
                ),
                (
                    $crate::Locale::En,
                    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/en/", $slice, ".ftl")),
                ),
            ],
        }
    };
}

/// The frame's own templates and words; [`Ui::new`](crate::Ui::new) always adds them.
pub static PAGES: SlicePages = crate::slice_pages!(
    "ui",
    templates: ["layout.html", "auth_layout.html", "error.html", "components.html"]
);

/// Words of the frame that are chosen at run time or offered to all slices: navigation keys, relative times,
/// input refusals, choices of the user menu, common buttons.
pub(crate) const FRAME_KEYS: &[&str] = &[
    "nav-*",
    "ui-actor-*",
    "ui-ago-*",
    "ui-chart-*",
    "ui-error-*",
    "ui-idempotency-*",
    "ui-in-*",
    "ui-input-*",
    "ui-just-now",
    "ui-language*",
    "ui-refused-*",
    "ui-save",
    "ui-state-*",
    "ui-theme*",
];
