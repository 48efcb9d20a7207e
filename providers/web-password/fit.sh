# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# May that file be changed.

# sp_web_resolve FILE: sets sp_file to it without links, and sp_linked. A link is followed where nobody but root and the
# owner of what it leads to could have made it: what root changes is not for others to choose.
sp_web_resolve() {
    local left="$1" at='' part to tries=0 owner
    sp_linked=false
    owner=$(stat -L -c '%u' -- "$1" 2>/dev/null) || {
        sp_unfit no-password-file "There is no $1, which the web server is told to take passwords from. Make it with htpasswd first."
        return 1
    }
    while [ -n "$left" ]; do
        left=${left#/}
        part=${left%%/*}
        case $left in */*) left=/${left#*/} ;; *) left='' ;; esac
        case $part in
            '' | .) continue ;;
            ..)
                at=${at%/*}
                continue
                ;;
        esac
        if [ -L "$at/$part" ]; then
            sp_linked=true tries=$((tries + 1))
            to=$(readlink -- "$at/$part") && [ "$tries" -lt 40 ] && sp_web_only "${at:-/}" "$owner" ||
                sp_unfit link-unsafe "$1 leads over a link in ${at:-/}, where others than root and the owner of the file may write; a link like that is not followed. Name the file itself in the configuration." || return 1
            case $to in /*) at='' ;; esac
            left=/$to$left
        else
            at=$at/$part
        fi
    done
    sp_file=$at
}

# sp_web_only FOLDER UID: whether nobody but root and that one may write there.
sp_web_only() {
    # shellcheck disable=SC2046
    set -- "$2" $(stat -c '%u %g %a' -- "$1" 2>/dev/null)
    case ${2:-x} in 0 | "$1") ;; *) return 1 ;; esac
    case ${4:-777} in *[2367]) return 1 ;; esac
    case $4 in *[2367]?) [ "$3" = 0 ] || return 1 ;; esac
}

# Whether sp_file is one that can be replaced, and is a password file.
sp_web_file_fit() {
    local folder="${sp_file%/*}" mode owner links size
    folder=${folder:-/}
    if [ ! -f "$sp_file" ]; then
        sp_unfit password-file-odd "$sp_file is not a file."
        return 1
    fi
    # shellcheck disable=SC2046
    set -- $(stat -c '%a %u %h %s' -- "$sp_file")
    mode=$1 owner=$2 links=$3 size=$4
    sp_passwd "$owner"
    [ -n "$sp_t" ] || sp_unfit owner-unknown "$sp_file belongs to the number $owner, which no account has. Give it to root or to the owner of the shop." || return 1
    case $mode in *[2367]) sp_unfit password-file-open "Everybody on this server may write to $sp_file. Take that away first (chmod o-w)." || return 1 ;; esac
    sp_web_way_fit "$folder" || return 1
    # A new file takes the place of the old one, in one step; another name of it would go on with the old one, and writing
    # into it instead could leave half a file, with which nobody gets in.
    [ "$links" = 1 ] || sp_unfit hard-links "$sp_file has $links names (hard links), which replacing it would part. Give it one name." || return 1
    [ -w "$sp_file" ] && [ -w "$folder" ] || sp_unfit read-only "$sp_file is on a file system that is read-only, or is protected (chattr)." || return 1
    [ "$size" -le 1000000 ] || sp_unfit too-large "$sp_file is larger than a megabyte." || return 1
    [ "$(stat -f -c %a -- "$folder" 2>/dev/null)" != 0 ] || sp_unfit no-room "There is no room on the disk of $folder." || return 1
    sp_file_owner=$owner
    sp_web_content_fit "$sp_file"
}

# The same of the file that is held: it could be another one by now.
sp_web_held_fit() {
    case $sp_web_held in
        *" $sp_file_owner 1") sp_web_content_fit /proc/self/fd/6 ;;
        *) sp_unfit password-file-odd "$sp_file was replaced by another file while it was looked at." ;;
    esac
}

# sp_web_way_fit FOLDER: whether not everybody may put another file there in its place.
sp_web_way_fit() {
    local at="$1" mode
    while :; do
        mode=$(stat -c '%a' -- "${at:-/}" 2>/dev/null) || mode=777
        case $mode in
            [1357]???) ;;
            *[2367])
                sp_unfit folder-open "Everybody on this server may write to ${at:-/}, and so replace $sp_file. Take that away first (chmod o-w)."
                return 1
                ;;
        esac
        [ -n "$at" ] && [ "$at" != / ] || return 0
        at=${at%/*}
    done
}

# A path in the configuration can be wrong, and one in .htaccess is the choice of whoever may write to the shop: nothing but
# a password file is ever changed. Where it is not root's choice, there is a password in it already, and nothing else.
# sp_web_content_fit FILE
sp_web_content_fit() {
    local said forced=0
    if [ "$(tr -dc '\000' <"$1" | wc -c)" != 0 ]; then
        sp_unfit not-a-password-file "$sp_file is not a text file."
        return 1
    fi
    [ "$(stat -c %u -- "$sp_web_where" 2>/dev/null)" = 0 ] || forced=1
    said=$(SP_FORCED=$forced awk -F : '
        { sub(/\r$/, "") }
        /^#/ || /^[ \t]*$/ { next }
        { n++ }
        NF < 2 || NF > 3 || $1 == "" { wrong = 1 }
        $2 ~ /^(\$(apr1|1|2[aby]|5|6|y)\$.+|\{(SHA|SSHA|PLAIN)\}.+|[A-Za-z0-9.\/]*)$/ && ($2 !~ /^[A-Za-z0-9.\/]*$/ || length($2) == 13) { known++ }
        END { print (wrong || (ENVIRON["SP_FORCED"] == 1 && (!known || known != n)) ? "wrong" : "fit") }' <"$1")
    [ "$said" = fit ] || sp_unfit not-a-password-file "$sp_file, which ${sp_web_where} names, does not hold names and passwords alone."
}

# Sets sp_scheme to the best kind of hash that all of the shop's servers know: Apache brings bcrypt along, and nginx
# asks the crypt(3) of this server.
sp_web_scheme() {
    local library
    sp_scheme=bcrypt
    case " $sp_web_by " in *' nginx '*) ;; *) return 0 ;; esac
    library=''
    [ -z "$sp_web_nginx_pid" ] || library=$(sed -n 's|^.* \(/[^ ]*/libcrypt[.-][^ ]*\)$|\1|p' "/proc/$sp_web_nginx_pid/maps" 2>/dev/null | head -n 1)
    if [ -z "$library" ]; then
        set +f
        sp_web_first_file /lib/*/libcrypt.so.[12] /usr/lib/*/libcrypt.so.[12] /usr/lib64/libcrypt.so.[12] /lib/ld-musl-*.so.1
        set -f
        library=$sp_v
    fi
    # Whoever knows it looks for this, or (musl) tests itself with it.
    # A grep that is not GNU's sees nothing behind a NUL.
    [ -n "$library" ] && tr '\000' '\n' 2>/dev/null <"$library" | grep -qF -e '$2y$' -e '$2a$00$' || sp_scheme=sha512
}
