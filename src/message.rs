//! Every sentence that a person reads, looked up by id in a Project Fluent catalogue, so that a
//! language is added without touching code. A test counts what is still said in Rust.
//!
//! `id` is a message of `locales/<language>/stagepass.ftl`; `id.attribute` is one of its
//! attributes. Command names, flags, JSON keys and ids are never translated.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::text;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde::Serialize;
use unic_langid::LanguageIdentifier;

/// The built-in catalogues: the language and its text. The first one is spoken where no other is
/// asked for.
const LOCALES: &[(&str, &str)] = &[("en", include_str!("../locales/en/stagepass.ftl"))];

/// A value that is put into a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// A text. Characters that steer a terminal have been replaced.
    Text(String),
    /// A number; the catalogue chooses the plural by it.
    Number(i64),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(harmless(text))
    }
}

impl From<&String> for Arg {
    fn from(text: &String) -> Self {
        Self::Text(harmless(text))
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(harmless(&text))
    }
}

impl From<std::path::Display<'_>> for Arg {
    fn from(path: std::path::Display<'_>) -> Self {
        Self::Text(harmless(&path.to_string()))
    }
}

impl From<&Path> for Arg {
    fn from(path: &Path) -> Self {
        path.display().into()
    }
}

impl From<&PathBuf> for Arg {
    fn from(path: &PathBuf) -> Self {
        path.display().into()
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u16> for Arg {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Arg {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Id> for Arg {
    fn from(id: Id) -> Self {
        id.text().into()
    }
}

impl From<Note> for Arg {
    fn from(note: Note) -> Self {
        note.text.into()
    }
}

impl Arg {
    /// What anything says of itself.
    #[must_use]
    pub fn of(value: impl fmt::Display) -> Self {
        value.to_string().into()
    }
}

/// The text with every steering character except the line break replaced.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c != '\n' && text::is_steering(c) { '\u{fffd}' } else { c }).collect()
}

/// A catalogue that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CatalogueError {
    /// The line of the first mistake, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub why: String,
}

/// Sentences in one language.
pub struct Catalogue(FluentBundle<FluentResource>);

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Catalogue").field(&self.0.locales).finish()
    }
}

impl Catalogue {
    /// Reads a catalogue from the text of an `.ftl` file.
    ///
    /// # Errors
    /// Says where the text is not Fluent, or which id is there twice.
    pub fn parse(language: &LanguageIdentifier, source: &str) -> Result<Self, CatalogueError> {
        let resource = FluentResource::try_new(source.into()).map_err(|(_, errors)| {
            let first = errors.first();
            let at = first.map_or(0, |error| error.pos.start);
            CatalogueError {
                line: line_and_column(source, at).0,
                why: first.map_or_else(|| "not a catalogue".into(), |error| error.kind.to_string()),
            }
        })?;
        let mut bundle = FluentBundle::new_concurrent(vec![language.clone()]);
        // The marks that Fluent would put around values show up as rubbish in a terminal, and they
        // would be copied along with a host name or a command.
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).map_err(|errors| CatalogueError {
            line: 1,
            why: errors.first().map_or_else(|| "not a catalogue".into(), ToString::to_string),
        })?;
        Ok(Self(bundle))
    }

    /// The same for what is in English.
    ///
    /// # Errors
    /// As [`Catalogue::parse`].
    pub fn english(source: &str) -> Result<Self, CatalogueError> {
        Self::parse(&"en".parse().expect("it is the name of a language"), source)
    }

    /// The sentence with this id, or `None` where this catalogue has none. A value that the
    /// sentence asks for and that was not given shows as `{$name}`.
    #[must_use]
    pub fn text(&self, id: &str, args: &[(&str, Arg)]) -> Option<String> {
        let pattern = match id.split_once('.') {
            None => self.0.get_message(id)?.value()?,
            Some((id, attribute)) => self.0.get_message(id)?.get_attribute(attribute)?.value(),
        };
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            match value {
                Arg::Text(text) => values.set(*name, text.as_str()),
                Arg::Number(number) => values.set(*name, FluentValue::from(*number)),
            }
        }
        let mut problems = Vec::new();
        Some(self.0.format_pattern(pattern, Some(&values), &mut problems).into_owned())
    }
}

