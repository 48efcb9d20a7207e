# shellcheck shell=sh disable=SC2034,SC2154,SC3043
sp_open() {
    sp_open_inputs
    sp_lock_state
    sp_tools
    sp_not_ended "$sp_state/ended."
    # The lock may have been waited for.
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_read_record
    sp_look
    sp_open_plan
    if [ -z "$sp_rec_home" ]; then sp_open_record; fi
    # Nothing of it is in the list that begins now and goes on beside all the rest: it is left out by its name and its id.
    # But for a folder of systemd's that stays.
    [ ! -d /run/systemd/system ] || [ -d "$sp_units/timers.target.wants" ] || mkdir -m 755 -- "$sp_units/timers.target.wants" 2>/dev/null || :
    [ "$sp_found" = 1 ] || sp_free_uid
    sp_baseline_ahead "$sp_dir/baseline" "$sp_account" "${sp_a_uid:-$sp_pick_uid}" "${sp_a_gid:-$sp_pick_uid}"
    sp_plan_gate
    sp_open_account
    sp_limits_put
    sp_make_home
    sp_shop_open
    sp_open_gate
    sp_open_baseline
    sp_settle_soon "$sp_dir/baseline"
    sp_settle
    sp_open_door
    # Until here nobody can log in.
    sp_open_credentials
    sp_open_say
    sp_flush
}

sp_open_inputs() {
    sp_account_inputs
    sp_fence
    ! sp_missing_tools || sp_refuse no-useradd 'This server has no useradd, usermod, userdel, chpasswd and getent.'
    [ -n "$sp_public_key$sp_check_key" ] || [ "$sp_has_password" = 1 ] || sp_refuse no-credential 'Neither a key nor a password is to be set.'
    [ "$sp_has_password" != 1 ] || [ -n "$sp_secret" ] || sp_refuse no-credential 'A password is to be set, and none was given.'
    case $sp_secret in
        *[!A-Za-z0-9./\$=]*) sp_refuse bad-input 'The hash of the password is not one of crypt(3).' ;;
        '' | \$6\$?*) ;;
        *) sp_refuse bad-input 'The password was not hashed.' ;;
    esac
}

# What is to be made, and whether it can be.
sp_open_plan() {
    if [ "$sp_found" = 1 ] && [ "$sp_ours" = 0 ]; then
        sp_refuse account-exists 'There is an account of that name already, and it is not of this grant.'
    fi
    sp_plan_home
    if [ "$sp_found" = 1 ] && [ -z "$sp_rec_home" ]; then
        sp_refuse record-missing "The account carries the mark of this grant, but its record in $sp_record is gone; close it first."
    fi
    if [ -z "$sp_rec_home" ] && { [ -e "$sp_home" ] || [ -L "$sp_home" ]; }; then
        sp_refuse home-exists "There is $sp_home already, and it is not of this grant."
    fi
    [ -d "${sp_home%/*}" ] || sp_refuse no-home-base "There is no folder ${sp_home%/*} for homes."
    [ -n "$sp_rec_home" ] || [ -w "${sp_home%/*}" ] || sp_refuse no-home-base "Nothing can be written to ${sp_home%/*} (a read-only disk), and the account needs a home there."
    sp_find_sshd
    sp_settings "$sp_account"
    sp_plan_keys
    sp_shop_plan
    sp_expiry_day "$sp_deadline"
    sp_result_purge
}

# The record, before anything of what it names.
sp_open_record() {
    local mail=0 text folder
    sp_result_drop
    mkdir -p -- "$sp_record/room.1" "$sp_record/room.2"
    # The gate in it runs as the account.
    chmod 711 -- "$sp_state" "$sp_record"
    [ ! -e "/var/mail/$sp_account" ] || mail=1
    text="account=$sp_account
tag=$sp_tag
kind=$sp_kind
password=$sp_has_password
mail=$mail
keys=$sp_keys
keys_dir=$sp_keys_dir
path=$sp_real
owner=$sp_owner
perm=$sp_perm
group=$sp_group
"
    IFS=$sp_nl
    for folder in $sp_through; do text="${text}through=$folder$sp_nl"; done
    IFS=" $sp_tab$sp_nl"
    : >"$sp_record/since"
    sp_stock_up
    # A record without a home, of an older version, was cut short, and nothing had been made then.
    sp_put "$sp_record/record" 600 "${text}home=$sp_home$sp_nl" || sp_refuse_new no-room "Nothing can be written to $sp_record (a full or read-only disk)."
    # It is to be there after a power cut if anything of what it names is.
    sp_settle "$sp_record/record" "$sp_record" "$sp_state"
}

