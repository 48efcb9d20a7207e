//! Proving that the ledger says what was recorded, and taking the record elsewhere.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use futures_util::future;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};
use tokio::sync::oneshot;

use super::chain::{Entry, Head, NOTHING, Seen};
use super::error::Fault;
use super::{Ledger, LedgerError, open, row};
use crate::grant::State;
use crate::message::{self, Arg, Note};
use crate::text;

/// What [`Ledger::verify`] found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[must_use]
pub struct Verdict {
    /// How many events were read before the first that does not fit.
    pub events: i64,
    /// The end of the chain, as far as it was proved.
    #[serde(serialize_with = "as_text")]
    pub head: Head,
    /// The first thing that does not fit; nothing when all is well.
    pub broken: Option<Break>,
}

/// One thing in the ledger that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Break {
    /// The event it is about, if it is about one.
    pub seq: Option<i64>,
    /// What does not fit, in one line.
    pub why: Note,
}

impl Break {
    /// What does not fit, with the event it is about.
    #[must_use]
    pub fn note(&self) -> Note {
        let Some(seq) = self.seq else { return self.why.clone() };
        let (id, why) = (self.why.id.clone(), Arg::of(&self.why));
        Note { id, text: message::text("ledger-break-at", &[("seq", seq.into()), ("why", why)]) }
    }
}

impl Verdict {
    /// Whether everything is as it was recorded.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.broken.is_none()
    }
}

fn as_text<S: serde::Serializer>(head: &Head, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(head)
}

/// A long ledger takes longer than one short change may.
const LONGEST_VERIFICATION: Duration = Duration::from_secs(600);

/// How many events or rows are in memory at a time.
const PAGE: i64 = 500;

/// How many of them at most are in one text.
const PACKED_PAGE: i64 = 1000;

/// How much of the file stays in memory, in KiB, for who looks each grant, its layers and its last event up:
/// what stands in the tables beside each other is not so in their indexes.
const LOOKED_UP_KIB: i64 = 64 * 1024;

impl Ledger {
    /// The end of the chain as the ledger states it, unproved.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn head(&self) -> Result<Head, LedgerError> {
        self.read(async |connection| stated_head(connection).await).await
    }

    /// Computes the whole chain again, and compares every case and grant with the last event that
    /// changed it.
    ///
    /// A `remembered` head, from an earlier report, must be in the chain too: somebody who can
    /// write the database can cut its end and leave no trace in it.
    ///
    /// # Errors
    /// Only those of the place the ledger is in; that something does not fit is a verdict.
    pub async fn verify(&self, remembered: Option<&Head>) -> Result<Verdict, LedgerError> {
        let snapshot = match self.place.file() {
            Some(_) => "begin",
            None => "begin isolation level repeatable read, read only",
        };
        self.patiently(LONGEST_VERIFICATION, async |connection| {
            let mut transaction = connection.begin_with(snapshot).await?;
            if self.place.file().is_none() {
                sqlx::query("set local statement_timeout = '10min'")
                    .execute(&mut *transaction)
                    .await?;
            }
            let second = self.second_reader(&mut transaction).await;
            let verdict = self.examine(&mut transaction, second, remembered).await?;
            transaction.rollback().await?;
            Ok(verdict)
        })
        .await
    }

    /// Another connection that reads what this one reads: SQLite works for each on a thread of its
    /// own. Nothing where something was recorded between the two, and on PostgreSQL.
    async fn second_reader(&self, first: &mut AnyConnection) -> Option<AnyConnection> {
        self.place.file()?;
        let stated = stated_head(first).await.ok()?;
        let mut second = self.connect().await.ok()?;
        let begin = format!("pragma cache_size = -{LOOKED_UP_KIB}; begin");
        sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut second).await.ok()?;
        (stated_head(&mut second).await.ok()? == stated).then_some(second)
    }

    /// In this order, which is that of what is told: the file and its form, the chain, the grants,
    /// and the rest.
    async fn examine(
        &self,
        connection: &mut AnyConnection,
        second: Option<AnyConnection>,
        remembered: Option<&Head>,
    ) -> Result<Verdict, Fault> {
        let mut head = Head { seq: 0, hash: NOTHING.into() };
        let is_file = self.place.file().is_some();
        let mut broken;
        if let Some(beside) = second.and_then(|second| read_beside(second).ok()) {
            let walked = walk(connection, is_file, &mut head, remembered).await;
            let rest = match walked {
                Ok(None) => rest_that_differs(connection).await,
                _ => Ok(None),
            };
            let (place, grants) = match beside.await {
                Ok(read) => read,
                // Whatever became of the thread: what it was to read is read here.
                Err(_) => place_and_grants(connection, is_file).await,
            };
            broken = place?;
            if broken.is_some() {
                // Nothing of a file that is damaged is proved.
                head = Head { seq: 0, hash: NOTHING.into() };
            } else {
                broken = walked?;
                broken = if broken.is_none() { grants? } else { broken };
                broken = if broken.is_none() { rest? } else { broken };
            }
        } else {
            broken = damage_or_form(connection, is_file).await?;
            if broken.is_none() {
                broken = walk(connection, is_file, &mut head, remembered).await?;
            }
            if broken.is_none() {
                broken = grants_that_differ(connection, is_file).await?;
            }
            if broken.is_none() {
                broken = rest_that_differs(connection).await?;
            }
        }
        Ok(Verdict { events: head.seq, head, broken })
    }

    /// Writes every event as one line of JSON, oldest first, and gives the head of what was
    /// written.
    ///
    /// # Errors
    /// [`LedgerError::Export`] when writing fails, and those of the place the ledger is in.
    pub async fn export(&self, writer: &mut impl Write) -> Result<Head, LedgerError> {
        let mut head = Head { seq: 0, hash: NOTHING.into() };
        loop {
            let after = head.seq;
            let page = self.read(async |connection| events_after(connection, after).await).await?;
            let Some(last) = page.last() else {
                writer.flush().map_err(LedgerError::Export)?;
                return Ok(head);
            };
            head = Head { seq: last.seq, hash: last.hash.clone() };
            for entry in &page {
                let mut line =
                    serde_json::to_vec(entry).map_err(|error| LedgerError::Export(error.into()))?;
                line.push(b'\n');
                writer.write_all(&line).map_err(LedgerError::Export)?;
            }
        }
    }
}

