//! The ledger, on a real SQLite file and on a real PostgreSQL server: the same tests on both.

use std::collections::{BTreeMap, HashSet};
use std::fs::Permissions;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _, Row as _};
use stagepass::testing::grant::{Access, Case, Grant, Layer, NewGrant, State, Supporter, UnixTime};
use stagepass::testing::ledger::{
    CaseFilter, Counts, Cursor, Entry, Event, EventFilter, Filter, Head, KeptTarget, Lease, Ledger,
    LedgerError, Location, Mode, Ration, SweepRun, VERSION, Verdict, lease_is_dead,
};
use stagepass::testing::secret::Secret;

use crate::again::{Again, inside};
use crate::postgres;

const NOW: UnixTime = 1_800_000_000;
const DAY: i64 = 86_400;

/// Takes away what later versions added.
pub const BACK_TO_THE_FIRST_VERSION: &str = "drop index events_target; drop index grants_findings; \
     drop index grants_drifted; drop index grants_unchecked; drop index cases_ending; \
     alter table cases drop column time_box_until; alter table cases drop column answers; \
     alter table grants drop column findings; alter table grants drop column drift; \
     alter table grants drop column checked_at; alter table grants drop column next_check_at; \
     alter table grants drop column wait_until; \
     delete from stagepass_migrations where version > 1";

/// One database of its own.
struct Stand {
    url: Option<String>,
    folder: tempfile::TempDir,
}

impl Stand {
    fn sqlite() -> Self {
        Self { url: None, folder: tempfile::tempdir().unwrap() }
    }

    fn postgresql() -> Self {
        let url = Some(postgres::url_of_fresh_database());
        Self { url, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state/ledger.db")
    }

    fn location(&self) -> Location {
        match &self.url {
            Some(url) => Location::Url(Secret::new(url.clone())),
            None => Location::File(self.path()),
        }
    }

    /// What [`again`] needs to open the same database in another process.
    fn name(&self) -> String {
        self.url.clone().unwrap_or_else(|| self.path().display().to_string())
    }

    async fn open(&self) -> Ledger {
        Ledger::open(&self.location(), Mode::ReadWrite).await.unwrap()
    }

    /// A connection behind the ledger's back.
    async fn raw(&self) -> AnyConnection {
        raw(&self.name()).await
    }

    async fn run(&self, sql: &str) -> u64 {
        let mut connection = self.raw().await;
        let sql = AssertSqlSafe(sql.to_owned());
        let done = connection.execute(sqlx::raw_sql(sql)).await.unwrap().rows_affected();
        connection.close().await.unwrap();
        done
    }
}

async fn raw(name: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = if name.starts_with('/') { format!("sqlite://{name}") } else { name.to_owned() };
    AnyConnection::connect(&url).await.unwrap()
}

fn location_of(name: &str) -> Location {
    if name.starts_with('/') {
        Location::File(name.into())
    } else {
        Location::Url(Secret::new(name.to_owned()))
    }
}

/// Runs a test to its end, which comes within two minutes.
fn block_on<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        tokio::time::timeout(Duration::from_secs(120), test).await.expect("the test took too long")
    })
}

/// Makes a test of each function, on each database.
macro_rules! on_both {
    ($($name:ident)*) => { $(
        mod $name {
            #[test]
            fn on_sqlite() {
                super::block_on(super::stories::$name(&super::Stand::sqlite()));
            }

            #[test]
            fn on_postgresql() {
                super::block_on(super::stories::$name(&super::Stand::postgresql()));
            }
        }
    )* };
}

on_both! {
    a_case_and_its_grant_from_beginning_to_end
    of_many_who_claim_at_once_one_wins
    a_dead_lease_is_taken_over_and_a_live_one_is_not
    every_change_behind_the_back_of_the_ledger_is_found
    every_column_of_an_event_counts_wherever_it_stands
    every_column_of_a_grant_and_its_layers_counts
    a_row_that_was_altered_is_never_acted_on_nor_written_over
    what_acts_on_the_tables_and_is_not_ours_is_found
    a_cut_tail_is_found_by_a_remembered_head
    the_ration_of_refused_logins_is_never_exceeded
    what_is_due_is_shared_fairly_between_targets
    fifty_thousand_due_grants_stay_bounded
    a_process_killed_at_any_moment_loses_nothing
    a_ledger_of_a_newer_version_is_refused
    two_processes_may_make_one_ledger_at_once
    names_that_break_sql_or_terminals_do_no_harm
    a_ledger_of_the_first_version_is_brought_up_to_date_and_stays_whole
    what_a_target_is_stands_in_its_last_event
    answers_and_time_boxes_are_part_of_a_cases_row
    findings_wait_for_one_acknowledgement
    what_nobody_has_seen_is_not_acknowledged
    what_drifted_is_recorded_only_where_nobody_works_on_the_grant
    an_open_grant_is_looked_at_once_an_hour_by_one_of_many
    running_work_is_waited_for_a_minute_at_a_time
}

#[test]
fn what_was_found_and_what_drifted_is_in_the_hash_of_a_row() {
    // Computed by hand, as docs/ledger.md describes it.
    let mut grant = grant("aaaaaaaaaa", "C", "t");
    grant.checked_at = Some(NOW);
    assert_eq!(
        stagepass::testing::ledger::seal_of_grant(&grant),
        "003d486343c8061e8e27b941570c1a5fadb3239bb3b39afaddca03788d361ad5"
    );
    grant.findings = 2;
    grant.drift = Some("gate-gone the gate is gone".into());
    assert_eq!(
        stagepass::testing::ledger::seal_of_grant(&grant),
        "4e640787ebaf1ec2f17309fcbcda019767a03c948dabc5b3358e2737646a15f6"
    );
}

#[test]
fn the_time_box_and_the_answers_are_in_the_hash_of_a_case() {
    // Computed by hand, as docs/ledger.md describes it.
    let mut case = case("C");
    case.time_box_until = Some(1_803_000_000);
    let answer = stagepass::testing::grant::Answer { text: "Monday".into(), at: NOW };
    case.answers.insert("since".into(), answer);
    assert_eq!(
        stagepass::testing::ledger::seal_of_case(&case),
        "56da9f2d92e7d617d61b915dbcef3e9859d1e830ac352788a4aad8ef9be7fd6a"
    );
}

fn case(reference: &str) -> Case {
    Case::new(reference, "multisafepay", NOW)
}

fn grant(id: &str, case: &str, target: &str) -> Grant {
    NewGrant {
        id: id.into(),
        case: case.into(),
        target: target.into(),
        supporter: Supporter { name: format!("Ada {id}"), company: "MultiSafepay".into() },
        access: Access::Sftp,
        created_at: NOW,
        deadline: NOW + 14 * DAY,
        deadline_maximum: NOW + 35 * DAY,
        terms: r#"{"access":["sftp"]}"#.into(),
        layers: vec![layer("linux-account", "sp-ada"), layer("authorized-key", "deploy")],
    }
    .grant()
}

fn layer(provider: &str, account: &str) -> Layer {
    Layer {
        provider: provider.into(),
        digest: "ab".repeat(32),
        account: account.into(),
        public_key: Some("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI".into()),
        key_fingerprint: Some(format!("SHA256:{account}")),
        has_password: account == "sp-ada",
        inputs: r#"{"sp_path":"/var/www/it's \"here\""}"#.into(),
        outputs: "{}".into(),
        ..Layer::default()
    }
}

fn event(verb: &str) -> Event {
    Event::new(NOW, "merchant@shop", verb, json!({ "seen": "ü \u{0} \u{1b}[31m" }))
}

/// A lease of a machine that is not this one: only its time counts.
fn lease(owner: &str, until: UnixTime) -> Lease {
    Lease { owner: format!("elsewhere-000000000000/1/{owner}"), until }
}

/// A grant in a ledger that stands open and free.
async fn opened(ledger: &Ledger, id: &str, case: &str, target: &str, deadline: UnixTime) -> Grant {
    let mut grant = grant(id, case, target);
    grant.deadline = deadline;
    let mut grant =
        ledger.begin(&grant, &lease("a", NOW + 60), &event("grant.opening")).await.unwrap();
    grant.move_to(State::Open);
    grant.opened_at = Some(NOW);
    (grant.lease_owner, grant.lease_until) = (None, None);
    ledger.record(&grant, &event("grant.open")).await.unwrap()
}

/// The open grant `aaaaaaaaaa`, taken by a process of another machine until a time.
async fn taken(ledger: &Ledger, to: State, until: UnixTime) -> Grant {
    let (lease, event) = (lease("a", until), event("grant.taken"));
    let claimed = ledger.claim("aaaaaaaaaa", &[State::Open], to, &lease, NOW, &event).await;
    claimed.unwrap().unwrap()
}

fn is_whole(verdict: &Verdict) {
    assert_eq!(verdict.broken, None);
}

/// This test once more, in a process of its own, with a task and a database.
fn again(test: &str, task: &str, name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env("STAGEPASS_TEST_TASK", task)
        .env("STAGEPASS_TEST_LEDGER", name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// The task and the database this process was started with by [`again`].
#[expect(clippy::disallowed_methods, reason = "a test started again is told why by nothing else")]
fn task() -> Option<(String, String)> {
    Some((std::env::var("STAGEPASS_TEST_TASK").ok()?, std::env::var("STAGEPASS_TEST_LEDGER").ok()?))
}

/// The name of the running test: that of its thread, unless it runs alone on the first one.
fn this_test() -> String {
    match std::thread::current().name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => std::env::args().nth(1).unwrap(),
    }
}

fn lines_of(mut child: Child) -> Vec<String> {
    let lines =
        BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
    assert!(child.wait().unwrap().success());
    lines
}

/// Tells the process that started this one.
macro_rules! say {
    ($($words:tt)*) => {
        std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{}\n", format_args!($($words)*)))
            .unwrap()
    };
}

/// What the process said behind `word`.
fn said<'a>(lines: &'a [String], word: &str) -> Vec<&'a str> {
    lines.iter().filter_map(|line| line.split_once(word)).map(|(_, rest)| rest.trim()).collect()
}

mod stories {
    use super::*;

