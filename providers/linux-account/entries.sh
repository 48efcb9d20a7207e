# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Both directions of the ACL work, over getfacl's text: the record, `# now`, what is now.
# `keep`: masks for files that had none, and the default entries that were there before ours.
# `drop`: no entry of ours. Where no mask was before, none is afterwards, and the group gets back
#   what it had. A chmod done meanwhile landed in the mask, so a mask that is not the one setfacl
#   computed is the group's wish. Files made meanwhile inherited an entry with x: theirs is what
#   group and mask have in common.
# Ends with 2 when files of root were left alone, because others can write on the way to them.
# `drop` is for several accounts, in sp_acl_uid, as if it were called for one after the other.
# sp_acl_awk keep|drop FOLDER TRUST: TRUST is 1 when the account of the grant cannot be in.
sp_acl_awk() {
    sp_v=0
    ! sp_rooted "$2" || sp_v=1
    sp_only_there "$2"
    sp_l=$sp_only
    ! sp_can_limit || sp_l="timeout -s KILL $sp_as_seconds $sp_l"
    SP_IN=$sp_l SP_U=$sp_acl_uid SP_O=${sp_acl_owner%:*} SP_G=${sp_acl_owner#*:} SP_MODE=$1 SP_OTHERS=$sp_other_uids SP_ROOTED=$sp_v SP_TRUST=$3 SP_AS=$sp_as_owner awk '
        function bits(s) { return (s ~ /r/ ? 4 : 0) + (s ~ /w/ ? 2 : 0) + (s ~ /x/ ? 1 : 0) }
        function text(b) { return (b >= 4 ? "r" : "-") (b % 4 >= 2 ? "w" : "-") (b % 2 ? "x" : "-") }
        function both(a, b, any,   i, r) {
            r = 0
            for (i = 1; i <= 4; i *= 2) {
                x = int(a / i) % 2; y = int(b / i) % 2
                if (any ? x || y : x && y) r += i
            }
            return r
        }
        function perm(line) { return substr(line, length(line) - 2) }
        function key(line) { return substr(line, 1, length(line) - 4) }
        function named(k) { return k ~ /^(default:)?(user|group):[0-9]/ }
        function reset() { n = 0; file = ""; split("", e) }
        function remember(   i) {
            for (i = 1; i <= n; i++) had[file SUBSEP key(e[i])] = e[i]
        }
        # An entry of another grant, which it takes away itself, or whose turn is after this one.
        function theirs(k) { sub(/^default:/, "", k); return k ~ /^user:/ && index(after[at], " " substr(k, 6) " ") }
        # Who else may write in this folder; the account of the grant does not count where it cannot be in.
        function shared(   i, k, p, m, w) {
            m = 7; w = 0
            for (i = 1; i <= n; i++) if (key(e[i]) == "mask:") m = bits(perm(e[i]))
            for (i = 1; i <= n; i++) {
                k = key(e[i]); p = bits(perm(e[i]))
                if (k ~ /^default:/ || k == "user:" || k == "user:0:" || k == "mask:") continue
                if (trust && k == "user:" u) continue
                if (k != "other:") p = both(p, m, 0)
                if (int(p / 2) % 2) w = 1
            }
            return w
        }
        # Whether a file of root can be reached by way of folders where only root writes.
        function rooted(   d) {
            if (file == top) return chain
            d = file; sub(/\/[^\/]*$/, "", d)
            return (d in quiet)
        }
        # Everything about one file goes to a setfacl that runs as its owner.
        function begin() {
            if (owner == "0" && !rooted()) { skipped = 1; to = ""; return }
            if (owner !~ /^[0-9]+$/) { failed = 1; to = ""; return }
            to = owner == "0" ? "exec " within " setfacl --restore=- 2>/dev/null" : "exec " within " /bin/sh -c \"$SP_AS\" sh " owner " setfacl --restore=- 2>/dev/null"
            used[to] = 1
            put("# file: " file)
            # Without this line setfacl takes setuid, setgid and sticky bits away.
            if (flags != "") put("# flags: " flags)
        }
        function put(line) { if (to != "") print line | to }
        function was(k) { return (file SUBSEP k) in had }
        function keep(   i, k, f, m, d, mine, open) {
            # What stays closed has no entry of ours, and needs no mask; in its folder nothing is inherited.
            for (i = 1; i <= n; i++) {
                if (key(e[i]) == "user:" u) mine = 1
                if (key(e[i]) == "default:user:" u) open = 1
            }
            if (!mine) return
            begin()
            m = 0; d = 0; f = was("default:user:")
            for (i = 1; i <= n; i++) {
                k = key(e[i])
                if (k ~ /^default:/ && !open && !f) continue
                if (k == "mask:" && !was(k)) continue
                if (k == "default:mask:" && !was(k)) continue
                if (f && k ~ /^default:/ && k != "default:user:" u) {
                    if (was(k)) e[i] = had[file SUBSEP k]
                    else if (!theirs(k)) continue
                }
                put(e[i])
                if (k == "group:" || (named(k) && k !~ /^default:/)) m = both(m, bits(perm(e[i])), 1)
                if (k == "default:group:" || (named(k) && k ~ /^default:/)) d = both(d, bits(perm(e[i])), 1)
                if (k == "default:user:") isdir = 1
            }
            if (!was("mask:")) put("mask::" text(m))
            if (isdir && !was("default:mask:")) put("default:mask::" text(d))
            isdir = 0
            put("")
        }
        function drop_all(   i, any) {
            any = 0
            for (at = 1; at <= us; at++) { u = account[at]; if (drop()) any = 1 }
            at = 1; u = account[1]
            if (!any) return
            begin()
            for (i = 1; i <= n; i++) put(e[i])
            put("")
        }
        # Whether there was anything to take off.
        function drop(   i, j, k, p, isdir, mine, with, inh, left, dleft, keepmask, keepdef, G, M, N, P, R, full, rest) {
            mine = 0; isdir = 0; P = 0; with = 0
            for (i = 1; i <= n; i++) {
                k = key(e[i]); p = perm(e[i])
                if (k ~ /^default:/) isdir = 1
                if (k == "user:" u || k == "default:user:" u) mine = 1
                if (k == "user:" u) P = bits(p)
                if (k ~ /^(default:)?user:[0-9]/ && theirs(k)) with = 1
                if (k == "group:") G = bits(p)
                if (k == "mask:") M = bits(p)
            }
            if (!mine) return 0
            inh = 0; dir = file; sub(/\/[^\/]*$/, "", dir)
            # The last of the grants on this shop takes these; what only one of them made in a closed folder, that one.
            if (!with && !((dir SUBSEP "default:user:" o) in had))
                for (i = 1; i <= n; i++) if (e[i] == "user:" o ":rwx" && !was("user:" o)) inh = 1
            left = 0; dleft = 0
            for (i = 1; i <= n; i++) {
                k = key(e[i]); gone[i] = 0
                if ((k == "user:" u || k == "default:user:" u) && !was(k)) gone[i] = 1
                if (inh && (k == "user:" o || k == "group:" g) && !was(k)) gone[i] = 1
                if (!with && (k == "default:user:" o || k == "default:group:" g) && !was(k)) gone[i] = 1
                if (!gone[i] && named(k)) { if (k ~ /^default:/) dleft++; else left++ }
            }
            keepmask = was("mask:") || left > 0
            keepdef = was("default:user:") || dleft > 0
            # A mask that is no more than what setfacl computed is computed again for what is left.
            full = G; rest = G
            for (i = 1; i <= n; i++) {
                k = key(e[i])
                if (!named(k) || k ~ /^default:/) continue
                full = both(full, bits(perm(e[i])), 1)
                if (!gone[i]) rest = both(rest, bits(perm(e[i])), 1)
            }
            if (!was("mask:") && M == full) N = rest; else N = M
            R = G
            if (!keepmask && M != both(G, P, 1)) {
                if (!isdir && P % 2) R = both(G, M, 0); else R = M
            }
            j = 0
            for (i = 1; i <= n; i++) {
                k = key(e[i])
                if (gone[i]) continue
                if (k == "mask:" && !keepmask) continue
                if (k ~ /^default:/ && !keepdef) continue
                if (k == "default:mask:" && !was(k) && !dleft) continue
                j++
                if (k == "user:" u || k == "default:user:" u) e[j] = had[file SUBSEP k]
                else if (k == "group:" && !keepmask) e[j] = "group::" text(R)
                else if (k == "mask:") e[j] = "mask::" text(N)
                else e[j] = e[i]
            }
            n = j
            return 1
        }
        function done() {
            if (file != "") {
                if (!present) remember()
                else {
                    if (top == "") top = file
                    if (owner == "0" && rooted() && !shared()) quiet[file] = 1
                    if (mode == "keep") keep(); else drop_all()
                }
            }
            reset()
        }
        BEGIN {
            us = split(ENVIRON["SP_U"], account, " "); after[us] = ENVIRON["SP_OTHERS"]
            for (at = us; at > 1; at--) after[at - 1] = after[at] account[at] " "
            at = 1; u = account[1]
        }
        BEGIN { within = ENVIRON["SP_IN"]; o = ENVIRON["SP_O"]; g = ENVIRON["SP_G"]; mode = ENVIRON["SP_MODE"]; chain = ENVIRON["SP_ROOTED"] == 1; trust = ENVIRON["SP_TRUST"] == 1; top = ""; reset() }
        /^# now$/ { done(); present = 1; next }
        /^# file: / { done(); file = substr($0, 9); owner = ""; flags = ""; next }
        /^# owner: / { owner = $3; next }
        /^# flags: / { flags = $3; next }
        /^#/ || /^$/ { next }
        { e[++n] = $0 }
        END {
            done()
            for (to in used) if (close(to) != 0) failed = 1
            exit failed ? 1 : skipped ? 2 : 0
        }' 9>&-
}
