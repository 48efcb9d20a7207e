//! One connection to one server: dialled, greeted, and verified by its host key before anything else is said. Who logs in
//! over it is the business of [`super::login`].

use std::borrow::Cow;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use russh::client::{self, ChannelOpenHandle, DisconnectReason, Handle};
use russh::keys::{Algorithm, PublicKey, PublicKeyOrCertificate};
use russh::{AlgorithmKind, Channel, Preferred, SshId, kex};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::host_key::{KnownHosts, Verdict, check_pins};
use super::prompt::Prompt;
use super::ssh_config::Place;
use super::{Clock, Phase, TransportError};
use crate::message;
use crate::target::pin::{HostKeyPin, fingerprint};
use crate::text;

/// A byte stream to a server: TCP, or a channel of the server before it.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Which host keys are believed on one connection.
pub(super) enum HostKeyCheck {
    /// The pinned ones, unless `known_hosts` revokes them.
    Pinned(Vec<HostKeyPin>, KnownHosts),
    /// Those in `known_hosts`.
    Known(KnownHosts),
    /// None: the key is looked at and the connection ends there.
    FetchOnly,
}

/// What was heard outside of any call.
#[derive(Default)]
pub(super) struct Heard {
    /// Why the server or the library ended the connection.
    pub(super) goodbye: Option<String>,
    /// The last text the server showed during the login, cleaned.
    pub(super) banner: Option<String>,
}

type Notes = Arc<Mutex<Heard>>;

fn lock(notes: &Notes) -> MutexGuard<'_, Heard> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What stops a connection.
#[derive(Debug)]
pub(super) enum Abort {
    Library(russh::Error),
    Changed { pinned: Vec<String>, received: String, key: Box<PublicKey> },
    Unknown { received: String, certificate_authority: bool },
    Revoked { received: String },
    Fetched(Box<PublicKey>),
}

impl From<russh::Error> for Abort {
    fn from(error: russh::Error) -> Self {
        Self::Library(error)
    }
}

/// Compares the host key, at the first key exchange and at every later one.
pub(super) struct Verifier {
    rule: HostKeyCheck,
    notes: Notes,
}

impl client::Handler for Verifier {
    type Error = Abort;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Abort> {
        // Certificates are not negotiated; one that comes all the same is refused as a key.
        let key = shown.public_key();
        let verdict = match &self.rule {
            HostKeyCheck::FetchOnly => return Err(Abort::Fetched(Box::new(key))),
            HostKeyCheck::Known(known) => known.ask(&key),
            HostKeyCheck::Pinned(_, known) if known.is_revoked(&key) => Verdict::Revoked,
            HostKeyCheck::Pinned(pins, _) => check_pins(pins, &key),
        };
        let received = fingerprint(&key);
        match verdict {
            Verdict::Valid => Ok(shown.certificate().is_none()),
            Verdict::Changed { expected } => {
                Err(Abort::Changed { pinned: expected, received, key: Box::new(key) })
            }
            Verdict::Unknown { certificate_authority } => {
                Err(Abort::Unknown { received, certificate_authority })
            }
            Verdict::Revoked => Err(Abort::Revoked { received }),
        }
    }

    async fn auth_banner(&mut self, text: &str, _: &mut client::Session) -> Result<(), Abort> {
        lock(&self.notes).banner = Some(text::one_line(text, 200));
        Ok(())
    }

    // The library takes every channel that a server opens towards us, unless it is told not to.
    // Nobody would listen at its end; it would only cost memory. A handle that is dropped says no.

    async fn server_channel_open_session(
        &mut self,
        _: Channel<client::Msg>,
        _: ChannelOpenHandle,
        _: &mut client::Session,
    ) -> Result<(), Abort> {
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<client::Msg>,
        _: ChannelOpenHandle,
        _: &mut client::Session,
    ) -> Result<(), Abort> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<client::Msg>,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut client::Session,
    ) -> Result<(), Abort> {
        Ok(())
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<client::Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut client::Session,
    ) -> Result<(), Abort> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<client::Msg>,
        _: &str,
        _: ChannelOpenHandle,
        _: &mut client::Session,
    ) -> Result<(), Abort> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<client::Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut client::Session,
    ) -> Result<(), Abort> {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<client::Msg>,
        _: &str,
        _: ChannelOpenHandle,
        _: &mut client::Session,
    ) -> Result<(), Abort> {
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Abort>) -> Result<(), Abort> {
        let why = match &reason {
            DisconnectReason::ReceivedDisconnect(info) => text::one_line(&info.message, 200),
            DisconnectReason::Error(Abort::Library(error)) => {
                text::one_line(&error.to_string(), 200)
            }
            DisconnectReason::Error(_) => message::text("lost-why-key", &[]),
        };
        lock(&self.notes).goodbye = Some(why);
        match reason {
            DisconnectReason::ReceivedDisconnect(_) => Ok(()),
            DisconnectReason::Error(error) => Err(error),
        }
    }
}

