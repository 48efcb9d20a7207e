# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What providers share that make a user in the administration of a shop: what stands around the program that does it there. The
# verbs in their order are in the files beside this one. The record, the lock, the marks and the end of a close are those of a user
# for the password of a site, too (web-password).
#
# A provider says what is its own:
#
#   sp_user_provider          its name; sp_user_software is what people call the software
#   sp_site_find              finds the shop: sets sp_site_root, sp_site_config (what its settings stand in), sp_site_owner, sp_php,
#                             sp_site_database and sp_site_admins; or calls sp_site_unfit, and ends with 1. sp_user_find_root,
#                             sp_user_find_owner, sp_user_find_php and sp_user_ask_first do what is alike in all of them
#   sp_site_is_at FOLDER      for sp_user_find_root: whether the shop is in that folder
#   sp_site_look              asks the shop what `detect` and `open` go by
#   sp_site_tell VERB         tells the program what it is told beside sp_user_tell
#   sp_site_say_made, sp_site_say_state, sp_site_end, sp_site_say_shut
#                             its part of a verb; see there
#
# These have a meaning where it does not say one:
#
#   sp_site_begin             takes what `open` is told of what `detect` saw (sp_seen): nothing
#   sp_site_place             what `open` asks the shop before it makes anything: sp_site_look
#   sp_site_find_php          finds sp_php once more, where the one of the record cannot do it any more: there is no other
#   sp_site_untouched         whether a program that ended neither well nor by refusing surely changed nothing: it cannot be told
#   sp_site_unmake            takes away what was made in the shop before anybody was let in, where it comes to nothing: nothing was
#   sp_site_nobody_may        whether its rows can be asked as nobody: they can
#   sp_site_ask_otherwise V   asks by another way where the rows cannot be asked without the shop: there is none
#   sp_site_unclear WHY       says why the settings do not tell where its database is, by what its program said (direct_why)
#   sp_site_record_line LINE  reads a line of its own of the record (an empty one begins a record), and sp_site_record sets sp_v to all
#                             of them: a digest of what the role of the grant may do (sp_rec_rights)
#   sp_site_mark_record GRANT ACCOUNT TAG
#                             says marks of a grant whose record was just read, beside those of every one: nothing of it is in the
#                             shop but rows
#   sp_site_knows_hash        whether sp_secret is a hash that the shop knows: bcrypt, as PHP makes it
#   sp_site_make              makes the user: its program is told `open`, and says what the role may do
#   sp_site_prepare           refuses a name that the shop has no room for, and the like: it takes every one
#   sp_site_extend            tells the shop of another end: its program is told `update`
#   sp_site_say_expiry        which end the shop itself keeps: none
#   sp_site_say_gone          says what else is gone, or left: nothing
#   sp_site_state STEP        `sp_user_state STEP`, of a provider whose program says with `facts` and `gone` what there is that lets
#                             somebody in (state.sh): nothing is compared

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

# ---- what a provider may leave out ---------------------------------------------------------------

sp_site_begin() { :; }

sp_site_place() { sp_site_look; }

sp_site_find_php() { sp_site_unfit no-php "$sp_php, which was used for this grant, cannot ask its shop any more."; }

sp_site_untouched() { return 1; }

sp_site_unmake() { :; }

sp_site_state() { :; }

sp_site_nobody_may() { :; }

sp_site_ask_otherwise() { :; }

sp_site_unclear() { sp_site_unfit settings-unclear "$sp_site_config does not say plainly where the database of the shop is ($1)."; }

sp_site_record_line() {
    case $1 in
        '') sp_rec_rights='' ;;
        rights=*) sp_rec_rights=${1#*=} ;;
    esac
    case $sp_rec_rights in *[!0-9a-f]*) sp_rec_rights='' ;; esac
}

sp_site_record() { sp_v="rights=$sp_rec_rights$sp_nl"; }

sp_site_mark_record() { :; }

sp_site_knows_hash() { case $sp_secret in \$2y\$[0-9][0-9]\$?*) ;; *) return 1 ;; esac }

sp_site_make() {
    sp_site_ask open
    sp_php_value rights
    sp_rec_rights=$sp_v
}

