# shellcheck shell=sh disable=SC2030,SC2031,SC2034,SC2154,SC3043
# Small things.

# sp_b_within SECONDS COMMAND...: ends the command after that time where timeout(1) can.
sp_b_within() {
    if sp_can_limit; then
        timeout -s KILL "$@"
    else
        shift
        "$@"
    fi
}

# sp_b_left SECONDS: sets sp_b_limit to that, or to what is left of the time for all together. By the clock that nobody
# sets, where there is one.
sp_b_left() {
    sp_b_clock
    sp_b_limit=$((sp_b_until - sp_v))
    [ "$sp_b_limit" -le "$1" ] || sp_b_limit=$1
    [ "$sp_b_limit" -ge 1 ] || sp_b_limit=1
}

# Sets sp_v to the seconds of that clock.
sp_b_clock() {
    local rest
    sp_v=''
    [ ! -r /proc/uptime ] || read -r sp_v rest 2>/dev/null </proc/uptime || sp_v=''
    sp_v=${sp_v%%.*}
    case $sp_v in '' | *[!0-9]*) sp_v=$(date +%s) ;; esac
}

# Asked once, so that subshells know.
sp_b_tools() {
    local one
    sp_b_clock
    sp_b_until=$((sp_v + sp_b_all_seconds))
    [ -n "${sp_uid:-}" ] || sp_whoami
    sp_can_limit || :
    sp_b_gnu_find=no
    ! sp_gnu_find || sp_b_gnu_find=yes
    sp_b_sum=''
    for one in sha256sum cksum; do
        if [ -z "$sp_b_sum" ] && sp_has "$one"; then sp_b_sum=$one; fi
    done
}

# Sets sp_v to a word nobody can guess: it keeps apart what is ours and what was read.
sp_b_random() {
    sp_v=''
    [ ! -r /proc/sys/kernel/random/uuid ] || read -r sp_v </proc/sys/kernel/random/uuid || :
    [ -n "$sp_v" ] || sp_v=$(date +%s)-$$-$(ps 2>/dev/null | od -An -tx1 2>/dev/null | tr -d ' \n' | cut -c 1-200)
}

# sp_b_digest FOLDER: sets sp_b_d to the digests of the three files of a baseline, one behind the other, or to nothing without
# sha256sum.
sp_b_digest() {
    local said line
    sp_b_d=''
    sp_has sha256sum || return 0
    # Of nothing there is a digest, too.
    if [ ! -f "$1/about" ] || [ ! -f "$1/system" ] || [ ! -f "$1/shop" ]; then return 0; fi
    said=$({ [ -n "$sp_shared" ] && "$sp_by_digests" "$1"; } || sha256sum -- "$1/about" "$1/system" "$1/shop" 2>/dev/null) || return 0
    IFS=$sp_nl
    for line in $said; do
        line=${line#\\}
        sp_b_d=$sp_b_d${line%% *}
    done
    IFS=" $sp_tab$sp_nl"
}

# Whose things stagepass made. Root believes its own records and nothing else: a comment, a file
# name or a folder in somebody's home is quickly written. In a shared account there is nothing that the
# supporter could not write, so that only this grant's own is left out there.
# Sets sp_b_ids (` id id `), sp_b_accounts (` name:uid `), sp_b_groups (` name:gid `) and
# sp_b_others (` uid uid `, without this grant's).
sp_b_ours() {
    local left one found what=''
    if [ -n "$sp_shared" ]; then
        sp_b_base=$sp_b_state
        IFS=/
        # shellcheck disable=SC2086
        set -- $sp_b_ours_known
        IFS=" $sp_tab$sp_nl"
        sp_b_ids=$1 sp_b_accounts=$2 sp_b_groups=$3 sp_b_others=$4 sp_b_names=$5
        return 0
    fi
    sp_b_ids=" $sp_grant " sp_b_accounts=' ' sp_b_groups=' ' sp_b_others=' ' sp_b_names=' '
    sp_b_base=$sp_b_state
    if [ "$sp_uid" != 0 ]; then
        sp_b_base=${sp_my_home:-${HOME:-}}/.stagepass
        return 0
    fi
    if [ -n "$sp_b_own" ]; then
        sp_b_accounts=" $sp_b_own:${sp_b_own_ids%:*} " sp_b_groups=" $sp_b_own:${sp_b_own_ids#*:} " sp_b_names=" $sp_b_own "
    fi
    set +f
    set -- "$sp_b_base"/*/record
    set -f
    left=$#
    while [ "$left" -gt 0 ]; do
        left=$((left - 1))
        one=$1
        shift
        if [ -f "$one" ] && [ ! -L "$one" ] && [ -O "$one" ]; then set -- "$@" "$one"; fi
    done
    [ "$#" -gt 0 ] || return 0
    found=$(SP_GRANT=$sp_grant awk '
        function flush() {
            if (id != "") {
                print "id", id
                if (n != "" && u != "") { print "account", n ":" u; print "name", n; if (id != ENVIRON["SP_GRANT"]) print "other", u }
                if (n != "" && g != "") print "group", n ":" g
            }
            n = ""; u = ""; g = ""
        }
        FNR == 1 { flush(); id = FILENAME; sub(/\/record$/, "", id); sub(/.*\//, "", id); if (id ~ /[^0-9a-z]/) id = "" }
        /^account=/ { n = substr($0, 9); if (n ~ /[^a-z0-9_-]/) n = "" }
        /^uid=/ { u = substr($0, 5); if (u ~ /[^0-9]/) u = "" }
        /^gid=/ { g = substr($0, 5); if (g ~ /[^0-9]/) g = "" }
        END { flush() }' "$@" 2>/dev/null) || :
    for one in $found; do
        if [ -z "$what" ]; then
            what=$one
            continue
        fi
        case $what in
            id) sp_b_ids="$sp_b_ids$one " ;;
            account) sp_b_accounts="$sp_b_accounts$one " ;;
            group) sp_b_groups="$sp_b_groups$one " ;;
            other) sp_b_others="$sp_b_others$one " ;;
            name) sp_b_names="$sp_b_names$one " ;;
        esac
        what=''
    done
}
