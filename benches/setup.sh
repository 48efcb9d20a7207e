#!/usr/bin/env bash
# What `make bench` needs beside what the tests need, all of it in target/bench: Ansible and
# matplotlib in a virtual environment, and a Debian tree with python3 for Ansible's modules.
set -euo pipefail
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.."

readonly suite=bookworm
readonly python=(ansible-core==2.19.5 matplotlib==3.10.7)
readonly venv=target/bench/venv
readonly trees=target/bench/hosts/trees

install_python() {
    [[ $(cat "$venv/installed" 2>/dev/null) != "${python[*]}" ]] || return 0
    printf 'bench: installing %s in %s\n' "${python[*]}" "$venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${python[@]}" </dev/null >&2
    printf '%s' "${python[*]}" >"$venv/installed"
}

# The tests' own tree stays as it is: this is a copy of it.
make_tree() {
    local tree=$trees/$suite building
    [[ ! -x $tree/usr/bin/python3 ]] || return 0
    printf 'bench: a copy of the tree of %s with python3\n' "$suite" >&2
    mkdir -p "$trees"
    rm -rf --one-file-system "${trees:?}/.building-"*
    building=$(mktemp -d "$trees/.building-XXXXXX")
    chmod 755 "$building"
    cp -a "target/hosts/trees/$suite/." "$building"
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount --propagation private bash -euc '
        mount --bind /etc/resolv.conf "$1/etc/resolv.conf" 2>/dev/null ||
            cp /etc/resolv.conf "$1/etc/resolv.conf"
        mount -t proc proc "$1/proc"
        mount -t tmpfs -o mode=755 dev "$1/dev"
        for node in null zero random urandom; do
            : >"$1/dev/$node"
            mount --bind "/dev/$node" "$1/dev/$node"
        done
        eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
        [ -z "${http_proxy:-}" ] || export http_proxy
        export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
        printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"
        chmod 755 "$1/usr/sbin/policy-rc.d"
        chroot "$1" apt-get update -qq
        chroot "$1" apt-get install -qq --yes --no-install-recommends python3
        rm -f "$1/usr/sbin/policy-rc.d"' bash "$building" \
        >target/bench/setup.log 2>&1 </dev/null || {
        tail -n 20 target/bench/setup.log >&2
        exit 1
    }
    rm -rf --one-file-system "${trees:?}/$suite"
    mv -T "$building" "$tree"
}

mkdir -p target/bench
make_tree
install_python
