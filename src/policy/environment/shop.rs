//! What a shop's software says of itself, and what is seen of the shop from outside: each thing, and what it is evidence
//! of. A provider for a shop's software says it in the `signal` lines of its `detect`, and only what somebody has set:
//! a platform's default says nothing (docs/policy.md, "What the shop says").

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::host::{Host, is_loopback, is_private, read_host};
use super::{Says, Signal, Source};
use crate::grant::UnixTime;

/// How old the newest paid order of a shop is at most that customers still buy in, in seconds: a day. A copy stops at
/// the time it was made.
const FRESH: i64 = 24 * 60 * 60;

/// How old the newest paid order is at least of what looks like a copy, in seconds: four weeks.
const STALE: i64 = 28 * 24 * 60 * 60;

/// How far a server's clock may be ahead where it dates an order, in seconds.
const AHEAD: i64 = 60 * 60;

/// What is known of a shop beside its files and the names that it is served under.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopSeen {
    /// What its software says, of every store that it has.
    pub signals: Vec<ShopSignal>,
    /// The names that it goes by, as they are seen from outside.
    pub hosts: Vec<ShopHost>,
}

/// What a signal of a shop's software is about.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ShopSignalKind {
    /// A setting that names the environment.
    Environment,
    /// The host of an address that the shop has for itself.
    Host,
    /// Whether a way to pay that is switched on is only tried: yes, or no where money moves.
    PaymentTest,
    /// When the newest paid order was made, in seconds since 1970; where it was read is how it was paid.
    NewestPaidOrder,
    /// Whether search engines are told to stay away.
    Noindex,
    /// Whether the shop is closed to customers.
    ComingSoon,
    /// Whether errors are shown or written for developers.
    Debug,
    /// Whether the shop writes to people: on or off.
    Mail,
    /// How many orders it holds.
    Orders,
}

/// One thing that a shop's software says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopSignal {
    /// What it is about.
    pub kind: ShopSignalKind,
    /// What it is set to.
    pub value: String,
    /// Where it was read, such as `WP_ENVIRONMENT_TYPE`.
    pub place: String,
}

impl ShopSignal {
    /// Reads a `signal` line of a provider: NAME, VALUE and WHERE, of which only VALUE may have a blank (the tabs between
    /// them are blanks in a reply). `None` where it is about something that nobody here knows.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once([' ', '\t'])?;
        let (value, place) = rest.rsplit_once([' ', '\t']).unwrap_or((rest, ""));
        let kind = name.parse().ok()?;
        Some(Self { kind, value: value.trim().to_owned(), place: place.trim().to_owned() })
    }
}

/// A name that a shop goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopHost {
    /// The name.
    pub name: String,
    /// Where it leads to, as the merchant's computer is told.
    pub leads: Leads,
    /// Whether its front page asks for a password; `None` where nobody answered.
    pub guarded: Option<bool>,
}

/// Where a name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leads {
    /// To the very server.
    Here,
    /// To another one: this is a copy that kept the name, or something stands before the shop.
    Elsewhere,
    /// That is not known.
    Unknown,
}

/// Whether a name may be one of the Internet's, so that others can be asked where it leads.
#[must_use]
pub fn may_be_public(name: &str) -> bool {
    let is_named = !matches!(read_host(name), Host::Address { .. } | Host::Reserved);
    is_named && name.contains('.') && !is_loopback(name)
}

/// Whether it would be the sign of a live shop that a name leads to the very server.
#[must_use]
pub fn could_be_live(name: &str) -> bool {
    read_host(name) == Host::Live
}

/// Where a name leads to whose addresses are `found`. A server that is reached by an address of its own network, which
/// nobody else could, may be the one all the same.
#[must_use]
pub fn leads(found: &[IpAddr], of_server: &[IpAddr]) -> Leads {
    let is_public = |all: &[IpAddr]| all.iter().any(|one| !is_private(*one));
    if found.iter().any(|one| of_server.contains(one)) {
        Leads::Here
    } else if is_public(found) && is_public(of_server) {
        Leads::Elsewhere
    } else {
        Leads::Unknown
    }
}

/// Everything that is known of the shop, weighed.
pub(super) fn weigh(seen: &ShopSeen, now: UnixTime) -> Vec<Signal> {
    let payments = Payments::of(&seen.signals);
    let mut told: Vec<Signal> =
        seen.signals.iter().map(|signal| weigh_signal(signal, &payments, now)).collect();
    told.extend(seen.hosts.iter().flat_map(weigh_host));
    told
}

fn weigh_signal(signal: &ShopSignal, payments: &Payments<'_>, now: UnixTime) -> Signal {
    use ShopSignalKind as Kind;
    let value = signal.value.as_str();
    let (source, shown, says) = match signal.kind {
        Kind::Environment => (Source::Setting, value.to_owned(), weigh_setting(value)),
        Kind::Host => (Source::ShopHost, value.to_owned(), weigh_name(value)),
        Kind::PaymentTest => match mode_of(value) {
            Some(Mode::Test) if payments.all_are_tests() => {
                (Source::PaymentTest, String::new(), Says::StagingMedium)
            }
            Some(Mode::Test) => (Source::PaymentTest, String::new(), Says::Nothing),
            Some(Mode::Live) => (Source::PaymentLive, String::new(), Says::Nothing),
            None => (Source::PaymentUnclear, value.to_owned(), Says::Nothing),
        },
        Kind::NewestPaidOrder => weigh_order(signal, payments, now),
        Kind::Noindex => (Source::Noindex, value.to_owned(), weak_if(is_yes(value))),
        Kind::ComingSoon => (Source::ComingSoon, value.to_owned(), Says::Nothing),
        Kind::Debug => (Source::Debug, value.to_owned(), weak_if(is_yes(value))),
        Kind::Mail => {
            let is_off = value.eq_ignore_ascii_case("off");
            let says = if is_off { Says::StagingMedium } else { Says::Nothing };
            (Source::Mail, value.to_owned(), says)
        }
        Kind::Orders => (Source::Orders, value.to_owned(), Says::Nothing),
    };
    Signal { source, value: shown, place: signal.place.clone(), says }
}

