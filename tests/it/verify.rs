//! `verify`: what is open works, what is closed is gone, and a backup that is restored is found.

use serde_json::Value;

use crate::host::{Host, SUITE, Sudo};
use crate::job::{Granted, Story, is_refused, merchants_own, nothing_is_left, same_text};
use crate::shop::{ASKED_AGAIN, LET_IN, MERCHANT, Shop};
use crate::stage::{Credential, Key};

/// What a backup of a whole server would hold of a grant.
const SAVED: &str = "/etc/passwd /etc/shadow /etc/group /etc/gshadow /home /var/lib/stagepass";

/// A server with root for stagepass, and a shop.
fn own_server(story: &Story) -> Host {
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    host
}

fn back_up(host: &Host) {
    host.sh(&format!("tar -C / --acls -czpf /root/backup.tgz {SAVED}"));
}

/// Puts the backup back, but for what `without` names.
fn restore(host: &Host, without: &str) {
    host.sh(&format!("tar -C / --acls -xzpf /root/backup.tgz --exclude='{without}'"));
}

/// The document of `verify`, which ends with this code.
#[track_caller]
fn verified(story: &Story, words: &[&str], code: i32) -> Value {
    let run = story.run([&["verify", "--json"], words].concat()).exits(code);
    let document = run.json();
    assert_eq!(document["ok"], code == 0, "{}", run.told());
    document
}

/// The one grant that this list holds, and no other list holds any.
#[track_caller]
fn only<'a>(document: &'a Value, list: &str) -> &'a Value {
    let result = document["result"].as_object().unwrap();
    for (name, entries) in result {
        let expected = usize::from(name == list);
        assert_eq!(entries.as_array().unwrap().len(), expected, "{name}: {document:#}");
    }
    &document["result"][list][0]
}

