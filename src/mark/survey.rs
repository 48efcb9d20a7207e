//! What the marks on a server say, held against the ledger. Pure: nothing is asked or changed here.

use std::collections::{BTreeMap, BTreeSet};

use super::{Key, Marked};
use crate::grant::{Grant, Layer, State, UnixTime};
use crate::message::{self, Id};
use crate::public_key;
use crate::remote::layer::LayerState;
use crate::remote::script::clean;

/// What carries a mark.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Artifact {
    /// An account of the operating system.
    Account,
    /// A key line.
    KeyLine,
    /// An entry in a list that lets somebody in, such as a file of passwords.
    Entry,
    /// Root's record of what was made.
    Record,
    /// A systemd unit.
    Unit,
    /// A line or a file of cron.
    Cron,
    /// A part of sshd's settings.
    DropIn,
    /// The gate of the sessions.
    Gate,
    /// A role in a shop, with the rights of the grant's user.
    Role,
    /// A file in a shop that ends an access there.
    Guard,
    /// What a close replied, kept until it is recorded.
    Result,
    /// A note that a late `open` must not start.
    Tombstone,
}

impl Artifact {
    /// Its name in what a provider replies and in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// It in words.
    #[must_use]
    pub fn words(self) -> String {
        let id = match self {
            Self::Account => Id("artifact.account"),
            Self::KeyLine => Id("artifact.key-line"),
            Self::Entry => Id("artifact.entry"),
            Self::Record => Id("artifact.record"),
            Self::Unit => Id("artifact.unit"),
            Self::Cron => Id("artifact.cron"),
            Self::DropIn => Id("artifact.drop-in"),
            Self::Gate => Id("artifact.gate"),
            Self::Role => Id("artifact.role"),
            Self::Guard => Id("artifact.guard"),
            Self::Result => Id("artifact.result"),
            Self::Tombstone => Id("artifact.tombstone"),
        };
        id.text()
    }

    /// Whether somebody gets in by it.
    #[must_use]
    pub fn lets_in(self) -> bool {
        matches!(self, Self::Account | Self::KeyLine | Self::Entry)
    }

    /// Whether it neither lets in nor runs, and goes by itself.
    #[must_use]
    pub fn is_note(self) -> bool {
        matches!(self, Self::Result | Self::Tombstone)
    }
}

/// One thing on a server that carries a mark, as the provider listed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What it is.
    pub thing: Artifact,
    /// The grant that it names.
    pub grant: String,
    /// The account that it opens or belongs to, if it says so.
    pub account: Option<String>,
    /// The tag that authenticates it, if it has one.
    pub tag: Option<String>,
    /// The key of a key line, in base64.
    pub key: Option<String>,
    /// Where it is, for people.
    pub detail: String,
    /// The provider that listed it.
    pub by: String,
}

impl Mark {
    /// Reads `KIND GRANT ACCOUNT TAG KEY DETAIL`, as a provider listed it. `None` for what none of
    /// ours says.
    #[must_use]
    pub fn parse(line: &str, by: &str) -> Option<Self> {
        let mut words = line.splitn(6, ' ');
        let kind = words.next()?;
        let thing = kind.parse().ok()?;
        let grant = words.next().filter(|grant| is_id(grant))?.to_owned();
        let mut known = || words.next().map(|word| (word != "-").then(|| word.to_owned()));
        let (account, tag, key) = (known()?, known()?, known()?);
        let detail = clean(words.next().unwrap_or_default());
        Some(Self { thing, grant, account, tag, key, detail, by: by.to_owned() })
    }

    /// Whether another one is the same thing, seen by another provider.
    fn is_same(&self, other: &Self) -> bool {
        (self.thing, &self.account, &self.tag, &self.key)
            == (other.thing, &other.account, &other.tag, &other.key)
            && self.thing == Artifact::KeyLine
            && self.by != other.by
    }
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase())
}

/// What is the matter with the marks of one grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum FindingKind {
    /// Ours, and the ledger does not know the grant.
    Unknown,
    /// Ours, and the ledger says that the grant is over.
    Over,
    /// Not proved to be ours: no tag, or a wrong one.
    Unproved,
    /// Ours by its tag, for another account or another key.
    Copy,
    /// The ledger says that the grant is open, and it is not there.
    Missing,
    /// Nothing that lets anybody in.
    Leftover,
}

