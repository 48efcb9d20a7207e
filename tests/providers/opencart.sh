# The cases of opencart. Read by run.sh; what other shops have, too, is in shop.sh, and these are what it asks for.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154

opencart() {
    oc_is
    real_shops STAGEPASS_SHOP_OPENCART
}
oc_nowhere() {
    oc_is
    shop_version=4.1.0.4 shop_hash='$2y$05$abcdefghijklmnopqrstuuO1'
    shop_nowhere
}

oc_is() {
    shop_kind=oc shop_provider=opencart shop_software=OpenCart shop_grant=k3v9q2m7xao shop_other_grant=k3v9q2m7xbo shop_merchant=merchant shop_host=opencart.test
    shop_served=/srv/shop shop_override=None shop_expiry=none shop_step=2 shop_pages_at_least=15
    # The table of its users, its page of orders, what it writes to all the time and elsewhere, and whose content is compared.
    shop_users=user shop_orders=sale/order shop_moving=system/storage shop_written='' shop_summed='srv etc'
    shop_cases='detects whole_life pages twice tells_marks refuses keeps_secrets files_sessions renamed breaks read_only ends_by_itself cut_off'
}

# What a folder looks like in which OpenCart was not set up, and so on.
oc_half_made() {
    local tree=$1 verb
    mkdir -p "$tree/system/engine" "$tree/catalog/controller" "$tree/admin/controller/common"
    touch "$tree/system/startup.php" "$tree/system/engine/registry.php" "$tree/admin/controller/common/login.php" "$tree/admin/config.php"
    for verb in detect open; do
        printf "<?php\ndefine('VERSION', '2.3.0.2');\n" >"$tree/index.php"
        shop_verb "$verb" path=/srv/half
        says reason_id=other-version
        printf "<?php\ndefine('VERSION', '4.1.0.4');\n" >"$tree/index.php"
        shop_verb "$verb" path=/srv/half
        says reason_id=no-configuration
        printf "<?php\ndefine('DIR_APPLICATION', '/srv/half/admin/');\n" >"$tree/admin/config.php"
        shop_verb "$verb" path=/srv/half
        says reason_id=no-php
        shop_half_twice "$verb" "$tree" public
        # A pipe without end is not read without end.
        rm "$tree/index.php"
        mkfifo "$tree/index.php"
        shop_verb "$verb" path=/srv/half
        says reason_id=other-version
        rm "$tree/index.php"
        : >"$tree/admin/config.php"
    done
}

# ---- the shop ------------------------------------------------------------------------------------

# oc_define NAME: what the settings of the administration say.
oc_define() { sed -n "s/^define('$1', '\([^']*\)');.*/\1/p" "$oc_admin/config.php"; }
oc_folder() { printf '/%s' "${oc_admin##*/}"; }
oc_login_url() { printf '%s' "http://opencart.test:$shop_port$(oc_folder)/index.php?route=common/login"; }

# From where it was set up to where it is now.
oc_settles() {
    local from
    oc_admin=$(dirname "$(ls -d "$root"/srv/shop/*/controller/common/login.php)")
    oc_admin=${oc_admin%/controller/common}
    from=$(sed -n "s/^define('DIR_OPENCART', '\(.*\)\/');/\1/p; s/^define('DIR_SYSTEM', '\(.*\)\/system\/');/\1/p" "$oc_admin/config.php" | head -n 1)
    sed -i -e "s#$from/#/srv/shop/#g" -e "s#'http://[^/']*/#'http://opencart.test:$shop_port/#" "$oc_admin/config.php" "$root/srv/shop/config.php"
    shop_settings=/srv/shop$(oc_folder)/config.php
}
oc_says_of_itself() {
    shop_version=$(sed -n "s/^define('VERSION', '\([0-9.]*\)');/\1/p" "$root/srv/shop/index.php")
    shop_db=$(oc_define DB_DATABASE) shop_db_user=$(oc_define DB_USERNAME) shop_db_secret=$(oc_define DB_PASSWORD) shop_prefix=$(oc_define DB_PREFIX)
}
# An MD5 digest is what all versions take.
oc_takes_merchant() { shop_sql "update ${shop_prefix}user set username='merchant', password=md5('merchants-Pw1') where user_id=1"; }
oc_visits() {
    oc_page common/dashboard >/dev/null
    oc_page sale/order >/dev/null
    shop_ask / >/dev/null
}
# As 3.0 keeps it.
oc_hashed() {
    case $shop_version in
        3.*) on php -r '$s = "abcDEF123"; $p = trim(fgets(STDIN)); echo "\$sha1x3\$$s\$", sha1($s . sha1($s . sha1($p)));' <<<"$1" ;;
        *) shop_hashed "$1" ;;
    esac
}

