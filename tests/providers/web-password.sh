# The cases of web-password. Read by run.sh; needs what it defines.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154
#
# On a host of its own with the Apache and the nginx of the suite: sites as merchants have them, and logins by curl
# from outside. Nothing a verb does may be seen by the servers but in their password files.

web_password() {
    local was_suite=$suite was_root=$root was_account=$account was_grant=$grant
    suite=$suite-web root=$tmp/$suite/root account=sp-anna login=root
    # The grant's id, and one character more for its second layer.
    grant=k3v9q2m7xaw
    start "$suite"
    web_sites
    web_detects
    web_lives
    web_keeps_bytes
    web_shares
    web_refuses
    web_follows_links
    web_is_edited
    web_disks
    web_twice
    web_killed
    web_ends_by_itself
    web_tells_marks
    web_keeps_secrets
    web_other_shells
    web_servers_untouched
    halt "$suite"
    suite=$was_suite root=$was_root account=$was_account grant=$was_grant
}

# ---- the sites -----------------------------------------------------------------------------------

# web VERB name=value...: as `verb`, without the way over SSH.
web() {
    script web-password "$@" "password=$web_hash" has_password=1 >"$tmp/script"
    # shellcheck disable=SC2086
    out=$(on timeout -s KILL 120 ${shell:-/bin/sh} -s <"$tmp/script" 2>"$tmp/err")
    code=$?
    declared web-password "$1"
}

# asks SITE [USER [PASSWORD [ADDRESS]]]: the status of an answer. The password is told by standard input.
asks() {
    local port=$apache_port
    case $1 in n*) port=$nginx_port ;; esac
    printf 'url = "http://127.0.0.1:%s%s"\nheader = "Host: %s.test"\n%s' "$port" "${4:-/}" "$1" \
        "${2:+user = \"$2:${3:-$web_secret}\"$'\n'}" | curl -s -m 10 -o /dev/null -w '%{http_code}' -K -
}
opens() { test_value 200 asks "$1" "$account"; }
shut() { test_value 401 asks "$1" "$account"; }

vhost() { printf '<VirtualHost *:%s>\n    ServerName %s.test\n    DocumentRoot %s\n%s\n</VirtualHost>\n' "$apache_port" "$1" "$2" "$3"; }
basic() { printf '    AuthType Basic\n    AuthName "%s"\n    AuthUserFile %s\n    Require valid-user\n' "$1" "$2"; }
served() {
    mkdir -p "$root$1"
    echo shop >"$root$1/index.html"
}

