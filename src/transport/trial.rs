//! What a login shows once it is in: who answers it, what it can do, and what it cannot. Everything is
//! tried on the one connection that was logged in on, and nothing that was there before is touched.

use std::time::Duration;

use russh::{ChannelMsg, ChannelOpenFailure};
use zeroize::Zeroizing;

use super::exchange::Exchange;
use super::part::Part;
use super::sftp::{self, Work};
use super::ssh::Session;
use super::{Answer, Clock, LONGEST_PATH, Outcome, Output, Phase, Reach, Script};
use crate::grant::Access;
use crate::message::{self, Arg, Id};
use crate::target::Elevation;
use crate::text;

/// What a trial login is to show.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// What was granted.
    pub access: Access,
    /// A word of this trial alone, `[0-9a-z]+`.
    pub nonce: &'a str,
    /// What the gate is to say behind `stagepass-gate NONCE `; `None` where no gate was made.
    pub gate: Option<&'a str>,
    /// The shop's folder; without one, the folder that the access starts in.
    pub folder: Option<&'a str>,
    /// Whether a command may run although SFTP was granted; the plan said so.
    pub shell_is_known: bool,
    /// Whether ports may be forwarded; the plan said so.
    pub may_forward: bool,
    /// Whether an earlier try of this trial may have left its file.
    pub again: bool,
}

/// Tries everything at once, as far as the server lets channels be open at the same time.
pub(super) async fn run(session: &Session, trial: &Trial<'_>, clock: &Clock) -> Answer {
    let all = async {
        tokio::join!(
            gate(session, trial),
            command(session, trial),
            work(session, trial, clock),
            forwarding(session, trial),
        )
    };
    let unknown = |why: String| Answer::Unknown { why };
    let Some((gate, command, work, forwarding)) = clock.within(all).await else {
        let late = message::text("trial-late", &[]);
        return match session.link.handle.is_closed() {
            true => unknown(late),
            false => Answer::NoUse {
                why: message::text("answer-logged-in-but", &[("why", late.into())]),
            },
        };
    };
    let (reach, done) = match work {
        Ok(worked) => worked,
        Err(why) if session.link.handle.is_closed() => return unknown(why),
        // Whoever answered in the place of the gate says more.
        Err(why) if gate.is_failed() => (None, vec![Part::not_tried("folder", why)]),
        Err(why) => {
            return Answer::NoUse {
                why: message::text("answer-logged-in-but", &[("why", Arg::of(&why))]),
            };
        }
    };
    let mut parts = vec![gate];
    parts.extend(command);
    parts.extend(done);
    parts.push(forwarding);
    if session.link.handle.is_closed() {
        return unknown(session.link.lost(Phase::Session).to_string());
    }
    Answer::Tried { reach, parts }
}

/// Asks who answers. A command that is forced on the login in the place of the gate does not know the
/// word, and neither does a shell.
async fn gate(session: &Session, trial: &Trial<'_>) -> Part {
    let Some(wanted) = trial.gate else {
        return Part::not_tried("gate", message::text("trial-no-gate", &[]));
    };
    let heard = match hear(session, &format!("stagepass-trial {}", trial.nonce)).await {
        Ok(heard) => heard,
        Err(why) => return Part::failed("gate", why),
    };
    let start = format!("stagepass-gate {} ", trial.nonce);
    let text = String::from_utf8_lossy(&heard.stdout).into_owned();
    // The profile of a shared account may print something before.
    let said = text.lines().find_map(|line| line.split_once(&start).map(|(_, said)| said));
    match said {
        Some(said) if said.trim_end() == wanted => {
            Part::proved("gate", message::text("trial-gate", &[]))
        }
        Some(said) => {
            let said = text::one_line(said, 200);
            Part::failed("gate", message::text("trial-gate-other", &[("said", Arg::of(&said))]))
        }
        None => Part::failed(
            "gate",
            message::text("trial-gate-none", &[("heard", Arg::of(heard.in_words()))]),
        ),
    }
}

