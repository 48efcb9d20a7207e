# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Programs in PHP for shops that are written in it.
#
# PHP runs as who owns the shop and never as root: what it loads is the shop's code, and what that writes on the way (a cache) has
# to be the shop's. The program comes on standard input with what it is told, so that the list of processes shows `php` and
# constant options. Of what it says only lines that begin with a number made for this call are read, and it has ended
# well where the last of them says so: a shop that is down ends PHP with the status 0, too.

# sp_php_fit NAME: whether that account may be taken for it. It is not root.
sp_php_fit() {
    [ "$1" != "${sp_php_known:-}" ] || return 0
    sp_passwd "$1"
    sp_php_entry=${sp_t%%"$sp_nl"*}
    sp_php_uid=${sp_php_entry#*:*:}
    sp_php_gid=${sp_php_uid#*:}
    sp_php_uid=${sp_php_uid%%:*} sp_php_gid=${sp_php_gid%%:*} sp_php_known='' sp_php_by=''
    case $sp_php_uid in '' | 0 | *[!0-9]*) return 1 ;; esac
    case $sp_php_gid in '' | *[!0-9]*) return 1 ;; esac
    sp_php_known=$1
}

# sp_php_as NAME PROGRAM...: runs it as that account, or as that number, which nobody has; with nothing in its environment. Ends it
# after sp_php_seconds.
sp_php_as() {
    local name="$1"
    shift
    set -- env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ LC_ALL=C "$@"
    if [ "$name" = "${sp_nobody:-}" ]; then
        sp_within "${sp_php_seconds:-20}" setpriv --reuid="$name" --regid="$name" --clear-groups --no-new-privs -- "$@"
        return
    fi
    sp_php_way "$name"
    case $sp_php_by in
        setpriv) sp_within "${sp_php_seconds:-20}" setpriv --reuid="$sp_php_uid" --regid="$sp_php_gid" --init-groups --no-new-privs -- "$@" ;;
        runuser) sp_within "${sp_php_seconds:-20}" runuser -u "$name" -- "$@" ;;
        *) sp_within "${sp_php_seconds:-20}" su -s /bin/sh "$name" -c 'exec "$@"' sh "$@" ;;
    esac
}

# sp_php_way NAME: sets sp_php_by to the program by which that account is taken. Found out once.
sp_php_way() {
    if [ "$1" = "${sp_php_known:-}" ] && [ -n "$sp_php_by" ]; then return 0; fi
    if sp_has setpriv && sp_php_fit "$1" && setpriv --reuid="$sp_php_uid" --regid="$sp_php_gid" --init-groups --no-new-privs -- true 2>/dev/null; then
        sp_php_by=setpriv
    elif sp_has runuser; then
        sp_php_by=runuser
    else
        sp_php_by=su
    fi
}

# sp_php_candidates FOLDER: sets sp_v to every PHP for the command line that may be there, those first that .htaccess in that folder
# names.
sp_php_candidates() {
    local named one
    # cPanel and CloudLinux: `AddHandler application/x-httpd-ea-php81`, `…-alt-php81`.
    named=''
    [ ! -f "$1/.htaccess" ] || named=$(sed -n 's/^[^#]*x-httpd-\(ea\|alt\)-php\([0-9][0-9]\).*/\1 \2/p' "$1/.htaccess" 2>/dev/null | head -n 1) || named=''
    set +f
    case $named in
        'ea '*) set -- "/opt/cpanel/ea-php${named#* }/root/usr/bin/php" ;;
        'alt '*) set -- "/opt/alt/php${named#* }/usr/bin/php" ;;
        *) set -- ;;
    esac
    set -- "$@" /usr/local/bin/php /usr/bin/php /usr/bin/php[0-9]* /opt/plesk/php/*/bin/php /opt/cpanel/ea-php*/root/usr/bin/php /opt/alt/php[0-9]*/usr/bin/php \
        /usr/local/php*/bin/php /usr/bin/php-cli
    set -f
    sp_v=''
    for one; do
        case $one in *[!A-Za-z0-9/._-]*) continue ;; esac
        [ ! -x "$one" ] || [ -d "$one" ] || sp_v="$sp_v $one"
    done
}

