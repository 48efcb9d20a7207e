//! The rules by name, and a rule that was broken: what, why, and the way out.

use serde::{Serialize, Serializer};

use crate::desk::Desk;
use crate::message::{self, Arg};

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
    /// The supporter's key is none of the merchant's own.
    KeyOwn,
    /// The account that a key would open is root's.
    AccountRoot,
    /// A password cannot be held to reading.
    PasswordReadOnly,
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
    pub const ALL: [Self; 37] = [
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
        Self::KeyOwn,
        Self::AccountRoot,
        Self::PasswordReadOnly,
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
            Self::KeyOwn => "key.own",
            Self::AccountRoot => "account.root",
            Self::PasswordReadOnly => "password.read-only",
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
            Self::Port
                | Self::KeyOwn
                | Self::AccountRoot
                | Self::Access
                | Self::From
                | Self::FromPassword
                | Self::DeadlineMaximum
        )
    }

    /// The message of this rule in the catalogue; its attributes are `why` and `way-out`.
    pub(super) fn message(self) -> String {
        format!("rule-{}", self.id().replace('.', "-"))
    }
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
    pub(super) fn new(rule: Rule, desk: Option<&Desk>, args: Vec<(&'static str, Arg)>) -> Self {
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
        Rule::AccountRoot => "--override account.root --reason TEXT",
        Rule::Access => "--override access --reason TEXT",
        Rule::From => "--from CIDR",
        Rule::FromPassword => "--override from.password --reason TEXT",
        Rule::DeadlineMaximum => "--override deadline.maximum --reason TEXT",
        Rule::Credential | Rule::PasswordServer | Rule::PasswordReadOnly => "--key FILE",
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
