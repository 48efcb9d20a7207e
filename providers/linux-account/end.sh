# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Close.

# sp_end_processes ID [PROCESSES]: ends everything of that id, and the logins of the account that are just being let in, of these
# processes of OpenSSH or of all. Sets sp_left, 0 only by the kernel's word.
sp_end_processes() {
    [ ! -e "/run/systemd/users/$1" ] || sp_managed=1
    if [ -n "$sp_login" ]; then
        [ ! -e "/var/lib/systemd/linger/$sp_login" ] || rm -f -- "/var/lib/systemd/linger/$sp_login"
        sp_logins_of "$sp_login" ${2+"$2"}
        # shellcheck disable=SC2086
        [ -z "$sp_procs" ] || kill -KILL $sp_procs 2>/dev/null || :
    fi
    sp_end_slice "$1"
    sp_end_subs
    sp_end_uid "$1"
    [ "$sp_left_sub" = 0 ] || sp_left=$((sp_left + sp_left_sub))
    [ -e "/run/systemd/users/$1" ] && sp_has loginctl || return 0
    # What systemd itself still keeps of it goes, and cannot be in the way.
    sp_within 20 loginctl terminate-user "$1" >/dev/null 2>&1 || :
    sp_managed=1
    sp_end_uid "$1"
    [ "$sp_left_sub" = 0 ] || sp_left=$((sp_left + sp_left_sub))
}

# systemd would list the manager of that id as failed, for having been killed, and the whole server as not well. On a
# busy one it takes note of that some moments later.
sp_forget_manager() {
    local round=0
    [ -n "${sp_managed:-}" ] && sp_has systemctl || return 0
    while [ "$round" -lt 20 ]; do
        round=$((round + 1))
        case $(sp_within 5 systemctl show -p ActiveState "user@$sp_id.service" "user-runtime-dir@$sp_id.service" 2>/dev/null) in
            *=active* | *activating*) sleep 0.1 2>/dev/null || sleep 1 ;;
            *) break ;;
        esac
    done
    sp_within 5 systemctl reset-failed "user@$sp_id.service" "user-runtime-dir@$sp_id.service" >/dev/null 2>&1 || :
}

# What runs under subordinate ids of the account, which those had that were made before there were none. A list of
# processes would not show all of it. Sets sp_left_sub to how many of the ids are left.
sp_end_subs() {
    local range round count uid
    sp_left_sub=0
    for range in $sp_rec_subs; do
        # That low, they are somebody's.
        case $range in *[!0-9:]* | :* | *: | *:*:*) continue ;; esac
        [ "${range%:*}" -ge 65536 ] || continue
        round=0
        while [ "$round" -lt 20 ]; do
            round=$((round + 1))
            count=0
            sp_ids_alive "${range%:*}" "${range#*:}"
            for uid in $sp_ids; do
                count=$((count + 1))
                sp_end_uid "$uid"
            done
            [ "$count" != 0 ] || break
        done
        sp_left_sub=$((sp_left_sub + count))
    done
}

# What a login of the account became by way of a setuid program is in its slice still. Whoever closes
# could have come from there, too.
sp_end_slice() {
    local folder
    for folder in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
        folder=$folder/user.slice/user-$1.slice
        [ -d "$folder" ] || continue
        case $(cat /proc/self/cgroup 2>/dev/null) in *"/user-$1.slice"*) return 0 ;; esac
        if [ -w "$folder/cgroup.kill" ]; then
            echo 1 2>/dev/null >"$folder/cgroup.kill" || :
        elif sp_has systemctl; then
            sp_within 10 systemctl kill --signal=KILL "user-$1.slice" >/dev/null 2>&1 || :
        fi
        return 0
    done
}

# sp_jobs_there NAME: whether there is a crontab of that account, or any job of at(1).
sp_jobs_there() {
    local file
    set +f
    set -- "/var/spool/cron/crontabs/$1" "/var/spool/cron/$1" "/var/spool/cron/tabs/$1" \
        /var/spool/cron/atjobs/* /var/spool/cron/atjobs/.[!.]* /var/spool/at/* /var/spool/at/.[!.]* /var/spool/atjobs/* /var/spool/atjobs/.[!.]*
    set -f
    for file; do
        case $file in */.SEQ) ;; *) if [ -f "$file" ] || [ -L "$file" ]; then return 0; fi ;; esac
    done
    return 1
}

# The crontab and the at jobs: they would start what was just ended, and be the next account's of that id.
sp_end_jobs() {
    local file folder any deleted
    for file in "/var/spool/cron/crontabs/$sp_name" "/var/spool/cron/$sp_name" "/var/spool/cron/tabs/$sp_name"; do
        if [ -f "$file" ]; then
            crontab -r -u "$sp_name" 2>/dev/null || rm -f -- "$file"
            sp_rest="${sp_rest}deleted $file$sp_nl"
            sp_rest_total=$((sp_rest_total + 1))
        fi
    done
    for folder in /var/spool/cron/atjobs /var/spool/at /var/spool/atjobs; do
        [ -d "$folder" ] || continue
        # Mostly there is nothing but the counter of at(1), which is seen without a program.
        any=''
        set +f
        for file in "$folder"/* "$folder"/.[!.]*; do
            case $file in */.SEQ) ;; *) if [ -e "$file" ] || [ -L "$file" ]; then any=1 && break; fi ;; esac
        done
        set -f
        [ -n "$any" ] || continue
        # Their names are at's own. There may be very many.
        deleted=$(find "$folder" -xdev -type f -user "$1" -print -exec rm -f -- '{}' + 2>/dev/null | cut -b 1-200 | awk 'NR <= 100; END { print NR }') || :
        sp_rest_total=$((sp_rest_total + ${deleted##*"$sp_nl"}))
        for file in ${deleted%"${deleted##*"$sp_nl"}"}; do sp_rest="${sp_rest}deleted $file$sp_nl"; done
    done
}
