# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Facts.

# sp_process PID: sets sp_ppid, sp_euid and sp_ruid.
sp_process() {
    local key first second rest
    sp_ppid=0 sp_euid='' sp_ruid=''
    [ -r "/proc/$1/status" ] || return 0
    while read -r key first second rest; do
        case $key in
            PPid:) sp_ppid=$first ;;
            Uid:)
                sp_euid=$second sp_ruid=$first
                break
                ;;
        esac
    done <"/proc/$1/status" || :
}

# sp_title_words TITLE: sets sp_title_sshd, sp_title_f and sp_title_o to what a listener of OpenSSH has in its title;
# the first is empty where it is none.
sp_title_words() {
    local word before=''
    sp_title_sshd='' sp_title_f='' sp_title_o=''
    case $1 in 'sshd: /'*' [listener] '*) ;; *) return 0 ;; esac
    for word in ${1#sshd: }; do
        case $before$word in
            # What follows -E or -h is a path, too.
            /*) [ -n "$sp_title_sshd" ] || sp_title_sshd=$word ;;
            -f/*) sp_title_f=${word#-f} ;;
            -o?*=*) sp_title_o="$sp_title_o -o ${word#-o}" ;;
            '[listener]') break ;;
        esac
        case $word in -f | -o) before=$word ;; *) before='' ;; esac
    done
}

# sp_title_of PID: the same for a process.
sp_title_of() {
    local title=''
    [ ! -r "/proc/$1/cmdline" ] || read -r title 2>/dev/null <"/proc/$1/cmdline" || :
    sp_title_words "$title"
}

# Sets sp_listening to every listener of OpenSSH that root runs here, and not in some container.
sp_listeners() {
    local one
    sp_listening=''
    sp_of_root '^Name:[[:space:]]sshd'
    for one in $sp_procs; do
        # shellcheck disable=SC3013 # every sh named in lib/begin.sh has -ef
        [ "/proc/$one/root" -ef / ] || continue
        sp_title_of "$one"
        [ -z "$sp_title_sshd" ] || sp_listening="$sp_listening $one"
    done
}

# The sshd that let us in, if any: its binary and its own -f and -o arguments, from its title.
# A process title proves nothing unless the process is root's or our own.
sp_find_sshd() {
    local process="$PPID" round=0 title name above='' one
    sp_sshd='' sp_sshd_f='' sp_sshd_o='' sp_came=${SSH_CONNECTION:-} sp_kind=''
    while [ "$process" -gt 0 ] && [ "$round" -lt 16 ]; do
        round=$((round + 1))
        title=''
        [ ! -r "/proc/$process/cmdline" ] || read -r title <"/proc/$process/cmdline" || :
        sp_process "$process"
        [ ! -r "/proc/$process/environ" ] || above="$above /proc/$process/environ"
        sp_title_words "$title"
        if [ -n "$sp_title_sshd" ] && { [ "$sp_euid" = 0 ] || [ "$sp_euid" = "$sp_uid" ]; }; then
            sp_sshd=$sp_title_sshd sp_sshd_f=$sp_title_f sp_sshd_o=$sp_title_o
            break
        fi
        name=''
        [ ! -r "/proc/$process/comm" ] || read -r name 2>/dev/null <"/proc/$process/comm" || :
        [ "$name" != dropbear ] || sp_kind=dropbear
        process=$sp_ppid
    done
    # sudo takes SSH_CONNECTION away; the session above it still has it.
    if [ -z "$sp_came" ] && [ -n "$above" ]; then
        # shellcheck disable=SC2086
        sp_came=$(grep -zsh '^SSH_CONNECTION=' $above 2>/dev/null | tr '\000' '\n') || :
        sp_came=${sp_came%%"$sp_nl"*}
        sp_came=${sp_came#SSH_CONNECTION=}
    fi
    case $sp_came in *[!0-9A-Za-z.:%\ ]*) sp_came='' ;; esac
    if [ -z "$sp_sshd" ] || [ ! -x "$sp_sshd" ]; then
        sp_sshd=
        for one in /usr/sbin/sshd /usr/local/sbin/sshd /sbin/sshd /usr/bin/sshd /run/current-system/sw/bin/sshd; do
            if [ -x "$one" ]; then
                sp_sshd=$one
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

# sp_ask_sshd USER: sets sp_v to what sshd itself says that it would decide for that user.
# -d makes it say its version too, so that one process answers both.
sp_ask_sshd() {
    local from="${sp_from%%,*}" connection
    # shellcheck disable=SC2086 # the connection and the listener's -o words are split on purpose
    set -- "$1" $sp_came
    from=${from%%/*}
    [ -n "$from" ] || from=${2:-127.0.0.1}
    connection=user=$1,host=$from,addr=$from
    [ -z "${5:-}" ] || connection=$connection,laddr=$4,lport=$5
    # One host key is enough to be asked, and loading an RSA key is half of the time it takes.
    [ -n "$sp_sshd_f" ] || [ ! -r /etc/ssh/ssh_host_ed25519_key ] || sp_sshd_o="$sp_sshd_o -h /etc/ssh/ssh_host_ed25519_key"
    # shellcheck disable=SC2086
    sp_v=$("$sp_sshd" -T ${sp_sshd_f:+-f "$sp_sshd_f"} $sp_sshd_o -d -C "$connection" 2>&1) || :
}

# sp_settings USER: asks sshd, and sets sp_s_*.
sp_settings() {
    local said whole=true line value
    sp_s_ok=false sp_s_version='' sp_s_keys='' sp_s_keys_cmd='' sp_s_pam='' sp_s_password='' sp_s_kbd='' sp_s_pubkey=''
    sp_s_allow_users='' sp_s_allow_groups='' sp_s_deny_users='' sp_s_deny_groups='' sp_s_force='' sp_s_chroot=''
    sp_s_key_kinds=''
    sp_s_sftp='' sp_s_strict='' sp_s_sessions='' sp_s_penalties='' sp_s_methods='' sp_s_ports='' sp_s_forward='' sp_s_streams=''
    [ -n "$sp_sshd" ] || return 0
    sp_ask_sshd "$1"
    said=$sp_v
    case $said in
        *authorizedkeysfile*) ;;
        *)
            # The host keys are root's alone. -G (9.3 and later) reads the settings without them, and
            # without Match blocks; before that it makes sshd say its version at least.
            whole=false
            # shellcheck disable=SC2086
            said=$said$sp_nl$("$sp_sshd" -G ${sp_sshd_f:+-f "$sp_sshd_f"} $sp_sshd_o 2>&1) || :
            ;;
    esac
    IFS=$sp_nl
    for line in $said; do
        value=${line#* }
        value=${value%"${value##*[! ]}"}
        case $line in
            'debug1: sshd version '*)
                value=${value#sshd version }
                sp_s_version=${value%%,*}
                ;;
            OpenSSH_*) sp_s_version=${line%%,*} ;;
            'authorizedkeysfile '*)
                sp_s_keys=$value
                sp_s_ok=$whole
                ;;
            'authorizedkeyscommand '*) sp_s_keys_cmd=$value ;;
            'usepam '*) sp_s_pam=$value ;;
            'passwordauthentication '*) sp_s_password=$value ;;
            'kbdinteractiveauthentication '* | 'challengeresponseauthentication '*) sp_s_kbd=$value ;;
            'pubkeyauthentication '*) sp_s_pubkey=$value ;;
            'pubkeyacceptedalgorithms '* | 'pubkeyacceptedkeytypes '*) sp_s_key_kinds=$value ;;
            'allowusers '*) sp_s_allow_users="$sp_s_allow_users${sp_s_allow_users:+ }$value" ;;
            'allowgroups '*) sp_s_allow_groups="$sp_s_allow_groups${sp_s_allow_groups:+ }$value" ;;
            'denyusers '*) sp_s_deny_users="$sp_s_deny_users${sp_s_deny_users:+ }$value" ;;
            'denygroups '*) sp_s_deny_groups="$sp_s_deny_groups${sp_s_deny_groups:+ }$value" ;;
            'forcecommand '*) sp_s_force=$value ;;
            'chrootdirectory '*) sp_s_chroot=$value ;;
            'subsystem sftp '*) sp_s_sftp=${value#sftp } ;;
            'strictmodes '*) sp_s_strict=$value ;;
            'maxsessions '*) sp_s_sessions=$value ;;
            'persourcepenalties '*) sp_s_penalties=$value ;;
            'authenticationmethods '*) sp_s_methods="$sp_s_methods${sp_s_methods:+ }$value" ;;
            'allowtcpforwarding '*) sp_s_forward=$value ;;
            'allowstreamlocalforwarding '*) sp_s_streams=${sp_s_streams:-$value} ;;
            'disableforwarding yes') sp_s_forward=no sp_s_streams=no ;;
            'port '*) sp_s_ports="$sp_s_ports${sp_s_ports:+ }$value" ;;
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
    ! awk '
        tolower($0) ~ /^[ \t]*(match|include)[ \t="]/ {
            if (FILENAME !~ /\/sshd_config$/ || tolower($1) != "include" || NF != 2 || $2 != "/etc/ssh/sshd_config.d/*.conf") { other = 1; exit }
        }
        END { exit other }' "$@" 2>/dev/null
}

# Sets sp_server to the program that serves SFTP, or to nothing, and sp_umask to what it is told of modes. A
# shell or a wrapper may stand around it: the last word that is such a program counts.
sp_sftp_server() {
    local words="$sp_s_sftp" word before=''
    sp_server='' sp_umask=''
    case $words in *[\"\'\\\;\&\|]*) words=$(printf '%s' "$words" | tr -d '\042\047\134' | tr ';&|' '   ') ;; esac
    for word in $words; do
        case $word in */sftp-server) [ ! -x "$word" ] || sp_server=$word ;; esac
        case $before in
            -u | umask) case $word in '' | *[!0-7]* | ?????*) ;; *) sp_umask=$word ;; esac ;;
        esac
        before=$word
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
    local one
    if sp_has getent; then
        sp_t=$(getent passwd "$@") || :
    else
        sp_t=''
        for one in "$@"; do
            sp_t=$sp_t$sp_nl$(grep -E "^($one:|[^:]*:[^:]*:$one:)" /etc/passwd) || :
        done
    fi
}

