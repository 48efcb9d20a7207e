# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Open.

# Sets sp_home.
sp_plan_home() {
    local homes=/home line
    if [ -r /etc/default/useradd ]; then
        while IFS= read -r line; do
            case $line in HOME=/?*) homes=${line#HOME=} ;; esac
        done </etc/default/useradd
    fi
    sp_home=${sp_rec_home:-$homes/$sp_account}
}

# The first file sshd reads for this account that nobody else's key is in. Sets sp_keys, and sp_keys_dir (a folder to be
# made for it, or empty).
sp_plan_keys() {
    local entry file
    sp_keys='' sp_keys_dir=''
    [ -n "$sp_public_key$sp_check_key" ] || return 0
    for entry in ${sp_s_keys:-.ssh/authorized_keys}; do
        [ "$entry" != none ] || continue
        # The number of an account that is not made yet is not known.
        sp_key_path "$entry" "$sp_home" "$sp_account" || continue
        file=$sp_v
        case $file in
            "$sp_home"/*) ;;
            /*"$sp_account"*)
                # A file outside the home: its folder must be there, or the folder above that.
                [ -z "$sp_keys" ] || continue
                sp_keys_dir=${file%/*}
                if [ -d "$sp_keys_dir" ]; then
                    sp_keys_dir=''
                elif [ ! -d "${sp_keys_dir%/*}" ]; then
                    continue
                fi
                sp_keys=$file
                continue
                ;;
            /*) continue ;;
            *) file=$sp_home/$file ;;
        esac
        sp_keys=$file sp_keys_dir=''
        break
    done
    [ -n "$sp_keys" ] || sp_refuse no-key-file "This sshd reads no key file that belongs to one account (AuthorizedKeysFile $sp_s_keys); use a password, or let sshd read .ssh/authorized_keys."
    case $sp_keys in
        "$sp_home"/*) ;;
        *)
            if [ -e "$sp_keys" ] && [ "$sp_rec_keys" != "$sp_keys" ]; then
                sp_refuse key-file-exists "There is a key file at $sp_keys already, and it is not of this grant."
            fi
            ;;
    esac
}

# What the gate is told.
sp_plan_inside() {
    sp_g_shell=/bin/sh sp_g_alone=1
    [ ! -x /bin/bash ] || sp_g_shell=/bin/bash
    sp_g_start=$sp_real
    sp_g_folder=${sp_real:-$sp_home}
    sp_g_alias=${sp_path%/}
    case $sp_g_alias/ in "$sp_real"/ | */../* | */./* | *//*) sp_g_alias='' ;; esac
}

# The gate is the login shell where sshd starts it, so that no way in leads past it; Dropbear wants one
# of /etc/shells, and so does PAM where it was told to. Sets sp_shell.
sp_plan_shell() {
    local asking
    asking=$(grep -ls -e '^[^#]*pam_shells' /etc/pam.d/sshd /etc/pam.d/common-auth /etc/pam.d/common-account /etc/pam.d/system-auth) || :
    case $sp_gate:$sp_kind:$asking in
        true:openssh:)
            sp_shell=$sp_dir/gate
            return 0
            ;;
        true:*)
            sp_shell=$sp_g_shell
            return 0
            ;;
    esac
    case $sp_access:$sp_has_password in
        ssh:*) sp_shell=$sp_g_shell ;;
        *:1)
            sp_shell=$sp_server
            [ -n "$sp_server" ] || sp_refuse_new no-sftp-server 'A password for SFTP alone needs the sftp-server program, and this server has none; use a key.'
            ;;
        *)
            for sp_shell in /usr/sbin/nologin /sbin/nologin /bin/false; do
                [ ! -x "$sp_shell" ] || break
            done
            ;;
    esac
}

# What stands in front of a password login. Sets sp_door and sp_door_why.
sp_plan_door() {
    sp_door=none sp_door_why=''
    [ "$sp_has_password" = 1 ] || return 0
    if [ "$sp_gate" != true ]; then
        sp_door_why=$sp_gate_why
        return 0
    elif [ "$sp_kind" != openssh ]; then
        sp_door_why='This is not OpenSSH.'
        return 0
    fi
    if sp_drop_in_install "$sp_name"; then
        sp_door=drop-in
        return 0
    fi
    sp_door_why=$sp_drop_in_why
    case $sp_shell:$sp_s_ok:$sp_s_sftp in
        *:true:internal-sftp* | *:false:*) sp_door_why="$sp_door_why sshd serves SFTP by itself, past the login shell." ;;
        "$sp_dir/gate":*) sp_door='shell' ;;
    esac
}
