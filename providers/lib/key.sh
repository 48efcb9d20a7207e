# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Where sshd looks for keys.

# sp_key_path ENTRY HOME NAME [UID]: sets sp_v to that entry of AuthorizedKeysFile as it is for one account
# (TOKENS in sshd_config(5)); a relative one is left relative. Ends with 1 at a token that is not known.
sp_key_path() {
    local rest="$1"
    sp_v=''
    while :; do
        case $rest in
            *%*)
                sp_v=$sp_v${rest%%%*}
                rest=${rest#*%}
                ;;
            *)
                sp_v=$sp_v$rest
                return 0
                ;;
        esac
        case $rest in
            h*) sp_v=$sp_v$2 ;;
            u*) sp_v=$sp_v$3 ;;
            U*) if [ -n "${4:-}" ]; then sp_v=$sp_v$4; else return 1; fi ;;
            %*) sp_v=$sp_v% ;;
            *) return 1 ;;
        esac
        rest=${rest#?}
    done
}

# ---- times (no process is started for the UTC form) ----------------------------------------------

# sp_civil SECONDS: sets sp_stamp to YYYYMMDDHHMMSS of that second, counted as UTC, and sp_year, sp_mon and sp_day.
# A year begins with March here, so that a leap day is its last; the calendar repeats itself after an era of 400 years.
sp_civil() {
    local days second era day_of_era year_of_era day_of_year month part
    # From March 1st of the year 0.
    days=$(($1 / 86400 + 719468))
    second=$(($1 % 86400))
    era=$((days / 146097))
    day_of_era=$((days - era * 146097))
    year_of_era=$(((day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365))
    day_of_year=$((day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100)))
    month=$(((5 * day_of_year + 2) / 153))
    sp_day=$((day_of_year - (153 * month + 2) / 5 + 1))
    if [ "$month" -lt 10 ]; then sp_mon=$((month + 3)); else sp_mon=$((month - 9)); fi
    sp_year=$((year_of_era + era * 400))
    [ "$sp_mon" -gt 2 ] || sp_year=$((sp_year + 1))
    sp_stamp=$sp_year
    for part in "$sp_mon" "$sp_day" $((second / 3600)) $((second % 3600 / 60)) $((second % 60)); do
        if [ "$part" -lt 10 ]; then sp_stamp=${sp_stamp}0$part; else sp_stamp=$sp_stamp$part; fi
    done
}

# sp_offset SECONDS: sets sp_off to the local offset from UTC at that instant.
sp_offset() {
    local zone hours minutes
    zone=$(date -d "@$1" +%z)
    hours=${zone#?}
    minutes=${hours#??}
    hours=${hours%"$minutes"}
    sp_off=$((${hours#0} * 3600 + ${minutes#0} * 60))
    case $zone in -*) sp_off=$((-sp_off)) ;; esac
}

# sp_expiry SECONDS: sets sp_stamp to what sshd is to be told.
# Before 9.1 sshd reads the time with mktime() and tm_isdst=0, that is in the zone's *standard* time
# even in summer. The smallest offset of the four quarters of a year is that one in every zone with
# ordinary summer time; where it is not, the smallest offset is early, never late. It also makes
# local times that happen twice or not at all unambiguous.
sp_expiry() {
    local instant least=''
    case $sp_expiry_form in
        utc)
            sp_civil "$1"
            sp_stamp=${sp_stamp}Z
            ;;
        local)
            for instant in "$1" $(($1 + 7884000)) $(($1 + 15768000)) $(($1 + 23652000)); do
                sp_offset "$instant"
                if [ -z "$least" ] || [ "$sp_off" -lt "$least" ]; then least=$sp_off; fi
            done
            sp_civil $(($1 + least))
            ;;
        none) sp_stamp= ;;
    esac
}

# ---- key lines -----------------------------------------------------------------------------------

# sp_key_line KEY UNTIL FROM NAME: appends one authorized_keys line to sp_lines. With sp_gate=true
# the key leads to the gate and nowhere else; NAME is `own` for the key that only proves the login.
sp_key_line() {
    local options forced=''
    # Dropbear knows restrict, and does not know how to take pty out of it.
    if [ "$sp_restrict" = 1 ] && [ "${sp_kind:-}" != dropbear ]; then
        options=restrict
        [ "$sp_access" != ssh ] || options=$options,pty
    else
        options=no-port-forwarding,no-X11-forwarding,no-agent-forwarding
        [ "$sp_access" = ssh ] || options=$options,no-pty
    fi
    if [ "${sp_gate:-false}" = true ]; then
        sp_gate_command "$4"
        forced=$sp_v
    else
        case $sp_access in
            sftp) forced=internal-sftp ;;
            sftp-read-only) forced='internal-sftp -R' ;;
        esac
        case $forced:$sp_start in
            :* | *: | *:*[!A-Za-z0-9_./-]*) ;;
            *) forced="$forced -d $sp_start" ;;
        esac
    fi
    [ -z "$forced" ] || options="$options,command=\"$forced\""
    [ -z "$3" ] || options="$options,from=\"$3\""
    sp_expiry "$2"
    [ -z "$sp_stamp" ] || options="$options,expiry-time=\"$sp_stamp\""
    sp_lines="$sp_lines$options $1 stagepass:$sp_grant$sp_nl"
}

# Sets sp_lines to every key line this grant should have. The key that only proves the login comes
# from where stagepass is, so the supporter's addresses do not bind it.
sp_key_lines() {
    sp_lines=
    [ -z "$sp_public_key" ] || sp_key_line "$sp_public_key" "$sp_deadline" "$sp_from" ''
    [ -z "$sp_check_key" ] || sp_key_line "$sp_check_key" "$sp_check_until" '' own
}
