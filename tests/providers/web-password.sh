# The cases of web-password. Read by run.sh; needs what it defines.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154
#
# On a host of its own with the Apache and the nginx of the suite: sites as merchants have them, and logins by curl
# from outside. Nothing a verb does may be seen by the servers but in their password files.

# In four, each on a server of its own.
web_password() {
    web_lives
    web_guards
    web_ends
    web_booted
}
web_lives() { web_on_a_host detects whole_life keeps_bytes shares together other_shells; }
web_guards() { web_on_a_host refuses follows_links is_edited tells_marks keeps_secrets; }
web_ends() { web_on_a_host due_soon disks twice cut_off ends_by_itself; }

web_on_a_host() {
    local was_suite=$suite was_root=$root was_account=$account was_grant=$grant one from
    suite=$suite-web root=$tmp/$suite/root account=sp-anna login=root
    # The grant's id, and one character more for its second layer.
    grant=k3v9q2m7xaw
    start "$suite"
    for one in sites "$@" servers_untouched; do
        from=$SECONDS
        "web_$one"
        [ -z "${STAGEPASS_TEST_MEASURE:-}" ] || printf '   %s: %s s\n' "$one" $((SECONDS - from))
    done
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
    out=$(unframed <<<"$out")
    declared web-password "$1"
}

# asks SITE [USER [PASSWORD [ADDRESS]]]: the status of an answer. The password is told by standard input.
asks() {
    local port=$apache_port
    case $1 in n*) port=$nginx_port ;; esac
    printf 'url = "http://%s:%s%s"\nheader = "Host: %s.test"\n%s' "$address" "$port" "${4:-/}" "$1" \
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
    web_sites_odd >"$at/odd.conf"
    printf '<IfModule mod_not_there.c>\n' >"$at/off.conf"
    vhost shop /srv/shop/public "<Directory /srv/shop/public>
$(basic Off /etc/apache2/of-no-module)
</Directory>" >>"$at/off.conf"
    printf '</IfModule>\n' >>"$at/off.conf"
    basic 'By .htaccess' /srv/ht/conf/users >"$root/srv/ht/.htaccess"
    basic 'Not read' /etc/apache2/one.htpasswd >"$root/srv/noht/.htaccess"
}

# Sections by a pattern, of several depths, behind an alias, under a condition.
web_sites_odd() {
    local site
    for site in glob/a.b/pub dmatch/pub lmatch tool deep/shop provider cached defined; do served "/srv/$site"; done
    vhost glob /srv/glob/a.b/pub "<Directory /srv/g*b/?.b>
$(basic Glob /etc/apache2/one.htpasswd)
</Directory>
<Directory /srv/g*b/aXb>
    AuthUserFile /etc/apache2/two.htpasswd
</Directory>"
    vhost dmatch /srv/dmatch/pub "<Directory ~ \"^/srv/d(match|x)/\">
$(basic Match /etc/apache2/one.htpasswd)
</Directory>"
    vhost lmatch /srv/lmatch "<LocationMatch ^/.*\$>
$(basic Match /etc/apache2/one.htpasswd)
</LocationMatch>"
    vhost tool /srv/open "Alias /tool /srv/tool
<Directory /srv/tool/>
$(basic Tool /etc/apache2/one.htpasswd)
</Directory>"
    vhost deep /srv/deep/shop "<Directory /srv/deep>
$(basic Deep /etc/apache2/one.htpasswd)
    AllowOverride None
</Directory>
<Directory /srv/deep/shop>
    AllowOverride All
</Directory>"
    printf 'AuthUserFile "/etc/apache2/two.htpasswd"\n' >"$root/srv/deep/shop/.htaccess"
    vhost provider /srv/provider "<Directory /srv/provider>
$(basic Provider /etc/apache2/one.htpasswd)
    AuthBasicProvider anon
</Directory>"
    vhost cached /srv/cached "<Directory /srv/cached>
$(basic Cached /etc/apache2/one.htpasswd)
    AuthBasicProvider file socache
</Directory>"
    printf 'Define STAGING\n'
    vhost defined /srv/defined "<Directory /srv/defined>
$(basic Defined /etc/apache2/one.htpasswd)
    <IfDefine !STAGING>
        AuthUserFile /etc/apache2/two.htpasswd
    </IfDefine>
    <IfDefine STAGING>
        <IfDefine NOT_THERE>
            AuthUserFile /etc/apache2/two.htpasswd
        </IfDefine>
        AuthName Staged
    </IfDefine>
</Directory>"
}

