# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Detect.

sp_detect() {
    sp_check_inputs
    sp_mark="# stagepass $sp_grant${sp_tag:+ $sp_tag}" sp_rec_digests=''
    sp_say_server
    [ -z "$sp_path" ] || sp_bool path_exists [ -d "$sp_path" ]
    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_failsafe_plan
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    if [ "$sp_uid" != 0 ]; then
        sp_say web_server none
        sp_unfit_id=not-root sp_unfit_why='Changing the password file needs root, and the login of stagepass is not root here.'
    else
        sp_web_find
        sp_web_taken
        sp_web_say_site
    fi
    sp_bool supported [ -z "$sp_unfit_id" ]
    if [ -n "$sp_unfit_id" ]; then
        sp_say reason_id "$sp_unfit_id"
        sp_say reason "$sp_unfit_why"
    fi
    sp_flush
}

# Whether the name is another's in that file. Looks at it by its path: nothing is changed.
sp_web_taken() {
    sp_web_foreign=false
    [ -n "$sp_account" ] && [ -n "$sp_file" ] && [ -z "$sp_unfit_id" ] && sp_web_hold "$sp_file" || return 0
    sp_web_scan
    sp_web_held=''
    sp_tidy
    [ "$sp_web_foreign" = false ] || sp_unfit name-taken "$sp_file has a user $sp_account already, and it is not of this grant. Choose another name." || :
}

sp_web_say_site() {
    sp_web_scheme
    case " $sp_web_by " in
        *' apache '*) sp_say web_server apache ;;
        *' nginx '*) sp_say web_server nginx ;;
        *) if [ -n "$sp_web_apache" ]; then sp_say web_server apache; elif [ -n "$sp_web_nginx" ]; then sp_say web_server nginx; else sp_say web_server none; fi ;;
    esac
    sp_say password_file "${sp_file:-$sp_file_named}"
    sp_say password_file_named "$sp_file_named"
    sp_say password_file_link "$sp_linked"
    [ -n "$sp_web_files" ] || return 0
    sp_say configured_in "${sp_web_where#-}"
    sp_say_lines realm "$sp_web_realms"
    sp_say scheme "$sp_scheme"
    sp_say_lines site "$sp_web_sites"
    sp_web_shared
    sp_say_lines shared_with "$sp_web_others"
    [ -z "$sp_web_others" ] || sp_say note shared-file
    [ "$sp_linked" = false ] || sp_say note file-is-link
    # Whoever may write to the shop by another layer of the grant could change it.
    [ -z "$sp_file" ] || ! sp_web_inside "$sp_file" "$sp_real" || sp_say note file-in-shop
    case $sp_web_degree in
        above-*) sp_say note site-is-above ;;
    esac
    case $sp_web_degree in *part) sp_say note guards-part ;; esac
    [ -z "$sp_web_parts" ] || sp_say note other-part
    sp_say_lines other_part "$sp_web_parts"
    [ -n "$sp_web_runs" ] || sp_say note web-server-not-running
    case $sp_web_by in *' '*) sp_say note two-servers ;; esac
}

# Sets sp_web_others to the other sites that the same file opens, a line each: NAME FOLDER.
sp_web_shared() {
    sp_web_others=''
    [ -z "$sp_file" ] || sp_web_each sp_web_share_one
}

sp_web_share_one() {
    local real
    [ "$g_of_shop" = 0 ] || return 0
    case $g_file in
        "$sp_file" | "$sp_file_named") ;;
        *)
            real=$(readlink -f -- "$g_file" 2>/dev/null) || real=''
            [ "$real" = "$sp_file" ] || return 0
            ;;
    esac
    # The shop itself by a way through a folder above it.
    ! sp_web_inside "$sp_real" "$g_folder" || case " $sp_web_sites" in *"$g_site$sp_nl"*) return 0 ;; esac
    case $sp_nl$sp_web_others in *"$sp_nl$g_site $g_folder$sp_nl"*) ;; *) sp_web_others="$sp_web_others$g_site $g_folder$sp_nl" ;; esac
}
