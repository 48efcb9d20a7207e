//! Opening a grant: recorded first, then made, then tried for real, then recorded as open.
//!
//! Whatever goes wrong after the record was committed is closed again at once, over the same
//! connection; what cannot be closed stays `opening` or `closing` in the ledger and the next
//! sweep finishes it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Access, Grant, Layer, State};
use crate::ledger::{Lease, Ledger};
use crate::lifecycle::claim::{self, event, lease_seconds, release};
use crate::lifecycle::closing::{self, Ended};
use crate::lifecycle::evidence;
use crate::lifecycle::form::Guard;
use crate::lifecycle::trial::{self, Credential, Login, Made, Plan, Proof};
use crate::lifecycle::web::{self, WebTrial};
use crate::message::{self, Arg, Id, Note, Told};
use crate::output::{self, InHand, Progress};
use crate::policy::{Rule, Terms};
use crate::promise::{Asked, CredentialPromise, Promise};
use crate::public_key::{self, CheckKey};
use crate::remote::clock::ServerTime;
use crate::remote::inputs::{self, CallInputs};
use crate::remote::layer::{self, LayerState, OpenReply};
use crate::remote::provider::{AccountKind, ProofKind, Provider, Verb};
use crate::remote::script::{Answer, Reply, clean};
use crate::remote::server::Server;
use crate::remote::session::{self, Session};
use crate::secret::{self, Secret, random_id};
use crate::shared;
use crate::target::Target;
use crate::transport::{self, Ahead, Attempt, Part};

/// Seconds behind the last moment at which access is let in ([`CallInputs::not_after`]) after which the server ends
/// the verification key by itself: five minutes in all, but for a shop that takes long to be walked.
const CHECK_KEY_SECONDS: i64 = 240;

/// How often a login whose answer nobody saw is tried again before the grant is given up.
const LOGIN_TRIES: u32 = 3;

/// Everything that is needed to make one grant.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The grant as it will be recorded, `opening`, with a layer for each provider.
    pub grant: Grant,
    /// The provider of the layer that the supporter logs in to.
    pub provider: &'a Provider,
    /// The layers beside it, in their order.
    pub beside: Vec<Beside<'a>>,
    /// The password to set, if there is to be one.
    pub password: Option<&'a Secret>,
    /// The server as it was seen.
    pub server: &'a Server,
    /// What the end of the grant depends on.
    pub asked: Asked,
    /// What the plan promised.
    pub planned: Promise,
}

/// What makes a layer beside the account.
#[derive(Debug)]
pub struct Beside<'a> {
    /// Its provider.
    pub provider: &'a Provider,
    /// The password to set and its hash, if there is to be one.
    pub password: Option<(&'a Secret, &'a Secret)>,
}

/// A grant that is open, and what was seen of it.
#[derive(Debug)]
pub struct Opened {
    /// The grant as it stands now.
    pub grant: Grant,
    /// What ends it.
    pub promise: Promise,
    /// What the trial of its login showed.
    pub proof: Proof,
    /// What the trial of each layer beside the account showed, with the provider's name.
    pub beside: Vec<(String, Note)>,
}

