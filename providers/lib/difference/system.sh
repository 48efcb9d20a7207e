# shellcheck shell=sh disable=SC2030,SC2031,SC2034,SC2154,SC3043
# The system.

# sp_b_system WORD: prints the list. WORD salts the digests of passwords.
sp_b_system() {
    sp_b_passwords "$1"
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
    sp_b_texts "$sp_b_word"
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
    sp_b_work=$1
    sp_b_into=$sp_b_state/$sp_grant/baseline
    sp_b_about
    sp_b_ready
    # Nothing of theirs runs; what is left of one of them must not be hidden from it.
    sp_b_v=$sp_b_others
    sp_b_others=' '
    for sp_b_a in $sp_b_v; do
        case "$2 " in *" $sp_b_a "*) ;; *) sp_b_others="$sp_b_others$sp_b_a " ;; esac
    done
    sp_b_named_by_sshd
    # The earliest of them: each then takes what is later than its own.
    for sp_b_a in $3; do
        sp_b_v=$(
            "sp_one_$sp_b_a"
            while IFS= read -r sp_b_l; do
                case $sp_b_l in time=*) printf '%s\n' "${sp_b_l#*=}" ;; esac
            done <"$sp_b_state/$sp_grant/baseline/about"
        ) 2>/dev/null || sp_b_v=''
        case $sp_b_v in '' | *[!0-9]*) return 1 ;; esac
        [ "$sp_b_v" -ge "$sp_b_time" ] || sp_b_time=$sp_b_v
    done
    sp_b_setuid_raw >"$1/setuid.all" 2>/dev/null &
    sp_b_beside=$!
    # Of keys of theirs none is left out: they are gone by now.
    (
        sp_grant=none sp_public_key='' sp_check_key='' sp_account=''
        sp_b_common
        printf 'end\t\t\t\n'
    ) >"$1/system" 2>/dev/null
    sp_b_v=$(sp_b_from='' sp_path='' sp_b_ticks=0 && sp_b_programs)
    # shellcheck disable=SC2030
    [ -n "$sp_b_v" ] || sp_b_v=none
    {
        printf '%s / %s / %s\n' "${sp_s_keys:-}" "${sp_sshd_f:-}" "$sp_b_named"
        printf '%s\n' "$sp_b_named_new"
        printf '%s/%s/%s/%s/%s\n' "$sp_b_ids" "$sp_b_accounts" "$sp_b_groups" "$sp_b_others" "$sp_b_names"
        date +%s
        case $sp_b_v in none) printf 'none\n' ;; *) printf 'some\n' ;; esac
        if grep -qs '^cut' "$1/system"; then printf 'cut\n'; else printf 'whole\n'; fi
    } >"$1/known" || return 1
    sp_b_passwords_read
    # In no file, however short.
    sp_b_passwords_now=$sp_b_t
    wait "$sp_b_beside" 2>/dev/null || :
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

# Whether a password is set, when it was, and a salted digest that tells one from another.
sp_b_passwords() {
    [ -r /etc/shadow ] || return 0
    sp_b_t=${sp_shared:+$sp_b_passwords_known}
    [ -n "$sp_b_t" ] || sp_b_passwords_read
    for sp_b_a in $sp_b_t; do
        sp_b_v=${sp_b_a#*:}
        case $sp_b_v in
            *:*)
                sp_b_v=${sp_b_v%%:*}
                if sp_has sha256sum; then
                    sp_b_d=$(printf '%s' "$1${sp_b_a#*:*:}" | sha256sum) || sp_b_d=''
                    sp_b_v=$sp_b_v-${sp_b_d%% *}
                fi
                sp_b_v=set$sp_b_v
                ;;
        esac
        printf 'password\t%s\t%s\t\n' "${sp_b_a%%:*}" "$sp_b_v"
    done
    sp_b_t=''
}

