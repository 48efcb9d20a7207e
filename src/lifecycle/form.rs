//! The trial of a user of the shop itself: a login through the shop's own form, as a browser does it, asked from the
//! server itself ([`crate::transport::WebRequest`]). The form is read from the login page, with whatever it hides
//! (a token against forged requests); what is sent is what a browser would send. Whoever is let in is led on to a page
//! without a form for a password; whoever is not gets the form again. Where a program in the page sends the form, the
//! answer is for that program: JSON, in which `redirect` says where to go on.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use serde_json::Value;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::lifecycle::web::{self, WebTrial};
use crate::message::{Note, text};
use crate::remote::layer;
use crate::remote::script::{Reply, clean};
use crate::remote::session::Session;
use crate::secret::Secret;
use crate::transport::{WebAnswer, WebPage, WebRequest};

/// How often one page may lead on to another.
const MOST_STEPS: usize = 6;

/// The most cookies that a site may set, and the longest, in bytes.
const MOST_COOKIES: usize = 40;
const LONGEST_COOKIE: usize = 4096;

/// What the web server itself asks for before it shows the shop, where the same grant has it.
#[derive(Debug)]
pub(crate) struct Guard<'a> {
    /// The user.
    pub user: &'a str,
    /// The password.
    pub password: &'a Secret,
    /// What those are called that ask for it: nobody else is shown it.
    pub realms: Vec<&'a str>,
}

/// Tries to log in as this user, or as whom the provider named with `login_name`, at the address that it named with
/// `login_url`.
pub(crate) async fn try_login(
    session: &Session<'_>,
    opened: &Reply,
    user: &str,
    password: &Secret,
    guard: Option<&Guard<'_>>,
) -> WebTrial {
    let named = opened.text("login_url");
    let user = layer::login_name(opened, user);
    let not_tried = |why: String| {
        WebTrial::NotTried(Note::of(
            "form-not-tried",
            &[("url", clean(named).into()), ("why", why.into())],
        ))
    };
    let Some(address) = Url::parse(named).ok().filter(is_of_a_site) else {
        return not_tried(text("form-no-address", &[]));
    };
    let mut silent = Vec::new();
    for (tls, port) in doors(&address) {
        let mut visit = Visit::of(session, tls, port, guard);
        let (at, page) = match visit.page(address.clone()).await {
            Ok(page) => page,
            // Whoever answered for this name is the one to be asked.
            Err(why) if visit.has_answer => return not_tried(why),
            Err(why) => {
                silent.push(why);
                continue;
            }
        };
        if page.realm.is_some() {
            return not_tried(text("form-guarded", &[]));
        }
        let Some(form) = Form::find(&page.text, &at) else {
            return not_tried(text(
                "form-none",
                &[("url", shown(&at)), ("code", page.code.into())],
            ));
        };
        return match visit.send(&form, user, password).await {
            Ok((at, page)) => match visit.judged(&form, &at, &page).await {
                // Whether the password is right was not what the answer was about.
                WebTrial::Failed(_) if form.asks_for_a_human => {
                    not_tried(text("form-captcha", &[]))
                }
                judged => judged,
            },
            Err(why) => {
                let args = [("url", shown(&form.action)), ("why", why.into())];
                WebTrial::Failed(Note::of("form-silent", &args))
            }
        };
    }
    not_tried(silent.join("; "))
}

/// What the page says to which a login led; `asks_again` where that is the login.
fn judged(asks_again: bool, at: &Url, page: &WebPage) -> WebTrial {
    let args = [("url", shown(at)), ("code", page.code.into())];
    match page.code {
        _ if asks_again => WebTrial::Failed(Note::of("form-asked-again", &args)),
        // An answer that leads nowhere is no page that anybody was let in to.
        200..=299 if answer_to_a_program(page).is_none() => {
            WebTrial::Proved(Note::of("form-proved", &args))
        }
        _ => WebTrial::Failed(Note::of("form-not-let-in", &args)),
    }
}

/// An address without what stands behind `?`, which may be a token.
fn shown(at: &Url) -> crate::message::Arg {
    let mut at = at.clone();
    at.set_query(None);
    at.set_fragment(None);
    clean(at.as_str()).into()
}

fn is_of_a_site(address: &Url) -> bool {
    let named = matches!(address.scheme(), "http" | "https") && address.host_str().is_some();
    named && address.username().is_empty() && address.password().is_none()
}