/// A verified connection to one server, logged in to or not yet.
pub(super) struct Link {
    pub(super) handle: Handle<Verifier>,
    pub(super) label: String,
    pub(super) server_id: String,
    notes: Notes,
}

impl Link {
    /// Why the connection ended, if that was said.
    pub(super) fn goodbye(&self) -> Option<String> {
        lock(&self.notes).goodbye.clone()
    }

    /// What the server showed since this was last asked.
    pub(super) fn take_banner(&self) -> Option<String> {
        lock(&self.notes).banner.take()
    }

    /// The same, and it stays.
    pub(super) fn banner(&self) -> Option<String> {
        lock(&self.notes).banner.clone().filter(|text| !text.is_empty())
    }

    pub(super) fn lost(&self, phase: Phase) -> TransportError {
        let why = self.goodbye().unwrap_or_else(|| message::text("lost-why-closed", &[]));
        // `/etc/nologin` and the modules of PAM speak in this way.
        let why = match self.banner().filter(|_| phase == Phase::Login) {
            Some(banner) => {
                message::text("lost-why-said", &[("why", why.into()), ("said", banner.into())])
            }
            None => why,
        };
        TransportError::Lost { host: self.label.clone(), phase, why }
    }
}

/// Why a server was not connected to, and the key it showed if that was the reason.
pub(super) struct Failure {
    pub(super) error: TransportError,
    pub(super) shown: Option<Box<PublicKey>>,
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self { error, shown: None }
    }
}

/// Connects to the next server and verifies it.
pub(super) async fn connect(
    way: &[Link],
    place: &Place,
    rule: HostKeyCheck,
    algorithms: &[Algorithm],
    clock: &Clock,
) -> Result<Link, Failure> {
    let label = place.label();
    let stream: Box<dyn Stream> = match way.last() {
        None => Box::new(Prompt(dial(place, clock).await?)),
        Some(link) => Box::new(pass_through(link, place, clock).await?),
    };
    let (reader, writer) = tokio::io::split(stream);
    let greeted = greet(reader, &label, clock).await?;
    // The greeting is heard first, so that an FTP server hears nothing from us. The library is
    // given it again.
    let reader = io::Cursor::new(greeted.heard).chain(greeted.reader);
    let stream = tokio::io::join(reader, writer);

    let notes = Notes::default();
    let verifier = Verifier { rule, notes: Arc::clone(&notes) };
    let connected = client::connect_stream(settings(algorithms), stream, verifier);
    match clock.within(connected).await {
        None => Err(TransportError::TimedOut { host: label, phase: Phase::KeyExchange }.into()),
        Some(Ok(handle)) => Ok(Link { handle, label, server_id: greeted.server_id, notes }),
        Some(Err(stop)) => Err(explain(stop, label)),
    }
}

/// Our side of every connection.
fn settings(algorithms: &[Algorithm]) -> Arc<client::Config> {
    Arc::new(client::Config {
        client_id: SshId::Standard(Cow::Borrowed(concat!(
            "SSH-2.0-stagepass_",
            env!("CARGO_PKG_VERSION")
        ))),
        preferred: Preferred {
            // Curve25519 is the fastest; the curves of NIST are all that some servers allow.
            kex: Cow::Borrowed(&[
                kex::CURVE25519,
                kex::CURVE25519_PRE_RFC_8731,
                kex::MLKEM768X25519_SHA256,
                kex::ECDH_SHA2_NISTP256,
                kex::ECDH_SHA2_NISTP384,
                kex::ECDH_SHA2_NISTP521,
                kex::DH_GEX_SHA256,
                kex::DH_G16_SHA512,
                kex::DH_G14_SHA256,
                kex::EXTENSION_SUPPORT_AS_CLIENT,
                kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
            ]),
            key: Cow::Owned(algorithms.to_vec()),
            ..Preferred::DEFAULT
        },
        keepalive_interval: Some(Duration::from_secs(5)),
        keepalive_max: 3,
        inactivity_timeout: None,
        nodelay: true,
        ..client::Config::default()
    })
}