/// What a thread beside the one that follows the chain has read: the file and its form, and the grants.
type Beside = (Result<Option<Break>, Fault>, Result<Option<Break>, Fault>);

/// Reads that on a thread of its own: taking apart what SQLite gives, and hashing it, takes as long as
/// SQLite takes to give it, for events and for grants.
fn read_beside(mut second: AnyConnection) -> io::Result<oneshot::Receiver<Beside>> {
    let (tell, told) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    thread::Builder::new().name("grants".into()).spawn(move || {
        let read = runtime.block_on(async {
            let read = place_and_grants(&mut second, true).await;
            let _ = second.close().await;
            read
        });
        // Nobody listens any more where the verification was given up.
        let _ = tell.send(read);
    })?;
    Ok(told)
}

async fn place_and_grants(connection: &mut AnyConnection, is_file: bool) -> Beside {
    let place = damage_or_form(connection, is_file).await;
    let grants = match place {
        Ok(None) => grants_that_differ(connection, is_file).await,
        _ => Ok(None),
    };
    (place, grants)
}

async fn damage_or_form(
    connection: &mut AnyConnection,
    is_file: bool,
) -> Result<Option<Break>, Fault> {
    match damage(connection, is_file).await? {
        None => form(connection, is_file).await,
        damage => Ok(damage),
    }
}

/// What SQLite itself says about its file. PostgreSQL looks after its own.
async fn damage(connection: &mut AnyConnection, is_file: bool) -> Result<Option<Break>, Fault> {
    if !is_file {
        return Ok(None);
    }
    let row = sqlx::query("pragma quick_check(1)").fetch_one(connection).await?;
    let said: String = row.try_get(0)?;
    let said_shortly = || text::one_line(&said, 200);
    let why = || Note::of("ledger-break-file", &[("said", said_shortly().into())]);
    Ok((said != "ok").then(|| Break { seq: None, why: why() }))
}

