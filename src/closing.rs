//! Closing a grant: one way for `revoke`, `case close`, `sweep` and a grant that went wrong.
//!
//! `closing` is committed first. The provider's `close` locks, ends, deletes and re-reads; then a
//! login with the old key is tried and has to be refused. Only then is the grant `closed`. What
//! nobody saw stays `closing`, and what failed six times is `stuck` and retried daily for ever.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::grant::{Access, Grant, Layer, State, UnixTime};
use crate::ledger::{Event, Filter, Lease, Ledger, Ration};
use crate::output::Progress;
use crate::provider::{Need, Provider, Verb};
use crate::public_key;
use crate::script::{Answer, Reply, clean};
use crate::session::{self, Known, Moment, Session};
use crate::target::Target;
use crate::transport::{self, Attempt};

/// Seconds a process may keep a grant to itself at least.
const LEASE_SECONDS: i64 = 15 * 60;

/// The most steps on a server that one process makes for one grant, with the logins that are tried
/// again.
const MOST_STEPS: u32 = 10;

/// Seconds a process may keep a grant to itself: longer than all its steps together.
#[must_use]
pub fn lease_seconds(context: &Context) -> i64 {
    let steps = context.step_limit.saturating_mul(MOST_STEPS);
    i64::try_from(steps.as_secs()).unwrap_or(i64::MAX).max(LEASE_SECONDS)
}

/// After this many failures in a row a grant is `stuck`.
pub const TRIES: i64 = 6;

/// How many times a lost connection to one target is opened again in one run.
const MOST_CONNECTIONS: u32 = 3;

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
    Closed {
        /// The grant as it stands now.
        grant: Box<Grant>,
        /// What the merchant should know about it, one sentence each.
        notes: Vec<String>,
    },
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
    let Some(grant) = claim(context, ledger, id, why).await? else {
        return Ok(Ended::Busy);
    };
    let mut evidence = Vec::new();
    let mut notes = Vec::new();
    // Last opened, first closed.
    for layer in grant.layers.iter().rev() {
        match close_layer(context, ledger, session, &grant, layer).await? {
            Ok((seen, said)) => {
                evidence.push(seen);
                notes.extend(said);
            }
            Err((why, refused)) => return fail(context, ledger, grant, &why, refused).await,
        }
    }
    let now = context.now();
    let late = (now - grant.deadline).max(0);
    let detail = json!({ "layers": evidence, "notes": notes, "seconds_late": late });
    let mut closed = grant;
    closed.state = State::Closed;
    closed.closed_at = Some(now);
    release(&mut closed);
    let event = event(context, &closed, "grant.closed", detail);
    let grant = Box::new(ledger.record(&closed, &event).await?);
    Ok(Ended::Closed { grant, notes })
}

/// How closing many grants ended.
#[derive(Debug, Default)]
pub struct Tally {
    /// Proved closed, with what the merchant should know.
    pub closed: Vec<(Grant, Vec<String>)>,
    /// Not proved closed, why, and whether the server said no.
    pub failed: Vec<(Grant, String, bool)>,
    /// Grants that another process is working on.
    pub busy: Vec<String>,
    /// Grants whose end could not be recorded, and why.
    pub unrecorded: Vec<(String, String)>,
}

impl Tally {
    fn add(&mut self, id: &str, ended: Ended) {
        match ended {
            Ended::Closed { grant, notes } => self.closed.push((*grant, notes)),
            Ended::Failed { grant, why, refused } => self.failed.push((*grant, why, refused)),
            Ended::Busy => self.busy.push(id.to_owned()),
        }
    }

    /// Adds another tally to this one.
    pub fn append(&mut self, mut other: Self) {
        self.closed.append(&mut other.closed);
        self.failed.append(&mut other.failed);
        self.busy.append(&mut other.busy);
        self.unrecorded.append(&mut other.unrecorded);
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
    parallel: usize,
    progress: &Progress,
) -> Result<Tally> {
    let mut by_target: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for grant in grants {
        by_target.entry(&grant.target).or_default().push(&grant.id);
    }
    let targets = context.targets()?;
    let targets = &targets;
    futures_util::stream::iter(by_target)
        .map(|(name, ids)| async move {
            close_on(context, ledger, targets.find(name), name, &ids, why, progress).await
        })
        .buffer_unordered(parallel)
        .try_fold(Tally::default(), async |mut sum, tally| {
            sum.append(tally);
            Ok(sum)
        })
        .await
}

/// Closes the grants on one target, over one connection. A connection that is lost on the way is
/// opened once more.
async fn close_on(
    context: &Context,
    ledger: &Ledger,
    target: Option<&Target>,
    name: &str,
    ids: &[&str],
    why: &str,
    progress: &Progress,
) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut session = match target {
        None => Err(format!("there is no target `{name}` any more")),
        Some(target) => Session::open(context, target).await.map_err(|e| one_line(&e)),
    };
    context.output.mark("closing, logged in");
    let mut lost = 0;
    for id in ids {
        let ended = match &mut session {
            Ok(session) => close(context, ledger, session, id, why).await,
            Err(why) => not_reached(context, ledger, id, why).await,
        };
        let ended = match ended {
            Ok(ended) => ended,
            // The other grants must not wait for a ledger that fails at this one.
            Err(e) => {
                tally.unrecorded.push(((*id).to_owned(), one_line(&e)));
                progress.advance();
                continue;
            }
        };
        let unseen = matches!(ended, Ended::Failed { refused: false, .. });
        tally.add(id, ended);
        progress.advance();
        // Nobody knows what state the old connection is in.
        if unseen
            && session.is_ok()
            && lost < MOST_CONNECTIONS
            && let Some(target) = target
        {
            lost += 1;
            session = Session::open(context, target).await.map_err(|e| one_line(&e));
        }
    }
    if let Ok(session) = session {
        session.close().await;
    }
    Ok(tally)
}