    pub(super) async fn a_case_and_its_grant_from_beginning_to_end(stand: &Stand) {
        let ledger = stand.open().await;
        assert_eq!(ledger.head().await.unwrap().seq, 0);
        is_whole(&ledger.verify(None).await.unwrap());

        ledger.open_case(&case("MSP-1"), "me").await.unwrap();
        let twice = ledger.open_case(&case("MSP-1"), "me").await;
        assert!(matches!(twice, Err(LedgerError::Exists { .. })), "{twice:?}");

        // Nothing is begun outside an open case, in another state, or twice.
        let first = grant("k7mp3q9x2d", "MSP-1", "staging");
        let opening = event("grant.opening");
        let mine = lease("a", NOW + 60);
        let no_case = ledger.begin(&grant("0000000000", "MSP-9", "t"), &mine, &opening).await;
        assert!(matches!(no_case, Err(LedgerError::NoSuchCase { .. })), "{no_case:?}");
        let mut open = first.clone();
        open.move_to(State::Open);
        let too_far = ledger.begin(&open, &mine, &opening).await;
        assert!(matches!(too_far, Err(LedgerError::IllegalTransition { .. })), "{too_far:?}");
        let begun = ledger.begin(&first, &mine, &opening).await.unwrap();
        assert_eq!((begun.version, begun.lease_until), (1, Some(NOW + 60)));
        let same_id = ledger.begin(&first, &mine, &opening).await;
        assert!(matches!(same_id, Err(LedgerError::Exists { .. })), "{same_id:?}");
        let mut twin = first.clone();
        twin.id = "k7mp000000".into();
        match ledger.begin(&twin, &mine, &opening).await {
            Err(LedgerError::AlreadyGranted { id }) => assert_eq!(id, "k7mp3q9x2d"),
            other => panic!("{other:?}"),
        }

        // What is read back is what was written, layers and all.
        let mut expected = first.clone();
        expected.version = 1;
        (expected.lease_owner, expected.lease_until) = (Some(mine.owner.clone()), Some(mine.until));
        assert_eq!(begun, expected);
        assert_eq!(ledger.grant("k7mp3q9x2d").await.unwrap(), expected);
        // By a prefix, as a person would type it: `1` for `l` does not occur here, case does not matter.
        assert_eq!(ledger.grant(" K7MP ").await.unwrap(), expected);
        assert_eq!(ledger.grant("k7").await.unwrap(), expected);
        for unknown in ["k7mpx", "zz", "", "k7mp3q9x2d0", "'; drop table grants; --"] {
            let found = ledger.grant(unknown).await;
            assert!(matches!(found, Err(LedgerError::NoSuchGrant { .. })), "{found:?}");
        }

        let mut open = begun.clone();
        open.move_to(State::Open);
        open.opened_at = Some(NOW + 5);
        (open.lease_owner, open.lease_until) = (None, None);
        open.layers[0].outputs = r#"{"uid":"1042"}"#.into();
        let open = ledger.record(&open, &event("grant.open")).await.unwrap();
        assert_eq!(open.version, 2);
        assert_eq!(ledger.grant("k7mp3q9x2d").await.unwrap(), open);

        // The version that was read first is stale now.
        let mut stale = begun.clone();
        stale.move_to(State::Closing);
        let conflict = ledger.record(&stale, &event("grant.closing")).await;
        assert!(matches!(conflict, Err(LedgerError::Conflict { .. })), "{conflict:?}");
        let mut other = open.clone();
        other.target = "production".into();
        let moved = ledger.record(&other, &event("grant.moved")).await;
        assert!(matches!(moved, Err(LedgerError::Immutable { field: "target", .. })), "{moved:?}");
        let mut skipped = open.clone();
        skipped.move_to(State::Closed);
        let illegal = ledger.record(&skipped, &event("grant.closed")).await;
        assert!(matches!(illegal, Err(LedgerError::IllegalTransition { .. })), "{illegal:?}");

        // Extending holds the grant while the server is told, and lets go with a new deadline.
        let mut extended = ledger
            .claim(&open.id, &[State::Open], State::Open, &mine, NOW, &event("grant.extending"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((extended.state, extended.version), (State::Open, 3));
        extended.deadline = NOW + 20 * DAY;
        (extended.lease_owner, extended.lease_until) = (None, None);
        let extended = ledger.record(&extended, &event("grant.extended")).await.unwrap();
        assert_eq!(ledger.grant(&open.id).await.unwrap().deadline, NOW + 20 * DAY);

        // A case with a live grant is not closed, and names it.
        match ledger.close_case("MSP-1", NOW, "me").await {
            Err(LedgerError::StillLive { grants, .. }) => assert_eq!(grants, ["k7mp3q9x2d"]),
            other => panic!("{other:?}"),
        }
        assert!(ledger.due(NOW + 20 * DAY - 1, 10).await.unwrap().is_empty());
        assert_eq!(ledger.due(NOW + 20 * DAY, 10).await.unwrap(), std::slice::from_ref(&extended));

        let closing = ledger
            .claim(&open.id, &[State::Open], State::Closing, &mine, NOW, &event("grant.closing"))
            .await
            .unwrap()
            .unwrap();
        let mut stuck = closing.clone();
        stuck.move_to(State::Stuck);
        stuck.attempts = 6;
        stuck.next_attempt_at = Some(NOW + DAY);
        stuck.layers[1].last_error = Some("no route\nto host\u{1b}[31m".into());
        (stuck.lease_owner, stuck.lease_until) = (None, None);
        let stuck = ledger.record(&stuck, &event("grant.stuck")).await.unwrap();
        assert_eq!(stuck.last_error.as_deref(), Some("authorized-key: no route to host[31m"));
        assert_eq!(ledger.counts().await.unwrap(), Counts { stuck: 1, ..Counts::default() });
        assert!(ledger.due(NOW + DAY - 1, 10).await.unwrap().is_empty());
        assert_eq!(ledger.due(NOW + DAY, 10).await.unwrap(), std::slice::from_ref(&stuck));

        let mut closed = ledger
            .claim(&open.id, &[State::Stuck], State::Closing, &mine, NOW, &event("grant.closing"))
            .await
            .unwrap()
            .unwrap();
        closed.move_to(State::Closed);
        closed.closed_at = Some(NOW + DAY);
        let closed = ledger.record(&closed, &event("grant.closed")).await.unwrap();
        assert_eq!((closed.lease_owner.as_ref(), closed.lease_until), (None, None));
        let again = ledger.record(&closed, &event("grant.closed")).await;
        assert!(matches!(again, Err(LedgerError::IllegalTransition { .. })), "{again:?}");
        assert!(ledger.due(NOW + 100 * DAY, 10).await.unwrap().is_empty());

        let shut = ledger.close_case("MSP-1", NOW + DAY, "me").await.unwrap();
        assert_eq!(shut.closed_at, Some(NOW + DAY));
        let twice = ledger.close_case("MSP-1", NOW + 2 * DAY, "me").await.unwrap();
        assert_eq!(twice, shut);
        assert_eq!(ledger.case("MSP-1").await.unwrap(), shut);
        let late = ledger.begin(&grant("0000000000", "MSP-1", "t"), &mine, &opening).await;
        assert!(matches!(late, Err(LedgerError::CaseClosed { .. })), "{late:?}");

        // The events tell it all, in order, without gaps, and about the right grant.
        ledger.note(&event("sweep.ran")).await.unwrap();
        let all = ledger.events(&EventFilter::default(), 100).await.unwrap();
        let verbs: Vec<_> = all.iter().map(|entry| entry.verb.as_str()).collect();
        assert_eq!(
            verbs,
            [
                "case.open",
                "grant.opening",
                "grant.open",
                "grant.extending",
                "grant.extended",
                "grant.closing",
                "grant.stuck",
                "grant.closing",
                "grant.closed",
                "case.close",
                "sweep.ran"
            ]
        );
        assert!(all.iter().map(|entry| entry.seq).eq(1..=11));
        let of_grant = EventFilter { grant: Some(open.id.clone()), ..EventFilter::default() };
        let of_grant = ledger.events(&of_grant, 100).await.unwrap();
        assert_eq!(of_grant.len(), 8);
        assert!(of_grant.iter().all(|entry| entry.target.as_deref() == Some("staging")));
        let tail = EventFilter { after: 9, ..EventFilter::default() };
        assert_eq!(ledger.events(&tail, 100).await.unwrap(), all[9..]);

        let verdict = ledger.verify(None).await.unwrap();
        is_whole(&verdict);
        assert_eq!((verdict.events, verdict.head.seq), (11, 11));
        assert_eq!(verdict.head, ledger.head().await.unwrap());

        // The export alone proves itself: every line is hashed behind the one before.
        let mut file = Vec::new();
        assert_eq!(ledger.export(&mut file).await.unwrap(), verdict.head);
        let exported: Vec<serde_json::Value> =
            file.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(from_json).collect();
        assert_eq!(exported.len(), 11);
        let mut previous = "0".repeat(64);
        for (entry, line) in all.iter().zip(&exported) {
            assert_eq!(line["hash"], entry.expected_hash(&previous));
            previous.clone_from(&entry.hash);
        }
        assert_eq!(checked_as_documented(&file), Some(verdict.head.to_string()));
        let position = file.windows(12).position(|bytes| bytes == b"grant.stuck\"").unwrap();
        file[position] = b'G';
        assert_eq!(checked_as_documented(&file), None);

        // A reader sees the same and changes nothing.
        ledger.close().await;
        let reader = Ledger::open(&stand.location(), Mode::ReadOnly).await.unwrap();
        assert_eq!(reader.grant("k7mp").await.unwrap(), closed);
        let refused = reader.note(&event("x")).await;
        assert!(matches!(refused, Err(LedgerError::ReadOnly { .. })), "{refused:?}");
        is_whole(&reader.verify(Some(&verdict.head)).await.unwrap());
        reader.close().await;
    }

    /// Runs the script in `docs/ledger.md` on an export and gives what it printed, if it was content.
    fn checked_as_documented(export: &[u8]) -> Option<String> {
        let page = include_str!("../../docs/ledger.md");
        let (_, script) = page.split_once("```python\n").unwrap();
        let (script, _) = script.split_once("```").unwrap();
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, export).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let output = Command::new("python3").args(["-c", script]).stdin(file).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        output.status.success().then_some(said)
    }

    fn from_json(line: &[u8]) -> serde_json::Value {
        serde_json::from_slice(line).unwrap()
    }

    pub(super) async fn of_many_who_claim_at_once_one_wins(stand: &Stand) {
        const GRANTS: usize = 24;
        if let Some((who, name)) = task() {
            return claim_all(&who, &name).await;
        }
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        for number in 0..GRANTS {
            let id = format!("{number:010}");
            opened(&ledger, &id, "C", "staging", NOW).await;
        }
        // Four processes, and in each of them four pools of their own.
        let contenders: Vec<Child> = (0..4)
            .map(|who| again(&this_test(), &who.to_string(), &stand.name()).spawn().unwrap())
            .collect();
        let mut won = Vec::new();
        for contender in contenders {
            let lines = lines_of(contender);
            won.extend(said(&lines, "won ").into_iter().map(str::to_owned));
        }
        assert_eq!(won.len(), GRANTS, "{won:?}");
        assert_eq!(won.iter().collect::<HashSet<_>>().len(), GRANTS);
        let counts = ledger.counts().await.unwrap();
        assert_eq!(counts.closing, i64::try_from(GRANTS).unwrap());
        let verdict = ledger.verify(None).await.unwrap();
        is_whole(&verdict);
        // Losing leaves no trace and no gap: one event for each win.
        assert_eq!(verdict.events, i64::try_from(1 + 3 * GRANTS).unwrap());
    }

    async fn claim_all(who: &str, name: &str) {
        let tasks = (0..4).map(|task| async move {
            let location = location_of(name);
            let ledger = Ledger::open(&location, Mode::ReadWrite).await.unwrap();
            let lease = lease(&format!("{who}.{task}"), NOW + 600);
            let all = ledger.grants(&Filter::default(), 1000, None).await.unwrap();
            for grant in all {
                let states = [State::Opening, State::Open, State::Closing, State::Stuck];
                let closing = event("grant.closing");
                let claimed = ledger
                    .claim(&grant.id, &states, State::Closing, &lease, NOW, &closing)
                    .await
                    .unwrap();
                if let Some(mine) = claimed {
                    assert_eq!(mine.lease_owner.as_ref(), Some(&lease.owner));
                    say!("won {}", mine.id);
                }
            }
        });
        let tasks: Vec<_> = tasks.collect();
        join(tasks).await;
    }

    /// Runs all of them at once on this thread.
    async fn join(tasks: Vec<impl Future<Output = ()>>) {
        let mut tasks: Vec<_> = tasks.into_iter().map(|task| Some(Box::pin(task))).collect();
        std::future::poll_fn(|context| {
            for place in &mut tasks {
                if let Some(task) = place
                    && task.as_mut().poll(context).is_ready()
                {
                    *place = None;
                }
            }
            if tasks.iter().all(Option::is_none) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }

    pub(super) async fn a_dead_lease_is_taken_over_and_a_live_one_is_not(stand: &Stand) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        let opening = event("grant.opening");
        let begin = async |id: &str, lease: &Lease| {
            ledger.begin(&grant(id, "C", "t"), lease, &opening).await.unwrap();
        };
        let claim = async |id: &str, now: UnixTime| {
            let next = lease("next", now + 60);
            ledger
                .claim(id, &[State::Opening], State::Opening, &next, now, &event("grant.taken"))
                .await
                .unwrap()
        };

        // Time alone decides about another machine.
        begin("aaaaaaaaaa", &lease("gone", NOW + 60)).await;
        assert_eq!(claim("aaaaaaaaaa", NOW + 60).await, None);
        assert!(ledger.due(NOW + 60, 10).await.unwrap().is_empty());
        assert_eq!(ledger.due(NOW + 61, 10).await.unwrap().len(), 1);
        let taken = claim("aaaaaaaaaa", NOW + 61).await.unwrap();
        assert_eq!(taken.lease_until, Some(NOW + 121));

        // A process of this machine that is gone loses its claim at once; one that lives does not,
        // and that includes this one.
        let mut child = Command::new("sleep").arg("100").spawn().unwrap();
        let mine = Lease::mine(NOW, 60);
        let host = mine.owner.split('/').next().unwrap().to_owned();
        let start = start_of(child.id());
        let theirs = Lease { owner: format!("{host}/{}/{start}", child.id()), until: NOW + 60 };
        begin("bbbbbbbbbb", &theirs).await;
        begin("cccccccccc", &mine).await;
        assert_eq!(claim("bbbbbbbbbb", NOW).await, None);
        assert!(ledger.due(NOW, 10).await.unwrap().is_empty());
        child.kill().unwrap();
        child.wait().unwrap();
        let due = ledger.due(NOW, 10).await.unwrap();
        assert_eq!(due.iter().map(|grant| grant.id.as_str()).collect::<Vec<_>>(), ["bbbbbbbbbb"]);
        assert!(claim("bbbbbbbbbb", NOW).await.is_some());
        assert_eq!(claim("cccccccccc", NOW).await, None);
        is_whole(&ledger.verify(None).await.unwrap());
    }

    fn start_of(pid: u32) -> String {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit_once(") ").unwrap().1.split(' ').nth(19).unwrap().to_owned()
    }

    pub(super) async fn every_change_behind_the_back_of_the_ledger_is_found(stand: &Stand) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        ledger.open_case(&case("D"), "me").await.unwrap();
        for id in ["aaaaaaaaaa", "bbbbbbbbbb"] {
            opened(&ledger, id, "C", "staging", NOW + DAY).await;
        }
        ledger.note(&event("sweep.ran")).await.unwrap();
        is_whole(&ledger.verify(None).await.unwrap());

        // Each is done, found, and undone: what is left is whole again.
        let b = "where id = 'bbbbbbbbbb'";
        for (change, back, seq) in [
            (
                "update events set detail = '{}' where seq = 4".to_owned(),
                r#"update events set detail = '{"seen":"ü \u0000 \u001b[31m"}' where seq = 4"#
                    .to_owned(),
                Some(4),
            ),
            (
                "update events set at = at + 1 where seq = 5".into(),
                "update events set at = at - 1 where seq = 5".into(),
                Some(5),
            ),
            (
                "update events set actor = 'nobody' where seq = 7".into(),
                "update events set actor = 'merchant@shop' where seq = 7".into(),
                Some(7),
            ),
            ("update chain set seq = 6".into(), "update chain set seq = 7".into(), Some(8)),
            (
                format!("update grants set findings = 1 {b}"),
                format!("update grants set findings = 0 {b}"),
                Some(6),
            ),
            (
                format!("update grants set drift = '' {b}"),
                format!("update grants set drift = null {b}"),
                Some(6),
            ),
            (
                format!("update grants set deadline = deadline + 1 {b}"),
                format!("update grants set deadline = deadline - 1 {b}"),
                Some(6),
            ),
            (
                format!("update grants set state = 'closed' {b}"),
                format!("update grants set state = 'open' {b}"),
                Some(6),
            ),
            (
                format!("update grants set event_seq = 5 {b}"),
                format!("update grants set event_seq = 6 {b}"),
                Some(5),
            ),
            (
                "update layers set account = 'root' where grant_id = 'bbbbbbbbbb' \
                 and position = 1"
                    .into(),
                "update layers set account = 'deploy' where grant_id = 'bbbbbbbbbb' \
                 and position = 1"
                    .into(),
                Some(6),
            ),
            (
                "update cases set desk = 'mine' where reference = 'D'".into(),
                "update cases set desk = 'multisafepay' where reference = 'D'".into(),
                Some(2),
            ),
            (
                "update tally set grants = 3 where state = 'open'".into(),
                "update tally set grants = 2 where state = 'open'".into(),
                None,
            ),
        ] {
            assert_eq!(stand.run(&change).await, 1, "{change}");
            let broken = ledger.verify(None).await.unwrap().broken;
            let broken = broken.unwrap_or_else(|| panic!("not found: {change}"));
            assert_eq!(broken.seq, seq, "{change}: {}", broken.why);
            assert_eq!(stand.run(&back).await, 1, "{back}");
            is_whole(&ledger.verify(None).await.unwrap());
        }

        // A row put back to what an earlier event recorded, number and all.
        let as_at_5 = format!(
            "update grants set state = 'opening', opened_at = null, version = 1, event_seq = 5, \
             lease_owner = 'elsewhere-000000000000/1/a', lease_until = {} {b}",
            NOW + 60
        );
        let layers = |state: &str| {
            format!("update layers set state = '{state}' where grant_id = 'bbbbbbbbbb'")
        };
        stand.run(&as_at_5).await;
        stand.run(&layers("opening")).await;
        let broken = ledger.verify(None).await.unwrap().broken.unwrap();
        assert_eq!(broken.seq, Some(6), "{}", broken.why);
        stand.run(&layers("open")).await;
        stand
            .run(&format!(
                "update grants set state = 'open', opened_at = {NOW}, version = 2, \
                 event_seq = 6, lease_owner = null, lease_until = null {b}"
            ))
            .await;
        is_whole(&ledger.verify(None).await.unwrap());

        // A grant that is gone.
        stand.run("delete from layers where grant_id = 'bbbbbbbbbb'").await;
        stand.run(&format!("delete from grants {b}")).await;
        let broken = ledger.verify(None).await.unwrap().broken.unwrap();
        assert_eq!(broken.seq, Some(5), "{}", broken.why);

        // An event taken out of the middle.
        stand.run("delete from events where seq = 3").await;
        let broken = ledger.verify(None).await.unwrap().broken.unwrap();
        assert_eq!(broken.seq, Some(3), "{}", broken.why);
    }

    pub(super) async fn every_column_of_an_event_counts_wherever_it_stands(stand: &Stand) {
        let ledger = stand.open().await;
        // Two pages and a bit; every other event has all that an event can have.
        let mut head = "0".repeat(64);
        let mut values = Vec::new();
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let or_null = |text: &Option<String>| text.as_deref().map_or("null".into(), quoted);
        for seq in 1..=1_003 {
            let full = |text: &str| (seq % 2 == 0).then(|| text.to_owned());
            let mut entry = Entry {
                seq,
                at: NOW + seq,
                actor: "it's \"me\" \\ ü\u{1b}".into(),
                verb: "test.ran".into(),
                case: full("C"),
                grant: full("aaaaaaaaaa"),
                target: full(""),
                detail: json!({ "seen": "ü \u{0} \u{1b}[31m", "seq": seq }).to_string(),
                row_hash: None,
                hash: String::new(),
            };
            entry.hash = entry.expected_hash(&head);
            head.clone_from(&entry.hash);
            let texts = [&entry.actor, &entry.verb].map(|text| quoted(text));
            let names = [&entry.case, &entry.grant, &entry.target].map(or_null);
            values.push(format!(
                "({seq}, {}, {}, {}, {}, null, {})",
                entry.at,
                texts.join(", "),
                names.join(", "),
                quoted(&entry.detail),
                quoted(&entry.hash),
            ));
        }
        let insert = "insert into events (seq, at, actor, verb, case_reference, grant_id, target, \
             detail, row_hash, hash) values ";
        stand.run(&format!("{insert}{}", values.join(", "))).await;
        stand.run(&format!("update chain set seq = 1003, head = '{head}'")).await;
        let verdict = ledger.verify(None).await.unwrap();
        is_whole(&verdict);
        assert_eq!(verdict.head.to_string(), format!("1003:{head}"));

        let changes = [
            "at = at + 1",
            "actor = actor || ' '",
            "verb = 'test'",
            "case_reference = case when case_reference is null then '' end",
            "grant_id = case when grant_id is null then '-' end",
            "target = case when target is null then '' end",
            "detail = detail || ' '",
            "row_hash = ''",
            "hash = replace(hash, substr(hash, 1, 1), 'x')",
        ];
        // On both sides of the end of a page every column; at both ends of the chain one.
        for seq in [1, 500, 501, 1_003] {
            let at_an_end = seq == 1 || seq == 1_003;
            let put_back = async || {
                stand.run(&format!("delete from events where seq = {seq}")).await;
                let values = &values[usize::try_from(seq).unwrap() - 1];
                stand.run(&format!("{insert}{values}")).await;
            };
            for change in changes.iter().take(if at_an_end { 1 } else { changes.len() }) {
                let change = format!("update events set {change} where seq = {seq}");
                assert_eq!(stand.run(&change).await, 1, "{change}");
                let verdict = ledger.verify(None).await.unwrap();
                let broken = verdict.broken.unwrap_or_else(|| panic!("not found: {change}"));
                let why = broken.why.id.as_str();
                assert_eq!((broken.seq, why), (Some(seq), "ledger-break-event"), "{change}");
                assert_eq!(verdict.events, seq - 1, "{change}");
                put_back().await;
            }
            // What SQLite takes into a column, whatever the column is for.
            let other_kinds: &[&str] = if stand.url.is_some() || seq != 500 {
                &[]
            } else {
                &[
                    "at = at || 'x'",
                    "at = cast(cast(at as text) as blob)",
                    "at = at + 0.5",
                    "actor = cast(actor as blob)",
                    "detail = cast(detail as blob)",
                    "target = x''",
                    "row_hash = x''",
                    "verb = cast(x'74ff' as text)",
                    "actor = actor || char(0)",
                ]
            };
            for change in other_kinds {
                stand.run(&format!("update events set {change} where seq = {seq}")).await;
                let verdict = ledger.verify(None).await;
                let found = verdict.as_ref().map_or(true, |verdict| !verdict.is_whole());
                assert!(found, "{change} of {seq}: {verdict:?}");
                put_back().await;
            }
            stand.run(&format!("update events set seq = 5000 where seq = {seq}")).await;
            let broken = ledger.verify(None).await.unwrap().broken.unwrap();
            let why = broken.why.id.as_str();
            assert_eq!((broken.seq, why), (Some(seq), "ledger-break-event-missing"));
            stand.run("delete from events where seq = 5000").await;
            put_back().await;
        }
        is_whole(&ledger.verify(None).await.unwrap());
    }

    pub(super) async fn every_column_of_a_grant_and_its_layers_counts(stand: &Stand) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        ledger.open_case(&case("Cx"), "me").await.unwrap();
        for id in ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"] {
            opened(&ledger, id, "C", "staging", NOW + DAY).await;
        }
        is_whole(&ledger.verify(None).await.unwrap());
        let texts = ["case_reference", "target", "supporter_name", "supporter_company", "terms"];
        let numbers = ["created_at", "opened_at", "deadline", "deadline_maximum", "attempts"];
        let more_numbers = ["version", "findings"];
        let absent = ["last_error", "lease_owner", "drift"];
        let absent_numbers = ["closed_at", "next_attempt_at", "lease_until"];
        let of_layers = ["provider", "digest", "account", "public_key", "key_fingerprint"];
        let text = |name: &str| {
            let back = format!("{name} = substr({name}, 1, length({name}) - 1)");
            (format!("{name} = {name} || 'x'"), back)
        };
        let number = |name: &str| (format!("{name} = {name} + 1"), format!("{name} = {name} - 1"));
        let mut changes: Vec<(&str, (String, String))> = Vec::new();
        changes.extend(texts.map(|name| ("grants", text(name))));
        changes.extend(numbers.map(|name| ("grants", number(name))));
        changes.extend(more_numbers.map(|name| ("grants", number(name))));
        let none = |name: &str| format!("{name} = null");
        changes.extend(absent.map(|name| ("grants", (format!("{name} = ''"), none(name)))));
        changes.extend(absent_numbers.map(|name| ("grants", (format!("{name} = 0"), none(name)))));
        let older = ("event_seq = event_seq - 1", "event_seq = event_seq + 1");
        changes.push(("grants", (older.0.into(), older.1.into())));
        changes.push(("grants", ("access = 'ssh'".into(), "access = 'sftp'".into())));
        changes.push(("grants", ("state = 'stuck'".into(), "state = 'open'".into())));
        changes.extend(of_layers.map(|name| ("layers", text(name))));
        changes.extend(["inputs", "outputs"].map(|name| ("layers", text(name))));
        changes.push(("layers", number("position")));
        changes.push(("layers", number("findings")));
        changes.push(("layers", ("state = 'closed'".into(), "state = 'open'".into())));
        changes.push(("layers", ("closed_at = 0".into(), none("closed_at"))));
        changes.push(("layers", ("last_error = ''".into(), none("last_error"))));
        let password = ("has_password = has_password + 2", "has_password = has_password - 2");
        changes.push(("layers", (password.0.into(), password.1.into())));
        let id = "bbbbbbbbbb";
        for (table, (change, back)) in &changes {
            let of_it = match *table {
                "grants" => format!("where id = '{id}'"),
                _ => format!("where grant_id = '{id}' and provider like 'authorized-key%'"),
            };
            let done = stand.run(&format!("update {table} set {change} {of_it}")).await;
            assert_eq!(done, 1, "{change}");
            let broken = ledger.verify(None).await.unwrap().broken;
            let broken = broken.unwrap_or_else(|| panic!("not found: {change}"));
            assert!(broken.why.text.contains(id), "{change}: {}", broken.why);
            stand.run(&format!("update {table} set {back} {of_it}")).await;
        }
        is_whole(&ledger.verify(None).await.unwrap());
    }

    pub(super) async fn a_row_that_was_altered_is_never_acted_on_nor_written_over(stand: &Stand) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        for id in ["aaaaaaaaaa", "bbbbbbbbbb"] {
            opened(&ledger, id, "C", "staging", NOW - 10).await;
        }
        let a = "where id = 'aaaaaaaaaa'";
        let of_a = "where grant_id = 'aaaaaaaaaa'";
        for (change, back) in [
            (
                format!("update grants set deadline = {} {a}", NOW + DAY),
                format!("update grants set deadline = {} {a}", NOW - 10),
            ),
            (
                format!("update grants set state = 'closed' {a}"),
                format!("update grants set state = 'open' {a}"),
            ),
            (
                format!("update grants set target = 'other' {a}"),
                format!("update grants set target = 'staging' {a}"),
            ),
            (
                format!("update layers set account = 'root' {of_a} and position = 0"),
                format!("update layers set account = 'sp-ada' {of_a} and position = 0"),
            ),
            (
                format!("update layers set has_password = 2 {of_a} and has_password = 1"),
                format!("update layers set has_password = 1 {of_a} and has_password = 2"),
            ),
            (
                format!("update layers set position = 7 {of_a} and position = 1"),
                format!("update layers set position = 1 {of_a} and position = 7"),
            ),
            // What the first event left, number and all, is not what the last one left.
            (
                format!(
                    "update grants set state = 'opening', opened_at = null, version = 1, \
                     event_seq = 2, lease_owner = 'elsewhere-000000000000/1/a', \
                     lease_until = {} {a}",
                    NOW + 60
                ),
                format!(
                    "update grants set state = 'open', opened_at = {NOW}, version = 2, \
                     event_seq = 3, lease_owner = null, lease_until = null {a}"
                ),
            ),
        ] {
            let changed = stand.run(&change).await;
            assert_eq!(changed, 1, "{change}");
            let head = ledger.head().await.unwrap();
            let seen = ledger.grant("aaaaaaaaaa").await.unwrap();
            assert!(seen.altered, "{change}");
            let found = ledger.altered(NOW - 60, 10).await.unwrap();
            let found: Vec<&str> = found.iter().map(|grant| grant.id.as_str()).collect();
            assert_eq!(found, ["aaaaaaaaaa"], "{change}");
            let due = ledger.due(NOW, 10).await.unwrap();
            let due: Vec<&str> = due.iter().map(|grant| grant.id.as_str()).collect();
            assert_eq!(due, ["bbbbbbbbbb"], "{change}");

            let (lease, event) = (lease("x", NOW + 60), event("grant.closing"));
            let claim = |to| ledger.claim("aaaaaaaaaa", State::ALL, to, &lease, NOW, &event);
            for to in [State::Closing, State::Open, State::Forgotten] {
                let refused = claim(to).await;
                let is_altered = matches!(refused, Err(LedgerError::Altered { .. }));
                assert!(is_altered, "{change}: {refused:?}");
            }
            let refused = ledger.record(&seen, &event).await;
            assert!(matches!(refused, Err(LedgerError::Altered { .. })), "{change}: {refused:?}");
            let refused = ledger.record_if_free(&seen, NOW, &event).await;
            assert!(matches!(refused, Err(LedgerError::Altered { .. })), "{change}: {refused:?}");
            let refused = ledger.acknowledge(&seen, &event).await;
            assert!(matches!(refused, Err(LedgerError::Altered { .. })), "{change}: {refused:?}");
            // Nothing was written, and what is put back is whole again.
            assert_eq!(ledger.head().await.unwrap(), head, "{change}");
            assert!(ledger.verify(None).await.unwrap().broken.is_some(), "{change}");
            assert_eq!(stand.run(&back).await, 1, "{back}");
            is_whole(&ledger.verify(None).await.unwrap());
            assert!(!ledger.grant("aaaaaaaaaa").await.unwrap().altered);
            assert!(ledger.altered(NOW - 60, 10).await.unwrap().is_empty());
        }

        // Cases too: nothing is granted in one that was opened by a change of its row, nor is its
        // end written over it.
        ledger.open_case(&case("D"), "me").await.unwrap();
        ledger.close_case("D", NOW, "me").await.unwrap();
        stand.run("update cases set closed_at = null where reference = 'D'").await;
        let granted = ledger
            .begin(&grant("cccccccccc", "D", "staging"), &lease("a", NOW), &event("grant.opening"))
            .await;
        assert!(matches!(granted, Err(LedgerError::Altered { .. })), "{granted:?}");
        let closed = ledger.close_case("D", NOW, "me").await;
        assert!(matches!(closed, Err(LedgerError::Altered { .. })), "{closed:?}");
        stand.run(&format!("update cases set closed_at = {NOW} where reference = 'D'")).await;

        // Given up knowingly: the event says what the row was.
        stand.run(&format!("update grants set target = 'other' {a}")).await;
        let mut told = event("grant.forgotten");
        told.detail = json!({ "altered": true });
        let lease = lease("x", NOW + 60);
        let given_up = ledger
            .claim("aaaaaaaaaa", &[State::Open], State::Forgotten, &lease, NOW, &told)
            .await
            .unwrap();
        assert_eq!(given_up.unwrap().state, State::Forgotten);
        is_whole(&ledger.verify(None).await.unwrap());
    }

    pub(super) async fn what_acts_on_the_tables_and_is_not_ours_is_found(stand: &Stand) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        is_whole(&ledger.verify(None).await.unwrap());
        let changes: &[(&str, &str)] = match stand.url {
            None => &[
                (
                    "create trigger late after insert on grants begin update grants set \
                     deadline = deadline + 1; end",
                    "drop trigger late",
                ),
                ("create view mine as select * from grants", "drop view mine"),
                ("create table mine (a bigint)", "drop table mine"),
                ("create index mine on grants (target)", "drop index mine"),
                (
                    "alter table grants add column mine bigint",
                    "alter table grants drop column mine",
                ),
            ],
            Some(_) => &[
                (
                    "create function late() returns trigger language plpgsql as \
                     'begin new.deadline := new.deadline + 1; return new; end'; \
                     create trigger late before insert on grants for each row \
                     execute function late()",
                    "drop trigger late on grants; drop function late()",
                ),
                (
                    "create rule late as on update to sweeps do instead nothing",
                    "drop rule late on sweeps",
                ),
                ("create policy late on grants", "drop policy late on grants"),
            ],
        };
        for (change, back) in changes {
            stand.run(change).await;
            let broken = ledger.verify(None).await.unwrap().broken;
            let broken = broken.unwrap_or_else(|| panic!("not found: {change}"));
            assert_eq!(broken.why.id, "ledger-break-object", "{change}: {}", broken.why);
            stand.run(back).await;
            is_whole(&ledger.verify(None).await.unwrap());
        }
        stand.run("delete from stagepass_migrations where version = 1").await;
        let broken = ledger.verify(None).await.unwrap().broken.unwrap();
        assert_eq!(broken.why.id, "ledger-break-migrations", "{}", broken.why);
    }

    pub(super) async fn a_cut_tail_is_found_by_a_remembered_head(stand: &Stand) {
        let ledger = stand.open().await;
        let mut heads = Vec::new();
        for number in 0..5 {
            ledger.note(&event(&format!("test.{number}"))).await.unwrap();
            heads.push(ledger.head().await.unwrap());
        }
        for head in &heads {
            let remembered: Head = head.to_string().parse().unwrap();
            is_whole(&ledger.verify(Some(&remembered)).await.unwrap());
        }
        // Cut clumsily, the chain's own end shows it.
        stand.run("delete from events where seq > 3").await;
        assert_eq!(ledger.verify(None).await.unwrap().broken.unwrap().seq, Some(4));
        // Cut with care, only the remembered head does.
        let hash = &heads[2].hash;
        stand.run(&format!("update chain set seq = 3, head = '{hash}'")).await;
        is_whole(&ledger.verify(None).await.unwrap());
        is_whole(&ledger.verify(Some(&heads[1])).await.unwrap());
        assert_eq!(ledger.verify(Some(&heads[4])).await.unwrap().broken.unwrap().seq, Some(4));
        // Written on as if nothing had been, it still shows.
        ledger.note(&event("other.1")).await.unwrap();
        ledger.note(&event("other.2")).await.unwrap();
        is_whole(&ledger.verify(None).await.unwrap());
        assert_eq!(ledger.verify(Some(&heads[3])).await.unwrap().broken.unwrap().seq, Some(4));
        assert_eq!(ledger.verify(Some(&heads[4])).await.unwrap().broken.unwrap().seq, Some(5));
    }

    pub(super) async fn the_ration_of_refused_logins_is_never_exceeded(stand: &Stand) {
        let ration = Ration { per: 3, window_s: 600, spacing_s: 0 };
        let ledger = stand.open().await;
        let answers = std::cell::RefCell::new(Vec::new());
        let tasks = (0..16).map(|_| async {
            let own = stand.open().await;
            let answer = own.take_proof("staging", NOW, ration).await.unwrap();
            answers.borrow_mut().push(answer);
        });
        let tasks: Vec<_> = tasks.collect();
        join(tasks).await;
        let yes = answers.borrow().iter().filter(|answer| **answer).count();
        assert_eq!((yes, answers.borrow().len()), (3, 16));

        assert!(ledger.take_proof("another", NOW, ration).await.unwrap());
        assert!(!ledger.take_proof("staging", NOW + 599, ration).await.unwrap());
        // To ask beforehand says the same, and takes nothing.
        for (now, is_left) in [(NOW + 599, false), (NOW + 600, true), (NOW + 600, true)] {
            assert_eq!(ledger.has_proof("staging", now, ration).await.unwrap(), is_left);
        }
        assert!(ledger.has_proof("never asked", NOW, ration).await.unwrap());
        assert!(ledger.take_proof("staging", NOW + 600, ration).await.unwrap());
        let spaced = Ration { per: 3, window_s: 600, spacing_s: 20 };
        assert!(!ledger.take_proof("staging", NOW + 619, spaced).await.unwrap());
        assert!(ledger.take_proof("staging", NOW + 620, spaced).await.unwrap());
    }

    pub(super) async fn what_is_due_is_shared_fairly_between_targets(stand: &Stand) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        for number in 0..6 {
            let id = format!("busy{number:06}");
            opened(&ledger, &id, "C", "busy", NOW + number).await;
        }
        opened(&ledger, "quiet00001", "C", "quiet", NOW + 50).await;
        opened(&ledger, "later00001", "C", "quiet", NOW + 500).await;
        let due = ledger.due(NOW + 100, 3).await.unwrap();
        let ids: Vec<_> = due.iter().map(|grant| grant.id.as_str()).collect();
        assert_eq!(ids, ["busy000000", "quiet00001", "busy000001"]);
        assert_eq!(ledger.due(NOW + 100, 100).await.unwrap().len(), 7);

        // What failed waits its turn behind what was not tried.
        let mut failed = ledger
            .claim(
                "busy000000",
                &[State::Open],
                State::Closing,
                &lease("a", NOW + 200),
                NOW + 100,
                &event("grant.closing"),
            )
            .await
            .unwrap()
            .unwrap();
        assert!(ledger.due(NOW + 100, 100).await.unwrap().iter().all(|g| g.id != failed.id));
        failed.attempts = 1;
        failed.next_attempt_at = Some(NOW + 160);
        (failed.lease_owner, failed.lease_until) = (None, None);
        ledger.record(&failed, &event("grant.failed")).await.unwrap();
        assert!(ledger.due(NOW + 159, 100).await.unwrap().iter().all(|g| g.id != failed.id));
        let due = ledger.due(NOW + 160, 100).await.unwrap();
        let busy: Vec<_> = due.iter().filter(|grant| grant.target == "busy").collect();
        assert_eq!(busy.last().unwrap().id, failed.id);

        // Pages of a list meet without a gap and without an overlap, and filters hold.
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let filter = Filter { live_only: true, ..Filter::default() };
            let page = ledger.grants(&filter, 3, after.as_ref()).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(Cursor::after(last));
            assert!(page.iter().all(|grant| grant.layers.len() == 2));
            seen.extend(page.into_iter().map(|grant| grant.id));
        }
        assert_eq!(seen.len(), 8);
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 8);
        for (filter, count) in [
            (Filter { target: Some("quiet".into()), ..Filter::default() }, 2),
            (Filter { case: Some("nope".into()), ..Filter::default() }, 0),
            (Filter { states: vec![State::Closing, State::Stuck], ..Filter::default() }, 1),
            (Filter { due_before: Some(NOW + 2), ..Filter::default() }, 3),
            (Filter { key_fingerprint: Some("SHA256:deploy".into()), ..Filter::default() }, 8),
            (Filter { key_fingerprint: Some("SHA256:other".into()), ..Filter::default() }, 0),
        ] {
            let found = ledger.grants(&filter, 100, None).await.unwrap().len();
            assert_eq!(found, count, "{filter:?}");
        }
    }

    pub(super) async fn fifty_thousand_due_grants_stay_bounded(stand: &Stand) {
        if let Some((_, name)) = task() {
            let ledger = Ledger::open(&location_of(&name), Mode::ReadOnly).await.unwrap();
            let due = ledger.due(NOW + DAY, 500).await.unwrap();
            let live = Filter { live_only: true, ..Filter::default() };
            let listed = ledger.grants(&live, 500, None).await.unwrap();
            let counts = ledger.counts().await.unwrap();
            let targets: HashSet<_> = due.iter().map(|grant| &grant.target).collect();
            say!("found {} {} {} {}", due.len(), targets.len(), listed.len(), counts.live());
            say!("peak {}", peak_memory());
            return;
        }
        let ledger = stand.open().await;
        seed(stand, 10_000, 50_000).await;
        ledger.close().await;
        let lines = lines_of(again(&this_test(), "look", &stand.name()).spawn().unwrap());
        assert_eq!(said(&lines, "found "), ["500 100 500 50000"]);
        let peak: u64 = said(&lines, "peak ")[0].parse().unwrap();
        assert!(peak < 64 * 1024, "{peak} KiB");
    }

    pub(super) async fn a_process_killed_at_any_moment_loses_nothing(stand: &Stand) {
        if let Some((who, name)) = task() {
            return grant_for_ever(&who, &name).await;
        }
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        let mut reported = HashSet::new();
        for round in 0..6_u64 {
            let mut child = again(&this_test(), &round.to_string(), &stand.name()).spawn().unwrap();
            let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
            // The first report, and then a moment that differs from round to round.
            for line in output.by_ref().map_while(Result::ok) {
                if let Some((_, id)) = line.split_once("begun ") {
                    reported.insert(id.trim().to_owned());
                    break;
                }
            }
            tokio::time::sleep(Duration::from_millis(40 + round * 37)).await;
            child.kill().unwrap();
            child.wait().unwrap();
            let rest: Vec<String> = output.map_while(Result::ok).collect();
            reported.extend(said(&rest, "begun ").into_iter().map(str::to_owned));
            is_whole(&ledger.verify(None).await.unwrap());
        }
        let all = ledger.grants(&Filter::default(), 100_000, None).await.unwrap();
        let known: HashSet<_> = all.iter().map(|grant| grant.id.clone()).collect();
        assert!(reported.len() >= 6);
        assert!(reported.is_subset(&known));
        // Whatever was being worked on is due at once, or the next sweep would not find it.
        let due = ledger.due(NOW, 100).await.unwrap();
        let opening = all.iter().filter(|grant| grant.state == State::Opening).count();
        assert_eq!(due.len(), opening);
    }

    pub(super) async fn grant_for_ever(who: &str, name: &str) {
        let ledger = Ledger::open(&location_of(name), Mode::ReadWrite).await.unwrap();
        for number in 0..100_000 {
            let id = format!("{who}{number:09}");
            let mine = Lease::mine(NOW, 600);
            let begun = ledger.begin(&grant(&id, "C", "t"), &mine, &event("grant.opening")).await;
            say!("begun {id}");
            let mut open = begun.unwrap();
            open.move_to(State::Open);
            (open.lease_owner, open.lease_until) = (None, None);
            ledger.record(&open, &event("grant.open")).await.unwrap();
        }
    }

    pub(super) async fn a_ledger_of_a_newer_version_is_refused(stand: &Stand) {
        stand.open().await.close().await;
        let mut connection = stand.raw().await;
        connection
            .execute(
                "insert into stagepass_migrations (version, description, success, checksum, \
                 execution_time) select 99, 'later', success, checksum, 0 \
                 from stagepass_migrations where version = 1",
            )
            .await
            .unwrap();
        connection.close().await.unwrap();
        for mode in [Mode::ReadWrite, Mode::ReadOnly] {
            match Ledger::open(&stand.location(), mode).await {
                Err(LedgerError::NewerVersion { found: 99, known: VERSION, .. }) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(super) async fn two_processes_may_make_one_ledger_at_once(stand: &Stand) {
        if let Some((who, name)) = task() {
            let ledger = Ledger::open(&location_of(&name), Mode::ReadWrite).await.unwrap();
            ledger.open_case(&case(&who), "me").await.unwrap();
            return;
        }
        let makers: Vec<Child> = (0..4)
            .map(|who| again(&this_test(), &who.to_string(), &stand.name()).spawn().unwrap())
            .collect();
        for maker in makers {
            lines_of(maker);
        }
        let ledger = Ledger::open(&stand.location(), Mode::ReadOnly).await.unwrap();
        is_whole(&ledger.verify(None).await.unwrap());
        assert_eq!(ledger.cases(&CaseFilter::default(), 10).await.unwrap().len(), 4);
    }

    pub(super) async fn names_that_break_sql_or_terminals_do_no_harm(stand: &Stand) {
        let ledger = stand.open().await;
        let odd = "O'Hara \"$1\" -- ; ü 日本 %_\\";
        ledger.open_case(&case(odd), odd).await.unwrap();
        let mut odd_grant = grant("aaaaaaaaaa", odd, odd);
        odd_grant.supporter = Supporter { name: odd.into(), company: odd.into() };
        let begun =
            ledger.begin(&odd_grant, &lease("a", NOW), &event("grant.opening")).await.unwrap();
        assert_eq!(ledger.grant("aaaa").await.unwrap(), begun);
        assert_eq!(begun.supporter.name, odd);
        let filter = Filter { target: Some(odd.into()), ..Filter::default() };
        assert_eq!(ledger.grants(&filter, 10, None).await.unwrap(), [begun]);
        for bad in ["a\0b", "a\nb", "a\u{1b}[31m"] {
            let refused = ledger.open_case(&case(bad), "me").await;
            assert!(matches!(refused, Err(LedgerError::BadText { .. })), "{refused:?}");
            let refused =
                ledger.begin(&grant("bbbbbbbbbb", odd, bad), &lease("a", NOW), &event("x")).await;
            assert!(matches!(refused, Err(LedgerError::BadText { .. })), "{refused:?}");
            // What is only looked for is merely not there.
            let missing = ledger.case(bad).await;
            assert!(matches!(missing, Err(LedgerError::NoSuchCase { .. })), "{missing:?}");
        }
        is_whole(&ledger.verify(None).await.unwrap());
        let run = SweepRun { at: NOW, host: odd.into(), due: 1, closed: 1, failed: 0, stuck: 0 };
        assert_eq!(ledger.last_sweep().await.unwrap(), None);
        ledger.sweep_ran(&run).await.unwrap();
        ledger.sweep_ran(&SweepRun { at: NOW + 60, ..run.clone() }).await.unwrap();
        ledger.sweep_ran(&SweepRun { host: "other".into(), ..run.clone() }).await.unwrap();
        assert_eq!(ledger.last_sweep().await.unwrap().unwrap().at, NOW + 60);
        assert_eq!(ledger.sweeps().await.unwrap().len(), 2);
    }

    pub(super) async fn a_ledger_of_the_first_version_is_brought_up_to_date_and_stays_whole(
        stand: &Stand,
    ) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        let open = opened(&ledger, "aaaaaaaaaa", "C", "t", NOW + DAY).await;
        let head = ledger.head().await.unwrap();
        ledger.close().await;
        stand.run(BACK_TO_THE_FIRST_VERSION).await;
        match Ledger::open(&stand.location(), Mode::ReadOnly).await {
            Err(LedgerError::OlderVersion { found: 1, .. }) => {}
            other => panic!("{other:?}"),
        }
        let ledger = stand.open().await;
        let verdict = ledger.verify(Some(&head)).await.unwrap();
        is_whole(&verdict);
        assert_eq!(verdict.head, head);
        assert_eq!(ledger.grant("aaaa").await.unwrap(), open);
        // An open grant of then is looked at like any other.
        let due = ledger.unchecked(NOW + 3600, 10).await.unwrap();
        assert_eq!(due, [open]);
    }

    pub(super) async fn what_a_target_is_stands_in_its_last_event(stand: &Stand) {
        let ledger = stand.open().await;
        assert_eq!(ledger.kept_targets().await.unwrap(), []);
        let kept = |name: &str, text: &str| KeptTarget {
            name: name.into(),
            text: text.into(),
            tag: format!("tag of {text}"),
        };
        let (one, two) = (kept("one", "first"), kept("two", "ü \"$1\" \n"));
        // The very first event has none before it.
        ledger.keep_target(&one, NOW, "me").await.unwrap();
        ledger.keep_target(&two, NOW, "me").await.unwrap();
        ledger.note(&event("of no target")).await.unwrap();
        assert_eq!(ledger.kept_targets().await.unwrap(), [one.clone(), two.clone()]);
        let newer = kept("one", "second");
        ledger.keep_target(&newer, NOW + 1, "me").await.unwrap();
        ledger.drop_target("two", NOW + 1, "me").await.unwrap();
        assert_eq!(ledger.kept_targets().await.unwrap(), std::slice::from_ref(&newer));
        ledger.keep_target(&two, NOW + 2, "me").await.unwrap();
        assert_eq!(ledger.kept_targets().await.unwrap(), [newer, two.clone()]);
        is_whole(&ledger.verify(None).await.unwrap());

        // One that was changed comes without what would prove it, and the other as it is.
        let changed = "update events set detail = replace(detail, 'second', 'third') \
                       where verb = 'target.kept'";
        assert!(stand.run(changed).await >= 1);
        let unproved = KeptTarget { name: "one".into(), text: String::new(), tag: String::new() };
        assert_eq!(ledger.kept_targets().await.unwrap(), [unproved, two]);
        assert!(!ledger.verify(None).await.unwrap().is_whole());
    }

    pub(super) async fn answers_and_time_boxes_are_part_of_a_cases_row(stand: &Stand) {
        let ledger = stand.open().await;
        let mut made = case("C");
        made.time_box_until = Some(NOW + 14 * DAY);
        ledger.open_case(&made, "me").await.unwrap();
        ledger.open_case(&case("D"), "me").await.unwrap();
        let changes = |given: &[(&str, Option<&str>)]| -> BTreeMap<String, Option<String>> {
            given.iter().map(|(id, text)| ((*id).into(), text.map(str::to_owned))).collect()
        };
        let odd = "it's \"here\" \u{1F600}\n$1 ?";
        let given = changes(&[("since", Some("Monday")), ("steps", Some(odd)), ("x", None)]);
        let answered = ledger.answer("C", &given, NOW + 1, "me").await.unwrap();
        assert_eq!(answered.answers["steps"].text, odd);
        assert_eq!(answered.answers["steps"].at, NOW + 1);
        assert_eq!(ledger.case("C").await.unwrap(), answered);
        // The event names them, and has no word of what they say; the same again is no event.
        let head = ledger.head().await.unwrap();
        let events = ledger.events(&EventFilter { after: 2, ..EventFilter::default() }, 9).await;
        let detail = events.unwrap()[0].detail.clone();
        assert_eq!(detail, r#"{"answered":["since","steps"],"taken_back":["x"]}"#);
        let again = changes(&[("since", Some("Monday"))]);
        assert_eq!(ledger.answer("C", &again, NOW + 2, "me").await.unwrap(), answered);
        assert_eq!(ledger.head().await.unwrap(), head);
        let back = changes(&[("steps", None)]);
        let left = ledger.answer("C", &back, NOW + 3, "me").await.unwrap();
        assert_eq!(left.answers.len(), 1);

        let until = NOW + 20 * DAY;
        let moved = ledger.move_time_box("C", until, "slow", NOW + 4, "me").await.unwrap();
        assert_eq!(moved.time_box_until, Some(until));
        is_whole(&ledger.verify(None).await.unwrap());
        let ending = |at: i64| CaseFilter {
            open_only: true,
            ending_before: Some(at),
            ..CaseFilter::default()
        };
        assert_eq!(ledger.cases(&ending(until - 1), 9).await.unwrap(), []);
        assert_eq!(ledger.cases(&ending(until), 9).await.unwrap(), std::slice::from_ref(&moved));

        // Whoever changes one behind the back of the ledger is found, and it is not written over.
        for (change, back) in [
            (
                "update cases set answers = replace(answers, 'Monday', 'Sunday') where reference = 'C'",
                "update cases set answers = replace(answers, 'Sunday', 'Monday') where reference = 'C'",
            ),
            (
                "update cases set answers = '[' || answers where reference = 'C'",
                "update cases set answers = substr(answers, 2) where reference = 'C'",
            ),
            (
                "update cases set time_box_until = time_box_until + 1 where reference = 'C'",
                "update cases set time_box_until = time_box_until - 1 where reference = 'C'",
            ),
            (
                "update cases set time_box_until = 1 where reference = 'D'",
                "update cases set time_box_until = null where reference = 'D'",
            ),
        ] {
            assert_eq!(stand.run(change).await, 1, "{change}");
            assert!(!ledger.verify(None).await.unwrap().is_whole(), "{change}");
            let which = if change.ends_with("'C'") { "C" } else { "D" };
            let written = ledger.answer(which, &again, NOW + 5, "me").await;
            assert!(matches!(written, Err(LedgerError::Altered { .. })), "{change}: {written:?}");
            let mut begun = grant("aaaaaaaaaa", which, "staging");
            begun.deadline = NOW + 60;
            let begun = ledger.begin(&begun, &lease("a", NOW + 60), &event("grant.opening")).await;
            assert!(matches!(begun, Err(LedgerError::Altered { .. })), "{change}: {begun:?}");
            assert_eq!(stand.run(back).await, 1, "{back}");
            is_whole(&ledger.verify(None).await.unwrap());
        }

        // A closed case stays as it is; opened again it has another time-box.
        ledger.close_case("C", NOW + 6, "me").await.unwrap();
        let closed = ledger.answer("C", &back, NOW + 7, "me").await;
        assert!(matches!(closed, Err(LedgerError::CaseClosed { .. })), "{closed:?}");
        let closed = ledger.move_time_box("C", NOW, "x", NOW + 7, "me").await;
        assert!(matches!(closed, Err(LedgerError::CaseClosed { .. })), "{closed:?}");
        assert_eq!(ledger.cases(&ending(until), 9).await.unwrap(), []);
        let opened =
            ledger.reopen_case("C", "again", Some(until + 1), NOW + 8, "me").await.unwrap();
        assert_eq!(opened.time_box_until, Some(until + 1));
        assert_eq!(opened.answers["since"].text, "Monday");
        is_whole(&ledger.verify(None).await.unwrap());
    }

    pub(super) async fn findings_wait_for_one_acknowledgement(stand: &Stand) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        assert!(ledger.alarms().await.unwrap().is_quiet());
        for (id, findings) in [("aaaaaaaaaa", 3), ("bbbbbbbbbb", 0)] {
            opened(&ledger, id, "C", "t", NOW).await;
            let from = [State::Open];
            let closing = event("grant.closing");
            let lease = lease("a", NOW + 60);
            let claimed = ledger.claim(id, &from, State::Closing, &lease, NOW, &closing).await;
            let mut grant = claimed.unwrap().unwrap();
            grant.move_to(State::Closed);
            grant.layers[1].findings = findings;
            ledger.record(&grant, &event("grant.closed")).await.unwrap();
        }
        let alarms = ledger.alarms().await.unwrap();
        assert_eq!((alarms.findings, alarms.drifted), (1, 0));
        let found = Filter { with_findings: true, ..Filter::default() };
        let grants = ledger.grants(&found, 10, None).await.unwrap();
        assert_eq!(grants.iter().map(|grant| grant.findings).collect::<Vec<_>>(), [3]);
        is_whole(&ledger.verify(None).await.unwrap());

        let acknowledge = async |seen: &Grant| {
            ledger.acknowledge(seen, &event("grant.acknowledged")).await.unwrap()
        };
        assert_eq!(acknowledge(&ledger.grant("bbbbbbbbbb").await.unwrap()).await, None);
        let found = ledger.grant("aaaaaaaaaa").await.unwrap();
        let before = ledger.head().await.unwrap().seq;
        let both = tokio::join!(acknowledge(&found), acknowledge(&found));
        let taken: Vec<Grant> = [both.0, both.1].into_iter().flatten().collect();
        assert_eq!(taken.len(), 1, "{taken:?}");
        assert_eq!((taken[0].findings, taken[0].state), (0, State::Closed));
        assert_eq!(ledger.head().await.unwrap().seq, before + 1);
        assert!(ledger.alarms().await.unwrap().is_quiet());
        is_whole(&ledger.verify(None).await.unwrap());
        let missing = Grant { id: "cccccccccc".into(), ..found };
        let missing = ledger.acknowledge(&missing, &event("x")).await;
        assert!(matches!(missing, Err(LedgerError::NoSuchGrant { .. })), "{missing:?}");
    }

    pub(super) async fn what_nobody_has_seen_is_not_acknowledged(stand: &Stand) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        let open = opened(&ledger, "aaaaaaaaaa", "C", "t", NOW).await;
        let mut stuck = open;
        stuck.move_to(State::Closing);
        stuck.layers[0].findings = 1;
        let seen = ledger.record(&stuck, &event("grant.close-failed")).await.unwrap();
        let acknowledge = async |seen: &Grant| {
            ledger.acknowledge(seen, &event("grant.acknowledged")).await.unwrap()
        };
        // While somebody looks at it, the next try begins, finds more, and fails again.
        let (from, lease) = ([State::Closing], lease("a", NOW + 60));
        let closing = event("grant.closing");
        let claimed = ledger.claim(&seen.id, &from, State::Closing, &lease, NOW, &closing).await;
        let mut held = claimed.unwrap().unwrap();
        assert_eq!(acknowledge(&seen).await, None);
        assert_eq!(acknowledge(&held).await, None);
        held.layers[0].findings = 5;
        (held.lease_owner, held.lease_until) = (None, None);
        let more = ledger.record(&held, &event("grant.close-failed")).await.unwrap();
        assert_eq!(acknowledge(&seen).await, None);
        assert_eq!(ledger.alarms().await.unwrap().findings, 1);
        assert_eq!(acknowledge(&more).await.unwrap().findings, 0);
        is_whole(&ledger.verify(None).await.unwrap());
    }

    pub(super) async fn what_drifted_is_recorded_only_where_nobody_works_on_the_grant(
        stand: &Stand,
    ) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        let open = opened(&ledger, "aaaaaaaaaa", "C", "t", NOW + DAY).await;
        let mut drifted = open.clone();
        drifted.drift = Some("gate-gone the gate is gone".into());
        let seen = event("grant.drifted");
        let recorded = ledger.record_if_free(&drifted, NOW, &seen).await.unwrap().unwrap();
        assert_eq!(recorded.drift, drifted.drift);
        assert_eq!(ledger.alarms().await.unwrap().drifted, 1);
        // What was read before is not written over what is there now.
        assert_eq!(ledger.record_if_free(&drifted, NOW, &seen).await.unwrap(), None);
        // Nor while a process has it, which counts on its version.
        let mut held = taken(&ledger, State::Open, NOW + 60).await;
        assert_eq!(held.drift, drifted.drift);
        assert_eq!(ledger.record_if_free(&held, NOW, &seen).await.unwrap(), None);
        (held.lease_owner, held.lease_until) = (None, None);
        let free = ledger.record(&held, &event("x")).await.unwrap();
        assert!(ledger.record_if_free(&free, NOW, &seen).await.unwrap().is_some());
        is_whole(&ledger.verify(None).await.unwrap());
        // What is being closed, or was given up, is no alarm of this kind any more.
        assert_eq!(taken(&ledger, State::Closing, NOW + 60).await.drift, None);
        assert!(ledger.alarms().await.unwrap().is_quiet());
        is_whole(&ledger.verify(None).await.unwrap());
    }

    pub(super) async fn an_open_grant_is_looked_at_once_an_hour_by_one_of_many(stand: &Stand) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        let first = opened(&ledger, "aaaaaaaaaa", "C", "t", NOW + DAY).await;
        opened(&ledger, "bbbbbbbbbb", "C", "t", NOW + 3600).await;
        let head = ledger.head().await.unwrap();
        let due = async |now| {
            let grants = ledger.unchecked(now, 10).await.unwrap();
            grants.into_iter().map(|grant| grant.id).collect::<Vec<_>>()
        };
        assert_eq!(due(NOW + 3599).await, [""; 0]);
        // The other one's deadline has come: that is another matter.
        let later = NOW + 3600;
        assert_eq!(due(later).await, ["aaaaaaaaaa"]);
        assert!(!ledger.take_check("aaaaaaaaaa", NOW + 3599, false).await.unwrap());
        let take = async || ledger.take_check("aaaaaaaaaa", later, false).await.unwrap();
        let all = tokio::join!(take(), take(), take());
        assert_eq!([all.0, all.1, all.2].iter().filter(|one| **one).count(), 1);
        assert_eq!(due(later).await, [""; 0]);
        // Whoever took it died: soon it is looked at all the same.
        assert_eq!(due(later + 300).await, ["aaaaaaaaaa"]);
        assert!(ledger.take_check("aaaaaaaaaa", later + 1, true).await.unwrap());
        ledger.checked("aaaaaaaaaa", later, later + 3600).await.unwrap();
        assert_eq!(due(later + 3599).await, [""; 0]);
        assert_eq!(due(later + 3600).await, ["aaaaaaaaaa"]);
        ledger.check_later("aaaaaaaaaa", later + 7200).await.unwrap();
        assert_eq!(due(later + 3600).await, [""; 0]);
        // Nothing of it is part of the chain.
        let looked_at = ledger.grant("aaaa").await.unwrap();
        assert_eq!(looked_at, Grant { checked_at: Some(later), ..first });
        assert_eq!(ledger.head().await.unwrap(), head);
        is_whole(&ledger.verify(None).await.unwrap());
        // While a process works on it nobody looks.
        let _ = taken(&ledger, State::Open, later + 9000).await;
        assert_eq!(due(later + 7200).await, [""; 0]);
    }

    pub(super) async fn running_work_is_waited_for_a_minute_at_a_time(stand: &Stand) {
        let ledger = stand.open().await;
        ledger.open_case(&case("C"), "me").await.unwrap();
        opened(&ledger, "aaaaaaaaaa", "C", "t", NOW).await;
        let is_due = async |now| ledger.due(now, 10).await.unwrap().len() == 1;
        assert!(is_due(NOW).await);
        ledger.wait("aaaaaaaaaa", NOW + 60).await.unwrap();
        assert!(!is_due(NOW).await);
        assert!(!is_due(NOW + 59).await);
        assert!(is_due(NOW + 60).await);
        // Nobody puts a deadline off for long with it.
        ledger.wait("aaaaaaaaaa", NOW + DAY).await.unwrap();
        assert!(is_due(NOW).await);
        assert!(is_due(NOW + DAY - 61).await);
        // Once it is being closed it is due like anything else.
        ledger.wait("aaaaaaaaaa", NOW + 60).await.unwrap();
        let _ = taken(&ledger, State::Closing, NOW).await;
        assert!(is_due(NOW + 1).await);
        is_whole(&ledger.verify(None).await.unwrap());
    }
}

