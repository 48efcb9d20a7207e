//! Support desks: the rules, questions, time-box and port of a team that asks for access or for
//! tickets, as data.
//!
//! A desk is a folder with `desk.toml` and one `<language>.ftl` for each language its rules and
//! questions are told in. Some are built in; a merchant's own are read from the configuration folder
//! in the same way.

mod question;

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use unic_langid::LanguageIdentifier;

use crate::file::{self, Links, Unread};
use crate::message::{
    self, Arg, Catalogue, CatalogueError, Note, Told, line_and_column, shown_by_note,
};
use crate::policy::rule::Rule;

pub use question::{AnswerKind, AnswerProblem, Asked, Condition, Forbidden, Need, Question, Stop};

/// No desk and no override goes beyond this many days.
pub const HARD_MAXIMUM_DAYS: u16 = 35;

/// The oldest a backup may be when live access is asked for, in hours. A desk may ask for less.
pub const BACKUP_MAXIMUM_AGE_HOURS: u16 = 24;

/// The desks that come with stagepass, by name: `desk.toml`, and the texts by language.
pub const BUILTIN: &[BuiltinDesk] = &[
    BuiltinDesk {
        name: "multisafepay",
        manifest: include_str!("../../desks/multisafepay/desk.toml"),
        texts: &[
            ("en", include_str!("../../desks/multisafepay/en.ftl")),
            ("es", include_str!("../../desks/multisafepay/es.ftl")),
            ("it", include_str!("../../desks/multisafepay/it.ftl")),
        ],
    },
    BuiltinDesk {
        name: "open-banking",
        manifest: include_str!("../../desks/open-banking/desk.toml"),
        texts: &[
            ("en", include_str!("../../desks/open-banking/en.ftl")),
            ("es", include_str!("../../desks/open-banking/es.ftl")),
            ("it", include_str!("../../desks/open-banking/it.ftl")),
        ],
    },
    BuiltinDesk {
        name: "shop-developer",
        manifest: include_str!("../../desks/shop-developer/desk.toml"),
        texts: &[
            ("en", include_str!("../../desks/shop-developer/en.ftl")),
            ("es", include_str!("../../desks/shop-developer/es.ftl")),
            ("it", include_str!("../../desks/shop-developer/it.ftl")),
        ],
    },
];

/// A desk that is compiled in.
#[derive(Debug)]
pub struct BuiltinDesk {
    /// The folder's name, and the desk's id.
    pub name: &'static str,
    /// The text of `desk.toml`.
    pub manifest: &'static str,
    /// The language and text of each `.ftl` file.
    pub texts: &'static [(&'static str, &'static str)],
}

/// The largest file of a desk that is read, in bytes.
const FILE_LIMIT: u64 = 64 * 1024;

/// A support team that asks for access, and its rules.
#[derive(Debug)]
pub struct Desk {
    /// The folder's name: lower-case letters, digits and `-`.
    pub id: String,
    /// Where it was read from; `None` for a desk that comes with stagepass.
    pub folder: Option<PathBuf>,
    /// What `desk.toml` says.
    pub manifest: Manifest,
    /// By language; English is the first.
    texts: Vec<Spoken>,
}

/// The sentences of a desk in one language.
#[derive(Debug)]
struct Spoken {
    language: String,
    /// The file, for what is wrong with it.
    place: String,
    texts: Catalogue,
}

/// A file of a desk: its name, as it is shown, and its text.
type File<'a> = (&'a str, &'a str);

/// What a desk is to do for grants, where it has a say in any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The team's name, as a merchant knows it.
    pub name: String,
    /// The languages of the pages that the rules were taken from.
    pub languages: Vec<String>,
    /// Whether the desk asks for access at all. One that does not takes tickets only, and nothing is
    /// granted in its cases: what is said of access below is then the strictest there is.
    pub access: bool,
    /// Whether nothing is granted before every required question has its answer.
    pub answers_first: bool,
    /// What the desk connects with: `sftp`, `ssh` or both.
    pub protocols: Vec<Protocol>,
    /// The only port the desk connects to. Without one, any port will do.
    pub port: Option<u16>,
    /// How long access may last.
    pub time_box: TimeBox,
    /// How often and how far a deadline may be moved.
    pub extensions: Extensions,
    /// What the desk asks for before live access.
    pub live: Live,
    /// The desk's own rules, in the desk's own order.
    pub rules: Vec<DeskRule>,
    /// What the desk wants to know, in the order in which it is asked.
    pub questions: Vec<Question>,
    /// What the desk must never be sent.
    pub forbidden: Vec<Forbidden>,
    /// Which answers mean that nobody is to be let in.
    pub stops: Vec<Stop>,
}

/// A `desk.toml` as it is written: what is about access may only be left out together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    languages: Vec<String>,
    #[serde(default = "yes")]
    access: bool,
    #[serde(default)]
    answers_first: bool,
    protocols: Option<Vec<Protocol>>,
    port: Option<u16>,
    time_box: Option<TimeBox>,
    extensions: Option<Extensions>,
    live: Option<Live>,
    rules: Vec<DeskRule>,
    #[serde(default)]
    questions: Vec<Question>,
    #[serde(default)]
    forbidden: Vec<Forbidden>,
    #[serde(default)]
    stops: Vec<Stop>,
}

fn yes() -> bool {
    true
}

