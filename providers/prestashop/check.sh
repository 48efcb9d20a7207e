# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Check.

sp_site_say_state() {
    if sp_php_is direct; then
        sp_php_pass present foreign marked enabled address_matches role role_matches sessions use uses_total reread
    else
        sp_site_unfit database-unread 'The database of the shop does not answer any more, or its settings cannot be told.' || :
    fi
}
