//! A rule that was broken: what, why, and the way out.

use serde::{Serialize, Serializer};

use super::desk::Desk;
use super::rule::Rule;
use crate::message::{self, Arg};

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

    /// The same, where one certain rule of the desk is the reason.
    pub(super) fn by_rule(
        rule: Rule,
        desk: &Desk,
        number: &str,
        args: Vec<(&'static str, Arg)>,
    ) -> Self {
        let desk_rule = desk.rule_text(number).map(|text| DeskReason {
            id: number.to_owned(),
            desk: desk.manifest.name.clone(),
            text,
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
        Rule::Triage => "--override triage --reason TEXT",
        Rule::Answers => "--override answers --reason TEXT",
        Rule::Port => "--override port --reason TEXT",
        Rule::AccountRoot => "--override account.root --reason TEXT",
        Rule::AccountShared => "--override account.shared --reason TEXT",
        Rule::Access => "--override access --reason TEXT",
        Rule::From => "--from CIDR",
        Rule::FromPassword => "--override from.password --reason TEXT",
        Rule::PathNotProved => "--override path.not-proved --reason TEXT",
        Rule::PathRoot => "--access sftp-read-only",
        Rule::DeadlineMaximum => "--override deadline.maximum --reason TEXT",
        Rule::Credential | Rule::PasswordServer | Rule::PasswordReadOnly => "--key FILE",
        Rule::KeyServer => "--password",
        Rule::LiveApprover => "--approver NAME",
        Rule::LiveApproval => "--approval REFERENCE",
        Rule::SecretsReason | Rule::LiveReason | Rule::ExtensionReason | Rule::OverrideReason => {
            "--reason TEXT"
        }
        Rule::LiveAccess => "--access KIND",
        Rule::LiveBackup => "--backup FILE or --backup-command CMD",
        Rule::LiveAcknowledgement => "--acknowledge RULE",
        Rule::LiveConfirmation => "--yes-live HOSTNAME",
        Rule::ExpiryWeak => "--accept-weak-expiry",
        _ => return None,
    })
}
