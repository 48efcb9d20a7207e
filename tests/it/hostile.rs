//! Servers that stall, flood, lie and change: each costs one clear message, an exit code, a few
//! seconds and little memory, and what may have happened on them stays in the ledger.
//!
//! The peers really speak SSH, by the library's own server side.

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{HashAlg, PrivateKey};
use russh::server::{
    self, Auth, ChannelOpenHandle, Msg, PublicKeyOffer, Session, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, ChannelOpenFailure, MethodSet, SshId};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

use crate::stage::{Ended, Key, Run, SHARED, Stage, contains};

/// What a peer does with a connection before there is any SSH.
#[derive(Clone)]
enum Wire {
    /// Speaks SSH.
    Ssh,
    CloseAtOnce,
    Silent,
    /// Says this and closes.
    Say(Vec<u8>),
    /// Says this and waits for ever.
    SayAndWait(Vec<u8>),
    /// Says this again and again.
    Flood(Vec<u8>),
    /// A byte a second.
    Drip(Vec<u8>),
    /// Speaks SSH until this many bytes were heard, then hears nothing more.
    DeafAfter(usize),
}

/// What a peer does at the login.
#[derive(Clone, Copy, PartialEq)]
enum Login {
    Take,
    Refuse,
    Stall,
    Close,
}

/// What a peer answers to a command.
#[derive(Clone)]
enum Say {
    /// What a well-behaved server would.
    Honest,
    /// These lines as a whole, honest reply.
    Reply(String),
    /// These bytes, these complaints, this status; `NONCE` is put in.
    Raw(Vec<u8>, Vec<u8>, Option<u32>),
    /// Nothing, ever.
    Never,
    /// The end, without a word.
    End,
    /// The connection's end.
    Drop,
    Signal,
    FloodOut,
    FloodErr,
    /// A reply that begins well, and goes on a byte at a time.
    Drip,
    /// The exit status, and then these lines as a whole, honest reply, a piece a second.
    Late(String),
    /// A good reply with the number of an earlier command.
    Replay,
    /// Channels of every kind into the merchant's computer, as many as it takes.
    OpenChannels,
}

/// A command that a peer was sent.
#[derive(Debug, Clone, Default)]
struct Asked {
    /// `sp_detect` and so on; `word` for the shell that is tried after a login.
    verb: String,
    nonce: String,
    /// How many commands of this verb came before it.
    before: usize,
}

type Answers = Arc<dyn Fn(&Asked) -> Say + Send + Sync>;

#[derive(Clone)]
struct Tricks {
    wire: Wire,
    id: &'static str,
    banner: Option<String>,
    login: Login,
    channels: bool,
    execs: bool,
    /// What its SFTP says, all at once; refused without.
    sftp: Option<Vec<u8>>,
    /// Answers before anything was read.
    early: Option<Say>,
    answers: Answers,
    /// The host key of each connection; the last one goes on.
    keys: Vec<u8>,
}

impl Default for Tricks {
    fn default() -> Self {
        Self {
            wire: Wire::Ssh,
            id: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7",
            banner: None,
            login: Login::Take,
            channels: true,
            execs: true,
            sftp: None,
            early: None,
            answers: Arc::new(|_| Say::Honest),
            keys: vec![1],
        }
    }
}

impl Tricks {
    fn wire(wire: Wire) -> Self {
        Self { wire, ..Self::default() }
    }

    fn answers(answers: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Self {
        Self { answers: Arc::new(answers), ..Self::default() }
    }

    /// Honest but for one verb.
    fn at(verb: &'static str, say: Say) -> Self {
        Self::answers(move |asked| if asked.verb == verb { say.clone() } else { Say::Honest })
    }

    fn always(say: Say) -> Self {
        Self::answers(move |_| say.clone())
    }
}

/// What a peer saw.
#[derive(Default)]
struct Log {
    /// Every byte of each connection.
    heard: Vec<Vec<u8>>,
    /// Every byte that came through a channel, as it was before it was encrypted.
    plain: Vec<u8>,
    /// Every try to log in.
    logins: Vec<String>,
    verbs: Vec<String>,
    /// The number of the first command.
    first: Option<String>,
    /// What the gate of the access that was opened says of it.
    gate: String,
    /// How many channels it was let open, of how many that it asked for.
    channels: (usize, usize),
    closed: bool,
}

struct Peer {
    port: u16,
    log: Arc<Mutex<Log>>,
    over: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

fn host_key(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

fn fingerprint(seed: u8) -> String {
    host_key(seed).public_key().fingerprint(HashAlg::Sha256).to_string()
}

impl Peer {
    fn start(tricks: Tricks) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Log::default()));
        let (over, ends) = tokio::sync::oneshot::channel();
        let noted = Arc::clone(&log);
        let thread = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let accept = async {
                    for number in 0.. {
                        let (stream, _) = listener.accept().await.unwrap();
                        noted.lock().unwrap().heard.push(Vec::new());
                        tokio::spawn(serve(stream, number, tricks.clone(), Arc::clone(&noted)));
                    }
                };
                tokio::select! { () = accept => {}, _ = ends => {} }
            });
            runtime.shutdown_background();
        });
        Self { port, log, over: Some(over), thread: Some(thread) }
    }

    fn url(&self) -> String {
        format!("ssh://deploy@127.0.0.1:{}", self.port)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.over.take().unwrap().send(());
        let _ = self.thread.take().unwrap().join();
    }
}

/// A stream that writes down what it hears, and may go deaf.
struct Heard {
    stream: TcpStream,
    number: usize,
    log: Arc<Mutex<Log>>,
    deaf_after: usize,
}

impl AsyncRead for Heard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.log.lock().unwrap().heard[self.number].len() >= self.deaf_after {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let new = &buffer.filled()[before..];
        self.log.lock().unwrap().heard[self.number].extend_from_slice(new);
        read
    }
}

impl AsyncWrite for Heard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

async fn serve(mut stream: TcpStream, number: usize, tricks: Tricks, log: Arc<Mutex<Log>>) {
    let forever = std::future::pending::<()>;
    let mut deaf_after = usize::MAX;
    match &tricks.wire {
        Wire::Ssh => {}
        Wire::DeafAfter(bytes) => deaf_after = *bytes,
        Wire::CloseAtOnce => return,
        Wire::Silent => {
            let mut buffer = [0; 1024];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                log.lock().unwrap().heard[number].extend_from_slice(&buffer[..count]);
            }
            return;
        }
        Wire::Say(bytes) => {
            let _ = stream.write_all(bytes).await;
            return;
        }
        Wire::SayAndWait(bytes) => {
            let _ = stream.write_all(bytes).await;
            return forever().await;
        }
        Wire::Flood(bytes) => {
            while stream.write_all(bytes).await.is_ok() {}
            return;
        }
        Wire::Drip(bytes) => {
            for byte in bytes {
                let _ = stream.write_all(&[*byte]).await;
                tokio::time::sleep(Duration::from_millis(700)).await;
            }
            return forever().await;
        }
    }
    let seed = *tricks.keys.get(number).or(tricks.keys.last()).unwrap();
    let config = server::Config {
        server_id: SshId::Standard(tricks.id.into()),
        keys: vec![host_key(seed)],
        auth_rejection_time: Duration::from_millis(1),
        auth_rejection_time_initial: Some(Duration::ZERO),
        inactivity_timeout: None,
        nodelay: true,
        ..server::Config::default()
    };
    let heard = Heard { stream, number, log: Arc::clone(&log), deaf_after };
    let handler =
        Connection { tricks, log, body: Vec::new(), answered: false, by_the_gate: Vec::new() };
    if let Ok(session) = server::run_stream(Arc::new(config), heard, handler).await {
        let _ = session.await;
    }
}

/// One connection of a client's.
struct Connection {
    tricks: Tricks,
    log: Arc<Mutex<Log>>,
    body: Vec<u8>,
    answered: bool,
    /// The channels that were answered as a gate would, without an input.
    by_the_gate: Vec<ChannelId>,
}

