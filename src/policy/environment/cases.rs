//! The verdict as a table: what was seen, with and without the merchant's word, and what it comes to.

use super::EnvironmentVerdict::{Live, Staging, Unknown};
use super::*;

const NOW: UnixTime = 1_800_000_000;

/// What was seen, a thing a line: `host NAME` (the target's), `hostname`, `fqdn`, `served`, `address`; `signal KIND VALUE
/// PLACE` of the shop, where `age:3h` is a time before now; `shop NAME here|elsewhere|unknown guarded|open|silent`.
fn read(seen: &str) -> (Option<String>, Facts) {
    let (mut host, mut facts) = (None, Facts::default());
    for line in seen.split(';').map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["host", name] => host = Some((*name).to_owned()),
            ["hostname", name] => facts.hostname = Some((*name).to_owned()),
            ["fqdn", name] => facts.fqdn = Some((*name).to_owned()),
            ["served", name] => facts.served_names.push((*name).to_owned()),
            ["address", address] => facts.addresses.push(address.parse().unwrap()),
            ["signal", kind, rest @ ..] => {
                let value = rest.first().copied().unwrap_or_default();
                let value = value.strip_prefix("age:").map_or(value.to_owned(), age);
                let place = rest.get(1).copied().unwrap_or_default();
                let line = format!("{kind}\t{value}\t{place}");
                facts.shop.signals.push(ShopSignal::read(&line).expect(kind));
            }
            ["shop", name, leads, front] => facts.shop.hosts.push(ShopHost {
                name: (*name).to_owned(),
                leads: match *leads {
                    "here" => Leads::Here,
                    "elsewhere" => Leads::Elsewhere,
                    "unknown" => Leads::Unknown,
                    other => panic!("{other}"),
                },
                guarded: match *front {
                    "guarded" => Some(true),
                    "open" => Some(false),
                    "silent" => None,
                    other => panic!("{other}"),
                },
            }),
            other => panic!("{other:?}"),
        }
    }
    (host, facts)
}

fn age(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (number, unit) = text.split_at(text.len() - 1);
    let unit = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        other => panic!("{other}"),
    };
    (NOW - sign * number.parse::<i64>().unwrap() * unit).to_string()
}

fn verdict(declared: Option<Declared>, seen: &str) -> EnvironmentVerdict {
    let (host, facts) = read(seen);
    EnvironmentFinding::judge(declared, host.as_deref(), &facts, NOW).verdict
}