/// The line and column, both counted from 1, of a byte in a text. A column counts characters.
#[must_use]
pub fn line_and_column(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at).unwrap_or(source);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}

/// The catalogue that stagepass speaks from.
fn spoken() -> &'static Catalogue {
    static SPOKEN: OnceLock<Catalogue> = OnceLock::new();
    SPOKEN.get_or_init(|| {
        let (language, source) = LOCALES.first().expect("one language is built in");
        let language = language.parse().expect("a test reads every built-in language");
        // Never in a program that was built for use.
        #[cfg(debug_assertions)]
        if let Some(other) = crate::context::catalogue_of_a_test() {
            return Catalogue::parse(&language, &other).expect("a test made it");
        }
        Catalogue::parse(&language, source).expect("a test reads every built-in catalogue")
    })
}

/// The sentence with this id, with the values put in. A test holds every id that the code asks for
/// against the catalogue; an id that is missing all the same shows itself instead of ending the
/// program.
#[must_use]
pub fn text(id: &str, args: &[(&str, Arg)]) -> String {
    spoken().text(id, args).unwrap_or_else(|| id.into())
}

/// A sentence, and the id by which programs know it whatever the language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The same word for the same thing; [`NO_ID`] where another program said it.
    pub id: String,
    /// The sentence, without a full stop.
    pub text: String,
}

/// In place of the id of a sentence that has none.
pub const NO_ID: &str = "note";

impl Note {
    /// The sentence with this id of the built-in catalogue.
    #[must_use]
    pub fn of(id: &str, args: &[(&str, Arg)]) -> Self {
        Self { id: id.to_owned(), text: text(id, args) }
    }

    /// What another program said: a server, the system, a library.
    #[must_use]
    pub fn quoted(text: impl Into<String>) -> Self {
        Self { id: NO_ID.to_owned(), text: text.into() }
    }

    /// Those of these sentences that are so.
    pub fn those<'a>(
        all: impl IntoIterator<Item = (&'a str, bool)>,
        args: &[(&str, Arg)],
    ) -> impl Iterator<Item = Self> {
        all.into_iter().filter(|(_, is_so)| *is_so).map(|(id, _)| Self::of(id, args))
    }

    /// The same, of a login that was to be tried.
    #[must_use]
    pub fn of_login(self) -> Self {
        let text = text("login-note", &[("text", self.text.into())]);
        Self { id: self.id, text }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The id of a sentence, to be handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub &'static str);

impl Id {
    /// The sentence.
    #[must_use]
    pub fn text(self) -> String {
        text(self.0, &[])
    }

    /// The sentence, where it has values after all.
    #[must_use]
    pub fn with(self, args: &[(&str, Arg)]) -> Note {
        Note::of(self.0, args)
    }
}

impl From<Id> for Note {
    fn from(id: Id) -> Self {
        Self::of(id.0, &[])
    }
}

impl From<String> for Note {
    fn from(text: String) -> Self {
        Self::quoted(text)
    }
}

impl From<&str> for Note {
    fn from(text: &str) -> Self {
        Self::quoted(text)
    }
}

impl From<&String> for Note {
    fn from(text: &String) -> Self {
        Self::quoted(text)
    }
}

/// Errors whose sentences are in the catalogue. Their `Display` is the sentence, so that whoever
/// only wants the text need not know of it.
pub trait Told {
    /// The sentence and its id.
    fn note(&self) -> Note;
}

/// Shows an error by its sentence.
macro_rules! shown_by_note {
    ($($error:ty),+) => {$(
        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$crate::message::Told::note(self).text)
            }
        }
    )+};
}
pub(crate) use shown_by_note;

impl Told for CatalogueError {
    fn note(&self) -> Note {
        Note::of("catalogue-error", &[("line", self.line.into()), ("why", (&self.why).into())])
    }
}

