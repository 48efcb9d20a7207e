//! Targets: a server and the shop on it, how we reach it, and the host key we pinned.
//!
//! They live in one TOML file that people edit by hand. Adding and removing keeps comments, order
//! and spelling of everything else; a mistake is reported with its line and column.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::net::Ipv6Addr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use toml_edit::{Array, Document, DocumentMut, Item, Table, TableLike, value};

use crate::file::{self, Links, Unread};
use crate::grant::UnknownWord;
use crate::message::{self, Arg, Id, Note, Told, shown_by_note};
pub use crate::policy::Declared as Environment;
use crate::text;
use pin::HostKeyPin;

pub mod pin;

/// How many characters of what was written wrongly are repeated in a message.
const REPEATED: usize = 80;

/// Where a target is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// The machine stagepass runs on, without SSH. Written `local:`.
    Local,
    /// A server reached over SSH. Written `ssh://user@host:port`.
    Ssh {
        /// The account to log in to, unless `~/.ssh/config` or the local user name decide.
        user: Option<String>,
        /// A host name, an IP address without brackets, or an alias of `~/.ssh/config`.
        host: String,
        /// The port, unless `~/.ssh/config` decides. 22 is the default.
        port: Option<u16>,
    },
}

/// A text that is not the address of a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// FTP in one of its forms. Policy says why it is refused.
    Ftp {
        /// `ftp`, `ftps` or `ftpes`.
        scheme: String,
        /// The rest of what was typed, without any password, cleaned.
        host: String,
    },
    /// A scheme that is neither SSH nor FTP.
    Scheme(String),
    /// A password stands in the address. It is not repeated.
    Password,
    /// A path, a query or a fragment.
    Path,
    /// Nothing was given.
    Empty,
    /// A character that no address holds.
    Character(Id),
    /// The part before `@`.
    User(String),
    /// The host.
    Host(String),
    /// The port.
    Port,
}

impl Told for AddressError {
    fn note(&self) -> Note {
        match self {
            Self::Ftp { scheme, .. } => {
                Note::of("address-error-ftp", &[("scheme", Arg::of(scheme))])
            }
            Self::Scheme(value) => Note::of("address-error-scheme", &[("value", Arg::of(value))]),
            Self::Password => Note::of("address-error-password", &[]),
            Self::Path => Note::of("address-error-path", &[]),
            Self::Empty => Note::of("address-error-empty", &[]),
            Self::Character(id) => (*id).into(),
            Self::User(value) => Note::of("address-error-user", &[("value", Arg::of(value))]),
            Self::Host(value) => Note::of("address-error-host", &[("value", Arg::of(value))]),
            Self::Port => Note::of("address-error-port", &[]),
        }
    }
}

shown_by_note!(AddressError);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        refuse_characters(text)?;
        if text.eq_ignore_ascii_case("local:") {
            return Ok(Self::Local);
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("ssh".into(), text),
        };
        match scheme.as_str() {
            "ssh" | "sftp" => Self::parse_authority(rest.strip_suffix('/').unwrap_or(rest)),
            "ftp" | "ftps" | "ftpes" => Err(AddressError::Ftp { scheme, host: without_user(rest) }),
            "local" => Err(AddressError::Scheme("local".into())),
            // Only what looks like a scheme is repeated: anything else may hold a password.
            _ if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                Err(AddressError::Scheme(text::one_line(&scheme, REPEATED)))
            }
            _ => Err(AddressError::Scheme("…".into())),
        }
    }
}

impl Address {
    fn parse_authority(text: &str) -> Result<Self, AddressError> {
        let (user, place) = match text.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, text),
        };
        if let Some(user) = user {
            if user.contains(':') {
                return Err(AddressError::Password);
            }
            check_user(user)?;
        }
        if place.contains(['/', '?', '#']) {
            return Err(AddressError::Path);
        }
        let (host, port) = split_port(place)?;
        Ok(Self::Ssh { user: user.map(str::to_owned), host: check_host(host)?, port })
    }

    /// The host, unless the target is this machine.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Local => None,
            Self::Ssh { host, .. } => Some(host),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Ssh { user, host, port } = self else {
            return f.write_str("local:");
        };
        f.write_str("ssh://")?;
        if let Some(user) = user {
            write!(f, "{user}@")?;
        }
        if host.contains(':') {
            write!(f, "[{host}]")?;
        } else {
            f.write_str(host)?;
        }
        if let Some(port) = port {
            write!(f, ":{port}")?;
        }
        Ok(())
    }
}

/// Characters that are dangerous or invisible wherever an address is shown or matched.
fn refuse_characters(text: &str) -> Result<(), AddressError> {
    let name = |c: char| match c {
        c if c.is_control() => Some(Id("address-character.control")),
        c if c.is_whitespace() => Some(Id("address-character.space")),
        '\'' | '"' | '`' => Some(Id("address-character.quote")),
        '\\' => Some(Id("address-character.backslash")),
        '%' => Some(Id("address-character.percent")),
        c if !c.is_ascii() => Some(Id("address-character.foreign")),
        _ => None,
    };
    match text.chars().find_map(name) {
        Some(what) => Err(AddressError::Character(what)),
        None if text.starts_with('-') => {
            Err(AddressError::Character(Id("address-character.hyphen")))
        }
        None => Ok(()),
    }
}

