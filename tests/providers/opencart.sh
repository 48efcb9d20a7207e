# The cases of opencart. Read by run.sh; needs what it defines, and what wordpress.sh defines of databases.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154
#
# On a host of its own with the PHP, MariaDB and Apache of the suite, and real shops that somebody set up: STAGEPASS_SHOP_OPENCART names
# their folders, with `:` between them, and each has a dump of its database beside it (`FOLDER.sql`). Both are copied, and nothing is
# written to them. Logins are made by curl through the form, as a browser does. `make test-shops` runs it, and docs/shops.md says how
# that went.

opencart() {
    local shop
    if [ -z "${STAGEPASS_SHOP_OPENCART:-}" ]; then
        printf '%s\n' 'opencart: NOT RUN: STAGEPASS_SHOP_OPENCART names no shop'
        return 0
    fi
    while IFS= read -r -d : shop; do
        [ -z "$shop" ] || oc_shop "$shop"
    done <<<"$STAGEPASS_SHOP_OPENCART:"
}

# Without a shop, and without PHP: what needs none. `make test` runs it.
oc_nowhere() {
    local was_account=$account was_grant=$grant verb tree
    about="OpenCart nowhere" account=sp-anna grant=k3v9q2m7xao login=root oc_version=4.1.0.4
    oc_hash='$2y$05$abcdefghijklmnopqrstuuO1'
    oc detect path=/etc
    finishes
    says supported=false reason_id=no-opencart path_exists=true path_now=/etc
    oc detect path=
    says supported=false reason_id=no-shop-folder
    oc detect path=/srv/nowhere
    says supported=false reason_id=no-such-path
    oc open path=/etc
    refuses no-opencart
    oc open path=/etc not_after=1
    refuses too-late
    oc open path=/etc account='Anna x'
    refuses bad-account
    oc check path=/etc
    finishes
    says recorded=false failsafe_present=false reason_id=no-opencart
    oc update path=/etc
    refuses record-missing
    oc marks path=/etc
    finishes
    same 'there are no marks' stagepass=1 "$out"
    oc close path=/etc "not_after=$(($(date +%s) + 120))"
    finishes
    says already_absent=true absent=true late_open_refused=true result_kept=false platform=opencart
    oc open path=/etc
    refuses too-late
    rm -f "$root/var/lib/stagepass/ended.$grant"
    oc collected path=/etc
    finishes
    says result_kept=false
    closes_at_its_deadline opencart "$oc_hash"
    # What a folder looks like in which OpenCart was not set up, and so on.
    tree=$root/srv/oc
    mkdir -p "$tree/system/engine" "$tree/catalog/controller" "$tree/admin/controller/common"
    touch "$tree/system/startup.php" "$tree/system/engine/registry.php" "$tree/admin/controller/common/login.php" "$tree/admin/config.php"
    for verb in detect open; do
        printf "<?php\ndefine('VERSION', '2.3.0.2');\n" >"$tree/index.php"
        oc "$verb" path=/srv/oc
        says reason_id=other-version
        printf "<?php\ndefine('VERSION', '4.1.0.4');\n" >"$tree/index.php"
        oc "$verb" path=/srv/oc
        says reason_id=no-configuration
        printf "<?php\ndefine('DIR_APPLICATION', '/srv/oc/admin/');\n" >"$tree/admin/config.php"
        oc "$verb" path=/srv/oc
        says reason_id=no-php
        cp -r "$tree" "$root/srv/copy"
        mv "$root/srv/copy" "$tree/public"
        oc "$verb" path=/srv/oc
        says reason_id=several-shops
        rm -r "$tree/public"
        # A pipe without end is not read without end.
        rm "$tree/index.php"
        mkfifo "$tree/index.php"
        oc "$verb" path=/srv/oc
        says reason_id=other-version
        rm "$tree/index.php"
        : >"$tree/admin/config.php"
    done
    rm -r "$tree"
    want 'nothing was left' eval '! ls -A "$root/var/lib/stagepass" | grep -v last-uid'
    account=$was_account grant=$was_grant
}

# oc_shop FOLDER: all of it, with that shop.
oc_shop() {
    local was_suite=$suite was_root=$root was_account=$account was_grant=$grant one from=$SECONDS failed_before=$failed passed_before=$passed
    suite=${suite%%-*}-shops root=$tmp/${suite%%-*}-shops/root account=sp-anna login=root
    grant=k3v9q2m7xao
    start "$suite" size=2g
    oc_set_up "$1"
    for one in ${STAGEPASS_TEST_OPENCART:-detects whole_life pages twice tells_marks refuses keeps_secrets files_sessions renamed breaks read_only ends_by_itself cut_off}; do
        about="OpenCart $oc_version $one"
        "oc_$one"
    done
    halt "$suite"
    mkdir -p "$repo/target/shops"
    printf '%s\t' OpenCart "$oc_version" "${suite%%-*}" "$oc_php" "$oc_database" "$((passed - passed_before))" "$((failed - failed_before))" "$((SECONDS - from))" "$oc_times" "$(date -u +%F)" >>"$repo/target/shops/results"
    echo >>"$repo/target/shops/results"
    # Which pages it opened, by the version.
    printf '%s\n' "$oc_table" >"$repo/target/shops/pages.opencart.$oc_version"
    suite=$was_suite root=$was_root account=$was_account grant=$was_grant
}

