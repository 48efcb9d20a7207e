#!/bin/sh
# The gate of stagepass. Every login of one temporary access comes through this program. It runs as
# the account that logs in, talks to no network, and writes to no file but its log.
#
# Four files lie beside it:
#   gate.conf  what this access may do, one name=value a line
#   ends       deadline=N (nothing new starts) and hard=N (what runs is ended), seconds since 1970
#   uses       the log: a line for each use
#   talk       what sftp-server says about files
#
# sshd runs it as the command forced on a key (gate TAG [own]) or an account (gate TAG any), or as the
# login shell (gate -c COMMAND, or alone). It starts itself once for each connection (gate --watch PID BEGAN).
# Whoever made this access asks `stagepass-trial NONCE`, with the number in gate.conf, to see that it is here.
# `gate --try` says whether SFTP can be shut into the folder of the shop here, `gate --here` nothing.

set -fu
here=${0%/*}
session_path=${PATH:-/usr/bin:/bin}
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
export PATH

# ---- what the files say --------------------------------------------------------------------------

grant='' access='' shell=/bin/sh sftp_server='' subsystem='' start='' folder='' alias='' confine=0 case='' ask='' own='' alone=0 mask='' trial=''
while IFS= read -r line; do
    value=${line#*=}
    case $line in
        grant=*) grant=$value ;;
        access=*) access=$value ;;
        shell=*) shell=$value ;;
        sftp_server=*) sftp_server=$value ;;
        subsystem=*) subsystem=$value ;;
        start=*) start=$value ;;
        folder=*) folder=$value ;;
        alias=*) alias=$value ;;
        confine=*) confine=$value ;;
        case=*) case=$value ;;
        ask=*) ask=$value ;;
        own=*) own=$value ;;
        alone=*) alone=$value ;;
        umask=*) mask=$value ;;
        trial=*) trial=$value ;;
    esac
done 2>/dev/null <"$here/gate.conf"

# Sets now, deadline and hard. A file that is missing or damaged means: ended. So does a clock that
# cannot be read, which sets now to 0.
look() {
    now=$(date +%s) deadline=0 hard=0
    while IFS= read -r line; do
        case $line in
            *=*[!0-9]*) ;;
            deadline=?*) deadline=${line#*=} ;;
            hard=?*) hard=${line#*=} ;;
        esac
    done 2>/dev/null <"$here/ends"
    case $now in '' | *[!0-9]*) now=0 deadline=0 hard=0 ;; esac
}

# ---- the log -------------------------------------------------------------------------------------

address=${SSH_CONNECTION:-${SSH_CLIENT:--}}
address=${address%% *}
case $address in *[!0-9A-Za-z.:%-]*) address=- ;; esac

# use KIND TEXT: one line, in one write. A log that cannot be written (a full disk) does not keep
# out whoever is to repair it; the line goes to the system's log instead.
use() {
    text=$2
    case $text in *[[:cntrl:]]*) text=$(printf '%s' "$text" | tr '\000-\037\177' ' ') ;; esac
    text=$(printf '%s %s %s %.300s' "$now" "$address" "$1" "$text")
    { printf '%s\n' "$text" >>"$here/uses"; } 2>/dev/null ||
        logger -t "stagepass[$grant]" -- "$text" 2>/dev/null || :
}

# refuse SENTENCE: to the person, and into the log.
refuse() {
    case $logged in own) use own "refused ${asked:-shell}" ;; *) use refused "${asked:-shell}" ;; esac
    text="stagepass: $1${ask:+ $ask}"
    printf '%s\n' "$text" >&2
    # sshd shows nobody what a subsystem says beside its protocol.
    [ "$kind" != sftp ] || tell_sftp "$text"
    exit 1
}

# tell_sftp SENTENCE: says hello to an SFTP program, and answers its first requests with the sentence, as the
# text of "permission denied". Nothing is opened, read or written, and nobody is waited for for long.
# draft-ietf-secsh-filexfer-02, sections 3, 4 and 7.
tell_sftp() {
    size=$(($(printf '%s' "$1" | wc -c))) round=0
    # SSH_FXP_INIT and its version, which may have more behind it.
    packet 5
    [ "$type" = 1 ] || return
    # SSH_FXP_VERSION, 3.
    numbers 0 0 0 5 2 0 0 0 3
    while [ "$round" -lt 3 ]; do
        round=$((round + 1))
        packet 9
        # SSH_FXP_STATUS with the id of the request, SSH_FX_PERMISSION_DENIED, the text, no language.
        # shellcheck disable=SC2046,SC2086 # four words each
        numbers $(four $((size + 17))) 101 $id 0 0 0 3 $(four "$size")
        printf '%s' "$1"
        numbers 0 0 0 0
    done
} 2>/dev/null

# packet HEAD: reads one, of which the first HEAD bytes count. Sets type, and id to four numbers. Ends
# where there is none.
packet() {
    # shellcheck disable=SC2046 # numbers
    set -- "$1" $(timeout 5 dd bs=1 count="$1" | od -An -v -tu1)
    [ "$#" = $(($1 + 1)) ] || exit 1
    rest=$(((($2 * 256 + $3) * 256 + $4) * 256 + $5 + 4 - $1)) type=$6 id=''
    # A path is 4096 bytes at most.
    [ "$rest" -ge 0 ] && [ "$rest" -le 8192 ] || exit 1
    [ "$1" = 5 ] || id="$7 $8 $9 ${10}"
    timeout 5 dd bs=1 count="$rest" >/dev/null
}

# numbers N...: writes these bytes. four N: says which four a number is.
numbers() { printf '%b' "$(printf '\\0%03o' "$@")"; }
four() { echo $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)); }

# ---- the end of a connection ---------------------------------------------------------------------

# process PID: sets name, parent and began (when it was started); all empty when it is gone.
process() {
    name='' parent='' began='' line=''
    { read -r line <"/proc/$1/stat"; } 2>/dev/null
    [ -n "$line" ] || return 0
    name=${line#*\(}
    name=${name%)*}
    # shellcheck disable=SC2086 # the fields behind the name, which may hold blanks itself
    set -- ${line##*) }
    parent=$2
    shift 19
    began=$1
}

# lives PID BEGAN. Where /proc hides from an account its own sshd and sftp-server (hidepid), not to be
# seen is not to be gone: they can be signalled all the same. BEGAN is 0 where it could not be read.
lives() {
    process "$1"
    [ "$began" = "$2" ] || { [ ! -r "/proc/$1/stat" ] && kill -0 "$1" 2>/dev/null; }
}

# user PID: sets uid to the account that a process acts as.
user() {
    uid=''
    while read -r key line uid rest; do
        [ "$key" != Uid: ] || break
    done <"/proc/$1/status"
} 2>/dev/null

# Sets connection to the process of sshd or Dropbear that serves this one login, and born. An sshd of
# another account is of somebody who came here by su(1).
find_connection() {
    connection=$$ level=0
    user "$$"
    us=$uid
    process "$$"
    born=$began
    while [ "$level" -lt 8 ] && [ "${parent:-0}" -gt 1 ]; do
        level=$((level + 1)) above=$parent
        process "$above"
        if [ -z "$name" ]; then
            # Of ours nothing else is hidden.
            if kill -0 "$above" 2>/dev/null; then connection=$above born=0; fi
            return
        fi
        user "$above"
        case $name:$uid in
            sshd*":$us" | dropbear*)
                connection=$above born=$began
                return
                ;;
        esac
    done
}

# Where the account is the merchant's too, what a connection leaves behind is told apart by the id of
# its login: the kernel's audit session, and logind's scope. Many connections share one where sshd
# itself was started in somebody's session; then it says nothing, and is not written down.
remember() {
    [ -w "$here/logins" ] || return 0
    boot=- login=- scope=-
    read -r boot </proc/sys/kernel/random/boot_id
    read -r login </proc/self/sessionid
    scope=$(sed -n 's|^[^/]*\(/.*/session-[^/]*[.]scope\)$|\1|p' /proc/self/cgroup)
    process "$connection"
    # The part of sshd that runs as root is of the login, the one above it is not.
    [ -z "$parent" ] || [ -O "/proc/$parent" ] || process "$parent"
    # Where it is hidden, nobody can tell.
    above=$login
    [ -z "$parent" ] || read -r above <"/proc/$parent/sessionid"
    if [ "$login" = "$above" ] || [ "$login" = 4294967295 ]; then login=-; fi
    above=$scope
    [ -z "$parent" ] || above=$(cat "/proc/$parent/cgroup")
    case $above in *"$scope"*) scope='' ;; esac
    printf '%s %s %s %s %s\n' "$connection" "$born" "${boot:--}" "${login:--}" "${scope:--}" >>"$here/logins"
} 2>/dev/null

