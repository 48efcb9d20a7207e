//! Whether backups stand behind access to a live shop: judged by what was read of them, all together.
//!
//! A reader says facts and judges nothing, so that a backup on the server and one on the merchant's
//! computer are held to the same: made a short while ago, whole to its end, and of this very shop, its
//! files and its tables.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, IntoStaticStr};

use crate::deadline;
use crate::grant::UnixTime;
use crate::message::{Arg, Id};

/// How far a backup's time may lie ahead of our clock before one of the two is wrong, in seconds.
const CLOCK_TOLERANCE: i64 = 300;

/// Of the shop's files that are looked for, one of so many may be missing: media on a disk of their own,
/// folders of plugins that were just installed.
const MAY_MISS_ONE_OF: usize = 2;

/// What the archives hold, unpacked, is at least the shop folder's bytes divided by this.
const LEAST_PART: u64 = 4;

/// The most files of the shop that are looked for in an archive.
pub const SAMPLE: usize = 200;

/// The tables without which a database is not this platform's. One of each always has rows.
const CORE_TABLES: &[(&str, &[&str])] = &[
    ("wordpress", &["options", "posts", "users"]),
    ("magento2", &["core_config_data", "store", "sales_order"]),
    ("openmage", &["core_config_data", "core_store", "sales_flat_order"]),
    ("prestashop", &["configuration", "product", "orders"]),
    ("opencart", &["setting", "product", "order"]),
    ("shopware", &["system_config", "sales_channel", "product"]),
    ("zencart", &["configuration", "products", "orders"]),
    ("abantecart", &["settings", "products", "orders"]),
    ("litecart", &["settings", "products", "orders"]),
    ("joomla", &["extensions", "users", "session"]),
    ("drupal", &["users", "sessions"]),
];

/// The tables that a platform's database always has, without their prefix; none where it is not known.
#[must_use]
pub fn core_tables(platform: &str) -> &'static [&'static str] {
    CORE_TABLES.iter().find(|(name, _)| *name == platform).map_or(&[], |(_, tables)| tables)
}

/// Where a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// On the server.
    Server,
    /// On the merchant's computer.
    Local,
}

/// A backup as it was named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupName {
    /// Where it is.
    pub place: Place,
    /// Its path there.
    pub path: String,
}

impl BackupName {
    /// As it is typed.
    #[must_use]
    pub fn typed(&self) -> String {
        match self.place {
            Place::Server => self.path.clone(),
            Place::Local => format!("local:{}", self.path),
        }
    }

    /// Reads `/path/on/the/server` or `local:path/here`.
    ///
    /// # Errors
    /// Says what is wrong with it, in words that follow a name.
    pub fn read(text: &str) -> Result<Self, Id> {
        let (place, path) = match text.strip_prefix("local:") {
            Some(path) => (Place::Local, path),
            None => (Place::Server, text),
        };
        let steers = path.chars().any(crate::text::is_steering);
        match place {
            _ if path.trim().is_empty() => Err(Id("backup-name.empty")),
            _ if steers => Err(Id("backup-name.hidden")),
            _ if path.len() > 4096 => Err(Id("backup-name.long")),
            Place::Server if !path.starts_with('/') => Err(Id("backup-name.relative")),
            _ => Ok(Self { place, path: path.to_owned() }),
        }
    }
}

/// What a file is inside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, AsRefStr, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Form {
    /// A tar archive.
    Tar,
    /// A ZIP archive.
    Zip,
    /// Anything else: a dump where it makes tables.
    #[default]
    Text,
}

/// By what a file is packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, AsRefStr, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Packing {
    /// By nothing, or by the archive itself.
    #[default]
    None,
    /// gzip.
    Gz,
    /// xz.
    Xz,
    /// bzip2.
    Bz2,
    /// Zstandard.
    Zst,
}

/// Why a file was not read to its end, or has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing there opens this packing: the program, or what would be needed.
    Tool(String),
    /// It does not unpack, or does not list, to its end.
    Broken,
    /// It took longer, or has more in it, than is looked at.
    TooMuch,
}