web_sites_nginx() {
    local at=$root/etc/nginx/conf.d
    rm -f "$root"/etc/nginx/sites-enabled/*
    for site in n1/pub n2 nvar ntool nin; do served "/srv/$site"; done
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
    server_name ntool.test; root /srv/open;
    location ^~ /tool/ { auth_basic Tool; auth_basic_user_file /etc/nginx/n3; alias /srv/ntool/; }
}
auth_basic_user_file n3;
server {
    listen 127.0.0.1:$nginx_port;
    server_name nin.test; root /srv/nin; auth_basic "All of it";
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
    for one in /srv/secret/above.htpasswd /etc/nginx/guards/n1 /etc/nginx/n2.htpasswd /etc/nginx/n3; do printf 'merchant:%s\n' "$web_merchant" >"$root$one"; done
    printf 'merchant:d:0\n' >"$root/etc/apache2/digest"
    : >"$root/etc/apache2/empty.htpasswd"
    chmod 640 "$root/etc/apache2/staging.htpasswd"
    chgrp 33 "$root/etc/apache2/staging.htpasswd"
    chown -R --reference="$root/home/deploy" "$root/srv/ht"
}

# The password as the supporter has it, and what the server is told of it.
web_secrets() {
    web_secret=Kq7mNz2xPw4vRt8sLb3c
    web_hash=$(on htpasswd -niB -C 4 x <<<"$web_secret" | sed -n 's/^x://p')
    web_merchant=$(openssl passwd -apr1 -stdin <<<merchants)
    web_sha=$(openssl passwd -6 -stdin <<<"$web_secret")
}

web_sites() {
    about="$suite web servers"
    claim_port
    apache_port=$claimed
    claim_port
    nginx_port=$claimed
    web_secrets
    same 'a hash of bcrypt' '$2y$04$' "${web_hash:0:7}"
    web_sites_apache
    web_sites_nginx
    web_files
    on a2enmod -q auth_digest authn_anon socache_shmcb authn_socache >/dev/null 2>&1
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
    same 'the other site is told, and nothing else is special' note=shared-file "$(grep -e '^note=' -e '^other_part=' <<<"$out")"
    want 'a clock' grep -qE '^clock=[0-9]{10}$' <<<"$out"
    web detect path=/srv/ht
    says note=file-in-shop
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
    # Who may write to one site says what is another's.
    cp -p "$root/srv/ht/.htaccess" "$tmp/htaccess"
    printf '%s\n' '</htaccess>' '</Files>' '<VirtualHost *:80>' 'ServerName shop.test' 'DocumentRoot /srv/shop' 'Alias / /srv/shop' '<Directory /srv/shop/public/>' \
        'AuthType Basic' 'AuthUserFile /srv/ht/conf/users' '</Directory>' 'Include /etc/apache2/snippets/guard.conf' >>"$root/srv/ht/.htaccess"
    web detect path=/srv/shop
    says supported=true password_file=/etc/apache2/staging.htpasswd site=shop.test 'shared_with=other.test /srv/other'
    same 'and no more' 2 "$(grep -c -e '^site=' -e '^shared_with=' <<<"$out")"
    cp -p "$tmp/htaccess" "$root/srv/ht/.htaccess"
    login=deploy
    script web-password detect path=/srv/shop >"$tmp/script"
    out=$(on runuser -u deploy -- /bin/sh -s <"$tmp/script" 2>"$tmp/err") code=$?
    out=$(unframed <<<"$out")
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
    about="$suite detect: the places of Red Hat"
    mkdir -p "$root/etc/httpd/conf" "$root/etc/httpd/conf.d"
    printf 'ServerRoot "/etc/httpd"\nDocumentRoot "/srv/shop"\nIncludeOptional conf.d/*.conf\n' >"$root/etc/httpd/conf/httpd.conf"
    printf '<Directory "/srv/shop">\n%s\n</Directory>\n' "$(basic Hat conf/users)" >"$root/etc/httpd/conf.d/shop.conf"
    cp "$root/etc/apache2/one.htpasswd" "$root/etc/httpd/conf/users"
    web detect path=/srv/shop
    says supported=true web_server=apache password_file=/etc/httpd/conf/users realm=Hat
    rm -r "$root/etc/httpd"
    mv "$root/etc/nginx/away" "$root/etc/nginx/nginx.conf"
    mv "$root/etc/apache2/away" "$root/etc/apache2/apache2.conf"
}

# The same with a libcrypt that knows nothing, which is what the script looks at.
web_old_libc() {
    local verb=$1
    shift
    script web-password "$verb" "$@" "password=$web_hash" has_password=1 | sed 's|/proc/\$sp_web_nginx_pid/maps|/tmp/maps|g' >"$tmp/script"
    printf '1-2 r-xp 0 0:0 1 /tmp/libcrypt.so.1\n' >"$root/tmp/maps"
    cp "$tmp/libcrypt.so.1" "$root/tmp/libcrypt.so.1"
    out=$(on /bin/sh -s <"$tmp/script" 2>"$tmp/err") code=$?
    out=$(unframed <<<"$out")
    declared web-password "$verb"
    rm -f "$root/tmp/maps" "$root/tmp/libcrypt.so.1"
}

# Everything that could show a change, but for the grant that ends while the others are tried.
web_state() {
    (
        cd "$root" || exit
        find etc/apache2 etc/nginx srv etc/cron.d ! -type d -printf '%p %y %m %U:%G %s %i\n' | sort
        find etc/apache2 etc/nginx srv etc/cron.d -type d -printf '%p %m %U:%G 0\n' | sort
        find etc/apache2 etc/nginx srv -type f -exec cksum {} + | sort
        find var/lib/stagepass -mindepth 1 ! -name 'result.*' ! -name last-uid -printf '%p\n' | sort
    ) | grep -v -e k3v9q2m7xcw -e etc/nginx/n2.htpasswd
}
# The same without the numbers of files: those of a file that was replaced are others.
web_content() { web_state | sed 's/ [0-9]*$//'; }

# ---- the whole life ------------------------------------------------------------------------------

web_whole_life() {
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
    web_odd_sites
    about="$suite a hash of SHA-512"

    for site in shop n1; do
        web_hash=$web_sha web open "path=/srv/$site"
        finishes
        want "it opens $site" opens "$site"
        web close "path=/srv/$site"
        finishes
    done
}

web_odd_sites() {
    local site at path file realm
    for site in glob:/:/srv/glob/a.b:one:Glob dmatch:/:/srv/dmatch:one:Match lmatch:/:/srv/lmatch:one:Match tool:/tool/:/srv/tool:one:Tool \
        deep:/:/srv/deep/shop:two:Deep defined:/:/srv/defined:one:Staged ntool:/tool/:/srv/ntool:n3:Tool "nin:/:/srv/nin:n3:All of it"; do
        IFS=: read -r site at path file realm <<<"$site"
        about="$suite an odd site: $site"
        same 'it asks' 401 "$(asks "$site" sp-anna "$web_secret" "$at")"
        web detect "path=$path"
        says supported=true "realm=$realm" "site=$site.test"
        want 'that is the file' grep -qE "^password_file=.*/$file(\.htpasswd)?\$" <<<"$out"
        web open "path=$path"
        finishes
        same 'it opens' 200 "$(asks "$site" sp-anna "$web_secret" "$at")"
        web close "path=$path"
        finishes
        same 'it is shut' 401 "$(asks "$site" sp-anna "$web_secret" "$at")"
    done
    web detect path=/srv/provider
    says supported=false reason_id=other-auth
    web detect path=/srv/cached
    says supported=false reason_id=other-auth
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
    web_attribute "$file" set >/dev/null
    was=$(web_attributes "$file")
    web open path=/srv/shop
    finishes
    same 'owner, mode, ACL and attributes are kept' "$was" "$(web_attributes "$file")"
    want 'it opens' opens shop
    web close path=/srv/shop
    finishes
    same 'and at close' "$was" "$(web_attributes "$file")"
    want 'there is one' grep -q mine <<<"$was"
    rm "$file"
    web_files
}

