//! The record: rows that say what is, and an append-only chain of events that says how it came to
//! be. One SQL dialect, in an SQLite file or in PostgreSQL.
//!
//! Every change is one transaction that takes the chain first, changes at most one case or grant,
//! and appends one event. So changes come one after the other whatever the number of processes,
//! a compare-and-set has one winner, and numbers have no gaps. Times are given by the caller;
//! nothing here reads a clock but to wait.

mod chain;
mod error;
mod lease;
mod open;
mod place;
mod query;
mod ration;
mod record;
mod row;
mod target;
mod verify;
mod watch;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use chain::{Entry, Head};
pub use error::LedgerError;
pub use lease::{Lease, host_name, lease_is_dead};
pub use open::{Mode, VERSION, has_written, settle};
pub use place::Location;
use place::Place;
pub use query::{CaseFilter, Counts, Cursor, EventFilter, Filter};
pub use ration::{Ration, SweepRun};
pub(crate) use record::is_held;
pub use row::{seal_of_case, seal_of_grant};
use sqlx::AnyConnection;
pub use target::KeptTarget;
use tokio::sync::Mutex;
pub use verify::Verdict;
pub use watch::{Alarms, LONGEST_WAIT};

use crate::grant::UnixTime;
use crate::secret::Secret;

/// How long a lock or a database that does not answer is waited for. A lock is held for
/// milliseconds; a server restarts in seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a database is waited for that was never there: sooner than that it is a wrong address.
const PATIENCE_AT_FIRST: Duration = Duration::from_secs(2);

/// The open ledger. Its `Debug` shows no password.
#[derive(Debug)]
pub struct Ledger {
    url: Secret,
    place: Place,
    mode: Mode,
    warnings: Vec<String>,
    /// One is enough: changes come one by one in any case. There is no pool, because a pool retries
    /// what cannot succeed, says only that time ran out, and gives back broken transactions.
    connection: Mutex<Option<AnyConnection>>,
    /// Whether a connection ever came about.
    was_reached: AtomicBool,
}

/// Something that happened, to be recorded. The ledger fills in what it knows better: the case, the
/// grant and the target of the row that changes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When it happened.
    pub at: UnixTime,
    /// Who did it: `user@host`, or `sweep@host`.
    pub actor: String,
    /// What was done, such as `grant.opening`.
    pub verb: String,
    /// The reference of the case it concerns.
    pub case: Option<String>,
    /// The id of the grant it concerns.
    pub grant: Option<String>,
    /// The target it concerns.
    pub target: Option<String>,
    /// What was observed. Never a secret.
    pub detail: serde_json::Value,
}

impl Event {
    /// An event about nothing in particular yet.
    pub fn new(
        at: UnixTime,
        actor: impl Into<String>,
        verb: impl Into<String>,
        detail: serde_json::Value,
    ) -> Self {
        let (actor, verb) = (actor.into(), verb.into());
        Self { at, actor, verb, case: None, grant: None, target: None, detail }
    }
}

/// Bytes as lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