impl FindingKind {
    /// Its name in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// Something that does not fit, on one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is the matter.
    pub matter: FindingKind,
    /// The grant that is named.
    pub grant: String,
    /// The provider that listed it.
    pub provider: String,
    /// The account it is about, if that is known.
    pub account: Option<String>,
    /// The key it is about, as `type base64`, if that is known.
    pub public_key: Option<String>,
    /// Whether the marks are proved to be ours.
    pub proved: bool,
    /// The tag that the marks carry.
    pub tag: Option<String>,
    /// Where the ledger says the grant stands.
    pub state: Option<State>,
    /// What it is about, in words.
    pub why: String,
    /// What carries the mark: its kind, and where it is.
    pub things: Vec<(Artifact, String)>,
}

impl Finding {
    /// Whether somebody has to do something. Notes go by themselves, with the next sweep or in time; but nothing
    /// that is there makes up for what is missing.
    #[must_use]
    pub fn matters(&self) -> bool {
        self.matter == FindingKind::Missing
            || self.things.is_empty()
            || self.things.iter().any(|(thing, _)| !thing.is_note())
    }
}

/// A grant as the ledger has it, and whether it is on the server that was looked at.
#[derive(Debug)]
pub struct Row {
    /// The grant.
    pub grant: Grant,
    /// Whether its server is this one.
    pub here: bool,
}

impl Row {
    /// The layers whose artefacts carry this id.
    fn layers<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Layer> {
        self.grant.layers.iter().filter(move |layer| self.grant.layer_id(layer) == id)
    }
}

/// A provider that listed its marks.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Its name.
    pub provider: &'a str,
    /// The account that stagepass logs in to, where the provider works in that one only.
    pub login: Option<&'a str>,
}

/// Where the marks were found.
#[derive(Debug)]
pub struct SurveyScope<'a> {
    /// The providers that listed their marks.
    pub listings: &'a [Listing<'a>],
    /// The fingerprints by which the server is known.
    pub host_keys: &'a [String],
    /// This installation's key, if it has one.
    pub key: Option<&'a Key>,
    /// The grants that were live before the marks were asked for, by id.
    pub live_before: &'a BTreeMap<String, State>,
    /// When that was.
    pub now: UnixTime,
}

/// How much earlier than by our clock a server may end what is due: its own may have been set meanwhile.
const EARLY_SECONDS: i64 = 60;

/// What came of holding marks against the ledger.
#[derive(Debug, Default)]
pub struct SurveyResult {
    /// What does not fit.
    pub findings: Vec<Finding>,
    /// Ids of live grants that are there as the ledger says.
    pub as_recorded: Vec<String>,
}

/// Holds the marks on one server against the ledger: `rows` are the grants that the marks name, and
/// those that are live on this target, by id.
#[must_use]
pub fn judge(
    ground: &SurveyScope<'_>,
    marks: &[Mark],
    rows: &BTreeMap<String, Row>,
) -> SurveyResult {
    let mut judged = SurveyResult::default();
    let mut by_grant: BTreeMap<&str, Vec<&Mark>> = BTreeMap::new();
    for mark in marks {
        let known = by_grant.entry(&mark.grant).or_default();
        // Root sees the lines of every account, and the account itself sees its own.
        if !known.iter().any(|other| other.is_same(mark)) {
            known.push(mark);
        }
    }
    for (id, marks) in &by_grant {
        let row = rows.get(*id);
        for cluster in clusters(ground, id, marks, row) {
            let findings = cluster.judge(row);
            if let (Some(row), Some(layer)) = (row.filter(|row| row.here), cluster.layer)
                && layer.state.is_live()
                && cluster.lets_in()
                && findings.is_empty()
                && !judged.as_recorded.contains(&row.grant.id)
            {
                judged.as_recorded.push(row.grant.id.clone());
            }
            judged.findings.extend(findings);
        }
    }
    for (id, row) in rows {
        let marks = by_grant.get(id.as_str()).map(Vec::as_slice).unwrap_or_default();
        judged.findings.extend(missing(ground, id, row, marks));
    }
    judged
}

/// An open grant of which nothing lets anybody in. What its own server ended is no matter: the next
/// sweep collects what that left to be known. A server does so at the deadline and no sooner: a result that is
/// there before it was written by somebody else, such as the supporter of a shared account.
fn missing(ground: &SurveyScope<'_>, id: &str, row: &Row, marks: &[&Mark]) -> Option<Finding> {
    let was_looked_at = |layer: &&Layer| {
        ground.listings.iter().any(|listing| {
            listing.provider == layer.provider
                && listing.login.is_none_or(|login| login == layer.account)
        })
    };
    let layer = row.layers(id).find(was_looked_at)?;
    let own = |mark: &&&Mark| mark.account.as_deref().is_none_or(|of| of == layer.account);
    let own: Vec<&&Mark> = marks.iter().filter(own).collect();
    let is_due = ground.now.saturating_add(EARLY_SECONDS) >= row.grant.deadline;
    let says_it_ended = own.iter().any(|mark| mark.thing == Artifact::Result);
    let there = own.iter().any(|mark| mark.thing.lets_in()) || (is_due && says_it_ended);
    // What was opened while we looked was not there yet.
    let before = ground.live_before.get(&row.grant.id);
    let is_open = row.grant.state == State::Open && before == Some(&State::Open);
    if !is_open || !row.here || there {
        return None;
    }
    Some(Finding {
        matter: FindingKind::Missing,
        grant: row.grant.id.clone(),
        provider: layer.provider.clone(),
        account: Some(layer.account.clone()),
        public_key: layer.public_key.clone(),
        proved: true,
        tag: None,
        state: Some(row.grant.state),
        why: match says_it_ended {
            true => message::text("survey-ended-early", &[]),
            false => message::text("survey-missing", &[]),
        },
        things: own.iter().map(|mark| (mark.thing, mark.detail.clone())).collect(),
    })
}

