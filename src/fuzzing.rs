//! Doors to what reads other people's text and is nobody else's business: for the fuzzers and for
//! `tests/it/corpora.rs`. Nothing in the program uses them, and none of this is an interface.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use futures_util::FutureExt as _;
use zeroize::Zeroizing;

use crate::context::parse_config;
use crate::lint::{self, Finding};
use crate::machine::schedule::{Job, Period, ScheduleError, cron};
use crate::output;
use crate::policy::PolicyConfig;
use crate::policy::desk::{Desk, DeskError};
use crate::remote::provider::{Origin, Provider, ProviderError, Text};
use crate::secret::Secret;
use crate::target::{self, Elevation, Target, TargetError};
use crate::transport::exchange::{End, Exchange, Feed};
use crate::transport::ssh_config::{Config, Family, Place};
use crate::transport::{Outcome, Reach, Script, SshEnvironment, TransportError, sftp};

/// A message as it would stand on the screen.
#[must_use]
pub fn shown(text: &str) -> String {
    output::one_line(text)
}

/// A text for people as it would stand on the screen, with our own colours.
#[must_use]
pub fn printed(text: &str) -> String {
    output::harmless(text)
}

/// A document as `--json` would print it.
#[must_use]
pub fn document(text: &str) -> String {
    output::escaped(text)
}

/// What a provider's folder says.
///
/// # Errors
/// Says why it cannot be used.
pub fn provider(name: &str, manifest: &str, script: &str) -> Result<Provider, ProviderError> {
    let text = Text { manifest, script, sentences: None };
    Provider::parse(name, text, Origin::Folder(PathBuf::from("/providers/x")))
}

/// What a desk's folder says.
///
/// # Errors
/// Says why it cannot be used.
pub fn desk(manifest: &str, texts: &str) -> Result<Desk, DeskError> {
    let folder = Some(PathBuf::from("/desks/x"));
    let texts = [("en", ("/desks/x/en.ftl", texts))];
    Desk::parse("x", folder, ("/desks/x/desk.toml", manifest), texts)
}

/// What a `config.toml` tightens.
///
/// # Errors
/// Says why it cannot be used.
pub fn config(text: &str) -> Result<PolicyConfig, String> {
    let policy = parse_config(text)?.policy;
    match policy.problem() {
        Some((key, problem)) => Err(format!("`{key}` in [policy] {problem}")),
        None => Ok(policy),
    }
}

const TARGETS: &str = "/targets.toml";

/// The targets in the text of a `targets.toml`.
///
/// # Errors
/// Says what the first mistake is.
pub fn targets(text: &str) -> Result<Vec<Target>, TargetError> {
    target::parse(Path::new(TARGETS), text)
}

/// The same text with one target more.
///
/// # Errors
/// As `target add`.
pub fn with_target(text: &str, target: &Target) -> Result<String, TargetError> {
    let put_in = |document: &mut _| target::put_in(document, target);
    target::changed(Path::new(TARGETS), text, put_in).map(|(text, _)| text)
}

/// The same text with one target less.
///
/// # Errors
/// As `target remove`.
pub fn without_target(text: &str, name: &str) -> Result<String, TargetError> {
    let take_out = |document: &mut _| target::take_out(document, name);
    target::changed(Path::new(TARGETS), text, take_out).map(|(text, _)| text)
}

/// A server on the way to a target or at its end, as `ssh -G` would show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The name or address to connect to.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The account, if anything names one.
    pub user: Option<String>,
    /// The key files that are named; `None` where none is, and the usual ones are tried.
    pub identities: Option<Vec<PathBuf>>,
    /// The certificates that are named.
    pub certificates: Vec<PathBuf>,
    /// Whether only those may be offered.
    pub identities_only: bool,
    /// The agent's socket.
    pub agent: Option<PathBuf>,
    /// The name under which the key is known.
    pub alias: Option<String>,
    /// Where the key is looked up.
    pub known_hosts: Vec<PathBuf>,
    /// `any`, `inet` or `inet6`.
    pub family: &'static str,
    /// The servers to go through, the first first.
    pub jumps: Vec<Way>,
}

impl From<Place> for Way {
    fn from(place: Place) -> Self {
        Self {
            host: place.host,
            port: place.port,
            user: place.user,
            identities: place.identities,
            certificates: place.certificates,
            identities_only: place.identities_only,
            agent: place.agent,
            alias: place.alias,
            known_hosts: place.known_hosts,
            family: match place.family {
                Family::Any => "any",
                Family::V4 => "inet",
                Family::V6 => "inet6",
            },
            jumps: place.jumps.into_iter().map(Self::from).collect(),
        }
    }
}

