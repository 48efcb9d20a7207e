//! Bad input, through the real program: every mistake gets one clear message, the documented exit
//! code, and costs nothing. Nothing typed is ever executed or printed as it was.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::again::{self, Again};
use crate::host::{SUITE, Sudo};
use crate::stage::{Ended, Invocation, Run, Stage, files_containing};

/// A public key of the right type that nobody holds the other half of.
const PUBLIC: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

/// A target that is written down and that nothing listens at.
const TARGETS: &str = r#"
[target.staging]
address = "ssh://deploy@127.0.0.1:1"
host_key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
environment = "staging"
"#;

/// What tears a message, a terminal or a reader's eye apart.
const HOSTILE: &[&str] = &["\u{1b}", "\u{7}", "\u{202e}", "\u{2066}", "\u{200b}", "\u{9b}", "\r"];

impl Stage {
    /// One with a target that is down and an open case `C-1`.
    fn with_case() -> Self {
        let stage = Self::new();
        fs::write(stage.config().join("targets.toml"), TARGETS).unwrap();
        stage.run(["case", "open", "C-1", "--desk", "multisafepay"]).ok();
        stage
    }

    /// A run whose colours, and whatever else is in its messages, are not filtered for the pipe.
    fn loud<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Invocation {
        self.command(args).env("CLICOLOR_FORCE", "1").limit(Duration::from_secs(30))
    }

    /// Runs it and looks at how it said no.
    #[track_caller]
    fn refused<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>, code: i32) -> Ended {
        one_message(self.loud(args).run(), code)
    }

    /// `grant` with everything right but what `more` says.
    fn grant(&self, more: &[&str]) -> Invocation {
        let mut args = vec!["grant", "--case", "C-1", "--target", "staging", "--supporter", "Ana"];
        args.extend(["--override", "port", "--reason", "a test's port"]);
        args.extend(more);
        self.loud(args)
    }

    /// A supporter's key file.
    fn key_file(&self, bytes: impl AsRef<[u8]>) -> String {
        let taken = fs::read_dir(self.supporter_path()).unwrap().count();
        let path = self.supporter_path().join(format!("given{taken}"));
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn events(&self) -> i64 {
        let run = self.run(["ledger", "verify", "--json"]).ok();
        run.json()["result"]["verdict"]["events"].as_i64().unwrap()
    }
}

/// One message that says what happened and why or what to do; no panic; nothing raw.
#[track_caller]
fn one_message(run: Run, code: i32) -> Ended {
    let ended = run.exits(code);
    harmless(&ended);
    let plain = plain(&ended.stderr);
    let errors = plain.lines().filter(|line| line.starts_with("error:")).count();
    assert_eq!(errors, 1, "{}", ended.told());
    assert!(ended.stdout.is_empty(), "{}", ended.told());
    let more = ["because:", "hint:", "why:", "way out:", "For more information", "Usage:", "tip:"];
    assert!(more.iter().any(|word| plain.contains(word)), "no way on in\n{}", ended.told());
    ended
}

/// Nothing on either output that a terminal would obey but our own colours.
#[track_caller]
fn harmless(ended: &Ended) {
    let text = plain(&ended.output());
    for bad in ["panicked", "RUST_BACKTRACE", "stack backtrace", "overflow"] {
        assert!(!text.contains(bad), "{bad} in\n{}", ended.told());
    }
    for bad in HOSTILE {
        assert!(!text.contains(bad), "{:?} in\n{}", bad, ended.told());
    }
    assert!(text.len() < 12_000, "{} bytes of\n{}", text.len(), ended.told());
}

/// Without colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('m') {
            Some((code, rest)) if code.chars().all(|c| c.is_ascii_digit() || c == ';') => {
                kept.push_str(rest);
            }
            _ => {
                kept.push_str("\u{1b}[");
                kept.push_str(part);
            }
        }
    }
    kept
}

fn run_of(command: &mut Command) -> Run {
    crate::stage::bounded(command, b"", Duration::from_secs(30))
}

fn mkfifo(path: &Path) {
    run_of(Command::new("mkfifo").arg(path)).ok();
}

// ---- files ---------------------------------------------------------------------------------------

#[test]
fn a_mistake_in_a_hand_written_file_is_shown_with_its_place_and_without_its_secrets() {
    let stage = Stage::new();
    let file = |name: &str| stage.config().join(name);
    for (name, text, args, place) in [
        ("targets.toml", "[target.staging\n", &["target", "list"][..], "line 1, column 16"),
        ("targets.toml", "\n[target.a]\naddress = 5\n", &["list"], ""),
        ("targets.toml", "[target.a]\naddress = 5\n", &["target", "list"], "line 2, column 11"),
        ("targets.toml", "[target.a]\nadress = 'x'\n", &["target", "list"], "line 2, column 1"),
        ("targets.toml", "[target.a]\n", &["target", "show", "a"], "line 1, column 9"),
        ("targets.toml", "[target.'a\u{202e}b']\n", &["target", "list"], "line 1, column 9"),
        ("targets.toml", "target = 1\n", &["target", "list"], "line 1"),
        ("config.toml", "ledger = \n", &["list"], "line 1, column 10"),
        ("config.toml", "\n\nlegder = 'x'\n", &["case", "list"], "line 3, column 1"),
        ("config.toml", "[policy]\nnonsense = true\n", &["list"], "line 2, column 1"),
        ("config.toml", "ledger = 'postgres://me:hunter2@h/x\n", &["list"], "line 1, column"),
        ("config.toml", "ledger = 'mysql://me:hunter2@h/x'\n", &["list"], ""),
        ("config.toml", "ledger = ['postgres://me:hunter2@h/x']\n", &["list"], "line 1, column 10"),
        ("config.toml", "policy = 'postgres://me:hunter2@h/x'\n", &["list"], "line 1, column 10"),
    ] {
        fs::write(file(name), text).unwrap();
        if place.is_empty() && name == "targets.toml" {
            // Grants are listed without the targets.
            stage.run(args).ok();
        } else {
            let ended = stage.refused(args, 2);
            assert!(ended.stderr.contains(place), "{}", ended.told());
            assert!(!ended.stderr.contains("hunter2"), "{}", ended.told());
        }
        fs::remove_file(file(name)).unwrap();
    }
}

