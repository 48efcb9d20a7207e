//! What has to work with nobody there, and what says so when it would not: the schedule with a real
//! cron daemon, `doctor`, the keyring, and the ledger afterwards.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use stagepass::testing::grant::Case;
use stagepass::testing::ledger::{Ledger, Location, Mode};

use crate::again::{Again, inside};
use crate::host::{Host, SUITE, Sudo};
use crate::ledger::BACK_TO_THE_FIRST_VERSION;
use crate::stage::{Background, Credential, Ended, Key, Stage};
use crate::sweep::{grant, now, show, stage_with_case, state, wait_until};

/// Hides this machine's crontabs, jobs, run files and root's home; what follows sees empty ones. A
/// `sendmail` of its own keeps what cron would send.
const OWN_CRON: &str = r#"
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=700 tmpfs /root
mount -t tmpfs tmpfs /var/spool/cron
mkdir -m 1730 /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
mount -t tmpfs tmpfs /etc/cron.d
mount --bind /dev/null /etc/crontab
mkdir /run/upper /run/work /run/mails
mount -t overlay overlay -o lowerdir=/usr/sbin,upperdir=/run/upper,workdir=/run/work /usr/sbin
rm -f /usr/sbin/sendmail
printf '#!/bin/sh\ncat >/run/mails/$$.new && mv /run/mails/$$.new /run/mails/$$\n' >/usr/sbin/sendmail
chmod 755 /usr/sbin/sendmail
exec "$@"
"#;

fn with_own_cron(test: &str) {
    let before = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];
    let before: Vec<&str> = before.into_iter().chain(["sh", "-c", OWN_CRON, "sh"]).collect();
    Again::through(&before).run(test);
}

/// A process that ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `crontab -l` says; empty where there is none.
fn crontab() -> String {
    let output = Command::new("crontab").arg("-l").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn set_crontab(text: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    assert!(Command::new("crontab").arg(file.path()).status().unwrap().success());
}

/// Everything cron has sent so far.
fn mails() -> Vec<String> {
    let folder = fs::read_dir("/run/mails").unwrap();
    let done = folder.flatten().filter(|mail| mail.path().extension().is_none());
    done.map(|mail| fs::read_to_string(mail.path()).unwrap()).collect()
}

#[test]
fn a_real_cron_daemon_ends_a_grant_and_sends_no_mail() {
    if inside().is_none() {
        with_own_cron("unattended::a_real_cron_daemon_ends_a_grant_and_sends_no_mail");
        return;
    }
    const THEIRS: &str = "MAILTO=merchant\n* * * * * echo a line of the merchant\n";
    set_crontab(THEIRS);
    let stage = stage_with_case();
    let host = stage.light("bookworm").shop().start();
    stage.add_target("shop", &host, "root", &["--path", "/var/www/shop"]).ok();
    let status = stage.run(["schedule", "status"]).ok();
    assert!(status.stdout.contains("not scheduled"), "{}", status.told());
    assert!(status.stdout.contains("never"), "{}", status.told());

    // Nothing would end this one on time, and that is said.
    let key = stage.supporter_key();
    let words =
        ["grant", "--case", "MSP-1", "--target", "shop", "--supporter", "Jane Doe", "--key"];
    let rest = ["--for", "30s", "--override", "port", "--reason", "a throw-away server"];
    let made = stage.run(words.iter().chain(&[key.public.to_str().unwrap()]).chain(&rest)).ok();
    assert!(made.stderr.contains("nothing sweeps on time"), "{}", made.told());
    assert!(made.stderr.contains("stagepass schedule install"), "{}", made.told());

    let daemon = Command::new("cron").arg("-f").stdin(Stdio::null()).spawn().unwrap();
    let daemon = Running(daemon);
    // Cron compares times in whole seconds: it does not see a change in the second it started in.
    std::thread::sleep(Duration::from_millis(1100));
    let installed = stage.run(["schedule", "install", "--kind", "cron", "--every", "1"]).ok();
    assert!(installed.stdout.contains("log in unattended"), "{}", installed.told());
    let table = crontab();
    assert!(table.starts_with(THEIRS), "{table}");
    assert_eq!(table.lines().filter(|line| line.ends_with("# stagepass sweep")).count(), 1);
    stage.run(["schedule", "install", "--kind", "cron", "--every", "1"]).ok();
    assert_eq!(crontab(), table);

    let list = stage.run(["--json", "list", "--all"]).json();
    let grants = &list["result"]["grants"];
    let id = grants[0]["id"].as_str().unwrap().to_owned();
    let patience = Instant::now() + Duration::from_secs(140);
    while state(&stage, &id) != "closed" {
        assert!(Instant::now() < patience, "cron closed nothing\n{}", crontab());
        std::thread::sleep(Duration::from_millis(300));
    }
    let with = Credential::Key(&key.private);
    stage
        .sftp(&host, grants[0]["layers"][0]["account"].as_str().unwrap(), with, "pwd\n")
        .exits(255);
    let status = stage.run(["--json", "schedule", "status"]).ok().json();
    assert_eq!(status["result"]["installed"][0]["every_minutes"], 1);
    assert_eq!(status["result"]["last_sweep"]["closed"], 1);

    // The mail of the merchant's own line came; ours had nothing to say.
    let patience = Instant::now() + Duration::from_secs(10);
    while mails().is_empty() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(100));
    }
    let mails = mails();
    assert!(mails.iter().any(|mail| mail.contains("a line of the merchant")), "{mails:?}");
    let ours: Vec<&String> = mails.iter().filter(|mail| mail.contains("# stagepass")).collect();
    assert!(ours.is_empty(), "{ours:?}");

    // While it sweeps there is nothing to warn of; when it has not for two periods, there is.
    drop(daemon);
    let next = grant(&stage, "shop", "Next Nora", "1h", &[]);
    let shorten = ["extend", &next.id, "--for", "30m", "--reason", "shorter"];
    let run = stage.run(shorten).ok();
    assert!(!run.stderr.contains("sweep"), "{}", run.told());
    tamper(&stage.state().join("ledger.sqlite3"), "update sweeps set at = at - 300");
    let run = stage.run(shorten).ok();
    assert!(run.stderr.contains("the sweep last ran 5"), "{}", run.told());
    assert!(run.stderr.contains("every minute"), "{}", run.told());
    let run = stage.run(["--json", "doctor"]).exits(8);
    assert!(wrong(&run, "schedule").contains("the sweep last ran"), "{}", run.told());
    stage.run(["revoke", &next.id]).ok();
    stage.run(["schedule", "remove"]).ok();
    assert_eq!(crontab(), THEIRS);
    let again = stage.run(["schedule", "remove"]).ok();
    assert!(again.stdout.contains("was not scheduled"), "{}", again.told());
}