/// What was read of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupRead {
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of all of it, in hex.
    pub sha256: String,
    /// When it was last written.
    pub modified_at: UnixTime,
    /// Whether it was another one when it had been read.
    pub changed: bool,
    /// What it is inside.
    pub form: Form,
    /// By what it is packed.
    pub packing: Packing,
    /// Why it was not read to its end.
    pub fault: Option<Fault>,
    /// Whether an archive has its end mark, or a dump its last statement and last line.
    pub ended: bool,
    /// The files in an archive.
    pub entries: u64,
    /// Their bytes, unpacked.
    pub bytes: u64,
    /// Whether the shop's configuration is among them, where the shop has it.
    pub config: bool,
    /// Which of the shop's files that were looked for are there, below one folder of the archive.
    pub files: Vec<bool>,
    /// What it has of tables.
    pub tables: TablesRead,
}

/// The tables that a dump makes and fills.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TablesRead {
    /// How many it makes.
    pub made: u64,
    /// How many it puts rows into.
    pub filled: u64,
    /// How many of those have the shop's prefix; all where none is known.
    pub own_filled: u64,
    /// Those of the platform's own that it makes: the whole name, and whether it has rows.
    pub core: Vec<(String, bool)>,
}

/// What looking at one named backup showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupFact {
    /// There is no file of that name.
    Missing,
    /// It is a folder, a pipe or a device.
    NoFile,
    /// It could not be opened or read, and what the system said.
    Unreadable(String),
    /// It was read.
    Read(Box<BackupRead>),
}

/// What the server says of the shop that a backup has to be of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShopFacts {
    /// The platform, as far as it is known: `wordpress`; else empty.
    pub platform: String,
    /// Its configuration, from the shop folder; empty where there is none in it.
    pub config: String,
    /// What the names of its tables begin with; `None` where no configuration says so.
    pub prefix: Option<String>,
    /// How many files it has.
    pub files: u64,
    /// Their bytes. What can be made again (caches, logs) counts for neither.
    pub bytes: u64,
    /// Some of its files, from all over it: the ones that are looked for.
    pub sample: Vec<String>,
}

/// The backups behind a request, and what is known of the shop that they should be of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupFacts {
    /// The shop.
    pub shop: ShopFacts,
    /// Each file that was named, and what it is.
    pub files: Vec<(BackupName, BackupFact)>,
    /// The merchant's command that makes and names them.
    pub command: Option<String>,
    /// Whether this only rehearses: a command that would make them has not run. Terms that come of it open
    /// nothing.
    pub rehearsal: bool,
}

/// A backup that was verified, as it is kept in the terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Where it is.
    pub place: Place,
    /// Its path there.
    pub path: String,
    /// What it is: `tar.gz`, `zip`, `sql.gz`.
    pub kind: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of all of it, in hex.
    pub sha256: String,
    /// When it was last written.
    pub modified_at: UnixTime,
    /// The files in it.
    pub entries: u64,
    /// The tables that it makes.
    pub tables: u64,
}

impl Backup {
    /// As it is typed.
    #[must_use]
    pub fn typed(&self) -> String {
        BackupName { place: self.place, path: self.path.clone() }.typed()
    }
}

/// What was not proved of backups that were accepted, since nobody could.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum BackupNote {
    /// The shop's configuration is not in its folder, and no archive has to hold it.
    ConfigElsewhere,
    /// Of what platform the shop is, and so which tables it needs, is not known: any counted.
    TablesUnproved,
    /// No configuration says what the names of its tables begin with: the platform's own counted, with
    /// whatever stands before them.
    PrefixUnknown,
}

impl BackupNote {
    /// Its message in the catalogue.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::ConfigElsewhere => "backup-note-config-elsewhere",
            Self::TablesUnproved => "backup-note-tables-unproved",
            Self::PrefixUnknown => "backup-note-prefix-unknown",
        }
    }
}

/// What was accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) backups: Vec<Backup>,
    pub(super) notes: Vec<BackupNote>,
}

