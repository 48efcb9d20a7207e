# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The account as it is.

# Looks by name, and by the id in the record in case somebody renamed the account. Ours is what
# carries the mark, or has both the name and the id that root's own record holds: the comment of an
# account can be changed (sp_unmarked says so), and must not keep it open.
# Sets sp_taken when the id in the record is now somebody else's.
# Sets sp_login to the name where that is ours: sessions are found by it.
# Sets sp_found, sp_ours, sp_name, sp_a_uid, sp_a_gid, sp_a_comment, sp_a_home, sp_a_shell.
sp_look() {
    sp_passwd "$sp_account" ${sp_rec_uid:+"$sp_rec_uid"}
    sp_look_at
}

# The same for what sp_t says, lines of passwd(5).
sp_look_at() {
    local line ours
    sp_found=0 sp_ours=0 sp_taken=0 sp_unmarked=false sp_name='' sp_login='' sp_a_uid='' sp_a_gid='' sp_a_comment='' sp_a_home='' sp_a_shell=''
    IFS=$sp_nl
    for line in $sp_t; do
        [ "$sp_ours" = 0 ] || break
        IFS=:
        # shellcheck disable=SC2086
        set -- $line
        IFS=$sp_nl
        ours=0
        case ${5:-} in
            "$sp_mark" | "$sp_mark",*) ours=1 ;;
            *)
                if [ -n "$sp_rec_uid" ] && [ "$1:$3" = "$sp_rec_name:$sp_rec_uid" ] && [ "$1" = "$sp_account" ]; then
                    ours=1 sp_unmarked=true
                else
                    [ "$3" != "$sp_rec_uid" ] || sp_taken=1
                    [ "$1" = "$sp_account" ] || continue
                fi
                ;;
        esac
        sp_found=1 sp_name=$1 sp_a_uid=$3 sp_a_gid=$4 sp_a_comment=${5:-} sp_a_home=${6:-} sp_a_shell=${7:-}
        sp_ours=$ours
        [ "$sp_a_uid" != 0 ] || sp_ours=0
    done
    IFS=" $sp_tab$sp_nl"
    [ "$sp_ours" = 0 ] || sp_login=$sp_name
}

# Sets sp_hash_state (none, locked, usable), sp_expires (a day, or empty), and sp_ages (whether this server
# would end the password, or ask for another one, by its age).
sp_shadow() {
    local line days
    sp_hash_state=none sp_expires='' sp_ages=false
    line=$(getent shadow "$1") || :
    IFS=:
    # shellcheck disable=SC2086
    set -- $line
    IFS=" $sp_tab$sp_nl"
    case ${2:-} in
        '' | '*') ;;
        '!'* | '*'*) sp_hash_state=locked ;;
        *) sp_hash_state=usable ;;
    esac
    sp_expires=${8:-}
    # Changed on day 0 means: to be changed at the next login.
    [ "${3:-}" != 0 ] || sp_ages=true
    for days in "${4:-}" "${5:-}" "${7:-}"; do
        # 99999 is the word of shadow for no end.
        case $days in '' | -* | 0 | 99999) ;; *) sp_ages=true ;; esac
    done
    # A password may be 0 days old at most, or lie idle for 0 days.
    case ${5:-}:${7:-} in 0:* | *:0) sp_ages=true ;; esac
}

# What login.defs says of the age of passwords is for those who stay. Ends with 1 where it cannot be undone.
sp_ageless() {
    sp_shadow "$1"
    [ "$sp_ages" = true ] || return 0
    ! sp_has chage || chage -m 0 -M -1 -I -1 -- "$1" >/dev/null 2>&1 || :
    sp_shadow "$1"
    [ "$sp_ages" = false ]
}

# The processes of a user id, and the logins of that account that are just being let in. Sets sp_pids.
sp_processes() {
    sp_of_uid "$1"
    sp_pids=$sp_procs
    [ -n "$2" ] || return 0
    sp_logins_of "$2"
    sp_pids="$sp_pids $sp_procs"
}

# Sets sp_count to how many processes the account has, but for those that watch over its connections, and what these
# have at work: they wake up for a moment now and then.
sp_count_processes() {
    local one above step
    sp_count=0
    [ -n "$1" ] || return 0
    sp_conn_uid=$1
    sp_connections
    sp_processes "$1" "$2"
    for one in $sp_pids; do
        above=$one
        for step in 1 2 3 4 5 6 7 8; do
            case " $sp_watchers " in *" $above "*) continue 2 ;; esac
            sp_process "$above"
            # What is gone by now is not in; an ancestor that is gone excuses nobody.
            [ -n "$sp_euid" ] || [ "$above" != "$one" ] || continue 2
            [ "$sp_ppid" -gt 1 ] || break
            above=$sp_ppid
        done
        sp_count=$((sp_count + 1))
    done
}

# For the failsafe.
sp_in_use() {
    sp_read_record
    sp_look
    sp_id=$sp_rec_uid
    [ "$sp_taken" = 0 ] || sp_id=''
    sp_count_processes "$sp_id" "$sp_login"
    [ "$sp_count" != 0 ]
}

# After the deadline, while work goes on: the gate refuses what comes new, and so does the account.
sp_lock_access() {
    (
        sp_lock_state
        if sp_due; then
            sp_read_record
            sp_look
            if [ "$sp_ours" = 1 ]; then
                sp_shadow "$sp_name"
                [ "$sp_expires" = 1 ] || usermod -e 1 -- "$sp_name"
            fi
        fi
        sp_unlock
    ) >/dev/null 2>&1 || :
}

sp_missing_tools() {
    local tool
    for tool in useradd usermod userdel chpasswd getent; do
        sp_has "$tool" || return 0
    done
    return 1
}
