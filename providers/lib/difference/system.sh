# shellcheck shell=sh disable=SC2030,SC2031,SC2034,SC2154,SC3043
# The system.

# sp_b_system WORD: prints the list. WORD salts the digests of passwords.
sp_b_system() {
    sp_b_passwords "$1"
    printf '%s' "$sp_v"
    sp_b_programs
    # A full disk cuts a list without a word: it has an end.
    if sp_b_is_shared; then
        cat -- "$sp_shared/system"
    else
        sp_b_common
        printf 'end\t\t\t\n'
    fi
}

# What is the same for every grant whose baseline was made in the same places.
sp_b_common() {
    sp_b_users
    sp_b_candidates
    sp_b_files
    sp_b_listeners
    sp_b_random
    sp_b_texts "$sp_v"
}

# What a comparison needs, whichever list it is for.
sp_b_ready() {
    # Which files hold keys was for sshd to say at the beginning; it is asked where it did not.
    if [ -z "${sp_s_keys:-}" ]; then
        sp_find_sshd
        sp_settings root
    fi
    sp_b_tools
    sp_b_ours
}

# sp_b_share FOLDER IDS TURNS: what is looked at once for several grants that are closed together (sp_close_ahead), when everything
# that has one of these ids was ended: the list of the system, the search for setuid files, in FOLDER. Ends with 1 where
# it is not whole.
sp_b_share() {
    local one line others began beside programs
    sp_b_work=$1
    sp_b_into=$sp_b_state/$sp_grant/baseline
    sp_b_about
    sp_b_ready
    # Nothing of theirs runs; what is left of one of them must not be hidden from it.
    others=$sp_b_others
    sp_b_others=' '
    for one in $others; do
        case "$2 " in *" $one "*) ;; *) sp_b_others="$sp_b_others$one " ;; esac
    done
    sp_b_named_by_sshd
    # The earliest of them: each then takes what is later than its own.
    for one in $3; do
        began=$(
            "sp_one_$one"
            while IFS= read -r line; do
                case $line in time=*) printf '%s\n' "${line#*=}" ;; esac
            done <"$sp_b_state/$sp_grant/baseline/about"
        ) 2>/dev/null || began=''
        case $began in '' | *[!0-9]*) return 1 ;; esac
        [ "$began" -ge "$sp_b_time" ] || sp_b_time=$began
    done
    sp_b_setuid_raw >"$1/setuid.all" 2>/dev/null &
    beside=$!
    # Of keys of theirs none is left out: they are gone by now.
    (
        sp_grant=none sp_public_key='' sp_check_key='' sp_account=''
        sp_b_common
        printf 'end\t\t\t\n'
    ) >"$1/system" 2>/dev/null
    programs=$(sp_b_from='' sp_path='' sp_b_ticks=0 && sp_b_programs)
    # shellcheck disable=SC2030
    [ -n "$programs" ] || programs=none
    {
        printf '%s / %s / %s\n' "${sp_s_keys:-}" "${sp_sshd_f:-}" "$sp_b_named"
        printf '%s\n' "$sp_b_named_new"
        printf '%s/%s/%s/%s/%s\n' "$sp_b_ids" "$sp_b_accounts" "$sp_b_groups" "$sp_b_others" "$sp_b_names"
        date +%s
        case $programs in none) printf 'none\n' ;; *) printf 'some\n' ;; esac
        if grep -qs '^cut' "$1/system"; then printf 'cut\n'; else printf 'whole\n'; fi
    } >"$1/known" || return 1
    sp_b_passwords_read
    # In no file, however short.
    sp_b_passwords_now=$sp_v
    wait "$beside" 2>/dev/null || :
    case $(tail -n 1 <"$1/system") in end*) ;; *) return 1 ;; esac
    # What was not looked at to its end, and capabilities, which have no time, each looks at itself.
    ! grep -qs -e '^!' -e '^/' "$1/setuid.all" || return 0
    awk -v from="$sp_b_time" '$1 + 0 >= from + 0' "$1/setuid.all" >"$1/setuid" || return 1
}

# Whether the list that was made for several is the one that this grant would make.
sp_b_is_shared() {
    [ -n "$sp_shared" ] && [ -r "$sp_shared/system" ] && [ "${sp_shared_named:-}" = "${sp_s_keys:-} / ${sp_sshd_f:-} / $sp_b_named" ]
}

