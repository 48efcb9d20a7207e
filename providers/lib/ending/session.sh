# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Who is in.

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
    local one found line mute=0
    sp_conns='' sp_watchers=''
    sp_with_status "^Uid:[[:space:]]*[0-9]*[[:space:]]*${sp_conn_uid:-$sp_uid}[[:space:]]"
    set --
    for one in $sp_procs; do set -- "$@" "/proc/$one/cmdline"; done
    [ "$#" -gt 0 ] || return 0
    # The shell would say that it was killed.
    found=$({ sp_within 5 grep -lasF -e "$sp_dir/gate" -- "$@" | head -n 1000; } 2>/dev/null) || :
    for one in $found; do
        # Those that answered once and then no more are not waited for one after the other.
        [ "$mute" -lt 5 ] || break
        line=$({ sp_within 2 head -c 4096 "$one" | tr '\000' ' '; } 2>/dev/null) || :
        [ -n "$line" ] || [ ! -r "$one" ] || mute=$((mute + 1))
        case $line in *"$sp_dir/gate --watch "*) ;; *) continue ;; esac
        # shellcheck disable=SC2086
        set -- ${line##*--watch }
        case ${1:-x}${2:-x} in *[!0-9]*) continue ;; esac
        one=${one%/cmdline}
        sp_watchers="$sp_watchers ${one#/proc/}"
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
