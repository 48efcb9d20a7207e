# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Everything in this account that carries a mark of ours, whosever grant it is.
sp_marks() {
    sp_close_inputs
    sp_find_file
    sp_place
    sp_marks_in_keys
    sp_marks_in_folders
    sp_marks_of_root
    sp_marks_in_crontab
    sp_flush
}

sp_marks_in_keys() {
    local seen="$sp_nl" one found
    IFS=$sp_nl
    for one in $sp_read; do
        IFS=" $sp_tab$sp_nl"
        sp_at "$one" || continue
        case $seen in *"$sp_nl$sp_target$sp_nl"*) continue ;; esac
        seen=$seen$sp_target$sp_nl
        if [ ! -r "$sp_target" ] || [ ! -f "$sp_target" ]; then continue; fi
        found=$(SP_ME=$sp_me SP_FILE=$sp_file awk "$sp_awk_lines"'
            /^[ \t]*#/ { next }
            {
                sub(/\r$/, "")
                if (!stage($0)) next
                tag = "-"
                if (match($0, /\/gate [0-9a-z]+[ "]/)) tag = substr($0, RSTART + 6, RLENGTH - 7)
                match($0, /[A-Za-z0-9+\/]+=*[ \t]+stagepass:[0-9a-z]+$/)
                blob = substr($0, RSTART, RLENGTH); sub(/[ \t].*/, "", blob)
                print "key-line " id($0) " " ENVIRON["SP_ME"] " " tag " " blob " " ENVIRON["SP_FILE"]
            }' <"$sp_target")
        sp_say_marks "$found"
    done
    IFS=" $sp_tab$sp_nl"
}

# Folders of grants, and what closes left in the one of all grants and in the home folder.
sp_marks_in_folders() {
    local one grant kind
    [ -n "$sp_base" ] || return 0
    set +f
    for one in "$sp_base"/* "$sp_my_home"/.stagepass-ended.*; do
        grant=${one##*/}
        case $grant in
            result.*) kind=result grant=${grant#result.} ;;
            .stagepass-ended.*) kind=tombstone grant=${grant#.stagepass-ended.} ;;
            *)
                kind=gate
                [ -d "$one" ] || continue
                ;;
        esac
        case $grant in '' | *[!0-9a-z]*) continue ;; esac
        sp_say mark "$kind $grant $sp_me - - $one"
    done
    set -f
}

# What starts a failsafe of this account, where that is root.
sp_marks_of_root() {
    local one grant kind
    [ "$sp_uid" = 0 ] && [ -n "$sp_base" ] || return 0
    set +f
    for one in /etc/cron.d/stagepass-* "$sp_units"/stagepass-*.service; do
        grep -qsF -e "$sp_base/" "$one" || continue
        grant=${one##*/stagepass-}
        case $one in *.service) kind=unit grant=${grant%.service} ;; *) kind=cron ;; esac
        case $grant in '' | *[!0-9a-z]*) ;; *) sp_say mark "$kind $grant $sp_me - - $one" ;; esac
    done
    set -f
}

sp_marks_in_crontab() {
    local found
    sp_has crontab || return 0
    found=$(crontab -l 2>/dev/null | SP_ME=$sp_me awk '
        match($0, /\/[.]stagepass\/[0-9a-z]+\/failsafe" .* # stagepass [0-9a-z]+\047$/) {
            id = $0; sub(/\047$/, "", id); sub(/.* /, "", id)
            print "cron " id " " ENVIRON["SP_ME"] " - - crontab"
        }') || :
    sp_say_marks "$found"
}

# sp_say_marks LINES
sp_say_marks() {
    local line
    IFS=$sp_nl
    for line in $1; do sp_say mark "$line"; done
    IFS=" $sp_tab$sp_nl"
}
