//! How access ends by itself, as a merchant and a supporter see it: what the plan promises and
//! refuses, what the gate says and writes down, what goes on at the end and what does not.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::host::{Host, SUITE, Sudo};
use crate::job::{Story, broken, is_refused, nothing_is_left};
use crate::stage::{Credential, Key};

/// Seconds from now until a deadline, by the clock that both sides share here.
fn seconds_to(deadline: i64) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    deadline - i64::try_from(now.as_secs()).unwrap()
}

/// Waits until so many seconds after the deadline.
fn wait_until_after(deadline: i64, seconds: i64) {
    let rest = seconds_to(deadline) + seconds;
    thread::sleep(Duration::from_secs(u64::try_from(rest).unwrap_or(0)));
}

/// Waits until such a program runs on the host.
#[track_caller]
fn runs(host: &Host, command: &str) {
    let patience = Instant::now() + Duration::from_secs(30);
    while host.exec(&["pgrep", "-fx", command]).exit != 0 {
        assert!(Instant::now() < patience, "`{command}` never ran");
        thread::sleep(Duration::from_millis(100));
    }
}

/// The supporter's `ssh` that runs a command, in the background.
fn working(
    story: &Story,
    host: &Host,
    account: &str,
    key: &Key,
    command: &str,
) -> std::process::Child {
    Command::new("ssh")
        .args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "LogLevel=ERROR",
        ])
        .args(["-o", "IdentityAgent=none", "-o", "GlobalKnownHostsFile=none", "-o"])
        .arg(format!("UserKnownHostsFile={}", story.stage.known_hosts(host).display()))
        .arg("-i")
        .arg(&key.private)
        .args(["-p", &host.port.to_string(), &format!("{account}@{}", host.address), command])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What systemd mounts for whoever is logged in goes some moments after the login, and on a busy server later. It is no
