//! `reconcile`: everything on a server that carries our mark, held against the ledger both ways.
//! Changes nothing unless it is told what to close or to adopt.

mod adopt;
mod chosen;
mod close;
mod look;
mod report;

use clap::Args;

use self::adopt::adopt_all;
use self::chosen::{confirm, to_adopt, to_close};
use self::close::close_all;
use self::look::look;
use self::report::{report, show_plan};
use crate::complete;
use crate::context::Context;
use crate::error::Result;
use crate::grant::Grant;
use crate::mark;
use crate::mark::survey::{Finding, FindingKind};
use crate::message::{self, Note};
use crate::target::Target;

/// `reconcile`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass reconcile staging
  stagepass reconcile --all --adopt-all
  stagepass reconcile staging --close k7m2x9

Without --close or --adopt nothing is changed. Where the ledger was lost, --adopt-all takes every
grant whose marks this installation made into the new one, and the next sweep closes them.")]
pub struct ReconcileArgs {
    /// The targets' names.
    #[arg(required_unless_present = "all", add = complete::targets())]
    pub targets: Vec<String>,
    /// Every target.
    #[arg(long, conflicts_with = "targets")]
    pub all: bool,
    /// Close what this grant left on the targets. May be given several times.
    #[arg(long, value_name = "GRANT", add = complete::all_grants())]
    pub close: Vec<String>,
    /// Take this grant, which the ledger does not know, into the ledger, to be closed by the next
    /// sweep. May be given several times.
    #[arg(long, value_name = "GRANT")]
    pub adopt: Vec<String>,
    /// Adopt every grant that the ledger does not know and whose marks are proved to be ours.
    #[arg(long, conflicts_with = "adopt")]
    pub adopt_all: bool,
    /// Let --close and --adopt act on marks that are not proved to be ours, after a question.
    #[arg(long)]
    pub unproved: bool,
    /// Answer that question with yes.
    #[arg(long, requires = "unproved")]
    pub yes: bool,
    /// Targets worked on at the same time.
    #[arg(long, value_name = "N", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// Say what --close and --adopt would do, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Findings that an error tells one by one.
const TOLD: usize = 10;

/// The case of adopted grants.
const CASE: &str = "adopted";

/// What was done.
#[derive(Default)]
struct Done<'a> {
    closed: Vec<Ended<'a>>,
    failed: Vec<Failed<'a>>,
    adopted: Vec<Grant>,
    /// What was closed or adopted, or is in the ledger by now in any case.
    dealt_with: Vec<Chosen<'a>>,
}

/// One thing to act on: a target's name and a finding there.
type Chosen<'a> = (&'a str, &'a Finding);

/// Something that was closed.
struct Ended<'a> {
    target: &'a str,
    id: &'a str,
    /// What to say about it.
    notes: Vec<Note>,
}

/// Something that could not be closed or adopted.
struct Failed<'a> {
    target: &'a str,
    id: &'a str,
    why: String,
}

impl<'a> Done<'a> {
    fn fail(&mut self, (target, finding): Chosen<'a>, why: String) {
        self.failed.push(Failed { target, id: &finding.grant, why });
    }

    /// What only lies about and lets nobody in goes with the grant.
    fn has_dealt_with(&self, target: &str, finding: &Finding) -> bool {
        self.dealt_with.iter().any(|(on, one)| {
            *on == target
                && (*one == finding
                    || (finding.matter == FindingKind::Leftover && one.grant == finding.grant))
        })
    }
}

/// Runs the command.
///
/// # Errors
/// Something does not fit and was not dealt with, a target was not seen, or the ledger fails.
pub async fn run(context: &Context, typed: &ReconcileArgs) -> Result<()> {
    let targets = chosen(context, typed).await?;
    let key = mark::Key::load(context)?;
    let ledger = context.ledger_to_read().await?;
    if key.is_none() {
        context.output.warn(&message::text("no-mark-key", &[]));
    }
    let parallel = usize::from(typed.parallel);
    let surveyed = look(context, ledger.as_ref(), key.as_ref(), &targets, parallel).await?;
    drop(ledger);

    let close = to_close(&surveyed, typed)?;
    let adopt = to_adopt(&surveyed, typed)?;
    if typed.dry_run {
        return show_plan(context, &surveyed, &close, &adopt);
    }
    confirm(context, typed, &close, &adopt)?;
    let mut done = Done::default();
    if !close.is_empty() || !adopt.is_empty() {
        let ledger = context.ledger().await?;
        close_all(context, &ledger, &targets, &close, &mut done).await;
        adopt_all(context, &ledger, &targets, &adopt, &mut done).await;
    }
    report(context, &surveyed, &done)
}

/// The targets that were meant, each once.
async fn chosen(context: &Context, typed: &ReconcileArgs) -> Result<Vec<Target>> {
    if typed.all {
        context.learn_targets().await?;
        return Ok(context.targets()?.iter().cloned().collect());
    }
    let mut targets: Vec<Target> = Vec::new();
    for name in &typed.targets {
        let target = context.find_target(name).await?;
        if !targets.iter().any(|known| known.name == target.name) {
            targets.push(target);
        }
    }
    Ok(targets)
}
