//! What the desks ask for, by the numbers of their own rules: questions at a terminal and from files,
//! answers that are refused, time-boxes that end, and grants that are not made. What policy decides by
//! itself is in `src/policy/desk_rules.rs`, under the same numbers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::host::{SUITE, Sudo};
use crate::job::ANY_PORT;
use crate::stage::{Ended, Run, Stage};

const DAY: i64 = 86_400;

/// A target that is never connected to: what is refused for it is refused before.
const NOWHERE: &str = "[target.nowhere]\naddress = \"ssh://deploy@127.0.0.1:9\"\n\
     host_key = \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\nenvironment = \"staging\"\n";

const OPEN_BANKING: &str = "about = \"payments\"\nasynchronous = false\nclient_id = \"acme-4711\"\n\
     happened_at = 2026-01-15T14:05:00\nerror_message = \"HTTP 500\"\n\
     steps = \"\"\"\none payment\nof ten euros\"\"\"\nendpoints = \"POST /payments\"\n\
     device = \"Fedora, Firefox\"\nsimp_id = \"simp-1\"\n";

fn opened(desk: &str) -> Stage {
    let stage = Stage::new();
    fs::write(stage.config().join("targets.toml"), NOWHERE).unwrap();
    stage.run(["case", "open", "C-1", "--desk", desk]).ok();
    stage
}

fn set(stage: &Stage, answers: &[&str]) -> Run {
    let mut words = vec!["case", "edit", "C-1", "--json"];
    words.extend(answers.iter().flat_map(|answer| ["--set", answer]));
    stage.run(words)
}

fn show(stage: &Stage) -> Value {
    stage.run(["case", "show", "C-1", "--json"]).ok().json()["result"].clone()
}

fn answer(shown: &Value, id: &str) -> Value {
    let answers = shown["answers"].as_array().unwrap();
    let one = answers.iter().find(|one| one["id"] == id);
    one.unwrap_or_else(|| panic!("no {id} in {shown}"))["answer"].clone()
}

/// A grant that is refused before anything is sent.
fn grant(stage: &Stage, more: &[&str]) -> Ended {
    let key = stage.supporter_key();
    let mut words = vec!["grant", "--case", "C-1", "--target", "nowhere", "--supporter", "Jane"];
    words.extend(["--key", key.public.to_str().unwrap(), "--json", "--dry-run"]);
    words.extend(more);
    stage.run(words).fails()
}

/// The rules that stand against it, each with the desk's number.
fn broken(refused: &Ended) -> Vec<(String, String)> {
    assert_eq!(refused.exit, 3, "{}", refused.told());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rules = refused.json()["error"]["broken"].as_array().unwrap().clone();
    let numbers = |one: &Value| (text(&one["rule"]), text(&one["desk_rule"]["id"]));
    rules.iter().map(numbers).filter(|(rule, _)| rule != "port").collect()
}

fn one(rule: &str, number: &str) -> Vec<(String, String)> {
    vec![(rule.to_owned(), number.to_owned())]
}

