<?php
// What a PHP file of settings says, read as text and never run: `define('NAME', VALUE);` and `$name = VALUE;`, where they stand
// alone and say it plainly, or by constants that were said so before. What is said twice, under a condition, or worked out is not
// known.

final class Stagepass_Constants
{
    // Whether what stands there is all that counts: nothing before the last of it runs another file, or ends this one.
    public $plain = true;
    private $values = array();
    private $times = array();

    public function __construct($text, $included)
    {
        $tokens = array();
        foreach (token_get_all($text) as $token) {
            if (!is_array($token) || !in_array($token[0], array(T_WHITESPACE, T_COMMENT, T_DOC_COMMENT), true)) {
                $tokens[] = $token;
            }
        }
        $depth = 0;
        foreach ($tokens as $at => $token) {
            if ($token === '{' || (is_array($token) && in_array($token[0], array(T_CURLY_OPEN, T_DOLLAR_OPEN_CURLY_BRACES), true))) {
                $depth++;
            } elseif ($token === '}') {
                $depth--;
            } elseif (is_array($token)) {
                $this->read($tokens, $at, $depth);
                $this->doubt($tokens, $at, $included);
            }
        }
    }

    private function read($tokens, $at, $depth)
    {
        $token = $tokens[$at];
        $before = $at > 0 ? $tokens[$at - 1] : ';';
        $alone = $depth === 0 && (in_array($before, array(';', '}'), true) || (is_array($before) && in_array($before[0], array(T_OPEN_TAG, T_CLOSE_TAG), true)));
        if ($token[0] === T_STRING && strtolower($token[1]) === 'define' && $this->at($tokens, $at + 1) === '(') {
            $name = $this->literal($this->at($tokens, $at + 2));
            $end = $at + 4;
            $value = $this->expression($tokens, $end);
            $ends = $this->at($tokens, $at + 3) === ',' && $this->at($tokens, $end + 1) === ')' && $this->at($tokens, $end + 2) === ';';
            $this->found((string) $name, $alone && $ends ? $value : null);
        } elseif ($token[0] === T_VARIABLE && $this->at($tokens, $at + 1) === '=') {
            $this->found($token[1], $alone && $this->at($tokens, $at + 3) === ';' ? $this->literal($this->at($tokens, $at + 2)) : null);
        }
    }

    // The last file of a configuration runs the shop itself, and that it names.
    private function doubt($tokens, $at, $included)
    {
        $kind = $tokens[$at][0];
        if (in_array($kind, array(T_REQUIRE, T_REQUIRE_ONCE, T_INCLUDE, T_INCLUDE_ONCE), true)) {
            for ($word = ''; $at < count($tokens) && $tokens[$at] !== ';'; $at++) {
                $word = is_array($tokens[$at]) && $tokens[$at][0] === T_CONSTANT_ENCAPSED_STRING ? trim($tokens[$at][1], '"\'') : $word;
            }
            $this->plain = $this->plain && in_array(ltrim($word, '/'), $included, true);
        } elseif (in_array($kind, array(T_EVAL, T_GOTO, T_HALT_COMPILER), true)) {
            $this->plain = false;
        }
    }

    private function at($tokens, $at)
    {
        return isset($tokens[$at]) ? $tokens[$at] : null;
    }

    // A value, or several with a dot between them. A constant that was said before is one. Ends AT the last of it.
    private function expression($tokens, &$at)
    {
        $value = $this->term($this->at($tokens, $at));
        while ($this->at($tokens, $at + 1) === '.') {
            $at += 2;
            $next = $this->term($this->at($tokens, $at));
            $value = $value === null || $next === null ? null : $value . $next;
        }
        return $value;
    }

    private function term($token)
    {
        $value = $this->literal($token);
        return $value === null && is_array($token) && $token[0] === T_STRING ? $this->value($token[1]) : $value;
    }

    private function literal($token)
    {
        if (!is_array($token)) {
            return null;
        }
        if ($token[0] === T_LNUMBER) {
            return $token[1];
        }
        if ($token[0] === T_STRING && in_array(strtolower($token[1]), array('true', 'false'), true)) {
            return strtolower($token[1]) === 'true' ? '1' : '';
        }
        if ($token[0] !== T_CONSTANT_ENCAPSED_STRING) {
            return null;
        }
        $inside = substr($token[1], 1, -1);
        if ($token[1][0] === "'") {
            return str_replace(array('\\\\', "\\'"), array('\\', "'"), $inside);
        }
        return strpos($inside, '\\') === false ? $inside : null;
    }

    private function found($name, $value)
    {
        $this->times[$name] = isset($this->times[$name]) ? $this->times[$name] + 1 : 1;
        $this->values[$name] = $value;
    }

    // Its value; OTHERWISE where it is not there at all, and null where nobody can say.
    public function value($name, $otherwise = null)
    {
        if (!isset($this->times[$name])) {
            return $otherwise;
        }
        return $this->times[$name] === 1 ? $this->values[$name] : null;
    }

    public function has($name)
    {
        return isset($this->times[$name]);
    }
}
