//! What stagepass made for other grants on the same server, as a comparison shows it. The server
//! leaves out what its own records know; an account of its own and a key in a shared account know
//! nothing of each other there. The ledger knows both. Pure: nothing is asked or changed here.

use crate::grant::{Grant, Layer, UnixTime};
use crate::session::Known;

/// The grants that were on the server while another one was.
#[derive(Debug, Clone, Default)]
pub struct Others(Vec<Grant>);

impl Others {
    /// Those of `known` on the same server that were not over yet when `grant` was made.
    #[must_use]
    pub fn of(grant: &Grant, known: impl IntoIterator<Item = Grant>) -> Self {
        let at_the_same_time =
            |other: &Grant| other.closed_at.is_none_or(|at| at >= grant.created_at);
        Self(known.into_iter().filter(|o| o.id != grant.id && at_the_same_time(o)).collect())
    }

    /// Whether one of them is open, as far as the ledger knows, in an account that is shared.
    #[must_use]
    pub fn share(&self, id: &str, account: &str) -> bool {
        self.0.iter().any(|grant| {
            let shared = |layer: &Layer| layer.account == account && Known::is_shared(layer);
            grant.id == id && grant.closed_at.is_none() && grant.layers.iter().any(shared)
        })
    }

    /// Whether stagepass itself made, or took away, for one of them what this line of a comparison
    /// shows. What came into being counts only while that grant was not over at `compared_at`;
    /// later, somebody else made it.
    #[must_use]
    pub fn explain(&self, line: &str, compared_at: UnixTime) -> bool {
        let Some((class, text)) = line.split_once(' ') else { return false };
        self.0.iter().any(|grant| {
            let live = grant.closed_at.is_none_or(|at| at >= compared_at);
            grant.layers.iter().any(|layer| made(grant, layer, class, text, live))
        })
    }
}

/// Whether a line of this class is, word for word, what `providers/difference.sh` says of what
/// stagepass makes for the layer (`live`), or of its being gone. Anything looser would hide what
/// somebody else made with our mark on it.
fn made(grant: &Grant, layer: &Layer, class: &str, text: &str, live: bool) -> bool {
    let (id, account) = (&grant.id, layer.account.as_str());
    // The name says that the account was made for this grant, and lent by nobody.
    let own = id.get(..5).is_some_and(|start| account.ends_with(&format!("-{start}")))
        && account.starts_with("sp-");
    let begins = |with: String| text.starts_with(&with);
    let is = |path: String| {
        text == format!("gone: {path}")
            || live && (text == format!("new: {path}") || text == format!("changed: {path}"))
    };
    match class {
        "user" if own => {
            text == format!("account gone: {account}")
                || live && begins(format!("new account: {account} (id "))
        }
        "group" if own => {
            text == format!("group gone: {account}")
                || begins(format!("{account} is no member of "))
                || live && begins(format!("new group: {account} (id "))
                // Groups that open the whole server are said with more words than this.
                || live && begins(format!("{account} is now a member of ")) && !text.contains(',')
        }
        "key" => is_key_line(layer, id, text, live),
        "cron" if own => is(format!("/etc/cron.d/stagepass-{id}")),
        "cron" => is_crontab_line(account, id, text, live),
        "unit" if own => ["", "timers.target.wants/"].iter().any(|folder| {
            ["service", "timer"]
                .iter()
                .any(|kind| is(format!("/etc/systemd/system/{folder}stagepass-{id}.{kind}")))
        }),
        "login" if own => {
            is(format!("/etc/ssh/sshd_config.d/50-stagepass-{id}.conf"))
                || is(format!("/etc/security/limits.d/stagepass-{id}.conf"))
        }
        _ => false,
    }
}

/// The supporter's own key, in the account where the grant put it, with the grant's mark.
fn is_key_line(layer: &Layer, id: &str, text: &str, live: bool) -> bool {
    let Some((kind, blob)) = layer.public_key.as_deref().and_then(|key| key.split_once(' ')) else {
        return false;
    };
    // Without ssh-keygen the server shows the end of the key.
    let end = blob.char_indices().rev().nth(15).map_or(blob, |(at, _)| &blob[at..]);
    let shown = [layer.key_fingerprint.clone(), Some(format!("...{end}"))];
    let how = ["login key gone", "new login key", "login key with other options"];
    how.iter().take(if live { how.len() } else { 1 }).any(|how| {
        shown.iter().flatten().any(|key| {
            text.starts_with(&format!(
                "{how} for {}: {kind} {key} (stagepass:{id}, which no record of stagepass here \
                 knows) in ",
                layer.account
            ))
        })
    })
}

