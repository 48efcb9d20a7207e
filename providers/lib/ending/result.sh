# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What a close found, until the client has it.

# Everything that is about to be said.
sp_result_write() { sp_put "$sp_base/result.$sp_grant" 600 "$sp_out"; }

sp_result_there() { [ -s "$sp_base/result.$sp_grant" ]; }

# sp_result_keep NOTHING_WAS_MADE: what a close says when everything was read again as gone, and that it is kept with all that is
# about to be said.
sp_result_keep() {
    local seconds=0 kept=false
    sp_bool by_server [ "$sp_by_server" = 1 ]
    [ "$sp_by_server" = 0 ] || seconds=$(date +%s)
    sp_say server_closed_at "$seconds"
    sp_say absent true
    if [ "$1" = false ] && [ "$sp_recorded" = 1 ]; then
        if sp_result_write; then
            kept=true
        elif [ "$sp_by_server" = 1 ]; then
            sp_fail no-room 'What was found could not be written down (a full disk).'
        fi
    fi
    sp_say result_kept "$kept"
}

# The end of what a close says. The failsafe, of which it was said that it is absent, went last; if it did not go, that is
# said instead.
sp_result_flush() {
    if ! sp_failsafe_absent; then
        sp_out=$(printf '%s' "$sp_out" | sed 's/^failsafe_absent=true$/failsafe_absent=false/')$sp_nl
        sp_fail failsafe-left "${sp_cron_why:-The failsafe is still there.}"
    fi
    sp_flush
}

# Says again what an earlier close said, but for what is said anew: these four.
sp_result_replay() {
    local said
    said=$(grep -v -e '^already_absent=' -e '^foreign=' -e '^late_open_refused=' -e '^result_kept=' "$sp_base/result.$sp_grant") || :
    sp_out=$sp_out$said$sp_nl
}

sp_result_drop() {
    if [ -e "$sp_base/result.$sp_grant" ] || [ -e "$sp_base/result.$sp_grant.new" ]; then rm -f -- "$sp_base/result.$sp_grant" "$sp_base/result.$sp_grant.new"; fi
}

# Those nobody asked for in ninety days.
sp_result_purge() {
    set +f
    set -- "$sp_base"/result.*
    set -f
    [ ! -e "$1" ] || find "$sp_base" -maxdepth 1 -type f -name 'result.*' -mtime +90 -exec rm -f -- '{}' + 2>/dev/null || :
}
