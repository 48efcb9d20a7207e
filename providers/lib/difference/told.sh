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
    sp_b_v=$1
    case $sp_b_v in *[[:cntrl:]]*) sp_b_v=$(printf '%s' "$sp_b_v" | tr '\001-\037\177' '?') ;; esac
    printf '%s\n' "$sp_b_v"
    if [ -s "$sp_b_work/packed" ]; then
        head -c "$sp_b_packed" <"$sp_b_work/packed" | base64 | sed 's/^/packed=/'
    elif [ "$sp_b_n" -gt 0 ]; then
        sp_b_say_told | head -c "$sp_b_plain" | sed 's/^/record=/'
        # Names come with it.
        [ "$sp_b_n" -le $((sp_b_plain - 200000)) ] || printf '\nrecord=x\n'
    fi
}

# A reply has an end. Little is told as it is, more is packed where the server can. What is too much even so is cut where anybody
# can make as much of it as they like: files in homes, and of the shop all but what may be code; nothing else is pushed off by these.
sp_b_fit() {
    [ ! -e "$sp_b_work/packed" ] || rm -f -- "$sp_b_work/packed"
    sp_b_n=0
    if [ ! -s "$sp_b_work/told" ] && [ ! -s "$sp_b_work/places" ] && [ ! -s "$sp_b_work/files" ]; then return 0; fi
    sp_b_n=$(cat -- "$sp_b_work/told" "$sp_b_work/places" "$sp_b_work/files" | wc -c)
    [ "$sp_b_n" -gt 60000 ] || return 0
    if sp_has gzip && sp_has base64; then
        sp_b_say_told | gzip -c 2>/dev/null >"$sp_b_work/packed" || sp_b_bad="$sp_b_bad; there was no room to compare in"
        [ "$(wc -c <"$sp_b_work/packed")" -gt "$sp_b_packed" ] || return 0
    elif [ "$sp_b_n" -le $((sp_b_plain - 200000)) ]; then
        return 0
    fi
    [ -z "$sp_b_less" ] || return 0
    sp_b_less=1
    sp_b_bad="$sp_b_bad; more files differ than can be told: of the shop only what a server may run"
    sp_b_code_since 2>/dev/null | sed 's/^/c/' | head -c $((sp_b_packed * 2 / 3)) >"$sp_b_work/files"
    [ "$(wc -c <"$sp_b_work/files")" -lt $((sp_b_packed * 2 / 3)) ] || sp_b_bad="$sp_b_bad, and not all of that"
    head -c $((sp_b_packed * 2 / 3)) <"$sp_b_work/places" >"$sp_b_work/less"
    mv -f -- "$sp_b_work/less" "$sp_b_work/places" || : >"$sp_b_work/places"
    sp_b_fit
}

sp_b_say_told() {
    {
        sp_b_say_names
        cat -- "$sp_b_work/told" "$sp_b_work/places" "$sp_b_work/files"
    } | tr '\001-\010\013-\037\177' '?'
}

sp_b_say_names() {
    awk -F: '
        FNR > 5000 { next }
        FILENAME == "/etc/passwd" { print "u " $1 ":" $3 ":" $4; next }
        { print "g " $1 ":" $3 }' /etc/passwd /etc/group 2>/dev/null || :
    sp_b_web_users
    for sp_b_a in $sp_b_web; do printf 'w %s\n' "$sp_b_a"; done
    printf 't %s\n' "$sp_b_from"
}

# Everything but the shop. Of files there may be very many: they stand in a list of their own.
sp_b_say_system() {
    SP_PLACES=$sp_b_work/places awk -F '\t' '
        BEGIN { places = ENVIRON["SP_PLACES"] }
        function say(sign, l,   n, f) { n = split(l, f, "\t"); if (n == 4 && f[1] !~ /^(user|password|group|process|listen)$/) print sign l >places; else print sign l }
        FILENAME == ARGV[1] { was[$0]++; next }
        was[$0] > 0 { was[$0]--; next }
        { say("+", $0) }
        END { for (l in was) if (was[l] > 0) say("-", l) }' "$sp_b_into/system" "$sp_b_work/system" 2>/dev/null || sp_b_bad="$sp_b_bad; there was no room to compare in"
    sed -e '/^!$/d' -e 's/^/s /' <"$sp_b_work/setuid" 2>/dev/null || sp_b_bad="$sp_b_bad; there was no room to compare in"
    [ ! -s "$sp_b_work/holders" ] || sed 's/^/h /' <"$sp_b_work/holders" 2>/dev/null || sp_b_bad="$sp_b_bad; there was no room to compare in"
}