/// Where SFTP alone was granted a command must not run. Its words come out changed if some shell
/// runs it, whichever that is.
async fn command(session: &Session, trial: &Trial<'_>) -> Option<Part> {
    if trial.access == Access::Ssh {
        return None;
    }
    let word = format!("ab{}", trial.nonce);
    let changed: String = word
        .chars()
        .map(|c| if ('a'..='m').contains(&c) { c.to_ascii_uppercase() } else { c })
        .collect();
    let heard = match hear(session, &format!("echo {word} | tr a-m A-M")).await {
        Ok(heard) => heard,
        Err(why) if why == no_commands() => {
            return Some(Part::proved(
                "command",
                message::text("trial-command-refused", &[("why", Arg::of(&why))]),
            ));
        }
        Err(why) => {
            let why = message::text("trial-command-unseen", &[("why", Arg::of(&why))]);
            return Some(Part::failed("command", why));
        }
    };
    let ran = heard.stdout.windows(changed.len()).any(|some| some == changed.as_bytes());
    Some(match (ran, trial.shell_is_known) {
        (false, _) => Part::proved("command", {
            let args = [("why", heard.in_words().into())];
            message::text("trial-command-refused", &args)
        }),
        (true, true) => Part::not_tried("command", message::text("trial-command-planned", &[])),
        (true, false) => Part::failed("command", message::text("trial-command-ran", &[])),
    })
}

/// Does what the access is for.
async fn work(
    session: &Session,
    trial: &Trial<'_>,
    clock: &Clock,
) -> Result<(Option<Reach>, Vec<Part>), String> {
    let name = format!(".stagepass-trial-{}", trial.nonce);
    if trial.access == Access::Ssh {
        let parts = by_shell(session, trial, &name, clock).await?;
        return Ok((Some(Reach::Shell), parts));
    }
    let work = Work {
        folder: trial.folder,
        write: trial.access == Access::Sftp,
        name: &name,
        again: trial.again,
    };
    let channel = sftp_channel(session).await?;
    let (reach, parts) = sftp::work(channel.into_stream(), &work).await?;
    Ok((Some(reach), parts))
}

/// A channel on which SFTP begins.
pub(super) async fn sftp_channel(
    session: &Session,
) -> Result<russh::Channel<russh::client::Msg>, String> {
    let mut channel = open(session).await?;
    let asked = channel.request_subsystem(true, "sftp").await;
    asked.map_err(|_| message::text("trial-lost", &[]))?;
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => return Ok(channel),
            Some(ChannelMsg::Failure) => return Err(message::text("trial-no-sftp", &[])),
            Some(ChannelMsg::Close) | None => return Err(message::text("trial-closed", &[])),
            Some(_) => {}
        }
    }
}

/// The same work as by SFTP, by a shell. Says a line for each part, behind a word of its own, since
/// the profile of the account may print something too.
const SHELL: &str = r#"umask 077
set +f
say() { printf '%s %s\n' "$word" "$1"; }
if [ -n "$folder" ]; then cd -- "$folder" 2>/dev/null || { say folder-no; exit 0; }; fi
ls -a >/dev/null 2>&1 && say folder-yes || say folder-no
tried=0 read=none
look() {
    for file; do
        case $file in *.stagepass-trial-*) continue ;; esac
        [ -f "$file" ] || continue
        tried=$((tried + 1)) read=no
        if head -c 64 -- "$file" >/dev/null 2>&1; then read=yes && break; fi
        [ "$tried" -lt 40 ] || break
    done
}
look * .[!.]*
[ "$read" = yes ] || look */*
say "read-$read"
tried=0 write=no
for at in . */; do
    file=${at%/}/$name
    [ -z "$again" ] || rm -f -- "$file"
    if (set -C && echo "$name" >"$file") 2>/dev/null; then
        write=left
        read=$(cat "$file")
        rm -f -- "$file"
        [ -e "$file" ] || write=odd
        [ "$write:$read" != "odd:$name" ] || write=yes
        break
    fi
    tried=$((tried + 1))
    [ "$tried" -lt 20 ] || break
