//! Grants as people and programs see them: the same fields in both.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::deadline;
use crate::grant::{Grant, State, UnixTime};
use crate::lifecycle::checking::drifted;
use crate::lifecycle::claim;
use crate::lifecycle::closing;
use crate::message::{self, Arg, Id};
use crate::output::{Cell, Column, Label, Tone, line, paint, table};
use crate::policy::{LiveApproval, size_in_words};
use crate::remote::layer::OpenReply;

/// What a server says of a grant whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Nothing of it is there any more.
    Gone,
    /// It is still there.
    StillThere,
}

/// The backups behind live access, each on a line: what it is, how old, how large, its hash.
#[must_use]
pub fn backup_lines(live: &LiveApproval, now: UnixTime) -> Vec<(Label, String)> {
    let mut lines = Vec::new();
    if let Some(command) = &live.backup_command {
        let id = if live.backups.is_empty() { "backup-to-be-made" } else { "backup-was-made" };
        let told = message::text(id, &[("command", command.into())]);
        lines.push((Label::of("label.backup"), line(&told)));
    }
    for backup in &live.backups {
        let age = deadline::duration(now.saturating_sub(backup.modified_at).max(0));
        let size = size_in_words(backup.size);
        let args = [
            ("backup", backup.typed().into()),
            ("kind", Arg::of(&backup.kind)),
            ("age", age.into()),
            ("size", size.into()),
        ];
        let text = message::text("backup-shown", &args);
        lines.push((Label::of("label.backup"), line(&text)));
        lines.push((Label::none(), format!("sha256 {}", line(&backup.sha256))));
    }
    for note in &live.backup_notes {
        lines.push((
            Label::of("label.note"),
            paint(Tone::Warn, &message::text(note.message(), &[])),
        ));
    }
    lines
}

