//! What `ssh_config` says about a host: the user's `~/.ssh/config`, then the system's. Read as
//! `ssh` reads it: the first value wins, `Include` and `Match` count where they stand, and
//! `CanonicalizeHostname` and `Match final` read everything a second time.
//!
//! What changes the way to *this* host and cannot be done or decided here (`ProxyCommand`,
//! `Match exec`) is refused with file and line, never passed over. What does not touch this host
//! is not looked at.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::host_key::matches_wildcard;
use super::{SshEnvironment, TransportError};
use crate::file::{self, Links, Unread};
use crate::message::{self, Arg};
use crate::target::Address;
use crate::text;

/// How many characters of what was written wrongly are repeated in a message.
const REPEATED: usize = 80;

/// The largest configuration that is read.
const LIMIT: u64 = 1024 * 1024;
/// How many files one configuration may include. `ssh` stops at a depth of 16.
const FILES: usize = 512;
const DEPTH: usize = 16;
/// The longest way: more hops than anybody has.
const HOPS: usize = 8;

/// A server on the way or at its end, as everything together says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// How it was asked for: a name, an address or an alias.
    pub(crate) typed: String,
    /// The name or address to connect to.
    pub(crate) host: String,
    /// The port to connect to.
    pub(crate) port: u16,
    /// The account, if the configuration or the address names one.
    pub(crate) user: Option<String>,
    /// The key files the configuration names, `~` and tokens resolved. `None` when it names none,
    /// and the usual ones are tried; empty after `IdentityFile none`.
    pub(crate) identities: Option<Vec<PathBuf>>,
    /// The certificates it names. Without any, each key file has its own beside it.
    pub(crate) certificates: Vec<PathBuf>,
    /// Whether only those may be offered.
    pub(crate) identities_only: bool,
    /// The agent's socket, if there is one to be asked.
    pub(crate) agent: Option<PathBuf>,
    /// The name under which `known_hosts` has the key.
    pub(crate) alias: Option<String>,
    /// Where its key is looked up, the user's files first.
    pub(crate) known_hosts: Vec<PathBuf>,
    /// Which addresses of the name may be connected to.
    pub(crate) family: Family,
    /// The servers to go through, the first first.
    pub(crate) jumps: Vec<Place>,
}

/// `AddressFamily`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Any,
    V4,
    V6,
}