/// Everything on one server that names one grant and one account, with what names no account.
struct ArtifactGroup<'a> {
    ground: &'a SurveyScope<'a>,
    id: &'a str,
    account: Option<&'a str>,
    provider: &'a str,
    /// What the ledger has of it.
    layer: Option<&'a Layer>,
    marks: Vec<&'a Mark>,
    /// Everything that names the grant.
    all: &'a [&'a Mark],
}

/// Whether a mark is what its tag says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// It is.
    Ours,
    /// Its tag is ours, and speaks for another account or another key.
    Copied,
    /// It has no tag, or one that we did not make.
    None,
}

/// The marks of one grant, account by account.
fn clusters<'a>(
    ground: &'a SurveyScope<'a>,
    id: &'a str,
    all: &'a [&'a Mark],
    row: Option<&'a Row>,
) -> Vec<ArtifactGroup<'a>> {
    let accounts: BTreeSet<&str> = all.iter().filter_map(|mark| mark.account.as_deref()).collect();
    let layers: Vec<&Layer> =
        row.filter(|row| row.here).map(|row| row.layers(id).collect()).unwrap_or_default();
    let layer_of = |account: &str| layers.iter().copied().find(|layer| layer.account == account);
    let mut clusters: Vec<ArtifactGroup<'a>> = Vec::new();
    for account in accounts {
        let own = all.iter().filter(|mark| mark.account.as_deref() == Some(account));
        let mut cluster = ArtifactGroup {
            ground,
            id,
            account: Some(account),
            provider: "",
            layer: layer_of(account),
            marks: own.copied().collect(),
            all,
        };
        cluster.provider = cluster.maker();
        clusters.push(cluster);
    }
    for mark in all.iter().filter(|mark| mark.account.is_none()) {
        let fits = |cluster: &&mut ArtifactGroup<'_>| cluster.provider == mark.by;
        match clusters.iter_mut().find(fits) {
            Some(cluster) => cluster.marks.push(mark),
            None => {
                let made = |layer: &&Layer| layer.provider == mark.by;
                let layer = layers.iter().copied().find(made);
                clusters.push(ArtifactGroup {
                    ground,
                    id,
                    account: layer.map(|layer| layer.account.as_str()),
                    provider: &mark.by,
                    layer,
                    marks: vec![mark],
                    all,
                });
            }
        }
    }
    clusters
}

impl<'a> ArtifactGroup<'a> {
    fn lets_in(&self) -> bool {
        self.marks.iter().any(|mark| mark.thing.lets_in())
    }

