//! Deadlines by clocks that are wrong, that jump, and on the days on which calendars do.
//!
//! A deadline is kept by the server's clock, and never late. `seconds_late` is where that is said.

use std::thread;
use std::time::Duration;

use chrono::DateTime;

use crate::host::{Host, SUITE, Sudo, suites};
use crate::job::{ANY_PORT, Granted, Story, nothing_is_left, now};
use crate::matrix::Row;
use crate::stage::{Credential, Key, Run, Stage};

/// The most that an end may be late, in seconds.
const LATE: i64 = 60;

/// Unix seconds of a time such as `2028-02-29T00:30:00Z`.
fn at(time: &str) -> i64 {
    DateTime::parse_from_rfc3339(time).unwrap().timestamp()
}

/// The host's own idea of the time.
fn time_of(host: &Host) -> i64 {
    host.sh("date +%s").trim().parse().unwrap()
}

fn may_log_in(stage: &Stage, host: &Host, account: &str, with: Credential<'_>) -> bool {
    let run: Run = stage.sftp(host, account, with, "pwd\n");
    // In the second of the deadline sshd may still take the key, and the gate says no.
    let answers = ["Permission denied", "stagepass: ", "Connection closed"];
    let is_refused = answers.iter().any(|answer| run.stderr.contains(answer));
    assert!(run.exit == 0 || is_refused, "{}", run.told());
    run.exit == 0
}

/// How many seconds after `end`, by this machine's clock, something is over; it is asked again and
/// again. What ends by itself within a minute is on time.
fn seconds_late(end: i64, mut goes_on: impl FnMut() -> bool) -> i64 {
    while now() <= end {
        thread::sleep(Duration::from_millis(50));
    }
    let mut late = 0;
    loop {
        let asked = now();
        if !goes_on() {
            return late;
        }
        late = asked - end;
        assert!(late <= LATE, "it goes on {late} s after its end");
        thread::sleep(Duration::from_millis(500));
    }
}

// ---- the clock itself --------------------------------------------------------------------------

#[test]
fn a_booted_or_light_host_has_the_clock_it_was_given() {
    for (kind, suite) in suites().into_iter().map(|suite| ("light", suite)).chain([("full", SUITE)])
    {
        let stage = Stage::new();
        let builder = if kind == "full" { stage.full(suite) } else { stage.light(suite) };
        let host = builder.clock("-7200").time_zone("Europe/Rome").start();
        // Hours are set, and what asks may wait its turn.
        let near = |time: i64, shift: i64| (time - now() - shift).abs() <= 30;
        assert!(near(time_of(&host), -7200));
        // By whatever program, over ssh too, in a shell of its own.
        let admin = Credential::Key(&stage.admin.private);
        let run = stage.ssh(&host, "root", admin, &["date", "+%s"]).ok();
        assert!(near(run.stdout.trim().parse().unwrap(), -7200), "{}", run.told());
        let file = host.sh("touch /root/new; stat -c %Y /root/new; find /root/new -mmin -1");
        let (time, found) = file.split_once('\n').unwrap();
        assert!(near(time.parse().unwrap(), -7200) && found.contains("new"), "{file}");
        let set = host.sh("touch -d @1000000000 /root/set; stat -c %Y /root/set");
        assert_eq!(set, "1000000000\n");
        // A change is seen by what runs already.
        let running = thread::scope(|scope| {
            let running = scope.spawn(|| {
                let wait = "a=$(date +%s); touch /run/begun; until [ $(date +%s) -ge $((a + 9000)) ]; do sleep 0.1; done; date +%s";
                stage.ssh(&host, "root", admin, &[wait])
            });
            host.sh(
                "for i in $(seq 300); do ! test -e /run/begun || exit 0; sleep 0.1; done; exit 1",
            );
            host.set_clock("+7200");
            running.join().unwrap().ok()
        });
        assert!(near(running.stdout.trim().parse().unwrap(), 7200), "{}", running.told());
        // What was written before keeps its time.
        let stays = host.sh("stat -c %Y /root/new; stat -c %Y /root/set; touch /root/later; find /root/later -mmin -1");
        assert!(
            stays.starts_with(&format!("{time}\n1000000000\n")) && stays.contains("later"),
            "{stays}"
        );
        // Nobody on the host sets the clock of the machine.
        host.exec(&["date", "-s", "2001-01-01"]).fails();
        host.set_clock("@1900000000");
        assert!((1_900_000_000..1_900_000_030).contains(&time_of(&host)));
        if kind == "full" {
            // The service manager's timers go by it: by a clock that is set, and by one that runs.
            host.sh("systemd-run --quiet --on-calendar='@1900000300' \
                --timer-property=AccuracySec=1s touch /run/rang; ! test -e /run/rang");
            host.set_clock("@1900000302");
            host.sh(
                "for i in $(seq 300); do ! test -e /run/rang || exit 0; sleep 0.1; done; exit 1",
            );
            host.sh("systemd-run --quiet --on-calendar='@1900000600' \
                --timer-property=AccuracySec=1s touch /run/rang-too");
            host.set_clock("@1900000588");
            host.sh(
                "! test -e /run/rang-too
                for i in $(seq 300); do ! test -e /run/rang-too || exit 0; sleep 0.1; done; exit 1",
            );
            assert!(time_of(&host) >= 1_900_000_600);
        }
    }
}

