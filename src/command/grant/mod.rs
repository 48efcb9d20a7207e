//! `grant`: give one supporter access to one target, and prove that it works.
//!
//! Resolve, refuse early, look at the server, let policy decide, record, make, try, hand over.

mod credential;
mod decide;
mod look;
mod plan;
mod report;
mod shop_folder;
mod wanted;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::json;

use self::credential::{
    About, Credentials, OutputSlot, hand_over, hand_over_sealed, make_credential, secret_files,
};
use self::decide::{
    agree, asked, decide, refuse_early, refuse_password_of_ours, refuse_unshowable_credential,
    unseen_backup, why_a_shop_is_needed,
};
use self::look::{account_name, connect, look, new_id, own_name};
use self::plan::Plan;
use self::report::report;
use self::shop_folder::choose_shop;
pub(super) use self::wanted::deadline_of;
use self::wanted::{Wanted, ask_for_what_is_missing, resolve};
use crate::command::{backup, schedule_warning};
use crate::complete;
use crate::context::Context;
use crate::error::Result;
use crate::grant::{Grant, Layer, NewGrant, layer_id};
use crate::lifecycle::closing;
use crate::lifecycle::opening::{self, Beside, Draft};
use crate::mark;
use crate::message::{self, Note};
use crate::output::Tone;
use crate::policy::{BackupName, Facts, Rule, Terms};
use crate::promise::Promise;
use crate::remote::layer::{self, LayerState};
use crate::remote::provider::{Provider, Verb};
use crate::remote::script::Reply;
use crate::remote::server::Server;
use crate::target::Target;

/// What happens at the deadline to work that is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AtEndArg {
    /// Sessions end at the deadline.
    Kill,
    /// Nothing new starts after the deadline; what runs may go on for --max.
    Drain,
}

/// What the supporter may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AccessArg {
    /// File transfer.
    Sftp,
    /// File transfer that cannot change anything.
    SftpReadOnly,
    /// A shell, commands and file transfer; never forwarding.
    Ssh,
}

