//! What the typed words mean: paths, configuration, targets, ledger, clock. The only module that
//! reads the environment.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use tokio::time::Instant;

use crate::error::{Error, Kind, Result};
use crate::file::{self, Links};
use crate::global::Global;
use crate::grant::UnixTime;
use crate::ledger::{self, Ledger, LedgerError, Location, Mode};
use crate::machine::keyring::{Dialog, Keyring, SecretKind, SecretName};
use crate::message::{self, Arg, Id, Told, line_and_column};
use crate::output::Output;
use crate::policy::desk::{Desk, DeskError};
use crate::policy::{self, PolicyConfig};
use crate::remote::provider::{FILE_LIMIT, Provider, ProviderError, refuse_unsafe};
use crate::secret::Secret;
use crate::shared::{self, Known};
use crate::target::{Target, Targets};
use crate::transport::{Route, SshEnvironment, Unlock, Wanted};

/// How long the operating system's keyring may take to answer. A locked one can hang for ever.
pub const KEYRING_LIMIT: Duration = Duration::from_secs(20);

/// The ledger's URL, which may hold a password.
struct LedgerUrl(Secret);

impl<'de> Deserialize<'de> for LedgerUrl {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

impl std::fmt::Debug for LedgerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LedgerUrl(..)")
    }
}

impl LedgerUrl {
    fn has_password(&self) -> bool {
        url::Url::parse(self.0.expose()).is_ok_and(|url| url.password().is_some())
    }
}

/// Where the password of the ledger's URL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LedgerPassword {
    /// In the operating system's keyring, as `stagepass secret set ledger URL` keeps it.
    Keyring,
}

/// `config.toml`, as it is written. Every key is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConfigFile {
    /// `postgres://…` where several people or machines share one ledger.
    ledger: Option<LedgerUrl>,
    /// `keyring` where the password of that URL is kept there. Without it, PostgreSQL's own ways
    /// hold: a password in the URL, `PGPASSFILE`, `~/.pgpass`.
    ledger_password: Option<LedgerPassword>,
    /// Whom a supporter asks for more time, such as `Anna, anna@shop.example`. The gate says it.
    contact: Option<String>,
    /// What the merchant tightens.
    pub(crate) policy: PolicyConfig,
}

/// Everything a command needs to know about where it runs.
#[derive(Debug)]
pub struct Context {
    /// The configuration folder: `config.toml`, `targets.toml`, `desks/`, `providers/`.
    pub config_dir: PathBuf,
    /// The state folder: the ledger.
    pub state_dir: PathBuf,
    /// The terminal.
    pub output: Output,
    /// What the merchant tightens.
    pub policy: PolicyConfig,
    /// Whom a supporter asks for more time.
    pub contact: Option<String>,
    /// What the SSH client looks at.
    pub surroundings: SshEnvironment,
    /// Who works: `user@host`.
    pub actor: String,
    /// How long one step on a server may take.
    pub step_limit: Duration,
    /// Whether agent, keyring and questions are out of bounds, as they are under cron.
    pub unattended: bool,
    ledger: Option<LedgerUrl>,
    ledger_password: Option<LedgerPassword>,
    asked: Mutex<HashMap<String, Secret>>,
    shared: Mutex<Known>,
}

fn environment(name: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "this is the module that reads it")]
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// What stagepass says instead of its own sentences, in a test that looks for those which it says
/// without the catalogue.
#[cfg(debug_assertions)]
pub(crate) fn catalogue_of_a_test() -> Option<String> {
    let file = environment("STAGEPASS_CATALOGUE_OF_A_TEST")?;
    Some(std::fs::read_to_string(file).expect("the test wrote it"))
}

