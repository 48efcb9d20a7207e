# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Open and update.

# The hash as it comes is one that WordPress knows: by crypt(3) of PHP in every version.
sp_wp_hash_fit() {
    case $sp_secret in
        '') sp_refuse no-credential 'A password is to be set, and none was given.' ;;
        *[!A-Za-z0-9./\$]*) sp_refuse bad-input 'The hash of the password is not one of crypt(3).' ;;
        \$2y\$[0-9][0-9]\$?*) ;;
        *) sp_refuse bad-input 'The password was not hashed, or in a way that WordPress does not know ($2y$ it does).' ;;
    esac
    unset -f printf 2>/dev/null || :
    case $(type printf) in
        *builtin*) ;;
        *) sp_refuse shell-unfit 'This shell has no printf of its own, so a password would show in the list of processes.' ;;
    esac
}

sp_open() {
    sp_wp_inputs
    sp_fence
    sp_wp_hash_fit
    sp_wp_lock
    sp_tools
    sp_not_ended "$sp_state/ended."
    # The lock may have been waited for.
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_wp_read_record
    sp_wp_was=$sp_recorded
    sp_wp_want_state
    ! sp_wp_find || sp_wp_place
    [ -z "$sp_unfit_id" ] || sp_refuse "$sp_unfit_id" "$sp_unfit_why"
    [ -z "$sp_rec_root" ] || [ "$sp_rec_root" = "$sp_wp_root" ] || sp_refuse shop-moved "This grant was begun in $sp_rec_root, and the shop is in $sp_wp_root now. Close it first."
    sp_result_purge
    [ "$sp_recorded" = 1 ] || sp_result_drop
    # A folder that an open before this one made is ours to take away.
    if [ -z "$sp_rec_guard" ]; then sp_rec_guard_made=$sp_wp_guard_made; fi
    ! sp_wp_guard_shared || sp_rec_guard_made=1
    sp_rec_guard=$sp_wp_guard_folder/stagepass-$sp_grant.php
    sp_rec_database=$sp_wp_database sp_rec_config=$sp_wp_config
    sp_wp_write_record || sp_wp_refuse_new no-room "Nothing can be written to $sp_state (a full or read-only disk)."
    sp_recorded=1
    sp_wp_keep_state || sp_wp_refuse_new no-room "Nothing can be written to $sp_record (a full or read-only disk)."
    sp_failsafe_install || sp_wp_refuse_new no-room 'The failsafe could not be written (a full or read-only disk).'
    # Where nothing starts it, somebody may.
    [ "$sp_failsafe" != none ] || sp_failsafe_write || sp_wp_refuse_new no-room 'The failsafe could not be written (a full disk).'
    sp_settle
    # Until here nobody can log in.
    ! sp_late || sp_wp_refuse_new "$sp_late_id" "$sp_late_why"
    sp_wp_put
    sp_wp_say_made
    sp_flush
}

# Where the file that ends it would stand: as the settings say, so that the shop is loaded once. Where they do not say it plainly
# the shop is asked before anything is made.
sp_wp_place() {
    sp_php_said=$sp_wp_facts
    sp_php_value guard_folder
    sp_wp_guard_folder=$sp_v sp_wp_guard_made=0
    if [ -z "$sp_v" ]; then
        sp_wp_look
    elif [ ! -d "$sp_v" ]; then
        sp_wp_guard_made=1
    fi
}

