# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Open and update.

# What `detect` saw, which loaded the shop a moment ago. Where all that the shop would do is to write rows, they are written without it.
sp_site_begin() {
    sp_php_said=$sp_seen sp_wp_rows=1
    sp_php_value php
    [ -n "$sp_rec_php" ] || sp_rec_php=$sp_v
    sp_php_value login_url
    sp_wp_login=$sp_v
    sp_php_value admin_url
    sp_wp_admin=$sp_v
    sp_php_value version
    sp_wp_version=$sp_v
    sp_php_value guard_folder
    sp_wp_guard_folder=$sp_v
    sp_php_value content_folder
    sp_wp_content=$sp_v
    case $sp_wp_content:$sp_wp_guard_folder:$sp_wp_login in /*:/*:?*) ;; *) sp_wp_rows=0 ;; esac
    sp_php_value object_cache
    [ "$sp_v" = false ] || sp_wp_rows=0
    sp_php_value multisite
    [ "$sp_v" = false ] || sp_wp_rows=0
}

# Where the file that ends it would stand: as `detect` saw; else as the settings say, so that the shop is loaded once; and where they do
# not say it plainly the shop is asked before anything is made.
sp_site_place() {
    if [ "$sp_wp_rows" = 0 ]; then
        sp_wp_hear_folders
        [ -n "$sp_wp_guard_folder" ] || sp_site_look
    fi
    sp_wp_guard_made=0
    [ -d "$sp_wp_guard_folder" ] || sp_wp_guard_made=1
}

# By the settings.
sp_wp_hear_folders() {
    sp_php_said=$sp_user_facts
    sp_php_value guard_folder
    sp_wp_guard_folder=$sp_v
    sp_php_value content_folder
    sp_wp_content=$sp_v
}

sp_site_prepare() {
    # A folder that an open before this one made is ours to take away.
    if [ -z "$sp_rec_guard" ]; then sp_rec_guard_made=$sp_wp_guard_made; fi
    ! sp_wp_guard_shared || sp_rec_guard_made=1
    sp_rec_guard=$sp_wp_guard_folder/stagepass-$sp_grant.php sp_rec_content=$sp_wp_content
}

# Whether another grant made that folder: who of us is the last takes it away.
sp_wp_guard_shared() {
    local one
    set +f
    set -- "$sp_state"/*/record
    set -f
    for one; do
        ! grep -qsx 'guard_made=1' "$one" || ! grep -qsF "guard=$sp_wp_guard_folder/stagepass-" "$one" || return 0
    done
    return 1
}

# By the rows, where `detect` saw that this is all there is to it; else by the shop.
sp_site_make() {
    sp_wp_write_guard "$sp_deadline"
    [ "$sp_wp_rows" = 0 ] || sp_wp_make_by_rows || return 0
    sp_wp_load_open
    if [ "$sp_php_end" = 10 ]; then sp_wp_make_elsewhere; fi
}

# Ends with 1 where it was done, or tried: the shop is not asked then.
sp_wp_make_by_rows() {
    sp_wp_tell_open
    sp_site_ask open
    [ "$sp_php_end" = 0 ] || return 1
    sp_user_facts=$sp_php_said
    sp_site_hear
    sp_rec_database=$sp_site_database
    if sp_php_is by_rows; then
        sp_user_keep_state || sp_fail no-room "Nothing can be written to $sp_record (a full or read-only disk)."
        sp_php_said=$sp_user_facts
        return 1
    fi
    # It is not as it was when `detect` looked, and nothing was changed.
    sp_wp_rows=0
    sp_wp_find_host || sp_user_refuse_new "$sp_unfit_id" "$sp_unfit_why"
    sp_rec_database=$sp_site_database
    if ! sp_user_write_record || ! sp_user_keep_state; then sp_user_refuse_new no-room "Nothing can be written to $sp_record (a full or read-only disk)."; fi
    sp_user_tell_new
}

sp_wp_tell_open() { sp_php_tell guard "$sp_wp_guard" guard_folder "$sp_wp_guard_folder"; }

sp_wp_load_open() {
    sp_wp_tell_open
    sp_wp_load open
}

# The shop looks for that file somewhere else than its settings say: the record has to have the place first.
sp_wp_make_elsewhere() {
    sp_php_value reason_id
    [ "$sp_v" = guard-elsewhere ] || return 0
    sp_wp_take_guard
    sp_site_look
    [ -z "$sp_unfit_id" ] || sp_user_refuse_new "$sp_unfit_id" "$sp_unfit_why"
    sp_rec_guard=$sp_wp_guard_folder/stagepass-$sp_grant.php sp_rec_guard_made=$sp_wp_guard_made
    ! sp_wp_guard_shared || sp_rec_guard_made=1
    sp_user_write_record || sp_user_refuse_new no-room "Nothing can be written to $sp_state (a full or read-only disk)."
    sp_wp_write_guard "$sp_deadline"
    sp_user_tell_new
    sp_wp_load_open
}

# Nobody was let in: what stands in the shop already goes.
sp_site_unmake() { sp_wp_take_guard; }

sp_site_say_made() {
    if [ "$sp_wp_rows" = 1 ]; then
        sp_say login_url "$sp_wp_login"
        sp_say admin_url "$sp_wp_admin"
        sp_say version "$sp_wp_version"
    fi
    sp_php_pass login_url admin_url version user_id grants
    sp_site_say_expiry
}

# By the shop only where a mark is to be put back.
sp_site_extend() {
    sp_site_ask_surely update
    sp_php_value marked
    if [ "$sp_php_end:$sp_v" = 0:false ]; then
        sp_wp_load update
    fi
    [ "$sp_php_end" != 0 ] || sp_wp_write_guard "$sp_deadline"
}

sp_site_say_expiry() {
    if [ "$sp_wp_guard" = written ]; then sp_say expiry guard; else sp_say expiry none; fi
}

# sp_wp_write_guard DEADLINE: puts the file that ends it into the shop, whole or not at all, as who owns the shop. Sets sp_wp_guard to
# `written` or `none`, and sp_rec_guard_digest: by that the file is known for ours.
sp_wp_write_guard() {
    sp_v="<?php$sp_nl$(sp_wp_guard_text)"
    sp_wp_put @GRANT@ "$sp_grant"
    sp_wp_put @NAME@ "$sp_account"
    sp_wp_put @MARK@ "$sp_grant${sp_tag:+ $sp_tag}"
    sp_wp_put STAGEPASS_END "$1"
    sp_rec_guard_digest=''
    if printf '%s\n' "$sp_v" | sp_php_as "$sp_site_owner" /bin/sh -c '
        umask 022
        [ -d "${1%/*}" ] || mkdir -- "${1%/*}" || exit 1
        cat >"$1.new" && mv -f -- "$1.new" "$1" && exit 0
        rm -f -- "$1.new"
        exit 1' sh "$sp_rec_guard" 2>/dev/null; then
        sp_wp_guard=written
        sp_rec_guard_digest=$(printf '%s\n' "$sp_v" | sha256sum)
        sp_rec_guard_digest=${sp_rec_guard_digest%% *}
    else
        sp_wp_guard=none
    fi
}

# sp_wp_put WORD VALUE: wherever the word stands in sp_v.
sp_wp_put() {
    while :; do
        case $sp_v in *"$1"*) sp_v=${sp_v%%"$1"*}$2${sp_v#*"$1"} ;; *) return 0 ;; esac
    done
}
