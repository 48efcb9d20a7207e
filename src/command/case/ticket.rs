//! `case ticket`: what the desk wants to know, as a text that can be pasted into its portal. Nothing is
//! sent anywhere, and a text with a secret in it is not printed.

use std::path::Path;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::complete;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::Case;
use crate::lint;
use crate::message;
use crate::output::Tone;
use crate::policy::desk::{AnswerKind, Asked, Desk, Need};

/// `case ticket`
#[derive(Debug, Args)]
pub struct TicketArgs {
    /// The case's reference.
    #[arg(add = complete::all_cases())]
    pub reference: String,
    /// How the text is written.
    #[arg(long, value_enum, default_value_t = Format::Md)]
    pub format: Format,
    /// The language of the questions, such as es; the answers stay as they are.
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    pub lang: String,
}

/// How a ticket is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Format {
    /// Markdown.
    Md,
    /// Plain text.
    Text,
}

/// The most places of secrets that are named.
const MOST_PLACES: usize = 20;

/// In place of an answer that is missing.
const MISSING: &str = "—";

/// Writes the ticket of a case.
///
/// # Errors
/// The desk asks no questions, does not speak that language, or the text has a secret in it.
pub(super) fn run(context: &Context, case: &Case, typed: &TicketArgs) -> Result<()> {
    let desk = context.desk(&case.desk)?;
    if desk.manifest.questions.is_empty() {
        let args = [("desk", (&desk.id).into())];
        return Err(Error::of(Kind::Usage, "ticket-no-questions", &args));
    }
    let language = spoken(&desk, &typed.lang)?;
    let parts = write(&desk, case, typed.format, language);
    refuse_secrets(&parts)?;
    let text = whole(&parts);
    let missing = desk.missing(&case.answers, Need::Required);
    let document = json!({
        "case": case,
        "ticket": text,
        "format": <&str>::from(typed.format),
        "language": language,
        "files": files(&desk, case),
        "missing": missing,
        "wanted": desk.missing(&case.answers, Need::Wanted),
    });
    context.output.result(&text, document);
    about(context, &desk, case, &missing);
    Ok(())
}

/// What is to be known of the text, beside it.
fn about(context: &Context, desk: &Desk, case: &Case, missing: &[&str]) {
    let say = |tone: Tone, text: String| context.output.say(tone, &text);
    if let Some(stop) = desk.stop(&case.answers) {
        let why = desk.rule_text(&stop.rule).unwrap_or_default();
        let args = [("number", (&stop.rule).into()), ("why", why.into())];
        say(Tone::Warn, message::text("asking-stops", &args));
    }
    if !missing.is_empty() {
        let args = [
            ("count", missing.len().into()),
            ("missing", missing.join(", ").into()),
            ("case", (&case.reference).into()),
        ];
        say(Tone::Warn, message::text("ticket-incomplete", &args));
    }
    let files = files(desk, case);
    if !files.is_empty() {
        let args = [("files", files.join(", ").into())];
        say(Tone::Plain, message::text("ticket-files", &args));
    }
    for one in desk.asked(&case.answers) {
        if one.question.secret && one.answer.is_some() {
            let args = [("id", (&one.question.id).into())];
            say(Tone::Warn, message::text("ticket-by-hand", &args));
        }
    }
}

/// The language, if the desk speaks it.
fn spoken<'a>(desk: &'a Desk, language: &str) -> Result<&'a str> {
    let known: Vec<&str> = desk.spoken().collect();
    let found = known.iter().find(|one| one.eq_ignore_ascii_case(language));
    found.copied().ok_or_else(|| {
        let args = [("desk", (&desk.id).into()), ("language", language.into())];
        Error::of(Kind::Usage, "ticket-language", &args)
            .hint_of("ticket-language.way-out", &[("known", known.join(", ").into())])
    })
}

/// The files that go with it, where they are on this computer.
fn files(desk: &Desk, case: &Case) -> Vec<String> {
    let asked = desk.asked(&case.answers).into_iter();
    let files = asked.filter(|one| one.question.kind == AnswerKind::File);
    files.filter_map(|one| one.answer.map(|answer| answer.text.clone())).collect()
}

/// A part of the text, and the id of the question that it is about.
type Part<'a> = (&'a str, String);

