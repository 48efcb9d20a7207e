//! The sources against the catalogue: what they ask it for is in it, nothing else is, and no new
//! sentence stands in Rust.

use std::fs;
use std::path::{Path, PathBuf};

use super::{LOCALES, has};

/// The calls that name an id, and where it stands among their arguments.
const IDS: [(&str, usize); 7] = [
    ("Id(", 0),
    ("Label::of(", 0),
    ("text(", 0),
    ("Note::of(", 0),
    ("Error::of(", 1),
    (".because_of(", 0),
    (".hint_of(", 0),
];

/// The calls that take a sentence, and where it stands among their arguments. Columns of tables and
/// unknown words take an [`Id`](super::Id) and nothing else.
const SENTENCES: [(&str, usize); 31] = [
    ("Error::new(", 1),
    ("problem(", 1),
    ("problem(", 2),
    (".hint(", 0),
    (".because_text(", 0),
    (".say(", 1),
    (".warn(", 0),
    (".progress(", 0),
    (".progress_of(", 1),
    (".step(", 0),
    (".ask(", 0),
    (".confirm(", 0),
    (".ask_secret(", 0),
    ("#[error(", 0),
    ("Note::quoted(", 0),
    ("Label::name(", 0),
    ("Label::text(", 0),
    ("Finding::good(", 0),
    ("Finding::good(", 1),
    ("Finding::bad(", 1),
    ("Finding::bad(", 2),
    ("Finding::bad(", 3),
    ("Part::proved(", 1),
    ("Part::failed(", 1),
    ("Part::not_tried(", 1),
    ("End::Broken(", 0),
    ("End::Refused(", 0),
    ("paint(", 1),
    ("mark(", 1),
    ("Cell::toned(", 1),
    ("io::Error::other(", 0),
];

/// Texts of three words or more that are no sentences of the catalogue, and how many of them each
/// source has. A number may only go down.
const OTHER_TEXTS: [(&str, usize); 19] = [
    // What other programs say, what is written for them, and what is typed.
    ("src/command/backup/local.rs", 1),
    ("src/command/demo/mod.rs", 2),
    ("src/command/demo/server.rs", 1),
    ("src/machine/schedule/cron.rs", 2),
    ("src/machine/schedule/systemd.rs", 2),
    ("src/remote/script/pack.rs", 1),
    ("src/remote/session.rs", 1),
    ("src/transport/link.rs", 1),
    ("src/transport/login.rs", 2),
    // What people call a password, and what is none, in three languages: looked for in texts of theirs.
    ("src/lint/label.rs", 42),
    ("src/lint/value.rs", 5),
    // The names of steps, which the JSON document has too, and of what took how long.
    ("src/command/provider/test.rs", 10),
    ("src/lifecycle/closing.rs", 2),
    ("src/lifecycle/proving.rs", 1),
    // What was found: the ledger keeps it in these words.
    ("src/lifecycle/difference/record.rs", 6),
    ("src/lifecycle/difference/shop.rs", 11),
    ("src/lifecycle/difference/software.rs", 10),
    ("src/lifecycle/difference/system.rs", 22),
    ("src/lifecycle/evidence.rs", 7),
];

/// Every source, by its path in the repository, up to its tests.
fn sources() -> Vec<(String, String)> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    files.sort();
    assert!(files.len() > 50, "the search for sources finds none any more");
    let name = |file: &Path| file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    let code = |file: &Path| {
        let source = fs::read_to_string(file).unwrap();
        let tests = ["\n#[cfg(test)]\nmod tests {", "\n#[cfg(test)]\npub(super) mod tests {"];
        tests
            .iter()
            .fold(source.as_str(), |code, tests| code.split(tests).next().unwrap())
            .to_owned()
    };
    // This one is about calls, and makes none; the others are about tests.
    let no_tests = [
        "message/asked.rs",
        "policy/desk_rules.rs",
        "policy/environment/cases.rs",
        "testing.rs",
        "fuzzing.rs",
    ];
    files.retain(|file| !no_tests.iter().any(|one| file.ends_with(one)));
    files.iter().map(|file| (name(file), code(file))).collect()
}