/// Opens a TCP connection.
async fn dial(place: &Place, clock: &Clock) -> Result<TcpStream, TransportError> {
    let unreachable = |source| TransportError::Unreachable { host: place.label(), source };
    let late = || TransportError::TimedOut { host: place.label(), phase: Phase::Connect };
    let found = tokio::net::lookup_host((place.host.as_str(), place.port));
    let addresses = clock.within(found).await.ok_or_else(late)?.map_err(unreachable)?;
    let addresses: Vec<_> = addresses.filter(|address| place.family.takes(address)).collect();
    let dialled = again_when_refused(|| dial_one_of(&addresses, clock)).await;
    dialled.map_err(|last| match last.kind() {
        io::ErrorKind::TimedOut => late(),
        _ => unreachable(last),
    })
}

/// Every address of a name gets its share of the time.
async fn dial_one_of(addresses: &[SocketAddr], clock: &Clock) -> io::Result<TcpStream> {
    let mut last =
        io::Error::new(io::ErrorKind::NotFound, message::text("unreachable-no-address", &[]));
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for address in addresses {
        let share = clock.deadline.saturating_duration_since(Instant::now()) / left.max(1);
        left = left.saturating_sub(1);
        match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Without it every small request waits for the answer to the one before.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

/// How long to wait before a connection that was refused is tried again. An sshd that reads its
/// configuration again starts anew (sshd(8), SIGHUP), and nobody listens for a moment: so it is when
/// stagepass gives a password or takes one away.
const WHEN_REFUSED: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(500), Duration::from_millis(1000)];

async fn again_when_refused<T, F>(mut dial: impl FnMut() -> F) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    for pause in WHEN_REFUSED {
        match dial().await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                tokio::time::sleep(pause).await;
            }
            dialled => return dialled,
        }
    }
    dial().await
}

/// Opens a connection from the server before it.
async fn pass_through(
    link: &Link,
    place: &Place,
    clock: &Clock,
) -> Result<impl Stream + use<>, TransportError> {
    let port = u32::from(place.port);
    let opening = link.handle.channel_open_direct_tcpip(&place.host, port, "127.0.0.1", 0);
    match clock.within(opening).await {
        None => Err(TransportError::TimedOut { host: place.label(), phase: Phase::Connect }),
        Some(Ok(channel)) => Ok(channel.into_stream()),
        Some(Err(error)) => Err(TransportError::NoWay {
            jump: link.label.clone(),
            host: place.label(),
            why: text::one_line(&error.to_string(), 200),
        }),
    }
}

/// What a server said before anything was said to it.
struct Greeted<R> {
    reader: R,
    /// Its SSH greeting and what came with it, unread by the library.
    heard: Vec<u8>,
    server_id: String,
}

/// How much may come before the greeting, in bytes. RFC 4253 allows other lines there.
const PREAMBLE_LIMIT: usize = 4096;

/// Waits for the server's first line and sees whether it is SSH.
async fn greet<R: AsyncRead + Unpin>(
    mut reader: R,
    label: &str,
    clock: &Clock,
) -> Result<Greeted<R>, TransportError> {
    let mut preamble = Preamble::default();
    let mut buffer = [0_u8; 512];
    loop {
        match preamble.judge(label) {
            Some(Ok(server_id)) => return Ok(Greeted { reader, heard: preamble.rest, server_id }),
            Some(Err(error)) => return Err(error),
            None => {}
        }
        match clock.within(reader.read(&mut buffer)).await {
            Some(Ok(length)) if length > 0 => {
                preamble.rest.extend_from_slice(buffer.get(..length).unwrap_or_default());
            }
            ended => return Err(preamble.cut_short(label, ended.is_none())),
        }
    }
}

/// The lines before the greeting.
#[derive(Default)]
struct Preamble {
    /// The first line that was no greeting.
    first: Option<String>,
    /// How much was put aside.
    passed: usize,
    /// What was not judged yet.
    rest: Vec<u8>,
}

