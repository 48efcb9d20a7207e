//! What stands against a grant: by what was typed, by what the server is, and by what the merchant says to the plan.

use super::Seen;
use super::credential::secret_files;
use super::wanted::{SealTo, Wanted};
use crate::command::refusal;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::message;
use crate::policy::{self, BackupFacts, Decision, Facts, Request, Terms};
use crate::promise::Asked;
use crate::public_key;
use crate::remote::provider::AccountKind;
use crate::remote::server::Server;

/// What is forbidden whatever the server is like is refused before anything is sent to it.
pub(super) fn refuse_early(context: &Context, wanted: &Wanted) -> Result<()> {
    let facts = Facts { backup: unseen_backup(wanted), ..Facts::default() };
    match judge(context, wanted, &facts) {
        Decision::Deny(broken) => Err(refusal(&broken)),
        Decision::Allow(_) => Ok(()),
    }
}

/// A backup that nobody has looked at yet: that one was named, or is going to be made, is all that can be asked
/// for.
pub(super) fn unseen_backup(wanted: &Wanted) -> Option<BackupFacts> {
    let command = wanted.backup_command.clone();
    let is_named = command.is_some() || !wanted.backups.is_empty();
    is_named.then(|| BackupFacts { command, rehearsal: true, ..BackupFacts::default() })
}

/// What policy says. A name that is going to be typed, once the plan was read, counts as typed here:
/// nothing is made before it really is.
pub(super) fn judge(context: &Context, wanted: &Wanted, facts: &Facts) -> Decision {
    if wanted.request.live.confirmation.is_some() || !context.output.can_ask() {
        return judge_as_it_is(context, wanted, &wanted.request, facts);
    }
    let mut request = wanted.request.clone();
    let name = policy::confirmation_name(&request, facts).to_owned();
    request.live.confirmation = Some(name);
    judge_as_it_is(context, wanted, &request, facts)
}

fn judge_as_it_is(
    context: &Context,
    wanted: &Wanted,
    request: &Request,
    facts: &Facts,
) -> Decision {
    policy::decide(request, facts, &wanted.desk, &context.policy, context.now())
}

/// The one question, after the plan was read: for a live shop its host name, typed by hand, else a
/// yes. The terms of what was typed; `None` where those of the plan hold.
pub(super) fn agree(
    context: &Context,
    wanted: &Wanted,
    seen: &Seen,
    terms: &Terms,
) -> Result<Option<Terms>> {
    let output = &context.output;
    if !output.can_ask() {
        return Ok(None);
    }
    let name = policy::confirmation_name(&wanted.request, &seen.facts);
    let supporter = &wanted.request.supporter.name;
    if terms.live().is_some() && wanted.request.live.confirmation.is_none() {
        let args = [("name", name.into()), ("supporter", supporter.into())];
        let question = message::text("ask-live-host", &args);
        let mut request = wanted.request.clone();
        request.live.confirmation = Some(output.ask(&question).unwrap_or_default());
        return match judge_as_it_is(context, wanted, &request, &seen.facts) {
            Decision::Allow(terms) => Ok(Some(*terms)),
            Decision::Deny(broken) => Err(refusal(&broken)),
        };
    }
    if wanted.yes
        || output.confirm(&message::text("ask-let-in", &[("supporter", supporter.into())]))
            == Some(true)
    {
        return Ok(None);
    }
    Err(Error::of(Kind::Usage, "plan-declined", &[]).hint_of("plan-declined.nothing", &[]))
}

/// Without root there is no account but the one that stagepass logs in to, and its password is
/// nobody else's. The server would say so too, when the grant is recorded already.
pub(super) fn refuse_password_of_ours(wanted: &Wanted) -> Result<()> {
    if !wanted.password || wanted.provider.account == AccountKind::Own {
        return Ok(());
    }
    let (provider, target) = (&wanted.provider.name, &wanted.target.name);
    Err(Error::of(Kind::Usage, "no-passwords", &[("provider", provider.into())])
        .because_of("no-passwords.why", &[])
        .hint_of("no-passwords.key", &[])
        .hint_of("no-passwords.root", &[("target", target.into())]))
}

