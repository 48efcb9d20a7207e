//! What a supporter needs to connect: host, port, account, the command, and the host keys to expect.

use std::net::IpAddr;

use crate::grant::{Access, Grant};
use crate::target::Target;
use crate::transport::Route;

/// How the supporter reaches what was granted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Connect {
    /// The host, as the supporter has to write it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The account.
    pub user: String,
    /// The command of OpenSSH's clients.
    pub command: String,
    /// The fingerprints of the host keys that are pinned here.
    pub host_keys: Vec<String>,
    /// Why the supporter may not reach it like that, if so.
    pub doubt: Option<String>,
}

impl Connect {
    /// The way to a grant: by the public host of its target where one was given, else by our own way,
    /// else by the name that this machine calls itself.
    #[must_use]
    pub fn of(grant: &Grant, target: &Target, route: &Route, own_name: &str) -> Self {
        let user = grant.layers.first().map(|layer| layer.account.clone()).unwrap_or_default();
        let public = target.public_host.as_deref().and_then(split);
        let doubt = if public.is_some() { None } else { doubt(route) };
        let ours = || (route.host.clone().unwrap_or_else(|| own_name.to_owned()), route.port);
        let (host, port) = match public {
            Some((host, port)) => (host, port.unwrap_or(22)),
            None => ours(),
        };
        let (program, option) =
            if grant.access == Access::Ssh { ("ssh", "-p") } else { ("sftp", "-P") };
        let port_words = if port == 22 { String::new() } else { format!("{option} {port} ") };
        // sftp takes a colon for the beginning of a path.
        let bracketed = if program == "sftp" && host.contains(':') {
            format!("[{host}]")
        } else {
            host.clone()
        };
        let command = format!("{program} {port_words}{user}@{bracketed}");
        let host_keys = target.host_key.iter().map(|key| key.fingerprint()).collect();
        Self { host, port, user, command, host_keys, doubt }
    }
}

/// A public host: a name or an address, and perhaps a port.
#[must_use]
pub fn split(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None if text.parse::<std::net::Ipv6Addr>().is_ok() => (text, None),
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    let is_host = !host.is_empty()
        && host.len() <= 253
        && !host.starts_with('-')
        && host.chars().all(is_name);
    let port = port.map(|port| port.parse::<u16>().ok().filter(|port| *port > 0));
    match port {
        Some(None) => None,
        port => is_host.then(|| (host.to_owned(), port.flatten())),
    }
}

/// Why somebody elsewhere may not get there by our own way.
fn doubt(route: &Route) -> Option<String> {
    let host = route.host.as_deref()?;
    let why = if route.is_behind_a_jump() {
        "is reached from here through another server".to_owned()
    } else if host.parse::<IpAddr>().is_ok_and(is_inside) || host == "localhost" {
        "is an address that only this network has".to_owned()
    } else if !host.contains(['.', ':']) {
        "is a name that only this network or computer may know".to_owned()
    } else {
        return None;
    };
    Some(format!("`{host}` {why}: name the public one with `stagepass target add … --public-host`"))
}

fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_host_is_a_name_or_an_address_and_perhaps_a_port() {
        let some = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(split("shop.example"), some("shop.example", None));
        assert_eq!(split("shop.example:2222"), some("shop.example", Some(2222)));
        assert_eq!(split("192.0.2.7:22"), some("192.0.2.7", Some(22)));
        assert_eq!(split("2001:db8::1"), some("2001:db8::1", None));
        assert_eq!(split("[2001:db8::1]:2222"), some("2001:db8::1", Some(2222)));
        for text in ["", "-oProxyCommand=x", "a b", "a:0", "a:x", "a;b", "[::1", "$(x)", "u@h"] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
