//! `show`: one grant with its evidence.

use chrono::Local;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command::ask;
use crate::command::view::Said;
use crate::command::{revoke, view};
use crate::complete;
use crate::connect::Connect;
use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::grant::{Grant, Layer, State};
use crate::ledger::{Entry, EventFilter};
use crate::lifecycle::checking::drifted;
use crate::lifecycle::closing;
use crate::lifecycle::evidence::{Bounded, History};
use crate::message::{self, Id};
use crate::output::{self, Label, Tone, fields, paint};
use crate::policy::LiveApproval;
use crate::transport::Route;

/// `show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The grant's id, or the beginning of it.
    #[arg(add = complete::all_grants())]
    pub grant: String,
}

/// The most events of one grant that are shown.
const MOST: u32 = 10_000;

/// The most lines of one list that are shown; a JSON document has all that are recorded.
const LINES: usize = 20;

/// Runs the command.
///
/// # Errors
/// There is no such grant, or the ledger fails.
pub async fn run(context: &Context, typed: &ShowArgs) -> Result<()> {
    let Some(ledger) = context.ledger_to_read().await? else {
        return Err(Error::of(Kind::NotFound, "no-grants", &[]));
    };
    let grant = ledger.grant(&typed.grant).await?;
    let filter = EventFilter { grant: Some(grant.id.clone()), ..EventFilter::default() };
    let events = ledger.events(&filter, MOST).await?;
    let head = ledger.head().await?;
    let now = context.now();
    let said = ask::servers(context, std::slice::from_ref(&grant)).await;
    let said = said.get(&grant.id).copied();
    let story = History::of(&events);
    let connect = connect(context, &grant);
    let mut text = summary(&grant, &story, now, said);
    if let Some(connect) = &connect {
        text.push_str(&fields(&[
            (Label::of("label.connect"), connect.command.clone()),
            (Label::of("label.host-key"), connect.host_keys.join(", ")),
            (Label::of("label.note"), connect.doubt.clone().unwrap_or_default()),
        ]));
    }
    text.push_str(&about(&grant, &story));
    text.push_str(&format!("\n{}\n", paint(Tone::Strong, &message::text("show-events", &[]))));
    for entry in &events {
        text.push_str(&line(entry));
    }
    text.push_str(&format!("\n{}", fields(&[(Label::of("label.ledger"), head.to_string())])));
    let terms: Value = serde_json::from_str(&grant.terms).unwrap_or(Value::Null);
    let document = json!({
        "grant": view::document(&grant, now),
        "terms": terms,
        "story": story,
        "events": events,
        "ledger_head": head.to_string(),
        "connect": connect,
    });
    context.output.result(&text, document);
    if grant.altered {
        let why = revoke::ALTERED.text();
        let args = [("grant", (&grant.id).into()), ("why", why.into())];
        context.output.warn(&message::text("grant-why", &args));
        context.output.say(Tone::Faint, &revoke::WAY_OUT_OF_ALTERED.text());
    }
    if view::is_unconfirmed(&grant, now) {
        context.output.say(Tone::Faint, &view::unconfirmed(&grant, said));
    }
    Ok(())
}

/// How the supporter reaches what is open, where this computer knows the target.
fn connect(context: &Context, grant: &Grant) -> Option<Connect> {
    if grant.state != State::Open || grant.altered {
        return None;
    }
    let target = context.target(&grant.target).ok()?;
    let route = Route::of(&target, &context.surroundings).ok()?;
    Some(Connect::of(grant, &target, &route, &crate::ledger::host_name()))
}

