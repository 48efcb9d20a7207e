//! What may be opened, and on which terms. Pure: the same request, facts and time always get the
//! same answer, and nothing is read or sent from here.
//!
//! [`decide`] is the only way to [`Terms`], and nothing is opened without them. Every broken rule
//! is told at once, in the order of [`Rule::ALL`].

pub mod environment;

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize, Serializer};

use crate::deadline;
use crate::desk::{Desk, HARD_MAXIMUM_DAYS, Protocol};
use crate::grant::{Access, Supporter, UnixTime};
use crate::message::{self, Arg, is_steering};

pub use environment::{Declared, EnvironmentFinding, EnvironmentVerdict, Setting};

/// A day of 24 hours, in seconds. Deadlines count these, not calendar days.
pub const DAY: i64 = 86_400;

/// How far a backup's time may lie ahead of our clock before one of the two is wrong, in seconds.
const CLOCK_TOLERANCE: i64 = 300;

/// Every rule of stagepass: what `decide` checks, what the desks' own rules speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// FTP in any disguise. No override.
    Ftp,
    /// What the desk connects with.
    Protocol,
    /// The desk's port.
    Port,
    /// A case's reference is plain text of one word.
    CaseReference,
    /// A supporter's name is plain text.
    SupporterName,
    /// A company's name is plain text.
    SupporterCompany,
    /// The kinds of access that the merchant's configuration allows.
    Access,
    /// The merchant's configuration asks for source addresses.
    From,
    /// Source addresses cannot be held for a password on this server.
    FromPassword,
    /// A grant has a key, a password, or both.
    Credential,
    /// Passwords are generated and strong. Kept by construction.
    PasswordStrength,
    /// This server takes no passwords.
    PasswordServer,
    /// This server takes no keys.
    KeyServer,
    /// An environment that is not shown to be staging is treated as live.
    Live,
    /// The desk never works on a live environment. No override.
    LiveNever,
    /// Live: who at the desk approved it.
    LiveApprover,
    /// Live: the desk's reference for the approval.
    LiveApproval,
    /// Live: why.
    LiveReason,
    /// Live: the access is said, not assumed.
    LiveAccess,
    /// Live: a backup that was looked at.
    LiveBackup,
    /// Live: the desk's disclaimer was seen.
    LiveAcknowledgement,
    /// Live: the host name typed by hand.
    LiveConfirmation,
    /// A deadline lies in the future.
    DeadlinePast,
    /// The longest time the desk and the merchant's configuration allow.
    DeadlineMaximum,
    /// The longest time there is. No override.
    DeadlineHard,
    /// The server ends access on time.
    ExpiryWeak,
    /// A grant in this state can be extended. No override.
    ExtensionState,
    /// An extension has a reason.
    ExtensionReason,
    /// How often a grant may be extended. No override.
    ExtensionCount,
    /// The last deadline a grant may have. No override.
    ExtensionTotal,
    /// An override names a rule.
    OverrideUnknown,
    /// An override names a rule that can be overridden.
    OverrideForbidden,
    /// An override has a reason.
    OverrideReason,
    /// What was made for a grant is deleted at its end. Kept by construction.
    CloseDelete,
}

impl Rule {
    /// Every rule, in the order in which broken ones are told.
    pub const ALL: [Self; 34] = [
        Self::Ftp,
        Self::Protocol,
        Self::Port,
        Self::CaseReference,
        Self::SupporterName,
        Self::SupporterCompany,
        Self::Access,
        Self::From,
        Self::FromPassword,
        Self::Credential,
        Self::PasswordStrength,
        Self::PasswordServer,
        Self::KeyServer,
        Self::Live,
        Self::LiveNever,
        Self::LiveApprover,
        Self::LiveApproval,
        Self::LiveReason,
        Self::LiveAccess,
        Self::LiveBackup,
        Self::LiveAcknowledgement,
        Self::LiveConfirmation,
        Self::DeadlinePast,
        Self::DeadlineMaximum,
        Self::DeadlineHard,
        Self::ExpiryWeak,
        Self::ExtensionState,
        Self::ExtensionReason,
        Self::ExtensionCount,
        Self::ExtensionTotal,
        Self::OverrideUnknown,
        Self::OverrideForbidden,
        Self::OverrideReason,
        Self::CloseDelete,
    ];

