//! A child process with bounded time and output.

use crate::message::{self, Arg};
use crate::text;
use std::io::{self, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// How long pipes may stay open after the child itself has ended.
const DRAIN: Duration = Duration::from_millis(500);

/// What a child left behind.
#[derive(Debug)]
pub(super) struct Ran {
    /// The exit status, or none when a signal or the time limit ended it.
    pub status: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// Whether output was cut.
    pub truncated: bool,
    pub timed_out: bool,
}

impl Ran {
    pub fn succeeded(&self) -> bool {
        self.status == Some(0)
    }

    /// What it complained about, fit for a message: one line, cut, without control characters.
    pub fn complaint(&self) -> String {
        let text = if self.stderr.is_empty() { &self.stdout } else { &self.stderr };
        let text = text::line_of_bytes(text, 300);
        match (text.is_empty(), self.status) {
            (false, _) => text,
            (true, Some(status)) => message::text("run-status", &[("status", Arg::of(status))]),
            (true, None) => message::text("run-signal", &[]),
        }
    }
}

/// How the child is cut off from the terminal and made killable with all it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// We put it into a process group of its own.
    New,
    /// It is `setsid`, which does so itself, and also gives up the terminal.
    Setsid,
}

/// Runs a command to its end, at most `limit`, and keeps at most `most` bytes of each output.
/// When the time is over, it and everything in its process group is killed.
pub(super) fn run(
    command: &mut Command,
    input: Option<Vec<u8>>,
    group: Group,
    limit: Duration,
    most: usize,
) -> io::Result<Ran> {
    let end = Instant::now() + limit;
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if group == Group::New {
        command.process_group(0);
    }
    let mut child = command.spawn()?;
    if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
        // A child that does not read is its own business; its status tells.
        thread::spawn(move || drop(pipe.write_all(&input)));
    }
    let stdout = Drain::start(child.stdout.take(), most);
    let stderr = Drain::start(child.stderr.take(), most);
    let (status, timed_out) = wait(&mut child, end)?;
    let (stdout, cut_out) = stdout.finish();
    let (stderr, cut_err) = stderr.finish();
    Ok(Ran { status, stdout, stderr, truncated: cut_out || cut_err, timed_out })
}

/// Waits for the child; when the time is over, kills its group. The child is not reaped before the
/// signal is sent, so the number cannot belong to somebody else by then.
fn wait(child: &mut Child, end: Instant) -> io::Result<(Option<i32>, bool)> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status.code(), false));
        }
        if Instant::now() >= end {
            if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                // It may have ended this very moment; the kill below and the wait settle it.
                let _ = kill_process_group(group, Signal::KILL);
            }
            child.kill()?;
            child.wait()?;
            return Ok((None, true));
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Reads a pipe to its end and keeps the beginning.
struct Drain {
    kept: Arc<Mutex<(Vec<u8>, bool)>>,
    ended: mpsc::Receiver<()>,
}

impl Drain {
    fn start(pipe: Option<impl Read + Send + 'static>, most: usize) -> Self {
        let kept = Arc::new(Mutex::new((Vec::new(), false)));
        let (end, ended) = mpsc::sync_channel(1);
        if let Some(mut pipe) = pipe {
            let kept = Arc::clone(&kept);
            thread::spawn(move || {
                let mut chunk = [0_u8; 8192];
                while let Ok(count @ 1..) = pipe.read(&mut chunk) {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    let room = most.saturating_sub(kept.0.len());
                    kept.1 |= count > room;
                    kept.0.extend(chunk.iter().take(count.min(room)));
                }
                let _ = end.send(());
            });
        }
        Self { kept, ended }
    }

    /// What came. A grandchild that keeps the pipe open is not waited for.
    fn finish(self) -> (Vec<u8>, bool) {
        let _ = self.ended.recv_timeout(DRAIN);
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
