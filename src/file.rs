//! Files of the merchant's own computer: read whole, bounded, and only where they are what they should be;
//! written whole or not at all. What stands in them is no business of this module.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use zeroize::Zeroizing;

use crate::message::{self, Id, Note, Told, shown_by_note};

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// A folder, a pipe, a device, or a link where none may be.
    NotRegular,
    /// It has more bytes than that.
    TooLarge(u64),
    /// What the system said.
    Io(#[from] io::Error),
}

impl Told for Unread {
    fn note(&self) -> Note {
        match self {
            Self::NotRegular => Note::of("file-error-not-regular", &[]),
            Self::TooLarge(most) => {
                Note::of("file-error-too-large", &[("most", size(*most).into())])
            }
            Self::Io(error) => Note::quoted(error.to_string()),
        }
    }
}

shown_by_note!(Unread);

fn size(bytes: u64) -> String {
    match bytes / 1024 {
        kib if kib < 1024 => format!("{kib} KiB"),
        kib => format!("{} MiB", kib / 1024),
    }
}

impl Unread {
    /// Whether nothing of that name is there.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl From<Unread> for io::Error {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Io(error) => error,
            other => Self::new(io::ErrorKind::InvalidInput, other.to_string()),
        }
    }
}

/// What a file holds, and what was known of it when it was opened. Any may turn out to hold a secret: the
/// bytes are wiped.
pub(crate) struct Contents {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    pub(crate) about: Metadata,
}

impl Contents {
    /// As text, where it is UTF-8.
    pub(crate) fn text(&self) -> io::Result<&str> {
        std::str::from_utf8(&self.bytes).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, message::text("file-error-not-text", &[]))
        })
    }
}

/// Whether a name that is a link is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    Follow,
    Refuse,
}

/// Reads a regular file of at most so many bytes. What is written to it meanwhile is not read.
pub(crate) fn read(path: &Path, limit: u64, links: Links) -> Result<Contents, Unread> {
    // Looked at first: to open a device can set something off, and what is a pipe has no end.
    let about = match links {
        Links::Follow => fs::metadata(path)?,
        Links::Refuse => fs::symlink_metadata(path)?,
    };
    if !about.is_file() {
        return Err(Unread::NotRegular);
    }
    // And it may have become something else: without O_NONBLOCK a pipe would keep this waiting for ever.
    let mut flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    flags.set(OFlags::NOFOLLOW, links == Links::Refuse);
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let file = File::from(opened.map_err(io::Error::from)?);
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(Unread::NotRegular);
    }
    if about.len() > limit {
        return Err(Unread::TooLarge(limit));
    }
    // All of it from the start: a vector that grows leaves copies behind.
    let room = usize::try_from(about.len()).unwrap_or(usize::MAX);
    let mut bytes = Zeroizing::new(Vec::new());
    bytes.try_reserve_exact(room).map_err(io::Error::from)?;
    file.take(about.len()).read_to_end(&mut bytes)?;
    Ok(Contents { bytes, about })
}

/// What stands against believing a file: that somebody else could have written it. The rule by which sshd
/// trusts a key file; `owners` are those besides this user who may own it.
pub(crate) fn written_by_others(about: &Metadata, owners: &[u32]) -> Option<Id> {
    let me = rustix::process::geteuid().as_raw();
    if about.uid() != me && !owners.contains(&about.uid()) {
        return Some(Id("file-written-by.owner"));
    }
    (about.mode() & 0o022 != 0).then_some(Id("file-written-by.others"))
}

/// Replaces a file in one step, or makes it: at every moment it is the old one or the new one, whole, and it is
/// on the disk when this returns.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = folder_of(path);
    // `tempfile` makes it 0600, and takes it away again where anything fails.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    if mode != 0o600 {
        file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// The folder that a path is in; a bare name is in the current one.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new file that has no name until it is whole, so that whoever is killed leaves nothing of it (open(2),
/// `O_TMPFILE`). Only this user can read it.
pub(crate) struct Nameless(File);

impl Nameless {
    /// Makes it beside where it is to be. `None` where this system or this folder has no such thing (NFS), or
    /// could not give it its name later (no /proc).
    #[cfg(target_os = "linux")]
    pub(crate) fn beside(path: &Path) -> Option<Self> {
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(folder_of(path), flags, Mode::RUSR | Mode::WUSR);
        let file = Self(File::from(opened.ok()?));
        file.by_number().exists().then_some(file)
    }