    /// The rule's id: on the screen, in `--override`, in `desk.toml` and in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Ftp => "ftp",
            Self::Protocol => "protocol",
            Self::Port => "port",
            Self::CaseReference => "case.reference",
            Self::SupporterName => "supporter.name",
            Self::SupporterCompany => "supporter.company",
            Self::Access => "access",
            Self::From => "from",
            Self::FromPassword => "from.password",
            Self::Credential => "credential",
            Self::PasswordStrength => "password.strength",
            Self::PasswordServer => "password.server",
            Self::KeyServer => "key.server",
            Self::Live => "live",
            Self::LiveNever => "live.never",
            Self::LiveApprover => "live.approver",
            Self::LiveApproval => "live.approval",
            Self::LiveReason => "live.reason",
            Self::LiveAccess => "live.access",
            Self::LiveBackup => "live.backup",
            Self::LiveAcknowledgement => "live.acknowledgement",
            Self::LiveConfirmation => "live.confirmation",
            Self::DeadlinePast => "deadline.past",
            Self::DeadlineMaximum => "deadline.maximum",
            Self::DeadlineHard => "deadline.hard",
            Self::ExpiryWeak => "expiry.weak",
            Self::ExtensionState => "extension.state",
            Self::ExtensionReason => "extension.reason",
            Self::ExtensionCount => "extension.count",
            Self::ExtensionTotal => "extension.total",
            Self::OverrideUnknown => "override.unknown",
            Self::OverrideForbidden => "override.forbidden",
            Self::OverrideReason => "override.reason",
            Self::CloseDelete => "close.delete",
        }
    }

    /// The rule with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.id() == id)
    }

    /// Whether `--override RULE --reason …` sets it aside. Everything else has a way of its own,
    /// or none.
    #[must_use]
    pub fn can_be_overridden(self) -> bool {
        matches!(
            self,
            Self::Port | Self::Access | Self::From | Self::FromPassword | Self::DeadlineMaximum
        )
    }

    /// The message of this rule in the catalogue; its attributes are `why` and `way-out`.
    fn message(self) -> String {
        format!("rule-{}", self.id().replace('.', "-"))
    }
}

/// How the supporter proves who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credential {
    /// The supporter's own public key.
    Key,
    /// A key pair that stagepass makes.
    GeneratedKey,
    /// A password that stagepass makes.
    Password,
}

/// A rule set aside by the merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The rule's id as it was typed.
    pub rule: String,
    /// Why, in the merchant's words.
    pub reason: String,
}

/// What the merchant said about live access.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveRequest {
    /// The person at the desk who approved it.
    pub approver: Option<String>,
    /// The desk's reference for that approval.
    pub approval: Option<String>,
    /// Why it has to be the live environment.
    pub reason: Option<String>,
    /// Whether the kind of access was typed, and is no default.
    pub access_stated: bool,
    /// The desk's rules whose sentence the merchant has acknowledged, such as `M7`.
    pub acknowledged: Vec<String>,
    /// The host name as it was typed for confirmation, or given with `--yes-live`.
    pub confirmation: Option<String>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The reference of the case.
    pub case: String,
    /// The person it is for.
    pub supporter: Supporter,
    /// The name of the target.
    pub target: String,
    /// The scheme of the target's address, such as `ssh`; `local` for this machine.
    pub scheme: String,
    /// The host that the address means, without user and port; `None` for this machine.
    pub host: Option<String>,
    /// The port that the supporter will connect to; `None` where no port is named.
    pub port: Option<u16>,
    /// What the merchant declared the environment to be.
    pub declared: Option<Declared>,
    /// What the supporter may do.
    pub access: Access,
    /// How the supporter proves who they are.
    pub credentials: Vec<Credential>,
    /// Where the supporter may come from. Empty: from anywhere.
    pub from: Vec<IpNet>,
    /// When access ends. Without one the default holds.
    pub deadline: Option<UnixTime>,
    /// The rules set aside.
    pub overrides: Vec<Override>,
    /// What was said about live access.
    pub live: LiveRequest,
    /// Whether an end that the server cannot keep to the minute was accepted.
    pub accept_weak_expiry: bool,
}

/// A backup that was opened and read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Where it is.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of all of it, in hex.
    pub sha256: String,
    /// When it was last written.
    pub modified_at: UnixTime,
}

/// What looking at the named backup showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupFact {
    /// There is no file of that name.
    Missing {
        /// The name as it was given.
        path: String,
    },
    /// It could not be read from beginning to end.
    Unreadable {
        /// The name as it was given.
        path: String,
        /// What the operating system said.
        why: String,
    },
    /// It was read from beginning to end.
    Read(Backup),
}

/// What was observed, on the server and here. Empty where nobody has looked, as in a first
/// `--dry-run`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The first line the server said, cleaned.
    pub greeting: Option<String>,
    /// The addresses that the target's host name resolved to.
    pub addresses: Vec<IpAddr>,
    /// What the server calls itself.
    pub hostname: Option<String>,
    /// What the server calls itself in full.
    pub fqdn: Option<String>,
    /// The host names that the server's web server, or the shop on it, answers to.
    pub served_names: Vec<String>,
    /// Settings on the server that name an environment, found to be set.
    pub settings: Vec<Setting>,
    /// Whether this sshd takes passwords for the account.
    pub takes_passwords: Option<bool>,
    /// Whether this sshd takes keys for the account.
    pub takes_keys: Option<bool>,
    /// Whether source addresses are held for password logins too.
    pub holds_from_for_passwords: Option<bool>,
    /// The layers whose end this server cannot keep to the minute by itself.
    pub weak_expiry: Vec<String>,
    /// The backup that the merchant named.
    pub backup: Option<BackupFact>,
}

/// What the merchant's own configuration adds. It can tighten what a desk says and never loosen
/// it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyConfig {
    /// The longest time a grant may last, in days.
    pub deadline_maximum_days: Option<u16>,
    /// How long a grant lasts where no deadline is named, in days.
    pub deadline_default_days: Option<u16>,
    /// The kinds of access that are given at all.
    pub access: Option<Vec<Access>>,
    /// Whether every grant must say where the supporter comes from.
    pub require_from: bool,
}

