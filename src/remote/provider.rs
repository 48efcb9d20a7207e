//! Providers: how one kind of layer is detected, opened, updated, checked and closed.
//!
//! A provider is a folder of `providers/` with a manifest and one script. The built-in ones are
//! embedded by an explicit list; a merchant's own, in the configuration folder, is used the same
//! way, and is refused unless it belongs to the user and nobody else can write to it (the rule
//! sshd applies to `authorized_keys`, sshd_config(5) `StrictModes`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::file::{self, Links};
use crate::message::{self, Arg, Catalogue, Note, Told, line_and_column, shown_by_note};
use crate::remote::inputs;
use crate::remote::saying::{self, SayingKind, Sayings, Seen};
use crate::remote::script::slim::{self, Library, for_keeping};
use crate::remote::script::{
    self, Constant, Framed, FramedMany, Inputs, OutputType, Outputs, Reply,
};
use crate::secret::RandomFailed;
use crate::target::Elevation;
use crate::text;

/// The texts of these parts of a folder of `providers/` as one, and their names: the part to begin with, then the
/// others by name.
macro_rules! parts {
    ($folder:literal: $($part:literal),+ $(,)?) => {
        Parts {
            text: concat!($(include_str!(concat!("../../providers/", $folder, "/", $part, ".sh"))),+),
            names: &[$($part),+],
        }
    };
}

/// A script that stands in several files.
struct Parts {
    text: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds them against the folder"))]
    names: &'static [&'static str],
}

/// The word for whatever gives an account on a server, where a provider is named.
pub const SERVER: &str = "server";

/// The word for a user of the shop itself, whatever software that is.
pub const SHOP: &str = "shop";

/// The sh functions that every provider may call.
const LIBRARY_PARTS: Parts = parts!("lib":
    "begin", "difference/baseline", "difference/difference", "difference/listing",
    "difference/places", "difference/shop", "difference/system", "difference/told",
    "ending/at_deadline", "ending/crontab", "ending/deadline", "ending/drop_in",
    "ending/failsafe", "ending/file", "ending/gate_folder", "ending/result",
    "ending/session", "ending/uses", "facts", "input", "key", "lock", "php", "process", "shop",
    "shop_user/begin", "shop_user/check", "shop_user/close", "shop_user/marks",
    "shop_user/open", "shop_user/record", "shop_user/state"
);
const LIBRARY: &str = LIBRARY_PARTS.text;

/// What the programs of providers for shops in PHP share: it stands before each of them.
const PHP_LIBRARY: [&str; 2] = [
    include_str!("../../providers/lib/php/shop.php"),
    include_str!("../../providers/lib/php/database.php"),
];

/// What some of them share: settings that are constants, settings that a file returns, and a shop of which nothing but
/// its rows is needed.
const CONSTANTS: &str = include_str!("../../providers/lib/php/constants.php");
const RETURNED: &str = include_str!("../../providers/lib/php/returned.php");
const ROWS: &str = include_str!("../../providers/lib/php/rows.php");
const STATE: &str = include_str!("../../providers/lib/php/state.php");

/// The program on the server that every session of a grant passes through.
const GATE: &str = include_str!("../../providers/gate.sh");

/// What a provider's script may do before it closes several grants one by one: end the accesses of all of
/// them, and look once at what it would look at for each; and what it does after the last.
const AROUND_CLOSES: [&str; 2] = ["sp_close_ahead", "sp_close_behind"];

/// The function that a provider may have for what its failsafe closes by, in the place of `sp_close`.
const CLOSES_BY: &str = "sp_failsafe_closes";

/// The reply of a close that says that the server keeps what was found.
pub(crate) const KEPT: &str = "result_kept";

/// The files of a built-in provider.
struct Files {
    name: &'static str,
    manifest: &'static str,
    script: Parts,
    /// Its program in PHP, in parts, where it has one.
    php: &'static [&'static str],
    /// Other texts in PHP, each in its parts and with the function that prints it: parts of the program that not every verb
    /// needs, and what is put into a shop.
    php_texts: &'static [(&'static str, &'static [&'static str])],
    /// Its sentences, a Fluent catalogue.
    sentences: &'static str,
}

/// Every built-in provider. The order is the order of preference.
const BUILTIN: &[Files] = &[
    Files {
        name: "linux-account",
        manifest: include_str!("../../providers/linux-account/provider.toml"),
        script: parts!("linux-account":
            "provider", "account", "ahead", "check", "close", "detect", "dropbear", "end",
            "entries", "files", "home", "make", "marks", "moved", "open", "owner", "plan", "record",
            "report", "secrets", "shop", "shop_close", "shop_open", "shut", "together",
            "update"
        ),
        php: &[],
        php_texts: &[],
        sentences: include_str!("../../providers/linux-account/en.ftl"),
    },
    Files {
        name: "authorized-key",
        manifest: include_str!("../../providers/authorized-key/provider.toml"),
        script: parts!("authorized-key":
            "provider", "check", "close", "detect", "file", "folder", "lines", "marks",
            "open", "report", "sessions", "shut", "strays", "update"
        ),
        php: &[],
        php_texts: &[],
        sentences: include_str!("../../providers/authorized-key/en.ftl"),
    },
    Files {
        name: "web-password",
        manifest: include_str!("../../providers/web-password/provider.toml"),
        script: parts!("web-password":
            "provider", "check", "close", "config", "detect", "fit", "guard", "lines",
            "marks", "open", "record", "server", "which_file"
        ),
        php: &[],
        php_texts: &[],
        sentences: include_str!("../../providers/web-password/en.ftl"),
    },
    Files {
        name: "wordpress",
        manifest: include_str!("../../providers/wordpress/provider.toml"),
        script: parts!("wordpress":
            "provider", "check", "close", "detect", "open", "record", "site"
        ),
        php: &[CONSTANTS, include_str!("../../providers/wordpress/wordpress.php")],
        php_texts: &[
            ("sp_wp_program_making", &[include_str!("../../providers/wordpress/making.php")]),
            ("sp_wp_program_ending", &[include_str!("../../providers/wordpress/ending.php")]),
            ("sp_wp_program_signals", &[include_str!("../../providers/wordpress/signals.php")]),
            ("sp_wp_program_state", &[STATE, include_str!("../../providers/wordpress/state.php")]),
            ("sp_wp_guard_text", &[include_str!("../../providers/wordpress/guard.php")]),
        ],
        sentences: include_str!("../../providers/wordpress/en.ftl"),
    },
    Files {
        name: "prestashop",
        manifest: include_str!("../../providers/prestashop/provider.toml"),
        script: parts!("prestashop":
            "provider", "check", "close", "detect", "open", "site"
        ),
        php: &[
            RETURNED,
            ROWS,
            STATE,
            include_str!("../../providers/prestashop/state.php"),
            include_str!("../../providers/prestashop/prestashop.php"),
        ],
        php_texts: &[],
        sentences: include_str!("../../providers/prestashop/en.ftl"),
    },
    Files {
        name: "opencart",
        manifest: include_str!("../../providers/opencart/provider.toml"),
        script: parts!("opencart":
            "provider", "check", "close", "detect", "open", "site"
        ),
        php: &[CONSTANTS, ROWS, include_str!("../../providers/opencart/opencart.php")],
        php_texts: &[],
        sentences: include_str!("../../providers/opencart/en.ftl"),
    },
    Files {
        name: "magento",
        manifest: include_str!("../../providers/magento/provider.toml"),
        script: parts!("magento":
            "provider", "check", "close", "detect", "open", "site"
        ),
        php: &[
            RETURNED,
            ROWS,
            STATE,
            include_str!("../../providers/magento/state.php"),
            include_str!("../../providers/magento/magento.php"),
        ],
        php_texts: &[],
        sentences: include_str!("../../providers/magento/en.ftl"),
    },
];

