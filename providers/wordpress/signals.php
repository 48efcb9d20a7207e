<?php
// What tells a staging shop from a live one, asked of the shop itself. A default says nothing: only what somebody set is told.

final class Stagepass_Wordpress_Signals
{
    private $text;

    // TEXT: the settings.
    public function __construct($text)
    {
        $this->text = $text;
    }

    public function say()
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
        $text = $this->text;
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
}
