//! What `~/.ssh/config` says about a host: HostName, Port, User, IdentityFile, IdentitiesOnly,
//! HostKeyAlias and ProxyJump. What would change the way to the host and is not done here
//! (`ProxyCommand`, a `Match` block that may apply) is refused, never passed over.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ssh2_config::{HostParams, ParseRule, SshConfig};

use super::host_key::matches_wildcard;
use super::{Surroundings, TransportError};
use crate::target::Address;

/// The largest configuration that is read.
const LIMIT: u64 = 1024 * 1024;
/// The longest way: more hops than anybody has.
const HOPS: usize = 8;

/// A server on the way or at its end, as everything together says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The name or address to connect to.
    pub(crate) host: String,
    /// The port to connect to.
    pub(crate) port: u16,
    /// The account, if the configuration or the address names one.
    pub(crate) user: Option<String>,
    /// The key files the configuration names, `~` and tokens resolved.
    pub(crate) identities: Vec<PathBuf>,
    /// Whether only those may be offered.
    pub(crate) identities_only: bool,
    /// The name under which `known_hosts` has the key.
    pub(crate) alias: Option<String>,
    /// The servers to go through, the first first.
    pub(crate) jumps: Vec<Place>,
}

impl Place {
    /// A host about which no configuration says anything.
    pub(crate) fn direct(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
            user: None,
            identities: Vec::new(),
            identities_only: false,
            alias: None,
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

/// The user's configuration, read once for a connection.
pub(crate) struct Config<'a> {
    known: &'a Surroundings,
    path: PathBuf,
    text: String,
    parsed: Option<SshConfig>,
}

impl<'a> Config<'a> {
    /// Reads the file. One that is not there says nothing.
    pub(crate) fn read(known: &'a Surroundings) -> Result<Self, TransportError> {
        let Some(path) = &known.ssh_config else {
            return Ok(Self { known, path: PathBuf::new(), text: String::new(), parsed: None });
        };
        let text = match read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { known, path: path.clone(), text: String::new(), parsed: None });
            }
            Err(error) => {
                let why = format!("cannot be read: {error}");
                return Err(TransportError::SshConfig { path: path.clone(), why });
            }
        };
        Self::parse(known, path, text)
    }

    /// The same for a file that was read.
    pub(crate) fn parse(
        known: &'a Surroundings,
        path: &Path,
        text: String,
    ) -> Result<Self, TransportError> {
        let fail = |why: String| TransportError::SshConfig { path: path.into(), why };
        let prepared = prepared(&text).map_err(fail)?;
        let rules = ParseRule::ALLOW_UNKNOWN_FIELDS | ParseRule::ALLOW_UNSUPPORTED_FIELDS;
        let parsed = SshConfig::default()
            .home_dir(&known.home)
            .parse(&mut prepared.as_bytes(), rules)
            .map_err(|error| fail(format!("cannot be understood: {error}")))?;
        Ok(Self { known, path: path.into(), text, parsed: Some(parsed) })
    }

    /// What is known about the way to an address. What stands in the address itself wins.
    pub(crate) fn place(
        &self,
        user: Option<&str>,
        host: &str,
        port: Option<u16>,
    ) -> Result<Place, TransportError> {
        self.resolve(user, host, port, 0)
    }

    fn fail(&self, why: String) -> TransportError {
        TransportError::SshConfig { path: self.path.clone(), why }
    }

    fn resolve(
        &self,
        user: Option<&str>,
        host: &str,
        port: Option<u16>,
        depth: usize,
    ) -> Result<Place, TransportError> {
        let name = host.to_ascii_lowercase();
        let Some(config) = &self.parsed else {
            let user = user.map(str::to_owned);
            return Ok(Place { user, ..Place::direct(&name, port.unwrap_or(22)) });
        };
        let params = config.query(&name);
        self.refuse_match(config, &name, params.host_name.as_deref())?;
        let proxy = first_proxy(config, &name);
        if let Some(Proxy::Command) = proxy {
            return Err(self.fail(format!(
                "`ProxyCommand` applies to `{name}` and is not supported; use `ProxyJump`"
            )));
        }
        if params.port == Some(0) {
            return Err(self.fail(format!("`Port` of `{name}` is not a port")));
        }
        let mut place = Place {
            user: user.map(str::to_owned).or_else(|| params.user.clone()),
            identities: Vec::new(),
            identities_only: unsupported(&params, "identitiesonly")
                .and_then(|words| words.first())
                .is_some_and(|word| {
                    ["yes", "true"].iter().any(|yes| word.eq_ignore_ascii_case(yes))
                }),
            alias: unsupported(&params, "hostkeyalias").and_then(|words| words.first().cloned()),
            ..Place::direct(&name, port.or(params.port).unwrap_or(22))
        };
        if let Some(host_name) = &params.host_name {
            let expanded = self.expand(host_name, &place, &name)?;
            // The same rules as for an address that was typed, and nothing but a host.
            let (_, host, _) = self.address(&expanded)?;
            let is_bare = expanded.eq_ignore_ascii_case(&host)
                || expanded.parse::<IpAddr>().is_ok_and(|address| address.to_string() == host);
            if !is_bare {
                return Err(self.fail(format!("`HostName {expanded}` is not the name of a host")));
            }
            place.host = host;
        }
        for file in params.identity_file.iter().flatten() {
            let text = file.to_str().unwrap_or_default();
            if text != "none" {
                place.identities.push(self.expand(text, &place, &name)?.into());
            }
        }
        if let Some(Proxy::Jump) = proxy {
            place.jumps = self.jumps(&params, depth)?;
        }
        Ok(place)
    }

    /// The hops of a `ProxyJump`, each with what the configuration says about it.
    fn jumps(&self, params: &HostParams, depth: usize) -> Result<Vec<Place>, TransportError> {
        if depth >= HOPS {
            return Err(self.fail("`ProxyJump` goes in a circle".into()));
        }
        let mut jumps = Vec::new();
        for (index, jump) in params.proxy_jump.iter().flatten().enumerate() {
            let (user, host, port) = self.address(jump.trim())?;
            let mut place = self.resolve(user.as_deref(), &host, port, depth + 1)?;
            // Only the first is reached from here; the others are reached through the one before.
            let before = std::mem::take(&mut place.jumps);
            if index == 0 {
                jumps.extend(before);
            }
            jumps.push(place);
            if jumps.len() > HOPS {
                return Err(self.fail(format!("`ProxyJump` has more than {HOPS} hops")));
            }
        }
        Ok(jumps)
    }

    fn address(&self, text: &str) -> Result<(Option<String>, String, Option<u16>), TransportError> {
        match text.parse::<Address>() {
            Ok(Address::Ssh { user, host, port }) => Ok((user, host, port)),
            Ok(Address::Local) => Err(self.fail("`local:` is not a host".into())),
            Err(error) => Err(self.fail(error.to_string())),
        }
    }

    /// Resolves the tokens of OpenSSH that mean something here.
    fn expand(&self, text: &str, place: &Place, typed: &str) -> Result<String, TransportError> {
        let mut expanded = String::new();
        let mut symbols = text.chars();
        while let Some(symbol) = symbols.next() {
            if symbol != '%' {
                expanded.push(symbol);
                continue;
            }
            match symbols.next() {
                Some('%') => expanded.push('%'),
                Some('h') => expanded.push_str(&place.host),
                Some('n') => expanded.push_str(typed),
                Some('p') => expanded.push_str(&place.port.to_string()),
                Some('r') => {
                    expanded.push_str(place.user.as_deref().unwrap_or(&self.known.user));
                }
                Some('u') => expanded.push_str(&self.known.user),
                Some('d') => expanded.push_str(&self.known.home.to_string_lossy()),
                other => {
                    let token = other.map_or_else(|| "%".into(), |c| format!("%{c}"));
                    return Err(self.fail(format!("the token `{token}` is not supported")));
                }
            }
        }
        Ok(expanded)
    }

    /// Refuses a `Match` block that may apply and would change anything used here.
    fn refuse_match(
        &self,
        config: &SshConfig,
        typed: &str,
        host_name: Option<&str>,
    ) -> Result<(), TransportError> {
        let refuse = |what: &str| {
            Err(self.fail(format!(
                "{what} may apply to `{typed}`, and `Match` is not supported; use `Host`"
            )))
        };
        for block in match_blocks(&self.text) {
            if block.matters && block.may_apply(typed, host_name.unwrap_or(typed)) {
                return refuse(&format!("`Match {}` in line {}", block.criteria, block.line));
            }
        }
        let included = config.get_hosts().iter().any(|host| {
            host.params.ignored_fields.keys().any(|key| key.eq_ignore_ascii_case("match"))
        });
        if included {
            return refuse("a `Match` block in an included file");
        }
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LIMIT).read_to_string(&mut text)?;
    Ok(text)
}

