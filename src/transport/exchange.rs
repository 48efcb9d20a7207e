//! The conversation with one command: what is written to it, what is kept of what it says, and
//! what its end means. The same for SSH and for this machine; it does no I/O itself.

use zeroize::Zeroizing;

#[cfg(test)]
use super::FIRST_LINE;
use super::{FLOOD_LIMIT, Outcome, Output, Packed, STDERR_LIMIT, STDOUT_LIMIT, Script};
use crate::message::{self, Arg};
use crate::secret::Secret;
use crate::target::Elevation;
use crate::text;

/// What makes a shell run a script that arrives packed (one that is cut is no whole statement, and
/// runs nothing), or say that it cannot: there is no gzip, or it may not be started (`noexec` of
/// sudoers). Then it ends: a shell that reads its commands from standard input would take what was
/// packed for commands. For one that a login script has put in the place of ours, which was never told
/// any of this, the first line is [`FIRST_LINE`](super::FIRST_LINE).
macro_rules! unpack {
    () => {
        "eval \"$(read -r first; gzip -dc || echo echo stagepass-no-gzip)\"; exit"
    };
}
const NO_GZIP: &[u8] = b"stagepass-no-gzip\n";

/// What `sudo` is told to ask with, so that the password is sent when it is wanted and never
/// otherwise: not to a server that wants none, and not a second time to a lockout.
const PROMPT: &[u8] = b"[stagepass: sudo password] ";
/// What root's shell says before it reads the script.
const READY: &[u8] = b"stagepass-is-root\n";
/// What makes a shell that reads its commands from standard input say so.
const SAY_READY: &[u8] = b"echo stagepass-is-root\n";
/// The same for one that then unpacks the rest. A shell reads on as far as there is something, so
/// that the rest is not sent before it answered.
const UNPACK: &[u8] = concat!("echo stagepass-is-root; ", unpack!(), "\n").as_bytes();

/// Whether a packed script was not run because the server has no gzip.
pub(crate) fn cannot_unpack(outcome: &Outcome) -> bool {
    let (Outcome::Done(said) | Outcome::Unknown { partial: said, .. }) = outcome else {
        return false;
    };
    // Whatever ran said so first.
    said.stdout.ends_with(NO_GZIP) && !said.stdout.windows(16).any(|w| w == b"stagepass-begin=")
}

/// Something to be written to the command.
pub(crate) enum Feed<'a> {
    /// The password of `sudo` and a line feed.
    Password(Zeroizing<Vec<u8>>),
    /// The script, after which input ends.
    Script(&'a [u8]),
    /// The script behind the line that says who reads it, after which input ends.
    Marked(Zeroizing<Vec<u8>>),
    /// A line, after which more may come.
    Line(&'static [u8]),
    /// The end of input.
    Nothing,
}

/// How far things are.
#[derive(PartialEq, Eq)]
enum Stage {
    /// `sudo` may want its password first. The script was not sent.
    Asking { answered: bool },
    /// The script is on its way, and root's shell has not said that it is there.
    Sent,
    /// The script is on its way, and somebody reads it.
    Running,
}

/// How the conversation ended, as far as the wire could tell.
pub(crate) enum End {
    /// The command's output ended.
    Closed,
    /// The server did not run the command.
    Refused(String),
    /// The command was ended by a signal, or the connection was lost, or the time was up.
    Broken(String),
}

/// One command, its script, and what was heard.
pub(crate) struct Exchange<'a> {
    script: &'a Script,
    /// The script as it is sent.
    body: &'a [u8],
    is_packed: bool,
    password: Option<&'a Secret>,
    stage: Stage,
    output: Output,
    /// How much of standard output is kept, in bytes.
    most: usize,
    /// Everything heard, kept or not.
    heard: usize,
    /// Where the next prompt of `sudo` may begin in what is kept of standard error. What stood before
    /// a prompt that was taken out and what stands behind it were never one text.
    prompt_from: usize,
}

