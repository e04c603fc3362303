//! The proof of a chain in throw-away databases: what the linter forecasts is tried.
//!
//! Each revision goes up, down and up again, and each time the whole schema is compared; a revision whose statements
//! are all guarded runs twice; both orders of a merge are tried; a kept `schema.sql` is loaded beside. The logical level
//! decides, the strict level warns. The given database itself is not touched: only its server is used.

mod report;
mod stairs;

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, raw_sql};

use crate::core::chain::Chain;
use crate::core::finding::{Finding, Place, Rule, Severity};
use crate::core::report::Findings;
use crate::core::revision::{Revision, RevisionId};
use crate::pg::error::EngineError;
use crate::pg::run::Runner;
use crate::pg::session::open;
use crate::pg::shadow::{Shadow, Shadows};
use crate::pg::snapshot::{Difference, Snapshot};
use crate::pg::{Engine, PgConnectOptions, refuse_errors};

pub use report::VerifyReport;
pub(crate) use stairs::Stairs;

/// A schema that is kept as a whole beside the revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSchema {
    /// Where it was read from, for findings.
    pub file: String,
    /// Its SQL, as `pg_dump --schema-only` writes it.
    pub sql: String,
}

impl Engine {
    /// Proves the chain in shadow databases on the server of `database`, which itself is not touched.
    pub async fn verify(
        &self,
        database: &PgConnectOptions,
        kept: Option<&KeptSchema>,
    ) -> Result<VerifyReport, EngineError> {
        refuse_errors(self.chain.findings())?;
        let mut shadows = Shadows::of(database).await?;
        let proved = self.verify_in(&mut shadows, kept).await;
        shadows.close().await;
        proved
    }

    async fn verify_in(
        &self,
        shadows: &mut Shadows,
        kept: Option<&KeptSchema>,
    ) -> Result<VerifyReport, EngineError> {
        let mut report = VerifyReport::default();
        let mut findings: Vec<Finding> = self.chain.findings().to_vec();
        let shadow = shadows.make().await?;
        let climbed = self.climb(&shadow, &mut report, &mut findings).await;
        shadows.drop(shadow).await?;
        if let Some(made) = climbed? {
            report.fingerprint = Some(made.fingerprint());
            if let Some(kept) = kept {
                findings.extend(self.compare_kept(shadows, kept, &made).await?);
            }
            for revision in self.chain.revisions().iter().filter(|r| r.parents.len() > 1) {
                findings.extend(self.both_orders(shadows, revision).await?);
                report.merges += 1;
            }
        }
        report.found = Findings::new(findings);
        Ok(report)
    }