# found PATTERN FILE...: sets pids to the processes in whose files of /proc the pattern stands.
found() {
    pids=''
    # shellcheck disable=SC2013 # paths in /proc, which hold no blanks
    for one in $(grep -ls -e "$@"); do
        one=${one#/proc/}
        [ "${one%/*}" = "$$" ] || pids="$pids ${one%/*}"
    done
}

# watch PID BEGAN: sleeps beside a connection, and ends it when its time is over: the connection, its
# children, and then whatever carries the name of the grant. The files are read again each time, so
# that a deadline which moves is kept too.
# shellcheck disable=SC2086
watch() {
    round=0
    while :; do
        lives "$1" "$2" || over
        look
        # One date(1) that could not be started ends nobody's work.
        round=$((round + 1))
        [ "$now" = 0 ] || round=0
        if [ "$round" -gt 0 ] && [ "$round" -lt 10 ]; then
            sleep 1
            continue
        fi
        rest=$((hard - now))
        [ "$rest" -gt 0 ] || break
        [ "$rest" -lt 4 ] || rest=4
        sleep "$rest"
    done
    use ended 'the time was over'
    set +f
    found "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status
    if kill -TERM "$1" 2>/dev/null; then ours=1; else ours=0; fi
    # An sftp-server that loses its client says how much it moved of the files that are open.
    for round in 1 2 3 4 5; do
        kill -0 $pids 2>/dev/null || break
        sleep 0.2 2>/dev/null || break
    done
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null
    look
    # Everything of an account of its own, in one step and without another process: what forks all the time
    # does not get away. Where Dropbear serves, the other watchers are needed.
    if [ "$alone:$ours" = 1:1 ] && [ "$now" -ge "$hard" ]; then
        # The other watchers wake up in the same second, and say what they end.
        sleep 1
        user "$$"
        case $uid in '' | 0) ;; *) kill -KILL -1 2>/dev/null ;; esac
    fi
    # The other connections are ended by their own watchers, and say so.
    round=0
    while [ "$round" -lt 5 ]; do
        sleep 1
        # Extended in this very moment, there is new work that is not to be ended.
        look
        [ "$now" -ge "$hard" ] || over
        found "STAGEPASS_GRANT=$grant" /proc/[0-9]*/environ
        [ -n "$pids" ] || break
        kill -KILL $pids 2>/dev/null
        round=$((round + 1))
    done
    # Dropbear serves as root, which we cannot end. Whoever closes the access can, and finds it by us.
    while lives "$1" "$2"; do
        kill -KILL "$1" 2>/dev/null
        sleep 4
    done
    over
}

