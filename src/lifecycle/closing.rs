//! Closing a grant: one way for `revoke`, `case close`, `sweep` and a grant that went wrong.
//!
//! `closing` is committed first. The provider's `close` locks, ends, deletes and re-reads; then a
//! login with the old key is tried and has to be refused. Only then is the grant `closed`. What
//! nobody saw stays `closing`, and what failed six times is `stuck` and retried daily for ever.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::context::Context;
use crate::deadline;
use crate::error::Result;
use crate::grant::{Grant, Layer, State, UnixTime};
use crate::ledger::{Filter, Ledger};
use crate::lifecycle::claim::{TRIES, claim, event, latest_end, pause, provider_of, release};
use crate::lifecycle::difference::Others;
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::refusal::{Proof, prove_refused, will_be_offered};
use crate::lifecycle::sealed;
use crate::lifecycle::sharing;
use crate::mark;
use crate::message::{self, Arg, Note};
use crate::remote::clock::ServerTime;
use crate::remote::inputs::{self, CallInputs};
use crate::remote::layer::{self, LayerState, OpenReply};
use crate::remote::provider::{self, AccountKind, Provider, Verb};
use crate::remote::saying::{SayingKind, Seen};
use crate::remote::script::{Answer, Inputs, Reply, clean};
use crate::remote::session::{self, Session};
use crate::target::Target;
use crate::transport::Ahead;

/// The most grants of one target that a comparison is held against.
const MOST_OTHERS: u32 = 1000;

/// How long what only just began in a shared account is looked at again, and how long it has before each
/// look.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);

/// Seconds that the server's own job takes at the most, from the comparison to the note of when it
/// was done, but for what a walk through a large shop takes longer.
const ROUND: i64 = 120;

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
    pub notes: Vec<Note>,
    /// The worst of what was found, at most [`MOST_FOUND`] lines; how many there were is in the
    /// grant.
    pub found: Vec<String>,
    /// Whether the server was not heard when it was told that it may forget the result.
    pub unheard: bool,
}

/// The most findings of one grant that a command shows; the ledger has the others.
pub const MOST_FOUND: usize = 20;

/// One layer that was closed.
struct LayerClosed {
    /// Where it stands in the grant's list.
    position: usize,
    /// What the event keeps.
    document: Value,
    notes: Vec<Note>,
    evidence: Evidence,
    /// Whether the server keeps the result until it is told that it was recorded.
    kept: bool,
}

/// Why a layer is not closed.
#[derive(Debug, Default)]
struct Failure {
    why: String,
    /// Whether the server said no; otherwise nobody saw how it ended.
    refused: bool,
    /// What was seen of it all the same.
    document: Option<Value>,
    /// What was found of it all the same.
    findings: i64,
}

/// How an attempt to close the layers of a grant ended, one by one.
#[derive(Default)]
struct Attempt {
    closed: Vec<LayerClosed>,
    /// By their place in the grant's list.
    failed: Vec<(usize, Failure)>,
}

impl Attempt {
    fn add(&mut self, position: usize, ended: std::result::Result<LayerClosed, Failure>) {
        match ended {
            Ok(closed) => self.closed.push(closed),
            Err(failure) => self.failed.push((position, failure)),
        }
    }

    /// What an event keeps of it, layer by layer.
    fn documents(&self) -> Vec<&Value> {
        let closed = self.closed.iter().map(|layer| &layer.document);
        closed.chain(self.failed.iter().filter_map(|(_, it)| it.document.as_ref())).collect()
    }

    fn notes(&self) -> Vec<Note> {
        self.closed.iter().flat_map(|layer| layer.notes.clone()).collect()
    }
}

impl Failure {
    fn unseen(why: impl Into<String>) -> Self {
        Self { why: why.into(), ..Self::default() }
    }
}

/// A grant that is being closed, and what became of its layers so far.
pub(crate) struct Closing {
    pub(crate) grant: Grant,
    /// Its state before it was claimed.
    before: State,
    attempt: Attempt,
}

impl Closing {
    /// A grant that was claimed, in this state.
    pub(crate) fn of(grant: Grant, before: State) -> Self {
        Self { grant, before, attempt: Attempt::default() }
    }

