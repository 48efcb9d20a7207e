# shellcheck shell=sh disable=SC2034,SC2154,SC3043
sp_check() {
    sp_close_inputs
    sp_find_file
    sp_plan_start may
    sp_place
    sp_survey
    sp_gated
    sp_key_lines
    sp_bool present [ "$sp_ours" -gt 0 ]
    sp_say account "$sp_me"
    sp_say keys_file "$sp_file"
    sp_say keys_file_assumed "$sp_assumed"
    sp_say key_lines "$sp_ours"
    # A line with the key that was not there at open is drift, too.
    sp_bool keys_match [ "$sp_text$sp_moved" = "${sp_lines}0" ]
    sp_say same_key_kept "$sp_same_kept"
    sp_say same_key_foreign "$sp_same_foreign"
    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_force_fit || :
    sp_say forced "$sp_force_why"
    sp_gate=false
    if [ -n "$sp_dir" ] && sp_gate_present; then sp_gate=true; fi
    sp_say gate_present "$sp_gate"
    if [ -n "$sp_dir" ] && sp_failsafe_present; then sp_say failsafe_present true; else sp_say failsafe_present false; fi
    sp_say drop_in_present false
    if [ -n "$sp_dir" ] && [ -f "$sp_dir/baseline/about" ]; then sp_say baseline_present true; else sp_say baseline_present false; fi
    if [ "$sp_gate" = true ]; then
        sp_sessions
        sp_say sessions "$sp_ses_count"
        sp_uses
    fi
    sp_flush
}
