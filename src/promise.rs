//! What ends a grant at its deadline on one server, whether the merchant's computer lives or not.
//!
//! Computed from what `detect` saw, before anything is made, and computed again from what `open`
//! really made. A credential keeps the promise when the server itself refuses new logins at the deadline
//! *and* ends the sessions that are open then. What only stands behind that (the account's expiry
//! day, the sweep) is named, and never counted.

use serde::{Serialize, Serializer};

use crate::grant::Access;
use crate::message::{self, Id, Note};
use crate::remote::layer::{ExpiryForm, OpenReply};
use crate::remote::script::Reply;
use crate::remote::server::Server;

/// What is going to be made, as far as its end depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Whether there is a key.
    pub key: bool,
    /// Whether there is a password.
    pub password: bool,
    /// Whether the account is made for the grant, and not shared.
    pub own_account: bool,
    /// What the supporter may do.
    pub access: Access,
}

/// The credentials, by the names that the ledger and `--json` have for them.
pub const KEY: &str = "the key";
/// See [`KEY`].
pub const PASSWORD: &str = "the password";

/// What is missing where SFTP alone was asked for, and a password is not held to it.
const COMMANDS_RUN: Id = Id("promise-missing.commands-run");

/// What ends a grant on time, credential by credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Promise {
    /// One for each credential.
    pub credentials: Vec<CredentialPromise>,
    /// What stands behind them, later than the deadline.
    #[serde(serialize_with = "as_texts")]
    pub backstops: Vec<Note>,
}

/// What ends one credential on time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CredentialPromise {
    /// `the key` or `the password`; of what is opened beside the account, the provider's name.
    pub credential: String,
    /// Best first, in words.
    #[serde(serialize_with = "as_texts")]
    pub enforced_by: Vec<Note>,
    /// Why the deadline cannot be kept to the minute; empty where it is kept.
    #[serde(serialize_with = "as_texts")]
    pub missing: Vec<Note>,
}

fn as_texts<S: Serializer>(notes: &[Note], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(notes.iter().map(|note| &note.text))
}

impl CredentialPromise {
    /// Whether commands run although SFTP alone was asked for, as is said with what is missing.
    #[must_use]
    pub fn lets_commands_run(&self) -> bool {
        self.missing.iter().any(|missing| missing.id == COMMANDS_RUN.0)
    }

    /// The credential as people read it.
    #[must_use]
    pub fn name(&self) -> String {
        match self.credential.as_str() {
            KEY => message::text("promise-key", &[]),
            PASSWORD => message::text("promise-password", &[]),
            provider => provider.to_owned(),
        }
    }

    /// The credential, and why it cannot be ended to the minute.
    #[must_use]
    pub fn why_weak(&self) -> String {
        let missing: Vec<&str> = self.missing.iter().map(|note| note.text.as_str()).collect();
        format!("{} ({})", self.name(), missing.join("; "))
    }
}

const GATE: Id = Id("promise-by.gate");

/// What a server has, or was seen to have got.
struct Means {
    gate: Option<Note>,
    /// What holds a password login to the gate.
    password_gate: Option<Note>,
    /// Whether a password that sshd takes is held to the gate, whatever other daemon takes it too.
    password_held: bool,
    /// Whether sshd may forward for a password: such a connection opens no session, and meets no gate.
    password_forwarding: bool,
    /// Whether a connection that was let in by a password may belong to nobody (Dropbear): it needs no
    /// program of the account, so whoever ends those does not end it.
    nameless_connections: bool,
    key_expiry: bool,
    failsafe: Option<Note>,
    no_gate: Note,
    no_failsafe: Note,
}

impl Means {
    /// What `detect` says could be made.
    fn planned(server: &Server) -> Self {
        let reply = &server.reply;
        let gate = reply.is("can_gate").then(|| GATE.into());
        Self {
            password_gate: gate.clone().filter(|_| holds_passwords(server)),
            password_held: gate.is_some() && !answers_as_dropbear(server),
            gate,
            password_forwarding: !reply.is("drop_in") && reply.text("allow_tcp_forwarding") != "no",
            nameless_connections: is_dropbear(server),
            key_expiry: server.expiry_form != ExpiryForm::None,
            failsafe: failsafe(reply.text("failsafe")),
            no_gate: reason(reply, "gate_reason", Id("promise-missing.gate")),
            no_failsafe: reason(reply, "failsafe_reason", Id("promise-missing.failsafe")),
        }
    }

