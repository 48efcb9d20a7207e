#!/bin/sh
# The gate of stagepass. Every login of one temporary access comes through this program. It runs as
# the account that logs in, talks to no network, and writes to no file but its log.

# On a server this begins with what stands above. These files lie beside it:
#   gate.conf  what this access may do, one name=value a line
#   ends       deadline=N (nothing new starts) and hard=N (what runs is ended), seconds since 1970
#   uses       the log: a line for each use
#   talk       what sftp-server says about files
#   shut       folders of the shop in which nothing is inherited, each ended by a zero byte; share: the entries that are given there
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

# found PATTERN FILE...: sets pids to the processes in whose files of /proc the pattern stands. None of these
# may be of a process's memory.
found() {
    pids=''
    # shellcheck disable=SC2013 # paths in /proc, which hold no blanks
    for one in $(grep -ls -e "$@"); do
        one=${one#/proc/}
        [ "${one%/*}" = "$$" ] || pids="$pids ${one%/*}"
    done
}

# Whether timeout(1) ends what hangs. Whoever has a process can make a reader of its memory (arguments,
# environment) wait for ever: without an end nobody here reads it.
bounded() { timeout -s KILL 5 true; } 2>/dev/null

# carriers: sets pids to the processes of this account that carry the name of the grant in their environment. All are
# asked at once, so that those which do not answer keep nobody waiting for the others.
carriers() {
    pids=''
    bounded || return 0
    # shellcheck disable=SC2016
    for one in $(timeout -s KILL 5 /bin/sh -c '
        for one in /proc/[0-9]*; do
            if [ -O "$one" ]; then timeout -s KILL 2 grep -lsF -e "$0" "$one/environ" & fi
        done
        wait' "STAGEPASS_GRANT=$grant" 2>/dev/null); do
        one=${one#/proc/}
        [ "${one%/*}" = "$$" ] || pids="$pids ${one%/*}"
    done
}

# becomes NAME: what the kernel calls this process. Everybody can read that, and nobody can make a reader wait.
becomes() { printf '%s' "$1" >/proc/$$/comm; } 2>/dev/null

# on_guard: sets pids to the other watchers of this account that have not yet said what they end.
on_guard() {
    found '^gate-on-guard$' /proc/[0-9]*/comm
    all=$pids pids=''
    for one in $all; do
        [ ! -O "/proc/$one" ] || pids="$pids $one"
    done
}

# watch PID BEGAN [said|ended]: sleeps beside a connection, and ends it when its time is over: the connection, its
# children, and then whatever carries the name of the grant. The files are read again each time, so
# that a deadline which moves is kept too.
# shellcheck disable=SC2086
watch() {
    stage=${3-} round=0
    [ -n "$stage" ] || becomes gate-on-guard
    while :; do
        lives "$1" "$2" || [ -n "$stage" ] || leave
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
        lives "$1" "$2" || leave
        [ "$rest" -lt 4 ] || rest=4
        sleep "$rest"
    done
    # Whatever happens to this shell, nothing of it is done twice.
    # shellcheck disable=SC2064 # two numbers, now
    if [ -z "$stage" ]; then
        use ended 'the time was over'
        becomes gate-ending
        trap "again $1 $2 said" 0
    fi
    set +f
    found "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status
    ours=0
    if [ "$stage" = ended ]; then
        ours=1
    elif lives "$1" "$2" && kill -TERM "$1" 2>/dev/null; then
        ours=1
        # shellcheck disable=SC2064
        trap "again $1 $2 ended" 0
    fi
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
        # The other watchers wake up in the same second, and say what they end. On a busy machine they may need
        # another; who only looks like one is not waited for any longer.
        for round in 1 2 3 4 5; do
            sleep 1
            on_guard
            [ -n "$pids" ] || break
        done
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
        carriers
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

# In folders of the shop that hold closed files nothing is inherited. What this account made there is shared with the
# shop's own people when the connection is over, as it would have been. It runs as this account and reaches nothing
# but its own; `share` has the entries, `shut` the folders.
# shellcheck disable=SC2016
share() {
    [ -s "$here/share" ] && [ -s "$here/shut" ] || return 0
    user "$$"
    case $uid in '' | *[!0-9]* | 0) return 0 ;; esac
    IFS= read -r line <"$here/share" || return 0
    xargs -0 -r sh -c 'u=$0; exec find "$@" -mindepth 1 -maxdepth 1 -user "$u" ! -type l -print0' "$uid" <"$here/shut" |
        xargs -0 -r sh -c 'u=$0 e=$1 d=$2; shift 2; exec find "$@" -xdev -user "$u" "(" -type d -exec setfacl -m "$e,$d" -- "{}" + -o \
            -type f "(" -perm -100 -exec setfacl -m "$e,m::rwx" -- "{}" + -o -exec setfacl -m "$e,m::rw-" -- "{}" + ")" ")"' \
            "$uid" "$line" "d:$(printf '%s' "$line" | sed 's/,/,d:/g')"
} 2>/dev/null

# The connection is over before its time. Nobody at the end waits for what is done here.
leave() {
    becomes gate-sharing
    share
    over
}

over() {
    trap - 0
    exit 0
}

# again PID BEGAN [said|ended]: the shell ends where no process can be started any more (a container that is full), and the
# watcher is not to. It waits for a moment without starting one, and begins anew.
again() {
    read -r up rest </proc/uptime || over
    was=${up%.*}
    while [ "${up%.*}" -lt $((was + 2)) ]; do read -r up rest </proc/uptime || over; done
    exec /bin/sh "$0" --watch "$@"
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
    # Starting a program takes longer than what it does here: one makes all folders.
    dirs="dev etc proc usr was proc/$$" libs= links= usr_links=
    for one in /lib /lib32 /lib64 /libx32 /usr/lib /usr/lib32 /usr/lib64 /usr/libx32 /usr/libexec; do
        if [ ! -L "$one" ]; then
            [ ! -d "$one" ] || dirs="$dirs .$one" libs="$libs $one"
        else
            case $one in /usr/*) usr_links="$usr_links $one" ;; *) links="$links $one" ;; esac
        fi
    done
    mkdir -p $dirs ".$folder"
    [ -z "$links" ] || cp -P $links .
    [ -z "$usr_links" ] || cp -P $usr_links usr
    for one in $libs; do
        # They belong to root. Where the flags of that disk are locked, that has to do.
        mount --rbind -o ro "$one" ".$one" 2>/dev/null || mount --rbind "$one" ".$one"
    done
    echo "${LOGNAME:-supporter}:x:0:0::$folder:" >etc/passwd
    # The last two programs that run here: umount looks into /proc for what it is to take away, and the
    # setpriv of Debian 11 there for what it may drop.
    grep ^CapBnd: "/proc/$$/status" >"proc/$$/status"
    mount --rbind /proc proc
    for one in umount setpriv; do
        : >"dev/$one"
        mount --bind "$(command -v "$one")" "dev/$one"
    done
    : >dev/null
    mount --bind /dev/null dev/null
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
        shift
        # shellcheck disable=SC2064 # two numbers and a word, now
        trap "again $*" 0
        watch "$@"
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
# Of our own processes: anybody else can let a reader of theirs wait for ever.
ours=''
for one in /proc/[0-9]*; do
    [ ! -O "$one" ] || ours="$ours $one/cmdline"
done
# Where one of them does not answer, another watcher does no harm.
# shellcheck disable=SC2086
watched=$({ timeout -s KILL 5 grep -lsaF -e "$here/gate" /dev/null $ours | while IFS= read -r line; do
    case $(timeout -s KILL 1 head -c 4096 "$line" | tr '\000' ' ') in *" --watch $connection $born "*) echo yes ;; esac
done; } 2>/dev/null)
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