/// Makes the grant. Takes the terms by value: without them nothing is opened, and they are spent.
///
/// # Errors
/// The grant is closed again, or stays recorded for the sweep; the error says which.
pub async fn open(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    draft: Draft<'_>,
    terms: Terms,
    progress: &Progress,
) -> Result<Opened> {
    if terms.is_rehearsal() {
        return Err(Error::of(Kind::Internal, "opening-rehearsal", &[])
            .because_of("opening-rehearsal.why", &[])
            .hint_of("opening-nothing-made", &[]));
    }
    let mut grant = draft.grant;
    debug_assert_eq!(grant.deadline, terms.deadline());
    let cannot = |e| Error::of(Kind::Internal, "check-key-failed", &[]).because(e);
    let like = grant.login().and_then(|layer| layer.public_key.as_deref());
    let kind = draft.server.key_kind(like);
    let check = CheckKey::generate(kind).map_err(cannot)?;
    let nonce = random_id(20).map_err(cannot)?;
    let password_hash = match draft.password.map(secret::crypt).transpose() {
        Ok(hash) => hash,
        Err(e) => {
            return Err(Error::of(Kind::Internal, "password-unhashed", &[]).because(e));
        }
    };
    let planned = draft.planned;
    let recorded = json!({
        "supporter": grant.supporter, "access": grant.access, "deadline": grant.deadline,
        "layers": grant.layers, "terms": terms, "promise": planned,
    });
    let clock_ahead = draft.server.clock_ahead;
    let server_now = clock_ahead.theirs(context.now());
    let step = seconds(session::step_limit(context, &grant));
    let not_after = server_now + step;
    // One is asked for after the other.
    for (layer, turn) in grant.layers.iter_mut().zip(0..) {
        LayerState::change(layer, |state| state.open_not_after = not_after + turn * step);
    }
    let lease = Lease::mine(context.now(), lease_seconds(context, &grant));
    // Whoever interrupts from here on waits until it is undone.
    let _in_hand = InHand::on(&session.target.name);
    say_what_it_is(context, ledger, session.target).await;
    grant =
        ledger.begin(&grant, &lease, &event(context, &grant, "grant.opening", recorded)).await?;

    // It is in the ledger now, so that its target is not taken away any more. It may have been, while
    // the plan was looked at: then nobody could close what would be made.
    // A ledger that fails now says so at the next step.
    let _ = shared::learn(context, ledger).await;
    if !is_listed(context, session.target) {
        let problem = problem(
            Kind::Usage,
            Note::of("opening-target-changed", &[("target", Arg::of(&session.target.name))]),
            Note::of("opening-nothing-made", &[]),
        );
        return Err(abandon(context, ledger, session, &grant, problem).await);
    }

    if output::is_interrupted() {
        return Err(interrupted(context, ledger, session, &grant).await);
    }
    progress.step(&message::text("progress-making-access", &[]));
    let target = session.target;
    let has_key = grant.layers.iter().any(|layer| layer.public_key.is_some());
    let moment = CallInputs {
        deadline: grant.deadline,
        password: draft.password,
        password_hash: password_hash.as_ref(),
        check_key: has_key.then_some(check.text.as_str()),
        check_until: not_after + CHECK_KEY_SECONDS,
        not_after,
        trial: &nonce,
        ..CallInputs::default()
    };
    let made = Ahead::beside(
        call(session, draft.provider, Verb::Open, &grant, &moment),
        std::result::Result::is_ok,
        // An sshd that was told of a password's gate reads its settings for connections that come later.
        draft.password.is_none().then(|| session::reach_ahead(context, target)),
    );
    let (made, ahead) = made.await;
    let reply = match made {
        Ok(reply) => reply,
        Err(problem) => {
            return Err(abandon(context, ledger, session, &grant, problem).await);
        }
    };
    // From here on the open is known to have ended, and what it replied is needed to close.
    if let Some(layer) = grant.layers.first_mut() {
        layer.outputs = evidence::read_back(&reply).to_string();
    }
    let opened = OpenReply::from(reply);

    if output::is_interrupted() {
        return Err(interrupted(context, ledger, session, &grant).await);
    }
    let mut promise = Promise::made(draft.server, draft.asked, &opened);
    let mut trials: Vec<(&str, WebTrial)> = Vec::new();
    // What the web server asks for stands before what the shop asks for.
    let guarding = draft.beside.iter().position(|one| one.provider.proof == Some(ProofKind::Http));
    let guarding = guarding.and_then(|at| Some((at + 1, draft.beside.get(at)?.password?.0)));
    for (position, beside) in (1..).zip(draft.beside) {
        progress.step(&message::text(
            "progress-making-layer",
            &[("provider", Arg::of(&beside.provider.name))],
        ));
        let before = guarding.and_then(|(at, password)| {
            let layer = grant.layers.get(at).filter(|_| at < position)?;
            Some((layer.account.clone(), password, OpenReply::of(layer)))
        });
        let guard = before.as_ref().map(|(user, password, opened)| Guard {
            user,
            password,
            realms: opened.reply().lines("realm").collect(),
        });
        match open_beside(session, &beside, &mut grant, position, guard.as_ref()).await {
            Ok((reply, trial)) => {
                promise = promise.beside(&beside.provider.name, &reply);
                trials.extend(trial.map(|trial| (beside.provider.name.as_str(), trial)));
            }
            Err(problem) => return Err(abandon(context, ledger, session, &grant, problem).await),
        }
        if output::is_interrupted() {
            return Err(interrupted(context, ledger, session, &grant).await);
        }
    }
    // What the plan said has to hold for what was made.
    let weaker = weaker_than_agreed(&promise, &planned, &terms)
        .or_else(|| wider_than_agreed(&grant, &opened, &terms));
    if let Some(problem) = weaker {
        return Err(abandon(context, ledger, session, &grant, problem).await);
    }

    progress.step(&message::text("progress-trying-login", &[]));
    let tried = Tried {
        context,
        target: &session.target.name,
        provider: draft.provider,
        made: Made { server: draft.server, promise: &promise, opened: &opened },
        check: &check,
        moment: &moment,
    };
    let tested = match tried.prove(session, &grant, ahead).await {
        Ok(tested) => tested,
        Err(problem) => return Err(abandon(context, ledger, session, &grant, problem).await),
    };
    let Tested { evidence, proof, has_gate, taken_here } = tested;

    if output::is_interrupted() {
        return Err(interrupted(context, ledger, session, &grant).await);
    }
    // The verification key has done its work; what stays is the supporter's own.
    progress.step(&message::text("progress-check-key", &[]));
    let step = seconds(session::step_limit(context, &grant));
    let not_after = clock_ahead.theirs(context.now()) + step;
    let settled =
        CallInputs { deadline: grant.deadline, not_after, trial: &nonce, ..CallInputs::default() };
    drop(check);
    let settled =
        match call(session, draft.provider, draft.provider.after_trial(), &grant, &settled).await {
            Ok(settled) => settled,
            Err(problem) => return Err(abandon(context, ledger, session, &grant, problem).await),
        };
    if has_gate && !settled.is("trial_seen") {
        let problem = problem(
            Kind::Refused,
            Note::of("opening-gate-unrecorded", &[]),
            Note::of("opening-gate-unrecorded.why", &[]),
        )
        .hint_of("opening-gate-unrecorded.way-out", &[]);
        return Err(abandon(context, ledger, session, &grant, problem).await);
    }
    if let Some(part) = gone_since(&opened, &settled) {
        let problem = problem(
            Kind::Refused,
            Note::of("opening-part-gone", &[("part", part.into())]),
            Note::of("opening-part-gone.why", &[]),
        )
        .hint_of("opening-part-gone.way-out", &[]);
        return Err(abandon(context, ledger, session, &grant, problem).await);
    }

    if output::is_interrupted() {
        return Err(interrupted(context, ledger, session, &grant).await);
    }
    grant.move_to(State::Open);
    grant.opened_at = Some(context.now());
    if let Some(layer) = grant.layers.first_mut().filter(|_| taken_here) {
        LayerState::change(layer, |state| state.taken_here = true);
    }
    release(&mut grant);
    let of_beside = trials.iter().map(|(provider, trial)| {
        let (result, note) = trial.told();
        json!({ "provider": provider, "result": result, "id": note.id, "text": note.text })
    });
    let detail = json!({
        "open": evidence::read_back(opened.reply()), "login": evidence, "proof": proof,
        "beside": of_beside.collect::<Vec<Value>>(), "promise": promise,
    });
    let open = event(context, &grant, "grant.open", detail);
    let grant = ledger
        .record(&grant, &open)
        .await
        .map_err(|e| Error::from(e).hint_of("opening-unrecorded", &[]))?;
    let beside =
        trials.iter().map(|(provider, trial)| ((*provider).to_owned(), trial.told().1.clone()));
    Ok(Opened { grant, promise, proof, beside: beside.collect() })
}