#[test]
fn a_file_that_is_none_or_that_others_may_write_is_refused_and_nothing_hangs() {
    let stage = Stage::with_case();
    let place = |name: &str| stage.config().join(name);
    for name in ["targets.toml", "config.toml"] {
        let path = place(name);
        let _ = fs::remove_file(&path);
        fs::create_dir(&path).unwrap();
        let ended = stage.refused(["target", "list"], 2);
        assert!(ended.stderr.contains("not a regular file"), "{}", ended.told());
        fs::remove_dir(&path).unwrap();
        mkfifo(&path);
        stage.refused(["target", "list"], 2);
        fs::remove_file(&path).unwrap();
        symlink("/dev/zero", &path).unwrap();
        stage.refused(["target", "list"], 2);
        fs::remove_file(&path).unwrap();
        fs::write(&path, vec![b'#'; 5 * 1024 * 1024]).unwrap();
        stage.refused(["target", "list"], 2);
        fs::write(&path, b"a = '\xff\xfe'").unwrap();
        stage.refused(["target", "list"], 2);
        fs::remove_file(&path).unwrap();
    }
    fs::write(place("targets.toml"), TARGETS).unwrap();
    fs::set_permissions(place("targets.toml"), fs::Permissions::from_mode(0o666)).unwrap();
    let ended = stage.refused(["target", "list"], 2);
    assert!(ended.stderr.contains("chmod 600"), "{}", ended.told());
    // Not changed by a command that would, either.
    let add = ["target", "add", "here", "local:", "--environment", "staging"];
    stage.refused(add, 2);
    assert_eq!(fs::read_to_string(place("targets.toml")).unwrap(), TARGETS);
}

#[test]
fn what_is_not_there_is_code_4_and_an_ambiguous_id_is_refused() {
    let stage = Stage::with_case();
    let key = stage.key_file(PUBLIC);
    for args in [
        &["target", "show", "nowhere"][..],
        &["target", "check", "nowhere"],
        &["target", "remove", "nowhere"],
        &["case", "show", "C-2"],
        &["case", "close", "C-2"],
        &["case", "open", "C-3", "--desk", "nobody"],
        &["desk", "show", "nobody"],
        &["provider", "show", "nothing"],
        &["provider", "test", "nothing", "--target", "staging"],
        &["show", "zzzz"],
        &["revoke", "zzzz"],
        &["extend", "zzzz", "--for", "1d"],
    ] {
        let ended = stage.refused(args, 4);
        assert!(ended.stderr.contains("hint:"), "{}", ended.told());
    }
    let unknown = |what: &str| match what {
        "--case" => ["grant", "--case", "C-2", "--target", "staging"],
        _ => ["grant", "--case", "C-1", "--target", "nowhere"],
    };
    for what in ["--case", "--target"] {
        let more = ["--supporter", "Ana", "--key", &key];
        stage.refused(unknown(what).into_iter().chain(more), 4);
    }
    one_message(stage.grant(&["--key", &key, "--with", "nothing"]).run(), 4);
    // An empty id is the beginning of every id.
    stage.refused(["show", ""], 4);
    stage.refused(["revoke", ""], 4);
}

#[test]
fn a_desk_or_provider_of_the_merchants_own_must_be_whole_and_safe() {
    let stage = Stage::with_case();
    let desk = stage.config().join("desks/acme");
    let provider = stage.config().join("providers/mine");
    for folder in [&desk, &provider] {
        fs::create_dir_all(folder).unwrap();
    }
    let show_desk = ["desk", "show", "acme"];
    let show_provider = ["provider", "show", "mine"];
    // Empty folders.
    stage.refused(show_desk, 2);
    stage.refused(show_provider, 2);
    let manifest = (desk.join("desk.toml"), provider.join("provider.toml"));
    for (text, place) in [("a = \n", "1"), ("\n\nnope = 1\n", "3"), ("name = 5\n", "1")] {
        fs::write(&manifest.0, text).unwrap();
        fs::write(desk.join("en.ftl"), "").unwrap();
        fs::write(&manifest.1, text).unwrap();
        fs::write(provider.join("provider.sh"), "").unwrap();
        let ended = stage.refused(show_desk, 2);
        assert!(ended.stderr.contains(&format!("desk.toml:{place}:")), "{}", ended.told());
        let ended = stage.refused(show_provider, 2);
        assert!(ended.stderr.contains(&format!("line {place}, column")), "{}", ended.told());
    }
    // Others may write it: never read, never run.
    let builtin = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::copy(builtin.join("desks/multisafepay/desk.toml"), &manifest.0).unwrap();
    fs::copy(builtin.join("desks/multisafepay/en.ftl"), desk.join("en.ftl")).unwrap();
    stage.run(show_desk).ok();
    let canary = stage.path().join("canary");
    let verbs = "[detect]\n[open]\n[update]\n[check]\n[close]\n";
    let text = format!(
        "name='mine'\nsummary='\\u001b]0;x\\u0007\\u202eX'\nlanguage='sh'\nrun_as='login'\naccount='shared'\n{verbs}"
    )
    .replace("summary='", "summary=\"")
    .replace("X'", "X\"");
    fs::write(&manifest.1, text).unwrap();
    let script = format!("touch {}\nsp_detect() {{ :; }}\n", canary.display());
    fs::write(provider.join("provider.sh"), script).unwrap();
    harmless(&stage.loud(show_provider).run().ok());
    harmless(&stage.loud(["provider", "list"]).run().ok());
    for (path, args) in [
        (manifest.0.clone(), show_desk),
        (desk.clone(), show_desk),
        (manifest.1.clone(), show_provider),
        (provider.join("provider.sh"), show_provider),
        (provider.clone(), show_provider),
    ] {
        let before = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        let ended = stage.refused(args, 2);
        assert!(ended.stderr.contains(path.to_str().unwrap()), "{}", ended.told());
        fs::set_permissions(&path, before).unwrap();
    }
    for (path, args) in [(&manifest.0, show_desk), (&manifest.1, show_provider)] {
        fs::remove_file(path).unwrap();
        mkfifo(path);
        stage.refused(args, 2);
    }
    harmless(&stage.loud(["provider", "list"]).run().exits(0));
    harmless(&stage.loud(["desk", "list"]).run().exits(0));
    assert!(!canary.exists());
}

