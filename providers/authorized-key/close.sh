# shellcheck shell=sh disable=SC2034,SC2154,SC3043
sp_close() {
    local absent=false
    sp_close_inputs
    sp_find_file
    sp_place
    sp_ended_all=0 sp_ses_conns='' sp_ses_pids='' sp_ses_elsewhere=0 sp_ses_blind=1
    sp_any_gone=false sp_had_place=false sp_lined=false sp_was_moved=0 sp_todo='' sp_unfit='' sp_way_todo=''
    sp_there='' sp_history=''
    [ -z "$sp_dir" ] || sp_what_is_there
    sp_shut_gate
    # The way in first, and only then whoever is in: nothing that a supporter can hold or slow down stands
    # before it.
    if sp_lock_try; then
        sp_take_lines
        sp_shut
    else
        sp_way_in
        sp_shut
        sp_lock_keys
        sp_shut_gate
        sp_take_lines
    fi
    # What could be done is done; now it is said what could not.
    if [ -n "$sp_unfit" ] && sp_at "$sp_unfit"; then sp_file_fit; fi
    sp_survey
    if [ -z "$sp_todo$sp_way_todo" ] && [ "$sp_had_place$sp_lined" = falsefalse ]; then absent=true; fi
    sp_note_ended "$sp_my_home/.stagepass-ended." "$absent"
    # Once more: whoever came in before the line went.
    sp_shut
    [ $((sp_ours + sp_moved)) = 0 ] || sp_fail keys-left "There is still a line of this grant in $sp_file."
    [ -z "$sp_ses_conns$sp_ses_pids" ] || sp_fail sessions-left 'Sessions of this grant could not be ended.'
    sp_close_history
    sp_close_place
    sp_say_closed "$absent"
    sp_flush
}

# sp_say_closed ALREADY_ABSENT
sp_say_closed() {
    local refused=false removed=false kept=false
    # An open that had begun was waited for, one that has not will be turned away.
    if { [ -n "$sp_base" ] || [ -d "$sp_keys_dir" ]; } && { [ "$1" = false ] || [ "$sp_not_after" != 0 ]; }; then refused=true; fi
    sp_say late_open_refused "$refused"
    sp_say already_absent "$1"
    sp_bool keys_absent [ $((sp_ours + sp_moved)) = 0 ]
    sp_say key_lines "$sp_ours"
    sp_say keys_file "$sp_file"
    sp_say keys_file_assumed "$sp_assumed"
    sp_say file_removed "$sp_any_gone"
    sp_say same_key_kept "$sp_same_kept"
    sp_say same_key_foreign "$sp_same_foreign"
    if [ "$sp_was_moved" -gt 0 ] && [ "$sp_moved" = 0 ]; then removed=true; fi
    sp_say moved_line_removed "$removed"
    sp_say gate_absent true
    sp_say drop_in_absent true
    if [ -n "$sp_base" ] && sp_result_there; then kept=true; fi
    sp_say result_kept "$kept"
    # Reached only when no line of this grant was left when the files were read again.
    sp_say absent true
}

# What the client has written down by now goes, and what nobody asked for in a long time; nothing else
# changes. Where there is no folder of ours, nothing was kept, and nothing is to be held.
sp_collected() {
    local kept=false
    sp_close_inputs
    sp_find_home
    sp_place
    [ -z "$sp_base" ] || sp_lock_keys
    sp_old_notes
    if [ -n "$sp_base" ] && [ -d "$sp_base" ]; then
        sp_result_drop
        ! sp_result_there || kept=true
        rm -rf -- "$sp_base/.kept.$sp_grant"
        sp_result_purge
        find "$sp_base" -maxdepth 1 -type d -name '.kept.*' -mtime +90 -exec rm -rf -- '{}' + 2>/dev/null || :
        rmdir -- "$sp_base" 2>/dev/null || :
    fi
    sp_say result_kept "$kept"
    sp_flush
}
