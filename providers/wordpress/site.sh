# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Where the shop is.

# Sets sp_site_root (where wp-load.php is), sp_site_config, sp_wp_layout (native, debian, bedrock), sp_site_owner, sp_wp_host,
# sp_wp_https, sp_php; or sp_unfit_id and sp_unfit_why, and ends with 1.
sp_site_find() {
    sp_wp_layout='' sp_wp_host='' sp_wp_uri='' sp_wp_https=0 sp_wp_died=''
    sp_user_find_root '' /web/wp /wp /public /public_html /htdocs /web /www /wordpress /html && sp_wp_find_config && sp_wp_find_owner && sp_site_find_php && sp_wp_find_host
}

sp_site_is_at() { [ -f "$1/wp-includes/version.php" ] && [ -f "$1/wp-load.php" ]; }

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
    case ${sp_rec_config:-} in /etc/wordpress/config-?*.php) [ ! -f "$sp_rec_config" ] || set -- "$sp_rec_config" ;; esac
    [ -f "$1" ] || sp_site_unfit no-configuration "There is no /etc/wordpress/config-HOST.php: this WordPress was not set up." || return 1
    [ "$#" = 1 ] || sp_site_unfit several-shops "This WordPress serves several sites: $*. Which of them is meant cannot be told by its folder." || return 1
    sp_site_config=$1 sp_wp_layout=debian
    sp_wp_host=${1#/etc/wordpress/config-}
    sp_wp_host=${sp_wp_host%.php}
}

# Who owns the settings. Where that is root, who owns what the shop writes; that one has to be able to read them.
sp_wp_find_owner() {
    local content="$sp_site_root/wp-content"
    [ "$sp_wp_layout" != debian ] || content=/var/lib/wordpress/wp-content
    [ "$sp_wp_layout" != bedrock ] || content=${sp_site_config%/.env}/web/app
    sp_user_find_reader "$sp_site_config" "$content/uploads" "$content" "$sp_site_root"
}

sp_site_find_php() {
    local wanted
    ! sp_user_php_of_record || return 0
    wanted=$(sed -n "s/^\\\$required_php_version = '\([0-9]*\)\.\([0-9]*\).*/\1 \2/p" "$sp_site_root/wp-includes/version.php" | head -n 1) || :
    case $wanted in [5-9]' '[0-9] | [5-9]' '[0-9][0-9]) wanted=$((${wanted% *} * 10000 + ${wanted#* } * 100)) ;; *) wanted=70000 ;; esac
    [ "$wanted" -ge 70000 ] || wanted=70000
    set -- mysqli
    # A database of another kind may need no mysqli.
    ! sp_wp_has_drop_in || set -- mysqli pdo_sqlite
    sp_user_find_php "$wanted" "$@"
}

# Whether the shop has a file of its own for its database.
sp_wp_has_drop_in() {
    local content debian=''
    if [ -n "$sp_rec_content" ]; then
        [ -e "$sp_rec_content/db.php" ] || return 1
        return 0
    fi
    [ "$sp_wp_layout" != debian ] || debian=/var/lib/wordpress/wp-content
    for content in "$sp_site_root/wp-content" "${sp_site_root%/*}/app" $debian $(sed -n "s/^[^#]*'WP_CONTENT_DIR', *'\([A-Za-z0-9_./-]*\)'.*/\1/p" "$sp_site_config" 2>/dev/null | head -n 1); do
        [ ! -e "$content/db.php" ] || return 0
    done
    return 1
}

# Under which name the shop wants to be asked, of its database. Where the shop is not loaded nobody asks for it.
sp_wp_find_host() {
    local url
    [ "${sp_wp_rows:-0}" = 0 ] || return 0
    sp_user_ask_first || return 1
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
