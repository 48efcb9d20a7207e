//! The authentication of marks: everything that a grant leaves on a server says its id, and a tag
//! that only somebody with this installation's key can make. So what a supporter wrote or copied is
//! told from what stagepass made, also when the ledger is lost.
//!
//! The tag says who made a mark, for which grant, account, key and server. It is no secret and
//! authorises nothing: whoever reads it can copy it, to the same place.

pub mod survey;

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::file::{self, Links, Unread};
use crate::message::{self, Arg};
use crate::secret::RandomFailed;

/// Bytes of an installation's key.
const KEY_BYTES: usize = 32;

/// What is longer than this is no key, in bytes.
const FILE_LIMIT: u64 = 1024 * 1024;

/// Bytes of a tag. Nobody can try tags without a merchant looking at them: 128 bits are plenty.
const TAG_BYTES: usize = 16;

/// Crockford's base 32, in lower case: no letter that a script or a comment field would mind. What
/// it reads has one spelling.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut base32 = Specification::new();
    base32.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    base32.encoding().expect("thirty-two symbols, each of them once")
});

/// Separates these tags from anything else that may ever be made with the key.
const DOMAIN: &[u8] = b"stagepass mark 1";

/// The same for what a ledger says that a target is.
const DOMAIN_OF_TARGETS: &[u8] = b"stagepass target 1";

/// Above this many pinned host keys only all of them together and each alone are tried.
const MOST_PINS: usize = 4;

/// The file in the state folder.
const FILE: &str = "mark.key";

/// What a tag speaks for.
#[derive(Debug, Clone, Copy)]
pub struct Marked<'a> {
    /// The grant's id.
    pub grant: &'a str,
    /// The provider that made the mark.
    pub provider: &'a str,
    /// The account that it opens.
    pub account: &'a str,
    /// The supporter's public key, `type base64` or only the base64; `None` where there is none.
    pub public_key: Option<&'a str>,
    /// The fingerprints of the host keys by which the server is known; none for this machine. The
    /// order does not matter.
    pub host_keys: &'a [String],
}

