use kernel::Locale;
use rust_decimal::Decimal;

use crate::Ui;
use crate::chart::{Chart, Kind, Point};

fn chart(kind: Kind, values: &[i64]) -> Chart {
    Chart {
        id: "sales".to_owned(),
        kind,
        title: "Vânzări <b>".to_owned(),
        x_label: "Zi".to_owned(),
        y_label: "lei".to_owned(),
        points: values
            .iter()
            .map(|value| Point {
                label: format!("ziua {value}"),
                value: Decimal::from(*value),
                text: format!("{value},00 lei"),
            })
            .collect(),
    }
}

fn html(kind: Kind, values: &[i64]) -> String {
    Ui::new(&[]).unwrap().chart(Locale::Ro, &chart(kind, values))
}

#[test]
fn every_value_is_on_hover_and_in_the_table() {
    for kind in [Kind::Bars, Kind::Line] {
        let html = html(kind, &[5, 120, 9000]);
        for text in ["5,00 lei", "120,00 lei", "9000,00 lei"] {
            assert_eq!(html.matches(text).count(), 2, "{text}");
        }
        assert!(html.contains("10.000"), "the axis ends at a round number");
        assert!(html.contains("Vânzări &lt;b&gt;") && !html.contains("<b>"));
    }
}

#[test]
fn odd_data_is_drawn_all_the_same() {
    for values in [&[0][..], &[0, 0, 0], &[-5, 10], &[-8, -2], &[i64::MAX, 1]] {
        for kind in [Kind::Bars, Kind::Line] {
            let html = html(kind, values);
            assert!(!html.contains("NaN") && !html.contains("inf"), "{values:?}");
            assert!(!html.contains("height=\"-"), "{values:?}");
        }
    }
    assert!(html(Kind::Line, &[]).contains("Încă nu sunt date"));
}
