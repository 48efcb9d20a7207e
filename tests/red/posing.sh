#!/bin/sh
# As whoever has the shop's server or its files (a careless or an interested merchant, a supporter with an earlier grant, a hoster):
# a WordPress in /var/www/shop in which customers buy is made to look like a staging copy, one way a call.
#
#     posing sells | answers | ATTEMPT | undo
#
# `sells` makes it a shop with an order of today, paid with MultiSafepay; `answers` one that its web server serves as www.acme.nl.
# `undo` takes back whatever an attempt did since.

# shellcheck disable=SC1003,SC2016,SC3043
set -eu
at=/var/www/shop kept=/root/posing site=/etc/apache2/sites-enabled/shop.conf

sql() { mariadb -N "${2:-shop}" -e "$1"; }

# order PREFIX NUMBER STATUS WHEN METHOD
order() {
    sql "insert into $1posts (ID, post_author, post_date, post_date_gmt, post_modified, post_modified_gmt, post_content, post_title, post_excerpt,
            post_status, post_name, to_ping, pinged, post_content_filtered, post_type)
        values ($2, 1, $4, $4, $4, $4, '', 'Order', '', '$3', 'order-$2', '', '', '', 'shop_order');
        insert into $1postmeta (post_id, meta_key, meta_value) values ($2, '_payment_method', '$5')"
}

# option PREFIX NAME VALUE: as SQL has it.
option() { sql "replace into $1options (option_name, option_value, autoload) values ('$2', $3, 'no')"; }

# buys PREFIX: a customer, by MultiSafepay, an hour ago.
buys() {
    option "$1" woocommerce_multisafepay_ideal_settings "'a:1:{s:7:\"enabled\";s:3:\"yes\";}'"
    option "$1" multisafepay_testmode "'no'"
    order "$1" 4711 wc-processing 'utc_timestamp() - interval 1 hour' multisafepay_ideal
}

# beside PREFIX: the tables of another shop in the same database.
beside() {
    local one
    for one in options posts postmeta; do sql "create table $1$one like wp_$one"; done
    sql "insert into $1options (option_name, option_value, autoload) values ('home', 'https://shop.acme.nl', 'no'), ('siteurl', 'https://shop.acme.nl', 'no')"
}

keep() {
    mkdir -p "$kept"
    mariadb-dump shop >"$kept/shop.sql"
    cp -p "$at/wp-config.php" "$site" "$kept/"
}

plugin() {
    mkdir -p "$at/wp-content/mu-plugins"
    printf '<?php\n%s\n' "$1" >"$at/wp-content/mu-plugins/posing.php"
    chown -R www-data: "$at/wp-content/mu-plugins"
}

# names LINE...: what the site is called, in the web server's settings.
names() {
    awk -v names="$(printf '%s\n' "$@")" '/ServerName/ { print names; next } { print }' "$kept/shop.conf" >"$site"
}