/// Whether the front page of a site asks for a password; `None` where nobody on the server answers for it, or what is
/// `named` is no address of a site.
pub(crate) async fn asks_for_password(session: &Session<'_>, named: &str) -> Option<bool> {
    let address = Url::parse(named).ok().filter(is_of_a_site)?;
    for (tls, port) in doors(&address) {
        let path = address.path();
        let site = address.host_str()?;
        let request = WebRequest { path, ..WebRequest::first_page(tls, port, site) };
        if let WebAnswer::Status { realm, .. } = session.ask_web(&request).await {
            return Some(realm.is_some());
        }
    }
    None
}

/// Where on the server the site may answer: where its address says, and where nobody listens there, at the port of a web
/// server behind another one that speaks TLS for it.
fn doors(address: &Url) -> Vec<(bool, u16)> {
    let tls = address.scheme() == "https";
    let first = (tls, address.port_or_known_default().unwrap_or(443));
    std::iter::once(first).chain(tls.then_some((false, 80))).collect()
}

/// A browser's way through a site.
struct Visit<'a> {
    session: &'a Session<'a>,
    tls: bool,
    port: u16,
    guard: Option<&'a Guard<'a>>,
    /// Whether the site asked for that.
    is_guarded: bool,
    /// Whether anybody answered.
    has_answer: bool,
    /// Each `name=value`.
    cookies: Vec<Secret>,
}

impl<'a> Visit<'a> {
    fn of(session: &'a Session<'a>, tls: bool, port: u16, guard: Option<&'a Guard<'a>>) -> Self {
        let (is_guarded, has_answer) = (false, false);
        Self { session, tls, port, guard, is_guarded, has_answer, cookies: Vec::new() }
    }

    /// The page at an address, or that to which it leads.
    async fn page(&mut self, at: Url) -> Result<(Url, WebPage), String> {
        let page = self.ask(&at, None).await?;
        self.follow(at, page).await
    }

    /// What the page says to which a login by this form led. One that asks for a user and a password of something else
    /// (PrestaShop 1.7: of the marketplace, on every page) is no login, as long as whoever is not in gets the form that
    /// was sent in its place.
    async fn judged(&mut self, sent: &Form, at: &Url, page: &WebPage) -> WebTrial {
        let asks = |at: &Url, page: &WebPage| {
            let forms = Form::all(&page.text, at);
            (!forms.is_empty(), forms.iter().any(|form| form.is_like(sent)))
        };
        let asks_again = match asks(at, page) {
            (false, _) => false,
            (true, true) => true,
            (true, false) => {
                self.cookies.clear();
                let stranger = self.page(at.clone()).await;
                !stranger.is_ok_and(|(at, page)| asks(&at, &page).1)
            }
        };
        judged(asks_again, at, page)
    }

    /// Sends a form, and takes the page to which that leads.
    async fn send(
        &mut self,
        form: &Form,
        user: &str,
        password: &Secret,
    ) -> Result<(Url, WebPage), String> {
        let filled = form.filled(user, password);
        let mut page = self.ask(&form.action, Some(&filled)).await?;
        // What the program in the page does with its answer: it goes on there.
        if let Some(Answer { redirect: Some(place) }) = answer_to_a_program(&page) {
            (page.code, page.location) = (303, Some(place));
        }
        self.follow(form.action.clone(), page).await
    }

    /// Asks for a page, and shows the web server's own password once it is asked for it by its name.
    async fn ask(&mut self, at: &Url, form: Option<&Secret>) -> Result<WebPage, String> {
        let page = self.ask_once(at, form).await?;
        let asks = page.realm.as_deref().filter(|_| !self.is_guarded);
        let ours =
            asks.zip(self.guard).is_some_and(|(realm, guard)| web::is_ours(&guard.realms, realm));
        if !ours {
            return Ok(page);
        }
        self.is_guarded = true;
        self.ask_once(at, form).await
    }

    async fn ask_once(&mut self, at: &Url, form: Option<&Secret>) -> Result<WebPage, String> {
        let path = match at.query() {
            Some(query) => format!("{}?{query}", at.path()),
            None => at.path().to_owned(),
        };
        let request = WebRequest {
            tls: self.tls,
            port: self.port,
            site: at.host_str().unwrap_or_default(),
            path: &path,
            user: self.guard.filter(|_| self.is_guarded).map(|it| (it.user, it.password)),
            cookies: &self.cookies,
            form,
        };
        let page = self
            .session
            .ask_page(&request)
            .await
            .map_err(|why| text("web-silent", &[("site", shown(at)), ("why", why.into())]))?;
        self.has_answer = true;
        keep(&mut self.cookies, &page.cookies);
        Ok(page)
    }

