# The cases of the gate and the failsafe. Read by run.sh; needs what it defines.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154

gate_and_failsafe() {
    about="$suite gate"
    account=sp-anna login=root
    starts_cron
    # What cron starts would close at the deadline, or in disorder, before the gate can be asked.
    on pkill -STOP -x cron
    lets_through
    shuts_out
    answers_the_trial
    clears_only_its_trial
    tells_sftp_programs
    ends_what_runs
    ends_what_is_hidden
    lets_nobody_in_without_a_clock
    believes_no_watcher
    lets_work_drain
    on pkill -CONT -x cron
    holds_passwords
    outlives_login_defs
    finds_the_sftp_server
    counts_what_is_never_closed
    does_not_start_itself
    ends_what_uses_up_processes
    ends_what_holds_the_watcher
    waits_for_no_memory
    falls_back_without_drop_in
    closes_by_itself
    is_killed_half_way
    tells_twice
    finds_what_was_left
    leaves_nothing_half_written
    shows_marks
    ends_by_cron
}

# What was tried to get out of it, alone.
red_gate() {
    about="$suite attacks on the gate"
    account=sp-anna login=root
    boot_full "$suite"
    loads_nothing_that_was_sent
    needs_nothing_of_the_crontab
    leaves_the_socket_to_systemd
    stop_full
}

# Dropbear serves a connection as root, and a password opens one that needs no program of the account.
red_dropbear() {
    local with=(-o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1) light=$root light_port=${port[$suite]} mine kind left
    about="$suite connections of Dropbear"
    account=sp-anna login=root host=dropbear-$$-$suite
    booted+=("$host")
    "$repo/tests/hosts/hosts" light up "$host" "$suite" --server dropbear --owner $$ --deploy '' --root-key "$(cat "$tmp/operator.pub")" >"$tmp/host.json" || stop "no host of $suite with Dropbear"
    root=$(sed 's/.*"root":"\([^"]*\)".*/\1/' "$tmp/host.json")
    port[$suite]=$(sed 's/.*"port":\([0-9]*\).*/\1/' "$tmp/host.json")
    make_shop
    # What sshpass started goes with its terminal.
    printf '%s\n' '#!/bin/sh' 'printf "%s\n" "$SECRET"' >"$tmp/askpass"
    chmod 755 "$tmp/askpass"
    # The merchant's own, kept since before.
    mine=$tmp/mine.$suite
    ssh "${options[@]}" -i "$tmp/operator" -p "${port[$suite]}" -M -S "$mine" -fN "root@$address"
    for kind in running idle used; do
        about="$suite connections of Dropbear: $kind"
        verb linux-account open "path=$shop" access=ssh has_password=1 "password=$password"
        finishes
        want 'a kept connection' env SECRET="$password" SSH_ASKPASS="$tmp/askpass" SSH_ASKPASS_REQUIRE=force ssh "${options[@]}" "${with[@]}" -p "${port[$suite]}" -M -S "$tmp/master" -fN "sp-anna@$address"
        case $kind in
            running)
                ssh "${options[@]}" -S "$tmp/master" -p "${port[$suite]}" "sp-anna@$address" 'sleep 1000' >/dev/null 2>&1 </dev/null &
                want 'a program runs' again 60 on pgrep -u sp-anna -x sleep
                ;;
            used) same 'it works' sp-anna "$(ssh "${options[@]}" -S "$tmp/master" -p "${port[$suite]}" "sp-anna@$address" id -un)" ;;
        esac
        verb linux-account close "path=$shop" access=ssh
        finishes
        if [ "$kind" = running ]; then
            says sessions_left=0
            want 'the connection is over' again 60 gone ssh -S "$tmp/master" -O check none
        else
            left=unknown
            # What is said is true: either it is over, or nobody can tell.
            ! gone ssh -S "$tmp/master" -O check none >/dev/null 2>&1 || left=0
            says "sessions_left=$left"
        fi
        want 'the connection of the merchant is not touched' ssh -S "$mine" -O check none
        ssh -S "$tmp/master" -O exit none >/dev/null 2>&1
        verb linux-account collected
    done
    about="$suite connections of Dropbear: none"
    verb linux-account open "path=$shop" access=ssh has_password=1 "password=$password"
    finishes
    want 'the password works' pw_ssh true
    verb linux-account close "path=$shop" access=ssh
    finishes
    says sessions_left=0
    want 'the merchant is still in' ssh -S "$mine" -O check none
    ssh -S "$mine" -O exit none >/dev/null 2>&1
    "$repo/tests/hosts/hosts" light down "$host"
    host='' root=$light port[$suite]=$light_port
}

# With a systemd, and without the chroot that forbids namespaces to the accounts of a light host.
booted_host() {
    about="$suite booted"
    account=sp-anna login=root
    boot_full "$suite"
    shuts_into_the_shop
    loads_nothing_that_was_sent
    keeps_to_the_shop
    needs_nothing_of_the_crontab
    ends_by_timer
    has_its_time_and_no_more
    ends_over_a_reboot
    stop_full
    # Its sshd is started and ended again and again: on a host of its own, which nobody needs after that.
    boot_full "$suite"
    leaves_the_socket_to_systemd
    stop_full
}

state() { printf '%s/var/lib/stagepass/%s/%s' "$root" "${2:-$grant}" "$1"; }
uses() { cut -d' ' -f3- "$(state uses)"; }
watchers() { on timeout 5 pgrep -fc "^/bin/sh /var/lib/stagepass/[a-z0-9]*/gate --watch "; }
watched() { [ "$(watchers)" = "$1" ]; }
# What waits beside cron would close by itself where a test says that the time is over.
holds_the_waiter() { on sh -c '[ ! -r "$1/waiter" ] || kill -STOP "$(cat "$1/waiter")"' - "/var/lib/stagepass/$grant"; }
failsafe() { on /bin/sh "/var/lib/stagepass/$grant/failsafe"; }
mux() { ssh "${options[@]}" -S "$tmp/mux" -o ControlMaster=no -p "${port[$suite]}" "$account@$address" "$@" </dev/null; }

# remote_copy TO: by rsync, which only the host has; it is its own client there.
remote_copy() {
    on timeout 20 rsync -e "ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes -i /root/supporter -p ${port[$suite]}" /etc/hostname "$account@127.0.0.1:$1"
}

lets_through() {
    local long before
    about="$suite through the gate"
    make_shop
    verb linux-account open "path=$shop" access=ssh "check_key=$check_key" "check_until=$(($(date +%s) + 300))"
    finishes
    says gate=true password_gate=none confined=false baseline=true "shell=/var/lib/stagepass/$grant/gate"
    same 'the gate says nothing of its own' "$(printf 'out\n3')" "$(key_ssh 'echo out; exit 3'; echo $?)"
    same 'what it starts knows the grant' "$grant" "$(key_ssh 'echo $STAGEPASS_GRANT')"
    same 'the shell is a real one' /bin/bash "$(key_ssh 'echo $SHELL')"
    same 'standard input goes through' 'and back' "$(echo 'and back' | ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" "$account@$address" cat)"
    want 'a shell on a terminal' bash -c 'echo "tty; exit 0" | timeout 20 "$@" | grep -q /dev/pts' - ssh "${options[@]}" -tt -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" "$account@$address"
    want 'sftp' key_sftp "put $tmp/upload \"$shop/new\"
get \"$shop/index.php\" $tmp/got"
    rm -f "$tmp/got"
    want 'scp' timeout 20 scp "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -P "${port[$suite]}" "$tmp/upload" "$account@$address:$shop/scp"
    want 'scp as it was before SFTP' timeout 20 scp -O "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -P "${port[$suite]}" "$tmp/upload" "$account@$address:files/scp"
    install -m 600 "$tmp/supporter" "$root/root/supporter"
    want 'rsync' remote_copy "files/rsync"
    want 'and it went through the gate' grep -q ' command rsync --server ' "$(state uses)"
    want 'a child that is left behind does not hold the client' timeout 20 ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" "$account@$address" 'sleep 300 >/dev/null 2>&1 </dev/null &'
    long=$(printf 'x%.0s' $(seq 1000))
    key_ssh "true one
1795300000 1.2.3.4 shell forged; : $long"
    identity=$tmp/check
    key_ssh true
    identity=''
    same 'each use is one line' 'command echo out; exit 3
command echo $STAGEPASS_GRANT
command echo $SHELL
command cat
shell /bin/bash' "$(uses | grep '^[a-z]* ' | head -n 5)"
    want 'the login that proves it is told apart' grep -qE '^[0-9]+ 127\.0\.0\.1 own true$' "$(state uses)"
    want 'a command with a newline is one line, cut' bash -c 'grep -cE "^[0-9]+ [0-9.]+ command true one 1795300000 1.2.3.4 shell forged; : x{200,280}$" "$1" | grep -qx 1' - "$(state uses)"
    same 'files and bytes are counted' 'files_read=1
files_written=2' "$(verb linux-account check "path=$shop" access=ssh uses_from=5; printf '%s\n' "$out" | grep '^files_[rw]')"
    verb linux-account check "path=$shop" access=ssh "uses_from=$(grep -cE '^[0-9]{10} [^ ]+ [a-z]+' "$(state uses)")"
    says gate_present=true drop_in_present=false bytes_written=16 bytes_read=6
    case $out in *use=*) fail 'uses that were collected are not said again' "$out" ;; *) pass ;; esac

    about="$suite watchers"
    want 'they go when the connection has gone' again 60 watched 0
    ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -M -S "$tmp/mux" -N -f -p "${port[$suite]}" "$account@$address"
    mux true
    mux true
    mux true
    same 'one for each connection' 1 "$(watchers)"
    same 'and it holds no file of a client' '/dev/null /dev/null /dev/null' "$(on sh -c 'p=$(pgrep -f "^/bin/sh /var/lib/stagepass/[a-z0-9]*/gate --watch "); for f in /proc/$p/fd/[012]; do readlink $f; done' | tr '\n' ' ' | sed 's/ $//')"
    verb linux-account check "path=$shop" access=ssh
    says sessions=3
    ssh -S "$tmp/mux" -O exit x 2>/dev/null

    about="$suite a log that cannot be written"
    on sh -c 'cd "/var/lib/stagepass/$1" && { chattr -a uses 2>/dev/null; mv uses was; mkdir uses; }' - "$grant"
    want 'the work goes on' key_login ssh
    on sh -c 'cd "/var/lib/stagepass/$1" && rmdir uses && mv was uses' - "$grant"

    about="$suite a gate in disorder"
    before=$(cat "$(state ends)")
    holds_the_waiter
    for long in '' 'deadline=x' 'hard=9999999999' 'deadline=