sp_b_users() {
    SP_MINE=$sp_b_accounts SP_GROUPS=$sp_b_groups SP_NAMES=$sp_b_names awk -F: '
        BEGIN { mine = ENVIRON["SP_MINE"]; groups = ENVIRON["SP_GROUPS"]; names = ENVIRON["SP_NAMES"] }
        FNR > 100000 { next }
        { gsub(/[\t\r]/, " ") }
        FILENAME == "/etc/passwd" {
            if (!index(mine, " " $1 ":" $3 " ")) print "user\t" $1 "\t" $3 ":" $4 ":" $6 ":" $7 "\t"
            next
        }
        {
            if (index(groups, " " $1 ":" $3 " ")) next
            n = split($4, m, ","); t = ""
            for (i = 1; i <= n; i++) if (m[i] != "" && !index(names, " " m[i] " ")) t = t "," m[i]
            print "group\t" $1 "\t" $3 ":" substr(t, 2) "\t"
        }' /etc/passwd /etc/group 2>/dev/null
}

# Whether a password is set, when it was, and a salted digest that tells one from another. Sets sp_v to these lines.
sp_b_passwords() {
    local words one state digest lines=''
    sp_v=''
    [ -r /etc/shadow ] || return 0
    words=${sp_shared:+$sp_b_passwords_known}
    if [ -z "$words" ]; then
        sp_b_passwords_read
        words=$sp_v sp_v=''
    fi
    for one in $words; do
        state=${one#*:}
        case $state in
            *:*)
                state=${state%%:*}
                if sp_has sha256sum; then
                    digest=$(printf '%s' "$1${one#*:*:}" | sha256sum) || digest=''
                    state=$state-${digest%% *}
                fi
                state=set$state
                ;;
        esac
        lines="${lines}password$sp_tab${one%%:*}$sp_tab$state$sp_tab$sp_nl"
    done
    sp_v=$lines
}

# Sets sp_v to ACCOUNT:STATE words, some with hashes of passwords.
sp_b_passwords_read() {
    sp_v=$(SP_MINE=$sp_b_accounts SP_OWN=$sp_b_own awk -F: '
        BEGIN { mine = ENVIRON["SP_MINE"]; own = ENVIRON["SP_OWN"] }
        FILENAME == "/etc/passwd" { id[$1] = $3; next }
        $1 == own { next }
        FNR > 100000 { exit }
        index(mine, " " $1 ":" id[$1] " ") || $1 ~ /[ \t]/ { next }
        $2 == "" { print $1 ":empty"; next }
        $2 ~ /^[!*]/ { print $1 ":locked"; next }
        # More accounts with a password than fifty: the day it was set has to do.
        ++n > 50 { print $1 ":set" $3; next }
        { print $1 ":" $3 ":" $2 }' /etc/passwd /etc/shadow 2>/dev/null) || :
}

# Sets sp_b_texts_of (KIND tab WHO tab FILE) for what is read line by line; sp_b_summed and sp_b_statted, the
# places of the one list that are there; and sp_b_classes (CLASS tab PATH) for all of these.
sp_b_candidates() {
    sp_b_texts_of='' sp_b_summed='' sp_b_statted='' sp_b_classes=''
    sp_b_summed_more='' sp_b_statted_more='' sp_b_classes_more=''
    sp_b_all_places
    sp_b_candidate_places
    sp_b_candidate_homes
    sp_b_candidate_crontabs
}

sp_b_candidate_places() {
    local line one merged=''
    # Where one is the other, it is looked at once.
    [ ! -L /lib ] || merged=1
    IFS=$sp_nl
    for line in $sp_b_places; do
        case $line in
            *' ~/'*) ;;
            *' /lib/'*) [ -n "$merged" ] || sp_b_place "$line" ;;
            *) sp_b_place "$line" ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    for one in ${sp_sshd_f:-} ${sp_b_named:-}; do sp_b_place "login sum $one"; done
    sp_b_placed
}

