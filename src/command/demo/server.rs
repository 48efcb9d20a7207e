//! The demo's throw-away OpenSSH server.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use russh::keys::{HashAlg, PrivateKey, PublicKey};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::context::{login_name, program};
use crate::error::{Error, Kind, Result};
use crate::message::{self, Arg};
use crate::public_key::{self, generate_key_pair};

/// How long a server may take to answer.
const START_LIMIT: Duration = Duration::from_secs(20);

/// How long a host may take that sets up a database and a shop before it answers.
const SHOP_LIMIT: Duration = Duration::from_secs(120);

/// A server that runs until it is stopped or this program ends.
#[derive(Debug)]
pub struct Server {
    /// The account that the merchant logs in with.
    pub admin: String,
    /// Where it listens.
    pub address: Ipv4Addr,
    /// Its port.
    pub port: u16,
    /// `SHA256:…` of its host key.
    pub fingerprint: String,
    /// The shop's folder on it.
    pub shop: Option<String>,
    /// Whether it is a host of its own, with accounts that can be made.
    pub is_host: bool,
    /// On which port of loopback a WordPress answers there, or why there is none.
    pub shop_software: std::result::Result<u16, String>,
    made_run_folder: bool,
    process: tokio::sync::Mutex<Option<Child>>,
}

impl Server {
    /// Starts the best server that this machine allows.
    pub async fn start(folder: &Path, shop_files: Option<&Path>) -> Result<Self> {
        let sshd = program("sshd").ok_or_else(|| {
            Error::of(Kind::Usage, "demo-no-sshd", &[]).hint_of("demo-no-sshd.way-out", &[])
        })?;
        if program("sftp").is_none() {
            return Err(
                Error::of(Kind::Usage, "demo-no-sftp", &[]).hint_of("demo-no-sftp.way-out", &[])
            );
        }
        let files = Files::write(folder)?;
        if rustix::process::geteuid().is_root() {
            let reason = match Self::host(folder, &files, shop_files).await {
                Ok(server) => return Ok(server),
                Err(reason) => reason,
            };
            // A container may not mount; a private sshd needs nothing of that.
            return Self::private(folder, &files, &sshd).await.map_err(|e| e.because_text(reason));
        }
        Self::private(folder, &files, &sshd).await
    }

    /// A throw-away host over this machine's own file system, with a shop where this machine, or these files over it, have
    /// what that needs.
    async fn host(
        folder: &Path,
        files: &Files,
        shop_files: Option<&Path>,
    ) -> std::result::Result<Self, String> {
        let (address, port) = free_place();
        let shop_port = free_port(Ipv4Addr::LOCALHOST);
        files.write_client(folder, address, port).map_err(|e| e.to_string())?;
        let log = fs::File::create(folder.join("log")).map_err(|e| e.to_string())?;
        let script = folder.join("host.sh");
        fs::write(&script, include_str!("host.sh")).map_err(|e| e.to_string())?;
        fs::write(folder.join("shop.sh"), include_str!("shop.sh")).map_err(|e| e.to_string())?;
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--pid", "--fork", "--uts", "--kill-child", "--", "/bin/sh"])
            .arg(&script)
            .arg(folder)
            .args([address.to_string(), port.to_string(), shop_port.to_string()])
            .args(shop_files);
        let process = spawn(command, log).map_err(|e| e.to_string())?;
        let mut server = Self {
            admin: "root".into(),
            address,
            port,
            fingerprint: files.fingerprint.clone(),
            shop: Some("/var/www/shop".into()),
            is_host: true,
            shop_software: Ok(shop_port),
            made_run_folder: false,
            process: tokio::sync::Mutex::new(Some(process)),
        };
        match server.answers(SHOP_LIMIT).await {
            Ok(()) => {
                if let Ok(why) = fs::read_to_string(folder.join("no-shop")) {
                    server.shop_software = Err(last_of(&why));
                }
                Ok(server)
            }
            Err(why) => {
                server.stop().await;
                Err(message::text(
                    "demo-no-host",
                    &[("why", Arg::of(&why)), ("said", Arg::of(last_line(&folder.join("log"))))],
                ))
            }
        }
    }

