# The cases of prestashop. Read by run.sh; needs what it defines, and what wordpress.sh defines of databases.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154
#
# On a host of its own with the PHP, MariaDB and Apache of the suite, and real shops that somebody set up: STAGEPASS_SHOP_PRESTASHOP
# names their folders, with `:` between them, and each has a dump of its database beside it (`FOLDER.sql`). Both are copied, and nothing
# is written to them. Logins are made by curl through the form, as a browser does. `make test-shops` runs it, and docs/shops.md says how
# that went.

prestashop() {
    local shop
    if [ -z "${STAGEPASS_SHOP_PRESTASHOP:-}" ]; then
        printf '%s\n' 'prestashop: NOT RUN: STAGEPASS_SHOP_PRESTASHOP names no shop'
        return 0
    fi
    while IFS= read -r -d : shop; do
        [ -z "$shop" ] || ps_shop "$shop"
    done <<<"$STAGEPASS_SHOP_PRESTASHOP:"
}

# Without a shop, and without PHP: what needs none. `make test` runs it.
ps_nowhere() {
    local was_account=$account was_grant=$grant verb tree version
    about="PrestaShop nowhere" account=sp-anna grant=k3v9q2m7xap login=root
    ps_hash='$2y$05$abcdefghijklmnopqrstuuO1'
    presta detect path=/etc
    finishes
    says supported=false reason_id=no-prestashop path_exists=true path_now=/etc
    presta detect path=
    says supported=false reason_id=no-shop-folder
    presta detect path=/srv/nowhere
    says supported=false reason_id=no-such-path
    presta open path=/etc
    refuses no-prestashop
    presta open path=/etc not_after=1
    refuses too-late
    presta open path=/etc account='Anna x'
    refuses bad-account
    presta check path=/etc
    finishes
    says recorded=false failsafe_present=false reason_id=no-prestashop
    presta update path=/etc
    refuses record-missing
    presta marks path=/etc
    finishes
    same 'there are no marks' stagepass=1 "$out"
    presta close path=/etc "not_after=$(($(date +%s) + 120))"
    finishes
    says already_absent=true absent=true late_open_refused=true result_kept=false platform=prestashop
    presta open path=/etc
    refuses too-late
    rm -f "$root/var/lib/stagepass/ended.$grant"
    presta collected path=/etc
    finishes
    says result_kept=false
    closes_at_its_deadline prestashop "$ps_hash"
    # What a folder looks like in which PrestaShop was not set up, and so on.
    tree=$root/srv/ps
    mkdir -p "$tree/classes" "$tree/config" "$tree/src/Core" "$tree/app/config"
    touch "$tree/classes/PrestaShopAutoload.php" "$tree/config/defines.inc.php"
    for verb in detect open; do
        presta "$verb" path=/srv/ps
        says reason_id=other-version
        for version in 1.6.1.24 9.0.0; do
            printf "<?php\nclass A\n{\n    public const VERSION = '%s';\n}\n" "$version" >"$tree/src/Core/Version.php"
            presta "$verb" path=/srv/ps
            says reason_id=other-version
        done
        printf "<?php\nclass A\n{\n    public const VERSION = '8.2.0';\n}\n" >"$tree/src/Core/Version.php"
        presta "$verb" path=/srv/ps
        says reason_id=no-configuration
        printf "<?php return array('parameters' => array());\n" >"$tree/app/config/parameters.php"
        presta "$verb" path=/srv/ps
        says reason_id=no-php
        cp -r "$tree" "$root/srv/copy"
        mv "$root/srv/copy" "$tree/public"
        presta "$verb" path=/srv/ps
        says reason_id=several-shops
        rm -r "$tree/public"
        # A pipe without end is not read without end.
        rm "$tree/src/Core/Version.php" "$tree/app/config/parameters.php"
        mkfifo "$tree/src/Core/Version.php"
        presta "$verb" path=/srv/ps
        says reason_id=other-version
        rm "$tree/src/Core/Version.php"
    done
    rm -r "$tree"
    want 'nothing was left' eval '! ls -A "$root/var/lib/stagepass" | grep -v last-uid'
    account=$was_account grant=$was_grant
}

# ps_shop FOLDER: all of it, with that shop.
ps_shop() {
    local was_suite=$suite was_root=$root was_account=$account was_grant=$grant one from=$SECONDS failed_before=$failed passed_before=$passed
    suite=${suite%%-*}-shops root=$tmp/${suite%%-*}-shops/root account=sp-anna login=root
    grant=k3v9q2m7xap
    start "$suite" size=3g
    ps_set_up "$1"
    for one in ${STAGEPASS_TEST_PRESTASHOP:-detects whole_life pages keeps_rights no_mail twice tells_marks refuses hands_over compares keeps_secrets renamed breaks read_only without_functions ends_by_itself cut_off}; do
        about="PrestaShop $ps_version $one"
        "ps_$one"
    done
    halt "$suite"
    # A part of it is nothing for the page of real shops.
    [ -n "${STAGEPASS_TEST_PRESTASHOP:-}" ] || ps_writes_down $((passed - passed_before)) $((failed - failed_before)) $((SECONDS - from))
    suite=$was_suite root=$was_root account=$was_account grant=$was_grant
}

# ps_writes_down PASSED FAILED SECONDS
ps_writes_down() {
    mkdir -p "$repo/target/shops"
    printf '%s\t' PrestaShop "$ps_version" "${suite%%-*}" "$ps_php" "$ps_database" "$@" "$ps_times" "$(date -u +%F)" >>"$repo/target/shops/results"
    echo >>"$repo/target/shops/results"
    # Which pages it opened, by the version.
    printf '%s\n' "$ps_table" >"$repo/target/shops/pages.prestashop.$ps_version"
}

# ---- the shop ------------------------------------------------------------------------------------

# presta VERB name=value...: as `verb`, without the way over SSH.
presta() {
    script prestashop "$1" path=/srv/shop "password=$ps_hash" has_password=1 "${@:2}" >"$tmp/script"
    # shellcheck disable=SC2086
    out=$(on timeout -s KILL 120 ${shell:-/bin/sh} -s <"$tmp/script" 2>"$tmp/err")
    code=$?
    out=$(unframed <<<"$out")
    declared prestashop "$1"
}
ps_sql() { on mariadb -N -e "$1" "$ps_db"; }
# ps_says NAME: what the settings say.
ps_says() { sed -n "s/^ *'$1' => '\(.*\)',\$/\1/p" "$root/srv/shop/app/config/parameters.php"; }

