//! Host keys: what the user pinned, what `known_hosts` says, and whether a server's key is one of
//! them. Nothing is sent to a server before [`check_pins`] or [`KnownHosts::ask`] has said yes.

use std::io;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use russh::keys::ssh_key::known_hosts::{Entry, HostPatterns, Marker};
use russh::keys::{Algorithm, PublicKey};
use sha1::Sha1;

use crate::file::{self, Links};
use crate::message::{Note, Told, shown_by_note};
use crate::target::pin::{HostKeyPin, all_algorithms, fingerprint, same_type};

/// What to negotiate so that the server answers with a pinned key: the pinned types, or every type
/// when a pin is only a fingerprint.
#[must_use]
pub fn algorithms_for(pins: &[HostKeyPin]) -> Vec<Algorithm> {
    let mut wanted = Vec::new();
    for pin in pins {
        match pin {
            HostKeyPin::Key(key) => wanted.push(key.algorithm()),
            HostKeyPin::Fingerprint(_) => return all_algorithms(),
        }
    }
    if wanted.is_empty() {
        return all_algorithms();
    }
    only(&wanted)
}

/// Every algorithm of the wanted types, best first.
#[must_use]
pub fn only(wanted: &[Algorithm]) -> Vec<Algorithm> {
    all_algorithms()
        .into_iter()
        .filter(|known| wanted.iter().any(|kind| same_type(known, kind)))
        .collect()
}

/// Every algorithm, those of the preferred types first.
#[must_use]
pub fn first(preferred: &[Algorithm]) -> Vec<Algorithm> {
    let (mut best, rest): (Vec<_>, Vec<_>) = all_algorithms()
        .into_iter()
        .partition(|known| preferred.iter().any(|kind| same_type(known, kind)));
    best.extend(rest);
    best
}

/// What stands about a server's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is a key that was pinned or known.
    Valid,
    /// Other keys were pinned or known, this one was not: a new key, or somebody in the middle.
    Changed {
        /// `SHA256:…` of the keys that were expected.
        expected: Vec<String>,
    },
    /// Nothing was pinned or known about this host.
    Unknown {
        /// Whether a `@cert-authority` line covers the host. stagepass does not use those.
        certificate_authority: bool,
    },
    /// The key is marked `@revoked`. Nothing else counts then.
    Revoked,
}

/// Compares a server's key with what the user pinned. No pin at all is [`Verdict::Unknown`].
#[must_use]
pub fn check_pins(pins: &[HostKeyPin], key: &PublicKey) -> Verdict {
    if pins.is_empty() {
        return Verdict::Unknown { certificate_authority: false };
    }
    if pins.iter().any(|pin| pin.accepts(key)) {
        return Verdict::Valid;
    }
    Verdict::Changed { expected: pins.iter().map(HostKeyPin::fingerprint).collect() }
}

/// A `known_hosts` file could not be read. A missing one is no error.
#[derive(Debug, thiserror::Error)]
pub struct KnownHostsError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl Told for KnownHostsError {
    fn note(&self) -> Note {
        Note::of("known-hosts-error", &[("path", (&self.path).into())])
    }
}

shown_by_note!(KnownHostsError);

/// The largest `known_hosts` file that is read. OpenSSH's own have a few thousand lines.
const KNOWN_HOSTS_LIMIT: u64 = 16 * 1024 * 1024;

/// What `known_hosts` files say about one host: its lines, in file order.
#[derive(Debug, Default)]
pub struct KnownHosts {
    entries: Vec<Entry>,
}

impl KnownHosts {
    /// Reads the lines of these files that are about `host`, under this port. A file that is not
    /// there counts as empty. Lines nobody can parse are passed over, as OpenSSH does.
    ///
    /// # Errors
    /// Fails when a file is there but cannot be read: what it would have said is not known.
    pub fn read(files: &[PathBuf], host: &str, port: u16) -> Result<Self, KnownHostsError> {
        let mut entries = Vec::new();
        for path in files {
            let text = read_bounded(path)
                .map_err(|source| KnownHostsError { path: path.clone(), source })?;
            entries.extend(entries_for(&text, host, port));
        }
        Ok(Self { entries })
    }

