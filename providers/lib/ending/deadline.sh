# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# When it ends.

sp_ends_write() {
    local hard="$sp_deadline"
    [ "$sp_at_end" != drain ] || hard=$((sp_deadline + sp_drain))
    sp_put "$sp_dir/ends" 644 "deadline=$sp_deadline${sp_nl}hard=$hard$sp_nl"
}

# Now, for everybody, unless it was over before. The first thing a close does.
sp_ends_now() {
    [ -d "$sp_dir" ] || return 0
    sp_ends_read
    sp_now=$(date +%s)
    [ "$sp_now" -ge "$sp_end_deadline" ] || sp_end_deadline=$sp_now
    [ "$sp_now" -lt "$sp_end_hard" ] || return 0
    # Without that file the gate lets nobody in, either.
    sp_put "$sp_dir/ends" 644 "deadline=$sp_end_deadline${sp_nl}hard=$sp_now$sp_nl" || rm -f -- "$sp_dir/ends"
}

# Sets sp_end_deadline and sp_end_hard; 0, that is over, where the file does not say.
sp_ends_read() {
    local line
    sp_end_deadline=0 sp_end_hard=0
    [ -r "$sp_dir/ends" ] || return 0
    while IFS= read -r line; do
        case $line in
            *=*[!0-9]*) ;;
            deadline=?*) sp_end_deadline=${line#*=} ;;
            hard=?*) sp_end_hard=${line#*=} ;;
        esac
    done <"$sp_dir/ends"
}
