//! One connection to one target, and the provider verbs that are run over it.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::Grant;
use crate::message::{self, Id, Note};
use crate::remote::inputs::WALK_SECONDS;
use crate::remote::layer::LayerState;
use crate::remote::provider::{Provider, RunAs, Verb};
use crate::remote::script::{Answer, Framed, Input, Inputs, Outputs};
use crate::target::{Elevation, Target};
use crate::transport::{
    Ahead, Connection, Outcome, Packed, Phase, Route, Script, TRIES, TransportError, Unlock as _,
    Wanted, WebAnswer, WebPage, WebRequest,
};

/// How long a step on a server may take for a grant: with a shop on a large disk longer than elsewhere.
#[must_use]
pub fn step_limit(context: &Context, grant: &Grant) -> Duration {
    longer(context.step_limit, walk_seconds(grant))
}

/// How many seconds longer.
#[must_use]
pub fn walk_seconds(grant: &Grant) -> i64 {
    let each = grant.layers.iter().map(|layer| LayerState::of(layer).walk_seconds);
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
        let elevation = self.elevation(provider.run_as);
        let framed = provider
            .frame(verb, inputs)
            .map_err(|e| Error::of(Kind::Internal, "script-unmade", &[]).because(e))?;
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
        let mut framed = provider
            .frame_together(verb, inputs)
            .map_err(|e| Error::of(Kind::Internal, "script-unmade", &[]).because(e))?;
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

    /// Runs a script that is no provider's, as whom one of these runs.
    pub async fn run_as(
        &mut self,
        run_as: RunAs,
        framed: Framed,
        outputs: &Outputs,
        limit: Duration,
    ) -> Answer {
        self.run(framed, self.elevation(run_as), outputs, limit).await
    }

    fn elevation(&self, run_as: RunAs) -> Elevation {
        match run_as {
            RunAs::Root => self.target.elevation,
            RunAs::Login => Elevation::None,
        }
    }

    /// Asks the web server on this target.
    pub async fn ask_web(&self, request: &WebRequest<'_>) -> WebAnswer {
        self.connection.ask_web(request, self.context.step_deadline()).await
    }

    /// The same, with the page that it answers with.
    ///
    /// # Errors
    /// Why there is none, in one line.
    pub async fn ask_page(&self, request: &WebRequest<'_>) -> std::result::Result<WebPage, String> {
        self.connection.ask_page(request, self.context.step_deadline()).await
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
        let script = Script { elevation, body, packed };
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

/// What to do about a target that was not reached.
fn target_hint(name: &str, e: &TransportError) -> Option<Note> {
    let id = match e {
        TransportError::HostKeyChanged { .. } => Id("target-way-out.host-key-changed"),
        TransportError::HostKeyUnknown { .. } => Id("target-way-out.host-key-unknown"),
        TransportError::HostKeyRevoked { .. } => Id("target-way-out.host-key-revoked"),
        TransportError::AuthRefused { .. } => Id("target-way-out.refused"),
        TransportError::NoPassword { .. } => Id("target-way-out.no-password"),
        TransportError::Unreachable { .. } | TransportError::TimedOut { .. } => {
            Id("target-way-out.unreachable")
        }
        TransportError::Lost { phase: Phase::Login, .. } => Id("target-way-out.lost"),
        // What sshd says instead of its greeting while it shuts an address out (9.8 and later).
        TransportError::NotSsh { greeting, .. }
            if greeting.contains("Not allowed at this time") =>
        {
            Id("target-way-out.shut-out")
        }
        TransportError::Closed { .. } => Id("target-way-out.closed"),
        _ => return None,
    };
    Some(id.with(&[("target", name.into())]))
}

/// What to do about a jump host. Its key and its login are none of the target's: they come from
/// `known_hosts` and `~/.ssh/config`.
fn jump_hint(
    name: &str,
    command: &str,
    known_hosts: Option<&Path>,
    source: &TransportError,
) -> Option<Note> {
    let id = match source {
        TransportError::HostKeyUnknown { .. } => Id("jump-way-out.host-key-unknown"),
        TransportError::HostKeyChanged { .. } => Id("jump-way-out.host-key-changed"),
        TransportError::AuthRefused { .. } | TransportError::KeyFile { .. } => {
            Id("jump-way-out.refused")
        }
        TransportError::NoPassword { .. } => Id("jump-way-out.no-password"),
        other => return target_hint(name, other),
    };
    let file = known_hosts.map_or_else(
        || message::text("jump-known-hosts.none", &[]),
        |path| message::text("jump-known-hosts.file", &[("path", path.into())]),
    );
    Some(id.with(&[("target", name.into()), ("command", command.into()), ("file", file.into())]))
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
    let error = Error::of(kind, "target-unusable", &[("target", name.into())]).because(e);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