    /// The same for the text of one file.
    #[must_use]
    pub fn parse(text: &str, host: &str, port: u16) -> Self {
        Self { entries: entries_for(text, host, port) }
    }

    /// What is known about this key of the host.
    #[must_use]
    pub fn ask(&self, key: &PublicKey) -> Verdict {
        if self.is_revoked(key) {
            return Verdict::Revoked;
        }
        let mut expected = Vec::new();
        for known in self.keys() {
            if known.key_data() == key.key_data() {
                return Verdict::Valid;
            }
            expected.push(fingerprint(known));
        }
        if expected.is_empty() {
            let certificate_authority =
                self.entries.iter().any(|entry| entry.marker() == Some(&Marker::CertAuthority));
            return Verdict::Unknown { certificate_authority };
        }
        Verdict::Changed { expected }
    }

    /// Whether the key is marked `@revoked` for this host.
    #[must_use]
    pub fn is_revoked(&self, key: &PublicKey) -> bool {
        self.entries.iter().any(|entry| {
            entry.marker() == Some(&Marker::Revoked)
                && entry.public_key().key_data() == key.key_data()
        })
    }

    /// The types of the keys known for this host, to be negotiated first.
    #[must_use]
    pub fn types(&self) -> Vec<Algorithm> {
        self.keys().map(PublicKey::algorithm).collect()
    }

    fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.entries.iter().filter(|entry| entry.marker().is_none()).map(Entry::public_key)
    }
}

/// Reads a file as text; a missing one is empty, and bytes that are no UTF-8 cannot match a host.
fn read_bounded(path: &Path) -> io::Result<String> {
    match file::read(path, KNOWN_HOSTS_LIMIT, Links::Follow) {
        Ok(read) => Ok(String::from_utf8_lossy(&read.bytes).into_owned()),
        Err(error) if error.is_missing() => Ok(String::new()),
        Err(error) => Err(error.into()),
    }
}

/// The lines about a host. A port other than 22 is looked up as `[host]:port`; like OpenSSH, the
/// bare name is asked for keys only when that finds none.
fn entries_for(text: &str, host: &str, port: u16) -> Vec<Entry> {
    let host = host.to_ascii_lowercase();
    if port == 22 {
        return matching(text, &host);
    }
    let mut entries = matching(text, &format!("[{host}]:{port}"));
    let is_known = entries.iter().any(|entry| entry.marker().is_none());
    // A revoked key stays revoked under every port.
    let is_said = |entry: &Entry| !is_known || entry.marker() == Some(&Marker::Revoked);
    entries.extend(matching(text, &host).into_iter().filter(is_said));
    entries
}

fn matching(text: &str, name: &str) -> Vec<Entry> {
    text.lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            if words.first().is_none_or(|first| first.starts_with('#')) {
                return None;
            }
            // `ssh-key` splits at single blanks only; tabs and runs of blanks are common.
            words.join(" ").parse::<Entry>().ok()
        })
        .filter(|entry| matches_name(entry.host_patterns(), name))
        .collect()
}

fn matches_name(patterns: &HostPatterns, name: &str) -> bool {
    match patterns {
        HostPatterns::Patterns(patterns) => {
            let mut found = false;
            for pattern in patterns {
                let pattern = pattern.to_ascii_lowercase();
                match pattern.strip_prefix('!') {
                    // One negated match takes the whole line back.
                    Some(negated) if matches_wildcard(negated, name) => return false,
                    Some(_) => {}
                    None => found |= matches_wildcard(&pattern, name),
                }
            }
            found
        }
        HostPatterns::HashedName { salt, hash } => Hmac::<Sha1>::new_from_slice(salt)
            .is_ok_and(|mac| mac.chain_update(name).verify_slice(hash).is_ok()),
    }
}

