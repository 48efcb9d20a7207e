//! What a shell may offer at a Tab in place of a name: targets, desks, providers, cases and grants
//! of the merchant's own. Only names, only to read, and nobody is asked anything.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Command;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::CompleteEnv;

use crate::context::Context;
use crate::global::Global;
use crate::grant::{Grant, State};
use crate::ledger::{CaseFilter, Filter, Ledger, Mode};
use crate::message;
use crate::output::Output;
use crate::policy::desk::Desk;
use crate::remote::provider::{Provider, SERVER, SHOP};

/// The variable by which the script of `completions` asks this program.
pub const VARIABLE: &str = "STAGEPASS_COMPLETE";

/// Somebody waits with a finger on the key: a ledger that is slower offers nothing.
const LIMIT: Duration = Duration::from_secs(1);

/// As many as a person still looks through.
const MOST: u32 = 200;

/// Answers a shell that asks what could stand at the end of a line of this command, and ends the program
/// then. Does nothing where none asks.
pub fn answer(command: fn() -> Command) {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// Names of targets.
#[must_use]
pub fn targets() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let Some(context) = context() else { return Vec::new() };
        let Ok(targets) = context.targets() else { return Vec::new() };
        let own = targets.iter().filter_map(|one| candidate(&one.name, one.environment.id()));
        let kept = if context.ledger_is_shared() {
            from_ledger(async |ledger| ledger.kept_targets().await.ok())
        } else {
            Vec::new()
        };
        let in_ledger = message::text("complete-kept-target", &[]);
        let others = kept.iter().filter(|kept| !targets.is_own(&kept.name));
        own.chain(others.filter_map(|kept| candidate(&kept.name, &in_ledger))).collect()
    })
}

/// Names of desks.
#[must_use]
pub fn desks() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let folder = context().map(|context| context.desks_dir());
        let listed = Desk::list(folder.as_deref()).unwrap_or_default();
        listed.iter().filter_map(|one| candidate(&one.id, "")).collect()
    })
}

/// Names of providers.
#[must_use]
pub fn providers() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let folder = context().map(|context| context.providers_dir()).unwrap_or_default();
        let listed = Provider::list(&folder).into_iter().flatten();
        listed.filter_map(|one| candidate(&one.name, &one.summary)).collect()
    })
}

/// What `--with` of a grant takes: the words for what suits the target, and the providers.
#[must_use]
pub fn with() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let words = [SERVER, SHOP].into_iter().filter_map(|word| candidate(word, ""));
        let folder = context().map(|context| context.providers_dir()).unwrap_or_default();
        let listed = Provider::list(&folder).into_iter().flatten();
        words.chain(listed.filter_map(|one| candidate(&one.name, &one.summary))).collect()
    })
}

/// References of cases: those that are open, or all of them.
fn cases(open_only: bool) -> Vec<CompletionCandidate> {
    let filter = CaseFilter { open_only, ..CaseFilter::default() };
    let cases = from_ledger(async |ledger| ledger.cases(&filter, MOST).await.ok());
    cases.iter().filter_map(|case| candidate(&case.reference, &case.desk)).collect()
}

/// References of cases that are open.
#[must_use]
pub fn open_cases() -> ArgValueCandidates {
    ArgValueCandidates::new(|| cases(true))
}

/// References of all cases.
#[must_use]
pub fn all_cases() -> ArgValueCandidates {
    ArgValueCandidates::new(|| cases(false))
}

fn grants(filter: Filter) -> Vec<CompletionCandidate> {
    let told = |grant: &Grant| {
        let (state, who) = (grant.state, &grant.supporter.name);
        candidate(
            &grant.id,
            &message::text(
                "complete-grant",
                &[
                    ("state", state.word().into()),
                    ("who", who.into()),
                    ("target", (&grant.target).into()),
                ],
            ),
        )
    };
    let grants = from_ledger(async |ledger| ledger.grants(&filter, MOST, None).await.ok());
    grants.iter().filter_map(told).collect()
}

/// Ids of grants that are not over.
#[must_use]
pub fn live_grants() -> ArgValueCandidates {
    ArgValueCandidates::new(|| grants(Filter { live_only: true, ..Filter::default() }))
}

/// Ids of grants that are open.
#[must_use]
pub fn open_grants() -> ArgValueCandidates {
    ArgValueCandidates::new(|| grants(Filter { states: vec![State::Open], ..Filter::default() }))
}

/// Ids of all grants.
#[must_use]
pub fn all_grants() -> ArgValueCandidates {
    ArgValueCandidates::new(|| grants(Filter::default()))
}

/// What a shell takes as one word. A row that something else wrote is not put on a command line.
fn candidate(name: &str, about: &str) -> Option<CompletionCandidate> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-#".contains(c);
    let fits = !name.is_empty() && !name.starts_with(['-', '#']) && name.chars().all(plain);
    let about = Some(crate::remote::script::clean(about)).filter(|about| !about.is_empty());
    fits.then(|| CompletionCandidate::new(name).help(about.map(Into::into)))
}

/// The folders that the line names so far, or else the usual ones.
fn context() -> Option<Context> {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let named = |option: &str| {
        words.iter().enumerate().rev().find_map(|(at, word)| {
            if word == option {
                return words.get(at + 1).map(PathBuf::from);
            }
            let word = word.to_str()?;
            word.strip_prefix(option)?.strip_prefix('=').map(PathBuf::from)
        })
    };
    let global = Global {
        json: false,
        quiet: true,
        config: named("--config"),
        state: named("--state"),
        timings: false,
        timeout: 1,
    };
    let output = Output::new("complete", false, true).without_questions();
    Context::new(&global, output).ok().map(Context::unattended)
}

fn from_ledger<T>(ask: impl AsyncFnOnce(Ledger) -> Option<Vec<T>>) -> Vec<T> {
    let Some(context) = context().filter(|context| !context.ledger_needs_keyring()) else {
        return Vec::new();
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Vec::new();
    };
    let found = runtime.block_on(async {
        let found = tokio::time::timeout(LIMIT, async {
            ask(Ledger::open(&context.ledger_location(), Mode::ReadOnly).await.ok()?).await
        });
        found.await.ok().flatten()
    });
    runtime.shutdown_background();
    found.unwrap_or_default()
}
