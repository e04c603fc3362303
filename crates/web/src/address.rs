//! Addresses that restore a page whole: its filters, sort order and place.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A path with the query pairs that have a value.
pub fn address(path: &str, pairs: &[(&str, Option<String>)]) -> String {
    let filled: Vec<String> = pairs
        .iter()
        .filter_map(|(name, value)| {
            let value = value.as_ref().filter(|value| !value.is_empty())?;
            Some(format!("{name}={}", utf8_percent_encode(value, QUERY)))
        })
        .collect();
    if filled.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", filled.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_with_diacritics_and_signs_survives_the_address() {
        let pairs = [
            ("q", Some("șurub 3/4 & co".to_owned())),
            ("level", None),
            ("page", Some(String::new())),
        ];
        assert_eq!(
            address("/inventory", &pairs),
            "/inventory?q=%C8%99urub%203%2F4%20%26%20co"
        );
        assert_eq!(address("/inventory", &[]), "/inventory");
    }
}
