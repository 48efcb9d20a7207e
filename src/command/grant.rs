//! `grant`: give one supporter access to one target, and prove that it works.
//!
//! Resolve, refuse early, look at the server, let policy decide, record, make, try, hand over.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::Local;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde_json::{Value, json};

use crate::command::{backup, quoted, refusal, schedule_warning, view};
use crate::complete;
use crate::connect::Connect;
use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::file::Nameless;
use crate::grant::{
    Access, Case, Grant, Layer, MOST_LAYERS, NewGrant, Supporter, UnixTime, layer_id,
};
use crate::ledger::{CaseFilter, LedgerError};
use crate::lifecycle::closing;
use crate::lifecycle::opening::{self, Beside, Draft, Opened};
use crate::mark;
use crate::message::{self, Note};
use crate::output::{self, Tone, fields, paint};
use crate::policy::desk::Desk;
use crate::policy::{
    self, Broken, Credential, Decision, EnvironmentFinding, Facts, LiveRequest, Override, Request,
    Rule, Terms,
};
use crate::promise::{Asked, Promise};
use crate::public_key::{self, SupporterKey};
use crate::remote::inputs;
use crate::remote::layer::{self, LayerState};
use crate::remote::provider::{AccountKind, Provider, RunAs, Verb};
use crate::remote::script::{Answer, Reply};
use crate::remote::server::{self, Server};
use crate::remote::session::{Session, unreachable};
use crate::secret::{self, MadePassword, Secret};
use crate::target::{Address, Target};
use crate::transport::{Connection, Route, TransportError};

/// What happens at the deadline to work that is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AtEndArg {
    /// Sessions end at the deadline.
    Kill,
    /// Nothing new starts after the deadline; what runs may go on for --max.
    Drain,
}

/// What the supporter may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AccessArg {
    /// File transfer.
    Sftp,
    /// File transfer that cannot change anything.
    SftpReadOnly,
    /// A shell, commands and file transfer; never forwarding.
    Ssh,
}

/// `grant`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --key jane.pub
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --generate-key \\
    --access ssh --for 2h --from 192.0.2.0/24 --output jane.key
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --key jane.pub --dry-run")]
pub struct GrantArgs {
    /// The case it belongs to. Asked for at a terminal; needed elsewhere.
    #[arg(long, value_name = "REF", add = complete::open_cases())]
    pub case: Option<String>,
    /// The target to give access to. Asked for at a terminal; needed elsewhere.
    #[arg(long, value_name = "NAME", add = complete::targets())]
    pub target: Option<String>,
    /// The one person it is for. Asked for at a terminal; needed elsewhere.
    #[arg(long, value_name = "NAME")]
    pub supporter: Option<String>,
    /// The company that person works for. Default: the desk's.
    #[arg(long, value_name = "NAME")]
    pub company: Option<String>,
    /// What that person may do.
    ///
    /// Default: sftp.
    #[arg(long, value_enum)]
    pub access: Option<AccessArg>,
    /// The supporter's public key: a file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Make a key pair; the private half is shown once, or written with --output.
    #[arg(long, conflicts_with = "key")]
    pub generate_key: bool,
    /// Make a password too, or alone where no key is given.
    #[arg(long)]
    pub password: bool,
    /// What to make, by the names of the providers, with commas between them.
    ///
    /// One of them gives the account: `server` is an account of its own where stagepass can be root,
    /// else a key in the account it logs in with. Others may stand beside it. Default: server.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', add = complete::providers())]
    pub with: Vec<String>,
    /// How long: 14d, 5h, 90m, 2weeks. Default: the desk's.
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "until")]
    pub duration: Option<String>,
    /// Until when: '2026-12-01 18:00' (local time) or with a zone.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// What happens at the deadline to work that is running.
    ///
    /// Default: kill.
    #[arg(long, value_enum)]
    pub at_end: Option<AtEndArg>,
    /// With --at-end drain: how long running work may go on, at most. Default: 30m.
    #[arg(long, value_name = "DURATION", requires = "at_end")]
    pub max: Option<String>,
    /// Only from this network; may be given several times.
    #[arg(long, value_name = "CIDR")]
    pub from: Vec<String>,
    /// Do not ask before access is made. Where nobody can be asked, nobody is.
    #[arg(long)]
    pub yes: bool,
    /// Open files with passwords and keys, too, that others on the server could not read before;
    /// needs a reason.
    #[arg(long)]
    pub with_secrets: bool,
    /// Why it is needed; required with --override, --with-secrets and for a live shop.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Break this rule knowingly, by its id as a refusal shows it; recorded with the reason. May
    /// be given several times.
    #[arg(long = "override", value_name = "RULE")]
    pub overrides: Vec<String>,
    /// Live shop: who of the desk approved it.
    #[arg(long, value_name = "NAME", help_heading = "Live shop")]
    pub approver: Option<String>,
    /// Live shop: the desk's reference of that approval.
    #[arg(long, value_name = "REF", help_heading = "Live shop")]
    pub approval: Option<String>,
    /// Live shop: the backup on the server; it is verified before anything is made.
    #[arg(long, value_name = "FILE", help_heading = "Live shop")]
    pub backup: Option<String>,
    /// Live shop: the host name, typed out, in place of the question.
    #[arg(long, value_name = "HOSTNAME", help_heading = "Live shop")]
    pub yes_live: Option<String>,
    /// Live shop: I have read this rule of the desk, such as M7.
    #[arg(long, value_name = "RULE", help_heading = "Live shop")]
    pub acknowledge: Vec<String>,
    /// Accept an end that this server cannot keep to the minute by itself.
    #[arg(long)]
    pub accept_weak_expiry: bool,
    /// Write the credential to this new file (mode 0600).
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print the credential although standard output is not a terminal.
    #[arg(long)]
    pub reveal: bool,
    /// Print the plan and policy's verdict, and touch nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Everything that was asked for, resolved. Nothing has been touched yet.
struct Wanted {
    target: Target,
    yes: bool,
    route: Route,
    case: Case,
    desk: Desk,
    /// What gives the account.
    provider: Arc<Provider>,
    /// What is made beside it.
    beside: Vec<Arc<Provider>>,
    key: Option<SupporterKey>,
    generate_key: bool,
    password: bool,
    request: Request,
    backup: Option<String>,
    output: Option<PathBuf>,
    reveal: bool,
}

/// What the server was seen to be.
struct Seen {
    facts: Facts,
    server: Server,
    promise: Promise,
    /// What `detect` said of each layer beside the account.
    beside: Vec<Reply>,
    /// What the merchant should know of those.
    notes: Vec<Note>,
}

