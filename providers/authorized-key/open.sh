# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The start folder of SFTP: the shop folder itself, links resolved.
sp_plan_start() {
    sp_start=''
    [ -n "$sp_path" ] || return 0
    if [ -d "$sp_path" ] && cd -P "$sp_path" 2>/dev/null; then
        sp_start=$PWD
        cd /
    elif [ "$1" = must ]; then
        sp_refuse no-such-path 'The shop folder is not there, or this account may not enter it.'
    else
        sp_start=$sp_path
    fi
}

sp_open() {
    local had_digest=''
    sp_key_inputs
    sp_fence
    [ -n "$sp_public_key$sp_check_key" ] || sp_refuse no-credential 'No key is to be set.'
    if [ "$sp_uid" = 0 ] && [ "${sp_allow_root:-}" != 1 ]; then
        sp_refuse root-account 'This is the account of root: a key in it opens the whole server. Use the provider linux-account, which makes an account of its own.'
    fi
    sp_find_file
    sp_force_fit || sp_refuse forced-command "$sp_force_why"
    sp_plan_start must
    sp_file_fit
    sp_place
    sp_new_dir=0
    if [ ! -d "$sp_keys_dir" ]; then
        mkdir -m 0700 -- "$sp_keys_dir" 2>/dev/null || sp_no_room
        sp_new_dir=1
    fi
    sp_lock_keys
    sp_survey
    sp_file_fit
    sp_hard_links
    sp_old_notes
    sp_not_ended "$sp_my_home/.stagepass-ended."
    sp_foreign_before=$sp_same_foreign
    sp_guarding=sp_undo
    sp_guard
    # What closes by itself is to know it as what is told to.
    sp_confined_then=$sp_confined
    sp_guard_failsafe install
    sp_baseline=false sp_baseline_why=$sp_place_why had_digest=$sp_baseline_digest
    if [ -n "$sp_dir" ] && [ -d "$sp_dir" ]; then
        sp_result_purge
        # Not a link to the shop, the shop.
        sp_real=$sp_start
        sp_baseline "$sp_dir/baseline"
        # What closes is to know what was there, too.
        if [ "$sp_failsafe" != none ] && [ "$sp_baseline_digest" != "$had_digest" ]; then sp_guard_failsafe write; fi
    fi
    sp_put_lines
    sp_survey
    sp_tell
    sp_say shop_path "$sp_start"
    sp_say baseline "$sp_baseline"
    sp_say baseline_reason "$sp_baseline_why"
    sp_say baseline_digest "$sp_baseline_digest"
    sp_flush
}

# Notes of closes whose time is over go whenever anything is made or collected here.
sp_old_notes() { (sp_note_ended "$sp_my_home/.stagepass-ended." false) 2>/dev/null || :; }

# Our lines into the file we stand at, and out of every other.
sp_put_lines() {
    local file here="$sp_file" holding="$sp_holding"
    sp_key_lines
    sp_replace
    sp_changed=1
    sp_must=0
    IFS=$sp_nl
    for file in $holding; do
        IFS=" $sp_tab$sp_nl"
        if [ "$file" = "$here" ] || ! sp_at "$file"; then continue; fi
        sp_scan
        if [ "$sp_ours" = 0 ] || [ ! -w "$sp_target" ]; then continue; fi
        sp_lines=''
        sp_replace
    done
    IFS=" $sp_tab$sp_nl"
    sp_key_lines
}