# ---- the shop ------------------------------------------------------------------------------------

# oc VERB name=value...: as `verb`, without the way over SSH.
oc() {
    script opencart "$1" path=/srv/shop "password=$oc_hash" has_password=1 "${@:2}" >"$tmp/script"
    # shellcheck disable=SC2086
    out=$(on timeout -s KILL 120 ${shell:-/bin/sh} -s <"$tmp/script" 2>"$tmp/err")
    code=$?
    out=$(unframed <<<"$out")
    declared opencart "$1"
}
oc_sql() { on mariadb -N -e "$1" "$oc_db"; }
# oc_define NAME: what the settings of the administration say.
oc_define() { sed -n "s/^define('$1', '\([^']*\)');.*/\1/p" "$oc_admin/config.php"; }

oc_set_up() {
    local from text one
    about="OpenCart in $1: set up"
    claim_port
    oc_port=$claimed oc_times='' oc_table=''
    oc_secret=Kq7mNz2xPw4vRt8sLb3c
    mkdir -p "$root/srv/shop"
    cp -a "$1/." "$root/srv/shop"
    chown -R 33:33 "$root/srv/shop"
    oc_admin=$(dirname "$(ls -d "$root"/srv/shop/*/controller/common/login.php)")
    oc_admin=${oc_admin%/controller/common}
    oc_version=$(sed -n "s/^define('VERSION', '\([0-9.]*\)');/\1/p" "$root/srv/shop/index.php")
    oc_php=$(on php -r 'echo PHP_VERSION;')
    # From where it was set up to where it is now.
    from=$(sed -n "s/^define('DIR_OPENCART', '\(.*\)\/');/\1/p; s/^define('DIR_SYSTEM', '\(.*\)\/system\/');/\1/p" "$oc_admin/config.php" | head -n 1)
    sed -i -e "s#$from/#/srv/shop/#g" -e "s#'http://[^/']*/#'http://opencart.test:$oc_port/#" "$oc_admin/config.php" "$root/srv/shop/config.php"
    oc_db=$(oc_define DB_DATABASE) oc_db_secret=$(oc_define DB_PASSWORD) oc_prefix=$(oc_define DB_PREFIX)
    wp_database_starts
    oc_database=$(on mariadb -N -e 'select version()')
    on mariadb -e "create database \`$oc_db\`; create user '$(oc_define DB_USERNAME)'@localhost identified by '$oc_db_secret'; grant all on \`$oc_db\`.* to '$(oc_define DB_USERNAME)'@localhost"
    on mariadb "$oc_db" <"$1.sql"
    # A merchant whose password is known here; an MD5 digest is what both take.
    oc_sql "update ${oc_prefix}user set username='merchant', password=md5('merchants-Pw1') where user_id=1"
    rm -f "$root"/etc/apache2/sites-enabled/*
    printf 'Listen 127.0.0.1:%s\n' "$oc_port" >"$root/etc/apache2/ports.conf"
    printf '<VirtualHost *:%s>\n ServerName opencart.test\n DocumentRoot /srv/shop\n <Directory /srv/shop>\n  Options FollowSymLinks\n  AllowOverride None\n  Require all granted\n </Directory>\n</VirtualHost>\n' "$oc_port" >"$root/etc/apache2/sites-enabled/shop.conf"
    want 'Apache starts' on apache2ctl start
    case $oc_version in
        3.*) oc_hash=$(oc_ladder "$oc_secret") ;;
        *) oc_hash=$(on php -r 'echo password_hash(trim(fgets(STDIN)), PASSWORD_BCRYPT, ["cost" => 5]);' <<<"$oc_secret") ;;
    esac
    # What a shop writes about itself at the first visit of its administration is none of ours.
    want 'the merchant gets in' again 20 oc_enters merchant merchants-Pw1
    oc_page common/dashboard >/dev/null
    oc_page sale/order >/dev/null
    oc_ask / >/dev/null
}
# As 3.0 keeps it.
oc_ladder() { on php -r '$s = "abcDEF123"; $p = trim(fgets(STDIN)); echo "\$sha1x3\$$s\$", sha1($s . sha1($s . sha1($p)));' <<<"$1"; }

# oc_ask [CURL OPTION...] ADDRESS: the status of the answer, which is left in $tmp/page.
oc_ask() { curl -s -m 30 -o "$tmp/page" -w '%{http_code}' -D "$tmp/head" -H "Host: opencart.test:$oc_port" "${@:1:$#-1}" "http://127.0.0.1:$oc_port${*: -1}"; }
oc_folder() { printf '/%s' "${oc_admin##*/}"; }