    /// Goes where a page leads, within its own site.
    async fn follow(&mut self, mut at: Url, mut page: WebPage) -> Result<(Url, WebPage), String> {
        for _ in 0..MOST_STEPS {
            let Some(place) = page.location.as_deref().filter(|_| (300..400).contains(&page.code))
            else {
                return Ok((at, page));
            };
            let Some(next) = at.join(place).ok().filter(is_of_a_site) else {
                return Err(text("form-leads-nowhere", &[("url", shown(&at))]));
            };
            if next.host_str() != at.host_str() {
                let args = [("url", shown(&at)), ("other", shown(&next))];
                return Err(text("form-leads-elsewhere", &args));
            }
            if next.scheme() != at.scheme() {
                self.tls = next.scheme() == "https";
                self.port = next.port_or_known_default().unwrap_or(443);
            }
            page = self.ask(&next, None).await?;
            at = next;
        }
        Err(text("form-leads-in-a-circle", &[("url", shown(&at))]))
    }
}

/// Keeps the cookies that a page sets, and forgets those that it takes back (RFC 6265, 5.3). All of them are sent to
/// every page of the site: what asks for less than it is told lets nobody in who should not be.
fn keep(cookies: &mut Vec<Secret>, set: &[Secret]) {
    for cookie in set {
        let mut parts = cookie.expose().split(';').map(str::trim);
        let pair = parts.next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else { continue };
        let is_fit = |c: char| c.is_ascii_graphic() || c == ' ';
        if name.is_empty() || pair.len() > LONGEST_COOKIE || !pair.chars().all(is_fit) {
            continue;
        }
        let is_old = |part: &str| {
            let part = part.to_ascii_lowercase();
            part.strip_prefix("max-age=")
                .is_some_and(|age| age.trim().parse().is_ok_and(|age: i64| age <= 0))
        };
        let gone = value.trim().is_empty() || parts.any(is_old);
        cookies
            .retain(|known| known.expose().split_once('=').is_none_or(|(known, _)| known != name));
        if !gone && cookies.len() < MOST_COOKIES {
            cookies.push(Secret::new(pair.to_owned()));
        }
    }
}

/// What a program in a page is answered when it sends the form.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    /// Where to go on; nowhere for who is not let in, and then it may say why.
    redirect: Option<String>,
}

/// The answer where it is one in JSON, and not a page: an object, whatever else is in it, or a list.
fn answer_to_a_program(page: &WebPage) -> Option<Answer> {
    if !(200..300).contains(&page.code) {
        return None;
    }
    match serde_json::from_slice(&page.text).ok()? {
        Value::Object(mut answer) => {
            let redirect = match answer.remove("redirect") {
                Some(Value::String(place)) => Some(place),
                _ => None,
            };
            Some(Answer { redirect })
        }
        Value::Array(_) => Some(Answer { redirect: None }),
        _ => None,
    }
}

/// A form with one field for a password.
#[derive(Debug)]
struct Form {
    /// Where it is sent to.
    action: Url,
    /// What is sent with it as it is: what it hides, and the button.
    fields: Vec<(String, Zeroizing<String>)>,
    /// The name of the field for the user.
    user: String,
    /// The name of the field for the password.
    password: String,
    /// Whether it also asks for a proof that a human is there, of whichever kind: a program does not get past that.
    asks_for_a_human: bool,
}

/// What the name of something that asks for a human has in it.
const CAPTCHAS: [&str; 2] = ["captcha", "turnstile"];

impl Form {
    /// The first form of a page that asks for one user and one password.
    fn find(page: &[u8], at: &Url) -> Option<Self> {
        Self::all(page, at).into_iter().next()
    }

    /// Whether it asks for the same by the same names.
    fn is_like(&self, other: &Self) -> bool {
        self.user == other.user && self.password == other.password
    }

