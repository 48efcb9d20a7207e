//! Texts that are too long to be held, and files that are no text: read piece by piece, in a memory
//! that does not grow with them and is wiped.
//!
//! What the first bytes are decides how the rest is read. A text, in UTF-8, UTF-16 or Latin-1, is
//! looked through in windows that overlap: every finding has as much around it as a name can be
//! away from its value. Anything else is searched for runs of text, as strings(1) does: that is
//! where pictures have their comments, EXIF and XMP; what PNG packs of it is unpacked
//! (`picture`).

use zeroize::Zeroizing;

use super::picture::Png;
use super::{Finding, finding, moved, scan};

/// So much text is looked at in one go, in bytes.
const WINDOW: usize = 96 * 1024;
/// What is decided only when so much has come behind it: a private key is the longest.
const AHEAD: usize = 16 * 1024;
/// What stays in front of what is decided.
const BEHIND: usize = 4 * 1024;
/// So many bytes decide what a file is.
const HEAD: usize = 4 * 1024;
/// More findings than these are only counted.
const MOST: usize = 10_000;
/// The fewest characters of a run of text in a file that is none.
const SHORTEST_RUN: usize = 6;

/// How much of a file could be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All of it: it is text.
    Text,
    /// A picture: what is written about it, and not what can be seen on it.
    Picture,
    /// A file whose inside may be packed: only what is plain text in it.
    Packed,
}

/// What was found in a file.
#[derive(Debug)]
pub struct Report {
    /// Where, the first ten thousand.
    pub found: Vec<Found>,
    /// How many there are in all.
    pub count: usize,
    /// How much could be looked at.
    pub read: Read,
    /// How many bytes came.
    pub bytes: u64,
}

/// A finding, and where it stands in a file that has no lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What was found. Its line and column are those of the run of text where there is an offset.
    pub finding: Finding,
    /// The byte in a file that is no text.
    pub offset: Option<u64>,
}

/// Looks through what comes in pieces.
#[derive(Debug)]
pub struct Scanner {
    state: State,
    report: Report,
}

#[derive(Debug)]
enum State {
    /// What came first, until it is enough to know what it is.
    Head(Zeroizing<Vec<u8>>),
    Text(Text),
    Binary(Box<Binary>),
}

impl Default for Scanner {
    fn default() -> Self {
        let report = Report { found: Vec::new(), count: 0, read: Read::Text, bytes: 0 };
        Self { state: State::Head(Zeroizing::new(Vec::with_capacity(HEAD))), report }
    }
}

impl Scanner {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.report.bytes += bytes.len() as u64;
        let State::Head(head) = &mut self.state else { return self.feed(bytes) };
        let (first, rest) = bytes.split_at(bytes.len().min(HEAD - head.len()));
        head.extend_from_slice(first);
        if head.len() == HEAD {
            self.begin();
            self.feed(rest);
        }
    }

    /// There is no more: what was found.
    #[must_use]
    pub fn finish(mut self) -> Report {
        if matches!(self.state, State::Head(_)) {
            self.begin();
        }
        match &mut self.state {
            State::Head(_) => {}
            State::Text(text) => text.end(&mut self.report),
            State::Binary(binary) => binary.end(&mut self.report),
        }
        self.report.found.sort_by_key(|one| one.offset);
        self.report
    }

    fn begin(&mut self) {
        let State::Head(head) = &mut self.state else { return };
        let head = std::mem::take(head);
        let (encoding, mark) = Encoding::of(&head);
        // All the room from the start: what grows leaves copies behind. A file that ends within its
        // head needs little, and there are many of those.
        let room = if head.len() < HEAD { 4 * HEAD } else { WINDOW + 64 * 1024 };
        match encoding {
            Some(encoding) => self.state = State::Text(Text::new(encoding, room)),
            None => {
                self.report.read = if is_picture(&head) { Read::Picture } else { Read::Packed };
                self.state = State::Binary(Box::new(Binary::new(&head, room)));
            }
        }
        self.feed(head.get(mark..).unwrap_or_default());
    }

    fn feed(&mut self, bytes: &[u8]) {
        // A piece that is larger than the buffers would make them grow, and leave copies behind.
        for piece in bytes.chunks(16 * 1024) {
            match &mut self.state {
                State::Head(_) => {}
                State::Text(text) => text.push(piece, &mut self.report),
                State::Binary(binary) => binary.push(piece, &mut self.report),
            }
        }
    }
}