#[test]
fn m2_a_user_in_the_shop_is_asked_for_where_none_is_made() {
    let stage = Stage::new();
    let host = stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    let path = ["--become", "sudo", "--path", "/var/www/shop"];
    stage.add_target("staging", &host, "deploy", &path).ok();
    stage.run(["case", "open", "C-1", "--desk", "multisafepay"]).ok();
    let key = stage.supporter_key();
    let notes = || {
        let mut words = vec!["grant", "--case", "C-1", "--target", "staging", "--json"];
        words.extend(["--supporter", "Jane", "--key", key.public.to_str().unwrap(), "--dry-run"]);
        words.extend(ANY_PORT);
        let run = stage.run(words).ok().json();
        let notes = run["result"]["plan"]["notes"].as_array().unwrap().clone();
        let text = |note: &Value| format!("{} {}", note["id"], note["text"]);
        notes.iter().map(text).collect::<Vec<_>>().join("\n")
    };
    host.sh("rm -rf /var/www/shop && mkdir /var/www/shop && echo x >/var/www/shop/wp-load.php
        chown -R www-data: /var/www/shop");
    let told = notes();
    assert!(told.contains("plan-no-shop-user") && told.contains("rule M2"), "{told}");
    assert!(told.contains("--with server,shop"), "{told}");
    // M12 is told where its questions have no answers.
    assert!(told.contains("plan-unanswered") && told.contains("rule M12"), "{told}");
    let mut answers = vec!["plugin_core=no", "method_core=no", "since=Monday", "updated=no"];
    answers.extend(["reproduced=no", "examples=order 4711"]);
    set(&stage, &answers).ok();
    host.sh("mv /var/www/shop/wp-load.php /var/www/shop/index.php");
    let told = notes();
    assert!(!told.contains("plan-no-shop-user") && !told.contains("plan-unanswered"), "{told}");
}

#[test]
fn m4_the_account_is_deleted_when_the_case_is_closed() {
    let stage = Stage::new();
    let host = stage.light(SUITE).deploy(Sudo::NoPassword).start();
    stage.add_target("staging", &host, "deploy", &["--become", "sudo"]).ok();
    stage.run(["case", "open", "C-1", "--desk", "multisafepay"]).ok();
    let key = stage.supporter_key();
    let mut words = vec!["grant", "--case", "C-1", "--target", "staging", "--supporter", "Jane"];
    words.extend(["--key", key.public.to_str().unwrap()]);
    words.extend(ANY_PORT);
    stage.run(words).ok();
    assert_eq!(host.sh("grep -c '^sp-' /etc/passwd || :").trim(), "1");
    stage.run(["case", "close", "C-1"]).ok();
    assert_eq!(host.sh("grep -c '^sp-' /etc/passwd || :").trim(), "0");
}

#[test]
fn m10_the_time_box_bounds_grants_and_is_warned_about_before_it_ends() {
    let stage = Stage::new();
    fs::write(stage.config().join("targets.toml"), NOWHERE).unwrap();
    stage.run(["case", "open", "C-1", "--desk", "multisafepay", "--for", "2w"]).ok();
    let case = show(&stage)["case"].clone();
    let (opened, until) = (&case["opened_at"], case["time_box_until"].as_i64().unwrap());
    // Whole days, and the rest of the last one.
    assert!((14 * DAY..=15 * DAY).contains(&(until - opened.as_i64().unwrap())), "{case}");
    assert_eq!(until % DAY, 0);
    assert_eq!(broken(&grant(&stage, &["--for", "16d"])), one("deadline.case", "M10"));
    assert_eq!(broken(&grant(&stage, &["--for", "13d"])), []);

    // Nothing is said while there is time; then by all four, and each says what to do.
    let said = |words: &[&str]| stage.run(words.iter().copied()).output();
    let places: [&[&str]; 4] =
        [&["list"], &["case", "show", "C-1"], &["sweep", "--check"], &["doctor", "--offline"]];
    // The ledger is there for `sweep`, and there is nothing in it to do.
    for words in places {
        assert!(!said(words).contains("time-box of case"), "{}", said(words));
    }
    stage.set_clock(13 * DAY);
    for words in places {
        let text = said(words);
        assert!(text.contains("the time-box of case C-1 ends"), "{words:?}: {text}");
        assert!(text.contains("case edit C-1 --for"), "{words:?}: {text}");
    }
    assert_eq!(said(&["sweep"]).lines().count(), 1, "cron is told");
    assert_eq!(said(&["sweep"]), "", "and not every five minutes");
    stage.set_clock(14 * DAY);
    assert_eq!(said(&["sweep"]).lines().count(), 1, "but daily");

    // It can be moved, as far as the desk allows, with a reason; and then closed and opened again.
    let no_reason = stage.run(["case", "edit", "C-1", "--for", "5w"]).exits(2);
    assert!(no_reason.stderr.contains("--reason"), "{}", no_reason.told());
    let too_long = ["case", "edit", "C-1", "--for", "36d", "--reason", "the vendor is slow"];
    let refused = stage.run(too_long).exits(3);
    assert!(refused.stderr.contains("35 days at most"), "{}", refused.told());
    let longer = ["case", "edit", "C-1", "--for", "5w", "--reason", "the vendor is slow"];
    stage.run(longer).ok();
    assert_eq!(show(&stage)["case"]["time_box_until"].as_i64().unwrap(), until + 21 * DAY);
    assert!(!said(&["list"]).contains("time-box"), "{}", said(&["list"]));
    stage.set_clock(36 * DAY);
    assert_eq!(broken(&grant(&stage, &[])), one("deadline.case", "M10"));
    assert!(said(&["list"]).contains("the time-box of case C-1 ended"), "{}", said(&["list"]));
    let doctor = stage.run(["doctor", "--offline"]).fails();
    assert!(
        doctor.output().contains("MEND case: the time-box of case C-1 ended"),
        "{}",
        doctor.told()
    );
    stage.run(["case", "close", "C-1"]).ok();
    assert!(!said(&["list"]).contains("time-box"), "{}", said(&["list"]));
    stage.run(["case", "reopen", "C-1", "--reason", "it came back", "--for", "2w"]).ok();
    assert_eq!(broken(&grant(&stage, &["--for", "13d"])), []);
    let events = stage.run(["ledger", "export"]).ok().stdout;
    assert!(events.contains("the vendor is slow") && events.contains("case.time-box"), "{events}");
    stage.run(["ledger", "verify"]).ok();
}

#[test]
fn m11_a_case_lasts_five_weeks_unless_less_is_said() {
    let stage = opened("multisafepay");
    let case = show(&stage)["case"].clone();
    let lasts = case["time_box_until"].as_i64().unwrap() - case["opened_at"].as_i64().unwrap();
    assert!((35 * DAY..=36 * DAY).contains(&lasts), "{case}");
    let open = |days: &'static str| {
        stage.run(["case", "open", "C-2", "--desk", "multisafepay", "--for", days])
    };
    let refused = open("6w").exits(3);
    assert!(refused.stderr.contains("35 days at most"), "{}", refused.told());
    let refused = open("2h").exits(3);
    assert!(refused.stderr.contains("one day at least"), "{}", refused.told());
}

