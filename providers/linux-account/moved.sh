# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# A shop that a deployment has moved.
#
# The path of a shop may be a link that each deployment leads to another folder, made as a copy of the one before: with the
# entries of the account, which can go on working there. So what the path leads to when access ends is the shop, too. A link says
# nothing of whose a folder is: only one of the same owner is taken for the shop, and none of root's.

# Sets sp_moved_to to that folder and sp_moved_owner to whose it is, or sp_moved_to to nothing.
sp_shop_moved() {
    sp_moved_to=''
    sp_path_now
    case $sp_now_at/ in / | // | *[[:cntrl:]]* | "$sp_rec_path"/*) return 0 ;; esac
    case $sp_rec_path/ in / | "$sp_now_at"/*) return 0 ;; esac
    sp_moved_owner=$(stat -c '%u:%g' -- "$sp_now_at" 2>/dev/null) || :
    case $sp_moved_owner in 0:*) ;; "${sp_rec_owner%:*}":*) sp_moved_to=$sp_now_at ;; esac
}

# What the account has there is the owner's from now on, as in the shop itself. Nothing there was compared, so each is named.
sp_end_moved() {
    local found was="$sp_reowned"
    found=$(find "$sp_moved_to" -xdev -user "$sp_id" -print0 2>/dev/null | tr '\n\0' '?\n' | cut -b 1-1000 | sed 's/^/handed over /; 500q') || :
    sp_end_files_in "$sp_moved_to" "$sp_moved_owner"
    [ -z "$found" ] || sp_rest=$sp_rest$found$sp_nl
    sp_rest_total=$((sp_rest_total + sp_reowned - was))
}
