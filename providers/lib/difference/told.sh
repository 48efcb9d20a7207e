# shellcheck shell=sh disable=SC2030,SC2031,SC2034,SC2154,SC3043
# What is told of it.
#
# Nothing is judged here: what differs is told, a record a line, and whoever asked says what it means (src/lifecycle/difference/). The
# first character of a record says what it is:
#   +LINE, -LINE   a line of the list `system` that is there now, or was
#   s WHAT         a setuid file, or one with capabilities, as sp_b_setuid_new says them
#   h SOCKET PID UID PROGRAM   who holds a listening socket that is new
#   u NAME:UID:GID, g NAME:GID, w NAME, t FOLDER   accounts, groups, accounts that a web server runs as, the shop folder
#   a, d, c, m     a file of the shop that came, went, changed or came (nobody knows which), differs: sp_b_say_shop
#   x              what stands behind was not told, since it is too long and nothing here can pack it
#   o COUNT UID tab NAME...    files in a shop folder of root's whose account is gone
#   "!" WHAT       `gone` or `changed`: the list itself
#   .              the end of a part
# Control characters in them are question marks by then, and a tab parts fields.

# sp_b_say_all STATE: prints it in a line, and the records behind it as lines of the reply.
sp_b_say_all() {
    local state="$1"
    case $state in *[[:cntrl:]]*) state=$(printf '%s' "$state" | tr '\001-\037\177' '?') ;; esac
    printf '%s\n' "$state"
    if [ -s "$sp_b_work/packed" ]; then
        head -c "$sp_b_packed" <"$sp_b_work/packed" | base64 | sed 's/^/packed=/'
    elif [ "$sp_b_told_bytes" -gt 0 ]; then
        sp_b_say_told | head -c "$sp_b_plain" | sed 's/^/record=/'
        # Names come with it.
        [ "$sp_b_told_bytes" -le $((sp_b_plain - 200000)) ] || printf '\nrecord=x\n'
    fi
}

# sp_b_fit [LESS]: sets sp_b_told_bytes to how much there is to tell.
# A reply has an end. Little is told as it is, more is packed where the server can. What is too much even so is cut where anybody
# can make as much of it as they like: files in homes, and of the shop all but what may be code; nothing else is pushed off by these.
# LESS is 1 once that was done.
sp_b_fit() {
    local less="${1:-}"
    [ ! -e "$sp_b_work/packed" ] || rm -f -- "$sp_b_work/packed"
    sp_b_told_bytes=0
    if [ ! -s "$sp_b_work/told" ] && [ ! -s "$sp_b_work/places" ] && [ ! -s "$sp_b_work/files" ]; then return 0; fi
    sp_b_told_bytes=$(cat -- "$sp_b_work/told" "$sp_b_work/places" "$sp_b_work/files" | wc -c)
    [ "$sp_b_told_bytes" -gt 60000 ] || return 0
    if sp_has gzip && sp_has base64; then
        sp_b_say_told | gzip -c 2>/dev/null >"$sp_b_work/packed" || sp_b_bad="$sp_b_bad; there was no room to compare in"
        [ "$(wc -c <"$sp_b_work/packed")" -gt "$sp_b_packed" ] || return 0
    elif [ "$sp_b_told_bytes" -le $((sp_b_plain - 200000)) ]; then
        return 0
    fi
    [ -z "$less" ] || return 0
    sp_b_bad="$sp_b_bad; more files differ than can be told: of the shop only what a server may run"
    sp_b_code_since 2>/dev/null | sed 's/^/c/' | head -c $((sp_b_packed * 2 / 3)) >"$sp_b_work/files"
    [ "$(wc -c <"$sp_b_work/files")" -lt $((sp_b_packed * 2 / 3)) ] || sp_b_bad="$sp_b_bad, and not all of that"
    head -c $((sp_b_packed * 2 / 3)) <"$sp_b_work/places" >"$sp_b_work/less"
    mv -f -- "$sp_b_work/less" "$sp_b_work/places" || : >"$sp_b_work/places"
    sp_b_fit 1
}

sp_b_say_told() {
    {
        sp_b_say_names
        cat -- "$sp_b_work/told" "$sp_b_work/places" "$sp_b_work/files"
    } | tr '\001-\010\013-\037\177' '?'
}

