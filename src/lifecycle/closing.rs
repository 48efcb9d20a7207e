//! Closing a grant: one way for `revoke`, `case close`, `sweep` and a grant that went wrong.
//!
//! `closing` is committed first. The provider's `close` locks, ends, deletes and re-reads; then a
//! login with the old key is tried and has to be refused. Only then is the grant `closed`. What
//! nobody saw stays `closing`, and what failed six times is `stuck` and retried daily for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use russh::keys::PublicKey;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Result};
use crate::grant::{Access, Grant, Layer, State, UnixTime};
use crate::ledger::{Event, EventFilter, Filter, LONGEST_WAIT, Lease, Ledger, Ration};
use crate::lifecycle::checking;
use crate::lifecycle::difference::Others;
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::sharing;
use crate::mark;
use crate::message;
use crate::output::Progress;
use crate::public_key;
use crate::remote::inputs::{self, CallInputs};
use crate::remote::layer::{self, LayerState};
use crate::remote::provider::{self, Need, Provider, Verb};
use crate::remote::script::{Answer, Inputs, Reply, clean};
use crate::remote::session::{self, Session};
use crate::target::Target;
use crate::transport::{self, Ahead, Attempt};

/// Seconds a process may keep a grant to itself at least.
const LEASE_SECONDS: i64 = 15 * 60;

/// The most steps on a server that one process makes for one grant, with the logins that are tried
/// again.
const MOST_STEPS: u32 = 10;

/// The most of these that walk through a shop: opening, undoing, and once more.
const MOST_WALKS: i64 = 3;

/// Seconds a process may keep a grant to itself: longer than all its steps together, and no longer than that,
/// since who is killed keeps everybody else from closing it.
#[must_use]
pub fn lease_seconds(context: &Context, grant: &Grant) -> i64 {
    let steps = context.step_limit.saturating_mul(MOST_STEPS);
    let steps = i64::try_from(steps.as_secs()).unwrap_or(i64::MAX).max(LEASE_SECONDS);
    steps.saturating_add(session::walk_seconds(grant).saturating_mul(MOST_WALKS))
}

/// After this many failures in a row a grant is `stuck`.
pub const TRIES: i64 = 6;

/// How many times a lost connection to one target is opened again in one run.
const MOST_CONNECTIONS: u32 = 3;

/// The most grants that are closed by one script.
const MOST_TOGETHER: usize = 25;

/// After so many failures in a row a grant is closed alone.
const TRIES_TOGETHER: i64 = 3;

/// The most grants of one target that a comparison is held against.
const MOST_OTHERS: u32 = 1000;

/// The event of a grant that is about to be closed, committed before its server is asked.
const CLOSING: &str = "grant.closing";

/// How many events of a grant are in memory at a time.
const MOST_EVENTS: u32 = 500;

/// How long what only just began in a shared account is looked at again, and how long it has before each
/// look.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);

/// Seconds that the server's own job takes at the most, from the comparison to the note of when it
/// was done, but for what a walk through a large shop takes longer.
const ROUND: i64 = 120;

/// How often a stuck grant is tried again.
const DAY: i64 = 24 * 60 * 60;

/// Logins that will be refused, per target. OpenSSH 9.8 and later adds five seconds of penalty for
/// each and shuts the address out at fifteen (sshd_config(5), `PerSourcePenalties`); fail2ban bans
/// at five in ten minutes. Six seconds apart and three in ten minutes stays below both.
pub const RATION: Ration = Ration { per: 3, window_s: 600, spacing_s: 6 };

/// How an attempt to close a grant ended.
#[must_use]
#[derive(Debug)]
pub enum Ended {
    /// Re-read and tried: access is gone.
    Closed(Box<Closed>),
    /// It is not proved gone; it will be tried again.
    Failed {
        /// The grant as it stands now.
        grant: Box<Grant>,
        /// Why, in one line.
        why: String,
        /// Whether the server said no; otherwise nobody saw how it ended.
        refused: bool,
    },
    /// Another process is working on it.
    Busy,
}

/// A grant that was proved closed.
#[derive(Debug)]
pub struct Closed {
    /// The grant as it stands now.
    pub grant: Grant,
    /// What the merchant should know about it, one sentence each.
    pub notes: Vec<String>,
    /// The worst of what was found, at most [`MOST_FOUND`] lines; how many there were is in the
    /// grant.
    pub found: Vec<String>,
    /// Whether the server was not heard when it was told that it may forget the result.
    pub unheard: bool,
}

/// The most findings of one grant that a command shows; the ledger has the others.
pub const MOST_FOUND: usize = 20;

/// The most grants of one command that are told one by one, of each kind; of the others only the
/// number is kept in memory, and the ledger has them.
const MOST_TOLD: usize = 1000;

/// Work that is still running when the deadline has come, of grants that let it go on for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    /// It ends now: somebody said so.
    Ends,
    /// It may go on as long as was granted.
    MayGoOn,
}

/// One layer that was closed.
struct LayerClosed {
    /// What the event keeps.
    document: Value,
    notes: Vec<String>,
    evidence: Evidence,
    /// Whether the server keeps the result until it is told that it was recorded.
    kept: bool,
}

/// Why a grant is not closed.
#[derive(Debug, Default)]
struct Failure {
    why: String,
    /// Whether the server said no; otherwise nobody saw how it ended.
    refused: bool,
    /// What was seen of it all the same.
    layers: Vec<Value>,
    /// What was found of it all the same.
    findings: i64,
}

impl Failure {
    fn unseen(why: impl Into<String>) -> Self {
        Self { why: why.into(), ..Self::default() }
    }
}

/// What a try to log in with a revoked credential showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The server refused it.
    Refused(String),
    /// It was not tried, for this reason; the state that was re-read has to do.
    NotTried(String),
    /// The server would still let it in.
    StillAccepted(String),
    /// Nobody saw an answer.
    Unseen(String),
}

