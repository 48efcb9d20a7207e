//! What is sent to a server and what comes back: framing, quoting, and the reading of replies.
//!
//! Nothing is ever interpolated into a command line. Inputs are single-quoted assignments in front
//! of the provider's script, all on standard input, and the whole is one compound statement: a
//! stream cut half-way executes nothing, and no child process eats the rest of the script.

use std::collections::BTreeMap;

use zeroize::{Zeroize as _, Zeroizing};

use crate::message::is_steering;
use crate::secret::{RandomFailed, Secret, random_id};
use crate::transport::{Outcome, Packed};

mod pack;
pub mod slim;

/// The longest text of a server's that is kept or shown, in characters.
pub const TEXT_LIMIT: usize = 400;

/// The longest value of a reply, in characters: a list of names is one value, and the name that
/// matters may stand at its end.
const VALUE_LIMIT: usize = 4096;

/// The most lines of one key that are kept; what stands behind them is left out.
pub const LINES_LIMIT: usize = 1000;

/// One value of a script's inputs.
#[derive(Debug)]
pub enum Input<'a> {
    /// Anything that may be kept and shown.
    Text(String),
    /// A secret; it is written into the script, which is wiped after it was sent.
    Secret(&'a Secret),
}

/// The inputs of one call, by the name the script sees.
pub type Inputs<'a> = Vec<(&'static str, Input<'a>)>;

/// The type of a reply's value, as declared in the provider's manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputType {
    /// Any text.
    Text,
    /// A whole number of 0 or more.
    Uint,
    /// `true` or `false`.
    Bool,
    /// A list: the key is said once for each line, at most [`LINES_LIMIT`] times.
    Lines,
}

/// What a script may reply, by key.
pub type Outputs = BTreeMap<String, OutputType>;

/// The values a script replied with, cleaned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    values: BTreeMap<String, String>,
}

impl Reply {
    /// A reply with these values; for tests and for targets that need no server.
    #[must_use]
    pub fn from_values(values: BTreeMap<String, String>) -> Self {
        Self { values }
    }

    /// The text of `key`, or the empty text where the server did not say.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    /// Whether `key` was answered with `true`.
    #[must_use]
    pub fn is(&self, key: &str) -> bool {
        self.text(key) == "true"
    }

    /// The number behind `key`, where there is one.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<i64> {
        self.text(key).parse().ok()
    }

    /// The lines that were said with `key`.
    pub fn lines(&self, key: &str) -> impl Iterator<Item = &str> {
        self.text(key).lines()
    }

    /// Every value, by key; a list is one text with a line for each.
    #[must_use]
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }
}

/// What is known after a script was sent.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It ran to its end and said so.
    Done(Reply),
    /// It said no, and changed nothing.
    Refused {
        /// The provider's id of the reason, such as `account-exists`.
        id: String,
        /// The reason in one sentence.
        reason: String,
    },
    /// Nobody saw how it ended.
    Unknown {
        /// What was seen instead of an end.
        why: String,
    },
}

/// A script ready to be sent, and what its reply must look like.
pub struct Framed {
    /// The bytes for the interpreter's standard input. Wiped on drop.
    pub body: Zeroizing<Vec<u8>>,
    /// The same for a server that can unpack it.
    pub packed: Option<Packed>,
    nonce: String,
    /// What no reply may hold. Wiped on drop.
    secrets: Vec<Zeroizing<String>>,
}

/// The part of a script that is the same in every call: definitions of functions, and texts that
/// the script leaves on the server. It holds no secret.
#[derive(Debug)]
pub struct Constant {
    text: String,
    packed: Vec<u8>,
}

impl Constant {
    /// Definitions alone.
    #[must_use]
    pub fn of(definitions: String) -> Self {
        let packed = pack::packed(&definitions);
        Self { text: definitions, packed }
    }

