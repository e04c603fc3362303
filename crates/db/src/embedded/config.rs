//! PostgreSQL's settings for a small machine, and who may connect: the owner of the password, from this
//! machine, nobody else. Written anew at each start; durability (fsync and the rest) is never traded.
//! `custom.conf` in the data directory, when it exists, has the last word.

use std::path::Path;

use super::error::EmbeddedError;
use super::layout::{Layout, write_whole};

/// Kept log files and the size of each: together what the log may take on disk, about 100 MB.
pub(super) const LOG_FILES_MAX: usize = 10;
pub(super) const LOG_PREFIX: &str = "postgresql-";

const HBA: &str = "# Written by MagFlow at each start.\n\
local all all              scram-sha-256\n\
host  all all 127.0.0.1/32 scram-sha-256\n";

/// Writes both files for a start on `port`.
pub(super) fn write(layout: &Layout, port: u16) -> Result<(), EmbeddedError> {
    write_whole(&layout.hba(), HBA, 0o644)?;
    write_whole(&layout.config(), &text(layout, port), 0o644)
}

/// Whether a running server on `port` was started with exactly the settings we would write now.
pub(super) fn is_current(layout: &Layout, port: u16) -> bool {
    let same = |path: &Path, wanted: &str| std::fs::read_to_string(path).is_ok_and(|found| found == wanted);
    same(&layout.hba(), HBA) && same(&layout.config(), &text(layout, port))
}

fn text(layout: &Layout, port: u16) -> String {
    let cluster = quoted(&layout.cluster());
    let made_by_initdb = quoted(&layout.cluster().join("postgresql.conf"));
    let hba = quoted(&layout.hba());
    let log_dir = quoted(&layout.log_dir());
    let custom = layout.data_dir.join("custom.conf");
    // PostgreSQL would log each start that an optional file is not there.
    let custom = if custom.exists() {
        format!("include = {}", quoted(&custom))
    } else {
        String::new()
    };
    let sockets = if layout.socket_fits() {
        quoted(&layout.socket_dir())
    } else {
        "''".to_owned()
    };
    format!(
        "# Written by MagFlow at each start; put own settings into custom.conf beside this file.
include = {made_by_initdb}
data_directory = {cluster}
hba_file = {hba}

listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
max_connections = 60
password_encryption = scram-sha-256
client_connection_check_interval = 5s
ssl = off

fsync = on
full_page_writes = on
synchronous_commit = on
wal_level = replica
wal_compression = on
max_wal_senders = 0
max_wal_size = 1GB
min_wal_size = 80MB
checkpoint_completion_target = 0.9

shared_buffers = 128MB
effective_cache_size = 512MB
work_mem = 8MB
maintenance_work_mem = 64MB
max_parallel_workers_per_gather = 1
random_page_cost = 1.1
jit = off

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C.UTF-8'
default_text_search_config = 'pg_catalog.simple'

logging_collector = on
log_destination = 'stderr'
log_directory = {log_dir}
log_filename = '{LOG_PREFIX}%Y%m%d-%H%M%S.log'
log_rotation_age = 1d
log_rotation_size = 10MB
log_line_prefix = '%m [%p] %q%u@%d '
log_min_duration_statement = 2s
log_lock_waits = on
log_checkpoints = off

{custom}
"
    )
}

/// A path as PostgreSQL's configuration wants it.
fn quoted(path: &Path) -> String {
    format!(
        "'{}'",
        path.display()
            .to_string()
            .replace('\\', "\\\\")
            .replace('\'', "''")
    )
}
