//! The sources against the catalogue: what they ask it for is in it, nothing else is, and no new
//! sentence stands in Rust.

use std::fs;
use std::path::{Path, PathBuf};

use super::{LOCALES, has};

/// The calls that name an id, and where it stands among their arguments.
const IDS: [(&str, usize); 6] = [
    ("Id(", 0),
    ("text(", 0),
    ("Note::of(", 0),
    ("Error::of(", 1),
    (".because_of(", 0),
    (".hint_of(", 0),
];

/// The calls that take a sentence, and where it stands among their arguments.
const SENTENCES: [(&str, usize); 12] = [
    ("Error::new(", 1),
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
];

/// How many sentences still stand in each source. A number may only go down: who moves a sentence
/// to the catalogue lowers it, and takes the line out with the last one.
const STILL_IN_RUST: [(&str, usize); 0] = [];

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
        source.split("\n#[cfg(test)]\nmod tests {").next().unwrap().to_owned()
    };
    // This one is about calls, and makes none.
    files.retain(|file| !file.ends_with("message/asked.rs"));
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
    let mut counted = Vec::new();
    for (file, code) in sources() {
        let is = said_without_an_id(&code);
        let (_, may) = STILL_IN_RUST.iter().find(|(name, _)| *name == file).unwrap_or(&("", 0));
        counted.push((file, is, *may));
    }
    for (name, _) in STILL_IN_RUST {
        assert!(counted.iter().any(|(file, ..)| file == name), "there is no {name} any more");
    }
    let told: String = counted
        .iter()
        .filter(|(_, is, may)| is != may)
        .map(|(file, is, may)| {
            let todo = if is > may { "name an id of the catalogue instead" } else { "lower it" };
            format!("(\"{file}\", {is}), // {may} in STILL_IN_RUST: {todo}\n")
        })
        .collect();
    assert!(told.is_empty(), "sentences in Rust:\n{told}");
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
