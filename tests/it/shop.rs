//! A real WordPress on a throw-away host, as its own set-up leaves it, and the browser of somebody
//! who has a user there.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::host::Host;
use crate::stage::Stage;

/// What its visitors call it.
const SITE: &str = "staging.example";

/// The merchant, who is an administrator of the shop.
pub const MERCHANT: (&str, &str) = ("merchant", "merchants-Pw1");

/// The merchant's password for the site itself, where it asks for one.
pub const MERCHANTS_GUARD: (&str, &str) = ("merchant", "Merchant-4711");

/// A WordPress in `/var/www/shop`.
pub struct Shop {
    port: u16,
}

impl Shop {
    /// On a host that has an address of its own, behind HTTP Basic Authentication of Apache's.
    pub fn guarded(host: &Host) -> Self {
        Self::set_up(
            host,
            80,
            "AuthType Basic\nAuthName Staging\nAuthUserFile /etc/shop.passwords\nRequire valid-user",
        )
    }

    /// On any host, and open to everybody.
    pub fn open(host: &Host) -> Self {
        // A light host has the machine's own addresses.
        let taken = std::net::TcpListener::bind((host.address.as_str(), 0));
        let port = taken.map_or(80, |taken| taken.local_addr().unwrap().port());
        Self::set_up(host, port, "Require all granted")
    }

    fn set_up(host: &Host, port: u16, who: &str) -> Self {
        let (port_text, site) = match port {
            80 => ("80".to_owned(), SITE.to_owned()),
            port => (format!("{}:{port}", host.address), format!("{SITE}:{port}")),
        };
        let words = ["sh", "-euc", WORDPRESS, "sh", &site, &port_text, who];
        host.exec(&words).ok();
        Self { port }
    }

    /// Who has a user in the shop, a line each.
    pub fn users(host: &Host) -> Vec<String> {
        let users = host.sh("mariadb -N shop -e 'select user_login from wp_users order by 1'");
        users.lines().map(str::to_owned).collect()
    }

    /// Users, what is known of them, roles, and the files beside the plugins: what a grant has to
    /// leave as it was. Sessions come and go, and so does what WordPress notes down of its news.
    pub fn rows(host: &Host) -> String {
        host.sh(
            "mariadb -N shop -e \"select ID, user_login, user_pass, user_email, user_activation_key from wp_users order by ID
            select user_id, meta_key, meta_value from wp_usermeta
                where meta_key not in ('session_tokens', 'community-events-location') order by user_id, meta_key, meta_value
            select option_name, option_value from wp_options where option_name in
                ('wp_user_roles', 'active_plugins', 'users_can_register', 'default_role', 'admin_email', 'siteurl', 'home')
                order by option_name\" | sed 's/^/row /'
            cd /var/www/shop/wp-content
            find . -path ./uploads -prune -o ! -type d -printf '%p %m %U:%G %s\\n' -o -printf '%p %m %U:%G\\n' | sort",
        )
    }

    /// What the shop has of grants, as `WHAT ID`: users, roles, and files beside the plugins.
    pub fn marks(host: &Host) -> Vec<(String, String)> {
        let found = host.sh(
            "mariadb -N shop -e \"select concat('user ', replace(replace(user_email, 'x@', ''), '.invalid', '')) from wp_users
                where user_login <> 'merchant'
            union select concat('mark ', meta_value) from wp_usermeta where meta_key = 'stagepass'\"
            mariadb -N shop -e \"select option_value from wp_options where option_name = 'wp_user_roles'\" |
                grep -o '\"stagepass_[0-9a-z]*\"' | sed 's/\"stagepass_\\(.*\\)\"/role \\1/' || :
            ls /var/www/shop/wp-content/mu-plugins 2>/dev/null | sed -n 's/^stagepass-\\(.*\\)\\.php.*/guard \\1/p' || :",
        );
        let pair = |line: &str| {
            let mut words = line.split_whitespace().map(str::to_owned);
            (words.next().unwrap(), words.next().unwrap_or_default())
        };
        found.lines().map(pair).collect()
    }

    /// A browser without cookies.
    pub fn browser<'a>(&self, stage: &'a Stage, host: &Host) -> Browser<'a> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Browser {
            stage,
            address: format!("{}:{}", host.address, self.port),
            guard: String::new(),
            jar: stage.supporter_path().join(format!("cookies{number}")),
        }
    }
}

/// Somebody's browser.
pub struct Browser<'a> {
    stage: &'a Stage,
    address: String,
    guard: String,
    jar: PathBuf,
}