#[test]
fn cron_runs_without_a_service_manager_and_by_the_hosts_clock() {
    let stage = Stage::new();
    // Five seconds before a full minute.
    let host = stage.light(SUITE).deploy(Sudo::None).clock("@1900000015").start();
    host.sh("echo '* * * * * root touch /run/by-root' >/etc/cron.d/job
            echo '* * * * * touch by-deploy' | crontab -u deploy -
            for i in $(seq 300); do
                ! test -e /run/by-root || ! test -e /home/deploy/by-deploy || exit 0
                sleep 0.1
            done
            exit 1");
    let ran = host.sh("stat -c %Y /run/by-root");
    let late = ran.trim().parse::<i64>().unwrap() - 1_900_000_020;
    assert!((0..=15).contains(&late), "{late}");
    host.sh("! test -e /run/systemd/system");
}

#[test]
fn the_merchants_computer_has_the_clock_it_was_given() {
    let stage = Stage::new();
    stage.set_clock(-7200);
    let time = || stage.program("date", ["+%s"]).run().ok().stdout.trim().parse::<i64>().unwrap();
    assert!((time() - now() + 7200).abs() <= 10);
    stage.run(["case", "open", "C-1", "--desk", "multisafepay"]).ok();
    let case = stage.run(["case", "show", "C-1", "--json"]).ok().json();
    let opened = case["result"]["case"]["opened_at"].as_i64().unwrap();
    assert!((opened - now() + 7200).abs() <= 20, "{case}");
    stage.set_clock(7200);
    assert!((time() - now() - 7200).abs() <= 10);
}

// ---- a grant and its end -----------------------------------------------------------------------

/// What sshd and the system were told about the end of a grant.
#[derive(Debug)]
struct Told {
    /// `expiry-time` of the supporter's key line.
    line: String,
    /// The day from which the account is expired; none in the merchant's own account.
    day: Option<i64>,
}

fn told(host: &Host, granted: &Granted) -> Told {
    let account = &granted.account;
    let lines = host.sh(&format!("cat /home/{account}/.ssh/authorized_keys"));
    let ours = lines.lines().find(|line| line.contains(&granted.id)).unwrap();
    let (_, rest) = ours.split_once("expiry-time=\"").unwrap_or_else(|| panic!("no end: {ours}"));
    let day = host.sh(&format!("getent shadow {account} | cut -d: -f8"));
    Told { line: rest.split('"').next().unwrap().to_owned(), day: day.trim().parse().ok() }
}

/// The first whole day, counted in UTC, on which nothing of the grant is left.
fn day_after(time: i64) -> i64 {
    (time + 86_399).div_euclid(86_400)
}

/// A merchant whose clock is `ahead` seconds off.
fn merchant(ahead: i64) -> Story {
    let story = Story::new();
    if ahead != 0 {
        story.stage.set_clock(ahead);
        story.begins_now();
    }
    story
}

/// Whether the account is the merchant's own, and its provider.
type Shared = bool;

fn provider(shared: Shared) -> &'static str {
    if shared { "authorized-key" } else { "linux-account" }
}

/// A server that is the target `staging`.
fn server(story: &Story, builder: crate::host::Builder, shared: Shared) -> Host {
    let host = builder.deploy(Sudo::NoPassword).shop().start();
    host.sh("chown -R deploy: /var/www/shop");
    let elevation = if shared { "none" } else { "sudo" };
    story.target("staging", &host, "deploy", &["--become", elevation]);
    host
}

fn grant(story: &Story, key: &Key, lasts: &str) -> Granted {
    let public = key.public.to_str().unwrap();
    let more = ["--json", "--key", public, "--for", lasts, "--access", "ssh"];
    let words = Story::grant_words("staging", &[&more[..], &ANY_PORT].concat());
    Granted::of(&story.run(words).ok())
}

/// One clock of a server and one of a merchant that do not agree, or agree and are both wrong.
struct Clocks {
    suite: &'static str,
    server: i64,
    merchant: i64,
    shared: Shared,
}