/// A real `ssh-agent` that holds a key. Its socket.
fn agent_with(stage: &Stage, key: &Key) -> (Background, PathBuf) {
    let socket = stage.path().join("agent");
    let agent = stage.program("ssh-agent", ["-D", "-a", socket.to_str().unwrap()]);
    let agent = agent.limit(Duration::from_secs(600)).spawn();
    while !socket.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let add = stage.program("ssh-add", [&key.private]).env("SSH_AUTH_SOCK", &socket);
    add.run().ok();
    (agent, socket)
}

/// `target add` without a key file of its own.
fn add_target(stage: &Stage, name: &str, host: &Host, account: &str, more: &[&str]) {
    let url = host.url(account);
    let mut words = vec!["target", "add", name, &url, "--environment", "staging"];
    words.extend(["--host-key", &host.fingerprint]);
    words.extend(more);
    if !more.contains(&"--path") {
        host.sh("install -d -o www-data -g www-data /srv/a-shop");
        words.extend(["--path", "/srv/a-shop"]);
    }
    stage.run(words).ok();
}

/// The words of a grant on a target.
fn words_of_grant<'a>(target: &'a str, key: &'a str) -> Vec<&'a str> {
    let words = ["grant", "--case", "MSP-1", "--target", target, "--supporter", "Jane Doe"];
    let rest = ["--key", key, "--override", "port", "--reason", "a throw-away server"];
    words.into_iter().chain(rest).collect()
}

