//! What is counted beside the chain: the last sweep of each machine, and how many logins that were
//! meant to be refused a server was asked for.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::error::Fault;
use super::record::named;
use super::{Ledger, LedgerError, Mode};
use crate::grant::UnixTime;
use crate::message;

/// One run of `sweep`, as a sign of life.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SweepRun {
    /// When it ended.
    pub at: UnixTime,
    /// The machine it ran on, see [`super::host_name`].
    pub host: String,
    /// How many grants were due.
    pub due: i64,
    /// How many of them were proved closed.
    pub closed: i64,
    /// How many could not be closed this time.
    pub failed: i64,
    /// How many are stuck afterwards.
    pub stuck: i64,
}

/// How often a server may be asked to refuse a login, so that it does not start to ban us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ration {
    /// At most this many
    pub per: u32,
    /// in this many seconds,
    pub window_s: i64,
    /// and this many seconds between two.
    pub spacing_s: i64,
}

impl Ledger {
    /// Notes that a sweep has run. Only the last run of each machine is kept.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn sweep_ran(&self, run: &SweepRun) -> Result<(), LedgerError> {
        named("host", &run.host)?;
        self.write(async |connection| {
            sqlx::query(
                "insert into sweeps (host, at, due, closed, failed, stuck) \
                 values ($1, $2, $3, $4, $5, $6) on conflict (host) do update set \
                 at = excluded.at, due = excluded.due, closed = excluded.closed, \
                 failed = excluded.failed, stuck = excluded.stuck",
            )
            .bind(&run.host)
            .bind(run.at)
            .bind(run.due)
            .bind(run.closed)
            .bind(run.failed)
            .bind(run.stuck)
            .execute(connection)
            .await?;
            Ok(())
        })
        .await
    }

    /// The run of `sweep` that ended last, on whichever machine.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn last_sweep(&self) -> Result<Option<SweepRun>, LedgerError> {
        Ok(self.sweeps().await?.into_iter().next())
    }

    /// The last run of `sweep` on each machine, the latest first.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn sweeps(&self) -> Result<Vec<SweepRun>, LedgerError> {
        self.read(async |connection| {
            let rows = sqlx::query(
                "select host, at, due, closed, failed, stuck from sweeps \
                 order by at desc, host limit 1000",
            )
            .fetch_all(connection)
            .await?;
            Ok(rows.iter().map(run_from_row).collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Asks whether this target may be asked now to refuse a login, and counts it if so.
    ///
    /// Of several processes that ask at once, no more are told yes than the ration allows.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn take_proof(
        &self,
        target: &str,
        now: UnixTime,
        ration: Ration,
    ) -> Result<bool, LedgerError> {
        named("target", target)?;
        loop {
            let taken =
                self.write(async |connection| try_take(connection, target, now, ration).await);
            if let Some(answer) = taken.await? {
                return Ok(answer);
            }
        }
    }

    /// Whether [`Ledger::take_proof`] would say yes now, by what is counted so far. Takes nothing.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn has_proof(
        &self,
        target: &str,
        now: UnixTime,
        ration: Ration,
    ) -> Result<bool, LedgerError> {
        let times = self.read(async |connection| {
            let row = sqlx::query("select times from proofs where target = $1")
                .bind(target)
                .fetch_optional(connection)
                .await?;
            Ok(row.map(|row| row.try_get::<String, _>("times")).transpose()?)
        });
        let times = times.await?.unwrap_or_default();
        Ok(with_one_more(&times, now, ration).is_some())
    }

    /// Makes a small change that is not part of the chain, in one statement or by
    /// compare-and-set.
    pub(super) async fn write<T>(
        &self,
        make: impl AsyncFn(&mut AnyConnection) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        if self.mode == Mode::ReadOnly {
            return Err(LedgerError::ReadOnly {
                place: self.place.to_string(),
                why: message::text("ledger-why-only-for-reading", &[]),
            });
        }
        let done = self.read(make).await?;
        self.wrote();
        Ok(done)
    }
}

