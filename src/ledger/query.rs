//! What is read from the ledger without changing it. Nothing here loads all of it.

use sqlx::any::AnyArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Row as _};

use super::chain::Entry;
use super::error::Fault;
use super::lease::this_system;
use super::record::is_held;
use super::watch::LONGEST_WAIT;
use super::{Ledger, LedgerError, row};
use crate::grant::{Case, Grant, State, UnixTime};
use crate::text;

/// Which grants are meant. The default is all of them.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those of this case.
    pub case: Option<String>,
    /// Those on this target.
    pub target: Option<String>,
    /// Those in one of these states; none given means any.
    pub states: Vec<State>,
    /// Those whose deadline is at this time or earlier.
    pub due_before: Option<UnixTime>,
    /// Those that may still exist on a server.
    pub live_only: bool,
    /// Those that are not over, or ended at this time or later.
    pub ended_since: Option<UnixTime>,
    /// Those that a process said it works on, whether it still lives or not.
    pub leased: bool,
    /// Those with findings that nobody has acknowledged.
    pub with_findings: bool,
    /// Open ones that are not what was made.
    pub drifted: bool,
    /// Those with a layer that has this key, as `SHA256:…`.
    pub key_fingerprint: Option<String>,
}

/// A place in the order of grants: by deadline, then by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The deadline of the last grant that was seen.
    pub deadline: UnixTime,
    /// Its id.
    pub id: String,
}

impl Cursor {
    /// The place right behind this grant.
    #[must_use]
    pub fn after(grant: &Grant) -> Self {
        Self { deadline: grant.deadline, id: grant.id.clone() }
    }
}

/// Which cases are meant. The default is all of them.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Those of this desk.
    pub desk: Option<String>,
    /// Those that are not closed.
    pub open_only: bool,
    /// Those whose time-box ends at this time or earlier.
    pub ending_before: Option<UnixTime>,
}

/// Which events are meant. The default is all of them.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Those of this case.
    pub case: Option<String>,
    /// Those of this grant, by its whole id.
    pub grant: Option<String>,
    /// Those of this target.
    pub target: Option<String>,
    /// Those behind this number.
    pub after: i64,
}

/// How many grants stand in each state.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of the states")]
pub struct Counts {
    pub opening: i64,
    pub open: i64,
    pub closing: i64,
    pub stuck: i64,
    pub closed: i64,
    pub forgotten: i64,
}

impl Counts {
    /// How many stand in this state.
    #[must_use]
    pub fn of(&self, state: State) -> i64 {
        match state {
            State::Opening => self.opening,
            State::Open => self.open,
            State::Closing => self.closing,
            State::Stuck => self.stuck,
            State::Closed => self.closed,
            State::Forgotten => self.forgotten,
        }
    }

    /// How many may still exist on a server.
    #[must_use]
    pub fn live(&self) -> i64 {
        self.opening + self.open + self.closing + self.stuck
    }

    fn set(&mut self, state: State, grants: i64) {
        *match state {
            State::Opening => &mut self.opening,
            State::Open => &mut self.open,
            State::Closing => &mut self.closing,
            State::Stuck => &mut self.stuck,
            State::Closed => &mut self.closed,
            State::Forgotten => &mut self.forgotten,
        } = grants;
    }
}

/// A `where` clause of constant text and numbered values. (The builder in sqlx writes `?`, which
/// PostgreSQL does not read.)
struct Conditions {
    sql: String,
    values: AnyArguments,
}

impl Conditions {
    fn new() -> Self {
        Self { sql: "1 = 1".into(), values: AnyArguments::default() }
    }

    /// Adds a constant condition.
    fn and(&mut self, condition: &'static str) {
        self.sql.push_str(" and ");
        self.sql.push_str(condition);
    }

    fn text(&mut self, value: &str) -> Result<String, Fault> {
        // PostgreSQL refuses a NUL, even where it could only fail to find one.
        self.values.add(value.replace('\0', "\u{fffd}")).map_err(sqlx::Error::Encode)?;
        Ok(format!("${}", self.values.len()))
    }

    fn number(&mut self, value: i64) -> Result<String, Fault> {
        self.values.add(value).map_err(sqlx::Error::Encode)?;
        Ok(format!("${}", self.values.len()))
    }