/// Matches `*` and `?` as OpenSSH does; brackets stand for themselves. Takes time in proportion to
/// the product of both lengths, whatever the pattern.
#[must_use]
pub fn matches_wildcard(pattern: &str, text: &str) -> bool {
    // reached[i]: the pattern so far matches the first i bytes of the text.
    let text = text.as_bytes();
    let mut reached = vec![false; text.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for symbol in pattern.bytes() {
        let mut next = vec![false; text.len() + 1];
        if symbol == b'*' {
            let mut any = false;
            for (to, from) in next.iter_mut().zip(&reached) {
                any |= *from;
                *to = any;
            }
        } else {
            for ((to, from), byte) in next.iter_mut().skip(1).zip(&reached).zip(text) {
                *to = *from && (symbol == b'?' || symbol == *byte);
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
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

    fn ask(text: &str, host: &str, port: u16, seen: &str) -> Verdict {
        KnownHosts { entries: entries_for(text, host, port) }.ask(&key(seen))
    }

    #[test]
    fn wildcards_match_as_openssh_matches_them() {
        for (pattern, text, expected) in [
            ("*.shop.example", "a.shop.example", true),
            ("*.shop.example", "shop.example", false),
            ("*", "[h]:2222", true),
            ("h?st", "host", true),
            ("h?st", "hst", false),
            ("[h]:22", "h", false),
            ("", "", true),
            ("**a*b*", "xxaxxbxx", true),
        ] {
            assert_eq!(matches_wildcard(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_wildcard_that_explodes_elsewhere_takes_no_time() {
        assert!(!matches_wildcard(&"*a".repeat(200), &"a".repeat(190)));
    }

    #[test]
    fn a_known_key_is_valid_under_tabs_blanks_and_capitals() {
        for line in
            [format!("Shop.Example {ONE}"), format!("shop.example\t{}", ONE.replace(' ', "\t"))]
        {
            assert_eq!(ask(&line, "SHOP.example", 22, ONE), Verdict::Valid, "{line}");
        }
    }

    #[test]
    fn the_second_key_of_one_type_is_as_good_as_the_first() {
        let text = format!("h {TWO}\nh {ONE}\n");
        assert_eq!(ask(&text, "h", 22, ONE), Verdict::Valid);
    }

    #[test]
    fn a_revoked_key_is_revoked_even_where_it_is_also_known() {
        let text = format!("h {ONE}\n@revoked * {ONE}\n");
        assert_eq!(ask(&text, "h", 22, ONE), Verdict::Revoked);
        assert_eq!(ask(&text, "h", 2222, ONE), Verdict::Revoked);
        // Also where a key is known for the port itself.
        let text = format!("[h]:2222 {ONE}\n@revoked h {ONE}\n");
        assert_eq!(ask(&text, "h", 2222, ONE), Verdict::Revoked);
    }

    #[test]
    fn a_negated_pattern_takes_the_line_back() {
        let text = format!("*.shop.example,!live.shop.example {ONE}\n");
        assert_eq!(ask(&text, "staging.shop.example", 22, ONE), Verdict::Valid);
        assert!(matches!(ask(&text, "live.shop.example", 22, ONE), Verdict::Unknown { .. }));
    }

    #[test]
    fn a_host_known_under_another_key_is_not_unknown() {
        assert_eq!(
            ask(&format!("h {TWO}\n"), "h", 22, ONE),
            Verdict::Changed { expected: vec![fingerprint(&key(TWO))] }
        );
    }

    #[test]
    fn a_port_is_part_of_the_name_and_the_bare_name_is_the_fallback() {
        let text = format!("[h]:2222 {ONE}\nh {TWO}\n");
        assert_eq!(ask(&text, "h", 2222, ONE), Verdict::Valid);
        assert!(matches!(ask(&text, "h", 2222, TWO), Verdict::Changed { .. }));
        assert_eq!(ask(&format!("h {TWO}\n"), "h", 2222, TWO), Verdict::Valid);
    }

    #[test]
    fn a_certificate_authority_is_said_but_not_believed() {
        assert_eq!(
            ask(&format!("@cert-authority * {ONE}\n"), "h", 22, ONE),
            Verdict::Unknown { certificate_authority: true }
        );
    }

    #[test]
    fn only_the_pinned_type_is_negotiated_and_never_sha_1() {
        let pin: HostKeyPin = ONE.parse().unwrap();
        assert_eq!(algorithms_for(&[pin]), [Algorithm::Ed25519]);
        let every = algorithms_for(&["SHA256:uNiVztksCsDhcc0u9e8BrWJb9gmI4sE3nOp6OgyFRHg"
            .parse()
            .unwrap()]);
        assert!(every.len() > 1 && !every.contains(&Algorithm::Rsa { hash: None }));
    }
}
