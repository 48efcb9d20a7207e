//! Just enough SFTP (draft-ietf-secsh-filexfer-02) to see that it works: version, the folder one
//! starts in, and the work that access is for: a folder that opens, a file that can be read, one
//! that can be written and removed, or not.

use std::collections::BTreeMap;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use zeroize::Zeroizing;

use super::part::Part;
use super::{LONGEST_PATH, Reach};
use crate::message::{self, Arg, Id};
use crate::text;

const INIT: u8 = 1;
const VERSION: u8 = 2;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const READ: u8 = 5;
const WRITE: u8 = 6;
const LSTAT: u8 = 7;
const OPENDIR: u8 = 11;
const READDIR: u8 = 12;
const REMOVE: u8 = 13;
const REALPATH: u8 = 16;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;

/// What a status says: the end of a folder, no such file, not allowed, not known here.
const END: u32 = 1;
const NO_SUCH_FILE: u32 = 2;
const PERMISSION_DENIED: u32 = 3;
const UNSUPPORTED: u32 = 8;

/// How a file is opened: to be read, to be written, made new and never taken over.
const FOR_READING: u32 = 1;
const FOR_WRITING_A_NEW_ONE: u32 = 1 | 2 | 8 | 32;

/// The longest packet that is taken: what OpenSSH sends at the most.
const LONGEST: u32 = 256 * 1024;
/// The most names that are read of one folder.
const MOST_NAMES: usize = 500;
/// The most files that are tried before it is said that none can be read, and the most folders below
/// the first one that are tried at all.
const MOST_TRIED: usize = 20;

/// What the access is to do.
pub(crate) struct Work<'a> {
    /// The shop's folder; without one, the folder that SFTP starts in.
    pub folder: Option<&'a str>,
    /// Whether it may write.
    pub write: bool,
    /// The name of the file that is made and removed.
    pub name: &'a str,
    /// Whether an earlier try may have left that file.
    pub again: bool,
}

/// Says hello and asks where we are.
///
/// # Errors
/// Says in a sentence what the server did instead.
pub(crate) async fn look_around(
    stream: impl AsyncRead + AsyncWrite + Unpin,
) -> Result<Reach, String> {
    let mut client = Client { stream, last: 0, unasked: Vec::new() };
    let version = client.hello().await?;
    let said = client.ask(vec![request(REALPATH, &[b"."])]).await?;
    let path = start(said.first())?;
    Ok(Reach::Sftp { version, path })
}

/// Does the work: see [`Work`]. What comes of each part is told, and what went before it.
///
/// # Errors
/// Says in a sentence what the server did instead of speaking SFTP.
pub(crate) async fn work(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    work: &Work<'_>,
) -> Result<(Reach, Vec<Part>), String> {
    let mut client = Client { stream, last: 0, unasked: Vec::new() };
    let version = client.hello().await?;
    let folder = work.folder.unwrap_or(".").as_bytes();
    let file = below(work.folder.map(str::as_bytes), work.name.as_bytes());
    if work.again {
        client.ask(vec![request(REMOVE, &[&file])]).await?;
    }
    let asked = vec![
        request(REALPATH, &[b"."]),
        request(OPENDIR, &[folder]),
        open(&file, FOR_WRITING_A_NEW_ONE),
    ];
    let mut said = client.ask(asked).await?.into_iter();
    let path = start(said.next().as_ref())?;
    let shown =
        work.folder.map_or_else(|| path.clone(), |folder| text::one_line(folder, LONGEST_PATH));
    let reach = Reach::Sftp { version, path };
    let (opened, made) = (said.next(), said.next());
    let mut parts = Vec::new();

    // The file is not left for longer than it must be.
    let beside = match &made {
        Some(Said::Handle(handle)) if work.write => write_and_remove(handle, &file, work),
        _ => Vec::new(),
    };
    let (names, said) = match opened {
        Some(Said::Handle(handle)) => {
            parts.push(Part::proved(
                "folder",
                message::text("trial-folder-opened", &[("shown", Arg::of(&shown))]),
            ));
            client.names(&handle, beside).await?
        }
        other => {
            parts.push(Part::failed("folder", at(&shown, other.as_ref())));
            (Vec::new(), client.ask(beside).await?)
        }
    };
    let written = match made {
        Some(Said::Handle(handle)) if !work.write => {
            client.ask(vec![request(CLOSE, &[&handle])]).await?;
            let gone = client.remove(&file).await?;
            let why = Id(if gone { "trial-write-could" } else { "trial-write-could-left" });
            let args = [("file", work.name.into()), ("folder", Arg::of(&shown))];
            Part::failed("write", why.with(&args).text)
        }
        Some(Said::Status { code: PERMISSION_DENIED | UNSUPPORTED, .. }) if !work.write => {
            Part::proved("write", message::text("trial-write-refused", &[]))
        }
        other if !work.write => {
            let why = message::text(
                "trial-write-unseen",
                &[("refusal", Arg::of(refusal(other.as_ref())))],
            );
            // Where the folder itself cannot be opened, that says more.
            if parts.iter().any(Part::is_failed) {
                Part::not_tried("write", why)
            } else {
                Part::failed("write", why)
            }
        }
        Some(Said::Handle(_)) => written(&said, &shown, work),
        other => {
            // The shop's own top folder may be closed to everybody, and those in it open.
            let why = message::text(
                "trial-new-file",
                &[("shown", Arg::of(&shown)), ("refusal", Arg::of(refusal(other.as_ref())))],
            );
            let mut part = Part::failed("write", why);
            for name in folders(&names) {
                let within = below(work.folder.map(str::as_bytes), name);
                let file = below(Some(&within), work.name.as_bytes());
                // What an earlier try made here and did not come to remove.
                let again = work.again.then(|| request(REMOVE, &[&file]));
                let asked = again.into_iter().chain([open(&file, FOR_WRITING_A_NEW_ONE)]).collect();
                let said = client.ask(asked).await?;
                if let Some(Said::Handle(handle)) = said.into_iter().last() {
                    let said = client.ask(write_and_remove(&handle, &file, work)).await?;
                    part = written(
                        &said,
                        &format!("{shown}/{}", text::line_of_bytes(name, 200)),
                        work,
                    );
                    break;
                }
            }
            part
        }
    };
    if !parts.iter().any(Part::is_failed) {
        parts.push(client.read(work, &names, &shown).await?);
    }
    parts.push(written);
    Ok((reach, parts))
}

