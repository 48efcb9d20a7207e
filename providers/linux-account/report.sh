# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Whether the name of the account stands in a list of accounts, as one or as a member.
sp_named_somewhere() {
    grep -qs -e "^$sp_account:" -e "[:,]$sp_account\(,.*\)\{0,1\}\$" /etc/passwd /etc/shadow /etc/subuid /etc/subgid /etc/group /etc/gshadow
}

# Sets sp_lines to the lists of accounts in which a name that nobody has any more still stands. A group of that name that is
# not of this grant is no matter.
sp_lines_left() {
    local one member group name
    sp_lines=''
    [ "$sp_found" = 0 ] || return 0
    # Looked at when the account had been deleted.
    [ "${sp_nowhere:-0}" = 0 ] || return 0
    sp_named_somewhere || return 0
    for one in passwd shadow subuid subgid; do
        ! grep -qs "^$sp_account:" "/etc/$one" || sp_lines="$sp_lines /etc/$one"
    done
    member="^[^:]*:.*[:,]$sp_account\(,.*\)\{0,1\}\$"
    # What root made of the account, under another name, has its group still, and nobody can delete that.
    group=${sp_rec_gid:-none}
    ! grep -qs "^[^:]*:[^:]*:[^:]*:$group:" /etc/passwd || group=none
    ! grep -qs -e "^$sp_account:[^:]*:$group:" -e "$member" /etc/group || sp_lines="$sp_lines /etc/group"
    name="^$sp_account:"
    ! grep -qs "$name" /etc/group || name=$member
    ! grep -qs -e "$name" -e "$member" /etc/gshadow || sp_lines="$sp_lines /etc/gshadow"
}

# sp_close_note NOTHING_WAS_MADE
sp_close_note() {
    local refused=false
    sp_note_ended "$sp_state/ended." "$1"
    # An open that had begun was waited for, one that has not will be turned away.
    if [ "$1" = false ] || [ "$sp_not_after" != 0 ]; then refused=true; fi
    sp_say late_open_refused "$refused"
}

sp_close_again() {
    local nothing=true
    [ "$sp_recorded" = 0 ] || nothing=false
    sp_close_note "$nothing"
    sp_say already_absent true
    sp_bool foreign [ "$sp_found$sp_ours" = 10 ]
    sp_bool result_kept true
    sp_result_replay
    sp_forget
    sp_failsafe_absent || sp_fail failsafe-left "${sp_cron_why:-The failsafe is still there.}"
    sp_flush
}

sp_close_report() {
    local nothing=false
    [ "$sp_recorded$sp_found" != 00 ] || nothing=true
    sp_close_note "$nothing"
    sp_close_say_done
    sp_close_say_gone
    sp_close_doors
    # Reached only when everything above was re-read as gone.
    sp_say failsafe_absent true
    sp_result_keep "$nothing"
    sp_forget
    sp_result_flush
}

# What was ended and changed, and what of it is not as it was.
sp_close_say_done() {
    sp_say mark_changed "$sp_had_no_mark"
    sp_say already_absent "$sp_absent"
    sp_say foreign "$sp_foreign"
    # An account of another name without our mark that has our id: renamed by root, or made anew.
    sp_bool id_taken [ "$sp_taken" = 1 ]
    sp_say sessions_ended "$sp_sessions"
    sp_say reowned "$sp_reowned"
    sp_say deleted_outside "$sp_deleted"
    sp_say planted_removed "$sp_planted"
    sp_say acl_left "$sp_acl_left"
    sp_say processes "$sp_left"
    # What nobody can tell is said, and never taken for none.
    if [ "$sp_unattributed" = 0 ]; then sp_say sessions_left 0; else sp_say sessions_left unknown; fi
    sp_uses
    sp_say_difference
    sp_say_lines left "$sp_rest"
    sp_say left_total "$sp_rest_total"
    sp_say left_partial "$sp_rest_partial"
}

# What is gone, read again. It fails where something is left.
sp_close_say_gone() {
    local home=true keys=true
    # Its name was looked for in all lists when the account had been deleted, and there are no others.
    if [ "${sp_turn:+${sp_files_alone:-}}${sp_nowhere:-0}" = 11 ]; then sp_found=0 sp_ours=0; else sp_look; fi
    sp_lines_left
    sp_bool account_absent [ "$sp_ours" = 0 ]
    if [ -n "$sp_home" ] && [ -e "$sp_home" ]; then home=false; fi
    sp_say home_absent "$home"
    if [ "$sp_foreign" = true ]; then
        ! sp_our_keys || keys=false
    elif [ -n "$sp_rec_keys" ] && [ -e "$sp_rec_keys" ]; then
        keys=false
    fi
    sp_say keys_absent "$keys"
    [ "$sp_ours" = 0 ] || sp_fail account-left "The account is still there: $(printf '%s' "${sp_said_userdel:-}" | tr -s '\000-\037' ' ' | cut -c 1-200)"
    [ "$sp_left" = 0 ] || sp_fail processes-left 'Processes of the account still run.'
    [ -z "$sp_lines" ] || sp_fail lines-left "The account is deleted, and its name still stands in$sp_lines, which could not be replaced."
    [ -z "$sp_mounted" ] || sp_fail mounted-below "Something is mounted on $sp_mounted; unmount it, and close again. Nothing of the home folder was removed."
    [ "$home$keys" = truetrue ] || sp_fail files-left "The home or the key file is still there: $(find "$sp_home" "$sp_rec_keys" -depth 2>/dev/null | head -n 1)"
    [ "$sp_acl_failed" = false ] || sp_fail acl-left "Taking the entries off the shop folder failed. $([ -n "${sp_shared:-}" ] || getfacl -E -n -p -s -R -P -- "$sp_rec_path" 2>/dev/null | awk -F '\n' -v RS= "/user:$sp_id:/ {print \$1;exit}")"
}

# What stood in front of the account.
sp_close_doors() {
    local drop_in=true gate=true
    sp_drop_in_remove
    sp_gate_remove "$sp_limits" "$sp_limits.new"
    ! sp_drop_in_present || drop_in=false
    sp_say drop_in_absent "$drop_in"
    ! sp_gate_present || gate=false
    sp_say gate_absent "$gate"
    sp_limits_drop
    [ ! -e "$sp_limits" ] || sp_fail files-left "$sp_limits could not be deleted."
}
