//! The terminal: the only module that prints or asks.
//!
//! Data goes to standard output, talk to standard error. With `--json` standard output carries
//! exactly one document: `{"stagepass": 1, "command": …, "ok": true, "result": …}`, or
//! `{"stagepass": 1, "command": …, "ok": false, "error": …}`.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::message::{self, Id};
use crate::secret::Secret;
use crate::text;

/// The version of the shape of `--json` documents.
pub const JSON_SHAPE: u32 = 1;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const WARN: Style = AnsiColor::Yellow.on_default();
const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// Where and how the program speaks.
#[derive(Debug, Clone)]
pub struct Output {
    command: String,
    json: bool,
    quiet: bool,
    /// When the program began, where the time of each step is to be said.
    timings: Option<Instant>,
    /// Nobody is asked anything, terminal or not.
    asks_nobody: bool,
}

/// How a line is meant; colour only repeats what the words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It went well.
    Good,
    /// It did not.
    Bad,
    /// Somebody should look at it.
    Warn,
    /// A heading.
    Strong,
    /// Detail.
    Faint,
    /// Nothing special.
    Plain,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Good => GOOD,
            Self::Bad => BAD,
            Self::Warn => WARN,
            Self::Strong => STRONG,
            Self::Faint => FAINT,
            Self::Plain => Style::new(),
        }
    }
}

/// `text` in the colours of `tone`; taken out again where the stream shows none (`NO_COLOR`, a
/// pipe).
#[must_use]
pub fn paint(tone: Tone, text: &str) -> String {
    let style = tone.style();
    format!("{style}{text}{style:#}")
}

impl Output {
    /// Speaks for `command`, such as `target add`.
    #[must_use]
    pub fn new(command: &str, json: bool, quiet: bool) -> Self {
        Self { command: command.into(), json, quiet, timings: None, asks_nobody: false }
    }

    /// The same, and nobody is asked anything.
    #[must_use]
    pub fn without_questions(&self) -> Self {
        Self { asks_nobody: true, ..self.clone() }
    }

    /// Says from now on when each step begins, in milliseconds since now, as lines
    /// `timing: 123.4 connecting to staging` on standard error. What `--timings` asks for.
    #[must_use]
    pub fn with_timings(mut self) -> Self {
        self.timings = Some(Instant::now());
        self
    }

