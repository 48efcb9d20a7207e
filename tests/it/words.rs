//! What stagepass says without asking its catalogue: it is given one in which every letter is
//! another, and in what it prints then no plain word may be left.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use stagepass::testing::grant::{Access, Grant, Layer, NewGrant, State, Supporter, UnixTime};
use stagepass::testing::ledger::{Event, Lease, Ledger, Location, Mode};

use crate::stage::Stage;

/// A catalogue in no language: the letters of its sentences are others, and what is put in, what
/// chooses, and what stands in backquotes is as it was.
fn in_other_letters(catalogue: &str) -> String {
    let mut others = String::new();
    for line in catalogue.lines() {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        let head = if line.starts_with('#') || text.starts_with('}') {
            // The end of a choice may have words behind it.
            if text.starts_with('}') { 1 } else { text.len() }
        } else if text.starts_with('[') || text.starts_with("*[") {
            text.find(']').unwrap() + 1
        } else if indent.is_empty() || text.starts_with('.') {
            text.find('=').map_or(text.len(), |at| at + 1)
        } else {
            0
        };
        others.push_str(indent);
        others.push_str(&text[..head]);
        others.push_str(&sentence_in_other_letters(&text[head..]));
        others.push('\n');
    }
    others
}

fn sentence_in_other_letters(text: &str) -> String {
    let (mut depth, mut quoted) = (0, false);
    let other = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            '`' if depth == 0 => quoted = !quoted,
            _ if depth == 0 && !quoted => return another(c),
            _ => {}
        }
        c
    };
    text.chars().map(other).collect()
}

/// A letter that looks like it, from another part of Unicode.
fn another(c: char) -> char {
    let others = "áƀçđéƒĝĥíĵķĺɱñóþɋŕšţúṽŵẋýž";
    let at = |c: char| usize::try_from(u32::from(c) - u32::from('a')).ok();
    match c {
        'a'..='z' => others.chars().nth(at(c).unwrap()).unwrap(),
        'A'..='Z' => another(c.to_ascii_lowercase()).to_uppercase().next().unwrap(),
        other => other,
    }
}

/// The words of three plain letters or more, but for what stands in backquotes.
fn plain_words(text: &str) -> BTreeSet<String> {
    text.split('`')
        .step_by(2)
        .flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && !"._-/".contains(c)))
        .map(|word| word.trim_end_matches(['.', '-', '_']))
        .filter(|word| word.chars().filter(char::is_ascii_alphabetic).count() >= 3)
        .filter(|word| word.chars().all(|c| !c.is_alphabetic() || c.is_ascii()))
        // Ids, hashes, paths, and the names of rules and events.
        .filter(|word| !word.contains(|c: char| c.is_ascii_digit() || "./".contains(c)))
        .map(str::to_owned)
        .collect()
}

fn pseudo_catalogue(folder: &Path) -> PathBuf {
    let english = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales/en/stagepass.ftl");
    let file = folder.join("other-letters.ftl");
    fs::write(&file, in_other_letters(&fs::read_to_string(english).unwrap())).unwrap();
    file
}

#[test]
fn only_the_letters_of_sentences_are_changed() {
    let catalogue = "# A word\nan-id = It is { $kind ->\n        [one] one `list` thing\n       \
                     *[other] { $count } things\n    } there\n    .way-out = Ask.\n";
    let others = "# A word\nan-id = Íţ íš { $kind ->\n        [one] óñé `list` ţĥíñĝ\n       \
                  *[other] { $count } ţĥíñĝš\n    } ţĥéŕé\n    .way-out = Ášķ.\n";
    assert_eq!(in_other_letters(catalogue), others);
    let found = plain_words("ţĥíñĝ plain. `quoted words` an éñd sp-ana /var/x k7m2 live.access");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["plain", "sp-ana"]);
}

/// What is the same in every language: names that were given, ids, and words that are typed.
const NEVER_TRANSLATED: &[&str] = &[
    // Given by the test.
    "ana",
    "shop",
    "Ana",
    "MultiSafepay",
    "--supporter",
    // Names of desks, providers, protocols and rules.
    "linux-account",
    "multisafepay",
    "port",
    "sftp",
    "ssh",
    // What is typed, in options and in files.
    "auto",
    "live",
    "none",
    "staging",
    // Everywhere the same.
    "UTC",
];

/// What others say, each in its own way: the desk in its folder, and the system.
fn said_by_others(stage: &Stage) -> Vec<String> {
    let desk = stage.run(["desk", "show", "multisafepay", "--json"]).ok().json();
    let desk = &desk["result"];
    let rules = desk["rules"].as_array().unwrap().iter();
    let mut all: Vec<String> =
        rules.map(|rule| rule["text"].as_str().unwrap().to_owned()).collect();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    for question in desk["questions"].as_array().unwrap() {
        all.extend([text(&question["text"]), text(&question["id"])]);
        all.extend(question["choices"].as_array().unwrap().iter().map(text));
    }
    let desks = stage.run(["desk", "list", "--json"]).ok().json();
    for desk in desks["result"]["desks"].as_array().unwrap() {
        all.extend([text(&desk["name"]), text(&desk["id"])]);
    }
    // The longest first: some are part of others.
    all.sort_by_key(|text| std::cmp::Reverse(text.len()));
    let errors = [
        rustix::io::Errno::CONNREFUSED,
        rustix::io::Errno::HOSTUNREACH,
        rustix::io::Errno::NETUNREACH,
        rustix::io::Errno::NOENT,
    ];
    all.extend(errors.map(|errno| std::io::Error::from(errno).to_string()));
    all
}