/// What a setting that somebody made says. `production` is what many shops say when nobody set
/// anything, and what a copy of a live shop keeps.
fn weigh_setting(value: &str) -> Says {
    match value.trim().to_ascii_lowercase().as_str() {
        "live" => Says::Live,
        "staging" | "stage" | "development" | "develop" | "dev" | "local" | "test" | "testing"
        | "acceptance" | "uat" | "sandbox" => Says::StagingStrong,
        _ => Says::Nothing,
    }
}

/// What the name says that a shop has for itself. A copy of a live shop may have kept that shop's, so that it alone is
/// never a sign of a live one: where it leads to can be ([`weigh_host`]).
fn weigh_name(name: &str) -> Says {
    match read_host(name) {
        _ if is_loopback(name) => Says::Nothing,
        Host::Address { private: true } | Host::Reserved => Says::StagingStrong,
        Host::Staging => Says::StagingMedium,
        Host::Address { private: false } | Host::Plain | Host::Live => Says::Nothing,
    }
}

fn weak_if(is: bool) -> Says {
    if is { Says::StagingWeak } else { Says::Nothing }
}

/// What is seen of one name from outside.
fn weigh_host(host: &ShopHost) -> Vec<Signal> {
    let is_front_door = read_host(&host.name) == Host::Live;
    let tells = matches!(read_host(&host.name), Host::Live | Host::Plain);
    let signal =
        |source, says| Signal { source, value: host.name.clone(), place: String::new(), says };
    let leads = match host.leads {
        // Whoever asks for a password at the front door of a shop has no customers there.
        Leads::Here if is_front_door && host.guarded != Some(true) => {
            Some(signal(Source::LeadsHere, Says::Live))
        }
        Leads::Here => Some(signal(Source::LeadsHere, Says::Nothing)),
        Leads::Elsewhere if tells => Some(signal(Source::LeadsElsewhere, Says::StagingMedium)),
        Leads::Elsewhere => Some(signal(Source::LeadsElsewhere, Says::Nothing)),
        Leads::Unknown => None,
    };
    let front = match host.guarded {
        Some(true) => Some(signal(Source::Guarded, Says::StagingMedium)),
        Some(false) => Some(signal(Source::OpenToAll, Says::Nothing)),
        None => None,
    };
    leads.into_iter().chain(front).collect()
}

/// What the newest paid order says: that customers buy here, where it is of today and was paid with money; that nobody
/// does, where it is old.
fn weigh_order(
    signal: &ShopSignal,
    payments: &Payments<'_>,
    now: UnixTime,
) -> (Source, String, Says) {
    let Some(at) = signal.value.parse::<UnixTime>().ok().filter(|at| *at > 0) else {
        return (Source::Other, signal.value.clone(), Says::Nothing);
    };
    let age = now.saturating_sub(at);
    let is_paid = payments.mode_of_method(&signal.place) == Some(Mode::Live);
    let says = match age {
        age if age < -AHEAD => Says::Nothing,
        age if age <= FRESH && is_paid => Says::Live,
        age if age >= STALE => Says::StagingMedium,
        _ => Says::Nothing,
    };
    (Source::PaidOrder, age.max(0).to_string(), says)
}

/// Whether money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mode {
    Test,
    Live,
}

fn mode_of(value: &str) -> Option<Mode> {
    match value.trim().to_ascii_lowercase().as_str() {
        "yes" | "1" | "true" | "on" | "test" | "sandbox" => Some(Mode::Test),
        "no" | "0" | "false" | "off" | "live" | "" => Some(Mode::Live),
        _ => None,
    }
}

/// The ways to pay whose switch between test and live is set, by the first word of their name. Of several stores the
/// worst counts, and one that is set to what nobody understands is taken to move money.
struct Payments<'a> {
    modes: BTreeMap<&'a str, Mode>,
}

impl<'a> Payments<'a> {
    fn of(signals: &'a [ShopSignal]) -> Self {
        let mut modes = BTreeMap::new();
        for signal in signals.iter().filter(|one| one.kind == ShopSignalKind::PaymentTest) {
            let mode = mode_of(&signal.value).unwrap_or(Mode::Live);
            let known = modes.entry(family(&signal.place)).or_insert(mode);
            *known = mode.max(*known);
        }
        Self { modes }
    }

    fn all_are_tests(&self) -> bool {
        self.modes.values().all(|mode| *mode == Mode::Test)
    }

    fn mode_of_method(&self, method: &str) -> Option<Mode> {
        self.modes.get(family(method)).copied()
    }
}

/// Who makes a way to pay, by the name of a setting or of the way itself: `woocommerce_stripe_settings.testmode` and
/// `stripe_ideal` are both of `stripe`.
fn family(mut name: &str) -> &str {
    let befores = ["woocommerce_", "woocommerce-", "payment_", "payment/"];
    // The setting of `woocommerce_payments` has that word twice.
    while let Some(rest) = befores.iter().find_map(|before| name.strip_prefix(before)) {
        name = rest;
    }
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    name.get(..end).unwrap_or_default()
}

fn is_yes(value: &str) -> bool {
    mode_of(value) == Some(Mode::Test)
}
