//! Whether a folder may be given to a supporter as the shop: proved by what the server says of it,
//! not proved, or refused.
//!
//! Whoever writes where root runs programs, reads settings or keeps its jobs is root, and whoever
//! writes where an account logs in is that account. No reason makes such a folder a shop's. What
//! is merely unusual is for the merchant to say.

use serde::{Deserialize, Serialize};

use super::Rule;
use crate::grant::Access;
use crate::message::Arg;
use crate::remote::script::Reply;

/// The first user id that people have on the systems that stagepass knows.
const FIRST_PERSON: u32 = 1000;

/// `nobody`: a file that is nobody's belongs to whoever happens to come.
const NOBODY: u32 = 65_534;

/// The accounts that web servers have on the systems that stagepass knows.
const WEB_ACCOUNTS: [&str; 9] =
    ["www-data", "apache", "nginx", "httpd", "http", "wwwrun", "www", "daemon", "lighttpd"];

/// The shop folder as a server described it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FolderFacts {
    /// Whether there is a folder of that name; `None` where nobody said.
    pub exists: Option<bool>,
    /// Its path with every link resolved; empty where it cannot be entered.
    pub real: String,
    /// The owner's name.
    pub owner: String,
    /// The owner's user id.
    pub uid: Option<u32>,
    /// The folders above it, from the nearest to the root.
    pub above: Vec<FolderAbove>,
    /// Other paths that lead to the very same folder.
    pub aliases: Vec<String>,
    /// The kind of its file system.
    pub file_system: String,
    /// The homes and login keys that it holds, and the homes that it is in.
    pub homes: Vec<AccountHome>,
    /// Files in it by which a shop is known.
    pub signs: Vec<String>,
    /// Whether a web server or PHP runs as its owner.
    pub web_owner: bool,
    /// Whether a web server is set to serve it.
    pub served: bool,
    /// Files by which root runs programs that are in it.
    pub root_runs: Vec<String>,
}

/// A folder above the shop folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderAbove {
    /// Its path.
    pub path: String,
    /// Its mode, as in `chmod`.
    pub mode: u32,
}

/// How an account's home or its login keys and the shop folder lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// The home is the folder, or in it.
    Holds,
    /// The folder is in the home.
    In,
    /// The account's `.ssh` is in the folder, or the folder in that.
    Keys,
}

/// An account of the server, as far as the shop folder concerns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountHome {
    /// How they lie to each other.
    pub relation: Relation,
    /// The account's name.
    pub account: String,
    /// Its user id.
    pub uid: Option<u32>,
    /// Its login shell.
    pub shell: String,
    /// Its home, or its `.ssh`.
    pub path: String,
}

impl AccountHome {
    /// Reads `RELATION NAME UID SHELL PATH`.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.splitn(5, ' ');
        let relation = match words.next()? {
            "holds" => Relation::Holds,
            "in" => Relation::In,
            "keys" => Relation::Keys,
            _ => return None,
        };
        Some(Self {
            relation,
            account: words.next()?.to_owned(),
            uid: words.next()?.parse().ok(),
            shell: words.next()?.to_owned(),
            path: words.next()?.to_owned(),
        })
    }

    /// Whether somebody could log in to it who put a key there.
    fn logs_in(&self) -> bool {
        let program = self.shell.rsplit('/').next().unwrap_or_default();
        self.uid == Some(0)
            || !matches!(program, "nologin" | "false" | "true" | "sync" | "halt" | "shutdown")
    }
}

