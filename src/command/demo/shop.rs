//! The supporter in the shop: curl goes through the login form as a browser does, and asks for a page of the
//! administration with the cookies that it was given. Not the proof of stagepass, but somebody else's client.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::{STEP_LIMIT, Stage};
use crate::error::{Error, Kind, Result};
use crate::message::{self, Arg, Id};
use crate::output::Tone;
use crate::secret::Secret;

/// The name of the site; curl is told where it is.
const SITE: &str = "staging.shop.test";

/// A user that a grant made in the shop.
#[derive(Debug)]
pub(super) struct ShopUser {
    pub name: String,
    pub password: Secret,
    pub port: u16,
}

impl ShopUser {
    /// The user of this name, whose password `grant --output` wrote to that file. The file goes.
    pub fn read(name: String, file: &Path, port: u16) -> Result<Self> {
        let lost = |e| Error::of(Kind::Internal, "demo-no-shop-password", &[]).because(e);
        let text = zeroize::Zeroizing::new(std::fs::read_to_string(file).map_err(lost)?);
        std::fs::remove_file(file).map_err(lost)?;
        let mut password = zeroize::Zeroizing::new(String::with_capacity(text.len()));
        password.push_str(text.trim_end());
        Ok(Self { name, password: Secret::from_zeroizing(password), port })
    }

    fn address(&self, path: &str) -> String {
        format!("http://{SITE}:{}{path}", self.port)
    }
}

/// What the shop may answer.
const LET_IN: Id = Id("demo-login.let-in");
const KEPT_OUT: Id = Id("demo-login.kept-out");
const PROFILE: Id = Id("demo-visit.profile");
const TO_THE_FORM: Id = Id("demo-visit.form");

impl Stage<'_> {
    /// Fills the form, and says what came of it. Who is let in keeps the cookies for [`Stage::visit`].
    pub(super) async fn log_in(&mut self, user: &ShopUser, is_let_in: bool) -> Result<()> {
        let form = user.address("/wp-login.php");
        let told = message::text(
            "demo-curl-form",
            &[("form", (&form).into()), ("user", (&user.name).into())],
        );
        self.output.say(Tone::Good, &told);
        // A cookie of before would be an answer by itself.
        let jar = self.folder.join(if is_let_in { "cookies" } else { "cookies.new" });
        let _ = std::fs::remove_file(&jar);
        let keeps =
            [("cookie", jar.display().to_string()), ("cookie-jar", jar.display().to_string())];
        self.curl(user, &form, &keeps, None).await?;
        let code = self.curl(user, &form, &keeps, Some(&user.password)).await?;
        let cookies = std::fs::read_to_string(&jar).unwrap_or_default();
        let has_session = cookies.contains("wordpress_logged_in");
        let said = match (code.as_str(), has_session) {
            ("302", true) => LET_IN,
            ("200", false) => KEPT_OUT,
            _ => Id("demo-login.neither"),
        };
        let as_expected = if is_let_in { LET_IN } else { KEPT_OUT };
        self.judge_answer(said == as_expected, &form, said)
    }

    /// Asks for a page of the administration with the cookies of the login.
    pub(super) async fn visit(&mut self, user: &ShopUser, is_let_in: bool) -> Result<()> {
        let page = user.address("/wp-admin/profile.php");
        let told = message::text("demo-curl-page", &[("page", (&page).into())]);
        self.output.say(Tone::Good, &told);
        let jar = self.folder.join("cookies").display().to_string();
        let code = self.curl(user, &page, &[("cookie", jar)], None).await?;
        let text = std::fs::read_to_string(self.page_file()).unwrap_or_default();
        let said = match code.as_str() {
            "200" if text.contains(&user.name) => PROFILE,
            "302" => TO_THE_FORM,
            _ => Id("demo-visit.neither"),
        };
        let as_expected = if is_let_in { PROFILE } else { TO_THE_FORM };
        self.judge_answer(said == as_expected, &page, said)
    }

    fn judge_answer(&mut self, is_as_expected: bool, address: &str, said: Id) -> Result<()> {
        let said = said.text();
        self.show(&said);
        self.steps += 1;
        if is_as_expected {
            return Ok(());
        }
        Err(Error::of(Kind::Internal, "demo-failed-at", &[("address", Arg::of(address))])
            .because_of("demo-shop-answered", &[("said", Arg::of(&said))]))
    }

    fn page_file(&self) -> PathBuf {
        self.folder.join("page")
    }

    /// One request: the status of the answer, whose page is left in a file. The password goes by standard input.
    async fn curl(
        &self,
        user: &ShopUser,
        address: &str,
        words: &[(&str, String)],
        password: Option<&Secret>,
    ) -> Result<String> {
        let failed = |why: &dyn std::error::Error| {
            Error::of(Kind::Internal, "demo-curl-not-run", &[]).because_text(why.to_string())
        };
        let page = self.page_file();
        let _ = std::fs::remove_file(&page);
        let mut command = Command::new("curl");
        command
            .args(["--disable", "--silent", "--show-error", "--max-time", "30", "--noproxy", "*"])
            .args(["--resolve", &format!("{SITE}:{}:127.0.0.1", user.port)])
            .args(["--write-out", "%{http_code}", "--output"])
            .arg(&page)
            .args(words.iter().flat_map(|(word, value)| [format!("--{word}"), value.clone()]));
        if password.is_some() {
            let name = format!("log={}", user.name);
            command.args(["--data-urlencode", &name, "--data", "testcookie=1"]);
            command.args(["--data-urlencode", "pwd@-"]);
        }
        command.arg(address).env_remove("http_proxy").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| failed(&e))?;
        if let (Some(mut stdin), Some(password)) = (child.stdin.take(), password) {
            stdin.write_all(password.expose().as_bytes()).await.map_err(|e| failed(&e))?;
        }
        let ended = timeout(STEP_LIMIT, child.wait_with_output()).await.map_err(|e| failed(&e))?;
        let ended = ended.map_err(|e| failed(&e))?;
        if !ended.status.success() {
            let why = crate::remote::script::clean(&String::from_utf8_lossy(&ended.stderr));
            return Err(Error::of(
                Kind::Internal,
                "demo-failed-at",
                &[("address", Arg::of(address))],
            )
            .because_text(why));
        }
        Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
    }
}