/// A name of an account on a server: nothing that an option, a shell or a file could misread.
fn check_user(user: &str) -> Result<(), AddressError> {
    let fine = !user.is_empty()
        && user.len() <= 64
        && !user.starts_with(['-', '.'])
        && user.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+$".contains(&b));
    if fine { Ok(()) } else { Err(AddressError::User(text::one_line(user, REPEATED))) }
}

fn split_port(place: &str) -> Result<(&str, Option<u16>), AddressError> {
    let (host, port) = if let Some(inner) = place.strip_prefix('[') {
        let (host, after) = inner
            .split_once(']')
            .ok_or_else(|| AddressError::Host(text::one_line(place, REPEATED)))?;
        if host.parse::<Ipv6Addr>().is_err() {
            return Err(AddressError::Host(text::one_line(place, REPEATED)));
        }
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => return Err(AddressError::Host(text::one_line(place, REPEATED))),
        }
    } else if place.parse::<Ipv6Addr>().is_ok() {
        (place, None)
    } else {
        match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        }
    };
    let port = match port {
        None => None,
        Some(text) => match text.parse::<u16>() {
            Ok(number) if number > 0 && !text.starts_with('+') => Some(number),
            _ => return Err(AddressError::Port),
        },
    };
    Ok((host, port))
}

fn check_host(host: &str) -> Result<String, AddressError> {
    if let Ok(address) = host.parse::<Ipv6Addr>() {
        return Ok(address.to_string());
    }
    let fine = !host.is_empty()
        && host.len() <= 253
        && !host.starts_with(['-', '.'])
        && !host.contains("..")
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    // As it was typed: to `ssh`, `Host Staging` is not `Host staging`.
    if fine { Ok(host.to_owned()) } else { Err(AddressError::Host(text::one_line(host, REPEATED))) }
}

/// What may be repeated of an FTP address: never the part that may hold a password.
fn without_user(rest: &str) -> String {
    text::one_line(rest.rsplit_once('@').map_or(rest, |(_, place)| place), REPEATED)
}

/// How we become root on the target, if at all. The key `become` of the file.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Default,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = UnknownWord, parse_err_fn = unknown_elevation)]
pub enum Elevation {
    /// We stay who we are; that may be root already.
    #[default]
    None,
    /// `sudo -n`: the server asks for no password.
    Sudo,
    /// `sudo` with a password, given on its standard input.
    SudoPassword,
}

fn unknown_elevation(word: &str) -> UnknownWord {
    UnknownWord::new(word, Id("expected-become"))
}

impl Elevation {
    /// The word used in the file, on the command line and in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// How we log in to the target.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Default,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = UnknownWord, parse_err_fn = unknown_login)]
pub enum Login {
    /// The agent's keys, then the key files.
    #[default]
    Auto,
    /// The agent's keys only.
    Agent,
    /// Key files only.
    Key,
    /// A password from the keyring.
    Password,
}

fn unknown_login(word: &str) -> UnknownWord {
    UnknownWord::new(word, Id("expected-login"))
}

impl Login {
    /// The word used in the file, on the command line and in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// A server and the shop on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name, as checked by [`check_name`].
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// The host keys that are believed. Empty for [`Address::Local`] only.
    pub host_key: Vec<HostKeyPin>,
    /// How we log in.
    pub login: Login,
    /// The one key file to log in with. `~/` is the home folder.
    pub identity: Option<PathBuf>,
    /// How we become root.
    pub elevation: Elevation,
    /// What the merchant says it is.
    pub environment: Environment,
    /// The shop's folder on the server: absolute.
    pub path: Option<String>,
    /// The host, and perhaps the port, by which supporters reach it where our own way is not theirs.
    pub public_host: Option<String>,
}

/// Checks the name of a target: `[a-z0-9][a-z0-9._-]{0,62}`.
///
/// # Errors
/// Says what a name looks like.
pub fn check_name(name: &str) -> Result<(), Complaint> {
    let fine = name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
    if fine { Ok(()) } else { Err(Complaint::Name(text::one_line(name, REPEATED))) }
}

/// Checks the shop's folder: absolute, no control characters, no `.` or `..` in it.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_path(path: &str) -> Result<(), Complaint> {
    if !path.starts_with('/') {
        return Err(Complaint::Path(Id("target-path.relative")));
    }
    if path.chars().any(char::is_control) {
        return Err(Complaint::Path(Id("target-path.control")));
    }
    if path.len() > 1024 {
        return Err(Complaint::Path(Id("target-path.long")));
    }
    if path.split('/').any(|part| part == "." || part == "..") {
        return Err(Complaint::Path(Id("target-path.dots")));
    }
    if path.bytes().all(|b| b == b'/') {
        return Err(Complaint::Path(Id("target-path.root")));
    }
    Ok(())
}

