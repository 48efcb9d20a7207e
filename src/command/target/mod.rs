//! `target`: the servers that access can be granted on.

mod check;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

pub(super) use self::check::standing_against;
use crate::command::{quoted, refusal};
use crate::complete;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ledger::{Filter, Ledger};
use crate::message::{self, Arg, Id};
use crate::output::{Cell, Column, Label, Tone, fields, paint, table};
use crate::policy::refuse_ftp;
use crate::remote::layer;
use crate::remote::script::clean;
use crate::remote::session::unreachable;
use crate::shared;
use crate::target::pin::HostKeyPin;
use crate::target::{
    Address, AddressError, Elevation, Environment, Target, Targets, check_name, check_path,
    check_public_host,
};
use crate::transport::host_key::Verdict;
use crate::transport::{Fetched, fetch_host_key};

/// `target …`
#[derive(Debug, Subcommand)]
pub enum TargetVerb {
    /// Add a server: its host key is shown and pinned. A ledger on PostgreSQL is told what it is, so
    /// that other machines can end what is granted here; how to log in stays with this one.
    #[command(after_help = "\
Example:
  stagepass target add staging ssh://deploy@staging.shop.example --environment staging \\
    --become sudo --path /var/www/shop")]
    Add(TargetAddArgs),
    /// List the servers: those of this machine, and those that a shared ledger knows.
    List,
    /// Show one server.
    Show {
        /// The target's name.
        #[arg(add = complete::targets())]
        name: String,
    },
    /// Log in, look around and say what stagepass can do there. Changes nothing. With --json every
    /// fact that was seen.
    ///
    /// Where the target names no shop folder, the shops in the usual places are listed.
    #[command(after_help = "\
Example:
  stagepass target check staging
  stagepass target check staging --shop-folder /var/www/second")]
    Check {
        /// The target's name.
        #[arg(add = complete::targets())]
        name: String,
        /// Look at the shop in this folder, this time.
        #[arg(long, value_name = "FOLDER")]
        shop_folder: Option<String>,
        /// Check that it works unattended, as under cron: no agent, no keyring, no questions.
        #[arg(long)]
        unattended: bool,
    },
    /// Forget a server, here and in a shared ledger. Refused while it has grants that are not closed.
    Remove {
        /// The target's name.
        #[arg(add = complete::targets())]
        name: String,
    },
}

/// `target add`
#[derive(Debug, Args)]
pub struct TargetAddArgs {
    /// A short name for the server, such as `staging`.
    pub name: String,
    /// Where it is: `ssh://user@host[:port]`, a host alias of ~/.ssh/config, or `local:`.
    pub address: String,
    /// What the server is: staging, test, development or live.
    #[arg(long, value_name = "KIND")]
    pub environment: String,
    /// How to become root: none, sudo (without a password) or sudo-password (from the keyring).
    #[arg(long = "become", value_name = "HOW", default_value = "none")]
    pub elevation: String,
    /// The folder of the shop.
    #[arg(long, value_name = "FOLDER")]
    pub path: Option<String>,
    /// The host key's fingerprint, SHA256:…, as the hoster tells it.
    #[arg(long, value_name = "FINGERPRINT")]
    pub host_key: Option<String>,
    /// How to log in: auto, agent, key or password (from the keyring).
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub login: String,
    /// The private key file to log in with.
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// The host, and perhaps the port, by which supporters reach it, where your own way (an alias, a
    /// jump host, 127.0.0.1) is not theirs.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub public_host: Option<String>,
    /// Replace a target of this name.
    #[arg(long)]
    pub replace: bool,
}

/// Runs the command.
///
/// # Errors
/// There is no such target, it cannot be reached or trusted, or the file cannot be written.
pub async fn run(context: Context, command: TargetVerb) -> Result<()> {
    match command {
        TargetVerb::Add(typed) => add(&context, typed).await,
        TargetVerb::List => list(&context).await,
        TargetVerb::Show { name } => show(&context, &name).await,
        TargetVerb::Check { name, shop_folder, unattended } => {
            let context = if unattended { context.unattended() } else { context };
            check::check(&context, &name, shop_folder).await
        }
        TargetVerb::Remove { name } => remove(&context, &name).await,
    }
}

