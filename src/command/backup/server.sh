#!/bin/sh
# shellcheck disable=SC2154,SC3043
# What is known of a shop, and what a backup on this server is, as facts. Reads, changes nothing, writes no file.
# Run on: GNU tar 1.34 and 1.35, busybox tar 1.35, Info-ZIP unzip 6.0, mawk, gawk and busybox awk.
#
# Names in an archive are whatever somebody wrote: they go through awk alone, bounded, and none comes back.

# What every step may take: sp_seconds of time where there is a timeout(1), as much of the processor, and
# memory. A packed file of a megabyte can unpack to the end of the world.
sp_bounds() {
    LC_ALL=C
    export LC_ALL
    umask 077
    # A file that shrinks or a reader that stops is a status, and no reason to stop here.
    set +e
    set -f
    sp_within=''
    if timeout 5 true 2>/dev/null; then sp_within="timeout $sp_seconds"; fi
    # shellcheck disable=SC3045
    ulimit -t "$sp_seconds" 2>/dev/null
    # shellcheck disable=SC3045
    ulimit -v 2097152 2>/dev/null
    # What a broken archive makes a program say is not worth a line.
    exec 2>/dev/null
}

# --- the shop

# sp_value PATTERN FILE: sets sp_v to what stands in quotes behind PATTERN, a regular expression of sed with one
# group. A line that is a comment counts for nothing; the last one counts, as it does in PHP. Not found: 1.
sp_value() {
    local line
    [ -f "$2" ] && [ -r "$2" ] || return 1
    line=$(head -c 262144 -- "$2" | tr -d '\000' | sed -n -e '/^[ 	]*\(\/\/\|#\|\*\|\/\*\)/d' -e "s/$1/=\\1/p" | tail -n 1)
    sp_prefix_of "$line"
}

# sp_prefix_of TEXT: sets sp_v to what stands behind its `=`, where that can be what names of tables begin with.
sp_prefix_of() {
    case $1 in =*) sp_v=${1#=} ;; *) return 1 ;; esac
    case $sp_v in *[!A-Za-z0-9_-]*) return 1 ;; esac
    [ "${#sp_v}" -le 64 ]
}

# sp_env FILE NAME: the same for a line of a .env.
sp_env() {
    local line
    [ -f "$1" ] && [ -r "$1" ] || return 1
    line=$(head -c 262144 -- "$1" | tr -d '\000\r' | sed -n "s/^[ 	]*\\(export \\)\\{0,1\\}$2=[\"']\\{0,1\\}\\([A-Za-z0-9_-]*\\)[\"']\\{0,1\\}[ 	]*\$/=\\2/p" | tail -n 1)
    sp_prefix_of "$line"
}

# sp_define NAME FILE: the same for define('NAME', 'value').
sp_define() { sp_value "^[ 	]*define([ 	]*[\"']$1[\"'][ 	]*,[ 	]*[\"']\\([^\"']*\\)[\"'][ 	]*).*" "$2"; }

# sp_wordpress FOLDER: what the tables of the WordPress there begin with. Debian keeps settings by host, and they
# stand over the file; Bedrock keeps them in a .env, with a default of its own.
sp_wordpress() {
    local one found='' many=0 file="$1/wp-config.php"
    # shellcheck disable=SC2016  # the name of a variable of PHP's
    local said='^[ 	]*\$table_prefix[ 	]*=[ 	]*["'"'"']\([^"'"'"']*\)["'"'"'][ 	]*;.*'
    if grep -q '/etc/wordpress/config-' -- "$file"; then
        set +f
        for one in /etc/wordpress/config-*.php; do
            sp_value "$said" "$one" || continue
            if [ "$many" = 0 ] || [ "$sp_v" != "$found" ]; then many=$((many + 1)); fi
            found=$sp_v
        done
        set -f
        # Of several shops nobody can tell which one this is.
        [ "$many" -le 1 ] || return 1
        if [ "$many" = 1 ]; then
            sp_v=$found
            return 0
        fi
    fi
    sp_value "$said" "$file" && return 0
    for one in "$1/.env" "$1/../.env"; do
        sp_env "$one" DB_PREFIX && return 0
    done
    if [ -f "$1/../config/application.php" ] && [ -f "$1/../.env" ]; then
        sp_v=wp_
        return 0
    fi
    return 1
}

