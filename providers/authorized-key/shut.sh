# shellcheck shell=sh disable=SC2034,SC2154,SC3043
sp_close_inputs() {
    sp_has_password=0
    sp_key_inputs
    case ${sp_uses_from:-} in '' | *[!0-9]*) sp_uses_from=0 ;; esac
    case ${sp_closer:=} in *[!0-9a-z]*) sp_bad_input sp_closer ;; esac
}

# First nobody new gets in, then who is in goes. Asked again with the lock: until then a supporter
# may hold it. With and without our folder: that is the supporter's to remove.
sp_shut() {
    sp_end_sessions
    [ "$sp_ended" = 0 ] || sp_changed=1
    sp_ended_all=$((sp_ended_all + sp_ended))
}

# The gate closes.
sp_shut_gate() {
    [ -n "$sp_dir" ] && [ -d "$sp_dir" ] || return 0
    if [ "${sp_by_server:-}" = 1 ]; then
        sp_due || exit 0
    else
        sp_ends_now || :
    fi
    sp_changed=1
}

# sp_way_in: our lines go, although somebody else holds the lock: what is written is compared with what was
# read right before it is put in place, as with any other editor. Whatever comes of it, the close goes on,
# and looks again with the lock.
sp_way_in() {
    local one
    sp_survey
    [ -n "$sp_holding" ] || return 0
    sp_way_todo=$sp_holding
    # shellcheck disable=SC2030
    (
        trap - 0
        sp_hunt=$sp_same_key_before
        IFS=$sp_nl
        for one in $sp_holding; do
            IFS=" $sp_tab$sp_nl"
            sp_at "$one" || continue
            (sp_file_fit) >/dev/null 2>&1 || continue
            sp_work=$sp_work.way sp_lines=''
            (sp_replace) || sp_clean
        done
    ) >/dev/null 2>&1 || :
    sp_changed=1
}
