//! What a server offers: its version, its sshd's real settings, its clock, and what of a
//! deadline it can keep by itself.

use serde::Serialize;

use crate::deadline;
use crate::grant::{Access, UnixTime};
use crate::policy::{Facts, Setting};
use crate::provider::Need;
use crate::script::{Input, Inputs, Reply, clean};
use crate::target::Target;
use crate::transport::Route;

/// How far a clock may be off before the promise "to the minute" needs a word, in seconds.
pub const SKEW_LIMIT: i64 = 60;

/// How far a clock may be off at all, in seconds: 366 days.
const SKEW_MAXIMUM: i64 = 366 * 86_400;

/// The form of `expiry-time` in `authorized_keys` that a server's sshd understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ExpiryForm {
    /// With a `Z`: OpenSSH 9.1 and later (its release notes).
    Utc,
    /// In the server's own zone: OpenSSH 7.7 to 9.0, which refuse a key whose time has a `Z`.
    Local,
    /// Not at all: older OpenSSH; Dropbear refuses a key with any `expiry-time`.
    None,
}

impl ExpiryForm {
    /// The word towards providers.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Utc => "utc",
            Self::Local => "local",
            Self::None => "none",
        }
    }

    fn of(version: Option<(u32, u32)>) -> Self {
        match version {
            Some(version) if version >= (9, 1) => Self::Utc,
            Some(version) if version >= (7, 7) => Self::Local,
            _ => Self::None,
        }
    }
}

/// A server as `detect` saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its SSH identification, or `local`.
    pub server_id: String,
    /// OpenSSH's version, if it is OpenSSH.
    pub version: Option<(u32, u32)>,
    /// The form of `expiry-time` it understands.
    pub expiry_form: ExpiryForm,
    /// Whether it knows the key option `restrict` (OpenSSH 7.2, Dropbear 2018).
    pub knows_restrict: bool,
    /// Seconds its clock is ahead of ours.
    pub clock_ahead: i64,
    /// What the merchant should know about it, one sentence each.
    pub warnings: Vec<String>,
    /// Everything `detect` replied.
    pub reply: Reply,
}