impl Family {
    pub(crate) fn takes(self, address: &SocketAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

impl Place {
    /// A host about which no configuration says anything.
    pub(crate) fn direct(host: &str, port: u16, known: &SshEnvironment) -> Self {
        let files = known.known_hosts.iter().chain(&known.system_known_hosts);
        Self {
            typed: host.to_owned(),
            host: host.to_owned(),
            port,
            user: None,
            identities: None,
            certificates: Vec::new(),
            identities_only: false,
            agent: known.agent_socket.clone(),
            alias: None,
            known_hosts: files.cloned().collect(),
            family: Family::Any,
            jumps: Vec::new(),
        }
    }

    /// The name and port under which `known_hosts` is asked.
    pub(crate) fn known_as(&self) -> (&str, u16) {
        match &self.alias {
            // OpenSSH looks an alias up without its port.
            Some(alias) => (alias, 22),
            None => (&self.host, self.port),
        }
    }

    /// `host:port`, as it is shown.
    pub(crate) fn label(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// One file as it was read.
struct Source {
    path: Rc<Path>,
    bytes: Vec<u8>,
    /// The user's own: `~` means something, and what is included is looked for in `~/.ssh`.
    is_users: bool,
}

/// The configuration, read once for a connection.
pub(crate) struct Config<'a> {
    known: &'a SshEnvironment,
    sources: Vec<Source>,
}

impl<'a> Config<'a> {
    /// Reads the files. One that is not there says nothing.
    pub(crate) fn read(known: &'a SshEnvironment) -> Result<Self, TransportError> {
        let mut sources = Vec::new();
        let files = [(&known.ssh_config, true), (&known.system_ssh_config, false)];
        for (path, is_users) in files {
            let Some(path) = path else { continue };
            if let Some(bytes) = read(path, is_users)? {
                sources.push(Source { path: path.as_path().into(), bytes, is_users });
            }
        }
        Ok(Self { known, sources })
    }

    /// The same for the text of a file of the user's.
    pub(crate) fn parse(known: &'a SshEnvironment, path: &Path, text: &str) -> Self {
        let bytes = text.as_bytes().to_vec();
        Self { known, sources: vec![Source { path: path.into(), bytes, is_users: true }] }
    }

    /// What is known about the way to an address. What stands in the address itself wins.
    pub(crate) fn place(
        &self,
        user: Option<&str>,
        host: &str,
        port: Option<u16>,
    ) -> Result<Place, TransportError> {
        self.resolve(user, host, port, 0, Leads::AsSaid)
    }

    /// As `ssh` does it in its `main`.
    fn resolve(
        &self,
        user: Option<&str>,
        typed: &str,
        port: Option<u16>,
        depth: usize,
        leads: Leads,
    ) -> Result<Place, TransportError> {
        let mut reading = Reading {
            known: self.known,
            typed,
            name: typed.to_owned(),
            is_final: false,
            wants_final: false,
            files: 0,
            said: Settings { user: user.map(str::to_owned), port, ..Settings::default() },
        };
        if leads == Leads::FromTheHopBefore {
            reading.said.command = Some(Said::none());
        }
        reading.pass(&self.sources)?;
        let mut name = reading.host_name()?;
        if name.parse::<IpAddr>().is_err() {
            name.make_ascii_lowercase();
            name = reading.said.canonical(name)?;
        }
        if reading.wants_final || reading.said.canonicalize.unwrap_or_default() != Canonical::No {
            reading.name.clone_from(&name);
            reading.is_final = true;
            reading.files = 0;
            reading.pass(&self.sources)?;
        }
        self.finish(&reading, name, depth)
    }

    fn finish(
        &self,
        reading: &Reading<'_>,
        host: String,
        depth: usize,
    ) -> Result<Place, TransportError> {
        let (known, said) = (self.known, &reading.said);
        if let Some(command) = said.command.as_ref().filter(|command| !command.is_none()) {
            return Err(command.spot.refuse(message::text(
                "ssh-config-proxy-command",
                &[("host", Arg::of(reading.typed))],
            )));
        }
        let jump = said.jump.as_ref().filter(|jump| !jump.is_none());
        let mut place = Place {
            typed: reading.typed.to_owned(),
            user: said.user.clone(),
            identities_only: said.identities_only.unwrap_or(false),
            alias: said.alias.as_ref().map(|alias| alias.to_ascii_lowercase()),
            family: said.family.unwrap_or(Family::Any),
            ..Place::direct(&host, said.port.unwrap_or(22), known)
        };
        let hops: Vec<&str> = jump.map(|jump| jump.value.split(',').collect()).unwrap_or_default();
        let mut tokens = Tokens {
            known,
            typed: reading.typed,
            host: &host,
            port: place.port,
            user: place.user.as_deref().unwrap_or(&known.user).to_owned(),
            alias: place.alias.as_deref().unwrap_or(reading.typed).to_owned(),
            jump: String::new(),
        };
        if let Some(jump) = jump {
            place.jumps = self.jumps(&hops, &jump.spot, &tokens, depth)?;
            tokens.jump = place.jumps.last().map(|jump| jump.typed.clone()).unwrap_or_default();
        }
        if !said.identities.is_empty() {
            place.identities = Some(tokens.paths(&said.identities)?);
        }
        place.certificates = tokens.paths(&said.certificates)?;
        if let Some(files) = &said.known_hosts {
            let rest = place.known_hosts.split_off(known.known_hosts.len());
            place.known_hosts = tokens.paths(files)?;
            place.known_hosts.extend(rest);
        }
        if let Some(files) = &said.system_known_hosts {
            let users = place.known_hosts.len() - known.system_known_hosts.len();
            place.known_hosts.truncate(users);
            place.known_hosts.extend(tokens.paths(files)?);
        }
        if let Some(agent) = &said.agent {
            place.agent = tokens.agent(agent)?;
        }
        Ok(place)
    }

    /// The hops of a `ProxyJump`, each with what the configuration says about it.
    fn jumps(
        &self,
        hops: &[&str],
        spot: &Spot,
        tokens: &Tokens<'_>,
        depth: usize,
    ) -> Result<Vec<Place>, TransportError> {
        if depth >= HOPS {
            return Err(spot.refuse(message::text("ssh-config-jump.circle", &[])));
        }
        let mut jumps: Vec<Place> = Vec::new();
        for (index, hop) in hops.iter().enumerate() {
            if *hop != hop.trim() {
                return Err(spot.refuse(message::text("ssh-config-jump.blanks", &[])));
            }
            let hop = tokens.percent(hop, "hnpr", spot)?;
            let (user, host, port) = address(&hop, spot)?;
            // Only the first is reached from here; the others are reached through the one before,
            // whatever the configuration says about them, as `ssh -J` has it.
            let leads = if index == 0 { Leads::AsSaid } else { Leads::FromTheHopBefore };
            let mut place = self.resolve(user.as_deref(), &host, port, depth + 1, leads)?;
            jumps.append(&mut place.jumps);
            jumps.push(place);
            if jumps.len() > HOPS {
                return Err(
                    spot.refuse(message::text("ssh-config-jump.hops", &[("hops", Arg::of(HOPS))]))
                );
            }
        }
        Ok(jumps)
    }
}

/// How a hop is reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leads {
    AsSaid,
    FromTheHopBefore,
}

/// The parts of what is written for a hop, by the rules for an address that was typed.
fn address(
    text: &str,
    spot: &Spot,
) -> Result<(Option<String>, String, Option<u16>), TransportError> {
    let is_ssh = !text.contains("://") || text.starts_with("ssh://");
    match text.parse::<Address>() {
        Ok(Address::Ssh { user, host, port }) if is_ssh => Ok((user, host, port)),
        Ok(_) => {
            Err(spot.refuse(message::text("ssh-config-host.not-one", &[("text", Arg::of(text))])))
        }
        Err(error) => Err(spot.refuse(error.to_string())),
    }
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Spot {
    path: Rc<Path>,
    line: usize,
}

impl Spot {
    fn refuse(&self, why: String) -> TransportError {
        let why = message::text(
            "ssh-config-line",
            &[("line", Arg::of(self.line)), ("why", Arg::of(&why))],
        );
        TransportError::SshConfig { path: self.path.to_path_buf(), why }
    }
}

/// A value, and where it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    value: String,
    spot: Spot,
    is_users: bool,
}

impl Said {
    /// What says that there is none, where something else than a file says so.
    fn none() -> Self {
        let spot = Spot { path: Path::new("").into(), line: 0 };
        Self { value: "none".into(), spot, is_users: true }
    }

    fn is_none(&self) -> bool {
        self.value.eq_ignore_ascii_case("none")
    }
}

/// `CanonicalizeHostname`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Canonical {
    #[default]
    No,
    Direct,
    Always,
}

/// What was said so far. The first value of each stays.
#[derive(Default)]
struct Settings {
    host_name: Option<Said>,
    port: Option<u16>,
    user: Option<String>,
    identities: Vec<Said>,
    certificates: Vec<Said>,
    identities_only: Option<bool>,
    agent: Option<Said>,
    alias: Option<String>,
    known_hosts: Option<Vec<Said>>,
    system_known_hosts: Option<Vec<Said>>,
    jump: Option<Said>,
    command: Option<Said>,
    family: Option<Family>,
    tag: Option<String>,
    ignored: Option<String>,
    canonicalize: Option<Canonical>,
    domains: Option<Vec<Said>>,
    max_dots: Option<usize>,
    stays_local: Option<bool>,
    cnames: Option<Said>,
}

impl Settings {
    /// The full name of a host by `CanonicalDomains`, looked up as `ssh` does.
    fn canonical(&self, name: String) -> Result<String, TransportError> {
        let is_direct = [&self.command, &self.jump]
            .iter()
            .all(|proxy| proxy.as_ref().is_none_or(Said::is_none));
        match self.canonicalize.unwrap_or_default() {
            Canonical::No => return Ok(name),
            Canonical::Direct if !is_direct => return Ok(name),
            Canonical::Direct | Canonical::Always => {}
        }
        if let Some(cnames) = self.cnames.as_ref().filter(|cnames| !cnames.is_none()) {
            let why = message::text("ssh-config-cnames", &[]);
            return Err(cnames.spot.refuse(why));
        }
        let names: Vec<String> = if name.ends_with('.') {
            vec![name.clone()]
        } else if name.matches('.').count() > self.max_dots.unwrap_or(1) {
            return Ok(name);
        } else {
            let domains = self.domains.iter().flatten().take_while(|domain| !domain.is_none());
            domains.map(|domain| format!("{name}.{}.", domain.value)).collect()
        };
        let is_there = |name: &String| (name.as_str(), 22).to_socket_addrs().is_ok();
        if let Some(found) = names.into_iter().find(is_there) {
            return Ok(found.trim_end_matches('.').to_owned());
        }
        if self.stays_local.unwrap_or(true) {
            return Ok(name);
        }
        let host = format!("{name}:{}", self.port.unwrap_or(22));
        let why = message::text("ssh-config-host.no-domain", &[]);
        Err(TransportError::Unreachable { host, source: io::Error::other(why) })
    }
}

/// Whether what stands in a block applies.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Applies {
    No,
    Yes,
    /// It cannot be decided here: why.
    Perhaps(String),
}

