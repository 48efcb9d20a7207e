<?php
// What in a shop lets somebody in, runs by itself, or says where money and mail go: a line for each thing, told when access is
// opened and when it is over, and compared by whoever asked (src/lifecycle/difference/software.rs).
//
// KIND, NAME, VALUE and TEXT, with tabs between them: VALUE is what is compared (a digest of what is nobody's business), TEXT is
// shown.

abstract class Stagepass_State
{
    const MOST = 1500;

    protected $rows;
    protected $prefix;
    // Every user of stagepass on this server: its name, by its grant.
    protected $ours = array();
    private $all = null;
    private $said = 0;

    public function __construct($rows, $prefix)
    {
        list($this->rows, $this->prefix) = array($rows, $prefix);
        foreach (array_filter(explode(',', Stagepass::told('ours'))) as $one) {
            $parts = explode(':', $one, 2);
            $this->ours[$parts[0]] = isset($parts[1]) ? $parts[1] : '';
        }
    }

    // A line for each thing there is.
    abstract protected function things();

    // Says it, where it is asked for. Of a table as another version has it: that a user is gone is not less true for it.
    final public static function tell($state)
    {
        try {
            $state->things();
            Stagepass::say('state_whole', $state->said < self::MOST);
        } catch (Exception $error) {
            Stagepass::say('state_whole', false);
        }
    }

    final protected function line($kind, $name, $value, $text = '')
    {
        if ($this->said++ < self::MOST) {
            $clean = function ($part) { return preg_replace('/[\x00-\x1f\x7f]/', '?', substr((string) $part, 0, 160)); };
            Stagepass::say('state', $kind . "\t" . $clean($name) . "\t" . $clean($value) . "\t" . $clean($text));
        }
    }

    final protected static function digest($value)
    {
        return substr(hash_hmac('sha256', (string) $value, Stagepass::told('grant')), 0, 16);
    }

    final protected function table($name)
    {
        return '`' . $this->prefix . $name . '`';
    }

    final protected function has($name)
    {
        if ($this->all === null) {
            $this->all = $this->rows->values('SHOW TABLES');
        }
        return in_array($this->prefix . $name, $this->all, true);
    }

    // What stands in that column of the row whose KEY is ID.
    final protected function of($table, $column, $key, $id)
    {
        return (string) $this->rows->value('SELECT `' . $column . '` FROM ' . $this->table($table) . ' WHERE `' . $key . '` = ?', array($id));
    }

    // Whether a role of that name is of one of our grants.
    final protected function is_our_role($name)
    {
        return preg_match('/^stagepass ([0-9a-z]+)(?: |$)/D', $name, $m) && isset($this->ours[$m[1]]);
    }
}
