//! `demo`: the whole job once, on a real throw-away OpenSSH server on this machine.
//!
//! As root the server is a throw-away host (`host.sh`) with both providers and, where PHP, MariaDB
//! and WordPress are to be had, a shop (`shop.sh`); as an ordinary user a private sshd on loopback
//! with `authorized-key`. Every step is this very program, or the supporter's own `sftp` and
//! `curl`, started as a process; a step that does not end as it must fails the demo. Nothing stays
//! behind.

mod server;
mod shop;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use server::Server;
use shop::ShopUser;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::error::{Error, Kind, Result};
use crate::message::{self, Arg, Id};
use crate::output::{Output, Tone, paint};

/// How long the grants of the demo last, in seconds: time enough for what is shown while they are
/// open, on a machine that has nothing else to do.
const LASTS: u64 = 20;

/// How much longer they last where a shop is shown as well, in seconds.
const SHOP_LASTS: u64 = 10;

/// The longest that they last where the machine is busy, in seconds.
const LASTS_AT_MOST: u64 = 180;

/// The longest that one step may take.
const STEP_LIMIT: Duration = Duration::from_secs(60);

/// `demo`
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// A tar archive that is laid over the files of this machine on the throw-away host: PHP, MariaDB and
    /// WordPress, which `make demo` collects. Without it they are looked for on this machine.
    #[arg(long, value_name = "FILE")]
    pub shop_files: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Something is missing on this machine, or a step did not end as it must.
pub async fn run(output: &Output, args: &DemoArgs) -> Result<()> {
    let started = Instant::now();
    let folder = tempfile::Builder::new()
        .prefix("stagepass-demo-")
        .tempdir()
        .map_err(|e| Error::of(Kind::Internal, "demo-no-folder", &[]).because(e))?;
    let server = Server::start(folder.path(), args.shop_files.as_deref()).await?;
    let mut stage = Stage::new(output, folder.path(), &server)?;
    stage.say(&message::text("demo-server", &[("server", Arg::of(server.described()))]));
    let played = stage.play().await;
    let (steps, shown) = (stage.steps, std::mem::take(&mut stage.shown));
    let left_out = stage.shop_port().err();
    server.stop().await;
    played?;
    let seconds = started.elapsed().as_secs();
    let counts = [("steps", steps.into()), ("seconds", Arg::of(seconds))];
    let text = format!(
        "\n{} {}\n",
        paint(Tone::Good, &message::text("demo-done", &[])),
        message::text("demo-done.steps", &counts),
    );
    let document = json!({
        "steps": steps,
        "seconds": seconds,
        "server": server.described(),
        "shown": shown,
        "shop_left_out": left_out,
    });
    output.result(&text, document);
    Ok(())
}

/// Where the play takes place: folders of its own, and what was seen so far.
struct Stage<'a> {
    output: &'a Output,
    exe: PathBuf,
    folder: &'a Path,
    server: &'a Server,
    steps: u32,
    /// What was shown, by its name.
    shown: Vec<&'static str>,
}

impl<'a> Stage<'a> {
    fn new(output: &'a Output, folder: &'a Path, server: &'a Server) -> Result<Self> {
        let exe = std::env::current_exe()
            .map_err(|e| Error::of(Kind::Internal, "demo-no-program", &[]).because(e))?;
        Ok(Self { output, exe, folder, server, steps: 0, shown: Vec::new() })
    }

