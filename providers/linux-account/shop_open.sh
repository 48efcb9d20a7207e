# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# sp_shop_others FOLDER: other grants on the same shop. Sets sp_other_uids (in spaces) and sp_other_acl,
# what one of them wrote down.
sp_shop_others() {
    local record line folder user
    sp_other_uids=' ' sp_other_acl=''
    set +f
    for record in "$sp_state"/*/record; do
        [ "$record" != "$sp_record/record" ] || continue
        [ -r "$record" ] || continue
        [ -e "${record%/record}/acl" ] || continue
        user='' folder=''
        while IFS= read -r line; do
            case $line in
                path=*) folder=${line#*=} ;;
                uid=*) user=${line#*=} ;;
            esac
        done <"$record"
        [ "$folder" = "$1" ] || continue
        [ -n "$user" ] || continue
        sp_other_uids="$sp_other_uids$user "
        sp_other_acl=${record%/record}/acl
    done
    set -f
}

# sp_shop_reached FOLDER: whether the account still gets into the shop, and may write there where that
# was granted. A deployment that sets modes, or takes ACLs away, shuts it out.
sp_shop_reached() {
    local may='[ -r . ]'
    sp_has setpriv || return 0
    [ "$sp_access" = sftp-read-only ] || may="$may && [ -w . ]"
    sp_gate_as "$sp_a_uid" "$sp_a_gid" /bin/sh -c "cd -- \"\$1\" && $may" sh "$1" >/dev/null 2>&1
}

# Lets the account into the shop folder: by entries of its own, or as one of its group, or as everybody. Sets sp_shop (acl, group,
# world, none), sp_shop_why, sp_partial and sp_acl_mode.
sp_shop_open() {
    sp_shop=none sp_partial=false sp_shop_why='' sp_acl_mode=false
    [ -n "$sp_real" ] || return 0
    sp_can_limit || :
    sp_what_stays_closed
    sp_keep="! ( $sp_closed )"
    [ "${sp_with_secrets:-}" != 1 ] || sp_keep=''
    sp_mode_watcher
    if [ -n "$sp_watch" ]; then
        sp_shop_why="$sp_watch on this server refuses files that a group may write to, and entries for one account would show as that."
    elif sp_has setfacl && sp_has getfacl && sp_plan_owner && sp_shop_apart; then
        sp_shop_before
        sp_shop_entries
        [ "$sp_shop" != acl ] || return 0
        sp_partial=false
        sp_shop_why='The file system of the shop folder takes no ACL entries, or others can put something else in its place.'
    elif [ -z "$sp_shop_why" ]; then
        sp_shop_why='This server cannot set ACL entries as the owner of a file (setfacl, getfacl and setpriv are needed).'
    fi
    sp_shop_without_entries
}

# Writes down which files have ACLs of their own before any of ours.
sp_shop_before() {
    local whole=true
    if [ ! -e "$sp_record/acl" ] && [ -n "$sp_other_acl" ]; then
        # What was there before any of ours, whichever of them ends first.
        cp -- "$sp_other_acl" "$sp_record/acl.new"
        mv -f "$sp_record/acl.new" "$sp_record/acl"
    elif [ ! -e "$sp_record/acl" ]; then
        IFS=$sp_nl
        # shellcheck disable=SC2086
        {
            # A file that vanishes meanwhile is no matter; a full disk is, of which getfacl says nothing.
            getfacl -E -n -p -s -R -P -- "$sp_real" || :
            [ -z "$sp_through" ] || getfacl -E -n -p -s -- $sp_through || :
            printf '# end\n'
        } 2>/dev/null | cat 2>/dev/null >"$sp_record/acl.new" || whole=false
        IFS=" $sp_tab$sp_nl"
        [ "$whole" = true ] || sp_undo no-room 'The record of the ACLs could not be written (full disk).'
        mv -f "$sp_record/acl.new" "$sp_record/acl"
    fi
    sp_settle "$sp_record/acl" "$sp_record"
}

# Adds our entries, and sets sp_shop to acl where the file system takes them.
# Where a mask exists it is kept: widening it would widen the rights of others.
sp_shop_entries() {
    local group="${sp_mode%?}" entries masks='' line
    case ${group#"${group%?}"} in [67]) group=rwX ;; [45]) group=rX ;; *) group=X ;; esac
    entries="u:$sp_a_uid:$sp_perm,d:u:$sp_a_uid:$sp_perm"
    # The shop's own people must reach what the supporter makes.
    [ "$sp_perm" != rwX ] || entries="$entries,d:u:${sp_owner%:*}:rwX,d:g:${sp_owner#*:}:$group"
    # Files that have a mask keep it: -n, and afterwards a mask of their own for those that had none.
    read -r line <"$sp_record/acl" || line=''
    case $line in '# file'*) masks=-n ;; esac
    sp_shop_give "$entries" "$masks"
    [ "$sp_v" != false ] || return 0
    if [ -n "$masks" ]; then
        sp_acl_uid=$sp_a_uid sp_acl_owner=$sp_owner
        {
            cat "$sp_record/acl"
            printf '\n# now\n\n'
            getfacl -E -n -p -s -R -P -- "$sp_real" 2>/dev/null || :
        } | sp_acl_awk keep "$sp_real" "${sp_fresh:-0}" || sp_partial=true
    fi
    sp_shop_way "$masks"
    sp_only_leave
    sp_share_shut "$group"
    sp_acl_mode=true
    sp_shop=acl
}

# sp_shop_give ENTRIES MASKS: sp_give for the files of every owner. Sets sp_partial where it was not done for all of them, and sp_v to
# false where the file system takes no entries.
sp_shop_give() {
    local owners owner takes=unknown now
    if sp_gnu_find; then
        owners=$(find "$sp_real" ! -type l -printf '%U\n' 2>/dev/null | sort -u) || :
    else
        owners=$(find "$sp_real" ! -type l -exec stat -c %u -- '{}' + 2>/dev/null | sort -u) || :
    fi
    if [ -e "$sp_record/shut" ] || [ -e "$sp_record/share" ]; then rm -f -- "$sp_record/shut" "$sp_record/share"; fi
    if [ -n "$sp_keep" ] && sp_gnu_find; then
        # shellcheck disable=SC2086
        find "$sp_real" $sp_closed -printf '%h\0' 2>/dev/null | sort -zu >"$sp_record/shut" || :
    fi
    sp_baseline_hold "$sp_real"
    # The folder itself shows whether this file system has ACLs.
    for owner in ${sp_owner%:*} $owners; do
        case $owner in "${sp_owner%:*}") [ "$takes" = unknown ] || continue ;; esac
        sp_give "$owner" "$1" "$2" || sp_partial=true
        [ "$takes" = unknown ] || continue
        takes=true
        now=$(getfacl -E -n -p -- "$sp_real" 2>/dev/null) || :
        case $now in *"user:$sp_a_uid:"*) ;; *) takes=false && break ;; esac
    done
    sp_v=$takes
}

# sp_shop_way MASKS: lets the account pass the folders above the shop that are closed to others.
sp_shop_way() {
    local folder owner
    IFS=$sp_nl
    for folder in $sp_through; do
        IFS=" $sp_tab$sp_nl"
        owner=$(stat -c %u -- "$folder") || owner=''
        sp_only_there "$folder"
        # shellcheck disable=SC2086
        if [ -z "$owner" ] || { [ "$owner" = 0 ] && ! sp_rooted "$folder"; } ||
            ! sp_as "$owner" setfacl $1 -m "u:$sp_a_uid:x" -- "$folder" 2>/dev/null; then
            sp_partial=true
        fi
    done
    IFS=" $sp_tab$sp_nl"
}

# What the modes of the folder give, where it takes no entries.
sp_shop_without_entries() {
    if sp_group_serves && sp_group_opens_secrets; then
        sp_shop_why="$sp_shop_why The group of the shop folder could read files with passwords that stay closed; --with-secrets gives it all the same."
    elif sp_group_serves; then
        case " $(id -G -- "$sp_name") " in
            *" ${sp_owner#*:} "*) ;;
            *) usermod -a -G "${sp_owner#*:}" -- "$sp_name" >/dev/null ;;
        esac
        sp_shop=group
    elif sp_world_serves; then
        sp_shop=world
    fi
}