/// The line that starts the failsafe of a shared account, and nothing that merely mentions it.
fn is_crontab_line(account: &str, id: &str, text: &str, live: bool) -> bool {
    let gone = text.strip_prefix("line gone");
    let line = gone.or_else(|| text.strip_prefix("new line").filter(|_| live));
    let begin = format!(" in the crontab of {account}");
    let shared = " (the account of this grant)";
    let command = ": * * * * * /bin/sh -c 'exec /bin/sh \"/";
    let end = format!("/.stagepass/{id}/failsafe\" >/dev/null 2>/dev/null # stagepass {id}'");
    line.and_then(|line| line.strip_prefix(&begin))
        .and_then(|line| {
            line.strip_prefix(shared).unwrap_or(line).strip_prefix(command)?.strip_suffix(&end)
        })
        .is_some_and(|home| home.bytes().all(|c| c.is_ascii_alphanumeric() || b"/._-".contains(&c)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::{Access, NewGrant, Supporter};

    const ID: &str = "ab3de6gh9k";

    fn grant(account: &str, closed_at: Option<UnixTime>) -> Grant {
        let layer = Layer {
            provider: String::new(),
            digest: String::new(),
            account: account.into(),
            public_key: Some("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIabcdefgh0123456789".into()),
            key_fingerprint: Some("SHA256:abc".into()),
            has_password: false,
            inputs: "{}".into(),
            outputs: "{}".into(),
        };
        let new = NewGrant {
            id: ID.into(),
            case: String::new(),
            target: String::new(),
            supporter: Supporter { name: String::new(), company: String::new() },
            access: Access::Ssh,
            created_at: 100,
            deadline: 500,
            deadline_maximum: 500,
            terms: "{}".into(),
            layers: vec![layer],
        };
        Grant { closed_at, ..new.grant() }
    }

    fn is_made(account: &str, closed_at: Option<UnixTime>, line: &str) -> bool {
        let this = Grant { id: "0000000000".into(), ..grant("deploy", None) };
        Others::of(&this, [grant(account, closed_at)]).explain(line, 300)
    }

    const OWN: &str = "sp-c1-jane-ab3de";

    /// What is said of an account of its own, where it comes and where it goes.
    const ACCOUNT: [(&str, &str); 7] = [
        (
            "user new account: sp-c1-jane-ab3de (id 50001, home /home/x, shell /y)",
            "user account gone: sp-c1-jane-ab3de",
        ),
        ("group new group: sp-c1-jane-ab3de (id 50001)", "group group gone: sp-c1-jane-ab3de"),
        (
            "group sp-c1-jane-ab3de is now a member of www-data",
            "group sp-c1-jane-ab3de is no member of www-data any more",
        ),
        (
            "unit new: /etc/systemd/system/stagepass-ab3de6gh9k.timer",
            "unit gone: /etc/systemd/system/timers.target.wants/stagepass-ab3de6gh9k.timer",
        ),
        (
            "cron new: /etc/cron.d/stagepass-ab3de6gh9k",
            "cron gone: /etc/cron.d/stagepass-ab3de6gh9k",
        ),
        (
            "login new: /etc/security/limits.d/stagepass-ab3de6gh9k.conf",
            "login gone: /etc/security/limits.d/stagepass-ab3de6gh9k.conf",
        ),
        (
            "login new: /etc/ssh/sshd_config.d/50-stagepass-ab3de6gh9k.conf",
            "login gone: /etc/ssh/sshd_config.d/50-stagepass-ab3de6gh9k.conf",
        ),
    ];

    /// The same of a key in a shared account.
    const KEY: [(&str, &str); 4] = [
        (
            "key new login key for deploy: ssh-ed25519 SHA256:abc (stagepass:ab3de6gh9k, which no record of stagepass here knows) in /home/deploy/.ssh/authorized_keys",
            "key login key gone for deploy: ssh-ed25519 SHA256:abc (stagepass:ab3de6gh9k, which no record of stagepass here knows) in /home/deploy/.ssh/authorized_keys",
        ),
        (
            "key login key with other options for deploy: ssh-ed25519 ...cdefgh0123456789 (stagepass:ab3de6gh9k, which no record of stagepass here knows) in /k",
            "key login key gone for deploy: ssh-ed25519 SHA256:abc (stagepass:ab3de6gh9k, which no record of stagepass here knows) in /k",
        ),
        (
            "cron new line in the crontab of deploy: * * * * * /bin/sh -c 'exec /bin/sh \"/home/deploy/.stagepass/ab3de6gh9k/failsafe\" >/dev/null 2>/dev/null # stagepass ab3de6gh9k'",
            "cron line gone in the crontab of deploy: * * * * * /bin/sh -c 'exec /bin/sh \"/home/deploy/.stagepass/ab3de6gh9k/failsafe\" >/dev/null 2>/dev/null # stagepass ab3de6gh9k'",
        ),
        (
            "cron new line in the crontab of deploy (the account of this grant): * * * * * /bin/sh -c 'exec /bin/sh \"/home/deploy/.stagepass/ab3de6gh9k/failsafe\" >/dev/null 2>/dev/null # stagepass ab3de6gh9k'",
            "cron line gone in the crontab of deploy (the account of this grant): * * * * * /bin/sh -c 'exec /bin/sh \"/home/deploy/.stagepass/ab3de6gh9k/failsafe\" >/dev/null 2>/dev/null # stagepass ab3de6gh9k'",
        ),
    ];

    #[test]
    fn what_was_made_for_another_grant_is_known_as_its_own() {
        for (account, lines) in [(OWN, &ACCOUNT[..]), ("deploy", &KEY[..])] {
            for (comes, goes) in lines {
                assert!(is_made(account, None, comes), "{comes}");
                assert!(is_made(account, Some(400), comes), "{comes}");
                assert!(is_made(account, None, goes), "{goes}");
                assert!(is_made(account, Some(200), goes), "{goes}");
                // It was over by then, or before this one began.
                assert!(!is_made(account, Some(200), comes), "{comes}");
                assert!(!is_made(account, Some(50), goes), "{goes}");
            }
        }
    }

    #[test]
    fn what_somebody_else_made_with_our_mark_is_not_hidden() {
        let others = [
            (
                OWN,
                "user new account with the powers of root: sp-c1-jane-ab3de (id 0, home /, shell /y)",
            ),
            (OWN, "user account changed: sp-c1-jane-ab3de (id 50001 is now 0, which is root)"),
            (
                OWN,
                "group sp-c1-jane-ab3de is now a member of sudo, which opens more than its name says",
            ),
            (OWN, "unit new: /home/deploy/.config/systemd/user/stagepass-ab3de6gh9k.timer"),
            (OWN, "unit new: /etc/systemd/system/stagepass-zzzzzzzzzz.timer"),
            ("deploy", "user account gone: deploy"),
            ("deploy", "cron new: /etc/cron.d/stagepass-ab3de6gh9k"),
            // Another account, another key, another grant, and a mark in the wrong place.
            (
                "deploy",
                "key new login key for root: ssh-ed25519 SHA256:abc (stagepass:ab3de6gh9k, which no record of stagepass here knows) in /root/k",
            ),
            (
                "deploy",
                "key new login key for deploy: ssh-ed25519 SHA256:abd (stagepass:ab3de6gh9k, which no record of stagepass here knows) in /k",
            ),
            (
                "deploy",
                "key new login key for deploy: ssh-ed25519 SHA256:abc (stagepass:zzzzzzzzzz, which no record of stagepass here knows) in /k",
            ),
            (
                "deploy",
                "key new login key for deploy: ssh-ed25519 SHA256:abd (x) in /k (stagepass:ab3de6gh9k, which no record of stagepass here knows) in /k",
            ),
            (
                "deploy",
                "cron new line in the crontab of root: * * * * * /bin/sh -c 'exec /bin/sh \"/home/deploy/.stagepass/ab3de6gh9k/failsafe\" >/dev/null 2>/dev/null # stagepass ab3de6gh9k'",
            ),
            (
                "deploy",
                "cron new line in the crontab of deploy: * * * * * /bin/sh -c 'exec /bin/sh \"/x\"; evil \"/.stagepass/ab3de6gh9k/failsafe\" >/dev/null 2>/dev/null # stagepass ab3de6gh9k'",
            ),
        ];
        for (account, line) in others {
            assert!(!is_made(account, None, line), "{line}");
        }
    }
}
