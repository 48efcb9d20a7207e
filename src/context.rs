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
use crate::message::line_and_column;
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
            .ok_or_else(|| Error::new(Kind::Usage, "there is no home folder; set HOME"))?;
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
            return Err(Error::new(Kind::Usage, "the configuration cannot be used")
                .because_text(format!("`{key}` in [policy] {problem}"))
                .hint(format!("mend `{}`", config_dir.join("config.toml").display())));
        }
        if let Some(contact) = &file.contact
            && let Err(problem) = policy::check_sentence(contact)
        {
            return Err(Error::new(Kind::Usage, "the configuration cannot be used")
                .because_text(format!("`contact` {problem}"))
                .hint(format!("mend `{}`", config_dir.join("config.toml").display())));
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
            Error::new(Kind::Usage, "the list of targets cannot be used")
                .because(e)
                .hint(format!("mend `{}` and run this again", self.targets_path().display()))
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
            Error::new(
                Kind::NotFound,
                format!("there is no target `{}`", crate::remote::script::clean(name)),
            )
            .hint("`stagepass target list` shows them; `stagepass target add` adds one")
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
            Error::new(
                kind,
                format!("the desk `{}` cannot be used", crate::remote::script::clean(name)),
            )
            .because(e)
            .hint("`stagepass desk list` shows the desks")
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
            Error::new(
                kind,
                format!("the provider `{}` cannot be used", crate::remote::script::clean(name)),
            )
            .because(e)
            .hint("`stagepass provider list` shows the providers")
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
        let question = "Password of the ledger:";
        let password = self.unlock(SecretKind::Ledger, url, question).ok_or_else(|| {
            Error::new(Kind::Usage, "the ledger's password is not in the keyring")
                .hint(format!("keep it with `stagepass secret set ledger {url}`"))
                .hint("where there is no keyring, as under cron, use `~/.pgpass` (mode 0600)")
        })?;
        let bad = || Error::new(Kind::Usage, "the ledger's URL cannot be understood");
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
            Error::new(Kind::Internal, format!("the folder `{folder}` cannot be made")).because(e)
        })
    }

    /// Whose password it is, as far as the list of targets says.
    fn whom(&self, target: &str) -> String {
        let target = self.targets().ok().and_then(|targets| targets.find(target).cloned());
        let route = target.as_ref().and_then(|one| Route::of(one, &self.surroundings).ok());
        route.map_or_else(String::new, |route| format!("of {} ", route.user))
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
        let secret = self.output.ask_secret(&format!("That was not right. {question}"))?;
        let copy = Secret::new(secret.expose().to_owned());
        asked.insert(known, secret);
        Some(copy)
    }

    fn passphrase_question(what: &str) -> String {
        format!("Passphrase of the key file {what}:")
    }

    fn password_question(&self, target: &str) -> String {
        format!("Login password {}on {target}:", self.whom(target))
    }

    fn sudo_question(&self, target: &str) -> String {
        format!("sudo password {}on {target}:", self.whom(target))
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
        Error::new(Kind::Usage, format!("the folder `{}` cannot be used", path.display()))
            .because(e)
    })
}

