//! Grants and their layers, the states they pass through, and the only transition table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::message::{Id, Note, Told, shown_by_note};
use crate::text;

/// Seconds since 1970-01-01T00:00:00Z. Every time in the ledger and in replies is one of these.
pub type UnixTime = i64;

/// Where a grant or a layer stands.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = UnknownWord, parse_err_fn = unknown_state)]
pub enum State {
    /// Recorded, and perhaps already partly on the server.
    #[default]
    Opening,
    /// The new credential really logged in.
    Open,
    /// Being taken away.
    Closing,
    /// Taking it away failed six times; it is retried daily for ever.
    Stuck,
    /// Re-read and tried: it is gone.
    Closed,
    /// The server is gone for good; said by hand, with a reason. Never counted as closed.
    Forgotten,
}

impl State {
    /// Every state, in the order a grant passes through them.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The state's name, the same in the ledger and in `--json` in every language.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// The state as people read it.
    #[must_use]
    pub fn word(self) -> String {
        let id = match self {
            Self::Opening => Id("state.opening"),
            Self::Open => Id("state.open"),
            Self::Closing => Id("state.closing"),
            Self::Stuck => Id("state.stuck"),
            Self::Closed => Id("state.closed"),
            Self::Forgotten => Id("state.forgotten"),
        };
        id.text()
    }

    /// Whether a grant may go from here to `next`. This is the whole table.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Opening, Self::Open)
                | (Self::Opening | Self::Open | Self::Stuck, Self::Closing)
                | (Self::Closing, Self::Closed | Self::Stuck)
                | (Self::Opening | Self::Open | Self::Closing | Self::Stuck, Self::Forgotten)
        )
    }

    /// Whether access may still exist on the server.
    #[must_use]
    pub fn is_live(self) -> bool {
        !matches!(self, Self::Closed | Self::Forgotten)
    }

    /// Where a grant stands whose layers stand so. It is as far as the least of them at its
    /// beginning, and as the one that needs most attention at its end: nothing is open before all of
    /// it is, or closed before all of it is. Without layers it is [`State::Opening`].
    #[must_use]
    pub fn of_layers(layers: &[Layer]) -> Self {
        let worst_first =
            [Self::Stuck, Self::Closing, Self::Opening, Self::Open, Self::Forgotten, Self::Closed];
        let stands = |state: &Self| layers.iter().any(|layer| layer.state == *state);
        worst_first.into_iter().find(stands).unwrap_or(Self::Opening)
    }
}

/// A word that is not one of the words expected here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UnknownWord {
    /// What was given.
    pub word: String,
    /// What would have been understood.
    pub expected: Id,
}

impl Told for UnknownWord {
    fn note(&self) -> Note {
        let args = [("word", (&self.word).into()), ("expected", self.expected.text().into())];
        Note::of("unknown-word", &args)
    }
}

shown_by_note!(UnknownWord);

impl UnknownWord {
    /// What was given is repeated on one line, and short.
    pub(crate) fn new(word: &str, expected: Id) -> Self {
        Self { word: text::one_line(word, 100), expected }
    }
}

fn unknown_state(word: &str) -> UnknownWord {
    UnknownWord::new(word, Id("expected-state"))
}

fn unknown_access(word: &str) -> UnknownWord {
    UnknownWord::new(word, Id("expected-access"))
}

/// What the supporter may do. Each includes nothing of the next.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = UnknownWord, parse_err_fn = unknown_access)]
pub enum Access {
    /// File transfer that cannot change anything.
    SftpReadOnly,
    /// File transfer.
    Sftp,
    /// A shell, commands and file transfer; never forwarding.
    Ssh,
}

impl Access {
    /// The name used on the command line, in the ledger and towards providers.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// The one person a grant is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supporter {
    /// The person's name, as the desk gave it.
    pub name: String,
    /// The company the person works for.
    pub company: String,
}

/// One investigation at one desk. Closing it closes every grant it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The desk's own reference, such as a ticket number. It names the case.
    pub reference: String,
    /// The desk that asked, a folder of `desks/`.
    pub desk: String,
    /// When the merchant opened the case.
    pub opened_at: UnixTime,
    /// When the last of its grants was proved closed and the merchant closed it.
    pub closed_at: Option<UnixTime>,
    /// When its time-box ends, and no grant in it lasts longer. `None` at a desk that asks for no
    /// access, and in a case that an older stagepass opened.
    pub time_box_until: Option<UnixTime>,
    /// What was answered to the desk's questions. Documents say it where it is asked for only: it
    /// is the merchant's own business.
    #[serde(skip_serializing, default)]
    pub answers: Answers,
}

