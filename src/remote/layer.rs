//! What the ledger keeps of a layer beside its columns: what was known when it was made ([`LayerState`]), and what
//! its provider said when it was ([`OpenReply`]). Which of it a provider is told stands in [`crate::remote::inputs`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::grant::Layer;
use crate::message;
use crate::remote::clock::{ServerTime, Skew};
use crate::remote::script::Reply;
use crate::target::Target;
use crate::target::pin::HostKeyPin;

/// The form of `expiry-time` in `authorized_keys` that a server's sshd understands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ExpiryForm {
    /// With a `Z`: OpenSSH 9.1 and later (its release notes).
    Utc,
    /// In the server's own zone: OpenSSH 7.7 to 9.0, which refuse a key whose time has a `Z`.
    Local,
    /// Not at all: older OpenSSH; Dropbear refuses a key with any `expiry-time`.
    #[default]
    None,
}

impl ExpiryForm {
    /// The word towards providers.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// What an OpenSSH of this version understands.
    #[must_use]
    pub fn of(version: Option<(u32, u32)>) -> Self {
        match version {
            Some(version) if version >= (9, 1) => Self::Utc,
            Some(version) if version >= (7, 7) => Self::Local,
            _ => Self::None,
        }
    }
}

/// What was known about the server when a layer was opened, and what was learned of it since. Never a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LayerState {
    /// The shop folder as the target names it; empty where there is none.
    pub path: String,
    /// What that folder was, so that another one in its place is told.
    pub path_id: String,
    /// What `detect` said that `open` is told, as the provider's manifest names it.
    pub seen: BTreeMap<String, String>,
    /// Whether files that others could not read were opened, too (`--with-secrets`).
    pub with_secrets: bool,
    /// The form of a key's end that the server's sshd understands.
    pub expiry_form: ExpiryForm,
    /// Whether the server's sshd knows the option `restrict`.
    pub restrict: bool,
    /// The networks from which the supporter's key is taken, with commas between them; empty for all.
    pub from: String,
    /// Whether root's own account may be given.
    pub allow_root: bool,
    /// For how many seconds sessions may go on at the end; 0 where they are ended at once.
    pub drain: i64,
    /// Whom a supporter asks whose time is over, as one sentence.
    pub ask: String,
    /// The tag by which our marks are told from what somebody else wrote.
    pub tag: String,
    /// How many seconds longer a step may take because of the size of the shop
    /// ([`Server::walk_seconds`](crate::remote::server::Server::walk_seconds)).
    pub walk_seconds: i64,
    /// How many uses were collected from the server so far.
    pub uses_collected: i64,
    /// How many seconds the server's clock was ahead of ours.
    pub clock_ahead: Skew,
    /// Until when an `open` whose end nobody saw may still run there, by the server's clock; else 0.
    pub open_not_after: ServerTime,
    /// Whether the server took the supporter's key from our address when access was opened: then a
    /// refusal from here says something.
    pub taken_here: bool,
    /// Whether the account that the layer is in is the merchant's own, and not made for the grant.
    pub shared: bool,
    /// The fingerprints of the server's host keys; nothing where that was not kept.
    pub host_keys: Option<Vec<String>>,
}

impl LayerState {
    /// Reads what is kept with the layer.
    #[must_use]
    pub fn of(layer: &Layer) -> Self {
        serde_json::from_str(&layer.inputs).unwrap_or_default()
    }

    /// As it is kept: what says nothing is left out, for every event of the grant's beginning repeats it.
    #[must_use]
    pub fn text(&self) -> String {
        let fields = |state: &Self| match serde_json::to_value(state) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let (mut kept, nothing) = (fields(self), fields(&Self::default()));
        kept.retain(|name, value| nothing.get(name) != Some(value));
        serde_json::Value::Object(kept).to_string()
    }

    /// Changes what is kept with the layer.
    pub fn change(layer: &mut Layer, change: impl FnOnce(&mut Self)) {
        let mut state = Self::of(layer);
        change(&mut state);
        layer.inputs = state.text();
    }

    /// Whether the account that a layer is in is the merchant's own.
    #[must_use]
    pub fn is_shared(layer: &Layer) -> bool {
        Self::of(layer).shared
    }

    /// Whether the supporter's key is for some addresses only (`--from`).
    #[must_use]
    pub fn is_limited(&self) -> bool {
        !self.from.is_empty()
    }