/// Nobody sets a clock here: the last seconds of a grant really pass.
#[test]
fn a_clock_that_is_two_hours_off_moves_no_deadline() {
    let clocks = [
        Clocks { suite: "bookworm", server: 7200, merchant: 0, shared: false },
        Clocks { suite: "bookworm", server: -7200, merchant: 0, shared: true },
        Clocks { suite: "bullseye", server: -7200, merchant: 0, shared: false },
        Clocks { suite: "bullseye", server: 7200, merchant: 0, shared: true },
        Clocks { suite: "trixie", server: 0, merchant: 7200, shared: false },
        Clocks { suite: "trixie", server: 0, merchant: -7200, shared: true },
    ];
    thread::scope(|scope| {
        // They mostly wait.
        let running: Vec<_> = clocks.iter().map(|one| scope.spawn(|| keeps_its_end(one))).collect();
        for one in running {
            assert!(one.join().is_ok(), "see above");
        }
    });
}

fn keeps_its_end(clocks: &Clocks) {
    let story = merchant(clocks.merchant);
    let mut builder = story.stage.light(clocks.suite);
    if clocks.server != 0 {
        builder = builder.clock(&clocks.server.to_string());
    }
    let host = server(&story, builder, clocks.shared);
    let mut row = Row::new(
        &host,
        &format!("clock {:+} s, the merchant's {:+} s", clocks.server, clocks.merchant),
        provider(clocks.shared),
    );
    let key = story.stage.supporter_key();
    let with = Credential::Key(&key.private);
    let public = key.public.to_str().unwrap();
    let plan = ["--key", public, "--dry-run"];
    let run = story.run(Story::grant_words("staging", &[&ANY_PORT[..], &plan].concat())).ok();
    let word = if clocks.server > clocks.merchant { " s ahead of" } else { " s behind" };
    let said = run.output().contains(word) && run.output().contains("server's clock");
    assert!(said, "{}", run.told());

    let began = now();
    let one = grant(&story, &key, "30s");
    // In whose time the ledger has it, and in whose the server was told.
    let end = one.deadline - clocks.merchant;
    assert!((end - began - 30).abs() <= 8, "{one:?}");
    let told = told(&host, &one);
    if clocks.suite != "bullseye" {
        let line = chrono::NaiveDateTime::parse_from_str(&told.line, "%Y%m%d%H%M%SZ").unwrap();
        let late = line.and_utc().timestamp() - clocks.server - end;
        assert!((-2..=1).contains(&late), "{late} s late: {told:?}");
    }
    if let Some(day) = told.day {
        // Between two seconds a day may begin.
        let days = [end - 2, end + 1].map(|end| day_after(end + clocks.server));
        assert!(days.contains(&day), "{day} {days:?}");
    }
    thread::scope(|scope| {
        let session = scope
            .spawn(|| (story.stage.ssh(&host, &one.account, with, &["echo in; sleep 600"]), now()));
        // A key's end is asked at every login. How far the clocks are apart is known to a second.
        let late = seconds_late(end, || may_log_in(&story.stage, &host, &one.account, with));
        assert!(late <= 3, "{late} s late: {one:?}");
        let (run, ended) = session.join().unwrap();
        assert!(run.stdout == "in\n" && run.exit != 0, "{}", run.told());
        assert!((-2..=LATE).contains(&(ended - end)), "the session ended {} s late", ended - end);
        row.late(late.max(ended - end));
    });
    assert_eq!(story.state(&one.id), "open", "nobody has swept yet");
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    assert_eq!(story.state(&one.id), "closed");
    nothing_is_left(&host, &one.id);
    story.run(["ledger", "verify"]).ok();
}

// ---- days on which calendars do something ------------------------------------------------------

/// A window with something in it that is not an ordinary hour.
struct Window {
    what: &'static str,
    suite: &'static str,
    zone: &'static str,
    /// When the grant is made.
    from: &'static str,
    lasts: &'static str,
    /// When it ends.
    until: &'static str,
    /// What stands in the key line.
    line: &'static str,
    /// Whether a line in the merchant's own account is tried as well.
    shared: bool,
}

