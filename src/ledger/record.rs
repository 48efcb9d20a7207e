//! What changes the ledger: cases, grants, and events that stand alone.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::{AnyConnection, Row as _};

use super::chain::{Step, Subject};
use super::error::Fault;
use super::lease::{Lease, lease_is_dead};
use super::row;
use super::{Event, Ledger, LedgerError};
use crate::grant::{Answer, Case, Grant, State, UnixTime};

impl Subject {
    fn of(grant: &Grant) -> Self {
        Self {
            case: Some(grant.case.clone()),
            grant: Some(grant.id.clone()),
            target: Some(grant.target.clone()),
        }
    }
}

impl Ledger {
    /// Records a new case.
    ///
    /// # Errors
    /// [`LedgerError::Exists`] when there is one with that reference, open or closed.
    pub async fn open_case(&self, case: &Case, by: &str) -> Result<(), LedgerError> {
        named("reference", &case.reference)?;
        named("desk", &case.desk)?;
        let detail = json!({ "desk": case.desk, "time_box_until": case.time_box_until });
        let event = Event::new(case.opened_at, by, "case.open", detail);
        self.change(&event, async |connection, seq| {
            if row::case_by_reference(connection, &case.reference).await?.is_some() {
                return Err(LedgerError::Exists { name: case.reference.clone() }.into());
            }
            sqlx::query(
                "insert into cases (reference, desk, opened_at, closed_at, time_box_until, \
                 answers, event_seq) values ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(&case.reference)
            .bind(&case.desk)
            .bind(case.opened_at)
            .bind(case.closed_at)
            .bind(case.time_box_until)
            .bind(row::text_of_answers(&case.answers))
            .bind(seq)
            .execute(connection)
            .await?;
            Ok(made_case(case))
        })
        .await
    }

    /// Closes a case, unless one of its grants is live.
    ///
    /// Closing what is closed changes nothing and gives the case as it is.
    ///
    /// # Errors
    /// [`LedgerError::StillLive`] with the ids of the grants that are not proved closed, and
    /// [`LedgerError::NoSuchCase`].
    pub async fn close_case(
        &self,
        reference: &str,
        now: UnixTime,
        by: &str,
    ) -> Result<Case, LedgerError> {
        let event = Event::new(now, by, "case.close", json!({}));
        self.change(&event, async |connection, seq| {
            let Some(mut case) = row::case_to_act_on(connection, reference).await? else {
                return Err(LedgerError::NoSuchCase { reference: reference.into() }.into());
            };
            if case.closed_at.is_some() {
                return Ok(Step::Left(case));
            }
            let live = live_grants_of(connection, reference).await?;
            if !live.is_empty() {
                let reference = reference.into();
                return Err(LedgerError::StillLive { reference, grants: live }.into());
            }
            case.closed_at = Some(now);
            change_case(connection, case, seq).await
        })
        .await
    }

    /// Opens a closed case again, with a time-box of its own.
    ///
    /// Opening what is open changes nothing and gives the case as it is.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchCase`], and [`LedgerError::Altered`].
    pub async fn reopen_case(
        &self,
        reference: &str,
        reason: &str,
        time_box_until: Option<UnixTime>,
        now: UnixTime,
        by: &str,
    ) -> Result<Case, LedgerError> {
        let detail = json!({ "reason": reason, "time_box_until": time_box_until });
        let event = Event::new(now, by, "case.reopen", detail);
        self.change(&event, async |connection, seq| {
            let Some(mut case) = row::case_to_act_on(connection, reference).await? else {
                return Err(LedgerError::NoSuchCase { reference: reference.into() }.into());
            };
            if case.closed_at.is_none() {
                return Ok(Step::Left(case));
            }
            case.closed_at = None;
            case.time_box_until = time_box_until;
            change_case(connection, case, seq).await
        })
        .await
    }

    /// Keeps answers to a desk's questions in an open case, and takes back those that are `None`.
    /// The event says which, and never what was answered.
    ///
    /// What changes nothing gives the case as it is, without an event.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchCase`], [`LedgerError::CaseClosed`], and [`LedgerError::Altered`].
    pub async fn answer(
        &self,
        reference: &str,
        changes: &BTreeMap<String, Option<String>>,
        now: UnixTime,
        by: &str,
    ) -> Result<Case, LedgerError> {
        let named = |is_given: bool| -> Vec<&str> {
            let those = changes.iter().filter(|(_, text)| text.is_some() == is_given);
            those.map(|(id, _)| id.as_str()).collect()
        };
        let detail = json!({ "answered": named(true), "taken_back": named(false) });
        let event = Event::new(now, by, "case.answer", detail);
        self.change(&event, async |connection, seq| {
            let mut case = open_case(connection, reference).await?;
            let before = case.answers.clone();
            for (id, text) in changes {
                let is_there = |text: &String| before.get(id).is_some_and(|old| old.text == *text);
                match text {
                    Some(text) if is_there(text) => {}
                    Some(text) => {
                        let answer = Answer { text: text.clone(), at: now };
                        case.answers.insert(id.clone(), answer);
                    }
                    None => {
                        case.answers.remove(id);
                    }
                }
            }
            if case.answers == before {
                return Ok(Step::Left(case));
            }
            change_case(connection, case, seq).await
        })
        .await
    }

    /// Moves the end of an open case's time-box.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchCase`], [`LedgerError::CaseClosed`], and [`LedgerError::Altered`].
    pub async fn move_time_box(
        &self,
        reference: &str,
        until: UnixTime,
        reason: &str,
        now: UnixTime,
        by: &str,
    ) -> Result<Case, LedgerError> {
        let detail = json!({ "time_box_until": until, "reason": reason });
        let event = Event::new(now, by, "case.time-box", detail);
        self.change(&event, async |connection, seq| {
            let mut case = open_case(connection, reference).await?;
            case.time_box_until = Some(until);
            change_case(connection, case, seq).await
        })
        .await
    }

    /// Records a grant before anything is done for it, worked on by the owner of `lease`.
    ///
    /// The state is [`State::Opening`] and the layers hold all that closing will need. The version
    /// becomes 1.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchCase`], [`LedgerError::CaseClosed`], [`LedgerError::Exists`] for an id
    /// that is taken, [`LedgerError::AlreadyGranted`] when the same person has a grant on this
    /// target in this case that is opening or open, [`LedgerError::IllegalTransition`] for another
    /// state.
    pub async fn begin(
        &self,
        grant: &Grant,
        lease: &Lease,
        event: &Event,
    ) -> Result<Grant, LedgerError> {
        named("id", &grant.id)?;
        named("target", &grant.target)?;
        named("supporter-name", &grant.supporter.name)?;
        named("supporter-company", &grant.supporter.company)?;
        for layer in &grant.layers {
            named("provider", &layer.provider)?;
            named("account", &layer.account)?;
        }
        if grant.state != State::Opening {
            let (id, to) = (grant.id.clone(), grant.state);
            return Err(LedgerError::IllegalTransition { id, from: State::Opening, to });
        }
        let mut grant = row::storable(grant);
        grant.version = 1;
        hold(&mut grant, lease);
        let grant = &grant;
        self.change(event, async |connection, seq| {
            may_begin(connection, grant).await?;
            row::insert_grant(connection, grant, seq).await?;
            row::tally(connection, grant, 1).await?;
            Ok(made_grant(grant))
        })
        .await
    }

    /// Takes a grant to work on it, if it stands in one of `from` and nobody holds it: of any
    /// number of processes that try at once, one gets it and the others get `None`.
    ///
    /// `to` may be the state it has: that takes over what a dead process left, or holds an open
    /// grant while it is extended. A lease that is alive is never taken, not even one's own; who
    /// has the grant renews through [`Ledger::record`]. A grant in a state outside `from` gives
    /// `None` too.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchGrant`], [`LedgerError::Altered`] unless the event says so and the grant
    /// is given up, and [`LedgerError::IllegalTransition`] when the state is in `from` and cannot
    /// become `to`.
    pub async fn claim(
        &self,
        id: &str,
        from: &[State],
        to: State,
        lease: &Lease,
        now: UnixTime,
        event: &Event,
    ) -> Result<Option<Grant>, LedgerError> {
        self.change(event, async |connection, seq| {
            let Some(old) = row::grant_by_id(connection, id).await? else {
                return Err(LedgerError::NoSuchGrant { id: id.into() }.into());
            };
            // Only giving it up needs nothing of what the row says, and the event says what it was.
            if !(to == State::Forgotten && event.detail.get("altered") == Some(&json!(true))) {
                as_recorded(&old)?;
            }
            if !from.contains(&old.state) || is_held(&old, now) {
                return Ok(Step::Left(None));
            }
            may_become(&old, to)?;
            let mut new = old.clone();
            new.move_to(to);
            if to != State::Open {
                // Whether it was what was made matters no more.
                new.drift = None;
            }
            new.version = old.version.saturating_add(1);
            hold(&mut new, lease);
            if !row::update_grant(connection, &old, &new, seq).await? {
                return Ok(Step::Left(None));
            }
            let (subject, row_hash) = (Subject::of(&new), Some(row::seal_of_grant(&new)));
            Ok(Step::Made { value: Some(new), subject, row_hash })
        })
        .await
    }

    /// Writes a grant that was claimed, as `grant` now is, and gives it back with its new version.
    ///
    /// State, times, terms, layers, attempts, the last error and the lease may differ from what is
    /// in the ledger; the lease is kept, renewed or let go by what `grant` holds. A grant that ends
    /// lets go of its lease in any case.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] when the version in the ledger is not that of `grant`,
    /// [`LedgerError::IllegalTransition`], and [`LedgerError::Immutable`] when a part differs that
    /// never changes.
    pub async fn record(&self, grant: &Grant, event: &Event) -> Result<Grant, LedgerError> {
        self.change(event, async |connection, seq| {
            let Some(old) = row::grant_by_id(connection, &grant.id).await? else {
                return Err(LedgerError::NoSuchGrant { id: grant.id.clone() }.into());
            };
            as_recorded(&old)?;
            if old.version != grant.version {
                return Err(LedgerError::Conflict { id: grant.id.clone() }.into());
            }
            same_identity(&old, grant)?;
            let mut new = row::storable(grant);
            may_become(&old, new.state)?;
            new.version = old.version.saturating_add(1);
            if !new.state.is_live() {
                let_go(&mut new);
            }
            if !row::update_grant(connection, &old, &new, seq).await? {
                return Err(LedgerError::Conflict { id: grant.id.clone() }.into());
            }
            Ok(made_grant(&new))
        })
        .await
    }

    /// Writes a grant that nobody works on, as `grant` now is, and gives it back with its new
    /// version; `None` where it has changed since it was read, or a process has it.
    ///
    /// # Errors
    /// Those of [`Ledger::record`] but [`LedgerError::Conflict`].
    pub async fn record_if_free(
        &self,
        grant: &Grant,
        now: UnixTime,
        event: &Event,
    ) -> Result<Option<Grant>, LedgerError> {
        self.change(event, async |connection, seq| {
            let Some(old) = row::grant_by_id(connection, &grant.id).await? else {
                return Err(LedgerError::NoSuchGrant { id: grant.id.clone() }.into());
            };
            as_recorded(&old)?;
            if old.version != grant.version || is_held(&old, now) {
                return Ok(Step::Left(None));
            }
            same_identity(&old, grant)?;
            let mut new = row::storable(grant);
            may_become(&old, new.state)?;
            new.version = old.version.saturating_add(1);
            if !row::update_grant(connection, &old, &new, seq).await? {
                return Ok(Step::Left(None));
            }
            let (subject, row_hash) = (Subject::of(&new), Some(row::seal_of_grant(&new)));
            Ok(Step::Made { value: Some(new), subject, row_hash })
        })
        .await
    }

    /// Takes note that somebody has looked at what was found at the close of a grant, as `seen` was
    /// read; `None` where there is nothing that was not acknowledged already, and where it has changed
    /// since, or a process has it: what nobody has seen is not acknowledged.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchGrant`].
    pub async fn acknowledge(
        &self,
        seen: &Grant,
        event: &Event,
    ) -> Result<Option<Grant>, LedgerError> {
        self.change(event, async |connection, seq| {
            let Some(old) = row::grant_by_id(connection, &seen.id).await? else {
                return Err(LedgerError::NoSuchGrant { id: seen.id.clone() }.into());
            };
            as_recorded(&old)?;
            if old.findings == 0 || old.version != seen.version || is_held(&old, event.at) {
                return Ok(Step::Left(None));
            }
            let mut new = old.clone();
            new.findings = 0;
            new.layers.iter_mut().for_each(|layer| layer.findings = 0);
            new.version = old.version.saturating_add(1);
            if !row::update_grant(connection, &old, &new, seq).await? {
                return Ok(Step::Left(None));
            }
            let (subject, row_hash) = (Subject::of(&new), Some(row::seal_of_grant(&new)));
            Ok(Step::Made { value: Some(new), subject, row_hash })
        })
        .await
    }

    /// Records an event that changes no row.
    ///
    /// # Errors
    /// Only those of the place the ledger is in.
    pub async fn note(&self, event: &Event) -> Result<(), LedgerError> {
        self.change(event, async |_, _| {
            Ok(Step::Made { value: (), subject: Subject::default(), row_hash: None })
        })
        .await
    }
}

fn made_grant(grant: &Grant) -> Step<Grant> {
    Step::Made {
        value: grant.clone(),
        subject: Subject::of(grant),
        row_hash: Some(row::seal_of_grant(grant)),
    }
}

fn made_case(case: &Case) -> Step<()> {
    let subject = Subject { case: Some(case.reference.clone()), ..Subject::default() };
    Step::Made { value: (), subject, row_hash: Some(row::seal_of_case(case)) }
}

/// Writes what may change of a case.
async fn change_case(
    connection: &mut AnyConnection,
    case: Case,
    seq: i64,
) -> Result<Step<Case>, Fault> {
    sqlx::query(
        "update cases set closed_at = $1, time_box_until = $2, answers = $3, event_seq = $4 \
         where reference = $5",
    )
    .bind(case.closed_at)
    .bind(case.time_box_until)
    .bind(row::text_of_answers(&case.answers))
    .bind(seq)
    .bind(&case.reference)
    .execute(connection)
    .await?;
    let subject = Subject { case: Some(case.reference.clone()), ..Subject::default() };
    let row_hash = Some(row::seal_of_case(&case));
    Ok(Step::Made { value: case, subject, row_hash })
}

/// A case that may be changed.
async fn open_case(connection: &mut AnyConnection, reference: &str) -> Result<Case, Fault> {
    match row::case_to_act_on(connection, reference).await? {
        None => Err(LedgerError::NoSuchCase { reference: reference.into() }.into()),
        Some(case) if case.closed_at.is_some() => {
            Err(LedgerError::CaseClosed { reference: case.reference }.into())
        }
        Some(case) => Ok(case),
    }
}

/// Gives the grant to the owner of the lease; a grant that has ended belongs to nobody.
fn hold(grant: &mut Grant, lease: &Lease) {
    if grant.state.is_live() {
        grant.lease_owner = Some(lease.owner.clone());
        grant.lease_until = Some(lease.until);
    } else {
        let_go(grant);
    }
}

fn let_go(grant: &mut Grant) {
    grant.lease_owner = None;
    grant.lease_until = None;
}

/// Whether a process that lives is working on the grant.
pub(crate) fn is_held(grant: &Grant, now: UnixTime) -> bool {
    match (&grant.lease_owner, grant.lease_until) {
        (Some(owner), Some(until)) => !lease_is_dead(owner, until, now),
        _ => false,
    }
}

/// A name that is printed and looked up holds no control character; a NUL would not even fit into
/// PostgreSQL.
pub(super) fn named(field: &'static str, text: &str) -> Result<(), LedgerError> {
    if text.chars().any(char::is_control) {
        return Err(LedgerError::BadText { field });
    }
    Ok(())
}

/// A row that somebody changed behind the ledger's back is never written over.
fn as_recorded(old: &Grant) -> Result<(), LedgerError> {
    if old.altered {
        return Err(LedgerError::Altered { what: "grant", name: old.id.clone() });
    }
    Ok(())
}

fn may_become(old: &Grant, to: State) -> Result<(), LedgerError> {
    // What has ended is never written again; what is live may stay where it is.
    let stays = old.state == to && to.is_live();
    if stays || old.state.may_become(to) {
        return Ok(());
    }
    Err(LedgerError::IllegalTransition { id: old.id.clone(), from: old.state, to })
}

fn same_identity(old: &Grant, new: &Grant) -> Result<(), LedgerError> {
    let differs = [
        ("case", old.case != new.case),
        ("target", old.target != new.target),
        ("supporter", old.supporter != new.supporter),
        ("access", old.access != new.access),
        ("created-at", old.created_at != new.created_at),
    ];
    match differs.into_iter().find(|(_, differs)| *differs) {
        Some((field, _)) => Err(LedgerError::Immutable { id: old.id.clone(), field }),
        None => Ok(()),
    }
}

/// Whether this grant may be begun; the chain is held, so no other can come in between.
async fn may_begin(connection: &mut AnyConnection, grant: &Grant) -> Result<(), Fault> {
    match row::case_to_act_on(connection, &grant.case).await? {
        None => return Err(LedgerError::NoSuchCase { reference: grant.case.clone() }.into()),
        Some(case) if case.closed_at.is_some() => {
            return Err(LedgerError::CaseClosed { reference: case.reference }.into());
        }
        Some(_) => {}
    }
    if row::grant_by_id(connection, &grant.id).await?.is_some() {
        return Err(LedgerError::Exists { name: grant.id.clone() }.into());
    }
    let twin = sqlx::query(
        "select id from grants where case_reference = $1 and target = $2 \
         and supporter_name = $3 and supporter_company = $4 and state in ('opening', 'open') \
         order by id limit 1",
    )
    .bind(&grant.case)
    .bind(&grant.target)
    .bind(&grant.supporter.name)
    .bind(&grant.supporter.company)
    .fetch_optional(connection)
    .await?;
    match twin {
        Some(twin) => Err(LedgerError::AlreadyGranted { id: twin.try_get("id")? }.into()),
        None => Ok(()),
    }
}

async fn live_grants_of(
    connection: &mut AnyConnection,
    reference: &str,
) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query(
        "select id from grants where case_reference = $1 \
         and state not in ('closed', 'forgotten') order by deadline, id",
    )
    .bind(reference)
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?)
}