# oc_enters [USER [PASSWORD]]: logs in through the form, keeps the cookies in $tmp/jar or $oc_jar, and the token of the session beside
# them. The password is told by standard input.
oc_enters() {
    local jar=${oc_jar:-$tmp/jar} action place
    rm -f "$jar" "$jar.token"
    oc_ask -c "$jar" "$(oc_folder)/index.php?route=common/login" >/dev/null
    action=$(grep -o '<form[^>]*action="[^"]*"' "$tmp/page" | head -n 1 | sed -e 's/.*action="\([^"]*\)".*/\1/' -e 's/&amp;/\&/g' -e 's#^http://[^/]*##')
    printf 'data-urlencode = "password=%s"' "${2:-$oc_secret}" | oc_ask -K - -c "$jar" -b "$jar" --data-urlencode "username=${1:-$account}" "$action" >/dev/null
    place=$(sed -n 's/^[Ll]ocation: //p' "$tmp/head" | tr -d '\r')
    [ -n "$place" ] || place=$(sed -n 's/.*"redirect":"\([^"]*\)".*/\1/p' "$tmp/page")
    sed -n 's/.*user_token=\([A-Za-z0-9]*\).*/\1/p' <<<"$place" >"$jar.token"
    [ -s "$jar.token" ] && test_value open oc_page common/dashboard
}
# oc_page ROUTE: what a page of the administration is with these cookies: open, denied, login, or a status.
oc_page() {
    local jar=${oc_jar:-$tmp/jar} status
    status=$(oc_ask -b "$jar" "$(oc_folder)/index.php?route=$1&user_token=$(cat "$jar.token")")
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
oc_is_in() { test_value open oc_page sale/order; }
oc_is_out() { test_value login oc_page sale/order; }
oc_cannot_enter() { ! oc_jar=$tmp/jar.refused oc_enters "$@"; }

# Every row but what the shop itself keeps moving: sessions and logins of the merchant, and of nobody; when its own jobs ran.
oc_rows() {
    on mariadb-dump --skip-comments --skip-extended-insert --skip-add-locks --order-by-primary "$oc_db" | sed -e 's/ AUTO_INCREMENT=[0-9]*//' |
        awk -v p="$oc_prefix" '
            index($0, "INSERT INTO `" p "session`") == 1 && ($0 !~ /user_id/ || $0 ~ /"user_id\\":\\"?1[\\,}]/) { next }
            index($0, "INSERT INTO `" p "user_login`") == 1 && $0 ~ /VALUES \([0-9]+,1,/ { next }
            index($0, "INSERT INTO `" p "customer_online`") == 1 || index($0, "INSERT INTO `" p "cron`") == 1 || index($0, "INSERT INTO `" p "api_session`") == 1 { next }
            { print }'
}
oc_files() {
    (
        cd "$root" || exit
        find srv etc -path srv/shop/system/storage -prune -o ! -type d -printf '%p %y %m %U:%G %s %T@\n' | sort
        find srv etc -path srv/shop/system/storage -prune -o -type f -exec cksum {} + | sort
        find srv/shop ! -uid 33 | sort
        find var/lib/stagepass -mindepth 1 ! -name 'result.*' ! -name last-uid -printf '%p\n' | sort
    ) | grep -v -e 'etc/apache2' -e 'mysql'
}
oc_state() {
    oc_files
    oc_rows
}

# ---- the whole life ------------------------------------------------------------------------------

oc_detects() {
    local before scheme
    before=$(oc_state)
    oc_sql "set sql_mode=''; insert into ${oc_prefix}store (name, url) values ('Second', 'https://acc.example.org/shop/')"
    oc_sql "insert into ${oc_prefix}setting (store_id, code, \`key\`, value, serialized) values (0, 'payment_multisafepay', 'payment_multisafepay_environment', '0', 0), (1, 'payment_multisafepay', 'payment_multisafepay_environment', '1', 0), (0, 'payment_paypal', 'payment_paypal_environment', 'sandbox', 0)"
    oc_sql "update ${oc_prefix}setting set value='1' where \`key\`='config_maintenance'"
    oc_pays
    oc detect
    finishes
    case $oc_version in 3.*) scheme=sha1x3 ;; *) scheme=bcrypt ;; esac
    says supported=true platform=opencart "version=$oc_version" shop_root=/srv/shop "config_file=/srv/shop$(oc_folder)/config.php" owner=www-data direct=true "scheme=$scheme" \
        expiry=none note=no-guard session_engine=db second_factor=false "login_url=http://opencart.test:$oc_port$(oc_folder)/index.php?route=common/login" \
        "admin_url=http://opencart.test:$oc_port$(oc_folder)/" "home=http://opencart.test:$oc_port/" \
        "signal=host	opencart.test	HTTP_SERVER" "signal=host	opencart.test	HTTP_CATALOG" "signal=host	acc.example.org	store_1.url" "signal=coming-soon	yes	config_maintenance" \
        "signal=payment-test	no	payment_multisafepay_environment" "signal=payment-test	yes	payment_multisafepay_environment@store_1" "signal=payment-test	yes	payment_paypal_environment" \
        "signal=newest-paid-order	1763634600	multisafepay_ideal"
    oc_sql "delete from ${oc_prefix}order; delete from ${oc_prefix}store; delete from ${oc_prefix}setting where \`key\` like 'payment_%_environment'; update ${oc_prefix}setting set value='0' where \`key\`='config_maintenance'"
    oc detect
    says supported=true
    deny 'a default says nothing' grep -qE '^signal=(payment-test|newest|coming-soon)' <<<"$out"
    oc detect path=/etc
    says supported=false reason_id=no-opencart
    oc detect path=
    says supported=false reason_id=no-shop-folder
    oc detect path=/srv/nowhere
    says supported=false reason_id=no-such-path path_exists=false
    oc_sql "insert into ${oc_prefix}setting (store_id, code, \`key\`, value, serialized) values (0, 'config', '$(oc_second_factor)', '1', 0)"
    oc detect
    says supported=false reason_id=second-factor second_factor=true
    oc_sql "delete from ${oc_prefix}setting where \`key\` = '$(oc_second_factor)'"
    sed -i "s/^define('VERSION', '[0-9.]*/define('VERSION', '5.0.0.0 Alpha/" "$root/srv/shop/index.php"
    oc detect
    says supported=false reason_id=other-version
    sed -i "s/^define('VERSION', '[0-9.]* Alpha/define('VERSION', '$oc_version/" "$root/srv/shop/index.php"
    touch -r "$root/srv/shop/config.php" "$root/srv/shop/index.php"
    same 'nothing was changed' "$(grep -v ' srv/shop/index.php\|^srv/shop/index.php' <<<"$before")" "$(oc_state | grep -v ' srv/shop/index.php\|^srv/shop/index.php')"
}
oc_second_factor() { case $oc_version in 4.0.*) echo config_security ;; *) echo config_user_2fa ;; esac; }
# An order that was paid, of 20 November 2025, 10:30 UTC, and one behind it that was not.
oc_pays() {
    local column=payment_code value=multisafepay_ideal paid
    oc_sql "select value from ${oc_prefix}setting where \`key\`='config_complete_status'" | grep -q . || return 0
    paid=$(oc_sql "select value from ${oc_prefix}setting where \`key\`='config_complete_status'" | grep -o '[0-9]*' | head -n 1)
    case $(oc_sql "show columns from ${oc_prefix}order" | cut -f 1) in *payment_code*) ;; *) column=payment_method value='{\"name\":\"x\",\"code\":\"multisafepay_ideal\"}' ;; esac
    oc_sql "set sql_mode=''; delete from ${oc_prefix}setting where \`key\`='config_timezone' and 0; insert into ${oc_prefix}order (\`$column\`, order_status_id, date_added) values ('$value', $paid, '2025-11-20 10:30:00'), ('cod', 0, '2025-12-20 10:30:00')"
}

