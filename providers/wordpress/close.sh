# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Close.

sp_close() {
    sp_wp_inputs
    sp_wp_lock
    sp_tools
    sp_result_purge
    # An extension may have come while the lock was waited for.
    [ "$sp_by_server" = 0 ] || sp_still_due || exit 0
    sp_wp_read_record
    # What cannot be taken away now is tried again by the server itself.
    sp_ends_now || :
    sp_wp_had=false sp_wp_facts='' sp_wp_shut='' sp_wp_closed='' sp_wp_foreign=false sp_wp_by=''
    # Where it was made, whatever the folder of the shop leads to by now.
    [ -z "$sp_rec_root" ] || [ ! -d "$sp_rec_root" ] || sp_path=$sp_rec_root
    # The rows first: nothing of the shop's code stands before what ends the access.
    sp_wp_first=shut
    if sp_wp_find; then
        sp_wp_shut
        sp_wp_take
        sp_wp_reread
    elif ! sp_wp_never; then
        sp_changed=1
        sp_fail "$sp_unfit_id" "$sp_unfit_why"
    fi
    if [ "$sp_recorded:$sp_wp_had" = 0:false ] && sp_result_there; then
        sp_wp_close_again
    else
        sp_wp_close_report
    fi
}

# Nothing was made, by the record that comes before everything, and there is no shop in which anything could be.
sp_wp_never() {
    case $sp_recorded:$sp_unfit_id in
        0:no-shop-folder | 0:no-such-path | 0:no-wordpress | 0:no-configuration) return 0 ;;
    esac
    return 1
}

# What came of that.
sp_wp_shut() {
    sp_wp_shut=$sp_php_said
    if [ "$sp_php_end" != 0 ] || ! sp_php_is direct; then return 0; fi
    ! sp_php_is had || sp_wp_had=true sp_changed=1
    ! sp_php_is foreign || sp_wp_foreign=true
    sp_php_value user_id
    [ -z "$sp_v" ] || sp_rec_user=$sp_v
}

# Then by the shop, which knows of more than rows: caches, and what plugins keep of a user.
sp_wp_take() {
    sp_wp_load close
    sp_wp_closed=$sp_php_said
    ! sp_php_is foreign || sp_wp_foreign=true
    sp_php_value user_id
    [ -z "$sp_v" ] || sp_rec_user=$sp_v sp_wp_had=true sp_changed=1
    # Whose record is lost still has it.
    sp_php_value guard_file
    case $sp_rec_guard:$sp_v in :/*/stagepass-$sp_grant.php) sp_rec_guard=$sp_v ;; esac
    [ "$sp_php_end" = 0 ] || {
        sp_php_why
        sp_wp_say_shut
        sp_changed=1
        sp_fail "$sp_php_id" "$sp_php_because"
    }
}

# The file in the shop is taken away as whoever made it: the folder is theirs. Last of all in the shop: until the user was read as
# gone, it is what refuses it after the deadline.
sp_wp_take_guard() {
    [ -n "$sp_rec_guard" ] || return 0
    case ${sp_rec_guard##*/} in "stagepass-$sp_grant.php") ;; *) return 0 ;; esac
    [ ! -e "$sp_rec_guard" ] && [ ! -e "$sp_rec_guard.new" ] || sp_php_as "$sp_wp_owner" rm -f -- "$sp_rec_guard" "$sp_rec_guard.new" 2>/dev/null || :
    [ "$sp_rec_guard_made" != 1 ] || [ ! -d "${sp_rec_guard%/*}" ] || sp_php_as "$sp_wp_owner" rmdir -- "${sp_rec_guard%/*}" 2>/dev/null || :
}

