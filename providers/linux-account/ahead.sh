# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Closing several at once.
#
# In three steps. For each of them: nobody gets in, and everything of it is ended (sp_ahead_end), under its lock, and whatever became
# of the others. Then one look at the server for all of them whose end is sure (sp_ahead_look), and for each the comparison with
# what was there before (sp_ahead_compare): up to here nothing was changed in which it could show. Then each is closed as ever
# (sp_close), and takes what was seen from there; the first of a shop takes the entries of the others off it (sp_shop_together). Whatever is not sure, or could not be looked at whole, is looked at by
# each on its own.

# sp_close_ahead COUNT: called in the shell from which each of these closes gets one of its own, and that is without
# `set -e`. Sets sp_ahead_NUMBER (`clean` or `mixed`, the id, the sessions that were ended, the jobs that were deleted), sp_seen_NUMBER
# (the comparison), and sp_shared, the folder of what is shared.
sp_close_ahead() {
    local tools dropbears ended looked seen began='' later='' whole=1
    sp_nl='
'
    sp_tab='	'
    sp_shared='' sp_shared_ids='' sp_shared_turns='' sp_shared_homes='' sp_turn=0 sp_together=$1 sp_ready='' sp_lock_had='' sp_ends_later='' sp_asked_at='' sp_put_in=''
    sp_unexported='' sp_files_alone=''
    sp_unexport
    sp_unexported=1
    # Named here, so that a close alone, and the failsafe, are not sent them.
    sp_by_ahead=sp_end_was_ahead sp_by_seen=sp_ahead_take sp_by_walk=sp_walked_past sp_by_drop=sp_shop_together sp_by_shop=sp_b_shop_known sp_by_keep=sp_b_shop_keep
    sp_by_list=sp_ahead_listed sp_by_digests=sp_ahead_digests sp_by_sums=sp_ahead_sums
    trap 'sp_close_behind' 0
    trap 'exit 1' HUP PIPE TERM
    # Asked once for all: which tools there are, which id nobody has, whether a Dropbear serves here, and what time it is.
    tools=$(
        set -e
        sp_one_1
        sp_start
        sp_tools
        sp_find_nobody
        # Of one that inetd starts nothing is to be seen before it serves; it ends with what it started.
        set +f
        dropbears=$(find /proc/[0-9]*/exe -maxdepth 0 -lname '*/dropbear*' 2>/dev/null) || :
        printf '%s %s %s %s %s' "$sp_timeout" "$sp_gnu" "$(date +%s)" "${dropbears:+some}" "$sp_nobody"
        exit 0
    ) 2>/dev/null
    # shellcheck disable=SC2181 # in a condition `set -e` would count for nothing
    if [ "$?" = 0 ]; then
        sp_timeout=${tools%% *} sp_nobody=${tools##* }
        tools=${tools#* }
        sp_gnu=${tools%% *}
        tools=${tools#* }
        sp_asked_at=${tools%% *}
        case $tools in *' some '*) ;; *) sp_by_dropbears=: ;; esac
    fi
    sp_ahead_hold
    # While nobody else holds the lock, nothing here takes long.
    [ -z "$sp_lock_had" ] || sp_ends_later=sp_ahead_later
    while [ "$sp_turn" -lt "$1" ]; do
        sp_turn=$((sp_turn + 1))
        sp_ahead_shut
        if [ -z "$later" ] || [ -z "$sp_ends_later" ]; then continue; fi
        read -r ended looked 2>/dev/null </proc/uptime || ended=0
        began=${began:-${ended%%.*}}
        # Something made it slow: whoever is in is not to gain by that.
        if [ "$sp_turn" = "$1" ] || [ "${ended%%.*}" -gt $((began + 1)) ]; then sp_ahead_now; fi
    done
    sp_ends_later=''
    sp_ahead_let
    # One alone looks for itself.
    case $sp_shared_turns in ' '*' '*) ;; *) return 0 ;; esac
    looked=$(
        set -e
        "sp_one_${sp_shared_turns##* }"
        sp_start
        sp_ahead_look
        exit 0
    ) 2>/dev/null
    # shellcheck disable=SC2181
    [ "$?" = 0 ] || return 0
    sp_shared=${looked%%"$sp_nl"*}
    sp_b_sums_known=${looked%%"$sp_nl=$sp_nl"*}$sp_nl
    sp_b_passwords_known=${looked#*"$sp_nl=$sp_nl"} looked=''
    # What it is too little for a file, each in a line.
    {
        IFS= read -r sp_shared_named
        IFS= read -r sp_b_named_now
        IFS= read -r sp_b_ours_known
        IFS= read -r sp_b_now_known
        IFS= read -r sp_b_programs_known
        IFS= read -r sp_b_cut_known
        IFS= read -r sp_shared_walk
    } <"$sp_shared/known"
    sp_b_system_known=$(cat -- "$sp_shared/system") || sp_b_system_known=''
    for sp_turn in $sp_shared_turns; do
        seen=$(
            set -e
            "sp_one_$sp_turn"
            sp_start
            sp_ahead_compare
            exit 0
        ) 2>/dev/null
        # shellcheck disable=SC2181
        if [ "$?" = 0 ]; then eval "sp_seen_$sp_turn=\$seen"; else whole=0; fi
    done
    sp_ready=$(
        set -e
        "sp_one_${sp_shared_turns##* }"
        sp_start
        # shellcheck disable=SC2086
        sp_ahead_ready $sp_shared_turns
        exit 0
    ) 2>/dev/null
    # What is left is short where everything was seen, and no shop is walked through.
    # shellcheck disable=SC2086
    set -- $sp_shared_turns
    case $sp_ready in *plain*) sp_put_in=/var/lib/stagepass ;; esac
    case $sp_ready in *files*) sp_files_alone=1 ;; esac
    case $whole$#$sp_ready in "1$sp_together"*shop*) ;; "1$sp_together "*) sp_ahead_hold ;; esac
}

