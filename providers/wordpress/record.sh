# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# What the record of a user in WordPress has beside those of others: the file in the shop that ends the access, whether its folder was
# made for it, and what it is, by which it is known for ours when files are compared; and where the shop has what it is extended by.

# sp_site_record_line LINE: an empty one begins a record.
sp_site_record_line() {
    case $1 in
        '') sp_rec_guard='' sp_rec_guard_made=0 sp_rec_guard_digest='' sp_rec_content='' ;;
        content=*) sp_rec_content=${1#*=} ;;
        guard=*) sp_rec_guard=${1#*=} ;;
        guard_made=*) sp_rec_guard_made=${1#*=} ;;
        guard_digest=*) sp_rec_guard_digest=${1#*=} ;;
    esac
}

sp_site_record() {
    sp_v="content=$sp_rec_content
guard=$sp_rec_guard
guard_made=$sp_rec_guard_made
guard_digest=$sp_rec_guard_digest
"
}

# sp_site_mark_record GRANT ACCOUNT TAG: of the record that was just read.
sp_site_mark_record() {
    case $sp_rec_guard in /*) [ ! -e "$sp_rec_guard" ] || sp_user_mark guard "$1" "$2" "$3" "$sp_rec_guard" ;; esac
}
