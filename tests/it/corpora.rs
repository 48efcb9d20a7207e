//! The seeds of the fuzzers, through the very rules that the fuzzers hold every input to; and what
//! OpenSSH's own programs make of the same files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use russh::keys::PublicKey;
use stagepass::testing::fuzzing::{self, Way};
use stagepass::testing::public_key::read_supporter_key;
use stagepass::testing::target::Address;
use stagepass::testing::transport::SshEnvironment;
use stagepass::testing::transport::host_key::{KnownHosts, Verdict};

#[path = "../../fuzz/src/lib.rs"]
mod rules;

/// More are slow to run and nobody reads them.
const MOST: usize = 60;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz().join("corpus").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

/// Every seed, beginnings of it, and it with something in it that means something to a reader.
fn hold(target: &str) {
    let (_, rules) = rules::TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let seeds = seeds(target);
    assert!((15..=MOST).contains(&seeds.len()), "{} seeds of {target}", seeds.len());
    for (name, seed) in seeds {
        let holds = |text: &[u8]| {
            let held = std::panic::catch_unwind(|| rules(text));
            assert!(held.is_ok(), "{target}/{name}: {:?}", String::from_utf8_lossy(text));
        };
        holds(&seed);
        // A long seed is one that is meant to be long.
        if seed.len() > 1500 {
            continue;
        }
        for step in 0..48 {
            holds(&seed[..seed.len() * step / 48]);
        }
        for step in 0..8 {
            let at = seed.len() * step / 8;
            for more in ["\u{1b}[2J", "\u{202e}", "\n", "\0", "="] {
                let mut text = seed.clone();
                text.splice(at..at, more.bytes());
                holds(&text);
            }
        }
    }
}

macro_rules! corpora {
    ($($target:ident),+) => {
        $(#[test]
        fn $target() {
            hold(stringify!($target));
        })+

        const HELD: &[&str] = &[$(stringify!($target)),+];
    };
}

corpora!(
    address,
    config,
    crontab,
    deadline,
    desk,
    difference,
    environment,
    exchange,
    host_key,
    known_hosts,
    lint,
    names,
    provider,
    public_key,
    reply,
    screen,
    sftp,
    ssh_config,
    targets
);

#[test]
fn every_reader_has_a_fuzzer_a_corpus_and_a_test() {
    let held: BTreeSet<_> = HELD.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(rules::TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), HELD);
    assert_eq!(names_in(&fuzz().join("corpus")), held);
    assert_eq!(names_in(&fuzz().join("fuzz_targets")), held);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in held {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
        let fuzzer = fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(fuzzer.contains(&format!("stagepass_fuzz::{name}(data)")), "{fuzzer}");
    }
}

fn run(program: &str, args: &[&str], file: &Path) -> Output {
    Command::new(program).args(args).arg(file).output().unwrap()
}