# sp_platform FOLDER: sets sp_kind and sp_config to the platform whose configuration is there, and sp_v to the prefix
# of its tables; sp_known says whether that was found.
sp_platform() {
    local at="$1"
    sp_kind='' sp_config='' sp_known=true sp_v=''
    if [ -f "$at/wp-config.php" ]; then
        sp_kind=wordpress sp_config=wp-config.php
        sp_wordpress "$at" || sp_known=false
    elif [ -f "$at/app/etc/env.php" ]; then
        sp_kind=magento2 sp_config=app/etc/env.php
        sp_value "^.*[\"']table_prefix[\"'][ 	]*=>[ 	]*[\"']\\([^\"']*\\)[\"'].*" "$at/$sp_config" || sp_known=false
    elif [ -f "$at/app/etc/local.xml" ]; then
        sp_kind=openmage sp_config=app/etc/local.xml
        sp_value '^.*<table_prefix><!\[CDATA\[\(.*\)\]\]><\/table_prefix>.*' "$at/$sp_config" ||
            sp_value '^.*<table_prefix>\(.*\)<\/table_prefix>.*' "$at/$sp_config" || sp_known=false
    elif [ -f "$at/app/config/parameters.php" ]; then
        sp_kind=prestashop sp_config=app/config/parameters.php
        sp_value "^.*[\"']database_prefix[\"'][ 	]*=>[ 	]*[\"']\\([^\"']*\\)[\"'].*" "$at/$sp_config" || sp_known=false
    elif [ -f "$at/config/settings.inc.php" ]; then
        sp_kind=prestashop sp_config=config/settings.inc.php
        sp_define _DB_PREFIX_ "$at/$sp_config" || sp_known=false
    elif [ -f "$at/includes/config.inc.php" ]; then
        sp_kind=litecart sp_config=includes/config.inc.php
        sp_define DB_TABLE_PREFIX "$at/$sp_config" || sp_known=false
    elif [ -f "$at/includes/configure.php" ]; then
        sp_kind=zencart sp_config=includes/configure.php
        sp_define DB_PREFIX "$at/$sp_config" || sp_known=false
    elif [ -f "$at/system/config.php" ] && [ -d "$at/system" ] && grep -q ADMIN_PATH -- "$at/system/config.php"; then
        sp_kind=abantecart sp_config=system/config.php
        sp_define DB_PREFIX "$at/$sp_config" || sp_known=false
    elif [ -f "$at/config.php" ] && [ -f "$at/system/startup.php" ]; then
        sp_kind=opencart sp_config=config.php
        sp_define DB_PREFIX "$at/$sp_config" || sp_known=false
    elif [ -f "$at/configuration.php" ] && grep -q dbprefix -- "$at/configuration.php"; then
        sp_kind=joomla sp_config=configuration.php
        sp_value "^[ 	]*[a-z]*[ 	]*\\\$dbprefix[ 	]*=[ 	]*[\"']\\([^\"']*\\)[\"'][ 	]*;.*" "$at/$sp_config" || sp_known=false
    elif [ -f "$at/sites/default/settings.php" ]; then
        sp_kind=drupal sp_config=sites/default/settings.php
        sp_value "^[ 	]*[\"']prefix[\"'][ 	]*=>[ 	]*[\"']\\([^\"']*\\)[\"'].*" "$at/$sp_config" || sp_known=false
    elif [ -f "$at/bin/console" ] && grep -q '"shopware/core"' -- "$at/composer.json" "$at/composer.lock"; then
        sp_kind=shopware sp_config=composer.json
        [ -f "$at/.env" ] && sp_config=.env
    else
        return 1
    fi
}

# Whether the folder that we are in keeps its configuration in the one above: WordPress may (wp-load.php), and what is
# only the public part of a shop does.
sp_is_below() {
    if [ -f wp-load.php ] && [ ! -e ../wp-settings.php ]; then return 0; fi
    case ${PWD##*/} in pub | public | web | htdocs | httpdocs | public_html) return 0 ;; *) return 1 ;; esac
}

# sp_backup_shop: what a backup of the shop in sp_path has to be of.
sp_backup_shop() {
    local at found=''
    sp_bounds
    # What stands for nobody's shop: no sample.
    cd -P "$sp_path" || return 0
    for at in . pub public web htdocs httpdocs public_html ..; do
        if [ "$at" = .. ] && ! sp_is_below; then break; fi
        if sp_platform "$at"; then
            found=$at
            break
        fi
    done
    if [ -n "$found" ]; then
        printf 'platform=%s\n' "$sp_kind"
        case $found in
            .) printf 'config=%s\n' "$sp_config" ;;
            # It is above the folder, and an archive of the folder cannot have it.
            ..) ;;
            *) printf 'config=%s/%s\n' "$found" "$sp_config" ;;
        esac
        if [ "$sp_known" = true ]; then printf 'prefix=%s\n' "$sp_v"; fi
        printf 'prefix_known=%s\n' "$sp_known"
    fi
    sp_files
}