/// What is wrong with a value of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Complaint {
    /// The name of a target.
    Name(String),
    /// A key nobody knows.
    UnknownKey,
    /// A key that must be there.
    Missing,
    /// A value of another type.
    Type(Id),
    /// The address.
    Address(#[from] AddressError),
    /// A host key.
    HostKey(#[from] pin::PinError),
    /// A word that is not one of the words expected.
    Word(#[from] UnknownWord),
    /// The shop's folder.
    Path(Id),
    /// The public host is none.
    PublicHost,
    /// The key file.
    Identity(Id),
    /// A key that means nothing for `local:`.
    OnlySsh,
}

impl Told for Complaint {
    fn note(&self) -> Note {
        match self {
            Self::Name(value) => Note::of("target-value-name", &[("value", Arg::of(value))]),
            Self::UnknownKey => Note::of("target-value-unknown-key", &[("keys", KEYS.into())]),
            Self::Missing => Note::of("target-value-missing", &[]),
            Self::Type(id) | Self::Path(id) | Self::Identity(id) => (*id).into(),
            Self::Address(error) => error.note(),
            Self::HostKey(error) => error.note(),
            Self::Word(error) => error.note(),
            Self::PublicHost => Note::of("target-value-public-host", &[]),
            Self::OnlySsh => Note::of("target-value-only-ssh", &[]),
        }
    }
}

shown_by_note!(Complaint);

/// Every key of a target, in the order in which they are written.
const KEYS: &str = "address, host_key, login, identity, become, environment, path, public_host";

/// What can go wrong with the file of targets.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is not TOML.
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// A value in it cannot be used.
    Value {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
        /// The key, as `target.NAME.KEY`.
        key: String,
        /// What is wrong.
        #[source]
        complaint: Complaint,
    },
    /// A target that is to be added cannot be used.
    Given {
        /// The key.
        key: &'static str,
        /// What is wrong.
        #[source]
        complaint: Complaint,
    },
    /// There is a target of this name already.
    Exists(String),
    /// There is none of this name.
    NotFound(String),
    /// Somebody else on this machine could change what stagepass connects to.
    WorldWritable {
        /// The file.
        path: PathBuf,
    },
    /// The file is absurdly large.
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be read. Nothing was changed.
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file could not be written. What it held before is intact.
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Told for TargetError {
    fn note(&self) -> Note {
        match self {
            Self::Syntax { path, line, column, message } => Note::of(
                "target-error-syntax",
                &[
                    ("path", path.display().into()),
                    ("line", (*line).into()),
                    ("column", (*column).into()),
                    ("message", Arg::of(message)),
                ],
            ),
            Self::Value { path, line, column, key, complaint } => Note::of(
                "target-error-value",
                &[
                    ("path", path.display().into()),
                    ("line", (*line).into()),
                    ("column", (*column).into()),
                    ("key", Arg::of(key)),
                    ("complaint", Arg::of(complaint)),
                ],
            ),
            Self::Given { key, complaint } => Note::of(
                "target-error-given",
                &[("key", Arg::of(key)), ("complaint", Arg::of(complaint))],
            ),
            Self::Exists(value) => Note::of("target-error-exists", &[("value", Arg::of(value))]),
            Self::NotFound(value) => {
                Note::of("target-error-not-found", &[("value", Arg::of(value))])
            }
            Self::WorldWritable { path } => {
                Note::of("target-error-world-writable", &[("path", path.display().into())])
            }
            Self::TooLarge { path } => {
                Note::of("target-error-too-large", &[("path", path.display().into())])
            }
            Self::Read { path, .. } => {
                Note::of("target-error-read", &[("path", path.display().into())])
            }
            Self::Write { path, .. } => {
                Note::of("target-error-write", &[("path", path.display().into())])
            }
        }
    }
}

shown_by_note!(TargetError);

/// The file of targets and what it says.
#[derive(Debug)]
pub struct Targets {
    path: PathBuf,
    list: Vec<Target>,
    /// How many of them stand in the file; those behind are the ledger's.
    own: usize,
}

impl Targets {
    /// Reads the file. One that is not there holds no targets.
    ///
    /// # Errors
    /// Fails when the file cannot be read or understood: the first mistake, with its place.
    pub fn load(path: &Path) -> Result<Self, TargetError> {
        let list = parse(path, &read(path)?)?;
        let own = list.len();
        Ok(Self { path: path.into(), list, own })
    }

    /// The same with those that the ledger knows. The file has the first word on its machine.
    #[must_use]
    pub fn with(mut self, kept: impl IntoIterator<Item = Target>) -> Self {
        for target in kept {
            if self.find(&target.name).is_none() {
                self.list.push(target);
            }
        }
        self
    }

    /// Whether a target of this name stands in the file.
    #[must_use]
    pub fn is_own(&self, name: &str) -> bool {
        self.list.iter().take(self.own).any(|target| target.name == name)
    }

    /// The targets in the order of the file, and then the ledger's.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Target> {
        self.list.iter()
    }

    /// The target of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Target> {
        self.list.iter().find(|target| target.name == name)
    }

    /// Writes one more target at the end of the file. Everything else in it stays as it is.
    ///
    /// # Errors
    /// Fails when the name is taken, a value cannot be used, or the file cannot be read or written.
    pub fn add(&mut self, target: &Target) -> Result<(), TargetError> {
        check(target)?;
        self.edit(|document| put_in(document, target))
    }

    /// Takes a target and the comment right above it out of the file.
    ///
    /// # Errors
    /// Fails when there is none of this name, or the file cannot be read or written.
    pub fn remove(&mut self, name: &str) -> Result<(), TargetError> {
        self.edit(|document| take_out(document, name))
    }

    /// Puts a target in the place of the one of the same name, in one step: what is cut off leaves the
    /// old one there.
    ///
    /// # Errors
    /// Fails when there is none of this name, a value cannot be used, or the file cannot be read or
    /// written.
    pub fn replace(&mut self, target: &Target) -> Result<(), TargetError> {
        check(target)?;
        self.edit(|document| {
            take_out(document, &target.name)?;
            put_in(document, target)
        })
    }

    /// Reads the file again, changes it and replaces it, all under a lock on its folder, so that
    /// two processes cannot lose each other's change.
    fn edit(
        &mut self,
        change: impl FnOnce(&mut DocumentMut) -> Result<(), TargetError>,
    ) -> Result<(), TargetError> {
        let write = |source| TargetError::Write { path: self.path.clone(), source };
        // A link keeps pointing where it points: the file behind it is replaced.
        let place = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let folder = file::folder_of(&place);
        fs::create_dir_all(folder).map_err(write)?;
        let lock = File::open(folder).map_err(write)?;
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive)
            .map_err(|errno| write(errno.into()))?;

        let (text, list) = changed(&self.path, &read(&place)?, change)?;
        if fs::metadata(&place).is_ok_and(|about| about.permissions().readonly()) {
            return Err(write(io::ErrorKind::PermissionDenied.into()));
        }
        file::replace(&place, text.as_bytes(), 0o600).map_err(write)?;
        self.own = list.len();
        self.list = list;
        Ok(())
    }
}

