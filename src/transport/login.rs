//! Logging in over a verified connection: as ourselves, or as somebody whose access is to be
//! tried.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::client::{AuthResult, KeyboardInteractiveAuthResponse as Interactive};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::ssh_key::certificate::CertType;
use russh::keys::ssh_key::public::KeyData;
use russh::keys::{
    Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey, decode_secret_key,
};
use russh::{AgentAuthError, MethodKind, MethodSet, Signer};
use tokio::net::UnixStream;
use zeroize::Zeroizing;

use super::link::Link;
use super::ssh_config::Place;
use super::{Clock, Phase, SshEnvironment, TRIES, TransportError, Unlock, Wanted};
use crate::file::{self, Links, Unread};
use crate::message::{self, Arg, Id, Note};
use crate::secret::Secret;
use crate::target::{Login, Target};
use crate::text;

/// How many refusals we take on one connection: OpenSSH's `MaxAuthTries` is 6, and the sixth ends
/// the connection.
const REFUSALS: usize = 5;
/// The largest key file that is read, in bytes.
const KEY_FILE_LIMIT: u64 = 64 * 1024;

/// The key files that are tried where nothing names one.
pub(super) const USUAL: [&str; 5] =
    ["id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk"];

/// Who we are towards a server.
pub(super) struct Identity {
    /// The account.
    pub(super) user: String,
    login: Login,
    /// The key files to try, in order.
    pub(super) files: Vec<PathBuf>,
    /// The certificates to offer; without any, those beside the key files.
    certificates: Vec<PathBuf>,
    /// Where the key files come from.
    named: Named,
    /// Whether no other key is offered.
    only_files: bool,
    pub(super) agent: Option<PathBuf>,
    /// The name under which a password is kept.
    name: String,
}

/// Who named the key files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// Nobody: they are the usual ones.
    Nowhere,
    /// `~/.ssh/config`: those that cannot be used are passed over and named, as in `ssh`.
    InConfig,
    /// The target's `identity`: it must be usable.
    InTarget,
}

impl Identity {
    /// As the target's settings and `~/.ssh/config` say.
    pub(super) fn of_target(target: &Target, place: &Place, known: &SshEnvironment) -> Self {
        let mut identity = Self::of_jump(place, known);
        identity.login = target.login;
        identity.name.clone_from(&target.name);
        if let Some(file) = &target.identity {
            let file = file.strip_prefix("~").map_or_else(|_| file.clone(), |f| known.home.join(f));
            identity.files = vec![file];
            identity.named = Named::InTarget;
            identity.only_files = true;
        }
        identity
    }

    /// As `~/.ssh/config` says.
    pub(super) fn of_jump(place: &Place, known: &SshEnvironment) -> Self {
        let (files, named) = match &place.identities {
            Some(files) => (files.clone(), Named::InConfig),
            None => {
                let usual = USUAL.iter().map(|name| known.home.join(".ssh").join(name));
                let is_there = |path: &PathBuf| path.exists() || beside(path, ".pub").exists();
                (usual.filter(is_there).collect(), Named::Nowhere)
            }
        };
        Self {
            user: place.user.clone().unwrap_or_else(|| known.user.clone()),
            login: Login::Auto,
            files,
            certificates: place.certificates.clone(),
            named,
            only_files: place.identities_only,
            agent: place.agent.clone(),
            name: place.host.clone(),
        }
    }

    /// The certificates for a key, from the files that are named or from the one beside it.
    fn certificates_of(&self, path: &Path, key: &PublicKey, tries: &mut Tries) -> Vec<Certificate> {
        let files = if self.certificates.is_empty() {
            vec![beside(&path.with_extension(""), "-cert.pub"), beside(path, "-cert.pub")]
        } else {
            self.certificates.clone()
        };
        let mut found: Vec<Certificate> = Vec::new();
        for file in files {
            let Ok(certificate) = Certificate::read_file(&file) else { continue };
            if certificate.public_key() != key.key_data() || found.contains(&certificate) {
                continue;
            }
            match refused_certificate(&certificate, &self.user) {
                Some(why) => tries.pass_over(format!("certificate `{}` ({why})", file.display())),
                None => found.push(certificate),
            }
        }
        found
    }
}

