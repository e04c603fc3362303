//! The files of a new slice, as text with the slice's name in place of `{name}`.

const MANIFEST: &str = r#"[package]
name = "{name}"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[lints]
workspace = true

[dependencies]
axum.workspace = true
kernel.workspace = true
serde.workspace = true
ui.workspace = true
web.workspace = true
"#;

const FACE: &str = r#"//! (Say what it is for, what always holds, what it never does.)

mod pages;

pub use pages::routes;

use kernel::Permission;
use web::NavItem;

/// See the pages of this slice.
pub const {NAME}_VIEW: Permission = Permission::new("{name}.view");

/// Everything this slice lets an administrator grant.
pub const PERMISSIONS: &[Permission] = &[{NAME}_VIEW];

/// Templates and words.
pub static PAGES: ui::SlicePages = ui::slice_pages!("{name}", templates: ["list.html"]);

/// The entry of the menu. Its word, `{name}-title`, stands in the words of this slice.
pub fn nav() -> &'static [NavItem] {
    const NAV: &[NavItem] = &[NavItem {
        href: "/{name}",
        icon: "package",
        key: "{name}-title",
        access: Some({NAME}_VIEW),
        order: 90,
    }];
    NAV
}
"#;

const PAGES: &str = r#"//! The pages of this slice.

use axum::response::Response;
use serde::Serialize;
use web::{Access, Page, Problem, Routes};

use crate::{NAME}_VIEW;

/// All routes of this slice, each with its declared access.
pub fn routes() -> Routes {
    Routes::new().get("/{name}", Access::Needs({NAME}_VIEW), list)
}

#[derive(Serialize)]
struct List {}

async fn list(page: Page) -> Result<Response, Problem> {
    page.render("{name}/list.html", &List {})
}
"#;

const TEMPLATE: &str = r#"{#- page: nothing yet -#}
{% extends "ui/layout.html" %}
{% import "ui/components.html" as ui %}
{% block title %}{{ t("{name}-title") }}{% endblock %}
{% block content %}
{{ ui.page_head(t("{name}-title")) }}
{{ ui.empty_state("inbox", t("{name}-empty"), t("{name}-empty-next")) }}
{% endblock %}
"#;

const ROMANIAN: &str = "{name}-title = {Name}\n{name}-empty = Nimic aici încă\n{name}-empty-next = Primul rând apare când este adăugat.\n";
const ENGLISH: &str = "{name}-title = {Name}\n{name}-empty = Nothing here yet\n{name}-empty-next = The first row appears when it is added.\n";

/// Path inside the crate and text.
pub(super) fn files(name: &str) -> Vec<(String, String)> {
    let mut capital = name.to_owned();
    if let Some(first) = capital.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let named = |text: &str| {
        text.replace("{name}", name)
            .replace("{Name}", &capital)
            .replace("{NAME}", &name.to_uppercase())
    };
    vec![
        ("Cargo.toml".to_owned(), named(MANIFEST)),
        ("src/lib.rs".to_owned(), named(FACE)),
        ("src/pages.rs".to_owned(), named(PAGES)),
        (format!("templates/{name}/list.html"), named(TEMPLATE)),
        (format!("locales/ro/{name}.ftl"), named(ROMANIAN)),
        (format!("locales/en/{name}.ftl"), named(ENGLISH)),
    ]
}