/// What a target is, as a list with nothing else in it says it.
///
/// # Errors
/// Fails when a value cannot be used.
pub fn to_text(target: &Target) -> Result<String, TargetError> {
    check(target)?;
    let mut document = DocumentMut::new();
    put_in(&mut document, target)?;
    Ok(document.to_string())
}

/// The one target that a text of [`to_text`] holds; `None` where it is none, or another.
#[must_use]
pub fn from_text(name: &str, text: &str) -> Option<Target> {
    let list = parse(Path::new("ledger"), text).ok()?;
    let [target] = <[Target; 1]>::try_from(list).ok()?;
    (target.name == name).then_some(target)
}

/// The text of the file with one change in it, and what it says then.
pub(crate) fn changed(
    path: &Path,
    text: &str,
    change: impl FnOnce(&mut DocumentMut) -> Result<(), TargetError>,
) -> Result<(String, Vec<Target>), TargetError> {
    parse(path, text)?;
    let mut document = text.parse::<DocumentMut>().map_err(|error| syntax(path, text, &error))?;
    change(&mut document)?;
    let text = document.to_string();
    let list = parse(path, &text)?;
    Ok((text, list))
}

/// One more target, at the end.
pub(crate) fn put_in(document: &mut DocumentMut, target: &Target) -> Result<(), TargetError> {
    if find_table(document, &target.name).is_some() {
        return Err(TargetError::Exists(target.name.clone()));
    }
    let parent = document.entry("target").or_insert_with(|| {
        let mut parent = Table::new();
        parent.set_implicit(true);
        Item::Table(parent)
    });
    if let Some(parent) = parent.as_table_like_mut() {
        parent.insert(&target.name, Item::Table(to_table(target)));
    }
    Ok(())
}

/// One target less.
pub(crate) fn take_out(document: &mut DocumentMut, name: &str) -> Result<(), TargetError> {
    let removed = document
        .get_mut("target")
        .and_then(Item::as_table_like_mut)
        .and_then(|parent| parent.remove(name));
    removed.map(drop).ok_or_else(|| TargetError::NotFound(name.into()))
}

/// The largest file of targets: far more than anybody writes by hand.
const LIMIT: u64 = 4 * 1024 * 1024;

fn read(path: &Path) -> Result<String, TargetError> {
    let fail = |source| TargetError::Read { path: path.into(), source };
    let read = match file::read(path, LIMIT, Links::Follow) {
        Ok(read) => read,
        Err(error) if error.is_missing() => return Ok(String::new()),
        Err(Unread::TooLarge(_)) => return Err(TargetError::TooLarge { path: path.into() }),
        Err(error) => return Err(fail(error.into())),
    };
    if file::written_by_others(&read.about, &[0]).is_some() {
        return Err(TargetError::WorldWritable { path: path.into() });
    }
    std::str::from_utf8(&read.bytes).map(str::to_owned).map_err(|error| {
        let before = read.bytes.get(..error.valid_up_to()).unwrap_or_default();
        let (line, column) = place(&String::from_utf8_lossy(before), before.len());
        let message = message::text("file-error-not-utf-8", &[]);
        TargetError::Syntax { path: path.into(), line, column, message }
    })
}

