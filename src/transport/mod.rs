//! Reaching a target: one connection, scripts on standard input, three outcomes.
//!
//! A [`Connection`] is SSH or the machine stagepass runs on. Nothing is sent over SSH before the
//! host key was compared with the pin. What is run is one of a few constant command lines; the
//! script and everything secret travel on standard input.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};

use russh::keys::{PrivateKey, PublicKey};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::grant::Access;
use crate::message::{self, Arg, Note, Told, shown_by_note};
use crate::secret::Secret;
use crate::target::{Address, Elevation, Target};

mod attempt;
pub(crate) mod exchange;
pub mod host_key;
mod link;
mod local;
mod login;
mod part;
mod prompt;
mod route;
pub(crate) mod sftp;
mod ssh;
pub(crate) mod ssh_config;
mod trial;
mod web;

pub use part::{Part, Shown};
pub use route::Route;
pub use ssh::{Fetched, fetch_host_key};
pub use trial::Trial;
pub use web::{DOORS, WebAnswer, WebPage, WebRequest};

/// What of the merchant's machine matters for a connection. Made by `context.rs`.
#[derive(Debug, Clone)]
pub struct SshEnvironment {
    /// The user's home folder.
    pub home: PathBuf,
    /// The user's `~/.ssh/config`. A file that is not there says nothing.
    pub ssh_config: Option<PathBuf>,
    /// The system's `/etc/ssh/ssh_config`, which counts after the user's.
    pub system_ssh_config: Option<PathBuf>,
    /// The user's own `known_hosts` files, where no configuration names others. Read, never
    /// written.
    pub known_hosts: Vec<PathBuf>,
    /// The system's, in the same way.
    pub system_known_hosts: Vec<PathBuf>,
    /// Looks up a variable of the environment that a configuration names.
    pub variable: fn(&str) -> Option<String>,
    /// The socket of the SSH agent.
    pub agent_socket: Option<PathBuf>,
    /// The local user's name: who we log in as when nothing else says.
    pub user: String,
    /// The port on which this machine's own sshd is tried for `local:` targets.
    pub local_port: u16,
    /// The public halves of this machine's own host keys: the pins of its sshd.
    pub local_host_keys: Vec<PathBuf>,
}

impl SshEnvironment {
    /// The usual places in a home folder and in `/etc/ssh`, without an agent.
    #[must_use]
    pub fn new(home: &Path, user: &str) -> Self {
        let ssh = home.join(".ssh");
        let host_key = |kind: &str| PathBuf::from(format!("/etc/ssh/ssh_host_{kind}_key.pub"));
        Self {
            home: home.into(),
            ssh_config: Some(ssh.join("config")),
            system_ssh_config: Some("/etc/ssh/ssh_config".into()),
            known_hosts: vec![ssh.join("known_hosts"), ssh.join("known_hosts2")],
            system_known_hosts: ["known_hosts", "known_hosts2"]
                .map(|name| format!("/etc/ssh/ssh_{name}").into())
                .into(),
            variable: |_| None,
            agent_socket: None,
            user: user.into(),
            local_port: 22,
            local_host_keys: ["ed25519", "ecdsa", "rsa"].map(host_key).into(),
        }
    }
}

/// Where the merchant's own secrets come from: the keyring, or a question on the terminal. `None`
/// means there is none to be had. The time a person takes to answer counts against no deadline.
pub trait Unlock: Send + Sync {
    /// The passphrase of a key file, named by its path.
    fn passphrase(&self, what: &str) -> Option<Secret>;
    /// The password of the account on a target.
    fn password(&self, target: &str) -> Option<Secret>;
    /// The password that `sudo` asks for on a target.
    fn sudo_password(&self, target: &str) -> Option<Secret>;
    /// The same again, where what was given was wrong and somebody can be asked for another.
    fn again(&self, _wrong: Wanted<'_>) -> Option<Secret> {
        None
    }
}