web_attribute() { /usr/bin/python3 -c 'import os, sys
if len(sys.argv) > 2: os.setxattr(sys.argv[1], "trusted.mine", b"yes")
print([(name, os.getxattr(sys.argv[1], name)) for name in os.listxattr(sys.argv[1])])' "$@"; }
web_attributes() {
    stat -c '%u:%g %a' "$1"
    getfacl -cnp "$1" 2>/dev/null
    web_attribute "$1"
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
    rm -f "$root/var/lib/stagepass/result.$grant" "$root/var/lib/stagepass/result.k3v9q2m7xbw"
}

# ---- what is refused -----------------------------------------------------------------------------

# web_refused ID [name=value...]: by detect and by open, and nothing was changed but what the case itself did.
web_refused() {
    local id=$1 before
    shift
    before=$(web_state)
    web detect "$@"
    says supported=false "reason_id=$id"
    web open "$@"
    refuses "$id"
    same "nothing was changed ($id)" "$before" "$(web_state)"
}

# web_shim PROGRAM COMMAND: what happens on the host right before that program runs.
web_shim() {
    printf '#!/bin/sh\n(%s) >/dev/null 2>&1\nexec /bin/%s "$@"\n' "$2" "$1" >"$root/usr/local/bin/$1"
    chmod 755 "$root/usr/local/bin/$1"
}

web_refuses() {
    about="$suite refused"
    local file=$root/etc/apache2/staging.htpasswd at before
    web_refused no-basic-auth path=/srv/noht
    web_refused several-password-files path=/srv/two
    web_refused no-shop-folder path=
    printf 'sp-anna:%s\n' "$web_merchant" >>"$file"
    web_refused name-taken path=/srv/shop
    same 'a close leaves it, too, and says so' "$(web_content)" "$(web close path=/srv/shop >/dev/null; web_content)"
    web close path=/srv/shop
    says foreign=true already_absent=true absent=true
    web check path=/srv/shop
    says foreign=true present=false
    web_files
    mv "$file" "$tmp/away"
    web_refused no-password-file path=/srv/shop
    mkdir "$file"
    web_refused password-file-odd path=/srv/shop
    rmdir "$file"
    cp -p "$tmp/away" "$file"
    ln "$file" "$root/etc/apache2/second-name"
    web_refused hard-links path=/srv/shop
    rm "$root/etc/apache2/second-name"
    chmod 666 "$file"
    web_refused password-file-open path=/srv/shop
    chmod 640 "$file"
    chown 4242 "$file"
    web_refused owner-unknown path=/srv/shop
    chown 0 "$file"
    chmod 777 "$root/srv/secret"
    web_refused folder-open path=/srv/above/shop
    chmod 755 "$root/srv/secret"
    printf 'a\0b:x\n' >"$file"
    web_refused not-a-password-file path=/srv/shop
    cp "$root/etc/passwd" "$file"
    web_refused not-a-password-file path=/srv/shop
    printf 'Listen 80\n' >"$file"
    web_refused not-a-password-file path=/srv/shop
    head -c 1100000 /dev/zero | tr '\0' '#' >"$file"
    web_refused too-large path=/srv/shop
    web_files
    # Who may write to the shop names a file of root's.
    for at in /etc/passwd /etc/subuid /etc/environment; do
        basic Trap "$at" >"$root/srv/ht/.htaccess"
        [ -e "$root$at" ] || : >"$root$at"
        web_refused not-a-password-file path=/srv/ht
    done
    basic 'By .htaccess' /srv/ht/conf/users >"$root/srv/ht/.htaccess"
    chown --reference="$root/home/deploy" "$root/srv/ht/.htaccess"
    web_files
    about="$suite refused: what was sent"
    web open path=/srv/shop account=Anna:x
    refuses bad-account
    web open path=/srv/shop not_after=1
    refuses too-late
    web_hash='' web open path=/srv/shop
    refuses no-credential
    web_hash=not-hashed web open path=/srv/shop
    refuses bad-input
    web_hash="\$2y\$04\$x
evil:x" web open path=/srv/shop
    refuses bad-input
    want 'nothing was made' test ! -e "$root/var/lib/stagepass/$grant"
    about="$suite refused: the time is over before the last step"
    web_shim cp 'sleep 3'
    before=$(web_state)
    web open path=/srv/shop "not_after=$(($(date +%s) + 1))"
    refuses too-late
    same 'nothing was made' "$before" "$(web_state)"
    about="$suite refused: another file in its place"
    # Right after it was looked at, by who owns the folder.
    for at in 'ln -f /etc/apache2/one.htpasswd users' 'ln -sf /etc/apache2/one.htpasswd users' 'rm users; mkfifo users' 'rm users'; do
        cp -p "$root/etc/apache2/one.htpasswd" "$tmp/was"
        web_shim mkdir "cd /srv/ht/conf && $at"
        web open path=/srv/ht
        if [ "$code" = 10 ]; then pass; else fail "a refusal was expected, not $code ($at)" "$out"; fi
        want "what they chose was not touched ($at)" cmp -s "$tmp/was" "$root/etc/apache2/one.htpasswd"
        want 'nor is there a record' test ! -e "$root/var/lib/stagepass/$grant"
        rm -f "$root/srv/ht/conf/users"
        web_files
    done
    rm -f "$root/usr/local/bin/mkdir" "$root/usr/local/bin/cp"
    about="$suite refused: a grant that was closed before"
    web close path=/srv/shop "not_after=$(($(date +%s) + 120))"
    says late_open_refused=true already_absent=true result_kept=false
    web open path=/srv/shop
    refuses too-late
    rm "$root/var/lib/stagepass/ended.$grant"
    mkdir "$root/var/lib/stagepass/$grant"
    echo account=sp-other >"$root/var/lib/stagepass/$grant/record"
    web open path=/srv/shop
    refuses record-foreign
    web close path=/srv/shop
    refuses record-foreign
    want 'it is there' test -e "$root/var/lib/stagepass/$grant/record"
    rm -r "$root/var/lib/stagepass/$grant"
}

web_follows_links() {
    about="$suite a link"
    local link=$root/etc/apache2/linked.htpasswd folder before
    mkdir -p "$root/srv/real"
    mv "$link" "$root/srv/real/users"
    ln -s ../../srv/real/users "$link"
    web detect path=/srv/linked
    says supported=true password_file=/srv/real/users password_file_named=/etc/apache2/linked.htpasswd password_file_link=true note=file-is-link
    web open path=/srv/linked
    finishes
    says password_file=/srv/real/users password_file_link=true
    want 'it opens' opens linked
    want 'the link is one' test -L "$link"
    web close path=/srv/linked
    finishes
    want 'it is shut' shut linked
    same 'as before' "merchant:$web_merchant" "$(cat "$root/srv/real/users")"
    # The link is in a folder where others may write: by its mode, by its group, by its owner.
    mkdir "$root/srv/links"
    ln -s /srv/real/users "$root/srv/links/users"
    ln -sf /srv/links/users "$link"
    web detect path=/srv/linked
    says supported=true
    chmod 777 "$root/srv/links"
    web_refused link-unsafe path=/srv/linked
    chmod 1777 "$root/srv/links"
    web_refused link-unsafe path=/srv/linked
    chmod 775 "$root/srv/links"
    chgrp 33 "$root/srv/links"
    web_refused link-unsafe path=/srv/linked
    chmod 755 "$root/srv/links"
    chown --reference="$root/home/deploy" "$root/srv/links"
    web_refused link-unsafe path=/srv/linked
    # What is theirs may be led to by them.
    chown --reference="$root/home/deploy" "$root/srv/real/users"
    web detect path=/srv/linked
    says supported=true password_file=/srv/real/users
    ln -sfn /srv/nowhere "$root/srv/links/users"
    web_refused no-password-file path=/srv/linked
    ln -sfn users "$root/srv/links/users"
    web_refused no-password-file path=/srv/linked
    rm -r "$root/srv/links" "$link"
    mv "$root/srv/real/users" "$link"
    chown 0:0 "$link"

    about="$suite a link at close"
    web open path=/srv/shop
    finishes
    mkdir -m 777 "$root/srv/wide"
    mv "$root/etc/apache2/staging.htpasswd" "$root/srv/wide/users"
    ln -s /srv/wide/users "$root/etc/apache2/staging.htpasswd"
    before=$(web_state)
    web close path=/srv/shop
    fails link-unsafe
    same 'it was not followed to where everybody may write' "$before" "$(web_state)"
    chmod 755 "$root/srv/wide"
    web close path=/srv/shop
    finishes
    says entry_absent=true already_absent=false
    same 'it is followed to where nobody else may' "merchant:$web_merchant" "$(cat "$root/srv/wide/users")"
    rm -r "$root/srv/wide" "$root/etc/apache2/staging.htpasswd"
    web_files
    web collected
    about="$suite a folder that is swapped for a link"
    # In a folder of the merchant's, who puts another in its place right when root writes there.
    before=$(cat "$root/etc/apache2/one.htpasswd")
    mkdir -p "$root/srv/trap"
    cp -p "$root/etc/apache2/one.htpasswd" "$root/srv/trap/users"
    printf '%s\n' '#!/bin/sh' 'if [ -d /srv/ht/conf ] && [ ! -L /srv/ht/conf ]; then mv /srv/ht/conf /srv/ht/was; ln -s /srv/trap /srv/ht/conf; fi' \
        'exec /bin/cp "$@"' >"$root/usr/local/bin/cp"
    chmod 755 "$root/usr/local/bin/cp"
    web open path=/srv/ht
    rm "$root/usr/local/bin/cp"
    same 'what the link leads to was not touched' "merchant:$web_merchant" "$(cat "$root/srv/trap/users")"
    same 'nor is anything new there' users "$(ls "$root/srv/trap")"
    want 'it went into the folder that was looked at' grep -q '^sp-anna:' "$root/srv/ht/was/users"
    rm "$root/srv/ht/conf"
    mv "$root/srv/ht/was" "$root/srv/ht/conf"
    web close path=/srv/ht
    finishes
    says entry_absent=true
    want 'closed all the same' shut ht
    rm -r "$root/srv/trap"
    same 'and another file is as it was' "$before" "$(cat "$root/etc/apache2/one.htpasswd")"
}

# ---- what a merchant does to the file ------------------------------------------------------------

web_is_edited() {
    local file=$root/etc/apache2/staging.htpasswd name
    for name in sorted htpasswd mark-gone mark-moved twice password-changed; do
        about="$suite the file is edited: $name"
        web_files
        web open path=/srv/shop
        finishes
        case $name in
            sorted) sort -o "$file" "$file" ;;
            htpasswd) on htpasswd -b /etc/apache2/staging.htpasswd new secret >/dev/null 2>&1 && on htpasswd -D /etc/apache2/staging.htpasswd new >/dev/null 2>&1 ;;
            mark-gone) sed -i '/^# stagepass/d' "$file" ;;
            mark-moved) { sed 1d "$file" && sed -n 1p "$file"; } >"$tmp/f" && cat "$tmp/f" >"$file" ;;
            twice) { cat "$file" && head -n 2 "$file"; } >"$tmp/f" && cat "$tmp/f" >"$file" ;;
            password-changed) on htpasswd -b /etc/apache2/staging.htpasswd sp-anna another >/dev/null 2>&1 ;;
        esac
        web check path=/srv/shop
        says present=true "entry_matches=$([ "$name" = htpasswd ] && echo true || echo false)"
        if [ "$name" = password-changed ]; then
            web update path=/srv/shop
            refuses entry-absent
        else
            web update path=/srv/shop
            finishes
            web check path=/srv/shop
            says present=true entry_matches=true
            want 'it opens' opens shop
        fi
        web close path=/srv/shop
        finishes
        says entry_absent=true already_absent=false "entry_changed=$([ "$name" = password-changed ] && echo true || echo false)"
        same 'nothing of ours is left' "merchant:$web_merchant" "$(cat "$file")"
    done
    about="$suite the file is edited: another user of that name"
    web open path=/srv/shop
    printf 'merchant:%s\nsp-anna:%s\n' "$web_merchant" "$web_merchant" >"$file"
    web check path=/srv/shop
    says present=false foreign=true
    web close path=/srv/shop
    finishes
    says entry_absent=true foreign=true already_absent=true absent=true
    want 'it stays' grep -qF "sp-anna:$web_merchant" "$file"
    web_files
    about="$suite the file is edited: the user is gone"
    web open path=/srv/shop
    printf 'merchant:%s\n' "$web_merchant" >"$file"
    web update path=/srv/shop
    refuses entry-absent
    web close path=/srv/shop
    finishes
    says entry_absent=true already_absent=true absent=true
    about="$suite the site takes another file by now"
    web_files
    web open path=/srv/shop
    cp -p "$file" "$root/etc/apache2/next.htpasswd"
    sed -i 's/staging.htpasswd/next.htpasswd/' "$root/etc/apache2/snippets/guard.conf"
    web check path=/srv/shop
    says present=true guards_shop=false password_file_now=/etc/apache2/next.htpasswd
    web update path=/srv/shop
    refuses password-file-moved
    web close path=/srv/shop
    finishes
    same 'it is in none of them' '' "$(grep -l sp-anna "$file" "$root/etc/apache2/next.htpasswd")"
    sed -i 's/next.htpasswd/staging.htpasswd/' "$root/etc/apache2/snippets/guard.conf"
    rm "$root/etc/apache2/next.htpasswd"
    about="$suite the file is gone"
    web open path=/srv/shop
    rm "$file"
    web close path=/srv/shop
    finishes
    says entry_absent=true absent=true already_absent=true
    web_files
    about="$suite edited meanwhile"
    # htpasswd writes into the file right between our look and our rename, once before each.
    for name in ln mv; do
        printf '%s\n' '#!/bin/sh' '[ -e /tmp/once ] || { : >/tmp/once; /usr/bin/htpasswd -b /etc/apache2/staging.htpasswd "m-'$name'" x; } >/dev/null 2>&1' \
            "exec /bin/$name \"\$@\"" >"$root/usr/local/bin/$name"
        chmod 755 "$root/usr/local/bin/$name"
        for verb in open close; do
            rm -f "$root/tmp/once"
            web "$verb" path=/srv/shop
            finishes
            want 'it was edited' test -e "$root/tmp/once"
            want "$verb loses nothing that was added at $name" grep -q "^m-$name:" "$file"
            [ "$verb" = close ] || want 'ours is there' opens shop
            [ "$verb" = open ] || want 'ours is gone' shut shop
            on htpasswd -D /etc/apache2/staging.htpasswd "m-$name" >/dev/null 2>&1
        done
        rm "$root/usr/local/bin/$name"
    done
    # Or an editor puts another file in its place.
    for verb in open close; do
        rm -f "$root/tmp/once"
        web_shim cp '[ -e /tmp/once ] || { : >/tmp/once; cd /etc/apache2; { cat staging.htpasswd; echo "# by '$verb'"; } >other && chmod 640 other && chgrp 33 other && mv other staging.htpasswd; }'
        web "$verb" path=/srv/shop
        finishes
        want "$verb does not undo what an editor saved" grep -qx "# by $verb" "$file"
        [ "$verb" = close ] || want 'ours is there' opens shop
        [ "$verb" = open ] || want 'ours is gone' shut shop
    done
    rm "$root/usr/local/bin/cp"
    same 'nothing lies beside it' '' "$(find "$root/etc/apache2" -name '*.stagepass-*')"
    web_files
}

