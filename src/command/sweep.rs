//! `sweep`: close what is due, retry what is stuck, notice what drifted. What cron runs; silent
//! when all is well.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use clap::Args;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::command::revoke::on_target;
use crate::command::{case, extend, revoke, schedule, told, view};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Case, Grant, State};
use crate::ledger::{self, Alarms, Cursor, Filter, Ledger, SweepRun};
use crate::lifecycle::batch::{self, Omitted, Running, Tally};
use crate::lifecycle::checking::{self, drifted};
use crate::lifecycle::claim;
use crate::message::{self, Id};
use crate::output::{Tone, paint};
use crate::remote::session::Session;
use crate::target::Target;

/// `sweep`
#[derive(Debug, Args)]
pub struct SweepArgs {
    /// Look at every open grant now, not only at those that nobody looked at for an hour.
    #[arg(long)]
    pub check: bool,
    /// Targets worked on at the same time.
    #[arg(long, value_name = "N", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Grants held in memory at a time, however many are due.
const PAGE: u32 = 1000;

/// Open grants that one sweep looks at; the next sweep goes on with the others.
const MOST_LOOKS: u32 = 500;

/// How long a sweep goes on to look at further targets; the next sweep goes on with the others.
const LOOKING: Duration = Duration::from_secs(60);

/// The most grants in trouble that are named.
const MOST_NAMED: u32 = 10;

/// How long after its deadline a grant's row is held against its event by every sweep, in seconds;
/// `ledger verify` holds all of them.
pub const ALTERED_SINCE: i64 = 7 * 24 * 60 * 60;

/// What to do about a grant that is not what was made.
pub const WAY_OUT_OF_DRIFT: Id = Id("way-out-of-drift");

/// Runs the command.
///
/// # Errors
/// Something is stuck or overdue afterwards or has to be looked at, or the ledger fails.
pub async fn run(context: &Context, typed: &SweepArgs) -> Result<()> {
    if context.ledger_to_read().await?.is_none() {
        let nothing = document(&Tally::default(), &Looks::default(), &[], 0, context.now());
        context.output.result("", nothing);
        return Ok(());
    }
    let ledger = context.ledger().await?;
    if typed.dry_run {
        let due = ledger.due(context.now(), PAGE).await?;
        return revoke::show_plan(context, &due);
    }
    let parallel = usize::from(typed.parallel);
    let (due, tally) = close_due(context, &ledger, parallel).await?;
    extend::reapply_interrupted(context, &ledger).await?;
    let looks = look_after(context, &ledger, parallel, typed.check).await?;
    let now = context.now();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    ledger
        .sweep_ran(&SweepRun {
            at: now,
            host: ledger::host_name(),
            due: count(due),
            closed: count(tally.closed_count()),
            failed: count(tally.failed_count()),
            stuck: ledger.counts().await?.of(State::Stuck),
        })
        .await?;
    let overdue = overdue(context, &ledger).await?;
    let alarmed = alarmed(&ledger, now).await?;
    let ending = case::all_ending(&ledger, now, MOST_NAMED).await?;
    warn_of_cases(context, &ending, typed.check, now);
    let document = document(&tally, &looks, &ending, due, now);
    let is_swept = schedule::is_swept(context, &ledger).await;
    if let Some(error) = trouble(&tally, &looks, &overdue, &alarmed, context, is_swept) {
        let nothing_else = overdue.is_empty()
            && revoke::not_closed(&tally).is_none()
            && looks.unrecorded.is_empty();
        // A finding is told once, and then daily: a mail every five minutes is read by nobody.
        let is_heard = context.output.is_json() || context.output.is_terminal() || typed.check;
        if nothing_else && !is_heard && told::lately(context, "told", &alarmed.told(), now) {
            return Err(error.omitted());
        }
        if !context.output.is_json() {
            context.output.result(&revoke::text(&tally, now, is_swept), json!(null));
        }
        return Err(error.with_result(document));
    }
    // On a terminal somebody waits for an answer; under cron an answer is a mail.
    if context.output.is_json() {
        context.output.result("", document);
    } else if context.output.is_terminal() {
        context.output.result(&(revoke::text(&tally, now, is_swept) + &looks.text()), json!(null));
        if due == 0 {
            context.output.say(Tone::Faint, &message::text("nothing-due", &[]));
        }
    }
    // Whoever asked for the look is told where there was none.
    if typed.check {
        for (id, why) in &looks.unseen {
            context.output.warn(&not_looked_at(id, why));
        }
    }
    Ok(())
}

/// Warns of cases whose time-box ends soon or is over, while there is still time. Where nobody
/// watches, the same once and then daily.
fn warn_of_cases(context: &Context, ending: &[Case], asked: bool, now: i64) {
    let line = |case: &Case| {
        let until = case.time_box_until.unwrap_or_default();
        format!("{} {until} {}", case.reference, until <= now)
    };
    let lines: Vec<String> = ending.iter().map(line).collect();
    let is_heard = context.output.is_json() || context.output.is_terminal() || asked;
    if lines.is_empty() || (!is_heard && told::lately(context, "told-cases", &lines, now)) {
        return;
    }
    for case in ending {
        context.output.warn(&case::ends_text(case, now));
    }
}

/// What was done, for programs.
fn document(tally: &Tally, looks: &Looks, ending: &[Case], due: usize, now: i64) -> Value {
    let mut document = revoke::document(tally, now);
    if let Some(object) = document.as_object_mut() {
        let changed: Vec<Value> =
            looks.changed.iter().map(|grant| view::document(grant, now)).collect();
        let unseen: Vec<Value> =
            looks.unseen.iter().map(|(id, why)| json!({ "id": id, "why": why })).collect();
        object.insert("cases_ending".into(), json!(ending));
        object.insert("due".into(), json!(due));
        object.insert("looked_at".into(), json!(looks.seen));
        object.insert("drift_changed".into(), json!(changed));
        object.insert("not_seen".into(), json!(unseen));
    }
    document
}

/// Closes everything that is due, page by page. A grant that fails moves its next attempt into the
/// future and so leaves the pages; a page in which nothing moved ends the sweep.
async fn close_due(context: &Context, ledger: &Ledger, parallel: usize) -> Result<(usize, Tally)> {
    let mut sum = Tally::default();
    let mut due = 0;
    let mut waited_for: HashSet<String> = HashSet::new();
    loop {
        let page: Vec<Grant> = ledger.due(context.now(), PAGE).await?;
        if page.is_empty() {
            return Ok((due, sum));
        }
        due += page.len();
        let total = u64::try_from(page.len()).unwrap_or(u64::MAX);
        let progress = context.output.progress_of(total, &message::text("progress-sweeping", &[]));
        let mut tally = batch::close_many(
            context,
            ledger,
            &page,
            &message::text("reason-deadline", &[]),
            Running::MayGoOn,
            parallel,
            &progress,
        )
        .await?;
        // A sweep that takes long meets what it waits for again.
        tally.waiting.retain(|grant| waited_for.insert(grant.id.clone()));
        let moved =
            !(tally.closed.is_empty() && tally.failed.is_empty() && tally.waiting.is_empty());
        sum.append(tally);
        if !moved {
            return Ok((due, sum));
        }
    }
}

/// What the looks at open grants came to.
#[derive(Debug, Default)]
struct Looks {
    /// How many were looked at.
    seen: usize,
    /// Those in which something drifted, or was mended, since the last look.
    changed: Vec<Grant>,
    /// Those that could not be looked at, and why.
    unseen: Vec<(String, String)>,
    /// Those whose look could not be recorded, and why.
    unrecorded: Vec<(String, String)>,
}

impl Looks {
    fn append(&mut self, mut other: Self) {
        self.seen += other.seen;
        self.changed.append(&mut other.changed);
        self.unseen.append(&mut other.unseen);
        self.unrecorded.append(&mut other.unrecorded);
    }