oc_whole_life() {
    local before id from
    before=$(oc_state)
    want 'the password opens nothing yet' oc_cannot_enter
    oc_sql "delete from ${oc_prefix}customer_login where email='sp-anna'"
    oc check
    finishes
    says present=false recorded=false failsafe_present=false expired=false foreign=false
    from=$(date +%s%N)
    verb opencart open path=/srv/shop has_password=1 "password=$oc_hash"
    oc_timed open "$from"
    finishes
    says account=sp-anna platform=opencart owner=www-data expiry=none grants=payment failsafe=none shop_path=/srv/shop "version=$oc_version" "login_url=http://opencart.test:$oc_port$(oc_folder)/index.php?route=common/login"
    want 'the password opens it' oc_enters
    want 'and one is in' oc_is_in
    want 'a wrong one does not' oc_cannot_enter sp-anna wrong-Password1
    same 'no mail' '' "$(on find /var/mail /var/spool -type f -newer /var/log/mariadb.log 2>/dev/null | grep -v cron)"
    same 'the group is its own' "stagepass $grant t4g" "$(oc_sql "select name from ${oc_prefix}user u join ${oc_prefix}user_group g on g.user_group_id=u.user_group_id where username='sp-anna'")"
    same 'its address is nobody' "x@$grant.invalid" "$(oc_sql "select email from ${oc_prefix}user where username='sp-anna'")"
    same 'what is new in the shop is the shop' '' "$(find "$root/srv/shop" ! -user 33)"
    id=$(oc_sql "select user_id from ${oc_prefix}user where username='sp-anna'")
    from=$(date +%s%N)
    oc check
    oc_timed check "$from"
    finishes
    says present=true foreign=false recorded=true marked=true enabled=true address_matches=true role_matches=true "role=stagepass $grant t4g" reread=direct expired=false
    want 'with its sessions' grep -qE '^sessions=[12]$' <<<"$out"
    oc update "deadline=$((deadline + 60))"
    finishes
    says expiry=none
    want 'the new end is known to root' grep -qx "deadline=$((deadline + 60))" "$root/var/lib/stagepass/$grant/ends"
    want 'and one is still in' oc_is_in
    from=$(date +%s%N)
    oc close
    oc_timed close "$from"
    finishes
    says absent=true user_absent=true rows_left=0 reread=direct already_absent=false foreign=false shut=true failsafe_absent=true result_kept=true by_server=false platform=opencart role_matches=true
    want 'it ended a session' grep -qE '^sessions_ended=[12]$' <<<"$out"
    want 'the old cookie opens nothing' oc_is_out
    want 'nor does the password' oc_cannot_enter
    want 'the merchant goes on' oc_enters merchant merchants-Pw1
    same 'no row has its number' 0 "$(oc_sql "select count(*) from ${oc_prefix}session where data like '%\"user_id\":\"$id\"%'")"
    oc_sql "delete from ${oc_prefix}customer_login where email='sp-anna'"
    oc collected
    finishes
    says result_kept=false
    same 'everything is as before' "$before" "$(oc_state)"
}
# oc_timed VERB SINCE: notes how many milliseconds it took.
oc_timed() { oc_times="$oc_times${oc_times:+, }$1 $((($(date +%s%N) - $2) / 1000000)) ms"; }