# ---- disks ---------------------------------------------------------------------------------------

web_disks() {
    local at=$root/etc/apache2/small file=$root/etc/apache2/small/users before
    about="$suite a disk that is read-only"
    mkdir "$at"
    on mount -t tmpfs -o size=64k small /etc/apache2/small
    on sh -c 'cat /etc/apache2/linked.htpasswd >/etc/apache2/small/users'
    ln -sf small/users "$root/etc/apache2/linked.htpasswd"
    on mount -o remount,ro /etc/apache2/small
    web detect path=/srv/linked
    says supported=false reason_id=read-only
    web open path=/srv/linked
    refuses read-only
    on mount -o remount,rw /etc/apache2/small
    about="$suite a full disk"
    on sh -c 'cat /dev/zero >/etc/apache2/small/filler' 2>/dev/null
    web detect path=/srv/linked
    says supported=false reason_id=no-room
    web open path=/srv/linked
    refuses no-room
    # Room that is taken between the look and the writing.
    on rm /etc/apache2/small/filler
    printf '%s\n' '#!/bin/sh' 'cat /dev/zero >/etc/apache2/small/filler 2>/dev/null' 'exec /bin/cp "$@"' >"$root/usr/local/bin/cp"
    chmod 755 "$root/usr/local/bin/cp"
    web open path=/srv/linked
    refuses no-room
    want 'nothing was made' test ! -e "$root/var/lib/stagepass/$grant"
    same 'nor lies beside it' 'filler users' "$(on ls /etc/apache2/small | paste -sd ' ')"
    rm "$root/usr/local/bin/cp"
    on rm /etc/apache2/small/filler
    web open path=/srv/linked
    finishes
    want 'with room it opens' opens linked
    on sh -c 'cat /dev/zero >/etc/apache2/small/filler' 2>/dev/null
    web close path=/srv/linked
    fails lines-left
    says entry_absent=true
    want 'without room nobody gets in all the same' shut linked
    same 'and others do' 200 "$(asks linked merchant merchants)"
    web check path=/srv/linked
    says present=false recorded=true
    on rm /etc/apache2/small/filler
    web close path=/srv/linked
    finishes
    says absent=true entry_absent=true
    same 'with room the lines go, too' "merchant:$web_merchant" "$(on cat /etc/apache2/small/users)"
    about="$suite read-only at close"
    web open path=/srv/linked
    finishes
    on mount -o remount,ro /etc/apache2/small
    web close path=/srv/linked
    fails entry-left
    want 'the record stays' test -e "$root/var/lib/stagepass/$grant/record"
    on mount -o remount,rw /etc/apache2/small
    web close path=/srv/linked
    finishes
    want 'then it is shut' shut linked
    about="$suite a second name at close"
    web open path=/srv/linked
    finishes
    on ln /etc/apache2/small/users /etc/apache2/small/second
    web close path=/srv/linked
    finishes
    want 'the other name lets nobody in, either' eval '! on grep -q "^sp-anna:" /etc/apache2/small/second'
    same 'the file itself is as it was' "merchant:$web_merchant" "$(on cat /etc/apache2/small/users)"
    on umount /etc/apache2/small
    rmdir "$at"
    rm "$root/etc/apache2/linked.htpasswd"
    web_files
    about="$suite no room for the record"
    before=$(web_content)
    on mount -t tmpfs -o size=4k,nr_inodes=1 none /var/lib/stagepass
    web open path=/srv/shop
    refuses no-room
    on umount /var/lib/stagepass
    same 'nothing was changed' "$before" "$(web_content)"
}

