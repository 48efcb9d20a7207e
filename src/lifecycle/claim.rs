//! Who works on a grant, and until when: the claim that is committed before a server is asked, the lease that keeps
//! others away, the events of a grant, and when it is tried again.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::context::Context;
use crate::error::Result;
use crate::grant::{Grant, Layer, State, UnixTime};
use crate::ledger::{Event, Lease, Ledger};
use crate::message::{self, Arg};
use crate::remote::layer::LayerState;
use crate::remote::provider::{AccountKind, Provider};
use crate::remote::session::{self, Session};

/// Seconds a process may keep a grant to itself at least.
const LEASE_SECONDS: i64 = 15 * 60;

/// The most steps on a server that one process makes for one layer, with the logins that are tried
/// again.
const MOST_STEPS: u32 = 10;

/// The most of these that walk through a shop: opening, undoing, and once more.
const MOST_WALKS: i64 = 3;

/// Seconds a process may keep a grant to itself: longer than all its steps together, and no longer than that,
/// since who is killed keeps everybody else from closing it.
#[must_use]
pub fn lease_seconds(context: &Context, grant: &Grant) -> i64 {
    let layers = u32::try_from(grant.layers.len()).unwrap_or(u32::MAX).max(1);
    let steps = context.step_limit.saturating_mul(MOST_STEPS).saturating_mul(layers);
    let steps = i64::try_from(steps.as_secs()).unwrap_or(i64::MAX).max(LEASE_SECONDS);
    steps.saturating_add(session::walk_seconds(grant).saturating_mul(MOST_WALKS))
}

/// Commits `closing` before anything happens on the server, for one of so many that are closed together: the
/// grant, and the state in which it was. `None` where another process has it.
pub(crate) async fn claim(
    context: &Context,
    ledger: &Ledger,
    id: &str,
    why: &str,
    together: usize,
) -> Result<Option<(Grant, State)>> {
    let now = context.now();
    let grant = ledger.grant(id).await?;
    if !grant.state.is_live() {
        return Ok(None);
    }
    let from = [State::Opening, State::Open, State::Closing, State::Stuck];
    let event = event(context, &grant, "grant.closing", json!({ "why": why }));
    // With every further one there is another to wait for, on the server and in the proof.
    let more = u32::try_from(together.saturating_sub(1)).unwrap_or(u32::MAX);
    let more = session::step_limit(context, &grant).saturating_mul(more).as_secs();
    let more = i64::try_from(more).unwrap_or(i64::MAX).saturating_mul(2);
    let lease = Lease::mine(now, lease_seconds(context, &grant).saturating_add(more));
    let claimed = ledger.claim(&grant.id, &from, State::Closing, &lease, now, &event).await?;
    Ok(claimed.map(|claimed| (claimed, grant.state)))
}

/// Forgets what only an attempt needs.
pub fn release(grant: &mut Grant) {
    grant.attempts = 0;
    grant.next_attempt_at = None;
    grant.last_error = None;
    grant.layers.iter_mut().for_each(|layer| layer.last_error = None);
    grant.lease_owner = None;
    grant.lease_until = None;
}

/// An event of one grant.
#[must_use]
pub fn event(context: &Context, grant: &Grant, verb: &str, detail: Value) -> Event {
    Event {
        at: context.now(),
        actor: context.actor.clone(),
        verb: verb.to_owned(),
        case: Some(grant.case.clone()),
        grant: Some(grant.id.clone()),
        target: Some(grant.target.clone()),
        detail,
    }
}

/// The provider that made a layer, where the session leads to the server and the account that the
/// layer is on; else why it cannot be used.
///
/// # Errors
/// The reason, in one line.
pub fn provider_of(
    context: &Context,
    session: &Session<'_>,
    layer: &Layer,
) -> std::result::Result<Arc<Provider>, String> {
    let provider = context.provider(&layer.provider).map_err(|e| {
        message::text("claim-provider", &[("why", Arg::of(&e)), ("digest", (&layer.digest).into())])
    })?;
    if let Some(why) = LayerState::of(layer).elsewhere(session.target) {
        return Err(why);
    }
    if provider.account == AccountKind::Shared && session.user() != layer.account {
        return Err(message::text(
            "claim-account",
            &[("account", (&layer.account).into()), ("user", Arg::of(session.user()))],
        ));
    }
    Ok(provider)
}

/// When running work has to end: the deadline, or later where the grant lets it go on for a while.
#[must_use]
pub fn latest_end(grant: &Grant) -> UnixTime {
    let drains = grant.layers.iter().map(|layer| LayerState::of(layer).drain.max(0));
    grant.deadline.saturating_add(drains.max().unwrap_or_default())
}

/// Whether running work may still go on behind the deadline.
#[must_use]
pub fn is_draining(grant: &Grant, now: UnixTime) -> bool {
    grant.state == State::Open && grant.deadline <= now && now < latest_end(grant)
}

/// After this many failures in a row a grant is `stuck`.
pub const TRIES: i64 = 6;

/// How often a stuck grant is tried again.
const DAY: i64 = 24 * 60 * 60;

/// Seconds to wait after the failure with this number.
pub(crate) fn pause(attempts: i64) -> i64 {
    match u32::try_from(attempts) {
        Ok(number @ 1..6) => 60 << (number - 1),
        _ => DAY,
    }
}

/// When the next attempt comes, for people.
#[must_use]
pub fn next_attempt(grant: &Grant, now: UnixTime, is_swept: bool) -> String {
    match grant.next_attempt_at {
        // Nobody promises what nothing does.
        _ if !is_swept => message::text("next-attempt.by-hand", &[]),
        Some(at) if at > now => {
            message::text("next-attempt.in", &[("time", Arg::of(span(at - now)))])
        }
        _ => message::text("next-attempt", &[]),
    }
}

fn span(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_tried_again_later_and_later_and_then_daily() {
        let pauses: Vec<i64> = (1..=8).map(pause).collect();
        assert_eq!(pauses, [60, 120, 240, 480, 960, DAY, DAY, DAY]);
    }
}