    /// Adds `left`, which ends in an operator, and a text, when there is one.
    fn and_text(&mut self, left: &'static str, value: Option<&str>) -> Result<(), Fault> {
        if let Some(value) = value {
            let mark = self.text(value)?;
            self.and(left);
            self.sql.push_str(&mark);
        }
        Ok(())
    }
}

fn bounded(limit: u32) -> i64 {
    i64::from(limit)
}

impl Ledger {
    /// Cases, those opened last first, at most `limit`.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn cases(&self, filter: &CaseFilter, limit: u32) -> Result<Vec<Case>, LedgerError> {
        self.read(async |connection| {
            let mut conditions = Conditions::new();
            conditions.and_text("desk = ", filter.desk.as_deref())?;
            if filter.open_only {
                conditions.and("closed_at is null");
            }
            if let Some(time) = filter.ending_before {
                let time = conditions.number(time)?;
                conditions.and("time_box_until is not null and time_box_until <= ");
                conditions.sql.push_str(&time);
            }
            let limit = conditions.number(bounded(limit))?;
            let sql = format!(
                "select {} from cases c where {} \
                 order by opened_at desc, reference desc limit {limit}",
                row::OF_CASE,
                conditions.sql
            );
            let rows = sqlx::query_with(AssertSqlSafe(sql), conditions.values)
                .fetch_all(connection)
                .await?;
            Ok(rows.iter().map(row::case_from_row).collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The case with this reference.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchCase`].
    pub async fn case(&self, reference: &str) -> Result<Case, LedgerError> {
        self.read(async |connection| row::case_by_reference(connection, reference).await)
            .await?
            .ok_or_else(|| LedgerError::NoSuchCase { reference: text::one_line(reference, 100) })
    }

    /// The grant whose id is `text`, or the only one whose id begins with it.
    ///
    /// Case does not matter, and `o`, `i` and `l` are read as the digits they look like, because
    /// ids are read aloud.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchGrant`] and [`LedgerError::Ambiguous`].
    pub async fn grant(&self, text: &str) -> Result<Grant, LedgerError> {
        let id = spelled(text);
        if id.is_empty() {
            return Err(LedgerError::NoSuchGrant { id });
        }
        let matches = self
            .read(async |connection| {
                let mut conditions = Conditions::new();
                let start = conditions.text(&id.chars().take(4).collect::<String>())?;
                let whole = conditions.text(&id)?;
                let mut begins = format!("substr(id, 1, length({whole})) = {whole}");
                // An index cannot help with less than it holds.
                if id.len() >= 4 {
                    begins.push_str(&format!(" and substr(id, 1, 4) = {start}"));
                } else {
                    begins.push_str(&format!(" and {start} = {whole}"));
                }
                let sql = format!("select id from grants where {begins} order by id limit 4");
                let rows = sqlx::query_with(AssertSqlSafe(sql), conditions.values)
                    .fetch_all(connection)
                    .await?;
                Ok(rows
                    .iter()
                    .map(|row| row.try_get::<String, _>("id"))
                    .collect::<Result<Vec<_>, _>>()?)
            })
            .await?;
        let found = match matches.as_slice() {
            [] => return Err(LedgerError::NoSuchGrant { id: text::one_line(text, 40) }),
            [only] => only,
            several if several.contains(&id) => &id,
            _ => return Err(LedgerError::Ambiguous { prefix: id, matches }),
        };
        self.read(async |connection| row::grant_by_id(connection, found).await)
            .await?
            .ok_or_else(|| LedgerError::NoSuchGrant { id: found.clone() })
    }

    /// Grants by deadline and id, at most `limit`, from behind `after`.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn grants(
        &self,
        filter: &Filter,
        limit: u32,
        after: Option<&Cursor>,
    ) -> Result<Vec<Grant>, LedgerError> {
        self.read(async |connection| {
            let mut conditions = conditions_of(filter)?;
            if let Some(cursor) = after {
                let deadline = conditions.number(cursor.deadline)?;
                let id = conditions.text(&cursor.id)?;
                conditions.sql.push_str(&format!(" and (deadline, id) > ({deadline}, {id})"));
            }
            let limit = conditions.number(bounded(limit))?;
            let sql = format!(
                "select {} from (select * from grants where {} order by deadline, id \
                 limit {limit}) g {} order by g.deadline, g.id, l.position",
                row::COLUMNS,
                conditions.sql,
                row::JOINS
            );
            let rows = sqlx::query_with(AssertSqlSafe(sql), conditions.values)
                .fetch_all(connection)
                .await?;
            Ok(row::grants_from_rows(&rows)?)
        })
        .await
    }

    /// How many grants stand in each state.
    ///
    /// Those that are live are really counted; those that have ended are counted along, and
    /// [`Ledger::verify`] counts them again.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn counts(&self) -> Result<Counts, LedgerError> {
        self.read(async |connection| {
            let rows = sqlx::query(
                "select state, count(*) as grants from grants \
                 where state not in ('closed', 'forgotten') group by state \
                 union all \
                 select state, grants from tally where state in ('closed', 'forgotten')",
            )
            .fetch_all(connection)
            .await?;
            let mut counts = Counts::default();
            for row in &rows {
                counts.set(row::word(row.try_get("state")?, "state")?, row.try_get("grants")?);
            }
            Ok(counts)
        })
        .await
    }