ps_set_up() {
    about="PrestaShop in $1: set up"
    claim_port
    ps_port=$claimed ps_times='' ps_table=''
    ps_secret=Kq7mNz2xPw4vRt8sLb3c
    mkdir -p "$root/srv/shop"
    cp -a "$1/." "$root/srv/shop"
    # What it keeps of itself is of where it was before.
    rm -rf "$root"/srv/shop/var/cache/*
    chown -R 33:33 "$root/srv/shop"
    ps_admin=$(dirname "$(ls -d "$root"/srv/shop/*/get-file-admin.php)")
    ps_version=$(sed -n "s/^ *\(public \)*const VERSION = '\([0-9.]*\)';/\2/p" "$root/srv/shop/src/Core/Version.php" "$root/srv/shop/app/AppKernel.php" 2>/dev/null | head -n 1)
    ps_php=$(on php -r 'echo PHP_VERSION;')
    ps_db=$(ps_says database_name) ps_db_secret=$(ps_says database_password) ps_db_user=$(ps_says database_user) ps_prefix=$(ps_says database_prefix)
    wp_database_starts
    ps_database=$(on mariadb -N -e 'select version()')
    on mariadb -e "create database \`$ps_db\`; create user '$ps_db_user'@localhost identified by '$ps_db_secret'; grant all on \`$ps_db\`.* to '$ps_db_user'@localhost"
    on mariadb "$ps_db" <"$1.sql"
    # A merchant whose password is known here, at an address that leads to this host.
    ps_hash=$(on php -r 'echo password_hash(trim(fgets(STDIN)), PASSWORD_BCRYPT, ["cost" => 5]);' <<<merchants-Pw1)
    ps_sql "update ${ps_prefix}employee set email='merchant@shop.example', passwd='$ps_hash', active=1, id_profile=1 order by id_employee limit 1"
    ps_merchant=$(ps_sql "select id_employee from ${ps_prefix}employee where email='merchant@shop.example'")
    ps_zone=$(ps_sql "select value from ${ps_prefix}configuration where name='PS_TIMEZONE'")
    ps_sql "update ${ps_prefix}shop_url set domain='prestashop.test:$ps_port', domain_ssl='prestashop.test:$ps_port', physical_uri='/'; update ${ps_prefix}configuration set value='0' where name like 'PS_SSL_ENABLED%'; update ${ps_prefix}configuration set value='1' where name='PS_SHOP_ENABLE'; update ${ps_prefix}configuration set value='prestashop.test:$ps_port' where name in ('PS_SHOP_DOMAIN', 'PS_SHOP_DOMAIN_SSL')"
    ps_hash=$(on php -r 'echo password_hash(trim(fgets(STDIN)), PASSWORD_BCRYPT, ["cost" => 5]);' <<<"$ps_secret")
    rm -f "$root"/etc/apache2/sites-enabled/*
    printf 'Listen 127.0.0.1:%s\n' "$ps_port" >"$root/etc/apache2/ports.conf"
    printf '<VirtualHost *:%s>\n ServerName prestashop.test\n DocumentRoot /srv/shop\n <Directory /srv/shop>\n  Options FollowSymLinks\n  AllowOverride None\n  Require all granted\n </Directory>\n</VirtualHost>\n' "$ps_port" >"$root/etc/apache2/sites-enabled/shop.conf"
    # Nothing that the shop mails leaves this host, and all of it is written down: it speaks SMTP to this program.
    printf '%s\n' '#!/bin/sh' 'echo "220 here"' 'while read -r line; do' '    echo "$line" >>/var/tmp/mails' '    case $line in' \
        '        DATA*) echo "354 go on"; while read -r line && [ "${line%?}" != . ]; do :; done; echo "250 done" ;;' '        QUIT*) echo "221 bye"; exit 0 ;;' '        *) echo "250 here" ;;' '    esac' 'done' >"$root/usr/sbin/sendmail"
    chmod 755 "$root/usr/sbin/sendmail"
    printf 'memory_limit=512M\nmax_execution_time=120\n' >"$(echo "$root"/etc/php/*/apache2/conf.d)/99-test.ini"
    want 'Apache starts' on apache2ctl start
    # What a shop writes about itself at the first visit of its administration is none of ours.
    want 'the merchant gets in' again 60 ps_enters merchant@shop.example merchants-Pw1
    ps_visit
}
# As the shop itself does it at the first visit of a page.
ps_visit() {
    local page
    for page in $ps_pages; do ps_page "$page" >/dev/null; done
    ps_ask / >/dev/null
}
ps_pages='AdminDashboard AdminOrders AdminInvoices AdminSlip AdminDeliverySlip AdminCarts AdminProducts AdminStatuses AdminPayment AdminPaymentPreferences AdminModulesSf AdminModulesUpdates AdminInformation AdminLogs AdminModules&configure=ps_wirepayment AdminModules&configure=ps_checkpayment AdminModules&configure=ps_banner AdminEmployees AdminProfiles AdminAccess AdminWebservice AdminCustomers AdminAddresses AdminRequestSql AdminBackup AdminPerformance AdminAdminPreferences AdminEmails AdminImport AdminThemes AdminModulesPositions AdminTranslations AdminMaintenance AdminPreferences AdminShopUrl AdminSecuritySessionEmployee AdminFeatureFlag AdminCartRules AdminCustomerThreads AdminCarriers AdminCurrencies AdminTaxes AdminCmsContent'

# ps_ask [CURL OPTION...] ADDRESS: the status of the answer, which is left in $tmp/page.
ps_ask() { curl -s -m 100 -o "$tmp/page" -w '%{http_code}' -D "$tmp/head" -H "Host: prestashop.test:$ps_port" "${@:1:$#-1}" "http://127.0.0.1:$ps_port${*: -1}"; }
ps_folder() { printf '/%s' "${ps_admin##*/}"; }
# Where the last answer leads.
ps_leads() { sed -n 's/^[Ll]ocation: //p' "$tmp/head" | tr -d '\r' | sed 's#^http://[^/]*##'; }

