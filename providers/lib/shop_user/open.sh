# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Detect, open and update of a user in a shop.

# What every one of them says before it says anything of its shop.
sp_user_detect() {
    sp_check_inputs
    sp_say_server
    [ -z "$sp_path" ] || sp_bool path_exists [ -d "$sp_path" ]
    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_failsafe_plan
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    if [ "$sp_uid" != 0 ]; then
        sp_unfit_id=not-root sp_unfit_why='Making a user in the shop needs root, and the login of stagepass is not root here.'
    else
        sp_tools
        sp_user_read_record
        ! sp_site_find || sp_site_look
        [ -z "$sp_site_root" ] || sp_site_say_seen
    fi
    sp_bool supported [ -z "$sp_unfit_id" ]
    if [ -n "$sp_unfit_id" ]; then
        sp_say reason_id "$sp_unfit_id"
        sp_say reason "$sp_unfit_why"
    fi
    sp_flush
}

sp_user_hash_fit() {
    case $sp_secret in
        '') sp_refuse no-credential 'A password is to be set, and none was given.' ;;
        *[!A-Za-z0-9./\$]*) sp_refuse bad-input 'The hash of the password is not one of crypt(3).' ;;
    esac
    sp_site_knows_hash || sp_refuse bad-input 'The password was not hashed, or in a way that this shop does not know.'
    unset -f printf 2>/dev/null || :
    case $(type printf) in
        *builtin*) ;;
        *) sp_refuse shell-unfit 'This shell has no printf of its own, so a password would show in the list of processes.' ;;
    esac
}

sp_user_open() {
    sp_user_inputs
    sp_fence
    sp_user_lock
    sp_tools
    sp_not_ended "$sp_state/ended."
    # The lock may have been waited for.
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_user_read_record
    sp_user_was=$sp_recorded
    sp_site_state want
    sp_site_begin
    ! sp_site_find || sp_site_place
    [ -z "$sp_unfit_id" ] || sp_refuse "$sp_unfit_id" "$sp_unfit_why"
    sp_user_hash_fit
    [ -z "$sp_rec_root" ] || [ "$sp_rec_root" = "$sp_site_root" ] || sp_refuse shop-moved "This grant was begun in $sp_rec_root, and the shop is in $sp_site_root now. Close it first."
    sp_result_purge
    [ "$sp_recorded" = 1 ] || sp_result_drop
    sp_rec_database=$sp_site_database sp_rec_config=$sp_site_config
    [ -n "$sp_rec_admins" ] || sp_rec_admins=$sp_site_admins
    sp_site_prepare
    sp_user_write_record || sp_user_refuse_new no-room "Nothing can be written to $sp_state (a full or read-only disk)."
    sp_recorded=1
    sp_site_state keep || sp_user_refuse_new no-room "Nothing can be written to $sp_record (a full or read-only disk)."
    sp_failsafe_install || sp_user_refuse_new no-room 'The failsafe could not be written (a full or read-only disk).'
    # Where nothing starts it, somebody may.
    [ "$sp_failsafe" != none ] || sp_failsafe_write || sp_user_refuse_new no-room 'The failsafe could not be written (a full disk).'
    sp_settle
    # Until here nobody can log in.
    ! sp_late || sp_user_refuse_new "$sp_late_id" "$sp_late_why"
    sp_user_until=$sp_deadline
    sp_user_cut=0
    sp_user_tell_new
    sp_site_make
    sp_secret=''
    sp_user_made
    sp_say account "$sp_account"
    sp_say platform "$sp_user_provider"
    sp_say owner "$sp_site_owner"
    sp_site_say_made
    sp_say shop_path "$sp_site_root"
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_flush
}

sp_user_tell_new() { sp_php_tell hash "$sp_secret" not_after "$sp_not_after"; }

# Of what the shop said when it was told to make the user.
sp_user_made() {
    if sp_user_came_to_nothing; then
        sp_php_why
        sp_user_refuse_new "$sp_php_id" "$sp_php_because"
    fi
    sp_changed=1
    [ "$sp_php_end" = 0 ] || { sp_php_why && sp_fail "$sp_php_id" "$sp_php_because"; }
    sp_php_value user_id
    case $sp_v in '' | *[!0-9]*) sp_fail user-unread 'The shop did not say which user it made.' ;; esac
    sp_rec_user=$sp_v
    sp_user_write_record || sp_fail no-room "Nothing can be written to $sp_state any more (a full disk)."
}

# Whether nothing of the shop was changed: it refused, or ended before it could; and no try before may have come to its work.
sp_user_came_to_nothing() {
    [ "$sp_user_cut" = 0 ] || return 1
    case $sp_php_end in
        10) ;;
        0) return 1 ;;
        *) sp_site_untouched ;;
    esac
}

# The shop first, then root's own: whatever is cut off in between, the earlier of the two ends it.
sp_user_update() {
    sp_user_inputs
    sp_fence
    sp_user_lock
    sp_tools
    sp_user_read_record
    [ -n "$sp_rec_root" ] || sp_refuse record-missing "There is no record of this grant in $sp_record."
    sp_site_find || sp_refuse "$sp_unfit_id" "$sp_unfit_why"
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_user_until=$sp_deadline
    sp_site_extend
    if [ "$sp_php_end" = 10 ]; then
        sp_php_why
        sp_refuse "$sp_php_id" "$sp_php_because"
    fi
    sp_changed=1
    [ "$sp_php_end" = 0 ] || { sp_php_why && sp_fail "$sp_php_id" "$sp_php_because"; }
    sp_user_write_record || sp_fail no-room "Nothing can be written to $sp_state (a full or read-only disk)."
    sp_ends_write || sp_fail no-room 'The new end could not be written (a full or read-only disk).'
    sp_failsafe_install || sp_fail no-room 'The failsafe could not be written (a full or read-only disk).'
    [ "$sp_failsafe" != none ] || sp_failsafe_write || sp_fail no-room 'The failsafe could not be written (a full disk).'
    sp_settle
    sp_say account "$sp_account"
    sp_site_say_expiry
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_flush
}
