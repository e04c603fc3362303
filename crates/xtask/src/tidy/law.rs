//! The law as tables: who stands on which floor, and every exception with its reason.

/// Where a crate stands. A crate may import what stands strictly below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Floor, and the rank within it. Only floors 1 and 3 are ranked.
    Floor(u8, u8),
    /// For tests only; knows floors 0 and 1.
    TestBench,
    /// Tools for developers; nobody may import it.
    Tool,
}

/// Every crate of the house; a new one gets its line here first.
pub(crate) const PLACES: &[(&str, Place)] = &[
    ("kernel", Place::Floor(0, 0)),
    ("settings", Place::Floor(1, 0)),
    ("telemetry", Place::Floor(1, 1)),
    ("db", Place::Floor(1, 2)),
    ("lineage", Place::Floor(1, 3)),
    ("jobs", Place::Floor(1, 3)),
    ("outbound", Place::Floor(1, 3)),
    ("ui", Place::Floor(1, 3)),
    ("web", Place::Floor(1, 4)),
    ("matching", Place::Floor(2, 0)),
    ("tabular", Place::Floor(2, 0)),
    ("emag-api", Place::Floor(2, 0)),
    ("emag-sandbox", Place::Floor(2, 0)),
    ("identity", Place::Floor(SLICES, 0)),
    ("catalog", Place::Floor(SLICES, 1)),
    ("suppliers", Place::Floor(SLICES, 2)),
    ("inventory", Place::Floor(SLICES, 2)),
    ("purchasing", Place::Floor(SLICES, 3)),
    ("orders", Place::Floor(SLICES, 4)),
    ("restock", Place::Floor(SLICES, 5)),
    ("emag", Place::Floor(SLICES, 6)),
    ("pairing", Place::Floor(SLICES, 7)),
    ("notify", Place::Floor(SLICES, 8)),
    ("reports", Place::Floor(SLICES, 9)),
    ("graph", Place::Floor(4, 0)),
    ("server", Place::Floor(5, 0)),
    ("testkit", Place::TestBench),
    ("xtask", Place::Tool),
];

/// The floor of the slices.
pub(crate) const SLICES: u8 = 3;

/// Could be used alone by others, so they know at most the vocabulary.
pub(crate) const STANDALONE: &[&str] = &["emag-api", "emag-sandbox", "lineage", "matching"];

/// Floors on which a crate may send SQL without being a slice, each with its reason.
pub(crate) const SQL_KITS: &[(&str, &str)] = &[
    (
        "db",
        "opens transactions, keeps the embedded server and asks about it",
    ),
    (
        "jobs",
        "owns the event subscriptions and talks to the queue's schema",
    ),
    ("web", "owns the idempotency keys and the live channel"),
    ("lineage", "owns its state schema and runs revisions"),
    ("testkit", "makes databases for tests"),
];

/// Source files past this many lines are worth splitting.
pub(crate) const LINES_WARN: usize = 400;
/// And past this many must be.
pub(crate) const LINES_MAX: usize = 600;
/// Longer for a reason.
pub(crate) const LONG_FILES: &[(&str, &str)] = &[];

/// Names that say nothing about what is inside.
pub(crate) const DRAWERS: &[&str] = &["utils", "util", "helpers", "helper", "misc", "common"];

/// Tables without an audit trigger, each with its reason.
pub(crate) const NOT_AUDITED: &[(&str, &str)] = &[
    ("audit_logs", "is the trail"),
    (
        "event_subscriptions",
        "written by the program at start, from its code",
    ),
    ("idempotency_keys", "copies of answers, purged after a day"),
    ("permissions", "written by the program at start, from its code"),
    ("sessions", "made by log-ins, not by editing; holds hashes only"),
    ("login_failures", "is itself a log, purged"),
    ("inventory", "follows the ledger, which names who and why"),
    ("product_stock", "follows the levels, which follow the ledger"),
    (
        "stock_movements",
        "append-only: is its own trail, with user and reason",
    ),
    (
        "reservations",
        "every change is made by an order line, which is audited",
    ),
    (
        "emag_listings",
        "a mirror of the marketplace; what we send is in emag_pushes",
    ),
    (
        "emag_orders",
        "a mirror of the marketplace beside the audited sales order",
    ),
    ("emag_sync_runs", "is itself a log"),
    ("emag_sync_failures", "is itself a log"),
    ("emag_pushes", "is itself a log"),
    ("emag_calls", "is itself a log, purged after 30 days"),
];

/// Parents that are never deleted: without deletes nobody looks for children by this key, so an index on the child
/// would only cost. Tidy refuses any `DELETE FROM` them.
pub(crate) const NEVER_DELETED: &[(&str, &str)] = &[
    ("users", "a user is disabled, since the trail names them for ever"),
    (
        "warehouses",
        "a warehouse is closed, since the ledger names it for ever",
    ),
    (
        "inventory",
        "a level stays for its ledger; its own trigger refuses the deletion",
    ),
    (
        "emag_accounts",
        "an account is switched off, since its orders name it for ever",
    ),
    (
        "emag_listings",
        "a listing that vanished is marked, since what was sent names it",
    ),
];

/// Paths that exist on one machine only.
pub(crate) const MACHINE_PATHS: &[&str] = &["/home/", "/Users/", "/root/", "C:\\Users\\", "/tmp/target"];

/// Left-overs that must not be checked in. Spelt so that this file is none.
pub(crate) const LEFTOVERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// How the lines of an unsolved merge begin.
pub(crate) const CONFLICTS: &[&str] = &["<<<<<<< ", ">>>>>>> "];
