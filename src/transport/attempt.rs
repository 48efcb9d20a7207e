//! Attempts to log in as somebody else than ourselves: the key that has to be taken, the password, the key that has to be
//! refused; and whether a supporter's key is one of our own.

use russh::MethodSet;
use russh::keys::PublicKey;
use russh::keys::agent::client::AgentClient;
use zeroize::Zeroizing;

use super::exchange::Exchange;
use super::login::{
    Identity, Said, USUAL, log_in, name, offer, offer_with, public_half, say_password, sign_in,
};
use super::ssh::{self, Route, Session};
use super::{
    Answer, Attempt, Clock, Outcome, Phase, Reach, Script, SshEnvironment, TransportError, Trial,
    Unlock, sftp, trial,
};
use crate::grant::Access;
use crate::message::{self, Arg};
use crate::secret::random_id;
use crate::target::{Address, Elevation, Target};

/// See [`super::own_key`].
pub(super) async fn own_key(
    target: &Target,
    key: &PublicKey,
    known: &SshEnvironment,
) -> Option<String> {
    let place = Route::of(target, known).ok()?.place;
    let identity = Identity::of_target(target, &place, known);
    let is_it = |other: &PublicKey| other.key_data() == key.key_data();
    let usual = USUAL.iter().map(|name| known.home.join(".ssh").join(name));
    let mut files = identity.files.iter().cloned().chain(usual);
    if let Some(file) = files.find(|path| public_half(path).is_some_and(|own| is_it(&own))) {
        return Some(format!("`{}`", file.display()));
    }
    let mut agent = AgentClient::connect_uds(identity.agent?).await.ok()?;
    let keys = agent.request_identities().await.ok()?;
    let is_held = keys.iter().any(|held| is_it(&held.public_key()));
    is_held.then(|| message::text("own-key-in-agent", &[]))
}

/// What is done with a login that gets in.
pub(super) enum Usage<'a> {
    /// It is used for a moment.
    Look(Access),
    /// It is put to a whole trial.
    Try(&'a Trial<'a>),
}