impl Preamble {
    /// Judges the whole lines heard so far: the greeting, an error, or nothing yet.
    fn judge(&mut self, label: &str) -> Option<Result<String, TransportError>> {
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line = self.rest.get(..end).unwrap_or_default();
            if line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-") {
                return Some(Ok(text::line_of_bytes(line, 255)));
            }
            let text = text::line_of_bytes(line, 120);
            if line.starts_with(b"220") || line.starts_with(b"SSH-") {
                return Some(Err(foreign(label, text)));
            }
            self.first.get_or_insert(text);
            self.passed += end + 1;
            self.rest.drain(..=end);
        }
        if self.passed + self.rest.len() > PREAMBLE_LIMIT {
            return Some(Err(self.cut_short(label, false)));
        }
        None
    }

    /// What to say when nothing more comes.
    fn cut_short(&self, label: &str, late: bool) -> TransportError {
        let host = label.to_owned();
        match &self.first {
            Some(first) => foreign(label, first.clone()),
            None if late && (self.rest.is_empty() || self.rest.starts_with(b"SSH-")) => {
                TransportError::TimedOut { host, phase: Phase::Greeting }
            }
            None if self.rest.is_empty() => TransportError::Closed { host },
            None => foreign(label, text::line_of_bytes(&self.rest, 120)),
        }
    }
}

/// A first line that is not SSH 2.
fn foreign(label: &str, greeting: String) -> TransportError {
    let host = label.to_owned();
    if greeting.starts_with("220") {
        TransportError::Ftp { host, greeting }
    } else if greeting == "Not allowed at this time" || greeting == "Exceeded MaxStartups" {
        TransportError::TurnedAway { host, greeting }
    } else {
        TransportError::NotSsh { host, greeting }
    }
}

/// Turns what stopped a key exchange into what the user reads.
fn explain(stop: Abort, host: String) -> Failure {
    let phase = Phase::KeyExchange;
    let error = match stop {
        Abort::Changed { pinned, received, key } => {
            let error = TransportError::HostKeyChanged { host, pinned, received };
            return Failure { error, shown: Some(key) };
        }
        Abort::Fetched(key) => {
            let received = fingerprint(&key);
            let certificate_authority = false;
            let error = TransportError::HostKeyUnknown { host, received, certificate_authority };
            return Failure { error, shown: Some(key) };
        }
        Abort::Unknown { received, certificate_authority } => {
            TransportError::HostKeyUnknown { host, received, certificate_authority }
        }
        Abort::Revoked { received } => TransportError::HostKeyRevoked { host, received },
        Abort::Library(russh::Error::NoCommonAlgo { kind, ours, theirs }) => {
            let kind = match kind {
                AlgorithmKind::Kex => "kex",
                AlgorithmKind::Key => "key",
                AlgorithmKind::Cipher => "cipher",
                AlgorithmKind::Compression => "compression",
                AlgorithmKind::Mac => "mac",
            };
            let list = |names: Vec<String>| text::one_line(&names.join(", "), 300);
            let (ours, theirs) = (list(ours), list(theirs));
            TransportError::NoCommonAlgorithm { host, kind, ours, theirs }
        }
        Abort::Library(russh::Error::Disconnect | russh::Error::HUP) => {
            TransportError::Lost { host, phase, why: message::text("lost-why-closed", &[]) }
        }
        Abort::Library(error) => {
            let why = text::one_line(&error.to_string(), 200);
            TransportError::Lost { host, phase, why }
        }
    };
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_is_just_starting_again_is_dialled_again_and_no_other() {
        for (refusals, kind, dialled, connects) in [
            (0, io::ErrorKind::ConnectionRefused, 1, true),
            (2, io::ErrorKind::ConnectionRefused, 3, true),
            (9, io::ErrorKind::ConnectionRefused, 4, false),
            (9, io::ErrorKind::TimedOut, 1, false),
            (9, io::ErrorKind::HostUnreachable, 1, false),
        ] {
            let mut count = 0;
            let ended = again_when_refused(|| {
                count += 1;
                let dialled = if count > refusals { Ok(()) } else { Err(kind.into()) };
                std::future::ready(dialled)
            })
            .await;
            assert_eq!((count, ended.is_ok()), (dialled, connects), "{kind:?} {refusals}");
        }
    }
}
