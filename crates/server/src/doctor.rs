//! `magflow doctor`: what the program needs, checked; each finding with the command that cures it.

use db::embedded::{ForeignDatabase, check_foreign_database};
use lineage::Exit;
use serde::Serialize;
use sqlx::PgConnection;

use crate::boot::Boot;
use crate::migrations;
use crate::report::Output;

/// Something to mend.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    severity: &'static str,
    message: String,
    cure: String,
}

#[derive(Debug, Default, Serialize)]
struct Report {
    fine: Vec<String>,
    findings: Vec<Finding>,
}

impl Report {
    fn fine(&mut self, what: impl Into<String>) {
        self.fine.push(what.into());
    }

    fn error(&mut self, check: &'static str, message: impl Into<String>, cure: impl Into<String>) {
        self.findings.push(Finding {
            check,
            severity: "error",
            message: message.into(),
            cure: cure.into(),
        });
    }

    fn warning(&mut self, check: &'static str, message: impl Into<String>, cure: impl Into<String>) {
        self.findings.push(Finding {
            check,
            severity: "warning",
            message: message.into(),
            cure: cure.into(),
        });
    }
}

const DISK_LOW_BYTES: u64 = 2 << 30;
/// Sessions, tokens and deadlines drift apart beyond this.
const CLOCK_SKEW_SECONDS_MAX: i64 = 30;

pub(crate) async fn run(boot: &Boot, output: Output) -> anyhow::Result<Exit> {
    let mut report = Report::default();
    report.fine("configuration is understood");
    disk(boot, &mut report);
    if let Err(error) = database(boot, &mut report).await {
        report.error(
            "database",
            format!("{error:#}"),
            "check DATABASE_URL, or leave it unset for the embedded database",
        );
    }
    let exit = if report.findings.iter().any(|finding| finding.severity == "error") {
        Exit::Findings
    } else {
        Exit::Fine
    };
    output.report(&report, || text(&report));
    Ok(exit)
}

fn disk(boot: &Boot, report: &mut Report) {
    match rustix::fs::statvfs(boot.data_dir()) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            if free < DISK_LOW_BYTES {
                report.warning(
                    "disk",
                    format!("{} MiB free in {}", free >> 20, boot.data_dir().display()),
                    "free some space",
                );
            } else {
                report.fine(format!(
                    "{} MiB free in {}",
                    free >> 20,
                    boot.data_dir().display()
                ));
            }
        }
        Err(_not_made_yet) => report.fine(format!(
            "{} will be made at the first start",
            boot.data_dir().display()
        )),
    }
}

async fn database(boot: &Boot, report: &mut Report) -> anyhow::Result<()> {
    let database = boot.database().await?;
    let pool = database.pool(2).await?;
    let mut conn = pool.read().await?;
    report.fine("the database answers");
    locale(&mut conn, report).await?;
    clock(&mut conn, report).await?;
    schema(&mut conn, report).await?;
    marketplace(&mut conn, report).await;
    drop(conn);
    pool.close().await;
    database.close().await;
    Ok(())
}

async fn locale(conn: &mut PgConnection, report: &mut Report) -> anyhow::Result<()> {
    match check_foreign_database(conn).await? {
        ForeignDatabase::AsOurs(_) => report.fine("text sorts by Romanian rules"),
        ForeignDatabase::OtherLocale(locale) => report.warning(
            "locale",
            format!(
                "text sorts by {} instead of Romanian",
                locale.icu_locale.unwrap_or(locale.collate)
            ),
            "create the database with LOCALE_PROVIDER icu ICU_LOCALE 'ro-RO' and restore into it",
        ),
    }
    Ok(())
}

async fn clock(conn: &mut PgConnection, report: &mut Report) -> anyhow::Result<()> {
    let theirs = db::server_time(conn).await?;
    let skew = (kernel::Clock::system().now() - theirs).num_seconds();
    if skew.abs() > CLOCK_SKEW_SECONDS_MAX {
        report.error(
            "clock",
            format!("this machine and the database differ by {skew} s"),
            "switch time synchronisation on",
        );
    } else {
        report.fine("the clocks agree");
    }
    Ok(())
}

async fn schema(conn: &mut PgConnection, report: &mut Report) -> anyhow::Result<()> {
    let health = migrations::engine(None).health(conn).await?;
    if health.is_ready() {
        report.fine("the schema is at head");
    } else if health.pending > 0 {
        report.error(
            "migrations",
            format!("{} revisions are pending", health.pending),
            "magflow migrate upgrade",
        );
    }
    for finding in &health.findings {
        report.error("migrations", finding.message.clone(), finding.help.clone());
    }
    Ok(())
}

async fn marketplace(conn: &mut PgConnection, report: &mut Report) {
    let accounts = match emag::account_health(conn).await {
        Ok(accounts) => accounts,
        Err(error) => {
            return report.error(
                "emag",
                format!("the accounts cannot be read: {error}"),
                "magflow migrate upgrade",
            );
        }
    };
    for account in accounts {
        match account.fault {
            None => report.fine(format!("marketplace account {} has no fault", account.name)),
            Some(fault) => report.error(
                "emag",
                format!("account {}: {fault}", account.name),
                format!(
                    "open /emag/accounts/{}, correct it and test the connection",
                    account.id
                ),
            ),
        }
    }
}

fn text(report: &Report) -> String {
    let mut text: String = report
        .fine
        .iter()
        .map(|what| format!("ok       {what}\n"))
        .collect();
    for finding in &report.findings {
        text.push_str(&format!(
            "{:<8} {}: {}\n         cure: {}\n",
            finding.severity, finding.check, finding.message, finding.cure
        ));
    }
    text
}
