# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Detect.

# All of it was asked when the shop was found.
sp_site_look() {
    if sp_user_is_free && sp_php_is second_factor; then
        sp_site_unfit second-factor 'The shop asks every user of its administration for a code that it mails, and nobody reads the mail of a temporary user. Turn that off in the settings of the shop, as long as access is open.' || :
    fi
}

sp_site_say_seen() {
    sp_oc_find_engine
    sp_say platform opencart
    sp_say version "$sp_oc_version"
    sp_say shop_root "$sp_site_root"
    sp_say config_file "$sp_site_config"
    sp_say owner "$sp_site_owner"
    sp_say php "$sp_php"
    sp_say session_engine "$sp_oc_engine"
    # What 3.0 knows of its users' passwords.
    case $sp_oc_version in 3.*) sp_say scheme sha1x3 ;; *) sp_say scheme bcrypt ;; esac
    sp_php_said=$sp_user_facts
    sp_php_pass direct direct_why php_version login_url admin_url home second_factor signal
    sp_say expiry none
    sp_say note no-guard
    case $sp_oc_engine in db | file) ;; *) sp_say note other-sessions ;; esac
}
