# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Marks.

# sp_site_mark_record GRANT ACCOUNT TAG: the file in the shop, of the record that was read last.
sp_site_mark_record() {
    case $sp_rec_guard in
        /*) [ ! -e "$sp_rec_guard" ] || sp_user_mark guard "$1" "$2" "$3" "$sp_rec_guard" ;;
    esac
}
