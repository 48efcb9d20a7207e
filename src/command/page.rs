//! `completions` and `man`: pages made from the command line's own definition.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::CommandFactory as _;
use clap_complete::env::Shells;

use crate::command::Cli;
use crate::complete;
use crate::error::{Error, Kind, Result};
use crate::message;
use crate::output::{Output, Tone};

/// `completions`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  mkdir -p ~/.local/share/bash-completion/completions\n  stagepass completions bash > ~/.local/share/bash-completion/completions/stagepass"
)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// `man`
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page for every command into this folder.
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// Prints the completion script for a shell: it asks this program at every Tab, which knows the
/// merchant's own targets, cases and grants.
///
/// # Errors
/// Fails when there is none for this shell.
pub fn completions(output: &Output, typed: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    let name = "stagepass";
    Shells::builtins()
        .completer(&typed.shell.to_string())
        .ok_or_else(|| Error::of(Kind::Internal, "completion-unknown", &[]))?
        .write_registration(complete::VARIABLE, name, name, name, &mut script)
        .map_err(|e| Error::of(Kind::Internal, "script-not-made", &[]).because(e))?;
    output.raw(&String::from_utf8_lossy(&script));
    Ok(())
}

/// Prints the man page, or writes one for every command.
///
/// # Errors
/// Fails when a page cannot be written.
pub fn man(output: &Output, typed: &ManArgs) -> Result<()> {
    let Some(folder) = &typed.output else {
        let made = page(&whole());
        output.raw(&made.map_err(|e| Error::of(Kind::Internal, "man-not-made", &[]).because(e))?);
        return Ok(());
    };
    write_all(folder).map_err(|e| {
        Error::of(Kind::Internal, "man-not-written", &[("folder", folder.display().into())])
            .because(e)
    })?;
    output.say(Tone::Good, &message::text("man-written", &[("folder", folder.display().into())]));
    Ok(())
}

/// There is a page for every command, and none for the help that is in all of them.
fn whole() -> clap::Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

fn write_all(folder: &Path) -> std::io::Result<()> {
    fn write(command: &clap::Command, folder: &Path) -> std::io::Result<()> {
        for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
            write(inner, folder)?;
        }
        let file = folder.join(clap_mangen::Man::new(command.clone()).get_filename());
        std::fs::write(file, page(command)?)
    }
    std::fs::create_dir_all(folder)?;
    write(&whole(), folder)
}

/// One page. Its synopsis is the usage that `--help` shows: clap_mangen's says of an option that must
/// be there neither that nor what it takes.
fn page(command: &clap::Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    let page = String::from_utf8_lossy(&page).into_owned();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().replace('\\', "\\e").replace('-', "\\-");
    let Some((head, rest)) = page.split_once(".SH SYNOPSIS\n") else { return Ok(page) };
    let tail = rest.find(".SH ").and_then(|at| rest.get(at..)).unwrap_or_default();
    let usage: Vec<&str> = usage.lines().map(str::trim).collect();
    Ok(format!("{head}.SH SYNOPSIS\n{}\n{tail}", usage.join("\n.br\n")))
}
