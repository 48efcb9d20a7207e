# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Everything that one user id runs.
#
# A list of processes proves no absence: one that hands itself over to a child all the time is in hardly
# any. So the kernel is told in one step to kill what has an id, and is asked whether any is left. And
# whoever owns a process can make a reader of its memory (arguments, environment) wait for ever: what
# is read here is `status`, which nobody can hold up.

# Whether timeout(1) can end what takes too long. Asked once; a subshell's answer is forgotten with it.
sp_can_limit() {
    if [ -z "${sp_timeout:-}" ]; then
        sp_timeout=no
        # A program of its own that is not busybox by another name, which has had other options, needs no try.
        # shellcheck disable=SC3013 # every sh named in lib/begin.sh has -ef
        if [ -f /usr/bin/timeout ] && [ -x /usr/bin/timeout ] && [ ! -L /usr/bin/timeout ] && [ ! /usr/bin/timeout -ef /bin/busybox ]; then
            sp_timeout=yes
        elif timeout -s KILL 5 true 2>/dev/null; then
            sp_timeout=yes
        fi
    fi
    [ "$sp_timeout" = yes ]
}

# Whether find(1) is GNU's.
sp_gnu_find() {
    if [ -z "${sp_gnu:-}" ]; then
        sp_gnu=no
        # A package's own program that is nowhere behind another one needs no try.
        # shellcheck disable=SC3013 # every sh named in lib/begin.sh has -ef
        if { [ -f /var/lib/dpkg/info/findutils.list ] && [ ! -L /usr/bin/find ] && [ ! /usr/bin/find -ef /bin/busybox ] &&
            [ ! -e /usr/local/sbin/find ] && [ ! -e /usr/local/bin/find ] && [ ! -e /usr/sbin/find ]; } ||
            find / -maxdepth 0 -printf '' 2>/dev/null; then sp_gnu=yes; fi
    fi
    [ "$sp_gnu" = yes ]
}

# Both, before any subshell would ask them again.
sp_tools() {
    sp_can_limit || :
    sp_gnu_find || :
}

# sp_within SECONDS PROGRAM...: killed after that time, where timeout(1) can. Holds no lock of ours.
sp_within() {
    if sp_can_limit; then
        timeout -s KILL "$@" 9>&-
    else
        shift
        "$@" 9>&-
    fi
}

# sp_with_status PATTERN...: sets sp_procs to the processes whose status has one of these.
sp_with_status() {
    local pattern file found=''
    for pattern; do
        shift
        set -- "$@" -e "$pattern"
    done
    set +f
    sp_procs=$(grep -ls "$@" /proc/[0-9]*/status) || :
    set -f
    for file in $sp_procs; do
        file=${file%/status}
        found="$found ${file#/proc/}"
    done
    sp_procs=$found
}

# sp_of_uid UID: sets sp_procs to the processes of that id, real or saved. Root takes the id of
# somebody else for a moment as its effective one, and stays root.
sp_of_uid() { sp_with_status "^Uid:[[:space:]]*$1[[:space:]]" "^Uid:[[:space:]]*[0-9]*[[:space:]]*[0-9]*[[:space:]]*$1[[:space:]]"; }

# sp_of_root PATTERN: sets sp_procs to the processes with that in their status which are root's and
# nobody else's: those of a setuid program are the caller's too.
sp_of_root() {
    sp_with_status "$1"
    sp_only_root
}

# Leaves in sp_procs those of root.
sp_only_root() {
    local one found=''
    for one in $sp_procs; do
        sp_process "$one"
        [ "$sp_euid:$sp_ruid" != 0:0 ] || found="$found $one"
    done
    sp_procs=$found
}

# sp_logins_of NAME [PROCESSES]: sets sp_procs to the logins of that account that are just being let in, of all processes of
# OpenSSH or of these: those still run as root, and their title names the account.
sp_logins_of() {
    local one title found=''
    if [ "$#" = 1 ]; then sp_with_status '^Name:[[:space:]]sshd'; else sp_procs=$2; fi
    sp_only_root
    for one in $sp_procs; do
        title=''
        [ ! -r "/proc/$one/cmdline" ] || read -r title 2>/dev/null <"/proc/$one/cmdline" || :
        case $title in sshd*": $1 "* | sshd*": $1@"*) found="$found $one" ;; esac
    done
    sp_procs=$found
}

