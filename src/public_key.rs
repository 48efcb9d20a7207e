//! The supporter's public key, read from whatever the desk sent, and the key pairs that stagepass
//! makes itself.
//!
//! Exactly one key, with nothing in front of it, of a type that is safe today. Everything else is
//! refused with the reason, and what looks like a private key is never shown.

use std::io::{self, Read};

use rand::TryRng as _;
use rand::rngs::SysRng;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::ssh_key::public::KeyData;
use russh::keys::ssh_key::{Error as KeyError, LineEnding};
use russh::keys::{HashAlg, PrivateKey, PublicKey};
use zeroize::Zeroizing;

use crate::message::is_steering;
use crate::secret::{RandomFailed, Secret};

/// The largest file that is read for a key, in bytes. An RSA key of 16,384 bits takes 3 kB.
pub const FILE_LIMIT: usize = 16 * 1024;

/// The shortest RSA key that is taken, in bits.
const RSA_MINIMUM: u32 = 2048;

/// The shortest RSA key that is taken without a warning, in bits: as strong as 128 bits.
const RSA_RECOMMENDED: u32 = 3072;

/// The types that are taken: no DSA, no certificates, nothing that servers do not know.
const TAKEN: &[&str] = &[
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// The longest comment that is kept, in characters.
const COMMENT_LIMIT: usize = 100;

/// A public key that may be given access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupporterKey {
    /// `type base64`, and nothing else.
    pub text: String,
    /// What stood behind it, cut and without characters that steer a terminal.
    pub comment: String,
    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// The type, as in `ssh-ed25519`.
    pub algorithm: String,
    /// The size of an RSA key.
    pub rsa_bits: Option<u32>,
}

impl SupporterKey {
    /// Whether the key is accepted but weaker than what is made today: the id of a sentence in
    /// the catalogue.
    #[must_use]
    pub fn warning(&self) -> Option<&'static str> {
        self.rsa_bits.filter(|bits| *bits < RSA_RECOMMENDED).map(|_| "key-warning-short-rsa")
    }
}

/// Why a file is not the public key that is needed.
#[derive(Debug, thiserror::Error)]
pub enum PublicKeyError {
    /// It cannot be read.
    #[error("the public key cannot be read")]
    Read(#[source] io::Error),
    /// There is nothing in it.
    #[error("there is no public key in it: it is empty")]
    Empty,
    /// It is too large to be a key.
    #[error("it is larger than 16 KiB, and no public key is")]
    Large,
    /// It holds more than one key.
    #[error("it holds {0} keys; a grant is for one person and one key")]
    Several(usize),
    /// Something stands in front of the key.
    #[error("it has options in front of the key; only `type base64 comment` is taken")]
    Options,
    /// It is a private key. Its text is never repeated.
    #[error("this is a PRIVATE key, and it must be sent to nobody")]
    Private,
    /// It is in the format of PuTTY or RFC 4716.
    #[error("it is in the SSH2 format of PuTTY, not in OpenSSH's")]
    OtherFormat,
    /// It is a certificate.
    #[error("it is a certificate, not a public key")]
    Certificate,
    /// Its type is broken or not known.
    #[error("the key's type, `{0}`, is not taken: servers and stagepass refuse it")]
    Type(String),
    /// An RSA key that is too short.
    #[error("the RSA key has {0} bits, and must have 2048 or more")]
    ShortRsa(u32),
    /// It looks like a key, but what it encodes is not one.
    #[error("the key is damaged: {0}")]
    Damaged(&'static str),
    /// It is text, but no key.
    #[error("it is not a public key in OpenSSH's format")]
    NotAKey,
    /// Bytes that no text has.
    #[error("it has control characters in it, or is not text")]
    NotText,
}

impl PublicKeyError {
    /// What to do about it: the id of a sentence in the catalogue.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Read(_) | Self::Empty | Self::Large | Self::NotAKey | Self::NotText => {
                "key-hint-which-file"
            }
            Self::Several(_) => "key-hint-several",
            Self::Options => "key-hint-options",
            Self::Private => "key-hint-private",
            Self::OtherFormat => "key-hint-convert",
            Self::Certificate => "key-hint-certificate",
            Self::Type(_) | Self::ShortRsa(_) => "key-hint-new",
            Self::Damaged(_) => "key-hint-damaged",
        }
    }
}

