//! Everything that may be wrong with revisions, database and surroundings, in the order in which it is mended.

use serde::Serialize;
use sqlx::postgres::PgConnection;

use crate::core::finding::{Finding, Place, Rule, Severity};
use crate::core::relink::Relink;
use crate::core::report::{Exit, Findings, Report};
use crate::ddl::lower::lower;
use crate::lint::{LintOptions, lint};
use crate::pg::backup::Programs;
use crate::pg::error::EngineError;
use crate::pg::session::open;
use crate::pg::verify::VerifyReport;
use crate::pg::{Chain, Engine, PgConnectOptions, store};

/// A transaction older than this keeps concurrent index builds waiting.
const OLD_TRANSACTION_SECONDS: i32 = 60;

/// What the doctor found, and what it proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// One chain of all revisions, if they are not one and it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relink: Option<Relink>,
    /// What became of that chain in a shadow database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// Everything found, what to mend first at the top.
    #[serde(flatten)]
    pub found: Findings,
}

/// Whether a proposed chain holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It went up, down and up again; what was found on the way is inside.
    Tried(VerifyReport),
    /// It could not be tried.
    NotTried(String),
}

impl Report for DoctorReport {
    fn render_text(&self) -> String {
        let mut out = self.found.render_text();
        if let Some(relink) = &self.relink {
            let changes = relink.changes.iter();
            out.extend(changes.map(|one| {
                format!(
                    "{}: parent {} instead of {} ({})\n",
                    one.revision, one.to, one.from, one.why
                )
            }));
            out.push('\n');
            out.push_str(&relink.patch);
        }
        match &self.proof {
            Some(Proof::Tried(report)) => {
                let holds = if report.exit() == Exit::Fine {
                    "it holds"
                } else {
                    "it does not hold"
                };
                out.extend([
                    format!("\nthis chain in a shadow database: {holds}\n"),
                    report.render_text(),
                ]);
            }
            Some(Proof::NotTried(why)) => out.extend(["\nthis chain was not proved: ", why, "\n"]),
            None if self.found.findings.is_empty() => out.push_str("nothing to mend\n"),
            None => {}
        }
        out
    }

    fn exit(&self) -> Exit {
        Exit::of(&self.found.findings)
    }
}

impl Engine {
    /// Looks at revisions, database and surroundings. With `fix` it also proposes one chain of revisions that are not
    /// one, and proves it in a shadow database. Neither files nor database are changed.
    pub async fn doctor(&self, database: &PgConnectOptions, fix: bool) -> DoctorReport {
        let external_schemas = self.options.external_schemas.clone();
        let mut findings = lint(&self.chain, &LintOptions { external_schemas })
            .found
            .findings;
        if let Err(error) = self.examine(database, &mut findings).await {
            let help = "name a database that answers; the rest was looked at";
            let message = format!("the database was not looked at: {error}");
            findings.push(Finding::error(Rule::E01, Place::default(), message, help));
        }
        // The linter and the check both look at the files.
        let mut told = Vec::new();
        findings.retain(|finding| {
            let is_new = !told.contains(finding);
            told.push(finding.clone());
            is_new
        });
        findings.sort_by_key(urgency);
        let relink = fix
            .then(|| self.chain.relinked())
            .filter(|relink| !relink.changes.is_empty());
        let proof = match &relink {
            Some(relink) => Some(self.prove_relinked(relink, database).await),
            None => None,
        };
        DoctorReport {
            relink,
            proof,
            found: Findings::new(findings),
        }
    }

    async fn prove_relinked(&self, relink: &Relink, database: &PgConnectOptions) -> Proof {
        let files = relink.files.iter().map(|(name, text)| (name, text));
        let proposed = Self::new(Chain::from_files(files), self.options.clone());
        match proposed.verify(database, None).await {
            Ok(report) => Proof::Tried(report),
            Err(error) => Proof::NotTried(error.to_string()),
        }
    }

    async fn examine(
        &self,
        database: &PgConnectOptions,
        findings: &mut Vec<Finding>,
    ) -> Result<(), EngineError> {
        let mut conn = open(database).await?;
        findings.extend(self.check(&mut conn).await?.found.findings);
        let failed = "look at the surroundings";
        let found = surroundings(&mut conn)
            .await
            .map_err(EngineError::state(failed))?;
        findings.extend(found);
        let facts = store::backup_facts(&mut conn)
            .await
            .map_err(EngineError::state(failed))?;
        let given = self
            .options
            .backup
            .as_ref()
            .and_then(|backup| backup.programs.as_deref());
        if let Err(missing) = Programs::find(given, facts.server_major).await {
            findings.push(warning(missing.to_string(), "backups and rehearsals need it"));
        }
        let capacity = store::lock_capacity(&mut conn)
            .await
            .map_err(EngineError::state(failed))?;
        findings.extend(self.many_locks(capacity));
        Ok(())
    }

    /// A transaction that touches more objects than the server can lock fails half way.
    fn many_locks(&self, capacity: i64) -> Option<Finding> {
        let counted = self
            .chain
            .revisions()
            .iter()
            .filter(|revision| revision.transactional)
            .map(|revision| (lower(&revision.up.sql, &revision.up.statements).len(), revision));
        let (most, revision) = counted.max_by_key(|(effects, _)| *effects)?;
        (i64::try_from(most).unwrap_or(i64::MAX) > capacity / 2).then(|| {
            let message = format!(
                "`{}` does {most} things in one transaction; the server can hold {capacity} locks in all",
                revision.id
            );
            warning(
                message,
                "ALTER SYSTEM SET max_locks_per_transaction = 256, and start the server again",
            )
        })
    }
}

async fn surroundings(conn: &mut PgConnection) -> Result<Vec<Finding>, sqlx::Error> {
    let mut findings = Vec::new();
    let rights = store::rights(conn).await?;
    if !rights.may_create_schema {
        let message = format!("`{}` may not create schemas in this database", rights.user);
        let help = format!("GRANT CREATE ON DATABASE {} TO {}", rights.database, rights.user);
        findings.push(Finding::error(Rule::E01, Place::default(), message, help));
    }
    if !rights.may_create_databases {
        let message = format!(
            "`{}` may not create databases, so nothing can be proved in a shadow",
            rights.user
        );
        findings.push(warning(message, format!("ALTER ROLE {} CREATEDB", rights.user)));
    }
    for (what, age) in store::old_transactions(conn, OLD_TRANSACTION_SECONDS).await? {
        let message = format!("{what} is open since {age} s; concurrent index builds and locks wait for it");
        findings.push(warning(message, "commit it or roll it back"));
    }
    Ok(findings)
}

fn warning(message: impl Into<String>, help: impl Into<String>) -> Finding {
    Finding::error(Rule::E01, Place::default(), message, help).with_severity(Severity::Warning)
}

/// Errors before warnings; what blocks everything else first.
fn urgency(finding: &Finding) -> (bool, u8) {
    let rank = match finding.rule.to_string().as_bytes().first() {
        _ if finding.rule == Rule::S01 => 0,
        Some(b'G') => 1,
        Some(b'T') => 2,
        Some(b'S') => 3,
        Some(b'X') => 4,
        Some(b'E') => 5,
        Some(_) | None => 6,
    };
    (!finding.is_error(), rank)
}
