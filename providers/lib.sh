# shellcheck shell=sh disable=SC2034,SC2154
# What the built-in providers share. Definitions only, apart from a few lines at the top.
# POSIX sh. Run on: dash 0.5.11 (Debian 11), 0.5.12 (Debian 12, 13), bash 5.2 and busybox ash 1.35;
# against OpenSSH 8.4p1, 9.2p1 and 10.0p2.
# Sent behind a prelude that assigns every sp_ input, inside `{ set -eu; ...; } </dev/null`.

# An input that the environment happened to hold would stay exported: take it away before any child.
unset sp_secret
sp_secret=$sp_password
unset sp_password CDPATH ENV BASH_ENV
unset -f printf getent useradd usermod userdel 2>/dev/null || :
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
export LC_ALL PATH
umask 077
set -f
cd /
trap 'sp_exit $?' 0
sp_nl='
'
sp_tab='	'
IFS=" $sp_tab$sp_nl"
sp_out=

# ---- replies -------------------------------------------------------------------------------------

# sp_say KEY VALUE: one line of the reply. Kept back until the verb is done.
sp_say() {
    sp_said=$2
    case $sp_said in *[[:cntrl:]]*) sp_said=$(printf '%s' "$sp_said" | tr -d '\000-\037\177') ;; esac
    sp_out=$sp_out$1=$sp_said$sp_nl
}

# sp_bool KEY COMMAND...: whether the command succeeds.
sp_bool() {
    sp_asked=$1
    shift
    if "$@" >/dev/null 2>&1; then sp_say "$sp_asked" true; else sp_say "$sp_asked" false; fi
}

sp_flush() {
    printf '%s' "$sp_out"
    sp_out=
}

# sp_refuse ID SENTENCE: nothing was changed; once sp_changed is set it is no refusal any more.
sp_refuse() {
    [ -z "${sp_changed:-}" ] || sp_fail "$1" "$2"
    sp_out=''
    sp_say reason_id "$1"
    sp_say reason "$2"
    sp_flush
    sp_refused=1
    exit 10
}

# sp_fail ID SENTENCE: something was changed or is left; what is known so far is said.
sp_fail() {
    sp_say reason_id "$1"
    sp_say reason "$2"
    sp_flush
    exit 20
}

# What a provider has to put away however it ends; it may define its own.
sp_tidy() { :; }

# The same, once the lock is given back that it held.
sp_was_held() { :; }

# Runs at every end. Status 10 means "refused, nothing changed": a program that happened to end with
# it under `set -e` must not be taken for us.
sp_exit() {
    sp_status=$1
    sp_tidy || :
    # What goes on beside the verb ends with it.
    sp_beside_wait
    sp_unlock || :
    [ -z "${sp_held:-}" ] || sp_was_held || :
    [ -z "${sp_refused:-}" ] || exit 10
    case $sp_status in
        0 | 20) exit "$sp_status" ;;
    esac
    if [ "$sp_status" = 126 ]; then
        sp_say reason_id no-programs
        sp_say reason "This shell may not start programs: \`noexec\` in sudoers, or a disk that is mounted with \`noexec\`."
    else
        sp_say reason_id unexpected
        sp_say reason "A program on the server ended with status $sp_status where it should not have."
    fi
    sp_flush
    exit 21
}

# Waits for what goes on beside the verb (sp_beside), if anything does.
sp_beside_wait() {
    [ -z "${sp_beside:-}" ] || wait "$sp_beside" 2>/dev/null || :
    sp_beside=''
}

sp_has() { command -v "$1" >/dev/null 2>&1; }

# ---- inputs --------------------------------------------------------------------------------------

sp_number() {
    case $2 in '' | *[!0-9]*) sp_refuse bad-input "The input $1 is not a number." ;; esac
}

# 'type base64' and nothing else, or empty.
sp_key_input() {
    case $2 in
        '') return 0 ;;
        *[!A-Za-z0-9+/=@.\ -]* | *' '*' '* | ' '* | *' ' | -*) ;;
        ssh-*' '?* | ecdsa-*' '?* | sk-*' '?*) return 0 ;;
    esac
    sp_refuse bad-input "The input $1 is not a public key."
}

