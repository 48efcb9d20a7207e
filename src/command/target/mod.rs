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
use crate::output::{Cell, Column, Tone, fields, paint, table};
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
        return Err(Error::new(
            Kind::Usage,
            format!("there is a target `{}` already", target.name),
        )
        .hint("choose another name, or add `--replace`"));
    }
    if !replace {
        shared::refuse_unproved(context, &target.name)?;
    }
    let mut how = "this machine";
    if target.address != Address::Local {
        let progress = context.output.progress("asking the server for its host key");
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
        paint(Tone::Good, &format!("Target {} is added.", target.name)),
        fields(&described(&target))
    );
    context
        .output
        .result(&text, json!({ "target": document(&target, true), "host_key_confirmed_by": how }));
    context
        .output
        .say(Tone::Faint, &format!("next: stagepass target check {}", quoted(&target.name)));
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
    Err(Error::new(
        Kind::Usage,
        format!("`{}` has grants on the server with the host key {}", old.name, before.join(", ")),
    )
    .because_text(live.join(", "))
    .hint(format!(
        "close them first (`stagepass revoke --target {}`), or choose another name",
        old.name
    ))
    .hint(format!(
        "if it is the same server with a new host key, write both keys into `{}`: \
         host_key = [\"old\", \"new\"]",
        context.targets_path().display()
    )))
}

/// From what was typed to a target without a host key. Refuses FTP with the reason.
fn resolve(context: &Context, typed: TargetAddArgs) -> Result<Target> {
    let usage = |what: &str, e: &dyn std::error::Error| {
        Error::new(Kind::Usage, format!("the target's {what} cannot be used"))
            .because_text(e.to_string())
    };
    check_name(&typed.name).map_err(|e| usage("name", &e))?;
    let address = match typed.address.parse::<Address>() {
        Ok(address) => address,
        Err(AddressError::Ftp { scheme, .. }) => {
            let broken = refuse_ftp(&scheme, None, None);
            return Err(refusal(&broken.into_iter().collect::<Vec<_>>()));
        }
        Err(e) => return Err(usage("address", &e)),
    };
    if let Address::Ssh { port, .. } = &address
        && let Some(broken) = refuse_ftp("ssh", *port, None)
    {
        return Err(refusal(&[broken]));
    }
    if let Some(path) = &typed.path {
        check_path(path).map_err(|e| usage("shop folder", &e))?;
    }
    if let Some(host) = &typed.public_host {
        check_public_host(host).map_err(|e| usage("public host", &e))?;
    }
    let identity = typed.identity.map(std::path::absolute).transpose();
    let identity = identity.map_err(|e| usage("key file", &e))?;
    if let Some(file) = identity.as_ref().filter(|file| !file.is_file()) {
        return Err(Error::new(Kind::Usage, format!("there is no key file `{}`", file.display())));
    }
    if context.output.can_ask() && typed.environment == "live" {
        context.output.warn("grants on a live shop need the desk's approval and a verified backup");
    }
    Ok(Target {
        name: typed.name,
        address,
        host_key: Vec::new(),
        login: typed.login.parse().map_err(|e| usage("login", &e))?,
        identity,
        elevation: typed.elevation.parse::<Elevation>().map_err(|e| usage("way to root", &e))?,
        environment: Environment::read(&typed.environment).map_err(|e| usage("environment", &e))?,
        path: typed.path,
        public_host: typed.public_host,
    })
}

fn parse_pin(text: &str) -> Result<HostKeyPin> {
    text.parse().map_err(|e| {
        Error::new(Kind::Usage, "the host key's fingerprint cannot be understood")
            .because(e)
            .hint("write it as the hoster tells it: SHA256:… or a whole `ssh-ed25519 AAAA…` line")
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
            return Err(Error::new(
                Kind::Unreachable,
                format!("the host key of `{}` is marked `@revoked` in `known_hosts`", fetched.host),
            )
            .hint("nothing was sent: somebody marked this key as stolen or retired"));
        }
        // A key that was compared with the hoster's own word is believed before an old file.
        _ if given => return Ok("--host-key"),
        Verdict::Valid => return Ok("known_hosts"),
        Verdict::Changed { expected } => {
            return Err(Error::new(
                Kind::Unreachable,
                format!("the host key of `{}` is not the one in `known_hosts`", fetched.host),
            )
            .because_text(format!("expected {}, received {fingerprint}", expected.join(" or ")))
            .hint("ask your hosting company for the fingerprint and give it with `--host-key SHA256:…`"));
        }
        Verdict::Unknown { .. } => {}
    }
    context.output.say(
        Tone::Plain,
        &format!(
            "The host key of {} is\n  {}  ({})\nCompare it with the fingerprint your hosting company tells you.",
            fetched.host,
            paint(Tone::Strong, &fingerprint),
            fetched.key.algorithm()
        ),
    );
    match context.output.confirm("Is it the same?") {
        Some(true) => Ok("typed confirmation"),
        Some(false) => Err(Error::new(Kind::Unreachable, "the host key was not confirmed")
            .hint("nothing was sent and nothing was added")),
        None => Err(Error::new(
            Kind::Unreachable,
            format!("the host key of `{}` is not known: it is {fingerprint}", fetched.host),
        )
        .hint(format!(
            "compare it with the one your hosting company tells you, and give it: \
             `stagepass target add {} … --host-key SHA256:…`",
            target.name
        ))),
    }
}

fn unwritten(context: &Context, e: crate::target::TargetError) -> Error {
    Error::new(Kind::Internal, "the list of targets was not changed")
        .because(e)
        .hint(format!("it is in `{}`", context.targets_path().display()))
}

const COLUMNS: [Column; 5] = [
    Column::new("target", 0),
    Column::new("address", 0),
    Column::new("environment", 1),
    Column::new("become", 3),
    Column::new("shop folder", 2),
];

async fn list(context: &Context) -> Result<()> {
    // The targets of this machine are told without the ledger, too.
    if let Err(e) = context.learn_targets().await {
        let told = format!("the targets in the ledger are left out: {}", e.one_line());
        context.output.warn(&told);
    }
    let targets = context.targets()?;
    for name in context.known().unproved.iter().filter(|name| !targets.is_own(name)) {
        let name = clean(name);
        let told =
            format!("the ledger's target `{name}` is not used: nothing proves that it is yours");
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
        context.output.say(Tone::Faint, "no targets; `stagepass target add` adds one");
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
        lines.push(("kept in", "the ledger".to_owned()));
    }
    context.output.result(&fields(&lines), json!({ "target": document(&target, is_own) }));
    Ok(())
}

fn described(target: &Target) -> Vec<(&'static str, String)> {
    let keys: Vec<String> = target.host_key.iter().map(HostKeyPin::fingerprint).collect();
    let identity = target.identity.as_ref().map(|file| file.display().to_string());
    vec![
        ("target", target.name.clone()),
        ("address", target.address.to_string()),
        ("host key", keys.join(", ")),
        ("environment", target.environment.id().to_owned()),
        ("login", target.login.id().to_owned()),
        ("identity", identity.unwrap_or_default()),
        ("become", target.elevation.id().to_owned()),
        ("shop folder", target.path.clone().unwrap_or_default()),
        ("public host", target.public_host.clone().unwrap_or_default()),
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
        Error::new(Kind::Usage, format!("`{name}` has grants that are not closed"))
            .because_text(live.join(", "))
            .hint(format!("close them first: `stagepass revoke --target {name}`"))
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
    context.output.result(&format!("target {name} is removed\n"), json!({ "removed": name }));
    Ok(())
}
