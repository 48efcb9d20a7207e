# The cases of prestashop. Read by run.sh; what other shops have, too, is in shop.sh, and these are what it asks for.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154

prestashop() {
    ps_is
    real_shops STAGEPASS_SHOP_PRESTASHOP
}
ps_nowhere() {
    ps_is
    shop_hash='$2y$05$abcdefghijklmnopqrstuuO1'
    shop_nowhere
}

ps_is() {
    shop_kind=ps shop_provider=prestashop shop_software=PrestaShop shop_grant=k3v9q2m7xap shop_other_grant=k3v9q2m7xbp shop_merchant=merchant@shop.example shop_host=prestashop.test
    shop_served=/srv/shop shop_override=None shop_expiry=none shop_step=2 shop_pages_at_least=20 shop_settings=/srv/shop/app/config/parameters.php
    # The table of its users, its page of orders, what it writes to all the time and elsewhere, and whose content is compared. 1.7.6 asks
    # its maker for lists of modules again and again, and keeps what it heard in config/xml.
    shop_users=employee shop_orders=AdminOrders shop_moving='var config/xml' shop_written='' shop_summed='srv/shop/app/config etc'
    shop_cases='detects whole_life pages keeps_rights no_mail twice tells_marks refuses hands_over compares keeps_secrets renamed breaks read_only without_functions ends_by_itself cut_off'
}

# What a folder looks like in which PrestaShop was not set up, and so on.
ps_half_made() {
    local tree=$1 verb version
    mkdir -p "$tree/classes" "$tree/config" "$tree/src/Core" "$tree/app/config"
    touch "$tree/classes/PrestaShopAutoload.php" "$tree/config/defines.inc.php"
    for verb in detect open; do
        shop_verb "$verb" path=/srv/half
        says reason_id=other-version
        for version in 1.6.1.24 1.7.5.2 9.0.0; do
            printf "<?php\nclass A\n{\n    public const VERSION = '%s';\n}\n" "$version" >"$tree/src/Core/Version.php"
            shop_verb "$verb" path=/srv/half
            says reason_id=other-version
        done
        # 1.7 says it somewhere else.
        rm "$tree/src/Core/Version.php"
        printf "<?php\nclass A\n{\n    const VERSION = '1.7.8.10';\n    const MAJOR_VERSION = 17;\n}\n" >"$tree/app/AppKernel.php"
        shop_verb "$verb" path=/srv/half
        says reason_id=no-configuration
        rm "$tree/app/AppKernel.php"
        printf "<?php\nclass A\n{\n    public const VERSION = '8.2.0';\n}\n" >"$tree/src/Core/Version.php"
        shop_verb "$verb" path=/srv/half
        says reason_id=no-configuration
        printf "<?php return array('parameters' => array());\n" >"$tree/app/config/parameters.php"
        shop_verb "$verb" path=/srv/half
        says reason_id=no-php
        shop_half_twice "$verb" "$tree" public
        # A pipe without end is not read without end.
        rm "$tree/src/Core/Version.php" "$tree/app/config/parameters.php"
        mkfifo "$tree/src/Core/Version.php"
        shop_verb "$verb" path=/srv/half
        says reason_id=other-version
        rm "$tree/src/Core/Version.php"
    done
}

# ---- the shop ------------------------------------------------------------------------------------

# ps_says NAME: what the settings say.
ps_says() { sed -n "s/^ *'$1' => '\(.*\)',\$/\1/p" "$root/srv/shop/app/config/parameters.php"; }
ps_folder() { printf '/%s' "${ps_admin##*/}"; }
ps_login_url() { printf '%s' "http://prestashop.test:$shop_port$(ps_folder)/index.php?controller=AdminLogin"; }