sp_site_prepare() { :; }

sp_site_extend() { sp_site_ask update; }

sp_site_say_expiry() { sp_say expiry none; }

sp_site_say_gone() { :; }

# ---- finding the shop ----------------------------------------------------------------------------

# sp_user_find_root FOLDER...: begins to find the shop, and sets sp_site_root to the one of these folders, each below the shop folder,
# in which the shop is.
sp_user_find_root() {
    local one real found=''
    sp_unfit_id='' sp_unfit_why='' sp_site_root='' sp_site_config='' sp_site_owner='' sp_site_database='' sp_site_admins='' sp_php='' sp_user_facts=''
    [ -n "$sp_path" ] || sp_site_unfit no-shop-folder 'There is no shop folder, and which shop is meant is found by it.' || return 1
    [ -d "$sp_path" ] || sp_site_unfit no-such-path "There is no folder $sp_path." || return 1
    for one; do
        sp_site_is_at "$sp_path$one" || continue
        real=$(cd -P -- "$sp_path$one" 2>/dev/null && pwd) || continue
        case "$sp_nl$found" in *"$sp_nl$real$sp_nl"*) ;; *) found=$found$real$sp_nl ;; esac
    done
    case $found in
        '') sp_site_unfit "no-$sp_user_provider" "There is no $sp_user_software in $sp_path." ;;
        *"$sp_nl"?*) sp_site_unfit several-shops "There are several: $(printf '%s' "$found" | tr '\n' ' '). Name the folder of one of them as the shop folder." ;;
        *) sp_site_root=${found%"$sp_nl"} ;;
    esac
}

# Sets sp_site_owner to who owns the settings, and where that is root, to nobody: for a shop of which nothing is run.
sp_user_find_owner() {
    local name
    name=$(stat -L -c %U -- "$sp_site_config" 2>/dev/null) || name=''
    case $name in
        root | UNKNOWN | '' | *[!A-Za-z0-9_.-]*) name='' ;;
        *) sp_php_fit "$name" || name='' ;;
    esac
    if [ -z "$name" ]; then
        ! sp_has setpriv || sp_find_nobody
        name=${sp_nobody:-}
    fi
    [ -n "$name" ] || sp_site_unfit owner-root "Everything of the shop is root's, and this server has no setpriv program to ask its database as nobody. Install util-linux." || return 1
    sp_site_owner=$name
}

# sp_user_find_reader FILE...: sets sp_site_owner to the first who owns one of these and can read the settings, and is not root: for a
# shop that is loaded.
sp_user_find_reader() {
    local one name
    for one; do
        name=$(stat -L -c %U -- "$one" 2>/dev/null) || continue
        case $name in root | UNKNOWN | '' | *[!A-Za-z0-9_.-]*) continue ;; esac
        sp_php_fit "$name" || continue
        sp_php_as "$name" test -r "$sp_site_config" 2>/dev/null || continue
        sp_site_owner=$name
        return 0
    done
    sp_site_unfit owner-root "Everything of the shop is root's, or whoever owns it may not read $sp_site_config. The shop is never loaded as root: give that file to the account of the shop."
}

# sp_user_text FILE [BYTES]: what is in it. It may be a pipe, and without end.
sp_user_text() { [ ! -f "$1" ] || sp_within 10 head -c "${2:-262144}" -- "$1" 2>/dev/null; }

# sp_user_find_php VERSION EXTENSION...: sets sp_php to the first PHP that sp_site_owner may start, that is as new as VERSION and has
# one of these extensions.
sp_user_find_php() {
    sp_has base64 || sp_site_unfit no-base64 'This server has no base64 program. Install coreutils.' || return 1
    ! sp_user_php_of_record || return 0
    sp_php_find "$sp_site_owner" "$sp_site_root" "$@" ||
        sp_site_unfit no-php "$sp_site_owner can start no PHP for the command line of version $(($1 / 10000)).$(($1 / 100 % 100)) or later with $2. Install php-cli and php-mysql."
}

# It is looked for once: sets sp_php to what the record says, as long as that is one of those that may be there.
sp_user_php_of_record() {
    [ -n "$sp_rec_php" ] || return 1
    sp_php_candidates /nonexistent
    case " $sp_v " in *" $sp_rec_php "*) sp_php=$sp_rec_php ;; *) return 1 ;; esac
}