/// The folders that `PATH` names, for programs that are started by name.
#[must_use]
pub fn program(name: &str) -> Option<PathBuf> {
    let path = environment("PATH")?;
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

impl Context {
    /// Reads the environment and the configuration. Touches nothing.
    ///
    /// # Errors
    /// Fails when there is no home folder or the configuration cannot be understood.
    pub fn new(global: &Global, output: Output) -> Result<Self> {
        let home = environment("HOME")
            .or_else(|| etcetera::home_dir().ok())
            .ok_or_else(|| Error::of(Kind::Usage, "no-home", &[]))?;
        let folder = |given: &Option<PathBuf>, name: &str, xdg: &str, default: &str| {
            given.clone().or_else(|| environment(name)).unwrap_or_else(|| {
                environment(xdg)
                    .filter(|path| path.is_absolute())
                    .unwrap_or_else(|| home.join(default))
                    .join("stagepass")
            })
        };
        let config_dir =
            absolute(folder(&global.config, "STAGEPASS_CONFIG", "XDG_CONFIG_HOME", ".config"))?;
        let state_dir =
            absolute(folder(&global.state, "STAGEPASS_STATE", "XDG_STATE_HOME", ".local/state"))?;
        let file = read_config(&config_dir.join("config.toml"))?;
        if let Some((key, problem)) = file.policy.problem() {
            return Err(Error::of(Kind::Usage, "config-unusable", &[])
                .because_of(
                    "config-unusable.policy",
                    &[("key", key.into()), ("problem", problem.into())],
                )
                .hint_of(
                    "config-unusable.way-out",
                    &[("path", config_dir.join("config.toml").display().into())],
                ));
        }
        if let Some(contact) = &file.contact
            && let Err(problem) = policy::check_sentence(contact)
        {
            return Err(Error::of(Kind::Usage, "config-unusable", &[])
                .because_of("config-unusable.contact", &[("problem", Arg::of(problem))])
                .hint_of(
                    "config-unusable.way-out",
                    &[("path", config_dir.join("config.toml").display().into())],
                ));
        }
        let user = login_name();
        let actor = format!("{user}@{}", ledger::host_name());
        Ok(Self {
            surroundings: SshEnvironment {
                agent_socket: environment("SSH_AUTH_SOCK"),
                variable: |name| environment(name)?.into_os_string().into_string().ok(),
                ..SshEnvironment::new(&home, &user)
            },
            config_dir,
            state_dir,
            output,
            policy: file.policy,
            contact: file.contact,
            actor,
            step_limit: Duration::from_secs(u64::from(global.timeout)),
            unattended: false,
            ledger: file.ledger,
            ledger_password: file.ledger_password,
            asked: Mutex::new(HashMap::new()),
            shared: Mutex::default(),
        })
    }

    /// The same, without agent, keyring and questions: what cron has.
    #[must_use]
    pub fn unattended(mut self) -> Self {
        self.unattended = true;
        self.surroundings.agent_socket = None;
        self
    }

    /// The same for a look that is not worth a question: agent and keyring as they are, and nobody
    /// is asked anything. It has no ledger, and the targets that are known by now.
    #[must_use]
    pub fn without_questions(&self) -> Self {
        Self {
            config_dir: self.config_dir.clone(),
            state_dir: self.state_dir.clone(),
            output: self.output.without_questions(),
            policy: self.policy.clone(),
            contact: self.contact.clone(),
            surroundings: self.surroundings.clone(),
            actor: self.actor.clone(),
            step_limit: self.step_limit,
            unattended: self.unattended,
            ledger: None,
            ledger_password: None,
            asked: Mutex::new(HashMap::new()),
            shared: Mutex::new(self.known()),
        }
    }

    /// Now, by this machine's clock.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        now()
    }

    /// When the step that starts now has taken too long.
    #[must_use]
    pub fn step_deadline(&self) -> Instant {
        Instant::now() + self.step_limit
    }

    /// The file with the targets.
    #[must_use]
    pub fn targets_path(&self) -> PathBuf {
        self.config_dir.join("targets.toml")
    }

    /// Every target: those of the file, and those of a shared ledger that this run has opened.
    ///
    /// # Errors
    /// Fails when the file cannot be read or understood; the error has line and column.
    pub fn targets(&self) -> Result<Targets> {
        let own = Targets::load(&self.targets_path()).map_err(|e| {
            Error::of(Kind::Usage, "targets-unusable", &[]).because(e).hint_of(
                "targets-unusable.way-out",
                &[("path", self.targets_path().display().into())],
            )
        })?;
        Ok(own.with(self.known().targets))
    }

    /// Whether the ledger is one that several machines may use.
    #[must_use]
    pub fn ledger_is_shared(&self) -> bool {
        self.ledger.is_some()
    }

    /// What this run has learned of the targets in a shared ledger.
    #[must_use]
    pub fn known(&self) -> Known {
        self.shared.lock().map(|known| known.clone()).unwrap_or_default()
    }

    /// Takes in what the shared ledger says of targets.
    pub fn learned(&self, known: Known) {
        if let Ok(mut shared) = self.shared.lock() {
            *shared = known;
        }
    }

    /// Asks a shared ledger for its targets. Every command that opens the ledger has done so.
    ///
    /// # Errors
    /// As [`Context::ledger`].
    pub async fn learn_targets(&self) -> Result<()> {
        if self.ledger_is_shared()
            && let Some(ledger) = self.ledger_to_read().await?
        {
            ledger.close().await;
        }
        Ok(())
    }

    /// One target, wherever it is kept. A shared ledger is asked only for what is not in the file.
    ///
    /// # Errors
    /// As [`Context::target`] and [`Context::ledger`].
    pub async fn find_target(&self, name: &str) -> Result<Target> {
        if !self.targets()?.is_own(name) {
            self.learn_targets().await?;
        }
        self.target(name)
    }

    /// One target of those that are known by now.
    ///
    /// # Errors
    /// Fails when there is none of this name.
    pub fn target(&self, name: &str) -> Result<Target> {
        self.targets()?.find(name).cloned().ok_or_else(|| {
            if let Err(unproved) = shared::refuse_unproved(self, name) {
                return unproved;
            }
            Error::of(
                Kind::NotFound,
                "target-unknown",
                &[("target", crate::remote::script::clean(name).into())],
            )
            .hint_of("target-unknown.way-out", &[])
        })
    }

    /// Where the merchant's own desks are.
    #[must_use]
    pub fn desks_dir(&self) -> PathBuf {
        self.config_dir.join("desks")
    }

    /// One desk.
    ///
    /// # Errors
    /// Fails when there is none of this name, or its folder cannot be used.
    pub fn desk(&self, name: &str) -> Result<Desk> {
        // Desks have names of small letters; people write them as the company does.
        let found = Desk::find(&name.to_ascii_lowercase(), Some(&self.desks_dir()));
        found.map_err(|e| {
            let kind = match e {
                DeskError::NotFound { .. } => Kind::NotFound,
                _ => Kind::Usage,
            };
            Error::of(kind, "desk-unusable", &[("desk", crate::remote::script::clean(name).into())])
                .because(e)
                .hint_of("desk-unusable.way-out", &[])
        })
    }

    /// Where the merchant's own providers are.
    #[must_use]
    pub fn providers_dir(&self) -> PathBuf {
        self.config_dir.join("providers")
    }

    /// One provider.
    ///
    /// # Errors
    /// Fails when there is none of this name, or its folder cannot be used.
    pub fn provider(&self, name: &str) -> Result<Arc<Provider>> {
        Provider::find(name, &self.providers_dir()).map_err(|e| {
            let kind = match e {
                ProviderError::NotFound(_) => Kind::NotFound,
                _ => Kind::Usage,
            };
            Error::of(
                kind,
                "provider-unusable",
                &[("provider", crate::remote::script::clean(name).into())],
            )
            .because(e)
            .hint_of("provider-unusable.way-out", &[])
        })
    }

    /// Where the ledger is, without a password that is kept elsewhere.
    #[must_use]
    pub fn ledger_location(&self) -> Location {
        match &self.ledger {
            Some(LedgerUrl(url)) => Location::Url(Secret::new(url.expose().to_owned())),
            None => Location::File(self.state_dir.join("ledger.sqlite3")),
        }
    }

    /// Whether the ledger's password is kept where somebody may have to be asked for it.
    #[must_use]
    pub fn ledger_needs_keyring(&self) -> bool {
        self.ledger.is_some() && self.ledger_password.is_some()
    }

    /// Where the ledger is, with its password.
    fn ledger_to_open(&self) -> Result<Location> {
        let (Some(LedgerUrl(url)), Some(LedgerPassword::Keyring)) =
            (&self.ledger, self.ledger_password)
        else {
            return Ok(self.ledger_location());
        };
        let url = url.expose();
        let question = &message::text("ask-ledger", &[]);
        let password = self.unlock(SecretKind::Ledger, url, question).ok_or_else(|| {
            Error::of(Kind::Usage, "ledger-password-missing", &[])
                .hint_of("ledger-password-missing.keep", &[("url", url.into())])
                .hint_of("ledger-password-missing.unattended", &[])
        })?;
        let bad = || Error::of(Kind::Usage, "ledger-url-unusable", &[]);
        let mut whole = url::Url::parse(url).map_err(|e| bad().because(e))?;
        whole.set_password(Some(password.expose())).map_err(|()| bad())?;
        Ok(Location::Url(Secret::new(whole.into())))
    }

    /// The ledger, to write in.
    ///
    /// # Errors
    /// Fails when it is locked, read-only, corrupt, newer than this program or out of reach.
    pub async fn ledger(&self) -> Result<Ledger> {
        let ledger = Ledger::open(&self.ledger_to_open()?, Mode::ReadWrite).await?;
        for warning in ledger.warnings() {
            self.output.warn(warning);
        }
        self.taught_by(ledger).await
    }

    /// The ledger, to look at. `None` where nothing was ever recorded.
    ///
    /// # Errors
    /// As [`Context::ledger`].
    pub async fn ledger_to_read(&self) -> Result<Option<Ledger>> {
        if let Location::File(path) = self.ledger_location()
            && !path.exists()
        {
            return Ok(None);
        }
        let location = self.ledger_to_open()?;
        match Ledger::open(&location, Mode::ReadOnly).await {
            // An older stagepass wrote it. Whichever command comes first brings it up to date: a
            // sweep that waited for another command would end nothing until somebody came.
            Err(LedgerError::OlderVersion { .. }) => self.ledger().await?.close().await,
            // A database in which nothing was recorded yet is no failure, and no file that is gone.
            Err(LedgerError::Absent { .. }) if matches!(location, Location::Url(_)) => {
                return Ok(None);
            }
            opened => return Ok(Some(self.taught_by(opened?).await?)),
        }
        Ok(Some(self.taught_by(Ledger::open(&location, Mode::ReadOnly).await?).await?))
    }

    async fn taught_by(&self, ledger: Ledger) -> Result<Ledger> {
        shared::learn(self, &ledger).await?;
        Ok(ledger)
    }

    /// The operating system's keyring. It may ask for its own password only where somebody is.
    #[must_use]
    pub fn keyring(&self) -> Keyring {
        let dialog = if self.output.can_ask() { Dialog::Allowed } else { Dialog::Never };
        Keyring::new(&self.state_dir, KEYRING_LIMIT, dialog)
    }

    /// Makes the state folder, for this user alone.
    ///
    /// # Errors
    /// Fails when it cannot be made.
    pub fn make_state_dir(&self) -> Result<()> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.state_dir);
        made.map_err(|e| {
            let folder = self.state_dir.display();
            Error::of(Kind::Internal, "folder-not-made", &[("folder", folder.into())]).because(e)
        })
    }

    /// Whose password it is, as far as the list of targets says, and where.
    fn whose(&self, target: &str) -> [(&'static str, Arg); 3] {
        let known = self.targets().ok().and_then(|targets| targets.find(target).cloned());
        let route = known.as_ref().and_then(|one| Route::of(one, &self.surroundings).ok());
        let user = route.map_or_else(String::new, |route| route.user.to_string());
        let who = if user.is_empty() { "unknown" } else { "known" };
        [("who", who.into()), ("user", user.into()), ("target", target.into())]
    }

    fn unlock(&self, kind: SecretKind, name: &str, question: &str) -> Option<Secret> {
        if self.unattended {
            return None;
        }
        let name = SecretName::new(kind, name).ok()?;
        let known = name.to_string();
        let mut asked = self.asked.lock().ok()?;
        if let Some(secret) = asked.get(&known) {
            return Some(Secret::new(secret.expose().to_owned()));
        }
        if let Ok(Some(secret)) = self.keyring().fetch(&name) {
            return Some(secret);
        }
        let secret = self.output.ask_secret(question)?;
        let copy = Secret::new(secret.expose().to_owned());
        asked.insert(known, secret);
        Some(copy)
    }

    /// Asks a person, whatever was kept or typed before.
    fn unlock_again(&self, kind: SecretKind, name: &str, question: &str) -> Option<Secret> {
        if self.unattended || !self.output.can_ask() {
            return None;
        }
        let known = SecretName::new(kind, name).ok()?.to_string();
        let mut asked = self.asked.lock().ok()?;
        let secret = self
            .output
            .ask_secret(&message::text("ask-again", &[("question", question.into())]))?;
        let copy = Secret::new(secret.expose().to_owned());
        asked.insert(known, secret);
        Some(copy)
    }

    fn passphrase_question(what: &str) -> String {
        message::text("ask-passphrase", &[("file", what.into())])
    }

    fn password_question(&self, target: &str) -> String {
        message::text("ask-password", &self.whose(target))
    }

    fn sudo_question(&self, target: &str) -> String {
        message::text("ask-sudo", &self.whose(target))
    }
}