# What it keeps of itself is of where it was before.
ps_settles() {
    rm -rf "$root"/srv/shop/var/cache/*
    ps_admin=$(dirname "$(ls -d "$root"/srv/shop/*/get-file-admin.php)")
}
ps_says_of_itself() {
    shop_version=$(sed -n "s/^ *\(public \)*const VERSION = '\([0-9.]*\)';/\2/p" "$root/srv/shop/src/Core/Version.php" "$root/srv/shop/app/AppKernel.php" 2>/dev/null | head -n 1)
    shop_db=$(ps_says database_name) shop_db_user=$(ps_says database_user) shop_db_secret=$(ps_says database_password) shop_prefix=$(ps_says database_prefix)
}
ps_takes_merchant() {
    shop_sql "update ${shop_prefix}employee set email='$shop_merchant', passwd='$(shop_hashed merchants-Pw1)', active=1, id_profile=1 order by id_employee limit 1"
    ps_merchant=$(shop_sql "select id_employee from ${shop_prefix}employee where email='$shop_merchant'")
    ps_zone=$(shop_sql "select value from ${shop_prefix}configuration where name='PS_TIMEZONE'")
    shop_sql "update ${shop_prefix}shop_url set domain='prestashop.test:$shop_port', domain_ssl='prestashop.test:$shop_port', physical_uri='/'; update ${shop_prefix}configuration set value='0' where name like 'PS_SSL_ENABLED%'; update ${shop_prefix}configuration set value='1' where name='PS_SHOP_ENABLE'; update ${shop_prefix}configuration set value='prestashop.test:$shop_port' where name in ('PS_SHOP_DOMAIN', 'PS_SHOP_DOMAIN_SSL')"
}
# Nothing that the shop mails leaves this host, and all of it is written down: it speaks SMTP to this program.
ps_prepares_server() {
    printf '%s\n' '#!/bin/sh' 'echo "220 here"' 'while read -r line; do' '    echo "$line" >>/var/tmp/mails' '    case $line in' \
        '        DATA*) echo "354 go on"; while read -r line && [ "${line%?}" != . ]; do :; done; echo "250 done" ;;' '        QUIT*) echo "221 bye"; exit 0 ;;' '        *) echo "250 here" ;;' '    esac' 'done' >"$root/usr/sbin/sendmail"
    chmod 755 "$root/usr/sbin/sendmail"
    printf 'memory_limit=512M\nmax_execution_time=120\n' >"$(echo "$root"/etc/php/*/apache2/conf.d)/99-test.ini"
}
# As the shop itself does it at the first visit of a page.
ps_visits() {
    local page
    for page in $ps_pages; do ps_page "$page" >/dev/null; done
    shop_ask / >/dev/null
}
ps_pages='AdminDashboard AdminOrders AdminInvoices AdminSlip AdminDeliverySlip AdminCarts AdminProducts AdminStatuses AdminPayment AdminPaymentPreferences AdminModulesSf AdminModulesUpdates AdminInformation AdminLogs AdminModules&configure=ps_wirepayment AdminModules&configure=ps_checkpayment AdminModules&configure=ps_banner AdminEmployees AdminProfiles AdminAccess AdminWebservice AdminCustomers AdminAddresses AdminRequestSql AdminBackup AdminPerformance AdminAdminPreferences AdminEmails AdminImport AdminThemes AdminModulesPositions AdminTranslations AdminMaintenance AdminPreferences AdminShopUrl AdminSecuritySessionEmployee AdminFeatureFlag AdminCartRules AdminCustomerThreads AdminCarriers AdminCurrencies AdminTaxes AdminCmsContent'
ps_login_of() { printf '%s' "$1@$2.invalid"; }

# Where the last answer leads.
ps_leads() { sed -n 's/^[Ll]ocation: //p' "$tmp/head" | tr -d '\r' | sed 's#^http://[^/]*##'; }

# ps_follow ADDRESS: asks for it with the cookies of $shop_jar, and for where it leads.
ps_follow() {
    local at=$1 step status
    for step in 1 2 3 4 5 6; do
        status=$(shop_ask -b "$jar" -c "$jar" "$at")
        case $status in 30*) at=$(ps_leads) ;; *) break ;; esac
        case $at in /*) ;; *) at=$(ps_folder)/$at ;; esac
    done
    echo "$status $at"
}

# ps_enters [ADDRESS [PASSWORD]]: logs in through the form, and keeps the cookies in $tmp/jar or $shop_jar. The password is told by
# standard input.
ps_enters() {
    local jar=${shop_jar:-$tmp/jar} place redirect
    rm -f "$jar"
    ps_follow "$(ps_folder)/index.php?controller=AdminLogin" >/dev/null
    redirect=$(grep -o '<input[^>]*name="redirect"[^>]*>' "$tmp/page" | sed -n 's/.*value="\([^"]*\)".*/\1/p' | sed 's/&amp;/\&/g' | head -n 1)
    printf 'data-urlencode = "passwd=%s"' "${2:-$shop_secret}" | shop_ask -K - -c "$jar" -b "$jar" --data-urlencode "email=${1:-$account@$grant.invalid}" --data-urlencode "redirect=$redirect" -d submitLogin=1 \
        "$(ps_folder)/index.php?controller=AdminLogin" >/dev/null
    place=$(ps_leads)
    [ -n "$place" ] || return 1
    ps_follow "$place" >/dev/null
    test_value in ps_where
}
# What the page is that was asked for last: in, or the login.
ps_where() { if grep -q 'name="passwd"' "$tmp/page" || ! [ -s "$tmp/page" ]; then echo login; else echo in; fi; }
# ps_page CONTROLLER: what a page of the back office is with these cookies: open, denied, missing, login, or a status. Its own token
# comes from the shop: an address without one is asked back, and what is offered then is followed, as who clicks on it does.
ps_page() {
    local jar=${shop_jar:-$tmp/jar} said status at
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
    # Not every version has every page.
    elif grep -q '<h1>The controller .* is missing or invalid' "$tmp/page"; then
        echo missing
    elif [ "$status" = 200 ]; then
        echo open
    else
        echo "$status"
    fi
}