/// Without the merchant's word, and with the word `staging`.
const CASES: &[(&str, EnvironmentVerdict, EnvironmentVerdict)] = &[
    // Nothing was seen, or nothing that counts.
    ("", Unknown, Staging),
    ("host vps12.hoster.net", Unknown, Staging),
    ("host 203.0.113.7; address 203.0.113.7", Unknown, Staging),
    ("signal environment production WP_ENVIRONMENT_TYPE", Unknown, Staging),
    ("signal environment prod APP_ENV", Unknown, Staging),
    ("signal environment '' WP_ENVIRONMENT_TYPE", Unknown, Staging),
    ("signal coming-soon yes woocommerce_coming_soon", Unknown, Staging),
    ("signal orders 4711 orders", Unknown, Staging),
    // What somebody set.
    ("signal environment staging WP_ENVIRONMENT_TYPE", Staging, Staging),
    ("signal environment Development WP_ENVIRONMENT_TYPE", Staging, Staging),
    ("signal environment local WP_ENVIRONMENT_TYPE", Staging, Staging),
    ("signal environment uat APP_ENV", Staging, Staging),
    ("signal environment live CRAFT_ENVIRONMENT", Live, Live),
    ("signal environment staging A; signal environment live B", Live, Live),
    // The name that a shop has for itself.
    ("signal host acme.test home", Staging, Staging),
    ("signal host shop.acme.internal home", Staging, Staging),
    ("signal host 192.168.1.5 home", Staging, Staging),
    ("signal host localhost home", Unknown, Staging),
    ("signal host 203.0.113.7 home", Unknown, Staging),
    ("signal host staging.acme.nl home", Unknown, Staging),
    ("signal host staging.acme.nl home; signal host staging.acme.nl siteurl", Unknown, Staging),
    ("signal host staging.acme.nl home; signal host shop-acc.acme.nl store.2", Staging, Staging),
    ("signal host staging.acme.nl home; host STAGING.acme.nl", Unknown, Staging),
    ("signal host contest.acme.nl home; signal host latest.acme.nl store.2", Unknown, Staging),
    // A copy has kept the name of the live shop: by itself that says nothing.
    ("signal host www.acme.nl home", Unknown, Staging),
    ("signal host acme.nl home; shop acme.nl unknown silent", Unknown, Staging),
    ("signal host acme.nl home; shop acme.nl unknown open", Unknown, Staging),
    ("signal host acme.nl home; shop acme.nl elsewhere silent", Unknown, Staging),
    (
        "signal host acme.nl home; shop acme.nl elsewhere silent; host staging.acme.nl",
        Staging,
        Staging,
    ),
    ("shop acme.nl elsewhere silent; shop www.acme.nl elsewhere silent", Unknown, Staging),
    ("shop staging.acme.nl elsewhere silent", Unknown, Staging),
    // The front door of a shop leads to this very server.
    ("signal host acme.nl home; shop acme.nl here open", Live, Live),
    ("signal host acme.nl home; shop acme.nl here silent", Live, Live),
    ("signal host www.acme.co.uk home; shop www.acme.co.uk here open", Live, Live),
    ("shop web-prod.acme.nl here open", Live, Live),
    ("shop shop.acme.nl here open", Unknown, Staging),
    ("shop staging.acme.nl here open; signal host staging.acme.nl home", Unknown, Staging),
    ("shop acme-staging.com here open", Unknown, Staging),
    ("shop acme.nl here open; signal environment staging WP_ENVIRONMENT_TYPE", Live, Live),
    ("shop acme.nl here open; signal payment-test yes multisafepay_testmode", Live, Live),
    ("shop staging.acme.nl here open; shop www.acme.nl here open", Live, Live),
    ("shop acme.nl. here open", Live, Live),
    ("shop WWW.ACME.NL here open; shop staging.acme.nl here guarded", Live, Live),
    (
        "signal host staging.acme.nl home; shop shop.staging.acme.nl here open; shop acme.de here open",
        Live,
        Live,
    ),
    // A password stands before it.
    ("shop acme.nl here guarded", Unknown, Staging),
    ("shop shop.acme.nl here guarded", Unknown, Staging),
    ("shop shop.acme.nl here guarded; signal host staging.acme.nl home", Staging, Staging),
    (
        "shop shop.acme.nl unknown guarded; signal payment-test yes multisafepay_testmode",
        Staging,
        Staging,
    ),
    ("shop acme.nl here guarded; signal environment staging WP_ENVIRONMENT_TYPE", Staging, Staging),
    ("shop a.acme.nl unknown guarded; shop b.acme.nl unknown guarded", Unknown, Staging),
    // What the web server serves, and what it calls itself, as before.
    ("served www.acme.nl", Live, Live),
    ("served www.acme.nl; signal environment staging WP_ENVIRONMENT_TYPE", Live, Live),
    ("served shop.acme.nl; signal environment staging WP_ENVIRONMENT_TYPE", Staging, Staging),
    ("hostname web-prod-01; signal environment staging WP_ENVIRONMENT_TYPE", Live, Live),
    ("served staging.acme.nl; signal payment-test yes multisafepay_testmode", Staging, Staging),
    // Ways to pay. Several that agree are one piece of evidence.
    ("signal payment-test yes multisafepay_testmode", Unknown, Staging),
    ("signal payment-test 1 multisafepay_testmode", Unknown, Staging),
    (
        "signal payment-test yes multisafepay_testmode; signal payment-test yes woocommerce_stripe_settings.testmode",
        Unknown,
        Staging,
    ),
    ("signal payment-test yes multisafepay_testmode; host staging.acme.nl", Staging, Staging),
    ("signal payment-test no multisafepay_testmode; host staging.acme.nl", Unknown, Staging),
    ("signal payment-test '' multisafepay_testmode; host staging.acme.nl", Unknown, Staging),
    (
        "signal payment-test yes multisafepay_testmode; signal payment-test no woocommerce_stripe_settings.testmode; host staging.acme.nl",
        Unknown,
        Staging,
    ),
    (
        "signal payment-test yes payment_multisafepay_environment#1; signal payment-test no payment_multisafepay_environment#2; host staging.acme.nl",
        Unknown,
        Staging,
    ),
    ("signal payment-test maybe multisafepay_testmode; host staging.acme.nl", Unknown, Staging),
    // What nobody understands is no test, and may move money.
    (
        "signal payment-test maybe multisafepay_testmode; signal payment-test yes woocommerce_stripe_settings.testmode; host staging.acme.nl",
        Unknown,
        Staging,
    ),
    (
        "signal payment-test ?yes multisafepay_testmode; signal newest-paid-order age:3h multisafepay_ideal",
        Live,
        Live,
    ),
    (
        "signal payment-test ?? multisafepay_testmode@wp_2_; signal payment-test yes multisafepay_testmode; signal newest-paid-order age:3h multisafepay_ideal",
        Live,
        Live,
    ),
    // Customers buy here.
    (
        "signal payment-test no multisafepay_testmode; signal newest-paid-order age:3h multisafepay_ideal",
        Live,
        Live,
    ),
    (
        "signal payment-test no woocommerce_stripe_settings.testmode; signal newest-paid-order age:5m stripe_ideal",
        Live,
        Live,
    ),
    (
        "signal payment-test no payment_multisafepay_environment; signal newest-paid-order age:1h multisafepay.ideal",
        Live,
        Live,
    ),
    (
        "signal payment-test no multisafepay_testmode; signal newest-paid-order age:3h multisafepay_ideal; signal environment staging WP_ENVIRONMENT_TYPE",
        Live,
        Live,
    ),
    (
        "signal payment-test no multisafepay_testmode#1; signal payment-test yes multisafepay_testmode#2; signal newest-paid-order age:3h multisafepay_ideal",
        Live,
        Live,
    ),
    (
        "signal payment-test no multisafepay_testmode; signal newest-paid-order age:-10m multisafepay_ideal",
        Live,
        Live,
    ),
    (
        "signal payment-test no multisafepay_testmode; signal newest-paid-order age:-3h multisafepay_ideal",
        Unknown,
        Staging,
    ),
    (
        "signal payment-test no multisafepay_testmode; signal newest-paid-order age:25h multisafepay_ideal",
        Unknown,
        Staging,
    ),
    // The newest of all was paid by bank, or nobody knows how; another shop in the same database; a way that is named twice.
    (
        "signal payment-test no multisafepay_testmode; signal newest-paid-order age:5m bacs; signal newest-paid-order age:3h multisafepay_ideal",
        Live,
        Live,
    ),
    (
        "signal payment-test no multisafepay_testmode; signal newest-paid-order age:5m; signal newest-paid-order age:3h multisafepay_ideal",
        Live,
        Live,
    ),
    (
        "signal payment-test yes multisafepay_testmode; signal payment-test no multisafepay_testmode@live_; signal newest-paid-order age:3h multisafepay_ideal",
        Live,
        Live,
    ),
    (
        "signal payment-test no woocommerce_woocommerce_payments_settings.test_mode; signal newest-paid-order age:3h woocommerce_payments",
        Live,
        Live,
    ),
    // Somebody tries: in test mode, by another way to pay, or by one whose mode nobody set.
    (
        "signal payment-test yes multisafepay_testmode; signal newest-paid-order age:3h multisafepay_ideal",
        Unknown,
        Staging,
    ),
    (
        "signal payment-test no multisafepay_testmode; signal newest-paid-order age:3h cod",
        Unknown,
        Staging,
    ),
    ("signal newest-paid-order age:5m multisafepay_ideal", Unknown, Staging),
    // Nobody has bought for weeks: a copy, or a shop that sells little.
    ("signal newest-paid-order age:40d multisafepay_ideal", Unknown, Staging),
    ("signal newest-paid-order age:40d multisafepay_ideal; host staging.acme.nl", Staging, Staging),
    ("signal newest-paid-order age:10d multisafepay_ideal; host staging.acme.nl", Unknown, Staging),
    ("signal newest-paid-order yesterday multisafepay_ideal", Unknown, Staging),
    ("signal newest-paid-order 0 multisafepay_ideal; host staging.acme.nl", Unknown, Staging),
    // Too often forgotten to count.
    ("signal noindex yes blog_public; host staging.acme.nl", Unknown, Staging),
    (
        "signal noindex yes blog_public; signal debug yes WP_DEBUG; host staging.acme.nl",
        Unknown,
        Staging,
    ),
    // Mail that is off is rarely off by mistake.
    ("signal mail off SEND_EMAILS", Unknown, Staging),
    (
        "signal mail off SEND_EMAILS; signal payment-test yes multisafepay_testmode",
        Staging,
        Staging,
    ),
    ("signal mail on SEND_EMAILS; signal payment-test yes multisafepay_testmode", Unknown, Staging),
];

