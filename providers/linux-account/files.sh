# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What the account left would be the next account's of that id. What it is called is the supporter's word, and
# may be very long: it is counted as it comes, and never kept whole. Sets sp_deleted and sp_reowned.
sp_end_files() {
    local folder
    sp_walk_empty=''
    sp_shop_moved
    if [ -n "${sp_by_walk:-}" ] && "$sp_by_walk"; then return 0; fi
    sp_find_fit
    for folder in /tmp /var/tmp /dev/shm; do
        [ -d "$folder" ] || continue
        # Handed to root, a link in a sticky folder would be one that everybody follows.
        sp_delete 600 "$folder"
        sp_deleted=$((sp_deleted + sp_v))
    done
    [ -z "$sp_rec_path" ] || [ ! -d "$sp_rec_path" ] || sp_end_files_in "$sp_rec_path" "$sp_rec_owner"
    [ -z "$sp_moved_to" ] || sp_end_moved
}

# sp_end_files_in FOLDER OWNER: in a shop.
sp_end_files_in() {
    local counts='1 1'
    if sp_gnu_find; then
        counts=$(find "$1" -xdev -user "$sp_id" '(' '(' -name .ssh -o -path '*/.ssh/*' ')' -printf 's\n' -o -printf '.\n' ')' 2>/dev/null |
            awk '{ n[$0]++ } END { print n["."] + n["s"], n["s"] + 0 }') || :
    fi
    [ "${counts% *}" != 0 ] || return 0
    sp_end_planted "$1" "${counts#* }"
    sp_end_rights "$1"
    sp_baseline_hold "$1"
    sp_reown "$1" "$2"
}

# Sets sp_find_exec to -execdir, or to -exec where find has nothing else. GNU find works from inside each folder, so that one
# swapped for a link meanwhile leads nowhere.
sp_find_fit() {
    sp_find_exec=-execdir
    sp_gnu_find || find / -maxdepth 0 -execdir true '{}' + 2>/dev/null || sp_find_exec=-exec
}