impl PolicyConfig {
    /// The first thing in it that can mean nothing, as the key and what is wrong with it.
    #[must_use]
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let days = [
            ("deadline_maximum_days", self.deadline_maximum_days),
            ("deadline_default_days", self.deadline_default_days),
        ];
        for (key, days) in days {
            if let Some(days) = days.filter(|days| !(1..=HARD_MAXIMUM_DAYS).contains(days)) {
                return Some((key, format!("is {days}, and must be 1 to {HARD_MAXIMUM_DAYS}")));
            }
        }
        match &self.access {
            Some(allowed) if allowed.is_empty() => Some(("access", "allows nothing".into())),
            _ => None,
        }
    }
}

/// The answer to a request.
#[derive(Debug)]
#[must_use]
pub enum Decision {
    /// It may be opened, on these terms.
    Allow(Box<Terms>),
    /// It may not, and these are all the reasons.
    Deny(Vec<Broken>),
}

/// What policy allowed. Only [`decide`] makes one; it is kept with the grant.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Terms {
    access: Access,
    deadline: UnixTime,
    deadline_maximum: UnixTime,
    #[serde(serialize_with = "as_text")]
    from: Vec<IpNet>,
    credentials: Vec<Credential>,
    desk: String,
    desk_rules: Vec<String>,
    extensions: u16,
    overrides: Vec<Override>,
    weak_expiry: Vec<String>,
    environment: EnvironmentFinding,
    live: Option<LiveApproval>,
}

/// Live access as it was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveApproval {
    /// The person at the desk who approved it.
    pub approver: String,
    /// The desk's reference for that approval.
    pub approval: String,
    /// Why it had to be the live environment.
    pub reason: String,
    /// The host name that was typed.
    pub confirmation: String,
    /// The desk's rules that were acknowledged.
    pub acknowledged: Vec<String>,
    /// The backup that was verified.
    pub backup: Backup,
}

impl Terms {
    /// What the supporter may do.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// When access ends.
    #[must_use]
    pub fn deadline(&self) -> UnixTime {
        self.deadline
    }

    /// The latest that any extension may move the deadline to.
    #[must_use]
    pub fn deadline_maximum(&self) -> UnixTime {
        self.deadline_maximum
    }

    /// Where the supporter may come from. Empty: from anywhere.
    #[must_use]
    pub fn from(&self) -> &[IpNet] {
        &self.from
    }

    /// How the supporter proves who they are.
    #[must_use]
    pub fn credentials(&self) -> &[Credential] {
        &self.credentials
    }

    /// The desk whose rules were applied.
    #[must_use]
    pub fn desk(&self) -> &str {
        &self.desk
    }

    /// The desk's rules that were applied, in the desk's order.
    #[must_use]
    pub fn desk_rules(&self) -> &[String] {
        &self.desk_rules
    }

    /// How many times the grant may be extended.
    #[must_use]
    pub fn extensions(&self) -> u16 {
        self.extensions
    }

    /// The rules that were set aside, and why.
    #[must_use]
    pub fn overrides(&self) -> &[Override] {
        &self.overrides
    }

    /// The layers whose end the server cannot keep to the minute; the merchant accepted it.
    #[must_use]
    pub fn weak_expiry(&self) -> &[String] {
        &self.weak_expiry
    }

    /// What the environment was found to be, and by which signals.
    #[must_use]
    pub fn environment(&self) -> &EnvironmentFinding {
        &self.environment
    }

    /// The approval, when the environment counts as live.
    #[must_use]
    pub fn live(&self) -> Option<&LiveApproval> {
        self.live.as_ref()
    }
}

fn as_text<S: Serializer>(nets: &[IpNet], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(nets.iter().map(ToString::to_string))
}

/// A rule that a request breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The rule.
    pub rule: Rule,
    /// The desk's own rule behind it, if the desk has one.
    pub desk_rule: Option<DeskReason>,
    /// What is put into the sentences.
    pub args: Vec<(&'static str, Arg)>,
    /// The options that set the rule aside or meet it, where there are any.
    pub override_with: Option<&'static str>,
}

/// A desk's own rule as the reason for one of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskReason {
    /// The desk's number for it, such as `M8`.
    pub id: String,
    /// The desk's name.
    pub desk: String,
    /// The desk's sentence.
    pub text: String,
}

impl Broken {
    fn new(rule: Rule, desk: Option<&Desk>, args: Vec<(&'static str, Arg)>) -> Self {
        let desk_rule = desk.and_then(|desk| {
            let own = desk.speaks_for(rule)?;
            Some(DeskReason {
                id: own.id.clone(),
                desk: desk.manifest.name.clone(),
                text: desk.rule_text(&own.id)?,
            })
        });
        Self { rule, desk_rule, args, override_with: override_with(rule) }
    }

    /// What was asked for that may not be, in one sentence.
    #[must_use]
    pub fn what(&self) -> String {
        self.sentence("")
    }

    /// The reason: the desk's own sentence and number where it has a rule for it.
    #[must_use]
    pub fn why(&self) -> String {
        match &self.desk_rule {
            None => self.sentence(".why"),
            Some(reason) => message::text(
                "desk-reason",
                &[
                    ("text", Arg::from(&reason.text)),
                    ("desk", Arg::from(&reason.desk)),
                    ("number", Arg::from(&reason.id)),
                ],
            ),
        }
    }

    /// What to do instead.
    #[must_use]
    pub fn way_out(&self) -> String {
        self.sentence(".way-out")
    }

    fn sentence(&self, attribute: &str) -> String {
        message::text(&format!("{}{attribute}", self.rule.message()), &self.args)
    }
}

/// The shape of a broken rule in `--json` output.
#[derive(Serialize)]
struct BrokenJson<'a> {
    rule: &'static str,
    desk_rule: Option<&'a DeskReason>,
    what: String,
    why: String,
    way_out: String,
    override_with: Option<&'static str>,
}

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        BrokenJson {
            rule: self.rule.id(),
            desk_rule: self.desk_rule.as_ref(),
            what: self.what(),
            why: self.why(),
            way_out: self.way_out(),
            override_with: self.override_with,
        }
        .serialize(serializer)
    }
}

