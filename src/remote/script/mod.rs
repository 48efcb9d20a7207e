//! What is sent to a server and what comes back: framing, quoting, and the reading of replies.
//!
//! Nothing is ever interpolated into a command line. Inputs are single-quoted assignments in front
//! of the provider's script, all on standard input, and the whole is one compound statement: a
//! stream cut half-way executes nothing, and no child process eats the rest of the script.

use std::collections::BTreeMap;

use zeroize::{Zeroize as _, Zeroizing};

use crate::message::{self, Arg};
use crate::secret::{RandomFailed, Secret, random_id};
use crate::text;
use crate::transport::{FIRST_LINE, Outcome, Output, Packed};

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

impl Input<'_> {
    /// The same once more. A secret is not copied.
    #[must_use]
    pub fn again(&self) -> Input<'_> {
        match self {
            Self::Text(text) => Input::Text(text.clone()),
            Self::Secret(secret) => Input::Secret(secret),
        }
    }
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
    /// Records of a comparison (`crate::lifecycle::difference`): as many lines as there are, byte for byte, or pieces
    /// of what was packed (gzip, then base64), said with the key `packed`.
    Records,
}

/// What a script may reply, by key.
pub type Outputs = BTreeMap<String, OutputType>;

/// The values a script replied with, cleaned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    values: BTreeMap<String, String>,
    /// What was told of a comparison, as [`Reply::tell`] keeps it.
    records: Vec<u8>,
}

impl Reply {
    /// A reply with these values; for tests and for targets that need no server.
    #[must_use]
    pub fn from_values(values: BTreeMap<String, String>) -> Self {
        Self { values, records: Vec::new() }
    }

    /// The same with other values for these keys.
    #[must_use]
    pub fn with(mut self, values: impl IntoIterator<Item = (String, String)>) -> Self {
        self.values.extend(values);
        self
    }

    /// Adds a line of what was told of a comparison, or a piece of what was packed.
    pub fn tell(&mut self, line: &[u8], packed: bool) {
        self.records.push(if packed { b'~' } else { b'=' });
        self.records.extend_from_slice(line);
        self.records.push(b'\n');
    }

    /// What was told of a comparison: for [`crate::lifecycle::difference::judge`].
    #[must_use]
    pub fn records(&self) -> &[u8] {
        &self.records
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
            text::quote_into(&mut text, value);
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

/// What a script gives as its reason where a program in it ended it (`lib/begin.sh`).
const UNEXPECTED: &str = "unexpected";

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
    let mut bytes =
        Zeroizing::new(Vec::with_capacity(FIRST_LINE.len() + room + constant.packed.len()));
    bytes.extend_from_slice(FIRST_LINE);
    pack::store(&mut bytes, &head);
    bytes.extend_from_slice(&constant.packed);
    pack::store(&mut bytes, tail);
    framed.packed = Some(Packed(bytes));
    Ok(framed)
}

/// Several calls in one script: what they share is sent, unpacked and read once. Each runs in a shell of
/// its own with its own inputs, its own marks and a line that says how it ended; one that fails keeps
/// none of the others from its turn.
pub struct FramedMany {
    /// The script as it is sent, without marks of its own; what no reply may hold is in the parts.
    pub body: Zeroizing<Vec<u8>>,
    /// The same for a server that can unpack it.
    pub packed: Option<Packed>,
    parts: Vec<Framed>,
}

impl std::fmt::Debug for FramedMany {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FramedMany({} calls, {} bytes)", self.parts.len(), self.body.len())
    }
}

/// The function that [`frame_many`] calls in each shell before the call: what stands between the
/// functions of the script.
pub const START: &str = "sp_start";

