//! Secrets: the type that holds one and the generator that makes one. Where the merchant keeps
//! their own, the operating system's keyring, is [`crate::machine::keyring`].
//!
//! Nothing else in the program may hold a password, a passphrase or a private key.

use std::fmt;

use data_encoding::HEXLOWER;
use rand::TryRng as _;
use rand::rngs::SysRng;
use sha_crypt::{PasswordHasher as _, ShaCrypt};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::message::{Note, Told, shown_by_note};

/// A password, passphrase or private key. Wiped on drop.
///
/// It has no `Clone`, no `Display`, no `Serialize`, and its `Debug` says nothing: adding any of
/// these is a change of the design. [`Secret::expose`] is the only way to read it, so that
/// `grep expose` lists every place where a secret leaves this type.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text over. The caller's `String` is moved, so no copy is left behind.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Takes over a text that is already wiped on drop.
    #[must_use]
    pub fn from_zeroizing(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The operating system's generator failed; without it no secret is made.
#[derive(Debug, thiserror::Error)]
pub struct RandomFailed;

impl Told for RandomFailed {
    fn note(&self) -> Note {
        Note::of("random-failed", &[])
    }
}

shown_by_note!(RandomFailed);

/// How many characters a generated password has: 26 of 64 symbols are 156 bits.
pub const PASSWORD_LENGTH: usize = 26;

/// 64 symbols, so that six random bits choose one without bias. None breaks in a shell, in a form,
/// or in shop software that escapes what was posted; `!` is the one special character that every
/// shop accepts.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-!";

/// Makes a password: at least 24 characters, uniform, 128 bits or more, first a letter, and one of
/// each class, so that PCI DSS 8.3.6 and every shop's own rule hold.
///
/// # Errors
/// Fails when the operating system's generator does.
pub fn generate_password() -> Result<Secret, RandomFailed> {
    loop {
        let mut bytes = Zeroizing::new([0_u8; PASSWORD_LENGTH]);
        SysRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| RandomFailed)?;
        let mut text = Zeroizing::new(String::with_capacity(PASSWORD_LENGTH));
        for byte in bytes.iter() {
            text.push(char::from(ALPHABET.get(usize::from(byte & 63)).copied().unwrap_or(b'-')));
        }
        // Redrawing the whole keeps what is left uniform over the acceptable passwords.
        if is_strong(&text) && text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Ok(Secret::from_zeroizing(text));
        }
    }
}

/// Whether a password is long enough and holds one of each class.
fn is_strong(text: &str) -> bool {
    text.len() >= 24
        && text.contains(|c: char| c.is_ascii_uppercase())
        && text.contains(|c: char| c.is_ascii_lowercase())
        && text.contains(|c: char| c.is_ascii_digit())
        && text.contains(['-', '!'])
}

/// How a password is hashed for the place that will hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashScheme {
    /// `$6$…`, which crypt(3) of every Linux understands.
    Sha512,
    /// `$2y$…`, which Apache understands wherever it runs, and many a crypt(3).
    Bcrypt,
    /// `$sha1x3$SALT$DIGEST`: SHA-1 of the salt and SHA-1 of the salt and SHA-1 of the password, in hex, which is all that
    /// OpenCart 3 and its relatives know. What makes it bearable is the password: nobody guesses 150 bits.
    Sha1x3,
    /// `$sha256$SALT$DIGEST`: SHA-256 of the salt and the password, in hex, which every Magento knows.
    SaltedSha256,
}

/// A password that was made, and what a server is told of it.
#[derive(Debug)]
pub struct MadePassword {
    /// The password itself.
    pub password: Secret,
    /// Its hash.
    pub hash: Secret,
}

impl MadePassword {
    /// A new one, hashed by the scheme that `detect` named: `bcrypt`, `sha1x3`, `salted-sha256`; else SHA-512, which is everywhere.
    ///
    /// # Errors
    /// Fails when the operating system's generator does.
    pub fn new(scheme: &str) -> Result<Self, RandomFailed> {
        let scheme = match scheme {
            "bcrypt" => HashScheme::Bcrypt,
            "sha1x3" => HashScheme::Sha1x3,
            "salted-sha256" => HashScheme::SaltedSha256,
            _ => HashScheme::Sha512,
        };
        let password = generate_password()?;
        let hash = scheme.hash(&password)?;
        Ok(Self { password, hash })
    }
}