/// A file of its own, for a program that reads files.
fn file(text: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn a_host_is_known_exactly_where_ssh_keygen_finds_it() {
    let mut found_some = 0;
    let mut wrong = Vec::new();
    for (name, seed) in seeds("known_hosts") {
        let whole = String::from_utf8_lossy(&seed);
        let Some((head, known)) = whole.split_once('\n') else { continue };
        let words: Vec<&str> = head.splitn(3, ' ').collect();
        let [host, port, key] = words[..] else { continue };
        let (Ok(port), Ok(key)) = (port.parse::<u16>(), PublicKey::from_openssh(key)) else {
            continue;
        };
        let verdict = KnownHosts::parse(known, host, port).ask(&key);
        let start = seed.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let file = file(&seed[start..]);
        let mut says = String::new();
        // As `ssh` asks: with the port, then without it where that found nothing.
        for name in [format!("[{host}]:{port}"), host.to_owned()] {
            if port == 22 && name.starts_with('[') {
                continue;
            }
            let found = run("ssh-keygen", &["-F", &name, "-f"], file.path());
            says = String::from_utf8_lossy(&found.stdout).into_owned();
            if says.lines().any(|line| !line.starts_with(['#', '@'])) {
                break;
            }
        }
        let lines: Vec<&str> = says.lines().filter(|line| !line.starts_with('#')).collect();
        let plain = |line: &&&str| !line.starts_with('@');
        let has_key = |line: &&str| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            words.windows(2).any(|pair| {
                PublicKey::from_openssh(&pair.join(" "))
                    .is_ok_and(|one| one.key_data() == key.key_data())
            })
        };
        let is_known = lines.iter().filter(plain).any(has_key);
        found_some += usize::from(is_known);
        let fits = match verdict {
            Verdict::Valid => is_known,
            // Whoever shows it is an impostor, whatever else is written down.
            Verdict::Revoked => known.contains("@revoked"),
            Verdict::Changed { .. } => !is_known && lines.iter().any(|line| plain(&line)),
            Verdict::Unknown { .. } => !is_known,
        };
        if !fits {
            wrong.push(format!("{name}: {verdict:?}, and ssh-keygen finds {lines:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(found_some >= 8, "only {found_some} were found at all");
}

#[test]
fn a_public_key_that_is_taken_is_one_that_ssh_keygen_takes_and_calls_the_same() {
    let mut taken = 0;
    for (name, seed) in seeds("public_key") {
        let Ok(key) = read_supporter_key(&seed) else { continue };
        let file = file(format!("{}\n", key.text).as_bytes());
        let listed = run("ssh-keygen", &["-l", "-f"], file.path());
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        // OpenSSH asks whether a point is on its curve. A key whose point is not opens nothing, and
        // a grant of it is taken back when it is offered.
        if listed.is_empty() && key.algorithm.starts_with("ecdsa-") {
            continue;
        }
        assert_eq!(listed.split(' ').nth(1), Some(key.fingerprint.as_str()), "{name}: {listed}");
        if let Some(bits) = key.rsa_bits {
            assert!(listed.starts_with(&format!("{bits} ")), "{name}: {listed}");
        }
        taken += 1;
    }
    assert!(taken >= 10, "only {taken} were taken at all");
}

/// One thing that `ssh -G` says.
fn said<'a>(says: &'a str, key: &str) -> Vec<&'a str> {
    says.lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(name, _)| *name == key)
        .map(|(_, value)| value)
        .collect()
}

/// Where `ssh -G` goes another way than this one.
fn differs(way: &Way, says: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut same = |key: &str, ours: Vec<String>| {
        let theirs = said(says, key);
        if theirs != ours {
            found.push(format!("{key}: ssh {theirs:?}, stagepass {ours:?}"));
        }
    };
    let user = way.user.as_deref().unwrap_or("root");
    same("hostname", vec![way.host.clone()]);
    same("port", vec![way.port.to_string()]);
    same("user", vec![user.to_owned()]);
    same("identitiesonly", vec![if way.identities_only { "yes" } else { "no" }.to_owned()]);
    same("hostkeyalias", way.alias.iter().cloned().collect());
    same("proxycommand", Vec::new());
    let hops = said(says, "proxyjump").first().map_or(0, |hops| hops.split(',').count());
    if way.jumps.len() < hops || (hops == 0) != way.jumps.is_empty() {
        found.push(format!("proxyjump: ssh {hops} hops, stagepass {:?}", way.jumps));
    }
    // Without any, each of the two has a list of its own.
    if let Some(ours) = &way.identities {
        let files = said(says, "identityfile").into_iter().map(|file| {
            let file = file.replace("%r", user).replace("%h", &way.host).replace("%d", "/root");
            PathBuf::from(file.replacen("~/", "/root/", 1))
        });
        let files: Vec<_> = files.collect();
        let files: Vec<_> = files.into_iter().filter(|file| *file != Path::new("none")).collect();
        if files != *ours {
            found.push(format!("identityfile: ssh {files:?}, stagepass {ours:?}"));
        }
    }
    found
}

#[test]
fn a_configuration_that_is_understood_means_what_it_means_to_ssh() {
    let mut understood = 0;
    let mut wrong = Vec::new();
    for (name, seed) in seeds("ssh_config") {
        let Ok(whole) = String::from_utf8(seed) else { continue };
        let Some((host, config)) = whole.split_once('\n') else { continue };
        let host = host.trim();
        // Only what may be the host of an address is ever looked up.
        if !matches!(host.parse(), Ok(Address::Ssh { user: None, port: None, .. })) {
            continue;
        }
        // The home and the name of whoever runs `ssh`, as `ssh` finds them.
        let known = SshEnvironment::new(Path::new("/root"), "root");
        let Ok(way) = fuzzing::ssh_config(config, &known, host) else { continue };
        let file = file(config.as_bytes());
        let asked = Command::new("ssh").arg("-G").arg("-F").arg(file.path()).arg(host).output();
        let asked = asked.unwrap();
        // What `ssh` itself cannot read leads nowhere with it.
        if asked.status.success() {
            understood += 1;
            let says = String::from_utf8_lossy(&asked.stdout).into_owned();
            wrong.extend(differs(&way, &says).into_iter().map(|what| format!("{name}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(understood >= 20, "only {understood} were understood at all");
}
