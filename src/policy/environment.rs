//! Telling staging from live, by what was declared, by names, and by what the server says.
//!
//! One sign of a live shop outweighs every sign of staging: the worst signal wins. The merchant's
//! own declaration is evidence of staging as long as nothing contradicts it. Without a
//! declaration, one strong or two medium signals are needed; a setting that is merely the default
//! proves nothing.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Facts;
use crate::grant::UnknownWord;
use crate::message;

/// What a merchant says an environment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
        match self {
            Self::Staging => "staging",
            Self::Test => "test",
            Self::Development => "development",
            Self::Live => "live",
        }
    }
}

impl FromStr for Declared {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Staging, Self::Test, Self::Development, Self::Live]
            .into_iter()
            .find(|declared| declared.id() == word)
            .ok_or_else(|| UnknownWord {
                word: word.into(),
                expected: "staging, test, development or live",
            })
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
        match self {
            Self::Staging => "staging",
            Self::Live => "live",
            Self::Unknown => "unknown",
        }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
        match self {
            Self::Declared => "declared",
            Self::Address => "address",
            Self::Hostname => "hostname",
            Self::Served => "served",
            Self::Setting => "setting",
        }
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
        let words: Vec<_> = shown.into_iter().map(Signal::telling).collect();
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
        signals.push(Signal { source, value: value.into(), says });
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