/// Why a certificate can open nothing here; `None` if it may.
fn refused_certificate(certificate: &Certificate, user: &str) -> Option<String> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map(|since| since.as_secs()).unwrap_or_default();
    let names = certificate.valid_principals();
    if certificate.cert_type() != CertType::User {
        Some(message::text("certificate-why.host", &[]))
    } else if now >= certificate.valid_before() {
        Some(message::text("certificate-why.expired", &[]))
    } else if now < certificate.valid_after() {
        Some(message::text("certificate-why.early", &[]))
    } else if !names.is_empty() && !names.iter().any(|name| name == user) {
        Some(message::text(
            "certificate-why.other",
            &[("names", Arg::of(text::one_line(&names.join(", "), 100)))],
        ))
    } else {
        None
    }
}

/// A file's name with something behind it.
fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    name.into()
}

/// What a server said to one try.
pub(super) enum Said {
    Yes,
    No(MethodSet),
    /// It wants another method as well.
    Partly(MethodSet),
    /// It ended the connection, and said that this is its answer: too many failures, or an
    /// account that has expired, which sshd tells only to those whose credential was right.
    Ended(String),
    Gone,
}

/// What was tried so far.
#[derive(Default)]
struct Tries {
    tried: Vec<String>,
    refusals: usize,
    methods: Option<MethodSet>,
    /// The keys that the server has judged.
    judged: Vec<KeyData>,
    /// What was wrong with the last key file that could not be used.
    unusable: Option<TransportError>,
}

impl Tries {
    /// Notes what was not even tried.
    fn pass_over(&mut self, what: String) {
        if !self.tried.contains(&what) {
            self.tried.push(what);
        }
    }

    fn has_judged(&self, key: &PublicKey) -> bool {
        self.judged.contains(key.key_data())
    }

    /// Notes an answer; says whether we are in.
    fn note(&mut self, what: String, said: Said, link: &Link) -> Result<bool, TransportError> {
        match said {
            Said::Yes => return Ok(true),
            Said::Gone => return Err(link.lost(Phase::Login)),
            Said::No(methods) => {
                self.tried.push(what);
                self.methods = Some(methods);
            }
            Said::Partly(methods) => {
                self.tried.push(message::text("tried-partly", &[("what", Arg::of(&what))]));
                self.methods = Some(methods);
            }
            Said::Ended(why) => {
                self.tried.push(message::text(
                    "tried-ended",
                    &[("what", Arg::of(&what)), ("why", Arg::of(&why))],
                ));
                self.refusals = REFUSALS;
            }
        }
        self.refusals += 1;
        Ok(false)
    }

    fn is_enough(&self) -> bool {
        self.refusals >= REFUSALS
    }

    fn refused(self, link: &Link, user: &str) -> TransportError {
        // Nothing else was to be had: then it is said as what it is.
        if let (0, 1, Some(error)) = (self.refusals, self.tried.len(), self.unusable) {
            return error;
        }
        TransportError::AuthRefused {
            host: link.label.clone(),
            user: user.to_owned(),
            banner: link.banner().unwrap_or_default(),
            methods: self
                .methods
                .as_ref()
                .map_or_else(|| message::text("login-methods.nothing", &[]), name),
            tried: self.tried,
        }
    }
}

/// The names of methods, as a server lists them.
pub(super) fn name(methods: &MethodSet) -> String {
    let names: Vec<&str> = methods.iter().map(<&str>::from).collect();
    if names.is_empty() { message::text("login-methods.unknown", &[]) } else { names.join(", ") }
}

/// Logs in, or says everything that was tried.
pub(super) async fn log_in(
    link: &mut Link,
    identity: &Identity,
    unlock: &dyn Unlock,
    clock: &mut Clock,
) -> Result<(), TransportError> {
    let mut tries = Tries::default();
    let done = match identity.login {
        Login::Password => by_password(link, identity, unlock, clock, &mut tries).await?,
        Login::Key => by_files(link, identity, unlock, clock, &mut tries).await?,
        Login::Agent | Login::Auto => by_keys(link, identity, unlock, clock, &mut tries).await?,
    };
    if done { Ok(()) } else { Err(tries.refused(link, &identity.user)) }
}

