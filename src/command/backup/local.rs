//! A backup on the merchant's computer, read as `server.sh` reads one on the server: the same facts, from one
//! pass over a stream, with bounds on time and on whatever an archive says of itself.
//!
//! tar is read here and by no crate: what matters is whether the end mark is there, and that a name of a
//! gigabyte is not kept.

use std::collections::HashMap;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant, UNIX_EPOCH};

use flate2::read::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::{Error, Kind, Result};
use crate::message::{self, Arg};
use crate::policy::{
    BackupFact, BackupRead, Fault, Form, Packing, ShopFacts, TablesRead, core_tables,
};

/// A block of tar, and of what is read at the beginning to see what a file is.
const BLOCK: usize = 512;

/// The longest name that is looked at, in bytes.
const NAME: u64 = 4096;

/// The largest list of a ZIP archive, in bytes: it is in memory as a whole, several times over.
const ZIP_LIST: u64 = 32 << 20;

/// Reads one.
///
/// # Errors
/// Fails when the reading itself breaks off; what is wrong with the file is an answer.
pub(super) async fn read(path: &str, shop: &ShopFacts, limit: Duration) -> Result<BackupFact> {
    let (path, shop) = (path.to_owned(), shop.clone());
    let until = Instant::now() + limit;
    // Elsewhere than where the connection to the server is kept alive.
    let reading = tokio::task::spawn_blocking(move || look(Path::new(&path), &shop, until));
    reading.await.map_err(|e| Error::of(Kind::Internal, "backup-not-read", &[]).because(e))
}

fn look(path: &Path, shop: &ShopFacts, until: Instant) -> BackupFact {
    match path.metadata() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return BackupFact::Missing,
        Err(e) => return BackupFact::Unreadable(e.to_string()),
        Ok(metadata) if !metadata.is_file() => return BackupFact::NoFile,
        Ok(_) => {}
    }
    let opened = open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (before, mut file) = match opened {
        Ok((metadata, _)) if !metadata.is_file() => return BackupFact::NoFile,
        Ok(opened) => opened,
        Err(e) => return BackupFact::Unreadable(e.to_string()),
    };
    let mut read =
        BackupRead { size: before.len(), modified_at: seconds(&before), ..BackupRead::default() };
    if let Err(e) = contents(&mut file, shop, until, &mut read) {
        read.fault = Some(match e {
            Stop::Tool(why) => Fault::Tool(why),
            Stop::Io(e) if e.kind() == io::ErrorKind::TimedOut => Fault::TooMuch,
            Stop::TooMuch => Fault::TooMuch,
            Stop::Io(_) => Fault::Broken,
        });
    }
    let after = path.metadata();
    read.changed = !after.is_ok_and(|after| is_same(&before, &after));
    BackupFact::Read(Box::new(read))
}

/// Where a pipe has taken the file's place meanwhile, nobody waits for its other end.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(unix)]
fn is_same(before: &Metadata, after: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (before.ino(), before.dev()) == (after.ino(), after.dev()) && is_unchanged(before, after)
}

#[cfg(not(unix))]
fn is_same(before: &Metadata, after: &Metadata) -> bool {
    is_unchanged(before, after)
}

fn is_unchanged(before: &Metadata, after: &Metadata) -> bool {
    before.len() == after.len() && before.modified().ok() == after.modified().ok()
}

fn seconds(metadata: &Metadata) -> i64 {
    let since = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(0)
}

/// Why reading stopped.
enum Stop {
    Io(io::Error),
    Tool(String),
    TooMuch,
}

impl From<io::Error> for Stop {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

/// A reader with an end in time.
struct Until<R>(R, Instant);

impl<R: Read> Read for Until<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if Instant::now() >= self.1 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.0.read(buffer)
    }
}

impl<R: io::Seek> io::Seek for Until<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