/// Runs the command.
///
/// # Errors
/// Nothing was touched, or it was taken back, or the ledger knows of it; the error says which.
pub async fn run(context: &Context, mut typed: GrantArgs) -> Result<()> {
    ask_for_what_is_missing(context, &mut typed).await?;
    let dry_run = typed.dry_run;
    let mut wanted = resolve(context, typed).await?;
    refuse_early(context, &wanted)?;
    refuse_password_of_ours(&wanted)?;
    refuse_without_shop(&wanted)?;
    refuse_unshowable_credential(context, &wanted, dry_run)?;

    wanted.provider.prepare(&[Verb::Detect, Verb::Open, Verb::Tried]);
    for beside in &wanted.beside {
        beside.prepare(&[Verb::Detect, Verb::Open, Verb::Check]);
    }
    let progress = context.output.progress(&format!("connecting to {}", wanted.target.name));
    let target = wanted.target.clone();
    let mut session = connect(context, &target, &wanted).await?;
    progress.step("looking at the server");
    let id = new_id()?;
    let account = account_name(&wanted, &id);
    let seen = look(context, &mut session, &wanted, &account, &id).await?;
    drop(progress);
    let mut terms = decide(context, &mut wanted, &seen)?;
    let plan = Plan { wanted: &wanted, seen: &seen, terms: &terms, account: &account };
    if dry_run {
        session.close().await;
        let text = format!("{}\nnothing was touched", plan.text(context.now()));
        context.output.result(&text, json!({ "plan": plan.document(), "dry_run": true }));
        return Ok(());
    }
    context.output.say(Tone::Plain, &plan.text(context.now()));
    if let Some(agreed) = agree(context, &wanted, &seen, &terms)? {
        terms = agreed;
    }

    let ledger = context.ledger().await?;
    let credential = make_credential(&wanted, &seen)?;
    let files: Vec<PathBuf> =
        secret_files(&wanted).into_iter().filter_map(|(_, path)| path).collect();
    let slot = OutputSlot::prepare(&files)?;
    let mark_key = mark::Key::load_or_make(context)?;
    let mut grant = compose(context, &wanted, &seen, &terms, &credential, &account, id);
    sign(&mark_key, &mut grant, &wanted.target);
    let draft = Draft {
        grant,
        provider: &wanted.provider,
        beside: wanted
            .beside
            .iter()
            .zip(&credential.beside)
            .map(|(provider, made)| Beside {
                provider,
                password: made.as_ref().map(|made| (&made.password, &made.hash)),
            })
            .collect(),
        password: credential.password.as_ref(),
        server: &seen.server,
        asked: asked(&wanted),
        planned: seen.promise.clone(),
    };
    let plan_document =
        Plan { wanted: &wanted, seen: &seen, terms: &terms, account: &account }.document();
    let progress = context.output.progress("making access");
    let opened = opening::open(context, &ledger, &mut session, draft, terms, &progress).await;
    drop(progress);
    let Opened { grant, promise, beside } = match opened {
        Ok(opened) => opened,
        Err(e) => {
            session.close().await;
            return Err(e);
        }
    };

    if let Err(e) = hand_over(context, &wanted, &grant, &credential, slot) {
        // A credential that nobody received is access without a purpose.
        let ended = closing::close(context, &ledger, &mut session, &grant.id, "not handed over");
        let taken_back = matches!(ended.await, Ok(closing::Ended::Closed(_)));
        session.close().await;
        return Err(e.hint(if taken_back {
            format!("the grant was taken back: {}", closing::LastWord::of(&grant).text(&grant))
        } else {
            format!("run `stagepass revoke {}`", grant.id)
        }));
    }
    session.close().await;
    drop(credential);
    schedule_warning(context, &ledger).await;
    report(context, &wanted, &seen, &grant, &promise, &beside, plan_document);
    Ok(())
}

/// Asks for the answers that are missing, where somebody can be asked.
async fn ask_for_what_is_missing(context: &Context, typed: &mut GrantArgs) -> Result<()> {
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
            _ => context.output.ask("Case (the desk's reference):"),
        };
    }
    if typed.target.is_none() {
        let targets = context.targets()?;
        let names: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
        typed.target = match names.as_slice() {
            [only] if context.output.can_ask() => Some(only.clone()),
            _ => context.output.ask(&format!("Target ({}):", names.join(", "))),
        };
    }
    if typed.supporter.is_none() {
        typed.supporter = context.output.ask("Supporter's name:");
    }
    if typed.key.is_none() && !typed.generate_key && !typed.password {
        typed.key = context
            .output
            .ask("File with the supporter's public key (empty: make a key pair):")
            .filter(|answer| !answer.is_empty())
            .map(PathBuf::from);
        typed.generate_key = typed.key.is_none() && context.output.can_ask();
    }
    Ok(())
}

/// The answers without which nothing can be resolved: case, target, supporter.
fn needed(typed: &mut GrantArgs) -> Result<(String, String, String)> {
    let take = |value: &mut Option<String>| value.take().filter(|text| !text.is_empty());
    match (take(&mut typed.case), take(&mut typed.target), take(&mut typed.supporter)) {
        (Some(case), Some(target), Some(supporter)) => Ok((case, target, supporter)),
        (case, target, supporter) => {
            let missing: Vec<&str> =
                [("--case", case), ("--target", target), ("--supporter", supporter)]
                    .into_iter()
                    .filter_map(|(option, value)| value.is_none().then_some(option))
                    .collect();
            let verb = if missing.len() == 1 { "is" } else { "are" };
            Err(Error::new(Kind::Usage, format!("{} {verb} missing", missing.join(", ")))
                .hint("`stagepass grant --help` has examples"))
        }
    }
}

/// From what was typed to what it means. Reads files and the ledger, changes nothing.
async fn resolve(context: &Context, mut typed: GrantArgs) -> Result<Wanted> {
    let (reference, target, name) = needed(&mut typed)?;
    let target = context.target(&target)?;
    let case = find_case(context, &reference).await?;
    let desk = context.desk(&case.desk)?;
    let company = typed.company.unwrap_or_else(|| desk.manifest.name.clone());
    let key = typed.key.as_deref().map(read_key).transpose()?;
    if key.is_none() && !typed.generate_key && !typed.password {
        return Err(Error::new(Kind::Usage, "there is no credential")
            .hint("give the supporter's public key with `--key FILE`")
            .hint("or let stagepass make one with `--generate-key` or `--password`"));
    }
    let route = Route::of(&target, &context.surroundings).map_err(|e| unreachable(&target, e))?;
    let own_key = match &key {
        Some(key) => own_key(context, &target, key).await,
        None => None,
    };
    let preferred = Provider::preferred(target.elevation, &route.user);
    let (provider, beside) = providers(context, &typed.with, preferred)?;
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
    let access_stated = typed.access.is_some();
    let deadline = deadline_of(context, typed.duration.as_deref(), typed.until.as_deref())?;
    if let (Some(text), Some(deadline), false) = (&typed.duration, deadline, typed.yes) {
        sure_of(context, text, deadline.saturating_sub(context.now()))?;
    }
    let request = Request {
        case: reference,
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
        password_beside: beside.iter().any(|provider| provider.has_password),
        accept_weak_expiry: typed.accept_weak_expiry,
    };
    Ok(Wanted {
        yes: typed.yes,
        provider,
        beside,
        target,
        route,
        case,
        desk,
        key,
        generate_key: typed.generate_key,
        password: typed.password,
        request,
        backup: typed.backup,
        output: typed.output,
        reveal: typed.reveal,
    })
}

