//! Sealed texts: what only one person can read, as an age file (<https://age-encryption.org/v1>) in
//! armor, which a ticket carries and which the plain `age` and `rage` programs open as well. Here is
//! whose key a text is sealed to, sealing, opening, and what undoes what mail programs do to one. Who
//! is handed what, and when, is the business of `command/handover.rs`.

use std::io::{self, Read as _, Write as _};
use std::iter;
use std::sync::Arc;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor};
use zeroize::Zeroizing;

use crate::message::{Arg, Note, Told, shown_by_note};
use crate::public_key::{self, PublicKeyError, SupporterKey};
use crate::secret::Secret;

/// The largest sealed text that is read, in bytes. A key pair and four passwords take 2 kB.
pub const LIMIT: usize = 256 * 1024;

/// The largest file of private keys that is read, in bytes.
pub const IDENTITY_LIMIT: u64 = 64 * 1024;

/// The work factor of a passphrase, as a power of two: 2^15 rounds of scrypt take some hundredths of a
/// second and 32 MiB. What makes it strong is the passphrase, which is a generated password.
const WORK: u8 = 15;

/// The most work that a sealed text may ask of whoever opens it: four seconds or so, and 256 MiB.
const MOST_WORK: u8 = 18;

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";

/// Whose key a text is sealed to.
#[derive(Debug, Clone)]
pub enum Recipient {
    /// An SSH key, ed25519 or RSA.
    Ssh {
        /// The key.
        key: age::ssh::Recipient,
        /// `SHA256:…`, as `ssh-keygen -l` shows it.
        fingerprint: String,
    },
    /// A key of age, which is its own name: `age1…`.
    Age(age::x25519::Recipient),
}

/// Why nothing can be sealed to a key, or what was sealed cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// age seals to ed25519 and RSA keys alone: the type that was given.
    KeyKind(String),
    /// The key is damaged, or too short to be one.
    Key(#[source] PublicKeyError),
    /// age could not seal it.
    Seal(#[source] age::EncryptError),
    /// There is no sealed text in what was given.
    NotSealed,
    /// It begins and does not end, or what is between is not what was sealed.
    Damaged,
    /// It was sealed to somebody else's key.
    NotOurs,
    /// The passphrase is not the one that it was sealed with.
    Passphrase,
    /// It asks for more work than is done for a text that anybody may have written.
    TooMuchWork,
    /// It is longer than anything that is sealed here.
    Large,
    /// A private key that cannot be read: why.
    Identity(&'static str),
}

impl Told for SealError {
    fn note(&self) -> Note {
        match self {
            Self::KeyKind(kind) => Note::of("seal-error-key-kind", &[("kind", Arg::of(kind))]),
            Self::Key(why) => Note::of("seal-error-key", &[("why", Arg::of(why))]),
            Self::Seal(_) => Note::of("seal-error-seal", &[]),
            Self::NotSealed => Note::of("seal-error-not-sealed", &[]),
            Self::Damaged => Note::of("seal-error-damaged", &[]),
            Self::NotOurs => Note::of("seal-error-not-ours", &[]),
            Self::Passphrase => Note::of("seal-error-passphrase", &[]),
            Self::TooMuchWork => Note::of("seal-error-too-much-work", &[]),
            Self::Large => Note::of("seal-error-large", &[]),
            Self::Identity(why) => Note::of("seal-error-identity", &[("why", (*why).into())]),
        }
    }
}

shown_by_note!(SealError);

impl Recipient {
    /// The key that a supporter logs in with.
    ///
    /// # Errors
    /// It is of a kind that age does not seal to.
    pub fn of_key(key: &SupporterKey) -> Result<Self, SealError> {
        let kind = || SealError::KeyKind(key.algorithm.clone());
        let recipient = key.text.parse().map_err(|_| kind())?;
        Ok(Self::Ssh { key: recipient, fingerprint: key.fingerprint.clone() })
    }

    /// What somebody sent: a public key of SSH, or one of age.
    ///
    /// # Errors
    /// It is neither, or of a kind that age does not seal to.
    pub fn read(text: &str) -> Result<Self, SealError> {
        if let Some(age) = age_key(text) {
            return age.parse().map(Self::Age).map_err(|_| SealError::KeyKind("age".to_owned()));
        }
        Self::of_key(&public_key::read_supporter_key(text.as_bytes()).map_err(SealError::Key)?)
    }

    /// What it is known by: the fingerprint of an SSH key, or the whole key of age.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Ssh { fingerprint, .. } => fingerprint.clone(),
            Self::Age(key) => key.to_string(),
        }
    }
}

/// The one line of a text that is a public key of age; comments and empty lines beside it are passed over, as
/// `age -R` does.
fn age_key(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(str::trim);
    let mut lines = lines.by_ref().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let only = lines.next().filter(|line| line.starts_with("age1"))?;
    lines.next().is_none().then_some(only)
}

