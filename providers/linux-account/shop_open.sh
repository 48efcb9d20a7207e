# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# sp_shop_others FOLDER: other grants on the same shop. Sets sp_other_uids (in spaces) and sp_other_acl,
# what one of them wrote down.
sp_shop_others() {
    sp_other_uids=' ' sp_other_acl=''
    set +f
    for sp_a in "$sp_state"/*/record; do
        [ "$sp_a" != "$sp_record/record" ] || continue
        [ -r "$sp_a" ] || continue
        [ -e "${sp_a%/record}/acl" ] || continue
        sp_v='' sp_w=''
        while IFS= read -r sp_l; do
            case $sp_l in
                path=*) sp_w=${sp_l#*=} ;;
                uid=*) sp_v=${sp_l#*=} ;;
            esac
        done <"$sp_a"
        [ "$sp_w" = "$1" ] || continue
        [ -n "$sp_v" ] || continue
        sp_other_uids="$sp_other_uids$sp_v "
        sp_other_acl=${sp_a%/record}/acl
    done
    set -f
}

# sp_shop_reached FOLDER: whether the account still gets into the shop, and may write there where that
# was granted. A deployment that sets modes, or takes ACLs away, shuts it out.
sp_shop_reached() {
    sp_has setpriv || return 0
    sp_t='[ -r . ]'
    [ "$sp_access" = sftp-read-only ] || sp_t="$sp_t && [ -w . ]"
    sp_gate_as "$sp_a_uid" "$sp_a_gid" /bin/sh -c "cd -- \"\$1\" && $sp_t" sh "$1" >/dev/null 2>&1
}

# Writes down which files have ACLs of their own before any of ours, then adds ours.
# Where a mask exists it is kept: widening it would widen the rights of others.
sp_shop_open() {
    sp_shop=none sp_partial=false sp_shop_why='' sp_acl_mode=false
    [ -n "$sp_real" ] || return 0
    sp_can_limit || :
    sp_keep="! ( $sp_closed )"
    [ "${sp_with_secrets:-}" != 1 ] || sp_keep=''
    sp_mode_watcher
    if [ -n "$sp_watch" ]; then
        sp_shop_why="$sp_watch on this server refuses files that a group may write to, and entries for one account would show as that."
    elif sp_has setfacl && sp_has getfacl && sp_plan_owner && sp_shop_apart; then
        if [ ! -e "$sp_record/acl" ] && [ -n "$sp_other_acl" ]; then
            # What was there before any of ours, whichever of them ends first.
            cp -- "$sp_other_acl" "$sp_record/acl.new"
            mv -f "$sp_record/acl.new" "$sp_record/acl"
        elif [ ! -e "$sp_record/acl" ]; then
            IFS=$sp_nl
            # shellcheck disable=SC2086
            {
                # A file that vanishes meanwhile is no matter; a full disk is.
                getfacl -E -n -p -s -R -P -- "$sp_real" || :
                [ -z "$sp_through" ] || getfacl -E -n -p -s -- $sp_through || :
                printf '# end\n' || sp_undo no-room 'The record of the ACLs could not be written (full disk).'
            } 2>/dev/null >"$sp_record/acl.new"
            IFS=" $sp_tab$sp_nl"
            mv -f "$sp_record/acl.new" "$sp_record/acl"
        fi
        sp_settle "$sp_record/acl" "$sp_record"
        sp_g=${sp_mode%?}
        case ${sp_g#"${sp_g%?}"} in [67]) sp_g=rwX ;; [45]) sp_g=rX ;; *) sp_g=X ;; esac
        sp_e="u:$sp_a_uid:$sp_perm,d:u:$sp_a_uid:$sp_perm"
        # The shop's own people must reach what the supporter makes.
        [ "$sp_perm" != rwX ] || sp_e="$sp_e,d:u:${sp_owner%:*}:rwX,d:g:${sp_owner#*:}:$sp_g"
        sp_acl=1
        # Files that have a mask keep it: -n, and afterwards a mask of their own for those that had none.
        sp_n=''
        read -r sp_l <"$sp_record/acl" || sp_l=''
        case $sp_l in '# file'*) sp_n=-n ;; esac
        if sp_gnu_find; then
            sp_owners=$(find "$sp_real" ! -type l -printf '%U\n' 2>/dev/null | sort -u) || :
        else
            sp_owners=$(find "$sp_real" ! -type l -exec stat -c %u -- '{}' + 2>/dev/null | sort -u) || :
        fi
        if [ -e "$sp_record/shut" ] || [ -e "$sp_record/share" ]; then rm -f -- "$sp_record/shut" "$sp_record/share"; fi
        if [ -n "$sp_keep" ] && sp_gnu_find; then
            # shellcheck disable=SC2086
            find "$sp_real" $sp_closed -printf '%h\0' 2>/dev/null | sort -zu >"$sp_record/shut" || :
        fi
        sp_baseline_hold "$sp_real"
        # The folder itself shows whether this file system has ACLs.
        for sp_o in ${sp_owner%:*} $sp_owners; do
            case $sp_o in "${sp_owner%:*}") [ "$sp_acl" = 1 ] || continue ;; esac
            sp_give "$sp_o" || sp_partial=true
            [ "$sp_acl" = 1 ] || continue
            sp_acl=2
            sp_t=$(getfacl -E -n -p -- "$sp_real" 2>/dev/null) || :
            case $sp_t in *"user:$sp_a_uid:"*) ;; *) sp_acl=0 && break ;; esac
        done
        if [ "$sp_acl" != 0 ]; then
            if [ -n "$sp_n" ]; then
                sp_acl_uid=$sp_a_uid sp_acl_owner=$sp_owner
                {
                    cat "$sp_record/acl"
                    printf '# now\n'
                    getfacl -E -n -p -s -R -P -- "$sp_real" 2>/dev/null || :
                } | sp_acl_awk keep "$sp_real" "${sp_fresh:-0}" || sp_partial=true
            fi
            IFS=$sp_nl
            for sp_f in $sp_through; do
                IFS=" $sp_tab$sp_nl"
                sp_o=$(stat -c %u -- "$sp_f") || sp_o=''
                sp_only_there "$sp_f"
                # shellcheck disable=SC2086
                if [ -z "$sp_o" ] || { [ "$sp_o" = 0 ] && ! sp_rooted "$sp_f"; } ||
                    ! sp_as "$sp_o" setfacl $sp_n -m "u:$sp_a_uid:x" -- "$sp_f" 2>/dev/null; then
                    sp_partial=true
                fi
            done
            IFS=" $sp_tab$sp_nl"
            sp_only_leave
            sp_share_shut
            sp_acl_mode=true
            sp_shop=acl
            return 0
        fi
        sp_partial=false
        sp_shop_why='The file system of the shop folder takes no ACL entries, or others can put something else in its place.'
    elif [ -z "$sp_shop_why" ]; then
        sp_shop_why='This server cannot set ACL entries as the owner of a file (setfacl, getfacl and setpriv are needed).'
    fi
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
