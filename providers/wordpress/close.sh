# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Close.

# By the shop, which knows of more than rows: caches, and what plugins keep of a user.
sp_site_end() {
    sp_wp_load close
    # Whose record is lost still has it.
    sp_php_value guard_file
    case $sp_rec_guard:$sp_v in :/*/stagepass-$sp_grant.php) sp_rec_guard=$sp_v ;; esac
    sp_user_ended
}

# What ended right away, of what the rows had.
sp_site_say_shut() {
    sp_php_said=$sp_user_shut
    sp_php_pass shut sessions_ended keys_ended role_matches use uses_total
    sp_php_said=$sp_user_closed
    sp_php_pass handed_over
}

sp_site_say_gone() {
    sp_wp_take_guard
    sp_bool guard_absent [ ! -e "${sp_rec_guard:-/nonexistent}" ]
    [ ! -e "${sp_rec_guard:-/nonexistent}" ] || sp_fail guard-left "The user $sp_account is gone, and $sp_rec_guard could not be removed (a read-only file system?). It does nothing any more."
}

# The file in the shop is taken away as whoever made it: the folder is theirs. Last of all in the shop: until the user was read as
# gone, it is what refuses it after the deadline.
sp_wp_take_guard() {
    [ -n "$sp_rec_guard" ] || return 0
    case ${sp_rec_guard##*/} in "stagepass-$sp_grant.php") ;; *) return 0 ;; esac
    set -- "$sp_rec_guard"
    [ "$sp_rec_guard_made" != 1 ] || set -- "$sp_rec_guard" "${sp_rec_guard%/*}"
    [ -d "${sp_rec_guard%/*}" ] || return 0
    sp_php_as "$sp_site_owner" /bin/sh -c 'rm -f -- "$1" "$1.new"; [ -z "${2:-}" ] || rmdir -- "$2"' sh "$@" 2>/dev/null || :
}
