//! Grants in the merchant's own account, deadlines, whole cases, refusals, and what a killed
//! program leaves.

use std::io::Write as _;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::backup::{BACKUP, back_up};
use crate::host::{Host, SUITE, Sudo, suites};
use crate::job::{
    ANY_PORT, CASE, Granted, Story, broken, expiry_time, is_refused, merchants_own,
    nothing_happens, nothing_is_left, now, same_text,
};
use crate::matrix::Row;
use crate::stage::{Credential, Ended, Key, Paramiko, Run};

// ---- a key in the merchant's own account -------------------------------------------------------

const KEYS: &str = "/home/deploy/.ssh/authorized_keys";

/// A server on which stagepass is not root, with lines of the merchant's own in the key file: a
/// comment, options, a CRLF, no newline at the end.
fn shared_account(story: &Story, suite: &str, extra: &str) -> Host {
    let host = story.stage.light(suite).deploy(Sudo::None).shop().start();
    host.sh(&format!(
        r#"chown -R deploy /var/www/shop
        ssh-keygen -q -t ed25519 -N '' -f /root/other -C 'a colleague'
        {{
            printf '# of the merchant\n\n'
            printf 'no-pty,command="/bin/true" %s\r\n' "$(cat /root/other.pub)"
            printf '%s' '{extra}'
        }} >>{KEYS}
        chmod 640 {KEYS}"#
    ));
    story.target("staging", &host, "deploy", &[]);
    host
}

fn key_file(host: &Host) -> String {
    host.sh(&format!("cat {KEYS}"))
}