# Every row but what the shop itself keeps moving: sessions, the log, what it counts and caches.
ps_rows() {
    shop_dump --ignore-table="$shop_db.${shop_prefix}log" |
        awk -v p="$shop_prefix" -v merchant="$ps_merchant" '
            { table = $0; sub(/^INSERT INTO `/, "", table); sub(/`.*/, "", table) }
            table ~ ("^" p "(connections|connections_page|connections_source|guest|page|page_viewed|pagenotfound|configuration_kpi|date_range|statssearch|cart|smarty_.*|module_history|admin_filter|eventbus_.*|accounts_.*|mbo_.*|statistics.*)$") && $0 ~ /^INSERT/ { next }
            table == p "employee_session" && $0 ~ ("VALUES \\([0-9]+," merchant ",") { next }
            table == p "configuration" && $0 ~ /^INSERT/ { sub(/,.[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9:]+.,.[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9:]+.\);$/, "") }
            table == p "employee" && $0 ~ ("VALUES \\(" merchant ",") { next }
            { print }'
}

# Employees of somebody else: by their name, with the profile.
ps_called() { case $1 in sp-*) printf '%s' "$1@$grant.invalid" ;; *) printf '%s' "$1@example.org" ;; esac }
ps_hires() { shop_sql "set sql_mode=''; insert into ${shop_prefix}employee (email, firstname, lastname, passwd, id_profile, id_lang, active) values ('$(ps_called "$1")', 'Mallory', 'Smith', 'x', $2, 1, 1)"; }
ps_fires() { shop_sql "delete from ${shop_prefix}employee where email='$(ps_called "$1")'"; }
ps_has() { [ "$(shop_sql "select count(*) from ${shop_prefix}employee where email='$(ps_called "$1")'")" = 1 ]; }
ps_our_role() { shop_sql "select id_profile from ${shop_prefix}profile_lang where name like 'stagepass %' limit 1"; }
ps_role_of() { shop_sql "select distinct name from ${shop_prefix}employee e join ${shop_prefix}profile_lang l on l.id_profile=e.id_profile where id_employee=$1"; }
ps_holds_of_ours() { shop_sql "select (select count(*) from ${shop_prefix}employee where email like '%.invalid') + (select count(*) from ${shop_prefix}profile_lang where name like 'stagepass %')"; }

# ---- the whole life ------------------------------------------------------------------------------

