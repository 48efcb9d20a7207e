<?php
// A temporary user in the administration of WordPress, with or without WooCommerce. It is found again by its name together with
// what stands in its user meta (`stagepass`: grant and tag) or in its address, and nothing without that is ever touched.

// Nothing here writes to anybody.
function wp_mail()
{
    return true;
}

class Stagepass_Wordpress
{
    protected $config;
    protected $direct = null;
    protected $prefix = 'wp_';
    protected $users;
    protected $meta;
    // Where WordPress loads what comes before all plugins, as the settings say; null where they do not.
    protected $guards = null;
    protected $content = null;

    // ---- what runs ------------------------------------------------------------------------------

    // The shop itself is loaded for these, and from outside of any function: what it defines is meant for everybody.
    public static function boots()
    {
        return Stagepass::told('by') === 'shop';
    }

    public static function before()
    {
        $host = Stagepass::told('host');
        $https = Stagepass::told('https') === '1';
        $_SERVER['HTTP_HOST'] = $_SERVER['SERVER_NAME'] = $host === '' ? 'localhost' : $host;
        $_SERVER['REQUEST_URI'] = $_SERVER['PHP_SELF'] = $_SERVER['SCRIPT_NAME'] = Stagepass::told('uri') . '/index.php';
        $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
        $_SERVER['REQUEST_METHOD'] = 'GET';
        $_SERVER['REMOTE_ADDR'] = '127.0.0.1';
        $_SERVER['SERVER_PORT'] = $https ? '443' : '80';
        if ($https) {
            $_SERVER['HTTPS'] = 'on';
        }
        // No error goes to a file of the shop, no job of others is started, nobody is asked over the network.
        foreach (array('WP_DISABLE_FATAL_ERROR_HANDLER' => true, 'WP_DEBUG' => false, 'DISABLE_WP_CRON' => true, 'WP_HTTP_BLOCK_EXTERNAL' => true, 'WP_USE_THEMES' => false) as $name => $value) {
            define($name, $value);
        }
        // Plugins and the theme are left out: one of them cannot be loaded here.
        if (Stagepass::told('bare') === '1') {
            define('WP_INSTALLING', true);
        }
        return Stagepass::told('root') . '/wp-load.php';
    }

    public static function after()
    {
        @ini_set('display_errors', '0');
        @ini_set('log_errors', '0');
        if (self::boots()) {
            Stagepass::say('began', true);
            require_once ABSPATH . 'wp-admin/includes/user.php';
            if (is_multisite()) {
                require_once ABSPATH . 'wp-admin/includes/ms.php';
            }
        }
        $verb = Stagepass::told('verb');
        $known = array('look', 'facts', 'open', 'update', 'check', 'shut', 'close', 'gone', 'marks');
        if (!in_array($verb, $known, true)) {
            Stagepass::fail('bad-input', 'There is no such verb.');
        }
        // What makes the user, or ends it, is sent to what does that.
        $class = 'Stagepass_Wordpress';
        foreach (array('Making', 'Ending') as $part) {
            $class = class_exists('Stagepass_Wordpress_' . $part, false) ? 'Stagepass_Wordpress_' . $part : $class;
        }
        $shop = new $class();
        if (!self::boots() && in_array($verb, array('open', 'update'), true)) {
            $verb .= '_by_rows';
        }
        $shop->$verb();
        Stagepass::finish(0);
    }

    // ---- the database, without the shop ---------------------------------------------------------

    // Opens it by what the configuration says as text; says why not where that is not plain.
    protected function connect()
    {
        if (Stagepass::told('by') === 'shop') {
            return $this->through_shop();
        }
        $why = $this->settings($name, $host, $user, $password, $flags, $file);
        if ($why === '') {
            try {
                $this->direct = $file === '' ? Stagepass_Database::mysql($host, $user, $password, $name, $flags) : Stagepass_Database::sqlite($file);
                Stagepass::say('siteurl', (string) $this->value('SELECT option_value FROM ' . $this->table('options') . ' WHERE option_name = ?', array('siteurl')));
            } catch (Exception $error) {
                $this->direct = null;
                $why = 'database-' . $error->getCode();
            }
        }
        Stagepass::say('direct', $why === '');
        if ($why !== '') {
            Stagepass::say('direct_why', $why);
            return false;
        }
        Stagepass::say('reread', 'direct');
        // Which one it is, for a close that comes when the settings name another.
        Stagepass::say('database', $file === '' ? "$host $name " . $this->prefix : $file . ' ' . $this->prefix);
        return true;
    }

