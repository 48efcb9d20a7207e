//! `secret`: what the merchant's side needs to log in, in the operating system's keyring.

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::machine::keyring::{self, KeyringError, SecretKind, SecretName};
use crate::message::{self, Arg, Id};
use crate::output::Tone;

/// What a stored secret opens.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SecretKindArg {
    /// The passphrase of a private key; NAME is the key's file.
    Passphrase,
    /// The password to log in to a target; NAME is the target.
    Password,
    /// The password for sudo on a target; NAME is the target.
    Sudo,
    /// The password of the ledger's URL in config.toml; NAME is that URL.
    Ledger,
}

/// `secret …`
#[derive(Debug, Subcommand)]
pub enum SecretVerb {
    /// Ask for a secret and keep it in the keyring. It is read from the terminal, or from
    /// standard input where that is a pipe.
    #[command(after_help = "Example:\n  stagepass secret set sudo staging")]
    Set {
        /// What it opens.
        kind: SecretKindArg,
        /// The key file or the target.
        name: String,
    },
    /// List what is kept, by name; never the secrets.
    List,
    /// Remove one.
    Remove {
        /// What it opens.
        kind: SecretKindArg,
        /// The key file or the target.
        name: String,
    },
}

/// Runs the command.
///
/// # Errors
/// There is no keyring, it is locked or does not answer, or the name cannot be one.
pub fn run(context: &Context, command: SecretVerb) -> Result<()> {
    match command {
        SecretVerb::Set { kind, name } => set(context, &secret_name(kind, &name)?),
        SecretVerb::List => list(context),
        SecretVerb::Remove { kind, name } => remove(context, &secret_name(kind, &name)?),
    }
}

fn secret_name(kind: SecretKindArg, name: &str) -> Result<SecretName> {
    let (kind, name) = match kind {
        SecretKindArg::Passphrase => {
            // The file's absolute path is its name: `~` and `.` mean other files elsewhere.
            let path = std::path::absolute(name).map_err(|e| {
                Error::of(Kind::Usage, "key-file-unnamable", &[("name", name.into())]).because(e)
            })?;
            (SecretKind::Passphrase, path.display().to_string())
        }
        SecretKindArg::Password => (SecretKind::Password, name.to_owned()),
        SecretKindArg::Sudo => (SecretKind::Sudo, name.to_owned()),
        SecretKindArg::Ledger => (SecretKind::Ledger, name.to_owned()),
    };
    SecretName::new(kind, name)
        .map_err(|e| Error::of(Kind::Usage, "secret-name-unusable", &[]).because(e))
}

fn set(context: &Context, name: &SecretName) -> Result<()> {
    let secret = context.output.read_secret(&format!("{name}:"))?;
    if secret.expose().is_empty() {
        return Err(Error::of(Kind::Usage, "secret-empty", &[]));
    }
    context.make_state_dir()?;
    context.keyring().store(name, &secret).map_err(|e| failed(e, name))?;
    context.output.result(
        &(message::text("secret-kept", &[("name", Arg::of(name))]) + "\n"),
        json!({ "kept": name.to_string() }),
    );
    Ok(())
}

fn list(context: &Context) -> Result<()> {
    let names = context
        .keyring()
        .list()
        .map_err(|e| Error::of(Kind::Internal, "secrets-unreadable", &[]).because(e))?;
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    if names.is_empty() {
        context.output.say(Tone::Faint, &message::text("secrets-none", &[]));
    }
    let text: String = names.iter().map(|name| format!("{name}\n")).collect();
    context.output.result(&text, json!({ "secrets": names }));
    Ok(())
}

fn remove(context: &Context, name: &SecretName) -> Result<()> {
    let was_there = context.keyring().remove(name).map_err(|e| failed(e, name))?;
    let args = [("name", Arg::of(name))];
    let text =
        (if was_there { Id("secret-removed") } else { Id("secret-absent") }).with(&args).text
            + "\n";
    context.output.result(&text, json!({ "removed": was_there, "name": name.to_string() }));
    Ok(())
}

fn failed(e: KeyringError, name: &SecretName) -> Error {
    let mut error = Error::of(Kind::Internal, "keyring-unusable", &[]).because(e);
    for hint in keyring::instead(name) {
        error = error.hint(hint);
    }
    error
}
