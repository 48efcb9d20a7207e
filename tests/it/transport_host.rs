//! Becoming root and passwords, on a real Debian with its own sudo and PAM.

use std::time::{Duration, Instant};

use russh::keys::PublicKey;
use stagepass::testing::grant::Access;
use stagepass::testing::secret::Secret;
use stagepass::testing::target::{Address, Elevation, Environment, Login, Target};
use stagepass::testing::transport::{
    Answer, Attempt, Connection, Outcome, Output, Reach, Script, SshEnvironment, TransportError,
    Unlock, try_login,
};
use zeroize::Zeroizing;

use crate::host::{Host, SUITE, Sudo};
use crate::stage::Key;

const PASSWORD: &str = "correct-horse-battery-1";

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let limited = async { tokio::time::timeout(Duration::from_secs(90), test).await };
    let done = runtime.block_on(limited).expect("the test ends in time");
    runtime.shutdown_background();
    done
}

fn soon(seconds: u64) -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_secs(seconds)
}

/// A merchant whose keyring has these passwords.
struct Merchant {
    home: tempfile::TempDir,
    key: Key,
    password: Option<&'static str>,
    sudo: Option<&'static str>,
}

impl Unlock for Merchant {
    fn passphrase(&self, _: &str) -> Option<Secret> {
        None
    }
    fn password(&self, _: &str) -> Option<Secret> {
        self.password.map(|text| Secret::new(text.into()))
    }
    fn sudo_password(&self, _: &str) -> Option<Secret> {
        self.sudo.map(|text| Secret::new(text.into()))
    }
}

impl Merchant {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let key = Key::generate(home.path(), "deploy", "ed25519", "");
        Self { home, key, password: None, sudo: None }
    }

    fn known(&self) -> SshEnvironment {
        let mut known = SshEnvironment::new(self.home.path(), "merchant");
        known.known_hosts.clear();
        known
    }

    fn target(&self, host: &Host, elevation: Elevation) -> Target {
        Target {
            name: "staging".into(),
            address: Address::Ssh {
                user: Some("deploy".into()),
                host: host.address.clone(),
                port: Some(host.port),
            },
            host_key: vec![host.host_key.parse().unwrap()],
            login: Login::Auto,
            identity: Some(self.key.private.clone()),
            elevation,
            environment: Environment::Staging,
            path: None,
            public_host: None,
        }
    }

    async fn run(&self, target: &Target, body: &str) -> Outcome {
        let mut connection = Connection::open(target, self, &self.known(), soon(20)).await.unwrap();
        let body = Zeroizing::new(body.as_bytes().to_vec());
        let script = Script { elevation: target.elevation, body, packed: None };
        connection.run(&script, soon(20)).await
    }
}

const WHO: &str = "id -u; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'; exit 0\n";

fn done(outcome: Outcome) -> Output {
    match outcome {
        Outcome::Done(output) => output,
        other => panic!("{other:?}"),
    }
}