#[test]
fn m12_the_six_basics_are_asked_at_a_terminal_and_kept_one_by_one() {
    let stage = Stage::new();
    let open = || stage.command(["case", "open", "C-1", "--desk", "multisafepay"]);
    let core = "Is the problem in the core of the plugin?";
    let method = "Is the problem in the core of a payment method?";
    let since = "Since when is there the problem?";
    // Somebody answers two questions, one of them wrongly at first, and goes away.
    let answers =
        [(core, ""), ("Answer:", "perhaps\n"), ("none of: yes, no", ""), ("Answer:", "NO\n")];
    let more =
        [(method, ""), ("Answer:", "yes\n"), ("Which payment method", ""), ("Answer:", "\u{3}")];
    let run = open().run_tty(&[&answers[..], &more[..]].concat()).exits(2);
    assert!(run.stdout.contains("what was answered is kept"), "{}", run.told());
    assert!(run.stdout.contains("(required, rule M12)"), "{}", run.told());
    let shown = show(&stage);
    assert_eq!(answer(&shown, "plugin_core"), "no");
    assert_eq!(answer(&shown, "method_core"), "yes");
    let missing = ["payment_method", "since", "updated", "reproduced", "examples"];
    assert_eq!(shown["missing"], serde_json::json!(missing));
    // The same words go on where it was: what was answered is not asked again.
    let run = open()
        .run_tty(&[
            ("Which payment method", ""),
            ("Answer:", "cards\n"),
            (since, ""),
            ("Answer:", "\n"),
            ("updated recently", ""),
            ("Answer:", "no\n"),
            ("reproduce the problem", ""),
            ("Answer:", "yes\n"),
            ("Where can you", ""),
            ("Answer:", "the staging shop\n"),
            ("Which examples", ""),
            ("(an empty line ends it):", "order 1\n"),
            ("...", "order 2\n"),
            ("...", "\n"),
            ("Missing: since", ""),
        ])
        .ok();
    assert!(!run.stdout.contains(core) && !run.stdout.contains(method), "{}", run.told());
    assert_eq!(answer(&show(&stage), "examples"), "order 1\norder 2");
    // Where nobody can be asked the same words are a mistake, as before.
    open().run().exits(2);
    let run = stage.command(["case", "edit", "C-1"]);
    let run = run.run_tty(&[(since, ""), ("Answer:", "Monday\n"), ("Every question", "")]).ok();
    assert_eq!(run.stdout.matches("Answer:").count(), 1, "{}", run.told());
    stage.run(["case", "edit", "C-1"]).exits(2);
    // The chain says which, and not what.
    let events = stage.run(["ledger", "export"]).ok().stdout;
    assert!(events.contains("case.answer") && events.contains("reproduced_where"), "{events}");
    assert!(!events.contains("the staging shop") && !events.contains("Monday"), "{events}");
    stage.run(["ledger", "verify"]).ok();
}

