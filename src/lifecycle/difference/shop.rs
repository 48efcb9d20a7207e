//! The files of the shop: which a server would run or obey, and which of those come first.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Names, show};

/// The most files that are told one by one: those that a server would run or obey, and the others.
const MOST_CODE: usize = 200;
const MOST_CHANGED: usize = 300;

/// What happened alike to more files than this is one line.
const MANY: usize = 20;

/// The most kinds of what happened to many files, caches, and new folders that are told apart.
const MOST_KINDS: usize = 40;
const MOST_CACHES: usize = 50;
const MOST_FOLDERS: usize = 20_000;

/// How bad a file is that a server would run or obey, from the worst on: a script where uploads are,
/// one that the web server's own account can write, the rest, and caches.
const RANKS: usize = 4;

/// What was told of the shop so far.
#[derive(Debug, Default)]
pub(super) struct Shop {
    /// The folder, as its links lead.
    pub(super) top: Vec<u8>,
    code: [Vec<String>; RANKS],
    code_total: usize,
    changed: [Vec<String>; 3],
    changed_total: usize,
    caches: BTreeMap<Vec<u8>, Cache>,
    alike: BTreeMap<(bool, String), Alike>,
    new_folders: BTreeSet<Vec<u8>>,
}

/// What is told of it.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) code: Vec<String>,
    pub(super) code_unnamed: i64,
    pub(super) changed: Vec<String>,
    pub(super) changed_total: i64,
}

#[derive(Debug, Default)]
struct Cache {
    total: usize,
    new: usize,
    first: Vec<String>,
}

#[derive(Debug, Default)]
struct Alike {
    total: usize,
    /// Rank and words of the first.
    first: Vec<(usize, String)>,
    path: Vec<u8>,
}

/// What the kernel says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Meta<'a> {
    kind: &'a str,
    mode: &'a str,
    owner: &'a str,
    group: &'a str,
}

impl<'a> Meta<'a> {
    fn of(words: &mut std::str::SplitAsciiWhitespace<'a>) -> Option<Self> {
        let kind = words.next().filter(|kind| kind.len() == 1)?;
        let mut number = || words.next().filter(|word| word.bytes().all(|b| b.is_ascii_digit()));
        let [mode, owner, group] = [number()?, number()?, number()?];
        Some(Self { kind, mode, owner, group })
    }
}

/// A file, as it is now.
struct File<'a> {
    path: &'a [u8],
    meta: Meta<'a>,
    /// Where a link leads.
    target: &'a [u8],
}

impl Shop {
    /// One record, without its first character, `kind`; `providers/lib/difference` has the form.
    pub(super) fn take(&mut self, kind: u8, record: &[u8], names: &Names) {
        let Some((path, rest)) = split(record) else { return };
        let (words, target) = split(rest).unwrap_or((rest, b""));
        let Ok(words) = std::str::from_utf8(words) else { return };
        let mut words = words.split_ascii_whitespace();
        let Some(meta) = Meta::of(&mut words) else { return };
        match kind {
            b'a' => self.look(&File { path, meta, target }, "new", names),
            b'c' => self.look(&File { path, meta, target }, "new or changed", names),
            b'd' => self.gone(path, meta),
            b'm' => {
                let (Some(now), Some(how)) = (Meta::of(&mut words), words.next()) else { return };
                self.changed(&File { path, meta: now, target }, meta, how, names);
            }
            _ => {}
        }
    }

    fn gone(&mut self, path: &[u8], meta: Meta<'_>) {
        // What forbade is as much as what allows.
        if matches!(base(path), b".htaccess" | b".user.ini" | b"web.config") {
            self.put_code(2, format!("removed: {}", show(path, 330)));
        } else if meta.kind == "d" {
            self.put_changed(3, format!("removed folder: {}", show(path, 330)));
        } else {
            self.put_changed(2, format!("removed {}", show(path, 330)));
        }
    }

    /// Whether a server would run or obey it; or where a link leads is not in the shop.
    fn is_code(&self, file: &File<'_>) -> bool {
        match file.meta.kind {
            "d" => false,
            "l" if is_outside(file.path, file.target, &self.top) => true,
            kind => is_code(file.path, kind, file.meta.mode),
        }
    }

