//! The parts of a revision: what stands under `-- >> up`, `-- >> down` and `-- >> check`.

use crate::core::finding::{Finding, Place, Rule, Severity};
use crate::core::nearest::nearest;
use crate::core::script::{control, forbidden, leading_words, split_tokens};
use crate::core::step::Way;
use crate::core::token::{Token, TokenKind};

use super::read::{Reader, Value};
use super::{Down, RevisionId, Section};

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

pub(super) struct Parts {
    pub(super) up: Option<Section>,
    pub(super) down: Option<Section>,
    pub(super) check: Section,
}

impl Reader<'_> {
    pub(super) fn up(&mut self, up: Option<Section>) -> Section {
        let Some(up) = up else {
            let place = self.first_line();
            self.report(
                place,
                "the part `-- >> up` is missing",
                "add `-- >> up` above the SQL",
            );
            return Section::default();
        };
        up
    }

    /// A merge joins two lines and may have nothing else to do.
    pub(super) fn not_written_yet(&mut self, up: &Section, parents: &[RevisionId]) {
        if up.statements.is_empty() && parents.len() < 2 && up != &Section::default() {
            let place = self.place(up.offset.saturating_sub(1), up.offset);
            let message = "the up part has no statement yet";
            let finding = Finding::error(Rule::G06, place, message, "write it, or delete the revision");
            self.findings.push(finding.with_severity(Severity::Warning));
        }
    }

    pub(super) fn down(&mut self, down: Option<Section>, irreversible: Option<Value>) -> Option<Down> {
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
    pub(super) fn late_irreversible(&self, tokens: &[Token], header_end: usize) -> Option<Value> {
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

    /// `-- unread: ...`: an adopted revision is not whole until somebody has written what stands there.
    pub(super) fn unread(&mut self, tokens: &[Token]) {
        let comments = tokens.iter().filter(|token| token.kind == TokenKind::LineComment);
        for token in comments {
            let marked = token.text(&self.text).starts_with("-- unread:");
            if marked && self.starts_line(token.start) {
                let place = self.place(token.start, token.end);
                let message = "an operation of the original could not be read";
                let help = "write it as SQL in place of this line and the DO block below it";
                self.findings
                    .push(Finding::error(Rule::A05, place, message, help));
            }
        }
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

    pub(super) fn parts(&mut self, tokens: &[Token], header_end: usize) -> Parts {
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
        let kept = inside
            .iter()
            .copied()
            .filter(|t| quit.is_none_or(|(from, to)| t.start < from || t.end > to));
        let statements = split_tokens(&self.text, kept)
            .into_iter()
            .map(|statement| statement.back_by(start))
            .collect();
        Section {
            sql,
            offset: start,
            statements,
        }
    }

    pub(super) fn statements(&mut self, sections: [Option<&Section>; 2], transactional: bool) {
        for section in sections.into_iter().flatten() {
            for (number, statement) in section.statements.iter().enumerate() {
                let text = statement.text(&section.sql);
                let wrong = if transactional {
                    forbidden(text).map(|why| (Rule::L25, "this statement cannot run inside a revision", why))
                } else {
                    unfit_step(section, number)
                };
                if let Some((rule, message, why)) = wrong {
                    let at = section.offset + statement.start;
                    let place = self.place(at, section.offset + statement.end);
                    self.findings.push(Finding::error(rule, place, message, why));
                }
            }
        }
    }

    pub(super) fn checks(&mut self, check: &Section) {
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

/// What is wrong with a statement as a step of a revision without a transaction.
fn unfit_step(section: &Section, number: usize) -> Option<(Rule, &'static str, &'static str)> {
    let statement = section.statements.get(number)?;
    if let Some(why) = control(statement.text(&section.sql)) {
        return Some((Rule::L25, "this statement cannot run inside a revision", why));
    }
    match Way::of(&section.sql, &section.statements, number) {
        Way::Unknown(why) => Some((
            Rule::I04,
            "nobody could tell after a crash whether this step was done",
            why,
        )),
        Way::Recorded
        | Way::Setting
        | Way::BuildIndex
        | Way::DropIndex
        | Way::Reindex
        | Way::Detach
        | Way::Repeatable
        | Way::Probed(_) => None,
    }
}
