<?php
// A temporary employee in the back office of PrestaShop 1.7.6 to 8. It is done by the rows alone, and nothing of the shop is loaded:
// all that the shop itself does to make or delete an employee is to write these rows, and it reads an employee's row anew at every
// request (its own cache of queries leaves out every table whose name begins with `employee`). So no code of the shop's stands between
// what is asked and what is answered.
//
// An employee has no name to log in by, but an address: ACCOUNT@GRANT.invalid. It is found again by its profile, which is the grant's own
// (`stagepass GRANT TAG`), or by that address; nothing without one of them is ever touched.

final class Stagepass_Prestashop extends Stagepass_Rows
{
    const WHO = 'employee';
    const USERS = 'employee';
    const NUMBER = 'id_employee';
    const LOGIN = 'email';

    // The profile that may do everything, which the shop knows by its number.
    const EVERYTHING = 1;

    // The first name of every employee that is made.
    const NAME = 'stagepass';

    // Pages that the profile may see, where the shop has them; first the headings of the menu.
    const PAGES = array(
        'SELL', 'IMPROVE', 'CONFIGURE', 'ADMINPARENTORDERS', 'ADMINCATALOG', 'ADMINPARENTMODULESSF', 'ADMINPARENTPAYMENT', 'SHOPPARAMETERS', 'ADMINPARENTORDERPREFERENCES', 'ADMINADVANCEDPARAMETERS',
        'ADMINDASHBOARD', 'ADMINORDERS', 'ADMININVOICES', 'ADMINSLIP', 'ADMINDELIVERYSLIP', 'ADMINCARTS', 'ADMINPRODUCTS', 'ADMINSTATUSES', 'ADMINORDERPREFERENCES',
        'ADMINPAYMENT', 'ADMINPAYMENTPREFERENCES', 'ADMINMODULES', 'ADMINMODULESSF', 'ADMINMODULESMANAGE', 'ADMINMODULESNOTIFICATIONS', 'ADMINMODULESUPDATES', 'ADMININFORMATION', 'ADMINLOGS',
    );

    // A module is one to pay with that hangs from one of these.
    const HOOKS = "('paymentOptions', 'displayPayment', 'displayPaymentEU', 'payment')";

    // What the shop keeps of an employee and nobody else needs: to be deleted with it.
    const OWN = array('employee_shop', 'employee_session', 'employee_account', 'module_history', 'module_preference', 'tab_module_preference', 'message_readed');

    // What somebody wrote or did in the shop: it goes to an administrator.
    const AUTHORED = array('message', 'customer_message', 'order_history', 'order_payment', 'stock_mvt', 'supply_order_history', 'supply_order_receipt_history', 'warehouse');

    private $config;

    // ---- what runs ------------------------------------------------------------------------------

    public static function run()
    {
        $shop = new self();
        $shop->does(array('facts', 'open', 'update', 'check', 'shut', 'close', 'gone', 'marks'));
    }

    // ---- the database ---------------------------------------------------------------------------

    // What is not named in an INSERT is empty, as the shop has it.
    protected function session()
    {
        return "sql_mode = 'NO_ENGINE_SUBSTITUTION'";
    }

    protected function settings($text, &$host, &$user, &$password, &$name)
    {
        $this->config = new Stagepass_Returned($text);
        foreach (array('host', 'port', 'name', 'user', 'password', 'prefix') as $one) {
            if ($this->parameter($one) === null) {
                return 'config-not-plain';
            }
        }
        // The shop goes by a copy of its own as long as that is no older.
        foreach (array('cached_prod', 'cached_dev') as $copy) {
            $text = (string) base64_decode(Stagepass::told($copy));
            if ($text !== '' && $this->differs(new Stagepass_Returned($text))) {
                return 'config-copy-differs';
            }
        }
        list($host, $user, $password, $name) = array($this->parameter('host'), $this->parameter('user'), $this->parameter('password'), $this->parameter('name'));
        $port = $this->parameter('port');
        $this->prefix = $this->parameter('prefix');
        if ($host === '' || $user === '' || $name === '' || !preg_match('/^\d{0,5}$/D', $port)) {
            return 'config-not-plain';
        }
        $host .= $port !== '' ? ':' . $port : '';
        return '';
    }