/// Closes one grant over a connection that is open already.
///
/// # Errors
/// Fails only when the ledger does; what went wrong on the server is in [`Ended`].
pub async fn close(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    id: &str,
    why: &str,
) -> Result<Ended> {
    let Some((grant, before)) = claim(context, ledger, id, why, 1).await? else {
        return Ok(Ended::Busy);
    };
    let mut layers = Vec::new();
    // Last opened, first closed.
    for layer in grant.layers.iter().rev() {
        match close_layer(context, ledger, session, &grant, layer, Some(before), None).await? {
            Ok(closed) => layers.push(closed),
            Err(mut failure) => {
                failure.findings += findings(&layers);
                failure.layers.extend(layers.into_iter().map(|layer| layer.document));
                return fail(context, ledger, grant, failure).await;
            }
        }
    }
    let mut closed = record_closed(context, ledger, grant, &layers).await?;
    // Only now may the server forget what it saw: a crash up to here loses nothing, and what it
    // keeps for longer it throws away by itself.
    if layers.iter().any(|layer| layer.kept) {
        closed.unheard = forget_result(context, session, &closed.grant).await.is_err();
    }
    Ok(Ended::Closed(Box::new(closed)))
}

/// Commits `closed` with everything that was seen.
async fn record_closed(
    context: &Context,
    ledger: &Ledger,
    grant: Grant,
    layers: &[LayerClosed],
) -> Result<Closed> {
    let now = context.now();
    // The server ended it when the last layer went, unless one had to wait for us.
    let by_server: Option<Vec<UnixTime>> =
        layers.iter().map(|layer| layer.evidence.by_server).collect();
    let by_server = by_server.and_then(|times| times.into_iter().max());
    let ended_at = by_server.unwrap_or(now).max(grant.created_at);
    let late = (ended_at - latest_end(&grant)).max(0);
    let documents: Vec<&Value> = layers.iter().map(|layer| &layer.document).collect();
    let notes: Vec<String> = layers.iter().flat_map(|layer| layer.notes.clone()).collect();
    let mut detail = json!({
        "layers": documents, "notes": notes, "seconds_late": late, "closed_as": LastWord::of(&grant),
    });
    if let (Some(at), Some(detail)) = (by_server, detail.as_object_mut()) {
        let why = format!("closed by the server at {}", deadline::utc(at));
        detail.insert("why".into(), json!(why));
        detail.insert("ended_by".into(), json!("server"));
    }
    let mut closed = grant;
    closed.state = State::Closed;
    closed.closed_at = Some(ended_at);
    closed.findings = findings(layers).max(closed.findings);
    release(&mut closed);
    let event = event(context, &closed, "grant.closed", detail);
    let grant = ledger.record(&closed, &event).await?;
    let found = layers.iter().flat_map(|layer| layer.evidence.found.lines());
    Ok(Closed { grant, notes, found: found.take(MOST_FOUND).collect(), unheard: false })
}

/// How much was found in all layers together.
fn findings(layers: &[LayerClosed]) -> i64 {
    layers.iter().map(|layer| layer.evidence.found.total()).fold(0, i64::saturating_add)
}

/// Tells the server that what it kept of the close is recorded, so that it may forget it.
pub(crate) async fn forget_result(
    context: &Context,
    session: &mut Session<'_>,
    grant: &Grant,
) -> std::result::Result<(), String> {
    for layer in &grant.layers {
        let provider = provider_of(context, session, layer)?;
        if !provider.keeps_results() {
            continue;
        }
        let inputs = collected(grant, layer);
        match session.call(&provider, Verb::Collected, &inputs).await {
            Ok(Answer::Done(_) | Answer::Refused { .. }) => {}
            Ok(Answer::Unknown { why }) => return Err(why),
            Err(e) => return Err(one_line(&e)),
        }
    }
    Ok(())
}

fn collected(grant: &Grant, layer: &Layer) -> Inputs<'static> {
    let moment = CallInputs { deadline: grant.deadline, ..CallInputs::default() };
    inputs::of_layer(grant, layer, &moment)
}

/// What closing something showed that is not live in the ledger.
#[derive(Debug)]
pub(crate) struct ClosedAgain {
    /// What an event keeps, layer by layer.
    pub layers: Vec<Value>,
    /// What the merchant should know about it, one sentence each.
    pub notes: Vec<String>,
    /// Whether the server keeps the result until it is told that it was recorded.
    pub kept: bool,
}

/// Closes every layer of a grant that is over in the ledger, or that the ledger does not know: the
/// same steps and the same proof. No row changes, and nothing is recorded here. Else why it failed,
/// whether the server said no, and what was seen of it all the same.
pub(crate) async fn close_again(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
) -> Result<std::result::Result<ClosedAgain, (String, bool, Vec<Value>)>> {
    let mut again = ClosedAgain { layers: Vec::new(), notes: Vec::new(), kept: false };
    for layer in grant.layers.iter().rev() {
        match close_layer(context, ledger, session, grant, layer, None, None).await? {
            Ok(closed) => {
                let found = closed.evidence.found.lines().into_iter().take(MOST_FOUND);
                again.notes.extend(found.map(|line| format!("found: {line}")));
                again.notes.extend(closed.notes);
                again.kept |= closed.kept;
                again.layers.push(closed.document);
            }
            Err(mut failure) => {
                failure.layers.append(&mut again.layers);
                return Ok(Err((clean(&failure.why), failure.refused, failure.layers)));
            }
        }
    }
    Ok(Ok(again))
}

/// The strongest word for a grant that is closed: a message of the catalogue with what was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LastWord {
    /// The account was the grant's own, and nothing of it is left.
    NothingLeft,
    /// The supporter was the merchant's own account: what was left behind in it cannot be ruled out.
    TakenAway,
}

impl LastWord {
    /// What may be said of a grant once it is closed.
    #[must_use]
    pub fn of(grant: &Grant) -> Self {
        if grant.layers.iter().any(LayerState::is_shared) {
            Self::TakenAway
        } else {
            Self::NothingLeft
        }
    }