hard='; do
        printf '%s\n' "$long" >"$(state ends)"
        deny "ends that say '$long' are over" key_ssh true
    done
    rm "$(state ends)"
    deny 'no ends are over' key_ssh true
    printf '%s\n' "$before" >"$(state ends)"
    mv "$(state gate.conf)" "$(state conf)"
    deny 'without its settings it lets nobody in' key_ssh true
    mv "$(state conf)" "$(state gate.conf)"
    want 'in order again' key_ssh true
    verb linux-account close "path=$shop" access=ssh
    finishes
    says gate_absent=true failsafe_absent=true drop_in_absent=true by_server=false
    case $out in *"use="*" own true"*) pass ;; *) fail 'close says the uses' "$out" ;; esac
}

# What SFTP alone does not open.
shuts_out() {
    about="$suite SFTP only"
    make_shop
    verb linux-account open "path=$shop" access=sftp-read-only
    finishes
    says gate=true confined=false
    same 'a command is refused with a sentence' "stagepass: This access for DH-1 'x' \$(id) %n is for SFTP only. Ask Anna at anna@example.org." "$(key_ssh 'touch /tmp/x' 2>&1)"
    deny 'so is a shell' key_ssh
    deny 'and what only looks like SFTP' key_ssh 'sh -c /usr/lib/openssh/sftp-server'
    install -m 600 "$tmp/supporter" "$root/root/supporter"
    deny 'and rsync' remote_copy /tmp/x
    rm -f "$root/root/supporter"
    deny 'and scp as it was before SFTP' timeout 20 scp -O "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -P "${port[$suite]}" "$tmp/upload" "$account@$address:/tmp/x"
    want 'no command ran' test ! -e "$root/tmp/x"
    want 'scp by SFTP reads' timeout 20 scp "${options[@]}" -s -o IdentitiesOnly=yes -i "$tmp/supporter" -P "${port[$suite]}" "$account@$address:$shop/index.php" "$tmp/got"
    deny 'and does not write' timeout 20 scp "${options[@]}" -s -o IdentitiesOnly=yes -i "$tmp/supporter" -P "${port[$suite]}" "$tmp/upload" "$account@$address:$shop/new"
    rm -f "$tmp/got"
    key_ssh 'internal-sftp -d /etc' </dev/null
    same 'refusals are logged' 5 "$(uses | grep -c '^refused')"
    same 'the start folder is the shop, whatever it is called' "Remote working directory: $shop" "$(key_sftp pwd | tail -n 1)"
    mkdir "$root/srv/100%d"
    verb linux-account close "path=$shop"
    verb linux-account open 'path=/srv/100%d'
    same 'even with a percent sign' 'Remote working directory: /srv/100%d' "$(key_sftp pwd | tail -n 1)"
    verb linux-account close 'path=/srv/100%d'
    rmdir "$root/srv/100%d"

    about="$suite no gate"
    verb linux-account open "path=$shop" gate_wanted=0
    finishes
    says gate=false 'gate_reason=It was not wanted.'
    want 'the key works as before' key_login sftp
    want 'by sshd itself' grep -q 'command="internal-sftp' "$root/home/sp-anna/.ssh/authorized_keys"
    failsafe
    want 'the failsafe knows the deadline all the same' key_login sftp
    verb linux-account close "path=$shop"
    mv "$root/usr/lib/openssh/sftp-server" "$root/usr/lib/openssh/away"
    verb linux-account open "path=$shop"
    finishes
    says gate=false 'gate_reason=This server has no sftp-server program, which the gate would start.'
    want 'the key works without that program' key_login sftp
    verb linux-account close "path=$shop"
    finishes
    mv "$root/usr/lib/openssh/away" "$root/usr/lib/openssh/sftp-server"
}

# Whoever made the access asks who answers. Nobody else is answered, and another command that sshd
# forces is found before anybody can come in.
answers_the_trial() {
    local access was conf=$root/etc/ssh/sshd_config.d/05-test.conf
    about="$suite trial"
    for access in sftp ssh; do
        make_shop
        verb linux-account open "path=$shop" "access=$access" "check_key=$check_key" "check_until=$(($(date +%s) + 300))" trial=n0nce
        finishes
        deny 'the supporter is not answered' key_ssh 'stagepass-trial n0nce' 2>/dev/null
        identity=$tmp/check
        deny 'another number is not answered' key_ssh 'stagepass-trial 0nce' 2>/dev/null
        want 'nor one with more behind it' bash -c '! grep -q stagepass-gate <<<"$1"' - "$(key_ssh 'stagepass-trial n0nce; echo' 2>/dev/null)"
        same 'the gate answers' "stagepass-gate n0nce grant=$grant access=$access deadline=$deadline confined=0" "$(key_ssh 'stagepass-trial n0nce' | sed 's/ confined=1$/ confined=0/')"
        [ "$access" = ssh ] || key_ssh true 2>/dev/null
        identity=''
        want 'and writes it down' grep -qE '^[0-9]+ [^ ]+ own trial n0nce$' "$(state uses)"
        [ "$access" = ssh ] || want 'what was refused in the trial is no use' grep -qE '^[0-9]+ [^ ]+ own refused true$' "$(state uses)"
        verb linux-account update "path=$shop" "access=$access" trial=n0nc
        says trial_seen=false
        [ "$access" = sftp ] || verb linux-account open "path=$shop" "access=$access" "check_key=$check_key" "check_until=$(($(date +%s) + 300))" trial=n0nce
        was=$(cd "$(state .)" && stat -c '%n %i %Y' gate ends failsafe 2>/dev/null)
        verb linux-account tried "path=$shop" "access=$access" trial=n0nce
        finishes
        says trial_seen=true gate=true
        want 'the word is forgotten' grep -qx 'trial=' "$(state gate.conf)"
        want 'and whose address it came from' grep -qx 'own=' "$(state gate.conf)"
        same 'nothing else is written anew' "$was" "$(cd "$(state .)" && stat -c '%n %i %Y' gate ends failsafe 2>/dev/null)"
        deny 'the key of the trial is gone' grep -qF "$check_key" "$root/home/sp-anna/.ssh/authorized_keys"
        want "the supporter's is not" grep -qF "$supporter_key" "$root/home/sp-anna/.ssh/authorized_keys"
        verb linux-account update "path=$shop" "access=$access" trial=n0nce
        says trial_seen=true
        want 'the word is forgotten by update, too' grep -qx 'trial=' "$(state gate.conf)"
        verb linux-account update "path=$shop" "access=$access"
        case $out in *trial_seen*) fail 'nothing is said where nothing was asked' "$out" ;; *) pass ;; esac
        verb linux-account close "path=$shop"
    done
    printf 'Match User sp-anna\nForceCommand internal-sftp\nMatch all\n' >"$conf"
    verb linux-account open "path=$shop"
    refuses forced-command
    want 'nothing is left' bash -c '! grep -q sp-anna "$1/etc/passwd" && [ ! -e "$2" ] && [ ! -e "$1/home/sp-anna" ]' - "$root" "$(state gate)"
    rm -f "$conf"
}

# The file of a trial that was cut off goes at the end, and nothing that others gave its name.
clears_only_its_trial() {
    local name=.stagepass-trial-n0nce0n0nce kind uid i
    mkdir -p "$root/srv/protected"
    for kind in whole begun below other-text two-names link renamed merchants moved swapped; do
        about="$suite a trial that was cut off: $kind"
        make_shop
        echo "$name" >"$root/srv/protected/$name"
        verb linux-account open "path=$shop" "check_key=$check_key" "check_until=$(($(date +%s) + 300))" trial=n0nce0n0nce
        finishes
        uid=$(grep '^sp-anna:' "$root/etc/passwd" | cut -d: -f3)
        case $kind in
            whole) as_the_trial "echo $name >$name" ;;
            begun) as_the_trial "printf .stagepass-tri >$name" ;;
            below) as_the_trial "echo $name >var/$name" ;;
            other-text) as_the_trial "echo mine >$name" ;;
            two-names) as_the_trial "echo $name >$name; ln $name second" ;;
            link) as_the_trial "ln -s /srv/protected/$name $name" ;;
            renamed) as_the_trial "mv index.php $name" ;;
            merchants) on runuser -u deploy -- sh -c "echo $name >\"\$1/$name\"" - "$shop" ;;
            moved)
                mv "$root$shop" "$root$shop.was"
                ln -s /srv/protected "$root$shop"
                ;;
            swapped)
                as_the_trial "mkdir d; chmod 777 d; echo $name >d/$name"
                on runuser -u deploy -- sh -c 'cd "$1" && while :; do mv d was && ln -s /srv/protected d; rm -f d; mv was d; done' - "$shop" >/dev/null 2>&1 &
                i=$!
                sleep 0.2
                ;;
        esac
        verb linux-account close "path=$shop"
        case $kind in
            whole | begun | below) want 'it is gone' bash -c '! [ -e "$1/$2" ] && ! [ -e "$1/var/$2" ]' - "$root$shop" "$name" ;;
            moved)
                rm "$root$shop"
                mv "$root$shop.was" "$root$shop"
                ;;
            swapped)
                on pkill -KILL -u deploy
                wait "$i" 2>/dev/null
                ;;
            link) want 'it is left alone' test -L "$root$shop/$name" ;;
            *) want 'it is left alone' test -s "$root$shop/$name" ;;
        esac
        want 'what is elsewhere is left alone' test -s "$root/srv/protected/$name"
        verb linux-account close "path=$shop"
        finishes
    done
    rm -r "$root/srv/protected"
}
as_the_trial() { on setpriv --reuid="$uid" --regid="$uid" --clear-groups -- /bin/sh -c 'umask 077; cd "$1" && eval "$2"' - "$shop" "$1"; }