    /// Why a target is not the server that the layer is on; `None` where it is. A name in the list
    /// of targets can come to mean another server, where everything would look already gone.
    #[must_use]
    pub fn elsewhere(&self, target: &Target) -> Option<String> {
        let kept = self.host_keys.as_ref()?;
        let now = host_keys(target);
        let same = kept.iter().any(|kept| now.contains(kept));
        if same || (kept.is_empty() && now.is_empty()) {
            return None;
        }
        let args = [
            ("target", (&target.name).into()),
            ("keys", message::either(kept.iter().map(String::as_str)).into()),
        ];
        Some(message::text("layer-another-server", &args))
    }
}

/// The fingerprints by which a target's server is known.
#[must_use]
pub fn host_keys(target: &Target) -> Vec<String> {
    target.host_key.iter().map(HostKeyPin::fingerprint).collect()
}

/// What `open` replied and was read back, by what every kind of layer has of it; what only one provider says of
/// itself is in the [`Reply`].
#[derive(Debug, Clone, Default)]
pub struct OpenReply(Reply);

impl From<Reply> for OpenReply {
    fn from(reply: Reply) -> Self {
        Self(reply)
    }
}

impl OpenReply {
    /// What was kept of it with the layer; nothing before that was opened.
    #[must_use]
    pub fn of(layer: &Layer) -> Self {
        Self(Reply::from_values(serde_json::from_str(&layer.outputs).unwrap_or_default()))
    }

    /// All of it.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        &self.0
    }

    /// Whether a login by key has to meet the gate.
    #[must_use]
    pub fn has_gate(&self) -> bool {
        self.0.is("gate")
    }

    /// What makes a login by password meet the gate (`drop-in`, `shell`), where something does.
    #[must_use]
    pub fn password_gate(&self) -> Option<&str> {
        self.made("password_gate").filter(|_| self.has_gate())
    }

    /// Whether a login by password may forward connections, as far as is known.
    #[must_use]
    pub fn may_forward(&self) -> bool {
        self.0.text("password_forwarding") != "false"
    }

    /// What on the server ends the layer by itself (`systemd`, `cron.d`, `crontab`), where something does.
    #[must_use]
    pub fn failsafe(&self) -> Option<&str> {
        self.made("failsafe")
    }

    /// Whether the key line itself has an end.
    #[must_use]
    pub fn has_key_expiry(&self) -> bool {
        !self.0.text("expiry_time").is_empty()
    }

    /// Whether a list of what was there before was made.
    #[must_use]
    pub fn has_baseline(&self) -> bool {
        self.0.is("baseline")
    }

    /// The digest of that list; empty where there is none.
    #[must_use]
    pub fn baseline_digest(&self) -> &str {
        self.0.text("baseline_digest")
    }

    /// Whether sessions see the shop folder alone; `None` where that was not said.
    #[must_use]
    pub fn confined(&self) -> Option<bool> {
        self.0.text("confined").parse().ok()
    }

    /// Whether the supporter's key stood in lines that are not ours; `None` where that was not said.
    #[must_use]
    pub fn same_key_foreign(&self) -> Option<bool> {
        self.0.text("same_key_foreign").parse().ok()
    }

    /// The file that the key line was put into; empty where there is none.
    #[must_use]
    pub fn keys_file(&self) -> &str {
        self.0.text("keys_file")
    }

    /// The shop folder without links; empty where the layer has none.
    #[must_use]
    pub fn shop_path(&self) -> &str {
        self.0.text("shop_path")
    }

    /// Where a user of the shop itself logs in; empty where the layer is none.
    #[must_use]
    pub fn login_url(&self) -> &str {
        self.0.text("login_url")
    }

    /// What is typed as the user there, where the software knows its users by something else than the layer's name.
    #[must_use]
    pub fn login_name<'a>(&'a self, account: &'a str) -> &'a str {
        login_name(&self.0, account)
    }

    fn made(&self, key: &str) -> Option<&str> {
        Some(self.0.text(key)).filter(|made| !matches!(*made, "" | "none"))
    }
}

/// What is typed as the user of a layer named `account`, by its provider's reply to `open`.
#[must_use]
pub fn login_name<'a>(opened: &'a Reply, account: &'a str) -> &'a str {
    Some(opened.text("login_name")).filter(|name| !name.is_empty()).unwrap_or(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back_and_says_no_more_than_it_has_to() {
        let full = LayerState {
            path: "/var/www/shop".into(),
            expiry_form: ExpiryForm::Utc,
            drain: 60,
            clock_ahead: Skew::by(-3),
            shared: true,
            host_keys: Some(Vec::new()),
            ..LayerState::default()
        };
        for (state, fields) in [(full, 6), (LayerState::default(), 0)] {
            let text = state.text();
            assert_eq!(serde_json::from_str::<LayerState>(&text).unwrap(), state);
            let kept: serde_json::Map<_, _> = serde_json::from_str(&text).unwrap();
            assert_eq!(kept.len(), fields, "{text}");
        }
    }
}
