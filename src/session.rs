//! One connection to one target, and the provider verbs that are run over it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Grant, Layer, UnixTime};
use crate::provider::{Need, Provider, Verb};
use crate::script::{Answer, Framed, Input, Inputs, Outputs};
use crate::secret::Secret;
use crate::target::{Elevation, Target};
use crate::transport::host_key::HostKeyPin;
use crate::transport::{
    Ahead, Connection, Interpreter, Outcome, Packed, Phase, Route, Script, TRIES, TransportError,
    Unlock as _, Wanted,
};

/// The input that says how many seconds longer a step may take because of the size of the shop
/// ([`Server::walk_seconds`](crate::server::Server::walk_seconds)); also where that is kept with a layer.
pub const WALK_SECONDS: &str = "sp_walk_seconds";

/// How long a step on a server may take for a grant: with a shop on a large disk longer than elsewhere.
#[must_use]
pub fn step_limit(context: &Context, grant: &Grant) -> Duration {
    longer(context.step_limit, walk_seconds(grant))
}

/// How many seconds longer.
#[must_use]
pub fn walk_seconds(grant: &Grant) -> i64 {
    let each = grant.layers.iter().map(|layer| Known::of(layer).number(WALK_SECONDS));
    each.max().unwrap_or_default()
}

fn longer(limit: Duration, seconds: i64) -> Duration {
    limit.saturating_add(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// The same, from what a verb is told.
fn limit_of(context: &Context, inputs: &Inputs<'_>) -> Duration {
    let more = inputs.iter().find_map(|(name, input)| match input {
        Input::Text(text) if *name == WALK_SECONDS => text.parse().ok(),
        _ => None,
    });
    longer(context.step_limit, more.unwrap_or_default())
}

/// How long closing so many grants by one script may take: each further one a quarter of what one alone
/// may take.
#[must_use]
pub fn together_limit(alone: Duration, count: usize) -> Duration {
    let more = u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX);
    alone.saturating_add((alone / 4).saturating_mul(more))
}

/// One connection to one target. A sweep uses one for however many grants are due there.
#[derive(Debug)]
pub struct Session<'a> {
    context: &'a Context,
    /// The target it leads to.
    pub target: &'a Target,
    user: String,
    connection: Connection,
}

/// What changes from call to call; the rest is kept with the layer.
#[derive(Debug, Default)]
pub struct Moment<'a> {
    /// The deadline to set.
    pub deadline: UnixTime,
    /// The password to try; the server is not told it.
    pub password: Option<&'a Secret>,
    /// Its hash, which is what the server is told; `open` only.
    pub password_hash: Option<&'a Secret>,
    /// The public half of the verification key.
    pub check_key: Option<&'a str>,
    /// When the verification key ends by itself, by the server's clock.
    pub check_until: UnixTime,
    /// When `open` and `update` refuse to start, by the server's clock: a client that was
    /// stopped for an hour must not make access that a sweep has since closed.
    /// For `close`, until when such an `open` may still be on its way; 0 where none can be.
    pub not_after: UnixTime,
    /// The word of the trial that is to be answered (`open`), or that was (`update`).
    pub trial: &'a str,
    /// What a close writes beside its result, so that it is known for one of this installation's;
    /// `close` only.
    pub closer: &'a str,
}

/// One more connection to a target, on which nobody is logged in yet; see [`Ahead::reach`].
pub async fn reach_ahead(context: &Context, target: &Target) -> Option<Ahead> {
    Ahead::reach(target, context, &context.surroundings, context.step_deadline()).await
}