    // The same questions to the same rows, put by the shop.
    protected function through_shop()
    {
        global $wpdb;
        $this->direct = Stagepass_Database::of_wordpress($wpdb);
        $this->prefix = $wpdb->base_prefix;
        $this->users = $wpdb->users;
        $this->meta = $wpdb->usermeta;
        Stagepass::say('reread', 'shop');
        return true;
    }

    // The settings, from whoever could read them.
    protected static function text()
    {
        $told = Stagepass::told('settings');
        return $told !== '' ? (string) base64_decode($told) : (string) @file_get_contents(Stagepass::told('config'), false, null, 0, 1048576);
    }

    protected function settings(&$name, &$host, &$user, &$password, &$flags, &$file)
    {
        $name = $host = $user = $password = $file = '';
        $flags = 0;
        if (!function_exists('token_get_all')) {
            return 'no-tokenizer';
        }
        $text = self::text();
        if ($text === '') {
            return 'config-unreadable';
        }
        $layout = Stagepass::told('layout');
        $config = $this->config = new Stagepass_Constants($text, array('wp-settings.php'));
        if ($layout === 'bedrock') {
            return $this->environment($text, $name, $host, $user, $password);
        }
        if (!$config->plain) {
            return 'config-not-plain';
        }
        // What the package of Debian takes where the file of the site says nothing.
        $debian = $layout === 'debian';
        $prefix = $config->value('$table_prefix', $debian ? 'wp_' : null);
        $name = $config->value('DB_NAME', $debian ? 'wordpress' : null);
        $user = $config->value('DB_USER', $debian ? 'wordpress' : null);
        $password = $config->value('DB_PASSWORD');
        $host = $config->value('DB_HOST', $debian ? 'localhost' : null);
        $this->users = $config->value('CUSTOM_USER_TABLE', '');
        $this->meta = $config->value('CUSTOM_USER_META_TABLE', '');
        $content = $config->value('WP_CONTENT_DIR', $debian ? '/var/lib/wordpress/wp-content' : Stagepass::told('root') . '/wp-content');
        $why = $this->named($prefix, $this->users, $this->meta);
        if ($why !== '') {
            return $why;
        }
        $this->content = $content === null ? null : rtrim($content, '/');
        $this->guards = $config->value('WPMU_PLUGIN_DIR', $content === null ? null : rtrim($content, '/') . '/mu-plugins');
        if ($content !== null && is_file($content . '/db.php')) {
            return $this->drop_in($content, $file);
        }
        if ($config->has('MYSQL_CLIENT_FLAGS')) {
            $flags = $config->value('MYSQL_CLIENT_FLAGS');
        }
        foreach (array($name, $user, $password, $host, $flags) as $value) {
            if ($value === null) {
                return 'config-not-plain';
            }
        }
        return function_exists('mysqli_init') ? '' : 'no-mysqli';
    }

    protected function named($prefix, $users, $meta)
    {
        foreach (array($prefix, $users === null ? null : 'x' . $users, $meta === null ? null : 'x' . $meta) as $word) {
            if ($word === null || !preg_match('/^[A-Za-z0-9_]{1,60}$/D', $word)) {
                return 'config-not-plain';
            }
        }
        $this->prefix = $prefix;
        $this->users = $users === '' ? $prefix . 'users' : $users;
        $this->meta = $meta === '' ? $prefix . 'usermeta' : $meta;
        return '';
    }

