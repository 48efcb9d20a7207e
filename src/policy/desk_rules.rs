//! Each rule of the desks that come with stagepass by its own number, as far as it is decided here. What
//! takes a server or a terminal is in `tests/it/desks.rs`, under the same numbers.

use chrono::FixedOffset;

use super::desk::{AnswerKind, AnswerProblem, Asked, Desk, Need};
use super::tests::{NOW, allowed, denied, ids, live, overridden, reads_well, request};
use super::*;
use crate::grant::Answer;
use crate::secret::generate_password;

fn find(name: &str) -> Desk {
    Desk::find(name, None).unwrap()
}

/// The number of the desk's own rule that is the reason.
fn number(broken: &[Broken], rule: Rule) -> Option<&str> {
    let one = broken.iter().find(|one| one.rule == rule)?;
    one.desk_rule.as_ref().map(|reason| reason.id.as_str())
}

fn answers(given: &[(&str, &str)]) -> Answers {
    let answer = |text: &str| Answer { text: text.to_owned(), at: NOW };
    given.iter().map(|(id, text)| ((*id).to_owned(), answer(text))).collect()
}

/// What a desk says to a request that nothing but the answers could stand against.
fn decided(desk: &Desk, given: &[(&str, &str)]) -> Decision {
    let request = Request { answers: answers(given), ..request() };
    decide(&request, &Facts::default(), desk, &PolicyConfig::default(), NOW)
}

fn refused(desk: &Desk, given: &[(&str, &str)]) -> Vec<Broken> {
    match decided(desk, given) {
        Decision::Allow(terms) => panic!("allowed: {terms:?}"),
        Decision::Deny(broken) => {
            broken.iter().for_each(reads_well);
            broken
        }
    }
}

/// The ids of what a rule asks for, in the desk's order, by these answers.
fn asked_by(desk: &Desk, rule: &str, need: Need, given: &[(&str, &str)]) -> Vec<String> {
    let answers = answers(given);
    let is_meant = |one: &Asked<'_>| one.question.rule == rule && one.need == need;
    let asked = desk.asked(&answers).into_iter().filter(is_meant);
    asked.map(|one| one.question.id.clone()).collect()
}

#[test]
fn m1_what_is_not_shown_to_be_staging_is_treated_as_live() {
    let unknown = Request { declared: None, host: Some("shop.example".into()), ..request() };
    let broken = denied(&unknown, &Facts::default());
    assert_eq!(number(&broken, Rule::Live), Some("M1"));
    let _ = allowed(&request(), &Facts::default());
}

#[test]
fn m3_a_password_is_strong_because_it_is_made() {
    assert_eq!(find("multisafepay").speaks_for(Rule::PasswordStrength).unwrap().id, "M3");
    let password = generate_password().unwrap();
    let text = password.expose();
    assert!(text.chars().count() >= 20, "{}", text.len());
    for kind in [char::is_uppercase, char::is_lowercase, char::is_numeric] {
        assert!(text.chars().any(kind));
    }
}

#[test]
fn m5_live_access_is_approved_by_a_specialist() {
    let (mut request, facts) = live();
    request.live.approver = None;
    request.live.approval = None;
    let broken = denied(&request, &facts);
    assert_eq!(number(&broken, Rule::LiveApprover), Some("M5"));
    assert_eq!(number(&broken, Rule::LiveApproval), Some("M5"));
}

#[test]
fn m6_live_access_needs_a_backup() {
    let (request, facts) = live();
    let broken = denied(&request, &Facts { backup: None, ..facts.clone() });
    assert_eq!(number(&broken, Rule::LiveBackup), Some("M6"));
    let _ = allowed(&request, &facts);
}

#[test]
fn m7_the_disclaimer_is_seen_before_live_access() {
    let (mut request, facts) = live();
    request.live.acknowledged.clear();
    let broken = denied(&request, &facts);
    assert_eq!(number(&broken, Rule::LiveAcknowledgement), Some("M7"));
    let what = broken.iter().find(|one| one.rule == Rule::LiveAcknowledgement).unwrap().what();
    assert!(what.contains("M7"), "{what}");
}

#[test]
fn m8_ftp_is_refused() {
    for (scheme, port) in [("ftp", None), ("ftps", Some(990)), ("ssh", Some(21))] {
        let asked = Request { scheme: scheme.into(), port, ..request() };
        let broken = denied(&asked, &Facts::default());
        assert_eq!(number(&broken, Rule::Ftp), Some("M8"), "{scheme}");
    }
    let asked = Request { scheme: "rsync".into(), ..request() };
    assert_eq!(number(&denied(&asked, &Facts::default()), Rule::Protocol), Some("M8"));
}

