//! Throw-away servers: `tests/hosts/hosts` as a type. A host dies with the value, and with the
//! test's process whatever kills that.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::stage::{Execs, Key, Run, bounded};

/// What the account `deploy` may do with sudo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sudo {
    None,
    NoPassword,
    /// Needs [`Builder::deploy_password`].
    Password,
}

/// A real server of a real Debian; OpenSSH unless something else was asked for.
pub struct Host {
    pub name: String,
    pub address: String,
    pub port: u16,
    /// Where ProFTPD listens beside sshd; 0 if it does not.
    pub proftpd_port: u16,
    /// `ssh-ed25519 AAAA…`, without a comment.
    pub host_key: String,
    /// `SHA256:…` of the host key.
    pub fingerprint: String,
    kind: &'static str,
    pid: u32,
    root: PathBuf,
    upper: PathBuf,
    log: PathBuf,
}

/// What a host is to be, until [`Builder::start`].
#[must_use]
pub struct Builder {
    kind: &'static str,
    suite: String,
    options: Vec<String>,
    password: Option<String>,
    admin_key: Option<String>,
    owner: u32,
}

/// One process inside a host, as `/proc` shows it.
#[derive(Debug)]
pub struct Process {
    pub pid: u32,
    pub cmdline: Vec<u8>,
}

/// The Debian a test uses when it does not care. `make test-matrix` runs every test with each.
pub const SUITE: &str = match option_env!("STAGEPASS_TEST_SUITE") {
    Some(suite) => suite,
    None => "bookworm",
};

/// The suites whose trees are built. Those that the archive no longer has are left out; those that
/// are merely missing are a failure.
pub fn suites() -> Vec<&'static str> {
    let trees = cache().join("trees");
    ["bookworm", "bullseye", "trixie"]
        .into_iter()
        .filter(|suite| {
            if trees.join(format!("{suite}.gone")).exists() {
                return false;
            }
            assert!(trees.join(suite).join("usr").exists(), "no tree of {suite}: run `make setup`");
            true
        })
        .collect()
}

fn cache() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/hosts")
}

fn nanoseconds() -> u32 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.subsec_nanos()
}

fn hosts() -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hosts/hosts"));
    command.env_remove("HOSTS_CACHE");
    command
}

/// The library that gives a program another time, see `tests/hosts/clock.c`.
pub fn clock_library() -> PathBuf {
    let run = bounded(hosts().arg("clock-library"), b"", Duration::from_secs(60)).ok();
    run.stdout.trim().into()
}

impl Host {
    /// A host in namespaces of its own: an sshd on a free port of 127.0.0.1, in under a second.
    pub fn light(suite: &str) -> Builder {
        Builder::new("light", suite)
    }

    /// A booted systemd with logind, cron and at, on port 22 of its own address, in about two
    /// seconds. The name of a test that uses one has `booted` in it.
    pub fn full(suite: &str) -> Builder {
        Builder::new("full", suite)
    }

    /// Runs a command inside, as root, without ssh.
    pub fn exec(&self, command: &[&str]) -> Run {
        bounded(hosts().arg("exec").arg(&self.name).args(command), b"", Duration::from_secs(150))
    }

    /// Runs a script inside, as root; it must succeed. Its standard output.
    pub fn sh(&self, script: &str) -> String {
        self.exec(&["sh", "-euc", script]).ok().stdout
    }

    /// Stops the listener; sessions that are open stay. What a server that is down looks like.
    pub fn stop_sshd(&self) {
        self.switch_sshd("off");
    }

    /// Starts the listener again, with the settings the host's files have by now.
    pub fn start_sshd(&self) {
        self.switch_sshd("on");
    }

    fn switch_sshd(&self, to: &str) {
        bounded(hosts().args(["sshd", &self.name, to]), b"", Duration::from_secs(20)).ok();
    }

    /// Sets the clock of a host that was built with [`Builder::clock`], for all its processes.
    pub fn set_clock(&self, shift: &str) {
        bounded(hosts().args(["clock", &self.name, shift]), b"", Duration::from_secs(20)).ok();
    }

    /// The host's `/`, for reading and writing from here. Follow no absolute symlinks below it.
    pub fn root_path(&self) -> &Path {
        &self.root
    }

    /// What was written on the host since it started: one side of its overlay, with the kernel's
    /// whiteouts for what was removed. Follow no links below it.
    pub fn written_path(&self) -> &Path {
        &self.upper
    }

