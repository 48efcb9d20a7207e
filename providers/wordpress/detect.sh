# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Detect.

# Loads the shop and looks. Sets sp_wp_content, sp_wp_guard_folder, and sp_wp_guard_made (1 where that folder would be new).
sp_site_look() {
    sp_wp_load look
    sp_php_value content_folder
    sp_wp_content=$sp_v
    sp_php_value guard_folder
    sp_wp_guard_folder=$sp_v sp_wp_guard_made=0
    sp_php_is guard_folder_there || sp_wp_guard_made=1
    [ "$sp_php_end" != 0 ] || return 0
    sp_php_why
    sp_site_unfit "$sp_php_id" "$sp_php_because" || :
}

# What the rows say where nobody could load the shop: it may be a live one all the same.
sp_wp_rows_otherwise() {
    [ -z "$sp_user_facts" ] && [ -n "$sp_site_config" ] && sp_has setpriv || return 0
    sp_find_nobody
    [ -n "$sp_nobody" ] || return 0
    sp_site_owner=$sp_nobody
    if sp_site_find_php; then
        sp_site_ask facts
        sp_user_facts=$sp_php_said
    fi
    sp_site_owner='' sp_php_said=''
}

sp_site_say_seen() {
    sp_wp_rows_otherwise
    sp_say platform wordpress
    sp_say layout "$sp_wp_layout"
    sp_say shop_root "$sp_site_root"
    sp_say config_file "$sp_site_config"
    sp_say owner "$sp_site_owner"
    sp_say php "$sp_php"
    # What every version knows.
    sp_say scheme bcrypt
    [ -n "$sp_php" ] || return 0
    sp_php_pass version php_version multisite login_url admin_url home woocommerce object_cache role grants_role guard_fits guard_folder content_folder signal
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
    sp_php_said=$sp_user_facts
    # Whatever became of the shop, and whatever its plugins say.
    sp_php_pass direct direct_why signal
    sp_php_is direct || sp_say note not-direct
}