async fn add(context: &Context, typed: TargetAddArgs) -> Result<()> {
    let replace = typed.replace;
    let given_key = typed.host_key.clone();
    let mut target = resolve(context, typed)?;
    let ledger = shared_ledger(context).await?;
    let mut targets = context.targets()?;
    if targets.find(&target.name).is_some() && !replace {
        return Err(Error::of(Kind::Usage, "target-taken", &[("target", Arg::of(&target.name))])
            .hint_of("target-taken.way-out", &[]));
    }
    if !replace {
        shared::refuse_unproved(context, &target.name)?;
    }
    let mut how = "this machine";
    if target.address != Address::Local {
        let progress = context.output.progress(&message::text("progress-host-key", &[]));
        if let Some(text) = &given_key {
            target.host_key = vec![parse_pin(text)?];
        }
        let fetched =
            fetch_host_key(&target, context, &context.surroundings, context.step_deadline()).await;
        drop(progress);
        let fetched = fetched.map_err(|e| unreachable(&target, e))?;
        how = believe(context, &target, &fetched, given_key.is_some())?;
        target.host_key = vec![HostKeyPin::of(&fetched.key)];
    }
    let listed = targets.find(&target.name).cloned();
    for old in listed.iter().chain(&shared::another_server(context, &target)) {
        refuse_another_server(context, old, &target).await?;
    }
    if let Some(ledger) = &ledger {
        shared::keep(context, ledger, &target).await?;
    }
    let written = if targets.is_own(&target.name) && replace {
        targets.replace(&target)
    } else {
        targets.add(&target)
    };
    written.map_err(|e| unwritten(context, e))?;
    let text = format!(
        "{}\n{}",
        paint(Tone::Good, &message::text("target-added", &[("target", Arg::of(&target.name))])),
        fields(&described(&target))
    );
    context
        .output
        .result(&text, json!({ "target": document(&target, true), "host_key_confirmed_by": how }));
    context.output.say(
        Tone::Faint,
        &message::text("target-next", &[("target", Arg::of(quoted(&target.name)))]),
    );
    Ok(())
}

/// The ledger, where it is one that machines share: it is told of every target.
async fn shared_ledger(context: &Context) -> Result<Option<Ledger>> {
    if context.ledger_is_shared() { Ok(Some(context.ledger().await?)) } else { Ok(None) }
}

/// A name that live grants go by must not come to mean another server: nobody could close them.
async fn refuse_another_server(context: &Context, old: &Target, new: &Target) -> Result<()> {
    let (before, after) = (layer::host_keys(old), layer::host_keys(new));
    if before == after || before.iter().any(|key| after.contains(key)) {
        return Ok(());
    }
    let live = live_on(context, &old.name).await?;
    if live.is_empty() {
        return Ok(());
    }
    Err(Error::of(
        Kind::Usage,
        "target-has-grants",
        &[("target", Arg::of(&old.name)), ("keys", Arg::of(before.join(", ")))],
    )
    .because_text(live.join(", "))
    .hint_of("target-has-grants.close", &[("target", Arg::of(&old.name))])
    .hint_of("target-has-grants.keys", &[("file", context.targets_path().display().into())]))
}

/// From what was typed to a target without a host key. Refuses FTP with the reason.
fn resolve(context: &Context, typed: TargetAddArgs) -> Result<Target> {
    fn usage<E: std::error::Error + 'static>(part: &str) -> impl Fn(E) -> Error {
        move |e| Error::of(Kind::Usage, "target-part-unusable", &[("part", part.into())]).because(e)
    }
    check_name(&typed.name).map_err(usage("name"))?;
    let address = match typed.address.parse::<Address>() {
        Ok(address) => address,
        Err(AddressError::Ftp { scheme, .. }) => {
            let broken = refuse_ftp(&scheme, None, None);
            return Err(refusal(&broken.into_iter().collect::<Vec<_>>()));
        }
        Err(e) => return Err(usage("address")(e)),
    };
    if let Address::Ssh { port, .. } = &address
        && let Some(broken) = refuse_ftp("ssh", *port, None)
    {
        return Err(refusal(&[broken]));
    }
    if let Some(path) = &typed.path {
        check_path(path).map_err(usage("path"))?;
    }
    if let Some(host) = &typed.public_host {
        check_public_host(host).map_err(usage("public-host"))?;
    }
    let identity = typed.identity.map(std::path::absolute).transpose();
    let identity = identity.map_err(usage("identity"))?;
    if let Some(file) = identity.as_ref().filter(|file| !file.is_file()) {
        return Err(Error::of(
            Kind::Usage,
            "target-no-key-file",
            &[("file", file.display().into())],
        ));
    }
    if context.output.can_ask() && typed.environment == "live" {
        context.output.warn(&message::text("target-warning-live", &[]));
    }
    Ok(Target {
        name: typed.name,
        address,
        host_key: Vec::new(),
        login: typed.login.parse().map_err(usage("login"))?,
        identity,
        elevation: typed.elevation.parse::<Elevation>().map_err(usage("become"))?,
        environment: Environment::read(&typed.environment).map_err(usage("environment"))?,
        path: typed.path,
        public_host: typed.public_host,
    })
}

