//! Opening: the file's mode before anything is written, the connection's settings, the version.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, ConnectOptions as _, Connection as _, Executor as _, Row as _};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};
use tokio::sync::Mutex;
use url::Url;

use super::error::{Fault, Kind};
use super::place::{self, Location, Place};
use super::{Ledger, LedgerError, PATIENCE};
use crate::message::{self, Arg};
use crate::secret::Secret;
use crate::text;

/// What a ledger is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To read and to record. Makes the ledger when there is none.
    ReadWrite,
    /// Only to read. Makes nothing, changes nothing.
    ReadOnly,
}

/// Every step from an empty database to the newest form, oldest first. A step that was released
/// never changes.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "ledger", include_str!("../../migrations/0001_ledger.sql")),
    (2, "watch", include_str!("../../migrations/0002_watch.sql")),
    (3, "targets", include_str!("../../migrations/0003_targets.sql")),
    (4, "answers", include_str!("../../migrations/0004_answers.sql")),
];

/// The newest form of the ledger that this program understands.
pub const VERSION: i64 = 4;

/// The table that says which steps were made; named, because a shared PostgreSQL database may hold
/// another program's `_sqlx_migrations`.
const MIGRATIONS_TABLE: &str = "stagepass_migrations";

/// What SQLite is told on every connection. WAL is a property of the file and set when it is made.
/// Full sync, because an intent that a power cut takes back is access that no record knows of.
const SQLITE_SETTINGS: &str = "pragma foreign_keys = on; pragma synchronous = full; \
     pragma busy_timeout = 2000; pragma trusted_schema = off; pragma temp_store = memory;";

/// What PostgreSQL is told: no wait without an end, not even for a client that was stopped while
/// it held the chain's row; and durable commits, whatever the server's default.
const POSTGRES_SETTINGS: &str = "set statement_timeout = '8s'; set lock_timeout = '4s'; \
     set idle_in_transaction_session_timeout = '8s'; set client_min_messages = 'error'; \
     select set_config('synchronous_commit', 'on', false) \
     where current_setting('synchronous_commit') = 'off';";

impl Ledger {
    /// Opens the ledger at `location`, and makes it first when it is opened for writing and there
    /// is none.
    ///
    /// An SQLite file and its folder are made for this user alone (0600, 0700) before a byte is
    /// written. PostgreSQL on another machine is only spoken to over verified TLS.
    ///
    /// # Errors
    /// [`LedgerError::Absent`] when there is none to read, and every other way in which a place
    /// cannot be used.
    pub async fn open(location: &Location, mode: Mode) -> Result<Self, LedgerError> {
        sqlx::any::install_default_drivers();
        match location {
            Location::File(path) => open_file(path, mode).await,
            Location::Url(url) => {
                let (url, place) = place::postgres(url)?;
                ready(Self::unconnected(&url, place, mode, Vec::new())).await
            }
        }
    }

    fn unconnected(url: &Url, place: Place, mode: Mode, warnings: Vec<String>) -> Self {
        let url = Secret::new(url.to_string());
        let (connection, was_reached) = (Mutex::new(None), AtomicBool::new(false));
        Self { url, place, mode, warnings, connection, was_reached }
    }

    /// What is wrong with the place the ledger is in, each in one line. Nothing that stops it from
    /// being used.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Writes a copy of an SQLite ledger into a new file, whole, while others work on it.
    ///
    /// # Errors
    /// [`LedgerError::NoCopy`] for PostgreSQL, [`LedgerError::Copy`] when the file is there already or
    /// cannot be written.
    pub async fn back_up(&self, to: &Path) -> Result<(), LedgerError> {
        let Some(file) = self.place.file() else { return Err(LedgerError::NoCopy) };
        let cannot = |why: String| LedgerError::Copy { file: to.display().to_string(), why };
        let new = new_file(to).map_err(|e| cannot(e.to_string()))?;
        let copied = async {
            let url = place::sqlite_url(file, "mode=ro")?;
            let options = AnyConnectOptions::from_str(url.as_str()).map_err(Fault::from);
            let connecting = options.map_err(|e| e.explain(&self.place))?;
            let mut connection =
                connecting.connect().await.map_err(|e| Fault::from(e).explain(&self.place))?;
            let name = to.to_str().ok_or_else(|| cannot(message::text("ledger-copy-name", &[])))?;
            let done = sqlx::query("vacuum into $1").bind(name).execute(&mut connection).await;
            let _ = connection.close().await;
            done.map_err(|e| cannot(text::one_line(&e.to_string(), 300)))?;
            new.sync_all().map_err(|e| cannot(e.to_string()))
        };
        let copied = copied.await;
        if copied.is_err() {
            let _ = std::fs::remove_file(to);
        }
        copied
    }