/// Whether the database has the form that the migrations gave it, and nothing in it that
/// changes rows by itself or shows other ones.
async fn form(connection: &mut AnyConnection, is_file: bool) -> Result<Option<Break>, Fault> {
    let made = sqlx::query("select version, checksum from stagepass_migrations order by version")
        .fetch_all(&mut *connection)
        .await?;
    let expected = open::checksums();
    let mut same = made.len() == expected.len();
    for (row, (version, checksum)) in made.iter().zip(&expected) {
        let found: Vec<u8> = row.try_get("checksum")?;
        same &= row.try_get::<i64, _>("version")? == *version && found == *checksum;
    }
    if !same {
        return Ok(somewhere("ledger-break-migrations", &[]));
    }
    if !is_file {
        return foreign_objects(connection).await;
    }
    let found = open::objects(connection).await?;
    let expected = open::form_of_a_new_file().await?;
    let odd = found.iter().find(|one| !expected.contains(one));
    if let Some((kind, name, _)) = odd {
        let (kind, name) = (text::one_line(kind, 20), text::one_line(name, 100));
        return Ok(foreign(kind, name));
    }
    let gone = expected.iter().find(|one| !found.contains(one));
    Ok(gone.and_then(|(kind, name, _)| {
        somewhere("ledger-break-object-missing", &[("kind", kind.into()), ("name", name.into())])
    }))
}

/// Follows the chain from its start and moves `head` along as far as it is proved.
async fn walk(
    connection: &mut AnyConnection,
    is_file: bool,
    head: &mut Head,
    remembered: Option<&Head>,
) -> Result<Option<Break>, Fault> {
    let stated = stated_head(connection).await?;
    if is_file {
        // Where that comes to its end, for whatever reason, the rest is read column by column: what is told
        // was read so.
        let _ = walk_packed(connection, head, remembered).await;
    }
    loop {
        let page = events_after(connection, head.seq).await?;
        if page.is_empty() {
            break;
        }
        let broken = follow(page.iter().map(Entry::seen), head, remembered);
        if broken.is_some() {
            return Ok(broken);
        }
    }
    let behind = head.seq.saturating_add(1);
    if remembered.is_some_and(|known| known.seq > head.seq) {
        return Ok(at(behind, "ledger-break-events-missing", &[("seq", behind.into())]));
    }
    if stated != *head {
        return Ok(at(
            behind,
            "ledger-break-end",
            &[("head", Arg::of(&*head)), ("stated", Arg::of(stated))],
        ));
    }
    Ok(None)
}

