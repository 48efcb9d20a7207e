# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The shop folder, as facts.

# What the shop folder is, for policy to judge; nothing is judged here. Sets sp_real to its path without
# links, and to nothing where it cannot be entered.
sp_folder() {
    sp_real=''
    [ -n "$sp_path" ] || return 0
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
    sp_p=${sp_real%/*}
    while [ -n "$sp_p" ]; do
        set -- "$@" "$sp_p"
        sp_p=${sp_p%/*}
    done
    sp_t=$(stat -L -c '%d:%i:%u/%u %g %a/%U/%G' -- "$@" 2>/dev/null) || :
    sp_w='' sp_uid_of=''
    IFS=$sp_nl
    for sp_l in $sp_t; do
        sp_v=${sp_l#*/}
        if [ -z "$sp_w" ]; then
            sp_say path_id "${sp_l%%/*}"
            sp_say path_rights "${sp_v%%/*}"
            sp_uid_of=${sp_v%% *}
            sp_v=${sp_v#*/}
            sp_say path_owner "${sp_v%%/*}"
            sp_say path_group "${sp_v#*/}"
            sp_w=1
        else
            sp_say path_above "${sp_v%%/*} $1"
        fi
        shift
    done
    IFS=" $sp_tab$sp_nl"
    # Some file systems count none.
    sp_v=$(stat -f -c '%c-%d' -- "$sp_real" 2>/dev/null) || sp_v=''
    case $sp_v in *[!0-9-]* | '' | -* | *-) ;; *) sp_say path_inodes $((${sp_v%-*} - ${sp_v#*-})) ;; esac
    sp_folder_mounts
    sp_folder_homes
    sp_folder_signs
    sp_folder_web "$sp_uid_of"
    sp_folder_root
}

# On which kind of file system it is, and by which other paths the same folder is reached (bind mounts).
sp_folder_mounts() {
    [ -r /proc/self/mountinfo ] || return 0
    sp_t=$(SP_P=$sp_real awk '
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
    for sp_l in $sp_t; do
        case $sp_l in
            /*) sp_say path_alias "$sp_l" ;;
            *) sp_say path_file_system "$sp_l" ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
}

# The accounts whose home or login keys it holds, or in whose home it is: RELATION NAME UID SHELL PATH.
sp_folder_homes() {
    sp_i=0
    if [ -e "$sp_real/.ssh" ]; then sp_say path_home "keys - - - $sp_real/.ssh"; fi
    sp_t=$(cat /etc/passwd)
    IFS=$sp_nl
    for sp_l in $sp_t; do
        sp_k=${sp_l%%:*}
        sp_w=${sp_l#*:*:}
        sp_w=${sp_w%%:*}
        sp_v=${sp_l##*:}
        sp_h=${sp_l%:*}
        sp_h=${sp_h##*:}
        case $sp_h in /?*) ;; *) continue ;; esac
        if cd -P "$sp_h" 2>/dev/null; then sp_h=$PWD; fi
        sp_k="$sp_k ${sp_w:--} ${sp_v:--}"
        case $sp_h/ in
            "${sp_real%/}"/*) sp_i=$((sp_i + 1)) && sp_say path_home "holds $sp_k $sp_h" ;;
        esac
        case $sp_real/ in
            "${sp_h%/}"/*) sp_i=$((sp_i + 1)) && sp_say path_home "in $sp_k $sp_h" ;;
        esac
        # Whoever writes where a .ssh leads writes login files.
        sp_v=$sp_h/.ssh
        if cd -P "$sp_v" 2>/dev/null; then
            sp_v=$PWD
            case $sp_v/:$sp_real/ in
                "${sp_real%/}"/*:* | *:"$sp_v"/*) sp_i=$((sp_i + 1)) && sp_say path_home "keys $sp_k $sp_v" ;;
            esac
        fi
        [ "$sp_i" -lt 40 ] || break
    done
    IFS=" $sp_tab$sp_nl"
    cd /
}

# Files by which a shop is known, in the folder or in its public folder.
sp_folder_signs() {
    sp_t=''
    for sp_a in index.php composer.json wp-config.php wp-load.php bin/magento app/etc app/Mage.php config/settings.inc.php \
        bin/console artisan configuration.php system/startup.php sites/default package.json index.html \
        public/index.php pub/index.php web/index.php htdocs/index.php httpdocs/index.php public_html/index.php; do
        [ ! -e "$sp_real/$sp_a" ] || sp_t="$sp_t${sp_t:+ }$sp_a"
    done
    sp_say path_signs "$sp_t"
}

# sp_folder_web UID: whether a web server or PHP that root started runs as the folder's owner. Anybody can
# call a process what they like; so its parent counts, too.
sp_folder_web() {
    case $1 in '' | 0 | *[!0-9]*) return 0 ;; esac
    [ "$1" -lt 1000 ] || return 0
    sp_v=false
    set +f
    sp_t=$(grep -lxs -e apache2 -e httpd -e nginx -e 'php-fpm.*' -e lighttpd -e lsphp -e caddy -e litespeed /proc/[0-9]*/comm) || :
    set -f
    for sp_a in $sp_t; do
        sp_a=${sp_a%/comm}
        sp_process "${sp_a#/proc/}"
        [ "$sp_euid" = "$1" ] || continue
        sp_process "$sp_ppid"
        if [ "$sp_euid" = 0 ]; then sp_v=true && break; fi
    done
    sp_say path_web_owner "$sp_v"
}

# Files by which root runs programs that are in the folder: crontabs, units, sudo's rules.
sp_folder_root() {
    set +f
    set -- /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/root /var/spool/cron/root /var/spool/cron/tabs/root \
        /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* /etc/rc.local /etc/sudoers /etc/sudoers.d/* \
        /etc/systemd/system/*.service /etc/systemd/system/*.service.d/*.conf /lib/systemd/system/*.service
    set -f
    sp_t=$(grep -lsF -e "$sp_real" -e "${sp_path%/}" -- "$@") || :
    [ -n "$sp_t" ] || return 0
    IFS=$sp_nl
    set --
    for sp_l in $sp_t; do
        case $sp_l in */stagepass-*) ;; *) [ ! -f "$sp_l" ] || set -- "$@" "$sp_l" ;; esac
    done
    IFS=" $sp_tab$sp_nl"
    [ "$#" -gt 0 ] || return 0
    sp_t=$(SP_P=${sp_real%/} SP_Q=${sp_path%/} awk '
        function base(w) { sub(/^.*\//, "", w); return w }
        function inside(w) { gsub(/^["\047(]+/, "", w); return index(w, p "/") == 1 || index(w, q "/") == 1 }
        function here(w) { gsub(/["\047;)]/, "", w); sub(/\/+$/, "", w); return w == p || w == q || inside(w) }
        # Whether root would run something in the folder: as the command, by an interpreter, or after cd.
        function runs(s,   n, a, i, w, first, by, there) {
            if (s ~ /(^|[ \t\/])(su|runuser|setpriv|chpst|gosu)[ \t]/ || s ~ /sudo[ \t]+(-[^ \t]+[ \t]+)*-u/) return 0
            gsub(/&&|\|\||[;|&({]/, " ; ", s)
            n = split(s, a, /[ \t]+/); first = 1; by = 0; there = 0
            for (i = 1; i <= n; i++) {
                w = a[i]
                if (w == "") continue
                if (w == ";") { first = 1; by = 0; continue }
                if (first && w == "cd") { if (here(a[i + 1])) there = 1; first = 0; continue }
                if (first && w ~ /^[A-Za-z_][A-Za-z0-9_]*=/) continue
                if ((first || by) && inside(w)) return 1
                if (there && first && w ~ /^[.]/) return 1
                if (there && by && w ~ /^[^-\/<>]/) return 1
                if (base(w) ~ /^(php[0-9.]*|sh|bash|dash|ksh|zsh|python[0-9.]*|perl|ruby|node|env|nice|ionice|nohup|time|flock|timeout|exec|source|[.])$/ && (first || by)) { by = 1; first = 0; continue }
                if (by && (w ~ /^-/ || w ~ /^[0-9]+[smhd]?$/ || w ~ /\.lock$/)) continue
                first = 0; by = 0
            }
            return 0
        }
        function done() { if (file != "" && hit && !other) print file; hit = 0; other = 0 }
        BEGIN { p = ENVIRON["SP_P"]; q = ENVIRON["SP_Q"] }
        FNR == 1 { done(); file = FILENAME }
        FNR > 5000 || /^[ \t]*#/ { next }
        FILENAME ~ /\.(service|conf)$/ {
            if ($0 ~ /^User=/ && $0 !~ /^User=(root|0)?$/) other = 1
            if ($0 ~ /^Exec[A-Za-z]*=/) { s = $0; sub(/^[^=]*=[-@:+!]*/, "", s); if (runs(s)) hit = 1 }
            next
        }
        FILENAME ~ /sudoers/ {
            if ($0 !~ /\(/ || $0 ~ /\([ \t]*(root|ALL|#0)/) for (i = 2; i <= NF; i++) if (inside($i)) hit = 1
            next
        }
        FILENAME == "/etc/crontab" || FILENAME ~ /^\/etc\/cron\.d\// {
            s = $0; u = $1 ~ /^@/ ? 2 : 6
            if ($u != "root") next
            for (i = 1; i <= u; i++) sub(/^[ \t]*[^ \t]+/, "", s)
            if (runs(s)) hit = 1
            next
        }
        FILENAME ~ /^\/var\/spool\// {
            s = $0; u = $1 ~ /^@/ ? 1 : 5
            for (i = 1; i <= u; i++) sub(/^[ \t]*[^ \t]+/, "", s)
            if (runs(s)) hit = 1
            next
        }
        { if (runs($0)) hit = 1 }
        END { done() }' "$@" 2>/dev/null) || :
    sp_i=0
    for sp_l in $sp_t; do
        sp_i=$((sp_i + 1))
        [ "$sp_i" -le 10 ] || break
        sp_say path_root_runs "$sp_l"
    done
}

# sp_facts USER: everything both providers report. USER is whom sshd is asked about.
sp_facts() {
    sp_whoami
    sp_os
    sp_say os_id "$sp_id"
    sp_say os_version "$sp_version"
    sp_v=
    read -r sp_v 2>/dev/null </proc/sys/kernel/osrelease || :
    sp_say kernel "${sp_v:-$(uname -r)}"
    sp_host=
    read -r sp_host 2>/dev/null </proc/sys/kernel/hostname || :
    [ -n "$sp_host" ] || sp_host=$(uname -n)
    sp_fqdn "$sp_host"
    sp_say hostname "$sp_host"
    sp_say fqdn "$sp_fq"
    sp_say uid "$sp_uid"
    sp_passwd "$sp_uid" ${1:+"$1"}
    sp_me='' sp_my_home=${HOME:-} sp_account_line=''
    IFS=$sp_nl
    for sp_l in $sp_t; do
        IFS=:
        # shellcheck disable=SC2086
        set -- "${1:-}" $sp_l
        IFS=$sp_nl
        if [ "$4" = "$sp_uid" ] && [ -z "$sp_me" ]; then sp_me=$2 sp_my_home=$7; fi
        if [ "$2" = "$1" ]; then sp_account_line=$sp_l; fi
    done
    IFS=" $sp_tab$sp_nl"
    sp_say user "$sp_me"
    sp_say home "$sp_my_home"
    sp_t=$(date +'%s %Z %z')
    sp_say clock "${sp_t%% *}"
    sp_v=
    if [ -L /etc/localtime ]; then
        sp_v=$(readlink /etc/localtime) || :
        case $sp_v in */zoneinfo/*) sp_v=${sp_v##*/zoneinfo/} ;; *) sp_v= ;; esac
    elif [ -r /etc/timezone ]; then
        read -r sp_v </etc/timezone || :
    fi
    sp_say zone "${sp_v:+$sp_v }${sp_t#* }"

    sp_find_sshd
    sp_settings "${1:-$sp_me}"
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

    sp_bool has_setfacl sp_has setfacl
    sp_bool has_chage sp_has chage
    sp_bool has_pkill sp_has pkill
    sp_bool has_loginctl sp_has loginctl
    sp_bool has_systemd [ -d /run/systemd/system ]
    sp_bool has_cron sp_has crontab
    sp_bool has_flock sp_has flock
    sp_v=none
    if [ -r /sys/fs/selinux/enforce ]; then
        read -r sp_v </sys/fs/selinux/enforce || :
        if [ "$sp_v" = 1 ]; then sp_v=enforcing; else sp_v=permissive; fi
    fi
    sp_say selinux "$sp_v"

    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_folder
    sp_served_as
    sp_say path_served_as "$sp_served"
}
