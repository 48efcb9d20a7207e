"""What a user in a WordPress shop costs: `open` and `close` of its provider, on the server alone, against the shop's own boot and
against WP-CLI."""

import json
import os
import pathlib
import random
import shutil
import socket
import subprocess

from world import ROOT, SHOP as HOST, SUITE, Failed

FOLDER = "/var/www/shop"
PHP = "/usr/bin/php"

# The shop as PHP loads it for anybody, and one hash of a password by its own function.
BOOT = f"""<?php
$_SERVER['HTTP_HOST'] = 'staging.shop.test';
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
require '{FOLDER}/wp-load.php';
wp_hash_password('correct-Horse-Battery-11');
"""

# Who owns the shop runs them, with nothing in the environment, as the provider does.
OWNER = (
    "setpriv --reuid=$(id -u deploy) --regid=$(id -g deploy) --init-groups --no-new-privs --"
    " env -i PATH=/usr/bin:/bin HOME=/tmp LC_ALL=C"
)

# WORD FILE...: prints how many nanoseconds each took.
CLOCK = """
took() {
    word=$1
    shift
    began=$(date +%s%N)
    "$@" >/root/shop/last 2>&1 || { cat /root/shop/last; exit 1; }
    echo "$word $(($(date +%s%N) - began))"
}
verb() {
    took "$1" sh -s <"/root/shop/$2.$1"
    grep -q ^stagepass-end= /root/shop/last && ! grep -q ^reason_id= /root/shop/last || { cat /root/shop/last; exit 1; }
}
"""

# Counts how often PHP is started: a program in its place that writes a line and becomes it.
COUNTER = """#!/bin/sh
echo >>/run/php-started
exec {php} "$@"
"""


def start(world):
    """A host with a shop as its own set-up leaves it: the demo's."""
    world._hosts("layer", SUITE, "shop")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--owner", str(os.getpid()), "--layer", "shop", "--deploy", "", "--size", "1g"]
    world.hosts[HOST] = json.loads(world._hosts("light", "up", HOST, SUITE, *words))
    shutil.copy(ROOT / "src/command/demo/shop.sh", world.root_of(HOST) / "root")
    world.inside(HOST, f"install -d -o deploy -g deploy {FOLDER}; sh /root/shop.sh {port} </dev/null")


def put_wp_cli(world, path):
    """WP-CLI on the host: a PHAR, or a folder with its sources. How it is started."""
    place = world.root_of(HOST) / "opt/wp-cli"
    path = pathlib.Path(path)
    if path.is_file():
        place.mkdir()
        shutil.copy(path, place / "wp-cli.phar")
        program = "wp-cli.phar"
    else:
        shutil.copytree(path, place)
        program = next(place.rglob("php/boot-fs.php")).relative_to(place)
    place.chmod(0o755)
    return f"{OWNER} {PHP} /opt/wp-cli/{program} --path={FOLDER}"


def count_starts(world):
    """How many PHP processes `open` and `close` start, in a round that is not clocked."""
    root = world.root_of(HOST)
    real = world.inside(HOST, f"readlink -f {PHP}").strip()
    (root / PHP[1:]).rename(root / "usr/bin/php.kept")
    (root / PHP[1:]).write_text(COUNTER.format(php=real))
    (root / PHP[1:]).chmod(0o755)
    counted = {}
    for verb in ("open", "close"):
        world.inside(HOST, "rm -f /run/php-started; install -m 666 /dev/null /run/php-started")
        world.inside(HOST, f"{CLOCK} verb {verb} 0")
        counted[verb] = len((root / "run/php-started").read_text().splitlines())
    (root / "usr/bin/php.kept").rename(root / PHP[1:])
    return counted


def rounds_of(world, rounds, wp):
    """Round by round, each in another order; within one, `close` follows `open`, and `delete` follows `create`."""
    ways = {
        "stagepass": "verb open {number}; verb close {number}",
        "platform": f"took platform {OWNER} {PHP} -d opcache.enable_cli=0 /srv/boot.php",
    }
    if wp:
        made = "bench bench@example.invalid --role=subscriber --user_pass=correct-Horse-Battery-11"
        ways["wp"] = f"took create {wp} user create {made}; took delete {wp} user delete bench --yes"
    measured = []
    for number in range(1, rounds + 2):
        order = list(ways)
        random.Random(number).shuffle(order)
        said = world.inside(HOST, CLOCK + "; ".join(ways[way] for way in order).format(number=number))
        took = {word: int(nanoseconds) / 1e9 for word, nanoseconds in map(str.split, said.splitlines())}
        # The first round only warms the caches.
        if number > 1:
            measured.append(took)
    return measured


def shop_layer(world, seed, rounds):
    try:
        start(world)
    except Failed as why:
        return {"why": str(why).strip().splitlines()[-1]}
    root = world.root_of(HOST)
    scripts = world.home / "shop"
    subprocess.run([seed, "shop", scripts, FOLDER, str(rounds + 2)], check=True)
    shutil.copytree(scripts, root / "root/shop")
    (root / "srv/boot.php").write_text(BOOT)
    told = os.environ.get("STAGEPASS_WP_CLI")
    wp = put_wp_cli(world, told) if told else ""
    counted = count_starts(world)
    measured = rounds_of(world, rounds, wp)
    left = world.inside(
        HOST, "mariadb --no-defaults -N shop -e 'select user_login from wp_users'; ls /var/lib/stagepass | grep -v '^result' || :"
    )
    if left.split() != ["merchant"]:
        raise Failed(f"something of the benchmark is left in the shop:\n{left}")
    version = world.inside(HOST, f"sed -n \"s/^.wp_version = '\\(.*\\)';/\\1/p\" {FOLDER}/wp-includes/version.php").strip()
    php = world.inside(HOST, f"{PHP} -r 'echo PHP_VERSION;'").strip()
    wp_version = world.inside(HOST, f"{wp} --version").strip().removeprefix("WP-CLI ") if wp else ""
    return {"rounds": measured, "starts": counted, "version": version, "php": php, "wp": wp_version}
