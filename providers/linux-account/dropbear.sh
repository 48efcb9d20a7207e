# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Dropbear, which serves as root.

# Sets sp_served to the connections that Dropbear serves here (PID:BEGAN words), but for our own. What they
# are named does not count: the program does, and that it is root's.
sp_dropbears() {
    local one="$$" ours=' ' all
    sp_served=''
    while [ "${one:-0}" -gt 1 ]; do
        ours="$ours$one "
        sp_process "$one"
        one=$sp_ppid
    done
    set +f
    all=$(find /proc/[0-9]*/exe -maxdepth 0 -lname '*/dropbear*' 2>/dev/null) || :
    set -f
    for one in $all; do
        one=${one%/exe}
        one=${one#/proc/}
        case $ours in *" $one "*) continue ;; esac
        sp_process "$one"
        [ "$sp_euid" = 0 ] || continue
        case " $(tr '\000' ' ' 2>/dev/null <"/proc/$one/cmdline") " in
            *' -i '*) ;;
            # The one above a connection is the listener; above that is none.
            *) case $(readlink "/proc/$sp_ppid/exe") in */dropbear*) ;; *) continue ;; esac ;;
        esac
        sp_alive "$one"
        [ -z "$sp_born" ] || sp_served="$sp_served $one:${sp_born%%-*}"
    done
}

# sp_children PID: sets sp_pids to what runs below it.
sp_children() {
    local all one
    set +f
    all=$(grep -ls -e "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status) || :
    set -f
    sp_pids=''
    for one in $all; do
        one=${one%/status}
        sp_pids="$sp_pids ${one#/proc/}"
    done
}

# With a password, Dropbear lets in connections that never start a program: nothing of the account runs then,
# and the connection outlives it. Those of before `open` are not the supporter's.
sp_note_dropbears() {
    [ "$sp_has_password" = 1 ] && [ ! -e "$sp_record/served" ] || return 0
    sp_dropbears
    sp_put "$sp_record/served" 600 "$sp_served$sp_nl"
}

# Ends the connections that programs of the account hang from, before those go.
sp_end_dropbears() {
    local connection child
    sp_dropbears
    for connection in $sp_served; do
        sp_children "${connection%:*}"
        [ -n "$sp_pids" ] || continue
        for child in $sp_pids; do
            sp_process "$child"
            # What vanished meanwhile says nothing; another account's is somebody else's connection.
            [ "${sp_euid:-$sp_id}" = "$sp_id" ] || continue 2
        done
        sp_alive "${connection%:*}"
        [ "${sp_born%%-*}" = "${connection#*:}" ] || continue
        kill -KILL "${connection%:*}" 2>/dev/null || continue
        sp_sessions=$((sp_sessions + 1))
    done
}

# When nothing of the account runs any more: a connection that began since `open`, and that nobody's programs
# hang from, may be the supporter's. Sets sp_unattributed.
sp_left_dropbears() {
    local before='' round connection
    sp_unattributed=0
    [ "$sp_rec_password" = 1 ] || return 0
    [ ! -r "$sp_record/served" ] || before=$(cat "$sp_record/served")
    # A login that was refused takes a moment to go.
    for round in 1 2 3 4 5; do
        sp_unattributed=0
        sp_dropbears
        for connection in $sp_served; do
            case " $before " in *" $connection "*) continue ;; esac
            sp_children "${connection%:*}"
            [ -n "$sp_pids" ] || sp_unattributed=$((sp_unattributed + 1))
        done
        [ "$sp_unattributed" != 0 ] || return 0
        sleep 1
    done
}

# sp_named PID NAME
sp_named() {
    local name=''
    [ ! -r "/proc/$1/comm" ] || read -r name 2>/dev/null <"/proc/$1/comm" || :
    [ "$name" = "$2" ]
}

# Counts the connections of the account, and sets sp_sshds to all processes of OpenSSH. An sshd of it belongs to
# one of root's. Those that Dropbear serves run as root, and are ended here.
sp_count_sessions() {
    local one
    sp_with_status '^Name:[[:space:]]sshd'
    sp_sshds=$sp_procs
    sp_count_among
    [ "${sp_kind:-}" = dropbear ] || return 0
    sp_conn_uid=$sp_id
    sp_connections
    for one in $sp_conns; do
        sp_serves "${one%:*}" || continue
        sp_sessions=$((sp_sessions + 1))
        kill -TERM "${one%:*}" 2>/dev/null || :
    done
}

# Of sp_sshds.
sp_count_among() {
    local one
    for one in $sp_sshds; do
        sp_process "$one"
        [ "$sp_ruid" = "$sp_id" ] || continue
        sp_process "$sp_ppid"
        [ "$sp_euid:$sp_ruid" != 0:0 ] || sp_sessions=$((sp_sessions + 1))
    done
}