    private function differs($copy)
    {
        foreach (array('host', 'port', 'name', 'user', 'password', 'prefix') as $one) {
            if (self::of($copy, $one) !== $this->parameter($one)) {
                return true;
            }
        }
        return false;
    }

    // What a file of settings says of the database, or null where that cannot be told. A percent sign is written twice there.
    private static function of($settings, $name)
    {
        $value = $settings->value_at('parameters/database_' . $name, '');
        return $value === null ? null : str_replace('%%', '%', $value);
    }

    private function parameter($name)
    {
        return self::of($this->config, $name);
    }

    // What is set for all shops of this installation.
    private function setting($name)
    {
        return $this->value('SELECT `value` FROM ' . $this->table('configuration') . ' WHERE name = ? AND id_shop IS NULL AND id_shop_group IS NULL ORDER BY id_configuration', array($name));
    }

    // All of it or nothing, where the tables can do that.
    private function together($what)
    {
        // What begins one in a word of its own cannot be prepared everywhere.
        $this->change('SET autocommit = 0');
        $what();
        $this->change('COMMIT');
        $this->change('SET autocommit = 1');
    }

    // ---- which employee is ours -----------------------------------------------------------------

    protected static function address()
    {
        return Stagepass::told('account') . '@' . Stagepass::told('grant') . '.invalid';
    }

    // The number of the employee with that address, and whether it is ours. The one that was made is ours by another address as well,
    // as long as it has the profile. Where its number is not known any more, the name has to do that it was made with.
    protected function row(&$ours)
    {
        $found = $this->named(self::address());
        $members = $this->members();
        $ours = true;
        foreach ($found as $id) {
            if (in_array($id, $members) || $this->was_made($id)) {
                return (int) $id;
            }
        }
        foreach ($members as $id) {
            if ($this->was_made($id)) {
                return (int) $id;
            }
        }
        $ours = false;
        return $found ? (int) $found[0] : 0;
    }

    protected function called()
    {
        return self::address();
    }

    private function was_made($id)
    {
        $made = (int) Stagepass::told('user_id');
        return $made > 0 ? (int) $id === $made : $this->count($this->table('employee') . ' WHERE id_employee = ? AND firstname = ?', array($id, self::NAME)) > 0;
    }

    private function profiles()
    {
        return $this->values('SELECT DISTINCT id_profile FROM ' . $this->table('profile_lang') . ' WHERE name = ? ORDER BY id_profile', array(self::mark()));
    }

    // Everybody who has the profile of the grant.
    private function members()
    {
        $found = array();
        foreach ($this->profiles() as $profile) {
            $found = array_merge($found, $this->values('SELECT id_employee FROM ' . $this->table('employee') . ' WHERE id_profile = ? ORDER BY id_employee', array($profile)));
        }
        return $found;
    }

    protected function marked($id)
    {
        return in_array($id, $this->members());
    }

    // Why the employee cannot be made, or nothing.
    protected function taken(&$why)
    {
        $found = $this->named(self::address());
        $why = 'The shop has an employee with the address ' . self::address() . ' already, and it is not of this grant. Choose another name.';
        return !$found || $this->marked($found[0]) || (int) $found[0] === (int) Stagepass::told('user_id') ? '' : 'name-taken';
    }

    protected function roles_like_ours()
    {
        $found = array();
        foreach ($this->values('SELECT DISTINCT id_profile FROM ' . $this->table('profile_lang') . " WHERE name LIKE 'stagepass %' ORDER BY id_profile") as $profile) {
            $found[$profile] = (string) $this->value('SELECT name FROM ' . $this->table('profile_lang') . " WHERE id_profile = ? AND name LIKE 'stagepass %' ORDER BY id_lang", array($profile));
        }
        return $found;
    }

    protected function members_of($profile)
    {
        return $this->values('SELECT email FROM ' . $this->table('employee') . ' WHERE id_profile = ? ORDER BY id_employee', array($profile));
    }

    protected function users_like_ours()
    {
        $found = array();
        foreach ($this->values('SELECT email FROM ' . $this->table('employee') . " WHERE firstname = ? AND email LIKE '%@%.invalid' ORDER BY id_employee", array(self::NAME)) as $member) {
            if (preg_match('/@([0-9a-z]+)\.invalid$/D', $member, $m)) {
                $found[$member] = $m[1];
            }
        }
        return $found;
    }

