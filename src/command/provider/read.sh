# shellcheck shell=sh disable=SC2154
# Whether the shell of this server, and its PHP, can read a text. None of it is run.

sp_read() {
    # What it says last may be no more than that it gave up.
    printf 'complaint=%s\n' "$(printf '%s\n' "$sp_text" | /bin/sh -n 2>&1 | head -n 1)"
}

# Where no PHP is found by its usual name, it is not told.
sp_read_php() {
    printf 'complaint=%s\n' "$(printf '%s\n' "$sp_text" | php -n -d display_errors=1 -d html_errors=0 -d log_errors=0 -l 2>/dev/null | grep -m 1 ' on line ')"
}
