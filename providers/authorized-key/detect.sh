# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Verbs.

sp_detect() {
    local dangles=false writable=true
    sp_check_inputs
    sp_facts ''
    sp_account=''
    sp_pick_file
    sp_file='' sp_target='' sp_keys_dir=''
    [ -z "$sp_pick" ] || sp_at "$sp_pick" || dangles=true
    sp_say keys_file "$sp_file"
    sp_say keys_file_assumed "$sp_assumed"
    sp_bool keys_file_exists [ -e "$sp_file" ]
    sp_bool keys_file_link [ -L "$sp_file" ]
    if [ -z "$sp_file" ] || [ "$dangles" = true ]; then
        writable=false
    elif [ -e "$sp_file" ]; then
        [ -w "$sp_file" ] || writable=false
    elif [ -e "$sp_keys_dir" ]; then
        [ -w "$sp_keys_dir" ] || writable=false
    elif [ ! -w "${sp_keys_dir%/*}" ]; then
        writable=false
    fi
    sp_say keys_file_writable "$writable"
    if [ "$dangles" = true ]; then sp_pick=''; fi
    sp_survey
    sp_say same_key_kept "$sp_same_kept"
    sp_say same_key_foreign "$sp_same_foreign"
    sp_say key_lines "$sp_ours"
    sp_detect_guard
    sp_say supported "$writable"
    if [ "$writable" = false ]; then
        sp_say reason_id keys-file-read-only
        sp_say reason 'The key file of this account cannot be written by it.'
    fi
    sp_flush
}

# What could end the access by itself here. Nothing is made for it.
sp_detect_guard() {
    local can_confine=false
    sp_say server_kind "$sp_kind"
    sp_place
    sp_sftp_server
    if [ -z "$sp_base" ]; then
        sp_place_why='The home folder of this account is not its own to write in.'
    elif sp_shell_fit; then
        case $sp_access:$sp_server in
            sftp*:) sp_place_why='This server has no sftp-server program, which the gate would start.' ;;
        esac
    fi
    sp_bool can_gate [ -z "$sp_place_why" ]
    sp_say gate_reason "$sp_place_why"
    sp_failsafe=none sp_failsafe_why='The home folder of this account is not its own to write in.' sp_cron_why=''
    [ -z "$sp_base" ] || sp_failsafe_plan
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "${sp_cron_why:-$sp_failsafe_why}"
    sp_confine_why=''
    if [ "$sp_access" = ssh ]; then
        sp_confine_why='The access includes a shell, which cannot be shut in.'
    elif [ "$sp_uid" = 0 ]; then
        sp_confine_why='It is an account of root.'
    elif [ -z "$sp_path" ]; then
        sp_confine_why='No folder was named.'
    elif [ -n "$sp_place_why" ]; then
        # It is the gate that shuts in.
        sp_confine_why=$sp_place_why
    elif sp_can_confine; then
        can_confine=true
    fi
    sp_say can_confine "$can_confine"
    sp_say confine_reason "$sp_confine_why"
    sp_root_by
    sp_say root_by "$sp_v"
    sp_say drop_in false
    sp_say drop_in_reason 'There is no password here that it would be for.'
}

# Sets sp_v to what makes whoever is this account root as well, as far as it is known; nothing is
# tried. A supporter with a shell here, or with SFTP that is not shut in, can do it too.
sp_root_by() {
    local by='' rule one
    sp_v=''
    [ "$sp_uid" != 0 ] || return 0
    if sp_has sudo; then
        set -- sudo -n -l
        ! sp_has timeout || set -- timeout 10 "$@"
        rule=$("$@" 2>/dev/null </dev/null 9>&- | awk '
            /!authenticate/ { free = 1 }
            /^ *\(/ && (/NOPASSWD:/ || free) && /\((ALL|root)[ :,)]/ { sub(/^ *\([^)]*\) */, ""); print substr($0, 1, 100); exit }') || :
        [ -z "$rule" ] || by="sudo without a password, $rule"
    fi
    for one in $(id -Gn 2>/dev/null); do
        case $one in
            docker | lxd | lxc | incus | incus-admin | microk8s | libvirt | disk | kmem | shadow) by="$by${by:+; }the group $one" ;;
        esac
    done
    # Whoever says what these services start is root, or writes below everything.
    for one in /run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock /run/crio/crio.sock \
        /var/lib/lxd/unix.socket /var/snap/lxd/common/lxd/unix.socket /var/lib/incus/unix.socket; do
        if [ -S "$one" ] && [ -w "$one" ]; then by="$by${by:+; }the socket $one"; fi
    done
    set +f
    for one in /dev/sd* /dev/vd* /dev/xvd* /dev/nvme* /dev/mmcblk* /dev/dm-* /dev/md*; do
        if [ -b "$one" ] && { [ -w "$one" ] || [ -r "$one" ]; }; then
            by="$by${by:+; }the disk $one"
            break
        fi
    done
    set -f
    for one in /etc /etc/passwd /etc/shadow /etc/sudoers /etc/sudoers.d /etc/crontab /etc/cron.d /etc/pam.d /etc/systemd/system \
        /etc/ld.so.preload /root /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do
        if [ -w "$one" ]; then by="$by${by:+; }writing $one"; fi
    done
    sp_v=$by
}