#[test]
fn the_verdict_follows_from_what_was_seen() {
    assert!(CASES.len() >= 60, "{}", CASES.len());
    for (seen, alone, declared) in CASES {
        let seen_text = seen.replace("''", "");
        assert_eq!(verdict(None, &seen_text), *alone, "{seen}");
        assert_eq!(verdict(Some(Declared::Staging), &seen_text), *declared, "{seen}, declared");
        assert_eq!(verdict(Some(Declared::Live), &seen_text), Live, "{seen}, declared live");
    }
}

#[test]
fn whatever_else_is_seen_a_sign_of_a_live_shop_stays_one() {
    for (seen, _, with) in CASES {
        let seen = seen.replace("''", "");
        for (more, alone, _) in CASES.iter().filter(|(_, alone, _)| *alone == Live) {
            let both = format!("{seen}; {}", more.replace("''", ""));
            assert_eq!(verdict(Some(Declared::Staging), &both), *alone, "{both}");
        }
        if *with == Live {
            let safe =
                format!("{seen}; signal environment staging X; shop staging.acme.nl here guarded");
            assert_eq!(verdict(Some(Declared::Staging), &safe), Live, "{safe}");
        }
    }
}

#[test]
fn a_staging_copy_is_warned_about() {
    for (seen, wanted) in [
        ("", vec![]),
        ("signal noindex yes blog_public", vec!["environment-only-declared"]),
        ("signal environment staging X", vec![]),
        (
            "signal payment-test no multisafepay_testmode; signal environment staging X",
            vec!["environment-live-payments"],
        ),
        ("signal orders 12 orders; signal environment staging X", vec!["environment-customers"]),
        ("signal orders 0 orders; signal environment staging X", vec![]),
        ("signal orders 12 orders; signal mail off X; signal environment staging X", vec![]),
        // Of a live shop all of this is as it should be.
        (
            "signal payment-test no multisafepay_testmode; signal orders 12 orders; shop acme.nl here open",
            vec![],
        ),
    ] {
        let (host, facts) = read(seen);
        let finding =
            EnvironmentFinding::judge(Some(Declared::Staging), host.as_deref(), &facts, NOW);
        let notes: Vec<_> = finding.notes().into_iter().map(|note| note.id).collect();
        assert_eq!(notes, wanted, "{seen}");
    }
}

