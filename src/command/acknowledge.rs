//! `acknowledge`: somebody has looked at what was found when a grant was closed.

use clap::Args;
use serde_json::{Value, json};

use crate::command::view;
use crate::complete;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Grant, State};
use crate::ledger::{EventFilter, Ledger};
use crate::lifecycle::claim::event;
use crate::lifecycle::evidence::History;
use crate::message::{self, Arg};
use crate::output::{Tone, paint};
use crate::policy::check_sentence;

/// `acknowledge`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  stagepass acknowledge k7m2x9 --reason 'the new plugin is the fix that was agreed'")]
pub struct AcknowledgeArgs {
    /// The grant's id, or the beginning of it.
    #[arg(add = complete::all_grants())]
    pub grant: String,
    /// What was found to be the case; recorded with your name. Asked for at a terminal; needed
    /// elsewhere.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Say what would be acknowledged, and record nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// The most events of one grant that are read for what was found.
const MOST_EVENTS: u32 = 10_000;

/// The most findings that are listed once more.
const MOST: usize = 100;

/// Runs the command.
///
/// # Errors
/// There is no such grant, no reason was given, or the ledger fails.
pub async fn run(context: &Context, typed: AcknowledgeArgs) -> Result<()> {
    if context.ledger_to_read().await?.is_none() {
        return Err(Error::of(Kind::NotFound, "no-grants", &[]));
    }
    if let Some(reason) = &typed.reason {
        usable(reason)?;
    }
    let ledger = context.ledger().await?;
    let grant = ledger.grant(&typed.grant).await?;
    if grant.findings == 0 {
        report(context, &grant, &[], &nothing(&grant), 0, typed.dry_run);
        return Ok(());
    }
    let found = found(&ledger, &grant).await?;
    let count = grant.findings;
    let mut text = list(&grant, &found);
    if typed.dry_run {
        text.push_str(&(message::text("nothing-recorded", &[]) + "\n"));
        report(context, &grant, &found, &text, count, true);
        return Ok(());
    }
    let reason = match typed.reason {
        Some(reason) => reason,
        None => asked(context, &text)?,
    };
    let detail = json!({ "reason": reason, "findings": count });
    let event = event(context, &grant, "grant.acknowledged", detail);
    match ledger.acknowledge(&grant, &event).await? {
        Some(grant) => {
            let args = [
                ("findings", view::findings(count).into()),
                ("grant", (&grant.id).into()),
                ("reason", reason.into()),
            ];
            text.push_str(&format!(
                "{} {}\n",
                paint(Tone::Good, &message::text("acknowledged", &[])),
                message::text("acknowledged.what", &args)
            ));
            report(context, &grant, &found, &text, count, false);
        }
        None => {
            let grant = ledger.grant(&grant.id).await?;
            if grant.findings > 0 {
                return Err(Error::of(
                    Kind::Unknown,
                    "not-acknowledged",
                    &[("grant", (&grant.id).into())],
                )
                .because_of("not-acknowledged.why", &[])
                .hint_of("not-acknowledged.way-out", &[("grant", (&grant.id).into())]));
            }
            // Somebody else was faster.
            report(context, &grant, &[], &nothing(&grant), 0, false);
        }
    }
    Ok(())
}

fn usable(reason: &str) -> Result<()> {
    check_sentence(reason).map_err(|e| {
        Error::of(Kind::Usage, "reason-unusable", &[("problem", Arg::of(e))])
            .hint_of("reason-unusable.say-what-was-found", &[])
    })
}

/// Asks for the reason, where there is somebody to ask.
fn asked(context: &Context, text: &str) -> Result<String> {
    if context.output.can_ask() {
        context.output.say(Tone::Plain, text);
    }
    let reason = context.output.ask(&message::text("ask-found", &[])).ok_or_else(|| {
        Error::of(Kind::Usage, "reason-missing", &[])
            .hint_of("reason-missing.say-what-was-found", &[])
    })?;
    usable(&reason)?;
    Ok(reason)
}

/// What the closing of the grant found, as the events have it.
async fn found(ledger: &Ledger, grant: &Grant) -> Result<Vec<String>> {
    let filter = EventFilter { grant: Some(grant.id.clone()), ..EventFilter::default() };
    let events = ledger.events(&filter, MOST_EVENTS).await?;
    Ok(History::of(&events).found.lines)
}

fn list(grant: &Grant, found: &[String]) -> String {
    let mut text = format!(
        "{} on {} for {}: {}\n",
        grant.id,
        grant.target,
        grant.supporter.name,
        view::findings(grant.findings)
    );
    for line in found.iter().take(MOST) {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str(&view::and_more(grant.findings, found.len().min(MOST)));
    text
}

fn nothing(grant: &Grant) -> String {
    let id = &grant.id;
    let drifted = grant.state == State::Open && grant.drift.is_some();
    let args = [("grant", id.into()), ("state", if drifted { "drifted" } else { "other" }.into())];
    message::text("nothing-to-acknowledge", &args) + "\n"
}

fn report(
    context: &Context,
    grant: &Grant,
    found: &[String],
    text: &str,
    count: i64,
    dry_run: bool,
) {
    let mut document = json!({
        "grant": view::document(grant, context.now()),
        "found": found,
        "acknowledged": if dry_run { 0 } else { count },
    });
    if let Some(object) = document.as_object_mut().filter(|_| dry_run) {
        object.insert("would_acknowledge".into(), json!(count));
        object.insert("dry_run".into(), Value::Bool(true));
    }
    context.output.result(text, document);
}
