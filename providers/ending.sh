# shellcheck shell=sh disable=SC2034,SC2154
# What ends an access on the server by itself: the gate in front of every session, and the failsafe
# that closes when nobody else does. Definitions only; needs lib.sh.
#
# A provider sets first:
#   sp_base      the folder of every grant: /var/lib/stagepass, or ~/.stagepass
#   sp_dir       the folder of this one, $sp_base/$sp_grant
# and may define for the failsafe, after this file was read:
#   sp_in_use    whether somebody is still in
#   sp_lock_access   lets nobody new in; called while work goes on after the deadline
#   sp_when_busy     what cannot wait for a lock that somebody else holds
# `open` and `update` are sent with sp_gate_source and sp_source (the text of all this).

# sp_put FILE MODE TEXT: the whole text in one step, or nothing. Ends with 1 on a full or read-only disk.
sp_put() {
    if [ -e "$1.new" ] || [ -L "$1.new" ]; then rm -f -- "$1.new" 2>/dev/null || :; fi
    # Most modes are what a umask leaves; where a folder gives its own, and for programs, chmod is asked.
    case $2 in 644) umask 022 ;; esac
    sp_put_is=''
    ! { printf '%s' "$3" >"$1.new"; } 2>/dev/null || sp_put_is=$(stat -c '%s %a' -- "$1.new" 2>/dev/null) || :
    umask 077
    case $sp_put_is in
        "${#3} $2") mv -f -- "$1.new" "$1" && return 0 ;;
        "${#3} "*) chmod "$2" -- "$1.new" && mv -f -- "$1.new" "$1" && return 0 ;;
    esac
    rm -f -- "$1.new" 2>/dev/null || :
    return 1
}

# sp_plain TEXT: sets sp_v to it on one line, without control characters.
sp_plain() {
    sp_v=$1
    case $sp_v in *[[:cntrl:]]*) sp_v=$(printf '%s' "$sp_v" | tr '\000-\037\177' ' ') ;; esac
}

# sp_quote TEXT: sets sp_v to one word of a shell script.
sp_quote() {
    sp_v='' sp_w=$1
    while :; do
        case $sp_w in
            *\'*)
                sp_v="$sp_v${sp_w%%\'*}'\\''"
                sp_w=${sp_w#*\'}
                ;;
            *) break ;;
        esac
    done
    sp_v="'$sp_v$sp_w'"
}

# sp_settle FILE...: what was just written is to outlive a power cut; a folder stands for what was made,
# renamed and removed in it. What is not there does not matter. Before coreutils 8.24 there is no sync
# of files: it does everything.
sp_settle() {
    IFS=$sp_nl
    # shellcheck disable=SC2086
    set -- "$@" ${sp_unsettled:-}
    IFS=" $sp_tab$sp_nl"
    sp_unsettled=''
    # Of nothing it would be everything.
    [ "$#" -gt 0 ] || return 0
    sync -- "$@" 2>/dev/null || :
}

# sp_settle_soon FILE...: the same with the next that is settled. For what is needed only if that is there, too.
sp_settle_soon() { for sp_settle_one; do sp_unsettled=${sp_unsettled:-}$sp_settle_one$sp_nl; done; }

# ---- the gate ------------------------------------------------------------------------------------

# sp_gate_install: writes gate, gate.conf, ends and the log into sp_dir. Read from the provider:
#   sp_g_shell   the program for shells and commands
#   sp_g_start   where SFTP starts, or empty
#   sp_g_folder  what SFTP is shut into where that works, or empty; sp_g_alias another path of it, or empty
#   sp_confined  false until sp_gate_confine was asked
# Ends with 1 when a file could not be written. Sets sp_gate (whether it can be used) and sp_gate_why.
sp_gate_install() {
    sp_gate=false sp_gate_why=''
    # The failsafe needs it, too.
    sp_ends_write || return 1
    sp_sftp_server
    if [ "$sp_gate_wanted" != 1 ]; then
        sp_gate_why='It was not wanted.'
        return 0
    fi
    case $sp_access:$sp_server in
        sftp*:) sp_gate_why='This server has no sftp-server program, which the gate would start.' && return 0 ;;
    esac
    # The path stands in key lines and in a shell's command.
    case $sp_dir in *[!A-Za-z0-9_./@+-]*) sp_gate_why="The path $sp_dir has a character that cannot stand in a key line." && return 0 ;; esac
    sp_put "$sp_dir/gate" 755 "$sp_gate_source$sp_nl" || return 1
    sp_gate_conf || return 1
    sp_logs_new=1
    for sp_a in uses talk; do
        [ ! -e "$sp_dir/$sp_a" ] || sp_logs_new=0
        [ -e "$sp_dir/$sp_a" ] || { : >"$sp_dir/$sp_a"; } 2>/dev/null || return 1
    done
    if ! "$sp_dir/gate" --here >/dev/null 2>&1; then
        sp_gate_why='Programs in its folder cannot be run (a file system mounted noexec).'
        return 0
    fi
    sp_gate=true
}

sp_gate_conf() {
    sp_plain "$sp_case"
    sp_k=$sp_v
    sp_plain "$sp_ask"
    sp_w=0
    [ "${sp_confined:-false}" = false ] || sp_w=1
    # sftp-server knows %d and %u in this path.
    sp_l='' sp_r=${sp_g_start:-}
    while :; do
        case $sp_r in
            *%*)
                sp_l=$sp_l${sp_r%%%*}%%
                sp_r=${sp_r#*%}
                ;;
            *) break ;;
        esac
    done
    # The login that proves the access comes from where this was sent from, until its key is gone.
    sp_a='' sp_o=''
    if [ "${sp_check_until:-0}" -gt 0 ]; then
        sp_o=$sp_trial
        [ -z "${sp_came:-}" ] || sp_a="${sp_came%% *} $sp_check_until"
    fi
    sp_put "$sp_dir/gate.conf" 644 "grant=$sp_grant
access=$sp_access
shell=$sp_g_shell
sftp_server=$sp_server
subsystem=${sp_s_sftp:-}
start=$sp_l$sp_r
folder=${sp_g_folder:-}
alias=${sp_g_alias:-}
confine=$sp_w
case=$sp_k
ask=$sp_v
own=$sp_a
alone=${sp_g_alone:-0}
umask=${sp_umask:-}
trial=$sp_o
"
}

# After the trial: the gate forgets its word, and that our address is its own.
sp_trial_over() {
    [ -r "$sp_dir/gate.conf" ] || return 0
    sp_t=$(sed -e 's/^own=.*/own=/' -e 's/^trial=.*/trial=/' "$sp_dir/gate.conf") || return 1
    sp_put "$sp_dir/gate.conf" 644 "$sp_t$sp_nl"
}

# sp_trial_clear FOLDER [UID GID]: takes away the file that a trial wrote which was cut off before it removed it. Others
# may write there, and anything can have that name by now. So this is done as the account itself, which reaches
# no more than whoever could swap it, and what goes is the account's, has no other name, and holds what the
# trial writes or its beginning. As root only where nobody else can write.
sp_trial_clear() {
    [ -n "$1" ] && [ -d "$1" ] && [ -r "$sp_dir/gate.conf" ] || return 0
    sp_v=$(sed -n 's/^trial=\([a-z0-9]\{8,40\}\)$/\1/p' "$sp_dir/gate.conf" | head -n 1) || :
    [ -n "$sp_v" ] || return 0
    sp_l=$1 sp_a=${2:-$sp_uid}
    shift
    # shellcheck disable=SC2016
    sp_gate_as "$@" /bin/sh -c '
        cd -P -- "$1" || exit 0
        deep=2
        if [ "$3" = 0 ]; then
            [ -z "$(find . -maxdepth 0 "(" ! -user 0 -o -perm -020 -o -perm -002 ")")" ] || exit 0
            deep=1
        fi
        find . -maxdepth "$deep" -type f -user "$3" -links 1 -size -2 -name "$2" -exec /bin/sh -c "$4" "$2" "{}" ";"' \
        sh "$sp_l" ".stagepass-trial-$sp_v" "$sp_a" 'case $0 in "$(cat -- "$1")"*) rm -f -- "$1" ;; esac' >/dev/null 2>&1 || :
}

