//! Grants and cases as rows: written, read back, and hashed.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::LedgerError;
use super::chain::Seal;
use super::error::Fault;
use crate::grant::{Answer, Answers, Case, Grant, Layer, Supporter, UnixTime};
use crate::text;

/// The hash of a grant and its layers as they are in the ledger: the `row_hash` of the event that
/// left it so.
#[must_use]
pub fn seal_of_grant(grant: &Grant) -> String {
    let layers = i64::try_from(grant.layers.len()).unwrap_or(i64::MAX);
    let seal = Seal::new("stagepass-grant-1")
        .text(&grant.id)
        .text(&grant.case)
        .text(&grant.target)
        .text(&grant.supporter.name)
        .text(&grant.supporter.company)
        .text(grant.access.id())
        .text(grant.state.id())
        .number(grant.created_at)
        .maybe_number(grant.opened_at)
        .number(grant.deadline)
        .maybe_number(grant.closed_at)
        .number(grant.deadline_maximum)
        .text(&grant.terms)
        .number(grant.attempts)
        .maybe_number(grant.next_attempt_at)
        .maybe(grant.last_error.as_deref())
        .number(grant.version)
        .maybe(grant.lease_owner.as_deref())
        .maybe_number(grant.lease_until)
        .number(grant.findings)
        .maybe(grant.drift.as_deref())
        .number(layers);
    grant.layers.iter().fold(seal, seal_layer).hash()
}

fn seal_layer(seal: Seal, layer: &Layer) -> Seal {
    seal.text(&layer.provider)
        .text(&layer.digest)
        .text(&layer.account)
        .maybe(layer.public_key.as_deref())
        .maybe(layer.key_fingerprint.as_deref())
        .number(i64::from(layer.has_password))
        .text(&layer.inputs)
        .text(&layer.outputs)
        .text(layer.state.id())
        .maybe_number(layer.closed_at)
        .maybe(layer.last_error.as_deref())
        .number(layer.findings)
}

/// The hash of a case as it is in the ledger.
#[must_use]
pub fn seal_of_case(case: &Case) -> String {
    // A case of an older stagepass has none of what came later, and is hashed as it was.
    let is_as_before = case.time_box_until.is_none() && case.answers.is_empty();
    let form = if is_as_before { "stagepass-case-1" } else { "stagepass-case-2" };
    let seal = Seal::new(form)
        .text(&case.reference)
        .text(&case.desk)
        .number(case.opened_at)
        .maybe_number(case.closed_at);
    if is_as_before {
        return seal.hash();
    }
    seal.maybe_number(case.time_box_until).text(&text_of_answers(&case.answers)).hash()
}

/// Answers as they stand in a row.
pub(super) fn text_of_answers(answers: &Answers) -> String {
    serde_json::to_string(answers).expect("texts and times are JSON")
}

/// The columns of a grant `g`, of its layers `l` and of the event `e` that last changed it, for
/// [`grants_from_rows`]: those of [`GrantRow`] in their order.
pub(super) const COLUMNS: &str = "g.id, g.case_reference, g.target, g.supporter_name, \
     g.supporter_company, g.access, g.state, g.created_at, g.opened_at, g.deadline, g.closed_at, \
     g.deadline_maximum, g.terms, g.attempts, g.next_attempt_at, g.last_error, g.version, \
     g.lease_owner, g.lease_until, g.findings, g.drift, g.checked_at, g.event_seq, l.provider, \
     l.digest, l.account, l.public_key, l.key_fingerprint, l.has_password, l.inputs, l.outputs, \
     l.state as layer_state, l.closed_at as layer_closed_at, l.last_error as layer_error, \
     l.findings as layer_findings, l.position, e.row_hash, e.grant_id as event_grant, \
     case (select max(n.seq) from events n where n.grant_id = g.id) when g.event_seq then g.event_seq \
     else (select max(n.seq) from events n where n.grant_id = g.id and n.row_hash is not null) end \
     as newest_event";

/// The same as the values of a list, which have no names.
pub(super) fn values() -> String {
    let value = |column: &'static str| column.rsplit_once(" as ").map_or(column, |(it, _)| it);
    COLUMNS.split(", ").map(value).collect::<Vec<_>>().join(", ")
}

