# shellcheck shell=sh disable=SC2034,SC2154,SC3043
sp_compare() {
    sp_diff_records='' sp_diff_state='none: nothing was made'
    [ "$sp_evidence$sp_recorded" = 11 ] || return 0
    # One of several: it was compared when nothing of any of them had been changed yet.
    if [ -n "${sp_ahead_compared:-}" ]; then
        "$sp_by_seen"
        return 0
    fi
    # A close that did not get to its end may have taken our entries off the shop, which shows in modes:
    # what it saw before that is what counts.
    if [ -r "$sp_record/compared" ]; then
        sp_compared "$(cat "$sp_record/compared")"
        return 0
    fi
    sp_difference "$sp_dir/baseline"
    # Who is closed with others has it told by the shell that closes them; a folder of nobody's is not changed by closing.
    if [ -n "${sp_shared:-}" ] && [ -z "$sp_rec_path" ]; then return 0; fi
    sp_put "$sp_record/compared" 600 "$sp_diff_state$sp_nl$sp_diff_records" || :
}

# sp_compared TEXT: the state in a line, and behind it the records.
sp_compared() {
    sp_diff_state=${1%%"$sp_nl"*}
    sp_diff_records=''
    case $1 in *"$sp_nl"*) sp_diff_records=${1#*"$sp_nl"}$sp_nl ;; esac
}

# Somebody waits for it: what can be looked for on one walk is (sp_walk). The failsafe does the same without.
sp_close() {
    sp_by_walks=sp_walk
    sp_close_alone
}

sp_failsafe_closes() { sp_close_alone; }

sp_close_alone() {
    sp_account_inputs
    # One of several has its turn: what was done and seen for it before.
    sp_ahead='' sp_ahead_compared=''
    case ${sp_turn:-} in
        '' | *[!0-9]*) ;;
        *) eval "sp_ahead=\${sp_ahead_$sp_turn:-}" ;;
    esac
    # A close that was asked for waits for nobody with that; at the deadline, which may have moved meanwhile, only for as long
    # as the lock may take.
    [ "$sp_by_server$sp_ahead" != 0 ] || sp_never_waits=sp_shut
    sp_lock_state
    sp_together_purge
    [ "${sp_turn:-1}" != 1 ] || sp_result_purge
    # An extension may have come while the lock was waited for.
    [ "$sp_by_server" = 0 ] || sp_still_due || exit 0
    if [ "$sp_by_server" = 1 ]; then sp_asked_at=$sp_now; else sp_asked_at=${sp_asked_at:-$(date +%s)}; fi
    sp_read_record
    sp_look_near
    sp_looked=1
    # The close before this one got to its end, or nearly: what it said is said again.
    if [ "$sp_ours" = 0 ] && sp_result_there; then
        sp_close_again
    else
        sp_tools
        sp_evidence=1
        sp_end
        sp_close_report
    fi
}

# What the client has written down by now goes, and what nobody asked for in a long time; nothing else changes.
sp_collected() {
    sp_account_inputs
    sp_lock_state
    sp_together_purge
    [ "${sp_turn:-1}" != 1 ] || sp_result_purge
    sp_result_drop
    sp_bool result_kept sp_result_there
    sp_flush
}
