//! PostgreSQL's lexical rules, as far as hashing and splitting need them.
//!
//! Always holds: tokens are in order, do not overlap, lie on character boundaries, and what is
//! between them is only whitespace; no input makes it panic. It never judges grammar: an unknown
//! character is a token of its own, and the server says what it thinks of it.
//! Strings are read with `standard_conforming_strings = on`, which the runner sets.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A keyword or an unquoted name; case does not matter.
    Word,
    /// `"Name"` or `U&"Name"`.
    QuotedName,
    /// `'text'` with its prefix (`E`, `B`, `X`, `N`, `U&`), if any.
    Text,
    /// `$$text$$` or `$tag$text$tag$`.
    DollarText,
    /// A numeric literal.
    Number,
    /// `$1`.
    Parameter,
    /// An operator of one or more characters.
    Operator,
    /// `( ) [ ] , ; . : :: := ..` and every other single character.
    Mark,
    /// `-- to the end of the line` (without the line break).
    LineComment,
    /// `/* nested */`.
    BlockComment,
}

/// A token as a byte range of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Token {
    /// The token's own text.
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.start..self.end).unwrap_or("")
    }

    /// True for comments, which have no meaning to the server.
    pub fn is_comment(&self) -> bool {
        matches!(self.kind, TokenKind::LineComment | TokenKind::BlockComment)
    }
}

/// Something that was opened and never closed; `start` is where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// A string without its closing quote.
    #[error("this string is never closed")]
    OpenText {
        /// Byte offset of the opening quote or prefix.
        start: usize,
    },
    /// A quoted name without its closing quote.
    #[error("this quoted name is never closed")]
    OpenName {
        /// Byte offset of the opening quote or prefix.
        start: usize,
    },
    /// A dollar-quoted text without its closing tag.
    #[error("this dollar-quoted text is never closed")]
    OpenDollar {
        /// Byte offset of the opening tag.
        start: usize,
    },
    /// A block comment without its closing mark.
    #[error("this comment is never closed")]
    OpenComment {
        /// Byte offset of the opening mark.
        start: usize,
    },
}

impl TokenError {
    /// Byte offset of what was opened.
    pub fn start(&self) -> usize {
        match self {
            Self::OpenText { start }
            | Self::OpenName { start }
            | Self::OpenDollar { start }
            | Self::OpenComment { start } => *start,
        }
    }
}

/// All tokens of `source`, comments included.
pub fn tokenize(source: &str) -> Result<Vec<Token>, TokenError> {
    Lexer::of(source).collect()
}

/// The tokens of `source` up to something that is never closed, each found when it is asked for.
pub(crate) fn tokens(source: &str) -> impl Iterator<Item = Token> {
    Lexer::of(source).map_while(Result::ok)
}

struct Lexer<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// `E'a' <newline> 'b'` is one string: the second part obeys the escapes of the first.
    escapes_go_on: bool,
}

impl Iterator for Lexer<'_> {
    type Item = Result<Token, TokenError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_token().transpose()
    }
}

impl<'a> Lexer<'a> {
    fn of(source: &'a str) -> Self {
        Self {
            bytes: source.as_bytes(),
            source,
            at: 0,
            escapes_go_on: false,
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn next_token(&mut self) -> Result<Option<Token>, TokenError> {
        let newline = self.skip_space();
        let Some(first) = self.peek(0) else {
            return Ok(None);
        };
        let start = self.at;
        let continued = self.escapes_go_on && first == b'\'' && newline;
        let comment = first == b'-' && self.peek(1) == Some(b'-');
        if !comment {
            self.escapes_go_on = false;
        }
        let kind = if comment {
            self.line_comment()
        } else if first == b'/' && self.peek(1) == Some(b'*') {
            self.block_comment(start)?
        } else if first == b'\'' {
            self.quoted(start, b'\'', continued)?
        } else if first == b'"' {
            self.quoted(start, b'"', false)?
        } else if first == b'$' {
            self.dollar(start)?
        } else if is_name_start(first) {
            self.word_or_prefixed(start)?
        } else if first.is_ascii_digit()
            || (first == b'.' && self.peek(1).is_some_and(|b| b.is_ascii_digit()))
        {
            self.number()
        } else if is_operator(first) {
            self.operator()
        } else {
            self.mark(first)
        };
        Ok(Some(Token {
            kind,
            start,
            end: self.at,
        }))
    }

    /// Skips whitespace; true if the text before this token holds a line break since the last non-comment.
    fn skip_space(&mut self) -> bool {
        let mut newline = self.at > 0 && matches!(self.bytes.get(self.at - 1), Some(b'\n' | b'\r'));
        while let Some(byte) = self.peek(0) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c) {
                break;
            }
            newline |= matches!(byte, b'\n' | b'\r');
            self.at += 1;
        }
        newline
    }

    fn line_comment(&mut self) -> TokenKind {
        while self.peek(0).is_some_and(|byte| byte != b'\n' && byte != b'\r') {
            self.at += 1;
        }
        TokenKind::LineComment
    }

