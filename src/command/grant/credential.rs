//! What the supporter will prove who they are with: made, and handed over once.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Seen;
use super::wanted::{SealTo, Wanted};
use crate::command::handover::{self, Handover, SealedTo};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::file::Nameless;
use crate::grant::{Grant, Layer};
use crate::ledger::Ledger;
use crate::message;
use crate::public_key::{self, SupporterKey};
use crate::remote::layer::OpenReply;
use crate::seal::{self, SealError};
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

/// One secret that a grant makes.
pub(super) struct SecretFile {
    /// What it is, in a JSON document: the same in every language.
    pub(super) holds: String,
    /// What it is, to people.
    pub(super) label: String,
    /// Where it is written, if it is.
    pub(super) path: Option<PathBuf>,
}

/// The secrets that a grant makes, in the order in which they are handed over, each with its file:
/// the one that `--output` names, and with both the password in a file of its own beside it, so that
/// each can be used as it is. So has the password of what stands beside the account.
pub(super) fn secret_files(wanted: &Wanted) -> Vec<SecretFile> {
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
        let label = message::text("secret-password", &[]);
        files.push(SecretFile { holds: "password".into(), label, path });
    }
    if wanted.generate_key {
        let label = message::text("secret-private-key", &[]);
        let path = wanted.output.clone();
        files.push(SecretFile { holds: "private key".into(), label, path });
    }
    for provider in wanted.beside.iter().filter(|provider| provider.has_password) {
        let path = if files.is_empty() { wanted.output.clone() } else { behind(&provider.name) };
        let label = message::text("secret-password.of", &[("provider", (&provider.name).into())]);
        files.push(SecretFile { holds: format!("password of `{}`", provider.name), label, path });
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
    let secrets = secrets_of(grant, credential);
    if slots.0.is_empty() {
        for (file, (layer, secret)) in secret_files(wanted).iter().zip(secrets) {
            let what = label_of(wanted, &file.label, layer);
            let label = message::text("credential-shown", &[("what", what.into())]);
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

/// What a sealed hand-over is about.
pub(super) struct About<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) seen: &'a Seen,
    pub(super) grant: &'a Grant,
    pub(super) credential: &'a Credentials,
}

/// Seals the credential, keeps what was sealed, and writes it with its note where a file was named. The
/// passphrase, where there is one, is shown once.
pub(super) async fn hand_over_sealed(
    context: &Context,
    ledger: &Ledger,
    about: About<'_>,
    to: &SealTo,
    mut slots: OutputSlot,
) -> Result<Handover> {
    let About { wanted, seen, grant, credential } = about;
    let failed = |e: SealError| Error::of(Kind::Internal, "not-sealed", &[]).because(e);
    let text = sealed_text(wanted, grant, credential);
    let (sealed, whose) = match to {
        SealTo::Key(recipient) => {
            let sealed = seal::seal(recipient, &text).map_err(failed)?;
            (sealed, SealedTo::Key(recipient.fingerprint()))
        }
        SealTo::Passphrase => {
            let passphrase = secret::generate_password()
                .map_err(|e| Error::of(Kind::Internal, "no-credential-made", &[]).because(e))?;
            let sealed = seal::seal_with(&passphrase, &text).map_err(failed)?;
            let label = message::text("passphrase-shown", &[]);
            context.output.secret(&label, &passphrase)?;
            (sealed, SealedTo::Passphrase)
        }
    };
    drop(text);
    handover::keep(context, ledger, grant, &sealed, &whose).await?;
    let own_name = seen.server.reply.text("fqdn");
    let note = handover::note(context, grant, &wanted.target, &wanted.route, own_name);
    let handover = Handover { note, sealed: Some(sealed) };
    if let Some(slot) = slots.0.first_mut() {
        slot.write(&Secret::new(handover.text())).map_err(|e| {
            let shown = slot.path.display().to_string();
            Error::of(Kind::Internal, "credential-not-written", &[("path", shown.into())])
                .because(e)
        })?;
    }
    Ok(handover)
}

/// What is sealed: every secret of a grant, each behind what it is of, in a text that is wiped.
fn sealed_text(wanted: &Wanted, grant: &Grant, credential: &Credentials) -> Secret {
    let secrets = secrets_of(grant, credential);
    let labels: Vec<String> = secret_files(wanted)
        .iter()
        .zip(&secrets)
        .map(|(file, (layer, _))| label_of(wanted, &file.label, *layer))
        .collect();
    let room = |(label, (_, secret)): (&String, &(Option<&Layer>, &Secret))| {
        label.len() + secret.expose().len() + 8
    };
    // As long as it will be: a text that grows leaves copies behind that nobody wipes.
    let length = labels.iter().zip(&secrets).map(room).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    for (label, (_, secret)) in labels.iter().zip(&secrets) {
        text.push_str(label);
        text.push_str(":\n");
        text.push_str(secret.expose().trim_end());
        text.push_str("\n\n");
    }
    Secret::from_zeroizing(text)
}

/// The secrets of a grant, in the order of [`secret_files`], each with the layer that it opens.
fn secrets_of<'a>(
    grant: &'a Grant,
    credential: &'a Credentials,
) -> Vec<(Option<&'a Layer>, &'a Secret)> {
    let own = [credential.password.as_ref(), credential.private_key.as_ref()].into_iter().flatten();
    let own = own.map(|secret| (grant.login(), secret));
    let beside = grant.layers.iter().skip(1).zip(&credential.beside);
    let beside = beside.filter_map(|(layer, made)| Some((Some(layer), &made.as_ref()?.password)));
    own.chain(beside).collect()
}

/// What a secret is, of whom, and where.
fn label_of(wanted: &Wanted, label: &str, layer: Option<&Layer>) -> String {
    let made = layer.map(OpenReply::of).unwrap_or_default();
    let account = layer.map(|layer| made.login_name(&layer.account)).unwrap_or_default();
    let beside = layer.is_some_and(|layer| layer.position > 0);
    let id = if beside { "credential-of-user" } else { "credential-of-account" };
    let args = [
        ("what", label.into()),
        ("account", account.into()),
        ("target", (&wanted.target.name).into()),
    ];
    message::text(id, &args)
}

/// A secret is written as it is, so that `ssh -i FILE` can use it.
fn write_secret(file: &mut File, secret: &Secret) -> io::Result<()> {
    file.write_all(secret.expose().as_bytes())?;
    if !secret.expose().ends_with('\n') {
        file.write_all(b"\n")?;
    }
    file.sync_all()
}
