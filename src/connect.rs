//! What a supporter needs to connect: host, port, account, the command, and the host keys to expect.

use std::net::IpAddr;

use crate::grant::{Access, Grant};
use crate::message;
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
        message::text("connect-doubt-jump", &[])
    } else if host.parse::<IpAddr>().is_ok_and(is_inside) || host == "localhost" {
        message::text("connect-doubt-address", &[])
    } else if !host.contains(['.', ':']) {
        message::text("connect-doubt-name", &[])
    } else {
        return None;
    };
    Some(message::text("connect-doubt", &[("host", host.into()), ("why", why.into())]))
}

fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::grant::{Layer, NewGrant, Supporter};
    use crate::target::{Address, Elevation, Environment, Login};
    use crate::transport::SshEnvironment;

    fn grant(access: Access) -> Grant {
        let layer = Layer { account: "sp-jane".into(), ..Layer::default() };
        NewGrant {
            id: "abcd".into(),
            case: "C".into(),
            target: "staging".into(),
            supporter: Supporter { name: "Jane".into(), company: "MultiSafepay".into() },
            access,
            created_at: 1,
            deadline: 2,
            deadline_maximum: 3,
            terms: "{}".into(),
            layers: vec![layer],
        }
        .grant()
    }

    /// What is told of a grant on a target at this address; `config` is the merchant's `~/.ssh/config`.
    fn connect(access: Access, host: &str, port: Option<u16>, config: &str) -> Connect {
        told(access, host, port, None, config)
    }

    fn told(
        access: Access,
        host: &str,
        port: Option<u16>,
        public_host: Option<&str>,
        config: &str,
    ) -> Connect {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".ssh")).unwrap();
        std::fs::write(home.path().join(".ssh/config"), config).unwrap();
        let target = Target {
            name: "staging".into(),
            address: Address::Ssh { user: None, host: host.into(), port },
            host_key: Vec::new(),
            login: Login::Auto,
            identity: None,
            elevation: Elevation::None,
            environment: Environment::Staging,
            path: None,
            public_host: public_host.map(Into::into),
        };
        let route = Route::of(&target, &SshEnvironment::new(home.path(), "merchant")).unwrap();
        Connect::of(&grant(access), &target, &route, "laptop")
    }

    /// Where OpenSSH's own client goes with that command: host and port, as it asks a proxy for them.
    fn goes_to(command: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let asked = folder.path().join("asked");
        let proxy = format!("ProxyCommand=sh -c 'echo \"$0 $1\" >{}' %h %p", asked.display());
        let (program, words) = command.split_once(' ').unwrap();
        let client = Command::new(program)
            .args(["-F", "none", "-o", &proxy])
            .args(words.split(' '))
            .stdin(Stdio::null())
            .output();
        assert!(!client.unwrap().status.success(), "a proxy that says nothing is no server");
        std::fs::read_to_string(asked).unwrap().trim().to_owned()
    }

    #[test]
    fn the_command_leads_openssh_to_where_the_server_is() {
        for access in [Access::Ssh, Access::Sftp] {
            for (host, port) in [
                ("2001:db8::7", None),
                ("2001:db8::7", Some(2222)),
                ("::1", Some(2222)),
                ("192.0.2.7", None),
                ("staging.example", Some(2222)),
            ] {
                let connect = connect(access, host, port, "");
                assert_eq!((connect.host.as_str(), connect.port), (host, port.unwrap_or(22)));
                let wanted = format!("{host} {}", port.unwrap_or(22));
                assert_eq!(goes_to(&connect.command), wanted, "{}", connect.command);
                assert!(connect.command.contains("sp-jane@"), "{}", connect.command);
            }
        }
    }

    #[test]
    fn a_way_that_is_the_merchants_alone_is_not_passed_off_as_the_supporters() {
        let alias = "Host st\n HostName staging.example\n Port 2222\n";
        let by_alias = connect(Access::Ssh, "st", None, alias);
        assert_eq!((by_alias.host.as_str(), by_alias.port), ("staging.example", 2222));
        assert_eq!(by_alias.doubt, None);
        let jump = "Host inner\n HostName inner.example\n ProxyJump gate.example\n";
        let doubt = |host, config| connect(Access::Sftp, host, None, config).doubt;
        for (host, config, why) in [
            ("inner", jump, "through another server"),
            ("127.0.0.1", "", "only this network"),
            ("10.0.0.7", "", "only this network"),
            ("fd00::7", "", "only this network"),
            ("localhost", "", "only this network"),
            ("staging", "", "may know"),
        ] {
            let doubt = doubt(host, config).unwrap_or_default();
            assert!(doubt.contains(why) && doubt.contains("--public-host"), "{host}: {doubt}");
        }
        // Who names the supporter's way is believed.
        let named = told(Access::Ssh, "inner", None, Some("[2001:db8::9]:2022"), jump);
        assert_eq!(named.doubt, None);
        assert_eq!((named.host.as_str(), named.port), ("2001:db8::9", 2022));
        assert_eq!(goes_to(&named.command), "2001:db8::9 2022");
    }
}
