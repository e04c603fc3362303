//! From the bytes of one file to a revision and findings.
//!
//! The header and the parts are read by the files beside; here they are put together. Never fails as a whole.

use std::io;

use crate::core::finding::{Finding, Place, Rule};
use crate::core::hash::raw_hash;
use crate::core::token::tokenize;

use super::{Down, Revision, Section, revision_hash};

/// A file larger than this is data, not a migration.
pub(crate) const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What a file gave: a revision if it can take part in the graph, and everything wrong with it.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) revision: Option<Revision>,
    pub(crate) findings: Vec<Finding>,
}

/// Reads one file.
pub(crate) fn read(file: &str, bytes: &[u8]) -> Reading {
    let mut reader = Reader {
        file,
        text: String::new(),
        findings: Vec::new(),
    };
    let revision = match decode(file, bytes) {
        Ok(text) => {
            reader.text = text;
            reader.revision(bytes)
        }
        Err(finding) => {
            reader.findings.push(*finding);
            None
        }
    };
    Reading {
        revision,
        findings: reader.findings,
    }
}

fn too_large(file: &str) -> Finding {
    Finding::error(
        Rule::G06,
        Place::file(file),
        "the file is larger than 16 MiB",
        "load data with `import` or a job, not with a revision",
    )
}

/// A file that cannot be read is a finding like any other, so that the rest of the directory is still judged.
pub(crate) fn unreadable(file: &str, cause: &io::Error) -> Reading {
    let message = format!("the file cannot be read: {cause}");
    let help = "make it readable, or take it out of the directory";
    Reading {
        revision: None,
        findings: vec![Finding::error(Rule::G06, Place::file(file), message, help)],
    }
}

fn decode(file: &str, bytes: &[u8]) -> Result<String, Box<Finding>> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Box::new(too_large(file)));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(wrong) => {
            let good = String::from_utf8_lossy(bytes.get(..wrong.valid_up_to()).unwrap_or_default());
            let place = Place::in_text(file, &good, good.len(), good.len());
            let message = format!("byte {} is not UTF-8", wrong.valid_up_to());
            return Err(Box::new(Finding::error(
                Rule::G06,
                place,
                message,
                "save the file as UTF-8",
            )));
        }
    };
    if let Some(at) = text.find('\0') {
        let place = Place::in_text(file, text, at, at + 1);
        let help = "remove the NUL byte; PostgreSQL cannot store one in a text either";
        return Err(Box::new(Finding::error(
            Rule::G06,
            place,
            "the file holds a NUL byte",
            help,
        )));
    }
    Ok(text.replace("\r\n", "\n"))
}

fn down_section(down: &Down) -> Option<&Section> {
    match down {
        Down::Sql(section) => Some(section),
        Down::Irreversible(_) => None,
    }
}

pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) text: String,
    pub(super) findings: Vec<Finding>,
}

/// A header value and where it stands.
pub(super) struct Value {
    pub(super) text: String,
    pub(super) place: Place,
}

impl Reader<'_> {
    pub(super) fn place(&self, start: usize, end: usize) -> Place {
        Place::in_text(self.file, &self.text, start, end)
    }

    pub(super) fn report(&mut self, place: Place, message: impl Into<String>, help: impl Into<String>) {
        self.findings
            .push(Finding::error(Rule::G06, place, message, help));
    }

    fn revision(&mut self, bytes: &[u8]) -> Option<Revision> {
        let tokens = match tokenize(&self.text) {
            Ok(tokens) => tokens,
            Err(open) => {
                let place = self.place(open.start(), open.start() + 1);
                self.report(
                    place,
                    open.to_string(),
                    "close it; everything after it would be swallowed",
                );
                Vec::new()
            }
        };
        self.unread(&tokens);
        let header_end = self.header_end();
        let mut allows = Vec::new();
        let mut header = self.header(header_end, &mut allows);
        let parts = self.parts(&tokens, header_end);
        let irreversible = header
            .remove("irreversible")
            .or_else(|| self.late_irreversible(&tokens, header_end));
        let id_value = header.remove("id");
        let id = self.id(id_value.as_ref());
        self.format(header.remove("lineage").as_ref());
        let (parents, parent_place) = self.parents(&mut header);
        let down = self.down(parts.down, irreversible);
        let transactional = self.transaction(header.remove("transaction").as_ref());
        let phase = self.phase(header.remove("phase").as_ref());
        let replaces = self.replaces(header.remove("replaces").as_ref());
        let up = self.up(parts.up);
        self.not_written_yet(&up, parents.as_deref().unwrap_or_default());
        let (Some(id), Some(parents), Some(down)) = (id, parents, down) else {
            return None;
        };
        let check = parts.check;
        self.statements([Some(&up), down_section(&down)], transactional);
        self.checks(&check);
        let down_sql = down_section(&down).map_or("", |section| section.sql.as_str());
        let token_hash = revision_hash(&up.sql, down_sql, &check.sql);
        Some(Revision {
            id,
            parents,
            title: header.remove("title").map(|value| value.text).unwrap_or_default(),
            phase,
            allows,
            transactional,
            replaces,
            file: self.file.to_owned(),
            up,
            down,
            check,
            token_hash,
            raw_hash: raw_hash(bytes),
            parent_place,
            id_place: id_value.map(|value| value.place).unwrap_or_default(),
            text: std::mem::take(&mut self.text),
        })
    }

    pub(super) fn first_line(&self) -> Place {
        Place::in_text(
            self.file,
            &self.text,
            0,
            self.text.find('\n').unwrap_or(self.text.len()),
        )
    }
}