impl Files {
    /// Its functions in sh. A program in PHP is one of them, which prints it: so it is sent with what calls it, and goes
    /// with that into the failsafe.
    fn script(&self) -> Cow<'static, str> {
        if self.php.is_empty() {
            return self.script.text.into();
        }
        let mut script = self.script.text.to_owned();
        let program = PHP_LIBRARY.iter().chain(self.php).copied().map(slim::php);
        script.push_str(&printing("sp_php_program", &program.collect::<String>()));
        for (function, parts) in self.php_texts {
            let text: String = parts.iter().copied().map(slim::php).collect();
            script.push_str(&printing(function, &text));
        }
        script.into()
    }
}

/// A program of the merchant's own, as it is, with what is shared before it: what every program has, and what it names
/// of the rest.
fn program_of(own: &str) -> String {
    let shared = [
        ("Stagepass_Constants", CONSTANTS),
        ("Stagepass_Returned", RETURNED),
        ("Stagepass_Rows", ROWS),
        ("Stagepass_State", STATE),
    ];
    let named = shared.iter().filter(|(class, _)| own.contains(class)).map(|(_, text)| *text);
    let library: String = PHP_LIBRARY.iter().copied().chain(named).map(slim::php).collect();
    format!("{library}{}", own.strip_prefix("<?php").unwrap_or(own))
}

/// A function in sh of this name that prints this text.
fn printing(name: &str, text: &str) -> String {
    let mut function = format!("\n{name}() {{\nprintf '%s' ").into_bytes();
    text::quote_into(&mut function, text);
    function.extend_from_slice(b"\n}\n");
    String::from_utf8(function).expect("texts and ASCII between them")
}

/// The most of a provider's sentences that one reply can ask for.
const MOST_NOTES: usize = 20;

/// Every script that is built in, as it is sent where nothing is left out: for the tests of that.
#[cfg(test)]
pub(crate) fn sources() -> impl Iterator<Item = Cow<'static, str>> {
    [LIBRARY.into()].into_iter().chain(BUILTIN.iter().map(Files::script))
}

/// What a provider can be asked to do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "lowercase", prefix = "sp_")]
pub enum Verb {
    /// Looks, changes nothing.
    Detect,
    /// Makes the layer, or finishes one that was half made.
    Open,
    /// Makes key lines and expiry what the inputs say.
    Update,
    /// Takes the verification key away after the trial login. A provider without it is sent
    /// [`Verb::Update`].
    Tried,
    /// Reports the layer's state, changes nothing.
    Check,
    /// Takes everything of the grant away. "Already gone" is success.
    Close,
    /// Forgets what [`Verb::Close`] keeps on the server until it is recorded; changes nothing else. A
    /// provider without it keeps nothing.
    Collected,
    /// Lists what carries our mark, whatever its grant; changes nothing.
    Marks,
}

impl Verb {
    /// Every verb, in the order of its number.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The shell function of this verb.
    #[must_use]
    pub fn function(self) -> &'static str {
        self.into()
    }

    /// Its name in the manifest and in `--json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.function().trim_start_matches("sp_")
    }
}

/// As whom a provider's script runs on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum RunAs {
    /// The account that stagepass logs in to.
    Login,
    /// Root: by its own login, or by `sudo`.
    Root,
}

impl RunAs {
    /// Its name in the manifest and in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// What account of the server a layer gives the supporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum AccountKind {
    /// One that is made for the grant and goes with it.
    Own,
    /// The one that stagepass logs in to, which is the merchant's.
    Shared,
    /// None: it stands beside a layer that gives one.
    None,
}

impl AccountKind {
    /// Its name in the manifest and in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// What a layer beside the account gives the supporter to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CredentialKind {
    /// A password that stagepass makes, and of which the server is told the hash.
    Password,
}

/// How it is shown that a layer beside the account does what it is for. Where nothing is declared, that it is read
/// back has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProofKind {
    /// By a request to the sites that `open` named with `site`: one without the password, and one with it.
    Http,
    /// By a login through the form at the address that `open` named with `login_url`.
    #[serde(rename = "http-form")]
    Form,
}

/// The interpreter a provider's script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Language {
    /// POSIX sh.
    Sh,
    /// PHP, asked by functions in sh: `provider.php` beside them.
    Php,
}

/// `provider.toml`, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    summary: String,
    language: Language,
    run_as: RunAs,
    account: AccountKind,
    #[serde(default)]
    credentials: Vec<CredentialKind>,
    #[serde(default = "longest_name")]
    longest_name: usize,
    proof: Option<ProofKind>,
    #[serde(default)]
    needs_shop: bool,
    /// Files in a shop folder by which its software is known.
    #[serde(default)]
    signs: Vec<String>,
    /// Which verbs are told each input.
    #[serde(default)]
    inputs: BTreeMap<String, String>,
    detect: Replies,
    open: Replies,
    update: Replies,
    #[serde(default)]
    tried: Replies,
    check: Replies,
    close: Replies,
    #[serde(default)]
    collected: Replies,
    #[serde(default)]
    marks: Replies,
}

/// What useradd(8) takes, and most that have users of their own.
fn longest_name() -> usize {
    32
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replies {
    #[serde(default)]
    outputs: Outputs,
    #[serde(default)]
    warnings: Sayings,
    #[serde(default)]
    hints: Sayings,
    #[serde(default)]
    drift: Sayings,
    #[serde(default)]
    there: Sayings,
    #[serde(default)]
    notes: Sayings,
    /// What `detect` says that `open` is told; of `open` alone.
    #[serde(default)]
    seen: BTreeSet<String>,
}

impl Replies {
    /// The sentences of each kind, and whether a verb can have any.
    fn sayings(self, verb: Verb) -> [(SayingKind, Sayings, bool); 5] {
        let (detects, checks, closes) =
            (verb == Verb::Detect, verb == Verb::Check, verb == Verb::Close);
        [
            (SayingKind::Warning, self.warnings, detects),
            (SayingKind::Hint, self.hints, detects),
            (SayingKind::Drift, self.drift, checks),
            (SayingKind::There, self.there, checks || closes),
            (SayingKind::Note, self.notes, closes),
        ]
    }
}

/// Where a provider came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It is part of stagepass.
    BuiltIn,
    /// It is the merchant's own, in this folder.
    Folder(PathBuf),
}

