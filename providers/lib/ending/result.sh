# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What a close found, until the client has it.

# Everything that is about to be said.
sp_result_write() { sp_put "$sp_base/result.$sp_grant" 600 "$sp_out"; }

sp_result_there() { [ -s "$sp_base/result.$sp_grant" ]; }

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
