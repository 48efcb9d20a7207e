# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# A user of its own in the administration of a WordPress shop. Runs as root, and what it loads of the shop as who owns that.
#
# What is done in the shop is in wordpress.php; this is what stands around it: where the shop is, the record in
# /var/lib/stagepass/<grant> (first thing at open, last thing away at close), the lock, and the failsafe.

sp_state=/var/lib/stagepass
sp_record=$sp_state/$sp_grant
sp_base=$sp_state
sp_dir=$sp_record
sp_php_told=''

sp_wp_inputs() {
    sp_check_inputs
    case $sp_account in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9_.-]*) sp_refuse bad-account 'The name of the user is not made of letters, digits, _, . and -, or does not start with a letter or a digit.' ;; esac
    [ "${#sp_account}" -le 32 ] || sp_refuse bad-account 'The name of the user is longer than 32 characters.'
    sp_whoami
    [ "$sp_uid" = 0 ] || sp_refuse not-root 'This needs root, and the login of stagepass is not root here.'
}

sp_wp_lock() {
    [ -d "$sp_state" ] || mkdir -p -- "$sp_state" || sp_fail no-lock "There is no $sp_state, and it cannot be made."
    sp_lock "$sp_state"
}

# Nobody is waited for: a page that is being answered at the deadline is answered.
sp_in_use() { return 1; }

# sp_wp_unfit ID SENTENCE: the first reason why nothing can be made here.
sp_wp_unfit() {
    [ -n "$sp_unfit_id" ] || sp_unfit_id=$1 sp_unfit_why=$2
    return 1
}

# sp_wp_tell VERB: what every verb is told.
sp_wp_tell() {
    sp_php_tell verb "$1" grant "$sp_grant" tag "$sp_tag" account "$sp_account" root "$sp_wp_root" config "$sp_wp_config" layout "$sp_wp_layout" \
        host "$sp_wp_host" uri "${sp_wp_uri%/}" https "$sp_wp_https" bare "${sp_wp_bare:-0}" deadline "${sp_wp_deadline:-0}" user_id "$sp_rec_user" \
        uses_from "$sp_uses_from" state "${sp_wp_wants_state:-0}" ours "${sp_wp_ours_are:-}"
}

# sp_wp_ask VERB: of the rows, without anything of the shop. Who asks is nobody, so that no program of whoever owns the shop can
# lay hands on it; where nobody may not (another kind of database, or one that knows its users by their number), the owner does.
sp_wp_ask() {
    local told="$sp_php_told"
    sp_wp_as_nobody && {
        sp_php_tell settings "$sp_v"
        sp_wp_tell "$1"
        sp_php_run "$sp_nobody"
        sp_php_value direct_why
        case $sp_php_end:$sp_v in 0: | 0:config-*) return 0 ;; esac
        sp_php_told=$told
    }
    sp_wp_tell "$1"
    sp_php_run "$sp_wp_owner"
}

# Whether nobody can ask, and then sets sp_v to the settings, which he could not read.
sp_wp_as_nobody() {
    sp_v=''
    sp_has setpriv || return 1
    sp_find_nobody
    [ -n "$sp_nobody" ] && setpriv --reuid="$sp_nobody" --regid="$sp_nobody" --clear-groups --no-new-privs -- test -x "$sp_php" 2>/dev/null || return 1
    ! sp_wp_has_drop_in || return 1
    [ -f "$sp_wp_config" ] && sp_v=$(sp_within 10 head -c 1048576 -- "$sp_wp_config" | base64 | tr -d '\n') && [ -n "$sp_v" ]
}

# sp_wp_load VERB: the same for what loads the shop; once more without its plugins where one of them cannot be loaded here.
sp_wp_load() {
    local told="$sp_php_told"
    sp_wp_bare=0 sp_wp_was_loaded=0
    sp_wp_tell "$1"
    sp_php_run "$sp_wp_owner"
    sp_php_value died
    [ -n "$sp_v" ] || [ -z "$sp_php_end" ] || return 0
    sp_wp_died=$sp_v sp_wp_bare=1 sp_php_told=$told
    # Whatever was ended in its middle may have come to its work.
    if [ -z "$sp_php_end" ] || sp_php_is loaded; then sp_wp_was_loaded=1; fi
    sp_wp_tell "$1"
    sp_php_run "$sp_wp_owner"
    sp_wp_bare=0
}
