//! A picture of every object in a database, to be compared with another one.
//!
//! Two levels: *logical* is what decides whether two schemas are the same; *strict* (owners, order of columns, names
//! the server chose, versions of extensions) may differ without harm and is only warned of. Definitions are the
//! server's own words, so a picture is comparable within one major version of the server.

mod compare;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Row as _, raw_sql};

use crate::core::hash::hexadecimal;
use crate::pg::STATE_SCHEMA;
use crate::pg::error::EngineError;

pub(crate) use compare::Difference;

const OBJECTS: &str = include_str!("objects.sql");

/// What an object is called: its kind and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Definition {
    /// What it disappears with.
    pub(crate) of: Option<Key>,
    pub(crate) logical: String,
    pub(crate) strict: String,
}

/// Every object of a database outside the system's, the engine's and the external schemas.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    objects: BTreeMap<Key, Definition>,
    /// Major version of the server that described them.
    server: i32,
}

/// As it is kept in the database.
#[derive(Serialize, Deserialize)]
struct Kept {
    server: i32,
    objects: Vec<(Key, Definition)>,
}

impl Snapshot {
    /// Takes the picture on a connection outside a transaction. Read only.
    pub async fn read(conn: &mut PgConnection, external_schemas: &[String]) -> Result<Self, EngineError> {
        let failed = EngineError::state("take a picture of the schema");
        let taken = match raw_sql("BEGIN READ ONLY").execute(&mut *conn).await {
            Ok(_) => Self::read_inside(conn, external_schemas).await,
            Err(error) => Err(error),
        };
        let ended = raw_sql("ROLLBACK").execute(conn).await;
        match (taken, ended) {
            (Ok(taken), Ok(_)) => Ok(taken),
            (Err(error), _) | (Ok(_), Err(error)) => Err(failed(error)),
        }
    }

    /// The same inside an open transaction, whose settings it changes until the end.
    pub(crate) async fn read_inside(
        conn: &mut PgConnection,
        external_schemas: &[String],
    ) -> Result<Self, sqlx::Error> {
        // Names outside the path are written with their schema. One plan is as good as the next, and costs as much as
        // a picture; compiling it costs more.
        let settings =
            "SET LOCAL search_path = ''; SET LOCAL jit = off; SET LOCAL plan_cache_mode = force_generic_plan";
        raw_sql(settings).execute(&mut *conn).await?;
        let left_out: Vec<String> = external_schemas
            .iter()
            .cloned()
            .chain([STATE_SCHEMA.to_owned()])
            .collect();
        let rows = sqlx::query(OBJECTS).bind(left_out).fetch_all(&mut *conn).await?;
        let objects = rows.iter().map(object).collect::<Result<_, _>>()?;
        let server: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::integer / 10000")
            .fetch_one(conn)
            .await?;
        Ok(Self { objects, server })
    }

    /// A short text that is the same for logically equal schemas and for no others.
    pub fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        for (key, definition) in &self.objects {
            for text in [&key.kind, &key.name, &definition.logical] {
                digest.update((text.len() as u64).to_le_bytes());
                digest.update(text);
            }
        }
        format!("f1:{}", hexadecimal(&digest.finalize()))
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Whether the two can be compared at all.
    pub(crate) fn is_of_the_server_of(&self, other: &Self) -> bool {
        self.server == other.server
    }

    /// As it is kept.
    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        let objects = self.objects.clone().into_iter().collect();
        serde_json::to_string(&Kept {
            server: self.server,
            objects,
        })
    }

    /// From what was kept, without what has become external since.
    pub(crate) fn from_json(text: &str, external: &[String]) -> Result<Self, serde_json::Error> {
        let kept: Kept = serde_json::from_str(text)?;
        let objects = kept.objects.into_iter();
        Ok(Self {
            server: kept.server,
            objects: objects
                .filter(|(key, _)| !external.iter().any(|schema| is_in(&key.name, schema)))
                .collect(),
        })
    }

    /// What the schema would be now if the changes between `before` and `now` had been made to this one.
    ///
    /// So what somebody changed by hand before a run of ours does not become part of what we made.
    #[must_use]
    pub(crate) fn carried_on(&self, before: &Self, now: &Self) -> Self {
        let mut objects = now.objects.clone();
        objects.retain(|key, definition| {
            before.objects.get(key) != Some(definition) || self.objects.contains_key(key)
        });
        for (key, wanted) in &self.objects {
            if before.objects.get(key) == now.objects.get(key) {
                objects.insert(key.clone(), wanted.clone());
            }
        }
        Self {
            objects,
            server: now.server,
        }
    }
}

fn is_in(name: &str, schema: &str) -> bool {
    let rest = name.strip_prefix(schema);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn object(row: &PgRow) -> Result<(Key, Definition), sqlx::Error> {
    let of_kind: Option<String> = row.try_get("of_kind")?;
    let of: Option<String> = row.try_get("of")?;
    let key = Key {
        kind: row.try_get("kind")?,
        name: row.try_get("name")?,
    };
    let definition = Definition {
        of: of_kind.zip(of).map(|(kind, name)| Key { kind, name }),
        logical: row.try_get::<Option<String>, _>("logical")?.unwrap_or_default(),
        strict: row.try_get::<Option<String>, _>("strict")?.unwrap_or_default(),
    };
    Ok((key, definition))
}

/// What a run began with: the schema as it was, and as it should have been.
#[derive(Debug)]
pub(crate) struct Baseline {
    pub(crate) live: Snapshot,
    pub(crate) wanted: Snapshot,
}