# oc_enters [USER [PASSWORD]]: logs in through the form, keeps the cookies in $tmp/jar or $shop_jar, and the token of the session beside
# them. The password is told by standard input.
oc_enters() {
    local jar=${shop_jar:-$tmp/jar} action place
    rm -f "$jar" "$jar.token"
    shop_ask -c "$jar" "$(oc_folder)/index.php?route=common/login" >/dev/null
    action=$(grep -o '<form[^>]*action="[^"]*"' "$tmp/page" | head -n 1 | sed -e 's/.*action="\([^"]*\)".*/\1/' -e 's/&amp;/\&/g' -e 's#^http://[^/]*##')
    printf 'data-urlencode = "password=%s"' "${2:-$shop_secret}" | shop_ask -K - -c "$jar" -b "$jar" --data-urlencode "username=${1:-$account}" "$action" >/dev/null
    place=$(sed -n 's/^[Ll]ocation: //p' "$tmp/head" | tr -d '\r')
    [ -n "$place" ] || place=$(sed -n 's/.*"redirect":"\([^"]*\)".*/\1/p' "$tmp/page")
    sed -n 's/.*user_token=\([A-Za-z0-9]*\).*/\1/p' <<<"$place" >"$jar.token"
    [ -s "$jar.token" ] && test_value open oc_page common/dashboard
}
# oc_page ROUTE: what a page of the administration is with these cookies: open, denied, login, or a status.
oc_page() {
    local jar=${shop_jar:-$tmp/jar} status
    status=$(shop_ask -b "$jar" "$(oc_folder)/index.php?route=$1&user_token=$(cat "$jar.token")")
    if grep -q 'name="password"' "$tmp/page"; then
        echo login
    elif [ "$status" = 403 ] || grep -q 'You do not have permission to access this page' "$tmp/page"; then
        echo denied
    elif [ "$status" = 200 ]; then
        echo open
    else
        echo "$status"
    fi
}

