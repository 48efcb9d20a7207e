//! `case`: the investigations that grants belong to.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::command::lint::{self, LintArgs};
use crate::command::{quoted, revoke, schedule, view};
use crate::complete;
use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::grant::{Case, Grant, State, UnixTime};
use crate::ledger::{CaseFilter, Filter, Ledger, LedgerError};
use crate::lifecycle::batch::Tally;
use crate::message::{self, Arg, Id};
use crate::output::{Cell, Column, Label, Tone, fields, paint, table};
use crate::policy::{check_reference, check_sentence};

/// `case …`
#[derive(Debug, Subcommand)]
pub enum CaseVerb {
    /// Open a case for a desk's ticket.
    #[command(after_help = "Example:\n  stagepass case open MSP-4711 --desk multisafepay")]
    Open {
        /// The desk's own reference, such as a ticket number.
        reference: String,
        /// The desk that asks for access; `stagepass desk list` names them.
        #[arg(long, add = complete::desks())]
        desk: String,
    },
    /// List cases.
    List {
        /// Closed cases too.
        #[arg(long)]
        all: bool,
    },
    /// Show one case with its grants.
    Show {
        /// The case's reference.
        #[arg(add = complete::all_cases())]
        reference: String,
    },
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

/// The most cases that one list shows.
const MOST: u32 = 1000;

/// Runs the command.
///
/// # Errors
/// There is no such case or desk, the ledger fails, or a grant is not proved closed.
pub async fn run(context: &Context, command: CaseVerb) -> Result<()> {
    match command {
        CaseVerb::Open { reference, desk } => open(context, reference, &desk).await,
        CaseVerb::List { all } => list(context, all).await,
        CaseVerb::Show { reference } => show(context, &reference).await,
        CaseVerb::Reopen { reference, reason } => reopen(context, &reference, &reason).await,
        CaseVerb::Close { reference, dry_run } => close(context, &reference, dry_run).await,
        CaseVerb::Lint(typed) => lint::run(context, typed),
    }
}

async fn open(context: &Context, reference: String, desk: &str) -> Result<()> {
    if let Err(e) = check_reference(&reference) {
        return Err(Error::of(Kind::Usage, "case-unusable", &[])
            .because_of("case-unusable.why", &[("problem", Arg::of(e))])
            .hint_of("case-unusable.way-out", &[]));
    }
    let desk = context.desk(desk)?;
    let ledger = context.ledger().await?;
    let case = Case { reference, desk: desk.id.clone(), opened_at: context.now(), closed_at: None };
    match ledger.open_case(&case, &context.actor).await {
        Err(LedgerError::Exists { .. }) => {
            return Err(Error::of(
                Kind::Usage,
                "case-exists",
                &[("case", (&case.reference).into())],
            )
            .hint_of("case-exists.see", &[("case", (&case.reference).into())])
            .hint_of("case-exists.reopen", &[]));
        }
        other => other?,
    }
    let text = format!(
        "{} {}\n",
        paint(Tone::Good, &of_case(Id("case-is-open"), &case.reference)),
        message::text("case-is-open.by", &[("desk", (&desk.manifest.name).into())])
    );
    context.output.result(&text, json!({ "case": case }));
    context
        .output
        .say(Tone::Faint, &message::text("case-next", &[("case", quoted(&case.reference).into())]));
    Ok(())
}

async fn list(context: &Context, all: bool) -> Result<()> {
    let filter = CaseFilter { desk: None, open_only: !all };
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
    if u32::try_from(cases.len()).is_ok_and(|count| count >= MOST) {
        context.output.say(Tone::Warn, &message::text("case-list-cut", &[("count", MOST.into())]));
    }
    Ok(())
}

const COLUMNS: [Column; 4] = [
    Column::new(Id("label.reference"), 0),
    Column::new(Id("label.desk"), 2),
    Column::new(Id("label.opened"), 1),
    Column::new(Id("label.state"), 0),
];

fn row(case: &Case, now: UnixTime) -> Vec<Cell> {
    let state = match case.closed_at {
        Some(at) => {
            let args = [("when", deadline::relative(at, now).into())];
            Cell::from(message::text("ends-closed", &args))
        }
        None => Cell::toned(Tone::Good, State::Open.word()),
    };
    let opened = deadline::relative(case.opened_at, now);
    vec![case.reference.as_str().into(), case.desk.as_str().into(), opened.into(), state]
}

async fn show(context: &Context, reference: &str) -> Result<()> {
    let ledger = existing_ledger(context, reference).await?;
    let case = ledger.case(reference).await?;
    let grants = grants_of(&ledger, reference, false).await?;
    let now = context.now();
    let mut text = fields(&[
        (Label::of("label.case"), case.reference.clone()),
        (Label::of("label.desk"), case.desk.clone()),
        (Label::of("label.opened"), deadline::utc(case.opened_at)),
        (Label::of("label.closed"), case.closed_at.map(deadline::utc).unwrap_or_default()),
    ]);
    text.push_str(&view::grants(&grants, now));
    let documents: Vec<Value> = grants.iter().map(|grant| view::document(grant, now)).collect();
    context.output.result(&text, json!({ "case": case, "grants": documents }));
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
async fn reopen(context: &Context, reference: &str, reason: &str) -> Result<()> {
    if let Err(e) = check_sentence(reason) {
        return Err(Error::of(Kind::Usage, "reason-unusable", &[("problem", Arg::of(e))]));
    }
    existing_ledger(context, reference).await?;
    let ledger = context.ledger().await?;
    let was_closed = ledger.case(reference).await?.closed_at.is_some();
    let case = ledger.reopen_case(reference, reason, context.now(), &context.actor).await?;
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
    let tally =
        revoke::carry_out(context, &ledger, &grants, &message::text("reason-case-closed", &[]))
            .await?;
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
    text.push_str(&fields(&[(Label::of("label.ledger"), head.to_string())]));
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
    format!(
        "{} {}\n",
        paint(Tone::Warn, &message::text("check-note", &[])),
        message::text("case-forgotten", &args)
    )
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
                let case = Case {
                    reference: reference.clone(),
                    desk: desk.to_owned(),
                    opened_at: context.now(),
                    closed_at: None,
                };
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