/// A key the parser knows but does not interpret.
fn unsupported<'p>(params: &'p HostParams, name: &str) -> Option<&'p Vec<String>> {
    let found = params.unsupported_fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, words)| words)
}

/// The first word of a line and the rest.
fn split(line: &str) -> (String, &str) {
    let line = line.trim();
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start().trim_start_matches('=').trim();
    (key.to_ascii_lowercase(), rest)
}

struct MatchBlock<'t> {
    line: usize,
    criteria: &'t str,
    /// Whether it says anything that is used here.
    matters: bool,
}

impl MatchBlock<'_> {
    /// Whether it may apply: only a host that differs rules it out, everything else may hold.
    fn may_apply(&self, typed: &str, host_name: &str) -> bool {
        let mut words = self.criteria.split_ascii_whitespace();
        while let Some(word) = words.next() {
            let host = match word.to_ascii_lowercase().as_str() {
                "host" => host_name,
                "originalhost" => typed,
                "all" | "canonical" | "final" => continue,
                _ => {
                    words.next();
                    continue;
                }
            };
            let patterns = words.next().unwrap_or("*").trim_matches('"').to_ascii_lowercase();
            let mut found = false;
            for pattern in patterns.split(',') {
                match pattern.strip_prefix('!') {
                    Some(negated) if matches_wildcard(negated, host) => return false,
                    Some(_) => {}
                    None => found |= matches_wildcard(pattern, host),
                }
            }
            if !found {
                return false;
            }
        }
        true
    }
}