/// Tries the keys that were named, from the agent and from their files, before any other: servers
/// count.
async fn by_keys(
    link: &mut Link,
    identity: &Identity,
    unlock: &dyn Unlock,
    clock: &mut Clock,
    tries: &mut Tries,
) -> Result<bool, TransportError> {
    let mut agent = ask_agent(link, identity, clock, tries).await?;
    if let Some(agent) = &mut agent {
        let wanted = agent.wanted(identity, tries);
        if by_agent(link, identity, agent, wanted, clock, tries).await? {
            return Ok(true);
        }
    }
    let with_files = identity.login == Login::Auto;
    let files_first = with_files && identity.named != Named::Nowhere;
    if files_first && by_files(link, identity, unlock, clock, tries).await? {
        return Ok(true);
    }
    if let Some(agent) = &mut agent
        && !identity.only_files
    {
        let others = agent.others(tries);
        if by_agent(link, identity, agent, others, clock, tries).await? {
            return Ok(true);
        }
    }
    if agent.is_some_and(|agent| agent.tried == 0) && identity.login == Login::Agent {
        tries.pass_over(message::text("tried-no-agent-key", &[]));
    }
    Ok(with_files && !files_first && by_files(link, identity, unlock, clock, tries).await?)
}

/// Waits for a login step, at most until the deadline.
async fn step<T>(
    clock: &Clock,
    label: &str,
    work: impl Future<Output = T>,
) -> Result<T, TransportError> {
    let late = || TransportError::TimedOut { host: label.to_owned(), phase: Phase::Login };
    clock.within(work).await.ok_or_else(late)
}

/// What an answer of the library means. It says "refused, no methods left" when the connection
/// is gone.
fn judge<E>(link: &Link, result: Result<AuthResult, E>) -> Said {
    match result {
        Ok(AuthResult::Success) => Said::Yes,
        Ok(AuthResult::Failure { remaining_methods, partial_success }) => {
            if remaining_methods.is_empty() && link.handle.is_closed() {
                gone(link)
            } else if partial_success {
                Said::Partly(remaining_methods)
            } else {
                Said::No(remaining_methods)
            }
        }
        Err(_) => gone(link),
    }
}

fn gone(link: &Link) -> Said {
    match (link.goodbye(), link.banner()) {
        (Some(why), _) if why.starts_with("Too many authentication failures") => {
            Said::Ended(message::text("login-too-many", &[]))
        }
        (_, Some(banner)) if banner.contains("account has expired") => Said::Ended(banner),
        _ => Said::Gone,
    }
}

/// The hash an RSA key signs with here; `None` when the server takes RSA with SHA-1 only.
async fn rsa_hash(
    link: &Link,
    key: &PublicKey,
    clock: &Clock,
) -> Result<Option<Option<HashAlg>>, TransportError> {
    if !key.algorithm().is_rsa() {
        return Ok(Some(None));
    }
    match step(clock, &link.label, link.handle.best_supported_rsa_hash()).await? {
        // It did not say: every server that takes RSA with SHA-2 takes this one.
        Ok(None) => Ok(Some(Some(HashAlg::Sha256))),
        Ok(Some(Some(hash))) => Ok(Some(Some(hash))),
        Ok(Some(None)) => Ok(None),
        Err(_) => Err(link.lost(Phase::Login)),
    }
}

/// An agent that answered.
struct Agent {
    client: AgentClient<UnixStream>,
    keys: Vec<AgentIdentity>,
    /// How many of its keys were offered.
    tried: usize,
}

/// What is offered and signed by an agent.
enum Offer {
    Key(PublicKey),
    /// The agent holds it.
    Certificate(Box<Certificate>),
    /// It lies in a file, and the agent holds the key it is for.
    CertificateOfKey(Box<Certificate>),
}

/// Signs for a certificate with the key that the agent holds.
struct WithKey<'a>(&'a mut AgentClient<UnixStream>);

impl Signer for WithKey<'_> {
    type Error = AgentAuthError;

    async fn auth_sign(
        &mut self,
        identity: &AgentIdentity,
        hash: Option<HashAlg>,
        to_sign: Vec<u8>,
    ) -> Result<Vec<u8>, AgentAuthError> {
        let key = PublicKey::new(identity.public_key().key_data().clone(), "");
        let identity = AgentIdentity::PublicKey { key, comment: String::new() };
        Ok(self.0.sign_request(&identity, hash, to_sign).await?)
    }
}

impl Offer {
    fn of(held: &AgentIdentity) -> Self {
        match held {
            AgentIdentity::PublicKey { key, .. } => Self::Key(key.clone()),
            AgentIdentity::Certificate { certificate, .. } => {
                Self::Certificate(Box::new(certificate.clone()))
            }
        }
    }

