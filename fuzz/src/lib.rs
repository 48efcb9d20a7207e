//! What must hold of everything that others wrote, whatever they wrote: one function for each
//! reader. The fuzzers call them through `fuzz_targets/`, and `tests/it/corpora.rs` with every file
//! of `corpus/`.
//!
//! A seed is text, so that it can be read and written by hand; where one needs several parts, a
//! line `%%` stands between them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, TimeZone};
use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use russh::keys::{HashAlg, PublicKey};
use sha2::{Digest as _, Sha256};
use stagepass::testing::deadline::{self, DeadlineError};
use stagepass::testing::fuzzing::{self, Piece, Way, shown};
use stagepass::testing::grant::Access;
use stagepass::testing::ledger::Head;
use stagepass::testing::lifecycle::difference::{Difference, judge};
use stagepass::testing::machine::keyring::SecretName;
use stagepass::testing::policy::{
    self, Declared, EnvironmentFinding, EnvironmentVerdict, Facts, ShopSignal,
};
use stagepass::testing::promise::{Asked, Promise};
use stagepass::testing::public_key::{self, PublicKeyError, read_supporter_key};
use stagepass::testing::remote::provider::{Provider, Verb};
use stagepass::testing::remote::script::{
    self, Answer, Framed, OutputType, Outputs, Reply, frame_sh,
};
use stagepass::testing::remote::server::{self, Server};
use stagepass::testing::target::pin::HostKeyPin;
use stagepass::testing::target::{self, Address, Elevation, Environment, Login, Target};
use stagepass::testing::text::is_steering;
use stagepass::testing::transport::host_key::{KnownHosts, Verdict, check_pins};
use stagepass::testing::transport::{
    Outcome, Output, Reach, Route, STDERR_LIMIT, STDOUT_LIMIT, SshEnvironment,
};

/// One reader's rules.
type Body = fn(&[u8]);

/// Every target, by the name of its file, of its corpus, and on the command line.
pub const TARGETS: &[(&str, Body)] = &[
    ("address", address),
    ("config", config),
    ("crontab", crontab),
    ("deadline", deadline),
    ("desk", desk),
    ("difference", difference),
    ("environment", environment),
    ("exchange", exchange),
    ("host_key", host_key),
    ("known_hosts", known_hosts),
    ("lint", lint),
    ("names", names),
    ("provider", provider),
    ("public_key", public_key),
    ("reply", reply),
    ("screen", screen),
    ("sftp", sftp),
    ("ssh_config", ssh_config),
    ("targets", targets),
];

/// A key that the seeds speak of.
pub const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

/// 2026-11-22 12:00:00 UTC.
const NOW: i64 = 1_795_348_800;

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// The parts of a seed; those that are missing are empty.
pub fn parts<const N: usize>(text: &str) -> [&str; N] {
    let mut rest = Some(text);
    std::array::from_fn(|number| {
        let whole = rest.take().unwrap_or_default();
        if number + 1 == N {
            return whole;
        }
        match whole.split_once("\n%%\n") {
            Some((part, more)) => {
                rest = Some(more);
                part
            }
            None => whole,
        }
    })
}

fn first_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// Nothing that steers a terminal, and one line.
#[track_caller]
fn tame(text: &str) {
    assert!(!text.contains(is_steering), "{text:?}");
}

/// A message: on the screen it is one tame line, and no longer than a message can be.
#[track_caller]
fn says(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut inner = error.source();
    while let Some(source) = inner {
        told.push_str(&format!(" because {source}"));
        inner = source.source();
    }
    let seen = shown(&told);
    tame(&seen);
    assert!(!seen.trim().is_empty() && seen.chars().count() <= 1501, "{told:?}");
    told
}

// ---- what a server says ------------------------------------------------------------------------

fn built_in(name: &str) -> Arc<Provider> {
    Provider::find(name, Path::new("/nonexistent")).unwrap()
}

static PROVIDERS: LazyLock<[Arc<Provider>; 2]> =
    LazyLock::new(|| [built_in("linux-account"), built_in("authorized-key")]);

static FRAMED: LazyLock<(Framed, String)> = LazyLock::new(|| {
    let framed = frame_sh("", "f() { :; }", "f", &Vec::new()).unwrap();
    let body = String::from_utf8(framed.body.to_vec()).unwrap();
    let (_, rest) = body.split_once("stagepass-begin=%s\\n' ").unwrap();
    let nonce = first_line(rest).0.to_owned();
    (framed, nonce)
});

fn output(status: Option<u32>, stdout: &str, stderr: &str) -> Output {
    let bytes = |text: &str| text.as_bytes().to_vec();
    Output { status, stdout: bytes(stdout), stderr: bytes(stderr), truncated: false }
}

/// A reply: first its provider, verb and exit status, then standard output, then standard error.
/// `NONCE` is what the frame said.
pub fn reply(data: &[u8]) {
    let whole = String::from_utf8_lossy(data);
    let (head, rest) = first_line(&whole);
    let mut words = head.split(' ');
    let provider = &PROVIDERS[usize::from(words.next() == Some("authorized-key"))];
    let verb = words.next().and_then(|word| Verb::ALL.iter().find(|verb| verb.function() == word));
    let verb = *verb.unwrap_or(&Verb::Detect);
    let status = words.next().and_then(|word| word.parse().ok());
    let (framed, nonce) = &*FRAMED;
    let rest = rest.replace("NONCE", nonce);
    let [stdout, stderr] = parts(&rest);
    let declared = &declared(provider, verb);
    match framed.read(Outcome::Done(output(status, stdout, stderr)), declared) {
        Answer::Done(reply) => {
            assert_eq!(status, Some(0));
            let (begin, end) =
                (format!("stagepass-begin={nonce}"), format!("stagepass-end={nonce}"));
            let mut lines = stdout.lines();
            assert!(lines.any(|line| line == begin) && lines.any(|line| line == end));
            is_as_declared(&reply, declared);
            says_the_same_again(&reply, framed, nonce, declared);
            if verb == Verb::Detect {
                look(&reply);
            }
        }
        Answer::Refused { id, reason } => {
            assert_eq!(status, Some(10));
            assert!(stdout.contains("reason_id="));
            for text in [id, reason] {
                tame(&text);
                assert!(text.chars().count() <= 4097, "{text:?}");
            }
        }
        Answer::Unknown { why } => {
            tame(&shown(&why));
            assert!(!why.contains('\n') && !why.contains('\u{1b}'), "{why:?}");
            assert!(why.chars().count() <= 5000, "{why:?}");
        }
    }
}

