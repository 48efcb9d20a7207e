# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Check of a user in a shop.

sp_user_check() {
    sp_user_inputs
    sp_tools
    sp_user_read_record
    sp_ends_read
    # What the shop should say of its end.
    sp_user_until=$sp_end_deadline sp_user_first=check
    sp_site_find || :
    sp_say account "$sp_account"
    sp_bool recorded [ "$sp_recorded" = 1 ]
    if [ -z "$sp_unfit_id" ]; then
        sp_site_ask_surely check
        if [ "$sp_php_end" = 0 ]; then
            sp_site_say_state
        else
            sp_php_why
            sp_unfit_id=$sp_php_id sp_unfit_why=$sp_php_because
        fi
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
