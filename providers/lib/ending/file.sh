# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What ends an access on the server by itself: the gate in front of every session, and the failsafe
# that closes when nobody else does. Definitions only.
#
# A provider sets first:
#   sp_base      the folder of every grant: /var/lib/stagepass, or ~/.stagepass
#   sp_dir       the folder of this one, $sp_base/$sp_grant
# and may define for the failsafe, after this file was read:
#   sp_in_use    whether somebody is still in
#   sp_lock_access   lets nobody new in; called while work goes on after the deadline
#   sp_when_busy     what cannot wait for a lock that somebody else holds
# `open` and `update` are sent with sp_gate_source and sp_source (the text of all this).

# sp_put FILE MODE TEXT: the whole text in one step, or nothing. Ends with 1 on a full or read-only disk. Sets sp_put_in to the folder in
# which the umask counted for the last file that was looked at.
sp_put() {
    local made='' folder="${1%/*}"
    if [ -e "$1.new" ] || [ -L "$1.new" ]; then rm -f -- "$1.new" 2>/dev/null || :; fi
    # Most modes are what a umask leaves; where a folder gives its own, and for programs, chmod is asked.
    case $2 in 644) umask 022 ;; esac
    if { printf '%s' "$3" >"$1.new"; } 2>/dev/null; then
        # What one file there has shown need not be asked for each; and every sh named in lib/begin.sh says when a disk is full.
        if [ "$folder" = "$sp_put_in" ]; then
            case $2 in 600 | 644) made="${#3} $2" ;; *) made="${#3} ?" ;; esac
        else
            made=$(stat -c '%s %a' -- "$1.new" 2>/dev/null) || :
        fi
    fi
    umask 077
    case $made in
        "${#3} $2") mv -f -- "$1.new" "$1" && sp_put_in=$folder && return 0 ;;
        "${#3} "*) chmod "$2" -- "$1.new" && mv -f -- "$1.new" "$1" && return 0 ;;
    esac
    rm -f -- "$1.new" 2>/dev/null || :
    return 1
}

# sp_plain TEXT: sets sp_v to it on one line, without control characters.
sp_plain() {
    sp_v=$1
    case $sp_v in *[[:cntrl:]]*) sp_v=$(printf '%s' "$sp_v" | tr '\000-\037\177' ' ') ;; esac
}

# sp_quote TEXT: sets sp_v to one word of a shell script.
sp_quote() {
    local rest="$1"
    sp_v=''
    while :; do
        case $rest in
            *\'*)
                sp_v="$sp_v${rest%%\'*}'\\''"
                rest=${rest#*\'}
                ;;
            *) break ;;
        esac
    done
    sp_v="'$sp_v$rest'"
}

# sp_settle FILE...: what was just written is to outlive a power cut; a folder stands for what was made,
# renamed and removed in it. What is not there does not matter. Before coreutils 8.24 there is no sync
# of files: it does everything.
sp_settle() {
    IFS=$sp_nl
    # shellcheck disable=SC2086
    set -- "$@" ${sp_unsettled:-}
    IFS=" $sp_tab$sp_nl"
    sp_unsettled=''
    # Of nothing it would be everything.
    [ "$#" -gt 0 ] || return 0
    sync -- "$@" 2>/dev/null || :
}

# sp_settle_soon FILE...: the same with the next that is settled. For what is needed only if that is there, too.
sp_settle_soon() {
    local one
    for one; do sp_unsettled=${sp_unsettled:-}$one$sp_nl; done
}
