//! What a server offers: its version, its sshd's real settings, its clock, and what of a
//! deadline it can keep by itself.

use std::ops::RangeInclusive;

use crate::grant::{Access, UnixTime};
use crate::message::{self, Arg, Note};
use crate::policy::{Facts, FolderFacts, ShopSeen};
use crate::public_key;
use crate::remote::clock::Skew;
use crate::remote::layer::{self, ExpiryForm, LayerState};
use crate::remote::provider::{AccountKind, Provider};
use crate::remote::script::{Reply, clean};
use crate::target::Target;
use crate::transport::Route;

/// How far a clock may be off before the promise "to the minute" needs a word, in seconds.
pub const SKEW_LIMIT: i64 = 60;

/// How far a clock may be off at all, in seconds: 366 days.
const SKEW_MAXIMUM: i64 = 366 * 86_400;

/// Files of a disk for each second that a walk of it is waited for longer: a slow disk that has to seek for each
/// one reads some hundreds a second, and keeps them in memory for the walks that follow.
const FILES_A_SECOND: i64 = 2_000;

/// The most seconds that a step is waited for longer because of that.
const MOST_WALK_SECONDS: i64 = 540;

/// A server as `detect` saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its SSH identification, or `local`.
    pub server_id: String,
    /// OpenSSH's version, if it is OpenSSH.
    pub version: Option<(u32, u32)>,
    /// The form of `expiry-time` it understands.
    pub expiry_form: ExpiryForm,
    /// Whether it knows the key option `restrict` (OpenSSH 7.2) and what gives back a part of it:
    /// Dropbear learnt the first in 2022 and refuses a key with the others.
    pub knows_restrict: bool,
    /// Seconds its clock is ahead of ours.
    pub clock_ahead: Skew,
    /// What the merchant should know about it, one sentence each.
    pub warnings: Vec<Note>,
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
fn clock_ahead(reply: &Reply, asked_at: UnixTime) -> Skew {
    Skew::by(match reply.text("clock") {
        "" => 0,
        _ => reply.number("clock").unwrap_or(UnixTime::MAX).saturating_sub(asked_at),
    })
}

/// The same, when the question was on its way for a while: a clock that showed a time in between is
/// right. Of what else it can be the least is taken, so that a slow line never makes an end late.
fn clock_ahead_within(reply: &Reply, asked: RangeInclusive<UnixTime>) -> Skew {
    let (since_asked, since_answered) =
        (clock_ahead(reply, *asked.start()), clock_ahead(reply, *asked.end()));
    let right = Skew::default();
    if since_asked >= right && since_answered <= right { right } else { since_answered }
}

/// Why nothing can be granted on a server, by what `detect` replied to the question of `asked_at`;
/// `None` when it can.
#[must_use]
pub fn unusable(reply: &Reply, asked_at: UnixTime) -> Option<String> {
    match (reply.text("supported"), reply.text("reason")) {
        ("true", _) => {}
        ("false", "") => return Some(message::text("detect-no", &[])),
        ("false", reason) => return Some(reason.to_owned()),
        _ => return Some(message::text("detect-silent", &[])),
    }
    match reply.text("force_command") {
        "" | "none" => useless_clock(reply, asked_at),
        forced => Some(message::text("detect-forced", &[("forced", Arg::of(forced))])),
    }
}

/// Why no deadline can be set by a server's clock, by what `detect` replied to the question of
/// `asked_at`; `None` when one can.
#[must_use]
pub fn useless_clock(reply: &Reply, asked_at: UnixTime) -> Option<String> {
    let ahead = clock_ahead(reply, asked_at).seconds();
    let id = if ahead > 0 { "detect-clock-ahead" } else { "detect-clock-behind" };
    (ahead.saturating_abs() > SKEW_MAXIMUM).then(|| message::text(id, &[]))
}

