# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Detect.

# All of it was asked when the shop was found.
sp_site_look() {
    sp_user_is_free || return 0
    if sp_php_is other_login; then
        sp_site_unfit other-login 'The administration of the shop is logged in to with accounts of Adobe (adobe_ims/integration/admin_enabled), and a password of the shop opens nothing.' || :
    elif sp_php_is second_factor; then
        sp_site_unfit second-factor 'The shop asks every user of its administration for a second factor (Magento_TwoFactorAuth), and a temporary user has none. Switch the module off in this staging shop as long as access is open.' || :
    fi
}

sp_site_say_seen() {
    sp_say platform magento
    sp_say layout "$sp_mg_layout"
    sp_say version "$sp_mg_version"
    sp_say shop_root "$sp_site_root"
    sp_say config_file "$sp_site_config"
    sp_say owner "$sp_site_owner"
    sp_say php "$sp_php"
    sp_say scheme salted-sha256
    sp_php_said=$sp_user_facts
    sp_php_pass direct direct_why php_version mode login_url admin_url home second_factor expiry signal
    sp_php_value expiry
    [ "$sp_v" != none ] || sp_say note no-guard
}