    /// The layers that are left, in the order in which they are closed: last opened, first closed. One that fails
    /// keeps none of the others open.
    pub(crate) fn live_layers(&self) -> Vec<usize> {
        let live = self.grant.layers.iter().enumerate().filter(|(_, layer)| layer.state.is_live());
        live.map(|(position, _)| position).rev().collect()
    }

    /// Closes one layer after the other. Says whether the last answer was missed.
    pub(crate) async fn close_layers(
        &mut self,
        context: &Context,
        ledger: &Ledger,
        session: &mut Session<'_>,
    ) -> Result<bool> {
        let mut unheard = false;
        for position in self.live_layers() {
            // Nobody knows what state the old connection is in; where there is no other, each says so.
            if unheard {
                let _ = session.again().await;
            }
            unheard = self.close_layer(context, ledger, session, position, None).await?;
        }
        Ok(unheard)
    }

    /// Closes one layer, or takes what the server said where it was asked already, and tries a login that has to be
    /// refused. Says whether an answer was missed.
    pub(crate) async fn close_layer(
        &mut self,
        context: &Context,
        ledger: &Ledger,
        session: &mut Session<'_>,
        position: usize,
        said: Option<Said>,
    ) -> Result<bool> {
        let ended = match self.grant.layers.get(position) {
            Some(layer) => {
                let before = Some(self.before);
                close_layer(context, ledger, session, &self.grant, layer, before, said).await?
            }
            None => Err(Failure::unseen(message::text("opening-no-layer", &[]))),
        };
        let unheard = ended.as_ref().is_err_and(|failure| !failure.refused);
        self.attempt.add(position, ended);
        Ok(unheard)
    }

    /// Commits what became of the layers that were to be closed: each that is gone is closed for good, whatever
    /// became of the others. Beside it the layers of which the server keeps the result until it is told that it
    /// was recorded.
    pub(crate) async fn record(
        self,
        context: &Context,
        ledger: &Ledger,
    ) -> Result<(Ended, Vec<usize>)> {
        let Self { mut grant, attempt, .. } = self;
        let now = context.now();
        for closed in &attempt.closed {
            let Some(layer) = grant.layers.get_mut(closed.position) else { continue };
            layer.state = State::Closed;
            layer.closed_at = Some(closed.evidence.by_server.unwrap_or(now).max(grant.created_at));
            layer.last_error = None;
            layer.findings = closed.evidence.found.total().max(layer.findings);
        }
        let kept = attempt.closed.iter().filter(|layer| layer.kept).map(|layer| layer.position);
        let kept = kept.collect();
        let ended = if attempt.failed.is_empty() {
            Ended::Closed(Box::new(record_closed(context, ledger, grant, &attempt).await?))
        } else {
            fail(context, ledger, grant, attempt).await?
        };
        Ok((ended, kept))
    }
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
    let mut closing = Closing::of(grant, before);
    closing.close_layers(context, ledger, session).await?;
    let (mut ended, kept) = closing.record(context, ledger).await?;
    // Only now may the server forget what it saw: a crash up to here loses nothing, and what it
    // keeps for longer it throws away by itself.
    match &mut ended {
        Ended::Closed(closed) if !kept.is_empty() => {
            closed.unheard = forget_results(context, session, &closed.grant, &kept).await.is_err();
        }
        Ended::Failed { grant, .. } if !kept.is_empty() => {
            let _ = forget_results(context, session, grant, &kept).await;
        }
        _ => {}
    }
    Ok(ended)
}