/// One reading of the configuration, from its first line to its last.
struct Reading<'a> {
    known: &'a SshEnvironment,
    /// The host as it was asked for.
    typed: &'a str,
    /// The host with which `Host` is compared: in the second pass the one connected to.
    name: String,
    is_final: bool,
    wants_final: bool,
    files: usize,
    said: Settings,
}

impl Reading<'_> {
    fn pass(&mut self, sources: &[Source]) -> Result<(), TransportError> {
        sources.iter().try_for_each(|source| self.file(source, &Applies::Yes, 0))
    }

    /// Reads one file. What it says applies at most as far as what includes it does.
    fn file(
        &mut self,
        source: &Source,
        outside: &Applies,
        depth: usize,
    ) -> Result<(), TransportError> {
        let mut applies = outside.clone();
        for (index, bytes) in source.bytes.split(|byte| *byte == b'\n').enumerate() {
            let spot = Spot { path: Rc::clone(&source.path), line: index + 1 };
            if index == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
                let why = message::text("ssh-config-text.mark", &[]);
                return Err(spot.refuse(why));
            }
            if bytes.contains(&0) {
                let why = message::text("ssh-config-text.bytes", &[]);
                return Err(spot.refuse(why));
            }
            let text = String::from_utf8_lossy(bytes);
            let line = Line { text: &text, spot, source, depth };
            self.line(&line, outside, &mut applies)?;
        }
        Ok(())
    }

    fn line(
        &mut self,
        line: &Line<'_>,
        outside: &Applies,
        applies: &mut Applies,
    ) -> Result<(), TransportError> {
        let Some((key, rest)) = split(line.text) else { return Ok(()) };
        match key.as_str() {
            "host" => {
                let Some(patterns) = words(rest).filter(|patterns| !patterns.is_empty()) else {
                    return Err(line.spot.refuse(message::text("ssh-config-host.none", &[])));
                };
                *applies = self.host(&patterns, &line.spot, outside);
            }
            "match" => {
                *applies = match (self.matches(rest), outside) {
                    (Applies::No, _) | (_, Applies::No) => Applies::No,
                    (Applies::Yes, outside) => outside.clone(),
                    (Applies::Perhaps(why), _) => Applies::Perhaps(message::text(
                        "ssh-config-match",
                        &[
                            ("pattern", Arg::of(text::one_line(rest, REPEATED))),
                            ("line", Arg::of(line.spot.line)),
                            ("why", Arg::of(&why)),
                        ],
                    )),
                };
            }
            "include" => return self.include(line, rest, applies),
            key if !KEYWORDS.contains(&key) && !self.is_ignored(key) => {
                return Err(line.spot.refuse(message::text(
                    "ssh-config-keyword",
                    &[("key", Arg::of(text::one_line(key, REPEATED)))],
                )));
            }
            key if *applies != Applies::No => return self.setting(key, rest, line, applies),
            _ => {}
        }
        Ok(())
    }

    fn is_ignored(&self, key: &str) -> bool {
        let ignored = self.said.ignored.as_ref();
        ignored.is_some_and(|list| matches_list(&list.to_ascii_lowercase(), key))
    }

    /// A `Host` line. Names differ by their capitals to `ssh`, and to nobody else: where that
    /// alone decides, it is not decided here.
    fn host(&self, patterns: &[String], spot: &Spot, outside: &Applies) -> Applies {
        let holds = |fold: fn(&str) -> String| {
            let name = fold(&self.name);
            let mut found = false;
            for pattern in patterns {
                match pattern.strip_prefix('!') {
                    Some(negated) if matches_wildcard(&fold(negated), &name) => return false,
                    Some(_) => {}
                    None => found |= matches_wildcard(&fold(pattern), &name),
                }
            }
            found
        };
        match (holds(str::to_owned), holds(str::to_ascii_lowercase)) {
            (false, false) => Applies::No,
            (true, true) => outside.clone(),
            _ if *outside == Applies::No => Applies::No,
            _ => Applies::Perhaps(message::text(
                "ssh-config-capitals",
                &[
                    ("pattern", Arg::of(text::one_line(&patterns.join(" "), REPEATED))),
                    ("line", Arg::of(spot.line)),
                    ("name", (&self.name).into()),
                ],
            )),
        }
    }

    /// The criteria of a `Match`.
    fn matches(&mut self, rest: &str) -> Applies {
        let cannot = || Applies::Perhaps(message::text("ssh-config-undecided", &[]));
        let Some(words) = words(rest).filter(|words| !words.is_empty()) else {
            return cannot();
        };
        // Older and newer versions split these apart in their own ways.
        let mut result = if rest.contains(['\'', '\\']) { cannot() } else { Applies::Yes };
        let mut words = words.iter().flat_map(|word| match word.split_once('=') {
            Some((name, value)) if ARGUMENTS.iter().any(|one| name.eq_ignore_ascii_case(one)) => {
                vec![name, value]
            }
            _ => vec![word.as_str()],
        });
        let Ok(host) = self.host_name() else { return cannot() };
        while let Some(word) = words.next() {
            let (name, negated) = match word.strip_prefix('!') {
                Some(name) => (name.to_ascii_lowercase(), true),
                None => (word.to_ascii_lowercase(), false),
            };
            let holds = match name.as_str() {
                "all" => true,
                "canonical" | "final" => {
                    self.wants_final |= name == "final";
                    self.is_final
                }
                _ => {
                    let Some(list) = words.next() else { return cannot() };
                    let lower = list.to_ascii_lowercase();
                    match name.as_str() {
                        "host" => matches_list(&lower, &host.to_ascii_lowercase()),
                        "originalhost" => matches_list(&lower, &self.typed.to_ascii_lowercase()),
                        "user" => matches_list(list, self.user()),
                        "localuser" => matches_list(list, &self.known.user),
                        "tagged" => match self.said.tag.as_deref().unwrap_or_default() {
                            "" => list.is_empty(),
                            tag => matches_list(list, tag),
                        },
                        other => {
                            if result == Applies::Yes {
                                let word = Arg::of(text::one_line(other, REPEATED));
                                let args = [("word", word)];
                                result = Applies::Perhaps(message::text(
                                    "ssh-config-undecided-word",
                                    &args,
                                ));
                            }
                            continue;
                        }
                    }
                }
            };
            if holds == negated {
                result = Applies::No;
            }
        }
        result
    }

    fn user(&self) -> &str {
        self.said.user.as_deref().unwrap_or(&self.known.user)
    }

    /// The name to connect to, as far as it is known by now.
    fn host_name(&self) -> Result<String, TransportError> {
        if self.is_final {
            return Ok(self.name.clone());
        }
        let Some(said) = &self.said.host_name else {
            let is_numbers = self.name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            if is_numbers && self.name.parse::<Ipv4Addr>().is_err() {
                let host = self.name.clone();
                let source = io::Error::other(message::text("ssh-config-host.neither", &[]));
                return Err(TransportError::Unreachable { host, source });
            }
            return Ok(self.name.clone());
        };
        let mut expanded = String::new();
        let mut rest = said.value.as_str();
        while let Some((before, after)) = rest.split_once('%') {
            expanded.push_str(before);
            match after.chars().next() {
                Some('h') => expanded.push_str(&self.name),
                Some('%') => expanded.push('%'),
                _ => {
                    let why = message::text(
                        "ssh-config-host-name.tokens",
                        &[("name", Arg::of(text::one_line(&said.value, REPEATED)))],
                    );
                    return Err(said.spot.refuse(why));
                }
            }
            rest = after.get(1..).unwrap_or_default();
        }
        expanded.push_str(rest);
        // The same rules as for an address that was typed, and nothing but a host.
        let (_, host, _) = address(&expanded, &said.spot)?;
        let is_address = expanded.parse::<IpAddr>().map(|address| address.to_string() == host);
        let is_numbers = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        match is_address {
            Ok(true) => Ok(host),
            Err(_) if host.eq_ignore_ascii_case(&expanded) && !is_numbers => Ok(host),
            _ => {
                let why = message::text(
                    "ssh-config-host-name.not-one",
                    &[("name", Arg::of(text::one_line(&expanded, REPEATED)))],
                );
                Err(said.spot.refuse(why))
            }
        }
    }

    /// An `Include`, which counts where it stands.
    fn include(
        &mut self,
        line: &Line<'_>,
        rest: &str,
        applies: &Applies,
    ) -> Result<(), TransportError> {
        let source = line.source;
        for word in line.words(rest)? {
            if word.contains('%') || word.contains("${") {
                let why = message::text(
                    "ssh-config-include.tokens",
                    &[("file", Arg::of(text::one_line(&word, REPEATED)))],
                );
                return Err(line.spot.refuse(why));
            }
            let (folder, pattern) = match word.strip_prefix('~') {
                Some(rest) if source.is_users && (rest.is_empty() || rest.starts_with('/')) => {
                    (self.known.home.clone(), rest.trim_start_matches('/'))
                }
                Some(_) => {
                    let why = message::text(
                        "ssh-config-include.unsupported",
                        &[("file", Arg::of(text::one_line(&word, REPEATED)))],
                    );
                    return Err(line.spot.refuse(why));
                }
                None if word.starts_with('/') => ("/".into(), word.trim_start_matches('/')),
                None if source.is_users => (self.known.home.join(".ssh"), word.as_str()),
                None => {
                    let system = self.known.system_ssh_config.as_deref().and_then(Path::parent);
                    (system.unwrap_or(Path::new("/etc/ssh")).into(), word.as_str())
                }
            };
            for path in glob(folder, pattern) {
                self.files += 1;
                if line.depth >= DEPTH || self.files > FILES {
                    return Err(line.spot.refuse(message::text("ssh-config-include.many", &[])));
                }
                if let Some(bytes) = read(&path, true)? {
                    let path = path.as_path().into();
                    let source = Source { path, bytes, is_users: source.is_users };
                    self.file(&source, applies, line.depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// A keyword that is used here, or none of our business.
    fn setting(
        &mut self,
        key: &str,
        rest: &str,
        line: &Line<'_>,
        applies: &Applies,
    ) -> Result<(), TransportError> {
        let said = &self.said;
        // What comes too late to count does not matter, whoever it would be for.
        let is_open = match key {
            "hostname" => said.host_name.is_none(),
            "port" => said.port.is_none(),
            "user" => said.user.is_none(),
            "identityfile" | "identityfile2" | "certificatefile" => true,
            "identitiesonly" => said.identities_only.is_none(),
            "identityagent" => said.agent.is_none(),
            "hostkeyalias" => said.alias.is_none(),
            "userknownhostsfile" => said.known_hosts.is_none(),
            "globalknownhostsfile" => said.system_known_hosts.is_none(),
            "proxyjump" if is_none_word(rest) => said.jump.is_none(),
            "proxyjump" => said.jump.is_none() && said.command.is_none(),
            "proxycommand" => said.command.is_none(),
            "addressfamily" => said.family.is_none(),
            "tag" => said.tag.is_none(),
            "ignoreunknown" => said.ignored.is_none(),
            "canonicalizehostname" => said.canonicalize.is_none(),
            "canonicaldomains" => said.domains.is_none(),
            "canonicalizemaxdots" => said.max_dots.is_none(),
            "canonicalizefallbacklocal" => said.stays_local.is_none(),
            "canonicalizepermittedcnames" => said.cnames.is_none(),
            "bindaddress" | "bindinterface" | "revokedhostkeys" | "refuseconnection" => true,
            _ => false,
        };
        if !is_open {
            return Ok(());
        }
        if let Applies::Perhaps(block) = applies {
            return Err(line.spot.refuse(message::text(
                "ssh-config-perhaps",
                &[("key", Arg::of(key)), ("block", Arg::of(block))],
            )));
        }
        self.set(key, rest, line)
    }

    fn set(&mut self, key: &str, rest: &str, line: &Line<'_>) -> Result<(), TransportError> {
        let said =
            |value: String| Said { value, spot: line.spot.clone(), is_users: line.source.is_users };
        match key {
            "proxycommand" => {
                self.said.command = Some(said(line.text_of(rest.trim_start_matches('='))?));
                return Ok(());
            }
            "proxyjump" => {
                let text = line.text_of(rest.trim_start_matches([' ', '\t', '=']))?;
                let bare = text.split_once('#').map_or(text.as_str(), |(bare, _)| bare).trim_end();
                // Versions of `ssh` are not of one mind whether this is a host called `none`.
                if bare != text && is_none_word(bare) {
                    return Err(line.spot.refuse(message::text("ssh-config-value.comment", &[])));
                }
                let jump = said(bare.to_owned());
                if !jump.is_none() {
                    self.said.command = Some(Said::none());
                }
                self.said.jump = Some(jump);
                return Ok(());
            }
            _ => {}
        }
        let mut words = line.words(rest)?.into_iter().map(said);
        match key {
            "userknownhostsfile" => self.said.known_hosts = Some(words.collect()),
            "globalknownhostsfile" => self.said.system_known_hosts = Some(words.collect()),
            "canonicaldomains" => self.said.domains = Some(words.collect()),
            _ => {
                let (Some(word), None) = (words.next(), words.next()) else {
                    return Err(line
                        .spot
                        .refuse(message::text("ssh-config-value.one", &[("key", Arg::of(key))])));
                };
                return self.set_one(key, word, line);
            }
        }
        Ok(())
    }

    fn set_one(&mut self, key: &str, word: Said, line: &Line<'_>) -> Result<(), TransportError> {
        let known = &mut self.said;
        let value = word.value.as_str();
        let lower = value.to_ascii_lowercase();
        let bad = || {
            line.spot.refuse(message::text(
                "ssh-config-value.unknown",
                &[("value", Arg::of(text::one_line(value, REPEATED))), ("key", Arg::of(key))],
            ))
        };
        let flag = || match lower.as_str() {
            "yes" | "true" => Ok(true),
            "no" | "false" => Ok(false),
            _ => Err(bad()),
        };
        match key {
            "hostname" => known.host_name = Some(word),
            "port" => match value.parse::<u16>() {
                Ok(port) if port > 0 && !value.starts_with('+') => known.port = Some(port),
                _ => {
                    return Err(line.spot.refuse(message::text(
                        "ssh-config-value.port",
                        &[("value", Arg::of(text::one_line(value, REPEATED)))],
                    )));
                }
            },
            // Newer versions take tokens here, older ones take them for a part of the name.
            "user"
                if value.contains('%')
                    || value.contains("${")
                    || value.contains(text::is_steering) =>
            {
                return Err(bad());
            }
            "user" => known.user = Some(word.value),
            "identityfile" | "identityfile2" => add(&mut known.identities, word),
            "certificatefile" => add(&mut known.certificates, word),
            "identitiesonly" => known.identities_only = Some(flag()?),
            "identityagent" => known.agent = Some(word),
            "hostkeyalias" => known.alias = Some(word.value),
            "addressfamily" => {
                known.family = Some(match lower.as_str() {
                    "any" => Family::Any,
                    "inet" => Family::V4,
                    "inet6" => Family::V6,
                    _ => return Err(bad()),
                });
            }
            "tag" => known.tag = Some(word.value),
            "ignoreunknown" => known.ignored = Some(word.value),
            "canonicalizehostname" if lower == "always" => {
                known.canonicalize = Some(Canonical::Always);
            }
            "canonicalizehostname" => {
                known.canonicalize = Some(if flag()? { Canonical::Direct } else { Canonical::No });
            }
            "canonicalizemaxdots" => known.max_dots = Some(value.parse().map_err(|_| bad())?),
            "canonicalizefallbacklocal" => known.stays_local = Some(flag()?),
            "canonicalizepermittedcnames" => known.cnames = Some(word),
            "revokedhostkeys" | "bindaddress" | "bindinterface" if word.is_none() => {}
            _ => {
                let why = message::text(
                    "ssh-config-value.unsupported",
                    &[("key", Arg::of(key)), ("host", Arg::of(self.typed))],
                );
                return Err(line.spot.refuse(why));
            }
        }
        Ok(())
    }
}

/// A file that is named twice is one file.
fn add(files: &mut Vec<Said>, file: Said) {
    let is_same = |one: &Said| one.value == file.value && one.is_users == file.is_users;
    if !files.iter().any(is_same) {
        files.push(file);
    }
}

fn is_none_word(text: &str) -> bool {
    text.trim_start_matches([' ', '\t', '=']).eq_ignore_ascii_case("none")
}

/// One line of a file.
struct Line<'t> {
    text: &'t str,
    spot: Spot,
    source: &'t Source,
    depth: usize,
}

impl Line<'_> {
    /// The words of a value, of which there must be at least one.
    fn words(&self, rest: &str) -> Result<Vec<String>, TransportError> {
        let rest = self.text_of(rest)?;
        let Some(words) = words(&rest) else {
            return Err(self.spot.refuse(message::text("ssh-config-value.quote", &[])));
        };
        if words.is_empty() || words.iter().any(String::is_empty) {
            return Err(self.spot.refuse(message::text("ssh-config-value.missing", &[])));
        }
        Ok(words)
    }

    /// A value that is text.
    fn text_of(&self, rest: &str) -> Result<String, TransportError> {
        if rest.contains(char::REPLACEMENT_CHARACTER) {
            return Err(self.spot.refuse(message::text("ssh-config-text.not-utf-8", &[])));
        }
        Ok(rest.to_owned())
    }
}

/// The keyword of a line, in small letters, and what follows it; nothing for a comment.
fn split(line: &str) -> Option<(String, &str)> {
    const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];
    let line = line.trim_end_matches([' ', '\t', '\r', '\n', '\u{c}']).trim_start_matches(BLANKS);
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c| BLANKS.contains(&c) || c == '=').unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start_matches(BLANKS);
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start_matches(BLANKS);
    Some((key.to_ascii_lowercase(), rest))
}

