# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The shop folder.

# Sets sp_real, sp_owner (uid:gid), sp_mode, sp_group and sp_through (the folders above that need x).
# Which folder may be given is policy's to say, by what `detect` reported; here it is held to be that one.
sp_shop_plan() {
    local folder lines line rights
    sp_real='' sp_start='' sp_owner='' sp_through='' sp_group='' sp_perm='' sp_mode=''
    [ -n "$sp_path" ] || return 0
    if [ ! -d "$sp_path" ] || ! cd -P "$sp_path" 2>/dev/null; then
        sp_refuse no-such-path 'The shop folder is not there, or is not a folder.'
    fi
    sp_real=$PWD
    cd /
    case $sp_real in *[[:cntrl:]]*) sp_refuse bad-input 'The real path of the shop folder has a control character.' ;; esac
    case $sp_access in
        sftp-read-only) sp_perm=rX ;;
        *) sp_perm=rwX ;;
    esac
    sp_start=$sp_real
    set -- "$sp_real"
    folder=${sp_real%/*}
    while [ -n "$folder" ]; do
        set -- "$@" "$folder"
        folder=${folder%/*}
    done
    lines=$(stat -c '%d:%i:%u %u:%g %a %G' -- "$@")
    [ "${lines%% *}" = "$sp_path_id" ] || sp_refuse path-changed 'The shop folder is not the one that was looked at: it was moved, replaced or given to another owner meanwhile.'
    IFS=$sp_nl
    for line in $lines; do
        line=${line#* }
        rights=${line#* }
        if [ -z "$sp_owner" ]; then
            sp_owner=${line%% *} sp_mode=${rights%% *} sp_group=${rights#* }
        else
            case ${rights%% *} in *[1357]) ;; *) sp_through=$sp_through$1$sp_nl ;; esac
        fi
        shift
    done
    IFS=" $sp_tab$sp_nl"
}

# Programs of a web server that refuse to run what a group may write to, and an ACL shows as that.
sp_mode_watcher() {
    local one
    sp_watch=''
    for one in suexec:/usr/lib/apache2/suexec suexec:/usr/lib/apache2/suexec-pristine suexec:/usr/lib/apache2/suexec-custom \
        suexec:/usr/sbin/suexec suexec:/usr/local/apache/bin/suexec suexec:/usr/local/apache2/bin/suexec \
        suphp:/etc/suphp suphp:/etc/suphp.conf suphp:/usr/lib/apache2/modules/mod_suphp.so \
        suphp:/usr/lib64/httpd/modules/mod_suphp.so cpanel:/usr/local/cpanel; do
        if [ -e "${one#*:}" ]; then
            sp_watch=${one%%:*}
            return 0
        fi
    done
}
