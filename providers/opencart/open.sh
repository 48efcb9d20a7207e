# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Open and update.

# 3.0 knows nothing better than a salted SHA-1, which a password of 24 random characters does not need.
sp_site_knows_hash() {
    case $sp_oc_version:$sp_secret in
        3.*:\$sha1x3\$?????????\$????????????????????????????????????????) ;;
        4.*:\$2y\$[0-9][0-9]\$?*) ;;
        *) return 1 ;;
    esac
}

sp_site_prepare() {
    [ "${#sp_account}" -le 20 ] || sp_refuse bad-account 'The name of the user is longer than 20 characters, and OpenCart has room for no more.'
}

sp_site_say_made() {
    sp_say version "$sp_oc_version"
    sp_php_pass login_url admin_url user_id grants
    sp_site_say_expiry
}