    fn look(&mut self, file: &File<'_>, how: &str, names: &Names) {
        if how == "new" && file.meta.kind == "d" && self.new_folders.len() < MOST_FOLDERS {
            self.new_folders.insert(file.path.to_vec());
        }
        if self.is_code(file) {
            self.tell_code(file, how, how == "new", false, names);
        } else {
            let text = format!("{how} {}{}", kind_word(file.meta.kind), place(file.path));
            self.put_changed(rank_of_other(file), text);
        }
    }

    /// `how`: what the server saw, a letter for each.
    fn changed(&mut self, file: &File<'_>, was: Meta<'_>, how: &str, names: &Names) {
        let (is, now) = (self.is_code(file), file.meta);
        let saw = |letter: char| how.contains(letter);
        let (held, same) = (saw('h'), saw('d'));
        let mut changes: Vec<String> = Vec::new();
        // Nothing but the time of its inode.
        let mut only_times = false;
        if now.kind != was.kind {
            changes.push("was another kind of file".into());
        } else if now.kind == "l" {
            if saw('t') || (file.target.is_empty() && saw('i')) {
                changes.push("leads elsewhere".into());
            }
        } else if now.kind != "d" {
            if saw('s') || saw('m') {
                changes.push("content".into());
            } else if saw('i') {
                changes.push("replaced".into());
            } else if saw('c') && !(held && (same || !is)) {
                only_times = true;
            }
        }
        let rest = |mode: &str| {
            let mut digits: Vec<char> = mode.chars().collect();
            if digits.len() >= 2 {
                digits.remove(digits.len() - 2);
            }
            digits
        };
        // An entry of stagepass shows in the digit of the group.
        if now.kind != "l" && now.mode != was.mode && !(held && rest(now.mode) == rest(was.mode)) {
            changes.push(format!("mode {} is now {}", was.mode, now.mode));
        }
        if (now.owner, now.group) != (was.owner, was.group) && !(held && saw('o')) {
            let [before, after] = [was.owner, now.owner].map(|id| names.account(id));
            changes.push(format!("owner {before} is now {after}"));
        }
        // Only what chmod -R, chown -R or a copy by hard links does to thousands.
        let alone = match changes.first() {
            None if only_times => {
                changes.push("content or only its times".into());
                true
            }
            None => return,
            Some(first) => first.starts_with("mode ") || first.starts_with("owner "),
        };
        let what = changes.join(", ");
        if is {
            self.tell_code(file, &format!("changed ({what})"), false, alone, names);
            return;
        }
        let text = format!("{}{what}: {}", kind_word(now.kind), place(file.path));
        let rank = rank_of_other(file);
        if alone {
            self.together(false, rank, text, file.path, &what);
        } else {
            self.put_changed(rank, format!("changed {text}"));
        }
    }

    fn tell_code(&mut self, file: &File<'_>, what: &str, new: bool, alone: bool, names: &Names) {
        let Meta { kind, owner, .. } = file.meta;
        let mut text = format!("{what}, by {}", names.account(owner));
        if kind == "l" {
            text.push_str(", a link");
            if !file.target.is_empty() {
                text.push_str(&format!(" to {}", show(file.target, 80)));
            }
        }
        let mut rank = 3;
        if kind != "l" && is_writable(file.meta, names) {
            text.push_str(", the web server can write it");
            rank = 2;
        }
        if is_in_uploads(file.path) && is_script(file.path) {
            text.push_str(", in a folder for uploads");
            rank = 1;
        }
        text.push_str(": ");
        text.push_str(&show(file.path, 260));
        if rank > 1
            && let Some(folder) = cache(file.path)
            && (self.caches.contains_key(folder) || self.caches.len() < MOST_CACHES)
        {
            let cache = self.caches.entry(folder.to_vec()).or_default();
            cache.total += 1;
            cache.new += usize::from(new);
            if cache.first.len() < 10 {
                cache.first.push(text);
            }
        } else if alone && rank > 1 {
            self.together(true, rank, text, file.path, what);
        } else {
            self.put_code(rank, text);
        }
    }

    /// What happened alike to many files.
    fn together(&mut self, code: bool, rank: usize, text: String, path: &[u8], what: &str) {
        let kind = (code, what.to_owned());
        if !self.alike.contains_key(&kind) && self.alike.len() >= MOST_KINDS {
            return self.put_alike(code, rank, text);
        }
        let alike = self.alike.entry(kind).or_default();
        if alike.total == 0 {
            alike.path = path.to_vec();
        }
        alike.total += 1;
        if alike.first.len() < MANY {
            alike.first.push((rank, text));
        }
    }