/// `grant`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --key jane.pub
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --generate-key \\
    --access ssh --for 2h --from 192.0.2.0/24 --output jane.key
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --key jane.pub \\
    --with server,shop --seal
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --key jane.pub \\
    --with server,shop --shop-folder /var/www/second --output jane.txt
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --key jane.pub --dry-run")]
pub struct GrantArgs {
    /// The case it belongs to. Asked for at a terminal; needed elsewhere.
    #[arg(long, value_name = "REF", add = complete::open_cases())]
    pub case: Option<String>,
    /// The target to give access to. Asked for at a terminal; needed elsewhere.
    #[arg(long, value_name = "NAME", add = complete::targets())]
    pub target: Option<String>,
    /// The one person it is for. Asked for at a terminal; needed elsewhere.
    #[arg(long, value_name = "NAME")]
    pub supporter: Option<String>,
    /// The company that person works for. Default: the desk's.
    #[arg(long, value_name = "NAME")]
    pub company: Option<String>,
    /// What that person may do.
    ///
    /// Default: sftp.
    #[arg(long, value_enum)]
    pub access: Option<AccessArg>,
    /// The supporter's public key: a file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Make a key pair; the private half is shown once, or written with --output.
    #[arg(long, conflicts_with = "key")]
    pub generate_key: bool,
    /// Make a password too, or alone where no key is given.
    #[arg(long)]
    pub password: bool,
    /// What to make, by the names of the providers, with commas between them.
    ///
    /// One of them gives the account: `server` is an account of its own where stagepass can be root,
    /// else a key in the account it logs in with. Others may stand beside it: `shop` is a temporary user
    /// in the administration of the shop in the target's folder. Default: server.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', add = complete::with())]
    pub with: Vec<String>,
    /// The shop that it is for, by its folder, where the server has several.
    ///
    /// Default: the folder that the target names. Where it names none and one is needed, the shops in the usual
    /// places are looked for: the only one is taken, and of several you are asked for one.
    #[arg(long, value_name = "FOLDER")]
    pub shop_folder: Option<String>,
    /// How long: 14d, 5h, 90m, 2weeks. Default: the desk's.
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "until")]
    pub duration: Option<String>,
    /// Until when: '2026-12-01 18:00' (local time) or with a zone.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// What happens at the deadline to work that is running.
    ///
    /// Default: kill.
    #[arg(long, value_enum)]
    pub at_end: Option<AtEndArg>,
    /// With --at-end drain: how long running work may go on, at most. Default: 30m.
    #[arg(long, value_name = "DURATION", requires = "at_end")]
    pub max: Option<String>,
    /// Only from this network; may be given several times.
    #[arg(long, value_name = "CIDR")]
    pub from: Vec<String>,
    /// Do not ask before access is made. Where nobody can be asked, nobody is.
    #[arg(long)]
    pub yes: bool,
    /// Open files with passwords and keys, too, that others on the server could not read before;
    /// needs a reason.
    #[arg(long)]
    pub with_secrets: bool,
    /// Why it is needed; required with --override, --with-secrets and for a live shop.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Break this rule knowingly, by its id as a refusal shows it; recorded with the reason. May
    /// be given several times.
    #[arg(long = "override", value_name = "RULE")]
    pub overrides: Vec<String>,
    /// Live shop: who of the desk approved it.
    #[arg(long, value_name = "NAME", help_heading = "Live shop")]
    pub approver: Option<String>,
    /// Live shop: the desk's reference of that approval.
    #[arg(long, value_name = "REF", help_heading = "Live shop")]
    pub approval: Option<String>,
    /// Live shop: a backup; local:FILE is on this computer. May be given several times.
    ///
    /// Each is opened and read to its end before anything is made: an archive (tar, ZIP) with this shop's
    /// files, and a dump with its tables, packed or not, made within the last 24 hours. FILE is a whole
    /// path on the server. Nothing of them is sent anywhere.
    #[arg(long, value_name = "FILE", help_heading = "Live shop")]
    pub backup: Vec<String>,
    /// Live shop: a command of yours, run on this computer, that makes the backup and prints what it made.
    ///
    /// It prints the files as --backup takes them, one a line, and nothing else on standard output. It must
    /// end with status 0 within an hour, and is recorded as it is typed. A dry run does not run it.
    #[arg(long, value_name = "CMD", help_heading = "Live shop", conflicts_with = "backup")]
    pub backup_command: Option<String>,
    /// Live shop: the host name, typed out, in place of the question.
    #[arg(long, value_name = "HOSTNAME", help_heading = "Live shop")]
    pub yes_live: Option<String>,
    /// Live shop: I have read this rule of the desk, such as M7.
    #[arg(long, value_name = "RULE", help_heading = "Live shop")]
    pub acknowledge: Vec<String>,
    /// Accept an end that this server cannot keep to the minute by itself.
    #[arg(long)]
    pub accept_weak_expiry: bool,
    /// Write the credential to this new file (mode 0600).
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print the credential although standard output is not a terminal.
    #[arg(long)]
    pub reveal: bool,
    /// Seal what is made to the supporter's own key, the one of --key: nobody else can read it.
    ///
    /// What is sealed may be sent in a ticket or a mail. The supporter opens it with `stagepass open`, or
    /// with the programs `age` or `rage`. The key has to be ed25519 or RSA.
    #[arg(long, help_heading = "Hand-over", requires = "key", conflicts_with_all = ["seal_to", "passphrase"])]
    pub seal: bool,
    /// Seal what is made to this key: age1…, or a file with a public key of SSH or of age.
    #[arg(long, value_name = "KEY", help_heading = "Hand-over", conflicts_with = "passphrase")]
    pub seal_to: Option<String>,
    /// Seal what is made with a passphrase, for a supporter without such a key.
    ///
    /// It is shown once, and goes another way than the ticket: by telephone, or by another messenger.
    #[arg(long, help_heading = "Hand-over")]
    pub passphrase: bool,
    /// Print the plan and policy's verdict, and touch nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What the server was seen to be.
struct Seen {
    facts: Facts,
    server: Server,
    promise: Promise,
    /// What `detect` said of each layer beside the account.
    beside: Vec<Reply>,
    /// What the merchant should know of those.
    notes: Vec<Note>,
}