mod sqlite {
    use super::*;

    fn mode_of(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    async fn opening_fails(path: &Path, mode: Mode) -> LedgerError {
        match Ledger::open(&Location::File(path.into()), mode).await {
            Ok(_) => panic!("{} was opened", path.display()),
            Err(error) => {
                let said = error.to_string();
                assert!(said.contains(&path.display().to_string()), "{said}");
                assert!(!said.contains('\n') && !said.ends_with('.'), "{said}");
                error
            }
        }
    }

    #[test]
    fn a_new_ledger_is_for_its_owner_alone() {
        block_on(async {
            let stand = Stand::sqlite();
            // The test could not fail where nothing is readable by others anyway.
            let control = stand.folder.path().join("control");
            std::fs::write(&control, "").unwrap();
            assert_ne!(mode_of(&control) & 0o044, 0, "run this with the umask 022");

            let ledger = stand.open().await;
            ledger.open_case(&case("C"), "me").await.unwrap();
            let folder = stand.path().parent().unwrap().to_owned();
            assert_eq!(mode_of(&folder), 0o700);
            let mut names = Vec::new();
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                assert_eq!(mode_of(&path), 0o600, "{}", path.display());
                names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
            names.sort();
            assert_eq!(names, ["ledger.db", "ledger.db-shm", "ledger.db-wal"]);
            assert!(ledger.warnings().is_empty(), "{:?}", ledger.warnings());
            ledger.close().await;

            std::fs::set_permissions(stand.path(), Permissions::from_mode(0o644)).unwrap();
            let ledger = stand.open().await;
            assert_eq!(ledger.warnings().len(), 1, "{:?}", ledger.warnings());
            assert!(ledger.warnings()[0].contains("mode 644"), "{:?}", ledger.warnings());
        });
    }

    #[test]
    fn a_name_with_anything_in_it_is_a_file_of_that_name() {
        block_on(async {
            let folder = tempfile::tempdir().unwrap();
            for name in ["a b?mode=memory#x.db", "100%41.db", ":memory:", "O'Hara;.db", "ü.db"] {
                let path = folder.path().join(name);
                let location = Location::File(path.clone());
                let ledger = Ledger::open(&location, Mode::ReadWrite).await.unwrap();
                ledger.open_case(&case("C"), "me").await.unwrap();
                ledger.close().await;
                assert!(std::fs::metadata(&path).unwrap().len() > 4096, "{name}");
                let reader = Ledger::open(&location, Mode::ReadOnly).await.unwrap();
                assert_eq!(reader.case("C").await.unwrap(), case("C"));
            }
        });
    }

    #[test]
    fn what_is_no_ledger_is_left_as_it_is() {
        block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let absent = folder.path().join("not/there.db");
            let error = opening_fails(&absent, Mode::ReadOnly).await;
            assert!(matches!(error, LedgerError::Absent { .. }), "{error:?}");
            assert!(!absent.parent().unwrap().exists());

            let error = opening_fails(folder.path(), Mode::ReadWrite).await;
            assert!(matches!(error, LedgerError::NotALedger { .. }), "{error:?}");

            let garbage = folder.path().join("garbage");
            std::fs::write(&garbage, "host = \"staging\"\n".repeat(500)).unwrap();
            let other = folder.path().join("other.db");
            let mut connection = super::raw(&format!("{}?mode=rwc", other.display())).await;
            connection.execute("create table bookmarks (url text)").await.unwrap();
            connection.close().await.unwrap();
            for (path, is_expected) in [
                (&garbage, (|e| matches!(e, LedgerError::Corrupt { .. })) as fn(&_) -> bool),
                (&other, |e| matches!(e, LedgerError::NotALedger { .. })),
            ] {
                let before = std::fs::read(path).unwrap();
                let error = opening_fails(path, Mode::ReadWrite).await;
                assert!(is_expected(&error), "{error:?}");
                assert_eq!(std::fs::read(path).unwrap(), before);
            }
        });
    }

    #[test]
    fn a_damaged_file_is_said_to_be_damaged() {
        block_on(async {
            let stand = Stand::sqlite();
            seed(&stand, 2_000, 100).await;
            let whole = std::fs::read(stand.path()).unwrap();

            // Cut off in the middle.
            std::fs::write(stand.path(), &whole[..whole.len() / 2]).unwrap();
            let error = opening_fails(&stand.path(), Mode::ReadWrite).await;
            assert!(matches!(error, LedgerError::Corrupt { .. }), "{error:?}");

            // Overwritten in places where only a thorough look finds it.
            let mut holed = whole.clone();
            let middle = holed.len() / 2 / 4096 * 4096;
            holed[middle..middle + 4096].fill(0x5a);
            std::fs::write(stand.path(), &holed).unwrap();
            let found = match Ledger::open(&stand.location(), Mode::ReadWrite).await {
                Ok(ledger) => ledger.verify(None).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(verdict) => assert_eq!(verdict.broken.unwrap().why.id, "ledger-break-file"),
                Err(error) => assert!(matches!(error, LedgerError::Corrupt { .. }), "{error:?}"),
            }
        });
    }

    #[test]
    fn a_lock_that_stays_is_reported_with_its_holder() {
        let test = this_test();
        block_on(async {
            if let Some((_, name)) = task() {
                let mut connection = super::raw(&name).await;
                let mut held = connection.begin().await.unwrap();
                sqlx::query("update chain set seq = seq").execute(&mut *held).await.unwrap();
                say!("locked");
                tokio::time::sleep(Duration::from_secs(60)).await;
                return;
            }
            let stand = Stand::sqlite();
            let ledger = stand.open().await;
            ledger.open_case(&case("C"), "me").await.unwrap();
            let mut holder = again(&test, "hold", &stand.name()).spawn().unwrap();
            let output = BufReader::new(holder.stdout.take().unwrap()).lines();
            assert!(output.map_while(Result::ok).any(|line| line.ends_with("locked")));

            // Reading goes on all the while.
            assert_eq!(ledger.case("C").await.unwrap(), case("C"));
            let error = ledger.note(&event("x")).await.unwrap_err();
            let said = error.to_string();
            assert!(matches!(error, LedgerError::Locked { .. }), "{error:?}");
            assert!(said.contains(&format!("process {}", holder.id())), "{said}");

            holder.kill().unwrap();
            holder.wait().unwrap();
            ledger.note(&event("x")).await.unwrap();
            is_whole(&ledger.verify(None).await.unwrap());
        });
    }

    /// Runs this test in a mount namespace of its own, where it may mount a small file system that
    /// nobody else sees and that goes away with it; true in there.
    fn in_own_mounts(test: &str) -> bool {
        if task().is_some() {
            return true;
        }
        let inner = again(test, "mount", "-");
        let mut outer = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            outer.arg("--map-root-user");
        }
        outer.arg("--mount").arg("--").arg(inner.get_program()).args(inner.get_args());
        for (name, value) in inner.get_envs() {
            outer.env(name, value.unwrap());
        }
        let output = outer.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{text}{errors}");
        false
    }

    fn mount(arguments: &[&str], folder: &Path) {
        assert!(Command::new("mount").args(arguments).arg(folder).status().unwrap().success());
    }

    #[test]
    fn a_full_disk_stops_recording_and_loses_nothing() {
        if !in_own_mounts(&this_test()) {
            return;
        }
        block_on(async {
            let folder = tempfile::tempdir().unwrap();
            mount(&["-t", "tmpfs", "-o", "size=2m", "none"], folder.path());
            let path = folder.path().join("ledger.db");
            let location = Location::File(path.clone());
            let ledger = Ledger::open(&location, Mode::ReadWrite).await.unwrap();
            ledger.open_case(&case("C"), "me").await.unwrap();
            let mut begun = Vec::new();
            let error = loop {
                let id = format!("{:010}", begun.len());
                let new = grant(&id, "C", "t");
                match ledger.begin(&new, &lease("a", NOW), &event("grant.opening")).await {
                    Ok(grant) => begun.push(grant),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, LedgerError::DiskFull { .. }), "{error:?}");
            assert!(begun.len() > 10, "{}", begun.len());
            // What was recorded is all there, can be read, and is whole.
            is_whole(&ledger.verify(None).await.unwrap());
            let all = ledger.grants(&Filter::default(), 100_000, None).await.unwrap();
            assert_eq!(all.len(), begun.len());
            ledger.close().await;

            // With not a byte left, opening says so too, and with room again all goes on.
            let filler = folder.path().join("filler");
            let _ = std::fs::write(&filler, vec![0; 1 << 21]);
            match Ledger::open(&location, Mode::ReadWrite).await {
                Ok(ledger) => {
                    // More than what may be free inside the files that are there.
                    let mut large = event("x");
                    large.detail = json!("x".repeat(4 << 20));
                    let error = ledger.note(&large).await.unwrap_err();
                    assert!(matches!(error, LedgerError::DiskFull { .. }), "{error:?}");
                }
                Err(error) => assert!(matches!(error, LedgerError::DiskFull { .. }), "{error:?}"),
            }
            let new = folder.path().join("new/ledger.db");
            let error = opening_fails(&new, Mode::ReadWrite).await;
            assert!(matches!(error, LedgerError::DiskFull { .. }), "{error:?}");
            std::fs::remove_file(&filler).unwrap();
            mount(&["-o", "remount,size=4m"], folder.path());
            let ledger = Ledger::open(&location, Mode::ReadWrite).await.unwrap();
            ledger.note(&event("x")).await.unwrap();
            is_whole(&ledger.verify(None).await.unwrap());
            Ledger::open(&Location::File(new), Mode::ReadWrite).await.unwrap();
        });
    }

    #[test]
    fn a_ledger_that_cannot_be_written_can_be_read() {
        if !in_own_mounts(&this_test()) {
            return;
        }
        block_on(async {
            let folder = tempfile::tempdir().unwrap();
            mount(&["-t", "tmpfs", "-o", "size=4m", "none"], folder.path());
            let path = folder.path().join("ledger.db");
            let location = Location::File(path.clone());
            let ledger = Ledger::open(&location, Mode::ReadWrite).await.unwrap();
            ledger.open_case(&case("C"), "me").await.unwrap();
            ledger.close().await;
            mount(&["-o", "remount,ro"], folder.path());

            let reader = Ledger::open(&location, Mode::ReadOnly).await.unwrap();
            assert_eq!(reader.case("C").await.unwrap(), case("C"));
            is_whole(&reader.verify(None).await.unwrap());
            assert_eq!(reader.warnings().len(), 1, "{:?}", reader.warnings());
            let error = match Ledger::open(&location, Mode::ReadWrite).await {
                Ok(writer) => writer.note(&event("x")).await.unwrap_err(),
                Err(error) => error,
            };
            assert!(matches!(error, LedgerError::ReadOnly { .. }), "{error:?}");
            let new = folder.path().join("new/ledger.db");
            let error = opening_fails(&new, Mode::ReadWrite).await;
            assert!(matches!(error, LedgerError::ReadOnly { .. }), "{error:?}");
        });
    }

    #[test]
    fn no_question_of_every_minute_reads_the_whole_ledger() {
        block_on(async {
            let stand = Stand::sqlite();
            seed(&stand, 20_000, 50).await;
            let mut connection = stand.raw().await;
            let due =
                "(case state when 'open' then deadline else coalesce(next_attempt_at, 0) end)";
            let live = "state not in ('closed', 'forgotten')";
            for (question, index) in [
                (format!("select * from grants where {live} order by deadline, id"), "grants_live"),
                (format!("select * from grants where {live} and {due} <= 1"), "grants_due"),
                (
                    format!("select state, count(*) from grants where {live} group by state"),
                    "grants_live_state",
                ),
                (
                    format!(
                        "select id from grants where {live} and target = 'x' order by deadline, id"
                    ),
                    "grants_live_target",
                ),
                (
                    "select id from grants where substr(id, 1, 4) = 'abcd'".into(),
                    "grants_abbreviation",
                ),
                (
                    "select * from grants where state = 'open' \
                     and (coalesce(next_check_at, opened_at + 3600)) <= 1 and deadline > 1 \
                     order by (coalesce(next_check_at, opened_at + 3600)), id limit 5"
                        .into(),
                    "grants_unchecked",
                ),
                (
                    "select id from grants where 1 = 1 and findings > 0 order by deadline, id \
                     limit 10"
                        .into(),
                    "grants_findings",
                ),
                ("select count(*) from grants where findings > 0".into(), "grants_findings"),
                (
                    "select id from grants where 1 = 1 and drift is not null \
                     order by deadline, id limit 10"
                        .into(),
                    "grants_drifted",
                ),
                ("select count(*) from grants where drift is not null".into(), "grants_drifted"),
                (
                    "select id from grants where case_reference = 'x' order by deadline, id".into(),
                    "grants_case",
                ),
            ] {
                let plan = format!("explain query plan {question}");
                let rows = connection.fetch_all(AssertSqlSafe(plan)).await.unwrap();
                let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
                let plan = plan.join("; ");
                assert!(
                    plan.contains(&format!("INDEX {index} "))
                        || plan.ends_with(&format!("INDEX {index}")),
                    "{question}: {plan}"
                );
                assert!(!plan.contains("TEMP B-TREE"), "{question}: {plan}");
            }
        });
    }
}

