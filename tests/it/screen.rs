//! What a person reads: on terminals of 60, 80 and 120 columns, the morning after, with somebody
//! else's hands in the ledger.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::host::{SUITE, Sudo};
use crate::job::{ANY_PORT, CASE, Granted, Story};
use crate::stage::{Credential, Key};

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
        r#"update events set detail = '{"why": "' || char(92) || 'nFORGED 1"}'"#.to_owned(),
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

#[test]
fn who_interrupts_a_grant_has_it_undone_and_is_told_which_it_is() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("shop", &host, "deploy", &["--become", "sudo"]);
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let steps = ["making access", "trying the supporter's login", "taking the verification key"];
    for step in steps {
        let words =
            Story::grant_words("shop", &[&["--timings", "--key", public], &ANY_PORT[..]].concat())
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>();
        let mut grant = story.stage.command(words).spawn();
        grant.wait_for_stderr(step);
        grant.signal(rustix::process::Signal::INT);
        let run = grant.wait().exits(7);
        assert!(run.stderr.contains("interrupted"), "{}", run.told());
        // In the moment before anything is begun there is nothing to take back.
        let undone = run.stderr.contains("taken back and re-read as gone");
        let nothing = step == steps[0] && run.stderr.contains("nothing had been made");
        assert!(undone || nothing, "{}", run.told());
        assert!(!run.stderr.contains("`stagepass sweep`"), "{}", run.told());
        let listed = story.run(["--json", "list", "--all"]).ok().json();
        let grants = listed["result"]["grants"].as_array().unwrap();
        assert!(grants.iter().all(|grant| grant["state"] == "closed"), "{step}: {listed}");
        assert_eq!(host.sh("getent passwd | grep -c '^sp-' || true").trim(), "0", "{step}");
    }
    // Before anything was begun.
    let asked = story.stage.command(["grant", "--case", CASE, "--target", "shop"]);
    let run = asked.run_tty(&[("Supporter's name", "\u{3}")]);
    assert!(run.stdout.contains("nothing had been made"), "{}", run.told());
    assert!(!run.stdout.contains("sweep"), "{}", run.told());
}

#[test]
fn each_secret_has_a_file_of_its_own_and_no_file_is_named_for_none() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("shop", &host, "deploy", &["--become", "sudo"]);
    let key = story.stage.supporter_key();
    let file = story.stage.path().join("jane.key");
    let name = file.to_str().unwrap();
    let run = story.grant("shop", &["--key", key.public.to_str().unwrap(), "--output", name]);
    assert_eq!(run.exits(2).json()["error"]["id"], "output-needless");
    assert!(!file.exists());

    let more = ["--generate-key", "--password", "--access", "ssh", "--output", name];
    let granted = story.granted("shop", &more);
    let beside = story.stage.path().join("jane.key.password");
    let files = granted.document["files"].as_array().unwrap();
    assert_eq!(files.len(), 2, "{files:?}");
    let password = std::fs::read_to_string(&beside).unwrap();
    for path in [&file, &beside] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Each is used as it is.
    let run = story.stage.ssh(&host, &granted.account, Credential::Key(&file), &["true"]);
    run.ok();
    let with = Credential::Password(password.trim_end_matches('\n'));
    story.stage.ssh(&host, &granted.account, with, &["true"]).ok();
    story.run(["revoke", &granted.id]).ok();
}

#[test]
fn a_copy_of_the_ledgers_file_is_the_whole_ledger() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("shop", &host, "deploy", &["--become", "sudo"]);
    let key = story.stage.supporter_key();
    let ledger = story.stage.state().join("ledger.sqlite3");
    let granted = story.granted_key("shop", &key, &["--for", "1h"]);
    let elsewhere = story.stage.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let copied = elsewhere.join("ledger.sqlite3");
    for words in [&["show", &granted.id][..], &["revoke", &granted.id], &["sweep"]] {
        story.run(words.iter().copied()).ok();
        std::fs::copy(&ledger, &copied).unwrap();
        let head = |state: &Path| {
            let run = story.run(["--state", state.to_str().unwrap(), "--json", "ledger", "verify"]);
            run.ok().json()["result"]["verdict"]["head"].clone()
        };
        assert_eq!(head(&elsewhere), head(&story.stage.state()), "{words:?}");
        let _ = std::fs::remove_dir_all(&elsewhere);
        std::fs::create_dir(&elsewhere).unwrap();
    }
    // And one that is asked for.
    let backup = story.stage.path().join("of-today.sqlite3");
    let name = backup.to_str().unwrap();
    let run = story.run(["--json", "ledger", "backup", name]).ok();
    let now = story.run(["--json", "ledger", "verify"]).ok();
    let verdict = |run: &crate::stage::Ended| run.json()["result"]["verdict"].clone();
    assert_eq!(verdict(&run), verdict(&now));
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(backup.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let run = story.run(["ledger", "backup", name]).exits(2);
    assert!(run.stderr.contains("name a new file"), "{}", run.told());
}

