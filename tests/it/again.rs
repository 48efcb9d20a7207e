//! Runs this binary again for one test, in surroundings that a process can only be started in.
#![allow(clippy::disallowed_methods)]

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Set for the inner run; holds its throw-away home.
const INSIDE: &str = "STAGEPASS_TEST_INSIDE";

/// The home of the inner run, or `None` in the outer one.
pub fn inside() -> Option<PathBuf> {
    std::env::var_os(INSIDE).map(PathBuf::from)
}

/// One more run of this binary.
pub struct Again {
    home: tempfile::TempDir,
    command: Command,
}

impl Again {
    /// A run with an empty environment but for a throw-away home. `before` is what starts this
    /// binary; when empty, it is started as it is.
    pub fn through(before: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let this = std::env::current_exe().unwrap();
        let mut command = match before.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(this);
                command
            }
            None => Command::new(this),
        };
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", home.path())
            .env(INSIDE, home.path());
        Self { home, command }
    }

    /// The throw-away home.
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs the test of this name, which must pass, and says how long that took.
    pub fn run(mut self, test: &str) -> Duration {
        self.command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        let start = Instant::now();
        let output = self.command.stdin(Stdio::null()).output().unwrap();
        let took = start.elapsed();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{:?}: {}\n{said}\n{}",
            self.command,
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        took
    }
}