    /// Grants that a sweep must work on now, at most `limit`: open ones whose deadline has come,
    /// opening and closing ones that nobody works on, stuck ones whose next attempt is due. Not
    /// those whose running work is waited for, see [`Ledger::wait`], and not those that were
    /// altered, see [`Ledger::altered`].
    ///
    /// Targets take turns, and on each target what waited longest comes first, so that one server
    /// with many grants or with trouble keeps nobody waiting.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn due(&self, now: UnixTime, limit: u32) -> Result<Vec<Grant>, LedgerError> {
        let here = format!("{}/", this_system());
        // A lease of this machine may be dead before its time, which the database cannot see. Such
        // rows are asked for and put aside here; as they are few, asking for some more is enough.
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut asked = bounded(limit).saturating_add(64);
        loop {
            let grants = self
                .read(async |connection| {
                    let sql = format!(
                        "select {} from (\
                         select id, since, row_number() over \
                         (partition by target order by since, id) as turn from (\
                         select id, target, {DUE_SINCE} as since from grants \
                         where state not in ('closed', 'forgotten') and {DUE_SINCE} <= $1 \
                         and (lease_until is null or lease_until < $1 \
                         or substr(lease_owner, 1, length($2)) = $2) \
                         and (state <> 'open' or wait_until is null or wait_until <= $1 \
                         or wait_until > $5) \
                         order by {DUE_SINCE}, id limit $4) d \
                         order by turn, since, id limit $3\
                         ) d join grants g on g.id = d.id {} \
                         order by d.turn, d.since, g.id, l.position",
                        row::COLUMNS,
                        row::JOINS
                    );
                    let rows = sqlx::query(AssertSqlSafe(sql))
                        .bind(now)
                        .bind(&here)
                        .bind(asked)
                        .bind(asked.saturating_mul(AMONG))
                        .bind(now.saturating_add(LONGEST_WAIT))
                        .fetch_all(connection)
                        .await?;
                    Ok(row::grants_from_rows(&rows)?)
                })
                .await?;
            let found = i64::try_from(grants.len()).unwrap_or(i64::MAX);
            let mut free: Vec<_> =
                grants.into_iter().filter(|grant| !grant.altered && !is_held(grant, now)).collect();
            // Very many that cannot be taken are bounded here; those that can come with the next call.
            let enough = free.len() >= wanted || found < asked;
            if enough || asked > bounded(limit).saturating_mul(MOST_ASKED) {
                free.truncate(wanted);
                return Ok(free);
            }
            asked = asked.saturating_mul(2);
        }
    }

    /// Grants that are not as the last event about them left them, of those that are live or whose
    /// deadline was `since` then or later: at most `limit`, and of very many those that are due first.
    /// [`Ledger::verify`] looks at all of them.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn altered(&self, since: UnixTime, limit: usize) -> Result<Vec<Grant>, LedgerError> {
        let mut altered = Vec::new();
        let live = "state not in ('closed', 'forgotten') and";
        for (which, since) in [(live, i64::MIN), ("", since)] {
            let mut after = (since, String::new());
            for _ in 0..MOST_PAGES {
                let sql = format!(
                    "select {} from (select * from grants where {which} (deadline, id) > ($1, $2) \
                     order by deadline, id limit $3) g {} order by g.deadline, g.id, l.position",
                    row::COLUMNS,
                    row::JOINS
                );
                let sql = &sql;
                let (deadline, id) = &after;
                let page = self
                    .read(async |connection| {
                        let rows = sqlx::query(AssertSqlSafe(sql.clone()))
                            .bind(*deadline)
                            .bind(id)
                            .bind(PAGE)
                            .fetch_all(connection)
                            .await?;
                        Ok(row::grants_from_rows(&rows)?)
                    })
                    .await?;
                let Some(last) = page.last() else { break };
                after = (last.deadline, last.id.clone());
                for grant in page {
                    let known = altered.iter().any(|one: &Grant| one.id == grant.id);
                    if grant.altered && !known {
                        altered.push(grant);
                    }
                    if altered.len() >= limit {
                        return Ok(altered);
                    }
                }
            }
        }
        Ok(altered)
    }

    /// Events in the order of the chain, at most `limit`.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn events(
        &self,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<Entry>, LedgerError> {
        self.read(async |connection| {
            let mut conditions = Conditions::new();
            conditions.and_text("case_reference = ", filter.case.as_deref())?;
            conditions.and_text("grant_id = ", filter.grant.as_deref())?;
            conditions.and_text("target = ", filter.target.as_deref())?;
            let after = conditions.number(filter.after)?;
            let limit = conditions.number(bounded(limit))?;
            let sql = format!(
                "select seq, at, actor, verb, case_reference, grant_id, target, detail, \
                 row_hash, hash from events where {} and seq > {after} order by seq \
                 limit {limit}",
                conditions.sql
            );
            let rows = sqlx::query_with(AssertSqlSafe(sql), conditions.values)
                .fetch_all(connection)
                .await?;
            Ok(rows.iter().map(Entry::from_row).collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Targets take turns among this many times the grants that are asked for; ranking all of them would
/// make a great backlog slow. What fails goes to the end, so nobody waits for ever.
const AMONG: i64 = 20;

/// How many times the grants that are wanted are read at the most to find them.
const MOST_ASKED: i64 = 8;

/// The most pages of grants that are held against their events at once.
const MOST_PAGES: u32 = 5;

/// How many grants are in memory at a time.
const PAGE: i64 = 1000;

/// Since when a live grant has been due, the very words of the index `grants_due`.
const DUE_SINCE: &str =
    "(case state when 'open' then deadline else coalesce(next_attempt_at, 0) end)";

fn conditions_of(filter: &Filter) -> Result<Conditions, Fault> {
    let mut conditions = Conditions::new();
    // Only states that are live let the small indexes be used, whichever way it was asked.
    let all_live = !filter.states.is_empty() && filter.states.iter().all(|state| state.is_live());
    if filter.live_only || all_live {
        conditions.and("state not in ('closed', 'forgotten')");
    }
    conditions.and_text("case_reference = ", filter.case.as_deref())?;
    conditions.and_text("target = ", filter.target.as_deref())?;
    if !filter.states.is_empty() {
        let mut marks = Vec::new();
        for state in &filter.states {
            marks.push(conditions.text(state.id())?);
        }
        conditions.sql.push_str(&format!(" and state in ({})", marks.join(", ")));
    }
    if filter.leased {
        conditions.and("lease_owner is not null");
    }
    if filter.with_findings {
        conditions.and("findings > 0");
    }
    if filter.drifted {
        conditions.and("drift is not null");
    }
    if let Some(time) = filter.due_before {
        let mark = conditions.number(time)?;
        conditions.sql.push_str(&format!(" and deadline <= {mark}"));
    }
    if let Some(time) = filter.ended_since {
        let mark = conditions.number(time)?;
        conditions.sql.push_str(&format!(" and (closed_at is null or closed_at >= {mark})"));
    }
    if let Some(fingerprint) = &filter.key_fingerprint {
        let mark = conditions.text(fingerprint)?;
        conditions.sql.push_str(&format!(
            " and id in (select grant_id from layers where key_fingerprint = {mark})"
        ));
    }
    Ok(conditions)
}

/// An id as it is written, however it was typed.
fn spelled(text: &str) -> String {
    text.trim()
        .chars()
        .take(64)
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        })
        .filter(|c| c.is_ascii_alphanumeric())
        .collect()
}