    protected function state()
    {
        return new Stagepass_Prestashop_State($this->direct, $this->prefix);
    }

    // ---- looking --------------------------------------------------------------------------------

    protected function say_addresses()
    {
        $shop = (int) $this->setting('PS_SHOP_DEFAULT');
        $url = $this->value('SELECT id_shop_url FROM ' . $this->table('shop_url') . ' WHERE id_shop = ? AND main = 1 AND active = 1 ORDER BY id_shop_url', array($shop ?: 1));
        $secure = $this->setting('PS_SSL_ENABLED') === '1';
        $host = $this->of_url($secure ? 'domain_ssl' : 'domain', $url);
        $home = $host === '' ? '' : ($secure ? 'https://' : 'http://') . $host . $this->of_url('physical_uri', $url);
        $admin = $home === '' || Stagepass::told('admin') === '' ? '' : $home . Stagepass::told('admin') . '/';
        Stagepass::say('home', $home === '' ? '' : $home . $this->of_url('virtual_uri', $url));
        Stagepass::say('admin_url', $admin);
        Stagepass::say('login_url', $admin === '' ? '' : $admin . 'index.php?controller=AdminLogin');
    }

    private function of_url($column, $url)
    {
        return (string) $this->value('SELECT `' . $column . '` FROM ' . $this->table('shop_url') . ' WHERE id_shop_url = ?', array((int) $url));
    }

    // The numbers of all who may make others, or give them another profile.
    protected function administrators()
    {
        return $this->values(
            'SELECT DISTINCT e.id_employee FROM ' . $this->table('employee') . ' e LEFT JOIN ' . $this->table('access') . ' a ON a.id_profile = e.id_profile LEFT JOIN ' . $this->table('authorization_role')
            . " r ON r.id_authorization_role = a.id_authorization_role WHERE e.id_profile = ? OR r.slug IN ('ROLE_MOD_TAB_ADMINEMPLOYEES_CREATE', 'ROLE_MOD_TAB_ADMINEMPLOYEES_UPDATE', 'ROLE_MOD_TAB_ADMINACCESS_UPDATE') ORDER BY e.id_employee",
            array(self::EVERYTHING)
        );
    }

    protected function signals()
    {
        foreach ($this->values('SELECT id_shop_url FROM ' . $this->table('shop_url') . ' WHERE active = 1 ORDER BY id_shop_url LIMIT 50') as $url) {
            foreach (array('domain', 'domain_ssl') as $column) {
                $host = (string) preg_replace('/:\d+$/', '', $this->of_url($column, $url));
                if ($host !== '') {
                    Stagepass::signal('host', $host, 'shop_url_' . (int) $url . '.' . $column);
                }
            }
        }
        foreach (array(array('PS_SHOP_ENABLE', '0', 'coming-soon', 'yes'), array('PS_MAIL_METHOD', '3', 'mail', 'off')) as $sign) {
            foreach ($this->set($sign[0]) as $place => $value) {
                if ($value === $sign[1]) {
                    Stagepass::signal($sign[2], $sign[3], $place);
                }
            }
        }
        if (Stagepass::told('debug') === '1') {
            Stagepass::signal('debug', 'yes', '_PS_MODE_DEV_');
        }
        $this->payment_signals();
        $this->newest_order();
    }

    // What a setting is, for all and for each shop that has its own: NAME or NAME@shop_NUMBER => VALUE.
    private function set($name)
    {
        $found = array();
        foreach ($this->values('SELECT id_configuration FROM ' . $this->table('configuration') . ' WHERE name = ? ORDER BY id_configuration LIMIT 50', array($name)) as $row) {
            $where = '';
            foreach (array('id_shop_group' => '@group_', 'id_shop' => '@shop_') as $column => $word) {
                $number = (int) $this->value('SELECT `' . $column . '` FROM ' . $this->table('configuration') . ' WHERE id_configuration = ?', array($row));
                $where = $number > 0 ? $word . $number : $where;
            }
            $found[$name . $where] = (string) $this->value('SELECT `value` FROM ' . $this->table('configuration') . ' WHERE id_configuration = ?', array($row));
        }
        return $found;
    }

