//! The merchant's own secrets, in the operating system's keyring: Secret Service, Keychain or
//! Credential Manager.
//!
//! A keyring is a home for what *we* need to log in (a key's passphrase, a password), never for a
//! credential of a supporter. It is never required: a machine without a desktop has none, and
//! [`instead`] says what to do there.
//!
//! A call into a keyring blocks, has no time limit of its own, and may wait for a dialog that
//! nobody sees. So each runs on a thread of its own that is left behind when the time is over:
//! tokio's `spawn_blocking` would hold up the end of the runtime, and with it of the program.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ::keyring::{Entry, Error as StoreError};
use zeroize::Zeroizing;

use crate::file::{self, Links};
use crate::message::{self, Arg, Id, Note, Told, shown_by_note};
use crate::secret::Secret;
use crate::text;

/// The service under which the keyring files our entries.
const SERVICE: &str = "stagepass";

/// The file in the state folder that lists the names. Never a secret.
const INDEX: &str = "secret-names";

/// The longest name, in bytes. Credential Manager takes 512 characters in all.
const LONGEST_NAME: usize = 400;

/// What a kept secret is for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "lowercase")]
pub enum SecretKind {
    /// The passphrase of a private key file; its name is the file's absolute path.
    Passphrase,
    /// The password of a target's own SSH login; its name is the target's.
    Password,
    /// The password `sudo` asks for on a target; its name is the target's.
    Sudo,
    /// The password inside a ledger URL; its name is the URL without the password.
    Ledger,
}

impl SecretKind {
    /// Every kind, in the order they are listed.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The word before the colon in `passphrase:/home/me/.ssh/id_ed25519`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// The name of a kept secret: what it is for, and whose it is. Written `kind:name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName {
    kind: SecretKind,
    name: String,
}

impl SecretName {
    /// A name of 1 to 400 bytes without control characters.
    ///
    /// # Errors
    /// [`KeyringError::Name`] for any other.
    pub fn new(kind: SecretKind, name: impl Into<String>) -> Result<Self, KeyringError> {
        let name = name.into();
        if name.is_empty() {
            return Err(KeyringError::Name { why: Id("keyring-name.empty") });
        }
        if name.len() > LONGEST_NAME {
            return Err(KeyringError::Name { why: Id("keyring-name.long") });
        }
        if name.contains(char::is_control) {
            return Err(KeyringError::Name { why: Id("keyring-name.control") });
        }
        Ok(Self { kind, name })
    }

    /// What the secret is for.
    #[must_use]
    pub fn kind(&self) -> SecretKind {
        self.kind
    }

    /// Whose it is: a key file's path, a target's name, a ledger's URL.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.id(), self.name)
    }
}

impl FromStr for SecretName {
    type Err = KeyringError;

    fn from_str(text: &str) -> Result<Self, KeyringError> {
        let (word, name) =
            text.split_once(':').ok_or(KeyringError::Name { why: Id("keyring-name.no-kind") })?;
        let why = Id("keyring-name.kind");
        let kind = word.parse().map_err(|_| KeyringError::Name { why })?;
        Self::new(kind, name)
    }
}

/// What went wrong with the keyring. No text in here comes from a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// This is no name for a secret.
    Name {
        /// Which rule it breaks.
        why: Id,
    },
    /// There is no keyring here, as under cron and in containers. See [`instead`].
    Absent {
        /// What the operating system said.
        why: String,
    },
    /// There is one, and it wants its password first.
    Locked,
    /// Nothing came back in time. A dialog may be waiting for somebody.
    NoAnswer {
        /// How long was waited.
        limit: Duration,
    },
    /// Another program kept something else under this name.
    NotText {
        /// The name asked for.
        name: SecretName,
    },
    /// More than one entry carries the name, so none is used.
    Ambiguous {
        /// The name asked for.
        name: SecretName,
    },
    /// The keyring said no.
    Refused {
        /// What it said.
        why: String,
    },
    /// The list of names cannot be read or written.
    Index {
        /// The list.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Told for KeyringError {
    fn note(&self) -> Note {
        match self {
            Self::Name { why } => Note::of("keyring-error-name", &[("why", why.text().into())]),
            Self::Absent { why } => Note::of("keyring-error-absent", &[("why", Arg::of(why))]),
            Self::Locked => Note::of("keyring-error-locked", &[]),
            Self::NoAnswer { limit } => {
                Note::of("keyring-error-no-answer", &[("limit", Arg::of(limit.as_secs_f32()))])
            }
            Self::NotText { name } => {
                Note::of("keyring-error-not-text", &[("name", Arg::of(name))])
            }
            Self::Ambiguous { name } => {
                Note::of("keyring-error-ambiguous", &[("name", Arg::of(name))])
            }
            Self::Refused { why } => Note::of("keyring-error-refused", &[("why", Arg::of(why))]),
            Self::Index { path, .. } => {
                Note::of("keyring-error-index", &[("path", path.display().into())])
            }
        }
    }
}