fn contents(
    file: &mut File,
    shop: &ShopFacts,
    until: Instant,
    read: &mut BackupRead,
) -> std::result::Result<(), Stop> {
    read.sha256 = hash(&mut Until(&*file, until))?;
    let head = head_of(file, |file| file)?;
    read.packing = match head.as_slice() {
        [0x1f, 0x8b, ..] => Packing::Gz,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
        [b'B', b'Z', b'h', ..] => Packing::Bz2,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zst,
        _ => Packing::None,
    };
    if matches!(read.packing, Packing::Xz | Packing::Bz2 | Packing::Zst) {
        return Err(Stop::Tool(message::text(
            "backup-tool.packing",
            &[("packing", Arg::of(read.packing.as_ref()))],
        )));
    }
    let (mut files, mut dump) = (Files::of(shop), Dump::of(shop));
    let outcome = if let [b'P', b'K', 3 | 5, 4 | 6, ..] = head.as_slice() {
        read.form = Form::Zip;
        archive_zip(file, until, &mut files, &mut dump).map(|()| true)
    } else if read.packing == Packing::Gz {
        let inner = head_of(file, |file| MultiGzDecoder::new(BufReader::new(file)))?;
        file.rewind()?;
        let stream = Until(MultiGzDecoder::new(BufReader::new(&*file)), until);
        unpacked(stream, &inner, read, &mut files, &mut dump)
    } else {
        file.rewind()?;
        unpacked(Until(BufReader::new(&*file), until), &head, read, &mut files, &mut dump)
    };
    let dumps = dump.finish();
    read.ended = matches!(outcome, Ok(true)) && dumps;
    read.tables = dump.tables();
    (read.entries, read.bytes) = (files.entries, files.bytes);
    (read.config, read.files) = files.best();
    outcome.map(|_| ())
}

/// SHA-256 of all of it, in hex.
fn hash(stream: &mut impl Read) -> io::Result<String> {
    let (mut hash, mut chunk) = (Sha256::new(), vec![0_u8; 64 * 1024]);
    loop {
        let count = stream.read(&mut chunk)?;
        match chunk.get(..count) {
            Some(read) if !read.is_empty() => hash.update(read),
            _ => return Ok(data_encoding::HEXLOWER.encode(&hash.finalize())),
        }
    }
}

/// The first block of a file as it is read by something.
fn head_of<'a, R: Read>(
    file: &'a mut File,
    through: impl Fn(&'a File) -> R,
) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut head = Vec::with_capacity(BLOCK);
    let read = through(&*file).take(512).read_to_end(&mut head);
    // What does not unpack is found out where all of it is read.
    if head.is_empty() { read.map(|_| head) } else { Ok(head) }
}

/// Reads a tar, or else a dump, to its end. Whether a tar has its end mark.
fn unpacked(
    mut stream: impl Read,
    head: &[u8],
    read: &mut BackupRead,
    files: &mut Files,
    dump: &mut Dump,
) -> std::result::Result<bool, Stop> {
    if head.get(257..262) == Some(b"ustar") {
        read.form = Form::Tar;
        let ended = archive_tar(&mut stream, files, dump)?;
        // What packs it is whole at its own end only.
        io::copy(&mut stream, &mut io::sink())?;
        return Ok(ended);
    }
    read.form = Form::Text;
    io::copy(&mut stream, dump)?;
    Ok(true)
}