/// Reads a key's file, and no more of it than a key can be. What was read is wiped on drop, for it
/// may turn out to be a private key.
///
/// # Errors
/// Fails when it cannot be read, and when it is larger than [`FILE_LIMIT`].
pub fn read_bounded(reader: impl Read) -> Result<Zeroizing<Vec<u8>>, PublicKeyError> {
    // All of it from the start: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(vec![0; FILE_LIMIT + 1]);
    let mut filled = 0;
    let mut reader = reader;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(PublicKeyError::Read(error)),
        }
    }
    if filled > FILE_LIMIT {
        return Err(PublicKeyError::Large);
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Reads the supporter's public key from the bytes of a file.
///
/// # Errors
/// Says why it is not one, or not one that is taken.
pub fn read_supporter_key(bytes: &[u8]) -> Result<SupporterKey, PublicKeyError> {
    if bytes.len() > FILE_LIMIT {
        return Err(PublicKeyError::Large);
    }
    let text = decode(bytes)?;
    refuse_other_files(&text)?;
    if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(PublicKeyError::NotText);
    }
    let lines: Vec<&str> = text
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let keys: usize = lines.iter().map(|line| types(line).count()).sum();
    match lines.as_slice() {
        [] => Err(PublicKeyError::Empty),
        _ if keys > 1 => Err(PublicKeyError::Several(keys)),
        [line] => read_line(line),
        [first, ..] => Err(broken_lines(first)),
    }
}

/// Text as editors write it: UTF-8 with or without a mark, and the UTF-16 of Windows.
fn decode(bytes: &[u8]) -> Result<Zeroizing<String>, PublicKeyError> {
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Zeroizing<Vec<u16>> = Zeroizing::new(
            bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(read)).collect(),
        );
        String::from_utf16(&units).map(Zeroizing::new).map_err(|_| PublicKeyError::NotText)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => narrow(rest),
        bytes => narrow(bytes),
    }
}

fn narrow(bytes: &[u8]) -> Result<Zeroizing<String>, PublicKeyError> {
    std::str::from_utf8(bytes)
        .map(|text| Zeroizing::new(text.into()))
        .map_err(|_| PublicKeyError::NotText)
}

/// Files that people send instead of their public key. A private key is looked for first, and in
/// every form, for its text must go nowhere.
fn refuse_other_files(text: &str) -> Result<(), PublicKeyError> {
    // The last is how base64 of OpenSSH's own format begins, for a key that lost its first line.
    const PRIVATE: &[&str] =
        &["PRIVATE KEY", "PuTTY-User-Key-File", "AGE-SECRET-KEY-", "b3BlbnNzaC1rZXktdjE"];
    const OTHER: &[&str] = &["SSH2 PUBLIC KEY", "BEGIN PUBLIC KEY", "BEGIN RSA PUBLIC KEY"];
    if PRIVATE.iter().any(|sign| text.contains(sign)) {
        return Err(PublicKeyError::Private);
    }
    if OTHER.iter().any(|sign| text.contains(sign)) {
        return Err(PublicKeyError::OtherFormat);
    }
    Ok(())
}

/// A key that a mail program broke over several lines, or no key at all.
fn broken_lines(first: &str) -> PublicKeyError {
    if first.split_whitespace().any(is_type_name) {
        PublicKeyError::Damaged("it is broken over several lines")
    } else {
        PublicKeyError::NotAKey
    }
}

/// Whether a word is how a key's type begins, known or not, safe or not.
fn is_type_name(word: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start))
}

/// The positions of the words in a line that name a key's type and have a key behind them.
fn types(line: &str) -> impl Iterator<Item = usize> {
    let mut before: Option<&str> = None;
    line.split_whitespace().enumerate().filter_map(move |(position, word)| {
        let is_key = word.starts_with("AAAA") && before.is_some_and(is_type_name);
        before = Some(word);
        is_key.then(|| position.saturating_sub(1))
    })
}