/// Commits `closed` with everything that was seen.
async fn record_closed(
    context: &Context,
    ledger: &Ledger,
    grant: Grant,
    attempt: &Attempt,
) -> Result<Closed> {
    let layers = &attempt.closed;
    // The server ended it when the last layer went, unless one had to wait for us.
    let by_server: Option<Vec<UnixTime>> =
        layers.iter().map(|layer| layer.evidence.by_server).collect();
    let by_server = by_server.filter(|_| layers.len() == grant.layers.len());
    let by_server = by_server.and_then(|times| times.into_iter().max());
    let ended_at = grant.layers.iter().filter_map(|layer| layer.closed_at).max();
    let ended_at = ended_at.unwrap_or_else(|| context.now());
    let late = (ended_at - latest_end(&grant)).max(0);
    let notes = attempt.notes();
    let mut detail = json!({
        "layers": attempt.documents(), "notes": notes, "seconds_late": late,
        "closed_as": LastWord::of(&grant),
    });
    if let (Some(at), Some(detail)) = (by_server, detail.as_object_mut()) {
        let why = message::text("reason-by-server", &[("at", Arg::of(deadline::utc(at)))]);
        detail.insert("why".into(), json!(why));
        detail.insert("ended_by".into(), json!("server"));
    }
    let mut closed = grant;
    closed.closed_at = Some(ended_at);
    release(&mut closed);
    closed.sum_up();
    let event = event(context, &closed, "grant.closed", detail);
    let grant = ledger.record(&closed, &event).await?;
    if !grant.state.is_live() {
        sealed::forget(context, &grant.id);
    }
    let found = layers.iter().flat_map(|layer| layer.evidence.found.lines());
    Ok(Closed { grant, notes, found: found.take(MOST_FOUND).collect(), unheard: false })
}

/// Tells the server that what it kept of the close of these layers is recorded, so that it may forget it.
pub(crate) async fn forget_results(
    context: &Context,
    session: &mut Session<'_>,
    grant: &Grant,
    positions: &[usize],
) -> std::result::Result<(), String> {
    for layer in positions.iter().filter_map(|position| grant.layers.get(*position)) {
        let provider = provider_of(context, session, layer)?;
        if !provider.keeps_results() {
            continue;
        }
        let inputs = collected(grant, layer);
        match session.call(&provider, Verb::Collected, &inputs).await {
            Ok(Answer::Done(_) | Answer::Refused { .. }) => {}
            Ok(Answer::Unknown { why }) => return Err(why),
            Err(e) => return Err(e.one_line()),
        }
    }
    Ok(())
}

pub(crate) fn collected(grant: &Grant, layer: &Layer) -> Inputs<'static> {
    let moment = CallInputs { deadline: grant.deadline, ..CallInputs::default() };
    inputs::of_layer(grant, layer, &moment)
}

