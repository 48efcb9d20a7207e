# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Check.

sp_check() {
    sp_wp_inputs
    sp_tools
    sp_wp_read_record
    sp_ends_read
    # What the file in the shop should say.
    sp_wp_deadline=$sp_end_deadline sp_wp_first=check
    sp_wp_find || :
    sp_say account "$sp_account"
    sp_bool recorded [ "$sp_recorded" = 1 ]
    if [ -z "$sp_unfit_id" ]; then
        if [ "$sp_php_end" != 0 ] || ! sp_php_is direct; then sp_wp_check_by_shop; fi
        sp_wp_say_state
    fi
    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_bool failsafe_present sp_failsafe_present
    sp_now=$(date +%s)
    sp_bool expired [ "$sp_recorded" = 1 -a "$sp_now" -ge "$sp_end_hard" ]
    if [ -n "$sp_unfit_id" ]; then
        sp_say reason_id "$sp_unfit_id"
        sp_say reason "$sp_unfit_why"
    fi
    sp_flush
}

# Where the database cannot be asked without the shop, the shop has to do.
sp_wp_check_by_shop() {
    sp_php_tell by shop
    sp_wp_load check
}

sp_wp_say_state() {
    if [ "$sp_php_end" != 0 ]; then
        sp_php_why
        sp_unfit_id=$sp_php_id sp_unfit_why=$sp_php_because
        return 0
    fi
    sp_php_pass present foreign marked role_matches role sessions keys use uses_total reread
    [ -z "$sp_rec_guard" ] || sp_bool guard_matches sp_wp_guard_matches
}

sp_wp_guard_matches() {
    local found
    sp_php_value guard_digest
    [ -f "$sp_rec_guard" ] && found=$(sp_within 10 head -c 65536 -- "$sp_rec_guard" | sha256sum) && [ "${found%% *}" = "$sp_v" ]
}
