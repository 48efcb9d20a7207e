//! The supporter's public key, read from whatever the desk sent, and the key pairs that stagepass
//! makes itself.
//!
//! Exactly one key, with nothing in front of it, of a type that is safe today. Everything else is
//! refused with the reason, and what looks like a private key is never shown.

use std::io::{self, Read};

use rand::TryRng as _;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use russh::keys::ssh_key::private::{EcdsaKeypair, Ed25519Keypair, RsaKeypair};
use russh::keys::ssh_key::public::KeyData;
use russh::keys::ssh_key::{EcdsaCurve, Error as KeyError, LineEnding};
use russh::keys::{HashAlg, PrivateKey, PublicKey};
use zeroize::Zeroizing;

use crate::message::{Arg, Id, Note, Told, shown_by_note};
use crate::secret::{RandomFailed, Secret};
use crate::text;

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
    Read(#[source] io::Error),
    /// There is nothing in it.
    Empty,
    /// It is too large to be a key.
    Large,
    /// It holds more than one key.
    Several(usize),
    /// Something stands in front of the key.
    Options,
    /// It is a private key. Its text is never repeated.
    Private,
    /// It is in the format of OpenSSL.
    Pem,
    /// It is something else that begins with dashes: what it says there.
    Armor(&'static str),
    /// Other text stands around the key: an e-mail, or a page.
    Surrounded,
    /// It is an address on the web.
    Url,
    /// It is in the format of PuTTY or RFC 4716.
    OtherFormat,
    /// It is a certificate.
    Certificate,
    /// Its type is broken or not known.
    Type(String),
    /// An RSA key that is too short.
    ShortRsa(u32),
    /// It looks like a key, but what it encodes is not one.
    Damaged(Id),
    /// It is text, but no key.
    NotAKey,
    /// Bytes that no text has.
    NotText,
}

impl Told for PublicKeyError {
    fn note(&self) -> Note {
        match self {
            Self::Read(_) => Note::of("key-error-read", &[]),
            Self::Empty => Note::of("key-error-empty", &[]),
            Self::Large => Note::of("key-error-large", &[]),
            Self::Several(value) => Note::of("key-error-several", &[("value", Arg::of(value))]),
            Self::Options => Note::of("key-error-options", &[]),
            Self::Private => Note::of("key-error-private", &[]),
            Self::Pem => Note::of("key-error-pem", &[]),
            Self::Armor(value) => Note::of("key-error-armor", &[("value", Arg::of(value))]),
            Self::Surrounded => Note::of("key-error-surrounded", &[]),
            Self::Url => Note::of("key-error-url", &[]),
            Self::OtherFormat => Note::of("key-error-other-format", &[]),
            Self::Certificate => Note::of("key-error-certificate", &[]),
            Self::Type(value) => Note::of("key-error-type", &[("value", Arg::of(value))]),
            Self::ShortRsa(value) => Note::of("key-error-short-rsa", &[("value", Arg::of(value))]),
            Self::Damaged(why) => Note::of("key-error-damaged", &[("value", why.text().into())]),
            Self::NotAKey => Note::of("key-error-not-a-key", &[]),
            Self::NotText => Note::of("key-error-not-text", &[]),
        }
    }
}

shown_by_note!(PublicKeyError);

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
            Self::Armor(_) => "key-hint-which-file",
            Self::Surrounded => "key-hint-surrounded",
            Self::Url => "key-hint-url",
            Self::OtherFormat | Self::Pem => "key-hint-convert",
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
        lines if lines.iter().any(|line| is_whole(line)) => Err(PublicKeyError::Surrounded),
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
    const PEM: &[&str] = &["BEGIN PUBLIC KEY", "BEGIN RSA PUBLIC KEY", "BEGIN EC PUBLIC KEY"];
    const ARMOR: &[&str] = &[
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN CERTIFICATE REQUEST-----",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----",
        "-----BEGIN PGP MESSAGE-----",
    ];
    if PRIVATE.iter().any(|sign| text.contains(sign)) {
        return Err(PublicKeyError::Private);
    }
    if PEM.iter().any(|sign| text.contains(sign)) {
        return Err(PublicKeyError::Pem);
    }
    if text.contains("SSH2 PUBLIC KEY") {
        return Err(PublicKeyError::OtherFormat);
    }
    match ARMOR.iter().find(|sign| text.contains(**sign)) {
        Some(sign) => Err(PublicKeyError::Armor(sign)),
        None => Ok(()),
    }
}