    /// Every form of a page that asks for one user and one password.
    fn all(page: &[u8], at: &Url) -> Vec<Self> {
        let mut found = Vec::new();
        let mut emitter = DefaultEmitter::default();
        // What stands in a script is no form.
        emitter.naively_switch_states(true);
        let mut open: Option<Draft> = None;
        for Ok(token) in Tokenizer::new_with_emitter(page, emitter) {
            match token {
                Token::StartTag(tag) => {
                    let attribute = |name: &str| {
                        let value = tag.attributes.get(name.as_bytes())?;
                        Some(Zeroizing::new(String::from_utf8_lossy(value).into_owned()))
                    };
                    match tag.name.as_slice() {
                        b"form" => {
                            open = Some(Draft {
                                action: attribute("action"),
                                is_posted: attribute("method")
                                    .is_some_and(|method| method.eq_ignore_ascii_case("post")),
                                ..Draft::default()
                            });
                        }
                        b"input" | b"button" => {
                            if let Some(draft) = &mut open {
                                draft.add(tag.name.as_slice() == b"button", attribute);
                            }
                        }
                        _ => {}
                    }
                    if let Some(draft) = &mut open {
                        let named = ["class", "id", "name"].into_iter().filter_map(attribute);
                        let names: Vec<String> =
                            named.map(|name| name.to_ascii_lowercase()).collect();
                        draft.asks_for_a_human |= names
                            .iter()
                            .any(|name| CAPTCHAS.iter().any(|captcha| name.contains(captcha)));
                    }
                }
                Token::EndTag(tag) if tag.name.as_slice() == b"form" => {
                    found.extend(open.take().and_then(|draft| draft.finish(at)));
                }
                _ => {}
            }
        }
        found.extend(open.and_then(|draft| draft.finish(at)));
        found
    }

    /// As it is sent (application/x-www-form-urlencoded), in a buffer that never grows.
    fn filled(&self, user: &str, password: &Secret) -> Secret {
        let own = [(self.user.as_str(), user), (self.password.as_str(), password.expose())];
        let hidden = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs = || own.into_iter().chain(hidden.clone());
        let room: usize = pairs().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
        let mut text = Zeroizing::new(String::with_capacity(room));
        for (name, value) in pairs() {
            if !text.is_empty() {
                text.push('&');
            }
            text.extend(form_urlencoded::byte_serialize(name.as_bytes()));
            text.push('=');
            text.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        }
        Secret::from_zeroizing(text)
    }
}

/// A form that is being read.
#[derive(Default)]
struct Draft {
    action: Option<Zeroizing<String>>,
    is_posted: bool,
    fields: Vec<(String, Zeroizing<String>)>,
    has_button: bool,
    user: Option<String>,
    passwords: Vec<String>,
    asks_for_a_human: bool,
}

impl Draft {
    fn add(&mut self, is_button: bool, attribute: impl Fn(&str) -> Option<Zeroizing<String>>) {
        let Some(name) = attribute("name").filter(|name| !name.is_empty()) else { return };
        let name = name.as_str().to_owned();
        let kind = attribute("type").map(|kind| kind.to_ascii_lowercase());
        let value = attribute("value").unwrap_or_default();
        match (is_button, kind.as_deref().unwrap_or(if is_button { "submit" } else { "text" })) {
            (_, "submit") if !self.has_button => {
                self.has_button = true;
                self.fields.push((name, value));
            }
            (true, _) => {}
            (false, "password") => self.passwords.push(name),
            // The field that stands before the one for the password.
            (false, "text" | "email" | "tel") if self.passwords.is_empty() => {
                let before = self.user.replace(name);
                self.fields.extend(before.map(|name| (name, Zeroizing::default())));
            }
            (false, "checkbox" | "radio") if attribute("checked").is_some() => {
                let value = if value.is_empty() { Zeroizing::new("on".to_owned()) } else { value };
                self.fields.push((name, value));
            }
            (false, "checkbox" | "radio" | "submit" | "button" | "image" | "file" | "reset") => {}
            (false, _) => self.fields.push((name, value)),
        }
    }