#[test]
fn t1_answers_come_from_files_and_pipes_and_what_is_missing_is_told() {
    let stage = opened("open-banking");
    assert_eq!(show(&stage)["missing"].as_array().unwrap().len(), 8);
    assert_eq!(show(&stage)["case"]["time_box_until"], Value::Null);
    let file = stage.path().join("answers.toml");
    fs::write(&file, OPEN_BANKING).unwrap();
    let edit = ["case", "edit", "C-1", "--answers", file.to_str().unwrap()];
    stage.run(edit).ok();
    let shown = show(&stage);
    assert_eq!(shown["missing"], serde_json::json!([]));
    assert!(answer(&shown, "happened_at").as_str().unwrap().starts_with("2026-01-15 14:05:00 "));
    // JSON on standard input; an empty answer takes one back.
    let json = r#"{"asynchronous": true, "device": ""}"#;
    stage.command(["case", "edit", "C-1", "--answers", "-"]).stdin(json).run().ok();
    assert_eq!(show(&stage)["missing"], serde_json::json!(["device", "task_id"]));
    let wrong = ["happened_at=last week", "about=nothing", "colour=red", "client_id=a b"];
    let refused = set(&stage, &wrong).exits(2).json();
    assert_eq!(refused["error"]["causes"].as_array().unwrap().len(), 4, "{refused}");
    // Nothing is kept of what was given together.
    let mixed = ["device=Fedora", "about=nothing"];
    let _ = set(&stage, &mixed).exits(2);
    assert_eq!(answer(&show(&stage), "device"), Value::Null);
    // At once, when a case is opened.
    let open = ["case", "open", "C-2", "--desk", "open-banking", "--json", "--answers"];
    let told = stage.run([&open[..], &[file.to_str().unwrap()]].concat()).ok().json();
    assert_eq!(told["result"]["missing"], serde_json::json!([]));
    let _ = stage.run(["case", "edit", "C-1", "--answers", "nowhere.toml"]).exits(2);
    stage.run(["ledger", "verify"]).ok();
}

