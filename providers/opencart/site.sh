# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Where the shop is.

# Sets sp_site_root (where index.php is), sp_site_config (the settings of its administration, whatever that folder is called),
# sp_site_owner, sp_oc_version, sp_oc_engine (where it keeps its sessions), sp_php; or sp_unfit_id and sp_unfit_why, and ends with 1.
sp_site_find() {
    sp_oc_version='' sp_oc_engine=''
    sp_user_find_root '' /upload /public /public_html /htdocs /httpdocs /web /www /html /shop /store /opencart &&
        sp_oc_find_version && sp_oc_find_admin && sp_user_find_owner && sp_site_find_php && sp_oc_find_engine && sp_user_find_rows
}

sp_site_is_at() { [ -f "$1/system/startup.php" ] && [ -f "$1/system/engine/registry.php" ] && [ -d "$1/catalog/controller" ]; }

sp_oc_find_version() {
    sp_oc_version=$(sp_user_text "$sp_site_root/index.php" | sed -n "s/^ *define('VERSION', *'\([0-9][0-9.]*\)[^']*').*/\1/p" | head -n 1) || :
    case $sp_oc_version in
        3.0.* | 4.*) ;;
        *) sp_site_unfit other-version "$sp_site_root is of a version of OpenCart that is not known here (${sp_oc_version:-none is said in its index.php}): 3.0 and 4 are." ;;
    esac
}

# The folder of the administration is called `admin` or, as OpenCart asks merchants to, something else.
sp_oc_find_admin() {
    local one found='' name
    set +f
    set -- "$sp_site_root"/*/controller/common/login.php
    set -f
    for one; do
        one=${one%/controller/common/login.php}
        name=${one##*/}
        case $name in *[!A-Za-z0-9_.-]*) continue ;; esac
        # A folder that was left behind, or is not of this administration, is named by no settings.
        sp_user_text "$one/config.php" | grep -q "DIR_APPLICATION'.*[/']$name/'" || continue
        found=$found$one$sp_nl
    done
    case $found in
        '') sp_site_unfit no-configuration "There is no folder with an administration and its config.php in $sp_site_root: this OpenCart was not set up." ;;
        *"$sp_nl"?*) sp_site_unfit several-shops "There are several administrations: $(printf '%s' "$found" | tr '\n' ' '). Which of them is meant cannot be told." ;;
        *) sp_site_config=${found%"$sp_nl"}/config.php ;;
    esac
}

sp_site_find_php() { sp_user_find_php 70000 mysqli; }

# Sets sp_oc_engine to where the shop keeps the sessions of its administration: the later of these files counts.
sp_oc_find_engine() {
    local one found
    for one in "$sp_site_root/system/config/default.php" "$sp_site_root/system/config/admin.php"; do
        found=$(sp_user_text "$one" | sed -n "s/^ *\$_\['session_engine'\] *= *'\([a-z]*\)'.*/\1/p" | tail -n 1) || :
        [ -z "$found" ] || sp_oc_engine=$found
    done
    # In the database since 3.0.
    sp_oc_engine=${sp_oc_engine:-db}
}
