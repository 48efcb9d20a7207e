//! The commands, one verb a file, with what it takes: resolve, refuse early, act, report. All of them stand in
//! [`crate::command`]; what is typed means is in [`crate::context`]; nothing below this folder knows clap.

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
mod lint;
mod list;
mod page;
mod provider;
mod reconcile;
mod revoke;
mod schedule;
mod secret;
mod shop;
mod show;
mod sweep;
mod target;
mod told;
mod verify;
pub mod view;

use clap::{Parser, Subcommand};

use self::acknowledge::AcknowledgeArgs;
use self::case::CaseVerb;
use self::demo::DemoArgs;
use self::desk::DeskVerb;
use self::doctor::DoctorArgs;
use self::extend::ExtendArgs;
use self::grant::GrantArgs;
use self::ledger::LedgerVerb;
use self::list::ListArgs;
use self::page::{CompletionsArgs, ManArgs};
use self::provider::ProviderVerb;
use self::reconcile::ReconcileArgs;
use self::revoke::RevokeArgs;
use self::schedule::ScheduleVerb;
use self::secret::SecretVerb;
use self::show::ShowArgs;
use self::sweep::SweepArgs;
use self::target::TargetVerb;
use self::verify::VerifyArgs;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::global::Global;
use crate::ledger::Ledger;
use crate::message;
use crate::output::{Output, Tone, paint};
use crate::policy::Broken;

/// Temporary, proven access to a staging shop for a support engineer, over SSH.
///
/// stagepass makes an account or a key on the merchant's staging server, proves that it works,
/// ends it on time and proves that it stopped.
#[derive(Debug, Parser)]
#[command(name = "stagepass", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Examples:
  stagepass target add staging ssh://deploy@staging.shop.example --environment staging --become sudo
  stagepass case open MSP-4711 --desk multisafepay
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --key jane.pub --for 14d
  stagepass list
  stagepass case close MSP-4711

Exit codes: 0 done · 1 bug or I/O · 2 usage · 3 refused by policy · 4 no such thing
  5 target unreachable or host key refused · 6 the server refused · 7 outcome unknown, recorded
  8 something is stuck, overdue or has to be looked at")]
pub struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of the job.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The servers that access can be granted on.
    #[command(subcommand)]
    Target(TargetVerb),
    /// The investigations that grants belong to.
    #[command(subcommand)]
    Case(CaseVerb),
    /// Give one supporter access to one target, and prove that it works.
    Grant(Box<GrantArgs>),
    /// List grants; what somebody has to look at comes first.
    List(ListArgs),
    /// Show one grant with its evidence.
    Show(ShowArgs),
    /// Move the deadline of a grant.
    Extend(ExtendArgs),
    /// Take access away, and prove that it is gone.
    Revoke(RevokeArgs),
    /// Close what is due, retry what is stuck, notice what drifted; what cron runs. Silent when all
    /// is well.
    ///
    /// Once an hour it looks at every open grant: whether it is still what was made, and how it was
    /// used. It ends with 8 while something is stuck, overdue, not what was made, or found and not
    /// acknowledged.
    Sweep(SweepArgs),
    /// Say that somebody has looked at what was found when a grant was closed.
    Acknowledge(AcknowledgeArgs),
    /// Prove again that open grants work and closed ones are gone, any time later.
    Verify(VerifyArgs),
    /// Look for everything on a server that stagepass made, and compare it with the ledger.
    Reconcile(ReconcileArgs),
    /// Run `sweep` regularly, from cron or a systemd user timer.
    #[command(subcommand)]
    Schedule(ScheduleVerb),
    /// What the merchant's side needs to log in, in the operating system's keyring.
    #[command(subcommand)]
    Secret(SecretVerb),
    /// The record of everything that was done.
    #[command(subcommand)]
    Ledger(LedgerVerb),
    /// The support desks, their rules and their questions.
    #[command(subcommand)]
    Desk(DeskVerb),
    /// The kinds of access that can be made.
    #[command(subcommand)]
    Provider(ProviderVerb),
    /// Check set-up, targets, clock, keyring, schedule and ledger; say what to mend.
    Doctor(DoctorArgs),
    /// Run the whole job once on a throw-away OpenSSH server on this machine.
    Demo(DemoArgs),
    /// Print the completion script for a shell.
    Completions(CompletionsArgs),
    /// Print the man page, or write all of them into a folder.
    Man(ManArgs),
}

/// The command's name as it stands in JSON documents, such as `target add`.
#[must_use]
pub fn name(command: &Command) -> &'static str {
    use case::CaseVerb as Case;
    use desk::DeskVerb as Desk;
    use ledger::LedgerVerb as Ledger;
    use provider::ProviderVerb as Provider;
    use schedule::ScheduleVerb as Schedule;
    use secret::SecretVerb as Secret;
    use target::TargetVerb as Target;
    match command {
        Command::Target(Target::Add(_)) => "target add",
        Command::Target(Target::List) => "target list",
        Command::Target(Target::Show { .. }) => "target show",
        Command::Target(Target::Check { .. }) => "target check",
        Command::Target(Target::Remove { .. }) => "target remove",
        Command::Case(Case::Open { .. }) => "case open",
        Command::Case(Case::List { .. }) => "case list",
        Command::Case(Case::Show { .. }) => "case show",
        Command::Case(Case::Edit(_)) => "case edit",
        Command::Case(Case::Ticket(_)) => "case ticket",
        Command::Case(Case::Reopen { .. }) => "case reopen",
        Command::Case(Case::Close { .. }) => "case close",
        Command::Case(Case::Lint(_)) => "case lint",
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
        Command::Desk(Desk::New { .. }) => "desk new",
        Command::Provider(Provider::List) => "provider list",
        Command::Provider(Provider::Show { .. }) => "provider show",
        Command::Provider(Provider::New { .. }) => "provider new",
        Command::Provider(Provider::Test { .. }) => "provider test",
        Command::Doctor(_) => "doctor",
        Command::Demo(_) => "demo",
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
        Command::Demo(args) => return demo::run(&output, &args).await,
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
        Command::Completions(_) | Command::Man(_) | Command::Demo(_) => Ok(()),
    }
}

/// Every broken rule at once: what may not be, why, and the way out.
#[must_use]
pub fn refusal(broken: &[Broken]) -> Error {
    let mut error = Error::of(Kind::Policy, "refused", &[("count", broken.len().into())]);
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

/// A word as a shell takes it.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/:@%+=,-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Says so when nothing ends grants on time: no schedule, or one that has not run for two periods.
pub async fn schedule_warning(context: &Context, ledger: &Ledger) {
    if let Some(warning) = schedule::warning(context, ledger).await {
        context.output.warn(&warning);
    }
}
