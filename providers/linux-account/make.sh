# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Sets sp_pick_uid: an id high in the range of people, where neither people nor the images of
# containers are counted from, that nothing here has: no account, no process, no grant, no file in
# the places that are quick to look at. Never below the last one we used: files of a former
# supporter may still be somewhere.
sp_free_uid() {
    local last='' least=1000 most=60000 lowest first='' outside='' count='' tries=0
    [ ! -r "$sp_state/last-uid" ] || read -r last <"$sp_state/last-uid" || :
    case $last in *[!0-9]*) last='' ;; esac
    # Not read line by line: the shell reads a file byte by byte.
    # shellcheck disable=SC2046
    set -- $(grep -hs -e '^UID_M[AI][XN][[:space:]]' /etc/login.defs)
    while [ "$#" -ge 2 ]; do
        case $1:$2 in
            *:*[!0-9]*) ;;
            UID_MIN:*) least=$2 ;;
            UID_MAX:*) most=$2 ;;
        esac
        shift 2
    done
    # A container may have fewer ids than its login.defs says.
    [ ! -r /proc/self/uid_map ] || read -r first outside count </proc/self/uid_map || :
    if [ "$first" = 0 ] && [ -n "$count" ] && [ "$count" -gt 1100 ] && [ "$most" -ge "$count" ]; then most=$((count - 1)); fi
    # 60001 and above are systemd's, 65534 is nobody.
    [ "$most" -lt 60000 ] || most=59999
    # The images of Airflow run as 50000.
    lowest=52000
    [ "$most" -ge 52100 ] || lowest=$((least + (most - least) * 3 / 4))
    sp_pick_uid=${last:-0}
    while [ "$tries" -lt 200 ]; do
        tries=$((tries + 1))
        sp_pick_uid=$((sp_pick_uid + 1))
        if [ "$sp_pick_uid" -lt "$lowest" ] || [ "$sp_pick_uid" -gt "$most" ]; then sp_pick_uid=$lowest; fi
        sp_uid_free "$sp_pick_uid" && return 0
    done
    sp_forget_new
    sp_refuse no-free-id "There is no free user id between $lowest and $most."
}

