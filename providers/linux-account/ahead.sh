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
    local tools dropbears ended looked seen
    sp_nl='
'
    sp_tab='	'
    sp_shared='' sp_shared_ids='' sp_shared_turns='' sp_shared_homes='' sp_turn=0 sp_together=$1
    # Named here, so that a close alone, and the failsafe, are not sent them.
    sp_by_ahead=sp_end_was_ahead sp_by_seen=sp_ahead_take sp_by_walk=sp_walked_past sp_by_drop=sp_shop_together sp_by_shop=sp_b_shop_known sp_by_keep=sp_b_shop_keep
    trap 'sp_close_behind' 0
    trap 'exit 1' HUP PIPE TERM
    # Asked once for all: which tools there are, which id nobody has, and whether a Dropbear serves here.
    tools=$(
        set -e
        sp_one_1
        sp_start
        sp_tools
        sp_find_nobody
        # Of one that inetd starts nothing is to be seen before it serves; it ends with what it started.
        set +f
        dropbears=$(find /proc/[0-9]*/exe -maxdepth 0 -lname '*/dropbear*' 2>/dev/null) || :
        printf '%s %s %s %s' "$sp_timeout" "$sp_gnu" "${dropbears:+some}" "$sp_nobody"
        exit 0
    ) 2>/dev/null
    # shellcheck disable=SC2181 # in a condition `set -e` would count for nothing
    if [ "$?" = 0 ]; then
        sp_timeout=${tools%% *} sp_nobody=${tools##* }
        sp_gnu=${tools#* }
        sp_gnu=${sp_gnu%% *}
        case $tools in *' some '*) ;; *) sp_by_dropbears=: ;; esac
    fi
    while [ "$sp_turn" -lt "$1" ]; do
        sp_turn=$((sp_turn + 1))
        ended=$(
            set -e
            "sp_one_$sp_turn"
            sp_start
            [ "$sp_by_server" = 0 ] || exit 20
            sp_ahead_end
            exit 0
        ) 2>/dev/null
        # shellcheck disable=SC2181 # in a condition `set -e` would count for nothing
        [ "$?" = 0 ] || continue
        eval "sp_ahead_$sp_turn=\$ended"
        case $ended in
            'clean '*)
                ended=${ended%%"$sp_nl"*}
                ended=${ended#clean }
                sp_shared_ids="$sp_shared_ids ${ended%% *}" sp_shared_turns="$sp_shared_turns $sp_turn"
                sp_shared_homes="$sp_shared_homes${ended%% *}$sp_tab${ended#* * * * }$sp_nl"
                ;;
        esac
    done
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
    sp_b_passwords_known=${looked#"$sp_shared"}
    sp_b_passwords_known=${sp_b_passwords_known#"$sp_nl"} looked=''
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
    for sp_turn in $sp_shared_turns; do
        seen=$(
            set -e
            "sp_one_$sp_turn"
            sp_start
            sp_ahead_compare
            exit 0
        ) 2>/dev/null
        # shellcheck disable=SC2181
        [ "$?" = 0 ] || continue
        eval "sp_seen_$sp_turn=\$seen"
    done
}

# When the last one had its turn.
sp_close_behind() { [ -z "${sp_shared:-}" ] || rm -rf -- "$sp_shared"; }
