<?php
// A temporary user in the administration of OpenCart 3.0 and 4. It is done by the rows alone, and nothing of the shop is loaded: all
// that the shop itself does to make or delete a user is to write these rows, it keeps no copies of them, and it reads a user's
// row anew at every request. So no code of the shop's stands between what is asked and what is answered.
//
// A user is found again by its name together with its group, which is the grant's own (`stagepass GRANT TAG`), or with its address;
// nothing without that is ever touched.

final class Stagepass_Opencart extends Stagepass_Rows
{
    const USERS = 'user';
    const NUMBER = 'user_id';
    const LOGIN = 'username';

    private $config;

    // ---- what runs ------------------------------------------------------------------------------

    public static function run()
    {
        $shop = new self();
        if (Stagepass::told('verb') === 'sessions') {
            $shop->end_files();
            Stagepass::finish(0);
        } else {
            $shop->does(array('facts', 'open', 'update', 'check', 'shut', 'close', 'gone', 'marks'));
        }
    }

    // ---- the database ---------------------------------------------------------------------------

    // As the shop does: what is not named in an INSERT is empty.
    protected function session()
    {
        return "sql_mode = 'NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION'";
    }

    protected function settings($text, &$host, &$user, &$password, &$name)
    {
        $config = $this->config = new Stagepass_Constants($text, array());
        list($host, $user, $password, $name) = array($config->value('DB_HOSTNAME'), $config->value('DB_USERNAME'), $config->value('DB_PASSWORD'), $config->value('DB_DATABASE'));
        $port = $config->value('DB_PORT', '3306');
        $this->prefix = $config->value('DB_PREFIX');
        foreach (array($host, $user, $password, $name, $port, $this->prefix) as $value) {
            if ($value === null || !$config->plain) {
                return 'config-not-plain';
            }
        }
        if (!preg_match('/^\d{0,5}$/D', $port)) {
            return 'config-not-plain';
        }
        if (!in_array($config->value('DB_DRIVER'), array('mysqli', 'mpdo', 'pdo'), true)) {
            return 'other-database';
        }
        foreach (array('DB_SSL_KEY', 'DB_SSL_CERT', 'DB_SSL_CA') as $one) {
            if ($config->value($one, '') !== '') {
                return 'other-database';
            }
        }
        $host .= strpos($host, ':') === false && (int) $port > 0 && (int) $port !== 3306 ? ':' . $port : '';
        return '';
    }

    private function setting($key)
    {
        return $this->value('SELECT `value` FROM ' . $this->table('setting') . ' WHERE store_id = 0 AND `key` = ? ORDER BY setting_id', array($key));
    }

    // ---- which user is ours ---------------------------------------------------------------------

    protected function marked($id)
    {
        return $this->count($this->table('user') . ' u JOIN ' . $this->table('user_group') . ' g ON g.user_group_id = u.user_group_id WHERE u.user_id = ? AND g.name = ?', array($id, self::mark())) > 0;
    }

    private function groups()
    {
        return $this->values('SELECT user_group_id FROM ' . $this->table('user_group') . ' WHERE name = ? ORDER BY user_group_id', array(self::mark()));
    }

    protected function roles_like_ours()
    {
        $found = array();
        foreach ($this->values('SELECT user_group_id FROM ' . $this->table('user_group') . " WHERE name LIKE 'stagepass %' ORDER BY user_group_id") as $group) {
            $found[$group] = (string) $this->value('SELECT name FROM ' . $this->table('user_group') . ' WHERE user_group_id = ?', array($group));
        }
        return $found;
    }

    protected function members_of($group)
    {
        return $this->values('SELECT username FROM ' . $this->table('user') . ' WHERE user_group_id = ? ORDER BY user_id', array($group));
    }

    protected function users_like_ours()
    {
        return $this->addressed_as_ours();
    }

    // ---- looking --------------------------------------------------------------------------------

