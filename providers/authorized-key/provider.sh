# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# A key line in the account stagepass logs in with. Needs no root.
# Run on: Debian 11 (OpenSSH 8.4p1), Debian 12 (9.2p1), Debian 13 (10.0p2), each under dash, and
# Debian 12 under bash and busybox ash as well.
#
# Our lines are those whose comment is exactly `stagepass:<grant>`; no other line is ever changed.
# Three comment lines of ours say how to give the file back as it was:
#   `# stagepass: file made`, `# stagepass: file and folder made`, `# stagepass: newline added above`.
# They go with the last of our key lines.

sp_note_file='# stagepass: file made'
sp_note_folder='# stagepass: file and folder made'
sp_note_newline='# stagepass: newline added above'

sp_key_inputs() {
    sp_check_inputs
    sp_keys_file=${sp_keys_file:-} sp_same_key_before=${sp_same_key_before:-}
    case $sp_keys_file in
        '' | /*) ;;
        *) sp_refuse bad-input 'The recorded key file is not an absolute path.' ;;
    esac
    case $sp_keys_file in *[[:cntrl:]]*) sp_refuse bad-input 'The path of the recorded key file has a control character.' ;; esac
    sp_whoami
    [ "$sp_has_password" != 1 ] || sp_refuse password-needs-account 'A password would be the password of this account itself, which is never given away; use a key, or the provider linux-account.'
}