# Every row but what the shop itself keeps moving: sessions and logins of the merchant, and of nobody; when its own jobs ran.
oc_rows() {
    shop_dump |
        awk -v p="$shop_prefix" '
            index($0, "INSERT INTO `" p "session`") == 1 && ($0 !~ /user_id/ || $0 ~ /"user_id\\":\\"?1[\\,}]/) { next }
            index($0, "INSERT INTO `" p "user_login`") == 1 && $0 ~ /VALUES \([0-9]+,1,/ { next }
            index($0, "INSERT INTO `" p "customer_online`") == 1 || index($0, "INSERT INTO `" p "cron`") == 1 || index($0, "INSERT INTO `" p "api_session`") == 1 { next }
            { print }'
}
# 3.0 counts who failed to log in.
oc_forgets() { shop_sql "delete from ${shop_prefix}customer_login where email='sp-anna'"; }

# Users of somebody else: by their name, with the group.
oc_hires() { shop_sql "set sql_mode=''; insert into ${shop_prefix}user (username, password, email, user_group_id, status) values ('$1', 'x', '$1@example.org', $2, 1)"; }
oc_fires() { shop_sql "delete from ${shop_prefix}user where username='$1'"; }
oc_has() { [ "$(shop_sql "select count(*) from ${shop_prefix}user where username='$1'")" = 1 ]; }
oc_our_role() { shop_sql "select user_group_id from ${shop_prefix}user_group where name like 'stagepass %'"; }
oc_role_of() { shop_sql "select name from ${shop_prefix}user u join ${shop_prefix}user_group g on g.user_group_id=u.user_group_id where user_id=$1"; }
oc_holds_of_ours() { shop_sql "select (select count(*) from ${shop_prefix}user where username = 'sp-anna') + (select count(*) from ${shop_prefix}user_group where name like 'stagepass %')"; }

# ---- the whole life ------------------------------------------------------------------------------

oc_detects() {
    local before scheme
    before=$(shop_state)
    shop_sql "set sql_mode=''; insert into ${shop_prefix}store (name, url) values ('Second', 'https://acc.example.org/shop/')"
    shop_sql "insert into ${shop_prefix}setting (store_id, code, \`key\`, value, serialized) values (0, 'payment_multisafepay', 'payment_multisafepay_environment', '0', 0), (1, 'payment_multisafepay', 'payment_multisafepay_environment', '1', 0), (0, 'payment_paypal', 'payment_paypal_environment', 'sandbox', 0)"
    shop_sql "update ${shop_prefix}setting set value='1' where \`key\`='config_maintenance'"
    oc_pays
    shop_verb detect
    finishes
    case $shop_version in 3.*) scheme=sha1x3 ;; *) scheme=bcrypt ;; esac
    says supported=true platform=opencart "version=$shop_version" shop_root=/srv/shop "config_file=/srv/shop$(oc_folder)/config.php" owner=www-data direct=true "scheme=$scheme" \
        expiry=none note=no-guard session_engine=db second_factor=false "login_url=http://opencart.test:$shop_port$(oc_folder)/index.php?route=common/login" \
        "admin_url=http://opencart.test:$shop_port$(oc_folder)/" "home=http://opencart.test:$shop_port/" \
        "signal=host	opencart.test	HTTP_SERVER" "signal=host	opencart.test	HTTP_CATALOG" "signal=host	acc.example.org	store_1.url" "signal=coming-soon	yes	config_maintenance" \
        "signal=payment-test	no	payment_multisafepay_environment" "signal=payment-test	yes	payment_multisafepay_environment@store_1" "signal=payment-test	yes	payment_paypal_environment" \
        "signal=newest-paid-order	1763634600	multisafepay_ideal"
    shop_sql "delete from ${shop_prefix}order; delete from ${shop_prefix}store; delete from ${shop_prefix}setting where \`key\` like 'payment_%_environment'; update ${shop_prefix}setting set value='0' where \`key\`='config_maintenance'"
    shop_verb detect
    says supported=true
    deny 'a default says nothing' grep -qE '^signal=(payment-test|newest|coming-soon)' <<<"$out"
    shop_verb detect path=/etc
    says supported=false reason_id=no-opencart
    shop_verb detect path=
    says supported=false reason_id=no-shop-folder
    shop_verb detect path=/srv/nowhere
    says supported=false reason_id=no-such-path path_exists=false
    shop_sql "insert into ${shop_prefix}setting (store_id, code, \`key\`, value, serialized) values (0, 'config', '$(oc_second_factor)', '1', 0)"
    shop_verb detect
    says supported=false reason_id=second-factor second_factor=true
    shop_sql "delete from ${shop_prefix}setting where \`key\` = '$(oc_second_factor)'"
    sed -i "s/^define('VERSION', '[0-9.]*/define('VERSION', '5.0.0.0 Alpha/" "$root/srv/shop/index.php"
    shop_verb detect
    says supported=false reason_id=other-version
    sed -i "s/^define('VERSION', '[0-9.]* Alpha/define('VERSION', '$shop_version/" "$root/srv/shop/index.php"
    touch -r "$root/srv/shop/config.php" "$root/srv/shop/index.php"
    same 'nothing was changed' "$(grep -v ' srv/shop/index.php\|^srv/shop/index.php' <<<"$before")" "$(shop_state | grep -v ' srv/shop/index.php\|^srv/shop/index.php')"
}
oc_second_factor() { case $shop_version in 4.0.*) echo config_security ;; *) echo config_user_2fa ;; esac; }
# An order that was paid, of 20 November 2025, 10:30 UTC, and one behind it that was not.
oc_pays() {
    local column=payment_code value=multisafepay_ideal paid
    shop_sql "select value from ${shop_prefix}setting where \`key\`='config_complete_status'" | grep -q . || return 0
    paid=$(shop_sql "select value from ${shop_prefix}setting where \`key\`='config_complete_status'" | grep -o '[0-9]*' | head -n 1)
    case $(shop_sql "show columns from ${shop_prefix}order" | cut -f 1) in *payment_code*) ;; *) column=payment_method value='{\"name\":\"x\",\"code\":\"multisafepay_ideal\"}' ;; esac
    shop_sql "set sql_mode=''; delete from ${shop_prefix}setting where \`key\`='config_timezone' and 0; insert into ${shop_prefix}order (\`$column\`, order_status_id, date_added) values ('$value', $paid, '2025-11-20 10:30:00'), ('cod', 0, '2025-12-20 10:30:00')"
}