# What is left, by another way than the one that took it away.
sp_wp_reread() {
    sp_wp_want_state
    sp_wp_ask gone
    sp_php_value direct_why
    sp_wp_why=$sp_v
    if [ "$sp_php_end" != 0 ] || ! sp_php_is direct; then
        sp_wp_by=shop
        sp_php_tell by shop
        sp_wp_load gone
    else
        sp_wp_by=direct
    fi
    sp_wp_gone=$sp_php_said
    [ "$sp_php_end" = 0 ] || { sp_php_why && sp_wp_say_shut && sp_fail "$sp_php_id" "$sp_php_because"; }
}

# What ended right away, of what the rows had.
sp_wp_say_shut() {
    sp_php_said=$sp_wp_shut
    sp_php_pass shut sessions_ended keys_ended role_matches use uses_total
    sp_php_said=$sp_wp_closed
    sp_php_pass handed_over
}

# The close before this one got to its end, or nearly: what it said is said again.
sp_wp_close_again() {
    sp_wp_close_note false
    sp_say already_absent true
    sp_say foreign "$sp_wp_foreign"
    sp_say result_kept true
    sp_result_replay
    sp_wp_forget
    sp_failsafe_absent || sp_fail failsafe-left "${sp_cron_why:-The failsafe is still there.}"
    sp_flush
}

# sp_wp_close_note NOTHING_WAS_MADE
sp_wp_close_note() {
    sp_note_ended "$sp_state/ended." "$1"
    # An open that had begun was waited for, one that has not will be turned away.
    sp_bool late_open_refused [ "$1" = false -o "$sp_not_after" != 0 ]
}

sp_wp_close_report() {
    local nothing=false
    [ "$sp_recorded:$sp_wp_had" != 0:false ] || nothing=true
    sp_wp_close_note "$nothing"
    sp_say platform wordpress
    sp_bool already_absent [ "$sp_wp_had" = false ]
    sp_say foreign "$sp_wp_foreign"
    sp_wp_say_shut
    if [ -n "$sp_wp_root" ]; then
        sp_php_said=$sp_wp_gone
        sp_php_pass user_absent rows_left left
        sp_say reread "$sp_wp_by"
        sp_wp_refuse_other
        sp_wp_refuse_left
        [ "$sp_recorded" = 0 ] || sp_wp_compare
        sp_wp_take_guard
        sp_bool guard_absent [ ! -e "${sp_rec_guard:-/nonexistent}" ]
        [ ! -e "${sp_rec_guard:-/nonexistent}" ] || sp_fail guard-left "The user $sp_account is gone, and $sp_rec_guard could not be removed (a read-only file system?). It does nothing any more."
    fi
    sp_say failsafe_absent true
    # Reached only when everything was read again as gone.
    sp_result_keep "$nothing"
    sp_wp_forget
    sp_result_flush
}

# What a supporter who could write to the settings would do: the web server goes on with the old rows, and we look at others.
sp_wp_refuse_other() {
    local now=''
    [ -n "$sp_rec_database" ] || return 0
    if sp_php_is direct; then
        sp_php_value database
        now=$sp_v
    fi
    [ "$sp_rec_database" != "$now" ] || return 0
    case $sp_wp_why in
        database-*) sp_fail database-unread "The shop says that the user $sp_account is gone, and its database, which could be asked without it when access was granted, refuses that now ($sp_wp_why). Look whether it is up, and close again." ;;
    esac
    sp_fail settings-changed "When access was granted, $sp_wp_config named the database $sp_rec_database, and now it names ${now:-none that can be told}: whether the user is gone from there was not seen. Look who changed it, put it back, and close again."
}

sp_wp_refuse_left() {
    sp_php_is user_absent || sp_fail user-left "The user $sp_account is still in the shop, though the shop was told to delete it."
    sp_php_value rows_left
    [ "$sp_v" = 0 ] || sp_fail rows-left "The user $sp_account is gone, and something of it is still in the database."
}

# What the client has written down by now goes, and what nobody asked for in a long time; nothing else changes.
sp_collected() {
    sp_wp_inputs
    sp_wp_lock
    sp_result_purge
    sp_result_drop
    sp_bool result_kept sp_result_there
    sp_flush
}
