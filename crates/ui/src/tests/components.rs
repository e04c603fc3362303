use kernel::Locale;
use serde_json::{Value, json};

use crate::{
    Flash, FlashKind, NavEntry, Shell, ShellUser, SlicePages, SyncPill, SyncState, Theme, Ui, assets,
};

static GUIDE: SlicePages = SlicePages {
    name: "guide",
    templates: &[
        (
            "guide/styleguide.html",
            include_str!("../../examples/styleguide.html"),
        ),
        ("guide/signin.html", include_str!("../../examples/signin.html")),
        (
            "guide/one.html",
            "{% import 'ui/components.html' as ui %}{{ ui.badge(page.text, 'bad') }}{{ ui.when(page.at) }}|{{ page.at | ago }}|{{ page.price | money }}|{{ page.price | editable }}|{{ page.gone | money }}|{{ page.gone | qty }}|{{ page.gone | ago }}|{{ page.day | date }}|{{ page.rows | json_script('rows') }}",
        ),
        (
            "guide/deadline.html",
            "{% import 'ui/components.html' as ui %}{{ ui.deadline(page.at) }}|{{ ui.picture(none) }}|{{ ui.picture('https://x/1.jpg') }}",
        ),
        ("guide/undefined.html", "{{ page.no_such_thing }}"),
        ("guide/icon.html", "{{ icon(page.text) }}"),
        ("guide/word.html", "{{ t('guide-no-such-word') }}"),
    ],
    words: &[],
};

fn full_shell(locale: Locale) -> Shell {
    Shell {
        locale,
        theme: Theme::Dark,
        csrf: "token-1".to_owned(),
        user: Some(ShellUser {
            id: 1,
            name: "Ana".to_owned(),
            email: "ana@exemplu.ro".to_owned(),
            initials: "A".to_owned(),
        }),
        nav: vec![NavEntry {
            href: "/products".to_owned(),
            icon: "box".to_owned(),
            key: "nav-products".to_owned(),
            active: true,
            count: Some(1234),
            apart: true,
        }],
        flash: [
            FlashKind::Info,
            FlashKind::Success,
            FlashKind::Warning,
            FlashKind::Error,
        ]
        .map(|kind| Flash {
            kind,
            text: "<script>".to_owned(),
        })
        .into(),
        sync: Some(SyncPill {
            state: SyncState::Failed,
            text: "2 h".to_owned(),
        }),
        request_id: "req-7".to_owned(),
        now: "2026-11-24T12:00:00Z".parse().unwrap(),
        ..Shell::default()
    }
}

fn guide_page() -> Value {
    let row = json!({
        "sku": "BX1", "name": "Lampă \"<solară>\"", "ean": null, "price": {"amount": "36.0000", "currency": "RON"},
        "net": {"amount": "29.7521", "currency": "RON"}, "stock": 3, "available": 1, "state": "warn",
        "state_text": "stoc mic", "at": "2026-11-24T11:58:00Z", "error": "prea mic", "saved": false, "understood": null
    });
    json!({
        "sales": {"amount": "1", "currency": "RON"}, "recent": "2026-11-24T11:58:00Z", "older": "2025-01-01T00:00:00Z",
        "rows": [row], "chart": "", "line": ""
    })
}

#[test]
fn every_component_is_drawn_in_both_languages() {
    let ui = Ui::exacting(&[&GUIDE]).unwrap();
    for locale in Locale::ALL {
        for shell in [
            Shell {
                locale,
                ..Shell::default()
            },
            full_shell(locale),
        ] {
            let html = ui.render("guide/styleguide.html", &shell, &guide_page()).unwrap();
            assert!(html.contains(&format!("<html lang=\"{}\"", locale.tag())));
            assert!(html.contains("&quot;&lt;solară&gt;&quot;"), "names are escaped");
            assert!(
                !html.contains(" style=") && !html.contains("onclick"),
                "nothing inline"
            );
            assert!(!html.contains("<script>"), "a flash is text");
            ui.render("guide/signin.html", &shell, &json!({"error": null}))
                .unwrap();
        }
    }
}

