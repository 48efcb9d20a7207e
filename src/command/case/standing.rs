//! How a case stands: its answers, what is missing, and when its time-box ends.

use chrono::Local;
use serde_json::{Value, json};

use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::grant::{Case, UnixTime};
use crate::ledger::{CaseFilter, EventFilter, Ledger};
use crate::message;
use crate::output::{Label, Tone, fields, paint};
use crate::policy::DAY;
use crate::policy::desk::{Asked, Desk, Need};

/// How long before its end a time-box is warned about, in seconds.
pub(in crate::command) const WARNED_BEFORE: i64 = 3 * DAY;

/// The most events of a case that are looked through for its beginning.
const MOST_EVENTS: u32 = 10_000;

/// When a case's time-box ends: behind so many whole days from when it `began`, at the end of the
/// last of them (UTC). `None` at a desk that asks for no access.
///
/// # Errors
/// It is no length of time, longer than the desk allows, or over already.
pub(super) fn time_box(
    desk: &Desk,
    duration: Option<&str>,
    began: UnixTime,
    now: UnixTime,
) -> Result<Option<UnixTime>> {
    if !desk.manifest.access {
        return match duration {
            None => Ok(None),
            Some(_) => {
                let desk = [("desk", (&desk.id).into())];
                Err(Error::of(Kind::Usage, "case-no-time-box", &desk))
            }
        };
    }
    let most = i64::from(desk.manifest.extensions.total_days);
    let length = match duration {
        None => most * DAY,
        Some(text) => deadline::parse_for(text).map_err(|e| {
            Error::of(Kind::Usage, "deadline-unusable", &[])
                .because(e)
                .hint_of("deadline-examples", &[])
        })?,
    };
    let until = (began.saturating_add(length).div_euclid(DAY) + 1).saturating_mul(DAY);
    let asked = [("asked", deadline::duration(length).into())];
    let unusable = || Error::of(Kind::Policy, "case-time-box-unusable", &asked);
    if length > most * DAY {
        let most = [("most", most.into())];
        return Err(unusable()
            .because_of("case-time-box-unusable.most", &most)
            .hint_of("case-time-box-unusable.way-out", &[]));
    }
    if length < DAY || until <= now {
        return Err(unusable().because_of("case-time-box-unusable.least", &[]));
    }
    Ok(Some(until))
}

/// When the case was opened, or opened again: its time-box counts from then.
pub(super) async fn began(ledger: &Ledger, case: &Case) -> Result<UnixTime> {
    let filter = EventFilter { case: Some(case.reference.clone()), ..EventFilter::default() };
    let events = ledger.events(&filter, MOST_EVENTS).await?;
    let again = events.iter().filter(|entry| entry.verb == "case.reopen").map(|entry| entry.at);
    Ok(again.max().unwrap_or(case.opened_at))
}

/// Whether an open case's time-box is over, or ends soon.
pub(in crate::command) fn ending(case: &Case, now: UnixTime) -> bool {
    let is_soon = |until: UnixTime| until <= now.saturating_add(WARNED_BEFORE);
    case.closed_at.is_none() && case.time_box_until.is_some_and(is_soon)
}

/// What is said of such a case.
pub(in crate::command) fn ends_text(case: &Case, now: UnixTime) -> String {
    let until = case.time_box_until.unwrap_or_default();
    let state = if until <= now { "over" } else { "open" };
    let args = [
        ("state", state.into()),
        ("case", (&case.reference).into()),
        ("when", deadline::human(until, &Local, now).into()),
    ];
    message::text("case-time-box-ends", &args)
}

/// The open cases whose time-box is over or ends soon, at most so many.
pub(in crate::command) async fn all_ending(
    ledger: &Ledger,
    now: UnixTime,
    most: u32,
) -> Result<Vec<Case>> {
    let filter = CaseFilter {
        open_only: true,
        ending_before: Some(now.saturating_add(WARNED_BEFORE)),
        ..CaseFilter::default()
    };
    Ok(ledger.cases(&filter, most).await?)
}

pub(super) fn until_text(until: UnixTime, now: UnixTime) -> String {
    deadline::human(until, &Local, now)
}

/// Whether a question that applies has no answer.
pub(super) fn is_unanswered(desk: &Desk, case: &Case) -> bool {
    desk.asked(&case.answers).iter().any(|one| one.answer.is_none())
}

/// What is missing, and what the answers come to, in a few lines. Nothing at a desk without questions.
pub(super) fn summary(desk: &Desk, case: &Case) -> String {
    let mut text = String::new();
    if desk.manifest.questions.is_empty() {
        return text;
    }
    let mut say = |tone: Tone, line: String| text.push_str(&format!("{}\n", paint(tone, &line)));
    if let Some(stop) = desk.stop(&case.answers) {
        let why = desk.rule_text(&stop.rule).unwrap_or_default();
        let args = [("number", (&stop.rule).into()), ("why", why.into())];
        say(Tone::Warn, message::text("asking-stops", &args));
    }
    let missing = desk.missing(&case.answers, Need::Required);
    let wanted = desk.missing(&case.answers, Need::Wanted);
    let args = [("count", missing.len().into()), ("missing", missing.join(", ").into())];
    if !missing.is_empty() || wanted.is_empty() {
        let tone = if missing.is_empty() { Tone::Good } else { Tone::Warn };
        say(tone, message::text("asking-answered", &args));
    }
    if !wanted.is_empty() {
        let args = [("wanted", wanted.join(", ").into())];
        say(Tone::Plain, message::text("asking-wanted", &args));
    }
    if !missing.is_empty() || !wanted.is_empty() {
        let args = [("case", (&case.reference).into())];
        say(Tone::Faint, message::text("asking-go-on", &args));
    }
    if !desk.manifest.access {
        say(Tone::Faint, message::text("case-never-granted", &[]));
    }
    text
}

/// The answers, one a line, and what is missing.
pub(super) fn answers(desk: &Desk, case: &Case) -> String {
    if desk.manifest.questions.is_empty() {
        return String::new();
    }
    let asked = desk.asked(&case.answers);
    let line = |one: &Asked<'_>| {
        let answer = one.answer.map(|answer| answer.text.replace('\n', " / "));
        (Label::name(&one.question.id), answer.unwrap_or_default())
    };
    let pairs: Vec<(Label, String)> = asked.iter().map(line).collect();
    let heading = paint(Tone::Strong, &message::text("case-answers", &[]));
    format!("\n{heading}\n{}{}\n", fields(&pairs), summary(desk, case))
}

/// The case with its answers, for programs.
pub(super) fn document(desk: &Desk, case: &Case, now: UnixTime) -> Value {
    let asked = desk.asked(&case.answers);
    let answer = |one: &Asked<'_>| {
        json!({
            "id": one.question.id,
            "kind": one.question.kind.id(),
            "need": one.need.id(),
            "rule": one.question.rule,
            "question": desk.question_text(&one.question.id, None),
            "answer": one.answer.map(|answer| &answer.text),
            "answered_at": one.answer.map(|answer| answer.at),
        })
    };
    let stop = desk
        .stop(&case.answers)
        .map(|stop| json!({ "rule": stop.rule, "why": desk.rule_text(&stop.rule) }));
    json!({
        "case": case,
        "answers": asked.iter().map(answer).collect::<Vec<Value>>(),
        "missing": desk.missing(&case.answers, Need::Required),
        "wanted": desk.missing(&case.answers, Need::Wanted),
        "stop": stop,
        "ends_soon": ending(case, now),
    })
}
