//! Answers that were typed or stand in a file: which question each is for, and whether it can be
//! kept. Nothing is kept of many where one cannot be.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use chrono::Local;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::command::refusal;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::file::{self, Links};
use crate::grant::{Answer, Answers, Case};
use crate::lint;
use crate::message::{Arg, Note, Told as _};
use crate::output;
use crate::policy::desk::{AnswerKind, Desk, Question};
use crate::policy::{self, Broken};
use crate::secret::Secret;

/// The largest file of answers, in bytes.
const FILE_LIMIT: u64 = 256 * 1024;

/// The largest file beside an answer that is looked through for secrets, in bytes.
const LOOKED_THROUGH: u64 = 1024 * 1024;

/// A token is longer than this; what is shorter could be found by its fingerprint.
const SHORTEST_SECRET: usize = 20;

/// Answers by the question's id; an empty one takes the answer back.
pub(super) type Given = Vec<(String, Zeroizing<String>)>;

/// What `--set id=value` says, in its order.
pub(super) fn read_sets(sets: &[String]) -> Result<Given> {
    sets.iter()
        .map(|set| match set.split_once('=') {
            Some((id, text)) => Ok((id.trim().to_owned(), Zeroizing::new(text.to_owned()))),
            // What was typed may be an answer: it is not said again.
            None => {
                Err(Error::of(Kind::Usage, "set-unusable", &[])
                    .hint_of("set-unusable.way-out", &[]))
            }
        })
        .collect()
}

/// What a file of answers says: TOML, or JSON where it begins with `{`; `-` is standard input.
pub(super) fn read_file(path: &Path) -> Result<Given> {
    let unusable = |why: Note| {
        Error::of(Kind::Usage, "answers-file-unusable", &[("file", path.display().into())])
            .because_text(why)
            .hint_of("answers-file-unusable.way-out", &[])
    };
    let bytes = if path == Path::new("-") {
        let read = || {
            let mut bytes = Zeroizing::new(Vec::new());
            io::stdin().lock().take(FILE_LIMIT + 1).read_to_end(&mut bytes).map(|_| bytes)
        };
        let bytes = output::unless_interrupted(read).map_err(|e| unusable(e.to_string().into()))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_LIMIT) {
            return Err(unusable(file::Unread::TooLarge(FILE_LIMIT).to_string().into()));
        }
        bytes
    } else {
        let read = file::read(path, FILE_LIMIT, Links::Follow);
        read.map_err(|e| unusable(e.to_string().into()))?.bytes
    };
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| unusable(Note::of("answers-file-unusable.text", &[])))?;
    parse(text).map_err(unusable)
}

fn parse(text: &str) -> std::result::Result<Given, Note> {
    if text.trim_start().starts_with('{') {
        // Not the parser's own words: they may repeat an answer.
        let wrong = |e: serde_json::Error| {
            let place = [("line", Arg::of(e.line())), ("column", Arg::of(e.column()))];
            Note::of("answers-file-unusable.json", &place)
        };
        let read: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).map_err(wrong)?;
        return read
            .into_iter()
            .map(|(id, value)| Ok((id.clone(), of_json(&id, value)?)))
            .collect();
    }
    let wrong = |e: toml_edit::TomlError| {
        let at = e.span().map_or(0, |span| span.start);
        let (line, column) = crate::message::line_and_column(text, at);
        let place = [("line", line.into()), ("column", column.into())];
        Note::of("answers-file-unusable.toml", &place)
    };
    let read: toml_edit::DocumentMut = text.parse().map_err(wrong)?;
    read.iter().map(|(id, item)| Ok((id.to_owned(), of_toml(id, item)?))).collect()
}

fn not_one(id: &str) -> Note {
    Note::of("answers-file-unusable.value", &[("id", id.into())])
}

fn of_json(id: &str, value: serde_json::Value) -> std::result::Result<Zeroizing<String>, Note> {
    use serde_json::Value;
    Ok(Zeroizing::new(match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Bool(is_so) => yes_or_no(is_so).to_owned(),
        Value::Null => String::new(),
        Value::Array(_) | Value::Object(_) => return Err(not_one(id)),
    }))
}

fn of_toml(id: &str, item: &toml_edit::Item) -> std::result::Result<Zeroizing<String>, Note> {
    use toml_edit::Value;
    let value = item.as_value().ok_or_else(|| not_one(id))?;
    Ok(Zeroizing::new(match value {
        Value::String(text) => text.value().clone(),
        Value::Integer(number) => number.value().to_string(),
        Value::Float(number) => number.value().to_string(),
        Value::Boolean(is_so) => yes_or_no(*is_so.value()).to_owned(),
        Value::Datetime(moment) => moment.value().to_string(),
        Value::Array(_) | Value::InlineTable(_) => return Err(not_one(id)),
    }))
}

fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// Why one answer is not kept.
pub(super) enum Refused {
    /// A rule of the desk or of stagepass is against it.
    Rule(Broken),
    /// It is no answer to the question.
    Problem(Note),
}

/// Reads all of them against the desk's questions: what is to be kept, and what is taken back.
///
/// # Errors
/// One cannot be kept; every one of those is told, and none is kept.
pub(super) fn accept(
    context: &Context,
    desk: &Desk,
    case: &Case,
    given: &Given,
) -> Result<BTreeMap<String, Option<String>>> {
    let mut refused = Vec::new();
    let mut kept = BTreeMap::new();
    // In the desk's order: what a question depends on is answered before it.
    let place = |id: &str| desk.manifest.questions.iter().position(|one| one.id == id);
    let mut ordered: Vec<&(String, Zeroizing<String>)> = given.iter().collect();
    ordered.sort_by_key(|(id, _)| place(id));
    let mut answers = case.answers.clone();
    for (id, text) in ordered {
        if text.trim().is_empty() && desk.question(id).is_some() {
            answers.remove(id);
            kept.insert(id.clone(), None);
            continue;
        }
        match typed(context, desk, case, &answers, id, text) {
            Ok(text) => {
                answers.insert(id.clone(), Answer { text: text.clone(), at: context.now() });
                kept.insert(id.clone(), Some(text));
            }
            Err(why) => refused.push((id.clone(), why)),
        }
    }
    if refused.is_empty() { Ok(kept) } else { Err(told(refused)) }
}

fn told(refused: Vec<(String, Refused)>) -> Error {
    let mut broken = Vec::new();
    let mut problems = Vec::new();
    for (id, why) in refused {
        match why {
            Refused::Rule(one) => broken.push(one),
            Refused::Problem(note) => problems.push((id, note)),
        }
    }
    let mut error = if broken.is_empty() {
        Error::of(Kind::Usage, "answers-unusable", &[("count", problems.len().into())])
    } else {
        refusal(&broken)
    };
    for (id, note) in problems {
        let args = [("id", id.into()), ("why", note.text.into())];
        error = error.because_of("answer-unusable", &args);
    }
    error.hint_of("answers-unusable.nothing", &[])
}

/// One answer from a command line or a file.
fn typed(
    context: &Context,
    desk: &Desk,
    case: &Case,
    answers: &Answers,
    id: &str,
    text: &str,
) -> std::result::Result<String, Refused> {
    let question = asked(desk, answers, id)?;
    if question.secret {
        let args = [("case", (&case.reference).into())];
        return Err(Refused::Problem(Note::of("answer-secret-asked", &args)));
    }
    one(context, desk, question, text)
}

/// The question that an answer is for, if it is asked by the answers so far.
fn asked<'a>(
    desk: &'a Desk,
    answers: &Answers,
    id: &str,
) -> std::result::Result<&'a Question, Refused> {
    if let Some(forbidden) = desk.forbids(id) {
        return Err(Refused::Rule(policy::refuse_forbidden(desk, forbidden)));
    }
    let Some(question) = desk.question(id) else {
        let known: Vec<&str> = desk.manifest.questions.iter().map(|one| one.id.as_str()).collect();
        let args = [
            ("desk", (&desk.id).into()),
            ("count", known.len().into()),
            ("known", known.join(", ").into()),
        ];
        return Err(Refused::Problem(Note::of("answer-no-question", &args)));
    };
    if desk.asked(answers).iter().any(|one| one.question.id == question.id) {
        return Ok(question);
    }
    let only = question.only_when.as_ref();
    let args = [
        ("question", only.map_or("", |one| &one.question).into()),
        ("words", only.map_or_else(String::new, |one| one.is.join(", ")).into()),
    ];
    Err(Refused::Problem(Note::of("answer-not-asked", &args)))
}

/// One answer as it is kept. A secret is refused whatever it is the answer to.
///
/// # Errors
/// Says why it is not kept.
pub(super) fn one(
    context: &Context,
    desk: &Desk,
    question: &Question,
    text: &str,
) -> std::result::Result<String, Refused> {
    let read = question.read(text, &Local, context.now());
    let text = read.map_err(|e| Refused::Problem(e.note()))?;
    refuse_secrets(desk, &question.id, &text)?;
    if question.kind == AnswerKind::File {
        return file_beside(desk, question, &text);
    }
    Ok(text)
}