/// What `open` made to end the access, and what was looked for in vain after the trial. A provider that
/// says nothing of it is not held to it.
fn gone_since(opened: &OpenReply, settled: &Reply) -> Option<&'static str> {
    let made = [("gate", opened.has_gate()), ("failsafe", opened.failsafe().is_some())];
    let is_gone = |part: &str| matches!(settled.text(part), "false" | "none");
    made.into_iter().find(|(part, made)| *made && is_gone(part)).map(|(part, _)| part)
}

/// Whoever shares the ledger has to be able to end what is about to be granted. That they could not is
/// told, and is no reason to refuse: this machine can.
async fn say_what_it_is(context: &Context, ledger: &Ledger, target: &Target) {
    if !context.targets().is_ok_and(|targets| targets.is_own(&target.name)) {
        return;
    }
    let told = match shared::another_server(context, target) {
        Some(kept) => {
            let args = [
                ("target", target.name.as_str().into()),
                ("other", kept.address.to_string().into()),
            ];
            Err(Error::of(Kind::Usage, "target-is-another", &args)
                .hint_of("target-is-another.way-out", &[]))
        }
        None => match shared::refuse_unproved(context, &target.name) {
            Ok(()) => shared::keep(context, ledger, target).await,
            unproved => unproved,
        },
    };
    if let Err(e) = told {
        context.output.warn(&e.one_line());
    }
}