# Sets sp_b_t to ACCOUNT:STATE words.
sp_b_passwords_read() {
    sp_b_t=$(SP_MINE=$sp_b_accounts awk -F: '
        BEGIN { mine = ENVIRON["SP_MINE"] }
        FILENAME == "/etc/passwd" { id[$1] = $3; next }
        FNR > 100000 { exit }
        index(mine, " " $1 ":" id[$1] " ") || $1 ~ /[ \t]/ { next }
        $2 == "" { print $1 ":empty"; next }
        $2 ~ /^[!*]/ { print $1 ":locked"; next }
        # More accounts with a password than fifty: the day it was set has to do.
        ++n > 50 { print $1 ":set" $3; next }
        { print $1 ":" $3 ":" $2 }' /etc/passwd /etc/shadow 2>/dev/null) || :
}

# Sets sp_b_texts_of (KIND tab WHO tab FILE) for what is read line by line; sp_b_sums and sp_b_stats, the
# places of the one list that are there; and sp_b_classes (CLASS tab PATH) for all of these.
sp_b_candidates() {
    sp_b_texts_of='' sp_b_sums='' sp_b_stats='' sp_b_classes='' sp_b_of_homes=''
    sp_b_sums_more='' sp_b_stats_more='' sp_b_classes_more=''
    sp_b_all_places
    # Where one is the other, it is looked at once.
    sp_b_a=''
    [ ! -L /lib ] || sp_b_a=1
    IFS=$sp_nl
    for sp_b_l in $sp_b_places; do
        case $sp_b_l in
            *' ~/'*) sp_b_of_homes=$sp_b_of_homes$sp_b_l$sp_nl ;;
            *' /lib/'*) [ -n "$sp_b_a" ] || sp_b_place "$sp_b_l" ;;
            *) sp_b_place "$sp_b_l" ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    for sp_b_a in ${sp_sshd_f:-} ${sp_b_named:-}; do sp_b_place "login sum $sp_b_a"; done
    sp_b_placed
    sp_b_t=$(SP_MINE=$sp_b_accounts SP_MAX=$sp_b_homes SP_KEYS="${sp_s_keys:-} .ssh/authorized_keys .ssh/authorized_keys2" awk -F: '
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
    for sp_b_l in $sp_b_t; do
        sp_b_a=${sp_b_l#*"$sp_tab"*"$sp_tab"}
        case $sp_b_l in
            key*) if [ -f "$sp_b_a" ] && [ -r "$sp_b_a" ]; then sp_b_texts_of=$sp_b_texts_of$sp_b_l$sp_nl; fi ;;
            home*)
                # What stands in these is in the list by itself.
                case $sp_b_a in / | /bin | /usr/bin | /usr/sbin | /sbin | /dev | /proc*) continue ;; esac
                [ -d "$sp_b_a" ] || continue
                for sp_b_f in $sp_b_of_homes; do
                    sp_b_v=$sp_b_a${sp_b_f#*"~"}
                    if [ -e "${sp_b_v%/}" ] || [ -L "${sp_b_v%/}" ]; then sp_b_place "${sp_b_f%%"~"*}$sp_b_v"; fi
                done
                sp_b_placed
                ;;
            cut) printf 'cut\taccounts\t\t\n' ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    set +f
    for sp_b_a in /var/spool/cron/crontabs/* /var/spool/cron/tabs/* /var/spool/cron/*; do
        if [ ! -f "$sp_b_a" ] || [ -L "$sp_b_a" ] || [ ! -r "$sp_b_a" ]; then continue; fi
        case $sp_b_a in *[[:cntrl:]]*) continue ;; esac
        sp_b_f=${sp_b_a##*/}
        # The crontab of another grant's account is that grant's to report.
        if [ "$sp_b_f" != "${sp_account:-}" ]; then
            case $sp_b_names in *" $sp_b_f "*) continue ;; esac
        fi
        sp_b_texts_of="${sp_b_texts_of}cron$sp_tab$sp_b_f$sp_tab$sp_b_a$sp_nl"
    done
    set -f
}

