//! SSH: a login on a target, through other servers if need be, and running commands on it.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use russh::client::{self};
use russh::keys::PublicKey;
use russh::{Channel, ChannelMsg, ChannelOpenFailure, ChannelWriteHalf, Disconnect};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::exchange::{End, Exchange, Feed};
use super::host_key::{self, KnownHosts, Verdict, algorithms_for, check_pins};
use super::link::{HostKeyCheck, Link, connect};
use super::local::LINGER;
use super::login::{self, Identity};
use super::ssh_config::{Config, Place};
use super::{Clock, Outcome, Phase, SshEnvironment, TransportError, Unlock};
use crate::message::{self, Arg};
use crate::target::pin::{HostKeyPin, fingerprint, same_type};
use crate::target::{Address, Target};
use crate::text;

/// A login on a target, and the servers on the way, which live as long.
pub(super) struct Session {
    pub(super) link: Link,
    way: Vec<Link>,
    port: u16,
}

/// Reaches, verifies and logs in to a target.
pub(super) async fn open(
    target: &Target,
    unlock: &dyn Unlock,
    known: &SshEnvironment,
    clock: &mut Clock,
) -> Result<Session, TransportError> {
    let route = Route::of(target, known)?;
    let mut session = reach(&route, unlock, known, clock).await?;
    let identity = Identity::of_target(target, &route.place, known);
    login::log_in(&mut session.link, &identity, unlock, clock).await?;
    Ok(session)
}

/// The way to a target and what is believed at its end.
pub(super) struct Route {
    pub(super) place: Place,
    pins: Vec<HostKeyPin>,
}

impl Route {
    /// For `local:` this is the sshd of this machine, whose host keys are read from its disk.
    pub(super) fn of(target: &Target, known: &SshEnvironment) -> Result<Self, TransportError> {
        let mut pins = target.host_key.clone();
        let place = match &target.address {
            Address::Ssh { user, host, port } => {
                Config::read(known)?.place(user.as_deref(), host, *port)?
            }
            Address::Local => {
                if pins.is_empty() {
                    pins = own_host_keys(known);
                }
                Place::direct("127.0.0.1", known.local_port, known)
            }
        };
        Ok(Self { place, pins })
    }
}

/// The public host keys of this machine; one that cannot be read is not believed.
fn own_host_keys(known: &SshEnvironment) -> Vec<HostKeyPin> {
    let texts = known.local_host_keys.iter().filter_map(|path| std::fs::read_to_string(path).ok());
    texts.filter_map(|text| text.parse().ok()).collect()
}

/// Reaches and verifies a target without logging in to it.
pub(super) async fn reach(
    route: &Route,
    unlock: &dyn Unlock,
    known: &SshEnvironment,
    clock: &mut Clock,
) -> Result<Session, TransportError> {
    let Route { place, pins } = route;
    let way = walk(place, unlock, known, clock).await?;
    // A fingerprint does not say of which type the key is: every type is asked for in turn.
    let loose = pins.iter().any(|pin| matches!(pin, HostKeyPin::Fingerprint(_)));
    let mut algorithms = algorithms_for(pins);
    let mut mismatch: Option<TransportError> = None;
    loop {
        let rule = HostKeyCheck::Pinned(pins.clone(), known_hosts_of(place)?);
        let failure = match connect(&way, place, rule, &algorithms, clock).await {
            Ok(link) => return Ok(Session { link, way, port: place.port }),
            Err(failure) => failure,
        };
        match (failure.shown, mismatch.take()) {
            (Some(shown), earlier) if loose => {
                algorithms.retain(|kind| !same_type(kind, &shown.algorithm()));
                let error = earlier.unwrap_or(failure.error);
                if algorithms.is_empty() {
                    return Err(error);
                }
                mismatch = Some(error);
            }
            (None, Some(earlier))
                if matches!(failure.error, TransportError::NoCommonAlgorithm { .. }) =>
            {
                return Err(earlier);
            }
            _ => return Err(failure.error),
        }
    }
}

/// A host key as a server showed it, before anybody believes it.
#[derive(Debug)]
pub struct Fetched {
    /// The key. The server proved that it holds the private half.
    pub key: PublicKey,
    /// What `known_hosts` says about it.
    pub verdict: Verdict,
    /// The host and port that were really asked, after `~/.ssh/config`.
    pub host: String,
}

