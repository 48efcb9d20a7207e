//! Where a target's connection really leads, after `~/.ssh/config`: for the plan, for policy and
//! for what the supporter is told.

use std::fmt;
use std::net::{IpAddr, ToSocketAddrs as _};

use super::ssh_config::Config;
use super::{SshEnvironment, TransportError};
use crate::message;
use crate::target::{Address, Target};

/// The end of the way to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The host's name: as `HostName` says, or as it was typed where that is only an address.
    /// `None` for this machine.
    pub host: Option<String>,
    /// The port of its sshd.
    pub port: u16,
    /// The account that stagepass logs in to.
    pub user: String,
    /// Whether another server leads there: then names mean what they mean on it.
    behind_a_jump: bool,
    /// What is connected to: a name or an address.
    connects_to: Option<String>,
}

impl Route {
    /// The way to a target. Nothing is sent to it.
    ///
    /// # Errors
    /// Fails when `~/.ssh/config` cannot be understood or asks for what is not done here.
    pub fn of(target: &Target, known: &SshEnvironment) -> Result<Self, TransportError> {
        let Address::Ssh { user, host, port } = &target.address else {
            let (port, user) = (known.local_port, known.user.clone());
            return Ok(Self { host: None, port, user, behind_a_jump: false, connects_to: None });
        };
        let place = Config::read(known)?.place(user.as_deref(), host, *port)?;
        let name = match place.host.parse::<IpAddr>() {
            Ok(_) => host.to_ascii_lowercase(),
            Err(_) => place.host.clone(),
        };
        Ok(Self {
            host: Some(name),
            port: place.port,
            user: place.user.unwrap_or_else(|| known.user.clone()),
            behind_a_jump: !place.jumps.is_empty(),
            connects_to: Some(place.host),
        })
    }

    /// What is connected to, by a name or an address that needs no `~/.ssh/config`; `None` for this
    /// machine.
    #[must_use]
    pub fn connects_to(&self) -> Option<&str> {
        self.connects_to.as_deref()
    }

    /// Whether another server leads there.
    #[must_use]
    pub fn is_behind_a_jump(&self) -> bool {
        self.behind_a_jump
    }

    /// The addresses of the host, as far as this machine can look them up.
    #[must_use]
    pub fn addresses(&self) -> Vec<IpAddr> {
        let Some(host) = &self.connects_to else { return Vec::new() };
        if self.behind_a_jump {
            return host.parse().into_iter().collect();
        }
        (host.as_str(), self.port)
            .to_socket_addrs()
            .map(|found| found.map(|address| address.ip()).collect())
            .unwrap_or_default()
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            None => f.write_str(&message::text("route-here", &[])),
            Some(host) if host.contains(':') => write!(f, "[{host}]:{}", self.port),
            Some(host) => write!(f, "{host}:{}", self.port),
        }
    }
}
