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
    if [ -n "$sp_shared" ] && "$sp_by_drop"; then return 0; fi
    sp_acl_uid=$sp_id
    sp_shop_others "$sp_rec_path"
    sp_plan_owner || return 1
    sp_shop_walk
    return "$sp_bad"
}

# Sets sp_bad to 1 when trying again may help.
sp_shop_walk() {
    [ ! -d "$sp_rec_path" ] || sp_only_there "$sp_rec_path"
    sp_bad=0
    if [ -d "$sp_rec_path" ]; then
        sp_baseline_hold "$sp_rec_path"
        sp_shop_drop "$sp_rec_path" -R -P
    fi
    IFS=$sp_nl
    for sp_f in $sp_rec_through; do
        IFS=" $sp_tab$sp_nl"
        [ ! -d "$sp_f" ] || sp_shop_drop "$sp_f"
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_shop_drop FOLDER OPTION...
sp_shop_drop() {
    sp_w=$1
    shift
    sp_r=0
    {
        cat "$sp_record/acl"
        printf '# now\n'
        getfacl -E -n -p -s "$@" -- "$sp_w" 2>/dev/null || :
    } | sp_acl_awk drop "$sp_w" 1 || sp_r=$?
    case $sp_r in
        0) ;;
        2) sp_acl_left=true ;;
        *) sp_bad=1 sp_acl_left=true ;;
    esac
}

# For one of several that are closed together: the first of a shop takes the entries of the others off with its own, in one walk. These
# are the ones for which nothing else is left to do there, and nothing to see: their end is sure, their comparison is kept, no file
# of theirs is in the shop, and what is written down of the time before is the same. Ends with 1 where there is none, or where
# that walk left anything: then each walks on its own, and so does one whose turn never comes.
sp_shop_together() {
    [ ! -e "$sp_shared/dropped.$sp_grant" ] || return 0
    # What held up one such walk is not to hold up one for each of them.
    [ ! -e "$sp_shared/apart.$sp_grant" ] || return 1
    sp_shop_others "$sp_rec_path"
    sp_acl_uid=$sp_id sp_others=''
    sp_t=$(grep -e '^path=' -e '^owner=' -e '^through=' "$sp_record/record") || return 1
    for sp_i in $sp_shared_ids; do
        case $sp_other_uids in *" $sp_i "*) ;; *) continue ;; esac
        set +f
        sp_d=$(grep -lsx "uid=$sp_i" "$sp_state"/*/record) || :
        set -f
        case $sp_d in */record"$sp_nl"* | '') continue ;; esac
        sp_d=${sp_d%/record}
        if [ ! -e "$sp_d/compared" ] || [ -e "$sp_shared/apart.${sp_d##*/}" ]; then continue; fi
        grep -q '^home=/' "$sp_d/record" || continue
        [ "$(grep -e '^path=' -e '^owner=' -e '^through=' "$sp_d/record")" = "$sp_t" ] || continue
        (sp_id=$sp_i && sp_walked_past) || continue
        cmp -s "$sp_record/acl" "$sp_d/acl" || continue
        sp_acl_uid="$sp_acl_uid $sp_i" sp_others="$sp_others ${sp_d##*/}"
        sp_v=${sp_other_uids%%" $sp_i "*}
        sp_other_uids="$sp_v ${sp_other_uids#*" $sp_i "}"
    done
    [ -n "$sp_others" ] && sp_plan_owner || return 1
    sp_shop_walk
    sp_v=dropped sp_r=0
    [ "$sp_bad$sp_acl_left" = 0false ] || sp_v=apart sp_acl_left=false sp_r=1
    for sp_a in $sp_grant $sp_others; do touch -- "$sp_shared/$sp_v.$sp_a" 2>/dev/null || :; done
    return "$sp_r"
}
