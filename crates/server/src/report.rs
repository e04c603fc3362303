//! What commands print: machine output on standard output, words for people on standard error.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what a command line does"
)]

use serde::Serialize;

/// How a command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Text,
    Json,
}

impl Output {
    pub(crate) fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }

    /// The result of a reporting command, once.
    pub(crate) fn report<T: Serialize>(self, value: &T, text: impl FnOnce() -> String) {
        match self {
            Self::Json => line(&serde_json::to_string(value).unwrap_or_default()),
            Self::Text => line(&text()),
        }
    }
}

/// A line of the result. A reader that has seen enough (`| head`) ends us quietly.
pub(crate) fn line(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let written = if text.ends_with('\n') {
        write!(out, "{text}")
    } else {
        writeln!(out, "{text}")
    };
    if written.and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// A line for the person watching.
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}