# Whether another grant made that folder: who of us is the last takes it away.
sp_wp_guard_shared() {
    local one
    set +f
    set -- "$sp_state"/*/record
    set -f
    for one; do
        ! grep -qsx 'guard_made=1' "$one" || ! grep -qsF "guard=$sp_wp_guard_folder/stagepass-" "$one" || return 0
    done
    return 1
}

sp_wp_put() {
    sp_wp_deadline=$sp_deadline
    sp_wp_load_open
    if [ "$sp_php_end" = 10 ]; then sp_wp_put_elsewhere; fi
    sp_secret=''
    if sp_wp_untouched; then
        sp_php_why
        sp_wp_refuse_new "$sp_php_id" "$sp_php_because"
    fi
    sp_changed=1
    [ "$sp_php_end" = 0 ] || { sp_php_why && sp_fail "$sp_php_id" "$sp_php_because"; }
    sp_php_value user_id
    case $sp_v in '' | *[!0-9]*) sp_fail user-unread 'The shop did not say which user it made.' ;; esac
    sp_rec_user=$sp_v
    sp_wp_keep_guard
    sp_wp_write_record || sp_fail no-room "Nothing can be written to $sp_state any more (a full disk)."
}

# Whether nothing of the shop was changed: it refused, or could not be loaded and said so; and no try before came to its work.
sp_wp_untouched() {
    [ "$sp_wp_was_loaded" = 0 ] || return 1
    [ "$sp_php_end" != 10 ] || return 0
    sp_php_value died
    [ "$sp_php_end" = 20 ] && [ -n "$sp_v" ] && ! sp_php_is loaded
}

# What the file in the shop is by now, where there is one.
sp_wp_keep_guard() {
    sp_php_value guard
    sp_rec_guard_digest=''
    [ "$sp_v" = written ] || return 0
    sp_php_value guard_digest
    sp_rec_guard_digest=$sp_v
}

sp_wp_load_open() {
    sp_php_tell hash "$sp_secret" not_after "$sp_not_after" guard_folder "$sp_wp_guard_folder"
    sp_wp_load open
}

# The shop looks for that file somewhere else than its settings say: the record has to have the place first.
sp_wp_put_elsewhere() {
    sp_php_value reason_id
    [ "$sp_v" = guard-elsewhere ] || return 0
    sp_wp_look
    [ -z "$sp_unfit_id" ] || sp_wp_refuse_new "$sp_unfit_id" "$sp_unfit_why"
    sp_rec_guard=$sp_wp_guard_folder/stagepass-$sp_grant.php sp_rec_guard_made=$sp_wp_guard_made
    ! sp_wp_guard_shared || sp_rec_guard_made=1
    sp_wp_write_record || sp_wp_refuse_new no-room "Nothing can be written to $sp_state (a full or read-only disk)."
    sp_wp_load_open
}

sp_wp_say_made() {
    local guard
    sp_say account "$sp_account"
    sp_say platform wordpress
    sp_say owner "$sp_wp_owner"
    sp_php_pass login_url admin_url version user_id grants
    sp_php_value guard
    guard=$sp_v
    if [ "$guard" = written ]; then sp_say expiry guard; else sp_say expiry none; fi
    sp_say shop_path "$sp_wp_root"
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
}

# The shop first, then root's own: whatever is cut off in between, the earlier of the two ends it.
sp_update() {
    sp_wp_inputs
    sp_fence
    sp_wp_lock
    sp_tools
    sp_wp_read_record
    [ -n "$sp_rec_root" ] || sp_refuse record-missing "There is no record of this grant in $sp_record."
    sp_wp_find || sp_refuse "$sp_unfit_id" "$sp_unfit_why"
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_wp_deadline=$sp_deadline
    sp_wp_load update
    if [ "$sp_php_end" = 10 ]; then
        sp_php_why
        sp_refuse "$sp_php_id" "$sp_php_because"
    fi
    sp_changed=1
    [ "$sp_php_end" = 0 ] || { sp_php_why && sp_fail "$sp_php_id" "$sp_php_because"; }
    sp_wp_keep_guard
    sp_wp_write_record || sp_fail no-room "Nothing can be written to $sp_state (a full or read-only disk)."
    sp_ends_write || sp_fail no-room 'The new end could not be written (a full or read-only disk).'
    sp_failsafe_install || sp_fail no-room 'The failsafe could not be written (a full or read-only disk).'
    [ "$sp_failsafe" != none ] || sp_failsafe_write || sp_fail no-room 'The failsafe could not be written (a full disk).'
    sp_settle
    sp_say account "$sp_account"
    sp_php_value guard
    if [ "$sp_v" = written ]; then sp_say expiry guard; else sp_say expiry none; fi
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_flush
}
