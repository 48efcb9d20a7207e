//! Where a ledger is, and what can be seen of that place from outside the database.

use std::fmt;
use std::path::{Path, PathBuf};

use url::{Host, Url};

use super::LedgerError;
use crate::message::{self, Id};
use crate::secret::Secret;
use crate::text;

/// Which ledger to open. Its `Debug` never shows a URL.
#[derive(Debug)]
pub enum Location {
    /// An SQLite file, made on first use.
    File(PathBuf),
    /// A PostgreSQL database, `postgres://user@host/name`. It may hold a password.
    Url(Secret),
}

impl fmt::Display for Location {
    /// The path, or the URL without its password and without its parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url(url) => match Url::parse(url.expose()) {
                Ok(url) => f.write_str(&without_secrets(&url)),
                Err(_) => f.write_str(&message::text("ledger-url.unreadable", &[])),
            },
        }
    }
}

/// A location that was understood; what error messages name.
#[derive(Debug, Clone)]
pub(super) enum Place {
    File(PathBuf),
    Database(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Database(text) => f.write_str(text),
        }
    }
}

impl Place {
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Database(_) => None,
        }
    }

    /// Whether the file system under an SQLite file has no room left.
    pub(super) fn is_full(&self) -> bool {
        #[cfg(unix)]
        if let Some(folder) = self.file().and_then(Path::parent) {
            return rustix::fs::statvfs(folder)
                .is_ok_and(|room| room.f_bavail == 0 || (room.f_files > 0 && room.f_favail == 0));
        }
        false
    }

    /// Whether files can be made where an SQLite file is. True where that cannot be told.
    pub(super) fn has_writable_folder(&self) -> bool {
        #[cfg(unix)]
        if let Some(folder) = self.file().and_then(Path::parent) {
            return rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok();
        }
        true
    }

    /// The process that holds SQLite's write lock, where the system shows it.
    pub(super) fn lock_holder(&self) -> Option<String> {
        #[cfg(target_os = "linux")]
        {
            use std::os::unix::fs::MetadataExt as _;

            let file = self.file()?;
            let inode = |suffix: &str| {
                std::fs::metadata(beside(file, suffix)).ok().map(|data| data.ino().to_string())
            };
            // In WAL mode writers lock the `-shm` file; otherwise they lock the file itself.
            let inodes = [inode("-shm"), inode("")];
            let locks = std::fs::read_to_string("/proc/locks").ok()?;
            let holder = locks.lines().find_map(|line| holder_in(line, &inodes))?;
            let name = std::fs::read_to_string(format!("/proc/{holder}/comm")).ok()?;
            let name = text::one_line(&name, 32);
            Some(message::text(
                "ledger-lock-holder",
                &[("process", holder.into()), ("program", name.into())],
            ))
        }
        #[cfg(not(target_os = "linux"))]
        None
    }
}

/// The process in one line of `/proc/locks` if that is a write lock on one of these files:
/// `2: POSIX  ADVISORY  WRITE 4711 fe:01:131 120 120`.
#[cfg(target_os = "linux")]
fn holder_in(line: &str, inodes: &[Option<String>]) -> Option<u32> {
    let mut fields = line.split_whitespace().skip_while(|field| *field != "WRITE").skip(1);
    let pid: u32 = fields.next()?.parse().ok()?;
    let inode = fields.next()?.rsplit(':').next()?;
    let ours = inodes.iter().flatten().any(|known| known == inode);
    (ours && pid != std::process::id()).then_some(pid)
}

/// The path with a suffix behind its name, as SQLite names its other files.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn without_secrets(url: &Url) -> String {
    let user =
        if url.username().is_empty() { String::new() } else { format!("{}@", url.username()) };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let text = format!(
        "{}://{user}{}{port}{}",
        url.scheme(),
        url.host_str().unwrap_or_default(),
        url.path()
    );
    text::one_line(&text, 200)
}

