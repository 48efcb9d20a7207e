# What a supporter, or somebody else on the server, would do to stay. Read by run.sh; needs what it defines.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154
#
# An attack is a program of its own in tests/red (sh, perl, or C that is compiled here), and a function
# below with its name. Every one is made in three kinds of places: a light host, a booted one, and one
# that has few processes and few files to give, as containers do. docs/threat-model.md says how each went.
#
# STAGEPASS_TEST_CASES="red" does all of it; "red_light hands_over red_end" one attack in one place.

red_attacks='hands_over keeps_its_memory holds_locks fills_the_disk takes_every_process borrows_an_id has_long_names'

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
    boot_full "$suite"
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
        booted) stop_full ;;
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
    on mkdir -p /run/red
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
# that runs the tests.
fills_the_disk() {
    local folder
    [ "$place" = container ] || return 0
    for folder in /tmp "$shop"; do
        about="$suite $place fills the disk from $folder"
        make_shop
        verb linux-account open "path=$shop" access=ssh "has_password=1" "password=$password"
        finishes
        says failsafe=cron.d
        attack fill "'$folder'"
        want 'it has filled the disk' again 60 test -e "$root$folder/full"
        want 'it runs' holds fill
        deny 'nothing can be made any more' on touch /var/lib/none
        time_passes
        want 'the server ends it by itself' again 90 gone holds fill
        want 'and takes the account away' again 60 gone grep -q "^$account:" "$root/etc/passwd"
        want 'and all the rest' again 60 test ! -e "$root/var/lib/stagepass/$grant"
        verb linux-account close "path=$shop" access=ssh
        is_over
        says by_server=true
        on sh -c 'rm -rf /tmp/* "$1"' - "$shop"
    done
}

takes_every_process() {
    about="$suite $place takes every process"
    [ "$place" = container ] || return 0
    make_shop
    verb linux-account open "path=$shop" access=ssh
    finishes
    says failsafe=cron.d
    attack crowd
    want 'it runs' again 60 holds crowd
    want 'others can still start something' operator true
    time_passes
    want 'the server ends it by itself' operator /bin/sh "/var/lib/stagepass/$grant/failsafe"
    deny 'nothing of it lives' holds crowd
    want 'and takes the account away' again 60 gone grep -q "^$account:" "$root/etc/passwd"
    verb linux-account close "path=$shop" access=ssh
    is_over
    says by_server=true
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
