//! The one error above `command/`, and the table of exit codes.
//!
//! Modules below `command/` have their own `thiserror` enums; what reaches the screen is always an
//! [`Error`]: what happened, what it means, and what to do next.

use std::fmt;

use crate::deadline::DeadlineError;
use crate::file::Unread;
use crate::grant::UnknownWord;
use crate::ledger::LedgerError;
use crate::machine::keyring::KeyringError;
use crate::machine::schedule::ScheduleError;
use crate::message::{Arg, CatalogueError, Note, Told};
use crate::policy::desk::{AnswerProblem, DeskError};
use crate::public_key::PublicKeyError;
use crate::remote::provider::ProviderError;
use crate::secret::RandomFailed;
use crate::target::pin::PinError;
use crate::target::{AddressError, Complaint, TargetError};
use crate::transport::TransportError;
use crate::transport::host_key::KnownHostsError;

/// What sort of failure this is. It picks the exit code and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// A bug in stagepass, or the machine it runs on failed (disk, ledger file). Exit code 1.
    Internal,
    /// What was typed, or a file the user wrote, cannot be understood. Exit code 2.
    Usage,
    /// A rule forbids it. Nothing was touched. Exit code 3.
    Policy,
    /// There is no such target, case, grant, desk or provider. Exit code 4.
    NotFound,
    /// The target cannot be reached or logged in to, or its host key is not the pinned one.
    /// Exit code 5.
    Unreachable,
    /// The server was reached and said no. Exit code 6.
    Refused,
    /// Nobody saw how it ended. The ledger knows; `sweep` finds out. Exit code 7.
    Unknown,
    /// Something is stuck or overdue, or has to be looked at. Exit code 8.
    Stuck,
}

impl Kind {
    /// The exit code of the process, as documented in `docs/exit-codes.md`.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Policy => 3,
            Self::NotFound => 4,
            Self::Unreachable => 5,
            Self::Refused => 6,
            Self::Unknown => 7,
            Self::Stuck => 8,
        }
    }

    /// The word for this kind in `--json` output.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// A failure as the user sees it.
///
/// `message` is one lowercase line without a full stop; `causes` say why, outermost first; `hints`
/// say what to do. None of them may ever hold a secret, and text that came from a server has
/// passed [`crate::remote::script::clean`].
#[derive(Debug, Clone)]
pub struct Error {
    /// What sort of failure this is.
    pub kind: Kind,
    /// By which programs know the message, whatever the language.
    pub id: String,
    /// What happened, in one line.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<Note>,
    /// What to do about it.
    pub hints: Vec<Note>,
    /// What only some errors have.
    pub more: Box<More>,
}

/// What only some errors have.
#[derive(Debug, Clone, Default)]
pub struct More {
    /// What each rule that forbids it says, as lines for the screen.
    pub rules: Vec<String>,
    /// The same as documents for `--json`.
    pub documents: Vec<serde_json::Value>,
    /// What was done all the same, for `--json`: some of many grants may have been closed.
    pub result: Option<serde_json::Value>,
    /// An interruption that left nothing half made: what was begun is undone, or is whole.
    pub undone: bool,
    /// Only the exit code says it: it was told before.
    pub omitted: bool,
}