ps_detects() {
    local before
    before=$(shop_state)
    shop_sql "insert into ${shop_prefix}shop_url (id_shop, domain, domain_ssl, physical_uri, virtual_uri, main, active) values (1, 'acc.example.org', 'acc.example.org', '/', 'two/', 0, 1)"
    shop_sql "insert into ${shop_prefix}module (name, active, version) values ('multisafepayofficial', 1, '6'), ('mollie', 1, '6'), ('paypal', 0, '6')"
    shop_sql "insert into ${shop_prefix}configuration (id_shop, name, value, date_add, date_upd) values (null, 'MULTISAFEPAY_OFFICIAL_TEST_MODE', '0', now(), now()), (1, 'MULTISAFEPAY_OFFICIAL_TEST_MODE', '1', now(), now()), (null, 'MOLLIE_ENVIRONMENT', '0', now(), now()), (null, 'PAYPAL_SANDBOX', '0', now(), now())"
    shop_sql "update ${shop_prefix}configuration set value='0' where name='PS_SHOP_ENABLE'; update ${shop_prefix}configuration set value='3' where name='PS_MAIL_METHOD'; update ${shop_prefix}configuration set value='Europe/Amsterdam' where name='PS_TIMEZONE'"
    shop_sql "create table kept_orders as select id_order, current_state, date_add, module from ${shop_prefix}orders; update ${shop_prefix}orders set current_state=(select min(id_order_state) from ${shop_prefix}order_state where paid=0); update ${shop_prefix}orders set current_state=(select min(id_order_state) from ${shop_prefix}order_state where paid=1), date_add='2025-11-20 11:30:00', module='mollie' order by id_order limit 1"
    shop_verb detect
    finishes
    says supported=true platform=prestashop "version=$shop_version" shop_root=/srv/shop config_file=/srv/shop/app/config/parameters.php "layout=${ps_admin##*/}" owner=www-data direct=true scheme=bcrypt \
        expiry=none note=no-guard "login_url=http://prestashop.test:$shop_port$(ps_folder)/index.php?controller=AdminLogin" "admin_url=http://prestashop.test:$shop_port$(ps_folder)/" "home=http://prestashop.test:$shop_port/" \
        "signal=host	prestashop.test	shop_url_1.domain" "signal=host	acc.example.org	shop_url_2.domain_ssl" "signal=coming-soon	yes	PS_SHOP_ENABLE" "signal=mail	off	PS_MAIL_METHOD" \
        "signal=payment-test	no	MULTISAFEPAY_OFFICIAL_TEST_MODE" "signal=payment-test	yes	MULTISAFEPAY_OFFICIAL_TEST_MODE@shop_1" "signal=payment-test	yes	MOLLIE_ENVIRONMENT" \
        "signal=newest-paid-order	1763634600	mollie" "signal=orders	1	orders"
    deny 'a module that is switched off says nothing' grep -q PAYPAL_SANDBOX <<<"$out"
    shop_sql "update ${shop_prefix}orders o join kept_orders k on k.id_order=o.id_order set o.current_state=k.current_state, o.date_add=k.date_add, o.module=k.module; drop table kept_orders"
    shop_sql "delete from ${shop_prefix}shop_url where domain='acc.example.org'; delete from ${shop_prefix}module where name in ('multisafepayofficial', 'mollie') or (name='paypal' and version='6'); delete from ${shop_prefix}configuration where name in ('MULTISAFEPAY_OFFICIAL_TEST_MODE', 'MOLLIE_ENVIRONMENT', 'PAYPAL_SANDBOX')"
    shop_sql "update ${shop_prefix}configuration set value='1' where name in ('PS_SHOP_ENABLE', 'PS_MAIL_METHOD'); update ${shop_prefix}configuration set value='$ps_zone' where name='PS_TIMEZONE'"
    shop_verb detect
    says supported=true
    deny 'a default says nothing' grep -qE '^signal=(payment-test	.*(MULTI|MOLLIE)|coming-soon|mail|debug)' <<<"$out"
    sed -i "s/define('_PS_MODE_DEV_', false)/define('_PS_MODE_DEV_', true)/" "$root/srv/shop/config/defines.inc.php"
    shop_verb detect
    says 'signal=debug	yes	_PS_MODE_DEV_'
    sed -i "s/define('_PS_MODE_DEV_', true)/define('_PS_MODE_DEV_', false)/" "$root/srv/shop/config/defines.inc.php"
    touch -r "$root/srv/shop/config/alias.php" "$root/srv/shop/config/defines.inc.php"
    shop_verb detect path=/etc
    says supported=false reason_id=no-prestashop
    # Nobody could log in there.
    mkdir "$root/srv/shop/install"
    shop_verb detect
    says supported=false reason_id=not-set-up
    rmdir "$root/srv/shop/install"
    mv "$ps_admin" "$root/srv/shop/admin"
    shop_verb detect
    says supported=false reason_id=not-set-up
    mv "$root/srv/shop/admin" "$ps_admin"
    cp -a "$ps_admin" "$root/srv/shop/office-2"
    shop_verb detect
    says supported=false reason_id=several-shops
    shop_refused several-shops
    rm -r "$root/srv/shop/office-2"
    same 'nothing was changed' "$(grep -v 'config/defines.inc.php' <<<"$before")" "$(shop_state | grep -v 'config/defines.inc.php')"
}

