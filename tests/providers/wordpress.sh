# The cases of wordpress. Read by run.sh; needs what it defines.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154
#
# On a host of its own with the WordPress, PHP, MariaDB and Apache of the suite: a shop in a folder of its own, one in the layout of
# Debian's package, and a network of sites. Logins are made by curl through the form, as a browser does.

# In five, each on a server of its own.
wordpress() {
    wp_lives
    wp_guards
    wp_breaks_and_lies
    wp_ends
    wp_settings_of_php
}
wp_lives() { wp_on_a_host programs detects whole_life twice elsewhere another_php tells_marks other_shells; }
wp_guards() { wp_on_a_host refuses keeps_secrets keeps_rights read_only network bedrock; }
wp_breaks_and_lies() { wp_on_a_host breaks lies; }
wp_ends() { wp_on_a_host refuses_when_over ends_by_itself cut_off; }
wp_settings_of_php() { wp_on_a_host has_a_cache keeps_code without_functions within_folders without_mysqli; }

# What no package has is named by whoever has it; without it these are not run, and say so.
# STAGEPASS_SHOP_WORDPRESS_SQLITE is the folder of WordPress's plugin for SQLite (with its db.copy), STAGEPASS_SHOP_WOOCOMMERCE that
# of WooCommerce (with its woocommerce.php).
wp_sqlite() { ! wp_has STAGEPASS_SHOP_WORDPRESS_SQLITE db.copy || wp_on_a_host on_sqlite; }
wp_woocommerce() { ! wp_has STAGEPASS_SHOP_WOOCOMMERCE woocommerce.php || wp_on_a_host with_woocommerce; }

# wp_has VARIABLE FILE: whether the folder that it names is there.
wp_has() {
    if [ -f "${!1:-/nonexistent}/$2" ]; then return 0; fi
    not_run "${FUNCNAME[1]}" "$1 names no folder with $2"
    return 1
}

wp_on_a_host() {
    local was_suite=$suite was_root=$root was_account=$account was_grant=$grant one from
    suite=$suite-shop root=$tmp/$suite/root account=sp-anna login=root
    # The grant's id, and one character more for its second layer.
    grant=k3v9q2m7xaw
    start "$suite"
    for one in shops "$@"; do
        from=$SECONDS
        "wp_$one"
        [ -z "${STAGEPASS_TEST_MEASURE:-}" ] || printf '   %s: %s s\n' "$one" $((SECONDS - from))
    done
    halt "$suite"
    suite=$was_suite root=$was_root account=$was_account grant=$was_grant
}

# ---- the shops -----------------------------------------------------------------------------------

# wp VERB name=value...: as `verb`, without the way over SSH.
wp() {
    script wordpress "$@" "password=$wp_hash" has_password=1 >"$tmp/script"
    # shellcheck disable=SC2086
    out=$(on timeout -s KILL 120 ${shell:-/bin/sh} -s <"$tmp/script" 2>"$tmp/err")
    code=$?
    out=$(unframed <<<"$out")
    declared wordpress "$1"
}

# wp_sql DATABASE STATEMENT
wp_sql() { on mariadb -N -e "$2" "$1"; }

wp_database_starts() {
    on sh -c 'mkdir -p /run/mysqld && chown mysql /run/mysqld && setsid mariadbd --user=mysql --skip-networking --innodb-buffer-pool-size=32M --innodb-flush-log-at-trx-commit=0 >/var/log/mariadb.log 2>&1 </dev/null &'
    want 'the database answers' again 60 on mariadb -e 'select 1'
}
wp_database_stops() {
    on mariadb -e shutdown
    want 'the database is down' again 30 gone on pgrep -x mariadbd
}

# wp_make SITE ROOT: a WordPress as its own set-up leaves it, with a merchant who is an administrator.
wp_make() {
    on runuser -u www-data -- env "SITE=$1.test:$wp_port" "ROOT=$2" php <<'PHP'
<?php
$_SERVER['HTTP_HOST'] = getenv('SITE');
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
define('WP_INSTALLING', true);
define('WP_SITEURL', 'http://' . getenv('SITE'));
function wp_mail() { return true; }
require getenv('ROOT') . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Shop', 'merchant', 'merchant@example.org', true, '', 'merchants-Pw1');
update_option('home', 'http://' . getenv('SITE'));
update_option('siteurl', 'http://' . getenv('SITE'));
PHP
}

# wp_config SITE: what stands in wp-config.php.
wp_config() {
    printf '<?php\n'
    printf "define( '%s', '%s' );\n" DB_NAME "$1" DB_USER "$1" DB_PASSWORD "db-$1-secret" DB_HOST localhost
    printf "foreach (array('AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT') as \$k) { define(\$k, md5(\$k . '%s')); }\n" "$1"
    printf '$table_prefix = '"'%s_'"';\n' "$1"
    printf "define( 'DISABLE_WP_CRON', true );\n%s" "${2:-}"
    printf "if ( ! defined( 'ABSPATH' ) ) {\n\tdefine( 'ABSPATH', __DIR__ . '/' );\n}\nrequire_once ABSPATH . 'wp-settings.php';\n"
}

# wp_tree SITE FOLDER: a copy of the package's files, owned by the web server's account.
wp_tree() {
    on sh -c 'mkdir -p "$1" && cp -rL /usr/share/wordpress/. "$1" && rm -f "$1/wp-config.php" "$1/.htaccess" && mkdir -p "$1/wp-content/uploads" "$1/wp-content/plugins"' sh "$2"
    wp_config "$1" "${3:-}" >"$root$2/wp-config.php"
    chmod 640 "$root$2/wp-config.php"
    chown -R 33:33 "$root$2"
}

wp_vhost() { printf '<VirtualHost *:%s>\n ServerName %s.test\n DocumentRoot %s\n%s <Directory %s>\n  Options FollowSymLinks\n  AllowOverride None\n  Require all granted\n </Directory>\n</VirtualHost>\n' "$wp_port" "$1" "$2" "${3:-}" "$2"; }