    /// The form where it asks for one user and one password, and is sent as a form is; not one to register with, which
    /// asks for the password twice.
    fn finish(self, at: &Url) -> Option<Form> {
        let [password] = self.passwords.as_slice() else { return None };
        let action = at.join(self.action.as_ref().map_or("", |action| action.trim())).ok()?;
        let is_own = is_of_a_site(&action) && action.host_str() == at.host_str();
        let is_safe = action.scheme() == at.scheme() || action.scheme() == "https";
        (self.is_posted && is_own && is_safe).then_some(Form {
            action,
            fields: self.fields,
            user: self.user?,
            password: password.clone(),
            asks_for_a_human: self.asks_for_a_human,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Url {
        Url::parse("https://staging.example/shop/wp-login.php?x=1").unwrap()
    }

    fn sent(page: &str) -> Option<(String, String)> {
        let form = Form::find(page.as_bytes(), &at())?;
        let filled = form.filled("sp-anna", &Secret::new("a!b&c".into()));
        Some((form.action.to_string(), filled.expose().to_owned()))
    }

    #[test]
    fn a_form_is_filled_as_a_browser_does() {
        for (page, action, body) in [
            // As WordPress has it.
            (
                r#"<script>var x = "<form method='post'><input type=password name=a>";</script>
                <form name="loginform" action="https://staging.example/shop/wp-login.php" method="post">
                <input type="text" name="log" value=""><input type="password" name="pwd">
                <input name="rememberme" type="checkbox" value="forever">
                <input type="submit" name="wp-submit" value="Log In">
                <input type="hidden" name="redirect_to" value="https://staging.example/shop/wp-admin/?a=1&amp;b=2">
                <input type="hidden" name="testcookie" value="1"></form>"#,
                "https://staging.example/shop/wp-login.php",
                "log=sp-anna&pwd=a%21b%26c&wp-submit=Log+In\
                 &redirect_to=https%3A%2F%2Fstaging.example%2Fshop%2Fwp-admin%2F%3Fa%3D1%26b%3D2&testcookie=1",
            ),
            // As Magento has it: no action, the names of fields in brackets, a button.
            (
                r#"<form method="POST" id=login-form autocomplete=off>
                <input name=form_key type=hidden value=k3y />
                <input type="text" name="login[username]"/><input type="password" name="login[password]"/>
                <button class="action-login"><span>Sign in</span></button></form>"#,
                "https://staging.example/shop/wp-login.php?x=1",
                "login%5Busername%5D=sp-anna&login%5Bpassword%5D=a%21b%26c&form_key=k3y",
            ),
            // A search before it, an address by e-mail, a box that is ticked; never closed.
            (
                r#"<form action=/search><input name=q></form><form action="../in" method=post>
                <input type=email name=email><input type=password name=passwd>
                <input type=checkbox name=stay checked><button name=do value=it>In</button>"#,
                "https://staging.example/in",
                "email=sp-anna&passwd=a%21b%26c&stay=on&do=it",
            ),
        ] {
            assert_eq!(sent(page), Some((action.to_owned(), body.to_owned())), "{page}");
        }
    }

    #[test]
    fn what_is_no_login_is_sent_nothing() {
        for page in [
            "",
            "<p>Welcome</p>",
            "<form method=post><input name=a></form>",
            "<form method=get><input name=a><input type=password name=b></form>",
            "<form method=post><input type=password name=b></form>",
            // To register, or to change a password.
            "<form method=post><input name=a><input type=password name=b><input type=password name=c></form>",
            // To somebody else, or to nobody can read it on the way.
            "<form method=post action=https://evil.example/x><input name=a><input type=password name=b></form>",
            "<form method=post action=http://staging.example/x><input name=a><input type=password name=b></form>",
            "<form method=post action=javascript:x()><input name=a><input type=password name=b></form>",
            "<!-- <form method=post><input name=a><input type=password name=b></form> -->",
            "<textarea><form method=post><input name=a><input type=password name=b></form></textarea>",
            "\u{0}\u{0}<form <<<>> method=post",
        ] {
            assert_eq!(sent(page), None, "{page}");
        }
    }

    #[test]
    fn an_answer_to_a_program_in_the_page_is_no_page() {
        let answer = |code, text: &str| {
            let text = zeroize::Zeroizing::new(text.as_bytes().to_vec());
            answer_to_a_program(&WebPage { code, text, ..WebPage::default() })
        };
        let to = |place: &str| Some(Answer { redirect: Some(place.to_owned()) });
        let nowhere = Some(Answer { redirect: None });
        // As OpenCart 4 answers.
        let let_in = r#"{"redirect":"http:\/\/a.example\/admin\/index.php?route=common\/dashboard&user_token=x"}"#;
        assert_eq!(
            answer(200, let_in),
            to("http://a.example/admin/index.php?route=common/dashboard&user_token=x")
        );
        assert_eq!(answer(200, r#"{"error":"No match"}"#), nowhere);
        for text in [
            "{}",
            "[]",
            r#"{"redirect":null}"#,
            r#"{"redirect":["/x"]}"#,
            r#" [1, {"redirect":"/x"}] "#,
        ] {
            assert_eq!(answer(200, text), nowhere, "{text}");
        }
        for (code, text) in
            [(302, "{}"), (500, let_in), (200, ""), (200, "<p>{}</p>"), (200, "{"), (200, "1")]
        {
            assert_eq!(answer(code, text), None, "{code} {text}");
        }
        let at = at();
        let page = |text: &str| WebPage {
            code: 200,
            text: zeroize::Zeroizing::new(text.as_bytes().to_vec()),
            ..WebPage::default()
        };
        assert!(matches!(judged(false, &at, &page("<p>Welcome</p>")), WebTrial::Proved(_)));
        assert!(matches!(judged(true, &at, &page("<p>Welcome</p>")), WebTrial::Failed(_)));
        for text in [r#"{"error":"No match"}"#, "[]", "{}"] {
            assert!(matches!(judged(false, &at, &page(text)), WebTrial::Failed(_)), "{text}");
        }
    }

    #[test]
    fn a_form_is_told_from_another_by_what_it_asks_for() {
        let form = |user: &str, password: &str| {
            format!(
                "<form method=post><input name={user}><input type=password name={password}></form>"
            )
        };
        let page = form("username_addons", "password_addons") + &form("email", "passwd");
        let all = Form::all(page.as_bytes(), &at());
        assert_eq!(all.len(), 2);
        let sent = Form::find(form("email", "passwd").as_bytes(), &at()).unwrap();
        let like: Vec<bool> = all.iter().map(|form| form.is_like(&sent)).collect();
        assert_eq!(like, [false, true]);
    }

    #[test]
    fn a_login_that_asks_for_a_human_is_known_by_what_is_in_its_form() {
        for (more, outside, expected) in [
            ("<div class='field g-reCAPTCHA' data-sitekey=x></div>", "", true),
            ("<div class=h-captcha></div>", "", true),
            ("<div class='cf-turnstile'></div>", "", true),
            (r#"<input name="captcha[backend_login]" type="text"/>"#, "", true),
            ("<div id=admin-recaptcha></div>", "", true),
            ("", "", false),
            // What a page loads for its other forms.
            ("", "<link rel=stylesheet href=/x/Magento_ReCaptchaUser/css/recaptcha.css>", false),
            ("", "<form class=captcha><input name=captcha></form>", false),
            ("<p>No captcha here</p>", "", false),
        ] {
            let page = format!(
                "{outside}<form method=post><input name=a><input type=password name=b>{more}</form>"
            );
            let form = Form::find(page.as_bytes(), &at()).unwrap();
            assert_eq!(form.asks_for_a_human, expected, "{page}");
        }
    }

    #[test]
    fn cookies_are_kept_as_a_browser_keeps_them() {
        let mut cookies = Vec::new();
        let set = |text: &str| Secret::new(text.to_owned());
        let known = |cookies: &[Secret]| -> Vec<String> {
            cookies.iter().map(|cookie| cookie.expose().to_owned()).collect()
        };
        keep(&mut cookies, &[set("a=1; Path=/; HttpOnly"), set("b=2"), set("nonsense"), set("=x")]);
        assert_eq!(known(&cookies), ["a=1", "b=2"]);
        keep(&mut cookies, &[set("a=3=4"), set("c=x\r\nd: e")]);
        assert_eq!(known(&cookies), ["b=2", "a=3=4"]);
        keep(&mut cookies, &[set("a=gone; Max-Age=0"), set("b= ; expires=Thu, 01-Jan-1970")]);
        assert_eq!(known(&cookies), [""; 0]);
        let many: Vec<Secret> = (0..100).map(|number| set(&format!("n{number}=v"))).collect();
        keep(&mut cookies, &many);
        keep(&mut cookies, &[set(&format!("long={}", "x".repeat(5000)))]);
        assert_eq!(cookies.len(), MOST_COOKIES);
    }

    #[test]
    fn a_site_is_looked_for_where_its_address_says_and_where_a_server_behind_another_answers() {
        for (address, expected) in [
            ("https://a.example/x", vec![(true, 443), (false, 80)]),
            ("https://a.example:8443/x", vec![(true, 8443), (false, 80)]),
            ("http://a.example/x", vec![(false, 80)]),
            ("http://a.example:8080/x", vec![(false, 8080)]),
        ] {
            assert_eq!(doors(&Url::parse(address).unwrap()), expected, "{address}");
        }
        for (address, fit) in [
            ("https://a.example/", true),
            ("ftp://a.example/", false),
            ("https://user:pw@a.example/", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_of_a_site(&Url::parse(address).unwrap()), fit, "{address}");
        }
    }
}
