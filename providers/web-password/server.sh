# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Which web servers there are.

# sp_web_process NAME: sets sp_web_pid to the first process of that name (a pattern) that root runs here, and not in a
# container, and sp_web_args to its words.
sp_web_process() {
    local one
    sp_web_pid='' sp_web_args=''
    sp_of_root "^Name:[[:space:]]$1\$"
    for one in $sp_procs; do
        # shellcheck disable=SC3013 # every sh named above has -ef
        [ "/proc/$one/root" -ef / ] || continue
        sp_web_pid=$one
        # nginx puts its words into one, with blanks.
        sp_web_args=$(tr '\000' ' ' 2>/dev/null <"/proc/$one/cmdline") || :
        return 0
    done
    return 1
}

# sp_web_argument OPTION: sets sp_v to what stands behind it in sp_web_args, or to nothing.
sp_web_argument() {
    local word before=''
    sp_v=''
    for word in $sp_web_args; do
        [ "$before" != "$1" ] || sp_v=$word
        before=$word
    done
}

sp_web_first_file() {
    for sp_v; do
        [ ! -f "$sp_v" ] || return 0
    done
    sp_v=''
}

# Sets sp_web_apache and sp_web_nginx to the configuration of each, or to nothing, and sp_web_runs to those of
# them that run. What does not run beside one that does serves nothing.
sp_web_servers() {
    sp_web_runs='' sp_web_defined='' sp_web_nginx_pid=''
    if sp_web_process '\(apache2\|httpd\|httpd2\)'; then sp_web_runs=" apache"; fi
    sp_web_find_apache
    if sp_web_process nginx; then sp_web_runs="$sp_web_runs nginx" sp_web_nginx_pid=$sp_web_pid; fi
    sp_web_find_nginx
    case $sp_web_runs in
        ' apache') sp_web_nginx='' ;;
        ' nginx') sp_web_apache='' ;;
    esac
}

sp_web_find_apache() {
    local folder word
    sp_web_argument -d
    folder=$sp_v
    sp_web_argument -f
    case $sp_v in '' | /*) ;; *) sp_v=${folder:-/etc/apache2}/$sp_v ;; esac
    sp_web_first_file ${sp_v:+"$sp_v"} ${folder:+"$folder/apache2.conf" "$folder/conf/httpd.conf"} /etc/apache2/apache2.conf \
        /etc/httpd/conf/httpd.conf /etc/apache2/httpd.conf /usr/local/apache2/conf/httpd.conf
    sp_web_apache=$sp_v sp_web_root=${folder:-${sp_v%/*}}
    [ -n "$sp_web_apache" ] || return 0
    word=$(sed -n 's/^[[:space:]]*[Ss][Ee][Rr][Vv][Ee][Rr][Rr][Oo][Oo][Tt][[:space:]]*"\{0,1\}\(\/[^"]*[^"[:space:]]\)"\{0,1\}[[:space:]]*$/\1/p' "$sp_web_apache" | tail -n 1)
    [ -z "$word" ] || sp_web_root=$word
    for word in $sp_web_args; do
        case $word in -D?*) sp_web_defined=$sp_web_defined${word#-D}=$sp_nl ;; esac
    done
    sp_web_argument -D
    [ -z "$sp_v" ] || sp_web_defined=$sp_web_defined$sp_v=$sp_nl
    # Debian's own place for what the configuration calls ${NAME}.
    [ ! -r "${sp_web_apache%/*}/envvars" ] ||
        sp_web_defined=$sp_web_defined$(sed -n 's/^export \([A-Za-z_][A-Za-z_0-9]*=[A-Za-z0-9_./-]*\)$/\1/p' "${sp_web_apache%/*}/envvars")$sp_nl
}

sp_web_find_nginx() {
    sp_web_argument -c
    sp_web_first_file ${sp_v:+"$sp_v"} /etc/nginx/nginx.conf /usr/local/nginx/conf/nginx.conf /usr/local/etc/nginx/nginx.conf \
        /opt/nginx/conf/nginx.conf
    sp_web_nginx=$sp_v sp_web_prefix=${sp_v%/*}
}
