# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Marks of users in shops.

# What this provider made on this server, whatever the grant: KIND GRANT ACCOUNT TAG KEY DETAIL, where KIND is entry, role, record,
# result, unit or cron, or what sp_site_mark_record adds.
sp_user_marks() {
    local one grant
    sp_user_inputs
    sp_tools
    set +f
    set -- "$sp_state"/*/record
    set -f
    sp_user_roots='' sp_user_seen=''
    for one; do
        grep -qsx "provider=$sp_user_provider" "$one" || continue
        grant=${one%/record}
        sp_user_mark_record "${grant##*/}" "$one"
    done
    set +f
    set -- "$sp_state"/result.*
    set -f
    for one; do
        ! grep -qsx "platform=$sp_user_provider" "$one" || sp_user_mark result "${one##*/result.}" - - "$one"
    done
    sp_user_no_record
    sp_user_mark_shop "$sp_path"
    IFS=$sp_nl
    for one in $sp_user_roots; do
        IFS=" $sp_tab$sp_nl"
        sp_user_mark_shop "$one"
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
    sp_flush
}

# sp_user_mark KIND GRANT ACCOUNT TAG DETAIL
sp_user_mark() {
    case $2 in '' | *[!0-9a-z]*) return 0 ;; esac
    sp_say mark "$1 $2 ${3:--} ${4:--} - $5"
}

sp_user_mark_record() {
    local line name='' tag=''
    sp_user_no_record
    while IFS= read -r line; do
        case $line in
            account=*) name=${line#*=} ;;
            tag=*) tag=${line#*=} ;;
            root=/*) sp_user_roots=$sp_user_roots${line#*=}$sp_nl ;;
            *) sp_site_record_line "$line" ;;
        esac
    done <"$2"
    sp_user_mark_kept "$1" "$name" "$tag" "${2%record}"
    sp_site_mark_record "$1" "$name" "$tag"
}

# sp_user_mark_kept GRANT ACCOUNT TAG FOLDER: the folder of its record, and what starts its failsafe.
sp_user_mark_kept() {
    local at
    sp_user_mark record "$1" "$2" "$3" "$4"
    for at in "$sp_units/stagepass-$1.timer" "$sp_units/stagepass-$1.service"; do
        [ ! -e "$at" ] || sp_user_mark unit "$1" "$2" "$3" "$at"
    done
    [ ! -e "/etc/cron.d/stagepass-$1" ] || sp_user_mark cron "$1" "$2" "$3" "/etc/cron.d/stagepass-$1"
}

# sp_user_mark_shop FOLDER: the users and roles in the shop there.
sp_user_mark_shop() {
    local line
    sp_path=$1 sp_user_first=marks
    sp_site_find || return 0
    case $sp_nl$sp_user_seen in *"$sp_nl$sp_site_root$sp_nl"*) return 0 ;; esac
    sp_user_seen=$sp_user_seen$sp_site_root$sp_nl
    sp_site_ask_surely marks
    IFS=$sp_nl
    for line in $sp_php_said; do
        IFS=" $sp_tab$sp_nl"
        case $line in
            found=*)
                # shellcheck disable=SC2086
                set -- ${line#found=}
                [ "$#" = 4 ] && sp_user_mark "$1" "$2" "$3" "$4" "$sp_site_root"
                ;;
        esac
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
}
