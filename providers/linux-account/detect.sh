# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Detect.

# Whether this sshd would take a password alone, from that account.
sp_takes_password() {
    case ${sp_s_methods:-any} in
        any) ;;
        *)
            case " $sp_s_methods " in
                *' password '*) [ "$sp_s_password" = yes ] && return 0 ;;
            esac
            case " $sp_s_methods " in
                *' keyboard-interactive '* | *' keyboard-interactive:'*) ;;
                *) return 1 ;;
            esac
            [ "$sp_s_kbd" = yes ] && [ "$sp_s_pam" = yes ]
            return
            ;;
    esac
    [ "$sp_s_password" = yes ] || { [ "$sp_s_kbd" = yes ] && [ "$sp_s_pam" = yes ]; }
}

sp_detect() {
    local line where=none mark='' change_modes=false
    sp_check_inputs
    sp_facts "$sp_account"
    if [ -n "$sp_account_line" ]; then
        where=nss
        while IFS= read -r line; do
            case $line in "$sp_account:"*) where=local ;; esac
        done </etc/passwd
    fi
    sp_bool account_exists [ -n "$sp_account_line" ]
    sp_say account_source "$where"
    IFS=:
    # shellcheck disable=SC2086
    set -- $sp_account_line
    IFS=" $sp_tab$sp_nl"
    case ${5:-} in
        'stagepass '*)
            mark=${5#stagepass }
            mark=${mark%%,*}
            ;;
    esac
    sp_say mark "$mark"
    sp_bool has_useradd sp_has useradd
    sp_bool has_userdel sp_has userdel
    sp_bool has_usermod sp_has usermod
    sp_bool has_chpasswd sp_has chpasswd
    sp_bool can_password sp_takes_password
    sp_sftp_server
    sp_say sftp_server "$sp_server"
    sp_mode_watcher
    sp_say web_checks_modes "$sp_watch"
    if [ -n "$sp_path" ] && [ -z "$sp_watch" ] && sp_has setfacl && sp_has setpriv; then change_modes=true; fi
    sp_say acl_mode_change "$change_modes"
    sp_detect_closed
    sp_detect_gate
    if [ "$sp_uid" != 0 ]; then
        sp_say supported false
        sp_say reason_id not-root
        sp_say reason 'Making an account needs root, and the login of stagepass is not root here.'
    elif sp_missing_tools; then
        sp_say supported false
        sp_say reason_id no-useradd
        sp_say reason 'This server has no useradd, usermod, userdel, chpasswd and getent (busybox makes accounts without an expiry day).'
    else
        sp_say supported true
    fi
    sp_flush
}

# What could stand in front of the sessions here, and what could end them.
sp_detect_gate() {
    local gate=false why='' confine=false drop_in=true
    sp_say server_kind "$sp_kind"
    if [ "$sp_uid" != 0 ]; then
        why='Setting it up needs root.'
    elif [ "$sp_kind" = other ]; then
        why='No SSH server that is known here was found.'
    elif [ -z "$sp_server" ] && [ "$sp_access" != ssh ]; then
        why='This server has no sftp-server program, which the gate would start.'
    else
        gate=true
    fi
    sp_say can_gate "$gate"
    sp_say gate_reason "$why"
    sp_failsafe_plan
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_confine_why=''
    if [ "$sp_access" = ssh ]; then
        sp_confine_why='The access includes a shell, which cannot be shut in.'
    elif sp_can_confine; then
        confine=true
    fi
    sp_say can_confine "$confine"
    sp_say confine_reason "$sp_confine_why"
    sp_drop_in_read || drop_in=false
    sp_say drop_in "$drop_in"
    sp_say drop_in_reason "$sp_drop_in_why"
    sp_other_doors
}

# Programs that would take the password of an account and know nothing of the gate.
sp_other_doors() {
    local names name said=' ' pid
    set +f
    names=$(grep -hxs -e vsftpd -e proftpd -e 'pure-ftpd.*' -e 'in\.ftpd' -e ftpd -e 'in\.telnetd' -e telnetd -e xrdp-sesman -e cockpit-ws \
        -e miniserv.pl -e dropbear /proc/[0-9]*/comm) || :
    set -f
    for name in $names; do
        case $said in *" $name "*) continue ;; esac
        said="$said$name "
        [ "$name:$sp_kind" = dropbear:dropbear ] || sp_say other_doors "$name"
    done
    sp_listeners
    for pid in $sp_listening; do
        sp_title_of "$pid"
        [ "${sp_title_f:-/etc/ssh/sshd_config}" = "${sp_sshd_f:-/etc/ssh/sshd_config}" ] || sp_say other_doors "sshd -f $sp_title_f"
    done
}
