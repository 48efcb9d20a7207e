//! What a supporter needs to connect: host, port, account, the command, and the host keys to expect.

use std::net::IpAddr;

use crate::grant::{Access, Grant};
use crate::target::{Target, split_public_host};
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
        let user = grant.login().map(|layer| layer.account.clone()).unwrap_or_default();
        let public = target.public_host.as_deref().and_then(split_public_host);
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