#[test]
fn t1_a_ticket_has_what_the_desk_wants_and_names_what_is_missing() {
    let stage = opened("open-banking");
    let file = stage.path().join("answers.toml");
    fs::write(&file, OPEN_BANKING).unwrap();
    stage.run(["case", "edit", "C-1", "--answers", file.to_str().unwrap()]).ok();
    let log = stage.path().join("error.log");
    fs::write(&log, "HTTP 500\n").unwrap();
    set(&stage, &[&format!("screenshot={}", log.display()), "device="]).ok();
    let ticket = |more: &[&str]| stage.run([&["case", "ticket", "C-1"], more].concat());
    let markdown = ticket(&[]).ok();
    for part in [
        "# C-1\n",
        "\n**What is your client_id?**\n\nacme-4711\n",
        "\n**What is the problem about?**\n\nthe payments API\n",
        "\n```\none payment\nof ten euros\n```\n",
        "\n**On which device and in which browser?**\n\n—\n",
        "\n**Which file is a screenshot of it?**\n\nerror.log\n",
    ] {
        assert!(markdown.stdout.contains(part), "no {part}: {}", markdown.told());
    }
    // What is only wanted and missing is left out; where a file is, is said to the merchant alone.
    assert!(!markdown.stdout.contains("X-Request-Id"), "{}", markdown.told());
    assert!(!markdown.stdout.contains(log.to_str().unwrap()), "{}", markdown.told());
    assert!(markdown.stderr.contains(log.to_str().unwrap()), "{}", markdown.told());
    assert!(markdown.stderr.contains("is missing: device"), "{}", markdown.told());
    let italian = ticket(&["--format", "text", "--lang", "IT"]).ok().stdout;
    assert!(italian.contains("\nQual è il suo client_id?\n    acme-4711\n"), "{italian}");
    assert!(italian.contains("\n    l'API dei pagamenti\n"), "{italian}");
    let refused = ticket(&["--lang", "fr"]).exits(2);
    assert!(refused.stderr.contains("en, es, it"), "{}", refused.told());
    let told = ticket(&["--json"]).ok().json();
    assert_eq!(told["result"]["missing"], serde_json::json!(["device"]));
    assert_eq!(told["result"]["ticket"], markdown.stdout.as_str());
}

#[test]
fn t2_a_refresh_token_goes_into_its_own_field_after_a_question_and_is_not_kept() {
    const TOKEN: &str = "rt.9Xw2Lq0ZpTn7VbC4sKdE1mYh";
    let stage = opened("open-banking");
    let refresh = |stage: &Stage, about: &str| {
        set(stage, &[&format!("about={about}"), "asynchronous=no"]).ok();
    };
    refresh(&stage, "payments");
    let refused = set(&stage, &["refresh_token=x"]).exits(2);
    assert!(refused.stdout.contains("only where `about`"), "{}", refused.told());
    refresh(&stage, "refresh");
    // Neither a command line nor a file is a place for it.
    let file = stage.path().join("answers.json");
    fs::write(&file, format!("{{\"refresh_token\": \"{TOKEN}\"}}")).unwrap();
    let words = ["case", "edit", "C-1", "--answers", file.to_str().unwrap()];
    let refused = stage.run(words).exits(2);
    assert!(refused.stderr.contains("case edit C-1"), "{}", refused.told());
    fs::remove_file(file).unwrap();
    let mut rest = vec!["client_id=x", "happened_at=2026-01-15 14:05", "error_message=x"];
    rest.extend(["steps=x", "endpoints=x", "device=x", "debug_id=x"]);
    rest.push("x_request_id=550e8400-e29b-41d4-a716-446655440000");
    set(&stage, &rest).ok();
    let typed = format!("{TOKEN}\n");
    let ask = |answers: &[(&str, &str)]| {
        let screenshot = [("screenshot of it?", ""), ("Answer:", "\n")];
        stage.command(["case", "edit", "C-1"]).run_tty(&[&screenshot[..], answers].concat())
    };
    let (sure, hidden) = ("Do you want to give it? [y/N]", "It is not shown:");
    ask(&[(sure, "n\n")]).ok();
    assert_eq!(answer(&show(&stage), "refresh_token"), Value::Null);
    let run = ask(&[(sure, "y\n"), (hidden, &typed)]).ok();
    assert!(!run.stdout.contains(TOKEN), "{}", run.told());
    let kept = answer(&show(&stage), "refresh_token");
    assert!(kept.as_str().unwrap().starts_with("sha256:"), "{kept}");
    let ticket = stage.run(["case", "ticket", "C-1"]).ok();
    assert!(ticket.stderr.contains("portal's own field"), "{}", ticket.told());
    assert_eq!(stage.files_containing(TOKEN.as_bytes()), [""; 0].map(std::path::PathBuf::from));
}