/// Whether a line holds a whole key, quoted by a mail program or not.
fn is_whole(line: &str) -> bool {
    let line = line.trim_start_matches(['>', '|', ' ', '"', '\'', '`', '*', '-']);
    matches!(types(line).next(), Some(0))
        && PublicKey::from_openssh(&line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
            .is_ok()
}

/// A key that a mail program broke over several lines, or no key at all.
fn broken_lines(first: &str) -> PublicKeyError {
    if first.split_whitespace().any(is_type_name) {
        PublicKeyError::Damaged(Id("key-damage.lines"))
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
        Some(_) if line.starts_with(['>', '|']) => return Err(PublicKeyError::Surrounded),
        Some(_) => return Err(PublicKeyError::Options),
        None if ["http://", "https://"].iter().any(|start| line.starts_with(start)) => {
            return Err(PublicKeyError::Url);
        }
        None if TAKEN.contains(&name) => {
            return Err(PublicKeyError::Damaged(Id("key-damage.not-a-key")));
        }
        None => return Err(PublicKeyError::NotAKey),
    }
    if name.contains("-cert-v0") {
        return Err(PublicKeyError::Certificate);
    }
    if !TAKEN.contains(&name) {
        return Err(PublicKeyError::Type(text::one_line(name, 40)));
    }
    let plain = format!("{name} {body}");
    let key = PublicKey::from_openssh(&plain).map_err(|error| damage(&error))?;
    let described = describe(&key, comment)?;
    // What is written to a server is encoded anew; it has to be what was read, to the last byte,
    // however forgiving the library is or becomes.
    if described.text != plain {
        return Err(PublicKeyError::Damaged(Id("key-damage.more")));
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
        KeyError::Encoding(_) => Id("key-damage.encoding"),
        KeyError::Crypto => Id("key-damage.curve"),
        _ => Id("key-damage.type"),
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
        comment: text::one_line(comment, COMMENT_LIMIT),
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

/// A kind of key that is made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The kind that is made wherever nothing stands against it.
    Ed25519,
    /// On one of the curves of NIST, for servers that take no other.
    Ecdsa(EcdsaCurve),
    /// Takes long to make: for servers that take nothing else.
    Rsa,
}

/// How many bits an RSA key has that lives as long as one command.
const RSA_MADE: usize = 2048;

impl Kind {
    /// The names of its signatures, as sshd lists them.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Ed25519 => &["ssh-ed25519"],
            Self::Ecdsa(EcdsaCurve::NistP256) => &["ecdsa-sha2-nistp256"],
            Self::Ecdsa(EcdsaCurve::NistP384) => &["ecdsa-sha2-nistp384"],
            Self::Ecdsa(EcdsaCurve::NistP521) => &["ecdsa-sha2-nistp521"],
            Self::Rsa => &["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
        }
    }

    /// The kind that a server takes, by its list of signatures (`PubkeyAcceptedAlgorithms`). Where the
    /// list is not known, the kind of the key that it has to take in any case, which is `like`.
    #[must_use]
    pub fn for_server(accepted: &str, like: Option<&str>) -> Self {
        const IN_ORDER: [Kind; 5] = [
            Kind::Ed25519,
            Kind::Ecdsa(EcdsaCurve::NistP256),
            Kind::Ecdsa(EcdsaCurve::NistP384),
            Kind::Ecdsa(EcdsaCurve::NistP521),
            Kind::Rsa,
        ];
        let taken = |kind: &Kind| kind.names().iter().any(|name| lists(accepted, name));
        if !accepted.is_empty() {
            return IN_ORDER.into_iter().find(taken).unwrap_or(Self::Ed25519);
        }
        match like.unwrap_or_default().split(' ').next().unwrap_or_default() {
            "ssh-rsa" => Self::Rsa,
            name => {
                let same = |kind: &Kind| kind.names().contains(&name);
                IN_ORDER.into_iter().find(same).unwrap_or(Self::Ed25519)
            }
        }
    }
}

/// Whether a list of signatures has this one.
fn lists(accepted: &str, name: &str) -> bool {
    accepted.split(',').any(|one| one == name)
}

/// Whether a server with this list of signatures takes keys of this type; where the list is not known,
/// that is not known either, and nothing is said against it.
#[must_use]
pub fn is_taken_by(accepted: &str, algorithm: &str) -> bool {
    match algorithm {
        _ if accepted.is_empty() => true,
        "ssh-rsa" => Kind::Rsa.names().iter().any(|name| lists(accepted, name)),
        other => lists(accepted, other),
    }
}

/// A key pair for the supporter, where the desk sent no key: the public key, and the private key
/// in OpenSSH's format, which is shown once and kept nowhere.
///
/// # Errors
/// Fails when the operating system's generator does.
pub fn generate_key_pair(
    kind: Kind,
    comment: &str,
) -> Result<(SupporterKey, Secret), RandomFailed> {
    let mut private = generate(kind)?;
    private.set_comment(text::one_line(comment, COMMENT_LIMIT));
    let public =
        describe(private.public_key(), comment).expect("a key that was just made is taken");
    let text = private.to_openssh(LineEnding::LF).expect("a key that was just made can be written");
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
    pub fn generate(kind: Kind) -> Result<Self, RandomFailed> {
        let private = generate(kind)?;
        let text =
            without_comment(private.public_key()).expect("a key that was just made can be written");
        Ok(Self { text, private })
    }
}

impl std::fmt::Debug for CheckKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckKey").field("text", &self.text).finish_non_exhaustive()
    }
}

