//! Looking after what is open: which grants to look at, and which somebody has to look at.
//!
//! When a server was looked at is no part of the chain, like the last sweep of a machine: it would
//! grow by a line an hour for every grant.

use sqlx::{AssertSqlSafe, Row as _};

use super::record::is_held;
use super::{Ledger, LedgerError, row};
use crate::grant::{Grant, UnixTime};

/// How long a look may be under way before another process may begin one.
const UNDER_WAY: i64 = 5 * 60;

/// The longest that running work is waited for before it is looked at again. A time further ahead
/// in the ledger counts for nothing: nobody may put off a deadline with it.
pub const LONGEST_WAIT: i64 = 60;

/// The longest between two looks at an open grant. A time further ahead in the ledger counts for
/// nothing: nobody may put off a look with it.
const LONGEST_PAUSE: i64 = 2 * 60 * 60;

/// When an open grant is to be looked at, the very words of the index `grants_unchecked`.
const NEXT_CHECK: &str = "(coalesce(next_check_at, opened_at + 3600))";

/// How many grants somebody has to look at, of those that are not stuck or overdue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Alarms {
    /// Grants with findings that nobody has acknowledged.
    pub findings: i64,
    /// Open grants that are not what was made.
    pub drifted: i64,
}

impl Alarms {
    /// Whether there is nothing to look at.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        *self == Self::default()
    }
}

impl Ledger {
    /// Open grants whose server was not looked at for a while and whose deadline is still ahead,
    /// those that waited longest first, at most `limit`.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn unchecked(&self, now: UnixTime, limit: u32) -> Result<Vec<Grant>, LedgerError> {
        let grants = self
            .read(async |connection| {
                let sql = format!(
                    "select {} from (select * from grants where state = 'open' \
                     and ({NEXT_CHECK} <= $1 or {NEXT_CHECK} > $3) and deadline > $1 \
                     order by {NEXT_CHECK}, id limit $2) g {} \
                     order by (coalesce(g.next_check_at, g.opened_at + 3600)), g.id, l.position",
                    row::COLUMNS,
                    row::JOINS
                );
                let rows = sqlx::query(AssertSqlSafe(sql))
                    .bind(now)
                    .bind(i64::from(limit))
                    .bind(now.saturating_add(LONGEST_PAUSE))
                    .fetch_all(connection)
                    .await?;
                Ok(row::grants_from_rows(&rows)?)
            })
            .await?;
        Ok(grants.into_iter().filter(|grant| !grant.altered && !is_held(grant, now)).collect())
    }

    /// Takes the look at an open grant that is due at `now`, or any if `forced`: of several
    /// processes that ask at once, one gets it.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn take_check(
        &self,
        id: &str,
        now: UnixTime,
        forced: bool,
    ) -> Result<bool, LedgerError> {
        let due = if forced { i64::MAX } else { now };
        // The condition is that of `unchecked`.
        let sql = "update grants set next_check_at = $2 where id = $1 and state = 'open' \
                   and (coalesce(next_check_at, opened_at + 3600) <= $3 \
                   or coalesce(next_check_at, opened_at + 3600) > $4)";
        let times = [now.saturating_add(UNDER_WAY), due, now.saturating_add(LONGEST_PAUSE)];
        self.set_times(sql, id, &times).await
    }

    /// Notes that a server was looked at, and when it is to be looked at again.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn checked(
        &self,
        id: &str,
        now: UnixTime,
        next: UnixTime,
    ) -> Result<(), LedgerError> {
        let sql = "update grants set checked_at = $2, next_check_at = $3 where id = $1";
        self.set_times(sql, id, &[now, next]).await.map(drop)
    }

    /// Notes when a server is to be looked at again that could not be looked at.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn check_later(&self, id: &str, next: UnixTime) -> Result<(), LedgerError> {
        let sql = "update grants set next_check_at = $2 where id = $1";
        self.set_times(sql, id, &[next]).await.map(drop)
    }

    /// Leaves an open grant whose deadline has come out of [`Ledger::due`] until a time, at most
    /// [`LONGEST_WAIT`] seconds ahead: running work may go on.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn wait(&self, id: &str, until: UnixTime) -> Result<(), LedgerError> {
        let sql = "update grants set wait_until = $2 where id = $1 and state = 'open'";
        self.set_times(sql, id, &[until]).await.map(drop)
    }

    /// Changes times of one grant that are no part of the chain: whether there was such a row.
    async fn set_times(
        &self,
        sql: &'static str,
        id: &str,
        times: &[UnixTime],
    ) -> Result<bool, LedgerError> {
        self.write(async |connection| {
            let query =
                times.iter().fold(sqlx::query(sql).bind(id), |query, time| query.bind(time));
            Ok(query.execute(connection).await?.rows_affected() == 1)
        })
        .await
    }

    /// How many open grants nobody has seen since a time: their servers do not answer, or no sweep
    /// runs.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn unseen_since(&self, since: UnixTime) -> Result<i64, LedgerError> {
        self.read(async |connection| {
            let row = sqlx::query(
                "select count(*) as unseen from grants \
                 where state = 'open' and coalesce(checked_at, opened_at) < $1",
            )
            .bind(since)
            .fetch_one(connection)
            .await?;
            Ok(row.try_get("unseen")?)
        })
        .await
    }

    /// How many grants somebody has to look at.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn alarms(&self) -> Result<Alarms, LedgerError> {
        self.read(async |connection| {
            let row = sqlx::query(
                "select (select count(*) from grants where findings > 0) as findings, \
                 (select count(*) from grants where drift is not null) as drifted",
            )
            .fetch_one(connection)
            .await?;
            Ok(Alarms { findings: row.try_get("findings")?, drifted: row.try_get("drifted")? })
        })
        .await
    }
}