sp_os() {
    local file line value
    sp_id='' sp_version=''
    for file in /etc/os-release /usr/lib/os-release; do
        [ -r "$file" ] || continue
        while IFS= read -r line; do
            value=${line#*=}
            value=${value#[\"\']}
            value=${value%[\"\']}
            case $line in
                ID=*) sp_id=$value ;;
                VERSION_ID=*) sp_version=$value ;;
            esac
        done <"$file"
        break
    done
}

# The name in /etc/hosts only: a resolver may take its time.
sp_fqdn() {
    local lines=0 address names name here dotted
    sp_fq=$1
    case $1 in *.*) return 0 ;; esac
    [ -n "$1" ] && [ -r /etc/hosts ] || return 0
    while read -r address names && [ "$lines" -lt 200 ]; do
        lines=$((lines + 1))
        here='' dotted=''
        for name in ${names%%#*}; do
            case $name in
                "$1") here=1 ;;
                "$1".?*) sp_fq=$name && return 0 ;;
                *.*) [ -n "$dotted" ] || dotted=$name ;;
            esac
        done
        if [ -n "$here" ] && [ -n "$dotted" ]; then
            sp_fq=$dotted
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
# below it; without a shop folder, every name it serves: as lines of a reply, since they may be many. Best effort: includes and
# variables are not followed.
sp_served_as() {
    local file
    sp_served=path_served_as=
    sp_real=$sp_path
    if [ -n "$sp_path" ] && cd -P "$sp_path" 2>/dev/null; then
        sp_real=$PWD
        cd /
    fi
    set +f
    set --
    for file in /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*.conf /etc/nginx/nginx.conf \
        /etc/apache2/sites-enabled/*.conf /etc/httpd/conf.d/*.conf /etc/httpd/conf/httpd.conf \
        /etc/apache2/vhosts.d/*.conf; do
        [ ! -f "$file" ] || [ ! -r "$file" ] || [ "$#" -ge 200 ] || set -- "$@" "$file"
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
        # From the FROM-th word of this line on; nginx names more in the lines behind it until a semicolon, Apache behind a backslash.
        function take(from,   i, n) {
            for (i = from; i <= NF; i++) {
                n = $i; gsub(/["\047]/, "", n); sub(/[;#].*/, "", n); sub(/^[a-z]+:\/\//, "", n); sub(/:[0-9]+$/, "", n)
                if (n != "" && n != "_" && n !~ /[^A-Za-z0-9._*~-]/) names = names "," n
                if ($i ~ /;/) { more = 0; return }
                if ($i ~ /^#/) break
            }
            more = nginx || $NF == "\\"
        }
        BEGIN { p = ENVIRON["SP_P"]; q = ENVIRON["SP_Q"]; sub(/\/+$/, "", p); sub(/\/+$/, "", q) }
        NR > 20000 { exit }
        FNR == 1 { flush(); more = 0 }
        { sub(/^[ \t]+/, ""); sub(/\r$/, ""); w = tolower($1) }
        more { take(1); next }
        w ~ /^server\{?$/ || w ~ /^<\/?virtualhost/ { flush() }
        w == "server_name" || w == "servername" || w == "serveralias" { nginx = w == "server_name"; take(2) }
        w == "root" || w == "documentroot" { sub(/^[^ \t]+[ \t]+/, ""); if (near($0)) ok = 1 }
        END {
            flush()
            # A name that is cut off may be the one that counts.
            for (all = substr(all, 2); all != ""; all = substr(all, length(n) + 2)) {
                n = substr(all, 1, 380)
                if (n != all) sub(/,[^,]*$/, "", n)
                print (said++ ? "served_more=" : "path_served_as=") n
            }
        }' "$@" 2>/dev/null) || :
    sp_served=${sp_served:-path_served_as=}
}

# What any provider says of the server and its clock.
sp_say_server() {
    sp_whoami
    sp_os
    sp_say os_id "$sp_id"
    sp_say os_version "$sp_version"
    sp_say kernel "$(uname -r)"
    sp_host=$(uname -n)
    sp_fqdn "$sp_host"
    sp_say hostname "$sp_host"
    sp_say fqdn "$sp_fq"
    sp_say uid "$sp_uid"
    sp_t=$(date +'%s %Z %z')
    sp_say clock "${sp_t%% *}"
    sp_say zone "${sp_t#* }"
    sp_bool has_systemd [ -d /run/systemd/system ]
    sp_bool has_cron sp_has crontab
    sp_bool has_flock sp_has flock
}