mod postgresql {
    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    #[test]
    fn a_server_that_is_away_is_waited_for_and_then_reported() {
        block_on(async {
            let server = Arc::new(postgres::Server::start());
            let url = server.fresh_database();
            let location = Location::Url(Secret::new(url.clone()));
            let ledger = Ledger::open(&location, Mode::ReadWrite).await.unwrap();
            ledger.note(&event("before")).await.unwrap();

            // Away for two seconds: the change waits, and is made once.
            server.stop();
            let resuming = std::thread::spawn({
                let server = Arc::clone(&server);
                move || {
                    std::thread::sleep(Duration::from_secs(2));
                    server.resume();
                }
            });
            ledger.note(&event("meanwhile")).await.unwrap();
            resuming.join().unwrap();
            assert_eq!(ledger.verify(None).await.unwrap().events, 2);

            server.stop();
            for error in [
                ledger.note(&event("lost")).await.unwrap_err(),
                ledger.counts().await.unwrap_err(),
                Ledger::open(&location, Mode::ReadWrite).await.unwrap_err(),
            ] {
                assert!(matches!(error, LedgerError::Unreachable { .. }), "{error:?}");
                assert!(!format!("{error} {error:?}").contains(postgres::PASSWORD), "{error:?}");
            }
            server.resume();
            ledger.note(&event("after")).await.unwrap();
            let verdict = ledger.verify(None).await.unwrap();
            is_whole(&verdict);
            assert_eq!(verdict.events, 3);
        });
    }

