# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Nobody new gets in, and whoever is in is killed. It comes before everything else: it waits for no lock, looks
# at nothing that is the supporter's, and needs no room on the disk. May be repeated.
# Sets sp_id to the id that is the account's alone, or to nothing, and adds to sp_sessions.
sp_shut() {
    local range
    if [ "$sp_looked" = 0 ]; then
        sp_read_record
        sp_look_near
    fi
    sp_looked=0
    sp_whose
    # What does not say when it ends is over. That needs no room on the disk, and no program.
    [ ! -s "$sp_dir/ends" ] || { printf '' >"$sp_dir/ends"; } 2>/dev/null || rm -f -- "$sp_dir/ends"
    if [ "$sp_ours" = 1 ] && [ -n "$sp_rec_keys" ] && [ -f "$sp_rec_keys" ]; then : >"$sp_rec_keys"; fi
    [ -n "$sp_id" ] || return 0
    if [ "$sp_ours" = 1 ] && [ "$sp_recorded$sp_rec_subs" = 1 ]; then
        sp_sub_ids subuid
        sp_rec_subs=$sp_sub
        for range in $sp_sub; do sp_note subuid "$range" 2>/dev/null || :; done
    fi
    sp_sessions=${sp_sessions:-0}
    # Several that have nothing but processes are ended in one step, when the way in is shut for all of them (sp_ahead_end_all).
    if [ -n "$sp_ends_later" ] && "$sp_ends_later"; then return 0; fi
    sp_count_sessions
    # Found by their children, while these are there.
    "${sp_by_dropbears:-sp_end_dropbears}"
    # Nobody new comes in by a key any more, so that whoever is being let in was there when they were counted. Who has
    # a password is ended again when that is locked.
    sp_end_processes "$sp_id" "$sp_sshds"
}

# sp_look for a close. An account that was made here is in the file, and one look there also says how many have its id
# (sp_with_id); whoever is not there is asked for everywhere.
sp_look_near() {
    local line
    sp_with_id=''
    sp_t=$(grep -s -e "^$sp_account:" -e "^[^:]*:[^:]*:${sp_rec_uid:-none}:" /etc/passwd) || :
    case $sp_nl$sp_t in
        *"$sp_nl$sp_account:"*) ;;
        *)
            sp_look
            return
            ;;
    esac
    sp_with_id=0
    IFS=$sp_nl
    for line in $sp_t; do
        line=${line#*:*:}
        [ "${line%%:*}" != "$sp_rec_uid" ] || sp_with_id=$((sp_with_id + 1))
    done
    IFS=" $sp_tab$sp_nl"
    sp_look_at
}

# Sets sp_id to the id that is the account's alone, or to nothing, from what was just looked at.
sp_whose() {
    local count="$sp_with_id"
    sp_id=$sp_rec_uid
    if [ "$sp_ours" = 1 ]; then
        sp_id=$sp_a_uid
    elif [ "$sp_recorded" = 0 ]; then
        sp_id=''
    fi
    # Root can give one id to two accounts.
    case $sp_id in
        '' | 0* | *[!0-9]*) ;;
        *)
            [ -n "$count" ] && [ "$sp_id" = "$sp_rec_uid" ] || count=$(grep -c "^[^:]*:[^:]*:$sp_id:" /etc/passwd) || :
            [ "$count" -le 1 ] || sp_taken=1
            ;;
    esac
    if [ "$sp_taken" = 1 ] || [ "$sp_id" = 0 ]; then sp_id=''; fi
}

# What cannot wait for a lock: a close at the deadline that is somebody's turn.
sp_when_busy() {
    [ "${sp_by_server:-0}" = 0 ] || ! sp_still_due || sp_shut
}