    // A database of another kind: SQLite is known. What the settings say of it counts as far as they are the drop-in's own words, and
    // where its plugin is gone WordPress goes back to MySQL: the rows of a file that is not used any more would say what is over.
    protected function drop_in($content, &$file)
    {
        $text = (string) @file_get_contents($content . '/db.php', false, null, 0, 65536);
        if (stripos($text, 'sqlite') === false || !self::has_sqlite_plugin($content, $text)) {
            return 'other-database';
        }
        foreach (array('DB_ENGINE', 'DATABASE_ENGINE', 'DATABASE_TYPE') as $engine) {
            if ($this->config->value($engine, 'sqlite') !== 'sqlite') {
                return 'other-database';
            }
        }
        $folder = $this->config->value('DB_DIR', $content . '/database');
        $name = $this->config->value('DB_FILE', '.ht.sqlite');
        if ($folder === null || $name === null || $this->config->has('FQDB') || $this->config->has('FQDBDIR') || !is_file(rtrim($folder, '/') . '/' . $name)) {
            return 'config-not-plain';
        }
        if (!extension_loaded('pdo_sqlite')) {
            return 'no-sqlite';
        }
        $file = rtrim($folder, '/') . '/' . $name;
        return '';
    }

    // Where the drop-in looks for it: the folder that it was given, or that of the plugin.
    protected static function has_sqlite_plugin($content, $text)
    {
        preg_match_all("{'(/[^'\n]{1,400})'}", $text, $named);
        foreach (array_merge($named[1], array($content . '/plugins/sqlite-database-integration')) as $folder) {
            if (is_file($folder . '/wp-includes/sqlite/db.php')) {
                return true;
            }
        }
        return false;
    }

    // Bedrock: the settings are in `.env`, a line each.
    protected function environment($text, &$name, &$host, &$user, &$password)
    {
        $values = array('DB_HOST' => 'localhost', 'DB_PREFIX' => 'wp_');
        foreach (preg_split('/\R/', $text) as $line) {
            if (preg_match('/^\s*(?:export\s+)?([A-Z_]+)\s*=\s*(.*?)\s*$/', $line, $m)) {
                $value = $m[2];
                if (preg_match('/^\'([^\']*)\'$/', $value, $q) || preg_match('/^"([^"\\\\$]*)"$/', $value, $q)) {
                    $value = $q[1];
                } elseif (preg_match('/["\'\\\\$#\s]/', $value)) {
                    $value = null;
                }
                $values[$m[1]] = array_key_exists($m[1], $values) && !in_array($m[1], array('DB_HOST', 'DB_PREFIX'), true) ? null : $value;
            }
        }
        if (isset($values['DATABASE_URL'])) {
            return 'config-not-plain';
        }
        foreach (array('DB_NAME', 'DB_USER', 'DB_PASSWORD', 'DB_HOST') as $wanted) {
            if (!isset($values[$wanted])) {
                return 'config-not-plain';
            }
        }
        list($name, $user, $password, $host) = array($values['DB_NAME'], $values['DB_USER'], $values['DB_PASSWORD'], $values['DB_HOST']);
        return $this->named($values['DB_PREFIX'], '', '');
    }

    protected function table($name)
    {
        return $this->prefix . $name;
    }

    protected function value($sql, $bound = array())
    {
        return $this->direct->value($sql, $bound);
    }

    protected function count($sql, $bound = array())
    {
        return (int) $this->direct->value('SELECT COUNT(*) FROM ' . $sql, $bound);
    }

    // ---- which user is ours ---------------------------------------------------------------------

    protected static function mark()
    {
        return trim(Stagepass::told('grant') . ' ' . Stagepass::told('tag'));
    }

    protected static function address()
    {
        return 'x@' . Stagepass::told('grant') . '.invalid';
    }

    protected static function role()
    {
        return 'stagepass_' . Stagepass::told('grant');
    }