impl Unlock for Context {
    fn passphrase(&self, what: &str) -> Option<Secret> {
        self.unlock(SecretKind::Passphrase, what, &Self::passphrase_question(what))
    }

    fn password(&self, target: &str) -> Option<Secret> {
        self.unlock(SecretKind::Password, target, &self.password_question(target))
    }

    fn sudo_password(&self, target: &str) -> Option<Secret> {
        self.unlock(SecretKind::Sudo, target, &self.sudo_question(target))
    }

    fn again(&self, wrong: Wanted<'_>) -> Option<Secret> {
        let (kind, name, question) = match wrong {
            Wanted::Passphrase(what) => {
                (SecretKind::Passphrase, what, Self::passphrase_question(what))
            }
            Wanted::Password(target) => {
                (SecretKind::Password, target, self.password_question(target))
            }
            Wanted::Sudo(target) => (SecretKind::Sudo, target, self.sudo_question(target)),
        };
        self.unlock_again(kind, name, &question)
    }
}

/// Now, by this machine's clock, in unix seconds.
#[must_use]
pub fn now() -> UnixTime {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or(0)
}

/// The login name of the user who runs this: by the user database, because the environment is
/// what somebody said; by the environment where the database is not a file.
#[must_use]
pub fn login_name() -> String {
    let uid = rustix::process::geteuid().as_raw().to_string();
    let database = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = database.lines().find(|line| line.split(':').nth(2) == Some(&uid));
    let named = line.and_then(|line| line.split(':').next()).map(str::to_owned);
    let said = || {
        ["USER", "LOGNAME"].into_iter().find_map(environment)?.into_os_string().into_string().ok()
    };
    let name = named.or_else(said).unwrap_or_else(|| format!("uid-{uid}"));
    crate::remote::script::clean(&name)
}