impl FolderFacts {
    /// Reads what `detect` replied; `None` where there is no shop folder.
    #[must_use]
    pub fn read(path: Option<&str>, reply: &Reply) -> Option<Self> {
        path?;
        let rights = reply.text("path_rights");
        let above = |line: &str| {
            let mut words = line.splitn(4, ' ');
            let mode = u32::from_str_radix(words.nth(2)?, 8).ok()?;
            Some(FolderAbove { mode, path: words.next()?.to_owned() })
        };
        let lines = |name: &str| reply.lines(name).map(str::to_owned).collect();
        Some(Self {
            exists: match reply.text("path_exists") {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            real: reply.text("path_real").to_owned(),
            owner: reply.text("path_owner").to_owned(),
            uid: rights.split(' ').next().and_then(|uid| uid.parse().ok()),
            above: reply.lines("path_above").filter_map(above).collect(),
            aliases: lines("path_alias"),
            file_system: reply.text("path_file_system").to_owned(),
            homes: reply.lines("path_home").filter_map(AccountHome::read).collect(),
            signs: reply.text("path_signs").split_whitespace().map(str::to_owned).collect(),
            web_owner: reply.is("path_web_owner"),
            served: !reply.text("path_served_as").is_empty(),
            root_runs: lines("path_root_runs"),
        })
    }

    /// Whether its owner is a person's account or the web server's.
    fn owner_is_fit(&self) -> bool {
        match self.uid {
            Some(0 | NOBODY) | None => false,
            Some(uid) if uid >= FIRST_PERSON => true,
            Some(_) => self.web_owner || WEB_ACCOUNTS.contains(&self.owner.as_str()),
        }
    }
}

/// What stands against a folder: a rule, and what its sentences are about.
pub(super) type Objection = (Rule, Vec<(&'static str, Arg)>);

/// What a place is by its name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Anything can be there, also a shop.
    Any,
    /// Belongs to programs; a shop is there now and then, and shows it.
    Programs,
    /// One folder for everything of a kind: name the shop in it.
    Whole,
    /// The system's, or written by everybody.
    System,
}

impl Place {
    /// Of a path without links.
    fn of(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [] | ["home" | "srv" | "opt" | "var" | "mnt" | "media" | "usr"] => Self::Whole,
            ["opt", "bitnami"] | ["opt", _, "bin" | "sbin" | "lib" | "etc"] => Self::System,
            ["usr", rest @ ..] => Self::of_usr(rest),
            ["var", rest @ ..] => Self::of_var(rest),
            [first, ..] if is_system(first) => Self::System,
            _ => Self::Any,
        }
    }

    fn of_usr(rest: &[&str]) -> Self {
        match rest {
            ["share" | "local"] | ["local", "share"] => Self::System,
            ["local", first, ..] | [first, ..]
                if first.starts_with("lib")
                    || matches!(*first, "bin" | "sbin" | "etc" | "include" | "games" | "src") =>
            {
                Self::System
            }
            _ => Self::Programs,
        }
    }

    fn of_var(rest: &[&str]) -> Self {
        match rest {
            ["lib"] => Self::System,
            ["lib", first, ..] => match *first {
                "dpkg" | "apt" | "rpm" | "pacman" | "systemd" | "private" | "polkit-1" | "dbus"
                | "sudo" | "pam" | "ucf" | "cloud" | "snapd" | "machines" | "portables"
                | "dhcp" | "NetworkManager" | "containerd" | "stagepass" => Self::System,
                _ => Self::Programs,
            },
            [
                "spool" | "log" | "cache" | "mail" | "backups" | "run" | "lock" | "tmp" | "local"
                | "crash" | "db" | "empty" | "games" | "account" | "yp" | "adm" | "kerberos"
                | "preserve",
                ..,
            ] => Self::System,
            _ => Self::Any,
        }
    }
}

/// Whether a folder of the root is the system's.
fn is_system(first: &str) -> bool {
    first.starts_with("lib")
        || matches!(
            first,
            "bin"
                | "boot"
                | "dev"
                | "efi"
                | "etc"
                | "gnu"
                | "lost+found"
                | "nix"
                | "proc"
                | "root"
                | "run"
                | "sbin"
                | "snap"
                | "sys"
                | "sysroot"
                | "tmp"
        )
}

/// Whether a file system shows the kernel's own state.
fn is_of_the_kernel(kind: &str) -> bool {
    matches!(
        kind,
        "proc"
            | "sysfs"
            | "devtmpfs"
            | "devpts"
            | "cgroup"
            | "cgroup2"
            | "securityfs"
            | "debugfs"
            | "tracefs"
            | "configfs"
            | "efivarfs"
            | "pstore"
            | "bpf"
            | "mqueue"
            | "hugetlbfs"
            | "fusectl"
            | "binfmt_misc"
            | "rpc_pipefs"
            | "selinuxfs"
    )
}

/// Everything that stands against this folder. `own_account` says whether rights would be given
/// there to an account of its own; in a shared account the folder is only where SFTP begins, and
/// whose it is changes nothing.
pub(super) fn judge(
    path: &str,
    folder: &FolderFacts,
    access: Access,
    own_account: bool,
) -> Vec<Objection> {
    let shown = |more: Vec<(&'static str, Arg)>| {
        let real = Some(folder.real.as_str()).filter(|real| !real.is_empty());
        let mut args = vec![("path", path.into()), ("real", real.unwrap_or(path).into())];
        args.extend(more);
        args
    };
    match folder.exists {
        Some(true) if !folder.real.is_empty() => {}
        // A provider of the merchant's own need not say anything of folders.
        None if !own_account => return Vec::new(),
        None => {
            return vec![(Rule::PathNotProved, shown(vec![("kind", "unsaid".into())]))];
        }
        exists => {
            let kind = if exists == Some(true) { "closed" } else { "none" };
            return vec![(Rule::PathMissing, shown(vec![("kind", kind.into())]))];
        }
    }
    let refused = refusals(folder, access);
    let objections = if refused.is_empty() && own_account { doubts(folder) } else { refused };
    objections.into_iter().map(|(rule, args)| (rule, shown(args))).collect()
}

/// What no reason sets aside.
fn refusals(folder: &FolderFacts, access: Access) -> Vec<Objection> {
    let mut found: Vec<Objection> = Vec::new();
    let place = std::iter::once(&folder.real)
        .chain(&folder.aliases)
        .map(|path| (Place::of(path), path))
        .max_by_key(|(place, _)| *place);
    if let Some((place, at)) = place {
        let is_program = place == Place::Programs && folder.signs.is_empty() && !folder.served;
        let kind = match place {
            Place::System => Some("system"),
            Place::Whole => Some("whole"),
            _ if is_of_the_kernel(&folder.file_system) => Some("kernel"),
            Place::Programs if is_program => Some("programs"),
            _ => None,
        };
        if let Some(kind) = kind {
            let args = vec![("kind", kind.into()), ("at", at.as_str().into())];
            found.push((Rule::PathSystem, args));
        }
    }
    if let Some((kind, home)) = home_of(folder) {
        found.push((
            Rule::PathHome,
            vec![
                ("kind", kind.into()),
                ("account", home.account.as_str().into()),
                ("at", home.path.as_str().into()),
            ],
        ));
    }
    // Its way out would be none where another rule refuses.
    if found.is_empty()
        && access != Access::SftpReadOnly
        && let Some(file) = folder.root_runs.first()
    {
        found.push((Rule::PathRoot, vec![("file", file.as_str().into())]));
    }
    found
}

/// The account whose logins are decided in the folder, and by what.
fn home_of(folder: &FolderFacts) -> Option<(&'static str, &AccountHome)> {
    folder.homes.iter().find_map(|home| {
        let kind = match home.relation {
            Relation::Keys => "keys",
            Relation::Holds if home.logs_in() => "holds",
            Relation::Holds => return None,
            // What a shell, a mailer or a scheduler obeys begins with a dot; programs are in bin.
            Relation::In => {
                let inner = folder.real.strip_prefix(home.path.trim_end_matches('/'))?;
                let first = inner.trim_start_matches('/').split('/').next()?;
                if !first.starts_with('.') && first != "bin" {
                    return None;
                }
                "settings"
            }
        };
        Some((kind, home))
    })
}

/// What is missing for a proof.
fn doubts(folder: &FolderFacts) -> Vec<Objection> {
    let mut found: Vec<Objection> = Vec::new();
    let mut doubt = |kind: &'static str, more: &str| {
        found.push((Rule::PathNotProved, vec![("kind", kind.into()), ("more", more.into())]));
    };
    if !folder.owner_is_fit() {
        match folder.uid {
            Some(0) => doubt("root", "root"),
            Some(NOBODY) | None => doubt("nobody", &folder.owner),
            Some(_) => doubt("service", &folder.owner),
        }
    }
    if let Some(above) = folder.above.iter().find(|above| above.mode & 0o002 != 0) {
        doubt("writable", &above.path);
    }
    let paths = || std::iter::once(&folder.real).chain(&folder.aliases);
    if let Some(at) = paths().find(|path| Place::of(path) == Place::Programs) {
        doubt("programs", at);
    }
    if let Some(home) = folder.homes.iter().find(|home| home.relation == Relation::Holds) {
        doubt("home", &home.account);
    } else if let ["home", name] =
        folder.real.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().as_slice()
        && folder.signs.is_empty()
    {
        // The account may be in a directory that /etc/passwd knows nothing of.
        doubt("home", name);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::{NOW, desk, request};
    use crate::policy::{Decision, Facts, Override, PolicyConfig, Request, decide};

    const OK: &str = "";
    const MISSING: &str = "path.missing";
    const SYSTEM: &str = "path.system";
    const HOME: &str = "path.home";
    const ROOT: &str = "path.root";
    const UNPROVED: &str = "path.not-proved";

    /// A path, what is true of it, and the rules that stand against it. The first word is the owner;
    /// see [`told`] for the others.
    const ROWS: &[(&str, &str, &str)] = &[
        // Where shops are.
        ("/srv/www/x", "deploy:1000", OK),
        ("/srv/shop", "www-data:33", OK),
        ("/srv/my shop $x", "deploy:1000", OK),
        ("/srv/läden/größe", "deploy:1000", OK),
        ("/srv/-rf", "deploy:1000", OK),
        ("/var/www/shop", "www-data:33", OK),
        ("/var/www/html", "apache:48", OK),
        ("/var/www/shop/", "deploy:1000 real=/var/www/shop", OK),
        (
            "/var/www/vhosts/x/httpdocs",
            "kunde:10001 home=in,kunde,10001,/bin/bash,/var/www/vhosts/x",
            OK,
        ),
        (
            "/var/www/clients/client1/web1/web",
            "web1:5004 home=in,web1,5004,/bin/false,/var/www/clients/client1/web1",
            OK,
        ),
        ("/var/vhosts/x", "nginx:101", OK),
        ("/home/u/public_html", "u:1000 home=in,u,1000,/bin/bash,/home/u", OK),
        ("/home/u/web/x.nl/public_html", "u:1000 home=in,u,1000,/bin/bash,/home/u", OK),
        ("/home/u/public_html", "www-data:33 home=in,u,1000,/bin/bash,/home/u", OK),
        ("/home/u/binaries", "u:1000 home=in,u,1000,/bin/bash,/home/u", OK),
        ("/opt/bitnami/wordpress", "bitnami:1000 sign", OK),
        ("/opt/shop", "deploy:1000", OK),
        ("/data/shop", "deploy:1000", OK),
        ("/www/wwwroot/x", "www:1000", OK),
        ("/mnt/nfs/shop", "deploy:1000 fs=nfs4", OK),
        ("/media/disk/shop", "deploy:1000 fs=ext4", OK),
        ("/srv/current", "deploy:1000 real=/srv/releases/5", OK),
        ("/etc/shop", "deploy:1000 real=/srv/shop", OK),
        ("/srv/shop", "shopsvc:990 web", OK),
        ("/srv/shop", "deploy:1000 above=2775:/srv", OK),
        ("/srv/shop", "deploy:1000 alias=/data/shop", OK),
        ("/srv/shop", "deploy:59999", OK),
        ("/var/www/html", "www-data:33 home=in,www-data,33,/usr/sbin/nologin,/var/www", OK),
        // What is not there, or cannot be entered.
        ("/srv/nothing", "missing", MISSING),
        ("/etc/nothing", "missing", MISSING),
        ("/srv/a-file", "missing", MISSING),
        ("/srv/shut", "closed", MISSING),
        ("/srv/nothing", "missing shared", MISSING),
        // The system's.
        ("/", "root:0", SYSTEM),
        ("//", "root:0 real=/", SYSTEM),
        ("/bin", "root:0 real=/usr/bin", SYSTEM),
        ("/boot", "root:0", SYSTEM),
        ("/boot/grub", "root:0", SYSTEM),
        ("/dev/shm", "root:0 fs=tmpfs above=755:/dev", SYSTEM),
        ("/dev/shm/shop", "deploy:1000 fs=tmpfs", SYSTEM),
        ("/etc", "root:0", SYSTEM),
        ("/etc", "root:0 shared", SYSTEM),
        ("/etc/cron.d", "root:0", SYSTEM),
        ("/etc/nginx", "deploy:1000", SYSTEM),
        ("/etc/ssh", "root:0 ro", SYSTEM),
        ("/srv/../etc/ssh", "root:0 real=/etc/ssh", SYSTEM),
        ("/srv/link", "root:0 real=/etc/cron.d", SYSTEM),
        ("/srv/link", "deploy:1000 real=/usr/local/sbin", SYSTEM),
        ("/srv/bound", "root:0 alias=/etc", SYSTEM),
        ("/srv/bound", "deploy:1000 alias=/root/shop", SYSTEM),
        ("/srv/bound", "deploy:1000 fs=proc", SYSTEM),
        ("/srv/bound", "deploy:1000 fs=cgroup2", SYSTEM),
        ("/lib/systemd", "root:0 real=/usr/lib/systemd", SYSTEM),
        ("/lib64", "root:0", SYSTEM),
        ("/proc", "root:0 fs=proc", SYSTEM),
        ("/proc/1/root/srv/shop", "deploy:1000", SYSTEM),
        ("/root/x", "deploy:1000 home=in,root,0,/bin/bash,/root", SYSTEM),
        ("/run/shop", "www-data:33 fs=tmpfs", SYSTEM),
        ("/sbin", "root:0", SYSTEM),
        ("/sys/kernel", "root:0 fs=sysfs", SYSTEM),
        ("/tmp/x", "deploy:1000 above=1777:/tmp", SYSTEM),
        ("/var/tmp/x", "deploy:1000 above=1777:/var/tmp", SYSTEM),
        ("/usr", "root:0", SYSTEM),
        ("/usr/bin", "root:0", SYSTEM),
        ("/usr/local", "root:0", SYSTEM),
        ("/usr/local", "deploy:1000 sign", SYSTEM),
        ("/usr/local/sbin", "root:0", SYSTEM),
        ("/usr/local/bin/shop", "deploy:1000 sign", SYSTEM),
        ("/usr/local/lib/python3", "root:0", SYSTEM),
        ("/usr/share", "root:0", SYSTEM),
        ("/usr/share/perl5", "root:0", SYSTEM),
        ("/usr/src", "root:0", SYSTEM),
        ("/usr/src/linux", "deploy:1000 sign", SYSTEM),
        ("/usr/libexec", "root:0", SYSTEM),
        ("/var", "root:0", SYSTEM),
        ("/var/lib", "root:0", SYSTEM),
        ("/var/lib/dpkg", "root:0", SYSTEM),
        ("/var/lib/dpkg/info", "root:0 sign", SYSTEM),
        ("/var/lib/systemd", "root:0", SYSTEM),
        ("/var/lib/mysql", "mysql:105", SYSTEM),
        ("/var/lib/stagepass", "root:0", SYSTEM),
        ("/var/spool", "root:0", SYSTEM),
        ("/var/spool/cron", "root:0", SYSTEM),
        ("/var/spool/cron/crontabs", "deploy:1000", SYSTEM),
        ("/var/log", "root:0", SYSTEM),
        ("/var/log/nginx", "www-data:33", SYSTEM),
        ("/var/cache/shop", "www-data:33", SYSTEM),
        ("/var/mail", "root:0", SYSTEM),
        ("/home", "root:0", "path.system path.home holds"),
        ("/srv", "root:0", SYSTEM),
        ("/opt", "root:0", SYSTEM),
        ("/opt/bitnami", "root:0", SYSTEM),
        ("/opt/x/bin", "deploy:1000", SYSTEM),
        ("/mnt", "root:0", SYSTEM),
        // Where somebody logs in.
        ("/home/u", "u:1000 home=holds,u,1000,/bin/bash,/home/u", HOME),
        ("/home/u", "u:1000 sign home=keys,-,-,-,/home/u/.ssh", HOME),
        ("/home/u", "u:1000 home=holds,u,1000,/bin/bash,/home/u shared", HOME),
        ("/home/u", "u:1000 home=holds,u,1000,/bin/bash,/home/u ro", HOME),
        ("/home/u/.ssh", "u:1000 home=keys,u,1000,/bin/bash,/home/u/.ssh", HOME),
        ("/home/u/.config/systemd", "u:1000 home=in,u,1000,/bin/bash,/home/u", HOME),
        ("/home/u/.local", "u:1000 home=in,u,1000,/bin/bash,/home/u", HOME),
        ("/home/u/bin", "u:1000 home=in,u,1000,/bin/bash,/home/u", HOME),
        ("/srv/panel", "deploy:1000 home=holds,u,1001,/bin/sh,/srv/panel/user", HOME),
        ("/srv/shop", "deploy:1000 home=keys,u,1001,/bin/sh,/srv/shop/keys", HOME),
        ("/srv/shop", "deploy:1000 home=holds,toor,0,/usr/sbin/nologin,/srv/shop/x", HOME),
        // What root runs.
        ("/srv/shop", "deploy:1000 cron=/etc/cron.d/magento", ROOT),
        ("/var/www/shop", "www-data:33 cron=/etc/sudoers.d/deploy", ROOT),
        ("/srv/shop", "deploy:1000 cron=/etc/systemd/system/queue.service shared", ROOT),
        ("/srv/shop", "deploy:1000 cron=/etc/cron.d/magento ro", OK),
        // What may be, and is not shown to be.
        (
            "/usr/share/wordpress",
            "root:0 sign above=755:/usr/share",
            "path.not-proved path.not-proved",
        ),
        ("/usr/local/www/shop", "www:1080 sign", UNPROVED),
        ("/var/lib/wordpress/wp-content", "www-data:33 served", UNPROVED),
        ("/var/lib/docker/volumes/x/_data", "www-data:33 sign", UNPROVED),
        ("/var/www", "root:0", UNPROVED),
        ("/var/www", "www-data:33 home=holds,www-data,33,/usr/sbin/nologin,/var/www", UNPROVED),
        ("/srv/shop", "root:0", UNPROVED),
        ("/srv/shop", "root:0 sign served", UNPROVED),
        ("/srv/shop", "root:0 shared", OK),
        ("/srv/db", "postgres:106", UNPROVED),
        ("/srv/nobody", "nobody:65534 fs=nfs", UNPROVED),
        ("/srv/open/shop", "deploy:1000 above=777:/srv/open", UNPROVED),
        ("/srv/open/shop", "deploy:1000 above=1777:/srv/open", UNPROVED),
        ("/home/ldap", "ldap:20001", UNPROVED),
        ("/home/shop", "shop:1001 sign", OK),
        ("/srv/ftp", "ftp:1002 home=holds,ftp,1002,/usr/sbin/nologin,/srv/ftp", UNPROVED),
        ("/srv/unsaid", "unsaid", UNPROVED),
        ("/srv/unsaid", "unsaid shared", OK),
    ];

    /// The request and the facts of a row.
    fn told(path: &str, words: &str) -> (Request, Facts) {
        let mut request = Request { path: Some(path.into()), ..request() };
        let mut folder =
            FolderFacts { exists: Some(true), real: path.into(), ..FolderFacts::default() };
        for word in words.split(' ') {
            match word.split_once('=') {
                None if word == "missing" => folder.exists = Some(false),
                None if word == "unsaid" => folder.exists = None,
                None if word == "closed" => folder.real = String::new(),
                None if word == "shared" => request.account = Some("deploy".into()),
                None if word == "ro" => request.access = Access::SftpReadOnly,
                None if word == "sign" => folder.signs = vec!["index.php".into()],
                None if word == "served" => folder.served = true,
                None if word == "web" => folder.web_owner = true,
                None => {
                    let (owner, uid) = word.split_once(':').unwrap();
                    folder.owner = owner.into();
                    folder.uid = Some(uid.parse().unwrap());
                }
                Some(("real", real)) => folder.real = real.into(),
                Some(("alias", other)) => folder.aliases.push(other.into()),
                Some(("fs", kind)) => folder.file_system = kind.into(),
                Some(("cron", file)) => folder.root_runs.push(file.into()),
                Some(("home", text)) => {
                    folder.homes.push(AccountHome::read(&text.replace(',', " ")).unwrap());
                }
                Some(("above", text)) => {
                    let (mode, path) = text.split_once(':').unwrap();
                    let mode = u32::from_str_radix(mode, 8).unwrap();
                    folder.above.push(FolderAbove { path: path.into(), mode });
                }
                Some(other) => panic!("{other:?}"),
            }
        }
        if path == "/home" {
            let home = "holds u 1000 /bin/bash /home/u";
            folder.homes.push(AccountHome::read(home).unwrap());
        }
        (request, Facts { folder: Some(folder), ..Facts::default() })
    }

    fn broken(request: &Request, facts: &Facts) -> Vec<crate::policy::Broken> {
        match decide(request, facts, &desk(), &PolicyConfig::default(), NOW) {
            Decision::Allow(_) => Vec::new(),
            Decision::Deny(broken) => broken,
        }
    }

    #[test]
    fn a_shop_folder_is_proved_or_not_or_refused() {
        assert!(ROWS.len() >= 80, "{} rows", ROWS.len());
        let mut wrong = Vec::new();
        for (path, words, expected) in ROWS {
            let (request, facts) = told(path, words);
            let found: Vec<_> = broken(&request, &facts).iter().map(|one| one.rule.id()).collect();
            let expected = expected.trim_end_matches(" holds");
            if found.join(" ") != expected {
                wrong.push(format!("{path} ({words}): {found:?}, not {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn only_what_is_merely_unproved_can_be_overridden() {
        for (path, words, expected) in ROWS {
            let (mut request, facts) = told(path, words);
            for rule in [MISSING, SYSTEM, HOME, ROOT, UNPROVED] {
                request.overrides =
                    vec![Override { rule: rule.into(), reason: "it is the shop".into() }];
                let left = broken(&request, &facts);
                let may = expected.is_empty() || expected.starts_with(UNPROVED);
                assert_eq!(left.is_empty(), may && rule == UNPROVED, "{path} {words} {rule}");
            }
        }
    }

    #[test]
    fn every_objection_says_the_path_and_what_to_do() {
        for (path, words, _) in ROWS {
            let (request, facts) = told(path, words);
            for one in broken(&request, &facts) {
                assert!(one.what().contains(&format!("`{path}`")), "{}", one.what());
                assert!(!one.why().is_empty() && !one.way_out().is_empty());
                let all = [one.what(), one.why(), one.way_out()].concat();
                assert!(!all.contains('{') && !all.contains("rule-"), "{all}");
            }
        }
    }

    #[test]
    fn the_reply_of_detect_is_read_as_it_is_written() {
        let text = "path_exists=true\npath_real=/srv/a b\npath_rights=1000 33 2750\n\
                    path_owner=deploy\npath_file_system=ext4\npath_signs=index.php app/etc\n";
        let values = text.lines().filter_map(|line| line.split_once('='));
        let mut values: std::collections::BTreeMap<_, _> =
            values.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        values.insert("path_above".into(), "0 0 755 /srv".into());
        values.insert("path_home".into(), "in u 1000 /bin/bash /srv/a b".into());
        let reply = Reply::from_values(values);
        let read = FolderFacts::read(Some("/srv/x"), &reply).unwrap();
        assert_eq!(
            (read.exists, read.real.as_str(), read.uid),
            (Some(true), "/srv/a b", Some(1000))
        );
        assert_eq!(read.above, [FolderAbove { path: "/srv".into(), mode: 0o755 }]);
        assert_eq!(read.homes[0].path, "/srv/a b");
        assert_eq!(read.signs, ["index.php", "app/etc"]);
        assert_eq!(FolderFacts::read(None, &reply), None);
    }
}