# Homes, and the files in which sshd looks for the keys of each account.
sp_b_candidate_homes() {
    local line found at place in_homes='' in_home
    IFS=$sp_nl
    for line in $sp_b_places; do
        case $line in *' ~/'*) in_homes=$in_homes$line$sp_nl ;; esac
    done
    IFS=" $sp_tab$sp_nl"
    found=$(SP_MINE=$sp_b_accounts SP_MAX=$sp_b_homes SP_KEYS="${sp_s_keys:-} .ssh/authorized_keys .ssh/authorized_keys2" awk -F: '
        BEGIN { mine = ENVIRON["SP_MINE"]; max = ENVIRON["SP_MAX"] + 0; np = split(ENVIRON["SP_KEYS"], pat, " ") }
        NR > max { print "cut"; exit }
        index(mine, " " $1 ":" $3 " ") || $6 !~ /^\// { next }
        {
            gsub(/[\t\r]/, "", $6)
            if (!seen[$6]++) print "home\t" $1 "\t" $6
            for (i = 1; i <= np; i++) {
                p = pat[i]; o = ""
                if (p == "none") continue
                while ((k = index(p, "%")) > 0) {
                    c = substr(p, k + 1, 1)
                    o = o substr(p, 1, k - 1) (c == "h" ? $6 : c == "u" ? $1 : c == "U" ? $3 : c == "%" ? "%" : "")
                    p = substr(p, k + 2)
                }
                p = o p
                if (p !~ /^\//) p = ($6 == "/" ? "" : $6) "/" p
                if (!seen["k" p]++) print "key\t" $1 "\t" p
            }
        }' /etc/passwd 2>/dev/null) || :
    IFS=$sp_nl
    for line in $found; do
        at=${line#*"$sp_tab"*"$sp_tab"}
        case $line in
            key*) if [ -f "$at" ] && [ -r "$at" ]; then sp_b_texts_of=$sp_b_texts_of$line$sp_nl; fi ;;
            home*)
                # What stands in these is in the list by itself.
                case $at in / | /bin | /usr/bin | /usr/sbin | /sbin | /dev | /proc*) continue ;; esac
                [ -d "$at" ] || continue
                # Mostly none of them is there.
                set +f
                set -- "$at"/.[!.]*
                set -f
                if [ ! -e "$1" ] && [ ! -L "$1" ] && [ ! -e "$at/bin" ] && [ ! -L "$at/bin" ]; then continue; fi
                for in_home in $in_homes; do
                    place=$at${in_home#*"~"}
                    if [ -e "${place%/}" ] || [ -L "${place%/}" ]; then sp_b_place "${in_home%%"~"*}$place"; fi
                done
                sp_b_placed
                ;;
            cut) printf 'cut\taccounts\t\t\n' ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
}

sp_b_candidate_crontabs() {
    local file who
    set +f
    for file in /var/spool/cron/crontabs/* /var/spool/cron/tabs/* /var/spool/cron/*; do
        if [ ! -f "$file" ] || [ -L "$file" ] || [ ! -r "$file" ]; then continue; fi
        case $file in *[[:cntrl:]]*) continue ;; esac
        who=${file##*/}
        # The crontab of another grant's account is that grant's to report.
        if [ "$who" != "${sp_account:-}" ]; then
            case $sp_b_names in *" $who "*) continue ;; esac
        fi
        sp_b_texts_of="${sp_b_texts_of}cron$sp_tab$who$sp_tab$file$sp_nl"
    done
    set -f
}

# sp_b_place "CLASS HOW PATH": takes note of it, where it is there.
sp_b_place() {
    local place="${1#* * }"
    place=${place%/}
    if [ ! -e "$place" ] && [ ! -L "$place" ]; then return 0; fi
    case $place in *[[:cntrl:]]*) return 0 ;; esac
    # Kept short here: with thousands of homes the whole would be copied each time.
    case $1 in
        *' stat '*) sp_b_statted_more=$sp_b_statted_more$place$sp_nl ;;
        *) sp_b_summed_more=$sp_b_summed_more$place$sp_nl ;;
    esac
    sp_b_classes_more=$sp_b_classes_more${1%% *}$sp_tab$place$sp_nl
}

sp_b_placed() {
    sp_b_summed=$sp_b_summed$sp_b_summed_more sp_b_statted=$sp_b_statted$sp_b_statted_more sp_b_classes=$sp_b_classes$sp_b_classes_more
    sp_b_summed_more='' sp_b_statted_more='' sp_b_classes_more=''
}

