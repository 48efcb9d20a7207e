//! `desk new`: a desk of the merchant's own that can be used, to be changed.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use serde_json::json;

use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::file;
use crate::message::{self, Id};
use crate::output::{Cell, Column, Tone, table};
use crate::policy::desk::{BUILTIN, is_desk_id};
use crate::remote::provider::refuse_unsafe;

/// What stands for the desk's name in the files of the skeleton.
const NAME: &str = "@NAME@";

/// A file of the skeleton: its name, what it says, and the sentence about it.
struct Part(&'static str, &'static str, &'static str);

/// It is no desk itself: nothing lists it.
const PARTS: [Part; 2] = [
    Part("desk.toml", include_str!("skeleton/desk.toml"), "desk-new-manifest"),
    Part("en.ftl", include_str!("skeleton/en.ftl"), "desk-new-texts"),
];

/// Makes the folder, whole or not at all.
pub(super) fn run(context: &Context, name: &str, dry_run: bool) -> Result<()> {
    let folder = free_folder(context, name)?;
    if !dry_run {
        let files: Vec<(&str, String)> =
            PARTS.iter().map(|Part(file, text, _)| (*file, text.replace(NAME, name))).collect();
        let above = file::folder_of(&folder);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(above);
        made.and_then(|()| file::create_folder(&folder, &files)).map_err(|e| {
            let folder = folder.display().into();
            Error::of(Kind::Internal, "desk-not-made", &[("folder", folder)]).because(e)
        })?;
        // It is one that can be used, or a mistake of ours that is said now.
        context.desk(name)?;
    }
    report(context, name, &folder, dry_run);
    Ok(())
}

/// Where it is to be, which nothing may be yet.
fn free_folder(context: &Context, name: &str) -> Result<PathBuf> {
    let shown = crate::remote::script::clean(name);
    let refused = || Error::of(Kind::Usage, "desk-name-unusable", &[("name", shown.into())]);
    if !is_desk_id(name) {
        return Err(refused().because_of("desk-name-unusable.letters", &[]));
    }
    if BUILTIN.iter().any(|one| one.name == name) {
        return Err(refused()
            .because_of("desk-name-unusable.built-in", &[])
            .hint_of("desk-name-unusable.way-out", &[]));
    }
    let above = context.desks_dir();
    let folder = above.join(name);
    if folder.symlink_metadata().is_ok() {
        let args = [("folder", folder.display().into())];
        return Err(Error::of(Kind::Usage, "desk-there", &args)
            .because_of("desk-there.why", &[])
            .hint_of("desk-there.way-out", &[]));
    }
    if above.exists() {
        refuse_unsafe(&above).map_err(|e| {
            let args = [("folder", above.display().into())];
            Error::of(Kind::Usage, "desks-not-yours", &[])
                .because(e)
                .hint_of("desks-not-yours.way-out", &args)
        })?;
    }
    Ok(folder)
}

const COLUMNS: [Column; 2] =
    [Column::new(Id("label.file"), 0), Column::text(Id("label.what-it-says"), 0)];

fn report(context: &Context, name: &str, folder: &std::path::Path, dry_run: bool) {
    let args = [("name", name.into()), ("folder", folder.display().into())];
    let heading = match dry_run {
        true => message::text("desk-would-be-made", &args),
        false => message::text("desk-made", &args),
    };
    let row =
        |Part(file, _, what): &Part| vec![Cell::from(*file), Cell::from(message::text(what, &[]))];
    let mut text = format!("{heading}\n{}", table(&COLUMNS, PARTS.iter().map(row).collect()));
    if dry_run {
        text.push_str(&message::text("nothing-touched", &[]));
    }
    let files: Vec<&str> = PARTS.iter().map(|Part(file, ..)| *file).collect();
    let mut document = json!({ "desk": name, "folder": folder, "files": files });
    if let Some(object) = document.as_object_mut().filter(|_| dry_run) {
        object.insert("dry_run".into(), true.into());
    }
    context.output.result(&text, document);
    if !dry_run {
        context.output.say(Tone::Faint, &message::text("desk-new-next", &[("name", name.into())]));
    }
}
