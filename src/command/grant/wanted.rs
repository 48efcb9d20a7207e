//! What was typed, and what it means: target, case, desk, providers, key, time. No server is asked.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::Local;
use ipnet::IpNet;

use super::{AccessArg, AtEndArg, GrantArgs};
use crate::command::{backup, quoted, shop};
use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::file::{self, Links};
use crate::grant::{Access, Case, MOST_LAYERS, Supporter, UnixTime};
use crate::ledger::{CaseFilter, LedgerError};
use crate::message::{self, Arg, Note, Told};
use crate::output::{self, Tone};
use crate::policy::desk::Desk;
use crate::policy::{BackupName, Credential, LiveRequest, Override, Request};
use crate::public_key::{self, SupporterKey};
use crate::remote::provider::{AccountKind, Provider, SERVER, SHOP};
use crate::remote::session::unreachable;
use crate::seal::{self, SealError};
use crate::target::{Address, Target};
use crate::transport::Route;

/// Everything that was asked for, resolved. Nothing has been touched yet.
pub(super) struct Wanted {
    pub(super) target: Target,
    pub(super) yes: bool,
    pub(super) route: Route,
    pub(super) case: Case,
    pub(super) desk: Desk,
    /// What gives the account.
    pub(super) provider: Arc<Provider>,
    /// What is made beside it.
    pub(super) beside: Vec<Arc<Provider>>,
    /// Where among those a user of the shop comes, whose software the server was not asked for yet.
    pub(super) shop_at: Option<usize>,
    pub(super) key: Option<SupporterKey>,
    pub(super) generate_key: bool,
    pub(super) password: bool,
    pub(super) request: Request,
    pub(super) backups: Vec<BackupName>,
    pub(super) backup_command: Option<String>,
    pub(super) seal: Option<SealTo>,
    pub(super) output: Option<PathBuf>,
    pub(super) reveal: bool,
}

/// Asks for the answers that are missing, where somebody can be asked.
pub(super) async fn ask_for_what_is_missing(
    context: &Context,
    typed: &mut GrantArgs,
) -> Result<()> {
    if typed.case.is_none() {
        let open = match context.ledger_to_read().await? {
            Some(ledger) => {
                let open_only = CaseFilter { open_only: true, ..CaseFilter::default() };
                ledger.cases(&open_only, 2).await?
            }
            None => Vec::new(),
        };
        typed.case = match open.as_slice() {
            [only] if context.output.can_ask() => Some(only.reference.clone()),
            _ => context.output.ask(&message::text("ask-case", &[])),
        };
    }
    if typed.target.is_none() {
        context.learn_targets().await?;
        let targets = context.targets()?;
        let names: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
        typed.target = match names.as_slice() {
            [only] if context.output.can_ask() => Some(only.clone()),
            _ => context
                .output
                .ask(&message::text("ask-target", &[("names", names.join(", ").into())])),
        };
    }
    if typed.supporter.is_none() {
        typed.supporter = context.output.ask(&message::text("ask-supporter", &[]));
    }
    if typed.key.is_none() && !typed.generate_key && !typed.password {
        typed.key = context
            .output
            .ask(&message::text("ask-key", &[]))
            .filter(|answer| !answer.is_empty())
            .map(PathBuf::from);
        typed.generate_key = typed.key.is_none() && context.output.can_ask();
    }
    Ok(())
}

/// The answers without which nothing can be resolved: case, target, supporter.
pub(super) fn needed(typed: &mut GrantArgs) -> Result<(String, String, String)> {
    let take = |value: &mut Option<String>| value.take().filter(|text| !text.is_empty());
    match (take(&mut typed.case), take(&mut typed.target), take(&mut typed.supporter)) {
        (Some(case), Some(target), Some(supporter)) => Ok((case, target, supporter)),
        (case, target, supporter) => {
            let missing: Vec<&str> =
                [("--case", case), ("--target", target), ("--supporter", supporter)]
                    .into_iter()
                    .filter_map(|(option, value)| value.is_none().then_some(option))
                    .collect();
            let args = [("count", missing.len().into()), ("names", missing.join(", ").into())];
            Err(Error::of(Kind::Usage, "grant-needs", &args).hint_of("grant-examples", &[]))
        }
    }
}