/// Whether the target is still in the list, as the same server.
fn is_listed(context: &Context, target: &Target) -> bool {
    let listed = context.targets().ok();
    listed.as_ref().and_then(|targets| targets.find(&target.name)).is_some_and(|listed| {
        listed.address == target.address && layer::host_keys(listed) == layer::host_keys(target)
    })
}

/// Why a grant whose end is enforced by less than the merchant agreed to must not stay. Who accepted
/// that a layer is weak accepted it with what enforces it by the plan, and not without.
fn weaker_than_agreed(promise: &Promise, planned: &Promise, terms: &Terms) -> Option<Error> {
    let accepted =
        |name: &str| terms.weak_expiry().iter().any(|accepted| accepted.starts_with(name));
    let agreed = |one: &CredentialPromise| {
        let by_plan = planned.credentials.iter().find(|plan| plan.credential == one.credential);
        accepted(&one.name())
            && by_plan
                .is_some_and(|plan| plan.enforced_by.iter().all(|by| one.enforced_by.contains(by)))
    };
    let broken: Vec<String> = promise
        .credentials
        .iter()
        .filter(|one| !one.missing.is_empty() && !agreed(one))
        .map(CredentialPromise::why_weak)
        .collect();
    (!broken.is_empty())
        .then(|| problem(Kind::Refused, Note::of("opening-weaker", &[]), broken.join("; ")))
}

/// Why a grant in the merchant's own account must not stay that was to be confined and is not. Who
/// agreed to share the account agreed to it without.
fn wider_than_agreed(grant: &Grant, opened: &OpenReply, terms: &Terms) -> Option<Error> {
    let shared = grant.layers.iter().any(LayerState::is_shared);
    let agreed = [Rule::AccountShared, Rule::AccountRoot]
        .map(|rule| terms.overrides().iter().any(|one| one.rule == rule.id()));
    let wider = shared && grant.access != Access::Ssh && opened.confined() == Some(false);
    (wider && agreed == [false, false]).then(|| {
        problem(
            Kind::Refused,
            Note::of("opening-wider", &[]),
            opened.reply().text("confine_reason"),
        )
    })
}

fn seconds(limit: Duration) -> i64 {
    i64::try_from(limit.as_secs()).unwrap_or(60)
}

/// What went wrong on the server, before it is known what is left there: what can be done about it
/// comes before what became of the grant.
fn problem(kind: Kind, message: impl Into<Note>, cause: impl Into<Note>) -> Error {
    Error::new(kind, message).because_text(cause)
}

/// Makes a layer beside the account, and reads it back: there is no login that would show it.
async fn open_beside(
    session: &mut Session<'_>,
    beside: &Beside<'_>,
    grant: &mut Grant,
    position: usize,
    guard: Option<&Guard<'_>>,
) -> std::result::Result<(Reply, Option<WebTrial>), Error> {
    let provider = beside.provider;
    let layer = layer_at(grant, position)?;
    let not_after = LayerState::of(layer).open_not_after;
    let look = CallInputs { deadline: grant.deadline, not_after, ..CallInputs::default() };
    let hash = beside.password.map(|(_, hash)| hash);
    let make = CallInputs { password_hash: hash, ..look };
    let reply = call_layer(session, provider, Verb::Open, grant, layer, &make).await?;
    if let Some(layer) = grant.layers.get_mut(position) {
        layer.outputs = evidence::read_back(&reply).to_string();
    }
    let layer = layer_at(grant, position)?;
    let seen = call_layer(session, provider, Verb::Check, grant, layer, &look).await?;
    if !seen.is("present") {
        return Err(problem(
            Kind::Refused,
            Note::of("opening-layer-absent", &[("provider", Arg::of(&provider.name))]),
            Note::of("opening-layer-absent.why", &[]),
        ));
    }
    let trial = match (provider.proof, beside.password) {
        (Some(proof), Some((password, _))) => {
            let user = layer.account.as_str();
            Some(web::try_out(session, proof, &reply, user, password, guard).await)
        }
        _ => None,
    };
    match trial {
        Some(WebTrial::Failed(why)) => Err(problem(
            Kind::Refused,
            Note::of("opening-layer-shut", &[("provider", Arg::of(&provider.name))]),
            why.text,
        )),
        trial => Ok((reply, trial)),
    }
}