/// Asks a server for its host key and leaves: nobody logs in to it. A target that has pins already
/// (a fingerprint given by hand) is asked for a key that fits them. Servers on the way are
/// verified by `known_hosts` and logged in to.
///
/// # Errors
/// Fails when the server cannot be reached, or has no key that fits the pins.
pub async fn fetch_host_key(
    target: &Target,
    unlock: &dyn Unlock,
    known: &SshEnvironment,
    deadline: Instant,
) -> Result<Fetched, TransportError> {
    let mut clock = Clock { deadline };
    let Route { place, pins } = &Route::of(target, known)?;
    let way = walk(place, unlock, known, &mut clock).await?;
    let known_hosts = known_hosts_of(place)?;
    // Like OpenSSH: a server is first asked for a key of a type that is known.
    let mut algorithms = match pins.as_slice() {
        [] => host_key::first(&known_hosts.types()),
        pins => algorithms_for(pins),
    };
    let mut first: Option<PublicKey> = None;
    loop {
        let failure = match connect(&way, place, HostKeyCheck::FetchOnly, &algorithms, &clock).await
        {
            Ok(link) => return Err(link.lost(Phase::KeyExchange)),
            Err(failure) => failure,
        };
        match (failure.shown, first.take()) {
            (Some(key), _) if check_pins(pins, &key) == Verdict::Valid || pins.is_empty() => {
                let verdict = known_hosts.ask(&key);
                return Ok(Fetched { key: *key, verdict, host: place.label() });
            }
            (Some(key), earlier) => {
                algorithms.retain(|kind| !same_type(kind, &key.algorithm()));
                let shown = earlier.unwrap_or(*key);
                if algorithms.is_empty() {
                    return Err(changed(place, pins, &shown));
                }
                first = Some(shown);
            }
            (None, Some(shown))
                if matches!(failure.error, TransportError::NoCommonAlgorithm { .. }) =>
            {
                return Err(changed(place, pins, &shown));
            }
            (None, _) => return Err(failure.error),
        }
    }
}

fn changed(place: &Place, pins: &[HostKeyPin], shown: &PublicKey) -> TransportError {
    TransportError::HostKeyChanged {
        host: place.label(),
        pinned: pins.iter().map(HostKeyPin::fingerprint).collect(),
        received: fingerprint(shown),
    }
}

fn known_hosts_of(place: &Place) -> Result<KnownHosts, TransportError> {
    let (host, port) = place.known_as();
    Ok(KnownHosts::read(&place.known_hosts, host, port)?)
}

/// Logs in to every server on the way, each verified by `known_hosts` before anything is sent.
async fn walk(
    place: &Place,
    unlock: &dyn Unlock,
    known: &SshEnvironment,
    clock: &mut Clock,
) -> Result<Vec<Link>, TransportError> {
    let mut way: Vec<Link> = Vec::new();
    for jump in &place.jumps {
        match step_on(&way, jump, unlock, known, clock).await {
            Ok(link) => way.push(link),
            Err(error) => {
                let port =
                    if jump.port == 22 { String::new() } else { format!("-p {} ", jump.port) };
                // A file like `/dev/null` keeps nothing.
                let is_kept = |path: &&PathBuf| !path.starts_with("/dev");
                return Err(TransportError::Jump {
                    jump: jump.label(),
                    command: format!("ssh {port}{}", jump.typed),
                    known_hosts: jump.known_hosts.iter().find(is_kept).cloned(),
                    source: Box::new(error),
                });
            }
        }
    }
    Ok(way)
}

/// Reaches, verifies and logs in to the next server on the way.
async fn step_on(
    way: &[Link],
    jump: &Place,
    unlock: &dyn Unlock,
    known: &SshEnvironment,
    clock: &mut Clock,
) -> Result<Link, TransportError> {
    let known_hosts = known_hosts_of(jump)?;
    let algorithms = host_key::first(&known_hosts.types());
    let rule = HostKeyCheck::Known(known_hosts);
    let connected = connect(way, jump, rule, &algorithms, clock).await;
    let mut link = connected.map_err(|failure| failure.error)?;
    let identity = Identity::of_jump(jump, known);
    login::log_in(&mut link, &identity, unlock, clock).await?;
    Ok(link)
}

impl Session {
    /// The server's greeting, cleaned.
    pub(super) fn server_id(&self) -> &str {
        &self.link.server_id
    }

    /// The port that it was reached on.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Says goodbye to the target and then to the servers on the way.
    pub(super) async fn close(self) {
        for link in std::iter::once(&self.link).chain(self.way.iter().rev()) {
            // A server that is gone needs no goodbye.
            let _ = link.handle.disconnect(Disconnect::ByApplication, "", "en").await;
        }
    }