async fn grants_that_differ(
    connection: &mut AnyConnection,
    is_file: bool,
) -> Result<Option<Break>, Fault> {
    if is_file && all_grants_fit(connection).await.unwrap_or(false) {
        return Ok(None);
    }
    let mut last_id = String::new();
    loop {
        let sql = format!(
            "select {} from (select * from grants where id > $1 order by id limit $2) g {} \
             order by g.id, l.position",
            row::COLUMNS,
            row::JOINS
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(&last_id)
            .bind(PAGE)
            .fetch_all(&mut *connection)
            .await?;
        let grants = row::grants_from_rows(&rows)?;
        let Some(last) = rows.last() else { break };
        last_id = last.try_get("id")?;
        let Some(grant) = grants.iter().find(|grant| grant.altered) else { continue };
        let its = |row: &&AnyRow| row.try_get::<&str, _>("id").is_ok_and(|id| id == grant.id);
        // A name that was made plain is that of no row.
        let Some(row) = rows.iter().find(its).or(rows.first()) else { continue };
        // A row that was put back to an earlier state is told from one that was changed.
        let hash: Option<&str> = row.try_get("row_hash")?;
        let is_older = hash == Some(row::seal_of_grant(grant).as_str());
        let newest: Option<i64> = row.try_get("newest_event")?;
        if let (true, Some(newest)) = (is_older, newest) {
            return Ok(at(
                newest,
                "ledger-break-grant",
                &[("grant", (&grant.id).into()), ("seq", newest.into())],
            ));
        }
        let seq = Some(row.try_get("event_seq")?);
        let why = Note::of("ledger-break-grant-changed", &[("grant", (&grant.id).into())]);
        return Ok(Some(Break { seq, why }));
    }
    Ok(None)
}

/// What in a PostgreSQL database acts on our tables and is not ours: triggers, rules, policies, and
/// tables that are views.
async fn foreign_objects(connection: &mut AnyConnection) -> Result<Option<Break>, Fault> {
    let row = sqlx::query(
        "select o.kind, o.name from (\
         select 'trigger' as kind, t.tgname::text as name, t.tgrelid as relation \
         from pg_trigger t where not t.tgisinternal \
         union all select 'rule', r.rulename::text, r.ev_class from pg_rewrite r \
         union all select 'policy', p.polname::text, p.polrelid from pg_policy p \
         union all select 'parent', c.relname::text, i.inhparent from pg_inherits i \
         join pg_class c on c.oid = i.inhrelid) o join pg_class t on t.oid = o.relation \
         where t.relnamespace = (select relnamespace from pg_class \
         where oid = 'stagepass_migrations'::regclass) and t.relname in ('chain', 'events', \
         'cases', 'grants', 'layers', 'tally', 'sweeps', 'proofs', 'stagepass_migrations') \
         order by o.kind, o.name limit 1",
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(row) = row {
        let (kind, name): (String, String) = (row.try_get("kind")?, row.try_get("name")?);
        let name = text::one_line(&name, 100);
        return Ok(foreign(text::one_line(&kind, 20), name));
    }
    let row = sqlx::query(
        "select count(*) as tables from pg_class where relkind = 'r' and oid in (\
         'chain'::regclass, 'events'::regclass, 'cases'::regclass, 'grants'::regclass, \
         'layers'::regclass, 'tally'::regclass, 'sweeps'::regclass, 'proofs'::regclass)",
    )
    .fetch_one(connection)
    .await?;
    let tables: i64 = row.try_get("tables")?;
    Ok(if tables == 8 { None } else { somewhere("ledger-break-view", &[]) })
}

fn at(seq: i64, id: &str, args: &[(&str, Arg)]) -> Option<Break> {
    Some(Break { seq: Some(seq), why: Note::of(id, args) })
}

fn somewhere(id: &str, args: &[(&str, Arg)]) -> Option<Break> {
    Some(Break { seq: None, why: Note::of(id, args) })
}

/// Something in the database that this program did not put there.
fn foreign(kind: String, name: String) -> Option<Break> {
    somewhere("ledger-break-object", &[("kind", kind.into()), ("name", name.into())])
}

async fn stated_head(connection: &mut AnyConnection) -> Result<Head, Fault> {
    let row = sqlx::query("select seq, head from chain where id = 1").fetch_one(connection).await?;
    Ok(Head { seq: row.try_get("seq")?, hash: row.try_get("head")? })
}

async fn events_after(connection: &mut AnyConnection, seq: i64) -> Result<Vec<Entry>, Fault> {
    let rows = sqlx::query(
        "select seq, at, actor, verb, case_reference, grant_id, target, detail, row_hash, hash \
         from events where seq > $1 order by seq limit $2",
    )
    .bind(seq)
    .bind(PAGE)
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(Entry::from_row).collect::<Result<_, _>>()?)
}

/// Moves `head` along these events as far as they fit.
fn follow<'a>(
    page: impl IntoIterator<Item = Seen<'a>>,
    head: &mut Head,
    remembered: Option<&Head>,
) -> Option<Break> {
    for entry in page {
        let next = head.seq.saturating_add(1);
        if entry.seq != next {
            return at(next, "ledger-break-event-missing", &[("seq", next.into())]);
        }
        if entry.hash() != entry.expected_hash(&head.hash) {
            return at(entry.seq, "ledger-break-event", &[("seq", next.into())]);
        }
        if remembered.is_some_and(|known| known.seq == next && known.hash != entry.hash()) {
            return at(next, "ledger-break-event-reported", &[("seq", next.into())]);
        }
        head.seq = entry.seq;
        entry.hash().clone_into(&mut head.hash);
    }
    None
}

/// Many rows as SQLite gives them fastest, in one text with a line of JSON for each: a value for every
/// column of every row takes several times as long to bring here as its hash takes to compute. Texts,
/// numbers and what is absent stay apart in it, and other bytes have no place in it.
struct Packed {
    row: AnyRow,
    /// The number of the last row, behind which the next page begins.
    last: i64,
}

impl Packed {
    /// Nothing when there are no more rows.
    async fn read(
        connection: &mut AnyConnection,
        sql: String,
        after: i64,
    ) -> Result<Option<Self>, sqlx::Error> {
        let query = sqlx::query(AssertSqlSafe(sql)).bind(after).bind(PACKED_PAGE);
        let row = query.fetch_one(connection).await?;
        Ok(row.try_get::<Option<i64>, _>("last")?.map(|last| Self { row, last }))
    }

    /// Without a gap among so many, these are as many events: a limit would have SQLite copy each of them
    /// before it packs it.
    async fn events(
        connection: &mut AnyConnection,
        after: i64,
    ) -> Result<Option<Self>, sqlx::Error> {
        let sql = format!(
            "select group_concat(json_array({}), char(10)) as packed, max(seq) as last \
             from events where seq > $1 and seq <= $1 + $2",
            Entry::COLUMNS
        );
        Self::read(connection, sql, after).await
    }

