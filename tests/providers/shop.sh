# What the parts opencart, magento and prestashop share. Read by run.sh; needs what it defines, and what wordpress.sh defines of
# databases.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154
#
# On a host of its own with the PHP, MariaDB and Apache of the suite, and real shops that somebody set up: a variable names their
# folders, with `:` between them, and each has a dump of its database beside it (`FOLDER.sql`). Both are copied, and nothing is
# written to them. Logins are made by curl through the form, as a browser does. `make test-shops` runs it, and docs/shops.md says how
# that went.
#
# A part says what it is (`oc_is`, `mg_is`, `ps_is`) and has functions of its own, which begin with its two letters; `its NAME` is that
# one, or where the part has none, the one here.

its() {
    local name=$1
    shift
    if declare -F "${shop_kind}_$name" >/dev/null; then "${shop_kind}_$name" "$@"; else "shop_$name" "$@"; fi
}

# real_shops VARIABLE: all of it, with each shop that the variable names.
real_shops() {
    local one named=${!1:-}
    if [ -z "$named" ]; then
        printf '%s: NOT RUN: %s names no shop\n' "$shop_provider" "$1"
        return 0
    fi
    while IFS= read -r -d : one; do
        [ -z "$one" ] || real_shop "$one"
    done <<<"$named:"
}

# real_shop FOLDER: with that one. STAGEPASS_TEST_OPENCART and the like name some of the cases.
real_shop() {
    local was_suite=$suite was_root=$root was_account=$account was_grant=$grant one some=STAGEPASS_TEST_${shop_provider^^} from=$SECONDS failed_before=$failed passed_before=$passed
    suite=${suite%%-*}-shops root=$tmp/${suite%%-*}-shops/root account=sp-anna login=root grant=$shop_grant
    start "$suite" size=3g
    shop_set_up "$1"
    for one in ${!some:-$shop_cases}; do
        about="$shop_software $shop_version $one"
        its "$one"
    done
    halt "$suite"
    # A part of it is nothing for the page of real shops.
    [ -n "${!some:-}" ] || shop_writes_down $((passed - passed_before)) $((failed - failed_before)) $((SECONDS - from))
    suite=$was_suite root=$was_root account=$was_account grant=$was_grant
}

# shop_writes_down PASSED FAILED SECONDS
shop_writes_down() {
    mkdir -p "$repo/target/shops"
    printf '%s\t' "$shop_software" "$shop_version" "${suite%%-*}" "$shop_php" "$shop_database" "$@" "$shop_times" "$(date -u +%F)" >>"$repo/target/shops/results"
    echo >>"$repo/target/shops/results"
    # Which pages it opened, by the version.
    printf '%s\n' "$shop_table" >"$repo/target/shops/pages.$shop_provider.$shop_version"
}

# ---- without a shop ------------------------------------------------------------------------------

# What needs none, and no PHP. `make test` runs it, by `oc_nowhere` and the like; what a folder looks like in which the shop was not set
# up is what differs (`its half_made FOLDER`).
shop_nowhere() {
    local was_account=$account was_grant=$grant tree
    about="$shop_software nowhere" account=sp-anna grant=$shop_grant login=root
    shop_verb detect path=/etc
    finishes
    says supported=false "reason_id=no-$shop_provider" path_exists=true path_now=/etc
    shop_verb detect path=
    says supported=false reason_id=no-shop-folder
    shop_verb detect path=/srv/nowhere
    says supported=false reason_id=no-such-path
    shop_verb open path=/etc
    refuses "no-$shop_provider"
    shop_verb open path=/etc not_after=1
    refuses too-late
    shop_verb open path=/etc account='Anna x'
    refuses bad-account
    shop_verb check path=/etc
    finishes
    says recorded=false failsafe_present=false "reason_id=no-$shop_provider"
    shop_verb update path=/etc
    refuses record-missing
    shop_verb marks path=/etc
    finishes
    same 'there are no marks' stagepass=1 "$out"
    shop_verb close path=/etc "not_after=$(($(date +%s) + 120))"
    finishes
    says already_absent=true absent=true late_open_refused=true result_kept=false "platform=$shop_provider"
    shop_verb open path=/etc
    refuses too-late
    rm -f "$root/var/lib/stagepass/ended.$grant"
    shop_verb collected path=/etc
    finishes
    says result_kept=false
    closes_at_its_deadline "$shop_provider" "$shop_hash"
    tree=$root/srv/half
    its half_made "$tree"
    rm -r "$tree"
    shop_left_nothing
    account=$was_account grant=$was_grant
}
# shop_half_twice VERB TREE FOLDER: there is another one in that folder.
shop_half_twice() {
    cp -r "$2" "$root/srv/copy"
    mv "$root/srv/copy" "$2/$3"
    shop_verb "$1" path=/srv/half
    says reason_id=several-shops
    rm -r "${2:?}/$3"
}
shop_left_nothing() { want 'nothing was left' eval '! ls -A "$root/var/lib/stagepass" | grep -v last-uid'; }

