//! The commands, one verb a file: resolve, refuse early, act, report. What is typed is in
//! [`crate::cli`]; what it means is in [`crate::context`]; nothing below this folder knows clap.

mod acknowledge;
mod ask;
mod backup;
mod case;
mod demo;
mod desk;
mod doctor;
mod extend;
mod grant;
mod ledger;
mod list;
mod page;
mod provider;
mod reconcile;
mod revoke;
mod schedule;
mod secret;
mod show;
mod sweep;
mod target;
mod told;
mod verify;
pub mod view;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ledger::Ledger;
use crate::message;
use crate::output::{Output, Tone, paint};
use crate::policy::Broken;

/// The command's name as it stands in JSON documents, such as `target add`.
#[must_use]
pub fn name(command: &Command) -> &'static str {
    use crate::cli::{Case, Desk, Ledger, Provider, Schedule, Secret, Target};
    match command {
        Command::Target(Target::Add(_)) => "target add",
        Command::Target(Target::List) => "target list",
        Command::Target(Target::Show { .. }) => "target show",
        Command::Target(Target::Check { .. }) => "target check",
        Command::Target(Target::Remove { .. }) => "target remove",
        Command::Case(Case::Open { .. }) => "case open",
        Command::Case(Case::List { .. }) => "case list",
        Command::Case(Case::Show { .. }) => "case show",
        Command::Case(Case::Reopen { .. }) => "case reopen",
        Command::Case(Case::Close { .. }) => "case close",
        Command::Grant(_) => "grant",
        Command::List(_) => "list",
        Command::Show(_) => "show",
        Command::Extend(_) => "extend",
        Command::Revoke(_) => "revoke",
        Command::Sweep(_) => "sweep",
        Command::Acknowledge(_) => "acknowledge",
        Command::Verify(_) => "verify",
        Command::Reconcile(_) => "reconcile",
        Command::Schedule(Schedule::Install { .. }) => "schedule install",
        Command::Schedule(Schedule::Status) => "schedule status",
        Command::Schedule(Schedule::Remove) => "schedule remove",
        Command::Secret(Secret::Set { .. }) => "secret set",
        Command::Secret(Secret::List) => "secret list",
        Command::Secret(Secret::Remove { .. }) => "secret remove",
        Command::Ledger(Ledger::Verify { .. }) => "ledger verify",
        Command::Ledger(Ledger::Export) => "ledger export",
        Command::Ledger(Ledger::Backup { .. }) => "ledger backup",
        Command::Desk(Desk::List) => "desk list",
        Command::Desk(Desk::Show { .. }) => "desk show",
        Command::Provider(Provider::List) => "provider list",
        Command::Provider(Provider::Show { .. }) => "provider show",
        Command::Provider(Provider::Test { .. }) => "provider test",
        Command::Doctor(_) => "doctor",
        Command::Demo => "demo",
        Command::Completions(_) => "completions",
        Command::Man(_) => "man",
    }
}

/// Runs what was typed.
///
/// # Errors
/// Every failure of every command, ready to be shown; its kind is the exit code.
pub async fn run(cli: Cli, output: Output) -> Result<()> {
    match cli.command {
        Command::Completions(args) => return page::completions(&output, &args),
        Command::Man(args) => return page::man(&output, &args),
        Command::Demo => return demo::run(&output).await,
        _ => {}
    }
    let context = Context::new(&cli.global, output)?;
    match cli.command {
        Command::Target(args) => target::run(context, args).await,
        Command::Case(args) => case::run(&context, args).await,
        Command::Grant(args) => grant::run(&context, *args).await,
        Command::List(args) => list::run(&context, args).await,
        Command::Show(args) => show::run(&context, &args).await,
        Command::Extend(args) => extend::run(&context, args).await,
        Command::Revoke(args) => revoke::run(&context, args).await,
        Command::Sweep(args) => sweep::run(&context, &args).await,
        Command::Acknowledge(args) => acknowledge::run(&context, args).await,
        Command::Verify(args) => verify::run(&context, &args).await,
        Command::Reconcile(args) => reconcile::run(&context, &args).await,
        Command::Schedule(args) => schedule::run(&context, args).await,
        Command::Secret(args) => secret::run(&context, args),
        Command::Ledger(args) => ledger::run(&context, args).await,
        Command::Desk(args) => desk::run(&context, &args),
        Command::Provider(args) => provider::run(&context, args).await,
        Command::Doctor(args) => doctor::run(context, &args).await,
        Command::Completions(_) | Command::Man(_) | Command::Demo => Ok(()),
    }
}

/// Every broken rule at once: what may not be, why, and the way out.
#[must_use]
pub fn refusal(broken: &[Broken]) -> Error {
    let heading = message::text("refused", &[("count", broken.len().into())]);
    let mut error = Error::new(Kind::Policy, heading);
    let (because, way_out) =
        (message::text("refused-because", &[]), message::text("refused-way-out", &[]));
    for one in broken {
        error.more.rules.push(format!(
            "{} {}\n      {} {}\n      {} {}",
            paint(Tone::Strong, &format!("{}:", one.rule.id())),
            one.what(),
            paint(Tone::Faint, &format!("{because}:")),
            one.why(),
            paint(Tone::Faint, &format!("{way_out}:")),
            one.way_out(),
        ));
        error.more.documents.push(serde_json::json!(one));
    }
    error
}

/// Says so when nothing ends grants on time: no schedule, or one that has not run for two periods.
pub async fn schedule_warning(context: &Context, ledger: &Ledger) {
    if let Some(warning) = schedule::warning(context, ledger).await {
        context.output.warn(&warning);
    }
}