#[test]
fn every_error_page_says_what_to_do_and_gives_the_reference() {
    let ui = Ui::exacting(&[]).unwrap();
    for locale in Locale::ALL {
        for kind in ["not-found", "forbidden", "refused", "busy", "internal"] {
            let page = json!({"kind": kind, "detail": null, "back": "/orders"});
            let html = ui.render("ui/error.html", &full_shell(locale), &page).unwrap();
            assert!(html.contains("req-7") && html.contains("href=\"/orders\""));
        }
    }
}

#[test]
fn macros_format_in_the_language_of_the_page() {
    let ui = Ui::exacting(&[&GUIDE]).unwrap();
    let page = json!({
        "text": "a<b", "at": "2026-11-24T11:57:00Z", "price": {"amount": "1234.5600", "currency": "RON"}, "gone": null,
        "day": "2026-11-05", "rows": ["</script>"]
    });
    let html = ui
        .fragment("guide/one.html", &full_shell(Locale::Ro), &page)
        .unwrap();
    assert!(html.contains("a&lt;b</span>"));
    assert!(html.contains(
        "<time datetime=\"2026-11-24T11:57:00Z\" title=\"24.11.2026, 13:57\">acum 3 minute</time>"
    ));
    assert!(html.contains("|acum 3 minute|1.234,56 lei|1234,56|–|–|–|05.11.2026|"));
    assert!(
        !html.contains("[\"</script>"),
        "data cannot leave its script element"
    );
    let html = ui
        .fragment("guide/one.html", &full_shell(Locale::En), &page)
        .unwrap();
    assert!(html.contains("|3 minutes ago|RON 1,234.56|1234.56|–|–|–|5 Nov 2026|"));
}

#[test]
fn a_deadline_says_what_is_left_and_how_near_it_is() {
    let ui = Ui::exacting(&[&GUIDE]).unwrap();
    for (at, words, class) in [
        ("2026-11-25T15:00:00Z", "mai sunt 1 z 3 h", "deadline"),
        ("2026-11-24T14:20:00Z", "mai sunt 2 h 20 min", "badge is-warn"),
        ("2026-11-24T11:00:00Z", "depășit cu 1 h 0 min", "badge is-bad"),
    ] {
        let html = ui
            .fragment(
                "guide/deadline.html",
                &full_shell(Locale::Ro),
                &json!({ "at": at }),
            )
            .unwrap();
        assert!(
            html.contains(words) && html.contains(&format!("class=\"{class}\"")),
            "{html}"
        );
        assert_eq!(
            html.matches("<img").count(),
            1,
            "a picture only where there is one"
        );
    }
}

#[test]
fn undefined_names_unknown_icons_and_missing_words_are_faults() {
    let ui = Ui::exacting(&[&GUIDE]).unwrap();
    let fails = |template: &str| {
        ui.render(template, &Shell::default(), &json!({"text": "no-such-icon"}))
            .is_err()
    };
    assert!(fails("guide/undefined.html"));
    assert!(fails("guide/icon.html"));
    assert!(fails("guide/word.html"));
    assert!(fails("guide/not-there.html"));
    // For people a page with a bare key is better than none.
    let lenient = Ui::new(&[&GUIDE]).unwrap();
    let html = lenient
        .render("guide/word.html", &Shell::default(), &json!({}))
        .unwrap();
    assert_eq!(html, "guide-no-such-word");
}

#[test]
fn every_asset_is_found_by_its_address_and_small_enough() {
    for path in assets::paths() {
        let asset = assets::find(path).unwrap();
        assert_eq!(
            assets::address(path),
            Some(format!("/assets/{path}?v={}", asset.etag))
        );
        assert!(!asset.bytes.is_empty());
    }
    assert!(assets::find("../Cargo.toml").is_none() && assets::find("").is_none());
    assert!(assets::find("app.css").unwrap().bytes.len() < 40_000);
    let scripts = ["app.js", "htmx.min.js"].map(|path| assets::find(path).unwrap().bytes.len());
    assert!(
        scripts.iter().sum::<usize>() < 80_000,
        "below the budget even before compression"
    );
}