shown_by_note!(KeyringError);

/// Whether a keyring can be used now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// Reachable and unlocked.
    Available,
    /// Not reachable. Under cron and in containers this is the normal case.
    Absent {
        /// What the operating system said.
        why: String,
    },
    /// Reachable, and it wants its password first.
    Locked,
}

/// Whether a locked keyring may ask for its password on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    /// Somebody is there to answer.
    Allowed,
    /// Nobody is: a locked keyring is [`KeyringError::Locked`] at once. Only the Secret Service can
    /// be asked this beforehand; on other systems it has no effect.
    Never,
}

/// The keyring, and the list of the names we keep in it.
///
/// The list is a file of ours because no search works on all three systems: the Secret Service
/// unlocks (and so asks) before it names what it found, Credential Manager searches by pattern in
/// another vocabulary, and the `keyring` crate passes none of them on. A name is listed before its
/// secret is stored and unlisted after it is removed, so the list may name a secret that is not
/// there but never misses one that is.
pub struct Keyring {
    index: PathBuf,
    limit: Duration,
    dialog: Dialog,
    /// A call that outlived its limit. While it waits, every other would wait behind it.
    late: Mutex<Option<JoinHandle<()>>>,
}

impl Keyring {
    /// A keyring whose calls end after `limit` each. `state` is the folder for the list of names;
    /// it must exist when something is stored.
    #[must_use]
    pub fn new(state: &Path, limit: Duration, dialog: Dialog) -> Self {
        Self { index: state.join(INDEX), limit, dialog, late: Mutex::new(None) }
    }

    /// Keeps a secret under a name; one that is there already is replaced.
    ///
    /// # Errors
    /// Every [`KeyringError`] but those about names. After [`KeyringError::NoAnswer`] nobody knows
    /// whether it was stored.
    pub fn store(&self, name: &SecretName, secret: &Secret) -> Result<(), KeyringError> {
        // The call may outlive this one, so it has a copy of its own; it is wiped like the first.
        let copy = Zeroizing::new(secret.expose().as_bytes().to_vec());
        // A machine without a keyring keeps no list of what it does not hold.
        self.call(|| entry_store().map(|_| ()))?;
        let had_it = self.change_index(|names| !names.insert(name.to_string()))?;
        let stored = {
            let (name, dialog) = (name.clone(), self.dialog);
            self.call(move || {
                refuse_dialog(&name, dialog)?;
                open(&name)?.set_secret(&copy).map_err(|error| explain(error, &name))
            })
        };
        if !had_it
            && matches!(stored, Err(ref error) if !matches!(error, KeyringError::NoAnswer { .. }))
        {
            self.change_index(|names| names.remove(&name.to_string()))?;
        }
        stored
    }

