//! Everything but the shop: accounts, keys, jobs, settings, programs. One line of the server's list is
//! `KIND tab NAME tab VALUE tab TEXT`, of which the name may have several fields; two lines are of one
//! thing when kind and name are the same, and it changed when the value did.

use std::collections::BTreeMap;

use data_encoding::{BASE64, BASE64_NOPAD};
use sha2::{Digest as _, Sha256};

use super::names::{Names, show};
use super::{Class, Finding, MOST_KEPT, software};

/// The most lines of one kind, of which none pushes another off, and the most bytes of all of them.
const MOST_OF_A_KIND: usize = 25_000;
const MOST_KINDS: usize = 40;
const MOST_BYTES: usize = 6 * 1024 * 1024;
const MOST_BYTES_OF_A_KIND: usize = 1536 * 1024;

/// The most bytes of a finding.
pub(super) const MOST_TEXT: usize = 380;

/// What became of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    New,
    Changed,
    Gone,
}

/// What a finding is about, as far as something of another grant's can be told by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Thing {
    /// An account without the powers of root that is new, or one that is gone.
    Account { name: String, how: How },
    /// A group that is new or gone.
    Group { name: String, how: How },
    /// An account that is a member of a group now, or is no more. `strong` groups open the whole server.
    Member { account: String, strong: bool, how: How },
    /// A login key: its type and its blob in base64, and its comment.
    Key { account: String, key: String, comment: String, signs: bool, how: How },
    /// A line of a crontab.
    CronLine { account: String, line: String, how: How },
    /// A file or a folder in one of the places, whose content is new, other or gone.
    Place { path: String, how: How },
    /// Anything else.
    Other,
}

/// What differs, as it comes.
#[derive(Debug, Default)]
pub(super) struct System {
    came: Vec<Vec<u8>>,
    went: Vec<Vec<u8>>,
    setuid: Vec<Vec<u8>>,
    /// Who holds a listening socket, by the number of the socket.
    holders: BTreeMap<Vec<u8>, Vec<u8>>,
    /// How many lines there are of a kind, and how many bytes.
    kinds: BTreeMap<Vec<u8>, (usize, usize)>,
    bytes: usize,
    cut: bool,
}

impl System {
    pub(super) fn came(&mut self, line: &[u8]) {
        if self.has_room(kind(line), line) {
            self.came.push(line.to_vec());
        }
    }

    pub(super) fn went(&mut self, line: &[u8]) {
        if self.has_room(kind(line), line) {
            self.went.push(line.to_vec());
        }
    }

    pub(super) fn setuid(&mut self, line: &[u8]) {
        if self.has_room(b"s", line) {
            self.setuid.push(line.to_vec());
        }
    }

    /// `SOCKET PID UID PROGRAM`.
    pub(super) fn holder(&mut self, line: &[u8]) {
        let Some(at) = line.iter().position(|byte| *byte == b' ') else { return };
        let (socket, rest) = line.split_at(at);
        if self.has_room(b"h", line) {
            self.holders.insert(socket.to_vec(), rest.get(1..).unwrap_or_default().to_vec());
        }
    }

    fn has_room(&mut self, kind: &[u8], line: &[u8]) -> bool {
        if self.kinds.len() >= MOST_KINDS && !self.kinds.contains_key(kind) {
            self.cut = true;
            return false;
        }
        let (lines, bytes) = self.kinds.entry(kind.to_vec()).or_default();
        let has = *lines < MOST_OF_A_KIND
            && bytes.saturating_add(line.len()) <= MOST_BYTES_OF_A_KIND
            && self.bytes.saturating_add(line.len()) <= MOST_BYTES;
        if has {
            *lines += 1;
            *bytes += line.len();
            self.bytes += line.len();
        }
        self.cut |= !has;
        has
    }

