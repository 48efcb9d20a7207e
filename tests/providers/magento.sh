# The cases of magento. Read by run.sh; what other shops have, too, is in shop.sh, and these are what it asks for.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154

magento() {
    mg_is
    real_shops STAGEPASS_SHOP_MAGENTO
}
magento_nowhere() {
    mg_is
    shop_hash=$mg_other_hash
    shop_nowhere
}

mg_is() {
    shop_kind=mg shop_provider=magento shop_software=Magento shop_grant=k3v9q2m7xao shop_other_grant=k3v9q2m7xbo shop_merchant=merchant shop_host=magento.test
    shop_served=/srv/shop/pub shop_override=All shop_expiry=shop shop_step=3 shop_pages_at_least=20
    # The table of its users, its page of orders, what it writes to all the time and elsewhere, and whose content is compared.
    shop_users=admin_user shop_orders=sales/order shop_moving='var generated pub/static vendor' shop_written='var generated' shop_summed='srv/shop/app etc'
    shop_cases='detects whole_life pages twice tells_marks refuses compares other_keys keeps_secrets ends_in_shop second_factor breaks read_only ends_by_itself cut_off'
}

# What a folder looks like in which Magento was not set up, and so on.
mg_half_made() {
    local tree=$1 verb
    mkdir -p "$tree/app/etc" "$tree/bin" "$tree/pub" "$tree/var/cache"
    touch "$tree/app/etc/di.xml" "$tree/app/bootstrap.php" "$tree/bin/magento" "$tree/pub/get.php"
    for verb in detect open; do
        shop_verb "$verb" path=/srv/half
        says reason_id=no-configuration
        # What the web server serves is one below.
        shop_verb "$verb" path=/srv/half/pub
        says reason_id=no-configuration
        printf '<?php return [];\n' >"$tree/app/etc/env.php"
        shop_verb "$verb" path=/srv/half
        says reason_id=other-version
        mg_lock magento/product-community-edition 2.2.11 >"$tree/composer.lock"
        shop_verb "$verb" path=/srv/half
        says reason_id=other-version
        mg_lock mage-os/product-community-edition 1.0.5 >"$tree/composer.lock"
        shop_verb "$verb" path=/srv/half
        says reason_id=owner-root
        mg_lock magento/product-enterprise-edition 2.4.7-p3 >"$tree/composer.lock"
        # Whoever owns what the shop writes, and can read its settings.
        chown 33 "$tree/var/cache"
        shop_verb "$verb" path=/srv/half
        says reason_id=no-php
        chmod 600 "$tree/app/etc/env.php"
        shop_verb "$verb" path=/srv/half
        says reason_id=owner-root
        chmod 644 "$tree/app/etc/env.php"
        chown 0 "$tree/var/cache"
        shop_half_twice "$verb" "$tree" shop
        # A pipe without end is not read without end.
        rm "$tree/composer.lock"
        mkfifo "$tree/composer.lock"
        shop_verb "$verb" path=/srv/half
        says reason_id=other-version
        rm "$tree/composer.lock" "$tree/app/etc/env.php"
    done
}

# What its settings say, read as text by a real PHP; the database that they name does not answer. `make test` runs it, too.
magento_settings() {
    local was_suite=$suite was_root=$root was_account=$account was_grant=$grant tree one=0 of expected text
    mg_is
    suite=${suite%%-*}-shop root=$tmp/${suite%%-*}-shop/root account=sp-anna login=root grant=$shop_grant
    shop_hash=$mg_other_hash
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
        shop_verb detect
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
    shop_verb open
    refuses settings-unclear
    shop_left_nothing
    halt "$suite"
    suite=$was_suite root=$was_root account=$was_account grant=$was_grant
}

mg_other_hash='$sha256$saltsaltsaltsaltsaltsaltsaltsalt$ab4f63f9ac65152575886860dde480a1a1cf8e7a3c3ad9a5fb5fa0c6f9d5b6c1'
mg_lock() { printf '{\n    "packages": [\n        {\n            "name": "a/b",\n            "version": "1.2.3"\n        },\n        {\n            "name": "%s",\n            "version": "%s",\n            "dist": {}\n        }\n    ]\n}\n' "$1" "$2"; }

# ---- the shop ------------------------------------------------------------------------------------

