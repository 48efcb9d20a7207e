# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# A shop that a deployment has moved.
#
# The path of a shop may be a link that each deployment leads to another folder, made as a copy of the one before: with the
# entries of the account, which can go on working there. So what the path leads to when access ends is the shop, too. A link says
# nothing of whose a folder is: only one of the same owner is taken for the shop, and none of root's.

# Sets sp_moved_to to that folder and sp_moved_owner to whose it is, or sp_moved_to to nothing.
sp_shop_moved() {
    sp_moved_to=''
    [ -n "$sp_rec_path" ] || return 0
    sp_path_now
    case $sp_now_at in '' | / | *[[:cntrl:]]*) return 0 ;; esac
    case $sp_now_at/ in "$sp_rec_path"/*) return 0 ;; esac
    case $sp_rec_path/ in "$sp_now_at"/*) return 0 ;; esac
    sp_moved_owner=$(stat -c '%u:%g' -- "$sp_now_at" 2>/dev/null) || return 0
    case $sp_moved_owner in 0:* | '') return 0 ;; esac
    [ "${sp_moved_owner%:*}" != "${sp_rec_owner%:*}" ] || sp_moved_to=$sp_now_at
}

# What the account has there is the owner's from now on, as in the shop itself. Nothing there was compared, so each is named.
sp_end_moved() {
    local found
    found=$(find "$sp_moved_to" -xdev -user "$sp_id" -print0 2>/dev/null | tr '\n\0' '?\n' | cut -b 1-1000 |
        awk 'NR <= 500 { print "handed over " $0 } END { print NR }') || :
    sp_rest="$sp_rest${found%"${found##*"$sp_nl"}"}"
    sp_rest_total=$((sp_rest_total + ${found##*"$sp_nl"}))
    sp_end_files_in "$sp_moved_to" "$sp_moved_owner"
}

# Takes our entries off there. Ends with 1 when trying again may help.
sp_shop_close_moved() {
    local others
    [ -n "${sp_moved_to:-}" ] || return 0
    sp_acl_uid=$sp_id sp_bad=0
    sp_shop_others "$sp_rec_path"
    others=$sp_other_uids
    sp_shop_others "$sp_moved_to"
    sp_other_uids="$others${sp_other_uids# }"
    sp_plan_owner || return 1
    sp_only_there "$sp_moved_to"
    sp_baseline_hold "$sp_moved_to"
    sp_shop_drop "$sp_moved_to" -R -P
    return "$sp_bad"
}

# Prints what was written down of the shop before any entry of ours, as if it had been where it was copied to. A name that getfacl
# writes in another way is not found there: what it has is told from what it has now, as of any file that came later.
sp_moved_acl() {
    SP_FROM=$sp_rec_path SP_TO=$sp_moved_to awk '
        BEGIN { from = "# file: " ENVIRON["SP_FROM"]; to = "# file: " ENVIRON["SP_TO"] }
        $0 == from || index($0, from "/") == 1 { $0 = to substr($0, length(from) + 1) }
        { print }' "$sp_record/acl"
}