/// A grant as it stands in a JSON document. Never a secret.
#[must_use]
pub fn document(grant: &Grant, now: UnixTime) -> Value {
    let layers: Vec<Value> = grant
        .layers
        .iter()
        .map(|layer| {
            json!({
                "id": grant.layer_id(layer),
                "provider": layer.provider,
                "account": layer.account,
                "login_name": OpenReply::of(layer).login_name(&layer.account),
                "state": layer.state,
                "closed_at": layer.closed_at,
                "last_error": layer.last_error,
                "findings": layer.findings,
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
        "unconfirmed": is_unconfirmed(grant, now),
        "created_at": grant.created_at,
        "opened_at": grant.opened_at,
        "deadline": grant.deadline,
        "deadline_text": deadline::utc(grant.deadline),
        "deadline_maximum": grant.deadline_maximum,
        "closed_at": grant.closed_at,
        "closed_as": grant.closed_at.map(|_| closing::LastWord::of(grant)),
        "attempts": grant.attempts,
        "next_attempt_at": grant.next_attempt_at,
        "last_error": grant.last_error,
        "findings": grant.findings,
        "drift": drift,
        "altered": grant.altered,
        "checked_at": grant.checked_at,
        "layers": layers,
    })
}

/// Whether access may exist although its deadline is over. Running work that may go on for a while
/// is not overdue.
#[must_use]
pub fn is_overdue(grant: &Grant, now: UnixTime) -> bool {
    grant.state.is_live()
        && grant.deadline <= now
        && !claim::is_draining(grant, now)
        && !is_unconfirmed(grant, now)
}

/// Seconds after the end of a grant within which it is enough that the server was to end it by
/// itself. After that somebody has to look.
const CONFIRMED_WITHIN: i64 = 24 * 60 * 60;

/// Whether a grant is over by its own clock, on a server that ends it by itself, and nobody has
/// asked that server yet.
#[must_use]
pub fn is_unconfirmed(grant: &Grant, now: UnixTime) -> bool {
    let end = claim::latest_end(grant);
    grant.state == State::Open
        && !grant.altered
        && end <= now
        && now < end.saturating_add(CONFIRMED_WITHIN)
        && grant.attempts == 0
        && ends_by_itself(grant)
}

/// Whether the terms say that the server ends it on time without us.
fn ends_by_itself(grant: &Grant) -> bool {
    let terms: Value = serde_json::from_str(&grant.terms).unwrap_or_default();
    terms.get("weak_expiry").and_then(Value::as_array).is_some_and(Vec::is_empty)
}

/// What is said below a grant that is over and not confirmed.
#[must_use]
pub fn unconfirmed(grant: &Grant, said: Option<Said>) -> String {
    let end = deadline::clock(claim::latest_end(grant), &chrono::Local);
    let id = &grant.id;
    match said {
        None => message::text("unconfirmed", &[("grant", id.into()), ("end", end.into())]),
        Some(Said::Gone) => message::text("unconfirmed.gone", &[("grant", id.into())]),
        Some(Said::StillThere) => {
            message::text("unconfirmed.still-there", &[("grant", id.into()), ("end", end.into())])
        }
    }
}

/// Whether somebody has to look at it.
#[must_use]
pub fn is_trouble(grant: &Grant, now: UnixTime) -> bool {
    grant.altered
        || grant.state == State::Stuck
        || is_overdue(grant, now)
        || grant.findings > 0
        || grant.drift.is_some()
}

/// A number of findings in words.
#[must_use]
pub fn findings(count: i64) -> String {
    message::text("findings", &[("count", count.into())])
}

/// What stands behind the lines of a list of which not all are shown.
#[must_use]
pub fn and_more(total: i64, shown: usize) -> String {
    let shown = i64::try_from(shown).unwrap_or(i64::MAX);
    match total.saturating_sub(shown) {
        ..1 => String::new(),
        more => format!("  {}\n", message::text("and-more", &[("count", more.into())])),
    }
}

/// The state in words, with what is wrong about it.
#[must_use]
pub fn state(grant: &Grant, now: UnixTime) -> (Tone, String) {
    let state = || ("state", grant.state.word().into());
    match grant.state {
        _ if grant.altered => (Tone::Bad, message::text("state-altered", &[state()])),
        State::Stuck => (Tone::Bad, message::text("state-stuck", &[])),
        _ if is_unconfirmed(grant, now) && grant.findings == 0 => {
            (Tone::Warn, message::text("state-unconfirmed", &[]))
        }
        _ if is_overdue(grant, now) => (Tone::Bad, message::text("state-overdue", &[state()])),
        _ if grant.findings > 0 => {
            let args = [state(), ("count", grant.findings.into())];
            (Tone::Bad, message::text("state-found", &args))
        }
        _ if grant.drift.is_some() => (Tone::Bad, message::text("state-drifted", &[state()])),
        _ if claim::is_draining(grant, now) => (Tone::Warn, message::text("state-ending", &[])),
        State::Open => (Tone::Good, grant.state.word()),
        other => (Tone::Plain, other.word()),
    }
}

/// What a table of grants has; where the window is narrow the last ranks go first.
const COLUMNS: [Column; 8] = [
    Column::new(Id("label.id"), 0),
    Column::new(Id("label.state"), 0),
    Column::new(Id("label.target"), 0),
    Column::new(Id("label.case"), 3),
    Column::new(Id("label.supporter"), 2),
    Column::new(Id("label.access"), 4),
    Column::new(Id("label.account"), 5),
    Column::new(Id("label.ends"), 1),
];

/// The state in words, where its server may have said more.
#[must_use]
pub fn state_said(grant: &Grant, now: UnixTime, said: Option<Said>) -> (Tone, String) {
    match said {
        None => state(grant, now),
        Some(Said::Gone) => (Tone::Good, message::text("state-says-gone", &[])),
        Some(Said::StillThere) => (Tone::Bad, message::text("state-still-there", &[])),
    }
}

/// The grants as a table, in their order.
#[must_use]
pub fn grants(grants: &[Grant], now: UnixTime) -> String {
    grants_said(grants, now, &HashMap::new())
}

/// The same, with what servers said of some of them.
#[must_use]
pub fn grants_said(grants: &[Grant], now: UnixTime, said: &HashMap<String, Said>) -> String {
    if grants.is_empty() {
        return String::new();
    }
    let rows = grants
        .iter()
        .map(|grant| {
            let (tone, state) = state_said(grant, now, said.get(&grant.id).copied());
            let account = grant.login().map(|layer| layer.account.clone());
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
    table(&COLUMNS, rows)
}

fn ends(grant: &Grant, now: UnixTime) -> String {
    match (grant.state, grant.closed_at) {
        (State::Closed, Some(at)) => {
            message::text("ends-closed", &[("when", deadline::relative(at, now).into())])
        }
        (State::Forgotten, _) => message::text("ends-forgotten", &[]),
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
    let args = [("proved", proved.into()), ("left_out", Arg::of(&left_out))];
    let id = if left_out.is_empty() { "trial-proved" } else { "trial-proved.partly" };
    Some(message::text(id, &args))
}