/// One request.
struct Request {
    kind: u8,
    body: Vec<u8>,
}

/// A request whose fields are texts.
fn request(kind: u8, texts: &[&[u8]]) -> Request {
    let mut body = Vec::new();
    for text in texts {
        put(&mut body, text);
    }
    Request { kind, body }
}

fn open(path: &[u8], how: u32) -> Request {
    let mut request = request(OPEN, &[path]);
    request.body.extend(how.to_be_bytes());
    // Nobody but the account may read or write what is made for a moment.
    let attributes: &[u32] = if how == FOR_READING { &[0] } else { &[4, 0o600] };
    request.body.extend(attributes.iter().flat_map(|number| number.to_be_bytes()));
    request
}

fn put(body: &mut Vec<u8>, text: &[u8]) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    body.extend(length.to_be_bytes());
    body.extend_from_slice(text);
}

/// A path below a folder, or below the one that SFTP starts in.
fn below(folder: Option<&[u8]>, name: &[u8]) -> Vec<u8> {
    match folder {
        None => name.to_vec(),
        Some(folder) => [folder, b"/", name].concat(),
    }
}

/// What a server answered to one request.
enum Said {
    Status {
        code: u32,
        why: String,
    },
    Handle(Vec<u8>),
    /// How many bytes. What was read is nobody's business, and is wiped.
    Data(usize),
    Names(Vec<Entry>),
    Other,
}

/// A name in a folder.
struct Entry {
    name: Vec<u8>,
    mode: u32,
}

impl Entry {
    fn is(&self, kind: u32) -> bool {
        self.mode & 0o170_000 == kind
    }
}

/// What is there for a moment: ours, or another trial's.
const OURS: &[u8] = b".stagepass-trial-";

const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;

/// The folders among these, those that are not hidden first.
fn folders(names: &[Entry]) -> impl Iterator<Item = &[u8]> {
    let known = |entry: &&Entry| entry.is(FOLDER) && entry.name != b"." && entry.name != b"..";
    let hidden = |entry: &&Entry| entry.name.starts_with(b".");
    let (shown, hidden): (Vec<&Entry>, Vec<&Entry>) =
        names.iter().filter(known).partition(|entry| !hidden(entry));
    shown.into_iter().chain(hidden).take(MOST_TRIED).map(|entry| entry.name.as_slice())
}