fn layer_at(grant: &Grant, position: usize) -> std::result::Result<&Layer, Error> {
    grant.layers.get(position).ok_or_else(|| {
        problem(
            Kind::Internal,
            Note::of("opening-no-layer", &[]),
            Note::of("opening-no-layer.why", &[]),
        )
    })
}

/// Asks for something about the layer that the supporter logs in to.
async fn call(
    session: &mut Session<'_>,
    provider: &Provider,
    verb: Verb,
    grant: &Grant,
    moment: &CallInputs<'_>,
) -> std::result::Result<Reply, Error> {
    call_layer(session, provider, verb, grant, layer_at(grant, 0)?, moment).await
}

async fn call_layer(
    session: &mut Session<'_>,
    provider: &Provider,
    verb: Verb,
    grant: &Grant,
    layer: &Layer,
    moment: &CallInputs<'_>,
) -> std::result::Result<Reply, Error> {
    let inputs = inputs::of_layer(grant, layer, moment);
    match session.call(provider, verb, &inputs).await {
        Ok(Answer::Done(reply)) => Ok(reply),
        Ok(Answer::Refused { reason, .. }) => Err(problem(
            Kind::Refused,
            Note::of("opening-refused", &[("provider", Arg::of(&provider.name))]),
            reason,
        )),
        Ok(Answer::Unknown { why }) => {
            Err(problem(Kind::Unknown, Note::of("opening-unknown", &[]), why))
        }
        Err(e) => {
            let why = e.why("; ");
            Err(problem(e.kind, e.note(), why))
        }
    }
}

/// What trial logins showed.
struct Tested {
    evidence: Value,
    proof: Proof,
    /// Whether a gate answered, which then has to be in its log.
    has_gate: bool,
    /// Whether the supporter's own key was taken from our address.
    taken_here: bool,
}

/// What the ledger keeps of a key that was offered and would be taken.
const ACCEPTED: &str = "accepted";

/// What a trial login needs to know.
struct Tried<'a> {
    context: &'a Context,
    /// The target's name.
    target: &'a str,
    provider: &'a Provider,
    made: Made<'a>,
    check: &'a CheckKey,
    moment: &'a CallInputs<'a>,
}

