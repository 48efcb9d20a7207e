# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# With the lock: our lines out of every file that sshd reads. Sets sp_todo (the files that had some),
# sp_unfit (one that cannot be changed), sp_was_moved and sp_any_gone.
sp_take_lines() {
    local one
    if [ "${sp_by_server:-}" = 1 ]; then sp_still_due || exit 0; fi
    # A close that was killed may have put one aside.
    IFS=$sp_nl
    for one in $sp_read; do
        IFS=" $sp_tab$sp_nl"
        sp_at "$one" || continue
        sp_put_back
        # shellcheck disable=SC2031
        sp_work=$sp_work.way
        sp_put_back
    done
    IFS=" $sp_tab$sp_nl"
    sp_survey
    if [ -n "$sp_dir" ]; then
        [ ! -d "$sp_dir" ] || sp_had_place=true
        if sp_has crontab && sp_crontab_ours; then sp_lined=true; fi
    fi
    sp_was_moved=$sp_moved sp_todo=$sp_holding
    if [ -z "$sp_holding" ]; then
        [ ! -e "$sp_target" ] || sp_clean
        sp_clean_way
        return 0
    fi
    sp_hunt=$sp_same_key_before
    IFS=$sp_nl
    for one in $sp_todo; do
        IFS=" $sp_tab$sp_nl"
        sp_at "$one" || continue
        if ! (sp_file_fit) >/dev/null 2>&1; then
            sp_unfit=$one
            continue
        fi
        sp_clean_way
        sp_lines=''
        sp_replace
        sp_changed=1
        [ "$sp_gone" = false ] || sp_any_gone=true
        # No power cut is to bring the line back when the failsafe is gone.
        sp_settle "$sp_keys_dir" "${sp_keys_dir%/*}"
    done
    IFS=" $sp_tab$sp_nl"
}

# Sets sp_there to what of the grant is in its folder, a word each. The ledger knows what has to be.
sp_what_is_there() {
    [ -d "$sp_dir" ] || return 0
    sp_there=folder
    ! sp_gate_present || sp_there="$sp_there gate"
    [ ! -f "$sp_dir/baseline/about" ] || sp_there="$sp_there baseline"
    [ ! -f "$sp_dir/failsafe" ] || sp_there="$sp_there failsafe"
}

# What happened while the grant was open. It is written down before it is said, and before the list
# it was made from goes: a close that comes again finds it there.
sp_close_history() {
    if [ "$sp_had_place" = false ] || { [ -z "$sp_todo" ] && [ ! -e "$sp_dir/baseline/about" ] && sp_result_there; }; then
        sp_say_history_again
    else
        sp_say_history
    fi
}

# An earlier close ended it, or there is nothing that it could be known from.
sp_say_history_again() {
    local again doubt=1 whose=none
    sp_strays
    # Who was shut in wrote no result, and where nobody can hide nobody is left.
    if [ -z "$sp_ses_stray" ] && [ "$sp_uncounted" = 0 ]; then doubt=0; fi
    again=$sp_nl$(sp_history_again "$doubt") || :
    sp_out=$sp_out${again#"$sp_nl"}$sp_nl
    sp_look_again "$again"
    sp_say_strays
    # What an earlier close wrote, or who can write there: whose word it is, the ledger knows.
    if [ -n "$sp_base" ] && [ -z "$sp_todo" ] && sp_result_there; then whose=result; fi
    sp_say history "$whose"
    sp_say there "$sp_there"
    [ "$whose" = result ] || [ -z "$sp_baseline_digest" ] || sp_say_keys_now
}

# This close ended it. Sets sp_history to what is written down of it.
sp_say_history() {
    local said="$sp_out" now left=unknown
    sp_out=''
    now=$(date +%s)
    if [ "${sp_by_server:-}" = 1 ]; then
        sp_say by_server true
        sp_say server_closed_at "$now"
    else
        sp_say by_server false
        sp_say server_closed_at 0
        # By this whoever sent it knows it again; the supporter cannot say it before it was sent.
        [ -z "$sp_closer" ] || sp_say closer "$sp_closer"
    fi
    sp_strays
    sp_say sessions_ended "$sp_ended_all"
    sp_uses
    sp_trial_clear "${sp_path:-$sp_my_home}"
    sp_difference "$sp_dir/baseline"
    sp_say_difference
    # What is written down is what holds without what is nobody's: whoever reads it looks for that again.
    if sp_gate_present && [ "$sp_ses_blind" = 0 ]; then left=$sp_ses_elsewhere; fi
    sp_history=$sp_out
    sp_say sessions_left "$left"
    sp_result_write || :
    if [ -n "$sp_ses_stray" ] || [ "$sp_uncounted" != 0 ]; then left=unknown; fi
    said=$said${sp_history}sessions_left=$left$sp_nl
    sp_history=$sp_out sp_out=$said
    sp_say_strays
    sp_say history own
    sp_say there "$sp_there"
}
