# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Close.

sp_site_end() {
    sp_oc_end_files
    sp_site_ask close
    sp_user_ended
}

# Sessions in files are ended as who owns them. What they are of is gone by then, and the shop asks for it at each request; but a
# number could be given to another user one day.
sp_oc_end_files() {
    local folder owner
    sp_oc_files_ended=''
    [ "$sp_oc_engine" = file ] && [ -n "$sp_rec_user" ] || return 0
    sp_php_said=$sp_user_facts
    sp_php_value session_folder
    folder=${sp_v%/}
    case $folder in /*) [ -d "$folder" ] || return 0 ;; *) return 0 ;; esac
    owner=$(stat -L -c %U -- "$folder" 2>/dev/null) || return 0
    sp_php_fit "$owner" || return 0
    sp_php_tell folder "$folder"
    sp_user_tell sessions
    sp_php_run "$owner"
    sp_oc_files_ended=$sp_php_said
}

# What ended right away.
sp_site_say_shut() {
    sp_php_said=$sp_user_shut
    sp_php_pass shut role_matches
    if [ -n "${sp_oc_files_ended:-}" ]; then
        sp_php_said=$sp_oc_files_ended
        sp_php_pass sessions_ended sessions_left
    else
        sp_php_pass sessions_ended
    fi
}

sp_site_say_gone() {
    sp_php_said=${sp_oc_files_ended:-}
    sp_php_value sessions_left
    case $sp_v in '' | 0) ;; *) sp_fail sessions-left "The user $sp_account is gone, and $sp_v of its sessions could not be removed from their folder. They open nothing." ;; esac
}