/// Runs the command.
///
/// # Errors
/// Nothing was touched, or it was taken back, or the ledger knows of it; the error says which.
pub async fn run(context: &Context, mut typed: GrantArgs) -> Result<()> {
    ask_for_what_is_missing(context, &mut typed).await?;
    let dry_run = typed.dry_run;
    let mut wanted = resolve(context, typed).await?;
    refuse_early(context, &wanted)?;
    refuse_password_of_ours(&wanted)?;
    refuse_unshowable_credential(context, &wanted, dry_run)?;
    choose_shop(context, &mut wanted).await?;

    wanted.provider.prepare(&[Verb::Detect, Verb::Open, Verb::Tried]);
    for beside in &wanted.beside {
        beside.prepare(&[Verb::Detect, Verb::Open, Verb::Check]);
    }
    let made = make_backup(context, &wanted, dry_run).await?;
    let progress = context.output.progress(&message::text(
        "progress-connecting-to",
        &[("target", (&wanted.target.name).into())],
    ));
    let target = wanted.target.clone();
    let mut session = connect(context, &target, &wanted).await?;
    progress.step(&message::text("progress-looking-at-server", &[]));
    let id = new_id()?;
    let account = account_name(&wanted, &id);
    let mut seen = look(context, &mut session, &mut wanted, &account, &id).await?;
    refuse_unshowable_credential(context, &wanted, dry_run)?;
    seen.facts.backup = match made {
        Made::Named(names) => {
            let path = wanted.target.path.as_deref();
            let command = wanted.backup_command.clone();
            Some(backup::look(&mut session, path, names, command, &progress).await?)
        }
        Made::None | Made::Later => unseen_backup(&wanted),
    };
    drop(progress);
    let mut terms = decide(context, &mut wanted, &seen)?;
    let plan = Plan { wanted: &wanted, seen: &seen, terms: &terms, account: &account };
    if dry_run {
        session.close().await;
        let nothing = message::text("plan-nothing-touched", &[]);
        let text = format!("{}\n{nothing}", plan.text(context.now()));
        context.output.result(&text, json!({ "plan": plan.document(), "dry_run": true }));
        return Ok(());
    }
    context.output.say(Tone::Plain, &plan.text(context.now()));
    if let Some(agreed) = agree(context, &wanted, &seen, &terms)? {
        terms = agreed;
    }

    let ledger = context.ledger().await?;
    let credential = make_credential(&wanted, &seen)?;
    let files: Vec<PathBuf> = match &wanted.seal {
        None => secret_files(&wanted).into_iter().filter_map(|file| file.path).collect(),
        Some(_) => wanted.output.iter().cloned().collect(),
    };
    let slot = OutputSlot::prepare(&files)?;
    let mark_key = mark::Key::load_or_make(context)?;
    let mut grant = compose(context, &wanted, &seen, &terms, &credential, &account, id);
    sign(&mark_key, &mut grant, &wanted.target);
    let draft = Draft {
        grant,
        provider: &wanted.provider,
        beside: wanted
            .beside
            .iter()
            .zip(&credential.beside)
            .map(|(provider, made)| Beside {
                provider,
                password: made.as_ref().map(|made| (&made.password, &made.hash)),
            })
            .collect(),
        password: credential.password.as_ref(),
        server: &seen.server,
        asked: asked(&wanted),
        planned: seen.promise.clone(),
    };
    let plan_document =
        Plan { wanted: &wanted, seen: &seen, terms: &terms, account: &account }.document();
    let progress = context.output.progress(&message::text("progress-making-access", &[]));
    let opened = opening::open(context, &ledger, &mut session, draft, terms, &progress).await;
    drop(progress);
    let opened = match opened {
        Ok(opened) => opened,
        Err(e) => {
            session.close().await;
            return Err(e);
        }
    };

    let grant = &opened.grant;
    let handed = match &wanted.seal {
        None => hand_over(context, &wanted, grant, &credential, slot).map(|()| None),
        Some(to) => {
            let about = About { wanted: &wanted, seen: &seen, grant, credential: &credential };
            hand_over_sealed(context, &ledger, about, to, slot).await.map(Some)
        }
    };
    let handed = match handed {
        Ok(handed) => handed,
        Err(e) => {
            // A credential that nobody received is access without a purpose.
            let why = message::text("reason-not-handed-over", &[]);
            let ended = closing::close(context, &ledger, &mut session, &grant.id, &why);
            let taken_back = matches!(ended.await, Ok(closing::Ended::Closed(_)));
            session.close().await;
            return Err(if taken_back {
                let how = closing::LastWord::of(grant).text(grant);
                e.hint_of("not-handed-over.taken-back", &[("how", how.into())])
            } else {
                e.hint_of("not-handed-over.revoke", &[("grant", (&grant.id).into())])
            });
        }
    };
    session.close().await;
    drop(credential);
    schedule_warning(context, &ledger).await;
    report(context, &wanted, &seen, &opened, plan_document, handed);
    Ok(())
}