    // Of modules that are switched on. Mollie says 1 for live, MultiSafepay and PayPal for test, PrestaShop's own a word.
    private function payment_signals()
    {
        $known = array(
            'multisafepayofficial' => array('MULTISAFEPAY_OFFICIAL_TEST_MODE', '1', '0'),
            'mollie' => array('MOLLIE_ENVIRONMENT', '0', '1'),
            'paypal' => array('PAYPAL_SANDBOX', '1', '0'),
            'ps_checkout' => array('PS_CHECKOUT_MODE', 'SANDBOX', 'LIVE'),
        );
        foreach ($known as $module => $sign) {
            if ($this->count($this->table('module') . ' WHERE name = ? AND active = 1', array($module)) === 0) {
                continue;
            }
            foreach ($this->set($sign[0]) as $place => $value) {
                $words = array($sign[1] => 'yes', $sign[2] => 'no');
                Stagepass::signal('payment-test', isset($words[$value]) ? $words[$value] : '?' . $value, $place);
            }
        }
    }

    private function newest_order()
    {
        $paid = $this->table('orders') . ' o JOIN ' . $this->table('order_state') . ' s ON s.id_order_state = o.current_state WHERE s.paid = 1';
        $count = $this->count($paid);
        if ($count === 0) {
            return;
        }
        Stagepass::signal('orders', (string) $count, 'orders');
        $zone = $this->setting('PS_TIMEZONE');
        $this->say_newest($this->values('SELECT o.id_order FROM ' . $paid . ' ORDER BY o.date_add DESC LIMIT 200'), function ($order) use ($zone) {
            return self::seconds((string) $this->value('SELECT date_add FROM ' . $this->table('orders') . ' WHERE id_order = ?', array($order)), $zone);
        }, function ($order) {
            return $this->value('SELECT module FROM ' . $this->table('orders') . ' WHERE id_order = ?', array($order));
        });
    }

    // The logins that the shop wrote into its log, but for those that are known already: UNIXTIME ADDRESS KIND TEXT. What it writes is
    // a sentence in its own language, which ends with the address.
    private function say_uses($id)
    {
        $uses = array();
        foreach ($this->values('SELECT id_log FROM ' . $this->table('log') . ' WHERE id_employee = ? AND severity = 1 AND (object_id IS NULL OR object_id = 0) ORDER BY id_log LIMIT 5000', array($id)) as $row) {
            $message = (string) $this->value('SELECT message FROM ' . $this->table('log') . ' WHERE id_log = ?', array($row));
            if (preg_match('/ ([0-9a-fA-F]*[:.][0-9a-fA-F:.]+)$/D', $message, $m)) {
                $uses[] = self::seconds((string) $this->value('SELECT date_add FROM ' . $this->table('log') . ' WHERE id_log = ?', array($row)), $this->setting('PS_TIMEZONE')) . ' ' . $m[1] . ' login back-office';
            }
        }
        foreach (array_slice($uses, max((int) Stagepass::told('uses_from'), count($uses) - 1000)) as $use) {
            Stagepass::say('use', $use);
        }
        Stagepass::say('uses_total', count($uses));
    }

    // ---- making ---------------------------------------------------------------------------------

    // The names of what the profile may do, by the table that they go to. Of payment modules, and of pages that they brought along, the
    // settings may be changed.
    private function rights()
    {
        $pays = $this->values('SELECT DISTINCT m.name FROM ' . $this->table('module') . ' m JOIN ' . $this->table('hook_module') . ' x ON x.id_module = m.id_module JOIN ' . $this->table('hook') . ' h ON h.id_hook = x.id_hook WHERE h.name IN ' . self::HOOKS . ' ORDER BY m.name');
        $wanted = array('access' => array(), 'module_access' => array());
        foreach (self::PAGES as $page) {
            $wanted['access'][] = 'ROLE_MOD_TAB_' . $page . '_READ';
        }
        // Without it no settings of a module are shown, whatever the profile may do with that module. By itself it lets nothing be
        // installed, and nothing be done with a module that the profile may not configure.
        $wanted['access'][] = 'ROLE_MOD_TAB_ADMINMODULESSF_UPDATE';
        foreach ($pays as $module) {
            $wanted['module_access'][] = 'ROLE_MOD_MODULE_' . strtoupper($module) . '_UPDATE';
            foreach ($this->values('SELECT class_name FROM ' . $this->table('tab') . ' WHERE module = ? ORDER BY class_name', array($module)) as $page) {
                $wanted['access'][] = 'ROLE_MOD_TAB_' . strtoupper($page) . '_READ';
                $wanted['access'][] = 'ROLE_MOD_TAB_' . strtoupper($page) . '_UPDATE';
            }
        }
        foreach ($this->values('SELECT name FROM ' . $this->table('module') . ' ORDER BY name') as $module) {
            $wanted['module_access'][] = 'ROLE_MOD_MODULE_' . strtoupper($module) . '_READ';
        }
        $known = $this->values('SELECT slug FROM ' . $this->table('authorization_role') . ' ORDER BY slug');
        foreach ($wanted as $table => $slugs) {
            $wanted[$table] = array_values(array_unique(array_intersect($slugs, $known)));
        }
        return $wanted;
    }