/// A secret that was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// The passphrase of a key file, named by its path.
    Passphrase(&'a str),
    /// The password of the account on a target.
    Password(&'a str),
    /// The password that `sudo` asks for on a target.
    Sudo(&'a str),
}

/// How often somebody is asked for a secret until it is given up.
pub(crate) const TRIES: u32 = 3;

/// One script for `/bin/sh`. It may hold secrets: it is wiped, and it travels on standard input.
pub struct Script {
    /// How it becomes root.
    pub elevation: Elevation,
    /// The script itself: one unit, of which a part does nothing.
    pub body: Zeroizing<Vec<u8>>,
    /// The same for a server that can unpack it.
    pub packed: Option<Packed>,
}

/// The line in front of what is packed, which whoever unpacks it takes off. A shell that somebody's login script
/// put in the place of ours takes what is packed for commands, and nobody knows what those bytes would do: it ends
/// at this line.
pub const FIRST_LINE: &[u8] = b"exit\n";

/// A script as a gzip file behind [`FIRST_LINE`]. Wiped on drop.
pub struct Packed(pub Zeroizing<Vec<u8>>);

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("elevation", &self.elevation).finish_non_exhaustive()
    }
}

/// How running a script ended.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// Its exit status was seen.
    Done(Output),
    /// It was certainly not run: the server or `sudo` refused, or the connection was gone before
    /// a byte of it was sent.
    Refused {
        /// What was said, cleaned.
        why: String,
        /// Whether it was `sudo` that judged the password.
        wrong_password: bool,
    },
    /// Nobody saw how it ended: it ran, or it did not, or in part.
    Unknown {
        /// What happened instead.
        why: String,
        /// What was heard until then.
        partial: Output,
    },
}

/// What a script said. Raw bytes of a server: clean them before they are stored or shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Its exit status; always there in [`Outcome::Done`].
    pub status: Option<u32>,
    /// Its standard output, at most [`STDOUT_LIMIT`] bytes.
    pub stdout: Vec<u8>,
    /// Its standard error, at most [`STDERR_LIMIT`] bytes.
    pub stderr: Vec<u8>,
    /// Whether it said more than that; the rest was dropped.
    pub truncated: bool,
}

/// How many characters of a path on a server are repeated.
const LONGEST_PATH: usize = 512;

/// How much of standard output is kept, in bytes: many grants may be closed by one script, and each have
/// many records of what differs. `sp_b_room` in `providers/lib/difference/places.sh` keeps below it.
pub const STDOUT_LIMIT: usize = 16 * 1024 * 1024;
/// How much of standard error is kept, in bytes.
pub const STDERR_LIMIT: usize = 64 * 1024;
/// How much output is listened to in all, in bytes, before the script is cut off.
pub const FLOOD_LIMIT: usize = 32 * 1024 * 1024;

/// One try to log in to an account.
#[derive(Debug)]
pub enum Attempt<'a> {
    /// Asks whether the key would be taken, without the private half of it.
    Offer(&'a PublicKey),
    /// The same, also in the way of clients of long ago: RSA with SHA-1. stagepass signs nothing like
    /// that, but whoever does must not get in where it is said that the key is refused.
    OfferWithAnyHash(&'a PublicKey),
    /// Logs in with a key.
    Key(&'a PrivateKey),
    /// Logs in with a password.
    Password(&'a Secret),
    /// Logs in as the target's own settings say.
    Own,
}

/// What came of one try.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Answer {
    /// Logged in, and the access was really used.
    LoggedIn(Reach),
    /// Logged in, and everything of a [`Trial`] was tried.
    Tried {
        /// What was really used; `None` where nothing could be.
        reach: Option<Reach>,
        /// What came of each part.
        parts: Vec<Part>,
    },
    /// The key would be taken.
    WouldAccept,
    /// The server judged it and said no.
    Refused {
        /// The methods the server would go on with, or what it said.
        methods: String,
    },
    /// The login was taken, but the access could not be used. That proves neither that there is
    /// access nor that there is none.
    NoUse {
        /// What happened.
        why: String,
    },
    /// The server did not get to judge it.
    Unknown {
        /// What happened.
        why: String,
    },
}

/// What was really done after a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// The server's SFTP answered.
    Sftp {
        /// The version it speaks.
        version: u32,
        /// The folder one starts in, cleaned.
        path: String,
    },
    /// A shell ran a command of ours and its answer came back.
    Shell,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sftp { version, path } => f.write_str(&message::text(
                "reach-sftp",
                &[("version", Arg::of(version)), ("path", Arg::of(path))],
            )),
            Self::Shell => f.write_str(&message::text("reach-shell", &[])),
        }
    }
}

