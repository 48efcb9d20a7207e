# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The gate.

# sp_gate_install: writes gate, gate.conf, ends and the log into sp_dir. Read from the provider:
#   sp_g_shell   the program for shells and commands
#   sp_g_start   where SFTP starts, or empty
#   sp_g_folder  what SFTP is shut into where that works, or empty; sp_g_alias another path of it, or empty
#   sp_confined  false until sp_gate_confine was asked
# Ends with 1 when a file could not be written. Sets sp_gate (whether it can be used) and sp_gate_why.
sp_gate_install() {
    local one
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
    for one in uses talk; do
        [ ! -e "$sp_dir/$one" ] || sp_logs_new=0
        [ -e "$sp_dir/$one" ] || { : >"$sp_dir/$one"; } 2>/dev/null || return 1
    done
    if ! "$sp_dir/gate" --here >/dev/null 2>&1; then
        sp_gate_why='Programs in its folder cannot be run (a file system mounted noexec).'
        return 0
    fi
    sp_gate=true
}

sp_gate_conf() {
    local ticket ask confine=0 start='' rest="${sp_g_start:-}" own='' trial=''
    sp_plain "$sp_case"
    ticket=$sp_v
    sp_plain "$sp_ask"
    ask=$sp_v
    [ "${sp_confined:-false}" = false ] || confine=1
    # sftp-server knows %d and %u in this path.
    while :; do
        case $rest in
            *%*)
                start=$start${rest%%%*}%%
                rest=${rest#*%}
                ;;
            *) break ;;
        esac
    done
    # The login that proves the access comes from where this was sent from, until its key is gone.
    if [ "${sp_check_until:-0}" -gt 0 ]; then
        trial=$sp_trial
        [ -z "${sp_came:-}" ] || own="${sp_came%% *} $sp_check_until"
    fi
    sp_put "$sp_dir/gate.conf" 644 "grant=$sp_grant
access=$sp_access
shell=$sp_g_shell
sftp_server=$sp_server
subsystem=${sp_s_sftp:-}
start=$start$rest
folder=${sp_g_folder:-}
alias=${sp_g_alias:-}
confine=$confine
case=$ticket
ask=$ask
own=$own
alone=${sp_g_alone:-0}
umask=${sp_umask:-}
trial=$trial
"
}

# After the trial: the gate forgets its word, and that our address is its own.
sp_trial_over() {
    local text
    [ -r "$sp_dir/gate.conf" ] || return 0
    text=$(sed -e 's/^own=.*/own=/' -e 's/^trial=.*/trial=/' "$sp_dir/gate.conf") || return 1
    sp_put "$sp_dir/gate.conf" 644 "$text$sp_nl"
}

# sp_trial_clear FOLDER [UID GID]: takes away the file that a trial wrote which was cut off before it removed it. Others
# may write there, and anything can have that name by now. So this is done as the account itself, which reaches
# no more than whoever could swap it, and what goes is the account's, has no other name, and holds what the
# trial writes or its beginning. As root only where nobody else can write.
sp_trial_clear() {
    local folder owner trial
    [ -n "$1" ] && [ -d "$1" ] && [ -r "$sp_dir/gate.conf" ] || return 0
    trial=$(sed -n 's/^trial=\([a-z0-9]\{8,40\}\)$/\1/p' "$sp_dir/gate.conf" | head -n 1) || :
    [ -n "$trial" ] || return 0
    folder=$1 owner=${2:-$sp_uid}
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
        sh "$folder" ".stagepass-trial-$trial" "$owner" 'case $0 in "$(cat -- "$1")"*) rm -f -- "$1" ;; esac' >/dev/null 2>&1 || :
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
    local user group
    case $1 in
        [0-9]*)
            sp_has setpriv || return 1
            user=$1 group=$2
            shift 2
            set -- setpriv --reuid="$user" --regid="$group" --init-groups -- "$@"
            ;;
    esac
    ! sp_has timeout || set -- timeout 20 "$@"
    "$@" </dev/null 9>&-
}

# Whether an ordinary account could be shut in at all; nothing is left of the try. For `detect`.
sp_can_confine() {
    local one
    sp_confine_why=''
    for one in unshare mount umount pivot_root setpriv; do
        sp_has "$one" || { sp_confine_why="This server has no $one program." && return 1; }
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

# Whether nothing keeps the logs from being deleted any more.
sp_logs_loose=0

# What is logged is kept with the folder; removing that is the provider's last step.
# sp_gate_remove [FILE...]: and these, where there is a gate.
sp_gate_remove() {
    [ -e "$sp_dir/gate" ] || [ -e "$sp_dir/gate.conf" ] || [ -e "$sp_dir/uses" ] || [ -e "$sp_dir/talk" ] || return 0
    [ ! -e "$sp_dir/uses" ] || [ "$sp_logs_loose" = 1 ] || chattr -a "$sp_dir/uses" "$sp_dir/talk" 2>/dev/null || :
    rm -f -- "$sp_dir/gate" "$sp_dir/gate.conf" "$sp_dir/gate.new" "$sp_dir/gate.conf.new" "$sp_dir/ends.new" "$sp_dir/uses" "$sp_dir/talk" "$@"
}
