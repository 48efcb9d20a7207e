# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What the account left would be the next account's of that id. What it is called is the supporter's word, and
# may be very long: it is counted as it comes, and never kept whole. Sets sp_deleted and sp_reowned.
sp_end_files() {
    sp_walk_empty=''
    if [ -n "${sp_by_walk:-}" ] && "$sp_by_walk"; then return 0; fi
    sp_find_fit
    for sp_a in /tmp /var/tmp /dev/shm; do
        [ -d "$sp_a" ] || continue
        # Handed to root, a link in a sticky folder would be one that everybody follows.
        sp_delete "$sp_a"
        sp_deleted=$((sp_deleted + sp_v))
    done
    [ -n "$sp_rec_path" ] && [ -d "$sp_rec_path" ] || return 0
    sp_t='1 1'
    if sp_gnu_find; then
        sp_t=$(find "$sp_rec_path" -xdev -user "$sp_id" '(' '(' -name .ssh -o -path '*/.ssh/*' ')' -printf 's\n' -o -printf '.\n' ')' 2>/dev/null |
            awk '{ n[$0]++ } END { print n["."] + n["s"], n["s"] + 0 }') || :
    fi
    [ "${sp_t% *}" != 0 ] || return 0
    sp_end_planted "$sp_rec_path" "${sp_t#* }"
    sp_end_rights "$sp_rec_path"
    sp_baseline_hold "$sp_rec_path"
    sp_reown "$sp_rec_path" "$sp_rec_owner"
}

# GNU find works from inside each folder, so that one swapped for a link meanwhile leads nowhere.
sp_find_fit() {
    sp_x=-execdir
    sp_gnu_find || find / -maxdepth 0 -execdir true '{}' + 2>/dev/null || sp_x=-exec
}

# Every other place on this server's own disks: what the account made or changed since the grant was opened is deleted.
# Given to anybody it would be believed: the session of a web server, a link, a job. A folder that holds what is
# somebody else's stays, and is named.
# Sets sp_rest (a line for each of the first 500), sp_rest_total and sp_rest_partial.
sp_end_elsewhere() {
    [ -z "${sp_walk_empty:-}" ] || return 0
    # Somebody waits for an answer; at its deadline the server has time.
    sp_far=15
    [ "$sp_by_server" = 0 ] || sp_far=60
    sp_far=$((sp_far + sp_walk_seconds / 4))
    # A file's time of change cannot be set; without that test another's number could be mistaken for ours.
    # Without a record nobody knows whose the shop is.
    if [ -z "$sp_rec_home" ] || [ ! -e "$sp_record/since" ] || ! sp_gnu_find; then
        sp_rest_partial=true
        return 0
    fi
    sp_find_fit
    sp_disks
    sp_elsewhere_not
    for sp_a in "$sp_state" "${sp_home:-/.}"; do sp_m="$sp_m ! -path $sp_a ! -path $sp_a/*"; done
    # What is in the shop was handed over before, or stays and was named.
    sp_w=$(printf '%s' "${sp_rec_path:-/.}" | sed 's/[][*?\\]/\\&/g')
    sp_j="$sp_w/*"
    set --
    IFS=$sp_nl
    for sp_a in $sp_mount_points; do set -- "$@" "$sp_a"; done
    IFS=" $sp_tab$sp_nl"
    # shellcheck disable=SC2086
    sp_t=$(
        {
            sp_within "$sp_far" find "$@" -xdev $sp_k -path "${sp_home:-/.}" -prune -o -path "$sp_state" -prune -o -user "$sp_id" -cnewer "$sp_record/since" ! -path "$sp_j" \
                -printf '%H\t%p\0' 2>/dev/null || printf '!\t%s\0' "$?"
        } | tr '\n\0' '?\n' | cut -b 1-1000 | awk -F '\t' '
            $1 == "!" { print; next }
            { total++ }
            !seen[$1]++ { print "in\t" $1 }
            total <= 500 { print "at\t" substr($0, length($1) + 2) }
            END { print "total\t" total + 0 }'
    ) || :
    sp_v=0
    set --
    IFS=$sp_nl
    for sp_l in $sp_t; do
        case $sp_l in
            # 1 is a folder that went away meanwhile.
            "!$sp_tab"1) ;;
            "!$sp_tab"*) sp_rest_partial=true ;;
            "in$sp_tab"*) set -- "$@" "${sp_l#*"$sp_tab"}" ;;
            "total$sp_tab"*) sp_v=${sp_l#*"$sp_tab"} ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    [ "$sp_v" != 0 ] || return 0
    sp_rest_total=$((sp_rest_total + sp_v))
    for sp_f; do
        # shellcheck disable=SC2086
        sp_delete "$sp_f" -cnewer "$sp_record/since" ! -path "$sp_j" $sp_m
    done
    IFS=$sp_nl
    for sp_l in $sp_t; do
        case $sp_l in "at$sp_tab"*) sp_l=${sp_l#*"$sp_tab"} ;; *) continue ;; esac
        if [ -e "$sp_l" ] || [ -L "$sp_l" ]; then sp_rest="${sp_rest}not deleted $sp_l$sp_nl"; else sp_rest="${sp_rest}deleted $sp_l$sp_nl"; fi
    done
    IFS=" $sp_tab$sp_nl"
}

