//! Configurations of SSH as people have them (`tests/ssh_config`), held against `ssh -G`: the same
//! way, or a refusal that names file and line.
//!
//! `ssh` finds the home folder by the user's number and not by `HOME`, so the whole test runs once
//! more in a mount namespace of its own, with folders of its own over root's home and `/etc/ssh`,
//! and without a network.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use stagepass::testing::fuzzing::{self, Way};
use stagepass::testing::target::Address;
use stagepass::testing::transport::SshEnvironment;

/// Where the inner run finds the cases.
const CASES: &str = "STAGEPASS_TEST_SSH_CONFIG";
const AGENT: &str = "/run/agent.sock";

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test that is started in an environment")]
    std::env::var(name).ok()
}

/// What one file of the corpus asks for.
#[derive(Default)]
struct Case {
    /// Hosts for which both find the same way.
    same: Vec<String>,
    /// Hosts that are refused, and what the refusal names.
    refused: Vec<(String, String)>,
    /// Hosts for which `ssh` and stagepass both end.
    error: Vec<String>,
    /// Hosts that `ssh` refuses for what has no part in the way, and stagepass does not.
    looser: Vec<String>,
    environment: Vec<(String, String)>,
    files: BTreeMap<PathBuf, Vec<u8>>,
    folders: Vec<PathBuf>,
    links: Vec<(PathBuf, PathBuf)>,
    modes: Vec<(u32, PathBuf)>,
}

