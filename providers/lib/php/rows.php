<?php
// What the programs share that make a user in a shop by its rows alone, and load nothing of the shop for that: how they come to the
// rows, and what each of them asks and tells of them.

abstract class Stagepass_Rows
{
    // The table of its users, and of that the columns of a user's number and of what is typed to log in: USERS, NUMBER and LOGIN of a
    // shop's own class. WHO is what a sentence calls such a user.
    const WHO = 'user';

    protected $direct = null;
    protected $prefix = '';
    private $all = null;

    // ---- what a shop says of itself -------------------------------------------------------------

    // Where its database is, by the TEXT of its settings, which is read and never run; why not, where they do not say it plainly.
    // Sets the prefix.
    abstract protected function settings($text, &$host, &$user, &$password, &$name);

    // What the session of the database is to be set to, so that it takes rows as the shop has it take them.
    abstract protected function session();

    // The numbers of all who may make others.
    abstract protected function administrators();

    // Whether the user with that number has the role of the grant.
    abstract protected function marked($id);

    // Every role whose name begins as ours do: its name, by its number.
    abstract protected function roles_like_ours();

    // What those are called who have the role with that number.
    abstract protected function members_of($role);

    // Users who look as ours do, whatever their role: the grant, by the name.
    abstract protected function users_like_ours();

    // Where the shop and its administration are.
    abstract protected function say_addresses();

    // What tells a staging shop from a live one. A default says nothing: only what somebody set is told.
    abstract protected function signals();

    // What is said of the shop and of the user beside that, and what is compared of the shop at the end.
    protected function say_more()
    {
    }

    protected function say_user($id)
    {
    }

    protected function state()
    {
        return null;
    }

    // What becomes of the end of the user with that number: most shops have no place for one.
    protected function extend($id)
    {
    }

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
                $this->count($this->users());
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

    // ---- which user is ours ---------------------------------------------------------------------

    final protected function users()
    {
        return $this->table(static::USERS);
    }

    // The condition that a user has this number.
    final protected function numbered()
    {
        return $this->users() . ' WHERE `' . static::NUMBER . '` = ?';
    }

    final protected function is_there($id)
    {
        return $id > 0 && $this->count($this->numbered(), array($id)) > 0;
    }

    // What stands in a column of the user with that number.
    final protected function of_user($column, $id)
    {
        return (string) $this->value('SELECT `' . $column . '` FROM ' . $this->numbered(), array($id));
    }

    final protected function name_of($id)
    {
        return $this->of_user(static::LOGIN, $id);
    }

    // The numbers of all who log in by that name.
    final protected function named($name)
    {
        return $this->values('SELECT `' . static::NUMBER . '` FROM ' . $this->users() . ' WHERE `' . static::LOGIN . '` = ? ORDER BY `' . static::NUMBER . '`', array($name));
    }

    // The number of the user of that name, and whether it is ours. The one that was made is ours by another name as well, as long as
    // it has the role or the address; anybody else who has one of them is not.
    protected function row(&$ours)
    {
        $found = $this->named(Stagepass::told('account'));
        foreach ($found as $id) {
            if ($this->is_ours((int) $id)) {
                $ours = true;
                return (int) $id;
            }
        }
        $made = (int) Stagepass::told('user_id');
        $ours = $made > 0 && $this->is_ours($made);
        return $ours ? $made : (int) ($found ? $found[0] : 0);
    }

    private function is_ours($id)
    {
        return $this->is_there($id) && ($this->marked($id) || $this->count($this->numbered() . ' AND email = ?', array($id, static::address())) > 0);
    }

    // The number that the user had, where nobody has it now: the database may have given it to somebody who came since.
    final protected function was_gone($was)
    {
        return $was > 0 && !$this->is_there($was) ? $was : 0;
    }

    // Why the user cannot be made, or nothing.
    protected function taken(&$why)
    {
        $id = $this->row($ours);
        $why = 'The shop has a user ' . Stagepass::told('account') . ' already, and it is not of this grant. Choose another name.';
        if ($id > 0 && !$ours) {
            return 'name-taken';
        }
        $other = $this->value('SELECT `' . static::LOGIN . '` FROM ' . $this->users() . ' WHERE email = ? AND `' . static::NUMBER . '` <> ?', array(self::address(), $id));
        $why = 'The shop has another user with the address of this grant (' . $other . ').';
        return $other === null ? '' : 'address-taken';
    }

    // ---- what is alike in a verb ----------------------------------------------------------------

    final protected function facts()
    {
        Stagepass::say('administrators', implode(',', array_slice($this->administrators(), 0, 50)));
        Stagepass::say('php_version', PHP_VERSION);
        $this->say_addresses();
        $this->say_more();
        $taken = $this->taken($why);
        Stagepass::say('taken', $taken);
        Stagepass::say('taken_why', $taken === '' ? '' : $why);
        $this->signals();
        $this->say_state();
    }