/// The word of `--with` for whatever gives an account on this server.
const SERVER: &str = "server";

/// What is to be made: the one provider that gives an account, and those beside it, in the order in
/// which they were named.
fn providers(
    context: &Context,
    named: &[String],
    preferred: &str,
) -> Result<(Arc<Provider>, Vec<Arc<Provider>>)> {
    let mut accounts: Vec<Arc<Provider>> = Vec::new();
    let mut beside: Vec<Arc<Provider>> = Vec::new();
    let names = named.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
    let mut names: Vec<&str> = names.collect();
    if names.is_empty() {
        names.push(SERVER);
    }
    for name in names {
        let provider = context.provider(if name == SERVER { preferred } else { name })?;
        if accounts.iter().chain(&beside).any(|known| known.name == provider.name) {
            return Err(Error::new(
                Kind::Usage,
                format!("`--with` names `{}` more than once", provider.name),
            )
            .hint("name each once: nothing is made twice for one grant"));
        }
        match provider.account {
            AccountKind::None => beside.push(provider),
            AccountKind::Own | AccountKind::Shared => accounts.push(provider),
        }
    }
    if accounts.len() + beside.len() > MOST_LAYERS {
        return Err(Error::new(Kind::Usage, "`--with` names too many providers")
            .because_text(format!("a grant has at most {MOST_LAYERS} layers")));
    }
    let mut accounts = accounts.into_iter();
    match (accounts.next(), accounts.next()) {
        (Some(provider), None) => Ok((provider, beside)),
        (Some(one), Some(other)) => Err(Error::new(
            Kind::Usage,
            format!("`{}` and `{}` both give an account", one.name, other.name),
        )
        .hint("a grant has one account that the supporter logs in to: leave one of them out")),
        (None, _) => Err(Error::new(Kind::Usage, "nothing that `--with` names gives an account")
            .hint(format!("name what gives one, too: `--with {SERVER},{}`", named.join(",")))),
    }
}

/// Running work that may go on without a word about it, in seconds.
const DRAIN_DEFAULT: i64 = 30 * 60;

/// The longest that running work may go on after the deadline, in seconds.
const DRAIN_MAXIMUM: i64 = 12 * 60 * 60;

/// Seconds after the deadline that running work may go on.
fn drain(at_end: Option<AtEndArg>, max: Option<&str>) -> Result<i64> {
    let refused = |why: String| {
        Error::new(Kind::Usage, "`--max` cannot be used").because_text(why).hint(
            "write `--at-end drain --max 30m`; without `--at-end drain` everything ends at the \
             deadline",
        )
    };
    let seconds = match (at_end, max) {
        (Some(AtEndArg::Drain), None) => DRAIN_DEFAULT,
        (Some(AtEndArg::Drain), Some(text)) => {
            deadline::parse_for(text).map_err(|e| refused(e.to_string()))?
        }
        (_, None) => return Ok(0),
        (_, Some(_)) => return Err(refused("there is nothing to wait for".into())),
    };
    if (60..=DRAIN_MAXIMUM).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(refused("it must be between one minute and twelve hours".into()))
    }
}

fn scheme(address: &Address) -> &'static str {
    match address {
        Address::Local => "local",
        Address::Ssh { .. } => "ssh",
    }
}

fn access(typed: Option<AccessArg>) -> Access {
    match typed {
        None | Some(AccessArg::Sftp) => Access::Sftp,
        Some(AccessArg::SftpReadOnly) => Access::SftpReadOnly,
        Some(AccessArg::Ssh) => Access::Ssh,
    }
}

async fn find_case(context: &Context, reference: &str) -> Result<Case> {
    let missing = || {
        Error::new(
            Kind::NotFound,
            format!("there is no case `{}`", crate::remote::script::clean(reference)),
        )
        .hint(format!(
            "open it with `stagepass case open {} --desk multisafepay`",
            quoted(reference)
        ))
    };
    let ledger = context.ledger_to_read().await?.ok_or_else(missing)?;
    let case = match ledger.case(reference).await {
        Err(LedgerError::NoSuchCase { .. }) => return Err(missing()),
        other => other?,
    };
    if case.closed_at.is_some() {
        return Err(Error::new(Kind::Usage, format!("the case `{reference}` is closed"))
            .hint("open a new case for a new investigation"));
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
                message::text("key-hint-url", &[])
            }
            () if is_missing && typed.starts_with('~') => message::text("key-hint-tilde", &[]),
            () => "name the file with the supporter's public key".to_owned(),
        };
        Error::new(Kind::Usage, format!("the key file `{typed}` cannot be read"))
            .because(e)
            .hint(hint)
    };
    let bytes = if path == Path::new("-") {
        let read = || Ok(public_key::read_bounded(io::stdin().lock()));
        output::unless_interrupted(read).map_err(cannot)?
    } else {
        // A FIFO that nobody writes to would keep the open waiting for ever.
        if !path.metadata().map_err(cannot)?.is_file() {
            let why = "it is not a regular file";
            return Err(cannot(io::Error::new(io::ErrorKind::InvalidInput, why))
                .hint("what a program prints can be given on standard input: `--key -`"));
        }
        public_key::read_bounded(File::open(path).map_err(cannot)?)
    };
    bytes.and_then(|bytes| public_key::read_supporter_key(&bytes)).map_err(|e| {
        let hint = message::text(e.hint(), &[]);
        Error::new(Kind::Usage, "the supporter's public key cannot be used").because(e).hint(hint)
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
            Some(net) => Error::new(Kind::Usage, format!("`{shown}` is an address and a network"))
                .hint(format!(
                    "write `{}` for the network, or `{}` for the one address",
                    net.trunc(),
                    net.addr()
                )),
            None => Error::new(Kind::Usage, format!("`{shown}` is not a network")),
        };
        return Err(refused.hint("write 192.0.2.0/24, 2001:db8::/32 or a single address"));
    }
    Ok(networks)
}

/// Makes sure of a length of time that is rarely meant: a minute or a month, seconds.
fn sure_of(context: &Context, typed: &str, seconds: i64) -> Result<()> {
    let Some(doubt) = deadline::doubtful(typed, seconds) else { return Ok(()) };
    if context.output.confirm(&format!("{doubt} Is that meant?")) == Some(false) {
        return Err(Error::new(Kind::Usage, "the deadline is not the one that was meant")
            .hint("write `--for 14d`, `--for 5h`, or `--until '2026-12-01 18:00'`"));
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
        Error::new(Kind::Usage, "the deadline cannot be understood")
            .because(e)
            .hint("write `--for 14d`, `--for 5h`, or `--until '2026-12-01 18:00'`")
    })
}