# sp_b_place "CLASS HOW PATH": takes note of it, where it is there.
sp_b_place() {
    sp_b_v=${1#* * }
    sp_b_v=${sp_b_v%/}
    if [ ! -e "$sp_b_v" ] && [ ! -L "$sp_b_v" ]; then return 0; fi
    case $sp_b_v in *[[:cntrl:]]*) return 0 ;; esac
    # Kept short here: with thousands of homes the whole would be copied each time.
    case $1 in
        *' stat '*) sp_b_stats_more=$sp_b_stats_more$sp_b_v$sp_nl ;;
        *) sp_b_sums_more=$sp_b_sums_more$sp_b_v$sp_nl ;;
    esac
    sp_b_classes_more=$sp_b_classes_more${1%% *}$sp_tab$sp_b_v$sp_nl
}

sp_b_placed() {
    sp_b_sums=$sp_b_sums$sp_b_sums_more sp_b_stats=$sp_b_stats$sp_b_stats_more sp_b_classes=$sp_b_classes$sp_b_classes_more
    sp_b_sums_more='' sp_b_stats_more='' sp_b_classes_more=''
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
    sp_b_q='*[[:cntrl:]]*'
    {
        # Too much for the environment of a program.
        printf '%s\n.\n' "$sp_b_classes$sp_b_texts_of"
        # A name with a control character is one that no program here obeys: that it is there is enough.
        for sp_b_how in sum stat; do
            IFS=$sp_nl
            # shellcheck disable=SC2086
            if [ "$sp_b_how" = sum ]; then set -- $sp_b_sums; else set -- $sp_b_stats; fi
            IFS=" $sp_tab$sp_nl"
            [ "$#" -gt 0 ] || continue
            sp_b_r=0
            sp_b_left 10
            if [ "$sp_b_how" = sum ]; then
                sp_b_within "$sp_b_limit" find "$@" -maxdepth 6 -name "$sp_b_q" -prune -o \
                    -exec stat -c "=%f %u %g$sp_tab%n$sp_tab%N" -- '{}' + \
                    -type f -size -2000k -exec "${sp_b_sum:-ls}" -- '{}' + \
                    -o -type f -exec stat -c "+%s %Y %Z$sp_tab%n" -- '{}' + 2>/dev/null || sp_b_r=$?
            else
                sp_b_within "$sp_b_limit" find "$@" -maxdepth 6 -name "$sp_b_q" -prune -o \
                    -type f -exec stat -c "=%f %u %g$sp_tab%n$sp_tab%N$sp_nl+%s %Y %Z %i$sp_tab%n" -- '{}' + \
                    -o -exec stat -c "=%f %u %g$sp_tab%n$sp_tab%N" -- '{}' + 2>/dev/null || sp_b_r=$?
            fi
            case $sp_b_r in 124 | 137) printf '!\n' ;; esac
        done
        IFS=$sp_nl
        # shellcheck disable=SC2086
        set -- $sp_b_sums$sp_b_stats
        IFS=" $sp_tab$sp_nl"
        sp_b_left 10
        [ "$#" = 0 ] || sp_b_within "$sp_b_limit" find "$@" -maxdepth 6 -name "$sp_b_q" -prune -print0 2>/dev/null | head -c 100000 | tr '\000\001-\037\177' '\n?'
    } | head -c 40000000 | head -n 150000 | SP_IDS=$sp_b_ids SP_OTHERS=$sp_b_others SP_ROOT=$sp_uid awk '
        BEGIN { ids = ENVIRON["SP_IDS"]; others = ENVIRON["SP_OTHERS"]; root = ENVIRON["SP_ROOT"] == 0 }
        # The class of the nearest place above it.
        function kind(p) { while (p != "") { if (p in class) return class[p]; if (!sub(/\/[^\/]*$/, "", p)) break } return "login" }
        # What a grant makes for itself goes by its id, in these places and no other.
        function ours(p,   id) {
            if (!match(p, /stagepass-[0-9a-z]+(\.service|\.timer|\.conf)?$/)) return 0
            id = substr(p, RSTART + 10); sub(/\..*/, "", id)
            if (!index(ids, " " id " ")) return 0
            p = substr(p, 1, RSTART - 1)
            return root && (p == "/etc/cron.d/" || p == "/etc/ssh/sshd_config.d/50-" || p == "/etc/security/limits.d/" || p == "/etc/systemd/system/" || p == "/etc/systemd/system/timers.target.wants/")
        }
        # In one order, whichever of the programs came first to a file; and one place may be named by another.
        function add(p, v) { if ((p, v) in known) return; known[p, v] = 1; if (!(p in what) && !(p in holds)) order[++n] = p; what[p] = what[p] " " v }
        function hold(p, v) { if (!(p in what) && !(p in holds)) order[++n] = p; holds[p] = " " v }
        { bytes += length($0) + 1 }
        # First of all: CLASS tab PATH, and KIND tab WHO tab FILE, of which the key files are compared line by line.
        !listed && $0 == "." { listed = 1; next }
        !listed { k = split($0, f, "\t"); if (k == 2) class[f[2]] = f[1]; else if (k == 3 && f[1] == "key") skip[f[3]] = 1; next }
        /^=/ {
            split($0, f, "\t"); v = substr(f[1], 2); p = f[2]
            split(v, w, " ")
            if (kind(p) == "at" && index(others, " " w[2] " ")) skip[p] = 1
            # The mode of a link says nothing, where it leads does.
            if (w[1] ~ /^a/) { v = f[3]; sub(/^.* -> /, "-> ", v) }
            add(p, v); next
        }
        /^\+/ { split($0, f, "\t"); hold(f[2], substr(f[1], 2)); next }
        /^\\?[0-9a-f]+  ?\*?\// && length($1) >= 64 { p = $0; sub(/^[^ ]+ [ *]/, "", p); hold(p, $1); next }
        /^[0-9]+ [0-9]+ \// { p = $0; sub(/^[0-9]+ [0-9]+ /, "", p); hold(p, $1 "-" $2); next }
        /^\// { if (/\?/) add($0, "odd") }
        /^!$/ || NR >= 150000 || bytes >= 39990000 { cut = 1 }
        END {
            if (cut) print "cut\tfiles\t\t"
            for (i = 1; i <= n; i++) {
                p = order[i]
                if (p in skip || ours(p)) continue
                # That a home has such a folder says nothing, what is in it does. Units of sessions come and go.
                if (p ~ /\/\.ssh$/ && what[p] ~ /^ 4/) continue
                k = kind(p)
                # The counter of at(1), and its empty folder of output.
                if (k == "at" && p ~ /\/(\.SEQ|spool|\.lockfile)$/) continue
                print k "\t" p "\t" substr(what[p] holds[p], 2) "\t"
            }
        }'
}

