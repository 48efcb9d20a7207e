# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Close.

# sp_web_take_all FILE...: our lines out of each of these. What is a link is followed as at open, and where that may not be, said.
sp_web_take_all() {
    local one
    for one; do
        case $one in /*) ;; *) continue ;; esac
        [ -e "$one" ] || continue
        sp_unfit_id='' sp_unfit_why=''
        if ! sp_web_resolve "$one" || { [ "$sp_linked" = true ] && ! sp_web_way_fit "${sp_file%/*}"; }; then
            sp_web_unsafe=$one
            continue
        fi
        case $sp_nl$sp_web_done in *"$sp_nl$sp_file$sp_nl"*) continue ;; esac
        sp_web_done=$sp_web_done$sp_file$sp_nl
        sp_web_take "$sp_file"
        sp_web_entries=$((sp_web_entries + sp_web_ours))
        sp_tidy
    done
}

# sp_web_take FILE: adds to sp_web_had (how many entries of ours there were), and leaves sp_web_ours (how many there are).
sp_web_take() {
    local ended=0 links
    sp_web_ours=0
    sp_web_hold "$1" || return 0
    sp_web_scan
    sp_web_had=$((sp_web_had + sp_web_ours))
    [ "$sp_web_changed" = false ] || sp_web_any_changed=true
    [ "$sp_web_drop" != ' ' ] || { sp_web_note_foreign && return 0; }
    sp_changed=1
    links=${sp_web_held##* }
    # The other names of a file keep what is in it.
    [ "$links" = 1 ] || sp_web_blot "$1" || :
    sp_web_edit take "$1" || ended=$?
    [ "$ended" = 0 ] || [ "$ended" = 1 ] || sp_web_blot "$1" || :
    # What is said from here on was read again.
    sp_web_ours=0
    ! sp_web_hold "$1" || sp_web_scan
    sp_web_note_foreign
    [ "$sp_web_drop" = ' ' ] || sp_web_left=$1
}

sp_web_note_foreign() { [ "$sp_web_foreign" = false ] || sp_web_any_foreign=true; }

sp_close() {
    sp_web_inputs
    sp_user_lock
    sp_tools
    sp_result_purge
    # An extension may have come while the lock was waited for.
    [ "$sp_by_server" = 0 ] || sp_still_due || exit 0
    sp_web_read_record
    # What cannot be taken away now is tried again by the server itself.
    sp_ends_now || :
    sp_web_had=0 sp_web_any_changed=false sp_web_any_foreign=false sp_web_left='' sp_web_entries=0 sp_web_done='' sp_web_unsafe=''
    sp_web_take_all "$sp_rec_file"
    # And from what guards the shop by now, where somebody took our lines along.
    sp_web_look
    sp_web_pick
    IFS=$sp_nl
    # shellcheck disable=SC2086
    set -- $sp_web_files
    IFS=" $sp_tab$sp_nl"
    sp_web_take_all "$@"
    if [ "$sp_recorded:$sp_web_had" = 0:0 ] && sp_result_there; then
        sp_user_foreign=$sp_web_any_foreign
        sp_user_close_again
    else
        sp_web_close_report
    fi
}

sp_web_close_report() {
    local nothing=false
    [ "$sp_recorded:$sp_web_had" != 0:0 ] || nothing=true
    sp_user_close_note "$nothing"
    sp_bool already_absent [ "$sp_web_had" = 0 ]
    sp_say foreign "$sp_web_any_foreign"
    sp_say entry_changed "$sp_web_any_changed"
    sp_say password_file "${sp_rec_file:-${sp_web_done%%"$sp_nl"*}}"
    sp_bool entry_absent [ "$sp_web_entries" = 0 ]
    [ "$sp_web_entries" = 0 ] || sp_fail entry-left "The user $sp_account is still in $sp_web_left, which could not be changed (a read-only or protected file system)."
    [ -z "$sp_web_left" ] || sp_fail lines-left "The user $sp_account cannot log in any more; its lines stay in $sp_web_left as comments until that can be written anew (a full disk?)."
    [ -z "$sp_web_unsafe" ] || sp_fail link-unsafe "$sp_web_unsafe leads over a link by now, from or to a folder where others may write; it was not followed. Look whether $sp_account is in what it leads to."
    sp_say failsafe_absent true
    # Reached only when everything was read again as gone.
    sp_result_keep "$nothing"
    sp_user_forget
    sp_result_flush
}

sp_collected() {
    sp_web_inputs
    sp_user_forget_result
}
