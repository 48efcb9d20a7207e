# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What @NAME@ makes for one grant: a file of its own in one folder. Runs as root.
#
# This file is yours to change: what is made, how it is known again, how it goes. In which order things happen stands in
# verbs.sh; that order is what keeps the promise, and is the same whatever you make.
#
# Three rules for what you put here:
# - What stagepass tells you (sp_account, sp_case) is data: quote it, and never make it a part of a command.
# - Change nothing that has not this grant's mark, and look at the mark again before each change.
# - What you need for yourself is `local`; what other functions read begins with own_, and theirs with sp_.

# Change: the folder that your program reads. It must be root's, and writable by nobody else (own_fit looks).
own_folder=/var/lib/stagepass/@NAME@.d
# A program that reads `*.conf` never sees the half of a file: until it is whole, its name ends in `.conf.new`.
own_file=$own_folder/$sp_grant.conf

# By this a file is known for one of ours: the grant's id, and the tag, which only your stagepass can make. Both have to be in
# whatever you make, in a place that your program takes for a comment.
own_mark="# stagepass $sp_grant${sp_tag:+ $sp_tag}"

# Where it could never work, and why: sets own_unfit_id and own_unfit_why, else leaves them empty. Asked before anything is
# made, by `detect` for the plan and by `open` again: a merchant wants to hear it before a supporter waits.
own_fit() {
    own_unfit_id='' own_unfit_why=''
    if [ "$sp_uid" != 0 ]; then
        own_unfit_id=not-root own_unfit_why='This needs root, and the login of stagepass is not root here.'
    elif [ -e "$own_folder" ] && ! own_folder_is_roots; then
        own_unfit_id=folder-open own_unfit_why="Others than root could put something else in the place of files in $own_folder."
    fi
}

own_folder_is_roots() {
    [ -d "$own_folder" ] || return 1
    case $(stat -L -c '%u %a' -- "$own_folder" 2>/dev/null) in
        '0 '*[2367]? | '0 '*[2367]) return 1 ;;
        '0 '*) return 0 ;;
    esac
    return 1
}

# Sets own_text to the file as it is to be. The mark stands in its first line. No secret may be in it: root's record has it, too.
own_compose() {
    own_text="$own_mark
account=$sp_account
until=$sp_deadline
"
}

# Sets own_present to whether this grant's file is there, and own_foreign to whether something else has its name. A link or a folder of
# that name is not ours, whatever it leads to.
own_look() {
    local first=''
    own_present=false own_foreign=false
    if [ -f "$own_file" ] && [ ! -L "$own_file" ]; then
        IFS= read -r first 2>/dev/null <"$own_file" || :
        case "$first " in
            "# stagepass $sp_grant "*) own_present=true ;;
            *) own_foreign=true ;;
        esac
    elif [ -e "$own_file" ] || [ -L "$own_file" ]; then
        own_foreign=true
    fi
}

# Whether it is as the record has it.
own_as_made() { cmp -s "$sp_dir/made" "$own_file"; }

# Makes it, whole or not at all, also where a file of this grant is there already. Ends with 1 where that could not be.
# Your program may have to be told: do that here, behind sp_put, and in own_take.
own_make() {
    if [ ! -d "$own_folder" ]; then
        # Written down before it is made; then it says of itself whose it is, to every grant. One that was there before is not ours
        # to take away.
        sp_put "$sp_dir/folder" 600 '' || return 1
        mkdir -m 755 -- "$own_folder" 2>/dev/null || return 1
        sp_put "$own_folder/.stagepass" 600 '' || return 1
    fi
    sp_put "$own_file" 644 "$own_text" || return 1
    # It outlives a power cut, as the record of it does.
    sp_settle "$own_file" "$own_folder"
}

# Takes it away, and what a server that lost its power left half made. Whether it went is looked at afterwards, by own_look.
own_take() {
    own_look
    [ "$own_present" = false ] || rm -f -- "$own_file" 2>/dev/null || :
    [ ! -f "$own_file.new" ] || rm -f -- "$own_file.new" 2>/dev/null || :
    [ -d "$own_folder" ] || return 0
    # Gone for good before anybody says so, also if the power fails now.
    sp_settle "$own_folder"
    # The folder goes with the last grant of it.
    case $(ls -A -- "$own_folder" 2>/dev/null) in
        .stagepass) rm -f -- "$own_folder/.stagepass" 2>/dev/null || : ;;
        '') [ -e "$sp_dir/folder" ] || return 0 ;;
        *) return 0 ;;
    esac
    rmdir -- "$own_folder" 2>/dev/null || :
    sp_settle "${own_folder%/*}"
}

# What there is of every grant, for `stagepass reconcile`: own_say_mark KIND GRANT ACCOUNT TAG PLACE for each. KIND is `entry`, which
# means that somebody gets in by it.
own_list() {
    local one
    set +f
    set -- "$own_folder"/*.conf
    set -f
    for one; do own_list_one "$one"; done
}

# A file that a hand put there has no mark, or one that is not proved: it is told as it is, and judged by stagepass.
own_list_one() {
    local file="$1" first='' second=''
    if [ ! -f "$file" ] || [ -L "$file" ]; then return 0; fi
    {
        IFS= read -r first || :
        IFS= read -r second || :
    } 2>/dev/null <"$file"
    case $first in '# stagepass '?*) ;; *) return 0 ;; esac
    # shellcheck disable=SC2086 # words are wanted: GRANT TAG
    set -- ${first#\# stagepass }
    own_say_mark entry "$1" "${second#account=}" "${2:-}" "$file"
}