sp_open_account() {
    if [ "$sp_found" = 0 ]; then
        sp_make_account
    else
        ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
        set -- -e "$sp_expire_day"
        [ "$sp_a_shell" = "$sp_shell" ] || set -- "$@" -s "$sp_shell"
        usermod "$@" -- "$sp_name" >/dev/null
    fi
    sp_changed=1
    if [ "$sp_rec_uid" != "$sp_a_uid" ]; then
        printf 'uid=%s\ngid=%s\n' "$sp_a_uid" "$sp_a_gid" >>"$sp_record/record"
        sp_settle "$sp_record/record" "$sp_state/last-uid" "$sp_state"
    fi
    # The list leaves out another id than the one that useradd took.
    if [ "$sp_a_uid:$sp_a_gid" != "$sp_b_own_ids" ]; then
        sp_beside_wait
        sp_baseline_ahead "$sp_dir/baseline" "$sp_name" "$sp_a_uid" "$sp_a_gid"
    fi
}

# What the gate was not told before there was an account and a shop folder: whose log it is, and whether SFTP is shut in.
sp_open_gate() {
    sp_confined=false sp_confine_why='' sp_uses_safe=false
    if [ "$sp_gate" = true ]; then
        sp_gate_log "$sp_a_gid" || sp_undo no-room 'The log of the gate could not be made.'
        sp_gate_confine "$sp_a_uid" "$sp_a_gid"
    fi
    sp_renote confined "$sp_rec_confined" "$sp_confined"
}

sp_open_baseline() {
    sp_baseline "$sp_dir/baseline"
    if [ -n "$sp_baseline_digest" ]; then
        { sp_note digest "$sp_baseline_digest"; } 2>/dev/null || sp_undo no-room 'The record of the grant could not be written (a full disk).'
        sp_settle_soon "$sp_record/record"
    fi
}

# What sshd says of the account has to lead to the gate.
sp_open_door() {
    sp_plan_door
    sp_renote door "$sp_rec_door" "$sp_door"
    case $sp_access:$sp_has_password:$sp_door in
        sftp-read-only:1:none) sp_undo read-only-needs-key "$sp_no_read_only" ;;
    esac
    # Before the account was there sshd did not know its groups.
    if [ "$sp_door" != drop-in ] && [ -n "$sp_sshd" ] && sp_settings_differ; then sp_settings "$sp_name"; fi
    sp_gate_command any
    sp_force_fit "$sp_v" || sp_undo forced-command "$sp_force_why"
}

# The password and the keys.
sp_open_credentials() {
    sp_note_dropbears || sp_undo no-room 'What is connected now could not be written down (a full disk).'
    if [ "$sp_has_password" = 1 ]; then
        [ "$sp_rec_password" = 1 ] || [ -z "$sp_rec_home" ] || sp_note password 1
        sp_set_password
    fi
    sp_ageless "$sp_name" || sp_undo password-ages 'This server would end the account by the age of its password (login.defs), and chage could not change that.'
    sp_write_keys || sp_undo "$sp_late_id" "$sp_late_why"
}

sp_open_say() {
    local forwarding=false ignores=false
    sp_say account "$sp_name"
    sp_say account_uid "$sp_a_uid"
    sp_say home "$sp_home"
    sp_say shell "$sp_shell"
    sp_say keys_file "$sp_keys"
    sp_say expires_day "$sp_expire_day"
    sp_say shop_path "$sp_real"
    sp_say shop_access "$sp_shop"
    sp_say shop_partial "$sp_partial"
    sp_say shop_reason "$sp_shop_why"
    sp_say acl_mode_change "$sp_acl_mode"
    sp_say expiry_time "${sp_stamp:-}"
    sp_say gate "$sp_gate"
    sp_say gate_reason "$sp_gate_why"
    sp_say password_gate "$sp_door"
    sp_say password_gate_reason "$sp_door_why"
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_say confined "$sp_confined"
    sp_say confine_reason "$sp_confine_why"
    sp_say uses_protected "$sp_uses_safe"
    sp_say baseline "$sp_baseline"
    sp_say baseline_reason "$sp_baseline_why"
    sp_say baseline_digest "$sp_baseline_digest"
    if [ "$sp_has_password" = 1 ] && [ "$sp_s_forward:$sp_s_streams" != no:no ]; then forwarding=true; fi
    sp_say password_forwarding "$forwarding"
    # An address list is an option of a key.
    if [ "$sp_has_password" = 1 ] && [ -n "$sp_from" ]; then ignores=true; fi
    sp_say password_ignores_from "$ignores"
}