impl Tried<'_> {
    /// Logs in as the supporter would, and does what the supporter is to do and must not be able to
    /// do: the supporter's own key is offered, then the verification key, which has the same options,
    /// logs in on the same connection; a password logs in by itself on a second one.
    async fn prove(
        &self,
        session: &mut Session<'_>,
        grant: &Grant,
        ahead: Option<Ahead>,
    ) -> std::result::Result<Tested, Error> {
        let (mut has_gate, mut taken_here) = (false, false);
        let mut logins = Vec::new();
        let mut evidence = serde_json::Map::new();
        let Some(layer) = grant.login() else {
            return Err(problem(
                Kind::Internal,
                Note::of("opening-without-layers", &[]),
                Note::of("opening-nothing-made", &[]),
            ));
        };
        if let Some(key) = layer.public_key.as_deref().and_then(public_key::parse_stored) {
            let attempts = [Attempt::Offer(&key), Attempt::Key(&self.check.private)];
            let plan = self.plan(grant, layer, Credential::Key);
            has_gate |= plan.has_gate();
            let account = &layer.account;
            let answers = self.try_until_seen(session, account, &attempts, &plan, ahead).await?;
            let mut answers = answers.into_iter();
            // A key that is limited to addresses is refused from ours unless we are inside them. The
            // verification key has no such limit, and the supporter's own line is read back.
            let limited = LayerState::of(layer).is_limited();
            let offered = match (answers.next(), answers.next()) {
                (
                    Some(transport::Answer::WouldAccept),
                    Some(transport::Answer::Tried { reach, parts }),
                ) => (ACCEPTED.to_owned(), reach, parts),
                (
                    Some(transport::Answer::Refused { .. }),
                    Some(transport::Answer::Tried { reach, parts }),
                ) if limited => {
                    self.read_back(session, grant).await?;
                    let said = message::text("opening-key-elsewhere", &[]);
                    (said, reach, parts)
                }
                (first, second) => {
                    let seen =
                        format!("{} / {}", describe(first.as_ref()), describe(second.as_ref()));
                    return Err(self.login_failed("key", &seen, &[first, second]));
                }
            };
            let (offered, reach, parts) = offered;
            taken_here = offered == ACCEPTED;
            self.judge(&parts, layer, grant)?;
            evidence.insert("key".into(), json!({ "offered": offered }));
            let reach = reach.map(|reach| reach.to_string()).unwrap_or_default();
            evidence.insert("check_key".into(), json!({ "logged_in": reach }));
            logins.push(Login { with: "key", parts });
        }
        if let Some(password) = self.moment.password {
            let attempts = [Attempt::Password(password)];
            let plan = self.plan(grant, layer, Credential::Password);
            has_gate |= plan.has_gate();
            let account = &layer.account;
            let answers = self.try_until_seen(session, account, &attempts, &plan, None).await?;
            match answers.into_iter().next() {
                Some(transport::Answer::Tried { reach, parts }) => {
                    self.judge(&parts, layer, grant)?;
                    let reach = reach.map(|reach| reach.to_string()).unwrap_or_default();
                    evidence.insert("password".into(), json!({ "logged_in": reach }));
                    logins.push(Login { with: "password", parts });
                }
                other => {
                    let seen = describe(other.as_ref());
                    return Err(self.login_failed("password", &seen, &[other]));
                }
            }
        }
        Ok(Tested {
            evidence: Value::Object(evidence),
            proof: Proof::of(logins),
            has_gate,
            taken_here,
        })
    }

    fn plan(&self, grant: &Grant, layer: &Layer, credential: Credential) -> Plan {
        Plan::of(grant, layer, credential, &self.made, self.moment.trial)
    }

    fn judge(
        &self,
        parts: &[Part],
        layer: &Layer,
        grant: &Grant,
    ) -> std::result::Result<(), Error> {
        let (seen, opened) = (&self.made.server.reply, self.made.opened.reply());
        match trial::fault(parts, layer, self.provider, grant.access, seen, opened) {
            None => Ok(()),
            Some(fault) => {
                let error = problem(Kind::Refused, fault.message, fault.cause);
                Err(fault.hints.into_iter().fold(error, Error::hint))
            }
        }
    }

    /// Reads the layer's state back: its key line has to be exactly the one that was asked for.
    async fn read_back(
        &self,
        session: &mut Session<'_>,
        grant: &Grant,
    ) -> std::result::Result<(), Error> {
        // The verification key still stands beside it. A password is not needed to look.
        let moment = CallInputs { password_hash: None, ..*self.moment };
        let reply = call(session, self.provider, Verb::Check, grant, &moment).await?;
        if reply.is("present") && reply.is("keys_match") {
            return Ok(());
        }
        let seen = message::text("opening-key-line", &[]);
        Err(self.login_failed("key", &seen, &[]))
    }

    /// Tries until the server answers: a change may take a moment to be seen, and a lost connection
    /// says nothing about the credential. A refusal is an answer and is not tried again, since
    /// refusals are counted against us.
    async fn try_until_seen(
        &self,
        session: &Session<'_>,
        account: &str,
        attempts: &[Attempt<'_>],
        plan: &Plan,
        mut ahead: Option<Ahead>,
    ) -> std::result::Result<Vec<transport::Answer>, Error> {
        let mut seen = String::new();
        for number in 1..=LOGIN_TRIES {
            let trial = plan.trial(number > 1);
            let tried = transport::try_access(
                session.target,
                account,
                attempts,
                &trial,
                ahead.take(),
                self.context,
                &self.context.surroundings,
                self.context.step_deadline(),
            );
            match tried.await {
                Ok(answers)
                    if !answers.iter().any(|a| matches!(a, transport::Answer::Unknown { .. })) =>
                {
                    return Ok(answers);
                }
                Ok(answers) => seen = describe(answers.last()),
                Err(e) => seen = session::unreachable(session.target, e).one_line(),
            }
            if number < LOGIN_TRIES {
                tokio::time::sleep(Duration::from_millis(500 * u64::from(number))).await;
            }
        }
        Err(problem(Kind::Unknown, Note::of("opening-untried", &[]), seen))
    }

    /// What did not get in, and what keeps it out as far as the server's own settings say.
    fn login_failed(&self, what: &str, seen: &str, answers: &[Option<transport::Answer>]) -> Error {
        let mut problem = problem(
            Kind::Refused,
            Note::of("opening-shut-out", &[("what", what.into())]),
            Note::of("opening-shut-out.why", &[("seen", Arg::of(seen))]),
        );
        let refused = |answer: &Option<transport::Answer>| {
            matches!(answer, Some(transport::Answer::Refused { .. }))
        };
        if !answers.iter().any(refused) {
            return problem;
        }
        let said = |key: &str| !self.made.server.reply.text(key).is_empty();
        let lists =
            ["allow_users", "allow_groups", "deny_users", "deny_groups"].into_iter().any(said);
        // In the account that we are logged in to ourselves no list of accounts is in the way.
        if lists || (self.provider.account == AccountKind::Own && !said("pubkey_algorithms")) {
            problem =
                problem.hint_of("opening-shut-out.lists", &[("target", Arg::of(self.target))]);
        } else if answers.len() > 1 {
            problem = problem.hint_of("opening-shut-out.kind", &[]);
        }
        problem
    }
}