    // What a profile may do, as one text.
    private function allowed($profile)
    {
        $found = array();
        foreach (array('access', 'module_access') as $table) {
            $found[] = implode(' ', $this->values('SELECT r.slug FROM ' . $this->table($table) . ' a JOIN ' . $this->table('authorization_role') . ' r ON r.id_authorization_role = a.id_authorization_role WHERE a.id_profile = ? ORDER BY r.slug', array($profile)));
        }
        return implode("\n", $found);
    }

    protected function open()
    {
        $this->refuse_taken();
        $this->together(function () {
            $profile = $this->make_profile();
            $id = $this->row($ours);
            if ($id === 0) {
                $this->make_employee($profile);
            }
            $this->set_shops($this->row($ours));
        });
        $id = $this->row($ours);
        $profiles = $this->profiles();
        if ($id === 0 || !$ours || !$profiles) {
            Stagepass::fail('user-refused', 'The database did not take the employee of this grant.');
        }
        $this->fail_late();
        $this->change('UPDATE ' . $this->table('employee') . ' SET id_profile = ?, email = ?, passwd = ?, active = 1 WHERE id_employee = ?', array($profiles[0], self::address(), Stagepass::told('hash'), $id));
        Stagepass::say('user_id', $id);
        Stagepass::say('rights', hash('sha256', $this->allowed($profiles[0])));
        Stagepass::say('grants', 'payment');
        Stagepass::say('login_name', self::address());
        $this->say_addresses();
    }

    private function make_profile()
    {
        $found = $this->profiles();
        if (!$found) {
            $this->change('INSERT INTO ' . $this->table('profile') . ' (id_profile) VALUES (NULL)');
            $profile = (int) $this->value('SELECT LAST_INSERT_ID()');
            // Never the one that may do everything.
            if ($profile <= self::EVERYTHING) {
                Stagepass::fail('role-refused', 'The database did not take the profile of this grant.');
            }
            foreach ($this->values('SELECT id_lang FROM ' . $this->table('lang')) as $language) {
                $this->change('INSERT INTO ' . $this->table('profile_lang') . ' (id_lang, id_profile, name) VALUES (?, ?, ?)', array($language, $profile, self::mark()));
            }
            $found = array($profile);
        }
        $this->drop_rights($found[0]);
        foreach ($this->rights() as $table => $slugs) {
            foreach ($slugs as $slug) {
                $this->change('INSERT INTO ' . $this->table($table) . ' (id_profile, id_authorization_role) SELECT ?, id_authorization_role FROM ' . $this->table('authorization_role') . ' WHERE slug = ?', array($found[0], $slug));
            }
        }
        return $found[0];
    }

    private function drop_rights($profile)
    {
        foreach (array('access', 'module_access') as $table) {
            $this->change('DELETE FROM ' . $this->table($table) . ' WHERE id_profile = ?', array($profile));
        }
    }

    // Whoever asks for a new password is told to wait as long as the last one is younger than some minutes: this one stays younger, so
    // that nobody is sent a link in its name.
    private function make_employee($profile)
    {
        $columns = array(
            'id_profile' => $profile, 'id_lang' => (int) $this->setting('PS_LANG_DEFAULT'), 'firstname' => self::NAME, 'lastname' => 'support', 'email' => self::address(), 'passwd' => '!',
            'bo_theme' => 'default', 'bo_css' => 'theme.css', 'bo_menu' => 1, 'active' => 0,
            'default_tab' => (int) $this->value('SELECT id_tab FROM ' . $this->table('tab') . " WHERE class_name = 'AdminOrders'"),
        );
        $names = implode(', ', array_keys($columns));
        $this->change(
            'INSERT INTO ' . $this->table('employee') . " ($names, last_passwd_gen, stats_date_from, stats_date_to) VALUES (" . implode(', ', array_fill(0, count($columns), '?')) . ', DATE_ADD(NOW(), INTERVAL 1 YEAR), DATE_SUB(CURDATE(), INTERVAL 1 MONTH), CURDATE())',
            array_values($columns)
        );
    }

