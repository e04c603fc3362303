//! Everything a browser fetches from us, embedded in the binary.
//!
//! An asset's address carries the hash of its content, so it may be cached for ever and a new
//! release is seen at once. Nothing is loaded from anywhere else.

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
    bytes: &'static [u8],
    content_type: &'static str,
    etag: String,
}

static ASSETS: LazyLock<Vec<Hashed>> = LazyLock::new(|| {
    EMBEDDED
        .iter()
        .map(|file| Hashed {
            path: file.path,
            bytes: file.bytes,
            content_type: file.content_type,
            etag: format!("{:016x}", fingerprint(file.bytes)),
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
        bytes: file.bytes,
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

/// FNV-1a, 64 bits. It tells versions apart; it guards nothing.
fn fingerprint(bytes: &[u8]) -> u64 {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    bytes
        .iter()
        .fold(START, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}