# What every verb checks before it believes its inputs: they end up in files that sshd reads.
sp_check_inputs() {
    case $sp_grant in '' | *[!0-9a-z]*) sp_refuse bad-input 'The grant id is not of the form [0-9a-z]+.' ;; esac
    case $sp_access in sftp | sftp-read-only | ssh) ;; *) sp_refuse bad-input 'The kind of access is unknown.' ;; esac
    case $sp_expiry_form in utc | local | none) ;; *) sp_refuse bad-input 'The form of the expiry time is unknown.' ;; esac
    case $sp_from in *[!0-9A-Fa-f.:/,]*) sp_refuse bad-input 'The list of addresses is not made of CIDR blocks.' ;; esac
    case $sp_path in
        '' | /*) ;;
        *) sp_refuse bad-input 'The shop folder is not an absolute path.' ;;
    esac
    case $sp_path in *[[:cntrl:]]*) sp_refuse bad-input 'The path of the shop folder has a control character.' ;; esac
    sp_key_input sp_public_key "$sp_public_key"
    sp_key_input sp_check_key "$sp_check_key"
    sp_number sp_deadline "$sp_deadline"
    case ${sp_tag:=} in *[!0-9a-z]*) sp_refuse bad-input 'The authentication of the mark is not of the form [0-9a-z]*.' ;; esac
    case ${sp_at_end:=kill} in kill | drain) ;; *) sp_refuse bad-input 'What happens at the deadline is neither kill nor drain.' ;; esac
    sp_number sp_drain "${sp_drain:=0}"
    sp_number sp_walk_seconds "${sp_walk_seconds:=0}"
    sp_number sp_uses_from "${sp_uses_from:=0}"
    case ${sp_baseline_digest:=} in *[!0-9a-f]*) sp_refuse bad-input 'The digest of the baseline is not made of 0-9 and a-f.' ;; esac
    sp_number sp_check_until "${sp_check_until:=0}"
    case ${sp_trial:=} in *[!0-9a-z]*) sp_refuse bad-input 'The number of the trial is not of the form [0-9a-z]*.' ;; esac
}

# A stalled client must not open what was decided too long ago.
sp_fence() {
    sp_number sp_not_after "$sp_not_after"
    sp_now=$(date +%s)
    [ "$sp_now" -le "$sp_not_after" ] ||
        sp_refuse too-late 'The request reached the server after its own time limit; nothing was done.'
    sp_uptime
    sp_fence_up=$sp_up
}

# Sets sp_up to the seconds since the server started, or to nothing. No process is started for it,
# and nobody sets that clock.
sp_uptime() {
    sp_up=''
    [ ! -r /proc/uptime ] || read -r sp_up sp_l 2>/dev/null </proc/uptime || sp_up=''
    sp_up=${sp_up%%.*}
    case $sp_up in *[!0-9]*) sp_up='' ;; esac
}

# sp_note_ended PREFIX NOTHING_WAS_MADE: an `open` that is still on its way must not make what was
# closed before it arrived. Where nothing had been made yet, closing leaves a note, with the time
# until which such a request may start; notes whose time is over go.
sp_note_ended() {
    case $sp_not_after in '' | *[!0-9]*) sp_not_after=0 ;; esac
    sp_now=$(date +%s)
    set +f
    for sp_a in "$1"*; do
        sp_v=
        [ ! -f "$sp_a" ] || read -r sp_v <"$sp_a" || :
        case $sp_v in '' | *[!0-9]*) ;; *) [ "$sp_v" -ge "$sp_now" ] || rm -f -- "$sp_a" ;; esac
    done
    set -f
    [ "$2" = true ] && [ "$sp_not_after" -ge "$sp_now" ] || return 0
    printf '%s\n' "$sp_not_after" >"$1$sp_grant"
}

sp_not_ended() {
    [ ! -e "$1$sp_grant" ] || sp_refuse too-late 'This grant was closed before the request to open it arrived; nothing was done.'
}

# sp_late: whether that time is over. Asked again right before every step that lets somebody in.
sp_late() {
    sp_uptime
    if [ -n "$sp_up" ] && [ -n "$sp_fence_up" ]; then
        # Both clocks were cut to whole seconds: the doubt is ours.
        [ $((sp_now + sp_up - sp_fence_up)) -ge "$sp_not_after" ]
    else
        [ "$(date +%s)" -gt "$sp_not_after" ]
    fi
}
sp_late_id=too-late
sp_late_why='The time limit of the request ran out on the server before the decisive step.'

# ---- one at a time -------------------------------------------------------------------------------

# sp_lock FOLDER: holds that folder for the rest of the verb, or fails within about twenty seconds.
# With flock(1) the kernel lets go whatever happens to us. Sets sp_held once it is held.
sp_lock() {
    sp_busy=0 sp_held=''
    if sp_has flock; then
        while :; do
            # A folder that is made for the lock goes with whoever held it.
            [ -z "${sp_lock_makes:-}" ] || mkdir -m 0700 -- "$1" 2>/dev/null || :
            # A redirection that fails would end the shell.
            if [ ! -r "$1" ] || [ ! -d "$1" ]; then break; fi
            exec 9<"$1"
            sp_r=0
            flock -n 9 2>/dev/null || sp_r=$?
            case $sp_r in
                0)
                    # The folder may have been replaced while we waited.
                    # shellcheck disable=SC3013 # every sh named above has -ef
                    if [ ! -d /proc/self/fd ] || [ /proc/self/fd/9 -ef "$1" ]; then
                        sp_held=1
                        return 0
                    fi
                    sp_wait_turn
                    ;;
                1) sp_wait_turn ;;
                *) break ;;
            esac
        done
    fi
    sp_lock_by_name "$1/.stagepass-lock"
}

sp_wait_turn() {
    sp_busy=$((sp_busy + 1))
    # What cannot wait even for whoever is at work, right away or after the whole time. Only a close and the failsafe name it, and
    # other verbs are not sent it.
    [ "$sp_busy" != 1 ] || "${sp_never_waits:-:}"
    [ "$sp_busy" -lt 100 ] || "${sp_cannot_wait:-:}"
    [ "$sp_busy" -lt 100 ] || sp_fail busy 'Another stagepass has been at work here for twenty seconds.'
    sleep 0.2 2>/dev/null || {
        sp_busy=$((sp_busy + 4))
        sleep 1
    }
}

# Without flock(1): a folder that holds the name of its holder. Renaming a folder over an empty one
# is one step, and so is removing the name of a holder that died: each has one winner.
sp_lock_by_name() {
    sp_alive "$$"
    sp_lock_me=$$-$sp_born
    rm -rf -- "$1.$$"
    mkdir -p -- "$1.$$/$sp_lock_me" 2>/dev/null || {
        "${sp_never_waits:-:}"
        sp_fail no-lock "No lock can be made in ${1%/*}."
    }
    while ! mv -T -- "$1.$$" "$1" 2>/dev/null; do
        set +f
        for sp_a in "$1"/*; do
            sp_v=${sp_a##*/}
            case $sp_v in
                '*') ;;
                *-*)
                    sp_alive "${sp_v%%-*}"
                    [ "$sp_v" = "${sp_v%%-*}-$sp_born" ] || rmdir -- "$sp_a" 2>/dev/null || :
                    ;;
            esac
        done
        set -f
        if [ "$sp_busy" -ge 98 ]; then rm -rf -- "$1.$$"; fi
        sp_wait_turn
    done
    sp_lock_name=$1 sp_held=1
}

# sp_alive PID: sets sp_born to when that process began and in which boot; empty if it is gone.
sp_alive() {
    sp_born='' sp_l=''
    [ ! -r "/proc/$1/stat" ] || read -r sp_l 2>/dev/null <"/proc/$1/stat" || :
    [ -n "$sp_l" ] || return 0
    # The name in the second field may hold blanks and brackets; the rest cannot.
    # shellcheck disable=SC2086
    set -- ${sp_l##*) }
    [ "$1" != Z ] || return 0
    shift 19
    sp_born=$1
    sp_l=''
    [ ! -r /proc/sys/kernel/random/boot_id ] || read -r sp_l </proc/sys/kernel/random/boot_id || :
    sp_born=$sp_born-$sp_l
}

sp_unlock() {
    [ -n "${sp_lock_name:-}" ] || return 0
    rmdir -- "$sp_lock_name/$sp_lock_me" 2>/dev/null || return 0
    rmdir -- "$sp_lock_name" 2>/dev/null || :
    sp_lock_name=''
}

# ---- where sshd looks for keys --------------------------------------------------------------------

# sp_key_path ENTRY HOME NAME [UID]: sets sp_v to that entry of AuthorizedKeysFile as it is for one account
# (TOKENS in sshd_config(5)); a relative one is left relative. Ends with 1 at a token that is not known.
sp_key_path() {
    sp_v='' sp_r=$1
    while :; do
        case $sp_r in
            *%*)
                sp_v=$sp_v${sp_r%%%*}
                sp_r=${sp_r#*%}
                ;;
            *)
                sp_v=$sp_v$sp_r
                return 0
                ;;
        esac
        case $sp_r in
            h*) sp_v=$sp_v$2 ;;
            u*) sp_v=$sp_v$3 ;;
            U*) if [ -n "${4:-}" ]; then sp_v=$sp_v$4; else return 1; fi ;;
            %*) sp_v=$sp_v% ;;
            *) return 1 ;;
        esac
        sp_r=${sp_r#?}
    done
}

# ---- times (no process is started for the UTC form) ----------------------------------------------

