# What a supporter, or somebody else on the server, would do to stay. Read by run.sh; needs what it defines.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154
#
# An attack is a program of its own in tests/red (sh, perl, or C that is compiled here), and a function
# below with its name. They are made in three kinds of places: a light host, a booted one, and one that has
# few processes and few files to give, as containers do. What cannot be in one of them, or takes a minute of cron
# that another one shows as well, is left out there, by the first lines of its function; docs/testing.md says which.
# docs/threat-model.md says how each went.
#
# STAGEPASS_TEST_CASES="red" does all of it; "red_light hands_over red_end" one attack in one place.

red_attacks='hands_over comes_by_jobs keeps_its_memory meets_that_memory holds_locks fills_the_disk takes_every_process borrows_an_id has_long_names'

red() {
    for place in light booted container; do
        "red_$place"
        for one in $red_attacks; do
            about="$suite $place $one"
            account=sp-anna login=root identity=''
            "$one"
        done
        red_end
    done
}

red_light() {
    place=light
    red_programs
}
red_booted() {
    place=booted
    boot_full "$suite" --size 96m,nr_inodes=6000
    red_programs
}
# A hundred and fifty processes, and two thousand files on a disk of 64 MB.
red_container() {
    place=container light_root=$root light_suite=$suite
    suite=$suite-container
    start "$suite" size=64m,nr_inodes=2000
    root=$tmp/$suite/root
    few_processes 150
    # Started from there, cron has no more than the others.
    operator /usr/sbin/cron
    red_programs
}
red_end() {
    case $place in
        booted)
            # Cron has looked since: what it would still start runs by now.
            about="$suite $place"
            deny 'nothing came back' holds chain.late
            stop_full
            ;;
        container)
            halt "$suite"
            suite=$light_suite root=$light_root
            ;;
    esac
}

# The programs are on the host in /opt/red, and /run/red has a file for each that one of them can hold.
red_programs() {
    local program
    if [ ! -d "$tmp/red" ]; then
        mkdir "$tmp/red"
        for program in "$repo"/tests/red/*; do
            # What is no program (a library) is made by the test that needs it.
            [[ $program != *.c ]] || grep -q '^int main(' "$program" || continue
            case $program in
                *.c) cc -O1 -static -Wall -o "$tmp/red/$(basename "$program" .c)" "$program" || fail "$program does not compile" ;;
                *) install -m 755 "$program" "$tmp/red/$(basename "${program%.*}")" ;;
            esac
        done
    fi
    on sh -c 'mkdir -p /run/red; for one in at cron late; do : >"/run/red/chain.$one"; done; : >/run/red/mute.own'
    for program in "$tmp/red"/*; do
        on sh -c 'mkdir -p /opt/red; cat >"/opt/red/$1"; chmod 755 /opt /opt/red "/opt/red/$1"; : >"/run/red/$1"; chmod 644 "/run/red/$1"' - "${program##*/}" <"$program"
    done
}

# few_processes N: the light host has a control group of its own that allows no more.
few_processes() {
    local group='' place process
    for group in /sys/fs/cgroup/pids /sys/fs/cgroup; do
        [ ! -e "$group/cgroup.procs" ] || break
    done
    group=$group/stagepass-test-$$-$suite
    mkdir "$group" || stop 'no control group with few processes can be made'
    limited[$suite]=$group
    echo "$1" >"$group/pids.max" || stop 'this machine has no control groups that limit processes'
    for process in "${pid[$suite]}" "${inside[$suite]}"; do echo "$process" >"$group/cgroup.procs"; done
    # A container sees its own.
    mkdir -p "$root/sys/fs/cgroup" "$root/sys/fs/cgroup/pids"
    if [ -e /sys/fs/cgroup/pids/cgroup.procs ]; then place=$root/sys/fs/cgroup/pids; else place=$root/sys/fs/cgroup; fi
    nsenter --target "${inside[$suite]}" --mount -- mount --bind "$group" "$place"
}
# attack PROGRAM ARGUMENT...: by SSH, as the supporter.
attack() {
    local program=$1
    shift
    key_ssh "/opt/red/$program /run/red/$program $*" >"$tmp/out.attack" 2>&1
}
# holds PROGRAM: whether any process of that attack lives: it holds the lock on its file. Whoever asks holds it for a
# moment; so the attacks wait for it.
holds() { ! on flock -n "/run/red/$1" true; }

# operator COMMAND...: as root, by SSH: on a host with few processes that is one of them.
operator() { ssh "${options[@]}" -i "$tmp/operator" -p "${port[$suite]}" "root@$address" "$@" </dev/null; }
# time_passes: the deadline is over. Written in the place of the other, for which a full disk has room.
time_passes() {
    tr 1-9 0 <"$root/var/lib/stagepass/$grant/ends" >"$tmp/ends"
    dd conv=notrunc status=none if="$tmp/ends" of="$root/var/lib/stagepass/$grant/ends"
}

