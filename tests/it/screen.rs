//! What a person reads: on terminals of 60, 80 and 120 columns, the morning after, with somebody
//! else's hands in the ledger.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::host::{SUITE, Sudo};
use crate::job::{ANY_PORT, CASE, Granted, Story};
use crate::stage::Key;

/// Widths of terminals that people have.
const WIDTHS: [u16; 3] = [60, 80, 120];

/// Changes the ledger behind its back.
fn tamper(ledger: &Path, sql: &str) {
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n\
                  c.executescript(sys.argv[2])\nc.commit()\n";
    let run = Command::new("python3").args(["-c", script]).arg(ledger).arg(sql).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// The lines of a terminal, without colours.
fn lines(screen: &str) -> Vec<String> {
    let mut bare = String::new();
    let mut chars = screen.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else if c != '\r' {
            bare.push(c);
        }
    }
    bare.lines().map(str::to_owned).collect()
}

/// A grant for somebody of this name.
fn granted_to(story: &Story, target: &str, name: &str, key: &Key, more: &[&str]) -> Granted {
    let mut words = vec!["grant", "--json", "--case", CASE, "--target", target];
    words.extend(["--supporter", name, "--key", key.public.to_str().unwrap()]);
    words.extend(ANY_PORT);
    words.extend(more);
    Granted::of(&story.run(words).ok())
}

#[test]
fn a_row_that_somebody_changed_is_left_alone_and_told() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("shop", &host, "deploy", &["--become", "sudo"]);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("shop", &key, &["--for", "1h"]);
    let other_key = story.stage.key("ed25519");
    let other = granted_to(&story, "shop", "John Roe", &other_key, &["--for", "1h"]);
    let ledger = story.stage.state().join("ledger.sqlite3");
    let id = granted.id.as_str();

    // A deadline that is put off by SQL puts off nothing unseen.
    tamper(&ledger, &format!("update grants set deadline = deadline + 864000 where id = '{id}'"));
    let head = story.run(["--json", "show", id]).ok().json()["result"]["ledger_head"].clone();
    for words in [&["sweep"][..], &["sweep", "--check"], &["list"], &["revoke", id]] {
        let run = story.run(words.iter().copied()).exits(8);
        assert!(run.output().contains(id), "{}", run.told());
        assert!(!run.output().contains(&other.id) || words == ["list"], "{}", run.told());
        assert!(run.stderr.contains("ledger verify"), "{}", run.told());
    }
    let run = story.run(["list"]).exits(8);
    let first = run.stdout.lines().nth(1).unwrap();
    assert!(first.contains(id) && first.contains("open, ALTERED"), "{}", run.told());
    let run = story.run(["show", id]).ok();
    assert!(run.stderr.contains("changed by something else than stagepass"), "{}", run.told());
    for words in [
        &["extend", id, "--for", "2h", "--reason", "a test"][..],
        &["verify", id],
        &["case", "close", CASE],
    ] {
        story.run(words.iter().copied()).exits(8);
    }
    // Nothing was written over it, and nothing done: the account is there, and verify says where.
    assert_eq!(host.exec(&["id", &granted.account]).exit, 0);
    assert_ne!(head, serde_json::Value::Null);
    let run = story.run(["ledger", "verify"]).exits(1);
    assert!(run.stderr.contains(id), "{}", run.told());

    // The way out that is named works: given up, and ended on the server.
    let why = ["--forget", "--reason", "somebody wrote in the ledger"];
    story.run([&["revoke", id][..], &why].concat()).ok();
    let run = story.run(["reconcile", "shop", "--close", id]).ok();
    assert!(run.stdout.contains(id), "{}", run.told());
    assert_ne!(host.exec(&["id", &granted.account]).exit, 0);
    let forgotten = story.run(["--json", "show", id]).ok().json();
    let events = forgotten["result"]["events"].as_array().unwrap();
    let told = events.iter().any(|one| {
        one["verb"] == "grant.forgotten"
            && one["detail"].as_str().unwrap().contains(r#""altered":true"#)
    });
    assert!(told, "{events:?}");
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn what_stands_in_a_row_makes_no_line_of_its_own() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("shop", &host, "deploy", &["--become", "sudo"]);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("shop", &key, &["--for", "1h"]);
    let ledger = story.stage.state().join("ledger.sqlite3");
    let forged = "x y' || char(10) || 'FORGED 0000000000 open' || char(27) || '[2J'";
    for sql in [
        format!("update grants set supporter_name = '{forged} || hex(zeroblob(20000))"),
        format!("update grants set last_error = '{forged}"),
        format!("update grants set drift = '{forged}"),
        format!("update grants set target = '{forged}"),
        format!("update layers set account = '{forged}"),
        format!("update cases set desk = '{forged}"),
        format!("update events set actor = '{forged}"),
        format!("update events set verb = '{forged}"),
        format!("update events set detail = '{{\"why\": \"' || char(92) || 'nFORGED 1\"}}'"),
    ] {
        tamper(&ledger, &sql);
    }
    for words in [
        &["list"][..],
        &["list", "--all"],
        &["show", &granted.id],
        &["case", "list"],
        &["case", "show", CASE],
        &["sweep"],
        &["revoke", "--all"],
        &["revoke", "--all", "--dry-run"],
    ] {
        for columns in WIDTHS {
            let run = story.stage.command(words.iter().copied()).run_tty_of(columns, &[]);
            for line in lines(&run.stdout) {
                assert!(!line.trim_start().starts_with("FORGED"), "{words:?}: {line}");
            }
            assert!(!run.stdout.contains("\u{1b}[2J"), "{words:?}: {}", run.told());
            assert!(run.stdout.len() < 30_000, "{words:?}: {}", run.stdout.len());
        }
    }
}

