#!/bin/bash
# Scripts for other shells are written in single quotes; the sourced parts share variables.
# shellcheck disable=SC1091,SC2004,SC2016,SC2034
# Drives the real provider scripts on real throw-away servers, and logs in with OpenSSH's own clients
# and with paramiko. Needs root, and the root file systems in target/hosts/trees.
#
#   tests/providers/run.sh [SUITE...]      default: bookworm bullseye trixie
#
# STAGEPASS_TEST_CASES="shared_account same_key_twice" runs these functions of the files beside it alone:
# `make test` runs each part that way beside the others.
# STAGEPASS_TEST_MEASURE=1 also says how long the verbs take.
# STAGEPASS_TEST_BUSYBOX=/path/to/busybox runs the scripts under busybox ash as well (a static build).

set -u
here=$(cd -P "$(dirname "$0")" && pwd)
repo=$(cd -P "$here/../.." && pwd)
trees=$repo/target/hosts/trees
layers=$repo/target/hosts/layers
judge=$repo/target/debug/examples/judge
framer=$repo/target/debug/examples/frame
suites=("$@")
[ "$#" -gt 0 ] || suites=(bookworm bullseye trixie)

stop() {
    printf '%s\n' "$1" >&2
    exit 2
}
[ "$(id -u)" = 0 ] || stop 'tests/providers/run.sh: this builds throw-away servers and needs root'
for suite in "${suites[@]}"; do
    [ -d "$trees/$suite/usr" ] || stop "tests/providers/run.sh: there is no root file system in $trees/$suite; build it first"
done
for tool in "$judge" "$framer"; do
    [ -x "$tool" ] || stop "tests/providers/run.sh: there is no $tool; cargo build --examples"
done
for tool in openssl ssh sftp sshpass ssh-keygen unshare nsenter setfacl getfacl cc; do
    command -v "$tool" >/dev/null || stop "tests/providers/run.sh: $tool is missing"
done

# ---- counting ------------------------------------------------------------------------------------

passed=0 failed=0 left_out='' about=''

pass() { passed=$((passed + 1)); }
fail() {
    failed=$((failed + 1))
    printf 'FAILED %s: %s\n' "$about" "$1"
    [ -z "${2:-}" ] || printf '%s\n' "$2" | sed 's/^/    | /' | tail -n 25
}
# not_run PART WHY: counted as neither.
not_run() {
    left_out=$((left_out + 1))
    printf 'NOT RUN %s: %s\n' "$1" "$2"
}
# want SENTENCE COMMAND...
want() {
    local sentence=$1
    shift
    if "$@" >"$tmp/want" 2>&1; then pass; else fail "$sentence" "$(cat "$tmp/want")"; fi
}
# deny SENTENCE COMMAND...
deny() {
    local sentence=$1
    shift
    if "$@" >"$tmp/want" 2>&1; then fail "$sentence" "$(cat "$tmp/want")"; else pass; fi
}
# same SENTENCE EXPECTED FOUND
same() {
    if [ "$2" = "$3" ]; then pass; else fail "$1" "$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3"))"; fi
}
# again SECONDS COMMAND...: until it succeeds.
again() {
    local end=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$end" ] || return 1
        sleep 0.2
    done
}
gone() { ! "$@"; }
# test_value EXPECTED COMMAND...: what it prints.
test_value() { [ "$("${@:2}")" = "$1" ]; }
# says LINE...: the reply of the last verb holds each of these lines, and it ended well.
says() {
    local line
    for line; do
        case "
$out
" in *"
$line
"*) pass ;; *) fail "the reply has no $line (exit $code)" "$out" ;; esac
    done
}
# refuses ID: nothing was changed, and that is why.
refuses() {
    if [ "$code" = 10 ]; then pass; else fail "exit 10 was expected for $1, not $code" "$out"; fi
    says "reason_id=$1"
}
finishes() {
    if [ "$code" = 0 ]; then pass; else fail "the verb should end well, not with $code" "$out"; fi
    says stagepass=1
}

# ---- hosts ---------------------------------------------------------------------------------------