# The lock, for all of them at once, where nobody has it; else each waits for it in its turn.
sp_ahead_hold() {
    local folder=/var/lib/stagepass
    sp_lock_had=''
    command -v flock >/dev/null 2>&1 && [ -d "$folder" ] && [ -r "$folder" ] || return 0
    exec 9<"$folder"
    # shellcheck disable=SC3013 # every sh named in lib/begin.sh has -ef
    if flock -n 9 2>/dev/null && [ /proc/self/fd/9 -ef "$folder" ]; then sp_lock_had=$folder; else exec 9<&-; fi
}

sp_ahead_let() {
    [ -n "$sp_lock_had" ] || return 0
    sp_lock_had=''
    exec 9<&-
}

# What these set is `local` in sp_close_ahead.
# The way in is shut for the one whose turn it is, and it is ended, or noted in `later`.
sp_ahead_shut() {
    ended=$(
        set -e
        "sp_one_$sp_turn"
        sp_start
        [ "$sp_by_server" = 0 ] || exit 20
        sp_ahead_end
        exit 0
    ) 2>/dev/null
    # shellcheck disable=SC2181 # in a condition `set -e` would count for nothing
    [ "$?" = 0 ] || return 0
    eval "sp_ahead_$sp_turn=\$ended"
    # shellcheck disable=SC2086
    set -- ${ended%%"$sp_nl"*}
    case $1:$6 in
        clean:1) later="$later $sp_turn" ;;
        clean:*) sp_ahead_sure ;;
    esac
}

# It stands still, and may be looked at with others.
sp_ahead_sure() {
    ended=${ended%%"$sp_nl"*}
    ended=${ended#clean }
    sp_shared_ids="$sp_shared_ids ${ended%% *}" sp_shared_turns="$sp_shared_turns $sp_turn"
    sp_shared_homes="$sp_shared_homes${ended%% *}$sp_tab${ended#* * * * * }$sp_nl"
}

# Ends those that were noted, all in one step; where that is not sure, each by itself.
sp_ahead_now() {
    local turns="$later" last="$sp_turn" one
    later=''
    looked=$(
        set -e
        "sp_one_$sp_turn"
        sp_start
        # shellcheck disable=SC2086
        sp_ahead_end_all $turns
        exit 0
    ) 2>/dev/null
    # shellcheck disable=SC2181 # in a condition `set -e` would count for nothing
    if [ "$?" = 0 ]; then
        for one in $looked; do
            sp_turn=${one%%:*}
            eval "ended=\$sp_ahead_$sp_turn"
            ended=${ended#clean }
            ended="clean ${ended%% *} ${one#*:} ${ended#* * }"
            eval "sp_ahead_$sp_turn=\$ended"
            sp_ahead_sure
        done
    else
        sp_ends_later=''
        for sp_turn in $turns; do sp_ahead_shut; done
    fi
    # Only while it is quick.
    sp_ends_later='' sp_turn=$last
}

# When the last one had its turn.
sp_close_behind() { [ -z "${sp_shared:-}" ] || rm -rf -- "$sp_shared"; }
