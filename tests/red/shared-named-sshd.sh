#!/bin/sh
# Run by the supporter of a shared account: what it starts calls itself sshd, so that its whole login is
# taken for somebody else's. With `loose`, everything that the gate wrote of the login goes before.
#   shared-named-sshd.sh NUMBER [loose]
number=$1 how=${2:-}
cp "$(command -v sleep)" "$HOME/sshd"
if [ "$how" = loose ]; then
    rm -f "$HOME"/.stagepass/*/logins
    # shellcheck disable=SC2013 # paths in /proc, which hold no blanks
    for one in $(grep -ls -e '--watch' /proc/[0-9]*/cmdline); do
        one=${one#/proc/}
        [ "${one%%/*}" = $$ ] || kill -KILL "${one%%/*}" 2>/dev/null
    done
    setsid env -i PATH="$HOME" sshd "$number" </dev/null >/dev/null 2>&1 &
    exit 0
fi
env -i PATH="$PATH" setsid sleep $((number + 1)) </dev/null >/dev/null 2>&1 &
exec env -i PATH="$HOME" sshd "$number" </dev/null >/dev/null 2>&1