    /// Why not everything that was told is judged.
    pub(super) fn cut(&self) -> Option<&'static str> {
        self.cut.then_some("more is different on the server than can be told")
    }

    /// What was found, of each class the first [`MOST_KEPT`], and how many more there were.
    pub(super) fn judge(self, names: &Names, account: &str) -> (Vec<Finding>, i64) {
        let mut kept = Kept::default();
        let told = Told { names, account, holders: &self.holders };
        let (came, went) = (by_name(&self.came), by_name(&self.went));
        // Of two accounts of one name each is told: a second line must not hide the first.
        for line in &self.came {
            let Some(line) = Line::of(line) else { continue };
            match went.get(&line.name()) {
                Some(old) if old.value == line.value => {}
                Some(old) => kept.keep(|found| told.judge(&line, Some(old), How::Changed, found)),
                None => kept.keep(|found| told.judge(&line, None, How::New, found)),
            }
        }
        for (name, line) in went.iter().filter(|(name, _)| !came.contains_key(*name)) {
            debug_assert_eq!(line.name(), *name);
            kept.keep(|found| told.judge(line, None, How::Gone, found));
        }
        for line in &self.setuid {
            kept.keep(|found| found.extend(told.setuid(line)));
        }
        (kept.list, kept.more)
    }
}

/// The first findings of each class.
#[derive(Debug, Default)]
struct Kept {
    list: Vec<Finding>,
    of: BTreeMap<usize, usize>,
    more: i64,
}

impl Kept {
    fn keep(&mut self, find: impl FnOnce(&mut Vec<Finding>)) {
        let mut found = Vec::new();
        find(&mut found);
        for one in found {
            let of = self.of.entry(one.rank()).or_default();
            if *of < MOST_KEPT {
                *of += 1;
                self.list.push(one);
            } else {
                self.more += 1;
            }
        }
    }
}

/// What stands before the first tab; a line of a text is of another kind than a file of that class.
fn kind(line: &[u8]) -> &[u8] {
    let mut tabs = line.iter().enumerate().filter(|(_, byte)| **byte == b'\t').map(|(at, _)| at);
    let first = tabs.next().unwrap_or(line.len()).min(64);
    let end = if tabs.count() >= 4 { first.saturating_add(1) } else { first };
    line.get(..end).unwrap_or(line)
}

/// One line of the server's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) kind: &'a [u8],
    /// The fields of the name, without the kind.
    fields: Vec<&'a [u8]>,
    pub(super) value: &'a [u8],
    pub(super) text: &'a [u8],
}

type Name<'a> = (&'a [u8], Vec<&'a [u8]>);

impl<'a> Line<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let mut fields: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
        let (text, value) = (fields.pop()?, fields.pop()?);
        let (kind, fields) = fields.split_first()?;
        // What stands at the end of a list, and where one was cut, is no thing.
        let is_thing = !fields.is_empty() && !matches!(*kind, b"end" | b"cut");
        is_thing.then(|| Self { kind, fields: fields.to_vec(), value, text })
    }

    fn name(&self) -> Name<'a> {
        (self.kind, self.fields.clone())
    }

    pub(super) fn field(&self, number: usize) -> &'a [u8] {
        self.fields.get(number).copied().unwrap_or_default()
    }
}

/// The last line of each name.
fn by_name(lines: &[Vec<u8>]) -> BTreeMap<Name<'_>, Line<'_>> {
    lines.iter().filter_map(|line| Line::of(line)).map(|line| (line.name(), line)).collect()
}

