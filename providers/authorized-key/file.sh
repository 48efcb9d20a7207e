# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The file.

# Sets sp_me and sp_my_home.
sp_find_home() {
    local line
    sp_passwd "$sp_uid"
    IFS=$sp_nl
    sp_me='' sp_my_home=${HOME:-}
    for line in $sp_t; do
        IFS=:
        # shellcheck disable=SC2086
        set -- $line
        sp_me=$1 sp_my_home=$6
        break
    done
    IFS=" $sp_tab$sp_nl"
    [ -z "$sp_account" ] || [ -z "$sp_me" ] || [ "$sp_account" = "$sp_me" ] ||
        sp_refuse other-account "The key was to go into the account $sp_account, and the login of stagepass is $sp_me."
}

# The same, and sets sp_assumed, sp_read (every file sshd reads, and the one that open used, a line each)
# and sp_pick (where our lines are, or will be), and looks at that one.
sp_find_file() {
    sp_find_home
    sp_find_sshd
    sp_settings "$sp_me"
    sp_pick_file
    if [ -z "$sp_pick" ] && [ -z "$sp_read" ]; then
        sp_refuse no-key-file "This sshd reads no key file of this account (AuthorizedKeysFile $sp_s_keys)."
    fi
    [ -n "$sp_pick" ] || sp_pick=${sp_read%%"$sp_nl"*}
    sp_at "$sp_pick" || sp_refuse keys-file-link "$sp_file is a link that leads nowhere."
}