/// What stands behind `from grants g` for [`COLUMNS`].
pub(super) const JOINS: &str = "left join layers l on l.grant_id = g.id \
     left join events e on e.seq = g.event_seq";

/// One row of [`COLUMNS`], in their order.
#[derive(serde::Deserialize)]
pub(super) struct GrantRow {
    id: String,
    case_reference: String,
    target: String,
    supporter_name: String,
    supporter_company: String,
    access: String,
    state: String,
    created_at: UnixTime,
    opened_at: Option<UnixTime>,
    deadline: UnixTime,
    closed_at: Option<UnixTime>,
    deadline_maximum: UnixTime,
    terms: String,
    attempts: i64,
    next_attempt_at: Option<UnixTime>,
    last_error: Option<String>,
    version: i64,
    lease_owner: Option<String>,
    lease_until: Option<UnixTime>,
    findings: i64,
    drift: Option<String>,
    checked_at: Option<UnixTime>,
    event_seq: i64,
    provider: Option<String>,
    digest: Option<String>,
    account: Option<String>,
    public_key: Option<String>,
    key_fingerprint: Option<String>,
    has_password: Option<i64>,
    inputs: Option<String>,
    outputs: Option<String>,
    layer_state: Option<String>,
    layer_closed_at: Option<UnixTime>,
    layer_error: Option<String>,
    layer_findings: Option<i64>,
    position: Option<i64>,
    row_hash: Option<String>,
    event_grant: Option<String>,
    newest_event: Option<i64>,
}

impl GrantRow {
    fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            case_reference: row.try_get("case_reference")?,
            target: row.try_get("target")?,
            supporter_name: row.try_get("supporter_name")?,
            supporter_company: row.try_get("supporter_company")?,
            access: row.try_get("access")?,
            state: row.try_get("state")?,
            created_at: row.try_get("created_at")?,
            opened_at: row.try_get("opened_at")?,
            deadline: row.try_get("deadline")?,
            closed_at: row.try_get("closed_at")?,
            deadline_maximum: row.try_get("deadline_maximum")?,
            terms: row.try_get("terms")?,
            attempts: row.try_get("attempts")?,
            next_attempt_at: row.try_get("next_attempt_at")?,
            last_error: row.try_get("last_error")?,
            version: row.try_get("version")?,
            lease_owner: row.try_get("lease_owner")?,
            lease_until: row.try_get("lease_until")?,
            findings: row.try_get("findings")?,
            drift: row.try_get("drift")?,
            checked_at: row.try_get("checked_at")?,
            event_seq: row.try_get("event_seq")?,
            provider: row.try_get("provider")?,
            digest: row.try_get("digest")?,
            account: row.try_get("account")?,
            public_key: row.try_get("public_key")?,
            key_fingerprint: row.try_get("key_fingerprint")?,
            has_password: row.try_get("has_password")?,
            inputs: row.try_get("inputs")?,
            outputs: row.try_get("outputs")?,
            layer_state: row.try_get("layer_state")?,
            layer_closed_at: row.try_get("layer_closed_at")?,
            layer_error: row.try_get("layer_error")?,
            layer_findings: row.try_get("layer_findings")?,
            position: row.try_get("position")?,
            row_hash: row.try_get("row_hash")?,
            event_grant: row.try_get("event_grant")?,
            newest_event: row.try_get("newest_event")?,
        })
    }

    /// The hash of the row that the last event about this grant left, if the row names that event.
    fn recorded_hash(&mut self) -> Option<String> {
        let is_about_it = self.event_grant.as_ref() == Some(&self.id);
        // An older row with the number of its event says what was true once.
        let is_newest = self.newest_event == Some(self.event_seq);
        self.row_hash.take().filter(|_| is_about_it && is_newest)
    }

    fn grant(&mut self) -> Result<Grant, sqlx::Error> {
        use std::mem::take;
        Ok(Grant {
            access: word(&self.access, "access")?,
            state: word(&self.state, "state")?,
            id: take(&mut self.id),
            case: take(&mut self.case_reference),
            target: take(&mut self.target),
            supporter: Supporter {
                name: take(&mut self.supporter_name),
                company: take(&mut self.supporter_company),
            },
            created_at: self.created_at,
            opened_at: self.opened_at,
            deadline: self.deadline,
            closed_at: self.closed_at,
            deadline_maximum: self.deadline_maximum,
            terms: take(&mut self.terms),
            attempts: self.attempts,
            next_attempt_at: self.next_attempt_at,
            last_error: self.last_error.take(),
            version: self.version,
            lease_owner: self.lease_owner.take(),
            lease_until: self.lease_until,
            findings: self.findings,
            drift: self.drift.take(),
            checked_at: self.checked_at,
            altered: false,
            layers: Vec::new(),
        })
    }

    /// The layer of this row and its position; nothing for a grant without layers.
    fn layer(self) -> Result<Option<(i64, i64, Layer)>, sqlx::Error> {
        let Some(provider) = self.provider else { return Ok(None) };
        let has_password = there(self.has_password, "has_password")?;
        let layer = Layer {
            position: 0,
            provider,
            digest: there(self.digest, "digest")?,
            account: there(self.account, "account")?,
            public_key: self.public_key,
            key_fingerprint: self.key_fingerprint,
            has_password: has_password != 0,
            inputs: there(self.inputs, "inputs")?,
            outputs: there(self.outputs, "outputs")?,
            state: word(&there(self.layer_state, "layer_state")?, "layer_state")?,
            closed_at: self.layer_closed_at,
            last_error: self.layer_error,
            findings: there(self.layer_findings, "layer_findings")?,
        };
        Ok(Some((there(self.position, "position")?, has_password, layer)))
    }
}