# How many files the shop has and how large they are, and some of them from all over it. What can be made again
# counts for nothing, nor do backups that lie in it.
sp_files() {
    # shellcheck disable=SC2086  # two words by intent
    $sp_within find . \
        -type d \( -name cache -o -name caches -o -name tmp -o -name temp -o -name log -o -name logs -o -name session \
        -o -name sessions -o -name node_modules -o -name .git -o -name .svn -o -name backup -o -name backups \
        -o -name 'updraft*' -o -name '*-backups' -o -path ./var -o -path ./generated -o -path ./pub/static \) -prune \
        -o -type f -exec stat -c '%s %n' {} + </dev/null | awk -v most="$sp_sample" '
        BEGIN { step = 1 }
        NR > 4000000 { exit }
        !/^[0-9]+ \.\/./ { next }
        {
            name = substr($0, index($0, " ") + 3)
            if (tolower(name) ~ /\.(gz|tgz|zip|tar|sql|bz2|xz|zst|7z|rar|bak|log)$/) next
            files++; bytes += $1
            # Names that every program writes alike.
            if (length(name) > 200 || name ~ /[^A-Za-z0-9_.,@+=%~ \/-]/ || name ~ /^ | $/) next
            if (seen++ % step) next
            if (kept >= most) {
                # Every second one stays: so they are from all over it, however many come.
                left = 0
                for (i = 1; i <= kept; i += 2) some[++left] = some[i]
                kept = left; step *= 2
                if ((seen - 1) % step) next
            }
            some[++kept] = name
        }
        END {
            printf "files=%.0f\nbytes=%.0f\n", files, bytes
            for (i = 1; i <= kept; i++) print "sample=" some[i]
        }'
}

# --- a backup

# The bytes of it.
sp_read() {
    # shellcheck disable=SC2086  # two words by intent
    $sp_within cat -- "$sp_backup"
}

sp_unpack() {
    if [ "$sp_packing" = none ]; then
        sp_read
    else
        # shellcheck disable=SC2086
        sp_read | $sp_within $sp_tool -dc
    fi
}

# Standard input in hex.
sp_hex() { od -An -v -tx1 | tr -d ' \n'; }

# What it is and how it is packed, by its first bytes: a name proves nothing.
sp_form_of() {
    local head
    sp_packing=none sp_form=text sp_tool=''
    head=$(sp_read | head -c 512 | sp_hex)
    case $head in
        1f8b*) sp_packing=gz sp_tool=gzip ;;
        fd377a585a00*) sp_packing=xz sp_tool=xz ;;
        425a68*) sp_packing=bz2 sp_tool=bzip2 ;;
        28b52ffd*) sp_packing=zst sp_tool=zstd ;;
        504b0304* | 504b0506*) sp_form=zip sp_tool=unzip ;;
    esac
    if [ -n "$sp_tool" ] && ! command -v "$sp_tool" >/dev/null; then
        printf 'tool=%s\n' "$sp_tool"
        return 1
    fi
    [ "$sp_form" = text ] || return 0
    [ "$sp_packing" = none ] || head=$(sp_unpack | head -c 512 | sp_hex)
    # `ustar` at 257, POSIX.1-2017 pax, "ustar Interchange Format".
    case $(printf '%s' "$head" | cut -c515-524) in 7573746172) sp_form=tar ;; esac
    if [ "$sp_form" = tar ] && ! command -v tar >/dev/null; then
        printf 'tool=tar\n'
        return 1
    fi
}