# mg_env KEY...: what the settings say.
mg_env() { on php -r '$at = include "/srv/shop/app/etc/env.php"; foreach (array_slice($argv, 1) as $key) { $at = $at[$key]; } echo $at;' "$@"; }
mg_login_url() { printf '%s' "http://magento.test:$shop_port/$mg_front/"; }

# Without the second factor, which is a case of its own, and without what it keeps of where it was before.
mg_settles() {
    rm -rf "$root"/srv/shop/var/{cache,page_cache,log,session}
    sed -i "s/\('Magento_\(AdminAdobeIms\)\?TwoFactorAuth' => \)1/\10/" "$root/srv/shop/app/etc/config.php"
}
mg_says_of_itself() {
    shop_version=$(sed -n '/"name": "\(magento\|mage-os\)\/product-[a-z]*-edition"/,/"version"/s/.*"version": "\(.*\)".*/\1/p' "$root/srv/shop/composer.lock")
    shop_db=$(mg_env db connection default dbname) shop_db_user=$(mg_env db connection default username) shop_db_secret=$(mg_env db connection default password)
    shop_prefix=$(mg_env db table_prefix) mg_front=$(mg_env backend frontName)
}
# Pages are asked for by their names, without the key that the shop puts into each address.
mg_takes_merchant() {
    shop_sql "update ${shop_prefix}admin_user set username='merchant', password=concat(sha2(concat('salt', 'merchants-Pw1'), 256), ':salt:1'), is_active=1, email='merchant@example.org' where user_id=1"
    shop_sql "delete from ${shop_prefix}core_config_data where path in ('web/unsecure/base_url', 'web/secure/base_url', 'admin/security/use_form_key', 'web/seo/use_rewrites')"
    shop_sql "insert into ${shop_prefix}core_config_data (scope, scope_id, path, value) values ('default', 0, 'web/unsecure/base_url', 'http://magento.test:$shop_port/'), ('default', 0, 'admin/security/use_form_key', '0'), ('default', 0, 'web/seo/use_rewrites', '1')"
}
mg_prepares_server() { on a2enmod -q rewrite >/dev/null; }
mg_visits() {
    mg_page sales/order >/dev/null
    mg_page admin/system_config/edit/section/payment >/dev/null
}
mg_hashed() { on php -r '$s = "saltsaltsaltsaltsaltsaltsaltsalt"; echo "\$sha256\$$s\$", hash("sha256", $s . trim(fgets(STDIN)));' <<<"$1"; }