const WINDOWS: [Window; 8] = [
    Window {
        what: "summer time begins inside",
        suite: "bullseye",
        zone: "Europe/Rome",
        from: "2026-03-29T00:30:00+01:00",
        lasts: "4h",
        until: "2026-03-29T05:30:00+02:00",
        // 8.4 reads it as standard time, in summer too.
        line: "20260329043000",
        shared: true,
    },
    Window {
        what: "it ends right where an hour is missing",
        suite: "bullseye",
        zone: "Europe/Rome",
        from: "2026-03-29T00:30:00+01:00",
        lasts: "90m",
        until: "2026-03-29T03:00:00+02:00",
        line: "20260329020000",
        shared: false,
    },
    Window {
        what: "it ends in the first of two hours of the same name",
        suite: "bullseye",
        zone: "Europe/Rome",
        from: "2026-10-25T00:30:00+02:00",
        lasts: "2h",
        until: "2026-10-25T02:30:00+02:00",
        line: "20261025013000",
        shared: true,
    },
    Window {
        what: "it ends in the second of two hours of the same name",
        suite: "bullseye",
        zone: "Europe/Rome",
        from: "2026-10-25T00:30:00+02:00",
        lasts: "3h",
        until: "2026-10-25T02:30:00+01:00",
        line: "20261025023000",
        shared: false,
    },
    Window {
        what: "summer time begins inside, in the south",
        suite: "bullseye",
        zone: "America/Santiago",
        from: "2026-09-05T22:30:00-04:00",
        lasts: "4h",
        until: "2026-09-06T03:30:00-03:00",
        line: "20260906023000",
        shared: false,
    },
    Window {
        what: "29 February is inside",
        suite: "bullseye",
        zone: "UTC",
        from: "2028-02-28T23:00:00Z",
        lasts: "2h",
        until: "2028-02-29T01:00:00Z",
        line: "20280229010000",
        shared: false,
    },
    Window {
        what: "29 February is inside",
        suite: "trixie",
        zone: "Pacific/Auckland",
        from: "2028-02-28T23:00:00Z",
        lasts: "1d",
        until: "2028-02-29T23:00:00Z",
        line: "20280229230000Z",
        shared: false,
    },
    Window {
        what: "a year ends inside",
        suite: "bullseye",
        zone: "America/New_York",
        from: "2026-12-31T22:30:00Z",
        lasts: "3h",
        until: "2027-01-01T01:30:00Z",
        line: "20261231203000",
        shared: false,
    },
];

#[test]
fn summer_time_29_february_and_the_end_of_a_year_move_no_deadline() {
    let both = |window: &'static Window| {
        [false, true]
            .into_iter()
            .filter(|shared| !shared || window.shared)
            .map(move |s| (window, s))
    };
    let all: Vec<_> = WINDOWS.iter().flat_map(both).collect();
    for some in all.chunks(3) {
        thread::scope(|scope| {
            let running: Vec<_> =
                some.iter().map(|(one, shared)| scope.spawn(|| ends_in(one, *shared))).collect();
            for (one, (window, shared)) in running.into_iter().zip(some) {
                let (what, name) = (window.what, provider(*shared));
                assert!(one.join().is_ok(), "`{what}` on {} by {name}", window.suite);
            }
        });
    }
}

fn ends_in(window: &Window, shared: Shared) {
    let (from, until) = (at(window.from), at(window.until));
    let story = merchant(from - now());
    let builder = story.stage.light(window.suite).time_zone(window.zone);
    let host = server(&story, builder.clock(&format!("@{from}")), shared);
    let _row = Row::new(&host, &format!("{}, {}", window.zone, window.what), provider(shared));
    // The server's clock and the merchant's agree; both are set.
    let set = |time: i64| {
        story.stage.set_clock(time - now());
        host.set_clock(&format!("@{time}"));
    };
    let key = story.stage.supporter_key();
    let with = Credential::Key(&key.private);
    // What the table says, however long the commands before took, but for what this one takes to begin. What would
    // be wrong is wrong by half an hour at least.
    set(from);
    let one = grant(&story, &key, window.lasts);
    let late = one.deadline - until;
    assert!((0..=60).contains(&late), "{late}: {one:?}");
    let told = told(&host, &one);
    let stamp = |text: &str| {
        let text = text.trim_end_matches('Z');
        chrono::NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").unwrap()
    };
    let more = (stamp(&told.line) - stamp(window.line)).num_seconds();
    // The server's clock was set some moments after the merchant's.
    assert!((late - 60..=late + 1).contains(&more), "{told:?} {}", window.line);
    assert_eq!(told.line.ends_with('Z'), window.line.ends_with('Z'));
    if let Some(day) = told.day {
        // Between two seconds a day may begin.
        let days = [until + more, until + late].map(day_after);
        assert!(days.contains(&day), "{day} {days:?}");
    }
    set(until - 20);
    assert!(may_log_in(&story.stage, &host, &one.account, with), "{one:?} ended early");
    set(one.deadline + 2);
    assert!(!may_log_in(&story.stage, &host, &one.account, with), "{one:?} is open");
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    assert_eq!(story.state(&one.id), "closed");
    nothing_is_left(&host, &one.id);
    story.run(["ledger", "verify"]).ok();
}
