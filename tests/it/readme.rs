//! What README.md shows is what happens: its tour, command by command, on a real server.
//!
//! A block marked `console` holds commands after `$ ` and what they print. `…` stands for any
//! text, a line of only `…` for any number of lines; `(exit code N)` is what it says, and 0 where
//! it is not said. A command whose text shows a question with its answer is run on a terminal.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::host::{Host, SUITE, Sudo};
use crate::stage::{Key, Stage};

/// The grant of the tour, and what its account's name has of it.
const ID: &str = "k7m2x9p4qd";
const ID_IN_ACCOUNT: &str = "k7m2x";

/// One command of a tour with all that is said about it.
#[derive(Debug, Default)]
struct Step {
    command: String,
    printed: Vec<String>,
    exit: i32,
}

#[test]
fn every_command_of_the_tour_does_what_it_shows_on_a_booted_host() {
    let stage = Stage::new();
    let host =
        stage.full(SUITE).deploy(Sudo::NoPassword).shop().hostname("staging.shop.example").start();
    tour(&stage, &host, "README.md", |_| {});
}

/// Runs every command that a page shows, and holds what it prints against the page. `before` is what the page takes for
/// granted, with the PATH on which the program is.
pub fn tour(stage: &Stage, host: &Host, page: &str, before: impl FnOnce(&str)) {
    let jane = stage.supporter_key();
    let path = set_the_stage(stage, host, &jane);
    before(&path);
    let steps = steps(&read(page));
    assert!(steps.len() >= 12, "the tour was not found: {steps:?}");
    let mut id = ID.to_owned();
    for step in steps {
        let command = with_id(&step.command, &id);
        let question = step.printed.iter().find(|line| line.ends_with("[y/N] y"));
        let run = if question.is_some() {
            let words = words(&command);
            let run = stage.command(&words[1..]).env("PATH", &path).env("NO_COLOR", "1");
            run.env("TERM", "dumb").run_tty(&[("[y/N]", "y\n")])
        } else {
            let line = format!("exec 2>&1; {command}");
            stage.program("bash", ["-euo", "pipefail", "-c", &line]).env("PATH", &path).run()
        };
        let run = run.exits(step.exit);
        if let Some(rest) = run.stdout.split("Granted: ").nth(1) {
            id = rest.split('.').next().unwrap().to_owned();
            assert_eq!(id.len(), ID.len(), "{}", run.told());
        }
        let expected: Vec<String> = step.printed.iter().map(|line| with_id(line, &id)).collect();
        let printed = lines(&run.stdout);
        if let Err(line) = compare(&expected, &printed) {
            panic!("{page} shows `{line}`, but `{command}` printed\n{}", printed.join("\n"));
        }
    }
    assert_ne!(id, ID, "nothing was granted");
}

