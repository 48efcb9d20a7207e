//! `case`: the investigations that grants belong to, and what their desks want to know.

mod asking;
mod given;
mod standing;
mod ticket;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::given::Given;
pub(super) use self::standing::{all_ending, ending, ends_text};
use self::ticket::TicketArgs;

use crate::command::lint::{self, LintArgs};
use crate::command::{quoted, revoke, schedule, view};
use crate::complete;
use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::grant::{Answer, Case, Grant, State, UnixTime};
use crate::ledger::{CaseFilter, Filter, Ledger, LedgerError};
use crate::lifecycle::batch::Tally;
use crate::message::{self, Arg, Id};
use crate::output::{Cell, Column, Tone, fields, paint, table};
use crate::policy::{check_reference, check_sentence};

/// `case …`
#[derive(Debug, Subcommand)]
pub enum CaseVerb {
    /// Open a case for a desk's ticket, and answer the desk's questions.
    ///
    /// At a terminal the questions are asked, and every answer is kept as soon as it is given; whoever
    /// breaks off goes on with the same command or with `case edit`. An answer with a secret in it is
    /// refused.
    #[command(after_help = "\
Examples:
  stagepass case open MSP-4711 --desk multisafepay
  stagepass case open MSP-4711 --desk multisafepay --for 3w --answers answers.toml")]
    Open {
        /// The desk's own reference, such as a ticket number.
        reference: String,
        /// The desk that asks; `stagepass desk list` names them.
        #[arg(long, add = complete::desks())]
        desk: String,
        /// How long the investigation may take: its time-box, within which every grant ends.
        ///
        /// Counted in days, to the end of the last one (UTC). Default: as long as the desk allows.
        #[arg(long = "for", value_name = "DURATION")]
        duration: Option<String>,
        /// Answers to the desk's questions: a TOML or JSON file, or - for standard input.
        #[arg(long, value_name = "FILE")]
        answers: Option<PathBuf>,
    },
    /// List cases.
    List {
        /// Closed cases too.
        #[arg(long)]
        all: bool,
    },
    /// Show one case with its answers, what is missing, and its grants.
    Show {
        /// The case's reference.
        #[arg(add = complete::all_cases())]
        reference: String,
    },
    /// Answer a desk's questions, change answers, or move the end of the time-box.
    ///
    /// With nothing but the reference the questions without an answer are asked at the terminal.
    #[command(after_help = "\
Examples:
  stagepass case edit MSP-4711
  stagepass case edit MSP-4711 --set since='the update of Monday' --set reproduced=yes
  stagepass case edit MSP-4711 --for 5w --reason 'the vendor answers in December'")]
    Edit(EditArgs),
    /// Print what the desk wants to know, as a text for its portal. Nothing is sent anywhere.
    ///
    /// Required questions without an answer show a dash, and are named. A text in which a secret is
    /// found is not printed; where it stands is. Ends with 3 then.
    #[command(after_help = "\
Examples:
  stagepass case ticket MSP-4711
  stagepass case ticket MSP-4711 --format text --lang it | xclip -i")]
    Ticket(TicketArgs),
    /// Open a closed case again because its ticket goes on. Grants that have ended stay ended.
    #[command(after_help = "\
Example:
  stagepass case reopen MSP-4711 --reason 'the customer wrote again'")]
    Reopen {
        /// The case's reference.
        #[arg(add = complete::all_cases())]
        reference: String,
        /// Why; recorded with your name.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// How long it may take from now on. Default: as long as the desk allows.
        #[arg(long = "for", value_name = "DURATION")]
        duration: Option<String>,
    },
    /// Revoke every grant of a case, on all targets, and close it once all are proved closed.
    Close {
        /// The case's reference.
        #[arg(add = complete::open_cases())]
        reference: String,
        /// Say what would be done, and do nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Look for secrets in what is about to be sent with a ticket.
    ///
    /// Card and account numbers, passwords, PINs, tokens and keys do not belong in a ticket,
    /// whichever desk it goes to. Says where they stand and never what they are; nothing is
    /// changed, kept or sent. Ends with 3 where something was found, and with 0 where nothing was.
    #[command(after_help = "\
Examples:
  stagepass case lint mail.txt checkout.log screenshot.png
  xclip -o | stagepass case lint -")]
    Lint(LintArgs),
}

/// `case edit`
#[derive(Debug, Args)]
pub struct EditArgs {
    /// The case's reference.
    #[arg(add = complete::open_cases())]
    pub reference: String,
    /// An answer, by the question's id; an empty one takes the answer back. May be given several
    /// times.
    ///
    /// Other users of this computer can read a command line: what is the customers' business goes
    /// through --answers - or the terminal.
    #[arg(long = "set", value_name = "ID=VALUE", conflicts_with = "answers")]
    pub sets: Vec<String>,
    /// Answers to the desk's questions: a TOML or JSON file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// A new time-box, from when the case was opened; needs a reason.
    #[arg(long = "for", value_name = "DURATION", requires = "reason")]
    pub duration: Option<String>,
    /// Why the time-box is moved; recorded with your name.
    #[arg(long, value_name = "TEXT", requires = "duration")]
    pub reason: Option<String>,
}

/// The most cases that one list shows.
const MOST: u32 = 1000;

/// Runs the command.
///
/// # Errors
/// There is no such case or desk, the ledger fails, or a grant is not proved closed.
pub async fn run(context: &Context, command: CaseVerb) -> Result<()> {
    match command {
        CaseVerb::Open { reference, desk, duration, answers } => {
            let answers = answers.as_deref().map(given::read_file).transpose()?;
            open(context, reference, &desk, duration.as_deref(), answers).await
        }
        CaseVerb::List { all } => list(context, all).await,
        CaseVerb::Show { reference } => show(context, &reference).await,
        CaseVerb::Edit(typed) => edit(context, &typed).await,
        CaseVerb::Ticket(typed) => {
            let ledger = existing_ledger(context, &typed.reference).await?;
            ticket::run(context, &ledger.case(&typed.reference).await?, &typed)
        }
        CaseVerb::Reopen { reference, reason, duration } => {
            reopen(context, &reference, &reason, duration.as_deref()).await
        }
        CaseVerb::Close { reference, dry_run } => close(context, &reference, dry_run).await,
        CaseVerb::Lint(typed) => lint::run(context, typed),
    }
}

async fn open(
    context: &Context,
    reference: String,
    desk: &str,
    duration: Option<&str>,
    answers: Option<Given>,
) -> Result<()> {
    if let Err(e) = check_reference(&reference) {
        return Err(Error::of(Kind::Usage, "case-unusable", &[])
            .because_of("case-unusable.why", &[("problem", Arg::of(e))])
            .hint_of("case-unusable.way-out", &[]));
    }
    let desk = context.desk(desk)?;
    let now = context.now();
    let mut case = Case::new(reference, &desk.id, now);
    case.time_box_until = standing::time_box(&desk, duration, now, now)?;
    if let Some(answers) = &answers {
        let kept = given::accept(context, &desk, &case, answers)?;
        let answer = |text| Answer { text, at: now };
        case.answers =
            kept.into_iter().filter_map(|(id, text)| Some((id, answer(text?)))).collect();
    }
    let ledger = context.ledger().await?;
    let mut begun = false;
    match ledger.open_case(&case, &context.actor).await {
        Err(LedgerError::Exists { .. }) => {
            // Whoever broke off in the middle of the questions goes on with the same words.
            let there = ledger.case(&case.reference).await?;
            let goes_on = there.desk == desk.id
                && there.closed_at.is_none()
                && answers.is_none()
                && context.output.can_ask()
                && standing::is_unanswered(&desk, &there);
            if !goes_on {
                return Err(exists(&case.reference));
            }
            (case, begun) = (there, true);
        }
        other => other?,
    }
    let text = format!(
        "{} {}\n",
        paint(Tone::Good, &of_case(Id("case-is-open"), &case.reference)),
        message::text("case-is-open.by", &[("desk", (&desk.manifest.name).into())])
    );
    if context.output.can_ask() {
        if !begun {
            context.output.say(Tone::Plain, text.trim_end());
        }
        case = asking::ask(context, &ledger, &desk, case).await?;
        context.output.result(&standing::summary(&desk, &case), json!(null));
    } else {
        let document = standing::document(&desk, &case, now);
        context.output.result(&(text + &standing::summary(&desk, &case)), document);
    }
    if desk.manifest.access {
        let next = [("case", quoted(&case.reference).into())];
        context.output.say(Tone::Faint, &message::text("case-next", &next));
    }
    Ok(())
}

fn exists(reference: &str) -> Error {
    Error::of(Kind::Usage, "case-exists", &[("case", reference.into())])
        .hint_of("case-exists.see", &[("case", reference.into())])
        .hint_of("case-exists.reopen", &[])
}

/// Changes answers, or asks for those that are missing; moves the end of the time-box.
async fn edit(context: &Context, typed: &EditArgs) -> Result<()> {
    let mut given = given::read_sets(&typed.sets)?;
    if let Some(file) = &typed.answers {
        given = given::read_file(file)?;
    }
    let reference = typed.reference.as_str();
    existing_ledger(context, reference).await?;
    let ledger = context.ledger().await?;
    let mut case = ledger.case(reference).await?;
    if case.closed_at.is_some() {
        let args = [("case", reference.into())];
        return Err(Error::of(Kind::Usage, "case-edit-closed", &args)
            .hint_of("case-edit-closed.way-out", &args));
    }
    let desk = context.desk(&case.desk)?;
    let before = case.clone();
    let asks = given.is_empty() && typed.answers.is_none() && typed.duration.is_none();
    if asks && !context.output.can_ask() {
        return Err(Error::of(Kind::Usage, "case-edit-nothing", &[])
            .hint_of("case-edit-nothing.way-out", &[]));
    }
    let until = match &typed.duration {
        None => None,
        Some(text) => {
            let began = standing::began(&ledger, &case).await?;
            standing::time_box(&desk, Some(text), began, context.now())?
        }
    };
    let reason = typed.reason.as_deref().unwrap_or_default();
    if until.is_some()
        && let Err(e) = check_sentence(reason)
    {
        return Err(Error::of(Kind::Usage, "reason-unusable", &[("problem", Arg::of(e))]));
    }
    let changes = given::accept(context, &desk, &case, &given)?;
    if !changes.is_empty() {
        case = ledger.answer(reference, &changes, context.now(), &context.actor).await?;
    }
    if let Some(until) = until.filter(|until| case.time_box_until != Some(*until)) {
        let (now, by) = (context.now(), &context.actor);
        case = ledger.move_time_box(reference, until, reason, now, by).await?;
    }
    if asks {
        case = asking::ask(context, &ledger, &desk, case).await?;
    }
    let id = if case == before { Id("case-unchanged") } else { Id("case-edited") };
    let text = format!("{}\n{}", of_case(id, reference), standing::summary(&desk, &case));
    context.output.result(&text, standing::document(&desk, &case, context.now()));
    Ok(())
}

async fn list(context: &Context, all: bool) -> Result<()> {
    let filter = CaseFilter { open_only: !all, ..CaseFilter::default() };
    let cases = match context.ledger_to_read().await? {
        Some(ledger) => ledger.cases(&filter, MOST).await?,
        None => Vec::new(),
    };
    let now = context.now();
    let rows = cases.iter().map(|case| row(case, now)).collect();
    let text = if cases.is_empty() {
        context.output.say(Tone::Faint, &message::text("case-none-open", &[]));
        String::new()
    } else {
        table(&COLUMNS, rows)
    };
    context.output.result(&text, json!({ "cases": cases }));
    for case in cases.iter().filter(|case| ending(case, now)) {
        context.output.say(Tone::Warn, &ends_text(case, now));
    }
    if u32::try_from(cases.len()).is_ok_and(|count| count >= MOST) {
        context.output.say(Tone::Warn, &message::text("case-list-cut", &[("count", MOST.into())]));
    }
    Ok(())
}

const COLUMNS: [Column; 6] = [
    Column::new("reference", 0),
    Column::new("desk", 2),
    Column::new("opened", 1),
    Column::new("time-box", 3),
    Column::new("answers", 4),
    Column::new("state", 0),
];

fn row(case: &Case, now: UnixTime) -> Vec<Cell> {
    let state = match case.closed_at {
        Some(at) => Cell::from(format!("closed {}", deadline::relative(at, now))),
        None => Cell::toned(Tone::Good, "open"),
    };
    let opened = deadline::relative(case.opened_at, now);
    let until = case.time_box_until.filter(|_| case.closed_at.is_none());
    let until = match until.map(|until| deadline::relative(until, now)) {
        Some(until) if ending(case, now) => Cell::toned(Tone::Warn, until),
        until => until.unwrap_or_default().into(),
    };
    let answers = case.answers.len().to_string();
    let (reference, desk) = (case.reference.as_str(), case.desk.as_str());
    vec![reference.into(), desk.into(), opened.into(), until, answers.into(), state]
}

async fn show(context: &Context, reference: &str) -> Result<()> {
    let ledger = existing_ledger(context, reference).await?;
    let case = ledger.case(reference).await?;
    let grants = grants_of(&ledger, reference, false).await?;
    let now = context.now();
    let time_box = case.time_box_until.filter(|_| case.closed_at.is_none());
    let mut text = fields(&[
        ("case", case.reference.clone()),
        ("desk", case.desk.clone()),
        ("opened", deadline::utc(case.opened_at)),
        ("time-box", time_box.map(|until| standing::until_text(until, now)).unwrap_or_default()),
        ("closed", case.closed_at.map(deadline::utc).unwrap_or_default()),
    ]);
    // A case of stagepass' own is at no desk, and a desk of the merchant's own may be gone.
    let desk = context.desk(&case.desk).ok();
    if let Some(desk) = &desk {
        text.push_str(&standing::answers(desk, &case));
    }
    text.push_str(&view::grants(&grants, now));
    let documents: Vec<Value> = grants.iter().map(|grant| view::document(grant, now)).collect();
    let mut document = match &desk {
        Some(desk) => standing::document(desk, &case, now),
        None => json!({ "case": case }),
    };
    if let Some(object) = document.as_object_mut() {
        object.insert("grants".into(), json!(documents));
    }
    context.output.result(&text, document);
    if ending(&case, now) {
        context.output.say(Tone::Warn, &ends_text(&case, now));
    }
    Ok(())
}

async fn existing_ledger(context: &Context, reference: &str) -> Result<Ledger> {
    context.ledger_to_read().await?.ok_or_else(|| {
        Error::of(
            Kind::NotFound,
            "case-unknown",
            &[("case", crate::remote::script::clean(reference).into())],
        )
        .hint_of("case-unknown.see", &[])
    })
}

async fn grants_of(ledger: &Ledger, reference: &str, live_only: bool) -> Result<Vec<Grant>> {
    let filter = Filter { case: Some(reference.to_owned()), live_only, ..Filter::default() };
    Ok(ledger.grants(&filter, revoke::MOST, None).await?)
}

/// Opens a closed case again, for a reason that is recorded.
async fn reopen(
    context: &Context,
    reference: &str,
    reason: &str,
    duration: Option<&str>,
) -> Result<()> {
    if let Err(e) = check_sentence(reason) {
        return Err(Error::of(Kind::Usage, "reason-unusable", &[("problem", Arg::of(e))]));
    }
    existing_ledger(context, reference).await?;
    let ledger = context.ledger().await?;
    let case = ledger.case(reference).await?;
    let was_closed = case.closed_at.is_some();
    let now = context.now();
    let until = match context.desk(&case.desk) {
        Ok(desk) => standing::time_box(&desk, duration, now, now)?,
        // Where nothing of a desk is known, a case goes on as it was.
        Err(_) => None,
    };
    let case = ledger.reopen_case(reference, reason, until, now, &context.actor).await?;
    let text = match was_closed {
        true => paint(Tone::Good, &of_case(Id("case-is-open-again"), reference)),
        false => of_case(Id("case-open-already"), reference),
    };
    context.output.result(&text, json!({ "case": case }));
    Ok(())
}

/// Revokes every grant of the case, and closes the case when all are proved closed.
async fn close(context: &Context, reference: &str, dry_run: bool) -> Result<()> {
    existing_ledger(context, reference).await?;
    let ledger = context.ledger().await?;
    let case = ledger.case(reference).await?;
    if case.closed_at.is_some() {
        context.output.result(
            &(of_case(Id("case-closed-already"), reference) + "\n"),
            with_case(revoke::document(&Tally::default(), context.now()), &case),
        );
        return Ok(());
    }
    let grants = grants_of(&ledger, reference, true).await?;
    if dry_run {
        return revoke::show_plan(context, &grants);
    }
    let tally = revoke::carry_out(context, &ledger, &grants, "the case is closed").await?;
    let failure = revoke::failure(&tally);
    if let Some(error) = failure.clone().filter(|_| revoke::not_closed(&tally).is_some()) {
        let is_swept = schedule::is_swept(context, &ledger).await;
        revoke::report(context, &tally, &[], is_swept);
        return Err(error
            .hint_of("case-stays-open", &[("reference", reference.into())])
            .with_result(revoke::document(&tally, context.now())));
    }
    let case = ledger.close_case(reference, context.now(), &context.actor).await?;
    let head = ledger.head().await?;
    let mut text = revoke::text(&tally, context.now(), true);
    let forgotten = forgotten(&ledger, reference).await?;
    text.push_str(&about_forgotten(&forgotten));
    text.push_str(&format!("{}\n", paint(Tone::Good, &of_case(Id("case-is-closed"), reference))));
    text.push_str(&fields(&[("ledger", head.to_string())]));
    let mut document = with_case(revoke::document(&tally, context.now()), &case);
    if let Some(object) = document.as_object_mut() {
        let ids: Vec<&str> = forgotten.iter().map(|grant| grant.id.as_str()).collect();
        object.insert("forgotten".into(), json!(ids));
        object.insert("ledger_head".into(), json!(head.to_string()));
    }
    // The case is over; that something has to be looked at is said all the same.
    let Some(error) = failure else {
        context.output.result(&text, document);
        return Ok(());
    };
    if !context.output.is_json() {
        context.output.result(&text, json!(null));
    }
    Err(error.with_result(document))
}

fn of_case(id: Id, reference: &str) -> String {
    id.with(&[("case", reference.into())]).text
}

fn with_case(mut document: Value, case: &Case) -> Value {
    if let Some(object) = document.as_object_mut() {
        object.insert("case".into(), json!(case));
    }
    document
}

/// Grants of the case that nobody saw end.
async fn forgotten(ledger: &Ledger, reference: &str) -> Result<Vec<Grant>> {
    let filter = Filter {
        case: Some(reference.to_owned()),
        states: vec![State::Forgotten],
        ..Filter::default()
    };
    Ok(ledger.grants(&filter, revoke::MOST, None).await?)
}

/// A closed case must not look as if everything in it was proved closed.
fn about_forgotten(grants: &[Grant]) -> String {
    let Some(first) = grants.first() else { return String::new() };
    let ids: Vec<&str> = grants.iter().take(10).map(|grant| grant.id.as_str()).collect();
    // How many, which, and where the first of them is.
    let args = [
        ("count", grants.len().into()),
        ("grants", ids.join(", ").into()),
        ("target", (&first.target).into()),
    ];
    format!("{} {}\n", paint(Tone::Warn, "note:"), message::text("case-forgotten", &args))
}

/// A case of stagepass' own, which is open; a new one, with a number, where the last was closed.
pub(super) async fn own_case(
    context: &Context,
    ledger: &Ledger,
    base: &str,
    desk: &str,
) -> Result<String> {
    for number in 1.. {
        let reference = match number {
            1 => base.to_owned(),
            _ => format!("{base}-{number}"),
        };
        match ledger.case(&reference).await {
            Ok(case) if case.closed_at.is_none() => return Ok(reference),
            Ok(_) => {}
            Err(LedgerError::NoSuchCase { .. }) => {
                let case = Case::new(&reference, desk, context.now());
                match ledger.open_case(&case, &context.actor).await {
                    // Another process was faster.
                    Ok(()) | Err(LedgerError::Exists { .. }) => return Ok(reference),
                    Err(e) => return Err(e.into()),
                }
            }
            Err(e) => return Err(e.into()),
        }
    }
    Ok(base.to_owned())
}