/// From what was typed to what it means. Reads files and the ledger, changes nothing.
pub(super) async fn resolve(context: &Context, mut typed: GrantArgs) -> Result<Wanted> {
    let (reference, target, name) = needed(&mut typed)?;
    let target = context.find_target(&target).await?;
    let target = shop::with_folder(target, typed.shop_folder.take())?;
    let case = find_case(context, &reference).await?;
    let desk = context.desk(&case.desk)?;
    let company = typed.company.take().unwrap_or_else(|| desk.manifest.name.clone());
    let key = typed.key.as_deref().map(read_key).transpose()?;
    if key.is_none() && !typed.generate_key && !typed.password {
        return Err(Error::of(Kind::Usage, "credential-missing", &[])
            .hint_of("credential-missing.key", &[])
            .hint_of("credential-missing.make", &[]));
    }
    let route = Route::of(&target, &context.surroundings).map_err(|e| unreachable(&target, e))?;
    let own_key = match &key {
        Some(key) => own_key(context, &target, key).await,
        None => None,
    };
    let preferred = Provider::preferred(target.elevation, &route.user);
    let Named { provider, beside, shop_at } = providers(context, &typed.with, preferred)?;
    let mut credentials = Vec::new();
    if key.is_some() {
        credentials.push(Credential::Key);
    }
    if typed.generate_key {
        credentials.push(Credential::GeneratedKey);
    }
    if typed.password {
        credentials.push(Credential::Password);
    }
    let seal = seal_to(&typed, key.as_ref())?;
    let backups = backup::names(&typed.backup)?;
    if let Some(command) = &typed.backup_command {
        backup::check(command)?;
    }
    let access_stated = typed.access.is_some();
    let deadline = deadline_of(context, typed.duration.as_deref(), typed.until.as_deref())?;
    if let (Some(text), Some(deadline), false) = (&typed.duration, deadline, typed.yes) {
        sure_of(context, text, deadline.saturating_sub(context.now()))?;
    }
    let request = Request {
        case: reference,
        answers: case.answers.clone(),
        time_box_until: case.time_box_until,
        supporter: Supporter { name, company },
        target: target.name.clone(),
        scheme: scheme(&target.address).to_owned(),
        host: route.host.clone(),
        port: route.host.is_some().then_some(route.port),
        declared: Some(target.environment),
        account: (provider.account == AccountKind::Shared).then(|| route.user.clone()),
        path: target.path.clone(),
        access: access(typed.access),
        with_secrets: typed.with_secrets.then(|| typed.reason.clone().unwrap_or_default()),
        credentials,
        own_key,
        from: networks(&typed.from)?,
        deadline,
        drain: drain(typed.at_end, typed.max.as_deref())?,
        overrides: typed
            .overrides
            .iter()
            .map(|rule| Override {
                rule: rule.clone(),
                reason: typed.reason.clone().unwrap_or_default(),
            })
            .collect(),
        live: LiveRequest {
            approver: typed.approver,
            approval: typed.approval,
            reason: typed.reason,
            access_stated,
            acknowledged: typed.acknowledge,
            confirmation: typed.yes_live,
        },
        password_beside: shop_at.is_some() || beside.iter().any(|provider| provider.has_password),
        accept_weak_expiry: typed.accept_weak_expiry,
    };
    Ok(Wanted {
        yes: typed.yes,
        provider,
        beside,
        shop_at,
        target,
        route,
        case,
        desk,
        key,
        generate_key: typed.generate_key,
        password: typed.password,
        request,
        backups,
        backup_command: typed.backup_command,
        seal,
        output: typed.output,
        reveal: typed.reveal,
    })
}

/// Who can open what is handed over.
#[derive(Debug)]
pub(super) enum SealTo {
    /// Whoever has the private key.
    Key(Box<seal::Recipient>),
    /// Whoever is told the passphrase.
    Passphrase,
}

fn seal_to(typed: &GrantArgs, key: Option<&SupporterKey>) -> Result<Option<SealTo>> {
    let failed = |e: SealError| {
        Error::of(Kind::Usage, "seal-key-unusable", &[])
            .because(e)
            .hint_of("seal-key-unusable.another", &[])
            .hint_of("seal-key-unusable.passphrase", &[])
    };
    if typed.passphrase {
        return Ok(Some(SealTo::Passphrase));
    }
    if let Some(named) = &typed.seal_to {
        let text = match named.strip_prefix("age1") {
            Some(_) => named.clone(),
            None => {
                let path = std::path::Path::new(named);
                let limit = u64::try_from(public_key::FILE_LIMIT).unwrap_or(u64::MAX);
                let read = file::read(path, limit, Links::Follow).map_err(std::io::Error::from);
                let read = read.and_then(|contents| contents.text().map(str::to_owned));
                read.map_err(|e| {
                    Error::of(Kind::Usage, "seal-key-unreadable", &[("path", named.into())])
                        .because(e)
                })?
            }
        };
        return seal::Recipient::read(&text)
            .map(|to| Some(SealTo::Key(Box::new(to))))
            .map_err(failed);
    }
    match key.filter(|_| typed.seal) {
        None => Ok(None),
        Some(key) => {
            seal::Recipient::of_key(key).map(|to| Some(SealTo::Key(Box::new(to)))).map_err(failed)
        }
    }
}