    fn put_alike(&mut self, code: bool, rank: usize, text: String) {
        if code {
            self.put_code(rank, text);
        } else {
            self.put_changed(rank, format!("changed {text}"));
        }
    }

    /// Ranks count from 1.
    fn put_code(&mut self, rank: usize, text: String) {
        self.code_total += 1;
        if let Some(list) = self.code.get_mut(rank - 1).filter(|list| list.len() < MOST_CODE) {
            list.push(text);
        }
    }

    fn put_changed(&mut self, rank: usize, text: String) {
        self.changed_total += 1;
        if let Some(list) = self.changed.get_mut(rank - 1).filter(|list| list.len() < MOST_CHANGED)
        {
            list.push(text);
        }
    }

    /// Whether the folder, or one above it, only came into being after access was opened.
    fn is_new(&self, folder: &[u8]) -> bool {
        let mut folder = folder;
        while !folder.is_empty() {
            if self.new_folders.contains(folder) {
                return true;
            }
            let end = folder.iter().rposition(|byte| *byte == b'/').unwrap_or_default();
            folder = folder.get(..end).unwrap_or_default();
        }
        false
    }

    pub(super) fn judge(mut self) -> Judged {
        // A cache writes its own code all the time: one line for it, unless the folder is new or the files few.
        for (folder, cache) in std::mem::take(&mut self.caches) {
            let name = show(&folder, 260);
            if cache.total > 5 && !self.is_new(&folder) {
                let text = format!(
                    "{} new and {} changed files in a cache, which is best emptied: {name}",
                    cache.new,
                    cache.total - cache.new
                );
                self.put_code(4, text);
                continue;
            }
            let more = cache.total - cache.first.len();
            cache.first.into_iter().for_each(|text| self.put_code(3, text));
            if more > 0 {
                self.put_code(3, format!("and {more} more files in {name}"));
            }
        }
        for ((code, what), alike) in std::mem::take(&mut self.alike) {
            if alike.total <= MANY {
                alike.first.into_iter().for_each(|(rank, text)| self.put_alike(code, rank, text));
                continue;
            }
            let total = alike.total;
            let text = if what.contains("only its times") {
                format!(
                    "{total} files with new times of their inode and nothing else, as after chmod, \
                     chown or a copy by hard links"
                )
            } else {
                format!("{total} files{} {what}", if code { "" } else { "," })
            };
            let first = show(&alike.path, 160);
            let text = format!(
                "{text}; a changed content with its old time put back looks the same. The first: \
                 {first}"
            );
            self.put_alike(code, 3, text);
        }
        let code = self.shared_out();
        let unnamed = self.code_total.saturating_sub(code.len());
        let changed = self.changed.into_iter().flatten().take(MOST_CHANGED).collect();
        Judged {
            code,
            code_unnamed: i64::try_from(unnamed).unwrap_or(i64::MAX),
            changed,
            changed_total: i64::try_from(self.changed_total).unwrap_or(i64::MAX),
        }
    }

    /// A share for each rank, so that none hides another; then what is left, in their order.
    fn shared_out(&mut self) -> Vec<String> {
        const SHARES: [usize; RANKS] =
            [MOST_CODE * 4 / 10, MOST_CODE / 4, MOST_CODE / 4, MOST_CODE / 10];
        let mut shares: [usize; RANKS] = SHARES;
        let mut left = 0;
        for (share, list) in shares.iter_mut().zip(&self.code) {
            left += share.saturating_sub(list.len());
            *share = (*share).min(list.len());
        }
        for (share, list) in shares.iter_mut().zip(&self.code) {
            let more = (list.len() - *share).min(left);
            *share += more;
            left -= more;
        }
        let lists = std::mem::take(&mut self.code);
        lists
            .into_iter()
            .zip(shares)
            .flat_map(|(list, share)| list.into_iter().take(share))
            .collect()
    }
}

/// What stands before and behind the first `//`.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.windows(2).position(|two| two == b"//")?;
    Some((bytes.get(..at)?, bytes.get(at + 2..)?))
}

fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

fn kind_word(kind: &str) -> &'static str {
    match kind {
        "d" => "folder: ",
        "l" => "link: ",
        _ => "",
    }
}

fn place(path: &[u8]) -> String {
    if path.is_empty() { "the shop folder itself".into() } else { show(path, 330) }
}