    /// For a verb that leaves something on the server: the source of the definitions is in
    /// `sp_source`, and `gate` in `sp_gate_source`, so that nothing is sent twice.
    #[must_use]
    pub fn with_source(definitions: &str, gate: &str) -> Self {
        let mut text = Vec::new();
        for (name, value) in [("sp_gate_source=", gate), ("\nsp_source=", definitions)] {
            text.extend_from_slice(name.as_bytes());
            quote_into(&mut text, value);
        }
        text.extend_from_slice(b"\neval \"$sp_source\"");
        Self::of(String::from_utf8(text).expect("texts and ASCII between them"))
    }
}

impl std::fmt::Debug for Framed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Framed({} bytes)", self.body.len())
    }
}

/// The least bytes of a secret that is looked for in a reply: less may be there by chance.
const TELLING: usize = 6;

/// The exit status with which a script refuses.
const REFUSED: u32 = 10;

/// Frames `script` so that it runs `call` once, whole or not at all.
///
/// # Errors
/// Fails when the operating system's generator does; a nonce tells our lines from a noisy
/// profile's.
pub fn frame_sh(
    library: &str,
    script: &str,
    call: &str,
    inputs: &Inputs<'_>,
) -> Result<Framed, RandomFailed> {
    frame_plain(&[library, "\n", script].concat(), call, inputs)
}

fn frame_plain(text: &str, call: &str, inputs: &Inputs<'_>) -> Result<Framed, RandomFailed> {
    let mut body = begin(inputs, text.len() + call.len());
    body.extend_from_slice(text.as_bytes());
    let (tail, nonce) = tail(call)?;
    body.extend_from_slice(tail.as_bytes());
    Ok(Framed { body, packed: None, nonce, secrets: secrets(inputs) })
}

/// Frames like [`frame_sh`], and packs it for a server that can unpack.
///
/// # Errors
/// Fails when the operating system's generator does.
pub fn frame_packed(
    constant: &Constant,
    call: &str,
    inputs: &Inputs<'_>,
) -> Result<Framed, RandomFailed> {
    let mut framed = frame_plain(&constant.text, call, inputs)?;
    let head = begin(inputs, 0);
    let tail = framed.body.get(head.len() + constant.text.len()..).unwrap_or_default();
    let room = [head.len(), tail.len()].map(pack::stored_length).iter().sum::<usize>();
    // Allocated once: a buffer that grows leaves copies of what it held behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + constant.packed.len()));
    pack::store(&mut bytes, &head);
    bytes.extend_from_slice(&constant.packed);
    pack::store(&mut bytes, tail);
    framed.packed = Some(Packed(bytes));
    Ok(framed)
}

/// The first brace and the inputs, in a buffer with room for `room` bytes more and the rest.
fn begin(inputs: &Inputs<'_>, room: usize) -> Zeroizing<Vec<u8>> {
    let inputs_room: usize =
        inputs.iter().map(|(name, input)| name.len() + 4 * input.length() + 8).sum();
    // Allocated once: a buffer that grows leaves copies of what it held behind.
    let mut body = Zeroizing::new(Vec::with_capacity(inputs_room + room + 512));
    body.extend_from_slice(b"{ set -eu\n");
    for (name, input) in inputs {
        body.extend_from_slice(name.as_bytes());
        body.push(b'=');
        match input {
            Input::Text(text) => quote_into(&mut body, text),
            Input::Secret(secret) => quote_into(&mut body, secret.expose()),
        }
        body.push(b'\n');
    }
    body
}

/// The call between its two marks, and the last brace; and the nonce of the marks.
fn tail(call: &str) -> Result<(String, String), RandomFailed> {
    let nonce = random_id(16)?;
    let text = format!(
        "\nprintf '\\nstagepass-begin=%s\\n' {nonce}\n{call}\n\
         printf 'stagepass-end=%s\\n' {nonce}\nexit 0\n}} </dev/null\n"
    );
    Ok((text, nonce))
}