    /// The word in a sentence.
    #[must_use]
    pub fn text(self, grant: &Grant) -> String {
        let shared = grant.layers.iter().find(|layer| LayerState::is_shared(layer));
        let account = shared.map(|layer| layer.account.as_str()).unwrap_or_default();
        let id = match self {
            Self::NothingLeft => "closed-nothing-left",
            Self::TakenAway => "closed-taken-away",
        };
        message::text(id, &[("account", account.into())])
    }
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

/// How closing many grants ended.
#[derive(Debug, Default)]
pub struct Tally {
    /// Proved closed, with what the merchant should know.
    pub closed: Vec<Closed>,
    /// Not proved closed, why, and whether the server said no.
    pub failed: Vec<(Grant, String, bool)>,
    /// Grants that another process is working on.
    pub busy: Vec<String>,
    /// Grants whose running work may go on for a while.
    pub waiting: Vec<Grant>,
    /// Grants whose end could not be recorded, and why.
    pub unrecorded: Vec<(String, String)>,
    /// Grants whose row is not as it was recorded: nothing was done on its word.
    pub altered: Vec<Grant>,
    /// Grants on targets that this computer does not know: they were left as they are, for the computer
    /// that does.
    pub elsewhere: Vec<Grant>,
    /// The others.
    pub untold: Untold,
}

/// How many grants are not told one by one, because there are very many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Untold {
    /// Proved closed.
    pub closed: usize,
    /// Of those, the ones in which something was found.
    pub found: usize,
    /// Not proved closed: the server said no.
    pub refused: usize,
    /// Not proved closed: nobody saw how it ended.
    pub unseen: usize,
    /// Of both, the ones that are stuck.
    pub stuck: usize,
    /// Running work may go on for a while.
    pub waiting: usize,
    /// The end could not be recorded.
    pub unrecorded: usize,
}

impl Tally {
    fn add(&mut self, id: &str, ended: Ended) {
        match ended {
            Ended::Closed(closed) => self.closed.push(*closed),
            Ended::Failed { grant, why, refused } => self.failed.push((*grant, why, refused)),
            Ended::Busy => self.busy.push(id.to_owned()),
        }
    }

    /// Adds another tally to this one. However many there are, the memory they take has an end.
    pub fn append(&mut self, mut other: Self) {
        self.closed.append(&mut other.closed);
        self.failed.append(&mut other.failed);
        self.busy.append(&mut other.busy);
        self.waiting.append(&mut other.waiting);
        self.unrecorded.append(&mut other.unrecorded);
        self.altered.append(&mut other.altered);
        self.elsewhere.append(&mut other.elsewhere);
        if self.closed.len() > MOST_TOLD {
            // What somebody has to look at is told first.
            self.closed.sort_by_key(|closed| closed.grant.findings == 0);
        }
        let cut = |length: usize| length.min(MOST_TOLD);
        let untold = &mut self.untold;
        for closed in self.closed.drain(cut(self.closed.len())..) {
            untold.closed += 1;
            untold.found += usize::from(closed.grant.findings > 0);
        }
        for (grant, _, refused) in self.failed.drain(cut(self.failed.len())..) {
            untold.refused += usize::from(refused);
            untold.unseen += usize::from(!refused);
            untold.stuck += usize::from(grant.state == State::Stuck);
        }
        untold.waiting += self.waiting.drain(cut(self.waiting.len())..).len();
        untold.unrecorded += self.unrecorded.drain(cut(self.unrecorded.len())..).len();
        untold.append(other.untold);
    }

    /// How many were proved closed.
    #[must_use]
    pub fn closed_count(&self) -> usize {
        self.closed.len() + self.untold.closed
    }

    /// How many were not proved closed.
    #[must_use]
    pub fn failed_count(&self) -> usize {
        self.failed.len() + self.untold.refused + self.untold.unseen
    }
}

impl Untold {
    fn append(&mut self, other: Self) {
        self.closed += other.closed;
        self.found += other.found;
        self.refused += other.refused;
        self.unseen += other.unseen;
        self.stuck += other.stuck;
        self.waiting += other.waiting;
        self.unrecorded += other.unrecorded;
    }
}

/// Closes grants on many targets: one connection a target however many grants it has, and at most
/// `parallel` targets at a time, so that neither this machine nor the ledger is flooded.
///
/// # Errors
/// Fails only when the ledger does.
pub async fn close_many(
    context: &Context,
    ledger: &Ledger,
    grants: &[Grant],
    why: &str,
    running: Running,
    parallel: usize,
    progress: &Progress,
) -> Result<Tally> {
    let mut by_target: BTreeMap<&str, Vec<&Grant>> = BTreeMap::new();
    for grant in grants {
        by_target.entry(&grant.target).or_default().push(grant);
    }
    let targets = context.targets()?;
    let targets = &targets;
    futures_util::stream::iter(by_target)
        .map(|(name, grants)| async move {
            let round = Round { context, ledger, why, running, progress };
            close_on(&round, targets.find(name), &grants).await
        })
        .buffer_unordered(parallel)
        .try_fold(Tally::default(), async |mut sum, tally| {
            sum.append(tally);
            Ok(sum)
        })
        .await
}

/// What is the same for all targets of one [`close_many`].
struct Round<'a> {
    context: &'a Context,
    ledger: &'a Ledger,
    why: &'a str,
    running: Running,
    progress: &'a Progress,
}

/// Closes the grants on one target, over one connection. A connection that is lost on the way is
/// opened once more.
async fn close_on(round: &Round<'_>, target: Option<&Target>, grants: &[&Grant]) -> Result<Tally> {
    let context = round.context;
    let mut tally = Tally::default();
    let Some(target) = target else {
        // Somebody else's computer may know it: nothing is begun that this one cannot end.
        for grant in grants {
            let list = if grant.altered { &mut tally.altered } else { &mut tally.elsewhere };
            list.push((*grant).clone());
            round.progress.advance();
        }
        return Ok(tally);
    };
    let layers = grants.iter().flat_map(|grant| &grant.layers);
    for name in layers.map(|layer| layer.provider.as_str()).collect::<BTreeSet<_>>() {
        // One that cannot be used says so when its turn comes.
        if let Ok(provider) = context.provider(name) {
            provider.prepare(&[Verb::Close, Verb::Collected]);
        }
    }
    let mut session = Session::open(context, target).await.map_err(|e| one_line(&e));
    context.output.mark("closing, logged in");
    let mut lost = 0;
    let mut rest = grants;
    while let Some(grant) = rest.first() {
        let mut unheard = false;
        let together = match &session {
            Ok(session) => together(round, session, rest),
            Err(_) => 1,
        };
        let (now, later) = rest.split_at_checked(together).unwrap_or((rest, &[]));
        rest = later;
        if grant.altered {
            tally.altered.push((*grant).clone());
            round.progress.advance();
        } else if let (Ok(session), [_, _, ..]) = (&mut session, now) {
            unheard = close_together(round, session, now, &mut tally).await;
        } else {
            let ended;
            (ended, unheard) = close_or_wait(round, &mut session, grant).await;
            match ended {
                Ok(Some(ended)) => tally.add(&grant.id, ended),
                Ok(None) => tally.waiting.push((*grant).clone()),
                // The other grants must not wait for a ledger that fails at this one.
                Err(e) => tally.unrecorded.push((grant.id.clone(), one_line(&e))),
            }
            round.progress.advance();
        }
        // Nobody knows what state the old connection is in.
        if unheard && session.is_ok() && lost < MOST_CONNECTIONS {
            lost += 1;
            session = Session::open(context, target).await.map_err(|e| one_line(&e));
        }
    }
    if let Ok(session) = session {
        session.close().await;
    }
    Ok(tally)
}