web_twice() {
    about="$suite twice"
    local file=$root/etc/apache2/staging.htpasswd first number
    web open path=/srv/shop
    finishes
    number=$(stat -c %i "$file")
    web open path=/srv/shop
    finishes
    same 'a second open writes nothing' "$number" "$(stat -c %i "$file")"
    web_hash=$web_sha web open path=/srv/shop
    finishes
    same 'with another hash there is one entry all the same' 1 "$(grep -c '^sp-anna:' "$file")"
    want 'and it opens' opens shop
    web close path=/srv/shop
    finishes
    says already_absent=false result_kept=true
    first=$(grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' -e '^foreign' <<<"$out" | sort)
    web close path=/srv/shop
    finishes
    says already_absent=true result_kept=true absent=true
    same 'the same is said again' "$first" "$(grep -v -e '^already_absent' -e '^result_kept' -e '^late_open_refused' -e '^foreign' <<<"$out" | sort)"
    web collected
    finishes
    says result_kept=false
    web close path=/srv/shop
    finishes
    says already_absent=true result_kept=false absent=true
    same 'nothing is left' '' "$(cd "$root/var/lib/stagepass" && find . -mindepth 1 -maxdepth 1 ! -name last-uid ! -name '*k3v9q2m7xcw')"
    about="$suite two at once"
    script web-password open path=/srv/shop "password=$web_hash" has_password=1 >"$tmp/one"
    grant=k3v9q2m7xbw script web-password open path=/srv/shop account=sp-ben "password=$web_hash" has_password=1 >"$tmp/two"
    on /bin/sh -s <"$tmp/one" >"$tmp/one.out" 2>&1 &
    on /bin/sh -s <"$tmp/two" >"$tmp/two.out" 2>&1
    wait "$!"
    same 'both are in' 2 "$(grep -c '^sp-' "$file")"
    web close path=/srv/shop
    grant=k3v9q2m7xbw web close path=/srv/shop account=sp-ben
    same 'both are out' "merchant:$web_merchant" "$(cat "$file")"
    rm -f "$root/var/lib/stagepass/result.$grant" "$root/var/lib/stagepass/result.k3v9q2m7xbw"
}

# ---- killed --------------------------------------------------------------------------------------

# web_cut VERB N: runs the verb, and kills it when it calls the Nth program that changes something; leaves in /tmp/calls how many
# it called.
web_cut() {
    local one
    rm -f "$root/tmp/calls"
    for one in mkdir chmod chown rm mv ln cp sync dd setsid; do
        printf '%s\n' '#!/bin/sh' "[ -n \"\$SP_CUT\" ] || exec /bin/$one \"\$@\"" 'echo "$0 $*" >>/tmp/calls' "if [ \"\$(grep -c '' /tmp/calls)\" = $2 ]; then kill -KILL \"\$(cat /tmp/main)\"; exit 1; fi" \
            "exec /bin/$one \"\$@\"" >"$root/usr/local/bin/$one"
        chmod 755 "$root/usr/local/bin/$one"
    done
    {
        # What cron starts meanwhile is not cut off.
        echo 'echo "$$" >/tmp/main; export SP_CUT=1'
        script web-password "$1" path=/srv/shop "password=$web_hash" has_password=1
    } >"$tmp/script"
    on /bin/sh -s <"$tmp/script" >"$tmp/cut.out" 2>/dev/null
    rm -f "$root"/usr/local/bin/{mkdir,chmod,chown,rm,mv,ln,cp,sync,dd,setsid}
}

web_cut_off() {
    local verb all n before file=$root/etc/apache2/staging.htpasswd
    web_files
    before=$(web_content)
    web_starts_cron
    for verb in open update close; do
        about="$suite $verb cut off"
        [ "$verb" = open ] || web open path=/srv/shop
        web_cut "$verb" 0
        all=$(grep -c '' "$root/tmp/calls")
        want "$verb does several things" test "$all" -ge 4
        for n in $(seq "$all"); do
            about="$suite $verb cut off at $n of $all: $(sed -n "${n}p" "$root/tmp/calls" 2>/dev/null | cut -c 1-80)"
            web close path=/srv/shop
            [ "$verb" = open ] || web open path=/srv/shop
            web_cut "$verb" "$n"
            deny 'it did not get to its end' grep -q '^stagepass-end=' "$tmp/cut.out"
            want 'whoever is in is in the record' eval '! grep -q "^sp-anna:" "$file" || grep -q ^digest= "$root/var/lib/stagepass/$grant/record"'
            want 'and the failsafe is there' eval '! grep -q "^sp-anna:" "$file" || test -e "$root/etc/cron.d/stagepass-$grant"'
            want 'the file is whole' eval 'grep -qx "merchant:.*" "$file" && [ "$(grep -c "" "$file")" -le 3 ]'
            if [ "$verb" = open ] && [ $((n % 3)) = 0 ]; then
                web open path=/srv/shop
                finishes
                want 'a second open finishes it' opens shop
                same 'with one entry' 1 "$(grep -c '^sp-anna:' "$file")"
            fi
        done
        web close path=/srv/shop
        finishes
        says absent=true entry_absent=true failsafe_absent=true
        web collected
        same 'nothing is left' "$before" "$(web_content)"
    done
    rm -f "$root/tmp/calls" "$root/tmp/main"
}

web_starts_cron() {
    on pgrep -x cron >/dev/null || on /usr/sbin/cron
    want 'cron runs' again 20 on pgrep -x cron
}

# ---- nobody around -------------------------------------------------------------------------------

# One that ends while the others are tried: cron comes once a minute.
web_due_soon() {
    about="$suite by itself"
    web_starts_cron
    web detect path=/srv/n2
    says failsafe=cron.d failsafe_reason=
    grant=k3v9q2m7xcw web open path=/srv/n2 "deadline=$(($(date +%s) + 20))"
    finishes
    says failsafe=cron.d
    want 'it opens' opens n2
    grant=k3v9q2m7xcw web check path=/srv/n2
    says failsafe_present=true expired=false
    want 'the failsafe holds no hash' eval '! grep -qF -e "$web_hash" -e "$web_secret" -r "$root/var/lib/stagepass"'
}

web_ends_by_itself() {
    local before
    about="$suite by itself"
    want 'it is shut after the deadline' again 90 shut n2
    want 'and all of it goes' again 70 test ! -e "$root/var/lib/stagepass/k3v9q2m7xcw"
    same 'nothing is left' "merchant:$web_merchant" "$(cat "$root/etc/nginx/n2.htpasswd")"
    want 'nor what started it' test ! -e "$root/etc/cron.d/stagepass-k3v9q2m7xcw"
    grant=k3v9q2m7xcw web close path=/srv/n2
    finishes
    says by_server=true already_absent=true absent=true entry_absent=true failsafe_absent=true result_kept=true
    want 'with the time' grep -qE '^server_closed_at=[1-9][0-9]{9}$' <<<"$out"
    grant=k3v9q2m7xcw web collected
    before=$(web_content)
    about="$suite by itself, extended"
    web open path=/srv/shop "deadline=$(($(date +%s) - 1))"
    web update path=/srv/shop
    on /bin/sh "/var/lib/stagepass/$grant/failsafe"
    want 'a failsafe that is early does nothing' opens shop
    on sh -c "printf 'deadline=0\nhard=0\n' >/var/lib/stagepass/$grant/ends"
    web check path=/srv/shop
    says expired=true
    on /bin/sh "/var/lib/stagepass/$grant/failsafe"
    want 'one that is not shuts' shut shop
    same 'nothing is left' "$before" "$(web_content)"
    web close path=/srv/shop
    web collected
    on pkill -KILL -x cron
}

# With a systemd: by its timer, also when the server was off at the deadline.
web_booted() {
    local was_account=$account was_grant=$grant apache_port=80
    account=sp-anna grant=k3v9q2m7xaw
    about="$suite by systemd"
    "$repo/tests/hosts/hosts" layer "$suite" || stop "no web servers for $suite"
    boot_full "$suite" --layer web
    web_secrets
    rm -f "$root"/etc/apache2/sites-enabled/*
    served /srv/shop
    vhost shop /srv/shop "<Directory /srv/shop>
$(basic Shop /etc/apache2/staging.htpasswd)
</Directory>" >"$root/etc/apache2/sites-enabled/shop.conf"
    printf 'merchant:%s\n' "$web_merchant" >"$root/etc/apache2/staging.htpasswd"
    on systemctl start apache2
    want 'Apache asks' again 20 shut shop
    web detect path=/srv/shop
    says supported=true failsafe=systemd has_systemd=true
    web open path=/srv/shop "deadline=$(($(date +%s) + 4))"
    finishes
    says failsafe=systemd
    want 'it opens' opens shop
    web check path=/srv/shop
    says failsafe_present=true present=true
    want 'it is shut at the deadline' again 20 shut shop
    want 'and all of it goes' again 20 test ! -e "$root/var/lib/stagepass/$grant"
    same 'nothing is left' "merchant:$web_merchant" "$(cat "$root/etc/apache2/staging.htpasswd")"
    want 'nor a unit' eval '! ls "$root"/etc/systemd/system/stagepass-* 2>/dev/null'
    web close path=/srv/shop
    finishes
    says by_server=true absent=true entry_absent=true
    web collected
    about="$suite by systemd, without power at the deadline"
    web open path=/srv/shop "deadline=$(($(date +%s) + 5))"
    finishes
    "$repo/tests/hosts/hosts" full off "$host"
    sleep 5
    "$repo/tests/hosts/hosts" full on "$host" >"$tmp/host.json"
    set_full
    want 'it is shut when it is up again' again 30 test ! -e "$root/var/lib/stagepass/$grant"
    same 'nothing is left' "merchant:$web_merchant" "$(cat "$root/etc/apache2/staging.htpasswd")"
    web close path=/srv/shop
    says by_server=true entry_absent=true
    stop_full
    account=$was_account grant=$was_grant
}

web_tells_marks() {
    about="$suite marks"
    web_starts_cron
    web open path=/srv/shop
    grant=k3v9q2m7xbw web open path=/srv/n1 account=sp-ben tag=other7
    web marks
    finishes
    same 'all there is' "mark=cron k3v9q2m7xaw sp-anna t4g - /etc/cron.d/stagepass-k3v9q2m7xaw
mark=cron k3v9q2m7xbw sp-ben other7 - /etc/cron.d/stagepass-k3v9q2m7xbw
mark=entry k3v9q2m7xaw sp-anna t4g - /etc/apache2/staging.htpasswd
mark=entry k3v9q2m7xbw sp-ben other7 - /etc/nginx/guards/n1
mark=record k3v9q2m7xaw sp-anna t4g - /var/lib/stagepass/k3v9q2m7xaw/
mark=record k3v9q2m7xbw sp-ben other7 - /var/lib/stagepass/k3v9q2m7xbw/
stagepass=1" "$(sort <<<"$out")"
    grant=k3v9q2m7xbw web close path=/srv/n1 account=sp-ben
    rm -r "$root/var/lib/stagepass/k3v9q2m7xaw" "$root/etc/cron.d/stagepass-k3v9q2m7xaw"
    web marks
    same 'an entry whose record is lost, and a result' 'mark=entry k3v9q2m7xaw sp-anna t4g - /etc/apache2/staging.htpasswd
mark=result k3v9q2m7xbw - - - /var/lib/stagepass/result.k3v9q2m7xbw
stagepass=1' "$(sort <<<"$out")"
    web close path=/srv/shop
    finishes
    says absent=true already_absent=false entry_absent=true
    want 'it is found without its record' shut shop
    grant=k3v9q2m7xbw web collected
    web marks
    same 'none' stagepass=1 "$out"
    on pkill -KILL -x cron
}

# The hash is in the password file and nowhere else: no argument, no environment, no other file.
web_keeps_secrets() {
    about="$suite secrets"
    local one
    script web-password open path=/srv/shop "password=$web_hash" has_password=1 >"$tmp/script"
    timeout 60 strace -f -qq -s 4000 -v -e trace=execve -o "$tmp/trace" nsenter --target "${inside[$suite]}" --mount --pid --uts -- chroot "$root" /bin/sh -s <"$tmp/script" >/dev/null 2>&1
    want 'it opened' opens shop
    want 'programs were seen' test "$(grep -c execve "$tmp/trace")" -gt 20
    deny 'none was told the hash' grep -qF "${web_hash:7}" "$tmp/trace"
    same 'one file holds it' "$root/etc/apache2/staging.htpasswd" "$(grep -rlF --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev "${web_hash:7}" "$root/etc" "$root/var" "$root/tmp" "$root/run" "$root/root" "$root/srv" "$root/home" 2>/dev/null)"
    web update path=/srv/shop
    finishes
    web close path=/srv/shop
    finishes
    same 'and then none' '' "$(grep -rlF "${web_hash:7}" "$root/etc" "$root/var" "$root/tmp" "$root/run" "$root/root" "$root/srv" "$root/home" 2>/dev/null)"
    web collected
}

# Users of several grants in two files, taken out by one script; and told together that it is recorded. One whose file cannot be
# changed keeps none of the others in.
web_together() {
    local one name was_grant=$grant was_account=$account of_provider=web-password shop_file=$root/etc/apache2/staging.htpasswd other was
    local -A site_of=([ann]=shop [ben]=n1 [cleo]=shop)
    was=$(cat "$shop_file")
    for one in /bin/sh 'bash --posix' "${STAGEPASS_TEST_BUSYBOX:+/opt/busybox sh}"; do
        [ -n "$one" ] || continue
        [ -z "${STAGEPASS_TEST_BUSYBOX:-}" ] || install -m 755 "$STAGEPASS_TEST_BUSYBOX" "$root/opt/busybox"
        about="$suite several together under $one"
        shell=$one
        for name in ann ben cleo; do
            grant=k3v9q2m7x$name account=sp-$name
            web open "path=/srv/${site_of[$name]}"
            finishes
            want 'it opens' opens "${site_of[$name]}"
            [ "$name" != ben ] || other=$(sed -n 's/^password_file=//p' <<<"$out")
        done
        # Neither can it be written, nor another one be put in its place.
        on mount --bind "$other" "$other"
        on mount -o remount,bind,ro "$other"
        for name in ann ben cleo; do
            grant=k3v9q2m7x$name account=sp-$name
            batch "path=/srv/${site_of[$name]}"
        done
        closes
        for name in 1 3; do
            of "$name"
            finishes
            says absent=true already_absent=false result_kept=true
        done
        of 2
        fails entry-left
        on umount "$other"
        for name in ann ben cleo; do
            account=sp-$name
            [ "$name" = ben ] || want 'it is shut' shut "${site_of[$name]}"
        done
        grant=k3v9q2m7xben account=sp-ben
        web close path=/srv/n1
        finishes
        want 'it is shut as well' shut n1
        for name in ann ben cleo; do
            grant=k3v9q2m7x$name account=sp-$name
            batch "path=/srv/${site_of[$name]}"
        done
        closes collected
        for name in 1 2 3; do
            of "$name"
            finishes
            says result_kept=false
        done
        same 'the file is as before' "$was" "$(cat "$shop_file")"
        same 'nothing is left' '' "$(cd "$root/var/lib/stagepass" && find . -mindepth 1 -maxdepth 1 -name '*k3v9q2m7x*' ! -name 'ended.*')"
        grant=$was_grant account=$was_account shell=/bin/sh
    done
}

web_other_shells() {
    local one
    for one in 'bash --posix' "${STAGEPASS_TEST_BUSYBOX:+/opt/busybox sh}"; do
        [ -n "$one" ] || continue
        [ -z "${STAGEPASS_TEST_BUSYBOX:-}" ] || install -m 755 "$STAGEPASS_TEST_BUSYBOX" "$root/opt/busybox"
        about="$suite under $one"
        shell=$one
        for site in shop n1 ht; do
            web detect "path=/srv/$site"
            says supported=true
            web open "path=/srv/$site"
            finishes
            want 'it opens' opens "$site"
            web check "path=/srv/$site"
            says present=true entry_matches=true
            web update "path=/srv/$site"
            finishes
            web close "path=/srv/$site"
            finishes
            want 'it is shut' shut "$site"
            web collected
            finishes
        done
        shell=/bin/sh
    done
}