# Whether the gate itself wrote down that it answered the trial: its line in the log, with this number.
# The log is read from its end; only the gate's own answer can have brought the number there.
sp_trial_say() {
    [ -n "$sp_trial" ] || return 0
    sp_bool trial_seen sp_trial_seen
}
sp_trial_seen() {
    [ -r "$sp_dir/uses" ] && tail -c 100000 "$sp_dir/uses" | grep -qaE "^[0-9]+ [^ ]+ own trial $sp_trial\$"
}

# sp_gate_log GID: the log of an account that is not ourselves. It may add to it; where the file
# system knows that attribute, it can do nothing else. Sets sp_uses_safe.
sp_gate_log() {
    sp_uses_safe=false
    [ "${sp_logs_new:-0}" = 1 ] || chattr -a "$sp_dir/uses" "$sp_dir/talk" 2>/dev/null || :
    chown "0:$1" -- "$sp_dir/uses" "$sp_dir/talk" && chmod 620 -- "$sp_dir/uses" "$sp_dir/talk" || return 1
    if chattr +a "$sp_dir/uses" "$sp_dir/talk" 2>/dev/null; then sp_uses_safe=true; fi
}

# sp_gate_confine [UID GID]: asks the gate, as that account, whether SFTP can be shut into sp_g_folder.
# Sets sp_confined and sp_confine_why, and writes the answer down.
sp_gate_confine() {
    sp_confined=false sp_confine_why=''
    case $sp_access in
        ssh) sp_confine_why='The access includes a shell, which cannot be shut in.' && return 0 ;;
    esac
    if [ -z "${sp_g_folder:-}" ]; then
        sp_confine_why='No folder was named.'
    elif [ "${1:-$sp_uid}" = 0 ]; then
        sp_confine_why='It is an account of root.'
    elif sp_gate_as "$@" "$sp_dir/gate" --try >/dev/null 2>&1; then
        sp_confined=true
        sp_gate_conf
    else
        sp_confine_why='This server does not let an ordinary account make namespaces and mounts of its own.'
    fi
}

# sp_gate_as [UID GID] COMMAND...: as that account, or as we are.
sp_gate_as() {
    case $1 in
        [0-9]*)
            sp_has setpriv || return 1
            sp_v=$1 sp_w=$2
            shift 2
            set -- setpriv --reuid="$sp_v" --regid="$sp_w" --init-groups -- "$@"
            ;;
    esac
    ! sp_has timeout || set -- timeout 20 "$@"
    "$@" </dev/null 9>&-
}

# Whether an ordinary account could be shut in at all; nothing is left of the try. For `detect`.
sp_can_confine() {
    sp_confine_why=''
    for sp_a in unshare mount umount pivot_root setpriv; do
        sp_has "$sp_a" || { sp_confine_why="This server has no $sp_a program." && return 1; }
    done
    set --
    [ "$sp_uid" != 0 ] || set -- 65534 65534
    sp_gate_as "$@" unshare -U -r -m /bin/sh -c 'mount -t tmpfs -o size=64k,nr_inodes=16 stagepass /tmp && cd /tmp && mkdir usr was &&
        mount --rbind /usr usr && mount -o remount,bind,ro /tmp && pivot_root . was && ! [ -e /tmp ]' >/dev/null 2>&1 && return 0
    sp_confine_why='This server does not let an ordinary account make namespaces and mounts of its own.'
    return 1
}

# sp_gate_command NAME: sets sp_v to the command that is forced: on the supporter's key (NAME is
# empty), on the one that only proves the login (`own`), on an account with any credential (`any`).
sp_gate_command() { sp_v="$sp_dir/gate ${sp_tag:--}${1:+ $1}"; }

sp_gate_present() { [ -x "$sp_dir/gate" ] && [ -r "$sp_dir/gate.conf" ] && [ -r "$sp_dir/ends" ]; }

# What is logged is kept with the folder; removing that is the provider's last step.
# sp_gate_remove [FILE...]: and these, where there is a gate.
sp_gate_remove() {
    [ -e "$sp_dir/gate" ] || [ -e "$sp_dir/gate.conf" ] || [ -e "$sp_dir/uses" ] || [ -e "$sp_dir/talk" ] || return 0
    [ ! -e "$sp_dir/uses" ] || chattr -a "$sp_dir/uses" "$sp_dir/talk" 2>/dev/null || :
    rm -f -- "$sp_dir/gate" "$sp_dir/gate.conf" "$sp_dir/gate.new" "$sp_dir/gate.conf.new" "$sp_dir/ends.new" "$sp_dir/uses" "$sp_dir/talk" "$@"
}

# ---- when it ends --------------------------------------------------------------------------------

sp_ends_write() {
    sp_v=$sp_deadline
    [ "$sp_at_end" != drain ] || sp_v=$((sp_deadline + sp_drain))
    sp_put "$sp_dir/ends" 644 "deadline=$sp_deadline${sp_nl}hard=$sp_v$sp_nl"
}

# Now, for everybody, unless it was over before. The first thing a close does.
sp_ends_now() {
    [ -d "$sp_dir" ] || return 0
    sp_ends_read
    sp_now=$(date +%s)
    [ "$sp_now" -ge "$sp_end_deadline" ] || sp_end_deadline=$sp_now
    [ "$sp_now" -lt "$sp_end_hard" ] || return 0
    # Without that file the gate lets nobody in, either.
    sp_put "$sp_dir/ends" 644 "deadline=$sp_end_deadline${sp_nl}hard=$sp_now$sp_nl" || rm -f -- "$sp_dir/ends"
}

# Sets sp_end_deadline and sp_end_hard; 0, that is over, where the file does not say.
sp_ends_read() {
    sp_end_deadline=0 sp_end_hard=0
    [ -r "$sp_dir/ends" ] || return 0
    while IFS= read -r sp_l; do
        case $sp_l in
            *=*[!0-9]*) ;;
            deadline=?*) sp_end_deadline=${sp_l#*=} ;;
            hard=?*) sp_end_hard=${sp_l#*=} ;;
        esac
    done <"$sp_dir/ends"
}

# ---- who is in -----------------------------------------------------------------------------------

# sp_lives PID BEGAN. Where /proc hides from an account its own sshd and sftp-server (hidepid), not to be
# seen is not to be gone: they can be signalled all the same. The gate has the same.
sp_lives() {
    sp_alive "$1"
    [ "${sp_born%%-*}" = "$2" ] || { [ ! -r "/proc/$1/stat" ] && kill -0 "$1" 2>/dev/null; }
}

