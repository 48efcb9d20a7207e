//! `desk`: the support desks, their rules and their questions.

mod new;

use clap::Subcommand;
use serde_json::json;

use crate::complete;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::message::{self, Id};
use crate::output::{Cell, Column, Label, Tone, fields, paint, table};
use crate::policy::desk::{AnswerKind, Condition, Desk, Need, Question};

/// `desk …`
#[derive(Debug, Subcommand)]
pub enum DeskVerb {
    /// List the desks.
    List,
    /// Show one desk's rules and questions.
    Show {
        /// The desk's name.
        #[arg(add = complete::desks())]
        name: String,
    },
    /// Make a desk of your own that can be used, to be changed.
    #[command(after_help = "Example:\n  stagepass desk new acme-support")]
    New {
        /// The new desk's name: small letters, digits and `-`.
        name: String,
        /// Show what would be made, and make nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs the command.
///
/// # Errors
/// There is no such desk, or its folder cannot be used.
pub fn run(context: &Context, command: &DeskVerb) -> Result<()> {
    match command {
        DeskVerb::List => list(context),
        DeskVerb::Show { name } => show(context, name),
        DeskVerb::New { name, dry_run } => new::run(context, name, *dry_run),
    }
}

const COLUMNS: [Column; 5] = [
    Column::new(Id("label.desk"), 0),
    Column::text(Id("label.name"), 0),
    Column::new(Id("label.access"), 1),
    Column::new(Id("label.questions"), 3),
    Column::new(Id("label.from"), 2),
];

fn list(context: &Context) -> Result<()> {
    let listed = Desk::list(Some(&context.desks_dir()))
        .map_err(|e| Error::of(Kind::Usage, "desks-not-listed", &[]).because(e))?;
    let mut rows = Vec::new();
    let mut documents = Vec::new();
    for one in listed {
        let place =
            one.folder.as_ref().map_or(message::text("built-in", &[]), |f| f.display().to_string());
        let (manifest, problem) = match context.desk(&one.id) {
            Ok(desk) => (Some(desk.manifest), None),
            Err(e) => (None, Some(e.why(": "))),
        };
        let name = manifest.as_ref().map_or("", |desk| &desk.name).to_owned();
        let access = manifest.as_ref().map(|desk| desk.access);
        let questions = manifest.as_ref().map(|desk| desk.questions.len());
        documents.push(json!({
            "id": one.id, "name": name, "access": access, "questions": questions, "from": place,
            "problem": problem,
        }));
        let name = problem.map_or(Cell::from(name), |why| Cell::toned(Tone::Bad, why));
        let access = match access {
            Some(true) => Id("desk-access").text(),
            Some(false) => Id("desk-access.never").text(),
            None => String::new(),
        };
        let questions = questions.map(|count| count.to_string()).unwrap_or_default();
        rows.push(vec![one.id.into(), name, access.into(), questions.into(), place.into()]);
    }
    context.output.result(&table(&COLUMNS, rows), json!({ "desks": documents }));
    Ok(())
}

fn show(context: &Context, name: &str) -> Result<()> {
    let desk = context.desk(name)?;
    let manifest = &desk.manifest;
    let protocols: Vec<&str> = manifest.protocols.iter().map(|protocol| protocol.id()).collect();
    let mut lines = vec![(Label::of("label.desk"), format!("{} ({})", desk.id, manifest.name))];
    let about_access = [
        (Label::of("label.connects-by"), protocols.join(", ")),
        (
            Label::of("label.port"),
            manifest
                .port
                .map_or_else(|| message::text("desk-any-port", &[]), |port| port.to_string()),
        ),
        (
            Label::of("label.time-box"),
            message::text(
                "desk-time-box",
                &[
                    ("days", manifest.time_box.default_days.into()),
                    ("most", manifest.time_box.maximum_days.into()),
                ],
            ),
        ),
        (
            Label::of("label.extensions"),
            message::text("desk-at-most", &[("count", manifest.extensions.count.into())]),
        ),
        (
            Label::of("label.live-shops"),
            Id(if manifest.live.allowed { "desk-live" } else { "desk-live.never" }).text(),
        ),
    ];
    if manifest.access {
        lines.extend(about_access);
    } else {
        lines.push((Label::of("label.access"), message::text("desk-tickets-only", &[])));
    }
    if manifest.answers_first {
        lines.push((Label::of("label.before-access"), message::text("desk-answers-first", &[])));
    }
    let forbidden: Vec<&str> = manifest.forbidden.iter().map(|one| one.id.as_str()).collect();
    lines.push((Label::of("label.never-sent"), forbidden.join(", ")));
    let mut text = fields(&lines);
    text.push_str(&format!("\n{}\n", paint(Tone::Strong, &message::text("desk-rules", &[]))));
    let mut rules = Vec::new();
    for rule in &manifest.rules {
        let sentence = desk.rule_text(&rule.id).unwrap_or_default();
        text.push_str(&format!("  {:<4} {sentence}\n", rule.id));
        rules.push(json!({ "id": rule.id, "text": sentence, "speaks_for": rule.speaks_for }));
    }
    let mut questions = Vec::new();
    if !manifest.questions.is_empty() {
        text.push_str(&format!(
            "\n{}\n",
            paint(Tone::Strong, &message::text("desk-questions", &[]))
        ));
    }
    for question in &manifest.questions {
        let asks = desk.question_text(&question.id, None);
        text.push_str(&format!("  {:<4} {}: {asks}\n", question.rule, question.id));
        text.push_str(&format!("       {}\n", paint(Tone::Faint, &about(question))));
        questions.push(json!({
            "id": question.id,
            "kind": question.kind.id(),
            "need": question.need.id(),
            "rule": question.rule,
            "text": asks,
            "help": desk.question_help(&question.id, None),
            "choices": question.choices,
            "only_when": question.only_when.as_ref().map(condition),
            "required_when": question.required_when.as_ref().map(condition),
            "secret": question.secret,
        }));
    }
    let document = json!({
        "id": desk.id,
        "name": manifest.name,
        "access": manifest.access,
        "answers_first": manifest.answers_first,
        "forbidden": forbidden,
        "questions": questions,
        "protocols": protocols,
        "port": manifest.port,
        "default_days": manifest.time_box.default_days,
        "maximum_days": manifest.time_box.maximum_days,
        "extensions": manifest.extensions.count,
        "live_allowed": manifest.live.allowed,
        "rules": rules,
    });
    context.output.result(&text, document);
    Ok(())
}

fn condition(condition: &Condition) -> serde_json::Value {
    json!({ "question": condition.question, "is": condition.is })
}

/// What an answer is, and when it is asked for, in one line.
fn about(question: &Question) -> String {
    let when = |condition: &Condition| {
        let values = format!("`{}`", condition.is.join("` / `"));
        let args = [("question", (&condition.question).into()), ("values", values.into())];
        message::text("desk-when", &args)
    };
    let need = match question.need {
        Need::Required => Id("desk-need.required"),
        Need::Wanted => Id("desk-need.wanted"),
    };
    let kind = match question.kind {
        AnswerKind::Text => Id("desk-answer.text"),
        AnswerKind::Choice => Id("desk-answer.choice"),
        AnswerKind::DateTime => Id("desk-answer.date-time"),
        AnswerKind::Id => Id("desk-answer.id"),
        AnswerKind::File => Id("desk-answer.file"),
        AnswerKind::MultiLine => Id("desk-answer.multi-line"),
    };
    let mut parts = vec![need.text()];
    parts.push(match question.choices.as_slice() {
        [] => kind.text(),
        choices => choices.join(" | "),
    });
    if let Some(only) = &question.only_when {
        parts.push(message::text("desk-only-when", &[("when", when(only).into())]));
    }
    if let Some(required) = &question.required_when {
        parts.push(message::text("desk-required-when", &[("when", when(required).into())]));
    }
    if question.secret {
        parts.push(message::text("desk-not-kept", &[]));
    }
    parts.join("; ")
}