/// The message and every reason behind it: "cannot reach" without "connection refused" helps
/// nobody.
pub(crate) fn one_line(e: &Error) -> String {
    let causes: String = e.causes.iter().map(|cause| format!(": {cause}")).collect();
    format!("{}{causes}", e.message)
}

/// Records that a target could not be reached, for one grant that should have been closed there.
///
/// # Errors
/// Fails only when the ledger does.
pub async fn not_reached(context: &Context, ledger: &Ledger, id: &str, why: &str) -> Result<Ended> {
    match claim(context, ledger, id, "the target could not be used").await? {
        Some(grant) => fail(context, ledger, grant, why, false).await,
        None => Ok(Ended::Busy),
    }
}

/// Commits `closing` before anything happens on the server. `None` where another process has it.
async fn claim(context: &Context, ledger: &Ledger, id: &str, why: &str) -> Result<Option<Grant>> {
    let now = context.now();
    let grant = ledger.grant(id).await?;
    if !grant.state.is_live() {
        return Ok(None);
    }
    let from = [State::Opening, State::Open, State::Closing, State::Stuck];
    let event = event(context, &grant, "grant.closing", json!({ "why": why }));
    let lease = Lease::mine(now, lease_seconds(context));
    Ok(ledger.claim(&grant.id, &from, State::Closing, &lease, now, &event).await?)
}

/// Closes one layer: what was seen and what to say, or why it failed and whether the server
/// refused.
pub(crate) async fn close_layer(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
    layer: &Layer,
) -> Result<std::result::Result<(Value, Vec<String>), (String, bool)>> {
    let provider = match context.provider(&layer.provider) {
        Ok(provider) => provider,
        Err(e) => {
            let why = format!("{}; the grant was made with the one of digest {}", e, layer.digest);
            return Ok(Err((why, false)));
        }
    };
    let known = Known::of(layer);
    if let Some(why) = known.elsewhere(session.target) {
        return Ok(Err((why, false)));
    }
    if provider.need == Need::None && session.user() != layer.account {
        let why = format!(
            "the key is in the account `{}`, and the target now logs in as `{}`",
            layer.account,
            session.user()
        );
        return Ok(Err((why, false)));
    }
    // A request to open may still be on its way: it must not make what is taken away now.
    let on_its_way = if grant.opened_at.is_none() { known.number("open_not_after") } else { 0 };
    let moment = Moment { deadline: grant.deadline, not_after: on_its_way, ..Moment::default() };
    let inputs = session::inputs(grant, layer, &moment);
    let reply = match session.call(&provider, Verb::Close, &inputs).await {
        Ok(Answer::Done(reply)) => reply,
        Ok(Answer::Refused { reason, .. }) => return Ok(Err((reason, true))),
        Ok(Answer::Unknown { why }) => return Ok(Err((why, false))),
        Err(e) => return Ok(Err((e.to_string(), false))),
    };
    if !reply.is("absent") {
        return Ok(Err(("what was re-read says that access still exists".into(), false)));
    }
    context.output.mark("trying the login that must be refused");
    let proof = prove_refused(context, ledger, session.target, grant, layer, &provider, &reply);
    let (id, text) = match proof.await? {
        Proof::Refused(text) => ("refused", text),
        Proof::NotTried(text) => ("not-tried", text),
        Proof::StillAccepted(text) | Proof::Unseen(text) => return Ok(Err((text, false))),
    };
    let mut notes = notes(layer, &reply);
    notes.push(format!("login: {text}"));
    if provider.digest != layer.digest {
        notes.push(format!("the provider `{}` has changed since the grant", layer.provider));
    }
    let seen = json!({
        "provider": layer.provider,
        "account": layer.account,
        "digest": provider.digest,
        "state_read_back": reply.values(),
        "login": { "answer": id, "text": text },
    });
    Ok(Ok((seen, notes)))
}

