# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Open and update.

# The hash as it comes is one that a password file can hold, and that the server knows.
sp_web_hash_fit() {
    case $sp_secret in
        '') sp_refuse no-credential 'A password is to be set, and none was given.' ;;
        *[!A-Za-z0-9./\$]*) sp_refuse bad-input 'The hash of the password is not one of crypt(3).' ;;
        \$2y\$[0-9][0-9]\$?*) ;;
        \$6\$?*) ;;
        *) sp_refuse bad-input 'The password was not hashed, or in a way that is not known here ($2y$ and $6$ are).' ;;
    esac
    unset -f printf 2>/dev/null || :
    case $(type printf) in
        *builtin*) ;;
        *) sp_refuse shell-unfit 'This shell has no printf of its own, so a password would show in the list of processes.' ;;
    esac
    sp_has sha256sum || sp_refuse no-sha256sum 'This server has no sha256sum program, by which the user is known again. Install coreutils.'
}

sp_open() {
    sp_web_inputs
    sp_fence
    sp_web_hash_fit
    sp_user_lock
    sp_tools
    sp_not_ended "$sp_state/ended."
    # The lock may have been waited for.
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_web_read_record
    sp_user_was=$sp_recorded
    sp_web_find
    sp_web_taken
    [ -z "$sp_unfit_id" ] || sp_refuse "$sp_unfit_id" "$sp_unfit_why"
    if [ -n "$sp_rec_file" ] && [ "$sp_rec_file" != "$sp_file" ]; then
        sp_refuse password-file-moved "This grant was begun in $sp_rec_file, and the site takes passwords from $sp_file now. Close it first."
    fi
    sp_web_scheme
    case $sp_scheme:$sp_secret in
        sha512:\$2*) sp_refuse hash-not-known 'The web server asks the crypt(3) of this server, which does not know bcrypt. A hash of SHA-512 ($6$) is needed.' ;;
    esac
    sp_result_purge
    [ "$sp_recorded" = 1 ] || sp_result_drop
    sp_web_digest "$sp_secret"
    case " $sp_rec_digests " in *" $sp_v "*) ;; *) sp_rec_digests="$sp_rec_digests $sp_v" ;; esac
    sp_web_write_record || sp_user_refuse_new no-room "Nothing can be written to $sp_state (a full or read-only disk)."
    sp_failsafe_install || sp_user_refuse_new no-room 'The failsafe could not be written (a full or read-only disk).'
    # Where nothing starts it, somebody may.
    [ "$sp_failsafe" != none ] || sp_failsafe_write || sp_user_refuse_new no-room 'The failsafe could not be written (a full disk).'
    sp_settle
    # Until here nobody can log in.
    sp_web_put
    sp_web_say_made
    sp_flush
}

# The entry, as the last step.
sp_web_put() {
    local ended=0
    sp_web_edit put "$sp_file" || ended=$?
    case $ended in
        0) ;;
        1) sp_user_refuse_new no-password-file "$sp_file is not there any more." ;;
        2) sp_user_refuse_new no-room "A new $sp_file could not be written (a full disk, or attributes that cannot be kept); the old one is as it was." ;;
        3) sp_user_refuse_new read-only "$sp_file cannot be replaced (a read-only or protected file system)." ;;
        5) sp_user_refuse_new "$sp_late_id" "$sp_late_why" ;;
        6) sp_user_refuse_new "$sp_unfit_id" "$sp_unfit_why" ;;
        *) sp_user_refuse_new password-file-busy "$sp_file changed eight times while it was being edited. Try again." ;;
    esac
    sp_changed=1
}

sp_web_say_made() {
    sp_say account "$sp_account"
    sp_say password_file "$sp_file"
    sp_say password_file_link "$sp_linked"
    sp_say web_server "${sp_web_by%% *}"
    sp_say_lines realm "$sp_web_realms"
    sp_say_lines site "$sp_web_sites"
    sp_web_shared
    sp_say_lines shared_with "$sp_web_others"
    sp_say shop_path "$sp_real"
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
}

# The failsafe reads the new end from a file, and fires in vain where it is early. An entry that lost its mark gets it back; one
# that is gone cannot be made again without the hash, which is nowhere else.
sp_update() {
    sp_web_inputs
    sp_fence
    sp_user_lock
    sp_web_read_record
    [ -n "$sp_rec_file" ] || sp_refuse record-missing "There is no record of this grant in $sp_record."
    sp_web_find
    [ -z "$sp_unfit_id" ] || sp_refuse "$sp_unfit_id" "$sp_unfit_why"
    [ "$sp_file" = "$sp_rec_file" ] || sp_refuse password-file-moved "The site takes passwords from $sp_file now, and the user is in $sp_rec_file. Take it away and grant it again."
    sp_web_hold "$sp_file" || sp_refuse no-password-file "$sp_file is not there any more."
    sp_web_scan
    [ -n "$sp_web_hash" ] || sp_refuse entry-absent "The user $sp_account is not in $sp_file any more as it was made. Take it away and grant it again."
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_secret=$sp_web_hash sp_user_was=1
    sp_web_put
    sp_secret=''
    sp_tidy
    sp_ends_write || sp_fail no-room 'The new end could not be written (a full or read-only disk).'
    sp_failsafe_install || sp_fail no-room 'The failsafe could not be written (a full or read-only disk).'
    sp_settle
    sp_say account "$sp_account"
    sp_say password_file "$sp_file"
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_flush
}
