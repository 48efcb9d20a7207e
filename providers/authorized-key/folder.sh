# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The folder of the grant.

# ~/.stagepass/<grant>: the gate and what it needs, the failsafe, the list of what was there before.
# Sets sp_base and sp_dir; empty where the home folder is not this account's to write in. The failsafe
# gets them with its inputs, because cron may be told another HOME.
sp_failsafe_inputs="$sp_failsafe_inputs opened confined_then base dir uid me my_home"
sp_place() {
    sp_base='' sp_dir=''
    case $sp_my_home in '' | / | [!/]* | *[[:cntrl:]]*) return 0 ;; esac
    if [ ! -d "$sp_my_home" ] || [ ! -O "$sp_my_home" ] || [ ! -w "$sp_my_home" ]; then return 0; fi
    sp_base=$sp_my_home/.stagepass
    sp_dir=$sp_base/$sp_grant
}

# One at a time: whoever changes anything of a grant in this account holds ~/.stagepass, which nobody else
# can open (whoever can open a folder can lock it), made for that where it is not there. The failsafe,
# which no sshd tells of a key file, knows it as well. Where it cannot be made: the home folder, or, where
# that is not the account's own, the folder of the picked file, as far as it exists.
sp_lock_keys() {
    sp_lock_folder
    [ -z "$sp_v" ] || sp_lock "$sp_v"
}

# Sets sp_v to the folder to hold, or to nothing. Sets sp_lock_makes for lib/lock.sh.
sp_lock_folder() {
    sp_v='' sp_lock_makes=''
    if [ -n "$sp_base" ]; then
        sp_v=$sp_my_home
        if [ ! -L "$sp_base" ]; then
            mkdir -m 0700 -- "$sp_base" 2>/dev/null || :
            if [ -d "$sp_base" ] && [ -O "$sp_base" ]; then sp_v=$sp_base sp_lock_makes=1; fi
        fi
    elif [ -d "$sp_keys_dir" ]; then
        sp_v=$sp_keys_dir
    fi
}

# sp_lock_try: the same without waiting. Ends with 1 where somebody holds it, or nobody can tell.
sp_lock_try() {
    local folder
    sp_lock_folder
    folder=$sp_v
    [ -n "$folder" ] || return 0
    if ! sp_has flock; then
        [ ! -e "$folder/.stagepass-lock" ] || return 1
        sp_busy=0
        sp_lock_by_name "$folder/.stagepass-lock"
        return 0
    fi
    [ -r "$folder" ] || return 1
    exec 9<"$folder"
    # shellcheck disable=SC3013 # every sh named above has -ef
    if flock -n 9 2>/dev/null && { [ ! -d /proc/self/fd ] || [ /proc/self/fd/9 -ef "$folder" ]; }; then
        sp_held=1
        return 0
    fi
    exec 9<&-
    return 1
}

# Makes the folder, or sets sp_place_why.
sp_make_place() {
    sp_place_why=''
    if [ -z "$sp_base" ]; then
        sp_place_why='The home folder of this account is not its own to write in.'
    elif [ -L "$sp_base" ] || { [ -e "$sp_base" ] && { [ ! -d "$sp_base" ] || [ ! -O "$sp_base" ]; }; }; then
        sp_place_why="$sp_base is not a folder of this account."
    else
        [ -d "$sp_dir" ] || sp_new_place=1
        mkdir -p -- "$sp_base" "$sp_dir" 2>/dev/null || sp_no_space
        chmod 0700 -- "$sp_base" "$sp_dir" 2>/dev/null || sp_no_space
    fi
    [ -z "$sp_place_why" ]
}

sp_no_space() { sp_refuse no-room "There is no room in $sp_my_home (full disk or quota); nothing was opened or changed."; }

