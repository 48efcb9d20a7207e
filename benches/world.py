"""Where the benchmark takes place: throw-away hosts, a merchant's computer in a temporary folder,
and processes that are measured from outside."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCH = ROOT / "target/bench"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SUITE = "bookworm"
WEB = "bench-web"
SHOP = "bench-shop"

# A staging site behind HTTP Basic Authentication.
SITE = """
htpasswd -nbB merchant Merchant-4711 >/etc/shop.passwords
chgrp www-data /etc/shop.passwords
chmod 640 /etc/shop.passwords
install -d -o www-data -g www-data /srv/a-shop
rm -f /etc/apache2/sites-enabled/*
cat >/etc/apache2/sites-enabled/shop.conf <<X
<VirtualHost *:80>
    ServerName staging.example
    DocumentRoot /srv/a-shop
    <Directory /srv/a-shop>
        AuthType Basic
        AuthName "Staging"
        AuthUserFile /etc/shop.passwords
        Require valid-user
    </Directory>
</VirtualHost>
X
apache2ctl start
"""


class Failed(Exception):
    """A process did not do what the benchmark needs; a time of it would mean nothing."""


class Run:
    """How a process went: seconds by the wall clock, seconds of processor, peak memory in MiB, and
    at which second it said that a step began."""

    def __init__(self, command, env, stdin=b"", cwd=None, codes=(0,)):
        self.marks = {}
        self.stdout = tempfile.TemporaryFile()
        said = []
        read, write = os.pipe()
        with tempfile.TemporaryFile() as words:
            words.write(stdin)
            words.seek(0)
            began = time.perf_counter()
            child = subprocess.Popen(
                command, env=env, cwd=cwd, stdin=words, stdout=self.stdout, stderr=write
            )
            os.close(write)
            with os.fdopen(read, "rb") as pipe:
                for line in pipe:
                    self._note(line.decode(errors="replace"), time.perf_counter() - began, said)
            _, status, usage = os.wait4(child.pid, 0)
            self.wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / 1024
        self.stderr = "".join(said)
        if child.returncode not in codes:
            raise Failed(f"{command[0]} ended with {child.returncode}:\n{self.text()}{self.stderr}")

    def _note(self, line, at, said):
        if line.startswith("timing: "):
            step = line.split(" ", 2)[2].strip()
            self.marks.setdefault(step, at)
        else:
            said.append(line)

    def text(self):
        self.stdout.seek(0)
        return self.stdout.read().decode(errors="replace")


class World:
    """Everything that has to be there before anything is measured. Gone when it is closed."""

    def __init__(self, stagepass, hosts, cache):
        self.stagepass_program = str(stagepass)
        self.cache = cache
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="stagepass-bench-"))
        self.names = [f"bench{number}" for number in range(hosts)]
        self.hosts = {}
        for name in ["home/.ssh", "config", "state", "tmp"]:
            (self.home / name).mkdir(mode=0o700, parents=True)
        self.env = {
            "HOME": str(self.home / "home"),
            "PATH": PATH,
            "TMPDIR": str(self.home / "tmp"),
            "LC_ALL": "C.UTF-8",
            "STAGEPASS_CONFIG": str(self.home / "config"),
            "STAGEPASS_STATE": str(self.home / "state"),
        }
        self.key = self.home / "admin"
        for name in ["admin", "supporter"]:
            self._call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name)
        self.supporter_key = (self.home / "supporter.pub").read_text().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in self.names:
            if name in self.hosts:
                self._hosts("light", "down", name)
        if WEB in self.hosts:
            self._hosts("full", "down", WEB)
        if SHOP in self.hosts:
            self._hosts("light", "down", SHOP)
        shutil.rmtree(self.home)

    def _call(self, *command):
        subprocess.run(command, cwd=self.home, env=self.env, check=True)

    def _hosts(self, *words):
        env = {**os.environ, "HOSTS_CACHE": str(self.cache)}
        done = subprocess.run(
            [ROOT / "tests/hosts/hosts", *words], env=env, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise Failed(f"hosts {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, megabytes):
        """Starts the hosts, each with so large a disk, and makes them known to every client."""
        for name in self.names:
            shown = json.loads(
                self._hosts(
                    *["light", "up", name, SUITE, "--owner", str(os.getpid())],
                    *["--root-key", self.key.with_suffix(".pub").read_text().strip()],
                    *["--size", f"{megabytes}m"],
                )
            )
            self.hosts[name] = shown
            self.inside(name, "install -d -o www-data -g www-data /srv/a-shop")
            # An account of its own has to reach a shop, here an empty one.
            self.add_target(name, shown, "/srv/a-shop")

    def start_web(self):
        """A booted host with Apache in front of the shop, as the target WEB."""
        self._hosts("layer", SUITE)
        shown = json.loads(
            self._hosts(
                *["full", "up", WEB, SUITE, "--owner", str(os.getpid()), "--layer", "web"],
                *["--root-key", self.key.with_suffix(".pub").read_text().strip()],
            )
        )
        self.hosts[WEB] = shown
        self.inside(WEB, SITE)
        self.add_target(WEB, shown, "/srv/a-shop")

    def add_target(self, name, host, folder):
        """A name for a host, or for a way to it, that every client knows."""
        self.hosts[name] = host
        with (self.home / "known_hosts").open("a") as file:
            file.write(f"[{host['address']}]:{host['port']} {host['host_key']}\n")
        self.stagepass(
            *["target", "add", name, f"ssh://root@{host['address']}:{host['port']}"],
            *["--environment", "staging", "--identity", str(self.key)],
            *["--host-key", host["fingerprint"], "--path", folder],
        )

    def root_of(self, name):
        """The host's `/`, seen from here."""
        return pathlib.Path(self.hosts[name]["root"])

    def inside(self, name, script):
        """Runs a script on a host as root, without ssh."""
        return self._hosts("exec", name, "sh", "-euc", script)

    def stagepass(self, *words, env=None, codes=(0,)):
        return Run([self.stagepass_program, *words], env or self.env, codes=codes)

    def ssh_words(self, name):
        """OpenSSH's client as it is meant to be compared with: one connection, curve25519."""
        host = self.hosts[name]
        return [
            *["ssh", "-F", "none", "-p", str(host["port"]), "-i", str(self.key)],
            *["-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "ControlMaster=no"],
            *["-o", "KexAlgorithms=curve25519-sha256", "-o", "StrictHostKeyChecking=yes"],
            *["-o", f"UserKnownHostsFile={self.home / 'known_hosts'}"],
            *["-o", "GlobalKnownHostsFile=none", f"root@{host['address']}"],
        ]

    def ssh(self, name, command):
        return Run([*self.ssh_words(name), command], self.env)