# Sets sp_k and sp_m to what find leaves out: the numbers in containers are other people's. With -delete it goes into
# what is pruned.
sp_elsewhere_not() {
    sp_k='' sp_m=''
    for sp_a in /var/lib/docker /var/lib/containers /var/lib/containerd /var/lib/lxc /var/lib/lxd /var/lib/machines /var/lib/kubelet; do
        sp_k="$sp_k -path $sp_a -prune -o" sp_m="$sp_m ! -path $sp_a/*"
    done
}

# The same walk for one that is closed alone and stands still, beside its comparison.
sp_walk_begin() {
    sp_walk_own=''
    [ "$sp_evidence$sp_foreign$sp_left" = 1false0 ] && [ -z "$sp_shared${sp_ahead_compared:-}" ] && [ -n "$sp_rec_home" ] && [ -e "$sp_record/since" ] && sp_gnu_find || return 0
    sp_shared_ids=$sp_id sp_shared_homes=$sp_id$sp_tab$sp_home
    {
        sp_v=$(sp_ahead_walk) || sp_v=' none'
        printf '%s.\n' "$sp_v"
    } 2>/dev/null 9>&- >"$sp_record/walked" &
    sp_beside=$! sp_walk_own=1 sp_by_walk=sp_walked_past
}

sp_walk_end() {
    [ -n "$sp_walk_own" ] || return 0
    sp_beside_wait
    sp_shared_walk=''
    [ ! -r "$sp_record/walked" ] || IFS= read -r sp_shared_walk <"$sp_record/walked" || :
    # A full disk cuts it.
    case $sp_shared_walk in *' .') ;; *) sp_shared_walk=none ;; esac
}

# Whether the walk that was made for several grants, when all of them had ended, came past nothing of this account but its home:
# then there is nothing to look for, neither in the shop nor elsewhere. Whoever has anything is looked after on its own.
sp_walked_past() {
    [ -n "${sp_ahead_compared:-}${sp_walk_own:-}" ] && [ -n "${sp_shared_walk:-}" ] && [ -n "$sp_rec_home" ] || return 1
    case $sp_shared_walk in *none* | *" $sp_id "*) return 1 ;; esac
    # The shop is below the first of the roots, and on its file system.
    if [ -n "$sp_rec_path" ]; then
        case $sp_rec_path/ in "$sp_state"/* | /var/lib/[cdlmk]*) return 1 ;; esac
        sp_v=$(stat -c '%d' -- / "$sp_rec_path" 2>/dev/null) || return 1
        # shellcheck disable=SC2086
        set -- $sp_v
        [ "$#:${1:-}" = "2:${2:-}" ] || return 1
    fi
    sp_walk_empty=1
}

# Sets sp_mount_points to one for each file system that is on this server itself.
sp_disks() {
    sp_mount_points=/$sp_nl
    sp_w=' '
    [ -r /proc/self/mountinfo ] || return 0
    while read -r sp_a sp_b sp_k sp_v sp_m sp_l; do
        case $sp_l in
            *' - ext'[234]' '* | *' - xfs '* | *' - btrfs '* | *' - zfs '* | *' - f2fs '* | *' - jfs '* | *' - overlay '* | *' - tmpfs '*) ;;
            *) continue ;;
        esac
        # The first is the whole of it, mostly; what is bound elsewhere would be walked twice.
        case $sp_w in *" $sp_k "*) continue ;; esac
        case $sp_m in
            / | /proc* | /sys* | /snap/* | /run/user/* | /var/lib/docker/* | /var/lib/containers/* | /var/lib/lxc* | *\\*) ;;
            *) [ ! -d "$sp_m" ] || sp_mount_points=$sp_mount_points$sp_m$sp_nl ;;
        esac
        sp_w="$sp_w$sp_k "
    done </proc/self/mountinfo
}

# sp_delete FOLDER TEST...: removes what the account owns there. Sets sp_v to how many. What takes too
# long is not whole.
sp_delete() {
    sp_w=$1
    shift
    set -- find "$sp_w" -xdev -depth -user "$sp_id" "$@" -delete -print0
    if [ "$sp_x" = -execdir ]; then
        set -- sp_b_within "${sp_far:-600}" "$@"
    elif [ -n "${sp_as_owner:-}" ] || sp_plan_owner; then
        sp_only_in=''
        set -- sp_as "$sp_id" "$@"
    else
        sp_v=0
        return 0
    fi
    sp_v=$({
        {
            sp_r=0
            "$@" 2>/dev/null || sp_r=$?
            echo "$sp_r" >&3
        } | tr -dc '\000' | wc -c
    } 3>&1) || :
    case $sp_v in 124"$sp_nl"* | 137"$sp_nl"*) sp_rest_partial=true ;; esac
    sp_v=$((${sp_v#*"$sp_nl"}))
}

# sp_end_planted FOLDER SSH: files that a login, a mailer or a scheduler would obey if the shop folder ever were a home: those
# the account left there are not handed to anybody. SSH is 0 where none is of a folder .ssh.
sp_end_planted() {
    if [ "$2" != 0 ]; then
        sp_delete "$1" '(' -name .ssh -o -path '*/.ssh/*' ')'
        sp_planted=$((sp_planted + sp_v))
    fi
    sp_delete "$1" -maxdepth 1 ! -type d '(' -name '.bash*' -o -name .profile -o -name '.z[slp]*' -o -name .login -o -name .logout \
        -o -name '.*cshrc' -o -name .forward -o -name .rhosts -o -name .shosts -o -name .k5login -o -name .pam_environment \
        -o -name .netrc -o -name crontab -o -name '.cron*' ')'
    sp_planted=$((sp_planted + sp_v))
}