# Apache: by a folder, by .htaccess, by an address, by a variable; two files for one shop, and other ways to ask.
web_sites_apache() {
    local site at=$root/etc/apache2/sites-enabled
    rm -f "$at"/*
    printf 'Listen 127.0.0.1:%s\n' "$apache_port" >"$root/etc/apache2/ports.conf"
    for site in shop/public other ht/pub noht open loc two digest var above/shop empty linked; do served "/srv/$site"; done
    mkdir -p "$root/etc/apache2/snippets" "$root/srv/loc/admin"
    basic Shared /etc/apache2/staging.htpasswd >"$root/etc/apache2/snippets/guard.conf"
    {
        vhost shop /srv/shop/public "    ServerAlias www.shop.test
<Directory \"/srv/shop/public\">
    Include snippets/guard.conf
    AuthName \"Staging of \\\"Anna\\\"\"
    <IfModule !mod_authz_core.c>
        AuthUserFile /etc/apache2/of-another-age
    </IfModule>
</Directory>
# <Directory /srv/shop> AuthUserFile /etc/apache2/commented-out"
    } >"$at/shop.conf"
    {
        vhost other /srv/other '<Directory /srv/other>
    IncludeOptional snippets/gu*.conf
</Directory>'
        vhost ht /srv/ht/pub '<Directory /srv/ht>
    AllowOverride FileInfo \
        AuthConfig
    Require all granted
</Directory>'
        vhost noht /srv/noht '<Directory /srv/noht>
    AllowOverride None
    Require all granted
</Directory>'
        vhost open /srv/open '<Directory /srv/open>
    Require all granted
</Directory>'
        vhost loc /srv/loc "<Location />
$(basic Everywhere /etc/apache2/loc.htpasswd)
</Location>
<Location /admin>
    AuthUserFile /etc/apache2/admin.htpasswd
</Location>"
        vhost two /srv/two "<Directory /srv/two>
$(basic One /etc/apache2/one.htpasswd)
</Directory>"
        vhost twice /srv/two "<Location />
$(basic Two /etc/apache2/two.htpasswd)
</Location>"
        vhost digest /srv/digest '<Directory /srv/digest>
    AuthType Digest
    AuthName d
    AuthUserFile /etc/apache2/digest
    Require valid-user
</Directory>'
        printf 'Define HERE /srv/var\n'
        vhost var '${HERE}' "<Directory \${HERE}>
$(basic Variable relative.htpasswd)
</Directory>"
        vhost above /srv/above "<Directory /srv/above>
    Require all granted
</Directory>
<Location /shop>
$(basic Above /srv/secret/above.htpasswd)
</Location>"
        vhost empty /srv/empty "<Directory /srv/empty>
$(basic Empty /etc/apache2/empty.htpasswd)
</Directory>"
        vhost linked /srv/linked "<Directory /srv/linked>
$(basic Linked /etc/apache2/linked.htpasswd)
</Directory>"
    } >"$at/more.conf"
    printf '<IfModule mod_not_there.c>\n' >"$at/off.conf"
    vhost shop /srv/shop/public "<Directory /srv/shop/public>
$(basic Off /etc/apache2/of-no-module)
</Directory>" >>"$at/off.conf"
    printf '</IfModule>\n' >>"$at/off.conf"
    basic 'By .htaccess' /srv/ht/conf/users >"$root/srv/ht/.htaccess"
    basic 'Not read' /etc/apache2/one.htpasswd >"$root/srv/noht/.htaccess"
}

web_sites_nginx() {
    local at=$root/etc/nginx/conf.d
    rm -f "$root"/etc/nginx/sites-enabled/*
    for site in n1/pub n2 nhttp nvar; do served "/srv/$site"; done
    served /srv/n1/pub/health
    mkdir -p "$root/etc/nginx/guards"
    printf 'auth_basic "Staging # one; {two}";\nauth_basic_user_file guards/n1; # relative\n' >"$root/etc/nginx/guards/n1.inc"
    cat >"$at/sites.conf" <<NGINX
server {
    listen 127.0.0.1:$nginx_port; server_name n1.test www.n1.test;
    set \$SHOP_ROOT "/srv/n1";
    root \$SHOP_ROOT/pub;
    include guards/*.inc;
    location /health { auth_basic off; }
    location ~ \\.php\$ { return 404; }
}
server {
    listen 127.0.0.1:$nginx_port;
    server_name n2.test;
    root /srv/n2;
    location / { auth_basic 'Two'; auth_basic_user_file /etc/nginx/n2.htpasswd; }
    location /sub { auth_basic off; }
}
server {
    listen 127.0.0.1:$nginx_port;
    server_name nvar.test; root /srv/nvar;
    auth_basic x; auth_basic_user_file /etc/nginx/\$host;
}
NGINX
}

# Every file with a user of the merchant's.
web_files() {
    local one
    for one in staging loc admin one two relative linked; do printf 'merchant:%s\n' "$web_merchant" >"$root/etc/apache2/$one.htpasswd"; done
    mkdir -p "$root/srv/secret" "$root/srv/ht/conf"
    printf '# of the merchant\nmerchant:%s\n' "$web_merchant" >"$root/srv/ht/conf/users"
    for one in /srv/secret/above.htpasswd /etc/nginx/guards/n1 /etc/nginx/n2.htpasswd; do printf 'merchant:%s\n' "$web_merchant" >"$root$one"; done
    printf 'merchant:d:0\n' >"$root/etc/apache2/digest"
    : >"$root/etc/apache2/empty.htpasswd"
    chmod 640 "$root/etc/apache2/staging.htpasswd"
    chgrp 33 "$root/etc/apache2/staging.htpasswd"
    chown -R --reference="$root/home/deploy" "$root/srv/ht"
}

web_sites() {
    about="$suite web servers"
    apache_port=$(free_port)
    nginx_port=$(free_port)
    web_secret=Kq7mNz2xPw4vRt8sLb3c
    web_hash=$(on htpasswd -niB -C 4 x <<<"$web_secret" | sed -n 's/^x://p')
    web_merchant=$(openssl passwd -apr1 -stdin <<<merchants)
    same 'a hash of bcrypt' '$2y$04$' "${web_hash:0:7}"
    web_sites_apache
    web_sites_nginx
    web_files
    on a2enmod -q auth_digest >/dev/null 2>&1
    want 'Apache starts' on apache2ctl start
    want 'nginx starts' on nginx
    want 'Apache asks' again 20 shut shop
    want 'nginx asks' again 20 shut n1
    servers_were=$(web_running)
}

# The first process of each, with when it began, the processes below it, and how often Apache read its settings.
web_running() {
    local one
    for one in apache2/apache2 nginx; do
        one=$(cat "$root/run/$one.pid")
        on sh -c 'sed "s/.*) //" "/proc/$1/stat" | cut -d" " -f20; pgrep -P "$1" | sort | head -n 2' sh "$one"
    done
    grep -c 'resuming normal operations' "$root/var/log/apache2/error.log"
}

web_servers_untouched() {
    about="$suite web servers"
    same 'nobody started a server anew, nor made it read its settings' "$servers_were" "$(web_running)"
    want 'that would show' web_would_show
}
web_would_show() {
    on apache2ctl graceful
    again 10 eval '[ "$servers_were" != "$(web_running)" ]'
}

# ---- what is found -------------------------------------------------------------------------------

web_detects() {
    about="$suite detect"
    local before
    before=$(web_state)
    web detect path=/srv/shop
    finishes
    says supported=true web_server=apache password_file=/etc/apache2/staging.htpasswd password_file_link=false scheme=bcrypt \
        'realm=Staging of "Anna"' configured_in=/etc/apache2/snippets/guard.conf site=shop.test 'shared_with=other.test /srv/other' \
        path_now=/srv/shop uid=0
    same 'one site, and one other' 2 "$(grep -c -e '^site=' -e '^shared_with=' <<<"$out")"
    deny 'nothing special' grep -q -e '^note=' -e '^other_part=' <<<"$out"
    want 'a clock' grep -qE '^clock=[0-9]{10}$' <<<"$out"
    web detect path=/srv/ht
    says supported=true password_file=/srv/ht/conf/users 'realm=By .htaccess' configured_in=/srv/ht/.htaccess site=ht.test
    web detect path=/srv/loc
    says supported=true password_file=/etc/apache2/loc.htpasswd realm=Everywhere note=other-part other_part=/etc/apache2/admin.htpasswd
    web detect path=/srv/var
    says supported=true password_file=/etc/apache2/relative.htpasswd realm=Variable
    web detect path=/srv/above/shop
    says supported=true password_file=/srv/secret/above.htpasswd note=site-is-above
    web detect path=/srv/n1
    says supported=true web_server=nginx password_file=/etc/nginx/guards/n1 'realm=Staging # one; {two}' scheme=bcrypt site=n1.test
    web detect path=/srv/n2
    says supported=true web_server=nginx password_file=/etc/nginx/n2.htpasswd realm=Two
    web detect path=/srv/noht
    says supported=false reason_id=no-basic-auth web_server=apache
    web detect path=/srv/open
    says supported=false reason_id=no-basic-auth
    web detect path=/srv/digest
    says supported=false reason_id=other-auth
    web detect path=/srv/two
    says supported=false reason_id=several-password-files
    want 'both are named' grep -q 'one.htpasswd, /etc/apache2/two.htpasswd' <<<"$out"
    web detect path=/srv/nvar
    says supported=false reason_id=password-file-unclear
    web detect path=
    says supported=false reason_id=no-shop-folder
    web detect path=/srv/nowhere
    says supported=false reason_id=no-such-path path_exists=false
    login=deploy
    script web-password detect path=/srv/shop >"$tmp/script"
    out=$(on runuser -u deploy -- /bin/sh -s <"$tmp/script" 2>"$tmp/err") code=$?
    login=root
    declared web-password detect
    says supported=false reason_id=not-root web_server=none
    same 'nothing was changed' "$before" "$(web_state)"

    about="$suite detect: what the libc knows"
    printf 'no such thing\n' >"$tmp/libcrypt.so.1"
    web_old_libc detect path=/srv/n1
    says supported=true scheme=sha512
    web_old_libc detect path=/srv/shop
    says scheme=bcrypt
    web_old_libc open path=/srv/n1
    refuses hash-not-known

    about="$suite detect: no web server"
    mv "$root/etc/nginx/nginx.conf" "$root/etc/nginx/away"
    mv "$root/etc/apache2/apache2.conf" "$root/etc/apache2/away"
    web detect path=/srv/shop
    says supported=false reason_id=no-web-server web_server=none
    mv "$root/etc/nginx/away" "$root/etc/nginx/nginx.conf"
    mv "$root/etc/apache2/away" "$root/etc/apache2/apache2.conf"
}

# The same with a libcrypt that knows nothing, which is what the script looks at.
web_old_libc() {
    local verb=$1
    shift
    script web-password "$verb" "$@" "password=$web_hash" has_password=1 | sed 's|sp_v=/lib/|&|; s|/proc/$sp_web_nginx_pid/maps|/tmp/maps|; s|/proc/\$sp_web_nginx_pid/maps|/tmp/maps|g' >"$tmp/script"
    printf '1-2 r-xp 0 0:0 1 /tmp/libcrypt.so.1\n' >"$root/tmp/maps"
    cp "$tmp/libcrypt.so.1" "$root/tmp/libcrypt.so.1"
    out=$(on /bin/sh -s <"$tmp/script" 2>"$tmp/err") code=$?
    declared web-password "$verb"
    rm -f "$root/tmp/maps" "$root/tmp/libcrypt.so.1"
}

# Everything that could show a change.
web_state() {
    (
        cd "$root" || exit
        find etc/apache2 etc/nginx srv etc/cron.d -printf '%p %y %m %U:%G %s %i\n' | sort
        find etc/apache2 etc/nginx srv -type f -exec cksum {} + | sort
        find var/lib/stagepass -mindepth 1 ! -name 'result.*' ! -name last-uid -printf '%p\n' | sort
    )
}
# The same without the numbers of files: those of a file that was replaced are others.
web_content() { web_state | sed 's/ [0-9]*$//'; }

# ---- the whole life ------------------------------------------------------------------------------

web_lives() {
    local site path file before
    for site in shop:/srv/shop:/etc/apache2/staging.htpasswd ht:/srv/ht:/srv/ht/conf/users loc:/srv/loc:/etc/apache2/loc.htpasswd \
        var:/srv/var:/etc/apache2/relative.htpasswd n1:/srv/n1:/etc/nginx/guards/n1 n2:/srv/n2:/etc/nginx/n2.htpasswd empty:/srv/empty:/etc/apache2/empty.htpasswd; do
        IFS=: read -r site path file <<<"$site"
        about="$suite life of $site"
        before=$(web_content)
        want 'the password opens nothing yet' shut "$site"
        web check "path=$path"
        finishes
        says present=false recorded=false failsafe_present=false expired=false sessions=0
        verb web-password open "path=$path" has_password=1 "password=$web_hash"
        finishes
        says account=sp-anna "password_file=$file" failsafe=none "shop_path=$path"
        want 'the password opens it' opens "$site"
        same 'a wrong one does not' 401 "$(asks "$site" sp-anna wrong)"
        [ "$site" = empty ] || same 'the user of the merchant goes on' 200 "$(asks "$site" merchant merchants)"
        same 'ours stands above' "# stagepass $grant t4g
sp-anna:$web_hash" "$(head -n 2 "$root$file")"
        web check "path=$path"
        finishes
        says present=true entry_matches=true recorded=true foreign=false guards_shop=true "password_file_now=$file" expired=false
        web update "path=$path" "deadline=$((deadline + 60))"
        finishes
        want 'the new end is known' grep -qx "deadline=$((deadline + 60))" "$root/var/lib/stagepass/$grant/ends"
        want 'and it still opens' opens "$site"
        web close "path=$path"
        finishes
        says absent=true entry_absent=true already_absent=false foreign=false entry_changed=false failsafe_absent=true result_kept=true by_server=false
        want 'the password opens nothing any more' shut "$site"
        same 'everything is as before' "$before" "$(web_content)"
        web collected
        finishes
        says result_kept=false
    done
    about="$suite a hash of SHA-512"
    web_sha=$(openssl passwd -6 -stdin <<<"$web_secret")
    for site in shop n1; do
        web_hash=$web_sha web open "path=/srv/$site"
        finishes
        want "it opens $site" opens "$site"
        web close "path=/srv/$site"
        finishes
    done
}

web_keeps_bytes() {
    local file=$root/etc/apache2/staging.htpasswd name before was
    for name in no-newline crlf bytes comments empty-lines; do
        about="$suite bytes: $name"
        web_files
        case $name in
            no-newline) printf 'a:%s\nmerchant:%s' "$web_merchant" "$web_merchant" >"$file" ;;
            crlf) printf '# x\r\n\r\nmerchant:%s\r\n' "$web_merchant" >"$file" ;;
            bytes) printf '# \303\244 \377\001 $x `id` \\n %%s\nmerchant:%s\n' "$web_merchant" >"$file" ;;
            comments) printf '#sp-anna:x\n# stagepass %sx t4g\nmerchant:%s\n# stagepass\n' "$grant" "$web_merchant" >"$file" ;;
            empty-lines) printf '\n\nmerchant:%s\n\n\n' "$web_merchant" >"$file" ;;
        esac
        cp -p "$file" "$tmp/was"
        web open path=/srv/shop
        finishes
        want 'it opens' opens shop
        same 'the merchant gets in' 200 "$(asks shop merchant merchants)"
        want 'what was there stands below, byte for byte' cmp -s "$tmp/was" <(tail -n +3 "$file")
        web close path=/srv/shop
        finishes
        want 'the file is as it was' cmp -s "$tmp/was" "$file"
    done
    about="$suite bytes: attributes"
    web_files
    chown 33:deploy "$file" 2>/dev/null || chown "33:$(stat -c %g "$root/home/deploy")" "$file"
    chmod 440 "$file"
    setfacl -m u:33:r "$file"
    setfattr -n user.mine -v yes "$file" 2>/dev/null || setfattr -n trusted.mine -v yes "$file"
    was=$(stat -c '%u:%g %a' "$file"; getfacl -cnp "$file" 2>/dev/null; getfattr -d -m - --absolute-names "$file" | tail -n +2)
    web open path=/srv/shop
    finishes
    same 'owner, mode, ACL and attributes are kept' "$was" "$(stat -c '%u:%g %a' "$file"; getfacl -cnp "$file" 2>/dev/null; getfattr -d -m - --absolute-names "$file" | tail -n +2)"
    want 'it opens' opens shop
    web close path=/srv/shop
    finishes
    same 'and at close' "$was" "$(stat -c '%u:%g %a' "$file"; getfacl -cnp "$file" 2>/dev/null; getfattr -d -m - --absolute-names "$file" | tail -n +2)"
    rm "$file"
    web_files
}

web_shares() {
    about="$suite a file of two sites"
    web open path=/srv/shop
    finishes
    says 'shared_with=other.test /srv/other'
    want 'it opens the other site, too, as was said' opens other
    # Two grants in one file.
    grant=k3v9q2m7xbw account=sp-ben web open path=/srv/other
    finishes
    says 'shared_with=shop.test /srv/shop/public'
    web close path=/srv/shop
    finishes
    want 'one is out' shut shop
    account=sp-ben want 'the other is in' opens other
    grant=k3v9q2m7xbw account=sp-ben web close path=/srv/other
    finishes
    same 'nothing is left' "merchant:$web_merchant" "$(cat "$root/etc/apache2/staging.htpasswd")"
}
