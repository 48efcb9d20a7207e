//! What can go wrong with the ledger, each in one line.

use std::io;

use super::Place;
use crate::grant::State;
use crate::message::{self, Arg, Note, Told, shown_by_note};
use crate::text;

/// Why the ledger did not do what it was asked for. Unless it says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process kept the ledger locked for as long as was waited.
    Locked {
        /// Where the ledger is.
        place: String,
        /// The process that holds the lock, when that can be seen.
        holder: Option<String>,
    },
    /// The file, its folder, the database or the mode it was opened in does not allow writing.
    ReadOnly {
        /// Where the ledger is.
        place: String,
        /// Which of these it is.
        why: String,
    },
    /// What is there cannot be read as it was written.
    Corrupt {
        /// Where the ledger is.
        place: String,
        /// What does not fit.
        why: String,
    },
    /// A database is there, and it is another program's.
    NotALedger {
        /// Where it is.
        place: String,
    },
    /// A newer stagepass has already changed the ledger's form.
    NewerVersion {
        /// Where the ledger is.
        place: String,
        /// The version it has.
        found: i64,
        /// The newest version this program understands.
        known: i64,
    },
    /// It was opened only for reading, and an older stagepass wrote it.
    OlderVersion {
        /// Where the ledger is.
        place: String,
        /// The version it has.
        found: i64,
    },
    /// No room is left where the ledger is.
    DiskFull {
        /// Where the ledger is.
        place: String,
    },
    /// There is no ledger, and reading does not make one.
    Absent {
        /// Where it would be.
        place: String,
    },
    /// The file or the database lets this user not in.
    Denied {
        /// Where the ledger is.
        place: String,
        /// What the system or the database said.
        why: String,
    },
    /// The database does not answer.
    Unreachable {
        /// Where the ledger is.
        place: String,
        /// What was seen.
        why: String,
    },
    /// The connection broke while a change was being committed, and did not come back: whether the
    /// change was made is not known.
    Unsure {
        /// Where the ledger is.
        place: String,
        /// What was seen.
        why: String,
    },
    /// The ledger's URL cannot be used.
    BadUrl {
        /// What is wrong with it. Never its password.
        why: String,
    },
    /// The URL would send the ledger over a network without proof of who is at the other end.
    InsecureUrl {
        /// The host in the URL.
        host: String,
        /// The mode it asks for.
        mode: String,
    },
    /// No grant has this id or begins with it.
    NoSuchGrant {
        /// What was looked for.
        id: String,
    },
    /// There is no case with this reference.
    NoSuchCase {
        /// What was looked for.
        reference: String,
    },
    /// More than one grant begins with this.
    Ambiguous {
        /// What was looked for.
        prefix: String,
        /// The first few that begin with it.
        matches: Vec<String>,
    },
    /// Somebody else changed the grant since it was read.
    Conflict {
        /// The grant.
        id: String,
    },
    /// A case or a grant of that name is there already.
    Exists {
        /// Its reference or id.
        name: String,
    },
    /// The same person already has a grant on this target in this case.
    AlreadyGranted {
        /// The grant that is there.
        id: String,
    },
    /// The case is closed: nothing is granted in it any more.
    CaseClosed {
        /// The case.
        reference: String,
    },
    /// The case is not closed, because not all of its grants are proved closed.
    StillLive {
        /// The case.
        reference: String,
        /// Their ids.
        grants: Vec<String>,
    },
    /// The transition table does not have this step.
    IllegalTransition {
        /// The grant.
        id: String,
        /// Where it stands.
        from: State,
        /// Where it was to go.
        to: State,
    },
    /// A row is not as the last event about it left it: nothing is done on its word.
    Altered {
        /// What it is.
        what: &'static str,
        /// Its id or reference.
        name: String,
    },
    /// A change would rewrite what never changes.
    Immutable {
        /// The grant.
        id: String,
        /// Which part of it.
        field: &'static str,
    },
    /// A name holds a control character.
    BadText {
        /// Which name.
        field: &'static str,
    },
    /// A copy was asked for of a ledger that is no file.
    NoCopy,
    /// The copy could not be written.
    Copy {
        /// The file it was to be.
        file: String,
        /// What the system or SQLite said.
        why: String,
    },
    /// There is a server, and no database of that name on it.
    NoDatabase {
        /// Where it would be.
        place: String,
    },
    /// The exported events could not be written.
    Export(#[source] io::Error),
    /// The database refused for a reason that is none of the above.
    Database {
        /// Where the ledger is.
        place: String,
        /// What it said.
        why: String,
    },
}