/// This installation's key. Wiped on drop; its `Debug` says nothing.
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// The key of this installation, made now if there is none yet.
    ///
    /// # Errors
    /// Fails when it cannot be made, or the one there is cannot be trusted.
    pub fn load_or_make(context: &Context) -> Result<Self> {
        if let Some(key) = Self::load(context)? {
            return Ok(key);
        }
        context.make_state_dir()?;
        let path = path(context);
        let cannot = |e: io::Error| {
            Error::of(Kind::Internal, "mark-key-not-made", &[("path", path.display().into())])
                .because(e)
        };
        match make(&path) {
            Ok(()) => {}
            // Another process was faster: its key is the one.
            Err(Unmade::Io(e)) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(Unmade::Io(e)) => return Err(cannot(e)),
            Err(Unmade::Random(e)) => return Err(cannot(io::Error::other(e))),
        }
        Self::load(context)?.ok_or_else(|| cannot(io::ErrorKind::NotFound.into()))
    }

    /// The key of this installation; `None` where it has none.
    ///
    /// # Errors
    /// Fails when there is one that cannot be read, or that others can read or could have written.
    pub fn load(context: &Context) -> Result<Option<Self>> {
        let path = path(context);
        read(&path).map_err(|why| {
            Error::of(Kind::Usage, "mark-key-unusable", &[])
                .because_of(
                    "mark-key-unusable.why",
                    &[("path", path.display().into()), ("why", why.into())],
                )
                .hint_of("mark-key-unusable.put-back", &[("path", path.display().into())])
                .hint_of("mark-key-unusable.without", &[])
        })
    }

    /// The tag of a mark: 26 characters of `0-9a-z`.
    #[must_use]
    pub fn tag(&self, marked: &Marked<'_>) -> String {
        let Some(mac) = self.mac(marked, &sorted(marked.host_keys)) else {
            return String::new();
        };
        let whole = mac.finalize().into_bytes();
        BASE32.encode(whole.get(..TAG_BYTES).unwrap_or_default())
    }

    /// Whether this installation made `tag` for exactly this. Host keys may have been pinned or
    /// dropped since: the tag may speak for some of those given. In constant time for each.
    #[must_use]
    pub fn is_ours(&self, tag: &str, marked: &Marked<'_>) -> bool {
        let Some(bytes) = decode(tag) else { return false };
        choices(marked.host_keys).iter().fold(false, |ours, host_keys| {
            let fits = self
                .mac(marked, host_keys)
                .is_some_and(|mac| mac.verify_truncated_left(&bytes).is_ok());
            ours | fits
        })
    }

    /// What a close of this grant writes down, so that it is known afterwards for one that this installation
    /// sent. Nobody else can say it before one was. No provider has a name like that.
    #[must_use]
    pub fn closer(&self, grant: &str, provider: &str, account: &str) -> String {
        let provider = format!("{provider} close");
        let (public_key, host_keys) = (None, &[][..]);
        self.tag(&Marked { grant, provider: &provider, account, public_key, host_keys })
    }

    /// The tag of what a ledger says that a target is. Who can write the ledger and has not this key
    /// cannot make one, and so cannot lead us to a server of theirs.
    #[must_use]
    pub fn tag_of_target(&self, name: &str, text: &str) -> String {
        let Some(mac) = self.mac_of_target(name, text) else { return String::new() };
        let whole = mac.finalize().into_bytes();
        BASE32.encode(whole.get(..TAG_BYTES).unwrap_or_default())
    }

    /// Whether somebody with this key said that the target of this name is exactly this. In constant
    /// time.
    #[must_use]
    pub fn is_our_target(&self, tag: &str, name: &str, text: &str) -> bool {
        let Some(bytes) = decode(tag) else { return false };
        let mac = self.mac_of_target(name, text);
        mac.is_some_and(|mac| mac.verify_truncated_left(&bytes).is_ok())
    }

    fn mac_of_target(&self, name: &str, text: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).ok()?;
        mac.update(DOMAIN_OF_TARGETS);
        for part in [name, text] {
            add(&mut mac, part)?;
        }
        Some(mac)
    }

    /// Every part with its length in front, so that no two things have the same text.
    fn mac(&self, marked: &Marked<'_>, host_keys: &[&str]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).ok()?;
        let key = marked.public_key.and_then(|key| key.split_ascii_whitespace().next_back());
        let own = [marked.grant, marked.provider, marked.account, key.unwrap_or("-")];
        mac.update(DOMAIN);
        for part in own.iter().chain(host_keys) {
            add(&mut mac, part)?;
        }
        Some(mac)
    }
}

fn add(mac: &mut Hmac<Sha256>, part: &str) -> Option<()> {
    mac.update(&u64::try_from(part.len()).ok()?.to_be_bytes());
    mac.update(part.as_bytes());
    Some(())
}

/// Where the key of this installation is.
#[must_use]
pub fn path(context: &Context) -> PathBuf {
    context.state_dir.join(FILE)
}

fn sorted(host_keys: &[String]) -> Vec<&str> {
    let mut sorted: Vec<&str> = host_keys.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// The host keys that a tag may speak for: all, or some of them.
fn choices(host_keys: &[String]) -> Vec<Vec<&str>> {
    let all = sorted(host_keys);
    if all.len() > MOST_PINS {
        let each = all.iter().map(|one| vec![*one]).collect();
        return [vec![all], each].concat();
    }
    let some = |chosen: u32| {
        let picked = all.iter().enumerate().filter(|(place, _)| chosen >> place & 1 == 1);
        picked.map(|(_, one)| *one).collect()
    };
    // A target is this machine, without a host key, or has at least one.
    let fewest = u32::from(!all.is_empty());
    (fewest..1 << all.len()).map(some).collect()
}

/// The bytes of a tag.
fn decode(text: &str) -> Option<Vec<u8>> {
    BASE32.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == TAG_BYTES)
}