/// What no reply may hold.
fn secrets(inputs: &Inputs<'_>) -> Vec<Zeroizing<String>> {
    let secrets = inputs.iter().filter_map(|(_, input)| match input {
        Input::Secret(secret) => Some(Zeroizing::new(secret.expose().to_owned())),
        Input::Text(_) => None,
    });
    secrets.filter(|secret| secret.len() >= TELLING).collect()
}

impl Input<'_> {
    fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Secret(secret) => secret.expose().len(),
        }
    }
}

/// `text` as one word of a shell script.
pub(crate) fn quote(text: &str) -> String {
    let mut body = Vec::new();
    quote_into(&mut body, text);
    String::from_utf8_lossy(&body).into_owned()
}

/// Appends `text` as one word of POSIX sh (2.2.2, single quotes). NUL cannot be in a word and is
/// left out.
fn quote_into(body: &mut Vec<u8>, text: &str) {
    body.push(b'\'');
    for byte in text.bytes() {
        match byte {
            b'\'' => body.extend_from_slice(b"'\\''"),
            0 => {}
            other => body.push(other),
        }
    }
    body.push(b'\'');
}

impl Framed {
    /// Reads what came back. A key that was not declared, a value of the wrong type or a missing
    /// end is a protocol error, and so an unknown outcome.
    pub fn read(&self, outcome: Outcome, declared: &Outputs) -> Answer {
        // A shell that traces what it does, or a server that means harm: what is said is kept and
        // shown, and a secret is neither.
        if self.repeats_a_secret(&outcome) {
            if let Outcome::Done(mut output) | Outcome::Unknown { partial: mut output, .. } =
                outcome
            {
                output.stdout.zeroize();
                output.stderr.zeroize();
            }
            return Answer::Unknown {
                why: "the server repeated a secret that it was sent; what it said was thrown away"
                    .into(),
            };
        }
        let output = match outcome {
            Outcome::Done(output) => output,
            Outcome::Refused { why } => {
                return Answer::Refused { id: "no-command".into(), reason: clean(&why) };
            }
            Outcome::Unknown { why, .. } => return Answer::Unknown { why: clean(&why) },
        };
        let mut stdout = output.stdout;
        let text = Zeroizing::new(String::from_utf8_lossy(&stdout).into_owned());
        stdout.zeroize();
        let begin = format!("stagepass-begin={}", self.nonce);
        let end = format!("stagepass-end={}", self.nonce);
        let (mut values, mut lengths) = (BTreeMap::new(), BTreeMap::new());
        let (mut began, mut ended) = (false, false);
        for line in text.lines() {
            if line == begin {
                began = true;
            } else if line == end {
                // An end before the beginning is not the end of a reply.
                ended = began;
            } else if began
                && !ended
                && let Some((key, value)) = key_and_value(line)
            {
                match declared.get(key) {
                    Some(OutputType::Lines) => lengthen(&mut values, &mut lengths, key, value),
                    _ => drop(values.insert(key.to_owned(), clean_to(value, VALUE_LIMIT))),
                }
            }
        }
        let noise = || first_line(&output.stderr, &text);
        match output.status {
            // Without a reason it is some command's own status 10 that got through.
            Some(REFUSED) if values.contains_key("reason_id") => Answer::Refused {
                id: values.remove("reason_id").unwrap_or_default(),
                reason: values.remove("reason").unwrap_or_else(noise),
            },
            Some(0) if ended => match check_types(&values, declared) {
                Ok(()) => Answer::Done(Reply { values }),
                Err(why) => Answer::Unknown { why },
            },
            Some(_) if !began => Answer::Unknown {
                why: format!(
                    "the login on the server runs something else than it was sent (a `.bashrc` or \
                     `.profile` that starts another shell, or reads): {}",
                    noise()
                ),
            },
            Some(0) => {
                Answer::Unknown { why: format!("the server's answer has no end: {}", noise()) }
            }
            Some(126) if !values.contains_key("reason") => Answer::Unknown {
                why: format!(
                    "the server's shell may not start programs (`noexec` in sudoers?): {}",
                    noise()
                ),
            },
            Some(status) => Answer::Unknown {
                why: values.remove("reason").unwrap_or_else(|| {
                    format!("the script ended with status {status}: {}", noise())
                }),
            },
            None => Answer::Unknown { why: "the server did not say how the script ended".into() },
        }
    }
}

