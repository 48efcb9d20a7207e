# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Open and update.

# The name is the first part of an address.
sp_site_prepare() {
    case $sp_account in
        *..* | *.) sp_refuse bad-account 'The name of the user is no first part of a mail address, by which PrestaShop knows its employees.' ;;
    esac
}

sp_site_say_made() {
    sp_say version "$sp_ps_version"
    sp_php_pass login_url login_name admin_url user_id grants
    sp_site_say_expiry
}
