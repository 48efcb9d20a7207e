//! What a reply means to people: a provider's manifest names the sentences of its verbs, each by an id, and when each
//! is told. The sentences stand in its catalogue (`en.ftl`).
//!
//! ```toml
//! [check.drift]
//! locked = "locked"
//! drop-in-gone = "drop_in_present=false made.password_gate=drop-in"
//! ```
//!
//! A condition is a row of words, all of which have to hold: `KEY` (the reply says it, and neither `false` nor `0`),
//! `KEY=VALUE` or `KEY!=VALUE`, where VALUE may be several, with `|` between them, or nothing, for what was not said.
//! `made.KEY` is what `open` had replied, and `grant.KEY` what is known of the grant.

use indexmap::IndexMap;
use serde::Deserialize;

use crate::message::{self, Arg, Catalogue, Note};
use crate::remote::script::{OutputType, Outputs, Reply};

/// What a condition can ask of the grant.
pub(crate) const OF_GRANT: [&str; 6] =
    ["access", "cannot_read", "confined", "is_owner", "password", "with_secrets"];

/// The most lines of a list that are told, a sentence each.
const MOST_LINES: usize = 20;

/// What a sentence is to whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum SayingKind {
    /// What is to be known before access is made; `detect`.
    Warning,
    /// What could be done where access was made and cannot do its work; `detect`, with what `open` replied.
    Hint,
    /// How a layer that is open is not as it was made; `check`.
    Drift,
    /// What is there of a layer that should be gone; `check` and `close`.
    There,
    /// What is to be known of an end; `close`.
    Note,
}

impl SayingKind {
    /// The id of a sentence in the catalogue.
    fn message(self, id: &str) -> String {
        let kind: &str = self.into();
        format!("{kind}-{id}")
    }
}

/// The sentences of one kind for one verb, in the order in which they are told.
pub(crate) type Sayings = IndexMap<String, When>;

/// When a sentence is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct When(Vec<Word>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    source: Source,
    key: String,
    /// What is compared with, and whether it has to be one of them or none.
    value: Option<(Vec<String>, bool)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Reply,
    Made,
    Grant,
}

impl TryFrom<String> for When {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let words = text.split_whitespace().map(Word::parse).collect::<Result<Vec<_>, _>>()?;
        if words.is_empty() {
            return Err(message::text("saying-when.empty", &[]));
        }
        Ok(Self(words))
    }
}

impl Word {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            None => (text, None),
            Some((name, values)) => {
                let (name, is) = name.strip_suffix('!').map_or((name, true), |name| (name, false));
                (name, Some((values.split('|').map(str::to_owned).collect(), is)))
            }
        };
        let (source, key) = match name.split_once('.') {
            None => (Source::Reply, name),
            Some(("made", key)) => (Source::Made, key),
            Some(("grant", key)) => (Source::Grant, key),
            Some(_) => {
                return Err(message::text("saying-when.source", &[("text", Arg::of(text))]));
            }
        };
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err(message::text("saying-when.reply", &[("text", Arg::of(text))]));
        }
        Ok(Self { source, key: key.to_owned(), value })
    }

    fn holds(&self, seen: &Seen<'_>) -> bool {
        let said = match self.source {
            Source::Reply => seen.reply.text(&self.key),
            Source::Made => seen.made.text(&self.key),
            Source::Grant => seen.of_grant(&self.key),
        };
        match &self.value {
            None => !matches!(said, "" | "0" | "false"),
            Some((values, is)) => values.iter().any(|value| value == said) == *is,
        }
    }
}

/// What a condition is held against.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    /// What the verb replied.
    pub reply: &'a Reply,
    /// What `open` had replied.
    pub made: &'a Reply,
    /// The name that the layer has on the server; `$account` in a sentence.
    pub account: &'a str,
    /// What is known of the grant, by the names of [`OF_GRANT`].
    pub grant: &'a [(&'static str, &'a str)],
}

impl Seen<'_> {
    fn of_grant(&self, key: &str) -> &str {
        self.grant.iter().find(|(name, _)| *name == key).map_or("", |(_, said)| said)
    }

    fn values(&self) -> Vec<(&str, Arg)> {
        let told = self.reply.values().iter().map(|(key, said)| (key.as_str(), arg(said)));
        [("account", Arg::from(self.account))].into_iter().chain(told).collect()
    }
}

/// A number chooses the plural.
fn arg(said: &str) -> Arg {
    match said.parse::<i64>() {
        Ok(number) if number.to_string() == said => Arg::Number(number),
        _ => Arg::from(said),
    }
}