# sp_none_of UID: whether nothing has that id (as its real one), by the kernel's own list: getpriority(2) goes
# through it to its end, where whatever is new is put, so that nothing can step behind it. Ends with
# 0 if so, 1 if something has, 2 where nobody can ask.
sp_none_of() {
    local none=2 complaint
    if sp_has perl; then
        none=0
        # 3 is ESRCH on every Linux.
        # shellcheck disable=SC2016
        sp_within 20 perl -e '$! = 0; my $n = getpriority(2, $ARGV[0]); exit($! == 3 ? 0 : $! ? 2 : 1)' "$1" 2>/dev/null || none=$?
    fi
    case $none in
        0 | 1) ;;
        *)
            # What is asked about is about to be killed, and may well be nicer until then.
            none=2
            case $1 in '' | 0* | *[!0-9]*) return 2 ;; esac
            complaint=$(sp_within 20 renice -n 19 -u "$1" 2>&1 >/dev/null) && none=1
            case $complaint in *'No such process'*) none=0 ;; esac
            ;;
    esac
    return "$none"
}

# sp_ids_alive FIRST COUNT: sets sp_ids to the first thousand of these ids that something has as its real one, by
# the kernel's word on each. Where nobody can ask that often, by the list of processes.
sp_ids_alive() {
    sp_ids=''
    if sp_has perl; then
        # shellcheck disable=SC2016
        sp_ids=$(sp_within 60 perl -e 'for ($ARGV[0] .. $ARGV[0] + $ARGV[1] - 1) { $! = 0; getpriority(2, $_); print "$_\n" if $! != 3 } print "asked\n"' "$1" "$2" 2>/dev/null) || :
    elif sp_has renice && sp_has seq; then
        # Each that it finds is a line, and each that it does not find another, on standard error.
        # shellcheck disable=SC2016
        sp_ids=$(sp_within 60 /bin/sh -c 'seq "$1" $(($1 + $2 - 1)) | LC_ALL=C xargs renice -n 19 -u; echo asked' sh "$1" "$2" 2>/dev/null | sed 's/ .*//') || :
    fi
    case $sp_ids in
        *asked) sp_ids=$(printf '%s' "${sp_ids%asked}" | head -n 1000) ;;
        *)
            set +f
            sp_ids=$(grep -hs -e '^Uid:' /proc/[0-9]*/status | awk -v from="$1" -v count="$2" '
                $2 >= from && $2 < from + count && !seen[$2]++ && n++ < 1000 { print $2 }') || :
            set -f
            ;;
    esac
}

# Sets sp_nobody to an id that no account and no process has; Debian and systemd give these to nobody.
sp_find_nobody() {
    [ -z "${sp_nobody:-}" ] || return 0
    for sp_nobody in 65533 65532 65531 65530 65529 65528 65527 65526; do
        sp_passwd "$sp_nobody"
        sp_of_uid "$sp_nobody"
        case $sp_t$sp_procs in *[0-9]*) ;; *) return 0 ;; esac
    done
    sp_nobody=''
}

# Sets sp_v to the same for perl: an id that no account and no process has, as its real or its saved one.
# shellcheck disable=SC2016
sp_perl_nobody() {
    sp_v='
        sub nobody {
            my %has;
            opendir my $all, "/proc" or return;
            for (grep { /^\d+$/ } readdir $all) {
                open my $status, "<", "/proc/$_/status" or next;
                while (<$status>) {
                    next unless /^Uid:\s+(\d+)\s+\d+\s+(\d+)/;
                    $has{$1} = $has{$2} = 1;
                    last;
                }
            }
            for my $id (reverse 65526 .. 65533) {
                next if $has{$id} or defined getpwuid $id;
                $! = 0;
                my $nice = getpriority(2, $id);
                return $id if $! == 3;
            }
            return;
        }'
}