/// What is forbidden whatever the server is like is refused before anything is sent to it.
fn refuse_early(context: &Context, wanted: &Wanted) -> Result<()> {
    let facts = Facts::default();
    let Decision::Deny(broken) = judge(context, wanted, &facts) else { return Ok(()) };
    let certain = without_the_unseen_backup(broken, wanted);
    if certain.is_empty() { Ok(()) } else { Err(refusal(&certain)) }
}

/// The backup is looked at on the server; that one was named is all that can be asked for before.
/// The rule `live` only sums up the others.
fn without_the_unseen_backup(broken: Vec<Broken>, wanted: &Wanted) -> Vec<Broken> {
    let unseen = |one: &Broken| one.rule == Rule::LiveBackup && wanted.backup.is_some();
    let left: Vec<Broken> = broken.into_iter().filter(|one| !unseen(one)).collect();
    let live = |one: &Broken| one.rule == Rule::Live;
    let sums_up = left.iter().any(|one| !live(one) && one.rule.id().starts_with("live."));
    left.into_iter().filter(|one| sums_up || !live(one)).collect()
}

/// What policy says. A name that is going to be typed, once the plan was read, counts as typed here:
/// nothing is made before it really is.
fn judge(context: &Context, wanted: &Wanted, facts: &Facts) -> Decision {
    if wanted.request.live.confirmation.is_some() || !context.output.can_ask() {
        return judge_as_it_is(context, wanted, &wanted.request, facts);
    }
    let mut request = wanted.request.clone();
    let name = policy::confirmation_name(&request, facts).to_owned();
    request.live.confirmation = Some(name);
    judge_as_it_is(context, wanted, &request, facts)
}

fn judge_as_it_is(
    context: &Context,
    wanted: &Wanted,
    request: &Request,
    facts: &Facts,
) -> Decision {
    policy::decide(request, facts, &wanted.desk, &context.policy, context.now())
}

/// The one question, after the plan was read: for a live shop its host name, typed by hand, else a
/// yes. The terms of what was typed; `None` where those of the plan hold.
fn agree(context: &Context, wanted: &Wanted, seen: &Seen, terms: &Terms) -> Result<Option<Terms>> {
    let output = &context.output;
    if !output.can_ask() {
        return Ok(None);
    }
    let name = policy::confirmation_name(&wanted.request, &seen.facts);
    let supporter = &wanted.request.supporter.name;
    if terms.live().is_some() && wanted.request.live.confirmation.is_none() {
        let question = format!(
            "This counts as a LIVE shop. Type its host name, {name}, to let {supporter} in:"
        );
        let mut request = wanted.request.clone();
        request.live.confirmation = Some(output.ask(&question).unwrap_or_default());
        return match judge_as_it_is(context, wanted, &request, &seen.facts) {
            Decision::Allow(terms) => Ok(Some(*terms)),
            Decision::Deny(broken) => Err(refusal(&broken)),
        };
    }
    if wanted.yes || output.confirm(&format!("Let {supporter} in?")) == Some(true) {
        return Ok(None);
    }
    Err(Error::new(Kind::Usage, "nothing was made: you did not agree to the plan")
        .hint("nothing was changed on the server, and nothing was recorded"))
}

/// Without root there is no account but the one that stagepass logs in to, and its password is
/// nobody else's. The server would say so too, when the grant is recorded already.
fn refuse_password_of_ours(wanted: &Wanted) -> Result<()> {
    if !wanted.password || wanted.provider.account == AccountKind::Own {
        return Ok(());
    }
    let (provider, target) = (&wanted.provider.name, &wanted.target.name);
    Err(Error::new(Kind::Usage, format!("`{provider}` makes no passwords"))
        .because_text("it would be the password of the account that stagepass itself logs in to")
        .hint("use the supporter's public key, `--key FILE`, or make one with `--generate-key`")
        .hint(format!(
            "or let stagepass be root there: `stagepass target add {target} … --replace --become sudo`"
        )))
}

/// What needs a shop folder is refused before a server is asked where there is none.
fn refuse_without_shop(wanted: &Wanted) -> Result<()> {
    let mut all = std::iter::once(&wanted.provider).chain(&wanted.beside);
    let needed = all.find_map(|provider| provider.needs_shop.as_ref());
    let Some(why) = needed.filter(|_| wanted.target.path.is_none()) else {
        return Ok(());
    };
    let target = &wanted.target.name;
    Err(Error::new(Kind::Usage, format!("`{target}` has no shop folder"))
        .because_text(why)
        .hint(format!("name it: `stagepass target add {target} … --replace --path /var/www/shop`")))
}

/// Keys of a kind that the server does not take are refused before anything is made.
fn refuse_key_of_another_kind(wanted: &Wanted, server: &Server) -> Result<()> {
    let accepted = server.reply.text("pubkey_algorithms");
    let Some(key) = &wanted.key else { return Ok(()) };
    if public_key::is_taken_by(accepted, &key.algorithm) {
        return Ok(());
    }
    let name = &wanted.request.supporter.name;
    Err(Error::new(
        Kind::Refused,
        format!("{} takes no keys of the kind {}", wanted.target.name, key.algorithm),
    )
    .because_text(format!("its sshd says: `PubkeyAcceptedAlgorithms {accepted}`"))
    .hint(format!("ask {name} for a key of a kind that this server takes, such as RSA or ECDSA"))
    .hint("or let stagepass make one: `--generate-key` makes one of the right kind"))
}

/// A new secret needs somebody to see it: found out before anything is made.
fn refuse_unshowable_credential(context: &Context, wanted: &Wanted, dry_run: bool) -> Result<()> {
    let makes_secret = wanted.generate_key
        || wanted.password
        || wanted.beside.iter().any(|beside| beside.has_password);
    if makes_secret && context.output.is_json() && wanted.output.is_none() && !dry_run {
        return Err(Error::new(Kind::Usage, "a JSON document never holds a secret")
            .hint("write the credential to a new file with `--output FILE`"));
    }
    let shown = wanted.output.is_some() || wanted.reveal || context.output.is_terminal();
    if makes_secret && !shown && !dry_run {
        return Err(Error::new(
            Kind::Usage,
            "standard output is not a terminal, and a secret would be made",
        )
        .hint("write it to a new file with `--output FILE`")
        .hint("or print it all the same with `--reveal`"));
    }
    if makes_secret && wanted.output.is_none() && context.output.leads_nowhere() && !dry_run {
        return Err(Error::new(
            Kind::Usage,
            "standard output is closed or thrown away, and a secret would be made",
        )
        .hint("write it to a new file with `--output FILE`"));
    }
    if !makes_secret && let Some(path) = wanted.output.as_deref() {
        return Err(Error::new(
            Kind::Usage,
            format!("nothing would be written to `{}`", path.display()),
        )
        .because_text("`--output` is for a credential that is made, and the supporter has the key")
        .hint("leave `--output` out, or make a key pair with `--generate-key`"));
    }
    let mut files = secret_files(wanted).into_iter().filter_map(|(_, path)| path);
    if let Some(path) = files.find(|path| path.symlink_metadata().is_ok()) {
        return Err(Error::new(
            Kind::Usage,
            format!("the file `{}` exists already", path.display()),
        )
        .hint("name a new file: stagepass never writes over one"));
    }
    Ok(())
}

