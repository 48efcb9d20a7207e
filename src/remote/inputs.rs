//! What a provider's verb can be told: the one list of it, in the order in which it is sent. Which verbs are told which
//! is said by the provider's manifest (`[inputs]`); what each means to it stands in `docs/providers.md`.

use crate::grant::{Access, Grant, Layer, UnixTime};
use crate::remote::clock::ServerTime;
use crate::remote::layer::{LayerState, OpenReply};
use crate::remote::script::{Input, Inputs};
use crate::secret::Secret;
use crate::target::Target;

/// What the names of inputs begin with in a script; a manifest names them without.
pub const PREFIX: &str = "sp_";

/// The input that says which layer of which grant it is about.
pub const GRANT: &str = "sp_grant";

/// The input that says how many seconds longer a step may take because of the size of the shop.
pub const WALK_SECONDS: &str = "sp_walk_seconds";

/// What changes from call to call; the rest is kept with the layer.
#[derive(Debug, Default)]
pub struct CallInputs<'a> {
    /// The deadline to set, by our clock.
    pub deadline: UnixTime,
    /// The password to try; the server is not told it.
    pub password: Option<&'a Secret>,
    /// Its hash, which is what the server is told; `open` only.
    pub password_hash: Option<&'a Secret>,
    /// The public half of the verification key.
    pub check_key: Option<&'a str>,
    /// When the verification key ends by itself, by the server's clock.
    pub check_until: ServerTime,
    /// When `open` and `update` refuse to start, by the server's clock: a client that was
    /// stopped for an hour must not make access that a sweep has since closed.
    /// For `close`, until when such an `open` may still be on its way; 0 where none can be.
    pub not_after: ServerTime,
    /// The word of the trial that is to be answered (`open`), or that was (`update`).
    pub trial: &'a str,
    /// What a close writes beside its result, so that it is known for one of this installation's;
    /// `close` only.
    pub closer: &'a str,
}

/// Of which grant and layer.
struct Subject<'a> {
    /// The layer's id ([`Grant::layer_id`]).
    id: &'a str,
    account: &'a str,
    access: Access,
    supporter: &'a str,
    public_key: &'a str,
    has_password: bool,
    case: &'a str,
    /// When the grant was recorded, by our clock; nothing where there is none.
    created_at: Option<UnixTime>,
}

/// The inputs of one call for one layer.
#[must_use]
pub fn of_layer<'a>(grant: &Grant, layer: &Layer, call: &CallInputs<'a>) -> Inputs<'a> {
    let id = grant.layer_id(layer);
    let subject = Subject {
        id: &id,
        account: &layer.account,
        access: grant.access,
        supporter: &grant.supporter.name,
        public_key: layer.public_key.as_deref().unwrap_or_default(),
        has_password: layer.has_password,
        case: &grant.case,
        created_at: Some(grant.created_at),
    };
    list(&subject, &LayerState::of(layer), &OpenReply::of(layer), call)
}

/// The inputs of `detect`: which account it is for, and where the shop is. The rest is there, and
/// says nothing.
#[must_use]
pub fn of_detect(
    target: &Target,
    account: &str,
    id: &str,
    access: Access,
    key: Option<&str>,
) -> Inputs<'static> {
    let subject = Subject {
        id,
        account,
        access,
        supporter: "",
        public_key: key.unwrap_or_default(),
        has_password: false,
        case: "",
        created_at: None,
    };
    let path = target.path.clone().unwrap_or_default();
    let state = LayerState { path, restrict: true, ..LayerState::default() };
    list(&subject, &state, &OpenReply::default(), &CallInputs::default())
}

/// The name of each input there is.
pub fn names() -> impl Iterator<Item = &'static str> {
    let subject = Subject {
        id: "",
        account: "",
        access: Access::Sftp,
        supporter: "",
        public_key: "",
        has_password: false,
        case: "",
        created_at: None,
    };
    let all = list(&subject, &LayerState::default(), &OpenReply::default(), &CallInputs::default());
    all.into_iter().map(|(name, _)| name)
}

fn list<'a>(
    subject: &Subject<'_>,
    state: &LayerState,
    opened: &OpenReply,
    call: &CallInputs<'a>,
) -> Inputs<'a> {
    let word = |word: &str| Input::Text(word.to_owned());
    let number = |number: i64| Input::Text(number.to_string());
    let digit = |is: bool| word(if is { "1" } else { "0" });
    let said = |is: bool| word(if is { "1" } else { "" });
    // The server keeps the deadline by its own clock.
    let theirs = |ours: Option<UnixTime>| {
        Input::Text(ours.map_or(0, |ours| state.clock_ahead.theirs(ours).seconds()).to_string())
    };
    vec![
        (GRANT, word(subject.id)),
        ("sp_account", word(subject.account)),
        ("sp_access", word(subject.access.id())),
        ("sp_supporter", word(subject.supporter)),
        ("sp_public_key", word(subject.public_key)),
        ("sp_has_password", digit(subject.has_password)),
        ("sp_path", word(&state.path)),
        ("sp_path_id", word(&state.path_id)),
        (
            "sp_seen",
            Input::Text(state.seen.iter().map(|(key, value)| format!("{key}={value}\n")).collect()),
        ),
        ("sp_with_secrets", said(state.with_secrets)),
        ("sp_expiry_form", word(state.expiry_form.id())),
        ("sp_restrict", digit(state.restrict)),
        ("sp_from", word(&state.from)),
        ("sp_allow_root", said(state.allow_root)),
        (
            "sp_same_key_before",
            word(match opened.same_key_foreign() {
                Some(true) => "1",
                Some(false) => "0",
                None => "",
            }),
        ),
        ("sp_keys_file", word(opened.keys_file())),
        ("sp_tag", word(&state.tag)),
        ("sp_case", word(subject.case)),
        ("sp_ask", word(&state.ask)),
        ("sp_at_end", word(if state.drain > 0 { "drain" } else { "kill" })),
        ("sp_drain", number(state.drain)),
        (WALK_SECONDS, number(state.walk_seconds)),
        ("sp_uses_from", number(state.uses_collected)),
        ("sp_closer", word(call.closer)),
        ("sp_baseline_digest", word(opened.baseline_digest())),
        // What began later, by the server's clock, may be the supporter's.
        ("sp_opened", theirs(subject.created_at)),
        (
            "sp_confined_then",
            word(opened.confined().map_or("", |is| if is { "true" } else { "false" })),
        ),
        ("sp_by_server", digit(false)),
        ("sp_gate_wanted", digit(true)),
        ("sp_trial", word(call.trial)),
        ("sp_deadline", theirs(Some(call.deadline).filter(|deadline| *deadline != 0))),
        ("sp_check_key", word(call.check_key.unwrap_or_default())),
        ("sp_check_until", number(call.check_until.seconds())),
        ("sp_not_after", number(call.not_after.seconds())),
        ("sp_password", call.password_hash.map_or_else(|| word(""), Input::Secret)),
    ]
}
