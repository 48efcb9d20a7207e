//! `revoke`: take access away, and prove that it is gone.

use clap::Args;
use serde_json::{Value, json};

use crate::command::{schedule, view};
use crate::complete;
use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::grant::{Grant, State, UnixTime};
use crate::ledger::{Filter, Lease, Ledger};
use crate::lifecycle::batch::{self, Omitted, Running, Tally};
use crate::lifecycle::claim::{self, event};
use crate::lifecycle::closing::{self, Closed};
use crate::lifecycle::sealed;
use crate::message::{self, Arg, Id, Note};
use crate::output::{Tone, paint};
use crate::policy::check_sentence;

/// `revoke`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass revoke k7m2x9
  stagepass revoke --all
  stagepass revoke k7m2x9 --forget --reason 'the hoster deleted the server'")]
pub struct RevokeArgs {
    /// The grants' ids, or the beginnings of them.
    #[arg(required_unless_present_any = ["all", "target"], add = complete::live_grants())]
    pub grants: Vec<String>,
    /// Every grant on every target.
    #[arg(long, conflicts_with_all = ["grants", "target"])]
    pub all: bool,
    /// Every grant on this target.
    #[arg(long, value_name = "NAME", conflicts_with = "grants", add = complete::targets())]
    pub target: Option<String>,
    /// The server is gone for good: stop trying. It is never counted as closed.
    #[arg(long, requires = "reason")]
    pub forget: bool,
    /// Why; needed with --forget.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// The most grants that one command closes.
pub const MOST: u32 = 100_000;

/// Targets worked on at the same time.
const PARALLEL: usize = 8;

/// What to do about findings.
pub const WAY_OUT_OF_FINDINGS: Id = Id("way-out-of-findings");

/// What to do about grants whose row in the ledger was changed behind its back.
pub const WAY_OUT_OF_ALTERED: Id = Id("way-out-of-altered");

/// What is wrong about such a row.
pub const ALTERED: Id = Id("altered");

/// Why a grant was left as it is.
fn not_known(target: &str) -> Note {
    Note::of("target-not-here", &[("target", target.into())])
}

/// The grant, where it is, and what is to be said of it.
pub fn on_target(grant: &Grant, why: impl Into<Arg>) -> [(&'static str, Arg); 3] {
    [("grant", (&grant.id).into()), ("target", (&grant.target).into()), ("why", why.into())]
}

/// Runs the command.
///
/// # Errors
/// There is no such grant, the ledger fails, or something is not proved closed.
pub async fn run(context: &Context, typed: RevokeArgs) -> Result<()> {
    if context.ledger_to_read().await?.is_none() {
        if let Some(name) = &typed.target {
            context.target(name)?;
        }
        if typed.grants.is_empty() {
            report(context, &Tally::default(), &[], true);
            return Ok(());
        }
        return Err(Error::of(Kind::NotFound, "no-grants", &[]).hint_of("no-grants.first", &[]));
    }
    let ledger = context.ledger().await?;
    let grants = chosen(context, &ledger, &typed).await?;
    let (live, ended): (Vec<Grant>, Vec<Grant>) =
        grants.into_iter().partition(|grant| grant.state.is_live());
    if typed.dry_run {
        return show_plan(context, &live);
    }
    if typed.forget {
        return forget(context, &ledger, &live, typed.reason.as_deref().unwrap_or_default()).await;
    }
    let by_hand = || message::text("reason-by-hand", &[]);
    let why = typed.reason.clone().unwrap_or_else(by_hand);
    let tally = carry_out(context, &ledger, &live, &why).await?;
    let is_swept = tally.failed.is_empty() || schedule::is_swept(context, &ledger).await;
    let document = report(context, &tally, &ended, is_swept);
    failure(&tally).map_or(Ok(()), |error| Err(error.with_result(document)))
}

async fn chosen(context: &Context, ledger: &Ledger, typed: &RevokeArgs) -> Result<Vec<Grant>> {
    if typed.all || typed.target.is_some() {
        let filter = Filter { target: typed.target.clone(), live_only: true, ..Filter::default() };
        let grants = ledger.grants(&filter, MOST, None).await?;
        // A mistyped name must not look like access that is over.
        if let Some(name) = typed.target.as_deref().filter(|_| grants.is_empty()) {
            context.target(name)?;
        }
        return Ok(grants);
    }
    let mut grants = Vec::new();
    for id in &typed.grants {
        let grant = ledger.grant(id).await?;
        if !grants.iter().any(|known: &Grant| known.id == grant.id) {
            grants.push(grant);
        }
    }
    Ok(grants)
}

/// Prints what would be closed.
///
/// # Errors
/// None today.
pub fn show_plan(context: &Context, grants: &[Grant]) -> Result<()> {
    let now = context.now();
    let would = message::text("would-be-closed", &[("count", grants.len().into())]);
    let text = match grants.is_empty() {
        true => format!("{would}\n"),
        false => format!("{}\n{would}\n", view::grants(grants, now)),
    };
    let documents: Vec<Value> = grants.iter().map(|grant| view::document(grant, now)).collect();
    context.output.result(&text, json!({ "would_close": documents, "dry_run": true }));
    Ok(())
}

/// Closes grants with a progress bar.
///
/// # Errors
/// Fails only when the ledger does; what was not closed is in the tally.
pub async fn carry_out(
    context: &Context,
    ledger: &Ledger,
    grants: &[Grant],
    why: &str,
) -> Result<Tally> {
    let total = u64::try_from(grants.len()).unwrap_or(u64::MAX);
    let progress = context.output.progress_of(total, &message::text("progress-closing", &[]));
    batch::close_many(context, ledger, grants, why, Running::Ends, PARALLEL, &progress).await
}

/// Prints how it ended, also for grants that had ended before, and gives the same for programs.
pub fn report(context: &Context, tally: &Tally, ended: &[Grant], is_swept: bool) -> Value {
    let now = context.now();
    let mut lines = text(tally, now, is_swept);
    for grant in ended {
        let args = [("grant", (&grant.id).into()), ("state", grant.state.word().into())];
        lines.push_str(&(message::text("ended-already", &args) + "\n"));
    }
    if lines.is_empty() {
        lines.push_str(&(message::text("nothing-to-close", &[]) + "\n"));
    }
    let mut document = document(tally, now);
    if let Some(object) = document.as_object_mut() {
        let ids: Vec<&str> = ended.iter().map(|grant| grant.id.as_str()).collect();
        object.insert("already_ended".into(), json!(ids));
    }
    // The document of a failure is the error's.
    if !context.output.is_json() || failure(tally).is_none() {
        context.output.result(&lines, document.clone());
    }
    document
}

/// How it ended, for people; and whether a sweep will go on by itself with what did not end.
#[must_use]
pub fn text(tally: &Tally, now: UnixTime, is_swept: bool) -> String {
    let mut lines = String::new();
    for closed in &tally.closed {
        lines.push_str(&text_of_closed(closed));
    }
    for (grant, why, _) in &tally.failed {
        lines.push_str(&format!(
            "{} {}\n",
            word(Tone::Bad, if grant.state == State::Stuck { STUCK } else { NOT_CLOSED }),
            grant_on(grant, format!("{why}; {}", claim::next_attempt(grant, now, is_swept)))
        ));
    }
    for grant in &tally.altered {
        let bad = word(Tone::Bad, NOT_CLOSED);
        lines.push_str(&format!("{bad} {}\n", grant_on(grant, ALTERED.text())));
    }
    for grant in &tally.elsewhere {
        let bad = word(Tone::Bad, NOT_CLOSED);
        lines.push_str(&format!("{bad} {}: {}\n", grant.id, not_known(&grant.target)));
    }
    for (id, why) in &tally.unrecorded {
        lines.push_str(&format!("{} {id}: {why}\n", word(Tone::Bad, NOT_RECORDED)));
    }
    for id in &tally.busy {
        lines.push_str(&format!(
            "{} {}\n",
            paint(Tone::Warn, &message::text("revoke-busy", &[])),
            message::text("revoke-busy.why", &[("grant", id.into())])
        ));
    }
    for grant in &tally.waiting {
        lines.push_str(&format!(
            "{} {}\n",
            paint(Tone::Warn, &message::text("revoke-ending", &[])),
            message::text("revoke-ending.why", &told(grant, claim::latest_end(grant)))
        ));
    }
    let Omitted { closed, refused, unseen, waiting, unrecorded, .. } = tally.omitted;
    for (count, how) in [
        (closed, Id("state.closed")),
        (refused + unseen, NOT_CLOSED),
        (unrecorded, NOT_RECORDED),
        (waiting, Id("revoke-ending")),
    ] {
        if count > 0 {
            let args = [("count", Arg::of(count)), ("how", how.into())];
            lines.push_str(&format!("{}\n", message::text("revoke-more", &args)));
        }
    }
    lines
}

/// A grant that is closed: what was found first, since somebody has to look at it.
fn text_of_closed(closed: &Closed) -> String {
    let Closed { grant, notes, found, .. } = closed;
    let how = match grant.findings {
        0 => closing::LastWord::of(grant).text(grant),
        count => {
            message::text("closed-with-something", &[("findings", view::findings(count).into())])
        }
    };
    let args = [
        ("grant", (&grant.id).into()),
        ("target", (&grant.target).into()),
        ("supporter", (&grant.supporter.name).into()),
        ("said", how.into()),
    ];
    let mut lines = format!(
        "{} {}\n",
        paint(Tone::Good, &State::Closed.word()),
        message::text("verify-line", &args)
    );
    for line in found {
        lines.push_str(&format!("  {} {line}\n", word(Tone::Bad, Id("revoke-word.found"))));
    }
    lines.push_str(&view::and_more(grant.findings, found.len()));
    for note in notes {
        lines.push_str(&format!("  {}\n", paint(Tone::Faint, &note.text)));
    }
    lines
}

/// How it ended, for programs.
#[must_use]
pub fn document(tally: &Tally, now: UnixTime) -> Value {
    let closed: Vec<Value> = tally
        .closed
        .iter()
        .map(|closed| {
            json!({
                "grant": view::document(&closed.grant, now),
                "notes": closed.notes,
                "found": closed.found,
            })
        })
        .collect();
    let failed: Vec<Value> = tally
        .failed
        .iter()
        .map(|(grant, why, refused)| {
            json!({ "grant": view::document(grant, now), "why": why, "refused": refused })
        })
        .collect();
    let unrecorded: Vec<Value> =
        tally.unrecorded.iter().map(|(id, why)| json!({ "id": id, "why": why })).collect();
    let altered: Vec<Value> =
        tally.altered.iter().map(|grant| view::document(grant, now)).collect();
    let elsewhere: Vec<&str> = tally.elsewhere.iter().map(|grant| grant.id.as_str()).collect();
    let waiting: Vec<&str> = tally.waiting.iter().map(|grant| grant.id.as_str()).collect();
    json!({
        "closed": closed,
        "failed": failed,
        "busy": tally.busy,
        "waiting": waiting,
        "unrecorded": unrecorded,
        "altered": altered,
        "elsewhere": elsewhere,
        "not_listed": {
            "closed": tally.omitted.closed,
            "failed": tally.omitted.refused + tally.omitted.unseen,
            "waiting": tally.omitted.waiting,
            "unrecorded": tally.omitted.unrecorded,
        },
    })
}

const STUCK: Id = Id("state-stuck");
const NOT_CLOSED: Id = Id("revoke-word.not-closed");
const NOT_RECORDED: Id = Id("revoke-word.not-recorded");

fn word(tone: Tone, id: Id) -> String {
    paint(tone, &id.text())
}

/// A grant, and what is said of it.
fn grant_on(grant: &Grant, why: String) -> String {
    let args =
        [("grant", (&grant.id).into()), ("target", (&grant.target).into()), ("why", why.into())];
    message::text("grant-on", &args)
}

/// A grant, and a time that is told of it.
fn told(grant: &Grant, at: UnixTime) -> [(&'static str, Arg); 3] {
    [
        ("grant", (&grant.id).into()),
        ("target", (&grant.target).into()),
        ("at", deadline::utc(at).into()),
    ]
}

/// The worst of what happened, if anything did: stuck before unknown before refused. What was found
/// on the way has to be looked at, too.
#[must_use]
pub fn failure(tally: &Tally) -> Option<Error> {
    let found: Vec<&Grant> =
        tally.closed.iter().map(|closed| &closed.grant).filter(|g| g.findings > 0).collect();
    let not_closed = not_closed(tally);
    let Some(first) = found.first() else { return not_closed };
    let mut error = not_closed.unwrap_or_else(|| {
        let count = found.len() + tally.omitted.found;
        let args = [
            ("count", count.into()),
            ("grant", (&first.id).into()),
            ("findings", first.findings.into()),
        ];
        Error::of(Kind::Stuck, "closed-with-findings", &args)
    });
    error.kind = Kind::Stuck;
    for grant in found.iter().take(10) {
        error = error.because_of("grant-on", &on_target(grant, view::findings(grant.findings)));
    }
    Some(error.hint(WAY_OUT_OF_FINDINGS))
}

/// The worst of what was not closed.
#[must_use]
pub fn not_closed(tally: &Tally) -> Option<Error> {
    let omitted = tally.omitted;
    let stuck = omitted.stuck > 0
        || !tally.altered.is_empty()
        || tally.failed.iter().any(|(grant, ..)| grant.state == State::Stuck);
    let unrecorded = tally.unrecorded.len() + omitted.unrecorded;
    let count = tally.failed_count() + tally.busy.len() + unrecorded + tally.altered.len();
    let elsewhere = tally.elsewhere.len();
    let unseen = omitted.unseen > 0
        || tally.failed.iter().any(|(.., refused)| !refused)
        || !(tally.busy.is_empty() && unrecorded == 0);
    let kind = match (count == 0, stuck, unseen) {
        (true, ..) if elsewhere == 0 => return None,
        (true, ..) => Kind::NotFound,
        (_, true, _) => Kind::Stuck,
        (_, _, true) => Kind::Unknown,
        _ => Kind::Refused,
    };
    let mut error = match (count + elsewhere, tally.elsewhere.first()) {
        (1, Some(grant)) => {
            let why = not_known(&grant.target).text;
            Error::of(kind, "grant-why", &[("grant", (&grant.id).into()), ("why", why.into())])
        }
        (count, _) => Error::of(kind, "not-closed", &[("count", count.into())]),
    };
    for (grant, why, _) in tally.failed.iter().take(10) {
        error = error.because_of("grant-on", &on_target(grant, why));
    }
    for (id, why) in tally.unrecorded.iter().take(10) {
        error = error.because_of("grant-why", &[("grant", id.into()), ("why", why.into())]);
    }
    for id in tally.busy.iter().take(10) {
        error = error.because_of("busy-closing", &[("grant", id.into())]);
    }
    for grant in tally.altered.iter().take(10) {
        error = error.because_of("grant-on", &on_target(grant, ALTERED.text()));
    }
    if !tally.altered.is_empty() {
        error = error.hint(WAY_OUT_OF_ALTERED);
    }
    if elsewhere > 0 {
        for grant in tally.elsewhere.iter().take(10).filter(|_| count + elsewhere > 1) {
            error = error.because_of(
                "grant-why",
                &[("grant", (&grant.id).into()), ("why", not_known(&grant.target).text.into())],
            );
        }
        error = error.hint_of("target-not-here.way-out", &[]);
    }
    if count > tally.altered.len() {
        error = error.hint_of("not-closed-kept", &[]);
    }
    Some(error)
}

/// Gives up on grants whose server is gone for good. Never counted as closed.
async fn forget(context: &Context, ledger: &Ledger, grants: &[Grant], reason: &str) -> Result<()> {
    if let Err(e) = check_sentence(reason) {
        return Err(Error::of(Kind::Usage, "reason-unusable", &[("problem", Arg::of(e))]));
    }
    let now = context.now();
    let mut lines = String::new();
    let mut forgotten = Vec::new();
    let mut busy = Tally::default();
    for grant in grants {
        let from = [State::Opening, State::Open, State::Closing, State::Stuck];
        let mut detail = json!({ "reason": reason });
        if let Some(detail) = detail.as_object_mut().filter(|_| grant.altered) {
            detail.insert("altered".into(), json!(true));
        }
        let event = event(context, grant, "grant.forgotten", detail);
        let lease = Lease::mine(now, claim::lease_seconds(context, grant));
        let done = ledger.claim(&grant.id, &from, State::Forgotten, &lease, now, &event).await?;
        let Some(grant) = done else {
            busy.busy.push(grant.id.clone());
            continue;
        };
        sealed::forget(context, &grant.id);
        lines.push_str(&format!(
            "{} {}\n",
            paint(Tone::Warn, &State::Forgotten.word()),
            message::text("revoke-forgotten", &told(&grant, grant.deadline))
        ));
        forgotten.push(view::document(&grant, now));
    }
    let document = json!({ "forgotten": forgotten, "busy": busy.busy });
    let Some(error) = failure(&busy) else {
        context.output.result(&lines, document);
        return Ok(());
    };
    if !context.output.is_json() {
        context.output.result(&lines, json!(null));
    }
    Err(error.with_result(document))
}
