# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What the built-in providers share. This file is read first, then the others of this folder by name, then those of the
# provider. Definitions only, apart from a few lines at the top.
# POSIX sh. Run on: dash 0.5.11 (Debian 11), 0.5.12 (Debian 12, 13), bash 5.2 and busybox ash 1.35;
# against OpenSSH 8.4p1, 9.2p1 and 10.0p2.
# Sent behind a prelude that assigns every sp_ input, inside `{ set -eu; ...; } </dev/null`.
#
# What a function needs for itself is `local`, which every sh named above has (and Debian Policy 10.4 demands): a word
# without a prefix. What others read begins with `sp_`. A function that answers with a text sets sp_v, so that no process
# is started for it; its comment says so.

# An input that the environment happened to hold would stay exported: take it away before any child.
unset sp_secret
sp_secret=${sp_password-}
unset sp_password CDPATH ENV BASH_ENV
unset -f printf getent useradd usermod userdel 2>/dev/null || :
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
export LC_ALL PATH
umask 077
set -f
cd /
trap 'sp_exit $?' 0
sp_nl='
'
sp_tab='	'
# What is `local` would be exported where the environment has a variable of that name.
sp_unexport() {
    IFS=$sp_nl
    for sp_out in $(export -p); do
        case $sp_out in
            'export sp_'* | 'declare -x sp_'*) continue ;;
            'export '[a-z]*=* | 'declare -x '[a-z]*=*) sp_out=${sp_out%%=*} sp_out=${sp_out##* } ;;
            *) continue ;;
        esac
        case $sp_out in *[!A-Za-z0-9_]*) ;; *) unset "$sp_out" ;; esac
    done
    IFS=" $sp_tab$sp_nl"
}
# Where several are closed (sp_close_ahead) it was done for all of them, and they share when that began, what is known of files
# (sp_put), the lock, and how they are ended.
if [ "${sp_turn:+${sp_unexported:-}}" != 1 ]; then
    sp_unexport
    sp_asked_at='' sp_put_in='' sp_lock_had='' sp_ends_later=''
fi
sp_out=

# ---- replies -------------------------------------------------------------------------------------

# sp_say KEY VALUE: one line of the reply. Kept back until the verb is done.
sp_say() {
    local said="$2"
    case $said in *[[:cntrl:]]*) said=$(printf '%s' "$said" | tr -d '\000-\037\177') ;; esac
    sp_out=$sp_out$1=$said$sp_nl
}

# sp_bool KEY COMMAND...: whether the command succeeds.
sp_bool() {
    local asked="$1"
    shift
    if "$@" >/dev/null 2>&1; then sp_say "$asked" true; else sp_say "$asked" false; fi
}

sp_flush() {
    printf '%s' "$sp_out"
    sp_out=
}

# sp_refuse ID SENTENCE: nothing was changed; once sp_changed is set it is no refusal any more.
sp_refuse() {
    [ -z "${sp_changed:-}" ] || sp_fail "$1" "$2"
    sp_out=''
    sp_say reason_id "$1"
    sp_say reason "$2"
    sp_flush
    sp_refused=1
    exit 10
}

# sp_fail ID SENTENCE: something was changed or is left; what is known so far is said.
sp_fail() {
    sp_say reason_id "$1"
    sp_say reason "$2"
    sp_flush
    exit 20
}

# What a provider has to put away however it ends; it may define its own.
sp_tidy() { :; }

# The same, once the lock is given back that it held.
sp_was_held() { :; }

# Runs at every end. Status 10 means "refused, nothing changed": a program that happened to end with
# it under `set -e` must not be taken for us.
sp_exit() {
    local ended="$1"
    sp_tidy || :
    # What goes on beside the verb ends with it.
    sp_beside_wait
    sp_unlock || :
    [ -z "${sp_held:-}" ] || sp_was_held || :
    [ -z "${sp_refused:-}" ] || exit 10
    case $ended in
        0 | 20) exit "$ended" ;;
    esac
    if [ "$ended" = 126 ]; then
        sp_say reason_id no-programs
        sp_say reason "This shell may not start programs: \`noexec\` in sudoers, or a disk that is mounted with \`noexec\`."
    else
        sp_say reason_id unexpected
        sp_say reason "A program on the server ended with status $ended where it should not have."
    fi
    sp_flush
    exit 21
}

# Waits for what goes on beside the verb (sp_beside), if anything does.
sp_beside_wait() {
    [ -z "${sp_beside:-}" ] || wait "$sp_beside" 2>/dev/null || :
    sp_beside=''
}

sp_has() { command -v "$1" >/dev/null 2>&1; }
