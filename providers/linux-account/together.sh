# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What such a shell left behind that was killed.
sp_together_purge() {
    local folder maker
    set +f
    for folder in "$sp_state"/together.*; do
        [ -d "$folder" ] || continue
        maker=${folder##*/together.}
        sp_alive "${maker%%.*}"
        [ "${sp_born%%-*}" = "${maker#*.}" ] || rm -rf -- "$folder"
    done
    set -f
}

# Prints what became of it. It stands still when the account is ours alone and nothing of it is left by the kernel's word.
sp_ahead_end() {
    local outcome file
    sp_account_inputs
    sp_never_waits=sp_shut sp_ends_ahead=1 sp_later=0
    sp_lock_state
    sp_absent=false sp_foreign=false sp_unattributed=0 sp_rest='' sp_rest_total=0
    sp_end_access
    outcome=clean
    # It was closed before, or never made; or something of it is not as it was left.
    [ "$sp_ours$sp_recorded$sp_foreign$sp_taken" = 11false0 ] && [ "${sp_left:-1}$sp_unattributed$sp_unmarked" = 00false ] && [ -r "$sp_record/baseline/about" ] && [ -e "$sp_record/since" ] &&
        [ ! -e "$sp_record/compared" ] || outcome=mixed
    # What could not be deleted is seen by its own comparison alone.
    for file in "/var/spool/cron/crontabs/$sp_name" "/var/spool/cron/$sp_name" "/var/spool/cron/tabs/$sp_name"; do
        [ ! -f "$file" ] || outcome=mixed
    done
    if [ "$sp_later:$outcome" = 1:mixed ]; then
        sp_later=0
        sp_count_sessions
        sp_end_processes "$sp_id" "$sp_sshds"
        sp_stock_use 1
    fi
    printf '%s %s %s %s %s %s %s\n%s' "$outcome" "${sp_id:-0}" "${sp_sessions:-0}" "$sp_rest_total" "${sp_managed:-0}" "$sp_later" "$sp_home" "$sp_rest"
}

# Whether there is nothing to end but processes by their id, and logins that are just being let in; it is left for sp_ahead_end_all then.
sp_ahead_later() {
    local folder line
    [ "$sp_ours$sp_recorded$sp_rec_password:$sp_name" = "110:$sp_account" ] && [ -z "$sp_rec_subs" ] && [ "${sp_kind:-}" = openssh ] && [ "$sp_busy" = 0 ] || return 1
    [ "${sp_by_dropbears:-}" = : ] || return 1
    # What a trial may have left is taken away as the account (sp_trial_clear), which whoever is the account can hold up.
    if [ -n "$sp_rec_path" ] && [ -r "$sp_dir/gate.conf" ]; then
        while IFS= read -r line; do
            case $line in trial=?*) return 1 ;; esac
        done <"$sp_dir/gate.conf"
    fi
    for folder in /run/systemd/users/"$sp_id" /var/lib/systemd/linger/"$sp_login" /sys/fs/cgroup/user.slice/"user-$sp_id.slice" \
        /sys/fs/cgroup/unified/user.slice/"user-$sp_id.slice" /sys/fs/cgroup/systemd/user.slice/"user-$sp_id.slice"; do
        [ ! -e "$folder" ] || return 1
    done
    sp_later=1 sp_left=0
}

# sp_ahead_end_all TURN...: ends all that was left, in one step. Prints TURN:SESSIONS words. Ends with 1 where it cannot be said that
# nothing of them is left.
sp_ahead_end_all() {
    local turn ids='' said=''
    sp_with_status '^Name:[[:space:]]sshd'
    sp_sshds=$sp_procs
    for turn; do
        shift
        "sp_one_$turn"
        eval "sp_id=\$sp_ahead_$turn"
        sp_id=${sp_id#clean }
        sp_id=${sp_id%% *}
        sp_sessions=0
        sp_count_among
        sp_logins_of "$sp_account" "$sp_sshds"
        # shellcheck disable=SC2086
        [ -z "$sp_procs" ] || kill -KILL $sp_procs 2>/dev/null || :
        ids="$ids $sp_id" said="$said $turn:$sp_sessions"
        for sp_record in "$sp_state/$sp_grant/room.1" "$sp_state/$sp_grant/room"; do [ ! -e "$sp_record" ] || set -- "$@" "$sp_record"; done
    done
    # shellcheck disable=SC2086
    sp_end_uids $ids || return 1
    # What was planted while they were still there.
    for turn in $said; do
        "sp_one_${turn%%:*}"
        ! sp_jobs_there "$sp_account" || return 1
    done
    [ "$#" = 0 ] || rm -rf -- "$@" 2>/dev/null || :
    printf '%s\n' "$said"
}

# sp_ahead_ready TURN...: takes away what is in the way of the end of these: the room that was kept for it, and that their logs can
# only grow. Prints what then holds for each of them, in words: `loose` of the logs; `shop` where one has a shop; `plain` where a file
# in the folder of the records gets the mode that was asked for; `files` where there are no accounts but those in files.
sp_ahead_ready() {
    local turn logs='' shop='' names=''
    for turn; do
        shift
        "sp_one_$turn"
        [ -z "$sp_path" ] || shop=' shop'
        sp_record=$sp_state/$sp_grant
        [ ! -e "$sp_record/uses" ] || logs="$logs $sp_record/uses $sp_record/talk"
        [ ! -e "$sp_record/room.2" ] || set -- "$@" "$sp_record/room.2"
    done
    printf '%s' "$shop"
    # shellcheck disable=SC2086
    [ -z "$logs" ] || ! chattr -a $logs 2>/dev/null || printf ' loose'
    ! sp_put "$sp_state/together.$$" 600 '' || [ "$sp_put_in" != "$sp_state" ] || printf ' plain'
    [ ! -e "$sp_state/together.$$" ] || set -- "$@" "$sp_state/together.$$"
    [ ! -r /etc/nsswitch.conf ] || names=$(sed -n 's/#.*//; s/^[[:space:]]*passwd://p' /etc/nsswitch.conf 2>/dev/null) || :
    # shellcheck disable=SC2086
    case $(printf ' %s' $names) in ' files' | ' files systemd') printf ' files' ;; esac
    [ "$#" = 0 ] || rm -rf -- "$@" 2>/dev/null || :
}

