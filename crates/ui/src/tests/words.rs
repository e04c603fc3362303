use kernel::{Locale, Refusal};

use crate::{Args, SlicePages, Ui, UiError, WordGap};

fn ui() -> Ui {
    Ui::new(&[]).unwrap()
}

#[test]
fn the_frame_has_every_word_in_both_languages_and_no_dead_one() {
    let gaps = ui().missing_keys(&[]);
    assert!(gaps.is_empty(), "{gaps}");
}

#[test]
fn romanian_counts_in_three_ways() {
    let say = |count: i64| ui().text(Locale::Ro, "ui-ago-minutes", &Args::new().with("count", count));
    for (count, expected) in [
        (0, "acum 0 minute"),
        (1, "acum un minut"),
        (2, "acum 2 minute"),
        (19, "acum 19 minute"),
        (20, "acum 20 de minute"),
        (100, "acum 100 de minute"),
        (101, "acum 101 minute"),
        (1201, "acum 1.201 minute"),
        (119, "acum 119 minute"),
        (1234, "acum 1.234 de minute"),
    ] {
        assert_eq!(say(count), expected);
    }
}

#[test]
fn english_counts_in_two_ways() {
    let say = |count: i64| ui().text(Locale::En, "ui-in-hours", &Args::new().with("count", count));
    assert_eq!(say(1), "in an hour");
    assert_eq!(say(2), "in 2 hours");
    assert_eq!(say(1234), "in 1,234 hours");
}

#[test]
fn diacritics_are_romanian_and_not_turkish() {
    let romanian = crate::PAGES
        .words
        .iter()
        .find(|(locale, _)| *locale == Locale::Ro)
        .unwrap()
        .1;
    assert!(romanian.contains('ș') && romanian.contains('ț'));
    assert!(!romanian.contains(['ş', 'ţ', 'Ş', 'Ţ']), "cedilla found");
}

static SHOP: SlicePages = SlicePages {
    name: "shop",
    templates: &[(
        "shop/list.html",
        "{{ t(\"shop-title\") }}{{ t(\"shop-state-\" ~ page.state) }}{{ t(\"shop-gone\" if page.state == \"new\" else 'shop-title', count=t2('no')) }}",
    )],
    words: &[
        (
            Locale::Ro,
            "shop-title = Magazin\nshop-state-new = nou\nshop-dead = mort\nshop-full = Doar { $left } pe raft\n",
        ),
        (
            Locale::En,
            "shop-title = Shop\nshop-state-new = new\nshop-dead = dead\nshop-full = Only { $left } left\n",
        ),
    ],
};

#[test]
fn missing_and_dead_words_are_found() {
    let gaps = Ui::new(&[&SHOP]).unwrap().missing_keys(&["shop-full"]);
    let gone = |locale| WordGap::Undefined {
        user: "shop/list.html".to_owned(),
        key: "shop-gone".to_owned(),
        locale,
    };
    assert_eq!(
        gaps.0,
        [
            gone("ro"),
            gone("en"),
            WordGap::Unused {
                key: "shop-dead".to_owned()
            }
        ]
    );
}

#[test]
fn a_refusal_is_told_in_the_persons_language() {
    let ui = Ui::new(&[&SHOP]).unwrap();
    let full = Refusal::new("shop-full").with("left", 3);
    assert_eq!(ui.message(Locale::Ro, &full), "Doar 3 pe raft");
    assert_eq!(ui.message(Locale::En, &full), "Only 3 left");
    let unknown = Refusal::new("shop-never-heard");
    assert_eq!(
        ui.message(Locale::En, &unknown),
        "This is not possible now (code: shop-never-heard)."
    );
}

#[test]
fn the_same_key_twice_is_refused() {
    static TWICE: SlicePages = SlicePages {
        name: "twice",
        templates: &[],
        words: &[(Locale::Ro, "ui-save = Altceva\n")],
    };
    assert!(matches!(Ui::new(&[&TWICE]), Err(UiError::DuplicateKey { key, .. }) if key == "ui-save"));
}

#[test]
fn a_broken_template_or_word_file_stops_the_start() {
    static BROKEN: SlicePages = SlicePages {
        name: "broken",
        templates: &[("broken/a.html", "{% if %}")],
        words: &[],
    };
    static STRAY: SlicePages = SlicePages {
        name: "stray",
        templates: &[("ui/layout.html", "")],
        words: &[],
    };
    static JUNK: SlicePages = SlicePages {
        name: "junk",
        templates: &[],
        words: &[(Locale::En, "= nothing\n")],
    };
    assert!(matches!(Ui::new(&[&BROKEN]), Err(UiError::Syntax { .. })));
    assert!(matches!(Ui::new(&[&STRAY]), Err(UiError::TemplateName { .. })));
    assert!(matches!(Ui::new(&[&JUNK]), Err(UiError::Words { .. })));
}
