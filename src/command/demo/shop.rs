//! The supporter in the shop: curl goes through the login form as a browser does, and asks for a page of the
//! administration with the cookies that it was given. Not the proof of stagepass, but somebody else's client.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::{STEP_LIMIT, Stage};
use crate::error::{Error, Kind, Result};
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
        let lost =
            |e| Error::new(Kind::Internal, "the demo's shop password is not there").because(e);
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

impl Stage<'_> {
    /// Fills the form, and says what came of it. Who is let in keeps the cookies for [`Stage::visit`].
    pub(super) async fn log_in(&mut self, user: &ShopUser, is_let_in: bool) -> Result<()> {
        let form = user.address("/wp-login.php");
        self.output
            .say(Tone::Good, &format!("$ curl {form}  (as {}, with the password)", user.name));
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
            ("302", true) => "302: logged in",
            ("200", false) => "200: the form again, not logged in",
            _ => "neither let in nor refused",
        };
        self.show(said);
        let as_expected =
            if is_let_in { "302: logged in" } else { "200: the form again, not logged in" };
        self.judge_answer(said == as_expected, &form, said)
    }

    /// Asks for a page of the administration with the cookies of the login.
    pub(super) async fn visit(&mut self, user: &ShopUser, is_let_in: bool) -> Result<()> {
        let page = user.address("/wp-admin/profile.php");
        self.output.say(Tone::Good, &format!("$ curl {page}  (with the cookies of that login)"));
        let jar = self.folder.join("cookies").display().to_string();
        let code = self.curl(user, &page, &[("cookie", jar)], None).await?;
        let text = std::fs::read_to_string(self.page_file()).unwrap_or_default();
        let said = match code.as_str() {
            "200" if text.contains(&user.name) => "200: the own profile",
            "302" => "302: to the login form",
            _ => "neither the page nor the login form",
        };
        self.show(said);
        let as_expected = if is_let_in { "200: the own profile" } else { "302: to the login form" };
        self.judge_answer(said == as_expected, &page, said)
    }

    fn judge_answer(&mut self, is_as_expected: bool, address: &str, said: &str) -> Result<()> {
        self.steps += 1;
        if is_as_expected {
            return Ok(());
        }
        Err(Error::new(Kind::Internal, format!("the demo failed at `{address}`"))
            .because_text(format!("the shop answered with {said}")))
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
            Error::new(Kind::Internal, "`curl` cannot be run").because_text(why.to_string())
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
            return Err(Error::new(Kind::Internal, format!("the demo failed at `{address}`"))
                .because_text(why));
        }
        Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
    }
}