/// What a provider may reply, and lists that any may.
fn declared(provider: &Provider, verb: Verb) -> Outputs {
    let mut outputs = provider.outputs(verb).clone();
    for key in ["use", "found", "changed", "mark"] {
        outputs.insert(key.to_owned(), OutputType::Lines);
    }
    outputs
}

#[track_caller]
fn is_as_declared(reply: &Reply, declared: &Outputs) {
    for (key, value) in reply.values() {
        let kind = *declared.get(key).expect("a key that nobody declared");
        if kind == OutputType::Lines {
            assert!(value.split('\n').count() <= script::LINES_LIMIT, "{key} has too many lines");
            for line in value.split('\n') {
                tame(line);
                // A line is a value: a key line of RSA is longer than a text that is shown.
                assert!(line.chars().count() <= 4097, "{key}={line:?}");
            }
            continue;
        }
        tame(value);
        assert!(value.chars().count() <= 4097 && value.trim() == value, "{key}={value:?}");
        match kind {
            OutputType::Uint => drop(value.parse::<u64>().unwrap()),
            OutputType::Bool => assert!(["true", "false"].contains(&value.as_str())),
            OutputType::Text | OutputType::Lines => {}
            OutputType::Records => panic!("a record is no value: {key}={value:?}"),
        }
    }
}

/// What was understood, said by a well-behaved script, is understood as the same.
#[track_caller]
fn says_the_same_again(reply: &Reply, framed: &Framed, nonce: &str, declared: &Outputs) {
    let mut said = format!("stagepass-begin={nonce}\n");
    for (key, value) in reply.values() {
        for line in value.split('\n') {
            said.push_str(&format!("{key}={line}\n"));
        }
    }
    for line in String::from_utf8_lossy(reply.records()).split_terminator('\n') {
        let key = if line.starts_with('~') { "packed" } else { "record" };
        said.push_str(&format!("{key}={}\n", &line[1..]));
    }
    said.push_str(&format!("stagepass-end={nonce}\n"));
    let again = framed.read(Outcome::Done(output(Some(0), &said, "")), declared);
    // One more character marks a line that was cut, wherever in a list it stands.
    let is_cut = |value: &String| value.split('\n').any(|line| line.ends_with('…'));
    if !reply.values().values().any(is_cut) {
        assert_eq!(again, Answer::Done(reply.clone()));
    }
}

/// Records of a comparison, a line each, as a server tells them.
pub fn difference(data: &[u8]) {
    // Whatever they are said with.
    held_to_its_bounds(&judge(data, "deploy"));
    let lines = || data.split(|byte| *byte == b'\n');
    let plain: Vec<u8> = lines().flat_map(|line| [b"=", line, b"\n"].concat()).collect();
    let judged = judge(&plain, "deploy");
    held_to_its_bounds(&judged);
    // The same twice is the same.
    let twice = [plain.as_slice(), b"=again\n", &plain].concat();
    if !lines().any(|line| line == b"again") {
        let told = |one: &Difference| {
            let mut lines: Vec<String> =
                one.found.iter().map(|one| one.line().to_owned()).collect();
            lines.dedup();
            lines
        };
        assert_eq!(told(&judge(&twice, "deploy")).len(), told(&judged).len());
        // Packed they say the same.
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&[data, b"\n"].concat()).unwrap();
        let packed = format!("~{}\n", BASE64.encode(&packer.finish().unwrap()));
        if lines().all(|line| line.len() < 2_000_000) {
            assert_eq!(judge(packed.as_bytes(), "deploy"), judged);
        }
    }
}

fn held_to_its_bounds(difference: &Difference) {
    for finding in &difference.found {
        tame(finding.line());
        assert!(finding.line().len() < 1000, "{:?}", finding.line());
    }
    for line in &difference.changed {
        tame(line);
        assert!(line.len() < 1000, "{line:?}");
    }
    let changed = i64::try_from(difference.changed.len()).unwrap();
    assert!(changed <= difference.changed_total && difference.found_unnamed >= 0);
}

/// All that is made of what `detect` replied.
fn look(reply: &Reply) {
    let here: Target = Target {
        name: "here".into(),
        address: Address::Local,
        host_key: Vec::new(),
        login: Login::Auto,
        identity: None,
        elevation: Elevation::None,
        environment: Environment::Staging,
        path: None,
        public_host: None,
    };
    let route = Route::of(&here, &SshEnvironment::new(Path::new("/home/anna"), "anna")).unwrap();
    if let Some(why) = server::unusable(reply, NOW) {
        tame(&why);
    }
    let ids = ["SSH-2.0-OpenSSH_8.4p1 Debian-5", "SSH-2.0-dropbear_2022.83", "local"];
    for (id, provider) in ids.into_iter().zip(PROVIDERS.iter().cycle()) {
        let server =
            Server::read(id, reply, NOW..=NOW).with_credential(provider, true, Access::Sftp);
        let asked = Asked { key: true, password: true, own_account: true, access: Access::Ssh };
        let promises = [
            Promise::planned(&server, asked),
            Promise::made(&server, asked, &reply.clone().into()),
        ];
        let layers: Vec<String> =
            promises.iter().flat_map(|one| [one.enforced_by(), one.weak()].concat()).collect();
        let facts = server.facts(&route, promises[0].weak(), Some("/var/www/shop"));
        let finding = EnvironmentFinding::judge(Some(Declared::Staging), None, &facts, 0);
        let warnings = server.warnings.iter().map(|warning| &warning.text);
        for text in warnings.chain(&layers).chain(&facts.served_names) {
            tame(text);
        }
        tame(&finding.telling());
    }
}