# sp_uid_free UID
sp_uid_free() {
    local uid="$1" file owner first count found
    ! getent passwd "$uid" >/dev/null 2>&1 || return 1
    for file in /etc/subuid /etc/subgid; do
        [ -r "$file" ] || continue
        while IFS=: read -r owner first count; do
            case $first:$count in *[!0-9:]* | :* | *:) continue ;; esac
            if [ "$uid" -ge "$first" ] && [ "$uid" -lt $((first + count)) ]; then return 1; fi
        done <"$file"
    done
    set +f
    found=$(grep -ls -e "^Uid:.*[[:space:]]$uid\([[:space:]]\|\$\)" -e "^uid=$uid\$" -e "^[^:]*:[^:]*:$uid:" \
        /proc/[0-9]*/status "$sp_state"/*/record /etc/group) || :
    set -f
    [ -z "$found" ] || return 1
    found=$(find /tmp /var/tmp /dev/shm /var/lib/docker/volumes /var/lib/containers/storage/volumes ${sp_real:+"$sp_real"} \
        -maxdepth 2 -user "$uid" -print 2>/dev/null) || :
    [ -z "$found" ]
}

sp_make_account() {
    local ranges='' tries=0 code said
    set -- -M -U -d "$sp_home" -s "$sp_shell" -c "$sp_mark" -e "$sp_expire_day" -p '*' \
        -f -1 -K PASS_MIN_DAYS=0 -K PASS_MAX_DAYS=-1
    # Subordinate ids are for containers, and what runs as one of them would be nobody's.
    [ ! -e /etc/subuid ] || ranges='-K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0'
    while :; do
        code=0
        if sp_late; then
            sp_forget_new
            sp_refuse "$sp_late_id" "$sp_late_why"
        fi
        # shellcheck disable=SC2086
        said=$(useradd "$@" -u "$sp_pick_uid" $ranges -- "$sp_account" 2>&1) || code=$?
        [ "$code" != 0 ] || break
        tries=$((tries + 1))
        # shadow before 4.11 does not know what none of them means; to an id that is not one of people it gives none.
        case $ranges:$said in
            *COUNT*:*subordinate*) ranges='-K UID_MAX=1001' && continue ;;
            ?*:*UID_MAX* | ?*:*subordinate*) ranges='' && continue ;;
        esac
        case $code in
            1)
                # Somebody else holds the lock on /etc/passwd.
                [ "$tries" -lt 20 ] || break
                sleep 0.3 2>/dev/null || sleep 1
                ;;
            4)
                # Somebody took the id in this moment.
                [ "$tries" -lt 20 ] || break
                sp_free_uid
                ;;
            *) break ;;
        esac
    done
    if [ "$code" != 0 ]; then
        sp_look
        if [ "$sp_found" = 1 ] && [ "$sp_ours" = 0 ]; then
            sp_forget_new
            sp_refuse account-exists 'An account of that name was made meanwhile, and it is not of this grant.'
        elif [ "$sp_found" = 0 ]; then
            sp_forget_new
            sp_refuse useradd-failed "useradd refused: $(printf '%s' "$said" | tr -s '\000-\037' ' ' | cut -c 1-300)"
        fi
    else
        sp_look
    fi
    [ "$sp_found$sp_ours" = 11 ] || sp_fail useradd-failed 'useradd said it made the account, and it is not there.'
    sp_fresh=1
    printf '%s\n' "$sp_a_uid" >"$sp_state/last-uid"
    sp_no_sub_ids
}

# A part of what this server has of processes is the most that the account may have, by whatever way it came: sshd, cron and
# at ask PAM. Else it could take all of them, and nobody could start what ends it. Where that is not asked, there is the gate.
sp_limits=/etc/security/limits.d/stagepass-$sp_grant.conf
sp_limits_put() {
    local most=512 one value first second soft rest
    [ -d "${sp_limits%/*}" ] || return 0
    # More than we have ourselves might not be given.
    for one in /sys/fs/cgroup/pids.max:4 /sys/fs/cgroup/pids/pids.max:4 /proc/sys/kernel/threads-max:4 /proc/sys/kernel/pid_max:4 /proc/self/limits:1; do
        [ -r "${one%:*}" ] || continue
        value=''
        while read -r first second soft rest; do
            case $first:$second in
                # Behind the soft limit stands the hard one.
                Max:processes) value=${rest%% *} && break ;;
                [0-9]*:) value=$first && break ;;
            esac
        done 2>/dev/null <"${one%:*}" || :
        case $value in '' | *[!0-9]* | ??????????*) continue ;; esac
        value=$((value / ${one#*:}))
        [ "$value" -ge "$most" ] || most=$value
    done
    [ "$most" -ge 16 ] || most=16
    sp_put "$sp_limits" 644 "# stagepass: grant $sp_grant; removed when it is closed.
$sp_name - nproc $most
" || :
}

sp_limits_drop() { if [ -e "$sp_limits" ] || [ -e "$sp_limits.new" ]; then rm -f -- "$sp_limits" "$sp_limits.new"; fi; }

# The id of a program in a container of the account's own is a subordinate one: none are left to it, or what
# is left is written down for whoever closes.
sp_no_sub_ids() {
    local kind range
    for kind in subuid:-V subgid:-W; do
        sp_sub_ids "${kind%:*}"
        for range in $sp_sub; do
            usermod "${kind#*:}" "${range%:*}-$((${range%:*} + ${range#*:} - 1))" -- "$sp_name" >/dev/null 2>&1 || :
        done
    done
    sp_sub_ids subuid
    for range in $sp_sub; do sp_note subuid "$range"; done
}

# sp_sub_ids FILE: sets sp_sub to the ranges that the account has there, FIRST:COUNT words.
sp_sub_ids() {
    local owner first count
    sp_sub=''
    [ -r "/etc/$1" ] || return 0
    while IFS=: read -r owner first count; do
        case $owner in "$sp_name" | "$sp_a_uid") ;; *) continue ;; esac
        case $first:$count in *[!0-9:]* | :* | *: | ??????????*:* | *:??????????*) continue ;; esac
        sp_sub="$sp_sub $first:$count"
    done <"/etc/$1"
}

# Room for a close on a disk that the supporter has filled by then, in bytes and in files: usermod(8) and userdel(8)
# write every list of accounts anew. It is given back in two parts, when nobody is in any more.
sp_stock_up() {
    local part tens ones
    for part in 1 2; do
        { printf '%0400000d' 0 >"$sp_record/room.$part/bytes"; } 2>/dev/null || :
        for tens in 0 1 2 3 4 5 6 7 8 9; do
            for ones in 0 1 2 3; do : >"$sp_record/room.$part/$tens$ones"; done
        done
    done
}
sp_stock_use() { [ ! -e "$sp_record/room.$1" ] && [ ! -e "$sp_record/room" ] || rm -rf -- "$sp_record/room.$1" "$sp_record/room" 2>/dev/null || :; }

# The record of a grant that made nothing, or of which nothing is left.
# The failsafe is the last to go: what is cut off before it is done again by it.
sp_forget() {
    sp_drop_in_remove
    sp_limits_drop
    # No power cut is to bring back what is gone when nobody looks any more.
    [ ! -d "$sp_record" ] ||
        sp_settle /etc/passwd /etc/shadow /etc "${sp_drop_in%/*}" "$sp_state/result.$sp_grant" "$sp_state" "$sp_record" \
            ${sp_rec_home:+"${sp_rec_home%/*}"} ${sp_rec_keys:+"${sp_rec_keys%/*}"}
    # A line that stays in a crontab is a change, whatever is said of the rest.
    sp_failsafe_remove || { sp_changed=1 && return 0; }
    # Asked to go is not gone.
    sp_failsafe_absent || { sp_changed=1 && return 0; }
    [ -d "$sp_record" ] || return 0
    sp_gate_remove
    sp_drop "$sp_record"
}

# A record that was there before is of something that is still there.
sp_forget_new() {
    [ -z "$sp_rec_home" ] || return 0
    sp_beside_wait
    sp_forget
}

sp_refuse_new() {
    sp_forget_new
    sp_refuse "$1" "$2"
}

# The home is root's: who can write there can take the restrictions off the key. One that is there
# beside an account of a moment ago was made by somebody else, and stays theirs.
sp_make_home() {
    local folder=''
    if [ "${sp_fresh:-0}" = 1 ] && { [ -e "$sp_home" ] || [ -L "$sp_home" ]; }; then
        sp_kept_home=1
        sp_undo home-exists "Something on this server made $sp_home while the account was made; stagepass makes the homes of its accounts itself."
    fi
    if [ ! -d "$sp_home" ]; then
        case $sp_keys in "$sp_home"/*/*) folder=${sp_keys%/*} ;; esac
        mkdir -m 0755 -- "$sp_home" ${folder:+"$folder"} 2>/dev/null || sp_undo no-room "The home $sp_home could not be made (a full or read-only disk)."
    else
        case $sp_keys in "$sp_home"/*/*) [ -d "${sp_keys%/*}" ] || mkdir -m 0755 -- "${sp_keys%/*}" ;; esac
    fi
    case $sp_access in
        ssh) install -d -o "$sp_a_uid" -g "$sp_a_gid" -m 0700 -- "$sp_home/files" "$sp_home/.cache" "$sp_home/.config" "$sp_home/.local" ;;
        sftp) [ -n "$sp_real" ] || install -d -o "$sp_a_uid" -g "$sp_a_gid" -m 0700 -- "$sp_home/files" ;;
    esac
}