/// A file of a script of the merchant's own.
#[derive(Debug)]
pub struct Part {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// One kind of layer.
#[derive(Debug)]
pub struct Provider {
    /// The folder's name.
    pub name: String,
    /// What it makes, in one line.
    pub summary: String,
    /// As whom it runs.
    pub run_as: RunAs,
    /// What account it gives.
    pub account: AccountKind,
    /// Whether what stands beside the account has a password of its own.
    pub has_password: bool,
    /// The most characters that the name of what it makes may have.
    pub longest_name: usize,
    /// How what stands beside the account is proved.
    pub proof: Option<ProofKind>,
    /// Why nothing can be made without a shop folder, where that is so.
    pub needs_shop: Option<String>,
    /// The files by which the software of the shops is known that it is for.
    signs: Vec<String>,
    /// What it says to people, by the ids that its manifest and its script name.
    sentences: Option<Catalogue>,
    sayings: BTreeMap<(Verb, SayingKind), Sayings>,
    /// Where it came from.
    pub origin: Origin,
    /// What its manifest says that it is written in.
    language: Language,
    /// The files of its script, in their order, that in PHP last; none of a built-in one.
    pub parts: Vec<Part>,
    /// SHA-256 of manifest, script, the functions they share and the gate, in hex; kept in every
    /// grant.
    pub digest: String,
    /// What each verb is told, by the names that the script sees.
    inputs: BTreeSet<(Verb, &'static str)>,
    /// What of the reply to `detect` is kept for `open`.
    seen: BTreeSet<String>,
    outputs: BTreeMap<Verb, Outputs>,
    script: String,
    /// Its functions and those that all share, taken apart when one is first wanted.
    library: OnceLock<Library>,
    /// What is sent for each verb, made when it is first wanted.
    constants: [OnceLock<Constant>; Verb::ALL.len()],
    /// The same for several grants at once.
    together: [OnceLock<Constant>; Verb::ALL.len()],
}

/// Why a provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// Neither built in nor in the configuration folder.
    NotFound(String),
    /// The merchant's folder has the name of a built-in provider.
    NameTaken(String),
    /// The manifest cannot be read or understood.
    Manifest {
        /// The file.
        path: String,
        /// Line, column and reason.
        why: String,
    },
    /// The provider's sentences cannot be understood.
    Sentences {
        /// The file, or the provider's name.
        place: String,
        /// Line and reason.
        why: String,
    },
    /// A file of the provider cannot be read.
    Unreadable {
        /// The file.
        path: String,
        /// The reason.
        source: std::io::Error,
    },
    /// Somebody else could have written it.
    Unsafe {
        /// The file or folder.
        path: String,
    },
}

impl Told for ProviderError {
    fn note(&self) -> Note {
        match self {
            Self::NotFound(value) => {
                Note::of("provider-error-not-found", &[("value", Arg::of(value))])
            }
            Self::NameTaken(value) => {
                Note::of("provider-error-name-taken", &[("value", Arg::of(value))])
            }
            Self::Manifest { path, why } => Note::of(
                "provider-error-manifest",
                &[("path", Arg::of(path)), ("why", Arg::of(why))],
            ),
            Self::Sentences { place, why } => Note::of(
                "provider-error-sentences",
                &[("place", Arg::of(place)), ("why", Arg::of(why))],
            ),
            Self::Unreadable { path, .. } => {
                Note::of("provider-error-unreadable", &[("path", Arg::of(path))])
            }
            Self::Unsafe { path } => Note::of("provider-error-unsafe", &[("path", Arg::of(path))]),
        }
    }
}

shown_by_note!(ProviderError);

impl Provider {
    /// The provider of this name: a built-in one, or the merchant's own in `user_dir`. A name
    /// means one provider: grants that are open were made by it.
    ///
    /// A built-in one is made once, with what is sent for it; a folder is read anew each time.
    ///
    /// # Errors
    /// Fails when there is none, or when the one there is cannot be trusted or understood.
    pub fn find(name: &str, user_dir: &Path) -> Result<Arc<Self>, ProviderError> {
        static MADE: [OnceLock<Arc<Provider>>; BUILTIN.len()] =
            [const { OnceLock::new() }; BUILTIN.len()];
        if is_name(name) {
            let folder = user_dir.join(name);
            let own = folder.is_dir();
            match BUILTIN.iter().zip(&MADE).find(|(known, _)| known.name == name) {
                Some(_) if own => return Err(ProviderError::NameTaken(name.into())),
                Some((files, made)) => {
                    if let Some(made) = made.get() {
                        return Ok(Arc::clone(made));
                    }
                    let Files { manifest, sentences, .. } = files;
                    let text = Text {
                        manifest,
                        script: &files.script(),
                        sentences: Some((*sentences).to_owned()),
                    };
                    let new = Self::parse(name, text, Origin::BuiltIn)?;
                    return Ok(Arc::clone(made.get_or_init(|| Arc::new(new))));
                }
                None if own => return Self::from_folder(name, &folder).map(Arc::new),
                None => {}
            }
        }
        Err(ProviderError::NotFound(name.into()))
    }

    /// Every provider that can be used, built-in ones first, and those that cannot with the reason.
    #[must_use]
    pub fn list(user_dir: &Path) -> Vec<Result<Arc<Self>, ProviderError>> {
        let mut names: Vec<String> = BUILTIN.iter().map(|files| files.name.to_owned()).collect();
        let mut own: Vec<String> = fs::read_dir(user_dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().is_dir())
            .filter_map(|entry| entry.file_name().into_string().ok())
            // What is hidden is none: a folder that is just being made, or one of git.
            .filter(|name| !names.contains(name) && !name.starts_with('.'))
            .collect();
        own.sort();
        names.extend(own);
        names.iter().map(|name| Self::find(name, user_dir)).collect()
    }

    /// The name of the provider to use where none is named: an account of its own wherever
    /// stagepass can be root, else a key in the account it logs in with.
    #[must_use]
    pub fn preferred(elevation: Elevation, user: &str) -> &'static str {
        let is_root = elevation != Elevation::None || user == "root";
        let fits = |provider: &Self| match provider.account {
            AccountKind::Own | AccountKind::Shared => is_root || provider.run_as == RunAs::Login,
            AccountKind::None => false,
        };
        let nowhere = Path::new("/nonexistent");
        BUILTIN
            .iter()
            .map(|files| files.name)
            .find(|name| Self::find(name, nowhere).is_ok_and(|provider| fits(&provider)))
            .expect("one of them needs no root")
    }

    fn from_folder(name: &str, folder: &Path) -> Result<Self, ProviderError> {
        let manifest_path = folder.join("provider.toml");
        let script_path = folder.join("provider.sh");
        let above = folder.parent().unwrap_or(folder);
        for path in [above, folder, &manifest_path, &script_path] {
            refuse_unsafe(path)?;
        }
        let read = |path: &Path| {
            let read = file::read(path, FILE_LIMIT, Links::Follow).map_err(Into::into);
            read.and_then(|read| read.text().map(str::to_owned)).map_err(|source| {
                ProviderError::Unreadable { path: path.display().to_string(), source }
            })
        };
        let manifest = read(&manifest_path)?;
        let text = read(&script_path)?;
        let mut parts = vec![Part { path: script_path, text }];
        for path in other_parts(folder)? {
            refuse_unsafe(&path)?;
            let text = read(&path)?;
            parts.push(Part { path, text });
        }
        // None need end its last line.
        let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
        let mut script = texts.join("\n");
        let program_path = folder.join(PROGRAM);
        let has_program = program_path.symlink_metadata().is_ok();
        if has_program {
            refuse_unsafe(&program_path)?;
            let text = read(&program_path)?;
            script.push_str(&printing("sp_php_program", &program_of(&text)));
            parts.push(Part { path: program_path, text });
        }
        let sentences_path = folder.join(SENTENCES);
        let mut sentences = None;
        if sentences_path.symlink_metadata().is_ok() {
            refuse_unsafe(&sentences_path)?;
            sentences = Some(read(&sentences_path)?);
        }
        let text = Text { manifest: &manifest, script: &script, sentences };
        let read = Self::parse(name, text, Origin::Folder(folder.to_owned()))?;
        if has_program != (read.language == Language::Php) {
            let why = message::text("manifest-program", &[("program", PROGRAM.into())]);
            return Err(ProviderError::Manifest { path: manifest_path.display().to_string(), why });
        }
        Ok(Self { parts, ..read })
    }