# The connections that came through this gate, by the watcher that each of them has: a process of the
# account that the gate is for (sp_conn_uid, else our own). What it says is that account's word, and
# may not come at all: nobody waits for it for long.
# Sets sp_conns (PID:BEGAN words) and sp_watchers (their process ids).
sp_connections() {
    sp_conns='' sp_watchers=''
    sp_with_status "^Uid:[[:space:]]*[0-9]*[[:space:]]*${sp_conn_uid:-$sp_uid}[[:space:]]"
    set --
    for sp_a in $sp_procs; do set -- "$@" "/proc/$sp_a/cmdline"; done
    [ "$#" -gt 0 ] || return 0
    # The shell would say that it was killed.
    sp_t=$({ sp_within 5 grep -lasF -e "$sp_dir/gate" -- "$@" | head -n 1000; } 2>/dev/null) || :
    sp_mute=0
    for sp_a in $sp_t; do
        # Those that answered once and then no more are not waited for one after the other.
        [ "$sp_mute" -lt 5 ] || break
        sp_l=$({ sp_within 2 head -c 4096 "$sp_a" | tr '\000' ' '; } 2>/dev/null) || :
        [ -n "$sp_l" ] || [ ! -r "$sp_a" ] || sp_mute=$((sp_mute + 1))
        case $sp_l in *"$sp_dir/gate --watch "*) ;; *) continue ;; esac
        # shellcheck disable=SC2086
        set -- ${sp_l##*--watch }
        case ${1:-x}${2:-x} in *[!0-9]*) continue ;; esac
        sp_a=${sp_a%/cmdline}
        sp_watchers="$sp_watchers ${sp_a#/proc/}"
        sp_lives "$1" "$2" || continue
        case " $sp_conns " in *" $1:$2 "*) ;; *) sp_conns="$sp_conns $1:$2" ;; esac
    done
}

sp_in_use() {
    sp_connections
    [ -n "$sp_conns" ]
}
sp_lock_access() { :; }
sp_when_busy() { :; }

# ---- the log -------------------------------------------------------------------------------------

# Says the uses from number sp_uses_from on (the newest thousand), how many there are, and the bytes
# and files that SFTP moved. Whoever is logged may add lines: what is not one of ours is left out. What
# sftp-server says has a file of its own, so that no amount of it hides a use. uses_partial says that this is
# not all: a log was too long to be read, or an sftp-server was ended before it could say what it moved.
sp_uses() {
    # Nobody came.
    if [ ! -s "$sp_dir/uses" ] && [ ! -s "$sp_dir/talk" ]; then
        for sp_a in uses_total bytes_read bytes_written files_read files_written; do sp_say "$sp_a" 0; done
        sp_say uses_partial false
        return 0
    fi
    # Nothing in a log has the character that stands between them.
    sp_t=$({
        sp_log uses
        printf '\n\001\n'
        sp_log talk
    } | awk -v from="${sp_uses_from:-0}" -v cut="$(sp_log_cut)" '
            /^\001$/ { talk = 1; next }
            !talk && /^[0-9]+ [^ ]+ (shell|command|sftp|refused|ended|own)( |$)/ {
                if (++n > from) { line[n] = substr($0, 1, 380); delete line[n - 1000] }
            }
            !talk { next }
            /^(forced )?close ".*" bytes read [0-9]+ written [0-9]+$/ {
                read += $(NF - 2); written += $NF
                if ($(NF - 2) > 0) gets++
                if ($NF > 0) puts++
            }
            /^session opened for local user / { opened++ }
            /^session closed for local user / { closed++ }
            END {
                for (i = n > 1000 ? n - 999 : 1; i <= n; i++) if (i in line) print "use=" line[i]
                printf "uses_total=%d\n", n
                printf "bytes_read=%.0f\nbytes_written=%.0f\nfiles_read=%d\nfiles_written=%d\n", read, written, gets, puts
                print "uses_partial=" (cut != "" || opened > closed ? "true" : "false")
            }'
    ) || :
    sp_out=$sp_out$sp_t$sp_nl
}

sp_log() { if [ -r "$sp_dir/$1" ]; then head -c 64000000 "$sp_dir/$1"; fi | tr -d '\000-\011\013-\037\177'; }
sp_log_cut() { find "$sp_dir/uses" "$sp_dir/talk" -size +64000000c 2>/dev/null | tr -d '\n'; }

# sp_say_lines KEY TEXT: one reply for each line, a thousand at most.
sp_say_lines() {
    [ -n "$2" ] || return 0
    sp_t=$(printf '%s' "$2" | head -n 1000 | tr -d '\000-\011\013-\037\177' | cut -c 1-400 | sed "s/^/$1=/") || :
    sp_out=$sp_out$sp_t$sp_nl
}

# ---- the failsafe --------------------------------------------------------------------------------

# What it is sent with the source; a provider may add names that it needs.
sp_failsafe_inputs='grant account path access public_key has_password deadline expiry_form restrict from keys_file
same_key_before allow_root supporter tag case ask at_end drain walk_seconds baseline_digest gate_wanted'

sp_unit=stagepass-$sp_grant
sp_units=/etc/systemd/system

# Sets sp_failsafe to what will start it on this server (systemd, cron.d, crontab, none) and
# sp_failsafe_why. sp_failsafe_skip holds those that were tried in vain.
sp_failsafe_plan() {
    sp_failsafe=none sp_failsafe_why=''
    if [ "$sp_uid" = 0 ]; then
        case " ${sp_failsafe_skip:-} " in
            *' systemd '*) ;;
            *)
                if [ -d /run/systemd/system ] && sp_has systemctl && [ -w "$sp_units" ]; then
                    sp_failsafe=systemd
                    return 0
                fi
                ;;
        esac
        case " ${sp_failsafe_skip:-} " in
            *' cron.d '*) ;;
            *)
                if [ -d /etc/cron.d ] && [ -w /etc/cron.d ] && sp_cron_runs; then
                    sp_failsafe=cron.d
                    return 0
                fi
                ;;
        esac
    fi
    case " ${sp_failsafe_skip:-} " in
        *' crontab '*) sp_failsafe_why=${sp_cron_why:-A line in the crontab of this account was refused.} && return 0 ;;
    esac
    if ! sp_has crontab; then
        sp_failsafe_why='There is neither systemd nor cron.'
    elif ! sp_cron_runs any; then
        sp_failsafe_why='No cron daemon runs.'
    elif ! sp_crontab_read; then
        sp_failsafe_why=${sp_cron_why:-This account may not have a crontab.}
    else
        sp_failsafe='crontab'
        return 0
    fi
    [ "$sp_uid" = 0 ] || sp_failsafe_why="$sp_failsafe_why This login cannot use systemd for it."
}

# sp_cron_runs [any]: whether somebody runs what stands in cron.d, or in crontabs at all. Where the
# processes of others are not shown, a note of the daemon has to do, or a crontab that is in use already.
sp_cron_runs() {
    sp_cron_any=${1:-}
    set +f
    sp_t=$(grep -slxE 'cron|crond|cronie|fcron|dcron' /proc/[0-9]*/comm) || :
    set -f
    # A supervisor names it, too, and says nothing of what it reads.
    if [ "$sp_cron_any" = any ]; then
        sp_with_status '^Uid:[[:space:]]*0[[:space:]]*0[[:space:]]'
        set --
        for sp_a in $sp_procs; do set -- "$@" "/proc/$sp_a/cmdline"; done
        sp_t=$sp_t$sp_nl$(sp_within 5 grep -slzx crond -- "$@" 2>/dev/null </dev/null) || :
    fi
    for sp_a in $sp_t; do
        sp_a=${sp_a#/proc/}
        # A name alone proves nothing: a process may call itself what it likes.
        sp_process "${sp_a%%/*}"
        [ "$sp_euid" = 0 ] || continue
        [ "$sp_cron_any" != any ] || return 0
        # busybox has one that reads no cron.d.
        case $(readlink "/proc/${sp_a%%/*}/exe") in *busybox*) ;; *) return 0 ;; esac
    done
    [ "$sp_cron_any" = any ] || return 1
    if [ -d /run/systemd/system ] && sp_has systemctl; then
        for sp_a in cron crond cronie cron.target; do
            ! systemctl is-active --quiet "$sp_a" 2>/dev/null || return 0
        done
    fi
    [ ! -d /proc/1 ] || return 1
    for sp_a in /run/crond.pid /run/cron.pid /var/run/crond.pid /var/run/cron.pid; do
        [ ! -e "$sp_a" ] || return 0
    done
    crontab -l 2>/dev/null | grep -v -e '^[[:space:]]*#' -e '/[.]stagepass/' | grep -q '[^[:space:]]'
}