    /// No other system has it.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn beside(_path: &Path) -> Option<Self> {
        None
    }

    /// To write to.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.0
    }

    /// Gives it its name, which must not be taken.
    pub(crate) fn name(&self, path: &Path) -> io::Result<()> {
        use rustix::fs::{AtFlags, CWD};
        self.0.sync_all()?;
        let by_number = self.by_number();
        Ok(rustix::fs::linkat(CWD, by_number, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
    }

    fn by_number(&self) -> std::path::PathBuf {
        use std::os::fd::AsRawFd as _;
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }
}

/// Makes a file whole under its name, or not at all; a name that is taken is an error. On the disk when this
/// returns.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    if let Some(mut file) = Nameless::beside(path) {
        file.file().write_all(bytes)?;
        file.name(path)?;
    } else {
        // `tempfile` creates with O_EXCL and mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
    }
    File::open(folder)?.sync_all()
}

/// Makes a folder with these files whole under its name, or not at all; a name that is taken is an error. Only this
/// user can read it, and it is on the disk when this returns.
pub(crate) fn create_folder(path: &Path, files: &[(&str, String)]) -> io::Result<()> {
    let above = folder_of(path);
    // Hidden until it is whole; who is killed leaves no more than that.
    let new = tempfile::Builder::new()
        .prefix(".new-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(above)?;
    for (name, text) in files {
        create(&new.path().join(name), text.as_bytes())?;
    }
    rename_to_free(new.path(), path)?;
    // Nothing of that name is there any more to be taken away.
    let _ = new.keep();
    File::open(above)?.sync_all()
}

/// Renames, but never over what is there.
fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags};
    use rustix::io::Errno;
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // This system or this file system cannot promise it (NFS). An empty folder of that name is then all that could
        // be lost, and only if somebody makes it at this very moment.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match to.symlink_metadata() {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(from, to),
        },
        renamed => Ok(renamed?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_small_regular_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "12345678").unwrap();
        std::os::unix::fs::symlink("file", path("link")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path("pipe"),
            rustix::fs::FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();
        let said = |name: &str, limit, links| match read(&path(name), limit, links) {
            Ok(contents) => contents.text().unwrap().to_owned(),
            Err(unread) => unread.to_string(),
        };
        assert_eq!(said("file", 8, Links::Refuse), "12345678");
        assert_eq!(said("link", 8, Links::Follow), "12345678");
        assert_eq!(said("file", 7, Links::Follow), "it is larger than 0 KiB");
        for (name, links) in [("link", Links::Refuse), ("pipe", Links::Follow), ("", Links::Follow)]
        {
            assert_eq!(said(name, 8, links), "it is not a regular file", "{name}");
        }
        assert!(read(&path("none"), 8, Links::Follow).is_err_and(|unread| unread.is_missing()));
        assert_eq!(Unread::TooLarge(4 << 20).to_string(), "it is larger than 4 MiB");
    }

    #[test]
    fn a_file_is_made_once_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        create(&path, b"first").unwrap();
        assert_eq!(create(&path, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        replace(&path, b"third", 0o644).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"third");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o644);
        // Nothing else was left beside it.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_made_whole_and_over_nothing() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("folder");
        let files = [("one", "1".to_owned()), ("two", "2".to_owned())];
        create_folder(&path, &files).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(path.join("two")).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read(path.join("one")).unwrap(), b"1");
        fs::write(path.join("one"), "mine").unwrap();
        let taken = create_folder(&path, &files).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(path.join("one")).unwrap(), b"mine");
        // An empty folder is somebody's, too; and what cannot be written whole leaves nothing.
        let empty = above.path().join("empty");
        fs::create_dir(&empty).unwrap();
        create_folder(&empty, &files).unwrap_err();
        create_folder(&above.path().join("odd"), &[("no/such/file", String::new())]).unwrap_err();
        assert_eq!(fs::read_dir(&empty).unwrap().count(), 0);
        assert_eq!(fs::read_dir(above.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_another_could_have_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        create(&path, b"").unwrap();
        let told = || written_by_others(&fs::metadata(&path).unwrap(), &[]);
        assert_eq!(told(), None);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        assert_eq!(told(), Some(Id("file-written-by.others")));
    }
}
