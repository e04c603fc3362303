//! Python's lexical rules: names, texts with their prefixes, brackets, and lines by their indentation.
//!
//! Always holds: any input gives tokens; what Python itself would refuse here (a text or bracket that is never
//! closed, an indentation that fits nothing) is reported with its line, and reading goes on.

use crate::adopt::python::Fault;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Number,
    /// A text literal with what it stands for; `None` for f-strings and bytes, which are not literal.
    Text(Option<String>),
    /// Brackets, operators, commas.
    Sign,
    /// The end of a logical line.
    Line,
    Indent,
    Dedent,
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// Line, from 1.
    pub(crate) line: usize,
}

/// Deeper than people indent or nest.
const DEPTH_MAX: usize = 200;

/// All tokens but comments.
pub(crate) fn lex(source: &str) -> (Vec<Token<'_>>, Vec<Fault>) {
    let mut lexer = Lexer {
        source,
        at: 0,
        line: 1,
        open: Vec::new(),
        indents: vec![0],
        tokens: Vec::new(),
        faults: Vec::new(),
    };
    lexer.run();
    (lexer.tokens, lexer.faults)
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: usize,
    /// Brackets that are open, with their lines.
    open: Vec<(u8, usize)>,
    indents: Vec<usize>,
    tokens: Vec<Token<'a>>,
    faults: Vec<Fault>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.source.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.source.len()
    }

    fn push(&mut self, kind: Kind, start: usize, line: usize) {
        let text = self.source.get(start..self.at).unwrap_or("");
        self.tokens.push(Token { kind, text, line });
    }

    fn fault(&mut self, line: usize, message: &str) {
        self.faults.push(Fault {
            line,
            message: message.to_owned(),
        });
    }

    fn run(&mut self) {
        let mut fresh = true;
        while !self.is_at_end() {
            if fresh && self.open.is_empty() {
                fresh = false;
                self.indentation();
                continue;
            }
            match self.peek(0) {
                b'\n' => {
                    if self.open.is_empty() {
                        self.end_line();
                        fresh = true;
                    }
                    self.at += 1;
                    self.line += 1;
                }
                b' ' | b'\t' | b'\r' | 0x0c => self.at += 1,
                b'#' => self.skip_comment(),
                b'\\' if matches!((self.peek(1), self.peek(2)), (b'\n', _) | (b'\r', b'\n')) => {
                    self.at += if self.peek(1) == b'\n' { 2 } else { 3 };
                    self.line += 1;
                }
                _ => self.token(),
            }
        }
        self.end_line();
        if let Some((_, line)) = self.open.first().copied() {
            self.fault(line, "this bracket is never closed");
        }
        while self.indents.len() > 1 {
            self.indents.pop();
            self.push(Kind::Dedent, self.at, self.line);
        }
    }

    fn skip_comment(&mut self) {
        let rest = self.source.get(self.at..).unwrap_or("");
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    fn end_line(&mut self) {
        let inside = self
            .tokens
            .last()
            .is_some_and(|last| !matches!(last.kind, Kind::Line | Kind::Indent | Kind::Dedent));
        if inside {
            self.push(Kind::Line, self.at, self.line);
        }
    }

    /// Spaces before the first token of a line; empty lines and comments have none.
    fn indentation(&mut self) {
        let rest = self.source.get(self.at..).unwrap_or("");
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\u{c}']).len();
        let width = rest[..blank].bytes().fold(0, |width, byte| match byte {
            b'\t' => (width / 8 + 1) * 8,
            0x0c => 0,
            _ => width + 1,
        });
        self.at += blank;
        if self.is_at_end() || matches!(self.peek(0), b'\n' | b'\r' | b'#') {
            return;
        }
        let current = self.indents.last().copied().unwrap_or(0);
        if width > current {
            if self.indents.len() < DEPTH_MAX {
                self.indents.push(width);
                self.push(Kind::Indent, self.at, self.line);
            }
            return;
        }
        while self.indents.last().is_some_and(|last| *last > width) {
            self.indents.pop();
            self.push(Kind::Dedent, self.at, self.line);
        }
        if self.indents.last() != Some(&width) {
            self.fault(self.line, "this indentation fits no line above");
        }
    }

    fn token(&mut self) {
        let (start, line, first) = (self.at, self.line, self.peek(0));
        if let Some(prefix) = self.text_prefix() {
            return self.text(prefix);
        }
        if first.is_ascii_alphabetic() || first == b'_' || first >= 0x80 {
            while self.peek(0).is_ascii_alphanumeric() || self.peek(0) == b'_' || self.peek(0) >= 0x80 {
                self.at += 1;
            }
            return self.push(Kind::Name, start, line);
        }
        if first.is_ascii_digit() || (first == b'.' && self.peek(1).is_ascii_digit()) {
            while self.peek(0).is_ascii_alphanumeric() || matches!(self.peek(0), b'_' | b'.') {
                self.at += 1;
            }
            return self.push(Kind::Number, start, line);
        }
        self.sign(first);
        self.push(Kind::Sign, start, line);
    }

    fn sign(&mut self, first: u8) {
        match first {
            b'(' | b'[' | b'{' => {
                self.open.push((first, self.line));
                if self.open.len() == DEPTH_MAX {
                    self.fault(self.line, "brackets nested too deep to look into");
                }
            }
            b')' | b']' | b'}' => self.close(first),
            _ => {}
        }
        let pairs: [&[u8]; 12] = [
            b"==", b"!=", b"<=", b">=", b"->", b":=", b"**", b"//", b"+=", b"-=", b"|=", b"&=",
        ];
        let pair = [first, self.peek(1)];
        self.at += if pairs.contains(&pair.as_slice()) { 2 } else { 1 };
    }

    fn close(&mut self, mark: u8) {
        let wanted = match mark {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        match self.open.pop() {
            Some((open, _)) if open == wanted => {}
            Some((_, line)) => self.fault(line, "this bracket is closed by another kind of bracket"),
            None => self.fault(self.line, "this bracket was never opened"),
        }
    }

    /// Bytes of the prefix if a text literal begins here.
    fn text_prefix(&self) -> Option<usize> {
        (0..3).find(|length| {
            let prefix = (0..*length).all(|at| {
                matches!(
                    self.peek(at).to_ascii_lowercase(),
                    b'r' | b'b' | b'f' | b'u' | b't'
                )
            });
            prefix && matches!(self.peek(*length), b'\'' | b'"')
        })
    }

    fn text(&mut self, prefix: usize) {
        let (start, line) = (self.at, self.line);
        let letters = self
            .source
            .get(start..start + prefix)
            .unwrap_or("")
            .to_ascii_lowercase();
        let quote = self.peek(prefix);
        let triple = self.peek(prefix + 1) == quote && self.peek(prefix + 2) == quote;
        self.at += prefix + if triple { 3 } else { 1 };
        let body = self.at;
        let closed = self.skip_text(quote, triple);
        let end = self.at;
        if closed {
            self.at += if triple { 3 } else { 1 };
        } else {
            self.fault(line, "this text is never closed");
        }
        let inner = self.source.get(body..end).unwrap_or("");
        let literal = !letters.contains(['f', 'b', 't']);
        let value = literal.then(|| {
            if letters.contains('r') {
                inner.to_owned()
            } else {
                unescape(inner)
            }
        });
        self.push(Kind::Text(value), start, line);
    }

    /// Goes to the closing quote; false if there is none.
    fn skip_text(&mut self, quote: u8, triple: bool) -> bool {
        loop {
            if self.is_at_end() {
                return false;
            }
            let byte = self.peek(0);
            match byte {
                b'\\' => {
                    self.line += usize::from(self.peek(1) == b'\n');
                    self.at = (self.at + 2).min(self.source.len());
                }
                b'\n' if !triple => return false,
                b'\n' => {
                    self.line += 1;
                    self.at += 1;
                }
                _ if byte == quote && (!triple || (self.peek(1) == quote && self.peek(2) == quote)) => {
                    return true;
                }
                _ => self.at += 1,
            }
        }
    }
}

/// The text a literal stands for. Numeric escapes are rare in SQL; one that is malformed stays as written.
fn unescape(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let Some(letter) = after.chars().next() else {
            break;
        };
        rest = &after[letter.len_utf8()..];
        match letter {
            '\n' => {}
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '\\' | '\'' | '"' => out.push(letter),
            'x' | 'u' | 'U' => {
                let digits = match letter {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let code = rest
                    .get(..digits)
                    .and_then(|hex| u32::from_str_radix(hex, 16).ok());
                match code.and_then(char::from_u32) {
                    Some(decoded) => {
                        out.push(decoded);
                        rest = &rest[digits..];
                    }
                    None => out.extend(['\\', letter]),
                }
            }
            other => out.extend(['\\', other]),
        }
    }
    out.push_str(rest);
    out
}