over() {
    trap - 0
    exit 0
}

# again PID BEGAN: the shell ends where no process can be started any more (a container that is full), and the
# watcher is not to. It waits for a moment without starting one, and begins anew.
again() {
    read -r up rest </proc/uptime || over
    was=${up%.*}
    while [ "${up%.*}" -lt $((was + 2)) ]; do read -r up rest </proc/uptime || over; done
    exec /bin/sh "$0" --watch "$1" "$2"
} 2>/dev/null

# ---- SFTP shut into one folder -------------------------------------------------------------------

# In namespaces of its own, in which this account may mount: a root of its own over our own folder, with the
# system's libraries and the folder of the shop. Nothing of it is seen outside. sftp-server loads libraries
# and settings by their names (glibc's name services), so whoever could write to that root, or rename in
# it, would have it run any program: it is read-only before anybody is asked what to do. Then the root
# from before is taken away altogether, and so is every right that these namespaces gave, for good.
# shellcheck disable=SC2016
shut_in='
    set -eu
    trap "echo stagepass: SFTP could not be shut into the folder of the shop. >&3" 0
    new=$1 server=$2 folder=$3 alias=$4
    shift 4
    # Room for two paths as deep as a path can be, and no more.
    mount -t tmpfs -o mode=755,size=512k,nr_inodes=5000 stagepass "$new"
    cd "$new"
    mkdir dev etc proc usr was
    for one in /lib /lib32 /lib64 /libx32 /usr/lib /usr/lib32 /usr/lib64 /usr/libx32 /usr/libexec; do
        if [ -L "$one" ]; then
            cp -P "$one" ".$one"
        elif [ -d "$one" ]; then
            mkdir ".$one"
            mount --rbind "$one" ".$one"
            # They belong to root. Where the flags of that disk are locked, that has to do.
            mount -o remount,bind,ro ".$one" 2>/dev/null || :
        fi
    done
    echo "${LOGNAME:-supporter}:x:0:0::$folder:" >etc/passwd
    # The last two programs that run here: umount looks into /proc for what it is to take away, and the
    # setpriv of Debian 11 there for what it may drop.
    mkdir "proc/$$"
    grep ^CapBnd: "/proc/$$/status" >"proc/$$/status"
    mount --rbind /proc proc
    for one in umount setpriv; do
        : >"dev/$one"
        mount --bind "$(command -v "$one")" "dev/$one"
    done
    : >dev/null
    mount --bind /dev/null dev/null
    mkdir -p ".$folder"
    mount --rbind "$folder" ".$folder"
    if [ -n "$alias" ] && [ ! -e ".$alias" ]; then
        mkdir -p ".${alias%/*}"
        ln -s "$folder" ".$alias"
    fi
    mount -o remount,bind,ro "$new"
    pivot_root . was
    cd /
    /dev/umount -l /was
    /dev/umount -l /proc
    # That is seen to hold, or nobody is served.
    ! [ -e /was/lib ] && ! [ -e /proc/sys ] || exit 1
    ! (: >/etc/passwd) 2>/dev/null || exit 1
    exec /dev/setpriv --no-new-privs --inh-caps=-all --ambient-caps=-all --bounding-set=-all "$server" "$@" 3>&-
