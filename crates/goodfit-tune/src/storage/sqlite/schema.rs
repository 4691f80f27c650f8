//! Tables: making them, and telling a file that can be used from one that cannot.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::fault::Fault;

/// Optuna's tables.
const OPTUNA: &str = include_str!("schema.sql");
/// Their version in two forms, as Optuna writes it.
const SCHEMA: i64 = 12;
const REVISION: &str = "v3.2.0.a";

/// Our own tables, and their version.
const OWN: &str = include_str!("own.sql");
const FORMAT: i64 = 1;

/// What a reader needs of our own tables in a file without them: nothing is in them. It lies beside the file's tables, in
/// the memory of the connection.
pub(super) const EMPTY: &str = "
CREATE TEMP VIEW goodfit_ends AS SELECT 0 AS trial_id, NULL AS reason, NULL AS curves WHERE FALSE;
CREATE TEMP VIEW goodfit_study_attributes AS SELECT 0 AS study_id, '' AS \"key\", '' AS value_json WHERE FALSE;
CREATE TEMP VIEW goodfit_trial_attributes AS SELECT 0 AS trial_id, '' AS \"key\", '' AS value_json WHERE FALSE;
";

/// What a file lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lacks {
    Nothing,
    /// It was made by Optuna.
    OwnTables,
    /// It is new.
    Everything,
}

/// Looks at a file without changing it.
pub(super) fn lacks(connection: &Connection, path: &Path) -> Result<Lacks, Fault> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table'";
    let tables: Vec<String> = connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let has = |table: &str| tables.iter().any(|name| name == table);
    if tables.is_empty() {
        return Ok(Lacks::Everything);
    }
    if !["studies", "trials", "version_info"].into_iter().all(has) {
        let what = "it is a database of something else: there are no studies in it".to_owned();
        return Err(Fault::File(what, "name another file".to_owned()));
    }
    let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).optional();
    let schema = one("SELECT schema_version FROM version_info")?.unwrap_or_default();
    let revision: Option<String> = if has("alembic_version") {
        connection.query_row("SELECT version_num FROM alembic_version", [], |row| row.get(0)).optional()?
    } else {
        None
    };
    let revision = revision.unwrap_or_default();
    if schema != SCHEMA || revision != REVISION {
        let what = format!("it has Optuna's schema {schema} {revision}, and this program knows {SCHEMA} {REVISION}");
        // Revisions are named by the version of Optuna that brought them, so their texts are in its order.
        let is_older = schema < SCHEMA || (schema == SCHEMA && revision.as_str() < REVISION);
        let hint = if is_older {
            format!("bring it up to date: optuna storage upgrade --storage sqlite:///{}", path.display())
        } else {
            "take a newer goodfit".to_owned()
        };
        return Err(Fault::File(what, hint));
    }
    if !has("goodfit_format") {
        return Ok(Lacks::OwnTables);
    }
    let format = one("SELECT format FROM goodfit_format")?.unwrap_or_default();
    if format != FORMAT {
        let what = format!("it has the format {format} of goodfit's tables, and this program knows {FORMAT}");
        return Err(Fault::File(what, "take a newer goodfit".to_owned()));
    }
    Ok(Lacks::Nothing)
}

/// Makes what is missing. Of several processes that do so at a time, one does.
pub(super) fn complete(connection: &mut Connection, path: &Path) -> Result<(), Fault> {
    if lacks(connection, path)? == Lacks::Nothing {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let lacks = lacks(&transaction, path)?;
    if lacks == Lacks::Everything {
        transaction.execute_batch(OPTUNA)?;
        let library = concat!("goodfit ", env!("CARGO_PKG_VERSION"));
        transaction.execute("INSERT INTO version_info VALUES (1, ?1, ?2)", (SCHEMA, library))?;
        transaction.execute("INSERT INTO alembic_version VALUES (?1)", [REVISION])?;
    }
    if lacks != Lacks::Nothing {
        transaction.execute_batch(OWN)?;
        transaction.execute("INSERT INTO goodfit_format VALUES (?1)", [FORMAT])?;
    }
    Ok(transaction.commit()?)
}