tmp=$(mktemp -d /tmp/stagepass-providers.XXXXXX)
declare -A port pid inside known limited
booted=() host='' address=127.0.0.1
# end_child PID: kills what this process started, and nothing that was given its number since: a child that is over keeps it no
# longer than until the shell has heard of it.
end_child() {
    [ "$(ps -o ppid= -p "$1" | tr -d ' ')" != "$$" ] || kill -KILL "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}
cleanup() {
    local suite
    for suite in "${booted[@]}"; do "$repo/tests/hosts/hosts" full down "$suite" >/dev/null 2>&1; done
    for suite in "${!pid[@]}"; do
        end_child "${pid[$suite]}"
        umount -R -l "$tmp/$suite/root" 2>/dev/null
        umount -l "$tmp/$suite/up" 2>/dev/null
    done
    for suite in "${!limited[@]}"; do rmdir "${limited[$suite]}" 2>/dev/null; done
    rm -rf --one-file-system "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

ssh-keygen -q -t ed25519 -N '' -C operator -f "$tmp/operator"
ssh-keygen -q -t ed25519 -N '' -C supporter -f "$tmp/supporter"
ssh-keygen -q -t ed25519 -N '' -C check -f "$tmp/check"
echo content >"$tmp/upload"
supporter_key=$(cut -d' ' -f1,2 "$tmp/supporter.pub")
check_key=$(cut -d' ' -f1,2 "$tmp/check.pub")
password='pW7-$x"'\''\q`%!Za9'
# A key exchange that the client has by default costs it ten times what all the rest of a connection does (sntrup761), and it is
# not what is tried here.
options=(-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=10
    -o KexAlgorithms=curve25519-sha256 -o IdentityAgent=none -F none)

# start SUITE[-NAME] [OPTIONS]: an overlay on the tree, its own mounts and processes, sshd on a loopback port. The
# options are those of the tmpfs that it writes to. What is named `SUITE-web` has Apache, nginx and htpasswd, `SUITE-shop` what a
# WordPress needs, and `SUITE-shops` what other shops need (`hosts layer`).
start() {
    local suite=$1 base=$tmp/$1 disk=mode=0755${2:+,$2} layer=''
    case $1 in
        *-web | *-shop | *-shops)
            "$repo/tests/hosts/hosts" layer "${suite%%-*}" "${suite##*-}" || stop "no layer for ${suite%%-*}"
            layer=$layers/$suite:
            ;;
    esac
    claim_port
    port[$suite]=$claimed
    mkdir -p "$base/up" "$base/root"
    # The one of that name before it is over.
    umount -R -l "$base/root" 2>/dev/null
    umount -l "$base/up" 2>/dev/null
    mount -t tmpfs -o "$disk" stagepass-test "$base/up"
    mkdir "$base/up/u" "$base/up/w"
    mount -t overlay -o "lowerdir=$layer$trees/${suite%%-*},upperdir=$base/up/u,workdir=$base/up/w" overlay "$base/root"
    mkdir -p "$base/root/run/sshd" "$base/root/root/.ssh" "$base/root/etc/ssh/sshd_config.d"
    cp "$tmp/operator.pub" "$base/root/root/.ssh/authorized_keys"
    chmod 700 "$base/root/root/.ssh"
    chmod 600 "$base/root/root/.ssh/authorized_keys"
    # The refused logins of this run are not to lock it out (OpenSSH 9.8 and later).
    [ "${suite%%-*}" != trixie ] || echo 'PerSourcePenaltyExemptList 127.0.0.1' >"$base/root/etc/ssh/sshd_config.d/10-test.conf"
    chroot "$base/root" ssh-keygen -A >/dev/null
    # The kernel counts the processes of a number, whatever host they are on.
    chroot "$base/root" useradd -m -u $((20000 + RANDOM % 20000)) -s /bin/bash deploy
    mkdir "$base/root/var/lib/stagepass"
    echo $((52000 + RANDOM % 7000)) >"$base/root/var/lib/stagepass/last-uid"
    boot "$suite"
}

# boot SUITE [ENV=VALUE...]: starts (again) the sshd of a host whose files are there.
boot() {
    local suite=$1 base=$tmp/$1
    shift
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --uts --kill-child sh -c '
        root=$1 port=$2 name=$3; shift 3
        mount -t proc proc "$root/proc"
        mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
        for n in null zero full random urandom tty; do
            touch "$root/dev/$n"; mount --bind "/dev/$n" "$root/dev/$n"
        done
        mkdir "$root/dev/pts" "$root/dev/shm"; chmod 1777 "$root/dev/shm"
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
        ln -s pts/ptmx "$root/dev/ptmx"; ln -s /proc/self/fd "$root/dev/fd"
        hostname "staging-$name"
        exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" /usr/sbin/sshd -D -E /var/log/sshd.log -p "$port" -o ListenAddress=127.0.0.1
    ' sh "$base/root" "${port[$suite]}" "$suite" "$@" &
    pid[$suite]=$!
    local i
    for i in $(seq 600); do
        if (exec 3<>"/dev/tcp/127.0.0.1/${port[$suite]}") 2>/dev/null; then
            inside[$suite]=$(pgrep -P "${pid[$suite]}" | head -n 1)
            return 0
        fi
        sleep 0.1
    done
    halt "$suite"
    stop "the sshd of $suite did not start: $(tail -n 5 "$base/root/var/log/sshd.log" 2>/dev/null)"
}

halt() {
    end_child "${pid[$1]}"
    sleep 0.2
}

# reload: sshd reads its settings and the time zone again, and answers.
reload() {
    local i
    on kill -HUP 1
    sleep 0.4
    for i in $(seq 50); do
        (exec 3<>"/dev/tcp/127.0.0.1/${port[$suite]}") 2>/dev/null && return 0
        sleep 0.1
    done
}

# boot_full SUITE [OPTION...]: a host with systemd and an address of its own; `stop_full` goes back to the other one.
boot_full() {
    host=providers-$$-$1
    booted+=("$host")
    "$repo/tests/hosts/hosts" full up "$host" "$1" --owner $$ --deploy '' --root-key "$(cat "$tmp/operator.pub")" \
        --sshd-config "$([ "$1" = trixie ] && echo "PerSourcePenalties no")" "${@:2}" >"$tmp/host.json" || stop "no booted host of $1"
    light_root=$root light_port=${port[$suite]}
    set_full
}
# Where the host is now: its first process has another number after a reboot.
set_full() {
    root=$("$repo/tests/hosts/hosts" show "$host" | sed 's/.*"root":"\([^"]*\)".*/\1/')
    address=$("$repo/tests/hosts/hosts" show "$host" | sed 's/.*"address":"\([^"]*\)".*/\1/')
    port[$suite]=22
}
stop_full() {
    "$repo/tests/hosts/hosts" full down "$host"
    host='' address=127.0.0.1 root=$light_root port[$suite]=$light_port
}

# on COMMAND...: as root inside the host, beside sshd.
on() {
    if [ -n "$host" ]; then
        "$repo/tests/hosts/hosts" exec "$host" "$@"
        return
    fi
    nsenter --target "${inside[$suite]}" --mount --pid --uts -- chroot "$root" "$@"
}

# ---- the verbs, as stagepass sends them ----------------------------------------------------------

deadline=$(($(date +%s) + 3 * 86400 + 4321))
login=root shell=/bin/sh grant=k3v9q2m7xa account=sp-anna

quote() {
    local s=${1//\'/\'\\\'\'}
    printf "'%s'" "$s"
}

# frame PROVIDER VERB [COUNT]: the file with what stagepass sends, without the inputs.
frame() {
    local kept=$tmp/frame.$1.$2.${3:-one}
    [ -s "$kept" ] || "$framer" "$@" >"$kept" || stop "tests/providers/run.sh: no frame for $*"
    echo "$kept"
}

# told PROVIDER VERB: the inputs that this verb is told.
told() {
    local kept=$tmp/told.$1.$2
    [ -s "$kept" ] || "$framer" "$1" "$2" inputs >"$kept" || stop "tests/providers/run.sh: no inputs for $*"
    cat "$kept"
}

# seen PROVIDER name=value...: what `detect` says that `open` is told, where it is told anything.
seen() {
    local keys
    keys=$(sed -n 's/^seen = \[\(.*\)\]$/\1/p' "$repo/providers/$1/provider.toml" | tr -d '" ' | tr ',' '|')
    [ -n "$keys" ] || return 0
    on timeout -s KILL 120 /bin/sh -s < <(script "$1" detect "${@:2}") 2>/dev/null | grep -E "^($keys)=" || :
}

# inputs PROVIDER VERB name=value...: what the verb is told, as assignments.
inputs() {
    local provider=$1 verb=$2 a
    shift 2
    local -A in=([grant]=$grant [account]=$account [path]='' [access]=sftp [public_key]=$supporter_key
        [check_key]='' [check_until]=0 [password]='' [has_password]=0 [deadline]=$deadline [expiry_form]=$form
        [restrict]=1 [from]='' [not_after]=$(($(date +%s) + 120)) [supporter]="Anna O'Hara \$(id)"
        [tag]=t4g [case]="DH-1 'x' \$(id) %n" [ask]='Ask Anna at anna@example.org.' [at_end]=kill [drain]=0 [walk_seconds]=0 [uses_from]=0
        [baseline_digest]='' [by_server]=0 [gate_wanted]=1 [trial]='' [opened]='' [closer]='' [confined_then]='' [with_secrets]='')
    # What the ledger knows of an open grant.
    [ "$verb" != open ] || opened=$(date +%s)
    in[opened]=${opened:-}
    # Nothing of a grant that was open is still on its way when it is closed.
    [ "$verb" != close ] || in[not_after]=0
    for a; do in[${a%%=*}]=${a#*=}; done
    # As the program does: a server is told the hash.
    case ${in[password]} in '' | not-hashed | '$6$'* | '$2y$'* | '$sha1x3$'* | '$sha256$'*) ;; *) in[password]=$(openssl passwd -6 -stdin <<<"${in[password]}") ;; esac
    # What detect would have said.
    if [ -z "${in[path_id]+said}" ]; then
        in[path_id]=''
        [ -z "${in[path]}" ] || in[path_id]=$(on stat -L -c %d:%i:%u -- "${in[path]}" 2>/dev/null)
    fi
    if [ "$verb" = open ] && [ -z "${in[seen]+said}" ]; then in[seen]=$(seen "$provider" "$@"); fi
    # How long the owner of a file may take is no input, and only tests say it.
    for a in $(told "$provider" "$verb") ${in[as_seconds]:+as_seconds}; do printf 'sp_%s=%s\n' "${a#sp_}" "$(quote "${in[${a#sp_}]-}")"; done
}

# script PROVIDER VERB name=value...: what goes to the server's standard input.
script() {
    local framed
    framed=$(frame "$1" "$2")
    sed '/^sp_turn=$/q' "$framed"
    inputs "$@"
    sed '1,/^sp_turn=$/d' "$framed"
}

# closes_at_its_deadline PROVIDER: what `open` of a user in a shop leaves on the server closes there, by itself and not only by name. No
# shop is needed: the record and the failsafe are written as `open` writes them, for a shop that is not there any more.
closes_at_its_deadline() {
    local folder=$root/var/lib/stagepass/$grant
    script "$1" open path=/srv/gone has_password=1 "password=$2" "deadline=$(($(date +%s) - 5))" |
        sed 's/^sp_open$/sp_user_inputs; sp_user_lock; sp_tools; sp_user_read_record; sp_site_root=$sp_path sp_php=; sp_user_write_record; sp_failsafe_write/' >"$tmp/script"
    on timeout -s KILL 60 /bin/sh -s <"$tmp/script" >"$tmp/said" 2>&1
    want "$1 leaves a failsafe: $(tail -n 3 "$tmp/said")" test -x "$folder/failsafe"
    on timeout -s KILL 60 "/var/lib/stagepass/$grant/failsafe" >/dev/null 2>&1
    code=$?
    # What a close says that found no shop to end it in; 21 is what a shell says of a function that is not there.
    same 'it came to close' 20 "$code"
    want 'and will try again' test -s "$folder/tries"
    rm -rf "$folder"
}

# unframed: what was said, without the marks of the frame; `stagepass=1` says that the verb came to its end.
unframed() { sed -e '/^$/d' -e '/^stagepass-begin=/d' -e 's/^stagepass-end=.*/stagepass=1/'; }

# verb PROVIDER VERB name=value...: sets out and code.
verb() {
    script "$@" >"$tmp/script"
    # shellcheck disable=SC2029
    out=$(timeout "${verb_limit:-600}" ssh "${options[@]}" -i "$tmp/operator" -p "${port[$suite]}" "$login@$address" "$shell -s" <"$tmp/script" 2>"$tmp/err")
    code=$?
    out=$(unframed <<<"$out")
    declared "$1" "$2"
}

# judged: what the server told of its differences, as stagepass judges it, in the place of the records; with `uncapped` all of it,
# where stagepass shows only the first of a class.
judged() { out=$("$judge" "$account" "${uncapped:-}" <<<"$out"); }

# batch name=value...: one more grant for `closes`, which closes all of them by one script as stagepass does (or, with `collected`,
# tells of all that it is recorded): sets outs and codes, by their number from 1 on. With `otherwise`, a sed program, something in
# it is not as it is sent. They are of linux-account, or of the provider that `of_provider` names.
batched=0
declare -a outs codes
batch() {
    batched=$((batched + 1))
    inputs "${of_provider:-linux-account}" close "$@" >"$tmp/batch.$batched"
}
closes() {
    local i verb=${1:-close} provider=${of_provider:-linux-account}
    awk -v at="$tmp/batch." '{ print } /^sp_one_[0-9]+\(\) \{$/ { n = $0; gsub(/[^0-9]/, "", n); while ((getline line <(at n)) > 0) print line }' \
        "$(frame "$provider" "$verb" "$batched")" | sed -e "${otherwise:-}" >"$tmp/script"
    outs=() codes=()
    # shellcheck disable=SC2029
    timeout "${verb_limit:-600}" ssh "${options[@]}" -i "$tmp/operator" -p "${port[$suite]}" "$login@$address" "$shell -s" <"$tmp/script" >"$tmp/said" 2>"$tmp/said.err"
    unframed <"$tmp/said.err" >"$tmp/err"
    if [ -n "${cut_off:-}" ]; then
        batched=0
        return 0
    fi
    for i in $(seq "$batched"); do
        outs[i]=$(awk -v wanted="$i" -F '[ =]' '$1 == "stagepass-status" { done++; next } done == wanted - 1 { print }' "$tmp/said" | unframed)
        codes[i]=$(awk -v wanted="$i" '/^stagepass-status=/ && ++done == wanted { print $2 }' "$tmp/said")
        of "$i"
        declared "$provider" "$verb"
        outs[i]=$out
    done
    batched=0
}
# of NUMBER: out and code are that one's.
of() { out=${outs[$1]} code=${codes[$1]:-none}; }

# declared PROVIDER VERB: nothing may be said that the manifest does not declare, and nothing on
# stderr; whoever does not end well says why. What a close told of its differences is judged then.
declared() {
    local key line
    if [ -z "${known[$1.$2]:-}" ]; then
        known[$1.$2]=" $(sed -n "/^\[$2\.outputs\]/,/^\[/s/ = .*//p" "$repo/providers/$1/provider.toml" | tr '\n' ' ') "
    fi
    while IFS= read -r line; do
        key=${line%%=*}
        case ${known[$1.$2]}${known[$1.$2]:+packed } in *" $key "*) ;; *) [ -z "$key" ] || [ "$key" = stagepass ] || fail "$2 said $key, which its manifest does not declare" ;; esac
    done <<<"$out"
    [ ! -s "$tmp/err" ] || fail "$1 $2 wrote to stderr" "$(cat "$tmp/err")"
    [ "$code" = 0 ] || [[ $out == *reason_id=* && $out == *reason=* ]] || fail "$1 $2 ended with $code and did not say why" "$out"
    [ "$2" != close ] || judged
}
# fails ID: something may be left; that is why it ended with 20.
fails() {
    if [ "$code" = 20 ]; then pass; else fail "exit 20 was expected for $1, not $code" "$out"; fi
    says "reason_id=$1"
}

# ---- logins with other people's clients ----------------------------------------------------------

key_ssh() { ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "${identity:-$tmp/supporter}" -p "${port[$suite]}" "$account@$address" "$@" </dev/null; }
key_sftp() { sftp "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "${identity:-$tmp/supporter}" -P "${port[$suite]}" -b - "$account@$address" <<<"$1"; }
pw_ssh() { SSHPASS=$password sshpass -e ssh "${options[@]}" -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 -p "${port[$suite]}" "$account@$address" "$@" </dev/null; }
pw_sftp() { SSHPASS=$password sshpass -e sftp "${options[@]}" -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 -P "${port[$suite]}" "$account@$address" <<<"$1"; }
paramiko_list() {
    /usr/bin/python3 - "$address" "${port[$suite]}" "$account" "$tmp/supporter" "$1" <<'PY'
import sys, paramiko
c = paramiko.SSHClient()
c.set_missing_host_key_policy(paramiko.AutoAddPolicy())
how = {"password": sys.argv[5]} if sys.argv[5] else {"key_filename": sys.argv[4]}
c.connect(sys.argv[1], int(sys.argv[2]), sys.argv[3], allow_agent=False, look_for_keys=False, **how)
s = c.open_sftp()
print(s.normalize("."), s.listdir("."))
c.close()
PY
}

# ---- what must be as it was ----------------------------------------------------------------------

acls() { (cd "$root" && getfacl -R -P -n -p -- ".$1") || echo "$RANDOM: nothing was compared"; }
# The grant that waits for cron all the while does not count.
accounts() { cat "$root/etc/passwd" "$root/etc/group" "$root/etc/shadow" "$root/etc/gshadow" "$root/etc/subuid" "$root/etc/subgid" 2>/dev/null | grep -v '^sp-cron:'; }
shop=/srv/'my shop $x'
make_shop() {
    rm -rf "${root:?}/srv/my shop \$x" "$root/srv/outside"
    mkdir -p "$root$shop/var/cache" "$root$shop/private" "$root$shop/-rf" "$root/srv/outside"
    echo index >"$root$shop/index.php"
    echo run >"$root$shop/run.sh"
    echo secret >"$root$shop/.env"
    echo odd >"$root$shop/odd
name\\ 'x'"
    echo mine >"$root/srv/outside/file"
    ln -s /srv/outside "$root$shop/link"
    ln -s /srv/outside/file "$root$shop/-rf/link"
    chmod 755 "$root$shop/run.sh"
    chmod 640 "$root$shop/.env"
    chmod 700 "$root$shop/private"
    chmod 2775 "$root$shop/var"
    chown -Rh --reference="$root/home/deploy" "$root$shop"
    chown -h 33:33 "$root$shop/var" "$root$shop/var/cache"
    chmod 2775 "$root$shop/var"
}

# shellcheck source=tests/hosts/port.sh
. "$repo/tests/hosts/port.sh"
. "$here/linux-account.sh"
. "$here/authorized-key.sh"
. "$here/gate.sh"
. "$here/difference.sh"
. "$here/red.sh"
. "$here/web-password.sh"
. "$here/wordpress.sh"
. "$here/shop.sh"
. "$here/magento.sh"
. "$here/opencart.sh"
. "$here/prestashop.sh"

booted() {
    booted_host
    booted_shared_account
    [ "$suite" != bullseye ] || local_time
}

for suite in "${suites[@]}"; do
    root=$tmp/$suite/root form=utc
    [ "$suite" != bullseye ] || form=local
    printf '%s\n' "-- $suite"
    start "$suite"
    for one in ${STAGEPASS_TEST_CASES:-linux_account gate_and_failsafe authorized_key differences booted red web_password wordpress}; do "$one"; done
    [ -z "${STAGEPASS_TEST_MEASURE:-}" ] || [[ ${STAGEPASS_TEST_CASES:-} == web_* || ${STAGEPASS_TEST_CASES:-} == wp_* || ${STAGEPASS_TEST_CASES:-} == opencart || ${STAGEPASS_TEST_CASES:-} == magento* ]] || measure
    halt "$suite"
done

printf '%s: %s passed, %s failed%s, in %s s\n' "${STAGEPASS_TEST_CASES:-everything}" "$passed" "$failed" "${left_out:+, not run: $left_out}" "$SECONDS"
[ "$failed" = 0 ]
