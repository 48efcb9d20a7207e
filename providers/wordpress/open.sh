# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Open and update.

# The hash as it comes is one that WordPress knows: by crypt(3) of PHP in every version.
sp_site_knows_hash() {
    case $sp_secret in \$2y\$[0-9][0-9]\$?*) ;; *) return 1 ;; esac
}

# A folder that an open before this one made is ours to take away.
sp_site_prepare() {
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

sp_site_make() { sp_wp_load open; }

sp_site_say_made() {
    sp_php_pass login_url admin_url version user_id grants
    sp_site_say_expiry
}

sp_site_extend() { sp_wp_load update; }

sp_site_say_expiry() {
    sp_php_value guard
    if [ "$sp_v" = written ]; then sp_say expiry guard; else sp_say expiry none; fi
}