impl Case {
    /// A case that is open and has no answers yet.
    #[must_use]
    pub fn new(reference: impl Into<String>, desk: impl Into<String>, opened_at: UnixTime) -> Self {
        Self {
            reference: reference.into(),
            desk: desk.into(),
            opened_at,
            closed_at: None,
            time_box_until: None,
            answers: Answers::new(),
        }
    }
}

/// The answers to a desk's questions, by the question's id.
pub type Answers = BTreeMap<String, Answer>;

/// One answer, as it is kept. Never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What was answered.
    pub text: String,
    /// When.
    pub at: UnixTime,
}

/// Access for one supporter on one target in one case until a deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Ten characters of Crockford's base 32. It authorises nothing.
    pub id: String,
    /// The reference of the case it belongs to.
    pub case: String,
    /// The name of the target it is on.
    pub target: String,
    /// The person it is for.
    pub supporter: Supporter,
    /// What that person may do.
    pub access: Access,
    /// Where it stands: what its layers come to ([`State::of_layers`]). Kept in the row, since the
    /// ledger lists by it.
    pub state: State,
    /// When it was recorded.
    pub created_at: UnixTime,
    /// When the new credential was first seen to log in.
    pub opened_at: Option<UnixTime>,
    /// When access ends.
    pub deadline: UnixTime,
    /// When it ended: when it was proved closed, or when the server itself closed it, as it said.
    pub closed_at: Option<UnixTime>,
    /// The longest deadline that policy allowed when the terms were agreed.
    pub deadline_maximum: UnixTime,
    /// The terms policy allowed, as JSON: kinds of access, restrictions, recorded overrides.
    pub terms: String,
    /// Failed attempts to close it since it last stood anywhere else.
    pub attempts: i64,
    /// The earliest time `sweep` tries again.
    pub next_attempt_at: Option<UnixTime>,
    /// Why the last attempt failed, in one line; of several layers each with its provider. Never a
    /// secret.
    pub last_error: Option<String>,
    /// Counts every change of this row; compare-and-set goes by it.
    pub version: i64,
    /// The process that is working on it now, as `host/pid/start`, if any.
    pub lease_owner: Option<String>,
    /// When that process has lost its claim, whether it lives or not.
    pub lease_until: Option<UnixTime>,
    /// What was found at its close, in all layers together, and nobody has acknowledged yet.
    pub findings: i64,
    /// What is not on the server as it was made, while it is open: lines of an id and a sentence.
    pub drift: Option<String>,
    /// When the server was last looked at while it was open. No part of the row's hash.
    pub checked_at: Option<UnixTime>,
    /// Whether the row is not as the last event about it left it: somebody changed it behind the
    /// ledger's back. Nothing is done on the word of such a row, and nothing is written over it.
    #[serde(skip)]
    pub altered: bool,
    /// What the providers made, in the order it was opened.
    pub layers: Vec<Layer>,
}

impl Grant {
    /// Every layer that may still be there, and with them the grant, goes to this state.
    pub fn move_to(&mut self, state: State) {
        for layer in self.layers.iter_mut().filter(|layer| layer.state.is_live()) {
            layer.state = state;
        }
        self.state = state;
    }

    /// What the row says of its layers, by what they say. A grant without layers keeps what it has.
    pub fn sum_up(&mut self) {
        if self.layers.is_empty() {
            return;
        }
        self.state = State::of_layers(&self.layers);
        let several = self.layers.len() > 1;
        let told = self.layers.iter().filter(|layer| layer.state.is_live()).filter_map(|layer| {
            let why = layer.last_error.as_deref()?;
            Some(if several { format!("{}: {why}", layer.provider) } else { why.to_owned() })
        });
        let told: Vec<String> = told.collect();
        self.last_error = (!told.is_empty()).then(|| told.join("; "));
        self.findings = self.layers.iter().fold(0, |sum, l| l.findings.saturating_add(sum));
    }