done
say "write-$write"
exit 0
"#;

/// How much is kept of what a shell says that is tried, in bytes, with everything that the profile of the account
/// says before its answers.
pub(super) const LONGEST_ANSWER: usize = 256 * 1024;

/// Why a shell that ended is none: what it said instead of what it was asked to.
pub(super) fn shell_runs_nothing(output: &Output) -> String {
    let said = [&output.stdout, &output.stderr].map(|said| text::line_of_bytes(said, 200));
    let status = output.status.unwrap_or_default();
    let said = text::one_line(&said.join(" "), 200);
    message::text("trial-shell-nothing", &[("status", status.into()), ("said", said.into())])
}

async fn by_shell(
    session: &Session,
    trial: &Trial<'_>,
    name: &str,
    clock: &Clock,
) -> Result<Vec<Part>, String> {
    let word = trial.nonce;
    let mut body = Zeroizing::new(Vec::new());
    // The first line alone shows that there is a shell.
    body.extend_from_slice(b"printf 'stagepass=%s\\n' ");
    let again = if trial.again { "1" } else { "" };
    body.extend_from_slice(text::quote(word).as_bytes());
    for (key, value) in
        [("word", word), ("name", name), ("again", again), ("folder", trial.folder.unwrap_or(""))]
    {
        body.extend_from_slice(format!("\n{key}={}", text::quote(value)).as_bytes());
    }
    body.push(b'\n');
    body.extend_from_slice(SHELL.as_bytes());
    let script = Script { elevation: Elevation::None, body, packed: None };
    let exchange = Exchange::new(&script, false, None).at_most(LONGEST_ANSWER);
    let output = match session.run(exchange, clock.deadline).await {
        Outcome::Done(output) => output,
        Outcome::Refused { why, .. } | Outcome::Unknown { why, .. } => return Err(why),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    if !text.contains(&format!("stagepass={word}\n")) {
        return Err(shell_runs_nothing(&output));
    }
    let said: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' ')).collect();
    let folder = trial.folder.map_or_else(
        || message::text("trial-start-folder", &[]),
        |folder| format!("`{}`", text::one_line(folder, LONGEST_PATH)),
    );
    let of = |id: Id| id.with(&[("folder", Arg::of(&folder)), ("file", name.into())]).text;
    let mut parts = vec![if said.contains(&"folder-yes") {
        Part::proved("folder", of(Id("trial-shell.opened")))
    } else {
        Part::failed("folder", of(Id("trial-shell.not-opened")))
    }];
    if parts.iter().any(Part::is_failed) {
        return Ok(parts);
    }
    parts.push(if said.contains(&"read-yes") {
        Part::proved("read", of(Id("trial-shell.read")))
    } else if said.contains(&"read-none") {
        Part::not_tried("read", of(Id("trial-shell.nothing-to-read")))
    } else {
        Part::failed("read", of(Id("trial-shell.not-read")))
    });
    parts.push(if said.contains(&"write-yes") {
        Part::proved("write", of(Id("trial-shell.written")))
    } else if said.contains(&"write-left") {
        Part::failed("write", of(Id("trial-shell.left")))
    } else {
        Part::failed("write", of(Id("trial-shell.not-written")))
    });
    Ok(parts)
}