#[test]
fn m9_another_port_than_22_takes_an_override() {
    let mut asked = Request { port: Some(2222), ..request() };
    assert_eq!(number(&denied(&asked, &Facts::default()), Rule::Port), Some("M9"));
    asked.overrides = overridden("port", "the desk knows it");
    let _ = allowed(&asked, &Facts::default());
}

#[test]
fn m10_a_case_has_a_period_and_every_grant_in_it_ends_within() {
    let until = NOW + 10 * DAY;
    let asked = |deadline: Option<UnixTime>, drain: i64| Request {
        time_box_until: Some(until),
        deadline,
        drain,
        ..request()
    };
    // Without a word about it a grant ends with the case, and so does what an extension may do.
    let terms = allowed(&asked(None, 0), &Facts::default());
    assert_eq!((terms.deadline(), terms.deadline_maximum()), (until, until));
    let _ = allowed(&asked(Some(until), 0), &Facts::default());
    for (deadline, drain) in [(until + 1, 0), (until, 60), (until + DAY, 0)] {
        let broken = denied(&asked(Some(deadline), drain), &Facts::default());
        assert_eq!(ids(&broken), ["deadline.case"]);
        assert_eq!(number(&broken, Rule::DeadlineCase), Some("M10"));
        assert_eq!(broken[0].override_with, None);
    }
    // Where the case is over, nothing is granted in it.
    let over = Request { time_box_until: Some(NOW - 1), ..request() };
    let broken = denied(&over, &Facts::default());
    assert_eq!(ids(&broken), ["deadline.case"]);
    assert!(broken[0].what().contains("ended"), "{}", broken[0].what());
    let overridden = Request { overrides: overridden("deadline.case", "x"), ..over };
    assert_eq!(
        ids(&denied(&overridden, &Facts::default())),
        ["deadline.case", "override.forbidden"]
    );
}

#[test]
fn m10_an_extension_ends_within_the_period_of_the_case() {
    let agreed = Agreed {
        deadline: NOW + DAY,
        deadline_maximum: NOW + 30 * DAY,
        drain: 0,
        extensions: 2,
        extended: 0,
        live_host: None,
        case_until: Some(NOW + 5 * DAY),
    };
    let decided = |deadline: UnixTime| {
        let request = ExtensionRequest {
            deadline,
            reason: Some("more logs".into()),
            overrides: Vec::new(),
            live: LiveRequest::default(),
        };
        let desk = find("multisafepay");
        decide_extension(&request, &agreed, &desk, &PolicyConfig::default(), NOW)
    };
    assert!(matches!(decided(NOW + 5 * DAY), ExtensionDecision::Allow(_)));
    let ExtensionDecision::Deny(broken) = decided(NOW + 5 * DAY + 1) else { panic!() };
    assert_eq!(number(&broken, Rule::DeadlineCase), Some("M10"));
    // An earlier one is never refused for it.
    assert!(matches!(decided(NOW + 60), ExtensionDecision::Allow(_)));
}

#[test]
fn m11_the_period_is_two_to_five_weeks() {
    let desk = find("multisafepay");
    assert_eq!(desk.manifest.time_box.default_days, 2 * 7);
    assert_eq!(desk.manifest.time_box.maximum_days, 5 * 7);
    assert_eq!(desk.manifest.extensions.total_days, 5 * 7);
    let long = Request { deadline: Some(NOW + 36 * DAY), ..request() };
    assert_eq!(number(&denied(&long, &Facts::default()), Rule::DeadlineHard), Some("M11"));
}

#[test]
fn m12_six_basics_are_asked_and_none_keeps_access_waiting() {
    let desk = find("multisafepay");
    let six = ["plugin_core", "method_core", "since", "updated", "reproduced", "examples"];
    assert_eq!(asked_by(&desk, "M12", Need::Required, &[]), six);
    let more = [("method_core", "yes"), ("updated", "yes"), ("reproduced", "yes")];
    let asked = asked_by(&desk, "M12", Need::Required, &more);
    for id in ["payment_method", "update", "reproduced_where"] {
        assert!(asked.iter().any(|one| one == id), "{asked:?}");
    }
    assert!(matches!(decided(&desk, &[]), Decision::Allow(_)));
}