fn describe(answer: Option<&transport::Answer>) -> String {
    match answer {
        None => message::text("answer-none", &[]),
        Some(transport::Answer::WouldAccept) => message::text("answer-key-accepted", &[]),
        Some(transport::Answer::LoggedIn(reach)) => {
            message::text("answer-logged-in", &[("reach", Arg::of(reach))])
        }
        Some(transport::Answer::Tried { .. }) => message::text("answer-check-key", &[]),
        Some(transport::Answer::Refused { methods }) => {
            message::text("answer-refused", &[("methods", Arg::of(clean(methods)))])
        }
        Some(transport::Answer::NoUse { why } | transport::Answer::Unknown { why }) => clean(why),
    }
}

/// What putting an open grant to its trial again showed.
#[must_use]
#[derive(Debug)]
pub enum TriedAgain {
    /// Everything is as it was granted.
    Proved(Proof),
    /// It was not tried, for this reason.
    NotTried(String),
    /// It is not as it was granted.
    Failed(String),
    /// Nobody saw.
    Unseen(String),
}

/// Puts a grant that is open to its trial again: with a verification key that is made for the moment,
/// ends by itself, and is taken away again. What it was made with stays as it is.
///
/// # Errors
/// Fails only when the ledger does, or the provider is gone.
pub async fn try_again(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
) -> Result<TriedAgain> {
    let not_tried = |why: Id| {
        let args = [("why", why.text().into())];
        Ok(TriedAgain::NotTried(message::text("trial-not-tried", &args)))
    };
    let Some(layer) = grant.login() else { return not_tried(Id("trial-not-tried.no-layer")) };
    let Some(key) = layer.public_key.as_deref() else {
        return not_tried(Id("trial-not-tried.password"));
    };
    let provider = match claim::provider_of(context, session, layer) {
        Ok(provider) => provider,
        Err(why) => return Ok(TriedAgain::Unseen(why)),
    };
    let inputs =
        inputs::of_detect(session.target, &layer.account, &grant.id, grant.access, Some(key));
    let asked_at = context.now();
    let seen = match session.call(&provider, Verb::Detect, &inputs).await? {
        Answer::Done(reply) => reply,
        Answer::Refused { reason: why, .. } | Answer::Unknown { why } => {
            return Ok(TriedAgain::Unseen(why));
        }
    };
    let server = Server::read(session.server_id(), &seen, asked_at..=context.now());
    let cannot = |e| Error::of(Kind::Internal, "check-key-failed", &[]).because(e);
    let check = CheckKey::generate(server.key_kind(Some(key))).map_err(cannot)?;
    let nonce = random_id(20).map_err(cannot)?;

    // Who is killed now leaves a claim behind, and the next sweep sets the grant's own lines again.
    let now = context.now();
    let lease = Lease::mine(now, lease_seconds(context, grant));
    let intent = event(context, grant, "grant.trying", json!({}));
    let claimed =
        ledger.claim(&grant.id, &[State::Open], State::Open, &lease, now, &intent).await?;
    let Some(mut grant) = claimed else { return not_tried(Id("opening-busy")) };
    let opened = grant.login().map(OpenReply::of).unwrap_or_default();
    let asked = Asked {
        key: true,
        password: false,
        own_account: provider.account == AccountKind::Own,
        access: grant.access,
    };
    let server_now = server.clock_ahead.theirs(context.now());
    let limit = seconds(session::step_limit(context, &grant));
    let not_after = server_now + limit;
    let moment = CallInputs {
        deadline: grant.deadline,
        check_key: Some(check.text.as_str()),
        check_until: not_after + CHECK_KEY_SECONDS,
        not_after,
        trial: &nonce,
        ..CallInputs::default()
    };
    let promise = Promise::made(&server, asked, &opened);
    let tried = match call(session, &provider, Verb::Update, &grant, &moment).await {
        Ok(_) => {
            let tried = Tried {
                context,
                target: &session.target.name,
                provider: &provider,
                made: Made { server: &server, promise: &promise, opened: &opened },
                check: &check,
                moment: &moment,
            };
            tried.prove(session, &grant, None).await
        }
        Err(problem) => Err(problem),
    };
    drop(check);
    let not_after = server.clock_ahead.theirs(context.now()) + limit;
    let settled =
        CallInputs { deadline: grant.deadline, not_after, trial: &nonce, ..CallInputs::default() };
    let settled = call(session, &provider, provider.after_trial(), &grant, &settled).await;
    match &settled {
        Ok(_) => (grant.lease_owner, grant.lease_until) = (None, None),
        // The claim stays as a mark that the lines have to be set again, and is over.
        Err(_) => grant.lease_until = Some(now.saturating_sub(1)),
    }
    let tried = match (tried, settled) {
        (Ok(_), Err(problem)) | (Err(problem), _) if problem.kind == Kind::Unknown => {
            TriedAgain::Unseen(problem.one_line())
        }
        (Err(problem), _) | (Ok(_), Err(problem)) => TriedAgain::Failed(problem.one_line()),
        (Ok(tested), Ok(settled)) if tested.has_gate && !settled.is("trial_seen") => {
            TriedAgain::Failed(message::text("opening-gate-unrecorded", &[]))
        }
        (Ok(tested), Ok(_)) => TriedAgain::Proved(tested.proof),
    };
    let (verb, detail) = match &tried {
        TriedAgain::Proved(proof) => ("grant.tried", json!({ "proof": proof })),
        TriedAgain::NotTried(why) | TriedAgain::Failed(why) | TriedAgain::Unseen(why) => {
            ("grant.trial-failed", json!({ "why": clean(why) }))
        }
    };
    ledger.record(&grant, &event(context, &grant, verb, detail)).await?;
    Ok(tried)
}