# sp_civil SECONDS: sets sp_stamp to YYYYMMDDHHMMSS of that second, counted as UTC.
sp_civil() {
    sp_d=$(($1 / 86400))
    sp_r=$(($1 % 86400))
    sp_z=$((sp_d + 719468))
    sp_era=$((sp_z / 146097))
    sp_doe=$((sp_z - sp_era * 146097))
    sp_yoe=$(((sp_doe - sp_doe / 1460 + sp_doe / 36524 - sp_doe / 146096) / 365))
    sp_doy=$((sp_doe - (365 * sp_yoe + sp_yoe / 4 - sp_yoe / 100)))
    sp_mp=$(((5 * sp_doy + 2) / 153))
    sp_day=$((sp_doy - (153 * sp_mp + 2) / 5 + 1))
    if [ "$sp_mp" -lt 10 ]; then sp_mon=$((sp_mp + 3)); else sp_mon=$((sp_mp - 9)); fi
    sp_year=$((sp_yoe + sp_era * 400))
    [ "$sp_mon" -gt 2 ] || sp_year=$((sp_year + 1))
    sp_stamp=$sp_year
    for sp_n in "$sp_mon" "$sp_day" $((sp_r / 3600)) $((sp_r % 3600 / 60)) $((sp_r % 60)); do
        if [ "$sp_n" -lt 10 ]; then sp_stamp=${sp_stamp}0$sp_n; else sp_stamp=$sp_stamp$sp_n; fi
    done
}

# sp_offset SECONDS: sets sp_off to the local offset from UTC at that instant.
sp_offset() {
    sp_tz=$(date -d "@$1" +%z)
    sp_h=${sp_tz#?}
    sp_m=${sp_h#??}
    sp_h=${sp_h%"$sp_m"}
    sp_off=$((${sp_h#0} * 3600 + ${sp_m#0} * 60))
    case $sp_tz in -*) sp_off=$((-sp_off)) ;; esac
}

# sp_expiry SECONDS: sets sp_stamp to what sshd is to be told.
# Before 9.1 sshd reads the time with mktime() and tm_isdst=0, that is in the zone's *standard* time
# even in summer. The smallest offset of the four quarters of a year is that one in every zone with
# ordinary summer time; where it is not, the smallest offset is early, never late. It also makes
# local times that happen twice or not at all unambiguous.
sp_expiry() {
    case $sp_expiry_form in
        utc)
            sp_civil "$1"
            sp_stamp=${sp_stamp}Z
            ;;
        local)
            sp_least=
            for sp_at in "$1" $(($1 + 7884000)) $(($1 + 15768000)) $(($1 + 23652000)); do
                sp_offset "$sp_at"
                if [ -z "$sp_least" ] || [ "$sp_off" -lt "$sp_least" ]; then sp_least=$sp_off; fi
            done
            sp_civil $(($1 + sp_least))
            ;;
        none) sp_stamp= ;;
    esac
}

# ---- key lines -----------------------------------------------------------------------------------

# sp_key_line KEY UNTIL FROM NAME: appends one authorized_keys line to sp_lines. With sp_gate=true
# the key leads to the gate and nowhere else; NAME is `own` for the key that only proves the login.
sp_key_line() {
    # Dropbear knows restrict, and does not know how to take pty out of it.
    if [ "$sp_restrict" = 1 ] && [ "${sp_kind:-}" != dropbear ]; then
        sp_o=restrict
        [ "$sp_access" != ssh ] || sp_o=$sp_o,pty
    else
        sp_o=no-port-forwarding,no-X11-forwarding,no-agent-forwarding
        [ "$sp_access" = ssh ] || sp_o=$sp_o,no-pty
    fi
    sp_c=
    if [ "${sp_gate:-false}" = true ]; then
        sp_gate_command "$4"
        sp_c=$sp_v
    else
        case $sp_access in
            sftp) sp_c=internal-sftp ;;
            sftp-read-only) sp_c='internal-sftp -R' ;;
        esac
        case $sp_c:$sp_start in
            :* | *: | *:*[!A-Za-z0-9_./-]*) ;;
            *) sp_c="$sp_c -d $sp_start" ;;
        esac
    fi
    [ -z "$sp_c" ] || sp_o="$sp_o,command=\"$sp_c\""
    [ -z "$3" ] || sp_o="$sp_o,from=\"$3\""
    sp_expiry "$2"
    [ -z "$sp_stamp" ] || sp_o="$sp_o,expiry-time=\"$sp_stamp\""
    sp_lines="$sp_lines$sp_o $1 stagepass:$sp_grant$sp_nl"
}

# Sets sp_lines to every key line this grant should have. The key that only proves the login comes
# from where stagepass is, so the supporter's addresses do not bind it.
sp_key_lines() {
    sp_lines=
    [ -z "$sp_public_key" ] || sp_key_line "$sp_public_key" "$sp_deadline" "$sp_from" ''
    [ -z "$sp_check_key" ] || sp_key_line "$sp_check_key" "$sp_check_until" '' own
}

# ---- everything that one user id runs --------------------------------------------------------------
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
        # shellcheck disable=SC3013 # every sh named above has -ef
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
        ! find / -maxdepth 0 -printf '' 2>/dev/null || sp_gnu=yes
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
    for sp_procs_one; do
        shift
        set -- "$@" -e "$sp_procs_one"
    done
    set +f
    sp_procs=$(grep -ls "$@" /proc/[0-9]*/status) || :
    set -f
    sp_procs_one=''
    for sp_procs_at in $sp_procs; do
        sp_procs_at=${sp_procs_at%/status}
        sp_procs_one="$sp_procs_one ${sp_procs_at#/proc/}"
    done
    sp_procs=$sp_procs_one
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
    sp_procs_one=''
    for sp_procs_at in $sp_procs; do
        sp_process "$sp_procs_at"
        [ "$sp_euid:$sp_ruid" != 0:0 ] || sp_procs_one="$sp_procs_one $sp_procs_at"
    done
    sp_procs=$sp_procs_one
}

# sp_logins_of NAME [PROCESSES]: sets sp_procs to the logins of that account that are just being let in, of all processes of
# OpenSSH or of these: those still run as root, and their title names the account.
sp_logins_of() {
    if [ "$#" = 1 ]; then sp_with_status '^Name:[[:space:]]sshd'; else sp_procs=$2; fi
    sp_only_root
    sp_procs_one=''
    for sp_procs_at in $sp_procs; do
        sp_title=
        [ ! -r "/proc/$sp_procs_at/cmdline" ] || read -r sp_title 2>/dev/null <"/proc/$sp_procs_at/cmdline" || :
        case $sp_title in sshd*": $1 "* | sshd*": $1@"*) sp_procs_one="$sp_procs_one $sp_procs_at" ;; esac
    done
    sp_procs=$sp_procs_one
}

# sp_none_of UID: whether nothing has that id (as its real one), by the kernel's own list: getpriority(2) goes
# through it to its end, where whatever is new is put, so that nothing can step behind it. Ends with
# 0 if so, 1 if something has, 2 where nobody can ask.
sp_none_of() {
    sp_none=2
    if sp_has perl; then
        sp_none=0
        # 3 is ESRCH on every Linux.
        # shellcheck disable=SC2016
        sp_within 20 perl -e '$! = 0; my $n = getpriority(2, $ARGV[0]); exit($! == 3 ? 0 : $! ? 2 : 1)' "$1" 2>/dev/null || sp_none=$?
    fi
    case $sp_none in
        0 | 1) ;;
        *)
            # What is asked about is about to be killed, and may well be nicer until then.
            sp_none=2
            case $1 in '' | 0* | *[!0-9]*) return 2 ;; esac
            sp_procs_one=$(sp_within 20 renice -n 19 -u "$1" 2>&1 >/dev/null) && sp_none=1
            case $sp_procs_one in *'No such process'*) sp_none=0 ;; esac
            ;;
    esac
    return "$sp_none"
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

