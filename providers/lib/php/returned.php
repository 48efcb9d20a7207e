<?php
// What a PHP file of settings returns, read as text and never run: `return [ … ];` with arrays, texts, numbers and constants of the
// language in it. What is worked out in some other way (`getenv('…')`, a constant, a dot between two texts) is not known, and
// neither is anything in an array that has such a key.

final class Stagepass_Returned
{
    // Whether the file does nothing but that.
    public $plain = false;
    private $tokens = array();
    private $at = 0;
    private $all = null;

    public function __construct($text)
    {
        foreach (token_get_all($text) as $token) {
            if (!is_array($token) || !in_array($token[0], array(T_WHITESPACE, T_COMMENT, T_DOC_COMMENT), true)) {
                $this->tokens[] = $token;
            }
        }
        if (!$this->is(T_OPEN_TAG)) {
            return;
        }
        $this->at++;
        if ($this->is(T_DECLARE)) {
            $this->skip(array(';'));
            $this->at++;
        }
        if (!$this->is(T_RETURN)) {
            return;
        }
        $this->at++;
        $this->all = $this->value(array(';'));
        $this->plain = is_array($this->all) && $this->now() === ';';
    }

    // What stands at that place, with `/` between the keys; OTHERWISE where nothing does, and null where nobody can say.
    public function value_at($path, $otherwise = null)
    {
        $found = $this->find($path);
        if ($found === null) {
            return $otherwise;
        }
        return is_string($found) ? $found : null;
    }

    // The array at that place; null where there is none, or nobody can say.
    public function list_at($path)
    {
        $found = $this->find($path);
        return is_array($found) ? $found : null;
    }

    // False where nobody can say, null where there is nothing.
    private function find($path)
    {
        $found = $this->plain ? $this->all : false;
        foreach (explode('/', $path) as $key) {
            if (!is_array($found) || isset($found["\0"])) {
                return $found === null ? null : false;
            }
            $found = isset($found[$key]) ? $found[$key] : null;
        }
        return $found;
    }

    private function now()
    {
        return isset($this->tokens[$this->at]) ? $this->tokens[$this->at] : null;
    }

    private function is($kind)
    {
        $token = $this->now();
        return is_array($token) ? $token[0] === $kind : $token === $kind;
    }

    // A text, an array, null, or false for what cannot be said. Ends at one of ENDS.
    private function value($ends)
    {
        $from = $this->at;
        $found = $this->literal();
        if (in_array($this->ahead(), $ends, true) && $this->at > $from) {
            return $found;
        }
        $this->skip($ends);
        return false;
    }

    private function ahead()
    {
        return $this->is(T_DOUBLE_ARROW) ? '=>' : $this->now();
    }

    private function literal()
    {
        if ($this->now() === '[') {
            return $this->elements(']');
        }
        if ($this->is(T_ARRAY) && isset($this->tokens[$this->at + 1]) && $this->tokens[$this->at + 1] === '(') {
            $this->at++;
            return $this->elements(')');
        }
        $sign = '';
        if ($this->now() === '-') {
            $sign = '-';
            $this->at++;
        }
        $token = $this->now();
        $this->at++;
        if (!is_array($token)) {
            return false;
        }
        if (in_array($token[0], array(T_LNUMBER, T_DNUMBER), true)) {
            return $sign . $token[1];
        }
        $word = $token[0] === T_STRING ? strtolower($token[1]) : '';
        $words = array('true' => '1', 'false' => '', 'null' => null);
        if ($sign === '' && array_key_exists($word, $words)) {
            return $words[$word];
        }
        if ($sign !== '' || $token[0] !== T_CONSTANT_ENCAPSED_STRING) {
            return false;
        }
        $inside = substr($token[1], 1, -1);
        if ($token[1][0] === "'") {
            return str_replace(array('\\\\', "\\'"), array('\\', "'"), $inside);
        }
        return strpbrk($inside, '\\$') === false ? $inside : false;
    }

    // The elements of an array, whose key "\0" says that one of its keys is not known.
    private function elements($end)
    {
        $found = array();
        $this->at++;
        while ($this->now() !== null && $this->now() !== $end) {
            $value = $this->value(array(',', '=>', $end));
            if ($this->is(T_DOUBLE_ARROW)) {
                $this->at++;
                $key = $value;
                $value = $this->value(array(',', $end));
                $found[is_string($key) ? $key : "\0"] = $value;
            } elseif ($value === false) {
                $found["\0"] = '';
            } else {
                $found[] = $value;
            }
            if ($this->now() === ',') {
                $this->at++;
            }
        }
        $this->at++;
        return $found;
    }

    // On to one of ENDS that is not within brackets of its own.
    private function skip($ends)
    {
        for ($depth = 0; $this->now() !== null; $this->at++) {
            if ($depth === 0 && in_array($this->ahead(), $ends, true)) {
                return;
            }
            $token = $this->now();
            if (in_array($token, array('(', '[', '{'), true) || (is_array($token) && in_array($token[0], array(T_CURLY_OPEN, T_DOLLAR_OPEN_CURLY_BRACES), true))) {
                $depth++;
            } elseif (in_array($token, array(')', ']', '}'), true)) {
                $depth--;
            }
        }
    }
}
