<?php
// What is compared of a PrestaShop, before and after (lib/php/state.php).

final class Stagepass_Prestashop_State extends Stagepass_State
{
    // Ways to pay, and to whom the shop writes.
    const PAYMENT = "name LIKE 'MULTISAFEPAY%' OR name LIKE 'MOLLIE%' OR name LIKE 'PAYPAL%' OR name LIKE 'STRIPE%' OR name LIKE 'ADYEN%' OR name LIKE 'KLARNA%' OR name LIKE 'PS_CHECKOUT%' OR name LIKE 'BANK_WIRE%' OR name LIKE 'CHEQUE%' OR name LIKE 'PS_MAIL%' OR name = 'PS_SHOP_EMAIL'";

    const SETTINGS = "name IN ('PS_SHOP_DOMAIN', 'PS_SHOP_DOMAIN_SSL', 'PS_SSL_ENABLED', 'PS_SHOP_ENABLE', 'PS_MAINTENANCE_IP', 'PS_WEBSERVICE', 'PS_COOKIE_CHECKIP', 'PS_COOKIE_LIFETIME_BO', 'PS_ALLOW_HTML_IFRAME', 'PS_USE_HTMLPURIFIER')";

    protected function things()
    {
        $this->people();
        $this->profiles();
        $this->keys();
        $this->code();
        $this->settings('shop-payment', self::PAYMENT);
        $this->settings('shop-setting', self::SETTINGS);
    }

    // Everybody who may log in to the back office.
    private function people()
    {
        $addresses = array();
        foreach ($this->ours as $grant => $name) {
            $addresses[] = $name . '@' . $grant . '.invalid';
        }
        foreach ($this->rows->values('SELECT id_employee FROM ' . $this->table('employee') . ' ORDER BY id_employee') as $id) {
            $email = $this->of('employee', 'email', 'id_employee', $id);
            if (in_array($email, $addresses, true)) {
                continue;
            }
            $profile = (string) $this->rows->value('SELECT name FROM ' . $this->table('profile_lang') . ' WHERE id_profile = ? ORDER BY id_lang', array($this->of('employee', 'id_profile', 'id_employee', $id)));
            $role = str_replace(' ', '_', $profile) . ($this->of('employee', 'active', 'id_employee', $id) === '1' ? '' : ',disabled');
            $this->line('shop-user', $id . ' ' . $email, $role . ' ' . self::digest($this->of('employee', 'passwd', 'id_employee', $id)) . ' ' . self::digest($email), $role);
        }
    }

    private function profiles()
    {
        foreach ($this->rows->values('SELECT id_profile FROM ' . $this->table('profile') . ' ORDER BY id_profile') as $id) {
            $name = (string) $this->rows->value('SELECT name FROM ' . $this->table('profile_lang') . ' WHERE id_profile = ? ORDER BY id_lang', array($id));
            if ($this->is_our_role($name)) {
                continue;
            }
            $rights = '';
            foreach (array('access', 'module_access') as $table) {
                $rights .= implode(' ', $this->rows->values('SELECT id_authorization_role FROM ' . $this->table($table) . ' WHERE id_profile = ? ORDER BY id_authorization_role', array($id))) . "\n";
            }
            $this->line('shop-role', $id . ' ' . $name, self::digest($rights));
        }
    }

    // Keys of the webservice belong to nobody in particular.
    private function keys()
    {
        foreach ($this->rows->values('SELECT id_webservice_account FROM ' . $this->table('webservice_account') . ' ORDER BY id_webservice_account') as $id) {
            $value = $this->of('webservice_account', 'key', 'id_webservice_account', $id) . ' ' . $this->of('webservice_account', 'active', 'id_webservice_account', $id) . ' '
                . implode(' ', $this->rows->values('SELECT CONCAT(resource, method) FROM ' . $this->table('webservice_permission') . ' WHERE id_webservice_account = ? ORDER BY resource, method', array($id)));
            $this->line('shop-key', $id, self::digest($value), $this->of('webservice_account', 'description', 'id_webservice_account', $id));
        }
    }

    private function code()
    {
        foreach ($this->rows->values('SELECT name FROM ' . $this->table('module') . ' WHERE active = 1 ORDER BY name') as $module) {
            $this->line('shop-plugin', $module, '');
        }
        foreach ($this->rows->values('SELECT id_shop FROM ' . $this->table('shop') . ' ORDER BY id_shop') as $shop) {
            $this->line('shop-theme', 'shop ' . $shop, $this->of('shop', 'theme_name', 'id_shop', $shop));
        }
        foreach ($this->rows->values('SELECT id_shop_url FROM ' . $this->table('shop_url') . ' ORDER BY id_shop_url') as $url) {
            $value = '';
            foreach (array('domain', 'domain_ssl', 'physical_uri', 'virtual_uri', 'active') as $column) {
                $value .= $this->of('shop_url', $column, 'id_shop_url', $url) . "\n";
            }
            $this->line('shop-setting', 'shop_url ' . $url, self::digest($value));
        }
        // What the module for jobs of its own starts.
        if ($this->has('cronjobs')) {
            foreach ($this->rows->values('SELECT id_cronjob FROM ' . $this->table('cronjobs') . ' ORDER BY id_cronjob') as $job) {
                $this->line('shop-task', 'cronjobs ' . $job, self::digest($this->of('cronjobs', 'task', 'id_cronjob', $job)));
            }
        }
    }

    // Of what is set the name, and never what it is set to.
    private function settings($kind, $which)
    {
        foreach ($this->rows->values('SELECT id_configuration FROM ' . $this->table('configuration') . ' WHERE ' . $which . ' ORDER BY name, id_configuration') as $id) {
            $shop = $this->of('configuration', 'id_shop', 'id_configuration', $id);
            $this->line($kind, $this->of('configuration', 'name', 'id_configuration', $id) . ($shop === '' || $shop === '0' ? '' : '@shop_' . $shop), self::digest($this->of('configuration', 'value', 'id_configuration', $id)));
        }
    }
}
