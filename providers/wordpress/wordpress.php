<?php
// A temporary user in the administration of WordPress, with or without WooCommerce. It is found again by its name together with
// what stands in its user meta (`stagepass`: grant and tag) or in its address, and nothing without that is ever touched.

// Nothing here writes to anybody.
function wp_mail()
{
    return true;
}

final class Stagepass_Wordpress
{
    private $config;
    private $direct = null;
    private $prefix = 'wp_';
    private $users;
    private $meta;
    // Where WordPress loads what comes before all plugins, as the settings say; null where they do not.
    private $guards = null;
    private $content = null;

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
        $shop = new self();
        if (!self::boots() && in_array($verb, array('open', 'update'), true)) {
            $verb .= '_by_rows';
        }
        $shop->$verb();
        Stagepass::finish(0);
    }

    // ---- the database, without the shop ---------------------------------------------------------

    // Opens it by what the configuration says as text; says why not where that is not plain.
    private function connect()
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
    private function through_shop()
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
    private static function text()
    {
        $told = Stagepass::told('settings');
        return $told !== '' ? (string) base64_decode($told) : (string) @file_get_contents(Stagepass::told('config'), false, null, 0, 1048576);
    }

    private function settings(&$name, &$host, &$user, &$password, &$flags, &$file)
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

    private function named($prefix, $users, $meta)
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
    private function drop_in($content, &$file)
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
    private static function has_sqlite_plugin($content, $text)
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
    private function environment($text, &$name, &$host, &$user, &$password)
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

    private function table($name)
    {
        return $this->prefix . $name;
    }

    private function value($sql, $bound = array())
    {
        return $this->direct->value($sql, $bound);
    }

    private function count($sql, $bound = array())
    {
        return (int) $this->direct->value('SELECT COUNT(*) FROM ' . $sql, $bound);
    }

    // ---- which user is ours ---------------------------------------------------------------------

    private static function mark()
    {
        return trim(Stagepass::told('grant') . ' ' . Stagepass::told('tag'));
    }

    private static function address()
    {
        return 'x@' . Stagepass::told('grant') . '.invalid';
    }

    private static function role()
    {
        return 'stagepass_' . Stagepass::told('grant');
    }

    // The number of the user of that name, and whether it is ours, read from the rows. The user that was made is ours by another
    // name as well, as long as it has the mark; anybody else who has it is not.
    private function row(&$ours)
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

    private function marked($id)
    {
        return $this->count($this->meta . ' WHERE user_id = ? AND meta_key = ? AND meta_value = ?', array($id, 'stagepass', self::mark())) > 0;
    }

    // The same through the shop.
    private static function user(&$ours)
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
    private function facts()
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
    }

    // What is compared at the end.
    private function say_state()
    {
        if (Stagepass::told('state') === '1') {
            try {
                $state = new Stagepass_Wordpress_State($this->direct, $this->prefix, $this->users, $this->meta, Stagepass::told('ours'));
                $state->say();
            } catch (Exception $error) {
                // A table of another version: that a user is gone is not less true for it.
                Stagepass::say('state_whole', false);
            }
        }
    }

    private function look()
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
        $this->signals();
        $this->user_to_be();
    }

    // The user as far as it is there, when nobody else is in its place.
    private function user_to_be()
    {
        $user = self::user($ours);
        $other = get_user_by('email', self::address());
        self::refuse_taken($user && !$ours, $other && (!$user || $other->ID !== $user->ID) ? $other->user_login : null);
        return $user;
    }

    private static function refuse_taken($name, $other)
    {
        if ($name) {
            Stagepass::refuse('name-taken', 'The shop has a user ' . Stagepass::told('account') . ' already, and it is not of this grant. Choose another name.');
        }
        if ($other !== null) {
            Stagepass::refuse('address-taken', 'The shop has another user with the address of this grant (' . $other . ').');
        }
    }

    // Whether a file of ours can stand where WordPress loads every one before all plugins.
    private function say_guard_place()
    {
        $folder = untrailingslashit(WPMU_PLUGIN_DIR);
        $there = is_dir($folder);
        Stagepass::say('guard_folder', $folder);
        Stagepass::say('content_folder', untrailingslashit(WP_CONTENT_DIR));
        Stagepass::say('guard_folder_there', $there);
        Stagepass::say('guard_fits', $there ? is_writable($folder) : is_writable(dirname($folder)));
    }

    // What tells a staging shop from a live one. A default says nothing: only what somebody set is told.
    // What shows whether this is staging, and only what somebody has set.
    private function signals()
    {
        $environment = defined('WP_ENVIRONMENT_TYPE') ? WP_ENVIRONMENT_TYPE : getenv('WP_ENVIRONMENT_TYPE');
        if (is_string($environment) && $environment !== '') {
            Stagepass::signal('environment', $environment, 'WP_ENVIRONMENT_TYPE');
        }
        Stagepass::signal('host', (string) parse_url(home_url(), PHP_URL_HOST), 'home');
        Stagepass::signal('host', (string) parse_url(site_url(), PHP_URL_HOST), 'siteurl');
        foreach (array('blog_public' => 'noindex', 'woocommerce_coming_soon' => 'coming-soon') as $option => $name) {
            $value = get_option($option, null);
            if (is_scalar($value)) {
                Stagepass::signal($name, $name === 'noindex' ? ($value ? 'no' : 'yes') : (string) $value, $option);
            }
        }
        $this->payments();
        $this->mail();
        $debug = $this->configured('WP_DEBUG');
        if ($debug !== null) {
            Stagepass::signal('debug', $debug === '1' ? 'yes' : 'no', 'WP_DEBUG');
        }
        $this->orders();
    }

    // Of the ways to pay that are switched on: whether money moves.
    private function payments()
    {
        $switches = array(
            array('multisafepay', 'multisafepay_testmode', null),
            array('mollie', 'mollie-payments-for-woocommerce_test_mode_enabled', null),
            array('stripe', 'woocommerce_stripe_settings', 'testmode'),
            array('ppcp', 'woocommerce-ppcp-settings', 'sandbox_on'),
            array('paypal', 'woocommerce_paypal_settings', 'testmode'),
        );
        foreach ($switches as $switch) {
            list($family, $option, $key) = $switch;
            $value = get_option($option, null);
            if ($key !== null) {
                $value = is_array($value) && isset($value[$key]) ? $value[$key] : null;
            }
            if (is_scalar($value) && $this->pays($family)) {
                $value = is_bool($value) ? ($value ? 'yes' : 'no') : (string) $value;
                Stagepass::signal('payment-test', $value, $key === null ? $option : $option . '.' . $key);
            }
        }
    }

    private function pays($family)
    {
        global $wpdb;
        $like = $wpdb->esc_like('woocommerce_' . $family) . '%' . $wpdb->esc_like('_settings');
        foreach ($wpdb->get_col($wpdb->prepare("SELECT option_value FROM {$wpdb->options} WHERE option_name LIKE %s", $like)) as $text) {
            $set = @unserialize($text, array('allowed_classes' => false));
            if (is_array($set) && isset($set['enabled']) && $set['enabled'] === 'yes') {
                return true;
            }
        }
        return false;
    }

    private function mail()
    {
        foreach ((array) get_option('active_plugins', array()) as $plugin) {
            if (in_array($plugin, array('disable-emails/disable-emails.php', 'stop-emails/stop-emails.php'), true)) {
                Stagepass::signal('mail', 'off', $plugin);
            }
        }
    }

    // Of the file itself: here it was said before.
    private function configured($name)
    {
        $text = self::text();
        if (Stagepass::told('layout') === 'bedrock' || !function_exists('token_get_all')) {
            return null;
        }
        $config = new Stagepass_Constants($text, array('wp-settings.php'));
        return $config->value($name);
    }

    private function orders()
    {
        if (!function_exists('wc_get_orders')) {
            return;
        }
        if (function_exists('wc_orders_count')) {
            Stagepass::signal('orders', (string) ((int) wc_orders_count('processing') + (int) wc_orders_count('completed')), 'orders');
        }
        $orders = wc_get_orders(array('limit' => 1, 'orderby' => 'date', 'order' => 'DESC', 'type' => 'shop_order', 'status' => array('wc-processing', 'wc-completed')));
        if ($orders && $orders[0]->get_date_created()) {
            Stagepass::signal('newest-paid-order', (string) $orders[0]->get_date_created()->getTimestamp(), $orders[0]->get_payment_method());
        }
    }

    // ---- making ---------------------------------------------------------------------------------

    // What WordPress itself gives rights for. Of a manager of the shop these are left out, but for `read`: who may write posts or see
    // and change users can do more than look at a shop.
    private static function of_wordpress($right)
    {
        return preg_match('/_(posts|pages|users|customers|themes|plugins|files|options|core|comments|categories|links|network|sites|dashboard|languages|theme_options|privacy_options|personal_data)$/D', $right)
            || in_array($right, array('import', 'export', 'unfiltered_html', 'unfiltered_upload', 'upload_files', 'customize', 'update_core', 'edit_css', 'setup_network', 'upload_plugins', 'upload_themes'), true)
            || strpos($right, 'level_') === 0 || strpos($right, 'manage_network') === 0;
    }

    // MANAGER is what a manager of the shop may, or null where there is none. Whoever may change settings could make himself an
    // administrator by them: only beside the file that keeps him from it.
    private static function rights($manager)
    {
        $rights = array('read' => true);
        if ($manager === null) {
            $rights['manage_options'] = true;
            $manager = array();
        }
        foreach ($manager as $right => $given) {
            if ($given && !self::of_wordpress($right)) {
                $rights[$right] = true;
            }
        }
        if (Stagepass::told('guard') !== 'written') {
            unset($rights['manage_options']);
        }
        return $rights;
    }

    private static function say_grants($rights)
    {
        Stagepass::say('grants', isset($rights['manage_woocommerce']) ? 'shop' : (isset($rights['manage_options']) ? 'settings' : 'read'));
    }

    // Until here nobody knows its password.
    private static function still_in_time()
    {
        if (time() > (int) Stagepass::told('not_after')) {
            Stagepass::fail('too-late', 'The time limit of the request ran out on the server before the decisive step.');
        }
    }

    private function open()
    {
        $folder = Stagepass::told('guard_folder');
        if ($folder !== '' && $folder !== untrailingslashit(WPMU_PLUGIN_DIR)) {
            Stagepass::refuse('guard-elsewhere', 'The shop looks for what ends access in another folder than its settings say.');
        }
        $user = $this->user_to_be();
        $manager = get_role('shop_manager');
        $rights = self::rights($manager ? $manager->capabilities : null);
        remove_role(self::role());
        if (!add_role(self::role(), 'stagepass ' . self::mark(), $rights)) {
            Stagepass::fail('role-refused', 'The shop did not take the role of this grant.');
        }
        if (!$user) {
            $user = $this->make_user();
        }
        $id = (int) $user->ID;
        update_user_meta($id, 'stagepass', self::mark());
        $user = new WP_User($id);
        $user->set_role(self::role());
        self::still_in_time();
        $this->set_hash($id, Stagepass::told('hash'));
        Stagepass::say('user_id', $id);
        self::say_grants($rights);
        Stagepass::say('login_url', wp_login_url());
        Stagepass::say('admin_url', admin_url());
        Stagepass::say('version', $GLOBALS['wp_version']);
    }

    private function make_user()
    {
        $words = array('user_login' => Stagepass::told('account'), 'user_pass' => Stagepass::nobodys(), 'user_email' => self::address(),
            'display_name' => 'stagepass ' . Stagepass::told('grant'), 'nickname' => 'stagepass', 'role' => '', 'show_admin_bar_front' => 'false');
        $id = wp_insert_user($words);
        if (is_wp_error($id)) {
            Stagepass::fail('user-refused', 'The shop did not take a user of that name (' . preg_replace('/[^a-z_]/', '', (string) $id->get_error_code()) . ').');
        }
        if (is_multisite() && !is_user_member_of_blog($id)) {
            add_user_to_blog(get_current_blog_id(), $id, self::role());
        }
        return new WP_User($id);
    }

    // As it comes, which no function of WordPress takes: they hash what they are given.
    private function set_hash($id, $hash)
    {
        global $wpdb;
        if ($wpdb->update($wpdb->users, array('user_pass' => $hash, 'user_activation_key' => ''), array('ID' => $id)) === false) {
            Stagepass::fail('database-refused', 'The database did not take the password.');
        }
        clean_user_cache($id);
    }

    private function update()
    {
        $user = self::user($ours);
        self::refuse_absent($user && $ours);
        update_user_meta($user->ID, 'stagepass', self::mark());
    }

    private static function refuse_absent($there)
    {
        if (!$there) {
            Stagepass::refuse('user-absent', 'The user ' . Stagepass::told('account') . ' is not there any more as it was made. Take it away and grant it again.');
        }
    }

    // A mark that is gone is put back by the shop, which may keep copies of such rows.
    private function update_by_rows()
    {
        if (!$this->connect()) {
            return;
        }
        $id = $this->row($ours);
        self::refuse_absent($id > 0 && $ours);
        Stagepass::say('marked', $this->marked($id));
    }

    // ---- making it by the rows -------------------------------------------------------------------

    // Whether all that the shop itself would do is to write rows: it is one shop and no network of them, on MySQL, its settings say
    // plainly where things are, and it keeps no copies of rows (the shell looked for the file by which it would).
    private function only_rows()
    {
        return $this->direct->kind === 'mysql' && Stagepass::told('content') !== '' && Stagepass::told('content') === $this->content
            && $this->users === $this->table('users') && $this->meta === $this->table('usermeta')
            && !$this->config->has('MULTISITE') && !$this->direct->tables($this->prefix, 'blogs') && $this->roles($text) !== null;
    }

    // The roles as they stand in the row; null where they would not be the same when they are written again.
    private function roles(&$text)
    {
        $text = (string) $this->value('SELECT option_value FROM ' . $this->table('options') . ' WHERE option_name = ?', array($this->table('user_roles')));
        $roles = @unserialize($text, array('allowed_classes' => false));
        return is_array($roles) && serialize($roles) === $text ? $roles : null;
    }

    // Takes our role out, and puts it in where ROLE is one. What the shop wrote meanwhile is not written over.
    private function change_role($role)
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

    private function open_by_rows()
    {
        $by_rows = $this->connect() && $this->only_rows() && $this->guards === Stagepass::told('guard_folder');
        Stagepass::say('by_rows', $by_rows);
        if (!$by_rows) {
            return;
        }
        $this->say_state();
        $id = $this->row($ours);
        self::refuse_taken($id > 0 && !$ours, $this->value('SELECT user_login FROM ' . $this->users . ' WHERE user_email = ? AND ID <> ?', array(self::address(), $id)));
        $roles = $this->roles($text);
        $rights = self::rights(isset($roles['shop_manager']['capabilities']) ? (array) $roles['shop_manager']['capabilities'] : null);
        Stagepass::say('began', true);
        if (!$this->change_role(array('name' => 'stagepass ' . self::mark(), 'capabilities' => $rights))) {
            Stagepass::fail('role-refused', 'The shop did not take the role of this grant.');
        }
        $words = array('stagepass' => self::mark(), $this->table('capabilities') => serialize(array(self::role() => true)), $this->table('user_level') => '0');
        $id = $id > 0 ? $this->renew_user($id, $words) : $this->insert_user($words);
        self::still_in_time();
        $this->direct->change('UPDATE ' . $this->users . " SET user_pass = ?, user_activation_key = '' WHERE ID = ?", array(Stagepass::told('hash'), $id));
        Stagepass::say('user_id', $id);
        self::say_grants($rights);
    }

    // As wp_insert_user() writes it.
    private function insert_user($words)
    {
        $nice = substr(strtolower(str_replace('.', '-', Stagepass::told('account'))), 0, 40);
        $nice .= $this->count($this->users . ' WHERE user_nicename = ?', array($nice)) > 0 ? '-' . substr(Stagepass::told('grant'), -9) : '';
        $row = array(Stagepass::told('account'), '!' . Stagepass::nobodys(), $nice, self::address(), gmdate('Y-m-d H:i:s'), 'stagepass ' . Stagepass::told('grant'));
        $this->direct->change('INSERT INTO ' . $this->users . " (user_login, user_pass, user_nicename, user_email, user_url, user_registered, user_activation_key, user_status, display_name) VALUES (?, ?, ?, ?, '', ?, '', 0, ?)", $row);
        $id = $this->row($ours);
        if ($id <= 0 || !$ours) {
            Stagepass::fail('user-refused', 'The database did not take a user of that name.');
        }
        $words += array('nickname' => 'stagepass', 'first_name' => '', 'last_name' => '', 'description' => '', 'rich_editing' => 'true', 'syntax_highlighting' => 'true',
            'comment_shortcuts' => 'false', 'admin_color' => 'fresh', 'use_ssl' => '0', 'show_admin_bar_front' => 'false', 'locale' => '', 'dismissed_wp_pointers' => '');
        $this->insert_meta($id, $words);
        return $id;
    }

    // One that an open before this one made, by whatever way.
    private function renew_user($id, $words)
    {
        $this->direct->change('DELETE FROM ' . $this->meta . ' WHERE user_id = ? AND meta_key IN (?, ?, ?)', array_merge(array($id), array_keys($words)));
        $this->insert_meta($id, $words);
        return $id;
    }

    // At once: each statement waits for the disk.
    private function insert_meta($id, $words)
    {
        $bound = array();
        foreach ($words as $key => $value) {
            array_push($bound, $id, $key, $value);
        }
        $this->direct->change('INSERT INTO ' . $this->meta . ' (user_id, meta_key, meta_value) VALUES ' . implode(', ', array_fill(0, count($words), '(?, ?, ?)')), $bound);
    }

    // ---- its state ------------------------------------------------------------------------------

    // By the rows alone.
    private function check()
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
    private function say_roles($id)
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
    private function say_uses($id)
    {
        $uses = $this->direct->values('SELECT meta_value FROM ' . $this->meta . " WHERE user_id = ? AND meta_key = 'stagepass_use' ORDER BY umeta_id", array($id));
        $uses = preg_grep('/^\d{1,12} [0-9a-fA-F:.-]+ (?:login|refused)(?: |$)/D', $uses);
        foreach (array_slice($uses, (int) Stagepass::told('uses_from')) as $use) {
            Stagepass::say('use', $use);
        }
        Stagepass::say('uses_total', count($uses));
    }

    private function sessions($id)
    {
        $found = @unserialize((string) $this->value('SELECT meta_value FROM ' . $this->meta . ' WHERE user_id = ? AND meta_key = ?', array($id, 'session_tokens')), array('allowed_classes' => false));
        return is_array($found) ? count($found) : 0;
    }

    // Of WooCommerce, and application passwords.
    private function keys($id)
    {
        $keys = $this->count($this->meta . ' WHERE user_id = ? AND meta_key = ?', array($id, '_application_passwords'));
        foreach (array('woocommerce_api_keys', 'wc_webhooks') as $kind) {
            foreach ($this->direct->tables($this->prefix, $kind) as $table) {
                $keys += $this->count($table . ' WHERE user_id = ?', array($id));
            }
        }
        return $keys;
    }

    // ---- ending ---------------------------------------------------------------------------------

    // By the rows alone, before anything of the shop is loaded: whatever was done to its code, nobody gets in any more.
    private function shut()
    {
        if (!$this->connect()) {
            return;
        }
        $id = $this->row($ours);
        Stagepass::say('had', $id > 0 && $ours);
        Stagepass::say('foreign', $id > 0 && !$ours);
        $ours = $id > 0 && $ours;
        if ($ours) {
            $this->end_by_rows($id);
        }
        if ($this->only_rows() && (!$ours || !$this->is_known_elsewhere($id))) {
            $this->delete_by_rows($ours ? $id : 0);
        }
    }

    private function end_by_rows($id)
    {
        Stagepass::say('user_id', $id);
        Stagepass::say('sessions_ended', $this->sessions($id));
        $this->say_uses($id);
        Stagepass::say('keys_ended', $this->keys($id));
        $this->say_roles($id);
        $this->direct->change('UPDATE ' . $this->users . ' SET user_pass = ?, user_email = ?, user_activation_key = ? WHERE ID = ?', array('!' . Stagepass::nobodys(), self::address(), '', $id));
        $this->direct->change('DELETE FROM ' . $this->meta . " WHERE user_id = ? AND meta_key IN ('session_tokens', '_application_passwords')", array($id));
        // Emptied and not deleted: in a network of sites these rows say of which it is a member.
        $this->direct->change('UPDATE ' . $this->meta . " SET meta_value = 'a:0:{}' WHERE user_id = ? AND meta_key LIKE '%capabilities'", array($id));
        $this->direct->change('UPDATE ' . $this->meta . " SET meta_value = '0' WHERE user_id = ? AND meta_key LIKE '%user_level'", array($id));
        foreach ($this->direct->tables($this->prefix, 'woocommerce_api_keys') as $table) {
            $this->direct->change('DELETE FROM ' . $table . ' WHERE user_id = ?', array($id));
        }
        foreach ($this->direct->tables($this->prefix, 'wc_webhooks') as $table) {
            $this->direct->change('UPDATE ' . $table . ' SET status = ? WHERE user_id = ?', array('disabled', $id));
        }
        Stagepass::say('shut', $this->count($this->users . " WHERE ID = ? AND user_pass LIKE '!%'", array($id)) === 1 && $this->sessions($id) === 0);
    }

    // Whether anything but WordPress's own tables knows the user: what plugins keep of one they take away when the shop deletes it,
    // and no one else knows how.
    private function is_known_elsewhere($id)
    {
        $columns = $this->direct->values("SELECT CONCAT(TABLE_NAME, ' ', COLUMN_NAME) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
            . " AND COLUMN_NAME IN ('user_id', 'userid', 'user', 'wp_user_id', 'customer_id', 'author_id', 'owner_id', 'created_by', 'session_key')");
        foreach ($columns as $one) {
            list($table, $column) = explode(' ', $one);
            if (strpos($table, $this->prefix) !== 0 || in_array($table, array($this->meta, $this->table('comments')), true)) {
                continue;
            }
            if (!preg_match('/^[A-Za-z0-9_]+$/D', $table) || $this->value("SELECT 1 FROM `$table` WHERE `$column` = ? LIMIT 1", array($id)) !== null) {
                return true;
            }
        }
        // An order of a shop is a page with a word of whose it is.
        return $this->value('SELECT 1 FROM ' . $this->table('postmeta') . " WHERE meta_key = '_customer_user' AND meta_value = ? LIMIT 1", array($id)) !== null;
    }

    // All of it, and whether anything is left.
    private function delete_by_rows($id)
    {
        if ($id > 0) {
            $this->hand_over_by_rows($id);
            $this->direct->change('DELETE FROM ' . $this->meta . ' WHERE user_id = ?', array($id));
            $this->direct->change('DELETE FROM ' . $this->users . ' WHERE ID = ?', array($id));
        }
        $was = $id > 0 ? $id : (int) Stagepass::told('user_id');
        // A page that was being answered when the user went writes words about it anew.
        $this->direct->change('DELETE FROM ' . $this->meta . ' WHERE user_id = ? AND NOT EXISTS (SELECT 1 FROM ' . $this->users . ' WHERE ID = ?)', array($was, $was));
        $this->change_role(null);
        $this->say_left($was);
        Stagepass::say('whole', true);
    }

    private function hand_over_by_rows($id)
    {
        $count = $this->count($this->table('posts') . ' WHERE post_author = ?', array($id));
        $links = $this->direct->tables($this->prefix, 'links') ? $this->count($this->table('links') . ' WHERE link_owner = ?', array($id)) : 0;
        if ($count + $links === 0) {
            return;
        }
        $heir = $this->heir_by_rows($id);
        if ($heir === 0) {
            self::fail_without_heir();
        }
        Stagepass::say('handed_over', $count . ' ' . $this->value('SELECT user_login FROM ' . $this->users . ' WHERE ID = ?', array($heir)));
        $this->direct->change('UPDATE ' . $this->table('posts') . ' SET post_author = ? WHERE post_author = ?', array($heir, $id));
        if ($links > 0) {
            $this->direct->change('UPDATE ' . $this->table('links') . ' SET link_owner = ? WHERE link_owner = ?', array($heir, $id));
        }
    }

    private function heir_by_rows($id)
    {
        $sql = 'SELECT user_id FROM ' . $this->meta . " WHERE meta_key = ? AND meta_value LIKE '%\"administrator\";b:1%' AND user_id <> ? AND user_id IN (SELECT ID FROM " . $this->users . ')'
            . ' AND user_id NOT IN (SELECT user_id FROM ' . $this->meta . " WHERE meta_key = 'stagepass') ORDER BY user_id LIMIT 1";
        return (int) $this->value($sql, array($this->table('capabilities'), $id));
    }

    private static function fail_without_heir()
    {
        Stagepass::fail('no-heir', 'The user ' . Stagepass::told('account') . ' cannot log in any more, but wrote something in the shop, and there is no administrator to give it to. Make one, and close again.');
    }

    private function close()
    {
        $user = self::user($ours);
        Stagepass::say('foreign', (bool) $user && !$ours);
        if ($user && $ours) {
            Stagepass::say('user_id', $user->ID);
            $this->end_access($user->ID);
            $this->delete($user->ID);
        }
        $this->drop_role();
        // It goes when the rows were read as gone: until then it is what ends the access at its time.
        Stagepass::say('guard_file', untrailingslashit(WPMU_PLUGIN_DIR) . '/stagepass-' . Stagepass::told('grant') . '.php');
    }

    private function end_access($id)
    {
        $this->set_hash($id, '!' . Stagepass::nobodys());
        WP_Session_Tokens::get_instance($id)->destroy_all();
        if (class_exists('WP_Application_Passwords')) {
            WP_Application_Passwords::delete_all_application_passwords($id);
        }
        $this->end_keys($id);
    }

    private function end_keys($id)
    {
        global $wpdb;
        foreach (array('woocommerce_api_keys', 'wc_webhooks') as $kind) {
            foreach ($wpdb->get_col($wpdb->prepare('SHOW TABLES LIKE %s', $wpdb->esc_like($wpdb->base_prefix) . '%' . $kind)) as $table) {
                if ($kind === 'wc_webhooks' && $table === $wpdb->prefix . $kind && function_exists('wc_get_webhook')) {
                    foreach ($wpdb->get_col($wpdb->prepare("SELECT webhook_id FROM `$table` WHERE user_id = %d", $id)) as $hook) {
                        $hook = wc_get_webhook($hook);
                        if ($hook) {
                            $hook->delete(true);
                        }
                    }
                }
                $wpdb->query($wpdb->prepare("DELETE FROM `$table` WHERE user_id = %d", $id));
            }
        }
    }

    // What it wrote is not ours to delete: it goes to an administrator of the shop. Said is to whom, and how much it was.
    private function delete($id)
    {
        $sites = is_multisite() ? array_keys(get_blogs_of_user($id, true)) : array(0);
        foreach ($sites as $site) {
            if ($site) {
                switch_to_blog($site);
            }
            $this->delete_here($id);
            if ($site) {
                restore_current_blog();
            }
        }
        if (is_multisite()) {
            wpmu_delete_user($id);
        }
        clean_user_cache($id);
    }

    private function delete_here($id)
    {
        global $wpdb;
        $count = (int) $wpdb->get_var($wpdb->prepare("SELECT COUNT(*) FROM {$wpdb->posts} WHERE post_author = %d", $id));
        $heir = self::heir($id);
        if ($count > 0 && !$heir) {
            self::fail_without_heir();
        }
        if ($count > 0) {
            Stagepass::say('handed_over', $count . ' ' . $heir->user_login);
        }
        wp_delete_user($id, $heir ? $heir->ID : null);
    }

    private static function heir($id)
    {
        $found = get_users(array('role' => 'administrator', 'orderby' => 'ID', 'order' => 'ASC', 'number' => 5, 'exclude' => array($id)));
        foreach ($found as $one) {
            if (strpos((string) get_user_meta($one->ID, 'stagepass', true), ' ') === false) {
                return $one;
            }
        }
        if (is_multisite()) {
            foreach (get_super_admins() as $name) {
                $one = get_user_by('login', $name);
                if ($one && $one->ID !== $id) {
                    return $one;
                }
            }
        }
        return null;
    }

    private function drop_role()
    {
        if (!is_multisite()) {
            remove_role(self::role());
            return;
        }
        foreach (get_sites(array('fields' => 'ids', 'number' => 1000)) as $site) {
            switch_to_blog($site);
            if (get_role(self::role())) {
                remove_role(self::role());
            }
            restore_current_blog();
        }
    }

    // Whether anything is left, by the rows.
    private function gone()
    {
        if (!$this->connect()) {
            return;
        }
        $this->say_left((int) Stagepass::told('user_id'));
    }

    private function say_left($was)
    {
        $id = $this->row($ours);
        $left = 0;
        Stagepass::say('foreign', $id > 0 && !$ours);
        Stagepass::say('user_absent', $id === 0 || !$ours);
        $left += $this->left('address', $this->users . ' WHERE user_email = ?', array(self::address()));
        foreach ($this->direct->values('SELECT user_id FROM ' . $this->meta . ' WHERE meta_key = ? AND meta_value = ?', array('stagepass', self::mark())) as $other) {
            Stagepass::say('left', 'mark ' . $this->value('SELECT user_login FROM ' . $this->users . ' WHERE ID = ?', array($other)));
            $left++;
        }
        if ($was > 0 && $was !== $id) {
            // The database may have given the number to somebody who came since.
            $taken = $this->count($this->users . ' WHERE ID = ?', array($was)) > 0;
            if (!$taken) {
                $left += $this->left('meta', $this->meta . ' WHERE user_id = ?', array($was));
                foreach (array('woocommerce_api_keys', 'wc_webhooks') as $kind) {
                    foreach ($this->direct->tables($this->prefix, $kind) as $table) {
                        $left += $this->left($kind, $table . ' WHERE user_id = ?', array($was));
                    }
                }
            }
        }
        foreach ($this->direct->tables($this->prefix, 'options') as $table) {
            $left += $this->left('role', $table . " WHERE option_name LIKE '%user_roles' AND option_value LIKE ?", array('%' . self::role() . '"%'));
        }
        Stagepass::say('rows_left', $left);
        $this->say_state();
    }

    private function left($what, $sql, $bound)
    {
        $count = $this->count($sql, $bound);
        if ($count > 0) {
            Stagepass::say('left', $what . ' ' . $count);
        }
        return $count;
    }

    // Whatever the grant: NUMBER NAME MARK.
    private function marks()
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