/// A column of a layer that is never null.
fn there<T>(value: Option<T>, column: &str) -> Result<T, sqlx::Error> {
    value.ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.into(),
        source: Box::new(sqlx::error::UnexpectedNullError),
    })
}

/// Reads grants from rows that come grant by grant, one row a layer, in the layers' order. Each is
/// held against the hash that the last event about it left.
pub(super) fn grants_from_rows(rows: &[AnyRow]) -> Result<Vec<Grant>, sqlx::Error> {
    grants(rows.iter().map(GrantRow::read))
}

/// The same from rows that were read in another way.
pub(super) fn grants(
    rows: impl IntoIterator<Item = Result<GrantRow, sqlx::Error>>,
) -> Result<Vec<Grant>, sqlx::Error> {
    let mut grants: Vec<(Grant, Option<String>)> = Vec::new();
    for row in rows {
        let mut row = row?;
        if grants.last().is_none_or(|(last, _)| last.id != row.id) {
            let hash = row.recorded_hash();
            grants.push((row.grant()?, hash));
        }
        let (Some((grant, hash)), Some(layer)) = (grants.last_mut(), row.layer()?) else {
            continue;
        };
        // What two rows could say in one hash counts as changed, too.
        let (position, has_password, mut layer) = layer;
        layer.position = grant.layers.len();
        if usize::try_from(position) != Ok(grant.layers.len()) || !(0..=1).contains(&has_password) {
            *hash = None;
        }
        grant.layers.push(layer);
    }
    let held_against_its_event = |(mut grant, hash): (Grant, Option<String>)| {
        grant.altered = hash.is_none_or(|hash| hash != seal_of_grant(&grant));
        // What stagepass wrote is plain; what somebody else wrote is only ever shown.
        if grant.altered {
            make_plain(&mut grant);
        }
        grant
    };
    Ok(grants.into_iter().map(held_against_its_event).collect())
}

/// Every name as one short line.
fn make_plain(grant: &mut Grant) {
    let (id, supporter) = (&mut grant.id, &mut grant.supporter);
    let names =
        [id, &mut grant.case, &mut grant.target, &mut supporter.name, &mut supporter.company];
    let layers = grant.layers.iter_mut().flat_map(|one| [&mut one.account, &mut one.provider]);
    for name in names.into_iter().chain(layers) {
        *name = text::one_line(name, 100);
    }
    let errors = grant.layers.iter_mut().map(|layer| &mut layer.last_error);
    for text in [&mut grant.last_error, &mut grant.drift].into_iter().chain(errors) {
        *text = text.as_deref().map(|text| text::one_line(text, 500));
    }
}

