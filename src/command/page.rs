//! `completions` and `man`: pages made from the command line's own definition.

use std::path::Path;

use clap::CommandFactory as _;

use crate::cli::{Cli, Completions, Man};
use crate::error::{Error, Kind, Result};
use crate::output::{Output, Tone};

/// Prints the completion script for a shell.
///
/// # Errors
/// None today.
pub fn completions(output: &Output, typed: &Completions) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(typed.shell, &mut Cli::command(), "stagepass", &mut script);
    output.raw(&String::from_utf8_lossy(&script));
    Ok(())
}

/// Prints the man page, or writes one for every command.
///
/// # Errors
/// Fails when a page cannot be written.
pub fn man(output: &Output, typed: &Man) -> Result<()> {
    let Some(folder) = &typed.output else {
        let mut page = Vec::new();
        // There is a page for every command, and none for the help that is in all of them.
        clap_mangen::Man::new(Cli::command().disable_help_subcommand(true))
            .render(&mut page)
            .map_err(|e| Error::new(Kind::Internal, "the man page cannot be made").because(e))?;
        output.raw(&String::from_utf8_lossy(&page));
        return Ok(());
    };
    write_all(folder).map_err(|e| {
        Error::new(Kind::Internal, format!("the pages cannot be written to `{}`", folder.display()))
            .because(e)
    })?;
    output.say(Tone::Good, &format!("man pages are in {}", folder.display()));
    Ok(())
}

fn write_all(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Cli::command(), folder)
}