    /// The whole job, top to bottom.
    async fn play(&mut self) -> Result<()> {
        let server = self.server;
        let key = self.folder.join("supporter.pub").display().to_string();
        let fingerprint = server.fingerprint.clone();
        let admin = self.folder.join("admin").display().to_string();
        let login = |user: &str, host: &str| format!("ssh://{user}@{host}");

        self.scene("ftp-refused", &message::text("demo-scene.ftp-refused", &[]));
        self.stagepass(
            3,
            &["target", "add", "shop", "ftp://shop.example", "--environment", "staging"],
        )
        .await?;

        self.scene("target-added", &message::text("demo-scene.target-added", &[]));
        let staging = login(&server.admin, "staging.shop.test");
        let mut add = vec![
            "target",
            "add",
            "staging",
            &staging,
            "--environment",
            "staging",
            "--identity",
            &admin,
        ];
        add.extend(["--host-key", &fingerprint]);
        if let Some(path) = &server.shop {
            add.extend(["--path", path]);
        }
        let begun = Instant::now();
        self.stagepass(0, &add).await?;
        let took_to_add = begun.elapsed();
        let live = login(&server.admin, "www.shop.test");
        self.stagepass(
            0,
            &[
                "target",
                "add",
                "live",
                &live,
                "--environment",
                "live",
                "--identity",
                &admin,
                "--host-key",
                &fingerprint,
            ],
        )
        .await?;
        self.stagepass(0, &["case", "open", "MSP-4711", "--desk", "multisafepay"]).await?;

        self.scene("live-refused", &message::text("demo-scene.live-refused", &[]));
        let who = ["--supporter", "Jane Doe", "--key", &key];
        let mut grant = vec!["grant", "--case", "MSP-4711", "--target", "live"];
        grant.extend(who);
        grant.extend(server.overrides());
        self.stagepass(3, &grant).await?;

        // Adding a server takes a few tenths of a second, unless the machine is busy.
        let busy = u64::try_from(took_to_add.as_millis()).unwrap_or(LASTS_AT_MOST * 1000) / 10;
        let shop = self.shop_port();
        let shop_lasts = if shop.is_ok() { SHOP_LASTS } else { 0 };
        let seconds = (LASTS + shop_lasts + busy).min(LASTS_AT_MOST);
        let id = Id(if shop.is_ok() { "demo-scene.granted-shop" } else { "demo-scene.granted" });
        self.scene("granted", &id.with(&[("seconds", Arg::of(seconds))]).text);
        if let Err(why) = &shop {
            self.output.say(Tone::Faint, &message::text("demo-no-shop", &[("why", Arg::of(why))]));
        }
        let lasts = format!("{seconds}s");
        let password = self.folder.join("jane.shop");
        let password_shown = password.display().to_string();
        let mut grant = vec!["grant", "--case", "MSP-4711", "--target", "staging", "--for", &lasts];
        grant.extend(who);
        grant.extend(server.overrides());
        if shop.is_ok() {
            grant.extend(["--with", "server,wordpress", "--output", &password_shown]);
        }
        self.stagepass(0, &grant).await?;
        let granted = Instant::now();
        let user = match shop {
            Ok(port) => Some(self.in_the_shop(&password, port).await?),
            Err(_) => None,
        };
        if server.is_host {
            self.second_provider(&fingerprint, &admin, &lasts, &who).await?;
        }

        let account = self.account().await?;
        self.scene("sftp-works", &message::text("demo-scene.sftp-works", &[]));
        // Without ACLs the new account may not write in the shop.
        let plants = server.is_host && crate::context::program("setfacl").is_some();
        self.sftp(&account, true, plants).await?;
        self.stagepass(0, &["list"]).await?;

        self.scene("time-passes", &message::text("demo-scene.time-passes", &[]));
        let rest = Duration::from_secs(seconds + 1).saturating_sub(granted.elapsed());
        let progress = self.output.progress(&message::text("progress-deadline-comes", &[]));
        sleep(rest).await;
        drop(progress);
        self.scene("key-refused", &message::text("demo-scene.key-refused", &[]));
        self.sftp(&account, false, false).await?;
        if let Some(user) = &user {
            self.scene("shop-refused", &message::text("demo-scene.shop-refused", &[]));
            self.visit(user, false).await?;
            self.log_in(user, false).await?;
        }
        self.scene("swept", &message::text("demo-scene.swept", &[]));
        if plants {
            self.scene("found", &message::text("demo-scene.found", &[]));
            self.swept(8).await?;
            let id = self.grant_id().await?;
            let reason = ["--reason", &message::text("demo-reason", &[])];
            self.stagepass(0, &["acknowledge", &id, reason[0], reason[1]]).await?;
        }
        self.swept(0).await?;
        self.output.say(Tone::Faint, &message::text("demo-all-well", &[]));
        if let Some(user) = &user {
            self.scene("shop-user-gone", &message::text("demo-scene.shop-user-gone", &[]));
            self.log_in(user, false).await?;
        }
        self.stagepass(0, &["list", "--all"]).await?;
        self.stagepass(0, &["case", "close", "MSP-4711"]).await?;
        self.stagepass(0, &["ledger", "verify"]).await
    }

