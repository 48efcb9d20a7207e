//! What the targets are, in a ledger that several machines share.
//!
//! It has no table of its own: the last event about a target says what it is, or that it is gone.
//! So it is part of the chain like everything else, and what a target was before stays readable.
//! That an event says it is no reason to believe it: `mark::Key` proves who wrote the text.

use serde::Deserialize;
use serde_json::json;
use sqlx::{AssertSqlSafe, Row as _};

use super::chain::{Entry, NOTHING};
use super::{Event, Ledger, LedgerError};
use crate::grant::UnixTime;

/// What a target is by its last event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptTarget {
    /// Its name.
    pub name: String,
    /// What it is, as it would stand in `targets.toml`; without a word of how to log in.
    pub text: String,
    /// What proves that somebody with this installation's key wrote the text.
    pub tag: String,
}

/// The part of the event's detail that says what a target is.
#[derive(Deserialize)]
struct Said {
    text: String,
    tag: String,
}

const KEPT: &str = "target.kept";

const DROPPED: &str = "target.dropped";

impl Ledger {
    /// Records what a target is from now on.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn keep_target(
        &self,
        kept: &KeptTarget,
        now: UnixTime,
        by: &str,
    ) -> Result<(), LedgerError> {
        let mut event = Event::new(now, by, KEPT, json!({ "text": kept.text, "tag": kept.tag }));
        event.target = Some(kept.name.clone());
        self.note(&event).await
    }

    /// Records that a target is gone.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn drop_target(
        &self,
        name: &str,
        now: UnixTime,
        by: &str,
    ) -> Result<(), LedgerError> {
        let mut event = Event::new(now, by, DROPPED, json!({}));
        event.target = Some(name.to_owned());
        self.note(&event).await
    }

    /// Every target that is there, by name. One whose event is not as it was recorded comes without
    /// a tag: nothing proves it.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn kept_targets(&self) -> Result<Vec<KeptTarget>, LedgerError> {
        // The condition is that of the index `events_target`.
        const OF_TARGETS: &str = "verb in ('target.kept', 'target.dropped')";
        self.read(async |connection| {
            let sql = format!(
                "select {}, (select p.hash from events p where p.seq = events.seq - 1) as before \
                 from events where {OF_TARGETS} and seq in \
                 (select max(seq) from events where {OF_TARGETS} and target is not null \
                 group by target) order by target",
                Entry::COLUMNS
            );
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await?;
            let mut kept = Vec::new();
            for row in &rows {
                let entry = Entry::from_row(row)?;
                let before: Option<String> = row.try_get("before")?;
                kept.extend(read(entry, before.as_deref().unwrap_or(NOTHING)));
            }
            Ok(kept)
        })
        .await
    }
}

fn read(entry: Entry, before: &str) -> Option<KeptTarget> {
    let is_whole = entry.expected_hash(before) == entry.hash;
    let name = entry.target.filter(|_| entry.verb == KEPT)?;
    let said = serde_json::from_str::<Said>(&entry.detail).ok().filter(|_| is_whole);
    let (text, tag) = said.map_or_else(Default::default, |said| (said.text, said.tag));
    Some(KeptTarget { name, text, tag })
}
