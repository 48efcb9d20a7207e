//! Grants as people and programs see them: the same fields in both.

use serde_json::{Value, json};

use crate::checking::drifted;
use crate::closing;
use crate::deadline;
use crate::grant::{Grant, State, UnixTime};
use crate::output::{Cell, Tone, table};

/// A grant as it stands in a JSON document. Never a secret.
#[must_use]
pub fn document(grant: &Grant, now: UnixTime) -> Value {
    let layers: Vec<Value> = grant
        .layers
        .iter()
        .map(|layer| {
            json!({
                "provider": layer.provider,
                "account": layer.account,
                "key_fingerprint": layer.key_fingerprint,
                "has_password": layer.has_password,
            })
        })
        .collect();
    let drift: Vec<Value> =
        drifted(grant).iter().map(|(id, text)| json!({ "id": id, "text": text })).collect();
    json!({
        "id": grant.id,
        "case": grant.case,
        "target": grant.target,
        "supporter": grant.supporter,
        "access": grant.access,
        "state": grant.state,
        "overdue": is_overdue(grant, now),
        "created_at": grant.created_at,
        "opened_at": grant.opened_at,
        "deadline": grant.deadline,
        "deadline_text": deadline::utc(grant.deadline),
        "deadline_maximum": grant.deadline_maximum,
        "closed_at": grant.closed_at,
        "attempts": grant.attempts,
        "next_attempt_at": grant.next_attempt_at,
        "last_error": grant.last_error,
        "findings": grant.findings,
        "drift": drift,
        "checked_at": grant.checked_at,
        "layers": layers,
    })
}

/// Whether access may exist although its deadline is over. Running work that may go on for a while
/// is not overdue.
#[must_use]
pub fn is_overdue(grant: &Grant, now: UnixTime) -> bool {
    grant.state.is_live() && grant.deadline <= now && !closing::is_draining(grant, now)
}

/// Whether somebody has to look at it.
#[must_use]
pub fn is_trouble(grant: &Grant, now: UnixTime) -> bool {
    grant.state == State::Stuck
        || is_overdue(grant, now)
        || grant.findings > 0
        || grant.drift.is_some()
}

/// A number of findings in words.
#[must_use]
pub fn findings(count: i64) -> String {
    if count == 1 { "one finding".into() } else { format!("{count} findings") }
}

/// What stands behind the lines of a list of which not all are shown.
#[must_use]
pub fn and_more(total: i64, shown: usize) -> String {
    let shown = i64::try_from(shown).unwrap_or(i64::MAX);
    match total.saturating_sub(shown) {
        ..1 => String::new(),
        more => format!("  and {more} more\n"),
    }
}

/// The state in words, with what is wrong about it.
#[must_use]
pub fn state(grant: &Grant, now: UnixTime) -> (Tone, String) {
    match grant.state {
        State::Stuck => (Tone::Bad, "STUCK".into()),
        _ if is_overdue(grant, now) => (Tone::Bad, format!("{}, OVERDUE", grant.state)),
        _ if grant.findings > 0 => {
            (Tone::Bad, format!("{}, {} FOUND", grant.state, grant.findings))
        }
        _ if grant.drift.is_some() => (Tone::Bad, format!("{}, DRIFTED", grant.state)),
        _ if closing::is_draining(grant, now) => (Tone::Warn, "open, ending".into()),
        State::Open => (Tone::Good, "open".into()),
        other => (Tone::Plain, other.to_string()),
    }
}

/// The grants as a table, in their order.
#[must_use]
pub fn grants(grants: &[Grant], now: UnixTime) -> String {
    if grants.is_empty() {
        return String::new();
    }
    let rows = grants
        .iter()
        .map(|grant| {
            let (tone, state) = state(grant, now);
            let account = grant.layers.first().map(|layer| layer.account.clone());
            vec![
                grant.id.as_str().into(),
                Cell::toned(tone, state),
                grant.target.as_str().into(),
                grant.case.as_str().into(),
                grant.supporter.name.as_str().into(),
                grant.access.id().into(),
                account.unwrap_or_default().into(),
                ends(grant, now).into(),
            ]
        })
        .collect();
    table(&["id", "state", "target", "case", "supporter", "access", "account", "ends"], rows)
}

fn ends(grant: &Grant, now: UnixTime) -> String {
    match (grant.state, grant.closed_at) {
        (State::Closed, Some(at)) => format!("closed {}", deadline::relative(at, now)),
        (State::Forgotten, _) => "forgotten, not closed".into(),
        _ => deadline::relative(grant.deadline, now),
    }
}

/// What a trial login proved, part by part; `None` for what is no such proof.
#[must_use]
pub fn trial_in_words(proof: &Value) -> Option<String> {
    let logins = proof.get("logins")?.as_array()?;
    let parts = logins.iter().filter_map(|login| login.get("parts")?.as_array()).flatten();
    let named = |wanted: &str| {
        let of = |part: &Value| {
            let word = |key: &str| part.get(key).and_then(Value::as_str);
            (word("result") == Some(wanted)).then(|| word("part")).flatten().map(str::to_owned)
        };
        let mut names: Vec<String> = parts.clone().filter_map(of).collect();
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names.join(", ")
    };
    let (proved, left_out) = (named("proved"), named("not-tried"));
    let left_out = if left_out.is_empty() { left_out } else { format!("; not tried: {left_out}") };
    Some(format!("the trial proved {proved}{left_out}"))
}