# sp_end_uid UID: kills everything of that id, and again, until the kernel has none, for ten seconds at
# most. Needs root. Sets sp_left to 0 when there is none, else to how many are to be seen, and at least 1;
# and sp_had_any to 0 where there was none to begin with.
#
# Who sends the signal has UID as its effective id alone, and as its real one an id that nobody has:
# what is to be killed cannot kill it first. It has no power of root left, which is looked at: with that,
# or with root as the real id, the signal would kill the whole server.
sp_end_uid() {
    sp_left=1 sp_end_said=3 sp_had_any=1
    case $1 in '' | 0* | *[!0-9]*) return 0 ;; esac
    sp_find_nobody
    if [ -n "$sp_nobody" ] && sp_has perl; then
        sp_end_said=0
        # shellcheck disable=SC2016
        perl -e '
            alarm 60;
            my ($uid, $nobody, $bare) = @ARGV;
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
            exit 1' "$1" "$sp_nobody" 2>/dev/null 9>&- || sp_end_said=$?
    fi
    case $sp_end_said in
        0 | 1) ;;
        4) sp_end_said=0 sp_had_any=0 ;;
        *)
            sp_end_said=0
            sp_end_uid_as_itself "$1" || sp_end_said=1
            ;;
    esac
    sp_left=0
    [ "$sp_end_said" != 0 ] || return 0
    sp_of_uid "$1"
    for sp_procs_one in $sp_procs; do sp_left=$((sp_left + 1)); done
    [ "$sp_left" -gt 0 ] || sp_left=1
}

# sp_end_uids UID...: kills what has any of these ids until the kernel has none of any, three times one after the other: what
# runs under one of them could hand itself over to another by a setuid program, and to one that was empty before. Ends
# with 1 where that cannot be said.
sp_end_uids() {
    sp_find_nobody
    [ -n "$sp_nobody" ] && sp_has perl || return 1
    # shellcheck disable=SC2016
    perl -e '
        alarm 60;
        my ($nobody, @ids) = @ARGV;
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
        exit 1' "$sp_nobody" "$@" 2>/dev/null 9>&-
}

# The same without perl. Whoever sends the signal can be killed first, so that some are ended one by one.
sp_end_uid_as_itself() {
    sp_end_round=0
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
        sp_end_round=$((sp_end_round + 1))
        [ "$sp_end_round" -lt 60 ] || return 1
        sleep 0.1 2>/dev/null || {
            sp_end_round=$((sp_end_round + 9))
            sleep 1
        }
    done
}

# ---- facts ---------------------------------------------------------------------------------------

# sp_process PID: sets sp_ppid, sp_euid and sp_ruid.
sp_process() {
    sp_ppid=0 sp_euid='' sp_ruid=''
    [ -r "/proc/$1/status" ] || return 0
    while read -r sp_k sp_v sp_w sp_r; do
        case $sp_k in
            PPid:) sp_ppid=$sp_v ;;
            Uid:)
                sp_euid=$sp_w sp_ruid=$sp_v
                break
                ;;
        esac
    done <"/proc/$1/status" || :
}