    /// Whether the result is to be one JSON document.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether somebody can be asked: both ends are a terminal and a document is not expected.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        !self.json
            && !self.asks_nobody
            && !is_interrupted()
            && io::stdin().is_terminal()
            && io::stderr().is_terminal()
    }

    /// Whether standard output is a terminal that somebody reads.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether what is printed on standard output is thrown away: it is `/dev/null`, or it was
    /// closed, for then the runtime puts `/dev/null` there.
    #[must_use]
    pub fn leads_nowhere(&self) -> bool {
        let null = rustix::fs::stat("/dev/null").map(|null| null.st_rdev);
        let ours = rustix::fs::fstat(io::stdout());
        ours.is_ok_and(|ours| {
            rustix::fs::FileType::from_raw_mode(ours.st_mode).is_char_device()
                && Ok(ours.st_rdev) == null
        })
    }

    /// Prints data: text for people, or the document. A reader that went away is not an error.
    pub fn result(&self, text: &str, document: Value) {
        if self.json {
            let mut whole = json!({"stagepass": JSON_SHAPE, "command": self.command, "ok": true});
            if let Some(object) = whole.as_object_mut() {
                object.insert("result".into(), document);
            }
            write_out(&escaped(&format!("{whole:#}\n")));
        } else if !text.is_empty() {
            write_out(&harmless(&with_newline(text)));
        }
    }

    /// Prints data as it is, whatever `--json` says: completions, man pages, event lines.
    pub fn raw(&self, text: &str) {
        write_out(text);
    }

    /// Standard output, for data too long to be held in memory.
    #[must_use]
    pub fn stream(&self) -> impl io::Write + use<> {
        io::stdout()
    }

    /// Prints a credential on standard output. The only way a secret is ever printed.
    ///
    /// # Errors
    /// Fails when it was not written: then nobody has it.
    pub fn secret(&self, label: &str, secret: &Secret) -> Result<()> {
        let mut out = io::stdout().lock();
        // Written piece by piece: a formatted line would be one more copy to wipe.
        writeln!(out, "{label}")
            .and_then(|()| out.write_all(secret.expose().as_bytes()))
            .and_then(|()| out.write_all(if secret.expose().ends_with('\n') { b"" } else { b"\n" }))
            .and_then(|()| out.flush())
            .map_err(|e| Error::of(Kind::Internal, "credential-not-shown", &[]).because(e))
    }

    /// Says something on standard error.
    pub fn say(&self, tone: Tone, text: &str) {
        if !self.quiet && !self.json {
            write_err(&harmless(&with_newline(&paint(tone, text))));
        }
    }

    /// Warns on standard error, also with `--quiet`.
    pub fn warn(&self, text: &str) {
        write_err(&harmless(&format!(
            "{} {}\n",
            mark(Tone::Warn, Id("mark.warning")),
            one_line(text)
        )));
    }

    /// Prints what went wrong, why, and what to do; with `--json` as the document.
    pub fn error(&self, error: &Error) {
        if error.more.omitted {
            return;
        }
        if self.json {
            let mut whole = json!({
                "stagepass": JSON_SHAPE,
                "command": self.command,
                "ok": false,
                "error": error_document(error),
            });
            if let (Some(object), Some(result)) = (whole.as_object_mut(), &error.more.result) {
                object.insert("result".into(), result.clone());
            }
            write_out(&escaped(&format!("{whole:#}\n")));
            return;
        }
        let mut text =
            format!("{} {}\n", mark(Tone::Bad, Id("mark.error")), one_line(&error.message));
        for rule in &error.more.rules {
            for (number, line) in rule.lines().enumerate() {
                let mark = if number == 0 { "  - " } else { "" };
                text.push_str(&format!("{mark}{}\n", text::cut(line, LINE_LIMIT)));
            }
        }
        for cause in &error.causes {
            text.push_str(&format!(
                "  {} {}\n",
                mark(Tone::Faint, Id("mark.because")),
                one_line(&cause.text)
            ));
        }
        for hint in &error.hints {
            text.push_str(&format!(
                "{} {}\n",
                mark(Tone::Strong, Id("mark.hint")),
                one_line(&hint.text)
            ));
        }
        write_err(&harmless(&text));
    }

    /// Prints what the command line's parser says: help and version as they are, a complaint
    /// without what was typed to disturb the terminal. The exit code.
    #[must_use]
    pub fn usage(complaint: &clap::Error) -> u8 {
        if !complaint.use_stderr() {
            write_out(&complaint.render().ansi().to_string());
            return if lost_data() { Kind::Internal.exit_code() } else { 0 };
        }
        let text = complaint.render().to_string();
        // A line repeats a whole argument, and an argument may be 128 KiB long.
        let lines = text.lines().map(|line| text::cut(line, LINE_LIMIT) + "\n");
        let text: String = lines.collect();
        let told = text.strip_prefix("error:").map(|rest| mark(Tone::Bad, Id("mark.error")) + rest);
        write_err(&harmless(&told.unwrap_or(text)));
        Kind::Usage.exit_code()
    }

    /// Shows that something goes on, on a terminal, if it takes longer than a blink.
    #[must_use]
    pub fn progress(&self, text: &str) -> Progress {
        say_time(self.timings, text);
        if self.is_still() {
            return Progress { bar: ProgressBar::hidden(), timings: self.timings };
        }
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::default_spinner());
        bar.set_message(text.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        shown(Some(bar.clone()));
        Progress { bar, timings: None }
    }

    /// Whether nothing is to move on standard error.
    fn is_still(&self) -> bool {
        self.quiet || self.json || self.timings.is_some() || !io::stderr().is_terminal()
    }

    /// Shows how many of `total` are done, on a terminal.
    #[must_use]
    pub fn progress_of(&self, total: u64, text: &str) -> Progress {
        say_time(self.timings, text);
        if self.is_still() {
            return Progress { bar: ProgressBar::hidden(), timings: self.timings };
        }
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(text.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        shown(Some(bar.clone()));
        Progress { bar, timings: None }
    }

    /// Says when something began that has no progress of its own, where times are wanted.
    pub fn mark(&self, step: &str) {
        say_time(self.timings, step);
    }

    /// Asks for a line. `None` where nobody can be asked.
    #[must_use]
    pub fn ask(&self, question: &str) -> Option<String> {
        if !self.can_ask() {
            return None;
        }
        let line = while_still(|| {
            write_err(&format!("{} ", paint(Tone::Strong, &harmless(question))));
            unless_interrupted(|| {
                let mut line = String::new();
                io::stdin().lock().read_line(&mut line).map(|_| line)
            })
        });
        line.ok().filter(|line| !line.is_empty()).map(|line| line.trim().to_owned())
    }

    /// Asks for a yes. `None` where nobody can be asked.
    #[must_use]
    pub fn confirm(&self, question: &str) -> Option<bool> {
        let answer = self.ask(&message::text("ask-yes", &[("question", question.into())]))?;
        Some(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// Asks for a secret without showing it. `None` where nobody can be asked.
    #[must_use]
    pub fn ask_secret(&self, question: &str) -> Option<Secret> {
        if !self.can_ask() {
            return None;
        }
        while_still(|| hidden(question)).ok()
    }

    /// Reads a secret: from the terminal, or the first line of a pipe.
    ///
    /// # Errors
    /// Fails when nothing came, or when it is longer than any secret is.
    pub fn read_secret(&self, question: &str) -> Result<Secret> {
        if io::stdin().is_terminal() {
            return hidden(question)
                .map_err(|e| Error::of(Kind::Internal, "terminal-unreadable", &[]).because(e));
        }
        let line = unless_interrupted(|| {
            let mut line = Zeroizing::new(String::with_capacity(4096));
            io::stdin().lock().take(4096).read_line(&mut line).map(|_| line)
        });
        let mut line =
            line.map_err(|e| Error::of(Kind::Internal, "input-unreadable", &[]).because(e))?;
        if line.len() >= 4096 {
            return Err(Error::of(Kind::Usage, "secret-too-long", &[]));
        }
        while line.ends_with(['\n', '\r']) {
            line.pop();
        }
        Ok(Secret::from_zeroizing(line))
    }
}

/// Whether the user, or the system, asked the program to end.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on nobody is asked anything, and questions that are open end without an answer.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// The target on which something is being made right now, and may have to be undone.
static IN_HAND: Mutex<Option<String>> = Mutex::new(None);

/// Something is being made on a target: whoever interrupts waits until it is undone. Ends when
/// dropped.
#[derive(Debug)]
#[must_use]
pub struct InHand(());

impl InHand {
    /// From now on something may be live on this target that is not finished.
    pub fn on(target: &str) -> Self {
        if let Ok(mut in_hand) = IN_HAND.lock() {
            *in_hand = Some(target.to_owned());
        }
        Self(())
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        if let Ok(mut in_hand) = IN_HAND.lock() {
            *in_hand = None;
        }
    }
}

/// The target on which something that is not finished may be live.
#[must_use]
pub fn in_hand() -> Option<String> {
    IN_HAND.lock().ok().and_then(|in_hand| in_hand.clone())
}

/// Whether the program was asked to end.
#[must_use]
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Waits for something to be typed or piped in, or for Ctrl-C: a read that a signal interrupts
/// begins again by itself, so that it waits on a thread of its own.
///
/// # Errors
/// Fails as `read` does, and when the program was asked to end.
pub fn unless_interrupted<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (tell, told) = mpsc::channel();
    std::thread::Builder::new().name("input".into()).spawn(move || tell.send(read()))?;
    loop {
        match told.recv_timeout(Duration::from_millis(50)) {
            Ok(answer) => {
                // The terminal may say it before the signal is heard.
                if answer.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::Interrupted) {
                    interrupt();
                }
                return answer;
            }
            Err(RecvTimeoutError::Timeout) if !is_interrupted() => {}
            Err(_) => return Err(io::ErrorKind::Interrupted.into()),
        }
    }
}