    /// An sshd of this user's own on loopback.
    async fn private(folder: &Path, files: &Files, sshd: &Path) -> Result<Self> {
        let failed =
            |why: String| Error::of(Kind::Internal, "demo-no-private-sshd", &[]).because_text(why);
        let (address, port) = (Ipv4Addr::LOCALHOST, free_port(Ipv4Addr::LOCALHOST));
        files.write_client(folder, address, port)?;
        let shown = |name: &str| folder.join(name).display().to_string();
        let home = shown("home");
        // The session's home is the demo's: the user's own `authorized_keys` is not touched.
        let config = format!(
            "ListenAddress {address}\nPort {port}\nHostKey {}\nPidFile none\nUsePAM no\n\
             AuthorizedKeysFile {home}/.ssh/authorized_keys.%u\nStrictModes no\n\
             SetEnv HOME={home}\nSubsystem sftp internal-sftp\n",
            shown("host_key"),
        );
        let text = fs::read(folder.join("admin.pub")).unwrap_or_default();
        let keys = format!("home/.ssh/authorized_keys.{}", login_name());
        private_file(&folder.join(keys), &text)?;
        private_file(&folder.join("sshd_config"), config.as_bytes())?;
        let log = fs::File::create(folder.join("log")).map_err(|e| failed(e.to_string()))?;
        // A root sshd wants this folder, which its package's service makes and takes away.
        let made = rustix::process::geteuid().is_root() && fs::create_dir("/run/sshd").is_ok();
        let mut command = Command::new(sshd);
        command.args(["-D", "-e", "-f"]).arg(folder.join("sshd_config"));
        let process = spawn(command, log).map_err(|e| failed(e.to_string()))?;
        let server = Self {
            admin: login_name(),
            address,
            port,
            fingerprint: files.fingerprint.clone(),
            shop: None,
            is_host: false,
            shop_software: Err(message::text("demo-needs-host", &[])),
            made_run_folder: made,
            process: tokio::sync::Mutex::new(Some(process)),
        };
        match server.answers(START_LIMIT).await {
            Ok(()) => Ok(server),
            Err(why) => {
                server.stop().await;
                Err(failed(format!("{why}; {}", last_line(&folder.join("log")))))
            }
        }
    }

    /// What it is, for people.
    #[must_use]
    pub fn described(&self) -> String {
        let id = if self.is_host { "demo-described.host" } else { "demo-described.private" };
        let args = [("address", Arg::of(self.address)), ("port", Arg::of(self.port))];
        message::text(id, &args)
    }

    /// What a private sshd needs that a staging server does not: it has another port than the
    /// desk's, and the only account on it is the one that the demo runs as.
    #[must_use]
    pub fn overrides(&self) -> Vec<&'static str> {
        let mut words = Vec::new();
        if self.port != 22 {
            words.extend(["--override", "port"]);
        }
        if !self.is_host {
            words.extend(["--with", "authorized-key", "--override", "account.shared"]);
            // Root's, or one that can become root.
            words.extend(["--override", "account.root"]);
        }
        if words.contains(&"--override") {
            words.extend(["--reason", "a demo on loopback"]);
        }
        words
    }

    async fn answers(&self, limit: Duration) -> std::result::Result<(), String> {
        let until = Instant::now() + limit;
        let place = SocketAddr::from((self.address, self.port));
        loop {
            if let Some(process) = self.process.lock().await.as_mut()
                && let Ok(Some(status)) = process.try_wait()
            {
                return Err(message::text("demo-ended", &[("status", Arg::of(status))]));
            }
            let mut greeting = [0_u8; 4];
            if let Ok(mut stream) = TcpStream::connect(place).await
                && let Ok(Ok(_)) =
                    timeout(Duration::from_secs(2), stream.read_exact(&mut greeting)).await
                && greeting == *b"SSH-"
            {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(message::text("demo-silent", &[]));
            }
            sleep(Duration::from_millis(30)).await;
        }
    }

    /// Ends it, and everything that runs in it.
    pub async fn stop(&self) {
        if let Some(mut process) = self.process.lock().await.take() {
            let _ = process.start_kill();
            let _ = process.wait().await;
        }
        if self.made_run_folder {
            let _ = fs::remove_dir("/run/sshd");
        }
    }
}

