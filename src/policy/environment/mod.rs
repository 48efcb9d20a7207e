//! Telling staging from live, by what was declared, by names, and by what the server says.
//!
//! One sign of a live shop outweighs every sign of staging: the worst signal wins. The merchant's
//! own declaration is evidence of staging as long as nothing contradicts it. Without a
//! declaration, one strong or two medium signals are needed; a setting that is merely the default
//! proves nothing.
//!
//! Names are read in [`host`], what the shop says of itself in [`shop`].

#[cfg(test)]
mod cases;
mod host;
mod shop;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::host::{Host, is_loopback, is_private, read_host};
pub use self::shop::{
    Leads, ShopHost, ShopSeen, ShopSignal, ShopSignalKind, could_be_live, leads, may_be_public,
};
use super::Facts;
use crate::deadline;
use crate::grant::{UnixTime, UnknownWord};
use crate::message::{self, Id, Note};

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
        let unknown = |_| UnknownWord::new(word, Id("expected-environment"));
        word.trim().parse().map_err(unknown)
    }
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
    /// The word in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// The word as people read it.
    #[must_use]
    pub fn word(self) -> String {
        let id = match self {
            Self::Staging => Id("environment-verdict.staging"),
            Self::Live => Id("environment-verdict.live"),
            Self::Unknown => Id("environment-verdict.unknown"),
        };
        id.text()
    }
}

/// What a signal is evidence of.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Says {
    /// A live shop. One such signal is enough.
    Live,
    /// Staging, and enough by itself.
    StagingStrong,
    /// Staging, when another one agrees.
    StagingMedium,
    /// Staging, and too often forgotten, on copies and on live shops, to count.
    StagingWeak,
    /// Nothing that counts; listed so that the merchant sees that it was looked at.
    Nothing,
}

impl Says {
    /// The word in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// What it is evidence of and how much it weighs, for people.
    #[must_use]
    pub fn in_words(self) -> String {
        message::text("environment-says", &[("says", self.id().into())])
    }
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
    /// A setting that names the environment.
    Setting,
    /// A name that the shop has for itself.
    ShopHost,
    /// A name of the shop leads to this server.
    LeadsHere,
    /// A name of the shop leads to another server.
    LeadsElsewhere,
    /// The front page asks for a password.
    Guarded,
    /// The front page is open to everybody.
    OpenToAll,
    /// A way to pay is only tried.
    PaymentTest,
    /// A way to pay moves money.
    PaymentLive,
    /// It is not understood whether a way to pay moves money.
    PaymentUnclear,
    /// The newest paid order; the value is its age in seconds.
    PaidOrder,
    /// Whether search engines are told to stay away.
    Noindex,
    /// Whether the shop is closed to customers.
    ComingSoon,
    /// Whether errors are shown or written for developers.
    Debug,
    /// Whether the shop writes to people.
    Mail,
    /// How many orders it holds.
    Orders,
    /// What could not be understood.
    Other,
}

impl Source {
    /// The word on the screen and in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// Whether the shop itself said it, or it was seen of the shop.
    fn is_of_shop(self) -> bool {
        !matches!(self, Self::Declared | Self::Address | Self::Hostname | Self::Served)
    }
}