impl Report {
    pub(super) fn add(&mut self, found: Found) {
        self.count += 1;
        if self.found.len() < MOST {
            self.found.push(found);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// And, byte by byte, Latin-1 where it is not.
    Utf8,
    Utf16Little,
    Utf16Big,
}

impl Encoding {
    /// By the mark at the beginning, or by the zeros in it; and how long the mark is. Nothing for
    /// what is no text.
    fn of(head: &[u8]) -> (Option<Self>, usize) {
        match head {
            [0xef, 0xbb, 0xbf, ..] => return (Some(Self::Utf8), 3),
            [0xff, 0xfe, ..] => return (Some(Self::Utf16Little), 2),
            [0xfe, 0xff, ..] => return (Some(Self::Utf16Big), 2),
            _ => {}
        }
        if is_picture(head) || is_packed(head) {
            return (None, 0);
        }
        let zeros = |odd: usize| {
            head.iter().enumerate().filter(|(at, byte)| at % 2 == odd && **byte == 0).count()
        };
        let (even, odd) = (zeros(0), zeros(1));
        let pairs = head.len() / 2;
        let is_wide = |zeros: usize, others: usize| {
            pairs > 1 && zeros > pairs * 3 / 4 && others <= pairs / 16
        };
        if is_wide(odd, even) {
            return (Some(Self::Utf16Little), 0);
        }
        if is_wide(even, odd) {
            return (Some(Self::Utf16Big), 0);
        }
        // A log with a zero in it is a log; what has many is none.
        let controls = head.iter().filter(|byte| **byte < 8 || (14..27).contains(*byte)).count();
        let is_text = controls * 32 <= head.len();
        (is_text.then_some(Self::Utf8), 0)
    }
}

fn is_picture(head: &[u8]) -> bool {
    let starts: [&[u8]; 6] =
        [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM"];
    let container = head.get(4..12).unwrap_or_default();
    let webp = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    let heic = container.starts_with(b"ftyp");
    let bitmap = head.starts_with(b"BM") && head.get(6..10) != Some(&[0; 4]);
    webp || heic || !bitmap && starts.iter().any(|start| head.starts_with(start))
}

fn is_packed(head: &[u8]) -> bool {
    let starts: [&[u8]; 8] = [
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"%PDF-",
        b"7z\xbc\xaf",
        b"Rar!",
        b"\xfd7zXZ",
        b"BZh",
        b"\x28\xb5\x2f\xfd",
    ];
    starts.iter().any(|start| head.starts_with(start))
}

/// A text, decoded as it comes.
#[derive(Debug)]
struct Text {
    encoding: Encoding,
    /// Bytes of a character that is not whole yet.
    carried: Zeroizing<Vec<u8>>,
    window: Zeroizing<String>,
    /// What stands before it in the window was decided before.
    decided: usize,
    /// How far into the window the last finding reaches.
    covered: usize,
    /// Where the window begins.
    place: (usize, usize),
}

impl Text {
    fn new(encoding: Encoding, room: usize) -> Self {
        Self {
            encoding,
            carried: Zeroizing::new(Vec::with_capacity(room.min(32 * 1024))),
            // Latin-1 takes twice as many bytes here, UTF-16 up to 1.5 times.
            window: Zeroizing::new(String::with_capacity(room)),
            decided: 0,
            covered: 0,
            place: (1, 1),
        }
    }

    fn push(&mut self, piece: &[u8], report: &mut Report) {
        self.carried.extend_from_slice(piece);
        self.decode(false);
        if self.window.len() >= WINDOW {
            self.look(false, report);
        }
    }

    fn end(&mut self, report: &mut Report) {
        self.decode(true);
        self.look(true, report);
    }

    fn decode(&mut self, is_last: bool) {
        let used = match self.encoding {
            Encoding::Utf8 => decode_utf8(&self.carried, is_last, &mut self.window),
            Encoding::Utf16Little => {
                decode_utf16(&self.carried, u16::from_le_bytes, is_last, &mut self.window)
            }
            Encoding::Utf16Big => {
                decode_utf16(&self.carried, u16::from_be_bytes, is_last, &mut self.window)
            }
        };
        self.carried.drain(..used);
    }

    fn look(&mut self, is_last: bool, report: &mut Report) {
        let until = match is_last {
            true => self.window.len(),
            false => boundary(&self.window, self.window.len().saturating_sub(AHEAD)),
        };
        let (mut at, mut place) = (0, self.place);
        for span in scan::spans(&self.window) {
            let is_new = span.start >= self.decided && span.start >= self.covered;
            if !is_new || !is_last && span.start >= until {
                continue;
            }
            place = moved(place, self.window.get(at..span.start).unwrap_or_default());
            at = span.start;
            let secret = self.window.get(span.start..span.end).unwrap_or_default();
            let finding = finding(span.kind, place.0, place.1, secret);
            report.add(Found { finding, offset: None });
            self.covered = span.end;
        }
        if is_last {
            return;
        }
        // Where a word ends, so that what stays does not begin within one.
        let from = until.saturating_sub(BEHIND);
        let from = boundary(&self.window, from);
        let kept = self.window.get(from..until).unwrap_or_default();
        let from = kept.find(char::is_whitespace).map_or(from, |at| from + at);
        self.place = moved(self.place, self.window.get(..from).unwrap_or_default());
        self.window.drain(..from);
        self.decided = until - from;
        self.covered = self.covered.saturating_sub(from);
    }
}

/// The next beginning of a character at or before a byte.
fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// How many bytes were used.
fn decode_utf8(bytes: &[u8], is_last: bool, text: &mut String) -> usize {
    let mut used = 0;
    loop {
        let left = bytes.get(used..).unwrap_or_default();
        match std::str::from_utf8(left) {
            Ok(valid) => {
                text.push_str(valid);
                return bytes.len();
            }
            Err(error) => {
                let valid = left.get(..error.valid_up_to()).unwrap_or_default();
                text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                used += valid.len();
                if error.error_len().is_none() && !is_last {
                    return used;
                }
                // Latin-1, where every byte is the character of its number.
                text.extend(bytes.get(used).map(|byte| char::from(*byte)));
                used += 1;
            }
        }
    }
}

/// How many bytes were used.
fn decode_utf16(
    bytes: &[u8],
    number: fn([u8; 2]) -> u16,
    is_last: bool,
    text: &mut String,
) -> usize {
    let (pairs, _) = bytes.as_chunks::<2>();
    let mut count = pairs.len();
    // Half a pair of surrogates waits for the other half.
    if !is_last && pairs.last().is_some_and(|last| matches!(number(*last), 0xd800..=0xdbff)) {
        count -= 1;
    }
    let units = pairs.iter().take(count).map(|pair| number(*pair));
    text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    if is_last { bytes.len() } else { count * 2 }
}

/// A file that is no text: runs of text in it, of one byte a character or of two.
#[derive(Debug)]
struct Binary {
    narrow: Run,
    wide: Run,
    /// The character of two bytes that waits for its zero.
    waiting: bool,
    at: u64,
    png: Option<Png>,
}

#[derive(Debug)]
struct Run {
    bytes: Zeroizing<Vec<u8>>,
    start: u64,
    width: u64,
}

impl Run {
    fn new(width: u64, room: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(room)), start: 0, width }
    }

    fn take(&mut self, byte: u8, at: u64, report: &mut Report) {
        if self.bytes.is_empty() {
            self.start = at;
        }
        self.bytes.push(byte);
        // So long a run is of no picture; what is cut in two is found in neither.
        if self.bytes.len() == WINDOW {
            self.end(report);
        }
    }

    fn end(&mut self, report: &mut Report) {
        if self.bytes.len() >= SHORTEST_RUN {
            let mut from = 0;
            for chunk in self.bytes.utf8_chunks() {
                for span in scan::spans(chunk.valid()) {
                    let secret = chunk.valid().get(span.start..span.end).unwrap_or_default();
                    let offset = self.start + (from + span.start) as u64 * self.width;
                    let finding = finding(span.kind, 1, 1, secret);
                    report.add(Found { finding, offset: Some(offset) });
                }
                from += chunk.valid().len() + chunk.invalid().len();
            }
        }
        zeroize::Zeroize::zeroize(self.bytes.as_mut_slice());
        self.bytes.clear();
    }
}

impl Binary {
    fn new(head: &[u8], room: usize) -> Self {
        let png = head.starts_with(b"\x89PNG").then(Png::default);
        Self { narrow: Run::new(1, room), wide: Run::new(2, room), waiting: false, at: 0, png }
    }

    fn push(&mut self, piece: &[u8], report: &mut Report) {
        for byte in piece {
            let is_text = matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
            if is_text || *byte >= 0x80 {
                self.narrow.take(*byte, self.at, report);
            } else {
                self.narrow.end(report);
            }
            self.take_wide(*byte, is_text, report);
            self.at += 1;
        }
        if let Some(png) = &mut self.png {
            png.push(piece, report);
        }
    }

    fn take_wide(&mut self, byte: u8, is_text: bool, report: &mut Report) {
        if self.waiting && byte == 0 {
            self.waiting = false;
            return;
        }
        if self.waiting {
            // The last one was none of two bytes.
            self.wide.bytes.pop();
            self.wide.end(report);
        }
        self.waiting = is_text;
        if is_text {
            self.wide.take(byte, self.at, report);
        } else {
            self.wide.end(report);
        }
    }

    fn end(&mut self, report: &mut Report) {
        self.narrow.end(report);
        self.wide.end(report);
    }
}
