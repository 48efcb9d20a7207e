//! What a host name says by itself: a label of staging or of a live environment, a shop's own front door, a name that
//! the Internet does not have.

use std::net::IpAddr;

/// What a host name or address looks like by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    /// An IP address; `private` also for loopback and link-local ones.
    Address { private: bool },
    /// A name under a domain that the Internet does not have.
    Reserved,
    /// A name with a label of staging.
    Staging,
    /// The name of a shop's own domain, `www.` before it, or a label of a live environment.
    Live,
    /// A name that says nothing.
    Plain,
}

/// Labels that staging environments have.
const STAGING_WORDS: &[&str] = &[
    "staging",
    "stage",
    "stg",
    "test",
    "tst",
    "testing",
    "acc",
    "acceptance",
    "uat",
    "dev",
    "develop",
    "development",
    "preprod",
    "preview",
    "sandbox",
    "demo",
    "qa",
];

/// Labels that live environments have.
const LIVE_WORDS: &[&str] = &["live", "prd", "prod", "production"];

/// Domains that the Internet does not have, and two domains kept for examples.
const RESERVED: &[&str] =
    &["test", "local", "localhost", "localdomain", "invalid", "example", "internal", "lan"];

/// Second-level domains under which countries register names.
const SECOND_LEVEL: &[&str] =
    &["ac", "co", "com", "edu", "gob", "gov", "ltd", "me", "ne", "net", "nom", "or", "org", "plc"];

pub(super) fn read_host(host: &str) -> Host {
    let host = without_port(host).to_ascii_lowercase();
    if let Ok(address) = host.parse::<IpAddr>() {
        return Host::Address { private: is_private(address) };
    }
    let labels: Vec<&str> = host.split('.').collect();
    if labels.last().is_some_and(|last| RESERVED.contains(last)) {
        return read_reserved(&labels);
    }
    let own = labels.len().saturating_sub(domain_length(&labels));
    let (before, domain) = labels.split_at_checked(own).unwrap_or((&[], &labels));
    match first_word(before) {
        Some(word) => word,
        None if domain.len() < 2 => Host::Plain,
        None if is_front_door(before) && !is_named_for_staging(domain) => Host::Live,
        None => Host::Plain,
    }
}

/// A host without a port, brackets, or the dot of the root.
fn without_port(host: &str) -> &str {
    let host = host.trim();
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => match host.split_once(':') {
            Some((name, port)) if !port.contains(':') => name,
            _ => host,
        },
    };
    host.trim_end_matches('.')
}

/// Whether a name is what every machine calls itself.
pub(super) fn is_loopback(name: &str) -> bool {
    let host = without_port(name);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Under a reserved domain every name is somebody's own, so only words of a live environment
/// count against it.
fn read_reserved(labels: &[&str]) -> Host {
    match first_word(labels) {
        Some(Host::Live) => Host::Live,
        _ => Host::Reserved,
    }
}

/// How many labels at the end are the registered domain. A machine's short name has none.
fn domain_length(labels: &[&str]) -> usize {
    match labels {
        [] | [_] => 0,
        [.., second, top]
            if labels.len() > 2 && top.len() == 2 && SECOND_LEVEL.contains(second) =>
        {
            3
        }
        _ => 2,
    }
}

/// What the leftmost label with a word in it says: names go from the particular to the general.
/// A label with both kinds of words counts as live.
fn first_word(labels: &[&str]) -> Option<Host> {
    labels.iter().find_map(|label| {
        let says = |words: &[&str]| words_of(label).any(|word| words.contains(&word));
        if says(LIVE_WORDS) {
            Some(Host::Live)
        } else if says(STAGING_WORDS) {
            Some(Host::Staging)
        } else {
            None
        }
    })
}

/// The words of a label: `-`, `_` and digits stand between them.
fn words_of(label: &str) -> impl Iterator<Item = &str> {
    label.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty())
}

/// Whether this is where customers come in: the bare domain, `www`, or every name under it (`*`
/// of Apache and nginx, an empty label of nginx).
fn is_front_door(before: &[&str]) -> bool {
    match before {
        [] | ["" | "*", ..] => true,
        [first, ..] => words_of(first).eq(["www"]),
    }
}

/// Whether a registered name says that it is for staging: `acme-staging.com`, `acme-test2.nl`.
/// A company may be called Test, and `dev-tools.com` sells tools.
fn is_named_for_staging(domain: &[&str]) -> bool {
    let words: Vec<_> = domain.first().into_iter().flat_map(|label| words_of(label)).collect();
    words.len() > 1 && words.last().is_some_and(|word| STAGING_WORDS.contains(word))
}

