//! What the supporter will prove who they are with: made, and handed over once.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::Seen;
use super::wanted::Wanted;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::file::Nameless;
use crate::grant::{Grant, Layer};
use crate::message;
use crate::public_key::{self, SupporterKey};
use crate::remote::layer::OpenReply;
use crate::secret::{self, MadePassword, Secret};

/// What the supporter will prove their identity with.
pub(super) struct Credentials {
    pub(super) key: Option<SupporterKey>,
    pub(super) private_key: Option<Secret>,
    pub(super) password: Option<Secret>,
    /// The password of each layer beside the account; `None` where it has none.
    pub(super) beside: Vec<Option<MadePassword>>,
}

pub(super) fn make_credential(wanted: &Wanted, seen: &Seen) -> Result<Credentials> {
    let failed =
        |e: secret::RandomFailed| Error::of(Kind::Internal, "no-credential-made", &[]).because(e);
    let password = wanted.password.then(secret::generate_password).transpose().map_err(failed)?;
    let beside = wanted.beside.iter().zip(&seen.beside).map(|(provider, reply)| {
        if !provider.has_password {
            return Ok(None);
        }
        MadePassword::new(reply.text("scheme")).map(Some)
    });
    let beside = beside.collect::<std::result::Result<Vec<_>, _>>().map_err(failed)?;
    if wanted.generate_key {
        let (key, private_key) = public_key::generate_key_pair(
            seen.server.key_kind(None),
            &format!("stagepass {}", wanted.case.reference),
        )
        .map_err(|e| Error::of(Kind::Internal, "no-key-pair-made", &[]).because(e))?;
        let private_key = Some(private_key);
        return Ok(Credentials { key: Some(key), private_key, password, beside });
    }
    Ok(Credentials { key: wanted.key.clone(), private_key: None, password, beside })
}

/// The file that `--output` names: made new and empty before anything is opened, so that a wrong
/// folder is found out in time. It stays only once it is whole. Where the system can, it has no
/// name until then, so that a program that is killed leaves none; elsewhere it is taken away again
/// when it is dropped without having been written, also when the command is interrupted.
#[derive(Default)]
pub(super) struct OutputSlot(Vec<Slot>);

struct Slot {
    pub(super) path: PathBuf,
    pub(super) file: NewFile,
    pub(super) written: bool,
}

enum NewFile {
    Nameless(Nameless),
    Named(File),
}

impl Drop for Slot {
    fn drop(&mut self) {
        if matches!(self.file, NewFile::Named(_)) && !self.written {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl OutputSlot {
    /// One file for each secret.
    pub(super) fn prepare(files: &[PathBuf]) -> Result<Self> {
        Ok(Self(files.iter().map(|path| Slot::prepare(path)).collect::<Result<_>>()?))
    }
}

impl Slot {
    pub(super) fn prepare(path: &Path) -> Result<Self> {
        // A name that is taken is found out now and not at the end.
        let nameless = path.symlink_metadata().is_err().then(|| Nameless::beside(path)).flatten();
        let named = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let made =
            nameless.map_or_else(|| named().map(NewFile::Named), |it| Ok(NewFile::Nameless(it)));
        let file = made.map_err(|e| {
            Error::of(Kind::Usage, "file-not-made", &[("path", path.display().into())])
                .because(e)
                .hint_of("file-not-made.way-out", &[])
        })?;
        Ok(Self { path: path.to_owned(), file, written: false })
    }
}

/// The secrets that a grant makes, in the order in which they are handed over, each with its file:
/// the one that `--output` names, and with both the password in a file of its own beside it, so that
/// each can be used as it is. So has the password of what stands beside the account.
pub(super) fn secret_files(wanted: &Wanted) -> Vec<(String, Option<PathBuf>)> {
    let behind = |suffix: &str| {
        wanted.output.as_ref().map(|path| {
            let mut name = path.clone().into_os_string();
            name.push(format!(".{suffix}"));
            PathBuf::from(name)
        })
    };
    let mut files = Vec::new();
    if wanted.password {
        let path = if wanted.generate_key { behind("password") } else { wanted.output.clone() };
        files.push((message::text("secret-password", &[]), path));
    }
    if wanted.generate_key {
        files.push((message::text("secret-private-key", &[]), wanted.output.clone()));
    }
    for provider in wanted.beside.iter().filter(|provider| provider.has_password) {
        let path = if files.is_empty() { wanted.output.clone() } else { behind(&provider.name) };
        files.push((
            message::text("secret-password.of", &[("provider", (&provider.name).into())]),
            path,
        ));
    }
    files
}

impl Slot {
    pub(super) fn write(&mut self, secret: &Secret) -> io::Result<()> {
        match &mut self.file {
            NewFile::Named(file) => write_secret(file, secret)?,
            NewFile::Nameless(file) => {
                write_secret(file.file(), secret)?;
                file.name(&self.path)?;
            }
        }
        self.written = true;
        Ok(())
    }
}

/// Shows the credential once, or writes it to its files. After this it is wiped. Where one of two
/// cannot be written, the other is taken away again.
pub(super) fn hand_over(
    context: &Context,
    wanted: &Wanted,
    grant: &Grant,
    credential: &Credentials,
    mut slots: OutputSlot,
) -> Result<()> {
    // In the order of `secret_files`.
    let own = [credential.password.as_ref(), credential.private_key.as_ref()].into_iter().flatten();
    let own = own.map(|secret| (grant.login(), secret));
    let beside = grant.layers.iter().skip(1).zip(&credential.beside);
    let beside = beside.filter_map(|(layer, made)| Some((Some(layer), &made.as_ref()?.password)));
    let secrets: Vec<(Option<&Layer>, &Secret)> = own.chain(beside).collect();
    if slots.0.is_empty() {
        for ((label, _), (layer, secret)) in secret_files(wanted).iter().zip(secrets) {
            let made = layer.map(OpenReply::of).unwrap_or_default();
            let account = layer.map(|layer| made.login_name(&layer.account)).unwrap_or_default();
            let is_beside = layer.is_some_and(|layer| layer.position > 0);
            let id = if is_beside { "secret-shown.user" } else { "secret-shown" };
            let args = [
                ("secret", label.into()),
                ("account", account.into()),
                ("target", (&wanted.target.name).into()),
            ];
            let label = message::text(id, &args);
            context.output.secret(&label, secret)?;
        }
        return Ok(());
    }
    for at in 0..slots.0.len() {
        let (Some(slot), Some((_, secret))) = (slots.0.get_mut(at), secrets.get(at)) else { break };
        let Err(e) = slot.write(secret) else { continue };
        let shown = slot.path.display().to_string();
        for earlier in slots.0.iter().take(at) {
            let _ = std::fs::remove_file(&earlier.path);
        }
        return Err(Error::of(Kind::Internal, "credential-not-written", &[("path", shown.into())])
            .because(e));
    }
    Ok(())
}

/// A secret is written as it is, so that `ssh -i FILE` can use it.
fn write_secret(file: &mut File, secret: &Secret) -> io::Result<()> {
    file.write_all(secret.expose().as_bytes())?;
    if !secret.expose().ends_with('\n') {
        file.write_all(b"\n")?;
    }
    file.sync_all()
}