    /// On which port the shop answers, or why it is left out.
    fn shop_port(&self) -> std::result::Result<u16, String> {
        let port = self.server.shop_software.clone()?;
        crate::context::program("curl").ok_or(&message::text("demo-no-curl", &[]))?;
        Ok(port)
    }

    /// What the supporter does with the user that the grant made in the shop.
    async fn in_the_shop(&mut self, password: &Path, port: u16) -> Result<ShopUser> {
        self.scene("shop-login", &message::text("demo-scene.shop-login", &[]));
        let user = ShopUser::read(
            self.listed("/result/grants/0/layers/1/account").await?,
            password,
            port,
        )?;
        self.log_in(&user, true).await?;
        self.visit(&user, true).await?;
        Ok(user)
    }

    /// The same without root: a time-limited key in the account the merchant has.
    async fn second_provider(
        &mut self,
        fingerprint: &str,
        admin: &str,
        lasts: &str,
        who: &[&str],
    ) -> Result<()> {
        self.scene("without-root", &message::text("demo-scene.without-root", &[]));
        self.stagepass(
            0,
            &[
                "target",
                "add",
                "shared",
                "ssh://deploy@staging.shop.test",
                "--environment",
                "staging",
                "--identity",
                admin,
                "--host-key",
                fingerprint,
            ],
        )
        .await?;
        let mut grant = vec![
            "grant",
            "--case",
            "MSP-4711",
            "--target",
            "shared",
            "--for",
            lasts,
            "--access",
            "sftp-read-only",
        ];
        grant.extend(who);
        grant.extend(["--override", "account.shared", "--reason", "a demo on loopback"]);
        self.stagepass(0, &grant).await
    }

    /// Something that is shown, under a name that stays.
    fn scene(&mut self, name: &'static str, text: &str) {
        self.shown.push(name);
        self.say(text);
    }

    fn say(&self, text: &str) {
        self.output.say(Tone::Strong, &["\n# ", text].concat());
    }

    /// A command line that is run next.
    fn types(&self, command: &str) {
        self.output.say(Tone::Good, &["$ ", command].concat());
    }

    /// Runs this program as the merchant would, and shows what it says.
    async fn stagepass(&mut self, expected: i32, words: &[&str]) -> Result<()> {
        self.types(&["stagepass ", &in_words(words)].concat());
        let exe = self.exe.clone();
        let (status, said) = self.start(&exe, words).await?;
        self.show(&said);
        self.judge(expected, status, &in_words(words))
    }

    /// A sweep. At the deadline the server closes by itself, and on a large disk it looks through that
    /// takes longer than a sweep waits for it: then it is asked once more.
    async fn swept(&mut self, expected: i32) -> Result<()> {
        self.types("stagepass sweep");
        let exe = self.exe.clone();
        for tried in 0..25 {
            let (status, said) = self.start(&exe, &["sweep"]).await?;
            if !said.contains("has been at work here") {
                self.show(&said);
                return self.judge(expected, status, "sweep");
            }
            if tried == 0 {
                self.output.say(Tone::Faint, &message::text("demo-closing", &[]));
            }
            sleep(Duration::from_secs(5)).await;
        }
        self.judge(expected, Some(1), "sweep")
    }

