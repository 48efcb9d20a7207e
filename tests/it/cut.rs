//! What stands between a merchant and a server breaks in the middle: the line, the server's power,
//! its disk, the merchant's disk; or two of them work at once. Then it is mended, and the sweeps
//! alone bring everything to where the ledger and the server say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::json;
use stagepass::testing::grant::State;

use crate::again::{Again, inside};
use crate::faults::{Chance, Field, Moment, Provider, Trial, Verb, asked, seed, write_down};
use crate::host::{Process, SUITE};
use crate::stage::{Credential, Ended, Run, bounded};

/// The exit code of two runs at once that both went well: whose way it went is the ledger's to say.
const UNDECIDED: i32 = 100;

/// How a fault is made, and how a run of the program goes while it is there.
type Fault = fn(&mut Field, Verb, &mut Chance) -> Ended;

/// What became of one verb: how often a fault was made, how often the program then said that it had
/// failed, and how often all came right again.
#[derive(Default)]
struct Count {
    tried: u32,
    failed: u32,
    survived: u32,
}

/// Makes a fault so many times, in the middle of each verb in turn, on one field if it holds.
fn with_faults(
    fault: Fault,
    provider: Provider,
    make: fn(Provider) -> Field,
    (seed, first, times): (u64, u64, u64),
) -> (BTreeMap<Verb, Count>, Vec<String>) {
    let mut chance = Chance::new(seed);
    let mut trial = Trial::new(provider, make);
    let mut counts: BTreeMap<Verb, Count> = BTreeMap::new();
    for number in 0..times {
        let verb = Verb::ALL[usize::try_from((first + number) % 4).unwrap()];
        let name = format!("seed {seed}, fault {number} during {}", verb.id());
        let came = trial.attempt(&name, |field| comes_right_again(field, fault, verb, &mut chance));
        let count = counts.entry(verb).or_default();
        count.tried += 1;
        if let Some(failed) = came {
            count.failed += u32::from(failed);
            count.survived += 1;
        }
    }
    (counts, trial.failures)
}

/// One fault: whether the program said that it had failed. What it says need not be good news, but it
/// has to be true.
fn comes_right_again(field: &mut Field, fault: Fault, verb: Verb, chance: &mut Chance) -> bool {
    field.prepare(verb);
    let known = field.known();
    let ended = fault(field, verb, chance);
    assert!(ended.exit >= 0 && ended.exit != 101, "{}", ended.told());
    if ended.exit == 0 {
        let state = field.current(&known).map(|grant| grant.state);
        let wanted = match verb {
            Verb::Grant | Verb::Extend => State::Open,
            Verb::Close | Verb::Sweep => State::Closed,
        };
        assert_eq!(state, Some(wanted), "{}", ended.told());
    }
    field.sweep_until_settled();
    field.settled(&known);
    ![0, UNDECIDED].contains(&ended.exit)
}

/// A fault with both providers at once, and what came of it.
fn both_come_right(what: &str, fault: Fault, make: fn(Provider) -> Field, times: u64) {
    all_come_right(what, fault, &Provider::ALL, make, times);
}

