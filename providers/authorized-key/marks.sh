# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Everything in this account that carries a mark of ours, whosever grant it is.
sp_marks() {
    sp_close_inputs
    sp_find_file
    sp_place
    IFS=$sp_nl
    sp_seen=$sp_nl
    for sp_f in $sp_read; do
        IFS=" $sp_tab$sp_nl"
        sp_at "$sp_f" || continue
        case $sp_seen in *"$sp_nl$sp_target$sp_nl"*) continue ;; esac
        sp_seen=$sp_seen$sp_target$sp_nl
        if [ ! -r "$sp_target" ] || [ ! -f "$sp_target" ]; then continue; fi
        sp_t=$(SP_ME=$sp_me SP_FILE=$sp_file awk "$sp_awk_lines"'
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
        sp_say_marks
    done
    IFS=" $sp_tab$sp_nl"
    if [ -n "$sp_base" ]; then
        set +f
        for sp_f in "$sp_base"/* "$sp_my_home"/.stagepass-ended.*; do
            sp_v=${sp_f##*/}
            case $sp_v in
                result.*) sp_k=result sp_v=${sp_v#result.} ;;
                .stagepass-ended.*) sp_k=tombstone sp_v=${sp_v#.stagepass-ended.} ;;
                *)
                    sp_k=gate
                    [ -d "$sp_f" ] || continue
                    ;;
            esac
            case $sp_v in '' | *[!0-9a-z]*) continue ;; esac
            sp_say mark "$sp_k $sp_v $sp_me - - $sp_f"
        done
        set -f
    fi
    if [ "$sp_uid" = 0 ] && [ -n "$sp_base" ]; then
        set +f
        for sp_f in /etc/cron.d/stagepass-* "$sp_units"/stagepass-*.service; do
            grep -qsF -e "$sp_base/" "$sp_f" || continue
            sp_v=${sp_f##*/stagepass-}
            case $sp_f in *.service) sp_k=unit sp_v=${sp_v%.service} ;; *) sp_k=cron ;; esac
            case $sp_v in '' | *[!0-9a-z]*) ;; *) sp_say mark "$sp_k $sp_v $sp_me - - $sp_f" ;; esac
        done
        set -f
    fi
    if sp_has crontab; then
        sp_t=$(crontab -l 2>/dev/null | SP_ME=$sp_me awk '
            match($0, /\/[.]stagepass\/[0-9a-z]+\/failsafe" .* # stagepass [0-9a-z]+\047$/) {
                id = $0; sub(/\047$/, "", id); sub(/.* /, "", id)
                print "cron " id " " ENVIRON["SP_ME"] " - - crontab"
            }') || :
        sp_say_marks
    fi
    sp_flush
}

sp_say_marks() {
    IFS=$sp_nl
    for sp_l in $sp_t; do sp_say mark "$sp_l"; done
    IFS=" $sp_tab$sp_nl"
}
