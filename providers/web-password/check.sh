# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Check.

sp_check() {
    sp_web_inputs
    sp_web_read_record
    sp_web_find
    sp_web_foreign=false sp_web_ours=0 sp_web_changed=false sp_web_neat=false
    if sp_web_hold "${sp_rec_file:-${sp_file:-/}}"; then sp_web_scan; fi
    sp_web_held=''
    sp_tidy
    sp_say account "$sp_account"
    sp_bool present [ "$sp_web_ours" != 0 ]
    sp_bool foreign [ "$sp_web_foreign:$sp_web_ours" = true:0 ]
    sp_bool recorded [ "$sp_recorded" = 1 ]
    sp_say entry_matches "$sp_web_neat"
    sp_say password_file "${sp_rec_file:-$sp_file}"
    # Another one by now, or none that can be used, and then why.
    sp_say password_file_now "$sp_file"
    sp_bool guards_shop [ -n "$sp_file" -a "$sp_file" = "${sp_rec_file:-$sp_file}" ]
    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_bool failsafe_present sp_failsafe_present
    sp_ends_read
    sp_now=$(date +%s)
    sp_bool expired [ "$sp_recorded" = 1 -a "$sp_now" -ge "$sp_end_hard" ]
    sp_say sessions 0
    if [ -n "$sp_unfit_id" ]; then
        sp_say reason_id "$sp_unfit_id"
        sp_say reason "$sp_unfit_why"
    fi
    sp_flush
}
