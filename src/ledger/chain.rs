//! The chain of events: what is hashed, and how a change is made and recorded in one transaction.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, Connection as _, Row as _};

use super::error::{Fault, Kind};
use super::{Event, Ledger, LedgerError, Mode, PATIENCE, PATIENCE_AT_FIRST, hex};
use crate::grant::{UnixTime, UnknownWord};
use crate::message::{self, Id};
use crate::text;

/// The hash before the first event.
pub(super) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The end of the chain at some time, `seq:hash`. Kept somewhere else, it shows a cut tail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last event; 0 when there is none.
    pub seq: i64,
    /// Its hash, 64 hexadecimal digits.
    pub hash: String,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl FromStr for Head {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let parsed = text.trim().split_once(':').and_then(|(seq, hash)| {
            let seq = seq.parse().ok().filter(|seq| *seq >= 0)?;
            let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hash.then(|| Self { seq, hash: hash.to_ascii_lowercase() })
        });
        parsed.ok_or_else(|| UnknownWord::new(text, Id("expected-head")))
    }
}

/// Hashes a list of values so that no two lists have the same bytes: each is its length, a colon,
/// itself and a comma; one that is absent is `-`.
///
/// The whole is put together and hashed at once: a long ledger is a million of these, and a hash
/// that is fed in pieces of a few bytes takes several times as long.
pub(super) struct Seal(Vec<u8>);

impl Seal {
    pub(super) fn new(form: &str) -> Self {
        Self(Vec::with_capacity(1024)).text(form)
    }

    pub(super) fn text(mut self, value: &str) -> Self {
        self.0.extend_from_slice(itoa::Buffer::new().format(value.len()).as_bytes());
        self.0.push(b':');
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(b',');
        self
    }

    pub(super) fn maybe(mut self, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(value),
            None => {
                self.0.push(b'-');
                self
            }
        }
    }

    pub(super) fn number(self, value: i64) -> Self {
        self.text(itoa::Buffer::new().format(value))
    }

    pub(super) fn maybe_number(self, value: Option<i64>) -> Self {
        match value {
            Some(value) => self.number(value),
            None => self.maybe(None),
        }
    }

    pub(super) fn hash(self) -> String {
        hex(&Sha256::digest(&self.0))
    }
}

/// An event as it is in the ledger. The order of its parts is that of `Entry::COLUMNS`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Its place in the chain, from 1, without gaps.
    pub seq: i64,
    /// When it happened, by the clock of who recorded it.
    pub at: UnixTime,
    /// Who did it.
    pub actor: String,
    /// What was done, such as `grant.open`.
    pub verb: String,
    /// The case it concerns.
    pub case: Option<String>,
    /// The grant it concerns.
    pub grant: Option<String>,
    /// The target it concerns.
    pub target: Option<String>,
    /// What was observed: the very text of a JSON document, as it was hashed.
    pub detail: String,
    /// The hash of the row as this event left it, if it changed one.
    pub row_hash: Option<String>,
    /// The hash of the event before it and of everything above.
    pub hash: String,
}

impl Entry {
    /// The columns of an event.
    pub(super) const COLUMNS: &str =
        "seq, at, actor, verb, case_reference, grant_id, target, detail, row_hash, hash";

    /// What `hash` must be behind an event that has the hash `previous`.
    #[must_use]
    pub fn expected_hash(&self, previous: &str) -> String {
        self.seen().expected_hash(previous)
    }

    pub(super) fn seen(&self) -> Seen<'_> {
        let maybe = |text| Option::as_deref(text).map(Text::of);
        Seen {
            seq: self.seq,
            at: self.at,
            actor: Text::of(&self.actor),
            verb: Text::of(&self.verb),
            case: maybe(&self.case),
            grant: maybe(&self.grant),
            target: maybe(&self.target),
            detail: Text::of(&self.detail),
            row_hash: maybe(&self.row_hash),
            hash: Text::of(&self.hash),
        }
    }

    pub(super) fn from_row(row: &sqlx::any::AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            seq: row.try_get("seq")?,
            at: row.try_get("at")?,
            actor: row.try_get("actor")?,
            verb: row.try_get("verb")?,
            case: row.try_get("case_reference")?,
            grant: row.try_get("grant_id")?,
            target: row.try_get("target")?,
            detail: row.try_get("detail")?,
            row_hash: row.try_get("row_hash")?,
            hash: row.try_get("hash")?,
        })
    }
}