/// Whether an address is not reachable from the Internet.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_private(IpAddr::V4(v4)),
            None => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_read_by_whole_labels() {
        use Host::{Live, Plain, Staging};
        for (host, expected) in [
            // Labels of staging.
            ("staging.acme.nl", Staging),
            ("STAGING.Acme.NL.", Staging),
            ("staging2.acme.nl", Staging),
            ("2staging.acme.nl", Staging),
            ("acme-staging.hoster.net", Staging),
            ("shop-acc.acme.co.uk", Staging),
            ("shop_test.acme.nl", Staging),
            ("www.staging.acme.nl", Staging),
            ("www-staging.acme.nl", Staging),
            ("web1.test.acme.nl", Staging),
            ("uat.acme.com.au", Staging),
            ("qa.acme.nl", Staging),
            ("demo.acme.nl", Staging),
            ("dev.shop.acme.nl", Staging),
            ("preview-42.acme.nl", Staging),
            ("staging.live.com", Staging),
            ("staging.acme.nl:2222", Staging),
            // Never a part of a word.
            ("latest.acme.nl", Plain),
            ("contest.acme.nl", Plain),
            ("devries.acme.nl", Plain),
            ("testament.acme.nl", Plain),
            ("accessories.acme.nl", Plain),
            ("backstage.acme.nl", Plain),
            ("stagecraft.acme.nl", Plain),
            ("protest.acme.nl", Plain),
            ("stagingacme.hoster.net", Plain),
            ("shop.acme.nl", Plain),
            ("vps12.hoster.net", Plain),
            ("delivery.acme.nl", Plain),
            ("alive.acme.nl", Plain),
            // The registered domain is a company's name.
            ("contest.nl", Live),
            ("devries.nl", Live),
            ("testament.nl", Live),
            ("latest.com", Live),
            ("test.nl", Live),
            ("demo.co.uk", Live),
            ("www.test.nl", Live),
            ("dev-tools.com", Live),
            ("www.dev-tools.com", Live),
            ("shop.test.nl", Plain),
            ("acme.nl", Live),
            ("ACME.NL.", Live),
            ("acme.co.uk", Live),
            ("acme.com.au", Live),
            ("www.acme.nl", Live),
            ("www2.acme.co.uk", Live),
            ("www.shop.acme.nl", Live),
            ("xn--bcher-kva.de", Live),
            // A domain that was registered for staging says nothing by itself.
            ("acme-staging.com", Plain),
            ("www.acme-staging.com", Plain),
            ("acme-test2.nl", Plain),
            // Everything under a name is what customers use, unless the name is for staging.
            ("*.acme.nl", Live),
            (".acme.nl", Live),
            ("*.staging.acme.nl", Staging),
            // Labels of a live environment.
            ("live.acme.nl", Live),
            ("web-prod-1.acme.nl", Live),
            ("production2.acme.nl", Live),
            ("prod-test.acme.nl", Live),
            ("live.staging.acme.nl", Live),
            ("test.production.acme.nl", Staging),
            // A machine's short name.
            ("staging", Staging),
            ("web-prod-01", Live),
            ("acme", Plain),
            ("contest", Plain),
            ("", Plain),
            ("_", Plain),
            ("...", Plain),
        ] {
            assert_eq!(read_host(host), expected, "{host}");
        }
    }

    #[test]
    fn names_that_the_internet_does_not_have_are_reserved() {
        for host in [
            "acme.test",
            "acme.local",
            "shop.localhost",
            "localhost",
            "localhost.localdomain",
            "acme.invalid",
            "staging.shop.example",
            "www.acme.example",
            "acme.internal",
            "acme.lan.",
        ] {
            assert_eq!(read_host(host), Host::Reserved, "{host}");
        }
        for host in ["live.acme.test", "web-prod.internal"] {
            assert_eq!(read_host(host), Host::Live, "{host}");
        }
        for host in ["acme.testing", "acme.locals", "test.acme", "lan.acme.nl"] {
            assert_ne!(read_host(host), Host::Reserved, "{host}");
        }
    }

    #[test]
    fn addresses_are_private_or_not() {
        for host in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.31.255.255",
            "169.254.1.1",
            "100.64.0.1",
            "::1",
            "[::1]:2222",
            "fd12::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(read_host(host), Host::Address { private: true }, "{host}");
        }
        for host in ["203.0.113.7", "172.32.0.1", "100.128.0.1", "2001:db8::1", "8.8.8.8:22"] {
            assert_eq!(read_host(host), Host::Address { private: false }, "{host}");
        }
    }
}