impl Server {
    /// Reads what `detect` replied; `asked` is from the question to the answer by our clock.
    #[must_use]
    pub fn read(server_id: &str, reply: &Reply, asked: RangeInclusive<UnixTime>) -> Self {
        // The daemon that answers counts; an sshd that is only on its disk does not.
        let version = match server_id {
            "local" => openssh_version(reply.text("sshd_version")),
            answered => openssh_version(answered),
        };
        let ahead = clock_ahead_within(reply, asked);
        let mut server = Self {
            server_id: server_id.to_owned(),
            version,
            expiry_form: ExpiryForm::of(version),
            knows_restrict: version.is_some_and(|version| version >= (7, 2)),
            // One second is what asking costs.
            clock_ahead: if ahead.seconds().saturating_abs() <= 1 {
                Skew::default()
            } else {
                ahead
            },
            warnings: Vec::new(),
            reply: reply.clone(),
        };
        server.warnings = server.warn();
        server
    }

    /// The kind of key to make for this server: one that it takes, as far as it says; else the kind of
    /// `like`, a key that it has to take in any case.
    #[must_use]
    pub fn key_kind(&self, like: Option<&str>) -> public_key::Kind {
        public_key::Kind::for_server(self.reply.text("pubkey_algorithms"), like)
    }

    /// What is kept of this server with a layer that a provider makes on it.
    #[must_use]
    pub fn layer_state(&self, target: &Target, provider: &Provider) -> LayerState {
        LayerState {
            path: target.path.clone().unwrap_or_default(),
            path_id: self.reply.text("path_id").to_owned(),
            expiry_form: self.expiry_form,
            restrict: self.knows_restrict,
            walk_seconds: self.walk_seconds(),
            clock_ahead: self.clock_ahead,
            shared: provider.account == AccountKind::Shared,
            host_keys: Some(layer::host_keys(target)),
            ..LayerState::default()
        }
    }

    /// Seconds that a step may take longer here, since it walks through the shop folder more than once: by how
    /// many files there are on that folder's disk, which the server knows without counting. None without a
    /// shop folder, or where its file system does not say.
    #[must_use]
    pub fn walk_seconds(&self) -> i64 {
        let files = self.reply.number("path_inodes").unwrap_or_default().max(0);
        (files / FILES_A_SECOND).min(MOST_WALK_SECONDS)
    }

    fn warn(&self) -> Vec<Note> {
        let mut warnings = Vec::new();
        let ahead = self.clock_ahead.seconds();
        if ahead.saturating_abs() > SKEW_LIMIT {
            let way = if ahead > 0 { "ahead" } else { "behind" };
            let args = [("seconds", ahead.saturating_abs().into()), ("way", way.into())];
            warnings.push(Note::of("server-clock-differs", &args));
        }
        if self.expiry_form == ExpiryForm::None {
            warnings.push(Note::of("server-knows-no-end-of-a-key", &[]));
        }
        warnings
    }

    /// Says what this credential, made this way, is not kept from here.
    #[must_use]
    pub fn with_credential(mut self, provider: &Provider, password: bool, access: Access) -> Self {
        let reply = &self.reply;
        let is_shared = provider.account == AccountKind::Shared;
        if is_shared && !self.confines(access) {
            self.warnings.push(match access {
                Access::SftpReadOnly => Note::of("server-account-is-shared-to-read", &[]),
                _ => Note::of("server-account-is-shared", &[]),
            });
        }
        if access != Access::Ssh && reply.text("can_confine") == "false" {
            let why = reply.text("confine_reason");
            let given = if why.is_empty() { "no" } else { "yes" };
            let args = [("given", given.into()), ("why", why.into())];
            self.warnings.push(Note::of("server-cannot-confine", &args));
        }
        if reply.is("same_key_foreign") {
            self.warnings.push(Note::of("server-key-is-there-already", &[]));
        }
        self.with_provider(provider, password, access)
    }