    /// Up, down and up again along the whole chain; none if a statement failed, for then there is no end to speak of.
    async fn climb(
        &self,
        shadow: &Shadow,
        report: &mut VerifyReport,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Snapshot>, EngineError> {
        let runner = Runner::start_in_shadow(&self.chain, &self.options, shadow).await?;
        let mut stairs = Stairs::begin(runner, &self.options.external_schemas).await?;
        for revision in self.chain.revisions() {
            match stairs.step(revision, report, findings).await {
                Ok(_) => report.revisions += 1,
                Err(EngineError::Sql(failure)) => {
                    findings.push(failure.finding.clone());
                    return Ok(None);
                }
                Err(other) => return Err(other),
            }
        }
        Ok(Some(stairs.end().await))
    }

    async fn compare_kept(
        &self,
        shadows: &mut Shadows,
        kept: &KeptSchema,
        made: &Snapshot,
    ) -> Result<Vec<Finding>, EngineError> {
        let shadow = shadows.make().await?;
        let loaded = self.load(&shadow, kept).await;
        shadows.drop(shadow).await?;
        let differences = match loaded? {
            Ok(loaded) => made.differences(&loaded),
            Err(finding) => return Ok(vec![*finding]),
        };
        let help = "write it anew from a database at head: `pg_dump --schema-only --no-owner`";
        Ok(differences
            .iter()
            .map(|one| finding(Rule::V03, Place::file(&kept.file), one, "by this file", help))
            .collect())
    }

    async fn load(
        &self,
        shadow: &Shadow,
        kept: &KeptSchema,
    ) -> Result<Result<Snapshot, Box<Finding>>, EngineError> {
        let mut conn = open(&shadow.options).await?;
        // Newer versions of pg_dump write commands for psql at top and bottom.
        let lines: Vec<&str> = kept.sql.lines().filter(|line| !line.starts_with('\\')).collect();
        let sql = lines.join("\n");
        match raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await {
            Ok(_) => {}
            Err(error) if error.as_database_error().is_some() => {
                let message = format!("the kept schema cannot be loaded: {error}");
                let help = "write it anew: `pg_dump --schema-only --no-owner`";
                let place = Place::file(&kept.file);
                return Ok(Err(Box::new(Finding::error(Rule::V03, place, message, help))));
            }
            Err(source) => return Err(EngineError::Unreachable { source }),
        }
        Snapshot::read(&mut conn, &self.options.external_schemas)
            .await
            .map(Ok)
    }

    /// What the two orders of a merge make differently.
    async fn both_orders(
        &self,
        shadows: &mut Shadows,
        merge: &Revision,
    ) -> Result<Vec<Finding>, EngineError> {
        let mut findings = Vec::new();
        let Some((first, others)) = merge.parents.split_first() else {
            return Ok(findings);
        };
        for other in others {
            let (common, left, right) = sides(&self.chain, first, other);
            let there = [&common[..], &left[..], &right[..]].concat();
            let back = [&common[..], &right[..], &left[..]].concat();
            let there = self.build(shadows, &there).await?;
            let back = self.build(shadows, &back).await?;
            let order = format!("if `{other}` comes before `{first}`");
            let help = "re-parent one branch onto the other with `migrate rebase`";
            let place = &merge.parent_place;
            let differences = there.differences(&back);
            findings.extend(
                differences
                    .iter()
                    .map(|one| finding(Rule::M02, place.clone(), one, &order, help)),
            );
        }
        Ok(findings)
    }

    /// The schema that these revisions make in this order, in a shadow of their own.
    pub(crate) async fn build(
        &self,
        shadows: &mut Shadows,
        revisions: &[&Revision],
    ) -> Result<Snapshot, EngineError> {
        let shadow = shadows.make().await?;
        let made = self.build_in(&shadow, revisions).await;
        shadows.drop(shadow).await?;
        made
    }

    async fn build_in(&self, shadow: &Shadow, revisions: &[&Revision]) -> Result<Snapshot, EngineError> {
        let mut runner = Runner::start_in_shadow(&self.chain, &self.options, shadow).await?;
        for revision in revisions {
            runner.apply(revision).await?;
        }
        let made = Snapshot::read(runner.connection(), &self.options.external_schemas).await;
        runner.finish().await;
        made
    }

    /// How the schema that `other` makes differs from the one this chain makes: nothing, if one can stand for the
    /// other (a squash for what it replaces, a relinked chain for the old one).
    pub async fn differences_to(
        &self,
        other: &Engine,
        database: &PgConnectOptions,
    ) -> Result<Findings, EngineError> {
        refuse_errors(self.chain.findings())?;
        refuse_errors(other.chain.findings())?;
        let mut shadows = Shadows::of(database).await?;
        let ours: Vec<&Revision> = self.chain.revisions().iter().collect();
        let theirs: Vec<&Revision> = other.chain.revisions().iter().collect();
        let wanted = self.build(&mut shadows, &ours).await?;
        let made = other.build(&mut shadows, &theirs).await?;
        shadows.close().await;
        Ok(Findings::new(wanted.drift(&made)))
    }
}

/// What both parents of a merge have in common, and what each has alone, in the order of the chain.
fn sides<'c>(
    chain: &'c Chain,
    left: &RevisionId,
    right: &RevisionId,
) -> (Vec<&'c Revision>, Vec<&'c Revision>, Vec<&'c Revision>) {
    let (left, right) = (ancestors(chain, left), ancestors(chain, right));
    let those = |wanted: &dyn Fn(&RevisionId) -> bool| {
        let revisions = chain.revisions().iter();
        revisions
            .filter(|revision| wanted(&revision.id))
            .collect::<Vec<_>>()
    };
    (
        those(&|id| left.contains(id) && right.contains(id)),
        those(&|id| left.contains(id) && !right.contains(id)),
        those(&|id| right.contains(id) && !left.contains(id)),
    )
}

/// A revision and all it builds upon.
fn ancestors(chain: &Chain, of: &RevisionId) -> HashSet<RevisionId> {
    let mut found = HashSet::from([of.clone()]);
    // Parents stand before their children, so one walk from the end is enough.
    for revision in chain.revisions().iter().rev() {
        if found.contains(&revision.id) {
            found.extend(revision.parents.iter().cloned());
        }
    }
    found
}

/// A difference as a finding: logical ones are errors, strict ones warnings.
fn finding(rule: Rule, place: Place, one: &Difference, when: &str, help: &str) -> Finding {
    let finding =
        Finding::error(rule, place, format!("{} {when}", one.describe()), help).about(&one.key.name);
    if one.is_logical() {
        finding
    } else {
        finding.with_severity(Severity::Warning)
    }
}
