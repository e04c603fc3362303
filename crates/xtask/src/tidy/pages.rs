//! Every template and word file of a slice is embedded, and both languages say the same things.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{code_only, without_comments};
use super::{Finding, Tree};

const LANGUAGES: [&str; 2] = ["ro", "en"];
/// The policy of the pages forbids them, so the browser would ignore them silently.
const INLINE: &[&str] = &[
    " style=\"",
    "<style",
    " onclick=",
    " onchange=",
    " onsubmit=",
    "javascript:",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &tree.packages {
        let folder = format!("crates/{}/", package.name);
        let listed = listed(tree, &folder);
        findings.extend(unlisted(tree, &folder, &listed));
        for (slice, macro_) in &listed {
            findings.extend(missing(tree, &folder, slice, macro_));
            findings.extend(words(tree, &folder, slice));
        }
        findings.extend(stray_words(tree, &folder, &listed));
        findings.extend(inline(tree, &folder));
    }
    findings.extend(said_elsewhere(tree));
    findings
}

/// One use of `slice_pages!`: where, and the templates it names.
struct Listing {
    file: String,
    line: usize,
    templates: BTreeSet<String>,
}

fn listed(tree: &Tree, folder: &str) -> BTreeMap<String, Listing> {
    let src = format!("{folder}src/");
    let mut found = BTreeMap::new();
    for (path, text) in tree.below(&src, ".rs") {
        let code = code_only(text);
        let text = without_comments(text);
        for (at, call) in code.match_indices("slice_pages!(") {
            let Some(body) = text.get(at + call.len()..) else {
                continue;
            };
            // The arguments hold no parentheses: names are literals.
            let body = body.split(')').next().unwrap_or(body);
            let mut names = body.split('"').skip(1).step_by(2).map(str::to_owned);
            let Some(slice) = names.next() else { continue };
            let line = text.get(..at).map_or(1, |before| before.lines().count());
            let listing = Listing {
                file: path.to_owned(),
                line,
                templates: names.collect(),
            };
            found.insert(slice, listing);
        }
    }
    found
}

fn unlisted(tree: &Tree, folder: &str, listed: &BTreeMap<String, Listing>) -> Vec<Finding> {
    let templates = format!("{folder}templates/");
    tree.below(&templates, ".html")
        .filter(|(path, _)| {
            let inside = path.strip_prefix(templates.as_str()).unwrap_or(path);
            !inside.split_once('/').is_some_and(|(slice, file)| {
                listed
                    .get(slice)
                    .is_some_and(|listing| listing.templates.contains(file))
            })
        })
        .map(|(path, _)| {
            Finding::error(
                "template",
                (path, 0),
                "is not embedded",
                "name it in slice_pages! of the slice, or remove it",
            )
        })
        .collect()
}

fn missing(tree: &Tree, folder: &str, slice: &str, listing: &Listing) -> Vec<Finding> {
    let templates = listing
        .templates
        .iter()
        .map(|file| format!("{folder}templates/{slice}/{file}"));
    let words = LANGUAGES
        .iter()
        .map(|language| format!("{folder}locales/{language}/{slice}.ftl"));
    templates
        .chain(words)
        .filter(|path| !tree.files.contains_key(path))
        .map(|path| {
            Finding::error(
                "template",
                (&listing.file, listing.line),
                format!("`{path}` does not exist"),
                "write it, or take it out of slice_pages!",
            )
        })
        .collect()
}

fn stray_words(tree: &Tree, folder: &str, listed: &BTreeMap<String, Listing>) -> Vec<Finding> {
    let locales = format!("{folder}locales/");
    tree.below(&locales, "")
        .filter(|(path, _)| {
            let inside = path.strip_prefix(locales.as_str()).unwrap_or(path);
            !LANGUAGES.iter().any(|language| {
                inside
                    .strip_prefix(language)
                    .and_then(|rest| rest.strip_prefix('/'))
                    .and_then(|file| file.strip_suffix(".ftl"))
                    .is_some_and(|slice| listed.contains_key(slice))
            })
        })
        .map(|(path, _)| {
            Finding::error(
                "words",
                (path, 0),
                "belongs to no slice_pages!",
                "words stand in locales/{ro,en}/<slice>.ftl",
            )
        })
        .collect()
}