    /// Lets go of the database in good order. Dropping the ledger is safe too, and less tidy.
    pub async fn close(self) {
        if let Some(connection) = self.connection.into_inner() {
            // A database that does not answer must not keep the program from ending.
            let _ = tokio::time::timeout(Duration::from_secs(2), connection.close()).await;
        }
    }

    /// Works with the one connection, made anew when there is none. After a failure in it, or when
    /// the work is dropped half-way, the connection is not used again: what it was left in the
    /// middle of is over.
    pub(super) async fn with<T>(
        &self,
        longest: Duration,
        work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut held = self.connection.lock().await;
        let attempt = async {
            let mut connection = match held.take() {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            let done = work(&mut connection).await;
            match done {
                Ok(_) | Err(Fault::Ours(_)) => *held = Some(connection),
                Err(_) => {
                    let closing = connection.close_hard();
                    let _ = tokio::time::timeout(Duration::from_secs(1), closing).await;
                }
            }
            done
        };
        tokio::time::timeout(longest, attempt).await.unwrap_or(Err(Fault::Silent))
    }

    /// Notes that this process has written into an SQLite file.
    pub(super) fn wrote(&self) {
        if let (Some(path), Ok(mut written)) = (self.place.file(), WRITTEN.lock()) {
            written.insert(path.to_owned());
        }
    }

    pub(super) async fn connect(&self) -> Result<AnyConnection, Fault> {
        let mut connection = AnyConnectOptions::from_str(self.url.expose())?.connect().await?;
        let settings = match (&self.place, self.mode) {
            (Place::File(_), Mode::ReadWrite) => SQLITE_SETTINGS.to_owned(),
            (Place::File(_), Mode::ReadOnly) => format!("{SQLITE_SETTINGS} pragma query_only = on"),
            (Place::Database(_), Mode::ReadWrite) => POSTGRES_SETTINGS.to_owned(),
            (Place::Database(_), Mode::ReadOnly) => {
                format!("{POSTGRES_SETTINGS} set default_transaction_read_only = on")
            }
        };
        connection.execute(sqlx::raw_sql(AssertSqlSafe(settings))).await?;
        self.was_reached.store(true, Ordering::Relaxed);
        Ok(connection)
    }
}

/// The SQLite files that this process has written into.
static WRITTEN: std::sync::Mutex<BTreeSet<PathBuf>> = std::sync::Mutex::new(BTreeSet::new());

/// Whether this process has recorded anything in an SQLite file.
#[must_use]
pub fn has_written() -> bool {
    WRITTEN.lock().is_ok_and(|written| !written.is_empty())
}

/// Brings what this process has written from SQLite's journal into the file itself, so that a copy
/// of the file is the whole ledger. Where somebody else is at work it is left to them.
pub async fn settle() {
    let written: Vec<PathBuf> = WRITTEN
        .lock()
        .map(|mut written| std::mem::take(&mut *written))
        .into_iter()
        .flatten()
        .collect();
    for path in written {
        let settling = async {
            let url = place::sqlite_url(&path, "mode=rw").ok()?;
            let options = AnyConnectOptions::from_str(url.as_str()).ok()?;
            let mut connection = options.connect().await.ok()?;
            // Whoever finds another at this very work is told "busy" at once, whatever the time limit
            // is (`sqlite3_wal_checkpoint_v2`): a connection of our own that is being closed, too.
            let sql = "pragma busy_timeout = 200; pragma wal_checkpoint(truncate)";
            for _ in 0..SETTLING_TRIES {
                let _ = connection.execute(sqlx::raw_sql(sql)).await;
                if is_settled(&path) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            connection.close().await.ok()
        };
        let _ = tokio::time::timeout(Duration::from_secs(10), settling).await;
    }
}

/// How often the journal is tried to be brought into the file while somebody else is at work.
const SETTLING_TRIES: u32 = 20;

/// Whether nothing is in SQLite's journal beside this file.
fn is_settled(path: &Path) -> bool {
    std::fs::metadata(place::beside(path, "-wal")).map_or(true, |found| found.len() == 0)
}

async fn open_file(path: &Path, mode: Mode) -> Result<Ledger, LedgerError> {
    let file = prepare(path, mode)?;
    let mut warnings = exposure(&file);
    let place = Place::File(file.clone());
    let url = place::sqlite_url(&file, if mode == Mode::ReadOnly { "mode=ro" } else { "mode=rw" })?;
    let ledger = Ledger::unconnected(&url, place.clone(), mode, warnings.clone());
    match ready(ledger).await {
        // A file in WAL mode needs two files beside it. Where they can be neither found nor made,
        // nobody can be writing either, and the file alone is the whole ledger.
        Err(LedgerError::ReadOnly { .. }) if mode == Mode::ReadOnly && has_no_journal(&file) => {
            let folder = [("place", Arg::of(&place))];
            warnings.push(message::text("ledger-warning-folder", &folder));
            let url = place::sqlite_url(&file, "mode=ro&immutable=1")?;
            ready(Ledger::unconnected(&url, place, mode, warnings)).await
        }
        opened => opened,
    }
}

/// Finds or makes the file and its folder, and gives the path that is opened.
fn prepare(path: &Path, mode: Mode) -> Result<PathBuf, LedgerError> {
    let place = path.display().to_string();
    let denied = |cause: &std::io::Error| match cause.kind() {
        std::io::ErrorKind::StorageFull => LedgerError::DiskFull { place: place.clone() },
        std::io::ErrorKind::ReadOnlyFilesystem => {
            LedgerError::ReadOnly { place: place.clone(), why: cause.to_string() }
        }
        _ => LedgerError::Denied { place: place.clone(), why: cause.to_string() },
    };
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(LedgerError::NotALedger { place }),
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(denied(&cause)),
        Err(_) if mode == Mode::ReadOnly => return Err(LedgerError::Absent { place }),
        Err(_) => create(path).map_err(|cause| denied(&cause))?,
    }
    std::fs::canonicalize(path).map_err(|cause| denied(&cause))
}

/// Makes an empty file that only this user can read. SQLite gives the files it puts beside it the
/// same mode.
fn create(path: &Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    let mut file = std::fs::OpenOptions::new();
    folder.recursive(true);
    file.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        folder.mode(0o700);
        file.mode(0o600);
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        folder.create(parent)?;
    }
    match file.open(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::AlreadyExists => Err(cause),
        // Another process was faster, which is just as well.
        _ => Ok(()),
    }
}