/// A column that holds one of a few words.
pub(super) fn word<T>(word: &str, column: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    word.parse().map_err(|error| sqlx::Error::ColumnDecode {
        index: column.into(),
        source: Box::new(error),
    })
}

/// The columns of a case `c`, for [`case_from_row`].
pub(super) const OF_CASE: &str =
    "c.reference, c.desk, c.opened_at, c.closed_at, c.time_box_until, c.answers";

pub(super) fn case_from_row(row: &AnyRow) -> Result<Case, sqlx::Error> {
    let answers: &str = row.try_get("answers")?;
    // What stagepass did not write is one answer to no question: the hash does not fit it.
    let unread = || Answer { text: text::one_line(answers, 500), at: 0 };
    let answers = serde_json::from_str(answers)
        .unwrap_or_else(|_| Answers::from([(String::new(), unread())]));
    Ok(Case {
        reference: row.try_get("reference")?,
        desk: row.try_get("desk")?,
        opened_at: row.try_get("opened_at")?,
        closed_at: row.try_get("closed_at")?,
        time_box_until: row.try_get("time_box_until")?,
        answers,
    })
}

/// The grant as it will be read back: what a server said about a failure is one short line, and the row
/// says what its layers come to.
pub(super) fn storable(grant: &Grant) -> Grant {
    let mut grant = grant.clone();
    for layer in &mut grant.layers {
        layer.last_error = layer.last_error.take().map(|text| text::one_line(&text, 500));
    }
    grant.sum_up();
    grant.last_error = grant.last_error.map(|text| text::one_line(&text, 500));
    grant
}

pub(super) async fn insert_grant(
    connection: &mut AnyConnection,
    grant: &Grant,
    seq: i64,
) -> Result<(), Fault> {
    sqlx::query(
        "insert into grants (id, case_reference, target, supporter_name, supporter_company, \
         access, state, created_at, opened_at, deadline, closed_at, deadline_maximum, terms, \
         attempts, next_attempt_at, last_error, version, lease_owner, lease_until, event_seq, \
         findings, drift) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
         $18, $19, $20, $21, $22)",
    )
    .bind(&grant.id)
    .bind(&grant.case)
    .bind(&grant.target)
    .bind(&grant.supporter.name)
    .bind(&grant.supporter.company)
    .bind(grant.access.id())
    .bind(grant.state.id())
    .bind(grant.created_at)
    .bind(grant.opened_at)
    .bind(grant.deadline)
    .bind(grant.closed_at)
    .bind(grant.deadline_maximum)
    .bind(&grant.terms)
    .bind(grant.attempts)
    .bind(grant.next_attempt_at)
    .bind(grant.last_error.as_deref())
    .bind(grant.version)
    .bind(grant.lease_owner.as_deref())
    .bind(grant.lease_until)
    .bind(seq)
    .bind(grant.findings)
    .bind(grant.drift.as_deref())
    .execute(&mut *connection)
    .await?;
    insert_layers(connection, grant).await
}