    /// In the order of the rows, whose neighbours in the other tables are neighbours, too; each
    /// found by its id all the same.
    async fn grants(
        connection: &mut AnyConnection,
        after: i64,
    ) -> Result<Option<Self>, sqlx::Error> {
        let sql = format!(
            "select group_concat(json_array({}), char(10)) as packed, max(k.number) as last \
             from (select rowid as number, id from grants where rowid > $1 \
             order by rowid limit $2) k \
             cross join grants g on g.id = k.id and g.rowid = k.number {}",
            row::values(),
            row::JOINS
        );
        Self::read(connection, sql, after).await
    }

    /// The rows as far as they can be read.
    fn rows<'de, T: serde::Deserialize<'de>>(&'de self) -> impl Iterator<Item = T> {
        let packed = self.row.try_get("packed").unwrap_or_default();
        serde_json::Deserializer::from_str(packed).into_iter().map_while(Result::ok)
    }
}

/// Moves `head` along the chain as far as its events can be read packed and fit. While one page is computed
/// SQLite reads the next.
async fn walk_packed(
    connection: &mut AnyConnection,
    head: &mut Head,
    remembered: Option<&Head>,
) -> Result<(), sqlx::Error> {
    let mut page = Packed::events(connection, head.seq).await?;
    while let Some(this) = page {
        let follow = async { follow(this.rows(), head, remembered) };
        let (next, broken) = future::join(Packed::events(connection, this.last), follow).await;
        if broken.is_some() {
            break;
        }
        page = next?;
    }
    Ok(())
}

/// Whether every grant was read packed and is as the last event about it left it. Otherwise they are
/// to be read one by one, in the order in which they are told.
async fn all_grants_fit(connection: &mut AnyConnection) -> Result<bool, Fault> {
    let mut fitting = 0;
    let mut page = Packed::grants(connection, i64::MIN).await?;
    while let Some(this) = page {
        let fit = async {
            let grants = row::grants(this.rows().map(Ok)).ok()?;
            let fit = grants.iter().all(|grant| !grant.altered);
            fit.then_some(grants.len())
        };
        let (next, fit) = future::join(Packed::grants(connection, this.last), fit).await;
        let Some(grants) = fit else { return Ok(false) };
        fitting += grants;
        page = next?;
    }
    let row = sqlx::query("select count(*) as grants from grants where id > ''")
        .fetch_one(connection)
        .await?;
    Ok(usize::try_from(row.try_get::<i64, _>("grants")?) == Ok(fitting))
}

/// Grants that are older than their last event, or gone; cases; counts.
async fn rest_that_differs(connection: &mut AnyConnection) -> Result<Option<Break>, Fault> {
    let mut broken = grants_that_are_gone(connection).await?;
    if broken.is_none() {
        broken = cases_that_differ(connection).await?;
    }
    if broken.is_none() {
        broken = counts_that_differ(connection).await?;
    }
    Ok(broken)
}