// ---- names ---------------------------------------------------------------------------------------

/// Names that try something. The canary's path stands in them.
fn nasty(canary: &Path) -> Vec<String> {
    let canary = canary.display();
    vec![
        format!("$(touch {canary})"),
        format!("`touch {canary}`"),
        format!("'; touch {canary}; '"),
        format!("\"; touch {canary}; \""),
        format!("x\ntouch {canary}\n"),
        format!("x' \u{7}\u{1b}]0;owned\u{7}\u{1b}[2J"),
        "a\u{202e}txt.exe".into(),
        "a\u{2066}b\u{200b}c".into(),
        "\u{9b}31mred".into(),
        "line\rover".into(),
        "-oProxyCommand=touch".into(),
        "--help-me".into(),
        "../../etc/passwd".into(),
        "\u{1f600}\u{1f469}\u{200d}\u{1f4bb}".into(),
        "x".repeat(10_000),
        "\u{1b}".repeat(10_000),
        String::new(),
        " ".into(),
        "%s%n".into(),
    ]
}

#[test]
fn a_name_that_tries_something_is_neither_obeyed_nor_repeated() {
    let stage = Stage::with_case();
    let canary = stage.path().join("canary");
    let key = stage.key_file(PUBLIC);
    let targets = stage.config().join("targets.toml");
    for name in nasty(&canary) {
        let n = name.as_str();
        let before = (fs::read(&targets).unwrap(), stage.events());
        let of_desk = ["--desk", "multisafepay"];
        let base = ["grant", "--target", "staging", "--key", &key];
        let typed: Vec<Vec<String>> = [
            vec!["target", "add", "--environment", "staging", "--", n, "local:"],
            vec!["target", "add", "--environment", "staging", "--", "other", n],
            vec!["target", "add", "--environment", n, "--", "other", "local:"],
            vec!["target", "show", "--", n],
            vec!["target", "check", "--", n],
            vec!["target", "remove", "--", n],
            vec!["case", "open", of_desk[0], of_desk[1], "--", n],
            vec!["case", "show", "--", n],
            vec!["case", "close", "--", n],
            vec!["desk", "show", "--", n],
            vec!["provider", "show", "--", n],
            vec!["show", "--", n],
            vec!["revoke", "--", n],
        ]
        .into_iter()
        .map(|words| words.into_iter().map(str::to_owned).collect())
        .chain([
            vec!["case".into(), "open".into(), "C-9".into(), format!("--desk={n}")],
            vec!["--timeout=x".into(), format!("--state={n}"), "list".into()],
            vec![format!("--timeout={n}"), "list".into()],
            vec!["target".into(), format!("{n}")],
        ])
        .chain(
            ["--case", "--supporter", "--company", "--reason", "--override", "--with"]
                .into_iter()
                .map(|option| {
                    let mut words: Vec<String> = base.iter().map(|s| (*s).to_owned()).collect();
                    for (name, value) in [("--case", "C-1"), ("--supporter", "Ana")] {
                        if name != option {
                            words.push(format!("{name}={value}"));
                        }
                    }
                    words.push(format!("{option}={n}"));
                    words
                }),
        )
        .collect();
        for words in typed {
            let ended = stage.loud(&words).run().fails();
            harmless(&ended);
            assert!([2, 3, 4].contains(&ended.exit), "{}", ended.told());
            let errors = plain(&ended.stderr);
            let errors = errors.lines().filter(|line| line.starts_with("error:")).count();
            // Options that end where another word begins are clap's own affair.
            assert_eq!(errors, 1, "{}", ended.told());
        }
        // A shop folder and a login with odd names exist; what is refused is refused whole.
        for option in ["--path", "--host-key", "--login", "--become", "--identity"] {
            let word = format!("{option}={n}");
            let args =
                ["target", "add", "other", "ssh://a@127.0.0.1:1", "--environment=test", &word];
            let ended = stage.loud(args).run().fails();
            harmless(&ended);
            assert!([2, 3, 5].contains(&ended.exit), "{}", ended.told());
        }
        assert!(!canary.exists(), "{name:?} was executed");
        assert_eq!(before, (fs::read(&targets).unwrap(), stage.events()), "{name:?}");
    }
}

#[test]
fn a_name_that_is_only_odd_reaches_the_server_as_it_is_and_is_not_executed() {
    let stage = Stage::new();
    let host = stage.light(SUITE).deploy(Sudo::None).start();
    let folder = "/srv/it's a \"shop\" $(touch canary-ran) `touch canary-ran`; touch canary-ran";
    host.exec(&["mkdir", "-p", folder]).ok();
    host.exec(&["chown", "-R", "deploy", "/srv"]).ok();
    stage.add_target("staging", &host, "deploy", &["--path", folder]).ok();
    stage.run(["case", "open", "#C/1_x.y-z", "--desk", "multisafepay"]).ok();
    let key = stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let run =
        stage.loud(["grant", "--case", "#C/1_x.y-z", "--target", "staging", "--key", public]).run();
    let ended = one_message(run, 2);
    assert!(ended.stderr.contains("--supporter"), "{}", ended.told());
    let reason = "it's \"a\" $(touch canary-ran) `touch canary-ran`; touch canary-ran | & > x 😀";
    let args = ["grant", "--case", "#C/1_x.y-z", "--target", "staging", "--key", public];
    let more = ["--supporter", "Zoë O Brien-Ng (QA), 3rd", "--company", "Ünïcode & Søn"];
    let more = more.into_iter().chain(["--override", "port", "--reason", reason]);
    let ended = stage.loud(args.into_iter().chain(more)).run().ok();
    harmless(&ended);
    let found = host.exec(&["find", "/", "-xdev", "-name", "canary-ran"]);
    assert_eq!(found.stdout, "");
    assert!(files_containing(stage.path(), b"canary-ran").len() <= 4);
    assert!(!stage.home().join("canary-ran").exists());
    stage.run(["revoke", "--all"]).ok();
}

// ---- keys ----------------------------------------------------------------------------------------