fn generate(kind: Kind) -> Result<PrivateKey, RandomFailed> {
    // From a seed, because the library's own way panics when the generator fails.
    let mut seed = Zeroizing::new([0_u8; 32]);
    SysRng.try_fill_bytes(seed.as_mut_slice()).map_err(|_| RandomFailed)?;
    let made = match kind {
        Kind::Ed25519 => return Ok(PrivateKey::from(Ed25519Keypair::from_seed(&seed))),
        Kind::Ecdsa(curve) => EcdsaKeypair::random(&mut UnwrapErr(SysRng), curve).map(Into::into),
        Kind::Rsa => RsaKeypair::random(&mut UnwrapErr(SysRng), RSA_MADE).map(Into::into),
    };
    made.map_err(|_| RandomFailed)
}

/// A key as the ledger keeps it, `type base64`. `None` for a text that is no key.
#[must_use]
pub fn parse_stored(text: &str) -> Option<PublicKey> {
    PublicKey::from_openssh(text).ok()
}

/// `type base64` of a key of which only the base64 is known. `None` for what is no key, or one of a
/// type that is never given access.
#[must_use]
pub fn text_of_blob(blob: &str) -> Option<String> {
    TAKEN.iter().map(|kind| format!("{kind} {blob}")).find(|text| parse_stored(text).is_some())
}

