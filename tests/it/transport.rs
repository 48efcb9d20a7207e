//! Connections against a real sshd and against peers that are no SSH server at all.

use std::fs;
use std::future::Future;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use russh::keys::{PrivateKey, PublicKey};
use stagepass::testing::grant::Access;
use stagepass::testing::secret::Secret;
use stagepass::testing::target::pin::{HostKeyPin, fingerprint};
use stagepass::testing::target::{Address, Elevation, Environment, Login, Target};
use stagepass::testing::transport::host_key::Verdict;
use stagepass::testing::transport::{
    Ahead, Answer, Attempt, Connection, Outcome, Output, Reach, STDOUT_LIMIT, Script,
    SshEnvironment, TransportError, Unlock, fetch_host_key, try_login,
};
use tempfile::TempDir;
use zeroize::Zeroizing;

// ---- what a test stands on

/// Runs a test on the runtime the program uses, and ends it when it hangs.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let limited = async { tokio::time::timeout(Duration::from_secs(60), test).await };
    let done = runtime.block_on(limited).expect("the test ends in time");
    runtime.shutdown_background();
    done
}

fn soon(seconds: u64) -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_secs(seconds)
}

fn ssh_keygen(arguments: &[&str]) {
    let status = Command::new("ssh-keygen").args(arguments).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
}

fn generate(path: &Path, kind: &str, passphrase: &str) -> PathBuf {
    let bits = if kind == "rsa" { "2048" } else { "256" };
    ssh_keygen(&["-q", "-t", kind, "-b", bits, "-N", passphrase, "-f", path.to_str().unwrap()]);
    path.into()
}

fn public(path: &Path) -> PublicKey {
    let text = fs::read_to_string(path.with_extension("pub")).unwrap();
    PublicKey::from_openssh(text.trim()).unwrap()
}

fn private(path: &Path) -> PrivateKey {
    PrivateKey::from_openssh(fs::read_to_string(path).unwrap()).unwrap()
}

fn me() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A private sshd on loopback with a host key of each type.
struct Sshd {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Sshd {
    fn start() -> Self {
        Self::with("")
    }

    fn with(more: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("sshd-").tempdir().unwrap();
        for kind in ["ed25519", "ecdsa", "rsa"] {
            generate(&folder.path().join(format!("host_{kind}")), kind, "");
        }
        Self::launch(folder, more)
    }