fn whole(parts: &[Part<'_>]) -> String {
    parts.iter().map(|(_, text)| text.as_str()).collect()
}

/// The case, then every question with its answer. What is required and missing shows a dash in place
/// of one; what is only wanted is left out.
fn write<'a>(desk: &'a Desk, case: &'a Case, format: Format, language: &str) -> Vec<Part<'a>> {
    let heading = match format {
        Format::Md => format!("# {}\n", case.reference),
        Format::Text => format!("{}\n", case.reference),
    };
    let mut parts = vec![("", heading)];
    for one in desk.asked(&case.answers) {
        if one.answer.is_none() && one.need == Need::Wanted {
            continue;
        }
        let question = desk.question_text(&one.question.id, Some(language));
        let answer = answer(desk, &one, language);
        let text = match format {
            Format::Md => format!("\n**{question}**\n\n{}\n", as_markdown(&answer)),
            Format::Text => format!("\n{question}\n{}\n", indented(&answer)),
        };
        parts.push((&one.question.id, text));
    }
    parts
}

/// What stands in the ticket: the words of a choice, and of a file its name, not where this computer
/// has it.
fn answer(desk: &Desk, one: &Asked<'_>, language: &str) -> String {
    let Some(answer) = one.answer else { return MISSING.to_owned() };
    match one.question.kind {
        AnswerKind::Choice => desk.choice_text(&one.question.id, &answer.text, Some(language)),
        AnswerKind::File => {
            let name = Path::new(&answer.text).file_name();
            name.map_or_else(|| answer.text.clone(), |name| name.to_string_lossy().into_owned())
        }
        _ => answer.text.clone(),
    }
}

/// An answer that stands in Markdown as it was given, whatever signs are in it: in a fence that is
/// longer than any row of backticks in it (CommonMark 0.31, section 4.5).
fn as_markdown(answer: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " ,.:;—'’()/@+-".contains(c);
    if !answer.contains('\n') && answer.chars().all(plain) && !answer.starts_with(['-', '+']) {
        return answer.to_owned();
    }
    let rows = answer.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(rows.max(2) + 1);
    format!("{fence}\n{answer}\n{fence}")
}

fn indented(answer: &str) -> String {
    let lines: Vec<String> = answer.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

/// Every answer was looked through when it was given; the whole is, because what is harmless in one
/// answer can be a secret beside the next, and because more is known of secrets than it was then.
fn refuse_secrets(parts: &[Part<'_>]) -> Result<()> {
    let text = whole(parts);
    let findings = lint::findings(&text);
    if findings.is_empty() {
        return Ok(());
    }
    let error = Error::of(Kind::Policy, "ticket-secret", &[("count", findings.len().into())]);
    let error = findings.iter().take(MOST_PLACES).fold(error, |error, finding| {
        let args = [
            ("line", finding.line.into()),
            ("column", finding.column.into()),
            ("kind", finding.kind.id().into()),
            ("question", question_at(parts, finding.line).into()),
        ];
        error.because_of("ticket-secret.place", &args)
    });
    Err(error.hint_of("ticket-secret.way-out", &[]))
}

/// The id of the question in whose part this line is, counted from 1.
fn question_at<'a>(parts: &[Part<'a>], line: usize) -> &'a str {
    let mut last = 0;
    for (id, text) in parts {
        last += text.matches('\n').count();
        if line <= last {
            return id;
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::Answer;

    fn case(given: &[(&str, &str)]) -> Case {
        let mut case = Case::new("MSP-1", "multisafepay", 0);
        for (id, text) in given {
            let answer = Answer { text: (*text).to_owned(), at: 0 };
            case.answers.insert((*id).to_owned(), answer);
        }
        case
    }

    #[test]
    fn an_answer_stands_in_markdown_as_it_was_given() {
        for (answer, written) in [
            ("the update of Monday", "the update of Monday"),
            ("a *b* _c_", "```\na *b* _c_\n```"),
            ("- one", "```\n- one\n```"),
            ("one\n# two", "```\none\n# two\n```"),
            ("``` and ````", "`````\n``` and ````\n`````"),
            ("<script>", "```\n<script>\n```"),
        ] {
            assert_eq!(as_markdown(answer), written);
        }
    }

    #[test]
    fn a_secret_is_told_with_its_line_in_the_ticket_and_its_question() {
        let desk = Desk::find("multisafepay", None).unwrap();
        // As if it had been kept before more was known of secrets.
        let number = "4111 1111 1111 1111";
        let examples = format!("order 1\npaid with {number}");
        let case = case(&[("since", "Monday"), ("examples", &examples)]);
        for format in [Format::Md, Format::Text] {
            let parts = write(&desk, &case, format, "en");
            let text = whole(&parts);
            let error = refuse_secrets(&parts).unwrap_err();
            let line = text.lines().position(|line| line.contains(number)).unwrap() + 1;
            let place = &error.causes[0].text;
            assert!(place.starts_with(&format!("line {line}, column ")), "{place}");
            assert!(place.contains("`examples`") && !place.contains("4111"), "{place}");
        }
    }

    #[test]
    fn no_desk_asks_in_words_that_look_like_a_secret() {
        for name in ["multisafepay", "open-banking", "shop-developer"] {
            let desk = Desk::find(name, None).unwrap();
            let first = |one: &crate::policy::desk::Question| one.choices.first().cloned();
            let answer = |one| first(one).unwrap_or_else(|| "something that happened".into());
            let given: Vec<(String, String)> =
                desk.manifest.questions.iter().map(|one| (one.id.clone(), answer(one))).collect();
            let given: Vec<(&str, &str)> = given.iter().map(|(id, a)| (&**id, &**a)).collect();
            let mut case = case(&given);
            case.desk = name.into();
            for language in ["en", "es", "it"] {
                for format in [Format::Md, Format::Text] {
                    let parts = write(&desk, &case, format, language);
                    refuse_secrets(&parts).unwrap_or_else(|e| panic!("{}", e.one_line()));
                }
            }
        }
    }
}
