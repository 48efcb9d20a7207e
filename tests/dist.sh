#!/usr/bin/env bash
# What `make test-dist` does on a throw-away host of each suite that is named: installs the package, does the main job with what was
# installed (on that very host, by its own sshd), and removes it. Ends with 1 at the first thing that is not so.
set -euo pipefail
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.."

readonly hosts=tests/hosts/hosts

stop() {
    printf 'dist: %s: %s\n' "$suite" "$*" >&2
    exit 1
}

# on SCRIPT: as root on the host, with a home of its own.
on() { "$hosts" exec "$host" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 sh -euc "$1"; }

# field NAME: of what `up` said.
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1" <<<"$up"; }

installs() {
    cp "$package" "$root/root/stagepass.deb"
    on 'dpkg -i /root/stagepass.deb' >"$tmp/dpkg" 2>&1 || stop "dpkg -i: $(cat "$tmp/dpkg")"
    on 'dpkg -L stagepass' >"$tmp/files"
    on 'dpkg -s stagepass' | grep -qx 'Status: install ok installed' || stop 'it is not installed whole'
    [[ $(on 'stagepass --version') == "stagepass "* ]] || stop 'it does not run'
    # This Debian may leave documentation out, by a setting of its trees; the list of the package has it all the same.
    for file in man/man1/stagepass.1.gz man/man1/stagepass-grant.1.gz doc/stagepass/copyright doc/stagepass/licences.txt.gz \
        bash-completion/completions/stagepass zsh/vendor-completions/_stagepass fish/vendor_completions.d/stagepass.fish; do
        grep -qx -e "/usr/share/$file" -e "/usr/share/${file%.gz}" "$tmp/files" || stop "the package has no $file"
    done
    on 'bash -c ". /usr/share/bash-completion/completions/stagepass; complete -p stagepass"' >/dev/null || stop 'bash does not complete it'
}

does_the_job() {
    local id account port
    ssh-keygen -q -t ed25519 -N '' -f "$tmp/jane"
    cp "$tmp/jane.pub" "$root/root/jane.pub"
    port=$(field port)
    on 'install -d -o www-data -g www-data /srv/shop; echo "<?php" >/srv/shop/index.php; chown www-data: /srv/shop/index.php
        install -d -m 700 /root/.ssh; ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519; cat /root/.ssh/id_ed25519.pub >>/root/.ssh/authorized_keys
        stagepass target add here "ssh://root@'"$(field address):$port"'" --environment staging --path /srv/shop --host-key "'"$(field fingerprint)"'"
        stagepass case open MSP-1 --desk multisafepay' >"$tmp/said" 2>&1 || stop "no target: $(cat "$tmp/said")"
    on "stagepass grant --json --case MSP-1 --target here --supporter 'Jane Doe' --key /root/jane.pub --for 2h --override port \
        --reason 'the throw-away host listens elsewhere'" >"$tmp/grant" 2>"$tmp/said" || stop "no access: $(cat "$tmp/said" "$tmp/grant")"
    id=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["result"]["grant"]["id"])' <"$tmp/grant")
    account=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["result"]["grant"]["layers"][0]["account"])' <"$tmp/grant")
    printf '[%s]:%s %s\n' "$(field address)" "$port" "$(field host_key)" >"$tmp/known"
    jane=(sftp -b - -P "$port" -i "$tmp/jane" -o IdentitiesOnly=yes -o "UserKnownHostsFile=$tmp/known" -o GlobalKnownHostsFile=none
        -o StrictHostKeyChecking=yes "$account@$(field address)")
    "${jane[@]}" <<<'ls' >"$tmp/sftp" 2>&1 || stop "the supporter does not get in: $(cat "$tmp/sftp")"
    grep -q index.php "$tmp/sftp" || stop "that is not the shop: $(cat "$tmp/sftp")"
    on "stagepass revoke $id" >"$tmp/said" 2>&1 || stop "not revoked: $(cat "$tmp/said")"
    ! "${jane[@]}" <<<'ls' >"$tmp/sftp" 2>&1 || stop 'the supporter still gets in'
    ! on "getent passwd $account" || stop 'the account is still there'
    on 'stagepass ledger verify' >/dev/null || stop 'the ledger is not whole'
}

is_removed() {
    local file
    on 'dpkg -P stagepass' >"$tmp/dpkg" 2>&1 || stop "dpkg -P: $(cat "$tmp/dpkg")"
    while read -r file; do
        case $file in */stagepass | */stagepass/* | *stagepass*) [[ ! -e $root$file ]] || stop "$file is left" ;; esac
    done <"$tmp/files"
    # What was recorded is the merchant's.
    [[ -s $root/root/.local/state/stagepass/ledger.sqlite3 ]] || stop 'the ledger went with the package'
}

shopt -s nullglob
packages=(target/dist/stagepass_*.deb)
((${#packages[@]} == 1)) || { printf 'dist: there is no package in target/dist; run make dist\n' >&2 && exit 1; }
package=${packages[0]}
tmp=$(mktemp -d)
host=''
trap 'rm -rf "$tmp"; [[ -z $host ]] || "$hosts" light down "$host" >/dev/null' EXIT
for suite; do
    host=dist-$suite
    up=$("$hosts" light up "$host" "$suite" --owner $$)
    root=$(field root)
    installs
    does_the_job
    is_removed
    "$hosts" light down "$host" >/dev/null
    host=''
    rm -rf "$tmp" && mkdir "$tmp"
    printf 'dist: %s: installed, used, removed\n' "$suite"
done