    // The number of the user of that name, and whether it is ours, read from the rows. The user that was made is ours by another
    // name as well, as long as it has the mark; anybody else who has it is not.
    protected function row(&$ours)
    {
        $id = (int) $this->value('SELECT ID FROM ' . $this->users . ' WHERE user_login = ?', array(Stagepass::told('account')));
        $ours = $id > 0 && ($this->marked($id) || $this->count($this->users . ' WHERE ID = ? AND user_email = ?', array($id, self::address())) > 0);
        $made = (int) Stagepass::told('user_id');
        if (!$ours && $made > 0 && $this->marked($made) && $this->count($this->users . ' WHERE ID = ?', array($made)) > 0) {
            $ours = true;
            return $made;
        }
        return $id;
    }

    protected function marked($id)
    {
        return $this->count($this->meta . ' WHERE user_id = ? AND meta_key = ? AND meta_value = ?', array($id, 'stagepass', self::mark())) > 0;
    }

    // The same through the shop.
    protected static function user(&$ours)
    {
        $user = get_user_by('login', Stagepass::told('account'));
        $ours = $user && (get_user_meta($user->ID, 'stagepass', true) === self::mark() || $user->user_email === self::address());
        $made = (int) Stagepass::told('user_id');
        if (!$ours && $made > 0 && get_user_meta($made, 'stagepass', true) === self::mark() && get_user_by('id', $made)) {
            $ours = true;
            return get_user_by('id', $made);
        }
        return $user;
    }

    // ---- looking --------------------------------------------------------------------------------

    // What the database says before the shop is loaded: under which name it wants to be asked.
    protected function facts()
    {
        if (!$this->connect()) {
            return;
        }
        if ($this->guards !== null) {
            Stagepass::say('guard_folder', $this->guards);
        }
        if ($this->content !== null) {
            Stagepass::say('content_folder', $this->content);
        }
        $this->say_state();
        if (class_exists('Stagepass_Wordpress_Signals', false)) {
            $signals = new Stagepass_Wordpress_Signals(self::text());
            $signals->say_rows($this->direct, $this->prefix);
        }
    }

    // What is compared at the end.
    protected function say_state()
    {
        if (Stagepass::told('state') === '1') {
            Stagepass_State::tell(new Stagepass_Wordpress_State($this->direct, $this->prefix, $this->users, $this->meta));
        }
    }

    protected function look()
    {
        global $wp_version;
        Stagepass::say('version', $wp_version);
        Stagepass::say('php_version', PHP_VERSION);
        Stagepass::say('multisite', is_multisite());
        Stagepass::say('login_url', wp_login_url());
        Stagepass::say('admin_url', admin_url());
        Stagepass::say('home', home_url());
        Stagepass::say('object_cache', (bool) wp_using_ext_object_cache());
        Stagepass::say('woocommerce', class_exists('WooCommerce') && defined('WC_VERSION') ? WC_VERSION : '');
        foreach (array_keys(wp_roles()->roles) as $role) {
            Stagepass::say('role', $role);
        }
        Stagepass::say('grants_role', get_role('shop_manager') ? 'shop_manager' : 'settings');
        $this->say_guard_place();
        // Sent where it is wanted.
        if (class_exists('Stagepass_Wordpress_Signals', false)) {
            $signals = new Stagepass_Wordpress_Signals(self::text());
            $signals->say();
            $this->through_shop();
            $signals->say_rows($this->direct, $this->prefix);
        }
        $this->user_to_be();
    }

    // The user as far as it is there, when nobody else is in its place.
    protected function user_to_be()
    {
        $user = self::user($ours);
        $other = get_user_by('email', self::address());
        self::refuse_taken($user && !$ours, $other && (!$user || $other->ID !== $user->ID) ? $other->user_login : null);
        return $user;
    }

    protected static function refuse_taken($name, $other)
    {
        if ($name) {
            Stagepass::refuse('name-taken', 'The shop has a user ' . Stagepass::told('account') . ' already, and it is not of this grant. Choose another name.');
        }
        if ($other !== null) {
            Stagepass::refuse('address-taken', 'The shop has another user with the address of this grant (' . $other . ').');
        }
    }

