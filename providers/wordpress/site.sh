# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Where the shop is.

# Sets sp_site_root (where wp-load.php is), sp_site_config, sp_wp_layout (native, debian, bedrock), sp_site_owner, sp_wp_host, sp_wp_https,
# sp_php; or sp_unfit_id and sp_unfit_why, and ends with 1.
sp_site_find() {
    sp_unfit_id='' sp_unfit_why='' sp_site_root='' sp_site_config='' sp_wp_layout='' sp_site_owner='' sp_wp_host='' sp_wp_uri='' sp_wp_https=0 sp_php='' sp_wp_died=''
    [ -n "$sp_path" ] || sp_site_unfit no-shop-folder 'There is no shop folder, and which shop is meant is found by it.' || return 1
    [ -d "$sp_path" ] || sp_site_unfit no-such-path "There is no folder $sp_path." || return 1
    sp_wp_find_root && sp_wp_find_config && sp_wp_find_owner && sp_wp_find_php && sp_wp_find_host
}

sp_wp_find_root() {
    local one real found=''
    for one in '' /web/wp /wp /public /public_html /htdocs /web /www /wordpress /html; do
        if [ ! -f "$sp_path$one/wp-includes/version.php" ] || [ ! -f "$sp_path$one/wp-load.php" ]; then continue; fi
        real=$(cd -P -- "$sp_path$one" 2>/dev/null && pwd) || continue
        case "$sp_nl$found" in *"$sp_nl$real$sp_nl"*) ;; *) found=$found$real$sp_nl ;; esac
    done
    case $found in
        '') sp_site_unfit no-wordpress "There is no WordPress in $sp_path." ;;
        *"$sp_nl"?*) sp_site_unfit several-shops "There are several: $(printf '%s' "$found" | tr '\n' ' '). Name the folder of one of them as the shop folder." ;;
        *) sp_site_root=${found%"$sp_nl"} ;;
    esac
}

# As wp-load.php looks for it.
sp_wp_find_config() {
    local above="${sp_site_root%/*}"
    if [ -f "$sp_site_root/wp-config.php" ]; then
        sp_site_config=$sp_site_root/wp-config.php sp_wp_layout=native
    elif [ -f "$above/wp-config.php" ] && [ ! -f "$above/wp-settings.php" ]; then
        sp_site_config=$above/wp-config.php sp_wp_layout=native
    else
        sp_site_unfit no-configuration "There is no wp-config.php in $sp_site_root or above it: this WordPress was not set up." || return 1
    fi
    if grep -qsF '/etc/wordpress/config-' "$sp_site_config"; then
        sp_wp_find_debian
    elif [ -f "${above%/*}/config/application.php" ] && [ -f "${above%/*}/.env" ] && grep -qsF 'config/application.php' "$sp_site_config"; then
        sp_site_config=${above%/*}/.env sp_wp_layout=bedrock
    fi
}

# Debian: one program for every site of the server, with a file of settings for each.
sp_wp_find_debian() {
    set +f
    set -- /etc/wordpress/config-*.php
    set -f
    # Another site that came since is not the one of the grant.
    case $sp_rec_config in /etc/wordpress/config-?*.php) [ ! -f "$sp_rec_config" ] || set -- "$sp_rec_config" ;; esac
    [ -f "$1" ] || sp_site_unfit no-configuration "There is no /etc/wordpress/config-HOST.php: this WordPress was not set up." || return 1
    [ "$#" = 1 ] || sp_site_unfit several-shops "This WordPress serves several sites: $*. Which of them is meant cannot be told by its folder." || return 1
    sp_site_config=$1 sp_wp_layout=debian
    sp_wp_host=${1#/etc/wordpress/config-}
    sp_wp_host=${sp_wp_host%.php}
}

# Who owns the settings. Where that is root, who owns what the shop writes; that one has to be able to read them.
sp_wp_find_owner() {
    local one name content="$sp_site_root/wp-content"
    [ "$sp_wp_layout" != debian ] || content=/var/lib/wordpress/wp-content
    [ "$sp_wp_layout" != bedrock ] || content=${sp_site_config%/.env}/web/app
    for one in "$sp_site_config" "$content/uploads" "$content" "$sp_site_root"; do
        name=$(stat -L -c %U -- "$one" 2>/dev/null) || continue
        case $name in root | UNKNOWN | '' | *[!A-Za-z0-9_.-]*) continue ;; esac
        sp_php_fit "$name" || continue
        sp_php_as "$name" test -r "$sp_site_config" 2>/dev/null || continue
        sp_site_owner=$name
        return 0
    done
    sp_site_unfit owner-root "Everything of the shop is root's, or whoever owns it may not read $sp_site_config. The shop is never loaded as root: give that file to the account of the shop."
}

sp_wp_find_php() {
    local wanted
    sp_has base64 || sp_site_unfit no-base64 'This server has no base64 program. Install coreutils.' || return 1
    wanted=$(sed -n "s/^\\\$required_php_version = '\([0-9]*\)\.\([0-9]*\).*/\1 \2/p" "$sp_site_root/wp-includes/version.php" | head -n 1) || :
    case $wanted in [5-9]' '[0-9] | [5-9]' '[0-9][0-9]) wanted=$((${wanted% *} * 10000 + ${wanted#* } * 100)) ;; *) wanted=70000 ;; esac
    [ "$wanted" -ge 70000 ] || wanted=70000
    sp_php_find "$sp_site_owner" "$sp_site_root" "$wanted" mysqli pdo_sqlite ||
        sp_site_unfit no-php "$sp_site_owner can start no PHP for the command line of version $((wanted / 10000)).$((wanted / 100 % 100)) or later with mysqli. Install php-cli and php-mysql."
}

# Under which name the shop wants to be asked, of its database.
sp_wp_find_host() {
    local url
    sp_site_ask facts
    sp_wp_facts=$sp_php_said
    sp_site_hear
    sp_php_value siteurl
    url=$sp_v
    case $url in https://*) sp_wp_https=1 ;; esac
    url=${url#*://}
    # A network of sites tells them by the address as well.
    case $url in */*) sp_wp_uri=/${url#*/} ;; esac
    case $sp_wp_uri in *[!A-Za-z0-9/._~-]* | *..*) sp_wp_uri='' ;; esac
    url=${url%%/*}
    case $url in '' | *[!A-Za-z0-9.:-]*) ;; *) [ -n "$sp_wp_host" ] || sp_wp_host=$url ;; esac
    return 0
}