async fn insert_layers(connection: &mut AnyConnection, grant: &Grant) -> Result<(), Fault> {
    for (position, layer) in (0_i64..).zip(&grant.layers) {
        sqlx::query(
            "insert into layers (grant_id, position, provider, digest, account, public_key, \
             key_fingerprint, has_password, inputs, outputs, state, closed_at, last_error, findings) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(&grant.id)
        .bind(position)
        .bind(&layer.provider)
        .bind(&layer.digest)
        .bind(&layer.account)
        .bind(layer.public_key.as_deref())
        .bind(layer.key_fingerprint.as_deref())
        .bind(i64::from(layer.has_password))
        .bind(&layer.inputs)
        .bind(&layer.outputs)
        .bind(layer.state.id())
        .bind(layer.closed_at)
        .bind(layer.last_error.as_deref())
        .bind(layer.findings)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Writes what may change of `new` over `old`; whether the row still had the version of `old`.
pub(super) async fn update_grant(
    connection: &mut AnyConnection,
    old: &Grant,
    new: &Grant,
    seq: i64,
) -> Result<bool, Fault> {
    let updated = sqlx::query(
        "update grants set state = $1, opened_at = $2, deadline = $3, closed_at = $4, \
         attempts = $5, next_attempt_at = $6, last_error = $7, version = $8, lease_owner = $9, \
         lease_until = $10, event_seq = $11, terms = $12, deadline_maximum = $13, \
         findings = $14, drift = $15 \
         where id = $16 and version = $17",
    )
    .bind(new.state.id())
    .bind(new.opened_at)
    .bind(new.deadline)
    .bind(new.closed_at)
    .bind(new.attempts)
    .bind(new.next_attempt_at)
    .bind(new.last_error.as_deref())
    .bind(new.version)
    .bind(new.lease_owner.as_deref())
    .bind(new.lease_until)
    .bind(seq)
    .bind(&new.terms)
    .bind(new.deadline_maximum)
    .bind(new.findings)
    .bind(new.drift.as_deref())
    .bind(&old.id)
    .bind(old.version)
    .execute(&mut *connection)
    .await?;
    if updated.rows_affected() != 1 {
        return Ok(false);
    }
    if old.layers != new.layers {
        sqlx::query("delete from layers where grant_id = $1")
            .bind(&old.id)
            .execute(&mut *connection)
            .await?;
        insert_layers(connection, new).await?;
    }
    if old.state != new.state {
        tally(connection, old, -1).await?;
        tally(connection, new, 1).await?;
    }
    Ok(true)
}

/// Counts a grant in, or out of, the state it has.
pub(super) async fn tally(
    connection: &mut AnyConnection,
    grant: &Grant,
    by: i64,
) -> Result<(), Fault> {
    sqlx::query("update tally set grants = grants + $1 where state = $2")
        .bind(by)
        .bind(grant.state.id())
        .execute(connection)
        .await?;
    Ok(())
}

/// A text to look for. PostgreSQL refuses a NUL, and no name in the ledger has one.
fn findable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// One grant by its whole id, inside a change.
pub(super) async fn grant_by_id(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<Grant>, Fault> {
    let sql = format!(
        "select {COLUMNS} from grants g {JOINS} \
         where g.id = $1 order by l.position"
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(findable(id)).fetch_all(connection).await?;
    Ok(grants_from_rows(&rows)?.pop())
}

/// One case by its reference.
pub(super) async fn case_by_reference(
    connection: &mut AnyConnection,
    reference: &str,
) -> Result<Option<Case>, Fault> {
    let sql = format!("select {OF_CASE} from cases c where c.reference = $1");
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(findable(reference))
        .fetch_optional(connection)
        .await?;
    Ok(row.as_ref().map(case_from_row).transpose()?)
}

/// One case to act on, inside a change: refused where it is not as its event left it.
pub(super) async fn case_to_act_on(
    connection: &mut AnyConnection,
    reference: &str,
) -> Result<Option<Case>, Fault> {
    let sql = format!(
        "select {OF_CASE}, e.row_hash, e.case_reference, e.grant_id from cases c \
         left join events e on e.seq = c.event_seq where c.reference = $1"
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(findable(reference))
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let case = case_from_row(&row)?;
    if !is_as_recorded(&row, &case)? {
        let name = text::one_line(&case.reference, 100);
        return Err(LedgerError::Altered { what: "case", name }.into());
    }
    Ok(Some(case))
}

/// Whether a case is as the event left it that its row names.
pub(super) fn is_as_recorded(row: &AnyRow, case: &Case) -> Result<bool, sqlx::Error> {
    let hash: Option<&str> = row.try_get("row_hash")?;
    let about: Option<&str> = row.try_get("case_reference")?;
    let grant: Option<&str> = row.try_get("grant_id")?;
    let is_about_it = about == Some(case.reference.as_str()) && grant.is_none();
    Ok(is_about_it && hash == Some(seal_of_case(case).as_str()))
}