/// What reaches customers comes first.
fn rank_of_other(file: &File<'_>) -> usize {
    const FIRST: [&str; 13] = [
        "js", "mjs", "htm", "html", "svg", "json", "xml", "tpl", "twig", "yml", "yaml", "ini",
        "conf",
    ];
    let name = base(file.path).to_ascii_lowercase();
    match suffix(&name) {
        Some(suffix) if is_one(suffix, &FIRST) => 1,
        _ if file.meta.kind == "d" => 3,
        _ => 2,
    }
}

/// What stands behind the last dot.
fn suffix(name: &[u8]) -> Option<&[u8]> {
    let at = name.iter().rposition(|byte| *byte == b'.')?;
    name.get(at + 1..)
}

fn is_one(word: &[u8], of: &[&str]) -> bool {
    of.iter().any(|one| one.as_bytes() == word)
}

/// `php`, with or without a digit behind it.
fn is_php(word: &[u8]) -> bool {
    match word.strip_prefix(b"php") {
        Some([]) => true,
        Some([digit]) => digit.is_ascii_digit(),
        _ => false,
    }
}

/// Whether a server would run or obey a file of this name; a program without an extension, too.
fn is_code(path: &[u8], kind: &str, mode: &str) -> bool {
    const RUN: [&str; 25] = [
        "phtml", "pht", "phps", "phar", "inc", "module", "install", "engine", "theme", "profile",
        "cgi", "fcgi", "pl", "py", "rb", "lua", "sh", "bash", "so", "shtml", "shtm", "stm", "asp",
        "aspx", "jsp",
    ];
    const OBEYED: [&str; 12] = [
        ".htaccess",
        ".htpasswd",
        ".user.ini",
        ".env",
        "php.ini",
        "web.config",
        "composer.json",
        "composer.lock",
        "auth.json",
        "package.json",
        "makefile",
        "crontab",
    ];
    let name = base(path).to_ascii_lowercase();
    if suffix(&name).is_some_and(|suffix| is_php(suffix) || is_one(suffix, &RUN)) {
        return true;
    }
    // Some servers run whatever has .php. in its name.
    let mut words = name.split(|byte| *byte == b'.').skip(1).peekable();
    while let Some(word) = words.next() {
        if words.peek().is_some() && (is_php(word) || is_one(word, &["phtml", "phar"])) {
            return true;
        }
    }
    if is_one(&name, &OBEYED)
        || name.starts_with(b".env.")
        || (is_of_git(path) && !name.ends_with(b".sample"))
    {
        return true;
    }
    kind == "f" && !name.contains(&b'.') && mode.contains(['1', '3', '5', '7'])
}

/// A hook of git, or its settings, which name programs.
fn is_of_git(path: &[u8]) -> bool {
    let words: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let git = |at: usize| words.get(at) == Some(&b".git".as_slice());
    let count = words.len();
    (count >= 2 && git(count - 2) && base(path) == b"config")
        || words.windows(3).any(|three| matches!(three, [b".git", b"hooks", _]))
}

/// Whether it lies in a folder whose name says that files are uploaded to it.
fn is_in_uploads(path: &[u8]) -> bool {
    const UPLOADS: [&str; 29] = [
        "upload",
        "uploads",
        "media",
        "file",
        "files",
        "image",
        "images",
        "img",
        "picture",
        "pictures",
        "photo",
        "photos",
        "avatar",
        "avatars",
        "attachment",
        "attachments",
        "download",
        "downloads",
        "thumbnail",
        "thumbnails",
        "thumb",
        "thumbs",
        "fileadmin",
        "gallery",
        "galleries",
        "user_upload",
        "user_uploads",
        "tmp",
        "temp",
    ];
    let lower = path.to_ascii_lowercase();
    let mut folders = lower.split(|byte| *byte == b'/').collect::<Vec<_>>();
    folders.pop();
    folders.into_iter().any(|folder| is_one(folder, &UPLOADS))
}

/// Whether a server runs it as PHP, by its name.
fn is_script(path: &[u8]) -> bool {
    let name = base(path).to_ascii_lowercase();
    let mut words = name.split(|byte| *byte == b'.').skip(1);
    words.any(|word| is_php(word) || is_one(word, &["phtml", "pht", "phps", "phar"]))
}

