<?php
// A temporary user in the administration of Magento 2. It is made, looked at and ended by the rows alone, and nothing of the shop is
// loaded for that: no code of the shop's stands between what is asked and what is answered, and Magento reads a user's row anew at
// every request. For two things the shop is loaded, by who owns it: what there is that somebody may do is told by its modules, and
// of who may do what it keeps a copy, which it has to be told to make anew.
//
// A user is found again by its name together with its role, which is the grant's own (`stagepass GRANT TAG`), or with its address;
// nothing without that is ever touched.

final class Stagepass_Magento extends Stagepass_Rows
{
    const USERS = 'admin_user';
    const NUMBER = 'user_id';
    const LOGIN = 'username';

    private $env;
    private $modules = null;

    // ---- what runs ------------------------------------------------------------------------------

    public static function boots()
    {
        return in_array(Stagepass::told('verb'), array('prepare', 'tell'), true);
    }

    // What Magento is to know of who asks.
    public static function before()
    {
        $_SERVER['REQUEST_URI'] = $_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
        $_SERVER['SCRIPT_FILENAME'] = Stagepass::told('root') . '/bin/magento';
        $_SERVER['REQUEST_METHOD'] = 'GET';
        $_SERVER['REMOTE_ADDR'] = '127.0.0.1';
        chdir(Stagepass::told('root'));
        return Stagepass::told('root') . '/app/bootstrap.php';
    }

    public static function run()
    {
        $shop = new self();
        $shop->does(array('facts', 'prepare', 'open', 'update', 'check', 'shut', 'close', 'gone', 'marks'), array('tell'));
    }

    // ---- the database ---------------------------------------------------------------------------

    // Magento's own times are of this zone.
    protected function session()
    {
        return "sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'";
    }

    protected function settings($text, &$host, &$user, &$password, &$name)
    {
        $this->env = new Stagepass_Returned($text);
        $of = 'db/connection/default/';
        list($host, $user, $password, $name) = array($this->env->value_at($of . 'host'), $this->env->value_at($of . 'username'), $this->env->value_at($of . 'password', ''), $this->env->value_at($of . 'dbname'));
        $this->prefix = $this->env->value_at('db/table_prefix', '');
        foreach (array($host, $user, $password, $name, $this->prefix) as $value) {
            if ($value === null) {
                return 'config-not-plain';
            }
        }
        return $this->other_database($of) ? 'other-database' : $this->socket($of, $host);
    }

    // The options of PDO for TLS have these numbers (MYSQL_ATTR_SSL_KEY and those behind it).
    private function other_database($of)
    {
        if (!in_array($this->env->value_at($of . 'model', 'mysql4'), array('mysql4', ''), true)) {
            return true;
        }
        $options = $this->env->list_at($of . 'driver_options');
        foreach (is_array($options) ? $options : array() as $key => $value) {
            if ($key === "\0" || ((int) $key >= 1007 && (int) $key <= 1012 && $value !== '')) {
                return true;
            }
        }
        return $options === null && $this->env->value_at($of . 'driver_options', '') !== '';
    }

    // A path in the place of a host, or beside it, is a socket.
    private function socket($of, &$host)
    {
        $socket = strpos($host, '/') === 0 ? $host : $this->env->value_at($of . 'unix_socket', '');
        if ($socket === null) {
            return 'config-not-plain';
        }
        $host = $socket !== '' ? 'localhost:' . $socket : $host;
        $port = $this->env->value_at($of . 'port', '');
        if ($port === null || !preg_match('/^\d{0,5}$/D', $port)) {
            return 'config-not-plain';
        }
        $host .= $port !== '' && $port !== '3306' && strpos($host, ':') === false ? ':' . $port : '';
        return '';
    }

    // ---- what is set ----------------------------------------------------------------------------

    private function module($name)
    {
        return $this->locked()->value_at('modules/' . $name) === '1';
    }

    // Which modules there are, and settings that nobody can change in the administration.
    private function locked()
    {
        if ($this->modules === null) {
            $this->modules = new Stagepass_Returned((string) base64_decode(Stagepass::told('modules')));
        }
        return $this->modules;
    }

