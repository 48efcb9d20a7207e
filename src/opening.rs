//! Opening a grant: recorded first, then made, then tried for real, then recorded as open.
//!
//! Whatever goes wrong after the record was committed is closed again at once, over the same
//! connection; what cannot be closed stays `opening` or `closing` in the ledger and the next
//! sweep finishes it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::closing::{self, Ended, event, lease_seconds, release};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::evidence;
use crate::grant::{Grant, State};
use crate::ledger::{Lease, Ledger};
use crate::output::Progress;
use crate::policy::Terms;
use crate::promise::{Asked, LayerPromise, Promise};
use crate::provider::{Provider, Verb};
use crate::public_key::{self, CheckKey};
use crate::script::{Answer, Reply, clean};
use crate::secret::{self, Secret};
use crate::server::Server;
use crate::session::{self, Known, Moment, Session};
use crate::target::Target;
use crate::transport::{self, Attempt};

/// Seconds after which the server ends the verification key by itself.
const CHECK_KEY_SECONDS: i64 = 300;

/// How often a login whose answer nobody saw is tried again before the grant is given up.
const LOGIN_TRIES: u32 = 3;

/// Everything that is needed to make one grant.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The grant as it will be recorded, `opening`, with one layer.
    pub grant: Grant,
    /// The provider that makes the layer.
    pub provider: &'a Provider,
    /// The password to set, if there is to be one.
    pub password: Option<&'a Secret>,
    /// The server as it was seen.
    pub server: &'a Server,
    /// What the end of the grant depends on.
    pub asked: Asked,
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
) -> Result<(Grant, Promise)> {
    let mut grant = draft.grant;
    debug_assert_eq!(grant.deadline, terms.deadline());
    let check = CheckKey::generate().map_err(|e| {
        Error::new(Kind::Internal, "the verification key cannot be made").because(e)
    })?;
    let password_hash = match draft.password.map(secret::crypt).transpose() {
        Ok(hash) => hash,
        Err(e) => {
            return Err(Error::new(Kind::Internal, "the password cannot be hashed").because(e));
        }
    };
    let planned = Promise::planned(draft.server, draft.asked);
    let recorded = json!({
        "supporter": grant.supporter, "access": grant.access, "deadline": grant.deadline,
        "layers": grant.layers, "terms": terms, "promise": planned,
    });
    let clock_ahead = draft.server.clock_ahead;
    let server_now = context.now() + clock_ahead;
    let not_after = server_now + seconds(context.step_limit);
    if let Some(layer) = grant.layers.first_mut() {
        Known::set(layer, "open_not_after", not_after);
    }
    let lease = Lease::mine(context.now(), lease_seconds(context));
    grant =
        ledger.begin(&grant, &lease, &event(context, &grant, "grant.opening", recorded)).await?;

    // It is in the ledger now, so that its target is not taken away any more. It may have been, while
    // the plan was looked at: then nobody could close what would be made.
    if !is_listed(context, session.target) {
        let problem = Problem {
            kind: Kind::Usage,
            message: format!("`{}` was changed or removed meanwhile", session.target.name),
            cause: "nothing was made".into(),
        };
        return Err(abandon(context, ledger, session, &grant, problem).await);
    }

    progress.step("making access");
    let has_key = grant.layers.iter().any(|layer| layer.public_key.is_some());
    let moment = Moment {
        deadline: grant.deadline,
        password: draft.password,
        password_hash: password_hash.as_ref(),
        check_key: has_key.then_some(check.text.as_str()),
        check_until: server_now + CHECK_KEY_SECONDS,
        not_after,
        ..Moment::default()
    };
    let reply = match call(session, draft.provider, Verb::Open, &grant, &moment).await {
        Ok(reply) => reply,
        Err(problem) => return Err(abandon(context, ledger, session, &grant, problem).await),
    };
    // From here on the open is known to have ended, and what it replied is needed to close.
    if let Some(layer) = grant.layers.first_mut() {
        layer.outputs = evidence::read_back(&reply).to_string();
    }

    // What the plan said has to hold for what was made.
    let promise = Promise::made(draft.server, draft.asked, &reply);
    if let Some(problem) = weaker_than_agreed(&promise, &planned, &terms) {
        return Err(abandon(context, ledger, session, &grant, problem).await);
    }

    progress.step("trying the supporter's login");
    let login = prove_login(context, session, draft.provider, &grant, &check, &moment);
    let evidence = match login.await {
        Ok(evidence) => evidence,
        Err(problem) => return Err(abandon(context, ledger, session, &grant, problem).await),
    };

    // The verification key has done its work; what stays is the supporter's own.
    progress.step("taking the verification key away");
    let not_after = context.now() + clock_ahead + seconds(context.step_limit);
    let settled = Moment { deadline: grant.deadline, not_after, ..Moment::default() };
    drop(check);
    if let Err(problem) = call(session, draft.provider, Verb::Update, &grant, &settled).await {
        return Err(abandon(context, ledger, session, &grant, problem).await);
    }

    grant.state = State::Open;
    grant.opened_at = Some(context.now());
    release(&mut grant);
    let detail =
        json!({ "open": evidence::read_back(&reply), "login": evidence, "promise": promise });
    let open = event(context, &grant, "grant.open", detail);
    let grant = ledger.record(&grant, &open).await.map_err(|e| {
        Error::from(e).hint(
            "access was made and is recorded as `opening`; `stagepass sweep` takes it away again",
        )
    })?;
    Ok((grant, promise))
}