/// Rounds of bcrypt, as a power of two: what `htpasswd -B` takes. A web server computes it for every request,
/// and no number of rounds would make a password of 24 random characters safer.
const BCRYPT_COST: u32 = 5;

impl HashScheme {
    /// What a server is given in the place of a password, as [`crypt`].
    ///
    /// # Errors
    /// Fails when the operating system's generator does.
    pub fn hash(self, password: &Secret) -> Result<Secret, RandomFailed> {
        match self {
            Self::Sha512 => return crypt(password),
            Self::Sha1x3 => return sha1_three_times(password),
            Self::SaltedSha256 => return salted_sha256(password),
            Self::Bcrypt => {}
        }
        let mut salt = [0_u8; 16];
        SysRng.try_fill_bytes(&mut salt).map_err(|_| RandomFailed)?;
        let parts = bcrypt::hash_with_salt(password.expose(), BCRYPT_COST, salt)
            .expect("neither the cost nor 24 characters can be refused");
        Ok(Secret::new(parts.format_for_version(bcrypt::Version::TwoY)))
    }
}

/// The same as [`HashScheme::Sha1x3`], with a salt of nine characters, for which there is room.
fn sha1_three_times(password: &Secret) -> Result<Secret, RandomFailed> {
    let salt = random_id(9)?;
    let digest = sha1_with(&salt, password);
    Ok(Secret::from_zeroizing(Zeroizing::new(format!("$sha1x3${salt}${}", digest.as_str()))))
}

fn sha1_with(salt: &str, password: &Secret) -> Zeroizing<String> {
    let hex = |parts: [&str; 2]| {
        let mut hasher = Sha1::new();
        parts.iter().for_each(|part| hasher.update(part.as_bytes()));
        Zeroizing::new(HEXLOWER.encode(&hasher.finalize()))
    };
    let first = hex(["", password.expose()]);
    let second = hex([salt, &first]);
    hex([salt, &second])
}

/// The same as [`HashScheme::SaltedSha256`], with a salt as long as Magento's own.
fn salted_sha256(password: &Secret) -> Result<Secret, RandomFailed> {
    let salt = random_id(32)?;
    let digest = sha256_with(&salt, password);
    Ok(Secret::from_zeroizing(Zeroizing::new(format!("$sha256${salt}${}", digest.as_str()))))
}

fn sha256_with(salt: &str, password: &Secret) -> Zeroizing<String> {
    let mut hasher = Sha256::new();
    hasher.update(salt.as_bytes());
    hasher.update(password.expose().as_bytes());
    Zeroizing::new(HEXLOWER.encode(&hasher.finalize()))
}

/// What a server is given in the place of a password: its SHA-512 hash as crypt(3) writes it, which
/// every Linux understands. The password itself then stands in no standard input of sudo, which a
/// server may record. Who reads the hash still learns what to guess against, so it is a secret too.
///
/// # Errors
/// Fails when the operating system's generator does.
pub fn crypt(password: &Secret) -> Result<Secret, RandomFailed> {
    // 16 characters of salt, the most that is used.
    let mut salt = [0_u8; 12];
    SysRng.try_fill_bytes(&mut salt).map_err(|_| RandomFailed)?;
    let hash = ShaCrypt::SHA512
        .hash_password_with_salt(password.expose().as_bytes(), &salt)
        .expect("nothing in a salt of 12 bytes can be refused");
    Ok(Secret::new(hash.into()))
}