async fn connect<'a>(
    context: &'a Context,
    target: &'a Target,
    wanted: &Wanted,
) -> Result<Session<'a>> {
    let connecting =
        Connection::open(target, context, &context.surroundings, context.step_deadline());
    match connecting.await {
        Ok(connection) => Ok(Session::over(context, target, &wanted.route.user, connection)),
        // An FTP server behind an SSH address is refused with the desk's reason, like any other
        // disguise.
        Err(TransportError::Ftp { greeting, .. }) => {
            let facts = Facts { greeting: Some(greeting), ..Facts::default() };
            match judge(context, wanted, &facts) {
                Decision::Deny(broken) => Err(refusal(&broken)),
                Decision::Allow(_) => Err(Error::new(Kind::Policy, "the server speaks FTP")),
            }
        }
        Err(e) => Err(unreachable(target, e)),
    }
}

fn new_id() -> Result<String> {
    secret::random_id(10)
        .map_err(|e| Error::new(Kind::Internal, "the grant cannot be named").because(e))
}

/// The account that the supporter logs in to: the one we log in with for a provider that shares
/// it, else a new one named after case and supporter, at most 32 characters (useradd(8)).
fn account_name(wanted: &Wanted, id: &str) -> String {
    if wanted.provider.account == AccountKind::Shared {
        return wanted.route.user.clone();
    }
    own_name(wanted, id)
}

/// A name that is the grant's own.
fn own_name(wanted: &Wanted, id: &str) -> String {
    let slug = |text: &str, length: usize| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .take(length)
            .collect()
    };
    let given_name = wanted.request.supporter.name.split_whitespace().next().unwrap_or_default();
    let parts = [slug(&wanted.case.reference, 12), slug(given_name, 10), slug(id, 5)];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("sp-{}", parts.join("-"))
}

/// Detects, and verifies the backup where one was named.
async fn look(
    context: &Context,
    session: &mut Session<'_>,
    wanted: &Wanted,
    account: &str,
    id: &str,
) -> Result<Seen> {
    let key = wanted.key.as_ref().map(|key| key.text.as_str());
    let inputs = inputs::of_detect(&wanted.target, account, id, wanted.request.access, key);
    let asked_at = context.now();
    let reply = match session.call(&wanted.provider, Verb::Detect, &inputs).await? {
        Answer::Done(reply) => match server::unusable(&reply, asked_at) {
            None => reply,
            Some(why) => return Err(unusable(context, wanted, why)),
        },
        Answer::Refused { reason, .. } => return Err(unusable(context, wanted, reason)),
        Answer::Unknown { why } => {
            return Err(Error::new(
                Kind::Refused,
                format!("the server {} did not answer a look at it", wanted.target.name),
            )
            .because_text(why)
            .hint("nothing was made; `stagepass target check` shows more"));
        }
    };
    if session.server_id().contains("dropbear") && !wanted.request.from.is_empty() {
        return Err(Error::new(
            Kind::Refused,
            format!("`--from` cannot be used on {}", wanted.target.name),
        )
        .because_text("this server is Dropbear, which refuses every key with a list of addresses")
        .hint("leave `--from` out, or limit the addresses in a firewall"));
    }
    let server = Server::read(session.server_id(), &reply, asked_at..=context.now())
        .with_credential(&wanted.provider, wanted.password, wanted.request.access)
        .with_path(wanted.target.path.as_deref());
    refuse_key_of_another_kind(wanted, &server)?;
    let mut promise = Promise::planned(&server, asked(wanted));
    let (mut beside, mut notes) = (Vec::new(), Vec::new());
    for (position, provider) in (1..).zip(&wanted.beside) {
        let reply =
            look_beside(context, session, wanted, provider, &layer_id(id, position)).await?;
        notes.extend(notes_of(provider, &reply));
        promise = promise.beside(&provider.name, &reply);
        beside.push(reply);
    }
    let mut facts = server.facts(&wanted.route, promise.weak(), wanted.target.path.as_deref());
    if let Some(path) = &wanted.backup {
        facts.backup = Some(backup::verify(session, path).await?);
    }
    Ok(Seen { facts, server, promise, beside, notes })
}

/// What a provider beside the account tells to people, each with its name.
fn notes_of(provider: &Provider, reply: &Reply) -> Vec<Note> {
    let told = provider.warnings(reply, "", &[]).into_iter();
    let named = |text: String| [("provider", provider.name.as_str().into()), ("text", text.into())];
    told.map(|note| Note { id: note.id, text: message::text("note-of", &named(note.text)) })
        .collect()
}

/// Detects what is to be made beside the account.
async fn look_beside(
    context: &Context,
    session: &mut Session<'_>,
    wanted: &Wanted,
    provider: &Provider,
    id: &str,
) -> Result<Reply> {
    let account = own_name(wanted, id);
    let inputs = inputs::of_detect(&wanted.target, &account, id, wanted.request.access, None);
    let asked_at = context.now();
    let target = &wanted.target.name;
    let unusable = |why: String| {
        Error::new(Kind::Refused, format!("`{}` cannot be used on {target}", provider.name))
            .because_text(why)
            .hint("nothing was made; leave it out of `--with`, or mend what it says")
    };
    match session.call(provider, Verb::Detect, &inputs).await? {
        Answer::Done(reply) => match server::unusable(&reply, asked_at) {
            None => Ok(reply),
            Some(why) => Err(unusable(why)),
        },
        Answer::Refused { reason: why, .. } | Answer::Unknown { why } => Err(unusable(why)),
    }
}

fn asked(wanted: &Wanted) -> Asked {
    Asked {
        key: wanted.key.is_some() || wanted.generate_key,
        password: wanted.password,
        own_account: wanted.provider.account == AccountKind::Own,
        access: wanted.request.access,
    }
}

fn unusable(context: &Context, wanted: &Wanted, reason: String) -> Error {
    Error::new(
        Kind::Refused,
        format!("`{}` cannot be used on {}", wanted.provider.name, wanted.target.name),
    )
    .because_text(reason)
    .hint(way_to_another_provider(context, wanted))
}

/// The next one that gives an account and asks for less of the login.
fn way_to_another_provider(context: &Context, wanted: &Wanted) -> String {
    let mut others = Provider::list(&context.providers_dir()).into_iter().flatten();
    let asks_for_less = |other: &Arc<Provider>| {
        other.account != AccountKind::None
            && other.run_as == RunAs::Login
            && wanted.provider.run_as == RunAs::Root
    };
    match others.find(asks_for_less) {
        Some(other) => message::text(
            "hint-other-provider",
            &[("provider", (&other.name).into()), ("summary", (&other.summary).into())],
        ),
        None => "`stagepass provider list` shows the others".into(),
    }
}

