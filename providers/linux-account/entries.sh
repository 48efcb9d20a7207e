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
    local rooted=0 within
    ! sp_rooted "$2" || rooted=1
    sp_only_there "$2"
    within=$sp_only
    ! sp_can_limit || within="timeout -s KILL $sp_as_seconds $within"
    sp_v=''
    sp_awk_rights
    sp_awk_entries
    sp_awk_file
    sp_awk_writers
    sp_awk_restore
    sp_awk_keep
    sp_awk_goes
    sp_awk_drop
    SP_WITHIN=$within SP_ACCOUNTS=$sp_acl_uid SP_OWNER=${sp_acl_owner%:*} SP_GROUP=${sp_acl_owner#*:} SP_MODE=$1 SP_OTHERS=$sp_other_uids \
        SP_ROOTED=$rooted SP_TRUST=$3 SP_AS=$sp_as_owner awk "$sp_v"'
        BEGIN {
            RS = ""
            accounts = split(ENVIRON["SP_ACCOUNTS"], account, " "); after[accounts] = ENVIRON["SP_OTHERS"]
            for (turn = accounts; turn > 1; turn--) after[turn - 1] = after[turn] account[turn] " "
            turn = 1; ours = account[1]
            shop_owner = ENVIRON["SP_OWNER"]; shop_group = ENVIRON["SP_GROUP"]
            mode = ENVIRON["SP_MODE"]; within = ENVIRON["SP_WITHIN"]
            top_rooted = ENVIRON["SP_ROOTED"] == 1; trust = ENVIRON["SP_TRUST"] == 1
            top = ""
        }
        /^# now/ { present = 1; next }
        !/^# file: / { next }
        { read_file() }
        !present { remember(); next }
        {
            if (top == "") top = file
            if (mode == "drop" && owner != "0" && !(file in recorded) && !(above(file) in recorded)) { drop_as_another(); next }
            count = split(text_of_entries, entry, "\n")
            if (owner == "0" && rooted() && !shared()) quiet[file] = 1
            if (mode == "keep") keep(); else drop_all()
        }
        END {
            for (to in used) if (close(to) != 0) failed = 1
            exit failed ? 1 : skipped ? 2 : 0
        }' 9>&-
}

# Each of these adds functions to sp_v, for sp_acl_awk.

# Rights as a number, 4 for r, 2 for w, 1 for x.
sp_awk_rights() {
    sp_v=$sp_v'
        function bits(rights) { return (rights ~ /r/ ? 4 : 0) + (rights ~ /w/ ? 2 : 0) + (rights ~ /x/ ? 1 : 0) }
        function text(number) { return (number >= 4 ? "r" : "-") (number % 4 >= 2 ? "w" : "-") (number % 2 ? "x" : "-") }
        function has(number, bit) { return int(number / bit) % 2 }
        function both(one, other,   bit, sum) {
            sum = 0
            for (bit = 1; bit <= 4; bit *= 2) if (has(one, bit) && has(other, bit)) sum += bit
            return sum
        }
        function either(one, other,   bit, sum) {
            sum = 0
            for (bit = 1; bit <= 4; bit *= 2) if (has(one, bit) || has(other, bit)) sum += bit
            return sum
        }
    '
}

# An entry in a line: whose it is (its key), and what they may.
sp_awk_entries() {
    sp_v=$sp_v'
        function key(line) { return substr(line, 1, length(line) - 4) }
        function may(line) { return bits(substr(line, length(line) - 2)) }
        function named(whose) { return whose ~ /^(default:)?(user|group):[0-9]/ }
        function inherited(whose) { return whose ~ /^default:/ }
        # An entry of another grant, which it takes away itself, or whose turn is after this one.
        function theirs(whose) { sub(/^default:/, "", whose); return whose ~ /^user:/ && index(after[turn], " " substr(whose, 6) " ") }
    '
}

