# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# An account of its own for one supporter. Runs as root.
# Run on: Debian 11 (OpenSSH 8.4p1, shadow 4.8.1, acl 2.2.53), Debian 12 (9.2p1, 4.13, 2.3.1),
# Debian 13 (10.0p2, 4.17, 2.3.2), each under dash, and Debian 12 under bash and busybox ash as well.
#
# The mark of an account is its comment field, `stagepass <grant>`. What else was made is written
# down in /var/lib/stagepass/<grant>, first thing at open, last thing away at close. The home folder
# and the key file are root's, so that the supporter cannot take the restrictions off the key. So are
# the gate, which is the login shell, and the failsafe.

sp_state=/var/lib/stagepass
sp_record=$sp_state/$sp_grant
sp_base=$sp_state
sp_dir=$sp_record
sp_mark="stagepass $sp_grant"
# Of this close alone, whatever the environment says.
sp_looked=0 sp_with_id='' sp_later=0 sp_by_walks=: sp_moved_to=''

sp_account_inputs() {
    sp_check_inputs
    case $sp_account in '' | [!a-z_]* | *[!a-z0-9_-]*) sp_refuse bad-account 'The account name is not made of a-z, 0-9, _ and -, or does not start with a letter.' ;; esac
    [ "${#sp_account}" -le 32 ] || sp_refuse bad-account 'The account name is longer than 32 characters.'
    sp_whoami
    [ "$sp_uid" = 0 ] || sp_refuse not-root 'This needs root, and the login of stagepass is not root here.'
}

# One verb at a time on this server: two grants may meet in one shop folder, and in /etc/passwd.
sp_lock_state() {
    [ -d "$sp_state" ] || mkdir -p -- "$sp_state" || {
        "${sp_never_waits:-:}"
        sp_fail no-lock "There is no $sp_state, and it cannot be made."
    }
    sp_lock "$sp_state"
}