/// Random characters of Crockford's base 32 in lower case: five bits each, for ids that people
/// read aloud. Not secret.
///
/// # Errors
/// Fails when the operating system's generator does.
pub fn random_id(length: usize) -> Result<String, RandomFailed> {
    const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = vec![0_u8; length];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| RandomFailed)?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(SYMBOLS.get(usize::from(byte & 31)).copied().unwrap_or(b'0')))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_strong_and_never_the_same_twice() {
        let first = generate_password().unwrap();
        let second = generate_password().unwrap();
        assert_eq!(first.expose().len(), PASSWORD_LENGTH);
        assert!(is_strong(first.expose()));
        assert_ne!(first.expose(), second.expose());
    }

    #[test]
    fn a_hash_is_one_that_crypt_reads_and_never_the_same_twice() {
        use sha_crypt::{PasswordHash, PasswordVerifier as _};

        let password = generate_password().unwrap();
        let hash = crypt(&password).unwrap();
        let fields: Vec<&str> = hash.expose().split('$').collect();
        assert!(matches!(fields.as_slice(), ["", "6", "rounds=5000", salt, sum]
            if salt.len() == 16 && sum.len() == 86));
        assert!(!hash.expose().contains(password.expose()));
        let read: PasswordHash = hash.expose().parse().unwrap();
        assert!(ShaCrypt::SHA512.verify_password(password.expose().as_bytes(), &read).is_ok());
        assert!(ShaCrypt::SHA512.verify_password(b"another", &read).is_err());
        assert_ne!(crypt(&password).unwrap().expose(), hash.expose());
        // What glibc makes of it: `openssl passwd -6 -salt saltstring 'Hello world!'`.
        let theirs: PasswordHash =
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNj\
            nQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
                .parse()
                .unwrap();
        assert!(ShaCrypt::SHA512.verify_password(b"Hello world!", &theirs).is_ok());
    }

    #[test]
    fn a_bcrypt_hash_is_one_that_others_read() {
        let password = generate_password().unwrap();
        let hash = HashScheme::Bcrypt.hash(&password).unwrap();
        assert!(hash.expose().starts_with("$2y$05$") && hash.expose().len() == 60);
        assert!(bcrypt::verify(password.expose(), hash.expose()).unwrap());
        assert!(!bcrypt::verify("another", hash.expose()).unwrap());
        assert_ne!(HashScheme::Bcrypt.hash(&password).unwrap().expose(), hash.expose());
        assert!(HashScheme::Sha512.hash(&password).unwrap().expose().starts_with("$6$"));
    }

    #[test]
    fn three_times_sha1_is_what_shops_make_of_it() {
        // `sha1($salt . sha1($salt . sha1($password)))` of PHP.
        let hello = Secret::new("Hello world!".into());
        assert_eq!(
            sha1_with("saltsalt9", &hello).as_str(),
            "aacd03ccd2279718dd40c765ec3ceb2927721b46"
        );
        let password = generate_password().unwrap();
        let hash = HashScheme::Sha1x3.hash(&password).unwrap();
        let fields: Vec<&str> = hash.expose().split('$').collect();
        assert!(matches!(fields.as_slice(), ["", "sha1x3", salt, sum]
            if salt.len() == 9 && *sum == sha1_with(salt, &password).as_str()));
        assert_ne!(HashScheme::Sha1x3.hash(&password).unwrap().expose(), hash.expose());
        assert!(MadePassword::new("sha1x3").unwrap().hash.expose().starts_with("$sha1x3$"));
    }

    #[test]
    fn a_salted_sha256_is_what_magento_makes_of_it() {
        // `hash('sha256', $salt . $password)` of PHP.
        let hello = Secret::new("Hello world!".into());
        assert_eq!(
            sha256_with("saltsaltsaltsaltsaltsaltsaltsalt", &hello).as_str(),
            "93a3007c6ff2f4888cb6d86d05da6cc1f603d8709e8a16a6d686929bbcea2fd8"
        );
        let password = generate_password().unwrap();
        let hash = HashScheme::SaltedSha256.hash(&password).unwrap();
        let fields: Vec<&str> = hash.expose().split('$').collect();
        assert!(matches!(fields.as_slice(), ["", "sha256", salt, sum]
            if salt.len() == 32 && *sum == sha256_with(salt, &password).as_str()));
        assert_ne!(HashScheme::SaltedSha256.hash(&password).unwrap().expose(), hash.expose());
        assert!(MadePassword::new("salted-sha256").unwrap().hash.expose().starts_with("$sha256$"));
    }

    #[test]
    fn the_debug_text_of_a_secret_says_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "Secret(..)");
    }
}