#[test]
fn t3_what_must_never_be_sent_is_refused_and_never_stored() {
    let stage = opened("open-banking");
    for id in ["access_token", "client_secret", "password", "pin", "iban"] {
        let refused = set(&stage, &[&format!("{id}=Zq9-not-for-you")]).exits(3);
        let rule = refused.json()["error"]["broken"][0].clone();
        assert_eq!(
            (&rule["rule"], &rule["desk_rule"]["id"]),
            (&"ticket.secret".into(), &"T3".into())
        );
        assert!(!refused.output().contains("Zq9"), "{}", refused.told());
    }
    let none = [""; 0].map(std::path::PathBuf::from);
    assert_eq!(stage.files_containing(b"Zq9-not-for-you"), none);
}

#[test]
fn t4_an_answer_with_a_secret_in_it_is_refused_with_its_kind_and_place() {
    let stage = opened("open-banking");
    for (text, kind, secret) in [
        ("paid with 4111 1111 1111 1111 today", "payment card", "1111 1111"),
        ("DE89 3704 0044 0532 0130 00", "IBAN", "0532"),
        ("client_secret=9f8e7d6c5b4a39281706f5e4d3c2b1a0", "client-secret", "9f8e7d6c"),
        ("Authorization: Bearer 9f8e7d6c5b4a39281706f5e4d3c2b1a0", "bearer-token", "9f8e7d6c"),
    ] {
        let steps = format!("steps=first\nthen {text}");
        let refused = set(&stage, &[&steps]).exits(3);
        let rule = refused.json()["error"]["broken"][0].clone();
        let what = rule["what"].as_str().unwrap();
        assert!(what.starts_with("line 2, column ") && what.contains(kind), "{what}");
        assert_eq!(rule["desk_rule"]["id"], "T4");
        assert!(!refused.output().contains(secret), "{}", refused.told());
    }
    // A file that goes with the ticket is looked through as far as it is text.
    let log = stage.path().join("log.txt");
    fs::write(&log, "ok\npassword: Tr0ub4dor&3xyz\n").unwrap();
    let screenshot = format!("screenshot={}", log.display());
    let refused = set(&stage, &[&screenshot]).exits(3);
    assert!(refused.stdout.contains("line 2, column"), "{}", refused.told());
    fs::write(&log, "ok\n").unwrap();
    set(&stage, &[&screenshot]).ok();
    assert_eq!(answer(&show(&stage), "screenshot"), log.to_str().unwrap());
    assert_eq!(answer(&show(&stage), "steps"), Value::Null);
    let _ = set(&stage, &["screenshot=/nowhere/x.png"]).exits(2);
    // Typed at the terminal it is told, and asked for again.
    let stage = opened("multisafepay");
    let mut rest = vec!["plugin_core=no", "method_core=no", "updated=no", "reproduced=no"];
    rest.push("examples=none");
    set(&stage, &rest).ok();
    let prompt = "Answer:";
    let run = stage.command(["case", "edit", "C-1"]).run_tty(&[
        (prompt, "since I paid with 4111 1111 1111 1111\n"),
        ("is the number of a payment card", ""),
        (prompt, "Monday\n"),
        ("Every question", ""),
    ]);
    run.ok();
    assert_eq!(answer(&show(&stage), "since"), "Monday");
}

#[test]
fn t5_a_desk_of_tickets_grants_nothing_and_names_its_portal() {
    let stage = opened("open-banking");
    let refused = grant(&stage, &[]);
    assert_eq!(broken(&refused), one("desk.access", "T5"));
    assert!(refused.stdout.contains("portal"), "{}", refused.told());
    let run = stage.run(["desk", "show", "open-banking"]).ok().stdout;
    assert!(run.contains("takes tickets only") && run.contains("its own portal"), "{run}");
    let refused = stage.run(["case", "open", "C-2", "--desk", "open-banking", "--for", "2w"]);
    refused.exits(2);
}