fn spawn(mut command: Command, log: fs::File) -> std::io::Result<Child> {
    let errors = log.try_clone()?;
    command.stdin(Stdio::null()).stdout(log).stderr(errors).kill_on_drop(true).spawn()
}

/// Port 22 of a loopback address that nobody uses, where that is to be had. Another demo that is about to start has another.
fn free_place() -> (Ipv4Addr, u16) {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, 77, high, low);
    match TcpListener::bind((address, 22)) {
        Ok(_) => (address, 22),
        Err(_) => (Ipv4Addr::LOCALHOST, free_port(Ipv4Addr::LOCALHOST)),
    }
}

fn free_port(address: Ipv4Addr) -> u16 {
    TcpListener::bind((address, 0))
        .and_then(|listener| listener.local_addr())
        .map_or(2222, |place| place.port())
}

fn last_line(log: &Path) -> String {
    last_of(&fs::read_to_string(log).unwrap_or_default())
}

fn last_of(text: &str) -> String {
    crate::remote::script::clean(
        text.lines().last().unwrap_or(&message::text("demo-said-nothing", &[])),
    )
}

/// The demo's own keys and folders.
struct Files {
    fingerprint: String,
    host_key: PublicKey,
}

impl Files {
    fn write(folder: &Path) -> Result<Self> {
        let made = |e: crate::secret::RandomFailed| {
            Error::of(Kind::Internal, "demo-no-keys", &[]).because(e)
        };
        for name in ["home", "home/.ssh"] {
            fs::DirBuilder::new().mode(0o700).create(folder.join(name)).map_err(full)?;
        }
        for name in ["admin", "supporter"] {
            let (public, private) =
                generate_key_pair(public_key::Kind::Ed25519, name).map_err(made)?;
            private_file(&folder.join(name), private.expose().as_bytes())?;
            let line = format!("{} {name}\n", public.text);
            private_file(&folder.join(format!("{name}.pub")), line.as_bytes())?;
        }
        let (_, private) = generate_key_pair(public_key::Kind::Ed25519, "host").map_err(made)?;
        private_file(&folder.join("host_key"), private.expose().as_bytes())?;
        let key = PrivateKey::from_openssh(private.expose())
            .map_err(|e| Error::of(Kind::Internal, "demo-no-keys", &[]).because(e))?;
        let host_key = key.public_key().clone();
        Ok(Self { fingerprint: host_key.fingerprint(HashAlg::Sha256).to_string(), host_key })
    }

    /// What the clients need to find the server: names that stand for it, and its key.
    fn write_client(&self, folder: &Path, address: Ipv4Addr, port: u16) -> Result<()> {
        let config = format!("Host *.shop.test\n    HostName {address}\n    Port {port}\n");
        private_file(&folder.join("home/.ssh/config"), config.as_bytes())?;
        let key = self.host_key.to_openssh().unwrap_or_default();
        let line = match port {
            22 => format!("{address} {key}\n"),
            _ => format!("[{address}]:{port} {key}\n"),
        };
        private_file(&folder.join("known_hosts"), line.as_bytes())
    }
}

fn private_file(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write as _;
    let file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(full)
}

fn full(e: std::io::Error) -> Error {
    Error::of(Kind::Internal, "demo-folder-unwritten", &[]).because(e)
}