    /// The secret kept under a name, or `None` when there is none.
    ///
    /// # Errors
    /// Every [`KeyringError`] but those about names and their list.
    pub fn fetch(&self, name: &SecretName) -> Result<Option<Secret>, KeyringError> {
        let (name, dialog) = (name.clone(), self.dialog);
        self.call(move || {
            refuse_dialog(&name, dialog)?;
            // As bytes: the text call would hand a secret it cannot decode back inside its error.
            let bytes = match open(&name)?.get_secret() {
                Ok(bytes) => Zeroizing::new(bytes),
                Err(StoreError::NoEntry) => return Ok(None),
                Err(error) => return Err(explain(error, &name)),
            };
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| KeyringError::NotText { name: name.clone() })?;
            Ok(Some(Secret::new(text.to_owned())))
        })
    }

    /// Removes what is kept under a name. `false` when there was nothing.
    ///
    /// # Errors
    /// Every [`KeyringError`] but those about names.
    pub fn remove(&self, name: &SecretName) -> Result<bool, KeyringError> {
        let removed = {
            let (name, dialog) = (name.clone(), self.dialog);
            self.call(move || {
                refuse_dialog(&name, dialog)?;
                match open(&name)?.delete_credential() {
                    Ok(()) => Ok(true),
                    Err(StoreError::NoEntry) => Ok(false),
                    Err(error) => Err(explain(error, &name)),
                }
            })?
        };
        self.change_index(|names| names.remove(&name.to_string()))?;
        Ok(removed)
    }

    /// The names that were stored from this state folder, sorted. Works without a keyring.
    ///
    /// # Errors
    /// [`KeyringError::Index`] when the list is there and cannot be read.
    pub fn list(&self) -> Result<Vec<SecretName>, KeyringError> {
        let names = self.read_index().map_err(|source| self.index_error(source))?;
        let mut names: Vec<SecretName> =
            names.iter().filter_map(|line| line.parse().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// Whether the keyring can be used now. Never opens a dialog, and ends within the limit.
    #[must_use]
    pub fn status(&self) -> Availability {
        match self.call(|| {
            entry_store()?;
            locked()
        }) {
            Ok(false) => Availability::Available,
            Ok(true) | Err(KeyringError::Locked) => Availability::Locked,
            Err(KeyringError::Absent { why } | KeyringError::Refused { why }) => {
                Availability::Absent { why }
            }
            Err(other) => Availability::Absent { why: other.to_string() },
        }
    }

    /// Runs a call on a thread of its own and leaves it behind when the time is over.
    fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let no_answer = KeyringError::NoAnswer { limit: self.limit };
        let mut late = self.late.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if late.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Err(no_answer);
        }
        let (answer, wait) = mpsc::sync_channel(1);
        let thread = thread::Builder::new()
            .name("keyring".into())
            // An answer that comes too late is dropped here, and a secret in it wiped.
            .spawn(move || drop(answer.send(work())))
            .map_err(|error| KeyringError::Refused { why: error.to_string() })?;
        match wait.recv_timeout(self.limit) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                *late = Some(thread);
                Err(no_answer)
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(KeyringError::Refused { why: message::text("keyring-why.library", &[]) })
            }
        }
    }

    fn index_error(&self, source: io::Error) -> KeyringError {
        KeyringError::Index { path: self.index.clone(), source }
    }

    /// The lines of the list. A line this version does not know is kept as it is.
    fn read_index(&self) -> io::Result<BTreeSet<String>> {
        let read = match file::read(&self.index, 1 << 20, Links::Follow) {
            Ok(read) => read,
            Err(error) if error.is_missing() => return Ok(BTreeSet::new()),
            Err(error) => return Err(error.into()),
        };
        Ok(read.text()?.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    /// Changes the list, alone among all processes, and replaces the file in one step.
    fn change_index<T>(
        &self,
        change: impl FnOnce(&mut BTreeSet<String>) -> T,
    ) -> Result<T, KeyringError> {
        self.try_change_index(change).map_err(|source| self.index_error(source))
    }

    fn try_change_index<T>(
        &self,
        change: impl FnOnce(&mut BTreeSet<String>) -> T,
    ) -> io::Result<T> {
        let folder = self.index.parent().unwrap_or(Path::new("."));
        let _alone = lock(&folder.join(".secret-names.lock"), self.limit)?;
        let before = self.read_index()?;
        let mut names = before.clone();
        let result = change(&mut names);
        if names == before {
            return Ok(result);
        }
        let text: String = names.iter().map(|name| format!("{name}\n")).collect();
        file::replace(&self.index, text.as_bytes(), 0o600)?;
        Ok(result)
    }
}

/// What to do where there is no keyring, one thing a line, the best first.
#[must_use]
pub fn instead(name: &SecretName) -> Vec<Note> {
    let args = [("target", name.name().into())];
    match name.kind() {
        SecretKind::Passphrase => vec![
            Note::of("keyring-instead.passphrase", &args),
            Note::of("keyring-instead.agent", &args),
        ],
        SecretKind::Password => vec![
            Note::of("keyring-instead.login-key", &args),
            Note::of("keyring-instead.login-key-set", &args),
        ],
        SecretKind::Sudo => vec![
            Note::of("keyring-instead.sudo", &args),
            Note::of("keyring-instead.sudo-set", &args),
        ],
        SecretKind::Ledger => vec![Note::of("keyring-instead.ledger", &args)],
    }
}

/// Waits for a lock at most `limit`. It ends when the file is closed, also by a crash.
fn lock(path: &Path, limit: Duration) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let end = Instant::now() + limit;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < end => {
                thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::TimedOut.into()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Whether this system's keyring answers at all. [`Entry::new`] would hide why it does not.
fn entry_store() -> Result<(), KeyringError> {
    match Entry::store_status() {
        Ok(()) => Ok(()),
        Err(error) => Err(KeyringError::Absent { why: reason(error) }),
    }
}

/// The entry of this name, which need not exist.
fn open(name: &SecretName) -> Result<Entry, KeyringError> {
    entry_store()?;
    Entry::new(SERVICE, &name.to_string()).map_err(|error| explain(error, name))
}

/// Sorts a store's errors. The ones that can hold a secret are never written out.
fn explain(error: StoreError, name: &SecretName) -> KeyringError {
    match error {
        StoreError::NoStorageAccess(_) => KeyringError::Locked,
        StoreError::Ambiguous(_) => KeyringError::Ambiguous { name: name.clone() },
        StoreError::BadEncoding(bytes) | StoreError::BadDataFormat(bytes, _) => {
            drop(Zeroizing::new(bytes));
            KeyringError::NotText { name: name.clone() }
        }
        StoreError::NoDefaultStore => {
            KeyringError::Absent { why: message::text("keyring-why.none", &[]) }
        }
        other => KeyringError::Refused { why: reason(&other) },
    }
}

/// The innermost cause, cut and without control characters.
fn reason(error: &StoreError) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    text::one_line(&cause.to_string(), 200)
}

/// Stops before a dialog that nobody would answer.
#[cfg(all(unix, not(target_os = "macos")))]
fn refuse_dialog(name: &SecretName, dialog: Dialog) -> Result<(), KeyringError> {
    if dialog == Dialog::Allowed {
        return Ok(());
    }
    entry_store()?;
    let service = secret_service()?;
    let name = name.to_string();
    let wanted = [("service", SERVICE), ("username", name.as_str())].into();
    let found = service.search_items(wanted).map_err(service_error)?;
    if found.locked.is_empty() && (!found.unlocked.is_empty() || !default_is_locked(&service)?) {
        return Ok(());
    }
    Err(KeyringError::Locked)
}

/// Whether the keyring wants its password first.
#[cfg(all(unix, not(target_os = "macos")))]
fn locked() -> Result<bool, KeyringError> {
    default_is_locked(&secret_service()?)
}

/// No secret passes over this connection, so it needs no session key.
#[cfg(all(unix, not(target_os = "macos")))]
fn secret_service() -> Result<secret_service::blocking::SecretService<'static>, KeyringError> {
    secret_service::blocking::SecretService::connect(secret_service::EncryptionType::Plain)
        .map_err(service_error)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn default_is_locked(
    service: &secret_service::blocking::SecretService<'static>,
) -> Result<bool, KeyringError> {
    match service.get_default_collection() {
        Ok(collection) => collection.is_locked().map_err(service_error),
        Err(secret_service::Error::NoResult) => {
            Err(KeyringError::Absent { why: message::text("keyring-why.collection", &[]) })
        }
        Err(error) => Err(service_error(error)),
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn service_error(error: secret_service::Error) -> KeyringError {
    KeyringError::Refused { why: reason(&StoreError::PlatformFailure(Box::new(error))) }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn refuse_dialog(_: &SecretName, _: Dialog) -> Result<(), KeyringError> {
    Ok(())
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn locked() -> Result<bool, KeyringError> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for text in ["passphrase:/home/me/.ssh/id_ed25519", "sudo:staging", "password:a:b"] {
            assert_eq!(text.parse::<SecretName>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_name_that_could_break_a_list_or_a_keyring_is_refused() {
        for text in ["staging", "sudo:", "root:staging", "sudo:a\nb", "sudo:\u{1b}[2J"] {
            assert!(text.parse::<SecretName>().is_err(), "{text:?}");
        }
        assert!(SecretName::new(SecretKind::Sudo, "a".repeat(LONGEST_NAME + 1)).is_err());
    }

    #[test]
    fn an_error_of_the_store_never_shows_what_it_carries() {
        let name: SecretName = "sudo:staging".parse().unwrap();
        let error = explain(StoreError::BadEncoding(b"hunter2".to_vec()), &name);
        assert!(!format!("{error} {error:?}").contains("104, 117"));
        assert!(matches!(error, KeyringError::NotText { .. }));
    }

    #[test]
    fn a_call_that_hangs_is_left_behind_and_the_next_does_not_queue_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::new(folder.path(), Duration::from_millis(50), Dialog::Never);
        let start = Instant::now();
        let (release, wait) = mpsc::channel::<()>();
        let first = keyring.call(move || {
            let _ = wait.recv();
            Ok(())
        });
        assert!(matches!(first, Err(KeyringError::NoAnswer { .. })));
        let second = keyring.call(|| Ok(()));
        assert!(matches!(second, Err(KeyringError::NoAnswer { .. })));
        assert!(start.elapsed() < Duration::from_secs(5));
        drop(release);
        while keyring.late.lock().unwrap().as_ref().is_some_and(|late| !late.is_finished()) {
            thread::sleep(Duration::from_millis(1));
        }
        assert!(keyring.call(|| Ok(())).is_ok());
    }
}