'

serve_sftp() {
    set -- -e -l INFO
    [ "$access" != sftp-read-only ] || set -- "$@" -R
    [ -z "$start" ] || set -- "$@" -d "$start"
    [ -z "$mask" ] || set -- "$@" -u "$mask"
    if [ "$confine" = 1 ]; then
        # Asked first, so that somebody says why.
        unshare -U -r -m true || {
            text='stagepass: SFTP could not be shut into the folder of the shop.'
            printf '%s\n' "$text" >&3
            tell_sftp "$text"
            exit 1
        }
        exec unshare -U -r -m /bin/sh -c "$shut_in" sh "$here" "$sftp_server" "$folder" "$alias" "$@"
    fi
    exec "$sftp_server" "$@" 3>&-
}

# ---- one use -------------------------------------------------------------------------------------

asked=${SSH_ORIGINAL_COMMAND-} whose=${2-}
case ${1-} in
    --watch)
        trap '' HUP
        watched="$2 $3"
        # shellcheck disable=SC2064,SC2086 # two numbers, now
        trap "again $watched" 0
        watch "$2" "$3"
        ;;
    --here) exit 0 ;;
    --try)
        confine=1
        serve_sftp </dev/null >/dev/null 2>&1 3>&1
        ;;
    -c)
        # As the login shell: the command forced on a key, or, without one, what the client wants.
        whose=any
        case ${2-} in
            "$0 "*)
                whose=${2##* }
                # Where nothing is forced, a password can ask for these very words.
                [ "$whose:${SSH_ORIGINAL_COMMAND+set}" != own: ] || whose=any
                ;;
            *) asked=${2-} ;;
        esac
        ;;
    '') whose=any ;;