fn words(tree: &Tree, folder: &str, slice: &str) -> Vec<Finding> {
    let path = |language: &str| format!("{folder}locales/{language}/{slice}.ftl");
    let keys = |language: &str| -> Option<BTreeMap<&str, usize>> {
        tree.files.get(&path(language)).map(|text| keys(text))
    };
    let (Some(romanian), Some(english)) = (keys("ro"), keys("en")) else {
        return Vec::new();
    };
    let mut findings = untold(&romanian, &english, &path("ro"), "en");
    findings.extend(untold(&english, &romanian, &path("en"), "ro"));
    for language in LANGUAGES {
        let path = path(language);
        findings.extend(
            tree.files
                .get(&path)
                .into_iter()
                .flat_map(|text| said_twice(text, &path)),
        );
    }
    findings
}

fn untold(
    said: &BTreeMap<&str, usize>,
    other: &BTreeMap<&str, usize>,
    path: &str,
    language: &str,
) -> Vec<Finding> {
    said.iter()
        .filter(|(key, _)| !other.contains_key(*key))
        .map(|(key, line)| {
            Finding::error(
                "words",
                (path, *line),
                format!("`{key}` is not said in `{language}`"),
                "both languages hold the same keys",
            )
        })
        .collect()
}

/// The program refuses to start with such a file.
fn said_twice(text: &str, path: &str) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    messages(text)
        .filter(|(key, _)| !seen.insert(*key))
        .map(|(key, line)| {
            Finding::error(
                "words",
                (path, line),
                format!("`{key}` is said twice"),
                "remove one of them",
            )
        })
        .collect()
}

/// All slices share one dictionary, so a word has one home.
fn said_elsewhere(tree: &Tree) -> Vec<Finding> {
    let mut homes: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for (path, text) in tree.below("crates/", ".ftl") {
        let language = path.rsplit('/').nth(1).unwrap_or_default();
        for (key, line) in keys(text) {
            if let Some(home) = homes.insert((language, key), path) {
                let message = format!("`{key}` is said in {home} too");
                findings.push(Finding::error(
                    "words",
                    (path, line),
                    message,
                    "keep it where its owner is",
                ));
            }
        }
    }
    findings
}

fn keys(text: &str) -> BTreeMap<&str, usize> {
    messages(text).collect()
}

/// The messages of a Fluent file with their lines.
fn messages(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let key = line.split_once('=')?.0.trim_end();
        let is_key = key.starts_with(|c: char| c.is_ascii_alphabetic())
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        is_key.then_some((key, index + 1))
    })
}

fn inline(tree: &Tree, folder: &str) -> Vec<Finding> {
    let templates = format!("{folder}templates/");
    let mut findings = Vec::new();
    for (path, text) in tree.below(&templates, ".html") {
        for (index, line) in without_expressions(text).lines().enumerate() {
            let word = INLINE.iter().find(|word| line.contains(*word));
            findings.extend(word.map(|word| {
                Finding::error(
                    "inline",
                    (path, index + 1),
                    format!("`{}` in a page", word.trim()),
                    "looks stand in the style sheet, behaviour in app.js",
                )
            }));
        }
    }
    findings
}

/// The page with what the template engine reads blanked out; `style=` may well be the argument of a component.
fn without_expressions(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let opening = |rest: &str| {
        [("{{", "}}"), ("{%", "%}"), ("{#", "#}")]
            .into_iter()
            .filter_map(|(open, close)| rest.find(open).map(|at| (at, close)))
            .min_by_key(|(at, _)| *at)
    };
    while let Some((at, close)) = opening(rest) {
        let end = rest.get(at..).and_then(|tail| tail.find(close));
        let end = end.map_or(rest.len(), |found| at + found + close.len());
        out.push_str(rest.get(..at).unwrap_or_default());
        out.extend(
            rest.get(at..end)
                .unwrap_or_default()
                .chars()
                .filter(|c| *c == '\n'),
        );
        rest = rest.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