# Reads sp_title, the title of a listener of OpenSSH: sets sp_title_sshd, sp_title_f and sp_title_o;
# the first is empty where it is none.
sp_title_words() {
    sp_title_sshd='' sp_title_f='' sp_title_o='' sp_w=''
    case $sp_title in 'sshd: /'*' [listener] '*) ;; *) return 0 ;; esac
    for sp_a in ${sp_title#sshd: }; do
        case $sp_w$sp_a in
            # What follows -E or -h is a path, too.
            /*) [ -n "$sp_title_sshd" ] || sp_title_sshd=$sp_a ;;
            -f/*) sp_title_f=${sp_a#-f} ;;
            -o?*=*) sp_title_o="$sp_title_o -o ${sp_a#-o}" ;;
            '[listener]') break ;;
        esac
        case $sp_a in -f | -o) sp_w=$sp_a ;; *) sp_w= ;; esac
    done
}

# sp_title_of PID: the same for a process.
sp_title_of() {
    sp_title=
    [ ! -r "/proc/$1/cmdline" ] || read -r sp_title 2>/dev/null <"/proc/$1/cmdline" || :
    sp_title_words
}

# Sets sp_listening to every listener of OpenSSH that root runs here, and not in some container.
sp_listeners() {
    sp_listening=''
    sp_of_root '^Name:[[:space:]]sshd'
    for sp_l in $sp_procs; do
        # shellcheck disable=SC3013 # every sh named above has -ef
        [ "/proc/$sp_l/root" -ef / ] || continue
        sp_title_of "$sp_l"
        [ -z "$sp_title_sshd" ] || sp_listening="$sp_listening $sp_l"
    done
}

# The sshd that let us in, if any: its binary and its own -f and -o arguments, from its title.
# A process title proves nothing unless the process is root's or our own.
sp_find_sshd() {
    sp_sshd='' sp_sshd_f='' sp_sshd_o='' sp_came=${SSH_CONNECTION:-} sp_above='' sp_kind=''
    sp_p=$PPID
    sp_i=0
    while [ "$sp_p" -gt 0 ] && [ "$sp_i" -lt 16 ]; do
        sp_i=$((sp_i + 1))
        sp_title=
        [ ! -r "/proc/$sp_p/cmdline" ] || read -r sp_title <"/proc/$sp_p/cmdline" || :
        sp_process "$sp_p"
        [ ! -r "/proc/$sp_p/environ" ] || sp_above="$sp_above /proc/$sp_p/environ"
        sp_title_words
        if [ -n "$sp_title_sshd" ] && { [ "$sp_euid" = 0 ] || [ "$sp_euid" = "$sp_uid" ]; }; then
            sp_sshd=$sp_title_sshd sp_sshd_f=$sp_title_f sp_sshd_o=$sp_title_o
            break
        fi
        sp_l=
        [ ! -r "/proc/$sp_p/comm" ] || read -r sp_l 2>/dev/null <"/proc/$sp_p/comm" || :
        [ "$sp_l" != dropbear ] || sp_kind=dropbear
        sp_p=$sp_ppid
    done
    # sudo takes SSH_CONNECTION away; the session above it still has it.
    if [ -z "$sp_came" ] && [ -n "$sp_above" ]; then
        # shellcheck disable=SC2086
        sp_came=$(grep -zsh '^SSH_CONNECTION=' $sp_above 2>/dev/null | tr '\000' '\n') || :
        sp_came=${sp_came%%"$sp_nl"*}
        sp_came=${sp_came#SSH_CONNECTION=}
    fi
    case $sp_came in *[!0-9A-Za-z.:%\ ]*) sp_came='' ;; esac
    if [ -z "$sp_sshd" ] || [ ! -x "$sp_sshd" ]; then
        sp_sshd=
        for sp_a in /usr/sbin/sshd /usr/local/sbin/sshd /sbin/sshd /usr/bin/sshd /run/current-system/sw/bin/sshd; do
            if [ -x "$sp_a" ]; then
                sp_sshd=$sp_a
                break
            fi
        done
    fi
    if [ -n "$sp_kind" ]; then
        :
    elif [ -n "$sp_sshd" ]; then
        sp_kind=openssh
    elif sp_has dropbear; then
        sp_kind=dropbear
    else
        sp_kind=other
    fi
}

# sp_settings USER: asks sshd itself, as it would decide for that user, and sets sp_s_*.
# -d makes it say its version too, so that one process answers both.
sp_settings() {
    sp_s_ok=false sp_s_version='' sp_s_keys='' sp_s_keys_cmd='' sp_s_pam='' sp_s_password='' sp_s_kbd='' sp_s_pubkey=''
    sp_s_allow_users='' sp_s_allow_groups='' sp_s_deny_users='' sp_s_deny_groups='' sp_s_force='' sp_s_chroot=''
    sp_s_key_kinds=''
    sp_s_sftp='' sp_s_strict='' sp_s_sessions='' sp_s_penalties='' sp_s_methods='' sp_s_ports='' sp_s_forward='' sp_s_streams=''
    [ -n "$sp_sshd" ] || return 0
    # shellcheck disable=SC2086 # the connection and the listener's -o words are split on purpose
    set -- "$1" $sp_came
    sp_addr=${sp_from%%,*}
    sp_addr=${sp_addr%%/*}
    [ -n "$sp_addr" ] || sp_addr=${2:-127.0.0.1}
    sp_c=user=$1,host=$sp_addr,addr=$sp_addr
    [ -z "${5:-}" ] || sp_c=$sp_c,laddr=$4,lport=$5
    sp_t=
    # One host key is enough to be asked, and loading an RSA key is half of the time it takes.
    [ -n "$sp_sshd_f" ] || [ ! -r /etc/ssh/ssh_host_ed25519_key ] || sp_sshd_o="$sp_sshd_o -h /etc/ssh/ssh_host_ed25519_key"
    # shellcheck disable=SC2086
    sp_t=$("$sp_sshd" -T ${sp_sshd_f:+-f "$sp_sshd_f"} $sp_sshd_o -d -C "$sp_c" 2>&1) || :
    sp_how=T
    case $sp_t in
        *authorizedkeysfile*) ;;
        *)
            # The host keys are root's alone. -G (9.3 and later) reads the settings without them, and
            # without Match blocks; before that it makes sshd say its version at least.
            sp_how=G
            # shellcheck disable=SC2086
            sp_t=$sp_t$sp_nl$("$sp_sshd" -G ${sp_sshd_f:+-f "$sp_sshd_f"} $sp_sshd_o 2>&1) || :
            ;;
    esac
    IFS=$sp_nl
    for sp_l in $sp_t; do
        sp_v=${sp_l#* }
        sp_v=${sp_v%"${sp_v##*[! ]}"}
        case $sp_l in
            'debug1: sshd version '*)
                sp_v=${sp_v#sshd version }
                sp_s_version=${sp_v%%,*}
                ;;
            OpenSSH_*) sp_s_version=${sp_l%%,*} ;;
            'authorizedkeysfile '*)
                sp_s_keys=$sp_v
                [ "$sp_how" = G ] || sp_s_ok=true
                ;;
            'authorizedkeyscommand '*) sp_s_keys_cmd=$sp_v ;;
            'usepam '*) sp_s_pam=$sp_v ;;
            'passwordauthentication '*) sp_s_password=$sp_v ;;
            'kbdinteractiveauthentication '* | 'challengeresponseauthentication '*) sp_s_kbd=$sp_v ;;
            'pubkeyauthentication '*) sp_s_pubkey=$sp_v ;;
            'pubkeyacceptedalgorithms '* | 'pubkeyacceptedkeytypes '*) sp_s_key_kinds=$sp_v ;;
            'allowusers '*) sp_s_allow_users="$sp_s_allow_users${sp_s_allow_users:+ }$sp_v" ;;
            'allowgroups '*) sp_s_allow_groups="$sp_s_allow_groups${sp_s_allow_groups:+ }$sp_v" ;;
            'denyusers '*) sp_s_deny_users="$sp_s_deny_users${sp_s_deny_users:+ }$sp_v" ;;
            'denygroups '*) sp_s_deny_groups="$sp_s_deny_groups${sp_s_deny_groups:+ }$sp_v" ;;
            'forcecommand '*) sp_s_force=$sp_v ;;
            'chrootdirectory '*) sp_s_chroot=$sp_v ;;
            'subsystem sftp '*) sp_s_sftp=${sp_v#sftp } ;;
            'strictmodes '*) sp_s_strict=$sp_v ;;
            'maxsessions '*) sp_s_sessions=$sp_v ;;
            'persourcepenalties '*) sp_s_penalties=$sp_v ;;
            'authenticationmethods '*) sp_s_methods="$sp_s_methods${sp_s_methods:+ }$sp_v" ;;
            'allowtcpforwarding '*) sp_s_forward=$sp_v ;;
            'allowstreamlocalforwarding '*) sp_s_streams=${sp_s_streams:-$sp_v} ;;
            'disableforwarding yes') sp_s_forward=no sp_s_streams=no ;;
            'port '*) sp_s_ports="$sp_s_ports${sp_s_ports:+ }$sp_v" ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_force_fit [COMMAND]: whether sshd leaves the sessions of whom it was asked about to the command on
# the key, or to COMMAND. Sets sp_force_why. What it forces goes before what a key says, so that no
# session would meet the gate, and nothing of what is granted would be kept.
sp_force_fit() {
    sp_force_why=''
    case $sp_s_force in '' | none) return 0 ;; esac
    [ "$sp_s_force" != "${1:-}" ] || return 0
    sp_force_why="sshd forces a command of its own on this account (ForceCommand $sp_s_force), which goes before the gate."
    return 1
}

# Whether the settings of sshd can be others for one account than for another. What is included elsewhere is not
# looked through.
sp_settings_differ() {
    set +f
    set -- "${sp_sshd_f:-/etc/ssh/sshd_config}" /etc/ssh/sshd_config.d/*.conf
    set -f
    # The file that comes first may include the folder of the others, and nobody else may include anything.
    sp_t=$(grep -HisE '^[[:space:]]*(match|include)[[:space:]="]' -- "$@" | grep -ivE "^[^:]*/sshd_config:[[:space:]]*include[[:space:]]+/etc/ssh/sshd_config\\.d/\\*\\.conf[[:space:]]*\$") || :
    [ -n "$sp_t" ]
}