# In a close that has its turn: whether what was done ahead still holds. What came since is ended, and then nothing that was
# seen holds.
sp_end_was_ahead() {
    local line
    # Since sp_close looked.
    sp_whose
    line=${sp_ahead%%"$sp_nl"*}
    # shellcheck disable=SC2086
    set -- $line
    sp_sessions=$3 sp_rest_total=$4
    [ "$5" = 0 ] || sp_managed=1
    sp_rest=${sp_ahead#"$line"}
    sp_rest=${sp_rest#"$sp_nl"}
    [ -z "$sp_rest" ] || sp_rest=${sp_rest%"$sp_nl"}$sp_nl
    [ "$1 $sp_id $sp_ours" = "clean $2 1" ] || return 1
    sp_end_uid "$sp_id"
    if [ "$sp_left$sp_had_any" != 00 ]; then
        rm -f -- "$sp_record/compared"
        return 1
    fi
    case $sp_ready in *loose*) sp_logs_loose=1 ;; esac
    sp_had_no_mark=$sp_unmarked sp_home=${sp_rec_home:-$sp_a_home} sp_login=$sp_name
    [ -z "${sp_shared:-}" ] || eval "sp_ahead_compared=\${sp_seen_$sp_turn:-}"
}

# Prints the name of the folder with what was seen, and behind it what is in no file (hashes of passwords); nothing where it could not
# be seen whole.
sp_ahead_look() {
    local folder turn sums
    sp_alive "$$"
    folder=$sp_state/together.$$.${sp_born%%-*}
    rm -rf -- "$folder" && mkdir -m 0700 -- "$folder" || return 1
    # shellcheck disable=SC2086
    if sp_end_uids $sp_shared_ids && sp_gnu_find && sp_seek_with "$folder/walked" && sp_b_share "$folder" "$sp_shared_ids" "$sp_shared_turns"; then
        sp_seek_read
        printf '%s\n' "$sp_shared_walk" >>"$folder/known"
        set --
        for turn in $sp_shared_turns; do
            "sp_one_$turn"
            for sums in about system shop; do set -- "$@" "$sp_state/$sp_grant/baseline/$sums"; done
        done
        sums=$(sha256sum -- "$@" 2>/dev/null) || :
        printf '%s\n%s\n=\n%s' "$folder" "$sums" "$sp_b_passwords_now"
        return 0
    fi
    rm -rf -- "$folder"
    return 1
}

# Prints the comparison: the state in a line, then the records.
sp_ahead_compare() {
    sp_account_inputs
    # Whose it is was looked at when it was ended.
    sp_read_record
    [ "$sp_recorded" = 1 ] || exit 20
    sp_evidence=1 sp_foreign=false
    sp_compare
    printf '%s\n%s' "$sp_diff_state" "$sp_diff_records"
}

sp_ahead_take() { sp_compared "$sp_ahead_compared"; }

# What was read once for all: whether the list of the system is the one that was made for several. It need not be written down for that.
sp_ahead_listed() {
    local programs=''
    sp_b_is_shared && [ -n "$sp_b_system_known" ] || return 1
    [ "$sp_b_programs_known${sp_b_from:-}${sp_path:-}" = none ] || programs=$(sp_b_programs 2>/dev/null)
    sp_b_passwords "$sp_b_salt"
    [ "$(cat -- "$sp_b_into/system" 2>/dev/null)" = "$sp_v${programs:+$programs$sp_nl}$sp_b_system_known" ]
}

# sp_ahead_digests FOLDER: prints what sha256sum said of the three files of that baseline.
sp_ahead_digests() {
    local one line
    for one in about system shop; do
        case $sp_b_sums_known in *"  $1/$one$sp_nl"*) ;; *) return 1 ;; esac
    done
    for one in about system shop; do
        line=${sp_b_sums_known%%"  $1/$one$sp_nl"*}
        printf '%s\n' "${line##*"$sp_nl"}"
    done
}

# The digests of a shop, for each who is compared there: those that the first took.
sp_ahead_sums() {
    local folder=''
    if [ -r "$sp_shared/sums.of" ]; then
        IFS= read -r folder <"$sp_shared/sums.of" || :
        [ "$folder" = "$sp_b_from" ] && ln -f -- "$sp_shared/sums" "$sp_b_work/sums" 2>/dev/null
        return
    fi
    sp_b_sums "$sp_b_from" >"$sp_b_work/sums" 2>/dev/null
    ! ln -- "$sp_b_work/sums" "$sp_shared/sums" 2>/dev/null || printf '%s\n' "$sp_b_from" >"$sp_shared/sums.of" || :
}