/// What the merchant should know of what `close` replied.
fn notes(layer: &Layer, reply: &Reply) -> Vec<String> {
    let mut notes = Vec::new();
    if reply.is("already_absent") {
        notes.push(format!(
            "`{}` was already absent when stagepass came to remove it",
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
    for key in ["note", "sessions_left"] {
        let text = reply.text(key);
        if !text.is_empty() && text != "0" {
            notes.push(match key {
                "sessions_left" => "sessions that were open in this shared account cannot be told \
                                    apart and were not ended"
                    .to_owned(),
                _ => text.to_owned(),
            });
        }
    }
    notes
}

/// Tries to log in with the supporter's key. Its private half is not ours, so the key is offered
/// (RFC 4252, section 7): a server that refuses the offer refuses the login.
pub(crate) async fn prove_refused(
    context: &Context,
    ledger: &Ledger,
    target: &Target,
    grant: &Grant,
    layer: &Layer,
    provider: &Provider,
    reply: &Reply,
) -> Result<Proof> {
    let Some(key) = layer.public_key.as_deref().and_then(public_key::parse_stored) else {
        return Ok(Proof::NotTried("not tried: the password was never kept".into()));
    };
    // Who can write in the account can also write a line that looks like another grant's: only the
    // ledger knows whether there is one.
    let kept = reply.is("same_key_kept") && has_twin(ledger, grant, layer).await?;
    if kept || reply.is("same_key_foreign") {
        return Ok(Proof::NotTried("not tried: this key is still in use, see above".into()));
    }
    if !Known::of(layer).text("sp_from").is_empty() {
        return Ok(Proof::NotTried(
            "not tried: the key was limited to other addresses, and a refusal here would prove \
             nothing"
                .into(),
        ));
    }
    // In an account of ours the login fails and counts against our address. In the merchant's own
    // account the refused offer is followed by our own login on the same connection, which
    // succeeds, and nothing is counted.
    let shared = provider.need == Need::None;
    let mut attempts = vec![Attempt::Offer(&key)];
    if shared {
        attempts.push(Attempt::Own);
    } else if !ledger.take_proof(&target.name, context.now(), RATION).await? {
        return Ok(Proof::NotTried(format!(
            "not tried: only {} refused logins in {} minutes are made on one server, so that it \
             does not lock this address out",
            RATION.per,
            RATION.window_s / 60
        )));
    }
    let tried = transport::try_login(
        target,
        &layer.account,
        &attempts,
        Access::Ssh,
        context,
        &context.surroundings,
        context.step_deadline(),
    )
    .await;
    Ok(match tried.map(|answers| answers.into_iter().next()) {
        Ok(Some(transport::Answer::Refused { .. })) => Proof::Refused("tried and refused".into()),
        Ok(Some(transport::Answer::WouldAccept | transport::Answer::LoggedIn(_))) => {
            Proof::StillAccepted(format!(
                "the server still accepts the key of {}",
                grant.supporter.name
            ))
        }
        Ok(Some(transport::Answer::NoUse { why } | transport::Answer::Unknown { why })) => {
            Proof::Unseen(format!("the login could not be tried: {}", clean(&why)))
        }
        Ok(None) => Proof::Unseen("the login could not be tried".into()),
        Err(e) => Proof::Unseen(format!("the login could not be tried: {}", clean(&e.to_string()))),
    })
}

/// Whether another live grant has the same key in the same account.
async fn has_twin(ledger: &Ledger, grant: &Grant, layer: &Layer) -> Result<bool> {
    let filter = Filter {
        target: Some(grant.target.clone()),
        live_only: true,
        key_fingerprint: layer.key_fingerprint.clone(),
        ..Filter::default()
    };
    let others = ledger.grants(&filter, 100, None).await?;
    Ok(layer.key_fingerprint.is_some()
        && others.iter().any(|other| {
            other.id != grant.id && other.layers.iter().any(|one| one.account == layer.account)
        }))
}

/// Counts a failure and says when to try again: after 1, 2, 4, 8 and 16 minutes, then daily.
async fn fail(
    context: &Context,
    ledger: &Ledger,
    mut grant: Grant,
    why: &str,
    refused: bool,
) -> Result<Ended> {
    grant.attempts += 1;
    let why = clean(why);
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
    let detail = json!({ "why": why, "attempts": grant.attempts, "refused": refused });
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
pub fn next_attempt(grant: &Grant, now: UnixTime) -> String {
    match grant.next_attempt_at {
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

    #[test]
    fn failures_are_tried_again_later_and_later_and_then_daily() {
        let pauses: Vec<i64> = (1..=8).map(pause).collect();
        assert_eq!(pauses, [60, 120, 240, 480, 960, DAY, DAY, DAY]);
    }
}
