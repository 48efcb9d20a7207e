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
    sp_check_inputs
    sp_facts "$sp_account"
    sp_v=none
    if [ -n "$sp_account_line" ]; then
        sp_v=nss
        while IFS= read -r sp_l; do
            case $sp_l in "$sp_account:"*) sp_v=local ;; esac
        done </etc/passwd
    fi
    sp_bool account_exists [ -n "$sp_account_line" ]
    sp_say account_source "$sp_v"
    IFS=:
    # shellcheck disable=SC2086
    set -- $sp_account_line
    IFS=" $sp_tab$sp_nl"
    sp_v=''
    case ${5:-} in
        'stagepass '*)
            sp_v=${5#stagepass }
            sp_v=${sp_v%%,*}
            ;;
    esac
    sp_say mark "$sp_v"
    sp_bool has_useradd sp_has useradd
    sp_bool has_userdel sp_has userdel
    sp_bool has_usermod sp_has usermod
    sp_bool has_chpasswd sp_has chpasswd
    sp_bool can_password sp_takes_password
    sp_sftp_server
    sp_say sftp_server "$sp_server"
    sp_mode_watcher
    sp_say web_checks_modes "$sp_watch"
    sp_v=false
    if [ -n "$sp_path" ] && [ -z "$sp_watch" ] && sp_has setfacl && sp_has setpriv; then sp_v=true; fi
    sp_say acl_mode_change "$sp_v"
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
    sp_say server_kind "$sp_kind"
    sp_v='' sp_w=false
    if [ "$sp_uid" != 0 ]; then
        sp_v='Setting it up needs root.'
    elif [ "$sp_kind" = other ]; then
        sp_v='No SSH server that is known here was found.'
    elif [ -z "$sp_server" ] && [ "$sp_access" != ssh ]; then
        sp_v='This server has no sftp-server program, which the gate would start.'
    else
        sp_w=true
    fi
    sp_say can_gate "$sp_w"
    sp_say gate_reason "$sp_v"
    sp_failsafe_plan
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_confine_why='' sp_j=false
    if [ "$sp_access" = ssh ]; then
        sp_confine_why='The access includes a shell, which cannot be shut in.'
    elif sp_can_confine; then
        sp_j=true
    fi
    sp_say can_confine "$sp_j"
    sp_say confine_reason "$sp_confine_why"
    sp_v=true
    sp_drop_in_read || sp_v=false
    sp_say drop_in "$sp_v"
    sp_say drop_in_reason "$sp_drop_in_why"
    sp_other_doors
}

# Programs that would take the password of an account and know nothing of the gate.
sp_other_doors() {
    set +f
    sp_t=$(grep -hxs -e vsftpd -e proftpd -e 'pure-ftpd.*' -e 'in\.ftpd' -e ftpd -e 'in\.telnetd' -e telnetd -e xrdp-sesman -e cockpit-ws \
        -e miniserv.pl -e dropbear /proc/[0-9]*/comm) || :
    set -f
    sp_k=' '
    for sp_a in $sp_t; do
        case $sp_k in *" $sp_a "*) continue ;; esac
        sp_k="$sp_k$sp_a "
        [ "$sp_a:$sp_kind" = dropbear:dropbear ] || sp_say other_doors "$sp_a"
    done
    sp_listeners
    for sp_j in $sp_listening; do
        sp_title_of "$sp_j"
        [ "${sp_title_f:-/etc/ssh/sshd_config}" = "${sp_sshd_f:-/etc/ssh/sshd_config}" ] || sp_say other_doors "sshd -f $sp_title_f"
    done
}