    #[test]
    fn connections_killed_while_they_record_record_once_or_not_at_all() {
        block_on(async {
            let server = Arc::new(postgres::Server::start());
            let url = server.fresh_database();
            let database = url.rsplit('/').next().unwrap().to_owned();
            let location = Location::Url(Secret::new(url));
            let ledger = Ledger::open(&location, Mode::ReadWrite).await.unwrap();
            let stop = Arc::new(AtomicBool::new(false));
            let killer = std::thread::spawn({
                let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
                let kill = format!(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                     where datname = '{database}'"
                );
                move || {
                    let mut killed = 0;
                    while !stop.load(Ordering::Relaxed) {
                        killed += server.sql("postgres", &kill).trim().parse::<u32>().unwrap();
                    }
                    killed
                }
            });
            let mut outcomes = Vec::new();
            for number in 0..400 {
                outcomes.push(ledger.note(&event(&format!("test.{number}"))).await.is_ok());
            }
            stop.store(true, Ordering::Relaxed);
            let killed = killer.join().unwrap();
            assert!(killed > 5, "{killed}");
            is_whole(&ledger.verify(None).await.unwrap());
            let events = ledger.events(&EventFilter::default(), 1000).await.unwrap();
            for (number, was_recorded) in outcomes.iter().enumerate() {
                let verb = format!("test.{number}");
                let times = events.iter().filter(|entry| entry.verb == verb).count();
                assert_eq!(times, usize::from(*was_recorded), "{verb}");
            }
        });
    }