    pub(crate) fn parse(name: &str, text: Text<'_>, origin: Origin) -> Result<Self, ProviderError> {
        let Text { manifest, script, sentences } = text;
        let path = |file: &str| match &origin {
            Origin::BuiltIn => format!("providers/{name}/{file}"),
            Origin::Folder(folder) => folder.join(file).display().to_string(),
        };
        let bad = |why: String| ProviderError::Manifest { path: path("provider.toml"), why };
        let sentences = sentences.map(|text| catalogue(&path(SENTENCES), &text)).transpose()?;
        let parsed: Manifest = toml_edit::de::from_str(manifest).map_err(|e| {
            let (line, column) = line_and_column(manifest, e.span().map_or(0, |span| span.start));
            bad(message::text(
                "manifest-place",
                &[
                    ("line", Arg::of(line)),
                    ("column", Arg::of(column)),
                    ("why", Arg::of(e.message())),
                ],
            ))
        })?;
        if parsed.name != name {
            return Err(bad(message::text(
                "manifest-name",
                &[("name", Arg::of(script::clean(&parsed.name)))],
            )));
        }
        if !parsed.credentials.is_empty() && parsed.account != AccountKind::None {
            return Err(bad(message::text("manifest-credentials", &[])));
        }
        if parsed.proof.is_some() && parsed.credentials.is_empty() {
            return Err(bad(message::text("manifest-proof", &[])));
        }
        if !parsed.signs.is_empty() && parsed.account != AccountKind::None {
            return Err(bad(message::text("manifest-signs", &[])));
        }
        if parsed.close.outputs.contains_key(KEPT) && parsed.collected.outputs.is_empty() {
            return Err(bad(message::text("manifest-kept", &[("KEPT", Arg::of(KEPT))])));
        }
        let digest = Sha256::new()
            .chain_update(manifest)
            .chain_update([0])
            .chain_update(script)
            .chain_update([0])
            .chain_update(LIBRARY)
            .chain_update([0])
            .chain_update(GATE)
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let seen = parsed.open.seen.clone();
        let is_said = |key: &&String| {
            let kind = parsed.detect.outputs.get(*key);
            kind.is_some_and(|kind| !matches!(kind, OutputType::Lines | OutputType::Records))
        };
        if let Some(key) = seen.iter().find(|key| !is_said(key)) {
            return Err(bad(message::text("manifest-seen", &[("key", Arg::of(key))])));
        }
        let verbs = [
            (Verb::Detect, parsed.detect),
            (Verb::Open, parsed.open),
            (Verb::Update, parsed.update),
            (Verb::Tried, parsed.tried),
            (Verb::Check, parsed.check),
            (Verb::Close, parsed.close),
            (Verb::Collected, parsed.collected),
            (Verb::Marks, parsed.marks),
        ];
        let inputs = declared_inputs(&parsed.inputs).map_err(&bad)?;
        if let (Origin::Folder(_), Some(input)) = (&origin, untold(script, &inputs)) {
            return Err(bad(message::text("manifest-untold", &[("input", Arg::of(input))])));
        }
        let (mut outputs, mut sayings) = (BTreeMap::new(), BTreeMap::new());
        for (verb, mut replies) in verbs {
            outputs.insert(verb, std::mem::take(&mut replies.outputs));
            if verb != Verb::Open && !replies.seen.is_empty() {
                return Err(bad(message::text(
                    "manifest-seen-elsewhere",
                    &[("verb", Arg::of(verb.name()))],
                )));
            }
            for (kind, said, may_be) in replies.sayings(verb) {
                let (name, kind_name): (_, &str) = (verb.name(), kind.into());
                if !may_be && !said.is_empty() {
                    return Err(bad(message::text(
                        "manifest-sayings",
                        &[("name", Arg::of(name)), ("kind_name", Arg::of(kind_name))],
                    )));
                }
                sayings.insert((verb, kind), said);
            }
        }
        let none = Outputs::new();
        let of = |verb: Verb| outputs.get(&verb).unwrap_or(&none);
        for ((verb, kind), said) in &sayings {
            let wrong = saying::mistake(*kind, said, of(*verb), of(Verb::Open), sentences.as_ref());
            if let Some(why) = wrong {
                return Err(bad(message::text(
                    "manifest-verb",
                    &[("verb", Arg::of(verb.name())), ("why", Arg::of(&why))],
                )));
            }
        }
        let needs_shop = parsed.needs_shop.then(|| {
            sentences
                .as_ref()
                .and_then(|sentences| sentences.text("needs-shop", &[]))
                .ok_or_else(|| bad(message::text("manifest-shop", &[])))
        });
        // What is packed cannot be searched for a secret that was sent, and `close` is sent none.
        let tells = |outputs: &Outputs| outputs.values().any(|kind| *kind == OutputType::Records);
        if let Some((verb, _)) =
            outputs.iter().find(|(verb, outputs)| **verb != Verb::Close && tells(outputs))
        {
            return Err(bad(message::text("manifest-records", &[("verb", Arg::of(verb.name()))])));
        }
        Ok(Self {
            name: parsed.name,
            summary: parsed.summary,
            run_as: parsed.run_as,
            account: parsed.account,
            has_password: parsed.credentials.contains(&CredentialKind::Password),
            longest_name: parsed.longest_name,
            proof: parsed.proof,
            needs_shop: needs_shop.transpose()?,
            signs: parsed.signs,
            sentences,
            sayings,
            origin,
            language: parsed.language,
            parts: Vec::new(),
            digest,
            inputs,
            seen,
            outputs,
            script: script.to_owned(),
            library: OnceLock::new(),
            constants: Default::default(),
            together: Default::default(),
        })
    }

    /// Makes ready what is sent for these verbs, while a server is being reached: to find what a verb needs and to
    /// pack it takes longer than its way over the network. Where no thread is to be had, it is made when it is wanted.
    pub fn prepare(self: &Arc<Self>, verbs: &'static [Verb]) {
        let provider = Arc::clone(self);
        let _ = std::thread::Builder::new().name("prepare".into()).spawn(move || {
            for verb in verbs {
                if let Some(constant) = provider.constants.get(*verb as usize) {
                    constant.get_or_init(|| provider.constant(*verb));
                }
            }
        });
    }

    /// The script that runs `verb` with these inputs.
    ///
    /// # Errors
    /// Fails when the operating system's generator does.
    pub fn frame(&self, verb: Verb, inputs: &Inputs<'_>) -> Result<Framed, RandomFailed> {
        let inputs = &self.told(verb, inputs);
        match self.constants.get(verb as usize) {
            Some(constant) => {
                let constant = constant.get_or_init(|| self.constant(verb));
                script::frame_packed(constant, verb.function(), inputs)
            }
            None => script::frame_sh(LIBRARY, &self.script, verb.function(), inputs),
        }
    }

