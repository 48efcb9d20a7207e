# shellcheck shell=sh disable=SC2154
# Whether the shell of this server can read a text. None of it is run.

sp_read() {
    # What it says last may be no more than that it gave up.
    printf 'complaint=%s\n' "$(printf '%s\n' "$sp_text" | /bin/sh -n 2>&1 | head -n 1)"
}
