# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What runs at the deadline.

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
    local round=0 tries=0
    while :; do
        sp_still_due || exit 0
        [ "$sp_now" -lt "$sp_end_hard" ] || break
        sp_lock_access
        sp_in_use || break
        round=$((round + 1))
        [ "$round" -le 10 ] || exit 0
        if [ $((sp_end_hard - sp_now)) -lt 5 ]; then sleep $((sp_end_hard - sp_now)); else sleep 5; fi
    done
    # What fails ten times is then tried once an hour: it looks at every file of the server.
    [ ! -r "$sp_dir/tries" ] || read -r tries <"$sp_dir/tries" || :
    case $tries in '' | *[!0-9]*) tries=0 ;; esac
    [ "$tries" -lt 10 ] || [ $((sp_now / 60 % 60)) = $((sp_end_hard / 60 % 60)) ] || exit 0
    sp_put "$sp_dir/tries" 600 "$((tries + 1))$sp_nl" || :
    sp_failsafe_again
    sp_cannot_wait=sp_when_busy
    sp_failsafe_closes
}

# What closes then: sp_close. It is not named here, since what is named is sent, and a provider may have another in its place
# (sp_failsafe_closes): whichever it is, the program sends it (closes_by in src/remote/provider.rs).
sp_failsafe_closes() {
    local verb=close
    "sp_$verb"
}

# What loses its power in the middle begins again when it is up, not at the next hour: to systemd,
# the timer has not run since the deadline.
sp_failsafe_again() {
    local stamp="/var/lib/systemd/timers/stamp-$sp_unit.timer"
    [ ! -e "$stamp" ] || touch -d "@$((sp_end_deadline - 1))" -- "$stamp" 2>/dev/null || :
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
