//! A real PostgreSQL server for tests: made on first use, shared by all tests of one run, and gone
//! when the run is, however it ends.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The password of the only role, `stagepass`. It must never be seen in anything we print.
pub const PASSWORD: &str = "pg-hunter2-not-shown";

/// The URL of an empty database of its own, on the shared server.
pub fn url_of_fresh_database() -> String {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(Server::shared).fresh_database()
}

/// One server with one socket in a folder of its own.
pub struct Server {
    folder: PathBuf,
    programs: PathBuf,
    /// Stops the server and removes the folder when its standard input ends; none when another
    /// process of the same run started it.
    keeper: Option<Child>,
}

/// Nothing here depends on a destructor: the keeper waits for the end of its standard input, or of
/// the process that runs all the tests.
const KEEPER: &str = r#"
if [ -n "$4" ]; then while kill -0 "$4" 2>/dev/null; do sleep 0.3; done; else cat >/dev/null; fi
$3 "$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$2" "$2.lock""#;

impl Server {
    /// Makes and starts a server for whoever holds it.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("stagepass-pg.").tempdir().unwrap().keep();
        Self::start_in(folder, None)
    }

    /// The server of this run: nextest gives every test a process of its own, and a server for each
    /// of them would take longer than the tests.
    fn shared() -> Self {
        let Some(run) = run_id() else { return Self::start() };
        let folder = std::env::temp_dir().join(format!("stagepass-pg.{run}"));
        let lock = std::fs::File::create(folder.with_added_extension("lock")).unwrap();
        lock.lock().unwrap();
        if folder.join("started").exists() {
            return Self { folder, programs: programs(), keeper: None };
        }
        std::fs::create_dir(&folder).unwrap();
        let server = Self::start_in(folder, rustix::process::getppid());
        std::fs::write(server.folder.join("started"), "").unwrap();
        server
    }

    fn start_in(folder: PathBuf, watched: Option<rustix::process::Pid>) -> Self {
        let programs = programs();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .args([&programs, &folder])
            .arg(if is_root() { "runuser -u postgres --" } else { "" })
            .arg(watched.map(|pid| pid.to_string()).unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .process_group(0)
            .spawn()
            .unwrap();
        let server = Self { folder, programs, keeper: Some(keeper) };
        std::fs::set_permissions(&server.folder, Permissions::from_mode(0o755)).unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&server.folder));
        }
        let password = server.folder.join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        std::fs::set_permissions(&password, Permissions::from_mode(0o644)).unwrap();
        // ICU's English order differs from that of bytes, as on many real servers.
        run(server
            .program("initdb")
            .args(["--username=stagepass", "--auth=scram-sha-256", "--encoding=UTF8"])
            .args(["--no-sync", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US"])
            .arg("--pwfile")
            .arg(&password)
            .arg("-D")
            .arg(server.folder.join("data")));
        server.resume();
        server
    }

    /// Starts the server again after [`Server::stop`].
    pub fn resume(&self) {
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c max_connections=60 \
             -c fsync=off -c shared_buffers=16MB",
            self.folder.display()
        );
        run(self
            .program("pg_ctl")
            .args(["-w", "-t", "60", "-o", &options, "start", "-D"])
            .arg(self.folder.join("data"))
            .arg("-l")
            .arg(self.folder.join("log")));
    }

    /// Stops the server at once, as a power cut would.
    pub fn stop(&self) {
        run(self
            .program("pg_ctl")
            .args(["-m", "immediate", "-w", "stop", "-D"])
            .arg(self.folder.join("data")));
    }

    /// The URL of an empty database of its own.
    pub fn fresh_database(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("ledger_{}_{number}", std::process::id());
        self.sql("postgres", &format!("create database {name}"));
        self.url(&name)
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://stagepass:{PASSWORD}@{socket}/{database}")
    }

    /// Runs a statement as an administrator and gives what it printed.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        run(Command::new(self.programs.join("psql"))
            .env("PGPASSWORD", PASSWORD)
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "stagepass", "-h"])
            .arg(&self.folder)
            .args(["-d", database, "-c", statement]))
    }

    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        // The server must not be able to read where the tests run.
        command.current_dir("/");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the test runner says it in the environment only")]
fn run_id() -> Option<String> {
    std::env::var("NEXTEST_RUN_ID").ok()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Where the newest server's programs are.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .chain(["/usr/local/bin", "/usr/bin"].map(PathBuf::from))
        .filter(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .collect();
    found.sort_by_key(|folder| version_of(folder));
    found.pop().expect("these tests need PostgreSQL: install the package `postgresql`")
}

fn version_of(folder: &Path) -> u32 {
    let name = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    name.and_then(|name| name.parse().ok()).unwrap_or(0)
}

/// Runs a program to its end, which must be a good one, and gives what it printed.
fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}