fn parse_pin(text: &str) -> Result<HostKeyPin> {
    text.parse().map_err(|e| {
        Error::of(Kind::Usage, "target-fingerprint-unreadable", &[])
            .because(e)
            .hint_of("target-fingerprint-unreadable.way-out", &[])
    })
}

/// Decides whether the host key can be believed, and says by what.
fn believe(
    context: &Context,
    target: &Target,
    fetched: &Fetched,
    given: bool,
) -> Result<&'static str> {
    let fingerprint = crate::target::pin::fingerprint(&fetched.key);
    match &fetched.verdict {
        Verdict::Revoked => {
            return Err(Error::of(
                Kind::Unreachable,
                "target-host-key-revoked",
                &[("host", Arg::of(&fetched.host))],
            )
            .hint_of("target-way-out.host-key-revoked", &[]));
        }
        // A key that was compared with the hoster's own word is believed before an old file.
        _ if given => return Ok("--host-key"),
        Verdict::Valid => return Ok("known_hosts"),
        Verdict::Changed { expected } => {
            return Err(Error::of(
                Kind::Unreachable,
                "target-host-key-other",
                &[("host", Arg::of(&fetched.host))],
            )
            .because_of(
                "target-host-key-other.why",
                &[
                    ("expected", message::either(expected.clone()).into()),
                    ("fingerprint", Arg::of(&fingerprint)),
                ],
            )
            .hint_of("target-host-key-other.way-out", &[]));
        }
        Verdict::Unknown { .. } => {}
    }
    context.output.say(
        Tone::Plain,
        &format!(
            "{}\n  {}  ({})\n{}",
            message::text("target-host-key-is", &[("host", (&fetched.host).into())]),
            paint(Tone::Strong, &fingerprint),
            fetched.key.algorithm(),
            message::text("target-host-key-compare", &[]),
        ),
    );
    match context.output.confirm(&message::text("ask-host-key", &[])) {
        Some(true) => Ok("typed confirmation"),
        Some(false) => Err(Error::of(Kind::Unreachable, "target-host-key-unconfirmed", &[])
            .hint_of("target-host-key-unconfirmed.way-out", &[])),
        None => Err(Error::of(
            Kind::Unreachable,
            "target-host-key-new",
            &[("host", Arg::of(&fetched.host)), ("fingerprint", Arg::of(&fingerprint))],
        )
        .hint_of("target-host-key-new.way-out", &[("target", Arg::of(&target.name))])),
    }
}

fn unwritten(context: &Context, e: crate::target::TargetError) -> Error {
    Error::of(Kind::Internal, "targets-unwritten", &[])
        .because(e)
        .hint_of("targets-unwritten.where", &[("file", context.targets_path().display().into())])
}

const COLUMNS: [Column; 5] = [
    Column::new(Id("label.target"), 0),
    Column::new(Id("label.address"), 0),
    Column::new(Id("label.environment"), 1),
    Column::new(Id("label.become"), 3),
    Column::new(Id("label.shop-folder"), 2),
];

async fn list(context: &Context) -> Result<()> {
    // The targets of this machine are told without the ledger, too.
    if let Err(e) = context.learn_targets().await {
        let told = message::text("targets-left-out", &[("why", Arg::of(e.one_line()))]);
        context.output.warn(&told);
    }
    let targets = context.targets()?;
    for name in context.known().unproved.iter().filter(|name| !targets.is_own(name)) {
        let name = clean(name);
        let told = message::text("target-unproved", &[("name", Arg::of(&name))]);
        context.output.warn(&told);
        context.output.say(Tone::Faint, &shared::way_to_prove());
    }
    let rows: Vec<Vec<Cell>> = targets
        .iter()
        .map(|target| {
            vec![
                target.name.as_str().into(),
                target.address.to_string().into(),
                target.environment.id().into(),
                target.elevation.id().into(),
                target.path.clone().unwrap_or_default().into(),
            ]
        })
        .collect();
    let documents: Vec<Value> =
        targets.iter().map(|target| document(target, targets.is_own(&target.name))).collect();
    if rows.is_empty() {
        context.output.say(Tone::Faint, &message::text("targets-none", &[]));
    }
    let text = if rows.is_empty() { String::new() } else { table(&COLUMNS, rows) };
    context.output.result(&text, json!({ "targets": documents }));
    Ok(())
}

