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
    sp_never_waits=sp_shut sp_ends_ahead=1
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
    printf '%s %s %s %s %s %s\n%s' "$outcome" "${sp_id:-0}" "${sp_sessions:-0}" "$sp_rest_total" "${sp_managed:-0}" "$sp_home" "$sp_rest"
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
    sp_had_no_mark=$sp_unmarked sp_home=${sp_rec_home:-$sp_a_home} sp_login=$sp_name
    [ -z "${sp_shared:-}" ] || eval "sp_ahead_compared=\${sp_seen_$sp_turn:-}"
}

# Prints the name of the folder with what was seen, and behind it what is in no file (hashes of passwords); nothing where it could not
# be seen whole.
sp_ahead_look() {
    local folder walked
    sp_alive "$$"
    folder=$sp_state/together.$$.${sp_born%%-*}
    rm -rf -- "$folder" && mkdir -m 0700 -- "$folder" || return 1
    # shellcheck disable=SC2086
    if sp_end_uids $sp_shared_ids && sp_b_share "$folder" "$sp_shared_ids" "$sp_shared_turns"; then
        walked=$(sp_ahead_walk) || walked=' none'
        printf '%s\n' "$walked" >>"$folder/known"
        printf '%s\n%s' "$folder" "$sp_b_passwords_now"
        return 0
    fi
    rm -rf -- "$folder"
    return 1
}

# One walk for all: prints, in one line, which of these ids have a file on the disks of this server outside their home, or anywhere
# one that others become them by. Each of those then looks on its own.
sp_ahead_walk() {
    local one tests systems line ended
    sp_gnu_find || return 1
    sp_disks
    sp_elsewhere_not
    set --
    for one in $sp_shared_ids; do set -- "$@" -o -user "$one"; done
    shift
    set -- '(' "$@" ')' -printf '%U\t%m\t%p\0'
    tests=$#
    IFS=$sp_nl
    for one in $sp_mount_points; do set -- "$@" "$one"; done
    IFS=" $sp_tab$sp_nl"
    # Where anybody can write, on whatever file system that is.
    systems=$(stat -c '%d %n' -- / /tmp /var/tmp /dev/shm 2>/dev/null) || :
    IFS=$sp_nl
    for line in $systems; do
        one=${line#* }
        [ ! -d "$one" ] || [ "${line%% *}" = "${systems%% *}" ] || set -- "$@" "$one"
    done
    IFS=" $sp_tab$sp_nl"
    # The roots come first.
    while [ "$tests" -gt 0 ]; do
        tests=$((tests - 1)) one=$1
        shift
        set -- "$@" "$one"
    done
    # shellcheck disable=SC2086
    {
        ended=0
        sp_ahead_find "$@" || ended=$?
        # 1 is a folder that went away meanwhile.
        printf '!\t%s\0' "$ended"
    } | tr '\n\0' '?\n' | cut -b 1-1000 | SP_HOMES=$sp_shared_homes awk -F '\t' '
        BEGIN { n = split(ENVIRON["SP_HOMES"], line, "\n"); for (i = 1; i <= n; i++) if (split(line[i], f, "\t") == 2) home[f[1]] = f[2] }
        $1 == "!" { r = $2; ended++; next }
        {
            p = $0; sub(/^[^\t]*\t[^\t]*\t/, "", p)
            if ($2 < 4000 && home[$1] != "" && (p == home[$1] || index(p, home[$1] "/") == 1)) next
            has[$1] = 1
        }
        END { for (i in has) printf " %s", i; print " "; exit !(ended == 1 && r < 2) }'
}

# sp_ahead_find ROOT... TEST...: with what is left out between them.
sp_ahead_find() {
    local left="$#" begun=0 word
    while [ "$left" -gt 0 ]; do
        left=$((left - 1)) word=$1
        shift
        # shellcheck disable=SC2086
        case $begun$word in 0'(') begun=1 && set -- "$@" -xdev $sp_find_pruned -path "$sp_state" -prune -o ;; esac
        set -- "$@" "$word"
    done
    sp_within $((30 + sp_walk_seconds / 4)) find "$@" 2>/dev/null
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