esac

first=${asked%% *}
case $first in
    '') kind=shell ;;
    internal-sftp | */sftp-server) kind=sftp ;;
    *) kind='command' ;;
esac
# What wraps it may be quoted in one way here and in another there.
plain() { printf '%s' "$1" | tr -d '\042\047\134'; }
case $subsystem in '') ;; "$asked") kind=sftp ;; *" "*) [ "$(plain "$asked")" != "$(plain "$subsystem")" ] || kind=sftp ;; esac

logged=$kind
look
case $whose in
    own) logged=own ;;
    any)
        # A password does not say whose it is. Whoever made this access tries it out, from one address.
        if [ "${own% *}" = "$address" ] && [ "$now" -le "${own#* }" ]; then logged=own; fi
        ;;
esac
# Whoever is in has no need of it, and what was asked for would start it again, for ever.
[ "${STAGEPASS_GRANT:-}" != "$grant" ] || refuse 'This is a session of this access already; what it was asked to do would start it once more.'
if [ "$now" -ge "$deadline" ]; then
    when=$(date -u -d "@$deadline" '+ on %Y-%m-%d at %H:%M:%S UTC' 2>/dev/null)
    [ "$deadline" -gt 0 ] || when=''
    refuse "This access${case:+ for $case} ended$when."
fi
# The login that proves this access asks who is there. Only this program knows what to say, and the log
# has to agree with it.
case $whose:$asked in
    own:"stagepass-trial ${trial:-/}" | any:"stagepass-trial ${trial:-/}")
        use own "trial $trial"
        echo "stagepass-gate $trial grant=$grant access=$access deadline=$deadline confined=$confine"
        exit 0
        ;;
esac
case $access:$kind in
    ssh:* | sftp:sftp | sftp-read-only:sftp) ;;
    *) refuse "This access${case:+ for $case} is for SFTP only." ;;
esac

use "$logged" "${asked:-$shell}"

# One watcher for each connection, however many channels it has. It holds none of their files.
find_connection
set +f
watched=$(grep -lsaF -e "$here/gate" /proc/[0-9]*/cmdline | while IFS= read -r line; do
    case $(tr '\000' ' ' <"$line") in *" --watch $connection $born "*) echo yes ;; esac
done 2>/dev/null)
set -f
if [ -z "$watched" ]; then
    remember
    if command -v setsid >/dev/null; then
        setsid /bin/sh "$0" --watch "$connection" "$born" </dev/null >/dev/null 2>&1 &
    else
        /bin/sh "$0" --watch "$connection" "$born" </dev/null >/dev/null 2>&1 &
    fi
fi

# In an account of its own a session cannot use up the processes of the server. The watcher is not bound by
# this, and neither is it by what the session uses up. Options differ: util-linux, dash and busybox, bash.
if [ "$alone" = 1 ]; then
    # shellcheck disable=SC3045 # asked first
    prlimit --pid "$$" --nproc=256:256 --nofile=4096:4096 2>/dev/null ||
        { (ulimit -p 256) 2>/dev/null && ulimit -p 256; } || { (ulimit -u 256) 2>/dev/null && ulimit -u 256; } || :
fi

unset SSH_ORIGINAL_COMMAND
PATH=$session_path SHELL=$shell STAGEPASS_GRANT=$grant
export PATH SHELL STAGEPASS_GRANT
case $kind in
    shell) exec "$shell" -l ;;
    command) exec "$shell" -c "$asked" ;;
esac
exec 3>&2
if [ -w "$here/talk" ]; then exec 2>>"$here/talk"; else exec 2>/dev/null; fi
# The way to unshare, mount and chroot is the gate's own.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
serve_sftp