    /// Says what the provider has to say of it.
    #[must_use]
    pub fn with_provider(mut self, provider: &Provider, password: bool, access: Access) -> Self {
        let yes = |is: bool| if is { "true" } else { "false" };
        let of_grant = [
            ("access", access.id()),
            ("confined", yes(self.confines(access))),
            ("password", yes(password)),
        ];
        self.warnings.extend(provider.warnings(&self.reply, self.reply.text("user"), &of_grant));
        self
    }

    fn confines(&self, access: Access) -> bool {
        access != Access::Ssh && self.reply.is("can_confine")
    }

    /// Says so when the shop folder is a link, and where it leads.
    #[must_use]
    pub fn with_path(mut self, path: Option<&str>) -> Self {
        let real = self.reply.text("path_now");
        if let Some(path) = path
            && !real.is_empty()
            && real != path.trim_end_matches('/')
        {
            let args = [("path", path.into()), ("real", real.into())];
            self.warnings.push(Note::of("server-shop-folder-is-a-link", &args));
        }
        self
    }

    /// What policy needs to know.
    #[must_use]
    pub fn facts(&self, route: &Route, weak_expiry: Vec<String>, path: Option<&str>) -> Facts {
        let reply = &self.reply;
        let said = |name: &str| Some(reply.text(name).to_owned()).filter(|text| !text.is_empty());
        let known = |name: &str| match reply.text(name) {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        // A list that is too long for one value goes on in lines.
        let served_names = std::iter::once(reply.text("path_served_as"))
            .chain(reply.lines("served_more"))
            .flat_map(|names| names.split(','))
            .map(clean)
            .filter(|name| !name.is_empty())
            .collect();
        Facts {
            greeting: None,
            addresses: route.addresses(),
            hostname: said("hostname"),
            fqdn: said("fqdn"),
            served_names,
            shop: ShopSeen::default(),
            takes_passwords: known("can_password"),
            // The gate is the login shell of an account of ours, whatever sshd's settings.
            gates_passwords: Some(reply.is("can_gate")),
            takes_keys: match reply.text("pubkey_authentication") {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            // sshd's `from=` is an option of a key; a password has no such thing.
            holds_from_for_passwords: Some(false),
            confines: Some(reply.is("can_confine")),
            root_by: reply.text("root_by").to_owned(),
            weak_expiry,
            folder: FolderFacts::read(path, reply),
            backup: None,
        }
    }
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
            assert_eq!(Server::read(id, &Reply::default(), 0..=0).expiry_form, form, "{id}");
        }
    }

    #[test]
    fn the_server_that_answers_counts_and_not_an_sshd_beside_it() {
        let reply = Reply::from_values(
            [("sshd_version".to_owned(), "OpenSSH_9.2p1 Debian-2+deb12u7".to_owned())].into(),
        );
        let read = |id| Server::read(id, &reply, 0..=0);
        let dropbear = read("SSH-2.0-dropbear_2022.83");
        assert_eq!(dropbear.expiry_form, ExpiryForm::None);
        assert!(!dropbear.knows_restrict);
        assert_eq!(read("local").expiry_form, ExpiryForm::Utc);
    }

    #[test]
    fn a_clock_that_is_off_is_said() {
        let reply = Reply::from_values([("clock".to_owned(), "1300".to_owned())].into());
        let server = Server::read("SSH-2.0-OpenSSH_9.2", &reply, 1000..=1000);
        assert_eq!(server.clock_ahead, Skew::by(300));
        assert!(server.warnings.iter().any(|warning| warning.text.contains("300 s ahead")));
    }

    #[test]
    fn a_slow_line_is_no_clock_that_is_off_and_never_makes_an_end_late() {
        let reply = Reply::from_values([("clock".to_owned(), "1300".to_owned())].into());
        let ahead =
            |asked| Server::read("SSH-2.0-OpenSSH_9.2", &reply, asked).clock_ahead.seconds();
        assert_eq!(ahead(1300..=1330), 0);
        assert_eq!(ahead(1270..=1300), 0);
        assert_eq!(ahead(1271..=1330), 0);
        assert_eq!(ahead(1000..=1030), 270);
        assert_eq!(ahead(1600..=1630), -330);
    }
}
