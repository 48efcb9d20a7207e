//! What a desk wants to know: its questions, what it must never be sent, and which answers mean that
//! nobody is to be let in. Pure: which questions apply, which answers are missing, and what they
//! come to.
//!
//! A question stands in `desk.toml`, and its sentence in the desk's texts as `question-ID`, with
//! `.help` behind it and one attribute `.choice-WORD` for each word that answers a choice.

use chrono::TimeZone;
use serde::Deserialize;

use super::Desk;
use crate::deadline::{self, DeadlineError};
use crate::grant::{Answer, Answers, UnixTime};
use crate::message::{Arg, Note, Told, shown_by_note};
use crate::text::is_steering;

/// The longest answer of one line, in characters.
const LINE: usize = 500;

/// The longest answer of several lines, in characters: a log's end, not a log.
const LINES: usize = 10_000;

/// One question of a desk. Its sentence is the message `question-ID` in the desk's texts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// By which `--set` and `--answers` know it: small letters, digits and `_`.
    pub id: String,
    /// What an answer is.
    pub kind: AnswerKind,
    /// Whether a ticket is whole without it.
    pub need: Need,
    /// The desk's own rule that asks for it, such as `M12`.
    pub rule: String,
    /// The words that answer a choice, in the order in which they are offered.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Where it is asked only if an earlier choice says so.
    pub only_when: Option<Condition>,
    /// Where what is otherwise wanted is required if an earlier choice says so.
    pub required_when: Option<Condition>,
    /// Whether an id is a UUID (RFC 9562).
    #[serde(default)]
    pub uuid: bool,
    /// Whether an answer is a secret: it is asked for without being shown, and not kept.
    #[serde(default)]
    pub secret: bool,
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum AnswerKind {
    /// One line.
    Text,
    /// One of a few words.
    Choice,
    /// A day with its time of day, in the past.
    DateTime,
    /// One word that some program made.
    Id,
    /// The name of a file that goes with the ticket.
    File,
    /// Several lines.
    MultiLine,
}

impl AnswerKind {
    /// The word as it is written in `desk.toml` and shown.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// Whether a ticket is whole without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Need {
    /// It is not.
    Required,
    /// It is, and the desk works faster with it.
    Wanted,
}

impl Need {
    /// The word as it is written in `desk.toml` and shown.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// An answer that was given to a choice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The id of the question.
    pub question: String,
    /// The words that are meant.
    pub is: Vec<String>,
}

impl Condition {
    /// Whether one of these questions was answered so. An answer to a question that does not apply
    /// any more is not among them.
    fn holds(&self, asked: &[Asked<'_>]) -> bool {
        let is_so = |one: &Asked<'_>| {
            one.question.id == self.question
                && one.answer.is_some_and(|answer| self.is.contains(&answer.text))
        };
        asked.iter().any(is_so)
    }
}

/// Something that the desk must never be sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forbidden {
    /// The name by which somebody might want to send it, such as `client_secret`.
    pub id: String,
    /// The desk's own rule against it.
    pub rule: String,
}

/// Answers that mean: do not let anybody in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The desk's own rule that says so, such as `D1`.
    pub rule: String,
    /// It holds where all of these do.
    pub when: Vec<Condition>,
}

/// A question as it stands in a case.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The question.
    pub question: &'a Question,
    /// Whether a ticket is whole without it, by the answers so far.
    pub need: Need,
    /// What was answered.
    pub answer: Option<&'a Answer>,
}

/// An answer that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerProblem {
    /// Nothing is left of it without its spaces.
    Empty,
    /// It has more characters than that.
    Long(usize),
    /// A character that could steer a terminal, or a line break in a single line.
    Character(char),
    /// None of the words that answer a choice.
    NoChoice(String),
    /// No day with a time of day.
    NotATime(DeadlineError),
    /// A moment that has not come yet.
    Future,
    /// An id is one word of letters, digits and signs.
    NotAnId,
    /// No UUID.
    NotAUuid,
}

impl Told for AnswerProblem {
    fn note(&self) -> Note {
        let spelled = |c: &char| {
            let hidden = is_steering(*c) || c.is_whitespace();
            Arg::from(if hidden { c.escape_unicode().to_string() } else { c.to_string() })
        };
        match self {
            Self::Empty => Note::of("answer-problem-empty", &[]),
            Self::Long(limit) => Note::of("answer-problem-long", &[("limit", (*limit).into())]),
            Self::Character(c) => {
                Note::of("answer-problem-character", &[("character", spelled(c))])
            }
            Self::NoChoice(choices) => {
                Note::of("answer-problem-choice", &[("choices", choices.into())])
            }
            Self::NotATime(e) => Note::of("answer-problem-time", &[("why", Arg::of(e))]),
            Self::Future => Note::of("answer-problem-future", &[]),
            Self::NotAnId => Note::of("answer-problem-id", &[]),
            Self::NotAUuid => Note::of("answer-problem-uuid", &[]),
        }
    }
}

shown_by_note!(AnswerProblem);