/// What is kept of a secret that goes into its own field: that it is there, and by what it is known
/// again. Nothing leads from that back to it.
///
/// # Errors
/// It is too short for that.
pub(super) fn fingerprint(secret: &Secret) -> std::result::Result<String, Refused> {
    let text = secret.expose().trim();
    if text.chars().count() < SHORTEST_SECRET {
        let args = [("least", SHORTEST_SECRET.into())];
        return Err(Refused::Problem(Note::of("answer-secret-short", &args)));
    }
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
    Ok(format!("sha256:{}", digest.get(..16).unwrap_or(&digest)))
}

fn refuse_secrets(desk: &Desk, id: &str, text: &str) -> std::result::Result<(), Refused> {
    match lint::findings(text).first() {
        None => Ok(()),
        Some(finding) => {
            let (kind, place) = (finding.kind.id(), (finding.line, finding.column));
            Err(Refused::Rule(policy::refuse_secret(desk, id, kind, place)))
        }
    }
}

/// A file that goes with the ticket: it is there, can be read, and, where it is text, has no secret
/// in it. What a picture shows is seen by whoever sends it.
fn file_beside(
    desk: &Desk,
    question: &Question,
    text: &str,
) -> std::result::Result<String, Refused> {
    let unreadable =
        |why: String| Refused::Problem(Note::of("answer-file-unreadable", &[("why", why.into())]));
    let path = std::path::absolute(text).map_err(|e| unreadable(e.to_string()))?;
    let about = std::fs::metadata(&path).map_err(|e| unreadable(e.to_string()))?;
    if !about.is_file() {
        return Err(unreadable(file::Unread::NotRegular.to_string()));
    }
    if about.len() <= LOOKED_THROUGH {
        let read = file::read(&path, LOOKED_THROUGH, Links::Follow);
        let read = read.map_err(|e| unreadable(e.to_string()))?;
        if let Ok(inside) = read.text() {
            refuse_secrets(desk, &question.id, inside)?;
        }
    }
    Ok(path.display().to_string())
}

/// Why one answer that somebody typed is not kept, as lines for them.
pub(super) fn lines(refused: &Refused) -> String {
    match refused {
        Refused::Problem(note) => note.text.clone(),
        Refused::Rule(broken) => {
            format!("{}\n{}\n{}", broken.what(), broken.why(), broken.way_out())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let given = parse(text).unwrap_or_else(|note| panic!("{note}"));
        given.into_iter().map(|(id, text)| (id, text.to_string())).collect()
    }

    #[test]
    fn a_file_of_answers_is_toml_or_json() {
        let expected = [
            ("client_id", "abc"),
            ("number", "7"),
            ("asynchronous", "yes"),
            ("happened_at", "2026-11-30T14:05:00"),
            ("steps", "one\ntwo"),
        ]
        .map(|(id, text)| (id.to_owned(), text.to_owned()));
        let toml = "client_id = \"abc\"\nnumber = 7\nasynchronous = true\n\
                    happened_at = 2026-11-30 14:05:00\nsteps = \"\"\"\none\ntwo\"\"\"\n";
        assert_eq!(read(toml), expected);
        let json = r#"{"client_id": "abc", "number": 7, "asynchronous": true,
                       "happened_at": "2026-11-30T14:05:00", "steps": "one\ntwo"}"#;
        let mut told = read(json);
        told.sort_by_key(|(id, _)| expected.iter().position(|(known, _)| known == id));
        assert_eq!(told, expected);
        assert_eq!(read("{\"client_id\": null}"), [("client_id".into(), String::new())]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_by_its_place_and_without_its_values() {
        for (text, place) in [
            ("client_id = \"hunter2\nabout = 1\n", "line 1"),
            ("{\"client_id\": hunter2}", "line 1"),
            ("client_id = [\"hunter2\"]\n", "client_id"),
            ("[client_id]\nx = \"hunter2\"\n", "client_id"),
            ("{\"client_id\": {\"x\": \"hunter2\"}}", "client_id"),
        ] {
            let note = parse(text).err().unwrap_or_else(|| panic!("{text}"));
            assert!(note.text.contains(place), "{note}");
            assert!(!note.text.contains("hunter2"), "{note}");
        }
    }

    #[test]
    fn a_fingerprint_tells_a_secret_again_and_does_not_tell_it() {
        let token = "rt-0123456789abcdefghij";
        let Ok(mark) = fingerprint(&Secret::new(token.into())) else { panic!("{token}") };
        let Ok(again) = fingerprint(&Secret::new(format!(" {token}\n"))) else { panic!() };
        assert_eq!(mark, again);
        assert!(mark.starts_with("sha256:") && mark.len() == 23, "{mark}");
        assert!(fingerprint(&Secret::new("1234".into())).is_err());
    }
}