/// What the text of a `~/.ssh/config` says about a host.
///
/// # Errors
/// Says what is not understood or not done here.
pub fn ssh_config(text: &str, known: &SshEnvironment, host: &str) -> Result<Way, TransportError> {
    let config = Config::parse(known, Path::new("/config"), text);
    config.place(None, host, None).map(Way::from)
}

/// The way to an address by the configuration that lies on this machine.
///
/// # Errors
/// Says what is not understood or not done here.
pub fn way(
    known: &SshEnvironment,
    user: Option<&str>,
    host: &str,
    port: Option<u16>,
) -> Result<Way, TransportError> {
    Config::read(known)?.place(user, host, port).map(Way::from)
}

/// A crontab with the line for this program in it, and that line.
///
/// # Errors
/// Fails where the program's path or the period cannot be written into a crontab.
pub fn crontab_with(
    crontab: &[u8],
    exe: &str,
    minutes: u32,
) -> Result<(Vec<u8>, String), ScheduleError> {
    let job = Job::new(Path::new(exe), &[], Period::from_minutes(minutes)?)?;
    let line = cron::line(&job)?;
    Ok((cron::with_line(crontab, &line), line))
}

/// A crontab without any line of ours.
#[must_use]
pub fn crontab_without(crontab: &[u8]) -> Vec<u8> {
    cron::without_ours(crontab)
}

/// Our lines in a crontab.
#[must_use]
pub fn crontab_lines(crontab: &[u8]) -> Vec<String> {
    cron::ours(crontab)
}

/// The period and the command in a line of ours.
#[must_use]
pub fn crontab_line(line: &str) -> (Option<Period>, String) {
    (cron::period_of(line), cron::command_of(line))
}

/// What a crontab is told to set that our line would inherit.
#[must_use]
pub fn crontab_notes(crontab: &[u8]) -> Vec<String> {
    cron::inherited(crontab).iter().map(ToString::to_string).collect()
}

/// What an SFTP server that says these bytes is taken for; nothing if it were waited for.
#[must_use]
pub fn sftp(said: &[u8]) -> Option<Result<Reach, String>> {
    sftp::look_around(tokio::io::join(said, tokio::io::sink())).now_or_never()
}

/// A piece of what a command says.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'a> {
    /// On standard output.
    Out(&'a [u8]),
    /// On standard error.
    Err(&'a [u8]),
}

/// Runs a script that becomes root by `sudo` against a command that says these things and ends
/// with this status: how it ended, and what was written to it, a word for each.
pub fn exchange(
    elevation: Elevation,
    pieces: &[Piece<'_>],
    status: Option<u32>,
) -> (Outcome, String) {
    let body = Zeroizing::new(b"the script\n".to_vec());
    let script = Script { elevation, body, packed: None };
    let password = Secret::new("hunter2 hunter2".into());
    let mut exchange = Exchange::new(&script, false, Some(&password));
    let mut written = String::new();
    let mut note = |feed: Option<Feed<'_>>| {
        let word = match feed {
            None => return,
            Some(Feed::Password(line)) if *line == b"hunter2 hunter2\n" => "password",
            Some(Feed::Script(body)) if body == b"the script\n" => "script",
            Some(Feed::Marked(body)) if body.ends_with(b"\nthe script\n") => "marked",
            Some(Feed::Nothing) => "nothing",
            Some(_) => "something else",
        };
        let _ = write!(written, "{word} ");
    };
    note(exchange.begin());
    for piece in pieces {
        note(match piece {
            Piece::Out(bytes) => exchange.stdout(bytes),
            Piece::Err(bytes) => exchange.stderr(bytes),
        });
    }
    if let Some(status) = status {
        exchange.status(status);
    }
    (exchange.end(End::Closed), written.trim_end().to_owned())
}

/// The same of a file that comes in pieces, whatever it is.
#[must_use]
pub fn secrets_in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Finding> {
    let mut scanner = lint::Scanner::default();
    pieces.into_iter().for_each(|piece| scanner.push(piece));
    scanner.finish().found.into_iter().map(|found| found.finding).collect()
}

/// What a text gives away, as `case lint` tells it.
#[must_use]
pub fn secrets(text: &str) -> Vec<Finding> {
    lint::findings(text)
}
