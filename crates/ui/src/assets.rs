//! Everything a browser fetches from us, embedded in the binary.
//!
//! An asset's address carries the hash of its content, so it may be cached for ever and a new
//! release is seen at once. Nothing is loaded from anywhere else.

use std::borrow::Cow;
use std::sync::LazyLock;

/// One embedded file.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its content.
    pub bytes: &'static [u8],
    /// Value of the `Content-Type` header.
    pub content_type: &'static str,
    /// Hash of the content in hex, without quotes; also the `v` of its address.
    pub etag: &'static str,
}

struct Embedded {
    path: &'static str,
    bytes: &'static [u8],
    content_type: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

const EMBEDDED: &[Embedded] = &[
    Embedded {
        path: "app.css",
        bytes: include_bytes!("../assets/app.css"),
        content_type: CSS,
    },
    Embedded {
        path: "app.js",
        bytes: include_bytes!("../assets/app.js"),
        content_type: JAVASCRIPT,
    },
    Embedded {
        path: "htmx.min.js",
        bytes: include_bytes!("../assets/htmx.min.js"),
        content_type: JAVASCRIPT,
    },
    Embedded {
        path: "icons.svg",
        bytes: include_bytes!("../assets/icons.svg"),
        content_type: SVG,
    },
    Embedded {
        path: "favicon.svg",
        bytes: include_bytes!("../assets/favicon.svg"),
        content_type: SVG,
    },
    Embedded {
        path: "LICENSES.txt",
        bytes: include_bytes!("../assets/LICENSES.txt"),
        content_type: TEXT,
    },
];

struct Hashed {
    path: &'static str,
    bytes: Cow<'static, [u8]>,
    content_type: &'static str,
    etag: String,
}

static ASSETS: LazyLock<Vec<Hashed>> = LazyLock::new(|| {
    EMBEDDED
        .iter()
        .map(|file| {
            let bytes = served(file);
            Hashed {
                path: file.path,
                etag: format!("{:016x}", fingerprint(&bytes)),
                bytes,
                content_type: file.content_type,
            }
        })
        .collect()
});

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let all: String = ASSETS.iter().map(|file| file.etag.as_str()).collect();
    format!("{:016x}", fingerprint(all.as_bytes()))
});

/// The asset with this path below `/assets/`, without query.
pub fn find(path: &str) -> Option<Asset> {
    ASSETS.iter().find(|file| file.path == path).map(|file| Asset {
        bytes: &file.bytes,
        content_type: file.content_type,
        etag: file.etag.as_str(),
    })
}

/// The paths of all assets.
pub fn paths() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|file| file.path)
}

/// The address of an asset: `/assets/app.css?v=…`; `None` when there is no such asset.
pub fn address(path: &str) -> Option<String> {
    find(path).map(|asset| format!("/assets/{path}?v={}", asset.etag))
}

/// One hash over all assets.
pub fn version() -> &'static str {
    VERSION.as_str()
}

/// Whether the sprite has this icon.
pub(crate) fn has_icon(name: &str) -> bool {
    let sprite = include_str!("../assets/icons.svg");
    let safe = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    safe && sprite.contains(&format!("<symbol id=\"{name}\""))
}

/// Style sheets are written for people and sent without their blanks and comments.
fn served(file: &Embedded) -> Cow<'static, [u8]> {
    match std::str::from_utf8(file.bytes) {
        Ok(text) if file.content_type == CSS => Cow::Owned(compact_css(text).into_bytes()),
        Ok(_) | Err(_) => Cow::Borrowed(file.bytes),
    }
}

/// Drops comments and the blanks that mean nothing. A blank before `:` or around `+` and `-` has a meaning and stays.
fn compact_css(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else if first == '"' {
            let end = rest[1..].find('"').map_or(rest.len(), |at| at + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if first.is_whitespace() {
            rest = rest.trim_start();
            let is_needed = !out.is_empty()
                && !out.ends_with(['{', '}', ';', ',', ':', '>', '('])
                && !rest.starts_with(['{', '}', ';', ',', '>', ')']);
            if is_needed {
                out.push(' ');
            }
        } else {
            if first == '}' && out.ends_with(';') {
                out.pop();
            }
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// FNV-1a, 64 bits. It tells versions apart; it guards nothing.
fn fingerprint(bytes: &[u8]) -> u64 {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    bytes
        .iter()
        .fold(START, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::compact_css;

    #[track_caller]
    fn check(written: &str, sent: &str) {
        assert_eq!(compact_css(written), sent);
    }

    #[test]
    fn a_style_sheet_loses_only_what_means_nothing() {
        check(
            "/* why */ a { color: red; }\n\nb > c, d { margin: 0 1px; }\n",
            "a{color:red}b>c,d{margin:0 1px}",
        );
        check(
            "a :is(b, c)::before { content: \" { ; \"; }",
            "a :is(b,c)::before{content:\" { ; \"}",
        );
        check(
            "a { width: calc(100% - 2px + var(--x)); }",
            "a{width:calc(100% - 2px + var(--x))}",
        );
        check(
            "@media (min-width: 1px) and (max-width: 2px) { a { b: c } }",
            "@media (min-width:1px) and (max-width:2px){a{b:c}}",
        );
    }
}