/// What is there of a backup before the server is looked at.
enum Made {
    /// None was named.
    None,
    /// These files, to be looked at.
    Named(Vec<BackupName>),
    /// A command would make it, and this is a dry run.
    Later,
}

/// Makes the backup where a command does. Before anything is connected: it may take an hour, and what is seen
/// of a server is to be fresh.
async fn make_backup(context: &Context, wanted: &Wanted, dry_run: bool) -> Result<Made> {
    Ok(match &wanted.backup_command {
        None if wanted.backups.is_empty() => Made::None,
        None => Made::Named(wanted.backups.clone()),
        Some(_) if dry_run => Made::Later,
        Some(command) => {
            let _progress = context
                .output
                .progress(&message::text("progress-making-backup", &[("command", command.into())]));
            Made::Named(backup::make(command).await?)
        }
    })
}

fn compose(
    context: &Context,
    wanted: &Wanted,
    seen: &Seen,
    terms: &Terms,
    credential: &Credentials,
    account: &str,
    id: String,
) -> Grant {
    let from: Vec<String> = terms.from().iter().map(ToString::to_string).collect();
    let state = LayerState {
        with_secrets: terms.with_secrets().is_some(),
        from: from.join(","),
        allow_root: allows_root(terms),
        drain: terms.drain(),
        ask: whom_to_ask(context),
        ..seen.server.layer_state(&wanted.target, &wanted.provider)
    };
    let login = Layer {
        provider: wanted.provider.name.clone(),
        digest: wanted.provider.digest.clone(),
        account: account.to_owned(),
        public_key: credential.key.as_ref().map(|key| key.text.clone()),
        key_fingerprint: credential.key.as_ref().map(|key| key.fingerprint.clone()),
        has_password: credential.password.is_some(),
        inputs: state.text(),
        outputs: "{}".into(),
        ..Layer::default()
    };
    let beside = |(position, (provider, detected)): (usize, (&Arc<Provider>, &Reply))| Layer {
        provider: provider.name.clone(),
        digest: provider.digest.clone(),
        account: own_name(wanted, provider, &layer_id(&id, position)),
        has_password: provider.has_password,
        inputs: LayerState {
            seen: provider.seen(detected),
            ..seen.server.layer_state(&wanted.target, provider)
        }
        .text(),
        outputs: "{}".into(),
        ..Layer::default()
    };
    let beside: Vec<Layer> =
        (1..).zip(wanted.beside.iter().zip(&seen.beside)).map(beside).collect();
    NewGrant {
        id,
        case: wanted.case.reference.clone(),
        target: wanted.target.name.clone(),
        supporter: wanted.request.supporter.clone(),
        access: terms.access(),
        created_at: context.now(),
        deadline: terms.deadline(),
        deadline_maximum: terms.deadline_maximum(),
        terms: json!(terms).to_string(),
        layers: std::iter::once(login).chain(beside).collect(),
    }
    .grant()
}

/// Lets every layer carry the tag that tells our marks from what somebody else wrote.
pub(super) fn sign(key: &mark::Key, grant: &mut Grant, target: &Target) {
    let host_keys = layer::host_keys(target);
    let id = grant.id.clone();
    for layer in &mut grant.layers {
        let tag = key.tag(&mark::Marked {
            grant: &layer_id(&id, layer.position),
            provider: &layer.provider,
            account: &layer.account,
            public_key: layer.public_key.as_deref(),
            host_keys: &host_keys,
        });
        LayerState::change(layer, |state| state.tag = tag);
    }
}

/// Whom a supporter asks whose time is over: the second sentence of what the gate on the server says.
fn whom_to_ask(context: &Context) -> String {
    match context.contact.as_deref() {
        Some(who) => message::text("gate-ask", &[("who", who.trim_end_matches('.').into())]),
        None => message::text("gate-ask.unknown", &[]),
    }
}

/// Whether a key into root's account was overridden knowingly.
fn allows_root(terms: &Terms) -> bool {
    terms.overrides().iter().any(|one| one.rule == Rule::AccountRoot.id())
}
