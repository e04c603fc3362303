//! One revision: its header and parts, read from the text of one file.
//!
//! Always holds: reading never fails as a whole; what cannot be understood becomes a finding with
//! its place. Section marks count only outside strings, quoted texts and block comments. Line
//! endings are read as LF everywhere, so a checkout with CRLF is the same revision.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::core::finding::{Finding, Place, Rule, Severity};
use crate::core::hash::{TokenHash, raw_hash};
use crate::core::nearest::nearest;
use crate::core::script::{Statement, forbidden, leading_words, split};
use crate::core::token::{Token, TokenKind, tokenize};

/// A file larger than this is data, not a migration.
const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
const ID_CHARS_MAX: usize = 64;
const HEADER_KEYS: [&str; 10] = [
    "lineage",
    "id",
    "parent",
    "parents",
    "title",
    "transaction",
    "phase",
    "replaces",
    "allow",
    "irreversible",
];
const FORMAT: &str = "1";
const EXAMPLE: &str = "begin the file with `-- lineage: 1`, `-- id: <12 hex>`, `-- parent: <id or base>`";

/// The name of a revision in the graph: 1 to 64 of `a-z`, `0-9` and `_`, not `base` or `head`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionId(String);

impl RevisionId {
    /// `None` unless the text obeys the rule above.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let reserved = matches!(text, "base" | "head");
        (letters && !reserved && (1..=ID_CHARS_MAX).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RevisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RevisionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Where in a zero-downtime change a revision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Adds what the next version needs.
    Expand,
    /// Moves data.
    Migrate,
    /// Removes what no version needs any more.
    Contract,
}

/// The SQL of one part and where it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// The SQL, line endings as LF.
    pub sql: String,
    /// Byte offset of `sql` in [`Revision::text`].
    pub offset: usize,
    /// The statements, as ranges of `sql`.
    pub statements: Vec<Statement>,
}

/// How a revision is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Down {
    /// By this SQL.
    Sql(Section),
    /// Not at all, for this reason.
    Irreversible(String),
}

/// A revision as read from its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its name in the graph.
    pub id: RevisionId,
    /// No parent for a root, several for a merge.
    pub parents: Vec<RevisionId>,
    /// What it is about, for people.
    pub title: String,
    /// Declared phase.
    pub phase: Option<Phase>,
    /// Raw `allow:` lines, for the linter.
    pub allows: Vec<String>,
    /// Ids this revision stands for, on a squash.
    pub replaces: Vec<RevisionId>,
    /// File name as given by the reader.
    pub file: String,
    /// The whole file, line endings as LF.
    pub text: String,
    /// The part that brings the schema forward.
    pub up: Section,
    /// The way back.
    pub down: Down,
    /// Queries that must return true after `up`.
    pub check: Section,
    /// What the SQL means.
    pub token_hash: TokenHash,
    /// The bytes of the file, `r1:...`.
    pub raw_hash: String,
    /// Place of the `parent:` line.
    pub(crate) parent_place: Place,
    /// Place of the `id:` line.
    pub(crate) id_place: Place,
}

impl Revision {
    /// The parents as the lock file and the history show them: `base`, an id, or ids with commas.
    pub fn parents_text(&self) -> String {
        parents_text(&self.parents)
    }

    /// The SQL of the down part; empty for an irreversible revision.
    pub fn down_sql(&self) -> &str {
        match &self.down {
            Down::Sql(section) => &section.sql,
            Down::Irreversible(_) => "",
        }
    }

    /// The place of byte `at` of `section`.
    pub fn place_in(&self, section: &Section, at: usize) -> Place {
        let at = section.offset + at;
        Place::in_text(&self.file, &self.text, at, at + 1)
    }
}

pub(crate) fn parents_text(parents: &[RevisionId]) -> String {
    if parents.is_empty() {
        return "base".to_owned();
    }
    parents
        .iter()
        .map(RevisionId::as_str)
        .collect::<Vec<_>>()
        .join(",")
}

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

