# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Open and update.

# The hash as it comes is one that WordPress knows: by crypt(3) of PHP in every version.
sp_site_knows_hash() { case $sp_secret in \$2y\$[0-9][0-9]\$?*) ;; *) return 1 ;; esac }

# Where the file that ends it would stand: as the settings say, so that the shop is loaded once. Where they do not say it plainly
# the shop is asked before anything is made.
sp_site_place() {
    sp_php_said=$sp_user_facts
    sp_php_value guard_folder
    sp_wp_guard_folder=$sp_v sp_wp_guard_made=0
    if [ -z "$sp_v" ]; then
        sp_site_look
    elif [ ! -d "$sp_v" ]; then
        sp_wp_guard_made=1
    fi
}

sp_site_prepare() {
    # A folder that an open before this one made is ours to take away.
    if [ -z "$sp_rec_guard" ]; then sp_rec_guard_made=$sp_wp_guard_made; fi
    ! sp_wp_guard_shared || sp_rec_guard_made=1
    sp_rec_guard=$sp_wp_guard_folder/stagepass-$sp_grant.php
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

sp_site_make() {
    sp_wp_load_open
    if [ "$sp_php_end" = 10 ]; then sp_wp_make_elsewhere; fi
    sp_wp_keep_guard
}

sp_wp_load_open() {
    sp_php_tell guard_folder "$sp_wp_guard_folder"
    sp_wp_load open
}

# The shop looks for that file somewhere else than its settings say: the record has to have the place first.
sp_wp_make_elsewhere() {
    sp_php_value reason_id
    [ "$sp_v" = guard-elsewhere ] || return 0
    sp_site_look
    [ -z "$sp_unfit_id" ] || sp_user_refuse_new "$sp_unfit_id" "$sp_unfit_why"
    sp_rec_guard=$sp_wp_guard_folder/stagepass-$sp_grant.php sp_rec_guard_made=$sp_wp_guard_made
    ! sp_wp_guard_shared || sp_rec_guard_made=1
    sp_user_write_record || sp_user_refuse_new no-room "Nothing can be written to $sp_state (a full or read-only disk)."
    sp_user_tell_new
    sp_wp_load_open
}

# What the file in the shop is by now, where there is one.
sp_wp_keep_guard() {
    sp_php_value guard
    sp_rec_guard_digest=''
    [ "$sp_v" = written ] || return 0
    sp_php_value guard_digest
    sp_rec_guard_digest=$sp_v
}

sp_site_say_made() {
    sp_php_pass login_url admin_url version user_id grants
    sp_site_say_expiry
}

sp_site_extend() {
    sp_wp_load update
    sp_wp_keep_guard
}

sp_site_say_expiry() {
    sp_php_value guard
    if [ "$sp_v" = written ]; then sp_say expiry guard; else sp_say expiry none; fi
}
