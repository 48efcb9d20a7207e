<?php
// What the programs share that make a user in a shop by its rows alone, and load nothing of the shop for that: how they come to the
// rows, and what each of them asks and tells of them.

abstract class Stagepass_Rows
{
    protected $direct = null;
    protected $prefix = '';
    private $all = null;

    // ---- what a shop says of itself -------------------------------------------------------------

    // Where its database is, by the TEXT of its settings, which is read and never run; why not, where they do not say it plainly.
    // Sets the prefix.
    abstract protected function settings($text, &$host, &$user, &$password, &$name);

    // What the session of the database is to be set to, so that it takes rows as the shop has it take them.
    abstract protected function session();

    // A table that every such shop has.
    abstract protected function table_of_all();

    // The numbers of all who may make others.
    abstract protected function administrators();

    // What the one with that number is called.
    abstract protected function name_of($id);

    // ---- what runs ------------------------------------------------------------------------------

    // Does the verb that was told, which is one of these. Those of WITHOUT need no rows.
    final protected function does($verbs, $without = array())
    {
        $verb = Stagepass::told('verb');
        if (!in_array($verb, $verbs, true) && !in_array($verb, $without, true)) {
            Stagepass::fail('bad-input', 'There is no such verb.');
        }
        if (in_array($verb, $without, true) || $this->connect()) {
            $this->$verb();
        } elseif (in_array($verb, array('prepare', 'open', 'close'), true)) {
            Stagepass::fail('database-unread', 'The database of the shop cannot be read.');
        }
        Stagepass::finish(0);
    }

    // ---- the database ---------------------------------------------------------------------------

    // Opens it by what the settings say as text; says why not where that is not plain.
    private function connect()
    {
        $why = $this->place($host, $user, $password, $name);
        if ($why === '') {
            try {
                $this->direct = Stagepass_Database::mysql($host, $user, $password, $name, 0);
                $this->change('SET SESSION ' . $this->session());
                $this->count($this->table($this->table_of_all()));
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
        Stagepass::say('database', "$host $name " . $this->prefix);
        return true;
    }

    private function place(&$host, &$user, &$password, &$name)
    {
        $host = $user = $password = $name = '';
        if (!function_exists('token_get_all')) {
            return 'no-tokenizer';
        }
        if (!function_exists('mysqli_init')) {
            return 'no-mysqli';
        }
        // From whoever could read them.
        $told = Stagepass::told('settings');
        $text = $told !== '' ? (string) base64_decode($told) : (string) @file_get_contents(Stagepass::told('config'), false, null, 0, 1048576);
        if ($text === '') {
            return 'config-unreadable';
        }
        $why = $this->settings($text, $host, $user, $password, $name);
        if ($why === '' && !preg_match('/^[A-Za-z0-9_]{0,60}$/D', $this->prefix)) {
            return 'config-not-plain';
        }
        return $why;
    }

    final protected function table($name)
    {
        return '`' . $this->prefix . $name . '`';
    }

    final protected function has($name)
    {
        if ($this->all === null) {
            $this->all = $this->values('SHOW TABLES');
        }
        return in_array($this->prefix . $name, $this->all, true);
    }

    final protected function has_column($table, $name)
    {
        return $this->count('information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = ?', array($this->prefix . $table, $name)) > 0;
    }

    final protected function value($sql, $bound = array())
    {
        return $this->direct->value($sql, $bound);
    }

    final protected function values($sql, $bound = array())
    {
        return $this->direct->values($sql, $bound);
    }

    final protected function change($sql, $bound = array())
    {
        return $this->direct->change($sql, $bound);
    }

    final protected function count($sql, $bound = array())
    {
        return (int) $this->value('SELECT COUNT(*) FROM ' . $sql, $bound);
    }

    // ---- what all of them tell ------------------------------------------------------------------

    final protected static function mark()
    {
        return 'stagepass ' . trim(Stagepass::told('grant') . ' ' . Stagepass::told('tag'));
    }

    protected static function address()
    {
        return 'x@' . Stagepass::told('grant') . '.invalid';
    }

    // Says how many of these are left, and is that number.
    final protected function left($what, $sql, $bound)
    {
        $count = $this->count($sql, $bound);
        if ($count > 0) {
            Stagepass::say('left', $what . ' ' . $count);
        }
        return $count;
    }

    // Who came to be an administrator while the grant was open. Not ours to judge, and not ours to take away: told.
    final protected function say_new_administrators()
    {
        $before = Stagepass::told('administrators');
        if ($before === '') {
            return;
        }
        foreach (array_diff($this->administrators(), explode(',', $before)) as $id) {
            Stagepass::say('new_administrator', $this->name_of($id));
        }
    }

    // A name as a word of a line, or what stands for one that cannot be.
    protected static function plain($name)
    {
        return preg_match('/^[A-Za-z0-9_.-]+$/D', $name) ? $name : '-';
    }
}