# started NAME COMMAND...: in the background; when it ends, the time is in a file.
started() {
    local name=$1
    shift
    rm -f "$tmp/ended.$name"
    {
        "$@" >"$tmp/out.$name" 2>&1
        date +%s >"$tmp/ended.$name"
    } &
}

# sshd throws away what a subsystem says on standard error: in the protocol it is heard.
tells_sftp_programs() {
    about="$suite SFTP programs are told"
    local sentence="stagepass: This access for DH-1 'x' \$(id) %n ended. Ask Anna at anna@example.org." said before
    make_shop
    verb linux-account open "path=$shop"
    finishes
    says gate=true
    # sshd still takes the key: it is the gate that refuses.
    holds_the_waiter
    printf 'deadline=0\nhard=0\n' >"$(state ends)"
    before=$(uses | wc -l)
    said=$(key_sftp pwd 2>&1)
    deny 'sftp(1) fails' key_sftp pwd
    want 'and says why' grep -qF "$sentence" <<<"$said"
    said=$(paramiko_list '' 2>&1)
    want 'so does paramiko' grep -qxF "PermissionError: [Errno 13] $sentence" <<<"$said"
    # Which finds no such file when it may not look.
    deny 'scp fails' scp "${options[@]}" -s -o IdentitiesOnly=yes -i "$tmp/supporter" -P "${port[$suite]}" "$account@$address:$shop/index.php" "$tmp/got"
    want 'it got nothing' test ! -e "$tmp/got"
    same 'each is logged, once' "$((before + 4))" "$(uses | wc -l)"
    for said in 'no packet at all' '\0\0\0\5\1\0\0\0' '\377\377\377\377\1\0\0\0\3' '\0\0\0\1\1\0\0\0\0\0\0\0\0'; do
        want "what is no SFTP is not answered for long: $said" sftp_says "$said" 20
    done
    # Whoever says nothing is not waited for.
    want 'nor is who says nothing' sftp_says '' 20 sleep 21
    verb linux-account close "path=$shop"
}
# sftp_says BYTES SECONDS [COMMAND...]: sent to the subsystem, and then nothing more; it is over in that time.
sftp_says() {
    local bytes=$1 limit=$2
    shift 2
    { printf '%b' "$bytes"; "$@"; } | timeout "$limit" ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -s -p "${port[$suite]}" "$account@$address" sftp >/dev/null 2>&1
    [ "${PIPESTATUS[1]}" -lt 124 ]
}

ends_what_runs() {
    local at name uid
    about="$suite the end of what runs"
    make_shop
    verb linux-account open "path=$shop" access=ssh has_password=1 "password=$password"
    finishes
    uid=$(grep '^sp-anna:' "$root/etc/passwd" | cut -d: -f3)
    ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -M -S "$tmp/mux" -N -f -p "${port[$suite]}" "$account@$address"
    started master mux 'sleep 1000'
    started command key_ssh 'setsid sh -c "printf gate-on-guard >/proc/\$\$/comm; sleep 555; :" </dev/null >/dev/null 2>&1 & trap "" HUP TERM; while :; do sleep 1; done'
    mkfifo "$tmp/held"
    sleep 1000 >"$tmp/held" &
    name=$!
    started terminal ssh "${options[@]}" -tt -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" "$account@$address" <"$tmp/held"
    # sftp(1) itself would not look up before it is typed at.
    started sftp ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" -s "$account@$address" sftp <"$tmp/held"
    started password pw_ssh 'sleep 1000'
    want 'five connections' again 60 watched 5
    # Once a deadline, once a longer one: what runs goes by the last.
    verb linux-account update "path=$shop" access=ssh has_password=1 "deadline=$(($(date +%s) + 10))"
    finishes
    says gate=true
    at=$(($(date +%s) + 16))
    verb linux-account update "path=$shop" access=ssh has_password=1 "deadline=$at"
    finishes
    while [ "$(date +%s)" -lt $((at - 1)) ]; do sleep 0.2; done
    want 'an extension is kept for what runs' test ! -e "$tmp/ended.sftp" -a ! -e "$tmp/ended.terminal" -a ! -e "$tmp/ended.command" -a ! -e "$tmp/ended.master" -a ! -e "$tmp/ended.password"
    for one in master command terminal sftp password; do
        want "$one ends" again 60 test -s "$tmp/ended.$one"
        want "$one ends at the deadline" test "$(cat "$tmp/ended.$one")" -ge "$at" -a "$(cat "$tmp/ended.$one")" -le $((at + 8))
    done
    kill "$name"
    rm -f "$tmp/held"
    deny 'the multiplexed master is dead' mux true
    want 'nothing of it runs, whatever it is called' again 60 gone on pgrep -u "$uid"
    # Whoever comes first ends everything of the account, the other watchers too.
    same 'each end is logged, once' 5 "$(uses | grep -c '^ended')"
    same 'a password is refused with a sentence' "stagepass: This access for DH-1 'x' \$(id) %n ended on $(date -u -d "@$at" '+%Y-%m-%d at %H:%M:%S') UTC. Ask Anna at anna@example.org." "$(pw_ssh true 2>&1)"
    verb linux-account close "path=$shop" access=ssh
    finishes
}

# With hidepid an account does not see its own sshd and sftp-server.
ends_what_is_hidden() {
    local at held one
    about="$suite processes that are hidden"
    make_shop
    on mount -o remount,hidepid=2 /proc
    verb linux-account open "path=$shop" has_password=1 "password=$password"
    finishes
    deny 'the account does not see what is not its own' on setpriv --reuid="$(grep '^sp-anna:' "$root/etc/passwd" | cut -d: -f3)" --regid=65534 --clear-groups test -e /proc/1
    mkfifo "$tmp/held"
    sleep 1000 >"$tmp/held" &
    held=$!
    ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -M -S "$tmp/mux" -N -f -p "${port[$suite]}" "$account@$address"
    started first ssh "${options[@]}" -S "$tmp/mux" -s -p "${port[$suite]}" "$account@$address" sftp <"$tmp/held"
    want 'a watcher' again 60 watched 1
    started second ssh "${options[@]}" -S "$tmp/mux" -s -p "${port[$suite]}" "$account@$address" sftp <"$tmp/held"
    started alone ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -s -p "${port[$suite]}" "$account@$address" sftp <"$tmp/held"
    want 'one watcher for each connection' again 60 watched 2
    sleep 5
    want 'which stays' watched 2
    at=$(($(date +%s) + 3))
    verb linux-account update "path=$shop" has_password=1 "deadline=$at"
    finishes
    for one in first second alone; do
        want "$one ends" again 60 test -s "$tmp/ended.$one"
        want "$one ends at the deadline" test "$(cat "$tmp/ended.$one")" -ge "$at" -a "$(cat "$tmp/ended.$one")" -le $((at + 8))
    done
    deny 'the multiplexed master is dead' mux true
    want 'and so are the watchers' again 60 watched 0
    kill "$held"
    rm -f "$tmp/held"
    on mount -o remount,hidepid=0 /proc
    verb linux-account close "path=$shop"
    finishes
}

# A date(1) that is killed, or cannot be started.
lets_nobody_in_without_a_clock() {
    about="$suite no clock"
    make_shop
    mkdir -p "$root/usr/local/bin"
    verb linux-account open "path=$shop" access=ssh
    finishes
    started work key_ssh 'sleep 1000'
    want 'it is at work' again 60 watched 1
    printf '#!/bin/sh\nexit 137\n' >"$root/usr/local/bin/date"
    chmod 755 "$root/usr/local/bin/date"
    same 'nobody new is let in' "stagepass: This access for DH-1 'x' \$(id) %n ended. Ask Anna at anna@example.org." "$(key_ssh 'echo in' 2>&1)"
    sleep 5
    want 'the work goes on meanwhile' test ! -e "$tmp/ended.work"
    want 'and not for ever' again 60 test -s "$tmp/ended.work"
    rm "$root/usr/local/bin/date"
    want 'with a clock all is well' key_login ssh
    verb linux-account close "path=$shop" access=ssh
    finishes
}

# named AS PID: a process of that account which looks like the watcher of a connection of PID.
named() {
    on setpriv --reuid="$1" --clear-groups -- /bin/sh -c 'setsid sh -c "sleep 1000; :" "$1" --watch "$2" "$(cut -d" " -f22 "/proc/$2/stat")" >/dev/null 2>&1 </dev/null &' \
        - "/var/lib/stagepass/$grant/gate" "$2"
}
# runs_as_root COMMAND...: in the background. Its process id in the host.
runs_as_root() { on sh -c '"$@" >/dev/null 2>&1 </dev/null & echo $!' - "$@"; }

