//! The rules by name.

/// Every rule of stagepass: what `decide` checks, what the desks' own rules speak for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
pub enum Rule {
    /// The desk takes tickets only, and asks for access to nothing. No override.
    #[strum(serialize = "desk.access")]
    DeskAccess,
    /// By the answers in the case nobody is to be let in: the fault is elsewhere, or it is too early.
    #[strum(serialize = "triage")]
    Triage,
    /// The desk wants its questions answered before anybody is let in.
    #[strum(serialize = "answers")]
    Answers,
    /// No secret goes into an answer, and so into a ticket. No override.
    #[strum(serialize = "ticket.secret")]
    TicketSecret,
    /// FTP in any disguise. No override.
    #[strum(serialize = "ftp")]
    Ftp,
    /// What the desk connects with.
    #[strum(serialize = "protocol")]
    Protocol,
    /// The desk's port.
    #[strum(serialize = "port")]
    Port,
    /// A case's reference is plain text of one word.
    #[strum(serialize = "case.reference")]
    CaseReference,
    /// A supporter's name is plain text.
    #[strum(serialize = "supporter.name")]
    SupporterName,
    /// A company's name is plain text.
    #[strum(serialize = "supporter.company")]
    SupporterCompany,
    /// The kinds of access that the merchant's configuration allows.
    #[strum(serialize = "access")]
    Access,
    /// The merchant's configuration asks for source addresses.
    #[strum(serialize = "from")]
    From,
    /// Source addresses cannot be held for a password on this server.
    #[strum(serialize = "from.password")]
    FromPassword,
    /// A grant has a key, a password, or both.
    #[strum(serialize = "credential")]
    Credential,
    /// Passwords are generated and strong. Kept by construction.
    #[strum(serialize = "password.strength")]
    PasswordStrength,
    /// This server takes no passwords.
    #[strum(serialize = "password.server")]
    PasswordServer,
    /// This server takes no keys.
    #[strum(serialize = "key.server")]
    KeyServer,
    /// The supporter's key is none of the merchant's own.
    #[strum(serialize = "key.own")]
    KeyOwn,
    /// The account that a key would open is root's, or can become root.
    #[strum(serialize = "account.root")]
    AccountRoot,
    /// A supporter who is not confined shares the merchant's own account.
    #[strum(serialize = "account.shared")]
    AccountShared,
    /// A password cannot be held to reading.
    #[strum(serialize = "password.read-only")]
    PasswordReadOnly,
    /// The shop folder is there. No override.
    #[strum(serialize = "path.missing")]
    PathMissing,
    /// The shop folder is not the system's. No override.
    #[strum(serialize = "path.system")]
    PathSystem,
    /// The shop folder is not where an account logs in. No override.
    #[strum(serialize = "path.home")]
    PathHome,
    /// Root runs nothing that is in the shop folder. No override.
    #[strum(serialize = "path.root")]
    PathRoot,
    /// The shop folder is shown to be one.
    #[strum(serialize = "path.not-proved")]
    PathNotProved,
    /// Whoever opens files with secrets says why.
    #[strum(serialize = "secrets.reason")]
    SecretsReason,
    /// An environment that is not shown to be staging is treated as live.
    #[strum(serialize = "live")]
    Live,
    /// The desk never works on a live environment. No override.
    #[strum(serialize = "live.never")]
    LiveNever,
    /// Live: who at the desk approved it.
    #[strum(serialize = "live.approver")]
    LiveApprover,
    /// Live: the desk's reference for the approval.
    #[strum(serialize = "live.approval")]
    LiveApproval,
    /// Live: why.
    #[strum(serialize = "live.reason")]
    LiveReason,
    /// Live: the access is said, not assumed.
    #[strum(serialize = "live.access")]
    LiveAccess,
    /// Live: a backup that was looked at.
    #[strum(serialize = "live.backup")]
    LiveBackup,
    /// Live: the desk's disclaimer was seen.
    #[strum(serialize = "live.acknowledgement")]
    LiveAcknowledgement,
    /// Live: the host name typed by hand.
    #[strum(serialize = "live.confirmation")]
    LiveConfirmation,
    /// A deadline lies in the future.
    #[strum(serialize = "deadline.past")]
    DeadlinePast,
    /// The longest time the desk and the merchant's configuration allow.
    #[strum(serialize = "deadline.maximum")]
    DeadlineMaximum,
    /// The longest time there is. No override.
    #[strum(serialize = "deadline.hard")]
    DeadlineHard,
    /// Every grant of a case ends within the case's time-box. No override: the time-box is moved.
    #[strum(serialize = "deadline.case")]
    DeadlineCase,
    /// The server ends access on time.
    #[strum(serialize = "expiry.weak")]
    ExpiryWeak,
    /// A grant in this state can be extended. No override.
    #[strum(serialize = "extension.state")]
    ExtensionState,
    /// An extension has a reason.
    #[strum(serialize = "extension.reason")]
    ExtensionReason,
    /// How often a grant may be extended. No override.
    #[strum(serialize = "extension.count")]
    ExtensionCount,
    /// The last deadline a grant may have. No override.
    #[strum(serialize = "extension.total")]
    ExtensionTotal,
    /// An override names a rule.
    #[strum(serialize = "override.unknown")]
    OverrideUnknown,
    /// An override names a rule that can be overridden.
    #[strum(serialize = "override.forbidden")]
    OverrideForbidden,
    /// An override has a reason.
    #[strum(serialize = "override.reason")]
    OverrideReason,
    /// A temporary user on the shop platform goes with the access. Told in the plan where there is
    /// none, and never broken.
    #[strum(serialize = "shop.user")]
    ShopUser,
    /// What was made for a grant is deleted at its end. Kept by construction.
    #[strum(serialize = "close.delete")]
    CloseDelete,
}

impl Rule {
    /// Every rule, in the order in which broken ones are told.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The rule's id: on the screen, in `--override`, in `desk.toml` and in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// The rule with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        id.parse().ok()
    }

    /// Whether `--override RULE --reason …` sets it aside. Everything else has a way of its own,
    /// or none.
    #[must_use]
    pub fn can_be_overridden(self) -> bool {
        matches!(
            self,
            Self::Triage
                | Self::Answers
                | Self::Port
                | Self::KeyOwn
                | Self::AccountRoot
                | Self::AccountShared
                | Self::Access
                | Self::From
                | Self::FromPassword
                | Self::PathNotProved
                | Self::DeadlineMaximum
        )
    }

    /// Whether it is broken by what the target is, and not by who asks for what.
    #[must_use]
    pub fn is_about_the_target(self) -> bool {
        matches!(
            self,
            Self::Ftp
                | Self::KeyServer
                | Self::AccountRoot
                | Self::AccountShared
                | Self::PathMissing
                | Self::PathSystem
                | Self::PathHome
                | Self::PathRoot
                | Self::PathNotProved
                | Self::Live
                | Self::ExpiryWeak
        )
    }

    /// Whether no option of a grant meets it or sets it aside: the target has to become another.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Ftp | Self::PathMissing | Self::PathSystem | Self::PathHome)
    }

    /// The message of this rule in the catalogue; its attributes are `why` and `way-out`.
    pub(super) fn message(self) -> String {
        format!("rule-{}", self.id().replace('.', "-"))
    }
}
