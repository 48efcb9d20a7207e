<?php
// The database of a shop without the shop: whoever could change the shop's code could make it lie. Every value is
// bound; each question has one column for an answer.

final class Stagepass_Database
{
    public $kind;
    private $link;

    private function __construct($kind, $link)
    {
        $this->kind = $kind;
        $this->link = $link;
    }

    // HOST as WordPress and many others write it: NAME, NAME:PORT, NAME:/SOCKET, [ADDRESS]:PORT.
    public static function mysql($host, $user, $password, $name, $flags)
    {
        $port = 0;
        $socket = '';
        if (preg_match('{^(.*?):(/.*)$}', $host, $m)) {
            $host = $m[1] === '' ? 'localhost' : $m[1];
            $socket = $m[2];
        }
        if (preg_match('{^\[?([0-9a-fA-F:]+)\]?(?::(\d+))?$}', $host, $m) && substr_count($host, ':') > 1) {
            $host = $m[1];
            $port = isset($m[2]) ? (int) $m[2] : 0;
        } elseif (preg_match('{^([^:]+):(\d+)$}', $host, $m)) {
            $host = $m[1];
            $port = (int) $m[2];
        }
        mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
        $link = mysqli_init();
        mysqli_options($link, MYSQLI_OPT_CONNECT_TIMEOUT, 10);
        mysqli_real_connect($link, $host, $user, $password, $name, $port ?: null, $socket === '' ? null : $socket, $flags);
        mysqli_set_charset($link, 'utf8mb4');
        return new self('mysql', $link);
    }

    public static function sqlite($file)
    {
        $link = new PDO('sqlite:' . $file);
        $link->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
        $link->setAttribute(PDO::ATTR_TIMEOUT, 10);
        return new self('sqlite', $link);
    }

    // Through the shop after all: $wpdb, which has placeholders of its own.
    public static function of_wordpress($wpdb)
    {
        return new self('wordpress', $wpdb);
    }

    private function prepared($sql, $bound)
    {
        return $bound ? $this->link->prepare(str_replace(array('%', '?'), array('%%', '%s'), $sql), $bound) : $sql;
    }

    // It answers an error with nothing, which could be taken for "none".
    private function sound($answer)
    {
        if ($this->link->last_error !== '') {
            throw new RuntimeException('', 1);
        }
        return $answer;
    }

    // The first column of every row.
    public function values($sql, $bound = array())
    {
        $found = array();
        if ($this->kind === 'wordpress') {
            return $this->sound($this->link->get_col($this->prepared($sql, $bound)));
        }
        if ($this->kind === 'sqlite') {
            $statement = $this->link->prepare($sql);
            $statement->execute($bound);
            return $statement->fetchAll(PDO::FETCH_COLUMN, 0);
        }
        $statement = $this->run($sql, $bound);
        $statement->store_result();
        $value = null;
        $statement->bind_result($value);
        while ($statement->fetch()) {
            $found[] = $value;
        }
        $statement->close();
        return $found;
    }

    public function value($sql, $bound = array())
    {
        $found = $this->values($sql, $bound);
        return isset($found[0]) ? $found[0] : null;
    }

    // How many rows were changed.
    public function change($sql, $bound = array())
    {
        if ($this->kind === 'wordpress') {
            return (int) $this->sound($this->link->query($this->prepared($sql, $bound)));
        }
        if ($this->kind === 'sqlite') {
            $statement = $this->link->prepare($sql);
            $statement->execute($bound);
            return $statement->rowCount();
        }
        $statement = $this->run($sql, $bound);
        $changed = $statement->affected_rows;
        $statement->close();
        return $changed;
    }

    private function run($sql, $bound)
    {
        $statement = $this->link->prepare($sql);
        if ($bound) {
            $words = array(str_repeat('s', count($bound)));
            foreach ($bound as $at => $value) {
                $words[] = &$bound[$at];
            }
            call_user_func_array(array($statement, 'bind_param'), $words);
        }
        $statement->execute();
        return $statement;
    }

    public function all_tables()
    {
        return $this->values($this->kind === 'sqlite' ? "SELECT name FROM sqlite_master WHERE type = 'table'" : 'SHOW TABLES');
    }

    // Every table whose name ends so.
    public function tables($prefix, $ending)
    {
        $found = array();
        foreach ($this->all_tables() as $table) {
            if (preg_match('{^' . preg_quote($prefix, '{') . '(\d+_)?' . preg_quote($ending, '{') . '$}', $table)) {
                $found[] = $table;
            }
        }
        return $found;
    }
}
