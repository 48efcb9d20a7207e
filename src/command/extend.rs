//! `extend`: move the deadline of a grant.
//!
//! A longer deadline is recorded after the server has it, a shorter one before: whatever fails on
//! the way, the sweep closes at the earlier of the two, and a working login is never taken away.

use chrono::Local;
use clap::Args;
use serde_json::{Value, json};

use crate::command::{grant::deadline_of, refusal, schedule_warning, view};
use crate::complete;
use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::grant::{Grant, State, UnixTime};
use crate::ledger::{EventFilter, Filter, Lease, Ledger};
use crate::lifecycle::claim::{self, event, lease_seconds};
use crate::lifecycle::evidence;
use crate::message;
use crate::output::{Label, Tone, fields, paint};
use crate::policy::{
    Agreed, ExtensionDecision, ExtensionRequest, LiveRequest, NewDeadline, Override,
    decide_extension,
};
use crate::remote::inputs::{self, CallInputs};
use crate::remote::layer::LayerState;
use crate::remote::provider::Verb;
use crate::remote::script::Answer;
use crate::remote::server::{self, Server};
use crate::remote::session::{self, Session};

/// `extend`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass extend k7m2x9 --for 7d --reason 'waiting for the plugin vendor'
  stagepass extend k7m2x9 --until '2026-12-01 18:00' --reason 'the fix goes live then'")]
pub struct ExtendArgs {
    /// The grant's id, or the beginning of it.
    #[arg(add = complete::open_grants())]
    pub grant: String,
    /// How long from now. Shortening is always allowed.
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "until")]
    pub duration: Option<String>,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Why. Asked for at a terminal; needed elsewhere to make it longer.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Break this rule knowingly, by its id as a refusal shows it; recorded with the reason. May
    /// be given several times.
    #[arg(long = "override", value_name = "RULE")]
    pub overrides: Vec<String>,
    /// Live shop: who of the desk approved more time.
    #[arg(long, value_name = "NAME", help_heading = "Live shop")]
    pub approver: Option<String>,
    /// Live shop: the desk's reference of that approval.
    #[arg(long, value_name = "REF", help_heading = "Live shop")]
    pub approval: Option<String>,
    /// Live shop: the host name, typed out again.
    #[arg(long, value_name = "HOSTNAME", help_heading = "Live shop")]
    pub yes_live: Option<String>,
    /// Print the verdict and touch nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// The most interrupted extensions that one sweep sets right.
const MOST: u32 = 1000;

/// Seconds until a server that refused the recorded deadline is asked again.
const PAUSE: i64 = 15 * 60;

/// Runs the command.
///
/// # Errors
/// Policy or the server refuses, or nobody saw how it ended; the old deadline holds in each case.
pub async fn run(context: &Context, typed: ExtendArgs) -> Result<()> {
    if context.ledger_to_read().await?.is_none() {
        return Err(Error::of(Kind::NotFound, "no-grants", &[]));
    }
    let wanted = deadline_of(context, typed.duration.as_deref(), typed.until.as_deref())?
        .ok_or_else(|| {
            Error::of(Kind::Usage, "deadline-missing", &[]).hint_of("deadline-missing.way-out", &[])
        })?;
    let ledger = context.ledger().await?;
    let grant = ledger.grant(&typed.grant).await?;
    if grant.state != State::Open {
        return Err(Error::of(
            Kind::Usage,
            "extend-not-open",
            &[("grant", (&grant.id).into()), ("state", grant.state.word().into())],
        ));
    }
    let new = allowed(context, &ledger, &grant, wanted, &typed).await?;
    if typed.dry_run {
        let when = deadline::human(new.deadline(), &Local, context.now());
        let args = [("grant", (&grant.id).into()), ("when", when.into())];
        let text = format!(
            "{}\n{}\n",
            message::text("extend-would-end", &args),
            message::text("nothing-touched", &[])
        );
        context.output.result(&text, json!({ "new_deadline": new, "dry_run": true }));
        return Ok(());
    }
    let grant = carry_out(context, &ledger, grant, &new).await?;
    schedule_warning(context, &ledger).await;
    let text = format!(
        "{}\n{}",
        paint(Tone::Good, &message::text("extend-done", &[("grant", (&grant.id).into())])),
        fields(&[(
            Label::of("label.ends"),
            deadline::human(grant.deadline, &Local, context.now())
        )])
    );
    context.output.result(&text, json!({ "grant": view::document(&grant, context.now()) }));
    Ok(())
}