oc_opened() { same 'its address is nobody' "x@$grant.invalid" "$(shop_sql "select email from ${shop_prefix}user where user_id=$1")"; }
oc_closed() { same 'no row has its number' 0 "$(shop_sql "select count(*) from ${shop_prefix}session where data like '%\"user_id\":\"$1\"%'")"; }

oc_pages_tried() {
    printf '%s ' common/dashboard sale/order catalog/product "$(oc_first "extension/%payment/cod")" "$(oc_first "extension/%payment/bank_transfer")" "$(oc_first extension/extension/payment extension/payment)" marketplace/extension marketplace/modification report/report tool/log \
        user/user user/user_permission user/api user/profile common/profile common/filemanager customer/customer setting/setting setting/store tool/backup tool/upload marketplace/installer marketplace/event marketplace/startup marketplace/cron design/theme localisation/currency
}
oc_opens() { case $1 in common/dashboard | sale/* | catalog/* | extension/* | report/* | tool/log | marketplace/extension | marketplace/modification) ;; *) return 1 ;; esac }
oc_narrow() {
    want 'the settings of a payment method can be saved' grep -q 'payment' <<<"$(shop_sql "select json_extract(permission, '$.modify') from ${shop_prefix}user_group where name like 'stagepass %'")"
    same 'and nothing else' '' "$(shop_sql "select json_extract(permission, '$.modify') from ${shop_prefix}user_group where name like 'stagepass %'" | sed 's/[\\]//g' | grep -o '"[^"]*"' | grep -v '"extension/.*payment/')"
    [ -n "$(shop_sql "show tables like '${shop_prefix}api_session'")" ] || return 0
    shop_sql "delete from ${shop_prefix}api_session"
    want 'an order list is shown' shop_is_in
    same 'and no key of the API came of it' 0 "$(shop_sql "select count(*) from ${shop_prefix}api_session")"
    # 3.0 makes one with the page itself.
    shop_jar=$tmp/jar.merchant oc_page sale/order >/dev/null
    [[ $shop_version != 3.* ]] || want 'which does come of it where orders can be changed' test 0 != "$(shop_sql "select count(*) from ${shop_prefix}api_session")"
}
# oc_first PATTERN...: the first page of this shop that there is.
oc_first() {
    local pattern found
    for pattern; do
        found=$(shop_sql "select permission from ${shop_prefix}user_group where user_group_id=1" | sed 's/"modify".*//' | grep -o '"[^"]*"' | sed 's/[\\"]//g' | grep -E "^${pattern//%/(.*/)?}\$" | head -n 1)
        [ -z "$found" ] || { printf '%s' "$found" && return 0; }
    done
}

# ---- what is refused -----------------------------------------------------------------------------

oc_hires_namesake() { oc_hires sp-anna 1; }
oc_fires_namesake() {
    shop_sql "update ${shop_prefix}user set username = 'another', email = 'x@$grant.invalid' where username = 'sp-anna'"
    shop_refused address-taken
    oc_fires another
}
oc_refuses_more() {
    shop_refused bad-account account=sp-averyveryverylongname
    # The kind that the other version knows.
    case $shop_version in 3.*) shop_hash='$2y$05$abcdefghijklmnopqrstuuO1' shop_refused bad-input ;; *) shop_hash='$sha1x3$abcDEF123$aacd03ccd2279718dd40c765ec3ceb2927721b46' shop_refused bad-input ;; esac
}
oc_has_more_rights() {
    local user=${shop_prefix}user
    shop_verb open
    shop_sql "update ${shop_prefix}user_group set permission='{\"access\":[\"user/user\"],\"modify\":[]}' where name like 'stagepass %'"
    shop_verb check
    says role_matches=false marked=true present=true
    shop_sql "update $user set user_group_id=1, email='mine@example.org' where username='sp-anna'"
    oc_hires mallory 1
    shop_verb check
    says foreign=true present=false
    shop_sql "update $user set email='x@$grant.invalid' where username='sp-anna'"
    shop_verb check
    says present=true marked=false role_matches=false role=Administrator
    shop_sql "update $user set username='sp-other' where username='sp-anna'"
    shop_verb close
    finishes
    says user_absent=true rows_left=0 role_matches=false new_administrator=mallory
    same 'it is found by another name' 0 "$(shop_sql "select count(*) from $user where username='sp-other'")"
    oc_fires mallory
    shop_verb collected
}