fn decide(context: &Context, wanted: &mut Wanted, seen: &Seen) -> Result<Terms> {
    // Root may have another name.
    if wanted.request.account.is_some() && seen.server.reply.text("uid") == "0" {
        wanted.request.account = Some("root".into());
    }
    match judge(context, wanted, &seen.facts) {
        Decision::Allow(terms) => Ok(*terms),
        Decision::Deny(broken) => Err(refusal(&broken)),
    }
}

/// What the supporter will prove their identity with.
struct Credentials {
    key: Option<SupporterKey>,
    private_key: Option<Secret>,
    password: Option<Secret>,
    /// The password of each layer beside the account; `None` where it has none.
    beside: Vec<Option<MadePassword>>,
}

fn make_credential(wanted: &Wanted, seen: &Seen) -> Result<Credentials> {
    let failed = |e: secret::RandomFailed| {
        Error::new(Kind::Internal, "no credential can be made").because(e)
    };
    let password = wanted.password.then(secret::generate_password).transpose().map_err(failed)?;
    let beside = wanted.beside.iter().zip(&seen.beside).map(|(provider, reply)| {
        if !provider.has_password {
            return Ok(None);
        }
        MadePassword::new(reply.text("scheme")).map(Some)
    });
    let beside = beside.collect::<std::result::Result<Vec<_>, _>>().map_err(failed)?;
    if wanted.generate_key {
        let (key, private_key) = public_key::generate_key_pair(
            seen.server.key_kind(None),
            &format!("stagepass {}", wanted.case.reference),
        )
        .map_err(|e| Error::new(Kind::Internal, "no key pair can be made").because(e))?;
        let private_key = Some(private_key);
        return Ok(Credentials { key: Some(key), private_key, password, beside });
    }
    Ok(Credentials { key: wanted.key.clone(), private_key: None, password, beside })
}

fn compose(
    context: &Context,
    wanted: &Wanted,
    seen: &Seen,
    terms: &Terms,
    credential: &Credentials,
    account: &str,
    id: String,
) -> Grant {
    let from: Vec<String> = terms.from().iter().map(ToString::to_string).collect();
    let state = LayerState {
        with_secrets: terms.with_secrets().is_some(),
        from: from.join(","),
        allow_root: allows_root(terms),
        drain: terms.drain(),
        ask: whom_to_ask(context),
        ..seen.server.layer_state(&wanted.target, &wanted.provider)
    };
    let login = Layer {
        provider: wanted.provider.name.clone(),
        digest: wanted.provider.digest.clone(),
        account: account.to_owned(),
        public_key: credential.key.as_ref().map(|key| key.text.clone()),
        key_fingerprint: credential.key.as_ref().map(|key| key.fingerprint.clone()),
        has_password: credential.password.is_some(),
        inputs: state.text(),
        outputs: "{}".into(),
        ..Layer::default()
    };
    let beside = |(position, provider): (usize, &Arc<Provider>)| Layer {
        provider: provider.name.clone(),
        digest: provider.digest.clone(),
        account: own_name(wanted, &layer_id(&id, position)),
        has_password: provider.has_password,
        inputs: seen.server.layer_state(&wanted.target, provider).text(),
        outputs: "{}".into(),
        ..Layer::default()
    };
    let beside: Vec<Layer> = (1..).zip(&wanted.beside).map(beside).collect();
    NewGrant {
        id,
        case: wanted.case.reference.clone(),
        target: wanted.target.name.clone(),
        supporter: wanted.request.supporter.clone(),
        access: terms.access(),
        created_at: context.now(),
        deadline: terms.deadline(),
        deadline_maximum: terms.deadline_maximum(),
        terms: json!(terms).to_string(),
        layers: std::iter::once(login).chain(beside).collect(),
    }
    .grant()
}

/// Lets every layer carry the tag that tells our marks from what somebody else wrote.
fn sign(key: &mark::Key, grant: &mut Grant, target: &Target) {
    let host_keys = layer::host_keys(target);
    let id = grant.id.clone();
    for layer in &mut grant.layers {
        let tag = key.tag(&mark::Marked {
            grant: &layer_id(&id, layer.position),
            provider: &layer.provider,
            account: &layer.account,
            public_key: layer.public_key.as_deref(),
            host_keys: &host_keys,
        });
        LayerState::change(layer, |state| state.tag = tag);
    }
}

/// Whom a supporter asks whose time is over: the second sentence of what the gate on the server says.
fn whom_to_ask(context: &Context) -> String {
    let who = context.contact.as_deref().unwrap_or("the person at the shop who gave it to you");
    format!("Ask {}.", who.trim_end_matches('.'))
}

/// Whether a key into root's account was overridden knowingly.
fn allows_root(terms: &Terms) -> bool {
    terms.overrides().iter().any(|one| one.rule == Rule::AccountRoot.id())
}

/// The file that `--output` names: made new and empty before anything is opened, so that a wrong
/// folder is found out in time. It stays only once it is whole. Where the system can, it has no
/// name until then, so that a program that is killed leaves none; elsewhere it is taken away again
/// when it is dropped without having been written, also when the command is interrupted.
#[derive(Default)]
struct OutputSlot(Vec<Slot>);

struct Slot {
    path: PathBuf,
    file: NewFile,
    written: bool,
}

enum NewFile {
    Nameless(Nameless),
    Named(File),
}