#[test]
fn d1_a_fault_at_the_gateway_ends_the_questions_and_the_grant() {
    let stage = opened("shop-developer");
    let run = stage.command(["case", "edit", "C-1"]).run_tty(&[
        ("Did the customer reach", ""),
        ("Answer:", "yes\n"),
        ("right amount?", ""),
        ("Answer:", "yes\n"),
        ("Rule D1:", ""),
    ]);
    let run = run.ok();
    assert!(!run.stdout.contains("On which page"), "{}", run.told());
    assert_eq!(show(&stage)["stop"]["rule"], "D1");
    let refused = grant(&stage, &[]);
    assert_eq!(broken(&refused), one("triage", "D1"));
    let reason = ["--reason", "the bank says that the shop is at fault"];
    let refused =
        grant(&stage, &[&["--override", "triage", "--override", "port"], &reason[..]].concat());
    // Nothing but the server stands in the way now, which is not there.
    assert_eq!(refused.exit, 5, "{}", refused.told());
}

#[test]
fn d7_before_anybody_is_let_in_the_questions_are_answered() {
    let stage = opened("shop-developer");
    assert_eq!(broken(&grant(&stage, &[])), one("answers", "D7"));
    let mut answers = vec!["reached_gateway=no", "page=cart", "failed=other", "shown=none"];
    answers.extend(["product=all", "found_by=customer", "happened_again=yes"]);
    answers.extend(["cache_emptied=still_there", "name=Anna", "mail=anna@shop.example"]);
    answers.extend(["message=the cart is empty", "consent=no"]);
    set(&stage, &answers).ok();
    assert_eq!(broken(&grant(&stage, &[])), one("triage", "D7"));
    set(&stage, &["consent=yes"]).ok();
    // Nothing but the server stands in the way now, which is not there.
    assert_eq!(grant(&stage, &[]).exit, 5);
}

#[test]
fn a_desk_of_ones_own_is_made_shown_and_used() {
    let stage = Stage::new();
    let dry = stage.run(["desk", "new", "acme-support", "--dry-run"]).ok();
    assert!(dry.stdout.contains("desk.toml"), "{}", dry.told());
    assert!(!stage.config().join("desks").exists());
    stage.run(["desk", "new", "acme-support"]).ok();
    let folder = stage.config().join("desks/acme-support");
    let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("desk.toml") & 0o022, mode("en.ftl") & 0o022), (0, 0));
    let shown = stage.run(["desk", "show", "acme-support"]).ok().stdout;
    assert!(shown.contains("Can you make it happen again?"), "{shown}");
    stage.run(["case", "open", "C-1", "--desk", "acme-support"]).ok();
    set(&stage, &["again=yes"]).ok();
    // What is otherwise wanted is required now.
    assert_eq!(show(&stage)["missing"], serde_json::json!(["since", "steps"]));
    for (name, kind) in
        [("acme-support", "there already"), ("multisafepay", "comes with"), ("A", "small")]
    {
        let refused = stage.run(["desk", "new", name]).exits(2);
        assert!(refused.stderr.contains(kind), "{}", refused.told());
    }
    let listed = stage.run(["desk", "list", "--json"]).ok().json()["result"]["desks"].clone();
    let access: Vec<&Value> =
        listed.as_array().unwrap().iter().map(|desk| &desk["access"]).collect();
    assert_eq!(access, [true, false, true, true], "{listed}");
}

#[test]
fn answers_of_a_closed_case_stay_as_they_are() {
    let stage = opened("multisafepay");
    set(&stage, &["since=Monday"]).ok();
    stage.run(["case", "close", "C-1"]).ok();
    let refused = set(&stage, &["since=Tuesday"]).exits(2);
    assert!(refused.stdout.contains("case reopen C-1"), "{}", refused.told());
    stage.run(["case", "reopen", "C-1", "--reason", "it goes on"]).ok();
    assert_eq!(answer(&show(&stage), "since"), "Monday");
    let unchanged = set(&stage, &["since=Monday"]).ok();
    let events = |stage: &Stage| stage.run(["ledger", "export"]).ok().stdout.lines().count();
    let before = events(&stage);
    assert!(unchanged.json()["ok"].as_bool().unwrap());
    set(&stage, &["since=Monday"]).ok();
    assert_eq!(events(&stage), before);
}