impl<'a> Session<'a> {
    /// Connects, verifies the host key, logs in.
    ///
    /// # Errors
    /// Fails when the target cannot be reached, is not the one that was pinned, or refuses us.
    pub async fn open(context: &'a Context, target: &'a Target) -> Result<Session<'a>> {
        let opened =
            Connection::open(target, context, &context.surroundings, context.step_deadline());
        let connection = opened.await.map_err(|e| unreachable(target, e))?;
        let route = Route::of(target, &context.surroundings).map_err(|e| unreachable(target, e))?;
        Ok(Self { context, target, user: route.user, connection })
    }

    /// A session over a connection that is open already.
    #[must_use]
    pub fn over(
        context: &'a Context,
        target: &'a Target,
        user: &str,
        connection: Connection,
    ) -> Self {
        Self { context, target, user: user.to_owned(), connection }
    }

    /// The account that stagepass is logged in to.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What the server calls itself: its SSH identification, or `local`.
    #[must_use]
    pub fn server_id(&self) -> &str {
        self.connection.server_id()
    }

    /// Runs one verb.
    ///
    /// # Errors
    /// Fails when the script cannot be made or the provider needs root and there is no way to it.
    /// What the server did or did not do is in the [`Answer`].
    pub async fn call(
        &mut self,
        provider: &Provider,
        verb: Verb,
        inputs: &Inputs<'_>,
    ) -> Result<Answer> {
        let elevation = match provider.need {
            Need::Root => self.target.elevation,
            Need::None => Elevation::None,
        };
        let framed = provider.frame(verb, inputs).map_err(|e| {
            Error::new(Kind::Internal, "the script for the server cannot be made").because(e)
        })?;
        let limit = limit_of(self.context, inputs);
        Ok(self.run(framed, elevation, provider.outputs(verb), limit).await)
    }

    /// Runs one verb for several grants by one script; an answer for each, in their order.
    ///
    /// # Errors
    /// Fails when the script cannot be made.
    pub async fn call_together(
        &mut self,
        provider: &Provider,
        verb: Verb,
        inputs: &[Inputs<'_>],
    ) -> Result<Vec<Answer>> {
        let mut framed = provider.frame_together(verb, inputs).map_err(|e| {
            Error::new(Kind::Internal, "the script for the server cannot be made").because(e)
        })?;
        let (body, packed) = (std::mem::take(&mut framed.body), framed.packed.take());
        let alone = inputs.iter().map(|one| limit_of(self.context, one)).max();
        let limit = together_limit(alone.unwrap_or(self.context.step_limit), inputs.len());
        let outcome = self.send(body, packed, self.target.elevation, limit).await;
        Ok(framed.read(outcome, provider.outputs(verb)))
    }

    /// Runs a script that is no provider's, as root where the target has a way to it.
    pub async fn run_as_root(
        &mut self,
        framed: Framed,
        outputs: &Outputs,
        limit: Duration,
    ) -> Answer {
        self.run(framed, self.target.elevation, outputs, limit).await
    }

    async fn run(
        &mut self,
        mut framed: Framed,
        elevation: Elevation,
        outputs: &Outputs,
        limit: Duration,
    ) -> Answer {
        let (body, packed) = (std::mem::take(&mut framed.body), framed.packed.take());
        let outcome = self.send(body, packed, elevation, limit).await;
        framed.read(outcome, outputs)
    }

    async fn send(
        &mut self,
        body: Zeroizing<Vec<u8>>,
        packed: Option<Packed>,
        elevation: Elevation,
        limit: Duration,
    ) -> Outcome {
        let script = Script { elevation, interpreter: Interpreter::Sh, body, packed };
        let mut outcome = self.connection.run(&script, Instant::now() + limit).await;
        // Nothing was run: who typed a wrong password is asked again.
        for _ in 1..TRIES {
            if !Connection::refused_password(&outcome) {
                break;
            }
            let Some(password) = self.context.again(Wanted::Sudo(&self.target.name)) else { break };
            self.connection.give_password(password);
            outcome = self.connection.run(&script, Instant::now() + limit).await;
        }
        outcome
    }

    /// Logs in anew, and says goodbye to the login from before.
    ///
    /// # Errors
    /// As [`Session::open`]; then the login from before is still there.
    pub async fn again(&mut self) -> Result<()> {
        let new = Self::open(self.context, self.target).await?;
        std::mem::replace(self, new).close().await;
        Ok(())
    }

    /// Says goodbye.
    pub async fn close(self) {
        self.connection.close().await;
    }
}

/// What was known about the server when a layer was opened, as the ledger keeps it: the inputs
/// that do not change, the server's identity, how far its clock was ahead, and until when an
/// `open` whose end nobody saw may still run there.
#[derive(Debug)]
pub struct Known(BTreeMap<String, Value>);

impl Known {
    /// Reads what is kept with the layer.
    #[must_use]
    pub fn of(layer: &Layer) -> Self {
        Self(serde_json::from_str(&layer.inputs).unwrap_or_default())
    }

    /// A text, empty where nothing is kept.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A text, `other` where nothing is kept.
    #[must_use]
    pub fn text_or<'a>(&'a self, name: &str, other: &'a str) -> &'a str {
        Some(self.text(name)).filter(|text| !text.is_empty()).unwrap_or(other)
    }

