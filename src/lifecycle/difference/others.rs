//! What stagepass made for other grants on the same server, as a comparison shows it. The server
//! leaves out what its own records know; an account of its own and a key in a shared account know
//! nothing of each other there. The ledger knows both. Pure: nothing is asked or changed here.

use super::system::{How, Thing};
use super::{Class, Finding};
use crate::grant::{Grant, Layer, UnixTime};
use crate::remote::layer::{LayerState, OpenReply};

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

    /// With what else the grant itself has there beside this layer, which is none of the supporter's.
    #[must_use]
    pub fn beside(mut self, grant: &Grant, layer: &Layer) -> Self {
        let is_other = |other: &&Layer| other.position != layer.position && other.state.is_live();
        let layers: Vec<Layer> = grant.layers.iter().filter(is_other).cloned().collect();
        if !layers.is_empty() {
            self.0.push(Grant { layers, closed_at: None, ..grant.clone() });
        }
        self
    }

    /// Whether one of them is open, as far as the ledger knows, in an account that is shared.
    #[must_use]
    pub fn share(&self, id: &str, account: &str) -> bool {
        self.0.iter().any(|grant| {
            let shared = |layer: &Layer| layer.account == account && LayerState::is_shared(layer);
            grant.id == id && grant.closed_at.is_none() && grant.layers.iter().any(shared)
        })
    }

    /// Whether stagepass itself made, or took away, for one of them what this finding is about. What
    /// came into being counts only while that grant was not over at `compared_at`; later, somebody else
    /// made it.
    #[must_use]
    pub fn explain(&self, finding: &Finding, compared_at: UnixTime) -> bool {
        self.0.iter().any(|grant| {
            let live = grant.closed_at.is_none_or(|at| at >= compared_at);
            grant.layers.iter().any(|layer| made(grant, layer, finding, live))
        })
    }
}

/// Whether a finding is about what stagepass makes for the layer (`live`), or about its being gone.
/// Anything looser would hide what somebody else made with our mark on it.
fn made(grant: &Grant, layer: &Layer, finding: &Finding, live: bool) -> bool {
    let (id, account) = (&grant.layer_id(layer), layer.account.as_str());
    // The name says that the account was made for this grant, and lent by nobody.
    let own = id.get(..5).is_some_and(|start| account.ends_with(&format!("-{start}")))
        && account.starts_with("sp-");
    let comes_or_goes = |how: &How| *how == How::Gone || live && *how == How::New;
    match &finding.thing {
        Thing::Account { name, how } | Thing::Group { name, how } => {
            own && name == account && comes_or_goes(how)
        }
        // Groups that open the whole server are no grant's.
        Thing::Member { account: member, strong, how } => {
            own && member == account && (*how == How::Gone || live && *how == How::New && !strong)
        }
        Thing::Key { account: of, key, comment, signs, how } => {
            of == account
                && layer.public_key.as_deref() == Some(key.as_str())
                && *comment == format!("stagepass:{id}")
                && !signs
                && (live || *how == How::Gone)
        }
        Thing::CronLine { account: of, line, how } => {
            of == account && comes_or_goes(how) && is_failsafe_line(id, line)
        }
        Thing::Place { path, how } => {
            let ours = own && is_place(finding.class, id, path)
                || finding.class == Some(Class::Login) && is_written_aside(layer, id, path);
            ours && (live || *how == How::Gone)
        }
        Thing::Other => false,
    }
}

/// What a grant makes for itself goes by its id, in these places and no other.
fn is_place(class: Option<Class>, id: &str, path: &str) -> bool {
    let places = match class {
        Some(Class::Cron) => vec![format!("/etc/cron.d/stagepass-{id}")],
        Some(Class::Unit) => ["", "timers.target.wants/"]
            .into_iter()
            .flat_map(|folder| {
                ["service", "timer"]
                    .map(|kind| format!("/etc/systemd/system/{folder}stagepass-{id}.{kind}"))
            })
            .collect(),
        Some(Class::Login) => vec![
            format!("/etc/ssh/sshd_config.d/50-stagepass-{id}.conf"),
            format!("/etc/security/limits.d/stagepass-{id}.conf"),
        ],
        _ => Vec::new(),
    };
    places.iter().any(|place| place == path)
}

/// What stands beside a key file for a moment when a close shuts the way in, which waits for nobody's lock. No sshd
/// reads a file of that name.
fn is_written_aside(layer: &Layer, id: &str, path: &str) -> bool {
    let opened = OpenReply::of(layer);
    let aside = Some(opened.keys_file())
        .filter(|file| !file.is_empty())
        .and_then(|file| path.strip_prefix(file)?.strip_prefix(&format!(".stagepass-{id}.way.")));
    matches!(aside, Some("new" | "was" | "old"))
}

/// The line that starts the failsafe of a shared account, and nothing that merely mentions it.
fn is_failsafe_line(id: &str, line: &str) -> bool {
    line.strip_prefix("* * * * * /bin/sh -c 'exec /bin/sh \"/")
        .and_then(|line| {
            line.strip_suffix(&format!(
                "/.stagepass/{id}/failsafe\" >/dev/null 2>/dev/null # stagepass {id}'"
            ))
        })
        .is_some_and(|home| home.bytes().all(|c| c.is_ascii_alphanumeric() || b"/._-".contains(&c)))
}

#[cfg(test)]
mod tests {
    use super::super::judge;
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
            outputs: r#"{"keys_file":"/home/deploy/.ssh/authorized_keys"}"#.into(),
            ..Layer::default()
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