/// What `--with` names.
#[derive(Debug)]
pub(super) struct Named {
    /// What gives the account.
    pub(super) provider: Arc<Provider>,
    /// What stands beside it.
    pub(super) beside: Vec<Arc<Provider>>,
    /// Where among those the shop was named.
    pub(super) shop_at: Option<usize>,
}

/// What is to be made: the one provider that gives an account, and those beside it, in the order in
/// which they were named.
pub(super) fn providers(context: &Context, named: &[String], preferred: &str) -> Result<Named> {
    let mut accounts: Vec<Arc<Provider>> = Vec::new();
    let mut beside: Vec<Arc<Provider>> = Vec::new();
    let names = named.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
    let mut names: Vec<&str> = names.collect();
    if names.is_empty() {
        names.push(SERVER);
    }
    let mut shop_at = None;
    for name in names {
        if name == SHOP {
            if shop_at.replace(beside.len()).is_some() {
                return Err(named_twice(SHOP));
            }
            continue;
        }
        let provider = context.provider(if name == SERVER { preferred } else { name })?;
        if accounts.iter().chain(&beside).any(|known| known.name == provider.name) {
            return Err(named_twice(&provider.name));
        }
        match provider.account {
            AccountKind::None => beside.push(provider),
            AccountKind::Own | AccountKind::Shared => accounts.push(provider),
        }
    }
    if accounts.len() + beside.len() + usize::from(shop_at.is_some()) > MOST_LAYERS {
        return Err(Error::of(Kind::Usage, "with-too-many", &[])
            .because_of("with-too-many.why", &[("count", MOST_LAYERS.into())]));
    }
    let mut accounts = accounts.into_iter();
    match (accounts.next(), accounts.next()) {
        (Some(provider), None) => Ok(Named { provider, beside, shop_at }),
        (Some(one), Some(other)) => Err(Error::of(
            Kind::Usage,
            "with-two-accounts",
            &[("one", (&one.name).into()), ("other", (&other.name).into())],
        )
        .hint_of("with-two-accounts.way-out", &[])),
        (None, _) => Err(Error::of(Kind::Usage, "with-no-account", &[]).hint_of(
            "with-no-account.way-out",
            &[("server", SERVER.into()), ("names", named.join(",").into())],
        )),
    }
}

pub(super) fn named_twice(name: &str) -> Error {
    Error::of(Kind::Usage, "with-twice", &[("provider", name.into())])
        .hint_of("with-twice.way-out", &[])
}

/// Running work that may go on without a word about it, in seconds.
const DRAIN_DEFAULT: i64 = 30 * 60;

/// The longest that running work may go on after the deadline, in seconds.
const DRAIN_MAXIMUM: i64 = 12 * 60 * 60;

/// Seconds after the deadline that running work may go on.
pub(super) fn drain(at_end: Option<AtEndArg>, max: Option<&str>) -> Result<i64> {
    let refused = |why: Note| {
        Error::of(Kind::Usage, "max-unusable", &[])
            .because_text(why)
            .hint_of("max-unusable.way-out", &[])
    };
    let seconds = match (at_end, max) {
        (Some(AtEndArg::Drain), None) => DRAIN_DEFAULT,
        (Some(AtEndArg::Drain), Some(text)) => {
            deadline::parse_for(text).map_err(|e| refused(e.note()))?
        }
        (_, None) => return Ok(0),
        (_, Some(_)) => return Err(refused(Note::of("max-unusable.nothing", &[]))),
    };
    if (60..=DRAIN_MAXIMUM).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(refused(Note::of("max-unusable.range", &[])))
    }
}

pub(super) fn scheme(address: &Address) -> &'static str {
    match address {
        Address::Local => "local",
        Address::Ssh { .. } => "ssh",
    }
}

pub(super) fn access(typed: Option<AccessArg>) -> Access {
    match typed {
        None | Some(AccessArg::Sftp) => Access::Sftp,
        Some(AccessArg::SftpReadOnly) => Access::SftpReadOnly,
        Some(AccessArg::Ssh) => Access::Ssh,
    }
}

async fn find_case(context: &Context, reference: &str) -> Result<Case> {
    let missing = || {
        Error::of(
            Kind::NotFound,
            "case-unknown",
            &[("case", crate::remote::script::clean(reference).into())],
        )
        .hint_of("case-unknown.open", &[("case", quoted(reference).into())])
    };
    let ledger = context.ledger_to_read().await?.ok_or_else(missing)?;
    let case = match ledger.case(reference).await {
        Err(LedgerError::NoSuchCase { .. }) => return Err(missing()),
        other => other?,
    };
    if case.closed_at.is_some() {
        return Err(Error::of(Kind::Usage, "case-closed", &[("case", reference.into())])
            .hint_of("case-closed.way-out", &[]));
    }
    Ok(case)
}

