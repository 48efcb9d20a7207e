# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Acting as the owner of a file.

# Where others can write, a file can become a link between a look and a change. What changes an ACL
# therefore runs as the owner of the file, and reaches nothing but that owner's files. Two powers
# stay: to reach a file through a folder that is closed to its owner, and not to lose the setgid bit.
# Sets sp_as_owner, a script: UID COMMAND...; and sp_as_caps where no script is needed.
# shellcheck disable=SC2016
sp_plan_owner() {
    local powers=-all,+dac_read_search,+fsetid
    sp_as_owner='' sp_as_caps=''
    sp_has setpriv || return 1
    if setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="$powers" --ambient-caps="$powers" -- true 2>/dev/null; then
        sp_as_owner='u=$1; shift; exec setpriv --reuid="$u" --regid=65534 --clear-groups' sp_as_caps=$powers
    else
        # Containers often lack the first.
        powers=-all,+fsetid
        setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="$powers" --ambient-caps="$powers" -- true 2>/dev/null || return 1
        sp_as_owner='u=$1; shift
            g=$(getent passwd "$u" | cut -d: -f4)
            exec setpriv --reuid="$u" --regid="${g:-65534}" $([ -n "$g" ] && echo --init-groups || echo --clear-groups)'
    fi
    sp_as_owner="$sp_as_owner --inh-caps=$powers --ambient-caps=$powers -- \"\$@\""
}

# What runs as somebody can be stopped by whoever is the same: it has its time, and no longer.
sp_as_seconds=${sp_as_seconds:-600}
sp_as() {
    local user="$1"
    if [ "$user" = 0 ]; then
        shift
    elif [ -n "$sp_as_caps" ]; then
        shift
        set -- setpriv --reuid="$user" --regid=65534 --clear-groups --inh-caps="$sp_as_caps" --ambient-caps="$sp_as_caps" -- "$@"
    else
        set -- /bin/sh -c "$sp_as_owner" sh "$@"
    fi
    # shellcheck disable=SC2086
    [ -z "$sp_only_in" ] || [ -z "$sp_only" ] || set -- $sp_only "$@"
    sp_b_within "$sp_as_seconds" "$@" 9>&-
}

# A supporter who is in can have such a process led to other files of the owner, out of the shop:
# setfacl follows a link that was put in the place of a file. It therefore sees every other place as
# read-only, in a mount namespace of its own.
# sp_only_there FOLDER: sets sp_only (what goes before a command), which is empty where that cannot be, and sp_only_in.
# The namespace is made once for each folder, since it takes a process for each mount. After that it lives by our
# descriptors: 8 is the namespace and 7 its root, for whoever is in a chroot.
sp_only='' sp_only_in='' sp_only_at='' sp_only_can=yes
# shellcheck disable=SC2016
sp_only_there() {
    local pid=''
    sp_only_in=$1
    [ "$sp_only_at" != "$1" ] && [ "$sp_only_can" = yes ] || return 0
    sp_only_leave
    sp_only_at=$1
    ! sp_has unshare || ! sp_has nsenter || pid=$(sp_b_within 20 unshare -m /bin/sh -c '
        set -eu
        mount --make-rprivate /
        mount -n --rbind -- "$1" "$1"
        # One that is hidden under another is out of reach, too. These kinds know no ACL entries, and devices belong to root.
        D=$1 awk '\''
            BEGIN {
                d = ENVIRON["D"]; print "/"; seen["/"] = 1
                n = split("autofs proc sysfs devpts cgroup cgroup2 securityfs debugfs tracefs bpf configfs mqueue pstore efivarfs nsfs", a, " ")
                for (i = 1; i <= n; i++) none[a[i]] = 1
            }
            {
                p = $5; gsub(/\\040/, " ", p); gsub(/\\011/, "\t", p); gsub(/\\134/, "\\", p)
                t = $0; sub(/^.* - /, "", t); sub(/ .*/, "", t)
                if (p != d && index(p, d "/") != 1 && !(t in none) && $6 !~ /^ro(,|$)/ && !seen[p]++) print p
            }'\'' /proc/self/mountinfo | while IFS= read -r p; do
            [ ! -c "$p" ] || continue
            mount -n -o remount,bind,ro -- "$p" || ! mountpoint -q -- "$p" || exit 1
        done 2>/dev/null
        sleep 60 </dev/null >/dev/null 2>&1 &
        # Where this /proc shows other processes than ours, the number would be somebody else.
        [ "/proc/$!/ns/mnt" -ef /proc/self/ns/mnt ] || { kill "$!" && exit 1; }
        echo "$!"' sh "$1" 2>/dev/null 9>&-) || pid=''
    # shellcheck disable=SC3013 # every sh named in lib/begin.sh has -ef
    if [ -z "$pid" ] || [ ! -r "/proc/$pid/ns/mnt" ] || [ "/proc/$pid/ns/mnt" -ef /proc/self/ns/mnt ]; then
        sp_only_can=no
        return 0
    fi
    exec 7<"/proc/$pid/root" 8<"/proc/$pid/ns/mnt"
    kill "$pid" 2>/dev/null || :
    sp_only='nsenter --mount=/proc/self/fd/8 --root=/proc/self/fd/7 --wd=/proc/self/fd/7'
}

sp_only_leave() {
    sp_only='' sp_only_at=''
    exec 7<&- 8<&-
}

# Whether entries can be added while supporters of other grants are in the shop. Sets sp_shop_why if not.
sp_shop_apart() {
    local bits
    sp_shop_others "$sp_real"
    sp_only_there "$sp_real"
    [ -z "$sp_only" ] && [ "$sp_other_uids" != ' ' ] || return 0
    sp_shop_why='Another grant is open on this shop, and this server cannot hold the change of ACL entries to its folder (unshare and mount are needed).'
    # With entries the mode shows their mask, and not what the group may do.
    case $(getfacl -E -n -p -- "$sp_real" 2>/dev/null | grep '^group::') in *rwx) bits=7 ;; *r-x) bits=5 ;; *) bits=0 ;; esac
    sp_mode=${sp_mode%??}$bits${sp_mode#"${sp_mode%?}"}
    return 1
}

# Whether nobody but root can put something else in the place of this path.
sp_rooted() {
    local folder="${1%/*}" lines line
    set --
    while [ -n "$folder" ]; do
        set -- "$@" "$folder"
        folder=${folder%/*}
    done
    [ "$#" -gt 0 ] || return 0
    lines=$(stat -c '%u:%a' -- "$@" 2>/dev/null) || return 1
    for line in $lines; do
        case $line in
            0:*[2367][0-7] | 0:*[2367]) return 1 ;;
            0:*) ;;
            *) return 1 ;;
        esac
    done
}

# Sets sp_closed to what stays closed: what others could not read before, and which its group could not read either, or which
# holds passwords and keys by its name. Many shops are readable for their group alone, as a whole.
sp_what_stays_closed() {
    sp_closed='-type f ! -perm -004 ( ! -perm -040 -o -name .env -o -name .env.* -o -name env.php -o -name wp-config*.php -o -name settings*.php -o -name settings.inc.php
    -o -name parameters.* -o -name config*.php -o -name local*.php -o -name local*.xml -o -name auth.json -o -name .htpasswd*
    -o -name *.pem -o -name *.key -o -name *.p12 -o -name *.pfx -o -name id_* -o -name .netrc -o -name .pgpass -o -name .my.cnf
    -o -name .git-credentials -o -name *secret* -o -name *credential* -o -name *password* -o -name *.sql -o -name *.sql.* )'
}
