# The cases of magento. Read by run.sh; needs what it defines, and what wordpress.sh defines of databases.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154
#
# On a host of its own with the PHP, MariaDB and Apache of the suite, and real shops that somebody set up: STAGEPASS_SHOP_MAGENTO names
# their folders, with `:` between them, and each has a dump of its database beside it (`FOLDER.sql`). Both are copied, and nothing is
# written to them. Logins are made by curl through the form, as a browser does. `make test-shops` runs it, and docs/shops.md says how
# that went.

magento() {
    local shop
    if [ -z "${STAGEPASS_SHOP_MAGENTO:-}" ]; then
        printf '%s\n' 'magento: NOT RUN: STAGEPASS_SHOP_MAGENTO names no shop'
        return 0
    fi
    while IFS= read -r -d : shop; do
        [ -z "$shop" ] || mg_shop "$shop"
    done <<<"$STAGEPASS_SHOP_MAGENTO:"
}

# Without a shop, and without PHP: what needs none. `make test` runs it.
magento_nowhere() {
    local was_account=$account was_grant=$grant verb tree
    about="Magento nowhere" account=sp-anna grant=k3v9q2m7xao login=root
    mg_hash=$mg_other_hash
    mg detect path=/etc
    finishes
    says supported=false reason_id=no-magento path_exists=true path_now=/etc
    mg detect path=
    says supported=false reason_id=no-shop-folder
    mg detect path=/srv/nowhere
    says supported=false reason_id=no-such-path
    mg open path=/etc
    refuses no-magento
    mg open path=/etc not_after=1
    refuses too-late
    mg open path=/etc account='Anna x'
    refuses bad-account
    mg check path=/etc
    finishes
    says recorded=false failsafe_present=false reason_id=no-magento
    mg update path=/etc
    refuses record-missing
    mg marks path=/etc
    finishes
    same 'there are no marks' stagepass=1 "$out"
    mg close path=/etc "not_after=$(($(date +%s) + 120))"
    finishes
    says already_absent=true absent=true late_open_refused=true result_kept=false platform=magento
    mg open path=/etc
    refuses too-late
    rm -f "$root/var/lib/stagepass/ended.$grant"
    mg collected path=/etc
    finishes
    says result_kept=false
    closes_at_its_deadline magento "$mg_hash"
    # What a folder looks like in which Magento was not set up, and so on.
    tree=$root/srv/mg
    mkdir -p "$tree/app/etc" "$tree/bin" "$tree/pub" "$tree/var/cache"
    touch "$tree/app/etc/di.xml" "$tree/app/bootstrap.php" "$tree/bin/magento" "$tree/pub/get.php"
    for verb in detect open; do
        mg "$verb" path=/srv/mg
        says reason_id=no-configuration
        # What the web server serves is one below.
        mg "$verb" path=/srv/mg/pub
        says reason_id=no-configuration
        printf '<?php return [];\n' >"$tree/app/etc/env.php"
        mg "$verb" path=/srv/mg
        says reason_id=other-version
        mg_lock magento/product-community-edition 2.2.11 >"$tree/composer.lock"
        mg "$verb" path=/srv/mg
        says reason_id=other-version
        mg_lock mage-os/product-community-edition 1.0.5 >"$tree/composer.lock"
        mg "$verb" path=/srv/mg
        says reason_id=owner-root
        mg_lock magento/product-enterprise-edition 2.4.7-p3 >"$tree/composer.lock"
        # Whoever owns what the shop writes, and can read its settings.
        chown 33 "$tree/var/cache"
        mg "$verb" path=/srv/mg
        says reason_id=no-php
        chmod 600 "$tree/app/etc/env.php"
        mg "$verb" path=/srv/mg
        says reason_id=owner-root
        chmod 644 "$tree/app/etc/env.php"
        chown 0 "$tree/var/cache"
        cp -r "$tree" "$root/srv/copy"
        mv "$root/srv/copy" "$tree/shop"
        mg "$verb" path=/srv/mg
        says reason_id=several-shops
        rm -r "$tree/shop"
        # A pipe without end is not read without end.
        rm "$tree/composer.lock"
        mkfifo "$tree/composer.lock"
        mg "$verb" path=/srv/mg
        says reason_id=other-version
        rm "$tree/composer.lock" "$tree/app/etc/env.php"
    done
    rm -r "$tree"
    want 'nothing was left' eval '! ls -A "$root/var/lib/stagepass" | grep -v last-uid'
    account=$was_account grant=$was_grant
}

