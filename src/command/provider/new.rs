//! `provider new`: a provider of the merchant's own that does all that one must, to be changed.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::ScriptLanguage;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::file;
use crate::message::{self, Id, Note};
use crate::output::{Cell, Column, Tone, table};
use crate::remote::provider::{SERVER, SHOP, is_built_in, is_name, refuse_unsafe};

/// What stands for the provider's name in the files of the skeleton, and for what its script is written in.
const NAME: &str = "@NAME@";
const LANGUAGE: &str = "@LANGUAGE@";

/// A file of the skeleton: its name, what it says, and what it is for.
struct Part(&'static str, &'static str, Id);

const MANIFEST: Part =
    Part("provider.toml", include_str!("skeleton/provider.toml"), Id("skeleton-manifest"));
const VERBS: Part = Part("verbs.sh", include_str!("skeleton/verbs.sh"), Id("skeleton-verbs"));
const SENTENCES: Part = Part("en.ftl", include_str!("skeleton/en.ftl"), Id("skeleton-sentences"));

/// The skeleton in sh. It is no provider itself: nothing lists it.
const SH: [Part; 4] = [
    MANIFEST,
    Part("provider.sh", include_str!("skeleton/provider.sh"), Id("skeleton-program")),
    VERBS,
    SENTENCES,
];

/// The same with its program in PHP, in the frame that the providers for shops have.
const PHP: [Part; 5] = [
    MANIFEST,
    Part("provider.php", include_str!("skeleton/php/provider.php"), Id("skeleton-program")),
    Part("provider.sh", include_str!("skeleton/php/provider.sh"), Id("skeleton-asking")),
    VERBS,
    SENTENCES,
];

/// Makes the folder, whole or not at all.
pub(super) fn run(
    context: &Context,
    name: &str,
    language: ScriptLanguage,
    dry_run: bool,
) -> Result<()> {
    let folder = free_folder(context, name)?;
    let parts: &[Part] = match language {
        ScriptLanguage::Sh => &SH,
        ScriptLanguage::Php => &PHP,
    };
    if !dry_run {
        let of_it = |text: &str| text.replace(NAME, name).replace(LANGUAGE, language.into());
        let files = parts.iter().map(|Part(file, text, _)| (*file, of_it(text)));
        make(&folder, &files.collect::<Vec<_>>())?;
        // It is one that can be used, or a mistake of ours that is said now.
        context.provider(name)?;
    }
    report(context, name, language, &folder, parts, dry_run);
    Ok(())
}

/// Where it is to be, which nothing may be yet.
fn free_folder(context: &Context, name: &str) -> Result<PathBuf> {
    let refused = |why: Note| {
        let name = crate::remote::script::clean(name);
        Error::of(Kind::Usage, "provider-name-unusable", &[("name", name.into())]).because_text(why)
    };
    if !is_name(name) {
        return Err(refused(Note::of("provider-name-unusable.letters", &[])));
    }
    let other = || Note::of("provider-name-unusable.way-out", &[]);
    if is_built_in(name) {
        return Err(refused(Note::of("provider-name-unusable.built-in", &[])).hint(other()));
    }
    if [SERVER, SHOP].contains(&name) {
        return Err(refused(Note::of("provider-name-unusable.word", &[])).hint(other()));
    }
    let above = context.providers_dir();
    let folder = above.join(name);
    if folder.symlink_metadata().is_ok() {
        let test = Note::of("provider-there.test", &[("name", name.into())]);
        return Err(Error::of(
            Kind::Usage,
            "provider-there",
            &[("folder", folder.display().into())],
        )
        .because_of("provider-there.why", &[])
        .hint_of("provider-there.way-out", &[])
        .hint(test));
    }
    if above.exists() {
        refuse_unsafe(&above).map_err(|e| {
            Error::of(Kind::Usage, "provider-not-yours", &[])
                .because(e)
                .hint_of("provider-not-yours.way-out", &[("folder", above.display().into())])
        })?;
    }
    Ok(folder)
}

fn make(folder: &Path, files: &[(&str, String)]) -> Result<()> {
    let above = file::folder_of(folder);
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(above);
    made.and_then(|()| file::create_folder(folder, files)).map_err(|e| {
        let why =
            Error::of(Kind::Internal, "provider-not-made", &[("folder", folder.display().into())]);
        why.because(e).hint_of("provider-not-made.left", &[])
    })
}

const COLUMNS: [Column; 2] =
    [Column::new(Id("label.file"), 0), Column::text(Id("label.what-it-says"), 0)];

fn report(
    context: &Context,
    name: &str,
    language: ScriptLanguage,
    folder: &Path,
    parts: &[Part],
    dry_run: bool,
) {
    let rows =
        parts.iter().map(|Part(file, _, what)| vec![Cell::from(*file), Cell::from(what.text())]);
    let id = if dry_run { "provider-new.dry-run" } else { "provider-new" };
    let args = [("provider", name.into()), ("folder", folder.into())];
    let mut text = format!("{}\n", message::text(id, &args));
    text.push_str(&table(&COLUMNS, rows.collect()));
    if dry_run {
        text.push_str(&format!("{}\n", message::text("nothing-written", &[])));
    }
    let files: Vec<&str> = parts.iter().map(|Part(file, ..)| *file).collect();
    let mut document = json!({
        "provider": name, "language": <&str>::from(language), "folder": folder, "files": files,
    });
    if let Some(object) = document.as_object_mut().filter(|_| dry_run) {
        object.insert("dry_run".into(), true.into());
    }
    context.output.result(&text, document);
    if !dry_run {
        let next = message::text("provider-new.next", &[("provider", name.into())]);
        context.output.say(Tone::Faint, &next);
    }
}