fn read_config(path: &Path) -> Result<ConfigFile> {
    let unusable = |why: String| {
        Error::new(Kind::Usage, format!("the configuration `{}` cannot be used", path.display()))
            .because_text(why)
            .hint("mend the file and run this again")
    };
    let read = match file::read(path, FILE_LIMIT, Links::Follow) {
        Ok(read) => read,
        Err(e) if e.is_missing() => return Ok(ConfigFile::default()),
        Err(e) => return Err(unusable(e.to_string())),
    };
    let text = read.text().map_err(|e| unusable(e.to_string()))?;
    let file = parse_config(text).map_err(unusable)?;
    refuse_unsafe(path).map_err(|e| {
        Error::new(Kind::Usage, "the configuration cannot be trusted")
            .because(e)
            .hint(format!("chmod go-w {}", path.display()))
    })?;
    if read.about.mode() & 0o077 != 0 && file.ledger.as_ref().is_some_and(LedgerUrl::has_password) {
        return Err(Error::new(Kind::Usage, "others can read the ledger's password")
            .because_text(format!("`{}` holds it", path.display()))
            .hint(format!("chmod 600 {}", path.display())));
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
        let mut error = Self::new(kind, e.to_string());
        let mut source = std::error::Error::source(&e);
        while let Some(inner) = source {
            error.causes.push(crate::remote::script::clean(&inner.to_string()));
            source = inner.source();
        }
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// What to do about a ledger on PostgreSQL, where that is something else than for a file.
fn database_hint(e: &LedgerError) -> Option<&'static str> {
    let (place, hint) = match e {
        LedgerError::ReadOnly { place, .. } => {
            (place, "the login may only read, or the server is a standby: see its rights there")
        }
        LedgerError::Denied { place, .. } => {
            (place, "check user and password, and what `pg_hba.conf` and the grants there allow")
        }
        LedgerError::Corrupt { place, .. } => {
            (place, "leave the database as it is, and restore your last `pg_dump` into another")
        }
        LedgerError::DiskFull { place } => {
            (place, "make room on the database's server; nothing was lost, and nothing was changed")
        }
        LedgerError::OlderVersion { place, .. } => {
            (place, "any command of a login that may change tables brings it up to date")
        }
        LedgerError::Absent { place } => {
            (place, "nothing was recorded in this database; `stagepass case open` begins")
        }
        _ => return None,
    };
    place.starts_with("postgres").then_some(hint)
}

/// What to do about a ledger that does not do what it is asked for.
fn ledger_hint(e: &LedgerError) -> Option<&'static str> {
    if let Some(hint) = database_hint(e) {
        return Some(hint);
    }
    Some(match e {
        LedgerError::Locked { .. } => "another stagepass is writing; try again in a moment",
        LedgerError::ReadOnly { .. } => "check who owns the file and its folder",
        LedgerError::Corrupt { .. } => {
            "keep the file as it is, and put your last backup of it in its place"
        }
        LedgerError::BadUrl { .. } => {
            "mend `ledger` in config.toml: `ledger = \"postgres://user@host/database\"`"
        }
        LedgerError::InsecureUrl { .. } => {
            "leave `sslmode` out of `ledger` in config.toml, or write `sslmode=verify-full`"
        }
        LedgerError::Export(_) => {
            "what was written is not the whole ledger; write it to a place with room for it"
        }
        LedgerError::NotALedger { .. } => {
            "nothing was changed in it; name another folder with `--state`, or move it away"
        }
        LedgerError::Absent { .. } => {
            "if there was one, put your last backup in its place; `stagepass case open` begins a \
             new one"
        }
        LedgerError::Denied { .. } => "check who owns it, its folder, and what they allow",
        LedgerError::Unreachable { .. } => "check that the database runs and answers from here",
        LedgerError::OlderVersion { .. } => {
            "any command brings it up to date; check who owns the file and its folder, so that it \
             can be written"
        }
        LedgerError::Altered { .. } => {
            "nothing was done: `stagepass ledger verify` says where; put your last backup of the \
             ledger back"
        }
        LedgerError::NoCopy => "`pg_dump` makes a backup of a database",
        LedgerError::Copy { .. } => "name a new file in a folder that can be written",
        LedgerError::NoDatabase { .. } => {
            "make the database, or mend `ledger` in config.toml: `ledger = \
             \"postgres://user@host/database\"`"
        }
        LedgerError::Unsure { .. } => "`stagepass list` shows what was recorded",
        LedgerError::Conflict { .. } => "look at it with `stagepass show`, and try again",
        LedgerError::NewerVersion { .. } => "use the newer stagepass that wrote it",
        LedgerError::DiskFull { .. } => "make room; nothing was lost, and nothing was changed",
        LedgerError::NoSuchGrant { .. } => "`stagepass list --all` shows every grant",
        LedgerError::NoSuchCase { .. } => "`stagepass case list --all` shows every case",
        LedgerError::Ambiguous { .. } => "write more of the id",
        LedgerError::AlreadyGranted { .. } => {
            "one person has one grant on a target: `stagepass extend` moves its deadline, \
             `stagepass revoke` ends it"
        }
        _ => return None,
    })
}