# What opens, and what does not. `oc_table` keeps it for docs/opencart.md.
oc_pages() {
    local route merchant supporter
    oc open
    finishes
    want 'it opens' oc_enters
    oc_jar=$tmp/jar.merchant oc_enters merchant merchants-Pw1
    oc_table=''
    for route in common/dashboard sale/order catalog/product "$(oc_first "extension/%payment/cod")" "$(oc_first "extension/%payment/bank_transfer")" "$(oc_first extension/extension/payment extension/payment)" marketplace/extension marketplace/modification report/report tool/log \
        user/user user/user_permission user/api user/profile common/profile common/filemanager customer/customer setting/setting setting/store tool/backup tool/upload marketplace/installer marketplace/event marketplace/startup marketplace/cron design/theme localisation/currency; do
        [ -n "$route" ] || continue
        merchant=$(oc_jar=$tmp/jar.merchant oc_page "$route")
        [ "$merchant" = open ] || continue
        supporter=$(oc_page "$route")
        oc_table=$oc_table$route$'\t'$supporter$'\n'
        case $route in
            common/dashboard | sale/* | catalog/* | extension/* | report/* | tool/log | marketplace/extension | marketplace/modification) same "$route opens" open "$supporter" ;;
            *) same "$route does not" denied "$supporter" ;;
        esac
    done
    want 'several pages were tried' test "$(grep -c '' <<<"$oc_table")" -ge 15
    want 'the settings of a payment method can be saved' grep -q 'payment' <<<"$(oc_sql "select json_extract(permission, '$.modify') from ${oc_prefix}user_group where name like 'stagepass %'")"
    same 'and nothing else' '' "$(oc_sql "select json_extract(permission, '$.modify') from ${oc_prefix}user_group where name like 'stagepass %'" | sed 's/[\\]//g' | grep -o '"[^"]*"' | grep -v '"extension/.*payment/')"
    if [ -n "$(oc_sql "show tables like '${oc_prefix}api_session'")" ]; then
        oc_sql "delete from ${oc_prefix}api_session"
        want 'an order list is shown' oc_is_in
        same 'and no key of the API came of it' 0 "$(oc_sql "select count(*) from ${oc_prefix}api_session")"
        # 3.0 makes one with the page itself.
        oc_jar=$tmp/jar.merchant oc_page sale/order >/dev/null
        [[ $oc_version != 3.* ]] || want 'which does come of it where orders can be changed' test 0 != "$(oc_sql "select count(*) from ${oc_prefix}api_session")"
    fi
    oc close
    finishes
    oc collected
}
# oc_first PATTERN...: the first page of this shop that there is.
oc_first() {
    local pattern found
    for pattern; do
        found=$(oc_sql "select permission from ${oc_prefix}user_group where user_group_id=1" | sed 's/"modify".*//' | grep -o '"[^"]*"' | sed 's/[\\"]//g' | grep -E "^${pattern//%/(.*/)?}\$" | head -n 1)
        [ -z "$found" ] || { printf '%s' "$found" && return 0; }
    done
}

oc_twice() {
    local id first before other
    before=$(oc_state)
    oc open
    finishes
    id=$(grep '^user_id=' <<<"$out")
    oc open
    finishes
    says "$id"
    want 'it opens' oc_enters
    case $oc_version in
        3.*) other=$(oc_ladder Another2xPw4vRt8sLb3) ;;
        *) other=$(on php -r 'echo password_hash("Another2xPw4vRt8sLb3", PASSWORD_BCRYPT, ["cost" => 5]);') ;;
    esac
    oc_hash=$other oc open
    finishes
    says "$id"
    want 'with another password' oc_enters sp-anna Another2xPw4vRt8sLb3
    want 'and not with the one before' oc_cannot_enter
    oc close
    finishes
    says already_absent=false result_kept=true
    first=$(grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' -e '^foreign' <<<"$out" | sort)
    oc close
    finishes
    says already_absent=true result_kept=true absent=true
    same 'the same is said again' "$first" "$(grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' -e '^foreign' <<<"$out" | sort)"
    oc collected
    oc close
    finishes
    says already_absent=true result_kept=false absent=true user_absent=true reread=direct
    about="OpenCart $oc_version two at once"
    oc open
    grant=k3v9q2m7xbo oc open account=sp-ben
    want 'one is in' oc_enters
    oc_jar=$tmp/jar.ben want 'so is the other' oc_enters sp-ben
    oc close
    finishes
    want 'one is out' oc_is_out
    oc_jar=$tmp/jar.ben want 'the other is not' oc_is_in
    grant=k3v9q2m7xbo oc close account=sp-ben
    finishes
    oc_jar=$tmp/jar.ben want 'now it is' oc_is_out
    oc collected
    grant=k3v9q2m7xbo oc collected
    same 'everything is as before' "$before" "$(oc_state)"
}

