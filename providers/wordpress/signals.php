<?php
// What tells a staging shop from a live one. A default says nothing: only what somebody set is told. What is a row is read as one,
// whatever a plugin makes of it, and whether or not the shop can be loaded; what the loaded shop says stands beside it, and of two
// that differ the worse counts.

final class Stagepass_Wordpress_Signals
{
    // A paid order counts as one of today by whoever asked, whose clock is another.
    const RECENT = 172800;
    const AHEAD = 3600;
    const UNPAID = "'wc-pending', 'wc-failed', 'wc-cancelled', 'wc-on-hold', 'wc-checkout-draft'";

    private $text;
    private $rows;
    private $prefix;

    // TEXT: the settings.
    public function __construct($text)
    {
        $this->text = $text;
    }

    // ---- the loaded shop ------------------------------------------------------------------------

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
        $this->mail();
        $debug = $this->configured('WP_DEBUG');
        if ($debug !== null) {
            Stagepass::signal('debug', $debug === '1' ? 'yes' : 'no', 'WP_DEBUG');
        }
    }

    // What the shop makes of the switches of its ways to pay: a plugin may set one of them for the moment.
    private function switch_of($option)
    {
        return function_exists('get_option') && Stagepass_Wordpress::boots() ? get_option($option, null) : null;
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

    // ---- its rows -------------------------------------------------------------------------------

    // Of every shop whose tables are in this database: whoever may read the settings of one reaches them all.
    public function say_rows($rows, $prefix)
    {
        list($this->rows, $this->prefix) = array($rows, $prefix);
        $environment = $this->configured('WP_ENVIRONMENT_TYPE');
        if ($environment !== null && $environment !== '') {
            Stagepass::signal('environment', $environment, 'WP_ENVIRONMENT_TYPE');
        }
        $all = $rows->all_tables();
        $shops = array();
        foreach ($all as $table) {
            if (preg_match('/^([A-Za-z0-9_]*)options$/D', $table, $m) && in_array($m[1] . 'posts', $all, true)) {
                $shops[$m[1]] = $m[1] === $prefix ? 0 : (preg_match('{^' . preg_quote($prefix, '{') . '\d+_$}D', $m[1]) ? 1 : 2);
            }
        }
        asort($shops);
        foreach (array_slice($shops, 0, 100, true) as $one => $far) {
            try {
                $this->of_shop($one, $far, $all);
            } catch (Exception $error) {
                // Tables of another program, or of another version.
                continue;
            }
        }
    }

    // FAR: 0 is the shop itself, 1 another of its network, 2 one that only shares the database. What is no sign of a live shop is
    // none of the last one's business.
    private function of_shop($prefix, $far, $all)
    {
        $where = $far === 0 ? '' : '@' . $prefix;
        if ($far < 2) {
            foreach (array('home', 'siteurl') as $option) {
                $host = self::host((string) $this->option($prefix, $option));
                if ($host !== '') {
                    Stagepass::signal('host', $host, $option . $where);
                }
            }
        }
        $sold = $this->orders($prefix, $all, $far < 2);
        foreach ($this->switches($prefix, $sold) as $place => $value) {
            Stagepass::signal('payment-test', $value, $place . $where);
        }
    }

    // An address as WordPress takes one, also without the scheme that it should have.
    private static function host($address)
    {
        $address = trim($address);
        return (string) parse_url(preg_match('{^[a-z]+://}i', $address) ? $address : 'http://' . ltrim($address, '/'), PHP_URL_HOST);
    }

    private function option($prefix, $name)
    {
        return $this->rows->value('SELECT option_value FROM ' . $prefix . 'options WHERE option_name = ?', array($name));
    }

    // Of the ways to pay that are switched on, or were paid by these days: whether money moves, by where that is set. Two makers
    // have a row for it; with the others it is one of the values of a way to pay.
    private function switches($prefix, $sold)
    {
        $found = $this->rows_of_makers($prefix);
        $on = $sold;
        $names = "option_name LIKE 'woocommerce%settings' OR option_name LIKE 'mollie%settings'";
        foreach ($this->rows->values('SELECT option_name FROM ' . $prefix . 'options WHERE ' . $names . ' ORDER BY option_name LIMIT 300') as $name) {
            $text = (string) $this->option($prefix, $name);
            $way = preg_replace('/^woocommerce[_-]|[_-]settings$/', '', $name);
            // As text: however long it is, and whatever stands in it beside.
            if (strpos($text, '"enabled";s:3:"yes"') !== false) {
                $on[] = $way;
            }
            // Others than ways to pay have such values, too.
            if (!in_array($way, array('stripe', 'paypal', 'ppcp'), true) && !self::has($sold, $way)) {
                continue;
            }
            foreach (array('testmode', 'test_mode', 'sandbox', 'sandbox_mode', 'sandbox_on') as $key) {
                if (preg_match('/"' . $key . '";(?:s:\d+:"([^"]{0,400})"|[bi]:(\d+);)/', $text, $m)) {
                    $found[$name . '.' . $key] = array($way, $this->worse($prefix, $name, $key, isset($m[2]) ? $m[2] : $m[1]));
                }
            }
        }
        foreach ($found as $place => $one) {
            $found[$place] = $one[1];
            if (!self::has($on, $one[0])) {
                unset($found[$place]);
            }
        }
        return $found;
    }

    private function rows_of_makers($prefix)
    {
        $found = array();
        foreach (array('multisafepay' => 'multisafepay_testmode', 'mollie' => 'mollie-payments-for-woocommerce_test_mode_enabled') as $family => $name) {
            $value = $this->worse($prefix, $name, null, $this->option($prefix, $name));
            if ($value !== null) {
                $found[$name] = array($family, (string) $value);
            }
        }
        return $found;
    }

    // The row, or what the loaded shop makes of it, where that is no test.
    private function worse($prefix, $name, $key, $value)
    {
        $now = $prefix === $this->prefix ? $this->switch_of($name) : null;
        if ($key !== null) {
            $now = is_array($now) && isset($now[$key]) ? $now[$key] : null;
        }
        $now = is_bool($now) ? ($now ? 'yes' : 'no') : $now;
        return is_scalar($now) && ($value === null || !self::is_test($now)) ? (string) $now : $value;
    }

    private static function is_test($value)
    {
        return in_array(strtolower(trim((string) $value)), array('yes', '1', 'true', 'on', 'test', 'sandbox'), true);
    }

    // Whether one of these is of that maker.
    private static function has($ways, $family)
    {
        foreach ($ways as $way) {
            if (strpos($way, $family) === 0) {
                return true;
            }
        }
        return false;
    }

    // What was paid, in the tables that WooCommerce has for it and in the older ones; by each way to pay these days, since the newest
    // of all may have been paid by bank. Answers with these ways.
    private function orders($prefix, $all, $is_own)
    {
        $kinds = array(array($prefix . 'posts o', "o.post_type = 'shop_order'", 'o.post_status', 'o.post_date_gmt', 'm.meta_value', ' LEFT JOIN ' . $prefix . "postmeta m ON m.post_id = o.ID AND m.meta_key = '_payment_method'"));
        if (in_array($prefix . 'wc_orders', $all, true)) {
            $kinds[] = array($prefix . 'wc_orders o', "o.type = 'shop_order'", 'o.status', 'o.date_created_gmt', 'o.payment_method', '');
        }
        // What is dated later than now is no order of a customer's, and hides none.
        $until = gmdate('Y-m-d H:i:s', time() + self::AHEAD);
        $since = gmdate('Y-m-d H:i:s', time() - self::RECENT);
        $count = 0;
        $last = '';
        $ways = array();
        foreach ($kinds as $kind) {
            list($table, $are_orders, $status, $date, $way, $join) = $kind;
            $paid = "WHERE $are_orders AND $status LIKE 'wc-%' AND $status NOT IN (" . self::UNPAID . ") AND $date <= ?";
            foreach ($this->rows->values("SELECT DISTINCT $way FROM $table$join $paid AND $date > ? LIMIT 100", array($until, $since)) as $one) {
                $is_it = $one === null ? "$way IS NULL" : "$way = ?";
                $bound = $one === null ? array($until, $since) : array($until, $since, $one);
                $newest = (string) $this->rows->value("SELECT MAX($date) FROM $table$join $paid AND $date > ? AND $is_it", $bound);
                $one = self::word($one);
                $ways[$one] = max(isset($ways[$one]) ? $ways[$one] : '', $newest);
            }
            if (!$is_own) {
                continue;
            }
            $count = max($count, (int) $this->rows->value("SELECT COUNT(*) FROM $table $paid", array($until)));
            $newest = (string) $this->rows->value("SELECT MAX($date) FROM $table $paid", array($until));
            if ($newest > $last) {
                $last = $newest;
                $old = self::word($this->rows->value("SELECT $way FROM $table$join $paid AND $date = ? LIMIT 1", array($until, $newest)));
            }
        }
        if ($count > 0) {
            Stagepass::signal('orders', (string) $count, 'orders');
        }
        foreach ($ways || $last === '' ? $ways : array($old => $last) as $way => $date) {
            Stagepass::signal('newest-paid-order', (string) strtotime($date . ' UTC'), (string) $way);
        }
        return array_map('strval', array_keys($ways));
    }

    private static function word($way)
    {
        return (string) $way === '' ? 'unknown' : (string) $way;
    }
}