    /// Every process of the host, now.
    pub fn processes(&self) -> Vec<Process> {
        let namespace = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
        let ours = namespace(&self.pid.to_string()).expect("process 1 of the host is alive");
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter(|pid| namespace(pid).as_ref() == Some(&ours))
            .filter_map(|pid| {
                Some(Process {
                    cmdline: fs::read(format!("/proc/{pid}/cmdline")).ok()?,
                    pid: pid.parse().ok()?,
                })
            })
            .collect()
    }

    /// From now on, every command line and environment that any process of the host is given, by
    /// those that are there now and all they start. Complete, and slow: a system call tracer.
    pub fn trace_execs(&self) -> Execs {
        let processes = self.processes();
        let ids: Vec<u32> = processes.iter().map(|process| process.pid).collect();
        Execs::attach(&ids)
    }

    /// Every file that was written on the host since it started and holds these bytes.
    pub fn files_containing(&self, bytes: &[u8]) -> Vec<PathBuf> {
        crate::stage::files_containing(&self.upper, bytes)
    }

    /// What sshd said, for messages of failed tests.
    pub fn log(&self) -> String {
        if self.kind == "light" {
            return fs::read_to_string(&self.log).unwrap_or_default();
        }
        let journal = ["exec", &self.name, "journalctl", "--no-pager", "--output=cat"];
        let output = hosts().args(journal).args(["--unit=ssh"]).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into()).unwrap_or_default()
    }

    /// `host` as it stands in a known_hosts file.
    pub fn known_hosts_name(&self) -> String {
        if self.port == 22 {
            self.address.clone()
        } else {
            format!("[{}]:{}", self.address, self.port)
        }
    }

    /// `ssh://ACCOUNT@ADDRESS:PORT`.
    pub fn url(&self, account: &str) -> String {
        format!("ssh://{account}@{}:{}", self.address, self.port)
    }

    /// Reboots a full host; its disk stays. Returns when it has booted.
    pub fn reboot(&mut self) {
        let run =
            bounded(hosts().args(["full", "reboot", &self.name]), b"", Duration::from_secs(120))
                .ok();
        self.read(&run.stdout);
    }

    /// Takes the power of a full host away, and with it all that runs; the disk stays.
    pub fn power_off(&self) {
        bounded(hosts().args(["full", "off", &self.name]), b"", Duration::from_secs(90)).ok();
    }

    /// Gives it back. Returns when the host has booted.
    pub fn power_on(&mut self) {
        let limit = Duration::from_secs(150);
        let run = bounded(hosts().args(["full", "on", &self.name]), b"", limit).ok();
        self.read(&run.stdout);
    }

    /// Takes the cable of a full host out, or puts it back in: what is sent is lost, and neither
    /// side is told. With the cable in again the host answers: the kernel asks for the way to a neighbour that it gave up on
    /// only after a while, and says until then that there is none.
    pub fn link(&self, up: bool) {
        let network = format!("--net=/proc/{}/ns/net", self.pid);
        let state = if up { "up" } else { "down" };
        let words = [&network, "ip", "link", "set", "eth0", state];
        bounded(Command::new("nsenter").args(words), b"", Duration::from_secs(10)).ok();
        let address = SocketAddr::new(self.address.parse().unwrap(), self.port);
        let end = Instant::now() + Duration::from_secs(60);
        while up && TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            assert!(Instant::now() < end, "{address} does not answer");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn read(&mut self, json: &str) {
        let shown: serde_json::Value = serde_json::from_str(json).unwrap();
        let text = |key: &str| shown[key].as_str().unwrap().to_owned();
        let number = |key: &str| shown[key].as_u64().unwrap();
        self.address = text("address");
        self.port = number("port").try_into().unwrap();
        self.proftpd_port = number("proftpd_port").try_into().unwrap();
        self.host_key = text("host_key");
        self.fingerprint = text("fingerprint");
        self.pid = number("pid").try_into().unwrap();
        self.root = text("root").into();
        self.upper = text("upper").into();
        self.log = text("log").into();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("---- sshd of {} said:\n{}", self.name, self.log());
        }
        let _ = hosts().args([self.kind, "down", &self.name]).output();
    }
}

impl Builder {
    fn new(kind: &'static str, suite: &str) -> Self {
        Self {
            kind,
            suite: suite.into(),
            options: if kind == "light" { vec!["--cron".into()] } else { Vec::new() },
            password: None,
            admin_key: None,
            owner: std::process::id(),
        }
    }

    fn option(mut self, name: &str, value: &str) -> Self {
        self.options.push(name.into());
        self.options.push(value.into());
        self
    }