/// One thing that was seen, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Where it came from.
    pub source: Source,
    /// What was seen.
    pub value: String,
    /// Where it was read; empty where the source says it.
    pub place: String,
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
    /// (`None` for this machine), and what was seen at `now`.
    #[must_use]
    pub fn judge(
        declared: Option<Declared>,
        host: Option<&str>,
        facts: &Facts,
        now: UnixTime,
    ) -> Self {
        let signals = gather(declared, host, facts, now);
        let verdict = conclude(&signals);
        Self { verdict, signals }
    }

    /// What the merchant should know of a staging environment before somebody is let in.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        if self.verdict != EnvironmentVerdict::Staging {
            return Vec::new();
        }
        let of = |source: Source| self.signals.iter().filter(move |one| one.source == source);
        let mut notes = Vec::new();
        let live: Vec<&str> = of(Source::PaymentLive).map(|one| one.place.as_str()).collect();
        if !live.is_empty() {
            let args = [("places", live.join(", ").into())];
            notes.push(Note::of("environment-live-payments", &args));
        }
        let holds_orders = of(Source::Orders).any(|one| one.value != "0");
        let is_mute = of(Source::Mail).any(|one| one.says == Says::StagingMedium);
        if holds_orders && !is_mute {
            notes.push(Note::of("environment-customers", &[]));
        }
        let is_of_shop = |one: &Signal| one.source.is_of_shop();
        let undeclared = self.signals.iter().filter(|one| one.source != Source::Declared);
        if self.signals.iter().any(is_of_shop) && conclude(undeclared) != self.verdict {
            notes.push(Note::of("environment-only-declared", &[]));
        }
        notes
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
        let shown = match self.source {
            Source::PaidOrder => self.value.parse().map_or_else(|_| "?".into(), deadline::duration),
            _ => self.value.clone(),
        };
        let is_set = if self.place.is_empty() { "no" } else { "yes" };
        let args = [
            ("source", self.source.id().into()),
            ("value", shown.into()),
            ("placed", is_set.into()),
            ("place", (&self.place).into()),
        ];
        message::text("environment-signal", &args)
    }

    /// What it is a piece of evidence of. The same name seen in two places is one, and so are all the ways to pay.
    fn evidence(&self) -> String {
        match self.source {
            Source::Address | Source::Hostname | Source::Served | Source::ShopHost => {
                self.value.to_ascii_lowercase()
            }
            source => source.id().to_owned(),
        }
    }
}

/// What all of them say together: one sign of a live shop, else one strong or two medium ones of staging.
fn conclude<'a>(signals: impl IntoIterator<Item = &'a Signal>) -> EnvironmentVerdict {
    let (mut is_live, mut is_strong, mut medium) = (false, false, BTreeSet::new());
    for signal in signals {
        match signal.says {
            Says::Live => is_live = true,
            Says::StagingStrong => is_strong = true,
            Says::StagingMedium => {
                medium.insert(signal.evidence());
            }
            Says::StagingWeak | Says::Nothing => {}
        }
    }
    if is_live {
        EnvironmentVerdict::Live
    } else if is_strong || medium.len() >= 2 {
        EnvironmentVerdict::Staging
    } else {
        EnvironmentVerdict::Unknown
    }
}

fn gather(
    declared: Option<Declared>,
    host: Option<&str>,
    facts: &Facts,
    now: UnixTime,
) -> Vec<Signal> {
    let mut signals = Vec::new();
    let mut add = |source, value: &str, says| {
        let signal = Signal { source, value: value.to_owned(), place: String::new(), says };
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
    for signal in shop::weigh(&facts.shop, now) {
        // Two addresses of a shop, or two of its stores, often have the same to say.
        if !signals.contains(&signal) {
            signals.push(signal);
        }
    }
    signals
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

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(
        declared: Option<Declared>,
        host: Option<&str>,
        facts: &Facts,
    ) -> EnvironmentVerdict {
        EnvironmentFinding::judge(declared, host, facts, 0).verdict
    }

    fn served(names: &[&str]) -> Facts {
        Facts {
            served_names: names.iter().map(|name| (*name).into()).collect(),
            ..Facts::default()
        }
    }

    fn set(value: &str) -> Facts {
        let line = format!("environment\t{value}\tWP_ENVIRONMENT_TYPE");
        let signals = vec![ShopSignal::read(&line).unwrap()];
        Facts { shop: ShopSeen { signals, hosts: Vec::new() }, ..Facts::default() }
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
        let finding = EnvironmentFinding::judge(Some(Declared::Staging), None, &facts, 0);
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
            EnvironmentFinding::judge(Some(Declared::Staging), Some("acc.acme.nl"), &facts, 0);
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
                ("setting", "production", Says::Nothing),
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