    /// Whether all that these records come to is another grant's.
    fn is_made(account: &str, closed_at: Option<UnixTime>, records: &str) -> bool {
        let this = Grant { id: "0000000000".into(), ..grant("deploy", None) };
        let others = Others::of(&this, [grant(account, closed_at)]);
        let told: String = records.lines().map(|line| format!("={line}\n")).collect();
        let found = judge(told.as_bytes(), "deploy").found;
        assert!(!found.is_empty(), "{records}");
        found.iter().all(|finding| others.explain(finding, 300))
    }

    const OWN: &str = "sp-c1-jane-ab3de";

    /// What an account of its own is to a comparison where it is there, and where it is not.
    const ACCOUNT: [&str; 6] = [
        "user\tsp-c1-jane-ab3de\t50001:50001:/home/x:/y\t",
        "group\tsp-c1-jane-ab3de\t50001:\t",
        "unit\t/etc/systemd/system/stagepass-ab3de6gh9k.timer\t81a4 0 0 aa\t",
        "unit\t/etc/systemd/system/timers.target.wants/stagepass-ab3de6gh9k.timer\t-> x\t",
        "cron\t/etc/cron.d/stagepass-ab3de6gh9k\t81a4 0 0 aa\t",
        "login\t/etc/security/limits.d/stagepass-ab3de6gh9k.conf\t81a4 0 0 aa\t",
    ];

    /// The same of a key in a shared account.
    const KEY: [&str; 3] = [
        "key\tdeploy\t/home/deploy/.ssh/authorized_keys\tssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIabcdefgh0123456789\trestrict\tstagepass:ab3de6gh9k",
        "cron\tdeploy\tcrontab -l\t* * * * * /bin/sh -c 'exec /bin/sh \"/home/deploy/.stagepass/ab3de6gh9k/failsafe\" >/dev/null 2>/dev/null # stagepass ab3de6gh9k'\tline\t",
        "login\t/home/deploy/.ssh/authorized_keys.stagepass-ab3de6gh9k.way.new\t8180 1000 1000 aa\t",
    ];

    #[test]
    fn what_was_made_for_another_grant_is_known_as_its_own() {
        let member = ["+group\twww-data\t33:ann,sp-c1-jane-ab3de\t", "-group\twww-data\t33:ann\t"];
        let member_gone = member.map(|line| line.replacen(['+', '-'], "", 1));
        let mut cases: Vec<(&str, String, String)> =
            vec![(OWN, member.join("\n"), format!("-{}\n+{}", member_gone[0], member_gone[1]))];
        for (account, lines) in [(OWN, &ACCOUNT[..]), ("deploy", &KEY[..])] {
            cases
                .extend(lines.iter().map(|line| (account, format!("+{line}"), format!("-{line}"))));
        }
        // With other options, or a setting that another process of ours is just writing.
        for (account, line) in [(OWN, ACCOUNT[5]), ("deploy", KEY[0])] {
            let other = line.replace(" aa", " bb").replace("restrict", "no-pty");
            cases.push((account, format!("+{line}\n-{other}"), format!("-{line}")));
        }
        for (account, comes, goes) in &cases {
            assert!(is_made(account, None, comes), "{comes}");
            assert!(is_made(account, Some(400), comes), "{comes}");
            assert!(is_made(account, None, goes), "{goes}");
            assert!(is_made(account, Some(200), goes), "{goes}");
            // It was over by then, or before this one began.
            assert!(!is_made(account, Some(200), comes), "{comes}");
            assert!(!is_made(account, Some(50), goes), "{goes}");
        }
    }

    #[test]
    fn what_somebody_else_made_with_our_mark_is_not_hidden() {
        let [key, line, aside] = KEY;
        let others = [
            (OWN, format!("+{}", ACCOUNT[0].replace("50001:50001", "0:0"))),
            (OWN, format!("+{}\n-{}", ACCOUNT[0].replace("50001:", "0:"), ACCOUNT[0])),
            (OWN, "+group\tsudo\t27:sp-c1-jane-ab3de\t\n-group\tsudo\t27:\t".into()),
            (OWN, "+group\twww-data\t33:eve\t\n-group\twww-data\t33:\t".into()),
            (
                OWN,
                format!(
                    "+{}",
                    ACCOUNT[2].replace("/etc/systemd/system", "/home/deploy/.config/systemd/user")
                ),
            ),
            (OWN, format!("+{}", ACCOUNT[2].replace("ab3de6gh9k", "zzzzzzzzzz"))),
            (OWN, format!("+{}\n-{}", ACCOUNT[2].replace("81a4", "81b6"), ACCOUNT[2])),
            ("deploy", "-user\tdeploy\t50001:50001:/home/x:/y\t".into()),
            ("deploy", format!("+{}", ACCOUNT[4])),
            ("deploy", format!("+{}", aside.replace(".way.new", ".way.pub"))),
            ("deploy", format!("+{}", aside.replace("ab3de6gh9k", "zzzzzzzzzz"))),
            ("deploy", format!("+{}", aside.replace("/home/deploy", "/home/eve"))),
            // Another account, another key, another grant, and a mark with something before it.
            ("deploy", format!("+{}", key.replace("key\tdeploy", "key\troot"))),
            ("deploy", format!("+{}", key.replace("abcdefgh", "abcdefgi"))),
            ("deploy", format!("+{}", key.replace("ab3de6gh9k", "zzzzzzzzzz"))),
            ("deploy", format!("+{}", key.replace("stagepass:", "x stagepass:"))),
            ("deploy", format!("+{}", key.replace("restrict", "cert-authority"))),
            ("deploy", format!("+{}", line.replace("cron\tdeploy", "cron\troot"))),
            ("deploy", format!("+{}", line.replace("\"/home/deploy", "\"/x\"; evil \""))),
        ];
        for (account, records) in &others {
            assert!(!is_made(account, None, records), "{records}");
        }
    }
}