/// The files among these. What is hidden comes last: that is where secrets are kept.
fn files(names: &[Entry]) -> impl Iterator<Item = &[u8]> {
    let (hidden, shown): (Vec<&Entry>, Vec<&Entry>) = names
        .iter()
        .filter(|entry| entry.is(FILE) && !entry.name.starts_with(OURS))
        .partition(|entry| entry.name.starts_with(b"."));
    shown.into_iter().chain(hidden).take(MOST_TRIED).map(|entry| entry.name.as_slice())
}

/// The same of a file or a folder.
fn at(path: &str, said: Option<&Said>) -> String {
    let args = [("path", path.into()), ("refusal", refusal(said).into())];
    message::text("trial-refused-at", &args)
}

/// What was said instead of a handle.
fn refusal(said: Option<&Said>) -> String {
    match said {
        Some(Said::Status { code: NO_SUCH_FILE, .. }) => message::text("sftp-refusal.missing", &[]),
        Some(Said::Status { code, why }) if why.is_empty() => {
            message::text("sftp-refusal.code", &[("code", Arg::of(code))])
        }
        Some(Said::Status { why, .. }) => {
            message::text("sftp-refusal.why", &[("why", Arg::of(why))])
        }
        _ => message::text("sftp-refusal.other", &[]),
    }
}

/// Where we are, by the answer to that question.
fn start(said: Option<&Said>) -> Result<String, String> {
    match said {
        Some(Said::Names(names)) => match names.first() {
            Some(first) => Ok(text::line_of_bytes(&first.name, LONGEST_PATH)),
            None => Err(message::text("sftp-error.short", &[])),
        },
        Some(Said::Status { code, why }) => Err(message::text(
            "sftp-error.first",
            &[("why", Arg::of(why)), ("code", Arg::of(code))],
        )),
        _ => Err(message::text("sftp-error.other", &[])),
    }
}

/// Writes into a file that was just made, reads it again, and removes it.
fn write_and_remove(handle: &[u8], file: &[u8], work: &Work<'_>) -> Vec<Request> {
    let mut write = request(WRITE, &[handle]);
    write.body.extend(0_u64.to_be_bytes());
    put(&mut write.body, work.name.as_bytes());
    let mut read = request(READ, &[handle]);
    read.body.extend(0_u64.to_be_bytes());
    read.body.extend(1024_u32.to_be_bytes());
    let close = request(CLOSE, &[handle]);
    vec![write, read, close, request(REMOVE, &[file]), request(LSTAT, &[file])]
}

/// What came of that, in a folder.
fn written(said: &[Said], shown: &str, work: &Work<'_>) -> Part {
    let of = |id: Id, said: &str| {
        let args = [("file", work.name.into()), ("folder", shown.into()), ("refusal", said.into())];
        id.with(&args).text
    };
    match (said.first(), said.get(1)) {
        _ if !is_gone(said.get(4)) => Part::failed("write", of(Id("trial-write-left"), "")),
        (Some(Said::Status { code: 0, .. }), Some(Said::Data(length)))
            if *length == work.name.len() =>
        {
            let why = message::text("trial-written", &[("shown", Arg::of(shown))]);
            Part::proved("write", why)
        }
        (Some(Said::Status { code: 0, .. }), other) => {
            Part::failed("write", of(Id("trial-write-unread"), &refusal(other)))
        }
        (other, _) => Part::failed("write", of(Id("trial-write-unwritten"), &refusal(other))),
    }
}

/// Whether that is what is said of a file that is not there.
fn is_gone(said: Option<&Said>) -> bool {
    matches!(said, Some(Said::Status { code: NO_SUCH_FILE, .. }))
}