/// A new empty file that only this user can read.
fn new_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        file.mode(0o600);
    }
    file.open(path)
}

/// Who else could read or change the file.
fn exposure(file: &Path) -> Vec<String> {
    let mut warnings = Vec::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        for path in [Some(file), file.parent()].into_iter().flatten() {
            let Ok(found) = std::fs::metadata(path) else { continue };
            let others = if path == file { found.mode() & 0o077 } else { found.mode() & 0o022 };
            if others != 0 && (path == file || found.mode() & 0o1000 == 0) {
                let mode = format!("{:o}", found.mode() & 0o7777);
                warnings.push(message::text(
                    "ledger-warning-mode",
                    &[("path", path.into()), ("mode", mode.into())],
                ));
            }
            let me = rustix::process::geteuid().as_raw();
            if found.uid() != me && found.uid() != 0 {
                let args = [("path", path.into()), ("user", found.uid().into())];
                warnings.push(message::text("ledger-warning-owner", &args));
            }
        }
    }
    warnings
}

/// Whether nothing beside the file is a part of the ledger.
fn has_no_journal(file: &Path) -> bool {
    ["-wal", "-journal"].iter().all(|suffix| {
        std::fs::metadata(place::beside(file, suffix)).map_or(true, |found| found.len() == 0)
    })
}