fn events(story: &Story, id: &str) -> Vec<String> {
    let shown = story.show(id);
    let events = shown["events"].as_array().unwrap();
    events.iter().map(|event| event["verb"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn is_verified(story: &Story, granted: &Granted, words: &[&str]) {
    let document = verified(story, words, 0);
    assert_eq!(only(&document, "proved")["grant"]["id"], granted.id.as_str());
    assert_eq!(events(story, &granted.id).last().unwrap(), "grant.verified");
}

fn key_of(story: &Story) -> Key {
    story.stage.supporter_key()
}

#[test]
fn what_is_open_works_and_what_is_closed_is_gone() {
    let story = Story::new();
    let host = own_server(&story);
    let key = key_of(&story);
    let granted = story.granted_key("staging", &key, &[]);
    let document = verified(&story, &[&granted.id], 0);
    let proved = only(&document, "proved");
    assert!(proved["notes"].to_string().contains(r#""login-key-taken""#), "{proved}");

    story.revoked(&granted.id);
    let (before, log) = (merchants_own(&host), host.log().len());
    // Two refused logins in six seconds would be too many.
    std::thread::sleep(std::time::Duration::from_secs(6));
    is_verified(&story, &granted, &["--case", crate::job::CASE]);
    let said = host.log()[log..].to_owned();
    assert_eq!(said.matches("Accepted publickey for root").count(), 1, "{said}");
    let shown = story.show(&granted.id);
    let last = shown["events"].as_array().unwrap().last().unwrap();
    let detail: Value = serde_json::from_str(last["detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["layers"][0]["login"]["answer"], "refused", "{detail:#}");
    assert_eq!(detail["layers"][0]["state_read_back"]["present"], "false", "{detail:#}");
    same_text(&before, &merchants_own(&host));
    assert_eq!(shown["grant"]["state"], "closed");
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn energydata_276_a_restored_backup_is_found_and_closed_again() {
    let story = Story::new();
    let host = own_server(&story);
    let before = merchants_own(&host);
    let key = key_of(&story);
    let with = Credential::Key(&key.private);
    let granted = story.granted_key("staging", &key, &[]);
    back_up(&host);
    story.revoked(&granted.id);
    restore(&host, "none");
    // It is really back.
    story.stage.sftp(&host, &granted.account, with, "pwd\n").ok();

    let document = verified(&story, &["--all"], 8);
    let back = only(&document, "back");
    let there = back["there"].to_string();
    for what in ["there-account", "home", "there-key-line", "there-gate"] {
        assert!(there.contains(&format!(r#""id":"{what}""#)), "no {what} in {there}");
    }
    assert!(there.contains(&format!("the account `{}`", granted.account)), "{there}");
    let hints = document["error"]["hints"].to_string();
    assert!(hints.contains(&format!("stagepass verify {} --close", granted.id)), "{hints}");
    assert_eq!(document["error"]["kind"], "stuck");
    assert_eq!(document["error"]["id"], "not-proved");
    assert_eq!(document["error"]["hints"][0]["id"], "not-proved-close");
    assert_eq!(events(&story, &granted.id).last().unwrap(), "grant.reappeared");
    // Looking takes nothing away.
    story.stage.sftp(&host, &granted.account, with, "pwd\n").ok();
    is_closed_again(&story, &host, &granted, &before);
    is_refused(&story, &host, &granted.account, with);

    // Not every backup has what stagepass itself keeps there.
    restore(&host, "var/lib/stagepass");
    host.sh(&format!("getent passwd {}", granted.account));
    verified(&story, &["--all"], 8);
    is_closed_again(&story, &host, &granted, &before);
    is_verified(&story, &granted, &["--all"]);
    story.run(["ledger", "verify"]).ok();
}

#[track_caller]
fn is_closed_again(story: &Story, host: &Host, granted: &Granted, before: &str) {
    let document = verified(story, &[&granted.id, "--close"], 0);
    let again = only(&document, "closed_again");
    assert_eq!(again["grant"]["state"], "closed");
    let events = events(story, &granted.id);
    let last = ["grant.reappeared", "grant.closing-again", "grant.closed-again"];
    assert_eq!(events[events.len() - 3..], last);
    host.sh("mv /root/backup.tgz /");
    same_text(before, &merchants_own(host));
    host.sh("mv /backup.tgz /root");
    nothing_is_left(host, &granted.id);
}

#[test]
fn a_key_that_is_put_back_into_a_shared_account_is_found_and_closed_again() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    host.sh("chown -R deploy /var/www/shop");
    story.target("staging", &host, "deploy", &[]);
    let keys = "/home/deploy/.ssh/authorized_keys";
    let key = key_of(&story);
    let with = Credential::Key(&key.private);
    let before = host.sh(&format!("cat {keys}"));
    let granted = story.granted_key("staging", &key, &[]);
    host.sh("tar -C /home/deploy -czpf /root/saved.tgz .ssh .stagepass");
    story.revoked(&granted.id);
    is_verified(&story, &granted, &[&granted.id]);

    // The line with its mark and its gate, out of a backup; or the bare key, by hand.
    let by_hand = format!("echo \"$1\" >>{keys}");
    let ways = [
        ("tar -C /home/deploy -xzpf /root/saved.tgz", ["there-key-line", "there-gate"]),
        (by_hand.as_str(), ["there-key-elsewhere", "login-still-accepted"]),
    ];
    for (number, (script, what)) in ways.into_iter().enumerate() {
        host.exec(&["sh", "-euc", script, "sh", &key.line()]).ok();
        let document = verified(&story, &[&granted.id], 8);
        let there = only(&document, "back")["there"].to_string();
        assert!(there.contains(what[0]), "{there}");
        // A key that is in a line of somebody else's is not tried.
        assert_eq!(there.contains(what[1]), number == 0, "{there}");
        story.stage.sftp(&host, "deploy", with, "pwd\n").ok();
        verified(&story, &[&granted.id, "--close"], 0);
        is_refused(&story, &host, "deploy", with);
        assert_eq!(host.sh(&format!("cat {keys}")), before);
        nothing_is_left(&host, &granted.id);
    }
    is_verified(&story, &granted, &[&granted.id]);
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn a_restored_database_brings_a_user_of_the_shop_back_and_it_is_found_and_closed_again() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop_software().start();
    let shop = Shop::open(&host);
    story.target("staging", &host, "root", &[]);
    let before = (Shop::rows(&host), merchants_own(&host));
    let file = story.stage.supporter_path().join("password");
    let with = ["--with", "server,wordpress", "--output", file.to_str().unwrap()];
    let granted = story.granted_key("staging", &key_of(&story), &with);
    let name = granted.document["grant"]["layers"][1]["account"].as_str().unwrap().to_owned();
    let password = std::fs::read_to_string(&file).unwrap();
    let user = (name.as_str(), password.trim());
    let (browser, other) = (shop.browser(&story.stage, &host), shop.browser(&story.stage, &host));
    assert_eq!(browser.logs_in(user), LET_IN);
    assert!(browser.is_in());
    host.sh("mariadb-dump shop >/root/shop.sql");
    let is_over = || {
        assert!(!browser.is_in());
        assert_eq!(other.logs_in(user), ASKED_AGAIN);
        assert_eq!(other.logs_in(MERCHANT), LET_IN);
        assert_eq!(Shop::rows(&host), before.0);
    };
    story.revoked(&granted.id);
    is_over();
    is_verified(&story, &granted, &[&granted.id]);

    // A dump from before: the user, its role, its password, and the session that was open.
    let restore = || {
        host.sh("mariadb shop </root/shop.sql");
        assert!(browser.is_in());
        assert_eq!(other.logs_in(user), LET_IN);
    };
    restore();
    let document = verified(&story, &["--all"], 8);
    let there = only(&document, "back")["there"].to_string();
    assert!(there.contains(r#""there-layer""#) && there.contains(&name), "{there}");
    assert_eq!(document["error"]["kind"], "stuck");
    assert_eq!(document["error"]["id"], "not-proved");
    assert_eq!(document["error"]["hints"][0]["id"], "not-proved-close");
    assert_eq!(events(&story, &granted.id).last().unwrap(), "grant.reappeared");
    let layer = format!("{}1", granted.id);
    let reconciled = story.run(["reconcile", "staging", "--json"]).exits(8).json();
    let found = &reconciled["result"]["targets"][0]["findings"][0];
    assert_eq!(found["matter"], "over", "{reconciled:#}");
    assert_eq!((&found["grant"], &found["proved"]), (&layer.as_str().into(), &true.into()));
    // Looking takes nothing away.
    assert!(browser.is_in());
    let document = verified(&story, &[&granted.id, "--close"], 0);
    assert_eq!(only(&document, "closed_again")["grant"]["state"], "closed");
    is_over();
    is_verified(&story, &granted, &["--all"]);

    restore();
    story.run(["reconcile", "staging", "--close", &layer]).ok();
    is_over();
    is_verified(&story, &granted, &["--all"]);
    host.sh("rm /root/shop.sql");
    same_text(&before.1, &merchants_own(&host));
    host.sh("! find /var/lib/stagepass -mindepth 1 -type d | grep .");
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn what_cannot_be_looked_at_is_never_called_proved() {
    let story = Story::new();
    let host = own_server(&story);
    let key = key_of(&story);
    let open = story.granted_key("staging", &key, &[]);
    let document = verified(&story, &["--all", "--dry-run"], 0);
    assert_eq!(document["result"]["would_verify"][0]["id"], open.id.as_str());
    assert_eq!(document["result"]["dry_run"], true);
    host.stop_sshd();
    let document = verified(&story, &["--all"], 5);
    only(&document, "unseen");
    host.start_sshd();

    // The same name, another server: everything would look gone there.
    story.revoked(&open.id);
    let other = story.stage.light(SUITE).shop().start();
    story.target("staging", &other, "root", &["--replace"]);
    let document = verified(&story, &["--all"], 7);
    let why = only(&document, "unseen")["why"].to_string();
    assert!(why.contains("another server"), "{why}");
    assert!(!events(&story, &open.id).contains(&"grant.verified".to_owned()));

    // A closed grant on a server that was removed is left out of everything, and not if named.
    story.run(["target", "remove", "staging"]).ok();
    let document = verified(&story, &["--all"], 0);
    assert_eq!(document["result"]["left_out"][0], open.id.as_str());
    verified(&story, &[&open.id], 4);
    verified(&story, &["nosuchgrant"], 4);
    story.run(["verify"]).exits(2);
}

#[test]
fn an_open_grant_whose_key_is_not_taken_any_more_is_told() {
    let story = Story::new();
    let host = own_server(&story);
    let key = key_of(&story);
    let granted = story.granted_key("staging", &key, &[]);
    // A server takes the key of an account that has expired until somebody signs with it: only its
    // state says so.
    host.sh(&format!("usermod -e 1 {}", granted.account));
    let document = verified(&story, &[&granted.id], 8);
    let drifted = only(&document, "drifted");
    assert!(drifted["drift"].to_string().contains(r#""locked""#), "{drifted}");
    assert_eq!(events(&story, &granted.id).last().unwrap(), "grant.not-verified");
    host.sh(&format!(": >/home/{}/.ssh/authorized_keys", granted.account));
    std::thread::sleep(std::time::Duration::from_secs(6));
    let document = verified(&story, &[&granted.id], 8);
    let drifted = only(&document, "drifted");
    assert!(drifted["drift"].to_string().contains(r#""login-key-not-taken""#), "{drifted}");
    let hints = document["error"]["hints"].to_string();
    assert!(hints.contains(&format!("stagepass revoke {}", granted.id)), "{hints}");
    // What is overdue is the sweep's, and no proof of anything.
    let short = story.granted_key("staging", &key, &["--for", "2h", "--company", "Another"]);
    Story::wait_until_over(story.ends_in(&short.id, 2));
    let document = verified(&story, &[&short.id], 8);
    only(&document, "unfinished");
}

#[test]
fn a_key_that_still_opens_the_account_for_old_clients_is_not_said_to_be_refused() {
    let story = Story::new();
    let host = own_server(&story);
    let key = story.stage.key("rsa:2048");
    let granted = story.granted_key("staging", &key, &[]);
    // A server of long ago: RSA with SHA-1, which its own clients speak.
    host.stop_sshd();
    host.sh("sed -i '1i PubkeyAcceptedAlgorithms ssh-rsa,ssh-ed25519' /etc/ssh/sshd_config");
    host.start_sshd();
    let document = verified(&story, &[&granted.id], 0);
    let notes = only(&document, "proved")["notes"].to_string();
    assert!(notes.contains(r#""login-key-taken""#), "{notes}");
    // What was changed in sshd's settings is a finding.
    story.run(["revoke", &granted.id]).exits(8);
    is_verified(&story, &granted, &["--all"]);

    // Somebody puts the account and the key back, by hand and without a mark.
    let (account, line) = (&granted.account, key.line());
    host.sh(&format!(
        "useradd -m -s /bin/sh {account}; mkdir ~{account}/.ssh
        echo '{line}' >~{account}/.ssh/authorized_keys; chown -R {account}: ~{account}/.ssh"
    ));
    std::thread::sleep(std::time::Duration::from_secs(7));
    let document = verified(&story, &["--all"], 8);
    let there = only(&document, "back")["there"].to_string();
    assert!(there.contains(r#""login-still-accepted""#), "{there}");
}

#[test]
fn a_grant_that_is_revoked_while_it_is_looked_at_has_not_drifted() {
    let story = Story::new();
    let host = own_server(&story);
    let granted = story.granted_key("staging", &key_of(&story), &[]);
    // The next look begins, and goes on when the grant is over.
    host.sh("mv /usr/bin/getent /usr/bin/getent.real
        printf '#!/bin/sh\\nif rm /run/slow 2>/dev/null; then : >/run/began; \
            while [ ! -e /run/over ]; do sleep 0.1; done; fi\\n\
            exec getent.real \"$@\"\\n' >/usr/bin/getent
        chmod 755 /usr/bin/getent; : >/run/slow");
    let looking = story.stage.command(["verify", "--json", &granted.id]).spawn();
    let began = host.root_path().join("run/began");
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !began.exists() {
        assert!(std::time::Instant::now() < patience, "the look never began");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    story.revoked(&granted.id);
    host.sh(": >/run/over");
    let document = looking.wait().ok().json();
    assert_eq!(only(&document, "proved")["grant"]["id"], granted.id.as_str());
    assert!(!events(&story, &granted.id).contains(&"grant.not-verified".to_owned()));
}

#[test]
fn many_grants_on_one_server_do_not_lock_us_out() {
    let story = Story::new();
    // OpenSSH 10.0 counts a key that it took and nobody signed with as a failed login.
    let host = story.stage.light("trixie").sshd_config("LogLevel VERBOSE").shop().start();
    story.target("staging", &host, "root", &[]);
    let key = key_of(&story);
    for number in 0..5 {
        story.granted_key("staging", &key, &["--company", &format!("Company {number}")]);
    }
    for _ in 0..2 {
        let document = verified(&story, &["--all"], 0);
        let proved = document["result"]["proved"].as_array().unwrap();
        assert_eq!(proved.len(), 5);
        assert!(proved.iter().any(|one| one["notes"].to_string().contains(r#""login-rationed""#)));
    }
    assert!(host.log().contains("penalty of 5 seconds"), "nothing was counted: {}", host.log());
    assert!(!host.log().contains("drop connection"), "{}", host.log());
    story.run(["target", "check", "staging"]).ok();
}