# Sets sp_b_named to the files and folders that sshd is told to read or to run, besides those that were
# named when access was opened.
sp_b_named_by_sshd() {
    set +f
    set -- /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf ${sp_sshd_f:+"$sp_sshd_f"}
    set -f
    if [ -n "$sp_shared" ]; then
        sp_b_named=${sp_b_named:-}${sp_b_named_now:-}
        return 0
    fi
    sp_b_named_new=$(awk '
        NR > 20000 { exit }
        { gsub(/["=,]/, " ") }
        tolower($1) ~ /^(include|(authorizedkeys|authorizedprincipals)command|authorizedprincipalsfile|trustedusercakeys|revokedkeys|forcecommand|subsystem|hostcertificate|securitykeyprovider|xauthlocation|chrootdirectory)$/ {
            for (i = 2; i <= NF && i < 20; i++) {
                p = $i
                if (p !~ /^\/[A-Za-z0-9_.\/+@%*?-]+$/) continue
                # The gate of a grant, which sshd is told to run: it comes and goes with the grant.
                if (p ~ /^\/var\/lib\/stagepass\/[0-9a-z]+\/gate$/) continue
                # Of a pattern, the folder.
                if (match(p, /[%*?]/)) { p = substr(p, 1, RSTART - 1); sub(/\/[^\/]*$/, "", p) }
                if (tolower($1) == "chrootdirectory") p = p "/etc"
                if (p ~ /^\/[^\/]+\/[^\/]/ && p !~ /^\/(usr|proc|sys|dev)\/[^\/]*$/ && !seen[p]++ && ++n <= 50) printf " %s", p
            }
        }' "$@" 2>/dev/null) || :
    sp_b_named=${sp_b_named:-}$sp_b_named_new
}

# Files compared as a whole: what they are, whose, and what is in them. A link is compared by where it
# leads; what is there is not read.
sp_b_files() {
    sp_b_awk_files
    sp_b_files_found | head -c 40000000 | head -n 150000 | SP_IDS=$sp_b_ids SP_OTHERS=$sp_b_others SP_ROOT=$sp_uid awk "$sp_v"'
        BEGIN { ids = ENVIRON["SP_IDS"]; others = ENVIRON["SP_OTHERS"]; root = ENVIRON["SP_ROOT"] == 0 }
        { bytes += length($0) + 1 }
        # First of all: CLASS tab PATH, and KIND tab WHO tab FILE, of which the key files are compared line by line.
        !listed && $0 == "." { listed = 1; next }
        !listed {
            parts = split($0, part, "\t")
            if (parts == 2) class[part[2]] = part[1]; else if (parts == 3 && part[1] == "key") skip[part[3]] = 1
            next
        }
        # From stat, or from find, which has the type as a letter and the mode in octal digits.
        /^[=~]/ {
            split($0, part, "\t"); value = substr(part[1], 2); file = part[2]
            split(value, word, " ")
            if (class_of(file) == "at" && index(others, " " word[2] " ")) skip[file] = 1
            # The mode of a link says nothing, where it leads does.
            if (word[1] ~ /^a/) { value = part[3]; sub(/^.* -> /, "-> ", value) }
            else if (word[1] ~ /^l/) value = "-> \047" part[3] "\047"
            else if (/^~/) value = raw(word[1]) " " word[2] " " word[3]
            add(file, value); next
        }
        /^\+/ { split($0, part, "\t"); gsub(/[.][0-9]*/, "", part[1]); hold(part[2], substr(part[1], 2)); next }
        /^\\?[0-9a-f]+  ?\*?\// && length($1) >= 64 { file = $0; sub(/^[^ ]+ [ *]/, "", file); hold(file, $1); next }
        /^[0-9]+ [0-9]+ \// { file = $0; sub(/^[0-9]+ [0-9]+ /, "", file); hold(file, $1 "-" $2); next }
        /^\// { gsub(/\t/, "?"); if (/\?/) add($0, "odd") }
        /^!$/ || NR >= 150000 || bytes >= 39990000 { cut = 1 }
        END {
            if (cut) print "cut\tfiles\t\t"
            for (i = 1; i <= count; i++) {
                file = order[i]
                if (file in skip || ours(file)) continue
                # That a home has such a folder says nothing, what is in it does. Units of sessions come and go.
                if (file ~ /\/\.ssh$/ && what[file] ~ /^ 4/) continue
                kind = class_of(file)
                # The counter of at(1), and its empty folder of output.
                if (kind == "at" && file ~ /\/(\.SEQ|spool|\.lockfile)$/) continue
                print kind "\t" file "\t" substr(what[file] holds[file], 2) "\t"
            }
        }'
}

# The places, and what the programs say of each file there.
sp_b_files_found() {
    local how ended odd='*[[:cntrl:]]*'
    # Too much for the environment of a program.
    printf '%s\n.\n' "$sp_b_classes$sp_b_texts_of"
    # A name with a control character is one that no program here obeys: that it is there is enough.
    for how in sum stat more; do
        IFS=$sp_nl
        # shellcheck disable=SC2086
        case $how in
            sum) set -- $sp_b_summed ;;
            stat) set -- $sp_b_statted ;;
            # GNU find says all but the digests by itself.
            *) if [ "$sp_b_gnu_find" = yes ]; then set -- $sp_b_summed; else set -- $sp_b_summed$sp_b_statted; fi ;;
        esac
        IFS=" $sp_tab$sp_nl"
        [ "$#" -gt 0 ] || continue
        set -- "$@" -maxdepth 6 -name "$odd" -prune
        ended=0
        sp_b_left 10
        case $how$sp_b_gnu_find in
            moreyes) sp_b_within "$sp_b_limit" find "$@" -o -type f -size -2000k -exec "${sp_b_sum:-ls}" -- '{}' + 2>/dev/null || ended=$? ;;
            more*) sp_b_within "$sp_b_limit" find "$@" -print0 2>/dev/null | head -c 100000 | tr '\000\001-\037\177' '\n?' ;;
            *yes)
                set -- "$@" -printf '%p\0' -o -printf '~%y%m %U %G\t%p\t%l\0' -type f
                if [ "$how" = sum ]; then set -- "$@" ! -size -2000k -printf '+%s %T@ %C@\t%p\0'; else set -- "$@" -printf '+%s %T@ %C@ %i\t%p\0'; fi
                {
                    sp_b_within "$sp_b_limit" find "$@" 2>/dev/null || ended=$?
                    case $ended in 124 | 137) printf '!\0' ;; esac
                } | tr '\000\001-\010\012-\037\177' '\n?'
                ;;
            *)
                set -- "$@" -o -exec stat -c "=%f %u %g$sp_tab%n$sp_tab%N" -- '{}' + -type f
                if [ "$how" = sum ]; then
                    set -- "$@" -size -2000k -exec "${sp_b_sum:-ls}" -- '{}' + -o -type f -exec stat -c "+%s %Y %Z$sp_tab%n" -- '{}' +
                else
                    set -- "$@" -exec stat -c "+%s %Y %Z %i$sp_tab%n" -- '{}' +
                fi
                sp_b_within "$sp_b_limit" find "$@" 2>/dev/null || ended=$?
                ;;
        esac
        case $ended in 124 | 137) printf '!\n' ;; esac
    done
}