# A shop that keeps its sessions in files.
oc_files_sessions() {
    local before settings=$root/srv/shop/system/config/admin.php
    before=$(oc_rows)
    cp -p "$settings" "$tmp/admin.php"
    if grep -q session_engine "$settings"; then sed -i "s/\(session_engine'\] *= \)'db'/\1'file'/" "$settings"; else printf "\n\$_['session_engine'] = 'file';\n" >>"$settings"; fi
    # It does not make the folder where it is missing.
    on runuser -u www-data -- mkdir -p /srv/shop/system/storage/session
    # PHP looks every two seconds whether a file that it knows has changed.
    want 'the shop keeps its sessions in files' again 20 oc_keeps_files
    shop_verb open
    finishes
    want 'it opens' oc_enters
    want 'a file holds the session' grep -rqs user_id "$root/srv/shop/system/storage/session"
    shop_verb detect
    says session_engine=file
    shop_jar=$tmp/jar.merchant want 'the merchant, too' oc_enters merchant merchants-Pw1
    shop_verb close
    finishes
    says user_absent=true sessions_left=0
    want 'a session was ended' grep -qE '^sessions_ended=[12]$' <<<"$out"
    want 'it is out' shop_is_out
    shop_jar=$tmp/jar.merchant want 'the merchant is not' shop_is_in
    cp -p "$tmp/admin.php" "$settings"
    want 'and in the database again' again 20 gone oc_keeps_files
    shop_verb collected
    same 'everything is as before' "$before" "$(oc_rows)"
}

# Whether who asks for the login is given a session in a file.
oc_keeps_files() {
    rm -f "$root"/srv/shop/system/storage/session/sess_*
    shop_ask "$(oc_folder)/index.php?route=common/login" >/dev/null
    ls "$root"/srv/shop/system/storage/session/sess_*
}

# OpenCart asks merchants to call the folder of the administration something else.
oc_renamed() {
    local before was=$oc_admin
    before=$(oc_rows)
    mv "$was" "$root/srv/shop/office-7"
    oc_admin=$root/srv/shop/office-7
    sed -i -e "s#/${was##*/}/'#/office-7/'#" -e "s#'${was##*/}/'#'office-7/'#" "$oc_admin/config.php"
    # What was left behind is not taken for it.
    mkdir -p "$root/srv/shop/old/controller/common"
    cp "$oc_admin/config.php" "$root/srv/shop/old/"
    cp "$oc_admin/controller/common/login.php" "$root/srv/shop/old/controller/common/"
    shop_verb detect
    says supported=true config_file=/srv/shop/office-7/config.php "login_url=http://opencart.test:$shop_port/office-7/index.php?route=common/login"
    shop_verb open
    finishes
    want 'it opens' oc_enters
    want 'and one is in' shop_is_in
    shop_verb close
    finishes
    want 'it is out' shop_is_out
    shop_verb collected
    rm -r "$root/srv/shop/old"
    sed -i -e "s#/office-7/'#/${was##*/}/'#" -e "s#'office-7/'#'${was##*/}/'#" "$oc_admin/config.php"
    mv "$oc_admin" "$was"
    oc_admin=$was
    same 'everything is as before' "$before" "$(oc_rows)"
}

# ---- a shop that is broken -----------------------------------------------------------------------

oc_leads_elsewhere() {
    shop_leads_to settings-changed "$oc_admin/config.php" "s/define('DB_DATABASE', '[^']*');/define('DB_DATABASE', 'copy');/"
    shop_leads_to settings-unclear "$oc_admin/config.php" "s/define('DB_DATABASE', '\([^']*\)');/define('DB_DATABASE', getenv('X') ?: '\1');/"
}