fn summary(grant: &Grant, story: &History, now: i64, said: Option<Said>) -> String {
    let layer = grant.login();
    let (tone, state) = view::state_said(grant, now, said);
    let ended = !grant.state.is_live();
    let mut lines = vec![
        (Label::of("label.grant"), grant.id.clone()),
        (Label::of("label.state"), paint(tone, &state)),
        (
            Label::of("label.supporter"),
            format!("{} ({})", grant.supporter.name, grant.supporter.company),
        ),
        (Label::of("label.case"), grant.case.clone()),
        (Label::of("label.target"), grant.target.clone()),
        (Label::of("label.access"), grant.access.to_string()),
        (Label::of("label.account"), layer.map(made_by).unwrap_or_default()),
        (Label::of("label.beside-it"), beside(grant)),
        (Label::of("label.key"), layer.and_then(|l| l.key_fingerprint.clone()).unwrap_or_default()),
        (
            Label::of("label.password"),
            layer
                .filter(|l| l.has_password)
                .map(|_| message::text("check-yes", &[]))
                .unwrap_or_default(),
        ),
        (Label::of("label.opened"), grant.opened_at.map(deadline::utc).unwrap_or_default()),
        // What is over does not end any more, whenever it was to.
        (
            Label::of(if ended || grant.deadline <= now { "label.deadline" } else { "label.ends" }),
            match ended {
                true => deadline::utc(grant.deadline),
                false => deadline::human(grant.deadline, &Local, now),
            },
        ),
        (Label::of("label.closed"), grant.closed_at.map(deadline::utc).unwrap_or_default()),
        (Label::of("label.ended-by"), ended_by(grant, story)),
        (Label::of("label.so"), last_word(grant)),
        (Label::of("label.last-look"), last_look(grant, now)),
        (Label::of("label.by-sftp"), moved(story)),
        (
            Label::of("label.attempts"),
            Some(grant.attempts).filter(|n| *n > 0).map(|n| n.to_string()).unwrap_or_default(),
        ),
        (Label::of("label.last-error"), grant.last_error.clone().unwrap_or_default()),
    ];
    let terms: Option<KeptTerms> = serde_json::from_str(&grant.terms).ok();
    if let Some(live) = terms.and_then(|terms| terms.live) {
        // As old as it was when somebody was let in on the strength of it.
        lines.extend(view::backup_lines(&live, grant.created_at));
    }
    fields(&lines)
}

/// What is shown of the terms.
#[derive(Deserialize)]
struct KeptTerms {
    live: Option<LiveApproval>,
}

/// What stands beside the account, and where each part stands where not all stand alike.
fn beside(grant: &Grant) -> String {
    let alike = grant.layers.iter().all(|layer| layer.state == grant.state);
    let each = grant.layers.iter().skip(usize::from(alike)).map(|layer| {
        let state = if alike { String::new() } else { format!(": {}", layer.state.word()) };
        format!("`{}`{state}", layer.provider)
    });
    if grant.layers.len() > 1 { each.collect::<Vec<_>>().join(", ") } else { String::new() }
}

/// Who ended a grant that is closed.
fn ended_by(grant: &Grant, story: &History) -> String {
    match (grant.closed_at, story.by_server, &story.closed_by) {
        (None, ..) => String::new(),
        (_, Some(_), _) => message::text("ended-by-server", &[]),
        (_, None, Some(said)) => format!("{}: {}", said.actor, said.why),
        (_, None, None) => String::new(),
    }
}

/// What may be said of a grant that is closed, at the most.
fn last_word(grant: &Grant) -> String {
    let closed = grant.closed_at.filter(|_| grant.state == State::Closed && grant.findings == 0);
    closed.map(|_| closing::LastWord::of(grant).text(grant)).unwrap_or_default()
}