impl Written {
    /// The manifest, or the first key that is missing, or that has no place at a desk without
    /// access.
    fn manifest(self) -> Result<Manifest, &'static str> {
        let about_access = [
            ("protocols", self.protocols.is_some()),
            ("time_box", self.time_box.is_some()),
            ("extensions", self.extensions.is_some()),
            ("live", self.live.is_some()),
        ];
        let needless = [
            ("port", self.port.is_some()),
            ("answers_first", self.answers_first),
            ("stops", !self.stops.is_empty()),
        ];
        let wrong = about_access.iter().find(|(_, is_there)| *is_there != self.access);
        let wrong =
            wrong.or_else(|| needless.iter().find(|(_, is_there)| *is_there && !self.access));
        if let Some((key, _)) = wrong {
            return Err(key);
        }
        let live = Live { allowed: false, backup_maximum_age_hours: 1, acknowledge: None };
        Ok(Manifest {
            name: self.name,
            languages: self.languages,
            access: self.access,
            answers_first: self.answers_first,
            protocols: self.protocols.unwrap_or_default(),
            port: self.port,
            time_box: self.time_box.unwrap_or(TimeBox { default_days: 1, maximum_days: 1 }),
            extensions: self.extensions.unwrap_or(Extensions { count: 0, total_days: 1 }),
            live: self.live.unwrap_or(live),
            rules: self.rules,
            questions: self.questions,
            forbidden: self.forbidden,
            stops: self.stops,
        })
    }
}

/// What a desk connects with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Protocol {
    /// File transfer over SSH.
    Sftp,
    /// A shell and commands.
    Ssh,
}

impl Protocol {
    /// The name as it is written in `desk.toml` and shown.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// How long access may last, in days of 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeBox {
    /// Where the merchant names no deadline.
    pub default_days: u16,
    /// The longest a merchant may name. Never above [`HARD_MAXIMUM_DAYS`].
    pub maximum_days: u16,
}

/// How often and how far a deadline may be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extensions {
    /// How many times one grant may be extended.
    pub count: u16,
    /// The last deadline of a grant, in days after it was agreed. Never above
    /// [`HARD_MAXIMUM_DAYS`].
    pub total_days: u16,
}

/// What a desk asks for before live access. stagepass asks for the approver, the approval, the
/// reason, the exact access, a verified backup and the typed host name whatever a desk says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// Whether the desk ever works on a live environment.
    pub allowed: bool,
    /// The oldest a backup may be. Never above [`BACKUP_MAXIMUM_AGE_HOURS`].
    pub backup_maximum_age_hours: u16,
    /// The rule whose sentence the merchant must have seen and acknowledged.
    pub acknowledge: Option<String>,
}

/// One rule of a desk. Its sentence is the message of the same id in the desk's texts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskRule {
    /// The desk's own number for it, such as `M8`.
    pub id: String,
    /// The policy rules that it is the reason for.
    pub speaks_for: Vec<String>,
    /// The languages in which the desk's pages state it.
    pub languages: Vec<String>,
}

/// A desk that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such desk.
    NotFound {
        /// What was asked for.
        name: String,
        /// The desks that there are.
        known: Vec<String>,
    },
    /// The name cannot be the name of a desk.
    Name(String),
    /// The merchant's own folder has the name of a built-in desk, whose rules it would replace.
    NameTaken(PathBuf),
    /// Somebody else could have written the file.
    Unsafe {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with its owner or mode.
        why: String,
    },
    /// The file is not TOML, or does not say what a desk must say.
    Malformed {
        /// The file.
        path: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong there.
        why: String,
    },
    /// The file says something that no desk may say.
    Invalid {
        /// The file.
        path: String,
        /// What it says wrongly.
        why: String,
    },
    /// The texts cannot be read.
    Texts {
        /// The file.
        path: String,
        /// Where and why.
        #[source]
        source: CatalogueError,
    },
    /// The file cannot be read.
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl Told for DeskError {
    fn note(&self) -> Note {
        match self {
            Self::NotFound { name, known } => Note::of(
                "desk-error-not-found",
                &[("name", Arg::of(name)), ("known", Arg::of(known.join(", ")))],
            ),
            Self::Name(value) => {
                Note::of("desk-error-name", &[("value", Arg::of(value.escape_debug()))])
            }
            Self::NameTaken(value) => {
                Note::of("desk-error-name-taken", &[("value", value.display().into())])
            }
            Self::Unsafe { path, why } => Note::of(
                "desk-error-unsafe",
                &[("path", path.display().into()), ("why", Arg::of(why))],
            ),
            Self::Malformed { path, line, column, why } => Note::of(
                "desk-error-malformed",
                &[
                    ("path", Arg::of(path)),
                    ("line", Arg::of(line)),
                    ("column", Arg::of(column)),
                    ("why", Arg::of(why)),
                ],
            ),
            Self::Invalid { path, why } => {
                Note::of("desk-error-invalid", &[("path", Arg::of(path)), ("why", Arg::of(why))])
            }
            Self::Texts { path, source } => Note::of(
                "desk-error-texts",
                &[("path", Arg::of(path)), ("source", Arg::of(source))],
            ),
            Self::Read { path, .. } => {
                Note::of("desk-error-read", &[("path", path.display().into())])
            }
        }
    }
}

shown_by_note!(DeskError);

/// A line of the list of desks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The desk's id.
    pub id: String,
    /// Where the merchant keeps it; `None` for a desk that comes with stagepass.
    pub folder: Option<PathBuf>,
}