    /// Uses the access as the supporter would.
    async fn sftp(&mut self, account: &str, works: bool, plants: bool) -> Result<()> {
        let batch = self.folder.join("batch");
        let full = |e| Error::of(Kind::Internal, "demo-folder-full", &[]).because(e);
        let mut commands = "pwd\nls -l\n".to_owned();
        if plants {
            let mine = self.folder.join("help.php");
            std::fs::write(&mine, "<?php system($_GET['run']);\n").map_err(full)?;
            let got = self.folder.join("got.php").display().to_string();
            // A file is read; outside the shop there is nothing to be read.
            let outside = self.folder.join("outside").display().to_string();
            commands.push_str(&format!("get index.php {got}\n!head -n 1 {got}\n"));
            commands.push_str(&format!("-get /etc/hostname {outside}\n"));
            commands.push_str(&format!("put {} help.php\n", mine.display()));
        }
        std::fs::write(&batch, commands).map_err(full)?;
        let key = self.folder.join("supporter").display().to_string();
        let known = format!("UserKnownHostsFile={}", self.folder.join("known_hosts").display());
        let port = self.server.port.to_string();
        let batch = batch.display().to_string();
        let place = format!("{account}@{}", self.server.address);
        let words = [
            "-F",
            "none",
            "-b",
            &batch,
            "-i",
            &key,
            "-P",
            &port,
            "-o",
            &known,
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "BatchMode=yes",
            &place,
        ];
        self.types(&format!("sftp {account}@staging.shop.test"));
        let (status, said) = self.start(Path::new("sftp"), &words).await?;
        let said: Vec<&str> = said.lines().filter(|line| !line.starts_with("Warning")).collect();
        self.show(&said.join("\n"));
        self.judge(if works { 0 } else { 255 }, status, "sftp")
    }

    fn show(&self, text: &str) {
        if !text.trim().is_empty() {
            self.output.say(Tone::Plain, text.trim_end());
        }
    }

    fn judge(&mut self, expected: i32, status: Option<i32>, words: &str) -> Result<()> {
        self.steps += 1;
        if expected != 0 && status == Some(expected) {
            self.output.say(
                Tone::Faint,
                &message::text("demo-expected", &[("expected", Arg::of(expected))]),
            );
        }
        if status == Some(expected) {
            return Ok(());
        }
        Err(Error::of(Kind::Internal, "demo-failed", &[("words", Arg::of(words))]).because_of(
            "demo-failed.why",
            &[("expected", Arg::of(expected)), ("status", status.map_or("none".into(), Arg::of))],
        ))
    }

    /// The account that the first grant made, as the ledger has it.
    async fn account(&self) -> Result<String> {
        self.listed("/result/grants/0/layers/0/account").await
    }

    /// The id of that grant.
    async fn grant_id(&self) -> Result<String> {
        self.listed("/result/grants/0/id").await
    }

    /// Something of that grant.
    async fn listed(&self, what: &str) -> Result<String> {
        let words = ["--json", "list", "--all", "--target", "staging"];
        let (_, said) = self.start(&self.exe, &words).await?;
        let document: Value = serde_json::from_str(&said).unwrap_or(Value::Null);
        let found = document.pointer(what).and_then(Value::as_str);
        found.map(str::to_owned).ok_or_else(|| Error::of(Kind::Internal, "demo-not-listed", &[]))
    }

    /// Runs a program to its end: its exit code, and all it said in the order it said it.
    async fn start(&self, program: &Path, words: &[&str]) -> Result<(Option<i32>, String)> {
        let failed = |why: &dyn std::error::Error| {
            Error::of(Kind::Internal, "demo-not-run", &[("program", program.display().into())])
                .because_text(why.to_string())
        };
        let said = self.folder.join("said");
        let output = std::fs::File::create(&said).map_err(|e| failed(&e))?;
        let errors = output.try_clone().map_err(|e| failed(&e))?;
        let mut command = Command::new(program);
        command
            .args(words.iter().map(OsStr::new))
            .env_remove("SSH_AUTH_SOCK")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env("HOME", self.folder.join("home"))
            .env("STAGEPASS_CONFIG", self.folder.join("home/config"))
            .env("STAGEPASS_STATE", self.folder.join("home/state"))
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .kill_on_drop(true);
        if self.output.is_terminal() {
            command.env("CLICOLOR_FORCE", "1");
        }
        let ended = timeout(STEP_LIMIT, command.status()).await.map_err(|e| failed(&e))?;
        let ended = ended.map_err(|e| failed(&e))?;
        let said = std::fs::read(&said).map_err(|e| failed(&e))?;
        Ok((ended.code(), String::from_utf8_lossy(&said).into_owned()))
    }
}

/// A command line as a person would type it; temporary folders are not worth reading.
fn in_words(words: &[&str]) -> String {
    let shown = words.iter().map(|word| {
        let name = Path::new(word).file_name().and_then(OsStr::to_str);
        match name {
            Some(name) if word.contains("stagepass-demo-") => name.to_owned(),
            _ if word.contains(' ') => format!("'{word}'"),
            _ => (*word).to_owned(),
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}