# Sets sp_server to the program that serves SFTP, or to nothing, and sp_umask to what it is told of modes. A
# shell or a wrapper may stand around it: the last word that is such a program counts.
sp_sftp_server() {
    sp_server='' sp_umask='' sp_w=''
    sp_t=$sp_s_sftp
    case $sp_t in *[\"\'\\\;\&\|]*) sp_t=$(printf '%s' "$sp_t" | tr -d '\042\047\134' | tr ';&|' '   ') ;; esac
    for sp_a in $sp_t; do
        case $sp_a in */sftp-server) [ ! -x "$sp_a" ] || sp_server=$sp_a ;; esac
        case $sp_w in
            -u | umask) case $sp_a in '' | *[!0-7]* | ?????*) ;; *) sp_umask=$sp_a ;; esac ;;
        esac
        sp_w=$sp_a
    done
    [ -z "$sp_server" ] || return 0
    for sp_server in /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server \
        /usr/libexec/sftp-server /usr/lib/sftp-server; do
        [ ! -x "$sp_server" ] || return 0
    done
    sp_server=''
}

sp_whoami() {
    sp_process "$$"
    sp_uid=$sp_euid
    [ -n "$sp_uid" ] || sp_uid=$(id -u)
}

# sp_passwd KEY...: sets sp_t to the passwd lines of these names or ids.
sp_passwd() {
    if sp_has getent; then
        sp_t=$(getent passwd "$@") || :
    else
        sp_t=
        for sp_a in "$@"; do
            sp_t=$sp_t$sp_nl$(grep -E "^($sp_a:|[^:]*:[^:]*:$sp_a:)" /etc/passwd) || :
        done
    fi
}

sp_os() {
    sp_id='' sp_version=''
    for sp_a in /etc/os-release /usr/lib/os-release; do
        [ -r "$sp_a" ] || continue
        while IFS= read -r sp_l; do
            sp_v=${sp_l#*=}
            sp_v=${sp_v#[\"\']}
            sp_v=${sp_v%[\"\']}
            case $sp_l in
                ID=*) sp_id=$sp_v ;;
                VERSION_ID=*) sp_version=$sp_v ;;
            esac
        done <"$sp_a"
        break
    done
}

# The name in /etc/hosts only: a resolver may take its time.
sp_fqdn() {
    sp_fq=$1
    case $1 in *.*) return 0 ;; esac
    [ -n "$1" ] && [ -r /etc/hosts ] || return 0
    sp_i=0
    while read -r sp_a sp_l && [ "$sp_i" -lt 200 ]; do
        sp_i=$((sp_i + 1))
        sp_t='' sp_w=''
        for sp_v in ${sp_l%%#*}; do
            case $sp_v in
                "$1") sp_t=1 ;;
                "$1".?*) sp_fq=$sp_v && return 0 ;;
                *.*) [ -n "$sp_w" ] || sp_w=$sp_v ;;
            esac
        done
        if [ -n "$sp_t" ] && [ -n "$sp_w" ]; then
            sp_fq=$sp_w
            return 0
        fi
    done </etc/hosts
    return 0
}

# Sets sp_now_at to where the path of the shop leads now, links resolved, or to nothing.
sp_path_now() {
    sp_now_at=''
    [ -n "$sp_path" ] && cd -P "$sp_path" 2>/dev/null || return 0
    sp_now_at=$PWD
    cd /
}

# Names under which a web server serves the shop folder, a folder above it, or its public folder
# below it; without a shop folder, every name it serves. Best effort: includes and variables are not followed.
sp_served_as() {
    sp_served=
    sp_real=$sp_path
    if [ -n "$sp_path" ] && cd -P "$sp_path" 2>/dev/null; then
        sp_real=$PWD
        cd /
    fi
    set +f
    set --
    for sp_a in /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*.conf /etc/nginx/nginx.conf \
        /etc/apache2/sites-enabled/*.conf /etc/httpd/conf.d/*.conf /etc/httpd/conf/httpd.conf \
        /etc/apache2/vhosts.d/*.conf; do
        [ ! -f "$sp_a" ] || [ ! -r "$sp_a" ] || [ "$#" -ge 200 ] || set -- "$@" "$sp_a"
    done
    set -f
    [ "$#" -gt 0 ] || return 0
    sp_served=$(SP_P=$sp_path SP_Q=$sp_real awk '
        function under(a, b) { return index(b "/", a "/") == 1 }
        function near(r) {
            gsub(/["\047;\r]|[ \t]+$/, "", r); sub(/\/+$/, "", r)
            if (r !~ /^\//) return 0
            return under(r, p) || under(r, q) || under(p, r) || under(q, r)
        }
        function flush() { if (ok || p == "") all = all names; names = ""; ok = 0 }
        BEGIN { p = ENVIRON["SP_P"]; q = ENVIRON["SP_Q"]; sub(/\/+$/, "", p); sub(/\/+$/, "", q) }
        NR > 20000 { exit }
        FNR == 1 { flush() }
        { sub(/^[ \t]+/, ""); w = tolower($1) }
        w ~ /^server\{?$/ || w ~ /^<\/?virtualhost/ { flush() }
        w == "server_name" || w == "servername" || w == "serveralias" {
            for (i = 2; i <= NF; i++) {
                n = $i; sub(/;.*/, "", n); sub(/^[a-z]+:\/\//, "", n); sub(/:[0-9]+$/, "", n)
                if (n != "" && n != "_" && n !~ /[^A-Za-z0-9._*~-]/) names = names "," n
                if ($i ~ /;/) break
            }
        }
        w == "root" || w == "documentroot" { sub(/^[^ \t]+[ \t]+/, ""); if (near($0)) ok = 1 }
        END { flush(); print substr(all, 2, 4000) }' "$@" 2>/dev/null) || :
}

# ---- the shop folder, as facts -------------------------------------------------------------------

