# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Check.

sp_check() {
    sp_account_inputs
    sp_read_record
    sp_look
    sp_bool present [ "$sp_found$sp_ours" = 11 ]
    sp_bool foreign [ "$sp_found$sp_ours" = 10 ]
    sp_bool recorded [ "$sp_recorded" = 1 ]
    sp_say mark_changed "$sp_unmarked"
    sp_keys=${sp_rec_keys:-} sp_start=$sp_rec_path sp_home=$sp_rec_home sp_gate=$sp_rec_gate
    sp_check_keys
    if [ "$sp_found$sp_ours" = 11 ]; then sp_check_account "$sp_v"; fi
    sp_id=${sp_rec_uid:-}
    [ "$sp_ours" = 0 ] || sp_id=$sp_a_uid
    sp_count_processes "$sp_id" "$sp_login"
    sp_say sessions "$sp_count"
    sp_bool gate_present sp_gate_present
    sp_bool failsafe_present sp_failsafe_present
    sp_bool drop_in_present sp_drop_in_present
    sp_uses
    sp_check_files
    sp_flush
}

# Sets sp_v to how many of our lines are in the key file.
sp_check_keys() {
    local line text='' count=0 match=true
    sp_key_lines
    if [ -n "$sp_keys" ] && [ -r "$sp_keys" ]; then
        while IFS= read -r line || [ -n "$line" ]; do
            text=$text$line$sp_nl
            case $line in *" stagepass:$sp_grant") count=$((count + 1)) ;; esac
        done <"$sp_keys"
    fi
    [ "$text" = "$sp_lines" ] || match=false
    sp_say key_lines "$count"
    sp_say keys_match "$match"
    sp_v=$count
}

# sp_check_account KEY_LINES
sp_check_account() {
    local now locked=false
    sp_shadow "$sp_name"
    now=$(date +%s)
    sp_expiry_day "$sp_deadline"
    if [ -n "$sp_rec_path" ]; then
        sp_path_now
        sp_say path_now "$sp_now_at"
        sp_bool shop_reached sp_shop_reached "$sp_rec_path"
    fi
    if [ "$sp_gate" = true ]; then
        sp_find_sshd
        sp_settings "$sp_name"
        sp_gate_command any
        sp_force_fit "$sp_v" || :
        sp_say forced "$sp_force_why"
    fi
    sp_say account_uid "$sp_a_uid"
    sp_say expires_day "${sp_expires:-0}"
    sp_bool expiry_matches [ "$sp_expires" = "$sp_expire_day" ]
    sp_say password "$sp_hash_state"
    sp_say password_ages "$sp_ages"
    if [ -n "$sp_expires" ] && [ "$sp_expires" -le $((now / 86400)) ]; then
        locked=true
    elif [ "$sp_hash_state" != usable ] && [ "$1" = 0 ]; then
        locked=true
    fi
    sp_say locked "$locked"
}

sp_check_files() {
    local said count=0 there=false
    if [ -n "$sp_id" ]; then
        said=$(find /tmp /var/tmp /dev/shm -xdev -user "$sp_id" -print0 2>/dev/null | tr -dc '\000' | wc -c) || :
        count=$((said))
    fi
    sp_say files_outside "$count"
    if [ -n "$sp_rec_home" ] && [ -e "$sp_rec_home" ]; then there=true; fi
    sp_say home_present "$there"
}