shown_by_note!(CatalogueError);

/// All of these, as one text.
#[must_use]
pub fn both(texts: impl IntoIterator<Item = impl Into<String>>) -> String {
    joined(Id("list-and"), texts)
}

/// One of these, as one text.
#[must_use]
pub fn either(texts: impl IntoIterator<Item = impl Into<String>>) -> String {
    joined(Id("list-or"), texts)
}

fn joined(id: Id, texts: impl IntoIterator<Item = impl Into<String>>) -> String {
    let join =
        |all: String, next: String| id.with(&[("first", all.into()), ("second", next.into())]).text;
    texts.into_iter().map(Into::into).reduce(join).unwrap_or_default()
}

/// Whether the built-in catalogue has a sentence with this id.
#[must_use]
pub fn has(id: &str) -> bool {
    spoken().text(id, &[]).is_some()
}

#[cfg(test)]
mod asked;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_catalogue_is_read() {
        for (language, source) in LOCALES {
            let language: LanguageIdentifier = language.parse().unwrap();
            Catalogue::parse(&language, source).unwrap();
        }
    }

    #[test]
    fn the_built_in_catalogues_are_the_folders_of_locales() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales");
        let mut folders: Vec<_> = std::fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        folders.sort();
        let built_in: Vec<_> = LOCALES.iter().map(|(language, _)| *language).collect();
        assert_eq!(folders, built_in);
    }

    #[test]
    fn values_are_put_in_without_marks_around_them() {
        let told = text("time-ahead", &[("length", "14 days".into())]);
        assert_eq!(told, "in 14 days");
    }

    #[test]
    fn values_cannot_steer_the_terminal() {
        let told = text("time-ahead", &[("length", "\u{1b}[2J\r\u{202e}x\u{7f}\u{9b}1".into())]);
        assert_eq!(told, "in \u{fffd}[2J\u{fffd}\u{fffd}x\u{fffd}\u{fffd}1");
        assert_eq!(text("time-ahead", &[("length", "a\nb".into())]), "in a\nb");
    }

    #[test]
    fn a_value_is_text_and_never_a_part_of_the_catalogue() {
        for value in ["{ $length }", "{ time-now }", "{", "\\u0041", "-brand"] {
            assert_eq!(text("time-ahead", &[("length", value.into())]), format!("in {value}"));
        }
    }

    #[test]
    fn an_id_that_is_missing_shows_itself() {
        assert_eq!(text("no-such-id", &[]), "no-such-id");
        assert_eq!(text("no-such-id.why", &[]), "no-such-id.why");
        assert_eq!(text("rule-ftp.no-such-attribute", &[]), "rule-ftp.no-such-attribute");
        assert_eq!(text("", &[]), "");
    }

    #[test]
    fn numbers_choose_the_plural() {
        let refused = |count: i64| text("refused", &[("count", count.into())]);
        assert_eq!(refused(1), "refused: one rule stands against it. Nothing was touched.");
        assert_eq!(refused(3), "refused: 3 rules stand against it. Nothing was touched.");
    }

    #[test]
    fn a_catalogue_that_is_wrong_is_refused_with_the_line() {
        let english: LanguageIdentifier = "en".parse().unwrap();
        let error = Catalogue::parse(&english, "M1 = one\nM2 two\nM3 = three\n").unwrap_err();
        assert_eq!(error.line, 2);
        let twice = Catalogue::parse(&english, "M1 = one\nM1 = two\n").unwrap_err();
        assert!(twice.why.contains("M1"), "{twice}");
    }

    #[test]
    fn lines_and_columns_are_counted_from_one_in_characters() {
        let source = "ab\ncñd\n";
        for (at, expected) in [(0, (1, 1)), (1, (1, 2)), (3, (2, 1)), (6, (2, 3)), (99, (3, 1))] {
            assert_eq!(line_and_column(source, at), expected, "{at}");
        }
        // A position inside a character is not a reason to fail.
        assert_eq!(line_and_column(source, 5), (3, 1));
    }
}