# ps_follow ADDRESS: asks for it with the cookies of $ps_jar, and for where it leads.
ps_follow() {
    local at=$1 step status
    for step in 1 2 3 4 5 6; do
        status=$(ps_ask -b "$jar" -c "$jar" "$at")
        case $status in 30*) at=$(ps_leads) ;; *) break ;; esac
        case $at in /*) ;; *) at=$(ps_folder)/$at ;; esac
    done
    echo "$status $at"
}

# ps_enters [ADDRESS [PASSWORD]]: logs in through the form, and keeps the cookies in $tmp/jar or $ps_jar. The password is told by
# standard input.
ps_enters() {
    local jar=${ps_jar:-$tmp/jar} place redirect
    rm -f "$jar"
    ps_follow "$(ps_folder)/index.php?controller=AdminLogin" >/dev/null
    redirect=$(grep -o '<input[^>]*name="redirect"[^>]*>' "$tmp/page" | sed -n 's/.*value="\([^"]*\)".*/\1/p' | sed 's/&amp;/\&/g' | head -n 1)
    printf 'data-urlencode = "passwd=%s"' "${2:-$ps_secret}" | ps_ask -K - -c "$jar" -b "$jar" --data-urlencode "email=${1:-$account@$grant.invalid}" --data-urlencode "redirect=$redirect" -d submitLogin=1 \
        "$(ps_folder)/index.php?controller=AdminLogin" >/dev/null
    place=$(ps_leads)
    [ -n "$place" ] || return 1
    ps_follow "$place" >/dev/null
    test_value in ps_where
}
# What the page is that was asked for last: in, or the login.
ps_where() { if grep -q 'name="passwd"' "$tmp/page" || ! [ -s "$tmp/page" ]; then echo login; else echo in; fi; }
# ps_page CONTROLLER: what a page of the back office is with these cookies: open, denied, login, or a status. Its own token comes from
# the shop: an address without one is asked back, and what is offered then is followed, as who clicks on it does.
ps_page() {
    local jar=${ps_jar:-$tmp/jar} said status at
    said=$(ps_follow "$(ps_folder)/index.php?controller=$1")
    if grep -q '<title>Invalid security token' "$tmp/page"; then
        at=$(grep -o 'href="[^"]*"' "$tmp/page" | sed -n 's/^href="\([^"]*[;?&_]token=[^"]*\)"$/\1/p' | sed -e 's/&amp;/\&/g' -e 's#^http://[^/]*##' | tail -n 1)
        case $at in '') ;; /*) said=$(ps_follow "$at") ;; *) said=$(ps_follow "$(ps_folder)/$at") ;; esac
    fi
    status=${said%% *} at=${said#* }
    if grep -q 'name="passwd"' "$tmp/page" || [[ $at == *AdminLogin* ]]; then
        echo login
    # Who may not is led to an address that is none, or round in a circle, or told so.
    elif [[ $status == 30? || $status == 403 || $at == */admin_domain* ]] || grep -q 'Access denied\.\|You do not have permission to configure this module\|<title>Invalid security token' "$tmp/page"; then
        echo denied
    elif [ "$status" = 200 ]; then
        echo open
    else
        echo "$status"
    fi
}
ps_is_in() { test_value open ps_page AdminOrders; }
ps_is_out() { test_value login ps_page AdminOrders; }
ps_cannot_enter() { ! ps_jar=$tmp/jar.refused ps_enters "$@"; }

# Every row but what the shop itself keeps moving: sessions, the log, what it counts and caches.
ps_rows() {
    on mariadb-dump --skip-comments --skip-extended-insert --skip-add-locks --order-by-primary --ignore-table="$ps_db.${ps_prefix}log" "$ps_db" | sed -e 's/ AUTO_INCREMENT=[0-9]*//' |
        awk -v p="$ps_prefix" -v merchant="$ps_merchant" '
            { table = $0; sub(/^INSERT INTO `/, "", table); sub(/`.*/, "", table) }
            table ~ ("^" p "(connections|connections_page|connections_source|guest|page|page_viewed|pagenotfound|configuration_kpi|date_range|statssearch|cart|smarty_.*|module_history|admin_filter|eventbus_.*|accounts_.*|mbo_.*|statistics.*)$") && $0 ~ /^INSERT/ { next }
            table == p "employee_session" && $0 ~ ("VALUES \\([0-9]+," merchant ",") { next }
            table == p "configuration" && $0 ~ /^INSERT/ { sub(/,.[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9:]+.,.[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9:]+.\);$/, "") }
            table == p "employee" && $0 ~ ("VALUES \\(" merchant ",") { next }
            { print }'
}
ps_files() {
    (
        cd "$root" || exit
        find srv etc -path srv/shop/var -prune -o ! -type d -printf '%p %y %m %U:%G %s %T@\n' | sort
        find srv/shop -path srv/shop/var -prune -o ! -uid 33 -print | sort
        find var/lib/stagepass -mindepth 1 ! -name 'result.*' ! -name last-uid -printf '%p\n' | sort
    ) | grep -v -e 'etc/apache2' -e 'mysql'
}
ps_state() {
    ps_files
    ps_rows
}
# What the log says of an employee who is gone is what was done, and stays.
ps_log_of() { ps_sql "select count(*) from ${ps_prefix}log where id_employee=$1"; }

# ---- the whole life ------------------------------------------------------------------------------

ps_detects() {
    local before
    before=$(ps_state)
    ps_sql "insert into ${ps_prefix}shop_url (id_shop, domain, domain_ssl, physical_uri, virtual_uri, main, active) values (1, 'acc.example.org', 'acc.example.org', '/', 'two/', 0, 1)"
    ps_sql "insert into ${ps_prefix}module (name, active, version) values ('multisafepayofficial', 1, '6'), ('mollie', 1, '6'), ('paypal', 0, '6')"
    ps_sql "insert into ${ps_prefix}configuration (id_shop, name, value, date_add, date_upd) values (null, 'MULTISAFEPAY_OFFICIAL_TEST_MODE', '0', now(), now()), (1, 'MULTISAFEPAY_OFFICIAL_TEST_MODE', '1', now(), now()), (null, 'MOLLIE_ENVIRONMENT', '0', now(), now()), (null, 'PAYPAL_SANDBOX', '0', now(), now())"
    ps_sql "update ${ps_prefix}configuration set value='0' where name='PS_SHOP_ENABLE'; update ${ps_prefix}configuration set value='3' where name='PS_MAIL_METHOD'; update ${ps_prefix}configuration set value='Europe/Amsterdam' where name='PS_TIMEZONE'"
    ps_sql "create table kept_orders as select id_order, current_state, date_add, module from ${ps_prefix}orders; update ${ps_prefix}orders set current_state=(select min(id_order_state) from ${ps_prefix}order_state where paid=0); update ${ps_prefix}orders set current_state=(select min(id_order_state) from ${ps_prefix}order_state where paid=1), date_add='2025-11-20 11:30:00', module='mollie' order by id_order limit 1"
    presta detect
    finishes
    says supported=true platform=prestashop "version=$ps_version" shop_root=/srv/shop config_file=/srv/shop/app/config/parameters.php "layout=${ps_admin##*/}" owner=www-data direct=true scheme=bcrypt \
        expiry=none note=no-guard "login_url=http://prestashop.test:$ps_port$(ps_folder)/index.php?controller=AdminLogin" "admin_url=http://prestashop.test:$ps_port$(ps_folder)/" "home=http://prestashop.test:$ps_port/" \
        "signal=host	prestashop.test	shop_url_1.domain" "signal=host	acc.example.org	shop_url_2.domain_ssl" "signal=coming-soon	yes	PS_SHOP_ENABLE" "signal=mail	off	PS_MAIL_METHOD" \
        "signal=payment-test	no	MULTISAFEPAY_OFFICIAL_TEST_MODE" "signal=payment-test	yes	MULTISAFEPAY_OFFICIAL_TEST_MODE@shop_1" "signal=payment-test	yes	MOLLIE_ENVIRONMENT" \
        "signal=newest-paid-order	1763634600	mollie" "signal=orders	1	orders"
    deny 'a module that is switched off says nothing' grep -q PAYPAL_SANDBOX <<<"$out"
    ps_sql "update ${ps_prefix}orders o join kept_orders k on k.id_order=o.id_order set o.current_state=k.current_state, o.date_add=k.date_add, o.module=k.module; drop table kept_orders"
    ps_sql "delete from ${ps_prefix}shop_url where domain='acc.example.org'; delete from ${ps_prefix}module where name in ('multisafepayofficial', 'mollie') or (name='paypal' and version='6'); delete from ${ps_prefix}configuration where name in ('MULTISAFEPAY_OFFICIAL_TEST_MODE', 'MOLLIE_ENVIRONMENT', 'PAYPAL_SANDBOX')"
    ps_sql "update ${ps_prefix}configuration set value='1' where name in ('PS_SHOP_ENABLE', 'PS_MAIL_METHOD'); update ${ps_prefix}configuration set value='$ps_zone' where name='PS_TIMEZONE'"
    presta detect
    says supported=true
    deny 'a default says nothing' grep -qE '^signal=(payment-test	.*(MULTI|MOLLIE)|coming-soon|mail|debug)' <<<"$out"
    sed -i "s/define('_PS_MODE_DEV_', false)/define('_PS_MODE_DEV_', true)/" "$root/srv/shop/config/defines.inc.php"
    presta detect
    says 'signal=debug	yes	_PS_MODE_DEV_'
    sed -i "s/define('_PS_MODE_DEV_', true)/define('_PS_MODE_DEV_', false)/" "$root/srv/shop/config/defines.inc.php"
    touch -r "$root/srv/shop/config/alias.php" "$root/srv/shop/config/defines.inc.php"
    presta detect path=/etc
    says supported=false reason_id=no-prestashop
    # Nobody could log in there.
    mkdir "$root/srv/shop/install"
    presta detect
    says supported=false reason_id=not-set-up
    rmdir "$root/srv/shop/install"
    mv "$ps_admin" "$root/srv/shop/admin"
    presta detect
    says supported=false reason_id=not-set-up
    mv "$root/srv/shop/admin" "$ps_admin"
    cp -a "$ps_admin" "$root/srv/shop/office-2"
    presta detect
    says supported=false reason_id=several-shops
    ps_refused several-shops
    rm -r "$root/srv/shop/office-2"
    same 'nothing was changed' "$(grep -v 'config/defines.inc.php' <<<"$before")" "$(ps_state | grep -v 'config/defines.inc.php')"
}

