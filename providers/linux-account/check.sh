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
    sp_key_lines
    sp_i=0 sp_t='' sp_match=true
    if [ -n "$sp_keys" ] && [ -r "$sp_keys" ]; then
        while IFS= read -r sp_l || [ -n "$sp_l" ]; do
            sp_t=$sp_t$sp_l$sp_nl
            case $sp_l in *" stagepass:$sp_grant") sp_i=$((sp_i + 1)) ;; esac
        done <"$sp_keys"
    fi
    [ "$sp_t" = "$sp_lines" ] || sp_match=false
    sp_say key_lines "$sp_i"
    sp_say keys_match "$sp_match"
    sp_v=0
    if [ "$sp_found$sp_ours" = 11 ]; then
        sp_shadow "$sp_name"
        sp_now=$(date +%s)
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
        if [ -n "$sp_expires" ] && [ "$sp_expires" -le $((sp_now / 86400)) ]; then
            sp_say locked true
        elif [ "$sp_hash_state" != usable ] && [ "$sp_i" = 0 ]; then
            sp_say locked true
        else
            sp_say locked false
        fi
    fi
    sp_id=${sp_rec_uid:-}
    [ "$sp_ours" = 0 ] || sp_id=$sp_a_uid
    sp_count_processes "$sp_id" "$sp_login"
    sp_say sessions "$sp_count"
    sp_bool gate_present sp_gate_present
    sp_bool failsafe_present sp_failsafe_present
    sp_bool drop_in_present sp_drop_in_present
    sp_uses
    sp_v=0
    if [ -n "$sp_id" ]; then
        sp_t=$(find /tmp /var/tmp /dev/shm -xdev -user "$sp_id" -print0 2>/dev/null | tr -dc '\000' | wc -c) || :
        sp_v=$((sp_t))
    fi
    sp_say files_outside "$sp_v"
    sp_v=false
    if [ -n "$sp_rec_home" ] && [ -e "$sp_rec_home" ]; then sp_v=true; fi
    sp_say home_present "$sp_v"
    sp_flush
}