/// The line and column of a byte, both counted from 1, the column in characters.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

fn syntax(path: &Path, text: &str, error: &toml_edit::TomlError) -> TargetError {
    let (line, column) = place(text, error.span().map_or(0, |span| span.start));
    let message = error.message().replace('\n', ", ");
    TargetError::Syntax { path: path.into(), line, column, message }
}

fn find_table<'a>(document: &'a DocumentMut, name: &str) -> Option<&'a Item> {
    document.get("target")?.as_table_like()?.get(name)
}

/// A text of the file and where it stands.
type Spanned<'a> = (&'a str, Option<Range<usize>>);

/// Reads values and complains with their place.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn complain(
        &self,
        key: String,
        span: Option<Range<usize>>,
        complaint: impl Into<Complaint>,
    ) -> TargetError {
        let (line, column) = place(self.text, span.map_or(0, |span| span.start));
        TargetError::Value {
            path: self.path.into(),
            line,
            column,
            key,
            complaint: complaint.into(),
        }
    }

    fn target(
        &self,
        name: &str,
        span: Option<Range<usize>>,
        table: &dyn TableLike,
    ) -> Result<Target, TargetError> {
        let full = |key: &str| format!("target.{name}.{key}");
        check_name(name).map_err(|complaint| {
            self.complain(
                format!("target.{}", text::one_line(name, REPEATED)),
                span.clone(),
                complaint,
            )
        })?;
        for (key, item) in table.iter() {
            if !KEYS.split([',', ' ']).any(|known| known == key) {
                let span = table.get_key_value(key).and_then(|(key, _)| key.span());
                let span = span.or_else(|| item.span());
                return Err(self.complain(
                    full(&text::one_line(key, REPEATED)),
                    span,
                    Complaint::UnknownKey,
                ));
            }
        }
        let missing = |key: &str| self.complain(full(key), span.clone(), Complaint::Missing);
        let word = |key: &str| -> Result<Option<Spanned<'_>>, TargetError> {
            let Some(item) = table.get(key) else { return Ok(None) };
            let text = item.as_str().ok_or_else(|| {
                self.complain(full(key), item.span(), Complaint::Type(Id("target-type.text")))
            })?;
            Ok(Some((text, item.span())))
        };
        let (address, address_span) = word("address")?.ok_or_else(|| missing("address"))?;
        let address: Address = address
            .parse()
            .map_err(|error: AddressError| self.complain(full("address"), address_span, error))?;
        let (environment, environment_span) =
            word("environment")?.ok_or_else(|| missing("environment"))?;
        let environment = Environment::read(environment).map_err(|error: UnknownWord| {
            self.complain(full("environment"), environment_span, error)
        })?;
        let login = match word("login")? {
            None => Login::default(),
            Some((text, span)) => text
                .parse()
                .map_err(|error: UnknownWord| self.complain(full("login"), span, error))?,
        };
        let elevation = match word("become")? {
            None => Elevation::default(),
            Some((text, span)) => text
                .parse()
                .map_err(|error: UnknownWord| self.complain(full("become"), span, error))?,
        };
        let identity = match word("identity")? {
            None => None,
            Some((text, span)) => {
                check_identity(text)
                    .map_err(|complaint| self.complain(full("identity"), span, complaint))?;
                Some(PathBuf::from(text))
            }
        };
        let path = match word("path")? {
            None => None,
            Some((text, span)) => {
                check_path(text)
                    .map_err(|complaint| self.complain(full("path"), span, complaint))?;
                Some(text.to_owned())
            }
        };
        let public_host = match word("public_host")? {
            None => None,
            Some((text, span)) => {
                check_public_host(text)
                    .map_err(|complaint| self.complain(full("public_host"), span, complaint))?;
                Some(text.to_owned())
            }
        };
        let host_key = match table.get("host_key") {
            None if address == Address::Local => Vec::new(),
            None => return Err(missing("host_key")),
            Some(item) => self.host_keys(&full("host_key"), item)?,
        };
        let name = name.to_owned();
        Ok(Target {
            name,
            address,
            host_key,
            login,
            identity,
            elevation,
            environment,
            path,
            public_host,
        })
    }

    fn host_keys(&self, key: &str, item: &Item) -> Result<Vec<HostKeyPin>, TargetError> {
        let pin = |text: Option<&str>, span: Option<Range<usize>>| {
            text.ok_or(Complaint::Type(Id("target-type.host-key")))
                .and_then(|text| text.parse::<HostKeyPin>().map_err(Complaint::from))
                .map_err(|complaint| self.complain(key.into(), span, complaint))
        };
        match item.as_array() {
            None => Ok(vec![pin(item.as_str(), item.span())?]),
            Some(list) if list.is_empty() => {
                Err(self.complain(key.into(), item.span(), Complaint::Missing))
            }
            Some(list) => list.iter().map(|item| pin(item.as_str(), item.span())).collect(),
        }
    }
}

