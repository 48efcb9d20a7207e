# shellcheck shell=sh disable=SC2030,SC2031,SC2034,SC2154,SC3043
# The shop.

# Sets sp_b_mine to the pattern of our own folder, where the home of a shared account may be
# in the shop; it goes whole at close. Nothing else of ours is left out: others write there.
sp_b_own() {
    sp_b_mine=none
    if [ "$sp_uid" = 0 ] || [ ! -d "${sp_my_home:-}/.stagepass/$sp_grant" ]; then return 0; fi
    sp_b_mine=$(cd -P "$sp_my_home/.stagepass/$sp_grant" && printf '%s' "$PWD") || sp_b_mine=none
    case $sp_b_mine in *[][*?\\]*) sp_b_mine=none ;; esac
}

# sp_b_shop FOLDER FILE: writes the list of the shop to FILE. Sets sp_b_why when it is
# not whole, and sp_b_cut when it ends somewhere.
# PATH//TYPE MODE UID GID SIZE MTIME CTIME INODE, and //TARGET for a link. The times and the size of a
# folder follow from what is in it.
sp_b_shop() {
    local found first deep=''
    sp_b_why='' sp_b_cut=''
    : >"$2"
    [ -n "$1" ] || return 0
    if [ ! -d "$1" ]; then
        sp_b_why='the shop folder is not there'
        return 0
    fi
    # Whose list it is, what is looked for beside it leaves that out.
    sp_b_own
    [ -z "$sp_shared" ] || ! "$sp_by_shop" "$1" "$2" || return 0
    sp_b_left "$sp_b_seconds"
    found=$({
        if [ "$sp_b_gnu_find" = yes ]; then sp_b_shop_by_find "$1"; else sp_b_shop_by_stat "$1"; fi |
            head -c "$sp_b_list" >"$2" || printf 'no room\n' >&3
    } 3>&1 | awk '
        # What vanishes meanwhile is no matter.
        /^find: / && !/No such file or directory$/ { if (!n++) { first = $0; sub(/^find: /, "", first); sub(/: [^:]*$/, "", first) } }
        /^status [0-9]+$/ && !s { s = $2 }
        /^no room$/ { s = 28 }
        END { gsub(/^[`\047"]+|[\047"]+$/, "", first); if (length(first) > 200) first = substr(first, 1, 90) "..." substr(first, length(first) - 90); print n + 0, s + 0, first }') || found='0 28 '
    first=${found#* * }
    case $found in
        *' 28 '*) sp_b_cut=1 sp_b_why='there was no room for the list of the shop folder' ;;
        *' 137 '* | *' 124 '*) sp_b_cut=1 sp_b_why="listing the shop folder was ended after $sp_b_limit seconds" ;;
        '0 '*) ;;
        '1 '*) sp_b_why="in the shop folder this could not be read: $first" ;;
        *) sp_b_why="in the shop folder ${found%% *} folders could not be read, the first: $first" ;;
    esac
    if [ "$(wc -c <"$2")" -ge "$sp_b_list" ]; then
        sp_b_cut=1 sp_b_why='the list of the shop folder is longer than can be compared'
        # Without its half line.
        if ! sed '$d' <"$2" >"$2.whole" || ! mv -f -- "$2.whole" "$2"; then : >"$2"; fi
    fi
    # What is below is not in the list: endless trees would never come to an end.
    ! grep -qa "//d [0-9 ]* 0 0 0 $sp_b_depth\$" <"$2" ||
        deep=$(grep -a -m 1 "//d [0-9 ]* 0 0 0 $sp_b_depth\$" <"$2" | cut -c 1-60 | tr -d '\001-\037\177') || :
    [ -z "$deep" ] || sp_b_why="${sp_b_why:+$sp_b_why; }in the shop folder there are more than $sp_b_depth folders in one another, the first in ${deep%%/*}"
    sp_b_shop_guards "$1" "$2"
}

# sp_b_shop_guards FOLDER FILE: takes out of that list the files that end an access in the shop, and the folders that were made for
# them. They come and go with their grants, at times of their own. Each is what root's record says of it, to the byte: whoever
# writes into one is found.
sp_b_shop_guards() {
    local list="$2" top one line file digest made found ours=''
    [ "$sp_uid" = 0 ] && top=$(cd -P -- "$1" 2>/dev/null && pwd) || return 0
    set +f
    set -- /var/lib/stagepass/*/record
    set -f
    for one; do
        grep -qs '^guard_digest=.' "$one" || continue
        file='' digest='' made=''
        while IFS= read -r line; do
            case $line in
                guard=/*) file=${line#*=} ;;
                guard_digest=*) digest=${line#*=} ;;
                guard_made=1) made=1 ;;
            esac
        done <"$one"
        case $file in "$top"/*/*) ;; *) continue ;; esac
        if [ ! -f "$file" ] || [ -L "$file" ]; then continue; fi
        found=$(sp_within 10 head -c 65536 -- "$file" | sha256sum) || continue
        [ "${found%% *}" = "$digest" ] || continue
        file=${file#"$top"/}
        ours=$ours$file$sp_nl
        [ -z "$made" ] || ours=$ours${file%/*}$sp_nl
    done
    [ -n "$ours" ] || return 0
    # A list that is not whole after this is seen to differ.
    SP_OURS=$ours awk '
        BEGIN { n = split(ENVIRON["SP_OURS"], line, "\n"); for (i = 1; i <= n; i++) ours[line[i]] = 1 }
        !(substr($0, 1, index($0, "//") - 1) in ours) || $0 !~ /\/\// { print }' <"$list" >"$list.whole" && mv -f -- "$list.whole" "$list"
}

# sp_b_shop_by_find FOLDER, sp_b_shop_by_stat FOLDER: print that list, by GNU find or by any. What find says of what it cannot read, and
# `status` with what it ended with, go to descriptor 3.
sp_b_shop_by_find() {
    {
        sp_b_within "$sp_b_limit" find "$1" -maxdepth "$sp_b_depth" -path "$sp_b_mine" -prune -o -type d -printf '%P//d %m %U %G 0 0 0 %d\0' -o \
            -type l -printf '%P//l %m %U %G %s %T@ %C@ %i//%l\0' -o -printf '%P//%y %m %U %G %s %T@ %C@ %i\0' 2>&3
        printf 'status %s\n' "$?" >&3
    } | tr '\000\n\t' '\n\001\002'
}

sp_b_shop_by_stat() {
    local odd="*$sp_nl*"
    {
        sp_b_within "$sp_b_limit" find "$1" -maxdepth "$sp_b_depth" "(" -path "$odd" -o -path "$sp_b_mine" ")" -prune -o -type l -exec stat -c '%n//%F=%a %u %g %s %Y %Z %i//%N' -- '{}' + \
            -o -exec stat -c '%n//%F=%a %u %g %s %Y %Z %i' -- '{}' + 2>&3
        printf 'status %s\n' "$?" >&3
        # Names with a newline: that they are there.
        sp_b_within "$sp_b_limit" find "$1" -path "$odd" -prune -print0 2>/dev/null | tr '\000\n' '\n\001'
    } | tr '\t' '\002' | SP_TOP=$1 awk '
        BEGIN { top = length(ENVIRON["SP_TOP"]) }
        {
            k = index($0, "//")
            if (!k) { print substr($0, top + 2) "//? 0 0 0 0 0 0 0"; next }
            p = substr($0, 1, k - 1); m = substr($0, k + 2)
            e = index(m, "="); t = substr(m, 1, e - 1); m = substr(m, e + 1)
            if (t == "directory") { split(m, f, " "); m = f[1] " " f[2] " " f[3] " 0 0 0 " split(substr(p, top + 2), f, "/") }
            # Name and target, each in single quotes, with an arrow between.
            if (e = index(m, "//")) {
                n = substr(m, e + 2); m = substr(m, 1, e - 1)
                q = "\047" p "\047 -> \047"
                if (index(n, q) == 1) m = m "//" substr(n, length(q) + 1, length(n) - length(q) - 1)
            }
            t = t ~ /^regular/ ? "f" : t == "directory" ? "d" : t ~ /link/ ? "l" : "?"
            print substr(p, top + 2) "//" t " " m
        }'
}

# sp_b_shop_known FOLDER FILE: the same from the list that another had made of that folder, of those that are compared together.
sp_b_shop_known() {
    local one folder
    [ -n "$sp_shared" ] || return 1
    set +f
    for one in "$sp_shared"/shop.*.of; do
        [ -r "$one" ] || continue
        {
            IFS= read -r folder
            IFS= read -r sp_b_why
            IFS= read -r sp_b_cut
        } <"$one" || continue
        [ "$folder" = "$1" ] || continue
        if ln -f -- "${one%.of}" "$2" 2>/dev/null; then
            set -f
            return 0
        fi
    done
    set -f
    sp_b_why='' sp_b_cut=''
    return 1
}

# sp_b_shop_keep FOLDER FILE: for the others.
sp_b_shop_keep() {
    [ -n "$sp_shared" ] && [ -n "$1" ] && [ -s "$2" ] || return 0
    ! ln -- "$2" "$sp_shared/shop.$sp_turn" 2>/dev/null || printf '%s\n%s\n%s\n' "$1" "$sp_b_why" "$sp_b_cut" >"$sp_shared/shop.$sp_turn.of" || :
}
