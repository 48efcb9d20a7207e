//! Where a test plays: a merchant's computer in a temporary folder, a supporter's beside it, the
//! real program and the real clients. Every run has a time limit, and none inherits anything.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::host::{self, Host};

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long a run of stagepass or of a client may take unless the test says otherwise.
const LIMIT: Duration = Duration::from_secs(60);

/// A merchant's computer, a supporter's, and nothing else.
pub struct Stage {
    merchant: TempDir,
    supporter: TempDir,
    /// The key the merchant logs in to targets with. It has no passphrase.
    pub admin: Key,
    /// The library that gives the merchant's computer another time, see [`Stage::set_clock`].
    clock: OnceLock<PathBuf>,
}

/// An OpenSSH key pair in two files.
#[derive(Debug, Clone)]
pub struct Key {
    pub private: PathBuf,
    pub public: PathBuf,
}

impl Key {
    /// Makes a pair with `ssh-keygen`. `kind` is its `-t`, with `-b` after a colon: `rsa:3072`.
    pub fn generate(folder: &Path, name: &str, kind: &str, passphrase: &str) -> Self {
        let private = folder.join(name);
        let (kind, bits) = kind.split_once(':').unwrap_or((kind, ""));
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", kind, "-C", name, "-N", passphrase, "-f"]).arg(&private);
        if !bits.is_empty() {
            command.args(["-b", bits]);
        }
        bounded(&mut command, b"", LIMIT).ok();
        Self { public: private.with_extension("pub"), private }
    }

    /// The public key's line.
    pub fn line(&self) -> String {
        fs::read_to_string(&self.public).unwrap().trim().to_owned()
    }

    /// `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        let run = bounded(Command::new("ssh-keygen").arg("-lf").arg(&self.public), b"", LIMIT).ok();
        run.stdout.split(' ').nth(1).unwrap().to_owned()
    }
}

/// How a supporter logs in.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    Key(&'a Path),
    Password(&'a str),
}

impl Stage {
    /// A fresh one.
    pub fn new() -> Self {
        let merchant = tempfile::Builder::new().prefix("merchant-").tempdir().unwrap();
        let supporter = tempfile::Builder::new().prefix("supporter-").tempdir().unwrap();
        for folder in ["home/.ssh", "config", "state", "tmp", "run", "keys"] {
            let path = merchant.path().join(folder);
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let admin = Key::generate(&merchant.path().join("keys"), "admin", "ed25519", "");
        Self { merchant, supporter, admin, clock: OnceLock::new() }
    }

    /// From now on the clock of the merchant's computer is so many seconds ahead. Runs that were
    /// started after the first call see later changes at once.
    pub fn set_clock(&self, ahead: i64) {
        self.clock.get_or_init(host::clock_library);
        let mut file =
            fs::File::options().append(true).create(true).open(self.clock_file()).unwrap();
        let empty = file.metadata().unwrap().len() == 0;
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let since = if empty { 0 } else { since.as_nanos() };
        file.write_all(format!("{ahead:<20}{since:<20}").as_bytes()).unwrap();
    }

    fn clock_file(&self) -> PathBuf {
        self.path().join("clock")
    }

    /// The merchant's folder: home, config, state, tmp.
    pub fn path(&self) -> &Path {
        self.merchant.path()
    }

    pub fn home(&self) -> PathBuf {
        self.path().join("home")
    }

    /// What `STAGEPASS_CONFIG` names.
    pub fn config(&self) -> PathBuf {
        self.path().join("config")
    }

    /// What `STAGEPASS_STATE` names.
    pub fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// The supporter's computer: keys, known_hosts, what was downloaded.
    pub fn supporter_path(&self) -> &Path {
        self.supporter.path()
    }

    /// A new ed25519 pair of the supporter's.
    pub fn supporter_key(&self) -> Key {
        self.key("ed25519")
    }

    /// A new pair of the supporter's, of any kind `ssh-keygen -t` knows.
    pub fn key(&self, kind: &str) -> Key {
        let taken = fs::read_dir(self.supporter.path()).unwrap().count();
        Key::generate(self.supporter.path(), &format!("key{taken}"), kind, "")
    }

    /// A light host that takes the admin's key.
    pub fn light(&self, suite: &str) -> host::Builder {
        Host::light(suite).admin(&self.admin)
    }

    /// A full host that takes the admin's key.
    pub fn full(&self, suite: &str) -> host::Builder {
        Host::full(suite).admin(&self.admin)
    }

    /// Runs stagepass to its end.
    pub fn run<I>(&self, args: I) -> Run
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        self.command(args).run()
    }