/// The options that set a rule aside or meet it.
fn override_with(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::Port => "--override port --reason TEXT",
        Rule::Access => "--override access --reason TEXT",
        Rule::From => "--from CIDR",
        Rule::FromPassword => "--override from.password --reason TEXT",
        Rule::DeadlineMaximum => "--override deadline.maximum --reason TEXT",
        Rule::Credential | Rule::PasswordServer => "--key FILE",
        Rule::KeyServer => "--password",
        Rule::LiveApprover => "--approver NAME",
        Rule::LiveApproval => "--approval REFERENCE",
        Rule::LiveReason | Rule::ExtensionReason | Rule::OverrideReason => "--reason TEXT",
        Rule::LiveAccess => "--access KIND",
        Rule::LiveBackup => "--backup FILE",
        Rule::LiveAcknowledgement => "--acknowledge RULE",
        Rule::LiveConfirmation => "--yes-live HOSTNAME",
        Rule::ExpiryWeak => "--accept-weak-expiry",
        _ => return None,
    })
}

/// Whether a request may be carried out: on which terms, or every reason why not.
pub fn decide(
    request: &Request,
    facts: &Facts,
    desk: &Desk,
    config: &PolicyConfig,
    now: UnixTime,
) -> Decision {
    let environment = EnvironmentFinding::judge(request.declared, request.host.as_deref(), facts);
    let limits = Limits::of(desk, config, now);
    let deadline = request.deadline.unwrap_or(limits.default);
    let mut check = Check { desk, broken: Vec::new() };
    check.protocol(request, facts);
    check.names(request);
    check.configuration(request, config);
    check.credentials(request, facts);
    let live = match environment.verdict {
        EnvironmentVerdict::Staging => None,
        EnvironmentVerdict::Live | EnvironmentVerdict::Unknown => {
            check.live(request, facts, &environment, now)
        }
    };
    check.deadline(deadline, &limits, now);
    check.expiry(request, facts);
    let overrides = check.set_aside(&request.overrides);
    if !check.broken.is_empty() {
        return Decision::Deny(check.all_broken());
    }
    Decision::Allow(Box::new(Terms {
        access: request.access,
        deadline,
        deadline_maximum: limits.total.max(deadline),
        from: request.from.clone(),
        credentials: request.credentials.clone(),
        desk: desk.id.clone(),
        desk_rules: desk.manifest.rules.iter().map(|rule| rule.id.clone()).collect(),
        extensions: desk.manifest.extensions.count,
        overrides,
        weak_expiry: facts.weak_expiry.clone(),
        environment,
        live,
    }))
}

/// The deadlines that desk and configuration allow together, as times.
struct Limits {
    default: UnixTime,
    maximum: UnixTime,
    total: UnixTime,
    hard: UnixTime,
    maximum_days: u16,
}

impl Limits {
    fn of(desk: &Desk, config: &PolicyConfig, now: UnixTime) -> Self {
        let time_box = desk.manifest.time_box;
        let tightest = |days: u16| config.deadline_maximum_days.map_or(days, |own| own.min(days));
        let maximum_days = tightest(time_box.maximum_days);
        let default_days =
            config.deadline_default_days.unwrap_or(time_box.default_days).min(maximum_days);
        let after = |days: u16| now.saturating_add(i64::from(days).saturating_mul(DAY));
        Self {
            default: after(default_days),
            maximum: after(maximum_days),
            total: after(tightest(desk.manifest.extensions.total_days)),
            hard: after(HARD_MAXIMUM_DAYS),
            maximum_days,
        }
    }
}

/// The rules, one group a function; what is broken is collected.
struct Check<'a> {
    desk: &'a Desk,
    broken: Vec<Broken>,
}