/// One thing that stands against the backups: the word of the catalogue is among them.
pub(super) type Problem = Vec<(&'static str, Arg)>;

/// Judges them all; what is wrong with single files comes first, since what they hold together is told of
/// whole ones only.
pub(super) fn judge(
    facts: Option<&BackupFacts>,
    oldest_hours: u16,
    now: UnixTime,
) -> Result<Accepted, Vec<Problem>> {
    let Some(facts) = facts else { return Err(vec![said("none", vec![])]) };
    if facts.rehearsal {
        return Ok(Accepted::default());
    }
    if facts.files.is_empty() {
        return Err(vec![said("none", vec![])]);
    }
    let mut problems = Vec::new();
    let mut read: Vec<(&BackupName, &BackupRead)> = Vec::new();
    for (name, fact) in &facts.files {
        match (file_problem(fact, oldest_hours, now), fact) {
            (Some(mut problem), _) => {
                problem.push(("path", name.typed().into()));
                problem.push((
                    "place",
                    if name.place == Place::Local { "here" } else { "server" }.into(),
                ));
                problems.push(problem);
            }
            (None, BackupFact::Read(one)) => read.push((name, one)),
            (None, _) => {}
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let whole: Vec<&BackupRead> = read.iter().map(|(_, one)| *one).collect();
    let mut notes = Vec::new();
    problems.extend(files_problem(&facts.shop, &whole, &mut notes));
    problems.extend(tables_problem(&facts.shop, &whole, &mut notes));
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Accepted { backups: read.into_iter().map(|(name, one)| kept(name, one)).collect(), notes })
}

fn said(problem: &'static str, more: Problem) -> Problem {
    let mut all = vec![("problem", Arg::from(problem))];
    all.extend(more);
    all
}

fn kept(name: &BackupName, read: &BackupRead) -> Backup {
    let form = match read.form {
        Form::Text => "sql",
        other => other.into(),
    };
    let kind = match read.packing {
        Packing::None => form.to_owned(),
        packing => format!("{form}.{}", packing.as_ref()),
    };
    Backup {
        place: name.place,
        path: name.path.clone(),
        kind,
        size: read.size,
        sha256: read.sha256.clone(),
        modified_at: read.modified_at,
        entries: read.entries,
        tables: read.tables.made,
    }
}

/// What is wrong with one file, whatever shop it is of.
fn file_problem(fact: &BackupFact, oldest_hours: u16, now: UnixTime) -> Option<Problem> {
    let read = match fact {
        BackupFact::Missing => return Some(said("missing", vec![])),
        BackupFact::NoFile => return Some(said("no-file", vec![])),
        BackupFact::Unreadable(why) => {
            return Some(said("unreadable", vec![("detail", why.into())]));
        }
        BackupFact::Read(read) => read,
    };
    let age = now.saturating_sub(read.modified_at);
    let is_hash = read.sha256.len() == 64 && read.sha256.bytes().all(|b| b.is_ascii_hexdigit());
    let word = if read.size == 0 {
        "empty"
    } else if age > i64::from(oldest_hours) * 3600 {
        let args = vec![("age", deadline::duration(age).into()), ("hours", oldest_hours.into())];
        return Some(said("old", args));
    } else if age < -CLOCK_TOLERANCE {
        "future"
    } else if read.changed {
        "changed"
    } else if let Some(fault) = &read.fault {
        match fault {
            Fault::Tool(tool) => return Some(said("tool", vec![("tool", tool.into())])),
            Fault::Broken => "broken",
            Fault::TooMuch => "too-much",
        }
    } else if !is_hash {
        "unhashed"
    } else if read.form == Form::Text && read.tables.made == 0 {
        "neither"
    } else if read.form != Form::Text && read.entries == 0 {
        "hollow"
    } else if !read.ended {
        "cut"
    } else {
        return None;
    };
    Some(said(word, vec![]))
}

/// Whether the archives together hold this shop's files.
fn files_problem(
    shop: &ShopFacts,
    read: &[&BackupRead],
    notes: &mut Vec<BackupNote>,
) -> Option<Problem> {
    if shop.sample.is_empty() {
        return Some(said("no-shop", vec![]));
    }
    // A dump in an archive is a dump.
    let is_archive = |one: &&&BackupRead| {
        one.form != Form::Text && (one.tables.made == 0 || one.files.contains(&true))
    };
    let archives: Vec<&&BackupRead> = read.iter().filter(is_archive).collect();
    if archives.is_empty() {
        return Some(said("no-files", vec![]));
    }
    if shop.config.is_empty() {
        notes.push(BackupNote::ConfigElsewhere);
    } else if !archives.iter().any(|one| one.config) {
        return Some(said("other-config", vec![("config", (&shop.config).into())]));
    }
    let has = |at: usize| archives.iter().any(|one| one.files.get(at) == Some(&true));
    let found = (0..shop.sample.len()).filter(|at| has(*at)).count();
    if found * MAY_MISS_ONE_OF < shop.sample.len() {
        let args = vec![("found", found.into()), ("looked", shop.sample.len().into())];
        return Some(said("other-files", args));
    }
    let bytes = archives.iter().fold(0_u64, |sum, one| sum.saturating_add(one.bytes));
    if bytes < shop.bytes / LEAST_PART {
        return Some(said("small", vec![("bytes", size(bytes)), ("shop", size(shop.bytes))]));
    }
    None
}

/// Whether the dumps together hold this shop's tables.
fn tables_problem(
    shop: &ShopFacts,
    read: &[&BackupRead],
    notes: &mut Vec<BackupNote>,
) -> Option<Problem> {
    let dumps: Vec<&TablesRead> =
        read.iter().map(|one| &one.tables).filter(|tables| tables.made > 0).collect();
    if dumps.is_empty() {
        return Some(said("no-dump", vec![]));
    }
    let core = core_tables(&shop.platform);
    if core.is_empty() {
        notes.push(BackupNote::TablesUnproved);
        return rows(shop, &dumps);
    }
    let made: Vec<&(String, bool)> = dumps.iter().flat_map(|tables| &tables.core).collect();
    let prefixes: Vec<&str> = if let Some(prefix) = &shop.prefix {
        vec![prefix]
    } else {
        notes.push(BackupNote::PrefixUnknown);
        let first = core.first().copied().unwrap_or_default();
        made.iter().filter_map(|(name, _)| name.strip_suffix(first)).collect()
    };
    let lacks = |prefix: &str| {
        let missing =
            |table: &&&str| !made.iter().any(|(name, _)| *name == format!("{prefix}{table}"));
        core.iter().find(missing).map(|table| format!("{prefix}{table}"))
    };
    let missing: Vec<Option<String>> = prefixes.iter().map(|prefix| lacks(prefix)).collect();
    let Some(at) = missing.iter().position(Option::is_none) else {
        let first = core.first().copied().unwrap_or_default();
        let name = missing.into_iter().flatten().next().unwrap_or_else(|| first.to_owned());
        return Some(said("other-tables", vec![("table", name.into())]));
    };
    let prefix = prefixes.get(at).copied().unwrap_or_default();
    let of_core = |(name, filled): &&(String, bool)| *filled && name.starts_with(prefix);
    if made.iter().copied().any(|one| of_core(&one)) {
        rows(shop, &dumps)
    } else {
        Some(said("no-rows", vec![]))
    }
}

/// A dump that only makes tables brings no order back.
fn rows(shop: &ShopFacts, dumps: &[&TablesRead]) -> Option<Problem> {
    let filled = |tables: &&TablesRead| {
        if shop.prefix.is_some() { tables.own_filled > 0 } else { tables.filled > 0 }
    };
    if dumps.iter().any(filled) { None } else { Some(said("no-rows", vec![])) }
}

/// A size as people say it.
#[must_use]
pub fn size_in_words(bytes: u64) -> String {
    let units = [("TB", 1_u64 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)];
    match units.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => {
            let tenths = u128::from(bytes) * 10 / u128::from(*unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} bytes"),
    }
}

fn size(bytes: u64) -> Arg {
    size_in_words(bytes).into()
}

/// Whether a command may not be recorded as it was typed, since a password stands in it: it would be in
/// the ledger for ever.
#[must_use]
pub fn holds_a_secret(command: &str) -> bool {
    let of_shell = |c: char| matches!(c, ' ' | '\t' | ';' | '|' | '&' | '(' | ')');
    let clients = ["mysqldump", "mariadb-dump", "mysql", "mariadb"];
    let mut programs = command.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let of_database = programs.any(|word| clients.contains(&word));
    command.split(of_shell).any(|word| {
        let short = of_database && word.strip_prefix("-p").is_some_and(is_stated);
        short || states_one(&word.to_ascii_lowercase()) || is_in_url(&word.to_ascii_lowercase())
    })
}

/// `--password=SECRET`, `MYSQL_PWD=SECRET`.
fn states_one(word: &str) -> bool {
    let ends = ["password", "passwd", "pwd", "secret", "token", "_pass", "-pass"];
    word.split_once('=')
        .is_some_and(|(name, value)| is_stated(value) && ends.iter().any(|end| name.ends_with(end)))
}

/// `https://me:SECRET@host/`.
fn is_in_url(word: &str) -> bool {
    let rest = word.split_once("://").map_or("", |(_, rest)| rest);
    let who = rest.split('/').next().and_then(|host| host.rsplit_once('@'));
    who.and_then(|(who, _)| who.split_once(':')).is_some_and(|(_, value)| is_stated(value))
}

/// Whether it is a value, and not the name of a variable that holds it.
fn is_stated(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    !value.is_empty() && !value.starts_with('$')
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::policy::tests::{NOW, desk, live, reads_well};
    use crate::policy::{Decision, Facts, PolicyConfig, Rule, decide};

    fn shop() -> ShopFacts {
        ShopFacts {
            platform: "wordpress".into(),
            config: "wp-config.php".into(),
            prefix: Some("shop_".into()),
            files: 5000,
            bytes: 80_000_000,
            sample: (0..100).map(|n| format!("wp-content/plugins/p/{n}.php")).collect(),
        }
    }

    fn name(path: &str) -> BackupName {
        BackupName::read(path).unwrap()
    }

    fn read() -> BackupRead {
        BackupRead {
            size: 4_000_000,
            sha256: "ab".repeat(32),
            modified_at: NOW - 3600,
            packing: Packing::Gz,
            ended: true,
            ..BackupRead::default()
        }
    }

    fn archive() -> BackupRead {
        let files = vec![true; 100];
        BackupRead {
            form: Form::Tar,
            entries: 5001,
            bytes: 80_000_000,
            config: true,
            files,
            ..read()
        }
    }

    fn core(prefix: &str, tables: &[&str]) -> Vec<(String, bool)> {
        tables.iter().map(|table| (format!("{prefix}{table}"), *table != "posts")).collect()
    }

    fn dump() -> BackupRead {
        let core = core("shop_", &["options", "posts", "users"]);
        BackupRead { tables: TablesRead { made: 40, filled: 20, own_filled: 20, core }, ..read() }
    }

    fn facts(files: &[BackupRead]) -> BackupFacts {
        let names = ["/b/shop.tar.gz", "local:dump.sql.gz", "/b/third"].map(name);
        let files = files.iter().cloned().map(|one| BackupFact::Read(Box::new(one)));
        BackupFacts {
            shop: shop(),
            files: names.into_iter().zip(files).collect(),
            ..BackupFacts::default()
        }
    }

    /// Everything that can be asked of a backup.
    pub(in crate::policy) fn good() -> BackupFacts {
        facts(&[archive(), dump()])
    }

    /// The words of what is wrong, or of the notes with an `ok` before them.
    fn told(facts: Option<&BackupFacts>) -> String {
        let word = |problem: &Problem| match problem.first() {
            Some((_, Arg::Text(word))) => word.clone(),
            other => panic!("{other:?}"),
        };
        match judge(facts, 24, NOW) {
            Ok(accepted) => {
                let notes = accepted.notes.iter().map(|note| format!(" {}", <&str>::from(*note)));
                format!("ok{}", notes.collect::<String>())
            }
            Err(problems) => problems.iter().map(word).collect::<Vec<_>>().join(" "),
        }
    }

    /// What is changed in a good pair of archive and dump.
    type Change = fn(&mut BackupRead, &mut BackupRead, &mut ShopFacts);

    const CASES: &[(&str, Change)] = &[
        ("ok", |_, _, _| {}),
        // When it was made.
        ("ok", |files, _, _| files.modified_at = NOW - 24 * 3600),
        ("old", |files, _, _| files.modified_at = NOW - 24 * 3600 - 1),
        ("old", |_, dump, _| dump.modified_at = 0),
        ("old old", |files, dump, _| (files.modified_at, dump.modified_at) = (1, 1)),
        ("ok", |files, _, _| files.modified_at = NOW + CLOCK_TOLERANCE),
        ("future", |files, _, _| files.modified_at = NOW + CLOCK_TOLERANCE + 1),
        ("future", |_, dump, _| dump.modified_at = i64::MAX),
        // Whether it is whole.
        ("empty", |files, _, _| files.size = 0),
        ("empty", |_, dump, _| *dump = BackupRead { size: 0, ..read() }),
        ("changed", |files, _, _| files.changed = true),
        ("unhashed", |files, _, _| files.sha256 = String::new()),
        ("unhashed", |_, dump, _| dump.sha256 = "z".repeat(64)),
        ("tool", |files, _, _| files.fault = Some(Fault::Tool("there is no `zstd`".into()))),
        ("broken", |files, _, _| files.fault = Some(Fault::Broken)),
        ("too-much", |_, dump, _| dump.fault = Some(Fault::TooMuch)),
        ("cut", |files, _, _| files.ended = false),
        ("cut", |_, dump, _| dump.ended = false),
        ("neither", |_, dump, _| dump.tables = TablesRead::default()),
        ("neither", |files, _, _| *files = BackupRead { ended: false, ..read() }),
        ("hollow", |files, _, _| (files.entries, files.config) = (0, false)),
        ("empty cut", |files, dump, _| (files.size, dump.ended) = (0, false)),
        // Whether the files are this shop's.
        ("no-shop", |_, _, shop| shop.sample.clear()),
        ("no-files", |files, _, _| *files = dump()),
        ("other-config", |files, _, _| files.config = false),
        ("ok config-elsewhere", |files, _, shop| {
            (files.config, shop.config) = (false, String::new());
        }),
        ("ok", |files, _, _| files.files[50..].fill(false)),
        ("other-files", |files, _, _| files.files[49..].fill(false)),
        ("other-files", |files, _, _| files.files.clear()),
        ("ok", |files, _, _| files.bytes = 20_000_000),
        ("small", |files, _, _| files.bytes = 19_999_999),
        ("ok", |files, _, shop| (files.bytes, shop.bytes) = (0, 3)),
        // Whether the tables are this shop's.
        ("no-dump", |_, dump, _| *dump = archive()),
        ("other-tables", |_, dump, _| dump.tables.core.clear()),
        ("other-tables", |_, dump, _| drop(dump.tables.core.pop())),
        ("other-tables", |_, dump, _| {
            dump.tables.core = core("wp_", &["options", "posts", "users"]);
        }),
        ("no-rows", |_, dump, _| dump.tables.core.iter_mut().for_each(|table| table.1 = false)),
        ("no-rows", |_, dump, _| dump.tables.own_filled = 0),
        ("ok prefix-unknown", |_, _, shop| shop.prefix = None),
        ("ok prefix-unknown", |_, dump, shop| {
            shop.prefix = None;
            dump.tables.core = core("other_", &["options", "posts", "users"]);
        }),
        ("other-tables", |_, dump, shop| {
            shop.prefix = None;
            dump.tables.core = [core("a_", &["options", "posts"]), core("b_", &["users"])].concat();
        }),
        ("other-tables", |_, dump, shop| (shop.prefix, dump.tables.core) = (None, Vec::new())),
        ("ok", |_, dump, shop| {
            (shop.platform, shop.prefix) = ("magento2".into(), Some(String::new()));
            dump.tables.core = core("", core_tables("magento2"));
        }),
        ("other-tables", |_, dump, shop| {
            (shop.platform, shop.prefix) = ("magento2".into(), Some(String::new()));
            dump.tables.core = core("", &["store"]);
        }),
        ("ok tables-unproved", |_, dump, shop| {
            (shop.platform, shop.prefix) = (String::new(), None);
            dump.tables.core.clear();
        }),
        ("no-rows", |_, dump, shop| {
            (shop.platform, shop.prefix) = (String::new(), None);
            dump.tables.filled = 0;
        }),
        ("other-config other-tables", |files, dump, _| {
            files.config = false;
            dump.tables.core.clear();
        }),
        // Both in one file.
        ("ok", |files, dump, _| {
            files.tables = dump.tables.clone();
            *dump = files.clone();
        }),
    ];

    #[test]
    fn a_backup_is_fresh_whole_and_of_this_shop() {
        assert!(CASES.len() >= 40);
        for (number, (expected, change)) in CASES.iter().enumerate() {
            let (mut files, mut tables, mut of) = (archive(), dump(), shop());
            change(&mut files, &mut tables, &mut of);
            let facts = BackupFacts { shop: of, ..facts(&[files, tables]) };
            assert_eq!(told(Some(&facts)), *expected, "case {number}");
        }
    }

    #[test]
    fn what_was_not_read_is_none() {
        assert_eq!(told(None), "none");
        assert_eq!(told(Some(&BackupFacts { shop: shop(), ..BackupFacts::default() })), "none");
        for (fact, word) in [
            (BackupFact::Missing, "missing"),
            (BackupFact::NoFile, "no-file"),
            (BackupFact::Unreadable("permission denied".into()), "unreadable"),
        ] {
            let mut facts = good();
            facts.files.push((name("/x"), fact));
            assert_eq!(told(Some(&facts)), word);
        }
    }

    #[test]
    fn files_in_several_archives_count_together() {
        let part = |from: usize, to: usize, config: bool| {
            let files = (0..100).map(|at| (from..to).contains(&at)).collect();
            BackupRead { files, config, bytes: 15_000_000, ..archive() }
        };
        let parts = [part(0, 30, true), part(30, 60, false), dump()];
        assert_eq!(told(Some(&facts(&parts))), "ok");
        assert_eq!(told(Some(&facts(&[part(0, 30, true), dump()]))), "other-files");
        // A dump in a ZIP archive is no archive of files.
        let packed = BackupRead { form: Form::Zip, entries: 1, files: vec![false; 100], ..dump() };
        assert_eq!(told(Some(&facts(std::slice::from_ref(&packed)))), "no-files");
        assert_eq!(told(Some(&facts(&[archive(), packed]))), "ok");
    }

    #[test]
    fn every_problem_has_its_own_sentence_and_a_way_out() {
        let mut sentences = std::collections::BTreeMap::new();
        for (_, change) in CASES {
            let (mut files, mut tables, mut of) = (archive(), dump(), shop());
            change(&mut files, &mut tables, &mut of);
            let backup = BackupFacts { shop: of, ..facts(&[files, tables]) };
            let (request, _) = live();
            let seen = Facts { backup: Some(backup), ..Facts::default() };
            match decide(&request, &seen, &desk(), &PolicyConfig::default(), NOW) {
                Decision::Allow(_) => {}
                Decision::Deny(broken) => {
                    for one in broken.iter().filter(|one| one.rule == Rule::LiveBackup) {
                        reads_well(one);
                        let word = format!("{:?}", one.args.first());
                        assert!(
                            one.way_out().contains("--backup FILE")
                                || one.way_out().contains("--backup /"),
                            "{word}"
                        );
                        sentences.insert(word, one.what());
                    }
                }
            }
        }
        let different: std::collections::BTreeSet<_> = sentences.values().collect();
        assert_eq!(different.len(), sentences.len(), "{sentences:#?}");
        assert!(
            sentences.values().all(|text| !text.contains("no backup is named")),
            "{sentences:#?}"
        );
    }

    #[test]
    fn every_note_is_in_the_catalogue() {
        for note in
            [BackupNote::ConfigElsewhere, BackupNote::TablesUnproved, BackupNote::PrefixUnknown]
        {
            assert!(crate::message::has(note.message()), "{note:?}");
        }
    }

    #[test]
    fn a_name_is_a_whole_path_there_or_a_file_here() {
        for good in ["/b", "/b/a b.sql", "local:x", "local:/x", "local:./ü.zip", "local:C:\\x.zip"]
        {
            assert_eq!(BackupName::read(good).unwrap().typed(), good);
        }
        for bad in [
            "",
            " ",
            "x.sql",
            "~/x",
            "local:",
            "local: ",
            "/a\nb",
            "/a\u{1b}[2J",
            "local:a\u{202e}",
        ] {
            assert!(BackupName::read(bad).is_err(), "{bad:?}");
        }
        assert!(BackupName::read(&format!("/{}", "x".repeat(5000))).is_err());
    }

    #[test]
    fn a_size_is_said_with_one_digit_behind_the_point() {
        for (bytes, words) in
            [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KB"), (u64::MAX, "16777215.9 TB")]
        {
            assert_eq!(size_in_words(bytes), words);
        }
    }
}