/// What `sudo` and the script behind it say, a line for each piece: `1` and `2` are standard output
/// and standard error, `3` and `4` the same without the end of the line. First the exit status and
/// how root is become.
pub fn exchange(data: &[u8]) {
    let Some(whole) = text(data) else { return };
    let (head, rest) = first_line(whole);
    let (status, elevation) = head.split_once(' ').unwrap_or((head, ""));
    let elevation: Elevation = elevation.parse().unwrap_or(Elevation::SudoPassword);
    let status: Option<u32> = status.parse().ok();
    let pieces: Vec<Piece<'_>> = rest
        .split_inclusive('\n')
        .filter_map(|line| {
            let (kind, said) = line.split_at_checked(1)?;
            let open = said.strip_suffix('\n').unwrap_or(said).as_bytes();
            Some(match kind {
                "1" => Piece::Out(said.as_bytes()),
                "2" => Piece::Err(said.as_bytes()),
                "3" => Piece::Out(open),
                "4" => Piece::Err(open),
                _ => return None,
            })
        })
        .collect();
    let (outcome, written) = fuzzing::exchange(elevation, &pieces, status);
    let count = |word: &str| written.split(' ').filter(|one| *one == word).count();
    assert!(count("password") <= 1 && count("script") + count("marked") <= 1, "{written}");
    assert_eq!(count("something"), 0, "{written}");
    let said = |out: bool| -> Vec<u8> {
        let wanted = |piece: &Piece<'_>| match piece {
            Piece::Out(bytes) => out.then(|| bytes.to_vec()),
            Piece::Err(bytes) => (!out).then(|| bytes.to_vec()),
        };
        pieces.iter().filter_map(wanted).flatten().collect()
    };
    let holds = |text: &[u8], mark: &str| text.windows(mark.len()).any(|w| w == mark.as_bytes());
    match elevation {
        Elevation::SudoPassword => {
            let asked = holds(&said(false), "[stagepass: sudo password] ");
            let is_root = holds(&said(true), "stagepass-is-root\n");
            assert!(count("password") == 0 || asked, "a password that nobody asked for");
            assert!(count("script") == 0 || is_root, "the script went to somebody else");
        }
        Elevation::Sudo => assert_eq!(written, "marked"),
        Elevation::None => assert_eq!(written, "script"),
    }
    match &outcome {
        Outcome::Done(output) => {
            assert!(status.is_some() && output.status == status);
            assert!(output.stdout.len() <= STDOUT_LIMIT && output.stderr.len() <= STDERR_LIMIT);
            // Whoever reads the script has said so.
            assert!(elevation == Elevation::None || holds(&said(true), "stagepass-is-root\n"));
        }
        Outcome::Refused { why } => {
            tame(why);
            assert!(count("script") == 0 && elevation != Elevation::None, "{why}");
        }
        Outcome::Unknown { why, .. } => {
            tame(why);
            assert!(status.is_none());
        }
    }
    // The network cuts where it likes. Who asks twice before there was an answer is waited for.
    let asked = String::from_utf8_lossy(&said(false)).matches("[stagepass: sudo pass").count();
    if asked > 1 {
        return;
    }
    let bytes = pieces.iter().flat_map(|piece| -> Vec<Piece<'_>> {
        match piece {
            Piece::Out(bytes) => bytes.chunks(1).map(Piece::Out).collect(),
            Piece::Err(bytes) => bytes.chunks(1).map(Piece::Err).collect(),
        }
    });
    let (other, also) = fuzzing::exchange(elevation, &bytes.collect::<Vec<_>>(), status);
    assert_eq!((format!("{outcome:?}"), written), (format!("{other:?}"), also));
}

/// What an SFTP server says, in bytes.
pub fn sftp(data: &[u8]) {
    match fuzzing::sftp(data).expect("nothing is waited for when everything was said") {
        Ok(Reach::Sftp { path, .. }) => {
            tame(&path);
            assert!(path.chars().count() <= 1024);
            assert!(data.get(4) == Some(&2), "it never said its version");
        }
        Ok(Reach::Shell) => panic!("there is no shell in SFTP"),
        Err(why) => {
            tame(&why);
            assert!(!why.is_empty() && why.chars().count() < 400, "{why}");
        }
    }
}

/// Anything at all, on its way to the ledger and to the screen.
pub fn screen(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let clean = script::clean(&text);
    tame(&clean);
    assert!(clean.chars().count() <= script::TEXT_LIMIT + 1, "{clean:?}");
    assert_eq!(script::clean(&clean), clean);
    let line = shown(&text);
    tame(&line);
    assert!(line.chars().count() <= 1501);
    let printed = fuzzing::printed(&text);
    for (at, _) in printed.match_indices(is_steering) {
        let rest = &printed[at..];
        let code = rest.strip_prefix("\u{1b}[").and_then(|rest| rest.split_once('m'));
        let is_colour =
            code.is_some_and(|(code, _)| code.chars().all(|c| c.is_ascii_digit() || c == ';'));
        assert!(is_colour || rest.starts_with('\n'), "{rest:?}");
    }
    assert_eq!(fuzzing::printed(&printed), printed);
    let json = serde_json::to_string(&text).unwrap();
    let document = fuzzing::document(&json);
    assert!(!document.contains(is_steering), "{document:?}");
    assert_eq!(serde_json::from_str::<String>(&document).unwrap(), text);
}