/// The words of a value: quotes and backslashes as `ssh` takes them, and nothing from a word on
/// that begins with `#`. `None` where a quote is not closed.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut symbols = text.chars().peekable();
    loop {
        while symbols.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        match symbols.peek() {
            None | Some('#') => return Some(words),
            Some(_) => {}
        }
        let mut word = String::new();
        let mut quote: Option<char> = None;
        while let Some(symbol) = symbols.next() {
            match (symbol, quote) {
                ('\\', _) => {
                    let is_escaped =
                        |c: &char| matches!(c, '\'' | '"' | '\\') || (*c == ' ' && quote.is_none());
                    word.push(symbols.next_if(is_escaped).unwrap_or('\\'));
                }
                (' ' | '\t', None) => break,
                ('"' | '\'', None) => quote = Some(symbol),
                (symbol, Some(open)) if symbol == open => quote = None,
                (symbol, _) => word.push(symbol),
            }
        }
        if quote.is_some() {
            return None;
        }
        words.push(word);
    }
}

/// Whether a list of patterns with commas between them takes a text.
fn matches_list(list: &str, text: &str) -> bool {
    let mut found = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(negated) if matches_wildcard(negated, text) => return false,
            Some(_) => {}
            None => found |= matches_wildcard(pattern, text),
        }
    }
    found
}