# What its settings say, read as text by a real PHP; the database that they name does not answer. `make test` runs it, too.
magento_settings() {
    local was_suite=$suite was_root=$root was_account=$account was_grant=$grant tree one=0 of expected text
    suite=${suite%%-*}-shop root=$tmp/${suite%%-*}-shop/root account=sp-anna login=root grant=k3v9q2m7xao
    mg_hash=$mg_other_hash
    start "$suite" size=256m
    about="Magento's settings, read by PHP $(on php -r 'echo PHP_VERSION;')"
    tree=$root/srv/shop
    mkdir -p "$tree/app/etc" "$tree/bin"
    touch "$tree/app/etc/di.xml" "$tree/app/etc/env.php" "$tree/app/bootstrap.php" "$tree/bin/magento"
    mg_lock magento/product-community-edition 2.4.6 >"$tree/composer.lock"
    chown -R 33:33 "$tree"
    of="'host' => '127.0.0.1:1', 'dbname' => 'x', 'username' => 'x', 'password' => 'a\\'b'"
    while IFS='|' read -r expected text; do
        [ -n "$expected" ] || continue
        printf '%s\n' "$text" | sed "s/OF/$(sed 's/[\\&/]/\\&/g' <<<"$of")/" >"$tree/app/etc/env.php"
        mg detect
        says supported=false "reason_id=$expected"
        [[ $out == *"reason_id=$expected"* ]] || printf '    | of %s\n' "$text"
        one=$((one + 1))
    done <<'SETTINGS'
database-unread|<?php return ['db' => ['connection' => ['default' => [OF]]]];
database-unread|<?php declare(strict_types=1); return array('db' => array('table_prefix' => 'mg_', 'connection' => array('default' => array(OF, 'driver_options' => array(1014 => false), 'model' => 'mysql4'))), 'x' => -1, 'y' => null, 'z' => [1.5, true],);
database-unread|<?php return ['cache' => ['id' => getenv('X') ?: 'a', PDO::ATTR_CASE => [1], 'f' => function ($x) { return [$x, 2]; }], 'db' => ['connection' => ['default' => [OF]]]];
database-unread|<?php return ['db' => ['connection' => ['default' => ['host' => '/nowhere.sock', 'dbname' => 'x', 'username' => 'x', 'password' => '']]]];
database-unread|<?php return ['db' => ['connection' => ['default' => [OF, 'unix_socket' => '/nowhere.sock']]]];
database-unread|<?php return ['db' => ['connection' => ['default' => ['dbname' => getenv('X'), OF]]]];
settings-unclear|<?php return ['db' => ['connection' => ['default' => [OF, 'dbname' => getenv('X')]]]];
settings-unclear|<?php return ['db' => ['connection' => ['default' => [OF, 'dbname' => 'a' . 'b']]]];
settings-unclear|<?php return ['db' => ['connection' => ['default' => [OF, 'dbname' => "a$b"]]]];
settings-unclear|<?php return ['db' => ['connection' => ['default' => [OF, X => 'y']]]];
settings-unclear|<?php return ['db' => ['connection' => ['default' => [OF, ...$more]]]];
settings-unclear|<?php return ['db' => ['connection' => ['default' => [OF]], 'table_prefix' => 'a`b']];
settings-unclear|<?php return ['db' => ['connection' => ['default' => [OF, 'port' => 'x']]]];
settings-unclear|<?php return ['db' => ['connection' => ['default' => [OF]]]] + ['db' => []];
settings-unclear|<?php return array_merge(['db' => ['connection' => ['default' => [OF]]]], []);
settings-unclear|<?php include 'other.php'; return ['db' => ['connection' => ['default' => [OF]]]];
settings-unclear|<?php return ['db' => ['connection' => ['default' => [OF]]]
settings-unclear|<?php return ['db' => []];
settings-unclear|<?php return 1;
settings-unclear|no PHP at all
other-database|<?php return ['db' => ['connection' => ['default' => [OF, 'model' => 'pgsql']]]];
other-database|<?php return ['db' => ['connection' => ['default' => [OF, 'driver_options' => [1009 => '/etc/ca.pem']]]]];
other-database|<?php return ['db' => ['connection' => ['default' => [OF, 'driver_options' => [PDO::MYSQL_ATTR_SSL_CA => '/etc/ca.pem']]]]];
other-database|<?php return ['db' => ['connection' => ['default' => [OF, 'driver_options' => options()]]]];
SETTINGS
    want 'all of them were tried' test "$one" = 24
    : >"$tree/app/etc/env.php"
    mg open
    refuses settings-unclear
    want 'nothing was left' eval '! ls -A "$root/var/lib/stagepass" | grep -v last-uid'
    halt "$suite"
    suite=$was_suite root=$was_root account=$was_account grant=$was_grant
}

mg_other_hash='$sha256$saltsaltsaltsaltsaltsaltsaltsalt$ab4f63f9ac65152575886860dde480a1a1cf8e7a3c3ad9a5fb5fa0c6f9d5b6c1'
mg_lock() { printf '{\n    "packages": [\n        {\n            "name": "a/b",\n            "version": "1.2.3"\n        },\n        {\n            "name": "%s",\n            "version": "%s",\n            "dist": {}\n        }\n    ]\n}\n' "$1" "$2"; }

# mg_shop FOLDER: all of it, with that shop.
mg_shop() {
    local was_suite=$suite was_root=$root was_account=$account was_grant=$grant one from=$SECONDS failed_before=$failed passed_before=$passed
    suite=${suite%%-*}-shops root=$tmp/${suite%%-*}-shops/root account=sp-anna login=root
    grant=k3v9q2m7xao
    start "$suite" size=3g
    mg_set_up "$1"
    for one in ${STAGEPASS_TEST_MAGENTO:-detects whole_life pages twice tells_marks refuses compares other_keys keeps_secrets ends_in_shop second_factor breaks read_only ends_by_itself cut_off}; do
        about="Magento $mg_version $one"
        "mg_$one"
    done
    halt "$suite"
    mkdir -p "$repo/target/shops"
    printf '%s\t' Magento "$mg_version" "${suite%%-*}" "$mg_php" "$mg_database" "$((passed - passed_before))" "$((failed - failed_before))" "$((SECONDS - from))" "$mg_times" "$(date -u +%F)" >>"$repo/target/shops/results"
    echo >>"$repo/target/shops/results"
    # Which pages it opened, by the version.
    printf '%s\n' "$mg_table" >"$repo/target/shops/pages.magento.$mg_version"
    suite=$was_suite root=$was_root account=$was_account grant=$was_grant
}

# ---- the shop ------------------------------------------------------------------------------------

# mg VERB name=value...: as `verb`, without the way over SSH.
mg() {
    script magento "$1" path=/srv/shop "password=$mg_hash" has_password=1 "${@:2}" >"$tmp/script"
    # shellcheck disable=SC2086
    out=$(on timeout -s KILL 180 ${shell:-/bin/sh} -s <"$tmp/script" 2>"$tmp/err")
    code=$?
    out=$(unframed <<<"$out")
    declared magento "$1"
}
mg_sql() { on mariadb -N -e "$1" "$mg_db"; }
# mg_env KEY...: what the settings say.
mg_env() { on php -r '$at = include "/srv/shop/app/etc/env.php"; foreach (array_slice($argv, 1) as $key) { $at = $at[$key]; } echo $at;' "$@"; }

mg_set_up() {
    local one
    about="Magento in $1: set up"
    claim_port
    mg_port=$claimed mg_times='' mg_table=''
    mg_secret=Kq7mNz2xPw4vRt8sLb3c
    mkdir -p "$root/srv/shop"
    cp -a "$1/." "$root/srv/shop"
    rm -rf "$root"/srv/shop/var/{cache,page_cache,log,session}
    # Without the second factor, which is a case of its own.
    sed -i "s/\('Magento_\(AdminAdobeIms\)\?TwoFactorAuth' => \)1/\10/" "$root/srv/shop/app/etc/config.php"
    chown -R 33:33 "$root/srv/shop"
    mg_version=$(sed -n '/"name": "\(magento\|mage-os\)\/product-[a-z]*-edition"/,/"version"/s/.*"version": "\(.*\)".*/\1/p' "$root/srv/shop/composer.lock")
    mg_php=$(on php -r 'echo PHP_VERSION;')
    mg_db=$(mg_env db connection default dbname) mg_db_secret=$(mg_env db connection default password) mg_prefix=$(mg_env db table_prefix) mg_front=$(mg_env backend frontName)
    wp_database_starts
    mg_database=$(on mariadb -N -e 'select version()')
    one=$(mg_env db connection default username)
    on mariadb -e "create database \`$mg_db\`; create user '$one'@localhost identified by '$mg_db_secret'; grant all on \`$mg_db\`.* to '$one'@localhost"
    on mariadb "$mg_db" <"$1.sql"
    # A merchant whose password is known here; pages are asked for by their names, without the key that the shop puts into each address.
    mg_sql "update ${mg_prefix}admin_user set username='merchant', password=concat(sha2(concat('salt', 'merchants-Pw1'), 256), ':salt:1'), is_active=1, email='merchant@example.org' where user_id=1"
    mg_sql "delete from ${mg_prefix}core_config_data where path in ('web/unsecure/base_url', 'web/secure/base_url', 'admin/security/use_form_key', 'web/seo/use_rewrites')"
    mg_sql "insert into ${mg_prefix}core_config_data (scope, scope_id, path, value) values ('default', 0, 'web/unsecure/base_url', 'http://magento.test:$mg_port/'), ('default', 0, 'admin/security/use_form_key', '0'), ('default', 0, 'web/seo/use_rewrites', '1')"
    rm -f "$root"/etc/apache2/sites-enabled/*
    printf 'Listen 127.0.0.1:%s\n' "$mg_port" >"$root/etc/apache2/ports.conf"
    printf '<VirtualHost *:%s>\n ServerName magento.test\n DocumentRoot /srv/shop/pub\n <Directory /srv/shop/pub>\n  Options FollowSymLinks\n  AllowOverride All\n  Require all granted\n </Directory>\n</VirtualHost>\n' "$mg_port" >"$root/etc/apache2/sites-enabled/shop.conf"
    on a2enmod -q rewrite >/dev/null
    want 'Apache starts' on apache2ctl start
    mg_hash=$(mg_salted "$mg_secret")
    # What a shop writes about itself at the first visit of its administration is none of ours.
    want 'the merchant gets in' mg_enters merchant merchants-Pw1
    mg_page sales/order >/dev/null
    mg_page admin/system_config/edit/section/payment >/dev/null
}
mg_salted() { on php -r '$s = "saltsaltsaltsaltsaltsaltsaltsalt"; echo "\$sha256\$$s\$", hash("sha256", $s . trim(fgets(STDIN)));' <<<"$1"; }

# mg_ask [CURL OPTION...] ADDRESS: the status of the answer, which is left in $tmp/page.
mg_ask() { curl -s -m 90 -o "$tmp/page" -w '%{http_code}' -D "$tmp/head" -H "Host: magento.test:$mg_port" "${@:1:$#-1}" "http://127.0.0.1:$mg_port${*: -1}"; }

# mg_enters [USER [PASSWORD]]: logs in through the form, keeps the cookies in $tmp/jar or $mg_jar. The password is told by standard
# input.
mg_enters() {
    local jar=${mg_jar:-$tmp/jar} key
    rm -f "$jar"
    mg_ask -c "$jar" "/$mg_front/" >/dev/null
    key=$(grep -o 'name="form_key"[^>]*value="[^"]*' "$tmp/page" | head -n 1 | sed 's/.*value="//')
    printf 'data-urlencode = "login[password]=%s"' "${2:-$mg_secret}" | mg_ask -K - -c "$jar" -b "$jar" --data-urlencode "form_key=$key" --data-urlencode "login[username]=${1:-$account}" "/$mg_front/" >/dev/null
    test_value open mg_page admin/dashboard
}
# mg_page ROUTE: what a page of the administration is with these cookies: open, denied, login, or a status.
mg_page() {
    local jar=${mg_jar:-$tmp/jar} status
    status=$(mg_ask -b "$jar" -c "$jar" "/$mg_front/$1/")
    if grep -qF 'name="login[password]"' "$tmp/page"; then
        echo login
    elif [ "$status" = 403 ] || { [ "$status" = 302 ] && [[ $1 == */section/* ]] && grep -qi '^location:.*/system_config/' "$tmp/head"; }; then
        # Who may not see these settings is led to those that he may.
        echo denied
    elif [ "$status" = 200 ]; then
        echo open
    else
        echo "$status"
    fi
}
mg_is_in() { test_value open mg_page sales/order; }
mg_is_out() { test_value login mg_page sales/order; }
mg_cannot_enter() { ! mg_jar=$tmp/jar.refused mg_enters "$@"; }

# Every row but what the shop itself keeps moving: when its own jobs ran, sessions and logins of the merchant, and when he was there.
mg_rows() {
    on mariadb-dump --skip-comments --skip-extended-insert --skip-add-locks --order-by-primary "$mg_db" | sed -e 's/ AUTO_INCREMENT=[0-9]*//' |
        awk -v p="$mg_prefix" '
            index($0, "INSERT INTO `" p "admin_user_session`") == 1 && $0 ~ /VALUES \([0-9]+,NULL,1,/ { next }
            index($0, "INSERT INTO `" p "admin_user`") == 1 && $0 ~ /VALUES \(1,/ { next }
            index($0, "INSERT INTO `" p "admin_passwords`") == 1 && $0 ~ /VALUES \([0-9]+,1,/ { next }
            index($0, "INSERT INTO `" p "ui_bookmark`") == 1 && $0 ~ /VALUES \([0-9]+,1,/ { next }
            index($0, "INSERT INTO `" p "captcha_log`") == 1 && $0 ~ /127.0.0.1/ { next }
            index($0, "INSERT INTO `" p "flag`") == 1 || index($0, "INSERT INTO `" p "cron_schedule`") == 1 || index($0, "INSERT INTO `" p "admin_system_messages`") == 1 { next }
            { print }'
}
mg_files() {
    (
        cd "$root" || exit
        find srv etc \( -path srv/shop/var -o -path srv/shop/generated -o -path srv/shop/pub/static -o -path srv/shop/vendor \) -prune -o ! -type d -printf '%p %y %m %U:%G %s %T@\n' | sort
        find srv/shop/app etc -type f -exec cksum {} + | sort
        find srv/shop ! -uid 33 | sort
        find var/lib/stagepass -mindepth 1 ! -name 'result.*' ! -name last-uid -printf '%p\n' | sort
    ) | grep -v -e 'etc/apache2' -e 'mysql'
}
mg_state() {
    mg_files
    mg_rows
}

# ---- the whole life ------------------------------------------------------------------------------

mg_detects() {
    local before settings=$root/srv/shop/app/etc/env.php config=$root/srv/shop/app/etc/config.php
    before=$(mg_state)
    mg_config stores 1 web/unsecure/base_url https://acc.example.org/shop/
    mg_config default 0 web/secure/base_url '{{unsecure_base_url}}'
    mg_config default 0 design/search_engine_robots/default_robots NOINDEX,NOFOLLOW
    mg_config default 0 system/smtp/disable 1
    mg_config default 0 multisafepay/general/mode 1
    mg_config stores 1 multisafepay/general/mode 0
    mg_config default 0 payment/multisafepay_ideal/active 1
    mg_config default 0 payment/mollie_general/type test
    mg_config default 0 payment/mollie_general/enabled 0
    mg_config default 0 paypal/wpp/sandbox_flag 1
    mg_sql "insert into ${mg_prefix}sales_order (entity_id, state, created_at) values (1, 'complete', '2025-11-20 10:30:00'), (2, 'new', '2025-12-20 10:30:00')"
    mg_sql "insert into ${mg_prefix}sales_order_payment (parent_id, method) values (1, 'multisafepay_ideal'), (2, 'checkmo')"
    touch "$root/srv/shop/var/.maintenance.flag"
    mg detect
    finishes
    says supported=true platform=magento layout=magento "version=$mg_version" shop_root=/srv/shop config_file=/srv/shop/app/etc/env.php owner=www-data direct=true scheme=salted-sha256 \
        expiry=shop second_factor=false "login_url=http://magento.test:$mg_port/$mg_front/" "admin_url=http://magento.test:$mg_port/$mg_front/" "home=http://magento.test:$mg_port/" \
        "signal=host	magento.test	web/unsecure/base_url" "signal=host	acc.example.org	web/unsecure/base_url@stores_1" "signal=noindex	yes	design/search_engine_robots/default_robots" \
        "signal=mail	off	system/smtp/disable" "signal=coming-soon	yes	var/.maintenance.flag" \
        "signal=payment-test	no	multisafepay/general/mode" "signal=payment-test	yes	multisafepay/general/mode@stores_1" "signal=newest-paid-order	1763634600	multisafepay_ideal"
    deny 'what is switched off is not told' grep -q 'signal=payment-test.*mollie' <<<"$out"
    deny 'nor a test that nobody switched on' grep -q 'signal=payment-test.*paypal' <<<"$out"
    deny 'what is no address is none' grep -q 'base_url}}' <<<"$out"
    # What is locked in the settings wins.
    cp -p "$settings" "$tmp/env" && cp -p "$config" "$tmp/config"
    sed -i "s#^return \[#return [ 'system' => ['default' => ['web' => ['unsecure' => ['base_url' => 'http://locked.example.org/']], 'admin' => ['url' => ['use_custom_path' => '1', 'custom_path' => 'desk']]], 'stores' => ['second' => ['web' => ['unsecure' => ['base_url' => 'http://second.example.org/']]]]],#" "$settings"
    mg detect
    says "login_url=http://locked.example.org/desk/" home=http://locked.example.org/ "signal=host	locked.example.org	web/unsecure/base_url@env.php_default" \
        "signal=host	second.example.org	web/unsecure/base_url@env.php_stores/second"
    cp -p "$tmp/env" "$settings"
    sed -i "s/'MAGE_MODE' => '[a-z]*'/'MAGE_MODE' => 'developer'/" "$settings"
    mg_config default 0 web/seo/use_rewrites 0
    mg_config default 0 web/secure/use_in_adminhtml 1
    mg_config default 0 web/secure/base_url 'https://magento.test/'
    mg detect
    says "signal=debug	yes	MAGE_MODE" mode=developer "login_url=https://magento.test/index.php/$mg_front/"
    mg_config default 0 admin/url/use_custom 1
    mg_config default 0 admin/url/custom 'https://office.example.org/'
    mg detect
    says "login_url=https://office.example.org/index.php/$mg_front/" "signal=host	office.example.org	admin/url/custom"
    cp -p "$tmp/env" "$settings"
    rm "$root/srv/shop/var/.maintenance.flag"
    mg_sql "delete from ${mg_prefix}sales_order_payment; delete from ${mg_prefix}sales_order; delete from ${mg_prefix}core_config_data where path in ('web/secure/base_url', 'web/secure/use_in_adminhtml', 'design/search_engine_robots/default_robots', 'system/smtp/disable', 'admin/url/use_custom', 'admin/url/custom') or path like 'multisafepay/%' or path like 'payment/%' or path like 'paypal/%' or (path = 'web/unsecure/base_url' and scope = 'stores')"
    mg_config default 0 web/seo/use_rewrites 1
    mg detect
    says supported=true
    deny 'a default says nothing' grep -qE '^signal=(payment-test|newest|coming-soon|noindex|mail|debug)' <<<"$out"
    mg detect path=/srv/shop/pub
    says supported=true shop_root=/srv/shop
    mg detect path=/etc
    says supported=false reason_id=no-magento
    mg_config default 0 adobe_ims/integration/admin_enabled 1
    mg detect
    says supported=false reason_id=other-login
    mg_sql "delete from ${mg_prefix}core_config_data where path='adobe_ims/integration/admin_enabled'"
    # Without the module nothing in the shop keeps the end.
    sed -i "s/'Magento_Security' => 1/'Magento_Security' => 0/" "$config"
    mg detect
    says supported=true expiry=none note=no-guard
    cp -p "$tmp/config" "$config"
    same 'nothing was changed' "$(mg_unnumbered <<<"$before")" "$(mg_state | mg_unnumbered)"
}
# mg_config SCOPE ID PATH VALUE
mg_config() { mg_sql "insert into ${mg_prefix}core_config_data (scope, scope_id, path, value) values ('$1', $2, '$3', '$4') on duplicate key update value=values(value)"; }
# What is set again has another number.
mg_unnumbered() { sed "s/\(core_config_data\` VALUES (\)[0-9]*,\(.*\),'[-0-9: ]*');\$/\1\2/"; }

mg_whole_life() {
    local before id from
    before=$(mg_state)
    want 'the password opens nothing yet' mg_cannot_enter
    mg check
    finishes
    says present=false recorded=false failsafe_present=false expired=false foreign=false
    from=$(date +%s%N)
    verb magento open path=/srv/shop has_password=1 "password=$mg_hash"
    mg_timed open "$from"
    finishes
    says account=sp-anna platform=magento owner=www-data expiry=shop grants=payment failsafe=none shop_path=/srv/shop "version=$mg_version" "login_url=http://magento.test:$mg_port/$mg_front/"
    want 'the password opens it' mg_enters
    want 'and one is in' mg_is_in
    want 'a wrong one does not' mg_cannot_enter sp-anna wrong-Password1
    same 'no mail' '' "$(on find /var/mail /var/spool -type f -newer /var/log/mariadb.log 2>/dev/null | grep -v cron)"
    same 'the role is its own' "stagepass $grant t4g" "$(mg_sql "select g.role_name from ${mg_prefix}authorization_role u join ${mg_prefix}authorization_role g on g.role_id=u.parent_id join ${mg_prefix}admin_user a on a.user_id=u.user_id where u.role_type='U' and a.username='sp-anna'")"
    same 'its address is nobody' "x@$grant.invalid" "$(mg_sql "select email from ${mg_prefix}admin_user where username='sp-anna'")"
    same 'the shop knows its end' "$(date -u -d "@$deadline" '+%F %T')" "$(mg_sql "select expires_at from ${mg_prefix}admin_user_expiration")"
    same 'what is new in the shop is the shop' '' "$(find "$root/srv/shop" ! -user 33)"
    id=$(mg_sql "select user_id from ${mg_prefix}admin_user where username='sp-anna'")
    from=$(date +%s%N)
    mg check
    mg_timed check "$from"
    finishes
    says present=true foreign=false recorded=true marked=true enabled=true address_matches=true end_matches=true role_matches=true "role=stagepass $grant t4g" keys=0 reread=direct expired=false
    want 'with its sessions' grep -qE '^sessions=[12]$' <<<"$out"
    mg update "deadline=$((deadline + 60))"
    finishes
    says expiry=shop
    want 'the new end is known to root' grep -qx "deadline=$((deadline + 60))" "$root/var/lib/stagepass/$grant/ends"
    same 'and to the shop' "$(date -u -d "@$((deadline + 60))" '+%F %T')" "$(mg_sql "select expires_at from ${mg_prefix}admin_user_expiration")"
    want 'and one is still in' mg_is_in
    mg check
    says end_matches=true role_matches=true
    mg_sql "update ${mg_prefix}admin_user_expiration set expires_at='2037-01-01'"
    mg check
    says end_matches=false present=true
    from=$(date +%s%N)
    mg close
    mg_timed close "$from"
    finishes
    says absent=true user_absent=true rows_left=0 reread=direct already_absent=false foreign=false shut=true failsafe_absent=true result_kept=true by_server=false platform=magento role_matches=true keys_ended=0 cache_told=true difference=whole
    want 'it ended a session' grep -qE '^sessions_ended=[12]$' <<<"$out"
    want 'the old cookie opens nothing' mg_is_out
    want 'nor does the password' mg_cannot_enter
    want 'the merchant goes on' mg_enters merchant merchants-Pw1
    mg_forgets
    mg collected
    finishes
    says result_kept=false
    same 'everything is as before' "$before" "$(mg_state)"
    same 'nothing of the shop is root'\''s' '' "$(find "$root/srv/shop" ! -user 33)"
}
# Who tried to get in when the user was gone already is counted by the shop.
mg_forgets() { mg_sql "delete from ${mg_prefix}captcha_log where value='sp-anna'"; }
# mg_timed VERB SINCE: notes how many milliseconds it took.
mg_timed() { mg_times="$mg_times${mg_times:+, }$1 $((($(date +%s%N) - $2) / 1000000)) ms"; }

# What opens, and what does not. `mg_table` keeps it for docs/shops.md.
mg_pages() {
    local route merchant supporter
    mg open
    finishes
    want 'it opens' mg_enters
    mg_jar=$tmp/jar.merchant mg_enters merchant merchants-Pw1
    mg_table=''
    for route in admin/dashboard sales/order sales/invoice sales/shipment sales/creditmemo sales/transactions admin/system_config/edit/section/payment admin/cache \
        admin/user admin/user_role admin/integration admin/system_account customer/index customer/group catalog/product catalog/category cms/page admin/system_config/edit/section/web admin/system_config/edit/section/admin \
        admin/system_config/edit/section/system admin/system_config/edit/section/twofactorauth admin/system_store admin/system_design_theme admin/import admin/export backup/index admin/crypt_key sales_rule/promo_quote review/product \
        admin/email_template admin/system_variable admin/system_currency tax/rule indexer/indexer/list sales/order_create reports/report_sales/sales newsletter/subscriber loginascustomer_log/log media_gallery/media bulk/index; do
        merchant=$(mg_jar=$tmp/jar.merchant mg_page "$route")
        [ "$merchant" = open ] || continue
        supporter=$(mg_page "$route")
        mg_table=$mg_table$route$'\t'$supporter$'\n'
        case $route in
            admin/dashboard | sales/order | sales/invoice | sales/shipment | sales/creditmemo | sales/transactions | */section/payment | admin/cache) same "$route opens" open "$supporter" ;;
            *) same "$route does not" denied "$supporter" ;;
        esac
    done
    want 'several pages were tried' test "$(grep -c '' <<<"$mg_table")" -ge 20
    want 'the rest is denied by its name' test "$(mg_sql "select count(*) from ${mg_prefix}authorization_rule r join ${mg_prefix}authorization_role g using (role_id) where g.role_name like 'stagepass %' and permission='deny'")" -gt 100
    same 'nothing of users, keys or itself' 0 "$(mg_sql "select count(*) from ${mg_prefix}authorization_rule r join ${mg_prefix}authorization_role g using (role_id) where g.role_name like 'stagepass %' and permission='allow' and resource_id in ('Magento_Backend::all', 'Magento_User::acl', 'Magento_User::acl_users', 'Magento_User::acl_roles', 'Magento_Integration::integrations', 'Magento_Backend::myaccount', 'Magento_EncryptionKey::crypt_key')")"
    mg close
    finishes
    mg collected
}

mg_twice() {
    local id first before other
    before=$(mg_state)
    mg open
    finishes
    id=$(grep '^user_id=' <<<"$out")
    mg open
    finishes
    says "$id"
    want 'it opens' mg_enters
    other=$(mg_salted Another2xPw4vRt8sLb3)
    mg_hash=$other mg open
    finishes
    says "$id"
    want 'with another password' mg_enters sp-anna Another2xPw4vRt8sLb3
    want 'and not with the one before' mg_cannot_enter
    mg close
    finishes
    says already_absent=false result_kept=true
    first=$(grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' -e '^foreign' <<<"$out" | sort)
    mg close
    finishes
    says already_absent=true result_kept=true absent=true
    same 'the same is said again' "$first" "$(grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' -e '^foreign' <<<"$out" | sort)"
    mg collected
    mg close
    finishes
    says already_absent=true result_kept=false absent=true user_absent=true reread=direct
    about="Magento $mg_version two at once"
    mg open
    grant=k3v9q2m7xbo mg open account=sp-ben
    want 'one is in' mg_enters
    mg_jar=$tmp/jar.ben want 'so is the other' mg_enters sp-ben
    mg close
    finishes
    want 'one is out' mg_is_out
    mg_jar=$tmp/jar.ben want 'the other is not' mg_is_in
    grant=k3v9q2m7xbo mg close account=sp-ben
    finishes
    mg_jar=$tmp/jar.ben want 'now it is' mg_is_out
    mg collected
    grant=k3v9q2m7xbo mg collected
    same 'everything is as before' "$before" "$(mg_state)"
}

mg_tells_marks() {
    local before
    before=$(mg_state)
    mg open
    mg marks
    finishes
    same 'all there is' "mark=entry $grant sp-anna t4g - /srv/shop
mark=record $grant sp-anna t4g - /var/lib/stagepass/$grant/
mark=role $grant - t4g - /srv/shop
stagepass=1" "$(sort <<<"$out")"
    # The record is lost: the shop still knows.
    rm -r "$root/var/lib/stagepass/$grant"
    mg marks
    same 'a user whose record is lost' "mark=entry $grant sp-anna t4g - /srv/shop
mark=role $grant - t4g - /srv/shop
stagepass=1" "$(sort <<<"$out")"
    mg close
    finishes
    says absent=true already_absent=false user_absent=true
    want 'it is found without its record' mg_cannot_enter
    mg_forgets
    mg marks
    same 'none' stagepass=1 "$out"
    rm -f "$root/var/lib/stagepass/result.$grant"
    same 'everything is as before' "$before" "$(mg_state)"
}

# ---- what is refused -----------------------------------------------------------------------------

# mg_refused ID [name=value...]: by open, and nothing was changed.
mg_refused() {
    local id=$1 before
    shift
    before=$(mg_state)
    mg open "$@"
    refuses "$id"
    same "nothing was changed ($id)" "$before" "$(mg_state)"
}
mg_role_of_merchant() { mg_sql "select parent_id from ${mg_prefix}authorization_role where role_type='U' and user_id=1"; }
# mg_somebody NAME ADDRESS ROLE: a user whom somebody else made.
mg_somebody() {
    mg_sql "insert into ${mg_prefix}admin_user (username, password, email, is_active) values ('$1', 'x', '$2', 1)"
    mg_sql "insert into ${mg_prefix}authorization_role (parent_id, tree_level, role_type, user_id, user_type, role_name) select $3, 2, 'U', user_id, '2', '$1' from ${mg_prefix}admin_user where username='$1'"
}
mg_nobody() {
    mg_sql "delete r from ${mg_prefix}authorization_role r join ${mg_prefix}admin_user a on a.user_id=r.user_id where r.role_type='U' and a.username='$1'"
    mg_sql "delete from ${mg_prefix}admin_user where username='$1'"
}
mg_our_role() { mg_sql "select role_id from ${mg_prefix}authorization_role where role_type='G' and role_name like 'stagepass %'"; }

mg_refuses() {
    local before user=${mg_prefix}admin_user
    mg_somebody sp-anna anna@example.org "$(mg_role_of_merchant)"
    mg_refused name-taken
    mg detect
    says supported=false reason_id=name-taken
    mg check
    says foreign=true present=false
    before=$(mg_state)
    mg close
    finishes
    says foreign=true already_absent=true absent=true user_absent=true
    same 'a close leaves it, too' "$before" "$(mg_state)"
    mg_sql "update $user set username = 'another', email = 'x@$grant.invalid' where username = 'sp-anna'"
    mg_refused address-taken
    mg_nobody another
    mg_refused no-magento path=/etc
    mg_refused no-shop-folder path=
    mg_refused bad-account account='Anna x'
    mg_refused too-late not_after=1
    mg_hash='' mg_refused no-credential
    mg_hash=not-hashed mg_refused bad-input
    mg_hash='$2y$05$abcdefghijklmnopqrstuuO1' mg_refused bad-input
    about="Magento $mg_version somebody else with the role"
    mg open
    finishes
    mg_somebody mallory mallory@example.org "$(mg_our_role)"
    mg close
    fails rows-left
    says user_absent=true shut=true 'left=member mallory'
    deny 'it is not said to be over' grep -q '^absent=true' <<<"$out"
    same 'whoever is not ours stays' 1 "$(mg_sql "select count(*) from $user where username='mallory'")"
    mg_nobody mallory
    mg close
    finishes
    says user_absent=true rows_left=0 absent=true
    mg collected
    about="Magento $mg_version more rights than were given"
    mg open
    mg_sql "update ${mg_prefix}authorization_rule set permission='allow' where role_id=$(mg_our_role) and resource_id='Magento_User::acl_users'"
    mg check
    says role_matches=false marked=true present=true
    mg_sql "update ${mg_prefix}authorization_role set parent_id=$(mg_role_of_merchant) where role_type='U' and role_name='sp-anna'; update $user set email='mine@example.org' where username='sp-anna'"
    mg_somebody mallory mallory@example.org "$(mg_role_of_merchant)"
    mg check
    says foreign=true present=false
    mg_sql "update $user set email='x@$grant.invalid' where username='sp-anna'"
    mg check
    says present=true marked=false role_matches=false role=Administrators
    mg_sql "update $user set username='sp-other' where username='sp-anna'"
    mg close
    finishes
    says user_absent=true rows_left=0 role_matches=false new_administrator=mallory
    same 'it is found by another name' 0 "$(mg_sql "select count(*) from $user where username='sp-other'")"
    mg_nobody mallory
    mg collected
}

# What lets somebody in, runs by itself, or says where money and mail go is compared with what was there before.
mg_compares() {
    local before config=$root/srv/shop/app/etc/config.php role
    mg_config default 0 payment/checkmo/title Before
    before=$(mg_state)
    mg open
    finishes
    grant=k3v9q2m7xbo mg open account=sp-ben
    finishes
    mg close
    finishes
    says difference=whole
    deny 'another grant is no finding, nor is this one' grep -q '^found=' <<<"$out"
    grant=k3v9q2m7xbo mg close account=sp-ben
    finishes
    grant=k3v9q2m7xbo mg collected
    mg collected
    same 'everything is as before' "$before" "$(mg_state)"
    mg open
    cp -p "$config" "$tmp/config"
    role=$(mg_role_of_merchant)
    mg_somebody mallory mallory@example.org "$role"
    mg_config default 0 payment/checkmo/title After
    mg_config stores 1 multisafepay/general/live_api_key secret-of-the-shop
    mg_config default 0 design/head/includes '<script src=//evil.example/x></script>'
    mg_config default 0 crontab/default/jobs/evil/schedule/cron_expr '* * * * *'
    mg_sql "insert into ${mg_prefix}integration (name, email, endpoint, status) values ('mine', 'm@example.org', 'https://evil.example/', 1)"
    mg_sql "insert into ${mg_prefix}authorization_rule (role_id, resource_id, permission) values ($role, 'Evil_Module::all', 'allow')"
    mg_sql "update ${mg_prefix}admin_user set email='other@example.org' where user_id=1"
    sed -i "s/'Magento_Store' => 1,/'Magento_Store' => 1, 'Evil_Module' => 1,/" "$config"
    mg close
    finishes
    says difference=whole user_absent=true new_administrator=mallory
    says "found=shop new user of the shop's administration: mallory (Administrators)" "found=shop user of the shop's administration, changed (mail address): merchant (Administrators)" \
        'found=shop setting of payments or mail, changed: payment/checkmo/title' 'found=shop new setting of payments or mail: multisafepay/general/live_api_key@stores_1' \
        'found=shop new setting of the shop: design/head/includes' 'found=shop new job that the shop runs by itself: crontab/default/jobs/evil/schedule/cron_expr' \
        'found=shop new key for programs that ask the shop: integration 1 (mine)' 'found=shop role of the shop, changed: Administrators' 'found=shop new plugin that is switched on: Evil_Module' found_total=9
    deny 'what is set is not told' grep -q 'secret-of-the-shop\|evil.example' <<<"$out"
    cp -p "$tmp/config" "$config"
    mg_nobody mallory
    mg_sql "delete from ${mg_prefix}integration; delete from ${mg_prefix}authorization_rule where resource_id='Evil_Module::all'; update ${mg_prefix}admin_user set email='merchant@example.org' where user_id=1; delete from ${mg_prefix}core_config_data where path in ('payment/checkmo/title', 'multisafepay/general/live_api_key', 'design/head/includes', 'crontab/default/jobs/evil/schedule/cron_expr')"
    mg collected
}

# Keys of the shop's API, which open it without a session.
mg_other_keys() {
    local token before
    before=$(mg_state)
    mg open
    token=$(printf '{"username":"sp-anna","password":"%s"}' "$mg_secret" | mg_ask -H 'Content-Type: application/json' --data-binary @- /rest/V1/integration/admin/token >/dev/null && tr -d '"' <"$tmp/page")
    want 'a token is to be had' test "${#token}" -ge 20
    same 'and opens what the role does' 200 "$(mg_ask -H "Authorization: Bearer $token" "/rest/V1/orders?searchCriteria%5BpageSize%5D=1")"
    case $(mg_ask -H "Authorization: Bearer $token" "/rest/V1/customers/search?searchCriteria%5BpageSize%5D=1") in 401 | 403) pass ;; *) fail 'a token opens more than its role' ;; esac
    mg_sql "insert into ${mg_prefix}oauth_token (admin_id, type, token, secret, callback_url, user_type) select user_id, 'access', 'abcdefghabcdefghabcdefghabcdefgh', 'abcdefghabcdefghabcdefghabcdefgh', '', 2 from ${mg_prefix}admin_user where username='sp-anna'"
    mg check
    want 'keys are seen' grep -qE '^keys=[12]$' <<<"$out"
    mg close
    finishes
    says user_absent=true rows_left=0 shut=true
    want 'keys were ended' grep -qE '^keys_ended=[12]$' <<<"$out"
    same 'the token opens nothing' 401 "$(mg_ask -H "Authorization: Bearer $token" "/rest/V1/orders?searchCriteria%5BpageSize%5D=1")"
    mg collected
    same 'everything is as before' "$before" "$(mg_state)"
}

# The hash is in the database and nowhere else: no argument, no environment, no file, no error.
mg_keeps_secrets() {
    local ini part=${mg_hash: -40}
    script magento open path=/srv/shop "password=$mg_hash" has_password=1 >"$tmp/script"
    timeout 180 strace -f -qq -s 4000 -v -e trace=execve -o "$tmp/trace" nsenter --target "${inside[$suite]}" --mount --pid --uts -- chroot "$root" /bin/sh -s <"$tmp/script" >"$tmp/said" 2>&1
    want 'it opened' mg_enters
    want 'programs were seen' test "$(grep -c execve "$tmp/trace")" -gt 20
    want 'PHP among them' grep -q '"/usr/bin/php"' "$tmp/trace"
    want 'the rows were asked by nobody' grep -qE '"--reuid=655[0-9]+".*"/usr/bin/php"' "$tmp/trace"
    deny 'root ran no PHP' wp_as_root
    deny 'none was told the hash' grep -qF -e "$part" "$tmp/trace"
    deny 'nor in another form' grep -qF -e "$(printf '%s' "$mg_hash" | base64 -w 0 | cut -c 1-50)" "$tmp/trace"
    deny 'none was told the password of the database' grep -qF -e "$mg_db_secret" "$tmp/trace"
    same 'no file holds it' '' "$(grep -rlF --exclude-dir=mysql --exclude-dir=vendor -e "$part" "$root/etc" "$root/var" "$root/tmp" "$root/run" "$root/root" "$root/home" "$root/srv/shop/var" "$root/srv/shop/generated" 2>/dev/null)"
    mg close
    mg collected
    about="Magento $mg_version secrets: PHP that shows every error, and a database that refuses"
    ini=$(echo "$root"/etc/php/*/cli)
    mv "$ini/php.ini" "$ini/away"
    printf 'display_errors=1\nlog_errors=1\nerror_log=/tmp/php-errors\nzend.exception_ignore_args=0\n' >"$ini/php.ini"
    mg_sql "create trigger stops before update on ${mg_prefix}admin_user for each row signal sqlstate '45000' set message_text='stop'"
    mg open
    fails php-error
    deny 'nothing of what it was called with' grep -qF -e "$part" -e "$mg_db_secret" <<<"$out"
    same 'nor in a file' '' "$(grep -rlF --exclude-dir=mysql -e "$part" "$root/etc" "$root/var" "$root/tmp" "$root/srv/shop/var" 2>/dev/null)"
    mg_sql 'drop trigger stops'
    want 'nobody is in' mg_cannot_enter
    mv "$ini/away" "$ini/php.ini"
    mg close
    finishes
    says user_absent=true rows_left=0
    mg collected
}

# With nothing of ours at work: the shop itself ends it.
mg_ends_in_shop() {
    mg open
    finishes
    want 'it opens' mg_enters
    mg_sql "update ${mg_prefix}admin_user_expiration set expires_at=utc_timestamp() - interval 1 second"
    # The first page leads away, and the next asks for the password.
    deny 'whoever is in sees no page any more' mg_is_in
    want 'and is out' mg_is_out
    want 'and nobody gets in' mg_cannot_enter
    mg check
    says present=true enabled=false
    # Magento forgets the end when it has come: who is let in again after that is without one.
    mg_sql "update ${mg_prefix}admin_user set is_active=1 where username='sp-anna'"
    mg check
    says present=true enabled=true end_matches=false
    mg close
    finishes
    says user_absent=true rows_left=0
    mg collected
}

# Where the shop asks for a second factor, nobody would get in with what was made.
mg_second_factor() {
    local config=$root/srv/shop/app/etc/config.php
    cp -p "$config" "$tmp/config"
    sed -i "s/'Magento_TwoFactorAuth' => 0/'Magento_TwoFactorAuth' => 1/" "$config"
    if ! grep -q "'Magento_TwoFactorAuth' => 1" "$config"; then
        cp -p "$tmp/config" "$config"
        return 0
    fi
    mg detect
    says supported=false reason_id=second-factor second_factor=true
    mg_refused second-factor
    # As staging shops have it.
    sed -i "s/'Magento_TwoFactorAuth' => 1,/'Magento_TwoFactorAuth' => 1, 'MarkShust_DisableTwoFactorAuth' => 1,/" "$config"
    mg detect
    says supported=false reason_id=second-factor
    mg_config default 0 twofactorauth/general/enable 0
    mg detect
    says supported=true second_factor=false
    mg_sql "delete from ${mg_prefix}core_config_data where path='twofactorauth/general/enable'"
    cp -p "$tmp/config" "$config"
}

# ---- a shop that is broken -----------------------------------------------------------------------

mg_breaks() {
    local before settings=$root/srv/shop/app/etc/env.php
    before=$(mg_rows)
    wp_database_stops
    mg open
    refuses database-unread
    want 'nothing was made' test ! -e "$root/var/lib/stagepass/$grant"
    wp_database_starts
    about="Magento $mg_version that cannot be loaded"
    cp -p "$root/srv/shop/app/bootstrap.php" "$tmp/bootstrap.php"
    sed -i '2i exit("not here");' "$root/srv/shop/app/bootstrap.php"
    mg open
    refuses shop-broken
    want 'nothing was made' test ! -e "$root/var/lib/stagepass/$grant"
    same 'nor in the shop' "$before" "$(mg_rows)"
    cp -p "$tmp/bootstrap.php" "$root/srv/shop/app/bootstrap.php"
    mg open
    finishes
    want 'it opens' mg_enters
    # What ends it loads nothing of the shop, and what hangs is not waited for.
    sed -i '2i while (true) sleep(1);' "$root/srv/shop/app/bootstrap.php"
    mg check
    says present=true
    mg close
    finishes
    says user_absent=true rows_left=0 absent=true cache_told=false shut=true
    want 'nothing of it runs any more' gone on pgrep -x php
    cp -p "$tmp/bootstrap.php" "$root/srv/shop/app/bootstrap.php"
    want 'it is out' mg_is_out
    mg collected
    about="Magento $mg_version whose database is down"
    mg open
    finishes
    want 'it opens, also when a copy of what was before is left' mg_enters
    wp_database_stops
    mg check
    says reason_id=database-unread recorded=true
    deny 'nothing is said of the user' grep -q '^present=' <<<"$out"
    mg close
    fails database-unread
    deny 'it is not said to be gone' grep -q -e '^absent=' -e '^user_absent=' <<<"$out"
    want 'the record stays' test -e "$root/var/lib/stagepass/$grant/record"
    wp_database_starts
    about="Magento $mg_version settings that lead elsewhere"
    on sh -c "mariadb -e 'create database copy' && mariadb-dump '$mg_db' | mariadb copy && mariadb -e \"grant all on copy.* to '$(mg_env db connection default username)'@localhost\""
    cp -p "$settings" "$tmp/env"
    sed -i "s/'dbname' => '[^']*'/'dbname' => 'copy'/" "$settings"
    mg close
    fails settings-changed
    deny 'it is not said to be gone' grep -q '^absent=true' <<<"$out"
    cp -p "$tmp/env" "$settings"
    sed -i "s/'dbname' => '\([^']*\)'/'dbname' => getenv('X') ?: '\1'/" "$settings"
    mg close
    fails settings-unclear
    cp -p "$tmp/env" "$settings"
    sed -i "s/1014 => false/1009 => '\/etc\/ca.pem'/" "$settings"
    mg close
    fails other-database
    cp -p "$tmp/env" "$settings"
    want 'it is still in' mg_is_in
    mg close
    finishes
    says user_absent=true already_absent=false
    want 'it is out' mg_is_out
    on mariadb -e 'drop database copy'
    mg collected
    same 'everything is as before' "$before" "$(mg_rows)"
}

# Whoever may not write to the shop's files has no part in it.
mg_read_only() {
    local before
    before=$(mg_rows)
    on mount --bind /srv/shop /srv/shop
    on mount -o remount,bind,ro /srv/shop
    mg open
    case $code in
        0) finishes ;;
        *) refuses shop-broken ;;
    esac
    mg check
    finishes
    mg close
    finishes
    says user_absent=true
    mg collected
    on umount /srv/shop
    about="Magento $mg_version whose settings are root's"
    on chown 0:33 /srv/shop/app/etc/env.php
    on chmod 640 /srv/shop/app/etc/env.php
    mg open
    finishes
    says owner=www-data
    want 'it opens' mg_enters
    mg close
    finishes
    says user_absent=true reread=direct
    mg collected
    on chmod 660 /srv/shop/app/etc/env.php
    on chown 33:33 /srv/shop/app/etc/env.php
    same 'everything is as before' "$before" "$(mg_rows)"
}

# ---- nobody around -------------------------------------------------------------------------------

mg_ends_by_itself() {
    local before
    before=$(mg_state)
    on pgrep -x cron >/dev/null || on /usr/sbin/cron
    want 'cron runs' again 20 on pgrep -x cron
    mg detect
    says failsafe=cron.d failsafe_reason=
    mg open "deadline=$(($(date +%s) + 30))"
    finishes
    says failsafe=cron.d
    want 'it opens' mg_enters
    mg check
    says failsafe_present=true
    want 'the failsafe holds no hash' eval '! grep -qF -e "$mg_hash" -e "$mg_secret" -r "$root/var/lib/stagepass"'
    want 'all of it goes' again 120 test ! -e "$root/var/lib/stagepass/$grant"
    want 'it is out' mg_is_out
    same 'nothing is left' "$before" "$(mg_state)"
    mg close
    finishes
    says by_server=true already_absent=true absent=true user_absent=true failsafe_absent=true result_kept=true reread=direct
    want 'with the time' grep -qE '^server_closed_at=[1-9][0-9]{9}$' <<<"$out"
    mg collected
    on pkill -KILL -x cron
}

# Killed when it calls the Nth program: whoever is in, and every role, is in the record, and a second try finishes.
mg_cut_off() {
    local verb all n before programs='mkdir chmod rm mv sync env stat base64 awk od'
    before=$(mg_state)
    for verb in open update close; do
        about="Magento $mg_version $verb cut off"
        [ "$verb" = open ] || mg open
        mg_cut "$verb" 0
        all=$(grep -c '' "$root/tmp/calls")
        want "$verb does several things" test "$all" -ge 4
        for n in $(seq 1 3 "$all"); do
            about="Magento $mg_version $verb cut off at $n of $all: $(sed -n "${n}p" "$root/tmp/calls" 2>/dev/null | cut -c 1-80)"
            mg close
            [ "$verb" = open ] || mg open
            mg_cut "$verb" "$n"
            deny 'it did not get to its end' grep -q '^stagepass-end=' "$tmp/cut.out"
            want 'what is in the shop is in the record' eval '[ "$(mg_sql "select (select count(*) from ${mg_prefix}admin_user where username = '"'sp-anna'"') + (select count(*) from ${mg_prefix}authorization_role where role_name like '"'stagepass %'"')")" = 0 ] || grep -q ^account=sp-anna "$root/var/lib/stagepass/$grant/record"'
            if [ "$verb" = open ] && [ $((n % 4)) = 0 ]; then
                mg open
                finishes
                want 'a second open finishes it' mg_enters
            fi
        done
        mg close
        finishes
        says absent=true user_absent=true failsafe_absent=true
        mg collected
        rm -f "$root"/tmp/calls* "$root/tmp/main"
        same 'nothing is left' "$before" "$(mg_state)"
    done
    about="Magento $mg_version cut off between role and user"
    mg open
    mg_nobody sp-anna
    mg close
    finishes
    says already_absent=false rows_left=0 absent=true
    mg collected
    same 'nothing is left' "$before" "$(mg_state)"
}

# mg_cut VERB N: runs the verb, and kills its shell when it calls the Nth of these programs.
mg_cut() { wp_cut_script magento "$1" "$2" "password=$mg_hash"; }