/// Runs stagepass, and how much memory it took at its most, in KiB.
fn peak(stage: &Stage, args: &[&str], stdin: &[u8]) -> (Run, u64) {
    let note = tempfile::NamedTempFile::new().unwrap();
    let mut words = vec!["-f", "%M", "-o", note.path().to_str().unwrap()];
    words.push(env!("CARGO_BIN_EXE_stagepass"));
    words.extend(args);
    let run = stage.program("/usr/bin/time", words).stdin(stdin).run();
    let text = fs::read_to_string(note.path()).unwrap();
    let kib = text.lines().last().unwrap().trim().parse().unwrap();
    (run, kib)
}

fn a_grant(key: &str) -> Vec<&str> {
    let mut args = vec!["grant", "--case", "C-1", "--target", "staging", "--supporter", "Ana"];
    args.extend(["--override", "port", "--reason", "a test's port", "--key", key]);
    args
}

#[test]
fn a_key_of_any_size_costs_little_memory_and_no_time() {
    let stage = Stage::with_case();
    let line = stage.key_file(format!("ssh-rsa {}", "A".repeat(10_000_000)));
    let lines = stage.key_file(format!("{PUBLIC}\n").repeat(100_000));
    let fifo = stage.supporter_path().join("fifo");
    mkfifo(&fifo);
    let folder = stage.supporter_path().to_str().unwrap();
    for path in
        [&line, &lines, "/dev/zero", "/dev/null", "/dev/tty", fifo.to_str().unwrap(), folder]
    {
        let (run, kib) = peak(&stage, &a_grant(path), b"");
        assert!(run.took < Duration::from_secs(10), "{}", run.told());
        one_message(run, 2);
        assert!(kib < 64 * 1024, "{path}: {kib} KiB");
    }
    let (run, kib) = peak(&stage, &a_grant("-"), &vec![b'A'; 10_000_000]);
    one_message(run, 2);
    assert!(kib < 64 * 1024, "{kib} KiB");
}

/// A line that decodes and names its type, with the given fields behind it.
fn wire(kind: &str, fields: &[&[u8]]) -> String {
    let mut bytes = Vec::new();
    for field in [kind.as_bytes()].iter().chain(fields) {
        bytes.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
        bytes.extend(*field);
    }
    let script =
        "import sys,base64;sys.stdout.write(base64.b64encode(sys.stdin.buffer.read()).decode())";
    let mut python = Command::new("python3");
    let run = crate::stage::bounded(python.args(["-c", script]), &bytes, Duration::from_secs(10));
    format!("{kind} {}", run.ok().stdout)
}

#[test]
fn what_is_no_public_key_is_refused_and_a_private_key_is_never_repeated() {
    let stage = Stage::with_case();
    let make = |name: &str, args: &[&str]| {
        let path = stage.supporter_path().join(name);
        let mut keygen = Command::new("ssh-keygen");
        run_of(keygen.args(["-q", "-N", "", "-f"]).arg(&path).args(args)).ok();
        fs::read_to_string(&path).unwrap()
    };
    let openssh = make("openssh", &["-t", "ed25519"]);
    let pem = make("pem", &["-t", "ecdsa", "-m", "PEM"]);
    let rsa = stage.key("rsa:1024").line();
    let ca = stage.supporter_key();
    let signed = stage.supporter_key();
    let sign = ["-q", "-I", "x", "-n", "x", "-s"];
    run_of(Command::new("ssh-keygen").args(sign).arg(&ca.private).arg(&signed.public)).ok();
    let certificate = fs::read_to_string(signed.private.with_extension("")).unwrap();
    assert!(certificate.contains("PRIVATE"));
    let certificate = fs::read_to_string(format!("{}-cert.pub", signed.private.display())).unwrap();
    let putty = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: \
                 2\nAAAA\nPrivate-Lines: 1\nAAAAIHVuZ3Vlc3NhYmxlLXNlY3JldC1zdHVmZg==\n";
    let dsa = wire("ssh-dss", &[&[1; 129], &[1; 21], &[1; 128], &[1; 128]]);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("PRIVATE", openssh.into()),
        ("PRIVATE", pem.into()),
        ("PRIVATE", putty.into()),
        ("2 keys", format!("{PUBLIC}\n{PUBLIC} other\n").into()),
        ("options", format!("command=\"x\",no-pty {PUBLIC}\n").into()),
        ("ssh-dss", dsa.into()),
        ("1024", rsa.into()),
        ("certificate", certificate.into()),
        ("", b"\x00\x01\x02\xff\xfe garbage".to_vec()),
        ("", "ssh-ed25519 AAAA\u{1b}]0;x\u{7}".into()),
        ("empty", Vec::new()),
        ("empty", b"\n\n# nothing\n".to_vec()),
        ("not a public key", b"hello, here is my key".to_vec()),
        ("damaged", PUBLIC.as_bytes()[..PUBLIC.len() - 9].to_vec()),
    ];
    let before = stage.events();
    for (needle, bytes) in cases {
        let path = stage.key_file(&bytes);
        for args in [a_grant(&path), a_grant("-")] {
            let ended = one_message(stage.loud(args).stdin(&bytes).run(), 2);
            assert!(plain(&ended.stderr).contains(needle), "{needle}: {}", ended.told());
            for line in String::from_utf8_lossy(&bytes).lines().filter(|line| line.len() > 24) {
                assert!(!ended.stderr.contains(line), "the key is repeated: {}", ended.told());
            }
        }
    }
    assert_eq!(stage.events(), before);
    // Standard input that is closed is an empty key, not a crash.
    let exe = env!("CARGO_BIN_EXE_stagepass");
    let words: Vec<String> =
        a_grant("-").iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
    let line = format!("exec {exe} {} <&-", words.join(" "));
    one_message(stage.program("sh", ["-c", &line]).run(), 2);
}

