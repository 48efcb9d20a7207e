# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# A user of its own in the password file of HTTP Basic Authentication in front of a staging shop. Runs as root.
# Run on: Debian 11, 12, 13 (Apache 2.4; nginx 1.18, 1.22, 1.26), each under dash and bash, and Debian 12 under
# busybox ash as well.
#
# The user is two lines at the top of that file, `# stagepass <grant> <tag>` and `NAME:HASH`: both servers leave out
# lines that begin with `#`, htpasswd(1) keeps them, and what stands below stays byte for byte, also without a
# newline at its end. Neither server has to be told: both read the file for each request.
# What was made is written down in /var/lib/stagepass/<grant>, first thing at open, last thing away at close.
#
# `local` is in every sh named above; what stands in single quotes is for awk, or is looked for as it is.

sp_state=/var/lib/stagepass
sp_record=$sp_state/$sp_grant
sp_base=$sp_state
sp_dir=$sp_record

sp_web_inputs() {
    sp_check_inputs
    case $sp_account in '' | [!A-Za-z0-9_]* | *[!A-Za-z0-9_.-]*) sp_refuse bad-account 'The name of the user is not made of letters, digits, _, . and -, or does not start with a letter or a digit.' ;; esac
    [ "${#sp_account}" -le 32 ] || sp_refuse bad-account 'The name of the user is longer than 32 characters.'
    sp_whoami
    [ "$sp_uid" = 0 ] || sp_refuse not-root 'This needs root, and the login of stagepass is not root here.'
    sp_mark="# stagepass $sp_grant${sp_tag:+ $sp_tag}"
}

# Requests are no sessions: nobody is in, and at the deadline there is nobody to wait for.
sp_in_use() { return 1; }

# sp_web_real PATH: sets sp_v to that folder without links, or to nothing. No process is started for it.
sp_web_real() {
    sp_v=''
    if cd -P -- "$1" 2>/dev/null; then sp_v=$PWD; fi
    cd /
    case $sp_v in //*) sp_v=${sp_v#/} ;; esac
}

# sp_web_inside FOLDER ABOVE: whether the first is the second, or in it.
sp_web_inside() {
    case $1/ in "${2%/}"/*) return 0 ;; esac
    return 1
}