/// What a finding is told with.
struct Told<'a> {
    names: &'a Names,
    /// The account of the grant.
    account: &'a str,
    holders: &'a BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Told<'_> {
    fn judge(&self, line: &Line<'_>, old: Option<&Line<'_>>, how: How, found: &mut Vec<Finding>) {
        match (line.kind, line.fields.len()) {
            (b"user", 1) => found.push(user(line, old, how)),
            (b"password", 1) => found.extend(password(line, old, how)),
            (b"group", 1) => group(line, old, how, found),
            (b"key", 3) => found.push(key(line, how)),
            (b"cron", 3) => found.push(self.cron(line, how)),
            (b"process", 1) if how == How::New => found.push(self.process(line)),
            (b"listen", 1) if how == How::New => found.extend(self.listens(line)),
            (b"at", 1) => found.extend(self.at(line, how)),
            (b"process" | b"listen", _) => {}
            (kind, 1) if kind.starts_with(b"shop-") => {
                found.extend(software::judge(line, old, how));
            }
            (_, 1) => found.push(place(line, old, how)),
            _ => {}
        }
    }

    fn cron(&self, line: &Line<'_>, how: How) -> Finding {
        if line.field(2) == b"long" {
            let text = "of this crontab only the beginning could be compared: ";
            return finding(Class::Cron, Thing::Other, text, line.field(1));
        }
        // The same line twice is a line more.
        let how = if how == How::Gone { How::Gone } else { How::New };
        let account = show(line.field(0), 200);
        let own = if account == self.account { " (the account of this grant)" } else { "" };
        let what = if how == How::Gone { "line gone" } else { "new line" };
        let text = format!("{what} in the crontab of {account}{own}: ");
        let whole = String::from_utf8_lossy(line.field(2)).into_owned();
        let thing = Thing::CronLine { account, line: whole, how };
        finding(Class::Cron, thing, &text, line.field(2))
    }

    /// The text is `UID PROGRAM`, the name `PID.START`.
    fn process(&self, line: &Line<'_>) -> Finding {
        let text = show(line.text, MOST_TEXT);
        let (id, program) = text.split_once(' ').unwrap_or_default();
        let (program, deleted) = match program.strip_suffix(" (deleted)") {
            Some(program) => (program, ", its program was deleted"),
            None => (program, ""),
        };
        let name = show(line.field(0), 40);
        let pid = name.split('.').next().unwrap_or_default();
        let owner = self.names.account(id);
        let text = format!("runs since access was opened, of {owner}, process {pid}{deleted}: ");
        finding(Class::Process, Thing::Other, &text, program.as_bytes())
    }

    /// The text is the numbers of the sockets, the name `UID ADDRESS:PORT`. What nobody here holds is a
    /// container's, or the kernel's.
    fn listens(&self, line: &Line<'_>) -> Option<Finding> {
        let holder = line.text.split(|byte| *byte == b' ').find_map(|one| self.holders.get(one))?;
        let holder = show(holder, MOST_TEXT);
        let mut words = holder.splitn(3, ' ');
        let (pid, id, program) = (words.next()?, words.next()?, words.next()?);
        let name = show(line.field(0), 80);
        let address = name.split(' ').nth(1)?;
        let owner = self.names.account(id);
        let text =
            format!("listens since access was opened on {address}, of {owner}, process {pid}: ");
        Some(finding(Class::Process, Thing::Other, &text, program.as_bytes()))
    }

    /// A job has a number in its name; the value begins with mode and owner of the file.
    fn at(&self, line: &Line<'_>, how: How) -> Option<Finding> {
        let path = line.field(0);
        let file = path.rsplit(|byte| *byte == b'/').next()?;
        if how == How::Gone || !file.iter().any(u8::is_ascii_digit) {
            return None;
        }
        let value = show(line.value, 200);
        let id = value.split(' ').nth(1).unwrap_or_default();
        let owner = self.names.account(id);
        let of = if owner == id { String::new() } else { format!(" of {owner}") };
        Some(finding(Class::At, Thing::Other, &format!("new job{of}: "), path))
    }

    /// `MODE UID GID PATH`, or `cap CAPABILITIES - PATH`.
    fn setuid(&self, line: &[u8]) -> Option<Finding> {
        let mut fields = line.splitn(4, |byte| *byte == b' ');
        let mut word = || fields.next().map(|word| show(word, 200));
        let (first, second, third) = (word()?, word()?, word()?);
        let path = fields.next()?;
        if first == "cap" {
            let text = format!("file with capabilities ({}): ", show(second.as_bytes(), 60));
            return Some(finding(Class::Setuid, Thing::Other, &text, path));
        }
        let is_user = first.parse::<u32>().is_ok_and(|mode| mode >= 4000);
        let runs_as = if is_user {
            self.names.account(&second).to_owned()
        } else {
            format!("group {}", self.names.group(&third))
        };
        let text = format!("new or changed, mode {first}, runs as {runs_as}: ");
        Some(finding(Class::Setuid, Thing::Other, &text, path))
    }
}

