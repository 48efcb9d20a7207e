//! The merchant's own secrets, in a real gnome-keyring on a bus of its own, and where there is none.
//!
//! A process finds its bus in its environment, and looks only once. So each test runs this binary
//! again, for that one test, in the surroundings it needs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use stagepass::testing::machine::keyring::{
    Availability, Dialog, Keyring, KeyringError, SecretKind, SecretName, instead,
};
use stagepass::testing::secret::{Secret, generate_password};

use crate::again::{Again, inside};

const LIMIT: Duration = Duration::from_secs(20);

/// A bus with an unlocked gnome-keyring, in place of `sh -c`.
const SESSION: &str = r#"
printf %s "of this test alone" | gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit 99
exec "$@"
"#;

enum SshEnvironment<'a> {
    /// A bus of its own with an unlocked keyring on it.
    Keyring,
    /// No bus, and nothing to find one by.
    NoBus,
    /// This address for a bus.
    Bus(&'a str),
}

/// Runs this binary for one test in the surroundings given, and says how long that took.
fn again(test: &str, surroundings: &SshEnvironment<'_>) -> Duration {
    let again = match surroundings {
        SshEnvironment::Keyring => {
            Again::through(&["dbus-run-session", "--", "sh", "-c", SESSION, "sh"])
        }
        SshEnvironment::NoBus => Again::through(&[]),
        SshEnvironment::Bus(address) => {
            Again::through(&[]).env("DBUS_SESSION_BUS_ADDRESS", address)
        }
    };
    let run = again.home().join("run");
    fs::create_dir(&run).unwrap();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).unwrap();
    again.env("XDG_RUNTIME_DIR", run).run(test)
}

fn keyring(home: &Path) -> Keyring {
    Keyring::new(home, LIMIT, Dialog::Never)
}

fn name(text: &str) -> SecretName {
    text.parse().unwrap()
}

fn secret_tool(arguments: &[&str]) -> Output {
    Command::new("secret-tool").args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Locks every collection, as a screen saver would.
fn lock_everything() {
    let locked = Command::new("dbus-send")
        .args(["--session", "--print-reply", "--dest=org.freedesktop.secrets"])
        .args(["/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock"])
        .arg("array:objpath:/org/freedesktop/secrets/aliases/default")
        .output()
        .unwrap();
    assert!(locked.status.success(), "{locked:?}");
}

/// A process that ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every file under a folder, whose bytes hold `needle`.
fn files_with(folder: &Path, needle: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files_with(&path, needle));
        } else if kind.is_file() && holds(&fs::read(&path).unwrap(), needle) {
            found.push(path);
        }
    }
    found
}

fn holds(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|window| window == needle)
}