/// The argument with this number of each such call.
fn given<'a>(code: &'a str, call: &'a str, place: usize) -> impl Iterator<Item = &'a str> {
    // `io::Error` is another, and so is `Column::text`.
    let is_whole = move |at: usize| {
        let before = code[..at].trim_end_matches("message::").trim_end_matches("error::");
        let word = |c: char| c.is_alphanumeric() || "_.:".contains(c);
        !call.starts_with(|c: char| c.is_alphanumeric()) || !before.ends_with(word)
    };
    code.match_indices(call)
        .filter(move |(at, _)| is_whole(*at))
        .filter_map(move |(at, _)| arguments(&code[at + call.len()..]).into_iter().nth(place))
}

/// The arguments of a call, from behind its bracket on.
fn arguments(rest: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut escaped, mut start) = (0, false, false, 0);
    let mut found = Vec::new();
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ',' if depth == 0 => {
                found.push(rest[start..at].trim());
                start = at + 1;
                if c == ')' {
                    break;
                }
            }
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    found
}

/// The ids that a source asks for.
fn asked_for(code: &str) -> Vec<&str> {
    IDS.iter()
        .flat_map(|(call, place)| given(code, call, *place))
        .filter_map(|argument| argument.strip_prefix('"')?.strip_suffix('"'))
        .collect()
}

/// How many sentences a source says without the catalogue.
fn said_without_an_id(code: &str) -> usize {
    let is_sentence = |argument: &&str| {
        let text = argument.strip_prefix("&").unwrap_or(argument);
        text.starts_with('"') && text != "\"{0}\"" && text != "\"{}\""
            || text.starts_with("format!(\"")
    };
    SENTENCES.iter().flat_map(|(call, place)| given(code, call, *place)).filter(is_sentence).count()
}

/// The texts of a source, without its comments, its attributes, and what ends the program where
/// it is wrong.
fn texts(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(['"', '\'', '/', '#']) {
        let (before, here) = rest.split_at(at);
        rest = if here.starts_with("//") {
            here.split_once('\n').map_or("", |(_, rest)| rest)
        } else if here.starts_with("#[") || here.starts_with("#![") {
            let inner = &here[here.find('[').unwrap() + 1..];
            &inner[end_of(inner)..]
        } else if before.ends_with('r') && here.starts_with("#\"") {
            here[2..].split_once("\"#").map_or("", |(_, rest)| rest)
        } else if here.starts_with("'\"'") || here.starts_with("'/'") || here.starts_with("'#'") {
            &here[3..]
        } else if let Some(text) = here.strip_prefix('"') {
            let end = end_of_text(text);
            if !before.trim_end().ends_with("expect(") {
                found.push(text[..end].to_owned());
            }
            &text[end + 1..]
        } else {
            &here[1..]
        };
    }
    found
}

/// Where a text ends, from behind its first quote on.
fn end_of_text(rest: &str) -> usize {
    let mut escaped = false;
    let ends = |(_, c): &(usize, char)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    };
    rest.char_indices().find(ends).map_or(rest.len(), |(at, _)| at)
}

/// Where the bracket of an attribute is closed, from behind it on.
fn end_of(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while let Some(next) = rest[at..].find(['[', ']', '"']) {
        at += next;
        match &rest[at..=at] {
            "[" => depth += 1,
            "]" if depth == 0 => return at + 1,
            "]" => depth -= 1,
            _ => at += 1 + end_of_text(&rest[at + 1..]),
        }
        at += 1;
    }
    rest.len()
}

/// Whether a text reads like a sentence: three plain words, one after the other.
fn is_prose(text: &str) -> bool {
    let is_word = |word: &str| word.len() >= 2 && word.bytes().all(|b| b.is_ascii_lowercase());
    let text = text.replace("\\\n", " ");
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    words.windows(3).any(|three| three.iter().all(|word| is_word(word)))
}

/// Every id of the English catalogue, its attributes too.
fn catalogue() -> Vec<String> {
    let (_, catalogue) = LOCALES.iter().find(|(language, _)| *language == "en").unwrap();
    let (mut ids, mut message) = (Vec::new(), "");
    for line in catalogue.lines() {
        let Some((id, value)) = line.split_once(" =") else { continue };
        if id.starts_with(|c: char| c.is_ascii_lowercase()) {
            message = id;
            // A message may have nothing but attributes.
            if !value.is_empty() {
                ids.push(id.to_owned());
            }
        } else if let Some(attribute) = id.strip_prefix("    .") {
            ids.push(format!("{message}.{attribute}"));
        }
    }
    assert!(ids.len() > 400, "{ids:?}");
    ids
}