# Shuts the way in, and ends everything that is the account's; whatever is looked at afterwards stands still. Where
# that was done for several grants before any of them is looked at (sp_close_ahead), it is only asked whether
# anything came since.
sp_end_access() {
    if [ -n "${sp_ahead:-}" ] && "$sp_by_ahead"; then return 0; fi
    # Whatever was seen for others was seen before this.
    sp_shared=''
    sp_shut
    sp_had_no_mark=$sp_unmarked
    if [ "$sp_found" = 0 ]; then
        sp_absent=true
    elif [ "$sp_ours" = 0 ]; then
        sp_foreign=true
    fi
    sp_home=$sp_rec_home
    [ "$sp_later" = 1 ] || sp_stock_use 1
    # Where a password was ever set, none and expired. Without one the key was the only door.
    if [ "$sp_ours" = 1 ]; then
        [ -n "$sp_home" ] || sp_home=$sp_a_home
        [ "$sp_rec_password" = 0 ] || usermod -L -e 1 -- "$sp_name" >/dev/null 2>&1 || :
    elif [ "$sp_foreign" = true ]; then
        sp_home=''
        # Our file in the home of an account that now has our name would let the supporter into that.
        ! sp_our_keys || grep -qv "$sp_our_line" "$sp_rec_keys" || rm -f -- "$sp_rec_keys"
    fi
    sp_name=${sp_name:-$sp_account}
    [ "$sp_foreign" = true ] || sp_login=$sp_name
    if [ "$sp_foreign" = false ]; then
        case $sp_rec_keys in
            '' | "$sp_home"/*) ;;
            *) if [ -e "$sp_rec_keys" ] || [ -L "$sp_rec_keys" ] || [ -e "$sp_rec_keys.new" ]; then rm -f -- "$sp_rec_keys" "$sp_rec_keys.new"; fi ;;
        esac
        [ -z "$sp_rec_dir" ] || [ ! -d "$sp_rec_dir" ] || rmdir -- "$sp_rec_dir" 2>/dev/null || :
    fi
    [ -n "$sp_id" ] || return 0
    # Again after the jobs: one may have begun before it was gone. Where there was none, and several are closed, all of them are
    # ended once more before anything is looked at (sp_end_uids).
    [ "$sp_foreign" = true ] || sp_end_jobs "$sp_id"
    if [ -z "${sp_ends_ahead:-}" ] || [ "$sp_rest_total$sp_rec_password$sp_foreign" != 00false ]; then
        if [ "$sp_later" = 1 ]; then
            sp_later=0
            sp_count_sessions
            sp_stock_use 1
        fi
        # Nobody is let in by a key since they were listed.
        if [ "$sp_rec_password" = 0 ]; then sp_end_processes "$sp_id" "$sp_sshds"; else sp_end_processes "$sp_id"; fi
        sp_left_dropbears
        [ "$sp_foreign" = true ] || sp_end_jobs "$sp_id"
    fi
    [ "$sp_later" = 1 ] || sp_trial_clear "$sp_rec_path" "$sp_id" "$sp_rec_gid"
}

# Everything of close but the reply. With sp_evidence=1 what is left behind is looked for, and what is
# different from before.
sp_end() {
    sp_absent=false sp_foreign=false sp_reowned=0 sp_deleted=0 sp_planted=0 sp_left=0 sp_acl_left=false sp_acl_failed=false
    sp_mounted='' sp_unattributed=0 sp_rest='' sp_rest_total=0 sp_rest_partial=false sp_sessions=${sp_sessions:-0}
    sp_end_access
    if [ -n "$sp_id" ]; then
        "$sp_by_walks" begin
        sp_compare
        "$sp_by_walks" end
        # Handed over first: what the account made is then changed as the shop's owner.
        if [ "$sp_foreign" = false ]; then
            sp_end_files
            [ "$sp_evidence" = 0 ] || sp_end_elsewhere
        fi
        sp_shop_close || sp_acl_left=true sp_acl_failed=true
    else
        sp_compare
        [ ! -e "$sp_record/acl" ] || sp_acl_left=true
        # What runs under an id that is somebody else's by now is not ours to end, and may be the supporter's.
        if [ "$sp_taken" = 1 ] && [ -n "$sp_rec_uid" ]; then
            sp_of_uid "$sp_rec_uid"
            if [ -n "$sp_procs" ] || ! sp_has perl || ! sp_none_of "$sp_rec_uid"; then sp_unattributed=1; fi
        fi
    fi
    sp_forget_manager
    sp_stock_use 2
    if [ "$sp_ours" = 1 ]; then sp_end_account; fi
    if [ "$sp_foreign" = false ] && { [ "$sp_ours" = 1 ] || [ "$sp_recorded" = 1 ]; }; then sp_end_remains; fi
    [ -n "$sp_id" ] || return 0
    # Asked last, when there is no account any more as which anything could begin. Who had no password was let in by a key, which
    # was taken away before the logins were listed.
    if [ "$sp_rec_password" = 0 ]; then sp_end_processes "$sp_id" ''; else sp_end_processes "$sp_id"; fi
}

# Deletes the account; what still runs under its id can be in the way. Sets sp_said_userdel to what userdel said.
sp_end_account() {
    local round=0 ended
    while :; do
        ended=0
        sp_said_userdel=$(userdel -- "$sp_name" 2>&1) || ended=$?
        case $ended in 0 | 6) break ;; esac
        round=$((round + 1))
        [ "$round" -lt 10 ] || break
        [ "$round" -gt 1 ] || usermod -L -e 1 -- "$sp_name" >/dev/null 2>&1 || :
        sp_end_processes "$sp_id"
        sleep 0.3 2>/dev/null || sleep 1
    done
}

# What is left of an account that is deleted: its home, its mail, and its name in the lists of accounts.
sp_end_remains() {
    local box entry
    sp_remove_home
    if [ "$sp_rec_mail" = 0 ]; then
        for box in "/var/mail/$sp_name" "/var/spool/mail/$sp_name"; do
            [ ! -f "$box" ] || rm -f -- "$box"
        done
    fi
    [ "$sp_absent" = false ] || sp_end_halves
    # In none of them at all, mostly.
    sp_nowhere=1
    if sp_named_somewhere; then
        sp_nowhere=0
        if [ -n "$sp_rec_gid" ] && grep -qs "^$sp_account:" /etc/group; then
            entry=$(getent group "$sp_account") || :
            case $entry in "$sp_account:"*":$sp_rec_gid:") groupdel -- "$sp_account" 2>/dev/null || : ;; esac
        fi
    fi
}

# sp_serves PID: whether that is the end of a connection of the account which Dropbear serves, as root.
# The supporter could name any process. The listener was not started by a Dropbear (but for one by
# inetd, that is none), and somebody else's connection has a child that is theirs.
sp_serves() {
    local children one
    sp_named "$1" dropbear || return 1
    sp_process "$1"
    [ "$sp_euid" = 0 ] || return 1
    if ! sp_named "$sp_ppid" dropbear; then
        case "$(tr '\000' ' ' 2>/dev/null <"/proc/$1/cmdline") " in *' -i '*) ;; *) return 1 ;; esac
    fi
    set +f
    children=$(grep -ls -e "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status) || :
    set -f
    for one in $children; do
        one=${one%/status}
        sp_process "${one#/proc/}"
        [ "${sp_euid:-$sp_id}" = "$sp_id" ] || return 1
    done
}