ps_opened() { says "login_name=sp-anna@$grant.invalid"; }
ps_checked() {
    want 'and who was in' grep -qE '^use=1[0-9]{9} 127\.0\.0\.1 login back-office$' <<<"$out"
    shop_verb check uses_from=1000
    deny 'what is known already is not said again' grep -q '^use=' <<<"$out"
    says uses_total=1
}
ps_closed() {
    says difference=whole
    deny 'nothing else is different' grep -q '^found=' <<<"$out"
    same 'no session has its number' 0 "$(shop_sql "select count(*) from ${shop_prefix}employee_session where id_employee=$1")"
    # It is what was done, and stays.
    want 'what it did stays in the log' test "$(shop_sql "select count(*) from ${shop_prefix}log where id_employee=$1")" -gt 0
}

ps_pages_tried() { echo "$ps_pages"; }
ps_opens() {
    case $1 in
        AdminDashboard | AdminOrders | AdminInvoices | AdminSlip | AdminDeliverySlip | AdminCarts | AdminProducts | AdminStatuses | AdminPayment | AdminPaymentPreferences | AdminModulesSf | AdminModulesUpdates | AdminInformation | AdminLogs | AdminModules*ps_wirepayment | AdminModules*ps_checkpayment) ;;
        *) return 1 ;;
    esac
}
ps_narrow() {
    same 'nothing but settings of payment can be changed' '' "$(shop_sql "select r.slug from ${shop_prefix}module_access a join ${shop_prefix}authorization_role r using (id_authorization_role) join ${shop_prefix}profile_lang l on l.id_profile=a.id_profile where l.name like 'stagepass %' and r.slug not like '%_READ'" | grep -v -i 'payment\|checkout\|cashondelivery')"
    same 'and no page makes or deletes anything' 0 "$(shop_sql "select count(*) from ${shop_prefix}access a join ${shop_prefix}authorization_role r using (id_authorization_role) join ${shop_prefix}profile_lang l on l.id_profile=a.id_profile where l.name like 'stagepass %' and (r.slug like '%_CREATE' or r.slug like '%_DELETE')")"
}