impl Told for LedgerError {
    fn note(&self) -> Note {
        match self {
            Self::Locked { place, holder } => {
                let holder = holder.as_deref().map_or("unknown".into(), Arg::from);
                Note::of("ledger-error-locked", &[("place", Arg::of(place)), ("holder", holder)])
            }
            Self::ReadOnly { place, why } => Note::of(
                "ledger-error-read-only",
                &[("place", Arg::of(place)), ("why", Arg::of(why))],
            ),
            Self::Corrupt { place, why } => Note::of(
                "ledger-error-corrupt",
                &[("place", Arg::of(place)), ("why", Arg::of(why))],
            ),
            Self::NotALedger { place } => {
                Note::of("ledger-error-not-a-ledger", &[("place", Arg::of(place))])
            }
            Self::NewerVersion { place, found, known } => Note::of(
                "ledger-error-newer-version",
                &[
                    ("place", Arg::of(place)),
                    ("found", (*found).into()),
                    ("known", (*known).into()),
                ],
            ),
            Self::OlderVersion { place, found } => Note::of(
                "ledger-error-older-version",
                &[("place", Arg::of(place)), ("found", (*found).into())],
            ),
            Self::DiskFull { place } => {
                Note::of("ledger-error-disk-full", &[("place", Arg::of(place))])
            }
            Self::Absent { place } => Note::of("ledger-error-absent", &[("place", Arg::of(place))]),
            Self::Denied { place, why } => {
                Note::of("ledger-error-denied", &[("place", Arg::of(place)), ("why", Arg::of(why))])
            }
            Self::Unreachable { place, why } => Note::of(
                "ledger-error-unreachable",
                &[("place", Arg::of(place)), ("why", Arg::of(why))],
            ),
            Self::Unsure { place, why } => {
                Note::of("ledger-error-unsure", &[("place", Arg::of(place)), ("why", Arg::of(why))])
            }
            Self::BadUrl { why } => Note::of("ledger-error-bad-url", &[("why", Arg::of(why))]),
            Self::InsecureUrl { host, mode } => Note::of(
                "ledger-error-insecure-url",
                &[("mode", Arg::of(mode)), ("host", Arg::of(host))],
            ),
            Self::NoSuchGrant { id } => {
                Note::of("ledger-error-no-such-grant", &[("id", Arg::of(id))])
            }
            Self::NoSuchCase { reference } => {
                Note::of("ledger-error-no-such-case", &[("reference", Arg::of(reference))])
            }
            Self::Ambiguous { prefix, matches } => Note::of(
                "ledger-error-ambiguous",
                &[("prefix", Arg::of(prefix)), ("matches", Arg::of(matches.join(", ")))],
            ),
            Self::Conflict { id } => Note::of("ledger-error-conflict", &[("id", Arg::of(id))]),
            Self::Exists { name } => Note::of("ledger-error-exists", &[("name", Arg::of(name))]),
            Self::AlreadyGranted { id } => {
                Note::of("ledger-error-already-granted", &[("id", Arg::of(id))])
            }
            Self::CaseClosed { reference } => {
                Note::of("ledger-error-case-closed", &[("reference", Arg::of(reference))])
            }
            Self::StillLive { reference, grants } => Note::of(
                "ledger-error-still-live",
                &[("reference", Arg::of(reference)), ("grants", Arg::of(grants.join(", ")))],
            ),
            Self::IllegalTransition { id, from, to } => Note::of(
                "ledger-error-illegal-transition",
                &[("id", Arg::of(id)), ("from", from.word().into()), ("to", to.word().into())],
            ),
            Self::Altered { what, name } => Note::of(
                "ledger-error-altered",
                &[("what", (*what).into()), ("name", Arg::of(name))],
            ),
            Self::Immutable { id, field } => Note::of(
                "ledger-error-immutable",
                &[("field", (*field).into()), ("id", Arg::of(id))],
            ),
            Self::BadText { field } => {
                Note::of("ledger-error-bad-text", &[("field", (*field).into())])
            }
            Self::NoCopy => Note::of("ledger-error-no-copy", &[]),
            Self::Copy { file, why } => {
                Note::of("ledger-error-copy", &[("file", Arg::of(file)), ("why", Arg::of(why))])
            }
            Self::NoDatabase { place } => {
                Note::of("ledger-error-no-database", &[("place", Arg::of(place))])
            }
            Self::Export(_) => Note::of("ledger-error-export", &[]),
            Self::Database { place, why } => Note::of(
                "ledger-error-database",
                &[("place", Arg::of(place)), ("why", Arg::of(why))],
            ),
        }
    }
}

shown_by_note!(LedgerError);

/// What stops a change half-way: our own refusal, or the database's.
#[derive(Debug)]
pub(super) enum Fault {
    Ours(LedgerError),
    Sql(sqlx::Error),
    /// Nothing came back in time.
    Silent,
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        Self::Ours(error)
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// What a failure calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Busy,
    /// The database is there, and has no time for us: it starts, or has too many clients.
    Crowded,
    Lost,
    Full,
    ReadOnly,
    Corrupt,
    NotADatabase,
    Denied,
    Absent,
    Duplicate,
    BadUrl,
    Other,
}

