# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Marks.

# What this provider made on this server, whatever the grant: KIND GRANT ACCOUNT TAG KEY DETAIL, where KIND is entry, role,
# guard, record, result, unit or cron.
sp_marks() {
    local one grant
    sp_wp_inputs
    sp_tools
    set +f
    set -- "$sp_state"/*/record
    set -f
    sp_wp_roots=''
    for one; do
        grep -qsx 'provider=wordpress' "$one" || continue
        grant=${one%/record}
        sp_wp_mark_record "${grant##*/}" "$one"
    done
    set +f
    set -- "$sp_state"/result.*
    set -f
    for one; do
        ! grep -qsx 'platform=wordpress' "$one" || sp_wp_mark result "${one##*/result.}" - - "$one"
    done
    sp_wp_mark_shop "$sp_path"
    IFS=$sp_nl
    for one in $sp_wp_roots; do
        IFS=" $sp_tab$sp_nl"
        sp_wp_mark_shop "$one"
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
    sp_flush
}

# sp_wp_mark KIND GRANT ACCOUNT TAG DETAIL
sp_wp_mark() {
    case $2 in '' | *[!0-9a-z]*) return 0 ;; esac
    sp_say mark "$1 $2 ${3:--} ${4:--} - $5"
}

sp_wp_mark_record() {
    local line name='' tag='' guard='' at
    while IFS= read -r line; do
        case $line in
            account=*) name=${line#*=} ;;
            tag=*) tag=${line#*=} ;;
            guard=/*) guard=${line#*=} ;;
            root=/*) sp_wp_roots=$sp_wp_roots${line#*=}$sp_nl ;;
        esac
    done <"$2"
    sp_wp_mark record "$1" "$name" "$tag" "${2%record}"
    [ -z "$guard" ] || [ ! -e "$guard" ] || sp_wp_mark guard "$1" "$name" "$tag" "$guard"
    for at in "$sp_units/stagepass-$1.timer" "$sp_units/stagepass-$1.service"; do
        [ ! -e "$at" ] || sp_wp_mark unit "$1" "$name" "$tag" "$at"
    done
    [ ! -e "/etc/cron.d/stagepass-$1" ] || sp_wp_mark cron "$1" "$name" "$tag" "/etc/cron.d/stagepass-$1"
}

# sp_wp_mark_shop FOLDER: the users and roles in the shop there.
sp_wp_mark_shop() {
    local line
    sp_path=$1 sp_wp_first=marks
    sp_wp_find || return 0
    case $sp_nl${sp_wp_seen:-} in *"$sp_nl$sp_wp_root$sp_nl"*) return 0 ;; esac
    sp_wp_seen=${sp_wp_seen:-}$sp_wp_root$sp_nl
    if [ "$sp_php_end" != 0 ] || ! sp_php_is direct; then
        sp_php_tell by shop
        sp_wp_load marks
    fi
    IFS=$sp_nl
    for line in $sp_php_said; do
        IFS=" $sp_tab$sp_nl"
        case $line in
            found=*)
                # shellcheck disable=SC2086
                set -- ${line#found=}
                [ "$#" = 4 ] && sp_wp_mark "$1" "$2" "$3" "$4" "$sp_wp_root"
                ;;
        esac
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
}
