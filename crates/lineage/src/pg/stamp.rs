//! Saying where a database stands without running anything, after proving that it does stand there.

use serde::Serialize;
use sqlx::raw_sql;

use crate::core::finding::{Finding, Severity};
use crate::core::report::{Exit, Findings, Report};
use crate::core::revision::Revision;
use crate::pg::error::EngineError;
use crate::pg::run::Runner;
use crate::pg::session::open;
use crate::pg::shadow::Shadows;
use crate::pg::snapshot::Snapshot;
use crate::pg::store::{self, Recorded};
use crate::pg::{Engine, PgConnectOptions, refuse_errors};

/// What a stamp said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StampReport {
    /// Where the database is said to stand now.
    pub current: String,
    /// Revisions that were added to the record, or recorded anew since their files changed.
    pub added: Vec<String>,
    /// Revisions that were taken out of it.
    pub removed: Vec<String>,
    /// Differences that do not matter, or that were forced aside.
    #[serde(flatten)]
    pub found: Findings,
}

impl Report for StampReport {
    fn render_text(&self) -> String {
        let mut out = self.found.render_text();
        out.extend(self.added.iter().map(|id| format!("recorded {id}\n")));
        out.extend(
            self.removed
                .iter()
                .map(|id| format!("removed {id} from the record\n")),
        );
        out + &format!("current: {}\n", self.current)
    }

    fn exit(&self) -> Exit {
        Exit::Fine
    }
}

impl Engine {
    /// Records that the database is at `target` (a revision, or `head`) and runs nothing. Refused if the schema is not what a shadow database
    /// at `target` has, unless a reason is given to `force` it, which is kept in the history.
    pub async fn stamp(
        &self,
        database: &PgConnectOptions,
        target: &str,
        force: Option<&str>,
    ) -> Result<StampReport, EngineError> {
        refuse_errors(self.chain.findings())?;
        let at = match target {
            "head" => self.chain.revisions().len().saturating_sub(1),
            id => self.chain.position(id)?,
        };
        let wanted: Vec<&Revision> = self.chain.revisions().iter().take(at + 1).collect();
        let mut shadows = Shadows::of(database).await?;
        let built = self.build(&mut shadows, &wanted).await;
        shadows.close().await;
        let built = built?;
        let conn = open(database).await?;
        let mut runner = Runner::start(&self.chain, &self.options, database, conn).await?;
        let live = Snapshot::read(runner.connection(), &self.options.external_schemas).await?;
        let mut differences = built.drift(&live);
        if force.is_some() {
            for one in differences.iter_mut().filter(|one| one.is_error()) {
                one.severity = Severity::Warning;
            }
        }
        refuse_errors(&differences)?;
        let report = self.record(&mut runner, &wanted, &built, force).await?;
        runner.finish().await;
        Ok(StampReport {
            found: Findings::new(differences),
            ..report
        })
    }

    async fn record(
        &self,
        runner: &mut Runner<'_>,
        wanted: &[&Revision],
        built: &Snapshot,
        why: Option<&str>,
    ) -> Result<StampReport, EngineError> {
        let failed = "record where the database stands";
        let present = store::list_applied(runner.connection()).await?;
        let is_wanted = |id: &str| wanted.iter().any(|revision| revision.id.as_str() == id);
        let removed: Vec<String> = present
            .iter()
            .rev()
            .map(|row| row.id.clone())
            .filter(|id| !is_wanted(id))
            .collect();
        // A file that was edited or given another parent since is recorded anew: the schema was just proved.
        let is_present = |revision: &Revision| {
            present.iter().any(|row| {
                row.id == revision.id.as_str()
                    && row.state == "applied"
                    && row.token_hash == revision.token_hash.as_str()
                    && row
                        .parents
                        .iter()
                        .eq(revision.parents.iter().map(crate::RevisionId::as_str))
            })
        };
        let added: Vec<&Revision> = wanted
            .iter()
            .copied()
            .filter(|revision| !is_present(revision))
            .collect();
        let author = runner.author();
        let conn = runner.connection();
        let written = async {
            raw_sql("BEGIN").execute(&mut *conn).await?;
            for id in &removed {
                store::forget_revision(&mut *conn, id, why, author).await?;
            }
            for revision in &added {
                store::insert_revision(&mut *conn, revision, Recorded::Stamped(why), author).await?;
            }
            if let Some(last) = wanted.last() {
                store::keep_snapshot(&mut *conn, last.id.as_str(), built).await?;
            }
            raw_sql("COMMIT").execute(&mut *conn).await
        };
        written.await.map_err(EngineError::state(failed))?;
        Ok(StampReport {
            current: wanted
                .last()
                .map_or_else(|| "base".to_owned(), |revision| revision.id.to_string()),
            added: added.iter().map(|revision| revision.id.to_string()).collect(),
            removed,
            found: Findings::new(Vec::<Finding>::new()),
        })
    }
}