    fn key(&self) -> PublicKey {
        match self {
            Self::Key(key) => key.clone(),
            Self::Certificate(certificate) | Self::CertificateOfKey(certificate) => {
                PublicKey::new(certificate.public_key().clone(), "")
            }
        }
    }
}

impl Agent {
    /// Those of its keys that belong to the key files, in their order, certificates first.
    fn wanted(&self, identity: &Identity, tries: &mut Tries) -> Vec<Offer> {
        let mut wanted = Vec::new();
        for path in &identity.files {
            let Some(public) = public_half(path) else { continue };
            let is_it = |held: &&AgentIdentity| held.public_key().key_data() == public.key_data();
            let held: Vec<&AgentIdentity> = self.keys.iter().filter(is_it).collect();
            if held.is_empty() {
                continue;
            }
            let mut own = identity.certificates_of(path, &public, tries);
            own.retain(|one| {
                !held.iter().any(|held| {
                    matches!(held, AgentIdentity::Certificate { certificate, .. }
                        if certificate == one)
                })
            });
            let (keys, certificates): (Vec<_>, Vec<_>) =
                held.into_iter().partition(|held| matches!(held, AgentIdentity::PublicKey { .. }));
            wanted.extend(own.into_iter().map(|one| Offer::CertificateOfKey(Box::new(one))));
            wanted.extend(certificates.into_iter().chain(keys).map(Offer::of));
        }
        wanted
    }

    /// The rest of them.
    fn others(&self, tries: &Tries) -> Vec<Offer> {
        let is_new = |held: &&AgentIdentity| !tries.has_judged(&held.public_key());
        self.keys.iter().filter(is_new).map(Offer::of).collect()
    }
}

/// Asks the agent for its keys, if there is one.
async fn ask_agent(
    link: &mut Link,
    identity: &Identity,
    clock: &Clock,
    tries: &mut Tries,
) -> Result<Option<Agent>, TransportError> {
    let Some(socket) = &identity.agent else {
        if identity.login == Login::Agent {
            tries.tried.push(message::text("tried-no-agent", &[]));
        }
        return Ok(None);
    };
    let label = link.label.clone();
    let Ok(mut client) = step(clock, &label, AgentClient::connect_uds(socket)).await? else {
        tries
            .tried
            .push(message::text("tried-agent-silent", &[("socket", socket.display().into())]));
        return Ok(None);
    };
    if let Some(binding) = link.handle.agent_session_binding() {
        // Agents before OpenSSH 8.9 do not know it; keys bound to a host need it.
        let _ = step(clock, &label, client.bind_session(binding, false)).await?;
    }
    let Ok(keys) = step(clock, &label, client.request_identities()).await? else {
        tries.tried.push(message::text("tried-agent-unlisted", &[]));
        return Ok(None);
    };
    Ok(Some(Agent { client, keys, tried: 0 }))
}

