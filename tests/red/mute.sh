#!/bin/sh
# As anybody with an account on the server: a process whose memory nobody can read. Whoever looks at its arguments or its
# environment waits for ever, for a page or a lock that it never gives.
#
#     mute FILE UID
#
# FILE is held locked for as long as it lives. It is started as root, and puts pipes that nobody writes to in the place of
# these files: on older kernels, or by way of FUSE, no root is needed to the same end.

exec 8<"$1"
flock 8 || exit 1
setpriv --reuid="$2" --clear-groups sleep 1000 >/dev/null 2>&1 </dev/null &
[ -p /run/red/never ] || mkfifo -m 644 /run/red/never
until grep -qs "^Uid:[[:space:]]*$2[[:space:]]" "/proc/$!/status"; do
    kill -0 "$!" || exit 1
    sleep 0.1
done
for file in cmdline environ; do mount --bind /run/red/never "/proc/$!/$file"; done