    /// Whether several grants of it can be closed by one script: our own scripts keep what they define apart
    /// from what they do when they are read, and a merchant's may not.
    #[must_use]
    pub fn closes_together(&self) -> bool {
        self.origin == Origin::BuiltIn && self.run_as == RunAs::Root
    }

    /// The script that runs `verb` for several grants, one after the other.
    ///
    /// # Errors
    /// Fails when the operating system's generator does.
    pub fn frame_together(
        &self,
        verb: Verb,
        inputs: &[Inputs<'_>],
    ) -> Result<FramedMany, RandomFailed> {
        let around = (verb == Verb::Close && self.script.contains(AROUND_CLOSES[0]))
            .then_some(AROUND_CLOSES);
        let constant = self.together.get(verb as usize).expect("there is a place for each verb");
        let constant = constant.get_or_init(|| {
            let library = self.library();
            let mut calls = vec![verb.function()];
            calls.extend(around.into_iter().flatten());
            Constant::of(library.needed_with_start(&calls, script::START))
        });
        let inputs: Vec<Inputs<'_>> = inputs.iter().map(|one| self.told(verb, one)).collect();
        script::frame_many(constant, around, verb.function(), &inputs)
    }

    /// What `verb` is told of these.
    fn told<'a>(&self, verb: Verb, inputs: &'a Inputs<'_>) -> Inputs<'a> {
        let is_told = |name: &&'static str| self.inputs.contains(&(verb, *name));
        let told = inputs.iter().filter(|(name, _)| is_told(name));
        told.map(|(name, input)| (*name, input.again())).collect()
    }

    /// What of this reply to `detect` is kept for `open`.
    #[must_use]
    pub fn seen(&self, detected: &Reply) -> BTreeMap<String, String> {
        let said = detected.values().iter().filter(|(key, _)| self.seen.contains(*key));
        said.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// The function by which the server closes at the deadline (`lib/ending/at_deadline.sh`).
    fn closes_by(&self) -> &'static str {
        let own = self.script.contains(&format!("\n{CLOSES_BY}() {{"));
        if own { CLOSES_BY } else { Verb::Close.function() }
    }

    /// All functions of ours, taken apart once for all verbs.
    fn library(&self) -> &Library {
        self.library.get_or_init(|| Library::parse(&[LIBRARY, &self.script].concat()))
    }

    /// What `verb` needs of the functions. A merchant's own script is sent as it is.
    fn constant(&self, verb: Verb) -> Constant {
        // These leave the gate and the failsafe on the server, and the failsafe closes.
        let stays = matches!(verb, Verb::Open | Verb::Update);
        let mut calls = vec![verb.function()];
        if stays {
            calls.extend(["sp_failsafe", self.closes_by()]);
        }
        let definitions = match self.origin {
            Origin::BuiltIn => self.library().needed(&calls),
            Origin::Folder(_) => {
                calls.push(&self.script);
                let shared = shared().needed(&calls);
                [shared.as_str(), "\n", &self.script].concat()
            }
        };
        if stays {
            Constant::with_source(&definitions, &for_keeping(GATE))
        } else {
            Constant::of(definitions)
        }
    }

    /// What the script told to people with lines of `note`: each is the id of a sentence of the provider's,
    /// into which the other values of the reply are put; what is no such id is told as it is.
    #[must_use]
    pub fn notes(&self, reply: &Reply) -> Vec<Note> {
        let values = || reply.values().iter().map(|(name, value)| (name.as_str(), value.into()));
        let sentence = |note: &str| {
            let args: Vec<(&str, Arg)> = values().collect();
            self.sentences.as_ref()?.text(&format!("note-{note}"), &args)
        };
        let told = reply.lines("note").take(MOST_NOTES);
        told.map(|note| match sentence(note) {
            Some(text) => Note { id: note.to_owned(), text },
            None => Note { id: "note".to_owned(), text: note.to_owned() },
        })
        .collect()
    }

    /// What is to be known of a server before access is made on it, by what `detect` replied; `of_grant` as
    /// in [`Seen`].
    #[must_use]
    pub(crate) fn warnings(
        &self,
        reply: &Reply,
        account: &str,
        of_grant: &[(&'static str, &str)],
    ) -> Vec<Note> {
        let made = Reply::default();
        let seen = Seen { reply, made: &made, account, grant: of_grant };
        let said = self.said(Verb::Detect, SayingKind::Warning, &seen);
        self.notes(reply).into_iter().chain(said).collect()
    }

    /// What it would make, by what `detect` replied: the sentence `plan` of the provider's, else its summary.
    #[must_use]
    pub fn plan(&self, reply: &Reply) -> String {
        let values = reply.values().iter().map(|(name, value)| (name.as_str(), value.into()));
        let values: Vec<(&str, Arg)> = values.collect();
        let told = self.sentences.as_ref().and_then(|sentences| sentences.text("plan", &values));
        told.unwrap_or_else(|| self.summary.clone())
    }

    /// The sentences of this kind that its manifest names for `verb`, as far as they hold.
    pub(crate) fn said(&self, verb: Verb, kind: SayingKind, seen: &Seen<'_>) -> Vec<Note> {
        match (self.sayings.get(&(verb, kind)), &self.sentences) {
            (Some(sayings), Some(sentences)) => {
                saying::said(kind, sayings, self.outputs(verb), sentences, seen)
            }
            _ => Vec::new(),
        }
    }

    /// The first verb that its manifest speaks of and its script does not define.
    #[must_use]
    pub fn missing_verb(&self) -> Option<Verb> {
        let may_be_left_out = [Verb::Tried, Verb::Collected, Verb::Marks];
        let defines = |verb: &Verb| {
            self.script.lines().any(|line| {
                let behind = line.trim_start().strip_prefix(verb.function());
                behind.is_some_and(|behind| behind.trim_start().starts_with("()"))
            })
        };
        let mut all = Verb::ALL.iter().copied();
        all.find(|verb| {
            let left_out = may_be_left_out.contains(verb) && self.outputs(*verb).is_empty();
            !left_out && !defines(verb)
        })
    }

    /// Whether the provider can list what carries our mark.
    #[must_use]
    pub fn lists_marks(&self) -> bool {
        !self.outputs(Verb::Marks).is_empty()
    }

    /// Whether it is for the software of a shop in whose folder these files are, by their paths in it.
    #[must_use]
    pub fn knows_shop(&self, signs: &str) -> bool {
        let is_of = |found: &str, sign: &str| {
            found
                .strip_suffix(sign)
                .is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        signs.split(' ').any(|found| self.signs.iter().any(|sign| is_of(found, sign)))
    }

    /// Whether what a close found stays on the server until it is told that it was recorded.
    #[must_use]
    pub fn keeps_results(&self) -> bool {
        !self.outputs(Verb::Collected).is_empty()
    }

    /// The verb that takes the verification key away.
    #[must_use]
    pub fn after_trial(&self) -> Verb {
        if self.outputs(Verb::Tried).is_empty() { Verb::Update } else { Verb::Tried }
    }

    /// What `verb` is told, by the names that the script sees.
    pub fn inputs(&self, verb: Verb) -> impl Iterator<Item = &'static str> {
        inputs::names().filter(move |name| self.inputs.contains(&(verb, *name)))
    }

    /// What `verb` may reply.
    #[must_use]
    pub fn outputs(&self, verb: Verb) -> &Outputs {
        static NONE: Outputs = Outputs::new();
        self.outputs.get(&verb).unwrap_or(&NONE)
    }
}

/// What the files of a provider say.
pub(crate) struct Text<'a> {
    /// `provider.toml`.
    pub manifest: &'a str,
    /// `provider.sh`.
    pub script: &'a str,
    /// `en.ftl`, where there is one.
    pub sentences: Option<String>,
}

/// The program of a provider that is written in PHP.
pub(crate) const PROGRAM: &str = "provider.php";

/// The file of a provider's sentences, in English.
const SENTENCES: &str = "en.ftl";

fn catalogue(place: &str, text: &str) -> Result<Catalogue, ProviderError> {
    Catalogue::english(text)
        .map_err(|e| ProviderError::Sentences { place: place.to_owned(), why: e.to_string() })
}

/// Whether a built-in provider has this name.
pub(crate) fn is_built_in(name: &str) -> bool {
    BUILTIN.iter().any(|files| files.name == name)
}

/// Folder names only: a name from the command line must not leave the folder of providers.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The largest file that a merchant writes by hand, in bytes.
pub(crate) const FILE_LIMIT: u64 = 256 * 1024;

/// What `[inputs]` says: each input, and `all` or the verbs that are told it. Which grant it is about is told to
/// each, whatever stands there: files are named by it.
fn declared_inputs(
    inputs: &BTreeMap<String, String>,
) -> Result<BTreeSet<(Verb, &'static str)>, String> {
    let mut told = BTreeSet::new();
    for (input, verbs) in inputs {
        let name = inputs::names().find(|name| name.strip_prefix(inputs::PREFIX) == Some(input));
        let name = name.ok_or_else(|| {
            message::text("manifest-inputs.unknown", &[("input", Arg::of(script::clean(input)))])
        })?;
        if verbs.trim().is_empty() {
            return Err(message::text("manifest-inputs.no-verb", &[("input", Arg::of(input))]));
        }
        for word in verbs.split_whitespace() {
            let named =
                Verb::ALL.iter().copied().filter(|verb| word == "all" || verb.name() == word);
            let before = told.len();
            told.extend(named.map(|verb| (verb, name)));
            if told.len() == before {
                let word = script::clean(word);
                return Err(message::text(
                    "manifest-inputs.verb",
                    &[("word", Arg::of(&word)), ("input", Arg::of(input))],
                ));
            }
        }
    }
    told.extend(Verb::ALL.iter().map(|verb| (*verb, inputs::GRANT)));
    Ok(told)
}

/// An input that the script cannot do without, and no verb is told.
fn untold(script: &str, told: &BTreeSet<(Verb, &'static str)>) -> Option<&'static str> {
    let read: BTreeSet<&str> = slim::variables(script).collect();
    inputs::names().find(|name| read.contains(name) && told.iter().all(|(_, told)| told != name))
}

/// The library in its parts.
fn shared() -> &'static Library {
    static SHARED: OnceLock<Library> = OnceLock::new();
    SHARED.get_or_init(|| Library::parse(LIBRARY))
}

/// The other files of a folder's script, by name.
fn other_parts(folder: &Path) -> Result<Vec<PathBuf>, ProviderError> {
    let cannot = |source| ProviderError::Unreadable { path: folder.display().to_string(), source };
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut parts: Vec<PathBuf> = entries.map_err(cannot)?.iter().map(fs::DirEntry::path).collect();
    parts.retain(|path| {
        path.extension().is_some_and(|extension| extension == "sh")
            && path.file_name().is_some_and(|name| name != "provider.sh")
    });
    parts.sort();
    Ok(parts)
}

/// Refuses a path that somebody else could have written.
pub(crate) fn refuse_unsafe(path: &Path) -> Result<(), ProviderError> {
    let shown = || path.display().to_string();
    let metadata =
        fs::metadata(path).map_err(|source| ProviderError::Unreadable { path: shown(), source })?;
    match file::written_by_others(&metadata, &[]) {
        None => Ok(()),
        Some(_) => Err(ProviderError::Unsafe { path: shown() }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::remote::script::Input;

    #[test]
    fn every_folder_of_providers_is_built_in_and_understood() {
        let folders: Vec<String> = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/providers"))
            .unwrap()
            .flatten()
            .filter(|entry| entry.path().join("provider.toml").exists())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        assert_eq!(folders.len(), BUILTIN.len());
        for name in folders {
            Provider::find(&name, Path::new("/nonexistent")).unwrap();
        }
    }

    #[test]
    fn a_sign_of_a_shop_is_one_that_servers_are_looked_at_for() {
        let body = LIBRARY.split_once("sp_folder_signs() {").unwrap().1;
        let looked_for: Vec<&str> = body.split_once("; do").unwrap().0.split_whitespace().collect();
        for files in BUILTIN {
            let provider = Provider::find(files.name, Path::new("/nonexistent")).unwrap();
            for sign in &provider.signs {
                assert!(looked_for.contains(&sign.as_str()), "{}: {sign}", files.name);
            }
        }
    }

    /// Whatever closes at the deadline is on the server from the beginning: it is called by a name that no text there has.
    #[test]
    fn what_the_server_closes_by_is_left_there() {
        for Files { name, .. } in BUILTIN {
            let provider = Provider::find(name, Path::new("/nonexistent")).unwrap();
            for verb in [Verb::Open, Verb::Update] {
                let body = provider.frame(verb, &Vec::new()).unwrap().body.to_vec();
                let sent = String::from_utf8(body).unwrap();
                let is_sent = |function: &str| sent.contains(&format!("\n{function}() {{"));
                let own = sent.split(&format!("{CLOSES_BY}() {{ ")).nth(1);
                let closes = own.map_or("sp_close", |own| own.split(';').next().unwrap());
                assert!(is_sent(CLOSES_BY) && is_sent(closes), "{name}: {}", verb.name());
                assert_eq!(own.is_some(), *name == "linux-account", "{name}");
            }
        }
    }

    #[test]
    fn every_part_of_a_script_is_built_in() {
        fn parts_below(folder: &Path, prefix: &str, names: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
                if entry.path().is_dir() {
                    parts_below(&entry.path(), &format!("{name}/"), names);
                } else if let Some(name) = name.strip_suffix(".sh") {
                    names.push(name.to_owned());
                }
            }
        }
        let providers = Path::new(env!("CARGO_MANIFEST_DIR")).join("providers");
        let built_in = BUILTIN.iter().map(|files| (files.name, "provider", files.script.names));
        for (folder, first, built_in) in built_in.chain([("lib", "begin", LIBRARY_PARTS.names)]) {
            let mut there = Vec::new();
            parts_below(&providers.join(folder), "", &mut there);
            there.sort_by_key(|name| (name != first, name.clone()));
            assert_eq!(there, built_in, "{folder}");
        }
    }

    /// Every function that is named in what is sent for a verb is sent, and sh understands it.
    #[test]
    fn a_verb_is_sent_all_that_it_needs_and_little_more() {
        use std::io::Write as _;
        for files in BUILTIN {
            let (name, script) = (files.name, files.script());
            let provider = Provider::find(name, Path::new("/nonexistent")).unwrap();
            let whole = [LIBRARY, &script].concat();
            let defined: Vec<&str> = whole
                .lines()
                .filter_map(|line| line.split_once("() {"))
                .map(|(name, _)| name)
                .filter(|name| name.starts_with("sp_"))
                .collect();
            for verb in Verb::ALL.iter().copied() {
                let framed = provider.frame(verb, &Vec::new()).unwrap();
                let text = String::from_utf8(framed.body.to_vec()).unwrap();
                let words: std::collections::BTreeSet<&str> = script::slim::words(&text).collect();
                for function in defined.iter().filter(|name| words.contains(*name)) {
                    let definition = format!("\n{function}() {{");
                    let quoted = format!("='{function}() {{");
                    assert!(text.contains(&definition) || text.contains(&quoted), "{function}");
                }
                assert!(text.len() < whole.len(), "{name} {verb:?}: {}", text.len());
                let mut sh = std::process::Command::new("sh")
                    .args(["-n", "-s"])
                    .stdin(std::process::Stdio::piped())
                    .spawn()
                    .unwrap();
                sh.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
                assert!(sh.wait().unwrap().success(), "{name} {verb:?}");
            }
        }
    }

    /// What a verb is told is what the functions that are sent for it read, no more and no less. `sp_check_inputs` looks
    /// at each that is there.
    #[test]
    fn a_verb_is_told_what_it_reads() {
        let mut wrong = String::new();
        for files in BUILTIN {
            let (name, script) = (files.name, files.script());
            let provider = Provider::find(name, Path::new("/nonexistent")).unwrap();
            let library = Library::parse(&[LIBRARY, &script].concat());
            let is_its_own = |verb: &Verb| script.contains(&format!("\n{}() {{", verb.function()));
            for verb in Verb::ALL.iter().copied().filter(is_its_own) {
                let stays = matches!(verb, Verb::Open | Verb::Update);
                let calls = [verb.function(), "sp_failsafe", provider.closes_by()];
                let sent = library.needed(if stays { &calls } else { &calls[..1] });
                // What none but `open` is told is put away by all.
                let puts_away = "sp_secret=${sp_password-}\nunset sp_password";
                let sent = if verb == Verb::Open { sent } else { sent.replace(puts_away, "") };
                let (before, checks) =
                    sent.split_once("sp_check_inputs() {").unwrap_or((&sent, ""));
                let (_, after) = checks.split_once("\n}\n").unwrap_or_default();
                let kept: Vec<&str> = if stays { kept(&sent).collect() } else { Vec::new() };
                let read = |input: &&str| {
                    let bare = input.strip_prefix(inputs::PREFIX).unwrap();
                    kept.contains(&bare)
                        || [before, after].into_iter().any(|text| reads(text, input))
                };
                let told = |input: &&str| provider.inputs.iter().any(|one| *one == (verb, *input));
                let missing: Vec<&str> =
                    inputs::names().filter(|one| read(one) && !told(one)).collect();
                let idle: Vec<&str> =
                    inputs::names().filter(|one| told(one) && !read(one)).collect();
                if !missing.is_empty() || !idle.is_empty() {
                    wrong.push_str(&format!(
                        "{name} {}: reads {missing:?}, is told for nothing {idle:?}\n",
                        verb.name()
                    ));
                }
            }
        }
        assert_eq!(wrong, "");
    }

    /// Whether a text reads this variable.
    fn reads(text: &str, input: &str) -> bool {
        let is_name = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        text.match_indices(input).any(|(at, _)| {
            let (before, behind) = (&text[..at], &text[at + input.len()..]);
            let is_word = !is_name(before.chars().next_back()) && !is_name(behind.chars().next());
            is_word && !behind.starts_with('=')
        })
    }

    /// What is written into the failsafe, which closes with it.
    fn kept(text: &str) -> impl Iterator<Item = &str> {
        let lists = text.split("sp_failsafe_inputs=").skip(1);
        lists
            .filter_map(|list| list.get(1..)?.split(['\'', '"']).next())
            .flat_map(str::split_whitespace)
    }

    /// Merchants' lines are slow upwards. What is told comes to it: some hundred bytes a verb.
    #[test]
    fn a_grant_sends_little() {
        for Files { name, .. } in BUILTIN {
            let provider = Provider::find(name, Path::new("/nonexistent")).unwrap();
            let bytes = |verb| {
                let framed = provider.frame(verb, &Vec::new()).unwrap();
                framed.packed.map_or(usize::MAX, |packed| packed.0.len())
            };
            let [detect, open, tried] = [Verb::Detect, Verb::Open, Verb::Tried].map(bytes);
            let sum = detect + open + tried;
            println!("{name}: detect {detect}, open {open}, tried {tried}; a grant {sum} bytes");
            assert!(sum < 75_000, "{name}: {sum}");
        }
    }

    #[test]
    fn a_close_sends_its_script_once() {
        for Files { name, .. } in BUILTIN {
            let provider = Provider::find(name, Path::new("/nonexistent")).unwrap();
            let one = |verb| provider.frame(verb, &Vec::new()).unwrap().packed.unwrap().0.len();
            let many = |verb| {
                let framed = provider.frame_together(verb, &[Vec::new(), Vec::new()]).unwrap();
                framed.packed.unwrap().0.len()
            };
            let [(close, collected), (closes, all_collected)] = [
                (one(Verb::Close), one(Verb::Collected)),
                (many(Verb::Close), many(Verb::Collected)),
            ];
            println!("{name}: close {close}, collected {collected}; two {closes}, {all_collected}");
            assert!(collected < 7_000 && all_collected < 7_000, "{name}: {collected}");
        }
    }

    fn text(manifest: &str) -> Text<'_> {
        Text { manifest, script: "sp_close() { :; }\n", sentences: None }
    }

    #[test]
    fn inputs_that_are_none_and_a_script_that_is_not_told_are_refused() {
        let parsed = |inputs: &str, script: &str| {
            let manifest = format!(
                "name = 'mine'\nsummary = 's'\nlanguage = 'sh'\nrun_as = 'login'\naccount = 'shared'\n\
                 [inputs]\n{inputs}\n[detect]\n[open]\n[update]\n[check]\n[close]\n"
            );
            let text = Text { manifest: &manifest, script, sentences: None };
            Provider::parse("mine", text, Origin::Folder("/providers/mine".into()))
        };
        let script = "sp_open() { echo \"$sp_grant $sp_path ${sp_ask-}\"; }\n";
        let good = parsed("grant = 'all'\npath = 'open  close'\ntag = 'all'", script).unwrap();
        let told = |verb| good.inputs(verb).collect::<Vec<_>>();
        assert_eq!(told(Verb::Open), ["sp_grant", "sp_path", "sp_tag"]);
        assert_eq!(told(Verb::Check), ["sp_grant", "sp_tag"]);
        let all = Inputs::from([
            ("sp_grant", Input::Text("g".into())),
            ("sp_path", Input::Text("/p".into())),
        ]);
        let sent = |verb| String::from_utf8(good.frame(verb, &all).unwrap().body.to_vec()).unwrap();
        assert!(sent(Verb::Open).contains("\nsp_path='/p'\n"));
        assert!(
            !sent(Verb::Check).contains("\nsp_path=") && sent(Verb::Check).contains("\nsp_grant=")
        );
        for (inputs, why) in [
            ("wonder = 'all'", "its [inputs]: there is no input `wonder`"),
            ("path = ''", "its [inputs]: no verb is named for `path`"),
            ("path = 'open shut'", "its [inputs]: `shut` is no verb, or named twice for `path`"),
            ("path = 'open open'", "its [inputs]: `open` is no verb, or named twice for `path`"),
            (
                "tag = 'all'",
                "the script reads `sp_path`, and its [inputs] do not say which verbs are told it",
            ),
        ] {
            let refused = parsed(inputs, script).unwrap_err().to_string();
            assert!(refused.contains(why), "{inputs}: {refused}");
        }
    }

    #[test]
    fn open_is_told_of_detect_what_the_manifest_names_and_no_more() {
        let parsed = |open: &str, update: &str| {
            let manifest = format!(
                "name = 'mine'\nsummary = 's'\nlanguage = 'sh'\nrun_as = 'root'\naccount = 'none'\n\
                 [inputs]\nseen = 'open'\n[detect.outputs]\nat = 'text'\nwhy = 'text'\nall = 'lines'\n\
                 [open]\n{open}\n[update]\n{update}\n[check]\n[close]\n"
            );
            let script = "sp_open() { echo \"$sp_seen\"; }\n";
            let text = Text { manifest: &manifest, script, sentences: None };
            Provider::parse("mine", text, Origin::Folder("/providers/mine".into()))
        };
        let provider = parsed("seen = ['at']", "").unwrap();
        let said = [("at", "/srv/shop"), ("why", "it is there")];
        let said = said.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let seen = provider.seen(&Reply::from_values(said.clone().into()));
        assert_eq!(seen, BTreeMap::from([said[0].clone()]));
        for (open, update, why) in [
            ("seen = ['where']", "", "`where`, which [detect] does not say in one line"),
            ("seen = ['all']", "", "`all`, which [detect] does not say in one line"),
            ("", "seen = ['at']", "its [update] cannot have `seen`"),
        ] {
            let refused = parsed(open, update).unwrap_err().to_string();
            assert!(refused.contains(why), "{open} {update}: {refused}");
        }
    }

    #[test]
    fn sentences_that_could_not_be_told_are_refused() {
        let manifest = |verb: &str, more: &str| {
            format!(
                "name = 'mine'\nsummary = 's'\nlanguage = 'sh'\nrun_as = 'login'\naccount = 'shared'\n{more}\n\
                 [detect]\n[open.outputs]\ndoor = 'text'\n[update]\n[check.outputs]\nshut = 'bool'\n[close]\n{verb}\n"
            )
        };
        let parsed = |verb: &str, more: &str| {
            let manifest = manifest(verb, more);
            let sentences = Some("drift-shut = it is shut\nneeds-shop = why\n".to_owned());
            let text = Text { manifest: &manifest, script: "", sentences };
            Provider::parse("mine", text, Origin::Folder("/providers/mine".into()))
        };
        let good =
            parsed("[check.drift]\nshut = 'shut made.door=low'\n", "needs_shop = true").unwrap();
        assert_eq!(good.needs_shop.as_deref(), Some("why"));
        for (verb, why) in [
            (
                "[check.drift]\nshut = 'ajar'\n",
                "its [check]: `shut` asks for `ajar`, which is never said",
            ),
            (
                "[check.drift]\nshut = 'made.shut'\n",
                "its [check]: `shut` asks for `shut`, which is never said",
            ),
            (
                "[check.drift]\nshut = 'grant.shut'\n",
                "its [check]: `shut` asks for `shut`, which is never said",
            ),
            (
                "[check.drift]\najar = 'shut'\n",
                "its [check]: `ajar` has no sentence: `drift-ajar` is missing in `en.ftl`",
            ),
            (
                "[check.notes]\nshut = 'shut'\n",
                "its [check] cannot have sentences of the kind note",
            ),
            (
                "[check.drift]\nshut = ''\n",
                "line 15, column 8: it says nothing of when the sentence is told",
            ),
            (
                "[check.drift]\nshut = 'other.shut'\n",
                "line 15, column 8: `other.shut` asks neither `made.` nor `grant.`",
            ),
        ] {
            let refused = parsed(verb, "").unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn a_result_that_nobody_could_collect_is_refused() {
        let manifest = |close: &str, more: &str| {
            format!(
                "name = 'mine'\nsummary = 's'\nlanguage = 'sh'\nrun_as = 'login'\naccount = 'shared'\n[detect]\n[open]\n\
                 [update]\n[check]\n[close]\noutputs = {{ {close} }}\n{more}"
            )
        };
        let parsed = |close: &str, more: &str| {
            let origin = Origin::Folder("/providers/mine".into());
            Provider::parse("mine", text(&manifest(close, more)), origin)
        };
        let (kept, collected) =
            ("result_kept = 'bool'", "[collected]\noutputs = { reason = 'text' }\n");
        assert!(!parsed("absent = 'bool'", "").unwrap().keeps_results());
        assert!(parsed(kept, collected).unwrap().keeps_results());
        for more in ["", "[collected]\n"] {
            assert_eq!(
                parsed(kept, more).unwrap_err().to_string(),
                "the manifest `/providers/mine/provider.toml` cannot be used: its [close] may say \
                 `result_kept`, and there is no [collected] by which the server is told that it may \
                 forget the result"
            );
        }
    }

    #[test]
    fn only_a_close_tells_records() {
        let manifest = |open: &str, close: &str| {
            format!(
                "name = 'mine'\nsummary = 's'\nlanguage = 'sh'\nrun_as = 'login'\naccount = 'shared'\n[detect]\n[open]\n\
                 outputs = {{ {open} }}\n[update]\n[check]\n[close]\noutputs = {{ {close} }}\n"
            )
        };
        let parsed = |open: &str, close: &str| {
            let origin = Origin::Folder("/providers/mine".into());
            Provider::parse("mine", text(&manifest(open, close)), origin)
        };
        parsed("gate = 'bool'", "record = 'records'").unwrap();
        assert_eq!(
            parsed("record = 'records'", "").unwrap_err().to_string(),
            "the manifest `/providers/mine/provider.toml` cannot be used: its [open] may say records \
             of a comparison, which only [close] can"
        );
    }

    #[test]
    fn a_provider_that_others_can_write_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("mine");
        fs::create_dir(&folder).unwrap();
        let verbs = "[detect]\n[open]\n[update]\n[check]\n[close]\n";
        let head =
            "name = 'mine'\nsummary = 's'\nlanguage = 'sh'\nrun_as = 'login'\naccount = 'shared'\n";
        fs::write(folder.join("provider.toml"), format!("{head}{verbs}")).unwrap();
        fs::write(folder.join("provider.sh"), "sp_detect() { :; }\n").unwrap();
        let first = Provider::find("mine", dir.path()).unwrap();
        // Read anew each time; a built-in one is the same.
        fs::write(folder.join("provider.sh"), "sp_detect() { true; }\n").unwrap();
        let then = Provider::find("mine", dir.path()).unwrap();
        assert_ne!(first.digest, then.digest);
        let built_in = || Provider::find("linux-account", dir.path()).unwrap();
        assert!(Arc::ptr_eq(&built_in(), &built_in()));
        let open_to_all = fs::Permissions::from_mode(0o666);
        fs::set_permissions(folder.join("provider.sh"), open_to_all).unwrap();
        let refused = Provider::find("mine", dir.path());
        assert!(matches!(refused, Err(ProviderError::Unsafe { .. })));
    }

    #[test]
    fn a_name_cannot_leave_the_folder() {
        for name in ["../etc", "", "a/b", ".", "A", "-x"] {
            let found = Provider::find(name, Path::new("/"));
            assert!(matches!(found, Err(ProviderError::NotFound(_))), "{name}");
        }
    }
}