ps_whole_life() {
    local before id from
    before=$(ps_state)
    want 'the password opens nothing yet' ps_cannot_enter
    presta check
    finishes
    says present=false recorded=false failsafe_present=false expired=false foreign=false
    from=$(date +%s%N)
    verb prestashop open path=/srv/shop has_password=1 "password=$ps_hash"
    ps_timed open "$from"
    finishes
    says account=sp-anna platform=prestashop owner=www-data expiry=none grants=payment failsafe=none shop_path=/srv/shop "version=$ps_version" "login_name=sp-anna@$grant.invalid" "login_url=http://prestashop.test:$ps_port$(ps_folder)/index.php?controller=AdminLogin"
    id=$(sed -n 's/^user_id=//p' <<<"$out")
    want 'the password opens it' ps_enters
    want 'and one is in' ps_is_in
    want 'a wrong one does not' ps_cannot_enter "sp-anna@$grant.invalid" wrong-Password1
    same 'the profile is its own' "stagepass $grant t4g" "$(ps_sql "select distinct name from ${ps_prefix}employee e join ${ps_prefix}profile_lang l on l.id_profile=e.id_profile where id_employee=$id")"
    same 'what is new in the shop is the shop' '' "$(find "$root/srv/shop" ! -user 33)"
    from=$(date +%s%N)
    presta check
    ps_timed check "$from"
    finishes
    says present=true foreign=false recorded=true marked=true enabled=true address_matches=true role_matches=true "role=stagepass $grant t4g" reread=direct expired=false
    want 'with its sessions' grep -qE '^sessions=[1-9]$' <<<"$out"
    want 'and who was in' grep -qE '^use=1[0-9]{9} 127\.0\.0\.1 login back-office$' <<<"$out"
    presta check uses_from=1000
    deny 'what is known already is not said again' grep -q '^use=' <<<"$out"
    says uses_total=1
    presta update "deadline=$((deadline + 60))"
    finishes
    says expiry=none
    want 'the new end is known to root' grep -qx "deadline=$((deadline + 60))" "$root/var/lib/stagepass/$grant/ends"
    want 'and one is still in' ps_is_in
    from=$(date +%s%N)
    presta close
    ps_timed close "$from"
    finishes
    says absent=true user_absent=true rows_left=0 reread=direct already_absent=false foreign=false shut=true failsafe_absent=true result_kept=true by_server=false platform=prestashop role_matches=true
    want 'it ended a session' grep -qE '^sessions_ended=[1-9]$' <<<"$out"
    says difference=whole
    deny 'nothing else is different' grep -q '^found=' <<<"$out"
    want 'the old cookie opens nothing' ps_is_out
    want 'nor does the password' ps_cannot_enter
    want 'the merchant goes on' ps_enters merchant@shop.example merchants-Pw1
    same 'no session has its number' 0 "$(ps_sql "select count(*) from ${ps_prefix}employee_session where id_employee=$id")"
    want 'what it did stays in the log' test "$(ps_log_of "$id")" -gt 0
    presta collected
    finishes
    says result_kept=false
    same 'everything is as before' "$before" "$(ps_state)"
}
# ps_timed VERB SINCE: notes how many milliseconds it took.
ps_timed() { ps_times="$ps_times${ps_times:+, }$1 $((($(date +%s%N) - $2) / 1000000)) ms"; }

# What opens, and what does not. `ps_table` keeps it for docs/shops.md.
ps_pages() {
    local page merchant supporter
    presta open
    finishes
    want 'it opens' ps_enters
    ps_jar=$tmp/jar.merchant ps_enters merchant@shop.example merchants-Pw1
    ps_table=''
    for page in $ps_pages; do
        merchant=$(ps_jar=$tmp/jar.merchant ps_page "$page")
        [ "$merchant" = open ] || continue
        supporter=$(ps_page "$page")
        ps_table=$ps_table$page$'\t'$supporter$'\n'
        case $page in
            AdminDashboard | AdminOrders | AdminInvoices | AdminSlip | AdminDeliverySlip | AdminCarts | AdminProducts | AdminStatuses | AdminPayment | AdminPaymentPreferences | AdminModulesSf | AdminModulesUpdates | AdminInformation | AdminLogs | AdminModules*ps_wirepayment | AdminModules*ps_checkpayment) same "$page opens" open "$supporter" ;;
            *) same "$page does not" denied "$supporter" ;;
        esac
    done
    want 'several pages were tried' test "$(grep -c '' <<<"$ps_table")" -ge 20
    same 'nothing but settings of payment can be changed' '' "$(ps_sql "select r.slug from ${ps_prefix}module_access a join ${ps_prefix}authorization_role r using (id_authorization_role) join ${ps_prefix}profile_lang l on l.id_profile=a.id_profile where l.name like 'stagepass %' and r.slug not like '%_READ'" | grep -v -i 'payment\|checkout\|cashondelivery')"
    same 'and no page makes or deletes anything' 0 "$(ps_sql "select count(*) from ${ps_prefix}access a join ${ps_prefix}authorization_role r using (id_authorization_role) join ${ps_prefix}profile_lang l on l.id_profile=a.id_profile where l.name like 'stagepass %' and (r.slug like '%_CREATE' or r.slug like '%_DELETE')")"
    presta close
    finishes
    presta collected
}