# Puts the key lines in place in one step; no lines, no file. Ends with 1 when it is too late.
sp_write_keys() {
    [ -n "$sp_keys" ] || return 0
    sp_key_lines
    if [ -z "$sp_lines" ]; then
        rm -f -- "$sp_keys"
        return 0
    fi
    if [ -n "$sp_keys_dir" ] && [ ! -d "$sp_keys_dir" ]; then mkdir -m 0755 -- "$sp_keys_dir"; fi
    umask 022
    printf '%s' "$sp_lines" >"$sp_keys.new"
    umask 077
    [ -s "$sp_keys.new" ] || sp_fail no-room "The key file could not be written (full disk)."
    if [ -e /sys/fs/selinux/enforce ] && sp_has restorecon; then
        case $sp_keys in
            "$sp_home"/*) restorecon -R "$sp_home" || : ;;
            *) restorecon "$sp_keys.new" || : ;;
        esac
    fi
    if sp_late; then
        rm -f -- "$sp_keys.new"
        return 1
    fi
    mv -f -- "$sp_keys.new" "$sp_keys"
}

# Its hash comes from the client: what is sent here may be written down (log_input in sudoers), and what is
# written down lets nobody in.
sp_set_password() {
    unset -f printf 2>/dev/null || :
    case $(type printf) in
        *builtin*) ;;
        *) sp_undo shell-unfit 'This shell has no printf of its own, so a password would show in the list of processes.' ;;
    esac
    ! sp_late || sp_undo "$sp_late_id" "$sp_late_why"
    if ! printf '%s:%s\n' "$sp_name" "$sp_secret" | chpasswd -e >/dev/null 2>&1; then
        sp_undo password-refused 'chpasswd refused the password (a rule of this server, or a read-only password file).'
    fi
    sp_secret=''
}

# sp_undo ID SENTENCE: a refusal found late; everything is taken away again before it is said.
sp_undo() {
    local id="$1" why="$2"
    sp_evidence=0
    sp_beside_wait
    if ! sp_end >/dev/null 2>&1 || [ "$sp_left" != 0 ] || [ "$sp_acl_failed" = true ] || { [ -e "$sp_home" ] && [ "${sp_kept_home:-0}" = 0 ]; }; then
        sp_fail "$id" "$why Taking it back did not work entirely."
    fi
    sp_changed=''
    sp_forget
    sp_refuse "$id" "$why"
}

# The gate and the failsafe, before there is anything to let in by.
sp_plan_gate() {
    sp_confined=$sp_rec_confined
    sp_plan_inside
    # By its name it has the way to the record, in which the digest of the list will be.
    sp_failsafe_stays=1
    if ! sp_gate_install || ! sp_failsafe_install; then
        sp_refuse_new no-room 'The gate and the failsafe could not be written (a full or read-only disk).'
    fi
    if [ "$sp_gate:$sp_kind" = true:other ]; then sp_gate=false sp_gate_why='No SSH server that is known here was found.'; fi
    case $sp_access:$sp_has_password:$sp_gate in
        sftp-read-only:1:false) sp_refuse_new read-only-needs-key "$sp_no_read_only" ;;
    esac
    sp_renote gate "$sp_rec_gate" "$sp_gate"
    sp_plan_shell
}
sp_no_read_only='A password login cannot be held to reading here; use a key, or grant SFTP with writing.'

sp_expiry_day() { sp_expire_day=$((($1 + 86399) / 86400)); }