# What a process says of itself is no reason for root to end another.
believes_no_watcher() {
    local kind uid precious served
    mkdir -p "$root/opt/listener" "$root/opt/served"
    cp -L "$root/bin/sh" "$root/opt/listener/dropbear"
    cp -L "$root/bin/sleep" "$root/opt/served/dropbear"
    for kind in openssh dropbear; do
        about="$suite false watchers, $kind"
        make_shop
        verb linux-account open "path=$shop" access=ssh
        finishes
        uid=$(grep '^sp-anna:' "$root/etc/passwd" | cut -d: -f3)
        echo "kind=$kind" >>"$(state record)"
        precious=$(runs_as_root sleep 1000)
        named 33 "$precious"
        named "$uid" "$precious"
        # The listener, a connection of somebody else, and one that is the account's.
        precious="$precious $(runs_as_root /opt/served/dropbear 1000)"
        named "$uid" "${precious##* }"
        precious="$precious $(runs_as_root /opt/listener/dropbear -c '/opt/listener/dropbear -c "sleep 1000; :"; :')"
        sleep 0.3
        named "$uid" "$(on pgrep -P "${precious##* }")"
        served=$(on pgrep -P "$(runs_as_root /opt/listener/dropbear -c '/opt/served/dropbear 1000; :'; sleep 0.3)")
        named "$uid" "$served"
        started operator ssh "${options[@]}" -i "$tmp/operator" -p "${port[$suite]}" "root@$address" 'su sp-anna -c "sleep 1000"; echo still in'
        want 'root is in by su, through the gate' again 60 watched 1
        verb linux-account check "path=$shop" access=ssh
        verb linux-account close "path=$shop" access=ssh
        finishes
        for uid in $precious; do want 'what root runs goes on' on kill -0 "$uid"; done
        want 'and so does the session from which somebody went in' again 60 grep -qx 'still in' "$tmp/out.operator"
        if [ "$kind" = dropbear ]; then
            deny 'the connection of the account ends' on kill -0 "$served"
            says sessions_ended=1
        else
            want 'sshd is no Dropbear' on kill -0 "$served"
            says sessions_ended=0
        fi
        on sh -c 'pkill -KILL -x dropbear; pkill -KILL -f "^sh -c sleep 1000; :"; pkill -KILL -x sleep; :'
    done
    rm -rf "$root/opt/listener" "$root/opt/served"
}

# After the deadline nothing new starts; what runs has until the hard end. The failsafe waits for it.
lets_work_drain() {
    local at
    about="$suite draining"
    make_shop
    verb linux-account open "path=$shop" access=ssh at_end=drain drain=600 has_password=1 "password=$password"
    finishes
    ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -M -S "$tmp/mux" -N -f -p "${port[$suite]}" "$account@$address"
    started work mux 'sleep 1000'
    want 'it is at work' again 60 watched 1
    at=$(($(date +%s) + 2))
    verb linux-account update "path=$shop" access=ssh at_end=drain drain=600 "deadline=$at" has_password=1
    same 'the end of both is written down' "deadline=$at
hard=$((at + 600))" "$(cat "$(state ends)")"
    while [ "$(date +%s)" -le "$at" ]; do sleep 0.2; done
    same 'a new channel of an old connection is refused with a sentence' "stagepass: This access for DH-1 'x' \$(id) %n ended on $(date -u -d "@$at" '+%Y-%m-%d at %H:%M:%S') UTC. Ask Anna at anna@example.org." "$(mux 'touch /tmp/x' 2>&1)"
    want 'nothing ran' test ! -e "$root/tmp/x"
    started failsafe failsafe
    want 'it lets nobody new in' again 60 grep -q '^sp-anna:[^:]*:[0-9]*:[^:]*:[^:]*:[^:]*:[^:]*:1:' "$root/etc/shadow"
    want 'the work goes on' test ! -e "$tmp/ended.work"
    want 'and so does the account' grep -q '^sp-anna:' "$root/etc/passwd"
    # What cuts it short is an end that comes sooner.
    verb linux-account update "path=$shop" access=ssh "deadline=$at" has_password=1
    want 'the work is ended' again 60 test -s "$tmp/ended.work"
    want 'then the failsafe closes' again 60 test -s "$tmp/ended.failsafe"
    deny 'the account is gone' grep -q '^sp-anna:' "$root/etc/passwd"
    verb linux-account close "path=$shop" access=ssh
    finishes
    says by_server=true already_absent=true
}

holds_passwords() {
    local conf=$root/etc/ssh/sshd_config.d/50-stagepass-$grant.conf
    about="$suite passwords behind a drop-in"
    make_shop
    verb linux-account open "path=$shop" access=sftp-read-only has_password=1 "password=$password" public_key=
    finishes
    says gate=true password_gate=drop-in password_forwarding=false
    want 'sshd reads it' on grep -q "^    ForceCommand /var/lib/stagepass/$grant/gate t4g any$" "/etc/ssh/sshd_config.d/50-stagepass-$grant.conf"
    want 'a read-only password logs in' pw_login sftp
    pw_sftp "put $tmp/upload \"$shop/new\"" >/dev/null 2>&1
    want 'and cannot write' test ! -e "$root$shop/new"
    deny 'nor run anything' pw_ssh true
    deny 'nor forward' bash -c 'echo | timeout 20 "$@" | grep -q SSH' - env "SSHPASS=$password" sshpass -e ssh "${options[@]}" -o PubkeyAuthentication=no -W "127.0.0.1:${port[$suite]}" -p "${port[$suite]}" "$account@$address"
    verb linux-account check "path=$shop" access=sftp-read-only has_password=1 public_key=
    says drop_in_present=true gate_present=true password=usable
    rm "$conf"
    verb linux-account check "path=$shop" access=sftp-read-only has_password=1 public_key=
    says drop_in_present=false
    verb linux-account update "path=$shop" access=sftp-read-only has_password=1 public_key=
    finishes
    want 'an update puts back what was taken away' test -s "$conf"
    verb linux-account close "path=$shop" access=sftp-read-only
    finishes
    says drop_in_absent=true
    want 'it is gone' test ! -e "$conf"
    want 'sshd has let go of it' bash -c '! "$@" | grep -q "forcecommand /var"' - on sshd -T -C user=sp-anna,host=x,addr=127.0.0.1
}

# Where sshd does not take the settings, everything is as it was, and the login shell is what holds.
# A subsystem that somebody wrapped, as people do to set modes.
finds_the_sftp_server() {
    local wrap config
    config=$(cat "$root/etc/ssh/sshd_config")
    printf '#!/bin/sh\nexec /usr/lib/openssh/sftp-server "$@"\n' >"$root/usr/local/bin/wrapped-sftp"
    chmod 755 "$root/usr/local/bin/wrapped-sftp"
    for wrap in "/bin/sh -c 'umask 0002; exec /usr/lib/openssh/sftp-server'" '/usr/lib/openssh/sftp-server -f AUTH -u 0002' '/usr/local/bin/wrapped-sftp'; do
        about="$suite Subsystem sftp $wrap"
        sed -i "s|^Subsystem.*|Subsystem sftp $wrap|" "$root/etc/ssh/sshd_config"
        reload
        make_shop
        verb linux-account detect "path=$shop"
        says sftp_server=/usr/lib/openssh/sftp-server can_gate=true
        verb linux-account open "path=$shop" has_password=1 "password=$password"
        finishes
        want 'SFTP by key' key_sftp "put $tmp/upload \"$shop/wrapped\""
        want 'and by password' pw_login sftp
        same 'as SFTP' 'sftp sftp' "$(uses | cut -d' ' -f1 | tr '\n' ' ' | sed 's/ $//')"
        case $wrap in *0002*) want 'with the modes that were set' grep -qx umask=0002 "$(state gate.conf)" ;; esac
        deny 'and nothing else' key_ssh true
        verb linux-account close "path=$shop"
        finishes
    done
    printf '%s\n' "$config" >"$root/etc/ssh/sshd_config"
    rm "$root/usr/local/bin/wrapped-sftp"
    reload
}

# A client that never closes what it opened, and one that talks too much.
counts_what_is_never_closed() {
    about="$suite handles that are never closed"
    make_shop
    verb linux-account open "path=$shop"
    finishes
    head -c 300000 /dev/zero >"$root$shop/large"
    /usr/bin/python3 - "$address" "${port[$suite]}" "$account" "$tmp/supporter" "$shop" >/dev/null <<'PY'
import os, sys, paramiko
t = paramiko.SSHClient()
t.set_missing_host_key_policy(paramiko.AutoAddPolicy())
t.connect(sys.argv[1], int(sys.argv[2]), sys.argv[3], key_filename=sys.argv[4], allow_agent=False, look_for_keys=False)
s = t.open_sftp()
s.open(sys.argv[5] + "/large").read(200000)
s.open(sys.argv[5] + "/kept-open", "w", bufsize=0).write(b"x" * 1000)
t.get_transport().close()
os._exit(0)
PY
    want 'the server sees that the client is gone' again 60 grep -q '^session closed' "$(state talk)"
    verb linux-account check "path=$shop"
    says files_read=1 files_written=1 bytes_written=1000 uses_partial=false uses_cut=false
    want 'what was read counts' grep -qE '^bytes_read=(200000|2[0-9]{5}|300000)$' <<<"$out"
    # 70 MB of talk hide no use.
    on sh -c 'yes "opendir \"/x\" of a client that lists the same folder all the time" | head -c 70000000 >>"/var/lib/stagepass/$1/talk"' - "$grant"
    key_sftp pwd >/dev/null
    verb linux-account close "path=$shop"
    finishes
    says uses_total=2 uses_partial=true uses_cut=true
    want 'which is found' grep -q '^found=record The log of what was done was too long' <<<"$out"
}

# What would start the gate again and again.
does_not_start_itself() {
    about="$suite the gate inside a session"
    make_shop
    verb linux-account open "path=$shop" access=ssh
    finishes
    same 'it says so' "stagepass: This is a session of this access already; what it was asked to do would start it once more. Ask Anna at anna@example.org." "$(key_ssh "/var/lib/stagepass/$grant/gate" 2>&1)"
    want 'once' test "$(uses | grep -c gate)" -le 3
    same 'a shell inside a shell is no matter' in "$(key_ssh 'sh -c "echo in"')"
    verb linux-account close "path=$shop" access=ssh
    finishes
}

