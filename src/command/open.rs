//! `open`: what a supporter does with what was sealed for them. It asks no server and no ledger, and
//! whoever has no stagepass uses `age` or `rage` in its place.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::file::{self, Links};
use crate::message::{self, Arg};
use crate::output;
use crate::seal::{self, Ask, Asked, IDENTITY_LIMIT, Identities, SealError};
use crate::secret::Secret;
use crate::text;

/// `open`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass open ticket.txt
  stagepass open - --identity ~/.ssh/id_ed25519 < ticket.txt
  stagepass open ticket.txt --output jane.txt")]
pub struct OpenArgs {
    /// The text with what was sealed in it, such as a ticket or a mail; - for standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The private key that it was sealed to, of SSH or of age; may be given several times. Default: the ones in
    /// ~/.ssh.
    #[arg(long, short, value_name = "FILE")]
    pub identity: Vec<PathBuf>,
    /// Write what was sealed to this new file (mode 0600).
    #[arg(long, value_name = "FILE", conflicts_with = "reveal")]
    pub output: Option<PathBuf>,
    /// Print it although standard output is not a terminal.
    #[arg(long)]
    pub reveal: bool,
}

/// The keys that are tried where none was named, as `ssh` does; age opens with no others.
const USUAL: [&str; 2] = ["id_ed25519", "id_rsa"];

/// Runs the command.
///
/// # Errors
/// There is nothing sealed in the file, or it is for somebody else, or damaged.
pub fn run(context: &Context, typed: &OpenArgs) -> Result<()> {
    if context.output.is_json() {
        return Err(
            Error::of(Kind::Usage, "secret-in-json", &[]).hint_of("secret-in-json.way-out", &[])
        );
    }
    if let Some(path) = typed.output.as_deref().filter(|path| path.symlink_metadata().is_ok()) {
        return Err(Error::of(Kind::Usage, "file-exists", &[("path", path.display().into())])
            .hint_of("file-exists.way-out", &[]));
    }
    if typed.output.is_none() && !typed.reveal && !context.output.is_terminal() {
        return Err(Error::of(Kind::Usage, "open-not-to-terminal", &[])
            .hint_of("output-file", &[])
            .hint_of("secret-not-to-terminal.reveal", &[]));
    }
    let text = read(&typed.file)?;
    let ask = ask(context);
    let identities = identities(context, &typed.identity, &ask)?;
    let opened = seal::open(&text, &identities, &ask).map_err(|e| failed(e, typed))?;
    match typed.output.as_deref() {
        None if context.output.is_terminal() => {
            context.output.secret(&message::text("open-done", &[]), &harmless(&opened))
        }
        None => context.output.secret(&message::text("open-done", &[]), &opened),
        Some(path) => file::create(path, opened.expose().as_bytes()).map_err(|e| {
            Error::of(Kind::Internal, "file-not-made", &[("path", path.display().into())])
                .because(e)
                .hint_of("file-not-made.way-out", &[])
        }),
    }
}

/// What is asked for, and where. Nothing is asked where nobody is.
fn ask(context: &Context) -> Ask {
    let output = context.output.clone();
    Arc::new(move |asked| {
        let question = match asked {
            Asked::Key(name) => message::text("ask-key-passphrase", &[("file", name.into())]),
            Asked::Text => message::text("ask-sealed-passphrase", &[]),
        };
        output.ask_secret(&question)
    })
}

/// The text, of a file or of standard input. What is longer than anything sealed is not read.
fn read(path: &Path) -> Result<String> {
    let shown = || [("path", Arg::from(path.display()))];
    let most = u64::try_from(seal::LIMIT).unwrap_or(u64::MAX).saturating_add(1);
    let file = path.to_owned();
    let read = output::unless_interrupted(move || {
        let mut bytes = Vec::new();
        if file.as_os_str() == "-" {
            io::stdin().lock().take(most).read_to_end(&mut bytes)?;
        } else {
            std::fs::File::open(file)?.take(most).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    });
    let bytes = read.map_err(|e| Error::of(Kind::Usage, "open-unreadable", &shown()).because(e))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The keys that were named, all of which have to be usable; else the usual ones that are there and are.
fn identities(context: &Context, named: &[PathBuf], ask: &Ask) -> Result<Identities> {
    let mut identities = Identities::default();
    for path in named {
        let shown = path.display().to_string();
        let failed = || Error::of(Kind::Usage, "open-key-unusable", &[("path", (&shown).into())]);
        let key = key(path).map_err(|e| failed().because(e))?;
        identities.add(&shown, &key, ask).map_err(|e| failed().because(e))?;
    }
    if named.is_empty() {
        let folder = context.surroundings.home.join(".ssh");
        for path in USUAL.map(|name| folder.join(name)) {
            let Ok(key) = key(&path) else { continue };
            let _ = identities.add(&path.display().to_string(), &key, ask);
        }
    }
    Ok(identities)
}

/// A private key, in memory that is wiped.
fn key(path: &Path) -> io::Result<Secret> {
    let contents = file::read(path, IDENTITY_LIMIT, Links::Follow).map_err(io::Error::other)?;
    let text = contents.text()?;
    let mut key = Zeroizing::new(String::with_capacity(text.len()));
    key.push_str(text);
    Ok(Secret::from_zeroizing(key))
}

/// For a terminal: anybody can seal anything to a public key, and what steers a terminal is no part of a credential.
fn harmless(opened: &Secret) -> Secret {
    let text = opened.expose();
    // As long as it can become, so that it is never moved and left behind unwiped.
    let mut shown = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    shown.extend(
        text.chars().map(|c| {
            if c != '\n' && text::is_steering(c) { char::REPLACEMENT_CHARACTER } else { c }
        }),
    );
    Secret::from_zeroizing(shown)
}

fn failed(error: SealError, typed: &OpenArgs) -> Error {
    let hint = match &error {
        SealError::NotOurs if typed.identity.is_empty() => Some("open-failed.name-a-key"),
        SealError::NotOurs => Some("open-failed.another-key"),
        SealError::Damaged | SealError::NotSealed | SealError::Large => Some("open-failed.whole"),
        _ => None,
    };
    let told = Error::of(Kind::Usage, "open-failed", &[]).because(error);
    match hint {
        Some(hint) => told.hint_of(hint, &[]),
        None => told,
    }
}
