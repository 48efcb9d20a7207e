<?php
// What @NAME@ makes for one grant: an entry of its own for your program, a file in JSON in one folder. Runs on the server as the
// account that provider.sh names (own_owner), and never as root; PHP 7.4 or later.
//
// This file is yours to change: what is made, how it is known again, how it goes. In which order things happen stands in verbs.sh.
//
// Before it stand the class Stagepass (what is told, what is said, how it ends) and, where it is named here, what the providers for
// shops have: Stagepass_Database (rows without the shop), Stagepass_Constants and Stagepass_Returned (settings read as text).
//
// Three rules for what you put here:
// - What is told (account, grant, tag) is data: never make it a part of a command, and bind it in SQL.
// - Change nothing that has not this grant's mark, and look at the mark again before each change.
// - Print nothing: only what Stagepass::say() says is heard, and a program that ends without its last line has not ended well.

final class Own
{
    private string $folder;
    private string $file;

    public function __construct()
    {
        $this->folder = Stagepass::told('folder');
        $this->file = $this->folder . '/' . Stagepass::told('grant') . '.json';
    }

    // Why it could never work here, before anything is made.
    public function fit(): void
    {
        if (!is_writable($this->folder)) {
            Stagepass::refuse('folder-closed', 'The folder ' . $this->folder . ' cannot be written by the account of the program.');
        }
    }

    // By this an entry is known for one of ours: the grant's id, and the tag, which only your stagepass can make. Both have to be in
    // whatever you make.
    private function mark(): string
    {
        return trim(Stagepass::told('grant') . ' ' . Stagepass::told('tag'));
    }

    // Change: what your program reads. No secret may be in it: everybody on the server can read it.
    private function text(): string
    {
        $entry = [
            'stagepass' => $this->mark(),
            'account' => Stagepass::told('account'),
            'until' => (int) Stagepass::told('until'),
        ];
        return json_encode($entry) . "\n";
    }

    // What is to be made, as a digest: root's record keeps it, and so sees whether it was changed.
    public function compose(): void
    {
        Stagepass::say('digest', hash('sha256', $this->text()));
    }

    // Whether this grant's entry is there, and whether something else has its place. A link or a folder of that name is not ours,
    // whatever it leads to.
    public function look(): void
    {
        clearstatcache();
        $text = $this->read($this->file);
        $is_ours = $text !== null && $this->grant_of($text) === Stagepass::told('grant');
        Stagepass::say('present', $is_ours);
        Stagepass::say('foreign', !$is_ours && (file_exists($this->file) || is_link($this->file)));
        Stagepass::say('digest', $is_ours ? hash('sha256', $text) : '');
    }

    private function read(string $file): ?string
    {
        if (is_link($file) || !is_file($file)) {
            return null;
        }
        $text = file_get_contents($file, false, null, 0, 65536);
        return $text === false ? null : $text;
    }

    private function grant_of(string $text): string
    {
        return explode(' ', $this->words_of($text)['stagepass'])[0];
    }

    // Of an entry that somebody may have changed: what is no word is nothing.
    private function words_of(string $text): array
    {
        $entry = json_decode($text, true);
        $word = static fn (string $name): string => is_array($entry) && is_string($entry[$name] ?? null) ? $entry[$name] : '';
        return ['stagepass' => $word('stagepass'), 'account' => $word('account')];
    }

    // Makes it, whole or not at all, also again. A program that has to be told is told here, and in take().
    public function make(): void
    {
        if (!Stagepass::put($this->file, $this->text())) {
            Stagepass::refuse('not-made', 'The entry could not be written (a full or read-only disk).');
        }
    }

    // Takes it away, and what a server that lost its power left half made. Whether it went is looked at afterwards.
    public function take(): void
    {
        clearstatcache();
        $text = $this->read($this->file);
        if ($text !== null && $this->grant_of($text) === Stagepass::told('grant')) {
            @unlink($this->file);
        }
        if (is_file($this->file . '.new')) {
            @unlink($this->file . '.new');
        }
    }

    // Every one there is, of whatever grant: GRANT ACCOUNT TAG.
    public function marks(): void
    {
        foreach (glob($this->folder . '/*.json') ?: [] as $file) {
            $text = $this->read($file);
            if ($text === null) {
                continue;
            }
            $words = $this->words_of($text);
            $mark = explode(' ', $words['stagepass']);
            if ($mark[0] !== '') {
                Stagepass::say('found', $mark[0] . ' ' . ($words['account'] ?: '-') . ' ' . ($mark[1] ?? '-'));
            }
        }
    }
}

Stagepass::begin($stagepass_told);
try {
    $own_verb = Stagepass::told('verb');
    if (!in_array($own_verb, ['fit', 'compose', 'look', 'make', 'take', 'marks'], true)) {
        Stagepass::fail('bad-input', 'There is no such verb.');
    }
    (new Own())->$own_verb();
    Stagepass::finish(0);
} catch (Throwable $own_error) {
    Stagepass::caught($own_error);
}