fn decode(file: &str, bytes: &[u8]) -> Result<String, Box<Finding>> {
    let refuse = |message: &str, help: &str| {
        Err(Box::new(Finding::error(
            Rule::G06,
            Place::file(file),
            message,
            help,
        )))
    };
    if bytes.len() > FILE_BYTES_MAX {
        return refuse(
            "the file is larger than 16 MiB",
            "load data with `import` or a job, not with a revision",
        );
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

struct Reader<'a> {
    file: &'a str,
    text: String,
    findings: Vec<Finding>,
}

/// A header value and where it stands.
struct Value {
    text: String,
    place: Place,
}

/// The kinds of section mark.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Up,
    Down,
    Check,
    /// Known to the format, not to this stage.
    Later,
}

struct Mark {
    part: Part,
    /// The comment's range.
    start: usize,
    end: usize,
}

struct Parts {
    up: Option<Section>,
    down: Option<Section>,
    check: Section,
}

impl Reader<'_> {
    fn place(&self, start: usize, end: usize) -> Place {
        Place::in_text(self.file, &self.text, start, end)
    }

    fn report(&mut self, place: Place, message: impl Into<String>, help: impl Into<String>) {
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
        let header_end = self.header_end();
        let mut header = self.header(header_end);
        let parts = self.parts(&tokens, header_end);
        let irreversible = header
            .remove("irreversible")
            .or_else(|| self.late_irreversible(&tokens, header_end));
        let id_value = header.remove("id");
        let id = self.id(id_value.as_ref());
        self.format(header.remove("lineage").as_ref());
        let (parents, parent_place) = self.parents(&mut header);
        let down = self.down(parts.down, irreversible);
        self.transaction(header.remove("transaction").as_ref());
        let phase = self.phase(header.remove("phase").as_ref());
        let replaces = self.replaces(header.remove("replaces").as_ref());
        let up = self.up(parts.up);
        let (Some(id), Some(parents), Some(down)) = (id, parents, down) else {
            return None;
        };
        let check = parts.check;
        self.statements(&up, &down, &check);
        let down_sql = if let Down::Sql(section) = &down {
            section.sql.as_str()
        } else {
            ""
        };
        let token_hash = revision_hash(&up.sql, down_sql, &check.sql);
        Some(Revision {
            id,
            parents,
            title: header.remove("title").map(|value| value.text).unwrap_or_default(),
            phase,
            allows: header
                .remove("allow")
                .map(|value| lines_of(&value.text))
                .unwrap_or_default(),
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

    /// The header is the comment lines at the top, up to the first other line or section mark.
    fn header_end(&self) -> usize {
        let mut end = 0;
        for line in self.text.split_inclusive('\n') {
            let trimmed = line.trim();
            if trimmed.is_empty() && self.text.get(..end).is_some_and(|above| above.trim().is_empty()) {
                end += line.len();
                continue;
            }
            if !trimmed.starts_with("--") || trimmed.starts_with("-- >>") {
                break;
            }
            end += line.len();
        }
        end
    }

    fn header(&mut self, end: usize) -> BTreeMap<&'static str, Value> {
        let header = self.text.get(..end).unwrap_or("").to_owned();
        let mut values: BTreeMap<&'static str, Value> = BTreeMap::new();
        let mut at = 0;
        for line in header.split_inclusive('\n') {
            let place = self.place(at, at + line.trim_end().len());
            at += line.len();
            self.header_line(line.trim().trim_start_matches('-').trim(), place, &mut values);
        }
        values
    }

    fn header_line(&mut self, line: &str, place: Place, values: &mut BTreeMap<&'static str, Value>) {
        if line.is_empty() {
            return;
        }
        let Some((key, value)) = line.split_once(':') else {
            return self.report(
                place,
                "a header line is `-- key: value`",
                "put remarks below an empty line, after the header",
            );
        };
        let Some(known) = HEADER_KEYS.iter().find(|known| **known == key.trim()) else {
            let help = match nearest(key.trim(), HEADER_KEYS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "known keys: {}; put remarks below an empty line",
                    HEADER_KEYS.join(", ")
                ),
            };
            return self.report(place, format!("unknown header key `{}`", key.trim()), help);
        };
        let text = header_value(known, value);
        match values.get_mut(known) {
            Some(earlier) if *known == "allow" => {
                earlier.text.push('\n');
                earlier.text.push_str(&text);
            }
            Some(earlier) => {
                let first = earlier.place.line;
                let message = format!("`{known}` is given twice (first on line {first})");
                self.report(place, message, "keep one of them");
            }
            None => {
                values.insert(known, Value { text, place });
            }
        }
    }

    fn format(&mut self, value: Option<&Value>) {
        match value {
            Some(value) if value.text == FORMAT => {}
            Some(value) => {
                let message = format!(
                    "format `{}` is not known to this version (it reads {FORMAT})",
                    value.text
                );
                self.report(
                    value.place.clone(),
                    message,
                    "write `-- lineage: 1`, or use a newer engine",
                );
            }
            None => {
                let place = self.first_line();
                self.report(place, "the header line `-- lineage: 1` is missing", EXAMPLE);
            }
        }
    }

    fn first_line(&self) -> Place {
        Place::in_text(
            self.file,
            &self.text,
            0,
            self.text.find('\n').unwrap_or(self.text.len()),
        )
    }

    fn id(&mut self, value: Option<&Value>) -> Option<RevisionId> {
        let Some(value) = value else {
            let place = self.first_line();
            self.report(place, "the header has no `id`", EXAMPLE);
            return None;
        };
        let id = RevisionId::parse(&value.text);
        if id.is_none() {
            let message = format!("`{}` is not a revision id", value.text);
            let help = "an id is 1 to 64 of a-z, 0-9 and _, and not `base` or `head`";
            self.report(value.place.clone(), message, help);
        }
        id
    }

    fn parents(&mut self, header: &mut BTreeMap<&'static str, Value>) -> (Option<Vec<RevisionId>>, Place) {
        let value = match (header.remove("parent"), header.remove("parents")) {
            (Some(value), None) | (None, Some(value)) => value,
            (Some(_), Some(both)) => {
                let help = "`parent` for one, `parents` for a merge";
                self.report(both.place, "both `parent` and `parents` are given", help);
                return (None, Place::default());
            }
            (None, None) => {
                let place = self.first_line();
                self.report(place, "the header has no `parent`", EXAMPLE);
                return (None, Place::default());
            }
        };
        if value.text == "base" {
            return (Some(Vec::new()), value.place);
        }
        let mut parents = Vec::new();
        for name in value.text.split(',').map(str::trim) {
            match RevisionId::parse(name) {
                Some(id) if !parents.contains(&id) => parents.push(id),
                Some(_) => self.report(
                    value.place.clone(),
                    format!("parent `{name}` is given twice"),
                    "keep one",
                ),
                None => {
                    let help = "a parent is the id of another revision, or `base` for the first one";
                    self.report(
                        value.place.clone(),
                        format!("`{name}` is not a revision id"),
                        help,
                    );
                    return (None, value.place);
                }
            }
        }
        (Some(parents), value.place)
    }

    fn transaction(&mut self, value: Option<&Value>) {
        let Some(value) = value else { return };
        match value.text.as_str() {
            "yes" => {}
            "no" => self.findings.push(Finding::error(
                Rule::U01,
                value.place.clone(),
                "`transaction: no` is not offered by this version of the engine",
                "build the index without CONCURRENTLY while the table is small, or in a quiet hour",
            )),
            other => {
                let message = format!("`transaction` is yes or no, not `{other}`");
                self.report(value.place.clone(), message, "leave the line out for yes");
            }
        }
    }

    fn phase(&mut self, value: Option<&Value>) -> Option<Phase> {
        let value = value?;
        match value.text.as_str() {
            "expand" => Some(Phase::Expand),
            "migrate" => Some(Phase::Migrate),
            "contract" => Some(Phase::Contract),
            other => {
                let message = format!("`{other}` is not a phase");
                self.report(
                    value.place.clone(),
                    message,
                    "a phase is expand, migrate or contract",
                );
                None
            }
        }
    }

    fn replaces(&mut self, value: Option<&Value>) -> Vec<RevisionId> {
        let Some(value) = value else { return Vec::new() };
        self.findings.push(Finding::error(
            Rule::U01,
            value.place.clone(),
            "squash revisions (`replaces`) are not offered by this version of the engine",
            "keep the replaced revisions in the chain",
        ));
        value
            .text
            .split(',')
            .filter_map(|name| RevisionId::parse(name.trim()))
            .collect()
    }

    fn up(&mut self, up: Option<Section>) -> Section {
        let Some(up) = up else {
            let place = self.first_line();
            self.report(
                place,
                "the part `-- >> up` is missing",
                "add `-- >> up` above the SQL",
            );
            return Section::default();
        };
        if up.statements.is_empty() {
            let place = self.place(up.offset.saturating_sub(1), up.offset);
            let message = "the up part has no statement yet";
            let finding = Finding::error(Rule::G06, place, message, "write it, or delete the revision");
            self.findings.push(finding.with_severity(Severity::Warning));
        }
        up
    }

    fn down(&mut self, down: Option<Section>, irreversible: Option<Value>) -> Option<Down> {
        match (down, irreversible) {
            (Some(down), None) => Some(Down::Sql(down)),
            (None, Some(reason)) if !reason.text.is_empty() => Some(Down::Irreversible(reason.text)),
            (None, Some(reason)) => {
                let help = "say why there is no way back: `-- irreversible: <reason>`";
                self.report(reason.place, "`irreversible` has no reason", help);
                None
            }
            (Some(_), Some(reason)) => {
                let message = "a revision has either a down part or `irreversible`, not both";
                self.report(reason.place, message, "remove one of them");
                None
            }
            (None, None) => {
                let place = self.first_line();
                let help = "add `-- >> down`, or `-- irreversible: <reason>` if there is no way back";
                let message = "neither a down part nor `irreversible`";
                self.findings
                    .push(Finding::error(Rule::R01, place, message, help));
                Some(Down::Irreversible("no down part was written".to_owned()))
            }
        }
    }

    /// `-- irreversible: reason` may also stand where the down part would.
    fn late_irreversible(&self, tokens: &[Token], header_end: usize) -> Option<Value> {
        let comments = tokens
            .iter()
            .filter(|token| token.kind == TokenKind::LineComment && token.start >= header_end);
        for token in comments {
            let body = token.text(&self.text).trim_start_matches('-').trim();
            if let Some(reason) = body.strip_prefix("irreversible:")
                && self.starts_line(token.start)
            {
                return Some(Value {
                    text: reason.trim().to_owned(),
                    place: self.place(token.start, token.end),
                });
            }
        }
        None
    }

    fn starts_line(&self, at: usize) -> bool {
        at == 0 || self.text.as_bytes().get(at - 1) == Some(&b'\n')
    }

    fn marks(&mut self, tokens: &[Token]) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        for token in tokens.iter().filter(|token| token.kind == TokenKind::LineComment) {
            let Some(name) = token.text(&self.text).strip_prefix("-- >>") else {
                continue;
            };
            if !self.starts_line(token.start) {
                continue;
            }
            let name = name.split(" --").next().unwrap_or("").trim().to_owned();
            let place = self.place(token.start, token.end);
            let Some(part) = self.part(&name, place.clone()) else {
                continue;
            };
            if part != Part::Later && marks.iter().any(|mark| mark.part == part) {
                self.report(
                    place,
                    format!("`-- >> {name}` is given twice"),
                    "keep one part of each kind",
                );
                continue;
            }
            marks.push(Mark {
                part,
                start: token.start,
                end: token.end,
            });
        }
        marks
    }

    fn part(&mut self, name: &str, place: Place) -> Option<Part> {
        let first = name.split_whitespace().next().unwrap_or("");
        match (first, first == name) {
            ("up", true) => Some(Part::Up),
            ("down", true) => Some(Part::Down),
            ("check", true) => Some(Part::Check),
            ("up" | "backfill", false) => {
                let message = format!("`-- >> {name}` is not offered by this version of the engine");
                let help = "write the change as SQL under `-- >> up`";
                self.findings
                    .push(Finding::error(Rule::U01, place, message, help));
                Some(Part::Later)
            }
            (_, _) => {
                let help = match nearest(first, ["up", "down", "check"]) {
                    Some(near) => format!("did you mean `-- >> {near}`?"),
                    None => "the parts are `-- >> up`, `-- >> down` and `-- >> check`".to_owned(),
                };
                self.report(place, format!("`-- >> {name}` is not a part of a revision"), help);
                None
            }
        }
    }

    fn parts(&mut self, tokens: &[Token], header_end: usize) -> Parts {
        let marks = self.marks(tokens);
        let first = marks.first().map_or(self.text.len(), |mark| mark.start);
        let stray = tokens
            .iter()
            .find(|t| !t.is_comment() && t.start >= header_end && t.start < first);
        if let Some(token) = stray {
            let place = self.place(token.start, token.end);
            self.report(place, "SQL before the first part", "put it under `-- >> up`");
        }
        let mut parts = Parts {
            up: None,
            down: None,
            check: Section::default(),
        };
        for (at, mark) in marks.iter().enumerate() {
            let next = marks.get(at + 1);
            let end = next.map_or(self.text.len(), |next| next.start);
            let quit_allowed = next.is_some_and(|next| next.part == Part::Down);
            let section = self.section(tokens, (mark.end + 1).min(end), end, quit_allowed);
            match mark.part {
                Part::Up => parts.up = Some(section),
                Part::Down => parts.down = Some(section),
                Part::Check => parts.check = section,
                Part::Later => {}
            }
        }
        parts
    }

    /// Cuts out one part. `\quit` above `-- >> down` is for psql, which stops there; it becomes spaces here.
    fn section(&mut self, tokens: &[Token], start: usize, end: usize, quit_allowed: bool) -> Section {
        let mut sql = self.text.get(start..end).unwrap_or("").to_owned();
        let inside: Vec<&Token> = tokens
            .iter()
            .filter(|t| t.start >= start && t.end <= end && !t.is_comment())
            .collect();
        let is = |token: &Token, text: &str| token.text(&self.text) == text;
        let ending = inside.len().checked_sub(2).and_then(|at| inside.get(at..));
        let quit = match ending {
            Some([slash, word]) if quit_allowed && is(slash, "\\") && (is(word, "quit") || is(word, "q")) => {
                Some((slash.start, word.end))
            }
            Some(_) | None => None,
        };
        if let Some((from, to)) = quit {
            sql.replace_range(from - start..to - start, &" ".repeat(to - from));
        }
        let stray = inside
            .iter()
            .find(|t| is(t, "\\") && quit.is_none_or(|(from, _)| t.start != from));
        if let Some(token) = stray {
            let place = self.place(token.start, token.end + 1);
            let help = "a revision is plain SQL; only `\\quit` directly above `-- >> down` is allowed";
            self.report(place, "a psql command in a revision", help);
        }
        let statements = split(&sql).unwrap_or_default();
        Section {
            sql,
            offset: start,
            statements,
        }
    }

    fn statements(&mut self, up: &Section, down: &Down, check: &Section) {
        let mut sections = vec![up];
        if let Down::Sql(down) = down {
            sections.push(down);
        }
        for section in sections {
            for statement in &section.statements {
                if let Some(why) = forbidden(statement.text(&section.sql)) {
                    let at = section.offset + statement.start;
                    let place = self.place(at, section.offset + statement.end);
                    let message = "this statement cannot run inside a revision";
                    self.findings.push(Finding::error(Rule::L25, place, message, why));
                }
            }
        }
        for statement in &check.statements {
            let words = leading_words(statement.text(&check.sql), 1);
            if !matches!(
                words.first().map(String::as_str),
                Some("select" | "with" | "values" | "table")
            ) {
                let place = self.place(check.offset + statement.start, check.offset + statement.end);
                let help = "write a SELECT that returns true when all is well";
                self.report(place, "a check is a query", help);
            }
        }
    }
}

/// The token hash of a revision with these parts.
pub(crate) fn revision_hash(up: &str, down: &str, check: &str) -> TokenHash {
    TokenHash::of(&[("up", up), ("down", down), ("check", check)])
}

/// Values of the short keys may be followed by a remark (`-- like this`); prose keeps its dashes.
fn header_value(key: &str, value: &str) -> String {
    let prose = matches!(key, "title" | "allow" | "irreversible");
    let value = if prose {
        value
    } else {
        value.split("--").next().unwrap_or("")
    };
    value.trim().to_owned()
}

fn lines_of(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}