/// The block that installs it, from where the program is there.
#[test]
fn the_lines_that_install_completion_and_man_pages_do_so_on_a_fresh_account() {
    let stage = Stage::new();
    let page = read("README.md");
    let block = page.split("```sh\n").find(|block| block.contains("completions")).unwrap();
    let block = block.split("```").next().unwrap();
    let (before, lines) = block.split_once("cargo install --locked --path .\n").unwrap();
    assert!(before.contains("git clone") && lines.contains("stagepass man"), "{block}");
    let program = Path::new(env!("CARGO_BIN_EXE_stagepass")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", program.display());
    let bash = |script: &str| {
        let words = ["--norc", "-euo", "pipefail", "-c", script];
        stage.program("bash", words).env("PATH", &path).run()
    };
    bash(lines).ok();
    // Where a shell looks for it by itself, it is found, and offers what is there.
    let script = "cd; . .local/share/bash-completion/completions/stagepass; complete -p stagepass";
    let run = bash(script).ok();
    assert!(run.stdout.contains("stagepass"), "{}", run.told());
    let tab = "COMP_WORDS=(stagepass revo) COMP_CWORD=1 COMP_TYPE=9; \
               _clap_complete_stagepass stagepass revo x; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let run = bash(&format!("{script} >/dev/null; {tab}")).ok();
    assert_eq!(run.stdout.trim(), "revoke", "{}", run.told());
    let page = stage.home().join(".local/share/man/man1/stagepass-revoke.1");
    assert!(page.exists(), "{}", page.display());
}

#[test]
fn the_tables_of_exit_codes_are_the_programs() {
    use stagepass::testing::error::Kind;
    let kinds = [
        Kind::Internal,
        Kind::Usage,
        Kind::Policy,
        Kind::NotFound,
        Kind::Unreachable,
        Kind::Refused,
        Kind::Unknown,
        Kind::Stuck,
    ];
    let codes: BTreeSet<String> = kinds.iter().map(|kind| kind.exit_code().to_string()).collect();
    for page in ["README.md", "docs/exit-codes.md"] {
        let shown: BTreeSet<String> = first_cells(&read(page))
            .into_iter()
            .filter(|cell| cell.chars().all(|c| c.is_ascii_digit()) && cell != "0")
            .collect();
        assert_eq!(shown, codes, "{page}");
    }
    let page = read("docs/exit-codes.md");
    for kind in kinds {
        let row = format!("| {} | `{}` |", kind.exit_code(), kind.id());
        assert!(page.contains(&row), "docs/exit-codes.md has no row `{row}`");
    }
}

#[test]
fn every_direct_dependency_has_its_reason() {
    let manifest: toml_edit::DocumentMut = read("Cargo.toml").parse().unwrap();
    let mut tables = vec![manifest["dependencies"].as_table().unwrap()];
    tables.push(manifest["dev-dependencies"].as_table().unwrap());
    for (_, target) in manifest["target"].as_table().unwrap() {
        tables.push(target["dependencies"].as_table().unwrap());
    }
    let crates: BTreeSet<String> =
        tables.iter().flat_map(|table| table.iter().map(|(name, _)| name.to_owned())).collect();
    let told: BTreeSet<String> = first_cells(&read("docs/dependencies.md"))
        .iter()
        .filter_map(|cell| Some(cell.strip_prefix('`')?.strip_suffix('`')?.to_owned()))
        .collect();
    assert_eq!(told, crates);
}

#[test]
fn every_link_between_the_pages_leads_somewhere() {
    let mut pages: Vec<PathBuf> = ["README.md", "CHANGELOG.md"].map(PathBuf::from).into();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(Path::new("docs").join(path.file_name().unwrap()));
        }
    }
    let mut broken = Vec::new();
    for page in &pages {
        let text = read(page.to_str().unwrap());
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            let outside = link.contains("://") || file.is_empty();
            if !outside && !root().join(page).parent().unwrap().join(file).exists() {
                broken.push(format!("{} -> {link}", page.display()));
            }
        }
    }
    // Files of the source that a page names in backquotes.
    for page in &pages {
        let text = read(page.to_str().unwrap());
        let named = text.split('`').filter(|word| !word.contains(['…', '*', '<', ' ', '\n']));
        for file in named.filter(|word| word.starts_with("tests/") || word.starts_with("src/")) {
            if !root().join(file).exists() {
                broken.push(format!("{} names {file}", page.display()));
            }
        }
    }
    assert_eq!(broken, [""; 0]);
}

#[test]
fn a_pattern_matches_what_it_should_and_nothing_else() {
    let printed = ["one", "two and three", "four"].map(String::from);
    let fits = |expected: &[&str]| {
        let expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
        compare(&expected, &printed).is_ok()
    };
    assert!(fits(&["one", "two and three", "four"]));
    assert!(fits(&["one", "…"]));
    assert!(fits(&["…", "four"]));
    assert!(fits(&["one", "two … three", "…"]));
    assert!(fits(&["…", "… and …", "f…"]));
    assert!(!fits(&["one", "two and three"]));
    assert!(!fits(&["one", "two … four", "four"]));
    assert!(!fits(&["…", "one"]));
    assert!(!fits(&["one", "four"]));
}

// ---- the merchant's and the supporter's computers ----------------------------------------------

