<?php
// What is compared of a WordPress, before and after (lib/php/state.php).

final class Stagepass_Wordpress_State extends Stagepass_State
{
    private $users;
    private $meta;

    public function __construct($rows, $prefix, $users, $meta)
    {
        parent::__construct($rows, $prefix);
        list($this->users, $this->meta) = array($users, $meta);
    }

    protected function things()
    {
        $this->people();
        $this->keys();
        foreach ($this->rows->tables($this->prefix, 'options') as $table) {
            $site = preg_match('{^' . preg_quote($this->prefix, '{') . '(\d+)_options$}', $table, $m) ? $m[1] . ': ' : '';
            $this->addresses($table, $site);
            $this->roles($table, $site);
            $this->code($table, $site);
            $this->tasks($table, $site);
            $this->settings($table, $site);
        }
    }

    private static function plain($text)
    {
        $found = @unserialize((string) $text, array('allowed_classes' => false));
        return is_array($found) ? $found : array();
    }

    // Everybody who is more than a customer.
    private function people()
    {
        $sql = 'SELECT DISTINCT user_id FROM ' . $this->meta . " WHERE meta_key LIKE '%capabilities' AND meta_value LIKE '%\"%' ORDER BY user_id";
        foreach ($this->rows->values($sql) as $id) {
            $roles = $this->roles_of($id);
            $name = (string) $this->rows->value('SELECT user_login FROM ' . $this->users . ' WHERE ID = ?', array($id));
            if (!array_diff($roles, array('customer', 'subscriber')) || in_array($name, $this->ours, true)) {
                continue;
            }
            $secret = $this->rows->value('SELECT user_pass FROM ' . $this->users . ' WHERE ID = ?', array($id));
            $mail = $this->rows->value('SELECT user_email FROM ' . $this->users . ' WHERE ID = ?', array($id));
            $roles = implode(',', $roles);
            $this->line('shop-user', $name, $roles . ' ' . self::digest($secret) . ' ' . self::digest($mail), $roles);
            $this->passwords($id, $name);
        }
    }

    private function roles_of($id)
    {
        $roles = array();
        foreach ($this->rows->values('SELECT meta_value FROM ' . $this->meta . " WHERE user_id = ? AND meta_key LIKE '%capabilities'", array($id)) as $text) {
            $roles = array_merge($roles, array_keys(array_filter(self::plain($text))));
        }
        sort($roles);
        return array_values(array_unique($roles));
    }

    private function passwords($id, $name)
    {
        foreach ($this->rows->values('SELECT meta_value FROM ' . $this->meta . " WHERE user_id = ? AND meta_key = '_application_passwords'", array($id)) as $text) {
            foreach (self::plain($text) as $one) {
                $uuid = is_array($one) && isset($one['uuid']) ? $one['uuid'] : '?';
                $this->line('shop-login', $name . ' ' . $uuid, '', isset($one['name']) ? $one['name'] : '');
            }
        }
    }

    private function keys()
    {
        foreach ($this->rows->tables($this->prefix, 'woocommerce_api_keys') as $table) {
            $this->rows_of('shop-key', $table, 'key_id', array('permissions', 'user_id', 'truncated_key'), 'description');
        }
        foreach ($this->rows->tables($this->prefix, 'wc_webhooks') as $table) {
            $this->rows_of('shop-webhook', $table, 'webhook_id', array('status', 'topic', 'delivery_url'), 'name');
        }
    }

    private function rows_of($kind, $table, $key, $columns, $shown)
    {
        foreach ($this->rows->values('SELECT ' . $key . ' FROM ' . $table . ' ORDER BY ' . $key) as $id) {
            $value = '';
            foreach ($columns as $column) {
                $value .= $this->rows->value('SELECT ' . $column . ' FROM ' . $table . ' WHERE ' . $key . ' = ?', array($id)) . "\n";
            }
            $text = $this->rows->value('SELECT ' . $shown . ' FROM ' . $table . ' WHERE ' . $key . ' = ?', array($id));
            $this->line($kind, $table . ' ' . $id, self::digest($value), $text);
        }
    }

    private function option($table, $name)
    {
        return $this->rows->value('SELECT option_value FROM ' . $table . ' WHERE option_name = ?', array($name));
    }

    private function addresses($table, $site)
    {
        foreach (array('siteurl', 'home', 'admin_email', 'new_admin_email', 'users_can_register', 'default_role') as $name) {
            $value = $this->option($table, $name);
            if ($value !== null) {
                $this->line('shop-setting', $site . $name, self::digest($value));
            }
        }
    }

    private function roles($table, $site)
    {
        foreach ($this->rows->values('SELECT option_value FROM ' . $table . " WHERE option_name LIKE '%user_roles'") as $text) {
            foreach (self::plain($text) as $name => $role) {
                $ours = substr($name, 0, 10) === 'stagepass_' && isset($this->ours[substr($name, 10)]);
                if (!$ours) {
                    $this->line('shop-role', $site . $name, self::digest(serialize($role)));
                }
            }
        }
    }

    private function code($table, $site)
    {
        foreach (self::plain($this->option($table, 'active_plugins')) as $plugin) {
            $this->line('shop-plugin', $site . (is_scalar($plugin) ? $plugin : '?'), '');
        }
        foreach (array('template', 'stylesheet') as $name) {
            $this->line('shop-theme', $site . $name, (string) $this->option($table, $name));
        }
    }

    // By their names alone: when they run changes all the time. Those of WordPress and WooCommerce themselves begin at a login
    // already, and do what their code does.
    const OWN_TASKS = '{^(?:wp_|woocommerce_|wc_|action_scheduler_|(?:delete_expired_transients|recovery_mode_clean_expired_keys|publish_future_post|do_pings|importer_scheduled_cleanup|upgrader_scheduled_cleanup|update_network_counts)$)}D';

    private function tasks($table, $site)
    {
        $hooks = array();
        foreach (self::plain($this->option($table, 'cron')) as $at) {
            $hooks = array_merge($hooks, is_array($at) ? array_keys($at) : array());
        }
        foreach (preg_grep(self::OWN_TASKS, array_unique($hooks), PREG_GREP_INVERT) as $hook) {
            $this->line('shop-task', $site . $hook, '');
        }
    }

    // Ways to pay, and to whom the shop writes. Of what is set the name, and never what it is set to.
    private function settings($table, $site)
    {
        $names = $this->rows->values('SELECT option_name FROM ' . $table . " WHERE option_name LIKE 'woocommerce%settings' OR option_name = 'woocommerce_gateway_order' OR option_name LIKE 'multisafepay%' OR option_name LIKE 'mollie%' ORDER BY option_name");
        foreach ($names as $name) {
            $text = (string) $this->option($table, $name);
            $all = self::plain($text);
            if (!$all) {
                $this->line('shop-payment', $site . $name, self::digest($text));
            }
            foreach ($all as $key => $value) {
                $this->line('shop-payment', $site . $name . '.' . $key, self::digest(serialize($value)));
            }
        }
    }
}
