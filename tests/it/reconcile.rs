//! `reconcile`: what servers have of ours and the ledger does not, the other way round, and what
//! only looks like ours.

use std::fs;

use serde_json::Value;

use crate::host::{Host, SUITE, Sudo};
use crate::job::{Granted, Story, is_refused, merchants_own, nothing_is_left, same_text};
use crate::stage::{Credential, Ended, Paramiko};

const KEYS: &str = "/home/deploy/.ssh/authorized_keys";

/// A server with root for stagepass.
fn own_server(story: &Story) -> Host {
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    host
}

/// A server where stagepass is not root.
fn shared_server(story: &Story) -> Host {
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    host.sh("chown -R deploy /var/www/shop");
    story.target("staging", &host, "deploy", &[]);
    host
}

#[track_caller]
fn reconciled(story: &Story, words: &[&str], code: i32) -> Value {
    let run = story.run([&["reconcile", "--json"], words].concat()).exits(code);
    run.json()
}

/// What does not fit on the only target: what is the matter, the grant, and whether it is proved.
fn findings(document: &Value) -> Vec<(String, String, bool)> {
    let findings = document["result"]["targets"][0]["findings"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings
        .iter()
        .filter(|one| one["needs_action"] == true)
        .map(|one| (text(&one["matter"]), text(&one["grant"]), one["proved"] == true))
        .collect()
}

fn found(matter: &str, granted: &Granted, proved: bool) -> (String, String, bool) {
    (matter.to_owned(), granted.id.clone(), proved)
}

/// Everything fits.
#[track_caller]
fn fits(story: &Story, ids: &[&str]) {
    let document = reconciled(story, &["--all"], 0);
    assert_eq!(findings(&document), [], "{document:#}");
    let mut recorded: Vec<&str> = document["result"]["targets"][0]["as_recorded"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    recorded.sort_unstable();
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    assert_eq!(recorded, ids, "{document:#}");
}

fn lose_the_ledger(story: &Story) {
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(story.stage.state().join(format!("ledger.sqlite3{end}")));
    }
}

/// The one line that has the mark of a grant.
fn line_of(host: &Host, granted: &Granted) -> String {
    let lines = host.sh(&format!("grep 'stagepass:{}$' {KEYS}", granted.id));
    assert_eq!(lines.lines().count(), 1, "{lines}");
    lines.trim_end().to_owned()
}

fn add_line(host: &Host, line: &str) {
    host.exec(&["sh", "-euc", &format!("printf '%s\\n' \"$1\" >>{KEYS}"), "sh", line]).ok();
}

fn events_of(story: &Story, id: &str) -> Vec<String> {
    let ledger = story.ledger();
    let events = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events
        .filter(|event| event["grant"] == id)
        .map(|event| event["verb"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_ledger_that_is_lost_is_made_again_from_the_servers() {
    let story = Story::new();
    let hosts = [own_server(&story), story.stage.light(SUITE).deploy(Sudo::None).shop().start()];
    hosts[1].sh("chown -R deploy /var/www/shop");
    story.target("other", &hosts[1], "deploy", &[]);
    let before = hosts.each_ref().map(merchants_own);
    let keys = [story.stage.supporter_key(), story.stage.supporter_key()];
    let granted =
        [story.granted_key("staging", &keys[0], &[]), story.granted_key("other", &keys[1], &[])];
    let document = reconciled(&story, &["--all"], 0);
    for (number, name) in ["other", "staging"].iter().enumerate() {
        let target = &document["result"]["targets"][number];
        assert_eq!(target["target"], *name);
        assert_eq!(target["findings"].as_array().unwrap().len(), 0, "{target:#}");
        assert_eq!(target["as_recorded"].as_array().unwrap().len(), 1, "{target:#}");
    }

    lose_the_ledger(&story);
    let document = reconciled(&story, &["--all"], 8);
    let targets = document["result"]["targets"].as_array().unwrap();
    for (target, (granted, provider)) in
        targets.iter().zip([(&granted[1], "authorized-key"), (&granted[0], "linux-account")])
    {
        let one = &target["findings"][0];
        assert_eq!(one["matter"], "unknown", "{target:#}");
        assert_eq!(one["proved"], true, "{target:#}");
        assert_eq!(one["grant"], granted.id.as_str());
        assert_eq!(one["account"], granted.account.as_str());
        assert_eq!(one["provider"], provider);
        assert_eq!(
            one["key_fingerprint"],
            granted.document["grant"]["layers"][0]["key_fingerprint"]
        );
        assert_eq!(target["findings"].as_array().unwrap().len(), 1, "{target:#}");
    }
    assert_eq!(document["error"]["id"], "does-not-fit");
    assert_eq!(document["error"]["hints"][0]["id"], "does-not-fit.adopt-or-close");
    // Looking makes no ledger and takes nothing away.
    assert!(!story.stage.state().join("ledger.sqlite3").exists());
    let with = |number: usize| Credential::Key(&keys[number].private);
    for (number, host) in hosts.iter().enumerate() {
        story.stage.sftp(host, &granted[number].account, with(number), "pwd\n").ok();
    }
    let plan = reconciled(&story, &["--all", "--adopt-all", "--dry-run"], 0);
    assert_eq!(plan["result"]["would_adopt"].as_array().unwrap().len(), 2);
    assert!(!story.stage.state().join("ledger.sqlite3").exists());

    let document = reconciled(&story, &["--all", "--adopt-all"], 0);
    let adopted = document["result"]["adopted"].as_array().unwrap();
    assert_eq!(adopted.len(), 2);
    assert!(adopted.iter().all(|one| one["state"] == "closing" && one["case"] == "adopted"));
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    for (number, host) in hosts.iter().enumerate() {
        let one = &granted[number];
        assert_eq!(story.state(&one.id), "closed");
        assert_eq!(
            events_of(&story, &one.id),
            ["grant.adopted", "grant.closing", "grant.closing", "grant.closed"]
        );
        is_refused(&story, host, &one.account, with(number));
        nothing_is_left(host, &one.id);
        same_text(&before[number], &merchants_own(host));
    }
    let document = reconciled(&story, &["--all"], 0);
    assert!(!document.to_string().contains("\"needs_action\":true"), "{document:#}");
    story.run(["case", "close", "adopted"]).ok();
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn an_account_with_a_password_is_known_by_the_record_of_root() {
    let story = Story::new();
    let host = own_server(&story);
    let before = merchants_own(&host);
    let file = story.stage.path().join("password");
    let output = ["--password", "--accept-weak-expiry", "--output", file.to_str().unwrap()];
    let granted = story.granted("staging", &output);
    let password = fs::read_to_string(&file).unwrap();
    let with = Credential::Password(password.trim_end());
    lose_the_ledger(&story);
    let document = reconciled(&story, &["--all"], 8);
    assert_eq!(findings(&document), [found("unknown", &granted, true)]);
    reconciled(&story, &["--all", "--adopt", &granted.id], 0);
    // Adopted, it is known; a second time there is nothing to adopt.
    reconciled(&story, &["--all", "--adopt-all"], 0);
    story.stage.paramiko(&host, &granted.account, with, Paramiko::Read("/etc/hostname")).ok();
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    assert_eq!(story.state(&granted.id), "closed");
    nothing_is_left(&host, &granted.id);
    same_text(&before, &merchants_own(&host));
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn what_the_ledger_does_not_know_is_closed_at_once_where_that_is_asked_for() {
    let story = Story::new();
    let host = own_server(&story);
    let before = merchants_own(&host);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("staging", &key, &[]);
    lose_the_ledger(&story);
    reconciled(&story, &["staging", "--close", "nosuchgrant"], 4);
    let document = reconciled(&story, &["staging", "--close", &granted.id[..6]], 0);
    assert_eq!(document["result"]["closed"][0]["grant"], granted.id.as_str());
    assert_eq!(events_of(&story, &granted.id), ["grant.closing-unlisted", "grant.closed-unlisted"]);
    is_refused(&story, &host, &granted.account, Credential::Key(&key.private));
    nothing_is_left(&host, &granted.id);
    same_text(&before, &merchants_own(&host));
    fits(&story, &[]);
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn a_restored_backup_is_found_by_its_marks_too() {
    let story = Story::new();
    let host = own_server(&story);
    let key = story.stage.supporter_key();
    let open = story.granted_key("staging", &key, &["--company", "Another"]);
    let granted = story.granted_key("staging", &key, &[]);
    // The record of the other's uses can only grow, and no backup gets over it.
    let saved = "/etc/passwd /etc/shadow /etc/group /etc/gshadow /home /var/lib/stagepass/";
    host.sh(&format!("tar -C / --acls -cpf /root/backup.tar {saved}{}", granted.id));
    story.revoked(&granted.id);
    host.sh("tar -C / --acls -xpf /root/backup.tar; rm /root/backup.tar");

    let document = reconciled(&story, &["--all"], 8);
    assert_eq!(findings(&document), [found("over", &granted, true)]);
    assert_eq!(document["result"]["targets"][0]["as_recorded"][0], open.id.as_str());
    assert_eq!(document["result"]["targets"][0]["findings"][0]["state"], "closed");
    reconciled(&story, &["--all", "--adopt", &granted.id], 2);
    reconciled(&story, &["staging", "--close", &granted.id], 0);
    let events = events_of(&story, &granted.id);
    assert_eq!(events[events.len() - 2..], ["grant.closing-again", "grant.closed-again"]);
    nothing_is_left(&host, &granted.id);
    // The other grant is none the worse.
    story.stage.sftp(&host, &open.account, Credential::Key(&key.private), "pwd\n").ok();
    fits(&story, &[&open.id]);
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn what_was_not_adopted_is_told_although_the_grant_of_its_name_was() {
    let story = Story::new();
    let host = own_server(&story);
    let granted = story.granted_key("staging", &story.stage.supporter_key(), &[]);
    lose_the_ledger(&story);
    host.sh(&format!("useradd -o -u 0 -M -c 'stagepass {}' evil", granted.id));
    let document = reconciled(&story, &["--all", "--adopt-all"], 8);
    assert_eq!(document["result"]["adopted"].as_array().unwrap().len(), 1, "{document:#}");
    let causes = document["error"]["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 1, "{document:#}");
    host.sh("sed -i '/^evil:/d' /etc/passwd /etc/shadow /etc/group /etc/gshadow");
    story.run(["sweep"]).ok();
    reconciled(&story, &["--all"], 0);
}

#[test]
fn a_server_with_two_targets_is_adopted_once_and_that_is_no_failure() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    host.sh("chown -R deploy /var/www/shop");
    story.target("plain", &host, "deploy", &[]);
    story.granted_key("plain", &story.stage.supporter_key(), &[]);
    story.target("root", &host, "root", &[]);
    lose_the_ledger(&story);
    let document = reconciled(&story, &["--all", "--adopt-all"], 0);
    assert_eq!(document["result"]["adopted"].as_array().unwrap().len(), 1, "{document:#}");
}

#[test]
fn a_forged_mark_is_listed_and_not_touched() {
    let story = Story::new();
    let host = own_server(&story);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("staging", &key, &[]);
    // Another account with the comment of ours, and one with the name of a grant that never was.
    host.sh(&format!(
        "useradd -M -c 'stagepass {}' copied; useradd -M -c 'stagepass zzzzzzzzzz' forged",
        granted.id
    ));
    let document = reconciled(&story, &["staging"], 8);
    let mut all = findings(&document);
    all.sort();
    let other = ("unproved".to_owned(), "zzzzzzzzzz".to_owned(), false);
    assert_eq!(all, [found("copy", &granted, false), other], "{document:#}");
    let passwd = host.sh("cat /etc/passwd");

    // Neither is touched without being told twice, and the copy never while the grant is open.
    for words in [&["--close", "zzzzzzzzzz"][..], &["--adopt", "zzzzzzzzzz"]] {
        let run = story.run([&["reconcile", "staging"], words].concat()).exits(3);
        assert!(run.stderr.contains("--unproved"), "{}", run.told());
        let words = [&["reconcile", "staging", "--unproved"], words].concat();
        let run = story.run(words).exits(3);
        assert!(run.stderr.contains("--yes"), "{}", run.told());
    }
    let words = ["staging", "--unproved", "--yes", "--close", &granted.id];
    let document = reconciled(&story, &words, 8);
    let why = document["result"]["failed"][0]["why"].to_string();
    assert!(why.contains("revoke"), "{why}");
    reconciled(&story, &["staging", "--adopt-all"], 8);
    assert_eq!(host.sh("cat /etc/passwd"), passwd);
    story.stage.sftp(&host, &granted.account, Credential::Key(&key.private), "pwd\n").ok();

    // At a terminal a person answers.
    let words = ["reconcile", "staging", "--unproved", "--close", "zzzzzzzzzz"];
    let run = story.stage.command(words).run_tty(&[("Go on?", "n\n")]);
    assert_eq!(run.exit, 3, "{}", run.told());
    host.sh("getent passwd forged");
    story.stage.command(words).run_tty(&[("Go on?", "y\n")]).exits(8);
    host.sh("! getent passwd forged");
    host.sh("getent passwd copied");
    // Over, the grant's name is nobody's: what still has it can be closed alone.
    let run = story.run(["revoke", &granted.id]).exits(8);
    assert!(run.stdout.contains("new account: copied"), "{}", run.told());
    let document = reconciled(&story, &["staging"], 8);
    assert_eq!(findings(&document).len(), 1, "{document:#}");
    reconciled(&story, &["staging", "--unproved", "--yes", "--close", &granted.id], 0);
    host.sh("! getent passwd copied");
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn a_supporter_who_renames_or_copies_the_line_of_a_shared_account_is_seen() {
    let story = Story::new();
    let host = shared_server(&story);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("staging", &key, &[]);
    let id = granted.id.as_str();
    let line = line_of(&host, &granted);
    let whole = host.sh(&format!("cat {KEYS}"));
    let put_back = || {
        host.exec(&["sh", "-euc", &format!("printf '%s' \"$1\" >{KEYS}"), "sh", &whole]).ok();
        fits(&story, &[id]);
    };
    fits(&story, &[id]);

    // The mark renamed to a grant of nobody.
    host.sh(&format!("sed -i 's/stagepass:{id}$/stagepass:zzzzzzzzzz/' {KEYS}"));
    let document = reconciled(&story, &["staging"], 8);
    let mut all = findings(&document);
    all.sort();
    let renamed = ("unproved".to_owned(), "zzzzzzzzzz".to_owned(), false);
    assert_eq!(all, [found("missing", &granted, true), renamed], "{document:#}");
    put_back();

    // The mark taken off, and the key left.
    host.sh(&format!("sed -i 's/ stagepass:{id}$//' {KEYS}"));
    let document = reconciled(&story, &["staging"], 8);
    assert_eq!(findings(&document), [found("missing", &granted, true)]);
    put_back();

    // The tag edited.
    let (before, tag) = line.split_once("/gate ").expect("the line leads to the gate");
    let tag: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect();
    assert_eq!(tag.len(), 26, "{before}");
    let edited =
        tag.replace(tag.chars().next().unwrap(), if tag.starts_with('0') { "1" } else { "0" });
    host.sh(&format!("sed -i 's/gate {tag}/gate {edited}/' {KEYS}"));
    let document = reconciled(&story, &["staging"], 8);
    assert_eq!(findings(&document), [found("unproved", &granted, false)]);
    put_back();

    // Another key with the mark and the tag of the first.
    let other = story.stage.supporter_key();
    let blob = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
    add_line(&host, &line.replace(&blob(&key.line()), &blob(&other.line())));
    // To be rid of the copy is not to end the grant.
    let document =
        reconciled(&story, &["staging", "--unproved", "--yes", "--close", &granted.id], 8);
    let why = document["result"]["failed"][0]["why"].to_string();
    assert!(why.contains("revoke"), "{why}");
    assert_eq!(story.state(id), "open");
    let document = reconciled(&story, &["staging"], 8);
    assert_eq!(findings(&document), [found("copy", &granted, false)]);
    let finding = &document["result"]["targets"][0]["findings"][0];
    let shown = story.show(id);
    let own = &shown["grant"]["layers"][0]["key_fingerprint"];
    assert_ne!(&finding["key_fingerprint"], own);
    // Every line with the grant's mark goes with the grant.
    story.revoked(id);
    is_refused(&story, &host, "deploy", Credential::Key(&other.private));
    fits(&story, &[]);
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn what_lets_nobody_in_is_listed_and_can_be_taken_away() {
    let story = Story::new();
    let host = own_server(&story);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("staging", &key, &[]);
    story.revoked(&granted.id);
    let before = merchants_own(&host);
    // Of a grant that the ledger knows, and of one that it does not.
    let ids = [granted.id.as_str(), "zzzzzzzzzz"];
    for id in ids {
        host.sh(&format!(
            "mkdir -m 711 /var/lib/stagepass/{id}; echo '#!/bin/sh' >/var/lib/stagepass/{id}/gate
            echo '* * * * * root true' >/etc/cron.d/stagepass-{id}"
        ));
    }
    let document = reconciled(&story, &["staging"], 8);
    let mut expected = ids.map(|id| ("leftover".to_owned(), id.to_owned(), false));
    expected.sort();
    let mut all = findings(&document);
    all.sort();
    assert_eq!(all, expected, "{document:#}");
    let words = ["staging", "--unproved", "--yes", "--close", ids[0], "--close", ids[1]];
    reconciled(&story, &words, 0);
    for id in ids {
        nothing_is_left(&host, id);
    }
    same_text(&before, &merchants_own(&host));
    fits(&story, &[]);
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn without_the_key_of_this_installation_nothing_is_called_ours() {
    let story = Story::new();
    let _host = shared_server(&story);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("staging", &key, &[]);
    let file = story.stage.state().join("mark.key");
    assert_eq!(fs::read(&file).unwrap().len(), 32);
    let hidden = story.stage.path().join("hidden");
    fs::rename(&file, &hidden).unwrap();
    // The ledger has the tag itself.
    fits(&story, &[&granted.id]);
    lose_the_ledger(&story);
    let run = story.run(["--json", "reconcile", "--all", "--adopt-all"]).exits(8);
    assert_eq!(findings(&run.json()), [found("unproved", &granted, false)]);
    assert!(run.stderr.contains("mark.key"), "{}", run.told());
    // Another installation's marks look the same.
    story.run(["case", "open", "MSP-2", "--desk", "multisafepay"]).ok();
    let other = story.stage.supporter_key();
    let public = other.public.to_str().unwrap().to_owned();
    let words = ["grant", "--json", "--case", "MSP-2", "--target", "staging", "--supporter", "Bo"];
    let run = story.run([&words[..], &crate::job::ANY_PORT, &["--key", &public]].concat()).ok();
    let own = Granted::of(&run as &Ended);
    let document = reconciled(&story, &["--all"], 8);
    assert_eq!(findings(&document), [found("unproved", &granted, false)]);
    story.revoked(&own.id);
    // With the right key it is ours again.
    fs::rename(&hidden, &file).unwrap();
    let document = reconciled(&story, &["--all"], 8);
    assert_eq!(findings(&document), [found("unknown", &granted, true)]);
    // Others could read it: it is not used.
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let run = story.run(["reconcile", "--all"]).exits(2);
    assert!(run.stderr.contains("chmod 600"), "{}", run.told());
}

#[test]
fn the_key_of_this_installation_is_told_to_nobody() {
    let story = Story::new();
    let host = own_server(&story);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("staging", &key, &[]);
    reconciled(&story, &["--all"], 0);
    let file = story.stage.state().join("mark.key");
    let secret = fs::read(&file).unwrap();
    assert_eq!(story.stage.files_containing(&secret), [file]);
    assert_eq!(host.files_containing(&secret), [""; 0].map(std::path::PathBuf::from));
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!story.ledger().contains(&hex));
    story.revoked(&granted.id);
}