    #[test]
    fn a_process_stopped_in_the_middle_of_a_change_does_not_stop_the_others() {
        let test = this_test();
        block_on(async {
            if let Some((who, name)) = task() {
                return stories::grant_for_ever(&who, &name).await;
            }
            let server = postgres::Server::start();
            let url = server.fresh_database();
            let location = Location::Url(Secret::new(url.clone()));
            let ledger = Ledger::open(&location, Mode::ReadWrite).await.unwrap();
            ledger.open_case(&case("C"), "me").await.unwrap();
            let mut child = again(&test, "s", &url).stdout(Stdio::null()).spawn().unwrap();
            let pid = Pid::from_child(&child);
            let holds = "select count(*) from pg_stat_activity where state = 'idle in transaction'";
            loop {
                tokio::time::sleep(Duration::from_millis(13)).await;
                kill_process(pid, Signal::STOP).unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
                if server.sql("postgres", holds).trim() == "1" {
                    break;
                }
                kill_process(pid, Signal::CONT).unwrap();
            }
            // The server ends the stopped process' transaction before our patience ends.
            ledger.note(&event("meanwhile")).await.unwrap();
            // Woken up, the process goes on where it was.
            let before = ledger.head().await.unwrap().seq;
            kill_process(pid, Signal::CONT).unwrap();
            while ledger.head().await.unwrap().seq < before + 4 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                assert!(child.try_wait().unwrap().is_none(), "it did not go on");
            }
            child.kill().unwrap();
            child.wait().unwrap();
            is_whole(&ledger.verify(None).await.unwrap());
        });
    }

    #[test]
    fn a_wrong_password_and_a_missing_database_are_told_apart() {
        block_on(async {
            let url = postgres::url_of_fresh_database();
            let wrong = url.replace(postgres::PASSWORD, "wrong-hunter2");
            let missing = format!("{url}_not_there");
            for (url, is_expected) in [
                (wrong, (|e| matches!(e, LedgerError::Denied { .. })) as fn(&_) -> bool),
                (missing, |e| matches!(e, LedgerError::NoDatabase { .. })),
            ] {
                let location = Location::Url(Secret::new(url));
                let error = Ledger::open(&location, Mode::ReadWrite).await.unwrap_err();
                assert!(is_expected(&error), "{error:?}");
                let said = format!("{error} {error:?} {location} {location:?}");
                assert!(!said.contains("hunter2"), "{said}");
            }
        });
    }

    #[test]
    fn another_machine_without_tls_is_not_spoken_to() {
        block_on(async {
            // Somebody else listens where the server should be, and must not learn who asks.
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let heard = std::thread::spawn(move || {
                let (mut peer, _) = listener.accept().unwrap();
                let mut request = [0; 8];
                std::io::Read::read_exact(&mut peer, &mut request).unwrap();
                // "No TLS here."
                std::io::Write::write_all(&mut peer, b"N").unwrap();
                let mut rest = Vec::new();
                let _ = std::io::Read::read_to_end(&mut peer, &mut rest);
                rest
            });
            let url = format!("postgres://me:hunter2@localhost:{port}/ledger?sslmode=verify-full");
            let location = Location::Url(Secret::new(url));
            let error = Ledger::open(&location, Mode::ReadWrite).await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
            assert_eq!(heard.join().unwrap(), b"");
        });
    }
}