impl Desk {
    /// Finds a desk by its id: the built-in ones, then the folders of `own`, the merchant's
    /// `desks` folder.
    ///
    /// # Errors
    /// Says that there is none, or why the merchant's own is not used.
    pub fn find(id: &str, own: Option<&Path>) -> Result<Self, DeskError> {
        if !is_desk_id(id) {
            return Err(DeskError::Name(id.into()));
        }
        let folder = own.map(|own| own.join(id)).filter(|folder| folder.is_dir());
        match (BUILTIN.iter().find(|builtin| builtin.name == id), folder) {
            (Some(_), Some(folder)) => Err(DeskError::NameTaken(folder)),
            (Some(builtin), None) => Self::from_builtin(builtin),
            (None, Some(folder)) => Self::read(id, folder),
            (None, None) => Err(DeskError::NotFound {
                name: id.into(),
                known: Self::list(own)?.into_iter().map(|listed| listed.id).collect(),
            }),
        }
    }

    /// Every desk there is, built-in ones first, each part in the order of its ids.
    ///
    /// # Errors
    /// Fails when the merchant's folder exists and cannot be listed.
    pub fn list(own: Option<&Path>) -> Result<Vec<Listed>, DeskError> {
        let mut desks: Vec<_> = BUILTIN
            .iter()
            .map(|builtin| Listed { id: builtin.name.into(), folder: None })
            .collect();
        let Some(own) = own else { return Ok(desks) };
        let read = |source| DeskError::Read { path: own.into(), source };
        let entries = match std::fs::read_dir(own) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(desks),
            Err(error) => return Err(read(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let folder = entry.map_err(read)?.path();
            let name = folder.file_name().and_then(|name| name.to_str()).map(String::from);
            if let Some(id) = name.filter(|name| is_desk_id(name) && folder.is_dir()) {
                found.push(Listed { id, folder: Some(folder) });
            }
        }
        found.sort_by(|one, other| one.id.cmp(&other.id));
        desks.extend(found);
        Ok(desks)
    }

    fn from_builtin(builtin: &BuiltinDesk) -> Result<Self, DeskError> {
        let place = |file: &str| format!("desks/{}/{file}", builtin.name);
        let manifest = place("desk.toml");
        let places: Vec<String> =
            builtin.texts.iter().map(|(language, _)| place(&format!("{language}.ftl"))).collect();
        let texts = builtin.texts.iter().zip(&places);
        let texts = texts.map(|((language, text), place)| (*language, (place.as_str(), *text)));
        Self::parse(builtin.name, None, (&manifest, builtin.manifest), texts)
    }

    /// A desk by the name and text of its files: the manifest, and one for each language. English is
    /// the first of those.
    pub(crate) fn parse<'a>(
        id: &str,
        folder: Option<PathBuf>,
        (place, manifest): File<'_>,
        texts: impl IntoIterator<Item = (&'a str, File<'a>)>,
    ) -> Result<Self, DeskError> {
        let written = parse_manifest(place, manifest)?;
        let is_ticket_desk = !written.access;
        let manifest = written.manifest().map_err(|key| DeskError::Invalid {
            path: place.into(),
            why: match is_ticket_desk {
                true => message::text("desk-invalid-needless", &[("key", key.into())]),
                false => message::text("desk-invalid-missing", &[("key", key.into())]),
            },
        })?;
        let texts = texts
            .into_iter()
            .map(|(language, (place, text))| {
                let texts = parse_texts(place, language, text)?;
                Ok(Spoken { language: language.into(), place: place.into(), texts })
            })
            .collect::<Result<_, DeskError>>()?;
        Self { id: id.into(), folder, manifest, texts }.checked(place)
    }

    fn read(id: &str, folder: PathBuf) -> Result<Self, DeskError> {
        // Whoever can write the folder above can put another one in its place.
        for path in folder.parent().into_iter().chain([folder.as_path()]) {
            let meta = std::fs::metadata(path)
                .map_err(|source| DeskError::Read { path: path.into(), source })?;
            if let Some(why) = file::written_by_others(&meta, &[]) {
                return Err(DeskError::Unsafe { path: path.into(), why: why.text() });
            }
        }
        let manifest_path = folder.join("desk.toml");
        let manifest = read_own_file(&manifest_path)?;
        let mut texts = Vec::new();
        for language in LANGUAGES {
            let path = folder.join(format!("{language}.ftl"));
            // English has to be there; another language is told where the desk has it.
            if *language == "en" || path.exists() {
                texts.push((*language, path.display().to_string(), read_own_file(&path)?));
            }
        }
        let texts = texts.iter().map(|(language, place, text)| (*language, (&**place, &**text)));
        let place = manifest_path.display().to_string();
        Self::parse(id, Some(folder), (&place, &manifest), texts)
    }

