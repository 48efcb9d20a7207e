# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# What in the shop lets somebody in, runs by itself, or says where money and mail go: before and after.

# sp_user_state STEP: `want`, what is asked next is to say what there is; `keep`, it is that before anybody is let in; `tell`, what is
# different since, from the last reply.
sp_user_state() {
    case $1 in
        want) sp_user_list_ours ;;
        keep) sp_user_keep_state ;;
        tell) sp_user_compare ;;
    esac
}

# Sets sp_user_ours to every user of ours in shops of this server, GRANT:NAME with commas between them, as root's own records say.
sp_user_list_ours() {
    local one grant
    set +f
    set -- "$sp_state"/*/record
    set -f
    sp_user_ours=,
    for one; do
        grep -qsx "provider=$sp_user_provider" "$one" || continue
        grant=${one%/record}
        sp_user_ours=$sp_user_ours${grant##*/}:$(sed -n 's/^account=//p' "$one" | head -n 1),
    done
}

# sp_user_states: the lines of the last reply.
sp_user_states() { printf '%s\n' "$sp_php_said" | sed -n 's/^state=//p'; }

# The first time counts.
sp_user_keep_state() {
    [ ! -e "$sp_record/state" ] || return 0
    sp_php_said=$sp_user_facts
    sp_php_is state_whole || return 0
    sp_put "$sp_record/state" 600 "$(sp_user_states)$sp_nl"
}

# Records for whoever judges them.
sp_user_compare() {
    local line records
    if [ ! -f "$sp_record/state" ]; then
        sp_say difference 'none: what was there in the shop when access was opened was not listed'
        return 0
    fi
    sp_php_value state_whole
    case $sp_v in
        '') sp_say difference 'none: what is there in the shop now could not be listed' && return 0 ;;
        true) sp_say difference whole ;;
        *) sp_say difference 'partial: the shop has more users, keys and settings than are listed' ;;
    esac
    records=$(
        sp_user_states | awk '
            FILENAME == ARGV[1] { was[$0]++; next }
            was[$0] > 0 { was[$0]--; next }
            { print "+" $0 }
            END { for (line in was) if (was[line] > 0) print "-" line }' "$sp_record/state" -
    )
    IFS=$sp_nl
    for line in $records; do
        IFS=" $sp_tab$sp_nl"
        sp_out="${sp_out}record=$line$sp_nl"
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
}
