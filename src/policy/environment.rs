//! Telling staging from live, by what was declared, by names, and by what the server says.
//!
//! One sign of a live shop outweighs every sign of staging: the worst signal wins. The merchant's
//! own declaration is evidence of staging as long as nothing contradicts it. Without a
//! declaration, one strong or two medium signals are needed; a setting that is merely the default
//! proves nothing.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Facts;
use crate::grant::UnknownWord;
use crate::message;

/// What a merchant says an environment is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", ascii_case_insensitive)]
pub enum Declared {
    /// A copy of the shop to try things on.
    Staging,
    /// A shop made for tests.
    Test,
    /// A developer's shop.
    Development,
    /// The shop that customers buy in.
    Live,
}

impl Declared {
    /// The word in `targets.toml` and on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

impl Declared {
    /// What a merchant wrote, in any case and with blanks around it.
    ///
    /// # Errors
    /// Names the words that mean something.
    pub fn read(word: &str) -> Result<Self, UnknownWord> {
        let unknown = |_| UnknownWord::new(word, "staging, live, test or development");
        word.trim().parse().map_err(unknown)
    }
}

/// A setting on the server that names an environment, found to be set there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Where it was read, such as `WP_ENVIRONMENT_TYPE`.
    pub source: String,
    /// What it is set to.
    pub value: String,
}

/// What an environment was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum EnvironmentVerdict {
    /// Shown to be staging, and nothing contradicts it.
    Staging,
    /// Declared live, or something says so.
    Live,
    /// Neither was shown. It is treated as live.
    Unknown,
}

impl EnvironmentVerdict {
    /// The word on the screen and in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// What a signal is evidence of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// A live shop. One such signal is enough.
    Live,
    /// Staging, and enough by itself.
    StagingStrong,
    /// Staging, when another one agrees.
    StagingMedium,
    /// Nothing that counts; listed so that the merchant sees that it was looked at.
    Nothing,
}

/// Where a signal came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Source {
    /// What the merchant declared.
    Declared,
    /// The host in the target's address.
    Address,
    /// What the server calls itself.
    Hostname,
    /// A name that the server's web server or shop answers to.
    Served,
    /// A setting found on the server.
    Setting,
}

impl Source {
    /// The word on the screen and in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// One thing that was seen, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Where it came from.
    pub source: Source,
    /// What was seen.
    pub value: String,
    /// What it is evidence of.
    pub says: Says,
}

/// The verdict, and every signal behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentFinding {
    /// What the environment was found to be.
    pub verdict: EnvironmentVerdict,
    /// Every signal, the declaration first.
    pub signals: Vec<Signal>,
}

impl EnvironmentFinding {
    /// Weighs everything that is known: what was declared, the host in the target's address
    /// (`None` for this machine), and what was seen.
    #[must_use]
    pub fn judge(declared: Option<Declared>, host: Option<&str>, facts: &Facts) -> Self {
        let signals = gather(declared, host, facts);
        let says = |what: Says| signals.iter().any(|signal| signal.says == what);
        let medium: BTreeSet<String> = signals
            .iter()
            .filter(|signal| signal.says == Says::StagingMedium)
            // The same name seen in two places is one piece of evidence.
            .map(|signal| signal.value.to_ascii_lowercase())
            .collect();
        let verdict = if says(Says::Live) {
            EnvironmentVerdict::Live
        } else if says(Says::StagingStrong) || medium.len() >= 2 {
            EnvironmentVerdict::Staging
        } else {
            EnvironmentVerdict::Unknown
        };
        Self { verdict, signals }
    }

    /// The signals that decided, for one line: those that say live; without any, all of them.
    #[must_use]
    pub fn telling(&self) -> String {
        let live: Vec<_> = self.signals.iter().filter(|signal| signal.says == Says::Live).collect();
        let shown = if live.is_empty() { self.signals.iter().collect() } else { live };
        let mut words: Vec<_> = shown.into_iter().map(Signal::telling).collect();
        // Most servers have one name, short and in full.
        words.dedup();
        words.join(", ")
    }
}

impl Signal {
    /// Where it was seen, and what, in a few words.
    #[must_use]
    pub fn telling(&self) -> String {
        let args = [("source", self.source.id().into()), ("value", (&self.value).into())];
        message::text("environment-signal", &args)
    }
}