// ---- host keys and public keys -----------------------------------------------------------------

/// A `known_hosts` file: first the host, the port and the key that a server shows.
pub fn known_hosts(data: &[u8]) {
    let whole = String::from_utf8_lossy(data);
    let (head, file) = first_line(&whole);
    let mut words = head.splitn(3, ' ');
    let host = words.next().unwrap_or_default();
    // Only what may be the host of an address is ever looked up.
    if Address::from_str(&format!("ssh://{host}")).is_err() || host.contains([':', '@', '[']) {
        return;
    }
    let port = words.next().and_then(|port| port.parse().ok()).filter(|port| *port > 0);
    let port = port.unwrap_or(22);
    let key = words.next().and_then(|key| PublicKey::from_openssh(key).ok());
    let key = key.unwrap_or_else(|| PublicKey::from_openssh(KEY).unwrap());
    let plain = PublicKey::new(key.key_data().clone(), "").to_openssh().unwrap();
    let ask = |text: &str| KnownHosts::parse(text, host, port).ask(&key);
    let verdict = ask(file);
    match &verdict {
        Verdict::Valid => assert!(mentions(file, &key), "nobody wrote this key down"),
        Verdict::Revoked => {
            assert!(mentions(file, &key) && file.contains("@revoked"));
            assert!(KnownHosts::parse(file, host, port).is_revoked(&key));
        }
        Verdict::Changed { expected } => {
            assert!(!expected.is_empty());
            assert!(!expected.contains(&key.fingerprint(HashAlg::Sha256).to_string()));
        }
        Verdict::Unknown { certificate_authority } => {
            assert!(!certificate_authority || file.contains("@cert-authority"));
        }
    }
    // A name is one name, however it is written.
    let upper = KnownHosts::parse(file, &host.to_ascii_uppercase(), port).ask(&key);
    assert_eq!(upper, verdict);
    // What says nothing changes nothing.
    let noise = file.replace('\n', "\n\n# nothing\n \t\nnot a line\n");
    assert_eq!(ask(&noise), verdict);
    let name = if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") };
    let sorted = |verdict: Verdict| match verdict {
        Verdict::Changed { expected } => {
            format!("{:?}", expected.into_iter().collect::<BTreeSet<_>>())
        }
        other => format!("{other:?}"),
    };
    // The order of lines does not matter, and neither do lines that are there twice.
    let lines: Vec<&str> = file.lines().collect();
    let backwards: Vec<&str> = lines.iter().rev().copied().collect();
    assert_eq!(sorted(ask(&backwards.join("\n"))), sorted(verdict.clone()));
    assert_eq!(sorted(ask(&format!("{file}\n{file}"))), sorted(verdict.clone()));
    // A line of one's own is found, unless the key is revoked; a revoked key is never believed.
    let with = ask(&format!("{file}\n{name} {plain}\n"));
    let is_revoked = KnownHosts::parse(file, host, port).is_revoked(&key);
    assert_eq!(with, if is_revoked { Verdict::Revoked } else { Verdict::Valid });
    for pattern in ["*", &name] {
        let text = format!("{file}\n{name} {plain}\n@revoked {pattern} {plain}\n");
        assert_eq!(ask(&text), Verdict::Revoked);
    }
    // What is said about others says nothing about this one.
    let others = file.lines().map(|line| format!("other.invalid {line}\n")).collect::<String>();
    drop(ask(&others));
    assert!(matches!(
        ask(&format!("!{name},!{host},* {plain}\n")),
        Verdict::Unknown { certificate_authority: false }
    ));
}

/// Whether a file has this key somewhere in it, in a form that base64 reads as the same.
fn mentions(file: &str, key: &PublicKey) -> bool {
    file.split_ascii_whitespace().collect::<Vec<_>>().windows(2).any(|pair| {
        PublicKey::from_openssh(&pair.join(" ")).is_ok_and(|one| one.key_data() == key.key_data())
    })
}

/// A host key as the merchant pins it.
pub fn host_key(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let pin = match HostKeyPin::from_str(text) {
        Ok(pin) => pin,
        Err(error) => {
            says(&error);
            return;
        }
    };
    assert!(!text.contains("PRIVATE KEY"));
    let printed = pin.to_string();
    tame(&printed);
    assert_eq!(HostKeyPin::from_str(&printed).unwrap(), pin);
    assert!(pin.fingerprint().starts_with("SHA256:"));
    let print: HostKeyPin = pin.fingerprint().parse().unwrap();
    let other = PublicKey::from_openssh(KEY).unwrap();
    let is_other = pin.fingerprint() == other.fingerprint(HashAlg::Sha256).to_string();
    for pin in [&pin, &print] {
        assert_eq!(pin.accepts(&other), is_other);
    }
    if let HostKeyPin::Key(key) = &pin {
        assert!(print.accepts(key) && pin.accepts(key));
        assert_eq!(check_pins(&[print], key), Verdict::Valid);
        // Nothing but the key is kept.
        assert_eq!(printed.split(' ').count(), 2);
        assert!(mentions(text.trim(), key));
    }
    let is_valid = check_pins(std::slice::from_ref(&pin), &other) == Verdict::Valid;
    assert_eq!(is_valid, is_other);
}

