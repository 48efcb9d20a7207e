//! Host keys as the user pins them, and the kinds of them that are taken.

use std::fmt;
use std::str::FromStr;

use russh::keys::ssh_key::Fingerprint;
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PublicKey};

use crate::message::{Arg, Note, Told, shown_by_note};

/// A host key as the user pinned it. A full key also says which type to ask the server for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostKeyPin {
    /// `ssh-ed25519 AAAA…`, without a comment.
    Key(Box<PublicKey>),
    /// `SHA256:…` of a key whose type is not known.
    Fingerprint(Fingerprint),
}

/// A text that is not a host key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// A private key was given. It is not repeated.
    Private,
    /// An MD5 fingerprint, or one without its algorithm.
    NotSha256,
    /// DSA, a certificate, or a type nobody knows.
    Type(String),
    /// Anything else.
    Unreadable,
}

impl Told for PinError {
    fn note(&self) -> Note {
        match self {
            Self::Private => Note::of("pin-error-private", &[]),
            Self::NotSha256 => Note::of("pin-error-not-sha256", &[]),
            Self::Type(value) => Note::of("pin-error-type", &[("value", Arg::of(value))]),
            Self::Unreadable => Note::of("pin-error-unreadable", &[]),
        }
    }
}

shown_by_note!(PinError);

impl HostKeyPin {
    /// Pins exactly this key. Its comment is dropped.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        Self::Key(Box::new(PublicKey::new(key.key_data().clone(), "")))
    }

    /// Whether `key` is the pinned key.
    #[must_use]
    pub fn accepts(&self, key: &PublicKey) -> bool {
        match self {
            Self::Key(pinned) => pinned.key_data() == key.key_data(),
            Self::Fingerprint(pinned) => *pinned == key.fingerprint(HashAlg::Sha256),
        }
    }

    /// `SHA256:…` of the pinned key.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Key(key) => fingerprint(key),
            Self::Fingerprint(print) => print.to_string(),
        }
    }
}

/// `SHA256:…` of a key, as `ssh-keygen -l` prints it.
#[must_use]
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

impl fmt::Display for HostKeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(&key.to_openssh().map_err(|_| fmt::Error)?),
            Self::Fingerprint(print) => print.fmt(f),
        }
    }
}

impl FromStr for HostKeyPin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        let text = text.trim();
        if text.contains("PRIVATE KEY") {
            return Err(PinError::Private);
        }
        if text.starts_with("SHA256:") {
            return match text.parse::<Fingerprint>() {
                Ok(print) if print.is_sha256() => Ok(Self::Fingerprint(print)),
                _ => Err(PinError::NotSha256),
            };
        }
        if text.starts_with("MD5:") || text.starts_with("SHA512:") || is_hex_pairs(text) {
            return Err(PinError::NotSha256);
        }
        let mut words = text.split_ascii_whitespace();
        let (Some(kind), Some(data)) = (words.next(), words.next()) else {
            return Err(PinError::Unreadable);
        };
        let key = PublicKey::from_openssh(&format!("{kind} {data}")).map_err(|_| {
            if kind.contains("-cert-") || kind == "ssh-dss" {
                PinError::Type(kind.chars().take(60).collect())
            } else {
                PinError::Unreadable
            }
        })?;
        if names_of(&key.algorithm()).is_empty() {
            return Err(PinError::Type(key.algorithm().to_string()));
        }
        Ok(Self::of(&key))
    }
}

/// Whether this looks like an MD5 fingerprint: pairs of hex digits between colons.
fn is_hex_pairs(text: &str) -> bool {
    text.contains(':')
        && text.split(':').all(|pair| pair.len() == 2 && u8::from_str_radix(pair, 16).is_ok())
}

/// Every host key algorithm stagepass negotiates, best first. RSA only with SHA-2.
pub(crate) fn all_algorithms() -> Vec<Algorithm> {
    vec![
        Algorithm::Ed25519,
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
        Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
        Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
    ]
}

/// The algorithms by which a key of this type can sign; none for a type we do not take.
pub(crate) fn names_of(kind: &Algorithm) -> Vec<Algorithm> {
    all_algorithms().into_iter().filter(|known| same_type(known, kind)).collect()
}

/// Whether two algorithms are of one type of key. An RSA key is the same key under every hash.
#[must_use]
pub fn same_type(one: &Algorithm, other: &Algorithm) -> bool {
    match (one, other) {
        (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }) => true,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const TWO: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK2pr+Bfus1hvPof4Wb/plZCzSbqadHH0u+/f4ODtKnE";

    fn key(text: &str) -> PublicKey {
        PublicKey::from_openssh(text).unwrap()
    }

    #[test]
    fn what_is_no_pin_is_refused_with_a_reason() {
        assert_eq!("".parse::<HostKeyPin>(), Err(PinError::Unreadable));
        assert_eq!("SHA256:abc".parse::<HostKeyPin>(), Err(PinError::NotSha256));
        assert_eq!("MD5:aa:bb".parse::<HostKeyPin>(), Err(PinError::NotSha256));
        assert_eq!("aa:bb:cc".parse::<HostKeyPin>(), Err(PinError::NotSha256));
        assert_eq!(
            "-----BEGIN OPENSSH PRIVATE KEY-----".parse::<HostKeyPin>(),
            Err(PinError::Private)
        );
        assert_eq!(
            "ssh-dss AAAAB3NzaC1kc3MAAAA=".parse::<HostKeyPin>(),
            Err(PinError::Type("ssh-dss".into()))
        );
    }

    #[test]
    fn a_pin_is_read_back_from_what_it_prints() {
        let pin: HostKeyPin = format!("{ONE} some comment").parse().unwrap();
        assert_eq!(pin.to_string(), ONE);
        assert!(pin.accepts(&key(ONE)));
        let print: HostKeyPin = pin.fingerprint().parse().unwrap();
        assert!(print.accepts(&key(ONE)) && !print.accepts(&key(TWO)));
        assert_eq!(print.to_string(), pin.fingerprint());
    }
}