fn gather(declared: Option<Declared>, host: Option<&str>, facts: &Facts) -> Vec<Signal> {
    let mut signals = Vec::new();
    let mut add = |source, value: &str, says| {
        let signal = Signal { source, value: value.to_owned(), says };
        // A host that is typed as an address is one piece of evidence, and is told once.
        if !signals.iter().any(|known: &Signal| known.source == source && known.value == value) {
            signals.push(signal);
        }
    };
    match declared {
        Some(Declared::Live) => add(Source::Declared, "live", Says::Live),
        Some(declared) => add(Source::Declared, declared.id(), Says::StagingStrong),
        None => {}
    }
    if let Some(host) = host {
        add(Source::Address, host, read_address(host));
    }
    for address in &facts.addresses {
        // Live servers are reached over private addresses too, so this is shown and not counted.
        if is_private(*address) {
            add(Source::Address, &address.to_string(), Says::Nothing);
        }
    }
    for name in [&facts.hostname, &facts.fqdn].into_iter().flatten() {
        add(Source::Hostname, name, read_hostname(name));
    }
    for name in &facts.served_names {
        add(Source::Served, name, read_served_name(name));
    }
    for setting in &facts.settings {
        let shown = format!("{}={}", setting.source, setting.value);
        add(Source::Setting, &shown, read_setting(&setting.value));
    }
    signals
}

/// What a setting that somebody made says. `production` is what many shops say when nobody set
/// anything, and what a copy of a live shop keeps.
fn read_setting(value: &str) -> Says {
    match value.trim().to_ascii_lowercase().as_str() {
        "live" => Says::Live,
        "staging" | "stage" | "development" | "develop" | "dev" | "local" | "test" | "testing"
        | "acceptance" | "uat" | "sandbox" => Says::StagingStrong,
        _ => Says::Nothing,
    }
}

/// What the host in the target's address says. A private or loopback address may lead to any
/// server through a VPN or a tunnel, and so may a name of a local network.
fn read_address(host: &str) -> Says {
    match read_host(host) {
        Host::Address { .. } => Says::Nothing,
        Host::Reserved | Host::Staging => Says::StagingMedium,
        Host::Live => Says::Live,
        Host::Plain => Says::Nothing,
    }
}

/// What the name says that the server has for itself. Live machines are called `….internal` and
/// `….local` as well.
fn read_hostname(name: &str) -> Says {
    match read_host(name) {
        Host::Address { .. } | Host::Reserved | Host::Plain => Says::Nothing,
        Host::Staging => Says::StagingMedium,
        Host::Live => Says::Live,
    }
}

/// What a name says that the shop is served under.
fn read_served_name(name: &str) -> Says {
    match read_host(name) {
        // What web servers answer to when nobody has set anything.
        _ if is_loopback(name) => Says::Nothing,
        Host::Address { private: true } | Host::Reserved => Says::StagingStrong,
        Host::Address { private: false } | Host::Plain => Says::Nothing,
        Host::Staging => Says::StagingMedium,
        Host::Live => Says::Live,
    }
}

/// What a host name or address looks like by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
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