/// An event whose texts stand where they were read: of a million, most need no copy. Its parts are those of
/// [`Entry`], in their order.
#[derive(serde::Deserialize)]
pub(super) struct Seen<'a> {
    pub(super) seq: i64,
    at: UnixTime,
    #[serde(borrow)]
    actor: Text<'a>,
    verb: Text<'a>,
    case: Option<Text<'a>>,
    grant: Option<Text<'a>>,
    target: Option<Text<'a>>,
    detail: Text<'a>,
    row_hash: Option<Text<'a>>,
    hash: Text<'a>,
}

/// serde borrows what a `Cow` of a field says, and not what one in an `Option` does.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Text<'a> {
    fn of(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Seen<'_> {
    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    pub(super) fn expected_hash(&self, previous: &str) -> String {
        Seal::new("stagepass-event-1")
            .text(previous)
            .number(self.seq)
            .number(self.at)
            .text(&self.actor)
            .text(&self.verb)
            .maybe(self.case.as_deref())
            .maybe(self.grant.as_deref())
            .maybe(self.target.as_deref())
            .text(&self.detail)
            .maybe(self.row_hash.as_deref())
            .hash()
    }
}

/// What a change of a row came to.
pub(super) enum Step<T> {
    /// It was made; the event is about this.
    Made { value: T, subject: Subject, row_hash: Option<String> },
    /// It was not to be made, and nothing is recorded.
    Left(T),
}

/// What an event is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject {
    pub(super) case: Option<String>,
    pub(super) grant: Option<String>,
    pub(super) target: Option<String>,
}

/// A change whose commit was sent and perhaps not answered.
struct Sent<T> {
    seq: i64,
    hash: String,
    value: T,
}