oc_tells_marks() {
    local before
    before=$(oc_state)
    oc open
    oc marks
    finishes
    same 'all there is' "mark=entry $grant sp-anna t4g - /srv/shop
mark=record $grant sp-anna t4g - /var/lib/stagepass/$grant/
mark=role $grant - t4g - /srv/shop
stagepass=1" "$(sort <<<"$out")"
    # The record is lost: the shop still knows.
    rm -r "$root/var/lib/stagepass/$grant"
    oc marks
    same 'a user whose record is lost' "mark=entry $grant sp-anna t4g - /srv/shop
mark=role $grant - t4g - /srv/shop
stagepass=1" "$(sort <<<"$out")"
    oc close
    finishes
    says absent=true already_absent=false user_absent=true
    want 'it is found without its record' oc_cannot_enter
    oc_sql "delete from ${oc_prefix}customer_login where email='sp-anna'"
    oc marks
    same 'none' stagepass=1 "$out"
    rm -f "$root/var/lib/stagepass/result.$grant"
    same 'everything is as before' "$before" "$(oc_state)"
}

# ---- what is refused -----------------------------------------------------------------------------

# oc_refused ID [name=value...]: by open, and nothing was changed.
oc_refused() {
    local id=$1 before
    shift
    before=$(oc_state)
    oc open "$@"
    refuses "$id"
    same "nothing was changed ($id)" "$before" "$(oc_state)"
}

oc_refuses() {
    local before user=${oc_prefix}user
    oc_sql "set sql_mode=''; insert into $user (username, password, email, user_group_id, status) values ('sp-anna', 'x', 'anna@example.org', 1, 1)"
    oc_refused name-taken
    oc detect
    says supported=false reason_id=name-taken
    oc check
    says foreign=true present=false
    before=$(oc_state)
    oc close
    finishes
    says foreign=true already_absent=true absent=true user_absent=true
    same 'a close leaves it, too' "$before" "$(oc_state)"
    oc_sql "update $user set username = 'another', email = 'x@$grant.invalid' where username = 'sp-anna'"
    oc_refused address-taken
    oc_sql "delete from $user where username = 'another'"
    oc_refused no-opencart path=/etc
    oc_refused no-shop-folder path=
    oc_refused bad-account account='Anna x'
    oc_refused bad-account account=sp-averyveryverylongname
    oc_refused too-late not_after=1
    oc_hash='' oc_refused no-credential
    oc_hash=not-hashed oc_refused bad-input
    # The kind that the other version knows.
    case $oc_version in 3.*) oc_hash='$2y$05$abcdefghijklmnopqrstuuO1' oc_refused bad-input ;; *) oc_hash='$sha1x3$abcDEF123$aacd03ccd2279718dd40c765ec3ceb2927721b46' oc_refused bad-input ;; esac
    about="OpenCart $oc_version another member of the group"
    oc open
    finishes
    oc_sql "set sql_mode=''; insert into $user (username, password, email, user_group_id, status) select 'mallory', 'x', 'mallory@example.org', user_group_id, 1 from ${oc_prefix}user_group where name like 'stagepass %'"
    oc close
    fails rows-left
    says user_absent=true shut=true 'left=member mallory'
    deny 'it is not said to be over' grep -q '^absent=true' <<<"$out"
    same 'whoever is not ours stays' 1 "$(oc_sql "select count(*) from $user where username='mallory'")"
    oc_sql "delete from $user where username='mallory'"
    oc close
    finishes
    says user_absent=true rows_left=0 absent=true
    oc collected
    about="OpenCart $oc_version more rights than were given"
    oc open
    oc_sql "update ${oc_prefix}user_group set permission='{\"access\":[\"user/user\"],\"modify\":[]}' where name like 'stagepass %'"
    oc check
    says role_matches=false marked=true present=true
    oc_sql "update $user set user_group_id=1, email='mine@example.org' where username='sp-anna'; set sql_mode=''; insert into $user (username, password, email, user_group_id, status) values ('mallory', 'x', 'mallory@example.org', 1, 1)"
    oc check
    says foreign=true present=false
    oc_sql "update $user set email='x@$grant.invalid' where username='sp-anna'"
    oc check
    says present=true marked=false role_matches=false role=Administrator
    oc_sql "update $user set username='sp-other' where username='sp-anna'"
    oc close
    finishes
    says user_absent=true rows_left=0 role_matches=false new_administrator=mallory
    same 'it is found by another name' 0 "$(oc_sql "select count(*) from $user where username='sp-other'")"
    oc_sql "delete from $user where username='mallory'"
    oc collected
}