/// Asks for a secret without showing it, and leaves the terminal as it was even when the question
/// is broken off.
fn hidden(question: &str) -> io::Result<Secret> {
    let terminal = std::fs::File::open("/dev/tty")?;
    let before = rustix::termios::tcgetattr(&terminal)?;
    let now = rustix::termios::OptionalActions::Now;
    // Before the question is seen: what is pasted at once must not be shown either.
    let mut silent = before.clone();
    silent.local_modes.remove(rustix::termios::LocalModes::ECHO);
    rustix::termios::tcsetattr(&terminal, now, &silent)?;
    let prompt = format!("{question} ");
    let answer = unless_interrupted(|| rpassword::prompt_password(prompt).map(Secret::new));
    let _ = rustix::termios::tcsetattr(&terminal, now, &before);
    answer
}

/// What moves on the screen, if anything does.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn shown(bar: Option<ProgressBar>) {
    if let Ok(mut shown) = SHOWN.lock() {
        *shown = bar;
    }
}

/// Nothing moves, and nothing is painted over, while somebody is asked.
fn while_still<T>(ask: impl FnOnce() -> T) -> T {
    let bar = SHOWN.lock().ok().and_then(|shown| shown.clone());
    match bar {
        Some(bar) => bar.suspend(ask),
        None => ask(),
    }
}

