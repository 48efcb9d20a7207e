# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Dropbear, which serves as root.

# Sets sp_served to the connections that Dropbear serves here (PID:BEGAN words), but for our own. What they
# are named does not count: the program does, and that it is root's.
sp_dropbears() {
    sp_served='' sp_us=' ' sp_j=$$
    while [ "${sp_j:-0}" -gt 1 ]; do
        sp_us="$sp_us$sp_j "
        sp_process "$sp_j"
        sp_j=$sp_ppid
    done
    set +f
    sp_t=$(find /proc/[0-9]*/exe -maxdepth 0 -lname '*/dropbear*' 2>/dev/null) || :
    set -f
    for sp_j in $sp_t; do
        sp_j=${sp_j%/exe}
        sp_j=${sp_j#/proc/}
        case $sp_us in *" $sp_j "*) continue ;; esac
        sp_process "$sp_j"
        [ "$sp_euid" = 0 ] || continue
        case " $(tr '\000' ' ' 2>/dev/null <"/proc/$sp_j/cmdline") " in
            *' -i '*) ;;
            # The one above a connection is the listener; above that is none.
            *) case $(readlink "/proc/$sp_ppid/exe") in */dropbear*) ;; *) continue ;; esac ;;
        esac
        sp_alive "$sp_j"
        [ -z "$sp_born" ] || sp_served="$sp_served $sp_j:${sp_born%%-*}"
    done
}

# sp_children PID: sets sp_pids to what runs below it.
sp_children() {
    set +f
    sp_t=$(grep -ls -e "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status) || :
    set -f
    sp_pids=''
    for sp_l in $sp_t; do
        sp_l=${sp_l%/status}
        sp_pids="$sp_pids ${sp_l#/proc/}"
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
    sp_dropbears
    for sp_i in $sp_served; do
        sp_children "${sp_i%:*}"
        [ -n "$sp_pids" ] || continue
        for sp_j in $sp_pids; do
            sp_process "$sp_j"
            # What vanished meanwhile says nothing; another account's is somebody else's connection.
            [ "${sp_euid:-$sp_id}" = "$sp_id" ] || continue 2
        done
        sp_alive "${sp_i%:*}"
        [ "${sp_born%%-*}" = "${sp_i#*:}" ] || continue
        kill -KILL "${sp_i%:*}" 2>/dev/null || continue
        sp_sessions=$((sp_sessions + 1))
    done
}

# When nothing of the account runs any more: a connection that began since `open`, and that nobody's programs
# hang from, may be the supporter's. Sets sp_unattributed.
sp_left_dropbears() {
    sp_unattributed=0
    [ "$sp_rec_password" = 1 ] || return 0
    sp_t=''
    [ ! -r "$sp_record/served" ] || sp_t=$(cat "$sp_record/served")
    sp_had=" $sp_t "
    # A login that was refused takes a moment to go.
    for sp_n in 1 2 3 4 5; do
        sp_unattributed=0
        sp_dropbears
        for sp_i in $sp_served; do
            case $sp_had in *" $sp_i "*) continue ;; esac
            sp_children "${sp_i%:*}"
            [ -n "$sp_pids" ] || sp_unattributed=$((sp_unattributed + 1))
        done
        [ "$sp_unattributed" != 0 ] || return 0
        sleep 1
    done
}

# sp_named PID NAME
sp_named() {
    sp_l=
    [ ! -r "/proc/$1/comm" ] || read -r sp_l 2>/dev/null <"/proc/$1/comm" || :
    [ "$sp_l" = "$2" ]
}

# Counts the connections of the account, and sets sp_sshds to all processes of OpenSSH. An sshd of it belongs to
# one of root's. Those that Dropbear serves run as root, and are ended here.
sp_count_sessions() {
    sp_with_status '^Name:[[:space:]]sshd'
    sp_sshds=$sp_procs
    for sp_a in $sp_procs; do
        sp_process "$sp_a"
        [ "$sp_ruid" = "$sp_id" ] || continue
        sp_process "$sp_ppid"
        [ "$sp_euid:$sp_ruid" != 0:0 ] || sp_sessions=$((sp_sessions + 1))
    done
    [ "${sp_kind:-}" = dropbear ] || return 0
    sp_conn_uid=$sp_id
    sp_connections
    for sp_a in $sp_conns; do
        sp_serves "${sp_a%:*}" || continue
        sp_sessions=$((sp_sessions + 1))
        kill -TERM "${sp_a%:*}" 2>/dev/null || :
    done
}