# Who may change the settings of modules to pay with does not become more by it, nor does who may change his own name.
ps_keeps_rights() {
    local jar=$tmp/jar token at profile profile_wanted page_of_its_own id before
    before=$(ps_rows)
    presta open
    finishes
    id=$(sed -n 's/^user_id=//p' <<<"$out")
    profile=$(ps_sql "select id_profile from ${ps_prefix}employee where id_employee=$id")
    want 'it opens' ps_enters
    # What is given works: a setting of payment is saved.
    want 'settings of payment open' test_value open ps_page 'AdminModules&configure=ps_checkpayment'
    at=$(grep -o '<form[^>]*configure=ps_checkpayment[^>]*>' "$tmp/page" | sed -n 's/.*action="\([^"]*\)".*/\1/p' | sed -e 's/&amp;/\&/g' -e 's#^http://[^/]*##' | head -n 1)
    case $at in /*) ;; *) at=$(ps_folder)/$at ;; esac
    ps_ask -b "$jar" -c "$jar" -d btnSubmit=1 -d CHEQUE_NAME=Payee -d CHEQUE_ADDRESS=Street "$at" >/dev/null
    same 'and are saved' Payee "$(ps_sql "select value from ${ps_prefix}configuration where name='CHEQUE_NAME'")"
    ps_sql "delete from ${ps_prefix}configuration where name in ('CHEQUE_NAME', 'CHEQUE_ADDRESS')"
    # A module that is none to pay with.
    want 'the page of modules opens' test_value open ps_page AdminModulesSf
    token=$(grep -o 'improve/modules/manage?_token=[A-Za-z0-9_-]*' "$tmp/page" | head -n 1 | sed 's/.*=//')
    want 'with a token' test -n "$token"
    for at in disable/ps_banner uninstall/ps_banner uninstall/ps_checkpayment; do
        ps_ask -b "$jar" -c "$jar" -X POST -H 'X-Requested-With: XMLHttpRequest' "$(ps_folder)/index.php/improve/modules/manage/action/$at?_token=$token" >/dev/null
        want "$at is answered" test -s "$tmp/page"
    done
    same 'nothing was switched off' '2' "$(ps_sql "select count(*) from ${ps_prefix}module where name in ('ps_banner', 'ps_checkpayment') and active=1")"
    printf 'PK' >"$tmp/module.zip"
    ps_ask -b "$jar" -c "$jar" -F "file_uploaded=@$tmp/module.zip;filename=mine.zip" "$(ps_folder)/index.php/improve/modules/import?_token=$token" >/dev/null
    want 'nothing can be uploaded' grep -q '"status":false' "$tmp/page"
    # Its own name.
    ps_page AdminOrders >/dev/null
    at=$(grep -o "$(ps_folder)/index.php/configure/advanced/employees/$id/edit[^\"]*" "$tmp/page" | head -n 1 | sed 's/&amp;/\&/g')
    want 'it finds its own page' test -n "$at"
    ps_follow "$at" >/dev/null
    token=$(grep -o '<input[^>]*name="employee\[_token\]"[^>]*>' "$tmp/page" | sed -n 's/.*value="\([^"]*\)".*/\1/p')
    page_of_its_own=$(tr '\n' ' ' <"$tmp/page" | sed -n 's/.*name="employee\[default_page\]"//p' | grep -o 'value="[0-9]*"' | head -n 1 | tr -dc 0-9)
    for profile_wanted in '' 1; do
        ps_ask -b "$jar" -c "$jar" --data-urlencode "employee[_token]=$token" -d 'employee[firstname]=Mal' -d 'employee[lastname]=Lory' -d "employee[email]=sp-anna@$grant.invalid" -d 'employee[language]=1' \
            -d "employee[default_page]=$page_of_its_own" -d 'employee[has_enabled_gravatar]=0' ${profile_wanted:+-d "employee[profile]=$profile_wanted"} "$at" >/dev/null
        same 'its profile is what it was' "$profile" "$(ps_sql "select id_profile from ${ps_prefix}employee where id_employee=$id")"
    done
    same 'its name is its own' Mal "$(ps_sql "select firstname from ${ps_prefix}employee where id_employee=$id")"
    presta check
    says present=true marked=true role_matches=true
    presta close
    finishes
    says user_absent=true rows_left=0
    presta collected
    same 'everything is as before' "$before" "$(ps_rows)"
}

# Nobody is written to: not when it is made or goes, and not when somebody asks for a new password in its name.
ps_no_mail() {
    rm -f "$root/var/tmp/mails"
    ps_sql "update ${ps_prefix}employee set last_passwd_gen='2020-01-01' where id_employee=$ps_merchant"
    ps_forgets merchant@shop.example
    want 'a mail that is sent is seen' again 20 test -s "$root/var/tmp/mails"
    rm -f "$root/var/tmp/mails"
    presta open
    finishes
    ps_forgets "sp-anna@$grant.invalid"
    want 'the shop answered' test -s "$tmp/page"
    same 'and no token was made' 0 "$(ps_sql "select count(*) from ${ps_prefix}employee where email='sp-anna@$grant.invalid' and reset_password_token is not null")"
    want 'it opens' ps_enters
    presta close
    finishes
    ps_forgets "sp-anna@$grant.invalid"
    presta collected
    same 'no mail' '' "$(cat "$root/var/tmp/mails" 2>/dev/null)"
    ps_sql "update ${ps_prefix}employee set reset_password_token=null, reset_password_validity=null"
}
# ps_forgets ADDRESS: asks for a new password.
ps_forgets() { ps_ask -d submitForgot=1 -d ajax=1 --data-urlencode "email_forgot=$1" "$(ps_folder)/index.php?controller=AdminLogin" >/dev/null; }

