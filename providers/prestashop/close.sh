# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Close.

sp_site_end() {
    sp_site_ask close
    sp_user_ended
}

# What ended right away.
sp_site_say_shut() {
    sp_php_said=$sp_user_shut
    sp_php_pass shut role_matches sessions_ended use uses_total
    sp_php_said=$sp_user_closed
    sp_php_pass handed_over
}

# What modules keep of who was here.
sp_site_say_gone() {
    sp_php_said=$sp_user_gone
    sp_php_pass kept
}