    /// What a desk may not say, however well formed.
    fn checked(self, path: &str) -> Result<Self, DeskError> {
        let invalid = |why: String| Err(DeskError::Invalid { path: path.into(), why });
        let Manifest { time_box, extensions, live, rules, .. } = &self.manifest;
        if time_box.maximum_days == 0 || time_box.maximum_days > HARD_MAXIMUM_DAYS {
            return invalid(message::text(
                "desk-invalid-maximum",
                &[("days", time_box.maximum_days.into()), ("most", HARD_MAXIMUM_DAYS.into())],
            ));
        }
        if time_box.default_days == 0 || time_box.default_days > time_box.maximum_days {
            return invalid(message::text(
                "desk-invalid-default",
                &[("days", time_box.default_days.into()), ("most", time_box.maximum_days.into())],
            ));
        }
        if extensions.total_days < time_box.maximum_days
            || extensions.total_days > HARD_MAXIMUM_DAYS
        {
            return invalid(message::text(
                "desk-invalid-total",
                &[
                    ("days", extensions.total_days.into()),
                    ("least", time_box.maximum_days.into()),
                    ("most", HARD_MAXIMUM_DAYS.into()),
                ],
            ));
        }
        if live.backup_maximum_age_hours == 0
            || live.backup_maximum_age_hours > BACKUP_MAXIMUM_AGE_HOURS
        {
            return invalid(message::text(
                "desk-invalid-age",
                &[
                    ("hours", live.backup_maximum_age_hours.into()),
                    ("most", BACKUP_MAXIMUM_AGE_HOURS.into()),
                ],
            ));
        }
        if self.manifest.access && self.manifest.protocols.is_empty() {
            return invalid(message::text("desk-invalid-protocols", &[]));
        }
        if matches!(self.manifest.port, Some(0 | 20 | 21 | 990)) {
            return invalid(message::text("desk-invalid-port", &[]));
        }
        if let Err(problem) = crate::policy::check_name(&self.manifest.name) {
            return invalid(message::text("desk-invalid-name", &[("problem", Arg::of(problem))]));
        }
        if let Some(acknowledge) = &live.acknowledge
            && !rules.iter().any(|rule| rule.id == *acknowledge)
        {
            return invalid(message::text(
                "desk-invalid-acknowledge",
                &[("rule", acknowledge.into())],
            ));
        }
        if let Some(why) = self.wrong_rule() {
            return invalid(why);
        }
        if let Some((id, problem)) = self.wrong_question() {
            let args = [("id", Arg::of(id.escape_debug())), ("problem", problem.into())];
            return invalid(message::text("desk-invalid-question", &args));
        }
        match self.missing_sentence() {
            Some((path, why)) => Err(DeskError::Invalid { path, why }),
            None => Ok(self),
        }
    }

    /// The first sentence that one of the languages does not have: the file, and what it lacks.
    fn missing_sentence(&self) -> Option<(String, String)> {
        let rules = self.manifest.rules.iter().map(|rule| rule.id.clone());
        let mut wanted: Vec<String> = rules.collect();
        for question in &self.manifest.questions {
            let id = question_message(&question.id);
            // What one language explains, each does.
            let help = format!("{id}.help");
            if self.texts.iter().any(|spoken| spoken.texts.text(&help, &[]).is_some()) {
                wanted.push(help);
            }
            wanted.push(id.clone());
            wanted.extend(question.choices.iter().map(|word| format!("{id}.choice-{word}")));
        }
        for spoken in &self.texts {
            if let Some(id) = wanted.iter().find(|id| spoken.texts.text(id, &[]).is_none()) {
                let args = [("id", Arg::of(id.escape_debug()))];
                let why = message::text("desk-invalid-sentence", &args);
                return Some((spoken.place.clone(), why));
            }
        }
        None
    }

    /// Why the list of rules cannot be used, if so.
    fn wrong_rule(&self) -> Option<String> {
        for (position, rule) in self.manifest.rules.iter().enumerate() {
            let id = rule.id.escape_debug();
            let earlier = self.manifest.rules.iter().take(position);
            if earlier.into_iter().any(|other| other.id == rule.id) {
                return Some(message::text("desk-invalid-twice", &[("rule", Arg::of(&id))]));
            }
            for spoken in &rule.speaks_for {
                if Rule::from_id(spoken).is_none() {
                    return Some(message::text(
                        "desk-invalid-speaks-for",
                        &[("rule", Arg::of(&id)), ("spoken", Arg::of(spoken.escape_debug()))],
                    ));
                }
            }
        }
        None
    }

    /// The first of the desk's rules that is the reason for this rule of stagepass.
    #[must_use]
    pub fn speaks_for(&self, rule: Rule) -> Option<&DeskRule> {
        self.manifest.rules.iter().find(|one| one.speaks_for.iter().any(|id| id == rule.id()))
    }

    /// The sentence of the desk's rule with this id.
    #[must_use]
    pub fn rule_text(&self, id: &str) -> Option<String> {
        self.told(id, None)
    }

    /// The languages in which the desk's rules and questions are told.
    pub fn spoken(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|spoken| spoken.language.as_str())
    }

    /// What a question asks, in a language that the desk speaks; in English where it does not.
    #[must_use]
    pub fn question_text(&self, id: &str, language: Option<&str>) -> String {
        self.told(&question_message(id), language).unwrap_or_else(|| id.to_owned())
    }

    /// What is to be known to answer a question, if the desk says something about it.
    #[must_use]
    pub fn question_help(&self, id: &str, language: Option<&str>) -> Option<String> {
        self.told(&format!("{}.help", question_message(id)), language)
    }

    /// What a word that answers a choice means.
    #[must_use]
    pub fn choice_text(&self, id: &str, word: &str, language: Option<&str>) -> String {
        let message = format!("{}.choice-{word}", question_message(id));
        self.told(&message, language).unwrap_or_else(|| word.to_owned())
    }

    fn told(&self, id: &str, language: Option<&str>) -> Option<String> {
        let is_meant = |spoken: &&Spoken| Some(spoken.language.as_str()) == language;
        let spoken = self.texts.iter().find(is_meant).or_else(|| self.texts.first())?;
        spoken.texts.text(id, &[])
    }

    /// Whether the desk connects with this.
    #[must_use]
    pub fn connects_with(&self, protocol: Protocol) -> bool {
        self.manifest.protocols.contains(&protocol)
    }
}