# Who may change the settings of modules to pay with does not become more by it, nor does who may change his own name.
ps_keeps_rights() {
    local jar=$tmp/jar token at profile profile_wanted page_of_its_own picture='' id before
    before=$(ps_rows)
    shop_verb open
    finishes
    id=$(sed -n 's/^user_id=//p' <<<"$out")
    profile=$(shop_sql "select id_profile from ${shop_prefix}employee where id_employee=$id")
    want 'it opens' ps_enters
    # What is given works: a setting of payment is saved.
    want 'settings of payment open' test_value open ps_page 'AdminModules&configure=ps_checkpayment'
    at=$(grep -o '<form[^>]*configure=ps_checkpayment[^>]*>' "$tmp/page" | sed -n 's/.*action="\([^"]*\)".*/\1/p' | sed -e 's/&amp;/\&/g' -e 's#^http://[^/]*##' | head -n 1)
    case $at in /*) ;; *) at=$(ps_folder)/$at ;; esac
    shop_ask -b "$jar" -c "$jar" -d btnSubmit=1 -d CHEQUE_NAME=Payee -d CHEQUE_ADDRESS=Street "$at" >/dev/null
    same 'and are saved' Payee "$(shop_sql "select value from ${shop_prefix}configuration where name='CHEQUE_NAME'")"
    shop_sql "delete from ${shop_prefix}configuration where name in ('CHEQUE_NAME', 'CHEQUE_ADDRESS')"
    # A module that is none to pay with.
    want 'the page of modules opens' test_value open ps_page AdminModulesSf
    token=$(grep -o 'improve/modules/manage?_token=[A-Za-z0-9_-]*' "$tmp/page" | head -n 1 | sed 's/.*=//')
    want 'with a token' test -n "$token"
    for at in disable/ps_banner uninstall/ps_banner uninstall/ps_checkpayment; do
        shop_ask -b "$jar" -c "$jar" -X POST -H 'X-Requested-With: XMLHttpRequest' "$(ps_folder)/index.php/improve/modules/manage/action/$at?_token=$token" >/dev/null
        want "$at is answered" test -s "$tmp/page"
    done
    same 'nothing was switched off' '2' "$(shop_sql "select count(*) from ${shop_prefix}module where name in ('ps_banner', 'ps_checkpayment') and active=1")"
    printf 'PK' >"$tmp/module.zip"
    shop_ask -b "$jar" -c "$jar" -F "file_uploaded=@$tmp/module.zip;filename=mine.zip" "$(ps_folder)/index.php/improve/modules/import?_token=$token" >/dev/null
    want 'nothing can be uploaded' grep -q '"status":false' "$tmp/page"
    # Its own name.
    ps_page AdminOrders >/dev/null
    at=$(grep -o "$(ps_folder)/index.php/configure/advanced/employees/$id/edit[^\"]*" "$tmp/page" | head -n 1 | sed 's/&amp;/\&/g')
    want 'it finds its own page' test -n "$at"
    ps_follow "$at" >/dev/null
    token=$(grep -o '<input[^>]*name="employee\[_token\]"[^>]*>' "$tmp/page" | sed -n 's/.*value="\([^"]*\)".*/\1/p')
    page_of_its_own=$(tr '\n' ' ' <"$tmp/page" | sed -n 's/.*name="employee\[default_page\]"//p' | grep -o 'value="[0-9]*"' | head -n 1 | tr -dc 0-9)
    # A form with a field that it does not know is not saved: 1.7.6 has no such pictures.
    ! grep -qF 'employee[has_enabled_gravatar]' "$tmp/page" || picture='employee[has_enabled_gravatar]=0'
    for profile_wanted in '' 1; do
        shop_ask -b "$jar" -c "$jar" --data-urlencode "employee[_token]=$token" -d 'employee[firstname]=Mal' -d 'employee[lastname]=Lory' -d "employee[email]=sp-anna@$grant.invalid" -d 'employee[language]=1' \
            -d "employee[default_page]=$page_of_its_own" ${picture:+-d "$picture"} ${profile_wanted:+-d "employee[profile]=$profile_wanted"} "$at" >/dev/null
        same 'its profile is what it was' "$profile" "$(shop_sql "select id_profile from ${shop_prefix}employee where id_employee=$id")"
    done
    same 'its name is its own' Mal "$(shop_sql "select firstname from ${shop_prefix}employee where id_employee=$id")"
    shop_verb check
    says present=true marked=true role_matches=true
    shop_verb close
    finishes
    says user_absent=true rows_left=0
    shop_verb collected
    same 'everything is as before' "$before" "$(ps_rows)"
}

# Nobody is written to: not when it is made or goes, and not when somebody asks for a new password in its name.
ps_no_mail() {
    rm -f "$root/var/tmp/mails"
    shop_sql "update ${shop_prefix}employee set last_passwd_gen='2020-01-01' where id_employee=$ps_merchant"
    ps_asks_anew merchant@shop.example
    want 'a mail that is sent is seen' again 20 test -s "$root/var/tmp/mails"
    rm -f "$root/var/tmp/mails"
    shop_verb open
    finishes
    ps_asks_anew "sp-anna@$grant.invalid"
    want 'the shop answered' test -s "$tmp/page"
    same 'and no token was made' 0 "$(shop_sql "select count(*) from ${shop_prefix}employee where email='sp-anna@$grant.invalid' and reset_password_token is not null")"
    want 'it opens' ps_enters
    shop_verb close
    finishes
    ps_asks_anew "sp-anna@$grant.invalid"
    shop_verb collected
    same 'no mail' '' "$(cat "$root/var/tmp/mails" 2>/dev/null)"
    shop_sql "update ${shop_prefix}employee set reset_password_token=null, reset_password_validity=null"
}
# ps_asks_anew ADDRESS: for a new password.
ps_asks_anew() { shop_ask -d submitForgot=1 -d ajax=1 --data-urlencode "email_forgot=$1" "$(ps_folder)/index.php?controller=AdminLogin" >/dev/null; }

ps_marked_otherwise() {
    shop_sql "update ${shop_prefix}employee set id_profile=1 where email='sp-anna@$grant.invalid'"
    shop_verb marks
    same 'one with another profile' "mark=entry $grant sp-anna - - /srv/shop
$role
stagepass=1" "$(sort <<<"$out")"
}

# ---- what is refused -----------------------------------------------------------------------------

