//! A revision of another tool, in our words: SQL whose every line remembers where it came from.

use std::sync::Arc;

use crate::core::finding::{Finding, Place};

/// A file of the other tool.
#[derive(Debug)]
pub(super) struct Source {
    /// As shown to people.
    pub(super) name: String,
    pub(super) text: String,
}

impl Source {
    /// Line `number` (from 1) as a place, without its indentation; 0 is the file as a whole.
    pub(super) fn place(&self, number: usize) -> Place {
        let line = number.checked_sub(1).and_then(|at| self.text.lines().nth(at));
        let Some(line) = line else {
            return Place::file(self.name.clone());
        };
        let indent = line.len() - line.trim_start().len();
        Place {
            file: self.name.clone(),
            line: number,
            column: line[..indent].chars().count() + 1,
            text: line.to_owned(),
            width: line.trim().chars().count().max(1),
        }
    }
}

/// A line of SQL and the line it was made from.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) sql: String,
    pub(super) source: Arc<Source>,
    pub(super) number: usize,
    /// Nothing that could be read: it must be written by hand before the revision can run.
    pub(super) unread: bool,
}

/// One revision of the other tool.
#[derive(Debug)]
pub(super) struct Original {
    /// The file that holds it, or its way up.
    pub(super) source: Arc<Source>,
    /// The id it has there.
    pub(super) id: String,
    pub(super) id_line: usize,
    /// Ids it comes after.
    pub(super) parents: Vec<String>,
    pub(super) parent_line: usize,
    pub(super) title: String,
    /// `YYYYMMDDTHHMM`, or whatever else sorts by time.
    pub(super) stamp: String,
    pub(super) up: Vec<Line>,
    pub(super) down: Vec<Line>,
    pub(super) transaction: bool,
    /// What is wrong with the file itself.
    pub(super) findings: Vec<Finding>,
}

impl Original {
    /// A revision without anything in it.
    pub(super) fn of(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            id: String::new(),
            id_line: 0,
            parents: Vec::new(),
            parent_line: 0,
            title: String::new(),
            stamp: String::new(),
            up: Vec::new(),
            down: Vec::new(),
            transaction: true,
            findings: Vec::new(),
        }
    }

    /// How many operations have to be written by hand.
    pub(super) fn unread(&self) -> usize {
        self.up
            .iter()
            .chain(&self.down)
            .filter(|line| line.unread)
            .count()
    }
}