/// The words, and behind them a name as the server said it.
fn finding(class: Class, thing: Thing, text: &str, name: &[u8]) -> Finding {
    let whole = [text.as_bytes(), name].concat();
    Finding::about(class, thing, &show(&whole, MOST_TEXT))
}

/// `UID:GID:HOME:SHELL`.
fn user(line: &Line<'_>, old: Option<&Line<'_>>, how: How) -> Finding {
    let name = show(line.field(0), 200);
    let value = show(line.value, MOST_TEXT);
    let mut new = value.splitn(4, ':');
    let [id, group, home, shell] = std::array::from_fn(|_| new.next().unwrap_or_default());
    let (thing, text) = match how {
        How::Gone => (Thing::Account { name: name.clone(), how }, format!("account gone: {name}")),
        How::New => {
            let (thing, root) = match id {
                "0" => (Thing::Other, " with the powers of root"),
                _ => (Thing::Account { name: name.clone(), how }, ""),
            };
            (thing, format!("new account{root}: {name} (id {id}, home {home}, shell {shell})"))
        }
        How::Changed => {
            let before = show(old.map(|old| old.value).unwrap_or_default(), MOST_TEXT);
            let mut before = before.splitn(4, ':');
            let changes: Vec<String> =
                [("id", id), ("group", group), ("home", home), ("shell", shell)]
                    .into_iter()
                    .filter_map(|(what, is)| {
                        let was = before.next().unwrap_or_default();
                        let root = if (what, is) == ("id", "0") { ", which is root" } else { "" };
                        (was != is).then(|| format!("{what} {was} is now {is}{root}"))
                    })
                    .collect();
            (Thing::Other, format!("account changed: {name} ({})", changes.join(", ")))
        }
    };
    finding(Class::User, thing, &text, b"")
}

/// `empty`, `locked`, or `set` with the day and a salted digest.
fn password(line: &Line<'_>, old: Option<&Line<'_>>, how: How) -> Option<Finding> {
    let was_set = old.is_some_and(|old| old.value.starts_with(b"set"));
    let text = match (how, line.value) {
        (How::Changed, b"empty") => "account without any password now: ",
        (How::Changed, b"locked") => "password locked: ",
        (How::Changed, _) if was_set => "password changed: ",
        (How::Changed, _) => "password set: ",
        // A new account says so itself.
        (How::New, b"empty") => "account without any password: ",
        (How::New, value) if !value.starts_with(b"locked") => "password set: ",
        _ => return None,
    };
    Some(finding(Class::User, Thing::Other, text, line.field(0)))
}

/// Groups that open more than their name says.
const STRONG: [&str; 14] = [
    "root",
    "sudo",
    "wheel",
    "admin",
    "adm",
    "docker",
    "lxd",
    "incus",
    "incus-admin",
    "libvirt",
    "kvm",
    "disk",
    "shadow",
    "staff",
];

/// `GID:MEMBER,MEMBER`.
fn group(line: &Line<'_>, old: Option<&Line<'_>>, how: How, found: &mut Vec<Finding>) {
    let name = show(line.field(0), 200);
    let of = |line: &Line<'_>| {
        let value = show(line.value, 100_000);
        let (id, members) = value.split_once(':').unwrap_or((&value, ""));
        let members: Vec<String> =
            members.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect();
        (id.to_owned(), members)
    };
    let (id, members) = of(line);
    let thing = Thing::Group { name: name.clone(), how };
    match (how, old.map(of)) {
        (How::Gone, _) => {
            found.push(finding(Class::Group, thing, "group gone: ", name.as_bytes()));
        }
        (How::New, _) | (How::Changed, None) => {
            let with = if members.is_empty() { "" } else { ", members " };
            let text = format!("new group: {name} (id {id}{with}{})", members.join(","));
            found.push(finding(Class::Group, thing, &text, b""));
        }
        (How::Changed, Some((before, _))) if before != id => {
            let text = format!("group changed: {name} (id {before} is now {id})");
            found.push(finding(Class::Group, Thing::Other, &text, b""));
        }
        (How::Changed, Some((_, were))) => {
            let strong = STRONG.contains(&name.as_str());
            let opens = if strong { ", which opens more than its name says" } else { "" };
            let mut member = |account: &String, how, text: String| {
                let thing = Thing::Member { account: account.clone(), strong, how };
                found.push(finding(Class::Group, thing, &text, b""));
            };
            for one in members.iter().filter(|one| !were.contains(one)) {
                member(one, How::New, format!("{one} is now a member of {name}{opens}"));
            }
            for one in were.iter().filter(|one| !members.contains(one)) {
                member(one, How::Gone, format!("{one} is no member of {name} any more"));
            }
        }
    }
}