/// Asks policy, and for the reason if that is all that is missing.
async fn allowed(
    context: &Context,
    ledger: &Ledger,
    grant: &Grant,
    wanted: UnixTime,
    typed: &ExtendArgs,
) -> Result<NewDeadline> {
    let case = ledger.case(&grant.case).await?;
    let desk = context.desk(&case.desk)?;
    let extended = extensions_so_far(ledger, grant).await?;
    let (deadline, maximum) = (grant.deadline, grant.deadline_maximum);
    let agreed = Agreed::read(&grant.terms, deadline, maximum, extended, case.time_box_until)
        .map_err(|e| Error::of(Kind::Internal, "terms-unreadable", &[]).because(e))?;
    let mut reason = typed.reason.clone();
    if reason.is_none() && wanted > grant.deadline {
        reason = context.output.ask(&message::text("ask-more-time", &[]));
    }
    let request = ExtensionRequest {
        deadline: wanted,
        overrides: typed
            .overrides
            .iter()
            .map(|rule| Override { rule: rule.clone(), reason: reason.clone().unwrap_or_default() })
            .collect(),
        reason,
        live: LiveRequest {
            approver: typed.approver.clone(),
            approval: typed.approval.clone(),
            confirmation: typed.yes_live.clone(),
            ..LiveRequest::default()
        },
    };
    match decide_extension(&request, &agreed, &desk, &context.policy, context.now()) {
        ExtensionDecision::Allow(new) => Ok(new),
        ExtensionDecision::Deny(broken) => Err(refusal(&broken)),
    }
}

async fn extensions_so_far(ledger: &Ledger, grant: &Grant) -> Result<u16> {
    let filter = EventFilter { grant: Some(grant.id.clone()), ..EventFilter::default() };
    let events = ledger.events(&filter, 10_000).await?;
    let longer = events.iter().filter(|entry| {
        let detail: Value = serde_json::from_str(&entry.detail).unwrap_or(Value::Null);
        entry.verb == "grant.extended"
            && detail.pointer("/new/longer").and_then(Value::as_bool) == Some(true)
    });
    Ok(u16::try_from(longer.count()).unwrap_or(u16::MAX))
}