/// The most memory this process has had, in KiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Puts many grants into the ledger, faster than they could be begun: closed ones, and open ones
/// that are due, on a hundred targets. They have no events of their own, so nothing is proved.
async fn seed(stand: &Stand, closed: u32, due: u32) {
    let ledger = stand.open().await;
    ledger.open_case(&case("SEED"), "me").await.unwrap();
    ledger.close().await;
    let all = closed + due;
    // Ids that differ in their first characters, as real ones do.
    let id = "substr('0000000000' || ((n * 7919 + 104729) % 9999991), -10)";
    let id = if stand.url.is_some() {
        "lpad(((n * 7919 + 104729) % 9999991)::text, 10, '0')"
    } else {
        id
    };
    let state = format!("case when n <= {closed} then 'closed' else 'open' end");
    let numbers = format!(
        "with recursive numbers(n) as (select 1 union all select n + 1 from numbers \
         where n < {all})"
    );
    // Each row has an event that left it so.
    let events: Vec<String> = (1..=all).map(|n| seeded_event(n, closed)).collect();
    for page in events.chunks(2_000) {
        let sql = format!(
            "insert into events (seq, at, actor, verb, grant_id, detail, row_hash, hash) values {}",
            page.join(", ")
        );
        assert!(stand.run(&sql).await > 0);
    }
    for sql in [
        format!(
            "insert into grants (id, case_reference, target, supporter_name, supporter_company, \
             access, state, created_at, opened_at, deadline, closed_at, deadline_maximum, terms, \
             attempts, next_attempt_at, last_error, version, lease_owner, lease_until, event_seq) \
             {numbers} select {id}, 'SEED', 'target' || (n % 100), 'Ada', \
             'MultiSafepay', 'sftp', {state}, {NOW}, {NOW}, {NOW} + n % 86400, null, {NOW}, '{{}}', \
             0, null, null, 3, null, null, n + 1 from numbers"
        ),
        format!(
            "insert into layers {numbers} select {id}, 0, 'authorized-key', 'ab', 'deploy', \
             'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI', 'SHA256:' || n, 0, '{{}}', '{{}}', {state}, \
             null, null, 0 from numbers"
        ),
        format!("update tally set grants = grants + {closed} where state = 'closed'"),
        format!("update tally set grants = grants + {due} where state = 'open'"),
    ] {
        assert!(stand.run(&sql).await > 0);
    }
    if stand.url.is_some() {
        stand.run("analyze").await;
    }
}