#[test]
fn a_sweep_that_could_not_log_in_unattended_is_not_scheduled() {
    if inside().is_none() {
        with_own_cron("unattended::a_sweep_that_could_not_log_in_unattended_is_not_scheduled");
        return;
    }
    const SUDO: &str = "Sudo-9-correct-horse-battery!";
    const PASSPHRASE: &str = "Passphrase-9-correct-horse!";
    set_crontab("0 3 * * * backup\n");
    let stage = stage_with_case();
    let locked = Key::generate(&stage.path().join("keys"), "locked", "ed25519", PASSPHRASE);
    let host = stage.light(SUITE).deploy(Sudo::Password).deploy_password(SUDO).start();
    host.sh(&format!("echo '{}' >>/root/.ssh/authorized_keys", locked.line()));
    let (_agent, socket) = agent_with(&stage, &stage.admin);
    let identity = stage.admin.private.to_str().unwrap();
    add_target(&stage, "by-agent", &host, "root", &["--login", "agent"]);
    let locked_file = locked.private.to_str().unwrap();
    add_target(&stage, "by-locked-key", &host, "root", &["--identity", locked_file]);
    let sudo = ["--identity", identity, "--become", "sudo-password"];
    add_target(&stage, "by-sudo", &host, "deploy", &sudo);

    // Attended, each of them works: an agent, a passphrase and a password that somebody types.
    let key = stage.supporter_key();
    let file = key.public.to_str().unwrap();
    let by_agent = stage.command(words_of_grant("by-agent", file));
    by_agent.env("SSH_AUTH_SOCK", &socket).run().ok();
    let typed = format!("{PASSPHRASE}\n");
    let run = stage.command(words_of_grant("by-locked-key", file));
    run.run_tty(&[("Passphrase of", &typed), ("in? [y/N]", "y\n")]).ok();
    let typed = format!("{SUDO}\n");
    let run = stage.command(words_of_grant("by-sudo", file));
    run.run_tty(&[("sudo password of deploy on by-sudo:", &typed), ("in? [y/N]", "y\n")]).ok();

    // A plan is no promise, and writes nothing.
    let install = ["schedule", "install", "--kind", "cron", "--every", "5"];
    let plan = stage.run(install.iter().chain(&["--dry-run"])).ok();
    assert!(plan.stdout.contains("*/5 * * * *"), "{}", plan.told());
    assert!(plan.stdout.contains("nothing was written"), "{}", plan.told());

    let run = stage.command(install).env("SSH_AUTH_SOCK", &socket).run().exits(5);
    for target in ["by-agent", "by-locked-key", "by-sudo"] {
        assert!(run.stderr.contains(&format!("target {target}: ")), "{}", run.told());
    }
    assert!(run.stderr.contains("was not scheduled"), "{}", run.told());
    assert!(run.stderr.contains("key file without a passphrase"), "{}", run.told());
    assert!(run.stderr.contains("sudo without a password"), "{}", run.told());
    assert_eq!(crontab(), "0 3 * * * backup\n");

    // What is said is done, and then it is enough.
    for name in ["by-agent", "by-locked-key"] {
        add_target(&stage, name, &host, "root", &["--replace", "--identity", identity]);
    }
    host.sh("echo 'deploy ALL=(root) NOPASSWD: /bin/sh -s' >/etc/sudoers.d/stagepass");
    let sudo = ["--replace", "--identity", identity, "--become", "sudo"];
    add_target(&stage, "by-sudo", &host, "deploy", &sudo);
    stage.run(install).ok();
    assert!(crontab().contains("# stagepass sweep"));
    // The rule for sudo came while access was open: somebody has to say that it is right.
    stage.run(["revoke", "--all"]).exits(8);
    for secret in [SUDO, PASSPHRASE] {
        assert_eq!(stage.files_containing(secret.as_bytes()), [""; 0].map(PathBuf::from));
    }
}

// ---- doctor --------------------------------------------------------------------------------------

/// The findings of a run of `doctor`, however it ended.
fn findings(run: &Ended) -> Vec<Value> {
    let document = run.json();
    let findings = document["result"]["findings"].as_array().unwrap().clone();
    for finding in &findings {
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        assert!(!text("what").is_empty() && !text("found").is_empty(), "{finding}");
        let ok = finding["ok"].as_bool().unwrap();
        assert!(ok || !text("remedy").is_empty(), "no remedy for {finding}");
    }
    findings
}

/// What was found wrong about one thing, and what to do.
#[track_caller]
fn wrong(run: &Ended, what: &str) -> String {
    let all = findings(run);
    let bad = all.iter().find(|one| one["what"] == what && one["ok"] == false);
    let bad = bad.unwrap_or_else(|| panic!("nothing is wrong about {what}\n{}", run.told()));
    format!("{} / {}", bad["found"].as_str().unwrap(), bad["remedy"].as_str().unwrap())
}