# ---- the shop ------------------------------------------------------------------------------------

# shop_verb VERB name=value...: as `verb`, without the way over SSH.
shop_verb() {
    script "$shop_provider" "$1" path=/srv/shop "password=$shop_hash" has_password=1 "${@:2}" >"$tmp/script"
    # shellcheck disable=SC2086
    out=$(on timeout -s KILL 180 ${shell:-/bin/sh} -s <"$tmp/script" 2>"$tmp/err")
    code=$?
    out=$(unframed <<<"$out")
    declared "$shop_provider" "$1"
}
shop_sql() { on mariadb -N -e "$1" "$shop_db"; }

shop_set_up() {
    about="$shop_software in $1: set up"
    claim_port
    shop_port=$claimed shop_times='' shop_table='' shop_secret=Kq7mNz2xPw4vRt8sLb3c
    mkdir -p "$root/srv/shop"
    cp -a "$1/." "$root/srv/shop"
    its settles
    chown -R 33:33 "$root/srv/shop"
    shop_php=$(on php -r 'echo PHP_VERSION;')
    # Sets shop_version, shop_prefix, and where its settings say the database is: shop_db, shop_db_user, shop_db_secret.
    its says_of_itself
    wp_database_starts
    shop_database=$(on mariadb -N -e 'select version()')
    on mariadb -e "create database \`$shop_db\`; create user '$shop_db_user'@localhost identified by '$shop_db_secret'; grant all on \`$shop_db\`.* to '$shop_db_user'@localhost"
    on mariadb "$shop_db" <"$1.sql"
    # A merchant whose password is known here, at an address that leads to this host.
    its takes_merchant
    rm -f "$root"/etc/apache2/sites-enabled/*
    printf 'Listen 127.0.0.1:%s\n' "$shop_port" >"$root/etc/apache2/ports.conf"
    printf '<VirtualHost *:%s>\n ServerName %s\n DocumentRoot %s\n <Directory %s>\n  Options FollowSymLinks\n  AllowOverride %s\n  Require all granted\n </Directory>\n</VirtualHost>\n' \
        "$shop_port" "$shop_host" "$shop_served" "$shop_served" "$shop_override" >"$root/etc/apache2/sites-enabled/shop.conf"
    its prepares_server
    want 'Apache starts' on apache2ctl start
    shop_hash=$(its hashed "$shop_secret")
    # What a shop writes about itself at the first visit of its administration is none of ours.
    want 'the merchant gets in' again 60 its enters "$shop_merchant" merchants-Pw1
    its visits
}
shop_settles() { :; }
shop_prepares_server() { :; }

# bcrypt of PHP, which most of them know.
shop_hashed() { on php -r 'echo password_hash(trim(fgets(STDIN)), PASSWORD_BCRYPT, ["cost" => 5]);' <<<"$1"; }

# shop_ask [CURL OPTION...] ADDRESS: the status of the answer, which is left in $tmp/page.
shop_ask() { curl -s -m 100 -o "$tmp/page" -w '%{http_code}' -D "$tmp/head" -H "Host: $shop_host:$shop_port" "${@:1:$#-1}" "http://127.0.0.1:$shop_port${*: -1}"; }

# `its enters [NAME [PASSWORD]]` logs in through the form, and keeps the cookies in $tmp/jar or $shop_jar. The password is told by
# standard input. `its page NAME` is what a page of the administration is with these cookies: open, denied, login, or a status.
shop_is_in() { test_value open its page "$shop_orders"; }
shop_is_out() { test_value login its page "$shop_orders"; }
shop_cannot_enter() { ! shop_jar=$tmp/jar.refused its enters "$@"; }

# shop_login_of ACCOUNT GRANT: what is typed at the form.
shop_login_of() { printf '%s' "$1"; }

# Files and what is in them, and every row but what the shop itself keeps moving (`its rows`, `shop_moving`).
shop_files() {
    local one moving=()
    for one in $shop_moving; do moving+=(-o -path "srv/shop/$one"); done
    (
        cd "$root" || exit
        find srv etc \( "${moving[@]:1}" \) -prune -o ! -type d -printf '%p %y %m %U:%G %s %T@\n' | sort
        # shellcheck disable=SC2086
        find $shop_summed \( "${moving[@]:1}" \) -prune -o -type f -exec cksum {} + | sort
        find srv/shop ! -uid 33 | sort
        find var/lib/stagepass -mindepth 1 ! -name 'result.*' ! -name last-uid -printf '%p\n' | sort
    ) | grep -v -e 'etc/apache2' -e 'mysql'
}
shop_dump() { on mariadb-dump --skip-comments --skip-extended-insert --skip-add-locks --order-by-primary "$@" "$shop_db" | sed -e 's/ AUTO_INCREMENT=[0-9]*//'; }
shop_state() {
    shop_files
    its rows
}

# What the shop counts of who tried to get in when the user was gone already.
shop_forgets() { :; }

# ---- the whole life ------------------------------------------------------------------------------

# Beside this, `its opened`, `its checked`, `its updated` and `its closed ID` say what is the shop's own there.
shop_whole_life() {
    local before id from
    before=$(shop_state)
    want 'the password opens nothing yet' shop_cannot_enter
    its forgets
    shop_verb check
    finishes
    says present=false recorded=false failsafe_present=false expired=false foreign=false
    from=$(date +%s%N)
    verb "$shop_provider" open path=/srv/shop has_password=1 "password=$shop_hash"
    shop_timed open "$from"
    finishes
    says account=sp-anna "platform=$shop_provider" owner=www-data "expiry=$shop_expiry" grants=payment failsafe=none shop_path=/srv/shop "version=$shop_version" "login_url=$(its login_url)"
    id=$(sed -n 's/^user_id=//p' <<<"$out")
    its opened "$id"
    want 'the password opens it' its enters
    want 'and one is in' shop_is_in
    want 'a wrong one does not' shop_cannot_enter "$(its login_of sp-anna "$grant")" wrong-Password1
    same 'no mail' '' "$(on find /var/mail /var/spool -type f -newer /var/log/mariadb.log 2>/dev/null | grep -v cron)"
    same 'the role is its own' "stagepass $grant t4g" "$(its role_of "$id")"
    same 'what is new in the shop is the shop' '' "$(find "$root/srv/shop" ! -user 33)"
    from=$(date +%s%N)
    shop_verb check
    shop_timed check "$from"
    finishes
    says present=true foreign=false recorded=true marked=true enabled=true address_matches=true role_matches=true "role=stagepass $grant t4g" reread=direct expired=false
    want 'with its sessions' grep -qE '^sessions=[1-9]$' <<<"$out"
    its checked "$id"
    shop_verb update "deadline=$((deadline + 60))"
    finishes
    says "expiry=$shop_expiry"
    want 'the new end is known to root' grep -qx "deadline=$((deadline + 60))" "$root/var/lib/stagepass/$grant/ends"
    want 'and one is still in' shop_is_in
    its updated "$id"
    from=$(date +%s%N)
    shop_verb close
    shop_timed close "$from"
    finishes
    says absent=true user_absent=true rows_left=0 reread=direct already_absent=false foreign=false shut=true failsafe_absent=true result_kept=true by_server=false "platform=$shop_provider" role_matches=true
    want 'it ended a session' grep -qE '^sessions_ended=[1-9]$' <<<"$out"
    its closed "$id"
    want 'the old cookie opens nothing' shop_is_out
    want 'nor does the password' shop_cannot_enter
    want 'the merchant goes on' its enters "$shop_merchant" merchants-Pw1
    its forgets
    shop_verb collected
    finishes
    says result_kept=false
    same 'everything is as before' "$before" "$(shop_state)"
    same 'nothing of the shop is root'\''s' '' "$(find "$root/srv/shop" ! -user 33)"
}
shop_opened() { :; }
shop_checked() { :; }
shop_updated() { :; }
shop_closed() { :; }

# shop_timed VERB SINCE: notes how many milliseconds it took.
shop_timed() { shop_times="$shop_times${shop_times:+, }$1 $((($(date +%s%N) - $2) / 1000000)) ms"; }

# What opens, and what does not, of `its pages_tried`; which of them are to open says `its opens PAGE`. `shop_table` keeps it for
# docs/shops.md.
shop_pages() {
    local page merchant supporter
    shop_verb open
    finishes
    want 'it opens' its enters
    shop_jar=$tmp/jar.merchant its enters "$shop_merchant" merchants-Pw1
    shop_table=''
    for page in $(its pages_tried); do
        merchant=$(shop_jar=$tmp/jar.merchant its page "$page")
        [ "$merchant" = open ] || continue
        supporter=$(its page "$page")
        shop_table=$shop_table$page$'\t'$supporter$'\n'
        if its opens "$page"; then same "$page opens" open "$supporter"; else same "$page does not" denied "$supporter"; fi
    done
    want 'several pages were tried' test "$(grep -c '' <<<"$shop_table")" -ge "$shop_pages_at_least"
    its narrow
    shop_verb close
    finishes
    shop_verb collected
}

shop_twice() {
    local id first before other what='^already_absent|^result_kept|^late_open_refused|^foreign'
    before=$(shop_state)
    shop_verb open
    finishes
    id=$(grep '^user_id=' <<<"$out")
    shop_verb open
    finishes
    says "$id"
    want 'it opens' its enters
    other=$(its hashed Another2xPw4vRt8sLb3)
    shop_hash=$other shop_verb open
    finishes
    says "$id"
    want 'with another password' its enters "$(its login_of sp-anna "$grant")" Another2xPw4vRt8sLb3
    want 'and not with the one before' shop_cannot_enter
    shop_verb close
    finishes
    says already_absent=false result_kept=true
    first=$(grep -vE "$what" <<<"$out" | sort)
    shop_verb close
    finishes
    says already_absent=true result_kept=true absent=true
    same 'the same is said again' "$first" "$(grep -vE "$what" <<<"$out" | sort)"
    shop_verb collected
    shop_verb close
    finishes
    says already_absent=true result_kept=false absent=true user_absent=true reread=direct
    about="$shop_software $shop_version two at once"
    shop_verb open
    grant=$shop_other_grant shop_verb open account=sp-ben
    want 'one is in' its enters
    shop_jar=$tmp/jar.ben want 'so is the other' its enters "$(its login_of sp-ben "$shop_other_grant")"
    shop_verb close
    finishes
    want 'one is out' shop_is_out
    shop_jar=$tmp/jar.ben want 'the other is not' shop_is_in
    grant=$shop_other_grant shop_verb close account=sp-ben
    finishes
    shop_jar=$tmp/jar.ben want 'now it is' shop_is_out
    shop_verb collected
    grant=$shop_other_grant shop_verb collected
    same 'everything is as before' "$before" "$(shop_state)"
}

shop_tells_marks() {
    local before entry role="mark=role $grant - t4g - /srv/shop"
    before=$(shop_state)
    entry="mark=entry $grant sp-anna t4g - /srv/shop"
    shop_verb open
    shop_verb marks
    finishes
    same 'all there is' "$entry
mark=record $grant sp-anna t4g - /var/lib/stagepass/$grant/
$role
stagepass=1" "$(sort <<<"$out")"
    # The record is lost: the shop still knows.
    rm -r "$root/var/lib/stagepass/$grant"
    shop_verb marks
    same 'a user whose record is lost' "$entry
$role
stagepass=1" "$(sort <<<"$out")"
    its marked_otherwise
    shop_verb close
    finishes
    says absent=true already_absent=false user_absent=true
    want 'it is found without its record' shop_cannot_enter
    its forgets
    shop_verb marks
    same 'none' stagepass=1 "$out"
    rm -f "$root/var/lib/stagepass/result.$grant"
    same 'everything is as before' "$before" "$(shop_state)"
}
shop_marked_otherwise() { :; }

# ---- what is refused -----------------------------------------------------------------------------

# shop_refused ID [name=value...]: by open, and nothing was changed.
shop_refused() {
    local id=$1 before
    shift
    before=$(shop_state)
    shop_verb open "$@"
    refuses "$id"
    same "nothing was changed ($id)" "$before" "$(shop_state)"
}

# Somebody else has the name (`its hires_namesake`), or what is told is nothing to make a user of.
shop_refuses() {
    local before
    its hires_namesake
    shop_refused name-taken
    shop_verb detect
    says supported=false reason_id=name-taken
    shop_verb check
    says foreign=true present=false
    before=$(shop_state)
    shop_verb close
    finishes
    says foreign=true already_absent=true absent=true user_absent=true
    same 'a close leaves it, too' "$before" "$(shop_state)"
    its fires_namesake
    shop_refused "no-$shop_provider" path=/etc
    shop_refused no-shop-folder path=
    shop_refused bad-account account='Anna x'
    shop_refused too-late not_after=1
    shop_hash='' shop_refused no-credential
    shop_hash=not-hashed shop_refused bad-input
    its refuses_more
    about="$shop_software $shop_version another member of the role"
    shop_verb open
    finishes
    its hires mallory "$(its our_role)"
    shop_verb close
    fails rows-left
    says user_absent=true shut=true "left=member $(its called mallory)"
    deny 'it is not said to be over' grep -q '^absent=true' <<<"$out"
    want 'whoever is not ours stays' its has mallory
    its fires mallory
    shop_verb close
    finishes
    says user_absent=true rows_left=0 absent=true
    shop_verb collected
    about="$shop_software $shop_version more rights than were given"
    its has_more_rights
}
# What a user of that name is called where it is told.
shop_called() { printf '%s' "$1"; }

# The hash is in the database and nowhere else: no argument, no environment, no file, no error.
shop_keeps_secrets() {
    local ini part=${shop_hash: -40} kept=(--exclude-dir=mysql --exclude-dir=vendor --exclude-dir=sessions) one places=("$root/etc" "$root/var" "$root/tmp")
    for one in $shop_written; do places+=("$root/srv/shop/$one"); done
    script "$shop_provider" open path=/srv/shop "password=$shop_hash" has_password=1 >"$tmp/script"
    timeout 180 strace -f -qq -s 4000 -v -e trace=execve -o "$tmp/trace" nsenter --target "${inside[$suite]}" --mount --pid --uts -- chroot "$root" /bin/sh -s <"$tmp/script" >"$tmp/said" 2>&1
    want 'it opened' its enters
    want 'programs were seen' test "$(grep -c execve "$tmp/trace")" -gt 20
    want 'PHP among them' grep -q '"/usr/bin/php"' "$tmp/trace"
    want 'the rows were asked by nobody' grep -qE '"--reuid=655[0-9]+".*"/usr/bin/php"' "$tmp/trace"
    deny 'root ran no PHP' wp_as_root
    deny 'none was told the hash' grep -qF -e "$part" "$tmp/trace"
    deny 'nor in another form' grep -qF -e "$(printf '%s' "$shop_hash" | base64 -w 0 | cut -c 1-50)" "$tmp/trace"
    deny 'none was told the password of the database' grep -qF -e "$shop_db_secret" "$tmp/trace"
    # PrestaShop itself keeps the hash of who is in, in the session.
    same 'no file holds it' '' "$(grep -rlF "${kept[@]}" -e "$part" "${places[@]}" "$root/run" "$root/root" "$root/home" 2>/dev/null)"
    shop_verb close
    shop_verb collected
    about="$shop_software $shop_version secrets: PHP that shows every error, and a database that refuses"
    ini=$(echo "$root"/etc/php/*/cli)
    mv "$ini/php.ini" "$ini/away"
    printf 'display_errors=1\nlog_errors=1\nerror_log=/tmp/php-errors\nzend.exception_ignore_args=0\n' >"$ini/php.ini"
    shop_sql "create trigger stops before update on ${shop_prefix}$shop_users for each row signal sqlstate '45000' set message_text='stop'"
    shop_verb open
    fails php-error
    deny 'nothing of what it was called with' grep -qF -e "$part" -e "$shop_db_secret" <<<"$out"
    same 'nor in a file' '' "$(grep -rlF "${kept[@]}" -e "$part" "${places[@]}" 2>/dev/null)"
    shop_sql 'drop trigger stops'
    want 'nobody is in' shop_cannot_enter
    mv "$ini/away" "$ini/php.ini"
    shop_verb close
    finishes
    says user_absent=true rows_left=0
    shop_verb collected
}

# ---- a shop that is broken -----------------------------------------------------------------------

# `its breaks_more` is between the two, and `its leads_elsewhere` what its settings can say of another database; it leaves them as
# they were.
shop_breaks() {
    local before
    before=$(its rows)
    wp_database_stops
    shop_verb open
    refuses database-unread
    want 'nothing was made' test ! -e "$root/var/lib/stagepass/$grant"
    wp_database_starts
    its breaks_more "$before"
    about="$shop_software $shop_version whose database is down"
    shop_verb open
    finishes
    want 'it opens' its enters
    wp_database_stops
    shop_verb check
    says reason_id=database-unread recorded=true
    deny 'nothing is said of the user' grep -q '^present=' <<<"$out"
    shop_verb close
    fails database-unread
    deny 'it is not said to be gone' grep -q -e '^absent=' -e '^user_absent=' <<<"$out"
    want 'the record stays' test -e "$root/var/lib/stagepass/$grant/record"
    wp_database_starts
    about="$shop_software $shop_version settings that lead elsewhere"
    on sh -c "mariadb -e 'create database copy' && mariadb-dump '$shop_db' | mariadb copy && mariadb -e \"grant all on copy.* to '$shop_db_user'@localhost\""
    its leads_elsewhere
    want 'it is still in' shop_is_in
    shop_verb close
    finishes
    says user_absent=true already_absent=false
    want 'it is out' shop_is_out
    on mariadb -e 'drop database copy'
    shop_verb collected
    same 'everything is as before' "$before" "$(its rows)"
}
shop_breaks_more() { :; }

# shop_leads_to ID FILE SED...: what the settings in that file say then is refused with that id, and nobody is said to be gone.
shop_leads_to() {
    local id=$1 file=$2
    shift 2
    cp -p "$file" "$tmp/settings"
    sed -i "$@" "$file"
    shop_verb close
    fails "$id"
    deny 'it is not said to be gone' grep -q '^absent=true' <<<"$out"
    cp -p "$tmp/settings" "$file"
}

# Nothing is written to the shop's files, so a shop that is read-only, or whose settings are all root's ($shop_settings), is like any
# other.
shop_read_only() {
    local before settings=$shop_settings
    before=$(its rows)
    on mount --bind /srv/shop /srv/shop
    on mount -o remount,bind,ro /srv/shop
    shop_verb open
    finishes
    shop_verb check
    says present=true
    shop_verb close
    finishes
    says user_absent=true
    shop_verb collected
    on umount /srv/shop
    about="$shop_software $shop_version all root's"
    on chown -R 0:0 "${settings%/*}"
    on chmod 600 "$settings"
    shop_verb open
    finishes
    shop_verb close
    finishes
    says user_absent=true reread=direct
    shop_verb collected
    on chmod 644 "$settings"
    on chown -R 33:33 "${settings%/*}"
    same 'everything is as before' "$before" "$(its rows)"
}

# ---- nobody around -------------------------------------------------------------------------------

# The failsafe that `open` wrote is started by the server, and does all of it; then the merchant's computer comes back and is told.
shop_ends_by_itself() {
    local before folder=$root/var/lib/stagepass/$grant
    before=$(shop_state)
    on pgrep -x cron >/dev/null || on /usr/sbin/cron
    want 'cron runs' again 20 on pgrep -x cron
    shop_verb detect
    says failsafe=cron.d failsafe_reason=
    # Time enough to log in once on a machine that is busy.
    shop_verb open "deadline=$(($(date +%s) + 60))"
    finishes
    says failsafe=cron.d
    want 'it opens' its enters
    want 'and one is in' shop_is_in
    shop_verb check
    says failsafe_present=true expired=false
    want 'the failsafe holds no hash' eval '! grep -qF -e "$shop_hash" -e "$shop_secret" -r "$root/var/lib/stagepass"'
    want 'all of it goes' again 240 test ! -e "$folder"
    want 'it is out' shop_is_out
    want 'and nobody gets in' shop_cannot_enter
    its forgets
    want 'the result is kept by the server' grep -qx by_server=true "$root/var/lib/stagepass/result.$grant"
    same 'nothing is left' "$before" "$(shop_state)"
    shop_verb close
    finishes
    says by_server=true already_absent=true absent=true user_absent=true failsafe_absent=true result_kept=true reread=direct
    want 'with the time' grep -qE '^server_closed_at=[1-9][0-9]{9}$' <<<"$out"
    shop_verb collected
    on pkill -KILL -x cron
}

# Killed when it calls the Nth program: whoever is in, and every role, is in the record, and a second try finishes.
shop_cut_off() {
    local verb all n before programs='mkdir chmod rm mv sync env stat base64 awk od'
    before=$(shop_state)
    for verb in open update close; do
        about="$shop_software $shop_version $verb cut off"
        [ "$verb" = open ] || shop_verb open
        shop_cut "$verb" 0
        all=$(grep -c '' "$root/tmp/calls")
        want "$verb does several things" test "$all" -ge 4
        for n in $(seq 1 "$shop_step" "$all"); do
            about="$shop_software $shop_version $verb cut off at $n of $all: $(sed -n "${n}p" "$root/tmp/calls" 2>/dev/null | cut -c 1-80)"
            shop_verb close
            [ "$verb" = open ] || shop_verb open
            shop_cut "$verb" "$n"
            deny 'it did not get to its end' grep -q '^stagepass-end=' "$tmp/cut.out"
            want 'what is in the shop is in the record' eval '[ "$(its holds_of_ours)" = 0 ] || grep -q ^account=sp-anna "$root/var/lib/stagepass/$grant/record"'
            if [ "$verb" = open ] && [ $((n % (shop_step + 1))) = 0 ]; then
                shop_verb open
                finishes
                want 'a second open finishes it' its enters
            fi
        done
        shop_verb close
        finishes
        says absent=true user_absent=true failsafe_absent=true
        shop_verb collected
        rm -f "$root"/tmp/calls* "$root/tmp/main"
        same 'nothing is left' "$before" "$(shop_state)"
    done
    about="$shop_software $shop_version cut off between role and user"
    shop_verb open
    its fires sp-anna
    shop_verb close
    finishes
    says already_absent=false rows_left=0 absent=true
    shop_verb collected
    same 'nothing is left' "$before" "$(shop_state)"
}

# shop_cut VERB N: runs the verb, and kills its shell when it calls the Nth of these programs.
shop_cut() { wp_cut_script "$shop_provider" "$1" "$2" "password=$shop_hash"; }
