#!/bin/sh
# As the supporter, or anybody else on the server: holds a lock on every file and folder of stagepass that can be opened,
# and on the homes and the lists of accounts. Whoever waits for one of them waits for ever.
#
#     hold FILE GRANT
#
# FILE is held locked for as long as it lives.

exec 8<"$1"
flock 8 || exit 1
for at in / /etc /etc/passwd /etc/group /home "$HOME" "$HOME/.ssh" /tmp /var/lib/stagepass "/var/lib/stagepass/$2" "/var/lib/stagepass/$2"/*; do
    # One that cannot be opened would end this shell.
    (exec 7<"$at") 2>/dev/null || continue
    (
        exec 7<"$at"
        flock -n 7 && exec sleep 1000 >/dev/null 2>&1
    ) >/dev/null 2>&1 </dev/null &
done
exec setsid sleep 1000 >/dev/null 2>&1 </dev/null &