/// What SFTP moved, where the server counts it.
fn moved(story: &History) -> String {
    let part = |bytes: &str, files: &str, id: Id, id_of_files: Id| {
        let bytes = *story.moved.get(bytes)?;
        let told = match story.moved.get(files) {
            Some(files) => id_of_files.with(&[("bytes", bytes.into()), ("files", (*files).into())]),
            None => id.with(&[("bytes", bytes.into())]),
        };
        Some(told.text)
    };
    let parts = [
        part("bytes_read", "files_read", Id("moved-read"), Id("moved-read.files")),
        part("bytes_written", "files_written", Id("moved-written"), Id("moved-written.files")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The account, and what made it.
fn made_by(layer: &Layer) -> String {
    let args = [("account", (&layer.account).into()), ("provider", (&layer.provider).into())];
    message::text("show-account", &args)
}

fn last_look(grant: &Grant, now: i64) -> String {
    let looked = grant.checked_at.filter(|_| grant.state == State::Open);
    looked.map(|at| deadline::relative(at, now)).unwrap_or_default()
}

/// What drifted, what was found and changed, and how the grant was used.
fn about(grant: &Grant, story: &History) -> String {
    let mut text = String::new();
    let drift = drifted(grant);
    if !drift.is_empty() {
        text.push_str(&heading(Tone::Bad, &message::text("show-drift", &[])));
        for (_, sentence) in drift {
            text.push_str(&told(sentence));
        }
    }
    if story.found.total > 0 {
        text.push_str(&heading(Tone::Bad, &message::text("show-found", &[])));
        text.push_str(&first_lines(&story.found));
        if let Some(said) = story.acknowledged.as_ref().filter(|_| grant.findings == 0) {
            let at = deadline::utc(said.at);
            text.push_str(&told(&message::text(
                "show-acknowledged",
                &[("at", at.into()), ("actor", (&said.actor).into()), ("why", (&said.why).into())],
            )));
        }
    }
    if let Some(why) = story.difference.strip_prefix("none:") {
        text.push_str(&heading(Tone::Strong, &message::text("show-not-compared", &[])));
        text.push_str(&told(why));
    }
    if story.changed.total > 0 {
        text.push_str(&heading(Tone::Strong, &message::text("show-changed", &[])));
        text.push_str(&first_lines(&story.changed));
    }
    if let Some(why) = story.difference.strip_prefix("partial:") {
        text.push_str(&told(&message::text("show-partly", &[("why", why.trim().into())])));
    }
    if story.left.total > 0 {
        text.push_str(&heading(Tone::Strong, &message::text("show-left", &[])));
        text.push_str(&first_lines(&story.left));
    }
    if !story.uses.lines.is_empty() {
        text.push_str(&heading(Tone::Strong, &message::text("show-uses", &[])));
        let shown = story.uses.lines.len().min(LINES);
        let from = story.uses.lines.len() - shown;
        let earlier = story.uses.total - i64::try_from(shown).unwrap_or(i64::MAX);
        if earlier > 0 {
            text.push_str(&format!(
                "  {}\n",
                message::text("show-earlier", &[("count", earlier.into())])
            ));
        }
        for line in story.uses.lines.iter().skip(from) {
            text.push_str(&use_line(line));
        }
    }
    text
}

fn heading(tone: Tone, text: &str) -> String {
    format!("\n{}\n", paint(tone, text))
}

fn first_lines(list: &Bounded) -> String {
    let shown = list.lines.len().min(LINES);
    let lines = list.lines.iter().take(shown).map(|line| told(line));
    lines.chain([view::and_more(list.total, shown)]).collect()
}

/// A line below a heading, whatever stands in the text.
fn told(text: &str) -> String {
    format!("  {}\n", output::line(text))
}

/// One use: when, from where, and what.
fn use_line(line: &str) -> String {
    let Some((at, rest)) = line.split_once(' ') else { return told(line) };
    match at.parse() {
        Ok(at) => told(&format!("{}  {rest}", deadline::utc(at))),
        Err(_) => told(line),
    }
}

/// What the login showed of the layer that has one.
fn login_of(detail: &Value) -> Option<&str> {
    let layers = detail.pointer("/layers")?.as_array()?;
    layers.iter().find_map(|layer| layer.pointer("/login/text")?.as_str())
}

/// One event: when, who, what, and the part of its evidence that fits a line.
fn line(entry: &Entry) -> String {
    let detail: Value = serde_json::from_str(&entry.detail).unwrap_or(Value::Null);
    let said =
        [
            detail.pointer("/why").and_then(Value::as_str).map(str::to_owned),
            detail.pointer("/reason").and_then(Value::as_str).map(str::to_owned),
            detail
                .pointer("/drift")
                .and_then(Value::as_array)
                .map(|drift| drift.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")),
            detail
                .pointer("/uses")
                .and_then(Value::as_array)
                .map(|uses| message::text("show-use-count", &[("count", uses.len().into())])),
            detail
                .pointer("/login/key/offered")
                .and_then(Value::as_str)
                .map(|text| message::text("show-key", &[("text", text.into())])),
            detail
                .pointer("/login/check_key/logged_in")
                .and_then(Value::as_str)
                .map(|text| message::text("show-check-key", &[("text", text.into())])),
            detail
                .pointer("/login/password/logged_in")
                .and_then(Value::as_str)
                .map(|text| message::text("show-password", &[("text", text.into())])),
            detail.get("proof").and_then(view::trial_in_words),
            detail.pointer("/beside").and_then(Value::as_array).map(|beside| {
                let text = |one: &Value| one.get("text").and_then(Value::as_str).map(str::to_owned);
                beside.iter().filter_map(text).collect::<Vec<_>>().join(", ")
            }),
            login_of(&detail).map(|text| message::text("show-login", &[("text", text.into())])),
            detail.pointer("/seconds_late").and_then(Value::as_i64).filter(|late| *late > 0).map(
                |late| message::text("show-late", &[("time", deadline::duration(late).into())]),
            ),
        ];
    let said: Vec<String> = said.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    told(&format!(
        "{}  {:<20} {}  {}",
        deadline::utc(entry.at),
        entry.verb,
        paint(Tone::Faint, &entry.actor),
        said.join("; ")
    ))
}