/// Seals a text to a key.
///
/// # Errors
/// age could not do it.
pub fn seal(recipient: &Recipient, text: &Secret) -> Result<String, SealError> {
    match recipient {
        Recipient::Ssh { key, .. } => sealed(key, text),
        Recipient::Age(key) => sealed(key, text),
    }
}

/// Seals a text with a passphrase.
///
/// # Errors
/// age could not do it.
pub fn seal_with(passphrase: &Secret, text: &Secret) -> Result<String, SealError> {
    let mut recipient = age::scrypt::Recipient::new(of_age(passphrase));
    recipient.set_work_factor(WORK);
    sealed(&recipient, text)
}

fn sealed(recipient: &impl age::Recipient, text: &Secret) -> Result<String, SealError> {
    let encryptor = Encryptor::with_recipients(iter::once(recipient as &dyn age::Recipient))
        .map_err(SealError::Seal)?;
    let broken = |e: io::Error| SealError::Seal(e.into());
    let mut armored = Vec::new();
    let armor = ArmoredWriter::wrap_output(&mut armored, Format::AsciiArmor).map_err(broken)?;
    let mut writer = encryptor.wrap_output(armor).map_err(broken)?;
    writer.write_all(text.expose().as_bytes()).map_err(broken)?;
    writer.finish().and_then(ArmoredWriter::finish).map_err(broken)?;
    String::from_utf8(armored).map_err(|_| SealError::Damaged)
}

fn of_age(secret: &Secret) -> SecretString {
    SecretString::from(secret.expose().to_owned())
}

/// Asks for a passphrase, of the key file with this name or of the sealed text itself. `None` where nobody can be
/// asked.
pub type Ask = Arc<dyn Fn(Asked<'_>) -> Option<Secret> + Send + Sync>;

/// What a passphrase is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// The private key in this file.
    Key(&'a str),
    /// The sealed text.
    Text,
}

/// What may open a sealed text: private keys of SSH and of age.
#[derive(Default)]
pub struct Identities(Vec<Box<dyn age::Identity>>);

impl Identities {
    /// Adds what a file holds; the passphrase of a key is asked for when it turns out to be the one.
    ///
    /// # Errors
    /// It holds no private key, or one of a kind that age does not open with.
    pub fn add(&mut self, name: &str, text: &Secret, ask: &Ask) -> Result<(), SealError> {
        if text.expose().contains("AGE-SECRET-KEY-1") {
            let file = age::IdentityFile::from_buffer(text.expose().as_bytes());
            let file = file.map_err(|_| SealError::Identity("age"))?;
            let keys = file.into_identities().map_err(|_| SealError::Identity("age"))?;
            self.0.extend(keys);
            return Ok(());
        }
        let read = age::ssh::Identity::from_buffer(text.expose().as_bytes(), Some(name.to_owned()));
        match read.map_err(|_| SealError::Identity("ssh"))? {
            age::ssh::Identity::Unsupported(_) => Err(SealError::Identity("kind")),
            key => {
                self.0.push(Box::new(
                    key.with_callbacks(Asking { name: name.into(), ask: ask.clone() }),
                ));
                Ok(())
            }
        }
    }
}

#[derive(Clone)]
struct Asking {
    name: String,
    ask: Ask,
}

/// What age asks of whoever opens. A private key on a device is not among what is opened with here.
impl age::Callbacks for Asking {
    fn display_message(&self, _message: &str) {}

    fn confirm(&self, _message: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        None
    }

    fn request_public_string(&self, _description: &str) -> Option<String> {
        None
    }

    fn request_passphrase(&self, _description: &str) -> Option<SecretString> {
        (self.ask)(Asked::Key(&self.name)).as_ref().map(of_age)
    }
}

/// Opens a sealed text: with these private keys, or with the passphrase that is asked for where it was sealed
/// with one. Whatever stands around it is passed over.
///
/// # Errors
/// There is none in it, it is damaged, or it is for somebody else.
pub fn open(text: &str, identities: &Identities, ask: &Ask) -> Result<Secret, SealError> {
    let armored = mended(text)?;
    let decryptor =
        Decryptor::new_buffered(ArmoredReader::new(armored.as_bytes())).map_err(failed)?;
    let reader = if decryptor.is_scrypt() {
        let passphrase = ask(Asked::Text).ok_or(SealError::Passphrase)?;
        let mut identity = age::scrypt::Identity::new(of_age(&passphrase));
        identity.set_max_work_factor(MOST_WORK);
        decryptor.decrypt(iter::once(&identity as &dyn age::Identity)).map_err(|e| match e {
            DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
                SealError::Passphrase
            }
            e => failed(e),
        })
    } else {
        let keys = identities.0.iter().map(|key| key.as_ref());
        decryptor.decrypt(keys).map_err(failed)
    }?;
    // As long as it can be at the most, so that it is never moved and left behind unwiped.
    let mut opened = Zeroizing::new(Vec::with_capacity(armored.len()));
    let limit = u64::try_from(LIMIT).unwrap_or(u64::MAX);
    reader.take(limit).read_to_end(&mut opened).map_err(|_| SealError::Damaged)?;
    let opened = std::str::from_utf8(&opened).map_err(|_| SealError::Damaged)?;
    let mut whole = Zeroizing::new(String::with_capacity(opened.len()));
    whole.push_str(opened);
    Ok(Secret::from_zeroizing(whole))
}