/// The folder, where it is one in which shops keep code that they write themselves.
fn cache(path: &[u8]) -> Option<&[u8]> {
    const CACHES: [&str; 12] = [
        "var/cache",
        "var/di",
        "var/generation",
        "var/view_preprocessed",
        "generated",
        "storage/framework",
        "bootstrap/cache",
        "cache",
        "caches",
        "templates_c",
        "compile",
        "compiled",
    ];
    let mut start = 0;
    loop {
        let rest = path.get(start..)?;
        for folder in CACHES {
            if rest.strip_prefix(folder.as_bytes()).is_some_and(|rest| rest.starts_with(b"/")) {
                return path.get(..start + folder.len());
            }
        }
        start += rest.iter().position(|byte| *byte == b'/')? + 1;
    }
}

/// Whether a link leads out of the shop. Where nobody knows, it does.
fn is_outside(path: &[u8], target: &[u8], top: &[u8]) -> bool {
    let words = |bytes: &[u8]| -> Vec<Vec<u8>> {
        bytes.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect()
    };
    if target.is_empty() {
        return true;
    }
    if target.starts_with(b"/") {
        let below =
            target.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"));
        return !below || words(target).iter().any(|word| word.as_slice() == b"..");
    }
    let mut depth = words(path).len().saturating_sub(1);
    for word in words(target) {
        match word.as_slice() {
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            b"" | b"." => {}
            _ => depth += 1,
        }
    }
    false
}