/// The event of a seeded row, as the values of an `insert`.
fn seeded_event(n: u32, closed: u32) -> String {
    let mut grant = grant(
        &format!("{:010}", (i64::from(n) * 7919 + 104_729) % 9_999_991),
        "SEED",
        &format!("target{}", n % 100),
    );
    grant.supporter.name = "Ada".into();
    grant.opened_at = Some(NOW);
    grant.deadline = NOW + i64::from(n) % 86_400;
    grant.deadline_maximum = NOW;
    grant.terms = "{}".into();
    grant.version = 3;
    let layer = layer("authorized-key", "deploy");
    let (digest, inputs) = ("ab".to_owned(), "{}".to_owned());
    let key_fingerprint = Some(format!("SHA256:{n}"));
    grant.layers = vec![Layer { digest, inputs, key_fingerprint, ..layer }];
    grant.move_to(if n <= closed { State::Closed } else { State::Open });
    let hash = stagepass::testing::ledger::seal_of_grant(&grant);
    format!("({}, {NOW}, 'me', 'grant.open', '{}', '{{}}', '{hash}', 'x')", n + 1, grant.id)
}

/// Another user's process, and a view of `/proc` in which it is hidden.
const HIDDEN: &str = r#"
set -e
setpriv --reuid 65534 --regid 65534 --clear-groups sleep 60 >/dev/null 2>&1 &
read -r pid comm state rest <"/proc/$!/stat"
set -- "$pid/$(cut -d ' ' -f 22 "/proc/$pid/stat")" "$@"
mount --make-rprivate /
mount -t proc -o hidepid=2 proc /proc
export OWNER="$1"
shift
exec setpriv --reuid 65533 --regid 65533 --clear-groups "$@"
"#;

#[test]
#[allow(clippy::disallowed_methods)]
fn two_users_of_one_machine_that_hides_processes_do_not_take_each_others_grants() {
    if inside().is_none() {
        let test = "ledger::two_users_of_one_machine_that_hides_processes_do_not_take_each_others_\
                    grants";
        Again::through(&["unshare", "--mount", "sh", "-c", HIDDEN, "sh"]).run(test);
        return;
    }
    let mine = Lease::mine(NOW, 60);
    let (system, _) = mine.owner.split_once('/').unwrap();
    let owner = std::env::var("OWNER").unwrap();
    let (pid, _) = owner.split_once('/').unwrap();
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "it is not hidden");
    assert!(!lease_is_dead(&format!("{system}/{owner}"), NOW + 60, NOW));
    assert!(lease_is_dead(&format!("{system}/{owner}"), NOW - 1, NOW));
    // Nobody has the highest number that there can be.
    assert!(lease_is_dead(&format!("{system}/4194304/1"), NOW + 60, NOW));
}
