<?php
// What the programs for shops in PHP share: what they are told, what they say, and how they end. PHP 7.0 and later.
// The shell in front gives it to `php` on standard input (lib/php.sh), so that nothing of it is in a list of processes.
//
// A comment has a line of its own here: those lines are left out of what is sent.

final class Stagepass
{
    private static $told = array();
    private static $said = '';
    private static $out = null;
    private static $over = false;
    public static $loading = false;

    // Whatever the shop or one of its plugins prints goes nowhere, and no error is shown or logged with what it was about: where
    // there is no php.ini, PHP writes the arguments of every call into it.
    public static function begin($told)
    {
        // All of it but the last was said when PHP was started; some hosters let no program say it.
        foreach (function_exists('ini_set') ? array('zend.exception_ignore_args' => '1', 'display_errors' => '0', 'log_errors' => '0', 'html_errors' => '0') : array() as $name => $value) {
            @ini_set($name, $value);
        }
        foreach (explode("\n", (string) base64_decode($told)) as $line) {
            $parts = explode('=', $line, 2);
            self::$told[$parts[0]] = isset($parts[1]) ? $parts[1] : '';
        }
        self::$out = fopen('php://stdout', 'w');
        ob_start(array('Stagepass', 'nothing'));
        register_shutdown_function(array('Stagepass', 'gone'));
    }

    public static function nothing()
    {
        return '';
    }

    public static function told($name)
    {
        return isset(self::$told[$name]) ? self::$told[$name] : '';
    }

    // A line of the reply; what is said is kept back until the end.
    public static function say($key, $value)
    {
        if (is_bool($value)) {
            $value = $value ? 'true' : 'false';
        }
        $value = preg_replace('/[\x00-\x08\x0a-\x1f\x7f]/', ' ', (string) $value);
        self::$said .= self::told('nonce') . ' ' . $key . '=' . substr((string) $value, 0, 400) . "\n";
    }

    // What is too long loses its end, and not the place where it stood. A character that nobody sees stays seen, so that no word is
    // taken for another.
    public static function signal($name, $value, $where)
    {
        $value = str_replace("\t", ' ', substr($value, 0, 120));
        self::say('signal', $name . "\t" . ($name === 'host' ? $value : preg_replace('/[^\x20-\x7e]/', '?', $value)) . "\t" . preg_replace('/\s+/', '_', $where));
    }

    // Says it all, and how it ended: 0, 10 (refused, nothing was changed) or 20. Only the first end counts.
    public static function finish($end)
    {
        if (self::$over) {
            return;
        }
        self::$over = true;
        fwrite(self::$out, "\n" . self::$said . self::told('nonce') . ' end=' . $end . "\n");
        fflush(self::$out);
    }

    public static function refuse($id, $why)
    {
        self::stop(10, $id, $why);
    }

    public static function fail($id, $why)
    {
        self::stop(20, $id, $why);
    }

    private static function stop($end, $id, $why)
    {
        self::say('reason_id', $id);
        self::say('reason', $why);
        self::finish($end);
        exit(0);
    }

    // Of an error that nobody expected its class, its code and where it was, and nothing of what it says: that can be a password.
    public static function caught($error)
    {
        // While the shop is being loaded it is the shop's error, and told as such.
        if (self::$loading) {
            self::say('died', self::place($error->getFile()) . ':' . $error->getLine());
            self::finish(20);
            exit(0);
        }
        self::stop(20, 'php-error', get_class($error) . ' (' . $error->getCode() . ') in ' . self::place($error->getFile()) . ':' . $error->getLine() . '.');
    }

    // Whoever ends the program in its middle (a plugin that dies, a page that says it has no database) has not ended it well.
    public static function gone()
    {
        if (self::$over) {
            return;
        }
        $last = error_get_last();
        $fatal = is_array($last) && in_array($last['type'], array(E_ERROR, E_PARSE, E_CORE_ERROR, E_COMPILE_ERROR, E_RECOVERABLE_ERROR), true);
        self::say('died', $fatal ? self::place($last['file']) . ':' . $last['line'] : 'exit');
        self::finish(20);
    }

    private static function place($file)
    {
        $root = self::told('root');
        return $root !== '' && strpos($file, $root . '/') === 0 ? substr($file, strlen($root) + 1) : basename($file);
    }

    // A text in the place of a file, in one step, which everybody may read.
    public static function put($file, $text)
    {
        $new = $file . '.new';
        if (@file_put_contents($new, $text) !== strlen($text)) {
            @unlink($new);
            return false;
        }
        @chmod($new, 0644);
        if (@rename($new, $file)) {
            return true;
        }
        @unlink($new);
        return false;
    }

    // What nobody learns.
    public static function nobodys()
    {
        return rtrim(strtr(base64_encode(random_bytes(24)), '+/', '-.'), '=');
    }
}
