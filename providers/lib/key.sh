# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Where sshd looks for keys.

# sp_key_path ENTRY HOME NAME [UID]: sets sp_v to that entry of AuthorizedKeysFile as it is for one account
# (TOKENS in sshd_config(5)); a relative one is left relative. Ends with 1 at a token that is not known.
sp_key_path() {
    sp_v='' sp_r=$1
    while :; do
        case $sp_r in
            *%*)
                sp_v=$sp_v${sp_r%%%*}
                sp_r=${sp_r#*%}
                ;;
            *)
                sp_v=$sp_v$sp_r
                return 0
                ;;
        esac
        case $sp_r in
            h*) sp_v=$sp_v$2 ;;
            u*) sp_v=$sp_v$3 ;;
            U*) if [ -n "${4:-}" ]; then sp_v=$sp_v$4; else return 1; fi ;;
            %*) sp_v=$sp_v% ;;
            *) return 1 ;;
        esac
        sp_r=${sp_r#?}
    done
}

# ---- times (no process is started for the UTC form) ----------------------------------------------

# sp_civil SECONDS: sets sp_stamp to YYYYMMDDHHMMSS of that second, counted as UTC.
sp_civil() {
    sp_d=$(($1 / 86400))
    sp_r=$(($1 % 86400))
    sp_z=$((sp_d + 719468))
    sp_era=$((sp_z / 146097))
    sp_doe=$((sp_z - sp_era * 146097))
    sp_yoe=$(((sp_doe - sp_doe / 1460 + sp_doe / 36524 - sp_doe / 146096) / 365))
    sp_doy=$((sp_doe - (365 * sp_yoe + sp_yoe / 4 - sp_yoe / 100)))
    sp_mp=$(((5 * sp_doy + 2) / 153))
    sp_day=$((sp_doy - (153 * sp_mp + 2) / 5 + 1))
    if [ "$sp_mp" -lt 10 ]; then sp_mon=$((sp_mp + 3)); else sp_mon=$((sp_mp - 9)); fi
    sp_year=$((sp_yoe + sp_era * 400))
    [ "$sp_mon" -gt 2 ] || sp_year=$((sp_year + 1))
    sp_stamp=$sp_year
    for sp_n in "$sp_mon" "$sp_day" $((sp_r / 3600)) $((sp_r % 3600 / 60)) $((sp_r % 60)); do
        if [ "$sp_n" -lt 10 ]; then sp_stamp=${sp_stamp}0$sp_n; else sp_stamp=$sp_stamp$sp_n; fi
    done
}

# sp_offset SECONDS: sets sp_off to the local offset from UTC at that instant.
sp_offset() {
    sp_tz=$(date -d "@$1" +%z)
    sp_h=${sp_tz#?}
    sp_m=${sp_h#??}
    sp_h=${sp_h%"$sp_m"}
    sp_off=$((${sp_h#0} * 3600 + ${sp_m#0} * 60))
    case $sp_tz in -*) sp_off=$((-sp_off)) ;; esac
}

# sp_expiry SECONDS: sets sp_stamp to what sshd is to be told.
# Before 9.1 sshd reads the time with mktime() and tm_isdst=0, that is in the zone's *standard* time
# even in summer. The smallest offset of the four quarters of a year is that one in every zone with
# ordinary summer time; where it is not, the smallest offset is early, never late. It also makes
# local times that happen twice or not at all unambiguous.
sp_expiry() {
    case $sp_expiry_form in
        utc)
            sp_civil "$1"
            sp_stamp=${sp_stamp}Z
            ;;
        local)
            sp_least=
            for sp_at in "$1" $(($1 + 7884000)) $(($1 + 15768000)) $(($1 + 23652000)); do
                sp_offset "$sp_at"
                if [ -z "$sp_least" ] || [ "$sp_off" -lt "$sp_least" ]; then sp_least=$sp_off; fi
            done
            sp_civil $(($1 + sp_least))
            ;;
        none) sp_stamp= ;;
    esac
}

# ---- key lines -----------------------------------------------------------------------------------

# sp_key_line KEY UNTIL FROM NAME: appends one authorized_keys line to sp_lines. With sp_gate=true
# the key leads to the gate and nowhere else; NAME is `own` for the key that only proves the login.
sp_key_line() {
    # Dropbear knows restrict, and does not know how to take pty out of it.
    if [ "$sp_restrict" = 1 ] && [ "${sp_kind:-}" != dropbear ]; then
        sp_o=restrict
        [ "$sp_access" != ssh ] || sp_o=$sp_o,pty
    else
        sp_o=no-port-forwarding,no-X11-forwarding,no-agent-forwarding
        [ "$sp_access" = ssh ] || sp_o=$sp_o,no-pty
    fi
    sp_c=
    if [ "${sp_gate:-false}" = true ]; then
        sp_gate_command "$4"
        sp_c=$sp_v
    else
        case $sp_access in
            sftp) sp_c=internal-sftp ;;
            sftp-read-only) sp_c='internal-sftp -R' ;;
        esac
        case $sp_c:$sp_start in
            :* | *: | *:*[!A-Za-z0-9_./-]*) ;;
            *) sp_c="$sp_c -d $sp_start" ;;
        esac
    fi
    [ -z "$sp_c" ] || sp_o="$sp_o,command=\"$sp_c\""
    [ -z "$3" ] || sp_o="$sp_o,from=\"$3\""
    sp_expiry "$2"
    [ -z "$sp_stamp" ] || sp_o="$sp_o,expiry-time=\"$sp_stamp\""
    sp_lines="$sp_lines$sp_o $1 stagepass:$sp_grant$sp_nl"
}

# Sets sp_lines to every key line this grant should have. The key that only proves the login comes
# from where stagepass is, so the supporter's addresses do not bind it.
sp_key_lines() {
    sp_lines=
    [ -z "$sp_public_key" ] || sp_key_line "$sp_public_key" "$sp_deadline" "$sp_from" ''
    [ -z "$sp_check_key" ] || sp_key_line "$sp_check_key" "$sp_check_until" '' own
}