/// Something that goes on. It disappears when dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    timings: Option<Instant>,
}

impl Progress {
    /// Says what is going on now.
    pub fn step(&self, text: &str) {
        say_time(self.timings, text);
        self.bar.set_message(text.to_owned());
    }

    /// Counts one more as done.
    pub fn advance(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        shown(None);
        self.bar.finish_and_clear();
    }
}

fn say_time(started: Option<Instant>, step: &str) {
    if let Some(started) = started {
        let elapsed = started.elapsed().as_secs_f64() * 1000.0;
        write_err(&format!("timing: {elapsed:.1} {step}\n"));
    }
}

/// An error as it stands in a JSON document.
fn error_document(error: &Error) -> Value {
    json!({
        "kind": error.kind.id(),
        "exit_code": error.kind.exit_code(),
        "id": error.id,
        "message": error.message,
        "causes": error.causes,
        "hints": error.hints,
        "broken": error.more.documents,
    })
}

/// One cell of a table: its text, and how it is meant.
#[derive(Debug, Clone)]
pub struct Cell(Tone, String);

impl Cell {
    /// A cell that stands out.
    #[must_use]
    pub fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self(tone, text.into())
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self(Tone::Plain, text.into())
    }
}

/// A column of a table: its heading, and how soon it goes where the window is narrow.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    heading: Id,
    /// 0 stays in any case; of the others the highest goes first.
    rank: u8,
    /// Free text may be cut; ids and names are not.
    may_be_cut: bool,
}

impl Column {
    /// A column of ids, names or numbers: shown whole or not at all.
    #[must_use]
    pub const fn new(heading: Id, rank: u8) -> Self {
        Self { heading, rank, may_be_cut: false }
    }

    /// A column of sentences, which are cut where the window is narrow.
    #[must_use]
    pub const fn text(heading: Id, rank: u8) -> Self {
        Self { heading, rank, may_be_cut: true }
    }
}

/// The longest cell of a table, in characters.
const CELL_LIMIT: usize = 200;

/// Free text is not cut to less than this.
const SHORTEST_TEXT: usize = 16;

/// How many characters go between two columns.
const GAP: usize = 2;

/// A table for people: no borders, a header. Nothing wraps: where the window is narrow, free text is
/// cut, then columns go by their rank, and the last line says which.
#[must_use]
pub fn table(columns: &[Column], rows: Vec<Vec<Cell>>) -> String {
    let window = window_width();
    table_in(columns, rows, window)
}

/// The columns of the terminal that standard output is; `None` where it is none.
fn window_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

fn table_in(columns: &[Column], rows: Vec<Vec<Cell>>, window: Option<usize>) -> String {
    let clean = |Cell(tone, text)| Cell(tone, text::one_line(&text, CELL_LIMIT));
    let mut rows: Vec<Vec<Cell>> =
        rows.into_iter().map(|row| row.into_iter().map(clean).collect()).collect();
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let mut widths = laid_out(columns, &shown, &rows).column_max_content_widths();
    let window = window.unwrap_or(usize::MAX);
    let total = |shown: &[usize], widths: &[u16]| {
        let used = shown.iter().filter_map(|at| widths.get(*at)).map(|w| usize::from(*w) + GAP);
        used.sum::<usize>().saturating_sub(GAP)
    };
    for (at, column) in columns.iter().enumerate().filter(|(_, column)| column.may_be_cut) {
        let too_much = total(&shown, &widths).saturating_sub(window);
        let Some(width) = widths.get_mut(at).filter(|_| too_much > 0) else { continue };
        let least = SHORTEST_TEXT.max(column.heading.text().chars().count());
        let fits = usize::from(*width).saturating_sub(too_much).max(least);
        if fits < usize::from(*width) {
            for cell in rows.iter_mut().filter_map(|row| row.get_mut(at)) {
                cell.1 = shortened(&cell.1, fits);
            }
            *width = u16::try_from(fits).unwrap_or(u16::MAX);
        }
    }
    let mut gone = Vec::new();
    while total(&shown, &widths) > window {
        let rank = |at: &usize| columns.get(*at).map_or(0, |column| column.rank);
        let last = shown.iter().copied().max_by_key(rank).filter(|at| rank(at) > 0);
        let Some(last) = last else { break };
        shown.retain(|at| *at != last);
        gone.extend(columns.get(last).map(|column| column.heading.text()));
    }
    let table = laid_out(columns, &shown, &rows);
    // Lines that end in spaces are a nuisance to copy.
    let mut text: String = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    if !gone.is_empty() {
        gone.reverse();
        let told = message::text("columns-not-shown", &[("columns", gone.join(", ").into())]);
        text.push_str(&format!("{}\n", paint(Tone::Faint, &told)));
    }
    text
}

