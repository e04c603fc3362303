//! Writes a page with every component, realistically filled, and all assets to a folder:
//! `cargo run -p ui --example styleguide -- FOLDER`. Serve the folder on loopback and look at it.

use std::error::Error;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use ui::chart::{Chart, Kind, Point};
use ui::{
    Flash, FlashKind, Locale, NavEntry, Shell, ShellUser, SlicePages, SyncPill, SyncState, Theme, Ui, formats,
};

static GUIDE: SlicePages = SlicePages {
    name: "guide",
    templates: &[
        ("guide/styleguide.html", include_str!("styleguide.html")),
        ("guide/signin.html", include_str!("signin.html")),
    ],
    words: &[],
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: styleguide FOLDER")?;
    let folder = Path::new(&folder);
    let ui = Ui::exacting(&[&GUIDE])?;
    std::fs::create_dir_all(folder.join("assets"))?;
    for path in ui::assets::paths() {
        let asset = ui::assets::find(path).ok_or("an asset lost its path")?;
        std::fs::write(folder.join("assets").join(path), asset.bytes)?;
    }
    for locale in Locale::ALL {
        for (theme, name) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
            let shell = shell(locale, theme);
            let suffix = format!("{}-{name}.html", locale.tag());
            let page = page(&ui, locale, shell.now);
            std::fs::write(
                folder.join(format!("guide-{suffix}")),
                ui.render("guide/styleguide.html", &shell, &page)?,
            )?;
            let error = json!({"kind": "not-found", "detail": null, "back": "/"});
            std::fs::write(
                folder.join(format!("error-{suffix}")),
                ui.render("ui/error.html", &shell, &error)?,
            )?;
            let anonymous = Shell {
                user: None,
                flash: Vec::new(),
                ..shell
            };
            let refused = json!({"error": "E-mailul și parola nu se potrivesc."});
            std::fs::write(
                folder.join(format!("signin-{suffix}")),
                ui.render("guide/signin.html", &anonymous, &refused)?,
            )?;
        }
    }
    Ok(())
}

fn shell(locale: Locale, theme: Theme) -> Shell {
    let entry = |href: &str, icon: &str, key: &str, count| NavEntry {
        href: href.to_owned(),
        icon: icon.to_owned(),
        key: key.to_owned(),
        active: key == "nav-products",
        count,
        apart: key == "nav-users",
    };
    Shell {
        locale,
        theme,
        csrf: "example".to_owned(),
        user: Some(ShellUser {
            id: 1,
            name: "Ana Popescu".to_owned(),
            email: "ana.popescu@exemplu.ro".to_owned(),
            initials: "AP".to_owned(),
        }),
        nav: vec![
            entry("/", "home", "nav-today", None),
            entry("/orders", "shopping-cart", "nav-orders", Some(14)),
            entry("/products", "box", "nav-products", None),
            entry("/inventory", "warehouse", "nav-stock", Some(37)),
            entry("/customers", "users", "nav-customers", None),
            entry("/emag", "store", "nav-emag", Some(1)),
            entry("/audit", "history", "nav-audit", None),
            entry("/users", "user", "nav-users", None),
            entry("/settings", "settings", "nav-settings", None),
        ],
        flash: vec![Flash {
            kind: FlashKind::Success,
            text: "Prețul articolului BMX147 a fost salvat și pleacă spre eMAG.".to_owned(),
        }],
        sync: Some(SyncPill {
            state: SyncState::Fine,
            text: "2 min".to_owned(),
        }),
        request_id: "01JD8Z6Q3M".to_owned(),
        now: DateTime::UNIX_EPOCH + TimeDelta::days(20_782) + TimeDelta::hours(9),
        ..Shell::default()
    }
}

fn page(ui: &Ui, locale: Locale, now: DateTime<Utc>) -> Value {
    let row = |sku: &str, name: &str, (gross, net): (&str, &str), stock: i64, state: &str, text: &str| {
        json!({
            "sku": sku, "name": name, "ean": if stock > 20 { Some("5941234567899") } else { None },
            "price": {"amount": gross, "currency": "RON"}, "net": {"amount": net, "currency": "RON"}, "stock": stock, "available": stock - 2,
            "state": state, "state_text": text, "at": now - TimeDelta::minutes(stock * 13),
            "error": if sku == "RX0092" { Some("Prețul minim este 42,00 lei.") } else { None },
            "saved": sku == "BMX147", "understood": null,
        })
    };
    json!({
        "sales": {"amount": "48231.5000", "currency": "RON"},
        "recent": now - TimeDelta::minutes(2), "older": now - TimeDelta::days(20),
        "rows": [
            row("BMX147", "Lampă solară LED cu senzor de mișcare, 120 LED, IP65, exterior", ("139.99", "115.6942"), 84, "good", "activă"),
            row("RX0092", "Set 24 organizatoare sertar din plastic transparent, dimensiuni mixte", ("36.00", "29.7521"), 6, "warn", "stoc mic"),
            row("AUR3310", "Brățară din oțel inoxidabil", ("14.00", "11.5702"), 312, "good", "activă"),
            row("EMG88", "Husă telefon din silicon antișoc, compatibilă cu modele de 6,7 inchi, margini ridicate pentru protecția camerei, negru mat", ("1249.00", "1032.2314"), 2, "bad", "refuzată"),
            row("AF512", "Cablu USB-C 2 m", ("9.90", "8.1818"), 1240, "neutral", "arhivată"),
        ],
        "chart": ui.chart(locale, &chart(Kind::Bars, locale)),
        "line": ui.chart(locale, &chart(Kind::Line, locale)),
    })
}

fn chart(kind: Kind, locale: Locale) -> Chart {
    let amounts: [i64; 14] = [
        4210, 3890, 5120, 6240, 7015, 2480, 1990, 4525, 5230, 4980, 6120, 8240, 3015, 2210,
    ];
    Chart {
        id: match kind {
            Kind::Bars => "sales",
            Kind::Line => "market",
        }
        .to_owned(),
        kind,
        title: "Vânzări pe zile, ultimele două săptămâni".to_owned(),
        x_label: "Zi".to_owned(),
        y_label: "lei pe zi".to_owned(),
        points: amounts
            .iter()
            .zip(11..)
            .map(|(amount, day)| Point {
                label: format!("{day:02}.11"),
                value: Decimal::from(*amount),
                text: formats::money(Decimal::from(*amount), "RON", locale),
            })
            .collect(),
    }
}