/// In seconds.
const HOUR: UnixTime = 60 * 60;

fn grant(id: &str, supporter: &str, now: UnixTime) -> Grant {
    NewGrant {
        id: id.into(),
        case: "C-1".into(),
        target: "staging".into(),
        supporter: Supporter { name: supporter.into(), company: "MultiSafepay".into() },
        access: Access::Sftp,
        created_at: now - 2 * HOUR,
        deadline: now + HOUR,
        deadline_maximum: now + 24 * HOUR,
        terms: "{}".into(),
        layers: vec![Layer {
            provider: "linux-account".into(),
            account: format!("sp-{supporter}"),
            inputs: "{}".into(),
            outputs: "{}".into(),
            ..Layer::default()
        }],
    }
    .grant()
}

/// A ledger in which grants stand in several states, all of the same hour.
async fn filled(place: PathBuf, now: UnixTime) {
    let ledger = Ledger::open(&Location::File(place), Mode::ReadWrite).await.unwrap();
    let event = |verb: &str| Event::new(now, "ana@shop", verb, json!({}));
    for (number, state) in
        [State::Open, State::Stuck, State::Closed, State::Open].iter().enumerate()
    {
        let id = format!("k7m2x9abc{number}");
        let lease = Lease { owner: "elsewhere-000000000000/1/a".into(), until: now + 60 };
        let mut grant = grant(&id, &format!("ana{number}"), now);
        if number == 3 {
            grant.deadline = now - 30 * HOUR;
        }
        let mut grant = ledger.begin(&grant, &lease, &event("grant.opening")).await.unwrap();
        (grant.lease_owner, grant.lease_until) = (None, None);
        for next in [State::Open, State::Closing, *state] {
            if grant.state != next && grant.state.may_become(next) && grant.state != *state {
                grant.move_to(next);
                grant = ledger.record(&grant, &event("grant.moved")).await.unwrap();
            }
        }
        assert_eq!(grant.state, *state);
    }
    ledger.close().await;
}

#[test]
fn no_command_says_a_word_without_the_catalogue() {
    if !cfg!(debug_assertions) {
        return;
    }
    let stage = Stage::new();
    let catalogue = pseudo_catalogue(stage.path());
    let key = stage.admin.public.display().to_string();
    let targets = "[target.staging]\naddress = \"ssh://127.0.0.1:9\"\nhost_key = \"SHA256:\
                   A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A\"\nenvironment = \"staging\"\n\
                   path = \"/var/www/shop\"\n[target.live]\naddress = \"ssh://ana@192.0.2.7:2222\"\n\
                   host_key = \"SHA256:A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A\"\nenvironment = \
                   \"live\"\n";
    fs::write(stage.config().join("targets.toml"), targets).unwrap();
    stage.run(["case", "open", "C-1", "--desk", "multisafepay"]).ok();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_secs()).unwrap();
    let ledger = stage.state().join("ledger.sqlite3");
    assert!(ledger.is_file());
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(filled(ledger, now));

    let grant = ["grant", "--case", "C-1", "--target", "staging", "--key", &key];
    let live = ["grant", "--case", "C-1", "--target", "live", "--supporter", "Ana", "--key", &key];
    let late = [&grant[..], &["--supporter", "Ana", "--for", "900d"]].concat();
    let unnamed = [&grant[..], &["--supporter", ""]].concat();
    let others = said_by_others(&stage);
    let mut left = BTreeSet::new();
    for words in [
        &["list", "--all"][..],
        &["case", "list", "--all"],
        &["case", "show", "C-1"],
        &["show", "k7m2x9abc1"],
        &["desk", "list"],
        &["desk", "show", "multisafepay"],
        &["doctor"],
        &["doctor", "--offline"],
        &["target", "list"],
        &["target", "show", "staging"],
        &["target", "check", "staging"],
        &["ledger", "verify"],
        &["ledger", "verify", "--head", "x"],
        &["schedule", "status"],
        &live,
        &late,
        &unnamed,
    ] {
        let run = stage.command(words).env("STAGEPASS_CATALOGUE_OF_A_TEST", &catalogue).run();
        let said = run.output();
        assert!(!said.is_ascii(), "the catalogue is not the test's: {}", run.told());
        let said = others.iter().fold(said, |said, other| said.replace(other, ""));
        for word in plain_words(&said) {
            if !NEVER_TRANSLATED.contains(&word.as_str()) {
                left.insert(format!("{}: {word}", words.join(" ")));
            }
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}