# Sets sp_v to the functions of awk that know the files: of which class one is, whether a grant made it for itself, and what was
# said of it (`what`, `holds`, by its path, in `order`).
sp_b_awk_files() {
    sp_v='
        # The class of the nearest place above it.
        function class_of(file) { while (file != "") { if (file in class) return class[file]; if (!sub(/\/[^\/]*$/, "", file)) break } return "login" }
        # What a grant makes for itself goes by its id, in these places and no other.
        function ours(file,   id) {
            if (!match(file, /stagepass-[0-9a-z]+(\.service|\.timer|\.conf)?(\.new)?$/)) return 0
            id = substr(file, RSTART + 10); sub(/\..*/, "", id)
            if (!index(ids, " " id " ")) return 0
            file = substr(file, 1, RSTART - 1)
            return root && (file == "/etc/cron.d/" || file == "/etc/ssh/sshd_config.d/50-" || file == "/etc/security/limits.d/" || \
                file == "/etc/systemd/system/" || file == "/etc/systemd/system/timers.target.wants/")
        }
        # The mode as stat says it, in hexadecimal with the type in front.
        function raw(mode,   i, n) {
            for (i = 2; i <= length(mode); i++) n = n * 8 + substr(mode, i, 1)
            return sprintf("%x", n + 4096 * (index("-pc-d-b-f-l-s", substr(mode, 1, 1)) - 1))
        }
        # In one order, whichever of the programs came first to a file; and one place may be named by another.
        function note(file) { if (!(file in what) && !(file in holds)) order[++count] = file }
        function add(file, value) { if ((file, value) in known) return; known[file, value] = 1; note(file); what[file] = what[file] " " value }
        function hold(file, value) { note(file); holds[file] = " " value }'
}