impl Connection {
    async fn judge(&mut self, what: String, is_admin: bool) -> Result<Auth, russh::Error> {
        let closed = {
            let mut log = self.log.lock().unwrap();
            log.logins.push(what);
            log.closed
        };
        match self.tricks.login {
            Login::Take if closed && !is_admin => Ok(Auth::reject()),
            Login::Take => Ok(Auth::Accept),
            Login::Refuse => Ok(Auth::Reject {
                proceed_with_methods: Some(MethodSet::empty()),
                partial_success: false,
            }),
            Login::Stall => std::future::pending().await,
            Login::Close => Err(russh::Error::Disconnect),
        }
    }

    fn asked(&self) -> Asked {
        let mut text = String::new();
        if self.body.starts_with(&[0x1f, 0x8b]) {
            let mut unpacker = flate2::read::MultiGzDecoder::new(self.body.as_slice());
            let _ = unpacker.read_to_string(&mut text);
        } else {
            text = String::from_utf8_lossy(&self.body).into_owned();
        }
        let after = |mark: &str| text.split_once(mark).map(|(_, rest)| rest.to_owned());
        let mut asked = Asked { verb: "other".into(), ..Asked::default() };
        if let Some(rest) = after("stagepass-begin=%s\\n' ") {
            let mut lines = rest.lines().map(str::to_owned);
            asked.nonce = lines.next().unwrap_or_default();
            asked.verb = lines.next().unwrap_or_default();
        } else if let Some(rest) = after("printf 'stagepass=%s\\n' '") {
            asked.nonce = rest.split('\'').next().unwrap_or_default().to_owned();
            asked.verb = "word".into();
        }
        let mut log = self.log.lock().unwrap();
        if asked.verb == "sp_open" {
            let input = |name: &str| {
                let rest = after(&format!("\n{name}='")).unwrap_or_default();
                rest.split('\'').next().unwrap_or_default().to_owned()
            };
            let (id, access) = (input("sp_grant"), input("sp_access"));
            let until = input("sp_deadline");
            log.gate = format!("grant={id} access={access} deadline={until} confined=0");
        }
        asked.before = log.verbs.iter().filter(|verb| **verb == asked.verb).count();
        log.verbs.push(asked.verb.clone());
        log.first.get_or_insert(asked.nonce.clone());
        asked
    }