/// Understands a PostgreSQL URL and makes it safe: a host that is not this machine is only spoken
/// to over TLS with a certificate that was verified.
pub(super) fn postgres(url: &Secret) -> Result<(Url, Place), LedgerError> {
    let bad = |why| LedgerError::BadUrl { why };
    let bad_by = |id: Id| bad(id.text());
    // The parser's own words are constants; they never hold a part of the URL.
    let mut url = Url::parse(url.expose()).map_err(|cause| bad(cause.to_string()))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(bad_by(Id("ledger-url.scheme")));
    }
    let mut hosts = Vec::new();
    let mut modes = Vec::new();
    for (key, value) in url.query_pairs() {
        match &*key {
            "host" | "hostaddr" => hosts.push(value.into_owned()),
            "sslmode" | "ssl-mode" => modes.push(value.into_owned()),
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" | "sslcert" | "ssl-cert" | "sslkey"
            | "ssl-key" | "port" | "dbname" | "user" | "password" | "application_name"
            | "options" => {}
            key if key.starts_with("options[") => {}
            _ => return Err(bad_by(Id("ledger-url.parameter-unknown"))),
        }
    }
    hosts.extend(url.host_str().filter(|host| !host.is_empty()).map(percent_decoded));
    let [host] = hosts.as_slice() else {
        return Err(bad_by(if hosts.is_empty() {
            Id("ledger-url.no-host")
        } else {
            Id("ledger-url.hosts")
        }));
    };
    let default_mode = if is_this_machine(host) { "prefer" } else { "verify-full" };
    match modes.as_slice() {
        // Always said, so that the environment cannot say something else.
        [] => {
            url.query_pairs_mut().append_pair("sslmode", default_mode);
        }
        [mode] if is_this_machine(host) || mode == "verify-full" => {}
        [mode, ..] => {
            return Err(LedgerError::InsecureUrl {
                host: text::one_line(host, 200),
                mode: text::one_line(mode, 40),
            });
        }
    }
    let place = Place::Database(without_secrets(&url));
    Ok((url, place))
}

/// A Unix socket or an address that never leaves this machine.
fn is_this_machine(host: &str) -> bool {
    if host.starts_with('/') || host == "localhost" {
        return true;
    }
    match Host::parse(host) {
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        _ => host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback()),
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let pair = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.filter(|_| first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The URL by which the `Any` driver opens an SQLite file, whatever its name holds.
pub(super) fn sqlite_url(file: &Path, parameters: &str) -> Result<Url, LedgerError> {
    let bad = |why| LedgerError::BadUrl { why };
    let bad_by = |id: Id| bad(id.text());
    let path = file.to_str().ok_or_else(|| bad_by(Id("ledger-url.path")))?;
    let mut text = String::from("sqlite://");
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text.push('?');
    text.push_str(parameters);
    Url::parse(&text).map_err(|cause| bad(cause.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(url: &str) -> Result<(Url, Place), LedgerError> {
        postgres(&Secret::new(url.into()))
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        for url in [
            "postgres://me:hunter2@db.example/ledger",
            "postgres://me@db.example/ledger?password=hunter2",
            "postgres://me:hunter2@db.example:99999999/ledger",
            "postgres://me:hunter2@/ledger",
            "mysql://me:hunter2@db.example/ledger",
            "postgres://me@db.example/ledger?pasword=hunter2",
            "postgres://me:hunter2@db.example/ledger?sslmode=hunter",
        ] {
            let location = Location::Url(Secret::new(url.into()));
            assert!(!format!("{location:?} {location}").contains("hunter2"), "{url}");
            let said = match understood(url) {
                Ok((_, place)) => format!("{place} {place:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!said.contains("hunter2"), "{url}: {said}");
        }
    }

    #[test]
    fn another_machine_is_only_spoken_to_over_verified_tls() {
        let (url, _) = understood("postgres://me@db.example/ledger").unwrap();
        assert!(url.as_str().ends_with("?sslmode=verify-full"));
        for mode in ["disable", "allow", "prefer", "require", "verify-ca"] {
            for url in [
                format!("postgres://me@db.example/ledger?sslmode={mode}"),
                format!("postgres://me@127.0.0.1.example/ledger?sslmode={mode}"),
                format!("postgres:///ledger?host=192.0.2.1&sslmode={mode}"),
                format!("postgres://db.example/ledger?sslmode=verify-full&sslmode={mode}"),
            ] {
                assert!(matches!(understood(&url), Err(LedgerError::InsecureUrl { .. })), "{url}");
            }
        }
    }

    #[test]
    fn a_socket_and_loopback_need_no_tls() {
        for url in [
            "postgres://me@%2Frun%2Fpostgresql/ledger",
            "postgres:///ledger?host=/run/postgresql",
            "postgres://me@localhost/ledger?sslmode=disable",
            "postgres://me@127.0.0.1:5433/ledger",
            "postgres://me@[::1]/ledger",
        ] {
            let (url, _) = understood(url).unwrap();
            assert!(!url.as_str().contains("verify-full"), "{url}");
        }
    }

    #[test]
    fn a_url_names_one_host() {
        for url in ["postgres:///ledger", "postgres://db.example/ledger?host=/run/postgresql"] {
            assert!(matches!(understood(url), Err(LedgerError::BadUrl { .. })), "{url}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_writer_is_found_among_the_locks() {
        let inodes = [Some("131".to_owned()), None];
        let line = "2: POSIX  ADVISORY  WRITE 4711 fe:01:131 120 120";
        assert_eq!(holder_in(line, &inodes), Some(4711));
        assert_eq!(holder_in("2: -> POSIX  ADVISORY  READ 4711 fe:01:131 120 120", &inodes), None);
        assert_eq!(holder_in("2: POSIX  ADVISORY  WRITE 4711 fe:01:1310 1 1", &inodes), None);
    }
}
