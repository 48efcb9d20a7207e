//! `schedule`: run the sweep regularly, from cron or a systemd user timer.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::ledger::{Filter, Ledger, SweepRun};
use crate::machine::schedule::{
    Choice, Cron, Installed, Job, Kind as Way, Period, Schedule, ScheduleError, Systemd,
    prove_unattended,
};
use crate::message::{self, Arg};
use crate::output::{Label, Tone, fields, paint};

/// Who runs the sweep.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ScheduleKind {
    /// What runs also while you are logged out: a systemd user manager that lingers, else cron.
    Auto,
    /// A marked line in the user's crontab.
    Cron,
    /// A systemd user timer.
    Systemd,
}

/// `schedule …`
#[derive(Debug, Subcommand)]
pub enum ScheduleVerb {
    /// Install it, after proving that the sweep can log in unattended.
    Install {
        /// Who runs it.
        #[arg(long, value_enum, default_value = "auto")]
        kind: ScheduleKind,
        /// Minutes between two runs: 1 to 60, a number that divides 60.
        #[arg(long, value_name = "MINUTES", default_value_t = 5)]
        #[arg(value_parser = clap::value_parser!(u8).range(1..=60))]
        every: u8,
        /// Print what would be written, and write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Say whether it is installed and when the sweep last ran.
    Status,
    /// Remove it; nothing else in the crontab is touched.
    Remove,
}

/// How long the proof that the sweep can log in everywhere may take.
const PROOF_LIMIT: Duration = Duration::from_secs(300);

/// Runs the command.
///
/// # Errors
/// The sweep could not log in unattended, or the schedule cannot be read or written.
pub async fn run(context: &Context, command: ScheduleVerb) -> Result<()> {
    match command {
        ScheduleVerb::Install { kind, every, dry_run } => install(context, kind, every, dry_run),
        ScheduleVerb::Status => status(context).await,
        ScheduleVerb::Remove => remove(context),
    }
}

fn schedule(context: &Context) -> Schedule {
    let config = context.surroundings.home.join(".config");
    Schedule { cron: Cron::default(), systemd: Systemd::new(&config, &context.surroundings.user) }
}

fn exe() -> Result<PathBuf> {
    std::env::current_exe()
        .map_err(|e| Error::of(Kind::Internal, "own-path-unknown", &[]).because(e))
}

/// Cron has no XDG variables and none of ours: folders are always named.
fn arguments(context: &Context) -> Vec<String> {
    vec![
        "--config".into(),
        context.config_dir.display().to_string(),
        "--state".into(),
        context.state_dir.display().to_string(),
    ]
}

fn install(context: &Context, kind: ScheduleKind, every: u8, dry_run: bool) -> Result<()> {
    let period = Period::from_minutes(u32::from(every)).map_err(failed)?;
    let job = Job::new(&exe()?, &arguments(context), period).map_err(failed)?;
    let choice = match kind {
        ScheduleKind::Auto => Choice::Auto,
        ScheduleKind::Cron => Choice::Only(Way::Cron),
        ScheduleKind::Systemd => Choice::Only(Way::Systemd),
    };
    let schedule = schedule(context);
    if dry_run {
        let draft = schedule.draft(choice, &job).map_err(failed)?;
        let mut text = String::new();
        for (place, what) in &draft.texts {
            text.push_str(&format!("{}\n{}\n", paint(Tone::Strong, place), what.trim_end()));
        }
        text.push_str(&(message::text("nothing-written", &[]) + "\n"));
        context.output.result(
            &text,
            json!({ "kind": draft.kind.id(), "texts": draft.texts, "dry_run": true }),
        );
        return Ok(());
    }
    prove(context)?;
    let installed = schedule.install(choice, &job).map_err(failed)?;
    let text = format!(
        "{}\n{}",
        paint(Tone::Good, &message::text("schedule-made", &[])),
        describe(&installed)
    );
    context.output.result(&text, document(&installed));
    Ok(())
}

/// Runs `doctor --unattended` in the empty environment that cron gives.
fn prove(context: &Context) -> Result<()> {
    let progress = context.output.progress(&message::text("progress-proving-schedule", &[]));
    let mut words = arguments(context);
    words.extend(["--json", "doctor", "--unattended"].map(String::from));
    let report = prove_unattended(
        &exe()?,
        &words,
        &context.surroundings.home,
        &context.surroundings.user,
        PROOF_LIMIT,
    )
    .map_err(failed)?;
    drop(progress);
    if report.status == Some(0) {
        return Ok(());
    }
    let document: Value = serde_json::from_slice(&report.stdout).unwrap_or(Value::Null);
    let mut error = Error::of(Kind::Unreachable, "not-scheduled", &[]);
    let findings =
        document.pointer("/result/findings").or_else(|| document.pointer("/error/broken"));
    for finding in findings.and_then(Value::as_array).into_iter().flatten() {
        if finding.get("ok").and_then(Value::as_bool) == Some(false) {
            let said = |key: &str| finding.get(key).and_then(Value::as_str).unwrap_or_default();
            error = error.because_of(
                "not-scheduled.finding",
                &[("what", said("what").into()), ("found", said("found").into())],
            );
            // Many targets may have the same remedy.
            let remedy = said("remedy");
            if !remedy.is_empty() && !error.hints.iter().any(|known| known.text == remedy) {
                error = error.hint(remedy);
            }
        }
    }
    if error.causes.is_empty() {
        error = match report.timed_out {
            true => error.because_of("not-scheduled.late", &[]),
            false => error.because_text(crate::remote::script::clean(&String::from_utf8_lossy(
                &report.stderr,
            ))),
        };
    }
    Err(error)
}

async fn status(context: &Context) -> Result<()> {
    let installed = schedule(context).status().map_err(failed)?;
    let last = match context.ledger_to_read().await? {
        Some(ledger) => ledger.last_sweep().await?,
        None => None,
    };
    let mut text = String::new();
    for one in &installed {
        text.push_str(&describe(one));
    }
    if installed.is_empty() {
        text.push_str(&format!("{}\n", paint(Tone::Warn, &message::text("schedule-none", &[]))));
    }
    text.push_str(&fields(&[(
        Label::of("label.last-sweep"),
        last_sweep(last.as_ref(), context.now()),
    )]));
    let documents: Vec<Value> = installed.iter().map(document).collect();
    context.output.result(&text, json!({ "installed": documents, "last_sweep": last }));
    if installed.is_empty() {
        context.output.say(Tone::Plain, &message::text("schedule-way", &[]));
    }
    Ok(())
}

fn last_sweep(last: Option<&SweepRun>, now: i64) -> String {
    last.map_or_else(
        || message::text("last-sweep.never", &[]),
        |run| {
            let args = [
                ("when", deadline::relative(run.at, now).into()),
                ("host", (&run.host).into()),
                ("due", run.due.into()),
                ("closed", run.closed.into()),
                ("failed", run.failed.into()),
            ];
            message::text("last-sweep", &args)
        },
    )
}

fn remove(context: &Context) -> Result<()> {
    let removed = schedule(context).remove().map_err(failed)?;
    let text = message::text("schedule-removed", &[("count", removed.len().into())]) + "\n";
    let documents: Vec<Value> = removed.iter().map(document).collect();
    context.output.result(&text, json!({ "removed": documents }));
    Ok(())
}

fn describe(installed: &Installed) -> String {
    let every = installed
        .every
        .map_or_else(|| message::text("changed-by-hand", &[]), |every| every.to_string());
    let mut text = fields(&[
        (Label::of("label.by"), installed.kind.id().to_owned()),
        (Label::of("label.every"), every),
        (Label::of("label.where"), installed.what.join(", ")),
        (Label::of("label.runs"), installed.command.clone()),
    ]);
    for note in &installed.notes {
        text.push_str(&format!(
            "{} {note}\n",
            paint(Tone::Warn, &message::text("check-note", &[]))
        ));
    }
    text
}

fn document(installed: &Installed) -> Value {
    let notes: Vec<String> = installed.notes.iter().map(ToString::to_string).collect();
    json!({
        "kind": installed.kind.id(),
        "where": installed.what,
        "command": installed.command,
        "every_minutes": installed.every.map(Period::minutes),
        "notes": notes,
    })
}

fn failed(e: ScheduleError) -> Error {
    let kind = match e {
        ScheduleError::Period { .. } | ScheduleError::Unusable { .. } => Kind::Usage,
        _ => Kind::Internal,
    };
    Error::of(kind, "schedule-unusable", &[]).because(e)
}

/// Whether something runs the sweep by itself: a schedule here, or another machine on the same ledger
/// that swept lately.
pub async fn is_swept(context: &Context, ledger: &Ledger) -> bool {
    let installed = schedule(context).status().unwrap_or_default();
    !installed.is_empty() || swept_elsewhere(context, ledger, Period::DEFAULT).await
}

/// Whether another machine on the same ledger has swept within two periods.
async fn swept_elsewhere(context: &Context, ledger: &Ledger, every: Period) -> bool {
    let period = i64::try_from(every.duration().as_secs()).unwrap_or(300);
    let runs = ledger.sweeps().await.unwrap_or_default();
    let here = crate::ledger::host_name();
    runs.iter().any(|run| run.host != here && context.now() - run.at <= 2 * period)
}

/// What is wrong with the schedule, when grants are open and nothing would end them on time: no
/// schedule and no recent sweep, or none for two periods.
pub async fn warning(context: &Context, ledger: &Ledger) -> Option<String> {
    let filter = Filter { live_only: true, ..Filter::default() };
    if ledger.grants(&filter, 1, None).await.ok()?.is_empty() {
        return None;
    }
    let last = ledger.last_sweep().await.ok()?;
    let installed = schedule(context).status().unwrap_or_default();
    let every = installed.iter().find_map(|one| one.every).unwrap_or(Period::DEFAULT);
    let period = i64::try_from(every.duration().as_secs()).unwrap_or(300);
    let silent = last.map(|run| context.now() - run.at);
    // A sweep by hand is no schedule; another machine on the same ledger may sweep for this one.
    if installed.is_empty() && swept_elsewhere(context, ledger, every).await {
        return None;
    }
    match (installed.is_empty(), silent) {
        (true, _) => Some(message::text("schedule-warning.none", &[])),
        (false, Some(silent)) if silent > 2 * period => Some(message::text(
            "schedule-warning.silent",
            &[("silent", Arg::of(deadline::duration(silent))), ("every", Arg::of(every))],
        )),
        // Just installed.
        (false, _) => None,
    }
}