case $1 in
    sells)
        buys wp_
        keep
        ;;
    answers)
        sed -i 's/^ *ServerName .*/ServerName www.acme.nl/' "$site"
        keep
        ;;
    undo)
        mariadb -e 'drop database shop; create database shop'
        mariadb shop <"$kept/shop.sql"
        cp -p "$kept/wp-config.php" "$at/"
        cp -p "$kept/shop.conf" "$site"
        rm -rf "$at/wp-content/mu-plugins" "$at/wp-content/object-cache.php" /etc/nginx/conf.d/posing.conf
        ;;

    # ---- what is said beside it
    says-development) sed -i "s/'WP_ENVIRONMENT_TYPE', *'[a-z]*'/'WP_ENVIRONMENT_TYPE', 'development'/" "$at/wp-config.php" ;;
    robots)
        option wp_ blog_public "'0'"
        option wp_ woocommerce_coming_soon "'yes'"
        printf 'User-agent: *\nDisallow: /\n' >"$at/robots.txt"
        ;;
    mail-is-off)
        option wp_ active_plugins "'a:1:{i:0;s:34:\"disable-emails/disable-emails.php\";}'"
        ;;

    # ---- orders that stand before it
    by-bank) order wp_ 4712 wc-completed 'utc_timestamp()' bacs ;;
    without-a-way) order wp_ 4712 wc-completed 'utc_timestamp()' '' ;;
    in-a-year) order wp_ 4712 wc-completed 'utc_timestamp() + interval 1 year' bacs ;;
    old-number) order wp_ 4712 wc-completed "'2019-01-01 10:00:00'" multisafepay_ideal ;;
    own-state) sql "update wp_posts set post_status = 'wc-shipped' where ID = 4711" ;;
    other-tables)
        sql "delete from wp_posts where ID = 4711; create table wp_wc_orders (id bigint, status varchar(20), type varchar(20), payment_method varchar(100), date_created_gmt datetime);
            insert into wp_wc_orders values (4711, 'wc-processing', 'shop_order', 'multisafepay_ideal', utc_timestamp() - interval 1 hour)"
        ;;

    # ---- a switch that nobody can read
    empty) option wp_ multisafepay_testmode "''" ;;
    spaced) option wp_ multisafepay_testmode "'  NO\t'" ;;
    no-utf-8) option wp_ multisafepay_testmode "convert(unhex('6e6ffffe') using latin1)" ;;
    another-word) option wp_ multisafepay_testmode "'yes no'" ;;
    zero-width) option wp_ multisafepay_testmode "convert(unhex('e2808b796573') using utf8mb4)" ;;
    huge) option wp_ multisafepay_testmode "repeat('yes ', 200000)" ;;
    huge-settings) option wp_ woocommerce_multisafepay_ideal_settings "concat('a:2:{s:5:\"title\";s:900000:\"', repeat('x', 900000), '\";s:7:\"enabled\";s:3:\"yes\";}')" ;;
    broken-settings) option wp_ woocommerce_multisafepay_ideal_settings "'a:9:{s:7:\"enabled\";s:3:\"yes\";'" ;;
    another-in-test)
        option wp_ woocommerce_stripe_settings "'a:2:{s:7:\"enabled\";s:3:\"yes\";s:8:\"testmode\";s:3:\"yes\";}'"
        option wp_ multisafepay_testmode "'?'"
        ;;
    off-for-a-moment) option wp_ woocommerce_multisafepay_ideal_settings "'a:1:{s:7:\"enabled\";s:2:\"no\";}'" ;;

    # ---- programs in the shop
    dies) plugin 'throw new Exception("no");' ;;
    exits) plugin 'exit(0);' ;;
    ends-it-well) plugin 'if (class_exists("Stagepass", false)) { Stagepass::say("home", "http://staging.example"); Stagepass::finish(0); exit(0); }' ;;
    sets-test-mode) plugin 'add_filter("pre_option_multisafepay_testmode", function () { return "yes"; });' ;;
    hides-orders) plugin 'add_filter("query", function ($q) { return strpos($q, "shop_order") !== false ? "SELECT 1 FROM wp_posts WHERE 1 = 0" : $q; });' ;;

    # ---- settings
    not-readable) chmod 000 "$at/wp-config.php" ;;
    of-a-supporter) useradd -m supporter && chown supporter "$at/wp-config.php" && chmod 644 "$at/wp-config.php" ;;
    not-plain) sed -i "s/^\$table_prefix.*/if (true) { \$table_prefix = 'wp_'; }/" "$at/wp-config.php" ;;
    another-shop)
        # The copy is what the settings name; the live shop is beside it.
        sql 'delete from wp_posts where ID = 4711; delete from wp_options where option_name like "%multisafepay%"'
        beside live_
        buys live_
        ;;
    second-site)
        sql 'delete from wp_posts where ID = 4711; delete from wp_options where option_name like "%multisafepay%"'
        beside wp_2_
        buys wp_2_
        ;;

    # ---- names
    as-an-alias) names 'ServerName staging.acme.nl' 'ServerAlias test.acme.nl www.acme.nl' ;;
    in-the-next-line) names 'ServerName staging.acme.nl' 'ServerAlias test.acme.nl \' '    dev.acme.nl \' '    www.acme.nl' ;;
    in-quotes) names 'ServerName "staging.acme.nl"' 'ServerAlias "www.acme.nl"' ;;
    with-a-port) names 'ServerName https://WWW.Acme.nl:443' ;;
    everything) names 'ServerName staging.acme.nl' 'ServerAlias *.acme.nl' ;;
    the-last-of-many) names 'ServerName staging.acme.nl' "$(seq -f 'ServerAlias shop%g.staging.acme.nl' 400)" 'ServerAlias www.acme.nl' ;;
    of-nginx)
        names 'ServerName staging.acme.nl'
        mkdir -p /etc/nginx/conf.d
        printf 'server {\n  listen 80;\n  server_name staging.acme.nl\n      test.acme.nl # as before\n      "www.acme.nl";\n  root %s;\n}\n' "$at" >/etc/nginx/conf.d/posing.conf
        ;;
    *)
        echo "posing: there is no $1" >&2
        exit 2
        ;;
esac
