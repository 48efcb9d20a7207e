# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Facts.

# sp_process PID: sets sp_ppid, sp_euid and sp_ruid.
sp_process() {
    sp_ppid=0 sp_euid='' sp_ruid=''
    [ -r "/proc/$1/status" ] || return 0
    while read -r sp_k sp_v sp_w sp_r; do
        case $sp_k in
            PPid:) sp_ppid=$sp_v ;;
            Uid:)
                sp_euid=$sp_w sp_ruid=$sp_v
                break
                ;;
        esac
    done <"/proc/$1/status" || :
}

# Reads sp_title, the title of a listener of OpenSSH: sets sp_title_sshd, sp_title_f and sp_title_o;
# the first is empty where it is none.
sp_title_words() {
    sp_title_sshd='' sp_title_f='' sp_title_o='' sp_w=''
    case $sp_title in 'sshd: /'*' [listener] '*) ;; *) return 0 ;; esac
    for sp_a in ${sp_title#sshd: }; do
        case $sp_w$sp_a in
            # What follows -E or -h is a path, too.
            /*) [ -n "$sp_title_sshd" ] || sp_title_sshd=$sp_a ;;
            -f/*) sp_title_f=${sp_a#-f} ;;
            -o?*=*) sp_title_o="$sp_title_o -o ${sp_a#-o}" ;;
            '[listener]') break ;;
        esac
        case $sp_a in -f | -o) sp_w=$sp_a ;; *) sp_w= ;; esac
    done
}

# sp_title_of PID: the same for a process.
sp_title_of() {
    sp_title=
    [ ! -r "/proc/$1/cmdline" ] || read -r sp_title 2>/dev/null <"/proc/$1/cmdline" || :
    sp_title_words
}

# Sets sp_listening to every listener of OpenSSH that root runs here, and not in some container.
sp_listeners() {
    sp_listening=''
    sp_of_root '^Name:[[:space:]]sshd'
    for sp_l in $sp_procs; do
        # shellcheck disable=SC3013 # every sh named above has -ef
        [ "/proc/$sp_l/root" -ef / ] || continue
        sp_title_of "$sp_l"
        [ -z "$sp_title_sshd" ] || sp_listening="$sp_listening $sp_l"
    done
}

# The sshd that let us in, if any: its binary and its own -f and -o arguments, from its title.
# A process title proves nothing unless the process is root's or our own.
sp_find_sshd() {
    sp_sshd='' sp_sshd_f='' sp_sshd_o='' sp_came=${SSH_CONNECTION:-} sp_above='' sp_kind=''
    sp_p=$PPID
    sp_i=0
    while [ "$sp_p" -gt 0 ] && [ "$sp_i" -lt 16 ]; do
        sp_i=$((sp_i + 1))
        sp_title=
        [ ! -r "/proc/$sp_p/cmdline" ] || read -r sp_title <"/proc/$sp_p/cmdline" || :
        sp_process "$sp_p"
        [ ! -r "/proc/$sp_p/environ" ] || sp_above="$sp_above /proc/$sp_p/environ"
        sp_title_words
        if [ -n "$sp_title_sshd" ] && { [ "$sp_euid" = 0 ] || [ "$sp_euid" = "$sp_uid" ]; }; then
            sp_sshd=$sp_title_sshd sp_sshd_f=$sp_title_f sp_sshd_o=$sp_title_o
            break
        fi
        sp_l=
        [ ! -r "/proc/$sp_p/comm" ] || read -r sp_l 2>/dev/null <"/proc/$sp_p/comm" || :
        [ "$sp_l" != dropbear ] || sp_kind=dropbear
        sp_p=$sp_ppid
    done
    # sudo takes SSH_CONNECTION away; the session above it still has it.
    if [ -z "$sp_came" ] && [ -n "$sp_above" ]; then
        # shellcheck disable=SC2086
        sp_came=$(grep -zsh '^SSH_CONNECTION=' $sp_above 2>/dev/null | tr '\000' '\n') || :
        sp_came=${sp_came%%"$sp_nl"*}
        sp_came=${sp_came#SSH_CONNECTION=}
    fi
    case $sp_came in *[!0-9A-Za-z.:%\ ]*) sp_came='' ;; esac
    if [ -z "$sp_sshd" ] || [ ! -x "$sp_sshd" ]; then
        sp_sshd=
        for sp_a in /usr/sbin/sshd /usr/local/sbin/sshd /sbin/sshd /usr/bin/sshd /run/current-system/sw/bin/sshd; do
            if [ -x "$sp_a" ]; then
                sp_sshd=$sp_a
                break
            fi
        done
    fi
    if [ -n "$sp_kind" ]; then
        :
    elif [ -n "$sp_sshd" ]; then
        sp_kind=openssh
    elif sp_has dropbear; then
        sp_kind=dropbear
    else
        sp_kind=other
    fi
}

# sp_settings USER: asks sshd itself, as it would decide for that user, and sets sp_s_*.
# -d makes it say its version too, so that one process answers both.
sp_settings() {
    sp_s_ok=false sp_s_version='' sp_s_keys='' sp_s_keys_cmd='' sp_s_pam='' sp_s_password='' sp_s_kbd='' sp_s_pubkey=''
    sp_s_allow_users='' sp_s_allow_groups='' sp_s_deny_users='' sp_s_deny_groups='' sp_s_force='' sp_s_chroot=''
    sp_s_key_kinds=''
    sp_s_sftp='' sp_s_strict='' sp_s_sessions='' sp_s_penalties='' sp_s_methods='' sp_s_ports='' sp_s_forward='' sp_s_streams=''
    [ -n "$sp_sshd" ] || return 0
    # shellcheck disable=SC2086 # the connection and the listener's -o words are split on purpose
    set -- "$1" $sp_came
    sp_addr=${sp_from%%,*}
    sp_addr=${sp_addr%%/*}
    [ -n "$sp_addr" ] || sp_addr=${2:-127.0.0.1}
    sp_c=user=$1,host=$sp_addr,addr=$sp_addr
    [ -z "${5:-}" ] || sp_c=$sp_c,laddr=$4,lport=$5
    sp_t=
    # One host key is enough to be asked, and loading an RSA key is half of the time it takes.
    [ -n "$sp_sshd_f" ] || [ ! -r /etc/ssh/ssh_host_ed25519_key ] || sp_sshd_o="$sp_sshd_o -h /etc/ssh/ssh_host_ed25519_key"
    # shellcheck disable=SC2086
    sp_t=$("$sp_sshd" -T ${sp_sshd_f:+-f "$sp_sshd_f"} $sp_sshd_o -d -C "$sp_c" 2>&1) || :
    sp_how=T
    case $sp_t in
        *authorizedkeysfile*) ;;
        *)
            # The host keys are root's alone. -G (9.3 and later) reads the settings without them, and
            # without Match blocks; before that it makes sshd say its version at least.
            sp_how=G
            # shellcheck disable=SC2086
            sp_t=$sp_t$sp_nl$("$sp_sshd" -G ${sp_sshd_f:+-f "$sp_sshd_f"} $sp_sshd_o 2>&1) || :
            ;;
    esac
    IFS=$sp_nl
    for sp_l in $sp_t; do
        sp_v=${sp_l#* }
        sp_v=${sp_v%"${sp_v##*[! ]}"}
        case $sp_l in
            'debug1: sshd version '*)
                sp_v=${sp_v#sshd version }
                sp_s_version=${sp_v%%,*}
                ;;
            OpenSSH_*) sp_s_version=${sp_l%%,*} ;;
            'authorizedkeysfile '*)
                sp_s_keys=$sp_v
                [ "$sp_how" = G ] || sp_s_ok=true
                ;;
            'authorizedkeyscommand '*) sp_s_keys_cmd=$sp_v ;;
            'usepam '*) sp_s_pam=$sp_v ;;
            'passwordauthentication '*) sp_s_password=$sp_v ;;
            'kbdinteractiveauthentication '* | 'challengeresponseauthentication '*) sp_s_kbd=$sp_v ;;
            'pubkeyauthentication '*) sp_s_pubkey=$sp_v ;;
            'pubkeyacceptedalgorithms '* | 'pubkeyacceptedkeytypes '*) sp_s_key_kinds=$sp_v ;;
            'allowusers '*) sp_s_allow_users="$sp_s_allow_users${sp_s_allow_users:+ }$sp_v" ;;
            'allowgroups '*) sp_s_allow_groups="$sp_s_allow_groups${sp_s_allow_groups:+ }$sp_v" ;;
            'denyusers '*) sp_s_deny_users="$sp_s_deny_users${sp_s_deny_users:+ }$sp_v" ;;
            'denygroups '*) sp_s_deny_groups="$sp_s_deny_groups${sp_s_deny_groups:+ }$sp_v" ;;
            'forcecommand '*) sp_s_force=$sp_v ;;
            'chrootdirectory '*) sp_s_chroot=$sp_v ;;
            'subsystem sftp '*) sp_s_sftp=${sp_v#sftp } ;;
            'strictmodes '*) sp_s_strict=$sp_v ;;
            'maxsessions '*) sp_s_sessions=$sp_v ;;
            'persourcepenalties '*) sp_s_penalties=$sp_v ;;
            'authenticationmethods '*) sp_s_methods="$sp_s_methods${sp_s_methods:+ }$sp_v" ;;
            'allowtcpforwarding '*) sp_s_forward=$sp_v ;;
            'allowstreamlocalforwarding '*) sp_s_streams=${sp_s_streams:-$sp_v} ;;
            'disableforwarding yes') sp_s_forward=no sp_s_streams=no ;;
            'port '*) sp_s_ports="$sp_s_ports${sp_s_ports:+ }$sp_v" ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_force_fit [COMMAND]: whether sshd leaves the sessions of whom it was asked about to the command on
# the key, or to COMMAND. Sets sp_force_why. What it forces goes before what a key says, so that no
# session would meet the gate, and nothing of what is granted would be kept.
sp_force_fit() {
    sp_force_why=''
    case $sp_s_force in '' | none) return 0 ;; esac
    [ "$sp_s_force" != "${1:-}" ] || return 0
    sp_force_why="sshd forces a command of its own on this account (ForceCommand $sp_s_force), which goes before the gate."
    return 1
}

# Whether the settings of sshd can be others for one account than for another. What is included elsewhere is not
# looked through.
sp_settings_differ() {
    set +f
    set -- "${sp_sshd_f:-/etc/ssh/sshd_config}" /etc/ssh/sshd_config.d/*.conf
    set -f
    # The file that comes first may include the folder of the others, and nobody else may include anything.
    sp_t=$(grep -HisE '^[[:space:]]*(match|include)[[:space:]="]' -- "$@" | grep -ivE "^[^:]*/sshd_config:[[:space:]]*include[[:space:]]+/etc/ssh/sshd_config\\.d/\\*\\.conf[[:space:]]*\$") || :
    [ -n "$sp_t" ]
}