# What the shop folder is, for policy to judge; nothing is judged here. Sets sp_real to its path without
# links, and to nothing where it cannot be entered.
sp_folder() {
    sp_real=''
    [ -n "$sp_path" ] || return 0
    sp_bool path_exists [ -d "$sp_path" ]
    [ -d "$sp_path" ] && cd -P "$sp_path" 2>/dev/null || return 0
    sp_real=$PWD
    cd /
    case $sp_real in
        # A reply has no place for it.
        *[[:cntrl:]]*)
            sp_real=''
            return 0
            ;;
        //*) sp_real=${sp_real#/} ;;
    esac
    sp_say path_real "$sp_real"
    set -- "$sp_real"
    sp_p=${sp_real%/*}
    while [ -n "$sp_p" ]; do
        set -- "$@" "$sp_p"
        sp_p=${sp_p%/*}
    done
    sp_t=$(stat -L -c '%d:%i:%u/%u %g %a/%U/%G' -- "$@" 2>/dev/null) || :
    sp_w='' sp_uid_of=''
    IFS=$sp_nl
    for sp_l in $sp_t; do
        sp_v=${sp_l#*/}
        if [ -z "$sp_w" ]; then
            sp_say path_id "${sp_l%%/*}"
            sp_say path_rights "${sp_v%%/*}"
            sp_uid_of=${sp_v%% *}
            sp_v=${sp_v#*/}
            sp_say path_owner "${sp_v%%/*}"
            sp_say path_group "${sp_v#*/}"
            sp_w=1
        else
            sp_say path_above "${sp_v%%/*} $1"
        fi
        shift
    done
    IFS=" $sp_tab$sp_nl"
    # Some file systems count none.
    sp_v=$(stat -f -c '%c-%d' -- "$sp_real" 2>/dev/null) || sp_v=''
    case $sp_v in *[!0-9-]* | '' | -* | *-) ;; *) sp_say path_inodes $((${sp_v%-*} - ${sp_v#*-})) ;; esac
    sp_folder_mounts
    sp_folder_homes
    sp_folder_signs
    sp_folder_web "$sp_uid_of"
    sp_folder_root
}

# On which kind of file system it is, and by which other paths the same folder is reached (bind mounts).
sp_folder_mounts() {
    [ -r /proc/self/mountinfo ] || return 0
    sp_t=$(SP_P=$sp_real awk '
        function plain(s) { gsub(/\\040/, " ", s); gsub(/\\011/, "\t", s); gsub(/\\012/, "?", s); gsub(/\\134/, "\\", s); return s }
        function below(a, b) { return b == "/" || a == b || index(a, b "/") == 1 }
        function join(a, b) { if (a == "/") a = ""; return (a b == "") ? "/" : a b }
        BEGIN { p = ENVIRON["SP_P"]; k = 0; best = 0 }
        {
            n++; at[n] = plain($5); root[n] = plain($4); dev[n] = $3
            type[n] = $0; sub(/^.* - /, "", type[n]); sub(/ .*/, "", type[n])
            if (below(p, at[n]) && length(at[n]) >= best) { best = length(at[n]); k = n }
        }
        END {
            if (!k) exit
            print type[k]
            inner = join(root[k], at[k] == "/" ? p : substr(p, length(at[k]) + 1))
            for (i = 1; i <= n; i++) {
                if (dev[i] != dev[k] || !below(inner, root[i])) continue
                q = join(at[i], root[i] == "/" ? inner : substr(inner, length(root[i]) + 1))
                if (q != p && !seen[q]++ && ++said <= 10) print q
            }
        }' /proc/self/mountinfo 2>/dev/null) || :
    IFS=$sp_nl
    for sp_l in $sp_t; do
        case $sp_l in
            /*) sp_say path_alias "$sp_l" ;;
            *) sp_say path_file_system "$sp_l" ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
}

# The accounts whose home or login keys it holds, or in whose home it is: RELATION NAME UID SHELL PATH.
sp_folder_homes() {
    sp_i=0
    if [ -e "$sp_real/.ssh" ]; then sp_say path_home "keys - - - $sp_real/.ssh"; fi
    sp_t=$(cat /etc/passwd)
    IFS=$sp_nl
    for sp_l in $sp_t; do
        sp_k=${sp_l%%:*}
        sp_w=${sp_l#*:*:}
        sp_w=${sp_w%%:*}
        sp_v=${sp_l##*:}
        sp_h=${sp_l%:*}
        sp_h=${sp_h##*:}
        case $sp_h in /?*) ;; *) continue ;; esac
        if cd -P "$sp_h" 2>/dev/null; then sp_h=$PWD; fi
        sp_k="$sp_k ${sp_w:--} ${sp_v:--}"
        case $sp_h/ in
            "${sp_real%/}"/*) sp_i=$((sp_i + 1)) && sp_say path_home "holds $sp_k $sp_h" ;;
        esac
        case $sp_real/ in
            "${sp_h%/}"/*) sp_i=$((sp_i + 1)) && sp_say path_home "in $sp_k $sp_h" ;;
        esac
        # Whoever writes where a .ssh leads writes login files.
        sp_v=$sp_h/.ssh
        if cd -P "$sp_v" 2>/dev/null; then
            sp_v=$PWD
            case $sp_v/:$sp_real/ in
                "${sp_real%/}"/*:* | *:"$sp_v"/*) sp_i=$((sp_i + 1)) && sp_say path_home "keys $sp_k $sp_v" ;;
            esac
        fi
        [ "$sp_i" -lt 40 ] || break
    done
    IFS=" $sp_tab$sp_nl"
    cd /
}

# Files by which a shop is known, in the folder or in its public folder.
sp_folder_signs() {
    sp_t=''
    for sp_a in index.php composer.json wp-config.php wp-load.php bin/magento app/etc app/Mage.php config/settings.inc.php \
        bin/console artisan configuration.php system/startup.php sites/default package.json index.html \
        public/index.php pub/index.php web/index.php htdocs/index.php httpdocs/index.php public_html/index.php; do
        [ ! -e "$sp_real/$sp_a" ] || sp_t="$sp_t${sp_t:+ }$sp_a"
    done
    sp_say path_signs "$sp_t"
}

# sp_folder_web UID: whether a web server or PHP that root started runs as the folder's owner. Anybody can
# call a process what they like; so its parent counts, too.
sp_folder_web() {
    case $1 in '' | 0 | *[!0-9]*) return 0 ;; esac
    [ "$1" -lt 1000 ] || return 0
    sp_v=false
    set +f
    sp_t=$(grep -lxs -e apache2 -e httpd -e nginx -e 'php-fpm.*' -e lighttpd -e lsphp -e caddy -e litespeed /proc/[0-9]*/comm) || :
    set -f
    for sp_a in $sp_t; do
        sp_a=${sp_a%/comm}
        sp_process "${sp_a#/proc/}"
        [ "$sp_euid" = "$1" ] || continue
        sp_process "$sp_ppid"
        if [ "$sp_euid" = 0 ]; then sp_v=true && break; fi
    done
    sp_say path_web_owner "$sp_v"
}

# Files by which root runs programs that are in the folder: crontabs, units, sudo's rules.
sp_folder_root() {
    set +f
    set -- /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/root /var/spool/cron/root /var/spool/cron/tabs/root \
        /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* /etc/rc.local /etc/sudoers /etc/sudoers.d/* \
        /etc/systemd/system/*.service /etc/systemd/system/*.service.d/*.conf /lib/systemd/system/*.service
    set -f
    sp_t=$(grep -lsF -e "$sp_real" -e "${sp_path%/}" -- "$@") || :
    [ -n "$sp_t" ] || return 0
    IFS=$sp_nl
    set --
    for sp_l in $sp_t; do
        case $sp_l in */stagepass-*) ;; *) [ ! -f "$sp_l" ] || set -- "$@" "$sp_l" ;; esac
    done
    IFS=" $sp_tab$sp_nl"
    [ "$#" -gt 0 ] || return 0
    sp_t=$(SP_P=${sp_real%/} SP_Q=${sp_path%/} awk '
        function base(w) { sub(/^.*\//, "", w); return w }
        function inside(w) { gsub(/^["\047(]+/, "", w); return index(w, p "/") == 1 || index(w, q "/") == 1 }
        function here(w) { gsub(/["\047;)]/, "", w); sub(/\/+$/, "", w); return w == p || w == q || inside(w) }
        # Whether root would run something in the folder: as the command, by an interpreter, or after cd.
        function runs(s,   n, a, i, w, first, by, there) {
            if (s ~ /(^|[ \t\/])(su|runuser|setpriv|chpst|gosu)[ \t]/ || s ~ /sudo[ \t]+(-[^ \t]+[ \t]+)*-u/) return 0
            gsub(/&&|\|\||[;|&({]/, " ; ", s)
            n = split(s, a, /[ \t]+/); first = 1; by = 0; there = 0
            for (i = 1; i <= n; i++) {
                w = a[i]
                if (w == "") continue
                if (w == ";") { first = 1; by = 0; continue }
                if (first && w == "cd") { if (here(a[i + 1])) there = 1; first = 0; continue }
                if (first && w ~ /^[A-Za-z_][A-Za-z0-9_]*=/) continue
                if ((first || by) && inside(w)) return 1
                if (there && first && w ~ /^[.]/) return 1
                if (there && by && w ~ /^[^-\/<>]/) return 1
                if (base(w) ~ /^(php[0-9.]*|sh|bash|dash|ksh|zsh|python[0-9.]*|perl|ruby|node|env|nice|ionice|nohup|time|flock|timeout|exec|source|[.])$/ && (first || by)) { by = 1; first = 0; continue }
                if (by && (w ~ /^-/ || w ~ /^[0-9]+[smhd]?$/ || w ~ /\.lock$/)) continue
                first = 0; by = 0
            }
            return 0
        }
        function done() { if (file != "" && hit && !other) print file; hit = 0; other = 0 }
        BEGIN { p = ENVIRON["SP_P"]; q = ENVIRON["SP_Q"] }
        FNR == 1 { done(); file = FILENAME }
        FNR > 5000 || /^[ \t]*#/ { next }
        FILENAME ~ /\.(service|conf)$/ {
            if ($0 ~ /^User=/ && $0 !~ /^User=(root|0)?$/) other = 1
            if ($0 ~ /^Exec[A-Za-z]*=/) { s = $0; sub(/^[^=]*=[-@:+!]*/, "", s); if (runs(s)) hit = 1 }
            next
        }
        FILENAME ~ /sudoers/ {
            if ($0 !~ /\(/ || $0 ~ /\([ \t]*(root|ALL|#0)/) for (i = 2; i <= NF; i++) if (inside($i)) hit = 1
            next
        }
        FILENAME == "/etc/crontab" || FILENAME ~ /^\/etc\/cron\.d\// {
            s = $0; u = $1 ~ /^@/ ? 2 : 6
            if ($u != "root") next
            for (i = 1; i <= u; i++) sub(/^[ \t]*[^ \t]+/, "", s)
            if (runs(s)) hit = 1
            next
        }
        FILENAME ~ /^\/var\/spool\// {
            s = $0; u = $1 ~ /^@/ ? 1 : 5
            for (i = 1; i <= u; i++) sub(/^[ \t]*[^ \t]+/, "", s)
            if (runs(s)) hit = 1
            next
        }
        { if (runs($0)) hit = 1 }
        END { done() }' "$@" 2>/dev/null) || :
    sp_i=0
    for sp_l in $sp_t; do
        sp_i=$((sp_i + 1))
        [ "$sp_i" -le 10 ] || break
        sp_say path_root_runs "$sp_l"
    done
}

# sp_facts USER: everything both providers report. USER is whom sshd is asked about.
sp_facts() {
    sp_whoami
    sp_os
    sp_say os_id "$sp_id"
    sp_say os_version "$sp_version"
    sp_v=
    read -r sp_v 2>/dev/null </proc/sys/kernel/osrelease || :
    sp_say kernel "${sp_v:-$(uname -r)}"
    sp_host=
    read -r sp_host 2>/dev/null </proc/sys/kernel/hostname || :
    [ -n "$sp_host" ] || sp_host=$(uname -n)
    sp_fqdn "$sp_host"
    sp_say hostname "$sp_host"
    sp_say fqdn "$sp_fq"
    sp_say uid "$sp_uid"
    sp_passwd "$sp_uid" ${1:+"$1"}
    sp_me='' sp_my_home=${HOME:-} sp_account_line=''
    IFS=$sp_nl
    for sp_l in $sp_t; do
        IFS=:
        # shellcheck disable=SC2086
        set -- "${1:-}" $sp_l
        IFS=$sp_nl
        if [ "$4" = "$sp_uid" ] && [ -z "$sp_me" ]; then sp_me=$2 sp_my_home=$7; fi
        if [ "$2" = "$1" ]; then sp_account_line=$sp_l; fi
    done
    IFS=" $sp_tab$sp_nl"
    sp_say user "$sp_me"
    sp_say home "$sp_my_home"
    sp_t=$(date +'%s %Z %z')
    sp_say clock "${sp_t%% *}"
    sp_v=
    if [ -L /etc/localtime ]; then
        sp_v=$(readlink /etc/localtime) || :
        case $sp_v in */zoneinfo/*) sp_v=${sp_v##*/zoneinfo/} ;; *) sp_v= ;; esac
    elif [ -r /etc/timezone ]; then
        read -r sp_v </etc/timezone || :
    fi
    sp_say zone "${sp_v:+$sp_v }${sp_t#* }"

    sp_find_sshd
    sp_settings "${1:-$sp_me}"
    sp_say sshd_path "$sp_sshd"
    sp_say sshd_config "$sp_sshd_f"
    sp_say sshd_version "$sp_s_version"
    sp_say sshd_settings "$sp_s_ok"
    sp_say authorized_keys_file "$sp_s_keys"
    sp_say authorized_keys_command "$sp_s_keys_cmd"
    sp_say use_pam "$sp_s_pam"
    sp_say password_authentication "$sp_s_password"
    sp_say kbd_interactive "$sp_s_kbd"
    sp_say pubkey_authentication "$sp_s_pubkey"
    sp_say pubkey_algorithms "$sp_s_key_kinds"
    sp_say allow_users "$sp_s_allow_users"
    sp_say allow_groups "$sp_s_allow_groups"
    sp_say deny_users "$sp_s_deny_users"
    sp_say deny_groups "$sp_s_deny_groups"
    sp_say force_command "$sp_s_force"
    sp_say chroot_directory "$sp_s_chroot"
    sp_say sftp_subsystem "$sp_s_sftp"
    sp_say strict_modes "$sp_s_strict"
    sp_say max_sessions "$sp_s_sessions"
    sp_say per_source_penalties "$sp_s_penalties"
    sp_say authentication_methods "$sp_s_methods"
    sp_say allow_tcp_forwarding "$sp_s_forward"
    sp_say ports "$sp_s_ports"

    sp_bool has_setfacl sp_has setfacl
    sp_bool has_chage sp_has chage
    sp_bool has_pkill sp_has pkill
    sp_bool has_loginctl sp_has loginctl
    sp_bool has_systemd [ -d /run/systemd/system ]
    sp_bool has_cron sp_has crontab
    sp_bool has_flock sp_has flock
    sp_v=none
    if [ -r /sys/fs/selinux/enforce ]; then
        read -r sp_v </sys/fs/selinux/enforce || :
        if [ "$sp_v" = 1 ]; then sp_v=enforcing; else sp_v=permissive; fi
    fi
    sp_say selinux "$sp_v"

    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_folder
    sp_served_as
    sp_say path_served_as "$sp_served"
}
