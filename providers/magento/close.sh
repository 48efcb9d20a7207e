# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Close.

# By the rows; then the shop is told to forget what it remembers of them. Nothing depends on that: whoever is in no row is let in by
# no copy.
sp_site_end() {
    sp_site_ask close
    sp_user_ended
    sp_mg_cache=''
    [ "$sp_user_had" = true ] || return 0
    sp_mg_load tell 20
    sp_mg_cache=false
    [ "$sp_php_end" != 0 ] || sp_mg_cache=true
}

# What ended right away.
sp_site_say_shut() {
    sp_php_said=$sp_user_shut
    sp_php_pass shut role_matches sessions_ended keys_ended
    [ -z "${sp_mg_cache:-}" ] || sp_say cache_told "$sp_mg_cache"
}
