//! `magflow verify`: proves the invariants on live data; exit 1 with the rows that break them.

use lineage::Exit;
use serde::Serialize;
use sqlx::PgConnection;

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
    let report = look(what, &mut conn).await?;
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

/// Every row that breaks a promise, as lines for people.
pub(crate) async fn all(conn: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    let report = look(Verify::All, conn).await?;
    let breaches = report.breaches.iter();
    Ok(breaches
        .map(|breach| format!("{}: {}", breach.check, breach.detail))
        .collect())
}

async fn look(what: Verify, conn: &mut PgConnection) -> anyhow::Result<Report> {
    let mut report = Report {
        checked: Vec::new(),
        breaches: Vec::new(),
    };
    if matches!(what, Verify::Stock | Verify::All) {
        report.add("stock", inventory::verify(conn).await?);
    }
    if matches!(what, Verify::Orders | Verify::All) {
        report.add("orders", orders::verify(conn).await?);
    }
    if matches!(what, Verify::Audit | Verify::All) {
        report.add("audit", identity::verify(conn).await?);
    }
    Ok(report)
}

impl Report {
    fn add<F: std::fmt::Display>(&mut self, check: &'static str, found: Vec<F>) {
        self.checked.push(check);
        self.breaches.extend(found.into_iter().map(|one| Breach {
            check,
            detail: one.to_string(),
        }));
    }
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