# Who listens for connections (TCP): `UID ADDRESS:PORT`, and the number of the socket. The kernel lets nobody wait for these.
sp_b_listeners() {
    local one
    set --
    for one in /proc/net/tcp /proc/net/tcp6; do [ ! -r "$one" ] || set -- "$@" "$one"; done
    [ "$#" -gt 0 ] || return 0
    SP_OTHERS=$sp_b_others awk '
        BEGIN { others = ENVIRON["SP_OTHERS"] }
        NR > 150000 { exit }
        function hex(s,   i, v) { v = 0; for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1; return v }
        function four(s) { return hex(substr(s, 7, 2)) "." hex(substr(s, 5, 2)) "." hex(substr(s, 3, 2)) "." hex(substr(s, 1, 2)) }
        function six(s,   i, j, w, o) {
            if (s ~ /^0*$/) return "[::]"
            if (s ~ /^0000000000000000FFFF0000/) return "[::ffff:" four(substr(s, 25)) "]"
            o = ""
            for (i = 0; i < 4; i++) { w = substr(s, i * 8 + 1, 8); o = o ":" substr(w, 7, 2) substr(w, 5, 2) ":" substr(w, 3, 2) substr(w, 1, 2) }
            return "[" tolower(substr(o, 2)) "]"
        }
        $4 != "0A" || index(others, " " $8 " ") { next }
        split($2, f, ":") == 2 && $8 ~ /^[0-9]+$/ && $10 ~ /^[0-9]+$/ {
            k = $8 " " (length(f[1]) == 8 ? four(f[1]) : six(f[1])) ":" hex(f[2])
            if (!(k in text)) { if (++n > 5000) next; order[n] = k; text[k] = $10 } else text[k] = text[k] " " $10
        }
        END {
            if (n > 5000) print "cut\tlisteners\t\t"
            for (i = 1; i <= n && i <= 5000; i++) print "listen\t" order[i] "\topen\t" text[order[i]]
        }' "$@" 2>/dev/null || :
}

