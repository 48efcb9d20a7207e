//! The proof that access is over: the supporter's key is offered, and has to be refused. How often that is done is
//! rationed, so that no server locks this address out.

use russh::keys::PublicKey;

use crate::context::Context;
use crate::error::Result;
use crate::grant::{Access, Grant, Layer};
use crate::ledger::{Filter, Ledger, Ration};
use crate::message::{self, Arg, Note};
use crate::public_key;
use crate::remote::layer::LayerState;
use crate::remote::provider::{AccountKind, Provider};
use crate::remote::script::{Reply, clean};
use crate::remote::session;
use crate::target::Target;
use crate::transport::{self, Ahead, Attempt};

/// Logins that will be refused, per target. OpenSSH 9.8 and later adds five seconds of penalty for
/// each and shuts the address out at fifteen (sshd_config(5), `PerSourcePenalties`); fail2ban bans
/// at five in ten minutes. Six seconds apart and three in ten minutes stays below both.
pub const REFUSED_LOGIN_LIMIT: Ration = Ration { per: 3, window_s: 600, spacing_s: 6 };

/// What a try to log in with a revoked credential showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The server refused it.
    Refused(Note),
    /// It was not tried, for this reason; the state that was re-read has to do.
    NotTried(Note),
    /// The server would still let it in.
    StillAccepted(String),
    /// Nobody saw an answer.
    Unseen(String),
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
        return Ok(Proof::NotTried(Note::of("login-key-in-another-line", &[])));
    }
    // Who can write in the account can also write a line that looks like another grant's: only the
    // ledger knows whether there is one.
    if reply.is("same_key_kept")
        && let Some(twin) = twin_of(ledger, grant, layer).await?
    {
        let args = [("grant", twin.into())];
        return Ok(Proof::NotTried(Note::of("login-key-of-another-grant", &args)));
    }
    let supporter = &grant.supporter.name;
    Ok(match offer(context, ledger, target, layer, provider.account, Access::Ssh, ahead).await? {
        Offer::Answered(transport::Answer::Refused { .. }) if layer.has_password => {
            Proof::Refused(Note::of("login-key-refused", &[]))
        }
        Offer::Answered(transport::Answer::Refused { .. }) => {
            Proof::Refused(Note::of("login-refused", &[]))
        }
        Offer::Answered(_) => {
            let args = [("supporter", supporter.into())];
            Proof::StillAccepted(message::text("login-still-accepted", &args))
        }
        Offer::NotTried(why) => Proof::NotTried(why),
        Offer::Unseen(why) => Proof::Unseen(why),
    })
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
    kind: AccountKind,
    use_as: Access,
    ahead: Option<Ahead>,
) -> Result<Offer> {
    let key = match key_to_offer(layer) {
        Ok(key) => key,
        Err(why) => return Ok(Offer::NotTried(why)),
    };
    // In an account of ours the login fails and counts against our address; OpenSSH 9.8 and later
    // counts a key that it took and nobody signed with, too. In the merchant's own account our own
    // login follows on the same connection, which succeeds, and nothing is counted.
    let mut attempts = vec![Attempt::OfferWithAnyHash(&key)];
    if kind == AccountKind::Shared {
        attempts.push(Attempt::Own);
    } else if !ledger.take_proof(&target.name, context.now(), REFUSED_LOGIN_LIMIT).await? {
        let Ration { per, window_s, spacing_s } = REFUSED_LOGIN_LIMIT;
        let args = [
            ("spacing", spacing_s.into()),
            ("per", per.into()),
            ("minutes", (window_s / 60).into()),
        ];
        return Ok(Offer::NotTried(Note::of("login-rationed", &args)));
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
    let unseen = |why: &str| {
        Offer::Unseen(message::text("refusal-untried", &[("why", Arg::of(clean(why)))]))
    };
    Ok(match tried.map(|answers| answers.into_iter().next()) {
        Ok(Some(transport::Answer::NoUse { why } | transport::Answer::Unknown { why })) => {
            unseen(&why)
        }
        Ok(Some(answer)) => Offer::Answered(answer),
        Ok(None) => unseen(&message::text("refusal-nothing-tried", &[])),
        Err(e) => unseen(&session::unreachable(target, e).one_line()),
    })
}

/// The supporter's key, where what a server says to it from here says something about the grant; else why not.
fn key_to_offer(layer: &Layer) -> std::result::Result<PublicKey, Note> {
    let key = layer.public_key.as_deref().and_then(public_key::parse_stored);
    let key = key.ok_or_else(|| Note::of("login-password-not-kept", &[]))?;
    let known = LayerState::of(layer);
    if known.is_limited() && !known.taken_here {
        return Err(Note::of("login-key-limited", &[]));
    }
    Ok(key)
}

/// Whether the key will be offered when the grant is closed, as far as that is known before: then the connection
/// for it can be made meanwhile. An sshd that is told of a password's gate, or that it is gone, reads its settings
/// for connections that come later. A ledger that cannot be read here keeps no server from closing.
pub(crate) async fn will_be_offered(
    context: &Context,
    ledger: &Ledger,
    target: &Target,
    layer: &Layer,
    kind: AccountKind,
) -> bool {
    if layer.has_password || key_to_offer(layer).is_err() {
        return false;
    }
    kind == AccountKind::Shared
        || ledger.has_proof(&target.name, context.now(), REFUSED_LOGIN_LIMIT).await.unwrap_or(false)
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

/// What became of a key that was to be offered.
pub(crate) enum Offer {
    /// The server took it, or refused it.
    Answered(transport::Answer),
    /// It was not offered, for this reason.
    NotTried(Note),
    /// Nobody saw an answer: why.
    Unseen(String),
}
