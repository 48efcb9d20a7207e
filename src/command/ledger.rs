//! `ledger`: the record of everything that was done.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ledger::{Head, Ledger, LedgerError, Location, Mode};
use crate::message;
use crate::output::{Label, Tone, fields, paint};

/// `ledger …`
#[derive(Debug, Subcommand)]
pub enum LedgerVerb {
    /// Recompute the chain of events and compare it with the rows.
    Verify {
        /// A head noted earlier (printed by this command and on reports): it must be in the chain.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Print every event as JSON, one a line.
    Export,
    /// Write a whole copy of an SQLite ledger into a new file, also while others work on it.
    #[command(after_help = "Example:\n  stagepass ledger backup ledger-of-today.sqlite3")]
    Backup {
        /// The new file.
        file: PathBuf,
    },
}

/// Runs the command.
///
/// # Errors
/// The ledger is not as it was recorded, or cannot be read.
pub async fn run(context: &Context, command: LedgerVerb) -> Result<()> {
    let Some(ledger) = context.ledger_to_read().await? else {
        return Err(
            Error::of(Kind::NotFound, "ledger-none", &[]).hint_of("ledger-none.way-out", &[])
        );
    };
    match command {
        LedgerVerb::Verify { head } => verify(context, &ledger, head.as_deref()).await,
        LedgerVerb::Export => export(context, &ledger).await,
        LedgerVerb::Backup { file } => back_up(context, &ledger, &file).await,
    }
}

async fn verify(context: &Context, ledger: &Ledger, remembered: Option<&str>) -> Result<()> {
    let remembered = remembered.map(str::parse::<Head>).transpose().map_err(|e| {
        Error::of(Kind::Usage, "ledger-head-unreadable", &[])
            .because(e)
            .hint_of("ledger-head-unreadable.way-out", &[])
    })?;
    let progress = context.output.progress(&message::text("progress-verifying-ledger", &[]));
    let verdict = ledger.verify(remembered.as_ref()).await?;
    drop(progress);
    let text = fields(&[
        (Label::of("label.ledger"), context.ledger_location().to_string()),
        (Label::of("label.events"), verdict.events.to_string()),
        (Label::of("label.head"), verdict.head.to_string()),
    ]);
    if let Some(broken) = &verdict.broken {
        return Err(Error::of(Kind::Internal, "ledger-broken", &[])
            .because_text(broken.note())
            .hint_of("ledger-broken.way-out", &[]));
    }
    let good = paint(Tone::Good, &message::text("ledger-whole", &[]));
    context.output.result(&format!("{text}{good}\n"), json!({ "verdict": verdict }));
    Ok(())
}

/// Writes a copy, and proves that it is whole.
async fn back_up(context: &Context, ledger: &Ledger, file: &Path) -> Result<()> {
    let progress = context.output.progress(&message::text("progress-copying-ledger", &[]));
    ledger.back_up(file).await?;
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let copy = Ledger::open(&Location::File(file.clone()), Mode::ReadOnly).await?;
    let verdict = copy.verify(None).await?;
    copy.close().await;
    drop(progress);
    if let Some(broken) = &verdict.broken {
        return Err(Error::of(Kind::Internal, "ledger-copy-broken", &[])
            .because_text(broken.why.clone())
            .hint_of("ledger-copy-broken.way-out", &[]));
    }
    let text = fields(&[
        (Label::of("label.backup"), file.display().to_string()),
        (Label::of("label.events"), verdict.events.to_string()),
        (Label::of("label.head"), verdict.head.to_string()),
    ]);
    context.output.result(&text, json!({ "file": file, "verdict": verdict }));
    Ok(())
}

/// Prints every event as JSON, one a line, whatever `--json` says. A reader that went away is not
/// an error.
async fn export(context: &Context, ledger: &Ledger) -> Result<()> {
    let mut writer = BufWriter::new(context.output.stream());
    match ledger.export(&mut writer).await {
        Err(LedgerError::Export(e)) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other.map(|_| ())?),
    }
}
