//! Proves that a command works where cron will run it.

use crate::message::Id;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::ScheduleError;
use super::run::{Group, run};

/// The most that is kept of each of the command's outputs.
const MOST_OUTPUT: usize = 256 * 1024;

/// What a command did in the environment that cron gives.
#[derive(Debug)]
pub struct ProofReport {
    /// The exit status, or none when a signal or the time limit ended it.
    pub status: Option<i32>,
    /// Whether it had to be killed because the time was over.
    pub timed_out: bool,
    /// What it wrote, at most 256 KiB.
    pub stdout: Vec<u8>,
    /// What it complained about, at most 256 KiB.
    pub stderr: Vec<u8>,
    /// Whether one of the two was cut.
    pub truncated: bool,
    /// How long it ran.
    pub took: Duration,
}

/// Runs `exe arguments…` as cron would: `HOME`, `LOGNAME`, `SHELL` and `PATH` and no other
/// variable, the home folder as the working folder, no standard input, no terminal where the
/// `setsid` program exists. It and all it started are killed when the time is over.
///
/// One variable is added to what cron gives, so that the proof also holds after logout: without
/// `DBUS_SESSION_BUS_ADDRESS` a client would find the bus of a desktop session that happens to be
/// there now, and the keyring behind it. `disabled:` keeps it from looking.
///
/// # Errors
/// [`ScheduleError::Unusable`] when `exe` is no absolute path, and [`ScheduleError::Start`] when
/// it cannot be started.
pub fn prove_unattended(
    exe: &Path,
    arguments: &[impl AsRef<OsStr>],
    home: &Path,
    user: &str,
    limit: Duration,
) -> Result<ProofReport, ScheduleError> {
    if !exe.is_absolute() {
        return Err(super::unusable(&exe.to_string_lossy(), Id("schedule-unusable-word.relative")));
    }
    let (mut command, group) = without_terminal(exe);
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("LOGNAME", user)
        .env("SHELL", "/bin/sh")
        .env("PATH", "/usr/bin:/bin")
        .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
        .current_dir(home);
    let start = Instant::now();
    let ran = run(&mut command, None, group, limit, MOST_OUTPUT).map_err(|source| {
        ScheduleError::Start { program: exe.to_string_lossy().into_owned(), source }
    })?;
    Ok(ProofReport {
        status: ran.status,
        timed_out: ran.timed_out,
        stdout: ran.stdout,
        stderr: ran.stderr,
        truncated: ran.truncated,
        took: start.elapsed(),
    })
}

/// A command without a controlling terminal: a client must not be able to ask for a passphrase on
/// one. Giving it up takes a call between fork and exec, which only an `unsafe` block or another
/// program can make.
fn without_terminal(exe: &Path) -> (Command, Group) {
    match ["/usr/bin/setsid", "/bin/setsid"].into_iter().find(|path| Path::new(path).exists()) {
        Some(setsid) => {
            let mut command = Command::new(setsid);
            command.arg("--").arg(exe);
            (command, Group::Setsid)
        }
        None => (Command::new(exe), Group::New),
    }
}