# Every other place on this server's own disks: what the account made or changed since the grant was opened is deleted.
# Given to anybody it would be believed: the session of a web server, a link, a job. A folder that holds what is
# somebody else's stays, and is named.
# Sets sp_rest (a line for each of the first 500), sp_rest_total and sp_rest_partial.
sp_end_elsewhere() {
    local seconds=15 spared shop one found total=0 folder
    [ -z "${sp_walk_empty:-}" ] || return 0
    # Somebody waits for an answer; at its deadline the server has time.
    [ "$sp_by_server" = 0 ] || seconds=60
    seconds=$((seconds + sp_walk_seconds / 4))
    # A file's time of change cannot be set; without that test another's number could be mistaken for ours.
    # Without a record nobody knows whose the shop is.
    if [ -z "$sp_rec_home" ] || [ ! -e "$sp_record/since" ] || ! sp_gnu_find; then
        sp_rest_partial=true
        return 0
    fi
    sp_find_fit
    sp_disks
    sp_elsewhere_not
    spared=$sp_find_spared
    for one in "$sp_state" "${sp_home:-/.}"; do spared="$spared ! -path $one ! -path $one/*"; done
    # What is in the shop was handed over before, or stays and was named.
    shop=$(printf '%s' "${sp_rec_path:-/.}" | sed 's/[][*?\\]/\\&/g')
    shop="$shop/*"
    set --
    IFS=$sp_nl
    for one in $sp_mount_points; do set -- "$@" "$one"; done
    IFS=" $sp_tab$sp_nl"
    found=$(sp_elsewhere_found "$seconds" "$shop" "$@") || :
    set --
    IFS=$sp_nl
    for one in $found; do
        case $one in
            # 1 is a folder that went away meanwhile.
            "!$sp_tab"1) ;;
            "!$sp_tab"*) sp_rest_partial=true ;;
            "in$sp_tab"*) set -- "$@" "${one#*"$sp_tab"}" ;;
            "total$sp_tab"*) total=${one#*"$sp_tab"} ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    [ "$total" != 0 ] || return 0
    sp_rest_total=$((sp_rest_total + total))
    for folder; do
        # shellcheck disable=SC2086
        sp_delete "$seconds" "$folder" -cnewer "$sp_record/since" ! -path "$shop" $spared
    done
    IFS=$sp_nl
    for one in $found; do
        case $one in "at$sp_tab"*) one=${one#*"$sp_tab"} ;; *) continue ;; esac
        if [ -e "$one" ] || [ -L "$one" ]; then sp_rest="${sp_rest}not deleted $one$sp_nl"; else sp_rest="${sp_rest}deleted $one$sp_nl"; fi
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_elsewhere_found SECONDS SHOP FOLDER...: prints, behind a word and a tab each, the folders in which anything is to be deleted (in),
# the first 500 paths (at), how many there are (total), and the status of a walk that was not whole (!).
sp_elsewhere_found() {
    local seconds="$1" shop="$2"
    shift 2
    # shellcheck disable=SC2086
    {
        sp_within "$seconds" find "$@" -xdev $sp_find_pruned -path "${sp_home:-/.}" -prune -o -path "$sp_state" -prune -o -user "$sp_id" -cnewer "$sp_record/since" ! -path "$shop" \
            -printf '%H\t%p\0' 2>/dev/null || printf '!\t%s\0' "$?"
    } | tr '\n\0' '?\n' | cut -b 1-1000 | awk -F '\t' '
        $1 == "!" { print; next }
        { total++ }
        !seen[$1]++ { print "in\t" $1 }
        total <= 500 { print "at\t" substr($0, length($1) + 2) }
        END { print "total\t" total + 0 }'
}

# Sets sp_find_pruned and sp_find_spared to what find leaves out: the numbers in containers are other people's, and what systemd
# mounts for a login goes after it, by itself. With -delete it goes into what is pruned.
sp_elsewhere_not() {
    local folder
    sp_find_pruned='' sp_find_spared=''
    for folder in /var/lib/docker /var/lib/containers /var/lib/containerd /var/lib/lxc /var/lib/lxd /var/lib/machines /var/lib/kubelet; do
        sp_find_pruned="$sp_find_pruned -path $folder -prune -o" sp_find_spared="$sp_find_spared ! -path $folder/*"
    done
    for folder in $sp_login_points; do
        sp_find_pruned="$sp_find_pruned -path $folder -prune -o" sp_find_spared="$sp_find_spared ! -path $folder"
    done
}

# The walk for setuid files comes past every file there is (sp_b_setuid_raw): on the same one is looked for files of these accounts
# outside their homes, or anywhere one that others become them by. Each of those accounts then looks on its own.
# sp_seek_with FILE: has that done with the next comparison, for the accounts of sp_shared_ids, and the answer written to FILE.
sp_seek_with() {
    sp_by_seek=sp_seek sp_seek_into=$1
    [ ! -e "$1" ] || rm -f -- "$1"
}

# Sets sp_shared_walk to the ids of which there is one, or to `none`.
sp_seek_read() {
    sp_by_seek='' sp_shared_walk=''
    [ ! -r "$sp_seek_into" ] || IFS= read -r sp_shared_walk <"$sp_seek_into" || :
    # A full disk cuts it.
    case $sp_shared_walk in *' .') ;; *) sp_shared_walk=none ;; esac
}