# All the processes that a session may have, and a child that is born as often as it is ended.
ends_what_uses_up_processes() {
    local at
    about="$suite processes used up"
    make_shop
    at=$(($(date +%s) + 40))
    on pkill -STOP -x cron
    verb linux-account open "path=$shop" access=ssh "deadline=$at"
    finishes
    same 'a session may have so many' '256 4096' "$(key_ssh 'bash -c "echo \$(ulimit -Hu) \$(ulimit -Hn)"')"
    started bomb timeout 60 ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" "$account@$address" 'bash -c "i=0; while [ \$i -lt 400 ]; do sleep 900 & i=\$((i+1)); done" 2>/dev/null; for i in 1 2; do setsid bash -c "x() { (x) & exit; }; while :; do sleep 0.01 & wait; done" >/dev/null 2>&1 & done; sleep 900'
    want 'they are used up' again 60 runs_more_than 200
    deny 'and no more than that' runs_more_than 270
    want 'others can work' on true
    want 'the session ends in time' again 60 test -s "$tmp/ended.bomb"
    want 'with everything in it' again 60 gone runs_more_than 1
    on pkill -CONT -x cron
    verb linux-account close "path=$shop" access=ssh
    finishes
    says processes=0
}

runs_more_than() { [ "$(on sh -c 'pgrep -c -u sp-anna || :')" -gt "$1" ]; }

# A watcher that is held still ends nothing; the failsafe does.
ends_what_holds_the_watcher() {
    about="$suite a watcher that is traced"
    make_shop
    cc -static -O1 -o "$tmp/trace" "$repo/tests/red/trace.c"
    verb linux-account open "path=$shop" access=ssh
    finishes
    install -m 755 "$tmp/trace" "$root/usr/local/bin/trace"
    started trace timeout 120 ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" "$account@$address" '/usr/local/bin/trace /gate'
    want 'it is held' again 60 grep -qx '[1-9]' "$tmp/out.trace"
    printf 'deadline=1\nhard=1\n' >"$(state ends)"
    failsafe
    want 'the session is over all the same' again 60 test -s "$tmp/ended.trace"
    deny 'nothing of it runs' runs_more_than 0
    deny 'and nobody is let in' key_login ssh
    verb linux-account close "path=$shop" access=ssh
    finishes
    says by_server=true account_absent=true
    rm "$root/usr/local/bin/trace"
}

# A process of the account keeps its memory: neither who logs in nor the watcher that looks for what carries the name of
# the grant waits for it, and nothing else is overlooked for it.
waits_for_no_memory() {
    local name=$account uid
    about="$suite memory that nobody can read"
    shared_login
    red_programs
    make_shop
    on chown -R shared "$shop"
    uid=$(on id -u shared)
    on pkill -STOP -x cron
    verb authorized-key open "path=$shop" access=ssh
    finishes
    says gate=true
    on /opt/red/mute /run/red/mute "$uid"
    want 'it keeps its memory' holds mute
    started first key_ssh 'setsid flock /run/red/hold sleep 777 >/dev/null 2>&1 </dev/null & sleep 1000'
    want 'who logs in does not wait for it' again 60 holds hold
    printf 'deadline=1\nhard=1\n' >"$root/home/shared/.stagepass/$grant/ends"
    want 'the session ends' again 60 test -s "$tmp/ended.first"
    want 'and what was detached from it' again 60 gone holds hold
    want 'the other goes on' holds mute
    on sh -c 'kill -KILL $(grep -ls "^Uid:[[:space:]]*$1[[:space:]]" /proc/[0-9]*/status | tr -dc "0-9\n")' - "$uid"
    # Until its parent has taken note of it, pgrep(1) would wait for what it reads.
    want 'it is gone' again 60 gone on sh -c 'grep -qs "^Uid:[[:space:]]*$1[[:space:]]" /proc/[0-9]*/status' - "$uid"
    want 'no watcher is left' again 60 watched 0
    on pkill -CONT -x cron
    verb authorized-key close "path=$shop" access=ssh
    finishes
    verb authorized-key collected
    account=$name login=root
    on userdel -r shared 2>/dev/null
}

# What login.defs says of the age of passwords is for those who stay.
outlives_login_defs() {
    about="$suite the age of passwords"
    make_shop
    cp -p "$root/etc/login.defs" "$tmp/login.defs"
    cp -p "$root/etc/default/useradd" "$tmp/useradd" 2>/dev/null || : >"$tmp/useradd"
    on sed -i -e 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 1/' -e 's/^PASS_MIN_DAYS.*/PASS_MIN_DAYS 1/' /etc/login.defs
    echo INACTIVE=0 >>"$root/etc/default/useradd"
    verb linux-account open "path=$shop" access=ssh has_password=1 "password=$password"
    finishes
    verb linux-account check "path=$shop" access=ssh has_password=1
    says password_ages=false password=usable
    # As it will be towards its end.
    on chage -d "$(date -u -d '20 days ago' +%Y-%m-%d)" sp-anna
    want 'a key works after weeks' key_login ssh
    want 'so does the password' pw_ssh true
    on chage -M 1 -I 0 sp-anna
    deny 'which is not so by itself' key_login ssh
    verb linux-account check "path=$shop" access=ssh has_password=1
    says password_ages=true
    verb linux-account update "path=$shop" access=ssh has_password=1
    finishes
    want 'and is so again' key_login ssh
    verb linux-account check "path=$shop" access=ssh has_password=1
    says password_ages=false
    verb linux-account open "path=$shop" access=ssh has_password=1 'password=not-hashed'
    refuses bad-input
    verb linux-account close "path=$shop" access=ssh
    finishes
    cp -p "$tmp/login.defs" "$root/etc/login.defs"
    cp -p "$tmp/useradd" "$root/etc/default/useradd"
}

falls_back_without_drop_in() {
    local conf=$root/etc/ssh/sshd_config.d/05-test.conf how reason config sshd
    config=$(cat "$root/etc/ssh/sshd_config")
    for how in earlier sockets shut broken excluded internal; do
        about="$suite no drop-in: $how"
        make_shop
        case $how in
            earlier)
                printf 'Match User sp-*\nForceCommand none\nAllowTcpForwarding yes\nMatch all\n' >"$conf"
                reason='sshd does not take the settings for this account'
                ;;
            sockets | shut)
                printf 'Match User sp-*\nForceCommand none\nAllowTcpForwarding no\nMatch all\n' >"$conf"
                [ "$how" = sockets ] || sed -i '2iAllowStreamLocalForwarding no' "$conf"
                reason='sshd does not take the settings for this account'
                ;;
            broken)
                echo 'NoSuchSetting yes' >"$conf"
                reason='sshd refuses its configuration'
                ;;
            excluded)
                sed -i 's/^Include/#&/' "$root/etc/ssh/sshd_config"
                reason='/etc/ssh/sshd_config does not include'
                ;;
            internal)
                printf 'Match User sp-*\nForceCommand none\nMatch all\n' >"$conf"
                sed -i 's/^Subsystem.*/Subsystem sftp internal-sftp/' "$root/etc/ssh/sshd_config"
                reason='sshd does not take the settings for this account'
                ;;
        esac
        [ "$how" = broken ] || reload
        sshd=$(on pgrep -xo sshd)
        verb linux-account open "path=$shop" has_password=1 "password=$password"
        finishes
        case $out in *"password_gate_reason=$reason"*) pass ;; *) fail 'the reason is said' "$out" ;; esac
        want 'no drop-in is left' test ! -e "$root/etc/ssh/sshd_config.d/50-stagepass-$grant.conf"
        same 'sshd is the one it was' "$sshd" "$(on pgrep -xo sshd)"
        want 'and lets the password in' pw_login sftp
        if [ "$how" = broken ]; then
            # What sshd will do is not known then.
            says password_gate=none password_forwarding=true
            verb linux-account close "path=$shop"
        elif [ "$how" = internal ]; then
            says password_gate=none password_forwarding=true
            verb linux-account close "path=$shop"
            verb linux-account open "path=$shop" access=sftp-read-only has_password=1 "password=$password"
            refuses read-only-needs-key
            want 'nothing is left' test ! -e "$(state gate)" -a ! -e "$root/home/sp-anna"
        else
            case $how in
                shut) says password_gate=shell password_forwarding=false ;;
                *) says password_gate=shell password_forwarding=true ;;
            esac
            want 'the gate saw it' bash -c 'grep -q " sftp " "$1"' - "$(state uses)"
            deny 'a command is refused' pw_ssh true
            printf 'deadline=1\nhard=1\n' >"$(state ends)"
            deny 'and everything after the deadline' pw_login sftp
            verb linux-account close "path=$shop"
            verb linux-account open "path=$shop" access=ssh has_password=1 "password=$password"
            pw_ssh "/var/lib/stagepass/$grant/gate t4g own"
            same 'nobody calls a login that of stagepass' 1 "$(uses | grep -c '^shell ')"
            verb linux-account close "path=$shop" access=ssh
        fi
        printf '%s\n' "$config" >"$root/etc/ssh/sshd_config"
        rm -f "$conf"
    done
    reload
}

# ---- the failsafe --------------------------------------------------------------------------------

# A grant whose end nobody waits for; looked at when the rest is done.
starts_cron() {
    about="$suite cron"
    verb linux-account detect
    says failsafe=none 'failsafe_reason=No cron daemon runs.'
    on /usr/sbin/cron
    verb linux-account detect
    says failsafe=cron.d failsafe_reason=
    grant=crongrant1 verb linux-account open account=sp-cron "deadline=$(($(date +%s) + 5))"
    finishes
    says failsafe=cron.d
    grant=crongrant1 verb linux-account check account=sp-cron
    says failsafe_present=true
}

