# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# What in the shop lets somebody in, runs by itself, or says where money and mail go: before and after.

# Every user of ours in shops of this server, GRANT:NAME with commas between them, as root's own records say.
sp_wp_ours() {
    local one grant
    set +f
    set -- "$sp_state"/*/record
    set -f
    sp_v=''
    for one; do
        grep -qsx 'provider=wordpress' "$one" || continue
        grant=${one%/record}
        sp_v=$sp_v${sp_v:+,}${grant##*/}:$(sed -n 's/^account=//p' "$one" | head -n 1)
    done
}

# What is asked next is to tell it.
sp_wp_want_state() {
    sp_wp_ours
    sp_wp_ours_are=$sp_v sp_wp_wants_state=1
}

# sp_wp_states: the lines of the last reply.
sp_wp_states() { printf '%s\n' "$sp_php_said" | sed -n 's/^state=//p'; }

# As it is before anybody is let in; the first time counts.
sp_wp_keep_state() {
    [ ! -e "$sp_record/state" ] || return 0
    sp_php_said=$sp_wp_facts
    sp_php_is state_whole || return 0
    sp_put "$sp_record/state" 600 "$(sp_wp_states)$sp_nl"
}

# Says what is different since, from the last reply: records for whoever judges them.
sp_wp_compare() {
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
        sp_wp_states | awk '
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