# The file that is read just now, what it has, and what it had before any entry of ours. getfacl says of each a block of lines
# with an empty one behind it, in which the entries stand below what begins with `#`; it writes a newline in a name as \012.
# shellcheck disable=SC2016
sp_awk_file() {
    sp_v=$sp_v'
        function read_file(   head, at) {
            at = index($0, "\nuser::")
            head = at ? substr($0, 1, at) : $0 "\n"
            text_of_entries = at ? substr($0, at + 1) : ""
            file = substr(head, 9, index(head, "\n") - 9)
            owner = said(head, "\n# owner: "); flags = said(head, "\n# flags: ")
        }
        function said(head, what,   at) {
            at = index(head, what)
            if (!at) return ""
            head = substr(head, at + length(what))
            return substr(head, 1, index(head, "\n") - 1)
        }
        function remember(   i) {
            recorded[file] = 1
            count = split(text_of_entries, entry, "\n")
            for (i = 1; i <= count; i++) had[file SUBSEP key(entry[i])] = entry[i]
        }
        function was(whose) { return (file SUBSEP whose) in had }
        function above(place) { sub(/\/[^\/]*$/, "", place); return place }
    '
}

# Who could put something else in the place of a file.
sp_awk_writers() {
    sp_v=$sp_v'
        # Who else may write in this folder; the account of the grant does not count where it cannot be in.
        function shared(   i, whose, rights, mask, found) {
            mask = 7; found = 0
            for (i = 1; i <= count; i++) if (key(entry[i]) == "mask:") mask = may(entry[i])
            for (i = 1; i <= count; i++) {
                whose = key(entry[i]); rights = may(entry[i])
                if (inherited(whose) || whose == "user:" || whose == "user:0" || whose == "mask:") continue
                if (trust && whose == "user:" ours) continue
                if (whose != "other:") rights = both(rights, mask)
                if (has(rights, 2)) found = 1
            }
            return found
        }
        # Whether a file of root can be reached by way of folders where only root writes.
        function rooted() { return file == top ? top_rooted : (above(file) in quiet) }
    '
}

# Everything about one file goes to a setfacl that runs as its owner.
# shellcheck disable=SC2016
sp_awk_restore() {
    sp_v=$sp_v'
        function begin(   as_owner) {
            to = ""
            if (owner == "0" && !rooted()) { skipped = 1; return }
            if (owner !~ /^[0-9]+$/) { failed = 1; return }
            as_owner = owner == "0" ? "" : " /bin/sh -c \"$SP_AS\" sh " owner
            to = "exec " within as_owner " setfacl --restore=- 2>/dev/null"
            used[to] = 1
            # Without the flags setfacl takes setuid, setgid and sticky bits away.
            put("# file: " file (flags != "" ? "\n# flags: " flags : ""))
        }
        function put(line) { if (to != "") print line | to }
    '
}

sp_awk_keep() {
    sp_v=$sp_v'
        function keep(   i, whose, mine, inherits, inherited_before, mask, default_mask, defaults) {
            # What stays closed has no entry of ours, and needs no mask; in its folder nothing is inherited.
            for (i = 1; i <= count; i++) {
                if (key(entry[i]) == "user:" ours) mine = 1
                if (key(entry[i]) == "default:user:" ours) inherits = 1
            }
            if (!mine) return
            begin()
            mask = 0; default_mask = 0; defaults = 0; inherited_before = was("default:user:")
            for (i = 1; i <= count; i++) {
                whose = key(entry[i])
                if (inherited(whose) && !inherits && !inherited_before) continue
                if ((whose == "mask:" || whose == "default:mask:") && !was(whose)) continue
                if (inherited_before && inherited(whose) && whose != "default:user:" ours) {
                    if (was(whose)) entry[i] = had[file SUBSEP whose]
                    else if (!theirs(whose)) continue
                }
                put(entry[i])
                if (whose == "group:" || (named(whose) && !inherited(whose))) mask = either(mask, may(entry[i]))
                if (whose == "default:group:" || (named(whose) && inherited(whose))) default_mask = either(default_mask, may(entry[i]))
                if (whose == "default:user:") defaults = 1
            }
            if (!was("mask:")) put("mask::" text(mask))
            if (defaults && !was("default:mask:")) put("default:mask::" text(default_mask))
            put("")
        }
    '
}

