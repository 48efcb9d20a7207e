//! Requests to the web server on a target, asked from the target itself: through the connection whose host key was
//! verified, so that nothing is sent to anybody else, whatever a name leads to and whoever may reach the site.
//!
//! A request is put together here and the answer is read by `httparse`: an HTTP client would keep copies of a password
//! or of a session's cookies in buffers that it does not wipe.

use std::io;
use std::sync::Arc;

use data_encoding::BASE64;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{self, CryptoProvider};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use zeroize::Zeroizing;

use super::{Clock, Connection, Way};
use crate::message;
use crate::secret::Secret;
use crate::text;

/// The most of the head of an answer that is read, in bytes: what a web server takes for headers itself is half of it.
const MOST: usize = 16 * 1024;

/// The most of a page that is read, in bytes: what a login form stands in is a tenth of it.
const MOST_OF_A_PAGE: usize = 1024 * 1024;

/// The most headers of an answer.
const MOST_HEADERS: usize = 100;

/// Where on the server a site may listen: whether it speaks TLS there, and the port.
pub const DOORS: [(bool, u16); 2] = [(true, 443), (false, 80)];

/// One request for a page of a site.
#[derive(Debug, Clone, Copy)]
pub struct WebRequest<'a> {
    /// Whether the port speaks TLS.
    pub tls: bool,
    /// The port, on the server's own loopback address.
    pub port: u16,
    /// The site's name, without a port.
    pub site: &'a str,
    /// The path and the query, from the slash on.
    pub path: &'a str,
    /// Who asks, where somebody is named: a user and the password.
    pub user: Option<(&'a str, &'a Secret)>,
    /// The cookies, each `name=value`.
    pub cookies: &'a [Secret],
    /// The fields of a form that is sent, coded as a form's are; else the page is asked for.
    pub form: Option<&'a Secret>,
}

