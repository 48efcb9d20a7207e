//! One request to the web server on a target, asked from the target itself: through the connection whose host key was
//! verified, so that nothing is sent to anybody else, whatever a name leads to and whoever may reach the site.
//!
//! The request is put together here and the answer is read by `httparse`: an HTTP client would keep copies of the
//! password in buffers that it does not wipe.

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
use crate::secret::Secret;
use crate::text;

/// The most of an answer that is read, in bytes: what a web server takes for headers itself is half of it.
const MOST: usize = 16 * 1024;

/// The most headers of an answer.
const MOST_HEADERS: usize = 100;

/// Where on the server a site may listen: whether it speaks TLS there, and the port.
pub const DOORS: [(bool, u16); 2] = [(true, 443), (false, 80)];

/// One request for the first page of a site.
#[derive(Debug, Clone, Copy)]
pub struct WebRequest<'a> {
    /// Whether the port speaks TLS.
    pub tls: bool,
    /// The port, on the server's own loopback address.
    pub port: u16,
    /// The site's name, without a port.
    pub site: &'a str,
    /// Who asks, where somebody is named: a user and the password.
    pub user: Option<(&'a str, &'a Secret)>,
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

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Connection {
    /// Asks the web server on this target's own loopback address.
    pub async fn ask_web(&self, request: &WebRequest<'_>, deadline: Instant) -> WebAnswer {
        let clock = Clock { deadline };
        let asked = clock.within(async {
            let stream: Box<dyn Stream> = match &self.way {
                Way::Local(_) => Box::new(TcpStream::connect(("127.0.0.1", request.port)).await?),
                Way::Ssh(session) => Box::new(session.reach("127.0.0.1", request.port).await?),
            };
            if request.tls {
                converse(over_tls(stream, request.site).await?, request).await
            } else {
                converse(stream, request).await
            }
        });
        match asked.await {
            Some(Ok((code, realm))) => WebAnswer::Status { code, realm },
            Some(Err(e)) => WebAnswer::None { why: text::one_line(&e.to_string(), 200) },
            None => WebAnswer::None { why: "it did not answer in time".into() },
        }
    }
}

/// The request as it is sent, in a buffer that never grows.
fn written(request: &WebRequest<'_>) -> Zeroizing<Vec<u8>> {
    let before = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nUser-Agent: stagepass\r\nConnection: close\r\n",
        request.site
    );
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
    let length = credential.as_ref().map_or(0, |coded| coded.len());
    let mut bytes = Zeroizing::new(Vec::with_capacity(before.len() + length + 64));
    bytes.extend_from_slice(before.as_bytes());
    if let Some(coded) = credential {
        bytes.extend_from_slice(b"Authorization: Basic ");
        bytes.extend_from_slice(&coded);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// The head of an answer: its status, and the realm that a password is asked for.
type Head = (u16, Option<String>);

/// Sends the request and reads the head of the answer.
async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &WebRequest<'_>,
) -> io::Result<Head> {
    stream.write_all(&written(request)).await?;
    stream.flush().await?;
    let mut heard = Vec::with_capacity(MOST);
    let mut buffer = [0_u8; 2048];
    loop {
        let length = stream.read(&mut buffer).await?;
        heard.extend_from_slice(buffer.get(..length).unwrap_or_default());
        if let Some(head) = head_of(&heard)? {
            return Ok(head);
        }
        if length == 0 || heard.len() >= MOST {
            return Err(io::Error::other("what it answered is no answer of a web server"));
        }
    }
}

/// Nothing while the head of the answer is not whole.
fn head_of(heard: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    if response.parse(heard).map_err(io::Error::other)?.is_partial() {
        return Ok(None);
    }
    let realm = response
        .headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("www-authenticate"))
        .find_map(|header| realm_of(&String::from_utf8_lossy(header.value)));
    Ok(response.code.map(|code| (code, realm.filter(|_| code == 401))))
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
        let request = WebRequest { tls: false, port: 80, site: "staging.example", user: None };
        let plain = String::from_utf8(written(&request).to_vec()).unwrap();
        assert!(plain.starts_with("GET / HTTP/1.1\r\nHost: staging.example\r\n"), "{plain}");
        assert!(plain.ends_with("\r\n\r\n") && !plain.contains("Authorization"), "{plain}");
        let request = WebRequest { user: Some(("Aladdin", &password)), ..request };
        let named = written(&request);
        // The example of RFC 7617, section 2.
        let line = b"\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n";
        assert!(named.ends_with(line));
        assert!(named.len() <= named.capacity());
    }

    #[test]
    fn only_a_whole_head_is_an_answer_and_only_basic_asks_for_a_password() {
        let asks = b"HTTP/1.1 401 Unauthorized\r\nServer: x\r\nwww-authenticate: Basic realm=\"a\"\r\n\r\n<p>";
        for cut in 0..asks.len() - 3 {
            assert_eq!(head_of(asks.get(..cut).unwrap()).unwrap(), None, "{cut}");
        }
        assert_eq!(head_of(asks).unwrap(), Some((401, Some("a".to_owned()))));
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
            assert_eq!(head_of(text.as_bytes()).unwrap(), Some(expected), "{text}");
        }
        assert!(head_of(b"SSH-2.0-OpenSSH_9.2\r\n").is_err());
    }
}