async fn show(context: &Context, name: &str) -> Result<()> {
    let target = context.find_target(name).await?;
    let is_own = context.targets()?.is_own(name);
    let mut lines = described(&target);
    if !is_own {
        lines.push((Label::of("label.kept-in"), message::text("target-kept-in-ledger", &[])));
    }
    context.output.result(&fields(&lines), json!({ "target": document(&target, is_own) }));
    Ok(())
}

fn described(target: &Target) -> Vec<(Label, String)> {
    let keys: Vec<String> = target.host_key.iter().map(HostKeyPin::fingerprint).collect();
    let identity = target.identity.as_ref().map(|file| file.display().to_string());
    vec![
        (Label::of("label.target"), target.name.clone()),
        (Label::of("label.address"), target.address.to_string()),
        (Label::of("label.host-key"), keys.join(", ")),
        (Label::of("label.environment"), target.environment.id().to_owned()),
        (Label::of("label.login"), target.login.id().to_owned()),
        (Label::of("label.identity"), identity.unwrap_or_default()),
        (Label::of("label.become"), target.elevation.id().to_owned()),
        (Label::of("label.shop-folder"), target.path.clone().unwrap_or_default()),
        (Label::of("label.public-host"), target.public_host.clone().unwrap_or_default()),
    ]
}

/// The target for a program; `is_own` where it stands in the file of this machine.
fn document(target: &Target, is_own: bool) -> Value {
    let keys: Vec<String> = target.host_key.iter().map(HostKeyPin::fingerprint).collect();
    json!({
        "name": target.name,
        "address": target.address.to_string(),
        "host_key": keys,
        "environment": target.environment,
        "login": target.login,
        "identity": target.identity,
        "become": target.elevation,
        "path": target.path,
        "public_host": target.public_host,
        "kept_in": if is_own { "file" } else { "ledger" },
    })
}

/// The first ids of the grants on a target that are not over.
async fn live_on(context: &Context, name: &str) -> Result<Vec<String>> {
    let Some(ledger) = context.ledger_to_read().await? else { return Ok(Vec::new()) };
    let filter = Filter { target: Some(name.to_owned()), live_only: true, ..Filter::default() };
    Ok(ledger.grants(&filter, 10, None).await?.into_iter().map(|grant| grant.id).collect())
}

/// Refused while grants on it live: without the target nobody could close them.
async fn remove(context: &Context, name: &str) -> Result<()> {
    let ledger = shared_ledger(context).await?;
    let mut targets: Targets = context.targets()?;
    let target = targets.find(name).filter(|_| targets.is_own(name)).cloned();
    // What is not proved may be taken away, and used for nothing else.
    if target.is_none() && !context.known().unproved.iter().any(|one| one == name) {
        context.target(name)?;
    }
    let refuse = |live: &[String]| {
        Error::of(Kind::Usage, "target-live", &[("target", name.into())])
            .because_text(live.join(", "))
            .hint_of("target-live.way-out", &[("target", name.into())])
    };
    let live = live_on(context, name).await?;
    if !live.is_empty() {
        return Err(refuse(&live));
    }
    let kept = targets.find(name).cloned();
    if let Some(ledger) = &ledger {
        shared::drop_target(context, ledger, name).await?;
    }
    if target.is_some() {
        targets.remove(name).map_err(|e| unwritten(context, e))?;
    }
    // A grant may have begun meanwhile. One that begins from now on finds no target.
    let live = live_on(context, name).await?;
    if !live.is_empty() {
        if let Some(target) = &target {
            targets.add(target).map_err(|e| unwritten(context, e))?;
        }
        if let (Some(ledger), Some(kept)) = (&ledger, &kept) {
            shared::keep(context, ledger, kept).await?;
        }
        return Err(refuse(&live));
    }
    context.output.result(
        &format!("{}\n", message::text("target-removed", &[("name", name.into())])),
        json!({ "removed": name }),
    );
    Ok(())
}
