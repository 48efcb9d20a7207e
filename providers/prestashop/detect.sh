# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Detect.

# All of it was asked when the shop was found.
sp_site_look() { ! sp_ps_has_login || sp_user_is_free || :; }

sp_site_say_seen() {
    sp_say platform prestashop
    sp_say version "$sp_ps_version"
    sp_say layout "${sp_ps_admin:-unknown}"
    sp_say shop_root "$sp_site_root"
    sp_say config_file "$sp_site_config"
    sp_say owner "$sp_site_owner"
    sp_say php "$sp_php"
    sp_say scheme bcrypt
    sp_php_said=$sp_user_facts
    sp_php_pass direct direct_why php_version login_url admin_url home signal
    sp_say expiry none
    sp_say note no-guard
}