# sp_end_uid UID: kills everything of that id, and again, until the kernel has none, for ten seconds at
# most. Needs root. Sets sp_left to 0 when there is none, else to how many are to be seen, and at least 1;
# and sp_had_any to 0 where there was none to begin with.
#
# Who sends the signal has UID as its effective id alone, and as its real one an id that nobody has:
# what is to be killed cannot kill it first. It has no power of root left, which is looked at: with that,
# or with root as the real id, the signal would kill the whole server.
sp_end_uid() {
    local said=3 one
    sp_left=1 sp_had_any=1
    case $1 in '' | 0* | *[!0-9]*) return 0 ;; esac
    if sp_has perl; then
        said=0
        sp_perl_nobody
        # shellcheck disable=SC2016
        one=$(perl -e "$sp_v"'
            alarm 60;
            my ($uid, $nobody, $bare) = @ARGV;
            $nobody ||= nobody();
            exit 3 unless $nobody;
            $| = 1;
            print $nobody;
            $) = "65534 65534";
            ($<, $>) = ($nobody, $uid);
            exit 3 if $uid < 1 or $nobody < 1 or $< != $nobody or $> != $uid;
            open my $status, "<", "/proc/self/status" or exit 3;
            while (<$status>) { $bare = 1 if /^CapEff:\s*0+$/ }
            exit 3 unless $bare;
            $! = 0;
            my $first = getpriority(2, $uid);
            my $had = $! != 3;
            for (1 .. 200) {
                kill "KILL", -1;
                $! = 0;
                my $nice = getpriority(2, $uid);
                exit($had ? 0 : 4) if $! == 3;
                select undef, undef, undef, $_ < 10 ? 0.004 : 0.05;
            }
            exit 1' "$1" "${sp_nobody:-}" 2>/dev/null 9>&-) || said=$?
        case $one in '' | *[!0-9]*) ;; *) sp_nobody=$one ;; esac
    fi
    case $said in
        0 | 1) ;;
        4) said=0 sp_had_any=0 ;;
        *)
            said=0
            sp_end_uid_as_itself "$1" || said=1
            ;;
    esac
    sp_left=0
    [ "$said" != 0 ] || return 0
    sp_of_uid "$1"
    for one in $sp_procs; do sp_left=$((sp_left + 1)); done
    [ "$sp_left" -gt 0 ] || sp_left=1
}

# sp_end_uids UID...: kills what has any of these ids until the kernel has none of any, three times one after the other: what
# runs under one of them could hand itself over to another by a setuid program, and to one that was empty before. Ends
# with 1 where that cannot be said.
sp_end_uids() {
    sp_has perl || return 1
    sp_perl_nobody
    # shellcheck disable=SC2016
    perl -e "$sp_v"'
        alarm 60;
        my ($nobody, @ids) = @ARGV;
        $nobody ||= nobody();
        exit 3 unless $nobody;
        my $calm = 0;
        for (1 .. 200) {
            my $any = 0;
            for my $uid (@ids) {
                exit 3 if $uid < 1 or $nobody < 1;
                $! = 0;
                my $nice = getpriority(2, $uid);
                next if $! == 3;
                $any = 1;
                my $child = fork;
                exit 3 unless defined $child;
                if ($child) { waitpid $child, 0; exit 3 if $?; next }
                my $bare;
                $) = "65534 65534";
                ($<, $>) = ($nobody, $uid);
                exit 3 if $< != $nobody or $> != $uid;
                open my $status, "<", "/proc/self/status" or exit 3;
                while (<$status>) { $bare = 1 if /^CapEff:\s*0+$/ }
                exit 3 unless $bare;
                kill "KILL", -1;
                exit 0;
            }
            $calm = $any ? 0 : $calm + 1;
            exit 0 if $calm == 3;
            select undef, undef, undef, 0.02 if $any;
        }
        exit 1' "${sp_nobody:-}" "$@" 2>/dev/null 9>&-
}

# The same without perl. Whoever sends the signal can be killed first, so that some are ended one by one.
sp_end_uid_as_itself() {
    local round=0
    while :; do
        # shellcheck disable=SC2016
        sp_within 20 setpriv --reuid="$1" --clear-groups -- /bin/sh -c '
            while read -r key value; do [ "$key" != CapEff: ] || power=$value; done </proc/self/status
            case ${power:-x} in *[!0]*) exit 3 ;; esac
            kill -KILL -1' 2>/dev/null || :
        sp_of_uid "$1"
        # shellcheck disable=SC2086
        [ -z "$sp_procs" ] || kill -KILL $sp_procs 2>/dev/null || :
        ! sp_none_of "$1" || return 0
        round=$((round + 1))
        [ "$round" -lt 60 ] || return 1
        sleep 0.1 2>/dev/null || {
            round=$((round + 9))
            sleep 1
        }
    done
}