/// The result of everything above the modules with errors of their own.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this kind that says `message`.
    pub fn new(kind: Kind, message: impl Into<Note>) -> Self {
        let Note { id, text } = message.into();
        let (causes, hints, more) = (Vec::new(), Vec::new(), Box::default());
        Self { kind, id, message: text, causes, hints, more }
    }

    /// An error of this kind that says the sentence with this id.
    #[must_use]
    pub fn of(kind: Kind, id: &str, args: &[(&str, Arg)]) -> Self {
        Self::new(kind, Note::of(id, args))
    }

    /// Adds the reason and the reasons behind it.
    #[must_use]
    pub fn because(mut self, cause: impl std::error::Error + 'static) -> Self {
        self.causes.push(note_of(&cause));
        let mut next = cause.source();
        while let Some(inner) = next {
            let note = note_of(inner);
            // Many crates repeat their source's text in their own.
            if !self.causes.iter().any(|known| known.text.contains(&note.text)) {
                self.causes.push(note);
            }
            next = inner.source();
        }
        self
    }

    /// Adds a reason that is only a sentence.
    #[must_use]
    pub fn because_text(mut self, cause: impl Into<Note>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds the sentence with this id as a reason.
    #[must_use]
    pub fn because_of(self, id: &str, args: &[(&str, Arg)]) -> Self {
        self.because_text(Note::of(id, args))
    }

    /// Adds what was done all the same.
    #[must_use]
    pub fn with_result(mut self, result: serde_json::Value) -> Self {
        self.more.result = Some(result);
        self
    }

    /// The same for the exit code, and nothing is printed.
    #[must_use]
    pub fn omitted(mut self) -> Self {
        self.more.omitted = true;
        self
    }

    /// Adds one thing the user can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Note>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the sentence with this id as something the user can do.
    #[must_use]
    pub fn hint_of(self, id: &str, args: &[(&str, Arg)]) -> Self {
        self.hint(Note::of(id, args))
    }
}

/// What an error says, with its id where its sentences are in the catalogue.
fn note_of(cause: &(dyn std::error::Error + 'static)) -> Note {
    fn told<E: std::error::Error + Told + 'static>(
        cause: &(dyn std::error::Error + 'static),
    ) -> Option<Note> {
        cause.downcast_ref::<E>().map(Told::note)
    }
    let known = [
        told::<Error>,
        told::<AddressError>,
        told::<CatalogueError>,
        told::<Complaint>,
        told::<DeadlineError>,
        told::<DeskError>,
        told::<AnswerProblem>,
        told::<KeyringError>,
        told::<KnownHostsError>,
        told::<LedgerError>,
        told::<PinError>,
        told::<ProviderError>,
        told::<PublicKeyError>,
        told::<RandomFailed>,
        told::<ScheduleError>,
        told::<TargetError>,
        told::<TransportError>,
        told::<UnknownWord>,
        told::<Unread>,
    ];
    known.iter().find_map(|told| told(cause)).unwrap_or_else(|| Note::quoted(cause.to_string()))
}

impl Error {
    /// The message and every reason behind it: "cannot reach" without "connection refused" helps
    /// nobody.
    #[must_use]
    pub fn one_line(&self) -> String {
        format!(
            "{}{}",
            self.message,
            self.causes.iter().fold(String::new(), |told, cause| told + ": " + &cause.text)
        )
    }

    /// The reasons in one line, outermost first.
    #[must_use]
    pub fn why(&self, between: &str) -> String {
        self.causes.iter().map(|cause| cause.text.as_str()).collect::<Vec<_>>().join(between)
    }
}

impl Told for Error {
    fn note(&self) -> Note {
        Note { id: self.id.clone(), text: self.message.clone() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::NO_ID;

    fn ids(notes: &[Note]) -> Vec<&str> {
        notes.iter().map(|note| note.id.as_str()).collect()
    }

    #[test]
    fn what_it_says_is_known_by_ids_and_what_others_said_has_none() {
        let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let unread = DeskError::Read { path: "/desk".into(), source: denied() };
        let error = Error::of(Kind::Usage, "desk-unusable", &[("desk", "mine".into())])
            .because(unread)
            .because_text("what a server said")
            .hint_of("desk-unusable.way-out", &[]);
        assert_eq!(error.id, "desk-unusable");
        assert_eq!(error.message, "the desk `mine` cannot be used");
        assert_eq!(ids(&error.causes), ["desk-error-read", NO_ID, NO_ID]);
        assert_eq!(error.causes[1].text, denied().to_string());
        assert_eq!(ids(&error.hints), ["desk-unusable.way-out"]);
        let behind = Error::new(Kind::Usage, "somebody else's words").because(error);
        assert_eq!((behind.id.as_str(), ids(&behind.causes)), (NO_ID, vec!["desk-unusable"]));
    }

    #[test]
    fn a_line_break_in_a_value_is_no_reason_to_begin_a_line() {
        let error = Error::of(Kind::NotFound, "target-unknown", &[("target", "a\nhint: b".into())]);
        assert_eq!(crate::output::one_line(&error.message).lines().count(), 1);
    }
}
