# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Inputs.

# What the program was to look after: who reads it looks for the input's name in the script.
sp_bad_input() { sp_refuse bad-input "The input $1 is not of the form that it has to have."; }

sp_number() {
    case $2 in '' | *[!0-9]*) sp_bad_input "$1" ;; esac
}

# 'type base64' and nothing else, or empty.
sp_key_input() {
    case $2 in
        '') return 0 ;;
        *[!A-Za-z0-9+/=@.\ -]* | *' '*' '* | ' '* | *' ' | -*) ;;
        ssh-*' '?* | ecdsa-*' '?* | sk-*' '?*) return 0 ;;
    esac
    sp_bad_input "$1"
}

# What every verb checks before it believes what it was told: it ends up in files that sshd reads.
sp_check_inputs() {
    case $sp_grant in '' | *[!0-9a-z]*) sp_bad_input sp_grant ;; esac
    case ${sp_access-sftp} in sftp | sftp-read-only | ssh) ;; *) sp_bad_input sp_access ;; esac
    case ${sp_expiry_form-none} in utc | local | none) ;; *) sp_bad_input sp_expiry_form ;; esac
    # CIDR blocks.
    case ${sp_from-} in *[!0-9A-Fa-f.:/,]*) sp_bad_input sp_from ;; esac
    case ${sp_path-} in
        *[[:cntrl:]]*) sp_refuse bad-input 'The path of the shop folder has a control character.' ;;
        '' | /*) ;;
        *) sp_refuse bad-input 'The shop folder is not an absolute path.' ;;
    esac
    sp_key_input sp_public_key "${sp_public_key-}"
    sp_key_input sp_check_key "${sp_check_key-}"
    sp_number sp_deadline "${sp_deadline-0}"
    case ${sp_tag:=} in *[!0-9a-z]*) sp_bad_input sp_tag ;; esac
    case ${sp_at_end:=kill} in kill | drain) ;; *) sp_bad_input sp_at_end ;; esac
    sp_number sp_drain "${sp_drain:=0}"
    sp_number sp_walk_seconds "${sp_walk_seconds:=0}"
    sp_number sp_uses_from "${sp_uses_from:=0}"
    case ${sp_baseline_digest:=} in *[!0-9a-f]*) sp_bad_input sp_baseline_digest ;; esac
    sp_number sp_check_until "${sp_check_until:=0}"
    case ${sp_trial:=} in *[!0-9a-z]*) sp_bad_input sp_trial ;; esac
}

# A stalled client must not open what was decided too long ago.
sp_fence() {
    sp_number sp_not_after "$sp_not_after"
    sp_now=$(date +%s)
    [ "$sp_now" -le "$sp_not_after" ] ||
        sp_refuse too-late 'The request reached the server after its own time limit; nothing was done.'
    sp_uptime
    sp_fence_up=$sp_up
}

# Sets sp_up to the seconds since the server started, or to nothing. No process is started for it,
# and nobody sets that clock.
sp_uptime() {
    local idle
    sp_up=''
    [ ! -r /proc/uptime ] || read -r sp_up idle 2>/dev/null </proc/uptime || sp_up=''
    sp_up=${sp_up%%.*}
    case $sp_up in *[!0-9]*) sp_up='' ;; esac
}

# sp_note_ended PREFIX NOTHING_WAS_MADE: an `open` that is still on its way must not make what was
# closed before it arrived. Where nothing had been made yet, closing leaves a note, with the time
# until which such a request may start; notes whose time is over go.
sp_note_ended() {
    local note limit
    case $sp_not_after in '' | *[!0-9]*) sp_not_after=0 ;; esac
    # A time of some moments ago keeps a note longer, and nothing else.
    sp_now=${sp_asked_at:-$(date +%s)}
    set +f
    for note in "$1"*; do
        limit=''
        [ ! -f "$note" ] || read -r limit <"$note" || :
        case $limit in '' | *[!0-9]*) ;; *) [ "$limit" -ge "$sp_now" ] || rm -f -- "$note" ;; esac
    done
    set -f
    [ "$2" = true ] && [ "$sp_not_after" -ge "$sp_now" ] || return 0
    printf '%s\n' "$sp_not_after" >"$1$sp_grant"
}

sp_not_ended() {
    [ ! -e "$1$sp_grant" ] || sp_refuse too-late 'This grant was closed before the request to open it arrived; nothing was done.'
}

# sp_late: whether that time is over. Asked again right before every step that lets somebody in.
sp_late() {
    sp_uptime
    if [ -n "$sp_up" ] && [ -n "$sp_fence_up" ]; then
        # Both clocks were cut to whole seconds: the doubt is ours.
        [ $((sp_now + sp_up - sp_fence_up)) -ge "$sp_not_after" ]
    else
        [ "$(date +%s)" -gt "$sp_not_after" ]
    fi
}
sp_late_id=too-late
sp_late_why='The time limit of the request ran out on the server before the decisive step.'
