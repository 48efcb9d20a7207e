# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Marks.

# Everything on this server that carries a mark of ours, whatever its grant: KIND GRANT ACCOUNT TAG KEY
# DETAIL. Nobody but root writes where this looks, but for key lines and comments; the tag says
# whether those are ours.
sp_marks() {
    sp_check_inputs
    sp_whoami
    [ "$sp_uid" = 0 ] || sp_refuse not-root 'This needs root, and the login of stagepass is not root here.'
    sp_seen=''
    sp_t=$(getent passwd) || :
    IFS=$sp_nl
    for sp_l in $sp_t; do
        IFS=:
        # shellcheck disable=SC2086
        set -- $sp_l
        IFS=$sp_nl
        case ${5:-} in
            'stagepass '?*)
                sp_v=${5#stagepass }
                sp_mark_say account "${sp_v%%,*}" "$1" - "uid=$3"
                ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    set +f
    for sp_a in "$sp_state"/*/ "$sp_state"/result.* "$sp_state"/ended.* "$sp_units"/stagepass-*.timer "$sp_units"/stagepass-*.service \
        /etc/cron.d/stagepass-* /etc/ssh/sshd_config.d/50-stagepass-*.conf; do
        [ -e "$sp_a" ] || continue
        sp_v=${sp_a%/}
        sp_v=${sp_v##*/}
        case $sp_a in
            */result.*) sp_mark_say result "${sp_v#result.}" - - "$sp_a" ;;
            */ended.*) sp_mark_say tombstone "${sp_v#ended.}" - - "$sp_a" ;;
            "$sp_units"/*)
                sp_v=${sp_v#stagepass-}
                sp_mark_say unit "${sp_v%.*}" - - "$sp_a"
                ;;
            /etc/cron.d/*) sp_mark_say cron "${sp_v#stagepass-}" - - "$sp_a" ;;
            /etc/ssh/*)
                sp_v=${sp_v#50-stagepass-}
                sp_w=$(sed -n 's/^Match User //p' "$sp_a" | head -n 1) || :
                sp_mark_say drop-in "${sp_v%.conf}" "${sp_w:--}" - "$sp_a"
                ;;
            "$sp_state"/*/)
                sp_mark_say record "$sp_v" - - "$sp_a"
                [ ! -e "${sp_a}gate" ] || sp_mark_say gate "$sp_v" - - "${sp_a}gate"
                ;;
        esac
    done
    set -f
    sp_mark_keys
    sp_flush
}

# sp_mark_say KIND GRANT ACCOUNT KEY DETAIL: account and tag are those of the record, where there is one.
sp_mark_say() {
    case $2 in '' | *[!0-9a-z]*) return 0 ;; esac
    sp_k=$3 sp_w=-
    if [ -r "$sp_state/$2/record" ]; then
        while IFS= read -r sp_l; do
            case $sp_l in
                account=?*) [ "$sp_k" != - ] || sp_k=${sp_l#*=} ;;
                tag=?*) sp_w=${sp_l#*=} ;;
            esac
        done <"$sp_state/$2/record"
    fi
    sp_say mark "$1 $2 $sp_k $sp_w $4 $5"
}

# Key lines with our mark, in every file that sshd may read for a local account.
sp_mark_keys() {
    sp_find_sshd
    sp_settings root
    set --
    sp_t=$(getent passwd) || :
    IFS=$sp_nl
    for sp_l in $sp_t; do
        sp_home=${sp_l%:*}
        sp_home=${sp_home##*:}
        sp_account=${sp_l%%:*}
        sp_k=${sp_l#*:*:}
        sp_k=${sp_k%%:*}
        case $sp_home in /?*) ;; *) continue ;; esac
        IFS=" $sp_nl"
        for sp_a in ${sp_s_keys:-.ssh/authorized_keys .ssh/authorized_keys2}; do
            sp_key_path "$sp_a" "$sp_home" "$sp_account" "$sp_k" || continue
            case $sp_v in /*) ;; *) sp_v=$sp_home/$sp_v ;; esac
            [ ! -f "$sp_v" ] || set -- "$@" "$sp_account:$sp_v"
        done
        IFS=$sp_nl
    done
    for sp_f; do
        sp_t=$(head -c 1048576 "${sp_f#*:}" 2>/dev/null | tr -d '\000' | grep -a -e ' stagepass:[0-9a-z][0-9a-z]*[[:space:]]*$' | head -n 200) || :
        for sp_l in $sp_t; do
            case $sp_l in '#'*) continue ;; esac
            sp_v=${sp_l##* stagepass:}
            sp_v=${sp_v%%[!0-9a-z]*}
            # The tag is behind the gate's path; the key is the last word but one.
            sp_w=-
            case $sp_l in
                *command=\"*"/$sp_v/gate "*)
                    sp_w=${sp_l#*"/$sp_v/gate "}
                    sp_w=${sp_w%%[!0-9a-z]*}
                    ;;
            esac
            sp_k=${sp_l% stagepass:*}
            sp_say mark "key-line $sp_v ${sp_f%%:*} ${sp_w:--} ${sp_k##* } ${sp_f#*:}"
        done
    done
    IFS=" $sp_tab$sp_nl"
}