# sp_entries KIND: reads the list of an archive, `tar -tv` or `unzip -l`; says how many files, how large, and which of the
# shop's are there below one folder of it.
sp_entries() {
    SP_WANTED=$sp_wanted SP_CONFIG=$sp_config awk -v kind="$1" '
        BEGIN {
            looked = split(ENVIRON["SP_WANTED"], list, "\n")
            for (i = 1; i <= looked; i++) if (list[i] != "") want[list[i]] = i
            config = ENVIRON["SP_CONFIG"]
        }
        # A file of the shop, below this folder of the archive. Of folders where a file of a common name is there are many.
        function hit(base, name,   i) {
            if (!(base in count)) {
                if (bases >= ((name == config || index(name, "/")) ? 20000 : 2000)) return
                bases++; count[base] = 0
            }
            if (name == config) has[base] = 1
            if (name in want) {
                i = want[name]
                if (!((base, i) in got)) { got[base, i] = 1; count[base]++ }
            }
        }
        function see(path,   rest, base, at, depth) {
            while (sub(/^(\.?\/)+/, "", path)) ;
            if (path == "" || length(path) > 1024 || path ~ /(^|\/)\.\.(\/|$)/) return
            rest = path; base = ""
            for (depth = 0; depth < 40; depth++) {
                if (rest == config || rest in want) hit(base, rest)
                at = index(rest, "/")
                if (!at) return
                base = base substr(rest, 1, at); rest = substr(rest, at + 1)
            }
        }
        kind == "tar" && /^[-h]/ && match($0, / [0-9]+ [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9](:[0-9][0-9])? /) {
            split(substr($0, RSTART + 1, RLENGTH), field, " ")
            name = substr($0, RSTART + RLENGTH)
            if (/^h/) sub(/ link to .*/, "", name)
            entries++; bytes += field[1]; if (name ~ /\.sql$/) dumps++
            see(name)
        }
        kind == "zip" && match($0, /^ *[0-9]+  +[0-9][0-9-]+ +[0-9][0-9]:[0-9][0-9]   /) {
            name = substr($0, RSTART + RLENGTH)
            if (name ~ /\/$/) next
            entries++; bytes += $1; if (name ~ /\.sql$/) dumps++
            see(name)
        }
        END {
            for (base in count) {
                better = (base in has) - (best in has)
                if (better > 0 || (better == 0 && count[base] > count[best] + 0) || !chosen) { best = base; chosen = 1 }
            }
            line = ""
            for (i = 1; i <= looked; i++) line = line (((best, i) in got) ? "1" : "0")
            printf "entries=%.0f\nbytes=%.0f\nfound_files=%s\ndumps=%.0f\n", entries, bytes, line, dumps
            print "has_config=" ((chosen && (best in has)) ? "true" : "false")
        }'
}