    // A code by mail, which can reach nobody: 4.0 and 4.1 name it differently.
    protected function say_more()
    {
        Stagepass::say('second_factor', $this->setting('config_user_2fa') === '1' || $this->setting('config_security') === '1');
    }

    protected function say_addresses()
    {
        // 3.0 has a second one, which its administration uses where it is reached by TLS.
        $secure = (string) $this->config->value('HTTPS_SERVER', '');
        $admin = stripos($secure, 'https://') === 0 ? $secure : (string) $this->config->value('HTTP_SERVER', '');
        Stagepass::say('admin_url', $admin);
        Stagepass::say('login_url', $admin === '' ? '' : $admin . 'index.php?route=common/login');
        Stagepass::say('home', (string) $this->config->value('HTTP_CATALOG', ''));
    }

    // The numbers of all who may make others.
    protected function administrators()
    {
        $found = array();
        foreach ($this->values('SELECT user_group_id FROM ' . $this->table('user_group') . ' ORDER BY user_group_id') as $group) {
            $permission = $this->permission($group);
            if (array_intersect(array('user/user', 'user/user_permission'), $permission['modify'])) {
                $found = array_merge($found, $this->values('SELECT user_id FROM ' . $this->table('user') . ' WHERE user_group_id = ? ORDER BY user_id', array($group)));
            }
        }
        return $found;
    }

    private function permission($group)
    {
        $found = json_decode((string) $this->value('SELECT permission FROM ' . $this->table('user_group') . ' WHERE user_group_id = ?', array($group)), true);
        foreach (array('access', 'modify') as $kind) {
            $found[$kind] = isset($found[$kind]) && is_array($found[$kind]) ? array_values(array_filter($found[$kind], 'is_string')) : array();
        }
        return $found;
    }

    protected function signals()
    {
        foreach (array('HTTP_SERVER', 'HTTP_CATALOG') as $name) {
            $host = (string) parse_url((string) $this->config->value($name, ''), PHP_URL_HOST);
            if ($host !== '') {
                Stagepass::signal('host', $host, $name);
            }
        }
        foreach ($this->values('SELECT store_id FROM ' . $this->table('store') . ' ORDER BY store_id LIMIT 50') as $store) {
            $host = (string) parse_url((string) $this->value('SELECT url FROM ' . $this->table('store') . ' WHERE store_id = ?', array($store)), PHP_URL_HOST);
            if ($host !== '') {
                Stagepass::signal('host', $host, 'store_' . (int) $store . '.url');
            }
        }
        if ($this->setting('config_maintenance') === '1') {
            Stagepass::signal('coming-soon', 'yes', 'config_maintenance');
        }
        $this->payment_signals();
        $this->newest_order();
    }

    // Of each store. MultiSafepay's is 1 for test and 0 for live, PayPal's is a word; it is live where nothing is set.
    private function payment_signals()
    {
        $rows = $this->values('SELECT setting_id FROM ' . $this->table('setting') . " WHERE (`key` LIKE '%multisafepay%environment' OR `key` LIKE '%paypal%environment') AND `value` <> '' ORDER BY setting_id LIMIT 50");
        foreach ($rows as $row) {
            list($key, $value, $store) = array($this->of_setting('key', $row), $this->of_setting('value', $row), $this->of_setting('store_id', $row));
            $test = array('1' => 'yes', '0' => 'no', 'sandbox' => 'yes', 'test' => 'yes', 'production' => 'no', 'live' => 'no');
            $value = isset($test[strtolower($value)]) ? $test[strtolower($value)] : '?' . $value;
            Stagepass::signal('payment-test', $value, $store === '0' ? $key : $key . '@store_' . $store);
        }
    }

    private function of_setting($column, $row)
    {
        return (string) $this->value('SELECT `' . $column . '` FROM ' . $this->table('setting') . ' WHERE setting_id = ?', array($row));
    }