/// One attempt; `None` when another process was faster and it must be looked at again.
async fn try_take(
    connection: &mut AnyConnection,
    target: &str,
    now: UnixTime,
    ration: Ration,
) -> Result<Option<bool>, Fault> {
    let row = sqlx::query("select times, version from proofs where target = $1")
        .bind(target)
        .fetch_optional(&mut *connection)
        .await?;
    let (times, version) = match &row {
        Some(row) => (row.try_get::<String, _>("times")?, row.try_get::<i64, _>("version")?),
        None => (String::new(), 0),
    };
    let Some(times) = with_one_more(&times, now, ration) else {
        return Ok(Some(false));
    };
    let changed = if row.is_some() {
        sqlx::query("update proofs set times = $1, version = $2 where target = $3 and version = $4")
            .bind(&times)
            .bind(version.saturating_add(1))
            .bind(target)
            .bind(version)
            .execute(connection)
            .await?
    } else {
        sqlx::query(
            "insert into proofs (target, times, version) values ($1, $2, 1) \
             on conflict (target) do nothing",
        )
        .bind(target)
        .bind(&times)
        .execute(connection)
        .await?
    };
    Ok((changed.rows_affected() == 1).then_some(true))
}

/// The times that still count, and `now`; `None` when the ration is used up.
fn with_one_more(times: &str, now: UnixTime, ration: Ration) -> Option<String> {
    let window = ration.window_s.max(ration.spacing_s);
    // A time far ahead is from a clock that was wrong; it must not lock a target for years.
    let recent: Vec<UnixTime> = times
        .split(',')
        .filter_map(|time| time.parse().ok())
        .filter(|time| now.abs_diff(*time) < window.unsigned_abs())
        .collect();
    let counted =
        recent.iter().filter(|time| now.abs_diff(**time) < ration.window_s.unsigned_abs());
    let too_many = counted.count() >= usize::try_from(ration.per).unwrap_or(usize::MAX);
    let too_soon = recent.iter().any(|time| now.abs_diff(*time) < ration.spacing_s.unsigned_abs());
    if too_many || too_soon {
        return None;
    }
    let mut all: Vec<String> = recent.iter().map(UnixTime::to_string).collect();
    all.push(now.to_string());
    Some(all.join(","))
}

fn run_from_row(row: &AnyRow) -> Result<SweepRun, sqlx::Error> {
    Ok(SweepRun {
        at: row.try_get("at")?,
        host: row.try_get("host")?,
        due: row.try_get("due")?,
        closed: row.try_get("closed")?,
        failed: row.try_get("failed")?,
        stuck: row.try_get("stuck")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED_LOGIN_LIMIT: Ration = Ration { per: 3, window_s: 600, spacing_s: 20 };

    #[test]
    fn a_ration_is_spaced_and_counted_and_comes_back() {
        let mut times = String::new();
        for now in [1_000, 1_020, 1_040] {
            assert_eq!(
                with_one_more(&times, now + 19 - 20, REFUSED_LOGIN_LIMIT).is_some(),
                now == 1_000
            );
            times = with_one_more(&times, now, REFUSED_LOGIN_LIMIT).unwrap();
        }
        assert_eq!(with_one_more(&times, 1_599, REFUSED_LOGIN_LIMIT), None);
        assert_eq!(
            with_one_more(&times, 1_600, REFUSED_LOGIN_LIMIT).as_deref(),
            Some("1020,1040,1600")
        );
    }

    #[test]
    fn a_clock_that_was_wrong_locks_nothing_for_years() {
        let times = with_one_more("", 9_000_000, REFUSED_LOGIN_LIMIT).unwrap();
        assert!(with_one_more(&times, 1_000, REFUSED_LOGIN_LIMIT).is_some());
    }
}