# What is asked of the rows as the last thing when the shop is found. A verb that asks them anyway names that (sp_user_first) in place
# of `facts`, so that PHP is started once less. Sets sp_user_facts to what was said. Where the PHP of the record cannot do it any more,
# another is looked for.
sp_user_ask_first() {
    sp_user_asked=${sp_user_first:-facts}
    sp_site_ask "$sp_user_asked"
    sp_php_value direct_why
    case ${sp_rec_php:+recorded}:$sp_php_end:$sp_v in
        :* | recorded:0: | recorded:0:[!n]*) ;;
        *)
            sp_rec_php=''
            sp_site_find_php || return 1
            sp_site_ask "$sp_user_asked"
            ;;
    esac
    sp_user_facts=$sp_php_said
    sp_site_hear
}

# What the database says, as the last thing when the shop is found: without it there is nothing to be done in a shop that is known by
# its rows alone.
sp_user_find_rows() {
    sp_user_ask_first || return 1
    if [ "$sp_php_end" != 0 ]; then
        sp_php_why
        sp_site_unfit "$sp_php_id" "$sp_php_because" || return 1
    fi
    ! sp_php_is direct || return 0
    sp_php_value direct_why
    case $sp_v in
        database-*) sp_site_unfit database-unread "The database of the shop refuses what $sp_site_config says of it ($sp_v). Look whether it is up." ;;
        other-database) sp_site_unfit other-database "The shop keeps its rows in a database of another kind, or reaches it by TLS; only MySQL and MariaDB without it are known." ;;
        *) sp_site_unclear "$sp_v" ;;
    esac
}

# Whether the user can be made, of what was said when the shop was found.
sp_user_is_free() {
    sp_php_said=$sp_user_facts
    sp_php_value taken
    [ -n "$sp_v" ] || return 0
    sp_unfit_id=$sp_v
    sp_php_value taken_why
    sp_unfit_why=$sp_v
    return 1
}

# sp_user_say_rows NAME...: these lines of what the rows said, where they could be asked.
sp_user_say_rows() {
    if sp_php_is direct; then
        sp_php_pass "$@"
    else
        sp_site_unfit database-unread 'The database of the shop does not answer any more, or its settings cannot be told.' || :
    fi
}

# ---- asking it -----------------------------------------------------------------------------------

# sp_user_tell VERB: what the program is told for every verb.
sp_user_tell() {
    sp_php_tell verb "$1" grant "$sp_grant" tag "$sp_tag" account "$sp_account" root "$sp_site_root" config "$sp_site_config" user_id "$sp_rec_user"
    [ -z "${sp_user_ours:-}" ] || sp_php_tell state 1 ours "$sp_user_ours"
    sp_site_tell "$1"
}

# sp_site_ask VERB: of the rows, without anything of the shop. Who asks is nobody, so that no program of whoever owns the shop can
# lay hands on it; where nobody may not (another kind of database, or one that knows its users by their number), the owner does.
sp_site_ask() {
    local told="$sp_php_told"
    sp_site_as_nobody && {
        sp_php_tell settings "$sp_v"
        sp_user_tell "$1"
        sp_php_run "$sp_nobody"
        sp_php_value direct_why
        case $sp_php_end:$sp_v in 0: | 10: | 0:config-*) return 0 ;; esac
        sp_user_tried
        sp_php_told=$told
    }
    sp_user_tell "$1"
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

# Before a try is made again in another way: notes whether the one that just ended may have come to its work.
sp_user_tried() {
    case $sp_php_end in
        0 | 10) ;;
        *) sp_site_untouched || sp_user_cut=1 ;;
    esac
}

# sp_user_ask VERB: the same, unless that was what was asked first.
sp_user_ask() {
    [ "${sp_user_asked:-}" = "$1" ] || sp_site_ask "$1"
    sp_user_asked=''
}

# sp_site_ask_surely VERB: by the rows, and where that cannot be, by the other way.
sp_site_ask_surely() {
    sp_user_ask "$1"
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
