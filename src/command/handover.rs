//! `handover`: what the supporter is sent. A note with everything that is needed to connect and no secret
//! in it, and beside it, where stagepass made a secret and was told whose key to seal it to, the sealed
//! text ([`crate::seal`]). It is handed over once; the ledger keeps when, to whose key, and why again.
//!
//! Where the sealed text is until then: [`crate::lifecycle::sealed`].

use std::path::{Path, PathBuf};

use chrono::Local;
use clap::Args;
use serde_json::{Value, json};

use crate::complete;
use crate::connect::Connect;
use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::file;
use crate::grant::{Access, Grant, State};
use crate::ledger::{EventFilter, Ledger};
use crate::lifecycle::claim::event;
use crate::lifecycle::sealed;
use crate::message::{self, Arg};
use crate::policy::check_sentence;
use crate::remote::layer::OpenReply;
use crate::remote::session::unreachable;
use crate::target::Target;
use crate::target::pin::HostKeyPin;
use crate::text;
use crate::transport::Route;

/// `handover`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass handover k7m2x9
  stagepass handover k7m2x9 --again --reason 'the ticket was lost' --output jane.txt")]
pub struct HandoverArgs {
    /// The grant's id, or the beginning of it.
    #[arg(add = complete::open_grants())]
    pub grant: String,
    /// Hand over again what was handed over already; needs a reason.
    #[arg(long, requires = "reason")]
    pub again: bool,
    /// Why again; recorded with your name.
    #[arg(long, value_name = "TEXT", requires = "again")]
    pub reason: Option<String>,
    /// Write it to this new file (mode 0600).
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The verb of the event that says it.
const VERB: &str = "grant.handed-over";

/// The longest line of a note, in characters. An RSA key of 16,384 bits takes 2,800.
const LINE: usize = 4000;

/// The most events of one grant that are looked through.
const MOST_EVENTS: u32 = 10_000;

/// What is sent to the supporter.
pub(super) struct Handover {
    /// Without a secret.
    pub(super) note: String,
    /// What only the supporter can open.
    pub(super) sealed: Option<String>,
}

impl Handover {
    /// Both, to be pasted into a ticket.
    pub(super) fn text(&self) -> String {
        match &self.sealed {
            None => self.note.clone(),
            Some(sealed) => {
                let how = message::text("handover-how-to-open", &[]);
                format!("{}\n{how}\n\n{sealed}", self.note)
            }
        }
    }

    pub(super) fn document(&self) -> Value {
        json!({ "note": self.note, "sealed": self.sealed })
    }
}

/// To whom something was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SealedTo {
    /// This key, by its fingerprint.
    Key(String),
    /// Whoever has the passphrase.
    Passphrase,
}

impl SealedTo {
    fn id(&self) -> &str {
        match self {
            Self::Key(fingerprint) => fingerprint,
            Self::Passphrase => "passphrase",
        }
    }
}

/// Runs the command.
///
/// # Errors
/// There is no such grant, it is not open, or it was handed over already.
pub async fn run(context: &Context, typed: &HandoverArgs) -> Result<()> {
    if context.ledger_to_read().await?.is_none() {
        return Err(Error::of(Kind::NotFound, "no-grants", &[]));
    }
    if let Some(Err(e)) = typed.reason.as_deref().map(check_sentence) {
        return Err(Error::of(Kind::Usage, "reason-unusable", &[("problem", Arg::of(e))]));
    }
    refuse_taken(typed.output.as_deref())?;
    let ledger = context.ledger().await?;
    let grant = ledger.grant(&typed.grant).await?;
    let named = [("grant", (&grant.id).into())];
    if grant.state != State::Open || grant.altered {
        let args = [("grant", (&grant.id).into()), ("state", Arg::of(grant.state))];
        return Err(Error::of(Kind::Usage, "handover-not-open", &args));
    }
    let before = handed_over(&ledger, &grant).await?;
    if let Some(at) = before.filter(|_| !typed.again) {
        let when = deadline::relative(at, context.now());
        let args = [("grant", (&grant.id).into()), ("when", when.into())];
        return Err(Error::of(Kind::Refused, "handover-done", &args)
            .because_of("handover-done.why", &[])
            .hint_of("handover-done.way-out", &named));
    }
    let target = context.find_target(&grant.target).await?;
    let route = Route::of(&target, &context.surroundings).map_err(|e| unreachable(&target, e))?;
    let sealed = sealed::kept(context, &grant.id)
        .map_err(|e| Error::of(Kind::Internal, "handover-unreadable", &[]).because(e))?;
    let has_secret = grant.layers.iter().any(|layer| layer.has_password);
    let note = note(context, &grant, &target, &route, &crate::ledger::host_name());
    let handover = Handover { note, sealed };
    let detail = json!({ "again": before.is_some(), "reason": typed.reason,
        "sealed": handover.sealed.is_some() });
    ledger.note(&event(context, &grant, VERB, detail)).await?;
    if handover.sealed.is_none() && has_secret {
        context.output.warn(&message::text("handover-not-sealed", &named));
    }
    give(context, &handover, typed.output.as_deref())
}

/// Refuses a file that is there already.
fn refuse_taken(path: Option<&Path>) -> Result<()> {
    match path.filter(|path| path.symlink_metadata().is_ok()) {
        None => Ok(()),
        Some(path) => {
            Err(Error::of(Kind::Usage, "file-exists", &[("path", path.display().into())])
                .hint_of("file-exists.way-out", &[]))
        }
    }
}