    // What is set for every store: in the settings, which win, or in the database. Null where nobody set it.
    private function setting($path)
    {
        foreach (array($this->env, $this->locked()) as $file) {
            $value = $file->value_at('system/default/' . $path);
            if ($value !== null) {
                return $value;
            }
        }
        return $this->value('SELECT value FROM ' . $this->table('core_config_data') . " WHERE path = ? AND scope = 'default' AND scope_id = 0", array($path));
    }

    // Everywhere that something is set for this path: the value, by the name of the place. PATH may have a % in it.
    private function everywhere($path)
    {
        $found = array();
        foreach ($this->values('SELECT config_id FROM ' . $this->table('core_config_data') . " WHERE path LIKE ? AND value <> '' ORDER BY config_id LIMIT 50", array(str_replace('_', '\_', $path))) as $id) {
            list($name, $scope, $number) = array($this->of_setting('path', $id), $this->of_setting('scope', $id), $this->of_setting('scope_id', $id));
            $found[$name . ($scope === 'default' ? '' : '@' . $scope . '_' . $number)] = $this->of_setting('value', $id);
        }
        if (strpos($path, '%') !== false) {
            return $found;
        }
        foreach (array('env.php' => $this->env, 'config.php' => $this->locked()) as $file => $settings) {
            foreach ($this->scopes($settings) as $scope) {
                $value = $settings->value_at('system/' . $scope . '/' . $path);
                if ($value !== null && $value !== '') {
                    $found[$path . '@' . $file . '_' . $scope] = $value;
                }
            }
        }
        return $found;
    }

    private function scopes($settings)
    {
        $scopes = array('default');
        foreach (array('websites', 'stores') as $kind) {
            foreach (array_keys((array) $settings->list_at('system/' . $kind)) as $code) {
                $scopes[] = $kind . '/' . $code;
            }
        }
        return array_slice($scopes, 0, 50);
    }

    private function of_setting($column, $id)
    {
        return (string) $this->value('SELECT `' . $column . '` FROM ' . $this->table('core_config_data') . ' WHERE config_id = ?', array($id));
    }

    // ---- which user is ours ---------------------------------------------------------------------

    // Who has which role stands in the table of the roles: a row of its own (U) below that of the role (G). It is of the
    // administration's users (2), and not of a program's or of customers.
    protected function marked($id)
    {
        return in_array(self::mark(), $this->roles_of($id), true);
    }

    private function roles_of($id)
    {
        $roles = $this->table('authorization_role');
        return $this->values("SELECT g.role_name FROM $roles u JOIN $roles g ON g.role_id = u.parent_id WHERE u.role_type = 'U' AND u.user_type = '2' AND u.user_id = ? AND g.role_type = 'G' ORDER BY g.role_id", array($id));
    }

    private function roles()
    {
        return $this->values('SELECT role_id FROM ' . $this->table('authorization_role') . " WHERE role_type = 'G' AND role_name = ? ORDER BY role_id", array(self::mark()));
    }

    // A row of somebody who is gone is nobody.
    protected function members_of($role)
    {
        $found = array();
        foreach ($this->members($role) as $id) {
            $name = $this->name_of($id);
            if ($name !== '') {
                $found[] = $name;
            }
        }
        return $found;
    }

    protected function roles_like_ours()
    {
        $found = array();
        foreach ($this->values('SELECT role_id FROM ' . $this->table('authorization_role') . " WHERE role_type = 'G' AND role_name LIKE 'stagepass %' ORDER BY role_id") as $role) {
            $found[$role] = (string) $this->value('SELECT role_name FROM ' . $this->table('authorization_role') . ' WHERE role_id = ?', array($role));
        }
        return $found;
    }

    protected function users_like_ours()
    {
        return $this->addressed_as_ours();
    }

    private function members($role)
    {
        return $this->values('SELECT user_id FROM ' . $this->table('authorization_role') . " WHERE role_type = 'U' AND user_type = '2' AND parent_id = ? ORDER BY role_id", array($role));
    }

    // ---- looking --------------------------------------------------------------------------------

    protected function say_more()
    {
        Stagepass::say('mode', (string) $this->env->value_at('MAGE_MODE', ''));
        $this->say_expiry();
        Stagepass::say('second_factor', $this->has_second_factor());
        Stagepass::say('other_login', $this->module('Magento_AdminAdobeIms') && $this->setting('adobe_ims/integration/admin_enabled') === '1');
    }