fn failed(error: DecryptError) -> SealError {
    match error {
        DecryptError::NoMatchingKeys => SealError::NotOurs,
        DecryptError::KeyDecryptionFailed => SealError::Passphrase,
        DecryptError::ExcessiveWork { .. } => SealError::TooMuchWork,
        _ => SealError::Damaged,
    }
}

/// The sealed text as it was, out of what became of it on its way: quoted (`> `), indented, wrapped anew, with other
/// line ends, spaces and dashes, in quoted-printable (RFC 2045, section 6.7), with text before and behind it.
/// What is left is Base64, and a changed character there is found by age.
fn mended(text: &str) -> Result<String, SealError> {
    if text.len() > LIMIT {
        return Err(SealError::Large);
    }
    let is_mark = |line: &str, mark: &str| line.contains(mark);
    let mut lines = text.lines().skip_while(|line| !is_mark(line, "BEGIN AGE ENCRYPTED FILE"));
    lines.next().ok_or(SealError::NotSealed)?;
    let mut body = String::new();
    let mut ended = false;
    for line in lines {
        if is_mark(line, "END AGE ENCRYPTED FILE") {
            ended = true;
            break;
        }
        let line = line.replace("=3D", "=");
        // A soft line break; padding stands only at the very end, and is put there below.
        body.extend(line.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')));
    }
    if !ended || body.is_empty() {
        return Err(SealError::Damaged);
    }
    while !body.len().is_multiple_of(4) {
        body.push('=');
    }
    let mut whole = format!("{BEGIN}\n");
    for line in body.as_bytes().chunks(64) {
        whole.push_str(&String::from_utf8_lossy(line));
        whole.push('\n');
    }
    whole.push_str(END);
    whole.push('\n');
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret as _;

    use super::*;

    const NOBODY: fn(Asked<'_>) -> Option<Secret> = |_| None;

    fn nobody() -> Ask {
        Arc::new(NOBODY)
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn pair() -> (Recipient, Identities) {
        let key = age::x25519::Identity::generate();
        let mut identities = Identities::default();
        let file = secret(key.to_string().expose_secret());
        identities.add("key.txt", &file, &nobody()).unwrap();
        (Recipient::read(&format!("# of Jane\n{}\n", key.to_public())).unwrap(), identities)
    }

    #[test]
    fn what_was_sealed_is_opened_by_its_key_and_no_other() {
        let (recipient, ours) = pair();
        let sealed = seal(&recipient, &secret("password: a-b!\n")).unwrap();
        assert!(!sealed.contains("password"), "{sealed}");
        let opened = open(&sealed, &ours, &nobody()).unwrap();
        assert_eq!(opened.expose(), "password: a-b!\n");
        let (_, others) = pair();
        assert!(matches!(open(&sealed, &others, &nobody()), Err(SealError::NotOurs)));
        let none = Identities::default();
        assert!(matches!(open(&sealed, &none, &nobody()), Err(SealError::NotOurs)));
    }

    #[test]
    fn it_is_opened_after_what_mail_programs_do_to_text() {
        let (recipient, ours) = pair();
        let sealed = seal(&recipient, &secret("one\ntwo\n")).unwrap();
        let lines =
            |each: &dyn Fn(&str) -> String| sealed.lines().map(each).collect::<Vec<_>>().join("\n");
        let quoted_printable = sealed.replace('=', "=3D");
        let soft: String = quoted_printable
            .lines()
            .map(|line| format!("{}\n", line.replace("AA", "A=\nA")))
            .collect();
        let told: Vec<(&str, String)> = vec![
            ("as it is", sealed.clone()),
            ("CRLF", sealed.replace('\n', "\r\n")),
            ("quoted", lines(&|line| format!("> {line}"))),
            ("quoted twice", lines(&|line| format!(">> > {line}"))),
            ("indented", lines(&|line| format!("    {line}  "))),
            ("no-break spaces", lines(&|line| format!("\u{a0}{line}\u{a0}"))),
            ("empty lines between", sealed.replace('\n', "\n\n")),
            ("in a mail", format!("Dear Jane,\n\n{sealed}\n-- \nAnna")),
            ("dashes made long", sealed.replace("-----", "\u{2014}\u{2014}-")),
            ("padding lost", sealed.replace("=\n", "\n")),
            ("quoted-printable", quoted_printable.clone()),
            ("with soft breaks", soft),
            ("a byte order mark", format!("\u{feff}{sealed}")),
        ];
        for (what, text) in told {
            let opened = open(&text, &ours, &nobody());
            assert_eq!(
                opened.unwrap_or_else(|e| panic!("{what}: {e}\n{text}")).expose(),
                "one\ntwo\n"
            );
        }
    }

    #[test]
    fn what_was_changed_on_the_way_is_not_opened() {
        let (recipient, ours) = pair();
        let sealed = seal(&recipient, &secret("password: a-b!\n")).unwrap();
        let body: usize = sealed.find('\n').unwrap() + 1;
        let last = sealed.find("\n-----END").unwrap();
        for at in (body..last).step_by(11).filter(|at| sealed.as_bytes()[*at] != b'\n') {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'Q' { b'R' } else { b'Q' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(open(&changed, &ours, &nobody()).is_err(), "{at}: {changed}");
        }
        for cut in (0..last).step_by(29) {
            assert!(open(&sealed[..cut], &ours, &nobody()).is_err(), "{cut}");
        }
        assert!(matches!(open("nothing", &ours, &nobody()), Err(SealError::NotSealed)));
        assert!(matches!(open(&"x".repeat(LIMIT + 1), &ours, &nobody()), Err(SealError::Large)));
    }

    /// How often a text is in the memory of this process. It is given with every bit turned over, so that the
    /// question itself is not found.
    #[cfg(target_os = "linux")]
    fn in_memory(turned: &[u8]) -> usize {
        use std::io::{Seek as _, SeekFrom};
        let mut memory = std::fs::File::open("/proc/self/mem").unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let mut found = 0;
        for map in maps.lines().filter(|map| map.contains(" rw")) {
            let (from, to) = map.split_once(' ').unwrap().0.split_once('-').unwrap();
            let at = |text| u64::from_str_radix(text, 16).unwrap();
            let length = usize::try_from(at(to) - at(from)).unwrap();
            let mut bytes = vec![0; length];
            if memory.seek(SeekFrom::Start(at(from))).is_err()
                || memory.read_exact(&mut bytes).is_err()
            {
                continue;
            }
            let is_it =
                |window: &[u8]| window.iter().zip(turned).all(|(one, other)| *one == !*other);
            found += bytes.windows(turned.len()).filter(|window| is_it(window)).count();
        }
        found
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_was_sealed_is_left_nowhere_in_memory() {
        let turned: Vec<u8> = (0..32_u8).map(|byte| !(b'A' + byte % 26) ^ (byte & 1)).collect();
        let plain = || {
            // Far behind what is written over first when memory is given out again.
            let mut text = Zeroizing::new(String::with_capacity(9000));
            text.extend((0..8000).map(|_| 'x'));
            text.extend(turned.iter().map(|byte| char::from(!byte)));
            Secret::from_zeroizing(text)
        };
        let (recipient, ours) = pair();
        let kept = plain();
        assert!(in_memory(&turned) >= 1, "the search finds what is there");
        let sealed = seal(&recipient, &kept).unwrap();
        let opened = open(&sealed, &ours, &nobody()).unwrap();
        assert_eq!(opened.expose(), kept.expose());
        // What a library may do that knows nothing of secrets.
        let copy = std::hint::black_box(kept.expose().to_owned());
        drop((kept, opened, copy));
        assert_eq!(in_memory(&turned), 0);
    }

    #[test]
    fn a_passphrase_opens_what_was_sealed_with_it() {
        let sealed = seal_with(&secret("correct horse"), &secret("one\n")).unwrap();
        let says = |text: &'static str| -> Ask { Arc::new(move |_| Some(secret(text))) };
        let none = Identities::default();
        assert_eq!(open(&sealed, &none, &says("correct horse")).unwrap().expose(), "one\n");
        let wrong = open(&sealed, &none, &says("correct hose"));
        assert!(matches!(wrong, Err(SealError::Passphrase)), "{wrong:?}");
        assert!(matches!(open(&sealed, &none, &nobody()), Err(SealError::Passphrase)));
    }

    #[test]
    fn keys_that_age_does_not_seal_to_are_refused() {
        let ecdsa = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg= x";
        let refused = Recipient::read(ecdsa);
        assert!(
            matches!(&refused, Err(SealError::KeyKind(kind)) if kind.contains("nistp256")),
            "{refused:?}"
        );
        assert!(matches!(Recipient::read("age1nothing"), Err(SealError::KeyKind(_))));
        assert!(matches!(Recipient::read("hello"), Err(SealError::Key(_))));
    }
}
