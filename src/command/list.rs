//! `list`: grants; what somebody has to look at comes first.

use std::collections::HashSet;

use clap::Args;
use serde_json::{Value, json};

use crate::command::ask;
use crate::command::view::Said;
use crate::command::{case, revoke, sweep, view};
use crate::complete;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Grant, State};
use crate::ledger::{Counts, Filter, Ledger};
use crate::message::{self, Arg};
use crate::output::Tone;

/// `list`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  stagepass list --case MSP-4711 --all")]
pub struct ListArgs {
    /// Closed grants too.
    #[arg(long)]
    pub all: bool,
    /// Only of this case.
    #[arg(long, value_name = "REF", add = complete::all_cases())]
    pub case: Option<String>,
    /// Only on this target.
    #[arg(long, value_name = "NAME", add = complete::targets())]
    pub target: Option<String>,
    /// At most this many.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: u32,
}

/// Grants that are over and not confirmed, of which something is said below the table.
const MAX_LISTED: usize = 5;

/// Cases whose time-box ends, of which something is said there.
const MAX_CASES: u32 = 5;

/// Runs the command.
///
/// # Errors
/// Somebody has to look at something (after the list was printed), or the ledger fails.
pub async fn run(context: &Context, typed: ListArgs) -> Result<()> {
    let Some(ledger) = context.ledger_to_read().await? else {
        let place = context.ledger_location();
        context
            .output
            .say(Tone::Faint, &message::text("list-nothing", &[("place", Arg::of(&place))]));
        let nothing =
            json!({ "grants": [], "counts": Counts::default(), "in_trouble": 0, "more": false });
        context.output.result("", nothing);
        return Ok(());
    };
    let now = context.now();
    let (grants, more) = chosen(&ledger, &typed, now).await?;
    let counts = ledger.counts().await?;
    let in_trouble: Vec<&Grant> =
        grants.iter().filter(|grant| view::is_trouble(grant, now)).collect();
    let said = ask::servers(context, &grants).await;
    let still_there =
        |grant: &&&Grant| said.get(&grant.id).is_some_and(|said| *said == Said::StillThere);
    let still_there = grants.iter().filter(|grant| still_there(&grant)).count();
    let trouble = in_trouble.len() + still_there;
    let documents: Vec<Value> = grants.iter().map(|grant| view::document(grant, now)).collect();
    let document = json!({
        "grants": documents, "counts": counts, "in_trouble": trouble, "more": more,
    });
    if trouble == 0 || !context.output.is_json() {
        context.output.result(&view::grants_said(&grants, now, &said), document.clone());
    }
    if grants.is_empty() {
        let place = context.ledger_location();
        context
            .output
            .say(Tone::Faint, &message::text("list-none-open", &[("place", Arg::of(&place))]));
    }
    if more {
        let told = message::text("list-cut", &[("count", Arg::of(grants.len()))]);
        context.output.say(Tone::Warn, &told);
    }
    for case in case::all_ending(&ledger, now, MAX_CASES).await? {
        context.output.say(Tone::Warn, &case::ends_text(&case, now));
    }
    for grant in grants.iter().filter(|grant| view::is_unconfirmed(grant, now)).take(MAX_LISTED) {
        let said = said.get(&grant.id).copied();
        context.output.say(Tone::Faint, &view::unconfirmed(grant, said));
    }
    if trouble == 0 {
        return Ok(());
    }
    let late = |grant: &&&Grant| {
        !grant.altered && (grant.state == State::Stuck || view::is_overdue(grant, now))
    };
    let id = match in_trouble.iter().filter(late).count() + still_there {
        0 => "list-to-be-looked-at",
        count if count == trouble => "list-late",
        _ => "list-trouble",
    };
    let mut error = Error::of(Kind::Stuck, id, &[("count", trouble.into())]);
    if still_there > 0 || in_trouble.iter().any(|grant| late(&grant)) {
        error = error.hint_of("list-way-out", &[]);
    }
    if in_trouble.iter().any(|grant| grant.altered) {
        error = error.hint(revoke::WAY_OUT_OF_ALTERED);
    }
    if in_trouble.iter().any(|grant| grant.findings > 0) {
        error = error.hint(revoke::WAY_OUT_OF_FINDINGS);
    }
    if in_trouble.iter().any(|grant| grant.drift.is_some()) {
        error = error.hint(sweep::WAY_OUT_OF_DRIFT);
    }
    Err(error.with_result(document))
}

/// The grants, and whether there are more. Altered first, then stuck, then overdue, then what has findings or drifted, then by deadline.
async fn chosen(ledger: &Ledger, typed: &ListArgs, now: i64) -> Result<(Vec<Grant>, bool)> {
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
    let found = Filter { with_findings: true, live_only: false, ..filter.clone() };
    let drifted = Filter { drifted: true, ..filter.clone() };
    for filter in [stuck, overdue, found, drifted, filter] {
        for grant in ledger.grants(&filter, typed.limit.saturating_add(1), None).await? {
            if known.insert(grant.id.clone()) {
                grants.push(grant);
            }
        }
    }
    grants.sort_by_key(|grant| !grant.altered);
    let limit = usize::try_from(typed.limit).unwrap_or(usize::MAX);
    let more = grants.len() > limit;
    grants.truncate(limit);
    Ok((grants, more))
}