/// Reads a file of configuration. One that is not there says nothing, and neither does a folder.
/// One that somebody else can write to is refused, as `ssh` refuses it.
fn read(path: &Path, is_checked: bool) -> Result<Option<Vec<u8>>, TransportError> {
    let fail = |why: String| TransportError::SshConfig { path: path.into(), why };
    // Looked at first: opening a pipe would wait for somebody who writes.
    let about = match std::fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(fail(message::text(
                "ssh-config-file.unread",
                &[("error", Arg::of(&error))],
            )));
        }
    };
    let me = rustix::process::getuid().as_raw();
    if is_checked && (about.mode() & 0o022 != 0 || ![0, me].contains(&about.uid())) {
        let why = message::text("ssh-config-file.writable", &[]);
        return Err(fail(why));
    }
    if !about.is_file() {
        return Ok(None);
    }
    match file::read(path, LIMIT, Links::Follow) {
        Ok(read) => Ok(Some(read.bytes.to_vec())),
        Err(Unread::Io(error)) => {
            Err(fail(message::text("ssh-config-file.unread", &[("error", Arg::of(&error))])))
        }
        Err(unread) => Err(fail(unread.to_string())),
    }
}

/// The files that a pattern names below a folder, in order, as `glob` finds them.
fn glob(folder: PathBuf, pattern: &str) -> Vec<PathBuf> {
    let mut found = BTreeSet::from([folder]);
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = BTreeSet::new();
        for folder in found {
            if !part.contains(['*', '?', '[', '\\']) {
                next.insert(folder.join(part));
                continue;
            }
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            let fits = |name: &String| {
                (!name.starts_with('.') || part.starts_with('.')) && fits(part, name)
            };
            next.extend(names.filter(fits).map(|name| folder.join(name)));
        }
        found = next;
    }
    found.into_iter().collect()
}

