//! Enough of Rust's lexical rules to tell code from what is written in it.
//!
//! Always holds: the result has the same length and the same lines as the source; never panics on any text.

/// The source with comments and the insides of strings blanked out.
pub(crate) fn code_only(source: &str) -> String {
    masked(source, Keep::Code)
}

/// The source with comments blanked out; strings stay.
pub(crate) fn without_comments(source: &str) -> String {
    masked(source, Keep::CodeAndStrings)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Code,
    CodeAndStrings,
}

fn masked(source: &str, keep: Keep) -> String {
    let bytes = source.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (end, is_code) = piece(bytes, at);
        let piece = bytes.get(at..end).unwrap_or_default();
        let stays = match is_code {
            Piece::Code => true,
            Piece::Text => keep == Keep::CodeAndStrings,
            Piece::Comment => false,
        };
        if stays {
            out.extend_from_slice(piece);
        } else {
            out.extend(piece.iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
        }
        at = end;
    }
    // Whole pieces were blanked, so no character was cut in two.
    String::from_utf8(out).unwrap_or_default()
}

#[derive(Clone, Copy)]
enum Piece {
    Code,
    Text,
    Comment,
}

/// The end of the piece that begins at `at`, and what it is; always moves on.
fn piece(bytes: &[u8], at: usize) -> (usize, Piece) {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest {
        [b'/', b'/', ..] => (at + line_end(rest), Piece::Comment),
        [b'/', b'*', ..] => (at + block_end(rest), Piece::Comment),
        [b'"', ..] => (at + text_end(rest), Piece::Text),
        [b'\'', ..] => match char_end(rest) {
            Some(length) => (at + length, Piece::Text),
            None => (at + 1, Piece::Code),
        },
        [b'r', ..] if !follows_name(bytes, at) => match raw_end(rest) {
            Some(length) => (at + length, Piece::Text),
            None => (at + 1, Piece::Code),
        },
        _ => (at + 1, Piece::Code),
    }
}

/// `br"…"` is raw too; any other letter before the `r` makes it the end of a name.
fn follows_name(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|index| bytes.get(index)).copied();
    let is_name = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_byte_string = before(1) == Some(b'b') && !is_name(before(2));
    is_name(before(1)) && !is_byte_string
}

fn line_end(rest: &[u8]) -> usize {
    rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
}

fn block_end(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        match rest.get(at..at + 2) {
            Some(b"/*") => {
                depth += 1;
                at += 2;
            }
            Some(b"*/") => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

fn text_end(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Length of a character literal; `None` for the mark of a lifetime.
fn char_end(rest: &[u8]) -> Option<usize> {
    if rest.get(1) == Some(&b'\\') {
        let close = rest.iter().skip(3).position(|byte| *byte == b'\'');
        return Some(close.map_or(rest.len(), |found| found + 4));
    }
    let width = match rest.get(1) {
        Some(0xF0..=0xFF) => 4,
        Some(0xE0..=0xEF) => 3,
        Some(0xC0..=0xDF) => 2,
        _ => 1,
    };
    (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)
}

fn raw_end(rest: &[u8]) -> Option<usize> {
    let hashes = rest.iter().skip(1).take_while(|byte| **byte == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"')
        .chain(std::iter::repeat_n(b'#', hashes))
        .collect();
    let body = rest.get(2 + hashes..)?;
    let found = body.windows(close.len()).position(|window| window == close);
    Some(found.map_or(rest.len(), |found| 2 + hashes + found + close.len()))
}

/// True if `word` stands in `line` as a whole word.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|tail| tail.chars().next());
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}