# sp_seek SECONDS FOLDER...: what sp_b_suid_find prints for these folders, of which there may be none.
sp_seek() {
    local seconds="$1" roots="$sp_nl" walks="$sp_nl" systems one line tests='' odd='*[[:cntrl:]]*'
    shift
    for one; do roots=$roots$one$sp_nl; done
    sp_disks
    sp_elsewhere_not
    walks=$walks$sp_mount_points
    # Where anybody can write, on whatever file system that is.
    systems=$(stat -c '%d %n' -- / /tmp /var/tmp /dev/shm 2>/dev/null) || :
    IFS=$sp_nl
    for line in $systems; do
        one=${line#* }
        [ ! -d "$one" ] || [ "${line%% *}" = "${systems%% *}" ] || walks=$walks$one$sp_nl
    done
    for one in $walks; do
        case $roots in *"$sp_nl$one$sp_nl"*) ;; *) set -- "$@" "$one" ;; esac
    done
    IFS=" $sp_tab$sp_nl"
    set -- "$@" -xdev '(' -path /proc -o -path /sys -o -path /var/lib/docker -o -path /var/lib/containers -o -path /var/lib/containerd ')' -prune -o '(' '('
    for one in $sp_shared_ids; do
        # shellcheck disable=SC2086
        set -- "$@" $tests -user "$one"
        tests=-o
    done
    # To prune a file does nothing, but find may not ask for its name before that (sp_b_suid_find).
    set -- "$@" ')' -printf 'u\t%U\t%m\t%H\t%p\0' , -type f '(' -perm -4000 -o -perm -2000 ')' -prune '(' -path "$odd" \
        -printf 's\t%H\t%C@ %m %U %G /(control characters in its name), inode %i\0' -o -printf 's\t%H\t%C@ %m %U %G %p\0' ')'
    # Where no setuid files are looked for, there is no time since when.
    if [ "$roots" != "$sp_nl" ] && sp_has getcap; then
        # shellcheck disable=SC2016
        set -- "$@" , -type f -perm /111 -newerct "@$sp_b_time" -prune ! -path "$odd" -exec /bin/sh -c 'getcap -- "$@" | tr "\n" "\0"' sh '{}' +
    fi
    {
        one=0
        sp_b_within "$seconds" find "$@" ')' 2>/dev/null || one=$?
        printf '!\t%s\0' "$one"
    } | tr '\n\0' '?\n' | cut -b 1-5000 | SP_ROOTS=$roots SP_WALKS=$walks SP_HOMES=$sp_shared_homes SP_NOT="$sp_find_pruned -path $sp_state" SP_INTO=$sp_seek_into awk -F '\t' '
        BEGIN {
            n = split(ENVIRON["SP_ROOTS"], line, "\n"); for (i = 1; i <= n; i++) root[line[i]] = 1
            n = split(ENVIRON["SP_WALKS"], line, "\n"); for (i = 1; i <= n; i++) walk[line[i]] = 1
            n = split(ENVIRON["SP_HOMES"], line, "\n"); for (i = 1; i <= n; i++) if (split(line[i], f, "\t") == 2) home[f[1]] = f[2]
            n = split(ENVIRON["SP_NOT"], line, " "); for (i = 1; i < n; i++) if (line[i] == "-path") left_out[++many] = line[i + 1]
        }
        function below(p, top) { return p == top || index(p, top "/") == 1 }
        $1 == "!" { r = $2; ended++; next }
        # What getcap says.
        /^\// { print; next }
        $1 == "s" {
            if (!($2 in root)) next
            p = $0; sub(/^[^\t]*\t[^\t]*\t/, "", p); sub(/[.][0-9]*/, "", p); print p
            next
        }
        $1 == "u" && ($4 in walk) && !($2 in has) {
            p = $0; sub(/^[^\t]*\t[^\t]*\t[^\t]*\t[^\t]*\t/, "", p)
            for (i = 1; i <= many; i++) if (below(p, left_out[i])) next
            if ($3 < 4000 && home[$2] != "" && below(p, home[$2])) next
            has[$2] = 1
        }
        END {
            all = " "
            # 1 is a folder that went away meanwhile.
            if (ended == 1 && r < 2) for (i in has) all = all i " "; else all = " none "
            print all "." >ENVIRON["SP_INTO"]
            exit (ended == 1 ? r : 2)
        }'
}

# sp_walk begin|end: for one that is closed alone and stands still: with its comparison, which is between the two.
sp_walk() {
    if [ "$1" = end ]; then
        [ -n "$sp_walk_own" ] || return 0
        # Where there was nothing to compare, or that had been done before.
        [ -e "$sp_seek_into" ] || sp_seek $((30 + sp_walk_seconds / 4)) >/dev/null 2>&1 9>&- || :
        sp_seek_read
        return 0
    fi
    sp_walk_own=''
    [ "$sp_evidence$sp_foreign$sp_left" = 1false0 ] && [ -z "$sp_shared${sp_ahead_compared:-}" ] && [ -n "$sp_rec_home" ] && [ -e "$sp_record/since" ] && sp_gnu_find || return 0
    sp_shared_ids=$sp_id sp_shared_homes=$sp_id$sp_tab$sp_home
    sp_seek_with "$sp_record/walked"
    sp_walk_own=1 sp_by_walk=sp_walked_past
}