# The hash is in the database and nowhere else: no argument, no environment, no file, no error.
oc_keeps_secrets() {
    local ini part=${oc_hash:12}
    script opencart open path=/srv/shop "password=$oc_hash" has_password=1 >"$tmp/script"
    timeout 120 strace -f -qq -s 4000 -v -e trace=execve -o "$tmp/trace" nsenter --target "${inside[$suite]}" --mount --pid --uts -- chroot "$root" /bin/sh -s <"$tmp/script" >"$tmp/said" 2>&1
    want 'it opened' oc_enters
    want 'programs were seen' test "$(grep -c execve "$tmp/trace")" -gt 20
    want 'PHP among them' grep -q '"/usr/bin/php"' "$tmp/trace"
    want 'the rows were asked by nobody' grep -qE '"--reuid=655[0-9]+".*"/usr/bin/php"' "$tmp/trace"
    deny 'root ran no PHP' wp_as_root
    deny 'none was told the hash' grep -qF -e "$part" "$tmp/trace"
    deny 'nor in another form' grep -qF -e "$(printf '%s' "$oc_hash" | base64 | cut -c 1-50)" "$tmp/trace"
    deny 'none was told the password of the database' grep -qF -e "$oc_db_secret" "$tmp/trace"
    same 'no file holds it' '' "$(grep -rlF --exclude-dir=mysql -e "$part" "$root/etc" "$root/var" "$root/tmp" "$root/run" "$root/root" "$root/home" 2>/dev/null)"
    oc close
    oc collected
    about="OpenCart $oc_version secrets: PHP that shows every error, and a database that refuses"
    ini=$(echo "$root"/etc/php/*/cli)
    mv "$ini/php.ini" "$ini/away"
    printf 'display_errors=1\nlog_errors=1\nerror_log=/tmp/php-errors\nzend.exception_ignore_args=0\n' >"$ini/php.ini"
    oc_sql "create trigger stops before update on ${oc_prefix}user for each row signal sqlstate '45000' set message_text='stop'"
    oc open
    fails php-error
    deny 'nothing of what it was called with' grep -qF -e "$part" -e "$oc_db_secret" <<<"$out"
    same 'nor in a file' '' "$(grep -rlF --exclude-dir=mysql -e "$part" "$root/etc" "$root/var" "$root/tmp" 2>/dev/null)"
    oc_sql 'drop trigger stops'
    want 'nobody is in' oc_cannot_enter
    mv "$ini/away" "$ini/php.ini"
    oc close
    finishes
    says user_absent=true rows_left=0
    oc collected
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
    oc open
    finishes
    want 'it opens' oc_enters
    want 'a file holds the session' grep -rqs user_id "$root/srv/shop/system/storage/session"
    oc detect
    says session_engine=file
    oc_jar=$tmp/jar.merchant want 'the merchant, too' oc_enters merchant merchants-Pw1
    oc close
    finishes
    says user_absent=true sessions_left=0
    want 'a session was ended' grep -qE '^sessions_ended=[12]$' <<<"$out"
    want 'it is out' oc_is_out
    oc_jar=$tmp/jar.merchant want 'the merchant is not' oc_is_in
    cp -p "$tmp/admin.php" "$settings"
    want 'and in the database again' again 20 gone oc_keeps_files
    oc collected
    same 'everything is as before' "$before" "$(oc_rows)"
}

# Whether who asks for the login is given a session in a file.
oc_keeps_files() {
    rm -f "$root"/srv/shop/system/storage/session/sess_*
    oc_ask "$(oc_folder)/index.php?route=common/login" >/dev/null
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
    oc detect
    says supported=true config_file=/srv/shop/office-7/config.php "login_url=http://opencart.test:$oc_port/office-7/index.php?route=common/login"
    oc open
    finishes
    want 'it opens' oc_enters
    want 'and one is in' oc_is_in
    oc close
    finishes
    want 'it is out' oc_is_out
    oc collected
    rm -r "$root/srv/shop/old"
    sed -i -e "s#/office-7/'#/${was##*/}/'#" -e "s#'office-7/'#'${was##*/}/'#" "$oc_admin/config.php"
    mv "$oc_admin" "$was"
    oc_admin=$was
    same 'everything is as before' "$before" "$(oc_rows)"
}

# ---- a shop that is broken -----------------------------------------------------------------------

oc_breaks() {
    local before
    before=$(oc_rows)
    wp_database_stops
    oc open
    refuses database-unread
    want 'nothing was made' test ! -e "$root/var/lib/stagepass/$grant"
    wp_database_starts
    oc open
    finishes
    want 'it opens' oc_enters
    wp_database_stops
    oc check
    says reason_id=database-unread recorded=true
    deny 'nothing is said of the user' grep -q '^present=' <<<"$out"
    oc close
    fails database-unread
    deny 'it is not said to be gone' grep -q -e '^absent=' -e '^user_absent=' <<<"$out"
    want 'the record stays' test -e "$root/var/lib/stagepass/$grant/record"
    wp_database_starts
    about="OpenCart $oc_version settings that lead elsewhere"
    on sh -c "mariadb -e 'create database copy' && mariadb-dump '$oc_db' | mariadb copy && mariadb -e \"grant all on copy.* to '$(oc_define DB_USERNAME)'@localhost\""
    cp -p "$oc_admin/config.php" "$tmp/config"
    sed -i "s/define('DB_DATABASE', '[^']*');/define('DB_DATABASE', 'copy');/" "$oc_admin/config.php"
    oc close
    fails settings-changed
    deny 'it is not said to be gone' grep -q '^absent=true' <<<"$out"
    cp -p "$tmp/config" "$oc_admin/config.php"
    sed -i "s/define('DB_DATABASE', '\([^']*\)');/define('DB_DATABASE', getenv('X') ?: '\1');/" "$oc_admin/config.php"
    oc close
    fails settings-unclear
    cp -p "$tmp/config" "$oc_admin/config.php"
    want 'it is still in' oc_is_in
    oc close
    finishes
    says user_absent=true already_absent=false
    want 'it is out' oc_is_out
    on mariadb -e 'drop database copy'
    oc collected
    same 'everything is as before' "$before" "$(oc_rows)"
}

# Nothing is written to the shop's files, so a shop that is read-only, or all root's, is like any other.
oc_read_only() {
    local before
    before=$(oc_rows)
    on mount --bind /srv/shop /srv/shop
    on mount -o remount,bind,ro /srv/shop
    oc open
    finishes
    oc check
    says present=true
    oc close
    finishes
    says user_absent=true
    oc collected
    on umount /srv/shop
    about="OpenCart $oc_version all root's"
    on chown -R 0:0 "/srv/shop$(oc_folder)"
    on chmod 600 "/srv/shop$(oc_folder)/config.php"
    oc open
    finishes
    oc close
    finishes
    says user_absent=true reread=direct
    oc collected
    on chmod 644 "/srv/shop$(oc_folder)/config.php"
    on chown -R 33:33 "/srv/shop$(oc_folder)"
    same 'everything is as before' "$before" "$(oc_rows)"
}

# ---- nobody around -------------------------------------------------------------------------------

oc_ends_by_itself() {
    local before
    before=$(oc_state)
    on pgrep -x cron >/dev/null || on /usr/sbin/cron
    want 'cron runs' again 20 on pgrep -x cron
    oc detect
    says failsafe=cron.d failsafe_reason=
    oc open "deadline=$(($(date +%s) + 20))"
    finishes
    says failsafe=cron.d
    want 'it opens' oc_enters
    oc check
    says failsafe_present=true expired=false
    want 'the failsafe holds no hash' eval '! grep -qF -e "$oc_hash" -e "$oc_secret" -r "$root/var/lib/stagepass"'
    want 'all of it goes' again 120 test ! -e "$root/var/lib/stagepass/$grant"
    want 'it is out' oc_is_out
    same 'nothing is left' "$before" "$(oc_state)"
    oc close
    finishes
    says by_server=true already_absent=true absent=true user_absent=true failsafe_absent=true result_kept=true reread=direct
    want 'with the time' grep -qE '^server_closed_at=[1-9][0-9]{9}$' <<<"$out"
    oc collected
    on pkill -KILL -x cron
}

# Killed when it calls the Nth program: whoever is in, and every group, is in the record, and a second try finishes.
oc_cut_off() {
    local verb all n before programs='mkdir chmod rm mv sync env stat base64 awk od'
    before=$(oc_state)
    for verb in open update close; do
        about="OpenCart $oc_version $verb cut off"
        [ "$verb" = open ] || oc open
        oc_cut "$verb" 0
        all=$(grep -c '' "$root/tmp/calls")
        want "$verb does several things" test "$all" -ge 4
        for n in $(seq 1 2 "$all"); do
            about="OpenCart $oc_version $verb cut off at $n of $all: $(sed -n "${n}p" "$root/tmp/calls" 2>/dev/null | cut -c 1-80)"
            oc close
            [ "$verb" = open ] || oc open
            oc_cut "$verb" "$n"
            deny 'it did not get to its end' grep -q '^stagepass-end=' "$tmp/cut.out"
            want 'what is in the shop is in the record' eval '[ "$(oc_sql "select (select count(*) from ${oc_prefix}user where username = '"'sp-anna'"') + (select count(*) from ${oc_prefix}user_group where name like '"'stagepass %'"')")" = 0 ] || grep -q ^account=sp-anna "$root/var/lib/stagepass/$grant/record"'
            if [ "$verb" = open ] && [ $((n % 3)) = 0 ]; then
                oc open
                finishes
                want 'a second open finishes it' oc_enters
            fi
        done
        oc close
        finishes
        says absent=true user_absent=true failsafe_absent=true
        oc collected
        rm -f "$root"/tmp/calls* "$root/tmp/main"
        same 'nothing is left' "$before" "$(oc_state)"
    done
    about="OpenCart $oc_version cut off between group and user"
    oc open
    oc_sql "delete from ${oc_prefix}user where username='sp-anna'"
    oc close
    finishes
    says already_absent=false rows_left=0 absent=true
    oc collected
    same 'nothing is left' "$before" "$(oc_state)"
}

# oc_cut VERB N: runs the verb, and kills its shell when it calls the Nth of these programs.
oc_cut() { wp_cut_script opencart "$1" "$2" "password=$oc_hash"; }