#[track_caller]
fn a_key_works_and_ends(suite: &str, access: &str) {
    let story = Story::new();
    let host = shared_account(&story, suite, "");
    let _row = Row::new(&host, "", "authorized-key");
    let stage = &story.stage;
    let key = stage.supporter_key();
    let with = Credential::Key(&key.private);
    let (before, lines) = (merchants_own(&host), key_file(&host));
    let granted = story.granted_key("staging", &key, &["--access", access]);
    assert_eq!(granted.account, "deploy");
    let ours = key_file(&host).strip_prefix(&lines).expect("ours come last").to_owned();
    assert!(ours.contains(&granted.id) && ours.contains("expiry-time"), "{ours}");
    assert_eq!(ours.lines().count(), 1, "{ours}");

    // SFTP begins in the shop folder; a shell, and its SFTP, in the account's home.
    let from = if access == "ssh" { "/var/www/shop/" } else { "" };
    stage.sftp(&host, "deploy", with, &format!("get {from}composer.json\n")).ok();
    let write = stage.paramiko(&host, "deploy", with, Paramiko::Write("/var/www/shop/of-jane"));
    assert_eq!(write.exit == 0, access != "sftp-read-only", "{}", write.told());
    let run = stage.ssh(&host, "deploy", with, &["id", "-un"]);
    assert_eq!(run.stdout.contains("deploy"), access == "ssh", "{}", run.told());
    let to = format!("127.0.0.1:{}", host.port);
    let run = stage.ssh(&host, "deploy", with, &["-W", &to]).fails();
    assert!(!run.stdout.contains("SSH-2.0"), "{}", run.told());
    host.sh("rm -f /var/www/shop/of-jane");

    let told = story.revoked(&granted.id);
    assert!(told.contains(r#""login-refused""#), "{told}");
    is_refused(&story, &host, "deploy", with);
    nothing_is_left(&host, &granted.id);
    same_text(&before, &merchants_own(&host));
}

#[track_caller]
fn every_key_works_and_ends(suite: &str) {
    for access in ["sftp", "sftp-read-only", "ssh"] {
        a_key_works_and_ends(suite, access);
    }
}

#[test]
fn a_key_in_the_merchants_account_works_and_ends_on_bookworm() {
    every_key_works_and_ends("bookworm");
}

#[test]
fn a_key_in_the_merchants_account_works_and_ends_on_bullseye() {
    every_key_works_and_ends("bullseye");
}

#[test]
fn a_key_in_the_merchants_account_works_and_ends_on_trixie() {
    every_key_works_and_ends("trixie");
}

#[test]
fn cpanel_462_a_key_of_two_grants_stays_until_both_have_ended() {
    let story = Story::new();
    let host = shared_account(&story, SUITE, "");
    let lines = key_file(&host);
    let key = story.stage.supporter_key();
    let with = Credential::Key(&key.private);
    story.run(["case", "open", "MSP-2", "--desk", "multisafepay"]).ok();
    let first = story.granted_key("staging", &key, &[]);
    let public = key.public.to_str().unwrap();
    let other = ["--json", "--case", "MSP-2", "--target", "staging", "--supporter", "Jane Doe"];
    let words = [&["grant"], &other[..], &ANY_PORT, &["--key", public]].concat();
    let run = story.run(words).ok();
    let second = Granted::of(&run);
    let notes = second.document["notes"].to_string();
    assert!(notes.contains(r#""made-same-key-kept""#), "{}", run.told());

    let told = story.revoked(&first.id);
    assert!(told.contains(r#""end-same-key-kept""#), "{told}");
    story.stage.sftp(&host, "deploy", with, "pwd\n").ok();
    let told = story.revoked(&second.id);
    assert!(told.contains(r#""login-refused""#), "{told}");
    is_refused(&story, &host, "deploy", with);
    assert_eq!(key_file(&host), lines);
}

#[test]
fn a_key_that_the_merchant_had_put_there_is_told_and_left() {
    let story = Story::new();
    let key = story.stage.supporter_key();
    let host = shared_account(&story, SUITE, &key.line());
    let lines = key_file(&host);
    let public = key.public.to_str().unwrap();
    let run = story.grant("staging", &["--key", public]).ok();
    let granted = Granted::of(&run);
    let notes = granted.document["notes"].to_string();
    assert!(notes.contains(r#""made-same-key-foreign""#), "{}", run.told());
    assert!(key_file(&host).starts_with(&lines));
    let told = story.revoked(&granted.id);
    assert!(told.contains(r#""end-same-key-foreign""#), "{told}");
    assert_eq!(key_file(&host), lines);
}

// ---- deadlines ---------------------------------------------------------------------------------

#[test]
fn the_server_itself_refuses_after_the_deadline_with_nobody_around() {
    let story = Story::new();
    let key = story.stage.supporter_key();
    let with = Credential::Key(&key.private);
    let public = key.public.to_str().unwrap();
    // An account of its own on each OpenSSH, and a line in the merchant's; 8.4 reads local time.
    let mut hosts = Vec::new();
    for suite in suites() {
        for shared in [false, true] {
            let builder = story.stage.light(suite).time_zone("Europe/Rome").shop();
            let host = builder.deploy(Sudo::NoPassword).start();
            if shared {
                host.sh("setfacl -R -m u:deploy:rwX /var/www/shop");
            }
            let name = format!("{suite}-{shared}");
            let elevation = if shared { "none" } else { "sudo" };
            story.target(&name, &host, "deploy", &["--become", elevation]);
            hosts.push((name, host));
        }
    }
    let mut granted = Vec::new();
    for (name, host) in &hosts {
        let one = story.granted(name, &["--key", public, "--for", "2h"]);
        story.stage.sftp(host, &one.account, with, "pwd\n").ok();
        granted.push(one);
    }
    let ends: Vec<i64> = granted.iter().map(|one| story.ends_in(&one.id, 2)).collect();
    Story::wait_until_over(*ends.iter().max().unwrap());
    for (one, (name, host)) in granted.iter().zip(&hosts) {
        let run = story.stage.sftp(host, &one.account, with, "pwd\n").exits(255);
        assert!(run.stderr.contains("Permission denied"), "{name}: {}", run.told());
        assert_eq!(story.state(&one.id), "open", "nobody has swept yet");
    }
    let run = story.run(["list"]).ok();
    assert_eq!(run.stdout.matches("over, not confirmed").count(), hosts.len(), "{}", run.told());
    let run = story.run(["sweep"]).ok();
    assert_eq!(run.output(), "", "a sweep that does its work is silent");
    for (one, (_, host)) in granted.iter().zip(&hosts) {
        assert_eq!(story.state(&one.id), "closed");
        nothing_is_left(host, &one.id);
    }
    story.run(["ledger", "verify"]).ok();
}

fn expiry_of(host: &Host, account: &str) -> String {
    let line = host.sh(&format!("cat /home/{account}/.ssh/authorized_keys"));
    let (_, rest) = line.split_once("expiry-time=\"").expect("the line has an end");
    rest.split_once('"').unwrap().0.to_owned()
}

fn deadline_of(story: &Story, id: &str) -> i64 {
    story.show(id)["grant"]["deadline"].as_i64().unwrap()
}

#[test]
fn a_deadline_is_moved_both_ways_under_a_running_session() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let with = Credential::Key(&key.private);
    let granted = story.granted_key("staging", &key, &["--access", "ssh", "--for", "1h"]);
    assert_eq!(expiry_of(&host, &granted.account), expiry_time(granted.deadline));
    thread::scope(|scope| {
        let session = scope.spawn(|| {
            story.stage.ssh(&host, &granted.account, with, &["sleep", "4;", "echo", "still here"])
        });
        thread::sleep(Duration::from_millis(500));
        for length in ["3d", "30m"] {
            story.run(["extend", &granted.id, "--for", length, "--reason", "it takes longer"]).ok();
            let moved = deadline_of(&story, &granted.id);
            assert_eq!(expiry_of(&host, &granted.account), expiry_time(moved));
            let wanted = now() + if length == "3d" { 3 * 86_400 } else { 1800 };
            assert!((wanted - moved).abs() < 20, "{length}: {moved} is not {wanted}");
        }
        let run = session.join().unwrap().ok();
        assert_eq!(run.stdout, "still here\n");
    });
    story.stage.sftp(&host, &granted.account, with, "pwd\n").ok();

    // What policy refuses, and what the server never heard of, leaves everything as it was.
    let old = (deadline_of(&story, &granted.id), expiry_of(&host, &granted.account));
    let move_to = |words: &[&str]| {
        let words = [&["extend", &granted.id, "--json"], words].concat();
        story.run(words)
    };
    let same =
        || assert_eq!(old, (deadline_of(&story, &granted.id), expiry_of(&host, &granted.account)));
    let run = nothing_happens(&story, &host, 3, || move_to(&["--for", "50d", "--reason", "more"]));
    assert!(!broken(&run).is_empty(), "{}", run.told());
    let run = nothing_happens(&story, &host, 3, || move_to(&["--for", "2d"]));
    assert_eq!(broken(&run), ["extension.reason"]);
    host.stop_sshd();
    move_to(&["--for", "2d", "--reason", "more"]).exits(5);
    move_to(&["--for", "5m", "--reason", "less"]).exits(5);
    same();
    host.start_sshd();
    same();
    story.stage.sftp(&host, &granted.account, with, "pwd\n").ok();
    story.revoked(&granted.id);
    let run = move_to(&["--for", "2d", "--reason", "more"]).exits(2);
    assert!(run.output().contains("closed"), "{}", run.told());
}

#[test]
fn a_case_is_closed_only_when_every_grant_on_every_target_is_proved_closed() {
    let story = Story::new();
    let key = story.stage.supporter_key();
    let with = Credential::Key(&key.private);
    let hosts = ["one", "two"].map(|name| {
        let host = story.stage.light(SUITE).shop().start();
        story.target(name, &host, "root", &[]);
        host
    });
    let before = hosts.each_ref().map(merchants_own);
    let granted = ["one", "two"].map(|name| story.granted_key(name, &key, &[]));
    hosts[1].stop_sshd();
    let run = story.run(["case", "close", CASE]).exits(7);
    assert!(run.output().contains("stays open"), "{}", run.told());
    assert_eq!(story.state(&granted[0].id), "closed");
    assert_eq!(story.state(&granted[1].id), "closing");
    let case = story.run(["case", "show", CASE, "--json"]).ok().json()["result"]["case"].clone();
    assert!(case["closed_at"].is_null(), "{case}");
    is_refused(&story, &hosts[0], &granted[0].account, with);
    // The target cannot be forgotten while access on it may exist.
    story.run(["target", "remove", "two"]).exits(2);

    hosts[1].start_sshd();
    story.stage.sftp(&hosts[1], &granted[1].account, with, "pwd\n").ok();
    story.run(["case", "close", CASE]).ok();
    let case = story.run(["case", "show", CASE, "--json"]).ok().json()["result"]["case"].clone();
    assert!(case["closed_at"].is_i64(), "{case}");
    is_refused(&story, &hosts[1], &granted[1].account, with);
    for (host, before) in hosts.iter().zip(before) {
        same_text(&before, &merchants_own(host));
    }
    let public = key.public.to_str().unwrap();
    story.grant("one", &["--key", public]).exits(2);
    story.run(["target", "remove", "two"]).ok();
    story.run(["ledger", "verify"]).ok();
}

// ---- refusals ----------------------------------------------------------------------------------

/// Every rule that access to a live shop has to meet, when none is met.
const LIVE: [&str; 8] = [
    "live",
    "live.approver",
    "live.approval",
    "live.reason",
    "live.access",
    "live.backup",
    "live.acknowledgement",
    "live.confirmation",
];

fn refusing_host(story: &Story) -> (Host, Key) {
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    (host, story.stage.supporter_key())
}

fn live_target(story: &Story, host: &Host) {
    let identity = story.stage.admin.private.to_str().unwrap();
    let url = host.url("root");
    let mut words = vec!["target", "add", "shop", &url, "--environment", "live"];
    words.extend(["--host-key", &host.fingerprint, "--identity", identity]);
    words.extend(["--path", "/var/www/shop"]);
    story.run(words).ok();
}

#[test]
fn ftp_is_refused_in_every_disguise() {
    let story = Story::new();
    let (host, key) = refusing_host(&story);
    let add = |address: &str| {
        story.run(["target", "add", "other", address, "--environment", "staging", "--json"])
    };
    for address in ["ftp://shop@127.0.0.1", "ftps://127.0.0.1", "ftpes://127.0.0.1:2121"] {
        let run = nothing_happens(&story, &host, 3, || add(address));
        assert_eq!(broken(&run), ["ftp"], "{address}");
    }
    for port in [20, 21, 990] {
        let run = nothing_happens(&story, &host, 3, || add(&format!("ssh://127.0.0.1:{port}")));
        assert_eq!(broken(&run), ["ftp"], "{port}");
    }
    // A server that greets like FTP behind an address that says SSH; also in a file written by hand.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        while let Ok((mut peer, _)) = listener.accept() {
            let _ = peer.write_all(b"220 ProFTPD Server (shop) [127.0.0.1]\r\n");
            thread::spawn(move || {
                let mut heard = Vec::new();
                let _ = std::io::copy(&mut peer, &mut heard);
            });
        }
    });
    nothing_happens(&story, &host, 3, || add(&format!("ssh://127.0.0.1:{port}")));
    let path = story.stage.config().join("targets.toml");
    let staging = std::fs::read_to_string(&path).unwrap();
    let public = key.public.to_str().unwrap();
    for (port, rules) in [(port, vec!["ftp"]), (21, vec!["ftp"])] {
        let ours = format!(":{}", host.port);
        std::fs::write(&path, staging.replace(&ours, &format!(":{port}"))).unwrap();
        let run = nothing_happens(&story, &host, 3, || story.grant("staging", &["--key", public]));
        assert_eq!(broken(&run), rules, "{port}");
    }
}

#[test]
fn every_broken_rule_is_told_at_once_and_nothing_is_touched() {
    let story = Story::new();
    let (host, key) = refusing_host(&story);
    live_target(&story, &host);
    let public = key.public.to_str().unwrap();
    let with_key = ["--json", "--key", public];
    let refused = |target: &str, more: &[&str]| {
        let words = Story::grant_words(target, &[&with_key[..], more].concat());
        let run = nothing_happens(&story, &host, 3, || story.run(words));
        broken(&run)
    };
    assert_eq!(refused("staging", &[]), ["port"]);
    assert_eq!(refused("staging", &["--override", "port"]), ["port", "override.reason"]);
    assert_eq!(refused("shop", &[]), [&["port"], &LIVE[..]].concat());
    assert_eq!(
        refused("shop", &["--for", "36d", "--password"]),
        [&["port"], &LIVE[..], &["deadline.hard", "deadline.case"]].concat()
    );
    let any_port = |more: &[&str]| refused("staging", &[&ANY_PORT[..], more].concat());
    assert_eq!(any_port(&["--for", "36d"]), ["deadline.hard", "deadline.case"]);
    assert_eq!(any_port(&["--override", "ftp"]), ["override.forbidden"]);
    assert_eq!(any_port(&["--override", "tides"]), ["override.unknown"]);
    assert_eq!(any_port(&["--company", "Multi\u{202e}Safepay"]), ["supporter.company"]);
}

/// Where the target names no folder, the shops in the usual places are listed, and a user of the shop is refused before
/// anything is asked; with a folder, the software in it is known by its files.
#[test]
fn a_shop_is_found_where_none_is_named_and_known_by_its_files() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    let key = story.stage.supporter_key();
    host.sh(
        "mkdir -p '/var/www/my shop' /home/deploy/public_html/bin /srv/empty /etc/nginx/conf.d /data/third
         touch '/var/www/my shop/wp-load.php' /home/deploy/public_html/bin/magento /data/third/wp-load.php
         printf 'server {\n  root /data/third;\n}\n' >/etc/nginx/conf.d/third.conf
         ln -s '/var/www/my shop' /srv/again",
    );
    // As deploy, who is not root: no folder is named for it.
    story.heard(story.stage.add_target("bare", &host, "deploy", &[])).ok();
    let document = story.run(["target", "check", "bare", "--json"]).ok().json();
    let seen = &document["result"]["providers"][1]["seen"];
    let expected = "/data/third wp-load.php\n/var/www/my shop wp-load.php\n\
        /home/deploy/public_html bin/magento";
    assert_eq!(seen["shop_seen"], expected, "{seen:#}");
    let shown = story.run(["target", "check", "bare"]).ok().stdout;
    assert!(shown.contains("  /var/www/my shop  (wp-load.php)\n"), "{shown}");
    let public = key.public.to_str().unwrap();
    let words = ["--key", public, "--with", "server,shop", "--output", "/nonexistent/x"];
    let found = &document["result"]["shops_found"];
    assert_eq!(found[0]["folder"], "/data/third", "{found:#}");
    assert_eq!(found[1]["provider"], "wordpress", "{found:#}");
    assert_eq!(found[2]["provider"], "magento", "{found:#}");
    let run = nothing_happens(&story, &host, 2, || story.grant("bare", &words));
    for words in ["2  /var/www/my shop  (wordpress)", "(magento)", "--shop-folder"] {
        assert!(run.output().contains(words), "{}", run.told());
    }
    // Where there is none at all, and a folder that is no folder's name.
    host.sh("rm -r '/var/www/my shop' /home/deploy/public_html /data/third /srv/again");
    let run = nothing_happens(&story, &host, 2, || story.grant("bare", &words));
    assert!(run.output().contains("no shop was found"), "{}", run.told());
    let folder = [&words[..], &["--shop-folder", "../shop"]].concat();
    let run = nothing_happens(&story, &host, 2, || story.grant("bare", &folder));
    assert!(run.output().contains("../shop"), "{}", run.told());
    // A folder of a shop of another kind, and one of none.
    story.target("none", &host, "root", &[]);
    let run = nothing_happens(&story, &host, 6, || story.grant("none", &words));
    assert!(run.output().contains("whose software stagepass knows"), "{}", run.told());
    let twice = ["--key", public, "--with", "server,shop,shop"];
    nothing_happens(&story, &host, 2, || story.grant("none", &twice));
}

/// What a document says of the shop folder, each with its rule and every sentence: what is refused
/// stands in the error, the rest in what `target check` says of `linux-account`.
fn said_of_the_folder(run: &Ended) -> Vec<serde_json::Value> {
    let document = run.json();
    let told = [&document["error"]["broken"], &document["result"]["providers"][0]["broken"]];
    let said = told.iter().filter_map(|list| list.as_array()).flatten();
    said.filter(|one| one["rule"].as_str().unwrap().starts_with("path.")).cloned().collect()
}

#[test]
fn check_dry_run_and_grant_say_the_same_of_a_shop_folder_and_touch_nothing() {
    let story = Story::new();
    let (host, key) = refusing_host(&story);
    let public = key.public.to_str().unwrap();
    host.sh(
        "mkdir -p /srv/rooted /srv/open/shop /srv/bound /srv/root-runs /home/jo/.ssh /etc/cron.d
        chown www-data: /srv/root-runs /srv/open/shop; chmod 777 /srv/open
        ln -s /etc /srv/link; ln -s /usr/local/sbin /srv/sbin
        useradd -d /home/jo -s /bin/bash jo; chown -R jo: /home/jo
        echo '* * * * * root php /srv/root-runs/cron.php' >/etc/cron.d/shop",
    );
    let override_it = ["--override", "path.not-proved"];
    for (number, (path, rule)) in [
        ("/srv/nothing", "path.missing"),
        ("/etc", "path.system"),
        ("/usr/local", "path.system"),
        ("/usr/local/sbin", "path.system"),
        ("/usr/share", "path.system"),
        ("/usr/src", "path.system"),
        ("/var/spool/cron", "path.system"),
        ("/var/lib/dpkg", "path.system"),
        ("/var/lib/systemd", "path.system"),
        ("/srv/link", "path.system"),
        ("/srv/sbin", "path.system"),
        ("/home/jo", "path.home"),
        ("/home/jo/.ssh", "path.home"),
        ("/srv/root-runs", "path.root"),
        ("/srv/rooted", "path.not-proved"),
        ("/srv/open/shop", "path.not-proved"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("t{number}");
        story.heard(story.stage.add_target(&name, &host, "root", &["--path", path])).ok();
        let is_final = !matches!(rule, "path.root" | "path.not-proved");
        let checked = story.run(["target", "check", &name, "--json"]);
        let checked = checked.exits(if is_final { 3 } else { 0 });
        let checked = said_of_the_folder(&checked);
        assert_eq!(checked.len(), 1, "{path} {checked:?}");
        assert_eq!(checked[0]["rule"], rule, "{path} {checked:?}");
        let grants: [&[&str]; 2] = [&["--key", public, "--dry-run"], &["--key", public]];
        for more in grants {
            let run = nothing_happens(&story, &host, 3, || story.grant(&name, more));
            assert_eq!(broken(&run), [rule], "{path} {more:?}");
            assert_eq!(said_of_the_folder(&run), checked, "the same words: {path} {more:?}");
            // Whatever is said, root's places are not given away.
            if rule != "path.not-proved" {
                let more = [more, &override_it[..]].concat();
                let run = nothing_happens(&story, &host, 3, || story.grant(&name, &more));
                assert!(broken(&run).contains(&rule.to_owned()), "{path} {}", run.told());
            }
        }
    }
    // What is merely not proved is the merchant's to say, and kept with the reason.
    let run = story.grant("t14", &[&["--key", public][..], &override_it[..]].concat()).ok();
    let overrides = &run.json()["result"]["plan"]["terms"]["overrides"];
    assert!(overrides.to_string().contains("path.not-proved"), "{overrides}");
    story.revoked(run.json()["result"]["grant"]["id"].as_str().unwrap());
    assert!(story.stage.run(["target", "check", "staging"]).ok().stdout.contains("can be used"));
}

#[test]
fn local_times_that_do_not_exist_once_are_asked_again() {
    let story = Story::new();
    let (host, key) = refusing_host(&story);
    let public = key.public.to_str().unwrap();
    let until = |time: &str| {
        let more = ["--key", public, "--until", time];
        let words = Story::grant_words("staging", &[&ANY_PORT[..], &more].concat());
        story.stage.command(words).env("TZ", "Europe/Rome").run()
    };
    let year = 1 + chrono::DateTime::from_timestamp(now(), 0)
        .unwrap()
        .format("%Y")
        .to_string()
        .parse::<i32>()
        .unwrap();
    let last_sunday = |month: u32| {
        (25..=31)
            .filter_map(|day| chrono::NaiveDate::from_ymd_opt(year, month, day))
            .find(|date| date.format("%a").to_string() == "Sun")
            .unwrap()
    };
    let run = nothing_happens(&story, &host, 2, || until(&format!("{} 02:30", last_sunday(10))));
    assert!(run.stderr.contains("twice"), "{}", run.told());
    let run = nothing_happens(&story, &host, 2, || until(&format!("{} 02:30", last_sunday(3))));
    assert!(run.stderr.contains("hint"), "{}", run.told());
    let run = nothing_happens(&story, &host, 2, || until("2020-02-02 12:00"));
    assert!(run.stderr.contains("in the past"), "{}", run.told());
    nothing_happens(&story, &host, 2, || until("soon"));
}

#[test]
fn live_access_needs_everything_and_records_it() {
    let story = Story::new();
    let (host, key) = refusing_host(&story);
    live_target(&story, &host);
    back_up(&host);
    let public = key.public.to_str().unwrap();
    let all = |backup: &[&'static str], host: &'static str| {
        let mut words = vec!["--key", public, "--access", "sftp-read-only", "--approver"];
        words.extend(["Ana Blanco", "--approval", "MSP-INT-77"]);
        words.extend(backup);
        words.extend(["--acknowledge", "M7", "--yes-live", host, "--for", "2h"]);
        words
    };
    let none = ["--backup", "/backup/none.sql"];
    let run = nothing_happens(&story, &host, 3, || story.grant("shop", &all(&none, "127.0.0.1")));
    assert_eq!(broken(&run), ["live", "live.backup"]);
    let wrong = all(&BACKUP, "staging.shop.example");
    let run = nothing_happens(&story, &host, 3, || story.grant("shop", &wrong));
    assert_eq!(broken(&run), ["live", "live.confirmation"]);

    let granted = story.granted("shop", &all(&BACKUP, "127.0.0.1"));
    let live = story.show(&granted.id)["terms"]["live"].clone();
    assert_eq!(live["approver"], "Ana Blanco");
    assert_eq!(live["approval"], "MSP-INT-77");
    assert_eq!(live["acknowledged"][0], "M7");
    let backups = live["backups"].as_array().unwrap();
    assert_eq!(backups.len(), 2);
    for (backup, (path, kind)) in
        backups.iter().zip([("/backup/shop.tar.gz", "tar.gz"), ("/backup/shop.sql.gz", "sql.gz")])
    {
        assert_eq!(
            (backup["place"].as_str(), backup["path"].as_str()),
            (Some("server"), Some(path))
        );
        assert_eq!(backup["kind"], kind);
        let sum = host.sh(&format!("sha256sum <{path}"));
        assert_eq!(backup["sha256"], sum.split(' ').next().unwrap());
    }
    let shown = story.run(["show", &granted.id]).ok();
    assert!(shown.stdout.contains("/backup/shop.tar.gz: tar.gz, "), "{}", shown.told());
    story.stage.sftp(&host, &granted.account, Credential::Key(&key.private), "pwd\n").ok();
    story.revoked(&granted.id);
}

#[test]
fn a_server_that_calls_itself_live_is_live_whatever_was_declared() {
    let story = Story::new();
    let host = story.stage.light(SUITE).hostname("www.example.com").shop().start();
    story.target("staging", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let run = nothing_happens(&story, &host, 3, || story.grant("staging", &["--key", public]));
    let mut expected = LIVE.to_vec();
    // The reason for the port is a reason.
    expected.retain(|rule| *rule != "live.reason");
    assert_eq!(broken(&run), expected);
    assert!(run.stdout.contains("www.example.com"), "{}", run.told());
}

#[test]
fn a_password_is_refused_in_the_plan_where_sshd_takes_none() {
    let story = Story::new();
    let host = story
        .stage
        .light(SUITE)
        .sshd_config("PasswordAuthentication no")
        .sshd_config("KbdInteractiveAuthentication no")
        .shop()
        .start();
    story.target("staging", &host, "root", &[]);
    let file = story.stage.supporter_path().join("of-jane");
    let more = ["--password", "--accept-weak-expiry", "--output", file.to_str().unwrap()];
    for dry in [&["--dry-run"][..], &[]] {
        let run = nothing_happens(&story, &host, 3, || {
            story.grant("staging", &[&more[..], dry].concat())
        });
        assert_eq!(broken(&run), ["password.server"]);
    }
    assert!(!file.exists());
}

#[test]
fn a_dry_run_shows_the_plan_and_touches_nothing() {
    let story = Story::new();
    let (host, key) = refusing_host(&story);
    let public = key.public.to_str().unwrap();
    let file = story.stage.supporter_path().join("of-jane");
    let dry = ["--key", public, "--dry-run"];
    let run = nothing_happens(&story, &host, 0, || story.grant("staging", &dry));
    assert_eq!(run.json()["result"]["plan"]["supporter"]["name"], "Jane Doe");
    let dry = ["--generate-key", "--output", file.to_str().unwrap(), "--dry-run"];
    nothing_happens(&story, &host, 0, || story.grant("staging", &dry));
    assert!(!file.exists());
    let granted = story.granted_key("staging", &key, &[]);
    for words in [
        vec!["extend", &granted.id, "--for", "20d", "--reason", "more", "--dry-run"],
        vec!["revoke", &granted.id, "--dry-run"],
        vec!["case", "close", CASE, "--dry-run"],
        vec!["sweep", "--dry-run"],
    ] {
        nothing_happens(&story, &host, 0, || story.run(words));
    }
    story.revoked(&granted.id);
}

#[test]
fn a_changed_host_key_stops_every_command_before_anything_is_sent() {
    let story = Story::new();
    let (host, key) = refusing_host(&story);
    let granted = story.granted_key("staging", &key, &[]);
    host.stop_sshd();
    host.sh("rm /etc/ssh/ssh_host_*; ssh-keygen -q -A");
    let heard = host.log().len();
    host.start_sshd();
    let public = key.public.to_str().unwrap();
    let words: [(i32, Vec<&str>); 5] = [
        (5, Story::grant_words("staging", &[&["--key", public], &ANY_PORT[..]].concat())),
        (5, vec!["target", "check", "staging"]),
        (5, vec!["extend", &granted.id, "--for", "20d", "--reason", "more"]),
        (5, vec!["provider", "test", "linux-account", "--target", "staging"]),
        (7, vec!["revoke", &granted.id]),
    ];
    let before = merchants_own(&host);
    for (code, words) in words {
        let run = story.run(words).exits(code);
        assert!(run.output().contains("host key"), "{}", run.told());
    }
    same_text(&before, &merchants_own(&host));
    let log = host.log()[heard..].to_owned();
    for word in ["Accepted", "user", "Failed", "publickey"] {
        assert!(!log.contains(word), "{log}");
    }
    assert_eq!(story.state(&granted.id), "closing");
}

#[test]
fn a_server_that_keeps_new_accounts_out_is_left_as_it_was() {
    let story = Story::new();
    let host = story.stage.light(SUITE).sshd_config("AllowUsers root deploy").shop().start();
    let _row = Row::new(&host, "AllowUsers: refused, and taken back", "linux-account");
    story.target("staging", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let before = merchants_own(&host);
    let run = story.grant("staging", &["--key", key.public.to_str().unwrap()]).exits(6);
    assert!(run.stdout.contains("AllowUsers"), "{}", run.told());
    assert!(run.stdout.contains("taken back"), "{}", run.told());
    same_text(&before, &merchants_own(&host));
    let grants = story.run(["list", "--all", "--json"]).ok().json()["result"]["grants"].clone();
    assert_eq!(grants[0]["state"], "closed", "{grants}");
    nothing_is_left(&host, grants[0]["id"].as_str().unwrap());
    story.run(["ledger", "verify"]).ok();
}

// ---- two at once, and none to the end ----------------------------------------------------------

/// The grants' ids that accounts on the server carry.
fn marks(host: &Host) -> Vec<String> {
    let accounts = host.sh("getent passwd");
    let marks =
        accounts.lines().filter_map(|line| line.split(':').nth(4)?.strip_prefix("stagepass "));
    let mut marks: Vec<_> = marks.map(str::to_owned).collect();
    marks.sort();
    marks
}

/// The grants that the ledger has in one of these states.
fn in_states(story: &Story, states: &[&str]) -> Vec<String> {
    let listed = story.run(["list", "--all", "--json", "--limit", "1000"]).ok().json();
    let grants = listed["result"]["grants"].as_array().unwrap().clone();
    let mut ids: Vec<_> = grants
        .iter()
        .filter(|grant| states.contains(&grant["state"].as_str().unwrap()))
        .map(|grant| grant["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

/// The server has what the ledger says, and nobody is in the middle of anything.
#[track_caller]
fn both_sides_agree(story: &Story, host: &Host) {
    assert_eq!(in_states(story, &["opening", "closing", "stuck"]), [""; 0]);
    assert_eq!(marks(host), in_states(story, &["open"]));
    let homes = host.sh("ls /home | grep -c '^sp-' || :");
    assert_eq!(homes.trim(), marks(host).len().to_string());
    let records =
        host.sh("find /var/lib/stagepass -mindepth 1 -maxdepth 1 -type d -printf '%f\\n' | sort");
    assert_eq!(records.lines().collect::<Vec<_>>(), marks(host));
}

#[test]
fn temporary_login_1_10_two_grants_at_once_are_one_or_two_and_never_a_half() {
    let story = Story::new();
    let (host, key) = refusing_host(&story);
    let before = merchants_own(&host);
    let public = key.public.to_str().unwrap();
    let start = |supporter| {
        let mut words = vec!["grant", "--case", CASE, "--target", "staging", "--supporter"];
        words.extend([supporter, "--key", public, "--json"]);
        words.extend(ANY_PORT);
        story.stage.command(words).spawn()
    };
    for (other, grants) in [("Jane Doe", 1), ("John Roe", 2), ("Jane Doe", 1), ("John Roe", 2)] {
        let runs = [start("Jane Doe"), start(other)].map(|run| story.heard(run.wait()));
        let ok = runs.iter().filter(|run| run.exit == 0).count();
        let told = || format!("{}\n{}", runs[0].told(), runs[1].told());
        assert_eq!(ok, grants, "{}", told());
        both_sides_agree(&story, &host);
        assert_eq!(marks(&host).len(), grants);
        story.run(["revoke", "--all"]).ok();
        both_sides_agree(&story, &host);
    }
    same_text(&before, &merchants_own(&host));
}

#[test]
fn grants_on_one_shop_that_end_in_any_order_leave_its_rights_as_they_were() {
    let story = Story::new();
    let (host, key) = refusing_host(&story);
    let with = Credential::Key(&key.private);
    host.sh(r#"useradd colleague
        setfacl -m u:colleague:rw /var/www/shop/composer.json
        mkdir /var/www/shop/shared
        setfacl -m u:colleague:rwx,d:u:colleague:rwx /var/www/shop/shared"#);
    let before = merchants_own(&host);
    let public = key.public.to_str().unwrap();
    let open = |supporter, access| {
        let mut words = vec!["grant", "--json", "--case", CASE, "--target", "staging"];
        words.extend(["--supporter", supporter, "--key", public, "--access", access]);
        words.extend(ANY_PORT);
        Granted::of(&story.run(words).ok())
    };
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let granted =
            [("Ana", "sftp"), ("Bea", "sftp-read-only"), ("Eva", "ssh")].map(|(n, a)| open(n, a));
        // The shop's own people can change what a supporter made, as long as one is there.
        for (number, ended) in order.into_iter().enumerate() {
            for (left, one) in granted.iter().enumerate() {
                if order[..number].contains(&left) {
                    continue;
                }
                let file = format!("/var/www/shop/media/of-{left}-{number}");
                let write = Paramiko::Write(&file);
                let run = story.stage.paramiko(&host, &one.account, with, write);
                assert_eq!(run.exit == 0, left != 1, "{}", run.told());
                let edit = format!(
                    "! test -e {file} || setpriv --reuid 33 --regid 33 \
                    --clear-groups sh -c 'echo more >>{file}; rm {file}'"
                );
                host.sh(&edit);
            }
            story.run(["revoke", &granted[ended].id]).ok();
        }
        both_sides_agree(&story, &host);
        same_text(&before, &merchants_own(&host));
    }
}

/// Starts a command, and kills it with all it started after a while. Whether it was still running.
fn killed_after(story: &Story, words: &[&str], pause: Duration) -> Run {
    let run = story.stage.command(words).spawn();
    thread::sleep(pause);
    run.signal(Signal::KILL);
    story.heard(run.wait())
}

#[track_caller]
fn any_moment_can_be_the_last(shared: bool, moments: u32) {
    let story = Story::new();
    let host = if shared { shared_account(&story, SUITE, "") } else { refusing_host(&story).0 };
    let before = merchants_own(&host);
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let more = [&["--key", public], &ANY_PORT[..]].concat();
    let grant = Story::grant_words("staging", &more);
    let whole: Ended = story.run(grant.clone()).ok();
    let mut revoke = story.run(["revoke", "--all"]).ok().took;
    let agree = || {
        if !shared {
            return both_sides_agree(&story, &host);
        }
        assert_eq!(in_states(&story, &["opening", "closing", "stuck"]), [""; 0]);
        let lines = key_file(&host);
        let lines = lines.lines().filter_map(|line| Some(line.split_once(" stagepass:")?.1));
        let mut lines: Vec<_> = lines.map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines, in_states(&story, &["open"]));
    };
    let mut killed = 0;
    for moment in 1..=moments {
        let run = killed_after(&story, &grant, whole.took * moment / moments);
        killed += u32::from(run.exit == -9);
        story.run(["sweep"]).ok();
        agree();
        if in_states(&story, &["open"]).is_empty() {
            story.run(grant.clone()).ok();
        }
        let run = killed_after(&story, &["revoke", "--all"], revoke * moment / moments);
        killed += u32::from(run.exit == -9);
        revoke = revoke.max(Duration::from_millis(200));
        story.run(["sweep"]).ok();
        agree();
        story.run(["revoke", "--all"]).ok();
    }
    assert!(killed > 1, "only {killed} of {} were killed on the way", 2 * moments);
    agree();
    // Notes for requests that may still be on their way stay a while; and so does what a close found, if
    // the client was killed when it had recorded that and had not yet said so.
    host.sh("rm -f /home/deploy/.stagepass-ended.* /home/deploy/.stagepass/result.*
        rmdir /home/deploy/.stagepass 2>/dev/null || :");
    same_text(&before, &merchants_own(&host));
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn a_grant_of_an_account_can_be_killed_at_any_moment() {
    any_moment_can_be_the_last(false, 4);
}

#[test]
fn a_grant_of_a_key_line_can_be_killed_at_any_moment() {
    any_moment_can_be_the_last(true, 3);
}

#[test]
fn a_sweep_waits_for_what_a_killed_grant_still_does_on_the_server() {
    let story = Story::new();
    let (host, key) = refusing_host(&story);
    let before = merchants_own(&host);
    host.sh(r#"mv /usr/sbin/useradd /usr/sbin/useradd.real
        printf '#!/bin/sh\ntouch /run/in-useradd; sleep 3; exec /usr/sbin/useradd.real "$@"\n' \
            >/usr/sbin/useradd
        chmod 755 /usr/sbin/useradd"#);
    let more = [&["--key", key.public.to_str().unwrap()], &ANY_PORT[..]].concat();
    let run = story.stage.command(Story::grant_words("staging", &more)).spawn();
    host.sh("until test -e /run/in-useradd; do sleep 0.02; done");
    drop(run.kill());
    assert_eq!(in_states(&story, &["opening"]).len(), 1);
    story.run(["sweep"]).ok();
    // Long after the server would have been done with it.
    thread::sleep(Duration::from_secs(4));
    both_sides_agree(&story, &host);
    assert_eq!(in_states(&story, &["closed"]).len(), 1);
    same_text(&before, &merchants_own(&host));
}

#[track_caller]
fn a_late_request_makes_nothing(shared: bool) {
    let story = Story::new();
    let host = if shared { shared_account(&story, SUITE, "") } else { refusing_host(&story).0 };
    let key = story.stage.supporter_key();
    let before = merchants_own(&host);
    // The second request, which opens, is held up in front of the shell that will run it.
    host.sh(r#"mv /bin/sh /bin/sh.real
        chmod 1777 /run
        cat >/bin/sh.new <<'SH'
#!/bin/bash
request() { [[ ${1:-} == -s || ${2:-} == *'gzip -dc'* ]]; }
if request "$@" && [[ ! -e /run/first ]]; then
    touch /run/first
elif request "$@" && [[ ! -e /run/held ]]; then
    touch /run/held
    while [[ ! -e /run/go-on ]]; do sleep 0.05; done
    /bin/sh.real "$@"
    touch /run/done
    exit
fi
exec /bin/sh.real "$@"
SH
        chmod 755 /bin/sh.new; mv /bin/sh.new /bin/sh"#);
    let more = [&["--key", key.public.to_str().unwrap()], &ANY_PORT[..]].concat();
    let run = story.stage.command(Story::grant_words("staging", &more)).spawn();
    host.sh("until test -e /run/held; do sleep 0.02; done; sleep 0.2");
    drop(run.kill());
    let opening = in_states(&story, &["opening"]);
    assert_eq!(opening.len(), 1);
    story.run(["sweep"]).ok();
    assert_eq!(in_states(&story, &["closed"]), opening);
    host.sh("touch /run/go-on; until test -e /run/done; do sleep 0.02; done");
    if shared {
        assert!(!key_file(&host).contains("stagepass:"));
    } else {
        both_sides_agree(&story, &host);
    }
    // What was noted for it goes when it can no longer be needed.
    let note = if shared { "/home/deploy/.stagepass-ended." } else { "/var/lib/stagepass/ended." };
    let note = format!("{note}{}", opening[0]);
    host.sh(&format!("test -e {note}; echo 1 >{note}"));
    let granted = story.granted_key("staging", &key, &[]);
    story.revoked(&granted.id);
    host.sh(&format!("! test -e {note}"));
    same_text(&before, &merchants_own(&host));
}

#[test]
fn a_request_for_an_account_that_arrives_after_its_grant_was_closed_makes_nothing() {
    a_late_request_makes_nothing(false);
}

#[test]
fn a_request_for_a_key_line_that_arrives_after_its_grant_was_closed_makes_nothing() {
    a_late_request_makes_nothing(true);
}

#[test]
fn a_key_for_other_addresses_is_granted_and_refused_from_here() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().deploy(Sudo::NoPassword).start();
    story.target("own", &host, "deploy", &["--become", "sudo"]);
    story.target("shared", &host, "deploy", &[]);
    // What is granted there has to do its work.
    host.sh("setfacl -R -m u:deploy:rwX /var/www/shop");
    for target in ["own", "shared"] {
        for (from, exit) in [("127.0.0.1", 0), ("192.0.2.0/24", 255)] {
            let key = story.stage.supporter_key();
            let public = key.public.to_str().unwrap();
            let one = story.granted(target, &["--key", public, "--from", from]);
            let with = Credential::Key(&key.private);
            let _ = story.stage.sftp(&host, &one.account, with, "pwd\n").exits(exit);
            let evidence = story.show(&one.id).to_string();
            assert_eq!(evidence.contains("not taken from this address"), exit != 0, "{evidence}");
            // Where it was taken from here a refusal says something; else it would prove nothing, and
            // is not called a proof.
            let said = if exit == 0 { "tried and refused" } else { "limited to other addresses" };
            let revoked = story.revoked(&one.id);
            assert!(revoked.contains(said), "{revoked}");
        }
    }
}

// ---- a large shop ------------------------------------------------------------------------------

/// What gives the entries, once, takes longer than a step may: 12 seconds, where 8 are allowed. By the files
/// that are on its disk, the shop may be large, and then that is waited for.
#[test]
fn a_shop_on_a_disk_with_many_files_has_longer_than_one_with_few() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().disk("256m").start();
    host.sh("cat >/usr/local/bin/getfacl <<'EOF'
#!/bin/sh
case \" $* \" in *' -R '*) ! rm /slow 2>/dev/null || sleep 12 ;; esac
exec /usr/bin/getfacl \"$@\"
EOF
        chmod 755 /usr/local/bin/getfacl
        mkdir /var/cache/many && cd /var/cache/many && seq 40000 | xargs touch");
    story.target("staging", &host, "root", &[]);
    host.sh("touch /slow");
    let key = story.stage.supporter_key();
    let granted = story.granted_key("staging", &key, &["--timeout", "8"]);
    // Giving the entries back may take as long.
    host.sh("touch /slow");
    story.run(["revoke", &granted.id, "--timeout", "8"]).ok();
    nothing_is_left(&host, &granted.id);

    host.sh("rm -r /var/cache/many; touch /slow");
    let public = key.public.to_str().unwrap();
    let run = story.grant("staging", &["--key", public, "--timeout", "8"]).exits(6);
    assert!(run.output().contains("it did not end in time"), "{}", run.told());
}
