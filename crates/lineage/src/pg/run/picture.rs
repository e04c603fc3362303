//! The picture of the schema that the last transaction of a run takes along.

use crate::pg::assess::Situation;
use crate::pg::error::EngineError;
use crate::pg::snapshot::{Baseline, Snapshot};
use crate::pg::store;

use super::Runner;

/// A picture of the schema that is to be taken in the transaction that ends a run.
pub(super) struct Picture {
    /// With the move of this revision.
    with: String,
    /// Kept for the revision the database is at then.
    keep_for: String,
    baseline: Baseline,
}

impl Runner<'_> {
    /// Will take a picture of the schema together with the move of revision `with`, for the revision the database
    /// is at then.
    pub(crate) async fn end_with_picture(
        &mut self,
        with: String,
        keep_for: String,
        situation: &Situation,
    ) -> Result<(), EngineError> {
        let begun_from = match situation.interrupted {
            None => situation.current(),
            Some(_) => None,
        };
        let live = Snapshot::read(&mut self.conn, &self.options.external_schemas).await?;
        let baseline = self.baseline(live, begun_from).await;
        self.picture = Some(Picture {
            with,
            keep_for,
            baseline: baseline.map_err(EngineError::state("keep how the schema was found"))?,
        });
        Ok(())
    }

    /// How the schema is and how it should be. A run that goes on from one that did not end begins where that began.
    async fn baseline(
        &mut self,
        live: Snapshot,
        begun_from: Option<String>,
    ) -> Result<Baseline, sqlx::Error> {
        let external = &self.options.external_schemas;
        let last = store::find_last_snapshot(&mut self.conn, external).await?;
        let last = last.filter(|last| last.snapshot.is_of_the_server_of(&live));
        Ok(match last {
            None => Baseline {
                wanted: live.clone(),
                live,
            },
            Some(last) if begun_from.as_ref() == Some(&last.revision) => {
                store::keep_found(&mut self.conn, &last.revision, &live).await?;
                Baseline {
                    wanted: last.snapshot,
                    live,
                }
            }
            Some(last) => Baseline {
                wanted: last.snapshot,
                live: last.found_by_next.unwrap_or(live),
            },
        })
    }

    /// In the open transaction, after the work of `id` is done.
    pub(super) async fn take_picture(&mut self, id: &str) -> Result<(), sqlx::Error> {
        let Some(picture) = self.picture.as_ref().filter(|picture| picture.with == id) else {
            return Ok(());
        };
        let external = &self.options.external_schemas;
        // On the way back the schema should be again what it was when this revision was the last one.
        if picture.with != picture.keep_for
            && store::find_snapshot(&mut self.conn, &picture.keep_for, external)
                .await?
                .is_some()
        {
            return Ok(());
        }
        let now = Snapshot::read_inside(&mut self.conn, external).await?;
        let wanted = picture.baseline.wanted.carried_on(&picture.baseline.live, &now);
        store::keep_snapshot(&mut self.conn, &picture.keep_for, &wanted).await
    }
}