/// Why there is no new key.
enum Unmade {
    Io(io::Error),
    Random(RandomFailed),
}

/// Makes a key where there is none: whole under its name, or not there.
fn make(path: &Path) -> std::result::Result<(), Unmade> {
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    SysRng.try_fill_bytes(key.as_mut_slice()).map_err(|_| Unmade::Random(RandomFailed))?;
    file::create(path, key.as_slice()).map_err(Unmade::Io)
}

/// Reads a key that is ours alone; `None` where there is none. What is wrong with it, to be said
/// behind its name.
fn read(path: &Path) -> std::result::Result<Option<Key>, String> {
    let read = match file::read(path, FILE_LIMIT, Links::Refuse) {
        Ok(read) => read,
        Err(e) if e.is_missing() => return Ok(None),
        Err(Unread::NotRegular) if path.is_symlink() => {
            return Err(message::text("mark-key-unusable.link", &[]));
        }
        Err(Unread::NotRegular) => return Err(message::text("mark-key-unusable.no-file", &[])),
        Err(e) => return Err(message::text("mark-key-unusable.unread", &[("error", Arg::of(e))])),
    };
    if read.about.uid() != rustix::process::geteuid().as_raw() {
        return Err(message::text("mark-key-unusable.owner", &[]));
    }
    if read.about.mode() & 0o077 != 0 {
        return Err(message::text("mark-key-unusable.mode", &[]));
    }
    let count = read.bytes.len();
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    if count != KEY_BYTES {
        return Err(message::text(
            "mark-key-unusable.size",
            &[("count", count.into()), ("size", KEY_BYTES.into())],
        ));
    }
    key.copy_from_slice(&read.bytes);
    Ok(Some(Key(key)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// Characters of a tag: 128 bits, five at a time, as they may stand in a comment.
    const TAG_LENGTH: usize = 26;
    const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

    fn key(byte: u8) -> Key {
        Key(Zeroizing::new([byte; KEY_BYTES]))
    }

    fn prints(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| format!("SHA256:{name}")).collect()
    }

    fn marked(host_keys: &[String]) -> Marked<'_> {
        Marked {
            grant: "k3v9q2m7xa",
            provider: "linux-account",
            account: "sp-k3v9q2m7xa",
            public_key: Some("ssh-ed25519 AAAA"),
            host_keys,
        }
    }

    #[test]
    fn the_tag_of_a_target_speaks_for_one_name_and_one_text() {
        let tag = key(1).tag_of_target("shop", "what it is");
        assert_eq!(tag.len(), TAG_LENGTH);
        assert!(key(1).is_our_target(&tag, "shop", "what it is"));
        assert!(!key(2).is_our_target(&tag, "shop", "what it is"));
        for (name, text) in [
            ("shop2", "what it is"),
            ("shop", "what it was"),
            ("shopw", "hat it is"),
            ("", "shopwhat it is"),
            ("shop", ""),
        ] {
            assert!(!key(1).is_our_target(&tag, name, text), "{name} {text}");
        }
        for other in ["", &"0".repeat(TAG_LENGTH), &tag[1..]] {
            assert!(!key(1).is_our_target(other, "shop", "what it is"), "{other}");
        }
        // That of a mark on a server is none, whatever the mark is called.
        let mark = Marked {
            grant: "shop",
            provider: "what it is",
            account: "",
            public_key: None,
            host_keys: &[],
        };
        assert!(!key(1).is_our_target(&key(1).tag(&mark), "shop", "what it is"));
    }

    #[test]
    fn a_tag_speaks_for_one_thing_only() {
        let (one, other) = (prints(&["a"]), prints(&["b"]));
        let own = marked(&one);
        let tag = key(1).tag(&own);
        assert_eq!(tag.len(), TAG_LENGTH);
        assert!(tag.bytes().all(|symbol| SYMBOLS.contains(&symbol)), "{tag}");
        assert!(key(1).is_ours(&tag, &own));
        assert!(!key(2).is_ours(&tag, &own));
        for changed in [
            Marked { grant: "k3v9q2m7xb", ..own },
            Marked { provider: "authorized-key", ..own },
            Marked { account: "sp-k3v9q2m7xb", ..own },
            Marked { public_key: Some("ssh-ed25519 AAAB"), ..own },
            Marked { public_key: None, ..own },
            Marked { host_keys: &other, ..own },
            Marked { host_keys: &[], ..own },
            // What stands in one part must not be taken for the end of the one before.
            Marked { grant: "k3v9q2m7xalinux", provider: "-account", ..own },
        ] {
            assert!(!key(1).is_ours(&tag, &changed), "{changed:?}");
        }
        // The marks of a server show the bare key.
        assert!(key(1).is_ours(&tag, &Marked { public_key: Some("AAAA"), ..own }));
    }

    #[test]
    fn a_tag_that_was_edited_is_nobodys() {
        let one = prints(&["a"]);
        let own = marked(&one);
        let tag = key(1).tag(&own);
        for place in 0..tag.len() {
            for symbol in SYMBOLS.iter().map(|symbol| char::from(*symbol)) {
                let mut edited = tag.clone();
                edited.replace_range(place..=place, &symbol.to_string());
                assert_eq!(key(1).is_ours(&edited, &own), edited == tag, "{edited}");
            }
        }
        for text in ["", "-", &tag[1..], &format!("{tag}0"), &tag.to_uppercase(), "ü"] {
            assert!(!key(1).is_ours(text, &own), "{text}");
        }
    }

    #[test]
    fn a_host_key_that_is_pinned_later_or_no_more_changes_nothing() {
        let (one, two) = (prints(&["a"]), prints(&["b", "a"]));
        let five = prints(&["a", "b", "c", "d", "e"]);
        let tag = key(1).tag(&marked(&one));
        assert!(key(1).is_ours(&tag, &marked(&two)));
        assert!(key(1).is_ours(&tag, &marked(&five)));
        let tag = key(1).tag(&marked(&two));
        assert_eq!(tag, key(1).tag(&marked(&prints(&["a", "b", "a"]))));
        assert!(!key(1).is_ours(&tag, &marked(&one)));
        let here = key(1).tag(&marked(&[]));
        assert!(key(1).is_ours(&here, &marked(&[])));
        assert!(!key(1).is_ours(&here, &marked(&one)));
    }

    #[test]
    fn every_tag_is_read_as_it_was_written() {
        for byte in 0..=255_u8 {
            let bytes: Vec<u8> = (0..16).map(|place| byte.wrapping_mul(place + 1)).collect();
            let text = BASE32.encode(&bytes);
            assert_eq!(text.len(), TAG_LENGTH);
            assert_eq!(decode(&text), Some(bytes), "{text}");
        }
        // Sixteen bytes leave two bits of the last character, and they are nought.
        assert_eq!(decode(&format!("{}1", "0".repeat(25))), None);
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert!(read(&path).unwrap().is_none());
        assert!(make(&path).is_ok());
        let first = std::fs::read(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(
            make(&path),
            Err(Unmade::Io(e)) if e.kind() == io::ErrorKind::AlreadyExists
        ));
        assert_eq!(std::fs::read(&path).unwrap(), first);
        assert_eq!(read(&path).unwrap().unwrap().0.as_slice(), first);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(format!("{:?}", read(&path).unwrap()), "Some(Key(..))");
    }

    #[test]
    fn a_key_that_others_may_have_seen_or_put_there_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert!(make(&path).is_ok());
        for mode in [0o640, 0o604, 0o620, 0o602] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(read(&path).unwrap_err().contains("others"), "{mode:o}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(read(&link).unwrap_err().contains("link"));
        std::fs::write(&path, b"short").unwrap();
        assert!(read(&path).unwrap_err().contains("5 bytes"));
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join("fifo"), rustix::fs::Mode::RWXU)
            .unwrap();
        assert!(read(&folder.path().join("fifo")).unwrap_err().contains("regular"));
    }
}
