//! The tokenizer, the splitter and the token hash.

use proptest::prelude::*;

use crate::core::hash::TokenHash;
use crate::core::script::split;
use crate::core::token::{TokenError, tokenize};

#[track_caller]
fn check_tokens(sql: &str, expected: &[&str]) {
    let tokens = tokenize(sql).unwrap();
    let texts: Vec<&str> = tokens
        .iter()
        .filter(|t| !t.is_comment())
        .map(|t| t.text(sql))
        .collect();
    assert_eq!(texts, expected, "{sql}");
}

#[test]
fn sql_is_cut_where_the_server_cuts_it() {
    check_tokens("a$b$c $x$ ; $x$ $$;$$", &["a$b$c", "$x$ ; $x$", "$$;$$"]);
    check_tokens("$1 $a$ $b$ $a$", &["$1", "$a$ $b$ $a$"]);
    check_tokens(r"E'a\'b' 'a\' e'\\'", &[r"E'a\'b'", r"'a\'", r"e'\\'"]);
    check_tokens("E'a'\n  '\\'b' c", &["E'a'", "'\\'b'", "c"]);
    check_tokens("E'a' -- x\n '\\'b' c", &["E'a'", "'\\'b'", "c"]);
    check_tokens(
        "'it''s' \"a\"\"b\" U&'\\0041' u&\"d\"",
        &["'it''s'", "\"a\"\"b\"", "U&'\\0041'", "u&\"d\""],
    );
    check_tokens("/* a /* b */ ; */ x -- ; y\nz", &["x", "z"]);
    check_tokens("1.5e-3 .5 1..2 0xFF", &["1.5e-3", ".5", "1", "..", "2", "0xFF"]);
    check_tokens(
        "a<-1 a<--1\n@-1 b*/*c*/d",
        &["a", "<", "-", "1", "a", "<", "@-", "1", "b", "*", "d"],
    );
    check_tokens("a::int := ș.ț", &["a", "::", "int", ":=", "ș", ".", "ț"]);
}

#[test]
fn what_is_never_closed_is_reported_where_it_opens() {
    assert_eq!(tokenize("a 'b"), Err(TokenError::OpenText { start: 2 }));
    assert_eq!(tokenize("a E'b\\'"), Err(TokenError::OpenText { start: 2 }));
    assert_eq!(tokenize("a \"b"), Err(TokenError::OpenName { start: 2 }));
    assert_eq!(tokenize("a $x$ b $y$"), Err(TokenError::OpenDollar { start: 2 }));
    assert_eq!(tokenize("a /* /* */"), Err(TokenError::OpenComment { start: 2 }));
}

#[track_caller]
fn check_split(sql: &str, expected: &[&str]) {
    let texts: Vec<&str> = split(sql)
        .unwrap()
        .iter()
        .map(|statement| statement.text(sql))
        .collect();
    assert_eq!(texts, expected, "{sql}");
}

#[test]
fn a_script_is_split_at_its_own_semicolons_only() {
    check_split("; a; ;b -- c;\n", &["a", "b"]);
    check_split("DO $$ a; b; $$; c", &["DO $$ a; b; $$", "c"]);
    check_split(
        "CREATE RULE r AS ON x DO (a; b); c",
        &["CREATE RULE r AS ON x DO (a; b)", "c"],
    );
    let body = "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END";
    check_split(&format!("{body}; c"), &[body, "c"]);
    check_split(
        "CREATE TABLE begin_x (\"end\" int); c",
        &["CREATE TABLE begin_x (\"end\" int)", "c"],
    );
    check_split("COMMENT ON x IS ';'; c", &["COMMENT ON x IS ';'", "c"]);
}

fn hash(sql: &str) -> TokenHash {
    TokenHash::of(&[("up", sql)])
}

#[test]
fn the_hash_sees_meaning_and_not_looks() {
    let same = [
        ("SELECT A FROM t", "select\ta /* x */ from\r\nT -- y"),
        ("a<-1", "a < -1"),
        ("E'x'", "e'x'"),
        ("f(1)", "f ( 1 )"),
    ];
    for (left, right) in same {
        assert_eq!(hash(left), hash(right), "{left} = {right}");
    }
    let different = [
        ("'a'", "'A'"),
        ("\"a\"", "\"A\""),
        ("\"a\"", "a"),
        ("$$ a $$", "$$ a  $$"),
        ("'a b'", "'a  b'"),
        ("e 'x'", "e'x'"),
        ("1 .5", "1.5"),
        ("a b", "ab"),
        ("a; b", "a b"),
        ("'-- a'", "'-- b'"),
    ];
    for (left, right) in different {
        assert_ne!(hash(left), hash(right), "{left} <> {right}");
    }
    assert_ne!(
        TokenHash::of(&[("up", "a"), ("down", "")]),
        TokenHash::of(&[("up", ""), ("down", "a")])
    );
}

#[test]
fn the_hash_of_version_one_never_changes() {
    // Kind, length in eight little-endian bytes and text of each token, hashed by another program.
    let known = "h1:306c2ac7010a59895e63b8b8955caa5f43ccd736756df5df4641d7ce87581ac9";
    assert_eq!(hash("CREATE TABLE t (id int DEFAULT 'x')").as_str(), known);
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z_ăș][a-zA-Z0-9_$]{0,6}",
        "[0-9]{1,4}",
        "'[^'\\\\]{0,8}'",
        "\"[^\"]{1,8}\"",
        "\\$\\$[^$]{0,8}\\$\\$",
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just(";".to_owned()),
        Just(",".to_owned()),
        Just("<=".to_owned()),
    ]
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(" ".to_owned()),
        Just("\r\n\t".to_owned()),
        Just("/* a /* b */ c */".to_owned()),
        Just(" -- remark; '\n".to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_text_is_cut_into_ordered_pieces_with_only_space_between(sql in any::<String>()) {
        if let Ok(tokens) = tokenize(&sql) {
            let mut at = 0;
            for token in tokens {
                prop_assert!(token.start >= at && token.end > token.start);
                prop_assert!(sql.get(token.start..token.end).is_some());
                let only_space = sql[at..token.start].bytes().all(|b| b.is_ascii_whitespace() || b == 0x0b);
                prop_assert!(only_space);
                at = token.end;
            }
        }
    }

    #[test]
    fn text_of_sql_characters_never_panics(sql in "[-a$'\"/*;:.<1eEuU&\\\\\n() ]{0,40}") {
        // Only that both come back at all.
        let _: (Result<_, _>, Result<_, _>) = (tokenize(&sql), split(&sql));
        prop_assert_eq!(hash(&sql), hash(&sql));
    }

    #[test]
    fn space_and_remarks_between_pieces_do_not_change_the_hash(
        pieces in prop::collection::vec((piece(), space(), space()), 0..12)
    ) {
        let (mut left, mut right) = (String::new(), String::new());
        for (piece, one, other) in &pieces {
            left.extend([piece.as_str(), one]);
            right.extend([piece.as_str(), other]);
        }
        prop_assert_eq!(hash(&left), hash(&right));
        prop_assert_eq!(split(&left).unwrap().len(), split(&right).unwrap().len());
    }
}