# Who listens for connections (TCP): `UID ADDRESS:PORT`, and the number of the socket.
sp_b_listeners() {
    sp_b_within 5 head -c 20000000 /proc/net/tcp /proc/net/tcp6 2>/dev/null | SP_OTHERS=$sp_b_others awk '
        BEGIN { others = ENVIRON["SP_OTHERS"] }
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
        }' || :
}

# Processes whose program is deleted, in memory only, in the shop, or in a folder for temporary files.
# Where the time is known when access was opened (sp_b_ticks), one that is merely deleted has to be
# younger: an update deletes what runs. Nothing is read of a process but what the kernel itself says.
sp_b_programs() {
    set +f
    set -- /proc/[0-9]*/exe
    set -f
    sp_b_top=${sp_b_from:-}
    # Nothing like that ran when several were looked at, and this one has no shop.
    [ "${sp_shared:+$sp_b_programs_known$sp_b_top${sp_path:-}}" != none ] || return 0
    if [ -z "$sp_b_top" ] && [ -n "${sp_path:-}" ]; then sp_b_top=$(readlink -f -- "$sp_path") || sp_b_top=''; fi
    sp_b_t=$(sp_b_within 5 stat -c '%N' -- "$@" 2>/dev/null | SP_TOP=${sp_b_top:-/nonexistent}/ awk '
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
    for sp_b_l in $sp_b_t; do
        IFS=" $sp_tab$sp_nl"
        sp_b_a=${sp_b_l%%"$sp_tab"*}
        sp_b_l=${sp_b_l#*"$sp_tab"}
        sp_b_who "$sp_b_a" || continue
        case $sp_b_others in *" $sp_b_u "*) continue ;; esac
        if [ "${sp_b_l%%"$sp_tab"*}" = 0 ] && [ "$sp_b_start" -lt "${sp_b_ticks:-0}" ]; then continue; fi
        printf 'process\t%s.%s\truns\t%s %s\n' "$sp_b_a" "$sp_b_start" "$sp_b_u" "${sp_b_l#*"$sp_tab"}"
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_b_who PID: sets sp_b_u to whose it is and sp_b_start to when it began, in ticks since the start of the system.
sp_b_who() {
    sp_b_u='' sp_b_start=''
    while read -r sp_b_v sp_b_f sp_b_k; do
        case $sp_b_v in Uid:) sp_b_u=${sp_b_k%%[!0-9]*} && break ;; esac
    done 2>/dev/null <"/proc/$1/status" || return 1
    read -r sp_b_v 2>/dev/null <"/proc/$1/stat" || return 1
    # Its name may hold anything.
    sp_b_v=${sp_b_v##*") "}
    # shellcheck disable=SC2086
    set -- $sp_b_v
    [ "$#" -ge 20 ] || return 1
    shift 19
    sp_b_start=$1
    case $sp_b_start:$sp_b_u in *[!0-9:]* | :* | *:) return 1 ;; esac
}

# Which processes hold the new listening sockets: SOCKET PID UID PROGRAM. A socket that nobody here holds is
# somebody else's: of a container, or of the kernel.
sp_b_holders() {
    sp_b_t=$(awk -F '\t' 'NR == FNR { if ($1 == "listen") old[$2] = 1; next } $1 == "listen" && !($2 in old) { printf " %s", $4 }' "$sp_b_into/system" "$sp_b_work/system" 2>/dev/null) || :
    [ -n "$sp_b_t" ] || return 0
    set +f
    set -- /proc/[0-9]*/fd
    set -f
    sp_b_t=$(sp_b_within 5 ls -ln -- "$@" 2>/dev/null | SP_SOCKETS="$sp_b_t " awk '
        BEGIN { sockets = ENVIRON["SP_SOCKETS"] }
        /^\/proc\/[0-9]+\/fd:$/ { split($0, f, "/"); pid = f[3]; next }
        match($0, / -> socket:\[[0-9]+\]$/) {
            s = substr($0, RSTART + 12, RLENGTH - 13)
            if (index(sockets, " " s " ") && !(s in seen) && ++n <= 200) { seen[s] = 1; print s ":" pid }
        }') || :
    for sp_b_a in $sp_b_t; do
        sp_b_who "${sp_b_a#*:}" || continue
        sp_b_v=$(readlink "/proc/${sp_b_a#*:}/exe" 2>/dev/null) || sp_b_v='a program that cannot be seen'
        printf '%s %s %s %s\n' "${sp_b_a%:*}" "${sp_b_a#*:}" "$sp_b_u" "$(printf '%s' "$sp_b_v" | tr '\n' '?')"
    done
}

# sp_b_texts WORD: login keys and crontabs, line by line. WORD stands in front of our own lines.
sp_b_texts() {
    {
        IFS=$sp_nl
        for sp_b_l in $sp_b_texts_of; do
            printf '\n%s\t%s\n' "$1" "$sp_b_l"
            sp_b_within 5 head -c "$sp_b_bytes" -- "${sp_b_l#*"$sp_tab"*"$sp_tab"}" 2>/dev/null
        done
        IFS=" $sp_tab$sp_nl"
        if [ "$sp_uid" != 0 ] && sp_has crontab; then
            printf '\n%s\tcron\t%s\tcrontab -l\n' "$1" "${sp_me:-$sp_uid}"
            sp_b_within 5 crontab -l 2>/dev/null | head -c "$sp_b_bytes"
        fi
        printf '\n'
    } | tr -d '\000' | SP_BASE=$sp_b_base SP_LINES=$sp_b_lines SP_WORD=$1 SP_IDS=$sp_b_ids SP_GRANT=$sp_grant SP_MAX=$sp_b_bytes \
        SP_BLOBS=" ${sp_public_key#* } ${sp_check_key#* } " awk '
        BEGIN {
            word = ENVIRON["SP_WORD"]; ids = ENVIRON["SP_IDS"]; grant = ENVIRON["SP_GRANT"]
            max = ENVIRON["SP_MAX"] + 0; lines = ENVIRON["SP_LINES"] + 0; base = ENVIRON["SP_BASE"]; blobs = ENVIRON["SP_BLOBS"]
        }
        function start() { if (bytes >= max) print kind "\t" who "\t" file "\tlong\tlong\t" }
        # Our own key line: with a key that we put there. Those of other grants are told like any: a folder of
        # that name proves nothing where the supporter can make one, and who has the ledger knows them.
        function ours(blob, l,   id) {
            if (!match(l, /[ \t]stagepass:[0-9a-z]+$/)) return 0
            id = substr(l, RSTART + 11)
            return id == grant && index(blobs, " " blob " ") > 0
        }
        # The line of a failsafe, byte for byte, and nothing that merely mentions one.
        function failsafe(l,   id, p) {
            id = l; sub(/\047$/, "", id); sub(/.* # stagepass /, "", id)
            if (id !~ /^[0-9a-z]+$/ || !index(ids, " " id " ")) return 0
            p = base "/" id "/failsafe"
            return l == "* * * * * /bin/sh \047" p "\047 >/dev/null 2>&1 # stagepass " id || \
                l == "* * * * * /bin/sh -c \047exec /bin/sh \"" p "\" >/dev/null 2>/dev/null # stagepass " id "\047"
        }
        function key(l,   i, c, q, o, f, n) {
            sub(/^[ \t]+/, "", l)
            if (l == "" || l ~ /^#/) return
            o = ""
            if (l !~ /^(ssh|ecdsa|sk)-[^ \t"=,]+[ \t]/) {
                q = 0
                for (i = 1; i <= length(l); i++) {
                    c = substr(l, i, 1)
                    if (c == "\\" && substr(l, i + 1, 1) == "\"") { i++; continue }
                    if (c == "\"") q = !q
                    else if (!q && (c == " " || c == "\t")) break
                }
                o = substr(l, 1, i - 1); l = substr(l, i); sub(/^[ \t]+/, "", l)
            }
            n = split(l, f, /[ \t]+/)
            if (n < 2 || f[1] !~ /^(ssh|ecdsa|sk)-/ || f[2] !~ /^AAAA[A-Za-z0-9+\/]+=*$/) return
            if (ours(f[2], l)) return
            c = f[3]; for (i = 4; i <= n && i < 12; i++) c = c " " f[i]
            gsub(/\t/, " ", o)
            say("key\t" who "\t" file "\t" f[1] " " f[2], o, c)
        }
        # The same key, or the same line, twice: both count.
        function say(k, v, t) {
            if (!(k in value)) { if (++n > lines) return; order[n] = k; value[k] = v; text[k] = t } else value[k] = value[k] " | " v
        }
        index($0, word "\t") == 1 {
            start()
            bytes = 0; split($0, f, "\t"); kind = f[2]; who = f[3]; file = f[4]
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
            if (n > lines) print "cut\tlines\t\t"
            for (i = 1; i <= n && i <= lines; i++) print order[i] "\t" value[order[i]] "\t" text[order[i]]
        }'
}
