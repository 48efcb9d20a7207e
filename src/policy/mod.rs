//! What may be opened, and on which terms. Pure: the same request, facts and time always get the
//! same answer, and nothing is read or sent from here.
//!
//! [`decide`] is the only way to [`Terms`], and nothing is opened without them. Every broken rule
//! is told at once, in the order of [`Rule::ALL`].

mod backup;
pub mod desk;
#[cfg(test)]
mod desk_rules;
pub mod environment;
mod extension;
mod name;
mod refusal;
mod rule;
mod shop_folder;

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize, Serializer};

use crate::deadline;
use crate::grant::{Access, Answers, Supporter, UnixTime};
use crate::message::{Arg, Id, Note};
use crate::policy::desk::{Desk, Forbidden, HARD_MAXIMUM_DAYS, Need, Protocol};

pub use backup::{
    Backup, BackupFact, BackupFacts, BackupName, BackupNote, BackupRead, Fault, Form, Packing,
    Place, SAMPLE, ShopFacts, TablesRead, core_tables, holds_a_secret, size_in_words,
};
pub use environment::{
    Declared, EnvironmentFinding, EnvironmentVerdict, Leads, Says, ShopHost, ShopSeen, ShopSignal,
    ShopSignalKind, could_be_live, leads, may_be_public,
};
pub use extension::{Agreed, ExtensionDecision, ExtensionRequest, NewDeadline, decide_extension};
pub use name::{NameProblem, check_name, check_reference, check_sentence};
pub use refusal::Broken;
pub use rule::Rule;
pub use shop_folder::FolderFacts;