ends_by_cron() {
    about="$suite cron"
    want 'it was closed' again 90 gone grep -q '^sp-cron:' "$root/etc/passwd"
    want 'nothing starts it any more' again 60 test ! -e "$root/etc/cron.d/stagepass-crongrant1"
    want 'and its folder is gone' again 60 test ! -e "$(state '' crongrant1)"
    grant=crongrant1 verb linux-account close account=sp-cron
    finishes
    says by_server=true already_absent=true account_absent=true failsafe_absent=true
    on pkill -x cron
}

closes_by_itself() {
    local before acl
    about="$suite failsafe"
    make_shop
    before=$(accounts) acl=$(acls "$shop")
    verb linux-account open "path=$shop" access=ssh has_password=1 "password=$password"
    finishes
    says failsafe=cron.d
    deny 'no secret is in it' grep -qF -- "$password" "$(state failsafe)"
    key_ssh 'echo "<?php" >"/srv/my shop \$x/back.php"; echo t >/tmp/left; setsid sleep 1000 >/dev/null 2>&1 </dev/null &'
    failsafe
    want 'before the deadline it does nothing' key_login ssh
    want 'and leaves no trace of it' test ! -e "$(state failsafe.log)"
    verb linux-account update "path=$shop" access=ssh has_password=1 "deadline=$(($(date +%s) - 1))"
    finishes
    failsafe
    same 'the account files are as before' "$(printf '%s\n' "$before")" "$(accounts)"
    deny 'the login is refused' key_login ssh
    rm -f "$root$shop/back.php"
    same 'the ACLs are as before' "$acl" "$(acls "$shop")"
    want 'its folder is gone' test ! -e "$(state '')"
    want 'nothing starts it' test ! -e "$root/etc/cron.d/stagepass-$grant"
    want 'what it found is kept for root' bash -c '[ "$(stat -c %a:%u "$1")" = 600:0 ]' - "$root/var/lib/stagepass/result.$grant"
    verb linux-account close "path=$shop" access=ssh
    finishes
    says by_server=true already_absent=true account_absent=true deleted_outside=1 reowned=1 result_kept=true
    case $out in *server_closed_at=1[0-9]*'found=code '*back.php*) ;& *'found=code '*back.php*server_closed_at=1[0-9]*) pass ;; *) fail 'what was found is said to whoever asks next' "$out" ;; esac
    case $out in *"command echo \"<?php\""*) pass ;; *) fail 'and what was done' "$out" ;; esac

    about="$suite an extension while the failsafe waits"
    verb linux-account open "path=$shop" access=ssh "deadline=$(($(date +%s) + 1))"
    finishes
    mkdir -p "$root/usr/local/bin"
    script linux-account update "path=$shop" access=ssh "deadline=$(($(date +%s) + 3600))" >"$tmp/first"
    slow_tool usermod 3
    on /bin/sh -s <"$tmp/first" >"$tmp/first.out" 2>&1 &
    reached usermod
    started failsafe failsafe
    wait "$!"
    rm -f "$root/usr/local/bin"/* "$root/tmp/reached"
    want 'the extension was written' again 60 grep -q '^stagepass-end=' "$tmp/first.out"
    want 'the failsafe ended' again 60 test -s "$tmp/ended.failsafe"
    want 'and closed nothing' key_login ssh
    verb linux-account close "path=$shop" access=ssh
    finishes
    says by_server=false already_absent=false
}

# Killed at any point, it is done by the next that runs, whichever that is.
is_killed_half_way() {
    local before acl i
    about="$suite failsafe killed half-way"
    make_shop
    before=$(accounts) acl=$(acls "$shop")
    for i in 3 6 10 14 18 24 30 45; do
        verb linux-account open "path=$shop" has_password=1 "password=$password" "deadline=$(($(date +%s) - 1))"
        finishes
        on timeout -s KILL "0.$(printf '%02d' "$i")" /bin/sh "/var/lib/stagepass/$grant/failsafe" >/dev/null 2>&1
        on sh -c 'sleep 0.2; rm -f /etc/*.lock'
        [ ! -e "$(state failsafe)" ] || failsafe
        same 'nothing is left of it' "$before" "$(accounts)"
        same 'nor an ACL' "$acl" "$(acls "$shop")"
        want 'nor a folder' test ! -e "$(state '')"
        want 'nor what starts it' test ! -e "$root/etc/cron.d/stagepass-$grant"
        want 'nor a drop-in' test ! -e "$root/etc/ssh/sshd_config.d/50-stagepass-$grant.conf"
        verb linux-account close "path=$shop"
        finishes
        says by_server=true already_absent=true gate_absent=true drop_in_absent=true failsafe_absent=true
    done

    about="$suite failsafe and client at once"
    verb linux-account open "path=$shop" has_password=1 "password=$password" "deadline=$(($(date +%s) - 1))"
    started failsafe failsafe
    verb linux-account close "path=$shop"
    finishes
    says account_absent=true failsafe_absent=true
    want 'both ended' again 60 test -s "$tmp/ended.failsafe"
    same 'nothing is left of it' "$before" "$(accounts)"
}

tells_twice() {
    local first
    about="$suite the result of a close"
    make_shop
    verb linux-account open "path=$shop" access=ssh
    key_ssh 'echo x >"/srv/my shop \$x/made"'
    verb linux-account close "path=$shop" access=ssh
    finishes
    says already_absent=false reowned=1 result_kept=true absent=true
    first=$(printf '%s\n' "$out" | grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' | sort)
    verb linux-account close "path=$shop" access=ssh
    says already_absent=true result_kept=true absent=true
    same 'the same is said again' "$first" "$(printf '%s\n' "$out" | grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' | sort)"
    verb linux-account collected "path=$shop" access=ssh
    finishes
    says result_kept=false
    want 'then it is forgotten' test ! -e "$root/var/lib/stagepass/result.$grant"
    verb linux-account close "path=$shop" access=ssh
    finishes
    says already_absent=true result_kept=false uses_total=0
    echo old=1 >"$root/var/lib/stagepass/result.old"
    echo new=1 >"$root/var/lib/stagepass/result.new"
    touch -d '91 days ago' "$root/var/lib/stagepass/result.old"
    verb linux-account close
    want 'an old one goes' test ! -e "$root/var/lib/stagepass/result.old" -a -e "$root/var/lib/stagepass/result.new"
    rm "$root/var/lib/stagepass/result.new"

    about="$suite a full disk"
    verb linux-account open "path=$shop" has_password=1 "password=$password"
    finishes
    mount -o "remount,size=$(($(df --output=used "$tmp/$suite/up" | tail -n 1) + 64))k" "$tmp/$suite/up"
    on sh -c 'cat /dev/zero >/filler' 2>/dev/null
    same 'nothing more fits' 0 "$(df --output=avail "$tmp/$suite/up" | tail -n 1 | tr -d ' ')"
    verb linux-account close "path=$shop"
    finishes
    says account_absent=true failsafe_absent=true drop_in_absent=true
    # The room that was kept for the close is free by now.
    on sh -c 'cat /dev/zero >>/filler' 2>/dev/null
    same 'again nothing more fits' 0 "$(df --output=avail "$tmp/$suite/up" | tail -n 1 | tr -d ' ')"
    verb linux-account open "path=$shop"
    refuses no-room
    want 'and nothing was left by that' test ! -e "$(state gate)" -a ! -e "$root/etc/cron.d/stagepass-$grant"
    rm -f "$root/filler"
    mount -o remount,size=50% "$tmp/$suite/up"
    verb linux-account close "path=$shop"
    finishes
}

finds_what_was_left() {
    about="$suite files elsewhere"
    local uid
    make_shop
    mkdir -p "$root/srv/open" "$root/srv/old"
    chmod 777 "$root/srv/open"
    verb linux-account open "path=$shop" access=ssh
    uid=$(grep '^sp-anna:' "$root/etc/passwd" | cut -d: -f3)
    echo theirs >"$root/srv/old/file"
    touch -d '2 days ago' "$root/srv/old/file"
    # A number in a container is somebody else.
    mkdir -p "$root/var/lib/docker/overlay2/x"
    ln -s nowhere "$root/var/lib/docker/overlay2/x/link"
    echo x >"$root/var/lib/docker/overlay2/x/file"
    chown -h "$uid" "$root/var/lib/docker/overlay2/x"/*
    key_ssh 'cd /srv/open && echo x >"a file" && mkdir -p d/.ssh && echo k >d/.ssh/authorized_keys && ln -s /etc/passwd link && echo e >.bashrc && cp /bin/true suid && chmod 4755 suid && mkdir -m 777 both'
    echo x >"$root/srv/open/both/theirs"
    verb linux-account close "path=$shop" access=ssh
    finishes
    says 'left=deleted /srv/open/a file' 'left=deleted /srv/open/link' 'left=deleted /srv/open/.bashrc' 'left=deleted /srv/open/d/.ssh/authorized_keys' \
        'left=deleted /srv/open/suid' 'left=not deleted /srv/open/both' left_total=8 left_partial=false
    same 'nobody is given what nobody knows' 'both theirs' "$(on find /srv/open -mindepth 1 -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
    same 'a folder with something of somebody else is given to nobody, and root least of all' "$uid" "$(on stat -c %u /srv/open/both)"
    same 'containers are left alone' 'file link' "$(on find /var/lib/docker -xdev -uid "$uid" -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
    rm -rf "$root/var/lib/docker"
    same 'nothing else of that id is left' /srv/open/both "$(on find / -xdev -uid "$uid" -not -path '/proc/*')"
    about="$suite a search that takes too long"
    mkdir -p "$root/usr/local/bin"
    verb linux-account open "path=$shop" access=ssh
    key_ssh 'ln -s /etc/passwd /srv/open/link'
    printf '#!/bin/sh\ncase "$*" in *-cnewer*-delete*) sleep 100 ;; esac\nexec /usr/bin/find "$@"\n' >"$root/usr/local/bin/find"
    chmod 755 "$root/usr/local/bin/find"
    started close verb linux-account close "path=$shop" access=ssh
    want 'a close has an end' again 60 test -s "$tmp/ended.close"
    rm "$root/usr/local/bin/find"
    verb linux-account close "path=$shop" access=ssh
    finishes
    says account_absent=true left_partial=true
    rm -rf "$root/srv/open" "$root/srv/old"
}

# A power cut or a kill between writing and renaming, or in the middle of a removal.
leaves_nothing_half_written() {
    local one
    about="$suite half-written files"
    make_shop
    verb linux-account open "path=$shop"
    mkdir -p "$root/etc/systemd/system/timers.target.wants"
    ln -s "../stagepass-$grant.timer" "$root/etc/systemd/system/timers.target.wants/stagepass-$grant.timer"
    for one in "cron.d/stagepass-$grant" "ssh/sshd_config.d/50-stagepass-$grant.conf" "systemd/system/stagepass-$grant.timer" "systemd/system/stagepass-$grant.service"; do
        : >"$root/etc/$one.new"
    done
    verb linux-account close "path=$shop"
    finishes
    same 'none is left' '' "$(on find /etc -name "*stagepass-$grant*")"
}

shows_marks() {
    about="$suite marks"
    make_shop
    verb linux-account open "path=$shop" has_password=1 "password=$password"
    verb linux-account marks
    finishes
    says "mark=account $grant sp-anna t4g - uid=$(grep '^sp-anna:' "$root/etc/passwd" | cut -d: -f3)" \
        "mark=record $grant sp-anna t4g - /var/lib/stagepass/$grant/" "mark=gate $grant sp-anna t4g - /var/lib/stagepass/$grant/gate" \
        "mark=cron $grant sp-anna t4g - /etc/cron.d/stagepass-$grant" "mark=drop-in $grant sp-anna t4g - /etc/ssh/sshd_config.d/50-stagepass-$grant.conf" \
        "mark=key-line $grant sp-anna t4g ${supporter_key#* } /home/sp-anna/.ssh/authorized_keys"
    verb linux-account close "path=$shop"
    verb linux-account marks
    says "mark=result $grant - - - /var/lib/stagepass/result.$grant"
    verb linux-account collected "path=$shop"
    verb linux-account marks
    deny 'nothing of it is left' grep -q " $grant " <<<"$out"
}

# ---- on a booted host ----------------------------------------------------------------------------

shuts_into_the_shop() {
    local seen access with
    for access in sftp sftp-read-only; do
        about="$suite shut in, $access"
        make_shop
        ln -sfn "$shop" "$root/srv/current"
        verb linux-account open path=/srv/current "access=$access" has_password=1 "password=$password"
        finishes
        says confined=true failsafe=systemd password_gate=drop-in
        for with in key pw; do
            seen=$("${with}_sftp" "-ls -1 /
-ls -1 /srv
-ls -1 /etc
-cd /home
-get /etc/hostname $tmp/hostname
-get /srv/outside/file $tmp/outside
-get index.php $tmp/got
-put $tmp/upload new-$with
-put $tmp/upload /srv/current/linked-$with
-put $tmp/upload /etc/x" 2>/dev/null)
            want 'sees neither homes nor settings' test ! -e "$tmp/hostname"
            want 'nor another folder of the same disk' test ! -e "$tmp/outside"
            same 'and nothing else is there' "/etc/passwd /srv/current /srv/my shop \$x" "$(grep -E '^/(etc|srv|home|root|var|tmp|proc|run|opt)/' <<<"$seen" | sed 's/ *$//' | sort | tr '\n' ' ' | sed 's/ $//')"
            want 'reads the shop' grep -q index "$tmp/got"
            if [ "$access" = sftp ]; then
                want 'writes into it' test -s "$root$shop/new-$with"
                want 'by its other path too' test -s "$root$shop/linked-$with"
                same 'as the account' "$(grep '^sp-anna:' "$root/etc/passwd" | cut -d: -f3)" "$(stat -c %u "$root$shop/new-$with")"
            else
                want 'and cannot write' test ! -e "$root$shop/new-$with"
            fi
            rm -f "$tmp/got"
        done
        want 'paramiko works in it' paramiko_list ''
        started sftp sftp "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -P "${port[$suite]}" "$account@$address" < <(sleep 60)
        want 'a session stays' again 60 on pgrep -x -u sp-anna sftp-server
        want 'what it is shut into is no more than so large' on sh -c 'awk '\''$5 == "/" && / - tmpfs / && / ro,|[ ,]ro[, ]/ && /[ ,]size=512k/ && /[ ,]nr_inodes=5000/ { n++ } END { exit n != 1 }'\'' "/proc/$(pgrep -x -u sp-anna sftp-server | head -n 1)/mountinfo"'
        want 'nothing of it is mounted outside' gone on grep -q "$grant" /proc/mounts
        on chmod 0 /usr/bin/unshare
        deny 'where it cannot be shut in any more, it is refused' key_sftp pwd
        # sshd throws away what a subsystem says; only a command can show it.
        same 'with a sentence' 'stagepass: SFTP could not be shut into the folder of the shop.' "$(key_ssh internal-sftp 2>&1)"
        on chmod 755 /usr/bin/unshare
        verb linux-account close "path=/srv/current" "access=$access"
        finishes
    done
    on mv /usr/bin/unshare /usr/bin/away
    verb linux-account detect "path=$shop"
    says can_confine=false failsafe=systemd
    verb linux-account open "path=$shop"
    says confined=false
    want 'where it never could, SFTP works as it is' key_login sftp
    verb linux-account close "path=$shop"
    finishes
    on mv /usr/bin/away /usr/bin/unshare
}

# What a supporter brings along, where it would be loaded: a service for names, and the settings that name it.
loads_nothing_that_was_sent() {
    local provider name outside
    for provider in linux-account authorized-key; do
        about="$suite a library that was sent, $provider"
        make_shop
        on touch "$shop/before"
        name=$account outside=/tmp/outside
        if [ "$provider" = authorized-key ]; then
            shared_login
            on chown -R shared "$shop"
            outside=/home/shared/outside
        fi
        cc -shared -fPIC -O1 -o "$tmp/loaded.so" -DMARK="\"$shop/loaded\"" -DOUTSIDE="\"$outside\"" "$repo/tests/red/loaded.c"
        printf 'passwd: sent files\ngroup: sent files\n' >"$tmp/nsswitch.conf"
        verb "$provider" open "path=$shop"
        finishes
        says confined=true
        # Which of them the server takes is its own business; none may be.
        key_sftp "-rename /lib /lib.was
-rename /etc /etc.was
-rename /usr /usr.was
-rename /dev /dev.was
-mkdir /lib
-mkdir /etc
-mkdir /made
-mkdir /lib/x86_64-linux-gnu
-mkdir /lib/x86_64-linux-gnu/gconv
-put $tmp/loaded.so /lib/libnss_sent.so.2
-put $tmp/loaded.so /lib/x86_64-linux-gnu/libnss_sent.so.2
-put $tmp/loaded.so /usr/lib/libnss_sent.so.2
-put $tmp/nsswitch.conf /etc/nsswitch.conf
-put $tmp/nsswitch.conf /etc/passwd
-put $tmp/nsswitch.conf /made.conf
-put $tmp/nsswitch.conf /dev/sent
-rm /etc/passwd
-symlink /made /link
-chmod 777 /
-ls -l /
-ls -ln \"$shop\"
-ls -l \"$shop\"
put $tmp/upload \"$shop/after\"" >"$tmp/seen" 2>&1
        want 'it is still there to be asked' test -s "$root$shop/after"
        want 'nothing of it was loaded' test ! -e "$root$shop/loaded"
        want 'least of all outside' test ! -e "$root$outside"
        same 'and nothing outside the shop was made, renamed or removed' 'dev
etc
proc
srv
usr
was' "$(key_sftp 'ls -1 /' | grep -v -e '^sftp>' -e '^/lib' | sed 's|^/||; s/ *$//')"
        want 'all of it was refused' bash -c '[ "$(grep -ciE "failure|denied|read-only|couldn.t|not found|cannot|no such" "$1")" -ge 18 ]' - "$tmp/seen"
        verb "$provider" close "path=$shop"
        finishes
        account=$name login=root
    done
}

# What a crontab sets holds for the lines below it. A real cron is to close it all the same.
needs_nothing_of_the_crontab() {
    local settings name=$account
    about="$suite a crontab that sets what it likes"
    shared_login
    settings='PATH=$HOME/bin:$PATH
SHELL=/bin/false
HOME=/nonexistent
CRON_TZ=Asia/Tokyo
LD_PRELOAD=/nonexistent.so
ENV=/nonexistent
0 0 1 1 * true'
    printf '%s\n' "$settings" | on crontab -u shared -
    make_shop
    on chown -R shared "$shop"
    verb authorized-key open "path=$shop" "deadline=$(($(date +%s) + 3))"
    finishes
    says failsafe=crontab
    want 'it was closed' again 80 gone on grep -qF "stagepass:$grant" /home/shared/.ssh/authorized_keys
    want 'and its line is gone' again 60 gone on sh -c 'crontab -u shared -l | grep -q stagepass'
    same 'what was in it stays' "$settings" "$(on crontab -u shared -l)"
    verb authorized-key close "path=$shop"
    finishes
    says by_server=true
    verb authorized-key collected

    about="$suite a crontab that was changed above the failsafe"
    verb authorized-key open "path=$shop"
    finishes
    verb authorized-key check "path=$shop"
    says failsafe_present=true
    on sh -c '{ echo "PATH=/nonexistent"; crontab -u shared -l; } | crontab -u shared -'
    verb authorized-key check "path=$shop"
    says failsafe_present=false
    verb authorized-key update "path=$shop"
    finishes
    verb authorized-key check "path=$shop"
    says failsafe_present=true
    verb authorized-key close "path=$shop"
    finishes
    same 'only what is ours went' "PATH=/nonexistent
$settings" "$(on crontab -u shared -l)"
    verb authorized-key collected

    about="$suite a failsafe that would not run"
    on mkdir -p /usr/local/bin
    on sh -c 'printf "%s\n" "#!/bin/sh" "[ -n \"\${SSH_CONNECTION:-}\" ] || { echo no time >&2; exit 1; }" "exec /usr/bin/date \"\$@\"" >/usr/local/bin/date; chmod 755 /usr/local/bin/date'
    verb authorized-key open "path=$shop"
    finishes
    says failsafe=none
    want 'it says what came of the try' grep -q '^failsafe_reason=It was tried, and did not answer: no time' <<<"$out"
    verb authorized-key close "path=$shop"
    finishes
    verb authorized-key collected
    same 'nothing is in the crontab' "PATH=/nonexistent
$settings" "$(on crontab -u shared -l)"
    account=$name login=root
    verb linux-account open "path=$shop"
    finishes
    says failsafe=none
    want 'nor as root' grep -q '^failsafe_reason=It was tried' <<<"$out"
    want 'no timer is left of it' test ! -e "$root/etc/systemd/system/stagepass-$grant.timer"
    verb linux-account close "path=$shop"
    finishes
    on rm /usr/local/bin/date
    on crontab -u shared -r
}

# An account of the merchant's, with sudo nowhere.
shared_login() {
    on sh -c 'id shared >/dev/null 2>&1 || useradd -m -s /bin/bash shared; install -d -m 700 -o shared -g shared ~shared/.ssh; install -m 600 -o shared -g shared /root/.ssh/authorized_keys ~shared/.ssh'
    account=shared login=shared
}

# Where systemd listens and not sshd, the gate is in front of passwords all the same, and nobody's session ends.
leaves_the_socket_to_systemd() {
    local i
    about="$suite ssh.socket"
    make_shop
    on systemctl --quiet disable --now ssh.service 2>/dev/null
    on systemctl --quiet enable --now ssh.socket 2>/dev/null
    started merchant ssh "${options[@]}" -i "$tmp/operator" -p "${port[$suite]}" "root@$address" 'touch /root/in; while [ ! -e /root/enough ]; do sleep 0.2; done; echo still in'
    want 'the merchant is in' again 60 test -e "$root/root/in"
    # As often as would have systemd give up a service that fails.
    for i in 1 2 3 4; do
        verb linux-account open "path=$shop" access=ssh has_password=1 "password=$password"
        finishes
        says password_gate=drop-in
        want 'the password works' pw_ssh true
        same 'through the gate' 1 "$(uses | grep -c '^command true')"
        verb linux-account close "path=$shop" access=ssh
        finishes
        says drop_in_absent=true
    done
    same 'systemd listens' active "$(on systemctl is-active ssh.socket)"
    deny 'no sshd failed' on sh -c 'journalctl -u ssh.service -u "ssh@*.service" -o cat --no-pager | grep -e "Cannot bind" -e "Failed with result" -e "too quickly"'
    on touch /root/enough
    want 'the merchant is still in' again 60 grep -qx 'still in' "$tmp/out.merchant"
    about="$suite ssh.socket, and a unit that ends sessions"
    if [ "$suite" != bullseye ]; then
        on sh -c 'mkdir -p /etc/systemd/system/ssh.service.d; printf "[Service]\nKillMode=control-group\n" >/etc/systemd/system/ssh.service.d/kill.conf; systemctl daemon-reload'
        i=$(on systemctl show -p MainPID --value ssh.service)
        verb linux-account open "path=$shop" access=ssh has_password=1 "password=$password"
        finishes
        says password_gate=shell
        want 'it says why' grep -q '^password_gate_reason=systemd holds the socket' <<<"$out"
        same 'it was left alone' "$i" "$(on systemctl show -p MainPID --value ssh.service)"
        verb linux-account close "path=$shop" access=ssh
        finishes
        same 'and is' "$i" "$(on systemctl show -p MainPID --value ssh.service)"
        on sh -c 'rm -r /etc/systemd/system/ssh.service.d; systemctl daemon-reload'
    fi
    on systemctl --quiet disable --now ssh.socket 2>/dev/null
    on systemctl --quiet enable --now ssh.service 2>/dev/null
}

ends_by_timer() {
    local at
    about="$suite timer"
    make_shop
    verb linux-account open "path=$shop" access=ssh has_password=1 "password=$password"
    finishes
    says failsafe=systemd
    verb linux-account check "path=$shop" access=ssh has_password=1
    says failsafe_present=true
    same 'it does not stand still for ever' TimeoutStartUSec=1h "$(on systemctl show -p TimeoutStartUSec "stagepass-$grant.service")"
    on systemctl stop "stagepass-$grant.timer"
    verb linux-account check "path=$shop" access=ssh has_password=1
    says failsafe_present=false
    on loginctl enable-linger sp-anna
    key_ssh 'echo "sleep 3000" | at now + 1 hour; echo "* * * * * true" | crontab -; setsid sleep 3000 >/dev/null 2>&1 </dev/null &' 2>/dev/null
    at=$(($(date +%s) + 5))
    verb linux-account update "path=$shop" access=ssh has_password=1 "deadline=$at"
    finishes
    says failsafe=systemd
    want 'nobody is needed' again 60 gone grep -q '^sp-anna:' "$root/etc/passwd"
    want 'in time' test "$(date +%s)" -le $((at + 20))
    want 'nothing starts it any more' again 60 test ! -e "$root/etc/systemd/system/stagepass-$grant.timer" -a ! -e "$(state '')"
    want 'and systemd knows nothing of it' again 60 gone on systemctl cat "stagepass-$grant.timer"
    same 'the system is well' '' "$(on systemctl --failed --plain --no-legend)"
    want 'no job is left' bash -c '[ -z "$(ls -A "$1/var/spool/cron/crontabs" "$1/var/lib/systemd/linger" 2>/dev/null | grep sp-anna)" ]' - "$root"
    verb linux-account close "path=$shop" access=ssh
    finishes
    says by_server=true already_absent=true "server_closed_at=$(grep '^server_closed_at=' "$root/var/lib/stagepass/result.$grant" | cut -d= -f2)"
}

# A close that hangs is ended, also where units are read again meanwhile, after which systemd forgets its own limit; and then
# tried again. An hour is made five seconds.
has_its_time_and_no_more() {
    about="$suite a failsafe that hangs"
    make_shop
    verb linux-account open "path=$shop" access=ssh
    finishes
    sed -i 's/^\(.*timeout --foreground -s KILL\) 3600 /\1 5 /' "$(state failsafe)"
    want 'it has another limit' grep -q 'KILL 5 /bin/sh "$d/failsafe" within' "$(state failsafe)"
    printf '%s\n' '#!/bin/sh' '[ -e /run/let-go ] || { : >/run/hangs; exec sleep 1003; }' 'exec /usr/sbin/userdel "$@"' >"$root/usr/local/sbin/userdel"
    chmod 755 "$root/usr/local/sbin/userdel"
    printf 'deadline=1\nhard=1\n' >"$(state ends)"
    its_timer_goes_off
    want 'it hangs' again 60 on test -e /run/hangs
    on systemctl daemon-reload
    want 'it is ended all the same' again 60 gone on systemctl is-active "stagepass-$grant.service"
    on touch /run/let-go
    on pkill -KILL -fx 'sleep 1003'
    want 'and begins again by itself' again 120 gone grep -q '^sp-anna:' "$root/etc/passwd"
    want 'until it is done' again 60 test ! -e "$(state '')"
    rm "$root/usr/local/sbin/userdel"
    on rm -f /run/let-go /run/hangs
    verb linux-account close "path=$shop" access=ssh
    finishes
    says by_server=true account_absent=true
}

# next_elapse SECONDS: when the timer of the grant would fire next, asked of systemd.
next_elapse() {
    on sh -c 'sed -n "s/^OnCalendar=//p" "$1" | while IFS= read -r c; do systemd-analyze calendar --base-time="@$2" "$c"; done' - "/etc/systemd/system/stagepass-$grant.timer" "$1" 2>/dev/null |
        sed -n 's/.*Next elapse: \(.*UTC\)$/\1/p' | while IFS= read -r at; do date -d "$at" +%s; done | sort -n | head -n 1
}

# Down at the deadline; killed in the middle of a close that had begun.
ends_over_a_reboot() {
    local at
    about="$suite reboot"
    make_shop
    at=$(($(date +%s) + 4))
    verb linux-account open "path=$shop" access=ssh "deadline=$at"
    finishes
    "$repo/tests/hosts/hosts" full reboot "$host" >/dev/null
    set_full
    want 'what was to end meanwhile has ended' again 60 gone grep -q '^sp-anna:' "$root/etc/passwd"
    want 'and nothing is left' again 60 test ! -e "$(state '')"
    # The first attempt is over, and failed; another comes by itself.
    about="$suite a failsafe that failed"
    verb linux-account open "path=$shop" access=ssh
    finishes
    for at in $((deadline + 90)) $((deadline + 7200)) $((deadline + 40 * 86400)) $((deadline + 400 * 86400)); do
        want 'after the deadline it is tried every hour, for ever' test "$(next_elapse "$at")" -gt "$at" -a "$(next_elapse "$at")" -le $((at + 3600))
    done
    want 'and not before' test "$(next_elapse $((deadline - 5000)))" = "$deadline"
    verb linux-account close "path=$shop" access=ssh
    finishes
}