/// Frames one call for each of these inputs. `constant` defines functions alone, [`START`] among them;
/// `around` are called before all of them, with the number of calls, and after: the first finds the inputs
/// of each in the function `sp_one_NUMBER`.
///
/// # Errors
/// Fails when the operating system's generator does.
pub fn frame_many(
    constant: &Constant,
    around: Option<[&str; 2]>,
    call: &str,
    inputs: &[Inputs<'_>],
) -> Result<FramedMany, RandomFailed> {
    const HEAD: &[u8] = b"{ set -u\n";
    let mut parts = Vec::with_capacity(inputs.len());
    let room: usize = inputs.iter().map(|inputs| room_of(inputs) + 1024).sum();
    // Allocated once: a buffer that grows leaves copies of what it held behind.
    let mut calls = Zeroizing::new(Vec::with_capacity(room + 512));
    for (number, inputs) in inputs.iter().enumerate() {
        calls.extend_from_slice(format!("\nsp_one_{}() {{\n", number + 1).as_bytes());
        assign(&mut calls, inputs);
        calls.extend_from_slice(b"}\n");
    }
    if let Some([first, _]) = around {
        calls.extend_from_slice(format!("{first} {}\n", inputs.len()).as_bytes());
    }
    for (number, inputs) in inputs.iter().enumerate() {
        let nonce = random_id(16)?;
        let number = number + 1;
        // No condition around it: there `set -e` would count for nothing.
        let text = format!(
            "(\nset -e\nsp_turn={number}\nsp_one_{number}\n{START}\n\
             printf '\\nstagepass-begin=%s\\n' {nonce} >&2\nprintf '\\nstagepass-begin=%s\\n' {nonce}\n{call}\n\
             printf 'stagepass-end=%s\\n' {nonce}\nexit 0\n)\n\
             printf '\\nstagepass-status=%s %s\\n' {nonce} \"$?\"\n"
        );
        calls.extend_from_slice(text.as_bytes());
        let (body, packed) = (Zeroizing::new(Vec::new()), None);
        parts.push(Framed { body, packed, nonce, secrets: secrets(inputs) });
    }
    if let Some([_, last]) = around {
        calls.extend_from_slice(format!("{last}\n").as_bytes());
    }
    calls.extend_from_slice(b"exit 0\n} </dev/null\n");
    let mut body =
        Zeroizing::new(Vec::with_capacity(HEAD.len() + constant.text.len() + calls.len()));
    body.extend_from_slice(HEAD);
    body.extend_from_slice(constant.text.as_bytes());
    body.extend_from_slice(&calls);
    let room = [HEAD.len(), calls.len()].map(pack::stored_length).iter().sum::<usize>();
    let mut bytes =
        Zeroizing::new(Vec::with_capacity(FIRST_LINE.len() + room + constant.packed.len()));
    bytes.extend_from_slice(FIRST_LINE);
    pack::store(&mut bytes, HEAD);
    bytes.extend_from_slice(&constant.packed);
    pack::store(&mut bytes, &calls);
    Ok(FramedMany { body, packed: Some(Packed(bytes)), parts })
}

impl FramedMany {
    /// Reads what came back: an answer for each call, in their order. One whose end was not seen is
    /// unknown, whatever the others said; where the marks of one stand in what another said, nobody
    /// knows who said what, and both are.
    pub fn read(&self, outcome: Outcome, declared: &Outputs) -> Vec<Answer> {
        // Before anything of it is kept or shown.
        if self.parts.iter().any(|part| part.repeats_a_secret(&outcome)) {
            let secrets = self.parts.iter().flat_map(|part| part.secrets.iter().cloned()).collect();
            let (body, packed) = (Zeroizing::new(Vec::new()), None);
            let whole = Framed { body, packed, nonce: String::new(), secrets };
            return vec![whole.read(outcome, declared); self.parts.len()];
        }
        let (mut output, lost) = match outcome {
            Outcome::Done(output) => (output, None),
            Outcome::Unknown { why, partial } => (partial, Some(why)),
            refused @ Outcome::Refused { .. } => {
                let first = self.parts.first().map(|part| part.read(refused, declared));
                return first.map_or_else(Vec::new, |answer| vec![answer; self.parts.len()]);
            }
        };
        let stdout = Zeroizing::new(std::mem::take(&mut output.stdout));
        let stderr = Zeroizing::new(std::mem::take(&mut output.stderr));
        let said = self.pieces(&stdout);
        let complained = self.pieces(&stderr);
        let any = said.iter().any(|piece| piece.seen);
        let answers = self.parts.iter().zip(said).zip(complained);
        answers
            .map(|((part, mut piece), mut complaint)| {
                let done = |status, stdout, stderr| {
                    Outcome::Done(Output { status, stdout, stderr, truncated: false })
                };
                match (piece.status, &lost) {
                    _ if piece.mixed => Answer::Unknown { why: message::text("answer-mixed", &[]) },
                    (status @ Some(_), _) => {
                        let texts =
                            [&mut piece, &mut complaint].map(|p| std::mem::take(&mut p.text));
                        let [stdout, stderr] = texts;
                        part.read(done(status, stdout, stderr), declared)
                    }
                    (None, Some(why)) => Answer::Unknown { why: clean(why) },
                    // Nothing ran at all: what was said instead says why.
                    (None, None) if !any => {
                        part.read(done(output.status, stdout.to_vec(), stderr.to_vec()), declared)
                    }
                    (None, None) => Answer::Unknown { why: message::text("answer-cut", &[]) },
                }
            })
            .collect()
    }

    /// What was said for each call, its own marks with it.
    fn pieces(&self, said: &[u8]) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = self.parts.iter().map(|_| Piece::default()).collect();
        let mut now: Option<usize> = None;
        for line in said.split_inclusive(|byte| *byte == b'\n') {
            let mark = self.mark(line);
            let Some((number, mark)) = mark else {
                if let Some(piece) = now.and_then(|number| pieces.get_mut(number)) {
                    piece.text.extend_from_slice(line);
                }
                continue;
            };
            // A call begins once, when no other one is under way, and what is said of its end is said by it.
            let fits = match mark {
                Mark::Begin => pieces.get(number).is_some_and(|piece| !piece.seen),
                Mark::End | Mark::Status(_) => now == Some(number),
            };
            let between = now.filter(|other| *other != number);
            for wrong in [(!fits).then_some(number), between].into_iter().flatten() {
                if let Some(piece) = pieces.get_mut(wrong) {
                    piece.mixed = true;
                }
            }
            let Some(piece) = pieces.get_mut(number) else { continue };
            piece.seen = true;
            match mark {
                Mark::Begin => now = Some(number),
                Mark::End => {}
                Mark::Status(status) => {
                    piece.status = Some(status);
                    now = None;
                    continue;
                }
            }
            piece.text.extend_from_slice(line);
        }
        pieces
    }

    /// Which call's mark a line is. One that was cut off is none.
    fn mark(&self, line: &[u8]) -> Option<(usize, Mark)> {
        let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let (key, value) = line.strip_prefix("stagepass-")?.split_once('=')?;
        let (nonce, status) = value.split_once(' ').map_or((value, None), |(n, s)| (n, Some(s)));
        let number = self.parts.iter().position(|part| part.nonce == nonce)?;
        let mark = match (key, status) {
            ("begin", None) => Mark::Begin,
            ("end", None) => Mark::End,
            ("status", Some(status)) => Mark::Status(status.parse().ok()?),
            _ => return None,
        };
        Some((number, mark))
    }
}