/// A text of at most so many characters.
fn shortened(text: &str, limit: usize) -> String {
    text::cut(text, limit)
}

fn laid_out(columns: &[Column], shown: &[usize], rows: &[Vec<Cell>]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    // Whether the stream shows colours is decided where it is written.
    table.enforce_styling();
    let heading = |at: &usize| columns.get(*at).map(|column| column.heading.text().to_uppercase());
    table.set_header(shown.iter().filter_map(heading));
    for row in rows {
        table.add_row(shown.iter().filter_map(|at| row.get(*at)).map(|Cell(tone, text)| {
            let cell = comfy_table::Cell::new(text);
            match tone {
                Tone::Good => cell.fg(comfy_table::Color::DarkGreen),
                Tone::Bad => cell.fg(comfy_table::Color::DarkRed),
                Tone::Warn => cell.fg(comfy_table::Color::DarkYellow),
                Tone::Strong | Tone::Faint | Tone::Plain => cell,
            }
        }));
    }
    let padding = (0, u16::try_from(GAP).unwrap_or(2));
    table.column_iter_mut().for_each(|column| {
        column.set_padding(padding);
    });
    table
}

/// What stands before a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// The word with this id.
    #[must_use]
    pub fn of(id: &str) -> Self {
        Self(message::text(id, &[]))
    }

    /// What another program calls it, in every language.
    #[must_use]
    pub fn name(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// What was said in the reader's language already.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self(text)
    }

    /// None: the line goes on with what the one before is about.
    #[must_use]
    pub fn none() -> Self {
        Self(String::new())
    }
}

/// `name  value` lines with the values aligned. A value is one line, whatever stands in it.
#[must_use]
pub fn fields(pairs: &[(Label, String)]) -> String {
    fields_after("", pairs)
}

/// The same below what they are about.
#[must_use]
pub fn fields_within(pairs: &[(Label, String)]) -> String {
    fields_after("  ", pairs)
}

fn fields_after(indent: &str, pairs: &[(Label, String)]) -> String {
    let width = pairs.iter().map(|(Label(name), _)| name.chars().count()).max().unwrap_or(0) + 2;
    pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(Label(name), value)| {
            let padded = format!("{indent}{name:<width$}");
            let name = paint(Tone::Faint, &padded);
            format!("{name}{}\n", line(value))
        })
        .collect()
}

/// A text as one bounded line, with our own colours and nothing else that steers a terminal.
#[must_use]
pub fn line(text: &str) -> String {
    let text = harmless(text);
    let text = text.trim();
    let mut kept = String::with_capacity(text.len());
    let (mut count, mut in_colour) = (0, false);
    for c in text.chars() {
        in_colour |= c == '\u{1b}';
        if !in_colour {
            count += 1;
            if count > LINE_LIMIT {
                return kept + "…\u{1b}[0m";
            }
        }
        in_colour &= c != 'm';
        kept.push(if c.is_whitespace() { ' ' } else { c });
    }
    kept
}

/// The longest line of a message, in characters. Names and texts of others stand in them.
const LINE_LIMIT: usize = 1500;

/// A message as one line that cannot steer a terminal, whatever was typed or came from elsewhere.
pub(crate) fn one_line(text: &str) -> String {
    text::one_line(text, LINE_LIMIT)
}