    // Whether a file of ours can stand where WordPress loads every one before all plugins.
    protected function say_guard_place()
    {
        $folder = untrailingslashit(WPMU_PLUGIN_DIR);
        $there = is_dir($folder);
        Stagepass::say('guard_folder', $folder);
        Stagepass::say('content_folder', untrailingslashit(WP_CONTENT_DIR));
        Stagepass::say('guard_folder_there', $there);
        Stagepass::say('guard_fits', $there ? is_writable($folder) : is_writable(dirname($folder)));
    }

    // ---- writing ---------------------------------------------------------------------------------

    // As it comes, which no function of WordPress takes: they hash what they are given.
    protected function set_hash($id, $hash)
    {
        global $wpdb;
        if ($wpdb->update($wpdb->users, array('user_pass' => $hash, 'user_activation_key' => ''), array('ID' => $id)) === false) {
            Stagepass::fail('database-refused', 'The database did not take the password.');
        }
        clean_user_cache($id);
    }

    // Whether all that the shop itself would do is to write rows: it is one shop and no network of them, on MySQL, its settings say
    // plainly where things are, and it keeps no copies of rows (the shell looked for the file by which it would).
    protected function only_rows()
    {
        return $this->direct->kind === 'mysql' && Stagepass::told('content') !== '' && Stagepass::told('content') === $this->content
            && $this->users === $this->table('users') && $this->meta === $this->table('usermeta')
            && !$this->config->has('MULTISITE') && !$this->direct->tables($this->prefix, 'blogs') && $this->roles($text) !== null;
    }

    // The roles as they stand in the row; null where they would not be the same when they are written again.
    protected function roles(&$text)
    {
        $text = (string) $this->value('SELECT option_value FROM ' . $this->table('options') . ' WHERE option_name = ?', array($this->table('user_roles')));
        $roles = @unserialize($text, array('allowed_classes' => false));
        return is_array($roles) && serialize($roles) === $text ? $roles : null;
    }

    // Takes our role out, and puts it in where ROLE is one. What the shop wrote meanwhile is not written over.
    protected function change_role($role)
    {
        for ($try = 0; $try < 5; $try++) {
            $roles = $this->roles($text);
            if ($roles === null) {
                return false;
            }
            unset($roles[self::role()]);
            if ($role !== null) {
                $roles[self::role()] = $role;
            }
            $new = serialize($roles);
            $where = array($new, $this->table('user_roles'), $text);
            if ($new === $text || $this->direct->change('UPDATE ' . $this->table('options') . ' SET option_value = ? WHERE option_name = ? AND option_value = ?', $where) > 0) {
                return true;
            }
        }
        return false;
    }

    // ---- its state ------------------------------------------------------------------------------

    // By the rows alone.
    protected function check()
    {
        if (!$this->connect()) {
            return;
        }
        $id = $this->row($ours);
        Stagepass::say('present', $id > 0 && $ours);
        Stagepass::say('foreign', $id > 0 && !$ours);
        if ($id > 0 && $ours) {
            Stagepass::say('user_id', $id);
            Stagepass::say('marked', $this->marked($id));
            $this->say_roles($id);
            Stagepass::say('sessions', $this->sessions($id));
            $this->say_uses($id);
            Stagepass::say('keys', $this->keys($id));
        }
    }

    // Every role that it has anywhere, and whether ours is all of it.
    protected function say_roles($id)
    {
        $roles = array();
        foreach ($this->direct->values('SELECT meta_value FROM ' . $this->meta . " WHERE user_id = ? AND meta_key LIKE '%capabilities'", array($id)) as $text) {
            $found = @unserialize($text, array('allowed_classes' => false));
            $roles = array_merge($roles, is_array($found) ? array_keys(array_filter($found)) : array('unreadable'));
        }
        foreach ($roles as $role) {
            Stagepass::say('role', $role);
        }
        Stagepass::say('role_matches', $roles === array(self::role()));
    }

