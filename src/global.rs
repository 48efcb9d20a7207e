//! The options that every command understands. Apart from the commands, so that what reads them knows of none.

use std::path::PathBuf;

use clap::Args;

/// What every command understands.
#[derive(Debug, Args)]
pub struct Global {
    /// Print one JSON document on standard output instead of text.
    #[arg(long, global = true, display_order = 900)]
    pub json: bool,
    /// Say less: no progress and no advice. Results, warnings and errors stay.
    #[arg(long, short, global = true, display_order = 901)]
    pub quiet: bool,
    /// The configuration folder (also STAGEPASS_CONFIG).
    #[arg(long, global = true, value_name = "DIR", display_order = 902)]
    pub config: Option<PathBuf>,
    /// The folder for the ledger and other state (also STAGEPASS_STATE).
    #[arg(long, global = true, value_name = "DIR", display_order = 903)]
    pub state: Option<PathBuf>,
    /// Say on standard error when each step began, in milliseconds since the start.
    #[arg(long, global = true, hide = true)]
    pub timings: bool,
    /// Seconds that one step on a server may take; more where the shop's disk holds very many files.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 60, display_order = 904)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub timeout: u32,
}
