//! Asking a person what the desk wants to know. Every answer is kept as soon as it is given, so that
//! who breaks off goes on where it was.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::{given, standing};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::Case;
use crate::ledger::Ledger;
use crate::message;
use crate::output::{Tone, is_interrupted};
use crate::policy::desk::{AnswerKind, Asked, Desk};

/// How many lines of one answer are read.
const MOST_LINES: usize = 1000;

/// What somebody answered.
enum Said {
    /// This.
    Answer(Zeroizing<String>),
    /// A secret, of which this is kept.
    Mark(String),
    /// Nothing for now.
    Later,
    /// Nobody is there any more.
    Over,
}

/// Asks every question that applies and has no answer. The case as it is then.
pub(super) async fn ask(
    context: &Context,
    ledger: &Ledger,
    desk: &Desk,
    mut case: Case,
) -> Result<Case> {
    let mut passed: Vec<String> = Vec::new();
    if standing::is_unanswered(desk, &case) {
        let args = [("desk", (&desk.manifest.name).into())];
        context.output.say(Tone::Faint, &message::text("asking-begins", &args));
    }
    loop {
        if let Some(stop) = desk.stop(&case.answers) {
            let why = desk.rule_text(&stop.rule).unwrap_or_default();
            let args = [("number", (&stop.rule).into()), ("why", why.into())];
            context.output.say(Tone::Warn, &message::text("asking-stops", &args));
            return Ok(case);
        }
        let asked = desk.asked(&case.answers).into_iter();
        let mut open = asked.filter(|one| one.answer.is_none());
        let next = open.find(|one| !passed.contains(&one.question.id));
        let Some(next) = next else { return Ok(case) };
        let id = next.question.id.clone();
        let kept = match one(context, desk, &next) {
            Said::Over if is_interrupted() => return Err(broken_off(&case)),
            Said::Over => return Ok(case),
            Said::Later => {
                passed.push(id);
                continue;
            }
            Said::Mark(mark) => mark,
            Said::Answer(text) => match given::one(context, desk, next.question, &text) {
                Ok(text) => text,
                Err(why) => {
                    context.output.say(Tone::Bad, &given::lines(&why));
                    continue;
                }
            },
        };
        case = keep(context, ledger, &case, id, kept).await?;
    }
}

/// Nothing is half made of a case that somebody leaves in the middle of its questions.
fn broken_off(case: &Case) -> Error {
    let args = [("case", (&case.reference).into())];
    let mut error = Error::of(Kind::Usage, "asking-broken-off", &[]);
    error.more.undone = true;
    error.hint_of("asking-broken-off.go-on", &args)
}

async fn keep(
    context: &Context,
    ledger: &Ledger,
    case: &Case,
    id: String,
    text: String,
) -> Result<Case> {
    let changes = BTreeMap::from([(id, Some(text))]);
    Ok(ledger.answer(&case.reference, &changes, context.now(), &context.actor).await?)
}

/// Asks one question.
fn one(context: &Context, desk: &Desk, asked: &Asked<'_>) -> Said {
    let question = asked.question;
    let choices: Vec<String> = question
        .choices
        .iter()
        .map(|word| match desk.choice_text(&question.id, word, None) {
            text if text == *word => text,
            text => format!("{word} ({text})"),
        })
        .collect();
    let args = [
        ("rule", (&question.rule).into()),
        ("question", desk.question_text(&question.id, None).into()),
        ("need", asked.need.id().into()),
    ];
    context.output.say(Tone::Strong, &message::text("asking-question", &args));
    if !choices.is_empty() {
        let args = [("choices", choices.join(", ").into())];
        context.output.say(Tone::Plain, &message::text("asking-choices", &args));
    }
    if let Some(help) = desk.question_help(&question.id, None) {
        context.output.say(Tone::Faint, &help);
    }
    if question.secret {
        return secret(context);
    }
    let kind = [("kind", question.kind.id().into())];
    let Some(first) = context.output.ask(&message::text("asking-answer", &kind)) else {
        return Said::Over;
    };
    let mut text = Zeroizing::new(first);
    if question.kind == AnswerKind::MultiLine && !text.is_empty() {
        for _ in 0..MOST_LINES {
            let Some(line) = context.output.ask(&message::text("asking-more", &[])) else { break };
            if line.is_empty() {
                break;
            }
            text.push('\n');
            text.push_str(&line);
        }
        // What was broken off in the middle is not an answer.
        if is_interrupted() {
            return Said::Over;
        }
    }
    if text.is_empty() { Said::Later } else { Said::Answer(text) }
}

/// A secret goes by a yes first, is not shown, and is not kept.
fn secret(context: &Context) -> Said {
    match context.output.confirm(&message::text("asking-secret", &[])) {
        None => return Said::Over,
        Some(false) => return Said::Later,
        Some(true) => {}
    }
    let Some(secret) = context.output.ask_secret(&message::text("asking-hidden", &[])) else {
        return Said::Over;
    };
    match given::fingerprint(&secret) {
        Ok(mark) => Said::Mark(mark),
        Err(why) => {
            context.output.say(Tone::Bad, &given::lines(&why));
            Said::Later
        }
    }
}