/// Both know the server by name; the commands of the tour find this program and `sftp` on the
/// returned PATH.
fn set_the_stage(stage: &Stage, host: &Host, jane: &Key) -> String {
    let config = |identity: &Path, more: &str| {
        format!(
            "Host staging.shop.example\n  HostName {}\n  Port {}\n  IdentityFile {}\n{more}",
            host.address,
            host.port,
            identity.display()
        )
    };
    let merchants = stage.home().join(".ssh/config");
    fs::write(merchants, config(&stage.admin.private, "")).unwrap();
    fs::copy(&jane.public, stage.home().join("jane.pub")).unwrap();

    // OpenSSH's own client looks for its files in the home of the account, not in `HOME`.
    let known = stage.known_hosts(host);
    let janes = stage.supporter_path().join("config");
    let more = format!(
        "  UserKnownHostsFile {}\n  GlobalKnownHostsFile none\n  IdentityAgent none\n  \
         IdentitiesOnly yes\n  StrictHostKeyChecking yes\n  HostKeyAlias {}\n",
        known.display(),
        host.known_hosts_name(),
    );
    fs::write(&janes, config(&jane.private, &more)).unwrap();
    let bin = stage.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let sftp = bin.join("sftp");
    let script = format!("#!/bin/sh\nexec /usr/bin/sftp -F '{}' \"$@\"\n", janes.display());
    fs::write(&sftp, script).unwrap();
    fs::set_permissions(&sftp, fs::Permissions::from_mode(0o755)).unwrap();

    let program = Path::new(env!("CARGO_BIN_EXE_stagepass")).parent().unwrap();
    format!("{}:{}:/usr/bin:/bin", bin.display(), program.display())
}

// ---- reading the page --------------------------------------------------------------------------

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|e| panic!("{page}: {e}"))
}

/// The first cell of every row of every table.
fn first_cells(page: &str) -> Vec<String> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
        .map(str::to_owned)
        .collect()
}

/// Every command of every block marked `console`.
fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let blocks = page.split("```console\n").skip(1);
    for line in blocks.flat_map(|rest| rest.split("```").next().unwrap().lines()) {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), ..Step::default() });
            continue;
        }
        let step = steps.last_mut().expect("a block begins with a command");
        if step.printed.is_empty()
            && let Some(begun) = step.command.strip_suffix('\\')
        {
            step.command = format!("{begun}{}", line.trim_start());
        } else if let Some(code) = line.strip_prefix("(exit code ") {
            step.exit = code.trim_end_matches(')').parse().unwrap();
        } else {
            step.printed.push(line.to_owned());
        }
    }
    steps
}

fn with_id(text: &str, id: &str) -> String {
    let text = text.replace(ID, id);
    if id == ID { text } else { text.replace(ID_IN_ACCOUNT, &id[..ID_IN_ACCOUNT.len()]) }
}

/// Words without quotes: all that the one command run on a terminal needs.
fn words(command: &str) -> Vec<String> {
    assert!(!command.contains(['\'', '"']), "no quotes are understood here: {command}");
    command.split_whitespace().map(str::to_owned).collect()
}

/// What was on the screen, line by line, without what moves the cursor and the blanks at the ends.
fn lines(screen: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = screen.chars();
    while let Some(c) = rest.next() {
        if c == '\x1b' {
            let _ = rest.by_ref().skip(1).find(char::is_ascii_alphabetic);
        } else if c != '\r' {
            text.push(c);
        }
    }
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

// ---- comparing ---------------------------------------------------------------------------------

/// Whether the printed lines are as expected; if not, the line that nothing fits.
fn compare(expected: &[String], printed: &[String]) -> Result<(), String> {
    let Some((first, later)) = expected.split_first() else {
        return match printed.iter().find(|line| !line.is_empty()) {
            None => Ok(()),
            Some(line) => Err(format!("the end, and not {line}")),
        };
    };
    if first == "…" {
        // The most telling complaint is about the line after the gap.
        let mut complaint = None;
        for skipped in 0..=printed.len() {
            match compare(later, &printed[skipped..]) {
                Ok(()) => return Ok(()),
                Err(line) => complaint = complaint.or(Some(line)),
            }
        }
        return Err(complaint.unwrap_or_default());
    }
    match printed.split_first() {
        Some((line, rest)) if fits(first.trim_end(), line) => compare(later, rest),
        _ => Err(first.clone()),
    }
}

/// Whether a line fits a pattern in which `…` is any text.
fn fits(pattern: &str, line: &str) -> bool {
    let Some((before, after)) = pattern.split_once('…') else { return pattern == line };
    let Some(rest) = line.strip_prefix(before) else { return false };
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| fits(after, &rest[at..]))
}