fn all_come_right(
    what: &str,
    fault: Fault,
    providers: &[Provider],
    make: fn(Provider) -> Field,
    times: u64,
) {
    let (seed, times) = (seed(), asked("STAGEPASS_TEST_CUTS", times));
    // Few faults for each provider are still some of each verb.
    let mut first = Chance::new(seed).below(4);
    let running: Vec<_> = providers
        .iter()
        .map(|&provider| {
            let begin = first;
            first += times;
            let work = move || with_faults(fault, provider, make, (seed, begin, times));
            (provider, thread::spawn(work))
        })
        .collect();
    let mut failures = Vec::new();
    for (provider, worker) in running {
        let (counts, failed) = worker.join().unwrap();
        for (verb, count) in counts {
            write_down(
                "cuts",
                &json!({
                    "fault": what, "provider": provider.id(), "verb": verb.id(), "seed": seed,
                    "tried": count.tried, "failed": count.failed, "survived": count.survived,
                }),
            );
        }
        failures.extend(failed);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// A run whose exit code is looked at later.
fn as_it_is(run: Run) -> Ended {
    let exit = run.exit;
    run.exits(exit)
}

/// The words of a verb for somebody who does not wait for ever.
fn impatient(field: &mut Field, verb: Verb) -> Vec<String> {
    let mut words = field.words(verb);
    words.extend(["--timeout", "5"].map(str::to_owned));
    words
}

fn some_time(chance: &mut Chance, milliseconds: u64) -> Duration {
    Duration::from_millis(chance.below(milliseconds))
}

/// A moment in the middle of a verb, also late in one that makes an account and logs in to it.
fn amid(verb: Verb, chance: &mut Chance) -> Duration {
    some_time(chance, if verb == Verb::Grant { 1800 } else { 900 })
}

// ---- the line ----------------------------------------------------------------------------------

fn full(provider: Provider) -> Field {
    Field::on(provider, |stage| stage.full(SUITE))
}

/// The cable is out at some moment, for seconds or until the program has given up. Nothing is
/// refused and nothing is reset: what is sent is lost, in both directions.
fn line_is_lost(field: &mut Field, verb: Verb, chance: &mut Chance) -> Ended {
    let words = impatient(field, verb);
    let running = field.story.stage.command(&words).spawn();
    thread::sleep(amid(verb, chance));
    field.host.link(false);
    if chance.below(3) == 0 {
        thread::sleep(Duration::from_millis(500) + some_time(chance, 2500));
        field.host.link(true);
    }
    let ended = running.wait();
    field.host.link(true);
    as_it_is(ended)
}

#[test]
fn a_line_that_is_lost_in_the_middle_booted() {
    both_come_right("the line is lost", line_is_lost, full, 2);
}

/// The same while something is done in the shop: the steps there are processes of PHP, and the line goes during or behind
/// one of them. What it says then, nobody hears.
fn line_is_lost_in_the_shop(field: &mut Field, verb: Verb, chance: &mut Chance) -> Ended {
    let mut words = field.words(verb);
    words.extend(["--timeout", "15"].map(str::to_owned));
    let mut running = field.story.stage.command(&words).spawn();
    let most = if verb == Verb::Grant { 8 } else { 3 };
    let wanted = 1 + usize::try_from(chance.below(most)).unwrap();
    let mut steps = BTreeSet::new();
    while steps.len() < wanted && !running.is_over() {
        let is_php = |process: &Process| process.cmdline.starts_with(b"/usr/bin/php\0");
        steps.extend(field.host.processes().iter().filter(|one| is_php(one)).map(|one| one.pid));
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(some_time(chance, 200));
    field.host.link(false);
    if chance.below(3) == 0 {
        thread::sleep(some_time(chance, 3000));
        field.host.link(true);
    }
    let ended = running.wait();
    field.host.link(true);
    as_it_is(ended)
}

#[test]
fn a_line_that_is_lost_at_a_step_in_a_shop_booted() {
    let what = "the line is lost";
    all_come_right(what, line_is_lost_in_the_shop, &[Provider::Shop], full, 1);
}

// ---- the power ---------------------------------------------------------------------------------

fn server_loses_its_power(field: &mut Field, verb: Verb, chance: &mut Chance) -> Ended {
    let words = impatient(field, verb);
    let running = field.story.stage.command(&words).spawn();
    thread::sleep(amid(verb, chance));
    field.host.power_off();
    let early = chance.below(2) == 0;
    if early {
        field.host.power_on();
    }
    let ended = running.wait();
    if !early {
        field.host.power_on();
    }
    as_it_is(ended)
}

#[test]
fn a_server_that_loses_its_power_in_the_middle_booted() {
    both_come_right("the server loses its power", server_loses_its_power, full, 2);
}

// ---- full disks --------------------------------------------------------------------------------

fn small_disk(provider: Provider) -> Field {
    Field::on(provider, |stage| stage.light(SUITE).disk("16m"))
}

/// Fills a disk but for a few kilobytes, from none to more than the verb wants.
fn fill(folder: &Path, leave: u64) -> PathBuf {
    let ballast = folder.join("ballast");
    let file = fs::File::create(&ballast).unwrap();
    for _ in 0..100 {
        let free = rustix::fs::fstatvfs(&file).unwrap();
        let size = (free.f_bavail * free.f_frsize).saturating_sub(leave).max(1);
        // The server's own job writes meanwhile: what was free a moment ago need not be.
        match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, size) {
            Err(rustix::io::Errno::NOSPC) => {}
            filled => {
                filled.unwrap();
                return ballast;
            }
        }
    }
    panic!("{} cannot be filled", folder.display());
}

fn server_disk_is_full(field: &mut Field, verb: Verb, chance: &mut Chance) -> Ended {
    let words = impatient(field, verb);
    let leave = chance.below(16) * 4096;
    let ballast = fill(&field.host.root_path().join("var"), leave);
    let ended = field.story.stage.run(&words);
    fs::remove_file(ballast).unwrap();
    as_it_is(ended)
}

#[test]
fn a_server_whose_disk_is_full() {
    both_come_right("the server's disk is full", server_disk_is_full, small_disk, 5);
}

fn merchant_disk_is_full(field: &mut Field, verb: Verb, chance: &mut Chance) -> Ended {
    let words = impatient(field, verb);
    let leave = chance.below(24) * 4096;
    let ballast = fill(&field.story.stage.state(), leave);
    let ended = field.story.stage.run(&words);
    fs::remove_file(ballast).unwrap();
    as_it_is(ended)
}

/// A merchant whose state folder is a disk of its own.
fn small_state(provider: Provider) -> Field {
    let field = Field::new(provider);
    let state = field.story.stage.state();
    let kept = state.with_file_name("kept");
    fs::rename(&state, &kept).unwrap();
    fs::create_dir(&state).unwrap();
    let words = ["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs"];
    bounded(Command::new("mount").args(words).arg(&state), b"", Duration::from_secs(10)).ok();
    for entry in fs::read_dir(&kept).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), state.join(entry.file_name())).unwrap();
    }
    fs::remove_dir_all(kept).unwrap();
    field
}