/// The processes of this machine whose arguments or environment hold `needle`.
fn processes_with(needle: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        for file in ["cmdline", "environ"] {
            let path = process.path().join(file);
            if fs::read(&path).is_ok_and(|text| holds(&text, needle)) {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn a_real_keyring_keeps_the_passphrase_of_a_real_key() {
    use russh::keys::ssh_key::{Algorithm, LineEnding, PrivateKey};

    let Some(home) = inside() else {
        again(
            "keyring::a_real_keyring_keeps_the_passphrase_of_a_real_key",
            &SshEnvironment::Keyring,
        );
        return;
    };
    let keyring = keyring(&home);
    assert_eq!(keyring.status(), Availability::Available);

    let passphrase = generate_password().unwrap();
    let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap();
    let file = home.join("id_ed25519");
    key.encrypt(&mut rand::rng(), passphrase.expose())
        .unwrap()
        .write_openssh_file(&file, LineEnding::LF)
        .unwrap();
    let name = SecretName::new(SecretKind::Passphrase, file.to_str().unwrap()).unwrap();

    assert!(keyring.fetch(&name).unwrap().is_none());
    keyring.store(&name, &passphrase).unwrap();
    let seen = secret_tool(&["lookup", "service", "stagepass", "username", &name.to_string()]);
    assert_eq!(seen.stdout, passphrase.expose().as_bytes(), "{seen:?}");

    let fetched = keyring.fetch(&name).unwrap().unwrap();
    assert!(russh::keys::load_secret_key(&file, None).is_err());
    russh::keys::load_secret_key(&file, Some(fetched.expose())).unwrap();

    assert_eq!(keyring.list().unwrap(), std::slice::from_ref(&name));
    let index = home.join("secret-names");
    assert_eq!(fs::metadata(&index).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&index).unwrap(), format!("{name}\n"));
    assert!(files_with(&home, name.name().as_bytes()).contains(&index));
    assert_eq!(files_with(&home, passphrase.expose().as_bytes()), Vec::<PathBuf>::new());
    assert_eq!(processes_with(passphrase.expose().as_bytes()), Vec::<PathBuf>::new());

    assert!(keyring.remove(&name).unwrap());
    assert!(!keyring.remove(&name).unwrap());
    assert!(keyring.fetch(&name).unwrap().is_none());
    assert!(keyring.list().unwrap().is_empty());
    let gone = secret_tool(&["lookup", "service", "stagepass", "username", &name.to_string()]);
    assert!(!gone.status.success() && gone.stdout.is_empty());
}

#[test]
fn a_keyring_can_be_used_from_within_a_runtime() {
    let Some(home) = inside() else {
        again("keyring::a_keyring_can_be_used_from_within_a_runtime", &SshEnvironment::Keyring);
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let keyring = keyring(&home);
        keyring.store(&name("sudo:staging"), &Secret::new("first".into())).unwrap();
        keyring.store(&name("sudo:staging"), &Secret::new("second".into())).unwrap();
        let kept = keyring.fetch(&name("sudo:staging")).unwrap().unwrap();
        assert_eq!(kept.expose(), "second");
        assert_eq!(keyring.status(), Availability::Available);
    });
}

#[test]
fn names_stored_at_the_same_time_are_all_listed() {
    let Some(home) = inside() else {
        again("keyring::names_stored_at_the_same_time_are_all_listed", &SshEnvironment::Keyring);
        return;
    };
    std::thread::scope(|scope| {
        for number in 0..8 {
            let home = &home;
            scope.spawn(move || {
                let name = name(&format!("password:shop-{number}"));
                keyring(home).store(&name, &Secret::new(format!("secret {number}"))).unwrap();
            });
        }
    });
    let listed = keyring(&home).list().unwrap();
    assert_eq!(listed.len(), 8);
    for (number, name) in listed.iter().enumerate() {
        let kept = keyring(&home).fetch(name).unwrap().unwrap();
        assert_eq!(kept.expose(), format!("secret {number}"));
    }
}

#[test]
fn what_is_not_text_is_refused_without_being_shown() {
    let Some(home) = inside() else {
        again("keyring::what_is_not_text_is_refused_without_being_shown", &SshEnvironment::Keyring);
        return;
    };
    let stored = Command::new("sh")
        .args([
            "-c",
            r"printf 'abc\377' | secret-tool store --label=x service stagepass username sudo:b",
        ])
        .status()
        .unwrap();
    assert!(stored.success());
    let error = keyring(&home).fetch(&name("sudo:b")).unwrap_err();
    assert!(matches!(error, KeyringError::NotText { .. }), "{error:?}");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("97, 98") && !shown.contains("abc"), "{shown}");
}

#[test]
fn a_locked_keyring_says_so_and_asks_nobody() {
    let Some(home) = inside() else {
        again("keyring::a_locked_keyring_says_so_and_asks_nobody", &SshEnvironment::Keyring);
        return;
    };
    let keyring = keyring(&home);
    keyring.store(&name("password:staging"), &Secret::new("kept".into())).unwrap();
    lock_everything();
    let start = Instant::now();
    assert_eq!(keyring.status(), Availability::Locked);
    for name in [name("password:staging"), name("password:never-stored")] {
        assert!(matches!(keyring.fetch(&name), Err(KeyringError::Locked)));
        assert!(matches!(keyring.remove(&name), Err(KeyringError::Locked)));
    }
    let other = name("password:other");
    let refused = keyring.store(&other, &Secret::new("x".into()));
    assert!(matches!(refused, Err(KeyringError::Locked)));
    assert!(start.elapsed() < LIMIT);
    // The list still says what is kept, and nothing that is not.
    assert_eq!(keyring.list().unwrap(), [name("password:staging")]);

    // Where a dialog is allowed and nobody can show one, the answer still comes in time.
    let limit = Duration::from_secs(3);
    let asking = Keyring::new(&home, limit, Dialog::Allowed);
    let start = Instant::now();
    let error = asking.fetch(&name("password:staging")).unwrap_err();
    assert!(matches!(error, KeyringError::Locked | KeyringError::NoAnswer { .. }), "{error:?}");
    assert!(start.elapsed() < limit + Duration::from_secs(6));
}

/// What every call answers where there is no keyring.
fn assert_absent(home: &Path) {
    let keyring = keyring(home);
    let start = Instant::now();
    let Availability::Absent { why } = keyring.status() else { panic!("{:?}", keyring.status()) };
    assert!(!why.is_empty() && !why.contains(char::is_control), "{why:?}");
    let name = name("sudo:staging");
    assert!(matches!(keyring.fetch(&name), Err(KeyringError::Absent { .. })));
    assert!(matches!(keyring.remove(&name), Err(KeyringError::Absent { .. })));
    let stored = keyring.store(&name, &Secret::new("x".into()));
    assert!(matches!(stored, Err(KeyringError::Absent { .. })));
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(keyring.list().unwrap().is_empty());
    assert!(!home.join("secret-names").exists());
}