/// The languages that a desk may have texts in; the first has to be there.
const LANGUAGES: &[&str] = &["en", "es", "it"];

/// The message that asks the question with this id.
fn question_message(id: &str) -> String {
    format!("question-{id}")
}

/// Whether a text can be the name of a desk: lower-case letters, digits and `-`, at most 40.
#[must_use]
pub fn is_desk_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn parse_manifest(path: &str, source: &str) -> Result<Written, DeskError> {
    toml_edit::de::from_str(source).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let (line, column) = line_and_column(source, at);
        DeskError::Malformed { path: path.into(), line, column, why: error.message().into() }
    })
}

fn parse_texts(path: &str, language: &str, source: &str) -> Result<Catalogue, DeskError> {
    let language = LanguageIdentifier::from_bytes(language.as_bytes()).unwrap_or_default();
    Catalogue::parse(&language, source)
        .map_err(|source| DeskError::Texts { path: path.into(), source })
}

/// Reads a file of the merchant's own desk: a small regular file that nobody else can write.
fn read_own_file(path: &Path) -> Result<String, DeskError> {
    let fail = |source| DeskError::Read { path: path.into(), source };
    let refused = |why: String| DeskError::Unsafe { path: path.into(), why };
    let read = file::read(path, FILE_LIMIT, Links::Follow).map_err(|unread| match unread {
        Unread::Io(source) => fail(source),
        other => refused(other.to_string()),
    })?;
    if let Some(why) = file::written_by_others(&read.about, &[]) {
        return Err(refused(why.text()));
    }
    read.text().map(str::to_owned).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A desk that may be used, to be changed by a test.
    const OWN: &str = r#"
name = "Acme support"
languages = ["en"]
protocols = ["sftp"]

[time_box]
default_days = 3
maximum_days = 7

[extensions]
count = 1
total_days = 10

[live]
allowed = false
backup_maximum_age_hours = 12

[[rules]]
id = "A1"
speaks_for = ["ftp"]
languages = ["en"]
"#;

    const OWN_TEXTS: &str = "A1 = Acme uses SFTP.\n";

    /// A merchant's `desks` folder with one desk in it.
    fn own(id: &str, manifest: &str, texts: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(id);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("desk.toml"), manifest).unwrap();
        std::fs::write(folder.join("en.ftl"), texts).unwrap();
        #[cfg(unix)]
        for path in [folder.join("desk.toml"), folder.join("en.ftl"), folder] {
            set_mode(&path, if path.is_dir() { 0o755 } else { 0o644 });
        }
        root
    }

    #[cfg(unix)]
    fn set_mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn every_built_in_desk_can_be_used() {
        for builtin in BUILTIN {
            let desk = Desk::find(builtin.name, None).unwrap();
            assert_eq!(desk.id, builtin.name);
            assert_eq!(desk.folder, None);
            for rule in &desk.manifest.rules {
                assert!(!rule.languages.is_empty(), "{}: {}", builtin.name, rule.id);
                let text = desk.rule_text(&rule.id).unwrap();
                assert!(text.ends_with('.') && !text.contains('{'), "{text}");
            }
        }
    }

    #[test]
    fn the_built_in_desks_are_the_folders_of_desks() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("desks");
        let mut folders: Vec<_> = std::fs::read_dir(&root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        folders.sort();
        assert_eq!(folders, BUILTIN.iter().map(|builtin| builtin.name).collect::<Vec<_>>());
        for builtin in BUILTIN {
            let mut files: Vec<_> = std::fs::read_dir(root.join(builtin.name))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            let mut embedded: Vec<_> =
                builtin.texts.iter().map(|(language, _)| format!("{language}.ftl")).collect();
            embedded.insert(0, "desk.toml".into());
            assert_eq!(files, embedded);
        }
    }

    #[test]
    fn multisafepay_has_its_twelve_rules() {
        let desk = Desk::find("multisafepay", None).unwrap();
        let ids: Vec<_> = desk.manifest.rules.iter().map(|rule| rule.id.as_str()).collect();
        let all = ["M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M9", "M10", "M11", "M12"];
        assert_eq!(ids, all);
        let Manifest { time_box, extensions, live, port, .. } = &desk.manifest;
        assert_eq!(*time_box, TimeBox { default_days: 14, maximum_days: 35 });
        assert_eq!(*extensions, Extensions { count: 2, total_days: 35 });
        assert_eq!(*port, Some(22));
        assert_eq!(live.acknowledge.as_deref(), Some("M7"));
        assert!(desk.connects_with(Protocol::Sftp) && desk.connects_with(Protocol::Ssh));
        for (rule, number) in [
            (Rule::Ftp, "M8"),
            (Rule::Port, "M9"),
            (Rule::Live, "M1"),
            (Rule::LiveApprover, "M5"),
            (Rule::LiveBackup, "M6"),
            (Rule::LiveAcknowledgement, "M7"),
            (Rule::DeadlineMaximum, "M11"),
            (Rule::PasswordStrength, "M3"),
            (Rule::CloseDelete, "M4"),
            (Rule::ShopUser, "M2"),
            (Rule::Answers, "M12"),
            (Rule::DeadlineCase, "M10"),
        ] {
            assert_eq!(desk.speaks_for(rule).unwrap().id, number, "{}", rule.id());
        }
    }

    /// A desk's ids and attributes in one of its files, by the text alone.
    fn messages(text: &str) -> Vec<String> {
        let (mut ids, mut message) = (Vec::new(), String::new());
        for line in text.lines() {
            let Some((id, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) else {
                continue;
            };
            match id.strip_prefix("    .") {
                Some(attribute) => ids.push(format!("{message}.{attribute}")),
                None => {
                    message = id.to_owned();
                    ids.push(message.clone());
                }
            }
        }
        ids.sort();
        ids
    }

    #[test]
    fn every_built_in_desk_says_the_same_in_english_spanish_and_italian() {
        for builtin in BUILTIN {
            let languages: Vec<&str> =
                builtin.texts.iter().map(|(language, _)| *language).collect();
            assert_eq!(languages, ["en", "es", "it"], "{}", builtin.name);
            let desk = Desk::find(builtin.name, None).unwrap();
            let mut expected: Vec<String> =
                desk.manifest.rules.iter().map(|rule| rule.id.clone()).collect();
            for question in &desk.manifest.questions {
                let id = question_message(&question.id);
                let choices = question.choices.iter().map(|word| format!("{id}.choice-{word}"));
                expected.extend(choices);
                let help = desk.question_help(&question.id, None).map(|_| format!("{id}.help"));
                expected.extend(help);
                expected.push(id);
            }
            expected.sort();
            for (language, text) in builtin.texts {
                assert_eq!(messages(text), expected, "{}/{language}.ftl", builtin.name);
            }
            for (one, other) in [("en", "es"), ("es", "it"), ("en", "it")] {
                for question in &desk.manifest.questions {
                    let [one, other] = [one, other]
                        .map(|language| desk.question_text(&question.id, Some(language)));
                    assert_ne!(one, other, "{}", question.id);
                }
            }
        }
    }

    #[test]
    fn a_language_that_lacks_a_sentence_is_refused_by_its_file() {
        let root = own("acme", OWN, OWN_TEXTS);
        let spanish = root.path().join("acme/es.ftl");
        std::fs::write(&spanish, "A1 = Acme usa SFTP.\n").unwrap();
        #[cfg(unix)]
        set_mode(&spanish, 0o644);
        let desk = Desk::find("acme", Some(root.path())).unwrap();
        assert_eq!(desk.told("A1", Some("es")).as_deref(), Some("Acme usa SFTP."));
        assert_eq!(desk.told("A1", Some("it")).as_deref(), Some("Acme uses SFTP."));
        std::fs::write(&spanish, "A2 = Acme usa SFTP.\n").unwrap();
        let error = Desk::find("acme", Some(root.path())).unwrap_err().to_string();
        assert!(error.contains("es.ftl") && error.contains("`A1` is missing"), "{error}");
    }

    /// Questions that may be asked, to be changed by a test.
    const ASKED: &str = r#"
[[questions]]
id = "kind"
kind = "choice"
choices = ["one", "two"]
need = "required"
rule = "A1"

[[questions]]
id = "more"
kind = "id"
need = "wanted"
rule = "A1"
only_when = { question = "kind", is = ["two"] }

[[forbidden]]
id = "pin"
rule = "A1"

[[stops]]
rule = "A1"
when = [{ question = "kind", is = ["one"] }]
"#;

    const ASKED_TEXTS: &str = "A1 = Acme uses SFTP.\nquestion-kind = Which?\n    .choice-one = 1\n    \
                               .choice-two = 2\nquestion-more = What?\n    .help = A word.\n";

    #[test]
    fn a_question_that_cannot_be_asked_is_refused() {
        let whole = format!("{OWN}{ASKED}");
        let root = own("acme", &whole, ASKED_TEXTS);
        Desk::find("acme", Some(root.path())).unwrap();
        for (from, to, expected) in [
            ("id = \"kind\"", "id = \"Kind\"", "`Kind` is no name for a question"),
            ("id = \"more\"", "id = \"kind\"", "question `kind` is there twice"),
            (
                "need = \"wanted\"\nrule = \"A1\"",
                "need = \"wanted\"\nrule = \"A9\"",
                "names a rule",
            ),
            ("choices = [\"one\", \"two\"]", "", "has `choices` exactly where"),
            ("kind = \"id\"", "kind = \"id\"\nchoices = [\"x\"]", "has `choices` exactly where"),
            ("choices = [\"one\", \"two\"]", "choices = [\"one\", \"-\"]", "is no word"),
            ("is = [\"two\"]", "is = [\"three\"]", "no earlier question"),
            ("is = [\"two\"]", "is = []", "no earlier question"),
            (
                "only_when = { question = \"kind\"",
                "only_when = { question = \"more\"",
                "no earlier",
            ),
            ("kind = \"id\"", "kind = \"text\"\nuuid = true", "has `uuid`"),
            ("kind = \"id\"", "kind = \"multi-line\"\nsecret = true", "has `secret`"),
            ("id = \"pin\"", "id = \"kind\"", "`kind` is forbidden, and asked for"),
            ("id = \"pin\"\nrule = \"A1\"", "id = \"pin\"\nrule = \"A9\"", "`pin` names a rule"),
            ("when = [{ question = \"kind\", is = [\"one\"] }]", "when = []", "has no condition"),
            ("is = [\"one\"] }]", "is = [\"six\"] }]", "no earlier question"),
        ] {
            let manifest = whole.replace(from, to);
            assert_ne!(manifest, whole, "{from}");
            let root = own("acme", &manifest, ASKED_TEXTS);
            let error = Desk::find("acme", Some(root.path())).unwrap_err().to_string();
            assert!(error.contains(expected), "{from} -> {to}: {error}");
        }
        for (from, id) in [
            ("question-kind = Which?", "question-kind"),
            ("    .choice-two = 2\n", "question-kind.choice-two"),
        ] {
            let texts = ASKED_TEXTS.replace(from, if from.starts_with(' ') { "" } else { "x = y" });
            let root = own("acme", &whole, &texts);
            let error = Desk::find("acme", Some(root.path())).unwrap_err().to_string();
            assert!(error.contains(&format!("`{id}` is missing")), "{from}: {error}");
        }
    }

    #[test]
    fn a_desk_without_access_says_nothing_of_access_and_one_with_access_says_all() {
        let about_access =
            OWN.split_once("[time_box]").unwrap().1.split_once("[[rules]]").unwrap().0;
        let tickets = OWN
            .replace(about_access, "")
            .replace("[time_box]", "")
            .replace("protocols = [\"sftp\"]", "access = false");
        let root = own("acme", &tickets, OWN_TEXTS);
        let desk = Desk::find("acme", Some(root.path())).unwrap();
        assert!(!desk.manifest.access && !desk.manifest.live.allowed);
        for (key, more) in [
            ("protocols", "protocols = [\"ssh\"]"),
            ("port", "port = 22"),
            ("answers_first", "answers_first = true"),
        ] {
            let manifest = tickets.replace("access = false", &format!("access = false\n{more}"));
            let root = own("acme", &manifest, OWN_TEXTS);
            let error = Desk::find("acme", Some(root.path())).unwrap_err().to_string();
            assert!(error.contains(&format!("has no `{key}`")), "{error}");
        }
        for (key, part) in [
            ("protocols", "protocols = [\"sftp\"]"),
            ("extensions", "[extensions]\ncount = 1\ntotal_days = 10"),
        ] {
            let root = own("acme", &OWN.replace(part, ""), OWN_TEXTS);
            let error = Desk::find("acme", Some(root.path())).unwrap_err().to_string();
            assert!(error.contains(&format!("`{key}` is missing")), "{error}");
        }
    }

    #[test]
    fn a_merchants_own_desk_works_like_a_built_in_one() {
        let root = own("acme", OWN, OWN_TEXTS);
        let desk = Desk::find("acme", Some(root.path())).unwrap();
        assert_eq!(desk.folder.as_deref(), Some(root.path().join("acme").as_path()));
        assert_eq!(desk.manifest.port, None);
        assert_eq!(desk.rule_text("A1").as_deref(), Some("Acme uses SFTP."));
        assert_eq!(desk.speaks_for(Rule::Ftp).unwrap().id, "A1");
        assert!(desk.speaks_for(Rule::Port).is_none());
        assert!(!desk.connects_with(Protocol::Ssh));
    }

    #[test]
    fn the_desk_in_the_book_can_be_used() {
        let book = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/desks.md");
        let book = std::fs::read_to_string(book).unwrap();
        let block = |kind: &str| {
            let (_, chapter) = book.split_once("\n## Writing one\n").unwrap();
            let (_, rest) = chapter.split_once(&format!("```{kind}\n")).unwrap();
            rest.split_once("```").unwrap().0.to_owned()
        };
        let root = own("acme", &block("toml"), &block("ftl"));
        let desk = Desk::find("acme", Some(root.path())).unwrap();
        assert_eq!(desk.manifest.rules.len(), 2);
    }

    #[test]
    fn the_list_has_built_in_desks_first_and_survives_what_is_no_desk() {
        let root = own("zeta", OWN, OWN_TEXTS);
        std::fs::create_dir(root.path().join("alpha")).unwrap();
        std::fs::create_dir(root.path().join("Not A Desk")).unwrap();
        std::fs::write(root.path().join("file"), "").unwrap();
        let ids = |own: Option<&Path>| -> Vec<String> {
            Desk::list(own).unwrap().into_iter().map(|listed| listed.id).collect()
        };
        let built_in = ["multisafepay", "open-banking", "shop-developer"];
        assert_eq!(ids(Some(root.path())), [&built_in[..], &["alpha", "zeta"]].concat());
        assert_eq!(ids(None), built_in);
        assert_eq!(ids(Some(&root.path().join("missing"))), built_in);
    }

    #[test]
    fn a_desk_that_is_not_there_is_answered_with_those_that_are() {
        let root = own("acme", OWN, OWN_TEXTS);
        let error = Desk::find("amce", Some(root.path())).unwrap_err();
        let known = "multisafepay, open-banking, shop-developer, acme";
        assert_eq!(error.to_string(), format!("there is no desk `amce`; there are: {known}"));
    }

    #[test]
    fn a_desks_name_cannot_leave_the_folder() {
        for id in ["", "..", "../x", "a/b", "A", "a b", "a\u{1b}", ".hidden", "-x", &"a".repeat(41)]
        {
            let error = Desk::find(id, Some(Path::new("/"))).unwrap_err();
            assert!(matches!(error, DeskError::Name(_)), "{id:?}: {error}");
            assert!(!error.to_string().contains('\u{1b}'));
        }
    }

    #[test]
    fn the_rules_of_a_built_in_desk_cannot_be_replaced() {
        let root = own("multisafepay", OWN, OWN_TEXTS);
        let error = Desk::find("multisafepay", Some(root.path())).unwrap_err();
        assert!(matches!(error, DeskError::NameTaken(_)), "{error}");
    }

    #[test]
    fn a_malformed_desk_is_told_with_line_and_column() {
        let cases = [
            (OWN.replace("count = 1", "count = one"), 11, 9),
            (OWN.replace("count = 1", "count = -1"), 11, 9),
            (OWN.replace("allowed = false", "allowed = false\nalowed = true"), 16, 1),
            (OWN.replace("[\"sftp\"]", "[\"ftp\"]"), 4, 14),
            (OWN.replace("default_days = 3", "default_days = 3\ndefault_days = 4"), 8, 1),
            (OWN.replace("name = \"Acme support\"", "name = \"Acme"), 2, 13),
            (OWN.replace("maximum_days = 7", "maximum_days = 99999"), 8, 16),
        ];
        for (manifest, line, column) in cases {
            let root = own("acme", &manifest, OWN_TEXTS);
            let error = Desk::find("acme", Some(root.path())).unwrap_err();
            let DeskError::Malformed { line: at_line, column: at_column, .. } = &error else {
                panic!("{error}")
            };
            assert_eq!((*at_line, *at_column), (line, column), "{error}");
        }
    }

    #[test]
    fn a_desk_that_asks_for_too_much_is_refused() {
        let cases = [
            ("maximum_days = 7", "maximum_days = 36", "`time_box.maximum_days` is 36"),
            ("maximum_days = 7", "maximum_days = 0", "`time_box.maximum_days` is 0"),
            ("default_days = 3", "default_days = 8", "`time_box.default_days` is 8"),
            ("default_days = 3", "default_days = 0", "`time_box.default_days` is 0"),
            ("total_days = 10", "total_days = 36", "`extensions.total_days` is 36"),
            ("total_days = 10", "total_days = 6", "`extensions.total_days` is 6"),
            ("hours = 12", "hours = 25", "`live.backup_maximum_age_hours` is 25"),
            ("hours = 12", "hours = 0", "`live.backup_maximum_age_hours` is 0"),
            ("hours = 12", "hours = 12\nacknowledge = \"A9\"", "names no rule: `A9`"),
            ("[\"sftp\"]", "[]", "`protocols` is empty"),
            ("[\"sftp\"]", "[\"sftp\"]\nport = 21", "`port` is not a port for SSH"),
            ("[\"ftp\"]", "[\"fpt\"]", "speaks for `fpt`"),
            ("id = \"A1\"", "id = \"A2\"", "the sentence `A2` is missing"),
            ("Acme support", "Acme \\u001b[31m", "`name` has a character in it"),
        ];
        for (from, to, expected) in cases {
            let manifest = OWN.replace(from, to);
            assert_ne!(manifest, OWN);
            let root = own("acme", &manifest, OWN_TEXTS);
            let error = Desk::find("acme", Some(root.path())).unwrap_err();
            assert!(matches!(error, DeskError::Invalid { .. }), "{to}: {error}");
            assert!(error.to_string().contains(expected), "{to}: {error}");
        }
        let rule = OWN.split_once("[[rules]]").unwrap().1;
        let root = own("acme", &format!("{OWN}\n[[rules]]{rule}"), OWN_TEXTS);
        let error = Desk::find("acme", Some(root.path())).unwrap_err();
        assert!(error.to_string().contains("rule `A1` is there twice"), "{error}");
    }

    #[test]
    fn broken_texts_and_missing_files_are_told_by_name() {
        let root = own("acme", OWN, "A1 Acme\n");
        let error = Desk::find("acme", Some(root.path())).unwrap_err();
        assert!(matches!(error, DeskError::Texts { .. }), "{error}");
        assert!(error.to_string().contains("en.ftl"), "{error}");
        std::fs::remove_file(root.path().join("acme/en.ftl")).unwrap();
        let error = Desk::find("acme", Some(root.path())).unwrap_err();
        assert!(matches!(error, DeskError::Read { .. }), "{error}");
        assert!(error.to_string().contains("en.ftl"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_desk_that_others_can_write_is_not_used() {
        for (path, mode) in [
            ("acme/desk.toml", 0o664),
            ("acme/desk.toml", 0o646),
            ("acme/en.ftl", 0o666),
            ("acme", 0o777),
            ("acme", 0o775),
            (".", 0o777),
        ] {
            let root = own("acme", OWN, OWN_TEXTS);
            set_mode(&root.path().join(path), mode);
            let error = Desk::find("acme", Some(root.path())).unwrap_err();
            assert!(matches!(error, DeskError::Unsafe { .. }), "{path}: {error}");
            assert!(error.to_string().contains("chmod go-w"), "{path}: {error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_desk_that_belongs_to_another_user_is_not_used() {
        // Only root can give a file away; others look at a folder that is root's already.
        let root = own("acme", OWN, OWN_TEXTS);
        let file = root.path().join("acme/desk.toml");
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(&file, Some(1), None).unwrap();
        } else {
            std::fs::remove_file(&file).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", &file).unwrap();
        }
        let error = Desk::find("acme", Some(root.path())).unwrap_err();
        assert!(error.to_string().ends_with("it belongs to another user"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_would_keep_us_waiting_or_is_too_large_is_not_read() {
        let root = own("acme", OWN, OWN_TEXTS);
        let file = root.path().join("acme/desk.toml");
        std::fs::write(&file, "#".repeat(64 * 1024 + 1)).unwrap();
        let error = Desk::find("acme", Some(root.path())).unwrap_err();
        assert!(error.to_string().ends_with("it is larger than 64 KiB"), "{error}");
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        let error = Desk::find("acme", Some(root.path())).unwrap_err();
        assert!(error.to_string().ends_with("it is not a regular file"), "{error}");
    }
}
