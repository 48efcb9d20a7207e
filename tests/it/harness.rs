//! The harness itself: that its hosts are real, that its watches see, that its limits bite.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::host::{Host, SUITE, Sudo, suites};
use crate::stage::{Credential, Paramiko, Stage};

fn program_on_path(name: &str) -> bool {
    ["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(name).exists())
}

#[test]
fn every_openssh_takes_a_real_login() {
    let stage = Stage::new();
    for suite in suites() {
        let host = stage.light(suite).deploy(Sudo::NoPassword).shop().start();
        let admin = Credential::Key(&stage.admin.private);
        let run = stage.ssh(&host, "deploy", admin, &["sudo", "-n", "hostname"]).ok();
        assert_eq!(run.stdout.trim(), format!("staging-{}", host.name));
        let run = stage.sftp(&host, "deploy", admin, "ls -1 /var/www/shop\n").ok();
        assert!(run.stdout.contains("composer.json"), "{}", run.told());
        let run = stage.paramiko(&host, "deploy", admin, Paramiko::List("/var/www/shop")).ok();
        assert!(run.stdout.contains("composer.json"), "{}", run.told());
    }
}

#[test]
fn passwords_reach_the_clients_and_no_process_shows_them() {
    let stage = Stage::new();
    let password = "Harness-9-correct-horse!";
    let host = stage.light(SUITE).deploy(Sudo::Password).deploy_password(password).start();
    let mut watch = stage.watch_proc();
    let with = Credential::Password(password);
    stage.ssh(&host, "deploy", with, &["true"]).ok();
    stage.sftp(&host, "deploy", with, "pwd\n").ok();
    stage.paramiko(&host, "deploy", with, Paramiko::Exec("true")).ok();
    let wrong = Credential::Password("Harness-9-wrong-horse!!!");
    let run = stage.ssh(&host, "deploy", wrong, &["true"]).exits(255);
    assert!(run.stderr.contains("Permission denied"), "{}", run.told());
    stage.paramiko(&host, "deploy", wrong, Paramiko::Exec("true")).exits(3);
    assert_eq!(watch.sightings(password.as_bytes()), [""; 0]);
    assert_eq!(host.files_containing(password.as_bytes()), [""; 0].map(std::path::PathBuf::from));
}

#[test]
fn the_watch_sees_arguments_and_environments_on_both_sides() {
    let stage = Stage::new();
    let host = stage.light(SUITE).start();
    let mut watch = stage.watch_proc();
    let admin = Credential::Key(&stage.admin.private);
    stage.ssh(&host, "root", admin, &["/bin/sh", "-c", "'A=canary-one sleep 0.3'"]).ok();
    stage.program("sh", ["-c", "sleep 0.3; :", "canary-two"]).run().ok();
    stage.program("sleep", ["0.3"]).env("TOKEN", "canary-three").run().ok();
    for canary in ["canary-one", "canary-two", "canary-three"] {
        assert!(!watch.sightings(canary.as_bytes()).is_empty(), "{canary} was missed");
    }
    assert!(watch.sightings(b"canary-four").is_empty());
}

#[test]
fn the_trace_sees_what_lives_a_moment_on_both_sides() {
    let stage = Stage::new();
    let host = stage.light(SUITE).deploy(Sudo::NoPassword).start();
    let mut there = host.trace_execs();
    let admin = Credential::Key(&stage.admin.private);
    stage.ssh(&host, "deploy", admin, &["sudo", "-n", "/bin/true", "canary-there"]).ok();
    let sightings = there.sightings(b"canary-there");
    assert!(sightings.iter().any(|line| line.contains("/bin/true")), "{sightings:?}");
    assert!(there.sightings(b"canary-nowhere").is_empty());

    let script = "/bin/true 'canary \"here\"'";
    let (run, mut here) = stage.program("sh", ["-c", script]).env("TOKEN", "\n").run_traced();
    run.ok();
    assert_eq!(here.sightings(b"canary \"here\"").len(), 2);
    assert!(!here.sightings(b"TOKEN=\n").is_empty());
}

#[test]
fn a_booted_host_has_sessions_cron_and_at_and_survives_a_reboot() {
    let stage = Stage::new();
    let mut host =
        stage.full(SUITE).deploy(Sudo::NoPassword).time_zone("Europe/Rome").shop().start();
    let admin = Credential::Key(&stage.admin.private);
    let run = stage.ssh(&host, "deploy", admin, &["sudo", "-n", "loginctl", "list-sessions"]).ok();
    assert!(run.stdout.contains("deploy"), "{}", run.told());
    let run = stage.ssh(&host, "deploy", admin, &["date", "+%Z"]).ok();
    assert!(["CET", "CEST"].contains(&run.stdout.trim()), "{}", run.told());
    for unit in ["ssh", "cron", "atd", "systemd-logind"] {
        host.exec(&["systemctl", "is-active", "--quiet", unit]).ok();
    }
    let before = (host.address.clone(), host.host_key.clone());
    host.sh("touch /root/kept /run/lost");
    host.reboot();
    assert_eq!((host.address.clone(), host.host_key.clone()), before);
    host.sh("test -e /root/kept && ! test -e /run/lost");
    stage.ssh(&host, "deploy", admin, &["true"]).ok();
}

#[test]
fn a_full_disk_is_really_full() {
    let stage = Stage::new();
    let host = stage.light(SUITE).disk("16m").start();
    let run = host.exec(&["sh", "-c", "cat /dev/zero >/var/tmp/big"]).fails();
    assert!(run.stderr.contains("No space left on device"), "{}", run.told());
    stage.ssh(&host, "root", Credential::Key(&stage.admin.private), &["true"]).ok();
}

#[test]
fn files_are_searched_on_both_sides() {
    let stage = Stage::new();
    let host = stage.light(SUITE).start();
    host.sh("mkdir -p /var/lib/x && printf 'a canary-file b' >/var/lib/x/y");
    let found = host.files_containing(b"canary-file");
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("var/lib/x/y"));
    std::fs::write(stage.state().join("ledger"), b"\0\0canary-file").unwrap();
    assert_eq!(stage.files_containing(b"canary-file"), [stage.state().join("ledger")]);
}