impl Ledger {
    /// Makes a change and records it, both or neither.
    ///
    /// The first statement takes the chain, so that changes come one after the other on both
    /// databases. What passes by itself (a lock, a restarting server) is waited for.
    pub(super) async fn change<T>(
        &self,
        event: &Event,
        make: impl AsyncFn(&mut AnyConnection, i64) -> Result<Step<T>, Fault>,
    ) -> Result<T, LedgerError> {
        if self.mode == Mode::ReadOnly {
            return Err(LedgerError::ReadOnly {
                place: self.place.to_string(),
                why: message::text("ledger-why-only-for-reading", &[]),
            });
        }
        let mut sent = None;
        let mut waiting = Waiting::new();
        loop {
            let attempt = self.with(PATIENCE, async |connection| {
                self.try_change(connection, event, &make, &mut sent).await
            });
            let fault = match attempt.await {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            let kind = fault.kind(&self.place);
            if kind == Some(Kind::Lost) && !self.was_reached.load(Ordering::Relaxed) {
                waiting.end_within(PATIENCE_AT_FIRST);
            }
            if !(kind.is_some_and(Kind::passes) && waiting.again().await) {
                return Err(match fault.explain(&self.place) {
                    LedgerError::Unreachable { place, why } if sent.is_some() => {
                        LedgerError::Unsure { place, why }
                    }
                    error => error,
                });
            }
        }
    }

    async fn try_change<T>(
        &self,
        connection: &mut AnyConnection,
        event: &Event,
        make: &impl AsyncFn(&mut AnyConnection, i64) -> Result<Step<T>, Fault>,
        sent: &mut Option<Sent<T>>,
    ) -> Result<T, Fault> {
        let mut transaction = connection.begin().await?;
        let row = sqlx::query("update chain set seq = seq + 1 where id = 1 returning seq, head")
            .fetch_one(&mut *transaction)
            .await?;
        let (seq, head): (i64, String) = (row.try_get("seq")?, row.try_get("head")?);

        // A commit that was sent and not answered is over by now, one way or the other: this
        // transaction could not have taken the chain before.
        if let Some(earlier) = sent.as_ref() {
            let found = sqlx::query("select seq from events where seq = $1 and hash = $2")
                .bind(earlier.seq)
                .bind(&earlier.hash)
                .fetch_optional(&mut *transaction)
                .await?;
            let earlier = sent.take();
            if let (Some(_), Some(earlier)) = (found, earlier) {
                transaction.rollback().await?;
                return Ok(earlier.value);
            }
        }

        let (value, subject, row_hash) = match make(&mut transaction, seq).await {
            Ok(Step::Made { value, subject, row_hash }) => (value, subject, row_hash),
            Ok(Step::Left(value)) => {
                transaction.rollback().await?;
                return Ok(value);
            }
            Err(fault @ Fault::Ours(_)) => {
                transaction.rollback().await?;
                return Err(fault);
            }
            Err(fault) => return Err(fault),
        };
        let entry = entry(event, subject, row_hash, seq, &head);
        append(&mut transaction, &entry).await?;
        *sent = Some(Sent { seq, hash: entry.hash, value });
        match transaction.commit().await {
            Ok(()) => {
                self.wrote();
                sent.take().map(|sent| sent.value).ok_or(Fault::Silent)
            }
            Err(error) => {
                let fault = Fault::Sql(error);
                // A database that answers "no" has not committed.
                if fault.kind(&self.place) != Some(Kind::Lost) {
                    *sent = None;
                }
                Err(fault)
            }
        }
    }

    /// Reads, waiting for what passes by itself.
    pub(super) async fn read<T>(
        &self,
        look: impl AsyncFn(&mut AnyConnection) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        self.patiently(PATIENCE, look).await
    }

    /// Does work that may be done twice, until nothing that passes by itself is in its way.
    pub(super) async fn patiently<T>(
        &self,
        longest: Duration,
        work: impl AsyncFn(&mut AnyConnection) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        let mut waiting = Waiting::new();
        loop {
            let fault = match self.with(longest, &work).await {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            let kind = fault.kind(&self.place);
            if kind == Some(Kind::Lost) && !self.was_reached.load(Ordering::Relaxed) {
                waiting.end_within(PATIENCE_AT_FIRST);
            }
            if !(kind.is_some_and(Kind::passes) && waiting.again().await) {
                return Err(fault.explain(&self.place));
            }
        }
    }
}

/// The pauses between attempts, longer each time, until patience ends.
struct Waiting {
    start: tokio::time::Instant,
    end: tokio::time::Instant,
    pause: Duration,
}

impl Waiting {
    fn new() -> Self {
        let start = tokio::time::Instant::now();
        Self { start, end: start + PATIENCE, pause: Duration::from_millis(5) }
    }

    /// Has no more patience than this from the start.
    fn end_within(&mut self, longest: Duration) {
        self.end = self.end.min(self.start + longest);
    }

    /// Pauses; false when there is no more patience.
    async fn again(&mut self) -> bool {
        if tokio::time::Instant::now() + self.pause > self.end {
            return false;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(Duration::from_millis(400));
        true
    }
}

/// A name that came with the event and was not looked up.
fn given(name: Option<&str>) -> Option<String> {
    name.map(|name| text::one_line(name, 500))
}

/// The event as it stands in the chain behind `head`.
fn entry(event: &Event, subject: Subject, row_hash: Option<String>, seq: i64, head: &str) -> Entry {
    let mut entry = Entry {
        seq,
        at: event.at,
        actor: text::one_line(&event.actor, 200),
        verb: text::one_line(&event.verb, 100),
        case: subject.case.or_else(|| given(event.case.as_deref())),
        grant: subject.grant.or_else(|| given(event.grant.as_deref())),
        target: subject.target.or_else(|| given(event.target.as_deref())),
        detail: event.detail.to_string(),
        row_hash,
        hash: String::new(),
    };
    entry.hash = entry.expected_hash(head);
    entry
}

async fn append(connection: &mut AnyConnection, entry: &Entry) -> Result<(), Fault> {
    sqlx::query(
        "insert into events (seq, at, actor, verb, case_reference, grant_id, target, detail, \
         row_hash, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(entry.seq)
    .bind(entry.at)
    .bind(&entry.actor)
    .bind(&entry.verb)
    .bind(entry.case.as_deref())
    .bind(entry.grant.as_deref())
    .bind(entry.target.as_deref())
    .bind(&entry.detail)
    .bind(entry.row_hash.as_deref())
    .bind(&entry.hash)
    .execute(&mut *connection)
    .await?;
    sqlx::query("update chain set head = $1 where id = 1")
        .bind(&entry.hash)
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lists_of_values_hash_alike() {
        let hash = |values: &[Option<&str>]| {
            values.iter().fold(Seal::new("test"), |seal, value| seal.maybe(*value)).hash()
        };
        assert_ne!(hash(&[Some("ab"), Some("c")]), hash(&[Some("a"), Some("bc")]));
        assert_ne!(hash(&[Some("")]), hash(&[None]));
        assert_ne!(hash(&[Some("-")]), hash(&[None]));
        assert_ne!(hash(&[Some("1:a,"), None]), hash(&[Some("a"), Some("-")]));
    }

    #[test]
    fn a_head_is_read_back_from_its_text() {
        let head = Head { seq: 12, hash: "5f".repeat(32) };
        assert_eq!(head.to_string().parse(), Ok(head));
        for text in ["", "12", "12:5f", "-1:5f", &format!("x:{NOTHING}")] {
            assert!(text.parse::<Head>().is_err(), "{text}");
        }
    }
}