# Sets sp_server to the program that serves SFTP, or to nothing, and sp_umask to what it is told of modes. A
# shell or a wrapper may stand around it: the last word that is such a program counts.
sp_sftp_server() {
    sp_server='' sp_umask='' sp_w=''
    sp_t=$sp_s_sftp
    case $sp_t in *[\"\'\\\;\&\|]*) sp_t=$(printf '%s' "$sp_t" | tr -d '\042\047\134' | tr ';&|' '   ') ;; esac
    for sp_a in $sp_t; do
        case $sp_a in */sftp-server) [ ! -x "$sp_a" ] || sp_server=$sp_a ;; esac
        case $sp_w in
            -u | umask) case $sp_a in '' | *[!0-7]* | ?????*) ;; *) sp_umask=$sp_a ;; esac ;;
        esac
        sp_w=$sp_a
    done
    [ -z "$sp_server" ] || return 0
    for sp_server in /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server \
        /usr/libexec/sftp-server /usr/lib/sftp-server; do
        [ ! -x "$sp_server" ] || return 0
    done
    sp_server=''
}

sp_whoami() {
    sp_process "$$"
    sp_uid=$sp_euid
    [ -n "$sp_uid" ] || sp_uid=$(id -u)
}

# sp_passwd KEY...: sets sp_t to the passwd lines of these names or ids.
sp_passwd() {
    if sp_has getent; then
        sp_t=$(getent passwd "$@") || :
    else
        sp_t=
        for sp_a in "$@"; do
            sp_t=$sp_t$sp_nl$(grep -E "^($sp_a:|[^:]*:[^:]*:$sp_a:)" /etc/passwd) || :
        done
    fi
}