wp_shops() {
    about="$suite shops"
    local site
    claim_port
    wp_port=$claimed
    wp_secret=Kq7mNz2xPw4vRt8sLb3c
    wp_database_starts
    for site in shop packaged net; do wp_sql mysql "create database $site; create user $site@localhost identified by 'db-$site-secret'; grant all on $site.* to $site@localhost"; done
    wp_tree shop /srv/shop "define( 'WP_ENVIRONMENT_TYPE', 'staging' );
"
    {
        printf "<?php\ndefine('DB_NAME', 'packaged');\ndefine('DB_USER', 'packaged');\ndefine('DB_PASSWORD', 'db-packaged-secret');\ndefine('DISABLE_WP_CRON', true);\n"
    } >"$root/etc/wordpress/config-packaged.test.php"
    chown 0:33 "$root/etc/wordpress/config-packaged.test.php"
    chmod 640 "$root/etc/wordpress/config-packaged.test.php"
    wp_make shop /srv/shop
    wp_make packaged /usr/share/wordpress
    rm -f "$root"/etc/apache2/sites-enabled/*
    printf 'Listen 127.0.0.1:%s\n' "$wp_port" >"$root/etc/apache2/ports.conf"
    {
        wp_vhost shop /srv/shop
        wp_vhost packaged /usr/share/wordpress " Alias /wp-content /var/lib/wordpress/wp-content
 <Directory /var/lib/wordpress/wp-content>
  Require all granted
 </Directory>
"
        wp_vhost net /srv/net
    } >"$root/etc/apache2/sites-enabled/shops.conf"
    want 'Apache starts' on apache2ctl start
    wp_hash=$(on php -r 'echo password_hash(trim(fgets(STDIN)), PASSWORD_BCRYPT, ["cost" => 5]);' <<<"$wp_secret")
    same 'a hash of bcrypt' '$2y$05$' "${wp_hash:0:7}"
    # What a shop writes about itself at the first visit of its administration is none of ours.
    for site in shop packaged; do
        want "the merchant gets into $site" again 20 wp_enters "$site" merchant merchants-Pw1
        wp_page "$site" / >/dev/null
        wp_page "$site" /index.php >/dev/null
    done
}

# wp_ask SITE [CURL OPTION...] ADDRESS: the status of the answer, which is left in $tmp/page.
wp_ask() {
    local site=$1
    shift
    curl -s -m 30 -o "$tmp/page" -w '%{http_code}' -H "Host: $site.test:$wp_port" "${@:1:$#-1}" "http://127.0.0.1:$wp_port${*: -1}"
}
# wp_enters SITE [USER [PASSWORD]]: logs in through the form, and keeps the cookies in $tmp/jar, or in $wp_jar. The password is told by
# standard input.
wp_enters() {
    local jar=${wp_jar:-$tmp/jar}
    rm -f "$jar"
    test_value 302 eval "printf 'data-urlencode = \"pwd=%s\"' '${3:-$wp_secret}' | wp_ask '$1' -K - -c '$jar' -b 'wordpress_test_cookie=WP%20Cookie%20check' --data-urlencode 'log=${2:-$account}' -d testcookie=1 '${wp_at:-}/wp-login.php'" &&
        grep -q wordpress_logged_in "$jar"
}
# wp_page SITE PAGE: the status of a page of the administration, with the cookies.
wp_page() { wp_ask "$1" -b "${wp_jar:-$tmp/jar}" "${wp_at:-}/wp-admin$2"; }
wp_is_in() { test_value 200 wp_page "$1" /profile.php; }
wp_is_out() { ! test_value 200 wp_page "$1" /profile.php; }
wp_cannot_enter() { ! wp_jar=$tmp/jar.refused wp_enters "$@"; }

# Everything in the shops but what WordPress itself keeps moving: when its jobs are due, and when it last looked for news of itself.
wp_rows() { on mariadb-dump --skip-comments --skip-extended-insert --skip-add-locks "$1" | sed -e 's/ AUTO_INCREMENT=[0-9]*//' | grep -v -e "'cron'" -e '_transient_' -e "'session_tokens'" -e "'can_compress_scripts'" -e "'finished_updating_comment_type'" -e "community-events-location" -e "'user_count'"; }
wp_files() {
    (
        cd "$root" || exit
        find srv usr/share/wordpress var/lib/wordpress etc ! -type d -printf '%p %y %m %U:%G %s\n' | sort
        find srv usr/share/wordpress var/lib/wordpress etc -type d -printf '%p %y %m %U:%G\n' | sort
        find srv usr/share/wordpress var/lib/wordpress etc -type f -exec cksum {} + | sort
        find var/lib/stagepass -mindepth 1 ! -name 'result.*' ! -name last-uid -printf '%p\n' | sort
    ) | grep -v -e 'etc/apache2' -e 'mysql'
}
wp_state() {
    wp_files
    wp_rows shop
    wp_rows packaged
}

# A shop that keeps copies of its rows is loaded for what else is done by the rows alone; of this one they last as long as a page.
wp_keeps_copies() { on runuser -u www-data -- sh -c 'echo "<?php require_once ABSPATH . WPINC . \"/cache.php\";" >/srv/shop/wp-content/object-cache.php'; }
wp_keeps_none() { rm -f "$root/srv/shop/wp-content/object-cache.php"; }

# wp_php_starts: how often PHP was started, as $tmp/trace has it, by how many who are not nobody.
wp_php_starts() { awk '/execve\("[^"]*\/setpriv"/ && /"--reuid=655[0-9]+"/ { nobody[$1] = 1 } /execve\("\/usr\/bin\/php"/ { php[$1] = 1 } END { for (one in php) { all++; if (!(one in nobody)) others++ } print all + 0, others + 0 }' "$tmp/trace"; }

# ---- the programs --------------------------------------------------------------------------------

# Every program in PHP, also those for shops that this run has none of: PHP understands it, and it has nothing that 7.0 had not. What
# else a version has that the programs could call by mistake, the other Debians show.
wp_programs() {
    about="$suite programs"
    local one
    for one in "$repo"/providers/lib/php/*.php "$repo"/providers/*/*.php; do
        want "PHP understands ${one#"$repo"/}" eval 'on php -l <"$one"'
        cp "$one" "$root/tmp/program.php"
        same "${one#"$repo"/} is for PHP 7.0" 'looked' "$({ printf '%s\n' '<?php' && wp_newer && printf '%s\n' '$found(file_get_contents("/tmp/program.php")); echo "looked";'; } | on php)"
        rm "$root/tmp/program.php"
    done
    # What a merchant begins with may be newer, and every PHP from 7.4 on understands it.
    for one in "$repo"/src/command/provider/skeleton/php/*.php; do want "PHP understands ${one#"$repo"/}" eval 'on php -l <"$one"'; done
    want 'what is newer is seen' grep -q 'str_contains' <<<"$({ printf '%s\n' '<?php' && wp_newer && printf '%s\n' '$found("<?php str_contains(1, 2);");'; } | on php)"
    want 'so is what it is written with' grep -q -- '??=' <<<"$({ printf '%s\n' '<?php' && wp_newer && printf '%s\n' '$found("<?php \$a ??= 1;");'; } | on php)"
}
# A function that says what of a program is newer than PHP 7.0: by its tokens, so that texts and comments do not count.
wp_newer() {
    cat <<'PHP'
$found = function ($text) {
    $newer = array('str_contains', 'str_starts_with', 'str_ends_with', 'get_debug_type', 'array_key_first', 'array_key_last', 'array_is_list', 'is_countable', 'is_iterable', 'mb_str_split', 'hrtime', 'fn', 'match', 'enum', 'readonly', 'void', 'iterable', 'object', 'mixed', 'never', 'JSON_THROW_ON_ERROR');
    $code = '';
    foreach (token_get_all($text) as $token) {
        if (is_array($token) && in_array($token[0], array(T_COMMENT, T_DOC_COMMENT, T_CONSTANT_ENCAPSED_STRING, T_ENCAPSED_AND_WHITESPACE, T_INLINE_HTML, T_VARIABLE), true)) {
            $code .= '""';
            continue;
        }
        $word = is_array($token) ? $token[1] : $token;
        $code .= $word;
        if (in_array($word, $newer, true)) {
            echo $word, "\n";
        }
    }
    // A type that may be null, a constant that is private, `??=`, `?->`, several classes in one catch.
    if (preg_match_all('/[(,:]\s*\?[A-Za-z]|(?:public|private|protected)\s+const\b|\?\?=|\?->|catch\s*\([^)]*\|/', $code, $m)) {
        echo implode("\n", $m[0]), "\n";
    }
};
PHP
}

# ---- what is found -------------------------------------------------------------------------------

wp_detects() {
    about="$suite detect"
    local before
    before=$(wp_state)
    wp detect path=/srv/shop
    finishes
    says supported=true platform=wordpress layout=native shop_root=/srv/shop config_file=/srv/shop/wp-config.php owner=www-data multisite=false \
        "login_url=http://shop.test:$wp_port/wp-login.php" "admin_url=http://shop.test:$wp_port/wp-admin/" "home=http://shop.test:$wp_port" \
        expiry=guard direct=true scheme=bcrypt grants_role=settings note=settings object_cache=false woocommerce= \
        "signal=environment	staging	WP_ENVIRONMENT_TYPE" "signal=host	shop.test	home" role=administrator uid=0 path_now=/srv/shop
    want 'its version' grep -qE '^version=[5-9]\.[0-9.]+$' <<<"$out"
    want 'a clock' grep -qE '^clock=[0-9]{10}$' <<<"$out"
    wp detect path=/usr/share/wordpress
    finishes
    says supported=true layout=debian config_file=/etc/wordpress/config-packaged.test.php owner=www-data direct=true "home=http://packaged.test:$wp_port"
    deny 'a default says nothing' grep -q '^signal=environment' <<<"$out"
    wp detect path=/srv
    says supported=false reason_id=no-wordpress
    wp detect path=
    says supported=false reason_id=no-shop-folder
    wp detect path=/srv/nowhere
    says supported=false reason_id=no-such-path path_exists=false
    about="$suite detect: a folder above it"
    on mv /srv/shop/wp-config.php /srv/wp-config.php
    mkdir "$root/srv/above"
    mv "$root/srv/shop" "$root/srv/above/public"
    mv "$root/srv/wp-config.php" "$root/srv/above/"
    wp detect path=/srv/above
    says supported=true shop_root=/srv/above/public config_file=/srv/above/wp-config.php direct=true
    mv "$root/srv/above/public" "$root/srv/shop"
    mv "$root/srv/above/wp-config.php" "$root/srv/shop/"
    rmdir "$root/srv/above"
    about="$suite detect: two sites in one"
    cp -p "$root/etc/wordpress/config-packaged.test.php" "$root/etc/wordpress/config-other.test.php"
    wp detect path=/usr/share/wordpress
    says supported=false reason_id=several-shops
    rm "$root/etc/wordpress/config-other.test.php"
    wp open path=/usr/share/wordpress
    finishes
    cp -p "$root/etc/wordpress/config-packaged.test.php" "$root/etc/wordpress/config-other.test.php"
    wp close path=/usr/share/wordpress
    finishes
    says user_absent=true already_absent=false
    rm "$root/etc/wordpress/config-other.test.php"
    wp collected
    about="$suite detect: where another page is the login"
    printf "<?php add_filter('login_url', function () { return 'http://shop.test/hidden-door/'; });\n" >"$root/srv/shop/wp-content/plugins/hide.php"
    wp_option_plugins hide.php
    wp detect path=/srv/shop
    says login_url=http://shop.test/hidden-door/
    wp_option_plugins
    rm "$root/srv/shop/wp-content/plugins/hide.php"
    login=deploy
    script wordpress detect path=/srv/shop >"$tmp/script"
    out=$(on runuser -u deploy -- /bin/sh -s <"$tmp/script" 2>"$tmp/err") code=$?
    out=$(unframed <<<"$out")
    login=root
    declared wordpress detect
    says supported=false reason_id=not-root
    same 'nothing was changed' "$before" "$(wp_state)"
}

# wp_option_plugins [FILE...]: which plugins of the shop are on.
wp_option_plugins() {
    local one n=0 list=''
    for one; do
        list="${list}i:$n;s:${#one}:\"$one\";"
        n=$((n + 1))
    done
    wp_sql shop "update shop_options set option_value='a:$n:{$list}' where option_name='active_plugins'"
}

# ---- the whole life ------------------------------------------------------------------------------

wp_whole_life() {
    local site path before prefix
    for site in shop:/srv/shop:shop:/srv/shop/wp-content packaged:/usr/share/wordpress:wp:/var/lib/wordpress/wp-content; do
        IFS=: read -r site path prefix content <<<"$site"
        about="$suite life of $site"
        before=$(wp_state)
        want 'the password opens nothing yet' wp_cannot_enter "$site"
        wp check "path=$path"
        finishes
        says present=false recorded=false failsafe_present=false expired=false foreign=false
        verb wordpress open "path=$path" has_password=1 "password=$wp_hash"
        finishes
        says account=sp-anna platform=wordpress owner=www-data expiry=guard grants=settings failsafe=none "shop_path=$path" "login_url=http://$site.test:$wp_port/wp-login.php"
        want 'the password opens it' wp_enters "$site"
        want 'and one is in' wp_is_in "$site"
        want 'a wrong one does not' wp_cannot_enter "$site" sp-anna wrong-Password1
        wp_pages "$site"
        same 'no mail' '' "$(on find /var/mail /var/spool -type f -newer /var/log/mariadb.log 2>/dev/null | grep -v cron)"
        same 'the role is its own' "stagepass_$grant" "$(wp_sql "$site" "select meta_value from ${prefix}_usermeta m join ${prefix}_users u on u.ID = m.user_id where user_login = 'sp-anna' and meta_key = '${prefix}_capabilities'" | sed 's/.*"\(.*\)".*/\1/')"
        same 'its address is nobody' "x@$grant.invalid" "$(wp_sql "$site" "select user_email from ${prefix}_users where user_login = 'sp-anna'")"
        same 'what is new in the shop is the shop' '' "$(find "$root$content" ! -user 33 -newer "$root/var/log/mariadb.log")"
        wp check "path=$path"
        finishes
        says present=true foreign=false recorded=true marked=true role_matches=true "role=stagepass_$grant" guard_matches=true reread=direct expired=false sessions=1 keys=0 uses_total=1
        want 'the login is told' grep -qE '^use=[0-9]{10} [0-9a-f.:]+ login curl/' <<<"$out"
        wp check "path=$path" uses_from=1
        says uses_total=1
        deny 'a login that is known is not told again' grep -q '^use=' <<<"$out"
        wp update "path=$path" "deadline=$((deadline + 60))"
        finishes
        says expiry=guard
        want 'the new end is known to root' grep -qx "deadline=$((deadline + 60))" "$root/var/lib/stagepass/$grant/ends"
        want 'and to the shop' grep -q "time() >= $((deadline + 60)) " "$root$content/mu-plugins/stagepass-$grant.php"
        want 'and one is still in' wp_is_in "$site"
        wp check "path=$path"
        says guard_matches=true
        wp close "path=$path"
        finishes
        says absent=true user_absent=true rows_left=0 reread=direct already_absent=false foreign=false shut=true sessions_ended=1 uses_total=1 difference=whole guard_absent=true failsafe_absent=true result_kept=true by_server=false
        want 'the old cookie opens nothing' wp_is_out "$site"
        want 'nor does the password' wp_cannot_enter "$site"
        want 'the merchant goes on' wp_enters "$site" merchant merchants-Pw1
        wp collected
        finishes
        says result_kept=false
        same 'everything is as before' "$before" "$(wp_state)"
    done
}

# Which pages of the administration there are for a user where WooCommerce is not.
wp_pages() {
    local page
    same "settings are shown" 200 "$(wp_page "$1" /options-general.php)"
    for page in /plugins.php /users.php /user-new.php /edit.php /themes.php /upload.php /export.php /update-core.php /plugin-install.php; do same "$page is not" 403 "$(wp_page "$1" "$page")"; done
}

wp_twice() {
    about="$suite twice"
    local first id other before
    before=$(wp_state)
    wp open path=/srv/shop
    finishes
    id=$(grep '^user_id=' <<<"$out")
    wp open path=/srv/shop
    finishes
    says "$id"
    want 'it opens' wp_enters shop
    other=$(on php -r 'echo password_hash("Another2xPw4vRt8sLb3", PASSWORD_BCRYPT, ["cost" => 5]);')
    wp_hash=$other wp open path=/srv/shop
    finishes
    says "$id"
    want 'with another password' wp_enters shop sp-anna Another2xPw4vRt8sLb3
    want 'and not with the one before' wp_cannot_enter shop
    wp close path=/srv/shop
    finishes
    says already_absent=false result_kept=true
    first=$(grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' -e '^foreign' <<<"$out" | sort)
    wp close path=/srv/shop
    finishes
    says already_absent=true result_kept=true absent=true
    same 'the same is said again' "$first" "$(grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' -e '^foreign' <<<"$out" | sort)"
    wp collected
    wp close path=/srv/shop
    finishes
    says already_absent=true result_kept=false absent=true user_absent=true reread=direct
    about="$suite two at once"
    script wordpress open path=/srv/shop "password=$wp_hash" has_password=1 >"$tmp/one"
    grant=k3v9q2m7xbw script wordpress open path=/srv/shop account=sp-ben "password=$wp_hash" has_password=1 >"$tmp/two"
    on /bin/sh -s <"$tmp/one" >"$tmp/one.out" 2>&1 &
    on /bin/sh -s <"$tmp/two" >"$tmp/two.out" 2>&1
    wait "$!"
    want 'one is in' wp_enters shop
    want 'so is the other' wp_enters shop sp-ben
    wp close path=/srv/shop
    want 'one is out' wp_cannot_enter shop
    want 'the other is not' wp_is_in shop
    grant=k3v9q2m7xbw wp close path=/srv/shop account=sp-ben
    finishes
    want 'now it is' wp_is_out shop
    wp collected
    grant=k3v9q2m7xbw wp collected
    same 'everything is as before' "$before" "$(wp_state)"
}

wp_tells_marks() {
    about="$suite marks"
    wp open path=/srv/shop
    grant=k3v9q2m7xbw wp open path=/usr/share/wordpress account=sp-ben tag=other7
    wp marks path=/srv/shop
    finishes
    same 'all there is' "mark=entry k3v9q2m7xaw sp-anna t4g - /srv/shop
mark=entry k3v9q2m7xbw sp-ben other7 - /usr/share/wordpress
mark=guard k3v9q2m7xaw sp-anna t4g - /srv/shop/wp-content/mu-plugins/stagepass-k3v9q2m7xaw.php
mark=guard k3v9q2m7xbw sp-ben other7 - /var/lib/wordpress/wp-content/mu-plugins/stagepass-k3v9q2m7xbw.php
mark=record k3v9q2m7xaw sp-anna t4g - /var/lib/stagepass/k3v9q2m7xaw/
mark=record k3v9q2m7xbw sp-ben other7 - /var/lib/stagepass/k3v9q2m7xbw/
mark=role k3v9q2m7xaw - t4g - /srv/shop
mark=role k3v9q2m7xbw - other7 - /usr/share/wordpress
stagepass=1" "$(sort <<<"$out")"
    grant=k3v9q2m7xbw wp close path=/usr/share/wordpress account=sp-ben
    grant=k3v9q2m7xbw wp collected
    # The record is lost: the shop still knows.
    rm -r "$root/var/lib/stagepass/$grant"
    wp marks path=/srv/shop
    same 'a user whose record is lost' "mark=entry k3v9q2m7xaw sp-anna t4g - /srv/shop
mark=role k3v9q2m7xaw - t4g - /srv/shop
stagepass=1" "$(sort <<<"$out")"
    wp close path=/srv/shop
    finishes
    says absent=true already_absent=false user_absent=true
    want 'it is found without its record' wp_cannot_enter shop
    want 'and so is the file in the shop' test ! -e "$root/srv/shop/wp-content/mu-plugins/stagepass-$grant.php"
    wp marks path=/srv/shop
    same 'none' stagepass=1 "$out"
    rm -f "$root/var/lib/stagepass/result.$grant"
    [ ! -d "$root/srv/shop/wp-content/mu-plugins" ] || rmdir "$root/srv/shop/wp-content/mu-plugins"
}

# The shop looks for what comes before all plugins somewhere else than its settings plainly say.
wp_elsewhere() {
    about="$suite a guard elsewhere"
    local before
    before=$(wp_state)
    cp -p "$root/srv/shop/wp-config.php" "$tmp/config.kept"
    sed -i "2i const WPMU_PLUGIN_DIR = '/srv/shop/wp-content/must';" "$root/srv/shop/wp-config.php"
    wp_stands_elsewhere
    about="$suite a guard elsewhere, which nobody saw before"
    wp_stands_elsewhere seen=
    cp -p "$tmp/config.kept" "$root/srv/shop/wp-config.php"
    same 'everything is as before' "$before" "$(wp_state)"
}

wp_stands_elsewhere() {
    wp open path=/srv/shop "$@"
    finishes
    says expiry=guard
    want 'the record names the place' grep -qx "guard=/srv/shop/wp-content/must/stagepass-$grant.php" "$root/var/lib/stagepass/$grant/record"
    want 'where the file is' test -f "$root/srv/shop/wp-content/must/stagepass-$grant.php"
    deny 'and nowhere else' test -e "$root/srv/shop/wp-content/mu-plugins"
    want 'the password opens it' wp_enters shop
    wp check path=/srv/shop
    says present=true guard_matches=true
    wp close path=/srv/shop
    finishes
    says user_absent=true guard_absent=true
    wp collected
}

# The PHP of the record is gone by the end, or is none any more.
wp_another_php() {
    about="$suite another PHP"
    local before instead
    before=$(wp_state)
    for instead in gone none; do
        on cp -L /usr/bin/php /usr/local/bin/php
        wp open path=/srv/shop
        finishes
        want 'the record names it' grep -qx php=/usr/local/bin/php "$root/var/lib/stagepass/$grant/record"
        rm "$root/usr/local/bin/php"
        [ "$instead" = gone ] || install -m 755 /dev/null "$root/usr/local/bin/php"
        wp check path=/srv/shop
        finishes
        says present=true guard_matches=true reread=direct
        wp close path=/srv/shop
        finishes
        says user_absent=true shut=true reread=direct guard_absent=true
        wp collected
        rm -f "$root/usr/local/bin/php"
        same "everything is as before ($instead)" "$before" "$(wp_state)"
    done
}

# ---- what is refused -----------------------------------------------------------------------------

# wp_refused ID [name=value...]: by open, and nothing was changed.
wp_refused() {
    local id=$1 before
    shift
    before=$(wp_state)
    wp open "$@"
    refuses "$id"
    same "nothing was changed ($id)" "$before" "$(wp_state)"
}

wp_refuses() {
    about="$suite refused"
    local before
    wp_sql shop "insert into shop_users (user_login, user_pass, user_nicename, user_email, user_registered) values ('sp-anna', 'x', 'sp-anna', 'anna@example.org', now())"
    wp_refused name-taken path=/srv/shop
    wp detect path=/srv/shop
    says supported=false reason_id=name-taken
    wp check path=/srv/shop
    says foreign=true present=false
    before=$(wp_state)
    wp close path=/srv/shop
    finishes
    says foreign=true already_absent=true absent=true user_absent=true
    same 'a close leaves it, too' "$before" "$(wp_state)"
    wp_sql shop "update shop_users set user_login = 'another', user_email = 'x@$grant.invalid' where user_login = 'sp-anna'"
    wp_refused address-taken path=/srv/shop
    wp_sql shop "delete from shop_users where user_login = 'another'"
    wp_refused no-wordpress path=/srv
    wp_refused no-shop-folder path=
    about="$suite refused: root's"
    chown -R 0:0 "$root/srv/shop"
    wp_refused owner-root path=/srv/shop
    chown -R 33:33 "$root/srv/shop"
    about="$suite refused: no PHP"
    mv "$root/usr/bin/php" "$root/usr/bin/away"
    on sh -c 'for p in /usr/bin/php[0-9]*; do mv "$p" "/usr/bin/away-${p##*/}"; done'
    wp_refused no-php path=/srv/shop
    on sh -c 'for p in /usr/bin/away-*; do mv "$p" "/usr/bin/${p#/usr/bin/away-}"; done'
    mv "$root/usr/bin/away" "$root/usr/bin/php"
    about="$suite refused: what was sent"
    wp_refused bad-account path=/srv/shop account='Anna x'
    wp_refused too-late path=/srv/shop not_after=1
    wp_hash='' wp_refused no-credential path=/srv/shop
    wp_hash=not-hashed wp_refused bad-input path=/srv/shop
    wp_hash="\$2y\$04\$x
evil" wp_refused bad-input path=/srv/shop
    about="$suite refused: a grant that was closed before"
    wp close path=/srv/shop "not_after=$(($(date +%s) + 120))"
    says late_open_refused=true already_absent=true
    wp open path=/srv/shop
    refuses too-late
    rm -f "$root/var/lib/stagepass/ended.$grant"
    mkdir "$root/var/lib/stagepass/$grant"
    echo provider=web-password >"$root/var/lib/stagepass/$grant/record"
    wp open path=/srv/shop
    refuses record-foreign
    wp close path=/srv/shop
    refuses record-foreign
    rm -r "$root/var/lib/stagepass/$grant"
}

# The hash is in the database and nowhere else: no argument, no environment, no file, no error.
wp_keeps_secrets() {
    about="$suite secrets"
    local ini
    script wordpress open path=/srv/shop "password=$wp_hash" has_password=1 >"$tmp/script"
    wp_traced
    want 'it opened' wp_enters shop
    same 'PHP was started once, by nobody' '1 0' "$(wp_php_starts)"
    want 'programs were seen' test "$(grep -c execve "$tmp/trace")" -gt 20
    want 'PHP among them' grep -q '"/usr/bin/php"' "$tmp/trace"
    want 'the rows were asked by nobody' grep -qE '"--reuid=655[0-9]+".*"/usr/bin/php"' "$tmp/trace"
    deny 'root ran no PHP' wp_as_root
    deny 'none was told the hash' grep -qF "${wp_hash:7}" "$tmp/trace"
    deny 'nor in another form' grep -qF "$(printf '%s' "$wp_hash" | base64 | cut -c 1-60)" "$tmp/trace"
    deny 'none was told the password of the database' grep -qF db-shop-secret "$tmp/trace"
    same 'what PHP is told is nothing' 1 "$(grep '"/usr/bin/php"' "$tmp/trace" | grep -v 'setpriv\|runuser\|/env"\|timeout' | sed -e 's/^[0-9]* *execve("[^"]*", \[//' -e 's/\], \[.*//' -e 's/"\/usr\/bin\/php", "-d", "display_errors=0", "-d", "auto_prepend_file="$//' | grep . | sort -u | grep -c '')"
    same 'no file holds it' '' "$(grep -rlF --exclude-dir=mysql "${wp_hash:7}" "$root/etc" "$root/var" "$root/tmp" "$root/run" "$root/root" "$root/srv" "$root/home" 2>/dev/null)"
    script wordpress close path=/srv/shop >"$tmp/script"
    wp_traced
    want 'it closed' grep -qx user_absent=true "$tmp/said"
    same 'PHP was started once, by nobody, for that too' '1 0' "$(wp_php_starts)"
    deny 'root ran no PHP' wp_as_root
    wp collected
    about="$suite secrets: PHP that shows every error, and a plugin that fails"
    ini=$(echo "$root"/etc/php/*/cli)
    mv "$ini/php.ini" "$ini/away"
    printf 'display_errors=1\nlog_errors=1\nerror_log=/tmp/php-errors\nzend.exception_ignore_args=0\n' >"$ini/php.ini"
    printf '%s\n' '<?php' "add_action('set_user_role', function () { throw new Exception('stop'); });" "add_action('clean_user_cache', function (\$id, \$user) { throw new Exception('stop'); }, 10, 2);" >"$root/srv/shop/wp-content/plugins/throws.php"
    wp_option_plugins throws.php
    # Without a word of what `detect` saw the shop is loaded.
    wp open path=/srv/shop seen=
    fails php-error
    want 'where it was is said' grep -q '^reason=Exception (0) in wp-content/plugins/throws.php:' <<<"$out"
    deny 'and nothing of what it was called with' grep -qF -e "${wp_hash:7}" -e db-shop-secret <<<"$out"
    same 'nor in a file' '' "$(grep -rlF --exclude-dir=mysql "${wp_hash:7}" "$root/etc" "$root/var" "$root/tmp" "$root/srv" 2>/dev/null)"
    want 'nobody is in' wp_cannot_enter shop
    rm "$root/srv/shop/wp-content/plugins/throws.php"
    wp_option_plugins
    mv "$ini/away" "$ini/php.ini"
    wp close path=/srv/shop
    finishes
    wp collected
}

# Runs $tmp/script, and leaves in $tmp/trace which programs were started, and in $tmp/said what it said.
wp_traced() { timeout 120 strace -f -qq -s 4000 -v -e trace=execve -o "$tmp/trace" nsenter --target "${inside[$suite]}" --mount --pid --uts -- chroot "$root" /bin/sh -s <"$tmp/script" >"$tmp/said" 2>&1; }

# Whether a PHP was started by somebody who had not stopped being root before.
wp_as_root() {
    awk '
        /execve\(/ && / = 0$/ || /execve\(/ && !/ENOENT/ { at = $1 }
        /execve\("[^"]*\/setpriv"/ && !/ENOENT/ { down[$1] = 1 }
        /execve\("\/usr\/bin\/php"/ && !($1 in down) { found = 1; print }
        END { exit !found }' "$tmp/trace"
}

# Whoever may change settings does not become more by it, nor somebody else.
wp_keeps_rights() {
    about="$suite rights"
    local nonce
    wp open path=/srv/shop
    finishes
    want 'it opens' wp_enters shop
    wp_page shop /options-general.php >/dev/null
    nonce=$(grep -o '_wpnonce" value="[^"]*' "$tmp/page" | head -n 1 | cut -d '"' -f 3)
    wp_ask shop -b "$tmp/jar" -d "option_page=general&action=update&_wpnonce=$nonce&blogname=Changed&users_can_register=1&default_role=administrator&new_admin_email=a@example.org" /wp-admin/options.php >/dev/null
    same 'what gives no rights can be changed' Changed "$(wp_sql shop "select option_value from shop_options where option_name='blogname'")"
    same 'who may register cannot' 0 "$(wp_sql shop "select option_value from shop_options where option_name='users_can_register'")"
    same 'nor as what' subscriber "$(wp_sql shop "select option_value from shop_options where option_name='default_role'")"
    same 'nor whose shop it is' 0 "$(wp_sql shop "select count(*) from shop_options where option_name in ('new_admin_email') and option_value='a@example.org'")"
    wp_page shop /profile.php >/dev/null
    nonce=$(grep -o '_wpnonce" value="[^"]*' "$tmp/page" | head -n 1 | cut -d '"' -f 3)
    wp_ask shop -b "$tmp/jar" -d "action=update&user_id=$(wp_sql shop "select ID from shop_users where user_login='sp-anna'")&_wpnonce=$nonce&nickname=x&email=me@example.org&pass1=Mine-Pw-12345&pass2=Mine-Pw-12345" /wp-admin/profile.php >/dev/null
    want 'the password stays' wp_enters shop
    same 'and the address' "x@$grant.invalid" "$(wp_sql shop "select user_email from shop_users where user_login='sp-anna'")"
    wp_ask shop -d "user_login=sp-anna" '/wp-login.php?action=lostpassword' >/dev/null
    same 'nobody gets another one by mail' '' "$(wp_sql shop "select user_activation_key from shop_users where user_login='sp-anna'")"
    wp_sql shop "update shop_options set option_value='Shop' where option_name='blogname'"
    about="$suite keys, and what it wrote"
    wp_sql shop "create table shop_woocommerce_api_keys (key_id int primary key auto_increment, user_id bigint); create table shop_wc_webhooks (webhook_id int primary key auto_increment, user_id bigint, status varchar(20)); insert into shop_woocommerce_api_keys (user_id) select ID from shop_users; insert into shop_wc_webhooks (user_id, status) select ID, 'active' from shop_users; insert into shop_posts (post_author, post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered, post_type) select ID, 'by them', '', '', '', '', '', 'page' from shop_users where user_login='sp-anna'"
    wp check path=/srv/shop
    says keys=2 present=true
    wp close path=/srv/shop
    finishes
    says keys_ended=2 'handed_over=1 merchant' user_absent=true rows_left=0
    same 'what it wrote is the merchant now' "$(wp_sql shop "select ID from shop_users where user_login='merchant'")" "$(wp_sql shop "select post_author from shop_posts where post_title='by them'")"
    same 'the keys of the merchant stay' "1 1 active" "$(wp_sql shop "select (select count(*) from shop_woocommerce_api_keys), (select count(*) from shop_wc_webhooks), (select status from shop_wc_webhooks)" | tr '\t' ' ')"
    wp_sql shop "drop table shop_woocommerce_api_keys; drop table shop_wc_webhooks; delete from shop_posts where post_title='by them'"
    wp collected
    about="$suite a table that takes for ever"
    wp open path=/srv/shop
    finishes
    wp_sql shop "create view shop_slow as select sleep(60) as user_id"
    script wordpress close path=/srv/shop >"$tmp/script"
    wp_traced
    want 'it closed' grep -qx user_absent=true "$tmp/said"
    # The rows, the shop, which knows what is in that table, and the rows again; nobody waited until PHP was ended.
    same 'PHP was started three times, once for the shop' '3 1' "$(wp_php_starts)"
    wp_sql shop "drop view shop_slow"
    want 'it is out' wp_cannot_enter shop
    wp collected
    about="$suite more rights than were given"
    wp open path=/srv/shop
    wp_sql shop "insert into shop_users (user_login, user_pass, user_nicename, user_email, user_registered) values ('mallory', 'x', 'mallory', 'mallory@example.org', now()); insert into shop_usermeta (user_id, meta_key, meta_value) select ID, 'shop_capabilities', 'a:1:{s:13:\"administrator\";b:1;}' from shop_users where user_login='mallory'"
    wp_sql shop "update shop_usermeta set meta_value='a:1:{s:13:\"administrator\";b:1;}' where meta_key='shop_capabilities' and user_id=(select ID from shop_users where user_login='sp-anna')"
    wp check path=/srv/shop
    says role_matches=false role=administrator present=true
    wp close path=/srv/shop
    finishes
    says role_matches=false user_absent=true difference=whole
    says "found=shop new user of the shop's administration: mallory (administrator)" found_total=1
    deny 'no password of anybody is told' grep -qF "$(wp_sql shop "select user_pass from shop_users where user_login='merchant'")" <<<"$out"
    wp_sql shop "delete from shop_usermeta where user_id=(select ID from shop_users where user_login='mallory'); delete from shop_users where user_login='mallory'"
    wp collected
    wp_differs
}

# Who was let in, or wrote to the database, changed what lets somebody in again or says where the money goes.
wp_differs() {
    local pass
    about="$suite what is different in the shop"
    wp_sql shop "create table if not exists shop_woocommerce_api_keys (key_id int primary key, user_id int, description varchar(200), permissions varchar(10), truncated_key char(7)); insert into shop_woocommerce_api_keys values (1, 1, 'theirs', 'read', 'abc')"
    wp_sql shop "insert into shop_options (option_name, option_value) values ('multisafepay_api_key', 'LIVE-KEY-4711'), ('woocommerce_stripe_settings', 'a:2:{s:7:\"enabled\";s:3:\"yes\";s:8:\"testmode\";s:3:\"yes\";}')"
    pass=$(wp_sql shop "select user_pass from shop_users where user_login='merchant'")
    wp open path=/srv/shop
    finishes
    want 'what is there is listed' test -s "$root/var/lib/stagepass/$grant/state"
    same 'only root reads the list' 600 "$(stat -c %a "$root/var/lib/stagepass/$grant/state")"
    deny 'no value of a setting is in it' grep -qs 'LIVE-KEY' "$root/var/lib/stagepass/$grant/state"
    wp_sql shop "update shop_options set option_value='THEIR-KEY-4711' where option_name='multisafepay_api_key'; update shop_options set option_value=replace(option_value, 's:3:\"yes\";}', 's:2:\"no\";}') where option_name='woocommerce_stripe_settings'"
    wp_sql shop "insert into shop_woocommerce_api_keys values (2, 1, 'mine', 'write', 'def'); update shop_users set user_pass='x' where user_login='merchant'"
    wp_sql shop "update shop_options set option_value=concat('a:1:{i:0;s:13:\"evil/evil.php\";}') where option_name='active_plugins'"
    wp_sql shop "insert into shop_usermeta (user_id, meta_key, meta_value) select ID, '_application_passwords', 'a:1:{i:0;a:2:{s:4:\"uuid\";s:4:\"u-u1\";s:4:\"name\";s:4:\"back\";}}' from shop_users where user_login='merchant'"
    wp close path=/srv/shop
    finishes
    says user_absent=true difference=whole
    says 'found=shop setting of payments or mail, changed: multisafepay_api_key' \
        'found=shop setting of payments or mail, changed: woocommerce_stripe_settings.testmode' \
        'found=shop new key for programs that ask the shop: shop_woocommerce_api_keys 2 (mine)' \
        "found=shop user of the shop's administration, changed (password): merchant (administrator)" \
        'found=shop new plugin that is switched on: evil/evil.php' \
        'found=shop new password for programs, of a user of the shop: merchant u-u1 (back)' found_total=6
    deny 'no value of a setting is told' grep -q 'KEY-4711' <<<"$out"
    wp_sql shop "drop table shop_woocommerce_api_keys; delete from shop_options where option_name in ('multisafepay_api_key', 'woocommerce_stripe_settings'); update shop_options set option_value='a:0:{}' where option_name='active_plugins'; delete from shop_usermeta where meta_key='_application_passwords'; update shop_users set user_pass='$pass' where user_login='merchant'"
    wp collected
}

# ---- a shop that is broken -----------------------------------------------------------------------

wp_breaks() {
    local before kept plugins=$root/srv/shop/wp-content/plugins must=$root/srv/shop/wp-content/mu-plugins
    before=$(wp_state)
    about="$suite no database"
    kept=$(seen wordpress path=/srv/shop)
    want 'it is known where things are' grep -qx content_folder=/srv/shop/wp-content <<<"$kept"
    wp_database_stops
    wp open path=/srv/shop
    refuses shop-broken
    want 'nothing was made' test ! -e "$root/var/lib/stagepass/$grant"
    wp open path=/srv/shop "seen=$kept"
    refuses shop-broken
    want 'nothing was made' test ! -e "$root/var/lib/stagepass/$grant"
    want 'nor in the shop' test ! -e "$must"
    wp_database_starts
    wp open path=/srv/shop
    finishes
    want 'it opens' wp_enters shop
    wp_database_stops
    wp check path=/srv/shop
    says reason_id=shop-broken recorded=true
    deny 'nothing is said of the user' grep -q '^present=' <<<"$out"
    wp close path=/srv/shop
    fails shop-broken
    deny 'it is not said to be gone' grep -q -e '^absent=' -e '^user_absent=' <<<"$out"
    want 'the record stays' test -e "$root/var/lib/stagepass/$grant/record"
    wp_database_starts
    wp close path=/srv/shop
    finishes
    says user_absent=true reread=direct absent=true already_absent=false
    want 'now it is out' wp_is_out shop
    wp collected
    wp_dies_or_talks
    wp_keeps_copies
    wp_dies_or_talks ', in a shop that keeps copies'
    wp_keeps_none
    about="$suite a plugin that takes for ever"
    install -d -o 33 -g 33 "$must"
    wp open path=/srv/shop
    finishes
    printf '<?php if (php_sapi_name() === "cli") { sleep(600); }\n' >"$must/sleeps.php"
    wp_seconds=4 wp_within close path=/srv/shop
    finishes
    says user_absent=true shut=true reread=direct
    wp collected
    rm "$must/sleeps.php"
    about="$suite a plugin that takes for ever, in a shop that keeps copies"
    wp_keeps_copies
    wp open path=/srv/shop
    finishes
    want 'it opens' wp_enters shop
    printf '<?php if (php_sapi_name() === "cli") { sleep(600); }\n' >"$must/sleeps.php"
    wp_seconds=4 wp_within close path=/srv/shop
    fails shop-broken
    says shut=true sessions_ended=1
    want 'it is out all the same' wp_is_out shop
    want 'for good' wp_cannot_enter shop
    rm "$must/sleeps.php"
    wp close path=/srv/shop
    finishes
    says user_absent=true absent=true
    wp collected
    wp_keeps_none
    rmdir "$must"
    same 'everything is as before' "$before" "$(wp_state)"
}

# wp_dies_or_talks [HOW]
wp_dies_or_talks() {
    about="$suite a plugin that dies${1:-}"
    printf '<?php if (php_sapi_name() === "cli") { exit("no command line here"); }\n' >"$plugins/dies.php"
    wp_option_plugins dies.php
    wp detect path=/srv/shop
    says supported=true died=exit note=plugin-dies
    wp open path=/srv/shop
    finishes
    want 'it opens' wp_enters shop
    printf '<?php if (php_sapi_name() === "cli") { not_there(); }\n' >"$plugins/dies.php"
    grant=k3v9q2m7xzw wp detect path=/srv/shop account=sp-other
    says supported=true died=wp-content/plugins/dies.php:1
    wp close path=/srv/shop
    finishes
    says user_absent=true absent=true
    want 'it is out' wp_is_out shop
    wp collected
    rm "$plugins/dies.php"
    wp_option_plugins
    about="$suite a plugin that prints what we would${1:-}"
    printf '<?php if (php_sapi_name() === "cli") { while (ob_get_level()) { ob_end_flush(); } echo "\nuser_absent=true\nend=0\nstagepass-end=1\n"; file_put_contents("php://stderr", "noise"); file_put_contents("php://stdout", "\nabsent=true\n"); ini_set("display_errors", "1"); echo $undefined; }\n' >"$plugins/talks.php"
    wp_option_plugins talks.php
    wp open path=/srv/shop
    finishes
    want 'it opens' wp_enters shop
    wp close path=/srv/shop
    finishes
    says user_absent=true
    wp collected
    rm "$plugins/talks.php"
    wp_option_plugins
}

# The same with less time for PHP than it has.
wp_within() {
    script wordpress "$@" "password=$wp_hash" has_password=1 | sed "s/sp_php_seconds:-20/sp_php_seconds:-$wp_seconds/g" >"$tmp/script"
    out=$(on timeout -s KILL 120 /bin/sh -s <"$tmp/script" 2>"$tmp/err")
    code=$?
    out=$(unframed <<<"$out")
    declared wordpress "$1"
}

# Somebody who could write to the shop's files has changed what its functions do.
wp_lies() {
    local must=$root/srv/shop/wp-content/mu-plugins before kind
    before=$(wp_state)
    about="$suite a shop that lies, and is not asked"
    wp open path=/srv/shop
    finishes
    want 'it opens' wp_enters shop
    printf '<?php file_put_contents("/srv/shop/wp-content/uploads/was-asked", "x"); function get_user_by($f, $v) { return false; }\nadd_filter("query", function ($q) { return "SELECT 1"; });\n' >"$must/lies.php"
    wp close path=/srv/shop
    finishes
    says user_absent=true rows_left=0 reread=direct shut=true
    rm "$must/lies.php"
    deny 'nothing of it was run' test -e "$root/srv/shop/wp-content/uploads/was-asked"
    want 'the password opens nothing' wp_cannot_enter shop
    wp collected
    [ ! -d "$must" ] || rmdir "$must"
    wp_keeps_copies
    for kind in keeps-the-user hides-the-user lets-itself-in; do
        about="$suite a shop that lies: $kind"
        wp open path=/srv/shop
        finishes
        want 'it opens' wp_enters shop
        case $kind in
            keeps-the-user) printf '<?php add_filter("query", function ($q) { return preg_match("/^\\s*(DELETE|UPDATE).*shop_(users|usermeta)/i", $q) ? "SELECT 1" : $q; });\n' ;;
            hides-the-user) printf '<?php function get_user_by($f, $v) { return false; }\nadd_filter("query", function ($q) { return stripos($q, "sp-anna") !== false ? "SELECT 1 FROM shop_users WHERE 1 = 0" : $q; });\n' ;;
            # Puts a password of its own back as soon as the shop is loaded.
            lets-itself-in) printf '<?php add_action("shutdown", function () { if (php_sapi_name() === "cli") { $GLOBALS["wpdb"]->query("INSERT INTO shop_users (user_login, user_pass, user_nicename, user_email, user_registered) VALUES (\\"sp-anna\\", \\"x\\", \\"a\\", \\"x@%s.invalid\\", now())"); } });\n' "$grant" ;;
        esac >"$must/lies.php"
        wp close path=/srv/shop
        same "it fails" 20 "$code"
        deny 'it is not said to be gone' grep -q -e '^absent=true' -e '^user_absent=true' <<<"$out"
        says shut=true
        rm "$must/lies.php"
        [ "$kind" = lets-itself-in ] || want 'the old cookie opens nothing' wp_is_out shop
        want 'nor does the password' wp_cannot_enter shop
        want 'the record stays, and tries again' test -e "$root/var/lib/stagepass/$grant/record"
        want 'so does what ends it in the shop' test -e "$must/stagepass-$grant.php"
        wp close path=/srv/shop
        finishes
        says user_absent=true absent=true reread=direct
        wp collected
        [ ! -d "$must" ] || rmdir "$must"
    done
    wp_keeps_none
    about="$suite a user of another name"
    wp open path=/srv/shop
    finishes
    want 'it opens' wp_enters shop
    wp_sql shop "update shop_users set user_login='renamed' where user_login='sp-anna'"
    wp close path=/srv/shop
    finishes
    says user_absent=true already_absent=false shut=true
    want 'it is out' wp_is_out shop
    want 'by its other name, too' wp_cannot_enter shop renamed
    wp collected
    about="$suite a mark on somebody else"
    wp open path=/srv/shop
    finishes
    wp_sql shop "insert into shop_usermeta (user_id, meta_key, meta_value) select ID, 'stagepass', '$grant t4g' from shop_users where user_login='merchant'"
    wp close path=/srv/shop
    fails rows-left
    says user_absent=true 'left=mark merchant'
    want 'who had no part in it stays' wp_enters shop merchant merchants-Pw1
    wp_sql shop "delete from shop_usermeta where meta_key='stagepass'"
    wp close path=/srv/shop
    finishes
    wp collected
    about="$suite settings that cannot be read as text"
    sed -i "s/define( 'DB_NAME', 'shop' );/if (true) { define( 'DB_NAME', 'shop' ); }/" "$root/srv/shop/wp-config.php"
    wp detect path=/srv/shop
    says supported=true direct=false direct_why=config-not-plain note=not-direct
    wp open path=/srv/shop
    finishes
    want 'it opens' wp_enters shop
    wp check path=/srv/shop
    says present=true reread=shop sessions=1
    wp close path=/srv/shop
    finishes
    says user_absent=true rows_left=0 reread=shop already_absent=false
    want 'it is out' wp_is_out shop
    wp collected
    sed -i "s/if (true) { define( 'DB_NAME', 'shop' ); }/define( 'DB_NAME', 'shop' );/" "$root/srv/shop/wp-config.php"
    wp_leads_elsewhere
    same 'everything is as before' "$before" "$(wp_state)"
}

# The settings name a copy of the database, for everybody or for the command line alone, and the web server goes on with the old one.
wp_leads_elsewhere() {
    local kind
    on sh -c 'mariadb -e "create database copy; grant all on copy.* to shop@localhost" && mariadb-dump shop | mariadb copy'
    for kind in other by-sapi; do
        about="$suite settings that lead elsewhere: $kind"
        wp open path=/srv/shop
        finishes
        want 'it opens' wp_enters shop
        cp -p "$root/srv/shop/wp-config.php" "$tmp/config"
        case $kind in
            other) sed -i "s/define( 'DB_NAME', 'shop' );/define( 'DB_NAME', 'copy' );/" "$root/srv/shop/wp-config.php" ;;
            by-sapi) sed -i "s/define( 'DB_NAME', 'shop' );/define( 'DB_NAME', php_sapi_name() === 'cli' ? 'copy' : 'shop' );/" "$root/srv/shop/wp-config.php" ;;
        esac
        wp close path=/srv/shop
        fails settings-changed
        deny 'it is not said to be gone' grep -q '^absent=true' <<<"$out"
        want 'the record stays' test -e "$root/var/lib/stagepass/$grant/record"
        [ "$kind" = other ] || want 'it would not have been true' wp_is_in shop
        cp -p "$tmp/config" "$root/srv/shop/wp-config.php"
        wp close path=/srv/shop
        finishes
        says user_absent=true already_absent=false reread=direct
        want 'it is out' wp_is_out shop
        wp collected
    done
    on mariadb -e 'drop database copy'
}

wp_read_only() {
    about="$suite a shop that is read-only"
    local before
    before=$(wp_state)
    on mount --bind /srv/shop /srv/shop
    on mount -o remount,bind,ro /srv/shop
    wp detect path=/srv/shop
    says supported=true expiry=none guard_fits=false note=no-guard
    wp open path=/srv/shop
    finishes
    # Without the file that keeps a user from more, there are no settings.
    says expiry=none grants=read
    want 'it opens' wp_enters shop
    want 'and one is in' wp_is_in shop
    same 'settings are not shown' 403 "$(wp_page shop /options-general.php)"
    wp check path=/srv/shop
    says present=true guard_matches=false
    wp close path=/srv/shop
    finishes
    says user_absent=true guard_absent=true absent=true
    want 'it is out' wp_is_out shop
    on umount /srv/shop
    wp collected
    same 'everything is as before' "$before" "$(wp_state)"
}

# A network of sites: the user is of all of it, its role of one.
wp_network() {
    about="$suite a network of sites"
    local before
    wp_tree net /srv/net
    wp_make net /srv/net
    wp_config net "define( 'WP_ALLOW_MULTISITE', true );
" >"$root/srv/net/wp-config.php"
    on runuser -u www-data -- env "SITE=net.test:$wp_port" php <<'PHP'
<?php
$_SERVER['HTTP_HOST'] = getenv('SITE');
$_SERVER['REQUEST_URI'] = '/';
require '/srv/net/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
require ABSPATH . 'wp-admin/includes/network.php';
foreach ($wpdb->tables('ms_global') as $table => $name) { $wpdb->$table = $name; }
install_network();
populate_network(1, getenv('SITE'), 'merchant@example.org', 'Net', '/', false);
PHP
    wp_config net "define( 'WP_ALLOW_MULTISITE', true );
define( 'MULTISITE', true );
define( 'SUBDOMAIN_INSTALL', false );
define( 'DOMAIN_CURRENT_SITE', 'net.test:$wp_port' );
define( 'PATH_CURRENT_SITE', '/' );
define( 'SITE_ID_CURRENT_SITE', 1 );
define( 'BLOG_ID_CURRENT_SITE', 1 );
" >"$root/srv/net/wp-config.php"
    on runuser -u www-data -- env "SITE=net.test:$wp_port" php -d display_errors=0 -d log_errors=0 <<'PHP'
<?php
$_SERVER['HTTP_HOST'] = getenv('SITE');
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['REMOTE_ADDR'] = '127.0.0.1';
require '/srv/net/wp-load.php';
wpmu_create_blog(getenv('SITE'), '/second/', 'Second', 1);
PHP
    want 'the merchant gets in' wp_enters net merchant merchants-Pw1
    before=$(wp_rows net)
    wp detect path=/srv/net
    says supported=true multisite=true direct=true
    wp open path=/srv/net
    finishes
    want 'it opens' wp_enters net
    want 'and one is in' wp_is_in net
    # On a second site as well, with something written there.
    wp_sql net "insert into net_usermeta (user_id, meta_key, meta_value) select ID, 'net_2_capabilities', 'a:1:{s:6:\"editor\";b:1;}' from net_users where user_login='sp-anna'; insert into net_2_posts (post_author, post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered) select ID, 'by them', '', '', '', '', '' from net_users where user_login='sp-anna'"
    wp check path=/srv/net
    says present=true role_matches=false
    wp close path=/srv/net
    finishes
    says user_absent=true rows_left=0 absent=true 'handed_over=1 merchant'
    want 'it is out' wp_is_out net
    want 'for good' wp_cannot_enter net
    same 'what it wrote stays' 1 "$(wp_sql net "select count(*) from net_2_posts where post_title='by them' and post_author=1")"
    wp_sql net "delete from net_2_posts where post_title='by them'"
    same 'everything is as before' "$before" "$(wp_rows net)"
    wp collected
}

# Bedrock: WordPress in a folder of its own, the settings in `.env`.
wp_bedrock() {
    about="$suite Bedrock"
    local before at=$root/srv/bedrock
    wp_sql mysql "create database rock; create user rock@localhost identified by 'db rock#secret'; grant all on rock.* to rock@localhost"
    wp_tree rock /srv/bedrock/web/wp
    mkdir -p "$at/config" "$at/web/app/plugins" "$at/web/app/uploads"
    rm -r "$at/web/wp/wp-config.php"
    cp -r "$root/srv/shop/wp-content/themes" "$at/web/app/"
    printf "# of the merchant\nDB_NAME='rock'\nDB_USER=rock\nDB_PASSWORD=\"db rock#secret\"\nWP_ENV=staging\nWP_HOME='http://rock.test:%s'\nWP_SITEURL=\"\${WP_HOME}/wp\"\n" "$wp_port" >"$at/.env"
    chmod 600 "$at/.env"
    cat >"$at/config/application.php" <<'PHP'
<?php
foreach (file(dirname(__DIR__) . '/.env') as $line) {
    if (preg_match('/^([A-Z_]+)=(.*)$/', trim($line), $m)) { $env[$m[1]] = trim($m[2], '"\''); }
}
foreach (array('DB_NAME', 'DB_USER', 'DB_PASSWORD') as $name) { define($name, $env[$name]); }
define('DB_HOST', 'localhost');
define('WP_HOME', $env['WP_HOME']);
if (!defined('WP_SITEURL')) { define('WP_SITEURL', $env['WP_HOME'] . '/wp'); }
define('WP_CONTENT_DIR', dirname(__DIR__) . '/web/app');
define('WP_CONTENT_URL', $env['WP_HOME'] . '/app');
define('DISABLE_WP_CRON', true);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) { define('ABSPATH', dirname(__DIR__) . '/web/wp/'); }
PHP
    printf "<?php\nrequire_once dirname(__DIR__) . '/config/application.php';\nrequire_once ABSPATH . 'wp-settings.php';\n" >"$at/web/wp-config.php"
    chown -R 33:33 "$at"
    wp_make rock /srv/bedrock/web/wp 2>/dev/null
    wp_sql rock "update wp_options set option_value='http://rock.test:$wp_port/wp' where option_name='siteurl'"
    wp_vhost rock /srv/bedrock/web >"$root/etc/apache2/sites-enabled/rock.conf"
    want 'Apache reads it' on apache2ctl graceful
    local wp_at=/wp
    want 'the merchant gets in' again 20 wp_enters rock merchant merchants-Pw1
    before=$(wp_rows rock)
    wp detect path=/srv/bedrock
    says supported=true layout=bedrock shop_root=/srv/bedrock/web/wp config_file=/srv/bedrock/.env owner=www-data direct=true "login_url=http://rock.test:$wp_port/wp/wp-login.php"
    wp open path=/srv/bedrock
    finishes
    want 'it opens' wp_enters rock
    want 'the file in the shop is where plugins are' test -e "$at/web/app/mu-plugins/stagepass-$grant.php"
    wp check path=/srv/bedrock
    says present=true reread=direct guard_matches=true
    wp close path=/srv/bedrock
    finishes
    says user_absent=true reread=direct guard_absent=true
    want 'it is out' wp_is_out rock
    same 'everything is as before' "$before" "$(wp_rows rock)"
    wp collected
}

# ---- nobody around -------------------------------------------------------------------------------

# The shop itself refuses, without its own cron and without ours.
wp_refuses_when_over() {
    about="$suite over"
    wp open path=/srv/shop "deadline=$(($(date +%s) + 25))"
    finishes
    says failsafe=none expiry=guard
    want 'it opens' wp_enters shop
    want 'and one is in' wp_is_in shop
    want 'a call by name and password' wp_xmlrpc
    same 'a call with the cookie' 200 "$(wp_rest)"
    want 'it is out at its deadline' again 40 wp_is_out shop
    want 'the password opens nothing' wp_cannot_enter shop
    want 'that is why' grep -q 'This access is over' "$tmp/page"
    deny 'no call by name and password' wp_xmlrpc
    same 'nor with the cookie' 403 "$(wp_rest)"
    same 'the user is still there' 1 "$(wp_sql shop "select count(*) from shop_users where user_login='sp-anna'")"
    want 'others go on' wp_enters shop merchant merchants-Pw1
    wp check path=/srv/shop
    says present=true expired=true guard_matches=true
    about="$suite over: a file that was left behind"
    cp -p "$root/srv/shop/wp-content/mu-plugins/stagepass-$grant.php" "$tmp/left.php"
    wp close path=/srv/shop
    finishes
    cp -p "$tmp/left.php" "$root/srv/shop/wp-content/left.php"
    mkdir -p "$root/srv/shop/wp-content/mu-plugins"
    mv "$root/srv/shop/wp-content/left.php" "$root/srv/shop/wp-content/mu-plugins/stagepass-$grant.php"
    want 'it keeps nobody else out' wp_enters shop merchant merchants-Pw1
    want 'nor from anything' wp_is_in shop
    rm -r "$root/srv/shop/wp-content/mu-plugins"
    wp collected
}

wp_xmlrpc() {
    wp_ask shop -H 'Content-Type: text/xml' -d "<?xml version=\"1.0\"?><methodCall><methodName>wp.getProfile</methodName><params><param><value><int>1</int></value></param><param><value><string>sp-anna</string></value></param><param><value><string>$wp_secret</string></value></param></params></methodCall>" /xmlrpc.php >/dev/null
    grep -q '<value><string>sp-anna</string></value>' "$tmp/page"
}

# The status of a call of REST, with the cookie and the number that belongs to it.
wp_rest() {
    wp_ask shop -b "$tmp/jar" -H "X-WP-Nonce: $(wp_ask shop -b "$tmp/jar" '/wp-admin/admin-ajax.php?action=rest-nonce' >/dev/null; head -c 20 "$tmp/page")" '/?rest_route=/wp/v2/users/me'
}

wp_ends_by_itself() {
    about="$suite by itself"
    local before
    before=$(wp_state)
    on pgrep -x cron >/dev/null || on /usr/sbin/cron
    want 'cron runs' again 20 on pgrep -x cron
    wp detect path=/srv/shop
    says failsafe=cron.d failsafe_reason=
    # Time enough to log in once on a machine that is busy.
    wp open path=/srv/shop "deadline=$(($(date +%s) + 60))"
    finishes
    says failsafe=cron.d
    # The web server looks every two seconds whether a file that it knows has changed, and that of the grant before had this name.
    want 'it opens' again 10 wp_enters shop
    wp check path=/srv/shop
    says failsafe_present=true expired=false
    want 'the failsafe holds no hash' eval '! grep -qF -e "$wp_hash" -e "$wp_secret" -r "$root/var/lib/stagepass"'
    want 'all of it goes' again 240 test ! -e "$root/var/lib/stagepass/$grant"
    want 'it is out' wp_is_out shop
    same 'nothing is left' "$before" "$(wp_state)"
    wp close path=/srv/shop
    finishes
    says by_server=true already_absent=true absent=true user_absent=true failsafe_absent=true result_kept=true reread=direct
    want 'with the time' grep -qE '^server_closed_at=[1-9][0-9]{9}$' <<<"$out"
    wp collected
    on pkill -KILL -x cron
    about="$suite by itself, extended"
    wp open path=/srv/shop "deadline=$(($(date +%s) - 1))"
    wp update path=/srv/shop
    on /bin/sh "/var/lib/stagepass/$grant/failsafe"
    want 'a failsafe that is early does nothing' wp_enters shop
    on sh -c "printf 'deadline=0\nhard=0\n' >/var/lib/stagepass/$grant/ends"
    on /bin/sh "/var/lib/stagepass/$grant/failsafe"
    want 'one that is not shuts' wp_cannot_enter shop
    want 'all of it went' test ! -e "$root/var/lib/stagepass/$grant"
    wp close path=/srv/shop
    wp collected
}

# Killed when it calls the Nth program: whoever is in is in the record, and a second try finishes.
wp_cut_off() {
    local verb all n before programs='mkdir chmod rm mv sync env stat base64 awk od'
    before=$(wp_state)
    for verb in open update close; do
        about="$suite $verb cut off"
        [ "$verb" = open ] || wp open path=/srv/shop
        wp_cut "$verb" 0
        all=$(grep -c '' "$root/tmp/calls")
        want "$verb does several things" test "$all" -ge 4
        for n in $(seq 1 2 "$all"); do
            about="$suite $verb cut off at $n of $all: $(sed -n "${n}p" "$root/tmp/calls" 2>/dev/null | cut -c 1-80)"
            wp close path=/srv/shop
            [ "$verb" = open ] || wp open path=/srv/shop
            wp_cut "$verb" "$n"
            deny 'it did not get to its end' grep -q '^stagepass-end=' "$tmp/cut.out"
            want 'whoever is in the shop is in the record' eval '[ "$(wp_sql shop "select count(*) from shop_users where user_login = '"'sp-anna'"'")" = 0 ] || grep -q ^account=sp-anna "$root/var/lib/stagepass/$grant/record"'
            if [ "$verb" = open ] && [ $((n % 3)) = 0 ]; then
                wp open path=/srv/shop
                finishes
                want 'a second open finishes it' wp_enters shop
            fi
        done
        wp close path=/srv/shop
        finishes
        says absent=true user_absent=true failsafe_absent=true
        wp collected
        rm -f "$root"/tmp/calls* "$root/tmp/main"
        same 'nothing is left' "$before" "$(wp_state)"
    done
}

wp_cut() { wp_cut_script wordpress "$1" "$2" "password=$wp_hash"; }

# wp_cut_script PROVIDER VERB N name=value...: runs the verb, and kills its shell when it calls the Nth of these programs; leaves in
# /tmp/calls which it called. What PHP's account calls on the way could kill nobody.
wp_cut_script() {
    local one real
    rm -f "$root/tmp/calls"
    for one in $programs; do
        real=$(on sh -c 'PATH=/usr/bin:/bin; command -v "$1"' sh "$one")
        # Those of a pipe are called at once: each has a number of its own.
        printf '%s\n' '#!/bin/sh' "[ -n \"\$SP_CUT\" ] && [ \"\$(id -u)\" = 0 ] || exec $real \"\$@\"" 'exec 8>/tmp/calls.lock' 'flock 8' "echo $one >>/tmp/calls" \
            "if [ \"\$(grep -c '' /tmp/calls)\" = $3 ]; then kill -KILL \"\$(cat /tmp/main)\"; exit 1; fi" 'exec 8>&-' "exec $real \"\$@\"" >"$root/usr/local/bin/$one"
        chmod 755 "$root/usr/local/bin/$one"
    done
    {
        echo 'echo "$$" >/tmp/main; export SP_CUT=1'
        script "$1" "$2" path=/srv/shop "${@:4}" has_password=1
    } >"$tmp/script"
    on /bin/sh -s <"$tmp/script" >"$tmp/cut.out" 2>/dev/null
    for one in $programs; do rm -f "$root/usr/local/bin/$one"; done
    # What PHP had begun is done, or not.
    again 20 gone on pgrep -x php
}

wp_other_shells() {
    local one
    for one in 'bash --posix' "${STAGEPASS_TEST_BUSYBOX:+/opt/busybox sh}"; do
        [ -n "$one" ] || continue
        [ -z "${STAGEPASS_TEST_BUSYBOX:-}" ] || install -m 755 "$STAGEPASS_TEST_BUSYBOX" "$root/opt/busybox"
        about="$suite under $one"
        shell=$one
        wp detect path=/srv/shop
        says supported=true
        wp open path=/srv/shop
        finishes
        want 'it opens' wp_enters shop
        wp check path=/srv/shop
        says present=true
        wp update path=/srv/shop
        finishes
        wp close path=/srv/shop
        finishes
        want 'it is out' wp_is_out shop
        wp collected
        shell=/bin/sh
    done
}

# ---- a server that is set up otherwise -----------------------------------------------------------

# wp_ini TEXT: for PHP in the web server and for the command line, until it is said again.
wp_ini() {
    local ini
    for ini in "$root"/etc/php/*/*/conf.d; do printf '%s\n' "$1" >"$ini/99-test.ini"; done
    # A graceful start keeps what was compiled.
    want 'Apache is down' again 20 wp_apache_stops
    want 'Apache reads its settings' on apache2ctl start
    want 'Apache answers' again 20 test_value 200 wp_ask shop /wp-login.php
}
# One that has only just been started does not know its own number yet.
wp_apache_stops() {
    on apache2ctl stop
    gone on pgrep -x apache2
}

# wp_goes_round: the whole life, as short as it can be told.
wp_goes_round() {
    wp detect path=/srv/shop
    finishes
    says supported=true direct=true
    wp open path=/srv/shop
    finishes
    says expiry=guard
    want 'the password opens it' wp_enters shop
    want 'and one is in' wp_is_in shop
    wp check path=/srv/shop
    finishes
    says present=true role_matches=true guard_matches=true reread=direct sessions=1
    wp close path=/srv/shop
    finishes
    says absent=true user_absent=true rows_left=0 reread=direct guard_absent=true
    want 'the old cookie opens nothing' wp_is_out shop
    want 'nor does the password' wp_cannot_enter shop
    want 'the merchant goes on' wp_enters shop merchant merchants-Pw1
    wp collected
}

# A cache of the shop's own that all its processes share: what WordPress would ask the database it is told from a file.
wp_has_a_cache() {
    local before kept drop_in=$root/srv/shop/wp-content/object-cache.php
    about="$suite a cache that stays"
    before=$(wp_state)
    kept=$(seen wordpress path=/srv/shop)
    same 'there is none yet' object_cache=false "$(grep '^object_cache=' <<<"$kept")"
    cat >"$drop_in" <<'PHP'
<?php
eval('?>' . str_replace('function wp_cache_init(', 'function wp_cache_init_of_core(', file_get_contents(ABSPATH . WPINC . '/cache.php')));
function wp_cache_init()
{
    wp_cache_init_of_core();
    $file = WP_CONTENT_DIR . '/uploads/cache';
    $all = new ReflectionProperty('WP_Object_Cache', 'cache');
    $all->setAccessible(true);
    $kept = is_file($file) ? unserialize(file_get_contents($file)) : false;
    if (is_array($kept)) {
        $all->setValue($GLOBALS['wp_object_cache'], $kept);
    }
    register_shutdown_function(function () use ($file, $all) {
        file_put_contents($file . '.new', serialize($all->getValue($GLOBALS['wp_object_cache'])));
        rename($file . '.new', $file);
    });
}
PHP
    chown 33:33 "$drop_in"
    want 'the merchant gets in' wp_enters shop merchant merchants-Pw1
    want 'it keeps something' test -s "$root/srv/shop/wp-content/uploads/cache"
    wp detect path=/srv/shop
    says supported=true object_cache=true note=object-cache
    # It came after somebody looked, and is seen all the same.
    wp open path=/srv/shop "seen=$kept"
    finishes
    want 'it opens' wp_enters shop
    want 'and one is in' wp_is_in shop
    want 'the cache has the user' grep -q sp-anna "$root/srv/shop/wp-content/uploads/cache"
    wp update path=/srv/shop "deadline=$(($(date +%s) + 8))"
    finishes
    want 'it is out at its deadline' again 40 wp_is_out shop
    want 'the password opens nothing' wp_cannot_enter shop
    wp close path=/srv/shop
    finishes
    says user_absent=true rows_left=0
    want 'and for good' wp_cannot_enter shop
    deny 'the cache has nobody of it any more' grep -q "stagepass_$grant\|x@$grant" "$root/srv/shop/wp-content/uploads/cache"
    rm -f "$drop_in" "$root/srv/shop/wp-content/uploads/cache"
    wp collected
    same 'everything is as before' "$before" "$(wp_state)"
}

# PHP in the web server never looks at a file again that it has compiled.
wp_keeps_code() {
    local was
    about="$suite code that stays"
    wp_ini 'opcache.enable=1
opcache.validate_timestamps=0'
    was=$(($(date +%s) + 20))
    wp open path=/srv/shop "deadline=$was"
    finishes
    want 'it opens' wp_enters shop
    # What was written a moment ago is not kept.
    want 'the file stands still' again 10 on sh -c '[ "$(($(date +%s) - $(stat -c %Y "$1")))" -ge 4 ]' sh "/srv/shop/wp-content/mu-plugins/stagepass-$grant.php"
    want 'and one is in' wp_is_in shop
    # The web server goes by the earlier of the two: what it compiled.
    wp update path=/srv/shop "deadline=$((was + 3600))"
    finishes
    want 'it is out at its deadline' again 40 wp_is_out shop
    want 'the password opens nothing' wp_cannot_enter shop
    wp close path=/srv/shop
    finishes
    says user_absent=true
    wp collected
    wp_ini ''
}

# What hosters take away.
wp_without_functions() {
    about="$suite without functions"
    wp_ini 'disable_functions=exec,passthru,shell_exec,system,proc_open,proc_close,proc_get_status,proc_nice,proc_terminate,popen,pcntl_exec,pcntl_fork,dl,show_source,highlight_file,phpinfo,php_uname,getmypid,mail,putenv,getenv,set_time_limit,ignore_user_abort,symlink,link,readlink,chown,chgrp,posix_kill,posix_getpwuid,posix_getuid,error_log,syslog,fsockopen,pfsockopen,stream_socket_client,curl_exec,curl_multi_exec,parse_ini_file,disk_free_space,sleep,usleep'
    wp_goes_round
    wp_ini ''
}

wp_within_folders() {
    about="$suite within folders"
    wp_ini 'open_basedir=/srv/shop:/tmp'
    wp_goes_round
    wp_ini ''
}

# Of several versions of PHP that is taken which can ask this shop's database.
wp_without_mysqli() {
    local other=$root/usr/local/bin/php ini
    about="$suite PHP without mysqli"
    printf '#!/bin/sh\nexec /usr/bin/php -n -d extension=pdo.so -d extension=pdo_sqlite.so -d extension=tokenizer.so "$@"\n' >"$other"
    chmod 755 "$other"
    want 'the other one has none' on sh -c '/usr/local/bin/php -m | grep -qx pdo_sqlite && ! /usr/local/bin/php -m | grep -qx mysqli'
    wp detect path=/srv/shop
    says supported=true direct=true php=/usr/bin/php
    rm "$other"
    for ini in "$root"/etc/php/*/cli/conf.d/20-mysqli.ini; do mv "$ini" "$ini.away"; done
    wp_refused no-php path=/srv/shop
    wp detect path=/srv/shop
    says supported=false reason_id=no-php
    for ini in "$root"/etc/php/*/cli/conf.d/20-mysqli.ini.away; do mv "$ini" "${ini%.away}"; done
    wp detect path=/srv/shop
    says supported=true direct=true
}

# ---- what no package has -------------------------------------------------------------------------

# wp_plugin FOLDER SITE NAME: puts a plugin's files into the shop.
wp_plugin() {
    cp -r "$1" "$root/srv/$2/wp-content/plugins/$3"
    chown -R 33:33 "$root/srv/$2/wp-content/plugins/$3"
}

# wp_php SITE: runs a program in the shop as who owns it, as its command line does.
wp_php() {
    {
        printf "<?php\n\$_SERVER['HTTP_HOST'] = '%s';\n\$_SERVER['REQUEST_URI'] = '/';\n\$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';\n" "$1.test:$wp_port"
        printf "function wp_mail() { return true; }\nrequire '/srv/%s/wp-load.php';\n" "$1"
        cat
    } | on runuser -u www-data -- php -d display_errors=0 -d log_errors=0
}

# wp_lite SITE STATEMENT: what a database of SQLite answers, as wp_sql.
wp_lite() {
    on env "AT=/srv/$1/wp-content/database/.ht.sqlite" php -r '$pdo = new PDO("sqlite:" . getenv("AT")); $pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION); foreach ($pdo->query(stream_get_contents(STDIN))->fetchAll(PDO::FETCH_NUM) as $row) { echo implode("\t", $row), "\n"; }' <<<"$2"
}
# Who there is, with what rights.
wp_lite_rows() {
    wp_lite "$1" "select ID, user_login, user_email from $1_users order by ID"
    wp_lite "$1" "select user_id, meta_key, meta_value from $1_usermeta where meta_key not in ('session_tokens', 'community-events-location') order by user_id, meta_key"
    wp_lite "$1" "select option_name, option_value from $1_options where option_name in ('$1_user_roles', 'active_plugins', 'siteurl', 'users_can_register', 'default_role') order by 1"
    find "$root/srv/$1" ! -name '.ht.sqlite*' ! -type d -printf '%p %m %U:%G %s\n' | sort
}

# A shop without a database server: WordPress's own plugin puts SQLite in its place.
wp_on_sqlite() {
    local before
    about="$suite SQLite"
    wp_tree rows /srv/rows
    wp_plugin "$STAGEPASS_SHOP_WORDPRESS_SQLITE" rows sqlite-database-integration
    cp -p "$root/srv/rows/wp-content/plugins/sqlite-database-integration/db.copy" "$root/srv/rows/wp-content/db.php"
    wp_make rows /srv/rows
    want 'it is in a file' test -s "$root/srv/rows/wp-content/database/.ht.sqlite"
    wp_vhost rows /srv/rows >"$root/etc/apache2/sites-enabled/rows.conf"
    want 'Apache reads it' on apache2ctl graceful
    want 'the merchant gets in' again 20 wp_enters rows merchant merchants-Pw1
    wp_page rows / >/dev/null
    before=$(wp_lite_rows rows)
    wp detect path=/srv/rows
    finishes
    says supported=true direct=true owner=www-data expiry=guard "login_url=http://rows.test:$wp_port/wp-login.php"
    want 'the password opens nothing yet' wp_cannot_enter rows
    wp open path=/srv/rows
    finishes
    says grants=settings expiry=guard
    want 'the password opens it' wp_enters rows
    want 'and one is in' wp_is_in rows
    want 'a wrong one does not' wp_cannot_enter rows sp-anna wrong-Password1
    wp check path=/srv/rows
    finishes
    says present=true marked=true role_matches=true guard_matches=true reread=direct sessions=1 keys=0
    wp marks path=/srv/rows
    finishes
    says "mark=entry $grant sp-anna t4g - /srv/rows" "mark=role $grant - t4g - /srv/rows"
    wp open path=/srv/rows
    finishes
    want 'a second open changes nothing' wp_enters rows
    wp update path=/srv/rows "deadline=$((deadline + 60))"
    finishes
    same 'what was written is the owner'"'"'s' '' "$(find "$root/srv/rows/wp-content/database" ! -user 33)"
    wp close path=/srv/rows
    finishes
    says absent=true user_absent=true rows_left=0 reread=direct already_absent=false shut=true guard_absent=true
    want 'the old cookie opens nothing' wp_is_out rows
    want 'nor does the password' wp_cannot_enter rows
    want 'the merchant goes on' wp_enters rows merchant merchants-Pw1
    wp collected
    same 'everything is as before' "$before" "$(wp_lite_rows rows)"
    wp_sqlite_by_the_shop
    wp_sqlite_elsewhere
    same 'everything is as before, again' "$before" "$(wp_lite_rows rows)"
    [ -z "${STAGEPASS_SHOP_WOOCOMMERCE:-}" ] || wp_sells rows wp_lite
}

# Where the file cannot be told by the settings, the shop is asked.
wp_sqlite_by_the_shop() {
    about="$suite SQLite, settings that cannot be read as text"
    cp -p "$root/srv/rows/wp-config.php" "$tmp/config"
    sed -i "2i eval('');" "$root/srv/rows/wp-config.php"
    wp detect path=/srv/rows
    says supported=true direct=false direct_why=config-not-plain
    wp open path=/srv/rows
    finishes
    want 'it opens' wp_enters rows
    wp check path=/srv/rows
    says present=true reread=shop sessions=1
    wp marks path=/srv/rows
    says "mark=entry $grant sp-anna t4g - /srv/rows"
    wp close path=/srv/rows
    finishes
    says user_absent=true rows_left=0 reread=shop already_absent=false
    want 'it is out' wp_is_out rows
    wp collected
    cp -p "$tmp/config" "$root/srv/rows/wp-config.php"
}

# The settings turn the plugin off, and MySQL is asked by the shop: what is in the old file says nothing.
wp_sqlite_elsewhere() {
    local line
    about="$suite SQLite that is not used"
    cp -p "$root/srv/rows/wp-config.php" "$tmp/config"
    for line in "define( 'DB_ENGINE', 'mysql' );" "define( 'FQDB', '/srv/rows/wp-content/other.sqlite' );"; do
        sed -i "2i $line" "$root/srv/rows/wp-config.php"
        wp check path=/srv/rows
        deny "the file is not asked for the rows ($line)" grep -q '^reread=direct' <<<"$out"
        cp -p "$tmp/config" "$root/srv/rows/wp-config.php"
    done
    # The shop, which was asked, made it.
    rm -f "$root"/srv/rows/wp-content/other.sqlite*
    mv "$root/srv/rows/wp-content/plugins/sqlite-database-integration" "$root/srv/rows/away"
    wp check path=/srv/rows
    deny 'nor where the plugin is gone' grep -q '^reread=direct' <<<"$out"
    mv "$root/srv/rows/away" "$root/srv/rows/wp-content/plugins/sqlite-database-integration"
}

wp_with_woocommerce() {
    wp_sells shop wp_sql
}

# wp_sells SITE ASK: the whole life in a shop that has WooCommerce, with a key, a hook and a product of the supporter's.
wp_sells() {
    local site=$1 ask=$2 before page
    about="$suite WooCommerce in $site"
    wp_plugin "$STAGEPASS_SHOP_WOOCOMMERCE" "$site" woocommerce
    wp_php "$site" >"$tmp/said" <<'PHP'
require_once ABSPATH . 'wp-admin/includes/plugin.php';
$failed = activate_plugin('woocommerce/woocommerce.php');
echo is_wp_error($failed) ? $failed->get_error_code() : 'on';
PHP
    same 'it is on' on "$(cat "$tmp/said")"
    # What it makes of itself at its first pages is none of ours.
    want 'the merchant gets in' again 20 wp_enters "$site" merchant merchants-Pw1
    for page in / '/edit.php?post_type=shop_order' '/admin.php?page=wc-settings' '/admin.php?page=wc-status'; do want "the shop shows $page" again 20 test_value 200 wp_page "$site" "$page"; done
    before=$(wp_who "$site" "$ask")
    wp detect "path=/srv/$site"
    finishes
    says supported=true direct=true grants_role=shop_manager role=shop_manager
    want 'its version' grep -qE '^woocommerce=[0-9.]+$' <<<"$out"
    wp open "path=/srv/$site"
    finishes
    says grants=shop
    want 'the password opens it' wp_enters "$site"
    for page in /profile.php '/edit.php?post_type=shop_order' '/edit.php?post_type=product' '/admin.php?page=wc-settings&tab=checkout' '/admin.php?page=wc-settings&tab=advanced&section=keys' '/admin.php?page=wc-status'; do
        same "$page is shown" 200 "$(wp_page "$site" "$page")"
    done
    for page in /users.php /user-new.php /plugins.php /options-general.php /themes.php /edit.php /upload.php /export.php; do same "$page is not" 403 "$(wp_page "$site" "$page")"; done
    wp_php "$site" >"$tmp/said" <<'PHP'
$user = get_user_by('login', 'sp-anna');
wp_set_current_user($user->ID);
$wpdb->insert($wpdb->prefix . 'woocommerce_api_keys', array('user_id' => $user->ID, 'description' => 'x', 'permissions' => 'read_write', 'consumer_key' => wc_api_hash('ck_' . str_repeat('1', 40)), 'consumer_secret' => 'cs_' . str_repeat('2', 40), 'truncated_key' => '1111111'));
$hook = new WC_Webhook();
foreach (array('name' => 'x', 'user_id' => $user->ID, 'topic' => 'order.created', 'delivery_url' => 'http://127.0.0.1:1/', 'secret' => 'x', 'status' => 'active') as $name => $value) { $hook->{'set_' . $name}($value); }
$hook->save();
$product = new WC_Product_Simple();
$product->set_name('by them');
$product->save();
wp_update_post(array('ID' => $product->get_id(), 'post_author' => $user->ID));
echo 'made';
PHP
    same 'a key, a hook and a product are made' made "$(cat "$tmp/said")"
    wp check "path=/srv/$site"
    says present=true role_matches=true keys=2 reread=direct
    wp close "path=/srv/$site"
    finishes
    says user_absent=true rows_left=0 keys_ended=2 'handed_over=1 merchant' reread=direct absent=true
    want 'the old cookie opens nothing' wp_is_out "$site"
    want 'nor does the password' wp_cannot_enter "$site"
    same 'the product is the merchant'"'"'s' merchant "$("$ask" "$site" "select user_login from ${site}_users u join ${site}_posts p on p.post_author = u.ID where post_title = 'by them' and post_type = 'product'")"
    wp_php "$site" <<<'foreach (wc_get_products(array("name" => "by them", "limit" => 9)) as $one) { $one->delete(true); }'
    wp collected
    same 'who there is, is as before' "$before" "$(wp_who "$site" "$ask")"
}

# wp_who SITE ASK: users, their rights, keys and hooks.
wp_who() {
    "$2" "$1" "select ID, user_login, user_email from $1_users order by ID"
    "$2" "$1" "select user_id, meta_key, meta_value from $1_usermeta where meta_key like '%capabilities' or meta_key in ('stagepass', '_application_passwords') order by user_id, meta_key"
    "$2" "$1" "select option_value from $1_options where option_name = '$1_user_roles'"
    "$2" "$1" "select count(*) from $1_woocommerce_api_keys"
    "$2" "$1" "select count(*) from $1_wc_webhooks"
    ls -A "$root/srv/$1/wp-content" "$root/srv/$1/wp-content/plugins"
}