    /// What `open` says was made.
    fn made(server: &Server, opened: &OpenReply) -> Self {
        let planned = Self::planned(server);
        let gate = opened.has_gate().then(|| GATE.into());
        let password_gate = opened.password_gate().and(gate.clone());
        Self {
            password_held: password_gate_made(server, opened),
            gate,
            password_gate: password_gate.filter(|_| holds_passwords(server)),
            password_forwarding: opened.may_forward(),
            nameless_connections: planned.nameless_connections,
            key_expiry: planned.key_expiry && opened.has_key_expiry(),
            failsafe: failsafe(opened.failsafe().unwrap_or_default()),
            no_gate: reason(opened.reply(), "gate_reason", planned.no_gate),
            no_failsafe: reason(opened.reply(), "failsafe_reason", planned.no_failsafe),
        }
    }
}

/// Whether a password login has to pass the gate: Dropbear forces no command on it and wants a shell
/// of `/etc/shells`, and another daemon may take the password without a shell.
fn holds_passwords(server: &Server) -> bool {
    !is_dropbear(server) && server.reply.lines("other_doors").next().is_none()
}

/// Whether Dropbear would take the password, as the server that lets us in or beside it.
fn is_dropbear(server: &Server) -> bool {
    server.server_id.contains("dropbear")
        || server.reply.lines("other_doors").any(|door| door == "dropbear")
}

/// Whether the server that stagepass talks to is Dropbear.
fn answers_as_dropbear(server: &Server) -> bool {
    server.server_id.contains("dropbear")
}

/// Whether a login by password, on the server that stagepass talks to, has to meet the gate.
#[must_use]
pub fn password_gate_made(server: &Server, opened: &OpenReply) -> bool {
    opened.password_gate().is_some() && !answers_as_dropbear(server)
}

fn failsafe(kind: &str) -> Option<Note> {
    let id = match kind {
        "" | "none" => return None,
        "systemd" => Id("promise-by.systemd"),
        "cron.d" => Id("promise-by.cron"),
        "crontab" => Id("promise-by.crontab"),
        _ => Id("promise-by.other"),
    };
    Some(id.with(&[("kind", kind.into())]))
}

/// What a provider says of it, or else our own words.
fn reason(reply: &Reply, key: &str, otherwise: impl Into<Note>) -> Note {
    match reply.text(key) {
        "" => otherwise.into(),
        said => Note::quoted(said),
    }
}

impl Promise {
    /// What the server can be made to keep.
    #[must_use]
    pub fn planned(server: &Server, asked: Asked) -> Self {
        Self::of(&Means::planned(server), asked)
    }

    /// With what a provider makes beside the account, by what it replied to `detect` or `open`: that it
    /// goes at the deadline is known only where the server itself takes it away. What the software of the
    /// shop keeps as well (`expiry`) stands before that; who may write to the shop could take it out.
    #[must_use]
    pub fn beside(mut self, provider: &str, reply: &Reply) -> Self {
        let by = failsafe(reply.text("failsafe"));
        let itself =
            Some(Id("promise-by.shop")).filter(|_| !["", "none"].contains(&reply.text("expiry")));
        let missing = by
            .is_none()
            .then(|| reason(reply, "failsafe_reason", Id("promise-missing.taken-away")));
        self.credentials.push(CredentialPromise {
            credential: provider.to_owned(),
            enforced_by: itself.map(Note::from).into_iter().chain(by).collect(),
            missing: missing.into_iter().collect(),
        });
        self
    }

    /// What it keeps, by what `open` replied.
    #[must_use]
    pub fn made(server: &Server, asked: Asked, opened: &OpenReply) -> Self {
        Self::of(&Means::made(server, opened), asked)
    }

    fn of(means: &Means, asked: Asked) -> Self {
        let key = asked.key.then(|| credential(KEY, means, means.gate.as_ref(), asked));
        let password = asked
            .password
            .then(|| credential(PASSWORD, means, means.password_gate.as_ref(), asked));
        let mut backstops = vec![Id("promise-then.sweep").into()];
        if asked.own_account {
            backstops.insert(0, Id("promise-then.expiry-day").into());
        }
        Self { credentials: key.into_iter().chain(password).collect(), backstops }
    }

    /// The credentials that cannot be ended to the minute, each with the reasons.
    #[must_use]
    pub fn weak(&self) -> Vec<String> {
        self.credentials
            .iter()
            .filter(|one| !one.missing.is_empty())
            .map(CredentialPromise::why_weak)
            .collect()
    }

