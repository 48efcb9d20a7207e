# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# How provider.php is asked: which PHP, as whom, and where. Runs as root; what is made is made by provider.php.
#
# What verbs.sh calls stands here under its name, and asks PHP for it. Where PHP gives no answer nothing is said to be gone: the
# verb fails, and is tried again.

# Change: who runs your program on the server, and so PHP. Never root: what it reads may be somebody else's.
own_owner=www-data
# Change: the folder that your program reads. Where it is not there it is made, in a folder of root's, and goes with the last grant.
own_folder=/var/lib/stagepass/@NAME@.d
own_file=$own_folder/$sp_grant.json
# PHP as new as this: 70400 is 7.4; and an extension that the program needs.
own_php_version=70400 own_php_extension=json

sp_php_told='' sp_php=''

# Where it could never work, and why: sets own_unfit_id and own_unfit_why, else leaves them empty. Asked before anything is made, by
# `detect` for the plan and by `open` again: a merchant wants to hear it before a supporter waits.
own_fit() {
    own_unfit_id='' own_unfit_why=''
    if [ "$sp_uid" != 0 ]; then
        own_unfit_id=not-root own_unfit_why='This needs root, and the login of stagepass is not root here.'
    elif ! sp_has base64; then
        own_unfit_id=no-base64 own_unfit_why='This server has no base64 program. Install coreutils.'
    elif ! sp_php_fit "$own_owner"; then
        own_unfit_id=no-owner own_unfit_why="There is no account $own_owner on this server: name in provider.sh who runs the program (own_owner)."
    elif ! own_find_php; then
        own_unfit_id=no-php own_unfit_why="$own_owner can start no PHP for the command line of version $((own_php_version / 10000)).$((own_php_version / 100 % 100)) or later with $own_php_extension. Install php-cli."
    elif [ -d "$own_folder" ]; then
        own_ask fit
        if [ "$sp_php_end" = 10 ]; then own_unfit_id=$sp_php_id own_unfit_why=$sp_php_because; fi
    elif ! own_above_is_roots; then
        own_unfit_id=no-folder own_unfit_why="There is no folder $own_folder, and it is not made where others than root may write. Make it, for $own_owner."
    fi
}

own_above_is_roots() {
    local above="${own_folder%/*}"
    # It is made with the first grant of any kind.
    [ -e "$above" ] || [ "$above" != "$sp_state" ] || return 0
    case $(stat -L -c '%u %a' -- "$above" 2>/dev/null) in
        '0 '*[2367]? | '0 '*[2367]) return 1 ;;
        '0 '*) return 0 ;;
    esac
    return 1
}

own_find_php() {
    [ -z "$sp_php" ] || return 0
    sp_php_find "$own_owner" "$own_folder" "$own_php_version" "$own_php_extension"
}

# own_ask VERB: asks provider.php. Sets sp_php_end to 0 or to 10 (it refused, for sp_php_because), and what it said is read by
# sp_php_value and sp_php_is.
own_ask() {
    own_find_php || sp_fail no-php "There is no PHP any more that $own_owner can start."
    sp_php_tell verb "$1" grant "$sp_grant" tag "$sp_tag" account "$sp_account" folder "$own_folder" until "${sp_deadline:-0}"
    sp_php_run "$own_owner"
    case $sp_php_end in
        0) ;;
        10) sp_php_why ;;
        *)
            sp_php_why
            [ "$sp_php_id" != shop-broken ] || sp_fail php-silent "provider.php gave no answer to $1: it did not start, was ended, or has a mistake."
            sp_fail "$sp_php_id" "$sp_php_because"
            ;;
    esac
}

# Sets own_text to what root's record keeps of what is to be made.
own_compose() {
    own_ask compose
    sp_php_value digest
    own_text=$sp_v
}

# Sets own_present to whether this grant's entry is there, own_foreign to whether something else has its place, and own_digest.
own_look() {
    own_ask look
    sp_php_value present
    own_present=$sp_v
    sp_php_value foreign
    own_foreign=$sp_v
    sp_php_value digest
    own_digest=$sp_v
    [ "$sp_php_end:${own_present:+said}" = 0:said ] || sp_fail php-silent 'provider.php did not say whether it is there.'
}

# Whether it is as the record has it.
own_as_made() { [ -n "$own_digest" ] && [ "$own_digest" = "$(cat "$sp_dir/made" 2>/dev/null)" ]; }

# Makes it, whole or not at all, also where it is there already. Ends with 1 where that could not be.
own_make() {
    if [ ! -d "$own_folder" ]; then
        # Written down before it is made. One that was there before is not ours to take away.
        sp_put "$sp_state/@NAME@.folder" 600 '' || return 1
        mkdir -m 755 -- "$own_folder" 2>/dev/null && chown -h "$own_owner" "$own_folder" || return 1
    fi
    own_ask make
    [ "$sp_php_end" = 0 ] || return 1
    # It outlives a power cut, as the record of it does.
    sp_settle "$own_folder"
}

# Takes it away. Whether it went is looked at afterwards, by own_look.
own_take() {
    own_ask take
    [ ! -d "$own_folder" ] || sp_settle "$own_folder"
    # The folder goes with the last grant of it; one with something in it does not go.
    [ -e "$sp_state/@NAME@.folder" ] || return 0
    [ ! -d "$own_folder" ] || rmdir -- "$own_folder" 2>/dev/null || return 0
    rm -f -- "$sp_state/@NAME@.folder" 2>/dev/null || :
    sp_settle "$sp_state"
}

# What there is of every grant, for `stagepass reconcile`.
own_list() {
    local line
    own_ask marks
    IFS=$sp_nl
    for line in $sp_php_said; do
        IFS=" $sp_tab$sp_nl"
        case $line in
            found=*)
                # shellcheck disable=SC2086 # words are wanted: GRANT ACCOUNT TAG
                set -- ${line#found=}
                [ "$#" != 3 ] || own_say_mark entry "$1" "$2" "$3" "$own_folder/$1.json"
                ;;
        esac
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
}