impl Check<'_> {
    fn breaks(&mut self, rule: Rule, args: Vec<(&'static str, Arg)>) {
        self.broken.push(Broken::new(rule, Some(self.desk), args));
    }

    fn protocol(&mut self, request: &Request, facts: &Facts) {
        let greeting = facts.greeting.as_deref().filter(|greeting| is_ftp_greeting(greeting));
        if is_ftp_scheme(&request.scheme) {
            self.breaks(Rule::Ftp, vec![("sign", format!("{}://", request.scheme).into())]);
        } else if let Some(port) = request.port.filter(|port| is_ftp_port(*port)) {
            self.breaks(Rule::Ftp, vec![("sign", format!("port {port}").into())]);
        } else if let Some(greeting) = greeting {
            self.breaks(Rule::Ftp, vec![("sign", greeting.into())]);
        } else if !matches!(request.scheme.as_str(), "ssh" | "sftp" | "local") {
            self.breaks(Rule::Protocol, vec![("wanted", format!("{}://", request.scheme).into())]);
        } else if let (Some(port), Some(own)) = (request.port, self.desk.manifest.port)
            && port != own
        {
            self.breaks(Rule::Port, vec![("port", port.into()), ("own", own.into())]);
        }
        let wanted = match request.access {
            Access::Ssh => Protocol::Ssh,
            Access::Sftp | Access::SftpReadOnly => Protocol::Sftp,
        };
        if !self.desk.connects_with(wanted) && !self.broke(Rule::Protocol) {
            self.breaks(Rule::Protocol, vec![("wanted", wanted.id().into())]);
        }
    }

    fn broke(&self, rule: Rule) -> bool {
        self.broken.iter().any(|broken| broken.rule == rule)
    }

    fn names(&mut self, request: &Request) {
        if let Err(problem) = check_reference(&request.case) {
            self.breaks(Rule::CaseReference, name_args(&request.case, problem));
        }
        if let Err(problem) = check_name(&request.supporter.name) {
            self.breaks(Rule::SupporterName, name_args(&request.supporter.name, problem));
        }
        if let Err(problem) = check_name(&request.supporter.company) {
            self.breaks(Rule::SupporterCompany, name_args(&request.supporter.company, problem));
        }
    }

    fn configuration(&mut self, request: &Request, config: &PolicyConfig) {
        if let Some(allowed) = &config.access
            && !allowed.contains(&request.access)
        {
            let allowed: Vec<_> = allowed.iter().map(|access| access.id()).collect();
            self.breaks(
                Rule::Access,
                vec![
                    ("access", request.access.id().into()),
                    ("count", allowed.len().into()),
                    ("allowed", allowed.join(", ").into()),
                ],
            );
        }
        let open = request.from.is_empty() || request.from.iter().any(|net| net.prefix_len() == 0);
        if config.require_from && open {
            self.breaks(Rule::From, Vec::new());
        }
    }

    fn credentials(&mut self, request: &Request, facts: &Facts) {
        let password = request.credentials.contains(&Credential::Password);
        let key = request.credentials.iter().any(|one| *one != Credential::Password);
        if !password && !key {
            self.breaks(Rule::Credential, Vec::new());
        }
        if password && facts.takes_passwords == Some(false) {
            self.breaks(Rule::PasswordServer, vec![("target", (&request.target).into())]);
        }
        if key && facts.takes_keys == Some(false) {
            self.breaks(Rule::KeyServer, vec![("target", (&request.target).into())]);
        }
        if password && !request.from.is_empty() && facts.holds_from_for_passwords == Some(false) {
            self.breaks(Rule::FromPassword, Vec::new());
        }
    }

    fn live(
        &mut self,
        request: &Request,
        facts: &Facts,
        environment: &EnvironmentFinding,
        now: UnixTime,
    ) -> Option<LiveApproval> {
        let before = self.broken.len();
        let host = confirmation_name(request, facts).to_owned();
        if !self.desk.manifest.live.allowed {
            self.breaks(Rule::LiveNever, vec![("host", (&host).into())]);
        }
        let said = &request.live;
        let approver = self.said(Rule::LiveApprover, said.approver.as_deref(), check_name);
        let approval = self.said(Rule::LiveApproval, said.approval.as_deref(), check_sentence);
        let reason = self.said(Rule::LiveReason, said.reason.as_deref(), check_sentence);
        if !said.access_stated {
            self.breaks(Rule::LiveAccess, vec![("access", request.access.id().into())]);
        }
        let backup = self.backup(facts.backup.as_ref(), now);
        self.acknowledgement(&said.acknowledged);
        self.confirmation(said.confirmation.as_deref(), &host);
        if self.broken.len() > before {
            self.breaks(Rule::Live, live_args(request.declared, &host, environment));
            return None;
        }
        Some(LiveApproval {
            approver: approver?,
            approval: approval?,
            reason: reason?,
            confirmation: host,
            acknowledged: said.acknowledged.clone(),
            backup: backup?,
        })
    }

    /// A text that must be there, and that `is_fit` to be kept and shown.
    fn said(
        &mut self,
        rule: Rule,
        text: Option<&str>,
        is_fit: fn(&str) -> Result<(), NameProblem>,
    ) -> Option<String> {
        let text = text.map(str::trim).unwrap_or_default();
        match is_fit(text) {
            Ok(()) => Some(text.into()),
            Err(problem) => {
                self.breaks(rule, said_args(problem));
                None
            }
        }
    }

    fn backup(&mut self, fact: Option<&BackupFact>, now: UnixTime) -> Option<Backup> {
        let oldest = self.desk.manifest.live.backup_maximum_age_hours;
        let problem = match fact {
            None => "none",
            Some(BackupFact::Missing { .. }) => "missing",
            Some(BackupFact::Unreadable { .. }) => "unreadable",
            Some(BackupFact::Read(backup)) => match backup_problem(backup, oldest, now) {
                None => return Some(backup.clone()),
                Some(problem) => problem,
            },
        };
        let (path, why) = match fact {
            None => ("", ""),
            Some(BackupFact::Missing { path }) => (path.as_str(), ""),
            Some(BackupFact::Unreadable { path, why }) => (path.as_str(), why.as_str()),
            Some(BackupFact::Read(backup)) => (backup.path.as_str(), ""),
        };
        let age = match fact {
            Some(BackupFact::Read(backup)) => {
                deadline::duration(now.saturating_sub(backup.modified_at))
            }
            _ => String::new(),
        };
        self.breaks(
            Rule::LiveBackup,
            vec![
                ("problem", problem.into()),
                ("path", path.into()),
                ("detail", why.into()),
                ("age", age.into()),
                ("hours", oldest.into()),
            ],
        );
        None
    }

    fn acknowledgement(&mut self, acknowledged: &[String]) {
        let Some(number) = self.desk.manifest.live.acknowledge.clone() else { return };
        if !acknowledged.contains(&number) {
            let sentence = self.desk.rule_text(&number).unwrap_or_default();
            let args = vec![("number", number.into()), ("sentence", sentence.into())];
            self.breaks(Rule::LiveAcknowledgement, args);
        }
    }

    fn confirmation(&mut self, typed: Option<&str>, host: &str) {
        match typed.map(str::trim) {
            Some(typed) if typed.eq_ignore_ascii_case(host) => {}
            typed => self.breaks(
                Rule::LiveConfirmation,
                vec![
                    ("given", if typed.is_some() { "other" } else { "none" }.into()),
                    ("typed", typed.unwrap_or_default().into()),
                    ("host", host.into()),
                ],
            ),
        }
    }

    fn deadline(&mut self, deadline: UnixTime, limits: &Limits, now: UnixTime) {
        let asked = deadline::duration(deadline.saturating_sub(now));
        if deadline <= now {
            self.breaks(Rule::DeadlinePast, vec![("when", deadline::utc(deadline).into())]);
        } else if deadline > limits.hard {
            self.breaks(
                Rule::DeadlineHard,
                vec![("asked", asked.into()), ("days", HARD_MAXIMUM_DAYS.into())],
            );
        } else if deadline > limits.maximum {
            let own = limits.maximum_days < self.desk.manifest.time_box.maximum_days;
            let args = vec![("asked", asked.into()), ("days", limits.maximum_days.into())];
            // The desk is not the reason for a limit that the merchant made.
            let desk = Some(self.desk).filter(|_| !own);
            self.broken.push(Broken::new(Rule::DeadlineMaximum, desk, args));
        }
    }

    fn expiry(&mut self, request: &Request, facts: &Facts) {
        if !facts.weak_expiry.is_empty() && !request.accept_weak_expiry {
            let layers = facts.weak_expiry.join(", ");
            self.breaks(
                Rule::ExpiryWeak,
                vec![("layers", layers.into()), ("count", facts.weak_expiry.len().into())],
            );
        }
    }

    /// Takes away what a proper override sets aside, and returns those that were needed.
    fn set_aside(&mut self, overrides: &[Override]) -> Vec<Override> {
        let mut used = Vec::new();
        for one in overrides {
            let mut args = vec![("rule", Arg::from(&one.rule))];
            let reason = one.reason.trim();
            match (Rule::from_id(&one.rule), check_sentence(reason)) {
                (None, _) => self.breaks(Rule::OverrideUnknown, args),
                (Some(rule), _) if !rule.can_be_overridden() => {
                    self.breaks(Rule::OverrideForbidden, args);
                }
                (Some(_), Err(problem)) => {
                    args.extend(said_args(problem));
                    self.breaks(Rule::OverrideReason, args);
                }
                (Some(rule), Ok(())) if self.broke(rule) => {
                    self.broken.retain(|broken| broken.rule != rule);
                    used.push(Override { rule: rule.id().into(), reason: reason.into() });
                }
                // An override that was not needed is not an exception, and is not recorded as one.
                (Some(_), Ok(())) => {}
            }
        }
        used
    }

    /// Every broken rule, in the order of [`Rule::ALL`].
    fn all_broken(mut self) -> Vec<Broken> {
        self.broken.sort_by_key(|broken| broken.rule);
        self.broken
    }
}