fn absolute(path: PathBuf) -> Result<PathBuf> {
    std::path::absolute(&path).map_err(|e| {
        Error::of(Kind::Usage, "folder-unusable", &[("path", path.display().into())]).because(e)
    })
}

fn read_config(path: &Path) -> Result<ConfigFile> {
    let unusable = |why: String| {
        Error::of(Kind::Usage, "config-file-unusable", &[("path", path.display().into())])
            .because_text(why)
            .hint_of("config-file-unusable.way-out", &[])
    };
    let read = match file::read(path, FILE_LIMIT, Links::Follow) {
        Ok(read) => read,
        Err(e) if e.is_missing() => return Ok(ConfigFile::default()),
        Err(e) => return Err(unusable(e.to_string())),
    };
    let text = read.text().map_err(|e| unusable(e.to_string()))?;
    let file = parse_config(text).map_err(unusable)?;
    refuse_unsafe(path).map_err(|e| {
        Error::of(Kind::Usage, "config-untrusted", &[])
            .because(e)
            .hint_of("config-untrusted.way-out", &[("path", path.display().into())])
    })?;
    if read.about.mode() & 0o077 != 0 && file.ledger.as_ref().is_some_and(LedgerUrl::has_password) {
        return Err(Error::of(Kind::Usage, "config-readable", &[])
            .because_of("config-readable.why", &[("path", path.display().into())])
            .hint_of("config-readable.way-out", &[("path", path.display().into())]));
    }
    Ok(file)
}