/// Whether a name fits a pattern of the shell.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut seen) = (0, 0);
    // Where the last `*` stands, and how far it has been stretched.
    let mut star: Option<(usize, usize)> = None;
    while seen < name.len() || at < pattern.len() {
        let step = match (pattern.get(at), name.get(seen)) {
            (Some('*'), _) => {
                star = Some((at + 1, seen));
                at += 1;
                continue;
            }
            (Some(_), Some(letter)) => one(&pattern, at, *letter),
            _ => None,
        };
        match (step, star) {
            (Some(next), _) => {
                at = next;
                seen += 1;
            }
            (None, Some((after, stretched))) if stretched < name.len() => {
                at = after;
                seen = stretched + 1;
                star = Some((after, stretched + 1));
            }
            (None, _) => return false,
        }
    }
    true
}

/// Where a pattern goes on if what stands there takes this letter.
fn one(pattern: &[char], at: usize, letter: char) -> Option<usize> {
    match *pattern.get(at)? {
        '?' => Some(at + 1),
        '\\' if pattern.get(at + 1).is_some() => {
            (*pattern.get(at + 1)? == letter).then_some(at + 2)
        }
        '[' => {
            let inner = pattern.get(at + 1..)?;
            let negated = inner.first().is_some_and(|c| matches!(c, '!' | '^'));
            let inner = inner.get(usize::from(negated)..)?;
            // A bracket that comes first stands for itself.
            let length = inner.iter().skip(1).position(|c| *c == ']').map(|found| found + 1);
            let Some(length) = length else { return (letter == '[').then_some(at + 1) };
            let set = inner.get(..length)?;
            let mut found = false;
            let mut index = 0;
            while let Some(low) = set.get(index) {
                match (set.get(index + 1), set.get(index + 2)) {
                    (Some('-'), Some(high)) => {
                        found |= (*low..=*high).contains(&letter);
                        index += 3;
                    }
                    _ => {
                        found |= *low == letter;
                        index += 1;
                    }
                }
            }
            (found != negated).then_some(at + 2 + usize::from(negated) + length)
        }
        plain => (plain == letter).then_some(at + 1),
    }
}

/// What the tokens of `ssh` stand for.
struct Tokens<'a> {
    known: &'a SshEnvironment,
    typed: &'a str,
    host: &'a str,
    port: u16,
    user: String,
    alias: String,
    jump: String,
}