impl Drop for Slot {
    fn drop(&mut self) {
        if matches!(self.file, NewFile::Named(_)) && !self.written {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl OutputSlot {
    /// One file for each secret.
    fn prepare(files: &[PathBuf]) -> Result<Self> {
        Ok(Self(files.iter().map(|path| Slot::prepare(path)).collect::<Result<_>>()?))
    }
}

impl Slot {
    fn prepare(path: &Path) -> Result<Self> {
        // A name that is taken is found out now and not at the end.
        let nameless = path.symlink_metadata().is_err().then(|| Nameless::beside(path)).flatten();
        let named = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let made =
            nameless.map_or_else(|| named().map(NewFile::Named), |it| Ok(NewFile::Nameless(it)));
        let file = made.map_err(|e| {
            Error::new(Kind::Usage, format!("the file `{}` cannot be made", path.display()))
                .because(e)
                .hint("nothing was made on the server; name another file")
        })?;
        Ok(Self { path: path.to_owned(), file, written: false })
    }
}

/// The secrets that a grant makes, in the order in which they are handed over, each with its file:
/// the one that `--output` names, and with both the password in a file of its own beside it, so that
/// each can be used as it is. So has the password of what stands beside the account.
fn secret_files(wanted: &Wanted) -> Vec<(String, Option<PathBuf>)> {
    let behind = |suffix: &str| {
        wanted.output.as_ref().map(|path| {
            let mut name = path.clone().into_os_string();
            name.push(format!(".{suffix}"));
            PathBuf::from(name)
        })
    };
    let mut files = Vec::new();
    if wanted.password {
        let path = if wanted.generate_key { behind("password") } else { wanted.output.clone() };
        files.push(("password".to_owned(), path));
    }
    if wanted.generate_key {
        files.push(("private key".to_owned(), wanted.output.clone()));
    }
    for provider in wanted.beside.iter().filter(|provider| provider.has_password) {
        let path = if files.is_empty() { wanted.output.clone() } else { behind(&provider.name) };
        files.push((format!("password of `{}`", provider.name), path));
    }
    files
}

impl Slot {
    fn write(&mut self, secret: &Secret) -> io::Result<()> {
        match &mut self.file {
            NewFile::Named(file) => write_secret(file, secret)?,
            NewFile::Nameless(file) => {
                write_secret(file.file(), secret)?;
                file.name(&self.path)?;
            }
        }
        self.written = true;
        Ok(())
    }
}

/// Shows the credential once, or writes it to its files. After this it is wiped. Where one of two
/// cannot be written, the other is taken away again.
fn hand_over(
    context: &Context,
    wanted: &Wanted,
    grant: &Grant,
    credential: &Credentials,
    mut slots: OutputSlot,
) -> Result<()> {
    // In the order of `secret_files`.
    let own = [credential.password.as_ref(), credential.private_key.as_ref()].into_iter().flatten();
    let own = own.map(|secret| (grant.login(), secret));
    let beside = grant.layers.iter().skip(1).zip(&credential.beside);
    let beside = beside.filter_map(|(layer, made)| Some((Some(layer), &made.as_ref()?.password)));
    let secrets: Vec<(Option<&Layer>, &Secret)> = own.chain(beside).collect();
    if slots.0.is_empty() {
        for ((label, _), (layer, secret)) in secret_files(wanted).iter().zip(secrets) {
            let account = layer.map(|layer| layer.account.as_str()).unwrap_or_default();
            let of =
                if layer.is_some_and(|layer| layer.position > 0) { "for the user" } else { "of" };
            let target = &wanted.target.name;
            let label = format!("{label} {of} {account} on {target}, shown this once:");
            context.output.secret(&label, secret)?;
        }
        return Ok(());
    }
    for at in 0..slots.0.len() {
        let (Some(slot), Some((_, secret))) = (slots.0.get_mut(at), secrets.get(at)) else { break };
        let Err(e) = slot.write(secret) else { continue };
        let shown = slot.path.display().to_string();
        for earlier in slots.0.iter().take(at) {
            let _ = std::fs::remove_file(&earlier.path);
        }
        return Err(Error::new(
            Kind::Internal,
            format!("the credential cannot be written to `{shown}`"),
        )
        .because(e));
    }
    Ok(())
}

/// A secret is written as it is, so that `ssh -i FILE` can use it.
fn write_secret(file: &mut File, secret: &Secret) -> io::Result<()> {
    file.write_all(secret.expose().as_bytes())?;
    if !secret.expose().ends_with('\n') {
        file.write_all(b"\n")?;
    }
    file.sync_all()
}

/// What will be made, before it is made: `--dry-run` prints this very plan.
struct Plan<'a> {
    wanted: &'a Wanted,
    seen: &'a Seen,
    terms: &'a Terms,
    account: &'a str,
}

impl Plan<'_> {
    fn text(&self, now: UnixTime) -> String {
        let Self { wanted, seen, terms, account } = self;
        let request = &wanted.request;
        let from: Vec<String> = terms.from().iter().map(ToString::to_string).collect();
        let mut lines = vec![
            ("for", format!("{} ({})", request.supporter.name, request.supporter.company)),
            ("case", format!("{} at {}", wanted.case.reference, wanted.desk.manifest.name)),
            ("server", format!("{} ({})", wanted.target.name, wanted.route)),
            ("environment", environment_in_words(terms.environment())),
            ("access", access_in_words(terms.access(), wanted.target.path.as_deref())),
            ("not opened", self.stays_closed()),
            ("OPENED", self.opened_secrets()),
            ("account", format!("{account}, by `{}`", wanted.provider.name)),
            ("beside it", self.beside()),
            ("credential", self.credential()),
            ("from", if from.is_empty() { "anywhere".into() } else { from.join(", ") }),
            ("ends", deadline::human(terms.deadline(), &Local, now)),
            ("at the end", at_end_in_words(terms.drain())),
        ];
        lines.extend(promise_in_words(&seen.promise));
        for one in terms.overrides() {
            lines.push(("override", format!("{}: {}", one.rule, one.reason)));
        }
        if let Some(live) = terms.live() {
            lines.push(("LIVE", format!("approved by {} ({})", live.approver, live.approval)));
            lines.push(("backup", format!("{}, {} bytes", live.backup.path, live.backup.size)));
        }
        for warning in seen.server.warnings.iter().chain(&seen.notes) {
            lines.push(("note", paint(Tone::Warn, &warning.text)));
        }
        if let Some(id) = wanted.key.as_ref().and_then(SupporterKey::warning) {
            lines.push(("note", paint(Tone::Warn, &message::text(id, &[]))));
        }
        format!("{}\n{}", paint(Tone::Strong, "The plan"), fields(&lines))
    }

    /// The files that others could not read before, as far as `detect` named them.
    fn closed_files(&self) -> String {
        let reply = &self.seen.server.reply;
        let mut named: Vec<&str> = reply.lines("path_closed").take(6).collect();
        let total = reply.number("path_closed_total").unwrap_or_default();
        let rest = total.saturating_sub(i64::try_from(named.len()).unwrap_or_default());
        let more = match rest {
            0 => String::new(),
            rest if total >= 1000 => format!("at least {rest} more"),
            rest => format!("{rest} more"),
        };
        named.extend(Some(more.as_str()).filter(|more| !more.is_empty()));
        named.join(", ")
    }

    fn stays_closed(&self) -> String {
        match (self.terms.with_secrets(), self.closed_files()) {
            (None, files) if !files.is_empty() => {
                format!(
                    "{files}  (others on the server cannot read them; `--with-secrets` opens them)"
                )
            }
            _ => String::new(),
        }
    }

    fn opened_secrets(&self) -> String {
        let Some(reason) = self.terms.with_secrets() else { return String::new() };
        format!("also files with passwords and keys ({}): {reason}", self.closed_files())
    }

    fn credential(&self) -> String {
        let mut parts = Vec::new();
        if let Some(key) = &self.wanted.key {
            parts.push(format!("the supporter's own key {}", key.fingerprint));
        }
        if self.wanted.generate_key {
            parts.push("a new key pair".into());
        }
        if self.wanted.password {
            parts.push("a new password".into());
        }
        parts.join(" and ")
    }

    fn beside(&self) -> String {
        let each = self.wanted.beside.iter().zip(&self.seen.beside);
        let each = each.map(|(one, reply)| format!("{}, by `{}`", one.plan(reply), one.name));
        each.collect::<Vec<_>>().join("; ")
    }

    fn document(&self) -> Value {
        let Self { wanted, seen, terms, account } = self;
        let beside = wanted.beside.iter().zip(&seen.beside).map(|(one, reply)| {
            json!({ "provider": one.name, "summary": one.plan(reply), "run_as": one.run_as.id() })
        });
        json!({
            "case": wanted.case.reference,
            "desk": wanted.desk.id,
            "target": wanted.target.name,
            "server": wanted.route.to_string(),
            "server_id": seen.server.server_id,
            "supporter": wanted.request.supporter,
            "provider": wanted.provider.name,
            "account": account,
            "beside": beside.collect::<Vec<Value>>(),
            "path": wanted.target.path,
            "closed_files": seen.server.reply.lines("path_closed").collect::<Vec<_>>(),
            "closed_files_total": seen.server.reply.number("path_closed_total").unwrap_or_default(),
            "key_fingerprint": wanted.key.as_ref().map(|key| &key.fingerprint),
            "generate_key": wanted.generate_key,
            "password": wanted.password,
            "clock_ahead_seconds": seen.server.clock_ahead.seconds(),
            "promise": seen.promise,
            "notes": seen.server.warnings.iter().chain(&seen.notes).collect::<Vec<_>>(),
            "terms": terms,
        })
    }
}

/// What ends it on time: "gate, key expiry, failsafe (systemd timer)", or what cannot.
fn promise_in_words(promise: &Promise) -> Vec<(&'static str, String)> {
    let mut lines = vec![("enforced by", promise.enforced_by().join("; "))];
    for layer in promise.weak() {
        let text = format!("cannot be enforced here: {layer}");
        lines.push(("", paint(Tone::Warn, &text)));
    }
    lines.push(("then", format!("{}, later", promise.backstops.join(" and "))));
    lines
}

fn at_end_in_words(drain: i64) -> String {
    match drain {
        0 => "sessions that are open are ended".into(),
        drain => {
            format!("nothing new may start; what runs may go on for {}", deadline::duration(drain))
        }
    }
}

fn environment_in_words(finding: &EnvironmentFinding) -> String {
    format!("{} ({})", finding.verdict.id(), finding.telling())
}

fn access_in_words(access: Access, path: Option<&str>) -> String {
    let place = path.map_or_else(|| "no shop folder was named".to_owned(), |path| path.to_owned());
    match access {
        Access::Sftp => format!("SFTP, reading and writing ({place})"),
        Access::SftpReadOnly => format!("SFTP, reading only ({place})"),
        Access::Ssh => format!("shell, commands and SFTP ({place})"),
    }
}

fn report(
    context: &Context,
    wanted: &Wanted,
    seen: &Seen,
    grant: &Grant,
    promise: &Promise,
    beside: &[String],
    plan: Value,
) {
    let mut text = format!(
        "{} {}\n",
        paint(Tone::Good, &format!("Granted: {}.", grant.id)),
        tried_in_words(grant)
    );
    let connect = Connect::of(grant, &wanted.target, &wanted.route, seen.server.reply.text("fqdn"));
    let given = grant.supporter.name.split_whitespace().next().unwrap_or("the supporter");
    let who = format!("{given} connects with");
    text.push_str(&fields(&[
        (who.as_str(), connect.command.clone()),
        ("host key", connect.host_keys.join(", ")),
        ("ends", deadline::human(grant.deadline, &Local, context.now())),
        ("enforced by", promise.enforced_by().join("; ")),
        ("tried", beside.join("; ")),
        ("beside it", users_beside(grant).join(", ")),
        ("revoke", format!("stagepass revoke {}", grant.id)),
    ]));
    let mut files = Vec::new();
    for (label, path) in secret_files(wanted) {
        let Some(path) = path else { continue };
        let place = format!("in {} (mode 0600)", path.display());
        text.push_str(&fields(&[(label.as_str(), place)]));
        files.push(json!({ "holds": label, "path": path }));
    }
    let mut notes = notes(grant);
    for (layer, provider) in grant.layers.iter().skip(1).zip(&wanted.beside) {
        notes.extend(notes_of(provider, &layer::opened(layer)));
    }
    let doubt = connect.doubt.clone();
    notes.extend(doubt.map(|text| Note { id: "connect-doubt".into(), text }));
    for note in &notes {
        text.push_str(&fields(&[("note", paint(Tone::Warn, &note.text))]));
    }
    let grant = view::document(grant, context.now());
    let document = json!({ "grant": grant, "notes": notes, "promise": promise, "plan": plan,
        "beside": beside, "files": files, "connect": connect });
    context.output.result(&text, document);
}

/// The name that goes with each password beside the account.
fn users_beside(grant: &Grant) -> Vec<String> {
    let beside = grant.layers.iter().skip(1).filter(|layer| layer.has_password);
    beside.map(|layer| format!("the user {} by `{}`", layer.account, layer.provider)).collect()
}

/// What the merchant should know of what `open` replied.
fn notes(grant: &Grant) -> Vec<Note> {
    let reply = grant.login().map(layer::opened).unwrap_or_default();
    let said = |key: &str| reply.text(key);
    let (is, denied) = (|key: &str| reply.is(key), |key: &str| said(key) == "false");
    let all = [
        ("made-same-key-foreign", is("same_key_foreign")),
        ("made-same-key-kept", is("same_key_kept")),
        ("made-shop-partial", is("shop_partial")),
        ("made-no-rights", said("shop_access") == "none" && !said("shop_path").is_empty()),
        ("made-shop-reason", !said("shop_reason").is_empty()),
        ("made-uses-unprotected", denied("uses_protected")),
        ("made-no-baseline", denied("baseline")),
        ("made-forwards", is("password_forwarding")),
    ];
    let args = [
        ("shop_reason", said("shop_reason").trim_end_matches('.').into()),
        ("baseline_reason", said("baseline_reason").trim_end_matches('.').into()),
    ];
    let told = all.into_iter().filter(|(_, is_so)| *is_so);
    told.map(|(id, _)| Note::of(id, &args)).collect()
}

/// What the proof was: the supporter's private key is not ours to log in with.
fn tried_in_words(grant: &Grant) -> &'static str {
    let layer = grant.login();
    let key = layer.is_some_and(|layer| layer.public_key.is_some());
    let password = layer.is_some_and(|layer| layer.has_password);
    let limited = layer.map(LayerState::of).is_some_and(|it| it.is_limited() && !it.taken_here);
    match (key, password) {
        (true, _) if limited => {
            "The supporter's key is in place for the addresses in `--from`, and a trial login with \
             the same rights worked."
        }
        (true, false) => {
            "The server takes the supporter's key, and a trial login with the same rights worked."
        }
        (true, true) => {
            "The server takes the supporter's key, and trial logins with the same rights and with \
             the password worked."
        }
        _ => "The password was tried for real and works.",
    }
}