    private function newest_order()
    {
        $paid = array();
        foreach (array('config_processing_status', 'config_complete_status') as $key) {
            $found = json_decode((string) $this->setting($key), true);
            $paid = array_merge($paid, is_array($found) ? array_map('intval', $found) : array());
        }
        if (!$paid) {
            return;
        }
        $orders = $this->values('SELECT order_id FROM ' . $this->table('order') . ' WHERE order_status_id IN (' . implode(', ', $paid) . ') ORDER BY date_added DESC LIMIT 200');
        $zone = $this->setting('config_timezone');
        $this->say_newest($orders, function ($order) use ($zone) {
            return self::seconds((string) $this->value('SELECT date_added FROM ' . $this->table('order') . ' WHERE order_id = ?', array($order)), $zone);
        }, function ($order) {
            return $this->payment_of($order);
        });
    }

    private function payment_of($order)
    {
        if ($this->has_column('order', 'payment_code')) {
            return (string) $this->value('SELECT payment_code FROM ' . $this->table('order') . ' WHERE order_id = ?', array($order));
        }
        $found = json_decode((string) $this->value('SELECT payment_method FROM ' . $this->table('order') . ' WHERE order_id = ?', array($order)), true);
        return is_array($found) && isset($found['code']) && is_string($found['code']) ? $found['code'] : 'unknown';
    }

    // ---- making ---------------------------------------------------------------------------------

    // Of all that anybody in this shop may do. Who may change an order is given a key of the shop's API with its page, which lives
    // on; who may change his own profile changes his password and address. Neither is in it.
    private function rights()
    {
        $rights = array('access' => array(), 'modify' => array());
        foreach ($this->values('SELECT user_group_id FROM ' . $this->table('user_group') . " WHERE name NOT LIKE 'stagepass %' ORDER BY user_group_id") as $group) {
            $permission = $this->permission($group);
            foreach ($permission['access'] as $route) {
                if (preg_match('{^(?:(?:sale|catalog|report|extension)/|(?:tool/log|marketplace/(?:extension|modification))$)}D', $route)) {
                    $rights['access'][$route] = true;
                }
            }
            foreach ($permission['modify'] as $route) {
                if (preg_match('{^extension/(?:[^/]+/)?payment/}', $route)) {
                    $rights['modify'][$route] = true;
                }
            }
        }
        return json_encode(array('access' => array_keys($rights['access']), 'modify' => array_keys($rights['modify'])));
    }

    protected function open()
    {
        $this->refuse_taken();
        $rights = $this->rights();
        $group = $this->make_group($rights);
        $id = $this->row($ours);
        if ($id === 0) {
            $this->change(
                'INSERT INTO ' . $this->table('user') . ' (user_group_id, username, password, firstname, lastname, email, status, date_added) VALUES (?, ?, ?, ?, ?, ?, 0, NOW())',
                array($group, Stagepass::told('account'), '!', 'stagepass', Stagepass::told('grant'), self::address())
            );
            $id = $this->row($ours);
        }
        if ($id === 0 || !$ours) {
            Stagepass::fail('user-refused', 'The database did not take the user of this grant.');
        }
        $this->fail_late();
        $this->set_password($id, Stagepass::told('hash'));
        $this->change('UPDATE ' . $this->table('user') . ' SET user_group_id = ?, email = ?, status = 1 WHERE user_id = ?', array($group, self::address(), $id));
        Stagepass::say('user_id', $id);
        Stagepass::say('rights', hash('sha256', $rights));
        Stagepass::say('grants', 'payment');
        $this->say_addresses();
    }

    private function make_group($rights)
    {
        $found = $this->groups();
        if (!$found) {
            $this->change('INSERT INTO ' . $this->table('user_group') . ' (name, permission) VALUES (?, ?)', array(self::mark(), $rights));
            $found = $this->groups();
        }
        if (!$found) {
            Stagepass::fail('role-refused', 'The database did not take the group of this grant.');
        }
        $this->change('UPDATE ' . $this->table('user_group') . ' SET permission = ? WHERE user_group_id = ?', array($rights, $found[0]));
        return $found[0];
    }

