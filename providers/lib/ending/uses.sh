# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The log.

# Says the uses from number sp_uses_from on (the newest thousand), how many there are, and the bytes
# and files that SFTP moved. Whoever is logged may add lines: what is not one of ours is left out. What
# sftp-server says has a file of its own, so that no amount of it hides a use. uses_partial says that this is
# not all: a log was too long to be read (uses_cut), or an sftp-server was ended before it could say what it moved.
sp_uses() {
    local key text
    # Nobody came.
    if [ ! -s "$sp_dir/uses" ] && [ ! -s "$sp_dir/talk" ]; then
        for key in uses_total bytes_read bytes_written files_read files_written; do sp_say "$key" 0; done
        sp_say uses_partial false
        sp_say uses_cut false
        return 0
    fi
    # Nothing in a log has the character that stands between them.
    text=$({
        sp_log uses
        printf '\n\001\n'
        sp_log talk
    } | awk -v from="${sp_uses_from:-0}" -v cut="$(sp_log_cut)" '
            /^\001$/ { talk = 1; next }
            !talk && /^[0-9]+ [^ ]+ (shell|command|sftp|refused|ended|own)( |$)/ {
                if (++n > from) { line[n] = substr($0, 1, 380); delete line[n - 1000] }
            }
            !talk { next }
            /^(forced )?close ".*" bytes read [0-9]+ written [0-9]+$/ {
                read += $(NF - 2); written += $NF
                if ($(NF - 2) > 0) gets++
                if ($NF > 0) puts++
            }
            /^session opened for local user / { opened++ }
            /^session closed for local user / { closed++ }
            END {
                for (i = n > 1000 ? n - 999 : 1; i <= n; i++) if (i in line) print "use=" line[i]
                printf "uses_total=%d\n", n
                printf "bytes_read=%.0f\nbytes_written=%.0f\nfiles_read=%d\nfiles_written=%d\n", read, written, gets, puts
                print "uses_partial=" (cut != "" || opened > closed ? "true" : "false")
                print "uses_cut=" (cut != "" ? "true" : "false")
            }'
    ) || :
    sp_out=$sp_out$text$sp_nl
}

sp_log() { if [ -r "$sp_dir/$1" ]; then head -c 64000000 "$sp_dir/$1"; fi | tr -d '\000-\011\013-\037\177'; }
sp_log_cut() { find "$sp_dir/uses" "$sp_dir/talk" -size +64000000c 2>/dev/null | tr -d '\n'; }

# sp_say_lines KEY TEXT: one reply for each line, a thousand at most.
sp_say_lines() {
    local text
    [ -n "$2" ] || return 0
    text=$(printf '%s' "$2" | head -n 1000 | tr -d '\000-\011\013-\037\177' | cut -c 1-400 | sed "s/^/$1=/") || :
    sp_out=$sp_out$text$sp_nl
}