    async fn answer(
        &mut self,
        asked: &Asked,
        say: Say,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if std::mem::replace(&mut self.answered, true) {
            return Ok(());
        }
        let whole = |lines: &str| {
            let nonce = &asked.nonce;
            format!("noise\n\nstagepass-begin={nonce}\n{lines}\nstagepass-end={nonce}\n").into()
        };
        let (out, err, status): (Vec<u8>, Vec<u8>, _) = match say {
            Say::Honest => {
                if asked.verb == "sp_close" {
                    self.log.lock().unwrap().closed = true;
                }
                let lines = match asked.verb.as_str() {
                    "sp_detect" => format!("supported=true\nclock={}\n{ABLE}", now()),
                    "sp_open" => {
                        "account=deploy\nkey_lines=1\ngate=true\nfailsafe=crontab".to_owned()
                    }
                    "sp_close" => "absent=true\nkeys_absent=true".to_owned(),
                    "sp_tried" => "trial_seen=true".to_owned(),
                    _ => String::new(),
                };
                if asked.verb == "word" {
                    let word = &asked.nonce;
                    let lines = ["folder-yes", "read-yes", "write-yes"];
                    let lines = lines.map(|line| format!("{word} {line}\n")).concat();
                    (format!("stagepass={word}\n{lines}").into(), Vec::new(), Some(0))
                } else {
                    (whole(&lines), Vec::new(), Some(0))
                }
            }
            Say::Reply(lines) => {
                // It says much, and it is closed.
                if asked.verb == "sp_close" && lines.contains("keys_absent=true") {
                    self.log.lock().unwrap().closed = true;
                }
                (whole(&lines), Vec::new(), Some(0))
            }
            Say::Raw(out, err, status) => {
                let put = |bytes: Vec<u8>| -> Vec<u8> {
                    match String::from_utf8(bytes) {
                        Ok(text) => text.replace("NONCE", &asked.nonce).into(),
                        Err(other) => other.into_bytes(),
                    }
                };
                (put(out), put(err), status)
            }
            Say::Never => return Ok(()),
            Say::Drop => return Err(russh::Error::Disconnect),
            Say::End => {
                session.eof(channel)?;
                return session.close(channel);
            }
            Say::Signal => {
                session.exit_signal_request(
                    channel,
                    russh::Sig::KILL,
                    false,
                    "\u{1b}]0;x\u{7}",
                    "en",
                )?;
                return session.close(channel);
            }
            Say::Drip => {
                let handle = session.handle();
                let begin = format!("noise\n\nstagepass-begin={}\n", asked.nonce);
                tokio::spawn(async move {
                    let mut next = begin.bytes().chain(std::iter::repeat(b'x'));
                    while handle.data(channel, vec![next.next().unwrap_or(b'x')]).await.is_ok() {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                });
                return Ok(());
            }
            Say::Late(lines) => {
                if asked.verb == "sp_close" {
                    self.log.lock().unwrap().closed = true;
                }
                let (handle, reply): (_, Vec<u8>) = (session.handle(), whole(&lines));
                tokio::spawn(async move {
                    let _ = handle.exit_status_request(channel, 0).await;
                    for piece in reply.chunks(reply.len() / 7 + 1) {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        let _ = handle.data(channel, piece.to_vec()).await;
                    }
                    let _ = handle.eof(channel).await;
                    let _ = handle.close(channel).await;
                });
                return Ok(());
            }
            Say::Replay => {
                let nonce = self.log.lock().unwrap().first.clone().unwrap_or_default();
                let lines =
                    "supported=true\naccount=deploy\nkey_lines=1\nabsent=true\nkeys_absent=true";
                let reply = format!("\nstagepass-begin={nonce}\n{lines}\nstagepass-end={nonce}\n");
                (reply.into(), Vec::new(), Some(0))
            }
            Say::OpenChannels => {
                let (handle, log) = (session.handle(), Arc::clone(&self.log));
                tokio::spawn(async move {
                    // Kept, so that they stay open.
                    let mut open = Vec::new();
                    for kind in 0.. {
                        let opened = match kind % 7 {
                            0 => handle.channel_open_agent().await,
                            1 => handle.channel_open_x11("::1", 1).await,
                            2 => handle.channel_open_forwarded_tcpip("::1", 22, "::1", 1).await,
                            3 => handle.channel_open_direct_tcpip("127.0.0.1", 22, "::1", 1).await,
                            4 => handle.channel_open_direct_streamlocal("/run/x").await,
                            5 => handle.channel_open_forwarded_streamlocal("/run/x").await,
                            _ => handle.channel_open_session().await,
                        };
                        log.lock().unwrap().channels.1 += 1;
                        match opened {
                            Ok(channel) => {
                                log.lock().unwrap().channels.0 += 1;
                                let _ = channel.data(&[b'x'; 30_000][..]).await;
                                open.push(channel);
                            }
                            Err(russh::Error::ChannelOpenFailure(_)) => {}
                            Err(_) => break,
                        }
                    }
                });
                return Ok(());
            }
            Say::FloodOut | Say::FloodErr => {
                let handle = session.handle();
                let text = b"stagepass-end=x \x1b]0;owned\x07\n".repeat(1000);
                let loud = matches!(say, Say::FloodErr);
                tokio::spawn(async move {
                    loop {
                        let sent = if loud {
                            handle.extended_data(channel, 1, text.clone()).await.is_ok()
                        } else {
                            handle.data(channel, text.clone()).await.is_ok()
                        };
                        if !sent {
                            break;
                        }
                    }
                });
                return Ok(());
            }
        };
        session.data(channel, out)?;
        session.extended_data(channel, 1, err)?;
        if let Some(status) = status {
            session.exit_status_request(channel, status)?;
        }
        session.eof(channel)?;
        session.close(channel)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl server::Handler for Connection {
    type Error = russh::Error;

    async fn auth_none(&mut self, user: &str) -> Result<Auth, russh::Error> {
        self.log.lock().unwrap().logins.push(format!("none {user}"));
        Ok(Auth::reject())
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        self.judge(format!("password {user} {password}"), false).await
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, russh::Error> {
        let admin = offer.public_key.comment().as_bytes().starts_with(b"admin");
        self.judge(format!("offer {user}"), admin || is_admin(offer.public_key)).await
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        self.judge(format!("key {user}"), is_admin(key.public_key)).await
    }

    async fn authentication_banner(&mut self) -> Result<Option<String>, russh::Error> {
        Ok(self.tricks.banner.clone())
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        (self.body, self.answered) = (Vec::new(), false);
        if self.tricks.channels {
            reply.accept().await;
        } else {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if !self.tricks.execs {
            return session.channel_failure(channel);
        }
        session.channel_success(channel)?;
        let command = String::from_utf8_lossy(command);
        if command.starts_with("stagepass-trial ") || command.starts_with("echo ") {
            self.by_the_gate.push(channel);
            let gate = self.log.lock().unwrap().gate.clone();
            match command.strip_prefix("stagepass-trial ") {
                Some(nonce) => session.data(channel, format!("stagepass-gate {nonce} {gate}\n"))?,
                None => session.extended_data(channel, 1, b"stagepass: SFTP only.\n".to_vec())?,
            }
            session.exit_status_request(channel, 1)?;
            session.eof(channel)?;
            return session.close(channel);
        }
        if let Some(say) = self.tricks.early.clone() {
            return self.answer(&Asked::default(), say, channel, session).await;
        }
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        match self.tricks.sftp.clone() {
            None => session.channel_failure(channel),
            Some(text) => {
                session.channel_success(channel)?;
                session.data(channel, text)
            }
        }
    }

    async fn data(
        &mut self,
        _: ChannelId,
        data: &[u8],
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.body.extend_from_slice(data);
        self.log.lock().unwrap().plain.extend_from_slice(data);
        Ok(())
    }

    async fn channel_eof(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.by_the_gate.contains(&channel) {
            return Ok(());
        }
        let asked = self.asked();
        let say = (self.tricks.answers)(&asked);
        self.answer(&asked, say, channel, session).await
    }
}

/// What `detect` says of a server that can end access by itself.
const ABLE: &str = "server_kind=openssh\ncan_gate=true\nfailsafe=crontab";

/// The merchant's own key, by the same words in every stage: see [`Scene::new`].
fn is_admin(key: &russh::keys::PublicKey) -> bool {
    ADMINS.lock().unwrap().contains(&key.fingerprint(HashAlg::Sha256).to_string())
}

static ADMINS: Mutex<Vec<String>> = Mutex::new(Vec::new());

// ---- the merchant's side -------------------------------------------------------------------------

/// A merchant with a target that is this peer, and an open case.
struct Scene {
    stage: Stage,
    peer: Peer,
    key: Key,
    limit: &'static str,
}

const LIMIT: &str = "5";

impl Scene {
    fn new(tricks: Tricks) -> Self {
        let stage = Stage::new();
        ADMINS.lock().unwrap().push(stage.admin.fingerprint());
        let peer = Peer::start(tricks.clone());
        let text = format!(
            "[target.staging]\naddress = \"{}\"\nhost_key = \"{}\"\nidentity = \"{}\"\n\
             environment = \"staging\"\n",
            peer.url(),
            fingerprint(tricks.keys[0]),
            stage.admin.private.display()
        );
        fs::write(stage.config().join("targets.toml"), text).unwrap();
        stage.run(["case", "open", "C-1", "--desk", "multisafepay"]).ok();
        let key = stage.supporter_key();
        Self { stage, peer, key, limit: LIMIT }
    }

    /// A run that is timed and weighed, and whose escapes are not taken out for the pipe. What this build takes by itself
    /// beyond the released one, which is what the bound of 64 MiB is for, is not counted: its code is five times as
    /// long. Held to 60 MiB, since what code is used is longer as well.
    fn run(&self, args: &[&str]) -> (Run, u64) {
        static OWN: OnceLock<u64> = OnceLock::new();
        let own = *OWN.get_or_init(|| self.weighed(&["--version"]).1);
        let (run, peak) = self.weighed(args);
        (run, peak - own.saturating_sub(RELEASED))
    }

    fn weighed(&self, args: &[&str]) -> (Run, u64) {
        let note = tempfile::NamedTempFile::new().unwrap();
        let exe = env!("CARGO_BIN_EXE_stagepass");
        let mut words = vec!["-f", "%M", "-o", note.path().to_str().unwrap(), exe];
        words.extend(["--timeout", self.limit]);
        words.extend(args);
        let run = self.stage.program("/usr/bin/time", words).env("CLICOLOR_FORCE", "1");
        let run = run.limit(Duration::from_secs(50)).run();
        let text = fs::read_to_string(note.path()).unwrap();
        (run, text.lines().last().unwrap().trim().parse().unwrap())
    }

    fn grant(&self, more: &[&str]) -> (Run, u64) {
        self.grant_as("ssh", more)
    }

    fn grant_as(&self, access: &str, more: &[&str]) -> (Run, u64) {
        let mut args = vec!["grant", "--case", "C-1", "--target", "staging", "--supporter", "Ana"];
        args.extend(["--override", "port", "--reason", "a test's port", "--access", access]);
        args.extend(SHARED);
        let key = self.key.public.to_str().unwrap();
        if !more.contains(&"--generate-key") {
            args.extend(["--key", key]);
        }
        args.extend(more);
        self.run(&args)
    }

    /// What the ledger says still lives.
    fn live(&self) -> Vec<String> {
        let run = self.stage.run(["list", "--json"]);
        assert!([0, 8].contains(&run.exit), "{}", run.told());
        let document = run.json();
        let grants = document["result"]["grants"].as_array().unwrap();
        grants.iter().map(|grant| grant["state"].as_str().unwrap().to_owned()).collect()
    }

    fn verbs(&self) -> Vec<String> {
        self.peer.log.lock().unwrap().verbs.clone()
    }
}

/// Nothing raw, no panic, not much.
#[track_caller]
fn harmless(name: &str, ended: &Ended) {
    harmless_within(name, ended, 10_000);
}

#[track_caller]
fn harmless_within(name: &str, ended: &Ended, most: usize) {
    let text = ended.output();
    for bad in ["panicked", "stack backtrace", "overflow", "\u{1b}]", "\u{1b}[2J", "\u{7}"] {
        assert!(!text.contains(bad), "{name}: {bad:?} in\n{}", ended.told());
    }
    for bad in ["\u{202e}", "\u{2066}", "\u{9b}", "\r", "\u{8}", "\u{200b}"] {
        assert!(!text.contains(bad), "{name}: {bad:?} in\n{}", ended.told());
    }
    assert!(text.len() < most, "{name}: {} bytes in\n{}", text.len(), ended.told());
}

/// What a server says to spoil the screen, and to be taken for something else.
const SPOIL: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31m\u{202e}live\u{2066}\u{9b}5n\r\u{8}error: x";

fn spoilt() -> Vec<u8> {
    format!("{SPOIL}\n").repeat(50).into()
}

/// Runs `play` for every trick, some at a time: they mostly wait.
fn all(table: Vec<(&'static str, Tricks)>, play: impl Fn(&str, Tricks) + Sync) {
    for some in table.chunks(10) {
        thread::scope(|scope| {
            let started: Vec<_> = some
                .iter()
                .map(|(name, tricks)| {
                    let play = &play;
                    (name, scope.spawn(move || play(name, tricks.clone())))
                })
                .collect();
            for (name, one) in started {
                assert!(one.join().is_ok(), "`{name}` failed, see above");
            }
        });
    }
}

/// Tricks that no login survives, or no first look.
fn before_anything() -> Vec<(&'static str, Tricks)> {
    let say = |text: &str| Wire::Say(text.as_bytes().to_vec());
    let id = "SSH-2.0-OpenSSH_9.2\r\n";
    let honest_id = id.as_bytes().to_vec();
    let mut huge_packet = honest_id.clone();
    huge_packet.extend([0xff, 0xff, 0xff, 0xff, 4, 20]);
    huge_packet.extend([0; 4096]);
    let mut nonsense = honest_id.clone();
    nonsense.extend((0..60_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8));
    vec![
        ("closes at once", Tricks::wire(Wire::CloseAtOnce)),
        ("says nothing", Tricks::wire(Wire::Silent)),
        ("drips its greeting", Tricks::wire(Wire::Drip(honest_id.clone()))),
        ("stalls after its greeting", Tricks::wire(Wire::SayAndWait(honest_id.clone()))),
        ("closes after its greeting", Tricks::wire(Wire::Say(honest_id))),
        ("greets without an end", Tricks::wire(Wire::Flood(b"x".repeat(4096)))),
        ("greets line after line", Tricks::wire(Wire::Flood(b"hello\r\n".repeat(500)))),
        ("greets to spoil", Tricks::wire(Wire::Say(spoilt()))),
        ("is a web server", Tricks::wire(say("HTTP/1.1 400 Bad Request\r\n\r\n"))),
        ("is very old", Tricks::wire(say("SSH-1.5-1.2.27\r\n"))),
        ("sends a huge packet", Tricks::wire(Wire::SayAndWait(huge_packet))),
        ("sends nonsense", Tricks::wire(Wire::SayAndWait(nonsense))),
        ("floods after its greeting", {
            let mut flood = id.as_bytes().to_vec();
            flood.extend(b"SSH-2.0-".repeat(500));
            Tricks::wire(Wire::Flood(flood))
        }),
        ("refuses every login", Tricks { login: Login::Refuse, ..Tricks::default() }),
        ("stalls at the login", Tricks { login: Login::Stall, ..Tricks::default() }),
        ("closes at the login", Tricks { login: Login::Close, ..Tricks::default() }),
        (
            "refuses with a banner to spoil",
            Tricks {
                login: Login::Refuse,
                banner: Some(SPOIL.repeat(400)),
                id: "SSH-2.0-\u{1b}]0;owned\u{7}\u{202e}x",
                ..Tricks::default()
            },
        ),
        ("goes deaf in the key exchange", Tricks::wire(Wire::DeafAfter(60))),
    ]
}

#[test]
fn a_server_that_no_login_survives_is_code_5_and_nothing_is_recorded() {
    all(before_anything(), |name, tricks| {
        let scene = Scene::new(tricks);
        for (run, peak) in [scene.run(&["target", "check", "staging"]), scene.grant(&[])] {
            harmless(name, &run);
            assert_eq!(run.exit, 5, "{name}: {}", run.told());
            assert!(run.stderr.contains("because:"), "{name}: {}", run.told());
            assert!(run.took < Duration::from_secs(16), "{name}: {}", run.told());
            assert!(peak < 60 * 1024, "{name}: {peak} KiB");
        }
        assert!(scene.live().is_empty(), "{name}");
        assert!(scene.verbs().is_empty(), "{name}: {:?}", scene.verbs());
    });
}

fn raw(out: impl Into<Vec<u8>>, status: u32) -> Say {
    Say::Raw(out.into(), Vec::new(), Some(status))
}

/// Tricks after the login, at the first look.
fn at_the_first_look() -> Vec<(&'static str, Tricks)> {
    let begin = "\nstagepass-begin=NONCE\n";
    let end = "stagepass-end=NONCE\n";
    let mut table = vec![
        ("opens no channel", Tricks { channels: false, ..Tricks::default() }),
        ("runs nothing", Tricks { execs: false, ..Tricks::default() }),
        ("goes deaf about the login", Tricks::wire(Wire::DeafAfter(1500))),
        ("goes deaf after the login", Tricks::wire(Wire::DeafAfter(2600))),
        ("ends before it reads", Tricks { early: Some(raw("", 0)), ..Tricks::default() }),
        ("fails before it reads", Tricks { early: Some(raw("", 127)), ..Tricks::default() }),
        ("drops before it reads", Tricks { early: Some(Say::Drop), ..Tricks::default() }),
        ("floods before it reads", Tricks { early: Some(Say::FloodOut), ..Tricks::default() }),
        ("never answers", Tricks::always(Say::Never)),
        ("ends without a status", Tricks::always(Say::End)),
        ("drops the connection", Tricks::always(Say::Drop)),
        ("is killed", Tricks::always(Say::Signal)),
        ("floods its output", Tricks::always(Say::FloodOut)),
        ("floods its complaints", Tricks::always(Say::FloodErr)),
        ("drips its reply", Tricks::always(Say::Drip)),
        (
            "refuses to spoil",
            Tricks::always(Say::Raw(
                format!("{begin}reason_id=\u{1b}[2J\nreason={}\n", SPOIL.repeat(4000)).into(),
                spoilt(),
                Some(10),
            )),
        ),
        ("fails to spoil", Tricks::always(Say::Raw(spoilt(), spoilt(), Some(1)))),
    ];
    for (name, text) in [
        ("says nothing at all", String::new()),
        ("answers nonsense", "\u{0}\u{1}\u{2} hello\n".repeat(100)),
        ("guesses the end", "stagepass-begin=x\nsupported=true\nstagepass-end=x\n".into()),
        ("never ends its reply", format!("{begin}supported=true\n")),
        ("begins after its end", format!("{end}supported=true{begin}")),
        ("is not of a type", format!("{begin}supported=perhaps\n{end}")),
        ("has a negative clock", format!("{begin}supported=true\nclock=-5\n{end}")),
        ("has a clock that is none", format!("{begin}supported=true\nclock=1e9\n{end}")),
        (
            "has a clock beyond numbers",
            format!("{begin}supported=true\nclock=99999999999999999999999999\n{end}"),
        ),
        ("says what was not asked", format!("{begin}supported=true\nroot_password=x\n{end}")),
        ("says what spoils", format!("{begin}supported=true\nkey_{SPOIL}=1\nx=1\n{end}")),
        ("says a line without end", format!("{begin}supported={}\n{end}", "x".repeat(3_000_000))),
        ("says no", format!("{begin}supported=false\nreason={SPOIL}\n{end}")),
    ] {
        table.push((name, Tricks::always(raw(text, 0))));
    }
    table.push(("is not text", Tricks::always(raw(b"\xff\xfe\x80=\xc0\n".repeat(1000), 0))));
    table
}

#[test]
fn a_server_opens_no_channel_into_the_merchants_computer() {
    let scene = Scene::new(Tricks::always(Say::OpenChannels));
    let (run, peak) = scene.run(&["target", "check", "staging"]);
    harmless("opens channels", &run);
    assert!([5, 6].contains(&run.exit), "{}", run.told());
    let (open, asked) = scene.peer.log.lock().unwrap().channels;
    assert!(asked >= 7, "{asked}");
    assert_eq!(open, 0, "of {asked}");
    assert!(peak < 60 * 1024, "{peak} KiB");
}

#[test]
fn a_server_that_cannot_be_looked_at_is_refused_and_nothing_is_recorded() {
    all(at_the_first_look(), |name, tricks| {
        let scene = Scene::new(tricks);
        for (run, peak) in [scene.run(&["target", "check", "staging"]), scene.grant(&[])] {
            harmless(name, &run);
            assert!([5, 6].contains(&run.exit), "{name}: {}", run.told());
            assert!(run.stderr.contains("because:"), "{name}: {}", run.told());
            assert!(run.stderr.contains("hint:"), "{name}: {}", run.told());
            assert!(run.took < Duration::from_secs(24), "{name}: {}", run.told());
            assert!(peak < 60 * 1024, "{name}: {peak} KiB");
        }
        assert!(scene.live().is_empty(), "{name}");
        assert!(!scene.verbs().contains(&"sp_open".to_owned()), "{name}");
    });
}

/// A detect that lies and is believed as far as it harms nobody.
fn lies() -> Vec<(&'static str, Tricks)> {
    let detect = |clock: String, more: &str| {
        let lines = format!("supported=true\nclock={clock}\n{ABLE}\n{more}");
        Tricks::at("sp_detect", Say::Reply(lines))
    };
    vec![
        ("the end of time", detect(i64::MAX.to_string(), "")),
        ("beyond the end of time", detect(u64::MAX.to_string(), "")),
        ("the beginning of time", detect("0".into(), "")),
        ("a thousand years ahead", detect("33000000000".into(), "")),
        ("nearly the end of time", detect((i64::MAX - 400).to_string(), "")),
        (
            "texts to spoil",
            detect(
                now().to_string(),
                &format!(
                    "hostname={SPOIL}\nos_id={SPOIL}\nkeys_file={SPOIL}\nkey_lines=18446744073709551615"
                ),
            ),
        ),
    ]
}

/// Longer than any one of these commands takes on a busy machine, and shorter than for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the released program takes when it does nothing, in KiB.
const RELEASED: u64 = 7 * 1024;

#[test]
fn a_look_that_lies_crashes_nothing() {
    all(lies(), |name, tricks| {
        let scene = Scene::new(tricks);
        let (run, peak) = scene.run(&["target", "check", "staging", "--json"]);
        harmless(name, &run);
        assert!(peak < 60 * 1024 && run.took < PATIENCE, "{name}: {peak} KiB, {}", run.told());
        assert!([0, 6].contains(&run.exit), "{name}: {}", run.told());
        let (run, peak) = scene.run(&["target", "check", "staging"]);
        harmless(name, &run);
        assert!(peak < 60 * 1024 && run.took < PATIENCE, "{name}: {peak} KiB, {}", run.told());
        let (run, peak) = scene.grant(&["--dry-run"]);
        harmless(name, &run);
        assert!(peak < 60 * 1024 && run.took < PATIENCE, "{name}: {peak} KiB, {}", run.told());
        assert!([0, 3, 6].contains(&run.exit), "{name}: {}", run.told());
        let (run, peak) = scene.grant(&[]);
        harmless(name, &run);
        assert!(peak < 60 * 1024 && run.took < PATIENCE, "{name}: {peak} KiB, {}", run.told());
        assert!([0, 3, 6].contains(&run.exit), "{name}: {}", run.told());
        let (run, peak) = scene.run(&["doctor"]);
        harmless(name, &run);
        assert!(peak < 60 * 1024 && run.took < PATIENCE, "{name}: {peak} KiB, {}", run.told());
        for args in [&["list"][..], &["revoke", "--all"]] {
            let (run, peak) = scene.run(args);
            harmless(name, &run);
            assert!(peak < 60 * 1024 && run.took < PATIENCE, "{name}: {peak} KiB, {}", run.told());
            assert_eq!(run.exit, 0, "{name}: {}", run.told());
        }
        assert!(scene.live().is_empty(), "{name}");
    });
}

/// Tricks while access is made. What nobody saw the end of stays in the ledger.
fn while_opening() -> Vec<(&'static str, Tricks)> {
    let both = |say: Say| {
        Tricks::answers(move |asked| match asked.verb.as_str() {
            "sp_open" | "sp_close" => say.clone(),
            _ => Say::Honest,
        })
    };
    let begin = "\nstagepass-begin=NONCE\n";
    vec![
        ("never answers", both(Say::Never)),
        ("drops the connection", both(Say::Drop)),
        ("ends without a status", both(Say::End)),
        ("floods", both(Say::FloodOut)),
        ("is killed", both(Say::Signal)),
        ("drips its reply", both(Say::Drip)),
        ("repeats an older reply", both(Say::Replay)),
        ("fails to spoil", both(Say::Raw(spoilt(), spoilt(), Some(1)))),
        ("never ends its reply", both(raw(format!("{begin}absent=true\naccount=x\n"), 0))),
        ("says what was not asked", both(Say::Reply("absent=true\nroot=1".into()))),
        (
            "opens, and never closes",
            Tricks::answers(|asked| match asked.verb.as_str() {
                "word" => raw("no", 1),
                "sp_close" => Say::Reply("absent=false".into()),
                _ => Say::Honest,
            }),
        ),
        (
            "opens, and refuses to close",
            Tricks::answers(move |asked| match asked.verb.as_str() {
                "word" => raw(SPOIL, 1),
                "sp_close" => raw(format!("{begin}reason={SPOIL}\n"), 10),
                _ => Say::Honest,
            }),
        ),
    ]
}

#[test]
fn what_nobody_saw_the_end_of_stays_in_the_ledger_until_it_is_closed() {
    all(while_opening(), |name, tricks| {
        let scene = Scene::new(tricks);
        let (run, peak) = scene.grant(&[]);
        harmless(name, &run);
        assert_eq!(run.exit, 7, "{name}: {}", run.told());
        assert!(run.stderr.contains("stays in the ledger"), "{name}: {}", run.told());
        assert!(run.took < Duration::from_secs(25), "{name}: {}", run.told());
        assert!(peak < 60 * 1024, "{name}: {peak} KiB");
        assert!(scene.verbs().contains(&"sp_open".to_owned()));
        let live = scene.live();
        assert!(live == ["closing"] || live == ["opening"], "{name}: {live:?}");
        for args in [&["list"][..], &["case", "show", "C-1"], &["sweep"], &["case", "close", "C-1"]]
        {
            let (run, _) = scene.run(args);
            harmless(name, &run);
            if args[0] == "case" && args[1] == "close" {
                assert!([6, 7, 8].contains(&run.exit), "{name}: {}", run.told());
            }
        }
        assert_eq!(scene.live().len(), 1, "{name}: it was lost");
        scene.stage.run(["ledger", "verify"]).ok();
    });
}

#[test]
fn a_server_that_recovers_is_closed_by_the_next_sweep_and_its_case_too() {
    for (name, say) in [("drops", Say::Drop), ("is silent", Say::End)] {
        let tricks = Tricks::answers(move |asked| match asked.verb.as_str() {
            "sp_open" => say.clone(),
            "sp_close" if asked.before == 0 => say.clone(),
            _ => Say::Honest,
        });
        let scene = Scene::new(tricks);
        let (run, _) = scene.grant(&[]);
        let run = run.exits(7);
        harmless(name, &run);
        assert_eq!(scene.live().len(), 1);
        // The first look may still have met the bad day.
        if !scene.run(&["case", "close", "C-1"]).0.stdout.contains("is closed") {
            scene.run(&["case", "close", "C-1"]).0.ok();
        }
        assert!(scene.live().is_empty());
    }
}

/// An SFTP packet.
fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = Vec::from(u32::try_from(body.len() + 1).unwrap().to_be_bytes());
    packet.push(kind);
    packet.extend_from_slice(body);
    packet
}

/// Tricks when the new login is tried.
fn at_the_new_login() -> Vec<(&'static str, Tricks)> {
    let sftp = |bytes: Vec<u8>| Tricks { sftp: Some(bytes), ..Tricks::default() };
    let spoil = {
        let mut name = Vec::from(1_u32.to_be_bytes());
        name.extend(1_u32.to_be_bytes());
        name.extend(u32::try_from(SPOIL.len() * 500).unwrap().to_be_bytes());
        name.extend(SPOIL.repeat(500).bytes());
        // No text as `ls` would show it, and no attributes.
        name.extend([0; 8]);
        // A folder that opens, a new file that is refused, and no names.
        let handle = [2_u32, 1].map(u32::to_be_bytes).concat();
        let handle = packet(102, &[handle, b"h".to_vec()].concat());
        let status = |id: u32, code: u32| {
            let mut body = [id, code, SPOIL.len() as u32].map(u32::to_be_bytes).concat();
            body.extend(SPOIL.bytes());
            packet(101, &body)
        };
        let answers = [packet(104, &name), handle, status(3, 3), status(4, 1), status(5, 0)];
        [packet(2, &3_u32.to_be_bytes()), answers.concat()].concat()
    };
    let status = {
        let mut body = Vec::from(1_u32.to_be_bytes());
        body.extend(4_u32.to_be_bytes());
        body.extend(u32::try_from(SPOIL.len()).unwrap().to_be_bytes());
        body.extend(SPOIL.bytes());
        [packet(2, &3_u32.to_be_bytes()), packet(101, &body)].concat()
    };
    vec![
        ("has no SFTP", Tricks::default()),
        ("has an SFTP that says nothing", sftp(Vec::new())),
        ("has an SFTP that greets", sftp(SPOIL.repeat(20).into())),
        ("has an SFTP that promises much", sftp(vec![0xff; 9])),
        ("has an SFTP that promises 64 KiB", sftp(vec![0, 1, 0, 0, 2, 0])),
        ("has an SFTP that refuses", sftp(status)),
        ("has a shell that floods", Tricks::at("word", Say::FloodOut)),
        ("has a shell that never ends", Tricks::at("word", Say::Never)),
        ("has a shell that spoils", Tricks::at("word", Say::Raw(spoilt(), spoilt(), Some(1)))),
        ("has a shell that repeats", Tricks::at("word", raw("stagepass=x\n".repeat(9000), 0))),
        ("answers from a spoilt folder", sftp(spoil)),
    ]
}

#[test]
fn access_that_cannot_be_used_is_taken_back() {
    all(at_the_new_login(), |name, tricks| {
        let scene = Scene::new(tricks);
        let with = if name.contains("shell") { "ssh" } else { "sftp-read-only" };
        let (run, peak) = scene.grant_as(with, &[]);
        harmless(name, &run);
        assert!(run.took < Duration::from_secs(30), "{name}: {}", run.told());
        assert!(peak < 60 * 1024, "{name}: {peak} KiB");
        if name == "answers from a spoilt folder" {
            assert_eq!(run.exit, 0, "{name}: {}", run.told());
            let id = scene.stage.run(["list", "--json"]).ok().json()["result"]["grants"][0]["id"]
                .as_str()
                .unwrap()
                .to_owned();
            for args in [&["show", &id][..], &["show", &id, "--json"], &["ledger", "export"]] {
                let (run, _) = scene.run(args);
                harmless(name, &run.ok());
            }
        } else {
            assert_eq!(run.exit, 6, "{name}: {}", run.told());
            assert!(run.stderr.contains("taken back"), "{name}: {}", run.told());
            assert!(scene.live().is_empty(), "{name}");
        }
    });
}

#[test]
fn who_accepted_a_weak_end_has_not_accepted_one_that_is_weaker_still() {
    let gate = "account=deploy\nkey_lines=1\ngate=true\nexpiry_time=20991231235959Z";
    let no_gate = "account=deploy\nkey_lines=1\ngate=false\ngate_reason=it has no room";
    for (opened, exit) in [(gate, 0), (no_gate, 6)] {
        let scene = Scene::new(Tricks::answers(move |asked| match asked.verb.as_str() {
            "sp_detect" => Say::Reply(format!(
                "supported=true\nclock={}\nserver_kind=openssh\ncan_gate=true\nfailsafe=none",
                now()
            )),
            "sp_open" => Say::Reply(opened.into()),
            _ => Say::Honest,
        }));
        let (run, _) = scene.grant(&["--accept-weak-expiry"]);
        assert_eq!(run.exit, exit, "{}", run.told());
        assert_eq!(run.stderr.contains("refuses a new login at the deadline"), exit == 6);
        assert_eq!(scene.live().is_empty(), exit == 6, "{}", run.told());
    }
}

#[test]
fn what_ends_access_and_is_gone_after_the_trial_is_not_granted() {
    for (settled, exit, part) in [
        ("trial_seen=true\ngate=true\nfailsafe=none", 6, "failsafe"),
        ("trial_seen=true\ngate=false\nfailsafe=crontab", 6, "gate"),
        ("trial_seen=true\ngate=true\nfailsafe=crontab", 0, ""),
    ] {
        let scene = Scene::new(Tricks::at("sp_tried", Say::Reply(settled.into())));
        let (run, _) = scene.grant(&[]);
        assert_eq!(run.exit, exit, "{}", run.told());
        if exit != 0 {
            let said = format!("the {part} that was made to end this access");
            assert!(run.stderr.contains(&said), "{}", run.told());
            assert!(scene.live().is_empty(), "{}", run.told());
        }
    }
}

#[test]
fn a_grant_on_a_target_that_is_removed_meanwhile_makes_nothing() {
    let list: Arc<std::sync::OnceLock<std::path::PathBuf>> = Arc::default();
    let known = Arc::clone(&list);
    let scene = Scene::new(Tricks::answers(move |asked| {
        // As `target remove` does, which finds no grant yet.
        if asked.verb == "sp_detect" {
            fs::write(known.get().unwrap(), "").unwrap();
        }
        Say::Honest
    }));
    list.set(scene.stage.config().join("targets.toml")).unwrap();
    let (run, _) = scene.grant(&[]);
    assert_eq!(run.exit, 2, "{}", run.told());
    assert!(run.stderr.contains("`staging` was changed or removed meanwhile"), "{}", run.told());
    assert!(!scene.verbs().contains(&"sp_open".to_owned()));
    assert_eq!(scene.live(), [""; 0]);
}

#[test]
fn a_server_that_refuses_to_be_looked_at_was_reached_and_said_no() {
    let scene = Scene::new(Tricks::answers(|asked| match asked.verb.as_str() {
        "sp_check" => {
            raw("\nstagepass-begin=NONCE\nreason_id=no\nreason=no root here any more\n", 10)
        }
        _ => Say::Honest,
    }));
    let (run, _) = scene.grant(&[]);
    run.ok();
    for _ in 0..2 {
        let connections = scene.peer.log.lock().unwrap().heard.len();
        let (run, _) = scene.run(&["verify", "--all"]);
        assert_eq!(run.exit, 6, "{}", run.told());
        assert!(run.output().contains("no root here any more"), "{}", run.told());
        assert_eq!(scene.peer.log.lock().unwrap().heard.len(), connections + 1);
        let (run, _) = scene.run(&["revoke", "--all"]);
        run.ok();
    }
}

#[test]
fn a_look_that_repeats_itself_does_not_fill_the_ledger() {
    let check = format!(
        "present=true\nkey_lines=1\nkeys_match=true\ngate_present=true\nfailsafe_present=true\n{}",
        many_lines(&["use"])
    );
    let scene = Scene::new(Tricks::at("sp_check", Say::Reply(check)));
    let (run, _) = scene.grant(&[]);
    run.ok();
    let (run, _) = scene.run(&["verify", "--all"]);
    run.ok();
    let export = scene.stage.run(["ledger", "export"]).ok().stdout;
    let looked = export.lines().find(|line| line.contains("grant.verified")).unwrap();
    assert!(looked.len() < 8_000, "{} bytes for one look", looked.len());
}

#[test]
fn a_close_that_lies_is_found_out_by_the_login_that_still_works() {
    let scene = Scene::new(Tricks::at("sp_close", Say::Reply("absent=true".into())));
    let (run, _) = scene.grant(&[]);
    run.ok();
    for attempt in 1..=7 {
        let (run, _) = scene.run(&["revoke", "--all"]);
        harmless("lies", &run);
        let code = if attempt < 6 { 7 } else { 8 };
        assert_eq!(run.exit, code, "{attempt}: {}", run.told());
        assert!(run.output().contains("still accepts the key"), "{}", run.told());
    }
    assert_eq!(scene.live(), ["stuck"]);
    let (run, _) = scene.run(&["list"]);
    harmless("lies", &run.exits(8));
}

/// As many lines as a reply has room for, of every key that may have many, none of them honest.
fn many_lines(keys: &[&str]) -> String {
    let mut lines = String::new();
    for number in 0..4000 {
        let key = keys[number % keys.len()];
        let text = SPOIL.repeat(number % 9).replace('\n', " ");
        lines
            .push_str(&format!("{key}={number} 1 - code {text} sp-x key-line abcdefgh0{number}\n"));
    }
    lines
}

/// Records of a comparison that spoil the screen, of every sort.
fn many_records() -> String {
    let mut lines = String::new();
    for number in 0..40_000 {
        let text = SPOIL.repeat(number % 9).replace('\n', " ");
        let name = format!("sp-x {text} {number}");
        let record = match number % 8 {
            0 => format!("+user\t{name}\t0:0:/{text}:/bin/sh\t"),
            1 => format!("+key\troot\t/{text}\tssh-ed25519 {text}\t{text}\tstagepass:{text}"),
            2 => format!("+cron\troot\t/c\t* * * * * {name}\tline\t"),
            3 => format!("+process\t{number}.1\truns\t0 /tmp/{name} (deleted)"),
            4 => format!("-login\t/etc/{name}\t81a4 0 0 x\t"),
            5 => format!("a{name}.php//f 644 0 0"),
            6 => format!("m{name}.jpg//f 644 0 0 f 600 {text} 0 smc"),
            _ => format!("s 4755 0 0 /{name}"),
        };
        lines.push_str(&format!("record={record}\n"));
    }
    lines + "packed=H4sIAAAA\npacked=====\n"
}

/// sshd tells the end of a command before all that it said is through a slow line.
#[test]
fn an_answer_that_comes_slowly_behind_its_exit_status_is_heard_to_its_end() {
    let mut scene = Scene::new(Tricks::at(
        "sp_close",
        Say::Late("absent=true\nkeys_absent=true\ngate_absent=true".to_owned()),
    ));
    scene.limit = "30";
    let (run, _) = scene.grant(&[]);
    harmless("granted", &run.ok());
    let (run, _) = scene.run(&["revoke", "--all"]);
    assert!(run.ok().took > Duration::from_secs(6), "it was not slow");
}

#[test]
fn a_server_that_says_very_much_is_cut_short() {
    let much = |verb: &'static str, begin: &str, keys: &[&str]| {
        let reply = format!("{begin}\n{}", many_lines(keys));
        (verb, Tricks::at(verb, Say::Reply(reply)))
    };
    let totals = "uses_total=18446744073709551615\nbytes_read=18446744073709551615";
    let close = format!(
        "absent=true\nkeys_absent=true\nby_server=true\n\
        server_closed_at=18446744073709551615\n{totals}\ndifference=done {SPOIL}\n{}",
        many_records()
    );
    let check = "present=true\nkey_lines=1\nkeys_match=true\ngate_present=true\n\
        failsafe_present=true\nsessions=18446744073709551615\nuses_total=18446744073709551615";
    let table = vec![
        much("sp_close", &close, &["use"]),
        much("sp_check", check, &["use"]),
        much("sp_marks", "", &["mark"]),
    ];
    all(table, |name, tricks| {
        let mut scene = Scene::new(tricks);
        // What is believed has to be read first, and this is a build for tests on a machine with other work.
        scene.limit = "30";
        let (run, _) = scene.grant(&[]);
        harmless(name, &run.ok());
        let live = scene.stage.run(["list", "--json"]).json()["result"]["grants"].clone();
        let id = live[0]["id"].as_str().unwrap().to_owned();
        for args in [
            &["target", "check", "staging"][..],
            &["sweep", "--check"],
            &["verify", &id],
            &["reconcile", "staging"],
            &["revoke", "--all"],
            &["show", &id],
            &["list", "--all"],
            &["case", "show", "C-1"],
        ] {
            let (run, peak) = scene.run(args);
            // The first lines of each list.
            harmless_within(name, &run, 20_000);
            // What it says is believed as far as it may be, and makes work for a person.
            let exit = match (name, args[0]) {
                ("sp_close", "revoke" | "list" | "reconcile") => &[0, 8][..],
                ("sp_marks", "reconcile") => &[8],
                ("sp_check", "reconcile") => &[8],
                _ => &[0],
            };
            assert!(exit.contains(&run.exit), "{name}: {}", run.told());
            // What was promised. What is given back is wiped, so that a buffer that grows is there twice for a while.
            assert!(peak < 64 * 1024, "{name}: {peak} KiB of {}", run.told());
            assert!(run.took < Duration::from_secs(45), "{name}: {}", run.told());
        }
        let (run, peak) = scene.run(&["show", &id, "--json"]);
        for bad in ["\u{1b}", "\u{202e}", "\u{7}"] {
            assert!(!run.output().contains(bad), "{name}");
        }
        assert!(peak < 60 * 1024, "{name}: {peak} KiB");
        scene.stage.run(["ledger", "verify"]).ok();
        // What is kept of it has an end, too.
        let ledger = scene.stage.state().join("ledger.sqlite3");
        assert!(fs::metadata(ledger).unwrap().len() < 8 << 20, "{name}");
    });
}

#[test]
fn an_extension_nobody_saw_the_end_of_keeps_the_old_deadline() {
    let tricks = [
        ("never answers", Say::Never),
        ("drops the connection", Say::Drop),
        ("floods", Say::FloodErr),
        ("refuses to spoil", raw(format!("\nstagepass-begin=NONCE\nreason={SPOIL}\n"), 10)),
    ]
    .map(|(name, say)| {
        let answers = move |asked: &Asked| match asked.verb.as_str() {
            "sp_update" => say.clone(),
            _ => Say::Honest,
        };
        (name, Tricks::answers(answers))
    });
    all(tricks.into(), |name, tricks| {
        let scene = Scene::new(tricks);
        let (run, _) = scene.grant(&["--for", "2d"]);
        run.ok();
        let grant = || scene.stage.run(["list", "--json"]).json()["result"]["grants"][0].clone();
        let before = grant();
        let id = before["id"].as_str().unwrap();
        let (run, _) = scene.run(&["extend", id, "--for", "5d", "--reason", "more time"]);
        harmless(name, &run);
        assert!([6, 7].contains(&run.exit), "{name}: {}", run.told());
        assert!(run.stderr.contains("still works"), "{name}: {}", run.told());
        assert!(run.took < Duration::from_secs(20), "{name}: {}", run.told());
        assert_eq!(before["deadline"], grant()["deadline"], "{name}");
        assert_eq!(grant()["state"], "open", "{name}");
        // And it can still be taken away.
        let (run, _) = scene.run(&["revoke", "--all"]);
        harmless(name, &run.ok());
    });
}

#[test]
fn an_extension_that_was_cut_off_never_keeps_the_sweep_from_closing_its_grant() {
    let answers = |asked: &Asked| match asked.verb.as_str() {
        "sp_update" => Say::Drop,
        _ => Say::Honest,
    };
    let scene = Scene::new(Tricks::answers(answers));
    let (run, _) = scene.grant(&["--for", "20s", "--json"]);
    let grant = run.ok().json()["result"]["grant"].clone();
    let id = grant["id"].as_str().unwrap();
    // Nobody knows which deadline the server has, and the process that asked is gone.
    let (run, _) = scene.run(&["extend", id, "--for", "5d", "--reason", "more time"]);
    run.exits(7);
    let (run, _) = scene.run(&["sweep"]);
    run.ok();
    assert_eq!(scene.live(), ["open"]);
    while now() <= grant["deadline"].as_u64().unwrap() {
        thread::sleep(Duration::from_millis(50));
    }
    let (run, _) = scene.run(&["sweep"]);
    run.ok();
    assert_eq!(scene.live(), [""; 0]);
    assert_eq!(scene.verbs().iter().filter(|verb| *verb == "sp_close").count(), 1);
}

#[test]
fn a_deadline_is_not_moved_by_a_clock_that_was_lost() {
    for clock in ["9223372036854775807".to_owned(), (now() + 2 * 366 * 86_400).to_string()] {
        let answers = move |asked: &Asked| match (asked.verb.as_str(), asked.before) {
            ("sp_detect", 1..) => Say::Reply(format!("supported=true\nclock={clock}\n{ABLE}")),
            _ => Say::Honest,
        };
        let scene = Scene::new(Tricks::answers(answers));
        let (run, _) = scene.grant(&["--for", "2d", "--json"]);
        let before = run.ok().json()["result"]["grant"].clone();
        let id = before["id"].as_str().unwrap();
        for lasts in ["5d", "1d"] {
            let (run, _) = scene.run(&["extend", id, "--for", lasts, "--reason", "more time"]);
            harmless("clock", &run);
            assert_eq!(run.exit, 6, "{}", run.told());
            assert!(run.stderr.contains("more than a year ahead of"), "{}", run.told());
        }
        assert!(!scene.verbs().contains(&"sp_update".to_owned()));
        let (run, _) = scene.run(&["sweep"]);
        run.ok();
        let (run, _) = scene.run(&["revoke", "--all"]);
        harmless("clock", &run.ok());
    }
}

/// The messages of a client that were not encrypted, by number, and whether that was all.
fn in_the_clear(heard: &[u8]) -> (Vec<u8>, bool) {
    let Some(end) = heard.iter().position(|byte| *byte == b'\n') else {
        return (Vec::new(), heard.is_empty());
    };
    let mut rest = &heard[end + 1..];
    let mut numbers = Vec::new();
    while rest.len() >= 6 {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        if length > 35_000 || rest.len() < 4 + length {
            return (numbers, false);
        }
        numbers.push(rest[5]);
        rest = &rest[4 + length..];
    }
    (numbers, rest.is_empty())
}

#[test]
fn a_changed_host_key_hears_the_key_exchange_and_a_goodbye_and_nothing_else() {
    const DISCONNECT: u8 = 1;
    // What each side offers, its half of the new key, and "from now on encrypted", which holds
    // nothing.
    const KEX: [u8; 3] = [20, 30, 21];
    // Another key than the pinned one, from the first connection on.
    let scene = Scene::new(Tricks { keys: vec![1], ..Tricks::default() });
    let pinned = scene.peer.url();
    let other = Peer::start(Tricks { keys: vec![2], ..Tricks::default() });
    let targets = scene.stage.config().join("targets.toml");
    let text = fs::read_to_string(&targets).unwrap().replace(&pinned, &other.url());
    fs::write(&targets, text).unwrap();
    let key = scene.key.public.to_str().unwrap();
    let add = ["target", "add", "staging", &other.url(), "--environment", "staging"];
    let given = fingerprint(1);
    let add: Vec<&str> = add.into_iter().chain(["--replace", "--host-key", &given]).collect();
    for args in [
        &["target", "check", "staging"][..],
        &["doctor"],
        &["provider", "test", "authorized-key", "--target", "staging"],
        &add,
    ] {
        let (run, _) = scene.run(args);
        harmless("changed", &run);
        assert_eq!(run.exit, 5, "{}", run.told());
        assert!(run.output().contains(&fingerprint(2)), "{}", run.told());
    }
    for more in [&["--generate-key", "--reveal"][..], &["--key", key]] {
        let mut args = vec!["grant", "--case", "C-1", "--target", "staging", "--supporter", "Ana"];
        args.extend(["--override", "port", "--reason", "x", "--accept-weak-expiry"]);
        args.extend(more);
        let (run, _) = scene.run(&args);
        let run = run.exits(5);
        harmless("changed", &run);
        assert!(run.stderr.contains("nothing was sent"), "{}", run.told());
        assert!(!run.output().contains("PRIVATE KEY"), "{}", run.told());
    }
    // Nobody is even asked for a password, on a terminal where they could be.
    let text = fs::read_to_string(&targets).unwrap();
    fs::write(&targets, format!("{text}login = \"password\"\nbecome = \"sudo-password\"\n"))
        .unwrap();
    let run = scene.stage.command(["target", "check", "staging"]).run_tty(&[]).exits(5);
    assert!(run.stdout.contains("nothing was sent"), "{}", run.told());
    assert!(!run.stdout.contains("Password"), "{}", run.told());
    let log = other.log.lock().unwrap();
    assert!(log.heard.len() >= 8, "{}", log.heard.len());
    assert!(log.logins.is_empty() && log.verbs.is_empty(), "{:?}", log.logins);
    for heard in &log.heard {
        let (numbers, whole) = in_the_clear(heard);
        assert!(whole, "something encrypted was sent: {numbers:?} in {} bytes", heard.len());
        assert!(numbers.iter().all(|n| KEX.contains(n) || *n == DISCONNECT), "{numbers:?}");
    }
    assert!(scene.live().is_empty());
}

#[test]
fn a_host_key_that_changes_between_two_connections_ends_everything() {
    // Detect and open talk to the pinned key; the login that proves it meets another.
    let scene = Scene::new(Tricks { keys: vec![1, 2], ..Tricks::default() });
    let (run, _) = scene.grant(&[]);
    let run = run.exits(7);
    harmless("between", &run);
    assert!(run.stderr.contains("is not the pinned one"), "{}", run.told());
    let live = scene.live();
    assert!(live == ["closing"] || live == ["opening"], "{live:?}");
    {
        let log = scene.peer.log.lock().unwrap();
        assert!(log.heard.len() >= 2);
        for heard in &log.heard[1..] {
            assert!(in_the_clear(heard).1, "something encrypted was sent to the other key");
        }
    }
    // Between two commands: the grant stays, nothing more is sent, and nothing is called closed.
    for args in [&["revoke", "--all"][..], &["case", "close", "C-1"]] {
        let (run, _) = scene.run(args);
        harmless("between", &run);
        assert_eq!(run.exit, 7, "{}", run.told());
        assert!(run.output().contains("is not the pinned one"), "{}", run.told());
    }
    assert_eq!(scene.live().len(), 1);
    let log = scene.peer.log.lock().unwrap();
    assert!(log.heard[1..].iter().all(|heard| in_the_clear(heard).1));
}

#[test]
fn a_generated_secret_is_heard_by_nobody_before_the_host_key_fits_and_by_the_server_only_as_it_must()
 {
    let scene = Scene::new(Tricks::default());
    let file = scene.stage.path().join("jane.key");
    let word = file.to_str().unwrap().to_owned();
    let (run, _) = scene.grant(&["--generate-key", "--output", &word]);
    let run = run.ok();
    let private = fs::read_to_string(&file).unwrap();
    let line = private.lines().nth(1).unwrap();
    assert!(!run.output().contains(line));
    let log = scene.peer.log.lock().unwrap();
    assert!(log.heard.iter().all(|heard| !contains(heard, line.as_bytes())));
    assert!(contains(&log.plain, b"sp_open"), "the peer took down nothing that was said inside");
    assert!(!contains(&log.plain, line.as_bytes()));
    assert!(!log.logins.iter().any(|login| login.starts_with("password")), "{:?}", log.logins);
}

#[test]
fn the_beginning_of_two_ids_is_ambiguous_and_nothing_is_guessed() {
    let scene = Scene::new(Tricks::default());
    let (run, _) = scene.grant(&[]);
    run.ok();
    // Two ids that begin alike do not come by themselves.
    let script = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\n\
        names=[r[1] for r in c.execute('pragma table_info(grants)')]\n\
        rest=','.join(n for n in names if n!='id')\n\
        for new in ('abcdefgh01','abcdefgh02'):\n \
        c.execute(f\"insert into grants (id,{rest}) select '{new}',{rest} from grants limit 1\")\n\
        c.commit()\n";
    let ledger = scene.stage.state().join("ledger.sqlite3");
    scene.stage.program("python3", ["-c", script, ledger.to_str().unwrap()]).run().ok();
    for args in [
        &["show", "abc"][..],
        &["revoke", "abc"],
        &["revoke", "abcdefgh01", "abcd"],
        &["extend", "abcdefgh", "--for", "1d"],
    ] {
        let (run, _) = scene.run(args);
        let run = run.exits(2);
        harmless("ambiguous", &run);
        assert!(run.stderr.contains("abcdefgh01, abcdefgh02"), "{}", run.told());
        assert!(run.stderr.contains("hint:"), "{}", run.told());
    }
    assert_eq!(scene.live().len(), 3);
}