    // `$sha1x3$SALT$DIGEST` is what 3.0 knows, in two columns.
    private function set_password($id, $hash)
    {
        $salt = '';
        if (preg_match('{^\$sha1x3\$([A-Za-z0-9]{9})\$([0-9a-f]{40})$}D', $hash, $m)) {
            list(, $salt, $hash) = $m;
        }
        $this->change('UPDATE ' . $this->table('user') . ' SET password = ? WHERE user_id = ?', array($hash, $id));
        foreach (array('salt' => $salt, 'code' => '') as $column => $value) {
            if ($this->has_column('user', $column)) {
                $this->change('UPDATE ' . $this->table('user') . " SET `$column` = ? WHERE user_id = ?", array($value, $id));
            }
        }
    }

    // ---- its state ------------------------------------------------------------------------------

    protected function say_user($id)
    {
        Stagepass::say('enabled', $this->of_user('status', $id) === '1');
        $this->say_role($id);
        Stagepass::say('sessions', count($this->sessions($id)));
    }

    // In which group it is, and whether that is ours and may what it was made with.
    private function say_role($id)
    {
        $group = $this->of_user('user_group_id', $id);
        Stagepass::say('role', (string) $this->value('SELECT name FROM ' . $this->table('user_group') . ' WHERE user_group_id = ?', array($group)));
        $rights = (string) $this->value('SELECT permission FROM ' . $this->table('user_group') . ' WHERE user_group_id = ?', array($group));
        Stagepass::say('marked', $this->marked($id));
        Stagepass::say('role_matches', $this->marked($id) && (Stagepass::told('rights') === '' || hash('sha256', $rights) === Stagepass::told('rights')));
    }

    // Those in the database. A user's number stands in each that was logged in.
    private function sessions($id)
    {
        $found = array();
        if ($id <= 0 || !$this->has('session')) {
            return $found;
        }
        $like = array('%"user_id":"' . (int) $id . '"%', '%"user_id":' . (int) $id . '%');
        foreach ($this->values('SELECT session_id FROM ' . $this->table('session') . ' WHERE data LIKE ? OR data LIKE ?', $like) as $session) {
            $data = json_decode((string) $this->value('SELECT data FROM ' . $this->table('session') . ' WHERE session_id = ?', array($session)), true);
            if (is_array($data) && isset($data['user_id']) && (string) $data['user_id'] === (string) $id) {
                $found[] = $session;
            }
        }
        return $found;
    }

    private function end_sessions($id)
    {
        $found = $this->sessions($id);
        foreach ($found as $session) {
            $this->change('DELETE FROM ' . $this->table('session') . ' WHERE session_id = ?', array($session));
        }
        return count($found);
    }

    // ---- ending ---------------------------------------------------------------------------------

    // Nobody gets in any more: whoever is in is asked for his row at the next request.
    protected function shut()
    {
        // Where those in files would be, which whoever owns them ends.
        Stagepass::say('session_folder', (string) $this->config->value('DIR_SESSION', ''));
        $id = $this->row($ours);
        Stagepass::say('had', $id > 0 && $ours || count($this->groups()) > 0);
        Stagepass::say('foreign', $id > 0 && !$ours);
        $made = $id > 0 && $ours ? $id : (int) Stagepass::told('user_id');
        if ($id > 0 && $ours) {
            $this->end_access($id);
        }
        if (Stagepass::told('whole') === '1') {
            $this->close();
            $this->say_left($made);
            Stagepass::say('whole', true);
        }
    }

    private function end_access($id)
    {
        Stagepass::say('user_id', $id);
        $this->say_role($id);
        $this->change('UPDATE ' . $this->table('user') . ' SET status = 0, email = ? WHERE user_id = ?', array(self::address(), $id));
        $this->set_password($id, '!' . Stagepass::nobodys());
        Stagepass::say('sessions_ended', $this->end_sessions($id));
        Stagepass::say('shut', $this->count($this->table('user') . " WHERE user_id = ? AND status = 0 AND password LIKE '!%'", array($id)) === 1 && count($this->sessions($id)) === 0);
    }