# What is taken off beside our own entries: those that let the shop's own people at what the supporter makes.
sp_awk_goes() {
    sp_v=$sp_v'
        # Whether the entries of the own people of the shop were inherited here along with ours.
        function came_along(   i) {
            if ((above(file) SUBSEP "default:user:" shop_owner) in had) return 0
            for (i = 1; i <= count; i++) if (entry[i] == "user:" shop_owner ":rwx" && !was("user:" shop_owner)) return 1
            return 0
        }
        # Whether an entry goes with ours.
        function goes(whose, others, along) {
            if (was(whose)) return 0
            if (whose == "user:" ours || whose == "default:user:" ours) return 1
            if (along && (whose == "user:" shop_owner || whose == "group:" shop_group)) return 1
            return !others && (whose == "default:user:" shop_owner || whose == "default:group:" shop_group)
        }
    '
}

sp_awk_drop() {
    sp_v=$sp_v'
        # The entries that are left, each in a line of its own; nothing where there was none to take off.
        function left_of_all(   i, any, left) {
            any = 0; left = ""
            for (turn = 1; turn <= accounts; turn++) { ours = account[turn]; if (drop()) any = 1 }
            turn = 1; ours = account[1]
            if (any) for (i = 1; i <= count; i++) left = left entry[i] "\n"
            return left
        }
        function drop_all(   left) {
            left = left_of_all()
            if (left == "") return
            begin()
            put(left)
        }
        # Of a file of which nothing was written down, nor of its folder, what is left follows from what it has; and most of a shop
        # have the same.
        function drop_as_another(   left) {
            if (text_of_entries in known) left = known[text_of_entries]
            else {
                count = split(text_of_entries, entry, "\n")
                left = left_of_all()
                if (++known_many <= 1000) known[text_of_entries] = left
            }
            if (left == "") return
            begin()
            put(left)
        }
        # Whether there was anything to take off.
        function drop(   i, kept, whose, mine, folder, others, along, left, defaults_left, keep_mask, keep_defaults, granted, group, mask, all, rest) {
            mine = 0; folder = 0; granted = 0; others = 0
            for (i = 1; i <= count; i++) {
                whose = key(entry[i])
                if (inherited(whose)) folder = 1
                if (whose == "user:" ours || whose == "default:user:" ours) mine = 1
                if (whose == "user:" ours) granted = may(entry[i])
                if (whose ~ /^(default:)?user:[0-9]/ && theirs(whose)) others = 1
                if (whose == "group:") group = may(entry[i])
                if (whose == "mask:") mask = may(entry[i])
            }
            if (!mine) return 0
            # The last of the grants on this shop takes these; what only one of them made in a closed folder, that one.
            along = !others && came_along()
            left = 0; defaults_left = 0
            for (i = 1; i <= count; i++) {
                whose = key(entry[i]); gone[i] = goes(whose, others, along)
                if (!gone[i] && named(whose)) { if (inherited(whose)) defaults_left++; else left++ }
            }
            keep_mask = was("mask:") || left > 0
            keep_defaults = was("default:user:") || defaults_left > 0
            all = group; rest = group
            for (i = 1; i <= count; i++) {
                whose = key(entry[i])
                if (!named(whose) || inherited(whose)) continue
                all = either(all, may(entry[i]))
                if (!gone[i]) rest = either(rest, may(entry[i]))
            }
            if (!keep_mask && mask != either(group, granted)) group = (!folder && granted % 2) ? both(group, mask) : mask
            # A mask that is no more than what setfacl computed is computed again for what is left.
            if (!was("mask:") && mask == all) mask = rest
            kept = 0
            for (i = 1; i <= count; i++) {
                whose = key(entry[i])
                if (gone[i]) continue
                if (whose == "mask:" && !keep_mask) continue
                if (inherited(whose) && !keep_defaults) continue
                if (whose == "default:mask:" && !was(whose) && !defaults_left) continue
                kept++
                if (whose == "user:" ours || whose == "default:user:" ours) entry[kept] = had[file SUBSEP whose]
                else if (whose == "group:" && !keep_mask) entry[kept] = "group::" text(group)
                else if (whose == "mask:") entry[kept] = "mask::" text(mask)
                else entry[kept] = entry[i]
            }
            count = kept
            return 1
        }
    '
}