ps_hires_namesake() { ps_hires sp-anna 1; }
ps_fires_namesake() { ps_fires sp-anna; }
ps_refuses_more() {
    shop_refused bad-account account=sp..anna
    shop_refused bad-account account=sp-averyveryveryveryveryverylongname
    shop_hash='$sha1x3$abcDEF123$aacd03ccd2279718dd40c765ec3ceb2927721b46' shop_refused bad-input
}
ps_has_more_rights() {
    local user=${shop_prefix}employee
    shop_verb open
    shop_sql "insert into ${shop_prefix}access (id_profile, id_authorization_role) select l.id_profile, r.id_authorization_role from ${shop_prefix}profile_lang l, ${shop_prefix}authorization_role r where l.name like 'stagepass %' and r.slug='ROLE_MOD_TAB_ADMINEMPLOYEES_UPDATE' limit 1"
    shop_verb check
    says role_matches=false marked=true present=true
    shop_sql "update $user set id_profile=1, email='mine@example.org' where email='sp-anna@$grant.invalid'"
    ps_hires mallory 1
    shop_verb check
    says present=false
    shop_sql "update $user set email='sp-anna@$grant.invalid' where email='mine@example.org'"
    shop_verb check
    says present=true marked=false role_matches=false role=SuperAdmin
    shop_sql "update $user set id_profile=$(ps_our_role), email='mine@example.org' where email='sp-anna@$grant.invalid'"
    shop_verb check
    says present=true marked=true address_matches=false
    shop_verb close
    finishes
    says user_absent=true rows_left=0 role_matches=false new_administrator=mallory@example.org
    same 'it is found by another address' 0 "$(shop_sql "select count(*) from $user where email='mine@example.org'")"
    ps_fires mallory
    shop_verb collected
}

# What it wrote goes to an administrator, what the shop keeps of it goes, and what a module keeps is told.
ps_hands_over() {
    local before id heir
    before=$(shop_state)
    shop_verb open
    finishes
    id=$(sed -n 's/^user_id=//p' <<<"$out")
    heir=$ps_merchant
    shop_sql "insert into ${shop_prefix}message (id_cart, id_customer, id_employee, id_order, message, private, date_add) values (1, 1, $id, 1, 'hello', 1, now())"
    shop_sql "insert into ${shop_prefix}module_preference (id_employee, module) values ($id, 'x')"
    shop_sql "create table ${shop_prefix}of_a_module (id int auto_increment primary key, id_employee int not null); insert into ${shop_prefix}of_a_module (id_employee) values ($id)"
    shop_verb close
    finishes
    says user_absent=true rows_left=0 'handed_over=1 merchant@shop.example' 'kept=of_a_module 1'
    same 'the message is the merchant' "$heir" "$(shop_sql "select id_employee from ${shop_prefix}message where message='hello'")"
    same 'the preference is gone' 0 "$(shop_sql "select count(*) from ${shop_prefix}module_preference where id_employee=$id")"
    same 'what is a module stays' 1 "$(shop_sql "select count(*) from ${shop_prefix}of_a_module where id_employee=$id")"
    shop_sql "drop table ${shop_prefix}of_a_module; delete from ${shop_prefix}message where message='hello'"
    shop_verb collected
    same 'everything is as before' "$before" "$(shop_state)"
    about="PrestaShop $shop_version nobody to give it to"
    shop_verb open
    id=$(sed -n 's/^user_id=//p' <<<"$out")
    shop_sql "insert into ${shop_prefix}message (id_cart, id_customer, id_employee, id_order, message, private, date_add) values (1, 1, $id, 1, 'hello', 1, now()); update ${shop_prefix}employee set active=0 where id_profile=1"
    shop_verb close
    fails no-heir
    says shut=true
    # A module makes itself an administrator anew at the next request.
    shop_sql "update ${shop_prefix}employee set active=1 where id_profile=1"
    want 'it cannot log in all the same' shop_cannot_enter
    shop_verb close
    finishes
    says user_absent=true rows_left=0
    shop_sql "delete from ${shop_prefix}message where message='hello'"
    shop_verb collected
    same 'everything is as before' "$before" "$(shop_state)"
}