/// Where the merchant has a key themselves, if they do.
async fn own_key(context: &Context, target: &Target, key: &SupporterKey) -> Option<String> {
    let key = public_key::parse_stored(&key.text)?;
    let deadline = context.step_deadline();
    crate::transport::own_key(target, &key, &context.surroundings, deadline).await
}

/// Reads the supporter's public key; `-` is standard input. Never more than a key can be.
fn read_key(path: &Path) -> Result<SupporterKey> {
    let typed = path.to_string_lossy();
    let cannot = |e: io::Error| {
        let is_missing = e.kind() == io::ErrorKind::NotFound;
        let hint = match () {
            () if ["http://", "https://"].iter().any(|start| typed.starts_with(start)) => {
                Note::of("key-hint-url", &[])
            }
            () if is_missing && typed.starts_with('~') => Note::of("key-hint-tilde", &[]),
            () => Note::of("key-file-unreadable.name-it", &[]),
        };
        Error::of(Kind::Usage, "key-file-unreadable", &[("file", Arg::of(&typed))])
            .because(e)
            .hint(hint)
    };
    let bytes = if path == Path::new("-") {
        let read = || Ok(public_key::read_bounded(io::stdin().lock()));
        output::unless_interrupted(read).map_err(cannot)?
    } else {
        // A FIFO that nobody writes to would keep the open waiting for ever.
        if !path.metadata().map_err(cannot)?.is_file() {
            let why = message::text("file-error-not-regular", &[]);
            return Err(cannot(io::Error::new(io::ErrorKind::InvalidInput, why))
                .hint_of("key-file-unreadable.pipe", &[]));
        }
        public_key::read_bounded(File::open(path).map_err(cannot)?)
    };
    bytes.and_then(|bytes| public_key::read_supporter_key(&bytes)).map_err(|e| {
        let hint = Note::of(e.hint(), &[]);
        Error::of(Kind::Usage, "key-unusable", &[]).because(e).hint(hint)
    })
}

/// The networks that were typed, each once. A network with something in its host part is a slip:
/// whether the one address or the whole network was meant is not guessed.
fn networks(typed: &[String]) -> Result<Vec<IpNet>> {
    let mut networks = Vec::new();
    for text in typed {
        let shown = crate::remote::script::clean(text);
        let net = text.parse::<IpNet>().ok();
        let address = text.parse::<std::net::IpAddr>().ok().map(IpNet::from);
        let refused = match net.or(address) {
            Some(net) if net == net.trunc() => {
                if !networks.contains(&net) {
                    networks.push(net);
                }
                continue;
            }
            Some(net) => Error::of(Kind::Usage, "from-host-and-net", &[("typed", shown.into())])
                .hint_of(
                    "from-host-and-net.way-out",
                    &[("net", Arg::of(net.trunc())), ("address", Arg::of(net.addr()))],
                ),
            None => Error::of(Kind::Usage, "from-not-a-network", &[("typed", shown.into())]),
        };
        return Err(refused.hint_of("from-not-a-network.way-out", &[]));
    }
    Ok(networks)
}

/// Makes sure of a length of time that is rarely meant: a minute or a month, seconds.
fn sure_of(context: &Context, typed: &str, seconds: i64) -> Result<()> {
    let Some(doubt) = deadline::doubtful(typed, seconds) else { return Ok(()) };
    if context.output.confirm(&message::text("ask-doubt", &[("doubt", (&doubt).into())]))
        == Some(false)
    {
        return Err(
            Error::of(Kind::Usage, "deadline-not-meant", &[]).hint_of("deadline-examples", &[])
        );
    }
    context.output.say(Tone::Warn, &doubt);
    Ok(())
}

/// The deadline that was typed, if one was.
pub fn deadline_of(
    context: &Context,
    duration: Option<&str>,
    until: Option<&str>,
) -> Result<Option<UnixTime>> {
    let now = context.now();
    let parsed = match (duration, until) {
        (Some(text), _) => deadline::parse_for(text).map(|length| Some(now.saturating_add(length))),
        (None, Some(text)) => deadline::parse_until(text, &Local, now).map(Some),
        (None, None) => Ok(None),
    };
    parsed.map_err(|e| {
        Error::of(Kind::Usage, "deadline-unusable", &[])
            .because(e)
            .hint_of("deadline-examples", &[])
    })
}