fn read_host(host: &str) -> Host {
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
fn is_loopback(name: &str) -> bool {
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
fn is_private(address: IpAddr) -> bool {
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

    fn verdict(
        declared: Option<Declared>,
        host: Option<&str>,
        facts: &Facts,
    ) -> EnvironmentVerdict {
        EnvironmentFinding::judge(declared, host, facts).verdict
    }

    fn served(names: &[&str]) -> Facts {
        Facts {
            served_names: names.iter().map(|name| (*name).into()).collect(),
            ..Facts::default()
        }
    }

    fn set(value: &str) -> Facts {
        let setting = Setting { source: "WP_ENVIRONMENT_TYPE".into(), value: value.into() };
        Facts { settings: vec![setting], ..Facts::default() }
    }

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

    #[test]
    fn a_declaration_holds_until_something_contradicts_it() {
        let staging = Some(Declared::Staging);
        let nothing = Facts::default();
        for host in ["203.0.113.7", "127.0.0.1", "vps12.hoster.net", "staging.acme.nl", "acme.test"]
        {
            for declared in [Declared::Staging, Declared::Test, Declared::Development] {
                let got = verdict(Some(declared), Some(host), &nothing);
                assert_eq!(got, EnvironmentVerdict::Staging, "{host}");
            }
        }
        for host in ["acme.nl", "www.acme.nl", "live.acme.nl", "contest.nl"] {
            assert_eq!(verdict(staging, Some(host), &nothing), EnvironmentVerdict::Live, "{host}");
        }
        assert_eq!(verdict(staging, None, &nothing), EnvironmentVerdict::Staging);
    }

    #[test]
    fn one_sign_of_a_live_shop_outweighs_every_sign_of_staging() {
        let staging = Some(Declared::Staging);
        let host = Some("staging.acme.nl");
        let mut facts = set("staging");
        assert_eq!(verdict(staging, host, &facts), EnvironmentVerdict::Staging);
        facts.served_names = vec!["staging.acme.nl".into(), "www.acme.nl".into()];
        assert_eq!(verdict(staging, host, &facts), EnvironmentVerdict::Live);
        assert_eq!(verdict(staging, host, &set("live")), EnvironmentVerdict::Live);
        assert_eq!(verdict(staging, host, &served(&["acme.nl"])), EnvironmentVerdict::Live);
        let named = Facts { hostname: Some("acme-live".into()), ..Facts::default() };
        assert_eq!(verdict(staging, host, &named), EnvironmentVerdict::Live);
        let named = Facts { fqdn: Some("www.acme.nl".into()), ..Facts::default() };
        assert_eq!(verdict(staging, host, &named), EnvironmentVerdict::Live);
    }

    #[test]
    fn what_is_declared_live_is_live_whatever_it_looks_like() {
        let facts = Facts { served_names: vec!["acme.test".into()], ..set("staging") };
        let got = verdict(Some(Declared::Live), Some("staging.acme.nl"), &facts);
        assert_eq!(got, EnvironmentVerdict::Live);
    }

    #[test]
    fn without_a_declaration_one_strong_or_two_medium_signals_are_needed() {
        let nothing = Facts::default();
        let undeclared = |host: &str, facts: &Facts| verdict(None, Some(host), facts);
        assert_eq!(undeclared("vps12.hoster.net", &nothing), EnvironmentVerdict::Unknown);
        assert_eq!(undeclared("staging.acme.nl", &nothing), EnvironmentVerdict::Unknown);
        // The same name in two places is one piece of evidence.
        let same = Facts { fqdn: Some("STAGING.acme.nl".into()), ..served(&["staging.acme.nl"]) };
        assert_eq!(undeclared("staging.acme.nl", &same), EnvironmentVerdict::Unknown);
        let second = served(&["shop-acc.acme.nl"]);
        assert_eq!(undeclared("staging.acme.nl", &second), EnvironmentVerdict::Staging);
        for value in ["staging", "Development", " local "] {
            assert_eq!(undeclared("vps12.hoster.net", &set(value)), EnvironmentVerdict::Staging);
        }
        for name in ["acme.test", "192.168.1.5"] {
            let facts = served(&[name]);
            assert_eq!(undeclared("vps12.hoster.net", &facts), EnvironmentVerdict::Staging);
        }
    }

    #[test]
    fn a_default_never_counts() {
        let facts = Facts {
            hostname: Some("ip-10-0-0-7".into()),
            fqdn: Some("ip-10-0-0-7.ec2.internal".into()),
            addresses: vec!["10.0.0.7".parse().unwrap()],
            served_names: ["localhost", "127.0.0.1", "_", "[::1]:80"].map(String::from).to_vec(),
            ..set("production")
        };
        assert_eq!(verdict(None, Some("10.0.0.7"), &facts), EnvironmentVerdict::Unknown);
        let finding = EnvironmentFinding::judge(Some(Declared::Staging), None, &facts);
        assert_eq!(finding.verdict, EnvironmentVerdict::Staging);
        let counted: Vec<_> =
            finding.signals.iter().filter(|signal| signal.says != Says::Nothing).collect();
        assert_eq!(counted.len(), 1, "{counted:?}");
    }

    #[test]
    fn every_signal_is_listed_with_its_source() {
        let facts = Facts {
            addresses: vec!["10.0.0.7".parse().unwrap(), "203.0.113.7".parse().unwrap()],
            hostname: Some("web1".into()),
            fqdn: Some("web1.acme.nl".into()),
            served_names: vec!["www.acme.nl".into(), "shop.acme.nl".into()],
            ..set("production")
        };
        let finding =
            EnvironmentFinding::judge(Some(Declared::Staging), Some("acc.acme.nl"), &facts);
        let listed: Vec<_> = finding
            .signals
            .iter()
            .map(|signal| (signal.source.id(), signal.value.as_str(), signal.says))
            .collect();
        assert_eq!(
            listed,
            [
                ("declared", "staging", Says::StagingStrong),
                ("address", "acc.acme.nl", Says::StagingMedium),
                ("address", "10.0.0.7", Says::Nothing),
                ("hostname", "web1", Says::Nothing),
                ("hostname", "web1.acme.nl", Says::Nothing),
                ("served", "www.acme.nl", Says::Live),
                ("served", "shop.acme.nl", Says::Nothing),
                ("setting", "WP_ENVIRONMENT_TYPE=production", Says::Nothing),
            ]
        );
        assert_eq!(finding.telling(), "it serves `www.acme.nl`");
    }

    #[test]
    fn more_evidence_of_a_live_shop_never_makes_it_less_live() {
        let names = ["staging.acme.nl", "acme.nl", "shop.acme.nl", "acme.test", "www.acme.nl", ""];
        let values = ["staging", "live", "production", ""];
        let declarations = [None, Some(Declared::Staging), Some(Declared::Live)];
        for declared in declarations {
            for host in names {
                for name in names {
                    for value in values {
                        let mut facts = set(value);
                        facts.served_names = vec![name.into()];
                        let before = verdict(declared, Some(host), &facts);
                        facts.served_names.push("www.other.nl".into());
                        assert_eq!(verdict(declared, Some(host), &facts), EnvironmentVerdict::Live);
                        facts.served_names = vec![name.into()];
                        facts.hostname = Some("vps1".into());
                        assert_eq!(verdict(declared, Some(host), &facts), before);
                    }
                }
            }
        }
    }
}