/// How many of these grants, from the first on, are closed by one script; 1 where the first is closed as it
/// is.
fn together(round: &Round<'_>, session: &Session<'_>, grants: &[&Grant]) -> usize {
    let mut provider: Option<String> = None;
    let fits = |grant: &&&Grant| {
        // What may go on for a while is looked at first, and what was altered is not touched.
        let waits = round.running == Running::MayGoOn && is_draining(grant, round.context.now());
        let [layer] = grant.layers.as_slice() else { return false };
        // What failed that often with others may do so because of them, or they because of it.
        let fails = grant.attempts >= TRIES_TOGETHER;
        if grant.altered || waits || fails || LayerState::is_shared(layer) {
            return false;
        }
        match &provider {
            Some(name) if layer.provider != *name => false,
            _ => provider_of(round.context, session, layer).is_ok_and(|found| {
                provider = Some(found.name.clone());
                found.closes_together()
            }),
        }
    };
    grants.iter().take(MOST_TOGETHER).take_while(fits).count().max(1)
}

/// Closes grants of one provider by one script. What each of them needs is committed before, and what became
/// of each is recorded on its own. Says whether an answer was missed.
async fn close_together(
    round: &Round<'_>,
    session: &mut Session<'_>,
    grants: &[&Grant],
    tally: &mut Tally,
) -> bool {
    let Round { context, ledger, why, .. } = *round;
    let mut claimed = Vec::with_capacity(grants.len());
    for grant in grants {
        match claim(context, ledger, &grant.id, why, grants.len()).await {
            Ok(Some(it)) => claimed.push(it),
            Ok(None) => {
                tally.busy.push(grant.id.clone());
                round.progress.advance();
            }
            Err(e) => {
                tally.unrecorded.push((grant.id.clone(), one_line(&e)));
                round.progress.advance();
            }
        }
    }
    let began = context.now();
    let layers = || claimed.iter().filter_map(|(grant, _)| Some((grant, grant.layers.first()?)));
    let closers: Vec<String> = layers().map(|(g, layer)| closer(context, g, layer)).collect();
    let inputs: Vec<Inputs<'_>> = layers()
        .zip(&closers)
        .map(|((grant, layer), closer)| close_inputs(grant, layer, closer))
        .collect();
    let answers = send_together(context, session, Verb::Close, &claimed, &inputs).await;
    let mut unheard = false;
    let mut kept = Vec::new();
    for ((grant, before), answer) in claimed.into_iter().zip(answers) {
        let id = grant.id.clone();
        let said = Said { began, answer };
        match close_claimed(context, ledger, session, grant, before, said).await {
            Ok((ended, is_kept)) => {
                unheard |= matches!(ended, Ended::Failed { refused: false, .. });
                if let (Ended::Closed(closed), true) = (&ended, is_kept) {
                    kept.push((closed.grant.clone(), before));
                }
                tally.add(&id, ended);
            }
            // The other grants must not wait for a ledger that fails at this one.
            Err(e) => tally.unrecorded.push((id, one_line(&e))),
        }
        round.progress.advance();
    }
    // Only now may the server forget what it saw. Where it does not hear that, it is told by nobody, and throws it
    // away by itself.
    let asked = kept.iter().filter_map(|(grant, _)| grant.layers.first().map(|l| (grant, l)));
    let inputs: Vec<Inputs<'_>> = asked.map(|(grant, layer)| collected(grant, layer)).collect();
    if !inputs.is_empty() {
        let answers = send_together(context, session, Verb::Collected, &kept, &inputs).await;
        unheard |= answers.iter().any(|a| matches!(a, Ok(Answer::Unknown { .. }) | Err(_)));
    }
    unheard
}

/// Sends one script for these grants, which all have one layer of the same provider: an answer for each.
async fn send_together(
    context: &Context,
    session: &mut Session<'_>,
    verb: Verb,
    grants: &[(Grant, State)],
    inputs: &[Inputs<'_>],
) -> Vec<Result<Answer>> {
    let first = grants.first().and_then(|(grant, _)| grant.layers.first());
    let Some(layer) = first else { return Vec::new() };
    let failed = |e: &str| {
        let unknown = || Ok(Answer::Unknown { why: e.to_owned() });
        grants.iter().map(|_| unknown()).collect()
    };
    // The row that was claimed may have changed since it was listed.
    let alike = grants.iter().all(|(grant, _)| {
        let [one] = grant.layers.as_slice() else { return false };
        one.provider == layer.provider && LayerState::of(one).elsewhere(session.target).is_none()
    });
    if !alike || inputs.len() != grants.len() {
        return failed("the grant changed while it was being closed");
    }
    let provider = match provider_of(context, session, layer) {
        Ok(provider) => provider,
        Err(why) => return failed(&why),
    };
    match session.call_together(&provider, verb, inputs).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(e) => failed(&one_line(&e)),
    }
}

/// What follows when a server was asked to close a grant of one layer; and whether it keeps its result until it is
/// told that it was recorded.
async fn close_claimed(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: Grant,
    before: State,
    said: Said,
) -> Result<(Ended, bool)> {
    let Some(layer) = grant.layers.first() else {
        let failure = Failure::unseen("the grant has no layer");
        return Ok((fail(context, ledger, grant, failure).await?, false));
    };
    let said = Some(said);
    match close_layer(context, ledger, session, &grant, layer, Some(before), said).await? {
        Ok(layer) => {
            let kept = layer.kept;
            let closed = record_closed(context, ledger, grant, &[layer]).await?;
            Ok((Ended::Closed(Box::new(closed)), kept))
        }
        Err(failure) => Ok((fail(context, ledger, grant, failure).await?, false)),
    }
}