#[test]
fn what_is_said_is_what_will_happen() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("shop", &host, "deploy", &["--become", "sudo"]);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("shop", &key, &["--for", "1h"]);
    host.stop_sshd();
    let run = story.run(["revoke", &granted.id]).exits(7);
    assert!(run.stdout.contains("no schedule does it by itself"), "{}", run.told());
    assert!(!run.output().contains("tried again by the sweep in"), "{}", run.told());
    host.start_sshd();
    // A sweep by hand is no schedule.
    let _ = story.run(["sweep"]);
    let again = story.granted_key("shop", &story.stage.key("ed25519"), &["--for", "1h"]);
    let run = story.run(["doctor"]).exits(8);
    assert!(run.stdout.contains("nothing sweeps on time"), "{}", run.told());
    let _ = story.run(["revoke", &again.id]);
}

#[test]
fn a_finding_is_told_once_and_then_daily() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("shop", &host, "deploy", &["--become", "sudo"]);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("shop", &key, &["--for", "1h"]);
    host.sh("useradd --create-home planted");
    story.run(["revoke", &granted.id]).exits(8);
    let run = story.run(["sweep"]).exits(8);
    assert!(run.stderr.contains(&granted.id), "{}", run.told());
    let run = story.run(["sweep"]).exits(8);
    assert_eq!(run.output(), "", "a mail every five minutes");
    // Who asks is told.
    let run = story.run(["list"]).exits(8);
    assert!(run.stdout.contains("FOUND"), "{}", run.told());
    let run = story.stage.command(["sweep"]).run_tty(&[]);
    assert!(run.stdout.contains(&granted.id), "{}", run.told());
    // A day later it is told again; and something new at once.
    story.stage.set_clock(25 * 3600);
    let run = story.run(["sweep"]).exits(8);
    assert!(run.stderr.contains(&granted.id), "{}", run.told());
    story.run(["acknowledge", &granted.id, "--reason", "it was the test"]).ok();
    assert_eq!(story.run(["sweep"]).ok().output(), "");
}

#[test]
fn lists_that_are_cut_and_folders_that_are_empty_are_said() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("shop", &host, "deploy", &["--become", "sudo"]);
    let first = story.granted_key("shop", &story.stage.supporter_key(), &["--for", "1h"]);
    let key = story.stage.key("ed25519");
    let second = granted_to(&story, "shop", "John Roe", &key, &["--for", "1h"]);
    let run = story.run(["list", "--limit", "1"]).ok();
    assert!(run.stderr.contains("only the first 1 are listed"), "{}", run.told());
    assert_eq!(story.run(["--json", "list", "--limit", "1"]).ok().json()["result"]["more"], true);
    let run = story.run(["list", "--limit", "2"]).ok();
    assert!(!run.stderr.contains("only the first"), "{}", run.told());
    let wrong = story.stage.path().join("mistyped");
    let run = story.run(["--state", wrong.to_str().unwrap(), "list"]).ok();
    let told = format!("no grants recorded in {}", wrong.display());
    assert!(run.stderr.contains(&told), "{}", run.told());
    for id in [&first.id, &second.id] {
        story.revoked(id);
    }
    let run = story.run(["list"]).ok();
    let told = format!("no access is open, says {}", story.stage.state().display());
    assert!(run.stderr.contains(&told), "{}", run.told());

    // A closed case whose ticket goes on.
    story.run(["case", "close", CASE]).ok();
    story.run(["case", "reopen", CASE, "--reason", " "]).exits(2);
    story.run(["case", "reopen", CASE]).exits(2);
    let run = story.run(["case", "reopen", CASE, "--reason", "the customer wrote again"]).ok();
    assert!(run.stdout.contains("is open again"), "{}", run.told());
    let third = story.granted_key("shop", &key, &["--for", "1h"]);
    story.revoked(&third.id);
    assert!(story.ledger().contains("the customer wrote again"));
    story.run(["case", "close", CASE]).ok();
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn the_supporter_is_told_the_supporters_way() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("shop", &host, "deploy", &["--become", "sudo"]);
    let public = ["--become", "sudo", "--public-host", "staging.shop.example:2222"];
    story.target("public", &host, "deploy", &public);
    let key = story.stage.supporter_key();
    // 127.0.0.1 is nobody else's way.
    let ours = story.granted_key("shop", &key, &["--for", "1h"]);
    let connect = &ours.document["connect"];
    assert_eq!(connect["port"], host.port);
    assert!(connect["doubt"].as_str().unwrap().contains("--public-host"), "{connect}");
    let other = story.stage.key("ed25519");
    let theirs = story.granted_key("public", &other, &["--for", "1h", "--access", "ssh"]);
    let connect = &theirs.document["connect"];
    let command = format!("ssh -p 2222 {}@staging.shop.example", theirs.account);
    assert_eq!(connect["command"], command.as_str(), "{connect}");
    assert_eq!(
        (&connect["host"], &connect["port"], &connect["user"], &connect["doubt"]),
        (
            &"staging.shop.example".into(),
            &2222.into(),
            &theirs.account.as_str().into(),
            &serde_json::Value::Null
        )
    );
    assert_eq!(connect["host_keys"][0], host.fingerprint.as_str());
    assert_eq!(story.show(&theirs.id)["connect"], *connect);
    let run = story.run(["show", &theirs.id]).ok();
    assert!(run.stdout.contains(&command), "{}", run.told());
    assert!(run.stdout.contains(&host.fingerprint), "{}", run.told());
    let bad = ["--become", "sudo", "--replace", "--public-host", "-oProxyCommand=x"];
    story.stage.add_target("public", &host, "deploy", &bad).exits(2);
}