    /// The key that may log in as root, and as `deploy` if there is one.
    pub fn admin(mut self, key: &Key) -> Self {
        self.admin_key = Some(key.line());
        self.option("--root-key", &key.line())
    }

    /// An account `deploy` that takes the admin's key.
    pub fn deploy(self, sudo: Sudo) -> Self {
        let key = self.admin_key.clone().unwrap_or_default();
        self.option("--deploy", &key).option(
            "--sudo",
            match sudo {
                Sudo::None => "none",
                Sudo::NoPassword => "nopasswd",
                Sudo::Password => "password",
            },
        )
    }

    /// The password of `deploy`.
    pub fn deploy_password(mut self, password: &str) -> Self {
        self.password = Some(password.into());
        self
    }

    /// A line of `sshd_config` that wins over the distribution's own.
    pub fn sshd_config(self, line: &str) -> Self {
        self.option("--sshd-config", line)
    }

    /// Something else than sshd listens: `dropbear`, or `proftpd` (SFTP and nothing more). Light
    /// hosts only.
    pub fn server(self, kind: &str) -> Self {
        self.option("--server", kind)
    }

    /// SFTP of ProFTPD on a second port beside sshd, as hosters have it. Light hosts only.
    pub fn with_proftpd(mut self) -> Self {
        self.options.push("--proftpd".into());
        self
    }

    /// No cron runs; else it does, as on every ordinary server.
    pub fn without_cron(mut self) -> Self {
        self.options.retain(|option| option != "--cron");
        self
    }

    /// The host's clock is so many seconds ahead, or shows `@SECONDS` when it starts.
    pub fn clock(self, shift: &str) -> Self {
        self.option("--clock", shift)
    }

    /// The login shell of `deploy`; else bash.
    pub fn deploy_shell(self, shell: &str) -> Self {
        self.option("--deploy-shell", shell)
    }

    /// A shop in `/var/www/shop`, owned by www-data.
    pub fn shop(mut self) -> Self {
        self.options.push("--shop".into());
        self
    }

    /// With Apache, nginx and htpasswd, none of them started.
    pub fn web(self) -> Self {
        bounded(hosts().args(["layer", &self.suite]), b"", Duration::from_secs(300)).ok();
        self.option("--layer", "web")
    }

    /// With WordPress, PHP, MariaDB and Apache, none of them started.
    pub fn shop_software(self) -> Self {
        self.big_layer("shop")
    }

    /// The same with what other shops want in the place of WordPress.
    pub fn software_of_other_shops(self) -> Self {
        self.big_layer("shops")
    }

    fn big_layer(self, name: &str) -> Self {
        let built =
            bounded(hosts().args(["layer", &self.suite, name]), b"", Duration::from_secs(600));
        built.ok();
        self.option("--layer", name).option("--size", "2g")
    }

    /// The host's zone, such as `Europe/Rome`; else UTC.
    pub fn time_zone(self, zone: &str) -> Self {
        self.option("--timezone", zone)
    }

    /// How much fits on the host's disk, such as `16m`.
    pub fn disk(self, size: &str) -> Self {
        self.option("--size", size)
    }

    /// The name the host believes to have; else `staging-…`.
    pub fn hostname(self, name: &str) -> Self {
        self.option("--hostname", name)
    }

    /// The process it dies with, if not the test's own.
    pub fn owner(mut self, pid: u32) -> Self {
        self.owner = pid;
        self
    }

    /// Starts it. It listens when this returns.
    pub fn start(self) -> Host {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        assert!(
            cache().join("trees").join(&self.suite).join("usr").exists(),
            "no tree of {}: run `make setup`",
            self.suite
        );
        // In a process namespace of its own every test is process 1.
        let id = match std::process::id() {
            inside @ 0..100 => 100_000 + inside + nanoseconds() % 800_000,
            id => id,
        };
        let name = format!("t{id}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut command = hosts();
        command.args([self.kind, "up", &name, &self.suite, "--owner", &self.owner.to_string()]);
        command.args(&self.options);
        let file = self.password.map(|password| {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), password).unwrap();
            command.arg("--deploy-password-file").arg(file.path());
            file
        });
        let run = bounded(&mut command, b"", Duration::from_secs(120)).ok();
        drop(file);
        let mut host = Host {
            name,
            address: String::new(),
            port: 0,
            proftpd_port: 0,
            host_key: String::new(),
            fingerprint: String::new(),
            kind: self.kind,
            pid: 0,
            root: PathBuf::new(),
            upper: PathBuf::new(),
            log: PathBuf::new(),
        };
        host.read(&run.stdout);
        host
    }
}