/// Whether the target is still in the list, as the same server.
fn is_listed(context: &Context, target: &Target) -> bool {
    let listed = context.targets().ok();
    listed.as_ref().and_then(|targets| targets.find(&target.name)).is_some_and(|listed| {
        listed.address == target.address && session::host_keys(listed) == session::host_keys(target)
    })
}

/// Why a grant whose end is enforced by less than the merchant agreed to must not stay. Who accepted
/// that a layer is weak accepted it with what enforces it by the plan, and not without.
fn weaker_than_agreed(promise: &Promise, planned: &Promise, terms: &Terms) -> Option<Problem> {
    let accepted =
        |name: &str| terms.weak_expiry().iter().any(|accepted| accepted.starts_with(name));
    let agreed = |layer: &LayerPromise| {
        let by_plan = planned.layers.iter().find(|one| one.layer == layer.layer);
        accepted(layer.layer)
            && by_plan
                .is_some_and(|one| one.enforced_by.iter().all(|by| layer.enforced_by.contains(by)))
    };
    let broken: Vec<String> = promise
        .layers
        .iter()
        .filter(|layer| !layer.missing.is_empty() && !agreed(layer))
        .map(|layer| format!("{} ({})", layer.layer, layer.missing.join("; ")))
        .collect();
    (!broken.is_empty()).then(|| Problem {
        kind: Kind::Refused,
        message: "the server did not make what ends this access on time".into(),
        cause: broken.join("; "),
    })
}

fn seconds(limit: Duration) -> i64 {
    i64::try_from(limit.as_secs()).unwrap_or(60)
}

/// What went wrong on the server, before it is known what is left there.
#[derive(Debug)]
struct Problem {
    kind: Kind,
    message: String,
    cause: String,
}

async fn call(
    session: &mut Session<'_>,
    provider: &Provider,
    verb: Verb,
    grant: &Grant,
    moment: &Moment<'_>,
) -> std::result::Result<Reply, Problem> {
    let Some(layer) = grant.layers.first() else {
        return Err(Problem {
            kind: Kind::Internal,
            message: "the grant has no layer".into(),
            cause: "nothing was asked for".into(),
        });
    };
    let inputs = session::inputs(grant, layer, moment);
    match session.call(provider, verb, &inputs).await {
        Ok(Answer::Done(reply)) => Ok(reply),
        Ok(Answer::Refused { reason, .. }) => Err(Problem {
            kind: Kind::Refused,
            message: format!("the server refused to make access with `{}`", provider.name),
            cause: reason,
        }),
        Ok(Answer::Unknown { why }) => Err(Problem {
            kind: Kind::Unknown,
            message: "nobody saw how making access ended".into(),
            cause: why,
        }),
        Err(e) => Err(Problem { kind: e.kind, message: e.message, cause: e.causes.join("; ") }),
    }
}

/// Logs in as the supporter would: the supporter's own key is offered, then the verification key,
/// which has the same options, really logs in and uses what was granted; a password logs in by
/// itself on a second connection.
async fn prove_login(
    context: &Context,
    session: &mut Session<'_>,
    provider: &Provider,
    grant: &Grant,
    check: &CheckKey,
    moment: &Moment<'_>,
) -> std::result::Result<Value, Problem> {
    let Some(layer) = grant.layers.first() else {
        return Ok(Value::Null);
    };
    let mut evidence = serde_json::Map::new();
    if let Some(key) = layer.public_key.as_deref().and_then(public_key::parse_stored) {
        let attempts = [Attempt::Offer(&key), Attempt::Key(&check.private)];
        let answers = try_until_seen(context, session, grant, &layer.account, &attempts).await?;
        let mut answers = answers.into_iter();
        // A key that is limited to addresses is refused from ours unless we are inside them. The
        // verification key has no such limit, and the supporter's own line is read back.
        let limited = !Known::of(layer).text("sp_from").is_empty();
        match (answers.next(), answers.next()) {
            (Some(transport::Answer::WouldAccept), Some(transport::Answer::LoggedIn(reach))) => {
                evidence.insert("key".into(), json!({ "offered": "accepted" }));
                evidence.insert("check_key".into(), json!({ "logged_in": reach.to_string() }));
            }
            (Some(transport::Answer::Refused { .. }), Some(transport::Answer::LoggedIn(reach)))
                if limited =>
            {
                read_back(session, provider, grant, moment).await?;
                evidence.insert(
                    "key".into(),
                    json!({ "offered": "not taken from this address, as `--from` says; its line \
                                        was read back and is right" }),
                );
                evidence.insert("check_key".into(), json!({ "logged_in": reach.to_string() }));
            }
            (first, second) => {
                let seen = format!("{} / {}", describe(first.as_ref()), describe(second.as_ref()));
                return Err(login_failed("the key", &seen));
            }
        }
    }
    if let Some(password) = moment.password {
        let attempts = [Attempt::Password(password)];
        let answers = try_until_seen(context, session, grant, &layer.account, &attempts).await?;
        match answers.first() {
            Some(transport::Answer::LoggedIn(reach)) => {
                evidence.insert("password".into(), json!({ "logged_in": reach.to_string() }));
            }
            other => return Err(login_failed("the password", &describe(other))),
        }
    }
    Ok(Value::Object(evidence))
}