/// Closes one grant, or notes that it is waited for (`None`); and whether an answer was missed.
async fn close_or_wait(
    round: &Round<'_>,
    session: &mut std::result::Result<Session<'_>, String>,
    grant: &Grant,
) -> (Result<Option<Ended>>, bool) {
    let Round { context, ledger, why, .. } = *round;
    if round.running == Running::MayGoOn && is_draining(grant, context.now()) {
        // Where it cannot be seen whether work is running, it is not cut off before its time.
        let seen = match session {
            Ok(session) => checking::look(context, session, grant).await,
            Err(why) => Err(why.clone().into()),
        };
        // The server may have closed it by itself when the last session was gone.
        let over = |seen: &checking::Seen| seen.sessions == Some(0) || !seen.is_present();
        if !seen.as_ref().is_ok_and(over) {
            let now = context.now();
            let until = latest_end(grant).min(now.saturating_add(LONGEST_WAIT));
            let noted = ledger.wait(&grant.id, until).await;
            let unheard = seen.is_err_and(|not| !not.refused);
            return (noted.map(|()| None).map_err(Error::from), unheard);
        }
    }
    let ended = match session {
        Ok(session) => close(context, ledger, session, &grant.id, why).await,
        Err(why) => not_reached(context, ledger, &grant.id, why).await,
    };
    let unheard = match &ended {
        Ok(Ended::Failed { refused, .. }) => !refused,
        Ok(Ended::Closed(closed)) => closed.unheard,
        Ok(Ended::Busy) | Err(_) => false,
    };
    (ended.map(Some), unheard)
}

/// The message and every reason behind it: "cannot reach" without "connection refused" helps
/// nobody.
#[must_use]
pub fn one_line(e: &Error) -> String {
    let causes: String = e.causes.iter().map(|cause| format!(": {cause}")).collect();
    format!("{}{causes}", e.message)
}

/// Records that a target could not be reached, for one grant that should have been closed there.
///
/// # Errors
/// Fails only when the ledger does.
pub async fn not_reached(context: &Context, ledger: &Ledger, id: &str, why: &str) -> Result<Ended> {
    match claim(context, ledger, id, "the target could not be used", 1).await? {
        Some((grant, _)) => fail(context, ledger, grant, Failure::unseen(why)).await,
        None => Ok(Ended::Busy),
    }
}

/// Commits `closing` before anything happens on the server, for one of so many that are closed together: the
/// grant, and the state in which it was. `None` where another process has it.
async fn claim(
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
    let event = event(context, &grant, CLOSING, json!({ "why": why }));
    // With every further one there is another to wait for, on the server and in the proof.
    let more = u32::try_from(together.saturating_sub(1)).unwrap_or(u32::MAX);
    let more = session::step_limit(context, &grant).saturating_mul(more).as_secs();
    let more = i64::try_from(more).unwrap_or(i64::MAX).saturating_mul(2);
    let lease = Lease::mine(now, lease_seconds(context, &grant).saturating_add(more));
    let claimed = ledger.claim(&grant.id, &from, State::Closing, &lease, now, &event).await?;
    Ok(claimed.map(|claimed| (claimed, grant.state)))
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
        format!("{}; the grant was made with the one of digest {}", e, layer.digest)
    })?;
    if let Some(why) = LayerState::of(layer).elsewhere(session.target) {
        return Err(why);
    }
    if provider.need == Need::None && session.user() != layer.account {
        return Err(format!(
            "the key is in the account `{}`, and the target now logs in as `{}`",
            layer.account,
            session.user()
        ));
    }
    Ok(provider)
}

/// What a server said when it was asked to close a layer, and when it was asked.
struct Said {
    began: UnixTime,
    answer: Result<Answer>,
}

/// What a close writes beside its result. Without the key there is nothing to prove it with, and closing
/// goes on.
fn closer(context: &Context, grant: &Grant, layer: &Layer) -> String {
    let key = mark::Key::load(context).ok().flatten();
    key.map(|key| key.closer(&grant.id, &layer.provider, &layer.account)).unwrap_or_default()
}

/// What `close` is told.
fn close_inputs<'a>(grant: &Grant, layer: &Layer, closer: &'a str) -> Inputs<'a> {
    // A request to open may still be on its way: it must not make what is taken away now.
    let not_after = match grant.opened_at {
        None => LayerState::of(layer).open_not_after,
        Some(_) => 0,
    };
    let moment =
        CallInputs { deadline: grant.deadline, not_after, closer, ..CallInputs::default() };
    inputs::of_layer(grant, layer, &moment)
}

