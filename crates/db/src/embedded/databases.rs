//! Databases made the one way that sorts and folds Romanian rightly, and the check of databases that
//! were made by others and given to us by address.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use tracing::info;

use super::error::EmbeddedError;

/// PostgreSQL cuts longer names silently.
const NAME_MAX: usize = 63;
/// SQLSTATE `duplicate_database`: somebody else was a moment faster.
const DUPLICATE_DATABASE: &str = "42P04";
/// SQLSTATE `unique_violation`: the same, seen from within the catalogue.
const UNIQUE_VIOLATION: &str = "23505";

/// Makes the database unless it exists.
pub(super) async fn ensure(connection: &mut PgConnection, name: &str) -> Result<(), EmbeddedError> {
    if !is_usable_name(name) {
        return Err(EmbeddedError::BadDatabaseName {
            name: name.to_owned(),
        });
    }
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
    if there {
        return Ok(());
    }
    // The name consists of letters, digits and _ only: see above.
    let statement = format!(
        "CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'ro-RO' \
         LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
    );
    match sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut *connection)
        .await
    {
        Ok(_) => {
            info!("created the database {name}");
            Ok(())
        }
        Err(error) if is_duplicate(&error) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn is_duplicate(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == DUPLICATE_DATABASE || code == UNIQUE_VIOLATION)
}

fn is_usable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
    first
        && name.len() <= NAME_MAX
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// How a database compares and classifies text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DatabaseLocale {
    /// Character encoding, as `UTF8`.
    pub encoding: String,
    /// Who compares: `icu`, `libc` or `builtin`.
    pub provider: String,
    /// The operating system's collation, as `C.UTF-8`.
    pub collate: String,
    /// The operating system's character classes, as `C.UTF-8`.
    pub ctype: String,
    /// ICU's (or the builtin provider's) locale, as `ro-RO`.
    pub icu_locale: Option<String>,
}

/// What was found out about a database that others made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignDatabase {
    /// The locale we would have chosen ourselves.
    AsOurs(DatabaseLocale),
    /// Usable, but text sorts and folds by another locale than Romanian: worth a finding.
    OtherLocale(DatabaseLocale),
}

/// Why a database given by address is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignDatabaseError {
    /// Romanian and Chinese texts would not fit.
    #[error("the database's encoding is {encoding}, MagFlow needs UTF8; create it with: {CREATE_HINT}")]
    Encoding {
        /// Its encoding.
        encoding: String,
    },
    /// Diacritics would not fold and Chinese would have no trigrams.
    #[error(
        "the database's character type is {ctype}, MagFlow needs a UTF-8 one; create it with: {CREATE_HINT}"
    )]
    Ctype {
        /// Its `LC_CTYPE`.
        ctype: String,
    },
    /// The database could not be asked.
    #[error("the database's locale cannot be read: {0}")]
    Sql(#[from] sqlx::Error),
}

/// The statement that makes a database as we want it.
const CREATE_HINT: &str = "CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu \
    ICU_LOCALE 'ro-RO' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'";

/// Checks a database that was given by address. Refuses only what would corrupt or lose text.
pub async fn check_foreign_database(
    connection: &mut PgConnection,
) -> Result<ForeignDatabase, ForeignDatabaseError> {
    judge(read_locale(connection).await?)
}

async fn read_locale(connection: &mut PgConnection) -> Result<DatabaseLocale, sqlx::Error> {
    // The column of the ICU locale was renamed in PostgreSQL 17, hence the way through JSON.
    let row = sqlx::query(
        "SELECT pg_encoding_to_char(d.encoding)::text AS encoding,
                CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
                d.datcollate::text AS collate, d.datctype::text AS ctype,
                coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale') AS icu_locale
           FROM pg_database AS d
          WHERE d.datname = current_database()",
    )
    .fetch_one(connection)
    .await?;
    Ok(DatabaseLocale {
        encoding: row.try_get("encoding")?,
        provider: row.try_get("provider")?,
        collate: row.try_get("collate")?,
        ctype: row.try_get("ctype")?,
        icu_locale: row.try_get("icu_locale")?,
    })
}

fn judge(locale: DatabaseLocale) -> Result<ForeignDatabase, ForeignDatabaseError> {
    if locale.encoding != "UTF8" {
        return Err(ForeignDatabaseError::Encoding {
            encoding: locale.encoding,
        });
    }
    if matches!(locale.ctype.as_str(), "C" | "POSIX") {
        return Err(ForeignDatabaseError::Ctype { ctype: locale.ctype });
    }
    let romanian = locale
        .icu_locale
        .as_deref()
        .is_some_and(|name| name == "ro" || name.starts_with("ro-"));
    if locale.provider == "icu" && romanian {
        Ok(ForeignDatabase::AsOurs(locale))
    } else {
        Ok(ForeignDatabase::OtherLocale(locale))
    }
}

#[cfg(test)]
mod tests {
    use super::{DatabaseLocale, ForeignDatabase, ForeignDatabaseError, is_usable_name, judge};

    #[track_caller]
    fn check(encoding: &str, provider: &str, ctype: &str, icu: Option<&str>, expected: &str) {
        let locale = DatabaseLocale {
            encoding: encoding.to_owned(),
            provider: provider.to_owned(),
            collate: ctype.to_owned(),
            ctype: ctype.to_owned(),
            icu_locale: icu.map(str::to_owned),
        };
        let found = match judge(locale) {
            Ok(ForeignDatabase::AsOurs(_)) => "as ours",
            Ok(ForeignDatabase::OtherLocale(_)) => "other locale",
            Err(ForeignDatabaseError::Encoding { .. }) => "refused: encoding",
            Err(ForeignDatabaseError::Ctype { .. }) => "refused: ctype",
            Err(ForeignDatabaseError::Sql(_)) => "unreadable",
        };
        assert_eq!(found, expected, "{encoding} {provider} {ctype} {icu:?}");
    }

    #[test]
    fn a_foreign_database_is_refused_only_for_encoding_and_plain_c() {
        check("UTF8", "icu", "C.UTF-8", Some("ro-RO"), "as ours");
        check("UTF8", "icu", "en_US.utf8", Some("ro"), "as ours");
        check("UTF8", "icu", "C.UTF-8", Some("root"), "other locale");
        check("UTF8", "libc", "en_US.utf8", None, "other locale");
        check("UTF8", "libc", "ro_RO.UTF-8", None, "other locale");
        check("UTF8", "icu", "C", Some("ro-RO"), "refused: ctype");
        check("UTF8", "libc", "POSIX", None, "refused: ctype");
        check("SQL_ASCII", "libc", "C", None, "refused: encoding");
        check("LATIN2", "libc", "ro_RO", None, "refused: encoding");
    }

    #[test]
    fn only_plain_names_become_databases() {
        for good in ["magflow", "_x", "a1_b", &"a".repeat(63)] {
            assert!(is_usable_name(good), "{good}");
        }
        for bad in ["", "1a", "A", "a-b", "a b", "a\"b", "ș", &"a".repeat(64)] {
            assert!(!is_usable_name(bad), "{bad}");
        }
    }
}
