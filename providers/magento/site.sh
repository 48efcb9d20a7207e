# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Where the shop is.

# Sets sp_site_root (where bin/magento is), sp_site_config, sp_site_owner, sp_mg_version, sp_mg_layout (magento, mage-os), sp_php; or
# sp_unfit_id and sp_unfit_why, and ends with 1.
sp_site_find() {
    sp_mg_version='' sp_mg_layout='' sp_mg_modules='' sp_mg_closed=false
    # What the web server serves is one folder below (`pub`).
    sp_user_find_root '' /.. /current /magento /magento2 /shop /store /htdocs /httpdocs /public_html /www /html &&
        sp_mg_find_config && sp_mg_find_version && sp_mg_find_owner && sp_site_find_php && sp_mg_find_rows
}

sp_site_is_at() {
    case $1 in */..) [ -f "$1/pub/get.php" ] || return 1 ;; esac
    [ -f "$1/app/etc/di.xml" ] && [ -f "$1/bin/magento" ] && [ -f "$1/app/bootstrap.php" ]
}

sp_mg_find_config() {
    sp_site_config=$sp_site_root/app/etc/env.php
    [ -f "$sp_site_config" ] || sp_site_unfit no-configuration "There is no $sp_site_config: this Magento was not set up."
}

# What composer put there; of a copy of the platform's own repository, what that says of itself.
sp_mg_find_version() {
    local said one
    said=$(sp_user_text "$sp_site_root/composer.lock" 8388608 |
        awk -F '"' '/^ *"name": "(magento|mage-os)\/product-(community|enterprise)-edition"/ { name = $4; next } name != "" && /^ *"version":/ { print name, $4; exit }') || :
    for one in vendor/magento/magento2-base/composer.json vendor/mage-os/magento2-base/composer.json composer.json; do
        [ -z "$said" ] || break
        said=$(sp_user_text "$sp_site_root/$one" 8388608 |
            awk -F '"' '/^ *"name": "(magento|mage-os)\/magento2/ { name = $4 } /^ *"version":/ { version = $4 } END { if (name != "" && version != "") print name, version }') || :
    done
    sp_mg_version=${said#* } sp_mg_layout=${said%%/*}
    case $sp_mg_version in *[!A-Za-z0-9.-]*) sp_mg_version='' ;; esac
    case $sp_mg_layout:$sp_mg_version in
        magento:2.[34].* | mage-os:[1-9].*) ;;
        *) sp_site_unfit other-version "$sp_site_root is of a version of Magento that is not known here (${sp_mg_version:-none is said}): 2.3, 2.4 and Mage-OS are." ;;
    esac
}

sp_site_find_php() {
    local wanted
    wanted=$(sp_user_text "$sp_site_root/vendor/composer/platform_check.php" 8388608 | sed -n 's/.*PHP_VERSION_ID >= \([0-9]\{5,6\}\)[^0-9].*/\1/p' | head -n 1) || :
    [ "${wanted:-0}" -ge 70000 ] || wanted=70000
    sp_user_find_php "$wanted" mysqli
}

# Who owns the settings. Where that is root, who owns what the shop writes; that one has to be able to read them.
sp_mg_find_owner() { sp_user_find_reader "$sp_site_config" "$sp_site_root/var/cache" "$sp_site_root/var" "$sp_site_root/pub/media"; }

# What the database says, and what it does not: a long list of modules, and settings that are locked.
sp_mg_find_rows() {
    sp_mg_modules=$(sp_user_text "$sp_site_root/app/etc/config.php" 1048576 | base64 | tr -d '\n') || sp_mg_modules=''
    [ ! -e "$sp_site_root/var/.maintenance.flag" ] || sp_mg_closed=true
    sp_user_find_rows
}