/// Closes one layer, and tries a login that has to be refused.
async fn close_layer(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
    layer: &Layer,
    before: Option<State>,
    said: Option<Said>,
) -> Result<std::result::Result<LayerClosed, Failure>> {
    let provider = match provider_of(context, session, layer) {
        Ok(provider) => provider,
        Err(why) => return Ok(Err(Failure::unseen(why))),
    };
    let closer = closer(context, grant, layer);
    let mut ahead = None;
    let Said { began, answer } = match said {
        Some(said) => said,
        None => {
            let began = context.now();
            let inputs = close_inputs(grant, layer, &closer);
            let target = session.target;
            let is_offered = will_be_offered(context, ledger, target, layer, provider.need).await;
            let closing = Ahead::beside(
                session.call(&provider, Verb::Close, &inputs),
                |answer| matches!(answer, Ok(Answer::Done(_))),
                is_offered.then(|| session::reach_ahead(context, target)),
            );
            let (answer, reached) = closing.await;
            ahead = reached;
            Said { began, answer }
        }
    };
    let mut reply = match answer {
        Ok(Answer::Done(reply)) => reply,
        Ok(Answer::Refused { reason, .. }) => {
            return Ok(Err(Failure { refused: true, ..Failure::unseen(reason) }));
        }
        Ok(Answer::Unknown { why }) => return Ok(Err(Failure::unseen(why))),
        Err(e) => return Ok(Err(Failure::unseen(one_line(&e)))),
    };
    let mut beside = Vec::new();
    let mut evidence = Evidence::of(layer, &reply, context.now())
        .with_what_was_not_compared(&reply, grant.opened_at.is_some());
    if let Some(before) = before {
        let mut others = Others::default();
        if reply.lines("stray").next().is_some() || reply.text("hidden") == "more" {
            others = self::others(context, ledger, session.target, grant).await?;
            reply = look_again(context, session, grant, layer, &provider, reply, &others).await;
        }
        // One of this installation's that another ledger knows: a copy of this one, or one from before.
        let ours = !closer.is_empty() && reply.text("closer") == closer;
        let recorded = before;
        let before = if ours { State::Closing } else { before };
        let asked = asked_since(ledger, grant, recorded, began).await?.saturating_add(1)
            ..=context.now().saturating_add(1);
        beside = sharing::judge(grant, before, layer, &reply, &others, &asked, &mut evidence);
    }
    if evidence.found.total() > 0 {
        let others = others(context, ledger, session.target, grant).await?;
        // The server's own job says when it was done, and not when it began.
        let round = ROUND.saturating_add(session::walk_seconds(grant));
        let compared_at = evidence.by_server.map_or(began, |at| at.saturating_sub(round));
        evidence.leave_out(&others, compared_at);
    }
    let mut document = evidence.document(&reply);
    document.insert("provider".into(), json!(layer.provider));
    document.insert("account".into(), json!(layer.account));
    document.insert("digest".into(), json!(provider.digest));
    // What was seen is recorded although it is not over: a server may say it only once.
    let failed = |why: String, document| {
        let (layers, findings) = (vec![Value::Object(document)], evidence.found.total());
        Ok(Err(Failure { why, refused: false, layers, findings }))
    };
    if let Some(why) = still_there(&reply) {
        return failed(why.into(), document);
    }
    context.output.mark("trying the login that must be refused");
    let proof =
        prove_refused(context, ledger, session.target, grant, layer, &provider, &reply, ahead);
    let (id, text) = match proof.await? {
        Proof::Refused(text) => ("refused", text),
        Proof::NotTried(text) => ("not-tried", text),
        Proof::StillAccepted(text) | Proof::Unseen(text) => return failed(text, document),
    };
    let mut notes = evidence.notes(&reply);
    notes.extend(beside);
    notes.extend(self::notes(layer, &reply));
    notes.push(format!("login: {text}"));
    if provider.digest != layer.digest {
        notes.push(format!("the provider `{}` has changed since the grant", layer.provider));
    }
    document.insert("login".into(), json!({ "answer": id, "text": text }));
    let kept = reply.is(provider::KEPT);
    Ok(Ok(LayerClosed { document: Value::Object(document), notes, evidence, kept }))
}

/// Since when the server may have been asked to close a grant, by our clock: what a close that was cut off asked for
/// is found by the next one. What was planted within that very second is not believed.
async fn asked_since(
    ledger: &Ledger,
    grant: &Grant,
    before: State,
    began: UnixTime,
) -> Result<UnixTime> {
    if !matches!(before, State::Closing | State::Stuck) {
        return Ok(began);
    }
    let mut filter = EventFilter { grant: Some(grant.id.clone()), ..EventFilter::default() };
    loop {
        let page = ledger.events(&filter, MOST_EVENTS).await?;
        let Some(last) = page.last() else { return Ok(began) };
        filter.after = last.seq;
        if let Some(first) = page.iter().find(|event| event.verb == CLOSING) {
            return Ok(first.at.min(began));
        }
    }
}

/// Looks again, each time by a new login, for as long as what was seen may be another stagepass at work in the
/// same account, or a gate that is just ending. Two that close there at the same moment see each other:
/// each goes, and neither waits for the other. What hides well may be missed once, and hardly twice.
async fn look_again(
    context: &Context,
    session: &mut Session<'_>,
    grant: &Grant,
    layer: &Layer,
    provider: &Provider,
    mut reply: Reply,
    others: &Others,
) -> Reply {
    let ahead = LayerState::of(layer).clock_ahead;
    let moment = CallInputs { deadline: grant.deadline, ..CallInputs::default() };
    let inputs = inputs::of_layer(grant, layer, &moment);
    let until = Instant::now() + PATIENCE;
    let may_pass = |reply: &Reply| {
        let now = context.now().saturating_add(ahead);
        sharing::may_pass(grant, layer, reply, others, now)
    };
    let mut calm = if may_pass(&reply) { 0 } else { 2 };
    while calm < 2 && Instant::now() < until {
        context.output.mark("looking again for what only just began");
        tokio::time::sleep(PAUSE).await;
        if session.again().await.is_err() {
            break;
        }
        let Ok(Answer::Done(later)) = session.call(provider, Verb::Close, &inputs).await else {
            break;
        };
        reply = sharing::looked_again(&reply, &later);
        calm = if may_pass(&reply) { 0 } else { calm + 1 };
    }
    reply
}

/// The other grants on the same server, by whatever names of targets.
async fn others(
    context: &Context,
    ledger: &Ledger,
    target: &Target,
    grant: &Grant,
) -> Result<Others> {
    let keys = layer::host_keys(target);
    let mut known = Vec::new();
    for other in context.targets()?.iter() {
        if other.name == target.name || layer::host_keys(other).iter().any(|k| keys.contains(k)) {
            let filter = Filter {
                target: Some(other.name.clone()),
                ended_since: Some(grant.created_at),
                ..Filter::default()
            };
            let others = ledger.grants(&filter, MOST_OTHERS, None).await?;
            // What an altered row says explains nothing away.
            known.extend(others.into_iter().filter(|other| !other.altered));
        }
    }
    Ok(Others::of(grant, known))
}

/// What was re-read and is not gone, if anything is. What an earlier close wrote down, it wrote
/// before its last steps.
fn still_there(reply: &Reply) -> Option<&'static str> {
    if !reply.is("absent") {
        return Some("what was re-read says that access still exists");
    }
    if reply.is("by_server") || reply.is("already_absent") {
        return None;
    }
    [
        ("gate_absent", "what was re-read says that the gate is still there"),
        ("drop_in_absent", "what was re-read says that sshd's setting for it is still there"),
        (
            "failsafe_absent",
            "what was re-read says that the job that ends it on the server is still there",
        ),
    ]
    .into_iter()
    .find_map(|(key, why)| (reply.text(key) == "false").then_some(why))
}