impl Kind {
    /// Whether the same thing may well succeed a moment later.
    pub(super) fn passes(self) -> bool {
        matches!(self, Self::Busy | Self::Crowded | Self::Lost)
    }
}

impl Fault {
    pub(super) fn kind(&self, place: &Place) -> Option<Kind> {
        match self {
            Self::Ours(_) => None,
            Self::Silent => Some(Kind::Lost),
            Self::Sql(error) => Some(kind_of(error, place)),
        }
    }

    pub(super) fn explain(self, place: &Place) -> LedgerError {
        match self {
            Self::Ours(error) => error,
            Self::Silent => LedgerError::Unreachable {
                place: place.to_string(),
                why: message::text("ledger-why-silent", &[]),
            },
            Self::Sql(error) => explain(&error, place),
        }
    }
}

fn kind_of(error: &sqlx::Error, place: &Place) -> Kind {
    match error {
        sqlx::Error::Database(refusal) => {
            let code = refusal.code().unwrap_or_default();
            match place.file() {
                Some(_) => sqlite_kind(&code, place),
                None => postgres_kind(&code),
            }
        }
        sqlx::Error::Io(cause) if cause.kind() == io::ErrorKind::PermissionDenied => Kind::Denied,
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_) => Kind::Lost,
        sqlx::Error::Tls(_) => Kind::Denied,
        sqlx::Error::Configuration(_) => Kind::BadUrl,
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::RowNotFound => {
            Kind::Corrupt
        }
        _ => Kind::Other,
    }
}

/// SQLite's result codes; the low byte is the primary one.
fn sqlite_kind(code: &str, place: &Place) -> Kind {
    let code: u32 = code.parse().unwrap_or_default();
    match code & 0xff {
        5 | 6 => Kind::Busy,
        8 => Kind::ReadOnly,
        10 | 14 if place.is_full() => Kind::Full,
        11 => Kind::Corrupt,
        13 => Kind::Full,
        14 if !place.has_writable_folder() => Kind::ReadOnly,
        14 => Kind::Denied,
        23 | 3 => Kind::Denied,
        26 => Kind::NotADatabase,
        19 if code == 1555 || code == 2067 => Kind::Duplicate,
        _ => Kind::Other,
    }
}

/// PostgreSQL's SQLSTATE codes.
fn postgres_kind(code: &str) -> Kind {
    match code {
        "40001" | "40P01" | "55P03" => Kind::Busy,
        "53300" | "57P03" => Kind::Crowded,
        "57P01" | "57P02" | "57014" | "25P03" => Kind::Lost,
        "53100" => Kind::Full,
        "25006" => Kind::ReadOnly,
        "23505" => Kind::Duplicate,
        "42501" => Kind::Denied,
        "3D000" => Kind::Absent,
        "XX001" | "XX002" => Kind::Corrupt,
        code if code.starts_with("08") => Kind::Lost,
        code if code.starts_with("28") => Kind::Denied,
        _ => Kind::Other,
    }
}

/// A failure as one of ours, without anything that a URL could have held.
fn explain(error: &sqlx::Error, place: &Place) -> LedgerError {
    let why = said(error);
    let kind = kind_of(error, place);
    let place_text = place.to_string();
    match kind {
        Kind::Busy if place.file().is_none() => LedgerError::Unreachable { place: place_text, why },
        Kind::Busy => LedgerError::Locked { place: place_text, holder: place.lock_holder() },
        Kind::Crowded | Kind::Lost => LedgerError::Unreachable { place: place_text, why },
        Kind::Full => LedgerError::DiskFull { place: place_text },
        Kind::ReadOnly => LedgerError::ReadOnly { place: place_text, why },
        Kind::Corrupt => LedgerError::Corrupt { place: place_text, why },
        Kind::NotADatabase => {
            let why = message::text("ledger-why-no-database", &[]);
            LedgerError::Corrupt { place: place_text, why }
        }
        Kind::Denied => LedgerError::Denied { place: place_text, why },
        // What the parser says of a value may repeat it.
        Kind::BadUrl => {
            LedgerError::BadUrl { why: message::text("ledger-url.parameter-invalid", &[]) }
        }
        Kind::Absent => LedgerError::NoDatabase { place: place_text },
        Kind::Duplicate | Kind::Other => LedgerError::Database { place: place_text, why },
    }
}

/// What the database or the system said, in one short line.
fn said(error: &sqlx::Error) -> String {
    let text = match error {
        sqlx::Error::Database(refusal) => refusal.message().to_owned(),
        sqlx::Error::Io(cause) => cause.to_string(),
        other => other.to_string(),
    };
    text::one_line(&text, 300)
}