    protected function state()
    {
        return new Stagepass_Magento_State($this->direct, $this->prefix, array_keys((array) $this->locked()->list_at('modules'), '1', true));
    }

    // The module that asks for it, and the one with which many staging shops switch it off.
    private function has_second_factor()
    {
        $off = $this->module('MarkShust_DisableTwoFactorAuth') && $this->setting('twofactorauth/general/enable') === '0';
        return $this->module('Magento_TwoFactorAuth') && !$off;
    }

    private function say_expiry()
    {
        Stagepass::say('expiry', $this->ends_by_itself() ? 'shop' : 'none');
    }

    private function ends_by_itself()
    {
        return $this->has('admin_user_expiration') && $this->module('Magento_Security');
    }

    protected function say_addresses()
    {
        $home = $this->address_of('unsecure');
        $secure = $this->setting('web/secure/use_in_adminhtml') === '1' ? $this->address_of('secure') : '';
        $admin = $secure !== '' ? $secure : $home;
        if ($this->setting('admin/url/use_custom') === '1' && (string) $this->setting('admin/url/custom') !== '') {
            $admin = (string) $this->setting('admin/url/custom');
        }
        $front = $this->setting('admin/url/use_custom_path') === '1' ? $this->setting('admin/url/custom_path') : $this->env->value_at('backend/frontName');
        if (!is_string($front) || !preg_match('/^[A-Za-z0-9_-]+$/D', $front)) {
            $front = '';
        }
        // Where addresses are not rewritten, the program is named in them.
        $program = $this->setting('web/seo/use_rewrites') === '1' ? '' : 'index.php/';
        $url = $admin === '' || $front === '' ? '' : rtrim($admin, '/') . '/' . $program . $front . '/';
        Stagepass::say('admin_url', $url);
        Stagepass::say('login_url', $url);
        Stagepass::say('home', $home);
    }

    // `{{base_url}}` and the like name no address.
    private function address_of($kind)
    {
        $value = (string) $this->setting('web/' . $kind . '/base_url');
        $value = $value === '{{unsecure_base_url}}' ? (string) $this->setting('web/unsecure/base_url') : $value;
        return preg_match('{^https?://[^{}]+$}D', $value) ? $value : '';
    }

