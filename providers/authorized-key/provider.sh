# shellcheck shell=sh disable=SC2034,SC2154
# A key line in the account stagepass logs in with. Needs no root.
# Run on: Debian 11 (OpenSSH 8.4p1), Debian 12 (9.2p1), Debian 13 (10.0p2), each under dash, and
# Debian 12 under bash and busybox ash as well.
#
# Our lines are those whose comment is exactly `stagepass:<grant>`; no other line is ever changed.
# Three comment lines of ours say how to give the file back as it was:
#   `# stagepass: file made`, `# stagepass: file and folder made`, `# stagepass: newline added above`.
# They go with the last of our key lines.

sp_note_file='# stagepass: file made'
sp_note_folder='# stagepass: file and folder made'
sp_note_newline='# stagepass: newline added above'

sp_key_inputs() {
    sp_check_inputs
    sp_keys_file=${sp_keys_file:-} sp_same_key_before=${sp_same_key_before:-}
    case $sp_keys_file in
        '' | /*) ;;
        *) sp_refuse bad-input 'The recorded key file is not an absolute path.' ;;
    esac
    case $sp_keys_file in *[[:cntrl:]]*) sp_refuse bad-input 'The path of the recorded key file has a control character.' ;; esac
    sp_whoami
    [ "$sp_has_password" != 1 ] || sp_refuse password-needs-account 'A password would be the password of this account itself, which is never given away; use a key, or the provider linux-account.'
}

# ---- the file ------------------------------------------------------------------------------------

# Sets sp_me, sp_my_home, sp_assumed, sp_read (every file sshd reads, and the one that open used, a
# line each) and sp_pick (where our lines are, or will be), and looks at that one.
sp_find_file() {
    sp_passwd "$sp_uid"
    IFS=$sp_nl
    sp_me='' sp_my_home=${HOME:-}
    for sp_l in $sp_t; do
        IFS=:
        # shellcheck disable=SC2086
        set -- $sp_l
        sp_me=$1 sp_my_home=$6
        break
    done
    IFS=" $sp_tab$sp_nl"
    [ -z "$sp_account" ] || [ -z "$sp_me" ] || [ "$sp_account" = "$sp_me" ] ||
        sp_refuse other-account "The key was to go into the account $sp_account, and the login of stagepass is $sp_me."
    sp_find_sshd
    sp_settings "$sp_me"
    sp_pick_file
    if [ -z "$sp_pick" ] && [ -z "$sp_read" ]; then
        sp_refuse no-key-file "This sshd reads no key file of this account (AuthorizedKeysFile $sp_s_keys)."
    fi
    [ -n "$sp_pick" ] || sp_pick=${sp_read%%"$sp_nl"*}
    sp_at "$sp_pick" || sp_refuse keys-file-link "$sp_file is a link that leads nowhere."
}

# sp_at FILE: sets sp_file, sp_target (the file itself, where that is a link), sp_dir and sp_work.
sp_at() {
    sp_file=$1 sp_target=$1
    if [ -L "$1" ]; then
        sp_target=$(readlink -f -- "$1") || sp_target=''
        [ -n "$sp_target" ] || return 1
    fi
    sp_dir=${sp_target%/*}
    sp_work=$sp_target.stagepass-$sp_grant
}

# sp_survey: looks through all of them. Sets sp_ours, sp_moved, sp_others, sp_text, sp_same_kept and
# sp_same_foreign for all files together, sp_holding (those with lines that are to go or to change),
# and stands at the first with a line of ours, else at the picked one.
sp_survey() {
    sp_stand='' sp_sum=0 sp_sum_moved=0 sp_sum_others=0 sp_sum_text='' sp_any_kept=false sp_any_foreign=false sp_holding='' sp_seen=$sp_nl
    IFS=$sp_nl
    for sp_f in $sp_read; do
        IFS=" $sp_tab$sp_nl"
        sp_at "$sp_f" || continue
        # Two names of one file are one file.
        case $sp_seen in *"$sp_nl$sp_target$sp_nl"*) continue ;; esac
        sp_seen=$sp_seen$sp_target$sp_nl
        sp_scan
        sp_sum=$((sp_sum + sp_ours)) sp_sum_moved=$((sp_sum_moved + sp_moved)) sp_sum_others=$((sp_sum_others + sp_others))
        sp_sum_text=$sp_sum_text$sp_text
        [ "$sp_same_kept" = false ] || sp_any_kept=true
        [ "$sp_same_foreign" = false ] || sp_any_foreign=true
        if [ "$sp_ours" -gt 0 ] && [ -z "$sp_stand" ]; then sp_stand=$sp_f; fi
        [ $((sp_ours + sp_moved)) = 0 ] || sp_holding=$sp_holding$sp_f$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
    sp_at "${sp_stand:-$sp_pick}" || sp_refuse keys-file-link "$sp_file is a link that leads nowhere."
    sp_ours=$sp_sum sp_moved=$sp_sum_moved sp_others=$sp_sum_others sp_text=$sp_sum_text
    sp_same_kept=$sp_any_kept sp_same_foreign=$sp_any_foreign
}

# Of the files sshd reads, the first that exists, else the first in the home folder.
sp_pick_file() {
    sp_pick='' sp_assumed=false sp_read=''
    if [ "$sp_s_ok" != true ]; then
        sp_assumed=true
        [ -n "$sp_s_keys" ] || sp_s_keys='.ssh/authorized_keys .ssh/authorized_keys2'
    fi
    sp_first=''
    for sp_a in $sp_s_keys; do
        [ "$sp_a" != none ] || continue
        sp_v=''
        while :; do
            case $sp_a in
                *%*)
                    sp_v=$sp_v${sp_a%%%*}
                    sp_a=${sp_a#*%}
                    case $sp_a in
                        h*) sp_v=$sp_v$sp_my_home ;;
                        u*) sp_v=$sp_v$sp_me ;;
                        U*) sp_v=$sp_v$sp_uid ;;
                        %*) sp_v=$sp_v% ;;
                        *) continue 2 ;;
                    esac
                    sp_a=${sp_a#?}
                    ;;
                *)
                    sp_v=$sp_v$sp_a
                    break
                    ;;
            esac
        done
        case $sp_v in
            "$sp_my_home"/*) ;;
            # One file for every account would let the supporter into all of them: read, never used.
            /*"$sp_me"*) ;;
            /*)
                sp_read=$sp_read$sp_v$sp_nl
                continue
                ;;
            *) sp_v=$sp_my_home/$sp_v ;;
        esac
        sp_read=$sp_read$sp_v$sp_nl
        [ -n "$sp_first" ] || sp_first=$sp_v
        if [ -z "$sp_pick" ] && { [ -e "$sp_v" ] || [ -L "$sp_v" ]; }; then sp_pick=$sp_v; fi
    done
    [ -n "$sp_pick" ] || sp_pick=$sp_first
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
        [ -w "$sp_dir" ] || sp_refuse keys-folder-read-only "The folder $sp_dir is read-only."
    elif [ -e "$sp_dir" ]; then
        [ -w "$sp_dir" ] || sp_refuse keys-folder-read-only "The folder $sp_dir is read-only."
    else
        [ -d "${sp_dir%/*}" ] || sp_refuse no-home "There is no folder ${sp_dir%/*}."
        [ -w "${sp_dir%/*}" ] || sp_refuse keys-folder-read-only "The folder ${sp_dir%/*} is read-only."
    fi
}

# Holds the folder of the picked file for the whole verb; where there is none, nothing can be in it.
sp_lock_keys() {
    [ ! -d "$sp_dir" ] || sp_lock "$sp_dir"
}

sp_clean() { [ -z "${sp_work:-}" ] || rm -f -- "$sp_work.was" "$sp_work.new" "$sp_work.old"; }
sp_tidy() {
    [ -z "${sp_editing:-}" ] || sp_clean
    # Made before the lock, for the lock; empty, it goes again.
    [ "${sp_new_dir:-0}" = 0 ] || rmdir -- "$sp_dir" 2>/dev/null || :
}

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
    sp_ours=0 sp_moved=0 sp_others=0 sp_same_kept=false sp_same_foreign=false sp_text=''
    [ -r "$sp_target" ] && [ -f "$sp_target" ] || return 0
    sp_t=$(SP_GRANT=$sp_grant SP_KEY=${sp_public_key#* } SP_BEFORE=${sp_same_key_before:-} awk "$sp_awk_lines"'
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
    set -- ${sp_t%%"$sp_nl"*}
    sp_ours=$1 sp_moved=$2 sp_others=$3 sp_same_kept=$4 sp_same_foreign=$5
    case $sp_t in *"$sp_nl"*) sp_text=${sp_t#*"$sp_nl"}$sp_nl ;; esac
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

# sp_replace: puts the wanted content in place, tries again when somebody else edits meanwhile.
# What is wanted: every line that is not ours as it is, and sp_lines (perhaps none) after them.
# Sets sp_gone when the file itself was ours and went.
# sp_must=1: only where a line of ours is; sp_hunt=0: lines with the key that were moved go too.
sp_replace() {
    sp_gone=false sp_try=0 sp_made='' sp_editing=1
    while :; do
        sp_try=$((sp_try + 1))
        [ "$sp_try" -le 8 ] || sp_fail keys-file-busy "$sp_target changed eight times while it was being edited."
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
        # A copy first, for owner, mode, label and attributes; then its content.
        cp -p --preserve=all -- "$sp_target" "$sp_work.new" 2>/dev/null ||
            cp -p -- "$sp_target" "$sp_work.new" 2>/dev/null || sp_no_room
        sp_end=newline
        if [ -s "$sp_work.was" ]; then
            case $(tail -c 1 <"$sp_work.was"; printf x) in "${sp_nl}x") ;; *) sp_end=none ;; esac
        fi
        if [ "$sp_ours" -gt 0 ] || [ -z "$sp_lines" ]; then
            sp_keep=$sp_others
            # Notes stay while there is a line of any grant, ours included.
            [ -z "$sp_lines" ] || sp_keep=1
            sp_without "$sp_keep" "$sp_end" <"$sp_work.was" >"$sp_work.new" 2>/dev/null || sp_no_room
            # Not every awk says that it could not write.
            sp_without "$sp_keep" "$sp_end" <"$sp_work.was" | cmp -s - "$sp_work.new" || sp_no_room
            [ -z "$sp_lines" ] || printf '%s' "$sp_lines" 2>/dev/null >>"$sp_work.new" || sp_no_room
        else
            {
                cat <"$sp_work.was" &&
                    { [ "$sp_end" = newline ] || printf '\n%s\n' "$sp_note_newline"; } &&
                    printf '%s' "$sp_lines"
            } >"$sp_work.new" 2>/dev/null || sp_no_room
        fi
        if [ -z "$sp_lines" ] && [ ! -s "$sp_work.new" ] && sp_was_made "$sp_work.was"; then
            if cmp -s "$sp_work.was" "$sp_target"; then
                rm -f -- "$sp_target"
                sp_clean
                [ "$sp_made" != folder ] || rmdir -- "$sp_dir" 2>/dev/null || :
                sp_gone=true
                return 0
            fi
            continue
        fi
        sync "$sp_work.new" 2>/dev/null || :
        ln -- "$sp_target" "$sp_work.old" 2>/dev/null || :
        sp_still_in_time
        cmp -s "$sp_work.was" "$sp_target" || continue
        mv -f -- "$sp_work.new" "$sp_target" 2>/dev/null || {
            sp_clean
            sp_refuse keys-file-read-only "$sp_target cannot be replaced (a read-only or protected file system)."
        }
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

# The last look at the time limit before a line is put in place.
sp_still_in_time() {
    if [ -n "$sp_lines" ] && sp_late; then
        sp_clean
        sp_refuse "$sp_late_id" "$sp_late_why"
    fi
}

sp_no_room() {
    sp_clean
    sp_refuse no-room "The new key file could not be written in $sp_dir (full disk or quota); the old one is as it was."
}

# Whether the notes say that the file, or file and folder, were ours. Sets sp_made.
sp_was_made() {
    while IFS= read -r sp_l; do
        case $sp_l in
            "$sp_note_file") sp_made=alone ;;
            "$sp_note_folder") sp_made=folder ;;
        esac
    done <"$1"
    [ -n "$sp_made" ]
}

# A file that was not there: linked into place, so that one made meanwhile is not overwritten.
sp_create() {
    sp_n=$sp_note_file
    [ "${sp_new_dir:-0}" = 0 ] || sp_n=$sp_note_folder
    if ! printf '%s\n%s' "$sp_n" "$sp_lines" 2>/dev/null >"$sp_work.new"; then
        sp_no_room
    fi
    if [ -e /sys/fs/selinux/enforce ] && sp_has restorecon; then
        restorecon "$sp_dir" "$sp_work.new" 2>/dev/null || :
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

# ---- verbs ---------------------------------------------------------------------------------------

sp_detect() {
    sp_check_inputs
    sp_facts ''
    sp_account=''
    sp_pick_file
    sp_file='' sp_target='' sp_dir='' sp_dangles=false
    [ -z "$sp_pick" ] || sp_at "$sp_pick" || sp_dangles=true
    sp_say keys_file "$sp_file"
    sp_say keys_file_assumed "$sp_assumed"
    sp_bool keys_file_exists [ -e "$sp_file" ]
    sp_bool keys_file_link [ -L "$sp_file" ]
    sp_v=true
    if [ -z "$sp_file" ] || [ "$sp_dangles" = true ]; then
        sp_v=false
    elif [ -e "$sp_file" ]; then
        [ -w "$sp_file" ] || sp_v=false
    elif [ -e "$sp_dir" ]; then
        [ -w "$sp_dir" ] || sp_v=false
    elif [ ! -w "${sp_dir%/*}" ]; then
        sp_v=false
    fi
    sp_say keys_file_writable "$sp_v"
    sp_writable=$sp_v
    if [ "$sp_dangles" = true ]; then sp_pick=''; fi
    sp_survey
    sp_v=$sp_writable
    sp_say same_key_kept "$sp_same_kept"
    sp_say same_key_foreign "$sp_same_foreign"
    sp_say key_lines "$sp_ours"
    sp_say supported "$sp_v"
    if [ "$sp_v" = false ]; then
        sp_say reason_id keys-file-read-only
        sp_say reason 'The key file of this account cannot be written by it.'
    fi
    sp_flush
}



# The start folder of SFTP: the shop folder itself, links resolved.
sp_plan_start() {
    sp_start=''
    [ -n "$sp_path" ] || return 0
    if [ -d "$sp_path" ] && cd -P "$sp_path" 2>/dev/null; then
        sp_start=$PWD
        cd /
    elif [ "$1" = must ]; then
        sp_refuse no-such-path 'The shop folder is not there, or this account may not enter it.'
    else
        sp_start=$sp_path
    fi
}

sp_open() {
    sp_key_inputs
    sp_fence
    [ -n "$sp_public_key$sp_check_key" ] || sp_refuse no-credential 'No key is to be set.'
    if [ "$sp_uid" = 0 ] && [ "${sp_allow_root:-}" != 1 ]; then
        sp_refuse root-account 'This is the account of root: a key in it opens the whole server. Use the provider linux-account, which makes an account of its own.'
    fi
    sp_find_file
    sp_plan_start must
    sp_file_fit
    sp_new_dir=0
    if [ ! -d "$sp_dir" ]; then
        mkdir -m 0700 -- "$sp_dir" 2>/dev/null || sp_no_room
        sp_new_dir=1
    fi
    sp_lock_keys
    sp_survey
    sp_file_fit
    sp_hard_links
    sp_not_ended "$sp_my_home/.stagepass-ended."
    sp_put
    sp_survey
    sp_tell
}

# Our lines into the file we stand at, and out of every other.
sp_put() {
    sp_here=$sp_file sp_stray=$sp_holding
    sp_key_lines
    sp_replace
    sp_changed=1
    sp_must=0
    IFS=$sp_nl
    for sp_f in $sp_stray; do
        IFS=" $sp_tab$sp_nl"
        if [ "$sp_f" = "$sp_here" ] || ! sp_at "$sp_f"; then continue; fi
        sp_scan
        if [ "$sp_ours" = 0 ] || [ ! -w "$sp_target" ]; then continue; fi
        sp_lines=''
        sp_replace
    done
    IFS=" $sp_tab$sp_nl"
    sp_key_lines
}

sp_update() {
    sp_key_inputs
    sp_fence
    sp_find_file
    sp_plan_start may
    sp_lock_keys
    # Only now: a close may have held the folder until a moment ago.
    sp_survey
    [ "$sp_ours" -gt 0 ] || sp_refuse key-absent "There is no line of this grant in $sp_file."
    sp_file_fit
    sp_hard_links
    sp_must=1
    sp_put
    sp_survey
    sp_tell
}

sp_tell() {
    sp_say account "$sp_me"
    sp_say keys_file "$sp_file"
    sp_say keys_file_assumed "$sp_assumed"
    sp_say key_lines "$sp_ours"
    sp_say expiry_time "${sp_stamp:-}"
    sp_say same_key_kept "$sp_same_kept"
    sp_say same_key_foreign "$sp_same_foreign"
    sp_say hard_links "$sp_links"
    sp_flush
}

sp_check() {
    sp_close_inputs
    sp_find_file
    sp_plan_start may
    sp_key_lines
    sp_survey
    sp_bool present [ "$sp_ours" -gt 0 ]
    sp_say account "$sp_me"
    sp_say keys_file "$sp_file"
    sp_say keys_file_assumed "$sp_assumed"
    sp_say key_lines "$sp_ours"
    # A line with the key that was not there at open is drift, too.
    sp_bool keys_match [ "$sp_text$sp_moved" = "${sp_lines}0" ]
    sp_say same_key_kept "$sp_same_kept"
    sp_say same_key_foreign "$sp_same_foreign"
    sp_say sessions unknown
    sp_flush
}

sp_close_inputs() {
    sp_has_password=0
    sp_key_inputs
}

sp_close() {
    sp_close_inputs
    sp_find_file
    sp_lock_keys
    sp_absent=false sp_any_gone=false
    sp_survey
    sp_was_moved=$sp_moved sp_todo=$sp_holding
    if [ -z "$sp_holding" ]; then
        sp_absent=true
        [ ! -e "$sp_target" ] || sp_clean
    else
        sp_hunt=$sp_same_key_before
        IFS=$sp_nl
        sp_unfit=''
        for sp_f in $sp_todo; do
            IFS=" $sp_tab$sp_nl"
            sp_at "$sp_f" || continue
            if ! (sp_file_fit) >/dev/null 2>&1; then
                sp_unfit=$sp_f
                continue
            fi
            sp_lines=''
            sp_replace
            sp_changed=1
            [ "$sp_gone" = false ] || sp_any_gone=true
        done
        IFS=" $sp_tab$sp_nl"
        # What could be done is done; now it is said what could not.
        if [ -n "$sp_unfit" ] && sp_at "$sp_unfit"; then sp_file_fit; fi
        sp_survey
    fi
    sp_note_ended "$sp_my_home/.stagepass-ended." "$sp_absent"
    # An open that had begun was waited for where there is a folder to lock, one that has not will
    # be turned away.
    sp_v=false
    if [ -d "$sp_dir" ] && { [ "$sp_absent" = false ] || [ "$sp_not_after" != 0 ]; }; then
        sp_v=true
    fi
    sp_say late_open_refused "$sp_v"
    sp_say already_absent "$sp_absent"
    sp_bool keys_absent [ $((sp_ours + sp_moved)) = 0 ]
    sp_say key_lines "$sp_ours"
    sp_say keys_file "$sp_file"
    sp_say keys_file_assumed "$sp_assumed"
    sp_say file_removed "$sp_any_gone"
    sp_say same_key_kept "$sp_same_kept"
    sp_say same_key_foreign "$sp_same_foreign"
    sp_v=false
    if [ "$sp_was_moved" -gt 0 ] && [ "$sp_moved" = 0 ]; then sp_v=true; fi
    sp_say moved_line_removed "$sp_v"
    # In a shared account nothing tells the sessions of this grant from the merchant's own.
    sp_say sessions_left unknown
    [ $((sp_ours + sp_moved)) = 0 ] || sp_fail keys-left "There is still a line of this grant in $sp_file."
    # Reached only when no line of this grant was left when the files were read again.
    sp_say absent true
    sp_flush
}