/// What the merchant should know of what `close` replied.
fn notes(layer: &Layer, reply: &Reply) -> Vec<String> {
    let mut notes = Vec::new();
    if reply.is("already_absent") && !reply.is("by_server") {
        notes.push(format!(
            "the access in `{}` was already absent when stagepass came to end it",
            layer.account
        ));
    }
    if reply.is("foreign") {
        notes.push(format!(
            "an account named `{}` exists that stagepass did not make; it was left alone",
            layer.account
        ));
    }
    if let Some(count) = reply.number("reowned").filter(|count| *count > 0) {
        let files =
            if count == 1 { "file of the account was" } else { "files of the account were" };
        notes.push(format!("{count} {files} given to the shop folder's owner"));
    }
    if reply.is("same_key_kept") {
        notes.push(
            "the same key still opens this account through another grant, which stays".into(),
        );
    }
    if reply.is("same_key_foreign") {
        notes.push(
            "the same key is also in a line that stagepass did not make; that line was left alone \
             and the key still opens this account"
                .into(),
        );
    }
    if reply.is("moved_line_removed") {
        notes.push(
            "the supporter's key stood in a line without our mark that was not there before; that \
             line was removed too"
                .into(),
        );
    }
    if reply.text("hidden") == "unknown" && LayerState::is_shared(layer) {
        let account = layer.account.as_str();
        notes.push(message::text("shared-uncounted", &[("account", account.into())]));
    }
    if reply.is("id_taken") {
        notes.push(
            "an account of another name, without our mark, has this account's number; it was left \
             alone: look at it"
                .into(),
        );
    }
    if reply.is("acl_left") {
        notes.push(
            "some files of root in folders that others can write keep an entry for a number that \
             no account has any more"
                .into(),
        );
    }
    if let Some(count) = reply.number("planted_removed").filter(|count| *count > 0) {
        notes.push(format!(
            "{count} login files that the account had left in the shop folder were not handed over"
        ));
    }
    if reply.is("mark_changed") {
        notes.push("the account's mark had been changed while the grant was open".into());
    }
    if let Some(count) = reply.number("deleted_outside").filter(|count| *count > 0) {
        notes
            .push(format!("{count} files that the account left in temporary folders were deleted"));
    }
    if reply.is("uses_partial") {
        notes.push(
            "the record of uses is not complete (it was too long to read, or SFTP was ended while \
             files were open): more may have been moved than the bytes say"
                .into(),
        );
    }
    for key in ["note", "sessions_left"] {
        let text = reply.text(key);
        if !text.is_empty() && text != "0" {
            notes.push(match (key, reply.number("sessions_left")) {
                ("sessions_left", Some(1)) => "one session of this grant is still open".to_owned(),
                ("sessions_left", Some(count)) => {
                    format!("{count} sessions of this grant are still open")
                }
                ("sessions_left", None) if !LayerState::is_shared(layer) => {
                    "what runs or is connected on this server cannot all be told apart; some of it \
                     may be of this grant, and was not ended"
                        .to_owned()
                }
                ("sessions_left", None) => "sessions that were open in this shared account cannot \
                                            be told apart and were not ended"
                    .to_owned(),
                _ => text.to_owned(),
            });
        }
    }
    notes
}

/// Tries to log in with the supporter's key, which has to be refused.
#[expect(clippy::too_many_arguments, reason = "each is something else")]
pub(crate) async fn prove_refused(
    context: &Context,
    ledger: &Ledger,
    target: &Target,
    grant: &Grant,
    layer: &Layer,
    provider: &Provider,
    reply: &Reply,
    ahead: Option<Ahead>,
) -> Result<Proof> {
    if reply.is("same_key_foreign") {
        return Ok(Proof::NotTried(
            "not tried: the same key is in a line that stagepass did not make, and opens this \
             account in any case"
                .into(),
        ));
    }
    // Who can write in the account can also write a line that looks like another grant's: only the
    // ledger knows whether there is one.
    if reply.is("same_key_kept")
        && let Some(twin) = twin_of(ledger, grant, layer).await?
    {
        return Ok(Proof::NotTried(format!(
            "not tried: the same key opens this account through grant {twin}, too"
        )));
    }
    let supporter = &grant.supporter.name;
    Ok(match offer(context, ledger, target, layer, provider.need, Access::Ssh, ahead).await? {
        Offer::Answered(transport::Answer::Refused { .. }) if layer.has_password => Proof::Refused(
            "the key was tried and refused; the password was never kept, and was not tried".into(),
        ),
        Offer::Answered(transport::Answer::Refused { .. }) => {
            Proof::Refused("tried and refused".into())
        }
        Offer::Answered(_) => {
            Proof::StillAccepted(format!("the server still accepts the key of {supporter}"))
        }
        Offer::NotTried(why) => Proof::NotTried(why),
        Offer::Unseen(why) => Proof::Unseen(why),
    })
}

/// What became of a key that was to be offered.
pub(crate) enum Offer {
    /// The server took it, or refused it.
    Answered(transport::Answer),
    /// It was not offered, for this reason.
    NotTried(String),
    /// Nobody saw an answer: why.
    Unseen(String),
}

/// Offers the supporter's key. Nothing is signed, for its private half is not ours: a server that
/// refuses the offer refuses the login (RFC 4252, section 7).
///
/// # Errors
/// Fails only when the ledger does.
pub(crate) async fn offer(
    context: &Context,
    ledger: &Ledger,
    target: &Target,
    layer: &Layer,
    need: Need,
    use_as: Access,
    ahead: Option<Ahead>,
) -> Result<Offer> {
    let not_tried = |why: &str| Ok(Offer::NotTried(format!("not tried: {why}")));
    let key = match key_to_offer(layer) {
        Ok(key) => key,
        Err(why) => return not_tried(why),
    };
    // In an account of ours the login fails and counts against our address; OpenSSH 9.8 and later
    // counts a key that it took and nobody signed with, too. In the merchant's own account our own
    // login follows on the same connection, which succeeds, and nothing is counted.
    let mut attempts = vec![Attempt::OfferInEveryWay(&key)];
    if need == Need::None {
        attempts.push(Attempt::Own);
    } else if !ledger.take_proof(&target.name, context.now(), RATION).await? {
        return not_tried(&format!(
            "so that no server locks this address out, a login that fails is made once in {} \
             seconds and {} times in {} minutes",
            RATION.spacing_s,
            RATION.per,
            RATION.window_s / 60
        ));
    }
    let tried = transport::try_login_over(
        ahead,
        target,
        &layer.account,
        &attempts,
        use_as,
        context,
        &context.surroundings,
        context.step_deadline(),
    )
    .await;
    let unseen = |why: &str| Offer::Unseen(format!("the login could not be tried: {}", clean(why)));
    Ok(match tried.map(|answers| answers.into_iter().next()) {
        Ok(Some(transport::Answer::NoUse { why } | transport::Answer::Unknown { why })) => {
            unseen(&why)
        }
        Ok(Some(answer)) => Offer::Answered(answer),
        Ok(None) => unseen("nothing was tried"),
        Err(e) => unseen(&one_line(&session::unreachable(target, e))),
    })
}

