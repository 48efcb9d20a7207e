//! The machine stagepass runs on, by the same rules as a server.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::Instant;

use crate::message::{self, Arg};

use super::exchange::{End, Exchange, Feed};
use super::{Outcome, SshEnvironment};

/// How long nothing may be said, once the command has ended, until nobody listens any more: a child that it left behind
/// may hold the pipe for ever. What comes restarts it, for sshd tells the end of a command before all that the command
/// said is through a slow line.
pub(super) const LINGER: Duration = Duration::from_secs(5);

/// Who we are on this machine.
pub(super) struct Machine {
    home: PathBuf,
    user: String,
}

impl Machine {
    pub(super) fn new(known: &SshEnvironment) -> Self {
        Self { home: known.home.clone(), user: known.user.clone() }
    }

    /// Runs one command to its end, or to the deadline.
    pub(super) async fn run(&self, mut exchange: Exchange<'_>, deadline: Instant) -> Outcome {
        let mut child = match self.start(exchange.command()) {
            Ok(child) => child,
            Err(error) => {
                let why = message::text("end-no-start", &[("error", Arg::of(&error))]);
                return Outcome::Refused { why, wrong_password: false };
            }
        };
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let end = converse(&mut child, &mut exchange, deadline).await;
        if let (End::Broken(_), Some(group)) = (&end, group) {
            // What cannot be killed is root's; the outcome is unknown either way.
            let _ = kill_process_group(group, Signal::KILL);
        }
        exchange.end(end)
    }

    /// Starts a command as sshd would: a shell of its own, a clean environment, the home folder.
    fn start(&self, command: &str) -> std::io::Result<Child> {
        let folder = if self.home.is_dir() { self.home.as_path() } else { "/".as_ref() };
        // In a session of its own the command has no terminal: nothing it starts can ask there,
        // and `sudo` cannot stop for it.
        let session =
            ["/usr/bin/setsid", "/bin/setsid"].into_iter().find(|p| Path::new(p).exists());
        let mut shell = Command::new("/bin/sh");
        if session.is_none() {
            shell.process_group(0);
        }
        shell
            .arg("-c")
            // Replaced by it, so that a signal that ends the command is seen as one.
            .arg(format!("exec {} {command}", session.unwrap_or_default()))
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", &self.home)
            .env("USER", &self.user)
            .env("LOGNAME", &self.user)
            .env("SHELL", "/bin/sh")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }
}

/// Feeds and drains at once: a command that does not read must not keep us from listening.
async fn converse(child: &mut Child, exchange: &mut Exchange<'_>, deadline: Instant) -> End {
    let (Some(input), Some(mut stdout), Some(mut stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return End::Broken(message::text("end-no-streams", &[]));
    };
    let mut feeder =
        Feeder { input: Some(input), queue: exchange.begin().into_iter().collect(), sent: 0 };
    let (mut out, mut err) = (vec![0_u8; 16 * 1024], vec![0_u8; 4 * 1024]);
    let (mut out_open, mut err_open, mut ended) = (true, true, false);
    let mut limit = deadline;
    while out_open || err_open || !ended {
        let next = tokio::select! {
            read = read(&mut stdout, &mut out), if out_open => match read {
                Some(bytes) => exchange.stdout(bytes),
                None => { out_open = false; None }
            },
            read = read(&mut stderr, &mut err), if err_open => match read {
                Some(bytes) => exchange.stderr(bytes),
                None => { err_open = false; None }
            },
            status = child.wait(), if !ended => {
                ended = true;
                match status.map(code) {
                    Ok(Some(code)) => exchange.status(code),
                    Ok(None) => return End::Broken(message::text("end-signal", &[])),
                    Err(error) => return End::Broken(message::text("end-lost-command", &[("error", Arg::of(&error))])),
                }
                None
            },
            () = feeder.step(), if feeder.is_busy() => None,
            () = tokio::time::sleep_until(limit) => {
                if ended {
                    return End::Closed;
                }
                return End::Broken(message::text("end-late", &[]));
            }
        };
        if ended {
            limit = deadline.min(Instant::now() + LINGER);
        }
        feeder.queue.extend(next);
        if exchange.is_flooded() {
            return End::Broken(message::text("end-flood", &[]));
        }
    }
    End::Closed
}

/// Writes what is to be written, a piece at a time, so that any piece can be interrupted.
struct Feeder<'a> {
    input: Option<ChildStdin>,
    queue: VecDeque<Feed<'a>>,
    /// How much of the first in the queue was written.
    sent: usize,
}

impl Feeder<'_> {
    fn is_busy(&self) -> bool {
        self.input.is_some() && !self.queue.is_empty()
    }

    async fn step(&mut self) {
        let (Some(input), Some(feed)) = (&mut self.input, self.queue.front()) else { return };
        let (bytes, last): (&[u8], bool) = match feed {
            Feed::Password(line) => (line, false),
            Feed::Script(body) => (body, true),
            Feed::Marked(script) => (script, true),
            Feed::Line(line) => (line, false),
            Feed::Nothing => (&[], true),
        };
        let rest = bytes.get(self.sent..).unwrap_or_default();
        if !rest.is_empty() {
            match input.write(rest).await {
                Ok(length) if length > 0 => self.sent += length,
                // It does not want more. Its exit status will say why.
                _ => self.input = None,
            }
            return;
        }
        self.queue.pop_front();
        self.sent = 0;
        if last {
            self.input = None;
        }
    }
}

async fn read<'b>(from: &mut (impl AsyncRead + Unpin), buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    match from.read(buffer).await {
        Ok(length) if length > 0 => buffer.get(..length),
        _ => None,
    }
}

/// The exit code, unless a signal ended it.
fn code(status: ExitStatus) -> Option<u32> {
    status.code().and_then(|code| u32::try_from(code).ok())
}