/// What the text of a `config.toml` says, or where it says nothing that can be understood.
pub(crate) fn parse_config(text: &str) -> std::result::Result<ConfigFile, String> {
    toml_edit::de::from_str(text).map_err(|e| {
        // Not the parser's own picture of the line: the ledger's URL may hold a password.
        let (line, column) = line_and_column(text, e.span().map_or(0, |span| span.start));
        format!("line {line}, column {column}: {}", without_value(e.message()))
    })
}

/// What the parser says of a value, without the value. The names of keys stay.
fn without_value(message: &str) -> String {
    let between = |open: &str, close: &str| {
        let start = message.find(open)? + open.len();
        let end = message.rfind(close).filter(|end| start <= *end)?;
        Some(format!("{}…{}", message.get(..start)?, message.get(end..)?))
    };
    let word = message.starts_with("unknown variant `").then(|| between("`", "`, expected"));
    word.flatten().or_else(|| between("\"", "\"")).unwrap_or_else(|| message.to_owned())
}

impl From<LedgerError> for Error {
    fn from(e: LedgerError) -> Self {
        let kind = match e {
            LedgerError::NoSuchGrant { .. } | LedgerError::NoSuchCase { .. } => Kind::NotFound,
            LedgerError::Ambiguous { .. }
            | LedgerError::Exists { .. }
            | LedgerError::AlreadyGranted { .. }
            | LedgerError::CaseClosed { .. }
            | LedgerError::BadUrl { .. }
            | LedgerError::InsecureUrl { .. } => Kind::Usage,
            LedgerError::Altered { .. } => Kind::Stuck,
            LedgerError::NoCopy | LedgerError::Copy { .. } => Kind::Usage,
            _ => Kind::Internal,
        };
        let hint = ledger_hint(&e);
        let mut error = Self::new(kind, e.note());
        let mut source = std::error::Error::source(&e);
        while let Some(inner) = source {
            error.causes.push(crate::remote::script::clean(&inner.to_string()).into());
            source = inner.source();
        }
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// What to do about a ledger on PostgreSQL, where that is something else than for a file.
fn database_hint(e: &LedgerError) -> Option<Id> {
    let (place, hint) = match e {
        LedgerError::ReadOnly { place, .. } => (place, Id("ledger-database-hint-read-only")),
        LedgerError::Denied { place, .. } => (place, Id("ledger-database-hint-denied")),
        LedgerError::Corrupt { place, .. } => (place, Id("ledger-database-hint-corrupt")),
        LedgerError::DiskFull { place } => (place, Id("ledger-database-hint-disk-full")),
        LedgerError::OlderVersion { place, .. } => {
            (place, Id("ledger-database-hint-older-version"))
        }
        LedgerError::Absent { place } => (place, Id("ledger-database-hint-absent")),
        _ => return None,
    };
    place.starts_with("postgres").then_some(hint)
}

/// What to do about a ledger that does not do what it is asked for.
fn ledger_hint(e: &LedgerError) -> Option<Id> {
    if let Some(hint) = database_hint(e) {
        return Some(hint);
    }
    Some(match e {
        LedgerError::Locked { .. } => Id("ledger-hint-locked"),
        LedgerError::ReadOnly { .. } => Id("ledger-hint-read-only"),
        LedgerError::Corrupt { .. } => Id("ledger-hint-corrupt"),
        LedgerError::BadUrl { .. } => Id("ledger-hint-bad-url"),
        LedgerError::InsecureUrl { .. } => Id("ledger-hint-insecure-url"),
        LedgerError::Export(_) => Id("ledger-hint-export"),
        LedgerError::NotALedger { .. } => Id("ledger-hint-not-a-ledger"),
        LedgerError::Absent { .. } => Id("ledger-hint-absent"),
        LedgerError::Denied { .. } => Id("ledger-hint-denied"),
        LedgerError::Unreachable { .. } => Id("ledger-hint-unreachable"),
        LedgerError::OlderVersion { .. } => Id("ledger-hint-older-version"),
        LedgerError::Altered { .. } => Id("ledger-hint-altered"),
        LedgerError::NoCopy => Id("ledger-hint-no-copy"),
        LedgerError::Copy { .. } => Id("ledger-hint-copy"),
        LedgerError::NoDatabase { .. } => Id("ledger-hint-no-database"),
        LedgerError::Unsure { .. } => Id("ledger-hint-unsure"),
        LedgerError::Conflict { .. } => Id("ledger-hint-conflict"),
        LedgerError::NewerVersion { .. } => Id("ledger-hint-newer-version"),
        LedgerError::DiskFull { .. } => Id("ledger-hint-disk-full"),
        LedgerError::NoSuchGrant { .. } => Id("ledger-hint-no-such-grant"),
        LedgerError::NoSuchCase { .. } => Id("ledger-hint-no-such-case"),
        LedgerError::Ambiguous { .. } => Id("ledger-hint-ambiguous"),
        LedgerError::AlreadyGranted { .. } => Id("ledger-hint-already-granted"),
        _ => return None,
    })
}