fn refused(outcome: Outcome) -> String {
    match outcome {
        Outcome::Refused { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn sudo_without_a_password_runs_or_is_refused() {
    let merchant = Merchant::new();
    let host = Host::light(SUITE).admin(&merchant.key).deploy(Sudo::NoPassword).start();
    run(async {
        let target = merchant.target(&host, Elevation::Sudo);
        let output = done(merchant.run(&target, WHO).await);
        assert!(output.stdout.starts_with(b"0\n") && output.status == Some(0), "{output:?}");
        let plain = merchant.target(&host, Elevation::None);
        let output = done(merchant.run(&plain, "id -un\n").await);
        assert_eq!(output.stdout, b"deploy\n");
        // Allowed something, but not this; in whatever language it says so.
        host.sh("echo 'deploy ALL=(root) NOPASSWD: /bin/true' >/etc/sudoers.d/deploy");
        let why = refused(merchant.run(&target, WHO).await);
        assert!(!why.is_empty());
    });
    let host = Host::light(SUITE).admin(&merchant.key).deploy(Sudo::None).start();
    run(async {
        let target = merchant.target(&host, Elevation::Sudo);
        let why = refused(merchant.run(&target, WHO).await);
        assert!(why.starts_with("sudo: "), "{why}");
    });
}

#[test]
fn sudo_gets_its_password_once_and_nobody_sees_it() {
    let mut merchant = Merchant::new();
    let host = Host::light(SUITE)
        .admin(&merchant.key)
        .deploy_password(PASSWORD)
        .deploy(Sudo::Password)
        .start();
    run(async {
        let target = merchant.target(&host, Elevation::SudoPassword);
        let why = refused(merchant.run(&target, WHO).await);
        assert!(why.contains("none in the keyring"), "{why}");

        merchant.sudo = Some(PASSWORD);
        let output = done(merchant.run(&target, WHO).await);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.starts_with("0\n") && output.status == Some(0), "{output:?}");
        assert!(text.contains("stagepass-is-root"), "the command lines are listed: {text}");
        assert!(!text.contains(PASSWORD));
        assert!(!String::from_utf8_lossy(&output.stderr).contains(PASSWORD));

        merchant.sudo = Some("wrong-horse-battery-1");
        let start = Instant::now();
        let why = refused(merchant.run(&target, WHO).await);
        assert!(why.contains("did not take the password"), "{why}");
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        // One wrong password, not three: a lockout counts.
        assert!(why.contains("1 incorrect password attempt"), "{why}");
    });
}

#[test]
fn a_password_that_is_not_asked_for_is_not_sent() {
    let mut merchant = Merchant::new();
    merchant.sudo = Some(PASSWORD);
    let host = Host::light(SUITE).admin(&merchant.key).deploy(Sudo::NoPassword).start();
    run(async {
        let target = merchant.target(&host, Elevation::SudoPassword);
        // The script reads what is left of its input: nothing may stand there.
        let script = "{ id -u; cat; exit 0; }\n";
        let output = done(merchant.run(&target, script).await);
        assert_eq!(output.stdout, b"0\n");
        assert!(!String::from_utf8_lossy(&output.stderr).contains(PASSWORD));
    });
    let host = Host::light(SUITE).admin(&merchant.key).deploy(Sudo::None).start();
    run(async {
        let target = merchant.target(&host, Elevation::SudoPassword);
        let why = refused(merchant.run(&target, WHO).await);
        assert!(why.contains("sudo"), "{why}");
    });
}

#[test]
fn a_password_logs_in_by_either_method() {
    for method in ["PasswordAuthentication yes", "PasswordAuthentication no"] {
        let mut merchant = Merchant::new();
        let host = Host::light(SUITE)
            .admin(&merchant.key)
            .deploy_password(PASSWORD)
            .deploy(Sudo::Password)
            .sshd_config(method)
            // The old name, which 8.4 needs and later ones still know.
            .sshd_config("ChallengeResponseAuthentication yes")
            .start();
        run(async {
            let mut target = merchant.target(&host, Elevation::None);
            target.login = Login::Password;
            merchant.password = Some(PASSWORD);
            let output = done(merchant.run(&target, "id -un\n").await);
            assert_eq!(output.stdout, b"deploy\n", "{method}");

            let (wrong, right) = (Secret::new("wrong".into()), Secret::new(PASSWORD.into()));
            let attempts = [Attempt::Password(&wrong), Attempt::Password(&right)];
            let known = merchant.known();
            let tried =
                try_login(&target, "deploy", &attempts, Access::Sftp, &merchant, &known, soon(20));
            let answers = tried.await.unwrap();
            let [Answer::Refused { .. }, Answer::LoggedIn(Reach::Sftp { path, .. })] = &answers[..]
            else {
                panic!("{method} {answers:?}")
            };
            assert_eq!(path, "/home/deploy");

            merchant.password = Some("wrong");
            let error = Connection::open(&target, &merchant, &known, soon(20)).await.unwrap_err();
            assert!(matches!(error, TransportError::AuthRefused { .. }), "{error}");
        });
        assert!(!host.log().contains(PASSWORD));
    }
}

#[test]
fn an_expired_password_is_no_access_and_does_not_hang() {
    let merchant = Merchant::new();
    let host = Host::light(SUITE)
        .admin(&merchant.key)
        .deploy_password(PASSWORD)
        .deploy(Sudo::Password)
        .sshd_config("PasswordAuthentication yes")
        .start();
    host.sh("chage -d 0 deploy");
    run(async {
        let target = merchant.target(&host, Elevation::None);
        let right = Secret::new(PASSWORD.into());
        let known = merchant.known();
        let attempts = [Attempt::Password(&right)];
        let tried =
            try_login(&target, "deploy", &attempts, Access::Sftp, &merchant, &known, soon(10));
        let answers = tried.await.unwrap();
        // sshd lets in those who must change it, and then nothing works.
        assert!(matches!(answers[..], [Answer::NoUse { .. }]), "{answers:?}");
    });
}

#[test]
fn an_expired_account_is_refused_though_its_key_is_still_there() {
    let merchant = Merchant::new();
    let host = Host::light(SUITE).admin(&merchant.key).deploy(Sudo::None).start();
    host.sh("chage -E 1 deploy");
    run(async {
        let target = merchant.target(&host, Elevation::None);
        let key = PublicKey::from_openssh(&merchant.key.line()).unwrap();
        let known = merchant.known();
        // The question about the key is answered before the account is looked at.
        let attempts = [Attempt::Offer(&key), Attempt::Own];
        let tried =
            try_login(&target, "deploy", &attempts, Access::Sftp, &merchant, &known, soon(10));
        let answers = tried.await.unwrap();
        let [Answer::WouldAccept, Answer::Refused { methods }] = &answers[..] else {
            panic!("{answers:?}")
        };
        assert!(methods.contains("expired"), "{methods}");
    });
}

#[test]
fn a_penalty_of_the_server_is_said_as_such() {
    // OpenSSH before 9.8 knows no penalties.
    let merchant = Merchant::new();
    let host = Host::light("trixie")
        .admin(&merchant.key)
        .deploy(Sudo::None)
        .sshd_config("PerSourcePenalties authfail:30s min:1s")
        .start();
    run(async {
        let target = merchant.target(&host, Elevation::None);
        let known = merchant.known();
        for _ in 0..20 {
            let attempts = [Attempt::Own];
            match try_login(&target, "no", &attempts, Access::Ssh, &merchant, &known, soon(9)).await
            {
                Ok(answers) => {
                    assert!(matches!(answers[..], [Answer::Refused { .. }]), "{answers:?}");
                }
                Err(error) => {
                    assert!(matches!(error, TransportError::TurnedAway { .. }), "{error}");
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("no penalty was given");
    });
}