async fn carry_out(
    context: &Context,
    ledger: &Ledger,
    grant: Grant,
    new: &NewDeadline,
) -> Result<Grant> {
    let target = context.target(&grant.target)?;
    let progress = context
        .output
        .progress(&message::text("progress-connecting-to", &[("target", (&target.name).into())]));
    let mut session = Session::open(context, &target).await?;
    progress.step(&message::text("progress-deadline", &[]));
    let now = context.now();
    let detail = json!({ "from": grant.deadline, "to": new.deadline(), "why": new.reason() });
    let lease = Lease::mine(now, lease_seconds(context, &grant));
    let intent = event(context, &grant, "grant.extending", detail);
    let claimed =
        ledger.claim(&grant.id, &[State::Open], State::Open, &lease, now, &intent).await?;
    let Some(mut grant) = claimed else {
        return Err(Error::of(Kind::Unknown, "grant-busy", &[("grant", (&grant.id).into())])
            .hint_of("grant-busy.way-out", &[]));
    };
    let old = grant.deadline;
    if !new.is_longer() {
        grant.deadline = new.deadline();
        let shortened = event(context, &grant, "grant.shortening", json!({ "new": new }));
        grant = ledger.record(&grant, &shortened).await?;
    }
    let Reapplied { answer, partly } =
        reapply_deadline(context, &mut session, &mut grant, new.deadline()).await;
    // Kept where the server has another deadline than the ledger, or nobody knows which it has: the
    // next sweep sees a claim whose process is gone, and sets the recorded one.
    let claim = (grant.lease_owner.take(), grant.lease_until.take());
    let error = match answer {
        Ok(Answer::Done(reply)) => {
            session.close().await;
            grant.deadline = new.deadline();
            grant.next_attempt_at = None;
            let detail = json!({ "new": new, "update": evidence::read_back(&reply) });
            return Ok(ledger
                .record(&grant, &event(context, &grant, "grant.extended", detail))
                .await?);
        }
        Ok(Answer::Refused { reason, .. }) => {
            let error = Error::of(Kind::Refused, "extend-refused", &[]).because_text(reason);
            let restored = match partly {
                true => set_recorded_again(context, &mut session, &mut grant).await,
                // A shorter one is recorded by now, and the server still has the longer.
                false => new.is_longer(),
            };
            if !restored {
                (grant.lease_owner, grant.lease_until) = claim;
            }
            error
        }
        Ok(Answer::Unknown { why }) => {
            let error = Error::of(Kind::Unknown, "extend-unknown", &[]).because_text(why);
            // The server may have either; the one that the ledger has is set again if it can be.
            if set_recorded_again(context, &mut session, &mut grant).await {
                error.because_of("extend-unknown.set-again", &[])
            } else {
                (grant.lease_owner, grant.lease_until) = claim;
                error
            }
        }
        // Nothing was sent about this layer.
        Err(e) => {
            let restored = match partly {
                true => set_recorded_again(context, &mut session, &mut grant).await,
                false => new.is_longer(),
            };
            if !restored {
                (grant.lease_owner, grant.lease_until) = claim;
            }
            e
        }
    };
    session.close().await;
    let detail = json!({ "why": error.one_line(), "old": old, "kept": grant.deadline });
    let grant =
        ledger.record(&grant, &event(context, &grant, "grant.extend-failed", detail)).await?;
    Err(error.hint_of("extend-ends-later", &[("when", deadline::utc(grant.deadline).into())]))
}

/// Sets what the ledger has; whether the server took it.
async fn set_recorded_again(
    context: &Context,
    session: &mut Session<'_>,
    grant: &mut Grant,
) -> bool {
    let recorded = grant.deadline;
    let again = reapply_deadline(context, session, grant, recorded).await;
    matches!(again.answer, Ok(Answer::Done(_)))
}

/// What a server said of a deadline, and whether some layer has it although not all have.
struct Reapplied {
    answer: Result<Answer>,
    partly: bool,
}

impl Reapplied {
    fn not(answer: Result<Answer>) -> Self {
        Self { answer, partly: false }
    }
}

/// Sets the deadline on the server for each layer, by the server's clock as it is now. The answer is
/// that of the account's layer, or the first that is none.
async fn reapply_deadline(
    context: &Context,
    session: &mut Session<'_>,
    grant: &mut Grant,
    deadline: UnixTime,
) -> Reapplied {
    if let Err(answer) = read_clock(context, session, grant).await {
        return Reapplied::not(answer);
    }
    let limit = session::step_limit(context, grant).as_secs();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut first = None;
    for layer in &grant.layers {
        let provider = match context.provider(&layer.provider) {
            Ok(provider) => provider,
            Err(e) => return Reapplied { answer: Err(e), partly: first.is_some() },
        };
        let not_after = LayerState::of(layer).clock_ahead.theirs(context.now()) + limit;
        let moment = CallInputs { deadline, not_after, ..CallInputs::default() };
        let inputs = inputs::of_layer(grant, layer, &moment);
        match session.call(&provider, Verb::Update, &inputs).await {
            Ok(Answer::Done(reply)) => first = first.or(Some(reply)),
            answer => return Reapplied { answer, partly: first.is_some() },
        }
    }
    Reapplied::not(match first {
        Some(reply) => Ok(Answer::Done(reply)),
        None => Err(Error::of(Kind::Internal, "no-layer", &[])),
    })
}

