//! `provider`: the kinds of access that can be made.

mod new;
mod test;

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::complete;
use crate::context::Context;
use crate::error::Result;
use crate::message::{self, Id};
use crate::output::{Cell, Column, Label, Tone, fields, table};
use crate::remote::provider::{Origin, Provider, Verb};

/// `provider …`
#[derive(Debug, Subcommand)]
pub enum ProviderVerb {
    /// List the providers.
    List,
    /// Show one provider's manifest.
    Show {
        /// The provider's name.
        #[arg(add = complete::providers())]
        name: String,
    },
    /// Make a provider of your own to change: a skeleton that passes `provider test` as it is.
    ///
    /// It makes one file for each grant, beside the account, and does all that a provider has to:
    /// what it makes is recorded first, ended by the server itself, read again, and taken away.
    /// Its files say what to change, and why each step stands where it stands.
    #[command(after_help = "\
Example:
  stagepass provider new office-list --language sh
  stagepass provider new back-office --language php
  stagepass provider test office-list --target staging")]
    New {
        /// The new provider's name: small letters, digits and `-`.
        name: String,
        /// What its script is written in.
        #[arg(long, value_enum, default_value_t = ScriptLanguage::Sh)]
        language: ScriptLanguage,
        /// Show what would be made, and make nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Run a provider's whole cycle on a staging target: everything that it must do is asked of it,
    /// some of it twice or too late, and looked at; at the end nothing is left.
    #[command(after_help = "Example:\n  stagepass provider test my-provider --target staging")]
    Test {
        /// The provider's name.
        #[arg(add = complete::providers())]
        name: String,
        /// The target to run it on.
        #[arg(long, value_name = "NAME", add = complete::targets())]
        target: String,
        /// Also wait until the server ends it by itself, as it does at a deadline: two minutes more at
        /// most.
        #[arg(long)]
        to_the_end: bool,
    },
}

/// What the script of a provider can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum ScriptLanguage {
    /// POSIX sh
    Sh,
    /// PHP 7.4 and later, which the server runs as who owns the program
    Php,
}

/// Runs the command.
///
/// # Errors
/// There is no such provider or target, a new one cannot be made, or a step of the test did not do what it must.
pub async fn run(context: &Context, command: ProviderVerb) -> Result<()> {
    match command {
        ProviderVerb::List => list(context),
        ProviderVerb::Show { name } => show(context, &name),
        ProviderVerb::New { name, language, dry_run } => {
            new::run(context, &name, language, dry_run)
        }
        ProviderVerb::Test { name, target, to_the_end } => {
            test::run(context, &name, &target, to_the_end).await
        }
    }
}

fn place(provider: &Provider) -> String {
    match &provider.origin {
        Origin::BuiltIn => message::text("built-in", &[]),
        Origin::Folder(folder) => folder.display().to_string(),
    }
}

const COLUMNS: [Column; 5] = [
    Column::new(Id("label.provider"), 0),
    Column::text(Id("label.makes"), 0),
    Column::new(Id("label.runs-as"), 1),
    Column::new(Id("label.account"), 2),
    Column::new(Id("label.from"), 3),
];

fn list(context: &Context) -> Result<()> {
    let mut rows = Vec::new();
    let mut documents = Vec::new();
    for provider in Provider::list(&context.providers_dir()) {
        match provider {
            Ok(provider) => {
                documents.push(json!({
                    "name": provider.name, "summary": provider.summary,
                    "run_as": provider.run_as.id(), "account": provider.account.id(),
                    "from": place(&provider), "digest": provider.digest,
                }));
                rows.push(vec![
                    provider.name.as_str().into(),
                    provider.summary.as_str().into(),
                    provider.run_as.id().into(),
                    provider.account.id().into(),
                    place(&provider).into(),
                ]);
            }
            Err(e) => {
                documents.push(json!({ "problem": e.to_string() }));
                rows.push(vec![
                    "".into(),
                    Cell::toned(Tone::Bad, e.to_string()),
                    "".into(),
                    "".into(),
                    "".into(),
                ]);
            }
        }
    }
    context.output.result(&table(&COLUMNS, rows), json!({ "providers": documents }));
    Ok(())
}

fn show(context: &Context, name: &str) -> Result<()> {
    let provider = context.provider(name)?;
    let mut lines = vec![
        (Label::of("label.provider"), provider.name.clone()),
        (Label::of("label.makes"), provider.summary.clone()),
        (Label::of("label.runs-as"), provider.run_as.id().to_owned()),
        (Label::of("label.account"), provider.account.id().to_owned()),
        (Label::of("label.from"), place(&provider)),
        (Label::of("label.digest"), provider.digest.clone()),
    ];
    let mut verbs = Vec::new();
    // What may say nothing is not there.
    for verb in Verb::ALL.iter().copied().filter(|verb| !provider.outputs(*verb).is_empty()) {
        let inputs: Vec<&str> = provider.inputs(verb).collect();
        let outputs: Vec<&str> = provider.outputs(verb).keys().map(String::as_str).collect();
        let told = |id: Id, words: &[&str]| id.with(&[("words", words.join(", ").into())]).text;
        lines.push((Label::name(verb.function()), told(Id("provider-is-told"), &inputs)));
        lines.push((Label::none(), told(Id("provider-may-say"), &outputs)));
        verbs.push(json!({ "name": verb.name(), "inputs": inputs, "outputs": outputs }));
    }
    let text = fields(&lines);
    let document = json!({
        "name": provider.name, "summary": provider.summary, "run_as": provider.run_as.id(),
        "account": provider.account.id(), "from": place(&provider), "digest": provider.digest,
        "verbs": verbs,
    });
    context.output.result(&text, document);
    Ok(())
}