#[test]
fn a_signal_is_told_with_the_place_where_it_was_read() {
    let (_, facts) = read(
        "signal environment staging WP_ENVIRONMENT_TYPE; signal payment-test no multisafepay_testmode; \
         signal newest-paid-order age:26h multisafepay_ideal; shop acme.nl elsewhere guarded",
    );
    let told: Vec<String> = EnvironmentFinding::judge(None, None, &facts, NOW)
        .signals
        .iter()
        .map(|signal| format!("{} | {} | {}", signal.telling(), signal.place, signal.says.id()))
        .collect();
    assert_eq!(
        told,
        [
            "it is set up as `staging` | WP_ENVIRONMENT_TYPE | staging-strong",
            "payments move money (`multisafepay_testmode`) | multisafepay_testmode | nothing",
            "the newest paid order is 1 day 2 h old, paid by `multisafepay_ideal` | multisafepay_ideal | nothing",
            "`acme.nl` leads to another server | | staging-medium".replace("| |", "|  |").as_str(),
            "the front page of `acme.nl` asks for a password |  | staging-medium",
        ]
    );
}

#[test]
fn where_a_name_leads_is_told_by_addresses_that_anybody_could_use() {
    let parsed = |all: &[&str]| all.iter().map(|one| one.parse().unwrap()).collect::<Vec<_>>();
    for (found, of_server, expected) in [
        (&["203.0.113.7"][..], &["203.0.113.7"][..], Leads::Here),
        (&["203.0.113.7", "2001:db8::7"], &["2001:db8::7"], Leads::Here),
        (&["203.0.113.7"], &["198.51.100.2"], Leads::Elsewhere),
        (&["203.0.113.7"], &["10.0.0.2"], Leads::Unknown),
        (&["10.0.0.3"], &["203.0.113.7"], Leads::Unknown),
        (&[], &["203.0.113.7"], Leads::Unknown),
    ] {
        assert_eq!(leads(&parsed(found), &parsed(of_server)), expected, "{found:?} {of_server:?}");
    }
    for (name, expected) in [
        ("www.acme.nl", true),
        ("acme.test", false),
        ("localhost", false),
        ("intranet", false),
        ("192.0.2.1", false),
        ("shop.acme.internal", false),
    ] {
        assert_eq!(may_be_public(name), expected, "{name}");
    }
}

#[test]
fn a_line_about_something_that_nobody_knows_is_left_out() {
    assert_eq!(ShopSignal::read("weather\tfine\toutside"), None);
    assert_eq!(ShopSignal::read("environment"), None);
    for (line, value, place) in [
        ("environment\tstaging", "staging", ""),
        ("environment staging WP_ENVIRONMENT_TYPE", "staging", "WP_ENVIRONMENT_TYPE"),
        ("payment-test  multisafepay_testmode", "", "multisafepay_testmode"),
        ("environment our own copy APP_ENV", "our own copy", "APP_ENV"),
    ] {
        let known = ShopSignal::read(line).unwrap();
        assert_eq!((known.value.as_str(), known.place.as_str()), (value, place), "{line}");
    }
}
