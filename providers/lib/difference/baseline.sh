# shellcheck shell=sh disable=SC2030,SC2031,SC2034,SC2154,SC3043
# The baseline.

# sp_baseline FOLDER: sets sp_baseline (true, false), sp_baseline_why and sp_baseline_digest.
# What is there already, whole, stays: a second `open` must not take what the supporter did for what
# was there before.
sp_baseline() {
    local folder="$1" failed=0
    sp_baseline=false sp_baseline_why='' sp_baseline_digest=''
    if sp_baseline_there "$folder"; then
        sp_baseline=true
        sp_b_digest "$folder"
        sp_baseline_digest=$sp_b_d
        return 0
    fi
    if [ -z "${sp_beside:-}" ]; then
        sp_baseline_begin "$folder" || {
            sp_baseline_why='The list of what is there now could not be written.'
            return 0
        }
        { sp_b_system "$sp_b_salt" || :; } 2>/dev/null 9>&- >"$folder.new/system" || :
    fi
    sp_beside_wait
    sp_baseline_why=$(
        sp_b_into=$folder.new
        sp_b_tools
        sp_b_shop "$sp_b_from" "$sp_b_into/shop" 2>/dev/null
        printf 'version=%s\nsalt=%s\npath=%s\nwhy=%s\ncut=%s\nothers=%s\nkeys=%s\nconfig=%s\nnamed=%s\nstart=%s\ntime=%s\nend\n' "$sp_b_version" "$sp_b_salt" "$sp_b_from" "$sp_b_why" \
            "$sp_b_cut" "$sp_b_others" "$sp_b_keys" "$sp_b_config" "$sp_b_named" "$(sp_b_boot) $(sp_b_ticks_of $$)" "$(date +%s)" 2>/dev/null >"$sp_b_into/about" || exit 1
        case $(tail -q -n 1 -- "$sp_b_into/about" "$sp_b_into/system") in end"$sp_nl"end*) ;; *) exit 1 ;; esac
        case $sp_b_why in 'there was no room'*) exit 1 ;; esac
        printf '%s' "$sp_b_why"
    ) 9>&- || failed=1
    if [ "$failed" = 0 ] && mv -- "$folder.new" "$folder" 2>/dev/null; then
        sp_baseline=true
        sp_b_digest "$folder"
        sp_baseline_digest=$sp_b_d
        [ -z "$sp_baseline_why" ] || sp_baseline_why="The list is not whole: $sp_baseline_why."
    else
        rm -rf -- "$folder.new" 2>/dev/null || :
        sp_baseline_why='The list of what is there now could not be written (a full disk, or a quota).'
    fi
}

# sp_baseline_ahead FOLDER ACCOUNT UID GID: begins with the list of the system, which goes on beside whatever else is made until
# sp_baseline wants it. What is made meanwhile must be left out of the list by its name (sp_b_ours), and is not the
# shop: so is this account, which was not there or is ours. It holds our lock: whoever closes after we were killed waits until
# nothing is written any more.
sp_baseline_ahead() {
    sp_b_own=$2 sp_b_own_ids=$3:$4
    if sp_baseline_there "$1" || ! sp_baseline_begin "$1"; then return 0; fi
    { sp_b_system "$sp_b_salt" || :; } 2>/dev/null >"$1.new/system" &
    sp_beside=$!
}

sp_baseline_there() { [ ! -L "$1" ] && [ -f "$1/about" ]; }

# sp_baseline_begin FOLDER: a new folder for the list, and what the list begins with. Ends with 1 where it cannot be made.
sp_baseline_begin() {
    local one there=0
    for one in "$1" "$1.new"; do if [ -e "$one" ] || [ -L "$one" ]; then there=1; fi; done
    if { [ "$there" = 1 ] && ! rm -rf -- "$1" "$1.new" 2>/dev/null; } || ! mkdir -m 0700 -- "$1.new" 2>/dev/null; then return 1; fi
    sp_b_tools
    sp_b_ours
    sp_b_random
    sp_b_salt=$sp_v
    if [ -z "${sp_s_keys:-}" ]; then
        sp_find_sshd
        sp_settings "${sp_me:-root}"
    fi
    sp_b_keys=${sp_s_keys:-} sp_b_config=${sp_sshd_f:-} sp_b_named=''
    sp_b_named_by_sshd
    sp_b_from=${sp_rec_path:-${sp_real:-${sp_start:-}}}
    if [ -z "$sp_b_from" ] && [ -n "${sp_path:-}" ]; then sp_b_from=$(readlink -f -- "$sp_path") || sp_b_from=$sp_path; fi
}

sp_b_boot() {
    local word=''
    [ ! -r /proc/sys/kernel/random/boot_id ] || read -r word </proc/sys/kernel/random/boot_id || :
    printf '%s' "$word"
}
sp_b_ticks_of() { ! sp_b_who "$1" || printf '%s' "$sp_b_start"; }

# sp_baseline_hold FOLDER: right before stagepass itself changes the entries or the owners of a folder.
# That gives every file there a new inode time, by which a content that was changed and given its old
# time back is told. So, for every grant with a baseline of that folder: which files are as they were
# up to now, and digests of what can be obeyed. The first time is enough: a digest holds for good.
sp_baseline_hold() {
    local shop="$1" about folder
    [ "${sp_uid:-}" = 0 ] && sp_has sha256sum || return 0
    set +f
    set -- "$sp_b_state"/*/baseline/about
    set -f
    for about; do
        if [ ! -f "$about" ] || [ -L "$about" ] || [ ! -O "$about" ]; then continue; fi
        folder=${about%/about}
        # Its own difference is known by then, as are those of grants that are closed with it.
        if [ "$folder" = "$sp_b_state/$sp_grant/baseline" ] && [ -n "${sp_diff_state:-}" ]; then continue; fi
        if [ -e "$folder/held" ] || [ -e "${folder%/baseline}/compared" ]; then continue; fi
        (
            sp_b_into=$folder
            sp_b_about
            [ -n "$sp_b_from" ] || exit 0
            case $sp_b_from/:$shop/ in "$shop"/*:*) ;; *:"$sp_b_from"/*) ;; *) exit 0 ;; esac
            sp_b_tools
            # In this order: what is unchanged after its digest was taken was so when it was taken.
            sp_b_sums "$sp_b_from" >"$sp_b_into/sums"
            sp_b_shop "$sp_b_from" "$sp_b_into/list"
            sort -T "$sp_b_into" "$sp_b_into/shop" "$sp_b_into/list" | uniq -d >"$sp_b_into/held.new"
            rm -f -- "$sp_b_into/list"
            mv -f -- "$sp_b_into/held.new" "$sp_b_into/held"
        ) 2>/dev/null 9>&- || :
    done
}

# sp_b_sums FOLDER: digests of everything that may be obeyed, by a server or by a browser.
sp_b_sums() {
    local odd='*[[:cntrl:]]*'
    sp_b_left $((20 + sp_b_more))
    sp_b_within "$sp_b_limit" find "$1" -type f -size -1000k ! -path "$odd" ! -path '*\\*' ! -iname '*.jpg' ! -iname '*.jpeg' \
        ! -iname '*.png' ! -iname '*.gif' ! -iname '*.webp' ! -iname '*.avif' ! -iname '*.woff' ! -iname '*.woff2' ! -iname '*.pdf' \
        ! -iname '*.zip' ! -iname '*.gz' ! -iname '*.mp4' -exec sha256sum -- '{}' + 2>/dev/null || :
}