/// Tries keys that an agent holds.
async fn by_agent(
    link: &mut Link,
    identity: &Identity,
    agent: &mut Agent,
    offers: Vec<Offer>,
    clock: &Clock,
    tries: &mut Tries,
) -> Result<bool, TransportError> {
    let label = link.label.clone();
    for offer in offers {
        if tries.is_enough() {
            tries.tried.push(message::text(
                "tried-agent-enough",
                &[("tried", Arg::of(agent.tried)), ("all", Arg::of(agent.keys.len()))],
            ));
            break;
        }
        let key = offer.key();
        let what = match offer {
            Offer::Key(_) => Id("tried-agent-key"),
            Offer::Certificate(_) | Offer::CertificateOfKey(_) => Id("tried-agent-certificate"),
        };
        let what = what.with(&[("key", ssh_fingerprint(&key).into())]).text;
        let Some(hash) = rsa_hash(link, &key, clock).await? else {
            tries.tried.push(message::text("tried-sha-1", &[("what", Arg::of(&what))]));
            continue;
        };
        let user = identity.user.as_str();
        let is_key = matches!(offer, Offer::Key(_));
        let signer = &mut agent.client;
        let said = match offer {
            Offer::Key(key) => {
                let asked = link.handle.authenticate_publickey_with(user, key, hash, signer);
                step(clock, &label, asked).await?
            }
            Offer::Certificate(certificate) => {
                let asked =
                    link.handle.authenticate_certificate_with(user, *certificate, hash, signer);
                step(clock, &label, asked).await?
            }
            Offer::CertificateOfKey(certificate) => {
                let mut signer = WithKey(signer);
                let asked = link.handle.authenticate_certificate_with(
                    user,
                    *certificate,
                    hash,
                    &mut signer,
                );
                step(clock, &label, asked).await?
            }
        };
        if said.is_err() && !link.handle.is_closed() {
            tries.tried.push(message::text("tried-agent-unsigned", &[("what", Arg::of(&what))]));
            continue;
        }
        agent.tried += 1;
        if is_key {
            tries.judged.push(key.key_data().clone());
        }
        let said = judge(link, said);
        if tries.note(what, said, link)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn ssh_fingerprint(key: &PublicKey) -> String {
    crate::target::pin::fingerprint(key)
}

/// Tries the key files in order. Those that cannot be used are passed over and named, but for the
/// one that the target names.
async fn by_files(
    link: &mut Link,
    identity: &Identity,
    unlock: &dyn Unlock,
    clock: &mut Clock,
    tries: &mut Tries,
) -> Result<bool, TransportError> {
    for path in &identity.files {
        if tries.is_enough() {
            tries.tried.push(message::text("tried-enough", &[("file", path.display().into())]));
            break;
        }
        match by_file(link, identity, path, unlock, clock, tries).await {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(TransportError::KeyFile { path, why }) if identity.named != Named::InTarget => {
                tries.pass_over(message::text(
                    "tried-file-unusable",
                    &[("file", path.display().into()), ("why", Arg::of(&why))],
                ));
                tries.unusable = Some(TransportError::KeyFile { path, why });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Tries one key file, its certificates first.
async fn by_file(
    link: &mut Link,
    identity: &Identity,
    path: &Path,
    unlock: &dyn Unlock,
    clock: &mut Clock,
    tries: &mut Tries,
) -> Result<bool, TransportError> {
    let what = message::text("tried-file", &[("file", path.display().into())]);
    if !path.exists() {
        // Of a usual one, only the public half is here, for an agent.
        if identity.named == Named::Nowhere {
            return Ok(false);
        }
        return Err(unusable(path, Id("key-file-why.missing")));
    }
    let key = match read_key(path)? {
        KeyFile::Public(public) if tries.has_judged(&public) => return Ok(false),
        KeyFile::Public(_) => {
            return Err(unusable(path, Id("key-file-why.public")));
        }
        KeyFile::Open(key) if tries.has_judged(key.public_key()) => return Ok(false),
        KeyFile::Open(key) => *key,
        KeyFile::Locked { text, public } => {
            if public.as_ref().is_some_and(|public| tries.has_judged(public)) {
                return Ok(false);
            }
            // A passphrase is asked for only when the key behind it would be taken.
            let refused = match &public {
                Some(public) if identity.certificates_of(path, public, tries).is_empty() => {
                    offer(link, &identity.user, public, clock).await?
                }
                _ => None,
            };
            if let Some(said) = refused {
                return tries.note(what, said, link);
            }
            let name = path.display().to_string();
            let Some(phrase) = clock.ask(|| unlock.passphrase(&name)) else {
                tries.tried.push(message::text("tried-locked", &[("what", Arg::of(&what))]));
                return Ok(false);
            };
            unlocked(path, &text, phrase, unlock, clock)?
        }
    };
    for certificate in identity.certificates_of(path, key.public_key(), tries) {
        let what = message::text("tried-certificate", &[("what", Arg::of(&what))]);
        if key.algorithm().is_rsa() {
            tries.pass_over(message::text("tried-certificate-rsa", &[("what", Arg::of(&what))]));
            continue;
        }
        let label = link.label.clone();
        let user = identity.user.as_str();
        let asked = link.handle.authenticate_openssh_cert(user, Arc::new(key.clone()), certificate);
        let result = step(clock, &label, asked).await?;
        let said = judge(link, result);
        if tries.note(what, said, link)? {
            return Ok(true);
        }
    }
    let public = key.public_key().key_data().clone();
    let Some(said) = sign_in(link, identity, key, clock).await? else {
        tries.tried.push(message::text("tried-sha-1", &[("what", Arg::of(&what))]));
        return Ok(false);
    };
    tries.judged.push(public);
    tries.note(what, said, link)
}

/// The key behind a passphrase; who typed a wrong one is asked again.
fn unlocked(
    path: &Path,
    text: &str,
    mut phrase: Secret,
    unlock: &dyn Unlock,
    clock: &mut Clock,
) -> Result<PrivateKey, TransportError> {
    let name = path.display().to_string();
    for _ in 1..TRIES {
        if let Ok(key) = decode_secret_key(text, Some(phrase.expose())) {
            return Ok(key);
        }
        match clock.ask(|| unlock.again(Wanted::Passphrase(&name))) {
            Some(another) => phrase = another,
            None => break,
        }
    }
    decode_secret_key(text, Some(phrase.expose()))
        .map_err(|_| unusable(path, Id("key-file-why.passphrase")))
}

fn unusable(path: &Path, why: impl Into<Note>) -> TransportError {
    TransportError::KeyFile { path: path.into(), why: why.into().text }
}

/// A key as it lies in its file.
enum KeyFile {
    Open(Box<PrivateKey>),
    Locked {
        text: Zeroizing<String>,
        public: Option<PublicKey>,
    },
    /// The public half; an agent may have the private one.
    Public(PublicKey),
}

fn read_key(path: &Path) -> Result<KeyFile, TransportError> {
    let read = file::read(path, KEY_FILE_LIMIT, Links::Follow).map_err(|unread| match unread {
        Unread::NotRegular => unusable(path, Id("key-file-why.not-a-file")),
        Unread::TooLarge(_) => unusable(path, Id("key-file-why.large")),
        Unread::Io(error) => unusable(path, error.to_string()),
    })?;
    let text = read.text().map_err(|error| unusable(path, error.to_string()))?;
    if let Ok(key) = PublicKey::from_openssh(text.trim()) {
        return Ok(KeyFile::Public(key));
    }
    let mode = read.about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let mode = format!("{mode:04o}");
        let why = Id("key-file-why.mode").with(&[("mode", mode.into())]).text;
        return Err(unusable(path, why));
    }
    match decode_secret_key(text, None) {
        Ok(key) if key.algorithm().as_str().starts_with("sk-") => {
            Err(unusable(path, Id("key-file-why.token")))
        }
        Ok(key) => Ok(KeyFile::Open(Box::new(key))),
        Err(russh::keys::Error::KeyIsEncrypted) => {
            Ok(KeyFile::Locked { public: public_half(path), text: Zeroizing::new(text.to_owned()) })
        }
        Err(_) if text.contains("ENCRYPTED") => {
            Ok(KeyFile::Locked { public: public_half(path), text: Zeroizing::new(text.to_owned()) })
        }
        Err(error) => Err(unusable(path, text::one_line(&error.to_string(), 200))),
    }
}

/// The public half of a key file: the file itself, the one beside it, or the open part of
/// OpenSSH's format.
pub(super) fn public_half(path: &Path) -> Option<PublicKey> {
    let read = |path: &Path| file::read(path, KEY_FILE_LIMIT, Links::Follow).ok();
    let beside = read(&beside(path, ".pub"));
    if let Some(key) = beside.and_then(|it| PublicKey::from_openssh(it.text().ok()?.trim()).ok()) {
        return Some(key);
    }
    let own = read(path)?;
    let text = own.text().ok()?;
    let public = PublicKey::from_openssh(text.trim());
    public.ok().or_else(|| Some(PrivateKey::from_openssh(text).ok()?.public_key().clone()))
}

/// Logs in with a key. `None` when the server takes RSA with SHA-1 only.
pub(super) async fn sign_in(
    link: &mut Link,
    identity: &Identity,
    key: PrivateKey,
    clock: &Clock,
) -> Result<Option<Said>, TransportError> {
    let Some(hash) = rsa_hash(link, key.public_key(), clock).await? else { return Ok(None) };
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    let label = link.label.clone();
    let asked = link.handle.authenticate_publickey(identity.user.as_str(), key);
    let result = step(clock, &label, asked).await?;
    Ok(Some(judge(link, result)))
}

/// Signs nothing: with it, a server says whether it would take a key and learns no more.
struct NeverSigns;

/// Why a question about a key ended without a login.
enum Unsigned {
    /// The server asked for the signature: it would take the key.
    Wanted,
    Lost,
}

impl From<russh::SendError> for Unsigned {
    fn from(_: russh::SendError) -> Self {
        Self::Lost
    }
}

impl Signer for NeverSigns {
    type Error = Unsigned;

    async fn auth_sign(
        &mut self,
        _key: &AgentIdentity,
        _hash: Option<HashAlg>,
        _to_sign: Vec<u8>,
    ) -> Result<Vec<u8>, Unsigned> {
        Err(Unsigned::Wanted)
    }
}

/// Asks whether a key would be taken: `None` if so.
pub(super) async fn offer(
    link: &mut Link,
    user: &str,
    key: &PublicKey,
    clock: &Clock,
) -> Result<Option<Said>, TransportError> {
    match rsa_hash(link, key, clock).await? {
        Some(hash) => offer_with(link, user, key, hash, clock).await,
        None => Ok(Some(Said::No(MethodSet::empty()))),
    }
}

/// Asks whether a key would be taken with such a signature: `None` if so.
pub(super) async fn offer_with(
    link: &mut Link,
    user: &str,
    key: &PublicKey,
    hash: Option<HashAlg>,
    clock: &Clock,
) -> Result<Option<Said>, TransportError> {
    let label = link.label.clone();
    let mut signer = NeverSigns;
    let asked = link.handle.authenticate_publickey_with(user, key.clone(), hash, &mut signer);
    match step(clock, &label, asked).await? {
        Err(Unsigned::Wanted) => Ok(None),
        result => Ok(Some(judge(link, result))),
    }
}

/// Logs in with the password that is kept for this target.
async fn by_password(
    link: &mut Link,
    identity: &Identity,
    unlock: &dyn Unlock,
    clock: &mut Clock,
    tries: &mut Tries,
) -> Result<bool, TransportError> {
    let Some(mut password) = clock.ask(|| unlock.password(&identity.name)) else {
        return Err(TransportError::NoPassword { target: identity.name.clone() });
    };
    for try_number in 1..=TRIES {
        let said = say_password(link, &identity.user, &password, clock).await?;
        if tries.note("password".into(), said, link)? {
            return Ok(true);
        }
        if try_number == TRIES || tries.is_enough() {
            break;
        }
        match clock.ask(|| unlock.again(Wanted::Password(&identity.name))) {
            Some(another) => password = another,
            None => break,
        }
    }
    Ok(false)
}

/// Says a password once, by the method the server has for it.
///
/// The library wipes its copy for the method `password`, not the one for `keyboard-interactive`
/// and not its send buffer.
pub(super) async fn say_password(
    link: &mut Link,
    user: &str,
    password: &Secret,
    clock: &Clock,
) -> Result<Said, TransportError> {
    let label = link.label.clone();
    // Without a method, to be told the methods: a password is not sent where none is taken.
    let asked = link.handle.authenticate_none(user);
    let methods = match step(clock, &label, asked).await? {
        Ok(AuthResult::Failure { remaining_methods, .. }) if !remaining_methods.is_empty() => {
            remaining_methods
        }
        result => return Ok(judge(link, result)),
    };
    if methods.contains(&MethodKind::Password) {
        let asked = link.handle.authenticate_password(user, password.expose());
        let result = step(clock, &label, asked).await?;
        return Ok(judge(link, result));
    }
    if !methods.contains(&MethodKind::KeyboardInteractive) {
        return Ok(Said::No(methods));
    }
    let asked = link.handle.authenticate_keyboard_interactive_start(user, None);
    let mut reply = step(clock, &label, asked).await?;
    let mut said = false;
    loop {
        let responses = match reply {
            Ok(Interactive::Success) => return Ok(Said::Yes),
            Ok(Interactive::Failure { remaining_methods, partial_success }) => {
                return Ok(judge(
                    link,
                    Ok::<_, russh::Error>(AuthResult::Failure {
                        remaining_methods,
                        partial_success,
                    }),
                ));
            }
            Ok(Interactive::InfoRequest { prompts, .. }) => match prompts.as_slice() {
                [] => Vec::new(),
                // One hidden question is the password's. It is answered once.
                [only] if !only.echo && !said => {
                    said = true;
                    vec![password.expose().to_owned()]
                }
                more => vec![String::new(); more.len()],
            },
            Err(_) => return Ok(gone(link)),
        };
        let asked = link.handle.authenticate_keyboard_interactive_respond(responses);
        reply = step(clock, &label, asked).await?;
    }
}
