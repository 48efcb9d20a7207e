# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Update.

# What was made is there, and is ours.
sp_need_made() {
    sp_account_inputs
    sp_fence
    sp_lock_state
    sp_read_record
    sp_look
    [ "$sp_found" = 1 ] || sp_refuse account-absent 'There is no such account.'
    [ "$sp_ours" = 1 ] || sp_refuse account-foreign 'The account does not carry the mark of this grant.'
    [ -n "$sp_rec_home" ] || sp_refuse record-missing "The record of this grant in $sp_record is gone; close it."
}

sp_update() {
    local folder
    sp_need_made
    sp_plan_home
    sp_keys=$sp_rec_keys sp_keys_dir=$sp_rec_dir
    if [ -z "$sp_keys" ] && [ -n "$sp_public_key$sp_check_key" ]; then
        sp_find_sshd
        sp_settings "$sp_account"
        sp_plan_keys
        sp_note keys "$sp_keys"
        sp_note keys_dir "$sp_keys_dir"
        folder=${sp_keys%/*}
        case $sp_keys in "$sp_home"/*/*) [ -d "$folder" ] || mkdir -m 0755 -- "$folder" ;; esac
    fi
    sp_start=$sp_rec_path
    sp_gate=$sp_rec_gate
    [ "$sp_gate_wanted" = 1 ] || sp_gate=false
    sp_expiry_day "$sp_deadline"
    # The new lines first: if the second step fails, the earlier of the two ends is in force.
    sp_write_keys || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_changed=1
    sp_shadow "$sp_name"
    ! sp_late || sp_fail "$sp_late_id" "$sp_late_why"
    sp_ageless "$sp_name" || sp_fail password-ages 'This server would end the account by the age of its password, and chage could not change that.'
    [ "$sp_expires" = "$sp_expire_day" ] || usermod -e "$sp_expire_day" -- "$sp_name" >/dev/null
    sp_update_gate
    sp_update_shop
    sp_trial_say
    sp_say account_uid "$sp_a_uid"
    sp_say expires_day "$sp_expire_day"
    sp_say keys_file "$sp_keys"
    sp_say expiry_time "${sp_stamp:-}"
    sp_flush
}

# The trial login is over: its key goes, and what `open` left behind is looked at again, not made again.
sp_tried() {
    sp_need_made
    sp_home=$sp_rec_home sp_keys=$sp_rec_keys sp_keys_dir=$sp_rec_dir sp_start=$sp_rec_path sp_gate=$sp_rec_gate
    sp_write_keys || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_changed=1
    sp_trial_say
    if [ "$sp_gate" = true ]; then
        sp_trial_over || sp_fail no-room 'The gate could not be told that the trial is over (a full or read-only disk).'
    fi
    sp_failsafe_present || :
    sp_say account_uid "$sp_a_uid"
    sp_say keys_file "$sp_keys"
    sp_say expiry_time "${sp_stamp:-}"
    sp_bool gate sp_gate_present
    sp_say failsafe "$sp_failsafe"
    sp_flush
}

# What a deployment took away of the account's rights is given again, as `open` gives it.
sp_update_shop() {
    [ -n "$sp_rec_path" ] && [ -d "$sp_rec_path" ] && [ -z "$sp_trial" ] || return 0
    ! sp_shop_reached "$sp_rec_path" || return 0
    sp_path=$sp_rec_path sp_fresh=0
    sp_shop_plan
    sp_shop_open
    sp_bool shop_reached sp_shop_reached "$sp_rec_path"
}

# Written anew, and with it what somebody took away. Both read `ends`, so that a failsafe which fires
# too early does nothing, and is started again every minute.
sp_update_gate() {
    if [ "$sp_gate" = true ]; then
        sp_find_sshd
        [ -n "${sp_s_sftp:-}" ] || sp_settings "$sp_account"
        sp_real=$sp_rec_path sp_confined=$sp_rec_confined
        sp_plan_inside
        sp_gate_install || sp_fail no-room 'The gate could not be written (a full or read-only disk).'
        sp_gate_log "$sp_a_gid" || :
        if [ "$sp_rec_door" = drop-in ] && ! sp_drop_in_present; then sp_drop_in_install "$sp_name" || :; fi
    fi
    sp_ends_write || sp_fail no-room 'The new end could not be written (a full or read-only disk).'
    if [ -z "$sp_baseline_digest" ]; then
        sp_b_digest "$sp_dir/baseline"
        sp_baseline_digest=$sp_b_d
    fi
    sp_failsafe_install || sp_fail no-room 'The failsafe could not be written (a full or read-only disk).'
    sp_say gate "$sp_gate"
    sp_say failsafe "$sp_failsafe"
}