    /// The provider that made this: by the ledger, by the tags, else by what can take it away.
    fn maker(&self) -> &'a str {
        if let Some(layer) = self.layer {
            return &layer.provider;
        }
        let listings = self.ground.listings;
        let proves = |listing: &&Listing<'a>| {
            self.marks.iter().any(|mark| {
                self.keys(None).iter().any(|key| {
                    let (Some(tag), Some(account)) = (&mark.tag, self.account) else {
                        return false;
                    };
                    self.is_ours(tag, listing.provider, account, *key)
                })
            })
        };
        if let Some(listing) = listings.iter().find(proves) {
            return listing.provider;
        }
        let only_lines = self.marks.iter().all(|mark| mark.thing == Artifact::KeyLine);
        let in_place = listings.iter().find(|listing| listing.login.is_some());
        let by = self.marks.first().map_or("", |mark| mark.by.as_str());
        in_place.filter(|_| only_lines).map_or(by, |listing| listing.provider)
    }

    /// The keys of the grant's lines here, one more, and none at all, as for a password.
    fn keys<'k>(&'k self, more: Option<&'k str>) -> Vec<Option<&'k str>> {
        let lines = self.all.iter().filter_map(|mark| mark.key.as_deref());
        lines.chain(more).map(Some).chain(std::iter::once(None)).collect()
    }

    fn is_ours(&self, tag: &str, provider: &str, account: &str, key: Option<&str>) -> bool {
        let marked = Marked {
            grant: self.id,
            provider,
            account,
            public_key: key,
            host_keys: self.ground.host_keys,
        };
        self.ground.key.is_some_and(|ours| ours.is_ours(tag, &marked))
    }

    /// What a mark's tag proves. Only a key line shows its key; for anything else the grant's keys
    /// are tried.
    fn proof(&self, mark: &Mark) -> Proof {
        let (Some(tag), Some(account)) = (mark.tag.as_deref(), self.account) else {
            return Proof::None;
        };
        if let Some(layer) = self.layer {
            let known = LayerState::of(layer);
            let same_key = mark.key.is_none() || mark.key.as_deref() == self.blob();
            // The ledger knows it, whatever became of this installation's key.
            if known.tag.as_str() == tag && same_key {
                return Proof::Ours;
            }
        }
        let keys = self.keys(self.blob());
        let own: &[Option<&str>] = match mark.thing {
            Artifact::KeyLine => &[mark.key.as_deref()],
            _ => &keys,
        };
        if own.iter().any(|key| self.is_ours(tag, self.provider, account, *key)) {
            return Proof::Ours;
        }
        let accounts: BTreeSet<&str> =
            self.all.iter().filter_map(|mark| mark.account.as_deref()).collect();
        let copied = accounts.iter().any(|account| {
            let mut providers = self.ground.listings.iter().map(|listing| listing.provider);
            providers
                .any(|provider| keys.iter().any(|key| self.is_ours(tag, provider, account, *key)))
        });
        if copied { Proof::Copied } else { Proof::None }
    }

    /// The key that the ledger has, in base64.
    fn blob(&self) -> Option<&str> {
        self.layer.and_then(|layer| layer.public_key.as_deref()).and_then(blob)
    }

    fn judge(&self, row: Option<&Row>) -> Vec<Finding> {
        match (row, self.layer) {
            (Some(row), Some(layer)) if layer.state.is_live() => self.live(&row.grant, layer),
            // It was closed while we looked, and what we saw was on its way out.
            (Some(row), Some(_)) if self.ground.live_before.contains_key(&row.grant.id) => {
                Vec::new()
            }
            (Some(row), Some(_)) => vec![self.not_live(Some(row))],
            (Some(row), None) => vec![self.not_made(row)],
            (None, _) => vec![self.not_live(None)],
        }
    }

    /// What the ledger has as live.
    fn live(&self, grant: &Grant, layer: &Layer) -> Vec<Finding> {
        // While it is opened the verification key stands beside the supporter's; what a sweep has
        // in hand is on its way out.
        if grant.state != State::Open || grant.lease_owner.is_some() {
            return Vec::new();
        }
        let mut findings = Vec::new();
        let is_other =
            |mark: &Mark| mark.thing == Artifact::KeyLine && mark.key.as_deref() != self.blob();
        for line in self.marks.iter().filter(|mark| is_other(mark)) {
            let why = message::text("survey-other-key", &[]);
            let mut found = self.finding(FindingKind::Copy, why, Some(grant));
            found.public_key = line.key.as_deref().and_then(public_key::text_of_blob);
            found.things = vec![(line.thing, line.detail.clone())];
            findings.push(found);
        }
        // What was made before there were tags has none, and the ledger knows it. Not every thing
        // has room for a tag; a key line has.
        let known = LayerState::of(layer);
        let kept = known.tag.as_str();
        let wrong = |mark: &Mark| match mark.tag.as_deref() {
            Some(tag) => tag != kept,
            None => mark.thing == Artifact::KeyLine,
        };
        if !kept.is_empty() && self.marks.iter().any(|mark| !is_other(mark) && wrong(mark)) {
            let why = message::text("survey-other-tag", &[]);
            findings.push(self.finding(FindingKind::Unproved, why, Some(grant)));
        }
        findings
    }

    /// What the ledger has as over, or does not know.
    fn not_live(&self, row: Option<&Row>) -> Finding {
        let grant = row.map(|row| &row.grant);
        let mut own = self.marks.iter().filter(|mark| mark.account.is_some());
        let ours = own.any(|mark| self.proof(mark) == Proof::Ours) || self.is_as_it_was();
        let lets_in = || self.marks.iter().filter(|mark| mark.thing.lets_in());
        let copied = lets_in().any(|mark| self.proof(mark) == Proof::Copied);
        // An account has no room for a tag everywhere: what else there is of it has one.
        let claims = lets_in().any(|mark| {
            let says_so = mark.tag.is_some() || mark.thing == Artifact::KeyLine;
            self.proof(mark) == Proof::None && says_so && !self.is_as_it_was()
        });
        let (matter, why) = if !self.lets_in() {
            (FindingKind::Leftover, Id("survey-leftover"))
        } else if copied {
            (FindingKind::Copy, Id("survey-copied"))
        } else if !ours {
            (FindingKind::Unproved, self.unproved())
        } else if claims {
            (FindingKind::Copy, Id("survey-claims"))
        } else if grant.is_some() {
            (FindingKind::Over, Id("survey-over"))
        } else {
            (FindingKind::Unknown, Id("survey-unknown"))
        };
        let mut found = self.finding(matter, why.text(), grant);
        found.proved = ours && !copied && !claims;
        found
    }

    /// Whether this is, without tags, what a grant had that was made before there were any.
    fn is_as_it_was(&self) -> bool {
        self.layer.is_some_and(|layer| {
            LayerState::of(layer).tag.is_empty()
                && self.marks.iter().all(|mark| {
                    mark.tag.is_none() && (mark.key.is_none() || mark.key.as_deref() == self.blob())
                })
        })
    }

    /// What the ledger has a grant for, which is no grant for this account on this server.
    fn not_made(&self, row: &Row) -> Finding {
        let grant = &row.grant;
        let why = if row.here {
            let accounts: Vec<String> =
                grant.layers.iter().map(|layer| format!("`{}`", layer.account)).collect();
            message::text("survey-other-account", &[("accounts", message::both(accounts).into())])
        } else {
            message::text("survey-other-server", &[("target", (&grant.target).into())])
        };
        let mut found = self.not_live(Some(row));
        if found.matter == FindingKind::Over {
            found.matter = FindingKind::Copy;
        }
        if found.matter != FindingKind::Leftover {
            found.why = why;
        }
        found
    }

    fn unproved(&self) -> Id {
        if self.ground.key.is_none() {
            Id("survey-no-key")
        } else if self.marks.iter().any(|mark| mark.tag.is_some()) {
            Id("survey-tag-of-another")
        } else {
            Id("survey-no-tag")
        }
    }

    fn finding(&self, matter: FindingKind, why: String, grant: Option<&Grant>) -> Finding {
        // The supporter's own key first: the one that the tag was made for.
        let lines = || self.marks.iter().filter(|mark| mark.thing == Artifact::KeyLine);
        let line = lines().find(|mark| self.proof(mark) == Proof::Ours);
        let line = line.or_else(|| lines().next());
        let tag = self.marks.iter().find_map(|mark| mark.tag.clone());
        let mut things: Vec<(Artifact, String)> =
            self.marks.iter().map(|mark| (mark.thing, mark.detail.clone())).collect();
        things.sort();
        Finding {
            matter,
            grant: self.id.to_owned(),
            provider: self.provider.to_owned(),
            account: self.account.map(str::to_owned),
            public_key: line
                .and_then(|mark| mark.key.as_deref())
                .and_then(public_key::text_of_blob),
            proved: false,
            tag: line.and_then(|mark| mark.tag.clone()).or(tag),
            state: grant.map(|grant| grant.state),
            why,
            things,
        }
    }
}