/// Reads the layer's state back: its key line has to be exactly the one that was asked for.
async fn read_back(
    session: &mut Session<'_>,
    provider: &Provider,
    grant: &Grant,
    made: &Moment<'_>,
) -> std::result::Result<(), Problem> {
    // The verification key still stands beside it. A password is not needed to look.
    let moment = Moment { password_hash: None, ..*made };
    let reply = call(session, provider, Verb::Check, grant, &moment).await?;
    if reply.is("present") && reply.is("keys_match") {
        return Ok(());
    }
    Err(login_failed("the key", "the key line that was read back is not the one that was made"))
}

/// Tries until the server answers: a change may take a moment to be seen, and a lost connection
/// says nothing about the credential. A refusal is an answer and is not tried again, since
/// refusals are counted against us.
async fn try_until_seen(
    context: &Context,
    session: &Session<'_>,
    grant: &Grant,
    account: &str,
    attempts: &[Attempt<'_>],
) -> std::result::Result<Vec<transport::Answer>, Problem> {
    let mut seen = String::new();
    for number in 1..=LOGIN_TRIES {
        let tried = transport::try_login(
            session.target,
            account,
            attempts,
            grant.access,
            context,
            &context.surroundings,
            context.step_deadline(),
        );
        match tried.await {
            Ok(answers)
                if !answers.iter().any(|a| matches!(a, transport::Answer::Unknown { .. })) =>
            {
                return Ok(answers);
            }
            Ok(answers) => seen = describe(answers.last()),
            Err(e) => seen = closing::one_line(&session::unreachable(session.target, e)),
        }
        if number < LOGIN_TRIES {
            tokio::time::sleep(Duration::from_millis(500 * u64::from(number))).await;
        }
    }
    Err(Problem {
        kind: Kind::Unknown,
        message: "the supporter's login could not be tried".into(),
        cause: seen,
    })
}

fn login_failed(what: &str, seen: &str) -> Problem {
    Problem {
        kind: Kind::Refused,
        message: format!("access was made, but {what} did not get in"),
        cause: format!("the server answered: {seen}"),
    }
}

fn describe(answer: Option<&transport::Answer>) -> String {
    match answer {
        None => "not tried".into(),
        Some(transport::Answer::WouldAccept) => "the supporter's key is accepted".into(),
        Some(transport::Answer::LoggedIn(reach)) => format!("logged in, {reach}"),
        Some(transport::Answer::Refused { methods }) => {
            format!("refused (it offers {})", clean(methods))
        }
        Some(transport::Answer::NoUse { why } | transport::Answer::Unknown { why }) => clean(why),
    }
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
    if kind != Kind::Unknown
        && let Some(layer) = failed.layers.first_mut()
    {
        Known::set(layer, "open_not_after", 0);
    }
    failed.lease_owner = None;
    failed.lease_until = None;
    let detail = json!({ "why": problem.message, "causes": problem.causes });
    ledger.record(&failed, &event(context, &failed, "grant.open-failed", detail)).await?;
    closing::close(context, ledger, session, &grant.id, "it did not open").await
}

/// Takes back what was half made, and says what is left.
async fn abandon(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
    problem: Problem,
) -> Error {
    let mut error = Error::new(problem.kind, problem.message).because_text(problem.cause);
    let closed = match take_back(context, ledger, session, grant, &error, error.kind).await {
        Ok(Ended::Closed(_)) => Ok(()),
        Ok(Ended::Failed { why, .. }) => Err(why),
        Ok(Ended::Busy) => Err("another process is working on it".into()),
        Err(e) => Err(e.to_string()),
    };
    match closed {
        Ok(()) => {
            // It was seen how it ended: nothing is left.
            if error.kind == Kind::Unknown {
                error.kind = Kind::Refused;
            }
            error = error.hint("everything that had been made was taken back and re-read as gone");
        }
        Err(why) => {
            error.kind = Kind::Unknown;
            error = error.because_text(format!("taking it back failed: {why}")).hint(format!(
                "grant {} stays in the ledger; `stagepass sweep` finishes it",
                grant.id
            ));
        }
    }
    if error.causes.iter().any(|cause| cause.contains("refused (")) {
        error = error.hint(format!(
            "AllowUsers, AllowGroups or a Match block of this server may keep new accounts out: \
             `stagepass target check {}` shows its settings",
            session.target.name
        ));
    }
    error
}