    /// A connection from the server to itself.
    pub(super) async fn reach(
        &self,
        address: &str,
        port: u16,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + use<>> {
        let opening =
            self.link.handle.channel_open_direct_tcpip(address, u32::from(port), "127.0.0.1", 0);
        Ok(opening.await.map_err(io::Error::other)?.into_stream())
    }

    /// Runs one command to its end, or to the deadline.
    pub(super) async fn run(&self, mut exchange: Exchange<'_>, deadline: Instant) -> Outcome {
        let clock = Clock { deadline };
        // It would cut the connection in the middle of what it is sent, and not say why.
        if self.link.server_id.contains("mod_sftp") {
            let why = &message::text("end-no-commands-proftpd", &[]);
            return exchange.end(End::Refused(why.into()));
        }
        let channel = match clock.within(self.open_channel()).await {
            Some(Ok(channel)) => channel,
            Some(Err(error)) => return exchange.end(End::Refused(self.no_channel(&error))),
            None => {
                let why = message::text("end-no-channel-late", &[]);
                return exchange.end(End::Refused(why));
            }
        };
        let (mut heard, channel) = channel.split();
        if channel.exec(true, exchange.command()).await.is_err() {
            let why = message::text("end-lost-unsent", &[]);
            return exchange.end(End::Refused(why));
        }
        let end = self.converse(&mut heard, &channel, &mut exchange, deadline).await;
        if !matches!(end, End::Closed) {
            let _ = clock.within(channel.close()).await;
        }
        exchange.end(end)
    }

    /// Opens a channel. A server that allows one at a time (`MaxSessions`) may still count the one
    /// that has just ended: it is asked again for a moment.
    pub(super) async fn open_channel(&self) -> Result<Channel<client::Msg>, russh::Error> {
        let mut pause = Duration::from_millis(20);
        loop {
            match self.link.handle.channel_open_session().await {
                Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed))
                    if pause < Duration::from_secs(1) =>
                {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                opened => return opened,
            }
        }
    }

    fn no_channel(&self, error: &russh::Error) -> String {
        match (error, self.link.goodbye()) {
            (russh::Error::ChannelOpenFailure(why), _) => {
                let why = text::one_line(why.description(), 120).to_lowercase();
                message::text("end-no-channel", &[("why", Arg::of(&why))])
            }
            (_, Some(goodbye)) => {
                message::text("end-lost-before-said", &[("goodbye", Arg::of(&goodbye))])
            }
            (_, None) => message::text("end-lost-before", &[]),
        }
    }

    /// Feeds and drains at once: a command that ends without reading must not keep us from
    /// hearing its end.
    async fn converse(
        &self,
        heard: &mut russh::ChannelReadHalf,
        channel: &ChannelWriteHalf<client::Msg>,
        exchange: &mut Exchange<'_>,
        deadline: Instant,
    ) -> End {
        let mut feeding = exchange.begin().map(|feed| after(None, channel, feed));
        let mut limit = deadline;
        loop {
            let next = tokio::select! {
                message = heard.wait() => match message {
                    None => return self.closed(exchange),
                    Some(ChannelMsg::Data { data }) => exchange.stdout(&data),
                    Some(ChannelMsg::ExtendedData { data, .. }) => exchange.stderr(&data),
                    Some(ChannelMsg::ExitStatus { exit_status }) => {
                        exchange.status(exit_status);
                        None
                    }
                    Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                        let name = text::one_line(&format!("{signal_name:?}"), 40);
                        return End::Broken(message::text("end-signal-named", &[("name", Arg::of(&name))]));
                    }
                    Some(ChannelMsg::Failure) => {
                        return End::Refused(message::text("end-no-commands", &[]));
                    }
                    Some(_) => None,
                },
                () = progress(&mut feeding) => {
                    feeding = None;
                    None
                }
                () = tokio::time::sleep_until(limit) => {
                    if exchange.is_over() {
                        return End::Broken(message::text("end-no-output-end", &[]));
                    }
                    return End::Broken(message::text("end-late", &[]));
                }
            };
            if exchange.is_over() {
                limit = deadline.min(Instant::now() + LINGER);
            }
            if let Some(feed) = next {
                feeding = Some(after(feeding.take(), channel, feed));
            }
            if exchange.is_flooded() {
                return End::Broken(message::text("end-flood", &[]));
            }
        }
    }

    /// The channel's end: in order, or because the connection broke.
    fn closed(&self, exchange: &Exchange<'_>) -> End {
        match self.link.goodbye() {
            Some(why) if !exchange.is_over() => {
                End::Broken(message::text("end-lost", &[("why", Arg::of(&why))]))
            }
            _ => End::Closed,
        }
    }
}

type Feeding<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Writes one thing after another. An error is not looked at: the channel's end says more.
fn after<'a>(
    before: Option<Feeding<'a>>,
    channel: &'a ChannelWriteHalf<client::Msg>,
    feed: Feed<'a>,
) -> Feeding<'a> {
    Box::pin(async move {
        if let Some(before) = before {
            before.await;
        }
        let last = match feed {
            Feed::Password(line) => {
                let _ = channel.data(line.as_slice()).await;
                false
            }
            Feed::Script(body) => {
                let _ = channel.data(body).await;
                true
            }
            Feed::Marked(script) => {
                let _ = channel.data(script.as_slice()).await;
                true
            }
            Feed::Line(line) => {
                let _ = channel.data(line).await;
                false
            }
            Feed::Nothing => true,
        };
        if last {
            let _ = channel.eof().await;
        }
    })
}

async fn progress(feeding: &mut Option<Feeding<'_>>) {
    match feeding {
        Some(feeding) => feeding.await,
        None => std::future::pending().await,
    }
}