/// A line that tells the calls of one script apart.
#[derive(Debug, Clone, Copy)]
enum Mark {
    Begin,
    End,
    Status(u32),
}

/// What was said for one of several calls.
#[derive(Debug, Default)]
struct Piece {
    text: Vec<u8>,
    /// Whether anything of it was seen.
    seen: bool,
    /// How it ended, where that was said.
    status: Option<u32>,
    /// Whether marks of another call stood in it.
    mixed: bool,
}

impl Drop for Piece {
    fn drop(&mut self) {
        // A hostile or broken command may repeat what it read.
        self.text.zeroize();
    }
}

/// The first brace and the inputs, in a buffer with room for `room` bytes more and the rest.
fn begin(inputs: &Inputs<'_>, room: usize) -> Zeroizing<Vec<u8>> {
    // Allocated once: a buffer that grows leaves copies of what it held behind.
    let mut body = Zeroizing::new(Vec::with_capacity(room_of(inputs) + room + 512));
    // It is none of several, whatever the environment says.
    body.extend_from_slice(b"{ set -eu\nsp_turn=\n");
    assign(&mut body, inputs);
    body
}

/// How many bytes the assignments of these inputs take at the most.
fn room_of(inputs: &Inputs<'_>) -> usize {
    inputs.iter().map(|(name, input)| name.len() + 4 * input.length() + 8).sum()
}