sp_b_say_names() {
    local one
    awk -F: '
        FNR > 5000 { next }
        FILENAME == "/etc/passwd" { print "u " $1 ":" $3 ":" $4; next }
        { print "g " $1 ":" $3 }' /etc/passwd /etc/group 2>/dev/null || :
    sp_b_web_users
    for one in $sp_b_web; do printf 'w %s\n' "$one"; done
    printf 't %s\n' "$sp_b_from"
}

# Everything but the shop. Of files there may be very many: they stand in a list of their own.
sp_b_say_system() {
    SP_PLACES=$sp_b_work/places awk -F '\t' '
        BEGIN { places = ENVIRON["SP_PLACES"] }
        function say(sign, line,   n, field) {
            n = split(line, field, "\t")
            if (n == 4 && field[1] !~ /^(user|password|group|process|listen)$/) print sign line >places; else print sign line
        }
        FILENAME == ARGV[1] { was[$0]++; next }
        was[$0] > 0 { was[$0]--; next }
        { say("+", $0) }
        END { for (line in was) if (was[line] > 0) say("-", line) }' "$sp_b_into/system" "$sp_b_work/system" 2>/dev/null ||
        sp_b_bad="$sp_b_bad; there was no room to compare in"
    sed -e '/^!$/d' -e 's/^/s /' <"$sp_b_work/setuid" 2>/dev/null || sp_b_bad="$sp_b_bad; there was no room to compare in"
    [ ! -s "$sp_b_work/holders" ] || sed 's/^/h /' <"$sp_b_work/holders" 2>/dev/null || sp_b_bad="$sp_b_bad; there was no room to compare in"
}

# Sets sp_b_web to the accounts a web server runs PHP as.
sp_b_web_users() {
    local one found
    sp_b_web=' www-data www apache nginx http httpd wwwrun _www '
    set +f
    set -- /etc/php/*/fpm/pool.d/*.conf /etc/php-fpm.d/*.conf
    set -f
    found=$(sed -n 's/^[[:space:]]*user[[:space:]]*=[[:space:]]*\([a-z_][a-z0-9_-]*\).*/\1/p' "$@" </dev/null 2>/dev/null) || :
    for one in $found; do sp_b_web="$sp_b_web$one "; done
}

# The shop: both lists sorted, walked side by side. What differs is told as
#   a, d, c PATH//TYPE MODE UID GID, and //TARGET for a link
#   m PATH//TYPE MODE UID GID TYPE MODE UID GID HOW, and //TARGET: as it was, as it is, and what else is not the same: `s` size,
#     `m` time, `c` time of the inode, `i` inode, `t` target, of which `h` says that it was as in the list when stagepass itself
#     gave it a new inode time, `d` that its digest is the one from then, `o` that its owner was another grant
# A file of which only stagepass changed the inode, by its digest, is no difference.
sp_b_say_shop() {
    [ -n "$sp_b_from" ] || return 0
    if [ -n "$sp_b_why" ] && [ ! -s "$sp_b_work/shop" ]; then return 0; fi
    # In the same order and the same: nothing to sort.
    if [ ! -s "$sp_b_work/since" ] && cmp -s "$sp_b_into/shop" "$sp_b_work/shop"; then return 0; fi
    [ -f "$sp_b_work/since" ] || : >"$sp_b_work/since"
    if ! sort -T "$sp_b_work" "$sp_b_into/shop" >"$sp_b_work/was" 2>/dev/null || ! sort -u -T "$sp_b_work" "$sp_b_work/shop" "$sp_b_work/since" >"$sp_b_work/is" 2>/dev/null; then
        sp_b_bad="$sp_b_bad; there was no room to compare the shop folder in"
        return 0
    fi
    if [ -n "$sums" ]; then
        wait "$sums" 2>/dev/null || :
        # What is missing of it is a file more that is told.
        sort -T "$sp_b_work" "$sp_b_work/sums" "$sp_b_into/sums" 2>/dev/null | uniq -d >"$sp_b_work/same" 2>/dev/null || :
    fi
    sp_b_differing </dev/null 2>/dev/null >"$sp_b_work/files" || sp_b_bad="$sp_b_bad; the shop folder could not be compared"
    [ -z "$sp_b_cut$sp_b_was_cut" ] || sp_b_bad="$sp_b_bad; new and removed files of the shop are not listed"
}