# Writes the file, and what starts it. Sets sp_failsafe and sp_failsafe_why. Ends with 1 when the file
# could not be written.
sp_failsafe_install() {
    sp_failsafe_write || return 1
    sp_failsafe_skip='' sp_failsafe_tried=''
    while :; do
        sp_failsafe_plan
        case $sp_failsafe in
            systemd) ! sp_timer_install || ! sp_failsafe_try || return 0 ;;
            cron.d) ! sp_cron_d_install || ! sp_failsafe_try || return 0 ;;
            crontab) sp_settle && { ! sp_crontab_install || ! sp_failsafe_try || return 0; } ;;
            none)
                sp_settle
                [ -z "$sp_failsafe_tried" ] || sp_failsafe_why="It was tried, and did not answer: $sp_failsafe_tried"
                rm -f -- "$sp_dir/failsafe"
                return 0
                ;;
        esac
        sp_failsafe_take "$sp_failsafe" || :
        sp_failsafe_skip="$sp_failsafe_skip $sp_failsafe"
    done
}

# Starts it as what was just installed would start it: with the environment that systemd or cron makes, and
# in the folder and by the shell that cron takes. It is read to its last line, and answers; it closes nothing.
# Ends with 1, and sp_failsafe_tried says what came instead.
sp_failsafe_try() {
    sp_v=/ sp_w=root
    if [ "$sp_failsafe" = crontab ]; then
        sp_passwd "$sp_uid"
        sp_t=${sp_t%%"$sp_nl"*}
        sp_w=${sp_t%%:*} sp_v=${sp_t%:*}
        sp_v=${sp_v##*:}
    fi
    sp_t=$(
        cd "$sp_v" 2>&1 || exit
        set -- env -i "HOME=$sp_v" "LOGNAME=$sp_w" SHELL=/bin/sh PATH=/usr/bin:/bin /bin/sh -c "exec /bin/sh \"$sp_dir/failsafe\" --answer"
        ! sp_has timeout || set -- timeout 30 "$@"
        "$@" </dev/null 2>&1 9>&-
    ) || :
    [ "$sp_t" != "$sp_failsafe_answer" ] || return 0
    sp_plain "$sp_t"
    sp_failsafe_tried=$(printf '%s' "$sp_v" | cut -c 1-200)
    return 1
}
sp_failsafe_answer="the failsafe of $sp_grant answers"

# The text that closes is the text that opened: the same functions, with the same inputs. It needs nothing
# from whatever starts it.
sp_failsafe_write() {
    # Where there is no gate, nobody else has written it, and without it the time is over.
    [ -e "$sp_dir/ends" ] || sp_ends_write || return 1
    sp_quote "$sp_dir"
    sp_text="#!/bin/sh
# stagepass: closes the access of grant $sp_grant when its time is over, and removes itself.
# Until then it does nothing. To end the access before, run \`stagepass revoke\`, or as root
# set \`deadline=0\` and \`hard=0\` in the file \`ends\` beside this one and run it.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
export PATH
d=$sp_v answer=\${1:-}
look() {
    end=0
    while IFS= read -r l; do
        case \$l in deadline=*[!0-9]*) ;; deadline=?*) end=\${l#*=} ;; esac
    done 2>/dev/null <\"\$d/ends\"
    now=\$(date +%s)
    case \$now in '' | *[!0-9]*) now=0 ;; esac
    rest=\$((end - now))
}
# Cron starts nothing when there is no room for one more file in /tmp. So one of these waits from the beginning. Where there
# is room, cron has two minutes.
if [ \"\$answer\" = wait ]; then
    while [ -e \"\$d/failsafe\" ]; do
        look
        if [ \"\$rest\" -le 0 ]; then
            if [ \"\$rest\" -gt -120 ] && l=\$(mktemp 2>/dev/null); then rm -f \"\$l\"; else /bin/sh \"\$d/failsafe\"; fi
            [ -e \"\$d/failsafe\" ] || exit 0
        fi
        if [ \"\$rest\" -gt 0 ] && [ \"\$rest\" -lt 60 ]; then sleep \"\$rest\"; else sleep 60; fi
    done
    exit 0
fi
umask 077
if [ \"\$answer\" != --answer ]; then
    look
    # Cron comes once a minute: whoever comes last before the deadline waits for it.
    if [ \"\$rest\" -gt 60 ]; then
        if [ \"\$answer\" = cron ]; then
            l=0
            [ ! -r \"\$d/waiter\" ] || read -r l <\"\$d/waiter\"
            if [ ! -O \"/proc/\$l\" ]; then
                setsid /bin/sh \"\$d/failsafe\" wait >/dev/null 2>&1 </dev/null &
                echo \"\$!\" >\"\$d/waiter\"
            fi
        fi
        exit 0
    fi
    [ \"\$rest\" -le 0 ] || sleep \"\$rest\"
    [ -e \"\$d/failsafe\" ] || exit 0
    # One that hangs is ended: systemd forgets its own limit when units are read again meanwhile, and cron has none.
    if [ \"\$answer\" != within ] && timeout --foreground -s KILL 5 true 2>/dev/null; then exec timeout --foreground -s KILL 3600 /bin/sh \"\$d/failsafe\" within; fi
    # A full disk keeps nobody in.
    log=\$d/failsafe.log
    true 2>/dev/null >>\"\$log\" || log=/dev/null
    exec >\"\$log\" 2>&1
fi
{ set -eu
sp_check_key='' sp_check_until=0 sp_trial='' sp_password='' sp_uses_from=0 sp_by_server=1 sp_not_after=0
"
    for sp_a in $sp_failsafe_inputs; do
        eval "sp_quote \"\${sp_$sp_a:-}\""
        sp_text="${sp_text}sp_$sp_a=$sp_v$sp_nl"
    done
    sp_put "$sp_dir/failsafe" 700 "$sp_text$sp_source
[ \"\$answer\" != --answer ] || sp_failsafe_answers
sp_failsafe
exit 0
} </dev/null
" || return 1
    sp_text=''
    # Whoever starts it is settled with it, and it is of no use alone.
    sp_settle_soon "$sp_dir/failsafe" "$sp_dir/ends" "$sp_dir"
}

sp_failsafe_update() { sp_failsafe_install; }

# Sets sp_failsafe to what is there to start it. Ends with 1 when nothing is.
sp_failsafe_present() {
    sp_failsafe=none
    if [ -e "$sp_units/$sp_unit.timer" ]; then
        sp_failsafe=systemd
        systemctl is-active --quiet "$sp_unit.timer" 2>/dev/null || return 1
    elif [ -e "/etc/cron.d/$sp_unit" ]; then
        sp_failsafe=cron.d
    elif sp_has crontab && sp_crontab_read && sp_crontab_ours; then
        sp_failsafe='crontab'
        sp_cron_settings
        [ -z "$sp_cron_set" ] || return 1
    fi
    [ "$sp_failsafe" != none ] && [ -e "$sp_dir/failsafe" ]
}

# Takes away what starts it; the file goes with the folder. The last step of a close but one. Ends with
# 1 where a line stays in a crontab: what that line starts stays too, and tries it again.
sp_failsafe_remove() {
    sp_failsafe_take systemd
    sp_failsafe_take cron.d
    sp_failsafe_take crontab
}

# Whether nothing of it is left.
sp_failsafe_absent() {
    [ ! -e "$sp_units/$sp_unit.timer" ] && [ ! -e "$sp_units/$sp_unit.service" ] && [ ! -e "/etc/cron.d/$sp_unit" ] || return 1
    [ ! -e "$sp_dir/crontab-was" ] || ! sp_has crontab || { sp_crontab_read && ! sp_crontab_ours; }
}

sp_failsafe_take() {
    case $1 in
        systemd)
            set --
            # The link first: what is cut short is found by the others.
            for sp_v in "$sp_units/timers.target.wants/$sp_unit.timer" "$sp_units/$sp_unit.timer" "$sp_units/$sp_unit.service" \
                "$sp_units/$sp_unit.timer.new" "$sp_units/$sp_unit.service.new"; do
                if [ -e "$sp_v" ] || [ -L "$sp_v" ]; then set -- "$@" "$sp_v"; fi
            done
            [ "$#" -gt 0 ] || return 0
            systemctl stop "$sp_unit.timer" >/dev/null 2>&1 || :
            rm -f -- "$@" "/var/lib/systemd/timers/stamp-$sp_unit.timer" || :
            systemctl reset-failed "$sp_unit.service" >/dev/null 2>&1 || :
            systemctl --no-block daemon-reload >/dev/null 2>&1 || :
            ;;
        cron.d)
            set --
            for sp_v in "/etc/cron.d/$sp_unit" "/etc/cron.d/$sp_unit.new"; do
                if [ -e "$sp_v" ] || [ -L "$sp_v" ]; then set -- "$@" "$sp_v"; fi
            done
            [ "$#" = 0 ] || rm -f -- "$@" 2>/dev/null || :
            # It may be what called us; then it sees that there is nothing to wait for any more.
            [ "${sp_by_server:-0}" = 1 ] || ! sp_waiter || kill -KILL "-$sp_waiter" 2>/dev/null || :
            ;;
        crontab) [ ! -e "$sp_dir/crontab-was" ] || ! sp_has crontab || sp_crontab_remove ;;
    esac
}

# sp_calendar SECONDS: the deadline, and then every hour for ever: a server that was down at the
# deadline, or went down in the middle of a close, does it when it is up again.
sp_calendar() {
    sp_civil "$1"
    sp_h=$(($1 % 86400 / 3600)) sp_m=$(($1 % 3600 / 60)) sp_r=$(($1 % 60))
    printf 'OnCalendar=%s-%s-%s %s:%s:%s UTC\n' "$sp_year" "$sp_mon" "$sp_day" "$sp_h" "$sp_m" "$sp_r"
    [ "$sp_h" = 23 ] || printf 'OnCalendar=%s-%s-%s %s..23:%s:00 UTC\n' "$sp_year" "$sp_mon" "$sp_day" $((sp_h + 1)) "$sp_m"
    [ "$sp_day" = 31 ] || printf 'OnCalendar=%s-%s-%s..31 *:%s:00 UTC\n' "$sp_year" "$sp_mon" $((sp_day + 1)) "$sp_m"
    [ "$sp_mon" = 12 ] || printf 'OnCalendar=%s-%s..12-* *:%s:00 UTC\n' "$sp_year" $((sp_mon + 1)) "$sp_m"
    printf 'OnCalendar=%s..2199-*-* *:%s:00 UTC\n' $((sp_year + 1)) "$sp_m"
}

sp_timer_install() {
    sp_plain "$sp_case"
    # A percent sign means something in a unit.
    sp_w="stagepass: the end of grant $sp_grant${sp_v:+ ($sp_v)}"
    case $sp_w in *[%\\]*) sp_w="stagepass: the end of grant $sp_grant" ;; esac
    sp_timer_was=0
    [ ! -e "$sp_units/$sp_unit.timer" ] || sp_timer_was=1
    sp_put "$sp_units/$sp_unit.service" 644 "[Unit]
Description=$sp_w

[Service]
Type=oneshot
ExecStart=/bin/sh $sp_dir/failsafe
TimeoutStartSec=1h
LogLevelMax=notice
" || return 1
    sp_t=$(sp_calendar "$sp_deadline")
    sp_put "$sp_units/$sp_unit.timer" 644 "[Unit]
Description=$sp_w

[Timer]
$sp_t
OnUnitInactiveSec=60
Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
" || return 1
    [ -d "$sp_units/timers.target.wants" ] || mkdir -m 755 -- "$sp_units/timers.target.wants" || return 1
    ln -sfn "../$sp_unit.timer" "$sp_units/timers.target.wants/$sp_unit.timer" || return 1
    sp_settle "$sp_units/$sp_unit.timer" "$sp_units/$sp_unit.service" "$sp_units" "$sp_units/timers.target.wants"
    # A unit that systemd has not read yet needs no reload, which is slow on a large server.
    if [ "$sp_timer_was" = 1 ] && systemctl is-active --quiet "$sp_unit.timer" 2>/dev/null; then
        systemctl daemon-reload >/dev/null 2>&1 && systemctl restart "$sp_unit.timer" >/dev/null 2>&1 || return 1
    elif ! systemctl start "$sp_unit.timer" >/dev/null 2>&1; then
        systemctl daemon-reload >/dev/null 2>&1 && systemctl start "$sp_unit.timer" >/dev/null 2>&1 || return 1
    fi
    systemctl is-active --quiet "$sp_unit.timer" || return 1
    # A timer that starts after its time would wait for the next hour.
    [ "$(date +%s)" -lt "$sp_deadline" ] || systemctl --no-block start "$sp_unit.service" >/dev/null 2>&1 || :
}

# Cron looks once a minute, and knows a change by the second of it: what comes right after its look, in
# the second of a change that it saw, is not seen before the next one. So nothing comes in those seconds.
sp_cron_moment() {
    sp_v=$(date +%S) || sp_v=
    case $sp_v in 0[012]) sleep "$((3 - ${sp_v#0}))" ;; esac
}

sp_cron_d_install() {
    sp_cron_moment
    sp_put "/etc/cron.d/$sp_unit" 644 "# stagepass: the end of grant $sp_grant; it removes itself
* * * * * root /bin/sh $sp_dir/failsafe cron >/dev/null 2>&1
" || return 1
    sp_settle "/etc/cron.d/$sp_unit" /etc/cron.d
    sp_waiter || {
        setsid /bin/sh "$sp_dir/failsafe" wait </dev/null >/dev/null 2>&1 9>&- &
        echo "$!" >"$sp_dir/waiter"
    }
}

# Sets sp_waiter to the process that waits for the deadline where cron might not be able to start one. Ends with 1 when there
# is none. Its number could be another's by now: whose is looked at, before what it says of itself.
sp_waiter() {
    sp_waiter=''
    [ -r "$sp_dir/waiter" ] || return 1
    read -r sp_waiter <"$sp_dir/waiter" || :
    case $sp_waiter in '' | *[!0-9]*) sp_waiter='' && return 1 ;; esac
    sp_process "$sp_waiter"
    [ "$sp_euid:$sp_ruid" = 0:0 ] && grep -qsF -e "$sp_dir/failsafe" "/proc/$sp_waiter/cmdline"
}

# ---- one line in somebody's crontab --------------------------------------------------------------
#
# Root's or an account's: one line, every minute, before everything else in it, which stays byte for
# byte. What a crontab sets (PATH, SHELL, HOME) holds for the lines below it: on top, none of it can keep
# ours from running, and ours sets nothing for anybody else. A crontab has no lock: it is read again right before it is written, and once more after.
# Whatever becomes of the disk, what was in it is in it, or in a file whose name is said.

sp_crontab() { CRONTAB_NOHEADER=N EDITOR=cat VISUAL=cat crontab "$@"; }

# Sets sp_cron. The outer quotes mean the same to every shell that the crontab may name
# (SHELL=/bin/csh), and the mark stands inside, because not every one of them knows a comment there.
sp_cron_line() {
    sp_cron="* * * * * /bin/sh -c 'exec /bin/sh \"$sp_dir/failsafe\" >/dev/null 2>/dev/null # stagepass $sp_grant'"
    sp_cron_at=/${sp_base##*/}/$sp_grant/failsafe
}

# Whether this account may have a crontab. Writes nothing.
sp_crontab_read() {
    sp_has crontab || return 1
    sp_v=$(crontab -l 2>&1 >/dev/null) && return 0
    sp_cron_none_said "$sp_v" && return 0
    sp_cron_why="crontab -l failed: ${sp_v%%"$sp_nl"*}"
    return 1
}

# Debian, cronie, macOS; busybox.
sp_cron_none_said() {
    case $1 in *'no crontab for'* | *"can't open"*'No such file'*) return 0 ;; esac
    return 1
}

sp_crontab_ours() {
    sp_cron_line
    crontab -l 2>/dev/null | grep -qxF -e "$sp_cron"
}

# Sets sp_cron_set to what the crontab sets above our line: what somebody wrote there later holds for it.
sp_cron_settings() {
    sp_cron_line
    sp_cron_set=$(crontab -l 2>/dev/null | SP_LINE=$sp_cron awk '
        $0 == ENVIRON["SP_LINE"] { exit }
        /^[ \t]*["\047]?[A-Za-z_][^ \t]*[ \t]*=/ { print }') || :
}

sp_crontab_install() {
    sp_cron_line
    case $sp_dir in
        *[[:cntrl:]\'\"\\\`\$%!]*)
            sp_cron_why="The path $sp_dir has a character that is not safe in a crontab."
            return 1
            ;;
    esac
    if [ "${#sp_cron}" -gt 900 ]; then
        sp_cron_why="The path $sp_dir is too long for a crontab."
        return 1
    fi
    sp_cron_edit put
}

# Fails where our line stays.
sp_crontab_remove() {
    sp_cron_line
    sp_cron_edit take
}

# sp_cron_read FILE: the crontab as it is, with sp_cron_none=1 where there is none. A failure that is
# not understood is never taken for an empty crontab: that would overwrite everything in it.
sp_cron_read() {
    sp_cron_none=0
    if ! { sp_crontab -l >"$1" 2>"$1.said"; } 2>/dev/null; then
        sp_v=
        read -r sp_v 2>/dev/null <"$1.said" || :
        if [ ! -s "$1" ] && sp_cron_none_said "$sp_v"; then
            sp_cron_none=1
            return 0
        fi
        sp_cron_why="crontab -l failed: $sp_v"
        return 1
    fi
    # Not every program says that it could not write (a full disk).
    sp_crontab -l 2>/dev/null | cmp -s - "$1" || {
        sp_cron_why='The crontab could not be copied (full disk or quota), or it changes all the time.'
        return 1
    }
    # What busybox shows is what there is; and -e would write it anew.
    [ "$sp_cron_bb" = 0 ] || return 0
    # The header that crontab itself puts on top of what it is given.
    sp_k='' sp_v='' sp_w=''
    {
        IFS= read -r sp_k || :
        IFS= read -r sp_v || :
        IFS= read -r sp_w || :
    } <"$1"
    case $sp_k$sp_nl$sp_v$sp_nl$sp_w in
        '# DO NOT EDIT THIS FILE - edit the master'*"$sp_nl# ("*"$sp_nl# (Cron version"*)
            tail -n +4 <"$1" >"$1.cut" && mv -f -- "$1.cut" "$1"
            ;;
    esac
    # Debian 12 and later list a carriage return as the two characters \r, and do not mark a \r that
    # was there. An editor gets the bytes as they are; cat is an editor that changes nothing.
    if grep -qF -e '\r' -e '\b' "$1"; then
        sp_k=$(printf '\r') sp_v=$(printf '\b')
        if ! sp_crontab -e >"$1.edit" 2>/dev/null ||
            ! { cmp -s "$1.edit" "$1" || sed "s/$sp_k/\\\\r/g; s/$sp_v/\\\\b/g" <"$1.edit" | cmp -s - "$1"; }; then
            sp_cron_why='crontab -l does not show this crontab as it is.'
            return 1
        fi
        mv -f -- "$1.edit" "$1"
    fi
}

# The crontab without our line, whatever was done to the times in front of it, in this form and in
# the one that root's had once.
sp_cron_without() {
    SP_AT=$sp_cron_at SP_MARK=" # stagepass $sp_grant" awk '
        BEGIN { at = ENVIRON["SP_AT"]; m = ENVIRON["SP_MARK"] }
        {
            l = $0; sub(/\047$/, "", l)
            if (!index(l, at) || substr(l, length(l) - length(m) + 1) != m) print
        }'
}

# sp_cron_with put|take: the crontab as it is to be.
sp_cron_with() {
    [ "$1" = take ] || printf '%s\n' "$sp_cron" || return 1
    if [ "$sp_cron_half" = 0 ]; then
        sp_cron_without
    else
        sp_v=$(sp_cron_without && echo .) || return 1
        printf '%s' "${sp_v%"$sp_nl".}"
    fi
}

# Whether nothing but the newline of the last line is missing.
sp_cron_halved() { [ "$(awk '{ print }' <"$sp_cron_file.was" | cksum)" = "$({ cat "$sp_cron_file.was" && echo; } | cksum)" ]; }

sp_cron_clean() {
    for sp_a in was now new; do
        rm -f -- "$sp_cron_file.$sp_a" "$sp_cron_file.$sp_a.said" "$sp_cron_file.$sp_a.edit" "$sp_cron_file.$sp_a.cut"
    done
}

# sp_cron_edit put|take: with or without our line. Fails with sp_cron_why, and then the crontab is as
# it was, or that says where to find it.
sp_cron_edit() {
    # What is taken back because it could not be put: why stays what it was.
    if [ "$1" = put ]; then sp_cron_why=''; else sp_cron_why=${sp_cron_why:-}; fi
    sp_cron_made=$sp_base/crontab-made sp_cron_file=$sp_dir/crontab
    [ -d "$sp_dir" ] || sp_cron_file=$sp_base/.crontab-$sp_grant
    sp_cron_failed=0 sp_cron_bb=0
    ! sp_cron_busybox || sp_cron_bb=1
    sp_cron_change "$1" || sp_cron_failed=1
    sp_cron_clean
    return "$sp_cron_failed"
}

sp_cron_busybox() {
    case $(crontab --help 2>&1 </dev/null) in *BusyBox*) return 0 ;; esac
    case $(readlink -f -- "$(command -v crontab)") in *busybox* | *bbsuid*) ;; *) return 1 ;; esac
}

sp_cron_change() {
    sp_try=0
    # One that was killed, and what it wrote was cut.
    if [ -e "$sp_cron_file.was" ] && [ -e "$sp_cron_file.new" ] && sp_cron_read "$sp_cron_file.now" && sp_cron_cut; then
        sp_cron_save
        return 1
    fi
    while :; do
        sp_try=$((sp_try + 1))
        [ "$sp_try" -le 6 ] || {
            sp_cron_why='The crontab changed six times while it was being edited.'
            return 1
        }
        sp_cron_read "$sp_cron_file.was" || return 1
        sp_cron_had=$sp_cron_none
        if [ "$1" = take ] && ! grep -qF -e "$sp_cron_at" "$sp_cron_file.was"; then
            sp_cron_done "$sp_cron_file.was"
            return 0
        fi
        # A last line without a newline is one that cron leaves out: adding it would start that job.
        sp_cron_half=0
        # shellcheck disable=SC2094 # both only read it
        awk '{ print }' <"$sp_cron_file.was" | cmp -s - "$sp_cron_file.was" || sp_cron_half=1
        # Ours can be taken from above it; what is half stays half.
        [ "$sp_cron_half" = 0 ] || { [ "$1" = take ] && sp_cron_halved; } || {
            sp_cron_why='The last line of the crontab has no newline, or there are bytes in it that no tool keeps.'
            return 1
        }
        { sp_cron_with "$1" <"$sp_cron_file.was"; } 2>/dev/null >"$sp_cron_file.new" || sp_cron_no_room || return 1
        ! cmp -s "$sp_cron_file.was" "$sp_cron_file.new" || return 0
        # Not every awk says that it could not write.
        sp_cron_with "$1" <"$sp_cron_file.was" | cmp -s - "$sp_cron_file.new" || sp_cron_no_room || return 1
        # Noted first: what is there for sure, and that who had none is to have none again.
        if [ "$1" = put ]; then
            sp_put "$sp_dir/crontab-was" 600 '' || sp_cron_no_room || return 1
            [ "$sp_cron_had" = 0 ] || sp_put "$sp_cron_made" 600 '' || sp_cron_no_room || return 1
        fi
        sp_cron_room || sp_cron_no_room || return 1
        [ "$1" = take ] || sp_cron_moment
        sp_cron_read "$sp_cron_file.now" || return 1
        if [ "$sp_cron_none" != "$sp_cron_had" ] || ! cmp -s "$sp_cron_file.was" "$sp_cron_file.now"; then continue; fi
        sp_cron_write "$sp_cron_file.new" "$1"
        if ! sp_cron_read "$sp_cron_file.now"; then
            sp_cron_save
            return 1
        fi
        if cmp -s "$sp_cron_file.new" "$sp_cron_file.now"; then
            sp_cron_done "$sp_cron_file.new"
            return 0
        fi
        # It did not take what it was given: what was there before goes back. If it is neither the
        # one nor the other, somebody else has written meanwhile, and theirs is the start of ours.
        if cmp -s "$sp_cron_file.was" "$sp_cron_file.now"; then
            sp_v=
            read -r sp_v <"$sp_cron_file.new.said" || :
            sp_cron_why="The crontab could not be changed: $sp_v"
            return 1
        fi
        if sp_cron_cut || { [ "$1" = put ] && ! grep -qxF -e "$sp_cron" "$sp_cron_file.now" && grep -qF "# stagepass $sp_grant" "$sp_cron_file.now"; }; then
            sp_cron_write "$sp_cron_file.was" restore
            if sp_cron_read "$sp_cron_file.now" && cmp -s "$sp_cron_file.was" "$sp_cron_file.now"; then
                sp_cron_why='What was written into the crontab did not stand in it (full disk or quota?); it is as it was.'
            else
                sp_cron_save
            fi
            return 1
        fi
    done
}

# busybox leaves what it had room for, and says nothing.
sp_cron_cut() {
    ! cmp -s "$sp_cron_file.was" "$sp_cron_file.now" || return 1
    sp_v=$(($(wc -c <"$sp_cron_file.now")))
    [ "$sp_v" -lt "$(($(wc -c <"$sp_cron_file.new")))" ] && head -c "$sp_v" <"$sp_cron_file.new" | cmp -s - "$sp_cron_file.now"
}

sp_cron_room() {
    [ "$sp_cron_bb" = 1 ] || return 0
    for sp_a in /var/spool/cron/crontabs /etc/crontabs /var/spool/cron; do
        [ -d "$sp_a" ] || continue
        sp_v=$(df -Pk "$sp_a" 2>/dev/null | awk 'NR == 2 && $2 > 0 { print int($4) }') || :
        [ "${sp_v:-64}" -ge 64 ]
        return
    done
}

# What was there, for whoever has to put it back. Nothing of ours removes that file.
sp_cron_save() {
    sp_cron_why='The crontab could not be written whole (full disk or quota).'
    [ -s "$sp_cron_file.was" ] || return 0
    sp_v=$sp_base/crontab.saved
    [ ! -e "$sp_v" ] || sp_v=$sp_v.$(date +%s)
    mv -- "$sp_cron_file.was" "$sp_v"
    sp_cron_why="The crontab may have lost lines (full disk or quota), and could not be put back. What was in it is in $sp_v."
}

# sp_cron_done FILE: when no line of any grant is in it, nobody has to know any more whose it was.
sp_cron_done() { grep -qF -e "/bin/sh \"$sp_base/" "$1" || rm -f -- "$sp_cron_made"; }

sp_cron_no_room() {
    sp_cron_why='The new crontab could not be written (full disk or quota).'
    return 1
}

# sp_cron_write FILE put|take|restore
sp_cron_write() {
    if [ ! -s "$1" ] && { { [ "$2" = take ] && [ -e "$sp_cron_made" ]; } || { [ "$2" = restore ] && [ "$sp_cron_had" = 1 ]; }; }; then
        crontab -r >/dev/null 2>"$1.said" || :
    else
        crontab - <"$1" >/dev/null 2>"$1.said" || :
    fi
}

# ---- what runs at the deadline -------------------------------------------------------------------

# What it says when it is only asked whether it would run: the time, by the program that it takes it from.
sp_failsafe_answers() {
    trap - 0
    sp_ends_read
    sp_now=$(date +%s) || exit 1
    [ "$sp_now" -gt 0 ] && [ -r "$sp_dir/ends" ] && printf '%s\n' "$sp_failsafe_answer"
    exit
}

# sp_drop FOLDER: the folder of the grant goes, also where the failsafe notes in it at that moment that it tries: once, and
# before it has the lock, for what goes wrong behind that has to count.
sp_drop() { rm -rf -- "$1" 2>/dev/null || rm -rf -- "$1" 2>/dev/null || rm -rf -- "$1"; }

# Called by the file on the server, and nobody else. While work may go on it lets nobody new in, and
# looks again; whatever starts it does so every minute.
sp_failsafe() {
    sp_i=0
    while :; do
        sp_still_due || exit 0
        [ "$sp_now" -lt "$sp_end_hard" ] || break
        sp_lock_access
        sp_in_use || break
        sp_i=$((sp_i + 1))
        [ "$sp_i" -le 10 ] || exit 0
        if [ $((sp_end_hard - sp_now)) -lt 5 ]; then sleep $((sp_end_hard - sp_now)); else sleep 5; fi
    done
    # What fails ten times is then tried once an hour: it looks at every file of the server.
    sp_v=0
    [ ! -r "$sp_dir/tries" ] || read -r sp_v <"$sp_dir/tries" || :
    case $sp_v in '' | *[!0-9]*) sp_v=0 ;; esac
    [ "$sp_v" -lt 10 ] || [ $((sp_now / 60 % 60)) = $((sp_end_hard / 60 % 60)) ] || exit 0
    sp_put "$sp_dir/tries" 600 "$((sp_v + 1))$sp_nl" || :
    sp_failsafe_again
    sp_cannot_wait=sp_when_busy
    sp_close
}

# What loses its power in the middle begins again when it is up, not at the next hour: to systemd,
# the timer has not run since the deadline.
sp_failsafe_again() {
    sp_a=/var/lib/systemd/timers/stamp-$sp_unit.timer
    [ ! -e "$sp_a" ] || touch -d "@$((sp_end_deadline - 1))" -- "$sp_a" 2>/dev/null || :
}

# Whether the deadline is over by now. A close by the server asks again when it has the lock: an
# extension may have come in between.
sp_due() {
    sp_ends_read
    sp_now=$(date +%s)
    [ "$sp_now" -ge "$sp_end_deadline" ]
}

# The same for a close by the server: another close may have left nothing to do.
sp_still_due() { [ -e "$sp_dir/failsafe" ] && sp_due; }

# ---- what a close found, until the client has it -------------------------------------------------

# Everything that is about to be said.
sp_result_write() { sp_put "$sp_base/result.$sp_grant" 600 "$sp_out"; }

sp_result_there() { [ -s "$sp_base/result.$sp_grant" ]; }

# Says again what an earlier close said, but for what is said anew: these four.
sp_result_replay() {
    sp_t=$(grep -v -e '^already_absent=' -e '^foreign=' -e '^late_open_refused=' -e '^result_kept=' "$sp_base/result.$sp_grant") || :
    sp_out=$sp_out$sp_t$sp_nl
}

sp_result_drop() {
    if [ -e "$sp_base/result.$sp_grant" ] || [ -e "$sp_base/result.$sp_grant.new" ]; then rm -f -- "$sp_base/result.$sp_grant" "$sp_base/result.$sp_grant.new"; fi
}

# Those nobody asked for in ninety days.
sp_result_purge() {
    set +f
    set -- "$sp_base"/result.*
    set -f
    [ ! -e "$1" ] || find "$sp_base" -maxdepth 1 -type f -name 'result.*' -mtime +90 -exec rm -f -- '{}' + 2>/dev/null || :
}

# ---- passwords: a drop-in for sshd ---------------------------------------------------------------

sp_drop_in=/etc/ssh/sshd_config.d/50-stagepass-$sp_grant.conf

# Whether the configuration of this sshd reads such files. Sets sp_drop_in_why.
sp_drop_in_read() {
    sp_drop_in_why=''
    if [ -z "$sp_sshd" ]; then
        sp_drop_in_why='There is no OpenSSH server.'
    elif [ ! -d "${sp_drop_in%/*}" ] || [ ! -w "${sp_drop_in%/*}" ]; then
        sp_drop_in_why="There is no ${sp_drop_in%/*}, or it is read-only."
    elif ! awk '
        { sub(/^[ \t]+/, ""); sub(/[ \t]*=[ \t]*/, " "); gsub(/"/, "") }
        tolower($1) == "match" { exit }
        tolower($1) == "include" {
            for (i = 2; i <= NF; i++) if ($i ~ /^(\/etc\/ssh\/)?sshd_config\.d\/(\*|\*\.conf)$/) found = 1
        }
        END { exit !found }' "${sp_sshd_f:-/etc/ssh/sshd_config}" 2>/dev/null; then
        sp_drop_in_why="${sp_sshd_f:-/etc/ssh/sshd_config} does not include ${sp_drop_in%/*}."
    else
        return 0
    fi
    return 1
}

# sp_drop_in_install ACCOUNT: forces the gate on every login of that account. Ends with 1, and
# everything as it was, unless sshd itself then says so.
sp_drop_in_install() {
    sp_drop_in_read || return 1
    sp_gate_command any
    sp_force=$sp_v
    sp_k=no
    [ "$sp_access" != ssh ] || sp_k=yes
    sp_text="# stagepass: grant $sp_grant; removed when it is closed.
Match User $1
    ForceCommand $sp_force
    AllowTcpForwarding no
    AllowStreamLocalForwarding no
    AllowAgentForwarding no
    X11Forwarding no
    PermitTunnel no
    PermitUserRC no
    PermitTTY $sp_k
Match all
"
    sp_v=''
    [ ! -r "$sp_drop_in" ] || sp_v=$(cat "$sp_drop_in")$sp_nl
    if [ "$sp_v" != "$sp_text" ]; then
        if ! sp_put "$sp_drop_in" 600 "$sp_text"; then
            sp_drop_in_why="$sp_drop_in could not be written."
            return 1
        fi
    fi
    if sp_sshd_reload; then
        sp_settings "$1"
        [ "$sp_s_force:$sp_s_forward" != "$sp_force:no" ] || return 0
        sp_drop_in_why="sshd does not take the settings for this account (another Match block comes first)."
    fi
    sp_why=$sp_drop_in_why
    sp_drop_in_remove
    sp_drop_in_why=$sp_why
    sp_settings "$1"
    return 1
}

sp_drop_in_present() { [ -e "$sp_drop_in" ]; }

# Takes it away, and says so to sshd. A configuration that somebody broke meanwhile is not loaded.
sp_drop_in_remove() {
    [ ! -e "$sp_drop_in.new" ] || rm -f -- "$sp_drop_in.new"
    [ -e "$sp_drop_in" ] || return 0
    rm -f -- "$sp_drop_in"
    sp_sshd_reload || :
}

# sp_by_socket PID: whether systemd holds the socket on which that sshd listens (ssh.socket). Told to read its
# configuration again, such an sshd would try to listen by itself, and die of it.
sp_by_socket() {
    [ -d /run/systemd/system ] && sp_has systemctl || return 1
    sp_t=$(find /proc/1/fd -lname 'socket:*' -printf ' %l ' 2>/dev/null) || :
    sp_k=$(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null) || :
    for sp_l in $sp_k; do
        case $sp_t in *" $sp_l "*) return 0 ;; esac
    done
    return 1
}

# sp_socket_restart PID: such an sshd is started anew by its unit, which gives it the socket again. Sessions go
# on where that unit ends nothing but the listener; elsewhere nothing is done. Ends with 1 where it was not.
sp_socket_restart() {
    sp_v=$(sed -n 's|^[^/]*/.*/\([A-Za-z0-9@:_.-]*[.]service\)$|\1|p' "/proc/$1/cgroup" 2>/dev/null | head -n 1) || :
    case ${sp_v:+$(systemctl show -p MainPID -p KillMode "$sp_v" 2>/dev/null | sort | tr '\n' ' ')} in
        "KillMode=process MainPID=$1 ") ;;
        *)
            sp_drop_in_why='systemd holds the socket of this sshd, and starting it anew could end sessions; it was left alone.'
            return 1
            ;;
    esac
    # systemd counts starts, and shuts the socket when there are many: these are none of its failures.
    systemctl reset-failed "$sp_v" >/dev/null 2>&1 || :
    if systemctl restart "$sp_v" >/dev/null 2>&1 && systemctl is-active --quiet "$sp_v"; then return 0; fi
    sp_drop_in_why="systemd did not start $sp_v again; it does at the next connection."
    return 1
}

# Every listener that reads this configuration tests it with its own arguments, reads it again, and
# listens again. Ends with 1, and nothing was loaded, when one of them would refuse it.
# shellcheck disable=SC2086
sp_sshd_reload() {
    sp_listeners
    sp_conf=${sp_sshd_f:-/etc/ssh/sshd_config}
    for sp_j in $sp_listening; do
        sp_title_of "$sp_j"
        [ "${sp_title_f:-/etc/ssh/sshd_config}" = "$sp_conf" ] || continue
        if ! "$sp_title_sshd" -t ${sp_title_f:+-f "$sp_title_f"} $sp_title_o >/dev/null 2>&1; then
            sp_drop_in_why='sshd refuses its configuration (sshd -t), so it was not loaded.'
            return 1
        fi
    done
    for sp_j in $sp_listening; do
        sp_title_of "$sp_j"
        [ "${sp_title_f:-/etc/ssh/sshd_config}" = "$sp_conf" ] || continue
        if sp_by_socket "$sp_j"; then
            sp_socket_restart "$sp_j" || return 1
            continue
        fi
        sp_alive "$sp_j"
        sp_v=$sp_born
        kill -HUP "$sp_j" 2>/dev/null || continue
        sp_i=0
        while [ "$sp_i" -lt 30 ]; do
            sleep 0.2 2>/dev/null || sleep 1
            sp_i=$((sp_i + 1))
            sp_alive "$sp_j"
            [ "$sp_born" = "$sp_v" ] || break
            sp_title_of "$sp_j"
            [ -z "$sp_title_sshd" ] || continue 2
        done
        sp_drop_in_why='sshd did not come back at once after it was told to read its configuration.'
        return 1
    done
}