/// The supporter's key, where what a server says to it from here says something about the grant; else why not.
fn key_to_offer(layer: &Layer) -> std::result::Result<PublicKey, &'static str> {
    let key = layer.public_key.as_deref().and_then(public_key::parse_stored);
    let key = key.ok_or("the password was never kept")?;
    let known = LayerState::of(layer);
    if known.is_limited() && !known.taken_here {
        return Err(
            "the key is limited to other addresses, and would be refused from here in any case",
        );
    }
    Ok(key)
}

/// Whether the key will be offered when the grant is closed, as far as that is known before: then the connection
/// for it can be made meanwhile. An sshd that is told of a password's gate, or that it is gone, reads its settings
/// for connections that come later. A ledger that cannot be read here keeps no server from closing.
async fn will_be_offered(
    context: &Context,
    ledger: &Ledger,
    target: &Target,
    layer: &Layer,
    need: Need,
) -> bool {
    if layer.has_password || key_to_offer(layer).is_err() {
        return false;
    }
    need == Need::None
        || ledger.has_proof(&target.name, context.now(), RATION).await.unwrap_or(false)
}

/// Another live grant that has the same key in the same account.
async fn twin_of(ledger: &Ledger, grant: &Grant, layer: &Layer) -> Result<Option<String>> {
    if layer.key_fingerprint.is_none() {
        return Ok(None);
    }
    let filter = Filter {
        target: Some(grant.target.clone()),
        live_only: true,
        key_fingerprint: layer.key_fingerprint.clone(),
        ..Filter::default()
    };
    let others = ledger.grants(&filter, 100, None).await?;
    let is_twin = |other: &Grant| {
        other.id != grant.id && other.layers.iter().any(|one| one.account == layer.account)
    };
    Ok(others.into_iter().find(is_twin).map(|other| other.id))
}

/// Counts a failure and says when to try again: after 1, 2, 4, 8 and 16 minutes, then daily.
async fn fail(
    context: &Context,
    ledger: &Ledger,
    mut grant: Grant,
    failure: Failure,
) -> Result<Ended> {
    grant.attempts += 1;
    let (why, refused) = (clean(&failure.why), failure.refused);
    grant.findings = grant.findings.max(failure.findings);
    grant.last_error = Some(why.clone());
    grant.next_attempt_at = Some(context.now() + pause(grant.attempts));
    let verb = if grant.attempts >= TRIES {
        grant.state = State::Stuck;
        "grant.stuck"
    } else {
        "grant.close-failed"
    };
    grant.lease_owner = None;
    grant.lease_until = None;
    let mut detail = json!({ "why": why, "attempts": grant.attempts, "refused": refused });
    if let Some(detail) = detail.as_object_mut().filter(|_| !failure.layers.is_empty()) {
        detail.insert("layers".into(), json!(failure.layers));
    }
    let event = event(context, &grant, verb, detail);
    let grant = Box::new(ledger.record(&grant, &event).await?);
    Ok(Ended::Failed { grant, why, refused })
}

/// Seconds to wait after the failure with this number.
fn pause(attempts: i64) -> i64 {
    match u32::try_from(attempts) {
        Ok(number @ 1..6) => 60 << (number - 1),
        _ => DAY,
    }
}

/// Forgets what only an attempt needs.
pub fn release(grant: &mut Grant) {
    grant.attempts = 0;
    grant.next_attempt_at = None;
    grant.last_error = None;
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

/// When the next attempt comes, for people.
#[must_use]
pub fn next_attempt(grant: &Grant, now: UnixTime, is_swept: bool) -> String {
    match grant.next_attempt_at {
        // Nobody promises what nothing does.
        _ if !is_swept => "`stagepass sweep` tries again; no schedule does it by itself".to_owned(),
        Some(at) if at > now => format!("tried again by the sweep in {}", span(at - now)),
        _ => "tried again by the next sweep".to_owned(),
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
    use crate::grant::{NewGrant, Supporter};

    #[test]
    fn failures_are_tried_again_later_and_later_and_then_daily() {
        let pauses: Vec<i64> = (1..=8).map(pause).collect();
        assert_eq!(pauses, [60, 120, 240, 480, 960, DAY, DAY, DAY]);
    }

    fn closed(number: i64) -> Closed {
        let new = NewGrant {
            id: format!("{number:010}"),
            case: "C-1".into(),
            target: "shop".into(),
            supporter: Supporter { name: "Ana".into(), company: "Acme".into() },
            access: Access::Sftp,
            created_at: 0,
            deadline: 0,
            deadline_maximum: 0,
            terms: String::new(),
            layers: Vec::new(),
        };
        let mut grant = new.grant();
        grant.state = State::Closed;
        grant.closed_at = Some(0);
        grant.findings = i64::from(number == 4999);
        Closed { grant, notes: Vec::new(), found: Vec::new(), unheard: false }
    }

    #[test]
    fn of_very_many_the_first_are_told_and_the_others_counted() {
        let mut sum = Tally::default();
        for page in 0..5 {
            let mut tally = Tally::default();
            for number in page * 1000..(page + 1) * 1000 {
                tally.closed.push(closed(number));
                let mut grant = closed(number).grant;
                grant.state = if number == 4321 { State::Stuck } else { State::Closing };
                tally.failed.push((grant, "away".into(), number % 2 == 0));
            }
            sum.append(tally);
        }
        assert_eq!((sum.closed.len(), sum.failed.len()), (MOST_TOLD, MOST_TOLD));
        assert_eq!((sum.closed_count(), sum.failed_count()), (5000, 5000));
        assert_eq!((sum.untold.refused, sum.untold.unseen, sum.untold.stuck), (2000, 2000, 1));
        // What has to be looked at is among those that are told.
        assert_eq!(sum.closed.first().map(|closed| closed.grant.findings), Some(1));
        assert_eq!(sum.untold.found, 0);
    }
}