/// `SHA256:…` of a key as the ledger keeps it.
#[must_use]
pub fn fingerprint_of(text: &str) -> Option<String> {
    Some(parse_stored(text)?.fingerprint(HashAlg::Sha256).to_string())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use russh::keys::ssh_key::public::{
        EcdsaPublicKey, Ed25519PublicKey, SkEcdsaSha2NistP256, SkEd25519,
    };

    use super::*;

    const ED25519: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

    /// Runs OpenSSH's own `ssh-keygen`, so that the keys are those that people have.
    fn keygen(folder: &Path, args: &[&str]) -> Vec<u8> {
        let done = Command::new("ssh-keygen").args(args).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    }

    fn make(folder: &Path, name: &str, args: &[&str]) -> Vec<u8> {
        let mut all = vec!["-q", "-N", "", "-C", "ana@desk", "-f", name];
        all.extend(args);
        keygen(folder, &all);
        std::fs::read(folder.join(format!("{name}.pub"))).unwrap()
    }

    /// The refusal, which must name nothing of what was read.
    fn refusal(bytes: &[u8]) -> PublicKeyError {
        let error = read_supporter_key(bytes).unwrap_err();
        let told = format!("{error} {error:?}");
        for line in String::from_utf8_lossy(bytes).split_whitespace() {
            assert!(
                line.len() < 41 || !told.contains(line),
                "the refusal repeats the file: {told}"
            );
        }
        assert!(crate::message::has(error.hint()), "{} is in no catalogue", error.hint());
        error
    }

    #[test]
    fn keys_that_ssh_keygen_makes_are_read_as_ssh_keygen_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let kinds: &[(&str, &[&str], Option<u32>)] = &[
            ("ed25519", &["-t", "ed25519"], None),
            ("rsa2048", &["-t", "rsa", "-b", "2048"], Some(2048)),
            ("rsa3072", &["-t", "rsa", "-b", "3072"], Some(3072)),
            ("p256", &["-t", "ecdsa", "-b", "256"], None),
            ("p384", &["-t", "ecdsa", "-b", "384"], None),
            ("p521", &["-t", "ecdsa", "-b", "521"], None),
        ];
        for (name, args, bits) in kinds {
            let bytes = make(folder.path(), name, args);
            let key = read_supporter_key(&bytes).unwrap();
            let line = String::from_utf8(bytes).unwrap();
            assert_eq!(format!("{} ana@desk\n", key.text), line);
            assert_eq!(key.comment, "ana@desk");
            assert_eq!(key.rsa_bits, *bits);
            assert_eq!(key.warning().is_some(), *bits == Some(2048));
            let listed = keygen(folder.path(), &["-l", "-f", &format!("{name}.pub")]);
            let listed = String::from_utf8(listed).unwrap();
            assert_eq!(listed.split(' ').nth(1), Some(key.fingerprint.as_str()));
            assert_eq!(key.text.split(' ').next(), Some(key.algorithm.as_str()));
        }
    }

    #[test]
    fn keys_in_security_tokens_are_taken() {
        let ed25519 = SkEd25519::new(Ed25519PublicKey([7; 32]), "ssh:");
        let mut point = [4_u8; 65];
        point[1] = 9;
        let EcdsaPublicKey::NistP256(p256) = EcdsaPublicKey::from_sec1_bytes(&point).unwrap()
        else {
            panic!("a point of 65 bytes is on NIST P-256")
        };
        let ecdsa = SkEcdsaSha2NistP256::new(p256, "ssh:");
        for data in [KeyData::SkEd25519(ed25519), KeyData::SkEcdsaSha2NistP256(ecdsa)] {
            let line = PublicKey::new(data, "token").to_openssh().unwrap();
            let key = read_supporter_key(line.as_bytes()).unwrap();
            assert_eq!(format!("{} token", key.text), line.trim_end());
        }
    }

    #[test]
    fn weak_and_unknown_keys_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let short = make(folder.path(), "short", &["-t", "rsa", "-b", "1024"]);
        assert!(matches!(refusal(&short), PublicKeyError::ShortRsa(1024)));
        // Written out, because ssh-keygen makes none any more.
        let dsa = b"ssh-dss AAAAB3NzaC1kc3MAAACBAJ8Zx2";
        assert!(matches!(refusal(dsa), PublicKeyError::Type(name) if name == "ssh-dss"));
        let future = b"ssh-mldsa87 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6";
        assert!(matches!(refusal(future), PublicKeyError::Type(name) if name == "ssh-mldsa87"));
    }

    #[test]
    fn certificates_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), "ca", &["-t", "ed25519"]);
        make(folder.path(), "user", &["-t", "ed25519"]);
        keygen(folder.path(), &["-q", "-s", "ca", "-I", "id", "-n", "ana", "user.pub"]);
        let certificate = std::fs::read(folder.path().join("user-cert.pub")).unwrap();
        assert!(matches!(refusal(&certificate), PublicKeyError::Certificate));
    }

    #[test]
    fn private_keys_in_every_format_are_refused_and_never_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let kinds: &[(&str, &[&str])] = &[
            ("openssh", &["-t", "ed25519"]),
            ("pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
            ("pkcs8", &["-t", "ecdsa", "-m", "PKCS8"]),
        ];
        let mut files = Vec::new();
        for (name, args) in kinds {
            make(folder.path(), name, args);
            files.push(std::fs::read(folder.path().join(name)).unwrap());
        }
        let openssh = String::from_utf8(files[0].clone()).unwrap();
        let utf16 = |text: &str| {
            let units = text.encode_utf16().flat_map(u16::to_le_bytes);
            [0xff, 0xfe].into_iter().chain(units).collect::<Vec<u8>>()
        };
        files.push(utf16(&openssh));
        files.push([ED25519, "\n", &openssh].concat().into_bytes());
        files.push(openssh.lines().skip(1).collect::<Vec<_>>().join("\n").into_bytes());
        files.push(openssh.replace('\n', "\r").into_bytes());
        files.push(b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n".to_vec());
        files.push(b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2/56wAAA\n".to_vec());
        files.push(b"AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQ".to_vec());
        for file in files {
            let error = refusal(&file);
            assert!(matches!(error, PublicKeyError::Private), "{error:?}");
            assert_eq!(error.to_string(), "this is a PRIVATE key, and it must be sent to nobody");
        }
    }

    #[test]
    fn what_is_no_key_is_named_for_what_it_is() {
        let told = |text: &str| refusal(text.as_bytes()).to_string();
        for around in [
            format!("Hi,\n\nhere is my key:\n\n{ED25519} jane@laptop\n\nKind regards\nJane\n"),
            format!("> {ED25519} jane@laptop\n"),
            format!("On Monday Jane wrote:\n> > {ED25519}\n"),
            format!("```\n{ED25519}\n```\n"),
        ] {
            assert!(told(&around).contains("other text around the key"), "{around}");
        }
        assert!(told("https://github.com/jane.keys\n").contains("web address"));
        assert!(told("-----BEGIN CERTIFICATE-----\nMIIB\n").contains("CERTIFICATE"));
        assert!(told("-----BEGIN PGP PUBLIC KEY BLOCK-----\n").contains("PGP"));
        assert!(told("-----BEGIN PUBLIC KEY-----\nMIIB\n").contains("PEM"));
        // Comments are none of it, and options are not the text of a mail.
        assert!(read_supporter_key(format!("# Jane\n{ED25519}\n").as_bytes()).is_ok());
        assert!(told(&format!("restrict {ED25519}")).contains("options"));
    }

    #[test]
    fn public_keys_in_other_formats_are_refused_with_the_way_to_convert_them() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), "key", &["-t", "rsa", "-b", "2048"]);
        for format in ["RFC4716", "PKCS8", "PEM"] {
            let exported = keygen(folder.path(), &["-e", "-m", format, "-f", "key.pub"]);
            let error = refusal(&exported);
            match format {
                "RFC4716" => assert!(matches!(error, PublicKeyError::OtherFormat), "{error:?}"),
                _ => assert!(matches!(error, PublicKeyError::Pem), "{format}: {error:?}"),
            }
            // The hint is right: ssh-keygen reads it back as the same key.
            std::fs::write(folder.path().join("exported"), &exported).unwrap();
            let back = keygen(folder.path(), &["-i", "-m", format, "-f", "exported"]);
            assert_eq!(read_supporter_key(&back).unwrap().rsa_bits, Some(2048));
        }
    }

    #[test]
    fn editors_and_mail_programs_are_forgiven_what_changes_nothing() {
        let plain = read_supporter_key(ED25519.as_bytes()).unwrap();
        let utf16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            let units = ED25519.encode_utf16().flat_map(bytes);
            mark.into_iter().chain(units).collect::<Vec<u8>>()
        };
        let cases: Vec<Vec<u8>> = vec![
            format!("{ED25519}\r\n").into_bytes(),
            format!("\n\n  {ED25519}  \n\n").into_bytes(),
            format!("# Ana's key\n{ED25519}\n").into_bytes(),
            format!("\u{feff}{ED25519}\n").into_bytes(),
            ED25519.replace(' ', "\t").into_bytes(),
            ED25519.replace(' ', "   ").into_bytes(),
            utf16([0xff, 0xfe], u16::to_le_bytes),
            utf16([0xfe, 0xff], u16::to_be_bytes),
        ];
        for case in cases {
            assert_eq!(read_supporter_key(&case).unwrap(), plain, "{case:?}");
        }
    }

    #[test]
    fn what_is_not_exactly_one_key_is_refused() {
        let other = ED25519.replace("GKJl", "GKJm");
        let cut = ED25519.trim_end_matches("GKJl");
        let wrapped = ED25519.replace("SdG6", "SdG6\n");
        let type_alone = ED25519.replace(' ', "\n");
        let two = format!("{ED25519} ana\n{other} ben\n");
        type Expected = fn(&PublicKeyError) -> bool;
        let cases: Vec<(&str, Expected)> = vec![
            ("", |error| matches!(error, PublicKeyError::Empty)),
            (" \n\t\n# nothing\n", |error| matches!(error, PublicKeyError::Empty)),
            (&two, |error| matches!(error, PublicKeyError::Several(2))),
            (cut, |error| matches!(error, PublicKeyError::Damaged(_))),
            (&wrapped, |error| matches!(error, PublicKeyError::Damaged(_))),
            (&type_alone, |error| matches!(error, PublicKeyError::Damaged(_))),
            ("ssh-ed25519", |error| matches!(error, PublicKeyError::Damaged(_))),
            ("ssh-ed25519 !!!!", |error| matches!(error, PublicKeyError::Damaged(_))),
            ("ssh-ed25519 AAAA!!!!", |error| matches!(error, PublicKeyError::Damaged(_))),
            ("hello", |error| matches!(error, PublicKeyError::NotAKey)),
            ("hello\nworld", |error| matches!(error, PublicKeyError::NotAKey)),
            ("ssh-agent is running", |error| matches!(error, PublicKeyError::NotAKey)),
            ("1024 65537 1234567890 ana", |error| matches!(error, PublicKeyError::NotAKey)),
        ];
        for (text, expected) in cases {
            let error = refusal(text.as_bytes());
            assert!(expected(&error), "{text:?}: {error:?}");
        }
        let one_line = format!("{ED25519} {other}");
        assert!(matches!(refusal(one_line.as_bytes()), PublicKeyError::Several(2)));
        let old_mac = format!("{ED25519}\r{other}");
        assert!(matches!(refusal(old_mac.as_bytes()), PublicKeyError::Several(2)));
    }

    #[test]
    fn options_in_front_of_a_key_are_refused() {
        for options in [
            "no-pty",
            "command=\"/bin/sh\"",
            "command=\"echo a b\",from=\"*\"",
            "environment=\"A=ssh-rsa\"",
            "cert-authority",
            "staging.shop.example",
            "ssh-rsa",
        ] {
            let line = format!("{options} {ED25519} ana");
            assert!(matches!(refusal(line.as_bytes()), PublicKeyError::Options), "{options}");
        }
    }

    #[test]
    fn a_key_of_another_type_than_its_name_says_is_refused() {
        for name in ["ssh-rsa", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com"] {
            let line = ED25519.replace("ssh-ed25519", name);
            assert!(matches!(refusal(line.as_bytes()), PublicKeyError::Damaged(_)), "{name}");
        }
    }

    #[test]
    fn a_key_with_something_behind_it_in_its_encoding_is_refused() {
        // The blob of 51 bytes needs no padding, so more can be written straight behind it.
        for more in ["AAAA", "AAA=", "AA==", "c2gtcnNh"] {
            let line = format!("{ED25519}{more} ana");
            assert!(matches!(refusal(line.as_bytes()), PublicKeyError::Damaged(_)), "{more}");
        }
        // A number with a zero too many in front, as another program might write it.
        let folder = tempfile::tempdir().unwrap();
        let rsa = String::from_utf8(make(folder.path(), "rsa", &["-t", "rsa", "-b", "2048"]));
        let rsa = rsa.unwrap();
        let line = rsa.replacen("AAAAB3NzaC1yc2EAAAADAQAB", "AAAAB3NzaC1yc2EAAAAEAAEAAQ", 1);
        assert_ne!(line, rsa);
        assert!(matches!(refusal(line.as_bytes()), PublicKeyError::Damaged(_)));
    }

    #[test]
    fn nothing_but_the_key_goes_on_to_the_server() {
        for comment in ["ana \u{1b}[31mred", "ana\u{202e}gpj", "a\u{0}b", "a\u{7f}b"] {
            let line = format!("{ED25519} {comment}");
            match read_supporter_key(line.as_bytes()) {
                Ok(key) => {
                    assert_eq!(key.text, ED25519);
                    assert!(!key.comment.contains(text::is_steering), "{:?}", key.comment);
                }
                Err(error) => assert!(matches!(error, PublicKeyError::NotText), "{error:?}"),
            }
        }
        let long = format!("{ED25519} {}", "x".repeat(5000));
        let kept = read_supporter_key(long.as_bytes()).unwrap().comment;
        assert_eq!(kept.chars().count(), COMMENT_LIMIT);
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_refused_or_is_still_one_plain_key() {
        for end in 0..ED25519.len() {
            assert!(read_supporter_key(&ED25519.as_bytes()[..end]).is_err(), "cut at {end}");
        }
        for position in 0..ED25519.len() {
            for byte in 0..=255_u8 {
                let mut bytes = ED25519.as_bytes().to_vec();
                bytes[position] = byte;
                if let Ok(key) = read_supporter_key(&bytes) {
                    let mut words = key.text.split(' ');
                    assert_eq!(words.next(), Some("ssh-ed25519"));
                    assert!(words.next().unwrap().starts_with("AAAAC3NzaC1lZDI1NTE5AAAAI"));
                    assert_eq!(words.next(), None);
                }
            }
        }
    }

    #[test]
    fn a_file_of_ten_megabytes_is_not_read_to_its_end() {
        struct Endless(usize);
        impl Read for Endless {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                self.0 += into.len();
                assert!(self.0 <= 2 * FILE_LIMIT, "it reads on and on");
                into.fill(b'A');
                Ok(into.len())
            }
        }
        assert!(matches!(read_bounded(Endless(0)), Err(PublicKeyError::Large)));
        assert!(matches!(refusal(&vec![b'A'; FILE_LIMIT + 1]), PublicKeyError::Large));
        let exact = read_bounded([b'A'; FILE_LIMIT].as_slice()).unwrap();
        assert_eq!(exact.len(), FILE_LIMIT);
        assert_eq!(read_bounded(ED25519.as_bytes()).unwrap().as_slice(), ED25519.as_bytes());
    }

    #[test]
    fn a_reader_that_gives_a_byte_at_a_time_and_is_interrupted_is_read_whole() {
        struct Slow<'a>(&'a [u8], bool);
        impl Read for Slow<'_> {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
                into[0] = *first;
                self.0 = rest;
                Ok(1)
            }
        }
        let bytes = read_bounded(Slow(ED25519.as_bytes(), false)).unwrap();
        assert_eq!(bytes.as_slice(), ED25519.as_bytes());
    }

    #[test]
    fn a_generated_pair_is_one_that_ssh_keygen_knows() {
        let folder = tempfile::tempdir().unwrap();
        let (public, private) = generate_key_pair(Kind::Ed25519, "case 42, Ana").unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, private.expose()).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        let line = String::from_utf8(keygen(folder.path(), &["-y", "-f", "key"])).unwrap();
        assert_eq!(line.trim_end(), format!("{} case 42, Ana", public.text));
        assert_eq!(read_supporter_key(line.as_bytes()).unwrap(), public);
        let (another, _) = generate_key_pair(Kind::Ed25519, "case 42, Ana").unwrap();
        assert_ne!(another.text, public.text);
    }

    #[test]
    fn a_check_key_shows_its_public_half_only() {
        let key = CheckKey::generate(Kind::Ed25519).unwrap();
        let shown = format!("{key:?}");
        assert_eq!(shown, format!("CheckKey {{ text: {:?}, .. }}", key.text));
        assert_eq!(key.private.public_key().to_openssh().unwrap().trim_end(), key.text);
        assert_ne!(CheckKey::generate(Kind::Ed25519).unwrap().text, key.text);
    }
}