#[test]
fn a_host_that_is_down_refuses_and_comes_back_with_the_same_key() {
    let stage = Stage::new();
    let host = stage.light(SUITE).start();
    let admin = Credential::Key(&stage.admin.private);
    host.stop_sshd();
    let run = stage.ssh(&host, "root", admin, &["true"]).exits(255);
    assert!(run.stderr.contains("Connection refused"), "{}", run.told());
    host.start_sshd();
    stage.ssh(&host, "root", admin, &["true"]).ok();
}

#[test]
fn nothing_of_a_host_is_left_when_it_is_dropped() {
    let host = Host::light(SUITE).start();
    let name = host.name.clone();
    let root = host.root_path().to_owned();
    assert!(root.join("etc/debian_version").exists());
    assert!(host.processes().iter().any(|process| process.cmdline.starts_with(b"sshd:")));
    drop(host);
    assert!(!root.join("etc/debian_version").exists());
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&name));
}

#[test]
fn booted_and_light_hosts_die_with_their_owner() {
    for start in [Host::light, Host::full] {
        let mut owner = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let host = start(SUITE).owner(owner.id()).start();
        assert!(!host.processes().is_empty());
        owner.kill().unwrap();
        owner.wait().unwrap();
        let root = host.root_path().join("etc/debian_version");
        let patience = Instant::now() + Duration::from_secs(10);
        while root.exists() {
            assert!(Instant::now() < patience, "{} outlived its owner", host.name);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_terminal_is_a_terminal_and_answers_are_typed() {
    let stage = Stage::new();
    let asks = r#"test -t 0 && test -t 1 && test -t 2 || exit 9
        printf 'name? '; read -r name
        stty -echo </dev/tty; printf 'password? '; read -r word </dev/tty; stty echo
        printf '\nhello %s of %s letters\n' "$name" "${#word}"; exit 4"#;
    let run = stage
        .program("sh", ["-c", asks])
        .run_tty(&[("name? ", "Ada\n"), ("password? ", "secret\n")])
        .exits(4);
    assert!(run.stdout.contains("hello Ada of 6 letters"), "{}", run.told());
    assert!(!run.stdout.contains("secret"), "{}", run.told());
}

#[test]
fn a_run_finds_only_its_own_environment() {
    let stage = Stage::new();
    let run = stage.program("env", [""; 0]).env("EXTRA", "1").run().ok();
    let mut names: Vec<_> = run.stdout.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    let mut expected: Vec<_> = stage.environment().into_iter().map(|(name, _)| name).collect();
    expected.push("EXTRA".into());
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
#[should_panic(expected = "took longer than")]
fn a_run_that_never_ends_is_killed() {
    let stage = Stage::new();
    let _ = stage.program("sleep", ["600"]).limit(Duration::from_millis(200)).run();
}

#[test]
fn the_clients_are_installed() {
    for client in ["ssh", "sftp", "sshpass", "python3", "script", "setfacl"] {
        assert!(program_on_path(client), "no {client}: run `make setup`");
    }
}