#[test]
fn doctor_finds_nothing_where_nothing_is_wrong() {
    let stage = Stage::new();
    let run = stage.run(["doctor"]).ok();
    assert!(run.stdout.contains("no targets yet"), "{}", run.told());
    assert!(run.stdout.contains("none yet"), "{}", run.told());
    assert_eq!(fs::read_dir(stage.state()).unwrap().count(), 0, "doctor made something");

    let stage = stage_with_case();
    let host = stage.light(SUITE).deploy(Sudo::NoPassword).start();
    stage.add_target("shop", &host, "root", &[]).ok();
    stage.add_target("by-sudo", &host, "deploy", &["--become", "sudo"]).ok();
    stage.add_target("shared", &host, "deploy", &[]).ok();
    let run = stage.run(["doctor"]).ok();
    assert!(!run.stdout.contains("MEND"), "{}", run.told());
    let run = stage.run(["--json", "doctor"]).ok();
    assert_eq!(run.json()["ok"], true);
    let all = findings(&run);
    assert!(all.iter().all(|finding| finding["ok"] == true));
    for what in ["configuration", "ledger", "keyring", "schedule", "target shop", "target shared"] {
        assert!(all.iter().any(|finding| finding["what"] == what), "{what} was not looked at");
    }
    stage.run(["doctor", "--unattended"]).ok();
}