# What sshd runs is `SHELL -c COMMAND`, and what the profile of that shell prints comes before what
# the gate says. Sets sp_place_why where no gate can stand behind it, and sp_noisy.
sp_shell_fit() {
    local said
    sp_noisy=0 sp_place_why=''
    sp_passwd "$sp_uid"
    sp_my_shell=${sp_t%%"$sp_nl"*}
    sp_my_shell=${sp_my_shell##*:}
    [ -n "$sp_my_shell" ] || sp_my_shell=/bin/sh
    case ${sp_dir:-$sp_my_home} in
        *[!A-Za-z0-9._/@+,:-]*)
            sp_place_why='The path of the home folder has a character that shells may read in their own way.'
            return 1
            ;;
    esac
    set --
    ! sp_has timeout || set -- timeout 10
    # A program that a profile leaves behind may keep open what it was given.
    said=$("$@" env -i "HOME=$sp_my_home" "USER=$sp_me" "LOGNAME=$sp_me" "SHELL=$sp_my_shell" PATH=/usr/local/bin:/usr/bin:/bin \
        'SSH_CLIENT=127.0.0.1 1 22' 'SSH_CONNECTION=127.0.0.1 1 127.0.0.1 22' \
        "$sp_my_shell" -c "/bin/sh -c 'echo stagepass-was-here'" 2>/dev/null 9>&- | "$@" sed '/stagepass-was-here$/q' | tail -c 1000) || :
    case $said in
        stagepass-was-here) ;;
        *stagepass-was-here)
            sp_noisy=1
            [ "$sp_access" = ssh ] ||
                sp_place_why='The profile of this account prints something at every login, which breaks SFTP through the gate.'
            ;;
        *) sp_place_why="The login shell of this account ($sp_my_shell) does not do what it is told." ;;
    esac
    [ -z "$sp_place_why" ]
}

# What ends the access by itself, before there is any. Sets everything that sp_tell says of it.
sp_guard() {
    sp_gate=false sp_gate_why='' sp_failsafe=none sp_failsafe_why='' sp_confined=false sp_confine_why=''
    if ! sp_make_place; then
        sp_gate_why=$sp_place_why sp_failsafe_why=$sp_place_why sp_confine_why=$sp_place_why
        return 0
    fi
    sp_ends_was=''
    [ ! -f "$sp_dir/ends" ] || sp_ends_was=$(cat "$sp_dir/ends")
    sp_g_start=$sp_start sp_g_folder=$sp_start sp_g_alias=''
    [ "$sp_path" = "$sp_start" ] || sp_g_alias=$sp_path
    sp_shell_fit || :
    sp_g_shell=$sp_my_shell
    sp_gate_install || sp_no_space
    if [ "$sp_gate" = true ] && [ -n "$sp_place_why" ]; then sp_gate=false sp_gate_why=$sp_place_why; fi
    if [ "$sp_gate" = true ]; then
        # What a connection leaves behind is found by the id of its login.
        [ -e "$sp_dir/logins" ] || { : >"$sp_dir/logins"; } 2>/dev/null || sp_no_space
        sp_gate_confine
        [ "$sp_noisy" = 0 ] || sp_gate_why='The profile of this account prints something at every login: SFTP may not work through the gate.'
    else
        sp_gate_remove
        sp_confine_why=$sp_gate_why
    fi
    sp_ends_write || sp_no_space
}

# sp_guard_failsafe install|write: it looks where we looked, without an sshd to ask.
sp_guard_failsafe() {
    local file_given="$sp_keys_file" before_given="$sp_same_key_before"
    if [ -z "$sp_dir" ] || [ ! -d "$sp_dir" ]; then return 0; fi
    sp_keys_file=$sp_file
    if [ -z "$sp_same_key_before" ]; then
        sp_same_key_before=0
        [ "$sp_foreign_before" = false ] || sp_same_key_before=1
    fi
    if [ "$1" = install ]; then
        sp_cron_why=''
        sp_failsafe_install || sp_no_space
    else
        sp_failsafe_write || sp_no_space
        sp_settle
    fi
    if [ "$sp_failsafe" = none ] && [ -n "$sp_cron_why" ]; then sp_failsafe_why=$sp_cron_why; fi
    sp_keys_file=$file_given sp_same_key_before=$before_given
}

# Nothing was let in: what was made for it goes again, and the end is what it was.
sp_undo() {
    [ -n "${sp_guarding:-}" ] && [ -z "${sp_changed:-}" ] || return 0
    sp_guarding=''
    if [ "${sp_new_place:-0}" = 1 ]; then
        sp_failsafe_remove || :
        sp_drop "$sp_dir"
        rmdir -- "$sp_base" 2>/dev/null || :
    elif [ -n "${sp_ends_was:-}" ]; then
        sp_put "$sp_dir/ends" 644 "$sp_ends_was$sp_nl" || :
    fi
}