impl<'a> WebRequest<'a> {
    /// A request for the first page of a site, by nobody.
    #[must_use]
    pub fn first_page(tls: bool, port: u16, site: &'a str) -> Self {
        Self { tls, port, site, path: "/", user: None, cookies: &[], form: None }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebAnswer {
    /// The web server answered.
    Status {
        /// The status code (RFC 9110, section 15).
        code: u16,
        /// For what it asks for a user and a password (RFC 7617): the name, or realm, of what is guarded.
        realm: Option<String>,
    },
    /// It did not, for this reason.
    None {
        /// In one line.
        why: String,
    },
}

/// A page that a web server answered with.
#[derive(Debug, Default)]
pub struct WebPage {
    /// The status code.
    pub code: u16,
    /// The realm of the password that it asks for (RFC 7617).
    pub realm: Option<String>,
    /// Where it leads to.
    pub location: Option<String>,
    /// The cookies that it sets, each with its attributes.
    pub cookies: Vec<Secret>,
    /// The page itself, as far as it is read. Wiped on drop: it may repeat what was sent.
    pub text: Zeroizing<Vec<u8>>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Connection {
    /// Asks the web server on this target's own loopback address.
    pub async fn ask_web(&self, request: &WebRequest<'_>, deadline: Instant) -> WebAnswer {
        match self.converse(request, deadline, false).await {
            Ok(page) => WebAnswer::Status { code: page.code, realm: page.realm },
            Err(why) => WebAnswer::None { why },
        }
    }

    /// The same, with the page that it answers with.
    ///
    /// # Errors
    /// Why there is none, in one line.
    pub async fn ask_page(
        &self,
        request: &WebRequest<'_>,
        deadline: Instant,
    ) -> Result<WebPage, String> {
        self.converse(request, deadline, true).await
    }

    async fn converse(
        &self,
        request: &WebRequest<'_>,
        deadline: Instant,
        whole: bool,
    ) -> Result<WebPage, String> {
        let clock = Clock { deadline };
        let asked = clock.within(async {
            let stream: Box<dyn Stream> = match &self.way {
                Way::Local(_) => Box::new(TcpStream::connect(("127.0.0.1", request.port)).await?),
                Way::Ssh(session) => Box::new(session.reach("127.0.0.1", request.port).await?),
            };
            if request.tls {
                converse(over_tls(stream, request.site).await?, request, whole).await
            } else {
                converse(stream, request, whole).await
            }
        });
        match asked.await {
            Some(Ok(page)) => Ok(page),
            Some(Err(e)) => Err(text::one_line(&e.to_string(), 200)),
            None => Err(message::text("web-late", &[])),
        }
    }
}

/// The site as a browser names it, with the port where it is not the usual one (RFC 9110, section 7.2): a shop that is
/// asked by another name leads back to its own.
fn host(request: &WebRequest<'_>) -> String {
    match (request.tls, request.port) {
        (true, 443) | (false, 80) => request.site.to_owned(),
        (_, port) => format!("{}:{port}", request.site),
    }
}

/// The request as it is sent, in a buffer that never grows.
fn written(request: &WebRequest<'_>) -> Zeroizing<Vec<u8>> {
    let verb = if request.form.is_some() { "POST" } else { "GET" };
    let mut before = format!(
        "{verb} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: stagepass\r\nConnection: close\r\n",
        request.path,
        host(request)
    );
    if let Some(form) = request.form {
        before.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        before.push_str(&format!("Content-Length: {}\r\n", form.expose().len()));
    }
    let credential = request.user.map(|(user, password)| {
        let password = password.expose();
        let mut plain = Zeroizing::new(Vec::with_capacity(user.len() + 1 + password.len()));
        plain.extend_from_slice(user.as_bytes());
        plain.push(b':');
        plain.extend_from_slice(password.as_bytes());
        let mut coded = Zeroizing::new(vec![0; BASE64.encode_len(plain.len())]);
        BASE64.encode_mut(&plain, &mut coded);
        coded
    });
    let form = request.form.map(Secret::expose).unwrap_or_default();
    let cookies = request.cookies.iter().map(|cookie| cookie.expose().len() + 2).sum::<usize>();
    let length = credential.as_ref().map_or(0, |coded| coded.len()) + cookies + form.len();
    let mut bytes = Zeroizing::new(Vec::with_capacity(before.len() + length + 96));
    bytes.extend_from_slice(before.as_bytes());
    if let Some(coded) = credential {
        bytes.extend_from_slice(b"Authorization: Basic ");
        bytes.extend_from_slice(&coded);
        bytes.extend_from_slice(b"\r\n");
    }
    for (number, cookie) in request.cookies.iter().enumerate() {
        bytes.extend_from_slice(if number == 0 { b"Cookie: " } else { b"; " });
        bytes.extend_from_slice(cookie.expose().as_bytes());
    }
    if !request.cookies.is_empty() {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(form.as_bytes());
    bytes
}

/// The head of an answer, and where it ends.
struct Head {
    page: WebPage,
    length: usize,
    /// How the page is sent (RFC 9112, section 6).
    body: Body,
}

/// How long a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// So many bytes.
    Of(usize),
    /// In pieces, each with its length.
    InPieces,
    /// Until the connection ends.
    ToTheEnd,
}

/// Sends the request and reads the head of the answer, and the page where it is wanted.
async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &WebRequest<'_>,
    whole: bool,
) -> io::Result<WebPage> {
    stream.write_all(&written(request)).await?;
    stream.flush().await?;
    let most = if whole { MOST_OF_A_PAGE } else { MOST };
    // Allocated once: a buffer that grows leaves copies of what it held behind.
    let mut heard = Zeroizing::new(Vec::with_capacity(most));
    let mut buffer = Zeroizing::new([0_u8; 8192]);
    let mut head = None;
    loop {
        let room = most.saturating_sub(heard.len()).min(buffer.len());
        let piece = buffer.get_mut(..room).unwrap_or_default();
        let length = match stream.read(piece).await {
            Ok(length) => length,
            // Many a web server ends TLS without saying goodbye.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof && head.is_some() => 0,
            Err(e) => return Err(e),
        };
        heard.extend_from_slice(piece.get(..length).unwrap_or_default());
        if head.is_none() {
            head = head_of(&heard)?;
        }
        let over = length == 0 || heard.len() >= most;
        match &mut head {
            Some(head) if !whole => return Ok(std::mem::take(&mut head.page)),
            Some(head) => {
                let told = heard.get(head.length..).unwrap_or_default();
                if over || matches!(head.body, Body::Of(length) if told.len() >= length) {
                    let mut page = std::mem::take(&mut head.page);
                    page.text = page_of(told, head.body);
                    return Ok(page);
                }
            }
            None if over => {
                return Err(io::Error::other(message::text("web-no-answer", &[])));
            }
            None => {}
        }
    }
}

/// Nothing while the head of the answer is not whole.
fn head_of(heard: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(heard).map_err(io::Error::other)?
    else {
        return Ok(None);
    };
    let Some(code) = response.code else { return Ok(None) };
    let named = |name: &'static str| {
        let all = response.headers.iter();
        all.filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| Zeroizing::new(String::from_utf8_lossy(header.value).into_owned()))
    };
    let realm = named("www-authenticate").find_map(|challenges| realm_of(&challenges));
    let in_pieces = named("transfer-encoding").any(|how| how.eq_ignore_ascii_case("chunked"));
    let body = match named("content-length").find_map(|length| length.trim().parse().ok()) {
        _ if in_pieces => Body::InPieces,
        Some(length) => Body::Of(length),
        None => Body::ToTheEnd,
    };
    let page = WebPage {
        code,
        realm: realm.filter(|_| code == 401),
        location: named("location").next().map(|place| place.as_str().to_owned()),
        cookies: named("set-cookie").map(Secret::from_zeroizing).collect(),
        text: Zeroizing::default(),
    };
    Ok(Some(Head { page, length, body }))
}

