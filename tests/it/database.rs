//! A ledger on PostgreSQL, as the program uses it: what a second machine needs, whom it believes, where
//! the password may be, and what is said when the database does not do what it should.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use stagepass::testing::ledger::{KeptTarget, Ledger, Location, Mode};
use stagepass::testing::secret::Secret;

use crate::host::Host;
use crate::postgres::{self, PASSWORD};
use crate::stage::{Credential, Ended, Stage};
use crate::sweep::{grant, is_refused, now, show, state, wait_until};
use crate::unattended;

/// A file for its owner alone.
fn put(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A merchant's computer whose ledger is this database.
fn machine(url: &str) -> Stage {
    let stage = Stage::new();
    put(&stage.config().join("config.toml"), format!("ledger = \"{url}\"\n"));
    stage
}

/// Another computer: the URL, a login to the server, `mark.key`, and nothing else.
fn second_machine(url: &str, first: &Stage) -> Stage {
    let stage = machine(url);
    put(&stage.home().join(".ssh/id_ed25519"), fs::read(&first.admin.private).unwrap());
    put(&stage.state().join("mark.key"), fs::read(first.state().join("mark.key")).unwrap());
    stage
}

fn host_for(stage: &Stage) -> Host {
    let host = stage.light("bookworm").start();
    // What closes at the deadline is a sweep alone.
    host.sh("pkill -STOP -x cron");
    host
}

#[test]
fn a_second_machine_needs_the_url_a_login_and_the_mark_key_and_nothing_else() {
    let url = postgres::url_of_fresh_database();
    let first = machine(&url);
    let host = host_for(&first);
    first.run(["case", "open", "MSP-1", "--desk", "multisafepay"]).ok();
    first.add_target("shop", &host, "root", &[]).ok();
    let one = grant(&first, "shop", "Jane Doe", "2h", &[]);
    let two = grant(&first, "shop", "John Roe", "2h", &[]);

    let second = second_machine(&url, &first);
    let listed = second.run(["--json", "target", "list"]).ok().json();
    let target = &listed["result"]["targets"][0];
    assert_eq!(target["name"], "shop", "{listed}");
    assert_eq!(target["kept_in"], "ledger");
    assert_eq!(target["host_key"][0], *host.fingerprint);
    assert_eq!(target["address"], host.url("root"));
    assert_eq!(target["path"], "/srv/a-shop");
    // How to log in is this machine's own affair.
    assert!(target["identity"].is_null() && target["login"] == "auto", "{target}");
    let run = second.run(["target", "show", "shop"]).ok();
    assert!(run.stdout.contains("the ledger"), "{}", run.told());
    second.run(["target", "check", "shop"]).ok();
    // Nobody sweeps here, which is all there is to mend.
    let run = second.run(["doctor"]).exits(8);
    assert_eq!(run.stdout.matches("MEND").count(), 1, "{}", run.told());
    for said in ["MEND schedule", "ok   targets in the ledger: shop", "ok   target shop: logged in"]
    {
        assert!(run.stdout.contains(said), "no `{said}` in {}", run.told());
    }

    let run = second.run(["list"]).ok();
    assert!(run.stdout.contains(&one.id) && run.stdout.contains(&two.id), "{}", run.told());
    let shown = show(&second, &one.id);
    assert_eq!(shown["connect"]["host"], *host.address, "{shown}");
    second.run(["verify", &one.id]).ok();
    second.run(["reconcile", "shop"]).ok();
    second.run(["extend", &one.id, "--for", "3h", "--reason", "it goes on"]).ok();
    second.run(["revoke", &one.id]).ok();
    assert_eq!(state(&first, &one.id), "closed");
    is_refused(&first, &host, &one);

    // A colleague grants, too, and the other machine's sweep ends it.
    let three = grant(&second, "shop", "Jim Poe", "2h", &[]);
    let end = now() + 2;
    for id in [&two.id, &three.id] {
        second.run(["extend", id, "--for", "2s", "--reason", "a test"]).ok();
    }
    wait_until(end + 1);
    while now() <= show(&second, &three.id)["grant"]["deadline"].as_i64().unwrap() {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let run = second.run(["sweep"]).ok();
    assert_eq!(run.output(), "", "{}", run.told());
    assert_eq!(state(&first, &two.id), "closed");
    assert_eq!(state(&first, &three.id), "closed");
    is_refused(&first, &host, &two);

    // Nothing was written on the second machine that says more than that.
    assert!(!second.config().join("targets.toml").exists());
    assert!(!second.state().join("ledger.sqlite3").exists());
    let run = second.run(["ledger", "verify"]).ok();
    assert!(run.stdout.contains("complete"), "{}", run.told());

    // The file has the first word on its machine.
    put(
        &second.config().join("targets.toml"),
        fs::read(first.config().join("targets.toml")).unwrap(),
    );
    let shown = second.run(["--json", "target", "show", "shop"]).ok().json();
    assert_eq!(shown["result"]["target"]["kept_in"], "file");
    fs::remove_file(second.config().join("targets.toml")).unwrap();

    // Gone is gone, on both.
    second.run(["target", "remove", "shop"]).ok();
    let run = second.run(["target", "show", "shop"]).exits(4);
    assert!(run.stderr.contains("there is no target `shop`"), "{}", run.told());
    let third = second_machine(&url, &first);
    third.run(["target", "show", "shop"]).exits(4);
}

#[test]
fn without_the_target_a_colleagues_revoke_changes_nothing_and_with_it_it_closes() {
    let url = postgres::url_of_fresh_database();
    let first = machine(&url);
    let host = host_for(&first);
    first.run(["case", "open", "MSP-1", "--desk", "multisafepay"]).ok();
    first.add_target("shop", &host, "root", &[]).ok();
    let granted = grant(&first, "shop", "Jane Doe", "2h", &[]);
    // As where an older stagepass added it: only the file knows.
    block_on(async {
        let ledger = open(&url).await;
        ledger.drop_target("shop", now(), "me").await.unwrap();
        ledger.close().await;
    });
    let second = second_machine(&url, &first);
    let before = events(&first);
    for words in [&["revoke", &granted.id][..], &["revoke", "--all"]] {
        let run = second.run(words.iter().copied()).exits(4);
        let told = "target `shop` is not known on this computer; nothing was changed";
        assert!(run.stderr.contains(told), "{}", run.told());
    }
    assert_eq!(events(&first), before);
    assert_eq!(state(&second, &granted.id), "open");

    // The next grant there tells the ledger.
    let other = grant(&first, "shop", "John Roe", "2h", &[]);
    second.run(["revoke", &granted.id, &other.id]).ok();
    assert_eq!(state(&first, &granted.id), "closed");
    is_refused(&first, &host, &granted);
    is_refused(&first, &host, &other);
}

#[test]
fn what_the_ledger_says_of_a_target_is_believed_only_with_the_tag_of_the_mark_key() {
    let server = postgres::Server::start();
    let url = server.fresh_database();
    let database = url.rsplit('/').next().unwrap();
    let first = machine(&url);
    let host = host_for(&first);
    let impostor = host_for(&first);
    first.run(["case", "open", "MSP-1", "--desk", "multisafepay"]).ok();
    first.add_target("shop", &host, "root", &[]).ok();
    let granted = grant(&first, "shop", "Jane Doe", "2h", &[]);
    let second = second_machine(&url, &first);
    second.run(["target", "show", "shop"]).ok();
    let heard = impostor.log();

    let nobody_is_led_astray = |second: &Stage| {
        for words in [&["target", "show", "shop"][..], &["target", "check", "shop"]] {
            let run = second.run(words.iter().copied()).exits(5);
            assert!(run.stderr.contains("is not proved to be yours"), "{}", run.told());
            assert!(run.stderr.contains("mark.key"), "{}", run.told());
        }
        let run = second.run(["target", "list"]).ok();
        assert!(run.stderr.contains("nothing proves that it is yours"), "{}", run.told());
        assert!(!run.stdout.contains("shop"), "{}", run.told());
        let run = second.run(["doctor", "--offline"]).fails();
        assert!(run.output().contains("nothing proves that it is yours"), "{}", run.told());
        for words in [&["revoke", &granted.id][..], &["verify", &granted.id]] {
            second.run(words.iter().copied()).fails();
        }
        let run = second.run(["sweep", "--check"]).ok();
        assert!(run.stderr.contains("was not looked at"), "{}", run.told());
        assert_eq!(state(&first, &granted.id), "open");
        assert_eq!(impostor.log(), heard, "somebody talked to the impostor");
    };

    // A machine that has no key, and one that has another.
    let third = second_machine(&url, &first);
    fs::remove_file(third.state().join("mark.key")).unwrap();
    nobody_is_led_astray(&third);
    put(&third.state().join("mark.key"), [7; 32]);
    nobody_is_led_astray(&third);
    second.run(["target", "show", "shop"]).ok();

    // Somebody who can write the database changes the event.
    let (theirs, ours) = (impostor.port.to_string(), host.port.to_string());
    let lead = |from: &str, to: &str| {
        let change = format!("replace(detail, ':{from}', ':{to}')");
        let of_targets = "where verb = 'target.kept'";
        server.sql(database, &format!("update events set detail = {change} {of_targets}"));
    };
    lead(&ours, &theirs);
    nobody_is_led_astray(&second);
    lead(&theirs, &ours);
    second.run(["target", "show", "shop"]).ok();

    // Or writes one as this program would, so that the chain is whole.
    let kept = block_on(async {
        let ledger = open(&url).await;
        let kept = ledger.kept_targets().await.unwrap().remove(0);
        let text = kept.text.replace(&ours, &theirs);
        assert_ne!(text, kept.text);
        let forged = KeptTarget { text, ..kept.clone() };
        ledger.keep_target(&forged, now(), "me").await.unwrap();
        ledger.close().await;
        kept
    });
    first.run(["ledger", "verify"]).ok();
    nobody_is_led_astray(&second);

    // Nor is a true word about one target a word about another.
    block_on(async {
        let ledger = open(&url).await;
        ledger.keep_target(&kept, now(), "me").await.unwrap();
        let text = kept.text.replace("shop]", "other]");
        let other = KeptTarget { name: "other".into(), text, tag: kept.tag };
        ledger.keep_target(&other, now(), "me").await.unwrap();
        ledger.close().await;
    });
    second.run(["target", "show", "shop"]).ok();
    let run = second.run(["target", "show", "other"]).exits(5);
    assert!(run.stderr.contains("is not proved to be yours"), "{}", run.told());

    // What is not proved is written over only where somebody says so, and can be taken away.
    let run = first.add_target("other", &host, "root", &[]).exits(5);
    assert!(run.stderr.contains("--replace"), "{}", run.told());
    first.add_target("other", &host, "root", &["--replace"]).ok();
    second.run(["target", "show", "other"]).ok();
    third.run(["target", "remove", "other"]).ok();
    second.run(["target", "show", "other"]).exits(4);
    second.run(["revoke", &granted.id]).ok();
}

#[test]
fn a_name_that_the_ledger_knows_as_another_server_is_told_and_not_taken() {
    let url = postgres::url_of_fresh_database();
    let first = machine(&url);
    let (host, other) = (host_for(&first), host_for(&first));
    first.run(["case", "open", "MSP-1", "--desk", "multisafepay"]).ok();
    first.add_target("shop", &host, "root", &[]).ok();
    let granted = grant(&first, "shop", "Jane Doe", "2h", &[]);
    let second = second_machine(&url, &first);
    let run = second.add_target("shop", &other, "root", &[]).exits(2);
    assert!(run.stderr.contains("there is a target `shop` already"), "{}", run.told());
    let run = second.add_target("shop", &other, "root", &["--replace"]).exits(2);
    assert!(run.stderr.contains("has grants on the server"), "{}", run.told());
    assert!(!second.config().join("targets.toml").exists());

    // In a file that was written by hand the name means what it means there, and that is said.
    let text = fs::read_to_string(first.config().join("targets.toml")).unwrap();
    let text = text.replace(&host.port.to_string(), &other.port.to_string());
    let text = text.replace(&host.host_key, &other.host_key);
    put(&second.config().join("targets.toml"), text);
    other.sh("install -d -o www-data -g www-data /srv/a-shop");
    let key = second.supporter_key();
    let mut words = vec!["grant", "--case", "MSP-1", "--target", "shop", "--supporter", "Jim Poe"];
    words.extend([
        "--key",
        key.public.to_str().unwrap(),
        "--override",
        "port",
        "--reason",
        "a test",
    ]);
    let run = second.run(words).ok();
    assert!(run.stderr.contains("the ledger knows `shop` as another server"), "{}", run.told());
    // The first machine's grant is not looked for on the second server, and not called closed.
    let run = second.run(["revoke", &granted.id]).fails();
    assert!(!run.stdout.contains("is closed"), "{}", run.told());
    assert_ne!(state(&first, &granted.id), "closed");
    let with = Credential::Key(&granted.key.private);
    first.sftp(&host, &granted.account, with, "pwd\n").ok();
    first.run(["revoke", &granted.id]).ok();
}

// ---- where the password may be -----------------------------------------------------------------

/// The URL without its password.
fn without_password(url: &str) -> String {
    let plain = url.replace(&format!(":{PASSWORD}@"), "@");
    assert!(!plain.contains(PASSWORD));
    plain
}

#[test]
fn the_password_of_the_ledger_may_be_in_pgpass_or_in_the_file_that_pgpassfile_names() {
    let url = without_password(&postgres::url_of_fresh_database());
    let stage = machine(&url);
    let list = ["case", "list"];
    let refused = || {
        let run = stage.run(list).fails();
        assert!(run.stderr.contains("may not be used"), "{}", run.told());
    };
    refused();
    let line = format!("*:*:*:stagepass:{PASSWORD}\n");
    let usual = stage.home().join(".pgpass");
    put(&usual, &line);
    stage.run(["case", "open", "MSP-1", "--desk", "multisafepay"]).ok();
    let run = stage.run(list).ok();
    assert!(run.stdout.contains("MSP-1"), "{}", run.told());
    // As PostgreSQL's own programs do: one that others may read is not read.
    fs::set_permissions(&usual, fs::Permissions::from_mode(0o644)).unwrap();
    refused();
    fs::remove_file(&usual).unwrap();
    refused();

    let named = stage.path().join("of-the-ledger");
    put(&named, &line);
    let (run, mut started) = stage.command(list).env("PGPASSFILE", &named).run_traced();
    let run = run.ok();
    assert!(run.stdout.contains("MSP-1"), "{}", run.told());
    assert_eq!(started.sightings(PASSWORD.as_bytes()), [""; 0]);
    assert_eq!(stage.files_containing(PASSWORD.as_bytes()), [named]);
}

#[test]
fn the_password_of_the_ledger_may_be_in_the_keyring() {
    let url = without_password(&postgres::url_of_fresh_database());
    let stage = machine(&url);
    let text = format!("ledger = \"{url}\"\nledger_password = \"keyring\"\n");
    put(&stage.config().join("config.toml"), text);
    let (_session, bus) = unattended::keyring(&stage);
    let on_bus = |words: &[&str]| stage.command(words).env("DBUS_SESSION_BUS_ADDRESS", &bus);
    let open = ["case", "open", "MSP-1", "--desk", "multisafepay"];
    let run = on_bus(&open).run().exits(2);
    let told = format!("stagepass secret set ledger {url}");
    assert!(run.stderr.contains("the ledger's password is not in the keyring"), "{}", run.told());
    assert!(run.stderr.contains(&told) && run.stderr.contains("~/.pgpass"), "{}", run.told());

    let keep = ["secret", "set", "ledger", &url];
    on_bus(&keep).stdin(format!("{PASSWORD}\n")).run().ok();
    let (run, mut started) = on_bus(&open).run_traced();
    run.ok();
    let run = on_bus(&["case", "list"]).run().ok();
    assert!(run.stdout.contains("MSP-1"), "{}", run.told());
    assert_eq!(started.sightings(PASSWORD.as_bytes()), [""; 0]);
    assert_eq!(stage.files_containing(PASSWORD.as_bytes()), [""; 0].map(std::path::PathBuf::from));
    // A wrong one is told for what it is.
    on_bus(&keep).stdin("wrong-hunter2\n").run().ok();
    let run = on_bus(&["case", "list"]).run().fails();
    assert!(run.stderr.contains("may not be used"), "{}", run.told());
    assert!(!run.output().contains("hunter2"), "{}", run.told());
}

// ---- what is said ------------------------------------------------------------------------------

/// It failed in words about a database, which say what to do; the password is not among them.
#[track_caller]
fn told(run: &Ended, words: &[&str]) {
    let said = run.output();
    for word in words {
        assert!(said.contains(word), "no `{word}` in {}", run.told());
    }
    for of_a_file in ["SQLite", "sqlite", "the file", "folder", "--state", "hunter2"] {
        assert!(!said.contains(of_a_file), "`{of_a_file}` in {}", run.told());
    }
}

const VERBS: [&[&str]; 5] =
    [&["list"], &["doctor", "--offline"], &["case", "list"], &["sweep"], &["show", "k3v9q2m7xa"]];

#[test]
fn what_is_wrong_with_the_database_is_told_in_words_about_a_database() {
    let server = postgres::Server::start();
    let url = server.fresh_database();
    let wrong = machine(&url.replace(PASSWORD, "wrong-hunter2"));
    let missing = machine(&format!("{url}_not_there"));
    let database = url.rsplit('/').next().unwrap();
    for words in VERBS {
        let run = wrong.run(words.iter().copied()).exits(1);
        told(&run, &["postgres://", database, "may not be used", "check user and password"]);
        let run = missing.run(words.iter().copied()).exits(1);
        told(&run, &["there is no database for the ledger", "_not_there", "make the database"]);
    }
    let away = machine(&url);
    away.run(["case", "open", "MSP-1", "--desk", "multisafepay"]).ok();
    server.stop();
    for words in VERBS {
        let run = away.run(words.iter().copied()).exits(1);
        told(&run, &[database, "cannot be reached", "check that the database runs and answers"]);
    }
    server.resume();
    // A login that may only read, as on a standby.
    server.sql(
        database,
        &format!("alter database {database} set default_transaction_read_only = on"),
    );
    let run = away.run(["case", "open", "MSP-2", "--desk", "multisafepay"]).exits(1);
    told(&run, &["cannot be written", "may only read, or the server is a standby"]);
    away.run(["case", "list"]).ok();
}

#[test]
fn of_a_database_in_which_nothing_was_recorded_list_and_doctor_say_the_same() {
    let server = postgres::Server::start();
    let url = server.fresh_database();
    let database = url.rsplit('/').next().unwrap();
    let stage = machine(&url);
    let run = stage.run(["list"]).ok();
    told(&run, &["no grants recorded in postgres://", database]);
    let run = stage.run(["doctor", "--offline"]).ok();
    told_by_doctor(&run, database);
    stage.run(["case", "list"]).ok();
    stage.run(["sweep"]).ok();
    // To look makes nothing.
    let tables = "select count(*) from pg_tables where schemaname = 'public'";
    assert_eq!(server.sql(database, tables).trim(), "0");
    // Nor does either say something else once there is a ledger.
    stage.run(["case", "open", "MSP-1", "--desk", "multisafepay"]).ok();
    let run = stage.run(["list"]).ok();
    told(&run, &["no access is open, says postgres://", database]);
    let run = stage.run(["doctor", "--offline"]).ok();
    assert!(run.stdout.contains("ledger: live grants: 0"), "{}", run.told());
}

/// The targets of this machine do stand in a file, and doctor names it.
fn told_by_doctor(run: &Ended, database: &str) {
    let line = run.stdout.lines().find(|line| line.contains("ledger")).unwrap();
    assert!(line.starts_with("ok ") && line.contains("none yet (postgres://"), "{}", run.told());
    assert!(line.contains(database) && !line.contains("file"), "{}", run.told());
}

// ---- behind the program's back -----------------------------------------------------------------

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

async fn open(url: &str) -> Ledger {
    Ledger::open(&Location::Url(Secret::new(url.to_owned())), Mode::ReadWrite).await.unwrap()
}

/// The number of events in the ledger.
fn events(stage: &Stage) -> usize {
    stage.run(["ledger", "export"]).ok().stdout.lines().count()
}