#[test]
fn doctor_finds_each_thing_and_says_what_to_do() {
    let stage = stage_with_case();
    let host = stage.light(SUITE).deploy(Sudo::None).start();
    stage.add_target("shop", &host, "root", &[]).ok();
    let doctor = ["--json", "doctor"];

    // The ledger can be read by others.
    let ledger = stage.state().join("ledger.sqlite3");
    fs::set_permissions(&ledger, fs::Permissions::from_mode(0o644)).unwrap();
    let said = wrong(&stage.run(doctor).exits(1), "ledger");
    assert!(said.contains("only you may read and write it"), "{said}");
    fs::set_permissions(&ledger, fs::Permissions::from_mode(0o600)).unwrap();

    // Others may change which host keys are believed; the file is no TOML.
    let targets = stage.config().join("targets.toml");
    let text = fs::read_to_string(&targets).unwrap();
    fs::set_permissions(&targets, fs::Permissions::from_mode(0o666)).unwrap();
    let said = wrong(&stage.run(doctor).exits(2), "configuration");
    assert!(said.contains("may be written by others"), "{said}");
    fs::set_permissions(&targets, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&targets, "[targets\n").unwrap();
    let run = stage.run(doctor).exits(2);
    assert!(wrong(&run, "configuration").contains("line 1"), "{}", run.told());
    // What else there is to see is still looked at.
    assert!(findings(&run).iter().any(|one| one["what"] == "ledger" && one["ok"] == true));
    fs::write(&targets, text).unwrap();

    // A target needs a keyring and there is none; one says sudo and there is none.
    stage.add_target("by-password", &host, "deploy", &["--become", "sudo-password"]).ok();
    let run = stage.run(doctor).fails();
    let said = wrong(&run, "keyring");
    assert!(said.contains("a target needs it") && said.contains("without a passphrase"), "{said}");
    wrong(&run, "target by-password");
    stage.run(["target", "remove", "by-password"]).ok();
    stage.add_target("by-sudo", &host, "deploy", &["--become", "sudo"]).ok();
    let said = wrong(&stage.run(doctor).exits(6), "target by-sudo");
    assert!(said.contains("sudo"), "{said}");
    stage.run(["target", "remove", "by-sudo"]).ok();

    // The server's clock is off.
    host.sh("mv /bin/date /bin/date.real
        printf '#!/bin/sh\nexec /bin/date.real -d \"+300 seconds\" \"$@\"\n' >/bin/date
        chmod 755 /bin/date");
    let said = wrong(&stage.run(doctor).exits(1), "target shop");
    assert!(said.contains("clock is ") && said.contains("timedatectl"), "{said}");
    host.sh("mv /bin/date.real /bin/date");

    // A live grant, and nothing that would end it.
    let granted = grant(&stage, "shop", "Jane Doe", "1h", &[]);
    let run = stage.run(doctor).exits(8);
    assert_eq!(run.json()["error"]["kind"], "stuck");
    assert!(wrong(&run, "schedule").contains("stagepass schedule install"));
    assert!(stage.run(["doctor"]).exits(8).stdout.contains("MEND"));

    // The server is down. Offline nobody calls.
    host.stop_sshd();
    let run = stage.run(doctor).exits(8);
    let said = wrong(&run, "target shop");
    assert!(said.contains("cannot reach") && said.contains("refused"), "{said}");
    let said = wrong(&stage.run(["--json", "doctor", "--unattended"]).exits(5), "target shop");
    // The remedy is that of the trouble: this one has nothing to do with keys.
    assert!(said.contains("whether the server is up"), "{said}");
    let all = findings(&stage.run(["--json", "doctor", "--offline"]).exits(8));
    assert!(!all.iter().any(|finding| finding["what"] == "target shop"));
    host.start_sshd();

    // Only somebody with an agent can log in.
    let (_agent, socket) = agent_with(&stage, &stage.admin);
    add_target(&stage, "shop", &host, "root", &["--replace", "--login", "agent"]);
    let run = stage.command(["--json", "doctor", "--unattended"]).env("SSH_AUTH_SOCK", &socket);
    let said = wrong(&run.run().exits(5), "target shop");
    assert!(said.contains("key file without a passphrase"), "{said}");
    let attended = stage.command(doctor).env("SSH_AUTH_SOCK", &socket).run().exits(8);
    assert!(
        findings(&attended).iter().any(|one| one["what"] == "target shop" && one["ok"] == true)
    );

    stage.add_target("shop", &host, "root", &["--replace"]).ok();
    stage.run(["revoke", &granted.id]).ok();
    stage.run(doctor).ok();
}

#[test]
fn the_line_in_the_page_about_the_schedule_is_the_line_that_is_written() {
    if inside().is_none() {
        with_own_cron(
            "unattended::the_line_in_the_page_about_the_schedule_is_the_line_that_is_written",
        );
        return;
    }
    let stage = Stage::new();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schedule.md");
    let page = fs::read_to_string(page).unwrap();
    let mut lines = page.lines().filter(|line| line.ends_with("# stagepass sweep"));
    let (Some(shown), None) = (lines.next(), lines.next()) else { panic!("not one line: {page}") };
    // The page has another merchant's folders, and nothing else that is not here.
    let meant = shown
        .replace("/usr/local/bin/stagepass", env!("CARGO_BIN_EXE_stagepass"))
        .replace("/home/anna/.config/stagepass", stage.config().to_str().unwrap())
        .replace("/home/anna/.local/state/stagepass", stage.state().to_str().unwrap());
    assert!(!meant.contains("anna") && !meant.contains("/usr/local"), "{meant}");
    let install = ["schedule", "install", "--kind", "cron"];
    let run = stage.run(install.iter().chain(&["--dry-run"])).ok();
    assert!(run.stdout.lines().any(|line| line == meant), "no `{meant}` in {}", run.told());
    assert_eq!(crontab(), "");
    stage.run(install).ok();
    assert_eq!(crontab(), format!("{meant}\n"));
    // And it is one that works.
    let command = meant.split_once("* * * * ").unwrap().1;
    stage.program("sh", ["-c", command]).run().ok();
    stage.run(["schedule", "remove"]).ok();
    assert_eq!(crontab(), "");
}

// ---- the keyring ---------------------------------------------------------------------------------

/// A bus with an unlocked gnome-keyring on it, until it is dropped. Its address.
pub fn keyring(stage: &Stage) -> (Background, String) {
    let script = "printf %s 'of this test alone' | \
        gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit 99
        printf 'bus=%s;\\n' \"$DBUS_SESSION_BUS_ADDRESS\"; exec sleep 600";
    let session = stage.program("dbus-run-session", ["--", "sh", "-c", script]);
    let mut session = session.limit(Duration::from_secs(600)).spawn();
    session.wait_for_stdout(0, ";\n");
    let said = session.stdout_so_far();
    let address = said.split_once("bus=").unwrap().1.split_once(";\n").unwrap().0.to_owned();
    (session, address)
}

#[test]
fn the_keyring_holds_what_a_login_needs_and_nothing_else_does() {
    const SUDO: &str = "Sudo-9-correct-horse-battery!";
    const PASSPHRASE: &str = "Passphrase-9-correct-horse!";
    let stage = stage_with_case();
    let locked = Key::generate(&stage.path().join("keys"), "locked", "ed25519", PASSPHRASE);
    let host = Host::light(SUITE).admin(&locked);
    let host = host.deploy(Sudo::Password).deploy_password(SUDO).shop().start();
    let identity = locked.private.to_str().unwrap();
    let how = ["--identity", identity, "--become", "sudo-password", "--path", "/var/www/shop"];
    add_target(&stage, "shop", &host, "deploy", &how);
    let (_session, bus) = keyring(&stage);
    let on_bus = |words: &[&str]| stage.command(words).env("DBUS_SESSION_BUS_ADDRESS", &bus);

    let key = stage.supporter_key();
    let words = words_of_grant("shop", key.public.to_str().unwrap());
    let run = on_bus(&words).run().exits(5);
    assert!(
        run.stderr.contains("passphrase") || run.stderr.contains("--identity"),
        "{}",
        run.told()
    );

    // Kept: one from a pipe, one typed on a terminal, which does not show it.
    let mut watch = stage.watch_proc();
    on_bus(&["secret", "set", "passphrase", identity]).stdin(format!("{PASSPHRASE}\n")).run().ok();
    let typed = format!("{SUDO}\n");
    let run = on_bus(&["secret", "set", "sudo", "shop"]).run_tty(&[("sudo:shop:", &typed)]).ok();
    assert!(!run.output().contains(SUDO), "{}", run.told());
    let run = on_bus(&["--json", "secret", "list"]).run().ok();
    let names = [format!("passphrase:{identity}"), "sudo:shop".to_owned()];
    assert_eq!(run.json()["result"]["secrets"], serde_json::json!(names));

    // Used: the whole job, and no question.
    let (run, mut here) = on_bus(&words).run_traced();
    let made = run.ok();
    assert!(made.stdout.contains("Granted"), "{}", made.told());
    let account = host.sh("grep -o '^sp-[^:]*' /etc/passwd");
    let with = Credential::Key(&key.private);
    stage.sftp(&host, account.trim(), with, "ls -1\n").ok();
    let run = on_bus(&["revoke", "--all"]).run().ok();
    assert!(run.stdout.contains("closed"), "{}", run.told());
    for secret in [SUDO, PASSPHRASE] {
        let bytes = secret.as_bytes();
        assert_eq!(here.sightings(bytes), [""; 0]);
        assert_eq!(watch.sightings(bytes), [""; 0]);
        assert_eq!(stage.files_containing(bytes), [""; 0].map(PathBuf::from));
        assert_eq!(host.files_containing(bytes), [""; 0].map(PathBuf::from));
        assert!(!made.output().contains(secret));
    }

    // So does the password of a login.
    add_target(&stage, "by-password", &host, "deploy", &["--login", "password"]);
    let check = ["target", "check", "by-password"];
    let run = on_bus(&check).run().exits(5);
    assert!(run.stderr.contains("secret set password by-password"), "{}", run.told());
    let set = on_bus(&["secret", "set", "password", "by-password"]);
    set.stdin(format!("{SUDO}\n")).run().ok();
    on_bus(&check).run().ok();
    // Cron has no bus, and says so before anything depends on it.
    stage.run(check).exits(5);

    // Removed.
    on_bus(&["secret", "remove", "sudo", "shop"]).run().ok();
    let run = on_bus(&["secret", "remove", "sudo", "shop"]).run().ok();
    assert!(run.stdout.contains("there was no sudo:shop"), "{}", run.told());
    let run = on_bus(&words).run().fails();
    assert!(
        run.stderr.contains("sudo") && run.stderr.contains("secret set sudo"),
        "{}",
        run.told()
    );
    host.sh("! grep -q ^sp- /etc/passwd");
    // A wrong one is the server's refusal, and nothing is left behind.
    on_bus(&["secret", "set", "sudo", "shop"]).stdin("Sudo-9-wrong-horse-battery!\n").run().ok();
    let run = on_bus(&words).run().fails();
    assert!(run.stderr.contains("sudo"), "{}", run.told());
    assert!(!run.output().contains("wrong-horse"), "{}", run.told());
    host.sh("! grep -q ^sp- /etc/passwd");
}

#[test]
fn without_a_keyring_the_words_are_clear() {
    let stage = Stage::new();
    for (kind, name, instead) in [
        ("sudo", "shop", "NOPASSWD: /bin/sh -s"),
        ("password", "shop", "with a key instead of a password"),
        ("passphrase", "/keys/id_ed25519", "a key of its own without a passphrase"),
    ] {
        let run = stage.command(["secret", "set", kind, name]).stdin("not-to-be-seen-9\n");
        let run = run.run().exits(1);
        assert!(run.stderr.contains("no keyring can be reached"), "{}", run.told());
        assert!(run.stderr.contains(instead), "{}", run.told());
        assert!(!run.output().contains("not-to-be-seen"), "{}", run.told());
        let run = stage.run(["secret", "remove", kind, name]).exits(1);
        assert!(run.stderr.contains("no keyring can be reached"), "{}", run.told());
    }
    assert_eq!(stage.run(["secret", "list"]).ok().stdout, "");
    assert!(stage.files_containing(b"not-to-be-seen").is_empty());
    let run = stage.command(["secret", "set", "sudo", "shop"]).stdin("\n").run().exits(2);
    assert!(run.stderr.contains("empty"), "{}", run.told());
}

// ---- the ledger ----------------------------------------------------------------------------------

/// Changes the ledger's file behind the program's back.
fn tamper(ledger: &Path, sql: &str) {
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n\
        c.executescript(sys.argv[2])\nc.commit()\n";
    let run = Command::new("python3").args(["-c", script]).arg(ledger).arg(sql).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn a_changed_row_and_a_cut_tail_are_found() {
    let stage = stage_with_case();
    let host = stage.light(SUITE).start();
    stage.add_target("shop", &host, "root", &[]).ok();
    let granted = grant(&stage, "shop", "Jane Doe", "1h", &[]);
    let ledger = stage.state().join("ledger.sqlite3");
    let before = stage.path().join("before.sqlite3");
    tamper(&ledger, &format!("vacuum into '{}'", before.display()));
    let closed = stage.run(["--json", "case", "close", "MSP-1"]).ok().json();
    let head = closed["result"]["ledger_head"].as_str().unwrap().to_owned();
    let verify = stage.run(["--json", "ledger", "verify", "--head", &head]).ok().json();
    assert_eq!(verify["result"]["verdict"]["head"], head.as_str());

    let export = stage.run(["ledger", "export"]).ok();
    let lines: Vec<Value> =
        export.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(lines.len()), verify["result"]["verdict"]["events"]);
    let verbs: Vec<&str> = lines.iter().map(|line| line["verb"].as_str().unwrap()).collect();
    assert_eq!(verbs.first(), Some(&"case.open"));
    assert!(verbs.contains(&"grant.open") && verbs.contains(&"grant.closed"), "{verbs:?}");

    // A row that says something else than its last event.
    let whole = stage.path().join("whole.sqlite3");
    tamper(&ledger, &format!("vacuum into '{}'", whole.display()));
    for change in [
        "update grants set deadline = deadline + 86400",
        "update grants set closed_at = closed_at - 600",
        "update layers set account = 'root'",
        "update cases set closed_at = null",
        "update events set actor = 'nobody@nowhere' where seq = 2",
        "delete from events where seq = 3",
    ] {
        tamper(&ledger, change);
        let run = stage.run(["ledger", "verify"]).exits(1);
        assert!(run.stderr.contains("not as it was recorded"), "{change}\n{}", run.told());
        put_back(&whole, &ledger);
        stage.run(["ledger", "verify"]).ok();
    }

    // A ledger of yesterday is whole in itself; the head that was noted is not in it.
    put_back(&before, &ledger);
    assert_eq!(state(&stage, &granted.id), "open");
    stage.run(["ledger", "verify"]).ok();
    let run = stage.run(["ledger", "verify", "--head", &head]).exits(1);
    assert!(run.stderr.contains("not as it was recorded"), "{}", run.told());
    let run = stage.run(["ledger", "verify", "--head", "what is this"]).exits(2);
    assert!(run.stderr.contains("head"), "{}", run.told());
    // What it forgot was done all the same, and the next close finds it so.
    let run = stage.run(["revoke", &granted.id]).ok();
    assert!(run.stdout.contains("already absent"), "{}", run.told());
}

fn put_back(copy: &Path, ledger: &Path) {
    for end in ["-wal", "-shm"] {
        let mut name = ledger.as_os_str().to_owned();
        name.push(end);
        let _ = fs::remove_file(name);
    }
    fs::copy(copy, ledger).unwrap();
    fs::set_permissions(ledger, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn after_an_upgrade_whichever_command_comes_first_brings_the_ledger_up_to_date() {
    let stage = Stage::new();
    let ledger = stage.state().join("ledger.sqlite3");
    // As the first version made a case: without a time-box, and without answers.
    let case = Case::new("MSP-1", "multisafepay", now());
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let place = Location::File(ledger.clone());
        let ledger = Ledger::open(&place, Mode::ReadWrite).await.unwrap();
        ledger.open_case(&case, "ana@shop").await.unwrap();
        ledger.close().await;
    });
    let host = stage.light(SUITE).start();
    stage.add_target("shop", &host, "root", &[]).ok();
    let first = grant(&stage, "shop", "Jane Doe", "40s", &[]);
    tamper(&ledger, BACK_TO_THE_FIRST_VERSION);
    wait_until(now() + 40);
    let swept = stage.run(["--json", "sweep"]).ok().json();
    assert_eq!(swept["result"]["closed"][0]["grant"]["id"], *first.id);
    let second = grant(&stage, "shop", "John Roe", "1h", &[]);
    for words in [&["list"][..], &["doctor"], &["show", &second.id], &["revoke", &second.id]] {
        tamper(&ledger, BACK_TO_THE_FIRST_VERSION);
        let run = stage.run(words.iter().copied());
        assert!(!run.output().contains("older stagepass"), "{}", run.told());
        assert!(words[0] == "doctor" || run.exit == 0, "{}", run.told());
        stage.run(["ledger", "verify"]).ok();
    }
    assert_eq!(state(&stage, &second.id), "closed");
}

#[test]
fn a_case_has_its_reference_for_ever() {
    let stage = stage_with_case();
    let open = ["case", "open", "MSP-1", "--desk", "multisafepay"];
    let run = stage.run(open).exits(2);
    assert!(run.stderr.contains("exists already"), "{}", run.told());
    stage.run(["case", "close", "MSP-1"]).ok();
    let run = stage.run(["case", "close", "MSP-1"]).ok();
    assert!(run.stdout.contains("closed already"), "{}", run.told());
    // A closed case is not opened again under the same name: its record would be two stories.
    stage.run(open).exits(2);
    let words = words_of_grant("shop", "/nonexistent");
    let run = stage.run(words).fails();
    assert!(run.exit == 2 || run.exit == 4, "{}", run.told());
}

#[test]
fn what_is_forgotten_is_never_counted_as_closed() {
    let stage = stage_with_case();
    let host = stage.light(SUITE).start();
    stage.add_target("shop", &host, "root", &[]).ok();
    let ended = grant(&stage, "shop", "John Roe", "1h", &[]);
    stage.run(["revoke", &ended.id]).ok();
    let granted = grant(&stage, "shop", "Jane Doe", "1h", &[]);
    drop(host);
    let run = stage.run(["--json", "revoke", &ended.id, &granted.id]).exits(7);
    assert_eq!(run.json()["result"]["already_ended"][0], *ended.id, "{}", run.told());
    let forget = ["revoke", &granted.id, "--forget"];
    stage.run(forget).exits(2);
    stage.run(forget.iter().chain(&["--reason", " "])).exits(2);
    stage.run(["revoke", &granted.id]).exits(7);
    let run = stage.run(forget.iter().chain(&["--reason", "the hoster deleted the server"])).ok();
    assert!(run.stdout.contains("nobody saw it end"), "{}", run.told());

    let shown = show(&stage, &granted.id);
    assert_eq!(shown["grant"]["state"], "forgotten");
    assert_eq!(shown["grant"]["closed_at"], Value::Null);
    let counts = &stage.run(["--json", "list", "--all"]).ok().json()["result"]["counts"];
    assert_eq!((counts["forgotten"].as_i64(), counts["closed"].as_i64()), (Some(1), Some(1)));
    let list = stage.run(["list", "--all"]).ok();
    assert!(list.stdout.contains("forgotten, not closed"), "{}", list.told());
    assert_eq!(stage.run(["sweep"]).ok().output(), "");
    // The case can end, and says what was not proved.
    let run = stage.run(["case", "close", "MSP-1"]).ok();
    assert!(run.stdout.contains("1 grant was forgotten"), "{}", run.told());
    assert!(run.stdout.contains(&granted.id), "{}", run.told());
    stage.run(["ledger", "verify"]).ok();
    let run = stage.run(["revoke", &granted.id]).ok();
    assert!(run.stdout.contains("was forgotten already"), "{}", run.told());
}