    // The numbers of all who may make others.
    protected function administrators()
    {
        $roles = $this->table('authorization_role');
        $rules = $this->table('authorization_rule');
        return $this->values("SELECT DISTINCT u.user_id FROM $roles u JOIN $rules r ON r.role_id = u.parent_id JOIN " . $this->table('admin_user') . " a ON a.user_id = u.user_id
            WHERE u.role_type = 'U' AND u.user_type = '2' AND r.permission = 'allow' AND r.resource_id IN ('Magento_Backend::all', 'Magento_User::acl_users', 'Magento_User::acl_roles') ORDER BY u.user_id");
    }

    protected function signals()
    {
        foreach (array('web/unsecure/base_url', 'web/secure/base_url', 'admin/url/custom') as $path) {
            foreach ($this->everywhere($path) as $place => $address) {
                $host = (string) parse_url($address, PHP_URL_HOST);
                if ($host !== '' && strpos($host, '{') === false) {
                    Stagepass::signal('host', $host, $place);
                }
            }
        }
        foreach ($this->everywhere('design/search_engine_robots/default_robots') as $place => $value) {
            if (stripos($value, 'NOINDEX') === 0) {
                Stagepass::signal('noindex', 'yes', $place);
            }
        }
        foreach ($this->everywhere('system/smtp/disable') as $place => $value) {
            if ($value === '1') {
                Stagepass::signal('mail', 'off', $place);
            }
        }
        if ($this->env->value_at('MAGE_MODE') === 'developer') {
            Stagepass::signal('debug', 'yes', 'MAGE_MODE');
        }
        if (Stagepass::told('maintenance') === 'true') {
            Stagepass::signal('coming-soon', 'yes', 'var/.maintenance.flag');
        }
        $this->payment_signals();
        $this->newest_order();
    }

    // Of each store. What switches a way to pay between test and live, what its values mean, and what switches it on.
    private static function payments()
    {
        $words = array('test' => 'yes', 'sandbox' => 'yes', 'live' => 'no', 'production' => 'no');
        return array(
            array('multisafepay/general/mode', array('0' => 'yes', '1' => 'no'), 'payment/multisafepay%/active'),
            array('payment/mollie_general/type', $words, 'payment/mollie_general/enabled'),
            array('payment/adyen_abstract/demo_mode', array('1' => 'yes', '0' => 'no'), 'payment/adyen%/active'),
            array('payment/stripe_payments_basic/stripe_mode', $words, 'payment/stripe_payments%/active'),
            array('paypal/wpp/sandbox_flag', array('1' => 'yes', '0' => 'no'), 'payment/paypal%/active'),
            array('payment/braintree/environment', $words, 'payment/braintree%/active'),
        );
    }

    // One that is switched off everywhere is not told. Where nobody set whether it is, a test is no evidence, and money may move.
    private function payment_signals()
    {
        foreach (self::payments() as $one) {
            list($path, $meaning, $switch) = $one;
            $switches = $this->everywhere($switch);
            $is_on = in_array('1', $switches, true);
            foreach ($this->everywhere($path) as $place => $value) {
                $test = isset($meaning[strtolower($value)]) ? $meaning[strtolower($value)] : '?' . $value;
                if ($is_on || (!$switches && $test === 'no')) {
                    Stagepass::signal('payment-test', $test, $place);
                }
            }
        }
    }

    private function newest_order()
    {
        // The rows of orders may be in a database of their own.
        if (!$this->has('sales_order')) {
            return;
        }
        $orders = $this->values('SELECT entity_id FROM ' . $this->table('sales_order') . " WHERE state IN ('processing', 'complete') ORDER BY entity_id DESC LIMIT 200");
        $has_ways = $this->has('sales_order_payment');
        $this->say_newest($orders, function ($order) {
            return $this->value('SELECT UNIX_TIMESTAMP(created_at) FROM ' . $this->table('sales_order') . ' WHERE entity_id = ?', array($order));
        }, function ($order) use ($has_ways) {
            return $has_ways ? $this->value('SELECT method FROM ' . $this->table('sales_order_payment') . ' WHERE parent_id = ? ORDER BY entity_id', array($order)) : '';
        });
    }

    // ---- making ---------------------------------------------------------------------------------

    // What a role may do, of all that there is by the modules of this shop. Magento lets whoever may do something do all that hangs
    // below it, unless a later rule denies that: so all the rest is denied by its name, each behind what it hangs below.
    private static function rights($tree)
    {
        $plain = array(
            'Magento_Backend::admin', 'Magento_Backend::dashboard',
            'Magento_Sales::sales', 'Magento_Sales::sales_operation', 'Magento_Sales::sales_order', 'Magento_Sales::actions', 'Magento_Sales::actions_view',
            'Magento_Sales::sales_invoice', 'Magento_Sales::shipment', 'Magento_Sales::sales_creditmemo', 'Magento_Sales::transactions',
            'Magento_Backend::stores', 'Magento_Backend::stores_settings', 'Magento_Config::config',
            'Magento_Backend::system', 'Magento_Backend::tools', 'Magento_Backend::cache', 'Magento_Backend::mass_actions', 'Magento_Backend::refresh_cache_type',
        );
        $rights = array();
        $walk = function ($nodes, $parent, $given) use (&$walk, &$rights, $plain) {
            foreach ($nodes as $node) {
                $id = isset($node['id']) ? (string) $node['id'] : '';
                // The settings of ways to pay, whoever made them; each has a section of its own.
                $pays = $parent === 'Magento_Config::config' && preg_match('/pay|mollie|adyen|stripe|braintree|klarna|buckaroo|worldline|ingenico|ogone|icepay|rvvup/i', $id);
                $may = $given || in_array($id, $plain, true) || $pays;
                if ($id !== '' && $id !== 'Magento_Backend::all') {
                    $rights[$id] = $may;
                }
                $walk(isset($node['children']) ? $node['children'] : array(), $id, $given || $pays);
            }
        };
        $walk($tree, '', false);
        return $rights;
    }

    // The shop as its administration sees it, which has rights of its own.
    private static function shop()
    {
        Stagepass::$loading = true;
        $bootstrap = \Magento\Framework\App\Bootstrap::create(BP, $_SERVER);
        $objects = $bootstrap->getObjectManager();
        $objects->get('Magento\Framework\App\State')->setAreaCode('adminhtml');
        $objects->configure($objects->get('Magento\Framework\ObjectManager\ConfigLoaderInterface')->load('adminhtml'));
        return $objects;
    }

    // A role of its own and a user that has it, is disabled and has a password that nobody knows; then the shop reads anew who may do
    // what.
    protected function prepare()
    {
        $this->refuse_taken();
        $objects = self::shop();
        $rights = self::rights($objects->get('Magento\Framework\Acl\AclResource\ProviderInterface')->getAclResources());
        $cache = $objects->get('Magento\Framework\Acl\Data\CacheInterface');
        Stagepass::$loading = false;
        if (empty($rights['Magento_Backend::admin']) || empty($rights['Magento_Sales::sales_order'])) {
            Stagepass::refuse('rights-unknown', 'The shop does not say what there is that a user of its administration may do, as a Magento does.');
        }
        // What dies before this has changed nothing.
        Stagepass::say('loaded', true);
        $role = $this->make_role($rights);
        $id = $this->make_user($role);
        $cache->clean();
        Stagepass::say('user_id', $id);
        Stagepass::say('rights', $this->digest($role));
    }

    private function make_role($rights)
    {
        $found = $this->roles();
        if (!$found) {
            $this->change('INSERT INTO ' . $this->table('authorization_role') . " (parent_id, tree_level, sort_order, role_type, user_id, user_type, role_name) VALUES (0, 1, 0, 'G', 0, '2', ?)", array(self::mark()));
            $found = $this->roles();
        }
        if (!$found) {
            Stagepass::fail('role-refused', 'The database did not take the role of this grant.');
        }
        $this->change('DELETE FROM ' . $this->table('authorization_rule') . ' WHERE role_id = ?', array($found[0]));
        foreach ($rights as $resource => $may) {
            $this->change('INSERT INTO ' . $this->table('authorization_rule') . ' (role_id, resource_id, permission) VALUES (?, ?, ?)', array($found[0], $resource, $may ? 'allow' : 'deny'));
        }
        return $found[0];
    }

    private function make_user($role)
    {
        $id = $this->row($ours);
        if ($id === 0) {
            $this->change(
                'INSERT INTO ' . $this->table('admin_user') . " (firstname, lastname, email, username, password, is_active, created, modified) VALUES ('stagepass', ?, ?, ?, ?, 0, NOW(), NOW())",
                array(Stagepass::told('grant'), self::address(), Stagepass::told('account'), '!' . Stagepass::nobodys())
            );
            $id = $this->row($ours);
        }
        if ($id === 0 || !$ours) {
            Stagepass::fail('user-refused', 'The database did not take the user of this grant.');
        }
        $roles = $this->table('authorization_role');
        $this->change("DELETE FROM $roles WHERE role_type = 'U' AND user_type = '2' AND user_id = ?", array($id));
        $this->change("INSERT INTO $roles (parent_id, tree_level, sort_order, role_type, user_id, user_type, role_name) VALUES (?, 2, 0, 'U', ?, '2', ?)", array($role, $id, Stagepass::told('account')));
        return $id;
    }

    // Until here nobody knows the password.
    protected function open()
    {
        $id = $this->row($ours);
        if ($id === 0 || !$ours || !$this->marked($id)) {
            Stagepass::fail('user-refused', 'The user of this grant is not there as it was made a moment ago.');
        }
        if (!preg_match('{^\$sha256\$([A-Za-z0-9]{32})\$([0-9a-f]{64})$}D', Stagepass::told('hash'), $m)) {
            Stagepass::fail('bad-input', 'The password was not hashed in a way that Magento knows.');
        }
        $this->fail_late();
        $this->set_end($id);
        $this->change('UPDATE ' . $this->table('admin_user') . ' SET password = ?, email = ?, rp_token = NULL, is_active = 1 WHERE user_id = ?', array("$m[2]:$m[1]:1", self::address(), $id));
        Stagepass::say('user_id', $id);
        Stagepass::say('grants', 'payment');
        $this->say_expiry();
        $this->say_addresses();
    }

    // Magento asks for it at the login, and at each request of whoever is in.
    private function set_end($id)
    {
        if ($this->has('admin_user_expiration')) {
            $this->change('REPLACE INTO ' . $this->table('admin_user_expiration') . ' (user_id, expires_at) VALUES (?, ?)', array($id, self::end()));
        }
    }

    protected function extend($id)
    {
        $this->set_end($id);
        $this->say_expiry();
    }

    private static function end()
    {
        return gmdate('Y-m-d H:i:s', (int) Stagepass::told('deadline'));
    }

    // ---- its state ------------------------------------------------------------------------------

    protected function say_user($id)
    {
        Stagepass::say('enabled', $this->of_user('is_active', $id) === '1');
        if ($this->has('admin_user_expiration')) {
            Stagepass::say('end_matches', $this->value('SELECT expires_at FROM ' . $this->table('admin_user_expiration') . ' WHERE user_id = ?', array($id)) === self::end());
        }
        $this->say_role($id);
        Stagepass::say('sessions', $this->sessions($id));
        Stagepass::say('keys', $this->keys($id));
    }

    // Which role it has, and whether that is ours, alone, and may what it was made with.
    private function say_role($id)
    {
        $roles = $this->roles_of($id);
        Stagepass::say('role', implode(', ', $roles));
        Stagepass::say('marked', $this->marked($id));
        $ours = $this->roles();
        $same = Stagepass::told('rights') === '' || ($ours && $this->digest($ours[0]) === Stagepass::told('rights'));
        Stagepass::say('role_matches', $roles === array(self::mark()) && $same);
    }

    // In their order, which counts.
    private function digest($role)
    {
        return hash('sha256', implode("\n", $this->values("SELECT CONCAT(permission, ' ', resource_id) FROM " . $this->table('authorization_rule') . ' WHERE role_id = ? ORDER BY rule_id', array($role))));
    }

    private function sessions($id)
    {
        return $this->has('admin_user_session') ? $this->count($this->table('admin_user_session') . ' WHERE user_id = ? AND status = 1', array($id)) : 0;
    }

    private function keys($id)
    {
        return $this->has('oauth_token') ? $this->count($this->table('oauth_token') . ' WHERE admin_id = ?', array($id)) : 0;
    }

    // ---- ending ---------------------------------------------------------------------------------

    // Nobody gets in any more: whoever is in is asked for his row, and for that of his session, at the next request.
    protected function shut()
    {
        $id = $this->row($ours);
        Stagepass::say('had', $id > 0 && $ours || count($this->roles()) > 0);
        Stagepass::say('foreign', $id > 0 && !$ours);
        if ($id === 0 || !$ours) {
            return;
        }
        Stagepass::say('user_id', $id);
        $this->say_role($id);
        $this->change('UPDATE ' . $this->table('admin_user') . ' SET is_active = 0, password = ?, email = ?, rp_token = NULL WHERE user_id = ?', array('!' . Stagepass::nobodys(), self::address(), $id));
        Stagepass::say('sessions_ended', $this->sessions($id));
        Stagepass::say('keys_ended', $this->keys($id));
        $this->end_sessions($id);
        $closed = $this->count($this->table('admin_user') . " WHERE user_id = ? AND is_active = 0 AND password LIKE '!%'", array($id)) === 1;
        Stagepass::say('shut', $closed && $this->sessions($id) === 0 && $this->keys($id) === 0);
    }

    private function end_sessions($id)
    {
        // 3 is "logged out by somebody else".
        if ($this->has('admin_user_session')) {
            $this->change('UPDATE ' . $this->table('admin_user_session') . ' SET status = 3 WHERE user_id = ? AND status = 1', array($id));
        }
        if ($this->has('oauth_token')) {
            $this->change('DELETE FROM ' . $this->table('oauth_token') . ' WHERE admin_id = ?', array($id));
        }
        // Those that the shop keeps nowhere (JWT) are worth nothing from now on.
        if ($this->has('jwt_auth_revoked')) {
            $this->change('REPLACE INTO ' . $this->table('jwt_auth_revoked') . ' (user_type_id, user_id, revoke_before) VALUES (2, ?, ?)', array($id, time() + 1));
        }
    }

    // What Magento keeps of a user beside its row, by its number. Its foreign keys take most of it away; a dump may have lost them.
    private static function kept()
    {
        return array(
            'admin_user_session' => 'user_id', 'admin_user_expiration' => 'user_id', 'admin_passwords' => 'user_id', 'oauth_token' => 'admin_id', 'tfa_user_config' => 'user_id',
            'ui_bookmark' => 'user_id', 'release_notification_viewer_log' => 'viewer_id', 'adobe_user_profile' => 'admin_user_id', 'admin_adobe_ims_webapi' => 'admin_user_id',
        );
    }

    protected function close()
    {
        $id = $this->row($ours);
        $was = $this->was_gone((int) Stagepass::told('user_id'));
        Stagepass::say('foreign', $id > 0 && !$ours);
        if ($id > 0 && $ours) {
            Stagepass::say('user_id', $id);
            $this->forget($id, $this->name_of($id));
            $this->change('DELETE FROM ' . $this->table('authorization_role') . " WHERE role_type = 'U' AND user_type = '2' AND user_id = ?", array($id));
            $this->change('DELETE FROM ' . $this->table('admin_user') . ' WHERE user_id = ?', array($id));
        } elseif ($was > 0) {
            $this->forget($was, $id === 0 ? Stagepass::told('account') : '');
            $this->change('DELETE FROM ' . $this->table('authorization_role') . " WHERE role_type = 'U' AND user_type = '2' AND user_id = ?", array($was));
        }
        foreach ($this->roles() as $role) {
            // Whoever else has it would have none.
            if ($this->members_of($role)) {
                continue;
            }
            $this->change('DELETE FROM ' . $this->table('authorization_role') . " WHERE parent_id = ? AND role_type = 'U'", array($role));
            $this->change('DELETE FROM ' . $this->table('authorization_rule') . ' WHERE role_id = ?', array($role));
            $this->change('DELETE FROM ' . $this->table('authorization_role') . " WHERE role_id = ? AND role_type = 'G'", array($role));
        }
    }

    private function forget($id, $name)
    {
        foreach (self::kept() as $table => $column) {
            if ($this->has($table)) {
                $this->change('DELETE FROM ' . $this->table($table) . " WHERE `$column` = ?", array($id));
            }
        }
        if ($this->has('jwt_auth_revoked') && $this->keeps_numbers()) {
            $this->change('DELETE FROM ' . $this->table('jwt_auth_revoked') . ' WHERE user_type_id = 2 AND user_id = ?', array($id));
        }
        // Who failed to get in is counted by the name.
        if ($name !== '' && strpos($name, '@') === false) {
            foreach (array('oauth_token_request_log' => 'user_name', 'captcha_log' => 'value') as $table => $column) {
                if ($this->has($table)) {
                    $this->change('DELETE FROM ' . $this->table($table) . " WHERE `$column` = ?", array($name));
                }
            }
        }
    }

    // Whether a number is never given again. An older database may do so after a start, and then a token of this user's that the shop
    // keeps nowhere would be somebody else's: there the row that forbids it stays.
    private function keeps_numbers()
    {
        $version = (string) $this->value('SELECT VERSION()');
        $at_least = stripos($version, 'mariadb') !== false ? '10.2.4' : '8.0.0';
        $version = preg_match('/(?:^5\.5\.5-)?(\d+\.\d+\.\d+)/', $version, $m) ? $m[1] : '0';
        return version_compare($version, $at_least, '>=');
    }

    // Whether anything is left.
    protected function gone()
    {
        $this->say_absent();
        $left = $this->left('address', $this->table('admin_user') . ' WHERE email = ?', array(self::address()));
        foreach ($this->roles() as $role) {
            $left += $this->left_role('role', $role);
        }
        $was = $this->was_gone((int) Stagepass::told('user_id'));
        if ($was > 0) {
            foreach (self::kept() as $table => $column) {
                $left += $this->has($table) ? $this->left($table, $this->table($table) . " WHERE `$column` = ?", array($was)) : 0;
            }
            $left += $this->left('authorization_role', $this->table('authorization_role') . " WHERE role_type = 'U' AND user_type = '2' AND user_id = ?", array($was));
        }
        Stagepass::say('rows_left', $left);
        $this->say_new_administrators();
        $this->say_state();
    }

    // The shop reads anew who may do what.
    protected function tell()
    {
        self::shop()->get('Magento\Framework\Acl\Data\CacheInterface')->clean();
        Stagepass::$loading = false;
    }

}

Stagepass::begin($stagepass_told);
try {
    if (Stagepass_Magento::boots()) {
        Stagepass::$loading = true;
        require Stagepass_Magento::before();
        Stagepass::$loading = false;
    }
    Stagepass_Magento::run();
} catch (Throwable $stagepass_error) {
    Stagepass::caught($stagepass_error);
}