/// What a grant's last event left is looked at with the grants. Each of them has an event, so that where as many
/// are named in events as there are, each that is named is there.
async fn grants_that_are_gone(connection: &mut AnyConnection) -> Result<Option<Break>, Fault> {
    let row = sqlx::query(
        "select (select count(*) from grants) as grants, (select count(*) from \
         (select distinct grant_id from events where grant_id is not null) e) as named",
    )
    .fetch_one(&mut *connection)
    .await?;
    if row.try_get::<i64, _>("grants")? == row.try_get::<i64, _>("named")? {
        return Ok(None);
    }
    let newer = sqlx::query(
        "select e.seq, e.grant_id from events e left join grants g on g.id = e.grant_id \
         where e.grant_id is not null and e.row_hash is not null \
         and (g.id is null or g.event_seq < e.seq) order by e.seq limit 1",
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = newer else { return Ok(None) };
    let (seq, id): (i64, String) = (row.try_get("seq")?, row.try_get("grant_id")?);
    Ok(at(seq, "ledger-break-grant", &[("grant", id.into()), ("seq", seq.into())]))
}

async fn cases_that_differ(connection: &mut AnyConnection) -> Result<Option<Break>, Fault> {
    let mut last = String::new();
    loop {
        let sql = format!(
            "select {}, c.event_seq, e.row_hash, e.case_reference, e.grant_id from cases c \
             left join events e on e.seq = c.event_seq \
             where c.reference > $1 order by c.reference limit $2",
            row::OF_CASE
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(&last)
            .bind(PAGE)
            .fetch_all(&mut *connection)
            .await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let case = row::case_from_row(row)?;
            last.clone_from(&case.reference);
            if !row::is_as_recorded(row, &case)? {
                let why = Note::of("ledger-break-case-changed", &[("case", case.reference.into())]);
                return Ok(Some(Break { seq: row.try_get("event_seq")?, why }));
            }
        }
    }
    let newer = sqlx::query(
        "select e.seq, e.case_reference from events e \
         left join cases c on c.reference = e.case_reference \
         where e.case_reference is not null and e.grant_id is null and e.row_hash is not null \
         and (c.reference is null or c.event_seq < e.seq) order by e.seq limit 1",
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = newer else { return Ok(None) };
    let (seq, reference): (i64, String) = (row.try_get("seq")?, row.try_get("case_reference")?);
    Ok(at(seq, "ledger-break-case", &[("case", reference.into()), ("seq", seq.into())]))
}

async fn counts_that_differ(connection: &mut AnyConnection) -> Result<Option<Break>, Fault> {
    let rows = sqlx::query(
        "select t.state, t.grants, (select count(*) from grants g where g.state = t.state) \
         as found from tally t",
    )
    .fetch_all(connection)
    .await?;
    if rows.len() != State::ALL.len() {
        return Ok(somewhere("ledger-break-count-incomplete", &[]));
    }
    for row in &rows {
        let (counted, found): (i64, i64) = (row.try_get("grants")?, row.try_get("found")?);
        if counted != found {
            let state: String = row.try_get("state")?;
            let state = text::one_line(&state, 20);
            return Ok(somewhere(
                "ledger-break-count",
                &[("counted", counted.into()), ("state", state.into()), ("found", found.into())],
            ));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grant::{Access, Case, Layer, NewGrant, Supporter};
    use crate::ledger::{Event, Lease, Location, Mode};

    fn grant(id: &str, layers: usize) -> NewGrant {
        let layer = |number| Layer {
            provider: "linux-account".into(),
            digest: "ab".into(),
            account: format!("sp-{id}-{number}"),
            public_key: (number == 0).then(|| "ssh-ed25519 \"\u{fc}\"".into()),
            key_fingerprint: None,
            has_password: number == 1,
            inputs: r#"{"sp_path":"/var/www/it's \"here\""}"#.into(),
            outputs: "{}".into(),
            ..Layer::default()
        };
        NewGrant {
            id: id.into(),
            case: "C".into(),
            target: "staging".into(),
            supporter: Supporter { name: id.into(), company: "MultiSafepay".into() },
            access: Access::Sftp,
            created_at: 1,
            deadline: 2,
            deadline_maximum: 3,
            terms: "{}".into(),
            layers: (0..layers).map(layer).collect(),
        }
    }

    /// The slow way reads the same: without this nobody would notice that it is the only one.
    #[test]
    fn sqlite_gives_all_that_fits_packed() {
        let folder = tempfile::tempdir().unwrap();
        let place = Location::File(folder.path().join("ledger.sqlite3"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let ledger = Ledger::open(&place, Mode::ReadWrite).await.unwrap();
            let case = Case::new("C", "multisafepay", 1);
            ledger.open_case(&case, "me").await.unwrap();
            for (id, layers) in [("cccccccccc", 2), ("aaaaaaaaaa", 0), ("bbbbbbbbbb", 1)] {
                let event = Event::new(1, "me", "grant.opening", json!({ "seen": "\u{0}" }));
                let lease = Lease { owner: "elsewhere/1/a".into(), until: 60 };
                ledger.begin(&grant(id, layers).grant(), &lease, &event).await.unwrap();
            }
            let mut connection = ledger.connect().await.unwrap();
            let mut head = Head { seq: 0, hash: NOTHING.into() };
            walk_packed(&mut connection, &mut head, None).await.unwrap();
            assert_eq!(head, ledger.head().await.unwrap());
            assert!(all_grants_fit(&mut connection).await.unwrap());
            assert!(ledger.second_reader(&mut connection).await.is_some());
            let change = sqlx::query("update grants set deadline = 9 where id = 'bbbbbbbbbb'");
            change.execute(&mut connection).await.unwrap();
            assert!(!all_grants_fit(&mut connection).await.unwrap());
        });
    }
}