/// A file that is said to hold a supporter's public key.
pub fn public_key(data: &[u8]) {
    let key = match read_supporter_key(data) {
        Ok(key) => key,
        Err(error) => {
            let told = format!("{} {error:?}", says(&error));
            // What may be a private key is not repeated.
            let text = String::from_utf8_lossy(data);
            let long = text.split_whitespace().filter(|word| word.chars().count() > 40);
            for word in long {
                assert!(!told.contains(word), "{told}");
            }
            assert!(stagepass::testing::message::has(error.hint()));
            if data.len() > public_key::FILE_LIMIT {
                assert!(matches!(error, PublicKeyError::Large));
            }
            return;
        }
    };
    assert!(data.len() <= public_key::FILE_LIMIT);
    let words: Vec<&str> = key.text.split(' ').collect();
    let [kind, body] = words[..] else { panic!("{key:?} is more than a key") };
    assert_eq!(kind, key.algorithm);
    assert!(["ssh-", "ecdsa-sha2-nistp", "sk-"].iter().any(|start| kind.starts_with(start)));
    assert!(kind != "ssh-dss" && !kind.contains("cert"), "{kind}");
    assert!(body.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)));
    tame(&key.comment);
    assert!(key.comment.chars().count() <= 100);
    assert!(
        key.rsa_bits.is_none_or(|bits| bits >= 2048)
            && (kind == "ssh-rsa") == key.rsa_bits.is_some()
    );
    // By another reader, and with another hash function's word for it.
    let parsed = PublicKey::from_openssh(&key.text).unwrap();
    let digest = Sha256::digest(parsed.to_bytes().unwrap());
    let print = parsed.fingerprint(HashAlg::Sha256);
    assert_eq!(print.as_bytes(), &digest[..]);
    assert_eq!(key.fingerprint, print.to_string());
    // The very words of the file, and nothing added.
    let wide = data.starts_with(&[0xff, 0xfe]) || data.starts_with(&[0xfe, 0xff]);
    let file = String::from_utf8_lossy(data);
    assert!(wide || file.split_whitespace().any(|word| word == body), "{key:?}");
    let again = read_supporter_key(key.text.as_bytes()).unwrap();
    assert_eq!((&again.text, &again.fingerprint), (&key.text, &key.fingerprint));
    let line = format!("{} {}\n", key.text, key.comment);
    if let Ok(same) = read_supporter_key(line.as_bytes()) {
        assert_eq!(same.text, key.text);
    }
}

// ---- addresses, names, times -------------------------------------------------------------------

/// The address of a target.
pub fn address(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let address = match Address::from_str(text) {
        Ok(address) => address,
        Err(error) => {
            let told = says(&error);
            tame(&told);
            assert!(told.chars().count() <= 300, "{told}");
            if let Some(password) = password_of(text) {
                assert!(!told.contains(password), "{told}");
            }
            return;
        }
    };
    assert!(password_of(text).is_none(), "{address}");
    let printed = address.to_string();
    assert_eq!(Address::from_str(&printed), Ok(address.clone()), "{printed}");
    assert_eq!(address.to_string(), printed);
    is_harmless_word(&printed);
    let Address::Ssh { user, host, port } = address else {
        assert!(text.eq_ignore_ascii_case("local:"));
        return;
    };
    assert!(!host.is_empty() && host.len() <= 253);
    assert_ne!(port, Some(0));
    for part in [Some(host), user].into_iter().flatten() {
        is_harmless_word(&part);
        assert!(
            text.to_ascii_lowercase().contains(&part.to_ascii_lowercase()) || part.contains(':')
        );
    }
}

/// What stands between a colon and the last `@`, where that can only be meant as a password.
fn password_of(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (user, _) = rest.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    // Others could be a word of any sentence.
    password.contains("hunter2").then_some(password)
}

/// Safe as one word of a command line, of a configuration and of a log.
#[track_caller]
fn is_harmless_word(word: &str) {
    assert!(!word.starts_with('-'), "{word:?}");
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-+$:/@[]".contains(c);
    assert!(word.chars().all(fine), "{word:?}");
}

/// Names, references, reasons, folders, heads of ledgers: a text that claims to be any of them.
pub fn names(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let length = text.chars().count();
    let checks: [(Result<(), policy::NameProblem>, usize, &str); 3] = [
        (policy::check_name(text), 80, "'\"`\\:<>|$;*?="),
        (policy::check_reference(text), 64, " '\"`\\:<>|$;*?=&()"),
        (policy::check_sentence(text), 500, ""),
    ];
    for (checked, longest, forbidden) in checks {
        match checked {
            Ok(()) => {
                tame(text);
                assert!((1..=longest).contains(&length) && text.trim() == text);
                assert!(!text.contains(|c| forbidden.contains(c)), "{text:?}");
            }
            Err(problem) => tame(&problem.to_string()),
        }
    }
    match target::check_name(text) {
        Ok(()) => is_harmless_word(text),
        Err(complaint) => drop(says(&complaint)),
    }
    match target::check_path(text) {
        Ok(()) => {
            assert!(Path::new(text).is_absolute() && !text.contains(char::is_control));
            // No way of reading it leads out of it.
            let mut depth = 0;
            for part in Path::new(text).components() {
                assert!(!matches!(part, std::path::Component::ParentDir));
                depth += 1;
            }
            assert!(depth > 1, "{text:?} is everything");
        }
        Err(complaint) => drop(says(&complaint)),
    }
    match Head::from_str(text) {
        Ok(head) => {
            assert_eq!(Head::from_str(&head.to_string()), Ok(head.clone()));
            assert!(head.seq >= 0 && head.hash.len() == 64);
        }
        Err(error) => drop(says(&error)),
    }
    match SecretName::from_str(text) {
        Ok(name) => {
            assert_eq!(name.to_string(), text);
            assert!(!text.contains(char::is_control));
        }
        Err(error) => drop(says(&error)),
    }
    for elevation in [Elevation::from_str(text).map(Elevation::id)] {
        match elevation {
            Ok(word) => assert_eq!(word, text),
            Err(error) => drop(says(&error)),
        }
    }
}

/// A zone whose clocks change once, as every zone with summer time does twice a year.
#[derive(Debug, Clone, Copy)]
struct Zone {
    before: FixedOffset,
    after: FixedOffset,
    /// When, in unix seconds.
    change: i64,
}