# All that a close owes, whatever was done before it.
is_over() {
    finishes
    says account_absent=true processes=0 keys_absent=true gate_absent=true failsafe_absent=true
    deny 'the login is refused' key_login ssh
    deny 'there is no such account' on grep -q "^$account:" /etc/passwd
}

# ---- the attacks ---------------------------------------------------------------------------------

# Found by looking through /proc, it was missed in 15 of 20 looks, and "nothing is left" was said.
hands_over() {
    local how
    # Whether a look misses it is a matter of luck: it has more than one chance.
    for how in '' strike ''; do
        about="$suite $place hands over $how"
        make_shop
        verb linux-account open "path=$shop" access=ssh
        finishes
        attack chain "$how"
        want 'it runs' again 60 holds chain
        verb linux-account close "path=$shop" access=ssh
        is_over
        deny 'nothing of it lives' holds chain
    done
}

# Nothing of it hangs from a login, and whatever is ended is started again: every minute, and by what plants it anew. Jobs go
# before the second killing, and the account before the last.
comes_by_jobs() {
    local one
    about="$suite $place comes by jobs"
    # The others have no at, and wait for a minute of cron elsewhere.
    [ "$place" = booted ] || return 0
    make_shop
    verb linux-account open "path=$shop" access=ssh
    finishes
    key_ssh 'echo "exec /opt/red/chain /run/red/chain.at calm" | at now; echo "* * * * * exec /opt/red/chain /run/red/chain.cron calm" | crontab -' >/dev/null 2>&1
    want 'at has started one' again 60 holds chain.at
    want 'and cron another' again 90 holds chain.cron
    want 'a third plants more' again 60 plants_more
    want 'and its jobs begin' again 90 holds chain.late
    verb linux-account close "path=$shop" access=ssh
    is_over
    for one in chain.at chain.cron chain.late window; do deny "nothing of $one lives" holds "$one"; done
    same 'no job is left' '' "$(on find /var/spool/cron/crontabs /var/spool/cron/atjobs -type f ! -name .SEQ)"
    want 'what was planted is found' grep -q '^found=elsewhere /var/spool/cron/crontabs/sp-anna: ' <<<"$out"
}

# What is over and not yet taken note of counts against the account: not every login comes to a program.
plants_more() {
    holds window || key_ssh '/opt/red/window /run/red/window /nonexistent 0.2'
    holds window
}

# Its memory is not asked for, or not for long.
keeps_its_memory() {
    local uid
    about="$suite $place keeps its memory"
    make_shop
    on /opt/red/mute /run/red/mute 33
    want 'a stranger keeps its memory' holds mute
    verb_limit=60
    verb linux-account detect "path=$shop"
    finishes
    verb linux-account open "path=$shop" access=ssh
    finishes
    want 'the login goes on all the same' timeout 30 ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" "$account@$address" true
    # pkill(1) would wait for ever, too.
    on sh -c 'kill -KILL $(grep -ls "^Uid:[[:space:]]*33[[:space:]]" /proc/[0-9]*/status | tr -dc "0-9\n")'
    want 'the stranger is gone' again 60 gone holds mute
    uid=$(grep "^$account:" "$root/etc/passwd" | cut -d: -f3)
    on /opt/red/mute /run/red/mute "$uid"
    want 'the supporter keeps its memory' holds mute
    verb linux-account check "path=$shop" access=ssh
    finishes
    # The way in is shut while another one hangs and holds the lock.
    on flock /var/lib/stagepass sleep 1001 &
    want 'the lock is held' again 60 on sh -c '! flock -n /var/lib/stagepass true'
    verb linux-account close "path=$shop" access=ssh
    fails busy
    deny 'it is killed all the same' holds mute
    deny 'and nobody gets in' key_login ssh
    on pkill -KILL -fx 'sleep 1001'
    verb linux-account close "path=$shop" access=ssh
    is_over
    unset verb_limit
}

# The server's own job meets that memory, of a stranger and of the account, past the deadline, with nobody around. The
# container shows the same of cron (takes_every_process).
meets_that_memory() {
    about="$suite $place meets that memory"
    [ "$place" = booted ] || return 0
    make_shop
    verb linux-account open "path=$shop" access=ssh
    finishes
    says failsafe=systemd
    both_keep_their_memory
    verb_limit=60
    verb linux-account update "path=$shop" access=ssh "deadline=$(($(date +%s) + 2))"
    finishes
    unset verb_limit
    want 'the server ends it by itself' again 60 gone holds mute.own
    both_are_over
}

# A stranger keeps its memory, and so does the account.
both_keep_their_memory() {
    on /opt/red/mute /run/red/mute 33
    want 'a stranger keeps its memory' holds mute
    on /opt/red/mute /run/red/mute.own "$(grep "^$account:" "$root/etc/passwd" | cut -d: -f3)"
    want 'and so does the account' holds mute.own
}

