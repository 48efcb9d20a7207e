#!/bin/sh
# shellcheck disable=SC3043
# A WordPress shop on the throw-away host, as its own set-up leaves it: MariaDB, PHP's own web server, and a merchant who is an
# administrator. Everything goes with the host.
#
# Run by host.sh on the host, as root: shop.sh PORT. Its last line on standard output is why there is no shop.
set -eu
# Nothing of who started the demo: their folders are not there.
PATH=/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/tmp HOME=/root
export PATH TMPDIR HOME
port=$1
shop=/var/www/shop data=/var/lib/shop-database

missing() {
    printf '%s\n' "$1"
    exit 1
}

# What it needs may be the machine's own, or what `make demo` lays over it.
for program in php mariadbd mariadb mariadb-install-db runuser setsid; do
    command -v "$program" >/dev/null || missing "there is no $program on this machine"
done
[ -f /usr/share/wordpress/wp-load.php ] || missing 'there is no WordPress in /usr/share/wordpress'
php -r 'exit(extension_loaded("mysqli") ? 0 : 1);' || missing 'PHP has no mysqli'

# again PROGRAM...: until it succeeds, half a minute at most.
again() {
    local tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || return 1
        sleep 0.1
    done
}

ask() { mariadb --no-defaults --socket=/run/mysqld/mysqld.sock -e "$1"; }

start_database() {
    useradd --system --no-create-home --shell /usr/sbin/nologin shop-db
    install -d -o shop-db -m 700 "$data"
    install -d -o shop-db -m 755 /run/mysqld
    mariadb-install-db --no-defaults --user=shop-db --datadir="$data" --skip-test-db \
        --innodb-log-file-size=8M >/dev/null 2>&1 || return 1
    setsid mariadbd --no-defaults --user=shop-db --datadir="$data" --socket=/run/mysqld/mysqld.sock \
        --pid-file=/run/mysqld/shop.pid --skip-networking --innodb-log-file-size=8M \
        --innodb-buffer-pool-size=32M --innodb-flush-log-at-trx-commit=0 >/dev/null 2>&1 </dev/null &
    again ask 'select 1' || return 1
    ask "create database shop; create user shop@localhost identified by '$1'; grant all on shop.* to shop@localhost"
}

# Two links of the package lead to what a shop without pictures does not need.
copy_wordpress() {
    cp -rL /usr/share/wordpress/. "$shop" 2>/dev/null || [ -f "$shop/wp-login.php" ] || return 1
    rm -f "$shop/wp-config.php" "$shop/.htaccess"
    mkdir -p "$shop/wp-content/uploads" "$shop/wp-content/plugins"
    (umask 077 && cat >"$shop/wp-config.php") <<CONFIG
<?php
define( 'DB_NAME', 'shop' );
define( 'DB_USER', 'shop' );
define( 'DB_PASSWORD', '$1' );
define( 'DB_HOST', 'localhost' );
foreach (array('AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE') as \$one) {
    define(\$one . '_KEY', hash('sha256', \$one . '$2'));
    define(\$one . '_SALT', hash('sha256', '$2' . \$one));
}
define( 'DISABLE_WP_CRON', true );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'WP_ENVIRONMENT_TYPE', 'staging' );
\$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) {
    define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
CONFIG
    chown -R deploy:deploy "$shop"
}

# The merchant's password is made here and told to nobody.
set_up() {
    runuser -u deploy -- php -- "staging.shop.test:$port" "$shop" <<'PHP'
<?php
$_SERVER['HTTP_HOST'] = $argv[1];
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
define('WP_INSTALLING', true);
define('WP_SITEURL', 'http://' . $argv[1]);
function wp_mail() { return true; }
require $argv[2] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Shop', 'merchant', 'merchant@shop.test', false, '', bin2hex(random_bytes(16)));
update_option('home', 'http://' . $argv[1]);
update_option('siteurl', 'http://' . $argv[1]);
PHP
}

start_web_server() {
    cd "$shop"
    PHP_CLI_SERVER_WORKERS=3 setsid runuser -u deploy -- php -S "127.0.0.1:$port" -t "$shop" >/dev/null 2>&1 </dev/null &
    # shellcheck disable=SC2016 # for PHP
    again php -r 'exit(@file_get_contents("http://127.0.0.1:$argv[1]/wp-includes/version.php") === false ? 1 : 0);' "$port"
    # What begins within some seconds of a grant counts as begun in it, and the owner of this shop shares his account soon.
    sleep 4
}

secret() { od -An -N 16 -tx1 /dev/urandom | tr -dc 0-9a-f; }

password=$(secret)
start_database "$password" || missing 'MariaDB did not start on the throw-away host'
copy_wordpress "$password" "$(secret)" || missing 'the files of WordPress could not be copied'
set_up >/dev/null 2>&1 || missing 'WordPress could not be set up on the throw-away host'
start_web_server || missing "PHP's web server did not start on the throw-away host"