# Whether the walk that was made for several grants, when all of them had ended, came past nothing of this account but its home:
# then there is nothing to look for, neither in the shop nor elsewhere. Whoever has anything is looked after on its own.
sp_walked_past() {
    local devices
    [ -n "${sp_ahead_compared:-}${sp_walk_own:-}" ] && [ -n "${sp_shared_walk:-}" ] && [ -n "$sp_rec_home" ] || return 1
    # Elsewhere may be another file system.
    [ -z "$sp_moved_to" ] || return 1
    case $sp_shared_walk in *none* | *" $sp_id "*) return 1 ;; esac
    # The shop is below the first of the roots, and on its file system.
    if [ -n "$sp_rec_path" ]; then
        case $sp_rec_path/ in "$sp_state"/* | /var/lib/[cdlmk]*) return 1 ;; esac
        devices=$(stat -c '%d' -- / "$sp_rec_path" 2>/dev/null) || return 1
        # shellcheck disable=SC2086
        set -- $devices
        [ "$#:${1:-}" = "2:${2:-}" ] || return 1
    fi
    sp_walk_empty=1
}

# Sets sp_mount_points to one for each file system that is on this server itself, and sp_login_points to those that last as long as a
# login: find names a folder on which something is mounted also where it does not go into it.
sp_disks() {
    local number above device root point rest seen=' '
    sp_mount_points=/$sp_nl sp_login_points=''
    [ -r /proc/self/mountinfo ] || return 0
    while read -r number above device root point rest; do
        case $rest in
            *' - ext'[234]' '* | *' - xfs '* | *' - btrfs '* | *' - zfs '* | *' - f2fs '* | *' - jfs '* | *' - overlay '* | *' - tmpfs '*) ;;
            *) continue ;;
        esac
        # The first is the whole of it, mostly; what is bound elsewhere would be walked twice.
        case $seen in *" $device "*) continue ;; esac
        case $point in
            /run/user/*[!0-9]*) ;;
            /run/user/*) sp_login_points="$sp_login_points $point" ;;
            / | /proc* | /sys* | /snap/* | /var/lib/docker/* | /var/lib/containers/* | /var/lib/lxc* | *\\*) ;;
            *) [ ! -d "$point" ] || sp_mount_points=$sp_mount_points$point$sp_nl ;;
        esac
        seen="$seen$device "
    done </proc/self/mountinfo
}

# sp_delete SECONDS FOLDER TEST...: removes what the account owns there. Sets sp_v to how many. What takes too
# long is not whole.
sp_delete() {
    local seconds="$1" folder="$2" ended
    shift 2
    set -- find "$folder" -xdev -depth -user "$sp_id" "$@" -delete -print0
    if [ "$sp_find_exec" = -execdir ]; then
        set -- sp_b_within "$seconds" "$@"
    elif [ -n "${sp_as_owner:-}" ] || sp_plan_owner; then
        sp_only_in=''
        set -- sp_as "$sp_id" "$@"
    else
        sp_v=0
        return 0
    fi
    sp_v=$({
        {
            ended=0
            "$@" 2>/dev/null || ended=$?
            echo "$ended" >&3
        } | tr -dc '\000' | wc -c
    } 3>&1) || :
    case $sp_v in 124"$sp_nl"* | 137"$sp_nl"*) sp_rest_partial=true ;; esac
    sp_v=$((${sp_v#*"$sp_nl"}))
}

# sp_end_planted FOLDER SSH: files that a login, a mailer or a scheduler would obey if the shop folder ever were a home: those
# the account left there are not handed to anybody. SSH is 0 where none is of a folder .ssh.
sp_end_planted() {
    if [ "$2" != 0 ]; then
        sp_delete 600 "$1" '(' -name .ssh -o -path '*/.ssh/*' ')'
        sp_planted=$((sp_planted + sp_v))
    fi
    sp_delete 600 "$1" -maxdepth 1 ! -type d '(' -name '.bash*' -o -name .profile -o -name '.z[slp]*' -o -name .login -o -name .logout \
        -o -name '.*cshrc' -o -name .forward -o -name .rhosts -o -name .shosts -o -name .k5login -o -name .pam_environment \
        -o -name .netrc -o -name crontab -o -name '.cron*' ')'
    sp_planted=$((sp_planted + sp_v))
}