#[test]
fn t1_what_an_incident_needs_is_required_and_depends_on_what_it_is() {
    let desk = find("open-banking");
    let always = [
        "about",
        "asynchronous",
        "client_id",
        "happened_at",
        "error_message",
        "steps",
        "endpoints",
        "device",
    ];
    assert_eq!(asked_by(&desk, "T1", Need::Required, &[]), always);
    let with = |given: &[(&str, &str)]| asked_by(&desk, "T1", Need::Required, given);
    assert_eq!(with(&[("about", "payments")])[8..], ["simp_id"]);
    assert_eq!(with(&[("asynchronous", "yes")])[8..], ["task_id"]);
    assert_eq!(with(&[("about", "refresh"), ("asynchronous", "no")]), always);
    // The exact day and time, and nothing less.
    let zone = FixedOffset::east_opt(3600).unwrap();
    let when = desk.question("happened_at").unwrap();
    assert_eq!(when.kind, AnswerKind::DateTime);
    assert_eq!(
        when.read("2026-11-20 14:05", &zone, NOW).as_deref(),
        Ok("2026-11-20 14:05:00 +01:00")
    );
    for text in ["2026-11-20", "yesterday", "14:05"] {
        let read = when.read(text, &zone, NOW);
        assert!(matches!(read, Err(AnswerProblem::NotATime(_))), "{text}: {read:?}");
    }
    assert_eq!(when.read("2027-01-01 00:00", &zone, NOW), Err(AnswerProblem::Future));
}

#[test]
fn t2_what_is_wanted_keeps_no_ticket_waiting_and_the_refresh_token_is_for_refresh_alone() {
    let desk = find("open-banking");
    let wanted = |given: &[(&str, &str)]| asked_by(&desk, "T2", Need::Wanted, given);
    let always = ["debug_id", "screenshot", "x_request_id"];
    assert_eq!(wanted(&[]), always);
    for about in ["payments", "accounts", "other"] {
        assert_eq!(wanted(&[("about", about)]), always, "{about}");
    }
    assert_eq!(wanted(&[("about", "refresh")])[3..], ["refresh_token"]);
    assert!(asked_by(&desk, "T2", Need::Required, &[("about", "refresh")]).is_empty());
    assert!(desk.question("refresh_token").unwrap().secret);
    let id = desk.question("x_request_id").unwrap();
    let zone = FixedOffset::east_opt(0).unwrap();
    let uuid = "550e8400-e29b-41d4-a716-446655440000";
    assert_eq!(id.read(uuid, &zone, NOW).as_deref(), Ok(uuid));
    for text in ["550e8400", "550e8400-e29b-41d4-a716-44665544000g", "a b"] {
        assert!(id.read(text, &zone, NOW).is_err(), "{text}");
    }
}

#[test]
fn t3_what_is_never_sent_is_refused_by_its_name() {
    let desk = find("open-banking");
    for id in [
        "access_token",
        "client_secret",
        "password",
        "pin",
        "iban",
        "account_number",
        "bank_code",
        "Access_Token",
    ] {
        let forbidden = desk.forbids(id).unwrap_or_else(|| panic!("{id}"));
        let broken = refuse_forbidden(&desk, forbidden);
        reads_well(&broken);
        assert_eq!(broken.desk_rule.as_ref().unwrap().id, "T3");
        assert_eq!(broken.override_with, None);
    }
    assert!(desk.forbids("client_id").is_none());
}

#[test]
fn t4_a_secret_in_a_ticket_is_refused_by_kind_and_place() {
    let desk = find("open-banking");
    for kind in crate::lint::Kind::ALL {
        let broken = refuse_secret(&desk, "steps", kind.id(), (3, 7));
        reads_well(&broken);
        assert_eq!(broken.desk_rule.as_ref().unwrap().id, "T4");
        let what = broken.what();
        assert!(what.starts_with("line 3, column 7 of the answer to `steps`"), "{what}");
    }
    assert!(!Rule::TicketSecret.can_be_overridden());
}

#[test]
fn t5_a_desk_of_tickets_is_granted_nothing() {
    let desk = find("open-banking");
    let broken = refused(&desk, &[]);
    assert_eq!(ids(&broken), ["desk.access"]);
    assert_eq!(number(&broken, Rule::DeskAccess), Some("T5"));
    assert!(broken[0].way_out().contains("portal"), "{}", broken[0].way_out());
    let request = Request { overrides: overridden("desk.access", "please"), ..request() };
    let decided = decide(&request, &Facts::default(), &desk, &PolicyConfig::default(), NOW);
    assert!(matches!(decided, Decision::Deny(_)));
}

/// What somebody answers whose shop is at fault, who found it and has tried everything.
const IN_THE_SHOP: [(&str, &str); 13] = [
    ("reached_gateway", "no"),
    ("page", "checkout"),
    ("failed", "data_entry"),
    ("shown", "none"),
    ("product", "all"),
    ("found_by", "me"),
    ("other_device", "yes"),
    ("both_logins", "yes"),
    ("cache_emptied", "still_there"),
    ("name", "Anna"),
    ("mail", "anna@shop.example"),
    ("message", "the field for the city is grey"),
    ("consent", "yes"),
];

