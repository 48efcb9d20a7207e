# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# One at a time.

# sp_lock FOLDER: holds that folder for the rest of the verb, or fails within about twenty seconds.
# With flock(1) the kernel lets go whatever happens to us. Sets sp_held once it is held.
sp_lock() {
    local answer
    sp_busy=0 sp_held=''
    # Whoever closes several holds it for all of them.
    # shellcheck disable=SC3013 # every sh named in lib/begin.sh has -ef
    if [ "$sp_lock_had" = "$1" ] && [ /proc/self/fd/9 -ef "$1" ]; then
        sp_held=1
        return 0
    fi
    if sp_has flock; then
        while :; do
            # A folder that is made for the lock goes with whoever held it.
            [ -z "${sp_lock_makes:-}" ] || mkdir -m 0700 -- "$1" 2>/dev/null || :
            # A redirection that fails would end the shell.
            if [ ! -r "$1" ] || [ ! -d "$1" ]; then break; fi
            exec 9<"$1"
            answer=0
            flock -n 9 2>/dev/null || answer=$?
            case $answer in
                0)
                    # The folder may have been replaced while we waited.
                    # shellcheck disable=SC3013 # every sh named in lib/begin.sh has -ef
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
    local one holder
    sp_alive "$$"
    sp_lock_me=$$-$sp_born
    rm -rf -- "$1.$$"
    mkdir -p -- "$1.$$/$sp_lock_me" 2>/dev/null || {
        "${sp_never_waits:-:}"
        sp_fail no-lock "No lock can be made in ${1%/*}."
    }
    while ! mv -T -- "$1.$$" "$1" 2>/dev/null; do
        set +f
        for one in "$1"/*; do
            holder=${one##*/}
            case $holder in
                '*') ;;
                *-*)
                    sp_alive "${holder%%-*}"
                    [ "$holder" = "${holder%%-*}-$sp_born" ] || rmdir -- "$one" 2>/dev/null || :
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
    local line=''
    sp_born=''
    [ ! -r "/proc/$1/stat" ] || read -r line 2>/dev/null <"/proc/$1/stat" || :
    [ -n "$line" ] || return 0
    # The name in the second field may hold blanks and brackets; the rest cannot.
    # shellcheck disable=SC2086
    set -- ${line##*) }
    [ "$1" != Z ] || return 0
    shift 19
    sp_born=$1
    line=''
    [ ! -r /proc/sys/kernel/random/boot_id ] || read -r line </proc/sys/kernel/random/boot_id || :
    sp_born=$sp_born-$line
}

sp_unlock() {
    [ -n "${sp_lock_name:-}" ] || return 0
    rmdir -- "$sp_lock_name/$sp_lock_me" 2>/dev/null || return 0
    rmdir -- "$sp_lock_name" 2>/dev/null || :
    sp_lock_name=''
}