/// Appends the inputs, each as an assignment.
fn assign(body: &mut Zeroizing<Vec<u8>>, inputs: &Inputs<'_>) {
    for (name, input) in inputs {
        body.extend_from_slice(name.as_bytes());
        body.push(b'=');
        match input {
            Input::Text(text) => text::quote_into(body, text),
            Input::Secret(secret) => text::quote_into(body, secret.expose()),
        }
        body.push(b'\n');
    }
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
            return Answer::Unknown { why: message::text("answer-secret", &[]) };
        }
        let output = match outcome {
            Outcome::Done(output) => output,
            Outcome::Refused { why, .. } => {
                return Answer::Refused { id: "no-command".into(), reason: clean(&why) };
            }
            Outcome::Unknown { why, .. } => return Answer::Unknown { why: clean(&why) },
        };
        // Beside what is read from it, and all that it has room for is wiped in the end.
        let mut stdout = output.stdout;
        stdout.shrink_to_fit();
        let stdout = Zeroizing::new(stdout);
        let begin = format!("stagepass-begin={}", self.nonce);
        let end = format!("stagepass-end={}", self.nonce);
        let (mut values, mut lengths) = (BTreeMap::new(), BTreeMap::new());
        let mut told = Reply::default();
        let records = record_key(declared);
        let (mut began, mut ended) = (false, false);
        for line in stdout.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if began
                && !ended
                && let Some(key) = records
                && let Some((rest, packed)) = record_of(line, key)
            {
                // A buffer that grows is there twice for a while.
                if told.records.is_empty() {
                    told.records.reserve_exact(stdout.len());
                }
                told.tell(rest, packed);
                continue;
            }
            let line = Zeroizing::new(String::from_utf8_lossy(line).into_owned());
            let line = line.as_str();
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
                    _ => drop(values.insert(key.to_owned(), text::one_line(value, VALUE_LIMIT))),
                }
            }
        }
        let noise = || {
            first_line(
                &output.stderr,
                &Zeroizing::new(String::from_utf8_lossy(&stdout).into_owned()),
            )
        };
        match output.status {
            // Without a reason it is some command's own status 10 that got through.
            Some(REFUSED) if values.contains_key("reason_id") => Answer::Refused {
                id: values.remove("reason_id").unwrap_or_default(),
                reason: values.remove("reason").unwrap_or_else(noise),
            },
            Some(0) if ended => match check_types(&values, declared) {
                Ok(()) => Answer::Done(Reply { values, ..told }),
                Err(why) => Answer::Unknown { why },
            },
            Some(_) if !began => Answer::Unknown {
                why: message::text("answer-other-shell", &[("said", Arg::of(noise()))]),
            },
            Some(0) => Answer::Unknown {
                why: message::text("answer-no-end", &[("said", Arg::of(noise()))]),
            },
            Some(126) if !values.contains_key("reason") => Answer::Unknown {
                why: message::text("answer-noexec", &[("said", Arg::of(noise()))]),
            },
            Some(status) => Answer::Unknown {
                why: match values.remove("reason") {
                    // What the shell complained of names what is missing; the status does not.
                    Some(reason)
                        if values.get("reason_id").is_some_and(|id| id == UNEXPECTED)
                            && !output.stderr.trim_ascii().is_empty() =>
                    {
                        message::text(
                            "answer-complained",
                            &[("reason", Arg::of(&reason)), ("said", Arg::of(noise()))],
                        )
                    }
                    Some(reason) => reason,
                    None => message::text(
                        "answer-status",
                        &[("status", Arg::of(status)), ("said", Arg::of(noise()))],
                    ),
                },
            },
            None => Answer::Unknown { why: message::text("answer-no-status", &[]) },
        }
    }
}

