# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Marks.

# Everything on this server that carries a mark of ours, whatever its grant: KIND GRANT ACCOUNT TAG KEY
# DETAIL. Nobody but root writes where this looks, but for key lines and comments; the tag says
# whether those are ours.
sp_marks() {
    local all line one name account
    sp_check_inputs
    sp_whoami
    [ "$sp_uid" = 0 ] || sp_refuse not-root 'This needs root, and the login of stagepass is not root here.'
    all=$(getent passwd) || :
    IFS=$sp_nl
    for line in $all; do
        IFS=:
        # shellcheck disable=SC2086
        set -- $line
        IFS=$sp_nl
        case ${5:-} in
            'stagepass '?*)
                name=${5#stagepass }
                sp_mark_say account "${name%%,*}" "$1" - "uid=$3"
                ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    set +f
    for one in "$sp_state"/*/ "$sp_state"/result.* "$sp_state"/ended.* "$sp_units"/stagepass-*.timer "$sp_units"/stagepass-*.service \
        /etc/cron.d/stagepass-* /etc/ssh/sshd_config.d/50-stagepass-*.conf; do
        [ -e "$one" ] || continue
        name=${one%/}
        name=${name##*/}
        case $one in
            */result.*) sp_mark_say result "${name#result.}" - - "$one" ;;
            */ended.*) sp_mark_say tombstone "${name#ended.}" - - "$one" ;;
            "$sp_units"/*)
                name=${name#stagepass-}
                sp_mark_say unit "${name%.*}" - - "$one"
                ;;
            /etc/cron.d/*) sp_mark_say cron "${name#stagepass-}" - - "$one" ;;
            /etc/ssh/*)
                name=${name#50-stagepass-}
                account=$(sed -n 's/^Match User //p' "$one" | head -n 1) || :
                sp_mark_say drop-in "${name%.conf}" "${account:--}" - "$one"
                ;;
            "$sp_state"/*/)
                sp_mark_say record "$name" - - "$one"
                [ ! -e "${one}gate" ] || sp_mark_say gate "$name" - - "${one}gate"
                ;;
        esac
    done
    set -f
    sp_mark_keys
    sp_flush
}

# sp_mark_say KIND GRANT ACCOUNT KEY DETAIL: account and tag are those of the record, where there is one.
sp_mark_say() {
    local account="$3" tag=- line
    case $2 in '' | *[!0-9a-z]*) return 0 ;; esac
    if [ -r "$sp_state/$2/record" ]; then
        while IFS= read -r line; do
            case $line in
                account=?*) [ "$account" != - ] || account=${line#*=} ;;
                tag=?*) tag=${line#*=} ;;
            esac
        done <"$sp_state/$2/record"
    fi
    sp_say mark "$1 $2 $account $tag $4 $5"
}

# Key lines with our mark, in every file that sshd may read for a local account.
sp_mark_keys() {
    local all line name uid home entry file one found grant tag key
    sp_find_sshd
    sp_settings root
    set --
    all=$(getent passwd) || :
    IFS=$sp_nl
    for line in $all; do
        home=${line%:*}
        home=${home##*:}
        name=${line%%:*}
        uid=${line#*:*:}
        uid=${uid%%:*}
        case $home in /?*) ;; *) continue ;; esac
        IFS=" $sp_nl"
        for entry in ${sp_s_keys:-.ssh/authorized_keys .ssh/authorized_keys2}; do
            sp_key_path "$entry" "$home" "$name" "$uid" || continue
            file=$sp_v
            case $file in /*) ;; *) file=$home/$file ;; esac
            [ ! -f "$file" ] || set -- "$@" "$name:$file"
        done
        IFS=$sp_nl
    done
    for one; do
        found=$(head -c 1048576 "${one#*:}" 2>/dev/null | tr -d '\000' | grep -a -e ' stagepass:[0-9a-z][0-9a-z]*[[:space:]]*$' | head -n 200) || :
        for line in $found; do
            case $line in '#'*) continue ;; esac
            grant=${line##* stagepass:}
            grant=${grant%%[!0-9a-z]*}
            # The tag is behind the gate's path; the key is the last word but one.
            tag=-
            case $line in
                *command=\"*"/$grant/gate "*)
                    tag=${line#*"/$grant/gate "}
                    tag=${tag%%[!0-9a-z]*}
                    ;;
            esac
            key=${line% stagepass:*}
            sp_say mark "key-line $grant ${one%%:*} ${tag:--} ${key##* } ${one#*:}"
        done
    done
    IFS=" $sp_tab$sp_nl"
}