#[test]
fn the_morning_after_nothing_went_wrong() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("shop", &host, "deploy", &["--become", "sudo"]);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("shop", &key, &["--for", "1h"]);
    let id = granted.id.as_str();
    host.sh("pkill -STOP -x cron");
    Story::wait_until_over(story.ends_in(id, 2));

    // Nobody was asked: it is over, and not confirmed, and that is no failure.
    let run = story.run(["list"]).ok();
    assert!(run.stdout.contains("over, not confirmed"), "{}", run.told());
    let told = format!("{id}: the server was to end it at ");
    assert!(run.stderr.contains(&told) && run.stderr.contains("`stagepass sweep` asks it"));
    let document = story.run(["--json", "list"]).ok().json();
    let listed = &document["result"]["grants"][0];
    assert_eq!((&listed["unconfirmed"], &listed["overdue"]), (&true.into(), &false.into()));
    let run = story.run(["show", id]).ok();
    assert!(run.stdout.contains("over, not confirmed"), "{}", run.told());

    // At a terminal the server is asked; here cron has no hand in it, so that it is still there,
    // and that is said. The gate lets nobody in.
    for columns in WIDTHS {
        let run = story.stage.command(["list"]).run_tty_of(columns, &[]);
        assert!(run.stdout.contains("over, STILL THERE"), "{}", run.told());
        assert_eq!(run.exit, 8, "{}", run.told());
        for line in lines(&run.stdout).iter().filter(|line| line.contains("STILL THERE")) {
            assert!(line.starts_with(id) && line.contains("shop"), "{line}");
            assert!(line.chars().count() <= usize::from(columns), "{line}");
        }
    }
    // A server that is away costs seconds and changes no word.
    host.stop_sshd();
    let run = story.stage.command(["show", id]).run_tty_of(80, &[]).ok();
    assert!(run.stdout.contains("over, not confirmed"), "{}", run.told());
    host.start_sshd();
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    let run = story.run(["show", id]).ok();
    // What is over does not end in the future or the past any more.
    assert!(run.stdout.contains("deadline ") && !run.stdout.contains("ends "), "{}", run.told());

    // The server did it by itself: that is what it says, and the next sweep takes it down.
    host.sh("pkill -CONT -x cron");
    let second = story.granted_key("shop", &key, &["--for", "1h"]);
    Story::wait_until_over(story.ends_in(&second.id, 2));
    let patience = Instant::now() + Duration::from_secs(150);
    while host.exec(&["id", &second.account]).exit == 0 {
        assert!(Instant::now() < patience, "the failsafe closed nothing");
        std::thread::sleep(Duration::from_millis(200));
    }
    let run = story.stage.command(["list"]).run_tty_of(80, &[]).ok();
    assert!(run.stdout.contains("over, says the server"), "{}", run.told());
    assert!(run.stdout.contains("`stagepass sweep` records it"), "{}", run.told());
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    assert_eq!(story.state(&second.id), "closed");
}

#[test]
fn a_table_fits_its_window_and_keeps_ids_and_names_whole() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("staging-of-the-shop", &host, "deploy", &["--become", "sudo"]);
    let key = story.stage.supporter_key();
    let name = "Maximiliane Musterfrau-Doe";
    let granted = granted_to(&story, "staging-of-the-shop", name, &key, &[]);
    for columns in WIDTHS {
        let run = story.stage.command(["list"]).run_tty_of(columns, &[]).ok();
        let lines = lines(&run.stdout);
        for line in &lines {
            assert!(line.chars().count() <= usize::from(columns), "{columns}: {line}");
        }
        let row = lines.iter().find(|line| line.starts_with(&granted.id)).unwrap();
        assert!(row.contains("staging-of-the-shop"), "{row}");
        assert!(row.contains("in 14 days"), "{row}");
        let gone = lines.iter().find(|line| line.starts_with("not shown: "));
        assert!(gone.is_some() || columns == 120, "{}", run.told());
        if columns >= 80 {
            assert!(row.contains("Maximiliane Musterfrau-Doe"), "{row}");
        }
        for words in [&["target", "list"][..], &["provider", "list"], &["desk", "list"]] {
            let run = story.stage.command(words.iter().copied()).run_tty_of(columns, &[]).ok();
            for line in self::lines(&run.stdout) {
                assert!(line.chars().count() <= usize::from(columns), "{columns}: {line}");
            }
        }
    }
}