/// The base64 of `type base64`.
fn blob(key: &str) -> Option<&str> {
    key.split_ascii_whitespace().nth(1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use zeroize::Zeroizing;

    use super::*;
    use crate::grant::{Access, NewGrant, Supporter};

    const ID: &str = "k3v9q2m7xa";
    const ACCOUNT: &str = "sp-msp1-jane-k3v9q";
    const HOST: &str = "SHA256:host";
    const JANES: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS";
    const OTHERS: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIE9sZiAOUXl9clFdMm9yZSBzZWNyZXQgdGhhbiB0aGF0";

    fn key(byte: u8) -> Key {
        Key(Zeroizing::new([byte; 32]))
    }

    fn hosts() -> Vec<String> {
        vec![HOST.to_owned()]
    }

    fn tag_of(grant: &str, account: &str, blob: &str) -> String {
        let hosts = hosts();
        let provider = "linux-account";
        let public_key = Some(blob);
        key(1).tag(&Marked { grant, provider, account, public_key, host_keys: &hosts })
    }

    fn tag() -> String {
        tag_of(ID, ACCOUNT, JANES)
    }

    const DEADLINE: UnixTime = 100;

    fn grant(state: State) -> Grant {
        let inputs = json!({ "tag": tag(), "host_keys": [HOST] });
        let new = NewGrant {
            id: ID.into(),
            case: "MSP-1".into(),
            target: "staging".into(),
            supporter: Supporter { name: "Jane".into(), company: "x".into() },
            access: Access::Sftp,
            created_at: 1,
            deadline: DEADLINE,
            deadline_maximum: 200,
            terms: "{}".into(),
            layers: vec![Layer {
                provider: "linux-account".into(),
                digest: String::new(),
                account: ACCOUNT.into(),
                public_key: Some(format!("ssh-ed25519 {JANES}")),
                key_fingerprint: None,
                has_password: false,
                inputs: inputs.to_string(),
                outputs: "{}".into(),
                ..Layer::default()
            }],
        };
        let closed_at = (state == State::Closed).then_some(50);
        let mut grant = Grant { opened_at: Some(2), closed_at, ..new.grant() };
        grant.move_to(state);
        grant
    }

    /// What the provider's lines come to, with this in the ledger.
    fn judged(rows: Vec<(Grant, bool)>, lines: &[&str]) -> SurveyResult {
        judged_with(Some(&key(1)), rows, lines)
    }

    fn judged_with(key: Option<&Key>, rows: Vec<(Grant, bool)>, lines: &[&str]) -> SurveyResult {
        let live: Vec<String> = rows
            .iter()
            .filter(|(grant, _)| grant.state.is_live())
            .map(|(grant, _)| grant.id.clone())
            .collect();
        let live: Vec<&str> = live.iter().map(String::as_str).collect();
        judged_while(key, &live, DEADLINE, rows, lines)
    }

    fn judged_while(
        key: Option<&Key>,
        live: &[&str],
        now: UnixTime,
        rows: Vec<(Grant, bool)>,
        lines: &[&str],
    ) -> SurveyResult {
        let live = live.iter().map(|id| ((*id).to_owned(), State::Open)).collect();
        let marks: Vec<Mark> =
            lines.iter().map(|line| Mark::parse(line, "linux-account").unwrap()).collect();
        let row = |(grant, here): (Grant, bool)| (grant.id.clone(), Row { grant, here });
        let hosts = hosts();
        let listings = [
            Listing { provider: "linux-account", login: None },
            Listing { provider: "authorized-key", login: Some("deploy") },
        ];
        let ground =
            SurveyScope { listings: &listings, host_keys: &hosts, key, live_before: &live, now };
        judge(&ground, &marks, &rows.into_iter().map(row).collect())
    }

    fn matters(judged: &SurveyResult) -> Vec<(FindingKind, bool)> {
        judged.findings.iter().map(|one| (one.matter, one.proved)).collect()
    }

    fn account(tag: &str) -> String {
        format!("account {ID} {ACCOUNT} {tag} - uid 50000")
    }

    fn line(tag: &str, blob: &str) -> String {
        format!("key-line {ID} {ACCOUNT} {tag} {blob} /home/{ACCOUNT}/.ssh/authorized_keys")
    }

    #[test]
    fn a_mark_is_read_as_the_providers_say_it() {
        let mark = Mark::parse("key-line k3v9 sp-a t4g AAAA /home/sp a/keys line 3", "x").unwrap();
        assert_eq!(mark.thing, Artifact::KeyLine);
        assert_eq!((mark.grant.as_str(), mark.account.as_deref()), ("k3v9", Some("sp-a")));
        assert_eq!((mark.tag.as_deref(), mark.key.as_deref()), (Some("t4g"), Some("AAAA")));
        assert_eq!(mark.detail, "/home/sp a/keys line 3");
        let mark = Mark::parse("unit k3v9 - - -", "x").unwrap();
        assert_eq!((mark.account, mark.tag, mark.key), (None, None, None));
        for odd in [
            "",
            "account",
            "tree k3v9 - - -",
            "account K3 - - -",
            "account k3v9 a b",
            "unit  - - -",
        ] {
            assert_eq!(Mark::parse(odd, "x"), None, "{odd}");
        }
    }

    #[test]
    fn what_is_open_and_there_is_as_recorded() {
        let rows = || vec![(grant(State::Open), true)];
        let all =
            judged(rows(), &[&account(&tag()), &line(&tag(), JANES), "unit k3v9q2m7xa - - - x"]);
        assert_eq!(all.as_recorded, [ID]);
        assert_eq!(all.findings, []);
        // Not every account has room for a tag; a key line has.
        let without = judged(rows(), &[&account("-"), &line(&tag(), JANES)]);
        assert_eq!(without.as_recorded, [ID]);
        let without = judged(rows(), &[&account("-"), &line("-", JANES)]);
        assert_eq!(matters(&without), [(FindingKind::Unproved, false)]);
        // The ledger knows it also without the key of this installation.
        let lost = judged_with(None, rows(), &[&account(&tag()), &line(&tag(), JANES)]);
        assert_eq!(lost.as_recorded, [ID]);
    }

    #[test]
    fn what_is_open_and_not_there_is_missing_unless_the_server_ended_it() {
        let rows = |state| vec![(grant(state), true)];
        let none = judged(rows(State::Open), &[]);
        assert_eq!(matters(&none), [(FindingKind::Missing, true)]);
        assert!(none.findings[0].matters());
        let ended = judged(rows(State::Open), &["result k3v9q2m7xa - - - x"]);
        assert_eq!((ended.findings, ended.as_recorded), (vec![], vec![]));
        // Before the deadline no server ends anything, whatever a note there says.
        let result = ["result k3v9q2m7xa - - - x"];
        let early = judged_while(None, &[ID], DEADLINE - 61, rows(State::Open), &result);
        assert_eq!(matters(&early), [(FindingKind::Missing, true)]);
        assert!(
            early.findings[0].matters() && early.findings[0].why.contains("before the deadline")
        );
        let in_time = judged_while(None, &[ID], DEADLINE - 60, rows(State::Open), &result);
        assert_eq!(in_time.findings, []);
        // It was opened while we looked.
        assert_eq!(judged_while(None, &[], DEADLINE, rows(State::Open), &[]).findings, []);
        // A sweep has these in hand, and another server is not this one.
        for state in [State::Opening, State::Closing, State::Stuck, State::Closed] {
            assert_eq!(judged(rows(state), &[]).findings, []);
        }
        assert_eq!(judged(vec![(grant(State::Open), false)], &[]).findings, []);
    }

    #[test]
    fn what_is_over_and_there_is_back() {
        let rows = |state| vec![(grant(state), true)];
        for state in [State::Closed, State::Forgotten] {
            let back = judged(rows(state), &[&account(&tag()), &line(&tag(), JANES)]);
            assert_eq!(matters(&back), [(FindingKind::Over, true)]);
            assert_eq!(back.findings[0].state, Some(state));
        }
        // Somebody who logs in to a shared account can write the name of a grant that is over.
        let forged = judged(rows(State::Closed), &[&line("-", OTHERS)]);
        assert_eq!(matters(&forged), [(FindingKind::Unproved, false)]);
        let copied = judged(rows(State::Closed), &[&line(&tag(), OTHERS)]);
        assert_eq!(matters(&copied), [(FindingKind::Copy, false)]);
        // What was closed while we looked is no matter.
        let now =
            judged_while(Some(&key(1)), &[ID], DEADLINE, rows(State::Closed), &[&account(&tag())]);
        assert_eq!(now.findings, []);
    }

    #[test]
    fn what_the_ledger_does_not_know_is_ours_only_by_its_tag() {
        let ours = judged(vec![], &[&account(&tag()), &line(&tag(), JANES)]);
        assert_eq!(matters(&ours), [(FindingKind::Unknown, true)]);
        let found = &ours.findings[0];
        assert_eq!(found.public_key.as_deref(), Some(format!("ssh-ed25519 {JANES}").as_str()));
        assert_eq!(found.tag, Some(tag()));
        // The key of the line proves the account, which shows no key.
        let line_of = judged(vec![], &[&account("-"), &line(&tag(), JANES)]);
        assert_eq!(matters(&line_of), [(FindingKind::Unknown, true)]);

        let edited = tag().replace(|c: char| c.is_ascii_digit(), "z");
        for forged in [&account("-"), &account(&edited), &line(&edited, JANES), &line("-", JANES)] {
            assert_eq!(
                matters(&judged(vec![], &[forged])),
                [(FindingKind::Unproved, false)],
                "{forged}"
            );
        }
        let other = key(2);
        let theirs = judged_with(Some(&other), vec![], &[&account(&tag()), &line(&tag(), JANES)]);
        assert_eq!(matters(&theirs), [(FindingKind::Unproved, false)]);
        let lost = judged_with(None, vec![], &[&account(&tag()), &line(&tag(), JANES)]);
        assert_eq!(matters(&lost), [(FindingKind::Unproved, false)]);
    }

    #[test]
    fn a_tag_that_was_copied_proves_nothing_where_it_stands() {
        // Another account with the comment of ours, or another key with its tag.
        let other = format!("account {ID} evil {} - uid 0", tag());
        let both = judged(vec![], &[&account(&tag()), &line(&tag(), JANES), &other]);
        assert_eq!(matters(&both), [(FindingKind::Copy, false), (FindingKind::Unknown, true)]);
        let beside = judged(vec![], &[&line(&tag(), JANES), &line(&tag(), OTHERS)]);
        assert_eq!(matters(&beside), [(FindingKind::Copy, false)]);
        let live = || vec![(grant(State::Open), true)];
        let beside = judged(live(), &[&line(&tag(), JANES), &line(&tag(), OTHERS)]);
        assert_eq!(matters(&beside), [(FindingKind::Copy, false)]);
        assert_eq!(beside.findings[0].things.len(), 1);
        let other = judged(live(), &[&account(&tag()), &line(&tag(), JANES), &other]);
        assert_eq!(matters(&other), [(FindingKind::Copy, false)]);
        assert_eq!(other.findings[0].account.as_deref(), Some("evil"));
        // The verification key stands there while the grant is opened.
        let mut opening = grant(State::Opening);
        opening.lease_owner = Some("here/1/1".into());
        let opening = judged(vec![(opening, true)], &[&line(&tag(), JANES), &line(&tag(), OTHERS)]);
        assert_eq!(opening.findings, []);
    }

    #[test]
    fn a_renamed_line_is_missed_and_is_not_ours() {
        let renamed = line(&tag(), JANES).replace(ID, "zzzzzzzzzz");
        let judged = judged(vec![(grant(State::Open), true)], &[&renamed]);
        assert_eq!(
            matters(&judged),
            [(FindingKind::Unproved, false), (FindingKind::Missing, true)]
        );
        assert_eq!(judged.findings[0].grant, "zzzzzzzzzz");
    }

    #[test]
    fn what_lets_nobody_in_is_left_over_and_notes_go_by_themselves() {
        let notes = judged(vec![], &["result k3v9 - - - a", "tombstone k3v9 - - - b"]);
        assert_eq!(matters(&notes), [(FindingKind::Leftover, false)]);
        assert!(!notes.findings[0].matters());
        let unit = judged(vec![(grant(State::Closed), true)], &["unit k3v9q2m7xa - - - a"]);
        assert_eq!(matters(&unit), [(FindingKind::Leftover, false)]);
        assert!(unit.findings[0].matters());
        let record = format!("record {ID} {ACCOUNT} {} - /var/lib/stagepass/{ID}", tag());
        let with_password = record.replace(&tag(), &{
            let hosts = hosts();
            key(1).tag(&Marked {
                grant: ID,
                provider: "linux-account",
                account: ACCOUNT,
                public_key: None,
                host_keys: &hosts,
            })
        });
        assert_eq!(matters(&judged(vec![], &[&with_password])), [(FindingKind::Leftover, true)]);
        assert_eq!(
            matters(&judged(vec![(grant(State::Closed), true)], &[&record])),
            [(FindingKind::Leftover, true)]
        );
    }

    #[test]
    fn a_grant_of_another_server_is_not_known_here() {
        let here = judged(vec![(grant(State::Open), false)], &[&line("-", OTHERS)]);
        assert_eq!(matters(&here), [(FindingKind::Unproved, false)]);
        assert!(here.findings[0].why.contains("`staging`"), "{}", here.findings[0].why);
    }

    #[test]
    fn what_root_and_the_account_itself_see_is_one_thing_and_belongs_to_who_can_take_it_away() {
        let hosts = hosts();
        let of = |provider| {
            let (account, public_key) = ("deploy", Some(JANES));
            key(1).tag(&Marked { grant: ID, provider, account, public_key, host_keys: &hosts })
        };
        let line = |tag: &str| format!("key-line {ID} deploy {tag} {JANES} keys");
        let listings = [
            Listing { provider: "linux-account", login: None },
            Listing { provider: "authorized-key", login: Some("deploy") },
        ];
        let ours = key(1);
        let live = BTreeMap::from([(ID.to_owned(), State::Open)]);
        let ground = SurveyScope {
            listings: &listings,
            host_keys: &hosts,
            key: Some(&ours),
            live_before: &live,
            now: DEADLINE,
        };
        for (tag, matter) in
            [(of("authorized-key"), FindingKind::Unknown), ("-".into(), FindingKind::Unproved)]
        {
            let marks: Vec<Mark> = ["linux-account", "authorized-key"]
                .iter()
                .map(|by| Mark::parse(&line(&tag), by).unwrap())
                .collect();
            let judged = judge(&ground, &marks, &BTreeMap::new());
            assert_eq!(judged.findings.len(), 1);
            assert_eq!(judged.findings[0].matter, matter);
            assert_eq!(judged.findings[0].provider, "authorized-key");
            // Twice in one file is two lines.
            let twice = [marks[0].clone(), marks[0].clone()];
            assert_eq!(judge(&ground, &twice, &BTreeMap::new()).findings[0].things.len(), 2);
        }
        // Root's list does not miss what only the account itself can list.
        let mut own = grant(State::Open);
        own.layers[0].provider = "authorized-key".into();
        own.layers[0].account = "another".into();
        let rows = BTreeMap::from([(ID.to_owned(), Row { grant: own, here: true })]);
        assert_eq!(judge(&ground, &[], &rows).findings, []);
    }
}
