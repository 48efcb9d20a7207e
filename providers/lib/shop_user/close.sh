# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Close of a user in a shop.

sp_user_close() {
    sp_user_inputs
    sp_user_lock
    sp_tools
    sp_result_purge
    # An extension may have come while the lock was waited for.
    [ "$sp_by_server" = 0 ] || sp_still_due || exit 0
    sp_user_read_record
    # What cannot be taken away now is tried again by the server itself.
    sp_ends_now || :
    sp_user_had=false sp_user_shut='' sp_user_closed='' sp_user_foreign=false sp_user_by='' sp_user_gone=''
    # Where it was made, whatever the folder of the shop leads to by now.
    [ -z "$sp_rec_root" ] || [ ! -d "$sp_rec_root" ] || sp_path=$sp_rec_root
    # The rows first: nothing of the shop's code stands before what ends the access.
    sp_user_first=shut
    sp_site_state want
    if sp_site_find; then
        sp_user_end_access
        if [ "$sp_php_end" = 0 ] && sp_php_is whole; then
            # There was no more to it than rows, and they were deleted and read again with that.
            sp_user_closed=$sp_user_shut sp_user_gone=$sp_user_shut sp_user_by=direct sp_user_why=''
        else
            sp_site_end
            sp_user_reread
        fi
    elif ! sp_user_never; then
        sp_changed=1
        sp_fail "$sp_unfit_id" "$sp_unfit_why"
    fi
    if [ "$sp_recorded:$sp_user_had" = 0:false ] && sp_result_there; then
        sp_user_close_again
    else
        sp_user_close_report
    fi
}

# Nothing was made, by the record that comes before everything, and there is no shop in which anything could be.
sp_user_never() {
    case $sp_recorded:$sp_unfit_id in
        0:no-shop-folder | 0:no-such-path | "0:no-$sp_user_provider" | 0:no-configuration) return 0 ;;
    esac
    return 1
}

# By the rows.
sp_user_end_access() {
    sp_user_ask shut
    sp_user_shut=$sp_php_said
    if [ "$sp_php_end" != 0 ] || ! sp_php_is direct; then return 0; fi
    ! sp_php_is had || sp_user_had=true sp_changed=1
    ! sp_php_is foreign || sp_user_foreign=true
    sp_php_value user_id
    [ -z "$sp_v" ] || sp_rec_user=$sp_v
}

# Of what was said when the user was to be deleted.
sp_user_ended() {
    sp_user_closed=$sp_php_said
    ! sp_php_is foreign || sp_user_foreign=true
    sp_php_value user_id
    [ -z "$sp_v" ] || sp_rec_user=$sp_v sp_user_had=true sp_changed=1
    [ "$sp_php_end" = 0 ] || sp_user_fail_by_shop
}

# Why the shop did not do it, behind what it did.
sp_user_fail_by_shop() {
    sp_php_why
    sp_site_say_shut
    sp_changed=1
    sp_fail "$sp_php_id" "$sp_php_because"
}

# What is left, by another way than the one that took it away.
sp_user_reread() {
    sp_site_ask gone
    sp_php_value direct_why
    sp_user_why=$sp_v
    if [ "$sp_php_end" != 0 ] || ! sp_php_is direct; then
        sp_user_by=shop
        sp_site_ask_otherwise gone
    else
        sp_user_by=direct
    fi
    sp_user_gone=$sp_php_said
    [ "$sp_php_end" = 0 ] || sp_user_fail_by_shop
}

# The close before this one got to its end, or nearly: what it said is said again.
sp_user_close_again() {
    sp_user_close_note false
    sp_say already_absent true
    sp_say foreign "$sp_user_foreign"
    sp_say result_kept true
    sp_result_replay
    sp_user_forget
    sp_failsafe_absent || sp_fail failsafe-left "${sp_cron_why:-The failsafe is still there.}"
    sp_flush
}

# sp_user_close_note NOTHING_WAS_MADE
sp_user_close_note() {
    sp_note_ended "$sp_state/ended." "$1"
    # An open that had begun was waited for, one that has not will be turned away.
    sp_bool late_open_refused [ "$1" = false -o "$sp_not_after" != 0 ]
}

sp_user_close_report() {
    local nothing=false
    [ "$sp_recorded:$sp_user_had" != 0:false ] || nothing=true
    sp_user_close_note "$nothing"
    sp_bool already_absent [ "$sp_user_had" = false ]
    sp_say foreign "$sp_user_foreign"
    sp_say platform "$sp_user_provider"
    sp_site_say_shut
    if [ -n "$sp_site_root" ]; then
        sp_php_said=$sp_user_gone
        sp_php_pass user_absent rows_left left new_administrator
        sp_say reread "$sp_user_by"
        sp_user_refuse_other
        sp_user_refuse_left
        [ "$sp_recorded" = 0 ] || sp_site_state tell
        sp_site_say_gone
    fi
    sp_say failsafe_absent true
    # Reached only when everything was read again as gone.
    sp_result_keep "$nothing"
    sp_user_forget
    sp_result_flush
}

# What a supporter who could write to the settings would do: the web server goes on with the old rows, and we look at others.
sp_user_refuse_other() {
    local now=''
    [ -n "$sp_rec_database" ] || return 0
    if sp_php_is direct; then
        sp_php_value database
        now=$sp_v
    fi
    [ "$sp_rec_database" != "$now" ] || return 0
    case $sp_user_why in
        database-*) sp_fail database-unread "The shop says that the user $sp_account is gone, and its database, which could be asked without it when access was granted, refuses that now ($sp_user_why). Look whether it is up, and close again." ;;
    esac
    sp_fail settings-changed "When access was granted, $sp_site_config named the database $sp_rec_database, and now it names ${now:-none that can be told}: whether the user is gone from there was not seen. Look who changed it, put it back, and close again."
}

sp_user_refuse_left() {
    sp_php_is user_absent || sp_fail user-left "The user $sp_account is still in the shop, though the shop was told to delete it."
    sp_php_value rows_left
    [ "$sp_v" = 0 ] || sp_fail rows-left "The user $sp_account is gone, and something of it is still in the database."
}

# What the client has written down by now goes, and what nobody asked for in a long time; nothing else changes.
sp_user_collected() {
    sp_user_inputs
    sp_user_forget_result
}

sp_user_forget_result() {
    sp_user_lock
    sp_result_purge
    sp_result_drop
    sp_bool result_kept sp_result_there
    sp_flush
}