# Processes whose program is deleted, in memory only, in the shop, or in a folder for temporary files.
# Where the time is known when access was opened (sp_b_ticks), one that is merely deleted has to be
# younger: an update deletes what runs. Nothing is read of a process but what the kernel itself says.
sp_b_programs() {
    local top="${sp_b_from:-}" found line pid
    set +f
    set -- /proc/[0-9]*/exe
    set -f
    # Nothing like that ran when several were looked at, and this one has no shop.
    [ "${sp_shared:+$sp_b_programs_known$top${sp_path:-}}" != none ] || return 0
    if [ -z "$top" ] && [ -n "${sp_path:-}" ]; then top=$(readlink -f -- "$sp_path") || top=''; fi
    found=$(sp_b_within 5 stat -c '%N' -- "$@" 2>/dev/null | SP_TOP=${top:-/nonexistent}/ awk '
        BEGIN { top = ENVIRON["SP_TOP"] }
        !match($0, /^.?\/proc\/[0-9]+\/exe.? -> /) { next }
        {
            split($0, f, "/"); p = substr($0, RSTART + RLENGTH); sub(/^\047/, "", p); sub(/\047$/, "", p)
            gsub(/[\001-\037\177]/, "?", p)
            there = p ~ /^\/(tmp|var\/tmp|dev\/shm|run\/user|run\/shm|memfd:)/ || index(p, top) == 1
            if (!there && p !~ / \(deleted\)$/) next
            if (++n <= 200) print f[3] "\t" there + 0 "\t" p
        }') || :
    IFS=$sp_nl
    for line in $found; do
        IFS=" $sp_tab$sp_nl"
        pid=${line%%"$sp_tab"*}
        line=${line#*"$sp_tab"}
        sp_b_who "$pid" || continue
        case $sp_b_others in *" $sp_b_uid "*) continue ;; esac
        if [ "${line%%"$sp_tab"*}" = 0 ] && [ "$sp_b_start" -lt "${sp_b_ticks:-0}" ]; then continue; fi
        printf 'process\t%s.%s\truns\t%s %s\n' "$pid" "$sp_b_start" "$sp_b_uid" "${line#*"$sp_tab"}"
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_b_who PID: sets sp_b_uid to whose it is and sp_b_start to when it began, in ticks since the start of the system.
sp_b_who() {
    local word real rest line=''
    sp_b_uid='' sp_b_start=''
    while read -r word real rest; do
        case $word in Uid:) sp_b_uid=${rest%%[!0-9]*} && break ;; esac
    done 2>/dev/null <"/proc/$1/status" || return 1
    read -r line 2>/dev/null <"/proc/$1/stat" || return 1
    # Its name may hold anything.
    line=${line##*") "}
    # shellcheck disable=SC2086
    set -- $line
    [ "$#" -ge 20 ] || return 1
    shift 19
    sp_b_start=$1
    case $sp_b_start:$sp_b_uid in *[!0-9:]* | :* | *:) return 1 ;; esac
}

# Which processes hold the new listening sockets: SOCKET PID UID PROGRAM. A socket that nobody here holds is
# somebody else's: of a container, or of the kernel.
sp_b_holders() {
    local sockets found one program
    sockets=$(awk -F '\t' 'NR == FNR { if ($1 == "listen") old[$2] = 1; next } $1 == "listen" && !($2 in old) { printf " %s", $4 }' "$sp_b_into/system" "$sp_b_work/system" 2>/dev/null) || :
    [ -n "$sockets" ] || return 0
    set +f
    set -- /proc/[0-9]*/fd
    set -f
    found=$(sp_b_within 5 ls -ln -- "$@" 2>/dev/null | SP_SOCKETS="$sockets " awk '
        BEGIN { sockets = ENVIRON["SP_SOCKETS"] }
        /^\/proc\/[0-9]+\/fd:$/ { split($0, f, "/"); pid = f[3]; next }
        match($0, / -> socket:\[[0-9]+\]$/) {
            s = substr($0, RSTART + 12, RLENGTH - 13)
            if (index(sockets, " " s " ") && !(s in seen) && ++n <= 200) { seen[s] = 1; print s ":" pid }
        }') || :
    for one in $found; do
        sp_b_who "${one#*:}" || continue
        program=$(readlink "/proc/${one#*:}/exe" 2>/dev/null) || program='a program that cannot be seen'
        printf '%s %s %s %s\n' "${one%:*}" "${one#*:}" "$sp_b_uid" "$(printf '%s' "$program" | tr '\n' '?')"
    done
}

# sp_b_texts WORD: login keys and crontabs, line by line. WORD stands in front of our own lines.
sp_b_texts() {
    local ours
    sp_b_awk_ours
    ours=$sp_v
    sp_b_awk_key
    sp_b_texts_read "$1" | tr -d '\000' | SP_BASE=$sp_b_base SP_LINES=$sp_b_lines SP_WORD=$1 SP_IDS=$sp_b_ids SP_GRANT=$sp_grant SP_MAX=$sp_b_bytes \
        SP_BLOBS=" ${sp_public_key#* } ${sp_check_key#* } " awk "$ours$sp_v"'
        BEGIN {
            word = ENVIRON["SP_WORD"]; ids = ENVIRON["SP_IDS"]; grant = ENVIRON["SP_GRANT"]
            max = ENVIRON["SP_MAX"] + 0; lines = ENVIRON["SP_LINES"] + 0; base = ENVIRON["SP_BASE"]; blobs = ENVIRON["SP_BLOBS"]
        }
        function start() { if (bytes >= max) print kind "\t" who "\t" file "\tlong\tlong\t" }
        # The same key, or the same line, twice: both count.
        function say(name, what, behind) {
            if (name in value) { value[name] = value[name] " | " what; return }
            if (++count > lines) return
            order[count] = name; value[name] = what; text[name] = behind
        }
        index($0, word "\t") == 1 {
            start()
            bytes = 0; split($0, part, "\t"); kind = part[2]; who = part[3]; file = part[4]
            next
        }
        {
            bytes += length($0) + 1
            sub(/\r$/, "")
            if (kind == "key") key($0)
            else if ($0 !~ /^[ \t]*(#|$)/ && !failsafe($0)) { gsub(/\t/, " "); say("cron\t" who "\t" file "\t" $0, "line", "") }
        }
        END {
            start()
            if (count > lines) print "cut\tlines\t\t"
            for (i = 1; i <= count && i <= lines; i++) print order[i] "\t" value[order[i]] "\t" text[order[i]]
        }'
}

# sp_b_texts_read WORD: all these files, each behind a line of ours.
sp_b_texts_read() {
    local line
    IFS=$sp_nl
    for line in $sp_b_texts_of; do
        printf '\n%s\t%s\n' "$1" "$line"
        sp_b_within 5 head -c "$sp_b_bytes" -- "${line#*"$sp_tab"*"$sp_tab"}" 2>/dev/null
    done
    IFS=" $sp_tab$sp_nl"
    if [ "$sp_uid" != 0 ] && sp_has crontab; then
        printf '\n%s\tcron\t%s\tcrontab -l\n' "$1" "${sp_me:-$sp_uid}"
        sp_b_within 5 crontab -l 2>/dev/null | head -c "$sp_b_bytes"
    fi
    printf '\n'
}

# Sets sp_v to the functions of awk that know the lines which stagepass itself puts into such files.
sp_b_awk_ours() {
    sp_v='
        # Our own key line: with a key that we put there. Those of other grants are told like any: a folder of
        # that name proves nothing where the supporter can make one, and who has the ledger knows them.
        function ours(blob, line,   id) {
            if (!match(line, /[ \t]stagepass:[0-9a-z]+$/)) return 0
            id = substr(line, RSTART + 11)
            return id == grant && index(blobs, " " blob " ") > 0
        }
        # The line of a failsafe, byte for byte, and nothing that merely mentions one.
        function failsafe(line,   id, program) {
            id = line; sub(/\047$/, "", id); sub(/.* # stagepass /, "", id)
            if (id !~ /^[0-9a-z]+$/ || !index(ids, " " id " ")) return 0
            program = base "/" id "/failsafe"
            return line == "* * * * * /bin/sh \047" program "\047 >/dev/null 2>&1 # stagepass " id || \
                line == "* * * * * /bin/sh -c \047exec /bin/sh \"" program "\" >/dev/null 2>/dev/null # stagepass " id "\047"
        }'
}

# Sets sp_v to the function of awk that takes a line of a key file apart: options, which may hold blanks in quotes, key, comment.
sp_b_awk_key() {
    sp_v='
        function key(line,   i, c, quoted, options, part, parts, comment) {
            sub(/^[ \t]+/, "", line)
            if (line == "" || line ~ /^#/) return
            options = ""
            if (line !~ /^(ssh|ecdsa|sk)-[^ \t"=,]+[ \t]/) {
                quoted = 0
                for (i = 1; i <= length(line); i++) {
                    c = substr(line, i, 1)
                    if (c == "\\" && substr(line, i + 1, 1) == "\"") { i++; continue }
                    if (c == "\"") quoted = !quoted
                    else if (!quoted && (c == " " || c == "\t")) break
                }
                options = substr(line, 1, i - 1); line = substr(line, i); sub(/^[ \t]+/, "", line)
            }
            parts = split(line, part, /[ \t]+/)
            if (parts < 2 || part[1] !~ /^(ssh|ecdsa|sk)-/ || part[2] !~ /^AAAA[A-Za-z0-9+\/]+=*$/) return
            if (ours(part[2], line)) return
            comment = part[3]; for (i = 4; i <= parts && i < 12; i++) comment = comment " " part[i]
            gsub(/\t/, " ", options)
            say("key\t" who "\t" file "\t" part[1] " " part[2], options, comment)
        }'
}