impl Tokens<'_> {
    /// Files, without those that are called `none`.
    fn paths(&self, files: &[Said]) -> Result<Vec<PathBuf>, TransportError> {
        files.iter().filter(|file| !file.is_none()).map(|file| self.path(file)).collect()
    }

    fn path(&self, file: &Said) -> Result<PathBuf, TransportError> {
        let text = file.value.as_str();
        let (folder, rest) = match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                (Some(&self.known.home), rest.trim_start_matches('/'))
            }
            Some(_) => {
                let why = message::text(
                    "ssh-config-value.home",
                    &[("value", Arg::of(text::one_line(text, REPEATED)))],
                );
                return Err(file.spot.refuse(why));
            }
            None => (None, text),
        };
        let expanded = self.percent(&self.dollar(rest, &file.spot)?, "dhijklnpruL", &file.spot)?;
        Ok(folder.map_or_else(|| expanded.clone().into(), |folder| folder.join(&expanded)))
    }

    /// `IdentityAgent`: a socket, the name of a variable that has one, or none.
    fn agent(&self, agent: &Said) -> Result<Option<PathBuf>, TransportError> {
        if agent.value == "none" {
            return Ok(None);
        }
        let variable = match agent.value.as_str() {
            name @ "SSH_AUTH_SOCK" => Some(name),
            value => value.strip_prefix('$').filter(|name| !name.starts_with('{')),
        };
        match variable {
            Some("SSH_AUTH_SOCK") => Ok(self.known.agent_socket.clone()),
            Some(name) => Ok((self.known.variable)(name).map(PathBuf::from)),
            None => self.path(agent).map(Some),
        }
    }

    fn dollar(&self, text: &str, spot: &Spot) -> Result<String, TransportError> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            expanded.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let Some(value) = (self.known.variable)(name) else {
                let why = message::text(
                    "ssh-config-value.variable",
                    &[("name", Arg::of(text::one_line(name, REPEATED)))],
                );
                return Err(spot.refuse(why));
            };
            // A sign that comes out of a variable is none of the file's tokens.
            expanded.push_str(&value.replace('%', "%%"));
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    fn percent(&self, text: &str, allowed: &str, spot: &Spot) -> Result<String, TransportError> {
        let mut expanded = String::new();
        let mut symbols = text.chars();
        while let Some(symbol) = symbols.next() {
            if symbol != '%' {
                expanded.push(symbol);
                continue;
            }
            let token = symbols.next().unwrap_or(' ');
            let machine = || rustix::system::uname().nodename().to_string_lossy().into_owned();
            match token {
                '%' => expanded.push('%'),
                token if !allowed.contains(token) => {
                    let why = message::text(
                        "ssh-config-value.token",
                        &[("token", Arg::of(text::one_line(&format!("%{token}"), REPEATED)))],
                    );
                    return Err(spot.refuse(why));
                }
                'd' => expanded.push_str(&self.known.home.to_string_lossy()),
                'h' => expanded.push_str(self.host),
                'i' => expanded.push_str(&rustix::process::getuid().as_raw().to_string()),
                'j' => expanded.push_str(&self.jump),
                'k' => expanded.push_str(&self.alias),
                'l' => expanded.push_str(&machine()),
                'L' => expanded.push_str(machine().split('.').next().unwrap_or_default()),
                'n' => expanded.push_str(self.typed),
                'p' => expanded.push_str(&self.port.to_string()),
                'r' => expanded.push_str(&self.user),
                _ => expanded.push_str(&self.known.user),
            }
        }
        Ok(expanded)
    }
}

/// The criteria of `Match` that have an argument, which may follow after `=`.
const ARGUMENTS: [&str; 10] = [
    "host",
    "originalhost",
    "user",
    "localuser",
    "localnetwork",
    "version",
    "tagged",
    "command",
    "sessiontype",
    "exec",
];