#[test]
fn a_merchant_whose_disk_is_full() {
    if inside().is_none() {
        // The disk is mounted where nobody else sees it, and goes with the last process there.
        let before = ["unshare", "--mount", "--propagation", "private"];
        let mut again = Again::through(&before);
        for name in ["STAGEPASS_TEST_SEED", "STAGEPASS_TEST_CUTS"] {
            #[expect(clippy::disallowed_methods, reason = "make's own words, handed on")]
            if let Ok(value) = std::env::var(name) {
                again = again.env(name, value);
            }
        }
        again.run("cut::a_merchant_whose_disk_is_full");
        return;
    }
    both_come_right("the merchant's disk is full", merchant_disk_is_full, small_state, 5);
}

// ---- two at once -------------------------------------------------------------------------------

/// The verb and another one on the same grant, a moment apart; both may be right, and one may have
/// to say that the other was first.
fn another_at_once(field: &mut Field, verb: Verb, chance: &mut Chance) -> Ended {
    let words = field.words(verb);
    let other = match (verb, chance.below(3)) {
        (Verb::Grant, _) => words.clone(),
        (_, 0) => field.words(Verb::Extend),
        (_, 1) => field.words(Verb::Close),
        (_, _) => field.words(Verb::Sweep),
    };
    let first = field.story.stage.command(&words).spawn();
    thread::sleep(some_time(chance, 300));
    let second = field.story.stage.command(&other).spawn();
    let (first, second) = (as_it_is(first.wait()), as_it_is(second.wait()));
    assert!(second.exit >= 0 && second.exit != 101, "{}", second.told());
    assert!(first.exit == 0 || second.exit == 0, "{}\n{}", first.told(), second.told());
    let exit = if first.exit == 0 && second.exit == 0 { UNDECIDED } else { 1 };
    Ended { exit, ..first }
}

#[test]
fn two_at_once_on_one_ledger() {
    both_come_right("two at once on one ledger", another_at_once, Field::new, 6);
}

/// A second machine with a copy of the ledger, as after a restored backup: both close one grant at
/// once, and both come to say closed.
#[test]
fn two_ledgers_that_both_close_one_grant() {
    let seed = seed();
    for provider in Provider::ALL {
        let mut chance = Chance::new(seed);
        let mut trial = Trial::new(provider, Field::new);
        let times = asked("STAGEPASS_TEST_CUTS", 3);
        let mut survived = 0;
        for number in 0..times {
            let name = format!("seed {seed}, number {number}");
            let closed = trial.attempt(&name, |field| closed_by_both(field, &mut chance));
            survived += u64::from(closed.is_some());
        }
        write_down(
            "cuts",
            &json!({
                "fault": "two ledgers close one grant", "provider": provider.id(),
                "verb": "revoke", "seed": seed, "tried": times, "failed": times - survived,
                "survived": survived,
            }),
        );
        assert!(trial.failures.is_empty(), "{}", trial.failures.join("\n\n"));
    }
}