# What somebody changed meanwhile in who may log in, what runs, and where money and mail go is told, and what it was set to is not.
ps_compares() {
    local before
    before=$(ps_rows)
    shop_verb open
    finishes
    ps_hires mallory 1
    shop_sql "insert into ${shop_prefix}webservice_account (\`key\`, description, active) values ('ABCDEFGHIJKLMNOPQRSTUVWXYZ123456', 'mine', 1)"
    shop_sql "insert into ${shop_prefix}configuration (name, value, date_add, date_upd) values ('MULTISAFEPAY_OFFICIAL_API_KEY', 'secret-of-mallory', now(), now())"
    shop_sql "insert into ${shop_prefix}module (name, active, version) values ('stays', 1, '1')"
    shop_verb close
    finishes
    says difference=whole
    want 'a new administrator' grep -qE '^found=.*mallory@example.org.*SuperAdmin' <<<"$out"
    want 'a key' grep -qE '^found=.*key for programs.*mine' <<<"$out"
    want 'a setting of payment, by its name' grep -qE '^found=.*MULTISAFEPAY_OFFICIAL_API_KEY' <<<"$out"
    want 'a module' grep -qE '^found=.*plugin.*stays' <<<"$out"
    deny 'and no secret' grep -q -e secret-of-mallory -e ABCDEFGHIJKLMNOPQRSTUVWXYZ <<<"$out"
    shop_sql "delete from ${shop_prefix}employee where email='mallory@example.org'; delete from ${shop_prefix}webservice_account where description='mine'; delete from ${shop_prefix}configuration where name='MULTISAFEPAY_OFFICIAL_API_KEY'; delete from ${shop_prefix}module where name='stays'"
    shop_verb collected
    same 'everything is as before' "$before" "$(ps_rows)"
}

# The folder of the back office gets another name while access is open.
ps_renamed() {
    local before was=$ps_admin
    before=$(ps_rows)
    shop_verb open
    finishes
    mv "$was" "$root/srv/shop/office-7"
    ps_admin=$root/srv/shop/office-7
    want 'it opens there, too' again 30 ps_enters
    shop_verb detect
    says supported=true "layout=office-7" "login_url=http://prestashop.test:$shop_port/office-7/index.php?controller=AdminLogin"
    shop_verb check
    says present=true
    mkdir "$root/srv/shop/install"
    cp -a "$ps_admin" "$root/srv/shop/office-8"
    shop_verb close
    finishes
    says user_absent=true absent=true
    rm -r "$root/srv/shop/office-8" "$root/srv/shop/install"
    want 'it is out' shop_is_out
    shop_verb collected
    mv "$ps_admin" "$was"
    ps_admin=$was
    want 'the merchant gets in' again 30 ps_enters merchant@shop.example merchants-Pw1
    same 'everything is as before' "$before" "$(ps_rows)"
}

# ---- a shop that is broken -----------------------------------------------------------------------

# The shop goes by a copy of its settings, which is as new.
ps_leads_elsewhere() {
    local settings=$root$shop_settings copy=$root/srv/shop/var/cache/prod/appParameters.php elsewhere="s/'database_name' => '[^']*'/'database_name' => 'copy'/"
    shop_leads_to settings-unclear "$copy" "$elsewhere"
    cp -p "$copy" "$tmp/copy"
    sed -i "$elsewhere" "$copy"
    shop_leads_to settings-changed "$settings" "$elsewhere"
    cp -p "$tmp/copy" "$copy"
    shop_leads_to settings-unclear "$settings" "s/'database_name' => '\([^']*\)'/'database_name' => getenv('X') ?: '\1'/"
}

# PHP that may do little.
ps_without_functions() {
    local before ini
    before=$(ps_rows)
    ini=$(echo "$root"/etc/php/*/cli/conf.d)
    printf 'disable_functions=exec,system,passthru,shell_exec,proc_open,popen,file_get_contents,ini_set,set_time_limit,mail\nopen_basedir=/srv/shop\n' >"$ini/99-test.ini"
    shop_verb detect
    says supported=true direct=true
    shop_verb open
    finishes
    want 'it opens' ps_enters
    shop_verb close
    finishes
    says user_absent=true reread=direct
    shop_verb collected
    printf 'disable_functions=token_get_all\n' >"$ini/99-test.ini"
    shop_refused settings-unclear
    rm "$ini/99-test.ini"
    about="PrestaShop $shop_version PHP without mysqli"
    on phpdismod -s cli mysqli
    shop_refused no-php
    on phpenmod -s cli mysqli
    same 'everything is as before' "$before" "$(ps_rows)"
}