impl<'a> Exchange<'a> {
    /// `may_pack` says whether the server may be asked to unpack.
    pub(crate) fn new(script: &'a Script, may_pack: bool, password: Option<&'a Secret>) -> Self {
        let packed = script.packed.as_ref().filter(|_| may_pack);
        let is_packed = packed.is_some();
        let stage = match script.elevation {
            Elevation::SudoPassword => Stage::Asking { answered: false },
            Elevation::Sudo if is_packed => Stage::Asking { answered: false },
            Elevation::Sudo => Stage::Sent,
            Elevation::None => Stage::Running,
        };
        let body = packed.map_or(script.body.as_slice(), |Packed(bytes)| bytes.as_slice());
        Self {
            script,
            body,
            is_packed,
            password,
            stage,
            output: Output::default(),
            most: STDOUT_LIMIT,
            heard: 0,
            prompt_from: 0,
        }
    }

    /// The command line: one of a few constants. `sudo -k` neither uses nor leaves a cached password.
    pub(crate) fn command(&self) -> &'static str {
        match self.script.elevation {
            Elevation::None if self.is_packed => {
                return concat!("/bin/sh -c '", unpack!(), "'");
            }
            Elevation::SudoPassword if self.is_packed => {
                return concat!(
                    "sudo -k -S -p '[stagepass: sudo password] ' ",
                    "/bin/sh -c 'echo stagepass-is-root; ",
                    unpack!(),
                    "'"
                );
            }
            _ => {}
        }
        match self.script.elevation {
            Elevation::None => "/bin/sh -s",
            // The very words of the rule that merchants are told to write for `sudo`.
            Elevation::Sudo => "sudo -n /bin/sh -s",
            Elevation::SudoPassword => {
                "sudo -k -S -p '[stagepass: sudo password] ' \
                 /bin/sh -c 'echo stagepass-is-root; exec /bin/sh -s'"
            }
        }
    }

    /// What to write at the start.
    pub(crate) fn begin(&self) -> Option<Feed<'a>> {
        match &self.stage {
            Stage::Asking { .. } => {
                // The very words of the rule for `sudo`, again: the line asks to unpack.
                (self.script.elevation == Elevation::Sudo).then_some(Feed::Line(UNPACK))
            }
            Stage::Sent => {
                let body = self.body;
                let mut marked = Zeroizing::new(Vec::with_capacity(SAY_READY.len() + body.len()));
                marked.extend_from_slice(SAY_READY);
                marked.extend_from_slice(body);
                Some(Feed::Marked(marked))
            }
            Stage::Running => Some(Feed::Script(self.body)),
        }
    }

    /// Keeps no more of standard output than this, in bytes: for what is answered in a line or two.
    pub(crate) fn at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// Takes standard output; says what to write next.
    pub(crate) fn stdout(&mut self, bytes: &[u8]) -> Option<Feed<'a>> {
        self.heard = self.heard.saturating_add(bytes.len());
        self.output.truncated |= keep(&mut self.output.stdout, bytes, self.most);
        if self.stage == Stage::Running {
            return None;
        }
        take_out(&mut self.output.stdout, READY, 0)?;
        let was_sent = std::mem::replace(&mut self.stage, Stage::Running) == Stage::Sent;
        (!was_sent).then_some(Feed::Script(self.body))
    }

    /// Takes standard error; says what to write next.
    pub(crate) fn stderr(&mut self, bytes: &[u8]) -> Option<Feed<'a>> {
        self.heard = self.heard.saturating_add(bytes.len());
        self.output.truncated |= keep(&mut self.output.stderr, bytes, STDERR_LIMIT);
        let Stage::Asking { answered } = self.stage else { return None };
        self.prompt_from = take_out(&mut self.output.stderr, PROMPT, self.prompt_from)?;
        self.stage = Stage::Asking { answered: true };
        match self.password {
            // Asked again: it was wrong. Another line would only be another failure.
            Some(password) if !answered => {
                let password = password.expose().as_bytes();
                let mut line = Zeroizing::new(Vec::with_capacity(password.len() + 1));
                line.extend_from_slice(password);
                line.push(b'\n');
                Some(Feed::Password(line))
            }
            _ => Some(Feed::Nothing),
        }
    }

    /// Takes the exit status.
    pub(crate) fn status(&mut self, status: u32) {
        self.output.status = Some(status);
    }

    /// Whether the exit status was seen.
    pub(crate) fn is_over(&self) -> bool {
        self.output.status.is_some()
    }

    /// Whether so much was said that it must be cut off.
    pub(crate) fn is_flooded(&self) -> bool {
        self.heard > FLOOD_LIMIT
    }

    /// What it all means.
    pub(crate) fn end(mut self, end: End) -> Outcome {
        if let Stage::Asking { answered } = self.stage {
            // The script was not sent, whatever happened.
            let wrong_password = answered && matches!(end, End::Closed);
            return Outcome::Refused { why: self.why_no_root(answered, end), wrong_password };
        }
        match end {
            End::Refused(why) => Outcome::Refused { why, wrong_password: false },
            _ if self.is_over() && self.started_nothing() => {
                let why = text::line_of_bytes(&self.output.stderr, 300);
                Outcome::Refused { why, wrong_password: false }
            }
            _ if self.is_over() => Outcome::Done(std::mem::take(&mut self.output)),
            End::Closed => {
                let why = message::text("end-no-status", &[]);
                Outcome::Unknown { why, partial: std::mem::take(&mut self.output) }
            }
            End::Broken(why) => Outcome::Unknown { why, partial: std::mem::take(&mut self.output) },
        }
    }

    /// Whether the command ended before anything could read the script: root's shell did not say
    /// that it is there.
    fn started_nothing(&self) -> bool {
        self.stage == Stage::Sent
    }

    fn why_no_root(&self, answered: bool, end: End) -> String {
        let said = text::line_of_bytes(&self.output.stderr, 300);
        match end {
            End::Refused(why) => why,
            End::Broken(why) if said.is_empty() => {
                message::text("sudo-nothing-why", &[("why", Arg::of(&why))])
            }
            End::Broken(why) => message::text(
                "sudo-nothing-why-said",
                &[("why", Arg::of(&why)), ("said", Arg::of(&said))],
            ),
            End::Closed if answered => {
                message::text("sudo-wrong-password", &[("said", Arg::of(said))])
            }
            End::Closed => message::text("sudo-nothing-said", &[("said", Arg::of(&said))]),
        }
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        // A hostile or broken command may repeat what it read.
        zeroize::Zeroize::zeroize(&mut self.output.stdout);
        zeroize::Zeroize::zeroize(&mut self.output.stderr);
    }
}

