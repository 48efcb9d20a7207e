<?php
// What is compared of a Magento, before and after (lib/php/state.php).

final class Stagepass_Magento_State extends Stagepass_State
{
    // Settings by the beginning of their name, and what they are: ways to pay and mail; what runs by itself; how one gets in, what
    // is in every page, and where the shop is.
    const SETTINGS = array(
        'payment/' => 'shop-payment', 'multisafepay' => 'shop-payment', 'paypal/' => 'shop-payment', 'mollie' => 'shop-payment', 'adyen' => 'shop-payment', 'stripe' => 'shop-payment', 'klarna' => 'shop-payment',
        'buckaroo' => 'shop-payment', 'trans_email/' => 'shop-payment', 'sales_email/' => 'shop-payment', 'system/smtp/' => 'shop-payment', 'contact/email/' => 'shop-payment',
        'crontab/' => 'shop-task',
        'web/' => 'shop-setting', 'admin/' => 'shop-setting', 'oauth/' => 'shop-setting', 'webapi/' => 'shop-setting', 'twofactorauth/' => 'shop-setting', 'recaptcha_backend/' => 'shop-setting',
        'adobe_ims/' => 'shop-setting', 'design/head/' => 'shop-setting', 'design/footer/' => 'shop-setting', 'design/theme/' => 'shop-theme',
    );

    private $modules;

    // MODULES: those that are switched on.
    public function __construct($rows, $prefix, $modules)
    {
        parent::__construct($rows, $prefix);
        $this->modules = $modules;
    }

    protected function things()
    {
        $this->people();
        $this->roles();
        $this->keys();
        $this->settings();
        foreach ($this->modules as $module) {
            $this->line('shop-plugin', $module, '');
        }
    }

    private function people()
    {
        $roles = $this->table('authorization_role');
        foreach ($this->rows->values('SELECT user_id FROM ' . $this->table('admin_user') . ' ORDER BY user_id') as $id) {
            $name = $this->of('admin_user', 'username', 'user_id', $id);
            if (in_array($name, $this->ours, true)) {
                continue;
            }
            $has = $this->rows->values("SELECT g.role_name FROM $roles u JOIN $roles g ON g.role_id = u.parent_id WHERE u.role_type = 'U' AND u.user_type = '2' AND u.user_id = ? ORDER BY g.role_name", array($id));
            $has = implode(',', array_merge($has, $this->of('admin_user', 'is_active', 'user_id', $id) === '1' ? array() : array('disabled')));
            $this->line('shop-user', $name, $has . ' ' . self::digest($this->of('admin_user', 'password', 'user_id', $id)) . ' ' . self::digest($this->of('admin_user', 'email', 'user_id', $id)), $has);
        }
    }

    private function roles()
    {
        foreach ($this->rows->values('SELECT role_id FROM ' . $this->table('authorization_role') . " WHERE role_type = 'G' ORDER BY role_id") as $role) {
            $name = $this->of('authorization_role', 'role_name', 'role_id', $role);
            if ($this->is_our_role($name)) {
                continue;
            }
            $rules = $this->rows->values("SELECT CONCAT(permission, ' ', resource_id) FROM " . $this->table('authorization_rule') . ' WHERE role_id = ? ORDER BY rule_id', array($role));
            $this->line('shop-role', $name, self::digest(implode("\n", $rules)));
        }
    }

    // Integrations, and tokens of users.
    private function keys()
    {
        if ($this->has('integration')) {
            foreach ($this->rows->values('SELECT integration_id FROM ' . $this->table('integration') . ' ORDER BY integration_id') as $id) {
                $value = '';
                foreach (array('status', 'endpoint', 'identity_link_url', 'consumer_id') as $column) {
                    $value .= $this->of('integration', $column, 'integration_id', $id) . "\n";
                }
                $this->line('shop-key', 'integration ' . $id, self::digest($value), $this->of('integration', 'name', 'integration_id', $id));
            }
        }
        if ($this->has('oauth_token')) {
            foreach ($this->rows->values('SELECT entity_id FROM ' . $this->table('oauth_token') . ' WHERE admin_id IS NOT NULL ORDER BY entity_id') as $id) {
                $name = $this->of('admin_user', 'username', 'user_id', $this->of('oauth_token', 'admin_id', 'entity_id', $id));
                if (!in_array($name, $this->ours, true)) {
                    $this->line('shop-login', $name . ' ' . $id, '');
                }
            }
        }
    }

    // Of what is set the name, and never what it is set to.
    private function settings()
    {
        foreach (self::SETTINGS as $begins => $kind) {
            $like = str_replace('_', '\_', $begins) . '%';
            foreach ($this->rows->values('SELECT config_id FROM ' . $this->table('core_config_data') . ' WHERE path LIKE ? ORDER BY path, scope, scope_id', array($like)) as $id) {
                $scope = $this->of('core_config_data', 'scope', 'config_id', $id);
                $name = $this->of('core_config_data', 'path', 'config_id', $id) . ($scope === 'default' ? '' : '@' . $scope . '_' . $this->of('core_config_data', 'scope_id', 'config_id', $id));
                $this->line($kind, $name, self::digest($this->of('core_config_data', 'value', 'config_id', $id)));
            }
        }
    }
}