    /// A number, 0 where nothing is kept.
    #[must_use]
    pub fn number(&self, name: &str) -> i64 {
        self.0.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// Whether the supporter's key is for some addresses only (`--from`).
    #[must_use]
    pub fn is_limited(&self) -> bool {
        !self.text("sp_from").is_empty()
    }

    /// Whether the server took the supporter's key from our address when access was opened: then a
    /// refusal from here says something.
    #[must_use]
    pub fn was_taken_here(&self) -> bool {
        self.number("taken_here") == 1
    }

    /// Keeps that it was.
    pub fn set_taken_here(layer: &mut Layer) {
        Self::set(layer, "taken_here", 1);
    }

    /// Keeps a number with the layer.
    pub fn set(layer: &mut Layer, name: &str, number: i64) {
        Self::keep(layer, name, number.into());
    }

    /// Keeps a text with the layer. Never a secret.
    pub fn set_text(layer: &mut Layer, name: &str, text: &str) {
        Self::keep(layer, name, text.into());
    }

    fn keep(layer: &mut Layer, name: &str, value: Value) {
        let mut kept = Self::of(layer);
        kept.0.insert(name.to_owned(), value);
        layer.inputs = serde_json::json!(kept.0).to_string();
    }

    /// Whether the account that a layer is in is the merchant's own, and not made for the grant.
    #[must_use]
    pub fn is_shared(layer: &Layer) -> bool {
        // Grants of before this was written down have the one provider that shared it.
        Self::of(layer).number("shared") == 1 || layer.provider == "authorized-key"
    }

    /// Why a target is not the server that the layer is on; `None` where it is. A name in the list
    /// of targets can come to mean another server, where everything would look already gone.
    #[must_use]
    pub fn elsewhere(&self, target: &Target) -> Option<String> {
        let kept = self.0.get("host_keys").and_then(Value::as_array)?;
        let now = host_keys(target);
        let same = kept.iter().filter_map(Value::as_str).any(|kept| now.iter().any(|n| n == kept));
        if same || (kept.is_empty() && now.is_empty()) {
            return None;
        }
        let kept: Vec<&str> = kept.iter().filter_map(Value::as_str).collect();
        Some(format!(
            "`{}` now leads to another server: the grant is on the one with the host key {}; if it is \
             the same server with a new host key, write both keys into targets.toml: \
             host_key = [\"old\", \"new\"]",
            target.name,
            kept.join(" or ")
        ))
    }
}

/// The fingerprints by which a target's server is known.
#[must_use]
pub fn host_keys(target: &Target) -> Vec<String> {
    target.host_key.iter().map(HostKeyPin::fingerprint).collect()
}

/// The inputs of one call for one layer.
#[must_use]
pub fn inputs<'a>(grant: &Grant, layer: &Layer, moment: &Moment<'a>) -> Inputs<'a> {
    let known = Known::of(layer);
    let kept = |name: &str| Input::Text(known.text(name).to_owned());
    let opened: BTreeMap<String, Value> = serde_json::from_str(&layer.outputs).unwrap_or_default();
    let opened = |name: &str| opened.get(name).and_then(Value::as_str).unwrap_or_default();
    let same_key_before = match opened("same_key_foreign") {
        "true" => "1",
        "false" => "0",
        _ => "",
    };
    let plain = |text: &str| Input::Text(text.to_owned());
    vec![
        ("sp_grant", plain(&grant.id)),
        ("sp_account", plain(&layer.account)),
        ("sp_access", plain(grant.access.id())),
        ("sp_supporter", plain(&grant.supporter.name)),
        ("sp_public_key", plain(layer.public_key.as_deref().unwrap_or_default())),
        ("sp_has_password", plain(if layer.has_password { "1" } else { "0" })),
        ("sp_path", kept("sp_path")),
        ("sp_path_id", kept("sp_path_id")),
        ("sp_with_secrets", kept("sp_with_secrets")),
        ("sp_expiry_form", kept("sp_expiry_form")),
        ("sp_restrict", kept("sp_restrict")),
        ("sp_from", kept("sp_from")),
        ("sp_allow_root", kept("sp_allow_root")),
        ("sp_same_key_before", plain(same_key_before)),
        ("sp_keys_file", plain(opened("keys_file"))),
        ("sp_tag", kept("sp_tag")),
        ("sp_case", plain(&grant.case)),
        ("sp_ask", kept("sp_ask")),
        ("sp_at_end", Input::Text(known.text_or("sp_at_end", "kill").to_owned())),
        ("sp_drain", Input::Text(known.number("sp_drain").to_string())),
        (WALK_SECONDS, Input::Text(known.number(WALK_SECONDS).to_string())),
        ("sp_uses_from", Input::Text(known.number("uses_collected").to_string())),
        ("sp_closer", plain(moment.closer)),
        ("sp_baseline_digest", plain(opened("baseline_digest"))),
        // What began later, by the server's clock, may be the supporter's.
        ("sp_opened", Input::Text((grant.created_at + known.number("clock_ahead")).to_string())),
        ("sp_confined_then", plain(opened("confined"))),
        ("sp_by_server", plain("0")),
        ("sp_gate_wanted", plain("1")),
        ("sp_trial", plain(moment.trial)),
        // The server keeps the deadline by its own clock.
        ("sp_deadline", Input::Text((moment.deadline + known.number("clock_ahead")).to_string())),
        ("sp_check_key", plain(moment.check_key.unwrap_or_default())),
        ("sp_check_until", Input::Text(moment.check_until.to_string())),
        ("sp_not_after", Input::Text(moment.not_after.to_string())),
        ("sp_password", moment.password_hash.map_or_else(|| plain(""), Input::Secret)),
    ]
}