fn read_line(line: &str) -> Result<SupporterKey, PublicKeyError> {
    let (name, rest) = cut_word(line);
    let (body, comment) = cut_word(rest);
    match types(line).next() {
        Some(0) => {}
        Some(_) => return Err(PublicKeyError::Options),
        None if TAKEN.contains(&name) => {
            return Err(PublicKeyError::Damaged("what follows its type is not a key"));
        }
        None => return Err(PublicKeyError::NotAKey),
    }
    if name.contains("-cert-v0") {
        return Err(PublicKeyError::Certificate);
    }
    if !TAKEN.contains(&name) {
        return Err(PublicKeyError::Type(printable(name, 40)));
    }
    let plain = format!("{name} {body}");
    let key = PublicKey::from_openssh(&plain).map_err(|error| damage(&error))?;
    let described = describe(&key, comment)?;
    // What is written to a server is encoded anew; it has to be what was read, to the last byte.
    if described.text != plain {
        return Err(PublicKeyError::Damaged("there is more in it than a key of its type"));
    }
    Ok(described)
}

/// The first word of a text, and what stands behind it.
fn cut_word(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

/// What the library found wrong, in words that hold nothing of the key.
fn damage(error: &KeyError) -> PublicKeyError {
    PublicKeyError::Damaged(match error {
        KeyError::Encoding(_) => "what follows the type is not what a key looks like",
        KeyError::Crypto => "it is not a point on its curve",
        _ => "it does not encode a key of its type",
    })
}

/// The key as it is kept, if its kind is taken.
fn describe(key: &PublicKey, comment: &str) -> Result<SupporterKey, PublicKeyError> {
    let rsa_bits = match key.key_data() {
        KeyData::Rsa(rsa) => Some(rsa.key_size()),
        _ => None,
    };
    if let Some(bits) = rsa_bits.filter(|bits| *bits < RSA_MINIMUM) {
        return Err(PublicKeyError::ShortRsa(bits));
    }
    Ok(SupporterKey {
        text: without_comment(key)?,
        comment: printable(comment, COMMENT_LIMIT),
        fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        algorithm: key.algorithm().as_str().into(),
        rsa_bits,
    })
}

/// `type base64`, encoded anew, so that nothing of the file but the key itself goes on.
fn without_comment(key: &PublicKey) -> Result<String, PublicKeyError> {
    PublicKey::new(key.key_data().clone(), "")
        .to_openssh()
        .map(|text| text.trim_end().into())
        .map_err(|error| damage(&error))
}

/// Without characters that steer a terminal, and not longer than `limit` characters.
fn printable(text: &str, limit: usize) -> String {
    text.chars().filter(|c| !is_steering(*c)).take(limit).collect()
}

/// A key pair for the supporter, where the desk sent no key: the public key, and the private key
/// in OpenSSH's format, which is shown once and kept nowhere.
///
/// # Errors
/// Fails when the operating system's generator does.
pub fn generate_key_pair(comment: &str) -> Result<(SupporterKey, Secret), RandomFailed> {
    let mut private = generate()?;
    private.set_comment(printable(comment, COMMENT_LIMIT));
    let public = describe(private.public_key(), comment)
        .expect("an ed25519 key that was just made is taken");
    let text = private
        .to_openssh(LineEnding::LF)
        .expect("an ed25519 key that was just made can be written");
    Ok((public, Secret::from_zeroizing(text)))
}

/// A key pair that lives as long as one command, in memory only: with it stagepass proves that
/// the server lets a key of this grant in, when it does not hold the supporter's own.
pub struct CheckKey {
    /// `type base64`.
    pub text: String,
    /// Wiped on drop.
    pub private: PrivateKey,
}

impl CheckKey {
    /// Makes one.
    ///
    /// # Errors
    /// Fails when the operating system's generator does.
    pub fn generate() -> Result<Self, RandomFailed> {
        let private = generate()?;
        let text = without_comment(private.public_key())
            .expect("an ed25519 key that was just made can be written");
        Ok(Self { text, private })
    }
}

impl std::fmt::Debug for CheckKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckKey").field("text", &self.text).finish_non_exhaustive()
    }
}

fn generate() -> Result<PrivateKey, RandomFailed> {
    // From a seed, because the library's own way panics when the generator fails.
    let mut seed = Zeroizing::new([0_u8; 32]);
    SysRng.try_fill_bytes(seed.as_mut_slice()).map_err(|_| RandomFailed)?;
    Ok(PrivateKey::from(Ed25519Keypair::from_seed(&seed)))
}