/// Learns how far the server's clock is ahead now; else what was answered in place of it.
async fn read_clock(
    context: &Context,
    session: &mut Session<'_>,
    grant: &mut Grant,
) -> std::result::Result<(), Result<Answer>> {
    let elsewhere = |layer| LayerState::of(layer).elsewhere(session.target);
    if let Some(reason) = grant.layers.iter().find_map(elsewhere) {
        return Err(Ok(Answer::Refused { id: "elsewhere".into(), reason }));
    }
    let Some(layer) = grant.login() else {
        return Err(Err(Error::of(Kind::Internal, "no-layer", &[])));
    };
    let provider = context.provider(&layer.provider).map_err(Err)?;
    let key = layer.public_key.as_deref();
    let inputs = inputs::of_detect(session.target, &layer.account, &grant.id, grant.access, key);
    let asked_at = context.now();
    let reply = match session.call(&provider, Verb::Detect, &inputs).await {
        Ok(Answer::Done(reply)) => reply,
        answer => return Err(answer),
    };
    // By a clock that is years off, everything on the server that ends the grant would end it years
    // late.
    if let Some(reason) = server::useless_clock(&reply, asked_at) {
        return Err(Ok(Answer::Refused { id: "useless-clock".into(), reason }));
    }
    let server = Server::read(session.server_id(), &reply, asked_at..=context.now());
    for layer in &mut grant.layers {
        LayerState::change(layer, |state| state.clock_ahead = server.clock_ahead);
    }
    Ok(())
}

/// Sets the recorded deadlines again on the server, for grants whose `extend` was killed: the
/// server may have the longer one. Part of every sweep, behind the closing: what is due is closed,
/// and is not moved.
///
/// # Errors
/// Fails only when the ledger does; a server that cannot be reached is asked again next time.
pub async fn reapply_interrupted(context: &Context, ledger: &Ledger) -> Result<()> {
    let filter = Filter { states: vec![State::Open], leased: true, ..Filter::default() };
    for grant in ledger.grants(&filter, MOST, None).await? {
        let now = context.now();
        if grant.altered
            || claim::latest_end(&grant) <= now
            || grant.next_attempt_at.is_some_and(|at| at > now)
        {
            continue;
        }
        let lease = Lease::mine(now, lease_seconds(context, &grant));
        let intent = event(context, &grant, "grant.restating", json!({ "to": grant.deadline }));
        // A live process's claim is not taken.
        let claimed =
            ledger.claim(&grant.id, &[State::Open], State::Open, &lease, now, &intent).await?;
        let Some(mut grant) = claimed else { continue };
        let answer = match context.target(&grant.target) {
            Ok(target) => match Session::open(context, &target).await {
                Ok(mut session) => {
                    let deadline = grant.deadline;
                    let again = reapply_deadline(context, &mut session, &mut grant, deadline).await;
                    session.close().await;
                    again.answer
                }
                Err(e) => Err(e),
            },
            Err(e) => Err(e),
        };
        // Where it failed the claim stays, as a mark that somebody has to ask again, and is over:
        // nobody works on the grant, and whoever wants to close it may.
        grant.lease_until = Some(now.saturating_sub(1));
        grant.next_attempt_at = None;
        let (verb, detail) = match answer {
            Ok(Answer::Done(reply)) => {
                grant.lease_owner = None;
                grant.lease_until = None;
                ("grant.deadline-reapplied", json!({ "update": evidence::read_back(&reply) }))
            }
            Ok(Answer::Refused { reason: why, .. }) => {
                grant.next_attempt_at = Some(now.saturating_add(PAUSE));
                ("grant.deadline-not-reapplied", json!({ "why": why }))
            }
            Ok(Answer::Unknown { why }) => ("grant.deadline-not-reapplied", json!({ "why": why })),
            Err(e) => ("grant.deadline-not-reapplied", json!({ "why": e.one_line() })),
        };
        ledger.record(&grant, &event(context, &grant, verb, detail)).await?;
    }
    Ok(())
}