    // Who has no shop is not let in.
    private function set_shops($id)
    {
        $this->change('DELETE FROM ' . $this->table('employee_shop') . ' WHERE id_employee = ?', array($id));
        foreach ($this->values('SELECT id_shop FROM ' . $this->table('shop') . ' WHERE deleted = 0 ORDER BY id_shop') as $shop) {
            $this->change('INSERT INTO ' . $this->table('employee_shop') . ' (id_employee, id_shop) VALUES (?, ?)', array($id, $shop));
        }
    }

    // ---- its state ------------------------------------------------------------------------------

    protected function say_user($id)
    {
        Stagepass::say('enabled', $this->of_user('active', $id) === '1');
        $this->say_role($id);
        Stagepass::say('sessions', $this->sessions($id));
        $this->say_uses($id);
    }

    // Which profile it has, and whether that is ours and may what it was made with.
    private function say_role($id)
    {
        $profile = $this->of_user('id_profile', $id);
        Stagepass::say('role', (string) $this->value('SELECT name FROM ' . $this->table('profile_lang') . ' WHERE id_profile = ? ORDER BY id_lang', array($profile)));
        Stagepass::say('marked', $this->marked($id));
        Stagepass::say('role_matches', $this->marked($id) && (Stagepass::told('rights') === '' || hash('sha256', $this->allowed($profile)) === Stagepass::told('rights')));
    }

    // 1.7.6.6 and later; who was let in by an earlier one has a cookie, which holds for as long as the password does.
    private function sessions($id)
    {
        return $id > 0 && $this->has('employee_session') ? $this->count($this->table('employee_session') . ' WHERE id_employee = ?', array($id)) : 0;
    }

    private function end_sessions($id)
    {
        return $this->has('employee_session') ? $this->change('DELETE FROM ' . $this->table('employee_session') . ' WHERE id_employee = ?', array($id)) : 0;
    }

    // ---- ending ---------------------------------------------------------------------------------

    // Nobody gets in any more: whoever is in is asked for his row at the next request.
    protected function shut()
    {
        $id = $this->row($ours);
        Stagepass::say('had', $id > 0 && $ours || count($this->profiles()) > 0);
        Stagepass::say('foreign', $id > 0 && !$ours);
        if ($id === 0 || !$ours) {
            return;
        }
        Stagepass::say('user_id', $id);
        $this->say_role($id);
        $this->say_uses($id);
        $this->change('UPDATE ' . $this->table('employee') . ' SET active = 0, passwd = ?, email = ? WHERE id_employee = ?', array('!' . Stagepass::nobodys(), self::address(), $id));
        foreach (array('reset_password_token', 'reset_password_validity') as $column) {
            if ($this->has_column('employee', $column)) {
                $this->change('UPDATE ' . $this->table('employee') . " SET `$column` = NULL WHERE id_employee = ?", array($id));
            }
        }
        Stagepass::say('sessions_ended', $this->end_sessions($id));
        Stagepass::say('shut', $this->count($this->table('employee') . " WHERE id_employee = ? AND active = 0 AND passwd LIKE '!%'", array($id)) === 1 && $this->sessions($id) === 0);
    }

    protected function close()
    {
        $id = $this->row($ours);
        $was = $this->was_gone((int) Stagepass::told('user_id'));
        Stagepass::say('foreign', $id > 0 && !$ours);
        if ($id > 0 && $ours) {
            Stagepass::say('user_id', $id);
            $this->hand_over($id);
        }
        $this->together(function () use ($id, $ours, $was) {
            if ($id > 0 && $ours) {
                $this->change('DELETE FROM ' . $this->table('employee') . ' WHERE id_employee = ?', array($id));
                $this->forget($id);
            } elseif ($was > 0) {
                $this->forget($was);
            }
            foreach ($this->profiles() as $profile) {
                // Whoever else has it would have none.
                if ($this->count($this->table('employee') . ' WHERE id_profile = ?', array($profile)) === 0) {
                    $this->drop_rights($profile);
                    $this->change('DELETE FROM ' . $this->table('profile_lang') . ' WHERE id_profile = ?', array($profile));
                    $this->change('DELETE FROM ' . $this->table('profile') . ' WHERE id_profile = ? AND id_profile <> ?', array($profile, self::EVERYTHING));
                }
            }
        });
    }