    // The logins that the file in the shop wrote down, but for those that are known already: UNIXTIME ADDRESS KIND PROGRAM.
    protected function say_uses($id)
    {
        $uses = $this->direct->values('SELECT meta_value FROM ' . $this->meta . " WHERE user_id = ? AND meta_key = 'stagepass_use' ORDER BY umeta_id", array($id));
        $uses = preg_grep('/^\d{1,12} [0-9a-fA-F:.-]+ (?:login|refused)(?: |$)/D', $uses);
        foreach (array_slice($uses, (int) Stagepass::told('uses_from')) as $use) {
            Stagepass::say('use', $use);
        }
        Stagepass::say('uses_total', count($uses));
    }

    protected function sessions($id)
    {
        $found = @unserialize((string) $this->value('SELECT meta_value FROM ' . $this->meta . ' WHERE user_id = ? AND meta_key = ?', array($id, 'session_tokens')), array('allowed_classes' => false));
        return is_array($found) ? count($found) : 0;
    }

    // Of WooCommerce, and application passwords.
    protected function keys($id)
    {
        $keys = $this->count($this->meta . ' WHERE user_id = ? AND meta_key = ?', array($id, '_application_passwords'));
        foreach (array('woocommerce_api_keys', 'wc_webhooks') as $kind) {
            foreach ($this->direct->tables($this->prefix, $kind) as $table) {
                $keys += $this->count($table . ' WHERE user_id = ?', array($id));
            }
        }
        return $keys;
    }

    // Whatever the grant: NUMBER NAME MARK.
    protected function marks()
    {
        if (!$this->connect()) {
            return;
        }
        $seen = array();
        foreach ($this->direct->values('SELECT user_id FROM ' . $this->meta . ' WHERE meta_key = ?', array('stagepass')) as $id) {
            $name = (string) $this->value('SELECT user_login FROM ' . $this->users . ' WHERE ID = ?', array($id));
            $mark = (string) $this->value('SELECT meta_value FROM ' . $this->meta . ' WHERE user_id = ? AND meta_key = ?', array($id, 'stagepass'));
            if (preg_match('/^([0-9a-z]+)(?: ([0-9a-z]+))?$/D', $mark, $m)) {
                $seen[$m[1]] = true;
                Stagepass::say('found', 'entry ' . $m[1] . ' ' . (preg_match('/^[A-Za-z0-9_.-]+$/D', $name) ? $name : '-') . ' ' . (isset($m[2]) ? $m[2] : '-'));
            }
        }
        foreach ($this->direct->values('SELECT user_email FROM ' . $this->users . " WHERE user_email LIKE 'x@%.invalid'") as $address) {
            if (preg_match('/^x@([0-9a-z]+)\.invalid$/D', $address, $m) && !isset($seen[$m[1]])) {
                $name = (string) $this->value('SELECT user_login FROM ' . $this->users . ' WHERE user_email = ?', array($address));
                Stagepass::say('found', 'entry ' . $m[1] . ' ' . (preg_match('/^[A-Za-z0-9_.-]+$/D', $name) ? $name : '-') . ' -');
            }
        }
        foreach ($this->direct->tables($this->prefix, 'options') as $table) {
            foreach ($this->direct->values('SELECT option_value FROM ' . $table . " WHERE option_name LIKE '%user_roles'") as $roles) {
                preg_match_all('/"stagepass_([0-9a-z]+)";a:2:\{s:4:"name";s:\d+:"(?:stagepass \1(?: ([0-9a-z]+))?")?/', $roles, $found, PREG_SET_ORDER);
                foreach ($found as $m) {
                    Stagepass::say('found', 'role ' . $m[1] . ' - ' . (isset($m[2]) ? $m[2] : '-'));
                }
            }
        }
    }
}

Stagepass::begin($stagepass_told);
try {
    if (Stagepass_Wordpress::boots()) {
        Stagepass::$loading = true;
        require Stagepass_Wordpress::before();
        Stagepass::$loading = false;
    }
    Stagepass_Wordpress::after();
} catch (Throwable $stagepass_error) {
    Stagepass::caught($stagepass_error);
}