/// The file's targets, or its first mistake.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Vec<Target>, TargetError> {
    let document = Document::parse(text).map_err(|error| syntax(path, text, &error))?;
    let reader = Reader { path, text };
    let mut list = Vec::new();
    for (key, item) in document.iter() {
        let span = document.get_key_value(key).and_then(|(key, _)| key.span());
        let span = span.or_else(|| item.span());
        if key != "target" {
            let complaint = Complaint::Type(Id("target-type.only-tables"));
            return Err(reader.complain(text::one_line(key, REPEATED), span, complaint));
        }
        let table = item.as_table_like().ok_or_else(|| {
            reader.complain("target".into(), span, Complaint::Type(Id("target-type.tables")))
        })?;
        for (name, item) in table.iter() {
            let span = table.get_key_value(name).and_then(|(key, _)| key.span());
            let span = span.or_else(|| item.span());
            let inner = item.as_table_like().ok_or_else(|| {
                let complaint = Complaint::Type(Id("target-type.table"));
                reader.complain(
                    format!("target.{}", text::one_line(name, REPEATED)),
                    span.clone(),
                    complaint,
                )
            })?;
            list.push(reader.target(name, span, inner)?);
        }
    }
    Ok(list)
}

/// The key file: a path that can be opened from anywhere.
/// Checks the host by which supporters reach a target.
///
/// # Errors
/// Says what it looks like.
pub fn check_public_host(text: &str) -> Result<(), Complaint> {
    match split_public_host(text) {
        Some(_) => Ok(()),
        None => Err(Complaint::PublicHost),
    }
}

fn check_identity(text: &str) -> Result<(), Complaint> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Complaint::Identity(Id("target-identity.control")));
    }
    if !text.starts_with('/') && !text.starts_with("~/") {
        return Err(Complaint::Identity(Id("target-identity.relative")));
    }
    Ok(())
}

/// Checks a target that did not come from the file.
fn check(target: &Target) -> Result<(), TargetError> {
    let given = |key: &'static str| move |complaint| TargetError::Given { key, complaint };
    check_name(&target.name).map_err(given("name"))?;
    if let Some(path) = &target.path {
        check_path(path).map_err(given("path"))?;
    }
    if let Some(host) = &target.public_host {
        check_public_host(host).map_err(given("public_host"))?;
    }
    if let Some(identity) = &target.identity {
        let text = identity.to_str().ok_or(Complaint::Identity(Id("target-identity.not-text")));
        text.and_then(check_identity).map_err(given("identity"))?;
    }
    if target.host_key.is_empty() && target.address != Address::Local {
        return Err(given("host_key")(Complaint::Missing));
    }
    Ok(())
}

fn to_table(target: &Target) -> Table {
    let mut table = Table::new();
    table.insert("address", value(target.address.to_string()));
    match target.host_key.as_slice() {
        [] => {}
        [one] => drop(table.insert("host_key", value(one.to_string()))),
        many => {
            let list: Array = many.iter().map(ToString::to_string).collect();
            table.insert("host_key", value(list));
        }
    }
    if target.login != Login::default() {
        table.insert("login", value(target.login.id()));
    }
    if let Some(identity) = target.identity.as_deref().and_then(Path::to_str) {
        table.insert("identity", value(identity));
    }
    if target.elevation != Elevation::default() {
        table.insert("become", value(target.elevation.id()));
    }
    table.insert("environment", value(target.environment.id()));
    if let Some(path) = &target.path {
        table.insert("path", value(path));
    }
    if let Some(host) = &target.public_host {
        table.insert("public_host", value(host));
    }
    table
}