impl Question {
    /// The answer as it is kept: one of the words of a choice, a moment with its offset, a text
    /// without the spaces around it.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read<Zone: TimeZone>(
        &self,
        text: &str,
        zone: &Zone,
        now: UnixTime,
    ) -> Result<String, AnswerProblem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AnswerProblem::Empty);
        }
        let several = self.kind == AnswerKind::MultiLine;
        let limit = if several { LINES } else { LINE };
        if text.chars().nth(limit).is_some() {
            return Err(AnswerProblem::Long(limit));
        }
        let text = text.replace("\r\n", "\n");
        let may_be = |c: char| several && matches!(c, '\n' | '\t');
        if let Some(c) = text.chars().find(|c| is_steering(*c) && !may_be(*c)) {
            return Err(AnswerProblem::Character(c));
        }
        match self.kind {
            AnswerKind::Text | AnswerKind::MultiLine | AnswerKind::File => Ok(text),
            AnswerKind::Choice => {
                let chosen = self.choices.iter().find(|one| one.eq_ignore_ascii_case(&text));
                chosen.cloned().ok_or_else(|| AnswerProblem::NoChoice(self.choices.join(", ")))
            }
            AnswerKind::DateTime => {
                let moment = deadline::parse_moment(&text, zone);
                let moment = moment.map_err(AnswerProblem::NotATime)?;
                if moment > now {
                    return Err(AnswerProblem::Future);
                }
                Ok(deadline::local(moment, zone))
            }
            AnswerKind::Id if !text.chars().all(|c| c.is_ascii_graphic()) => {
                Err(AnswerProblem::NotAnId)
            }
            AnswerKind::Id if self.uuid && !is_uuid(&text) => Err(AnswerProblem::NotAUuid),
            AnswerKind::Id => Ok(text),
        }
    }
}

/// Whether a text is a UUID as RFC 9562 writes it, section 4.
fn is_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

impl Desk {
    /// The question with this id.
    #[must_use]
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.manifest.questions.iter().find(|question| question.id == id)
    }

    /// The rule by which this must never be sent, if there is one.
    #[must_use]
    pub fn forbids(&self, id: &str) -> Option<&Forbidden> {
        self.manifest.forbidden.iter().find(|one| one.id.eq_ignore_ascii_case(id))
    }

    /// The questions that apply by these answers, in the desk's order.
    #[must_use]
    pub fn asked<'a>(&'a self, answers: &'a Answers) -> Vec<Asked<'a>> {
        let mut asked: Vec<Asked<'a>> = Vec::new();
        for question in &self.manifest.questions {
            if question.only_when.as_ref().is_some_and(|one| !one.holds(&asked)) {
                continue;
            }
            let is_required = question.required_when.as_ref().is_some_and(|one| one.holds(&asked));
            let need = if is_required { Need::Required } else { question.need };
            asked.push(Asked { question, need, answer: answers.get(&question.id) });
        }
        asked
    }

    /// The ids of the questions of this need that apply and have no answer.
    #[must_use]
    pub fn missing<'a>(&'a self, answers: &'a Answers, need: Need) -> Vec<&'a str> {
        let asked = self.asked(answers).into_iter();
        let missing = asked.filter(|one| one.need == need && one.answer.is_none());
        missing.map(|one| one.question.id.as_str()).collect()
    }

    /// The first of the desk's rules by which these answers mean that nobody is to be let in.
    #[must_use]
    pub fn stop(&self, answers: &Answers) -> Option<&Stop> {
        let asked = self.asked(answers);
        let holds = |stop: &&Stop| stop.when.iter().all(|condition| condition.holds(&asked));
        self.manifest.stops.iter().find(holds)
    }

    /// What is wrong with the questions, the forbidden names and the stops, if something is: what
    /// it is about, and what is wrong with it.
    pub(super) fn wrong_question(&self) -> Option<(String, &'static str)> {
        let all = &self.manifest.questions;
        for (position, question) in all.iter().enumerate() {
            let (earlier, _) = all.split_at(position);
            if let Some(problem) = self.problem_of(question, earlier) {
                return Some((question.id.clone(), problem));
            }
        }
        for one in &self.manifest.forbidden {
            let problem = if !is_field(&one.id) {
                "name"
            } else if !self.has_rule(&one.rule) {
                "rule"
            } else if self.question(&one.id).is_some() {
                "forbidden"
            } else {
                continue;
            };
            return Some((one.id.clone(), problem));
        }
        for stop in &self.manifest.stops {
            let problem = if !self.has_rule(&stop.rule) {
                "rule"
            } else if stop.when.is_empty() {
                "no-condition"
            } else if !stop.when.iter().all(|one| is_met_by(one, all)) {
                "condition"
            } else {
                continue;
            };
            return Some((stop.rule.clone(), problem));
        }
        None
    }

    fn problem_of(&self, question: &Question, earlier: &[Question]) -> Option<&'static str> {
        let is_choice = question.kind == AnswerKind::Choice;
        let one_line = matches!(question.kind, AnswerKind::Text | AnswerKind::Id);
        let mut conditions = question.only_when.iter().chain(&question.required_when);
        let problems = [
            ("name", !is_field(&question.id)),
            ("twice", earlier.iter().any(|other| other.id == question.id)),
            ("rule", !self.has_rule(&question.rule)),
            ("choices", is_choice == question.choices.is_empty()),
            ("choice-name", !question.choices.iter().all(|word| is_field(word))),
            ("uuid", question.uuid && question.kind != AnswerKind::Id),
            ("secret", question.secret && !one_line),
            ("condition", !conditions.all(|one| is_met_by(one, earlier))),
            ("need", question.required_when.is_some() && question.need == Need::Required),
        ];
        problems.into_iter().find(|(_, is_so)| *is_so).map(|(problem, _)| problem)
    }

    fn has_rule(&self, id: &str) -> bool {
        self.manifest.rules.iter().any(|rule| rule.id == id)
    }
}

/// Whether one of these questions is a choice that can be answered so.
fn is_met_by(condition: &Condition, questions: &[Question]) -> bool {
    let question = questions.iter().find(|one| one.id == condition.question);
    let known =
        |question: &Question| condition.is.iter().all(|word| question.choices.contains(word));
    !condition.is.is_empty() && question.is_some_and(known)
}

/// Whether a text can be the name of a question or a word of a choice: it is one in a message's id,
/// in TOML without quotes, and before the `=` of `--set`.
fn is_field(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