/// Reads a tar: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Header Block"; long names and large
/// sizes as GNU writes them.
fn archive_tar(stream: &mut impl Read, files: &mut Files, dump: &mut Dump) -> io::Result<bool> {
    let (mut long, mut size_said) = (None::<Vec<u8>>, None::<u64>);
    loop {
        let Some(block) = block(stream)? else { return Ok(false) };
        if block.iter().all(|byte| *byte == 0) {
            return Ok(self::block(stream)?.is_some_and(|next| next.iter().all(|byte| *byte == 0)));
        }
        let field = |from: usize, length: usize| block.get(from..from + length).unwrap_or_default();
        if !is_sound(&block) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let size = number(field(124, 12)).ok_or(io::ErrorKind::InvalidData)?;
        match field(156, 1) {
            b"L" => {
                let name = some_of(stream, size, NAME)?;
                long = Some(until_zero(&name).to_vec());
                continue;
            }
            b"x" => {
                let records = some_of(stream, size, 16 * NAME)?;
                (long, size_said) =
                    (pax(&records, b"path=").map(<[u8]>::to_vec).or(long), size_said);
                let said = pax(&records, b"size=").and_then(|text| std::str::from_utf8(text).ok());
                size_said = said.and_then(|text| text.parse().ok()).or(size_said);
                continue;
            }
            b"K" | b"g" => {
                skip(stream, padded(size))?;
                continue;
            }
            kind => {
                let size = size_said.take().unwrap_or(size);
                let name = long.take().unwrap_or_else(|| name(field(345, 155), field(0, 100)));
                if kind == b"S" {
                    let mut more = field(482, 1) != b"\0";
                    while more {
                        let extension = self::block(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
                        more = extension.get(504).is_some_and(|byte| *byte != 0);
                    }
                }
                let stored = if matches!(kind, b"1" | b"2") { 0 } else { size };
                if matches!(kind, b"0" | b"\0" | b"1" | b"7" | b"S") {
                    files.see(&name, stored);
                }
                if name.ends_with(b".sql") && stored > 0 {
                    let copied = io::copy(&mut stream.take(stored), dump)?;
                    dump.end_of_file();
                    if copied < stored {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    skip(stream, padded(stored) - stored)?;
                } else {
                    skip(stream, padded(stored))?;
                }
            }
        }
    }
}

/// The next block; none where the stream ends before it.
fn block(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut block = Vec::with_capacity(BLOCK);
    stream.take(512).read_to_end(&mut block)?;
    match block.len() {
        0 => Ok(None),
        BLOCK => Ok(Some(block)),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn padded(size: u64) -> u64 {
    size.checked_next_multiple_of(512).unwrap_or(u64::MAX)
}

fn skip(stream: &mut impl Read, bytes: u64) -> io::Result<()> {
    if io::copy(&mut stream.take(bytes), &mut io::sink())? < bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// At most `most` bytes of a record of `size`; the rest is passed over.
fn some_of(stream: &mut impl Read, size: u64, most: u64) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let kept_length = size.min(most);
    stream.take(kept_length).read_to_end(&mut kept)?;
    skip(stream, padded(size) - kept_length)?;
    Ok(kept)
}

/// Whether the sum in a header is that of its bytes, with blanks in the sum's own place.
fn is_sound(block: &[u8]) -> bool {
    let bytes = block.iter().enumerate();
    let sum: u64 =
        bytes.map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum();
    block.get(148..156).and_then(number) == Some(sum)
}

/// A number in octal digits, or, where the first bit is set, in bytes.
fn number(field: &[u8]) -> Option<u64> {
    if let [first, rest @ ..] = field
        && first & 0x80 != 0
    {
        let first = u64::from(first & 0x7f);
        return rest.iter().try_fold(first, |number, byte| {
            number.checked_mul(256)?.checked_add(u64::from(*byte))
        });
    }
    let text = std::str::from_utf8(until_zero(field)).ok()?.trim();
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn name(prefix: &[u8], name: &[u8]) -> Vec<u8> {
    let (prefix, name) = (until_zero(prefix), until_zero(name));
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

/// The value of a record `LENGTH KEY=VALUE` and a line break.
fn pax<'a>(mut records: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let mut found = None;
    while let Some(blank) = records.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(records.get(..blank)?).ok()?.parse().ok()?;
        let record = records.get(blank + 1..length)?;
        if let Some(value) = record.strip_prefix(key) {
            found = Some(value.strip_suffix(b"\n").unwrap_or(value));
        }
        records = records.get(length..)?;
    }
    found
}

fn archive_zip(
    file: &mut File,
    until: Instant,
    files: &mut Files,
    dump: &mut Dump,
) -> std::result::Result<(), Stop> {
    if list_of_zip(file)? > ZIP_LIST {
        return Err(Stop::TooMuch);
    }
    file.rewind()?;
    let mut archive =
        ZipArchive::new(BufReader::new(Until(&*file, until))).map_err(|e| stop(&e))?;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(|e| stop(&e))?;
        if entry.is_dir() {
            continue;
        }
        let is_dump = entry.name_raw().ends_with(b".sql");
        let name = entry.name_raw().to_vec();
        // To its end: there its sum is compared.
        let size = if is_dump {
            let size = io::copy(&mut entry, dump)?;
            dump.end_of_file();
            size
        } else {
            io::copy(&mut entry, &mut io::sink())?
        };
        files.see(&name, size);
        if Instant::now() >= until {
            return Err(Stop::TooMuch);
        }
    }
    Ok(())
}

fn stop(e: &ZipError) -> Stop {
    match e {
        ZipError::UnsupportedArchive(_) => Stop::Tool(message::text("backup-tool.encrypted", &[])),
        _ => Stop::Io(io::ErrorKind::InvalidData.into()),
    }
}

/// How large the list at the end of a ZIP archive says it is (APPNOTE.TXT 4.3.14 to 4.3.16).
fn list_of_zip(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(66 * 1024);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    (&*file).take(66 * 1024).read_to_end(&mut end)?;
    let little = |bytes: &[u8], at: usize, count: usize| -> Option<u64> {
        let bytes = bytes.get(at..at + count)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    let Some(at) = end.windows(4).rposition(|four| four == b"PK\x05\x06") else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let size = little(&end, at + 12, 4).unwrap_or(u64::MAX);
    let count = little(&end, at + 10, 2).unwrap_or(u64::MAX);
    if size != 0xffff_ffff && count != 0xffff {
        return Ok(size);
    }
    // The larger form has its place said right before.
    let place = at.checked_sub(20).and_then(|locator| little(&end, locator + 8, 8));
    let Some(place) = place else { return Ok(size) };
    file.seek(SeekFrom::Start(place))?;
    let mut head = Vec::new();
    (&*file).take(56).read_to_end(&mut head)?;
    if head.get(..4) == Some(b"PK\x06\x06") {
        return Ok(little(&head, 40, 8).unwrap_or(u64::MAX));
    }
    Ok(size)
}

/// What of the shop was seen below one folder of the archive.
#[derive(Default)]
struct Below {
    config: bool,
    count: usize,
    found: Vec<bool>,
}

/// The files of an archive.
struct Files {
    wanted: HashMap<String, usize>,
    config: String,
    below: HashMap<String, Below>,
    entries: u64,
    bytes: u64,
}

impl Files {
    fn of(shop: &ShopFacts) -> Self {
        let wanted = shop.sample.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        Self { wanted, config: shop.config.clone(), below: HashMap::new(), entries: 0, bytes: 0 }
    }

    fn see(&mut self, name: &[u8], size: u64) {
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(size);
        if name.len() > 1024 {
            return;
        }
        let name = String::from_utf8_lossy(name);
        let mut path = name.as_ref();
        while let Some(rest) = path.strip_prefix("./").or_else(|| path.strip_prefix('/')) {
            path = rest;
        }
        if path.split('/').any(|part| part == "..") {
            return;
        }
        let mut from = 0;
        for _ in 0..40 {
            let (Some(base), Some(rest)) = (path.get(..from), path.get(from..)) else { return };
            let at = self.wanted.get(rest).copied();
            let is_config = !rest.is_empty() && rest == self.config;
            if at.is_some() || is_config {
                self.hit(base, at, is_config, rest.contains('/') || is_config);
            }
            let Some(slash) = rest.find('/') else { return };
            from += slash + 1;
        }
    }

    /// Of folders where a file of a common name is there are many; one that says more has room after them.
    fn hit(&mut self, base: &str, at: Option<usize>, is_config: bool, telling: bool) {
        let room = if telling { 20_000 } else { 2_000 };
        if !self.below.contains_key(base) && self.below.len() >= room {
            return;
        }
        let below = self.below.entry(base.to_owned()).or_default();
        below.config |= is_config;
        below.found.resize(self.wanted.len(), false);
        if let Some(found) = at.and_then(|at| below.found.get_mut(at))
            && !*found
        {
            *found = true;
            below.count += 1;
        }
    }

    /// Whether the configuration is there, and which files are, below the folder that has most.
    fn best(self) -> (bool, Vec<bool>) {
        let best = self.below.into_values().max_by_key(|below| (below.config, below.count));
        best.map_or((false, vec![false; self.wanted.len()]), |best| (best.config, best.found))
    }
}

/// The most names of tables that are kept.
const TABLES: usize = 20_000;

/// What is kept of the beginning of a line, and of its end, in bytes: a line may be as long as a table.
const HEAD: usize = 400;
const TAIL: usize = 200;

/// A dump as it goes by.
struct Dump {
    core: &'static [&'static str],
    prefix: Option<String>,
    made: HashMap<String, bool>,
    head: Vec<u8>,
    tail: Vec<u8>,
    /// The beginning and the end of the last line that is not empty.
    last: (Vec<u8>, Vec<u8>),
    /// The last line that a dump that began like this has.
    awaited: Option<&'static str>,
    ended: bool,
    /// Whether every file before this one ended as it should.
    all_ended: bool,
    copied: Option<String>,
}

impl Dump {
    fn of(shop: &ShopFacts) -> Self {
        Self {
            core: core_tables(&shop.platform),
            prefix: shop.prefix.clone(),
            made: HashMap::new(),
            head: Vec::new(),
            tail: Vec::new(),
            last: (Vec::new(), Vec::new()),
            awaited: None,
            ended: false,
            all_ended: true,
            copied: None,
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..room).unwrap_or_default());
        let from = bytes.len().saturating_sub(TAIL);
        self.tail.extend_from_slice(bytes.get(from..).unwrap_or_default());
        let over = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..over);
    }

    fn line(&mut self) {
        let (head, tail) = (std::mem::take(&mut self.head), std::mem::take(&mut self.tail));
        let text = String::from_utf8_lossy(&head);
        let line = text.trim_end_matches('\r');
        self.statement(line);
        if !head.trim_ascii().is_empty() || !tail.trim_ascii().is_empty() {
            self.last = (head.clone(), tail);
        }
    }

    fn statement(&mut self, line: &str) {
        if let Some(copied) = self.copied.take()
            && line != "\\."
        {
            self.fill(&copied);
        }
        if line.starts_with("-- MySQL dump ") || line.starts_with("-- MariaDB dump ") {
            (self.awaited, self.ended) = (Some("-- Dump completed"), false);
        } else if line == "-- PostgreSQL database dump" {
            (self.awaited, self.ended) = (Some("-- PostgreSQL database dump complete"), false);
        } else if self.awaited.is_some_and(|awaited| line.starts_with(awaited)) {
            self.ended = true;
        }
        if !line.starts_with(['C', 'I', 'R', 'c', 'i', 'r']) {
            return;
        }
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        let is =
            |at: usize, word: &str| words.get(at).is_some_and(|w| w.eq_ignore_ascii_case(word));
        let name = |at: usize| words.get(at).and_then(|word| table(word));
        if is(0, "create") {
            let at = if is(1, "unlogged") { 2 } else { 1 };
            if is(at, "table") {
                let not_there = is(at + 1, "if") && is(at + 2, "not") && is(at + 3, "exists");
                let name = name(at + if not_there { 4 } else { 1 });
                if let Some(name) = name.filter(|_| self.made.len() < TABLES) {
                    self.made.entry(name).or_insert(false);
                }
            }
        } else if is(0, "insert") || is(0, "replace") {
            let at = if is(1, "ignore") { 2 } else { 1 };
            if is(at, "into")
                && let Some(name) = name(at + 1)
            {
                self.fill(&name);
            }
        } else if is(0, "copy") && line.to_ascii_uppercase().ends_with(" FROM STDIN;") {
            self.copied = name(1);
        }
    }

    fn fill(&mut self, name: &str) {
        if let Some(filled) = self.made.get_mut(name) {
            *filled = true;
        }
    }

    /// What comes next is another file, or nothing.
    fn end_of_file(&mut self) {
        if !self.head.is_empty() {
            self.line();
        }
        let (head, tail) = std::mem::take(&mut self.last);
        let begins = |start: &[u8]| head.starts_with(start);
        let comment: [&[u8]; 5] = [b"--", b"#", b"/*", b"\\.", b"\\unrestrict"];
        let done = tail.trim_ascii_end().ends_with(b";")
            || comment.iter().any(|start| begins(start))
            || head.to_ascii_uppercase().starts_with(b"DELIM");
        self.all_ended &= done && (self.awaited.is_none() || self.ended);
        self.awaited = None;
    }

    /// Whether all of it ended as it should.
    fn finish(&mut self) -> bool {
        if !self.head.is_empty() || !self.last.0.is_empty() {
            self.end_of_file();
        }
        self.made.is_empty() || self.all_ended
    }

    fn tables(&self) -> TablesRead {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let prefix = self.prefix.as_deref();
        let own = |name: &str| prefix.is_none_or(|prefix| name.starts_with(prefix));
        let is_core = |name: &str| match prefix {
            Some(prefix) => name.strip_prefix(prefix).is_some_and(|rest| self.core.contains(&rest)),
            None => self.core.iter().any(|core| name.ends_with(core)),
        };
        let core = self.made.iter().filter(|(name, _)| is_core(name)).take(300);
        TablesRead {
            made: count(self.made.len()),
            filled: count(self.made.values().filter(|filled| **filled).count()),
            own_filled: count(self.made.iter().filter(|(name, f)| **f && own(name)).count()),
            core: core.map(|(name, filled)| (name.clone(), *filled)).collect(),
        }
    }
}

impl io::Write for Dump {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        if let Some(first) = lines.next() {
            self.feed(first);
        }
        for next in lines {
            self.line();
            self.feed(next);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The name of a table, without its quotes and without its schema.
fn table(word: &str) -> Option<String> {
    let word = word.split(['(', ';']).next()?;
    let name = word.rsplit('.').next()?;
    let name: String = name.chars().filter(|c| !matches!(c, '"' | '`' | '[' | ']')).collect();
    (!name.is_empty() && name.len() <= 64).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn shop() -> ShopFacts {
        ShopFacts {
            platform: "wordpress".into(),
            config: "wp-config.php".into(),
            prefix: Some("s_".into()),
            files: 3,
            bytes: 30,
            sample: vec!["index.php".into(), "wp-content/a.php".into(), "wp-content/b.php".into()],
        }
    }

    /// One record of a tar, padded to whole blocks.
    fn record(name: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
        let mut block = vec![0_u8; BLOCK];
        block[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
        block[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        block[148..156].fill(b' ');
        block[156] = kind;
        block[257..263].copy_from_slice(b"ustar\0");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block.extend_from_slice(data);
        block.resize(block.len().next_multiple_of(BLOCK), 0);
        block
    }

    fn tar(records: &[Vec<u8>]) -> Vec<u8> {
        [records.concat(), vec![0; 2 * BLOCK]].concat()
    }

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, data) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(data).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn read_within(bytes: &[u8], limit: Duration) -> BackupRead {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        match look(file.path(), &shop(), Instant::now() + limit) {
            BackupFact::Read(read) => *read,
            other => panic!("{other:?}"),
        }
    }

    fn read(bytes: &[u8]) -> BackupRead {
        read_within(bytes, Duration::from_secs(60))
    }

    const SQL: &[u8] =
        b"-- MySQL dump 10.13\r\nCREATE TABLE IF NOT EXISTS `db`.`s_posts` (\r\n id int);\r\n\
        INSERT  IGNORE INTO `s_posts` VALUES (1);\r\nCREATE TABLE s_users(id int);\r\n\
        create table \"other\" (id int);\r\n-- Dump completed on 2026-11-30\r\n\r\n";

    fn whole() -> Vec<u8> {
        tar(&[
            record(b"www/shop/", b'5', b""),
            record(b"./www/shop/wp-config.php", b'0', b"0123456789"),
            record(
                b"././@LongLink",
                b'L',
                &[b"www/shop/./".as_slice(), &[b'x'; 200], b"\0"].concat(),
            ),
            record(b"cut", b'0', b"12345"),
            record(b"pax", b'x', b"34 path=www/shop/wp-content/a.php\n"),
            record(b"cut", b'0', b"1"),
            record(b"/www/shop/wp-content/b.php", b'1', b""),
            record(b"../www/shop/index.php", b'0', b"no"),
            record(b"db/of-today.sql", b'0', SQL),
        ])
    }

    #[test]
    fn a_tar_is_read_with_its_long_names_and_its_dumps() {
        for bytes in [whole(), gz(&whole())] {
            let read = read(&bytes);
            assert_eq!((read.form, read.fault.clone(), read.ended), (Form::Tar, None, true));
            assert_eq!((read.entries, read.config), (6, true));
            assert_eq!(read.files, [false, true, true]);
            assert_eq!(read.bytes, 10 + 5 + 1 + 2 + u64::try_from(SQL.len()).unwrap());
            assert_eq!((read.tables.made, read.tables.filled, read.tables.own_filled), (3, 1, 1));
            let mut core = read.tables.core;
            core.sort();
            assert_eq!(core, [("s_posts".into(), true), ("s_users".into(), false)]);
        }
    }

    #[test]
    fn a_zip_archive_is_read_to_the_end_of_each_file() {
        let files: [(&str, &[u8]); 3] =
            [("shop/wp-config.php", b"x"), ("shop/index.php", b"y"), ("d.sql", SQL)];
        let bytes = zip(&files);
        let whole = read(&bytes);
        assert_eq!((whole.form, whole.fault, whole.ended), (Form::Zip, None, true));
        assert_eq!((whole.entries, whole.config, whole.tables.made), (3, true, 3));
        assert_eq!(whole.files, [true, false, false]);
        for length in [0, 30, bytes.len() / 2, bytes.len() - 1] {
            assert!(!is_good(&read(&bytes[..length])), "{length}");
        }
    }

    fn is_good(read: &BackupRead) -> bool {
        read.fault.is_none() && read.ended && (read.entries > 0 || read.tables.made > 0)
    }

    #[test]
    fn what_is_cut_anywhere_is_not_whole() {
        let (plain, packed) = (whole(), gz(&whole()));
        for length in (0..plain.len() - BLOCK).step_by(101) {
            assert!(!is_good(&read(&plain[..length])), "{length}");
        }
        for length in 0..packed.len() {
            assert!(!is_good(&read(&packed[..length])), "{length}");
        }
        let last = SQL.len() - b"-- Dump completed on 2026-11-30\r\n\r\n".len();
        for length in 0..last {
            assert!(!is_good(&read(&SQL[..length])), "{length}");
        }
    }

    #[test]
    fn a_dump_without_a_header_ends_with_its_last_statement() {
        let make = b"CREATE TABLE s_posts (id int);\nINSERT INTO s_posts VALUES (1)";
        assert!(!is_good(&read(make)));
        for end in [";", ";\n\n", ";\n-- the end", ";\n/* the end */\n", ";\nDELIMITER ;;\n"] {
            assert!(is_good(&read(&[make, end.as_bytes()].concat())), "{end:?}");
        }
        // PostgreSQL's own way of rows, one table without any.
        let copy = b"CREATE TABLE public.s_posts (id int);\nCREATE TABLE public.s_users (id int);\n\
            COPY public.s_posts (id) FROM stdin;\n1\n\\.\nCOPY public.s_users (id) FROM stdin;\n\\.\n";
        assert_eq!(read(copy).tables.filled, 1);
        // A line of a hundred megabytes is not kept.
        let mut dump = Dump::of(&shop());
        dump.write_all(b"CREATE TABLE `s_posts` (id int);\nINSERT INTO `s_posts` VALUES ").unwrap();
        for _ in 0..1000 {
            dump.write_all(&[b'x'; 100_000]).unwrap();
        }
        assert!(dump.head.len() <= HEAD && dump.tail.len() <= TAIL);
        dump.write_all(b");\n").unwrap();
        assert!(dump.finish() && dump.tables().own_filled == 1);
    }

    #[test]
    fn whatever_is_in_a_file_it_is_read_within_bounds() {
        let zipped = zip(&[("shop/wp-config.php", b"x"), ("d.sql", SQL)]);
        for original in [whole(), zipped] {
            for at in (0..original.len()).step_by(13) {
                let mut bytes = original.clone();
                bytes[at] ^= 0xff;
                let _ = read(&bytes);
            }
        }
        // A record that says that it is larger than any disk.
        let mut huge = record(b"x", b'L', b"");
        huge[124..136]
            .copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        huge[148..156].fill(b' ');
        let sum: u32 = huge.iter().map(|byte| u32::from(*byte)).sum();
        huge[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        assert_eq!(read(&tar(&[huge])).fault, Some(Fault::Broken));
        // Its time is over before it begins.
        assert_eq!(read_within(&whole(), Duration::ZERO).fault, Some(Fault::TooMuch));
    }

    #[test]
    fn what_is_packed_in_another_way_is_asked_for_as_something_else() {
        for head in [&b"\xfd7zXZ\0"[..], b"BZh9", b"\x28\xb5\x2f\xfd"] {
            let read = read(&[head, &[0; 100]].concat());
            assert!(matches!(read.fault, Some(Fault::Tool(_))), "{read:?}");
        }
    }
}