/// What is used of a configuration.
const USED: [&str; 9] = [
    "hostname",
    "port",
    "user",
    "identityfile",
    "identitiesonly",
    "hostkeyalias",
    "proxyjump",
    "proxycommand",
    "include",
];

/// Every `Match` block of a text.
fn match_blocks(text: &str) -> Vec<MatchBlock<'_>> {
    let mut blocks: Vec<MatchBlock<'_>> = Vec::new();
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        let (key, criteria) = split(line);
        match key.as_str() {
            "match" => {
                inside = true;
                blocks.push(MatchBlock { line: index + 1, criteria, matters: false });
            }
            "host" => inside = false,
            _ if inside && USED.contains(&key.as_str()) => {
                if let Some(block) = blocks.last_mut() {
                    block.matters = true;
                }
            }
            _ => {}
        }
    }
    blocks
}

/// The text as the parser has to see it to read it as OpenSSH does. Left out are `Match` blocks,
/// which it would add to the `Host` block before, and what a block says a second time, of which it
/// would take the last and OpenSSH takes the first. Names of hosts are small, as in addresses.
///
/// # Errors
/// Says what the parser would take for a comment and OpenSSH does not.
fn prepared(text: &str) -> Result<String, String> {
    let mut kept = String::new();
    let mut inside = false;
    let mut said: Vec<String> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let (key, rest) = split(line);
        let is_new = match key.as_str() {
            "match" | "host" => {
                inside = key == "match";
                said.clear();
                true
            }
            "identityfile" | "include" => true,
            "proxyjump" | "proxycommand" => say(&mut said, "proxy"),
            used if USED.contains(&used) => say(&mut said, used),
            _ => true,
        };
        let is_read = key == "host" || USED.contains(&key.as_str());
        if is_read && !inside && has_hash_in_a_word(rest) {
            return Err(format!("line {}: put the word with `#` in it in quotes", index + 1));
        }
        if key == "host" {
            kept.push_str(&line.to_ascii_lowercase());
        } else if is_new && !inside {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    Ok(kept)
}

/// Whether this is said for the first time.
fn say(said: &mut Vec<String>, key: &str) -> bool {
    let is_new = !said.iter().any(|known| known == key);
    if is_new {
        said.push(key.to_owned());
    }
    is_new
}

/// Whether a `#` stands where it begins no comment: inside a word without quotes.
fn has_hash_in_a_word(rest: &str) -> bool {
    let (mut quoted, mut before) = (false, ' ');
    for symbol in rest.chars() {
        match symbol {
            '"' => quoted = !quoted,
            '#' if !quoted => return !before.is_whitespace(),
            _ => {}
        }
        before = symbol;
    }
    false
}

/// What leads to a host that is not reached directly.
enum Proxy {
    Jump,
    Command,
}

/// The first that is said about a host's proxy decides, as for everything else; `none` says that
/// there is none.
fn first_proxy(config: &SshConfig, name: &str) -> Option<Proxy> {
    let is_none = |word: &String| word.eq_ignore_ascii_case("none");
    config.intersecting_hosts(name).find_map(|host| {
        let jump = host.params.proxy_jump.as_ref();
        let jump = jump.map(|hops| (!hops.iter().all(is_none)).then_some(Proxy::Jump));
        let command = unsupported(&host.params, "proxycommand");
        let is_command = |words: &Vec<String>| !words.first().is_some_and(is_none);
        jump.or_else(|| command.map(|words| is_command(words).then_some(Proxy::Command)))
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, host: &str) -> Result<Place, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, text).unwrap();
        let mut known = Surroundings::new(Path::new("/home/anna"), "anna");
        known.ssh_config = Some(path);
        let config = Config::read(&known).map_err(|error| error.to_string())?;
        config.place(None, host, None).map_err(|error| error.to_string())
    }

    #[test]
    fn an_alias_is_resolved() {
        let text = "Host staging\n HostName %h.shop.example\n Port 2222\n User deploy\n \
                    IdentityFile ~/.ssh/%r_key\nHost *\n User nobody\n";
        let place = place(text, "Staging").unwrap();
        assert_eq!(place.label(), "staging.shop.example:2222");
        assert_eq!(place.user.as_deref(), Some("deploy"));
        assert_eq!(place.identities, [PathBuf::from("/home/anna/.ssh/deploy_key")]);
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
    fn a_match_block_that_may_apply_is_refused() {
        for text in [
            "Match host a\n Port 1\n",
            "match exec \"true\"\n User x\n",
            "Match all\n ProxyJump b\n",
        ] {
            assert!(place(text, "a").unwrap_err().contains("`Match"), "{text}");
        }
        assert!(place("Match all\n SendEnv LANG\n", "a").is_ok());
        assert!(place("Match user x host b*,!a\n Port 1\n", "a").is_ok());
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
        assert!(jumps("Host a\n ProxyCommand nc %h %p\n ProxyJump b\n").is_err());
    }

    #[test]
    fn names_are_the_same_however_they_are_written() {
        assert_eq!(place("Host Staging\n Port 2200\n", "staging").unwrap().port, 2200);
        assert!(place("Match host Staging\n Port 2200\n", "staging").is_err());
    }

    #[test]
    fn a_word_with_a_hash_in_it_is_not_cut_short() {
        assert!(place("Host a\n User x#y\n", "a").unwrap_err().contains("line 2"));
        assert!(place("Host a # b#c\n User \"x#y\" # z\n SendEnv x#y\n", "a").is_ok());
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
