//! `magflow verify`: proves the invariants on live data; exit 1 with the rows that break them.

use lineage::Exit;
use serde::Serialize;

use crate::boot::Boot;
use crate::cli::Verify;
use crate::report::Output;

/// One row that breaks a promise.
#[derive(Debug, Serialize)]
struct Breach {
    check: &'static str,
    detail: String,
}

#[derive(Debug, Serialize)]
struct Report {
    checked: Vec<&'static str>,
    breaches: Vec<Breach>,
}

pub(crate) async fn run(what: Verify, boot: &Boot, output: Output) -> anyhow::Result<Exit> {
    let database = boot.database().await?;
    let pool = database.pool(2).await?;
    let mut conn = pool.read().await?;
    let mut report = Report {
        checked: Vec::new(),
        breaches: Vec::new(),
    };
    if matches!(what, Verify::Stock | Verify::All) {
        report.checked.push("stock");
        let found = inventory::verify(&mut conn).await?;
        report.breaches.extend(found.into_iter().map(|f| Breach {
            check: "stock",
            detail: f.to_string(),
        }));
    }
    if matches!(what, Verify::Orders | Verify::All) {
        report.checked.push("orders");
        let found = orders::verify(&mut conn).await?;
        report.breaches.extend(found.into_iter().map(|f| Breach {
            check: "orders",
            detail: f.to_string(),
        }));
    }
    if matches!(what, Verify::Audit | Verify::All) {
        report.checked.push("audit");
        let found = identity::verify(&mut conn).await?;
        report.breaches.extend(found.into_iter().map(|f| Breach {
            check: "audit",
            detail: f.to_string(),
        }));
    }
    drop(conn);
    pool.close().await;
    database.close().await;
    output.report(&report, || text(&report));
    Ok(if report.breaches.is_empty() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

fn text(report: &Report) -> String {
    if report.breaches.is_empty() {
        return format!("{}: everything holds", report.checked.join(", "));
    }
    report
        .breaches
        .iter()
        .map(|breach| format!("{}: {}\n", breach.check, breach.detail))
        .collect()
}
