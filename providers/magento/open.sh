# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Open and update.

# `$sha256$SALT$DIGEST`, which every Magento 2 knows; most of them make something of their own of it at the first login.
sp_site_knows_hash() {
    case $sp_secret in
        \$sha256\$????????????????????????????????\$????????????????????????????????????????????????????????????????) ;;
        *) return 1 ;;
    esac
}

sp_site_prepare() { :; }

# The shop itself is asked what there is that somebody may do, and told to read anew who may; it is not told the hash. Until the last
# step the user is disabled.
sp_site_make() {
    local told="$sp_php_told"
    sp_php_told=''
    sp_mg_load prepare 40
    sp_php_value rights
    sp_rec_rights=$sp_v
    [ "$sp_php_end" = 0 ] || return 0
    sp_php_told=$told
    sp_site_ask open
}

sp_site_say_made() {
    sp_say version "$sp_mg_version"
    sp_php_pass login_url admin_url user_id grants expiry
}

sp_site_extend() { sp_site_ask update; }

sp_site_say_expiry() { sp_php_pass expiry; }
