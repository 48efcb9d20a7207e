# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Marks.

# What this provider made on this server, whatever the grant: KIND GRANT ACCOUNT TAG KEY DETAIL, where KIND is entry, record,
# result, unit or cron. An entry is looked for in every password file of the configuration, and of a record.
sp_marks() {
    local one grant
    sp_web_inputs
    sp_web_look
    sp_web_files=''
    set +f
    set -- "$sp_state"/*/record
    set -f
    for one; do
        grep -qsx 'provider=web-password' "$one" || continue
        grant=${one%/record}
        grant=${grant##*/}
        sp_web_mark_record "$grant" "$one"
    done
    set +f
    set -- "$sp_state"/result.*
    set -f
    for one; do
        ! grep -qs '^entry_absent=' "$one" || sp_user_mark result "${one##*/result.}" - - "$one"
    done
    sp_web_each sp_web_mark_file
    IFS=$sp_nl
    for one in $sp_web_files; do
        IFS=" $sp_tab$sp_nl"
        sp_web_mark_entries "$one"
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
    sp_flush
}

sp_web_mark_record() {
    local line name='' tag=''
    while IFS= read -r line; do
        case $line in
            account=*) name=${line#*=} ;;
            tag=*) tag=${line#*=} ;;
            file=/*) g_file=${line#*=} && sp_web_mark_file ;;
        esac
    done <"$2"
    sp_user_mark_kept "$1" "$name" "$tag" "${2%record}"
}

sp_web_mark_file() {
    local real
    case $g_file in /*) ;; *) return 0 ;; esac
    real=$(readlink -f -- "$g_file" 2>/dev/null) || return 0
    case $sp_nl$sp_web_files in *"$sp_nl$real$sp_nl"*) ;; *) sp_web_files=$sp_web_files$real$sp_nl ;; esac
}

# sp_web_mark_entries FILE: our marks in it, with the name below each.
sp_web_mark_entries() {
    local line said
    [ -f "$1" ] && [ -r "$1" ] || return 0
    said=$(head -c 1048576 -- "$1" | tr -d '\000\r' | awk '
        above != "" { i = index($0, ":"); print above, (i > 1 && $0 ~ /^[A-Za-z0-9_]/ ? substr($0, 1, i - 1) : "-"); above = "" }
        /^# stagepass [0-9a-z]+( [0-9a-z]+)?$/ { above = $3 " " ($4 == "" ? "-" : $4) }
        END { if (above != "") print above, "-" }' | head -n 200)
    IFS=$sp_nl
    for line in $said; do
        IFS=" $sp_tab$sp_nl"
        # shellcheck disable=SC2086
        set -- "$1" $line
        sp_user_mark entry "$2" "$4" "$3" "$1"
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
}