/// What to do about a target that was not reached.
fn target_hint(name: &str, e: &TransportError) -> Option<String> {
    match e {
        TransportError::HostKeyChanged { .. } => Some(format!(
            "nothing was sent. Ask your hosting company whether the server was reinstalled; only if \
             it says so, and names the new fingerprint, add it again: \
             `stagepass target add {name} … --replace --host-key SHA256:…`"
        )),
        TransportError::HostKeyUnknown { .. } => Some(format!(
            "nothing was sent. Compare the fingerprint with the one your hosting company tells you, \
             and pin it: `stagepass target add {name} … --replace --host-key SHA256:…`"
        )),
        TransportError::HostKeyRevoked { .. } => {
            Some("nothing was sent: somebody marked this key as stolen or retired".into())
        }
        TransportError::AuthRefused { .. } => Some(
            "check the account and its key: an agent that holds it, `--identity FILE`, or \
             `--login password` with `stagepass secret set password`"
                .into(),
        ),
        TransportError::NoPassword { .. } => {
            Some(format!("keep it with `stagepass secret set password {name}`"))
        }
        TransportError::Unreachable { .. } | TransportError::TimedOut { .. } => {
            Some("check the address and the port, and whether the server is up".into())
        }
        TransportError::Lost { phase: Phase::Login, .. } => Some(
            "the server ended the connection during the login: it may let nobody in for now \
             (`/etc/nologin`), or this account only from elsewhere (`pam_access`); its log has the \
             reason"
                .into(),
        ),
        // What sshd says instead of its greeting while it shuts an address out (9.8 and later).
        TransportError::NotSsh { greeting, .. }
            if greeting.contains("Not allowed at this time") =>
        {
            Some(
                "this server shuts an address out for a while after failed logins: wait ten \
                 minutes and try again"
                    .into(),
            )
        }
        TransportError::Closed { .. } => Some(
            "some servers shut an address out for a while after failed logins: wait ten minutes \
             and try again"
                .into(),
        ),
        _ => None,
    }
}

/// What to do about a jump host. Its key and its login are none of the target's: they come from
/// `known_hosts` and `~/.ssh/config`.
fn jump_hint(
    name: &str,
    command: &str,
    known_hosts: Option<&Path>,
    source: &TransportError,
) -> Option<String> {
    let file = known_hosts.map_or_else(
        || "a `UserKnownHostsFile` that keeps keys".to_owned(),
        |path| format!("`{}`", path.display()),
    );
    match source {
        TransportError::HostKeyUnknown { .. } => Some(format!(
            "nothing was sent, and the key pinned for `{name}` stays as it is. Compare this \
             fingerprint with the one that whoever runs the jump host tells you; then connect to it \
             once with `{command}`, which asks and writes it to {file}"
        )),
        TransportError::HostKeyChanged { .. } => Some(format!(
            "nothing was sent, and the key pinned for `{name}` stays as it is. Ask whoever runs the \
             jump host whether it was reinstalled; only then take its old key out of {file} and \
             connect to it once with `{command}`"
        )),
        TransportError::AuthRefused { .. } | TransportError::KeyFile { .. } => Some(format!(
            "name its key in ~/.ssh/config (`IdentityFile`, in the block of the jump host), until \
             `{command}` logs in"
        )),
        TransportError::NoPassword { .. } => {
            Some("log in to a jump host with a key: its password is not asked for".into())
        }
        other => target_hint(name, other),
    }
}

/// A transport failure as the merchant sees it, with what to do about it.
#[must_use]
pub fn unreachable(target: &Target, e: TransportError) -> Error {
    let kind = match e {
        TransportError::Ftp { .. } => Kind::Policy,
        _ => Kind::Unreachable,
    };
    let name = &target.name;
    let hint = match &e {
        TransportError::Jump { command, known_hosts, source, .. } => {
            jump_hint(name, command, known_hosts.as_deref(), source)
        }
        other => target_hint(name, other),
    };
    let error = Error::new(kind, format!("the target `{name}` cannot be used")).because(e);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