    final protected function refuse_taken()
    {
        $taken = $this->taken($why);
        if ($taken !== '') {
            Stagepass::refuse($taken, $why);
        }
    }

    // Before what lets somebody in: until then nobody knows the password.
    final protected function fail_late()
    {
        if (time() > (int) Stagepass::told('not_after')) {
            Stagepass::fail('too-late', 'The time limit of the request ran out on the server before the decisive step.');
        }
    }

    final protected function update()
    {
        $id = $this->row($ours);
        if ($id === 0 || !$ours) {
            Stagepass::refuse('user-absent', 'The ' . static::WHO . ' ' . $this->called() . ' is not there any more as it was made. Take it away and grant it again.');
        }
        $this->extend($id);
    }

    final protected function check()
    {
        $id = $this->row($ours);
        Stagepass::say('present', $id > 0 && $ours);
        Stagepass::say('foreign', $id > 0 && !$ours);
        if ($id > 0 && $ours) {
            Stagepass::say('user_id', $id);
            Stagepass::say('address_matches', $this->of_user('email', $id) === static::address());
            $this->say_user($id);
        }
    }

    // Whatever the grant: KIND GRANT NAME TAG.
    final protected function marks()
    {
        $seen = array();
        foreach ($this->roles_like_ours() as $role => $name) {
            if (!preg_match('/^stagepass ([0-9a-z]+)(?: ([0-9a-z]+))?$/D', $name, $m)) {
                continue;
            }
            $tag = isset($m[2]) ? $m[2] : '-';
            Stagepass::say('found', 'role ' . $m[1] . ' - ' . $tag);
            foreach ($this->members_of($role) as $member) {
                $seen[$member] = true;
                Stagepass::say('found', 'entry ' . $m[1] . ' ' . static::plain($member) . ' ' . $tag);
            }
        }
        foreach ($this->users_like_ours() as $member => $grant) {
            if (!isset($seen[$member])) {
                Stagepass::say('found', 'entry ' . $grant . ' ' . static::plain($member) . ' -');
            }
        }
    }

    // What is compared at the end, where it is asked for.
    final protected function say_state()
    {
        if (Stagepass::told('state') === '1') {
            $state = $this->state();
            if ($state !== null) {
                Stagepass_State::tell($state);
            }
        }
    }

    // ---- what all of them tell ------------------------------------------------------------------

    // Of the newest ORDERS that were paid, the newest of each way to pay: the newest of all may have been paid by bank. What is dated
    // later than now is no order of a customer's, and hides none. WHEN and HOW say of an order when it was made, in seconds since 1970,
    // and by which way it was paid.
    final protected function say_newest($orders, $when, $how)
    {
        $said = array();
        foreach ($orders as $order) {
            $at = (int) $when($order);
            if ($at > time() + 3600) {
                continue;
            }
            $way = (string) $how($order);
            $way = $way === '' ? 'unknown' : $way;
            if (!isset($said[$way])) {
                $said[$way] = true;
                Stagepass::signal('newest-paid-order', (string) $at, $way);
            }
        }
    }

    // The user of the grant in a sentence.
    protected function called()
    {
        return Stagepass::told('account');
    }

    // A time as the shop writes it, which is of a zone of its own, in seconds since 1970.
    final protected static function seconds($text, $zone)
    {
        try {
            $time = new DateTime($text, new DateTimeZone($zone ?: 'UTC'));
            return $time->getTimestamp();
        } catch (Exception $error) {
            return (int) strtotime($text . ' UTC');
        }
    }

    // Of users with an address as ours have: the grant, by the name.
    final protected function addressed_as_ours()
    {
        $found = array();
        foreach ($this->values('SELECT `' . static::LOGIN . '` FROM ' . $this->users() . " WHERE email LIKE 'x@%.invalid' ORDER BY `" . static::NUMBER . '`') as $name) {
            $address = (string) $this->value('SELECT email FROM ' . $this->users() . ' WHERE `' . static::LOGIN . '` = ?', array($name));
            if (preg_match('/^x@([0-9a-z]+)\.invalid$/D', $address, $m)) {
                $found[$name] = $m[1];
            }
        }
        return $found;
    }

    // Says whether the user of the grant is gone.
    final protected function say_absent()
    {
        $id = $this->row($ours);
        Stagepass::say('foreign', $id > 0 && !$ours);
        Stagepass::say('user_absent', $id === 0 || !$ours);
    }

    // Says that a role of ours is left, and who else has it; is one.
    final protected function left_role($what, $role)
    {
        foreach ($this->members_of($role) as $member) {
            Stagepass::say('left', 'member ' . $member);
        }
        Stagepass::say('left', $what . ' ' . $role);
        return 1;
    }

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