#[test]
fn without_a_bus_there_is_no_keyring_and_that_is_known_at_once() {
    let Some(home) = inside() else {
        let test = "keyring::without_a_bus_there_is_no_keyring_and_that_is_known_at_once";
        again(test, &SshEnvironment::NoBus);
        again(test, &SshEnvironment::Bus("disabled:"));
        return;
    };
    assert_absent(&home);
}

#[test]
fn a_bus_without_a_keyring_is_no_keyring() {
    let Some(home) = inside() else {
        // A session bus like any other, but for the folders of services it could start by itself.
        let folder = tempfile::tempdir().unwrap();
        let (config, socket) = (folder.path().join("bus.conf"), folder.path().join("bus"));
        let address = format!("unix:path={}", socket.display());
        let policy = r#"<policy context="default"><allow send_destination="*" eavesdrop="true"/>
            <allow eavesdrop="true"/><allow own="*"/></policy>"#;
        fs::write(
            &config,
            format!(
                "<busconfig><type>session</type><listen>{address}</listen>{policy}</busconfig>"
            ),
        )
        .unwrap();
        let bus = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .arg("--nofork")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut bus = Running(bus);
        while !socket.exists() {
            assert!(bus.0.try_wait().unwrap().is_none(), "the bus did not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        again("keyring::a_bus_without_a_keyring_is_no_keyring", &SshEnvironment::Bus(&address));
        return;
    };
    assert_absent(&home);
}

#[test]
fn a_bus_that_never_answers_holds_nothing_up() {
    let Some(home) = inside() else {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("bus");
        // It accepts, because the kernel does, and never says a word.
        let _silent = UnixListener::bind(&socket).unwrap();
        let address = format!("unix:path={}", socket.display());
        let took = again(
            "keyring::a_bus_that_never_answers_holds_nothing_up",
            &SshEnvironment::Bus(&address),
        );
        // Not only the calls end: the program does too, with the thread still waiting.
        assert!(took < Duration::from_secs(20), "{took:?}");
        return;
    };
    let limit = Duration::from_secs(3);
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let keyring = Keyring::new(&home, limit, Dialog::Never);
        let error = keyring.fetch(&name("sudo:staging")).unwrap_err();
        assert!(matches!(error, KeyringError::NoAnswer { .. }), "{error:?}");
        // The next ones know already.
        let stored = keyring.store(&name("sudo:staging"), &Secret::new("x".into()));
        assert!(matches!(stored, Err(KeyringError::NoAnswer { .. })));
        assert!(matches!(keyring.status(), Availability::Absent { .. }));
    });
    drop(runtime);
    assert!(start.elapsed() < limit * 3, "{:?}", start.elapsed());
    assert!(!home.join("secret-names").exists());
}

/// An `/etc` whose changes are gone with the namespace.
const OWN_ETC: &str = r#"
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir /run/upper /run/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work /etc
exec "$@"
"#;

#[test]
fn the_sudo_rule_that_is_recommended_lets_the_script_in_and_nothing_else() {
    const RULE: &str = "deploy ALL=(root) NOPASSWD: /bin/sh -s";
    let Some(_) = inside() else {
        Again::through(&["unshare", "--mount", "sh", "-c", OWN_ETC, "sh"])
            .run("keyring::the_sudo_rule_that_is_recommended_lets_the_script_in_and_nothing_else");
        return;
    };
    assert!(instead(&name("sudo:staging")).iter().any(|way| way.text.contains(RULE)));
    assert!(include_str!("../../docs/keyring.md").contains(RULE));

    let made = Command::new("useradd").args(["--no-create-home", "deploy"]).status().unwrap();
    assert!(made.success());
    fs::write("/etc/sudoers.d/stagepass", format!("{RULE}\n")).unwrap();
    fs::set_permissions("/etc/sudoers.d/stagepass", fs::Permissions::from_mode(0o440)).unwrap();
    assert!(Command::new("visudo").args(["-c", "-q"]).status().unwrap().success());

    let as_deploy = |command: &str| {
        let piped = format!("echo id -u | runuser -u deploy -- {command}");
        Command::new("sh").args(["-c", &piped]).output().unwrap()
    };
    assert_eq!(as_deploy("sudo -n /bin/sh -s").stdout, b"0\n");
    for other in ["sudo -n /bin/sh -c id", "sudo -n /bin/sh -s -x", "sudo -n id"] {
        let refused = as_deploy(other);
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{other}: {refused:?}");
    }
}