sp_os() {
    sp_id='' sp_version=''
    for sp_a in /etc/os-release /usr/lib/os-release; do
        [ -r "$sp_a" ] || continue
        while IFS= read -r sp_l; do
            sp_v=${sp_l#*=}
            sp_v=${sp_v#[\"\']}
            sp_v=${sp_v%[\"\']}
            case $sp_l in
                ID=*) sp_id=$sp_v ;;
                VERSION_ID=*) sp_version=$sp_v ;;
            esac
        done <"$sp_a"
        break
    done
}

# The name in /etc/hosts only: a resolver may take its time.
sp_fqdn() {
    sp_fq=$1
    case $1 in *.*) return 0 ;; esac
    [ -n "$1" ] && [ -r /etc/hosts ] || return 0
    sp_i=0
    while read -r sp_a sp_l && [ "$sp_i" -lt 200 ]; do
        sp_i=$((sp_i + 1))
        sp_t='' sp_w=''
        for sp_v in ${sp_l%%#*}; do
            case $sp_v in
                "$1") sp_t=1 ;;
                "$1".?*) sp_fq=$sp_v && return 0 ;;
                *.*) [ -n "$sp_w" ] || sp_w=$sp_v ;;
            esac
        done
        if [ -n "$sp_t" ] && [ -n "$sp_w" ]; then
            sp_fq=$sp_w
            return 0
        fi
    done </etc/hosts
    return 0
}