    // What the shop keeps of a user beside its row: who it was at which login, and whether a code by mail was given. It does the
    // same when a user is deleted; of what was typed at the login form it keeps the name.
    private static function kept()
    {
        return array('user_authorize', 'user_login', 'user_token');
    }

    protected function close()
    {
        $id = $this->row($ours);
        $was = $this->was_gone((int) Stagepass::told('user_id'));
        Stagepass::say('foreign', $id > 0 && !$ours);
        if ($id > 0 && $ours) {
            Stagepass::say('user_id', $id);
            $name = $this->name_of($id);
            $this->change('DELETE FROM ' . $this->numbered(), array($id));
            $this->forget($id, $name);
        } elseif ($was > 0) {
            $this->forget($was, $id === 0 ? Stagepass::told('account') : '');
        }
        foreach ($this->groups() as $group) {
            // Whoever else is in it would be in none.
            $this->change('DELETE FROM ' . $this->table('user_group') . ' WHERE user_group_id = ? AND NOT EXISTS (SELECT 1 FROM ' . $this->table('user') . ' WHERE user_group_id = ?)', array($group, $group));
        }
    }

    private function forget($id, $name)
    {
        $this->end_sessions($id);
        foreach (self::kept() as $table) {
            if ($this->has($table)) {
                $this->change('DELETE FROM ' . $this->table($table) . ' WHERE user_id = ?', array($id));
            }
        }
        // 3.0 counts who failed to log in by what was typed, beside the addresses of customers.
        if ($name !== '' && strpos($name, '@') === false && $this->has('customer_login')) {
            $this->change('DELETE FROM ' . $this->table('customer_login') . ' WHERE email = ?', array($name));
        }
    }

    // Whether anything is left.
    protected function gone()
    {
        $this->say_left((int) Stagepass::told('user_id'));
    }

    private function say_left($was)
    {
        $this->say_absent();
        $left = $this->left('address', $this->table('user') . ' WHERE email = ?', array(self::address()));
        foreach ($this->groups() as $group) {
            $left += $this->left_role('group', $group);
        }
        $was = $this->was_gone($was);
        if ($was > 0) {
            foreach (self::kept() as $table) {
                $left += $this->has($table) ? $this->left($table, $this->table($table) . ' WHERE user_id = ?', array($was)) : 0;
            }
            // A page that was being answered writes its session anew.
            $this->end_sessions($was);
            $sessions = count($this->sessions($was));
            if ($sessions > 0) {
                Stagepass::say('left', 'session ' . $sessions);
            }
            $left += $sessions;
        }
        Stagepass::say('rows_left', $left);
        $this->say_new_administrators();
    }

    // Those in files, asked as who owns them.
    private function end_files()
    {
        $id = (int) Stagepass::told('user_id');
        $ended = $left = 0;
        foreach ($id > 0 ? (array) @glob(Stagepass::told('folder') . '/sess_*') : array() as $file) {
            if (is_link($file) || !is_file($file) || filesize($file) > 1048576) {
                continue;
            }
            $text = (string) @file_get_contents($file);
            $data = json_decode($text, true);
            $data = is_array($data) ? $data : @unserialize($text, array('allowed_classes' => false));
            if (is_array($data) && isset($data['user_id']) && (string) $data['user_id'] === (string) $id) {
                $ended++;
                $left += @unlink($file) ? 0 : 1;
            }
        }
        Stagepass::say('sessions_ended', $ended);
        Stagepass::say('sessions_left', $left);
    }

}

Stagepass::begin($stagepass_told);
try {
    Stagepass_Opencart::run();
} catch (Throwable $stagepass_error) {
    Stagepass::caught($stagepass_error);
}