/// A public host: a name or an address, and perhaps a port.
#[must_use]
pub fn split_public_host(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None if text.parse::<std::net::Ipv6Addr>().is_ok() => (text, None),
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    let is_host = !host.is_empty()
        && host.len() <= 253
        && !host.starts_with('-')
        && host.chars().all(is_name);
    let port = port.map(|port| port.parse::<u16>().ok().filter(|port| *port > 0));
    match port {
        Some(None) => None,
        port => is_host.then(|| (host.to_owned(), port.flatten())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    fn staging(name: &str) -> Target {
        Target {
            name: name.into(),
            address: "ssh://deploy@staging.shop.example".parse().unwrap(),
            host_key: vec![KEY.parse().unwrap()],
            login: Login::Auto,
            identity: None,
            elevation: Elevation::Sudo,
            environment: Environment::Staging,
            path: Some("/var/www/shop".into()),
            public_host: None,
        }
    }

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("targets.toml");
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn complaint(text: &str) -> String {
        let (_folder, path) = file(text);
        let error = Targets::load(&path).unwrap_err().to_string();
        error.replace(&path.display().to_string(), "F")
    }

    #[test]
    fn what_a_target_is_is_read_back_from_its_text_and_from_no_other() {
        let target = Target {
            elevation: Elevation::SudoPassword,
            path: Some("/srv/it's \"here\"".into()),
            public_host: Some("shop.example:2222".into()),
            ..staging("shop.1")
        };
        let text = to_text(&target).unwrap();
        assert_eq!(from_text("shop.1", &text), Some(target.clone()));
        assert_eq!(from_text("shop", &text), None);
        let two = text.clone() + &to_text(&staging("two")).unwrap();
        for text in ["", "no toml [", &two, &text.replace("become", "unknown")] {
            assert_eq!(from_text("shop.1", text), None, "{text}");
        }
    }

    #[test]
    fn addresses_are_read_back_from_what_they_print() {
        for (text, printed) in [
            ("ssh://deploy@staging.shop.example", "ssh://deploy@staging.shop.example"),
            ("deploy@Staging.Shop.Example:2222", "ssh://deploy@Staging.Shop.Example:2222"),
            ("SFTP://deploy@h/", "ssh://deploy@h"),
            ("staging", "ssh://staging"),
            ("ssh://[2001:DB8::1]:22", "ssh://[2001:db8::1]:22"),
            ("deploy@2001:db8::1", "ssh://deploy@[2001:db8::1]"),
            ("192.0.2.1", "ssh://192.0.2.1"),
            ("local:", "local:"),
        ] {
            let address: Address = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(address.to_string(), printed);
            assert_eq!(printed.parse(), Ok(address));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        let refused = |text: &str| text.parse::<Address>().unwrap_err();
        assert_eq!(refused(""), AddressError::Empty);
        assert_eq!(refused("ssh://user:hunter2@host"), AddressError::Password);
        assert_eq!(refused("ssh://user:hun@ter2@host"), AddressError::Password);
        assert_eq!(refused("user@host:/var/www"), AddressError::Path);
        assert_eq!(refused("ssh://host/var"), AddressError::Path);
        assert_eq!(refused("ssh://host?x"), AddressError::Path);
        assert_eq!(refused("ssh://host:0"), AddressError::Port);
        assert_eq!(refused("ssh://host:65536"), AddressError::Port);
        assert_eq!(refused("ssh://host:+22"), AddressError::Port);
        assert_eq!(refused("telnet://host"), AddressError::Scheme("telnet".into()));
        for text in ["ho st", "host\n", "\u{7}host", "h'ost", "h\"ost", "h`x`", "-oProxy", "h%41"] {
            assert!(matches!(refused(text), AddressError::Character(_)), "{text:?}");
        }
        for text in ["ssh://-o@host", "ssh://a b@host", "ssh://;id@host", "ssh://@host"] {
            let error = refused(text);
            assert!(
                matches!(error, AddressError::User(_) | AddressError::Character(_)),
                "{text:?} {error}"
            );
        }
        for text in ["ssh://", "ssh://-host", "ssh://h..x", "ssh://[::g]", "ssh://[::1]x", "a,b"] {
            assert!(matches!(refused(text), AddressError::Host(_)), "{text:?}");
        }
    }

    #[test]
    fn ftp_is_recognised_and_its_password_never_repeated() {
        for text in
            ["ftp://user:hunter2@shop.example", "FTPS://shop.example", "ftpes://x@shop.example"]
        {
            let error = text.parse::<Address>().unwrap_err();
            let AddressError::Ftp { host, .. } = &error else { panic!("{text}") };
            assert_eq!(host, "shop.example");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        for text in ["x:hunter2://host", "http://user:hunter2@host", "user@host:hunter2"] {
            assert!(!format!("{:?}", text.parse::<Address>()).contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn adding_and_removing_keeps_everything_else_as_it_was() {
        let text = format!(
            "# ours\n\n[target.one]   # the first\nenvironment='staging'\n\
             address = \"ssh://one\"\nhost_key = [\n  \"{KEY}\", # new\n]\n\n\
             # this machine\n[target.here]\naddress = \"local:\"\nenvironment = \"test\"\n"
        );
        let (_folder, path) = file(&text);
        let mut targets = Targets::load(&path).unwrap();
        assert_eq!(targets.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["one", "here"]);
        targets.add(&staging("two")).unwrap();
        let added = fs::read_to_string(&path).unwrap();
        assert_eq!(
            added.strip_prefix(&text).unwrap(),
            format!(
                "\n[target.two]\naddress = \"ssh://deploy@staging.shop.example\"\n\
                 host_key = \"{KEY}\"\nbecome = \"sudo\"\nenvironment = \"staging\"\n\
                 path = \"/var/www/shop\"\n"
            )
        );
        assert_eq!(Targets::load(&path).unwrap().find("two"), Some(&staging("two")));
        assert!(matches!(targets.add(&staging("two")), Err(TargetError::Exists(_))));
        targets.remove("two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert!(matches!(targets.remove("two"), Err(TargetError::NotFound(_))));
    }

    #[test]
    fn a_new_file_is_made_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/targets.toml");
        let mut targets = Targets::load(&path).unwrap();
        assert_eq!(targets.iter().len(), 0);
        let identity = Some("~/.ssh/deploy".into());
        let every = Target { identity, login: Login::Key, ..staging("one") };
        let every = Target { elevation: Elevation::SudoPassword, ..every };
        targets.add(&every).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Targets::load(&path).unwrap().find("one"), Some(&every));
    }

    #[test]
    fn mistakes_are_reported_with_their_place() {
        let good =
            format!("[target.a]\naddress=\"a\"\nenvironment=\"staging\"\nhost_key=\"{KEY}\"\n");
        for (text, expected) in [
            ("[target.a\n".into(), "`F` is not TOML: line 1, column 10: "),
            ("# è\n[target.a]\nx = è\n".into(), "`F` is not TOML: line 3, column 5: "),
            (
                format!("{good}becom = \"sudo\"\n"),
                "`F`, line 5, column 1: `target.a.becom`: there is no such key; known keys are ",
            ),
            (
                format!("{good}become = \"su\"\n"),
                "`F`, line 5, column 10: `target.a.become`: `su` is not none, sudo or sudo-password",
            ),
            (
                format!("{good}path = \"var\"\n"),
                "`F`, line 5, column 8: `target.a.path`: the folder must start with `/`",
            ),
            (
                format!("{good}path = 3\n"),
                "`F`, line 5, column 8: `target.a.path`: expected a text in quotes",
            ),
            (
                good.replace("staging", "production"),
                "`F`, line 3, column 13: `target.a.environment`: `production` is not staging, live",
            ),
            (
                good.replace("\"a\"", "\"ftp://u:hunter2@h\""),
                "`F`, line 2, column 9: `target.a.address`: `ftp://` is FTP",
            ),
            (good.replace("host_key", "#"), "`F`, line 1, column "),
            (
                good.replace(KEY, "SHA256:x"),
                "`F`, line 4, column 10: `target.a.host_key`: only SHA",
            ),
            (good.replace("target.a", "target.\"A b\""), "`F`, line 1, column 9: `target.A b`: "),
            ("[targets.a]\n".into(), "`F`, line 1, column 2: `targets`: expected `[target.NAME]`"),
            ("[target]\na = 1\n".into(), "`F`, line 2, column 1: `target.a`: expected a table"),
            (format!("{good}{good}"), "`F` is not TOML: line 5, column "),
        ] {
            let said = complaint(&text);
            assert!(said.starts_with(expected), "{text}\n{said}\n{expected}");
            assert!(!said.contains("hunter2"));
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_stays_as_it_was() {
        let (_folder, path) = file("# mine\n");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        let mut targets = Targets::load(&path).unwrap();
        let error = targets.add(&staging("one")).unwrap_err();
        assert!(matches!(error, TargetError::Write { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\n");
        assert_eq!(targets.iter().len(), 0);
    }

    #[test]
    fn a_link_stays_a_link_and_the_file_behind_it_changes() {
        let (folder, path) = file("");
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        Targets::load(&link).unwrap().add(&staging("one")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(Targets::load(&path).unwrap().find("one").is_some());
    }

    #[test]
    fn a_file_that_everybody_may_write_is_refused() {
        let (_folder, path) = file("");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(Targets::load(&path), Err(TargetError::WorldWritable { .. })));
    }

    #[test]
    fn what_is_no_text_or_too_large_is_refused() {
        let (_folder, path) = file("");
        fs::write(&path, b"# ok\n\xff\n").unwrap();
        let error = Targets::load(&path).unwrap_err();
        assert!(matches!(error, TargetError::Syntax { line: 2, column: 1, .. }), "{error}");
        fs::write(&path, vec![b'#'; 5 * 1024 * 1024]).unwrap();
        assert!(matches!(Targets::load(&path), Err(TargetError::TooLarge { .. })));
    }

    #[test]
    fn two_at_once_lose_nothing() {
        let (_folder, path) = file("");
        let adders: Vec<_> = (0..8)
            .map(|number| {
                let path = path.clone();
                std::thread::spawn(move || {
                    Targets::load(&path).unwrap().add(&staging(&format!("t{number}"))).unwrap();
                })
            })
            .collect();
        for adder in adders {
            adder.join().unwrap();
        }
        assert_eq!(Targets::load(&path).unwrap().iter().len(), 8);
    }

    #[test]
    fn a_target_that_could_not_be_read_back_is_not_written() {
        let (_folder, path) = file("");
        let mut targets = Targets::load(&path).unwrap();
        let base = staging("one");
        for wrong in [
            Target { name: "Big".into(), ..base.clone() },
            Target { path: Some("/a/../b".into()), ..base.clone() },
            Target { path: Some("/a\nb".into()), ..base.clone() },
            Target { identity: Some("id_rsa".into()), ..base.clone() },
            Target { host_key: Vec::new(), ..base },
        ] {
            assert!(matches!(targets.add(&wrong), Err(TargetError::Given { .. })), "{wrong:?}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }

    #[test]
    fn a_public_host_is_a_name_or_an_address_and_perhaps_a_port() {
        let some = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(split_public_host("shop.example"), some("shop.example", None));
        assert_eq!(split_public_host("shop.example:2222"), some("shop.example", Some(2222)));
        assert_eq!(split_public_host("192.0.2.7:22"), some("192.0.2.7", Some(22)));
        assert_eq!(split_public_host("2001:db8::1"), some("2001:db8::1", None));
        assert_eq!(split_public_host("[2001:db8::1]:2222"), some("2001:db8::1", Some(2222)));
        for text in ["", "-oProxyCommand=x", "a b", "a:0", "a:x", "a;b", "[::1", "$(x)", "u@h"] {
            assert_eq!(split_public_host(text), None, "{text}");
        }
    }
}