# mg_enters [USER [PASSWORD]]: logs in through the form, keeps the cookies in $tmp/jar or $shop_jar. The password is told by standard
# input.
mg_enters() {
    local jar=${shop_jar:-$tmp/jar} key
    rm -f "$jar"
    shop_ask -c "$jar" "/$mg_front/" >/dev/null
    key=$(grep -o 'name="form_key"[^>]*value="[^"]*' "$tmp/page" | head -n 1 | sed 's/.*value="//')
    printf 'data-urlencode = "login[password]=%s"' "${2:-$shop_secret}" | shop_ask -K - -c "$jar" -b "$jar" --data-urlencode "form_key=$key" --data-urlencode "login[username]=${1:-$account}" "/$mg_front/" >/dev/null
    test_value open mg_page admin/dashboard
}
# mg_page ROUTE: what a page of the administration is with these cookies: open, denied, login, or a status.
mg_page() {
    local jar=${shop_jar:-$tmp/jar} status
    status=$(shop_ask -b "$jar" -c "$jar" "/$mg_front/$1/")
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

# Every row but what the shop itself keeps moving: when its own jobs ran, sessions and logins of the merchant, and when he was there.
mg_rows() {
    shop_dump |
        awk -v p="$shop_prefix" '
            index($0, "INSERT INTO `" p "admin_user_session`") == 1 && $0 ~ /VALUES \([0-9]+,NULL,1,/ { next }
            index($0, "INSERT INTO `" p "admin_user`") == 1 && $0 ~ /VALUES \(1,/ { next }
            index($0, "INSERT INTO `" p "admin_passwords`") == 1 && $0 ~ /VALUES \([0-9]+,1,/ { next }
            index($0, "INSERT INTO `" p "ui_bookmark`") == 1 && $0 ~ /VALUES \([0-9]+,1,/ { next }
            index($0, "INSERT INTO `" p "captcha_log`") == 1 && $0 ~ /127.0.0.1/ { next }
            index($0, "INSERT INTO `" p "flag`") == 1 || index($0, "INSERT INTO `" p "cron_schedule`") == 1 || index($0, "INSERT INTO `" p "admin_system_messages`") == 1 { next }
            { print }'
}
# Who tried to get in when the user was gone already is counted by the shop.
mg_forgets() { shop_sql "delete from ${shop_prefix}captcha_log where value='sp-anna'"; }

# Users of somebody else: by their name, with the role.
mg_hires() {
    shop_sql "insert into ${shop_prefix}admin_user (username, password, email, is_active) values ('$1', 'x', '$1@example.org', 1)"
    shop_sql "insert into ${shop_prefix}authorization_role (parent_id, tree_level, role_type, user_id, user_type, role_name) select $2, 2, 'U', user_id, '2', '$1' from ${shop_prefix}admin_user where username='$1'"
}
mg_fires() {
    shop_sql "delete r from ${shop_prefix}authorization_role r join ${shop_prefix}admin_user a on a.user_id=r.user_id where r.role_type='U' and a.username='$1'"
    shop_sql "delete from ${shop_prefix}admin_user where username='$1'"
}
mg_has() { [ "$(shop_sql "select count(*) from ${shop_prefix}admin_user where username='$1'")" = 1 ]; }
mg_role_of_merchant() { shop_sql "select parent_id from ${shop_prefix}authorization_role where role_type='U' and user_id=1"; }
mg_our_role() { shop_sql "select role_id from ${shop_prefix}authorization_role where role_type='G' and role_name like 'stagepass %'"; }
mg_role_of() { shop_sql "select g.role_name from ${shop_prefix}authorization_role u join ${shop_prefix}authorization_role g on g.role_id=u.parent_id where u.role_type='U' and u.user_id=$1"; }
mg_holds_of_ours() { shop_sql "select (select count(*) from ${shop_prefix}admin_user where username = 'sp-anna') + (select count(*) from ${shop_prefix}authorization_role where role_name like 'stagepass %')"; }

# ---- the whole life ------------------------------------------------------------------------------

mg_detects() {
    local before settings=$root/srv/shop/app/etc/env.php config=$root/srv/shop/app/etc/config.php
    before=$(shop_state)
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
    shop_sql "insert into ${shop_prefix}sales_order (entity_id, state, created_at) values (1, 'complete', '2025-11-20 10:30:00'), (2, 'new', '2025-12-20 10:30:00')"
    shop_sql "insert into ${shop_prefix}sales_order_payment (parent_id, method) values (1, 'multisafepay_ideal'), (2, 'checkmo')"
    touch "$root/srv/shop/var/.maintenance.flag"
    shop_verb detect
    finishes
    says supported=true platform=magento layout=magento "version=$shop_version" shop_root=/srv/shop config_file=/srv/shop/app/etc/env.php owner=www-data direct=true scheme=salted-sha256 \
        expiry=shop second_factor=false "login_url=http://magento.test:$shop_port/$mg_front/" "admin_url=http://magento.test:$shop_port/$mg_front/" "home=http://magento.test:$shop_port/" \
        "signal=host	magento.test	web/unsecure/base_url" "signal=host	acc.example.org	web/unsecure/base_url@stores_1" "signal=noindex	yes	design/search_engine_robots/default_robots" \
        "signal=mail	off	system/smtp/disable" "signal=coming-soon	yes	var/.maintenance.flag" \
        "signal=payment-test	no	multisafepay/general/mode" "signal=payment-test	yes	multisafepay/general/mode@stores_1" "signal=newest-paid-order	1763634600	multisafepay_ideal"
    deny 'what is switched off is not told' grep -q 'signal=payment-test.*mollie' <<<"$out"
    deny 'nor a test that nobody switched on' grep -q 'signal=payment-test.*paypal' <<<"$out"
    deny 'what is no address is none' grep -q 'base_url}}' <<<"$out"
    # What is locked in the settings wins.
    cp -p "$settings" "$tmp/env" && cp -p "$config" "$tmp/config"
    sed -i "s#^return \[#return [ 'system' => ['default' => ['web' => ['unsecure' => ['base_url' => 'http://locked.example.org/']], 'admin' => ['url' => ['use_custom_path' => '1', 'custom_path' => 'desk']]], 'stores' => ['second' => ['web' => ['unsecure' => ['base_url' => 'http://second.example.org/']]]]],#" "$settings"
    shop_verb detect
    says "login_url=http://locked.example.org/desk/" home=http://locked.example.org/ "signal=host	locked.example.org	web/unsecure/base_url@env.php_default" \
        "signal=host	second.example.org	web/unsecure/base_url@env.php_stores/second"
    cp -p "$tmp/env" "$settings"
    sed -i "s/'MAGE_MODE' => '[a-z]*'/'MAGE_MODE' => 'developer'/" "$settings"
    mg_config default 0 web/seo/use_rewrites 0
    mg_config default 0 web/secure/use_in_adminhtml 1
    mg_config default 0 web/secure/base_url 'https://magento.test/'
    shop_verb detect
    says "signal=debug	yes	MAGE_MODE" mode=developer "login_url=https://magento.test/index.php/$mg_front/"
    mg_config default 0 admin/url/use_custom 1
    mg_config default 0 admin/url/custom 'https://office.example.org/'
    shop_verb detect
    says "login_url=https://office.example.org/index.php/$mg_front/" "signal=host	office.example.org	admin/url/custom"
    cp -p "$tmp/env" "$settings"
    rm "$root/srv/shop/var/.maintenance.flag"
    shop_sql "delete from ${shop_prefix}sales_order_payment; delete from ${shop_prefix}sales_order; delete from ${shop_prefix}core_config_data where path in ('web/secure/base_url', 'web/secure/use_in_adminhtml', 'design/search_engine_robots/default_robots', 'system/smtp/disable', 'admin/url/use_custom', 'admin/url/custom') or path like 'multisafepay/%' or path like 'payment/%' or path like 'paypal/%' or (path = 'web/unsecure/base_url' and scope = 'stores')"
    mg_config default 0 web/seo/use_rewrites 1
    shop_verb detect
    says supported=true
    deny 'a default says nothing' grep -qE '^signal=(payment-test|newest|coming-soon|noindex|mail|debug)' <<<"$out"
    shop_verb detect path=/srv/shop/pub
    says supported=true shop_root=/srv/shop
    shop_verb detect path=/etc
    says supported=false reason_id=no-magento
    mg_config default 0 adobe_ims/integration/admin_enabled 1
    shop_verb detect
    says supported=false reason_id=other-login
    shop_sql "delete from ${shop_prefix}core_config_data where path='adobe_ims/integration/admin_enabled'"
    # Without the module nothing in the shop keeps the end.
    sed -i "s/'Magento_Security' => 1/'Magento_Security' => 0/" "$config"
    shop_verb detect
    says supported=true expiry=none note=no-guard
    cp -p "$tmp/config" "$config"
    same 'nothing was changed' "$(mg_unnumbered <<<"$before")" "$(shop_state | mg_unnumbered)"
}
# mg_config SCOPE ID PATH VALUE
mg_config() { shop_sql "insert into ${shop_prefix}core_config_data (scope, scope_id, path, value) values ('$1', $2, '$3', '$4') on duplicate key update value=values(value)"; }
# What is set again has another number.
mg_unnumbered() { sed "s/\(core_config_data\` VALUES (\)[0-9]*,\(.*\),'[-0-9: ]*');\$/\1\2/"; }

mg_opened() {
    same 'its address is nobody' "x@$grant.invalid" "$(shop_sql "select email from ${shop_prefix}admin_user where user_id=$1")"
    same 'the shop knows its end' "$(date -u -d "@$deadline" '+%F %T')" "$(shop_sql "select expires_at from ${shop_prefix}admin_user_expiration")"
}
mg_checked() { says end_matches=true keys=0; }
mg_updated() {
    same 'and to the shop' "$(date -u -d "@$((deadline + 60))" '+%F %T')" "$(shop_sql "select expires_at from ${shop_prefix}admin_user_expiration")"
    shop_verb check
    says end_matches=true role_matches=true
    shop_sql "update ${shop_prefix}admin_user_expiration set expires_at='2037-01-01'"
    shop_verb check
    says end_matches=false present=true
}
mg_closed() { says keys_ended=0 cache_told=true difference=whole; }

mg_pages_tried() {
    echo admin/dashboard sales/order sales/invoice sales/shipment sales/creditmemo sales/transactions admin/system_config/edit/section/payment admin/cache \
        admin/user admin/user_role admin/integration admin/system_account customer/index customer/group catalog/product catalog/category cms/page admin/system_config/edit/section/web admin/system_config/edit/section/admin \
        admin/system_config/edit/section/system admin/system_config/edit/section/twofactorauth admin/system_store admin/system_design_theme admin/import admin/export backup/index admin/crypt_key sales_rule/promo_quote review/product \
        admin/email_template admin/system_variable admin/system_currency tax/rule indexer/indexer/list sales/order_create reports/report_sales/sales newsletter/subscriber loginascustomer_log/log media_gallery/media bulk/index
}
mg_opens() { case $1 in admin/dashboard | sales/order | sales/invoice | sales/shipment | sales/creditmemo | sales/transactions | */section/payment | admin/cache) ;; *) return 1 ;; esac }
mg_narrow() {
    want 'the rest is denied by its name' test "$(shop_sql "select count(*) from ${shop_prefix}authorization_rule r join ${shop_prefix}authorization_role g using (role_id) where g.role_name like 'stagepass %' and permission='deny'")" -gt 100
    same 'nothing of users, keys or itself' 0 "$(shop_sql "select count(*) from ${shop_prefix}authorization_rule r join ${shop_prefix}authorization_role g using (role_id) where g.role_name like 'stagepass %' and permission='allow' and resource_id in ('Magento_Backend::all', 'Magento_User::acl', 'Magento_User::acl_users', 'Magento_User::acl_roles', 'Magento_Integration::integrations', 'Magento_Backend::myaccount', 'Magento_EncryptionKey::crypt_key')")"
}

# ---- what is refused -----------------------------------------------------------------------------

mg_hires_namesake() { mg_hires sp-anna "$(mg_role_of_merchant)"; }
mg_fires_namesake() {
    shop_sql "update ${shop_prefix}admin_user set username = 'another', email = 'x@$grant.invalid' where username = 'sp-anna'"
    shop_refused address-taken
    mg_fires another
}
mg_refuses_more() { shop_hash='$2y$05$abcdefghijklmnopqrstuuO1' shop_refused bad-input; }
mg_has_more_rights() {
    local user=${shop_prefix}admin_user
    shop_verb open
    shop_sql "update ${shop_prefix}authorization_rule set permission='allow' where role_id=$(mg_our_role) and resource_id='Magento_User::acl_users'"
    shop_verb check
    says role_matches=false marked=true present=true
    shop_sql "update ${shop_prefix}authorization_role set parent_id=$(mg_role_of_merchant) where role_type='U' and role_name='sp-anna'; update $user set email='mine@example.org' where username='sp-anna'"
    mg_hires mallory "$(mg_role_of_merchant)"
    shop_verb check
    says foreign=true present=false
    shop_sql "update $user set email='x@$grant.invalid' where username='sp-anna'"
    shop_verb check
    says present=true marked=false role_matches=false role=Administrators
    shop_sql "update $user set username='sp-other' where username='sp-anna'"
    shop_verb close
    finishes
    says user_absent=true rows_left=0 role_matches=false new_administrator=mallory
    same 'it is found by another name' 0 "$(shop_sql "select count(*) from $user where username='sp-other'")"
    mg_fires mallory
    shop_verb collected
}

# What lets somebody in, runs by itself, or says where money and mail go is compared with what was there before.
mg_compares() {
    local before config=$root/srv/shop/app/etc/config.php role
    mg_config default 0 payment/checkmo/title Before
    before=$(shop_state)
    shop_verb open
    finishes
    grant=$shop_other_grant shop_verb open account=sp-ben
    finishes
    shop_verb close
    finishes
    says difference=whole
    deny 'another grant is no finding, nor is this one' grep -q '^found=' <<<"$out"
    grant=$shop_other_grant shop_verb close account=sp-ben
    finishes
    grant=$shop_other_grant shop_verb collected
    shop_verb collected
    same 'everything is as before' "$before" "$(shop_state)"
    shop_verb open
    cp -p "$config" "$tmp/config"
    role=$(mg_role_of_merchant)
    mg_hires mallory "$role"
    mg_config default 0 payment/checkmo/title After
    mg_config stores 1 multisafepay/general/live_api_key secret-of-the-shop
    mg_config default 0 design/head/includes '<script src=//evil.example/x></script>'
    mg_config default 0 crontab/default/jobs/evil/schedule/cron_expr '* * * * *'
    shop_sql "insert into ${shop_prefix}integration (name, email, endpoint, status) values ('mine', 'm@example.org', 'https://evil.example/', 1)"
    shop_sql "insert into ${shop_prefix}authorization_rule (role_id, resource_id, permission) values ($role, 'Evil_Module::all', 'allow')"
    shop_sql "update ${shop_prefix}admin_user set email='other@example.org' where user_id=1"
    sed -i "s/'Magento_Store' => 1,/'Magento_Store' => 1, 'Evil_Module' => 1,/" "$config"
    shop_verb close
    finishes
    says difference=whole user_absent=true new_administrator=mallory
    says "found=shop new user of the shop's administration: mallory (Administrators)" "found=shop user of the shop's administration, changed (mail address): merchant (Administrators)" \
        'found=shop setting of payments or mail, changed: payment/checkmo/title' 'found=shop new setting of payments or mail: multisafepay/general/live_api_key@stores_1' \
        'found=shop new setting of the shop: design/head/includes' 'found=shop new job that the shop runs by itself: crontab/default/jobs/evil/schedule/cron_expr' \
        'found=shop new key for programs that ask the shop: integration 1 (mine)' 'found=shop role of the shop, changed: Administrators' 'found=shop new plugin that is switched on: Evil_Module' found_total=9
    deny 'what is set is not told' grep -q 'secret-of-the-shop\|evil.example' <<<"$out"
    cp -p "$tmp/config" "$config"
    mg_fires mallory
    shop_sql "delete from ${shop_prefix}integration; delete from ${shop_prefix}authorization_rule where resource_id='Evil_Module::all'; update ${shop_prefix}admin_user set email='merchant@example.org' where user_id=1; delete from ${shop_prefix}core_config_data where path in ('payment/checkmo/title', 'multisafepay/general/live_api_key', 'design/head/includes', 'crontab/default/jobs/evil/schedule/cron_expr')"
    shop_verb collected
}

# Keys of the shop's API, which open it without a session.
mg_other_keys() {
    local token before
    before=$(shop_state)
    shop_verb open
    token=$(printf '{"username":"sp-anna","password":"%s"}' "$shop_secret" | shop_ask -H 'Content-Type: application/json' --data-binary @- /rest/V1/integration/admin/token >/dev/null && tr -d '"' <"$tmp/page")
    want 'a token is to be had' test "${#token}" -ge 20
    same 'and opens what the role does' 200 "$(shop_ask -H "Authorization: Bearer $token" "/rest/V1/orders?searchCriteria%5BpageSize%5D=1")"
    case $(shop_ask -H "Authorization: Bearer $token" "/rest/V1/customers/search?searchCriteria%5BpageSize%5D=1") in 401 | 403) pass ;; *) fail 'a token opens more than its role' ;; esac
    shop_sql "insert into ${shop_prefix}oauth_token (admin_id, type, token, secret, callback_url, user_type) select user_id, 'access', 'abcdefghabcdefghabcdefghabcdefgh', 'abcdefghabcdefghabcdefghabcdefgh', '', 2 from ${shop_prefix}admin_user where username='sp-anna'"
    shop_verb check
    want 'keys are seen' grep -qE '^keys=[12]$' <<<"$out"
    shop_verb close
    finishes
    says user_absent=true rows_left=0 shut=true
    want 'keys were ended' grep -qE '^keys_ended=[12]$' <<<"$out"
    same 'the token opens nothing' 401 "$(shop_ask -H "Authorization: Bearer $token" "/rest/V1/orders?searchCriteria%5BpageSize%5D=1")"
    shop_verb collected
    same 'everything is as before' "$before" "$(shop_state)"
}

# With nothing of ours at work: the shop itself ends it.
mg_ends_in_shop() {
    shop_verb open
    finishes
    want 'it opens' mg_enters
    shop_sql "update ${shop_prefix}admin_user_expiration set expires_at=utc_timestamp() - interval 1 second"
    # The first page leads away, and the next asks for the password.
    deny 'whoever is in sees no page any more' shop_is_in
    want 'and is out' shop_is_out
    want 'and nobody gets in' shop_cannot_enter
    shop_verb check
    says present=true enabled=false
    # Magento forgets the end when it has come: who is let in again after that is without one.
    shop_sql "update ${shop_prefix}admin_user set is_active=1 where username='sp-anna'"
    shop_verb check
    says present=true enabled=true end_matches=false
    shop_verb close
    finishes
    says user_absent=true rows_left=0
    shop_verb collected
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
    shop_verb detect
    says supported=false reason_id=second-factor second_factor=true
    shop_refused second-factor
    # As staging shops have it.
    sed -i "s/'Magento_TwoFactorAuth' => 1,/'Magento_TwoFactorAuth' => 1, 'MarkShust_DisableTwoFactorAuth' => 1,/" "$config"
    shop_verb detect
    says supported=false reason_id=second-factor
    mg_config default 0 twofactorauth/general/enable 0
    shop_verb detect
    says supported=true second_factor=false
    shop_sql "delete from ${shop_prefix}core_config_data where path='twofactorauth/general/enable'"
    cp -p "$tmp/config" "$config"
}

# ---- a shop that is broken -----------------------------------------------------------------------

# mg_breaks_more ROWS: it cannot be loaded, or hangs.
mg_breaks_more() {
    local before=$1 bootstrap=$root/srv/shop/app/bootstrap.php
    about="Magento $shop_version that cannot be loaded"
    cp -p "$bootstrap" "$tmp/bootstrap.php"
    sed -i '2i exit("not here");' "$bootstrap"
    shop_verb open
    refuses shop-broken
    want 'nothing was made' test ! -e "$root/var/lib/stagepass/$grant"
    same 'nor in the shop' "$before" "$(mg_rows)"
    cp -p "$tmp/bootstrap.php" "$bootstrap"
    shop_verb open
    finishes
    want 'it opens' mg_enters
    # What ends it loads nothing of the shop, and what hangs is not waited for.
    sed -i '2i while (true) sleep(1);' "$bootstrap"
    shop_verb check
    says present=true
    shop_verb close
    finishes
    says user_absent=true rows_left=0 absent=true cache_told=false shut=true
    want 'nothing of it runs any more' gone on pgrep -x php
    cp -p "$tmp/bootstrap.php" "$bootstrap"
    want 'it is out' shop_is_out
    shop_verb collected
}

mg_leads_elsewhere() {
    local settings=$root/srv/shop/app/etc/env.php
    shop_leads_to settings-changed "$settings" "s/'dbname' => '[^']*'/'dbname' => 'copy'/"
    shop_leads_to settings-unclear "$settings" "s/'dbname' => '\([^']*\)'/'dbname' => getenv('X') ?: '\1'/"
    shop_leads_to other-database "$settings" "s/1014 => false/1009 => '\/etc\/ca.pem'/"
}

# Whoever may not write to the shop's files has no part in it.
mg_read_only() {
    local before
    before=$(mg_rows)
    on mount --bind /srv/shop /srv/shop
    on mount -o remount,bind,ro /srv/shop
    shop_verb open
    case $code in
        0) finishes ;;
        *) refuses shop-broken ;;
    esac
    shop_verb check
    finishes
    shop_verb close
    finishes
    says user_absent=true
    shop_verb collected
    on umount /srv/shop
    about="Magento $shop_version whose settings are root's"
    on chown 0:33 /srv/shop/app/etc/env.php
    on chmod 640 /srv/shop/app/etc/env.php
    shop_verb open
    finishes
    says owner=www-data
    want 'it opens' mg_enters
    shop_verb close
    finishes
    says user_absent=true reread=direct
    shop_verb collected
    on chmod 660 /srv/shop/app/etc/env.php
    on chown 33:33 /srv/shop/app/etc/env.php
    same 'everything is as before' "$before" "$(mg_rows)"
}