/// The last look at everything that is printed for people: line breaks and our own colours, and
/// nothing else that steers a terminal or makes a text read in another order.
pub(crate) fn harmless(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            let mut code = rest.clone();
            let is_code = code.next() == Some('[')
                && code.find(|c| !c.is_ascii_digit() && *c != ';') == Some('m');
            if is_code {
                kept.push(c);
            }
        } else if c == '\n' || !text::is_steering(c) {
            kept.push(c);
        }
    }
    kept
}

/// A JSON document in which such characters are written as escapes: they stand in strings only.
pub(crate) fn escaped(document: &str) -> String {
    let mut kept = String::with_capacity(document.len());
    for c in document.chars() {
        if c == '\n' || !text::is_steering(c) {
            kept.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                kept.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    kept
}

/// What a line is, before it.
fn mark(tone: Tone, id: Id) -> String {
    paint(tone, &id.text())
}

fn with_newline(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// Whether something that was to be printed on standard output was lost.
static LOST: AtomicBool = AtomicBool::new(false);

/// Whether data was lost on its way to standard output: a full disk, not a reader that went away.
#[must_use]
pub fn lost_data() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// A broken pipe ends the program quietly with 0: who reads `list | head` wants no complaint.
fn write_out(text: &str) {
    let mut out = anstream::stdout().lock();
    if let Err(e) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
        && e.kind() != io::ErrorKind::BrokenPipe
    {
        LOST.store(true, Ordering::Relaxed);
        let told = message::text("output-lost", &[("why", message::Arg::of(e))]);
        write_err(&format!("{} {told}\n", mark(Tone::Bad, Id("mark.error"))));
    }
}

fn write_err(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::new(Id("label.id"), 0),
        Column::text(Id("label.makes"), 0),
        Column::new(Id("label.name"), 1),
        Column::new(Id("label.from"), 2),
    ];

    fn rows() -> Vec<Vec<Cell>> {
        vec![
            vec![
                "k7m2x9abcd".into(),
                Cell::toned(Tone::Bad, "a sentence of some length, nothing else"),
                "Jane Doe-Van-Der-Berg".into(),
                "x".into(),
            ],
            vec!["b".into(), "short".into(), "J".into(), "sp-msp4711-jane-k7m2x".into()],
        ]
    }

    /// What a terminal shows of it.
    fn shown(text: &str) -> Vec<String> {
        let bare = anstream::adapter::strip_str(text).to_string();
        bare.lines().map(str::to_owned).collect()
    }

    #[test]
    fn no_line_of_a_table_is_longer_than_the_window_and_no_name_is_cut() {
        for window in [120, 80, 60, 40] {
            let text = table_in(&COLUMNS, rows(), Some(window));
            let lines = shown(&text);
            let whole = lines.iter().filter(|line| !line.starts_with("not shown: "));
            for line in whole.clone() {
                assert!(line.chars().count() <= window, "{window}: {line}");
            }
            assert_eq!(whole.count(), 3, "{text}");
            assert!(lines[1].starts_with("k7m2x9abcd  a sentence"), "{text}");
        }
        let wide = shown(&table_in(&COLUMNS, rows(), Some(120)));
        assert!(wide[1].contains("nothing else  Jane Doe-Van-Der-Berg  x"), "{wide:?}");
        let narrow = shown(&table_in(&COLUMNS, rows(), Some(40)));
        assert!(narrow[3].ends_with("not shown: name, from"), "{narrow:?}");
    }

    #[test]
    fn a_cell_or_a_field_is_one_bounded_line_whatever_stands_in_it() {
        let text = format!("a\nFORGED  line\r\u{1b}[2J\u{202e}{}", "x".repeat(10_000));
        let table = table_in(&COLUMNS, vec![vec![text.as_str().into(), "b".into()]], None);
        assert_eq!(table.lines().count(), 2, "{table}");
        let fields = fields(&[
            (Label::of("label.name"), text.clone()),
            (Label::of("label.state"), paint(Tone::Bad, "open")),
        ]);
        assert_eq!(fields.lines().count(), 2, "{fields}");
        for shown in [&table, &fields] {
            assert!(!shown.contains("[2J") || !shown.contains("\u{1b}[2J"), "{shown}");
            assert!(shown.chars().count() < 2 * LINE_LIMIT && shown.contains('…'), "{shown}");
        }
        assert!(fields.contains(&paint(Tone::Bad, "open")), "{fields}");
    }
}