    fn block_comment(&mut self, start: usize) -> Result<TokenKind, TokenError> {
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b'/'), Some(b'*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(TokenKind::BlockComment);
                    }
                }
                (Some(_), _) => self.at += 1,
                (None, _) => return Err(TokenError::OpenComment { start }),
            }
        }
    }

    /// A quoted text or name whose opening quote is at the cursor. A doubled quote stands for itself.
    fn quoted(&mut self, start: usize, quote: u8, escapes: bool) -> Result<TokenKind, TokenError> {
        self.at += 1;
        loop {
            match self.peek(0) {
                None if quote == b'"' => return Err(TokenError::OpenName { start }),
                None => return Err(TokenError::OpenText { start }),
                Some(b'\\') if escapes => self.at = (self.at + 2).min(self.bytes.len()),
                Some(byte) if byte == quote && self.peek(1) == Some(quote) => self.at += 2,
                Some(byte) if byte == quote => break,
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        self.escapes_go_on = escapes;
        Ok(if quote == b'"' {
            TokenKind::QuotedName
        } else {
            TokenKind::Text
        })
    }

    /// `$1`, `$tag$...$tag$`, or a lone dollar sign.
    fn dollar(&mut self, start: usize) -> Result<TokenKind, TokenError> {
        if self.peek(1).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
            self.digits();
            return Ok(TokenKind::Parameter);
        }
        let mut tag_end = self.at + 1;
        while self
            .bytes
            .get(tag_end)
            .is_some_and(|b| is_name_start(*b) || b.is_ascii_digit())
        {
            tag_end += 1;
        }
        if self.bytes.get(tag_end) != Some(&b'$') {
            self.at += 1;
            return Ok(TokenKind::Mark);
        }
        let body = tag_end + 1;
        let closing = self.source.get(start..body).unwrap_or("$$");
        let length = self.source.get(body..).and_then(|rest| rest.find(closing));
        let length = length.ok_or(TokenError::OpenDollar { start })?;
        self.at = body + length + closing.len();
        Ok(TokenKind::DollarText)
    }

    fn word_or_prefixed(&mut self, start: usize) -> Result<TokenKind, TokenError> {
        let (first, second, third) = (self.peek(0).unwrap_or(0), self.peek(1), self.peek(2));
        let letter = first.to_ascii_lowercase();
        if second == Some(b'\'') && matches!(letter, b'e' | b'b' | b'x' | b'n') {
            self.at += 1;
            return self.quoted(start, b'\'', letter == b'e');
        }
        if letter == b'u' && second == Some(b'&') && matches!(third, Some(b'\'' | b'"')) {
            self.at += 2;
            return self.quoted(start, third.unwrap_or(b'\''), false);
        }
        while self
            .peek(0)
            .is_some_and(|b| is_name_start(b) || b.is_ascii_digit() || b == b'$')
        {
            self.at += 1;
        }
        Ok(TokenKind::Word)
    }

    fn digits(&mut self) {
        while self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    /// Digits, fraction, exponent; letters that follow at once belong to it (`0xFF`, `1_000`, and trailing junk).
    fn number(&mut self) -> TokenKind {
        self.digits();
        // `1..10` is a range in PL/pgSQL, not a fraction.
        if self.peek(0) == Some(b'.') && self.peek(1) != Some(b'.') {
            self.at += 1;
            self.digits();
        }
        let exponent = self.peek(0).is_some_and(|byte| byte.eq_ignore_ascii_case(&b'e'));
        if exponent
            && matches!(self.peek(1), Some(b'+' | b'-'))
            && self.peek(2).is_some_and(|b| b.is_ascii_digit())
        {
            self.at += 2;
        }
        while self
            .peek(0)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            self.at += 1;
        }
        TokenKind::Number
    }

    /// The longest run of operator characters that the server would take as one: it stops before a
    /// comment, and gives a trailing `+` or `-` back unless the run holds one of `~ ! @ # % ^ & | ?` or a back-tick.
    fn operator(&mut self) -> TokenKind {
        let start = self.at;
        let mut end = start;
        while let Some(byte) = self.bytes.get(end) {
            let next = self.bytes.get(end + 1);
            let comment = matches!((byte, next), (b'-', Some(b'-')) | (b'/', Some(b'*')));
            if comment || !is_operator(*byte) {
                break;
            }
            end += 1;
        }
        let keeps_sign = |run: &[u8]| run.iter().any(|b| b"~!@#%^&|?`".contains(b));
        while end > start + 1
            && matches!(self.bytes[end - 1], b'+' | b'-')
            && !keeps_sign(&self.bytes[start..end - 1])
        {
            end -= 1;
        }
        self.at = end.max(start + 1);
        TokenKind::Operator
    }

    fn mark(&mut self, first: u8) -> TokenKind {
        let double = matches!(
            (first, self.peek(1)),
            (b':', Some(b':' | b'=')) | (b'.', Some(b'.'))
        );
        self.at += if double { 2 } else { 1 };
        TokenKind::Mark
    }
}

/// Letters, underscore, and every byte of a non-ASCII character: the server's rule.
fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_operator(byte: u8) -> bool {
    b"+-*/<>=~!@#%^&|?`".contains(&byte)
}