/// The version in `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7` (RFC 4253, section 4.2).
fn openssh_version(text: &str) -> Option<(u32, u32)> {
    let rest = text.split_once("OpenSSH_")?.1;
    let (major, rest) = rest.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Seconds the server's clock is ahead of `asked_at`; 0 where it said none.
fn clock_ahead(reply: &Reply, asked_at: UnixTime) -> i64 {
    match reply.text("clock") {
        "" => 0,
        _ => reply.number("clock").unwrap_or(UnixTime::MAX).saturating_sub(asked_at),
    }
}

/// Why nothing can be granted on a server, by what `detect` replied to the question of `asked_at`;
/// `None` when it can.
#[must_use]
pub fn unusable(reply: &Reply, asked_at: UnixTime) -> Option<String> {
    match (reply.text("supported"), reply.text("reason")) {
        ("true", _) => {}
        ("false", "") => return Some("it says no, and gives no reason".into()),
        ("false", reason) => return Some(reason.to_owned()),
        _ => return Some("it does not say whether it can be used".into()),
    }
    let ahead = clock_ahead(reply, asked_at);
    (ahead.saturating_abs() > SKEW_MAXIMUM).then(|| {
        let word = if ahead > 0 { "ahead of" } else { "behind" };
        format!(
            "its clock is more than a year {word} this one, and no deadline would mean anything"
        )
    })
}

impl Server {
    /// Reads what `detect` replied, asked at `asked_at` by our clock.
    #[must_use]
    pub fn read(server_id: &str, reply: &Reply, asked_at: UnixTime) -> Self {
        // The daemon that answers counts; a second sshd binary on its disk does not.
        let version =
            openssh_version(server_id).or_else(|| openssh_version(reply.text("sshd_version")));
        let clock_ahead = clock_ahead(reply, asked_at);
        let mut server = Self {
            server_id: server_id.to_owned(),
            version,
            expiry_form: ExpiryForm::of(version),
            knows_restrict: version.is_some_and(|version| version >= (7, 2))
                || server_id.contains("dropbear"),
            // One second is what asking costs.
            clock_ahead: if clock_ahead.abs() <= 1 { 0 } else { clock_ahead },
            warnings: Vec::new(),
            reply: reply.clone(),
        };
        server.warnings = server.warn();
        server
    }

    fn warn(&self) -> Vec<String> {
        let reply = &self.reply;
        let mut warnings = Vec::new();
        if self.clock_ahead.abs() > SKEW_LIMIT {
            let (seconds, word) =
                (self.clock_ahead.abs(), if self.clock_ahead > 0 { "ahead of" } else { "behind" });
            warnings.push(format!(
                "the server's clock is {seconds} s {word} this one; the deadline is kept by the \
                 server's clock"
            ));
        }
        if self.expiry_form == ExpiryForm::None {
            warnings.push(
                "this server cannot end a key by itself; only the sweep ends it on time".into(),
            );
        }
        if reply.is("keys_file_assumed") {
            warnings.push(
                "without root the server's settings cannot be read: `~/.ssh/authorized_keys` is \
                 assumed, and the login that follows proves it"
                    .into(),
            );
        }
        warnings
    }

    /// Says what this credential, made this way, is not kept from here.
    #[must_use]
    pub fn with_credential(mut self, need: Need, password: bool, access: Access) -> Self {
        if need == Need::None {
            self.warnings.push(
                "the account is shared: sessions that are open at the deadline cannot be told \
                 from yours and go on until they are closed"
                    .into(),
            );
            if access != Access::SftpReadOnly {
                self.warnings.push(
                    "who may write in the account can also change its list of keys; look at it \
                     when the grant is closed"
                        .into(),
                );
            }
        }
        if self.reply.is("acl_mode_change") {
            self.warnings.push(
                "while the grant is open, files of the shop show as writable by their group: that \
                 is how an ACL looks in `ls`, and goes away when the grant is closed"
                    .into(),
            );
        }
        if self.reply.is("same_key_foreign") {
            self.warnings.push(
                "the supporter's key already opens this account by a line that is not ours: that \
                 access is not limited, and is not taken away"
                    .into(),
            );
        }
        if password && matches!(self.reply.text("allow_tcp_forwarding"), "yes" | "local" | "all") {
            self.warnings.push(
                "with a password the supporter may also forward ports, which a key of ours does \
                 not allow"
                    .into(),
            );
        }
        self
    }

    /// Says so when a shop folder was named that is not there.
    #[must_use]
    pub fn with_path(mut self, path: Option<&str>) -> Self {
        if let Some(path) = path
            && self.reply.text("path_exists") == "false"
        {
            self.warnings.push(format!("the shop folder `{path}` does not exist on the server"));
        }
        self
    }

    /// What policy needs to know.
    #[must_use]
    pub fn facts(&self, route: &Route, key: bool, password: bool) -> Facts {
        let reply = &self.reply;
        let said = |name: &str| Some(reply.text(name).to_owned()).filter(|text| !text.is_empty());
        let known = |name: &str| match reply.text(name) {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        let served_names = reply
            .text("path_served_as")
            .split(',')
            .map(clean)
            .filter(|name| !name.is_empty())
            .collect();
        let mut weak_expiry = Vec::new();
        if key && self.expiry_form == ExpiryForm::None {
            weak_expiry.push("the key".to_owned());
        }
        if password {
            weak_expiry.push("the password".to_owned());
        }
        Facts {
            greeting: None,
            addresses: route.addresses(),
            hostname: said("hostname"),
            fqdn: said("fqdn"),
            served_names,
            settings: Vec::<Setting>::new(),
            takes_passwords: known("can_password"),
            takes_keys: match reply.text("pubkey_authentication") {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            // sshd's `from=` is an option of a key; a password has no such thing.
            holds_from_for_passwords: Some(false),
            weak_expiry,
            backup: None,
        }
    }

    /// What ends a grant on time here, best first, in words.
    #[must_use]
    pub fn enforced(&self, key: bool, own_account: bool, deadline: UnixTime) -> Vec<String> {
        let mut layers = Vec::new();
        if key && self.expiry_form != ExpiryForm::None {
            layers.push(format!("the server refuses the key from {}", deadline::utc(deadline)));
        }
        layers.push("the sweep closes it".to_owned());
        if own_account {
            layers.push("the account's expiry day, as a backstop".to_owned());
        }
        layers
    }
}

/// The inputs of `detect`: which account it is for, and where the shop is. The rest is there, and
/// says nothing.
#[must_use]
pub fn detect_inputs(
    target: &Target,
    account: &str,
    id: &str,
    access: Access,
    key: Option<&str>,
) -> Inputs<'static> {
    [
        ("sp_grant", id),
        ("sp_account", account),
        ("sp_path", target.path.as_deref().unwrap_or_default()),
        ("sp_access", access.id()),
        ("sp_supporter", ""),
        ("sp_public_key", key.unwrap_or_default()),
        ("sp_check_key", ""),
        ("sp_check_until", "0"),
        ("sp_password", ""),
        ("sp_has_password", "0"),
        ("sp_deadline", "0"),
        ("sp_expiry_form", ExpiryForm::None.id()),
        ("sp_restrict", "1"),
        ("sp_from", ""),
        ("sp_not_after", "0"),
        ("sp_allow_root", ""),
        ("sp_same_key_before", ""),
        ("sp_keys_file", ""),
        ("sp_tag", ""),
        ("sp_case", ""),
        ("sp_ask", ""),
        ("sp_at_end", "kill"),
        ("sp_drain", "0"),
        ("sp_uses_from", "0"),
        ("sp_collected", "0"),
        ("sp_baseline_digest", ""),
        ("sp_by_server", "0"),
        ("sp_gate_wanted", "1"),
    ]
    .into_iter()
    .map(|(name, text)| (name, Input::Text(text.to_owned())))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_expiry_follows_the_version() {
        for (id, form) in [
            ("SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u3", ExpiryForm::Local),
            ("SSH-2.0-OpenSSH_9.0p1", ExpiryForm::Local),
            ("SSH-2.0-OpenSSH_9.1", ExpiryForm::Utc),
            ("SSH-2.0-OpenSSH_10.0p2 Debian-7", ExpiryForm::Utc),
            ("SSH-2.0-OpenSSH_7.6p1", ExpiryForm::None),
            ("SSH-2.0-dropbear_2022.83", ExpiryForm::None),
            ("SSH-2.0-OpenSSH_x", ExpiryForm::None),
        ] {
            assert_eq!(Server::read(id, &Reply::default(), 0).expiry_form, form, "{id}");
        }
    }

    #[test]
    fn a_clock_that_is_off_is_said() {
        let reply = Reply::from_values([("clock".to_owned(), "1300".to_owned())].into());
        let server = Server::read("SSH-2.0-OpenSSH_9.2", &reply, 1000);
        assert_eq!(server.clock_ahead, 300);
        assert!(server.warnings.iter().any(|warning| warning.contains("300 s ahead")));
    }
}