/// From so many bytes on a reply is a long one.
const LONG: usize = 1024 * 1024;

/// Appends up to the limit; says whether something was dropped.
fn keep(kept: &mut Vec<u8>, bytes: &[u8], limit: usize) -> bool {
    let room = limit.saturating_sub(kept.len());
    let taken = bytes.get(..room).unwrap_or(bytes);
    let needed = kept.len().saturating_add(taken.len());
    if needed > kept.capacity() {
        // A vector that doubles has room for up to twice the limit, and all it has room for is wiped in the end. One that moves is
        // there twice for a moment: what has become long moves once more, and then has all the room there may be.
        let doubled = kept.capacity().saturating_mul(2).max(needed);
        let roomy = if doubled > LONG { limit } else { doubled.min(limit) };
        kept.reserve_exact(roomy.saturating_sub(kept.len()));
    }
    kept.extend_from_slice(taken);
    bytes.len() > room
}

/// Takes the mark out of a text, if it is there behind the first `from` bytes; says where it stood.
fn take_out(text: &mut Vec<u8>, mark: &[u8], from: usize) -> Option<usize> {
    let at = from + text.get(from..)?.windows(mark.len()).position(|window| window == mark)?;
    text.drain(at..at + mark.len());
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(elevation: Elevation) -> Script {
        let body = Zeroizing::new(b"echo hello\n".to_vec());
        Script { elevation, body, packed: None }
    }

    #[test]
    fn the_prompt_and_the_mark_are_the_ones_in_every_command() {
        for elevation in [Elevation::Sudo, Elevation::SudoPassword] {
            let script = script(elevation);
            let command = Exchange::new(&script, false, None).command();
            let ready = std::str::from_utf8(READY).unwrap().trim();
            match Exchange::new(&script, false, None).begin() {
                Some(Feed::Marked(fed)) => {
                    assert_eq!(command, "sudo -n /bin/sh -s");
                    let first = format!("echo {ready}\n").into_bytes();
                    assert_eq!(*fed, [first.as_slice(), script.body.as_slice()].concat());
                }
                _ => assert!(command.contains(&format!("'echo {ready}; exec "))),
            }
            let prompt = std::str::from_utf8(PROMPT).unwrap();
            let asks = command.contains(&format!("-S -p '{prompt}'"));
            assert_eq!(asks, elevation == Elevation::SudoPassword);
        }
    }

    #[test]
    fn what_is_packed_is_sent_to_who_unpacks_it() {
        for elevation in [Elevation::None, Elevation::Sudo, Elevation::SudoPassword] {
            let packed = Some(Packed(Zeroizing::new(b"packed".to_vec())));
            let script = Script { packed, ..script(elevation) };
            let mut exchange = Exchange::new(&script, true, None);
            let command = exchange.command();
            let first = exchange.begin();
            let sent = match elevation {
                Elevation::None => first,
                Elevation::Sudo => {
                    // The rule that merchants write for `sudo` is about these words.
                    assert_eq!(command, "sudo -n /bin/sh -s");
                    assert!(matches!(first, Some(Feed::Line(line)) if line.starts_with(b"echo ")));
                    exchange.stdout(READY)
                }
                Elevation::SudoPassword => {
                    assert!(first.is_none() && command.contains("-S -p '[stagepass: sudo "));
                    exchange.stdout(READY)
                }
            };
            assert!(elevation == Elevation::Sudo || command.contains("gzip -dc"));
            assert!(matches!(sent, Some(Feed::Script(b"packed"))));
            exchange.stdout(NO_GZIP);
            exchange.status(0);
            assert!(cannot_unpack(&exchange.end(End::Closed)));
            // Whoever cannot is sent it as it is, as ever.
            let plain = Exchange::new(&script, false, None);
            assert!(!plain.command().contains("gzip") && plain.body == script.body.as_slice());
        }
    }

    #[test]
    fn a_shell_that_cannot_unpack_takes_nothing_of_what_was_packed_for_commands() {
        use std::io::Write as _;
        use std::process::{Command, Stdio};
        let mut shell = Command::new("/bin/sh");
        let shell = shell.arg("-s").env("PATH", "/nonexistent").stdin(Stdio::piped());
        let mut shell = shell.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let fed = [UNPACK, b"\x1f\x8b\necho it ran\n"].concat();
        shell.stdin.take().unwrap().write_all(&fed).unwrap();
        let said = shell.wait_with_output().unwrap();
        assert_eq!(said.stdout, [READY, NO_GZIP].concat());
    }

    /// A `.bashrc` that starts another shell: what is sent is its commands.
    #[test]
    fn a_shell_that_was_told_nothing_ends_before_what_is_packed() {
        use std::io::Write as _;
        use std::process::{Command, Stdio};
        let folder = tempfile::tempdir().unwrap();
        for shell in ["sh", "bash"] {
            let mut shell = Command::new(shell);
            let shell = shell.current_dir(folder.path()).stdin(Stdio::piped());
            let shell = shell.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut shell = shell.spawn().unwrap();
            let fed = [FIRST_LINE, b"\x1f\x8b\n>made\necho it ran\n"].concat();
            // It may be gone before all was written.
            let _ = shell.stdin.take().unwrap().write_all(&fed);
            let said = shell.wait_with_output().unwrap();
            assert_eq!((said.stdout, said.stderr), (Vec::new(), Vec::new()));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_script_that_ran_is_not_sent_again() {
        let said = |text: &[u8]| {
            Outcome::Done(Output { status: Some(0), stdout: text.to_vec(), ..Output::default() })
        };
        assert!(cannot_unpack(&said(b"welcome\nstagepass-no-gzip\n")));
        for text in [&b"stagepass-begin=x\nstagepass-no-gzip\n"[..], b"stagepass-no-gzip\nmore\n"] {
            assert!(!cannot_unpack(&said(text)));
        }
    }

    #[test]
    fn a_password_is_sent_once_and_only_when_asked_for() {
        let script = script(Elevation::SudoPassword);
        let secret = Secret::new("correct horse".into());
        let mut exchange = Exchange::new(&script, false, Some(&secret));
        assert!(exchange.begin().is_none());
        assert!(exchange.stderr(b"a lecture\n[stagepass: sudo").is_none());
        let Some(Feed::Password(line)) = exchange.stderr(b" password] ") else { panic!() };
        assert_eq!(line.as_slice(), b"correct horse\n");
        let again = exchange.stderr(b"Sorry, try again.\n[stagepass: sudo password] ");
        assert!(matches!(again, Some(Feed::Nothing)));
        exchange.status(1);
        let Outcome::Refused { why, wrong_password } = exchange.end(End::Closed) else { panic!() };
        assert!(wrong_password);
        assert!(why.contains("did not take the password") && why.contains("Sorry"), "{why}");
    }

    #[test]
    fn two_halves_of_a_prompt_around_another_are_no_prompt() {
        let said = b"stud[stagepass: sudo pas[stagepass: sudo password] sword] o";
        let script = script(Elevation::SudoPassword);
        let secret = Secret::new("correct horse".into());
        for pieces in [said.chunks(said.len()), said.chunks(1)] {
            let mut exchange = Exchange::new(&script, false, Some(&secret));
            let fed: Vec<_> = pieces.filter_map(|piece| exchange.stderr(piece)).collect();
            assert!(matches!(fed.as_slice(), [Feed::Password(_)]), "{}", fed.len());
        }
    }

    #[test]
    fn the_script_is_sent_when_root_is_there_and_noise_is_kept() {
        let script = script(Elevation::SudoPassword);
        let secret = Secret::new("correct horse".into());
        let mut exchange = Exchange::new(&script, false, Some(&secret));
        assert!(exchange.stdout(b"welcome\nstagepass-is").is_none());
        assert!(matches!(exchange.stdout(b"-root\n"), Some(Feed::Script(_))));
        assert!(exchange.stdout(b"hello\n").is_none());
        exchange.status(0);
        let Outcome::Done(output) = exchange.end(End::Closed) else { panic!() };
        assert_eq!(output.stdout, b"welcome\nhello\n");
    }

    #[test]
    fn a_lost_connection_is_unknown_and_a_sudo_that_says_no_is_refused() {
        let plain = script(Elevation::None);
        let exchange = Exchange::new(&plain, false, None);
        assert!(matches!(exchange.end(End::Closed), Outcome::Unknown { .. }));

        let sudo = script(Elevation::Sudo);
        let mut exchange = Exchange::new(&sudo, false, None);
        exchange.stderr(b"sudo: a password is required\n");
        exchange.status(1);
        assert!(matches!(exchange.end(End::Closed), Outcome::Refused { .. }));

        // What the script itself says is no word of `sudo`, whatever it looks like.
        let mut exchange = Exchange::new(&sudo, false, None);
        assert!(exchange.stdout(READY).is_none());
        exchange.stderr(b"sudo: unable to resolve host x\n");
        exchange.status(1);
        assert!(matches!(exchange.end(End::Closed), Outcome::Done(_)));

        // It was sent; nobody knows whether it was read.
        let exchange = Exchange::new(&sudo, false, None);
        assert!(matches!(exchange.end(End::Closed), Outcome::Unknown { .. }));
    }

    #[test]
    fn output_is_bounded() {
        let plain = script(Elevation::None);
        let mut exchange = Exchange::new(&plain, false, None);
        for _ in 0..80 {
            exchange.stdout(&vec![b'x'; 512 * 1024]);
            exchange.stderr(&vec![b'x'; 512]);
        }
        assert!(exchange.is_flooded());
        exchange.status(0);
        let Outcome::Done(output) = exchange.end(End::Closed) else { panic!() };
        assert_eq!((output.stdout.len(), output.truncated), (STDOUT_LIMIT, true));
        assert_eq!(output.stdout.capacity(), STDOUT_LIMIT, "all of it is wiped");
    }
}