/// Why an environment is treated as live, for the catalogue.
fn live_args(
    declared: Option<Declared>,
    host: &str,
    environment: &EnvironmentFinding,
) -> Vec<(&'static str, Arg)> {
    let contradicted = declared.filter(|declared| *declared != Declared::Live);
    let verdict = match (environment.verdict, contradicted) {
        (EnvironmentVerdict::Live, Some(_)) => "contradicted",
        (verdict, _) => verdict.id(),
    };
    vec![
        ("host", host.into()),
        ("verdict", verdict.into()),
        ("declared", contradicted.map_or("", Declared::id).into()),
        ("signals", environment.telling().into()),
    ]
}

/// Whether nothing was said or something that cannot be kept, for the catalogue.
fn said_args(problem: NameProblem) -> Vec<(&'static str, Arg)> {
    let given = if problem == NameProblem::Empty { "none" } else { "bad" };
    vec![("given", given.into()), ("problem", problem.to_string().into())]
}

/// What is wrong with a backup that was read, as a word of the catalogue.
fn backup_problem(backup: &Backup, oldest_hours: u16, now: UnixTime) -> Option<&'static str> {
    let age = now.saturating_sub(backup.modified_at);
    if backup.size == 0 {
        Some("empty")
    } else if age > i64::from(oldest_hours) * 3600 {
        Some("old")
    } else if age < -CLOCK_TOLERANCE {
        Some("future")
    } else if backup.sha256.len() != 64 || !backup.sha256.chars().all(|c| c.is_ascii_hexdigit()) {
        Some("unhashed")
    } else {
        None
    }
}