struct Client<S> {
    stream: S,
    last: u32,
    /// What goes with the next request, and whose answer says nothing.
    unasked: Vec<Request>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn hello(&mut self) -> Result<u32, String> {
        let mut packet = Vec::new();
        packet.extend(5_u32.to_be_bytes());
        packet.push(INIT);
        packet.extend(3_u32.to_be_bytes());
        self.send(&packet).await?;
        let (kind, body) = receive(&mut self.stream).await?;
        match (kind, number(&mut body.as_slice())) {
            (VERSION, Some(version)) => Ok(version),
            _ => Err(message::text("sftp-error.version", &[])),
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let ended = |_| message::text("sftp-error.ended", &[]);
        self.stream.write_all(bytes).await.map_err(ended)?;
        self.stream.flush().await.map_err(ended)
    }

    /// Sends requests all at once, and waits for the answers: one each, in the order of the requests.
    async fn ask(&mut self, mut requests: Vec<Request>) -> Result<Vec<Said>, String> {
        let asked = requests.len();
        if asked == 0 {
            return Ok(Vec::new());
        }
        requests.append(&mut self.unasked);
        let first = self.last + 1;
        let mut packets = Vec::new();
        for request in &requests {
            self.last += 1;
            let length = u32::try_from(request.body.len() + 5)
                .map_err(|_| message::text("sftp-error.long", &[]))?;
            packets.extend(length.to_be_bytes());
            packets.push(request.kind);
            packets.extend(self.last.to_be_bytes());
            packets.extend_from_slice(&request.body);
        }
        self.send(&packets).await?;
        let mut answers = BTreeMap::new();
        for _ in &requests {
            let (kind, body) = receive(&mut self.stream).await?;
            let mut rest = body.as_slice();
            let id = number(&mut rest).filter(|id| (first..=self.last).contains(id));
            let id = id.ok_or(&message::text("sftp-error.other", &[]))?;
            if answers.insert(id, understand(kind, rest)).is_some() {
                return Err(message::text("sftp-error.twice", &[]));
            }
        }
        Ok(answers.into_values().take(asked).collect())
    }

    /// The first names of a folder that was opened. What is to be asked `beside` is asked with them and answered
    /// behind: on a slow line each answer that is waited for takes as long as all of them.
    async fn names(
        &mut self,
        handle: &[u8],
        beside: Vec<Request>,
    ) -> Result<(Vec<Entry>, Vec<Said>), String> {
        // Most folders end with the second.
        let two = || vec![request(READDIR, &[handle]), request(READDIR, &[handle])];
        let mut requests = two();
        requests.extend(beside);
        let mut said = self.ask(requests).await?;
        let answered = said.split_off(2.min(said.len()));
        let mut names = Vec::new();
        loop {
            let mut is_over = said.is_empty();
            for one in said {
                match one {
                    Said::Names(more) if !is_over && !more.is_empty() => names.extend(more),
                    // That a folder was opened and cannot be read is seen by what is missing in it.
                    _ => is_over = true,
                }
            }
            if is_over || names.len() >= MOST_NAMES {
                break;
            }
            said = self.ask(two()).await?;
        }
        self.unasked.push(request(CLOSE, &[handle]));
        Ok((names, answered))
    }

    /// Reads a few bytes of one file in the folder, or in one below it.
    async fn read(
        &mut self,
        work: &Work<'_>,
        names: &[Entry],
        shown: &str,
    ) -> Result<Part, String> {
        let top = work.folder.map(str::as_bytes);
        let mut refused = None;
        if let Some(part) = self.read_one(top, names, shown, &mut refused).await? {
            return Ok(part);
        }
        for name in folders(names) {
            let within = below(top, name);
            let said = self.ask(vec![request(OPENDIR, &[&within])]).await?;
            let Some(Said::Handle(handle)) = said.into_iter().next() else { continue };
            let (inner, _) = self.names(&handle, Vec::new()).await?;
            let shown = format!("{shown}/{}", text::line_of_bytes(name, 200));
            if let Some(part) = self.read_one(Some(&within), &inner, &shown, &mut refused).await? {
                return Ok(part);
            }
        }
        Ok(match refused {
            Some(why) => Part::failed("read", why),
            None => Part::not_tried(
                "read",
                message::text("trial-read-nothing", &[("shown", Arg::of(shown))]),
            ),
        })
    }

    async fn read_one(
        &mut self,
        folder: Option<&[u8]>,
        names: &[Entry],
        shown: &str,
        refused: &mut Option<String>,
    ) -> Result<Option<Part>, String> {
        for name in files(names) {
            let said = self.ask(vec![open(&below(folder, name), FOR_READING)]).await?;
            let file = format!("{shown}/{}", text::line_of_bytes(name, 200));
            let handle = match said.into_iter().next() {
                Some(Said::Handle(handle)) => handle,
                other => {
                    refused.get_or_insert(at(&file, other.as_ref()));
                    continue;
                }
            };
            let mut some = request(READ, &[&handle]);
            some.body.extend(0_u64.to_be_bytes());
            some.body.extend(64_u32.to_be_bytes());
            let said = self.ask(vec![some, request(CLOSE, &[&handle])]).await?;
            match said.first() {
                // An empty file ends at once.
                Some(Said::Data(_) | Said::Status { code: END, .. }) => {
                    return Ok(Some(Part::proved(
                        "read",
                        message::text("trial-read", &[("file", Arg::of(&file))]),
                    )));
                }
                other => {
                    refused.get_or_insert(at(&file, other));
                }
            }
        }
        Ok(None)
    }

    /// Removes a file; whether it is gone then.
    async fn remove(&mut self, file: &[u8]) -> Result<bool, String> {
        let said = self.ask(vec![request(REMOVE, &[file]), request(LSTAT, &[file])]).await?;
        Ok(is_gone(said.get(1)))
    }
}

/// Reads what stands behind the number of a request.
fn understand(kind: u8, mut rest: &[u8]) -> Said {
    let rest = &mut rest;
    let understood = match kind {
        STATUS => number(rest).map(|code| {
            // Version 3 says why, older ones only the code.
            let why = text(rest).map(|why| text::line_of_bytes(why, 200)).unwrap_or_default();
            Said::Status { code, why }
        }),
        HANDLE => text(rest).map(|handle| Said::Handle(handle.to_vec())),
        DATA => text(rest).map(|data| Said::Data(data.len())),
        NAME => names(rest).map(Said::Names),
        _ => None,
    };
    understood.unwrap_or(Said::Other)
}

fn names(rest: &mut &[u8]) -> Option<Vec<Entry>> {
    let count = number(rest)?;
    let mut names = Vec::new();
    for _ in 0..count {
        let name = text(rest)?.to_vec();
        // As `ls -l` would show it.
        text(rest)?;
        names.push(Entry { name, mode: attributes(rest)? });
    }
    Some(names)
}

/// Reads the attributes of a file: its mode, 0 where it is not said.
fn attributes(rest: &mut &[u8]) -> Option<u32> {
    let flags = number(rest)?;
    let mut skip = |present: u32, numbers: usize| -> Option<u32> {
        let mut last = 0;
        if flags & present != 0 {
            for _ in 0..numbers {
                last = number(rest)?;
            }
        }
        Some(last)
    };
    // Size, ids, mode, times.
    skip(1, 2)?;
    skip(2, 2)?;
    let mode = skip(4, 1)?;
    skip(8, 2)?;
    let extended = skip(0x8000_0000, 1)?;
    for _ in 0..extended {
        text(rest)?;
        text(rest)?;
    }
    Some(mode)
}

async fn receive(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<(u8, Zeroizing<Vec<u8>>), String> {
    let ended = |_| message::text("sftp-error.ended", &[]);
    let length = stream.read_u32().await.map_err(ended)?;
    if length == 0 || length > LONGEST {
        return Err(message::text("sftp-error.prints", &[]));
    }
    let kind = stream.read_u8().await.map_err(ended)?;
    let mut body = Zeroizing::new(Vec::new());
    let wanted = u64::from(length - 1);
    let read = stream.take(wanted).read_to_end(&mut body).await.map_err(ended)?;
    if u64::try_from(read) != Ok(wanted) {
        return Err(message::text("sftp-error.short", &[]));
    }
    Ok((kind, body))
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (head, tail) = rest.split_first_chunk::<4>()?;
    *rest = tail;
    Some(u32::from_be_bytes(*head))
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(number(rest)?).ok()?;
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use super::*;

    /// OpenSSH's own server, as somebody who may not write everywhere.
    fn server() -> tokio::net::UnixStream {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let theirs: OwnedFd = theirs.into();
        let mut server = Command::new("/usr/lib/openssh/sftp-server");
        server.stdin(Stdio::from(theirs.try_clone().unwrap())).stdout(Stdio::from(theirs));
        if rustix::process::geteuid().is_root() {
            server.uid(65_534);
        }
        // It ends with the other end of its input.
        drop(server.spawn().unwrap());
        ours.set_nonblocking(true).unwrap();
        tokio::net::UnixStream::from_std(ours).unwrap()
    }

    #[tokio::test]
    async fn a_second_try_removes_what_the_first_left_below_a_folder_that_is_closed() {
        let top = tempfile::tempdir().unwrap();
        let (name, below) = (".stagepass-trial-n0nce", top.path().join("var"));
        fs::create_dir(&below).unwrap();
        fs::set_permissions(&below, Permissions::from_mode(0o777)).unwrap();
        fs::write(below.join(name), "").unwrap();
        fs::set_permissions(top.path(), Permissions::from_mode(0o555)).unwrap();
        let work = Work { folder: top.path().to_str(), write: true, name, again: true };
        let (_, parts) = super::work(server(), &work).await.unwrap();
        let written = parts.iter().find(|part| part.part == "write").unwrap();
        assert!(!written.is_failed(), "{}", written.why);
        assert_eq!(fs::read_dir(&below).unwrap().count(), 0);
    }
}