    /// What enforces the deadline, for people: the same for all credentials in one sentence.
    #[must_use]
    pub fn enforced_by(&self) -> Vec<String> {
        let same = self.credentials.windows(2).all(|pair| match pair {
            [one, other] => one.enforced_by == other.enforced_by,
            _ => true,
        });
        self.credentials
            .iter()
            .take(if same { 1 } else { usize::MAX })
            .map(|one| {
                let by = match one.enforced_by.as_slice() {
                    [] => message::text("promise-by.nothing", &[]),
                    by => by.iter().map(|by| by.text.as_str()).collect::<Vec<_>>().join(", "),
                };
                if same { by } else { format!("{}: {by}", one.name()) }
            })
            .collect()
    }
}

fn credential(
    name: &'static str,
    means: &Means,
    gate: Option<&Note>,
    asked: Asked,
) -> CredentialPromise {
    let key_expiry = means.key_expiry && name == KEY;
    let mut enforced_by: Vec<Note> = Vec::new();
    enforced_by.extend(gate.cloned());
    if key_expiry {
        enforced_by.push(Id("promise-by.key-expiry").into());
    }
    enforced_by.extend(means.failsafe.clone());
    let mut missing: Vec<Note> = Vec::new();
    if enforced_by.is_empty() {
        missing.push(Id("promise-missing.refuses").into());
    }
    // Who has a shell can stop the gate's watcher; the failsafe of an account of ours is root's. What
    // sshd forwards by itself has no watcher.
    let past_the_gate = means.password_forwarding && name == PASSWORD;
    let gate_ends = gate.is_some() && asked.access != Access::Ssh && !past_the_gate;
    if !gate_ends && means.failsafe.is_none() {
        missing.push(Id("promise-missing.ends").into());
    }
    if means.nameless_connections && name == PASSWORD {
        missing.push(Id("promise-missing.nameless").into());
    } else if !missing.is_empty() {
        if gate.is_none() {
            missing.push(means.no_gate.clone());
        }
        if means.failsafe.is_none() {
            missing.push(means.no_failsafe.clone());
        }
    }
    // The account has a shell that the gate does not stand before.
    if name == PASSWORD
        && asked.access != Access::Ssh
        && means.gate.is_some()
        && !means.password_held
    {
        missing.push(COMMANDS_RUN.into());
    }
    CredentialPromise { credential: name.to_owned(), enforced_by, missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Asked =
        Asked { key: true, password: false, own_account: true, access: Access::Sftp };

    fn server(id: &str, facts: &[(&str, &str)]) -> Server {
        Server::read(id, &reply(facts), 0..=0)
    }

    fn reply(facts: &[(&str, &str)]) -> Reply {
        let values = facts.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Reply::from_values(values.collect())
    }

    #[test]
    fn a_server_with_everything_keeps_the_deadline() {
        let server =
            server("SSH-2.0-OpenSSH_9.2", &[("can_gate", "true"), ("failsafe", "systemd")]);
        let promise = Promise::planned(&server, ASKED);
        assert!(promise.weak().is_empty());
        assert_eq!(promise.enforced_by(), ["gate, key expiry, failsafe (systemd timer)"]);
    }

    #[test]
    fn dropbear_without_cron_keeps_it_for_sftp_by_the_gate_and_not_for_a_shell() {
        let server = server("SSH-2.0-dropbear_2022.83", &[("can_gate", "true")]);
        assert!(Promise::planned(&server, ASKED).weak().is_empty());
        let weak = Promise::planned(&server, Asked { access: Access::Ssh, ..ASKED }).weak();
        assert!(weak[0].starts_with("the key (nothing here surely ends a session"), "{weak:?}");
        assert!(weak[0].contains("neither systemd nor cron"), "{weak:?}");
    }

    #[test]
    fn key_expiry_alone_ends_no_session() {
        let server = server("SSH-2.0-OpenSSH_9.2", &[("gate_reason", "no sftp-server")]);
        let weak = Promise::planned(&server, ASKED).weak();
        assert!(weak[0].contains("ends a session") && weak[0].contains("no sftp-server"));
    }

    #[test]
    fn a_password_that_opens_another_door_is_not_held_by_the_gate() {
        let everything = [("can_gate", "true"), ("failsafe", "cron.d")];
        let asked = Asked { key: false, password: true, ..ASKED };
        let doors = [&everything[..], &[("other_doors", "ProFTPD")]].concat();
        let by =
            |id, facts: &[(&str, &str)]| Promise::planned(&server(id, facts), asked).enforced_by();
        assert_eq!(by("SSH-2.0-OpenSSH_9.2", &everything), ["gate, failsafe (cron)"]);
        assert_eq!(by("SSH-2.0-OpenSSH_9.2", &doors), ["failsafe (cron)"]);
        assert_eq!(by("SSH-2.0-dropbear_2022.83", &everything), ["failsafe (cron)"]);
    }

    #[test]
    fn nothing_is_promised_of_a_password_that_dropbear_takes() {
        let asked = Asked { key: true, password: true, ..ASKED };
        let everything = [("can_gate", "true"), ("failsafe", "systemd"), ("drop_in", "true")];
        let beside = [&everything[..], &[("other_doors", "dropbear")]].concat();
        for (id, facts) in [
            ("SSH-2.0-dropbear_2022.83", &everything[..]),
            ("SSH-2.0-OpenSSH_9.2", beside.as_slice()),
        ] {
            let weak = Promise::planned(&server(id, facts), asked).weak();
            assert_eq!(weak.len(), 1, "{weak:?}");
            assert!(weak[0].starts_with("the password (Dropbear keeps a connection"), "{weak:?}");
        }
        assert!(
            Promise::planned(&server("SSH-2.0-OpenSSH_9.2", &everything), asked).weak().is_empty()
        );
    }

    #[test]
    fn beside_the_account_the_server_ends_it_and_the_shop_itself_where_it_can() {
        let asked = Asked { key: true, password: false, own_account: true, access: Access::Sftp };
        let of = |facts: &[(&str, &str)]| {
            let promise = Promise::planned(&server("SSH-2.0-OpenSSH_9.2", &[]), asked);
            promise.beside("wordpress", &reply(facts)).credentials.pop().unwrap()
        };
        let both = of(&[("expiry", "guard"), ("failsafe", "cron.d")]);
        let ids = |notes: &[Note]| notes.iter().map(|note| note.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&both.enforced_by), ["promise-by.shop", "promise-by.cron"]);
        let none = of(&[("expiry", "none"), ("failsafe", "cron.d")]);
        assert_eq!(ids(&none.enforced_by), ["promise-by.cron"]);
        // Whoever may write to the shop's files could take it out.
        let alone =
            of(&[("expiry", "guard"), ("failsafe", "none"), ("failsafe_reason", "no cron")]);
        assert_eq!((alone.enforced_by.len(), alone.missing), (1, vec![Note::quoted("no cron")]));
    }

    #[test]
    fn what_sshd_forwards_for_a_password_is_ended_by_the_failsafe_alone() {
        let asked = Asked { key: true, password: true, ..ASKED };
        let weak = |facts: &[(&str, &str)]| {
            let facts = [&[("can_gate", "true")], facts].concat();
            Promise::planned(&server("SSH-2.0-OpenSSH_9.2", &facts), asked).weak()
        };
        let by_shell = weak(&[]);
        assert_eq!(by_shell.len(), 1);
        assert!(by_shell[0].starts_with("the password (nothing here surely ends"), "{by_shell:?}");
        assert!(weak(&[("failsafe", "crontab")]).is_empty());
        assert!(weak(&[("drop_in", "true")]).is_empty());
        assert!(weak(&[("allow_tcp_forwarding", "no")]).is_empty());

        let server = server("SSH-2.0-OpenSSH_9.2", &[("can_gate", "true"), ("drop_in", "true")]);
        let made = |forwarding| {
            let opened = reply(&[
                ("gate", "true"),
                ("password_gate", "shell"),
                ("password_forwarding", forwarding),
                ("failsafe", "none"),
                ("expiry_time", "20261122180000Z"),
            ]);
            Promise::made(&server, asked, &opened.into()).weak()
        };
        assert!(made("false").is_empty());
        assert_eq!(made("true").len(), 1);
    }

    #[test]
    fn a_server_that_can_do_nothing_is_weak_for_every_credential() {
        let server = server("SSH-2.0-dropbear_2022.83", &[]);
        let promise = Promise::planned(&server, Asked { password: true, ..ASKED });
        assert_eq!(promise.weak().len(), 2);
        assert_eq!(promise.enforced_by(), ["nothing on the server"]);
    }

    #[test]
    fn what_open_made_counts_and_not_what_it_could_have_made() {
        let server =
            server("SSH-2.0-OpenSSH_9.2", &[("can_gate", "true"), ("failsafe", "systemd")]);
        let asked = Asked { password: true, ..ASKED };
        let opened = reply(&[
            ("gate", "true"),
            ("password_gate", "none"),
            ("failsafe", "none"),
            ("expiry_time", "20261122180000Z"),
        ]);
        let weak = Promise::made(&server, asked, &opened.into()).weak();
        assert_eq!(weak.len(), 1);
        assert!(weak[0].starts_with("the password (nothing here refuses"), "{weak:?}");
    }
}
