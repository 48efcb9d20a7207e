//! The sweep, as the real program on real servers: what is due ends, once, whatever else happens.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::host::{Builder, Host};
use crate::stage::{Credential, Key, Stage};

/// Throw-away hosts do not listen on port 22.
const PORT: [&str; 4] = ["--override", "port", "--reason", "a throw-away server has any port"];

/// One grant that was made.
pub struct Granted {
    pub id: String,
    pub account: String,
    pub key: Key,
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// A merchant's computer with one open case, `MSP-1`.
pub fn stage_with_case() -> Stage {
    let stage = Stage::new();
    stage.run(["case", "open", "MSP-1", "--desk", "multisafepay"]).ok();
    stage
}

/// A grant in the case `MSP-1`.
pub fn grant(stage: &Stage, target: &str, supporter: &str, lasts: &str, more: &[&str]) -> Granted {
    let key = stage.supporter_key();
    let file = key.public.to_str().unwrap();
    let mut args = vec!["--json", "grant", "--case", "MSP-1", "--target", target];
    args.extend(["--supporter", supporter, "--key", file, "--for", lasts]);
    args.extend(PORT);
    args.extend(more);
    let made = stage.run(args).ok().json()["result"]["grant"].take();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Granted { id: text(&made["id"]), account: text(&made["layers"][0]["account"]), key }
}

/// A server whose cron is there and does nothing: what closes at the deadline is the sweep alone.
fn server(builder: Builder) -> Host {
    let host = builder.start();
    host.sh("pkill -STOP -x cron");
    host
}

/// Grants on one target that all end at the same time, and not before all are made.
///
/// Each takes a second or two on a machine that is busy with other tests.
fn grants_until(stage: &Stage, target: &str, end: i64, count: usize) -> Vec<Granted> {
    let granted: Vec<Granted> = (0..count)
        .map(|number| {
            let lasts = format!("{}s", end - now());
            grant(stage, target, &format!("Jane Doe {number} of {target}"), &lasts, &[])
        })
        .collect();
    assert!(now() < end, "making {count} grants took too long for their deadline");
    granted
}

/// Until when so many grants are surely made.
fn time_for(grants: i64) -> i64 {
    now() + 5 + 4 * grants
}

pub fn wait_until(time: i64) {
    while now() <= time {
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn show(stage: &Stage, id: &str) -> Value {
    stage.run(["--json", "show", id]).ok().json()["result"].take()
}

pub fn state(stage: &Stage, id: &str) -> String {
    show(stage, id)["grant"]["state"].as_str().unwrap().to_owned()
}

/// How often something happened to a grant.
fn count(shown: &Value, verb: &str) -> usize {
    shown["events"].as_array().unwrap().iter().filter(|event| event["verb"] == verb).count()
}

/// What the refused login of a closed grant showed: the answer's id and its words.
fn proof(shown: &Value) -> (String, String) {
    let events = shown["events"].as_array().unwrap();
    let closed = events.iter().find(|event| event["verb"] == "grant.closed").unwrap();
    let detail: Value = serde_json::from_str(closed["detail"].as_str().unwrap()).unwrap();
    let login = &detail["layers"][0]["login"];
    let text = |name: &str| login[name].as_str().unwrap().to_owned();
    (text("answer"), text("text"))
}

pub fn is_refused(stage: &Stage, host: &Host, granted: &Granted) {
    let with = Credential::Key(&granted.key.private);
    let run = stage.sftp(host, &granted.account, with, "pwd\n").exits(255);
    assert!(run.stderr.contains("Permission denied"), "{}", run.told());
}

/// What sshd said since `from`, and how much it has said by now.
fn said_since(host: &Host, from: usize) -> String {
    // sshd writes about a connection's end a moment after the client has seen it.
    std::thread::sleep(Duration::from_millis(200));
    host.log()[from..].to_owned()
}

/// Removing an account takes so many seconds from now on; the marker file says that it began. The
/// server's own jobs do not come in between.
fn slow_userdel(host: &Host, seconds: u32) {
    host.sh(&format!(
        "mv /usr/sbin/userdel /usr/sbin/userdel.real
        printf '#!/bin/sh\\n: >/run/began\\nsleep {seconds}\\nexec /usr/sbin/userdel.real \"$@\"\\n' \
            >/usr/sbin/userdel
        chmod 755 /usr/sbin/userdel"
    ));
}

fn wait_for_file(host: &Host, path: &str) {
    let file = host.root_path().join(path.trim_start_matches('/'));
    let patience = Instant::now() + Duration::from_secs(30);
    while !file.exists() {
        assert!(Instant::now() < patience, "{path} never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_sweep_closes_what_is_due_over_one_connection_a_target_and_says_nothing() {
    let stage = stage_with_case();
    let verbose = "LogLevel VERBOSE";
    let one = server(stage.light("bookworm").sshd_config(verbose).shop());
    let two = server(stage.light("trixie").sshd_config(verbose).shop());
    stage.add_target("one", &one, "root", &["--path", "/var/www/shop"]).ok();
    stage.add_target("two", &two, "root", &["--path", "/var/www/shop"]).ok();
    let later = grant(&stage, "one", "Later Larry", "2h", &[]);
    let end = time_for(6);
    let mut due = grants_until(&stage, "one", end, 3);
    due.extend(grants_until(&stage, "two", end, 3));
    wait_until(end);

    let (first, second) = (one.log().len(), two.log().len());
    let run = stage.run(["sweep"]).ok();
    assert_eq!(run.output(), "", "cron would send this as a mail");

    let mut refused = [0, 0];
    for (number, granted) in due.iter().enumerate() {
        let shown = show(&stage, &granted.id);
        assert_eq!(shown["grant"]["state"], "closed");
        assert_eq!(count(&shown, "grant.closed"), 1);
        refused[number / 3] += usize::from(proof(&shown).0 == "refused");
    }
    for (host, from, proofs) in [(&one, first, refused[0]), (&two, second, refused[1])] {
        let said = said_since(host, from);
        assert_eq!(said.matches("Accepted publickey for root").count(), 1, "{said}");
        assert_eq!(said.matches("Connection from ").count(), 1 + proofs, "{said}");
        assert!(proofs >= 1);
    }
    for granted in &due {
        let host = if show(&stage, &granted.id)["grant"]["target"] == "one" { &one } else { &two };
        host.sh(&format!("! getent passwd {}", granted.account));
    }
    is_refused(&stage, &one, &due[0]);
    assert_eq!(state(&stage, &later.id), "open");
    stage.sftp(&one, &later.account, Credential::Key(&later.key.private), "pwd\n").ok();

    // With nothing to do nobody is even called.
    let (first, second) = (one.log().len(), two.log().len());
    assert_eq!(stage.run(["sweep"]).ok().output(), "");
    let said = said_since(&one, first) + &said_since(&two, second);
    assert!(!said.contains("Connection from"), "{said}");
    let screen = stage.command(["sweep"]).run_tty(&[]).ok();
    assert!(screen.stdout.contains("nothing is due"), "{}", screen.told());
    stage.run(["ledger", "verify"]).ok();
}

#[test]
fn a_server_that_is_down_is_tried_again_and_again_until_it_is_back() {
    let stage = stage_with_case();
    let host = server(stage.light("bookworm"));
    stage.add_target("shop", &host, "root", &[]).ok();
    let end = time_for(2);
    let due = grants_until(&stage, "shop", end, 2);
    let later = grant(&stage, "shop", "Later Larry", "2h", &[]);
    wait_until(end);
    host.stop_sshd();

    // The first sweep cannot; it says so, and which, and when it goes on.
    let run = stage.run(["sweep"]).exits(8);
    assert!(run.stderr.contains("2 grants are stuck or overdue"), "{}", run.told());
    for granted in &due {
        assert!(run.output().contains(&granted.id), "{}", run.told());
        let shown = show(&stage, &granted.id);
        assert_eq!(shown["grant"]["state"], "closing");
        assert_eq!(shown["grant"]["attempts"], 1);
        let why = shown["grant"]["last_error"].as_str().unwrap();
        assert!(why.contains("`shop` cannot be used") && why.contains("refused"), "{why}");
    }
    // The next one leaves the pause alone, and does not keep quiet about it.
    let run = stage.run(["--json", "sweep"]).exits(8);
    assert_eq!(run.json()["error"]["kind"], "stuck");
    assert_eq!(show(&stage, &due[0].id)["grant"]["attempts"], 1);

    // By hand it is tried at once; each failure makes the pause longer, the sixth is `stuck`.
    let first = &due[0].id;
    for (attempt, pause) in [(2, 120), (3, 240), (4, 480), (5, 960), (6, 86_400)] {
        let before = now();
        let run = stage.run(["--json", "revoke", first]).exits(if attempt < 6 { 7 } else { 8 });
        assert_eq!(run.json()["result"]["failed"][0]["grant"]["attempts"], attempt);
        let shown = show(&stage, first);
        let next = shown["grant"]["next_attempt_at"].as_i64().unwrap();
        assert!((before + pause..=now() + pause).contains(&next), "{attempt}: {}", next - before);
        let state = if attempt < 6 { "closing" } else { "stuck" };
        assert_eq!(shown["grant"]["state"], state);
    }
    assert_eq!(count(&show(&stage, first), "grant.stuck"), 1);
    stuck_is_due_again_in_a_day_and_for_ever(&stage, first);

    // What is in trouble is seen first: stuck, then overdue, then the rest.
    let run = stage.run(["--json", "list"]).exits(8);
    let document = run.json();
    let listed: Vec<&str> = document["result"]["grants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|grant| grant["id"].as_str().unwrap())
        .collect();
    assert_eq!(listed, [first.as_str(), due[1].id.as_str(), later.id.as_str()]);
    assert_eq!(document["result"]["in_trouble"], 2);
    let run = stage.run(["list"]).exits(8);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[1].contains("STUCK") && lines[2].contains("OVERDUE"), "{}", run.told());
    assert!(lines[3].contains(" open "), "{}", run.told());
    // The way that is named is one that works now, whatever the pause.
    assert!(run.stderr.contains("`stagepass revoke ID`"), "{}", run.told());

    // It is back. Nobody lifts a finger but for the sweep.
    host.start_sshd();
    let patience = Instant::now() + Duration::from_secs(90);
    while state(&stage, &due[1].id) != "closed" {
        assert!(Instant::now() < patience, "the sweep never closed it");
        let run = stage.run(["sweep"]);
        assert!([0, 8].contains(&run.exit), "{}", run.told());
        std::thread::sleep(Duration::from_secs(2));
    }
    // The stuck one waits for its day, and until then is never hidden.
    stage.run(["sweep"]).exits(8);
    let run = stage.run(["revoke", first]).ok();
    assert!(run.stdout.contains("closed") && run.stdout.contains(first), "{}", run.told());
    for granted in &due {
        is_refused(&stage, &host, granted);
    }
    assert_eq!(stage.run(["sweep"]).ok().output(), "");
    stage.run(["case", "close", "MSP-1"]).ok();
    stage.run(["ledger", "verify"]).ok();
}

/// Nobody waits a day in a test: the ledger is asked what it would hand a sweep at a given time.
fn stuck_is_due_again_in_a_day_and_for_ever(stage: &Stage, id: &str) {
    use stagepass::testing::ledger::{Ledger, Location, Mode};
    let next = show(stage, id)["grant"]["next_attempt_at"].as_i64().unwrap();
    let place = Location::File(stage.state().join("ledger.sqlite3"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&place, Mode::ReadOnly).await.unwrap();
        let is_due =
            async |time| ledger.due(time, 100).await.unwrap().iter().any(|grant| grant.id == id);
        assert!(!is_due(next - 1).await);
        assert!(is_due(next).await);
        assert!(is_due(next + 400 * 86_400).await);
    });
}

/// What must hold after any number of sweeps at once: each grant closed, once, and no trouble.
fn each_was_closed_once(stage: &Stage, due: &[Granted]) {
    for granted in due {
        let shown = show(stage, &granted.id);
        assert_eq!(shown["grant"]["state"], "closed");
        assert_eq!(count(&shown, "grant.closed"), 1);
        assert_eq!(count(&shown, "grant.closing"), 1, "{shown:#}");
        assert_eq!(count(&shown, "grant.close-failed"), 0, "{shown:#}");
    }
    stage.run(["ledger", "verify"]).ok();
}

#[test]
fn two_sweeps_at_once_close_each_grant_once() {
    let stage = stage_with_case();
    let one = server(stage.light("bookworm"));
    let two = server(stage.light("trixie"));
    stage.add_target("one", &one, "root", &[]).ok();
    stage.add_target("two", &two, "root", &[]).ok();
    let end = time_for(8);
    let mut due = grants_until(&stage, "one", end, 4);
    due.extend(grants_until(&stage, "two", end, 4));
    // So slow that no sweep can be through before the others have begun.
    for host in [&one, &two] {
        slow_userdel(host, 1);
    }
    wait_until(end);
    let sweeps: Vec<_> = (0..3).map(|_| stage.command(["sweep"]).spawn()).collect();
    for sweep in sweeps {
        assert_eq!(sweep.wait().ok().output(), "");
    }
    each_was_closed_once(&stage, &due);
    for host in [&one, &two] {
        host.sh("! grep -q ^sp- /etc/passwd");
    }
}

#[test]
fn two_machines_with_one_postgresql_ledger_close_each_grant_once() {
    let url = crate::postgres::url_of_fresh_database();
    let stage = Stage::new();
    let config = stage.config().join("config.toml");
    std::fs::write(&config, format!("ledger = \"{url}\"\n")).unwrap();
    // It holds a password, so others may not read it.
    stage.run(["case", "list"]).exits(2);
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600)).unwrap();
    stage.run(["case", "open", "MSP-1", "--desk", "multisafepay"]).ok();
    let one = server(stage.light("bookworm"));
    let two = server(stage.light("trixie"));
    stage.add_target("one", &one, "root", &[]).ok();
    stage.add_target("two", &two, "root", &[]).ok();
    let end = time_for(8);
    let mut due = grants_until(&stage, "one", end, 4);
    due.extend(grants_until(&stage, "two", end, 4));
    assert!(!stage.state().join("ledger.sqlite3").exists());
    // So slow that no sweep can be through before the others have begun.
    for host in [&one, &two] {
        slow_userdel(host, 1);
    }
    wait_until(end);

    // A second computer: another name, other processes, a state folder of its own.
    let other = stage.path().join("state-of-the-other");
    let exe = env!("CARGO_BIN_EXE_stagepass");
    let script = "hostname second.example && exec \"$@\"";
    let namespaces = ["--uts", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let elsewhere = stage
        .program(
            "unshare",
            namespaces.iter().chain(&["sh", "-c", script, "sh", exe, "sweep", "--parallel", "1"]),
        )
        .env("STAGEPASS_STATE", &other)
        .spawn();
    // What is due on one server is closed by whoever comes first; each goes from server to server.
    let here = stage.command(["sweep", "--parallel", "1"]).spawn();
    assert_eq!(elsewhere.wait().ok().output(), "");
    assert_eq!(here.wait().ok().output(), "");
    each_was_closed_once(&stage, &due);

    // Both machines had some of the work.
    let run = stage.run(["--json", "doctor", "--offline"]);
    assert!(run.exit == 0, "{}", run.told());
    let export = stage.run(["ledger", "export"]).ok();
    assert!(export.stdout.contains("@second.example"), "the other machine did nothing");
    assert!(!(run.output() + &export.output()).contains(crate::postgres::PASSWORD));
    let found = stage.files_containing(crate::postgres::PASSWORD.as_bytes());
    assert_eq!(found, [stage.config().join("config.toml")]);
}

#[test]
fn vault_1788_what_a_killed_sweep_left_is_finished_by_the_next() {
    let stage = stage_with_case();
    let host = server(stage.light("bookworm"));
    stage.add_target("shop", &host, "root", &[]).ok();
    let end = time_for(2);
    let due = grants_until(&stage, "shop", end, 2);
    wait_until(end);
    slow_userdel(&host, 3);
    let sweep = stage.command(["sweep"]).spawn();
    wait_for_file(&host, "/run/began");
    // What one process has in hand no other gives up, and that is said.
    let first = due.iter().find(|granted| state(&stage, &granted.id) == "closing").unwrap();
    let forget = ["revoke", &first.id, "--forget", "--reason", "gone"];
    let run = stage.run(forget).exits(7);
    assert!(run.stderr.contains("another process is closing it"), "{}", run.told());
    assert_eq!(sweep.kill().exit, -9);

    let states: Vec<String> = due.iter().map(|granted| state(&stage, &granted.id)).collect();
    assert!(states.contains(&"closing".to_owned()), "{states:?}");
    assert!(!states.contains(&"closed".to_owned()), "{states:?}");
    stage.run(["list"]).exits(8);

    // Its claim died with it: nobody waits for a quarter of an hour.
    assert_eq!(stage.run(["sweep"]).ok().output(), "");
    for granted in &due {
        assert_eq!(state(&stage, &granted.id), "closed");
        host.sh(&format!("! getent passwd {}", granted.account));
        is_refused(&stage, &host, granted);
    }
    host.sh("! ls -d /var/lib/stagepass/*/ 2>/dev/null");
    stage.run(["ledger", "verify"]).ok();
}

#[test]
fn everything_a_supporter_left_running_is_ended() {
    let stage = stage_with_case();
    let host = stage.light("bookworm").shop().start();
    stage.add_target("shop", &host, "root", &["--path", "/var/www/shop"]).ok();
    let shell = grant(&stage, "shop", "Shelly Shell", "2h", &["--access", "ssh"]);
    let files = grant(&stage, "shop", "Filip Files", "2h", &[]);
    let with = Credential::Key(&shell.key.private);
    let leave = "nohup sleep 600 >/dev/null 2>&1 </dev/null & (setsid sleep 601 &) >/dev/null 2>&1";
    stage.ssh(&host, &shell.account, with, &[leave]).ok();
    let mut sftp = open_sftp(&stage, &host, &files);
    sftp.wait_for_stdout(0, "Remote working directory");
    let running = |account: &str| -> usize {
        host.sh(&format!("pgrep -u {account} | wc -l")).trim().parse().unwrap()
    };
    assert!(running(&shell.account) >= 2 && running(&files.account) >= 1);
    let uids = host.sh(&format!("id -u {}; id -u {}", shell.account, files.account));

    stage.run(["revoke", &shell.id, &files.id]).ok();
    for uid in uids.lines() {
        host.sh(&format!("! pgrep -U {uid} && ! pgrep -u {uid}"));
    }
    host.sh("! pgrep -x sleep");
    sftp.wait_for_stderr("closed by remote host");
    for granted in [&shell, &files] {
        host.sh(&format!("! getent passwd {}", granted.account));
        is_refused(&stage, &host, granted);
    }
}

/// OpenSSH's own sftp, which stays connected for ten minutes if nobody ends it.
fn open_sftp(stage: &Stage, host: &Host, granted: &Granted) -> crate::stage::Background {
    let script = "{ echo pwd; sleep 600; } | sftp -F none -q -o UserKnownHostsFile=$1 \
        -o KexAlgorithms=curve25519-sha256 -o IdentityAgent=none -i $2 -P $3 -b - $4";
    let known = stage.known_hosts(host);
    let (known, key) = (known.to_str().unwrap(), granted.key.private.to_str().unwrap());
    let (port, who) = (host.port.to_string(), format!("{}@{}", granted.account, host.address));
    stage.program("sh", ["-c", script, "sh", known, key, &port, &who]).spawn()
}

#[test]
fn vault_3410_what_somebody_removed_by_hand_is_already_absent_and_that_is_success() {
    let stage = stage_with_case();
    let host = stage.light("bookworm").start();
    let other = stage.light("bookworm").deploy(crate::host::Sudo::None).start();
    stage.add_target("shop", &host, "root", &[]).ok();
    stage.add_target("shared", &other, "deploy", &[]).ok();
    let account = grant(&stage, "shop", "Jane Doe", "2h", &[]);
    let key = grant(&stage, "shared", "Jane Doe", "2h", &[]);
    host.sh(&format!("pkill -u {0} || :; sleep 1; userdel {0}; rm -rf /home/{0}", account.account));
    other.sh("sed -i /stagepass:/d /home/deploy/.ssh/authorized_keys");
    let run = stage.run(["revoke", &account.id, &key.id]).ok();
    // Of the key only its line was gone; gate and failsafe were still there to be taken away.
    assert_eq!(run.stdout.matches("was already absent").count(), 1, "{}", run.told());
    for granted in [&account, &key] {
        let shown = show(&stage, &granted.id);
        assert_eq!(shown["grant"]["state"], "closed");
        assert_eq!(proof(&shown).0, "refused");
    }
    // The merchant's own way in is as it was.
    stage.ssh(&other, "deploy", Credential::Key(&stage.admin.private), &["true"]).ok();
    // Once more is no error either.
    let run = stage.run(["revoke", &account.id]).ok();
    assert!(run.stdout.contains("was closed already"), "{}", run.told());
}

#[test]
fn an_account_of_the_same_name_that_is_not_ours_is_left_alone() {
    let stage = stage_with_case();
    let host = stage.light("bookworm").start();
    stage.add_target("shop", &host, "root", &[]).ok();
    let granted = grant(&stage, "shop", "Jane Doe", "2h", &[]);
    host.sh(&format!(
        "pkill -u {0} || :; sleep 1; userdel {0}; rm -rf /home/{0}
        useradd --uid 4321 --create-home --comment 'of the merchant' {0}
        echo precious >/home/{0}/file",
        granted.account
    ));
    // Somebody has to look at it: it is new, and it could be a way back in.
    let run = stage.run(["revoke", &granted.id]).exits(8);
    assert!(run.stdout.contains("FOUND user new account"), "{}", run.told());
    assert!(
        run.stdout.contains("that stagepass did not make; it was left alone"),
        "{}",
        run.told()
    );
    assert_eq!(state(&stage, &granted.id), "closed");
    let kept = host.sh(&format!("getent passwd {0}; cat /home/{0}/file", granted.account));
    assert!(kept.contains(":4321:") && kept.ends_with("precious\n"), "{kept}");
}

/// What userdel does on a host from now on, before the real one: `sid` is the session that it runs in, which every
/// command over SSH has one of.
fn userdel_that(host: &Host, does: &str) {
    host.sh(&format!(
        "mv /usr/sbin/userdel /usr/sbin/userdel.real
        cat >/usr/sbin/userdel <<'END'
#!/bin/sh
sid=$(cut -d' ' -f6 /proc/self/stat)
echo $sid $* >>/run/sessions
{does}
exec /usr/sbin/userdel.real \"$@\"
END
        chmod 755 /usr/sbin/userdel"
    ));
}

#[test]
fn what_is_closed_on_one_server_is_closed_by_one_script_and_each_for_itself() {
    let stage = stage_with_case();
    let host = stage.light("bookworm").start();
    stage.add_target("shop", &host, "root", &[]).ok();
    let names = ["Ann", "Ben", "Cleo", "Dan"];
    let granted = names.map(|name| grant(&stage, "shop", name, "2h", &[]));
    let [ann, ben, cleo, dan] = &granted;
    host.sh(&format!("echo planted >/srv/planted; chown {}: /srv/planted", dan.account));
    userdel_that(
        &host,
        &format!("[ -e /run/mended ] || case $* in *{}) exit 1 ;; esac", ben.account),
    );
    let run = stage.run(["revoke", "--all"]);
    assert!([7, 8].contains(&run.exit), "{}", run.told());
    assert!(run.stdout.contains(&format!("NOT CLOSED {}", ben.id)), "{}", run.told());
    for other in [ann, cleo, dan] {
        let shown = show(&stage, &other.id);
        assert_eq!(shown["grant"]["state"], "closed", "{}", run.told());
        let left = shown.to_string().contains("/srv/planted");
        assert_eq!(left, other.id == dan.id, "{shown:#}");
    }
    assert_eq!(state(&stage, &ben.id), "closing");
    // The server's own job tries the one that is left, too, when its minute comes.
    let of_others =
        format!("grep -v ' {}$' /run/sessions | cut -d' ' -f1 | sort -u | wc -l", ben.account);
    assert_eq!(host.sh(&of_others).trim(), "1", "{}", host.sh("cat /run/sessions"));
    host.sh("! test -e /srv/planted");
    host.sh(&format!(": >/run/mended; grep -q ^{}: /etc/passwd", ben.account));
    stage.run(["revoke", &ben.id]).ok();
    host.sh("! grep -q ^sp- /etc/passwd; ! ls -d /var/lib/stagepass/together.*");
    for granted in &granted {
        is_refused(&stage, &host, granted);
    }
    stage.run(["ledger", "verify"]).ok();
}

#[test]
fn what_was_closed_before_a_connection_was_lost_is_closed_and_the_rest_is_by_the_next() {
    let stage = stage_with_case();
    let host = stage.light("trixie").start();
    stage.add_target("shop", &host, "root", &[]).ok();
    let names = ["Ann", "Ben", "Cleo", "Dan"];
    let granted = names.map(|name| grant(&stage, "shop", name, "2h", &[]));
    // In the turn of the third that is closed the connection goes, and everything that ran over it.
    let does = "[ $(wc -l </run/sessions) -lt 3 ] || [ -e /run/mended ] || {
    : >/run/mended
    for pid in $(cut -d' ' -f4 /proc/$sid/stat) $(ps -o pid= -s $sid); do
        [ $pid = $$ ] || kill -KILL $pid
    done
    exit 1
}";
    userdel_that(&host, does);
    let run = stage.run(["revoke", "--all"]).fails();
    let states = || granted.each_ref().map(|granted| state(&stage, &granted.id));
    let mut seen = states();
    seen.sort();
    assert_eq!(seen, ["closed", "closed", "closing", "closing"], "{}", run.told());
    for granted in &granted {
        let shown = show(&stage, &granted.id);
        let failed = usize::from(shown["grant"]["state"] == "closing");
        assert_eq!(count(&shown, "grant.close-failed"), failed, "{shown:#}");
        // Nobody is in meanwhile: each was shut before the first was looked at.
        is_refused(&stage, &host, granted);
    }
    stage.run(["revoke", "--all"]).ok();
    assert_eq!(states(), ["closed"; 4]);
    host.sh("! grep -q ^sp- /etc/passwd");
    stage.run(["ledger", "verify"]).ok();
}

#[test]
fn a_target_that_is_gone_from_the_list_keeps_its_grants_visible() {
    let stage = stage_with_case();
    let host = stage.light("bookworm").start();
    stage.add_target("shop", &host, "root", &[]).ok();
    let granted = grant(&stage, "shop", "Jane Doe", "2h", &[]);
    let run = stage.run(["target", "remove", "shop"]).fails();
    assert!(run.stderr.contains("not closed") || run.stderr.contains("grant"), "{}", run.told());

    // Somebody renames it in the file.
    let file = stage.config().join("targets.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("shop", "renamed")).unwrap();
    assert!(stage.run(["target", "list"]).ok().stdout.contains("renamed"));
    // Refused before anything changes: another computer on the same ledger may know it.
    for words in [&["revoke", &granted.id][..], &["revoke", "--all"]] {
        let run = stage.run(words.iter().copied()).exits(4);
        let told = "target `shop` is not known on this computer; nothing was changed";
        assert!(run.stderr.contains(told), "{}", run.told());
        assert_eq!(state(&stage, &granted.id), "open");
    }
    let run = stage.run(["doctor"]).exits(8);
    assert!(run.stdout.contains("its target `shop` is no longer in the list"), "{}", run.told());
    assert!(run.stdout.contains("add the target again"), "{}", run.told());

    std::fs::write(&file, text).unwrap();
    stage.run(["revoke", &granted.id]).ok();
    is_refused(&stage, &host, &granted);
}

/// A provider of the merchant's own: a copy of a built-in one under another name.
fn own_provider(stage: &Stage, name: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let built_in =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("providers/authorized-key");
    let folder = stage.config().join("providers").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for file in std::fs::read_dir(&built_in).unwrap() {
        let file = file.unwrap().file_name();
        let text = std::fs::read_to_string(built_in.join(&file)).unwrap();
        let text = text.replace("name = \"authorized-key\"", &format!("name = \"{name}\""));
        std::fs::write(folder.join(&file), text).unwrap();
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(folder.join(&file), private).unwrap();
    }
    folder
}

#[test]
fn a_provider_that_is_gone_or_changed_is_said_and_nothing_is_lost() {
    let stage = stage_with_case();
    let host = stage.light("bookworm").deploy(crate::host::Sudo::None).start();
    stage.add_target("shop", &host, "deploy", &[]).ok();
    let folder = own_provider(&stage, "my-keys");
    let granted = grant(&stage, "shop", "Jane Doe", "2h", &["--with", "my-keys"]);
    let away = stage.path().join("away");
    std::fs::rename(&folder, &away).unwrap();

    let run = stage.run(["revoke", &granted.id]).exits(7);
    assert!(run.stderr.contains("the provider `my-keys` cannot be used"), "{}", run.told());
    assert!(run.stderr.contains("made with the one of digest"), "{}", run.told());
    assert_eq!(state(&stage, &granted.id), "closing");
    host.sh("grep -q stagepass: /home/deploy/.ssh/authorized_keys");

    std::fs::rename(&away, &folder).unwrap();
    let script = folder.join("provider.sh");
    let text = std::fs::read_to_string(&script).unwrap();
    std::fs::write(&script, text + "\n# one line more\n").unwrap();
    let run = stage.run(["revoke", &granted.id]).ok();
    assert!(run.stdout.contains("`my-keys` has changed since the grant"), "{}", run.told());
    host.sh("! grep -q stagepass: /home/deploy/.ssh/authorized_keys");
    is_refused(&stage, &host, &granted);
}
