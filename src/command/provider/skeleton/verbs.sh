# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# In which order things happen. Each step stands where it stands for a reason, which is said; change what is made in
# provider.sh, and this file only where you know why.
#
# Whatever is killed, cut off or out of power at any line here leaves either nothing, or a record and a job on the server that
# end it at the deadline. `open` and `close` may come again and again, and do what is left to do.

# Root's folder, where every grant has one of its own: the record, the deadline, and the failsafe that closes at it.
sp_state=/var/lib/stagepass
sp_base=$sp_state
sp_dir=$sp_base/$sp_grant

# Nobody is "in" a file: at the deadline there is nobody to wait for. Where your layer has sessions, end them in own_take.
sp_in_use() { return 1; }

# What every verb begins with: what it is told is looked at before it is believed.
own_begin() {
    sp_check_inputs
    case $sp_account in '' | *[!A-Za-z0-9_.-]*) sp_refuse bad-account 'The name is not made of letters, digits, _, . and -.' ;; esac
    sp_whoami
    [ "$sp_uid" = 0 ] || sp_refuse not-root 'This needs root, and the login of stagepass is not root here.'
}

# One verb at a time on this server, for the whole verb: what is looked at must not change before it is acted on.
own_lock() {
    [ -d "$sp_state" ] || mkdir -p -- "$sp_state" || sp_fail no-lock "There is no $sp_state, and it cannot be made."
    sp_lock "$sp_state"
}

# ---- the record ----------------------------------------------------------------------------------

# Sets sp_recorded to whether this grant has one.
own_read_record() {
    sp_recorded=0
    [ -d "$sp_dir" ] || return 0
    sp_recorded=1
    [ ! -e "$sp_dir/record" ] || grep -qsx 'provider=@NAME@' "$sp_dir/record" || sp_refuse record-foreign "The record in $sp_dir is of another kind of access with the same id."
}

# What is to be made, before it is made: `made` is all of it, by which `check` sees whether it was changed.
own_write_record() {
    mkdir -p -- "$sp_dir" 2>/dev/null && chmod 711 -- "$sp_state" || return 1
    sp_put "$sp_dir/record" 600 "provider=@NAME@${sp_nl}account=$sp_account${sp_nl}tag=$sp_tag${sp_nl}file=$own_file$sp_nl" || return 1
    sp_put "$sp_dir/made" 600 "$own_text" || return 1
    # It is to be there after a power cut if anything of what it names is.
    sp_settle "$sp_dir/record" "$sp_dir/made" "$sp_dir" "$sp_state"
}

# The last to go, and of it the failsafe last: what is cut off before that is done again by the server itself.
own_forget() {
    [ ! -d "$sp_dir" ] || sp_settle "$sp_state/result.$sp_grant" "$sp_state" "$sp_dir"
    # Asked to go is not gone.
    if ! sp_failsafe_remove || ! sp_failsafe_absent; then
        sp_changed=1
        return 0
    fi
    [ ! -d "$sp_dir" ] || sp_drop "$sp_dir"
}

# own_refuse_new ID SENTENCE: before anything could be used. What was there of this grant before this verb stays.
own_refuse_new() {
    if [ "$own_was" = 0 ]; then
        own_take
        own_forget
    fi
    sp_refuse "$1" "$2"
}

# ---- the verbs -----------------------------------------------------------------------------------

# Looks, and changes nothing.
sp_detect() {
    sp_check_inputs
    sp_whoami
    sp_say uid "$sp_uid"
    # A deadline is kept by the server's clock: stagepass has to know how far it is from its own.
    sp_say clock "$(date +%s)"
    sp_say folder "$own_folder"
    # What would end it without anybody. Without one, whoever grants has to accept that.
    sp_failsafe_plan
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    own_fit
    sp_bool supported [ -z "$own_unfit_id" ]
    if [ -n "$own_unfit_id" ]; then
        sp_say reason_id "$own_unfit_id"
        sp_say reason "$own_unfit_why"
    fi
    sp_flush
}

# Makes everything, or finishes what an earlier `open` of this grant left half done.
sp_open() {
    own_begin
    # A request that was stopped for an hour on its way must not open what was closed meanwhile.
    sp_fence
    own_lock
    # Nor one whose grant was closed before it arrived.
    sp_not_ended "$sp_state/ended."
    # The lock may have been waited for.
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
    own_read_record
    own_was=$sp_recorded
    own_fit
    [ -z "$own_unfit_id" ] || sp_refuse "$own_unfit_id" "$own_unfit_why"
    own_look
    [ "$own_foreign" = false ] || sp_refuse name-taken "$own_file is there already, and is not of this grant."
    sp_result_purge
    [ "$sp_recorded" = 1 ] || sp_result_drop
    own_compose
    # First what knows of it, then what ends it, and only then what somebody could use.
    own_write_record || own_refuse_new no-room "Nothing can be written to $sp_state (a full or read-only disk)."
    sp_failsafe_install || own_refuse_new no-room 'The failsafe could not be written (a full or read-only disk).'
    # Where nothing on this server starts it, somebody may.
    [ "$sp_failsafe" != none ] || sp_failsafe_write || own_refuse_new no-room 'The failsafe could not be written (a full disk).'
    sp_settle
    # Asked once more right before the step that lets somebody in.
    ! sp_late || own_refuse_new "$sp_late_id" "$sp_late_why"
    own_make || own_refuse_new not-made "$own_file could not be made (a full or read-only disk)."
    # From here on it is no refusal any more, which would say that nothing was changed.
    sp_changed=1
    own_say_made
}