/// The page in what was told behind the head. Of one that is cut, what there is.
fn page_of(mut told: &[u8], body: Body) -> Zeroizing<Vec<u8>> {
    let mut page = Zeroizing::new(Vec::with_capacity(told.len()));
    match body {
        Body::ToTheEnd => page.extend_from_slice(told),
        Body::Of(length) => page.extend_from_slice(told.get(..length).unwrap_or(told)),
        Body::InPieces => {
            while let Ok(httparse::Status::Complete((at, length))) =
                httparse::parse_chunk_size(told)
            {
                let rest = told.get(at..).unwrap_or_default();
                let length = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
                let (piece, behind) = rest.split_at(length);
                page.extend_from_slice(piece);
                let Some(behind) = behind.strip_prefix(b"\r\n") else { break };
                told = behind;
                if length == 0 {
                    break;
                }
            }
        }
    }
    page
}

/// The realm of the challenge `Basic` among these; empty where it names none.
fn realm_of(challenges: &str) -> Option<String> {
    let challenges = http_auth::parse_challenges(challenges).ok()?;
    let basic = challenges.iter().find(|one| one.scheme.eq_ignore_ascii_case("basic"))?;
    let realm = basic.params.iter().find(|(name, _)| name.eq_ignore_ascii_case("realm"));
    Some(realm.map_or_else(String::new, |(_, value)| value.to_unescaped()))
}

async fn over_tls(
    stream: Box<dyn Stream>,
    site: &str,
) -> io::Result<impl AsyncRead + AsyncWrite + Unpin> {
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(OnTheServerItself(provider)))
        .with_no_client_auth();
    let name = ServerName::try_from(site.to_owned())
        .or_else(|_| ServerName::try_from("localhost"))
        .map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// Takes any certificate. Who answers is the loopback address of a server whose host key was verified; the
/// certificate of a staging site is often its own, or that of another name.
#[derive(Debug)]
struct OnTheServerItself(Arc<CryptoProvider>);

impl ServerCertVerifier for OnTheServerItself {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_the_site_and_whoever_asks() {
        let password = Secret::new("open sesame".into());
        let request = WebRequest::first_page(false, 80, "staging.example");
        let plain = String::from_utf8(written(&request).to_vec()).unwrap();
        assert!(plain.starts_with("GET / HTTP/1.1\r\nHost: staging.example\r\n"), "{plain}");
        assert!(plain.ends_with("\r\n\r\n") && !plain.contains("Authorization"), "{plain}");
        let elsewhere = WebRequest::first_page(false, 8080, "staging.example");
        let text = String::from_utf8(written(&elsewhere).to_vec()).unwrap();
        assert!(text.starts_with("GET / HTTP/1.1\r\nHost: staging.example:8080\r\n"), "{text}");
        let request = WebRequest { user: Some(("Aladdin", &password)), ..request };
        let named = written(&request);
        // The example of RFC 7617, section 2.
        let line = b"\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n";
        assert!(named.ends_with(line));
        assert!(named.len() <= named.capacity());
    }