    fn text(&self) -> String {
        let mended = self.changed.iter().filter(|grant| grant.drift.is_none()).map(|grant| {
            let good = paint(Tone::Good, &message::text("mended.word", &[]));
            let again = message::text("mended", &[]);
            format!("{good} {}\n", message::text("grant-on", &on_target(grant, again)))
        });
        let unseen = self.unseen.iter().map(|(id, why)| not_looked_at(id, why) + "\n");
        mended.chain(unseen).collect()
    }
}

fn not_looked_at(id: &str, why: &str) -> String {
    message::text("not-looked-at", &[("grant", id.into()), ("why", why.into())])
}

/// Looks at open grants that nobody has looked at for an hour, or with `all` at every one. A
/// server that does not answer is no trouble: what is due there is trouble when it is due.
async fn look_after(
    context: &Context,
    ledger: &Ledger,
    parallel: usize,
    all: bool,
) -> Result<Looks> {
    if !all {
        let page = ledger.unchecked(context.now(), MOST_LOOKS).await?;
        let until = Some(Instant::now() + LOOKING);
        return look_at_many(context, ledger, &page, parallel, until).await;
    }
    let mut sum = Looks::default();
    let mut cursor = None;
    let filter = Filter { states: vec![State::Open], ..Filter::default() };
    loop {
        let mut page = ledger.grants(&filter, PAGE, cursor.as_ref()).await?;
        let Some(last) = page.last() else { return Ok(sum) };
        cursor = Some(Cursor::after(last));
        page.retain(|grant| grant.deadline > context.now() && !grant.altered);
        sum.append(look_at_many(context, ledger, &page, parallel, None).await?);
    }
}

/// Looks at grants on many targets: one connection a target, at most `parallel` targets at a time.
/// No further target is begun behind `until`; without one every grant is looked at, due or not.
async fn look_at_many(
    context: &Context,
    ledger: &Ledger,
    grants: &[Grant],
    parallel: usize,
    until: Option<Instant>,
) -> Result<Looks> {
    if grants.is_empty() {
        return Ok(Looks::default());
    }
    let mut by_target: BTreeMap<&str, Vec<&Grant>> = BTreeMap::new();
    for grant in grants {
        by_target.entry(&grant.target).or_default().push(grant);
    }
    let targets = context.targets()?;
    let targets = &targets;
    futures_util::stream::iter(by_target)
        .map(|(name, grants)| async move {
            if until.is_some_and(|until| Instant::now() > until) {
                return Ok(Looks::default());
            }
            look_on(context, ledger, targets.find(name), &grants, until.is_none()).await
        })
        .buffer_unordered(parallel)
        .try_fold(Looks::default(), async |mut sum, looks| {
            sum.append(looks);
            Ok(sum)
        })
        .await
}

/// Looks at the grants on one target, over one connection.
async fn look_on(
    context: &Context,
    ledger: &Ledger,
    target: Option<&Target>,
    grants: &[&Grant],
    forced: bool,
) -> Result<Looks> {
    let mut looks = Looks::default();
    let mut mine = Vec::new();
    for grant in grants {
        match ledger.take_check(&grant.id, context.now(), forced).await {
            Ok(true) => mine.push(*grant),
            Ok(false) => {}
            // What was closed before is told all the same.
            Err(e) => looks.unrecorded.push((grant.id.clone(), Error::from(e).one_line())),
        }
    }
    if mine.is_empty() {
        return Ok(looks);
    }
    let mut session = match target {
        None => Err(message::text("target-gone", &[])),
        Some(target) => Session::open(context, target).await.map_err(|e| e.one_line()),
    };
    for grant in mine {
        let why = match &mut session {
            Err(why) => why.clone(),
            Ok(session) => match checking::check(context, ledger, session, grant).await {
                Err(e) => {
                    // The other grants must not wait for a ledger that fails at this one.
                    looks.unrecorded.push((grant.id.clone(), e.one_line()));
                    continue;
                }
                Ok(checking::Checked { grant, seen: Ok(_), changed }) => {
                    looks.seen += 1;
                    looks.changed.extend(Some(grant).filter(|_| changed));
                    continue;
                }
                Ok(checking::Checked { seen: Err(not), .. }) => not.why,
            },
        };
        let next = context.now().saturating_add(checking::EVERY);
        if let Err(e) = ledger.check_later(&grant.id, next).await {
            looks.unrecorded.push((grant.id.clone(), Error::from(e).one_line()));
        }
        looks.unseen.push((grant.id.clone(), why));
    }
    if let Ok(session) = session {
        session.close().await;
    }
    Ok(looks)
}

/// What should be over by now and is not proved to be. A sweep on another machine may have one in
/// hand; that is not trouble yet.
async fn overdue(context: &Context, ledger: &Ledger) -> Result<Vec<Grant>> {
    let now = context.now();
    let filter = Filter { due_before: Some(now), live_only: true, ..Filter::default() };
    let grants = ledger.grants(&filter, PAGE, None).await?;
    let stuck = Filter { states: vec![State::Stuck], ..Filter::default() };
    let mut all = ledger.grants(&stuck, PAGE, None).await?;
    all.retain(|grant| !grant.altered);
    for grant in grants {
        let held = ledger::is_held(&grant, now);
        if !held
            && !grant.altered
            && view::is_overdue(&grant, now)
            && !all.iter().any(|known| known.id == grant.id)
        {
            all.push(grant);
        }
    }
    Ok(all)
}

/// Grants that somebody has to look at: how many, and the first of them.
#[derive(Debug, Default)]
struct Alarmed {
    alarms: Alarms,
    grants: Vec<Grant>,
    altered: Vec<Grant>,
}

impl Alarmed {
    /// What there is to tell, one line for each grant.
    fn told(&self) -> Vec<String> {
        let line = |grant: &Grant| {
            let drift = grant.drift.as_deref().unwrap_or_default();
            format!("{} {} {} {drift}", grant.id, grant.findings, grant.altered)
        };
        let mut lines: Vec<String> = self.grants.iter().chain(&self.altered).map(line).collect();
        lines.push(format!("{} {}", self.alarms.findings, self.alarms.drifted));
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}

async fn alarmed(ledger: &Ledger, now: i64) -> Result<Alarmed> {
    let alarms = ledger.alarms().await?;
    let most = usize::try_from(MOST_NAMED).unwrap_or(usize::MAX);
    let altered = ledger.altered(now.saturating_sub(ALTERED_SINCE), most).await?;
    if alarms.is_quiet() {
        return Ok(Alarmed { altered, ..Alarmed::default() });
    }
    let found = Filter { with_findings: true, ..Filter::default() };
    let drifted = Filter { drifted: true, ..Filter::default() };
    let mut grants = ledger.grants(&found, MOST_NAMED, None).await?;
    grants.extend(ledger.grants(&drifted, MOST_NAMED, None).await?);
    Ok(Alarmed { alarms, grants, altered })
}

fn trouble(
    tally: &Tally,
    looks: &Looks,
    overdue: &[Grant],
    alarmed: &Alarmed,
    context: &Context,
    is_swept: bool,
) -> Option<Error> {
    let error = if overdue.is_empty() {
        // What another process has in hand is in good hands.
        let mut unrecorded = tally.unrecorded.clone();
        unrecorded.extend(looks.unrecorded.iter().cloned());
        let omitted = Omitted { closed: 0, found: 0, waiting: 0, ..tally.omitted };
        let failed = tally.failed.clone();
        revoke::not_closed(&Tally { failed, unrecorded, omitted, ..Tally::default() })
    } else {
        Some(late(overdue, context, is_swept))
    };
    with_alarms(error, alarmed, context.now())
}

/// What is stuck or overdue.
fn late(overdue: &[Grant], context: &Context, is_swept: bool) -> Error {
    let count = overdue.len();
    let mut error = Error::of(Kind::Stuck, "overdue", &[("count", count.into())]);
    let now = context.now();
    for grant in overdue.iter().take(10) {
        let not_yet = message::text("overdue.not-closed-yet", &[]);
        let why = grant.last_error.as_deref().unwrap_or(&not_yet);
        error = error.because_of(
            "overdue-grant",
            &[
                ("grant", (&grant.id).into()),
                ("target", (&grant.target).into()),
                ("supporter", (&grant.supporter.name).into()),
                ("why", why.into()),
                ("next", claim::next_attempt(grant, now, is_swept).into()),
            ],
        );
        error.more.documents.push(view::document(grant, now));
    }
    error.hint_of("overdue-look", &[]).hint_of("overdue-doctor", &[])
}

/// Adds what has findings or drifted: said by every sweep, shortly, until somebody has acted.
fn with_alarms(error: Option<Error>, alarmed: &Alarmed, now: i64) -> Option<Error> {
    let Alarmed { alarms, grants, altered } = alarmed;
    if alarms.is_quiet() && altered.is_empty() {
        return error;
    }
    let mut error = error.unwrap_or_else(|| {
        let altered = i64::try_from(altered.len()).unwrap_or(i64::MAX);
        let count = alarms.findings + alarms.drifted + altered;
        Error::of(Kind::Stuck, "to-be-looked-at", &[("count", count.into())])
    });
    error.kind = Kind::Stuck;
    for grant in altered {
        error = error.because_of("grant-on", &on_target(grant, revoke::ALTERED.text()));
        error.more.documents.push(view::document(grant, now));
    }
    if !altered.is_empty() {
        error = error.hint(revoke::WAY_OUT_OF_ALTERED);
    }
    for grant in grants.iter().filter(|grant| !grant.altered) {
        for (_, text) in drifted(grant) {
            error = error.because_of("grant-on", &on_target(grant, text));
        }
        if grant.findings > 0 {
            let count = view::findings(grant.findings);
            error = error.because_of("grant-on", &on_target(grant, count));
        }
    }
    if alarms.findings > 0 {
        error = error.hint(revoke::WAY_OUT_OF_FINDINGS);
    }
    if alarms.drifted > 0 {
        error = error.hint(WAY_OUT_OF_DRIFT);
    }
    Some(error)
}