# Prints what differs between the two sorted lists.
sp_b_differing() {
    sp_b_awk_side_by_side
    SP_OLD=$sp_b_work/was SP_NEW=$sp_b_work/is SP_SINCE=$sp_b_work/since SP_HELD=$sp_b_into/held SP_SAME=$sp_b_work/same \
        SP_WERE=$sp_b_were SP_TOP=$sp_b_from SP_CUT=$sp_b_cut$sp_b_was_cut awk "$sp_v"'
        BEGIN {
            top = length(ENVIRON["SP_TOP"]); were = ENVIRON["SP_WERE"]; whole = ENVIRON["SP_CUT"] == ""
            while ((getline line < ENVIRON["SP_SAME"]) > 0) same[substr(line, 68 + top)] = 1
            while ((getline line < ENVIRON["SP_SINCE"]) > 0) if ((at = index(line, "//")) > 0) since[substr(line, 1, at - 1)] = 1
            begin(ENVIRON["SP_OLD"], ENVIRON["SP_NEW"], ENVIRON["SP_HELD"])
            while (old_more || new_more) {
                if (old_more && new_more && old == new) { forward_old(); forward_new(); continue }
                if (old_more && (!new_more || (old_path "//") < (new_path "//"))) {
                    if (whole) tell("d", old_path, old_what)
                    forward_old(); continue
                }
                if (new_more && (!old_more || (new_path "//") < (old_path "//"))) {
                    if (whole) tell("a", new_path, new_what); else if (new_path in since) tell("c", new_path, new_what)
                    forward_new(); continue
                }
                differs(); forward_old(); forward_new()
            }
        }
        # The mode without the digit of the group, in which an entry of stagepass shows.
        function rest(mode) { return substr(mode, 1, length(mode) - 2) substr(mode, length(mode)) }
        # Its words, and where a link leads.
        function words(what, word,   at) {
            target = ""
            if ((at = index(what, "//")) > 0) { target = substr(what, at + 2); what = substr(what, 1, at - 1) }
            split(what, word, " ")
        }
        function say(kind, p, what, type) { print kind p "//" what (type == "l" ? "//" target : "") }
        function tell(kind, p, what,   is) { words(what, is); say(kind, p, is[1] " " is[2] " " is[3] " " is[4], is[1]) }
        function differs(   is, was, led, how, kept) {
            words(old_what, was); led = target; words(new_what, is); kept = is_held()
            how = (is[5] != was[5] ? "s" : "") (is[6] != was[6] ? "m" : "") (is[7] != was[7] ? "c" : "") (is[8] != was[8] ? "i" : "") (target != led ? "t" : "")
            if (kept && new_path in same && how ~ /^c?$/ && is[1] == was[1] && rest(is[2]) == rest(was[2]) && is[4] == was[4] && \
                (is[3] == was[3] || index(were, " " was[3] " "))) return
            how = how (kept ? "h" : "") (new_path in same ? "d" : "") (index(were, " " was[3] " ") ? "o" : "")
            say("m", new_path, was[1] " " was[2] " " was[3] " " was[4] " " is[1] " " is[2] " " is[3] " " is[4] " " (how == "" ? "-" : how), is[1])
        }'
}

# Sets sp_v to the functions of awk by which two lists are read side by side. A line is `old` or `new`, its path and what stands
# behind that are ..._path and ..._what, and ..._more says that it is there.
sp_b_awk_side_by_side() {
    sp_v='
        function begin(old_name, new_name, held_name) {
            old_list = old_name; new_list = new_name; held_list = held_name
            held_more = (getline held < held_list) > 0
            forward_old(); forward_new()
        }
        function forward_old(   at) {
            old_more = 0
            while ((getline old < old_list) > 0) {
                old = old ""; at = index(old, "//")
                if (!at) continue
                old_path = substr(old, 1, at - 1); old_what = substr(old, at + 2); old_more = 1
                break
            }
        }
        function forward_new(   at) {
            new_more = 0
            while ((getline new < new_list) > 0) {
                new = new ""; at = index(new, "//")
                if (!at) continue
                new_path = substr(new, 1, at - 1); new_what = substr(new, at + 2); new_more = 1
                break
            }
        }
        # Whether the file was as it was when stagepass itself gave it a new inode time.
        function is_held() {
            while (held_more && (held "") < (old "")) held_more = (getline held < held_list) > 0
            return held_more && (held "") == (old "")
        }'
}

# Says it all as lines of the reply.
sp_say_difference() {
    sp_out=$sp_out$sp_diff_records
    sp_say difference "$sp_diff_state"
}