impl Framed {
    fn repeats_a_secret(&self, outcome: &Outcome) -> bool {
        let (why, output) = match outcome {
            Outcome::Done(output) => ("", Some(output)),
            Outcome::Refused { why } => (why.as_str(), None),
            Outcome::Unknown { why, partial } => (why.as_str(), Some(partial)),
        };
        self.secrets.iter().any(|secret| {
            let is_in =
                |said: &[u8]| said.windows(secret.len()).any(|part| part == secret.as_bytes());
            is_in(why.as_bytes())
                || output.is_some_and(|output| is_in(&output.stdout) || is_in(&output.stderr))
        })
    }
}

/// A `key=value` line; anything else is noise.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let named = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    named.then_some((key, value))
}

/// Keeps one line more of a list, up to the limit.
fn lengthen(
    values: &mut BTreeMap<String, String>,
    lengths: &mut BTreeMap<String, usize>,
    key: &str,
    line: &str,
) {
    let length = lengths.entry(key.to_owned()).or_default();
    if *length >= LINES_LIMIT {
        return;
    }
    *length += 1;
    let lines = values.entry(key.to_owned()).or_default();
    if !lines.is_empty() {
        lines.push('\n');
    }
    // A key line of RSA is longer than any text that is shown.
    lines.push_str(&clean_to(line, VALUE_LIMIT));
}

fn check_types(values: &BTreeMap<String, String>, declared: &Outputs) -> Result<(), String> {
    for (key, value) in values {
        let fits = match declared.get(key) {
            None => return Err(format!("the script replied with `{key}`, which is not declared")),
            Some(OutputType::Text | OutputType::Lines) => true,
            Some(OutputType::Uint) => value.parse::<u64>().is_ok(),
            Some(OutputType::Bool) => matches!(value.as_str(), "true" | "false"),
        };
        if !fits {
            return Err(format!(
                "the script replied with `{key}={value}`, which is not of its type"
            ));
        }
    }
    Ok(())
}

/// What to show of a script that failed: the last thing it complained of, else the first it said.
fn first_line(stderr: &[u8], stdout: &str) -> String {
    let complaint = String::from_utf8_lossy(stderr);
    let line = complaint
        .lines()
        .rev()
        .map(clean)
        .find(|line| !line.is_empty())
        .or_else(|| stdout.lines().map(clean).find(|line| !line.is_empty()));
    line.unwrap_or_else(|| "it said nothing".into())
}

/// A server's text as it may be stored and shown: one line, no control characters (a terminal
/// would obey them), no bidirectional overrides, cut to [`TEXT_LIMIT`] characters.
#[must_use]
pub fn clean(text: &str) -> String {
    clean_to(text, TEXT_LIMIT)
}

