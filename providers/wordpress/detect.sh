# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Detect.

sp_detect() {
    sp_check_inputs
    sp_say_server
    [ -z "$sp_path" ] || sp_bool path_exists [ -d "$sp_path" ]
    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_failsafe_plan
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_say scheme bcrypt
    if [ "$sp_uid" != 0 ]; then
        sp_unfit_id=not-root sp_unfit_why='Making a user in the shop needs root, and the login of stagepass is not root here.'
    else
        sp_tools
        sp_wp_read_record
        ! sp_wp_find || sp_wp_look
        sp_wp_say_site
    fi
    sp_bool supported [ -z "$sp_unfit_id" ]
    if [ -n "$sp_unfit_id" ]; then
        sp_say reason_id "$sp_unfit_id"
        sp_say reason "$sp_unfit_why"
    fi
    sp_flush
}

# Loads the shop and looks. Sets sp_wp_guard_folder and sp_wp_guard_made (1 where that folder would be new).
sp_wp_look() {
    sp_wp_load look
    sp_php_value guard_folder
    sp_wp_guard_folder=$sp_v sp_wp_guard_made=0
    sp_php_is guard_folder_there || sp_wp_guard_made=1
    [ "$sp_php_end" != 0 ] || return 0
    sp_php_why
    sp_wp_unfit "$sp_php_id" "$sp_php_because" || :
}

sp_wp_say_site() {
    [ -n "$sp_wp_root" ] || return 0
    sp_say platform wordpress
    sp_say layout "$sp_wp_layout"
    sp_say shop_root "$sp_wp_root"
    sp_say config_file "$sp_wp_config"
    sp_say owner "$sp_wp_owner"
    sp_say php "$sp_php"
    [ -n "$sp_php" ] || return 0
    sp_php_pass version php_version multisite login_url admin_url home woocommerce object_cache role grants_role guard_fits signal
    if sp_php_is guard_fits; then
        sp_say expiry guard
    else
        sp_say expiry none
        sp_say note no-guard
    fi
    ! sp_php_is object_cache || sp_say note object-cache
    sp_php_value grants_role
    [ "$sp_v" != settings ] || sp_say note settings
    [ -z "$sp_wp_died" ] || { sp_say died "$sp_wp_died" && sp_say note plugin-dies; }
    sp_php_said=$sp_wp_facts
    sp_php_pass direct direct_why
    sp_php_is direct || sp_say note not-direct
}