    #[test]
    fn a_form_is_posted_with_its_length_and_with_the_cookies() {
        let cookies = [Secret::new("a=1".into()), Secret::new("b=2".into())];
        let form = Secret::new("log=anna&pwd=x".into());
        let request = WebRequest {
            path: "/wp-login.php?a=b",
            cookies: &cookies,
            form: Some(&form),
            ..WebRequest::first_page(true, 443, "staging.example")
        };
        let bytes = written(&request);
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(text.starts_with("POST /wp-login.php?a=b HTTP/1.1\r\nHost: staging.example\r\n"));
        assert!(text.contains("\r\nContent-Length: 14\r\n"), "{text}");
        assert!(text.ends_with("\r\nCookie: a=1; b=2\r\n\r\nlog=anna&pwd=x"), "{text}");
        assert!(bytes.len() <= bytes.capacity());
    }

    #[test]
    fn a_page_is_read_however_it_is_sent() {
        let page = |told: &[u8], body| String::from_utf8(page_of(told, body).to_vec()).unwrap();
        assert_eq!(page(b"hello and more", Body::Of(5)), "hello");
        assert_eq!(page(b"hel", Body::Of(5)), "hel");
        assert_eq!(page(b"hello", Body::ToTheEnd), "hello");
        assert_eq!(
            page(b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", Body::InPieces),
            "hello world"
        );
        // Cut in every place, and nonsense.
        let whole = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
        for cut in 0..whole.len() {
            let part = page(whole.get(..cut).unwrap(), Body::InPieces);
            assert!("hello world".starts_with(&part), "{cut}: {part}");
        }
        assert_eq!(page(b"ffffffffffffffff\r\nx", Body::InPieces), "x");
        assert_eq!(page(b"hello", Body::InPieces), "");
        for (head, body) in [
            ("Content-Length: 5\r\n", Body::Of(5)),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", Body::InPieces),
            ("Content-Length: five\r\n", Body::ToTheEnd),
            ("", Body::ToTheEnd),
        ] {
            let text = format!(
                "HTTP/1.1 302 Found\r\nLocation: /x\r\nSet-Cookie: a=b; Path=/\r\n{head}\r\n"
            );
            let head = head_of(text.as_bytes()).unwrap().unwrap();
            assert_eq!((head.body, head.length), (body, text.len()));
            assert_eq!(head.page.location.as_deref(), Some("/x"));
            assert_eq!(head.page.cookies.first().unwrap().expose(), "a=b; Path=/");
        }
    }

    #[test]
    fn only_a_whole_head_is_an_answer_and_only_basic_asks_for_a_password() {
        let asks = b"HTTP/1.1 401 Unauthorized\r\nServer: x\r\nwww-authenticate: Basic realm=\"a\"\r\n\r\n<p>";
        for cut in 0..asks.len() - 3 {
            assert!(head_of(asks.get(..cut).unwrap()).unwrap().is_none(), "{cut}");
        }
        let told = |text: &[u8]| {
            let page = head_of(text).unwrap().unwrap().page;
            (page.code, page.realm)
        };
        assert_eq!(told(asks), (401, Some("a".to_owned())));
        for (text, head) in [
            ("HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"a\"\r\n\r\n", (401, None)),
            ("HTTP/1.1 401 No\r\nWWW-Authenticate: nonsense,=\r\n\r\n", (401, None)),
            ("HTTP/1.0 200 OK\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\r\n", (200, None)),
            ("HTTP/1.1 301 Moved\r\nLocation: https://x/\r\n\r\n", (301, None)),
            ("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n", (401, Some(""))),
            (
                "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\n\
                 WWW-Authenticate: basic charset=\"UTF-8\", realm=\"of \\\"Anna\\\", x\"\r\n\r\n",
                (401, Some("of \"Anna\", x")),
            ),
        ] {
            let head: (u16, Option<&str>) = head;
            let expected = (head.0, head.1.map(str::to_owned));
            assert_eq!(told(text.as_bytes()), expected, "{text}");
        }
        assert!(head_of(b"SSH-2.0-OpenSSH_9.2\r\n").is_err());
    }
}