/// file that the account left.
#[test]
fn what_systemd_mounts_for_a_login_is_no_file_of_the_account_booted() {
    let story = Story::new();
    let host = story.stage.full(SUITE).shop().start();
    host.sh("folder=/etc/systemd/system/user-runtime-dir@.service.d; mkdir -p $folder
        printf '[Service]\\nExecStop=\\nExecStop=/bin/sleep 40\\n' >$folder/slow.conf
        systemctl daemon-reload");
    story.target("staging", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("staging", &key, &[]);
    story.stage.sftp(&host, &granted.account, Credential::Key(&key.private), "pwd\n").ok();
    let folder = format!("/run/user/{}", host.sh(&format!("id -u {}", granted.account)).trim());
    host.sh(&format!("mountpoint {folder}"));
    let told = story.revoked(&granted.id);
    assert!(!told.contains("made by this account"), "{told}");
    host.sh(&format!("mountpoint {folder}"));
}

#[test]
fn a_shell_that_nothing_would_surely_end_is_refused_until_that_is_accepted() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().without_cron().start();
    story.target("staging", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let shell = ["--key", public, "--access", "ssh", "--dry-run"];
    let run = story.grant("staging", &shell).exits(3);
    assert_eq!(broken(&run), ["expiry.weak"]);
    assert!(run.output().contains("ends a session that is open"), "{}", run.told());
    let accepted = [&shell[..], &["--accept-weak-expiry"]].concat();
    let plan = story.grant("staging", &accepted).ok().json()["result"]["plan"].clone();
    assert_eq!(plan["promise"]["credentials"][0]["enforced_by"], json!(["gate", "key expiry"]));
    // Who has SFTP and no more cannot stop the gate's watcher.
    let sftp = ["--key", public, "--dry-run"];
    let plan = story.grant("staging", &sftp).ok().json()["result"]["plan"].clone();
    assert_eq!(plan["promise"]["credentials"][0]["missing"], json!([]), "{plan}");
}

#[test]
fn jumpserver_2243_a_running_session_ends_at_the_deadline_and_a_new_one_is_told_why() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    let key = story.stage.supporter_key();
    story.target("own", &host, "root", &[]);
    story.target("shared", &host, "deploy", &[]);
    // What is granted there has to do its work.
    host.sh("setfacl -R -m u:deploy:rwX /var/www/shop");
    for target in ["own", "shared"] {
        let granted = story.granted_key(target, &key, &["--access", "ssh", "--for", "2h"]);
        let (granted, account) = (granted.id, granted.account);
        let mut session = working(&story, &host, &account, &key, "sleep 300");
        runs(&host, "sleep 300");
        let deadline = story.ends_in(&granted, 6);
        session.wait().unwrap();
        let late = -seconds_to(deadline);
        assert!((0..=10).contains(&late), "{target}: ended {late} s after its deadline");
        story.run(["sweep"]).ok();
        assert_eq!(story.state(&granted), "closed");
        is_refused(&story, &host, &account, Credential::Key(&key.private));
        nothing_is_left(&host, &granted);
        // What the gate wrote down is in the ledger: the verification, and the session.
        let shown = story.run(["show", &granted]).ok().stdout;
        assert!(shown.contains("sleep 300"), "{shown}");
    }
}

#[test]
fn jumpserver_16343_with_drain_running_work_is_finished_and_nothing_new_starts() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().start();
    let key = story.stage.supporter_key();
    story.target("staging", &host, "root", &[]);
    let more = ["--access", "ssh", "--for", "2h", "--at-end", "drain", "--max", "5m"];
    let granted = story.granted_key("staging", &key, &more);
    let (id, account) = (granted.id.as_str(), granted.account.as_str());
    // What the gate will say, behind what ended and when.
    let said = host.sh(&format!("grep ^ask= /var/lib/stagepass/{id}/gate.conf"));
    assert_eq!(said, "ask=Ask the person at the shop who gave it to you.\n");
    let work = "until test -e /tmp/go; do sleep 0.2; done; touch /var/www/shop/finished";
    let mut session = working(&story, &host, account, &key, work);
    runs(&host, "sleep 0.2");
    let deadline = story.ends_in(id, 6);
    // The gate looks every few seconds.
    wait_until_after(deadline, 6);
    assert!(session.try_wait().unwrap().is_none(), "it was ended at the deadline");
    let with = Credential::Key(&key.private);
    let run = story.stage.ssh(&host, account, with, &["true"]);
    assert_ne!(run.exit, 0, "{}", run.told());
    // The sweep lets it finish, says nothing, and closes it then.
    let sweep = story.run(["sweep"]).ok();
    assert_eq!(sweep.output(), "", "{}", sweep.told());
    assert_ne!(story.state(id), "closed");
    host.sh("touch /tmp/go");
    assert!(session.wait().unwrap().success(), "the work that was running was cut off");
    assert_eq!(host.sh("ls /var/www/shop/finished").trim(), "/var/www/shop/finished");
    story.run(["revoke", id]).ok();
    assert_eq!(story.state(id), "closed");
    nothing_is_left(&host, id);
}

#[test]
fn how_long_running_work_may_go_on_is_bounded_and_counts_for_the_deadline() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let ask =
        |more: &[&str]| story.grant("staging", &[&["--key", public, "--dry-run"], more].concat());
    for (max, why) in
        [("13h", "between one minute"), ("5s", "between one minute"), ("soon", "--max")]
    {
        let run = ask(&["--at-end", "drain", "--max", max]).exits(2);
        assert!(run.output().contains(why), "{}", run.told());
    }
    let run = ask(&["--at-end", "kill", "--max", "30m"]).exits(2);
    assert!(run.output().contains("nothing to wait for"), "{}", run.told());
    let run = ask(&["--for", "35d", "--at-end", "drain"]);
    assert_eq!(broken(&run.exits(3)), ["deadline.hard"]);
    let plan: Value = ask(&["--at-end", "drain"]).ok().json();
    assert_eq!(plan["result"]["plan"]["terms"]["drain"], 1800);
}
