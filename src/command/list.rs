//! `list`: grants; what is stuck or overdue comes first.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::cli;
use crate::command::view;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Grant, State};
use crate::ledger::{Counts, Filter, Ledger};
use crate::output::Tone;

/// Runs the command.
///
/// # Errors
/// Something is stuck or overdue (after the list was printed), or the ledger fails.
pub async fn run(context: &Context, typed: cli::List) -> Result<()> {
    let Some(ledger) = context.ledger_to_read().await? else {
        context.output.say(Tone::Faint, "nothing was ever granted from here");
        let nothing = json!({ "grants": [], "counts": Counts::default(), "in_trouble": 0 });
        context.output.result("", nothing);
        return Ok(());
    };
    let now = context.now();
    let grants = chosen(&ledger, &typed, now).await?;
    let counts = ledger.counts().await?;
    let trouble =
        grants.iter().filter(|grant| grant.state == State::Stuck || view::is_overdue(grant, now));
    let trouble = trouble.count();
    let documents: Vec<Value> = grants.iter().map(|grant| view::document(grant, now)).collect();
    let document = json!({ "grants": documents, "counts": counts, "in_trouble": trouble });
    if trouble == 0 || !context.output.is_json() {
        context.output.result(&view::grants(&grants, now), document.clone());
    }
    if grants.is_empty() {
        context.output.say(Tone::Faint, "no access is open");
    }
    if trouble > 0 {
        return Err(Error::new(
            Kind::Stuck,
            match trouble {
                1 => "one grant is stuck or overdue".to_owned(),
                _ => format!("{trouble} grants are stuck or overdue"),
            },
        )
        .hint("`stagepass revoke ID` tries again now, `stagepass show ID` says what went wrong")
        .with_result(document));
    }
    Ok(())
}

/// Stuck first, then overdue, then by deadline.
async fn chosen(ledger: &Ledger, typed: &cli::List, now: i64) -> Result<Vec<Grant>> {
    let filter = Filter {
        case: typed.case.clone(),
        target: typed.target.clone(),
        live_only: !typed.all,
        ..Filter::default()
    };
    let stuck = Filter { states: vec![State::Stuck], live_only: true, ..filter.clone() };
    let overdue = Filter { due_before: Some(now), live_only: true, ..filter.clone() };
    let mut grants: Vec<Grant> = Vec::new();
    let mut known = HashSet::new();
    for filter in [stuck, overdue, filter] {
        for grant in ledger.grants(&filter, typed.limit, None).await? {
            if known.insert(grant.id.clone()) {
                grants.push(grant);
            }
        }
    }
    grants.truncate(usize::try_from(typed.limit).unwrap_or(usize::MAX));
    Ok(grants)
}