/// The name is account, file, and type and blob; the value is the options, the text the comment.
fn key(line: &Line<'_>, how: How) -> Finding {
    if line.field(2) == b"long" {
        let text = "of this file only the beginning could be compared: ";
        return finding(Class::Key, Thing::Other, text, line.field(1));
    }
    let account = show(line.field(0), 40);
    let key = String::from_utf8_lossy(line.field(2)).into_owned();
    let (kind, blob) = key.split_once(' ').unwrap_or((&key, ""));
    let comment = String::from_utf8_lossy(line.text).into_owned();
    let mark = comment.rsplit(' ').next().and_then(|word| word.strip_prefix("stagepass:"));
    let is_mark = |id: &str| {
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let unknown =
        if mark.is_some_and(is_mark) { ", which no record of stagepass here knows" } else { "" };
    let shown = match line.text {
        [] => String::new(),
        text => format!(" ({})", show(&[text, unknown.as_bytes()].concat(), 80)),
    };
    let signs = how == How::New
        && line.value.split(|byte| *byte == b',').any(|option| option == b"cert-authority");
    let what = match how {
        How::New if signs => "new login key that signs others",
        How::New => "new login key",
        How::Changed => "login key with other options",
        How::Gone => "login key gone",
    };
    let print = fingerprint(blob);
    let text = format!("{what} for {account}: {} {print}{shown} in ", show(kind.as_bytes(), 60));
    let thing = Thing::Key { account, key: key.clone(), comment, signs, how };
    finding(Class::Key, thing, &text, line.field(1))
}

/// As `ssh-keygen -l` says it; of what is no base64, the end.
fn fingerprint(blob: &str) -> String {
    match BASE64.decode(blob.as_bytes()) {
        Ok(bytes) => format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(&bytes))),
        Err(_) => {
            let bytes = blob.as_bytes();
            let end = bytes.get(bytes.len().saturating_sub(16)..).unwrap_or_default();
            format!("...{}", show(end, 16))
        }
    }
}