impl Framed {
    fn repeats_a_secret(&self, outcome: &Outcome) -> bool {
        let (why, output) = match outcome {
            Outcome::Done(output) => ("", Some(output)),
            Outcome::Refused { why, .. } => (why.as_str(), None),
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

/// The key that records are said with, where a script may say them.
fn record_key(declared: &Outputs) -> Option<&str> {
    let mut all = declared.iter();
    all.find(|(_, kind)| **kind == OutputType::Records).map(|(key, _)| key.as_str())
}

/// What a line tells of a comparison, and whether it is a piece of what was packed.
fn record_of<'a>(line: &'a [u8], key: &str) -> Option<(&'a [u8], bool)> {
    let behind = |key: &str| line.strip_prefix(key.as_bytes())?.strip_prefix(b"=");
    behind(key).map(|rest| (rest, false)).or_else(|| behind("packed").map(|rest| (rest, true)))
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
    lines.push_str(&text::one_line(line, VALUE_LIMIT));
}

fn check_types(values: &BTreeMap<String, String>, declared: &Outputs) -> Result<(), String> {
    for (key, value) in values {
        let fits = match declared.get(key) {
            None => return Err(message::text("answer-undeclared", &[("key", Arg::of(key))])),
            Some(OutputType::Text | OutputType::Lines | OutputType::Records) => true,
            Some(OutputType::Uint) => value.parse::<u64>().is_ok(),
            Some(OutputType::Bool) => matches!(value.as_str(), "true" | "false"),
        };
        if !fits {
            return Err(message::text(
                "answer-type",
                &[("key", Arg::of(key)), ("value", Arg::of(value))],
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
    line.unwrap_or_else(|| message::text("answer-silent", &[]))
}

/// A server's text as it may be stored and shown: one line, no control characters (a terminal
/// would obey them), no bidirectional overrides, cut to [`TEXT_LIMIT`] characters.
#[must_use]
pub fn clean(text: &str) -> String {
    text::one_line(text, TEXT_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let page = include_str!("../../../docs/providers.md");
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
            .args(["-c", "eval \"$(read -r first; gzip -dc)\""])
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

    /// Three calls: a function that says its word, and what each does besides.
    fn three(does: [&str; 3]) -> FramedMany {
        let definitions = format!(
            "f() {{ printf 'word=%s\\n' \"$sp_word\"; eval \"$sp_does\"; printf 'count=%s\\n' \"$sp_turn\"; }}\n{START}() {{ :; }}\n"
        );
        let inputs: Vec<Inputs<'_>> = does
            .iter()
            .enumerate()
            .map(|(number, does)| {
                vec![
                    ("sp_word", Input::Text(format!("it's {number}"))),
                    ("sp_does", Input::Text((*does).to_owned())),
                ]
            })
            .collect();
        frame_many(&Constant::of(definitions), None, "f", &inputs).unwrap()
    }

    fn words(answers: &[Answer]) -> Vec<&str> {
        fn word(answer: &Answer) -> &str {
            match answer {
                Answer::Done(reply) => reply.text("word"),
                Answer::Refused { .. } => "refused",
                Answer::Unknown { .. } => "unknown",
            }
        }
        answers.iter().map(word).collect()
    }

    #[test]
    fn each_of_several_calls_has_its_own_answer_and_one_that_fails_keeps_none_from_its_turn() {
        for (does, middle) in [
            ("exit 4", "unknown"),
            ("false; echo word=no", "unknown"),
            ("exit 0", "unknown"),
            ("echo other=1", "unknown"),
            ("kill -9 $(exec sh -c 'echo $PPID')", "unknown"),
            ("echo reason_id=x; exit 10", "refused"),
            (":", "it's 1"),
        ] {
            let framed = three([":", does, ":"]);
            let packed = framed.packed.as_ref().map(|Packed(bytes)| bytes.to_vec()).unwrap();
            for output in [run(&framed.body), run_packed(&packed)] {
                let answers = framed.read(Outcome::Done(output), &declared());
                assert_eq!(words(&answers), ["it's 0", middle, "it's 2"], "{does}");
            }
        }
        // A complaint is told of whose it is.
        let framed = three([":", "echo mine >&2; exit 4", "echo other >&2"]);
        let answers = framed.read(Outcome::Done(run(&framed.body)), &declared());
        let Some(Answer::Unknown { why }) = answers.get(1) else { panic!() };
        assert_eq!(why, "the script ended with status 4: mine");
    }

    #[test]
    fn several_calls_that_are_cut_anywhere_all_run_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let touched = dir.path().join("touched");
        let does = format!(": > '{}'", touched.display());
        let framed = three([&does, &does, &does]);
        let Packed(packed) = framed.packed.as_ref().unwrap();
        let step = |length: usize| (0..=length).filter(move |n| n % 7 == 0 || n + 40 > length);
        for (bytes, is_packed) in [(framed.body.as_slice(), false), (packed.as_slice(), true)] {
            for cut in step(bytes.len()) {
                let bytes = &bytes[..cut];
                let output = if is_packed { run_packed(bytes) } else { run(bytes) };
                let said = String::from_utf8_lossy(&output.stdout).into_owned();
                let all = said.matches("stagepass-status=").count();
                assert!(all == 0 || all == 3, "cut at {cut}: {said}");
                assert_eq!(touched.exists(), all == 3, "cut at {cut}");
                let _ = std::fs::remove_file(&touched);
            }
        }
    }

    #[test]
    fn an_answer_that_was_cut_off_is_known_as_far_as_it_came() {
        let framed = three([":", ":", ":"]);
        let whole = run(&framed.body).stdout;
        let mut known = Vec::new();
        for cut in 0..=whole.len() {
            let partial = Output { stdout: whole[..cut].to_vec(), ..Output::default() };
            let lost = Outcome::Unknown { why: "it was lost".into(), partial };
            let answers = framed.read(lost, &declared());
            let done = answers.iter().take_while(|a| matches!(a, Answer::Done(_))).count();
            assert!(
                answers
                    .iter()
                    .skip(done)
                    .all(|a| { matches!(a, Answer::Unknown { why } if why == "it was lost") })
            );
            assert!(known.last().is_none_or(|before| *before <= done));
            known.push(done);
        }
        known.dedup();
        assert_eq!(known, [0, 1, 2, 3]);
    }

    #[test]
    fn who_says_the_marks_of_another_is_not_believed_and_nor_is_the_other() {
        let framed = three([":", ":", ":"]);
        let text = String::from_utf8(run(&framed.body).stdout).unwrap();
        let [one, two, three] = [0, 1, 2].map(|n: usize| framed.parts[n].nonce.clone());
        let said = |text: String| {
            let output = Output { status: Some(0), stdout: text.into_bytes(), ..Output::default() };
            let answers = framed.read(Outcome::Done(output), &declared());
            words(&answers).iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()
        };
        let begin = format!("stagepass-begin={one}\n");
        for mark in ["begin", "end", "status"] {
            let zero = if mark == "status" { " 0" } else { "" };
            let forged = format!("{begin}stagepass-{mark}={two}{zero}\n");
            let answers = said(text.replace(&begin, &forged));
            assert_eq!(answers, ["unknown", "unknown", "it's 2"], "{mark}");
        }
        // A whole answer for another, before its own: it is said twice.
        let whole = format!(
            "stagepass-begin={three}\nword=x\ncount=3\nstagepass-end={three}\nstagepass-status={three} 0\n"
        );
        assert_eq!(said(format!("{whole}{text}")), ["it's 0", "it's 1", "unknown"]);
        // What is no mark of ours is noise.
        let noise = text.replace(&begin, &format!("{begin}stagepass-status=guess 0\n"));
        assert_eq!(said(noise), ["it's 0", "it's 1", "it's 2"]);
    }

    #[test]
    fn a_secret_of_one_that_is_said_for_another_goes_nowhere() {
        let password = Secret::new("correct-horse-9".to_owned());
        let constant = Constant::of(format!("f() {{ :; }}\n{START}() {{ :; }}\n"));
        let inputs = [
            vec![("sp_password", Input::Secret(&password))],
            vec![("sp_password", Input::Text(String::new()))],
        ];
        let framed = frame_many(&constant, None, "f", &inputs).unwrap();
        assert!(!format!("{framed:?}").contains("horse"));
        let mut output = run(&framed.body);
        output.stdout.extend_from_slice(b"correct-horse-9");
        for answer in framed.read(Outcome::Done(output), &declared()) {
            assert!(matches!(answer, Answer::Unknown { why } if why.contains("repeated a secret")));
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
        assert_eq!(clean(&"x".repeat(5000)).chars().count(), TEXT_LIMIT);
    }
}
