# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What providers share that make a user in the administration of a shop: what stands around the program that does it there. The
# verbs in their order are in the files beside this one.
#
# A provider says what is its own:
#
#   sp_user_provider          its name
#   sp_site_find              finds the shop: sets sp_site_root, sp_site_config (what its settings stand in), sp_site_owner, sp_php,
#                             sp_site_database and sp_site_admins; or calls sp_site_unfit, and ends with 1
#   sp_site_look              asks the shop what `detect` and `open` go by
#   sp_site_tell VERB         tells the program what every verb is told
#   sp_site_nobody_may        whether its rows can be asked as nobody
#   sp_site_ask_otherwise V   asks by another way where the rows cannot be asked without the shop, if there is one
#   sp_site_record_line LINE  reads a line of its own of the record; sp_site_record sets sp_v to all of them
#   sp_site_knows_hash        whether sp_secret is a hash that the shop knows
#   sp_site_prepare, sp_site_make, sp_site_say_made, sp_site_extend, sp_site_say_state, sp_site_end, sp_site_say_gone
#                             its part of a verb; see there

sp_user_inputs() {
    sp_check_inputs
    case $sp_account in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9_.-]*) sp_refuse bad-account 'The name of the user is not made of letters, digits, _, . and -, or does not start with a letter or a digit.' ;; esac
    [ "${#sp_account}" -le 32 ] || sp_refuse bad-account 'The name of the user is longer than 32 characters.'
    sp_whoami
    [ "$sp_uid" = 0 ] || sp_refuse not-root 'This needs root, and the login of stagepass is not root here.'
}

sp_user_lock() {
    [ -d "$sp_state" ] || mkdir -p -- "$sp_state" || sp_fail no-lock "There is no $sp_state, and it cannot be made."
    sp_lock "$sp_state"
}

# sp_site_unfit ID SENTENCE: the first reason why nothing can be made here.
sp_site_unfit() {
    [ -n "$sp_unfit_id" ] || sp_unfit_id=$1 sp_unfit_why=$2
    return 1
}

# sp_site_ask VERB: of the rows, without anything of the shop. Who asks is nobody, so that no program of whoever owns the shop can
# lay hands on it; where nobody may not (another kind of database, or one that knows its users by their number), the owner does.
sp_site_ask() {
    local told="$sp_php_told"
    sp_site_as_nobody && {
        sp_php_tell settings "$sp_v"
        sp_site_tell "$1"
        sp_php_run "$sp_nobody"
        sp_php_value direct_why
        case $sp_php_end:$sp_v in 0: | 0:config-*) return 0 ;; esac
        sp_php_told=$told
    }
    sp_site_tell "$1"
    sp_php_run "$sp_site_owner"
}

# Whether nobody can ask, and then sets sp_v to the settings, which he could not read.
sp_site_as_nobody() {
    sp_v=''
    sp_has setpriv || return 1
    sp_find_nobody
    [ -n "$sp_nobody" ] && setpriv --reuid="$sp_nobody" --regid="$sp_nobody" --clear-groups --no-new-privs -- test -x "$sp_php" 2>/dev/null || return 1
    sp_site_nobody_may || return 1
    [ -f "$sp_site_config" ] && sp_v=$(sp_within 10 head -c 1048576 -- "$sp_site_config" | base64 | tr -d '\n') && [ -n "$sp_v" ]
}

# sp_site_ask_surely VERB: by the rows, and where that cannot be, by the other way.
sp_site_ask_surely() {
    sp_site_ask "$1"
    if [ "$sp_php_end" != 0 ] || ! sp_php_is direct; then sp_site_ask_otherwise "$1"; fi
}

# Sets sp_site_database and sp_site_admins, of what the rows said last.
sp_site_hear() {
    # A verb that is about no grant of its own (marks) has no record.
    sp_php_value database
    sp_site_database=$sp_v
    sp_php_value administrators
    sp_site_admins=$sp_v
}