# sp_at FILE: sets sp_file, sp_target (the file itself, where that is a link), sp_keys_dir and sp_work.
sp_at() {
    sp_file=$1 sp_target=$1
    if [ -L "$1" ]; then
        sp_target=$(readlink -f -- "$1") || sp_target=''
        [ -n "$sp_target" ] || return 1
    fi
    sp_keys_dir=${sp_target%/*}
    sp_work=$sp_target.stagepass-$sp_grant
}

# sp_survey: looks through all of them. Sets sp_ours, sp_moved, sp_others, sp_text, sp_same_kept and
# sp_same_foreign for all files together, sp_holding (those with lines that are to go or to change),
# and stands at the first with a line of ours, else at the picked one.
sp_survey() {
    local file seen="$sp_nl" stand='' ours=0 moved=0 others=0 text='' kept=false foreign=false
    sp_holding=''
    IFS=$sp_nl
    for file in $sp_read; do
        IFS=" $sp_tab$sp_nl"
        sp_at "$file" || continue
        # Two names of one file are one file.
        case $seen in *"$sp_nl$sp_target$sp_nl"*) continue ;; esac
        seen=$seen$sp_target$sp_nl
        sp_scan
        ours=$((ours + sp_ours)) moved=$((moved + sp_moved)) others=$((others + sp_others))
        text=$text$sp_text
        [ "$sp_same_kept" = false ] || kept=true
        [ "$sp_same_foreign" = false ] || foreign=true
        if [ "$sp_ours" -gt 0 ] && [ -z "$stand" ]; then stand=$file; fi
        [ $((sp_ours + sp_moved)) = 0 ] || sp_holding=$sp_holding$file$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
    sp_at "${stand:-$sp_pick}" || sp_refuse keys-file-link "$sp_file is a link that leads nowhere."
    sp_ours=$ours sp_moved=$moved sp_others=$others sp_text=$text
    sp_same_kept=$kept sp_same_foreign=$foreign
}

# Of the files sshd reads, the first that exists, else the first in the home folder.
sp_pick_file() {
    local entry file first=''
    sp_pick='' sp_assumed=false sp_read=''
    if [ "$sp_s_ok" != true ]; then
        sp_assumed=true
        [ -n "$sp_s_keys" ] || sp_s_keys='.ssh/authorized_keys .ssh/authorized_keys2'
    fi
    for entry in $sp_s_keys; do
        [ "$entry" != none ] || continue
        sp_key_path "$entry" "$sp_my_home" "$sp_me" "$sp_uid" || continue
        file=$sp_v
        case $file in
            "$sp_my_home"/*) ;;
            # One file for every account would let the supporter into all of them: read, never used.
            /*"$sp_me"*) ;;
            /*)
                sp_read=$sp_read$file$sp_nl
                continue
                ;;
            *) file=$sp_my_home/$file ;;
        esac
        sp_read=$sp_read$file$sp_nl
        [ -n "$first" ] || first=$file
        if [ -z "$sp_pick" ] && { [ -e "$file" ] || [ -L "$file" ]; }; then sp_pick=$file; fi
    done
    [ -n "$sp_pick" ] || sp_pick=$first
    case $sp_nl$sp_read in
        *"$sp_nl${sp_keys_file:-}$sp_nl"*) ;;
        *) [ -z "${sp_keys_file:-}" ] || sp_read=$sp_read$sp_keys_file$sp_nl ;;
    esac
}

# Whether the file can be replaced by one of the same owner, mode and label.
sp_file_fit() {
    if [ -e "$sp_target" ]; then
        [ -f "$sp_target" ] || sp_refuse keys-file-odd "$sp_target is not a file."
        [ "$sp_uid" = 0 ] || [ -O "$sp_target" ] || sp_refuse keys-file-foreign "$sp_target does not belong to this account; somebody else manages its keys."
        [ -w "$sp_target" ] || sp_refuse keys-file-read-only "$sp_target is read-only."
        [ -r "$sp_target" ] || sp_refuse keys-file-read-only "$sp_target cannot be read."
        [ -w "$sp_keys_dir" ] || sp_refuse keys-folder-read-only "The folder $sp_keys_dir is read-only."
    elif [ -e "$sp_keys_dir" ]; then
        [ -w "$sp_keys_dir" ] || sp_refuse keys-folder-read-only "The folder $sp_keys_dir is read-only."
    else
        [ -d "${sp_keys_dir%/*}" ] || sp_refuse no-home "There is no folder ${sp_keys_dir%/*}."
        [ -w "${sp_keys_dir%/*}" ] || sp_refuse keys-folder-read-only "The folder ${sp_keys_dir%/*} is read-only."
    fi
}

sp_clean() { [ -z "${sp_work:-}" ] || rm -f -- "$sp_work.was" "$sp_work.new" "$sp_work.old"; }

# What sp_way_in was killed over.
sp_clean_way() { rm -f -- "$sp_work.way.was" "$sp_work.way.new" "$sp_work.way.old"; }
sp_tidy() {
    [ -z "${sp_editing:-}" ] || sp_clean
    # Made for the file; empty, it goes again.
    [ "${sp_new_dir:-0}" = 0 ] || rmdir -- "$sp_keys_dir" 2>/dev/null || :
    # By its name in a variable: only verbs that make something are sent all that taking it back needs.
    "${sp_guarding:-:}"
}

# The folder may have been made for the lock alone, or made again when another had just removed it; empty, it goes.
sp_was_held() { rmdir -- "$sp_base" 2>/dev/null || :; }

# The awk functions that tell lines apart. `ours`: a key line of this grant. `moved`: the key stood
# in no line but ours when the grant was opened, and now stands in one: whoever logs in with it took
# our mark off, and the restrictions with it. Blanks, options and quoted text are sshd's own rules.
sp_awk_lines='
    BEGIN { g = ENVIRON["SP_GRANT"]; k = ENVIRON["SP_KEY"]; hunt = ENVIRON["SP_BEFORE"] == "0" && k != "" }
    function stage(l) { return l ~ /(^|[ \t])(ssh|ecdsa|sk)-[^ \t"]+[ \t]+[A-Za-z0-9+\/]+=*[ \t]+stagepass:[0-9a-z]+$/ }
    function id(l) { sub(/.*stagepass:/, "", l); return l }
    function same(l) {
        if (k == "" || !index(l, k)) return 0
        gsub(/\\"/, "", l); gsub(/"[^"]*"/, "", l); gsub(/\t/, " ", l)
        return index(" " l " ", " " k " ") > 0
    }
    function ours(l) { return stage(l) && id(l) == g }
    function moved(l) { return hunt && l !~ /^[ \t]*#/ && !stage(l) && same(l) }
'

# Reads the file and sets: sp_ours (our key lines), sp_moved, sp_others (other grants'), sp_text (our
# lines as they are), sp_same_kept and sp_same_foreign (the supporter's key in lines that are not ours).
sp_scan() {
    local found
    sp_ours=0 sp_moved=0 sp_others=0 sp_same_kept=false sp_same_foreign=false sp_text=''
    [ -r "$sp_target" ] && [ -f "$sp_target" ] || return 0
    found=$(SP_GRANT=$sp_grant SP_KEY=${sp_public_key#* } SP_BEFORE=${sp_same_key_before:-} awk "$sp_awk_lines"'
        BEGIN { o = 0; t = 0; m = 0; kept = "false"; foreign = "false" }
        /^[ \t]*#/ { next }
        {
            l = $0; sub(/\r$/, "", l)
            if (ours(l)) { o++; mine = mine l "\n"; next }
            if (stage(l)) { t++; if (same(l)) kept = "true"; next }
            if (moved(l)) m++
            if (same(l)) foreign = "true"
        }
        END { print o, m, t, kept, foreign; printf "%s", mine }' <"$sp_target")
    # shellcheck disable=SC2086
    set -- ${found%%"$sp_nl"*}
    sp_ours=$1 sp_moved=$2 sp_others=$3 sp_same_kept=$4 sp_same_foreign=$5
    case $found in *"$sp_nl"*) sp_text=${found#*"$sp_nl"}$sp_nl ;; esac
}

# sp_without OTHERS END: the file without our key lines, and without our notes too when no grant has
# a line left. OTHERS is the number of other grants' lines.
sp_without() {
    SP_GRANT=$sp_grant SP_KEY=${sp_public_key#* } SP_BEFORE=${sp_hunt:-} SP_OTHERS=$1 SP_END=$2 awk "$sp_awk_lines"'
        BEGIN { others = ENVIRON["SP_OTHERS"]; n = 0; cut = 0 }
        {
            l = $0; sub(/\r$/, "", l)
            if (ours(l) || moved(l)) next
            if (others == 0 && (l == "# stagepass: file made" || l == "# stagepass: file and folder made")) next
            if (others == 0 && l == "# stagepass: newline added above") { cut = 1; next }
            # A line held back, so that the last one is known before its newline is written.
            if (n++) printf "%s\n", held
            held = $0; cut = 0; at = NR
        }
        END {
            if (!n) exit
            printf "%s", held
            if (cut) exit
            if (at == NR && ENVIRON["SP_END"] == "none") exit
            printf "\n"
        }'
}

# Writes what is wanted into a file beside it, from what was read of it.
sp_write_new() {
    local end=newline others
    # A copy first, for owner, mode, label and attributes; then its content.
    cp -p --preserve=all -- "$sp_target" "$sp_work.new" 2>/dev/null ||
        cp -p -- "$sp_target" "$sp_work.new" 2>/dev/null || sp_no_room
    if [ -s "$sp_work.was" ]; then
        case $(tail -c 1 <"$sp_work.was"; printf x) in "${sp_nl}x") ;; *) end=none ;; esac
    fi
    if [ "$sp_ours" -gt 0 ] || [ -z "$sp_lines" ]; then
        others=$sp_others
        # Notes stay while there is a line of any grant, ours included.
        [ -z "$sp_lines" ] || others=1
        sp_without "$others" "$end" <"$sp_work.was" >"$sp_work.new" 2>/dev/null || sp_no_room
        # Not every awk says that it could not write.
        sp_without "$others" "$end" <"$sp_work.was" | cmp -s - "$sp_work.new" || sp_no_room
        [ -z "$sp_lines" ] || printf '%s' "$sp_lines" 2>/dev/null >>"$sp_work.new" || sp_no_room
    else
        {
            cat <"$sp_work.was" &&
                { [ "$end" = newline ] || printf '\n%s\n' "$sp_note_newline"; } &&
                printf '%s' "$sp_lines"
        } >"$sp_work.new" 2>/dev/null || sp_no_room
    fi
}

# sp_replace: puts the wanted content in place, tries again when somebody else edits meanwhile.
# What is wanted: every line that is not ours as it is, and sp_lines (perhaps none) after them.
# Sets sp_gone when the file itself was ours and went.
# sp_must=1: only where a line of ours is; sp_hunt=0: lines with the key that were moved go too.
sp_replace() {
    local tries=0
    sp_gone=false sp_made='' sp_editing=1
    while :; do
        tries=$((tries + 1))
        [ "$tries" -le 8 ] || sp_fail keys-file-busy "$sp_target changed eight times while it was being edited."
        if [ ! -e "$sp_target" ]; then
            [ -n "$sp_lines" ] || return 0
            [ "${sp_must:-0}" = 0 ] || sp_refuse key-absent "There is no line of this grant in $sp_file."
            sp_create && return 0
            continue
        fi
        sp_clean
        cat <"$sp_target" >"$sp_work.was" 2>/dev/null || sp_no_room
        sp_scan
        if [ "${sp_must:-0}" = 1 ] && [ "$sp_ours" = 0 ]; then
            sp_refuse key-absent "There is no line of this grant in $sp_file."
        fi
        sp_write_new
        if [ -z "$sp_lines" ] && [ ! -s "$sp_work.new" ] && sp_was_made "$sp_work.was"; then
            cmp -s "$sp_work.was" "$sp_target" || continue
            mv -f -- "$sp_target" "$sp_work.old" 2>/dev/null || sp_no_change
            # Somebody may have written into it in between: then it is not ours alone any more.
            if ! cmp -s "$sp_work.was" "$sp_work.old"; then
                ln -- "$sp_work.old" "$sp_target" 2>/dev/null || sp_put_back
                continue
            fi
            sp_clean
            [ "$sp_made" != folder ] || rmdir -- "$sp_keys_dir" 2>/dev/null || :
            sp_gone=true
            return 0
        fi
        sync "$sp_work.new" 2>/dev/null || :
        ln -- "$sp_target" "$sp_work.old" 2>/dev/null || :
        sp_still_in_time
        cmp -s "$sp_work.was" "$sp_target" || continue
        mv -f -- "$sp_work.new" "$sp_target" 2>/dev/null || sp_no_change
        # Somebody may have written into the old file between the comparison and the rename: then
        # theirs goes back, and ours is done again on top of it.
        if [ -e "$sp_work.old" ] && ! cmp -s "$sp_work.was" "$sp_work.old"; then
            mv -f -- "$sp_work.old" "$sp_target"
            continue
        fi
        sp_clean
        return 0
    done
}

# A file that was put aside, and not yet looked at: not if there is a new one.
sp_put_back() {
    [ ! -e "$sp_work.old" ] || [ -e "$sp_target" ] || mv -- "$sp_work.old" "$sp_target"
}

# The last look at the time limit before a line is put in place.
sp_still_in_time() {
    if [ -n "$sp_lines" ] && sp_late; then
        sp_clean
        sp_refuse "$sp_late_id" "$sp_late_why"
    fi
}

sp_no_room() {
    sp_clean
    sp_refuse no-room "The new key file could not be written in $sp_keys_dir (full disk or quota); the old one is as it was."
}

sp_no_change() {
    sp_clean
    sp_refuse keys-file-read-only "$sp_target cannot be replaced (a read-only or protected file system)."
}

# Whether the notes say that the file, or file and folder, were ours. Sets sp_made.
sp_was_made() {
    local line
    while IFS= read -r line; do
        case $line in
            "$sp_note_file") sp_made=alone ;;
            "$sp_note_folder") sp_made=folder ;;
        esac
    done <"$1"
    [ -n "$sp_made" ]
}

# A file that was not there: linked into place, so that one made meanwhile is not overwritten.
sp_create() {
    local note="$sp_note_file"
    [ "${sp_new_dir:-0}" = 0 ] || note=$sp_note_folder
    if ! printf '%s\n%s' "$note" "$sp_lines" 2>/dev/null >"$sp_work.new"; then
        sp_no_room
    fi
    if [ -e /sys/fs/selinux/enforce ] && sp_has restorecon; then
        restorecon "$sp_keys_dir" "$sp_work.new" 2>/dev/null || :
    fi
    sp_still_in_time
    if ln -- "$sp_work.new" "$sp_target" 2>/dev/null; then
        rm -f -- "$sp_work.new"
    else
        [ ! -e "$sp_target" ] || return 1
        mv -f -- "$sp_work.new" "$sp_target"
    fi
}

sp_hard_links() {
    sp_links=1
    [ ! -e "$sp_target" ] || sp_links=$(stat -c %h -- "$sp_target" 2>/dev/null) || sp_links=1
}