# Reads a dump; says which tables it makes and fills, and whether it ends as it should. A line may be as long as a
# table, and is cut where it grows too long.
sp_tables() {
    tr '\000' '?' | fold -b -w 4096 | SP_CORE=$sp_core SP_PREFIX=$sp_prefix awk -v known="$sp_prefix_known" '
        BEGIN {
            n = split(ENVIRON["SP_CORE"], list, " ")
            prefix = ENVIRON["SP_PREFIX"]
        }
        function own(name) { return known != "true" || index(name, prefix) == 1 }
        # The name that a statement goes on with, without its quotes and without its schema.
        function name_in(rest,   name) {
            sub(/^IF NOT EXISTS /, "", rest); sub(/^ONLY /, "", rest)
            if (!match(rest, /^[^ (;]+/)) return ""
            name = substr(rest, 1, RLENGTH)
            gsub(/[]["`]/, "", name); sub(/^.*\./, "", name)
            return (length(name) > 0 && length(name) <= 64) ? name : ""
        }
        {
            rest_of_line = cut_before; cut_before = (length($0) >= 4096)
            if ($0 ~ /[^ \t\r]/) { last = substr($0, length($0) > 200 ? length($0) - 199 : 1); whole = rest_of_line ? "" : substr($0, 1, 200) }
            if (rest_of_line) next
            line = substr($0, 1, 400); sub(/\r$/, "", line)
            if (copied != "") { if (line != "\\.") fill(copied); copied = "" }
            if (line !~ /^[-CIRcir]/) next
            if (line ~ /^-- (MySQL|MariaDB) dump /) { begun = "-- Dump completed"; ended = 0; next }
            if (line ~ /^-- PostgreSQL database dump$/) { begun = "-- PostgreSQL database dump complete"; ended = 0; next }
            if (begun != "" && index(line, begun) == 1) { ended = 1; next }
            if (line ~ /^-/) next
            gsub(/[ \t]+/, " ", line); upper = toupper(line)
            if (match(upper, /^CREATE (UNLOGGED )?TABLE /)) {
                name = name_in(substr(line, RLENGTH + 1))
                if (name != "" && !(name in made) && tables < 20000) { made[name] = 1; tables++ }
            } else if (match(upper, /^(INSERT (IGNORE )?INTO|REPLACE INTO) /)) {
                fill(name_in(substr(line, RLENGTH + 1)))
            } else if (upper ~ /^COPY .* FROM STDIN;$/) {
                copied = name_in(substr(line, 6))
            }
        }
        function fill(name) {
            if (name == "" || !(name in made) || name in filled) return
            filled[name] = 1; rows++
            if (own(name)) mine++
        }
        END {
            sub(/[ \t\r]+$/, "", last)
            # The last statement is finished, or what stands there is a comment.
            done = last ~ /;$/ || whole ~ /^(--|#|\/\*|\\\.|\\unrestrict)/ || whole ~ /^[Dd][Ee][Ll][Ii][Mm]/
            printf "tables=%.0f\nfilled=%.0f\nown_filled=%.0f\n", tables, rows, mine
            for (name in made) for (i = 1; i <= n && told < 300; i++) {
                if (known == "true" ? name == prefix list[i] : substr(name, length(name) - length(list[i]) + 1) == list[i]) {
                    print "core=" ((name in filled) ? "filled " : "made ") name; told++; break
                }
            }
            print "dump_ended=" ((done && (begun == "" || ended)) ? "true" : "false")
        }'
}

# sp_passed COMMAND…: runs it and says on fd 3 what became of it.
sp_passed() {
    "$@"
    printf 'status=%s\n' "$?" >&3
}

# A tar in one pass: its list, and its end, which a tar that was cut between two files lacks.
sp_tar() {
    local said
    said=$({
        {
            {
                sp_passed sp_unpack | tee /proc/self/fd/4 | {
                    # shellcheck disable=SC2086
                    sp_passed $sp_within tar -tvf -
                    cat >/dev/null
                } | sp_entries tar >&3
            } 4>&1 | tail -c 1024 | sp_hex | awk '{ print "ended=" ((length($0) == 2048 && $0 !~ /[1-9a-f]/) ? "true" : "false") }'
        } 3>&1
    })
    printf '%s\n' "$said"
    case $said in *"
dumps=0"*) return 0 ;; esac
    # busybox tar knows no patterns, and looks into none.
    case $(tar --version) in *GNU*) ;; *) return 0 ;; esac
    # shellcheck disable=SC2086
    sp_unpack | $sp_within tar -xOf - --wildcards --no-anchored '*.sql' | sp_tables
}

# A ZIP archive needs a file that can be read from its end. unzip takes the name of one for a pattern, and asks for
# a password at a terminal unless it is given one.
sp_zip() {
    local password='' said
    case $(unzip 2>&1) in *BusyBox*) ;; *) password='-P none' ;; esac
    exec 5<"$sp_backup"
    # shellcheck disable=SC2086
    $sp_within unzip $password -tqq /proc/self/fd/5 </dev/null >/dev/null
    printf 'status=%s\n' "$?"
    # shellcheck disable=SC2086
    said=$($sp_within unzip -l /proc/self/fd/5 </dev/null | sp_entries zip)
    printf '%s\nended=true\n' "$said"
    case $said in *"
dumps=0"*) return 0 ;; esac
    # shellcheck disable=SC2086
    $sp_within unzip $password -p /proc/self/fd/5 '*.sql' </dev/null | sp_tables
}

# sp_backup_file: what the file sp_backup is.
sp_backup_file() {
    local before of_date
    sp_bounds
    if [ ! -e "$sp_backup" ] && [ ! -L "$sp_backup" ]; then
        printf 'found=false\n'
        return 0
    fi
    printf 'found=true\n'
    # A pipe would be waited for, and a device has no end. A link counts as what it leads to.
    if [ ! -f "$sp_backup" ]; then
        printf 'regular=false\n'
        return 0
    fi
    printf 'regular=true\n'
    before=$(stat -L -c '%s %Y %d %i' -- "$sp_backup")
    if [ -z "$before" ] || [ ! -r "$sp_backup" ]; then
        printf 'readable=false\n'
        return 0
    fi
    printf 'readable=true\nsize=%s\n' "${before%% *}"
    of_date=${before#* }
    printf 'modified_at=%s\n' "${of_date%% *}"
    if [ "${before%% *}" = 0 ]; then return 0; fi
    { sp_passed sp_read | sha256sum | sed 's/[^0-9a-f].*//; s/^/sha256=/'; } 3>&1
    if sp_form_of; then
        printf 'form=%s\npacking=%s\n' "$sp_form" "$sp_packing"
        case $sp_form in
            tar) sp_tar ;;
            zip) sp_zip ;;
            *)
                { sp_passed sp_unpack | sp_tables; } 3>&1
                ;;
        esac
    fi
    if [ "$(stat -L -c '%s %Y %d %i' -- "$sp_backup")" != "$before" ]; then printf 'changed=true\n'; fi
}