#[test]
fn a_prompt_or_a_pipe_that_never_ends_is_left_by_ctrl_c() {
    use rustix::process::Signal;
    let stage = Stage::with_case();
    for _ in 0..4 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stagepass"));
        command.args(a_grant("-")).env_clear().envs(stage.environment()).current_dir(stage.home());
        command.stdin(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(400));
        let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, Signal::INT).unwrap();
        let patience = std::time::Instant::now() + Duration::from_secs(20);
        while child.try_wait().unwrap().is_none() {
            if std::time::Instant::now() > patience {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("it did not end");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn a_question_that_is_broken_off_leaves_the_terminal_as_it_was() {
    let stage = Stage::with_case();
    let exe = env!("CARGO_BIN_EXE_stagepass");
    for asked in ["secret set sudo staging", "grant --case C-1"] {
        let line = format!("trap : INT; {exe} {asked}; echo \"exit $?\"; stty -a");
        let prompt =
            if asked.starts_with("secret") { "sudo:staging: " } else { "Supporter's name" };
        let run = stage.program("sh", ["-c", &line]).run_tty(&[(prompt, "\u{3}")]);
        let screen = &run.stdout;
        assert!(screen.contains("interrupted") && screen.contains("exit 7"), "{}", run.told());
        assert!(screen.contains(" echo ") && !screen.contains("-echo "), "{}", run.told());
    }
}

// ---- deadlines and networks ----------------------------------------------------------------------

#[test]
fn a_deadline_that_is_none_is_refused_with_what_was_meant() {
    let stage = Stage::with_case();
    let key = stage.key_file(PUBLIC);
    for (option, text, code, needle) in [
        ("--for", "0", 2, "no time at all"),
        ("--for", "0s", 2, "no time at all"),
        ("--for", "-5h", 2, "length of time"),
        ("--for", "999999999999d", 2, "more than a year"),
        ("--for", "99999999999999999999999999d", 2, "more than a year"),
        ("--for", "forever", 2, "length of time"),
        ("--for", "", 2, "length of time"),
        ("--for", "\u{1b}[31m5d", 2, "length of time"),
        ("--for", "36d", 3, "35"),
        ("--until", "2001-01-01 10:00", 2, "past"),
        ("--until", "1901-01-01", 2, "past"),
        ("--until", "2099-01-01", 2, "more than a year"),
        ("--until", "9999999-01-01", 2, "not a time"),
        ("--until", "tomorrow", 2, "not a time"),
        ("--until", "2027-02-30", 2, "not a time"),
        ("--until", "2027-01-01 25:00", 2, "not a time"),
        ("--until", "2027-01-01 10:00:60", 2, "not a time"),
        ("--until", "2027-01-01T10:00+99:00", 2, "not a time"),
        ("--until", "\u{661}\u{662}-01-01", 2, "not a time"),
    ] {
        let word = format!("{option}={text}");
        let ended = one_message(stage.grant(&["--key", &key, &word]).run(), code);
        assert!(plain(&ended.stderr).contains(needle), "{needle}: {}", ended.told());
    }
    // The next change of clocks, either way, wherever today is.
    let (twice, never) = (next_change("fall"), next_change("spring"));
    for (day, offsets) in [(&twice, ["+02:00", "+01:00"]), (&never, ["+01:00", "+02:00"])] {
        let word = format!("--until={day} 02:30");
        let run = stage.grant(&["--key", &key, &word]).env("TZ", "Europe/Rome").run();
        let ended = one_message(run, 2);
        for offset in offsets {
            assert!(ended.stderr.contains(offset), "{offset}: {}", ended.told());
        }
        // In UTC that time of day is nothing special: it goes on, to the policy or to the server.
        let run = stage.grant(&["--key", &key, &word]).env("TZ", "UTC").run().fails();
        assert!([3, 5].contains(&run.exit), "{}", run.told());
    }
}

/// The next day on which Italy's clocks change, by Python's own tables.
fn next_change(which: &str) -> String {
    let script = r#"
import datetime as d, sys, zoneinfo
z = zoneinfo.ZoneInfo("Europe/Rome")
day = d.datetime.now(z).date() + d.timedelta(days=1)
while True:
    a = d.datetime(day.year, day.month, day.day, 1, tzinfo=z).utcoffset()
    b = d.datetime(day.year, day.month, day.day, 12, tzinfo=z).utcoffset()
    if (a > b) == (sys.argv[1] == "fall") and a != b:
        print(day); break
    day += d.timedelta(days=1)
"#;
    run_of(Command::new("python3").args(["-c", script, which])).ok().stdout.trim().to_owned()
}

#[test]
fn a_network_is_one_or_is_refused() {
    let stage = Stage::with_case();
    let key = stage.key_file(PUBLIC);
    for text in [
        "",
        " ",
        "everywhere",
        "192.0.2.0/33",
        "192.0.2.0/-1",
        "192.0.2/24",
        "192.0.2.256",
        "2001:db8::/129",
        "10.0.0.0/8,evil",
        "$(id)/8",
        "192.0.2.1\u{1b}[2J",
        "192.0.2.1 192.0.2.2",
        "192.0.2.7/24",
        "2001:db8::1/32",
    ] {
        let word = format!("--from={text}");
        let ended = one_message(stage.grant(&["--key", &key, &word]).run(), 2);
        assert!(ended.stderr.contains("192.0.2.0/24"), "{}", ended.told());
    }
    // Good ones go on, to a server that is down.
    for words in [
        &["--from=192.0.2.0/24"][..],
        &["--from=2001:db8::/32", "--from=192.0.2.7"],
        &["--from=192.0.2.7", "--from=192.0.2.7/32", "--from=192.0.2.7"],
        &["--from=0.0.0.0/0"],
    ] {
        let mut more = vec!["--key", key.as_str()];
        more.extend(words);
        let ended = one_message(stage.grant(&more).run(), 5);
        assert!(ended.stderr.contains("cannot reach"), "{}", ended.told());
    }
}

// ---- the ledger ----------------------------------------------------------------------------------

/// Runs one of these tests again with mounts of its own, which go when it ends. False inside.
fn outside(test: &str) -> bool {
    if again::inside().is_some() {
        return false;
    }
    Again::through(&["unshare", "--mount", "--propagation", "private"]).run(test);
    true
}

fn mount(args: &[&str], on: &Path) {
    run_of(Command::new("mount").args(args).arg(on)).ok();
}

#[test]
fn a_ledger_that_cannot_be_used_says_why_and_stays_as_it_is() {
    let stage = Stage::with_case();
    let ledger = stage.state().join("ledger.sqlite3");
    let whole = "import sqlite3,sys;sqlite3.connect(sys.argv[1]).execute(\
                 'pragma wal_checkpoint(truncate)').fetchall()";
    run_of(Command::new("python3").args(["-c", whole]).arg(&ledger)).ok();
    let good = fs::read(&ledger).unwrap();
    let reads: &[&[&str]] = &[&["list"], &["case", "list"], &["show", "x"], &["ledger", "verify"]];
    let writes: &[&[&str]] = &[&["case", "open", "C-7", "--desk", "multisafepay"], &["sweep"]];
    let sqlite = |sql: &str, bytes: &[u8]| {
        fs::write(&ledger, bytes).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(stage.state().join(format!("ledger.sqlite3{suffix}")));
        }
        if !sql.is_empty() {
            let script = "import sqlite3,sys;c=sqlite3.connect(sys.argv[1]);\
                          c.executescript(sys.argv[2]);c.close()";
            run_of(Command::new("python3").args(["-c", script]).arg(&ledger).arg(sql)).ok();
        }
        fs::read(&ledger).unwrap()
    };
    let newer = "insert into stagepass_migrations select 99, description, installed_on, success, \
                 checksum, execution_time from stagepass_migrations limit 1;";
    let mut torn = good.clone();
    for byte in &mut torn[8192..] {
        *byte = 0x5a;
    }
    for (what, sql, bytes) in [
        ("newer stagepass", newer, &good[..]),
        (
            "not an SQLite",
            "",
            b"this is no database at all, but a note to myself\n".repeat(90).as_slice(),
        ),
        ("damaged", "", &good[..5000]),
        ("damaged", "", &torn),
        ("not a ledger", "create table bills (x);", b""),
    ] {
        let before = sqlite(sql, bytes);
        for args in reads.iter().chain(writes) {
            let ended = stage.refused(*args, 1);
            let text = plain(&ended.stderr);
            assert!(text.contains(what) && text.contains("hint:"), "{what}: {}", ended.told());
        }
        assert!(before == fs::read(&ledger).unwrap(), "{what}: the file was changed");
    }
    // Emptied: reading says so; it is not taken for "nothing was ever granted".
    sqlite("", b"");
    for args in reads {
        stage.refused(*args, 1);
    }
    fs::remove_file(&ledger).unwrap();
    fs::create_dir(&ledger).unwrap();
    for args in reads.iter().chain(writes) {
        stage.refused(*args, 1);
    }
    fs::remove_dir(&ledger).unwrap();
    sqlite("", &good);
    stage.run(["case", "show", "C-1"]).ok();
}

#[test]
fn a_locked_ledger_is_waited_for_and_then_named_with_its_holder() {
    let stage = Stage::with_case();
    let script = "import sqlite3,sys,time;c=sqlite3.connect(sys.argv[1],isolation_level=None);\
                  c.execute('begin exclusive');print('held',flush=True);time.sleep(60)";
    let mut holder = Command::new("python3")
        .args(["-c", script])
        .arg(stage.state().join("ledger.sqlite3"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    holder.stdout.as_mut().unwrap().read_exact(&mut [0; 5]).unwrap();
    let ended = stage.refused(["case", "open", "C-8", "--desk", "multisafepay"], 1);
    assert!(ended.stderr.contains("locked"), "{}", ended.told());
    assert!(ended.stderr.contains(&format!("process {}", holder.id())), "{}", ended.told());
    assert!(ended.took < Duration::from_secs(20), "{}", ended.told());
    // Reading is still possible.
    stage.run(["case", "show", "C-1"]).ok();
    holder.kill().unwrap();
    holder.wait().unwrap();
    stage.run(["case", "open", "C-8", "--desk", "multisafepay"]).ok();
}

#[test]
fn a_place_that_cannot_be_written_is_said_and_reading_goes_on() {
    if outside("bad_input::a_place_that_cannot_be_written_is_said_and_reading_goes_on") {
        return;
    }
    let stage = Stage::with_case();
    let state = stage.state();
    let open = |case: &'static str| ["case", "open", case, "--desk", "multisafepay"];
    // A file system that is read-only, however mighty the user.
    mount(&["--bind", state.to_str().unwrap()], &state);
    mount(&["-o", "remount,ro,bind"], &state);
    let ended = stage.refused(open("C-2"), 1);
    assert!(ended.stderr.contains("hint:"), "{}", ended.told());
    stage.run(["case", "show", "C-1"]).ok();
    stage.refused(["sweep"], 1);
    run_of(Command::new("umount").arg(&state)).ok();

    // A state folder that is not there and cannot be made.
    let config = stage.config();
    mount(&["--bind", config.to_str().unwrap()], &config);
    mount(&["-o", "remount,ro,bind"], &config);
    let inside = format!("--state={}", config.join("new/state").display());
    stage.refused([inside.as_str()].into_iter().chain(open("C-2")), 1);
    stage.run([inside.as_str(), "list"]).ok();
    let before = fs::read(config.join("targets.toml")).unwrap();
    let add = ["target", "add", "here", "local:", "--environment", "staging"];
    let ended = stage.refused(add, 1);
    assert!(ended.stderr.contains("Read-only file system"), "{}", ended.told());
    stage.refused(["target", "remove", "staging"], 1);
    assert_eq!(before, fs::read(config.join("targets.toml")).unwrap());
    run_of(Command::new("umount").arg(&config)).ok();

    // A file, a FIFO and a device where the folder should be.
    for place in ["/dev/null", "/etc/passwd/x"] {
        stage.refused([&format!("--state={place}")[..]].into_iter().chain(open("C-2")), 1);
    }

    // An ordinary user: somebody else's file, and a folder without the right to write.
    let nobody = |args: &[&str]| {
        let mut words = vec!["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
        words.push(env!("CARGO_BIN_EXE_stagepass"));
        words.extend(args);
        stage.program("setpriv", words).env("CLICOLOR_FORCE", "1").run()
    };
    for path in [stage.path().to_owned(), stage.home(), state.clone(), stage.config()] {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for args in [&["list"][..], &open("C-2"), &["ledger", "verify"]] {
        let ended = one_message(nobody(args), 1);
        assert!(ended.stderr.contains("hint:"), "{}", ended.told());
    }
    fs::set_permissions(stage.config(), fs::Permissions::from_mode(0o700)).unwrap();
    one_message(nobody(&["target", "list"]), 2);
}

#[test]
fn without_a_home_the_folders_that_are_named_are_enough() {
    let stage = Stage::with_case();
    stage.command(["case", "show", "C-1"]).without_env("HOME").run().ok();
    let ended = stage
        .command(["list"])
        .env("HOME", "relative/home")
        .without_env("STAGEPASS_STATE")
        .without_env("XDG_STATE_HOME")
        .run()
        .ok();
    harmless(&ended);
    // Nothing was made in the folder it was run in.
    assert!(!stage.home().join("relative").exists());
}

#[test]
fn a_disk_that_fills_up_during_a_grant_leaves_no_access_that_no_record_knows_of() {
    if outside(
        "bad_input::a_disk_that_fills_up_during_a_grant_leaves_no_access_that_no_record_knows_of",
    ) {
        return;
    }
    let stage = Stage::new();
    let host = stage.light(SUITE).deploy(Sudo::None).start();
    stage.add_target("staging", &host, "deploy", &[]).ok();
    let state = stage.state();
    mount(&["-t", "tmpfs", "-o", "size=2m,mode=700", "none"], &state);
    stage.run(["case", "open", "C-1", "--desk", "multisafepay"]).ok();
    let key = stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let lines = || host.sh("cat /home/deploy/.ssh/authorized_keys");
    let before = lines();
    let filler = state.join("filler");
    let mut seen = Vec::new();
    for room in [0_u64, 4, 12, 20, 28, 36, 48, 60, 72, 84, 96, 112, 128, 1024] {
        // As much as is left, less this many KiB.
        let free = rustix::fs::statvfs(&state).map(|fs| fs.f_bavail * fs.f_frsize).unwrap();
        fs::write(&filler, vec![b'.'; usize::try_from(free.saturating_sub(room * 1024)).unwrap()])
            .unwrap();
        let run = stage.grant(&["--key", public]).run();
        harmless(&run);
        seen.push(run.exit);
        let recorded = || {
            let run = stage.run(["list", "--json"]);
            assert!([0, 8].contains(&run.exit), "{}", run.told());
            run.json()["result"]["grants"].as_array().unwrap().len()
        };
        let has_access = lines() != before;
        match run.exit {
            0 => assert!(has_access && recorded() == 1, "{}", run.told()),
            1 => {
                assert!(run.stderr.to_lowercase().contains("no space"), "{}", run.told());
                assert!(!has_access || recorded() == 1, "unrecorded access: {}", run.told());
            }
            7 => assert!(recorded() == 1, "{}", run.told()),
            _ => panic!("{}", run.told()),
        }
        fs::remove_file(&filler).unwrap();
        // With room again, everything ends.
        stage.run(["revoke", "--all"]).ok();
        assert_eq!(lines(), before, "{room} KiB");
        stage.run(["ledger", "verify"]).ok();
    }
    assert!(seen.contains(&1) && seen.last() == Some(&0), "{seen:?}");
}

#[test]
fn a_credential_that_cannot_be_written_is_taken_back() {
    if outside("bad_input::a_credential_that_cannot_be_written_is_taken_back") {
        return;
    }
    let stage = Stage::new();
    let host = stage.light(SUITE).deploy(Sudo::None).start();
    stage.add_target("staging", &host, "deploy", &[]).ok();
    stage.run(["case", "open", "C-1", "--desk", "multisafepay"]).ok();
    let lines = || host.sh("cat /home/deploy/.ssh/authorized_keys");
    let before = lines();
    let disk = stage.path().join("disk");
    fs::create_dir(&disk).unwrap();
    mount(&["-t", "tmpfs", "-o", "size=16k,mode=700", "none"], &disk);
    fs::write(disk.join("filler"), vec![b'.'; 16 * 1024]).unwrap();
    let output = disk.join("jane.key");
    let word = format!("--output={}", output.display());
    let ended = one_message(stage.grant(&["--generate-key", &word]).run(), 1);
    assert!(ended.stderr.contains("taken back"), "{}", ended.told());
    assert!(!output.exists());
    assert_eq!(lines(), before);

    // Places that cannot be written are found out before anything is made.
    let events = stage.events();
    let taken = stage.key_file("mine");
    for path in ["/nonexistent/x", "/proc/x", &taken, "/dev/stdout", "/", ""] {
        let word = format!("--output={path}");
        one_message(stage.grant(&["--generate-key", &word]).run(), 2);
    }
    assert_eq!((stage.events(), fs::read(&taken).unwrap()), (events, b"mine".to_vec()));

    // A standard output that loses it.
    let exe = env!("CARGO_BIN_EXE_stagepass");
    let words = "grant --case C-1 --target staging --supporter Ana --override port \
                 --override account.shared --reason x --generate-key --reveal";
    for (sink, code) in
        [(">/dev/full", 1), (">&-", 2), (">/dev/null", 2), ("| sh -c 'exec <&-; sleep 9'", 1)]
    {
        let line = format!("{{ {exe} {words}; echo \"exit $?\" >&2; }} {sink}");
        let run = stage.program("bash", ["-c", &line]).run();
        assert!(run.stderr.contains(&format!("exit {code}")), "{sink}: {}", run.told());
        // What can be known before is not made at all.
        assert_eq!(run.stderr.contains("taken back"), code == 1, "{sink}: {}", run.told());
        assert!(!run.output().contains("PRIVATE KEY"), "{sink}: {}", run.told());
        assert_eq!(lines(), before, "{sink}");
    }
    assert_eq!(stage.files_containing(b"PRIVATE KEY"), [""; 0].map(PathBuf::from));
    let run = stage.run(["list", "--json"]).ok();
    assert_eq!(run.json()["result"]["grants"].as_array().unwrap().len(), 0);
}

// ---- streams, terminals, arguments ---------------------------------------------------------------

#[test]
fn streams_that_are_closed_or_full_are_no_reason_to_crash() {
    let stage = Stage::with_case();
    let exe = env!("CARGO_BIN_EXE_stagepass");
    let commands = [
        "case list",
        "case list --json",
        "target list",
        "desk show multisafepay",
        "--help",
        "--version",
        "completions bash",
        "man",
        "ledger export",
        "ledger verify",
        "list",
    ];
    for words in commands {
        // What was to be printed and is lost is a failure; a reader that went away is none.
        let empty = words == "list";
        for (sink, code) in
            [(">/dev/full", i32::from(!empty)), ("| sh -c 'exec <&-'", 0), ("<&-", 0)]
        {
            let line = format!("set -o pipefail; {exe} {words} {sink}");
            let run = stage.program("bash", ["-c", &line]).run().exits(code);
            harmless_talk(&run);
        }
        for sink in [">&-", "2>&-", ">&- 2>&- <&-"] {
            let line = format!("{exe} {words} {sink}");
            let run = stage.program("bash", ["-c", &line]).run();
            assert!([0, 1].contains(&run.exit), "{sink}: {}", run.told());
            harmless_talk(&run);
        }
        let line = format!("{exe} {words} 2>/dev/full");
        let run = stage.program("bash", ["-c", &line]).run().ok();
        harmless_talk(&run);
    }
    // An error that nobody can read is still an error.
    let line = format!("{exe} show zzzz >/dev/full 2>/dev/full");
    let _ = stage.program("bash", ["-c", &line]).run().exits(4);
    // Files are not written into a stream that was closed: descriptor 1 may be the ledger.
    let line = format!("{exe} case open C-5 --desk multisafepay >&- 2>&- <&-");
    let _ = stage.program("bash", ["-c", &line]).run();
    stage.run(["ledger", "verify"]).ok();
    stage.run(["case", "show", "C-5"]).ok();
}

#[track_caller]
fn harmless_talk(ended: &Ended) {
    for bad in ["panicked", "RUST_BACKTRACE", "stack backtrace"] {
        assert!(!ended.output().contains(bad), "{}", ended.told());
    }
}

#[test]
fn a_narrow_terminal_another_locale_and_odd_arguments_are_no_reason_to_crash() {
    let stage = Stage::with_case();
    let exe = env!("CARGO_BIN_EXE_stagepass");
    for words in [
        "case list",
        "target list",
        "desk show multisafepay",
        "--help",
        "grant --help",
        "doctor --offline",
    ] {
        for columns in ["20", "1", "0"] {
            let line = format!("stty cols {columns}; exec {exe} {words}");
            let run =
                stage.program("script", ["--quiet", "--return", "--command", &line, "/dev/null"]);
            let run = run.env("SHELL", "/bin/sh").run();
            assert!(run.exit < 9 && run.exit >= 0, "{}", run.told());
            harmless_talk(&run);
        }
        for (name, value) in [
            ("LANG", "C"),
            ("LC_ALL", "tr_TR.UTF-8"),
            ("TERM", ""),
            ("TZ", "Nowhere/\u{1b}[0m"),
            ("COLUMNS", "x"),
            ("NO_COLOR", "1"),
        ] {
            let run = stage.command(words.split(' ')).env(name, value).run();
            assert!(run.exit < 9 && run.exit >= 0, "{}", run.told());
            harmless_talk(&run);
        }
    }
    let odd = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    let long = odd(&[b'x'; 100_000]);
    let many: Vec<OsString> =
        std::iter::once(odd(b"revoke")).chain(vec![long.clone(); 10]).collect();
    let loud_word: Vec<OsString> = vec![odd(b"list"), odd(b"--timeout=\x1b]0;x\x07\x1b[2J")];
    for (args, codes) in [
        (vec![odd(b"show"), odd(b"\xff\xfe\x1b[31m")], [2, 4]),
        (vec![odd(b"\xff\xfe")], [2, 2]),
        (vec![odd(b"--state"), odd(b"/tmp/\xff\x1b]0;x\x07"), odd(b"list")], [0, 1]),
        (vec![odd(b"--config"), odd(b"/tmp/\xff\xfe"), odd(b"target"), odd(b"list")], [0, 0]),
        (vec![odd(b"list"), odd(b"--case"), odd(b"\xff")], [2, 2]),
        (many, [4, 4]),
        (vec![odd(b"list"), odd(&[b"--timeout=".as_slice(), &[b'x'; 100_000]].concat())], [2, 2]),
        (vec![long.clone()], [2, 2]),
        (loud_word, [2, 2]),
    ] {
        let run = stage.loud(&args).run();
        assert!(codes.contains(&run.exit), "{}", run.told());
        harmless(&run);
    }
    let key = odd(b"/nonexistent/\xff\x1b[31m\xe2\x80\xae");
    let mut args: Vec<OsString> = a_grant("x").iter().map(OsString::from).collect();
    *args.last_mut().unwrap() = key;
    one_message(stage.loud(&args).run(), 2);
}

/// A `~` that a shell left alone, and a key that is the merchant's own.
#[test]
fn a_key_that_cannot_be_the_supporters_is_named_for_what_it_is() {
    let stage = Stage::with_case();
    let before = stage.events();
    let ended = one_message(stage.grant(&["--key", "~/jane.pub"]).run(), 2);
    assert!(plain(&ended.stderr).contains("in quotes"), "{}", ended.told());
    let ended = one_message(stage.grant(&["--key", "https://example.com/jane.keys"]).run(), 2);
    assert!(plain(&ended.stderr).contains("curl"), "{}", ended.told());
    assert_eq!(stage.events(), before);

    let host = stage.light(SUITE).deploy(Sudo::NoPassword).start();
    let own = fs::read_to_string(stage.admin.public.to_str().unwrap()).unwrap();
    let own = stage.key_file(own);
    let identity = stage.admin.private.to_str().unwrap();
    let mut add = vec!["target", "add", "up", "--environment", "staging", "--become", "sudo"];
    let url = host.url("deploy");
    add.extend([url.as_str(), "--host-key", &host.fingerprint, "--identity", identity]);
    stage.run(add).ok();
    let words = ["grant", "--case", "C-1", "--target", "up", "--supporter", "Ana", "--key", &own];
    let port = ["--override", "port", "--reason", "a test host has no port 22"];
    let run = stage.run([&words[..], &port, &["--json"]].concat()).exits(3);
    assert_eq!(run.json()["error"]["broken"][0]["rule"], "key.own", "{}", run.told());
}