/// What closing something showed that is not live in the ledger.
#[derive(Debug)]
pub(crate) struct ClosedAgain {
    /// What an event keeps, layer by layer.
    pub layers: Vec<Value>,
    /// What the merchant should know about it, one sentence each.
    pub notes: Vec<Note>,
    /// The layers of which the server keeps the result until it is told that it was recorded.
    pub kept: Vec<usize>,
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
    let mut again = ClosedAgain { layers: Vec::new(), notes: Vec::new(), kept: Vec::new() };
    let mut failures: Vec<(usize, Failure)> = Vec::new();
    for (position, layer) in grant.layers.iter().enumerate().rev() {
        match close_layer(context, ledger, session, grant, layer, None, None).await? {
            Ok(closed) => {
                let found = closed.evidence.found.lines().into_iter().take(MOST_FOUND);
                again
                    .notes
                    .extend(found.map(|line| Note::of("end-found", &[("line", line.into())])));
                again.notes.extend(closed.notes);
                again.kept.extend(Some(position).filter(|_| closed.kept));
                again.layers.push(closed.document);
            }
            Err(mut failure) => {
                again.layers.extend(failure.document.take());
                failures.push((position, failure));
            }
        }
    }
    if failures.is_empty() {
        return Ok(Ok(again));
    }
    let refused = failures.iter().all(|(_, failure)| failure.refused);
    Ok(Err((told_together(grant, &failures), refused, again.layers)))
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

/// Records that a target could not be reached, for one grant that should have been closed there.
///
/// # Errors
/// Fails only when the ledger does.
pub async fn not_reached(context: &Context, ledger: &Ledger, id: &str, why: &str) -> Result<Ended> {
    match claim(context, ledger, id, &message::text("reason-unreachable", &[]), 1).await? {
        Some((grant, _)) => {
            let mut attempt = Attempt::default();
            for (position, layer) in grant.layers.iter().enumerate() {
                if layer.state.is_live() {
                    attempt.add(position, Err(Failure::unseen(why)));
                }
            }
            fail(context, ledger, grant, attempt).await
        }
        None => Ok(Ended::Busy),
    }
}

/// What a server said when it was asked to close a layer, and when it was asked.
pub(crate) struct Said {
    pub(crate) began: UnixTime,
    pub(crate) answer: Result<Answer>,
}

/// What a close writes beside its result. Without the key there is nothing to prove it with, and closing
/// goes on.
pub(crate) fn closer(context: &Context, grant: &Grant, layer: &Layer) -> String {
    let key = mark::Key::load(context).ok().flatten();
    key.map(|key| key.closer(&grant.layer_id(layer), &layer.provider, &layer.account))
        .unwrap_or_default()
}

/// What `close` is told.
pub(crate) fn close_inputs<'a>(grant: &Grant, layer: &Layer, closer: &'a str) -> Inputs<'a> {
    // A request to open may still be on its way: it must not make what is taken away now.
    let not_after = match grant.opened_at {
        None => LayerState::of(layer).open_not_after,
        Some(_) => ServerTime::default(),
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
            let is_offered = provider.account != AccountKind::None
                && will_be_offered(context, ledger, target, layer, provider.account).await;
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
        Err(e) => return Ok(Err(Failure::unseen(e.one_line()))),
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
        // A result that a close wrote carries the word of the installation that sent it. By that it is one of ours,
        // also where another ledger knows of it (a copy of this one, or one from before), and without it it is not,
        // whatever had been begun here.
        let ours = reply.text("closer") == closer;
        let before = match (closer.is_empty(), ours) {
            (true, _) => before,
            (false, true) => State::Closing,
            (false, false) => State::Open,
        };
        // Behind the second in which we began: what was planted right before that is not believed.
        let asked = began.saturating_add(1)..=context.now().saturating_add(1);
        beside = sharing::judge(grant, before, layer, &reply, &others, &asked, &mut evidence);
    }
    if evidence.found.total() > 0 {
        let others = others(context, ledger, session.target, grant).await?.beside(grant, layer);
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
        let (document, findings) = (Some(Value::Object(document)), evidence.found.total());
        Ok(Err(Failure { why, refused: false, document, findings }))
    };
    if let Some(why) = still_there(layer, &provider, &reply) {
        return failed(why, document);
    }
    let mut notes = evidence.notes(&reply);
    notes.extend(beside);
    notes.extend(self::notes(layer, &provider, &reply));
    if provider.digest != layer.digest {
        let args = [("provider", layer.provider.as_str().into())];
        notes.push(Note::of("end-provider-changed", &args));
    }
    let kept = reply.is(provider::KEPT);
    let position = layer.position;
    // It gives no login that could be tried: what was re-read has to do.
    if provider.account == AccountKind::None {
        if layer.has_password {
            let args = [("provider", layer.provider.as_str().into())];
            notes.push(Note::of("end-password-not-tried", &args));
        }
        let document = Value::Object(document);
        return Ok(Ok(LayerClosed { position, document, notes, evidence, kept }));
    }
    context.output.mark("trying the login that must be refused");
    let proof =
        prove_refused(context, ledger, session.target, grant, layer, &provider, &reply, ahead);
    let (id, text) = match proof.await? {
        Proof::Refused(note) => ("refused", note),
        Proof::NotTried(note) => ("not-tried", note),
        Proof::StillAccepted(text) | Proof::Unseen(text) => return failed(text, document),
    };
    document.insert("login".into(), json!({ "answer": id, "text": text.text }));
    notes.push(text.of_login());
    Ok(Ok(LayerClosed { position, document: Value::Object(document), notes, evidence, kept }))
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
    let skew = LayerState::of(layer).clock_ahead;
    let moment = CallInputs { deadline: grant.deadline, ..CallInputs::default() };
    let inputs = inputs::of_layer(grant, layer, &moment);
    let until = Instant::now() + PATIENCE;
    let may_pass = |reply: &Reply| {
        let now = skew.theirs(context.now());
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
fn still_there(layer: &Layer, provider: &Provider, reply: &Reply) -> Option<String> {
    let what = |id: &str| message::text("still-there", &[("what", message::text(id, &[]).into())]);
    if !reply.is("absent") {
        return Some(what("there-access"));
    }
    if reply.is("by_server") || reply.is("already_absent") {
        return None;
    }
    let common = [
        ("gate_absent", "there-gate"),
        ("drop_in_absent", "there-drop-in"),
        ("failsafe_absent", "there-failsafe"),
    ];
    let common = common.into_iter().find(|(key, _)| reply.text(key) == "false");
    let own = || {
        let opened = OpenReply::of(layer);
        let made = opened.reply();
        let seen = Seen { reply, made, account: &layer.account, grant: &[] };
        let said = provider.said(Verb::Close, SayingKind::There, &seen).into_iter().next()?;
        Some(message::text("still-there", &[("what", said.text.into())]))
    };
    common.map(|(_, id)| what(id)).or_else(own)
}

/// What the merchant should know of what `close` replied: of what every kind of layer has, and then what the
/// provider says by itself.
fn notes(layer: &Layer, provider: &Provider, reply: &Reply) -> Vec<Note> {
    let left = reply.text("sessions_left");
    let unknown = !left.is_empty() && left.parse::<i64>().is_err();
    let is_shared = LayerState::is_shared(layer);
    let all = [
        ("end-already-absent", reply.is("already_absent") && !reply.is("by_server")),
        ("end-foreign", reply.is("foreign")),
        ("end-same-key-kept", reply.is("same_key_kept")),
        ("end-same-key-foreign", reply.is("same_key_foreign")),
        ("shared-uncounted", reply.text("hidden") == "unknown" && is_shared),
        ("end-uses-partial", reply.is("uses_partial") && !reply.is("uses_cut")),
        ("end-sessions-left", reply.number("sessions_left").is_some_and(|count| count > 0)),
        ("end-sessions-unknown", unknown && !is_shared),
        ("end-sessions-shared", unknown && is_shared),
    ];
    let account = layer.account.as_str();
    let args = [
        ("account", account.into()),
        ("kind", provider.account.id().into()),
        ("sessions", reply.number("sessions_left").unwrap_or_default().into()),
    ];
    let common = Note::those(all, &args);
    let opened = OpenReply::of(layer);
    let seen = Seen { reply, made: opened.reply(), account, grant: &[] };
    let own = provider.said(Verb::Close, SayingKind::Note, &seen);
    common.chain(provider.notes(reply)).chain(own).collect()
}

/// Counts a failure and says when to try again: after 1, 2, 4, 8 and 16 minutes, then daily.
async fn fail(
    context: &Context,
    ledger: &Ledger,
    mut grant: Grant,
    attempt: Attempt,
) -> Result<Ended> {
    grant.attempts += 1;
    let why = told_together(&grant, &attempt.failed);
    // Whoever refused may have good reasons; what nobody saw may still be there.
    let refused = attempt.failed.iter().all(|(_, failure)| failure.refused);
    for (position, failure) in &attempt.failed {
        let Some(layer) = grant.layers.get_mut(*position) else { continue };
        layer.last_error = Some(clean(&failure.why));
        layer.findings = layer.findings.max(failure.findings);
    }
    grant.next_attempt_at = Some(context.now() + pause(grant.attempts));
    // Each that is left was tried at every attempt.
    let verb = if grant.attempts >= TRIES {
        grant.move_to(State::Stuck);
        "grant.stuck"
    } else {
        "grant.close-failed"
    };
    grant.lease_owner = None;
    grant.lease_until = None;
    let mut detail = json!({ "why": why, "attempts": grant.attempts, "refused": refused });
    let documents = attempt.documents();
    if let Some(detail) = detail.as_object_mut().filter(|_| !documents.is_empty()) {
        detail.insert("layers".into(), json!(documents));
    }
    let event = event(context, &grant, verb, detail);
    let grant = Box::new(ledger.record(&grant, &event).await?);
    Ok(Ended::Failed { grant, why, refused })
}

/// Why these layers of a grant are not closed, in one line: of several each with its provider.
fn told_together(grant: &Grant, failures: &[(usize, Failure)]) -> String {
    let told = failures.iter().map(|(position, failure)| {
        let why = clean(&failure.why);
        match grant.layers.get(*position).filter(|_| grant.layers.len() > 1) {
            Some(layer) => format!("{}: {why}", layer.provider),
            None => why,
        }
    });
    told.collect::<Vec<_>>().join("; ")
}