    fn launch(folder: TempDir, more: &str) -> Self {
        let port = free_port();
        let at = folder.path().display();
        let mut text = format!(
            "Port {port}\nListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\n\
             LogLevel VERBOSE\nPermitRootLogin yes\nPasswordAuthentication no\n\
             AuthorizedKeysFile {at}/authorized_keys\n"
        );
        if !more.contains("Subsystem") {
            text.push_str("Subsystem sftp internal-sftp\n");
        }
        if !more.contains("HostKey ") {
            for kind in ["ed25519", "ecdsa", "rsa"] {
                text.push_str(&format!("HostKey {at}/host_{kind}\n"));
            }
        }
        text.push_str(&more.replace("@DIR@", &at.to_string()));
        fs::write(folder.path().join("config"), text).unwrap();
        if me() == "root" {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(folder.path().join("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let sshd = Self { folder, port, child };
        sshd.wait_for("Server listening");
        sshd
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn wait_for(&self, text: &str) {
        let start = Instant::now();
        while !self.log().contains(text) {
            assert!(start.elapsed() < Duration::from_secs(10), "no `{text}` in:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn host_key(&self, kind: &str) -> PublicKey {
        public(&self.folder.path().join(format!("host_{kind}")))
    }

    fn authorize(&self, keys: &[&PublicKey]) {
        let lines: String = keys.iter().map(|key| key.to_openssh().unwrap() + "\n").collect();
        fs::write(self.folder.path().join("authorized_keys"), lines).unwrap();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A merchant's computer: a home folder, keys, and what its keyring would say.
struct Merchant {
    home: TempDir,
    known: SshEnvironment,
    unlock: Answers,
}

#[derive(Default)]
struct Answers {
    passphrase: Option<&'static str>,
    password: Option<&'static str>,
    sudo: Option<&'static str>,
    asked: Mutex<Vec<String>>,
}

impl Unlock for Answers {
    fn passphrase(&self, what: &str) -> Option<Secret> {
        self.asked.lock().unwrap().push(format!("passphrase {what}"));
        self.passphrase.map(|text| Secret::new(text.into()))
    }

    fn password(&self, target: &str) -> Option<Secret> {
        self.asked.lock().unwrap().push(format!("password {target}"));
        self.password.map(|text| Secret::new(text.into()))
    }

    fn sudo_password(&self, target: &str) -> Option<Secret> {
        self.asked.lock().unwrap().push(format!("sudo {target}"));
        self.sudo.map(|text| Secret::new(text.into()))
    }
}

impl Merchant {
    fn new() -> Self {
        let home = tempfile::Builder::new().prefix("merchant-").tempdir().unwrap();
        fs::create_dir(home.path().join(".ssh")).unwrap();
        let mut known = SshEnvironment::new(home.path(), &me());
        known.known_hosts = vec![home.path().join(".ssh/known_hosts")];
        Self { home, known, unlock: Answers::default() }
    }

    fn ssh(&self, name: &str) -> PathBuf {
        self.home.path().join(".ssh").join(name)
    }

    /// A key in the usual place, which the server takes.
    fn with_key(sshd: &Sshd) -> Self {
        let merchant = Self::new();
        let key = generate(&merchant.ssh("id_ed25519"), "ed25519", "");
        sshd.authorize(&[&public(&key)]);
        merchant
    }

    async fn open(&self, target: &Target) -> Result<Connection, TransportError> {
        Connection::open(target, &self.unlock, &self.known, soon(20)).await
    }

    async fn try_login(
        &self,
        target: &Target,
        attempts: &[Attempt<'_>],
        r#as: Access,
    ) -> Vec<Answer> {
        try_login(target, &me(), attempts, r#as, &self.unlock, &self.known, soon(20)).await.unwrap()
    }
}

fn target_at(port: u16, pins: Vec<HostKeyPin>) -> Target {
    Target {
        name: "staging".into(),
        address: Address::Ssh { user: None, host: "127.0.0.1".into(), port: Some(port) },
        host_key: pins,
        login: Login::Auto,
        identity: None,
        elevation: Elevation::None,
        environment: Environment::Staging,
        path: None,
        public_host: None,
    }
}

fn pinned(sshd: &Sshd) -> Target {
    target_at(sshd.port, vec![HostKeyPin::of(&sshd.host_key("ed25519"))])
}

fn local() -> Target {
    Target { address: Address::Local, ..target_at(0, Vec::new()) }
}

fn sh(body: &str) -> Script {
    let body = Zeroizing::new(body.as_bytes().to_vec());
    Script { elevation: Elevation::None, body, packed: None }
}

fn done(outcome: Outcome) -> Output {
    match outcome {
        Outcome::Done(output) => output,
        other => panic!("{other:?}"),
    }
}

fn unknown(outcome: Outcome) -> (String, Output) {
    match outcome {
        Outcome::Unknown { why, partial } => (why, partial),
        other => panic!("{other:?}"),
    }
}

// ---- host keys

#[test]
fn a_pinned_server_runs_a_script() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    run(async {
        let mut connection = merchant.open(&pinned(&sshd)).await.unwrap();
        assert!(connection.server_id().starts_with("SSH-2.0-OpenSSH_"));
        for _ in 0..3 {
            let script = sh("echo out; echo err >&2; exit 10\n");
            let output = done(connection.run(&script, soon(10)).await);
            assert_eq!(output.status, Some(10));
            assert_eq!(output.stdout, b"out\n");
            assert_eq!(output.stderr, b"err\n");
            assert!(!output.truncated);
        }
        connection.close().await;
    });
}

#[test]
fn a_connection_can_be_moved_between_threads() {
    fn is_send<T: Send>(_: T) {}
    let merchant = Merchant::new();
    let target = local();
    is_send(merchant.open(&target));
    is_send(merchant.try_login(&target, &[], Access::Ssh));
    is_send(async {
        let mut connection = merchant.open(&target).await.unwrap();
        let _ = connection.run(&sh(""), soon(1)).await;
    });
}

#[test]
fn a_changed_host_key_stops_everything_before_a_login_is_tried() {
    let sshd = Sshd::start();
    let other = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    run(async {
        let target = target_at(sshd.port, vec![HostKeyPin::of(&other.host_key("ed25519"))]);
        let error = merchant.open(&target).await.unwrap_err();
        let TransportError::HostKeyChanged { pinned, received, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(pinned, [fingerprint(&other.host_key("ed25519"))]);
        assert_eq!(received, fingerprint(&sshd.host_key("ed25519")));
    });
    sshd.wait_for("[preauth]");
    assert!(!sshd.log().contains("for invalid user") && !sshd.log().contains("Accepted"));
    assert!(!sshd.log().contains("Failed"), "{}", sshd.log());
}

#[test]
fn a_target_without_a_pin_is_not_connected_to() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    run(async {
        let error = merchant.open(&target_at(sshd.port, Vec::new())).await.unwrap_err();
        assert!(matches!(error, TransportError::HostKeyUnknown { .. }), "{error}");
    });
}

#[test]
fn each_pinned_type_is_the_one_the_server_is_asked_for() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    run(async {
        for kind in ["ed25519", "ecdsa", "rsa"] {
            let target = target_at(sshd.port, vec![HostKeyPin::of(&sshd.host_key(kind))]);
            merchant.open(&target).await.unwrap().close().await;
            // A fingerprint does not say its type.
            let pin: HostKeyPin = fingerprint(&sshd.host_key(kind)).parse().unwrap();
            merchant.open(&target_at(sshd.port, vec![pin])).await.unwrap().close().await;
        }
    });
}

#[test]
fn a_fingerprint_that_no_key_of_the_server_has_is_a_changed_key() {
    let sshd = Sshd::start();
    let other = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    run(async {
        let pin: HostKeyPin = fingerprint(&other.host_key("rsa")).parse().unwrap();
        let target = target_at(sshd.port, vec![pin]);
        let error = merchant.open(&target).await.unwrap_err();
        assert!(matches!(error, TransportError::HostKeyChanged { .. }), "{error}");
        let error = fetch_host_key(&target, &merchant.unlock, &merchant.known, soon(20)).await;
        assert!(matches!(error, Err(TransportError::HostKeyChanged { .. })), "{error:?}");
    });
}

#[test]
fn a_server_that_lost_the_pinned_type_has_nothing_in_common() {
    let sshd = Sshd::with("HostKey @DIR@/host_rsa\n");
    let merchant = Merchant::with_key(&sshd);
    run(async {
        let error = merchant.open(&pinned(&sshd)).await.unwrap_err();
        let TransportError::NoCommonAlgorithm { kind, ours, theirs, .. } = error else {
            panic!("{error}")
        };
        assert_eq!((kind, ours.as_str()), ("key", "ssh-ed25519"));
        assert!(theirs.contains("rsa-sha2-512"), "{theirs}");
    });
}

#[test]
fn a_revoked_key_is_refused_even_when_it_is_pinned() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    let line = format!("@revoked * {}\n", sshd.host_key("ed25519").to_openssh().unwrap());
    fs::write(merchant.ssh("known_hosts"), line).unwrap();
    run(async {
        let error = merchant.open(&pinned(&sshd)).await.unwrap_err();
        assert!(matches!(error, TransportError::HostKeyRevoked { .. }), "{error}");
    });
}

#[test]
fn what_known_hosts_says_about_a_new_server_is_found_out() {
    let sshd = Sshd::start();
    let merchant = Merchant::new();
    let target = target_at(sshd.port, Vec::new());
    let line =
        |name: &str, kind: &str| format!("{name}\t{}\n", sshd.host_key(kind).to_openssh().unwrap());
    let here = format!("[127.0.0.1]:{}", sshd.port);
    run(async {
        let fetch = async || {
            fetch_host_key(&target, &merchant.unlock, &merchant.known, soon(20)).await.unwrap()
        };
        let fetched = fetch().await;
        assert_eq!(fetched.verdict, Verdict::Unknown { certificate_authority: false });
        assert_eq!(fingerprint(&fetched.key), fingerprint(&sshd.host_key("ed25519")));

        // Hashed by OpenSSH itself; and of another type than the best one.
        fs::write(merchant.ssh("known_hosts"), line(&here, "rsa")).unwrap();
        ssh_keygen(&["-q", "-H", "-f", merchant.ssh("known_hosts").to_str().unwrap()]);
        assert!(fs::read_to_string(merchant.ssh("known_hosts")).unwrap().starts_with("|1|"));
        let fetched = fetch().await;
        assert_eq!(fetched.verdict, Verdict::Valid);
        assert_eq!(fingerprint(&fetched.key), fingerprint(&sshd.host_key("rsa")));

        fs::write(merchant.ssh("known_hosts"), line("*,!127.*,![127.*", "ed25519")).unwrap();
        assert!(matches!(fetch().await.verdict, Verdict::Unknown { .. }));

        let ca = format!("@cert-authority {}", line("*", "ed25519"));
        fs::write(merchant.ssh("known_hosts"), ca).unwrap();
        assert_eq!(fetch().await.verdict, Verdict::Unknown { certificate_authority: true });
    });
    sshd.wait_for("[preauth]");
    assert!(!sshd.log().contains("Failed") && !sshd.log().contains("Postponed"));
}

#[test]
fn a_given_fingerprint_finds_its_key() {
    let sshd = Sshd::start();
    let merchant = Merchant::new();
    run(async {
        let pin: HostKeyPin = fingerprint(&sshd.host_key("rsa")).parse().unwrap();
        let target = target_at(sshd.port, vec![pin]);
        let fetched =
            fetch_host_key(&target, &merchant.unlock, &merchant.known, soon(20)).await.unwrap();
        assert_eq!(fingerprint(&fetched.key), fingerprint(&sshd.host_key("rsa")));
    });
}

// ---- logging in

#[test]
fn every_type_of_key_file_logs_in() {
    let sshd = Sshd::start();
    run(async {
        for (kind, passphrase) in
            [("ed25519", ""), ("ecdsa", ""), ("rsa", ""), ("ed25519", "open sesame")]
        {
            let mut merchant = Merchant::new();
            merchant.unlock.passphrase = Some("open sesame");
            let key = generate(&merchant.ssh("mine"), kind, passphrase);
            sshd.authorize(&[&public(&key)]);
            let target = Target { identity: Some("~/.ssh/mine".into()), ..pinned(&sshd) };
            let mut connection = merchant.open(&target).await.unwrap();
            assert_eq!(done(connection.run(&sh("exit 0\n"), soon(10)).await).status, Some(0));
            let asked = merchant.unlock.asked.lock().unwrap().len();
            assert_eq!(asked, usize::from(!passphrase.is_empty()), "{kind}");
        }
    });
}

#[test]
fn old_pem_keys_log_in_too() {
    let sshd = Sshd::start();
    let mut merchant = Merchant::new();
    merchant.unlock.passphrase = Some("open sesame");
    let key = merchant.ssh("id_rsa");
    ssh_keygen(&[
        "-q",
        "-t",
        "rsa",
        "-b",
        "3072",
        "-m",
        "PEM",
        "-N",
        "open sesame",
        "-f",
        key.to_str().unwrap(),
    ]);
    sshd.authorize(&[&public(&key)]);
    run(async { merchant.open(&pinned(&sshd)).await.unwrap().close().await });
}

#[test]
fn a_passphrase_is_asked_for_only_when_the_key_would_be_taken() {
    let sshd = Sshd::start();
    let merchant = Merchant::new();
    generate(&merchant.ssh("id_ed25519"), "ed25519", "open sesame");
    fs::remove_file(merchant.ssh("id_ed25519.pub")).unwrap();
    sshd.authorize(&[]);
    run(async {
        let error = merchant.open(&pinned(&sshd)).await.unwrap_err();
        let TransportError::AuthRefused { methods, tried, .. } = error else { panic!("{error}") };
        assert_eq!(methods, "publickey, keyboard-interactive");
        assert!(tried[0].contains("id_ed25519"), "{tried:?}");
    });
    assert!(merchant.unlock.asked.lock().unwrap().is_empty());
}

#[test]
fn a_wrong_passphrase_and_a_readable_key_file_are_said() {
    let sshd = Sshd::start();
    let mut merchant = Merchant::new();
    merchant.unlock.passphrase = Some("wrong");
    let key = generate(&merchant.ssh("id_ed25519"), "ed25519", "open sesame");
    sshd.authorize(&[&public(&key)]);
    run(async {
        let error = merchant.open(&pinned(&sshd)).await.unwrap_err().to_string();
        assert!(error.ends_with("the passphrase is wrong"), "{error}");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let error = merchant.open(&pinned(&sshd)).await.unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    });
}

/// A real `ssh-agent`.
struct Agent {
    folder: TempDir,
    child: Child,
}

impl Agent {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("agent-").tempdir().unwrap();
        let socket = folder.path().join("socket");
        let child = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while !socket.exists() {
            thread::sleep(Duration::from_millis(5));
        }
        Self { folder, child }
    }

    fn add(&self, name: &str, kind: &str) -> PathBuf {
        let key = generate(&self.folder.path().join(name), kind, "");
        let status = Command::new("ssh-add")
            .arg("-q")
            .arg(&key)
            .env("SSH_AUTH_SOCK", self.folder.path().join("socket"))
            .status()
            .unwrap();
        assert!(status.success());
        key
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn an_agents_keys_log_in() {
    let sshd = Sshd::start();
    let agent = Agent::start();
    let mut merchant = Merchant::new();
    merchant.known.agent_socket = Some(agent.folder.path().join("socket"));
    run(async {
        agent.add("first", "ed25519");
        for kind in ["ed25519", "ecdsa", "rsa"] {
            let key = agent.add(kind, kind);
            sshd.authorize(&[&public(&key)]);
            let target = Target { login: Login::Agent, ..pinned(&sshd) };
            merchant.open(&target).await.unwrap().close().await;
        }
    });
}

#[test]
fn an_agent_full_of_keys_does_not_lock_us_out() {
    let sshd = Sshd::start();
    let agent = Agent::start();
    let mut merchant = Merchant::new();
    merchant.known.agent_socket = Some(agent.folder.path().join("socket"));
    for number in 0..8 {
        agent.add(&format!("other{number}"), "ed25519");
    }
    let key = agent.add("mine", "ed25519");
    sshd.authorize(&[&public(&key)]);
    run(async {
        let error = merchant.open(&pinned(&sshd)).await.unwrap_err();
        let TransportError::AuthRefused { tried, .. } = error else { panic!("{error}") };
        assert_eq!(tried.iter().filter(|what| what.starts_with("agent key")).count(), 5);

        // Named, it is the only one that is offered.
        fs::copy(key.with_extension("pub"), merchant.ssh("mine.pub")).unwrap();
        fs::copy(&key, merchant.ssh("mine")).unwrap();
        let target = Target { identity: Some("~/.ssh/mine".into()), ..pinned(&sshd) };
        merchant.open(&target).await.unwrap().close().await;
    });
}

#[test]
fn an_agent_that_is_gone_is_passed_over() {
    let sshd = Sshd::start();
    let mut merchant = Merchant::with_key(&sshd);
    merchant.known.agent_socket = Some(merchant.ssh("nothing"));
    run(async {
        merchant.open(&pinned(&sshd)).await.unwrap().close().await;
        let target = Target { login: Login::Agent, ..pinned(&sshd) };
        let error = merchant.open(&target).await.unwrap_err().to_string();
        assert!(error.contains("no agent answers"), "{error}");
    });
}

#[test]
fn a_password_is_not_sent_where_none_is_taken() {
    let sshd = Sshd::with("KbdInteractiveAuthentication no\n");
    let mut merchant = Merchant::new();
    run(async {
        let target = Target { login: Login::Password, ..pinned(&sshd) };
        let error = merchant.open(&target).await.unwrap_err();
        assert!(matches!(error, TransportError::NoPassword { .. }), "{error}");
        merchant.unlock.password = Some("correct horse");
        let error = merchant.open(&target).await.unwrap_err();
        assert!(matches!(error, TransportError::AuthRefused { .. }), "{error}");
    });
    assert!(!sshd.log().contains("Failed password"), "{}", sshd.log());
}

#[test]
fn a_connection_made_ahead_says_nothing_but_a_key_exchange() {
    let (sshd, other) = (Sshd::start(), Sshd::start());
    let merchant = Merchant::with_key(&sshd);
    let reach = async |target: Target| {
        Ahead::reach(&target, &merchant.unlock, &merchant.known, soon(20)).await
    };
    run(async {
        let ahead = reach(pinned(&sshd)).await.expect("it is there, and the one that was pinned");
        assert!(ahead.stale_at() > soon(0));
        sshd.wait_for("Connection from");
        drop(ahead);
        // What ends it runs beside this.
        let ended = async {
            while !sshd.log().contains("[preauth]") {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let seen = tokio::time::timeout_at(soon(10), ended).await;
        assert!(seen.is_ok(), "{}", sshd.log());
        // sshd names the user of whom it was asked, and says so where a packet has no place before a login.
        let log = sshd.log();
        assert!(!log.contains("user") && !log.contains("protocol"), "{log}");

        let another = Target { host_key: pinned(&other).host_key, ..pinned(&sshd) };
        assert!(reach(another).await.is_none());
        assert!(reach(local()).await.is_none());
        // Nobody on the way is logged in to for it.
        let before = other.log();
        let text = format!(
            "Host shop\n HostName 127.0.0.1\n Port {}\n ProxyJump 127.0.0.1:{}\n",
            sshd.port, other.port
        );
        fs::write(merchant.ssh("config"), text).unwrap();
        let address = Address::Ssh { user: None, host: "shop".into(), port: None };
        assert!(reach(Target { address, ..pinned(&sshd) }).await.is_none());
        assert_eq!(other.log(), before);
    });
}

#[test]
fn an_alias_and_its_hops_are_honoured() {
    let (near, middle, far) = (Sshd::start(), Sshd::start(), Sshd::start());
    let merchant = Merchant::with_key(&far);
    let key = public(&merchant.ssh("id_ed25519"));
    near.authorize(&[&key]);
    middle.authorize(&[&key]);
    let text = format!(
        "Host shop\n HostName 127.0.0.1\n Port {}\n ProxyJump near,middle\n\
         Host near\n HostName 127.0.0.1\n Port {}\nHost middle\n HostName 127.0.0.1\n Port {}\n",
        far.port, near.port, middle.port
    );
    fs::write(merchant.ssh("config"), text).unwrap();
    let target = Target {
        address: Address::Ssh { user: None, host: "shop".into(), port: None },
        ..pinned(&far)
    };
    run(async {
        // A server on the way that nobody knows is not logged in to.
        let error = merchant.open(&target).await.unwrap_err();
        let TransportError::Jump { source, .. } = &error else { panic!("{error}") };
        assert!(matches!(**source, TransportError::HostKeyUnknown { .. }), "{source}");

        let line = |sshd: &Sshd| {
            let key = sshd.host_key("ecdsa").to_openssh().unwrap();
            format!("[127.0.0.1]:{} {key}\n", sshd.port)
        };
        fs::write(merchant.ssh("known_hosts"), line(&near) + &line(&middle)).unwrap();
        let mut connection = merchant.open(&target).await.unwrap();
        let output = done(connection.run(&sh("echo $SSH_CONNECTION\n"), soon(10)).await);
        assert!(String::from_utf8(output.stdout).unwrap().ends_with(&format!("{}\n", far.port)));
        connection.close().await;

        let answers = merchant.try_login(&target, &[Attempt::Own], Access::Sftp).await;
        assert!(matches!(answers[..], [Answer::LoggedIn(_)]), "{answers:?}");

        // The way is still checked at its end.
        let wrong = Target { host_key: pinned(&near).host_key, ..target.clone() };
        let error = merchant.open(&wrong).await.unwrap_err();
        assert!(matches!(error, TransportError::HostKeyChanged { .. }), "{error}");

        drop(far);
        let error = merchant.open(&target).await.unwrap_err();
        assert!(matches!(error, TransportError::NoWay { .. }), "{error}");
    });
}

// ---- what `~/.ssh/config` says about keys, agents and jump hosts

impl Merchant {
    fn configure(&self, text: &str) {
        fs::write(self.ssh("config"), text.replace("~", &self.home.path().display().to_string()))
            .unwrap();
    }

    /// What was tried before the login was refused.
    async fn refused(&self, target: &Target) -> Vec<String> {
        match self.open(target).await.unwrap_err() {
            TransportError::AuthRefused { tried, .. } => tried,
            error => panic!("{error}"),
        }
    }
}

#[test]
fn a_public_half_names_the_key_of_an_agent() {
    let sshd = Sshd::start();
    let agent = Agent::start();
    let mut merchant = Merchant::new();
    for number in 0..8 {
        agent.add(&format!("other{number}"), "ed25519");
    }
    let key = agent.add("mine", "ed25519");
    sshd.authorize(&[&public(&key)]);
    fs::copy(key.with_extension("pub"), merchant.ssh("mine.pub")).unwrap();
    merchant.known.agent_socket = Some(agent.folder.path().join("socket"));
    run(async {
        // In the configuration, as 1Password and others say it.
        merchant.configure("Host *\n IdentityFile ~/.ssh/mine.pub\n");
        merchant.open(&pinned(&sshd)).await.unwrap().close().await;
        // Given by hand.
        merchant.configure("");
        let target = Target { identity: Some("~/.ssh/mine.pub".into()), ..pinned(&sshd) };
        merchant.open(&target).await.unwrap().close().await;
        // Where only the public half of a usual key is left.
        fs::rename(merchant.ssh("mine.pub"), merchant.ssh("id_ed25519.pub")).unwrap();
        merchant.open(&pinned(&sshd)).await.unwrap().close().await;
        fs::rename(merchant.ssh("id_ed25519.pub"), merchant.ssh("mine.pub")).unwrap();
        // It was always the first that was offered.
        assert!(!sshd.log().contains("Failed publickey"), "{}", sshd.log());

        // Without its agent it is named for what it is.
        merchant.known.agent_socket = None;
        let error = merchant.open(&target).await.unwrap_err().to_string();
        assert!(error.contains("mine.pub") && error.contains("public half"), "{error}");
    });
}

#[test]
fn the_agent_is_the_one_that_the_configuration_names() {
    let sshd = Sshd::start();
    let agent = Agent::start();
    let mut merchant = Merchant::new();
    let key = agent.add("mine", "ed25519");
    sshd.authorize(&[&public(&key)]);
    let socket = agent.folder.path().join("socket");
    let target = pinned(&sshd);
    run(async {
        merchant.configure(&format!("Host *\n IdentityAgent {}\n", socket.display()));
        merchant.open(&target).await.unwrap().close().await;
        merchant.known.agent_socket = Some(socket);
        merchant.configure("Host *\n IdentityAgent SSH_AUTH_SOCK\n");
        merchant.open(&target).await.unwrap().close().await;
        merchant.configure("Host *\n IdentityAgent $SSH_AUTH_SOCK\n");
        merchant.open(&target).await.unwrap().close().await;
        for nowhere in ["none", "$NOT_SET", "~/.ssh/nothing"] {
            merchant.configure(&format!("Host *\n IdentityAgent {nowhere}\n"));
            let error = merchant.open(&target).await.unwrap_err();
            assert!(matches!(error, TransportError::AuthRefused { .. }), "{nowhere}: {error}");
        }
    });
}

#[test]
fn key_files_that_cannot_be_used_are_passed_over_and_named() {
    let sshd = Sshd::start();
    let merchant = Merchant::new();
    let key = generate(&merchant.ssh("good"), "ed25519", "");
    let readable = generate(&merchant.ssh("readable"), "ed25519", "");
    fs::set_permissions(&readable, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(merchant.ssh("broken"), "no key\n").unwrap();
    fs::set_permissions(merchant.ssh("broken"), fs::Permissions::from_mode(0o600)).unwrap();
    generate(&merchant.ssh("locked"), "ed25519", "open sesame");
    let files = ["missing", "readable", "broken", "locked.pub", "locked", "good"];
    let lines: String = files.map(|file| format!(" IdentityFile ~/.ssh/{file}\n")).concat();
    merchant.configure(&format!("Host *\n{lines}"));
    run(async {
        sshd.authorize(&[&public(&key)]);
        merchant.open(&pinned(&sshd)).await.unwrap().close().await;
        sshd.authorize(&[]);
        let tried = merchant.refused(&pinned(&sshd)).await.join("\n");
        for told in ["missing` (it is not there)", "chmod 600", "broken` (", "public half", "good`"]
        {
            assert!(tried.contains(told), "no `{told}` in {tried}");
        }
    });
}

#[test]
fn of_an_agent_full_of_keys_the_file_that_is_named_comes_first() {
    let sshd = Sshd::start();
    let agent = Agent::start();
    let mut merchant = Merchant::new();
    merchant.known.agent_socket = Some(agent.folder.path().join("socket"));
    for number in 0..9 {
        agent.add(&format!("other{number}"), "ed25519");
    }
    let key = generate(&merchant.ssh("shop"), "ed25519", "");
    sshd.authorize(&[&public(&key)]);
    run(async {
        let tried = merchant.refused(&pinned(&sshd)).await;
        let words = "5 of 9 agent keys tried; servers stop at about 6. Name one: `--identity FILE`";
        assert!(tried.iter().any(|what| what == words), "{tried:?}");
        merchant.configure("Host *\n IdentityFile ~/.ssh/shop\n");
        merchant.open(&pinned(&sshd)).await.unwrap().close().await;
    });
}

#[test]
fn a_certificate_is_offered_from_its_file_and_through_an_agent() {
    let sshd = Sshd::with("TrustedUserCAKeys @DIR@/ca.pub\n");
    generate(&sshd.folder.path().join("ca"), "ed25519", "");
    let agent = Agent::start();
    let mut merchant = Merchant::new();
    let key = generate(&merchant.ssh("id_ed25519"), "ed25519", "");
    let sign = |key: &Path, names: &str, valid: &str| {
        let ca = sshd.folder.path().join("ca");
        let (ca, key) = (ca.to_str().unwrap(), key.with_extension("pub"));
        let key = key.to_str().unwrap();
        ssh_keygen(&["-q", "-s", ca, "-I", "merchant", "-n", names, "-V", valid, key]);
    };
    sshd.authorize(&[]);
    run(async {
        assert!(!merchant.refused(&pinned(&sshd)).await.is_empty());
        sign(&key, &me(), "-5m:+1h");
        merchant.open(&pinned(&sshd)).await.unwrap().close().await;
        // In another place, and named.
        fs::rename(merchant.ssh("id_ed25519-cert.pub"), merchant.ssh("other.pub")).unwrap();
        assert!(!merchant.refused(&pinned(&sshd)).await.is_empty());
        merchant.configure("Host *\n CertificateFile ~/.ssh/other.pub\n");
        merchant.open(&pinned(&sshd)).await.unwrap().close().await;
        merchant.configure("");
        // What cannot open anything is not offered, and said.
        sign(&key, "somebody-else", "-5m:+1h");
        let tried = merchant.refused(&pinned(&sshd)).await.join("\n");
        assert!(tried.contains("it is for somebody-else"), "{tried}");
        sign(&key, &me(), "-2h:-1h");
        let tried = merchant.refused(&pinned(&sshd)).await.join("\n");
        assert!(tried.contains("it has expired"), "{tried}");

        // The private half in an agent, and the certificate in a file.
        let key = agent.add("mine", "ed25519");
        fs::copy(key.with_extension("pub"), merchant.ssh("mine.pub")).unwrap();
        sign(&key, &me(), "-5m:+1h");
        fs::copy(agent.folder.path().join("mine-cert.pub"), merchant.ssh("mine-cert.pub")).unwrap();
        merchant.known.agent_socket = Some(agent.folder.path().join("socket"));
        merchant.configure("Host *\n IdentityFile ~/.ssh/mine.pub\n");
        merchant.open(&pinned(&sshd)).await.unwrap().close().await;
    });
}

#[test]
fn a_jump_host_is_looked_up_in_its_own_known_hosts_and_the_hint_is_about_it() {
    let (gate, far) = (Sshd::start(), Sshd::start());
    let merchant = Merchant::with_key(&far);
    gate.authorize(&[&public(&merchant.ssh("id_ed25519"))]);
    merchant.configure(&format!(
        "Host shop\n HostName 127.0.0.1\n Port {}\n ProxyJump gate\n\
         Host gate\n HostName 127.0.0.1\n Port {}\n UserKnownHostsFile ~/.ssh/known_gate\n",
        far.port, gate.port
    ));
    let target = Target {
        address: Address::Ssh { user: None, host: "shop".into(), port: None },
        ..pinned(&far)
    };
    run(async {
        let error = merchant.open(&target).await.unwrap_err();
        let TransportError::Jump { command, known_hosts, source, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(*command, format!("ssh -p {} gate", gate.port));
        assert_eq!(known_hosts.as_deref(), Some(merchant.ssh("known_gate").as_path()));
        assert!(matches!(**source, TransportError::HostKeyUnknown { .. }), "{source}");
        // The hint pins the jump host, and never the target.
        let shown =
            format!("{:?}", stagepass::testing::remote::session::unreachable(&target, error));
        assert!(shown.contains("known_gate") && !shown.contains("--replace"), "{shown}");

        let key = gate.host_key("ed25519").to_openssh().unwrap();
        let line = format!("[127.0.0.1]:{} {key}\n", gate.port);
        fs::write(merchant.ssh("known_gate"), line).unwrap();
        merchant.open(&target).await.unwrap().close().await;
    });
}

#[test]
fn a_key_of_the_merchants_own_is_known_as_one() {
    let sshd = Sshd::start();
    let agent = Agent::start();
    let mut merchant = Merchant::with_key(&sshd);
    merchant.known.agent_socket = Some(agent.folder.path().join("socket"));
    let held = agent.add("held", "ed25519");
    let named = generate(&merchant.ssh("named"), "rsa", "");
    let other = generate(&merchant.home.path().join("supporter"), "ed25519", "");
    run(async {
        let own = async |target: &Target, key: &Path| {
            stagepass::testing::transport::own_key(target, &public(key), &merchant.known, soon(10))
                .await
        };
        let target = pinned(&sshd);
        let usual = own(&target, &merchant.ssh("id_ed25519")).await.unwrap();
        assert!(usual.contains("id_ed25519"), "{usual}");
        assert_eq!(own(&target, &held).await.as_deref(), Some("it is in your agent"));
        assert_eq!(own(&target, &named).await, None);
        let target = Target { identity: Some("~/.ssh/named".into()), ..target };
        assert!(own(&target, &named).await.is_some());
        assert_eq!(own(&target, &other).await, None);
    });
}

#[test]
fn what_a_server_shows_is_told_when_it_refuses() {
    let sshd = Sshd::with("Banner @DIR@/banner\n");
    let text = "Maintenance until Monday.\n\u{1b}[2JCall +31 20 1234567.\n";
    fs::write(sshd.folder.path().join("banner"), text).unwrap();
    let merchant = Merchant::with_key(&sshd);
    sshd.authorize(&[]);
    run(async {
        let error = merchant.open(&pinned(&sshd)).await.unwrap_err().to_string();
        assert!(error.contains("it says: `Maintenance until Monday."), "{error}");
        assert!(!error.contains('\u{1b}'), "{error}");
    });
}

// ---- running

#[test]
fn a_lost_connection_is_unknown() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    run(async {
        let mut connection = merchant.open(&pinned(&sshd)).await.unwrap();
        let script = sh("echo begun; sleep 0.3; kill -9 $PPID; sleep 30\n");
        let (why, partial) = unknown(connection.run(&script, soon(20)).await);
        assert_eq!(partial.stdout, b"begun\n");
        assert!(why.contains("lost"), "{why}");
        // What comes after was certainly not run.
        let after = connection.run(&sh("exit 0\n"), soon(20)).await;
        assert!(matches!(after, Outcome::Refused { .. }), "{after:?}");
    });
}

#[test]
fn a_command_that_does_not_read_still_ends() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    let script = sh(&format!("exit 3\n{}", "#".repeat(8 * 1024 * 1024)));
    run(async {
        for target in [pinned(&sshd), local()] {
            let mut connection = merchant.open(&target).await.unwrap();
            let output = done(connection.run(&script, soon(20)).await);
            assert_eq!(output.status, Some(3));
        }
    });
}

#[test]
fn long_input_and_output_go_through_whole() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    let filler = "x".repeat(70);
    let lines = 10_000;
    let script = sh(&format!("cat <<'END'\n{}END\n", format!("{filler}\n").repeat(lines)));
    run(async {
        for target in [pinned(&sshd), local()] {
            let mut connection = merchant.open(&target).await.unwrap();
            let output = done(connection.run(&script, soon(20)).await);
            assert_eq!((output.status, output.stdout.len()), (Some(0), lines * 71));
        }
    });
}

#[test]
fn endless_output_is_cut_off() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    run(async {
        for target in [pinned(&sshd), local()] {
            let mut connection = merchant.open(&target).await.unwrap();
            let (why, partial) = unknown(connection.run(&sh("exec yes\n"), soon(30)).await);
            assert_eq!(why, "it did not stop talking");
            assert_eq!((partial.stdout.len(), partial.truncated), (STDOUT_LIMIT, true));
            // Much, but with an end, is done.
            let script = sh("head -c 17000000 /dev/zero; exit 4\n");
            let output = done(connection.run(&script, soon(20)).await);
            assert_eq!((output.status, output.truncated), (Some(4), true));
        }
    });
}

#[test]
fn a_child_left_behind_does_not_hold_us() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    run(async {
        for target in [pinned(&sshd), local()] {
            let mut connection = merchant.open(&target).await.unwrap();
            let start = Instant::now();
            let output = done(connection.run(&sh("sleep 90 & echo hi; exit 0\n"), soon(60)).await);
            assert_eq!(output.stdout, b"hi\n");
            assert!(start.elapsed() < Duration::from_secs(45));
        }
    });
}

#[test]
fn what_does_not_end_in_time_is_unknown() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    let mark = merchant.home.path().join("mark");
    run(async {
        for (target, end) in
            [(pinned(&sshd), ""), (local(), &*format!("touch '{}'", mark.display()))]
        {
            let mut connection = merchant.open(&target).await.unwrap();
            let script = sh(&format!("echo a; sleep 5; {end}\n"));
            let (why, partial) = unknown(connection.run(&script, soon(3)).await);
            assert_eq!((why.as_str(), partial.stdout), ("it did not end in time", b"a\n".to_vec()));
        }
        // On this machine it was ended as well, with its children.
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(!mark.exists());
    });
}

#[test]
fn a_signal_is_never_success() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    run(async {
        let mut connection = merchant.open(&pinned(&sshd)).await.unwrap();
        // The login shell may report the signal as a status above 128; it is no success.
        match connection.run(&sh("kill -TERM $$\n"), soon(10)).await {
            Outcome::Done(output) => assert_eq!(output.status, Some(143)),
            outcome => assert!(unknown(outcome).0.contains("TERM")),
        }
        let mut connection = merchant.open(&local()).await.unwrap();
        let (why, _) = unknown(connection.run(&sh("kill -TERM $$\n"), soon(10)).await);
        assert!(why.contains("signal"), "{why}");
    });
}

#[test]
fn a_server_without_sessions_refuses() {
    let sshd = Sshd::with("MaxSessions 0\n");
    let merchant = Merchant::with_key(&sshd);
    run(async {
        let mut connection = merchant.open(&pinned(&sshd)).await.unwrap();
        let outcome = connection.run(&sh("exit 0\n"), soon(10)).await;
        assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
        let answers = merchant.try_login(&pinned(&sshd), &[Attempt::Own], Access::Sftp).await;
        assert!(matches!(answers[..], [Answer::NoUse { .. }]), "{answers:?}");
    });
}

#[test]
fn this_machine_gives_a_clean_environment_and_the_exit_status() {
    let merchant = Merchant::new();
    run(async {
        let mut connection = merchant.open(&local()).await.unwrap();
        assert_eq!(connection.server_id(), "local");
        let output = done(connection.run(&sh("env; pwd; exit 10\n"), soon(10)).await);
        assert_eq!(output.status, Some(10));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains("CARGO") && text.contains("HOME="), "{text}");
    });
}

// ---- logging in as somebody else

#[test]
fn a_login_is_tried_and_used_on_one_connection() {
    let sshd = Sshd::start();
    let merchant = Merchant::new();
    let mine = generate(&merchant.ssh("supporter"), "ed25519", "");
    let rsa = generate(&merchant.ssh("supporter_rsa"), "rsa", "");
    let other = generate(&merchant.ssh("other"), "ed25519", "");
    sshd.authorize(&[&public(&mine), &public(&rsa)]);
    run(async {
        let (key, refused) = (private(&mine), public(&other));
        let (taken, taken_rsa) = (public(&mine), public(&rsa));
        let attempts = [
            Attempt::Offer(&refused),
            Attempt::Offer(&taken),
            Attempt::Offer(&taken_rsa),
            Attempt::Key(&key),
            Attempt::Offer(&taken),
        ];
        let answers = merchant.try_login(&pinned(&sshd), &attempts, Access::SftpReadOnly).await;
        let [Answer::Refused { methods }, Answer::WouldAccept, Answer::WouldAccept, last] =
            &answers[..]
        else {
            panic!("{answers:?}")
        };
        assert!(methods.contains("publickey"));
        let Answer::LoggedIn(Reach::Sftp { version: 3, path }) = last else { panic!("{last:?}") };
        assert!(path.starts_with('/'));

        let answers = merchant.try_login(&pinned(&sshd), &[Attempt::Key(&key)], Access::Ssh).await;
        assert_eq!(answers, [Answer::LoggedIn(Reach::Shell)]);
    });
    assert_eq!(sshd.log().matches("Connection from").count(), 2);
}

#[test]
fn a_login_that_cannot_be_used_is_neither_access_nor_its_absence() {
    for (more, access) in [
        ("ForceCommand echo no\n", Access::Ssh),
        ("ForceCommand echo no\n", Access::Sftp),
        ("Subsystem nothing /bin/true\n", Access::Sftp),
        ("ForceCommand internal-sftp\n", Access::Ssh),
        ("ForceCommand sleep 60\n", Access::Sftp),
    ] {
        let sshd = Sshd::with(more);
        let merchant = Merchant::with_key(&sshd);
        run(async {
            let (target, unlock, known) = (pinned(&sshd), &merchant.unlock, &merchant.known);
            let attempts = [Attempt::Own];
            let tried = try_login(&target, &me(), &attempts, access, unlock, known, soon(3)).await;
            let answers = tried.unwrap();
            assert!(matches!(answers[..], [Answer::NoUse { .. }]), "{more} {answers:?}");
        });
    }
}

#[test]
fn an_account_that_is_not_there_is_refused() {
    let sshd = Sshd::start();
    let merchant = Merchant::new();
    let key = private(&generate(&merchant.ssh("supporter"), "ed25519", ""));
    run(async {
        let attempts = [Attempt::Key(&key)];
        let target = pinned(&sshd);
        let (unlock, known) = (&merchant.unlock, &merchant.known);
        let tried = try_login(&target, "sp-nobody", &attempts, Access::Ssh, unlock, known, soon(9));
        assert!(matches!(tried.await.unwrap()[..], [Answer::Refused { .. }]));
    });
}

#[test]
fn the_servers_limit_of_tries_is_a_refusal() {
    let sshd = Sshd::with("MaxAuthTries 1\n");
    let merchant = Merchant::new();
    let key = public(&generate(&merchant.ssh("supporter"), "ed25519", ""));
    run(async {
        let attempts = [Attempt::Offer(&key), Attempt::Offer(&key)];
        let answers = merchant.try_login(&pinned(&sshd), &attempts, Access::Ssh).await;
        assert_eq!(answers, [Answer::Refused { methods: "too many failures".into() }]);
    });
}

#[test]
fn the_sshd_of_this_machine_is_tried_for_a_local_target() {
    let sshd = Sshd::start();
    let mut merchant = Merchant::with_key(&sshd);
    merchant.known.local_port = sshd.port;
    merchant.known.local_host_keys = vec![sshd.folder.path().join("host_ed25519.pub")];
    run(async {
        let answers = merchant.try_login(&local(), &[Attempt::Own], Access::Ssh).await;
        assert_eq!(answers, [Answer::LoggedIn(Reach::Shell)]);
        merchant.known.local_port = free_port();
        let answers = merchant.try_login(&local(), &[Attempt::Own], Access::Ssh).await;
        let [Answer::Unknown { why }] = &answers[..] else { panic!("{answers:?}") };
        assert!(why.contains("no sshd on this machine answers"), "{why}");
    });
}

// ---- peers that are no SSH server

/// Answers one connection after another with what the test says.
fn peer(answer: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap());
        }
    });
    address
}

/// Opens a connection to a peer and says why there is none, and how long that took.
fn refuse(address: SocketAddr) -> (TransportError, Duration) {
    let merchant = Merchant::new();
    let key = generate(&merchant.ssh("id_ed25519"), "ed25519", "");
    let target = target_at(address.port(), vec![HostKeyPin::of(&public(&key))]);
    run(async {
        let start = Instant::now();
        let opened = Connection::open(&target, &merchant.unlock, &merchant.known, soon(4)).await;
        (opened.unwrap_err(), start.elapsed())
    })
}

fn keep(stream: TcpStream) {
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(20));
        drop(stream);
    });
}