/// A day of 24 hours, in seconds. Deadlines count these, not calendar days.
pub const DAY: i64 = 86_400;

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
    /// What was answered to the desk's questions in that case.
    pub answers: Answers,
    /// When the case's time-box ends, if it has one.
    pub time_box_until: Option<UnixTime>,
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
    /// The existing account that the supporter would share; `None` for one made for the grant.
    pub account: Option<String>,
    /// The shop folder, as it was typed; `None` where none was named.
    pub path: Option<String>,
    /// What the supporter may do.
    pub access: Access,
    /// Why files that others could not read are opened, too, if they are to be.
    pub with_secrets: Option<String>,
    /// How the supporter proves who they are.
    pub credentials: Vec<Credential>,
    /// Whether something beside the account has a password of its own, such as a site.
    pub password_beside: bool,
    /// Where the merchant has the very key that was given for the supporter, if that is so.
    pub own_key: Option<String>,
    /// Where the supporter may come from. Empty: from anywhere.
    pub from: Vec<IpNet>,
    /// When access ends. Without one the default holds.
    pub deadline: Option<UnixTime>,
    /// Seconds after the deadline that running work may go on; 0 where it ends with it.
    pub drain: i64,
    /// The rules set aside.
    pub overrides: Vec<Override>,
    /// What was said about live access.
    pub live: LiveRequest,
    /// Whether an end that the server cannot keep to the minute was accepted.
    pub accept_weak_expiry: bool,
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
    /// What the shop says of itself, and what is seen of it from outside.
    pub shop: ShopSeen,
    /// Whether this sshd takes passwords for the account.
    pub takes_passwords: Option<bool>,
    /// Whether password logins can be held to the gate.
    pub gates_passwords: Option<bool>,
    /// Whether this sshd takes keys for the account.
    pub takes_keys: Option<bool>,
    /// Whether source addresses are held for password logins too.
    pub holds_from_for_passwords: Option<bool>,
    /// Whether SFTP can be confined to the shop folder in the account that is shared.
    pub confines: Option<bool>,
    /// By what the account that is shared can become root, as the server said it; empty: by nothing
    /// that was seen.
    pub root_by: String,
    /// The credentials whose end this server cannot keep to the minute by itself.
    pub weak_expiry: Vec<String>,
    /// The shop folder; `None` where nobody has looked, or none was named.
    pub folder: Option<FolderFacts>,
    /// The backups that the merchant named, and the shop that they should be of.
    pub backup: Option<BackupFacts>,
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
    pub fn problem(&self) -> Option<(&'static str, Note)> {
        let days = [
            ("deadline_maximum_days", self.deadline_maximum_days),
            ("deadline_default_days", self.deadline_default_days),
        ];
        for (key, days) in days {
            if let Some(days) = days.filter(|days| !(1..=HARD_MAXIMUM_DAYS).contains(days)) {
                let args = [("days", days.into()), ("most", HARD_MAXIMUM_DAYS.into())];
                return Some((key, Note::of("policy-problem-days", &args)));
            }
        }
        match &self.access {
            Some(allowed) if allowed.is_empty() => {
                Some(("access", Id("policy-problem-access").into()))
            }
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
    with_secrets: Option<String>,
    deadline: UnixTime,
    deadline_maximum: UnixTime,
    drain: i64,
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
    /// Of a plan whose backup is not made yet: nothing is opened on these.
    #[serde(skip)]
    rehearsal: bool,
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
    /// The backups that were verified.
    pub backups: Vec<Backup>,
    /// The merchant's command that made them.
    pub backup_command: Option<String>,
    /// What could not be proved of them.
    pub backup_notes: Vec<BackupNote>,
}

impl Terms {
    /// What the supporter may do.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// Why files with secrets are opened, too; `None` where they stay closed.
    #[must_use]
    pub fn with_secrets(&self) -> Option<&str> {
        self.with_secrets.as_deref()
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

    /// Seconds after the deadline that running work may go on; 0 where it ends with it.
    #[must_use]
    pub fn drain(&self) -> i64 {
        self.drain
    }

    /// Where the supporter may come from. Empty: from anywhere.
    #[must_use]
    pub fn from(&self) -> &[IpNet] {
        &self.from
    }

    /// The rules that were set aside, and why.
    #[must_use]
    pub fn overrides(&self) -> &[Override] {
        &self.overrides
    }

    /// The credentials whose end the server cannot keep to the minute; the merchant accepted it.
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

    /// Whether they only show a plan: what live access needs was not all seen, and nothing may be opened.
    #[must_use]
    pub fn is_rehearsal(&self) -> bool {
        self.rehearsal
    }
}

fn as_text<S: Serializer>(nets: &[IpNet], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(nets.iter().map(ToString::to_string))
}

/// Whether a request may be carried out: on which terms, or every reason why not.
pub fn decide(
    request: &Request,
    facts: &Facts,
    desk: &Desk,
    config: &PolicyConfig,
    now: UnixTime,
) -> Decision {
    let environment =
        EnvironmentFinding::judge(request.declared, request.host.as_deref(), facts, now);
    let mut check = Check { desk, broken: Vec::new() };
    if !desk.manifest.access {
        // What a desk without access has of limits means nothing.
        check.breaks(Rule::DeskAccess, vec![("desk", (&desk.id).into())]);
        return Decision::Deny(check.all_broken());
    }
    let limits = Limits::of(desk, config, request.time_box_until, now);
    let deadline = request.deadline.unwrap_or(limits.default);
    check.triage(request);
    check.protocol(request, facts);
    check.names(request);
    check.configuration(request, config);
    check.credentials(request, facts);
    check.folder(request, facts);
    check.secrets(request);
    let live = match environment.verdict {
        EnvironmentVerdict::Staging => None,
        EnvironmentVerdict::Live | EnvironmentVerdict::Unknown => {
            check.live(request, facts, &environment, now)
        }
    };
    check.deadline(deadline, request.drain, &limits, now);
    check.expiry(request, facts);
    let overrides = check.set_aside(&request.overrides);
    if !check.broken.is_empty() {
        return Decision::Deny(check.all_broken());
    }
    Decision::Allow(Box::new(Terms {
        access: request.access,
        with_secrets: request.with_secrets.as_deref().map(str::trim).map(str::to_owned),
        deadline,
        deadline_maximum: limits.total.max(deadline),
        drain: request.drain,
        from: request.from.clone(),
        credentials: request.credentials.clone(),
        desk: desk.id.clone(),
        desk_rules: desk.manifest.rules.iter().map(|rule| rule.id.clone()).collect(),
        extensions: desk.manifest.extensions.count,
        overrides,
        weak_expiry: facts.weak_expiry.clone(),
        environment,
        rehearsal: live.is_some() && facts.backup.as_ref().is_some_and(|backup| backup.rehearsal),
        live,
    }))
}

/// What stands against grants on a target, whoever they are for: what [`decide`] says of the server
/// and the shop folder, and nothing else.
pub fn decide_target(
    request: &Request,
    facts: &Facts,
    desk: &Desk,
    config: &PolicyConfig,
    now: UnixTime,
) -> Vec<Broken> {
    match decide(request, facts, desk, config, now) {
        Decision::Allow(_) => Vec::new(),
        Decision::Deny(mut broken) => {
            broken.retain(|one| one.rule.is_about_the_target());
            broken
        }
    }
}

/// The deadlines that desk, configuration and the case's time-box allow together, as times.
struct Limits {
    default: UnixTime,
    maximum: UnixTime,
    total: UnixTime,
    hard: UnixTime,
    maximum_days: u16,
    /// When the case's time-box ends, if it has one.
    case: Option<UnixTime>,
}

impl Limits {
    fn of(desk: &Desk, config: &PolicyConfig, case: Option<UnixTime>, now: UnixTime) -> Self {
        let time_box = desk.manifest.time_box;
        let tightest = |days: u16| config.deadline_maximum_days.map_or(days, |own| own.min(days));
        let maximum_days = tightest(time_box.maximum_days);
        let default_days =
            config.deadline_default_days.unwrap_or(time_box.default_days).min(maximum_days);
        let after = |days: u16| now.saturating_add(i64::from(days).saturating_mul(DAY));
        // A grant without a deadline ends with its case; where that is over, the rule says so.
        let within = |time: UnixTime| match case.filter(|case| *case > now) {
            Some(case) => time.min(case),
            None => time,
        };
        Self {
            default: within(after(default_days)),
            maximum: after(maximum_days),
            total: within(after(tightest(desk.manifest.extensions.total_days))),
            hard: after(HARD_MAXIMUM_DAYS),
            maximum_days,
            case,
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

    /// What the answers in the case come to: that nobody is to be let in, or that too few were given.
    fn triage(&mut self, request: &Request) {
        let desk = self.desk;
        if let Some(stop) = desk.stop(&request.answers) {
            let args = vec![("case", (&request.case).into()), ("number", (&stop.rule).into())];
            self.broken.push(Broken::by_rule(Rule::Triage, desk, &stop.rule, args));
            return;
        }
        let missing = desk.missing(&request.answers, Need::Required);
        if desk.manifest.answers_first && !missing.is_empty() {
            let args = vec![
                ("case", (&request.case).into()),
                ("count", missing.len().into()),
                ("missing", missing.join(", ").into()),
            ];
            self.breaks(Rule::Answers, args);
        }
    }

    fn protocol(&mut self, request: &Request, facts: &Facts) {
        if let Some(sign) = ftp_sign(&request.scheme, request.port, facts.greeting.as_deref()) {
            self.breaks(Rule::Ftp, sign);
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
        if password
            && request.access == Access::SftpReadOnly
            && facts.gates_passwords == Some(false)
        {
            self.breaks(Rule::PasswordReadOnly, Vec::new());
        }
        if let Some(account) = &request.account {
            self.account(account, request, facts);
        }
        if key && facts.takes_keys == Some(false) {
            self.breaks(Rule::KeyServer, vec![("target", (&request.target).into())]);
        }
        if let Some(place) = &request.own_key {
            self.breaks(Rule::KeyOwn, vec![("where", place.into())]);
        }
        let limited = !request.from.is_empty();
        // Whatever takes a password that is no login: it asks nobody where somebody comes from.
        let anywhere = password && facts.holds_from_for_passwords == Some(false);
        if limited && (anywhere || request.password_beside) {
            self.breaks(Rule::FromPassword, Vec::new());
        }
    }

    /// An account that the merchant uses too. What keeps a supporter apart from it is the confinement
    /// alone: without one the supporter *is* the account, and whatever it can become.
    fn account(&mut self, account: &str, request: &Request, facts: &Facts) {
        let args = |by: &str| {
            let words = [("account", account), ("target", &request.target), ("by", by)];
            words.into_iter().map(|(name, word)| (name, word.into())).collect()
        };
        if account == "root" {
            self.breaks(Rule::AccountRoot, args("root"));
            return;
        }
        // Before anybody has looked at the server only what holds on every server is told.
        let confined = request.access != Access::Ssh && facts.confines != Some(false);
        if confined {
            return;
        }
        if !facts.root_by.is_empty() {
            self.breaks(Rule::AccountRoot, args(&facts.root_by));
        }
        self.breaks(Rule::AccountShared, args(request.access.id()));
    }

    fn folder(&mut self, request: &Request, facts: &Facts) {
        let (Some(path), Some(folder)) = (&request.path, &facts.folder) else { return };
        let own_account = request.account.is_none();
        for (rule, args) in shop_folder::judge(path, folder, request.access, own_account) {
            self.breaks(rule, args);
        }
    }

    fn secrets(&mut self, request: &Request) {
        if let Some(reason) = &request.with_secrets {
            self.said(Rule::SecretsReason, Some(reason), check_sentence);
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
        let accepted = backup?;
        Some(LiveApproval {
            approver: approver?,
            approval: approval?,
            reason: reason?,
            confirmation: host,
            acknowledged: said.acknowledged.clone(),
            backups: accepted.backups,
            backup_command: facts.backup.as_ref().and_then(|backup| backup.command.clone()),
            backup_notes: accepted.notes,
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

    /// Everything that is wrong with the backups, each with a sentence of its own.
    fn backup(&mut self, facts: Option<&BackupFacts>, now: UnixTime) -> Option<backup::Accepted> {
        let oldest = self.desk.manifest.live.backup_maximum_age_hours;
        match backup::judge(facts, oldest, now) {
            Ok(accepted) => Some(accepted),
            Err(problems) => {
                for args in problems {
                    self.breaks(Rule::LiveBackup, args);
                }
                None
            }
        }
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
            Some(typed) if !typed.is_empty() && typed.eq_ignore_ascii_case(host) => {}
            typed => {
                let typed = typed.unwrap_or_default();
                let given = if typed.is_empty() { "none" } else { "other" };
                let shown: String = typed.chars().take(80).collect();
                self.breaks(
                    Rule::LiveConfirmation,
                    vec![("given", given.into()), ("typed", shown.into()), ("host", host.into())],
                );
            }
        }
    }

    /// What may go on after the deadline counts as access, too.
    fn deadline(&mut self, deadline: UnixTime, drain: i64, limits: &Limits, now: UnixTime) {
        let last = deadline.saturating_add(drain);
        let asked = deadline::duration(last.saturating_sub(now));
        if deadline <= now {
            self.breaks(Rule::DeadlinePast, vec![("when", deadline::utc(deadline).into())]);
        } else if last > limits.hard {
            self.breaks(
                Rule::DeadlineHard,
                vec![("asked", asked.into()), ("days", HARD_MAXIMUM_DAYS.into())],
            );
        } else if last > limits.maximum {
            let own = limits.maximum_days < self.desk.manifest.time_box.maximum_days;
            let args = vec![("asked", asked.into()), ("days", limits.maximum_days.into())];
            // The desk is not the reason for a limit that the merchant made.
            let desk = Some(self.desk).filter(|_| !own);
            self.broken.push(Broken::new(Rule::DeadlineMaximum, desk, args));
        }
        if let Some(case) = limits.case.filter(|case| deadline > now && last > *case) {
            let state = if case <= now { "over" } else { "open" };
            let args = vec![("state", state.into()), ("when", deadline::utc(case).into())];
            self.breaks(Rule::DeadlineCase, args);
        }
    }

    fn expiry(&mut self, request: &Request, facts: &Facts) {
        if !facts.weak_expiry.is_empty() && !request.accept_weak_expiry {
            let credentials = facts.weak_expiry.join(", ");
            self.breaks(
                Rule::ExpiryWeak,
                vec![
                    ("credentials", credentials.into()),
                    ("count", facts.weak_expiry.len().into()),
                ],
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

/// The name that is typed to confirm live access: the target's host; on this machine, what it
/// calls itself.
#[must_use]
pub fn confirmation_name<'a>(request: &'a Request, facts: &'a Facts) -> &'a str {
    [&request.host, &facts.fqdn, &facts.hostname]
        .into_iter()
        .filter_map(Option::as_deref)
        .find(|name| !name.trim().is_empty())
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
    Some(Broken::new(Rule::Ftp, desk, ftp_sign(scheme, port, None)?))
}

/// Why this is never sent to the desk, whatever it is.
#[must_use]
pub fn refuse_forbidden(desk: &Desk, forbidden: &Forbidden) -> Broken {
    let args = vec![("question", (&forbidden.id).into()), ("kind", "forbidden".into())];
    Broken::by_rule(Rule::TicketSecret, desk, &forbidden.rule, args)
}

/// Why an answer with a secret in it is not kept. What is given is its kind and where it stands, and
/// never the secret: line and column, counted from 1.
#[must_use]
pub fn refuse_secret(
    desk: &Desk,
    question: &str,
    kind: &str,
    (line, column): (usize, usize),
) -> Broken {
    let args = vec![
        ("question", question.into()),
        ("kind", kind.into()),
        ("line", line.into()),
        ("column", column.into()),
    ];
    Broken::new(Rule::TicketSecret, Some(desk), args)
}

/// By what FTP is known here, if it is, for the catalogue.
fn ftp_sign(
    scheme: &str,
    port: Option<u16>,
    greeting: Option<&str>,
) -> Option<Vec<(&'static str, Arg)>> {
    let (kind, sign) = if is_ftp_scheme(scheme) {
        ("scheme", scheme.to_ascii_lowercase())
    } else if let Some(port) = port.filter(|port| is_ftp_port(*port)) {
        ("port", port.to_string())
    } else {
        let greeting = greeting.filter(|greeting| is_ftp_greeting(greeting))?;
        ("greeting", greeting.chars().take(60).collect())
    };
    Some(vec![("kind", kind.into()), ("sign", sign.into())])
}

fn name_args(name: &str, problem: NameProblem) -> Vec<(&'static str, Arg)> {
    // A 10 MB name is not repeated in full, and what steers a terminal is spelled out.
    let mut shown: String = name.chars().take(80).flat_map(char::escape_debug).collect();
    if name.chars().count() > 80 {
        shown.push('…');
    }
    vec![("name", shown.into()), ("problem", problem.to_string().into())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message;

    pub(super) const NOW: UnixTime = 1_795_348_800;
    const HOST: &str = "staging.shop.example";

    pub(super) fn desk() -> Desk {
        Desk::find("multisafepay", None).unwrap()
    }

    /// A request that nothing stands against.
    pub(super) fn request() -> Request {
        Request {
            case: "MSP-4711".into(),
            answers: Answers::new(),
            time_box_until: None,
            supporter: Supporter { name: "Ana O’Brien".into(), company: "MultiSafepay".into() },
            target: "staging".into(),
            scheme: "ssh".into(),
            host: Some(HOST.into()),
            port: Some(22),
            declared: Some(Declared::Staging),
            access: Access::Sftp,
            account: None,
            path: None,
            with_secrets: None,
            credentials: vec![Credential::Key],
            own_key: None,
            from: Vec::new(),
            deadline: None,
            overrides: Vec::new(),
            live: LiveRequest::default(),
            password_beside: false,
            accept_weak_expiry: false,
            drain: 0,
        }
    }

    /// Everything that live access needs.
    pub(super) fn live() -> (Request, Facts) {
        let request = Request {
            host: Some("www.acme.nl".into()),
            declared: Some(Declared::Live),
            live: LiveRequest {
                approver: Some("Ben Jansen".into()),
                approval: Some("ticket 99".into()),
                reason: Some("only live shows it".into()),
                access_stated: true,
                acknowledged: vec!["M7".into()],
                confirmation: Some("www.acme.nl".into()),
            },
            ..request()
        };
        (request, Facts { backup: Some(backup::tests::good()), ..Facts::default() })
    }

    fn decided(request: &Request, facts: &Facts, config: &PolicyConfig) -> Decision {
        decide(request, facts, &desk(), config, NOW)
    }

    pub(super) fn allowed(request: &Request, facts: &Facts) -> Terms {
        match decided(request, facts, &PolicyConfig::default()) {
            Decision::Allow(terms) => *terms,
            Decision::Deny(broken) => panic!("refused: {:?}", ids(&broken)),
        }
    }

    pub(super) fn denied(request: &Request, facts: &Facts) -> Vec<Broken> {
        denied_with(request, facts, &PolicyConfig::default())
    }

    fn denied_with(request: &Request, facts: &Facts, config: &PolicyConfig) -> Vec<Broken> {
        match decided(request, facts, config) {
            Decision::Allow(terms) => panic!("allowed: {terms:?}"),
            Decision::Deny(broken) => {
                broken.iter().for_each(reads_well);
                broken
            }
        }
    }

    pub(super) fn ids(broken: &[Broken]) -> Vec<&'static str> {
        broken.iter().map(|broken| broken.rule.id()).collect()
    }

    fn ftp(scheme: &str, port: Option<u16>) -> Request {
        Request { scheme: scheme.into(), port, ..request() }
    }

    pub(super) fn overridden(rule: &str, reason: &str) -> Vec<Override> {
        vec![Override { rule: rule.into(), reason: reason.into() }]
    }

    /// All three sentences are there, with every value in its place.
    pub(super) fn reads_well(broken: &Broken) {
        let id = broken.rule.message();
        for text in [broken.what(), broken.why(), broken.way_out()] {
            assert!(!text.contains("{$"), "{text}");
            assert!(!text.contains(&id), "{text}");
            assert!(!text.contains('\u{1b}') && !text.contains('\n'), "{text:?}");
            assert!(text.len() < 700, "{text}");
        }
        assert!(!broken.what().ends_with('.'), "{}", broken.what());
        assert!(broken.why().ends_with(['.', ')']), "{}", broken.why());
        assert!(broken.way_out().ends_with('.') || broken.way_out().ends_with('`'));
    }

    #[test]
    fn a_plain_request_for_staging_is_allowed_on_the_desks_terms() {
        let terms = allowed(&request(), &Facts::default());
        assert_eq!(terms.access(), Access::Sftp);
        assert_eq!(terms.deadline(), NOW + 14 * DAY);
        assert_eq!(terms.deadline_maximum(), NOW + 35 * DAY);
        assert_eq!(terms.credentials, [Credential::Key]);
        assert_eq!(terms.desk, "multisafepay");
        assert_eq!(terms.desk_rules.len(), 12);
        assert_eq!(terms.extensions, 2);
        assert_eq!(terms.environment().verdict, EnvironmentVerdict::Staging);
        assert!(terms.from().is_empty() && terms.overrides().is_empty());
        assert!(terms.live().is_none() && terms.weak_expiry().is_empty());
    }

    #[test]
    fn every_rule_has_its_own_id_and_three_sentences() {
        for (position, rule) in Rule::ALL.iter().copied().enumerate() {
            assert_eq!(Rule::from_id(rule.id()), Some(rule));
            assert!(Rule::ALL.iter().skip(position + 1).all(|other| *other > rule), "{rule:?}");
            for attribute in ["", ".why", ".way-out"] {
                let id = format!("{}{attribute}", rule.message());
                assert!(message::has(&id), "{id} is in no catalogue");
            }
            assert_eq!(
                rule.can_be_overridden(),
                message::text(&format!("{}.way-out", rule.message()), &[])
                    .contains(&format!("`--override {} ", rule.id())),
                "{rule:?}: the way out says otherwise"
            );
        }
    }

    #[test]
    fn ftp_is_refused_in_every_disguise_and_without_an_override() {
        let greeted =
            |greeting: &str| Facts { greeting: Some(greeting.into()), ..Facts::default() };
        let cases = [
            (ftp("ftp", Some(22)), Facts::default()),
            (ftp("FTP", None), Facts::default()),
            (ftp("ftps", Some(22)), Facts::default()),
            (ftp("ftpes", Some(22)), Facts::default()),
            (ftp("tftp", Some(22)), Facts::default()),
            (ftp("ssh", Some(20)), Facts::default()),
            (ftp("ssh", Some(21)), Facts::default()),
            (ftp("sftp", Some(990)), Facts::default()),
            (request(), greeted("220 ProFTPD Server ready.")),
            (request(), greeted("220-Welcome to Pure-FTPd")),
            (request(), greeted("220")),
        ];
        for (mut request, facts) in cases {
            let broken = denied(&request, &facts);
            assert_eq!(ids(&broken), ["ftp"], "{request:?}");
            assert_eq!(broken[0].desk_rule.as_ref().unwrap().id, "M8");
            assert!(broken[0].why().contains("(MultiSafepay integration team, rule M8)"));
            assert_eq!(broken[0].override_with, None);
            request.overrides = overridden("ftp", "we always did");
            assert_eq!(ids(&denied(&request, &facts)), ["ftp", "override.forbidden"]);
        }
    }

    #[test]
    fn what_only_looks_like_ftp_is_not_refused() {
        for (scheme, greeting) in
            [("sftp", "SSH-2.0-OpenSSH_9.2"), ("ssh", "2200 is a number"), ("local", "")]
        {
            let facts = Facts { greeting: Some(greeting.into()), ..Facts::default() };
            let request = Request { host: Some("ftp.shop.example".into()), ..ftp(scheme, None) };
            let _ = allowed(&request, &facts);
        }
    }

    #[test]
    fn an_address_can_be_refused_before_it_is_a_target() {
        let desk = desk();
        for (scheme, port) in [("ftp", None), ("FTPS", Some(22)), ("ssh", Some(21))] {
            let broken = refuse_ftp(scheme, port, Some(&desk)).unwrap();
            assert_eq!(broken.rule, Rule::Ftp);
            reads_well(&broken);
            reads_well(&refuse_ftp(scheme, port, None).unwrap());
        }
        assert_eq!(refuse_ftp("ssh", Some(22), None), None);
        assert_eq!(refuse_ftp("sftp", None, None), None);
    }

    #[test]
    fn other_protocols_are_refused() {
        for scheme in ["telnet", "rsync", "http", ""] {
            let request = ftp(scheme, None);
            assert_eq!(ids(&denied(&request, &Facts::default())), ["protocol"], "{scheme}");
        }
    }

    #[test]
    fn another_port_needs_an_override_with_a_reason() {
        let mut request = ftp("ssh", Some(2222));
        let broken = denied(&request, &Facts::default());
        assert_eq!(ids(&broken), ["port"]);
        assert_eq!(broken[0].desk_rule.as_ref().unwrap().id, "M9");
        assert_eq!(broken[0].override_with, Some("--override port --reason TEXT"));
        for reason in ["", "  ", "red \u{1b}[31m", "two\nlines"] {
            request.overrides = overridden("port", reason);
            let broken = denied(&request, &Facts::default());
            assert_eq!(ids(&broken), ["port", "override.reason"], "{reason:?}");
        }
        request.overrides = overridden("port", " the desk said so ");
        let terms = allowed(&request, &Facts::default());
        assert_eq!(terms.overrides(), overridden("port", "the desk said so"));
    }

    #[test]
    fn an_override_that_was_not_needed_is_not_recorded() {
        let request = Request { overrides: overridden("port", "just in case"), ..request() };
        assert!(allowed(&request, &Facts::default()).overrides().is_empty());
    }

    #[test]
    fn an_override_of_no_rule_is_refused() {
        for rule in ["prot", "", "live.*", "port\u{1b}[2J"] {
            let request = Request { overrides: overridden(rule, "why not"), ..request() };
            assert_eq!(ids(&denied(&request, &Facts::default())), ["override.unknown"], "{rule:?}");
        }
        for rule in ["live", "live.backup", "deadline.hard", "password.server", "expiry.weak"] {
            let request = Request { overrides: overridden(rule, "why not"), ..request() };
            assert_eq!(ids(&denied(&request, &Facts::default())), ["override.forbidden"], "{rule}");
        }
    }

    #[test]
    fn names_with_anything_that_could_do_harm_are_refused() {
        let bad = [
            "",
            " ",
            "Ana\n",
            "Ana\u{1b}[2J",
            "Ana \"x\"",
            "O'Brien",
            "a`id`",
            "$(id)",
            "a;b",
            "a:b",
            "a\\b",
            "<a>",
            "Ana\u{202e}",
            "Ana\u{200b}",
            " Ana",
            "Ana ",
            "-rf",
            ".hidden",
            "Ana\u{0}",
        ];
        for name in bad.iter().map(|name| (*name).to_owned()).chain(["x".repeat(81)]) {
            assert!(check_name(&name).is_err(), "{name:?}");
            let mut request = request();
            request.supporter.name.clone_from(&name);
            assert_eq!(ids(&denied(&request, &Facts::default())), ["supporter.name"], "{name:?}");
            request.supporter = Supporter { name: "Ana".into(), company: name.clone() };
            let broken = denied(&request, &Facts::default());
            assert_eq!(ids(&broken), ["supporter.company"], "{name:?}");
        }
        for name in ["Ana", "Ana O’Brien", "Łukasz Żółć", "李小龙", "Acme (NL) B.V.", "3M", "A & B"]
        {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        assert_eq!(check_name(&"é".repeat(80)), Ok(()));
    }

    #[test]
    fn references_are_one_word_of_plain_letters() {
        for reference in ["MSP-4711", "#99", "2026/11/22", "a", "A.b_c", &"9".repeat(64)] {
            assert_eq!(check_reference(reference), Ok(()), "{reference}");
        }
        for reference in ["", "a b", "-x", "../x", "a\u{1b}", "ä", "a'b", &"9".repeat(65)] {
            assert!(check_reference(reference).is_err(), "{reference:?}");
            let request = Request { case: reference.into(), ..request() };
            assert_eq!(ids(&denied(&request, &Facts::default())), ["case.reference"]);
        }
    }

    #[test]
    fn a_name_of_ten_megabytes_is_not_repeated() {
        let mut request = request();
        request.supporter.name = "x".repeat(10_000_000);
        assert!(denied(&request, &Facts::default())[0].what().len() < 400);
    }

    #[test]
    fn the_merchants_own_key_is_none_for_the_supporter() {
        let mut request = Request { own_key: Some("`~/.ssh/id_ed25519`".into()), ..request() };
        let broken = denied(&request, &Facts::default());
        assert_eq!(ids(&broken), ["key.own"]);
        reads_well(&broken[0]);
        assert!(broken[0].what().contains("id_ed25519"), "{}", broken[0].what());
        request.overrides = overridden("key.own", "a rehearsal");
        let decision = decided(&request, &Facts::default(), &PolicyConfig::default());
        assert!(matches!(decision, Decision::Allow(_)));
    }

    #[test]
    fn a_supporter_needs_something_to_log_in_with_that_the_server_takes() {
        let with = |credentials: &[Credential], facts: Facts| {
            let request = Request { credentials: credentials.to_vec(), ..request() };
            match decided(&request, &facts, &PolicyConfig::default()) {
                Decision::Allow(_) => Vec::new(),
                Decision::Deny(broken) => ids(&broken),
            }
        };
        let takes = |passwords, keys| Facts {
            takes_passwords: passwords,
            takes_keys: keys,
            ..Facts::default()
        };
        let (key, made) = (Credential::Key, Credential::GeneratedKey);
        let password = Credential::Password;
        assert_eq!(with(&[], Facts::default()), ["credential"]);
        assert!(with(&[password], takes(None, None)).is_empty());
        assert!(with(&[password], takes(Some(true), Some(false))).is_empty());
        assert!(with(&[key], takes(Some(false), Some(true))).is_empty());
        assert_eq!(with(&[password], takes(Some(false), None)), ["password.server"]);
        assert_eq!(with(&[key, password], takes(Some(false), None)), ["password.server"]);
        assert_eq!(with(&[made], takes(None, Some(false))), ["key.server"]);
        assert_eq!(
            with(&[key, password], takes(Some(false), Some(false))),
            ["password.server", "key.server"]
        );
    }

    #[test]
    fn a_password_that_works_from_anywhere_is_not_passed_off_as_limited() {
        let mut request = Request {
            credentials: vec![Credential::Password],
            from: vec!["192.0.2.0/24".parse().unwrap()],
            ..request()
        };
        let facts = Facts { holds_from_for_passwords: Some(false), ..Facts::default() };
        assert_eq!(ids(&denied(&request, &facts)), ["from.password"]);
        request.overrides = overridden("from.password", "the desk has no key");
        assert_eq!(allowed(&request, &facts).overrides().len(), 1);
        request.overrides.clear();
        request.credentials = vec![Credential::Key];
        assert_eq!(allowed(&request, &facts).from().len(), 1);
        // A password beside the account works from anywhere, whatever the server is like.
        request.password_beside = true;
        assert_eq!(ids(&denied(&request, &Facts::default())), ["from.password"]);
        request.from.clear();
        assert!(allowed(&request, &facts).from().is_empty());
    }

    #[test]
    fn the_merchants_own_account_is_shared_with_a_reason_or_confined() {
        let of = |account: &str, access, facts: &Facts| {
            let request = Request { account: Some(account.into()), access, ..request() };
            match decided(&request, facts, &PolicyConfig::default()) {
                Decision::Allow(_) => Vec::new(),
                Decision::Deny(broken) => ids(&broken),
            }
        };
        let seen = |confines, root_by: &str| Facts {
            confines: Some(confines),
            root_by: root_by.into(),
            ..Facts::default()
        };
        // Before anybody looked, and then.
        assert!(of("deploy", Access::Sftp, &Facts::default()).is_empty());
        assert_eq!(of("deploy", Access::Ssh, &Facts::default()), ["account.shared"]);
        for access in [Access::Sftp, Access::SftpReadOnly] {
            assert!(of("deploy", access, &seen(true, "")).is_empty());
            assert!(of("deploy", access, &seen(true, "the group docker")).is_empty());
            assert_eq!(of("deploy", access, &seen(false, "")), ["account.shared"]);
        }
        // A shell is never confined, whatever the server can do.
        assert_eq!(of("deploy", Access::Ssh, &seen(true, "")), ["account.shared"]);
        let both = ["account.root", "account.shared"];
        assert_eq!(of("deploy", Access::Ssh, &seen(true, "the group docker")), both);
        assert_eq!(of("deploy", Access::Sftp, &seen(false, "the group docker")), both);
        assert_eq!(of("root", Access::Sftp, &seen(false, "")), ["account.root"]);
        // An account of its own is none of this.
        let own = Request { access: Access::Ssh, ..request() };
        allowed(&own, &seen(false, "the group docker"));

        let account = Some("deploy".to_owned());
        let mut shell = Request { account, access: Access::Ssh, ..request() };
        let told = denied(&shell, &seen(true, "the group docker"));
        assert!(told[0].what().contains("`deploy` on `staging`, which can become root: the group"));
        assert!(told[1].way_out().contains("--become sudo"), "{}", told[1].way_out());
        assert!(told[1].what().ends_with("with a shell"), "{}", told[1].what());
        let reason = "the server has no root for us";
        shell.overrides = vec![Override { rule: "account.shared".into(), reason: reason.into() }];
        assert_eq!(allowed(&shell, &seen(true, "")).overrides().len(), 1);
        assert_eq!(ids(&denied(&shell, &seen(true, "the group docker"))), ["account.root"]);
    }

    #[test]
    fn live_access_without_anything_is_refused_with_everything_that_is_missing() {
        let request = Request { declared: Some(Declared::Live), ..request() };
        let broken = denied(&request, &Facts::default());
        assert_eq!(
            ids(&broken),
            [
                "live",
                "live.approver",
                "live.approval",
                "live.reason",
                "live.access",
                "live.backup",
                "live.acknowledgement",
                "live.confirmation",
            ]
        );
        let desk_rules: Vec<_> = broken
            .iter()
            .map(|broken| broken.desk_rule.as_ref().map_or("", |reason| reason.id.as_str()))
            .collect();
        assert_eq!(desk_rules, ["M1", "M5", "M5", "", "", "M6", "M7", ""]);
        let ways: Vec<_> =
            broken.iter().skip(1).map(|broken| broken.override_with.unwrap()).collect();
        assert_eq!(
            ways,
            [
                "--approver NAME",
                "--approval REFERENCE",
                "--reason TEXT",
                "--access KIND",
                "--backup FILE or --backup-command CMD",
                "--acknowledge RULE",
                "--yes-live HOSTNAME",
            ]
        );
        for (broken, way) in broken.iter().skip(1).zip(ways) {
            let option = way.split(' ').next().unwrap();
            assert!(broken.way_out().contains(option), "{option}: {}", broken.way_out());
        }
    }

    #[test]
    fn live_access_with_everything_is_allowed_and_kept() {
        let (request, facts) = live();
        let terms = allowed(&request, &facts);
        let approval = terms.live().unwrap();
        assert_eq!(approval.approver, "Ben Jansen");
        assert_eq!(approval.confirmation, "www.acme.nl");
        assert_eq!(approval.backups.len(), 2);
        assert!(!terms.is_rehearsal());
        assert_eq!(terms.environment().verdict, EnvironmentVerdict::Live);
    }

    #[test]
    fn each_thing_that_live_access_needs_is_missed_alone() {
        type Change = fn(&mut Request, &mut Facts);
        let changes: Vec<(&str, Change)> = vec![
            ("live.approver", |request, _| request.live.approver = None),
            ("live.approver", |request, _| request.live.approver = Some(" ".into())),
            ("live.approver", |request, _| request.live.approver = Some("B\u{1b}".into())),
            ("live.approver", |request, _| request.live.approver = Some("\"Ben\"".into())),
            ("live.approval", |request, _| request.live.approval = None),
            ("live.approval", |request, _| request.live.approval = Some("x".repeat(501))),
            ("live.reason", |request, _| request.live.reason = None),
            ("live.reason", |request, _| request.live.reason = Some("\n".into())),
            ("live.access", |request, _| request.live.access_stated = false),
            ("live.acknowledgement", |request, _| request.live.acknowledged.clear()),
            ("live.acknowledgement", |request, _| request.live.acknowledged = vec!["M6".into()]),
            ("live.confirmation", |request, _| request.live.confirmation = None),
            ("live.confirmation", |request, _| request.live.confirmation = Some("acme.nl".into())),
            ("live.confirmation", |request, _| request.live.confirmation = Some("y".into())),
            ("live.backup", |_, facts| facts.backup = None),
        ];
        let mut told = Vec::new();
        for (rule, change) in changes {
            let (mut request, mut facts) = live();
            change(&mut request, &mut facts);
            let broken = denied(&request, &facts);
            assert_eq!(ids(&broken), ["live", rule]);
            told.push(broken[1].what());
        }
        let different: std::collections::BTreeSet<_> = told.iter().collect();
        assert!(different.len() >= told.len() - 4, "sentences that say the same: {told:#?}");
    }

    #[test]
    fn terms_without_a_backup_that_was_read_are_a_rehearsal() {
        let (request, mut facts) = live();
        let command = Some("./backup.sh".to_owned());
        facts.backup = Some(BackupFacts { command, rehearsal: true, ..BackupFacts::default() });
        let terms = allowed(&request, &facts);
        assert!(terms.is_rehearsal());
        assert!(terms.live().unwrap().backups.is_empty());
        // Where nothing is live, nothing is missing.
        facts.backup = Some(BackupFacts { rehearsal: true, ..BackupFacts::default() });
        assert!(!allowed(&super::tests::request(), &facts).is_rehearsal());
    }

    #[test]
    fn the_host_name_is_confirmed_in_any_case_of_letters() {
        let (mut request, facts) = live();
        request.live.confirmation = Some(" WWW.Acme.NL ".into());
        assert_eq!(allowed(&request, &facts).live().unwrap().confirmation, "www.acme.nl");
    }

    #[test]
    fn this_machine_is_confirmed_by_its_own_name() {
        let (mut request, mut facts) = live();
        request.host = None;
        request.scheme = "local".into();
        assert_eq!(confirmation_name(&request, &facts), "staging");
        facts.hostname = Some("web1".into());
        assert_eq!(confirmation_name(&request, &facts), "web1");
        facts.fqdn = Some("web1.acme.nl".into());
        assert_eq!(ids(&denied(&request, &facts)), ["live", "live.confirmation"]);
        request.live.confirmation = Some("web1.acme.nl".into());
        let _ = allowed(&request, &facts);
    }

    #[test]
    fn nothing_is_never_a_confirmation() {
        let (mut request, mut facts) = live();
        request.host = Some(String::new());
        request.target = String::new();
        facts.hostname = Some(" ".into());
        for typed in ["", " "] {
            request.live.confirmation = Some(typed.into());
            assert_eq!(ids(&denied(&request, &facts)), ["live", "live.confirmation"]);
        }
    }

    #[test]
    fn files_with_secrets_are_opened_for_a_reason_alone() {
        let mut request = request();
        assert_eq!(allowed(&request, &Facts::default()).with_secrets(), None);
        request.with_secrets = Some(" ".into());
        assert_eq!(ids(&denied(&request, &Facts::default())), ["secrets.reason"]);
        request.with_secrets = Some(" they need the API key ".into());
        let terms = allowed(&request, &Facts::default());
        assert_eq!(terms.with_secrets(), Some("they need the API key"));
    }

    #[test]
    fn every_rule_is_in_the_book() {
        let book = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/policy.md");
        let book = std::fs::read_to_string(book).unwrap();
        for rule in Rule::ALL.iter().copied() {
            assert!(book.contains(&format!("| `{}` |", rule.id())), "{} is not", rule.id());
        }
    }

    #[test]
    fn a_declaration_that_is_contradicted_is_told_as_such() {
        let request = Request { host: Some("www.acme.nl".into()), ..request() };
        let broken = denied(&request, &Facts::default());
        assert_eq!(
            broken[0].what(),
            "you declared `www.acme.nl` to be staging, but something says that it is live: its \
             address is `www.acme.nl`"
        );
    }

    #[test]
    fn what_nothing_is_known_of_is_treated_as_live_and_told_as_unknown() {
        let (mut request, facts) = live();
        request.declared = None;
        request.host = Some("vps12.hoster.net".into());
        let broken = denied(&request, &facts);
        assert_eq!(ids(&broken), ["live", "live.confirmation"]);
        assert!(broken[0].what().starts_with("nothing shows that `vps12.hoster.net` is staging"));
        request.live.confirmation = Some("vps12.hoster.net".into());
        let terms = allowed(&request, &facts);
        assert_eq!(terms.environment().verdict, EnvironmentVerdict::Unknown);
        assert!(terms.live().is_some());
    }

    #[test]
    fn a_desk_that_never_works_on_live_says_so() {
        let mut desk = desk();
        desk.manifest.live.allowed = false;
        let (request, facts) = live();
        let Decision::Deny(broken) = decide(&request, &facts, &desk, &PolicyConfig::default(), NOW)
        else {
            panic!("allowed")
        };
        broken.iter().for_each(reads_well);
        assert_eq!(ids(&broken), ["live", "live.never"]);
    }

    #[test]
    fn deadlines_are_finite_in_the_future_and_not_beyond_the_maximum() {
        let at = |deadline: UnixTime| {
            let request = Request { deadline: Some(deadline), ..request() };
            match decided(&request, &Facts::default(), &PolicyConfig::default()) {
                Decision::Allow(terms) => {
                    assert_eq!(terms.deadline(), deadline);
                    assert!(terms.deadline() <= terms.deadline_maximum());
                    Vec::new()
                }
                Decision::Deny(broken) => {
                    broken.iter().for_each(reads_well);
                    ids(&broken)
                }
            }
        };
        for deadline in [NOW + 1, NOW + 20, NOW + 35 * DAY] {
            assert!(at(deadline).is_empty());
        }
        for deadline in [NOW, NOW - 1, 0, i64::MIN] {
            assert_eq!(at(deadline), ["deadline.past"]);
        }
        for deadline in [NOW + 35 * DAY + 1, NOW + 400 * DAY, i64::MAX] {
            assert_eq!(at(deadline), ["deadline.hard"]);
        }
    }

    #[test]
    fn the_merchants_configuration_tightens_and_never_loosens() {
        let facts = Facts::default();
        let with = |maximum: Option<u16>, default: Option<u16>, deadline: Option<i64>| {
            let config = PolicyConfig {
                deadline_maximum_days: maximum,
                deadline_default_days: default,
                ..PolicyConfig::default()
            };
            let request = Request { deadline: deadline.map(|days| NOW + days * DAY), ..request() };
            match decided(&request, &facts, &config) {
                Decision::Allow(terms) => {
                    Ok(((terms.deadline() - NOW) / DAY, (terms.deadline_maximum() - NOW) / DAY))
                }
                Decision::Deny(broken) => {
                    broken.iter().for_each(reads_well);
                    Err(ids(&broken))
                }
            }
        };
        assert_eq!(with(None, None, None), Ok((14, 35)));
        assert_eq!(with(Some(7), None, None), Ok((7, 7)));
        assert_eq!(with(None, Some(3), None), Ok((3, 35)));
        assert_eq!(with(Some(2), Some(3), None), Ok((2, 2)));
        assert_eq!(with(Some(7), None, Some(7)), Ok((7, 7)));
        assert_eq!(with(Some(7), None, Some(8)), Err(vec!["deadline.maximum"]));
        assert_eq!(with(Some(99), Some(99), None), Ok((35, 35)));
        assert_eq!(with(Some(99), None, Some(36)), Err(vec!["deadline.hard"]));
    }

    #[test]
    fn the_desk_is_not_named_for_a_limit_that_the_merchant_made() {
        let mut desk = desk();
        let request = Request { deadline: Some(NOW + 20 * DAY), ..request() };
        let reason = |desk: &Desk, own: Option<u16>| {
            let config = PolicyConfig { deadline_maximum_days: own, ..PolicyConfig::default() };
            match decide(&request, &Facts::default(), desk, &config, NOW) {
                Decision::Deny(broken) => broken[0].desk_rule.as_ref().map(|rule| rule.id.clone()),
                Decision::Allow(_) => panic!("allowed"),
            }
        };
        assert_eq!(reason(&desk, Some(7)), None);
        desk.manifest.time_box.maximum_days = 15;
        assert_eq!(reason(&desk, None).as_deref(), Some("M11"));
        assert_eq!(reason(&desk, Some(15)).as_deref(), Some("M11"));
    }

    #[test]
    fn a_longer_deadline_than_the_desks_needs_an_override_and_ends_at_the_hard_maximum() {
        let config = PolicyConfig { deadline_maximum_days: Some(7), ..PolicyConfig::default() };
        let mut request = Request {
            deadline: Some(NOW + 35 * DAY),
            overrides: overridden("deadline.maximum", "they are on holiday"),
            ..request()
        };
        let Decision::Allow(terms) = decided(&request, &Facts::default(), &config) else {
            panic!("refused")
        };
        assert_eq!(terms.deadline(), NOW + 35 * DAY);
        assert_eq!(terms.deadline_maximum(), NOW + 35 * DAY);
        assert_eq!(terms.overrides().len(), 1);
        request.deadline = Some(NOW + 35 * DAY + 1);
        let broken = denied_with(&request, &Facts::default(), &config);
        assert_eq!(ids(&broken), ["deadline.hard"]);
    }

    #[test]
    fn the_merchant_can_ask_for_less_power_and_for_addresses() {
        let config = PolicyConfig {
            access: Some(vec![Access::SftpReadOnly]),
            require_from: true,
            ..PolicyConfig::default()
        };
        let mut request = request();
        assert_eq!(ids(&denied_with(&request, &Facts::default(), &config)), ["access", "from"]);
        request.access = Access::SftpReadOnly;
        request.from = vec!["0.0.0.0/0".parse().unwrap()];
        assert_eq!(ids(&denied_with(&request, &Facts::default(), &config)), ["from"]);
        request.from = vec!["192.0.2.7/32".parse().unwrap(), "::/0".parse().unwrap()];
        assert_eq!(ids(&denied_with(&request, &Facts::default(), &config)), ["from"]);
        request.from = vec!["192.0.2.7/32".parse().unwrap()];
        assert!(matches!(decided(&request, &Facts::default(), &config), Decision::Allow(_)));
    }

    #[test]
    fn a_configuration_that_can_mean_nothing_is_told() {
        let days = |days| PolicyConfig { deadline_maximum_days: Some(days), ..Default::default() };
        assert_eq!(days(0).problem().unwrap().0, "deadline_maximum_days");
        assert_eq!(days(36).problem().unwrap().0, "deadline_maximum_days");
        assert_eq!(days(35).problem(), None);
        let default = PolicyConfig { deadline_default_days: Some(0), ..Default::default() };
        assert_eq!(default.problem().unwrap().0, "deadline_default_days");
        let nothing = PolicyConfig { access: Some(Vec::new()), ..Default::default() };
        assert_eq!(nothing.problem().unwrap().0, "access");
        assert_eq!(PolicyConfig::default().problem(), None);
        assert!(toml_edit::de::from_str::<PolicyConfig>("require_form = true").is_err());
        let read: PolicyConfig =
            toml_edit::de::from_str("access = [\"sftp-read-only\"]\nrequire_from = true").unwrap();
        assert!(read.require_from && read.access == Some(vec![Access::SftpReadOnly]));
    }

    #[test]
    fn an_end_that_the_server_cannot_keep_must_be_accepted() {
        let facts = Facts { weak_expiry: vec!["linux-account".into()], ..Facts::default() };
        let mut request = request();
        let broken = denied(&request, &facts);
        assert_eq!(ids(&broken), ["expiry.weak"]);
        assert_eq!(broken[0].override_with, Some("--accept-weak-expiry"));
        request.accept_weak_expiry = true;
        assert_eq!(allowed(&request, &facts).weak_expiry(), ["linux-account"]);
        assert!(allowed(&request, &Facts::default()).weak_expiry().is_empty());
    }

    #[test]
    fn every_broken_rule_is_told_at_once_and_in_one_order() {
        let request = Request {
            case: "a b".into(),
            supporter: Supporter { name: "\u{1b}".into(), company: String::new() },
            port: Some(2222),
            declared: Some(Declared::Live),
            access: Access::Ssh,
            credentials: Vec::new(),
            deadline: Some(NOW - 1),
            overrides: overridden("nonsense", ""),
            ..request()
        };
        let facts = Facts { weak_expiry: vec!["x".into()], ..Facts::default() };
        let config = PolicyConfig {
            access: Some(vec![Access::Sftp]),
            require_from: true,
            ..PolicyConfig::default()
        };
        let broken = denied_with(&request, &facts, &config);
        assert_eq!(
            ids(&broken),
            [
                "port",
                "case.reference",
                "supporter.name",
                "supporter.company",
                "access",
                "from",
                "credential",
                "live",
                "live.approver",
                "live.approval",
                "live.reason",
                "live.access",
                "live.backup",
                "live.acknowledgement",
                "live.confirmation",
                "deadline.past",
                "expiry.weak",
                "override.unknown",
            ]
        );
        let json = serde_json::to_value(&broken).unwrap();
        assert_eq!(json[0]["rule"], "port");
        assert_eq!(json[0]["desk_rule"]["id"], "M9");
        for key in ["what", "why", "way_out", "override_with"] {
            assert!(json[0][key].is_string(), "{key}");
        }
    }

    #[test]
    fn the_same_question_gets_the_same_answer() {
        let (request, facts) = live();
        assert_eq!(allowed(&request, &facts), allowed(&request, &facts));
        let refused = Request { live: LiveRequest::default(), ..request };
        assert_eq!(denied(&refused, &facts), denied(&refused, &facts));
    }

    #[test]
    fn terms_are_kept_as_json_that_an_extension_reads_back() {
        let (mut request, facts) = live();
        request.from = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let terms = allowed(&request, &facts);
        let json = serde_json::to_string(&terms).unwrap();
        assert!(json.contains("\"from\":[\"192.0.2.0/24\",\"2001:db8::/32\"]"), "{json}");
        let agreed =
            Agreed::read(&json, terms.deadline(), terms.deadline_maximum(), 1, None).unwrap();
        assert_eq!(agreed.live_host.as_deref(), Some("www.acme.nl"));
        assert_eq!((agreed.extensions, agreed.extended), (2, 1));
        let json = serde_json::to_string(&allowed(&super::tests::request(), &Facts::default()));
        let agreed = Agreed::read(&json.unwrap(), NOW, NOW, 0, None).unwrap();
        assert_eq!(agreed.live_host, None);
        assert!(Agreed::read("{}", NOW, NOW, 0, None).is_err());
    }

    #[test]
    fn no_deadline_that_is_allowed_is_past_or_beyond_the_hard_maximum() {
        let offsets =
            [i64::MIN, -DAY, -1, 0, 1, DAY, 7 * DAY, 14 * DAY, 35 * DAY, 36 * DAY, i64::MAX];
        let limits = [None, Some(0), Some(1), Some(7), Some(35), Some(u16::MAX)];
        for now in [0, NOW, i64::MAX - 40 * DAY] {
            for offset in offsets {
                for maximum in limits {
                    for default in limits {
                        let config = PolicyConfig {
                            deadline_maximum_days: maximum,
                            deadline_default_days: default,
                            ..PolicyConfig::default()
                        };
                        for deadline in [None, Some(now.saturating_add(offset))] {
                            let request = Request { deadline, ..request() };
                            let facts = Facts::default();
                            if let Decision::Allow(terms) =
                                decide(&request, &facts, desk_once(), &config, now)
                            {
                                assert!(terms.deadline() > now);
                                assert!(terms.deadline() <= now + 35 * DAY);
                                assert!(terms.deadline_maximum() >= terms.deadline());
                                assert!(terms.deadline_maximum() <= now + 35 * DAY);
                            }
                        }
                    }
                }
            }
        }
    }

    /// The desk of the loop above, read once.
    fn desk_once() -> &'static Desk {
        static DESK: std::sync::OnceLock<Desk> = std::sync::OnceLock::new();
        DESK.get_or_init(desk)
    }
}