both_are_over() {
    want 'and takes the account away' again 60 gone grep -q "^$account:" "$root/etc/passwd"
    want 'and all the rest' again 60 test ! -e "$root/var/lib/stagepass/$grant"
    want 'the stranger goes on' holds mute
    on sh -c 'kill -KILL $(grep -ls "^Uid:[[:space:]]*33[[:space:]]" /proc/[0-9]*/status | tr -dc "0-9\n")'
    want 'the stranger is gone' again 60 gone holds mute
    verb linux-account close "path=$shop" access=ssh
    is_over
    says by_server=true
}

holds_locks() {
    about="$suite $place holds locks"
    make_shop
    verb linux-account open "path=$shop" access=ssh
    finishes
    attack hold "$grant"
    want 'it holds what it can' again 60 holds hold
    verb_limit=60
    verb linux-account update "path=$shop" access=ssh
    finishes
    verb linux-account close "path=$shop" access=ssh
    is_over
    deny 'nothing of it lives' holds hold
    unset verb_limit
}

# The watchers are dead, and nothing can be written down. Where a disk is large, this would be the memory of the machine
# that runs the tests: not on a light host, and on a booted one not in /tmp, which may be a disk of its own.
fills_the_disk() {
    local folder by=cron.d
    [ "$place" != light ] || return 0
    [ "$place" = container ] || by=systemd
    for folder in /tmp "$shop"; do
        [ "$place$folder" != booted/tmp ] || continue
        about="$suite $place fills the disk from $folder"
        make_shop
        verb linux-account open "path=$shop" access=ssh "has_password=1" "password=$password"
        finishes
        says "failsafe=$by"
        attack fill "'$folder'"
        want 'it has filled the disk' again 60 test -e "$root$folder/full"
        want 'it runs' holds fill
        deny 'nothing can be made any more' on touch /var/lib/none
        time_passes
        [ "$by" = cron.d ] || its_timer_goes_off
        want 'the server ends it by itself' again 90 gone holds fill
        want 'and takes the account away' again 60 gone grep -q "^$account:" "$root/etc/passwd"
        want 'and all the rest' again 60 test ! -e "$root/var/lib/stagepass/$grant"
        verb linux-account close "path=$shop" access=ssh
        is_over
        says by_server=true
        on sh -c 'rm -rf /tmp/* "$1"' - "$shop"
    done
}
# It has the time of the deadline that was written down; what is added to it lies on no disk.
its_timer_goes_off() {
    on sh -c 'at=/run/systemd/system/$1.d; mkdir -p "$at"; printf "[Timer]\nOnActiveSec=1\n" >"$at/now.conf"; systemctl daemon-reload; systemctl restart "$1"; rm -r "$at"' - "stagepass-$grant.timer"
}

takes_every_process() {
    local waiter
    about="$suite $place takes every process"
    [ "$place" = container ] || return 0
    make_shop
    verb linux-account open "path=$shop" access=ssh
    finishes
    says failsafe=cron.d
    # Cron is to do it: what waits beside it would as well.
    waiter=$(cat "$root/var/lib/stagepass/$grant/waiter")
    on kill -STOP "$waiter"
    both_keep_their_memory
    attack crowd
    want 'it runs' again 60 holds crowd
    want 'it has all that the account may have' again 60 on sh -c '[ "$(grep -ls "^Uid:[[:space:]]*$1[[:space:]]" /proc/[0-9]*/status | wc -l)" -ge 35 ]' - "$(on id -u "$account")"
    want 'others can still start something' operator true
    time_passes
    want 'the server ends it by itself' again 120 gone holds crowd
    deny 'with what kept its memory' holds mute.own
    both_are_over
    on kill -CONT "$waiter"
    want 'and nothing waits any more' again 60 gone on kill -0 "$waiter"
}

# An account of an older release had ids for containers.
borrows_an_id() {
    about="$suite $place borrows an id"
    make_shop
    verb linux-account open "path=$shop" access=ssh
    finishes
    deny 'none are left to it' on grep -qs "^$account:" /etc/subuid /etc/subgid
    on usermod -v 165536-231071 "$account"
    on setpriv --reuid=165999 --clear-groups /opt/red/chain /run/red/chain
    want 'it runs' again 60 holds chain
    verb linux-account close "path=$shop" access=ssh
    is_over
    deny 'nothing of it lives' holds chain
}

# 80 MB of names in /tmp, and as many outside: 2.5 GB it was in a shell of root's.
has_long_names() {
    about="$suite $place has long names"
    [ "$place" = light ] || return 0
    make_shop
    mkdir -m 777 "$root/srv/open"
    chmod 777 "$root/srv/open"
    verb linux-account open "path=$shop" access=ssh
    finishes
    attack names /tmp 20000
    attack names /srv/open 20000
    want 'they are there' test "$(on find /tmp /srv/open -type f | wc -l)" -ge 40000
    time_passes
    want 'no more than 150 MB are needed' operator prlimit --as=150000000 /bin/sh "/var/lib/stagepass/$grant/failsafe"
    verb linux-account close "path=$shop" access=ssh
    is_over
    says by_server=true left_total=20015
    want 'nothing is left' on sh -c '[ -z "$(ls -A /srv/open)" ]'
    rmdir "$root/srv/open"
}
