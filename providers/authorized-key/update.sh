# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What was made is there.
sp_need_made() {
    sp_key_inputs
    sp_fence
    sp_find_file
    sp_plan_start may
    sp_place
    sp_lock_keys
    # Only now: a close may have held the folder until a moment ago.
    sp_survey
    [ "$sp_ours" -gt 0 ] || sp_refuse key-absent "There is no line of this grant in $sp_file."
}

# The end moves first in the gate, then in the key file, then in the failsafe, which reads what the
# gate reads: whoever stops in between leaves the earlier of two ends for new logins.
sp_update() {
    sp_need_made
    sp_old_notes
    sp_file_fit
    sp_hard_links
    sp_foreign_before=$sp_same_foreign
    sp_guarding=sp_undo
    sp_guard
    sp_must=1
    sp_put_lines
    sp_survey
    sp_guard_failsafe install
    sp_tell
    sp_trial_say
    sp_flush
}

# The trial login is over: its line goes, and what `open` left behind is looked at again, not made again.
sp_tried() {
    sp_need_made
    sp_file_fit
    sp_gated
    sp_must=1
    sp_put_lines
    sp_survey
    sp_trial_say
    sp_failsafe=none
    if [ -n "$sp_dir" ]; then
        sp_trial_over || sp_no_space
        sp_failsafe_present || :
    fi
    sp_say account "$sp_me"
    sp_say keys_file "$sp_file"
    sp_say key_lines "$sp_ours"
    sp_say expiry_time "${sp_stamp:-}"
    sp_say gate "$sp_gate"
    sp_say failsafe "$sp_failsafe"
    sp_flush
}

sp_tell() {
    sp_say account "$sp_me"
    sp_say keys_file "$sp_file"
    sp_say keys_file_assumed "$sp_assumed"
    sp_say key_lines "$sp_ours"
    sp_say expiry_time "${sp_stamp:-}"
    sp_say same_key_kept "$sp_same_kept"
    sp_say same_key_foreign "$sp_same_foreign"
    sp_say hard_links "$sp_links"
    sp_say gate "$sp_gate"
    sp_say gate_reason "$sp_gate_why"
    sp_say password_gate none
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_say confined "$sp_confined"
    sp_say confine_reason "$sp_confine_why"
    # The supporter is who the log belongs to.
    sp_say uses_protected false
}

# Whether the key lines of this grant are made for a gate.
sp_gated() {
    sp_gate=false
    [ -n "$sp_dir" ] || return 0
    case $sp_text in *"command=\"$sp_dir/gate "*) sp_gate=true ;; esac
    if sp_gate_present; then sp_gate=true; fi
}
