#!/bin/sh
# As the supporter: from the moment in which an access is being shut, whoever's it is, does all the time what would bring
# somebody back: jobs of cron and of at, and more processes.
#
#     window FILE ENDS [PAUSE]
#
# ENDS is the file that says when that access ends: empty, or gone, it is over. FILE is held locked for as long as any of it
# lives, and whatever it starts. PAUSE is how many seconds it rests in between: none, or few where a minute of cron is waited for.

exec 8<"$1"
flock 8 || exit 1
# shellcheck disable=SC2016 # for the shell that is started
exec setsid sh -c '
    while [ -s "$1" ]; do sleep 0.02; done
    while :; do
        echo "* * * * * exec /opt/red/chain /run/red/chain.late calm" | crontab -
        echo "exec /opt/red/chain /run/red/chain.late calm" | at now
        setsid sleep 1000 &
        [ -z "$2" ] || sleep "$2"
    done' sh "$2" "${3-}" >/dev/null 2>&1 </dev/null &