/// Every keyword of OpenSSH, of 7.4 and of today, and what Apple, Debian and Red Hat add.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "addkeystoagent", "addressfamily", "afstokenpassing", "askpassgui", "batchmode", "bindaddress",
    "bindinterface", "canonicaldomains", "canonicalizefallbacklocal", "canonicalizehostname",
    "canonicalizemaxdots", "canonicalizepermittedcnames", "casignaturealgorithms",
    "certificatefile", "challengeresponseauthentication", "channeltimeout", "checkhostip", "cipher",
    "ciphers", "clearallforwardings", "compression", "compressionlevel", "connectionattempts",
    "connecttimeout", "controlmaster", "controlpath", "controlpersist", "dsaauthentication",
    "dynamicforward", "enableescapecommandline", "enablesshkeysign", "escapechar",
    "exitonforwardfailure", "fallbacktorsh", "fingerprinthash", "forkafterauthentication",
    "forwardagent", "forwardx11", "forwardx11timeout", "forwardx11trusted", "gatewayports",
    "globalknownhostsfile", "globalknownhostsfile2", "gssapiauthentication", "gssapiclientidentity",
    "gssapidelegatecredentials", "gssapikexalgorithms", "gssapikeyexchange",
    "gssapirenewalforcesrekey", "gssapiserveridentity", "gssapitrustdns", "hashknownhosts", "host",
    "hostbasedacceptedalgorithms", "hostbasedauthentication", "hostbasedkeytypes",
    "hostkeyalgorithms", "hostkeyalias", "hostname", "identitiesonly", "identityagent",
    "identityfile", "identityfile2", "ignoreunknown", "include", "ipqos",
    "kbdinteractiveauthentication", "kbdinteractivedevices", "keepalive", "kerberosauthentication",
    "kerberostgtpassing", "kexalgorithms", "knownhostscommand", "localcommand", "localforward",
    "loglevel", "logverbose", "macs", "match", "nohostauthenticationforlocalhost",
    "numberofpasswordprompts", "obscurekeystroketiming", "passwordauthentication",
    "permitlocalcommand", "permitremoteopen", "pkcs11provider", "port", "preferredauthentications",
    "protocol", "protocolkeepalives", "proxycommand", "proxyjump", "proxyusefdpass",
    "pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes", "pubkeyauthentication",
    "refuseconnection", "rekeylimit", "remotecommand", "remoteforward", "requesttty",
    "requiredrsasize", "revokedhostkeys", "rhostsauthentication", "rhostsrsaauthentication",
    "rsaauthentication", "rsaminsize", "securitykeyprovider", "sendenv", "serveralivecountmax",
    "serveraliveinterval", "sessiontype", "setenv", "setuptimeout", "skeyauthentication",
    "smartcarddevice", "stdinnull", "streamlocalbindmask", "streamlocalbindunlink",
    "stricthostkeychecking", "syslogfacility", "tag", "tcpkeepalive", "tisauthentication", "tunnel",
    "tunneldevice", "updatehostkeys", "usekeychain", "useprivilegedport", "user",
    "userknownhostsfile", "userknownhostsfile2", "useroaming", "usersh", "verifyhostkeydns",
    "versionaddendum", "visualhostkey", "warnweakcrypto", "xauthlocation",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, host: &str) -> Result<Place, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, text).unwrap();
        let mut known = SshEnvironment::new(Path::new("/home/anna"), "anna");
        known.ssh_config = Some(path);
        known.system_ssh_config = None;
        let config = Config::read(&known).map_err(|error| error.to_string())?;
        config.place(None, host, None).map_err(|error| error.to_string())
    }

    #[test]
    fn an_alias_is_resolved() {
        let text = "Host staging\n HostName %h.shop.example\n Port 2222\n User deploy\n \
                    IdentityFile ~/.ssh/%r_key\nHost *\n User nobody\n";
        let place = place(text, "staging").unwrap();
        assert_eq!(place.label(), "staging.shop.example:2222");
        assert_eq!(place.user.as_deref(), Some("deploy"));
        assert_eq!(place.identities, Some(vec!["/home/anna/.ssh/deploy_key".into()]));
    }

    #[test]
    fn hops_are_resolved_in_order() {
        let text = "Host shop\n ProxyJump one,anna@two:2200\nHost one\n HostName 192.0.2.1\n";
        let jumps = place(text, "shop").unwrap().jumps;
        let labels: Vec<String> = jumps.iter().map(Place::label).collect();
        assert_eq!(labels, ["192.0.2.1:22", "two:2200"]);
        assert!(place("Host shop\n ProxyJump none\n", "shop").unwrap().jumps.is_empty());
    }

    #[test]
    fn a_circle_of_hops_is_refused() {
        let error = place("Host a\n ProxyJump b\nHost b\n ProxyJump a\n", "a").unwrap_err();
        assert!(error.contains("circle"), "{error}");
    }

    #[test]
    fn a_proxy_command_is_refused_where_it_applies() {
        let text = "Host a\n ProxyCommand nc %h %p\n";
        assert!(place(text, "a").unwrap_err().contains("ProxyCommand"));
        assert!(place(text, "b").is_ok());
    }

    #[test]
    fn a_match_block_never_leaks_into_the_host_before_it() {
        let text = "Host a\n Port 2200\nMatch host other\n HostName evil.example\n";
        assert_eq!(place(text, "a").unwrap().label(), "a:2200");
    }

    #[test]
    fn a_match_block_counts_where_it_applies() {
        for text in
            ["Match host a\n Port 1\n", "Match all\n Port 1\n", "match user anna\n port 1\n"]
        {
            assert_eq!(place(text, "a").unwrap().port, 1, "{text}");
        }
        assert_eq!(place("Match user x host b*,!a\n Port 1\n", "a").unwrap().port, 22);
    }

    #[test]
    fn a_match_block_that_cannot_be_decided_is_refused_where_it_counts() {
        let text = "Host b\n Port 2\nMatch exec \"true\"\n Port 1\n";
        let error = place(text, "a").unwrap_err();
        assert!(error.contains("line 4") && error.contains("`Match exec"), "{error}");
        assert_eq!(place(text, "b").unwrap().port, 2);
        assert!(place("Match exec true\n SendEnv LANG\n", "a").is_ok());
        assert!(place("Match\n Port 1\n", "a").is_err());
    }

    #[test]
    fn what_is_said_first_holds() {
        let text = "Host a\n Port 2201\n Port 2202\n User one\n User two\n HostKeyAlias x\n\
                    HostKeyAlias y\n IdentitiesOnly no\n IdentitiesOnly yes\nHost *\n User three\n";
        let place = place(text, "a").unwrap();
        assert_eq!((place.port, place.user.as_deref()), (2201, Some("one")));
        assert_eq!((place.alias.as_deref(), place.identities_only), (Some("x"), false));
    }

    #[test]
    fn of_jump_and_command_the_first_holds() {
        let jumps = |text: &str| place(text, "a").map(|place| place.jumps.len());
        assert_eq!(jumps("Host a\n ProxyJump b\nHost a\n ProxyCommand nc %h %p\n"), Ok(1));
        assert_eq!(jumps("Host a\n ProxyCommand none\nHost *\n ProxyJump b\n"), Ok(0));
        assert_eq!(jumps("Host a\n ProxyJump None\nHost *\n ProxyJump b\n"), Ok(0));
        assert!(jumps("Host a\n ProxyJump none\nHost *\n ProxyCommand nc\n").is_err());
        assert!(jumps("Host a\n ProxyCommand nc %h %p\n ProxyJump b\n").is_err());
    }

    #[test]
    fn capitals_alone_decide_nothing() {
        let text = "Host Staging\n Port 2200\n";
        assert_eq!(place(text, "Staging").unwrap().port, 2200);
        assert!(place(text, "staging").unwrap_err().contains("line 2"));
        assert_eq!(place("Match host Staging\n Port 2200\n", "staging").unwrap().port, 2200);
    }

    #[test]
    fn a_word_with_a_hash_in_it_is_not_cut_short() {
        let user = |text: &str| place(text, "a").unwrap().user;
        assert_eq!(user("Host a\n User x#y\n").as_deref(), Some("x#y"));
        assert_eq!(user("Host a # b#c\n User \"x#y\" # z\n").as_deref(), Some("x#y"));
    }

    #[test]
    fn patterns_of_files_take_what_those_of_the_shell_take() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf~", false),
            ("[0-9][0-9]-*", "10-shop", true),
            ("[!a-c]x", "ax", false),
            ("[!a-c]x", "dx", true),
            ("[]]", "]", true),
            ("[", "[", true),
            ("a?c*e", "abcde", true),
            ("*a*b", "xaxbxb", true),
            ("*a*b", "xaxbxc", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_host_name_must_be_one() {
        for wrong in ["me@b", "b:2222", "ssh://b", "[::1]"] {
            assert!(place(&format!("Host a\n HostName {wrong}\n"), "a").is_err(), "{wrong}");
        }
        assert_eq!(place("Host a\n HostName 2001:DB8::1\n", "a").unwrap().host, "2001:db8::1");
        assert!(place("Host a\n Port 0\n", "a").is_err());
        assert!(place("Host a\n HostName -oProxyCommand=x\n", "a").is_err());
    }
}
