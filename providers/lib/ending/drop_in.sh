# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Passwords: a drop-in for sshd.

sp_drop_in=/etc/ssh/sshd_config.d/50-stagepass-$sp_grant.conf

# Whether the configuration of this sshd reads such files. Sets sp_drop_in_why.
sp_drop_in_read() {
    sp_drop_in_why=''
    if [ -z "$sp_sshd" ]; then
        sp_drop_in_why='There is no OpenSSH server.'
    elif [ ! -d "${sp_drop_in%/*}" ] || [ ! -w "${sp_drop_in%/*}" ]; then
        sp_drop_in_why="There is no ${sp_drop_in%/*}, or it is read-only."
    elif ! awk '
        { sub(/^[ \t]+/, ""); sub(/[ \t]*=[ \t]*/, " "); gsub(/"/, "") }
        tolower($1) == "match" { exit }
        tolower($1) == "include" {
            for (i = 2; i <= NF; i++) if ($i ~ /^(\/etc\/ssh\/)?sshd_config\.d\/(\*|\*\.conf)$/) found = 1
        }
        END { exit !found }' "${sp_sshd_f:-/etc/ssh/sshd_config}" 2>/dev/null; then
        sp_drop_in_why="${sp_sshd_f:-/etc/ssh/sshd_config} does not include ${sp_drop_in%/*}."
    else
        return 0
    fi
    return 1
}

# sp_drop_in_install ACCOUNT: forces the gate on every login of that account. Ends with 1, and
# everything as it was, unless sshd itself then says so.
sp_drop_in_install() {
    local forced terminal=no text before='' why
    sp_drop_in_read || return 1
    sp_gate_command any
    forced=$sp_v
    [ "$sp_access" != ssh ] || terminal=yes
    text="# stagepass: grant $sp_grant; removed when it is closed.
Match User $1
    ForceCommand $forced
    AllowTcpForwarding no
    AllowStreamLocalForwarding no
    AllowAgentForwarding no
    X11Forwarding no
    PermitTunnel no
    PermitUserRC no
    PermitTTY $terminal
Match all
"
    [ ! -r "$sp_drop_in" ] || before=$(cat "$sp_drop_in")$sp_nl
    if [ "$before" != "$text" ]; then
        if ! sp_put "$sp_drop_in" 600 "$text"; then
            sp_drop_in_why="$sp_drop_in could not be written."
            return 1
        fi
    fi
    if sp_sshd_reload; then
        sp_settings "$1"
        [ "$sp_s_force:$sp_s_forward" != "$forced:no" ] || return 0
        sp_drop_in_why="sshd does not take the settings for this account (another Match block comes first)."
    fi
    why=$sp_drop_in_why
    sp_drop_in_remove
    sp_drop_in_why=$why
    sp_settings "$1"
    return 1
}

sp_drop_in_present() { [ -e "$sp_drop_in" ]; }

# Takes it away, and says so to sshd. A configuration that somebody broke meanwhile is not loaded.
sp_drop_in_remove() {
    [ ! -e "$sp_drop_in.new" ] || rm -f -- "$sp_drop_in.new"
    [ -e "$sp_drop_in" ] || return 0
    rm -f -- "$sp_drop_in"
    sp_sshd_reload || :
}

# sp_by_socket PID: whether systemd holds the socket on which that sshd listens (ssh.socket). Told to read its
# configuration again, such an sshd would try to listen by itself, and die of it.
sp_by_socket() {
    local one theirs sockets
    [ -d /run/systemd/system ] && sp_has systemctl || return 1
    theirs=$(find /proc/1/fd -lname 'socket:*' -printf ' %l ' 2>/dev/null) || :
    sockets=$(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null) || :
    for one in $sockets; do
        case $theirs in *" $one "*) return 0 ;; esac
    done
    return 1
}

# sp_socket_restart PID: such an sshd is started anew by its unit, which gives it the socket again. Sessions go
# on where that unit ends nothing but the listener; elsewhere nothing is done. Ends with 1 where it was not.
sp_socket_restart() {
    local unit
    unit=$(sed -n 's|^[^/]*/.*/\([A-Za-z0-9@:_.-]*[.]service\)$|\1|p' "/proc/$1/cgroup" 2>/dev/null | head -n 1) || :
    case ${unit:+$(systemctl show -p MainPID -p KillMode "$unit" 2>/dev/null | sort | tr '\n' ' ')} in
        "KillMode=process MainPID=$1 ") ;;
        *)
            sp_drop_in_why='systemd holds the socket of this sshd, and starting it anew could end sessions; it was left alone.'
            return 1
            ;;
    esac
    # systemd counts starts, and shuts the socket when there are many: these are none of its failures.
    systemctl reset-failed "$unit" >/dev/null 2>&1 || :
    if systemctl restart "$unit" >/dev/null 2>&1 && systemctl is-active --quiet "$unit"; then return 0; fi
    sp_drop_in_why="systemd did not start $unit again; it does at the next connection."
    return 1
}

# Every listener that reads this configuration tests it with its own arguments, reads it again, and
# listens again. Ends with 1, and nothing was loaded, when one of them would refuse it.
# shellcheck disable=SC2086
sp_sshd_reload() {
    local one config="${sp_sshd_f:-/etc/ssh/sshd_config}" born round
    sp_listeners
    for one in $sp_listening; do
        sp_title_of "$one"
        [ "${sp_title_f:-/etc/ssh/sshd_config}" = "$config" ] || continue
        if ! "$sp_title_sshd" -t ${sp_title_f:+-f "$sp_title_f"} $sp_title_o >/dev/null 2>&1; then
            sp_drop_in_why='sshd refuses its configuration (sshd -t), so it was not loaded.'
            return 1
        fi
    done
    for one in $sp_listening; do
        sp_title_of "$one"
        [ "${sp_title_f:-/etc/ssh/sshd_config}" = "$config" ] || continue
        if sp_by_socket "$one"; then
            sp_socket_restart "$one" || return 1
            continue
        fi
        sp_alive "$one"
        born=$sp_born
        kill -HUP "$one" 2>/dev/null || continue
        round=0
        while [ "$round" -lt 30 ]; do
            sleep 0.2 2>/dev/null || sleep 1
            round=$((round + 1))
            sp_alive "$one"
            [ "$sp_born" = "$born" ] || break
            sp_title_of "$one"
            [ -z "$sp_title_sshd" ] || continue 2
        done
        sp_drop_in_why='sshd did not come back at once after it was told to read its configuration.'
        return 1
    done
}