/// Closes what did not open. Closing takes the grant like any other process would, so it is let go
/// of first; whoever gets it, it is closed.
async fn take_back(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
    problem: &Error,
    kind: Kind,
) -> Result<Ended> {
    let mut failed = grant.clone();
    // Where the server said how `open` ended, nothing of it is still on its way.
    if kind != Kind::Unknown {
        for layer in &mut failed.layers {
            LayerState::change(layer, |state| state.open_not_after = ServerTime::default());
        }
    }
    failed.lease_owner = None;
    failed.lease_until = None;
    let detail = json!({ "why": problem.message, "causes": problem.causes });
    ledger.record(&failed, &event(context, &failed, "grant.open-failed", detail)).await?;
    closing::close(context, ledger, session, &grant.id, &message::text("reason-not-open", &[]))
        .await
}

/// Somebody interrupted: what was begun is taken back over the connection that stands.
async fn interrupted(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
) -> Error {
    // The server has said how each step ended.
    let problem = problem(
        Kind::Refused,
        Note::of("opening-interrupted", &[]),
        Note::of("opening-interrupted.why", &[]),
    );
    let mut error = abandon(context, ledger, session, grant, problem).await;
    error.more.undone = true;
    if error.kind == Kind::Unknown {
        let target = &session.target.name;
        error = error.hint_of("opening-may-be-live", &[("target", Arg::of(target))]);
    }
    error.kind = Kind::Unknown;
    error
}

/// Takes back what was half made, and says what is left.
async fn abandon(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
    mut error: Error,
) -> Error {
    let closed = match take_back(context, ledger, session, grant, &error, error.kind).await {
        Ok(Ended::Closed(_)) => Ok(()),
        Ok(Ended::Failed { why, .. }) => Err(why),
        Ok(Ended::Busy) => Err(message::text("opening-busy", &[])),
        Err(e) => Err(e.to_string()),
    };
    match closed {
        Ok(()) => {
            // It was seen how it ended: nothing is left.
            if error.kind == Kind::Unknown {
                error.kind = Kind::Refused;
            }
            error = error.hint_of("opening-taken-back", &[]);
        }
        Err(why) => {
            error.kind = Kind::Unknown;
            error = error
                .because_of("opening-kept.why", &[("why", Arg::of(&why))])
                .hint_of("opening-kept", &[("grant", Arg::of(&grant.id))]);
        }
    }
    error
}