impl Case {
    fn read(bytes: &[u8]) -> Self {
        let mut case = Self::default();
        let mut file: Option<PathBuf> = None;
        assert!(!bytes.starts_with(b"%%"), "it does not say what it is");
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(order) = line.strip_prefix(b"%% ") else {
                if let Some(path) = &file {
                    case.files.get_mut(path).unwrap().extend_from_slice(line);
                }
                continue;
            };
            let order = String::from_utf8(order.to_vec()).unwrap();
            let (word, rest) = order.trim().split_once(' ').unwrap();
            let words = || rest.split(' ').map(str::to_owned);
            let pair = || rest.split_once(' ').unwrap();
            match word {
                "same" => case.same.extend(words()),
                "error" => case.error.extend(words()),
                "looser" => case.looser.extend(words()),
                "refused" => case.refused.push((pair().0.into(), pair().1.into())),
                "env" => {
                    let (name, value) = rest.split_once('=').unwrap();
                    case.environment.push((name.into(), value.into()));
                }
                "dir" => case.folders.push(place(rest)),
                "link" => case.links.push((place(pair().0), pair().1.into())),
                "mode" => {
                    let mode = u32::from_str_radix(pair().0, 8).unwrap();
                    case.modes.push((mode, place(pair().1)));
                }
                "file" => {
                    case.files.insert(place(rest), Vec::new());
                    file = Some(place(rest));
                }
                other => panic!("`{other}`"),
            }
        }
        case
    }

    /// Lays the files out in folders that are empty.
    fn lay_out(&self) {
        for folder in [Path::new("/root"), Path::new("/etc/ssh")] {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    fs::remove_dir_all(path).unwrap();
                } else {
                    fs::remove_file(path).unwrap();
                }
            }
        }
        for folder in &self.folders {
            fs::create_dir_all(folder).unwrap();
        }
        for (path, bytes) in &self.files {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        }
        for (link, to) in &self.links {
            symlink(to, link).unwrap();
        }
        for (mode, path) in &self.modes {
            fs::set_permissions(path, fs::Permissions::from_mode(*mode)).unwrap();
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("HOME", "/root").env("SSH_AUTH_SOCK", AGENT);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn place(text: &str) -> PathBuf {
    Path::new("/root").join(text)
}

/// What `ssh -G` says about an address.
struct Says {
    text: String,
    typed: String,
}

impl Says {
    fn ask(case: &Case, more: &[&str], address: &str) -> Result<Self, String> {
        let Ok(Address::Ssh { user, host, port }) = address.parse() else { panic!("{address}") };
        let mut command = case.command("ssh");
        command.arg("-G").args(more);
        if let Some(user) = &user {
            command.args(["-l", user]);
        }
        if let Some(port) = port {
            command.args(["-p", &port.to_string()]);
        }
        let output = command.arg(&host).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(Self { text, typed: host })
    }

    fn all(&self, key: &str) -> Vec<&str> {
        let lines = self.text.lines().filter_map(|line| line.split_once(' '));
        lines.filter(|(name, _)| *name == key).map(|(_, value)| value).collect()
    }

    fn one(&self, key: &str) -> Option<&str> {
        self.all(key).first().copied()
    }

    /// `-G` shows most values as they are written.
    fn resolved(&self, case: &Case, value: &str) -> PathBuf {
        let user = self.one("user").unwrap();
        let host = self.one("hostname").unwrap();
        let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let alias = self.one("hostkeyalias").unwrap_or(&self.typed).to_ascii_lowercase();
        let mut text = value.replace("%%", "\u{1}");
        for (token, with) in [
            ("%r", user),
            ("%h", host),
            ("%n", &self.typed),
            ("%p", self.one("port").unwrap()),
            ("%u", "root"),
            ("%d", "/root"),
            ("%i", "0"),
            ("%k", &alias),
            ("%L", machine.trim().split('.').next().unwrap()),
        ] {
            text = text.replace(token, with);
        }
        for (name, value) in &case.environment {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        text.replace('\u{1}', "%").replacen("~/", "/root/", 1).into()
    }

    fn files(&self, case: &Case, key: &str) -> Vec<PathBuf> {
        let files = self.all(key).into_iter().flat_map(|line| match key {
            // `-G` shows several on one line, and those with blanks without a quote.
            "userknownhostsfile" | "globalknownhostsfile" => line
                .replace("known blank", "known\u{2}blank")
                .split(' ')
                .map(|file| file.replace('\u{2}', " "))
                .collect(),
            _ => vec![line.to_owned()],
        });
        files.filter(|file| file != "none").map(|file| self.resolved(case, &file)).collect()
    }
}

/// The hops that `ssh` really takes: it starts itself anew for each.
fn hops(case: &Case, says: &Says) -> Vec<Says> {
    let Some(line) = says.one("proxyjump") else { return Vec::new() };
    let mut found: Vec<Says> = Vec::new();
    let mut before: Vec<String> = Vec::new();
    for hop in line.split(',') {
        // `-G` puts brackets around an IPv4 address, too.
        let hop = match hop.trim().strip_prefix('[').and_then(|hop| hop.strip_suffix(']')) {
            Some(address) if address.parse::<Ipv4Addr>().is_ok() => address,
            _ => hop.trim(),
        };
        let hop = says.resolved(case, hop).display().to_string();
        let more = before.join(",");
        let more: Vec<&str> = if more.is_empty() { Vec::new() } else { vec!["-J", &more] };
        let said = Says::ask(case, &more, &hop).unwrap();
        if before.is_empty() {
            found.extend(hops(case, &said));
        }
        before.push(hop);
        found.push(said);
    }
    found
}

/// Where the two go different ways.
fn differs(case: &Case, way: &Way, says: &Says) -> Vec<String> {
    let mut found = Vec::new();
    let mut same = |key: &str, ours: Vec<String>, theirs: Vec<String>| {
        if theirs != ours {
            found.push(format!("{key} of {}: ssh {theirs:?}, stagepass {ours:?}", says.typed));
        }
    };
    let plain = |key: &str| says.all(key).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let shown = |paths: Vec<PathBuf>| {
        paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
    };
    same("hostname", vec![way.host.clone()], plain("hostname"));
    same("port", vec![way.port.to_string()], plain("port"));
    same("user", vec![way.user.clone().unwrap_or("root".into())], plain("user"));
    same("family", vec![way.family.into()], plain("addressfamily"));
    let only = if way.identities_only { "yes" } else { "no" };
    same("identitiesonly", vec![only.into()], plain("identitiesonly"));
    let alias = says.one("hostkeyalias").map(str::to_ascii_lowercase);
    same("hostkeyalias", way.alias.iter().cloned().collect(), alias.into_iter().collect());
    let mut theirs = shown(says.files(case, "identityfile"));
    if let Some(ours) = &way.identities {
        same("identityfile", shown(ours.clone()), theirs);
    } else {
        // The usual ones, of which each of the two has a list of its own.
        theirs.retain(|file| !file.starts_with("/root/.ssh/id_"));
        same("identityfile", Vec::new(), theirs);
    }
    let theirs = shown(says.files(case, "certificatefile"));
    same("certificatefile", shown(way.certificates.clone()), theirs);
    let mut theirs = says.files(case, "userknownhostsfile");
    theirs.extend(says.files(case, "globalknownhostsfile"));
    same("known hosts", shown(way.known_hosts.clone()), shown(theirs));
    let named = |name: &str| {
        case.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.into())
    };
    let agent: Option<PathBuf> = match says.one("identityagent") {
        None | Some("SSH_AUTH_SOCK") => Some(AGENT.into()),
        Some("none") => None,
        Some(name) if name.starts_with('$') && !name.starts_with("${") => named(&name[1..]),
        Some(path) => Some(says.resolved(case, path)),
    };
    let shown_one = |path: &Option<PathBuf>| shown(path.iter().cloned().collect());
    same("identityagent", shown_one(&way.agent), shown_one(&agent));
    same("proxycommand", Vec::new(), plain("proxycommand"));
    let hops = hops(case, says);
    same(
        "proxyjump",
        way.jumps.iter().map(|jump| jump.host.clone()).collect(),
        hops.iter().map(|hop| hop.one("hostname").unwrap().to_owned()).collect(),
    );
    for (ours, theirs) in way.jumps.iter().zip(&hops) {
        let bare = Way { jumps: Vec::new(), ..ours.clone() };
        let mut text = theirs.text.clone();
        text = text
            .lines()
            .filter(|line| !line.starts_with("proxyjump"))
            .fold(String::new(), |text, line| text + line + "\n");
        found.extend(differs(case, &bare, &Says { text, typed: theirs.typed.clone() }));
    }
    found
}

/// The files of keys that `ssh` really looks for, which is more than `-G` says.
fn looked_for(case: &Case, host: &str, says: &Says) -> Vec<String> {
    let mut command = case.command("ssh");
    command.args(["-v", "-o", "ProxyCommand=false", "-o", "BatchMode=yes"]);
    command.args(["-l", says.one("user").unwrap(), "-p", says.one("port").unwrap(), host]);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.lines()
        .filter_map(|line| line.split_once("identity file ")?.1.rsplit_once(" type "))
        // What it logs, it writes with every backslash twice.
        .map(|(file, _)| file.replace("\\\\", "\\"))
        .filter(|file| !file.ends_with("-cert"))
        .collect()
}

/// What is wrong with one case.
fn judge(case: &Case, known: &SshEnvironment) -> Vec<String> {
    let mut wrong = Vec::new();
    let way = |address: &str| {
        let Ok(Address::Ssh { user, host, port }) = address.parse() else { panic!("{address}") };
        fuzzing::way(known, user.as_deref(), &host, port).map_err(|error| error.to_string())
    };
    for address in &case.same {
        match (way(address), Says::ask(case, &[], address)) {
            (Ok(ours), Ok(theirs)) => {
                wrong.extend(differs(case, &ours, &theirs));
                let is_canonical = theirs.one("canonicalizehostname") != Some("false");
                let files = ours.identities.filter(|files| !files.is_empty());
                if let Some(files) = files.filter(|_| !is_canonical) {
                    let ours: Vec<_> =
                        files.iter().map(|file| file.display().to_string()).collect();
                    let theirs = looked_for(case, &theirs.typed, &theirs);
                    if ours != theirs {
                        wrong.push(format!("{address}: ssh -v {theirs:?}, stagepass {ours:?}"));
                    }
                }
            }
            (ours, theirs) => {
                wrong.push(format!("{address}: {ours:?}, ssh {:?}", theirs.map(|says| says.text)));
            }
        }
    }
    for (address, names) in &case.refused {
        let (file, line) = names.split_once(':').unwrap_or((names, ""));
        let file = place(file).display().to_string();
        match way(address) {
            Err(why) if why.contains(&file) && why.contains(&format!("line {line}")) => {}
            Err(why) if why.contains(&file) && line.is_empty() => {}
            said => wrong.push(format!("{address} is not refused with {names}: {said:?}")),
        }
    }
    for address in &case.error {
        if way(address).is_ok() || Says::ask(case, &[], address).is_ok() {
            wrong.push(format!("{address} is no error"));
        }
    }
    for address in &case.looser {
        if let Err(why) = way(address) {
            wrong.push(format!("{address}: {why}"));
        }
    }
    wrong
}

fn judge_all(cases: &Path) {
    let mut known = SshEnvironment::new(Path::new("/root"), "root");
    known.agent_socket = Some(AGENT.into());
    known.variable = variable;
    let (mut wrong, mut same, mut refused) = (Vec::new(), 0, 0);
    let mut names: Vec<_> =
        fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert!(names.len() >= 40);
    for name in names {
        let case = Case::read(&fs::read(cases.join(&name)).unwrap());
        case.lay_out();
        let name = name.display();
        wrong.extend(judge(&case, &known).into_iter().map(|what| format!("{name}: {what}")));
        same += case.same.len();
        refused += case.refused.len();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(same >= 100 && refused >= 30, "{same} the same, {refused} refused");
}

#[test]
fn a_configuration_leads_where_ssh_goes_or_is_refused_with_file_and_line() {
    if let Some(cases) = variable(CASES) {
        return judge_all(Path::new(&cases));
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["home", "etc", "cases"] {
        fs::create_dir(at(name)).unwrap();
    }
    // With a dot at the end, as `CanonicalizeHostname` asks for them.
    let names = ["shop", "api"].map(|name| format!("192.0.2.7 {name}.internal.example.\n"));
    fs::write(at("hosts"), names.concat()).unwrap();
    let mut environment = BTreeMap::new();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ssh_config");
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        environment.extend(Case::read(&fs::read(&path).unwrap()).environment);
        fs::copy(&path, at("cases").join(path.file_name().unwrap())).unwrap();
    }
    let script = "exec 3<\"$1\"; mount --bind \"$2/home\" /root; mount --bind \"$2/etc\" /etc/ssh; \
                  mount --bind \"$2/hosts\" /etc/hosts; shift 2; exec /proc/self/fd/3 \"$@\"";
    let output = Command::new("unshare")
        .args(["--mount", "--net", "--map-root-user", "sh", "-ec", script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .arg(folder.path())
        .args(["--exact", "--nocapture"])
        .arg("ssh_config::a_configuration_leads_where_ssh_goes_or_is_refused_with_file_and_line")
        .current_dir("/")
        .env(CASES, at("cases"))
        .envs(environment)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
