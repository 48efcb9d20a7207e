# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What the record of a user in WordPress has beside those of others: the file in the shop.

# sp_site_record_line LINE: an empty one begins a record.
sp_site_record_line() {
    case $1 in
        '') sp_rec_guard='' sp_rec_guard_made=0 ;;
        guard=*) sp_rec_guard=${1#*=} ;;
        guard_made=*) sp_rec_guard_made=${1#*=} ;;
    esac
}

sp_site_record() { sp_v="guard=$sp_rec_guard${sp_nl}guard_made=$sp_rec_guard_made$sp_nl"; }