fn closed_by_both(field: &mut Field, chance: &mut Chance) {
    field.prepare(Verb::Close);
    let known = field.known();
    let other = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(field.story.stage.state()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), other.path().join(entry.file_name())).unwrap();
    }
    let words = field.words(Verb::Close);
    let here = field.story.stage.command(&words).spawn();
    thread::sleep(some_time(chance, 200));
    let there = field.story.stage.command(&words).env("STAGEPASS_STATE", other.path()).spawn();
    // Whoever comes when the other has closed, and has told the server that it may forget what was found, finds nothing of a
    // shared account, and cannot know who took it away: that is told as a finding.
    let runs = [here.wait(), there.wait()];
    let nobody_had = |run: &Run| run.exit == 8 && run.stdout.contains("nobody had closed it");
    let late = runs.iter().filter(|run| nobody_had(run)).count();
    assert!(late < 2, "{}\n{}", runs[0].told(), runs[1].told());
    for run in runs.into_iter().filter(|run| !nobody_had(run)) {
        run.ok();
    }
    let verify = field.story.stage.command(["ledger", "verify"]);
    verify.env("STAGEPASS_STATE", other.path()).run().ok();
    field.settled(&known);
}

/// Two merchants' machines with ledgers of their own work on one server, all the time.
#[test]
fn two_machines_at_once_on_one_server() {
    let seed = seed();
    let times = asked("STAGEPASS_TEST_CUTS", 3);
    for provider in Provider::ALL {
        let worked = catch_unwind(|| two_machines_work(provider, times));
        let survived = if worked.is_ok() { 2 * times } else { 0 };
        write_down(
            "cuts",
            &json!({
                "fault": "two machines on one server", "provider": provider.id(),
                "verb": "grant and revoke", "seed": seed, "tried": 2 * times,
                "failed": 2 * times - survived, "survived": survived,
            }),
        );
        worked.unwrap_or_else(|panic| resume_unwind(panic));
    }
}

/// In an account that both share, what the other machine put there is a finding, for this one's ledger
/// does not know it: its key line, the line that ends it, what it writes aside, its sessions. Nothing else is.
fn only_the_others(run: &crate::stage::Run, id: &str) {
    if run.exit == 0 {
        return;
    }
    let document = run.json();
    assert_eq!(run.exit, 8, "{}", run.told());
    assert_eq!(document["result"]["closed"][0]["grant"]["state"], "closed", "{}", run.told());
    for found in document["result"]["closed"][0]["found"].as_array().unwrap() {
        let found = found.as_str().unwrap();
        let marks = ["stagepass:", "# stagepass ", "authorized_keys.stagepass-"];
        let of_a_grant = marks.iter().any(|mark| found.contains(mark));
        assert!(of_a_grant && !found.contains(id), "{}", run.told());
    }
}

fn two_machines_work(provider: Provider, times: u64) {
    let mut first = Field::new(provider);
    let second = crate::job::Story::new();
    let admin = fs::read_to_string(&first.story.stage.admin.private).unwrap();
    fs::write(&second.stage.admin.private, admin).unwrap();
    second.target("shop", &first.host, provider.login(), &[]);
    let works = |story: &crate::job::Story| {
        let key = story.stage.supporter_key();
        for _ in 0..times {
            let granted = story.granted_key("shop", &key, &[]);
            let with = Credential::Key(&key.private);
            story.stage.sftp(&first.host, &granted.account, with, "pwd\n").ok();
            let run = story.run(["revoke", &granted.id, "--json"]);
            if provider == Provider::LinuxAccount {
                run.ok();
            } else {
                only_the_others(&run, &granted.id);
                if run.exit != 0 {
                    let looked = ["acknowledge", &granted.id, "--reason", "of the other machine"];
                    story.run(looked).ok();
                }
            }
            crate::job::is_refused(story, &first.host, &granted.account, with);
        }
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| works(&second));
        works(&first.story);
        other.join().unwrap();
    });
    second.run(["ledger", "verify"]).ok();
    let known = first.known();
    first.run(Verb::Sweep, Moment::Never);
    first.settled(&known);
}