ps_twice() {
    local id first before other
    before=$(ps_state)
    presta open
    finishes
    id=$(grep '^user_id=' <<<"$out")
    presta open
    finishes
    says "$id"
    want 'it opens' ps_enters
    other=$(on php -r 'echo password_hash("Another2xPw4vRt8sLb3", PASSWORD_BCRYPT, ["cost" => 5]);')
    ps_hash=$other presta open
    finishes
    says "$id"
    want 'with another password' ps_enters "sp-anna@$grant.invalid" Another2xPw4vRt8sLb3
    want 'and not with the one before' ps_cannot_enter
    presta close
    finishes
    says already_absent=false result_kept=true
    first=$(grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' -e '^foreign' <<<"$out" | sort)
    presta close
    finishes
    says already_absent=true result_kept=true absent=true
    same 'the same is said again' "$first" "$(grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' -e '^foreign' <<<"$out" | sort)"
    presta collected
    presta close
    finishes
    says already_absent=true result_kept=false absent=true user_absent=true reread=direct
    about="PrestaShop $ps_version two at once"
    presta open
    grant=k3v9q2m7xbp presta open account=sp-ben
    want 'one is in' ps_enters
    ps_jar=$tmp/jar.ben want 'so is the other' ps_enters sp-ben@k3v9q2m7xbp.invalid
    presta close
    finishes
    want 'one is out' ps_is_out
    ps_jar=$tmp/jar.ben want 'the other is not' ps_is_in
    grant=k3v9q2m7xbp presta close account=sp-ben
    finishes
    ps_jar=$tmp/jar.ben want 'now it is' ps_is_out
    presta collected
    grant=k3v9q2m7xbp presta collected
    same 'everything is as before' "$before" "$(ps_state)"
}

ps_tells_marks() {
    local before
    before=$(ps_state)
    presta open
    presta marks
    finishes
    same 'all there is' "mark=entry $grant sp-anna t4g - /srv/shop
mark=record $grant sp-anna t4g - /var/lib/stagepass/$grant/
mark=role $grant - t4g - /srv/shop
stagepass=1" "$(sort <<<"$out")"
    # The record is lost: the shop still knows.
    rm -r "$root/var/lib/stagepass/$grant"
    presta marks
    same 'an employee whose record is lost' "mark=entry $grant sp-anna t4g - /srv/shop
mark=role $grant - t4g - /srv/shop
stagepass=1" "$(sort <<<"$out")"
    ps_sql "update ${ps_prefix}employee set id_profile=1 where email='sp-anna@$grant.invalid'"
    presta marks
    same 'one with another profile' "mark=entry $grant sp-anna - - /srv/shop
mark=role $grant - t4g - /srv/shop
stagepass=1" "$(sort <<<"$out")"
    presta close
    finishes
    says absent=true already_absent=false user_absent=true
    want 'it is found without its record' ps_cannot_enter
    presta marks
    same 'none' stagepass=1 "$out"
    rm -f "$root/var/lib/stagepass/result.$grant"
    same 'everything is as before' "$before" "$(ps_state)"
}

# ---- what is refused -----------------------------------------------------------------------------

# ps_refused ID [name=value...]: by open, and nothing was changed.
ps_refused() {
    local id=$1 before
    shift
    before=$(ps_state)
    presta open "$@"
    refuses "$id"
    same "nothing was changed ($id)" "$before" "$(ps_state)"
}
# ps_hires ADDRESS PROFILE: an employee of the merchant's own.
ps_hires() { ps_sql "set sql_mode=''; insert into ${ps_prefix}employee (email, firstname, lastname, passwd, id_profile, id_lang, active) values ('$1', 'Mallory', 'Smith', 'x', $2, 1, 1)"; }

ps_refuses() {
    local before user=${ps_prefix}employee
    ps_hires "sp-anna@$grant.invalid" 1
    ps_refused name-taken
    presta detect
    says supported=false reason_id=name-taken
    presta check
    says foreign=true present=false
    before=$(ps_state)
    presta close
    finishes
    says foreign=true already_absent=true absent=true user_absent=true
    same 'a close leaves it, too' "$before" "$(ps_state)"
    ps_sql "delete from $user where email='sp-anna@$grant.invalid'"
    ps_refused no-prestashop path=/etc
    ps_refused no-shop-folder path=
    ps_refused bad-account account='Anna x'
    ps_refused bad-account account=sp..anna
    ps_refused bad-account account=sp-averyveryveryveryveryverylongname
    ps_refused too-late not_after=1
    ps_hash='' ps_refused no-credential
    ps_hash=not-hashed ps_refused bad-input
    ps_hash='$sha1x3$abcDEF123$aacd03ccd2279718dd40c765ec3ceb2927721b46' ps_refused bad-input
    about="PrestaShop $ps_version another member of the profile"
    presta open
    finishes
    ps_hires mallory@example.org "(select id_profile from ${ps_prefix}profile_lang where name like 'stagepass %' limit 1)"
    presta close
    fails rows-left
    says user_absent=true shut=true 'left=member mallory@example.org'
    deny 'it is not said to be over' grep -q '^absent=true' <<<"$out"
    same 'whoever is not ours stays' 1 "$(ps_sql "select count(*) from $user where email='mallory@example.org'")"
    ps_sql "delete from $user where email='mallory@example.org'"
    presta close
    finishes
    says user_absent=true rows_left=0 absent=true
    presta collected
    about="PrestaShop $ps_version more rights than were given"
    presta open
    ps_sql "insert into ${ps_prefix}access (id_profile, id_authorization_role) select l.id_profile, r.id_authorization_role from ${ps_prefix}profile_lang l, ${ps_prefix}authorization_role r where l.name like 'stagepass %' and r.slug='ROLE_MOD_TAB_ADMINEMPLOYEES_UPDATE' limit 1"
    presta check
    says role_matches=false marked=true present=true
    ps_sql "update $user set id_profile=1, email='mine@example.org' where email='sp-anna@$grant.invalid'"
    ps_hires mallory@example.org 1
    presta check
    says present=false
    ps_sql "update $user set email='sp-anna@$grant.invalid' where email='mine@example.org'"
    presta check
    says present=true marked=false role_matches=false role=SuperAdmin
    ps_sql "update $user set id_profile=(select id_profile from ${ps_prefix}profile_lang where name like 'stagepass %' limit 1), email='mine@example.org' where email='sp-anna@$grant.invalid'"
    presta check
    says present=true marked=true address_matches=false
    presta close
    finishes
    says user_absent=true rows_left=0 role_matches=false new_administrator=mallory@example.org
    same 'it is found by another address' 0 "$(ps_sql "select count(*) from $user where email='mine@example.org'")"
    ps_sql "delete from $user where email='mallory@example.org'"
    presta collected
}

# What it wrote goes to an administrator, what the shop keeps of it goes, and what a module keeps is told.
ps_hands_over() {
    local before id heir
    before=$(ps_state)
    presta open
    finishes
    id=$(sed -n 's/^user_id=//p' <<<"$out")
    heir=$ps_merchant
    ps_sql "insert into ${ps_prefix}message (id_cart, id_customer, id_employee, id_order, message, private, date_add) values (1, 1, $id, 1, 'hello', 1, now())"
    ps_sql "insert into ${ps_prefix}module_preference (id_employee, module) values ($id, 'x')"
    ps_sql "create table ${ps_prefix}of_a_module (id int auto_increment primary key, id_employee int not null); insert into ${ps_prefix}of_a_module (id_employee) values ($id)"
    presta close
    finishes
    says user_absent=true rows_left=0 'handed_over=1 merchant@shop.example' 'kept=of_a_module 1'
    same 'the message is the merchant' "$heir" "$(ps_sql "select id_employee from ${ps_prefix}message where message='hello'")"
    same 'the preference is gone' 0 "$(ps_sql "select count(*) from ${ps_prefix}module_preference where id_employee=$id")"
    same 'what is a module stays' 1 "$(ps_sql "select count(*) from ${ps_prefix}of_a_module where id_employee=$id")"
    ps_sql "drop table ${ps_prefix}of_a_module; delete from ${ps_prefix}message where message='hello'"
    presta collected
    same 'everything is as before' "$before" "$(ps_state)"
    about="PrestaShop $ps_version nobody to give it to"
    presta open
    id=$(sed -n 's/^user_id=//p' <<<"$out")
    ps_sql "insert into ${ps_prefix}message (id_cart, id_customer, id_employee, id_order, message, private, date_add) values (1, 1, $id, 1, 'hello', 1, now()); update ${ps_prefix}employee set active=0 where id_profile=1"
    presta close
    fails no-heir
    says shut=true
    # A module makes itself an administrator anew at the next request.
    ps_sql "update ${ps_prefix}employee set active=1 where id_profile=1"
    want 'it cannot log in all the same' ps_cannot_enter
    presta close
    finishes
    says user_absent=true rows_left=0
    ps_sql "delete from ${ps_prefix}message where message='hello'"
    presta collected
    same 'everything is as before' "$before" "$(ps_state)"
}

# What somebody changed meanwhile in who may log in, what runs, and where money and mail go is told, and what it was set to is not.
ps_compares() {
    local before
    before=$(ps_rows)
    presta open
    finishes
    ps_hires mallory@example.org 1
    ps_sql "insert into ${ps_prefix}webservice_account (\`key\`, description, active) values ('ABCDEFGHIJKLMNOPQRSTUVWXYZ123456', 'mine', 1)"
    ps_sql "insert into ${ps_prefix}configuration (name, value, date_add, date_upd) values ('MULTISAFEPAY_OFFICIAL_API_KEY', 'secret-of-mallory', now(), now())"
    ps_sql "insert into ${ps_prefix}module (name, active, version) values ('stays', 1, '1')"
    presta close
    finishes
    says difference=whole
    want 'a new administrator' grep -qE '^found=.*mallory@example.org.*SuperAdmin' <<<"$out"
    want 'a key' grep -qE '^found=.*key for programs.*mine' <<<"$out"
    want 'a setting of payment, by its name' grep -qE '^found=.*MULTISAFEPAY_OFFICIAL_API_KEY' <<<"$out"
    want 'a module' grep -qE '^found=.*plugin.*stays' <<<"$out"
    deny 'and no secret' grep -q -e secret-of-mallory -e ABCDEFGHIJKLMNOPQRSTUVWXYZ <<<"$out"
    ps_sql "delete from ${ps_prefix}employee where email='mallory@example.org'; delete from ${ps_prefix}webservice_account where description='mine'; delete from ${ps_prefix}configuration where name='MULTISAFEPAY_OFFICIAL_API_KEY'; delete from ${ps_prefix}module where name='stays'"
    presta collected
    same 'everything is as before' "$before" "$(ps_rows)"
}

# The hash is in the database and nowhere else: no argument, no environment, no file, no error.
ps_keeps_secrets() {
    local ini part=${ps_hash:12}
    script prestashop open path=/srv/shop "password=$ps_hash" has_password=1 >"$tmp/script"
    timeout 120 strace -f -qq -s 4000 -v -e trace=execve -o "$tmp/trace" nsenter --target "${inside[$suite]}" --mount --pid --uts -- chroot "$root" /bin/sh -s <"$tmp/script" >"$tmp/said" 2>&1
    want 'it opened' ps_enters
    want 'programs were seen' test "$(grep -c execve "$tmp/trace")" -gt 20
    want 'PHP among them' grep -q '"/usr/bin/php"' "$tmp/trace"
    want 'the rows were asked by nobody' grep -qE '"--reuid=655[0-9]+".*"/usr/bin/php"' "$tmp/trace"
    deny 'root ran no PHP' wp_as_root
    deny 'none was told the hash' grep -qF -e "$part" "$tmp/trace"
    deny 'nor in another form' grep -qF -e "$(printf '%s' "$ps_hash" | base64 | cut -c 1-50)" "$tmp/trace"
    deny 'none was told the password of the database' grep -qF -e "$ps_db_secret" "$tmp/trace"
    # The shop itself keeps the hash of who is in, in the session.
    same 'no file holds it' '' "$(grep -rlF --exclude-dir=mysql --exclude-dir=sessions -e "$part" "$root/etc" "$root/var" "$root/tmp" "$root/run" "$root/root" "$root/home" 2>/dev/null)"
    presta close
    presta collected
    about="PrestaShop $ps_version secrets: PHP that shows every error, and a database that refuses"
    ini=$(echo "$root"/etc/php/*/cli)
    mv "$ini/php.ini" "$ini/away"
    printf 'display_errors=1\nlog_errors=1\nerror_log=/tmp/php-errors\nzend.exception_ignore_args=0\n' >"$ini/php.ini"
    ps_sql "create trigger stops before update on ${ps_prefix}employee for each row signal sqlstate '45000' set message_text='stop'"
    presta open
    fails php-error
    deny 'nothing of what it was called with' grep -qF -e "$part" -e "$ps_db_secret" <<<"$out"
    same 'nor in a file' '' "$(grep -rlF --exclude-dir=mysql --exclude-dir=sessions -e "$part" "$root/etc" "$root/var" "$root/tmp" 2>/dev/null)"
    ps_sql 'drop trigger stops'
    want 'nobody is in' ps_cannot_enter
    mv "$ini/away" "$ini/php.ini"
    presta close
    finishes
    says user_absent=true rows_left=0
    presta collected
}

# The folder of the back office gets another name while access is open.
ps_renamed() {
    local before was=$ps_admin
    before=$(ps_rows)
    presta open
    finishes
    mv "$was" "$root/srv/shop/office-7"
    ps_admin=$root/srv/shop/office-7
    want 'it opens there, too' again 30 ps_enters
    presta detect
    says supported=true "layout=office-7" "login_url=http://prestashop.test:$ps_port/office-7/index.php?controller=AdminLogin"
    presta check
    says present=true
    mkdir "$root/srv/shop/install"
    cp -a "$ps_admin" "$root/srv/shop/office-8"
    presta close
    finishes
    says user_absent=true absent=true
    rm -r "$root/srv/shop/office-8" "$root/srv/shop/install"
    want 'it is out' ps_is_out
    presta collected
    mv "$ps_admin" "$was"
    ps_admin=$was
    want 'the merchant gets in' again 30 ps_enters merchant@shop.example merchants-Pw1
    same 'everything is as before' "$before" "$(ps_rows)"
}

# ---- a shop that is broken -----------------------------------------------------------------------

ps_breaks() {
    local before settings=$root/srv/shop/app/config/parameters.php copy
    before=$(ps_rows)
    wp_database_stops
    presta open
    refuses database-unread
    want 'nothing was made' test ! -e "$root/var/lib/stagepass/$grant"
    wp_database_starts
    presta open
    finishes
    want 'it opens' ps_enters
    wp_database_stops
    presta check
    says reason_id=database-unread recorded=true
    deny 'nothing is said of the user' grep -q '^present=' <<<"$out"
    presta close
    fails database-unread
    deny 'it is not said to be gone' grep -q -e '^absent=' -e '^user_absent=' <<<"$out"
    want 'the record stays' test -e "$root/var/lib/stagepass/$grant/record"
    wp_database_starts
    about="PrestaShop $ps_version settings that lead elsewhere"
    on sh -c "mariadb -e 'create database copy' && mariadb-dump '$ps_db' | mariadb copy && mariadb -e \"grant all on copy.* to '$ps_db_user'@localhost\""
    cp -p "$settings" "$tmp/settings"
    copy=$root/srv/shop/var/cache/prod/appParameters.php
    cp -p "$copy" "$tmp/copy"
    # The shop goes by its copy of them, which is as new.
    sed -i "s/'database_name' => '[^']*'/'database_name' => 'copy'/" "$copy"
    presta close
    fails settings-unclear
    cp -p "$tmp/copy" "$copy"
    sed -i "s/'database_name' => '[^']*'/'database_name' => 'copy'/" "$settings" "$copy"
    presta close
    fails settings-changed
    deny 'it is not said to be gone' grep -q '^absent=true' <<<"$out"
    cp -p "$tmp/settings" "$settings"
    cp -p "$tmp/copy" "$copy"
    sed -i "s/'database_name' => '\([^']*\)'/'database_name' => getenv('X') ?: '\1'/" "$settings"
    presta close
    fails settings-unclear
    cp -p "$tmp/settings" "$settings"
    want 'it is still in' ps_is_in
    presta close
    finishes
    says user_absent=true already_absent=false
    want 'it is out' ps_is_out
    on mariadb -e 'drop database copy'
    presta collected
    same 'everything is as before' "$before" "$(ps_rows)"
}

# Nothing is written to the shop's files, so a shop that is read-only, or all root's, is like any other.
ps_read_only() {
    local before
    before=$(ps_rows)
    on mount --bind /srv/shop /srv/shop
    on mount -o remount,bind,ro /srv/shop
    presta open
    finishes
    presta check
    says present=true
    presta close
    finishes
    says user_absent=true
    presta collected
    on umount /srv/shop
    about="PrestaShop $ps_version all root's"
    on chown -R 0:0 /srv/shop/app/config
    on chmod 600 /srv/shop/app/config/parameters.php
    presta open
    finishes
    presta close
    finishes
    says user_absent=true reread=direct
    presta collected
    on chmod 644 /srv/shop/app/config/parameters.php
    on chown -R 33:33 /srv/shop/app/config
    same 'everything is as before' "$before" "$(ps_rows)"
}

# PHP that may do little.
ps_without_functions() {
    local before ini
    before=$(ps_rows)
    ini=$(echo "$root"/etc/php/*/cli/conf.d)
    printf 'disable_functions=exec,system,passthru,shell_exec,proc_open,popen,file_get_contents,ini_set,set_time_limit,mail\nopen_basedir=/srv/shop\n' >"$ini/99-test.ini"
    presta detect
    says supported=true direct=true
    presta open
    finishes
    want 'it opens' ps_enters
    presta close
    finishes
    says user_absent=true reread=direct
    presta collected
    printf 'disable_functions=token_get_all\n' >"$ini/99-test.ini"
    ps_refused settings-unclear
    rm "$ini/99-test.ini"
    about="PrestaShop $ps_version PHP without mysqli"
    on phpdismod -s cli mysqli
    ps_refused no-php
    on phpenmod -s cli mysqli
    same 'everything is as before' "$before" "$(ps_rows)"
}

# ---- nobody around -------------------------------------------------------------------------------

ps_ends_by_itself() {
    local before
    before=$(ps_state)
    on pgrep -x cron >/dev/null || on /usr/sbin/cron
    want 'cron runs' again 20 on pgrep -x cron
    presta detect
    says failsafe=cron.d failsafe_reason=
    presta open "deadline=$(($(date +%s) + 20))"
    finishes
    says failsafe=cron.d
    want 'it opens' ps_enters
    presta check
    says failsafe_present=true expired=false
    want 'the failsafe holds no hash' eval '! grep -qF -e "$ps_hash" -e "$ps_secret" -r "$root/var/lib/stagepass"'
    want 'all of it goes' again 120 test ! -e "$root/var/lib/stagepass/$grant"
    want 'it is out' ps_is_out
    same 'nothing is left' "$before" "$(ps_state)"
    presta close
    finishes
    says by_server=true already_absent=true absent=true user_absent=true failsafe_absent=true result_kept=true reread=direct
    want 'with the time' grep -qE '^server_closed_at=[1-9][0-9]{9}$' <<<"$out"
    presta collected
    on pkill -KILL -x cron
}

# Killed when it calls the Nth program: whoever is in, and every profile, is in the record, and a second try finishes.
ps_cut_off() {
    local verb all n before programs='mkdir chmod rm mv sync env stat base64 awk od'
    before=$(ps_state)
    for verb in open update close; do
        about="PrestaShop $ps_version $verb cut off"
        [ "$verb" = open ] || presta open
        ps_cut "$verb" 0
        all=$(grep -c '' "$root/tmp/calls")
        want "$verb does several things" test "$all" -ge 4
        for n in $(seq 1 2 "$all"); do
            about="PrestaShop $ps_version $verb cut off at $n of $all: $(sed -n "${n}p" "$root/tmp/calls" 2>/dev/null | cut -c 1-80)"
            presta close
            [ "$verb" = open ] || presta open
            ps_cut "$verb" "$n"
            deny 'it did not get to its end' grep -q '^stagepass-end=' "$tmp/cut.out"
            want 'what is in the shop is in the record' eval '[ "$(ps_sql "select (select count(*) from ${ps_prefix}employee where email like '"'%.invalid'"') + (select count(*) from ${ps_prefix}profile_lang where name like '"'stagepass %'"')")" = 0 ] || grep -q ^account=sp-anna "$root/var/lib/stagepass/$grant/record"'
            if [ "$verb" = open ] && [ $((n % 3)) = 0 ]; then
                presta open
                finishes
                want 'a second open finishes it' ps_enters
            fi
        done
        presta close
        finishes
        says absent=true user_absent=true failsafe_absent=true
        presta collected
        rm -f "$root"/tmp/calls* "$root/tmp/main"
        same 'nothing is left' "$before" "$(ps_state)"
    done
    about="PrestaShop $ps_version cut off between profile and employee"
    presta open
    ps_sql "delete from ${ps_prefix}employee where email='sp-anna@$grant.invalid'"
    presta close
    finishes
    says already_absent=false rows_left=0 absent=true
    presta collected
    same 'nothing is left' "$before" "$(ps_state)"
}

# ps_cut VERB N: runs the verb, and kills its shell when it calls the Nth of these programs.
ps_cut() { wp_cut_script prestashop "$1" "$2" "password=$ps_hash"; }