/// The same with some answers changed.
fn but(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut given = IN_THE_SHOP.to_vec();
    given.retain(|(id, _)| !changes.iter().any(|(changed, _)| changed == id));
    given.extend(changes);
    given
}

#[track_caller]
fn stops_by(rule: &str, changes: &[(&'static str, &'static str)]) {
    let broken = refused(&find("shop-developer"), &but(changes));
    assert_eq!(ids(&broken), ["triage"]);
    assert_eq!(number(&broken, Rule::Triage), Some(rule));
    assert_eq!(broken[0].override_with, Some("--override triage --reason TEXT"));
}

#[test]
fn d1_a_fault_at_the_gateway_opens_the_shop_to_nobody() {
    stops_by("D1", &[("reached_gateway", "yes"), ("right_amount", "yes")]);
    let desk = find("shop-developer");
    let wrong_amount = but(&[("reached_gateway", "yes"), ("right_amount", "no")]);
    for given in [&IN_THE_SHOP[..], &wrong_amount] {
        assert!(matches!(decided(&desk, given), Decision::Allow(_)), "{given:?}");
    }
    // The merchant can know better, and says why.
    let given = but(&[("reached_gateway", "yes"), ("right_amount", "yes")]);
    let request = Request {
        answers: answers(&given),
        overrides: overridden("triage", "the bank says that the shop sends it twice"),
        ..request()
    };
    let decision = decide(&request, &Facts::default(), &desk, &PolicyConfig::default(), NOW);
    let Decision::Allow(terms) = decision else { panic!("{decision:?}") };
    assert_eq!(terms.overrides()[0].rule, "triage");
}

#[test]
fn d2_the_page_what_failed_the_message_and_the_product_are_required() {
    let desk = find("shop-developer");
    let expected = ["page", "failed", "shown", "product"];
    assert_eq!(asked_by(&desk, "D2", Need::Required, &[]), expected);
}

#[test]
fn d3_a_video_is_wanted_and_not_required() {
    let desk = find("shop-developer");
    assert_eq!(asked_by(&desk, "D3", Need::Wanted, &[]), ["video"]);
    assert_eq!(desk.question("video").unwrap().kind, AnswerKind::File);
    assert!(matches!(decided(&desk, &IN_THE_SHOP), Decision::Allow(_)));
}

#[test]
fn d4_what_a_customer_reported_happens_again_first() {
    stops_by("D4", &[("found_by", "customer"), ("happened_again", "no")]);
    let desk = find("shop-developer");
    let again = but(&[("found_by", "customer"), ("happened_again", "yes")]);
    assert!(matches!(decided(&desk, &again), Decision::Allow(_)));
    // Once it turns out that it was no customer, what was answered for one counts no more.
    let mine = but(&[("found_by", "me"), ("happened_again", "no")]);
    assert!(matches!(decided(&desk, &mine), Decision::Allow(_)));
    // Who found it is not asked what is for customers' reports.
    assert!(asked_by(&desk, "D4", Need::Required, &IN_THE_SHOP).len() == 1);
}

#[test]
fn d5_what_i_found_is_tried_on_another_device_logged_in_and_out() {
    stops_by("D5", &[("other_device", "no")]);
    stops_by("D5", &[("both_logins", "no")]);
    let desk = find("shop-developer");
    let asked = asked_by(&desk, "D5", Need::Required, &[("found_by", "me")]);
    assert_eq!(asked, ["other_device", "both_logins"]);
    assert!(asked_by(&desk, "D5", Need::Required, &[("found_by", "customer")]).is_empty());
}

#[test]
fn d6_the_cache_is_emptied_and_it_is_tried_once_more() {
    stops_by("D6", &[("cache_emptied", "not_done")]);
    stops_by("D6", &[("cache_emptied", "gone")]);
}

#[test]
fn d7_nobody_is_let_in_before_it_is_reported_whole_and_with_consent() {
    stops_by("D7", &[("consent", "no")]);
    let desk = find("shop-developer");
    for id in ["name", "mail", "message", "consent", "page"] {
        let mut given = IN_THE_SHOP.to_vec();
        given.retain(|(one, _)| *one != id);
        let broken = refused(&desk, &given);
        assert_eq!(ids(&broken), ["answers"], "{id}");
        assert_eq!(number(&broken, Rule::Answers), Some("D7"));
        assert!(broken[0].what().contains(id), "{}", broken[0].what());
    }
    let broken = refused(&desk, &[]);
    assert!(broken[0].what().starts_with("11 questions"), "{}", broken[0].what());
    let request = Request { overrides: overridden("answers", "it is burning"), ..request() };
    let decided = decide(&request, &Facts::default(), &desk, &PolicyConfig::default(), NOW);
    assert!(matches!(decided, Decision::Allow(_)));
}