# Moves the deadline, and mends what can be mended.
sp_update() {
    own_begin
    sp_fence
    own_lock
    own_read_record
    [ "$sp_recorded" = 1 ] || sp_refuse record-missing "There is no record of this grant in $sp_dir."
    own_look
    [ "$own_present" = true ] || sp_refuse file-absent "$own_file is not there any more. Take this grant away and grant it again."
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
    own_compose
    own_was=1 sp_changed=1
    # The end before what it ends, as in `open`.
    sp_ends_write || sp_fail no-room 'The new end could not be written (a full or read-only disk).'
    sp_failsafe_install || sp_fail no-room 'The failsafe could not be written (a full or read-only disk).'
    own_write_record || sp_fail no-room "Nothing can be written to $sp_state (a full or read-only disk)."
    own_make || sp_fail not-made "$own_file could not be made anew (a full or read-only disk)."
    own_say_made
}

# What is said was read again.
own_say_made() {
    own_look
    [ "$own_present" = true ] || sp_fail not-made "$own_file was made, and is not there."
    sp_say account "$sp_account"
    sp_say file "$own_file"
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_flush
}

# Says how it stands, and changes nothing.
sp_check() {
    own_begin
    own_read_record
    own_look
    sp_say account "$sp_account"
    sp_say file "$own_file"
    sp_say present "$own_present"
    sp_say foreign "$own_foreign"
    sp_bool recorded [ "$sp_recorded" = 1 ]
    sp_bool as_made own_as_made
    sp_bool failsafe_present sp_failsafe_present
    sp_ends_read
    sp_now=$(date +%s)
    sp_bool expired [ "$sp_recorded" = 1 -a "$sp_now" -ge "$sp_end_hard" ]
    sp_say sessions 0
    sp_flush
}

# Takes everything of this grant away, asked by stagepass or by the failsafe (sp_by_server=1). Gone already is success.
sp_close() {
    own_begin
    own_lock
    sp_result_purge
    # The failsafe waited for the lock, too: an extension may have come in between.
    [ "$sp_by_server" = 0 ] || sp_still_due || exit 0
    own_read_record
    # Over for everybody, from this moment on: what cannot be taken away now is tried again by the server itself.
    sp_ends_now || :
    own_look
    own_had=$own_present
    # A close before this one got to its end, and nobody heard it: what it said is said again.
    if [ "$sp_recorded:$own_had" = 0:false ] && sp_result_there; then
        own_close_again
        return 0
    fi
    [ "$own_had" = false ] || sp_changed=1
    own_take
    # What is said from here on was read again.
    own_look
    own_close_report
}

# own_close_note NOTHING_WAS_MADE: where nothing had been made yet, an `open` may still be on its way; a note turns it away.
own_close_note() {
    sp_note_ended "$sp_state/ended." "$1"
    sp_bool late_open_refused [ "$1" = false -o "$sp_not_after" != 0 ]
}

own_close_report() {
    local nothing=false
    [ "$sp_recorded:$own_had" != 0:false ] || nothing=true
    own_close_note "$nothing"
    sp_say account "$sp_account"
    sp_say file "$own_file"
    sp_bool already_absent [ "$own_had" = false ]
    sp_say foreign "$own_foreign"
    # "It is gone" is never said of what was not seen to be gone.
    [ "$own_present" = false ] || sp_fail file-left "$own_file is still there and could not be removed (a read-only or protected file system)."
    sp_say failsafe_absent true
    # What was found is kept on the server until stagepass has written it down, so that no end is lost with a connection.
    sp_result_keep "$nothing"
    own_forget
    sp_result_flush
}

own_close_again() {
    own_close_note false
    sp_say already_absent true
    sp_say foreign "$own_foreign"
    sp_say result_kept true
    sp_result_replay
    own_forget
    sp_failsafe_absent || sp_fail failsafe-left "${sp_cron_why:-The failsafe is still there.}"
    sp_flush
}

# stagepass has written down by now what the last close said: that goes, and nothing else changes.
sp_collected() {
    own_begin
    own_lock
    sp_result_purge
    sp_result_drop
    sp_bool result_kept sp_result_there
    sp_flush
}

# Everything of this provider's on this server, whatever the grant: so that nothing stays that no ledger knows of.
sp_marks() {
    local one
    own_begin
    own_list
    set +f
    set -- "$sp_state"/*/record
    set -f
    for one; do
        ! grep -qsx 'provider=@NAME@' "$one" || own_mark_record "$one"
    done
    set +f
    set -- "$sp_state"/result.*
    set -f
    for one; do
        ! grep -qsF "file=$own_folder/" "$one" || own_say_mark result "${one##*/result.}" - - "$one"
    done
    sp_flush
}

# own_mark_record RECORD: it, and what starts the failsafe beside it.
own_mark_record() {
    local line grant="${1%/record}" account='' tag='' at
    grant=${grant##*/}
    while IFS= read -r line; do
        case $line in
            account=*) account=${line#*=} ;;
            tag=*) tag=${line#*=} ;;
        esac
    done <"$1"
    own_say_mark record "$grant" "$account" "$tag" "${1%/record}"
    for at in "$sp_units/stagepass-$grant.timer" "$sp_units/stagepass-$grant.service"; do
        [ ! -e "$at" ] || own_say_mark unit "$grant" "$account" "$tag" "$at"
    done
    [ ! -e "/etc/cron.d/stagepass-$grant" ] || own_say_mark cron "$grant" "$account" "$tag" "/etc/cron.d/stagepass-$grant"
}

# own_say_mark KIND GRANT ACCOUNT TAG PLACE
own_say_mark() {
    case $2 in '' | *[!0-9a-z]*) return 0 ;; esac
    case ${3:--}${4:--} in *[!A-Za-z0-9_.-]*) return 0 ;; esac
    sp_say mark "$1 $2 ${3:--} ${4:--} - $5"
}
