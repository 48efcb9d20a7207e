# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Check.

sp_site_say_state() {
    sp_php_pass present foreign marked role_matches role sessions keys use uses_total reread
    [ -z "$sp_rec_guard" ] || sp_bool guard_matches sp_wp_guard_matches
}

# It is what was written, and is where that was.
sp_wp_guard_matches() {
    local found
    [ -f "$sp_rec_guard" ] && found=$(sp_within 10 head -c 65536 -- "$sp_rec_guard" | sha256sum) && [ "${found%% *}" = "$sp_rec_guard_digest" ]
}