impl Zone {
    fn at(&self, moment: i64) -> FixedOffset {
        if moment < self.change { self.before } else { self.after }
    }
}

impl TimeZone for Zone {
    type Offset = FixedOffset;

    fn from_offset(offset: &FixedOffset) -> Self {
        Self { before: *offset, after: *offset, change: 0 }
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<FixedOffset> {
        self.offset_from_local_datetime(&local.and_hms_opt(0, 0, 0).unwrap())
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<FixedOffset> {
        let moment =
            |offset: FixedOffset| local.and_utc().timestamp() - i64::from(offset.local_minus_utc());
        let is_before = moment(self.before) < self.change;
        let is_after = moment(self.after) >= self.change;
        match (is_before, is_after) {
            (true, true) if self.before == self.after => MappedLocalTime::Single(self.before),
            (true, true) => MappedLocalTime::Ambiguous(self.before, self.after),
            (true, false) => MappedLocalTime::Single(self.before),
            (false, true) => MappedLocalTime::Single(self.after),
            (false, false) => MappedLocalTime::None,
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> FixedOffset {
        self.offset_from_utc_datetime(&utc.and_hms_opt(0, 0, 0).unwrap())
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> FixedOffset {
        self.at(utc.and_utc().timestamp())
    }
}

/// A length of time or a moment: first the offset before and after a change of clocks, in minutes,
/// how many minutes from now that change is, and in how many hours after the usual now is.
pub fn deadline(data: &[u8]) {
    let Some(whole) = text(data) else { return };
    let (head, text) = first_line(whole);
    let mut numbers = head.split(' ').map(|word| word.parse::<i32>().unwrap_or(0));
    let mut minutes = |most: i32| numbers.next().unwrap_or(0) % (most + 1);
    let offset = |minutes: i32| FixedOffset::east_opt(minutes * 60).unwrap();
    let (before, after) = (offset(minutes(14 * 60)), offset(minutes(14 * 60)));
    let change = i64::from(minutes(60 * 24 * 365)) * 60;
    let now = NOW + i64::from(minutes(24 * 365 * 200)) * 3600;
    let zone = Zone { before, after, change: now + change };
    match deadline::parse_for(text) {
        Ok(seconds) => {
            assert!((1..=366 * 86_400).contains(&seconds));
            assert_eq!(deadline::parse_for(&format!("{seconds}s")), Ok(seconds));
            tame(&deadline::duration(seconds));
        }
        Err(error) => is_short(&error),
    }
    match deadline::parse_until(text, &zone, now) {
        Ok(moment) => {
            assert!(moment > now && moment - now <= 366 * 86_400);
            for printed in [deadline::utc(moment), deadline::local(moment, &zone)] {
                // Read back without a zone's help, and with another zone's.
                for zone in [zone, Zone::from_offset(&offset(345))] {
                    assert_eq!(
                        deadline::parse_until(&printed, &zone, now),
                        Ok(moment),
                        "{printed}"
                    );
                }
            }
            tame(&deadline::human(moment, &zone, now));
            tame(&deadline::relative(moment, now));
        }
        Err(error) => {
            is_short(&error);
            if let DeadlineError::Twice { earlier, later, .. }
            | DeadlineError::Never { earlier, later, .. } = &error
            {
                let read = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().timestamp();
                let (one, other) = (read(earlier), read(later));
                assert!(one < other, "{error}");
                let apart = i64::from((before.local_minus_utc() - after.local_minus_utc()).abs());
                assert_eq!(other - one, apart, "{error}");
                for (text, moment) in [(earlier, one), (later, other)] {
                    match deadline::parse_until(text, &zone, now) {
                        Ok(read) => assert_eq!(read, moment),
                        Err(error) => assert!(matches!(
                            error,
                            DeadlineError::Past { .. } | DeadlineError::Far(_)
                        )),
                    }
                }
                assert_ne!(before, after, "clocks did not change");
            }
        }
    }
}

#[track_caller]
fn is_short(error: &DeadlineError) {
    let told = says(error);
    assert!(told.chars().count() < 700, "{told}");
}

// ---- files that a merchant writes --------------------------------------------------------------

/// A `config.toml`.
pub fn config(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match fuzzing::config(text) {
        Ok(policy) => {
            for days in [policy.deadline_maximum_days, policy.deadline_default_days] {
                assert!(days.is_none_or(|days| (1..=35).contains(&days)));
            }
            assert!(policy.access.is_none_or(|access| !access.is_empty()));
        }
        Err(why) => {
            tame(&shown(&why));
            // A value may be the ledger's URL with its password.
            let names = toml_names(text);
            if !names.contains("hunter2") {
                assert!(!why.contains("hunter2"), "{why}");
            }
        }
    }
}

/// Whatever could be a name of a key, and may be repeated.
fn toml_names(text: &str) -> String {
    let before = |line: &str| line.split('=').next().unwrap_or_default().to_owned();
    let table = |line: &str| line.trim_start().starts_with('[');
    text.split(['\n', '\r', ',', '{', '}'])
        .map(|line| if table(line) { line.to_owned() } else { before(line) })
        .collect()
}

/// A `targets.toml`.
pub fn targets(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let list = match fuzzing::targets(text) {
        Ok(list) => list,
        Err(error) => {
            says(&error);
            return;
        }
    };
    let mut seen = BTreeSet::new();
    for target in &list {
        assert!(seen.insert(&target.name), "{} is there twice", target.name);
        target::check_name(&target.name).unwrap();
        assert!(target.address == Address::Local || !target.host_key.is_empty());
        // Alone in a file of its own it is the same target.
        let alone = fuzzing::with_target("", target).unwrap();
        assert_eq!(fuzzing::targets(&alone).unwrap(), std::slice::from_ref(target));
        let without = fuzzing::without_target(text, &target.name).unwrap();
        let left: Vec<&Target> = list.iter().filter(|other| other.name != target.name).collect();
        let kept = fuzzing::targets(&without).unwrap();
        assert_eq!(kept.iter().collect::<Vec<_>>(), left);
        assert!(fuzzing::with_target(text, target).is_err(), "{} is there", target.name);
    }
    let new = Target {
        name: "zz-new".into(),
        address: "ssh://deploy@staging.shop.example:2222".parse().unwrap(),
        host_key: vec![KEY.parse().unwrap()],
        login: Login::Agent,
        identity: Some(PathBuf::from("~/.ssh/a b")),
        elevation: Elevation::SudoPassword,
        environment: Environment::Staging,
        path: Some("/var/www/a \"b\" 'c' \\ #".into()),
        public_host: Some("shop.example:2222".into()),
    };
    if seen.contains(&new.name) {
        return;
    }
    let with = fuzzing::with_target(text, &new).unwrap();
    let mut wanted = list.clone();
    wanted.push(new.clone());
    assert_eq!(fuzzing::targets(&with).unwrap(), wanted, "{with}");
    let back = fuzzing::without_target(&with, &new.name).unwrap();
    assert_eq!(fuzzing::targets(&back).unwrap(), list, "{back}");
    // Everything that was there is there still, in its order: something was only added.
    let mut symbols = with.chars();
    for symbol in text.trim_start_matches('\u{feff}').chars().filter(|c| *c != '\r') {
        assert!(symbols.any(|other| other == symbol), "something was lost in {with:?}");
    }
}

/// A provider's manifest and script.
pub fn provider(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let [manifest, script] = parts(text);
    match fuzzing::provider("mine", manifest, script) {
        Ok(provider) => {
            assert_eq!((provider.name.as_str(), provider.digest.len()), ("mine", 64));
            let other = fuzzing::provider("mine", manifest, &format!("{script} ")).unwrap();
            assert_ne!(other.digest, provider.digest);
            for verb in Verb::ALL.iter().copied() {
                let inputs = ["sp_grant", "sp_ask"];
                let inputs = inputs.map(|name| (name, script::Input::Text(manifest.to_owned())));
                let inputs = Vec::from(inputs);
                let framed = provider.frame(verb, &inputs).unwrap();
                let body = String::from_utf8_lossy(&framed.body);
                assert!(body.starts_with("{ set -eu\n") && body.ends_with("\n} </dev/null\n"));
                // No input ends its quotes, whatever it holds, and none is sent that is not told.
                let quoted = manifest.replace('\0', "").replace('\'', "'\\''");
                let told: Vec<&str> = provider.inputs(verb).collect();
                for (name, _) in &inputs {
                    let is_told = told.contains(name);
                    assert_eq!(body.contains(&format!("\n{name}='{quoted}'\n")), is_told, "{name}");
                }
                drop(provider.outputs(verb).keys().map(|key| shown(key)).collect::<Vec<_>>());
            }
            assert!(fuzzing::provider("other", manifest, script).is_err());
        }
        Err(error) => drop(says(&error)),
    }
}

/// A desk's manifest and its sentences.
pub fn desk(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let [manifest, texts] = parts(text);
    let desk = match fuzzing::desk(manifest, texts) {
        Ok(desk) => desk,
        Err(error) => {
            says(&error);
            return;
        }
    };
    let manifest = &desk.manifest;
    assert!((1..=35).contains(&manifest.time_box.maximum_days));
    assert!((1..=manifest.time_box.maximum_days).contains(&manifest.time_box.default_days));
    assert!((manifest.time_box.maximum_days..=35).contains(&manifest.extensions.total_days));
    assert!((1..=24).contains(&manifest.live.backup_maximum_age_hours));
    assert!(!manifest.protocols.is_empty() && !matches!(manifest.port, Some(0 | 20 | 21 | 990)));
    policy::check_name(&manifest.name).unwrap();
    for rule in policy::Rule::ALL.iter().copied() {
        if let Some(own) = desk.speaks_for(rule) {
            assert!(own.speaks_for.iter().any(|id| id == rule.id()));
        }
    }
    for rule in &manifest.rules {
        let sentence = desk.rule_text(&rule.id).expect("a rule without a sentence");
        tame(&shown(&sentence));
    }
    if let Some(rule) = &manifest.live.acknowledge {
        assert!(manifest.rules.iter().any(|one| one.id == *rule));
    }
}

/// A crontab, whoever wrote it.
pub fn crontab(data: &[u8]) {
    let foreign = fuzzing::crontab_without(data);
    assert!(fuzzing::crontab_lines(&foreign).is_empty());
    let (with, line) = fuzzing::crontab_with(data, "/usr/bin/stagepass", 5).unwrap();
    assert_eq!(fuzzing::crontab_lines(&with), std::slice::from_ref(&line));
    assert_eq!(fuzzing::crontab_with(&with, "/usr/bin/stagepass", 5).unwrap().0, with);
    let (period, command) = fuzzing::crontab_line(&line);
    assert_eq!(
        (period.map(|p| p.minutes()), command.as_str()),
        (Some(5), "/usr/bin/stagepass sweep")
    );
    // Byte for byte what was there, but for a newline that a last line needs.
    let mut back = fuzzing::crontab_without(&with);
    if back != foreign {
        assert_eq!(back.pop(), Some(b'\n'));
    }
    assert_eq!(back, foreign);
    for line in fuzzing::crontab_lines(data) {
        let (_, command) = fuzzing::crontab_line(&line);
        assert!(command.len() <= line.len());
    }
    for note in fuzzing::crontab_notes(data) {
        tame(&note);
    }
    let other = String::from_utf8_lossy(data);
    if let Ok((with, line)) = fuzzing::crontab_with(b"", &format!("/{}", first_line(&other).0), 60)
    {
        assert_eq!(with, format!("{line}\n").into_bytes());
        assert_eq!(fuzzing::crontab_lines(&with), std::slice::from_ref(&line), "{line}");
        assert_eq!(fuzzing::crontab_line(&line).0.map(|p| p.minutes()), Some(60));
        // A bare `%` is a newline to cron.
        assert!(!line.replace("\\%", "").contains('%'), "{line}");
    }
}

/// What `~/.ssh/config` says: first the host that is asked for.
pub fn ssh_config(data: &[u8]) {
    let Some(whole) = text(data) else { return };
    let (host, config) = first_line(whole);
    // An alias is typed as an address; and no other file of this machine has a say here.
    let Ok(Address::Ssh { user: None, host, port: None }) = Address::from_str(host) else { return };
    if config.to_ascii_lowercase().contains("include") {
        return;
    }
    let known = SshEnvironment::new(Path::new("/home/anna"), "anna");
    match fuzzing::ssh_config(config, &known, &host) {
        Ok(way) => is_a_way(&way, 0),
        Err(error) => drop(says(&error)),
    }
}

#[track_caller]
fn is_a_way(way: &Way, depth: usize) {
    assert!(depth <= 8 && way.jumps.len() <= 8);
    assert!(!way.host.is_empty() && !way.host.contains(['@', '/', '%']), "{way:?}");
    is_harmless_word(&way.host);
    assert_ne!(way.port, 0, "{way:?}");
    for jump in &way.jumps {
        assert!(jump.jumps.is_empty() || depth == 0, "{way:?}");
        is_a_way(jump, depth + 1);
    }
}

/// A text that somebody is about to send, or a file that is none.
pub fn lint(data: &[u8]) {
    // However it comes, the same is found.
    let whole = fuzzing::secrets_in_pieces([data]);
    assert_eq!(fuzzing::secrets_in_pieces(data.chunks(7)), whole);
    let Some(text) = text(data) else { return };
    let found = fuzzing::secrets(text);
    let lines: Vec<&str> = text.split('\n').collect();
    let mut last = (1, 1);
    for one in &found {
        // In order, none within another, and inside of the text.
        assert!((one.line, one.column) >= last && one.length > 0, "{one:?}");
        let line = lines.get(one.line - 1).expect("a line that there is not");
        let rest: String = line.chars().skip(one.column - 1).collect();
        assert!(!rest.is_empty(), "{one:?}");
        let excerpt = one.excerpt.as_deref().unwrap_or("12…34");
        assert_eq!(excerpt.chars().count(), 5, "{one:?}");
        last = (one.line, one.column + 1);
    }
    // A file that begins as a text does and has nothing odd in it is read as that text.
    if text.chars().all(|c| c == '\n' || !c.is_control()) {
        let file = format!("a line of text\n{text}");
        let in_file = fuzzing::secrets_in_pieces([file.as_bytes()]);
        assert_eq!(in_file, fuzzing::secrets(&file));
    }
}

// ---- telling staging from live -----------------------------------------------------------------

/// What is known about a server: first what was declared and the host of the address, then a line
/// for each name or setting, `served www.shop.nl`.
pub fn environment(data: &[u8]) {
    let Some(whole) = text(data) else { return };
    let (head, rest) = first_line(whole);
    let (declared, host) = head.split_once(' ').unwrap_or((head, ""));
    let declared = Declared::from_str(declared).ok();
    let host = Some(host).filter(|host| !host.is_empty());
    let facts = facts(rest);
    let judge = |declared, facts: &Facts| EnvironmentFinding::judge(declared, host, facts, 0);
    let finding = judge(declared, &facts);
    tame(&shown(&finding.telling()));
    let verdict = finding.verdict;
    assert!(declared != Some(Declared::Live) || verdict == EnvironmentVerdict::Live);
    // The order in which things were seen does not matter, nor how they are written.
    let mut backwards = facts.clone();
    backwards.served_names.reverse();
    backwards.shop.signals.reverse();
    assert_eq!(judge(declared, &backwards).verdict, verdict);
    let mut upper = facts.clone();
    for name in &mut upper.served_names {
        *name = name.to_ascii_uppercase();
    }
    assert_eq!(judge(declared, &upper).verdict, verdict);
    // One sign of a live shop is enough, beside whatever else there is.
    let mut more = facts.clone();
    more.served_names.push("www.kaasmeester.nl".into());
    assert_eq!(judge(declared, &more).verdict, EnvironmentVerdict::Live);
    // And none is outweighed: more signs of staging never make live what is not.
    for name in ["staging.kaasmeester.nl", "shop.test", "test.kaasmeester.nl", "localhost"] {
        let mut more = facts.clone();
        more.served_names.push(name.into());
        let now = judge(Some(Declared::Staging), &more).verdict;
        let before = judge(Some(Declared::Staging), &facts).verdict;
        assert_eq!(now == EnvironmentVerdict::Live, before == EnvironmentVerdict::Live, "{name}");
    }
    // Whatever is staging without a word of the merchant's is staging with it.
    if judge(None, &facts).verdict == EnvironmentVerdict::Staging {
        assert_eq!(judge(Some(Declared::Test), &facts).verdict, EnvironmentVerdict::Staging);
    }
}

fn facts(text: &str) -> Facts {
    let mut facts = Facts::default();
    for line in text.lines() {
        let Some((kind, value)) = line.split_once(' ') else { continue };
        // As they come out of a reply.
        let value = script::clean(value);
        match kind {
            "served" if !value.is_empty() => facts.served_names.push(value),
            "hostname" => facts.hostname = Some(value),
            "fqdn" => facts.fqdn = Some(value),
            "address" => facts.addresses.extend(value.parse::<std::net::IpAddr>()),
            "signal" => facts.shop.signals.extend(ShopSignal::read(&value)),
            _ => {}
        }
    }
    facts
}