# Sets sp_b_web to the accounts a web server runs PHP as.
sp_b_web_users() {
    sp_b_web=' www-data www apache nginx http httpd wwwrun _www '
    set +f
    set -- /etc/php/*/fpm/pool.d/*.conf /etc/php-fpm.d/*.conf
    set -f
    sp_b_t=$(sed -n 's/^[[:space:]]*user[[:space:]]*=[[:space:]]*\([a-z_][a-z0-9_-]*\).*/\1/p' "$@" </dev/null 2>/dev/null) || :
    for sp_b_a in $sp_b_t; do sp_b_web="$sp_b_web$sp_b_a "; done
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
    if [ -s "$sp_b_into/held" ]; then
        # What is missing of it is a file more that is told.
        sp_b_sums "$sp_b_from" | sort -T "$sp_b_work" - "$sp_b_into/sums" 2>/dev/null | uniq -d >"$sp_b_work/same" 2>/dev/null || :
    fi
    SP_OLD=$sp_b_work/was SP_NEW=$sp_b_work/is SP_SINCE=$sp_b_work/since SP_HELD=$sp_b_into/held SP_SAME=$sp_b_work/same \
        SP_WERE=$sp_b_were SP_TOP=$sp_b_from SP_CUT=$sp_b_cut$sp_b_was_cut awk '
        BEGIN {
            old = ENVIRON["SP_OLD"]; new = ENVIRON["SP_NEW"]; held = ENVIRON["SP_HELD"]
            top = length(ENVIRON["SP_TOP"]); were = ENVIRON["SP_WERE"]; whole = ENVIRON["SP_CUT"] == ""
            while ((getline l < ENVIRON["SP_SAME"]) > 0) same[substr(l, 68 + top)] = 1
            while ((getline l < ENVIRON["SP_SINCE"]) > 0) if ((k = index(l, "//")) > 0) since[substr(l, 1, k - 1)] = 1
            h_more = (getline h < held) > 0
            forward_old(); forward_new()
            while (o_more || n_more) {
                if (o_more && n_more && o == n) { forward_old(); forward_new(); continue }
                if (o_more && (!n_more || (op "//") < (np "//"))) { if (whole) tell("d", op, om); forward_old(); continue }
                if (n_more && (!o_more || (np "//") < (op "//"))) { if (whole) tell("a", np, nm); else if (np in since) tell("c", np, nm); forward_new(); continue }
                differs(); forward_old(); forward_new()
            }
        }
        function forward_old(   k) { o_more = 0; while ((getline o < old) > 0) { o = o ""; k = index(o, "//"); if (!k) continue; op = substr(o, 1, k - 1); om = substr(o, k + 2); o_more = 1; break } }
        function forward_new(   k) { n_more = 0; while ((getline n < new) > 0) { n = n ""; k = index(n, "//"); if (!k) continue; np = substr(n, 1, k - 1); nm = substr(n, k + 2); n_more = 1; break } }
        # Whether the file was as it was when stagepass itself gave it a new inode time.
        function is_held() {
            while (h_more && (h "") < (o "")) h_more = (getline h < held) > 0
            return h_more && (h "") == (o "")
        }
        # The mode without the digit of the group, in which an entry of stagepass shows.
        function rest(m) { return substr(m, 1, length(m) - 2) substr(m, length(m)) }
        # Its words, and where a link leads.
        function words(m, f,   k) { to = ""; if ((k = index(m, "//")) > 0) { to = substr(m, k + 2); m = substr(m, 1, k - 1) } split(m, f, " ") }
        function say(kind, p, what, type) { print kind p "//" what (type == "l" ? "//" to : "") }
        function tell(kind, p, m,   f) { words(m, f); say(kind, p, f[1] " " f[2] " " f[3] " " f[4], f[1]) }
        function differs(   f, g, was, how, kept) {
            words(om, g); was = to; words(nm, f); kept = is_held()
            how = (f[5] != g[5] ? "s" : "") (f[6] != g[6] ? "m" : "") (f[7] != g[7] ? "c" : "") (f[8] != g[8] ? "i" : "") (to != was ? "t" : "")
            if (kept && np in same && how ~ /^c?$/ && f[1] == g[1] && rest(f[2]) == rest(g[2]) && f[4] == g[4] && (f[3] == g[3] || index(were, " " g[3] " "))) return
            how = how (kept ? "h" : "") (np in same ? "d" : "") (index(were, " " g[3] " ") ? "o" : "")
            say("m", np, g[1] " " g[2] " " g[3] " " g[4] " " f[1] " " f[2] " " f[3] " " f[4] " " (how == "" ? "-" : how), f[1])
        }' </dev/null 2>/dev/null >"$sp_b_work/files" || sp_b_bad="$sp_b_bad; the shop folder could not be compared"
    [ -z "$sp_b_cut$sp_b_was_cut" ] || sp_b_bad="$sp_b_bad; new and removed files of the shop are not listed"
}

# Says it all as lines of the reply.
sp_say_difference() {
    sp_out=$sp_out$sp_diff_records
    sp_say difference "$sp_diff_state"
}