/// Why it has to be known which shop is meant, where the target does not say so.
pub(super) fn why_a_shop_is_needed(wanted: &Wanted) -> Option<String> {
    if wanted.target.path.is_some() {
        return None;
    }
    let mut all = std::iter::once(&wanted.provider).chain(&wanted.beside);
    let needed = all.find_map(|provider| provider.needs_shop.clone());
    needed.or_else(|| wanted.shop_at.map(|_| message::text("grant-shop-needs-a-folder", &[])))
}

/// Keys of a kind that the server does not take are refused before anything is made.
pub(super) fn refuse_key_of_another_kind(wanted: &Wanted, server: &Server) -> Result<()> {
    let accepted = server.reply.text("pubkey_algorithms");
    let Some(key) = &wanted.key else { return Ok(()) };
    if public_key::is_taken_by(accepted, &key.algorithm) {
        return Ok(());
    }
    let name = &wanted.request.supporter.name;
    Err(Error::of(
        Kind::Refused,
        "key-kind-refused",
        &[("target", (&wanted.target.name).into()), ("kind", (&key.algorithm).into())],
    )
    .because_of("key-kind-refused.why", &[("accepted", accepted.into())])
    .hint_of("key-kind-refused.ask", &[("supporter", name.into())])
    .hint_of("key-kind-refused.generate", &[]))
}

/// A new secret needs somebody to see it: found out before anything is made.
pub(super) fn refuse_unshowable_credential(
    context: &Context,
    wanted: &Wanted,
    dry_run: bool,
) -> Result<()> {
    let makes_secret = wanted.generate_key || wanted.password || wanted.request.password_beside;
    if wanted.seal.is_some() && !makes_secret {
        return Err(Error::of(Kind::Usage, "seal-needless", &[])
            .because_of("seal-needless.why", &[])
            .hint_of("seal-needless.way-out", &[]));
    }
    // What is sealed to a key is no secret any more. A passphrase is one, and goes to the terminal.
    let (shows_secret, to_file) = match &wanted.seal {
        None => (makes_secret, wanted.output.is_some()),
        Some(SealTo::Key(_)) => (false, false),
        Some(SealTo::Passphrase) => (true, false),
    };
    if shows_secret && context.output.is_json() && !to_file && !dry_run {
        let told = Error::of(Kind::Usage, "secret-in-json", &[]);
        return Err(match wanted.seal {
            None => told.hint_of("secret-in-json.way-out", &[]),
            Some(_) => told.hint_of("secret-in-json.seal", &[]),
        });
    }
    let shown = to_file || wanted.reveal || context.output.is_terminal();
    if shows_secret && !shown && !dry_run {
        let told = Error::of(Kind::Usage, "secret-not-to-terminal", &[]);
        let told = if wanted.seal.is_none() { told.hint_of("output-file", &[]) } else { told };
        return Err(told.hint_of("secret-not-to-terminal.reveal", &[]));
    }
    if shows_secret && !to_file && context.output.leads_nowhere() && !dry_run {
        return Err(Error::of(Kind::Usage, "secret-thrown-away", &[]).hint_of("output-file", &[]));
    }
    if !makes_secret && let Some(path) = wanted.output.as_deref() {
        return Err(Error::of(Kind::Usage, "output-needless", &[("path", path.display().into())])
            .because_of("output-needless.why", &[])
            .hint_of("output-needless.way-out", &[]));
    }
    let files = match &wanted.seal {
        None => secret_files(wanted).into_iter().filter_map(|file| file.path).collect(),
        Some(_) => Vec::from_iter(wanted.output.clone()),
    };
    if let Some(path) = files.iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(Error::of(Kind::Usage, "file-exists", &[("path", path.display().into())])
            .hint_of("file-exists.way-out", &[]));
    }
    Ok(())
}

pub(super) fn asked(wanted: &Wanted) -> Asked {
    Asked {
        key: wanted.key.is_some() || wanted.generate_key,
        password: wanted.password,
        own_account: wanted.provider.account == AccountKind::Own,
        access: wanted.request.access,
    }
}

pub(super) fn decide(context: &Context, wanted: &mut Wanted, seen: &Seen) -> Result<Terms> {
    // Root may have another name.
    if wanted.request.account.is_some() && seen.server.reply.text("uid") == "0" {
        wanted.request.account = Some("root".into());
    }
    match judge(context, wanted, &seen.facts) {
        Decision::Allow(terms) => Ok(*terms),
        Decision::Deny(broken) => Err(refusal(&broken)),
    }
}