/// The name that is typed to confirm live access: the target's host; on this machine, what it
/// calls itself.
#[must_use]
pub fn confirmation_name<'a>(request: &'a Request, facts: &'a Facts) -> &'a str {
    request
        .host
        .as_deref()
        .or(facts.fqdn.as_deref())
        .or(facts.hostname.as_deref())
        .unwrap_or(&request.target)
}

/// Whether a URL scheme means FTP, encrypted or not. `sftp` does not.
#[must_use]
pub fn is_ftp_scheme(scheme: &str) -> bool {
    let scheme = scheme.to_ascii_lowercase();
    scheme.starts_with("ftp") || scheme == "tftp"
}

/// Whether a port is one that FTP listens on.
#[must_use]
pub fn is_ftp_port(port: u16) -> bool {
    matches!(port, 20 | 21 | 990)
}

/// Whether the first line a server says is FTP's.
#[must_use]
pub fn is_ftp_greeting(greeting: &str) -> bool {
    greeting.strip_prefix("220").is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The FTP rule alone, for an address that is not a target yet: a scheme and a port are enough.
#[must_use]
pub fn refuse_ftp(scheme: &str, port: Option<u16>, desk: Option<&Desk>) -> Option<Broken> {
    let sign = if is_ftp_scheme(scheme) {
        format!("{scheme}://")
    } else {
        format!("port {}", port.filter(|port| is_ftp_port(*port))?)
    };
    Some(Broken::new(Rule::Ftp, desk, vec![("sign", sign.into())]))
}

/// What is wrong with a name or a sentence that the merchant typed. Shown, it goes on from what
/// it is about: "is empty".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameProblem {
    /// Nothing is left of it without its spaces.
    Empty,
    /// It is longer than this many characters.
    Long(usize),
    /// A character that could steer a terminal, a shell or a file.
    Character(char),
    /// A first character that could make it an option or a hidden file.
    First(char),
    /// Spaces that nobody sees.
    Spaces,
}

impl std::fmt::Display for NameProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let spelled = |c: char| Arg::from(c.escape_default().to_string());
        let (kind, more) = match *self {
            Self::Empty => ("empty", vec![]),
            Self::Long(limit) => ("long", vec![("limit", limit.into())]),
            Self::Character(c) => ("character", vec![("character", spelled(c))]),
            Self::First(c) => ("first", vec![("character", spelled(c))]),
            Self::Spaces => ("spaces", vec![]),
        };
        let mut args = vec![("kind", Arg::from(kind))];
        args.extend(more);
        f.write_str(&message::text("name-problem", &args))
    }
}

impl std::error::Error for NameProblem {}

/// Whether a person's or a company's name can be kept and shown: 1 to 80 characters, the first a
/// letter or a digit, no control or invisible characters, and none that begins or ends something
/// in a shell, in the password file or in `authorized_keys`.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_name(name: &str) -> Result<(), NameProblem> {
    const FORBIDDEN: &str = "'\"`\\:<>|$;*?=\u{ab}\u{bb}\u{201c}\u{201d}\u{201e}";
    check_text(name, 80, |c| FORBIDDEN.contains(c))?;
    begins_with(name, char::is_alphanumeric)
}

/// Whether a case's reference can be a name: 1 to 64 ASCII letters, digits and `._#/-`, beginning
/// with a letter, a digit or `#`.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_reference(reference: &str) -> Result<(), NameProblem> {
    check_text(reference, 64, |c| !(c.is_ascii_alphanumeric() || "._#/-".contains(c)))?;
    begins_with(reference, |c| c.is_ascii_alphanumeric() || c == '#')
}

/// Whether a reason can be kept and shown: 1 to 500 characters, none that steers a terminal.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_sentence(text: &str) -> Result<(), NameProblem> {
    check_text(text, 500, |_| false)
}

fn begins_with(text: &str, is_right: impl Fn(char) -> bool) -> Result<(), NameProblem> {
    match text.chars().next() {
        Some(first) if is_right(first) => Ok(()),
        Some(first) => Err(NameProblem::First(first)),
        None => Err(NameProblem::Empty),
    }
}

fn check_text(
    text: &str,
    longest: usize,
    is_forbidden: impl Fn(char) -> bool,
) -> Result<(), NameProblem> {
    if text.trim().is_empty() {
        return Err(NameProblem::Empty);
    }
    if text.trim() != text {
        return Err(NameProblem::Spaces);
    }
    if let Some(c) = text.chars().find(|c| is_steering(*c) || is_forbidden(*c)) {
        return Err(NameProblem::Character(c));
    }
    if text.chars().count() > longest {
        return Err(NameProblem::Long(longest));
    }
    Ok(())
}

