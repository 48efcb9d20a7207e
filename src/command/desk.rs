//! `desk`: the support desks and their rules.

use clap::Subcommand;
use serde_json::json;

use crate::complete;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::message::{self, Id};
use crate::output::{Cell, Column, Label, Tone, fields, paint, table};
use crate::policy::desk::Desk;

/// `desk …`
#[derive(Debug, Subcommand)]
pub enum DeskVerb {
    /// List the desks.
    List,
    /// Show one desk's rules.
    Show {
        /// The desk's name.
        #[arg(add = complete::desks())]
        name: String,
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
    }
}

const COLUMNS: [Column; 3] = [
    Column::new(Id("label.desk"), 0),
    Column::text(Id("label.name"), 0),
    Column::new(Id("label.from"), 1),
];

fn list(context: &Context) -> Result<()> {
    let listed = Desk::list(Some(&context.desks_dir()))
        .map_err(|e| Error::of(Kind::Usage, "desks-not-listed", &[]).because(e))?;
    let mut rows = Vec::new();
    let mut documents = Vec::new();
    for one in listed {
        let place =
            one.folder.as_ref().map_or(message::text("built-in", &[]), |f| f.display().to_string());
        let (name, problem) = match context.desk(&one.id) {
            Ok(desk) => (desk.manifest.name, None),
            Err(e) => (String::new(), Some(e.why(": "))),
        };
        documents.push(json!({ "id": one.id, "name": name, "from": place, "problem": problem }));
        let name = problem.map_or(Cell::from(name), |why| Cell::toned(Tone::Bad, why));
        rows.push(vec![one.id.into(), name, place.into()]);
    }
    context.output.result(&table(&COLUMNS, rows), json!({ "desks": documents }));
    Ok(())
}

fn show(context: &Context, name: &str) -> Result<()> {
    let desk = context.desk(name)?;
    let manifest = &desk.manifest;
    let protocols: Vec<&str> = manifest.protocols.iter().map(|protocol| protocol.id()).collect();
    let mut text = fields(&[
        (Label::of("label.desk"), format!("{} ({})", desk.id, manifest.name)),
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
    ]);
    text.push_str(&format!("\n{}\n", paint(Tone::Strong, &message::text("desk-rules", &[]))));
    let mut rules = Vec::new();
    for rule in &manifest.rules {
        let sentence = desk.rule_text(&rule.id).unwrap_or_default();
        text.push_str(&format!("  {:<4} {sentence}\n", rule.id));
        rules.push(json!({ "id": rule.id, "text": sentence, "speaks_for": rule.speaks_for }));
    }
    let document = json!({
        "id": desk.id,
        "name": manifest.name,
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
