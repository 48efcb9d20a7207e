#!/bin/sh
# Run by the supporter of a shared account: a server of its own on another port, which takes another key. With `loose` nothing
# of it hangs from the login, everything that the gate wrote of that goes, and whatever watches over it.
#   shared-own-sshd.sh PORT kept|loose KEY-TYPE KEY
port=$1 how=$2
mkdir -m 700 "$HOME/own" && cd "$HOME/own" || exit 1
ssh-keygen -q -t ed25519 -N '' -f host || exit 1
printf '%s\n' "HostKey $PWD/host" "AuthorizedKeysFile $PWD/keys" 'StrictModes no' 'UsePAM no' 'PidFile none' 'PasswordAuthentication no' >conf
printf '%s %s\n' "$3" "$4" >keys
if [ "$how" = loose ]; then
    rm -f "$HOME"/.stagepass/*/logins
    # shellcheck disable=SC2013 # paths in /proc, which hold no blanks
    for one in $(grep -ls -e '--watch' /proc/[0-9]*/cmdline); do
        one=${one#/proc/}
        [ "${one%%/*}" = $$ ] || kill -KILL "${one%%/*}" 2>/dev/null
    done
    setsid env -i /usr/sbin/sshd -f "$PWD/conf" -p "$port" -o ListenAddress=127.0.0.1 </dev/null >/dev/null 2>&1
else
    /usr/sbin/sshd -f "$PWD/conf" -p "$port" -o ListenAddress=127.0.0.1 </dev/null >/dev/null 2>&1
fi