/// The sentences whose conditions hold. What is a list in the reply and stands first in a condition is told line by
/// line, each as `$line`.
pub(crate) fn said(
    kind: SayingKind,
    sayings: &Sayings,
    outputs: &Outputs,
    sentences: &Catalogue,
    seen: &Seen<'_>,
) -> Vec<Note> {
    let mut told = Vec::new();
    for (id, when) in sayings.iter().filter(|(_, when)| when.0.iter().all(|word| word.holds(seen)))
    {
        let list = when.0.first().filter(|word| {
            word.source == Source::Reply && outputs.get(&word.key) == Some(&OutputType::Lines)
        });
        let lines: Vec<Option<&str>> = match list {
            Some(word) => seen.reply.lines(&word.key).take(MOST_LINES).map(Some).collect(),
            None => vec![None],
        };
        for line in lines {
            let mut values = seen.values();
            values.extend(line.map(|line| ("line", Arg::from(line))));
            let text = sentences.text(&kind.message(id), &values);
            told.extend(text.map(|text| Note { id: id.clone(), text }));
        }
    }
    told
}

/// What is wrong with the sentences that a manifest names, if anything is: one that the catalogue does not have, or a
/// condition on what is never said.
pub(crate) fn mistake(
    kind: SayingKind,
    sayings: &Sayings,
    outputs: &Outputs,
    made: &Outputs,
    sentences: Option<&Catalogue>,
) -> Option<String> {
    for (id, when) in sayings {
        let message = kind.message(id);
        if sentences.is_none_or(|sentences| sentences.text(&message, &[]).is_none()) {
            return Some(message::text(
                "saying-no-sentence",
                &[("id", Arg::of(id)), ("message", Arg::of(&message))],
            ));
        }
        for Word { source, key, .. } in &when.0 {
            let is_known = match source {
                Source::Reply => outputs.contains_key(key),
                Source::Made => made.contains_key(key),
                Source::Grant => OF_GRANT.contains(&key.as_str()),
            };
            if !is_known {
                return Some(message::text(
                    "saying-never-said",
                    &[("id", Arg::of(id)), ("key", Arg::of(key))],
                ));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(said: &[(&str, &str)]) -> Reply {
        let values = said.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Reply::from_values(values.collect())
    }

    #[test]
    fn a_condition_holds_when_every_word_of_it_does() {
        let (said, made) =
            (reply(&[("a", "true"), ("n", "0"), ("t", "x y")]), reply(&[("m", "one")]));
        let seen = Seen { reply: &said, made: &made, account: "", grant: &[("access", "ssh")] };
        for (text, holds) in [
            ("a", true),
            ("n", false),
            ("t", true),
            ("missing", false),
            ("missing=", true),
            ("t!=", true),
            ("a=true made.m=one|two", true),
            ("a made.m=two|three", false),
            ("a!=true", false),
            ("missing!=true", true),
            ("grant.access=ssh", true),
            ("grant.access!=ssh|sftp", false),
        ] {
            let when = When::try_from(text.to_owned()).unwrap();
            assert_eq!(when.0.iter().all(|word| word.holds(&seen)), holds, "{text}");
        }
        for text in ["", " ", "=x", "A", "other.key", "made.", "a-b"] {
            When::try_from(text.to_owned()).unwrap_err();
        }
    }

    #[test]
    fn a_sentence_is_told_with_what_was_replied_and_a_list_line_by_line() {
        let sayings: Sayings =
            [("files", "files"), ("door", "doors grant.password=true"), ("no", "no")]
                .map(|(id, when)| (id.to_owned(), When::try_from(when.to_owned()).unwrap()))
                .into();
        let outputs: Outputs = [("files", OutputType::Uint), ("doors", OutputType::Lines)]
            .map(|(key, kind)| (key.to_owned(), kind))
            .into();
        let sentences = Catalogue::english(
            "note-files = { $files ->\n    [one] one file\n   *[other] { $files } files\n } of { $account }\n\
             note-door = also { $line }\n",
        )
        .unwrap();
        let said = reply(&[("files", "1"), ("doors", "a\nb")]);
        let made = Reply::default();
        let grant = [("password", "true")];
        let seen = Seen { reply: &said, made: &made, account: "anna", grant: &grant };
        let told: Vec<String> =
            super::said(SayingKind::Note, &sayings, &outputs, &sentences, &seen)
                .into_iter()
                .map(|one| format!("{}: {}", one.id, one.text))
                .collect();
        assert_eq!(told, ["files: one file of anna", "door: also a", "door: also b"]);
        let wrong = mistake(SayingKind::Note, &sayings, &outputs, &outputs, Some(&sentences));
        assert_eq!(wrong.unwrap(), "`no` has no sentence: `note-no` is missing in `en.ftl`");
    }
}