/// See [`super::try_login`] and [`super::try_access`].
#[expect(clippy::too_many_arguments, reason = "each is something else")]
pub(super) async fn try_login(
    target: &Target,
    account: &str,
    attempts: &[Attempt<'_>],
    usage: &Usage<'_>,
    reached: Option<Session>,
    unlock: &dyn Unlock,
    known: &SshEnvironment,
    clock: &mut Clock,
) -> Result<Vec<Answer>, TransportError> {
    let route = Route::of(target, known)?;
    let mut session = match reached {
        Some(session) => session,
        None => match ssh::reach(&route, unlock, known, clock).await {
            Err(error @ TransportError::Unreachable { .. }) if target.address == Address::Local => {
                let why = message::text("answer-no-local", &[("error", Arg::of(&error))]);
                return Ok(vec![Answer::Unknown { why }]);
            }
            reached => reached?,
        },
    };
    let mut identity = Identity::of_target(target, &route.place, known);
    account.clone_into(&mut identity.user);
    let mut answers = Vec::new();
    for attempt in attempts {
        let answer = one(&mut session, attempt, &identity, usage, unlock, clock).await;
        let go_on = matches!(answer, Answer::WouldAccept | Answer::Refused { .. });
        answers.push(answer);
        if !go_on || session.link.handle.is_closed() {
            break;
        }
    }
    session.close().await;
    Ok(answers)
}

/// Reaches and verifies the target, and says nothing more to it. `None` where somebody would have to be
/// logged in to on the way, or where it cannot be reached: then it is tried again by whoever needs it.
pub(super) async fn reach_ahead(
    target: &Target,
    unlock: &dyn Unlock,
    known: &SshEnvironment,
    clock: &mut Clock,
) -> Option<Session> {
    let route = Route::of(target, known).ok()?;
    if !route.place.jumps.is_empty() || target.address == Address::Local {
        return None;
    }
    ssh::reach(&route, unlock, known, clock).await.ok()
}

/// Makes one attempt, and uses the access if it logs in.
async fn one(
    session: &mut Session,
    attempt: &Attempt<'_>,
    identity: &Identity,
    usage: &Usage<'_>,
    unlock: &dyn Unlock,
    clock: &mut Clock,
) -> Answer {
    let link = &mut session.link;
    // A greeting shown to everybody says nothing about this attempt.
    link.take_banner();
    let said = match attempt {
        Attempt::Offer(key) => match offer(link, &identity.user, key, clock).await {
            Ok(None) => return Answer::WouldAccept,
            Ok(Some(said)) => Ok(said),
            Err(error) => Err(error),
        },
        Attempt::OfferWithAnyHash(key) => {
            let user = &identity.user;
            let offered = match offer(link, user, key, clock).await {
                Ok(Some(Said::No(_))) if key.algorithm().is_rsa() => {
                    offer_with(link, user, key, None, clock).await
                }
                offered => offered,
            };
            match offered {
                Ok(None) => return Answer::WouldAccept,
                Ok(Some(said)) => Ok(said),
                Err(error) => Err(error),
            }
        }
        Attempt::Key(key) => sign_in(link, identity, (*key).clone(), clock)
            .await
            .map(|said| said.unwrap_or_else(|| Said::No(MethodSet::empty()))),
        Attempt::Password(password) => say_password(link, &identity.user, password, clock).await,
        Attempt::Own => match log_in(link, identity, unlock, clock).await {
            Ok(()) => Ok(Said::Yes),
            Err(TransportError::AuthRefused { methods, tried, .. }) => {
                let tried = tried.join(", ");
                return Answer::Refused {
                    methods: message::text(
                        "answer-tried",
                        &[("methods", Arg::of(&methods)), ("tried", Arg::of(&tried))],
                    ),
                };
            }
            Err(error) => Err(error),
        },
    };
    match said {
        Ok(Said::Yes) => match usage {
            Usage::Look(access) => use_access(session, *access, clock).await,
            Usage::Try(trial) => trial::run(session, trial, clock).await,
        },
        Ok(Said::No(methods)) => Answer::Refused { methods: name(&methods) },
        Ok(Said::Partly(methods)) => {
            let why = message::text("answer-partly", &[("methods", Arg::of(name(&methods)))]);
            Answer::NoUse { why }
        }
        Ok(Said::Ended(why)) => Answer::Refused { methods: why },
        Ok(Said::Gone) => Answer::Unknown { why: session.link.lost(Phase::Login).to_string() },
        Err(error) => Answer::Unknown { why: error.to_string() },
    }
}

/// Really uses what was logged in to.
async fn use_access(session: &Session, use_as: Access, clock: &Clock) -> Answer {
    let used = match use_as {
        Access::Ssh => use_shell(session, clock).await,
        Access::Sftp | Access::SftpReadOnly => match clock.within(use_sftp(session)).await {
            Some(used) => used,
            None => Err(message::text("answer-sftp-late", &[])),
        },
    };
    match used {
        Ok(reach) => Answer::LoggedIn(reach),
        Err(why) => {
            Answer::NoUse { why: message::text("answer-logged-in-but", &[("why", Arg::of(&why))]) }
        }
    }
}

async fn use_sftp(session: &Session) -> Result<Reach, String> {
    let channel = trial::sftp_channel(session).await?;
    sftp::look_around(channel.into_stream()).await
}

async fn use_shell(session: &Session, clock: &Clock) -> Result<Reach, String> {
    let word = random_id(20).map_err(|error| error.to_string())?;
    let body = Zeroizing::new(format!("printf 'stagepass=%s\\n' '{word}'\nexit 0\n").into_bytes());
    let script = Script { elevation: Elevation::None, body, packed: None };
    let wanted = format!("stagepass={word}\n");
    let exchange = Exchange::new(&script, false, None).at_most(trial::LONGEST_ANSWER);
    match session.run(exchange, clock.deadline).await {
        Outcome::Done(output)
            if output.stdout.windows(wanted.len()).any(|heard| heard == wanted.as_bytes()) =>
        {
            Ok(Reach::Shell)
        }
        Outcome::Done(output) => Err(trial::shell_runs_nothing(&output)),
        Outcome::Refused { why, .. } | Outcome::Unknown { why, .. } => Err(why),
    }
}