#[test]
fn a_closed_port_is_unreachable() {
    let (error, _) = refuse(SocketAddr::from(([127, 0, 0, 1], free_port())));
    assert!(matches!(error, TransportError::Unreachable { .. }), "{error}");
}

#[test]
fn an_ftp_server_is_recognised_and_hears_nothing() {
    let heard = std::sync::Arc::new(Mutex::new(Vec::new()));
    let kept = heard.clone();
    let address = peer(move |mut stream| {
        stream.write_all(b"220-Wel").unwrap();
        thread::sleep(Duration::from_millis(100));
        stream.write_all(b"come to \x1b[31mProFTPD\r\n220 ready\r\n").unwrap();
        stream.read_to_end(&mut kept.lock().unwrap()).ok();
    });
    let (error, took) = refuse(address);
    let TransportError::Ftp { greeting, .. } = error else { panic!("{error}") };
    assert_eq!(greeting, "220-Welcome to [31mProFTPD");
    assert!(took < Duration::from_secs(4));
    assert_eq!(heard.lock().unwrap().as_slice(), b"");
}

#[test]
fn every_other_peer_has_a_clear_error_in_time() {
    type Peer = Box<dyn Fn(TcpStream) + Send>;
    let say = |text: &'static [u8]| -> Peer {
        Box::new(move |mut stream| {
            stream.write_all(text).ok();
            keep(stream);
        })
    };
    let cases: [(&str, Peer, &str); 13] = [
        ("a penalty", say(b"Not allowed at this time\r\n"), "turns us away for now"),
        ("silence", Box::new(keep), "did not answer in time, waiting for the server's first line"),
        ("closed at once", Box::new(drop), "closed the connection before it said anything"),
        ("garbage", say(b"\x00\x01\x02\xff\xfe\n"), "is not an SSH server; it says"),
        ("pop3", say(b"+OK ready\r\n"), "is not an SSH server; it says `+OK ready`"),
        ("ssh 1", say(b"SSH-1.5-old\r\n"), "is not an SSH server; it says `SSH-1.5-old`"),
        ("ftp without an end", say(b"220 slow"), "answers as an FTP server does"),
        ("half a greeting", say(b"SSH-2.0-Op"), "did not answer in time, waiting for"),
        ("only a greeting", say(b"SSH-2.0-x\r\n"), "did not answer in time, during the key"),
        ("greeting and garbage", say(b"SSH-2.0-x\r\nHTTP/1.1 400 Bad Request\r\n\r\n"), "was lost"),
        (
            "a huge line",
            Box::new(|mut stream| {
                stream.write_all(&vec![b'a'; 1024 * 1024]).ok();
                keep(stream);
            }),
            "is not an SSH server; it says `aaa",
        ),
        (
            "endless lines",
            Box::new(|mut stream| while stream.write_all(b"hello\r\n").is_ok() {}),
            "is not an SSH server; it says `hello`",
        ),
        (
            "a slow drip",
            Box::new(|mut stream| {
                for _ in 0..80 {
                    if stream.write_all(b"S").is_err() {
                        return;
                    }
                    thread::sleep(Duration::from_millis(100));
                }
            }),
            "is not an SSH server",
        ),
    ];
    let tries = cases.map(|(name, answer, expected)| {
        thread::spawn(move || (name, refuse(peer(answer)), expected))
    });
    for (name, (error, took), expected) in tries.map(|tried| tried.join().unwrap()) {
        let text = error.to_string();
        assert!(text.contains(expected), "{name}: {text}");
        assert!(took < Duration::from_secs(10), "{name}: {took:?}");
        assert!(!text.contains(char::is_control), "{name}: {text:?}");
    }
}

#[test]
fn a_server_that_stops_answering_is_noticed() {
    let sshd = Sshd::start();
    let merchant = Merchant::with_key(&sshd);
    run(async {
        let mut connection = merchant.open(&pinned(&sshd)).await.unwrap();
        let pid = done(connection.run(&sh("echo $PPID\n"), soon(10)).await).stdout;
        let pid = String::from_utf8(pid).unwrap();
        // The session stops with the script half done.
        let (why, _) = unknown(connection.run(&sh("kill -STOP $PPID\n"), soon(2)).await);
        assert_eq!(why, "it did not end in time");
        // Nothing of the next script is sent.
        let after = connection.run(&sh("exit 0\n"), soon(2)).await;
        assert!(matches!(after, Outcome::Refused { .. }), "{after:?}");
        // Without a deadline in sight the silence itself is noticed.
        let start = Instant::now();
        let after = connection.run(&sh("exit 0\n"), soon(50)).await;
        assert!(matches!(after, Outcome::Refused { .. }), "{after:?}");
        assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
        Command::new("kill").args(["-KILL", pid.trim()]).status().unwrap();
    });
}
