//! `sweep`: close what is due, retry what is stuck. What cron runs; silent when all is well.

use serde_json::json;

use crate::cli;
use crate::closing::{self, Tally};
use crate::command::{extend, revoke, view};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Grant, State};
use crate::ledger::{self, Filter, Ledger, SweepRun};
use crate::output::Tone;

/// Grants held in memory at a time, however many are due.
const PAGE: u32 = 1000;

/// Runs the command.
///
/// # Errors
/// Something is stuck or overdue afterwards, or the ledger fails.
pub async fn run(context: &Context, typed: &cli::Sweep) -> Result<()> {
    if context.ledger_to_read().await?.is_none() {
        context.output.result(
            "",
            json!({ "due": 0, "closed": [], "failed": [], "busy": [], "unrecorded": [] }),
        );
        return Ok(());
    }
    let ledger = context.ledger().await?;
    if typed.dry_run {
        let due = ledger.due(context.now(), PAGE).await?;
        return revoke::show_plan(context, &due);
    }
    extend::restate_interrupted(context, &ledger).await?;
    let (due, tally) = close_due(context, &ledger, usize::from(typed.parallel)).await?;
    let now = context.now();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    ledger
        .sweep_ran(&SweepRun {
            at: now,
            host: ledger::host_name(),
            due: count(due),
            closed: count(tally.closed.len()),
            failed: count(tally.failed.len()),
            stuck: ledger.counts().await?.of(State::Stuck),
        })
        .await?;
    let overdue = overdue(context, &ledger).await?;
    if let Some(error) = trouble(&tally, &overdue, context) {
        if !context.output.is_json() {
            context.output.result(&revoke::text(&tally, now), json!(null));
        }
        return Err(error.with_result(revoke::document(&tally, now)));
    }
    // On a terminal somebody waits for an answer; under cron an answer is a mail.
    if context.output.is_json() {
        let mut document = revoke::document(&tally, now);
        if let Some(object) = document.as_object_mut() {
            object.insert("due".into(), json!(due));
        }
        context.output.result("", document);
    } else if context.output.is_terminal() {
        context.output.result(&revoke::text(&tally, now), json!(null));
        if due == 0 {
            context.output.say(Tone::Faint, "nothing is due");
        }
    }
    Ok(())
}

/// Closes everything that is due, page by page. A grant that fails moves its next attempt into the
/// future and so leaves the pages; a page in which nothing moved ends the sweep.
async fn close_due(context: &Context, ledger: &Ledger, parallel: usize) -> Result<(usize, Tally)> {
    let mut sum = Tally::default();
    let mut due = 0;
    loop {
        let page: Vec<Grant> = ledger.due(context.now(), PAGE).await?;
        if page.is_empty() {
            return Ok((due, sum));
        }
        due += page.len();
        let total = u64::try_from(page.len()).unwrap_or(u64::MAX);
        let progress = context.output.progress_of(total, "sweeping");
        let tally = closing::close_many(
            context,
            ledger,
            &page,
            "the deadline is over",
            parallel,
            &progress,
        )
        .await?;
        let moved = !(tally.closed.is_empty() && tally.failed.is_empty());
        sum.append(tally);
        if !moved {
            return Ok((due, sum));
        }
    }
}

/// What should be over by now and is not proved to be. A sweep on another machine may have one in
/// hand; that is not trouble yet.
async fn overdue(context: &Context, ledger: &Ledger) -> Result<Vec<Grant>> {
    let now = context.now();
    let filter = Filter { due_before: Some(now), live_only: true, ..Filter::default() };
    let grants = ledger.grants(&filter, PAGE, None).await?;
    let stuck = Filter { states: vec![State::Stuck], ..Filter::default() };
    let mut all = ledger.grants(&stuck, PAGE, None).await?;
    for grant in grants {
        let held = grant.lease_until.is_some_and(|until| until > now);
        if !held && !all.iter().any(|known| known.id == grant.id) {
            all.push(grant);
        }
    }
    Ok(all)
}

fn trouble(tally: &Tally, overdue: &[Grant], context: &Context) -> Option<Error> {
    if overdue.is_empty() {
        // What another process has in hand is in good hands.
        let own = Tally {
            failed: tally.failed.clone(),
            unrecorded: tally.unrecorded.clone(),
            ..Tally::default()
        };
        return revoke::failure(&own);
    }
    let count = overdue.len();
    let mut error = Error::new(
        Kind::Stuck,
        match count {
            1 => "one grant is stuck or overdue".to_owned(),
            _ => format!("{count} grants are stuck or overdue"),
        },
    );
    let now = context.now();
    for grant in overdue.iter().take(10) {
        let why = grant.last_error.as_deref().unwrap_or("not closed yet");
        error = error.because_text(format!(
            "{} on {} for {}: {why}; {}",
            grant.id,
            grant.target,
            grant.supporter.name,
            closing::next_attempt(grant, now)
        ));
        error.more.documents.push(view::document(grant, now));
    }
    Some(
        error
            .hint("access may still exist on these servers: look at them, or ask your hosting company")
            .hint("`stagepass doctor` checks whether the servers can be reached"),
    )
}