    private function forget($id)
    {
        foreach (self::OWN as $table) {
            if ($this->has($table)) {
                $this->change('DELETE FROM ' . $this->table($table) . ' WHERE id_employee = ?', array($id));
            }
        }
        if ($this->has('admin_filter')) {
            $this->change('DELETE FROM ' . $this->table('admin_filter') . ' WHERE employee = ?', array($id));
        }
    }

    // What it wrote is not ours to delete. Said is to whom it goes, and how much it was.
    private function hand_over($id)
    {
        $count = 0;
        foreach ($this->authored() as $table) {
            $count += $this->count($this->table($table) . ' WHERE id_employee = ?', array($id));
        }
        if ($count === 0) {
            return;
        }
        $heir = (int) $this->value('SELECT id_employee FROM ' . $this->table('employee') . " WHERE id_profile = ? AND active = 1 AND id_employee <> ? AND email NOT LIKE '%.invalid' ORDER BY id_employee", array(self::EVERYTHING, $id));
        if ($heir === 0) {
            Stagepass::fail('no-heir', 'The employee ' . self::address() . ' cannot log in any more, but wrote something in the shop, and there is no administrator to give it to. Make one, and close again.');
        }
        foreach ($this->authored() as $table) {
            $this->change('UPDATE ' . $this->table($table) . ' SET id_employee = ? WHERE id_employee = ?', array($heir, $id));
        }
        Stagepass::say('handed_over', $count . ' ' . $this->name_of($heir));
    }

    private function authored()
    {
        $found = array();
        foreach (self::AUTHORED as $table) {
            if ($this->has($table) && $this->has_column($table, 'id_employee')) {
                $found[] = $table;
            }
        }
        return $found;
    }

    // Whether anything is left.
    protected function gone()
    {
        $this->say_absent();
        $left = 0;
        foreach ($this->profiles() as $profile) {
            $left += $this->left_role('profile', $profile);
        }
        $was = $this->was_gone((int) Stagepass::told('user_id'));
        if ($was > 0) {
            // A page that was being answered writes its session anew.
            $this->end_sessions($was);
            foreach ($this->holders() as $table) {
                $where = $this->table($table) . ' WHERE id_employee = ?';
                if (in_array($table, self::OWN, true) || in_array($table, self::AUTHORED, true)) {
                    $left += $this->left($table, $where, array($was));
                } elseif ($table !== 'log' && $this->count($where, array($was)) > 0) {
                    Stagepass::say('kept', $table . ' ' . $this->count($where, array($was)));
                }
            }
            $left += $this->has('admin_filter') ? $this->left('admin_filter', $this->table('admin_filter') . ' WHERE employee = ?', array($was)) : 0;
        }
        Stagepass::say('rows_left', $left);
        $this->say_new_administrators();
        $this->say_state();
    }

    // Every table that names an employee, also one of a module.
    private function holders()
    {
        $found = array();
        $all = $this->values("SELECT c.TABLE_NAME FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME WHERE c.TABLE_SCHEMA = DATABASE() AND c.COLUMN_NAME = 'id_employee' AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY c.TABLE_NAME");
        foreach ($all as $table) {
            $name = substr($table, strlen($this->prefix));
            if ($name !== 'employee' && strpos($table, $this->prefix) === 0 && preg_match('/^[A-Za-z0-9_]+$/D', $name)) {
                $found[] = $name;
            }
        }
        return $found;
    }

    // The name of the layer, of an address.
    protected static function plain($address)
    {
        return preg_match('/^([A-Za-z0-9_.-]+)@[0-9a-z]+\.invalid$/D', $address, $m) ? $m[1] : '-';
    }
}

Stagepass::begin($stagepass_told);
try {
    Stagepass_Prestashop::run();
} catch (Throwable $stagepass_error) {
    Stagepass::caught($stagepass_error);
}
