# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Where the shop is.

# Sets sp_site_root (where index.php is), sp_site_config (what its settings stand in), sp_site_owner, sp_ps_version, sp_ps_admin (what the
# folder of its back office is called), sp_php; or sp_unfit_id and sp_unfit_why, and ends with 1.
sp_site_find() {
    sp_ps_version='' sp_ps_admin='' sp_ps_offices='' sp_ps_debug='' sp_ps_cached_prod='' sp_ps_cached_dev=''
    sp_user_find_root '' /public /public_html /htdocs /httpdocs /web /www /html /shop /store /prestashop &&
        sp_ps_find_version && sp_ps_find_settings && sp_ps_find_admin && sp_user_find_owner && sp_site_find_php && sp_user_find_rows
}

sp_site_is_at() { [ -f "$1/classes/PrestaShopAutoload.php" ] && [ -f "$1/config/defines.inc.php" ]; }

# sp_ps_written FILE: when, in seconds since 1970.
sp_ps_written() { stat -L -c %Y -- "$1" 2>/dev/null || echo 0; }

# 8 has a file for it, 1.7 says it among other things.
sp_ps_find_version() {
    local one
    for one in src/Core/Version.php app/AppKernel.php; do
        sp_ps_version=$(sp_user_text "$sp_site_root/$one" | sed -n "s/^ *\(public \)*const VERSION = '\([0-9][0-9.]*\)[^']*';.*/\2/p" | head -n 1) || :
        [ -z "$sp_ps_version" ] || break
    done
    case $sp_ps_version in
        1.7.[678].* | 8.*) ;;
        *) sp_site_unfit other-version "$sp_site_root is of a version of PrestaShop that is not known here (${sp_ps_version:-none is said in it}): 1.7.6 to 1.7.8 and 8 are." ;;
    esac
}

# The shop goes by a copy of its settings that it makes itself, as long as that is no older than they are.
sp_ps_find_settings() {
    local kind copy
    sp_site_config=$sp_site_root/app/config/parameters.php
    [ -f "$sp_site_config" ] || sp_site_unfit no-configuration "There is no $sp_site_config: this PrestaShop was not set up." || return 1
    for kind in prod dev; do
        copy=$sp_site_root/var/cache/$kind/appParameters.php
        [ -f "$copy" ] || continue
        [ "$(sp_ps_written "$copy")" -ge "$(sp_ps_written "$sp_site_config")" ] || continue
        sp_v=$(sp_user_text "$copy" | base64 | tr -d '\n') || sp_v=''
        case $kind in prod) sp_ps_cached_prod=$sp_v ;; *) sp_ps_cached_dev=$sp_v ;; esac
    done
    if sp_user_text "$sp_site_root/config/defines.inc.php" | grep -q "^ *define('_PS_MODE_DEV_', *true)"; then sp_ps_debug=1; fi
}

# Sets sp_ps_admin to what the folder of the back office is called; no setting says it.
sp_ps_find_admin() {
    local one name
    sp_ps_offices=''
    set +f
    set -- "$sp_site_root"/*/get-file-admin.php
    set -f
    for one; do
        one=${one%/get-file-admin.php}
        name=${one##*/}
        case $name in *[!A-Za-z0-9_.-]*) continue ;; esac
        if [ ! -f "$one/index.php" ] || [ ! -f "$one/init.php" ] || [ ! -d "$one/themes" ]; then continue; fi
        sp_ps_offices=$sp_ps_offices$name$sp_nl
    done
    case $sp_ps_offices in
        '' | *"$sp_nl"?*) ;;
        *) sp_ps_admin=${sp_ps_offices%"$sp_nl"} ;;
    esac
}

# Whether anybody could log in there: PrestaShop renames the folder at the first visit, and shows no login before, nor while the
# folder is there that it was set up from. What was made is ended whatever becomes of that.
sp_ps_has_login() {
    case $sp_ps_offices in
        '') sp_site_unfit no-back-office "There is no folder with a back office in $sp_site_root." ;;
        "admin$sp_nl") sp_site_unfit not-set-up "The folder of the back office is still called admin. Visit it once: PrestaShop gives it another name then, and lets nobody in before." ;;
        *"$sp_nl"?*) sp_site_unfit several-shops "There are several back offices in $sp_site_root: $(printf '%s' "$sp_ps_offices" | tr '\n' ' '). Which of them is meant cannot be told." ;;
        *) [ ! -d "$sp_site_root/install" ] || sp_site_unfit not-set-up "The folder $sp_site_root/install is still there, and PrestaShop shows no login as long as it is. Remove it." ;;
    esac
}

sp_site_find_php() { sp_user_find_php 70000 mysqli; }

sp_site_unclear() {
    case $1 in
        config-copy-differs) sp_site_unfit settings-unclear "The shop goes by a copy of its settings in $sp_site_root/var/cache, and that names another database than $sp_site_config. Look who changed it, and empty the cache." ;;
        *) sp_site_unfit settings-unclear "$sp_site_config does not say plainly where the database of the shop is ($1)." ;;
    esac
}