#[test]
fn every_id_that_the_code_asks_for_is_in_the_catalogue_and_no_other() {
    let sources = sources();
    let mut count = 0;
    for (file, code) in &sources {
        for id in asked_for(code) {
            count += 1;
            assert!(has(id), "{file}: `{id}` is not in locales/en/stagepass.ftl");
        }
    }
    assert!(count > 300, "the search for ids finds {count}");
    for id in catalogue() {
        // Those of rules are put together, and policy has a test for them.
        let quoted = format!("\"{id}\"");
        let asked =
            id.starts_with("rule-") || sources.iter().any(|(_, code)| code.contains(&quoted));
        assert!(asked, "nobody asks for `{id}`");
    }
}

#[test]
fn no_new_sentence_stands_in_rust() {
    let told: String = sources()
        .iter()
        .map(|(file, code)| (file, said_without_an_id(code)))
        .filter(|(_, count)| *count > 0)
        .map(|(file, count)| format!("{file}: {count}; name an id of the catalogue instead\n"))
        .collect();
    assert!(told.is_empty(), "sentences in Rust:\n{told}");
}

#[test]
fn no_other_text_of_several_words_stands_in_rust() {
    let mut told = String::new();
    // What those of the ledger say is SQL, but for its errors.
    let sources = sources();
    let others = sources.iter().filter(|(file, _)| {
        !file.starts_with("src/ledger/")
            || ["error.rs", "place.rs"].iter().any(|one| file.ends_with(one))
    });
    for (file, code) in others {
        let found: Vec<String> = texts(code).into_iter().filter(|text| is_prose(text)).collect();
        let (_, may) = OTHER_TEXTS.iter().find(|(name, _)| name == file).unwrap_or(&("", 0));
        if found.len() != *may {
            let count = found.len();
            told.push_str(&format!("(\"{file}\", {count}), // {may} in OTHER_TEXTS: {found:#?}\n"));
        }
    }
    for (name, _) in OTHER_TEXTS {
        assert!(sources.iter().any(|(file, _)| file == name), "there is no {name} any more");
    }
    assert!(told.is_empty(), "{told}");
}

#[test]
fn texts_are_found_and_what_is_none_is_not() {
    let code = r##"
        // "not in a comment here"
        /// "nor in this one here"
        #[arg(help = "nor what an attribute says [x]")]
        const A: &str = "one text of ours";
        let c = '"'; let d = format!("an \"odd\" one with {words} and more of them");
        let raw = r#"not in raw text here"#; x.expect("it is never said so");
        f("SELECT", "two words", "not-a sentence-it is");
    "##;
    let found: Vec<String> = texts(code).into_iter().filter(|text| is_prose(text)).collect();
    assert_eq!(found, ["one text of ours", r#"an \"odd\" one with {words} and more of them"#]);
}

#[test]
fn calls_are_found_however_they_are_written() {
    let code = r#"
        Error::of(Kind::Usage, "one", &[("a", f(x, "y").into())])
            .hint_of(
                "two", &[],
            )
            .because_of("three.why", &[]);
        message::text("four", &[]);
        Note::of("five", &[]);
        Column::text("six", 0);
        other_text("seven", &[]);
    "#;
    let mut ids = asked_for(code);
    ids.sort_unstable();
    assert_eq!(ids, ["five", "four", "one", "three.why", "two"]);
    assert_eq!(said_without_an_id(code), 0);
}

#[test]
fn sentences_are_found_however_they_are_written() {
    for said in [
        r#"Error::new(Kind::Usage, "a")"#,
        r#"error::Error::new(error::Kind::Usage, "a (b, c")"#,
        "Error::new(\n    kind(a, b),\n    format!(\"{a}\"),\n)",
        r#"e.hint("a").because(x)"#,
        r#"e.because_text(format!("a {b}"))"#,
        r#"output.say(Tone::Faint, &format!("a"))"#,
        r#"output.ask("a?")"#,
        "#[error(\"a {b}\")]",
    ] {
        assert_eq!(said_without_an_id(said), 1, "{said}");
    }
    for other in [
        "Error::new(kind, message)",
        "e.hint(hint)",
        "io::Error::new(kind, \"a\")",
        "#[error(transparent)]",
        r#"#[error("{0}")]"#,
        "output.say(Tone::Faint, &text)",
    ] {
        assert_eq!(said_without_an_id(other), 0, "{other}");
    }
}