    /// The id by which a layer's artefacts are known on the server: the grant's own for the first,
    /// and with one more character of `1-9a-z` for each behind it, so that no two layers have a
    /// folder, a record, a unit or a result of the same name.
    #[must_use]
    pub fn layer_id(&self, layer: &Layer) -> String {
        layer_id(&self.id, layer.position)
    }

    /// The layer whose account the supporter logs in to. It stands first: what is opened beside it is
    /// of no use without it.
    #[must_use]
    pub fn login(&self) -> Option<&Layer> {
        self.layers.first()
    }
}

/// The most layers that a grant can have: one character tells them apart.
pub const MOST_LAYERS: usize = 36;

/// See [`Grant::layer_id`].
#[must_use]
pub fn layer_id(grant: &str, position: usize) -> String {
    let digit = u32::try_from(position).ok().and_then(|place| char::from_digit(place, 36));
    match digit {
        Some('0') => grant.to_owned(),
        // Nobody makes so many.
        digit => format!("{grant}{}", digit.unwrap_or('z')),
    }
}

/// A grant that is about to be recorded: what is agreed, and nothing that only happens later.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of the grant")]
pub struct NewGrant {
    pub id: String,
    pub case: String,
    pub target: String,
    pub supporter: Supporter,
    pub access: Access,
    pub created_at: UnixTime,
    pub deadline: UnixTime,
    pub deadline_maximum: UnixTime,
    pub terms: String,
    pub layers: Vec<Layer>,
}

impl NewGrant {
    /// The grant as it is recorded first: `opening`, and nobody's yet.
    #[must_use]
    pub fn grant(self) -> Grant {
        Grant {
            id: self.id,
            case: self.case,
            target: self.target,
            supporter: self.supporter,
            access: self.access,
            state: State::Opening,
            created_at: self.created_at,
            opened_at: None,
            deadline: self.deadline,
            closed_at: None,
            deadline_maximum: self.deadline_maximum,
            terms: self.terms,
            attempts: 0,
            next_attempt_at: None,
            last_error: None,
            version: 0,
            lease_owner: None,
            lease_until: None,
            findings: 0,
            drift: None,
            checked_at: None,
            altered: false,
            layers: (0..)
                .zip(self.layers)
                .map(|(position, layer)| Layer { position, ..layer })
                .collect(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_first(position: &usize) -> bool {
    *position == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_nothing(count: &i64) -> bool {
    *count == 0
}

/// One thing that one provider made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layer {
    /// Its place in the grant's list, from 0. Set when the grant is recorded.
    #[serde(skip_serializing_if = "is_first")]
    pub position: usize,
    /// The provider, a folder of `providers/`.
    pub provider: String,
    /// SHA-256 of the provider's manifest and script as they were at `open`, in hex.
    pub digest: String,
    /// The account the supporter logs in to.
    pub account: String,
    /// The supporter's public key as `type base64`, if the layer has one.
    pub public_key: Option<String>,
    /// `SHA256:…` of that key.
    pub key_fingerprint: Option<String>,
    /// Whether the layer has a password.
    pub has_password: bool,
    /// Every input `check` and `close` need, as a JSON object of text. Never a secret.
    pub inputs: String,
    /// What `open` replied, as a JSON object of text.
    pub outputs: String,
    /// Where it stands by itself: one that cannot be closed keeps no other open.
    pub state: State,
    /// When it ended: when it was proved closed, or when the server closed it, as it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<UnixTime>,
    /// Why the last attempt to close it failed, in one line. Never a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// What was found at its close and nobody has acknowledged yet.
    #[serde(skip_serializing_if = "is_nothing")]
    pub findings: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_and_forgotten_are_the_end() {
        for state in State::ALL.iter().copied() {
            assert!(!State::Closed.may_become(state));
            assert!(!State::Forgotten.may_become(state));
        }
    }

    #[test]
    fn nothing_is_closed_without_having_been_closing() {
        for state in State::ALL.iter().copied() {
            assert_eq!(state.may_become(State::Closed), state == State::Closing);
        }
    }

    #[test]
    fn every_state_is_read_back_from_its_name() {
        for state in State::ALL.iter().copied() {
            assert_eq!(state.id().parse::<State>(), Ok(state));
        }
    }
}
