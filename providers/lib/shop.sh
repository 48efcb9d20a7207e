# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The shop folder, as facts.

# What the shop folder is, for policy to judge; nothing is judged here. Sets sp_real to its path without
# links, and to nothing where it cannot be entered.
sp_folder() {
    local above known line value first=1 owner=''
    sp_real=''
    if [ -z "$sp_path" ]; then
        sp_shops_seen
        return 0
    fi
    sp_bool path_exists [ -d "$sp_path" ]
    [ -d "$sp_path" ] && cd -P "$sp_path" 2>/dev/null || return 0
    sp_real=$PWD
    cd /
    case $sp_real in
        # A reply has no place for it.
        *[[:cntrl:]]*)
            sp_real=''
            return 0
            ;;
        //*) sp_real=${sp_real#/} ;;
    esac
    sp_say path_real "$sp_real"
    set -- "$sp_real"
    above=${sp_real%/*}
    while [ -n "$above" ]; do
        set -- "$@" "$above"
        above=${above%/*}
    done
    known=$(stat -L -c '%d:%i:%u/%u %g %a/%U/%G' -- "$@" 2>/dev/null) || :
    IFS=$sp_nl
    for line in $known; do
        value=${line#*/}
        if [ "$first" = 1 ]; then
            sp_say path_id "${line%%/*}"
            sp_say path_rights "${value%%/*}"
            owner=${value%% *}
            value=${value#*/}
            sp_say path_owner "${value%%/*}"
            sp_say path_group "${value#*/}"
            first=0
        else
            sp_say path_above "${value%%/*} $1"
        fi
        shift
    done
    IFS=" $sp_tab$sp_nl"
    # Some file systems count none.
    value=$(stat -f -c '%c-%d' -- "$sp_real" 2>/dev/null) || value=''
    case $value in *[!0-9-]* | '' | -* | *-) ;; *) sp_say path_inodes $((${value%-*} - ${value#*-})) ;; esac
    sp_folder_mounts
    sp_folder_homes
    sp_folder_signs
    sp_folder_web "$owner"
    sp_folder_root
}

# On which kind of file system it is, and by which other paths the same folder is reached (bind mounts).
sp_folder_mounts() {
    local found line
    [ -r /proc/self/mountinfo ] || return 0
    found=$(SP_P=$sp_real awk '
        function plain(s) { gsub(/\\040/, " ", s); gsub(/\\011/, "\t", s); gsub(/\\012/, "?", s); gsub(/\\134/, "\\", s); return s }
        function below(a, b) { return b == "/" || a == b || index(a, b "/") == 1 }
        function join(a, b) { if (a == "/") a = ""; return (a b == "") ? "/" : a b }
        BEGIN { p = ENVIRON["SP_P"]; k = 0; best = 0 }
        {
            n++; at[n] = plain($5); root[n] = plain($4); dev[n] = $3
            type[n] = $0; sub(/^.* - /, "", type[n]); sub(/ .*/, "", type[n])
            if (below(p, at[n]) && length(at[n]) >= best) { best = length(at[n]); k = n }
        }
        END {
            if (!k) exit
            print type[k]
            inner = join(root[k], at[k] == "/" ? p : substr(p, length(at[k]) + 1))
            for (i = 1; i <= n; i++) {
                if (dev[i] != dev[k] || !below(inner, root[i])) continue
                q = join(at[i], root[i] == "/" ? inner : substr(inner, length(root[i]) + 1))
                if (q != p && !seen[q]++ && ++said <= 10) print q
            }
        }' /proc/self/mountinfo 2>/dev/null) || :
    IFS=$sp_nl
    for line in $found; do
        case $line in
            /*) sp_say path_alias "$line" ;;
            *) sp_say path_file_system "$line" ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
}

# The accounts whose home or login keys it holds, or in whose home it is: RELATION NAME UID SHELL PATH.
sp_folder_homes() {
    local said=0 accounts line account uid shell home keys
    if [ -e "$sp_real/.ssh" ]; then sp_say path_home "keys - - - $sp_real/.ssh"; fi
    accounts=$(cat /etc/passwd)
    IFS=$sp_nl
    for line in $accounts; do
        account=${line%%:*}
        uid=${line#*:*:}
        uid=${uid%%:*}
        shell=${line##*:}
        home=${line%:*}
        home=${home##*:}
        case $home in /?*) ;; *) continue ;; esac
        if cd -P "$home" 2>/dev/null; then home=$PWD; fi
        account="$account ${uid:--} ${shell:--}"
        case $home/ in
            "${sp_real%/}"/*) said=$((said + 1)) && sp_say path_home "holds $account $home" ;;
        esac
        case $sp_real/ in
            "${home%/}"/*) said=$((said + 1)) && sp_say path_home "in $account $home" ;;
        esac
        # Whoever writes where a .ssh leads writes login files.
        keys=$home/.ssh
        if cd -P "$keys" 2>/dev/null; then
            keys=$PWD
            case $keys/:$sp_real/ in
                "${sp_real%/}"/*:* | *:"$keys"/*) said=$((said + 1)) && sp_say path_home "keys $account $keys" ;;
            esac
        fi
        [ "$said" -lt 40 ] || break
    done
    IFS=" $sp_tab$sp_nl"
    cd /
}

# The shops in the usual places, for who has not said which is meant: PATH, and the file by which it is known.
sp_shops_seen() {
    local one sign real seen="$sp_nl" count=0 roots
    # Where a web server looks, as its settings say in a line of their own.
    set +f
    roots=$(cat -- /etc/apache2/sites-enabled/* /etc/httpd/conf.d/*.conf /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*.conf 2>/dev/null |
        awk 'tolower($1) ~ /^(documentroot|root)$/ { gsub(/[";]/, "", $2); if ($2 ~ /^\//) print $2 }') || roots=''
    set -- /var/www /var/www/* /var/www/*/html /var/www/*/htdocs /var/www/*/public_html /var/www/*/public /var/www/*/web /var/www/vhosts/*/httpdocs \
        /home/*/public_html /home/*/public_html/* /home/*/htdocs /home/*/www /home/*/domains/*/public_html /srv/* /srv/*/htdocs \
        /usr/share/wordpress /opt/bitnami/*
    set -f
    IFS=$sp_nl
    # shellcheck disable=SC2086
    set -- $roots "$@"
    IFS=" $sp_tab$sp_nl"
    for one; do
        for sign in wp-load.php bin/magento app/Mage.php config/settings.inc.php system/startup.php; do
            [ -f "$one/$sign" ] || continue
            real=$(cd -P -- "$one" 2>/dev/null && pwd) || continue
            case $real in *[[:cntrl:]]*) continue ;; esac
            case $seen in *"$sp_nl$real$sp_nl"*) continue ;; esac
            seen=$seen$real$sp_nl
            sp_say shop_seen "$real $sign"
            count=$((count + 1))
            [ "$count" -lt 40 ] || return 0
        done
    done
}

# Files by which a shop is known, in the folder or in its public folder.
sp_folder_signs() {
    local signs='' one
    for one in index.php composer.json wp-config.php wp-load.php bin/magento app/etc app/Mage.php config/settings.inc.php \
        bin/console artisan configuration.php system/startup.php sites/default package.json index.html \
        public/index.php pub/index.php web/index.php htdocs/index.php httpdocs/index.php public_html/index.php \
        wordpress/wp-load.php wp/wp-load.php web/wp/wp-load.php web/wp-load.php public/wp-load.php htdocs/wp-load.php \
        public_html/wp-load.php; do
        [ ! -e "$sp_real/$one" ] || signs="$signs${signs:+ }$one"
    done
    sp_say path_signs "$signs"
}

# sp_folder_web UID: whether a web server or PHP that root started runs as the folder's owner. Anybody can
# call a process what they like; so its parent counts, too.
sp_folder_web() {
    local owns=false found one
    case $1 in '' | 0 | *[!0-9]*) return 0 ;; esac
    [ "$1" -lt 1000 ] || return 0
    set +f
    found=$(grep -lxs -e apache2 -e httpd -e nginx -e 'php-fpm.*' -e lighttpd -e lsphp -e caddy -e litespeed /proc/[0-9]*/comm) || :
    set -f
    for one in $found; do
        one=${one%/comm}
        sp_process "${one#/proc/}"
        [ "$sp_euid" = "$1" ] || continue
        sp_process "$sp_ppid"
        if [ "$sp_euid" = 0 ]; then owns=true && break; fi
    done
    sp_say path_web_owner "$owns"
}

# Sets sp_v to the awk functions that know what root would run of the folder: whether a path is in it (`inside`), and whether
# a command starts something there (`runs`): as the command, by an interpreter, or after cd.
sp_awk_runs() {
    sp_v='
        BEGIN { real = ENVIRON["SP_P"]; named = ENVIRON["SP_Q"] }
        function base(word) { sub(/^.*\//, "", word); return word }
        function inside(word) { gsub(/^["\047(]+/, "", word); return index(word, real "/") == 1 || index(word, named "/") == 1 }
        function here(word) { gsub(/["\047;)]/, "", word); sub(/\/+$/, "", word); return word == real || word == named || inside(word) }
        function runs(command,   count, words, i, word, first, by, there) {
            if (command ~ /(^|[ \t\/])(su|runuser|setpriv|chpst|gosu)[ \t]/ || command ~ /sudo[ \t]+(-[^ \t]+[ \t]+)*-u/) return 0
            gsub(/&&|\|\||[;|&({]/, " ; ", command)
            count = split(command, words, /[ \t]+/); first = 1; by = 0; there = 0
            for (i = 1; i <= count; i++) {
                word = words[i]
                if (word == "") continue
                if (word == ";") { first = 1; by = 0; continue }
                if (first && word == "cd") { if (here(words[i + 1])) there = 1; first = 0; continue }
                if (first && word ~ /^[A-Za-z_][A-Za-z0-9_]*=/) continue
                if ((first || by) && inside(word)) return 1
                if (there && first && word ~ /^[.]/) return 1
                if (there && by && word ~ /^[^-\/<>]/) return 1
                if (base(word) ~ /^(php[0-9.]*|sh|bash|dash|ksh|zsh|python[0-9.]*|perl|ruby|node|env|nice|ionice|nohup|time|flock|timeout|exec|source|[.])$/ && (first || by)) { by = 1; first = 0; continue }
                if (by && (word ~ /^-/ || word ~ /^[0-9]+[smhd]?$/ || word ~ /\.lock$/)) continue
                first = 0; by = 0
            }
            return 0
        }'
}

# Files by which root runs programs that are in the folder: crontabs, units, sudo's rules.
sp_folder_root() {
    local found line said=0
    set +f
    set -- /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/root /var/spool/cron/root /var/spool/cron/tabs/root \
        /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* /etc/rc.local /etc/sudoers /etc/sudoers.d/* \
        /etc/systemd/system/*.service /etc/systemd/system/*.service.d/*.conf /lib/systemd/system/*.service
    set -f
    found=$(grep -lsF -e "$sp_real" -e "${sp_path%/}" -- "$@") || :
    [ -n "$found" ] || return 0
    IFS=$sp_nl
    set --
    for line in $found; do
        case $line in */stagepass-*) ;; *) [ ! -f "$line" ] || set -- "$@" "$line" ;; esac
    done
    IFS=" $sp_tab$sp_nl"
    [ "$#" -gt 0 ] || return 0
    sp_awk_runs
    found=$(SP_P=${sp_real%/} SP_Q=${sp_path%/} awk "$sp_v"'
        function done() { if (file != "" && hit && !other) print file; hit = 0; other = 0 }
        FNR == 1 { done(); file = FILENAME }
        FNR > 5000 || /^[ \t]*#/ { next }
        FILENAME ~ /\.(service|conf)$/ {
            if ($0 ~ /^User=/ && $0 !~ /^User=(root|0)?$/) other = 1
            if ($0 ~ /^Exec[A-Za-z]*=/) { command = $0; sub(/^[^=]*=[-@:+!]*/, "", command); if (runs(command)) hit = 1 }
            next
        }
        FILENAME ~ /sudoers/ {
            if ($0 !~ /\(/ || $0 ~ /\([ \t]*(root|ALL|#0)/) for (i = 2; i <= NF; i++) if (inside($i)) hit = 1
            next
        }
        FILENAME == "/etc/crontab" || FILENAME ~ /^\/etc\/cron\.d\// {
            command = $0; user = $1 ~ /^@/ ? 2 : 6
            if ($user != "root") next
            for (i = 1; i <= user; i++) sub(/^[ \t]*[^ \t]+/, "", command)
            if (runs(command)) hit = 1
            next
        }
        FILENAME ~ /^\/var\/spool\// {
            command = $0; times = $1 ~ /^@/ ? 1 : 5
            for (i = 1; i <= times; i++) sub(/^[ \t]*[^ \t]+/, "", command)
            if (runs(command)) hit = 1
            next
        }
        { if (runs($0)) hit = 1 }
        END { done() }' "$@" 2>/dev/null) || :
    for line in $found; do
        said=$((said + 1))
        [ "$said" -le 10 ] || break
        sp_say path_root_runs "$line"
    done
}

# sp_facts USER: everything both providers report. USER is whom sshd is asked about.
sp_facts() {
    sp_whoami
    sp_facts_server
    sp_facts_login "${1:-}"
    sp_facts_clock
    sp_find_sshd
    sp_settings "${1:-$sp_me}"
    sp_facts_sshd
    sp_facts_programs
    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_folder
    sp_served_as
    sp_out=$sp_out$sp_served$sp_nl
}

# What runs here, and what it is called.
sp_facts_server() {
    local kernel='' host=''
    sp_os
    sp_say os_id "$sp_id"
    sp_say os_version "$sp_version"
    read -r kernel 2>/dev/null </proc/sys/kernel/osrelease || :
    sp_say kernel "${kernel:-$(uname -r)}"
    read -r host 2>/dev/null </proc/sys/kernel/hostname || :
    [ -n "$host" ] || host=$(uname -n)
    sp_fqdn "$host"
    sp_say hostname "$host"
    sp_say fqdn "$sp_fq"
}

# sp_facts_login USER: who stagepass is here. Sets sp_me and sp_my_home, and sp_account_line to the passwd line of USER.
sp_facts_login() {
    local line
    sp_say uid "$sp_uid"
    sp_passwd "$sp_uid" ${1:+"$1"}
    sp_me='' sp_my_home=${HOME:-} sp_account_line=''
    IFS=$sp_nl
    for line in $sp_t; do
        IFS=:
        # shellcheck disable=SC2086
        set -- "$1" $line
        IFS=$sp_nl
        if [ "$4" = "$sp_uid" ] && [ -z "$sp_me" ]; then sp_me=$2 sp_my_home=$7; fi
        if [ "$2" = "$1" ]; then sp_account_line=$line; fi
    done
    IFS=" $sp_tab$sp_nl"
    sp_say user "$sp_me"
    sp_say home "$sp_my_home"
}

sp_facts_clock() {
    local now zone=''
    now=$(date +'%s %Z %z')
    sp_say clock "${now%% *}"
    if [ -L /etc/localtime ]; then
        zone=$(readlink /etc/localtime) || :
        case $zone in */zoneinfo/*) zone=${zone##*/zoneinfo/} ;; *) zone='' ;; esac
    elif [ -r /etc/timezone ]; then
        read -r zone </etc/timezone || :
    fi
    sp_say zone "${zone:+$zone }${now#* }"
}

sp_facts_sshd() {
    sp_say sshd_path "$sp_sshd"
    sp_say sshd_config "$sp_sshd_f"
    sp_say sshd_version "$sp_s_version"
    sp_say sshd_settings "$sp_s_ok"
    sp_say authorized_keys_file "$sp_s_keys"
    sp_say authorized_keys_command "$sp_s_keys_cmd"
    sp_say use_pam "$sp_s_pam"
    sp_say password_authentication "$sp_s_password"
    sp_say kbd_interactive "$sp_s_kbd"
    sp_say pubkey_authentication "$sp_s_pubkey"
    sp_say pubkey_algorithms "$sp_s_key_kinds"
    sp_say allow_users "$sp_s_allow_users"
    sp_say allow_groups "$sp_s_allow_groups"
    sp_say deny_users "$sp_s_deny_users"
    sp_say deny_groups "$sp_s_deny_groups"
    sp_say force_command "$sp_s_force"
    sp_say chroot_directory "$sp_s_chroot"
    sp_say sftp_subsystem "$sp_s_sftp"
    sp_say strict_modes "$sp_s_strict"
    sp_say max_sessions "$sp_s_sessions"
    sp_say per_source_penalties "$sp_s_penalties"
    sp_say authentication_methods "$sp_s_methods"
    sp_say allow_tcp_forwarding "$sp_s_forward"
    sp_say ports "$sp_s_ports"
}

# What there is to work with.
sp_facts_programs() {
    local mode=none
    sp_bool has_setfacl sp_has setfacl
    sp_bool has_chage sp_has chage
    sp_bool has_pkill sp_has pkill
    sp_bool has_loginctl sp_has loginctl
    sp_bool has_systemd [ -d /run/systemd/system ]
    sp_bool has_cron sp_has crontab
    sp_bool has_flock sp_has flock
    if [ -r /sys/fs/selinux/enforce ]; then
        read -r mode </sys/fs/selinux/enforce || :
        if [ "$mode" = 1 ]; then mode=enforcing; else mode=permissive; fi
    fi
    sp_say selinux "$mode"
}