/// What a connection was waiting for when its time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The TCP connection.
    Connect,
    /// The server's first line.
    Greeting,
    /// The key exchange.
    KeyExchange,
    /// The login.
    Login,
    /// The use of what was logged in to.
    Session,
}

impl Phase {
    /// The word by which the catalogue chooses.
    fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::KeyExchange => "key-exchange",
            Self::Login => "login",
            Self::Session => "session",
        }
    }
}

/// Why there is no connection. Texts of servers in it are cut and cleaned.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// It greets like an FTP server. Policy says why that is refused.
    Ftp {
        /// The host and port.
        host: String,
        /// Its first line.
        greeting: String,
    },
    /// It greets, but not as SSH 2 does.
    NotSsh {
        /// The host and port.
        host: String,
        /// Its first line.
        greeting: String,
    },
    /// Its host key is not the one that was pinned. Nothing was sent.
    HostKeyChanged {
        /// The host and port.
        host: String,
        /// `SHA256:…` of what was expected.
        pinned: Vec<String>,
        /// `SHA256:…` of what it showed.
        received: String,
    },
    /// Nothing is known about its host key. Nothing was sent.
    HostKeyUnknown {
        /// The host and port.
        host: String,
        /// `SHA256:…` of what it showed.
        received: String,
        /// Whether a `@cert-authority` line covers it; stagepass does not use those.
        certificate_authority: bool,
    },
    /// Its host key is marked `@revoked` in `known_hosts`. Nothing was sent.
    HostKeyRevoked {
        /// The host and port.
        host: String,
        /// `SHA256:…` of what it showed.
        received: String,
    },
    /// No TCP connection.
    Unreachable {
        /// The host and port.
        host: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A jump host cannot be used.
    Jump {
        /// Its host and port.
        jump: String,
        /// How `ssh` connects to it.
        command: String,
        /// The file in which its key is looked up, if there is one.
        known_hosts: Option<PathBuf>,
        /// Why.
        #[source]
        source: Box<TransportError>,
    },
    /// A server on the way does not lead on.
    NoWay {
        /// The server on the way.
        jump: String,
        /// The host and port behind it.
        host: String,
        /// What it said.
        why: String,
    },
    /// It is sshd and says that it will not talk now: a penalty for earlier failures from this
    /// address (OpenSSH 9.8 and later), or too many connections. Trying again at once makes it
    /// worse.
    TurnedAway {
        /// The host and port.
        host: String,
        /// What it says.
        greeting: String,
    },
    /// It closed the connection without a word: too many connections, a penalty for earlier
    /// failures, or a firewall.
    Closed {
        /// The host and port.
        host: String,
    },
    /// No login was accepted.
    AuthRefused {
        /// The host and port.
        host: String,
        /// The account.
        user: String,
        /// The methods it takes.
        methods: String,
        /// What it showed, cleaned; empty where it showed nothing.
        banner: String,
        /// What was tried, and what could not be.
        tried: Vec<String>,
    },
    /// A password is wanted and there is none.
    NoPassword {
        /// The target's name.
        target: String,
    },
    /// A key file cannot be used.
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Nothing in common to encrypt or sign with.
    NoCommonAlgorithm {
        /// The host and port.
        host: String,
        /// `kex`, `key`, `cipher`, `compression` or `mac`.
        kind: &'static str,
        /// Our list.
        ours: String,
        /// Its list.
        theirs: String,
    },
    /// The time was up.
    TimedOut {
        /// The host and port.
        host: String,
        /// What was waited for.
        phase: Phase,
    },
    /// The connection broke.
    Lost {
        /// The host and port.
        host: String,
        /// When.
        phase: Phase,
        /// What was seen.
        why: String,
    },
    /// `~/.ssh/config` cannot be understood, or asks for what stagepass does not do.
    SshConfig {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A `known_hosts` file is there but cannot be read.
    KnownHosts(#[from] host_key::KnownHostsError),
}

impl Told for TransportError {
    fn note(&self) -> Note {
        match self {
            Self::Ftp { host, greeting } => Note::of(
                "transport-error-ftp",
                &[("host", Arg::of(host)), ("greeting", Arg::of(greeting))],
            ),
            Self::NotSsh { host, greeting } => Note::of(
                "transport-error-not-ssh",
                &[("host", Arg::of(host)), ("greeting", Arg::of(greeting))],
            ),
            Self::HostKeyChanged { host, pinned, received } => Note::of(
                "transport-error-host-key-changed",
                &[
                    ("host", Arg::of(host)),
                    ("pinned", message::either(pinned.clone()).into()),
                    ("received", Arg::of(received)),
                ],
            ),
            Self::HostKeyUnknown { host, received, .. } => Note::of(
                "transport-error-host-key-unknown",
                &[("host", Arg::of(host)), ("received", Arg::of(received))],
            ),
            Self::HostKeyRevoked { host, received } => Note::of(
                "transport-error-host-key-revoked",
                &[("host", Arg::of(host)), ("received", Arg::of(received))],
            ),
            Self::Unreachable { host, .. } => {
                Note::of("transport-error-unreachable", &[("host", Arg::of(host))])
            }
            Self::Jump { jump, .. } => Note::of("transport-error-jump", &[("jump", Arg::of(jump))]),
            Self::NoWay { jump, host, why } => Note::of(
                "transport-error-no-way",
                &[("jump", Arg::of(jump)), ("host", Arg::of(host)), ("why", Arg::of(why))],
            ),
            Self::TurnedAway { host, greeting } => Note::of(
                "transport-error-turned-away",
                &[("host", Arg::of(host)), ("greeting", Arg::of(greeting))],
            ),
            Self::Closed { host } => Note::of("transport-error-closed", &[("host", Arg::of(host))]),
            Self::AuthRefused { host, user, methods, banner, tried } => Note::of(
                "transport-error-auth-refused",
                &[
                    ("host", Arg::of(host)),
                    ("user", Arg::of(user)),
                    ("count", tried.len().into()),
                    ("tried", Arg::of(tried.join(", "))),
                    ("methods", Arg::of(methods)),
                    ("spoke", if banner.is_empty() { "no" } else { "yes" }.into()),
                    ("banner", Arg::of(banner)),
                ],
            ),
            Self::NoPassword { target } => {
                Note::of("transport-error-no-password", &[("target", Arg::of(target))])
            }
            Self::KeyFile { path, why } => Note::of(
                "transport-error-key-file",
                &[("path", path.display().into()), ("why", Arg::of(why))],
            ),
            Self::NoCommonAlgorithm { host, kind, ours, theirs } => Note::of(
                "transport-error-no-common-algorithm",
                &[
                    ("kind", (*kind).into()),
                    ("host", Arg::of(host)),
                    ("theirs", Arg::of(theirs)),
                    ("ours", Arg::of(ours)),
                ],
            ),
            Self::TimedOut { host, phase } => Note::of(
                "transport-error-timed-out",
                &[("host", Arg::of(host)), ("phase", phase.word().into())],
            ),
            Self::Lost { host, phase, why } => Note::of(
                "transport-error-lost",
                &[("host", Arg::of(host)), ("phase", phase.word().into()), ("why", Arg::of(why))],
            ),
            Self::SshConfig { path, why } => Note::of(
                "transport-error-ssh-config",
                &[("path", path.display().into()), ("why", Arg::of(why))],
            ),
            Self::KnownHosts(error) => error.note(),
        }
    }
}

shown_by_note!(TransportError);

/// A target that was reached, verified and logged in to.
pub struct Connection {
    way: Way,
    server_id: String,
    sudo_password: Option<Secret>,
    /// Whether this server said that it cannot unpack.
    unpacked: bool,
}

enum Way {
    Local(local::Machine),
    Ssh(Box<ssh::Session>),
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("server_id", &self.server_id).finish_non_exhaustive()
    }
}

impl Connection {
    /// Reaches a target, compares its host key with the pin and logs in.
    ///
    /// # Errors
    /// Says which of these did not work. Nothing has been changed on the target then.
    pub async fn open(
        target: &Target,
        unlock: &dyn Unlock,
        known: &SshEnvironment,
        deadline: Instant,
    ) -> Result<Self, TransportError> {
        let mut clock = Clock { deadline };
        let (way, server_id) = match &target.address {
            Address::Local => (Way::Local(local::Machine::new(known)), "local".to_owned()),
            Address::Ssh { .. } => {
                let session = ssh::open(target, unlock, known, &mut clock).await?;
                let server_id = session.server_id().to_owned();
                (Way::Ssh(Box::new(session)), server_id)
            }
        };
        let sudo_password = match target.elevation {
            Elevation::SudoPassword => unlock.sudo_password(&target.name),
            Elevation::None | Elevation::Sudo => None,
        };
        Ok(Self { way, server_id, sudo_password, unpacked: false })
    }

    /// Runs a script. One at a time: servers limit the channels of a connection.
    pub async fn run(&mut self, script: &Script, deadline: Instant) -> Outcome {
        if script.elevation == Elevation::SudoPassword && self.sudo_password.is_none() {
            let why = message::text("sudo-no-password", &[]);
            return Outcome::Refused { why, wrong_password: false };
        }
        // On this machine packing costs more than it saves.
        let mut packed = !self.unpacked && matches!(self.way, Way::Ssh(_));
        loop {
            let password = self.sudo_password.as_ref();
            let exchange = exchange::Exchange::new(script, packed, password);
            let outcome = match &self.way {
                Way::Local(machine) => machine.run(exchange, deadline).await,
                Way::Ssh(session) => session.run(exchange, deadline).await,
            };
            if !(packed && exchange::cannot_unpack(&outcome)) {
                return outcome;
            }
            (packed, self.unpacked) = (false, true);
        }
    }

    /// Whether `sudo` refused the password; nothing was run then.
    #[must_use]
    pub fn refused_password(outcome: &Outcome) -> bool {
        matches!(outcome, Outcome::Refused { wrong_password: true, .. })
    }

    /// Another password for `sudo`.
    pub fn give_password(&mut self, password: Secret) {
        self.sudo_password = Some(password);
    }

    /// What the server says it is: its SSH greeting, cleaned, or `local`.
    #[must_use]
    pub fn server_id(&self) -> &str {
        &self.server_id
    }

    /// Says goodbye. Dropping a connection does the same without a word.
    pub async fn close(self) {
        if let Way::Ssh(session) = self.way {
            session.close().await;
        }
    }
}

/// Tries to log in to an account of the target: the attempts in order on one connection, up to the
/// first that logs in, whose access is then really used. There are as many answers as attempts
/// were made. For `local:` the sshd of this machine is asked, on [`SshEnvironment::local_port`].
///
/// # Errors
/// Fails when the server was not reached and verified; no attempt was made then.
pub async fn try_login(
    target: &Target,
    account: &str,
    attempts: &[Attempt<'_>],
    use_as: Access,
    unlock: &dyn Unlock,
    known: &SshEnvironment,
    deadline: Instant,
) -> Result<Vec<Answer>, TransportError> {
    try_login_over(None, target, account, attempts, use_as, unlock, known, deadline).await
}

/// The same over a connection that was made ahead, where there is one and it is fresh.
///
/// # Errors
/// Fails when the server was not reached and verified; no attempt was made then.
#[expect(clippy::too_many_arguments, reason = "each is something else")]
pub async fn try_login_over(
    ahead: Option<Ahead>,
    target: &Target,
    account: &str,
    attempts: &[Attempt<'_>],
    use_as: Access,
    unlock: &dyn Unlock,
    known: &SshEnvironment,
    deadline: Instant,
) -> Result<Vec<Answer>, TransportError> {
    let mut clock = Clock { deadline };
    let usage = attempt::Usage::Look(use_as);
    let reached = ahead.and_then(Ahead::while_fresh);
    attempt::try_login(target, account, attempts, &usage, reached, unlock, known, &mut clock).await
}

/// Tries to log in as [`try_login_over`] does, and puts the attempt that logs in to a whole [`Trial`] on its
/// connection.
///
/// # Errors
/// Fails when the server was not reached and verified; no attempt was made then.
#[expect(clippy::too_many_arguments, reason = "each is something else")]
pub async fn try_access(
    target: &Target,
    account: &str,
    attempts: &[Attempt<'_>],
    trial: &Trial<'_>,
    ahead: Option<Ahead>,
    unlock: &dyn Unlock,
    known: &SshEnvironment,
    deadline: Instant,
) -> Result<Vec<Answer>, TransportError> {
    let mut clock = Clock { deadline };
    let usage = attempt::Usage::Try(trial);
    let reached = ahead.and_then(Ahead::while_fresh);
    attempt::try_login(target, account, attempts, &usage, reached, unlock, known, &mut clock).await
}

/// A connection to a verified server on which nobody was logged in yet. Dropping it ends it.
pub struct Ahead {
    session: ssh::Session,
    made: Instant,
}

impl std::fmt::Debug for Ahead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ahead").field("made", &self.made).finish_non_exhaustive()
    }
}

impl Ahead {
    /// How long it may stay so: a server ends what does not log in (`LoginGraceTime`), and after five
    /// seconds we would ask whether it is still there, which is more than a key exchange.
    const FRESH: std::time::Duration = std::time::Duration::from_secs(4);

    /// Reaches and verifies a target before somebody can log in to it. `None` where that cannot be, or not
    /// without a login on the way.
    pub async fn reach(
        target: &Target,
        unlock: &dyn Unlock,
        known: &SshEnvironment,
        deadline: Instant,
    ) -> Option<Self> {
        let made = Instant::now();
        let mut clock = Clock { deadline };
        let session = attempt::reach_ahead(target, unlock, known, &mut clock).await?;
        Some(Self { session, made })
    }

    /// Waits for `work`, and meanwhile reaches and verifies a target once more, for a login behind it: no more
    /// than a key exchange is said there before, and what waited too long for that is given up. `is_used` says whether
    /// there will be such a login after all; a server counts a connection on which nobody tries one.
    pub async fn beside<T>(
        work: impl Future<Output = T>,
        is_used: impl FnOnce(&T) -> bool,
        reach: Option<impl Future<Output = Option<Self>>>,
    ) -> (T, Option<Self>) {
        let reach = async { reach?.await };
        tokio::pin!(work, reach);
        let (mut ahead, mut was_reached) = (None::<Self>, false);
        let worked = loop {
            let stale = ahead.as_ref().map(Self::stale_at);
            tokio::select! {
                worked = &mut work => break worked,
                reached = &mut reach, if !was_reached => (ahead, was_reached) = (reached, true),
                () = tokio::time::sleep_until(stale.unwrap_or_else(Instant::now)), if stale.is_some() => {
                    ahead = None;
                }
            }
        };
        let is_used = is_used(&worked);
        if !was_reached && is_used {
            ahead = reach.await;
        }
        (worked, ahead.filter(|_| is_used))
    }

    /// When it has been there too long.
    #[must_use]
    pub fn stale_at(&self) -> Instant {
        self.made + Self::FRESH
    }

    fn while_fresh(self) -> Option<ssh::Session> {
        (Instant::now() < self.stale_at() && !self.session.link.handle.is_closed())
            .then_some(self.session)
    }
}

/// Where this merchant has a key of their own: one of the key files for the target, or an agent.
pub async fn own_key(
    target: &Target,
    key: &PublicKey,
    known: &SshEnvironment,
    deadline: Instant,
) -> Option<String> {
    let clock = Clock { deadline };
    clock.within(attempt::own_key(target, key, known)).await.flatten()
}

/// The deadline of a connection. It moves only by the time a person takes to answer.
struct Clock {
    deadline: Instant,
}

impl Clock {
    /// Waits for something, at most until the deadline.
    async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.deadline, work).await.ok()
    }

    /// Asks a person or a keyring, off the clock.
    fn ask<T>(&mut self, question: impl FnOnce() -> T) -> T {
        let asked = Instant::now();
        let answer = question();
        self.deadline += asked.elapsed();
        answer
    }
}