/// Nothing may be forwarded, in either direction.
async fn forwarding(session: &Session, trial: &Trial<'_>) -> Part {
    const PART: &str = "forwarding";
    if trial.may_forward {
        return Part::not_tried(PART, message::text("trial-forwarding-planned", &[]));
    }
    let handle = &session.link.handle;
    let port = u32::from(session.port());
    let (there, back) = tokio::join!(
        handle.channel_open_direct_tcpip("127.0.0.1", port, "127.0.0.1", 0),
        handle.tcpip_forward("127.0.0.1", 0),
    );
    if let Ok(port) = back {
        let _ = handle.cancel_tcpip_forward("127.0.0.1", port).await;
        return Part::failed(PART, message::text("trial-forwarding-back", &[]));
    }
    match there {
        Ok(channel) => {
            let _ = channel.close().await;
            Part::failed(PART, message::text("trial-forwarding-through", &[]))
        }
        // It was allowed, and only nobody listens there.
        Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed)) => {
            Part::failed(PART, message::text("trial-forwarding-tried", &[]))
        }
        Err(russh::Error::ChannelOpenFailure(_)) => {
            Part::proved(PART, message::text("trial-forwarding-refused", &[]))
        }
        Err(_) => Part::failed(PART, message::text("trial-lost", &[])),
    }
}

/// What is said of a server that refuses the very request.
fn no_commands() -> String {
    message::text("trial-no-commands", &[])
}

/// What a command said.
struct Heard {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    status: Option<u32>,
}

/// How much of each is kept, in bytes.
const KEPT: usize = 16 * 1024;

/// How long the end of a command is waited for once it has ended: what it left behind may hold its
/// output open.
const LINGER: Duration = Duration::from_secs(2);

impl Heard {
    fn in_words(&self) -> String {
        let said = [self.stderr.as_slice(), self.stdout.as_slice()].concat();
        let said = text::line_of_bytes(&said, 200);
        match (said.as_str(), self.status) {
            ("", None) => message::text("trial-no-word", &[]),
            ("", Some(status)) => {
                message::text("trial-no-word-status", &[("status", Arg::of(status))])
            }
            (said, _) => format!("`{said}`"),
        }
    }
}

/// Runs a command without any input, and listens to it.
async fn hear(session: &Session, command: &str) -> Result<Heard, String> {
    let mut channel = open(session).await?;
    let lost = |_| message::text("trial-lost", &[]);
    channel.exec(true, command).await.map_err(lost)?;
    channel.eof().await.map_err(lost)?;
    let mut heard = Heard { stdout: Vec::new(), stderr: Vec::new(), status: None };
    let keep = |to: &mut Vec<u8>, data: &[u8]| {
        let room = KEPT.saturating_sub(to.len()).min(data.len());
        to.extend_from_slice(data.get(..room).unwrap_or_default());
    };
    let mut total = 0_usize;
    loop {
        let next = async {
            match heard.status {
                None => channel.wait().await,
                Some(_) => tokio::time::timeout(LINGER, channel.wait()).await.unwrap_or(None),
            }
        };
        match next.await {
            Some(ChannelMsg::Data { data }) => {
                total += data.len();
                keep(&mut heard.stdout, &data);
            }
            Some(ChannelMsg::ExtendedData { data, .. }) => {
                total += data.len();
                keep(&mut heard.stderr, &data);
            }
            Some(ChannelMsg::ExitStatus { exit_status }) => heard.status = Some(exit_status),
            Some(ChannelMsg::Failure) => return Err(no_commands()),
            Some(ChannelMsg::Close) | None => break,
            Some(_) => {}
        }
        if total > super::FLOOD_LIMIT {
            let _ = channel.close().await;
            return Err(message::text("end-flood", &[]));
        }
    }
    let _ = channel.close().await;
    Ok(heard)
}

/// Opens a channel. A server that allows fewer at a time (`MaxSessions`) is asked again, for as long as
/// the trial may take.
async fn open(session: &Session) -> Result<russh::Channel<russh::client::Msg>, String> {
    let mut pause = Duration::from_millis(20);
    let mut tries = 0;
    loop {
        match session.link.handle.channel_open_session().await {
            Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed))
                if tries < 60 =>
            {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(320));
                tries += 1;
            }
            Ok(channel) => return Ok(channel),
            Err(_) => return Err(message::text("trial-no-channel", &[])),
        }
    }
}