/// Brings the ledger to the newest form, unless it is newer still.
async fn ready(ledger: Ledger) -> Result<Ledger, LedgerError> {
    let place = ledger.place.to_string();
    let give_up = tokio::time::Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(5);
    loop {
        let found = ledger.version().await?;
        match found {
            Some(found) if found == VERSION => return Ok(ledger),
            Some(found) if found > VERSION => {
                return Err(LedgerError::NewerVersion { place, found, known: VERSION });
            }
            Some(found) if ledger.mode == Mode::ReadOnly => {
                return Err(LedgerError::OlderVersion { place, found });
            }
            // Looked at twice: another process may have made the ledger between the two looks.
            None if ledger.holds_something_else().await? && ledger.version().await?.is_none() => {
                return Err(LedgerError::NotALedger { place });
            }
            None if ledger.mode == Mode::ReadOnly => return Err(LedgerError::Absent { place }),
            _ => {}
        }
        // Two processes may do this at once on one file: the slower one fails on a table that is
        // there already, and then finds the version it wanted, or one that is nearer to it.
        if let Err(fault) = ledger.migrate().await {
            if tokio::time::Instant::now() > give_up {
                return Err(fault.explain(&ledger.place));
            }
            let after = ledger.version().await?;
            let may_pass = fault.kind(&ledger.place).is_some_and(Kind::passes);
            if after <= found && !may_pass {
                return Err(fault.explain(&ledger.place));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }
}

/// Every step, with the name of our own table for them.
fn migrator() -> Migrator {
    let mut migrator = Migrator::with_migrations(steps().collect());
    migrator.dangerous_set_table_name(MIGRATIONS_TABLE);
    migrator
}

fn steps() -> impl Iterator<Item = Migration> {
    MIGRATIONS.iter().map(|(version, name, sql)| {
        let kind = MigrationType::Simple;
        Migration::new(*version, (*name).into(), kind, sql.into_sql_str(), false)
    })
}

/// What a ledger's list of steps has to say: their numbers and the digests of their text.
pub(super) fn checksums() -> Vec<(i64, Vec<u8>)> {
    steps().map(|step| (step.version, step.checksum.into_owned())).collect()
}

/// What a new SQLite file is made of.
pub(super) async fn form_of_a_new_file() -> Result<Vec<(String, String, String)>, Fault> {
    let mut connection = AnyConnection::connect("sqlite::memory:").await?;
    let made = migrator().run_direct(None, &mut connection, false).await;
    made.map_err(|e| {
        Fault::Ours(LedgerError::Corrupt {
            place: "memory".into(),
            why: text::one_line(&e.to_string(), 300),
        })
    })?;
    let objects = objects(&mut connection).await?;
    connection.close().await?;
    Ok(objects)
}

impl Ledger {
    /// The newest step that was made here; `None` when none was.
    async fn version(&self) -> Result<Option<i64>, LedgerError> {
        let found = self
            .read(async |connection| {
                let row = sqlx::query("select max(version) as version from stagepass_migrations")
                    .fetch_one(connection)
                    .await;
                match row {
                    Ok(row) => Ok(row.try_get::<Option<i64>, _>("version")?),
                    Err(sqlx::Error::Database(refusal)) if is_no_such_table(&*refusal) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            })
            .await?;
        Ok(found)
    }

    /// Whether an SQLite file without our tables has somebody else's.
    async fn holds_something_else(&self) -> Result<bool, LedgerError> {
        if self.place.file().is_none() {
            return Ok(false);
        }
        self.read(async |connection| {
            let row = sqlx::query(
                "select count(*) as others from sqlite_master \
                 where name <> 'stagepass_migrations' and name not like 'sqlite_%'",
            )
            .fetch_one(connection)
            .await?;
            Ok(row.try_get::<i64, _>("others")? > 0)
        })
        .await
    }

    async fn migrate(&self) -> Result<(), Fault> {
        let migrator = migrator();
        self.with(PATIENCE, async |connection| {
            if self.place.file().is_some() {
                connection.execute("pragma journal_mode = wal").await?;
            }
            migrator.run_direct(None, connection, false).await.map_err(|error| match error {
                MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => {
                    Fault::Sql(cause)
                }
                other => Fault::Ours(LedgerError::Database {
                    place: self.place.to_string(),
                    why: text::one_line(&other.to_string(), 300),
                }),
            })
        })
        .await
    }
}

/// SQLite has one code for every mistake in a statement; PostgreSQL has one for this.
fn is_no_such_table(refusal: &dyn sqlx::error::DatabaseError) -> bool {
    refusal.code().is_some_and(|code| code == "42P01")
        || refusal.message().starts_with("no such table")
}

/// Everything an SQLite file is made of: its kind, its name, and what it says. Of a table, what it
/// says are its columns: their order depends on how the file came to be.
pub(super) async fn objects(
    connection: &mut AnyConnection,
) -> Result<Vec<(String, String, String)>, Fault> {
    let rows = sqlx::query(
        "select m.type, m.name, case m.type when 'table' then (select group_concat(c, '; ') from \
         (select p.name || ' ' || p.type || ' ' || p.\"notnull\" || ' ' || p.pk as c \
         from pragma_table_info(m.name) p order by p.name)) \
         else coalesce(m.sql, '') end as said from sqlite_master m order by m.type, m.name",
    )
    .fetch_all(connection)
    .await?;
    let mut objects = Vec::with_capacity(rows.len());
    for row in &rows {
        let said: String = row.try_get("said")?;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        objects.push((row.try_get("type")?, row.try_get("name")?, said));
    }
    Ok(objects)
}
