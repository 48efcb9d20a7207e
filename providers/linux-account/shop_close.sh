# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Takes our entries, and only ours, off the shop folder and the folders above it. Sets sp_acl_left,
# and ends with 1 when trying again may help.
sp_shop_close() {
    [ -e "$sp_record/acl" ] || return 0
    # Without what was written down (a disk that lost it) nobody knows which entries are ours.
    case $sp_id:$sp_rec_path:$(tail -n 1 "$sp_record/acl") in
        [0-9]*:/*:'# end') ;;
        *) sp_acl_left=true && return 0 ;;
    esac
    if ! sp_has setfacl; then
        sp_acl_left=true
        return 0
    fi
    sp_acl_owner=$sp_rec_owner
    # The other folder of a shop that was moved is nobody else's to walk through.
    if [ -n "$sp_shared" ] && [ -z "$sp_moved_to" ] && "$sp_by_drop"; then return 0; fi
    sp_acl_uid=$sp_id
    sp_shop_others "$sp_rec_path"
    sp_plan_owner || return 1
    sp_shop_walk
    return "$sp_bad"
}

# Sets sp_bad to 1 when trying again may help.
sp_shop_walk() {
    local folder
    sp_bad=0
    for folder in "$sp_rec_path" "$sp_moved_to"; do
        [ -d "$folder" ] || continue
        sp_only_there "$folder"
        sp_baseline_hold "$folder"
        sp_shop_drop "$folder" -R -P
    done
    IFS=$sp_nl
    for folder in $sp_rec_through; do
        IFS=" $sp_tab$sp_nl"
        [ ! -d "$folder" ] || sp_shop_drop "$folder"
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_shop_drop FOLDER OPTION...
sp_shop_drop() {
    local folder="$1" ended=0
    shift
    {
        # What was written down of the shop holds for a copy of it.
        if [ "$folder" != "$sp_moved_to" ]; then
            cat "$sp_record/acl"
        else
            SP_FROM="# file: $sp_rec_path" SP_TO="# file: $folder" awk '
                index($0 "/", ENVIRON["SP_FROM"] "/") == 1 { $0 = ENVIRON["SP_TO"] substr($0, length(ENVIRON["SP_FROM"]) + 1) }
                { print }' "$sp_record/acl"
        fi
        printf '\n# now\n\n'
        getfacl -E -n -p -s "$@" -- "$folder" 2>/dev/null || :
    } | sp_acl_awk drop "$folder" 1 || ended=$?
    case $ended in
        0) ;;
        2) sp_acl_left=true ;;
        *) if sp_entries_there "$folder" "$@"; then sp_bad=1 sp_acl_left=true; fi ;;
    esac
}

# sp_entries_there FOLDER OPTION...: whether any of our entries is there. setfacl also fails at what is gone meanwhile, and does
# the rest all the same: what counts is what is read again.
sp_entries_there() {
    local folder="$1"
    shift
    getfacl -E -n -p -s "$@" -- "$folder" 2>/dev/null |
        grep -Eq "^(default:)?user:($(printf %s "$sp_acl_uid" | tr ' ' '|')):"
}

# For one of several that are closed together: the first of a shop takes the entries of the others off with its own, in one walk. These
# are the ones for which nothing else is left to do there, and nothing to see: their end is sure, their comparison is kept, no file
# of theirs is in the shop, and what is written down of the time before is the same. Ends with 1 where there is none, or where
# that walk left anything: then each walks on its own, and so does one whose turn never comes.
sp_shop_together() {
    local ours id folder others='' before note=dropped failed=0 one
    [ ! -e "$sp_shared/dropped.$sp_grant" ] || return 0
    # What held up one such walk is not to hold up one for each of them.
    [ ! -e "$sp_shared/apart.$sp_grant" ] || return 1
    sp_shop_others "$sp_rec_path"
    sp_acl_uid=$sp_id
    ours=$(grep -e '^path=' -e '^owner=' -e '^through=' "$sp_record/record") || return 1
    for id in $sp_shared_ids; do
        case $sp_other_uids in *" $id "*) ;; *) continue ;; esac
        set +f
        folder=$(grep -lsx "uid=$id" "$sp_state"/*/record) || :
        set -f
        case $folder in */record"$sp_nl"* | '') continue ;; esac
        folder=${folder%/record}
        if [ ! -e "$folder/compared" ] || [ -e "$sp_shared/apart.${folder##*/}" ]; then continue; fi
        grep -q '^home=/' "$folder/record" || continue
        [ "$(grep -e '^path=' -e '^owner=' -e '^through=' "$folder/record")" = "$ours" ] || continue
        (sp_id=$id && sp_walked_past) || continue
        cmp -s "$sp_record/acl" "$folder/acl" || continue
        sp_acl_uid="$sp_acl_uid $id" others="$others ${folder##*/}"
        before=${sp_other_uids%%" $id "*}
        sp_other_uids="$before ${sp_other_uids#*" $id "}"
    done
    [ -n "$others" ] && sp_plan_owner || return 1
    sp_shop_walk
    [ "$sp_bad$sp_acl_left" = 0false ] || note=apart sp_acl_left=false failed=1
    for one in $sp_grant $others; do touch -- "$sp_shared/$note.$one" 2>/dev/null || :; done
    return "$failed"
}