/// A file in one of the places: the kind is the class, and the value says mode, owner, group, and what
/// is in it; of a link it says where it leads.
fn place(line: &Line<'_>, old: Option<&Line<'_>>, how: How) -> Finding {
    let class = std::str::from_utf8(line.kind).ok().and_then(|kind| kind.parse().ok());
    let leads = |line: &Line<'_>| line.value.starts_with(b"->");
    let content = |line: &Line<'_>| -> Vec<Vec<u8>> {
        line.value.split(|byte| *byte == b' ').skip(3).map(<[u8]>::to_vec).collect()
    };
    let (what, is_content) = match (how, old) {
        (How::New, _) => ("new", true),
        (How::Gone, _) => ("gone", true),
        (How::Changed, Some(old)) if leads(old) || leads(line) => ("leads elsewhere now", false),
        (How::Changed, Some(old)) if content(old) == content(line) => {
            ("other owner or mode", false)
        }
        (How::Changed, _) => ("changed", true),
    };
    let thing = if is_content {
        Thing::Place { path: String::from_utf8_lossy(line.field(0)).into_owned(), how }
    } else {
        Thing::Other
    };
    // A class that only a newer server knows of has to be looked at all the same.
    finding(class.unwrap_or(Class::System), thing, &format!("{what}: "), line.field(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(came: &[&str], went: &[&str]) -> Vec<String> {
        let mut system = System::default();
        came.iter().for_each(|line| system.came(line.as_bytes()));
        went.iter().for_each(|line| system.went(line.as_bytes()));
        let (found, more) = system.judge(&Names::default(), "sp-ada");
        assert_eq!(more, 0);
        found.iter().map(|one| one.line().to_owned()).collect()
    }

    #[test]
    fn a_thing_is_new_changed_or_gone_by_its_name_and_its_value() {
        let cases: [(&[&str], &[&str], &[&str]); 13] = [
            (
                &["user\teve\t0:0:/root:/bin/sh\t"],
                &[],
                &[
                    "user new account with the powers of root: eve (id 0, home /root, shell /bin/sh)",
                ],
            ),
            (
                &["user\teve\t0:7:/home/eve:/bin/sh\t"],
                &["user\teve\t7:7:/home/eve:/bin/false\t"],
                &[
                    "user account changed: eve (id 7 is now 0, which is root, shell /bin/false is now \
                     /bin/sh)",
                ],
            ),
            (&[], &["user\teve\t7:7:/:/bin/sh\t"], &["user account gone: eve"]),
            (
                &["password\teve\tempty\t"],
                &["password\teve\tset9-a\t"],
                &["user account without any password now: eve"],
            ),
            (&["password\teve\tlocked\t"], &[], &[]),
            (
                &["group\tsudo\t27:ann,eve\t"],
                &["group\tsudo\t27:ann,bob\t"],
                &[
                    "group eve is now a member of sudo, which opens more than its name says",
                    "group bob is no member of sudo any more",
                ],
            ),
            // Only a comment is other.
            (
                &["key\troot\t/k\tssh-ed25519 AAAA\t\tnew words"],
                &["key\troot\t/k\tssh-ed25519 AAAA\t\told words"],
                &[],
            ),
            (
                &["key\troot\t/k\tssh-ed25519 AAAA\tcert-authority,no-pty\tstagepass:abc"],
                &[],
                &["key new login key that signs others for root: ssh-ed25519 \
                     SHA256:cJ6AyISHokEeHuTfufIqhhSS0gxHZRUMDHlKvXD4FHw (stagepass:abc, which no record \
                     of stagepass here knows) in /k"],
            ),
            (
                &["cron\tsp-ada\t/c\t* * * * * /tmp/x\tline\t"],
                &[],
                &[
                    "cron new line in the crontab of sp-ada (the account of this grant): * * * * * /tmp/x",
                ],
            ),
            (
                &["login\t/etc/ld.so.preload\t81a4 0 0 11\t"],
                &["login\t/etc/ld.so.preload\t81a4 0 0 10\t"],
                &["login changed: /etc/ld.so.preload"],
            ),
            (
                &["sudoers\t/etc/sudoers\t81a4 0 0 11\t"],
                &["sudoers\t/etc/sudoers\t8120 0 0 11\t"],
                &["sudoers other owner or mode: /etc/sudoers"],
            ),
            (
                &["web\t/etc/nginx/x\t-> b\t"],
                &["web\t/etc/nginx/x\t-> a\t"],
                &["web leads elsewhere now: /etc/nginx/x"],
            ),
            (&["end\t\t\t", "cut\tfiles\t\t", "nonsense"], &["end\t\t\t"], &[]),
        ];
        for (came, went, expected) in cases {
            assert_eq!(judged(came, went), expected, "{came:?} {went:?}");
        }
    }

    #[test]
    fn what_is_told_has_an_end_and_no_kind_pushes_another_off() {
        let mut system = System::default();
        for number in 0..MOST_OF_A_KIND + 10 {
            system.came(format!("cron\t/etc/cron.d/{number}\tx\t").as_bytes());
        }
        assert!(system.cut().is_some() && system.came.len() == MOST_OF_A_KIND);
        system.came(b"cron\troot\t/c\t@hourly id\tline\t");
        system.came(b"key\troot\t/k\tssh-ed25519 AAAA\t\t");
        assert_eq!(system.came.len(), MOST_OF_A_KIND + 2);
        for number in 0..100 {
            system.came(format!("kind{number}\tx\ty\t").as_bytes());
            system.came(&[b"web\t", vec![b'x'; 1_000_000].as_slice(), b"\ty\t"].concat());
        }
        assert!(system.kinds.len() == MOST_KINDS && system.bytes < 10_000_000);
    }
}
