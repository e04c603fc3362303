//! "Did you mean": the nearest known word by edit distance. Pure; bounded work per question.

/// Longer words than this are never a typing slip of one another.
const WORD_CHARS_MAX: usize = 64;

/// The known word closest to `wrong`, if it is close enough to be a slip (a third of its length, at least 2).
pub(crate) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong: Vec<char> = wrong.chars().take(WORD_CHARS_MAX + 1).collect();
    if wrong.is_empty() || wrong.len() > WORD_CHARS_MAX {
        return None;
    }
    let allowed = (wrong.len() / 3).max(2).min(wrong.len().saturating_sub(1));
    known
        .into_iter()
        .map(|word| (distance(&wrong, word), word))
        .filter(|(far, _)| *far <= allowed)
        .min_by_key(|(far, _)| *far)
        .map(|(_, word)| word)
}

/// Levenshtein distance, one row at a time.
fn distance(left: &[char], right: &str) -> usize {
    let mut row: Vec<usize> = (0..=left.len()).collect();
    for (line, letter) in right.chars().take(WORD_CHARS_MAX + 1).enumerate() {
        let mut diagonal = line;
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
        for column in 0..left.len() {
            let above = row[column + 1];
            let change = diagonal + usize::from(left[column] != letter);
            row[column + 1] = change.min(above + 1).min(row[column] + 1);
            diagonal = above;
        }
    }
    row[left.len()]
}