/// Prints it, or writes it to its file.
fn give(context: &Context, handover: &Handover, path: Option<&Path>) -> Result<()> {
    let document = |file: Option<&Path>| json!({ "handover": handover.document(), "file": file });
    let Some(path) = path else {
        context.output.result(&handover.text(), document(None));
        return Ok(());
    };
    file::create(path, handover.text().as_bytes()).map_err(|e| {
        Error::of(Kind::Internal, "file-not-made", &[("path", path.display().into())])
            .because(e)
            .hint_of("file-not-made.way-out", &[])
    })?;
    let place = message::text("granted.file", &[("path", path.display().into())]);
    context.output.result(&(place + "\n"), document(Some(path)));
    Ok(())
}

/// When a grant was handed over, if it was.
async fn handed_over(ledger: &Ledger, grant: &Grant) -> Result<Option<i64>> {
    let filter = EventFilter { grant: Some(grant.id.clone()), ..EventFilter::default() };
    let events = ledger.events(&filter, MOST_EVENTS).await?;
    Ok(events.iter().rev().find(|entry| entry.verb == VERB).map(|entry| entry.at))
}

/// Keeps what was sealed for a grant, and records to whom it is handed over.
///
/// # Errors
/// It could not be kept, or the ledger fails: then nobody gets it.
pub(super) async fn keep(
    context: &Context,
    ledger: &Ledger,
    grant: &Grant,
    text: &str,
    to: &SealedTo,
) -> Result<()> {
    sealed::tidy(context, ledger).await;
    sealed::keep(context, &grant.id, text)
        .map_err(|e| Error::of(Kind::Internal, "handover-not-kept", &[]).because(e))?;
    let detail = json!({ "again": false, "sealed": true, "sealed_to": to.id() });
    let recorded = ledger.note(&event(context, grant, VERB, detail)).await;
    if recorded.is_err() {
        sealed::forget(context, &grant.id);
    }
    Ok(recorded?)
}

/// What the supporter has to know, without a secret.
pub(super) fn note(
    context: &Context,
    grant: &Grant,
    target: &Target,
    route: &Route,
    own_name: &str,
) -> String {
    let connect = Connect::of(grant, target, route, own_name);
    let (local, utc) = (deadline::local(grant.deadline, &Local), deadline::utc(grant.deadline));
    let ends = match local.strip_suffix(" +00:00") {
        Some(_) => utc,
        None => message::text("handover-ends", &[("local", local.into()), ("utc", utc.into())]),
    };
    let title = message::text(
        "handover-title",
        &[
            ("case", (&grant.case).into()),
            ("supporter", (&grant.supporter.name).into()),
            ("ends", ends.into()),
        ],
    );
    let label = |id: &str| message::text(id, &[]);
    let mut lines = vec![
        (label("handover-connect"), connect.command.clone()),
        (label("handover-host"), connect.host.clone()),
        (label("handover-port"), connect.port.to_string()),
        (label("handover-user"), connect.user.clone()),
        (label("handover-host-key"), connect.host_keys.join(", ")),
    ];
    for line in known_hosts(&connect, target) {
        lines.push((label("handover-known-hosts"), line));
    }
    lines.push((label("handover-access"), access(grant, target)));
    lines.push((label("handover-login"), login(grant)));
    for layer in grant.layers.iter().skip(1) {
        let made = OpenReply::of(layer);
        let args = [
            ("user", made.login_name(&layer.account).into()),
            ("provider", (&layer.provider).into()),
            ("url", made.login_url().into()),
        ];
        let id = if made.login_url().is_empty() { "handover-beside" } else { "handover-shop" };
        lines.push((label("handover-also"), message::text(id, &args)));
    }
    let said = message::text("handover-at-the-end", &[("case", (&grant.case).into())]);
    lines.push((label("handover-then"), said));
    let who = context.contact.clone().unwrap_or_else(|| label("handover-somebody"));
    lines.push((label("handover-ask"), who));
    if let Some(doubt) = connect.doubt {
        lines.push((label("handover-doubt"), doubt));
    }
    // Without colour, and no line is cut: it is pasted, kept in a file, and read by programs.
    let width = lines.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let mut note = title + "\n";
    for (label, value) in lines {
        let value = text::one_line(&value, LINE);
        note.push_str(&format!("  {label:<width$}  {value}\n"));
    }
    note
}

/// The lines for `known_hosts`, of the keys that are pinned whole.
fn known_hosts(connect: &Connect, target: &Target) -> Vec<String> {
    let host = match (connect.port, connect.host.contains(':')) {
        (22, _) => connect.host.clone(),
        (port, _) => format!("[{}]:{port}", connect.host),
    };
    let keys = target.host_key.iter().filter_map(|pin| match pin {
        HostKeyPin::Key(key) => key.to_openssh().ok(),
        HostKeyPin::Fingerprint(_) => None,
    });
    keys.map(|key| format!("{host} {key}")).collect()
}

fn access(grant: &Grant, target: &Target) -> String {
    let place = target.path.clone();
    let place = place.unwrap_or_else(|| message::text("plan-no-folder", &[]));
    let id = match grant.access {
        Access::Sftp => "plan-sftp",
        Access::SftpReadOnly => "plan-read-only",
        Access::Ssh => "plan-ssh",
    };
    message::text(id, &[("place", place.into())])
}

/// What the supporter logs in with.
fn login(grant: &Grant) -> String {
    let layer = grant.login();
    let key = layer.and_then(|layer| layer.key_fingerprint.clone());
    let password = layer.is_some_and(|layer| layer.has_password);
    match (key, password) {
        (Some(key), false) => message::text("handover-by-key", &[("fingerprint", key.into())]),
        (Some(key), true) => message::text("handover-by-both", &[("fingerprint", key.into())]),
        (None, _) => message::text("handover-by-password", &[]),
    }
}