impl Browser<'_> {
    /// It knows the password of the site itself.
    pub fn knows(mut self, (user, password): (&str, &str)) -> Self {
        self.guard = format!("{user}:{password}");
        self
    }

    /// Its cookies are in this file, also those of another browser before it.
    pub fn keeps(mut self, jar: &Path) -> Self {
        self.jar = jar.to_owned();
        self
    }

    pub fn has_cookies(&self) -> bool {
        self.jar.exists()
    }

    /// Logs in through the form of the shop: the status of the page with the form, and what came of it.
    pub fn logs_in(&self, (user, password): (&str, &str)) -> String {
        self.asks("login", user, password)
    }

    /// Whether the cookies open a page of the administration.
    pub fn is_in(&self) -> bool {
        match self.asks("look", "", "").as_str() {
            "200" => true,
            "302" => false,
            other => panic!("the shop answers {other}"),
        }
    }

    fn asks(&self, what: &str, user: &str, password: &str) -> String {
        let jar = self.jar.to_str().unwrap();
        let told = [what, &self.address, SITE, &self.guard, user, password, jar].join("\n");
        let run = self.stage.program("python3", ["-c", BROWSER]).stdin(told).run().ok();
        run.stdout.trim().replace('\n', ", ")
    }
}

/// What a browser that was let in is told.
pub const LET_IN: &str = "200, 302 logged_in";

/// What it is told otherwise: the form once more.
pub const ASKED_AGAIN: &str = "200, 200 not logged_in";

/// As a supporter's browser does it, with the password of the site and then by the form.
const BROWSER: &str = "
import base64, http.cookiejar, os, sys, urllib.parse, urllib.request, urllib.error
what, address, site, guard, user, password, jar_file = sys.stdin.read().split('\\n')
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, *more):
        return None
jar = http.cookiejar.LWPCookieJar(jar_file)
if what == 'look' and os.path.exists(jar_file):
    jar.load(ignore_discard=True, ignore_expires=True)
opener = urllib.request.build_opener(Stay, urllib.request.HTTPCookieProcessor(jar))
def ask(path, form=None):
    request = urllib.request.Request('http://' + address + path, form)
    request.add_unredirected_header('Host', site + ('' if address.endswith(':80') else ':' + address.rsplit(':', 1)[1]))
    if guard:
        request.add_header('Authorization', 'Basic ' + base64.b64encode(guard.encode()).decode())
    try:
        return opener.open(request, timeout=30)
    except urllib.error.HTTPError as error:
        return error
if what == 'look':
    print(ask('/wp-admin/profile.php').status)
    sys.exit()
print(ask('/wp-login.php').status)
form = urllib.parse.urlencode({'log': user, 'pwd': password, 'testcookie': '1', 'wp-submit': 'Log In'})
answer = ask('/wp-login.php', form.encode())
let_in = any('wordpress_logged_in' in c.name and user in urllib.parse.unquote(c.value) for c in jar)
print(answer.status, 'logged_in' if let_in else 'not logged_in')
jar.save(ignore_discard=True, ignore_expires=True)
";

/// Its words: the name of the site, where Apache listens, and who is let in there.
const WORDPRESS: &str = r#"
site=$1 listen=$2 who=$3
mkdir -p /run/mysqld /var/www/shop
chown mysql /run/mysqld
setsid mariadbd --user=mysql --skip-networking --innodb-buffer-pool-size=32M >/var/log/mariadb.log 2>&1 </dev/null &
until mariadb -e 'select 1' >/dev/null 2>&1; do sleep 0.1; done
mariadb -e "create database shop; create user shop@localhost identified by 'db-secret'; grant all on shop.* to shop@localhost"
cd /var/www/shop
cp -rL /usr/share/wordpress/. .
rm -f wp-config.php .htaccess
mkdir -p wp-content/uploads
cat >wp-config.php <<'X'
<?php
define( 'DB_NAME', 'shop' );
define( 'DB_USER', 'shop' );
define( 'DB_PASSWORD', 'db-secret' );
define( 'DB_HOST', 'localhost' );
define( 'AUTH_KEY', 'a' );
define( 'DISABLE_WP_CRON', true );
define( 'WP_ENVIRONMENT_TYPE', 'staging' );
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) {
    define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
X
chmod 640 wp-config.php
chown -R www-data: .
runuser -u www-data -- env "SITE=$site" php <<'X'
<?php
$_SERVER['HTTP_HOST'] = getenv('SITE');
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
define('WP_INSTALLING', true);
define('WP_SITEURL', 'http://' . getenv('SITE'));
function wp_mail() { return true; }
require '/var/www/shop/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Shop', 'merchant', 'merchant@example.org', true, '', 'merchants-Pw1');
update_option('home', 'http://' . getenv('SITE'));
update_option('siteurl', 'http://' . getenv('SITE'));
X
htpasswd -nbB merchant Merchant-4711 >/etc/shop.passwords
chmod 640 /etc/shop.passwords
chgrp www-data /etc/shop.passwords
rm -f /etc/apache2/sites-enabled/*
echo "Listen $listen" >/etc/apache2/ports.conf
cat >/etc/apache2/sites-enabled/shop.conf <<X
<VirtualHost *:${listen##*:}>
    ServerName ${site%%:*}
    DocumentRoot /var/www/shop
    <Directory /var/www/shop>
        $who
    </Directory>
</VirtualHost>
X
apache2ctl start
"#;
