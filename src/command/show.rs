//! `show`: one grant with its evidence.

use chrono::Local;
use serde_json::{Value, json};

use crate::cli;
use crate::command::view;
use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::grant::Grant;
use crate::ledger::{Entry, EventFilter};
use crate::output::{Tone, fields, paint};

/// The most events of one grant that are shown.
const MOST: u32 = 1000;

/// Runs the command.
///
/// # Errors
/// There is no such grant, or the ledger fails.
pub async fn run(context: &Context, typed: &cli::Show) -> Result<()> {
    let Some(ledger) = context.ledger_to_read().await? else {
        return Err(Error::new(Kind::NotFound, "there are no grants on this machine"));
    };
    let grant = ledger.grant(&typed.grant).await?;
    let filter = EventFilter { grant: Some(grant.id.clone()), ..EventFilter::default() };
    let events = ledger.events(&filter, MOST).await?;
    let head = ledger.head().await?;
    let now = context.now();
    let mut text = summary(&grant, now);
    text.push_str(&format!("\n{}\n", paint(Tone::Strong, "What happened")));
    for entry in &events {
        text.push_str(&line(entry));
    }
    text.push_str(&fields(&[("\nledger", head.to_string())]));
    let terms: Value = serde_json::from_str(&grant.terms).unwrap_or(Value::Null);
    let document = json!({
        "grant": view::document(&grant, now),
        "terms": terms,
        "events": events,
        "ledger_head": head.to_string(),
    });
    context.output.result(&text, document);
    Ok(())
}

fn summary(grant: &Grant, now: i64) -> String {
    let layer = grant.layers.first();
    let (tone, state) = view::state(grant, now);
    fields(&[
        ("grant", grant.id.clone()),
        ("state", paint(tone, &state)),
        ("supporter", format!("{} ({})", grant.supporter.name, grant.supporter.company)),
        ("case", grant.case.clone()),
        ("target", grant.target.clone()),
        ("access", grant.access.to_string()),
        ("account", layer.map(|l| format!("{} by {}", l.account, l.provider)).unwrap_or_default()),
        ("key", layer.and_then(|l| l.key_fingerprint.clone()).unwrap_or_default()),
        ("password", layer.filter(|l| l.has_password).map(|_| "yes".into()).unwrap_or_default()),
        ("opened", grant.opened_at.map(deadline::utc).unwrap_or_default()),
        ("ends", deadline::human(grant.deadline, &Local, now)),
        ("closed", grant.closed_at.map(deadline::utc).unwrap_or_default()),
        (
            "attempts",
            Some(grant.attempts).filter(|n| *n > 0).map(|n| n.to_string()).unwrap_or_default(),
        ),
        ("last error", grant.last_error.clone().unwrap_or_default()),
    ])
}

/// One event: when, who, what, and the part of its evidence that fits a line.
fn line(entry: &Entry) -> String {
    let detail: Value = serde_json::from_str(&entry.detail).unwrap_or(Value::Null);
    let said = [
        detail.pointer("/why").and_then(Value::as_str).map(str::to_owned),
        detail.pointer("/reason").and_then(Value::as_str).map(str::to_owned),
        detail
            .pointer("/login/key/offered")
            .and_then(Value::as_str)
            .map(|text| format!("the supporter's key was {text}")),
        detail
            .pointer("/login/check_key/logged_in")
            .and_then(Value::as_str)
            .map(|text| format!("a login with the same options worked: {text}")),
        detail
            .pointer("/login/password/logged_in")
            .and_then(Value::as_str)
            .map(|text| format!("the password logged in: {text}")),
        detail
            .pointer("/layers/0/login/text")
            .and_then(Value::as_str)
            .map(|text| format!("login {text}")),
        detail
            .pointer("/seconds_late")
            .and_then(Value::as_i64)
            .filter(|late| *late > 0)
            .map(|late| format!("{} after the deadline", deadline::duration(late))),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    format!(
        "  {}  {:<20} {}  {}\n",
        deadline::utc(entry.at),
        entry.verb,
        paint(Tone::Faint, &entry.actor),
        said.join("; ")
    )
}