/// Whether the web server's own account can write it.
fn is_writable(meta: Meta<'_>, names: &Names) -> bool {
    let (owner, group) = names.web(meta.owner, meta.group);
    let mut digits = meta.mode.chars().rev();
    let [others, of_group] = [digits.next(), digits.next()];
    let writes = |digit: Option<char>| matches!(digit, Some('2' | '3' | '6' | '7'));
    owner || writes(others) || (group && writes(of_group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_would_run_or_obey_is_told_by_its_name() {
        let yes = [
            "a.php",
            "A.PHP7",
            "x/shell.phtml",
            "up/x.php.jpg",
            ".htaccess",
            "sub/.user.ini",
            ".env",
            ".env.local",
            "composer.json",
            ".git/hooks/post-merge",
            "x/.git/config",
            "a.INC",
            "x.pl",
            "Makefile",
            "lib/libx.so",
        ];
        let no = [
            "a.jpg",
            "php",
            "a.phpx",
            "a.php55",
            "x.git/config",
            ".git/hooks/post-merge.sample",
            "environment.txt",
            "phar.txt",
            ".git",
            "a/b.css",
        ];
        for path in yes {
            assert!(is_code(path.as_bytes(), "f", "644"), "{path}");
        }
        for path in no {
            assert!(!is_code(path.as_bytes(), "f", "644"), "{path}");
        }
        assert!(is_code(b"bin/console", "f", "755") && !is_code(b"bin/console", "f", "644"));
        assert!(!is_code(b"bin/console", "l", "777"));
    }

    #[test]
    fn folders_for_uploads_and_caches_are_told_by_their_names() {
        let uploads = |path: &str| is_in_uploads(path.as_bytes()) && is_script(path.as_bytes());
        assert!(uploads("wp-content/Uploads/2024/x.php") && uploads("tmp/a.php.txt"));
        assert!(!uploads("uploads.php") && !uploads("upload/x.js") && !uploads("reuploads/x.php"));
        let of =
            |path: &'static str| cache(path.as_bytes()).map(|at| std::str::from_utf8(at).unwrap());
        assert_eq!(of("var/cache/prod/x.php"), Some("var/cache"));
        assert_eq!(of("shop/var/cache/x.php"), Some("shop/var/cache"));
        assert_eq!(of("a/generated/b/c.php"), Some("a/generated"));
        assert_eq!((of("cache.php"), of("mycache/x.php"), of("cache")), (None, None, None));
    }

    #[test]
    fn a_link_out_of_the_shop_is_told_from_one_in_it() {
        let out =
            |path: &str, target: &str| is_outside(path.as_bytes(), target.as_bytes(), b"/srv/shop");
        assert!(!out("a/b", "../c") && !out("a", "/srv/shop") && !out("a", "/srv/shop/x"));
        assert!(out("a/b", "../../c") && out("a", "/etc/passwd") && out("a", "/srv/shop/../x"));
        assert!(out("a", "/srv/shopping") && out("a", "") && out("a", ".."));
    }

    fn judged(records: &[&str]) -> Judged {
        let mut shop = Shop { top: b"/srv/shop".to_vec(), ..Shop::default() };
        for record in records {
            let (kind, rest) = record.as_bytes().split_first().unwrap();
            shop.take(*kind, rest, &Names::default());
        }
        shop.judge()
    }

    #[test]
    fn each_way_in_which_a_file_differs_has_its_words() {
        let code = [
            ("aa.php//f 644 1 1", "new, by 1: a.php"),
            ("aup/files/a.php//f 644 1 1", "new, by 1, in a folder for uploads: up/files/a.php"),
            ("aa.php//f 666 1 1", "new, by 1, the web server can write it: a.php"),
            ("al//l 777 1 1///etc/passwd", "new, by 1, a link to /etc/passwd: l"),
            ("d.htaccess//f 644 1 1", "removed: .htaccess"),
            ("ca.php//f 644 1 1", "new or changed, by 1: a.php"),
            ("ma.php//f 644 1 1 f 644 1 1 smc", "changed (content), by 1: a.php"),
            ("ma.php//f 644 1 1 f 644 1 1 ci", "changed (replaced), by 1: a.php"),
            ("ma.php//f 644 1 1 f 644 1 1 c", "changed (content or only its times), by 1: a.php"),
            // The digest is another, or none was taken.
            ("ma.php//f 644 1 1 f 664 1 1 ch", "changed (content or only its times), by 1: a.php"),
            (
                "ma.php//f 644 1 1 f 600 2 1 c",
                "changed (mode 644 is now 600, owner 1 is now 2), by 2: a.php",
            ),
            (
                "ma.php//l 777 1 1 f 644 1 1 smci",
                "changed (was another kind of file, mode 777 is now 644), by 1: a.php",
            ),
        ];
        for (record, text) in code {
            let judged = judged(&[record]);
            assert_eq!(judged.code, [text], "{record}");
            assert!(judged.changed.is_empty(), "{record}");
        }
        let changed = [
            ("aa.jpg//f 644 1 1", "new a.jpg"),
            ("ax//d 755 1 1", "new folder: x"),
            ("al//l 777 1 1//b", "new link: l"),
            ("dx//d 755 1 1", "removed folder: x"),
            (
                "m//d 755 1 1 d 700 1 1 -",
                "changed folder: mode 755 is now 700: the shop folder itself",
            ),
            ("ma.jpg//f 644 1 1 f 644 1 1 smc", "changed content: a.jpg"),
            ("ml//l 777 1 1 l 777 1 1 t//b", "changed link: leads elsewhere: l"),
        ];
        for (record, text) in changed {
            let judged = judged(&[record]);
            assert_eq!(judged.changed, [text], "{record}");
            assert!(judged.code.is_empty(), "{record}");
        }
        for same in [
            "ma.php//f 644 1 1 f 664 1 1 chd",
            "ma.jpg//f 644 1 1 f 664 1 1 ch",
            "ma.php//f 644 9 1 f 644 1 1 chdo",
            "nonsense",
            "aa.php//f 644",
        ] {
            let judged = judged(&[same]);
            assert!(judged.code.is_empty() && judged.changed.is_empty(), "{same}");
        }
    }

    #[test]
    fn however_many_differ_the_worst_are_told_and_all_are_counted() {
        let mut shop = Shop::default();
        for number in 0..100_000 {
            let path = format!("lib/{number}.php//f 644 1 1");
            shop.take(b'a', path.as_bytes(), &Names::default());
            let path = format!("img/{number}.jpg//f 644 1 1 f 600 1 1 c");
            shop.take(b'm', path.as_bytes(), &Names::default());
            let path = format!("var/cache/{number}.php//f 644 1 1");
            shop.take(b'a', path.as_bytes(), &Names::default());
        }
        shop.take(b'a', b"files/x.php//f 644 1 1", &Names::default());
        let judged = shop.judge();
        assert_eq!(judged.code.len(), MOST_CODE);
        assert_eq!(judged.code_unnamed, 100_002 - 200);
        assert_eq!(judged.code[0], "new, by 1, in a folder for uploads: files/x.php");
        let cache = "100000 new and 0 changed files in a cache, which is best emptied: var/cache";
        assert_eq!(judged.code[199], cache);
        let alike = "changed 100000 files, mode 644 is now 600; a changed content with its old time put \
                     back looks the same. The first: img/0.jpg";
        assert_eq!((judged.changed, judged.changed_total), (vec![alike.to_owned()], 1));
    }
}