# sp_php_find NAME FOLDER VERSION EXTENSION...: sets sp_php to the first PHP that this account may start, that is as new as
# VERSION (80100 is 8.1.0) and has one of these extensions; and sp_php_version. Ends with 1 where none is.
sp_php_find() {
    local name="$1" wanted="$3" one said
    sp_php_candidates "$2"
    shift 3
    sp_php='' sp_php_version='' sp_php_seen=''
    for one in $sp_v; do
        said=$(sp_php_asks "$@" | sp_php_seconds=20 sp_php_as "$name" "$one" -d display_errors=0 -d auto_prepend_file= 2>/dev/null | head -c 200) || :
        case $said in 'stagepass '[0-9]*' '[0-9]*' yes') ;; *) continue ;; esac
        said=${said#stagepass }
        sp_php_seen=${said%% *}
        [ "$sp_php_seen" -ge "$wanted" ] 2>/dev/null || continue
        sp_php=$one
        sp_php_version=${said#* }
        sp_php_version=${sp_php_version%% *}
        return 0
    done
    return 1
}

sp_php_asks() {
    local one
    printf '<?php $has = "no"; foreach (array('
    for one; do printf '"%s", ' "$one"; done
    printf ') as $one) { if (extension_loaded($one)) { $has = "yes"; } } echo "stagepass ", PHP_VERSION_ID, " ", PHP_VERSION, " ", PHP_SAPI === "cli" ? $has : "no";'
}

# sp_php_tell NAME VALUE...: what the next program is told. The text stays in this shell and in a pipe.
sp_php_tell() {
    while [ "$#" -gt 1 ]; do
        sp_plain "$2"
        sp_php_told=$sp_php_told$1=$sp_v$sp_nl
        shift 2
    done
}

# sp_php_run OWNER: gives the program to sp_php, with those parts of it that the functions in sp_php_with print, and sets sp_php_said to
# what it says, and sp_php_end to how it ended (0, 10, 20, or nothing). Forgets what it was told.
sp_php_run() {
    local nonce='' reply part
    # The kernel writes one that no process has to be started for.
    { read -r nonce </proc/sys/kernel/random/uuid; } 2>/dev/null || nonce=$(od -An -N 16 -tx1 /dev/urandom 2>/dev/null | tr -dc '0-9a-f') || nonce=''
    case $nonce in *[!0-9a-f-]*) nonce='' ;; ????????????????????????????????*) ;; *) nonce='' ;; esac
    [ -n "$nonce" ] || sp_fail no-random 'This server gave no random number.'
    sp_php_tell nonce "$nonce"
    reply=$({
        printf '%s' '<?php $stagepass_told = "'
        # Lines of it are nothing to base64_decode().
        printf '%s' "$sp_php_told" | base64
        printf '%s\n' '";'
        for part in ${sp_php_with:-}; do "$part"; done
        sp_php_program
    } | sp_php_as "$1" "$sp_php" -d display_errors=0 -d log_errors=0 -d zend.exception_ignore_args=1 -d auto_prepend_file= -d auto_append_file= \
        -d sendmail_path=/bin/true -d memory_limit=512M -d opcache.enable_cli=0 -d xdebug.mode=off 2>/dev/null | sp_php_heard "$nonce") || :
    sp_php_told='' sp_php_end='' sp_php_said=$reply
    case $sp_nl$reply in
        *"${sp_nl}end=0") sp_php_end=0 ;;
        *"${sp_nl}end=10") sp_php_end=10 ;;
        *"${sp_nl}end=20") sp_php_end=20 ;;
    esac
}

# Reads to the end that was said, whoever else holds the other end of the pipe open.
sp_php_heard() {
    # In the list of processes whoever owns the shop could read it.
    SP_N=$1 sp_within "$((${sp_php_seconds:-20} + 5))" awk '
        BEGIN { n = ENVIRON["SP_N"] }
        index($0, n " ") == 1 && said++ < 2000 { line = substr($0, length(n) + 2); gsub(/[\001-\010\013-\037\177]/, "", line); print substr(line, 1, 500) }
        index($0, n " end=") == 1 { exit }'
}

# sp_php_value KEY: sets sp_v to what was last said as KEY, or to nothing.
sp_php_value() {
    local line
    sp_v=''
    IFS=$sp_nl
    for line in $sp_php_said; do
        case $line in "$1="*) sp_v=${line#*=} ;; esac
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_php_is KEY: whether it was said to be true.
sp_php_is() {
    sp_php_value "$1"
    [ "$sp_v" = true ]
}

# sp_php_pass KEY...: says on what was said as one of these.
sp_php_pass() {
    local line key
    IFS=$sp_nl
    for line in $sp_php_said; do
        for key; do
            case $line in "$key="*) sp_out=$sp_out$line$sp_nl ;; esac
        done
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_php_why: sets sp_php_id and sp_php_because to why it did not end well.
sp_php_why() {
    sp_php_value reason_id
    sp_php_id=$sp_v
    sp_php_value reason
    sp_php_because=$sp_v
    [ -z "$sp_php_id" ] || return 0
    sp_php_value died
    sp_php_id=shop-broken
    case $sp_v in
        '') sp_php_because="The shop gave no answer: PHP did not start, was ended, or took longer than ${sp_php_seconds:-20} seconds." ;;
        exit) sp_php_because='The shop ended in the middle of being loaded: its database is down, it is in maintenance, or a plugin ends it on the command line.' ;;
        *) sp_php_because="The shop cannot be loaded on the command line: it fails at $sp_v." ;;
    esac
}