# Sets sp_now_at to where the path of the shop leads now, links resolved, or to nothing.
sp_path_now() {
    sp_now_at=''
    [ -n "$sp_path" ] && cd -P "$sp_path" 2>/dev/null || return 0
    sp_now_at=$PWD
    cd /
}

# Names under which a web server serves the shop folder, a folder above it, or its public folder
# below it; without a shop folder, every name it serves. Best effort: includes and variables are not followed.
sp_served_as() {
    sp_served=
    sp_real=$sp_path
    if [ -n "$sp_path" ] && cd -P "$sp_path" 2>/dev/null; then
        sp_real=$PWD
        cd /
    fi
    set +f
    set --
    for sp_a in /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*.conf /etc/nginx/nginx.conf \
        /etc/apache2/sites-enabled/*.conf /etc/httpd/conf.d/*.conf /etc/httpd/conf/httpd.conf \
        /etc/apache2/vhosts.d/*.conf; do
        [ ! -f "$sp_a" ] || [ ! -r "$sp_a" ] || [ "$#" -ge 200 ] || set -- "$@" "$sp_a"
    done
    set -f
    [ "$#" -gt 0 ] || return 0
    sp_served=$(SP_P=$sp_path SP_Q=$sp_real awk '
        function under(a, b) { return index(b "/", a "/") == 1 }
        function near(r) {
            gsub(/["\047;\r]|[ \t]+$/, "", r); sub(/\/+$/, "", r)
            if (r !~ /^\//) return 0
            return under(r, p) || under(r, q) || under(p, r) || under(q, r)
        }
        function flush() { if (ok || p == "") all = all names; names = ""; ok = 0 }
        BEGIN { p = ENVIRON["SP_P"]; q = ENVIRON["SP_Q"]; sub(/\/+$/, "", p); sub(/\/+$/, "", q) }
        NR > 20000 { exit }
        FNR == 1 { flush() }
        { sub(/^[ \t]+/, ""); w = tolower($1) }
        w ~ /^server\{?$/ || w ~ /^<\/?virtualhost/ { flush() }
        w == "server_name" || w == "servername" || w == "serveralias" {
            for (i = 2; i <= NF; i++) {
                n = $i; sub(/;.*/, "", n); sub(/^[a-z]+:\/\//, "", n); sub(/:[0-9]+$/, "", n)
                if (n != "" && n != "_" && n !~ /[^A-Za-z0-9._*~-]/) names = names "," n
                if ($i ~ /;/) break
            }
        }
        w == "root" || w == "documentroot" { sub(/^[^ \t]+[ \t]+/, ""); if (near($0)) ok = 1 }
        END { flush(); print substr(all, 2, 4000) }' "$@" 2>/dev/null) || :
}