fn name_args(name: &str, problem: NameProblem) -> Vec<(&'static str, Arg)> {
    // A 10 MB name is not repeated in full, and what steers a terminal is spelled out.
    let mut shown: String = name.chars().take(80).flat_map(char::escape_debug).collect();
    if name.chars().count() > 80 {
        shown.push('…');
    }
    vec![("name", shown.into()), ("problem", problem.to_string().into())]
}

/// A deadline that is to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionRequest {
    /// The new deadline; an extension counts from now, not from the old one.
    pub deadline: UnixTime,
    /// Why. Shortening needs none.
    pub reason: Option<String>,
    /// The rules set aside.
    pub overrides: Vec<Override>,
    /// On a live environment: who approved the longer time, and the host name typed again.
    pub live: LiveRequest,
}

/// What an existing grant was agreed on, read back from the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The deadline as it stands.
    pub deadline: UnixTime,
    /// The latest it may ever be.
    pub deadline_maximum: UnixTime,
    /// How many times it may be extended.
    pub extensions: u16,
    /// How many times it has been extended.
    pub extended: u16,
    /// The host name that was typed, when the environment counted as live.
    pub live_host: Option<String>,
}

/// The part of kept terms that an extension looks at.
#[derive(Deserialize)]
struct KeptTerms {
    extensions: u16,
    live: Option<LiveApproval>,
}

impl Agreed {
    /// Reads what was agreed from a grant's `terms`, its two deadlines, and the number of
    /// extensions in its history.
    ///
    /// # Errors
    /// Fails when the text is not what [`Terms`] is written as.
    pub fn read(
        terms: &str,
        deadline: UnixTime,
        deadline_maximum: UnixTime,
        extended: u16,
    ) -> Result<Self, serde_json::Error> {
        let kept: KeptTerms = serde_json::from_str(terms)?;
        Ok(Self {
            deadline,
            deadline_maximum,
            extensions: kept.extensions,
            extended,
            live_host: kept.live.map(|live| live.confirmation),
        })
    }
}

/// The answer to a request for another deadline.
#[derive(Debug)]
#[must_use]
pub enum ExtensionDecision {
    /// The deadline may be moved.
    Allow(NewDeadline),
    /// It may not, and these are all the reasons.
    Deny(Vec<Broken>),
}

/// A deadline that policy allowed. Only [`decide_extension`] makes one; it is kept in the grant's
/// history.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct NewDeadline {
    deadline: UnixTime,
    longer: bool,
    reason: Option<String>,
    overrides: Vec<Override>,
    approver: Option<String>,
    approval: Option<String>,
}

impl NewDeadline {
    /// When access ends.
    #[must_use]
    pub fn deadline(&self) -> UnixTime {
        self.deadline
    }

    /// Whether it is later than the old one, and counts as an extension.
    #[must_use]
    pub fn is_longer(&self) -> bool {
        self.longer
    }

    /// Why, in the merchant's words.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The rules that were set aside, and why.
    #[must_use]
    pub fn overrides(&self) -> &[Override] {
        &self.overrides
    }
}

/// Whether a grant's deadline may be moved. Earlier is always allowed, as long as it lies in the
/// future; later needs a reason, counts from now, and ends at what was agreed.
pub fn decide_extension(
    request: &ExtensionRequest,
    agreed: &Agreed,
    desk: &Desk,
    config: &PolicyConfig,
    now: UnixTime,
) -> ExtensionDecision {
    let mut check = Check { desk, broken: Vec::new() };
    let longer = request.deadline > agreed.deadline;
    let mut new = NewDeadline {
        deadline: request.deadline,
        longer,
        reason: None,
        overrides: Vec::new(),
        approver: None,
        approval: None,
    };
    // Shortening needs no reason, but one that is given has to be fit to be kept.
    if longer || request.reason.is_some() {
        let reason = request.reason.as_deref();
        new.reason = check.said(Rule::ExtensionReason, reason, check_sentence);
    }
    if longer {
        check.extension(request, agreed, now);
        check.deadline(request.deadline, &Limits::of(desk, config, now), now);
        if let Some(host) = &agreed.live_host {
            let said = &request.live;
            new.approver = check.said(Rule::LiveApprover, said.approver.as_deref(), check_name);
            new.approval = check.said(Rule::LiveApproval, said.approval.as_deref(), check_sentence);
            check.confirmation(said.confirmation.as_deref(), host);
        }
    } else if request.deadline <= now {
        check.breaks(Rule::DeadlinePast, vec![("when", deadline::utc(request.deadline).into())]);
    }
    new.overrides = check.set_aside(&request.overrides);
    if check.broken.is_empty() {
        ExtensionDecision::Allow(new)
    } else {
        ExtensionDecision::Deny(check.all_broken())
    }
}

impl Check<'_> {
    fn extension(&mut self, request: &ExtensionRequest, agreed: &Agreed, now: UnixTime) {
        if agreed.deadline <= now {
            let when = deadline::utc(agreed.deadline);
            self.breaks(Rule::ExtensionState, vec![("when", when.into())]);
        }
        if agreed.extended >= agreed.extensions {
            self.breaks(Rule::ExtensionCount, vec![("count", agreed.extensions.into())]);
        }
        if request.deadline > agreed.deadline_maximum {
            let latest = deadline::utc(agreed.deadline_maximum);
            self.breaks(Rule::ExtensionTotal, vec![("latest", latest.into())]);
        }
    }
}