fn clean_to(text: &str, limit: usize) -> String {
    let mut cleaned: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_steering(*c))
        .take(limit + 1)
        .collect();
    if cleaned.chars().count() > limit {
        cleaned = cleaned.chars().take(limit).collect();
        cleaned.push('…');
    }
    cleaned.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Output;

    fn declared() -> Outputs {
        [("present", OutputType::Bool), ("count", OutputType::Uint), ("word", OutputType::Text)]
            .into_iter()
            .map(|(key, kind)| (key.to_owned(), kind))
            .collect()
    }

    fn framed(call: &str) -> Framed {
        let inputs = vec![("sp_word", Input::Text("it's $HOME `id` \\ \"x\"\n end".into()))];
        frame_sh("", "f() { printf 'word=%s\\n' \"$sp_word\"; }", call, &inputs).unwrap()
    }

    fn run(body: &[u8]) -> Output {
        use std::io::Write as _;
        let mut child = std::process::Command::new("/bin/sh")
            .arg("-s")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(body).unwrap();
        let output = child.wait_with_output().unwrap();
        Output {
            status: output.status.code().and_then(|code| u32::try_from(code).ok()),
            stdout: output.stdout,
            stderr: output.stderr,
            truncated: false,
        }
    }

    #[test]
    fn a_value_reaches_the_script_as_it_was_whatever_it_holds() {
        let framed = framed("f");
        let Answer::Done(reply) = framed.read(Outcome::Done(run(&framed.body)), &declared()) else {
            panic!("the script did not run");
        };
        // The value holds a newline, so only its first line is the value of the reply.
        assert_eq!(reply.text("word"), "it's $HOME `id` \\ \"x\"");
    }

    #[test]
    fn a_script_that_is_cut_anywhere_runs_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let touched = dir.path().join("touched");
        let script = format!("f() {{ : > '{}'; }}", touched.display());
        let framed = frame_sh("", &script, "f", &Vec::new()).unwrap();
        let mut whole = 0;
        for cut in 0..=framed.body.len() {
            let output = run(&framed.body[..cut]);
            let ended = String::from_utf8_lossy(&output.stdout).contains("stagepass-end=");
            assert_eq!(touched.exists(), ended, "cut at {cut}");
            whole += usize::from(ended);
            let _ = std::fs::remove_file(&touched);
        }
        // The last brace is the end of the statement; only what stands behind it may be missing.
        assert!((1..=" </dev/null\n".len() + 1).contains(&whole), "{whole}");
    }

    #[test]
    fn a_password_that_a_server_says_again_goes_nowhere() {
        let password = Secret::new("correct-horse-9".to_owned());
        let inputs = vec![("sp_password", Input::Secret(&password))];
        for script in [
            "f() { printf 'word=%s\\n' \"$sp_password\"; }",
            "f() { printf 'reason_id=x\\nreason=%s\\n' \"$sp_password\"; exit 10; }",
            "f() { set -x; : \"$sp_password\"; exit 1; }",
        ] {
            let framed = frame_sh("", script, "f", &inputs).unwrap();
            assert!(!format!("{framed:?}").contains("horse"));
            let (done, cut) = (run(&framed.body), run(&framed.body));
            let cut = Outcome::Unknown { why: "it was lost".into(), partial: cut };
            for outcome in [Outcome::Done(done), cut] {
                let Answer::Unknown { why } = framed.read(outcome, &declared()) else {
                    panic!("it was believed: {script}");
                };
                assert!(why.contains("repeated a secret") && !why.contains("horse"), "{why}");
            }
        }
    }

    #[test]
    fn the_page_for_those_who_write_providers_shows_what_is_sent() {
        let (tail, nonce) = tail("sp_close").unwrap();
        let page = include_str!("../docs/providers.md");
        assert!(page.contains(&tail.replace(&nonce, "NONCE")), "{tail}");
    }

    #[test]
    fn a_reply_without_its_end_is_unknown() {
        let framed = framed("f; exit 0");
        assert!(matches!(
            framed.read(Outcome::Done(run(&framed.body)), &declared()),
            Answer::Unknown { .. }
        ));
    }

    #[test]
    fn an_end_that_somebody_else_printed_is_noise() {
        let framed = framed("echo stagepass-end=guess; echo present=true");
        let Answer::Done(reply) = framed.read(Outcome::Done(run(&framed.body)), &declared()) else {
            panic!("the script did not run");
        };
        assert!(reply.is("present"));
    }

    #[test]
    fn a_key_that_is_not_declared_or_of_another_type_is_a_protocol_error() {
        for line in ["echo other=1", "echo count=many", "echo present=yes"] {
            let framed = framed(line);
            assert!(
                matches!(
                    framed.read(Outcome::Done(run(&framed.body)), &declared()),
                    Answer::Unknown { .. }
                ),
                "{line}"
            );
        }
    }

    #[test]
    fn a_refusal_says_why() {
        let framed = framed("echo reason_id=too-late; echo reason=the time is over; exit 10");
        assert_eq!(
            framed.read(Outcome::Done(run(&framed.body)), &declared()),
            Answer::Refused { id: "too-late".into(), reason: "the time is over".into() }
        );
    }

    #[test]
    fn a_list_is_every_line_that_was_said_and_bounded() {
        let mut declared = declared();
        declared.insert("use".into(), OutputType::Lines);
        let framed = framed("i=0; while [ $i -lt 1200 ]; do echo use=line $i; i=$((i+1)); done");
        let Answer::Done(reply) = framed.read(Outcome::Done(run(&framed.body)), &declared) else {
            panic!("the script did not run");
        };
        assert_eq!(reply.lines("use").count(), LINES_LIMIT);
        assert_eq!(reply.lines("use").nth(999), Some("line 999"));
    }

    #[test]
    fn a_script_can_leave_its_own_source_behind() {
        let script = "f() { printf 'word=%s %s\n' \"$sp_gate_source\" \"${#sp_source}\"; } # it's";
        let constant = Constant::with_source(script, "'g'");
        let framed = frame_packed(&constant, "f", &Vec::new()).unwrap();
        let Answer::Done(reply) = framed.read(Outcome::Done(run(&framed.body)), &declared()) else {
            panic!("the script did not run");
        };
        assert_eq!(reply.text("word"), format!("'g' {}", script.len()));
    }

    /// Runs what is sent packed as a server does.
    fn run_packed(bytes: &[u8]) -> Output {
        use std::io::Write as _;
        let mut child = std::process::Command::new("/bin/sh")
            .args(["-c", "eval \"$(gzip -dc)\""])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(bytes);
        let output = child.wait_with_output().unwrap();
        Output {
            status: output.status.code().and_then(|code| u32::try_from(code).ok()),
            stdout: output.stdout,
            stderr: output.stderr,
            truncated: false,
        }
    }

    #[test]
    fn a_packed_script_runs_whole_or_not_at_all_and_is_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let touched = dir.path().join("touched");
        let definitions =
            format!("f() {{ printf 'word=%s\\n' \"$sp_password\"; : > '{}'; }}", touched.display());
        let password = Secret::new("it's\na \\ secret".to_owned());
        let inputs = vec![("sp_password", Input::Secret(&password))];
        let framed = frame_packed(&Constant::of(definitions), "f", &inputs).unwrap();
        let Packed(packed) = framed.packed.as_ref().unwrap();
        assert_eq!(run_packed(packed).stdout, run(&framed.body).stdout);
        let _ = std::fs::remove_file(&touched);
        for cut in 0..packed.len() {
            let ended = run_packed(&packed[..cut]);
            let ended = String::from_utf8_lossy(&ended.stdout).contains("stagepass-end=");
            assert_eq!(touched.exists(), ended, "cut at {cut}");
            // What stands behind the last brace, and the sum of the last member.
            assert!(!ended || packed.len() - cut <= " </dev/null\n".len() + 9, "cut at {cut}");
            let _ = std::fs::remove_file(&touched);
        }
    }

    #[test]
    fn a_failure_shows_the_last_complaint() {
        let framed = framed("echo one >&2; echo two >&2; exit 4");
        let Answer::Unknown { why } = framed.read(Outcome::Done(run(&framed.body)), &declared())
        else {
            panic!("status 4 is not known to mean anything");
        };
        assert_eq!(why, "the script ended with status 4: two");
    }

    #[test]
    fn terminal_escapes_and_overrides_are_taken_out() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\r\n\td\u{7}"), "a[31mbc   d");
        assert_eq!(clean(&"x".repeat(5000)).chars().count(), TEXT_LIMIT + 1);
    }
}