    /// A run of stagepass, to be described further.
    pub fn command<I>(&self, args: I) -> Invocation
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stagepass"));
        command.args(args);
        self.invocation(command)
    }

    /// A run of any program in the merchant's environment.
    pub fn program<I>(&self, program: &str, args: I) -> Invocation
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = Command::new(program);
        command.args(args);
        self.invocation(command)
    }

    fn invocation(&self, mut command: Command) -> Invocation {
        command.env_clear().current_dir(self.home()).envs(self.environment());
        if let Some(library) = self.clock.get() {
            command.env("LD_PRELOAD", library).env("STAGEPASS_TEST_CLOCK", self.clock_file());
        }
        Invocation { command, stdin: Vec::new(), limit: LIMIT }
    }

    /// Everything a run finds in its environment.
    pub fn environment(&self) -> Vec<(String, String)> {
        let inside = |name: &str| self.path().join(name).to_str().unwrap().to_owned();
        let home = |name: &str| self.home().join(name).to_str().unwrap().to_owned();
        [
            ("PATH", PATH.to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("USER", "merchant".to_owned()),
            ("HOME", inside("home")),
            ("TMPDIR", inside("tmp")),
            ("XDG_RUNTIME_DIR", inside("run")),
            ("XDG_CONFIG_HOME", home(".config")),
            ("XDG_STATE_HOME", home(".local/state")),
            ("XDG_DATA_HOME", home(".local/share")),
            ("XDG_CACHE_HOME", home(".cache")),
            ("STAGEPASS_CONFIG", inside("config")),
            ("STAGEPASS_STATE", inside("state")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// `target add NAME` for this host as a staging server, logging in as `account` with the
    /// admin's key, the host key given; `more` is put at the end. Where root makes an account of its
    /// own, there has to be a shop: without `--path` in `more` an empty one is made.
    pub fn add_target(&self, name: &str, host: &Host, account: &str, more: &[&str]) -> Run {
        let url = host.url(account);
        let identity = self.admin.private.to_str().unwrap();
        let mut args = vec!["target", "add", name, &url, "--environment", "staging"];
        args.extend(["--host-key", &host.fingerprint, "--identity", identity]);
        args.extend(more);
        if !more.contains(&"--path") && (account == "root" || more.contains(&"--become")) {
            host.sh("install -d -o www-data -g www-data /srv/a-shop");
            args.extend(["--path", "/srv/a-shop"]);
        }
        self.run(args)
    }

    /// Every file of the merchant's computer that holds these bytes: ledger, WAL, configuration,
    /// temporary files. The admin's own keys are left out.
    pub fn files_containing(&self, bytes: &[u8]) -> Vec<PathBuf> {
        let keys = self.path().join("keys");
        let mut found = files_containing(self.path(), bytes);
        found.retain(|path| !path.starts_with(&keys));
        found
    }

    /// Looks at every process of the machine, and so of every host, until it is asked.
    pub fn watch_proc(&self) -> Watch {
        Watch::start()
    }

    // ---- the supporter's side ------------------------------------------------------------------

    /// `sftp -b -` of OpenSSH, with these lines as its batch.
    pub fn sftp(&self, host: &Host, account: &str, with: Credential<'_>, batch: &str) -> Run {
        let port = host.port.to_string();
        self.client("sftp", &["-P", &port, "-b", "-"], host, account, with, &[], batch)
    }

    /// `ssh` of OpenSSH with a command, or with `&[]` a shell that reads from nowhere.
    pub fn ssh(&self, host: &Host, account: &str, with: Credential<'_>, command: &[&str]) -> Run {
        let port = host.port.to_string();
        self.client("ssh", &["-p", &port], host, account, with, command, "")
    }

    #[allow(clippy::too_many_arguments)] // the two callers above are the readable form
    fn client(
        &self,
        program: &str,
        first: &[&str],
        host: &Host,
        account: &str,
        with: Credential<'_>,
        command: &[&str],
        stdin: &str,
    ) -> Run {
        let mut secret = None;
        let mut run = match with {
            Credential::Key(_) => Command::new(program),
            Credential::Password(password) => {
                // Not `-p` and not `-e`: the watch must find no password of ours.
                let file = tempfile::NamedTempFile::new_in(self.supporter.path()).unwrap();
                fs::write(file.path(), password).unwrap();
                let mut run = Command::new("sshpass");
                run.arg("-f").arg(file.path()).arg(program);
                secret = Some(file);
                run
            }
        };
        run.args(["-F", "none", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10"])
            .arg("-o")
            .arg(format!("UserKnownHostsFile={}", self.known_hosts(host).display()))
            .args(["-o", "GlobalKnownHostsFile=none", "-o", "IdentityAgent=none"])
            // The default is slow to set up and proves nothing more.
            .args(["-o", "KexAlgorithms=curve25519-sha256", "-o", "LogLevel=ERROR"]);
        match with {
            Credential::Key(path) => {
                run.args(["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i"]).arg(path)
            }
            // sftp's `-b` would turn BatchMode on; the first value wins.
            Credential::Password(_) => run
                .args(["-o", "BatchMode=no", "-o", "PreferredAuthentications=password"])
                .args(["-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]),
        };
        run.args(first).arg(format!("{account}@{}", host.address)).args(command);
        run.env_clear().env("PATH", PATH).env("HOME", self.supporter.path());
        run.current_dir(self.supporter.path());
        let run = bounded(&mut run, stdin.as_bytes(), LIMIT);
        drop(secret);
        run
    }

    /// A known_hosts file that knows this host and no other.
    pub fn known_hosts(&self, host: &Host) -> PathBuf {
        let path = self.supporter.path().join(format!("known_hosts-{}", host.name));
        let text = format!("{} {}\n", host.known_hosts_name(), host.host_key);
        // A client that another thread has just started may be reading it.
        if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            fs::write(&path, text).unwrap();
        }
        path
    }

    /// Logs in with Python's paramiko and does one thing. Exit code 0: done, and its output;
    /// 3: the login was refused; anything else: something else went wrong.
    pub fn paramiko(
        &self,
        host: &Host,
        account: &str,
        with: Credential<'_>,
        what: Paramiko<'_>,
    ) -> Run {
        let (key, password) = match with {
            Credential::Key(path) => (path.to_str(), None),
            Credential::Password(password) => (None, Some(password)),
        };
        let (verb, argument) = match what {
            Paramiko::Exec(command) => ("exec", command),
            Paramiko::List(folder) => ("list", folder),
            Paramiko::Read(file) => ("read", file),
            Paramiko::Write(file) => ("write", file),
        };
        let input = serde_json::json!({
            "address": host.address, "port": host.port, "host_key": host.host_key,
            "account": account, "key": key, "password": password,
            "verb": verb, "argument": argument,
        });
        let mut command = Command::new("python3");
        command.args(["-c", include_str!("paramiko_client.py")]);
        command.env_clear().env("PATH", PATH).env("HOME", self.supporter.path());
        bounded(&mut command, input.to_string().as_bytes(), LIMIT)
    }
}

/// What a paramiko client is to do once it is in.
#[derive(Debug, Clone, Copy)]
pub enum Paramiko<'a> {
    Exec(&'a str),
    List(&'a str),
    Read(&'a str),
    /// Writes a few bytes to a new file.
    Write(&'a str),
}

/// A run that has not started.
#[must_use = "nothing runs until `run`, `run_tty` or `spawn`"]
pub struct Invocation {
    command: Command,
    stdin: Vec<u8>,
    limit: Duration,
}

impl Invocation {
    /// What it reads from standard input; else nothing.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// One more variable of the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// One variable less.
    pub fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Another time limit than a minute.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end. It is killed and the test fails when it takes too long.
    pub fn run(mut self) -> Run {
        bounded(&mut self.command, &self.stdin, self.limit)
    }

    /// Runs it to its end; every command line and environment it and all it started were given.
    pub fn run_traced(mut self) -> (Run, Execs) {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut strace = Execs::tracer(log.path());
        strace.arg("--").arg(self.command.get_program()).args(self.command.get_args());
        strace.env_clear().current_dir(self.command.get_current_dir().unwrap());
        for (name, value) in self.command.get_envs() {
            strace.env(name, value.unwrap_or_default());
        }
        self.command = strace;
        (self.run(), Execs { log, tracer: None })
    }

    /// Starts it and returns.
    pub fn spawn(mut self) -> Background {
        Background::start(&mut self.command, &self.stdin, self.limit)
    }

    /// Runs it on a terminal of its own. Each answer is typed when the screen shows its prompt
    /// for the first time after the answer before. `stdout` is all that was on the screen.
    pub fn run_tty(self, answers: &[(&str, &str)]) -> Run {
        self.run_tty_of(120, answers)
    }

    /// The same on a terminal of so many columns.
    pub fn run_tty_of(self, columns: u16, answers: &[(&str, &str)]) -> Run {
        // script(1) makes the terminal, and takes a command line.
        let mut line = format!("stty cols {columns} rows 40; exec");
        for word in std::iter::once(self.command.get_program()).chain(self.command.get_args()) {
            line.push_str(" '");
            line.push_str(&word.to_str().unwrap().replace('\'', r"'\''"));
            line.push('\'');
        }
        let mut script = Command::new("script");
        script.args(["--quiet", "--flush", "--return", "--command", &line, "/dev/null"]);
        script.env_clear().current_dir(self.command.get_current_dir().unwrap());
        for (name, value) in self.command.get_envs() {
            script.env(name, value.unwrap_or_default());
        }
        script.env("SHELL", "/bin/sh");
        let mut background = Background::with_open_stdin(&mut script, self.limit);
        let mut from = 0;
        for (prompt, answer) in answers {
            from = background.wait_for_stdout(from, prompt);
            // A person reads first. What is typed in the very moment a prompt for a password shows
            // may be there before the terminal stops showing what is typed.
            thread::sleep(Duration::from_millis(50));
            background.type_in(answer);
        }
        background.wait()
    }
}

/// How a run ended, before anybody has looked at its exit code.
#[must_use = "assert on how it ended: `.ok()`, `.exits(code)`, or a look at its output"]
#[derive(Debug)]
pub struct Run(Ended);

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The command line, for messages.
    pub line: String,
    /// The exit code; -N for signal N.
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl std::ops::Deref for Run {
    type Target = Ended;

    fn deref(&self) -> &Ended {
        &self.0
    }
}

impl Run {
    /// Fails the test unless it exited with 0.
    #[track_caller]
    pub fn ok(self) -> Ended {
        self.exits(0)
    }

    /// Fails the test unless it exited with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ended {
        assert!(self.exit == code, "expected exit code {code} of\n{}", self.told());
        self.0
    }

    /// Fails the test if it exited with 0.
    #[track_caller]
    pub fn fails(self) -> Ended {
        assert!(self.exit != 0, "expected a failure of\n{}", self.told());
        self.0
    }
}

impl Ended {
    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}) from\n{}", self.told()))
    }

    /// Both outputs, one after the other.
    pub fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The run as a person would want it in a failed test.
    pub fn told(&self) -> String {
        format!(
            "$ {}\n---- exit {} after {:?}; stdout:\n{}\n---- stderr:\n{}\n----",
            self.line, self.exit, self.took, self.stdout, self.stderr
        )
    }
}

/// A run that has started.
pub struct Background {
    child: Child,
    line: String,
    began: Instant,
    limit: Duration,
    stdout: Stream,
    stderr: Stream,
    ended: bool,
}

struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Stream {
    fn read(mut from: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                into.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self { bytes, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }
}

impl Background {
    fn start(command: &mut Command, stdin: &[u8], limit: Duration) -> Self {
        let mut started = Self::with_open_stdin(command, limit);
        let mut pipe = started.child.stdin.take().unwrap();
        let bytes = stdin.to_vec();
        // A program may exit without reading; its exit code says what matters.
        thread::spawn(move || {
            let _ = pipe.write_all(&bytes);
        });
        started
    }

    fn with_open_stdin(command: &mut Command, limit: Duration) -> Self {
        let line = std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|word| word.to_string_lossy().lines().next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
            .join(" ");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: what it started is killed with it.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run `{line}`: {error}"));
        let stdout = Stream::read(child.stdout.take().unwrap());
        let stderr = Stream::read(child.stderr.take().unwrap());
        Self { child, line, began: Instant::now(), limit, stdout, stderr, ended: false }
    }

    /// Sends a signal to it and to all it started.
    pub fn signal(&self, signal: Signal) {
        let group = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        // It may be gone by now.
        let _ = kill_process_group(group, signal);
    }

    /// Kills it, with all it started, as a power cut would.
    pub fn kill(self) -> Run {
        self.signal(Signal::KILL);
        self.wait()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard output so far.
    pub fn stdout_so_far(&self) -> String {
        self.stdout.text()
    }

    /// What it wrote to standard error so far.
    pub fn stderr_so_far(&self) -> String {
        self.stderr.text()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until standard error shows this.
    #[track_caller]
    pub fn wait_for_stderr(&mut self, text: &str) {
        self.wait_for(|this| this.stderr.text().contains(text), text);
    }

    /// Waits until standard output shows this after byte `from`; where it ends.
    #[track_caller]
    pub fn wait_for_stdout(&mut self, from: usize, text: &str) -> usize {
        let mut end = 0;
        self.wait_for(
            |this| {
                let screen = this.stdout.text();
                let found = screen.get(from..).and_then(|rest| rest.find(text));
                end = found.map_or(0, |at| from + at + text.len());
                found.is_some()
            },
            text,
        );
        end
    }

    #[track_caller]
    fn wait_for(&mut self, mut seen: impl FnMut(&Self) -> bool, text: &str) {
        while !seen(self) {
            let over = self.child.try_wait().unwrap().is_some();
            if over {
                // What it wrote last may still be on its way.
                thread::sleep(Duration::from_millis(100));
                if seen(self) {
                    return;
                }
            }
            if over || self.began.elapsed() > self.limit {
                self.signal(Signal::KILL);
                let screen = (self.stdout.text(), self.stderr.text());
                panic!("`{}` never said `{text}`, but\n{}\n{}", self.line, screen.0, screen.1);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn type_in(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Waits for its end. It is killed and the test fails when it takes too long.
    #[track_caller]
    pub fn wait(mut self) -> Run {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.began.elapsed() > self.limit {
                self.signal(Signal::KILL);
                panic!(
                    "`{}` took longer than {:?}\n---- stdout:\n{}\n---- stderr:\n{}",
                    self.line,
                    self.limit,
                    self.stdout.text(),
                    self.stderr.text()
                );
            }
            thread::sleep(Duration::from_millis(2));
        };
        let took = self.began.elapsed();
        self.ended = true;
        let patience = Instant::now() + Duration::from_secs(15);
        while !(self.stdout.reader.is_finished() && self.stderr.reader.is_finished()) {
            assert!(
                Instant::now() < patience,
                "`{}` left something running that holds its output",
                self.line
            );
            thread::sleep(Duration::from_millis(1));
        }
        Run(Ended {
            line: std::mem::take(&mut self.line),
            exit: status.code().unwrap_or_else(|| -status.signal().unwrap()),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            took,
        })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if !self.ended {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// Runs a command to its end, or kills it and fails the test.
#[track_caller]
pub fn bounded(command: &mut Command, stdin: &[u8], limit: Duration) -> Run {
    Background::start(command, stdin, limit).wait()
}

/// Every file below a folder whose content, or name, holds these bytes.
pub fn files_containing(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    assert!(!bytes.is_empty(), "every file holds nothing");
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let path = entry.path();
            let named = contains(entry.file_name().as_encoded_bytes(), bytes);
            let target = || fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes();
            if named
                || kind.is_file() && contains(&fs::read(&path).unwrap(), bytes)
                || kind.is_symlink() && contains(&target(), bytes)
            {
                found.push(path.clone());
            }
            if kind.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether `bytes` is somewhere in `text`.
pub fn contains(text: &[u8], bytes: &[u8]) -> bool {
    text.windows(bytes.len()).any(|window| window == bytes)
}

/// Samples the command line and environment of every process of the machine, hosts included, as
/// fast as it can. What lives shorter than a sample it may miss; [`Execs`] misses nothing.
pub struct Watch {
    seen: Arc<Mutex<HashSet<Vec<u8>>>>,
    over: Arc<AtomicBool>,
    sampler: Option<JoinHandle<usize>>,
}

impl Watch {
    fn start() -> Self {
        let seen = Arc::new(Mutex::new(HashSet::new()));
        let over = Arc::new(AtomicBool::new(false));
        let (into, until) = (Arc::clone(&seen), Arc::clone(&over));
        let sampler = thread::spawn(move || {
            let mut samples = 0;
            while !until.load(Ordering::Relaxed) {
                sample(&into);
                samples += 1;
                thread::sleep(Duration::from_millis(3));
            }
            samples
        });
        Self { seen, over, sampler: Some(sampler) }
    }

    /// Ends it. The command lines and environments, whole, that held these bytes.
    pub fn sightings(&mut self, bytes: &[u8]) -> Vec<String> {
        if let Some(sampler) = self.sampler.take() {
            self.over.store(true, Ordering::Relaxed);
            let samples = sampler.join().unwrap();
            assert!(samples > 0, "the watch never looked");
        }
        assert!(!bytes.is_empty(), "every process shows nothing");
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|text| contains(text, bytes))
            .map(|text| String::from_utf8_lossy(text).replace('\0', " "))
            .collect()
    }
}

/// Every `execve` of a tree of processes, with all it was given, as strace(1) wrote it down.
pub struct Execs {
    log: tempfile::NamedTempFile,
    tracer: Option<Background>,
}

impl Execs {
    fn tracer(log: &Path) -> Command {
        let mut strace = Command::new("strace");
        // In hexadecimal, so that nothing is escaped and any bytes can be looked for.
        strace.args(["-f", "-qq", "-v", "-xx", "-s", "131072", "-e", "trace=execve"]);
        strace.args(["-e", "signal=none", "-o"]).arg(log);
        strace
    }

    /// Follows these processes and all they start.
    pub(crate) fn attach(pids: &[u32]) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut strace = Self::tracer(log.path());
        for pid in pids {
            strace.args(["-p", &pid.to_string()]);
        }
        let tracer = Background::start(&mut strace, b"", Duration::from_secs(600));
        let attached = |pid: &u32| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            // One that has ended meanwhile is not waited for.
            status.is_empty() || !status.contains("TracerPid:\t0\n")
        };
        let patience = Instant::now() + Duration::from_secs(10);
        while !pids.iter().all(attached) {
            assert!(Instant::now() < patience, "strace: {}", tracer.stderr_so_far());
            thread::sleep(Duration::from_millis(5));
        }
        Self { log, tracer: Some(tracer) }
    }

    /// Ends it. The lines, decoded, of what was given these bytes.
    pub fn sightings(&mut self, bytes: &[u8]) -> Vec<String> {
        if let Some(tracer) = self.tracer.take() {
            tracer.signal(Signal::INT);
            let _ = tracer.wait();
        }
        assert!(!bytes.is_empty(), "every process shows nothing");
        let hex: String = bytes.iter().map(|byte| format!(r"\x{byte:02x}")).collect();
        let log = fs::read_to_string(self.log.path()).unwrap();
        assert!(log.contains("execve("), "the trace saw no program start");
        log.lines().filter(|line| line.contains(&hex)).map(unhex).collect()
    }
}

fn unhex(line: &str) -> String {
    let mut parts = line.split(r"\x");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (hex, rest) = part.split_at(2);
        text.push(char::from(u8::from_str_radix(hex, 16).unwrap()));
        text.push_str(rest);
    }
    text
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn sample(into: &Mutex<HashSet<Vec<u8>>>) {
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        if !entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        for file in ["cmdline", "environ"] {
            // A process may end while it is looked at.
            if let Ok(text) = fs::read(entry.path().join(file))
                && !text.is_empty()
            {
                into.lock().unwrap().insert(text);
            }
        }
    }
}
