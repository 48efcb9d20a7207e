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

# Sets sp_me and sp_my_home.
sp_find_home() {
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
        sp_key_path "$sp_a" "$sp_my_home" "$sp_me" "$sp_uid" || continue
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

# ---- sessions ------------------------------------------------------------------------------------
#
# The supporter is the same user as the merchant here. A process is of a session of the grant
#   1. if the gate marked it: STAGEPASS_GRANT=<grant> in its environment;
#   2. if it hangs below such a process, or below the sshd of a connection that the gate let in;
#   3. if the kernel says that it comes from the login of such a connection: by the id of the audit
#      session, which is set once a login and cannot be changed, or by logind's scope.
# The third finds what was started with `env -i setsid`. Where many logins share one id (an sshd
# without PAM that was started by hand), it is not used. What was started through a service that
# the merchant uses too (cron, at, tmux, systemd --user) cannot be told apart.
#
# A server is known by its parent: a process that root runs, whose parent root runs as well. A name
# proves nothing where everybody may choose it, and the executable of an sshd is not shown to its own
# account. Where no such server let us in, the one that did counts, and no other.
#
# What is nobody's by these rules and began after the grant is told, one `stray` line each: a login,
# or a process where the supporter could start one; with the name of another grant, where that one's gate
# wrote it down as its own, which is a claim and no proof. A list of /proc misses what forks all the time;
# `tasks` is how many tasks of the account the list has, to be held against the kernel's own count.
# shellcheck disable=SC2016 # $0 is awk's
sp_awk_sessions='
    function valid(key, c,    p, q) {
        if (!((key, c) in at)) return 0
        p = ppid[c]
        if ((key, "self") in at && at[key, "self"] == at[key, c]) return 0
        if (uid[p] == u) {
            if (at[key, p] == at[key, c]) return 0
        } else {
            if ((key, p) in at && at[key, p] != at[key, c]) return 0
            if ((key, ppid[p]) in at && at[key, ppid[p]] == at[key, c]) return 0
        }
        for (q in name) if (uid[q] == u && server(q) && !(q in conn) && at[key, q] == at[key, c] && ppid[c] != q) return 0
        return 1
    }
    function isd(p) { return name[p] == "sshd" || name[p] == "sshd-session" || name[p] == "dropbear" }
    function roots(p) { return p == 0 || (uid[p] == 0 && ruid[p] == 0) }
    function server(p,   q) {
        if (!isd(p)) return 0
        if (p in hid) return 1
        q = ppid[p]
        # In a container sshd may be the first process, which takes whoever has lost a parent.
        return isd(q) && (roots(q) && roots(ppid[q]) && (q != 1 || u == 0) || q == ours)
    }
    function climb(p,   q) {
        while (p in marked && ppid[p] in marked && uid[ppid[p]] == u) p = ppid[p]
        # Past what only calls itself an sshd.
        for (q = p = ppid[p]; uid[q] == u && isd(q) && !server(q); ) q = ppid[q]
        return uid[q] == u && server(q) ? q : p
    }
    function below(p, what,   n) {
        for (n = 0; p > 1 && n < 64; n++) { p = ppid[p]; if (what == "self" ? p == self : p in name && uid[p] == u && server(p)) return 1 }
        return 0
    }
    # What another grant wrote down as its own: a claim, which whoever is this account can write.
    function whose(p) {
        if (p in theirs) return theirs[p]
        if (("login", p) in at && at["login", p] != at["login", "self"] && (("login", at["login", p]) in claim)) return claim["login", at["login", p]]
        if (("scope", p) in at && at["scope", p] != at["scope", "self"] && (("scope", at["scope", p]) in claim)) return claim["scope", at["scope", p]]
        return ""
    }
    # Seconds are cut, and the two clocks were not read at the same time.
    function epoch(p) { return up == "" || !(p in begun) ? "-" : int(now - up + begun[p] / 100) }
    function after(p) { return !(p in begun) || since == 0 || up == "" || now - up + begun[p] / 100 >= since - 2 }
    BEGIN {
        u = ENVIRON["SP_UID"]; self = ENVIRON["SP_SELF"]; FS = "\n"
        now = ENVIRON["SP_NOW"] + 0; up = ENVIRON["SP_UP"]; since = ENVIRON["SP_SINCE"] + 0; alone = ENVIRON["SP_ALONE"] == "1"
    }
    {
        if (substr($0, 1, 6) == "/proc/") {
            l = substr($0, 7); i = index(l, "/"); p = substr(l, 1, i - 1); l = substr(l, i + 1)
            i = index(l, ":"); file = substr(l, 1, i - 1); v = substr(l, i + 1)
            if (file == "status") {
                i = index(v, ":"); k = substr(v, 1, i - 1); v = substr(v, i + 2)
                if (k == "Name") name[p] = v
                else if (k == "State") state[p] = substr(v, 1, 1)
                else if (k == "PPid") ppid[p] = v
                else if (k == "Uid") { split(v, f, "\t"); ruid[p] = f[1]; uid[p] = f[2] }
                else if (k == "Threads") threads[p] = v
            } else if (file == "stat") { sub(/.*[)] /, "", v); split(v, f, " "); begun[p] = f[20] }
            else if (file == "sessionid") { if (v != "4294967295") at["login", p] = v }
            else if (file == "cgroup") { sub(/^[^\/]*/, "", v); if (v ~ /\/session-[^\/]*\.scope$/) at["scope", p] = v }
            next
        }
        split($0, f, " ")
        if (f[1] == "watch") watch[f[2]] = 1
        else if (f[1] == "marked") marked[f[2]] = 1
        else if (f[1] == "conn") { seed[f[2]] = 1 }
        else if (f[1] == "hidden") { seed[f[2]] = 1; hid[f[2]] = 1; uid[f[2]] = u; name[f[2]] = "sshd" }
        else if (f[1] == "other") {
            if (f[3] != "-") theirs[f[3]] = f[2]
            if (f[4] != "-") claim["login", f[4]] = f[2]
            if (f[5] != "-") claim["scope", f[5]] = f[2]
        }
        else if (f[1] == "gone") { if (f[2] != "-") old["login", f[2]] = 1; if (f[3] != "-") old["scope", f[3]] = 1; if (f[2] f[3] == "--") blind = 1 }
    }
    END {
        # What is over and not yet taken back leaves its place to whoever comes next: it is not counted.
        for (p in name) if (ruid[p] == u && state[p] != "Z" && !below(p, "self")) tasks += threads[p] + 0 > 0 ? threads[p] : 1
        for (p in name) if (state[p] == "Z") uid[p] = ""
        for (p = self; p > 1 && !(p in safe); p = ppid[p]) {
            safe[p] = 1
            if (ours == "" && uid[p] == u && isd(p) && uid[ppid[p]] == u && isd(ppid[p])) ours = ppid[p]
        }
        if (("login", self) in at) at["login", "self"] = at["login", self]
        if (("scope", self) in at) at["scope", "self"] = at["scope", self]
        for (p in seed) if (uid[p] == u && isd(p)) conn[p] = 1
        for (p in watch) if (uid[p] == u) hit[p] = 1
        for (p in marked) if (uid[p] == u) { hit[p] = 1; q = climb(p); if (uid[q] == u && isd(q)) conn[q] = 1 }
        for (c in conn) {
            hit[c] = 1; ok = 0
            if (valid("login", c)) { want["login", at["login", c]] = 1; ok = 1 }
            if (valid("scope", c)) { want["scope", at["scope", c]] = 1; ok = 1 }
            if (!ok) blind = 1
        }
        # Of a connection that is gone only the ids are left.
        for (k in old) {
            split(k, f, SUBSEP); ok = 1
            if (at[f[1], "self"] == f[2]) ok = 0
            for (q in name) if (uid[q] == u && server(q) && !(q in conn) && at[f[1], q] == f[2]) ok = 0
            if (ok) want[k] = 1
        }
        for (p in name) {
            if ((("login", at["login", p]) in want) || (("scope", at["scope", p]) in want)) {
                if (uid[p] == u) hit[p] = 1
                else if (!(isd(p) && roots(p)) && uid[p] != "") others++
            }
        }
        do {
            more = 0
            for (p in name) if (!(p in hit) && ppid[p] in hit && uid[p] == u) { hit[p] = 1; more = 1 }
        } while (more)
        for (p in name) if (!(p in hit) && ppid[p] in hit && uid[p] != "" && uid[p] != u && !(isd(p) && roots(p))) others++
        for (p in name) {
            if (p in hit || p in safe || below(p, "self") || !(uid[p] == u || ruid[p] == u && state[p] != "Z") || !after(p)) continue
            w = whose(p)
            if (uid[p] == u && server(p)) print "stray login", p, epoch(p) (w != "" ? " " w : "")
            else if (!alone && !below(p, "server")) print "stray " (w != "" ? "of " w : "process"), p, epoch(p), name[p]
        }
        print "tasks", tasks + 0
        if (ours != "") print "own-server"
        for (k in want) { split(k, f, SUBSEP); if (f[1] == "scope" && sub(/^.*\/session-/, "", f[2]) && sub(/[.]scope$/, "", f[2])) print "scope", f[2] }
        n = 0
        for (p in hit) {
            if (p in safe || uid[p] != u) continue
            if (p in conn) { n++; print "conn", p } else { if (!(ppid[p] in hit) && !(p in watch)) n++; print "pid", p }
        }
        print "sum", n, others + 0, blind + 0
    }'

# Sets sp_ses_conns (the sshd of each connection of the grant), sp_ses_pids (all else that is of it),
# sp_ses_count (the sessions), sp_ses_elsewhere (processes of it that run as another user),
# sp_ses_blind=1 where a process that was cut loose would not be found, sp_ses_stray (what began after
# the grant and is nobody's, a line each) and sp_ses_tasks (how many tasks of the account there are).
sp_sessions() {
    sp_ses_conns='' sp_ses_pids='' sp_ses_count=0 sp_ses_elsewhere=0 sp_ses_blind=0 sp_ses_stray='' sp_ses_tasks=0 sp_ses_scopes='' sp_ses_own=0
    sp_login_records
    sp_uptime
    sp_ses_now=$(date +%s)
    sp_ses_since=${sp_opened:-0}
    case $sp_ses_since in *[!0-9]*) sp_ses_since=0 ;; esac
    # Who was shut into the folder of the shop could start nothing.
    sp_ses_alone=0
    if [ "$sp_access" != ssh ] && [ "${sp_confined_then:-}" = true ]; then sp_ses_alone=1; fi
    # A watcher of the gate stands beside every connection, and names it. One of another account's names
    # nothing; one of this account's is the supporter's own word, who could end everything here anyway.
    sp_conn_uid=$sp_uid
    sp_connections
    for sp_a in $sp_conns; do
        if [ -r "/proc/${sp_a%%:*}/stat" ]; then
            sp_recorded="${sp_recorded}conn ${sp_a%%:*}$sp_nl"
        else
            sp_hidden="${sp_hidden% "${sp_a%%:*}"} ${sp_a%%:*}"
        fi
    done
    # /proc may hide its own sshd and sftp-server from an account (hidepid). Those are known by their
    # watchers; what else is hidden nobody knows.
    for sp_a in $sp_hidden; do
        ! sp_unseen "$sp_a" || sp_recorded="${sp_recorded}hidden $sp_a$sp_nl"
    done
    for sp_a in $sp_watchers; do sp_recorded="${sp_recorded}watch $sp_a$sp_nl"; done
    set +f
    sp_t=$({
        printf '%s' "$sp_recorded"
        # Processes end while they are looked at, which is no failure.
        grep -HsE '^(Name|State|PPid|Uid|Threads):' /proc/[0-9]*/status || :
        grep -Hs . /proc/[0-9]*/stat || :
        grep -Hs . /proc/[0-9]*/sessionid || :
        grep -HsE '/session-[^/]*[.]scope$' /proc/[0-9]*/cgroup || :
        sp_marked_seeds
    } 2>/dev/null | SP_UID=$sp_uid SP_SELF=$$ SP_NOW=$sp_ses_now SP_UP=$sp_up SP_SINCE=$sp_ses_since SP_ALONE=$sp_ses_alone \
        awk "$sp_awk_sessions") || :
    set -f
    IFS=$sp_nl
    for sp_l in $sp_t; do
        case $sp_l in
            'conn '*) sp_ses_conns="$sp_ses_conns ${sp_l#* }" ;;
            'pid '*) sp_ses_pids="$sp_ses_pids ${sp_l#* }" ;;
            'scope '*) sp_ses_scopes="$sp_ses_scopes ${sp_l#* }" ;;
            'stray '*) sp_ses_stray="$sp_ses_stray${sp_l#* }$sp_nl" ;;
            'tasks '*) sp_ses_tasks=${sp_l#* } ;;
            own-server) sp_ses_own=1 ;;
            'sum '*)
                IFS=' '
                # shellcheck disable=SC2086
                set -- $sp_l
                sp_ses_count=$2 sp_ses_elsewhere=$3 sp_ses_blind=$4
                IFS=$sp_nl
                ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    [ -r /proc/1/stat ] || sp_ses_blind=1
}
sp_hidden=''
sp_unseen() { [ ! -r "/proc/$1/stat" ] && kill -0 "$1" 2>/dev/null; }

# Sets sp_recorded to what the gate wrote of each connection that it let in: `conn PID` where its sshd
# still runs, else `gone LOGIN SCOPE`. The supporter can write there too, and end up with their own
# processes ended: what is ended has to be an sshd, or of the same login as one was. And to what the gates
# of other grants wrote: `other GRANT PID LOGIN SCOPE`, with a `-` for a connection that is gone.
sp_login_records() {
    sp_recorded='' sp_boot='' sp_n=0
    [ ! -r /proc/sys/kernel/random/boot_id ] || read -r sp_boot </proc/sys/kernel/random/boot_id || :
    [ -n "$sp_dir" ] || return 0
    sp_records_of "$sp_grant"
    set +f
    set -- "$sp_base"/*/logins
    set -f
    sp_n=0
    for sp_f; do
        sp_j=${sp_f%/logins} sp_j=${sp_j##*/}
        case $sp_j in "$sp_grant" | '' | *[!0-9a-z]*) continue ;; esac
        sp_records_of "$sp_j"
    done
}

# sp_records_of GRANT: those of one grant. Reading has an end, whatever lies there.
sp_records_of() {
    [ -f "$sp_base/$1/logins" ] && [ -r "$sp_base/$1/logins" ] || return 0
    sp_m=$1
    sp_t=$(sp_timed head -c 200000 -- "$sp_base/$1/logins" 2>/dev/null 9>&-) || :
    IFS=$sp_nl
    for sp_l in $sp_t; do
        IFS=" $sp_tab$sp_nl"
        sp_n=$((sp_n + 1))
        [ "$sp_n" -le 2000 ] || break
        # PID BEGAN BOOT LOGIN SCOPE
        # shellcheck disable=SC2086 # words
        set -- $sp_l
        [ "$#" = 5 ] || continue
        sp_a=$1 sp_b=$2 sp_d=$4 sp_w=$5
        # Ids of another boot are other people's by now.
        [ "$3" = "$sp_boot" ] || continue
        case $sp_a$sp_b${sp_d%-} in '' | *[!0-9]*) continue ;; esac
        case $sp_w in '' | *[!A-Za-z0-9@:._/\\-]*) continue ;; esac
        sp_alive "$sp_a"
        if [ -z "$sp_born" ] || [ "$sp_born" != "$sp_b-$sp_boot" ]; then
            if [ "$sp_m" != "$sp_grant" ]; then
                sp_a=-
            elif sp_unseen "$sp_a"; then
                # Or another one with its number: the record alone is not enough to end it.
                sp_recorded="${sp_recorded}gone - -$sp_nl"
                continue
            else
                sp_recorded="${sp_recorded}gone $sp_d $sp_w$sp_nl"
                continue
            fi
        fi
        if [ "$sp_m" = "$sp_grant" ]; then
            sp_recorded="${sp_recorded}conn $sp_a$sp_nl"
        else
            sp_recorded="${sp_recorded}other $sp_m $sp_a $sp_d $sp_w$sp_nl"
        fi
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_own_matching FILE GREP_OPTION...: prints the FILE in /proc of every process of this account in which
# grep finds it. What stands in these files is in the memory of the process, and whose it is may see to it
# that reading never ends: each read has an end here, and ten that came to it are enough.
sp_own_matching() {
    sp_j=$1 sp_m=''
    shift
    set +f
    for sp_a in /proc/[0-9]*; do [ ! -O "$sp_a" ] || sp_m="$sp_m $sp_a/$sp_j"; done
    set -f
    [ -n "$sp_m" ] || return 0
    sp_r=0
    # shellcheck disable=SC2086 # paths in /proc, which hold no blanks
    if ! sp_has timeout; then
        grep "$@" $sp_m || :
        return 0
    fi
    # shellcheck disable=SC2086
    timeout -s KILL 5 grep "$@" $sp_m 9>&- || sp_r=$?
    [ "$sp_r" -ge 124 ] || return 0
    sp_i=0
    for sp_a in $sp_m; do
        sp_r=0
        timeout -s KILL 1 grep "$@" "$sp_a" 9>&- || sp_r=$?
        [ "$sp_r" -lt 124 ] || sp_i=$((sp_i + 1))
        [ "$sp_i" -lt 10 ] || return 0
    done
}

# As in ending.sh, but for watchers of this account alone: those of others name nothing here.
sp_connections() {
    sp_conns='' sp_watchers=''
    [ -n "$sp_dir" ] || return 0
    sp_t=$(sp_own_matching cmdline -lasF -e "$sp_dir/gate" 2>/dev/null) || :
    for sp_b in $sp_t; do
        sp_l=$(sp_timed tr '\000' ' ' 2>/dev/null <"$sp_b") || :
        case $sp_l in *"$sp_dir/gate --watch "*) ;; *) continue ;; esac
        # shellcheck disable=SC2086
        set -- ${sp_l##*--watch }
        case ${1:-x}${2:-x} in *[!0-9]*) continue ;; esac
        sp_b=${sp_b%/cmdline}
        sp_b=${sp_b#/proc/}
        sp_process "$sp_b"
        [ "$sp_euid" = "$sp_uid" ] || continue
        case " $sp_watchers " in *" $sp_b "*) continue ;; esac
        sp_watchers="$sp_watchers $sp_b"
        sp_lives "$1" "$2" || continue
        case " $sp_conns " in *" $1:$2 "*) ;; *) sp_conns="$sp_conns $1:$2" ;; esac
    done
}

sp_timed() { if sp_has timeout; then timeout -s KILL 2 "$@"; else "$@"; fi; }

# The processes with the mark of the gate. The environments of others cannot be read, nor need they.
sp_marked_seeds() {
    if printf 'a\000b' | grep -qzxF b 2>/dev/null; then
        { sp_own_matching environ -lszxF "STAGEPASS_GRANT=$sp_grant" || :; } | sed -n 's|^/proc/\([0-9]*\)/environ$|marked \1|p'
        return 0
    fi
    # A grep that knows no -z (busybox as Alpine builds it).
    for sp_a in /proc/[0-9]*; do
        if [ ! -O "$sp_a" ] || [ ! -r "$sp_a/environ" ]; then continue; fi
        ! sp_timed tr '\000' '\n' <"$sp_a/environ" | grep -qxF "STAGEPASS_GRANT=$sp_grant" || printf 'marked %s\n' "${sp_a#/proc/}"
    done
}

# Ends them, waits for ten seconds at most until none is left, and sets sp_ended.
sp_end_sessions() {
    sp_hidden=''
    sp_sessions
    sp_ended=$sp_ses_count sp_i=0
    sp_end_scopes
    while [ -n "$sp_ses_conns$sp_ses_pids" ]; do
        # An sshd that is asked tidies up behind itself: terminal, login records, logind's session.
        for sp_a in $sp_ses_conns; do
            if [ "$sp_i" -lt 3 ]; then kill -TERM "$sp_a" 2>/dev/null || :; else kill -KILL "$sp_a" 2>/dev/null || :; fi
        done
        for sp_a in $sp_ses_pids; do kill -KILL "$sp_a" 2>/dev/null || :; done
        sp_i=$((sp_i + 1))
        [ "$sp_i" -lt 60 ] || break
        if ! sleep 0.1 2>/dev/null; then
            sp_i=$((sp_i + 6))
            sleep 1
        fi
        sp_sessions
    done
}

# What hands over to a child all the time is never met by its number. logind ends whole logins, and lets
# everybody end their own; our own stays.
sp_end_scopes() {
    if [ -z "$sp_ses_scopes" ] || ! sp_has loginctl || [ ! -d /run/systemd/seats ]; then return 0; fi
    sp_t=$(sed -n 's|^.*/session-\([^/]*\)[.]scope$|\1|p' /proc/self/cgroup 2>/dev/null) || :
    sp_w=" $sp_t "
    for sp_a in $sp_ses_scopes; do
        case $sp_a in *[!A-Za-z0-9]*) continue ;; esac
        case $sp_w in *" $sp_a "*) continue ;; esac
        sp_w="$sp_w$sp_a "
        sp_timed loginctl kill-session --signal=KILL "$sp_a" >/dev/null 2>&1 9>&- || :
    done
}

# sp_none_hidden: whether the account has no more tasks than were listed, by the kernel's own count: with a
# limit of that many, this shell among them, and two for the try itself, there is room to start one. Ends
# with 2 where the kernel counts nothing for us.
sp_none_hidden() {
    if [ "$sp_uid" = 0 ] || ! sp_has prlimit || ! sp_has timeout; then return 2; fi
    sp_v=$((sp_ses_tasks + 2))
    prlimit --nproc="$sp_v:$sp_v" timeout 5 true >/dev/null 2>&1 9>&- || return 1
}

# For the failsafe, in the time in which work may still go on.
sp_in_use() {
    sp_sessions
    [ "$sp_ses_count" -gt 0 ]
}

# ---- the folder of the grant ---------------------------------------------------------------------

# ~/.stagepass/<grant>: the gate and what it needs, the failsafe, the list of what was there before.
# Sets sp_base and sp_dir; empty where the home folder is not this account's to write in. The failsafe
# gets them with its inputs, because cron may be told another HOME.
sp_failsafe_inputs="$sp_failsafe_inputs opened confined_then base dir uid me my_home"
sp_place() {
    sp_base='' sp_dir=''
    case $sp_my_home in '' | / | [!/]* | *[[:cntrl:]]*) return 0 ;; esac
    if [ ! -d "$sp_my_home" ] || [ ! -O "$sp_my_home" ] || [ ! -w "$sp_my_home" ]; then return 0; fi
    sp_base=$sp_my_home/.stagepass
    sp_dir=$sp_base/$sp_grant
}

# One at a time: whoever changes anything of a grant in this account holds ~/.stagepass, which nobody else
# can open (whoever can open a folder can lock it), made for that where it is not there. The failsafe,
# which no sshd tells of a key file, knows it as well. Where it cannot be made: the home folder, or, where
# that is not the account's own, the folder of the picked file, as far as it exists.
sp_lock_keys() {
    sp_lock_folder
    [ -z "$sp_v" ] || sp_lock "$sp_v"
}

# Sets sp_v to the folder to hold, or to nothing. Sets sp_lock_makes for lib.sh.
sp_lock_folder() {
    sp_v='' sp_lock_makes=''
    if [ -n "$sp_base" ]; then
        sp_v=$sp_my_home
        if [ ! -L "$sp_base" ]; then
            mkdir -m 0700 -- "$sp_base" 2>/dev/null || :
            if [ -d "$sp_base" ] && [ -O "$sp_base" ]; then sp_v=$sp_base sp_lock_makes=1; fi
        fi
    elif [ -d "$sp_keys_dir" ]; then
        sp_v=$sp_keys_dir
    fi
}

# sp_lock_try: the same without waiting. Ends with 1 where somebody holds it, or nobody can tell.
sp_lock_try() {
    sp_lock_folder
    [ -n "$sp_v" ] || return 0
    if ! sp_has flock; then
        [ ! -e "$sp_v/.stagepass-lock" ] || return 1
        sp_busy=0
        sp_lock_by_name "$sp_v/.stagepass-lock"
        return 0
    fi
    [ -r "$sp_v" ] || return 1
    exec 9<"$sp_v"
    # shellcheck disable=SC3013 # every sh named above has -ef
    if flock -n 9 2>/dev/null && { [ ! -d /proc/self/fd ] || [ /proc/self/fd/9 -ef "$sp_v" ]; }; then
        sp_held=1
        return 0
    fi
    exec 9<&-
    return 1
}

# Makes the folder, or sets sp_place_why.
sp_make_place() {
    sp_place_why=''
    if [ -z "$sp_base" ]; then
        sp_place_why='The home folder of this account is not its own to write in.'
    elif [ -L "$sp_base" ] || { [ -e "$sp_base" ] && { [ ! -d "$sp_base" ] || [ ! -O "$sp_base" ]; }; }; then
        sp_place_why="$sp_base is not a folder of this account."
    else
        [ -d "$sp_dir" ] || sp_new_place=1
        mkdir -p -- "$sp_base" "$sp_dir" 2>/dev/null || sp_no_space
        chmod 0700 -- "$sp_base" "$sp_dir" 2>/dev/null || sp_no_space
    fi
    [ -z "$sp_place_why" ]
}

sp_no_space() { sp_refuse no-room "There is no room in $sp_my_home (full disk or quota); nothing was opened or changed."; }

# What sshd runs is `SHELL -c COMMAND`, and what the profile of that shell prints comes before what
# the gate says. Sets sp_place_why where no gate can stand behind it, and sp_noisy.
sp_shell_fit() {
    sp_noisy=0 sp_place_why=''
    sp_passwd "$sp_uid"
    sp_my_shell=${sp_t%%"$sp_nl"*}
    sp_my_shell=${sp_my_shell##*:}
    [ -n "$sp_my_shell" ] || sp_my_shell=/bin/sh
    case ${sp_dir:-$sp_my_home} in
        *[!A-Za-z0-9._/@+,:-]*)
            sp_place_why='The path of the home folder has a character that shells may read in their own way.'
            return 1
            ;;
    esac
    set --
    ! sp_has timeout || set -- timeout 10
    # A program that a profile leaves behind may keep open what it was given.
    sp_t=$("$@" env -i "HOME=$sp_my_home" "USER=$sp_me" "LOGNAME=$sp_me" "SHELL=$sp_my_shell" PATH=/usr/local/bin:/usr/bin:/bin \
        'SSH_CLIENT=127.0.0.1 1 22' 'SSH_CONNECTION=127.0.0.1 1 127.0.0.1 22' \
        "$sp_my_shell" -c "/bin/sh -c 'echo stagepass-was-here'" 2>/dev/null 9>&- | "$@" sed '/stagepass-was-here$/q' | tail -c 1000) || :
    case $sp_t in
        stagepass-was-here) ;;
        *stagepass-was-here)
            sp_noisy=1
            [ "$sp_access" = ssh ] ||
                sp_place_why='The profile of this account prints something at every login, which breaks SFTP through the gate.'
            ;;
        *) sp_place_why="The login shell of this account ($sp_my_shell) does not do what it is told." ;;
    esac
    [ -z "$sp_place_why" ]
}

# What ends the access by itself, before there is any. Sets everything that sp_tell says of it.
sp_guard() {
    sp_gate=false sp_gate_why='' sp_failsafe=none sp_failsafe_why='' sp_confined=false sp_confine_why=''
    if ! sp_make_place; then
        sp_gate_why=$sp_place_why sp_failsafe_why=$sp_place_why sp_confine_why=$sp_place_why
        return 0
    fi
    sp_ends_was=''
    [ ! -f "$sp_dir/ends" ] || sp_ends_was=$(cat "$sp_dir/ends")
    sp_g_start=$sp_start sp_g_folder=$sp_start sp_g_alias=''
    [ "$sp_path" = "$sp_start" ] || sp_g_alias=$sp_path
    sp_shell_fit || :
    sp_g_shell=$sp_my_shell
    sp_gate_install || sp_no_space
    if [ "$sp_gate" = true ] && [ -n "$sp_place_why" ]; then sp_gate=false sp_gate_why=$sp_place_why; fi
    if [ "$sp_gate" = true ]; then
        # What a connection leaves behind is found by the id of its login.
        [ -e "$sp_dir/logins" ] || { : >"$sp_dir/logins"; } 2>/dev/null || sp_no_space
        sp_gate_confine
        [ "$sp_noisy" = 0 ] || sp_gate_why='The profile of this account prints something at every login: SFTP may not work through the gate.'
    else
        sp_gate_remove
        sp_confine_why=$sp_gate_why
    fi
    sp_ends_write || sp_no_space
}

# sp_guard_failsafe install|write: it looks where we looked, without an sshd to ask.
sp_guard_failsafe() {
    if [ -z "$sp_dir" ] || [ ! -d "$sp_dir" ]; then return 0; fi
    sp_in_file=$sp_keys_file sp_in_before=$sp_same_key_before
    sp_keys_file=$sp_file
    if [ -z "$sp_same_key_before" ]; then
        sp_same_key_before=0
        [ "$sp_foreign_before" = false ] || sp_same_key_before=1
    fi
    if [ "$1" = install ]; then
        sp_cron_why=''
        sp_failsafe_install || sp_no_space
    else
        sp_failsafe_write || sp_no_space
        sp_settle
    fi
    if [ "$sp_failsafe" = none ] && [ -n "$sp_cron_why" ]; then sp_failsafe_why=$sp_cron_why; fi
    sp_keys_file=$sp_in_file sp_same_key_before=$sp_in_before
}

# Nothing was let in: what was made for it goes again, and the end is what it was.
sp_undo() {
    [ -n "${sp_guarding:-}" ] && [ -z "${sp_changed:-}" ] || return 0
    sp_guarding=''
    if [ "${sp_new_place:-0}" = 1 ]; then
        sp_failsafe_remove || :
        sp_drop "$sp_dir"
        rmdir -- "$sp_base" 2>/dev/null || :
    elif [ -n "${sp_ends_was:-}" ]; then
        sp_put "$sp_dir/ends" 644 "$sp_ends_was$sp_nl" || :
    fi
}

# ---- verbs ---------------------------------------------------------------------------------------

sp_detect() {
    sp_check_inputs
    sp_facts ''
    sp_account=''
    sp_pick_file
    sp_file='' sp_target='' sp_keys_dir='' sp_dangles=false
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
    elif [ -e "$sp_keys_dir" ]; then
        [ -w "$sp_keys_dir" ] || sp_v=false
    elif [ ! -w "${sp_keys_dir%/*}" ]; then
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
    sp_detect_guard
    sp_say supported "$sp_writable"
    if [ "$sp_writable" = false ]; then
        sp_say reason_id keys-file-read-only
        sp_say reason 'The key file of this account cannot be written by it.'
    fi
    sp_flush
}

# What could end the access by itself here. Nothing is made for it.
sp_detect_guard() {
    sp_say server_kind "$sp_kind"
    sp_place
    sp_sftp_server
    if [ -z "$sp_base" ]; then
        sp_place_why='The home folder of this account is not its own to write in.'
    elif sp_shell_fit; then
        case $sp_access:$sp_server in
            sftp*:) sp_place_why='This server has no sftp-server program, which the gate would start.' ;;
        esac
    fi
    sp_bool can_gate [ -z "$sp_place_why" ]
    sp_say gate_reason "$sp_place_why"
    sp_failsafe=none sp_failsafe_why='The home folder of this account is not its own to write in.' sp_cron_why=''
    [ -z "$sp_base" ] || sp_failsafe_plan
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "${sp_cron_why:-$sp_failsafe_why}"
    sp_confine_why='' sp_j=false
    if [ "$sp_access" = ssh ]; then
        sp_confine_why='The access includes a shell, which cannot be shut in.'
    elif [ "$sp_uid" = 0 ]; then
        sp_confine_why='It is an account of root.'
    elif [ -z "$sp_path" ]; then
        sp_confine_why='No folder was named.'
    elif [ -n "$sp_place_why" ]; then
        # It is the gate that shuts in.
        sp_confine_why=$sp_place_why
    elif sp_can_confine; then
        sp_j=true
    fi
    sp_say can_confine "$sp_j"
    sp_say confine_reason "$sp_confine_why"
    sp_root_by
    sp_say root_by "$sp_by"
    sp_say drop_in false
    sp_say drop_in_reason 'There is no password here that it would be for.'
}

# Sets sp_by to what makes whoever is this account root as well, as far as it is known; nothing is
# tried. A supporter with a shell here, or with SFTP that is not shut in, can do it too.
sp_root_by() {
    sp_by=''
    [ "$sp_uid" != 0 ] || return 0
    if sp_has sudo; then
        set -- sudo -n -l
        ! sp_has timeout || set -- timeout 10 "$@"
        sp_t=$("$@" 2>/dev/null </dev/null 9>&- | awk '
            /!authenticate/ { free = 1 }
            /^ *\(/ && (/NOPASSWD:/ || free) && /\((ALL|root)[ :,)]/ { sub(/^ *\([^)]*\) */, ""); print substr($0, 1, 100); exit }') || :
        [ -z "$sp_t" ] || sp_by="sudo without a password, $sp_t"
    fi
    for sp_a in $(id -Gn 2>/dev/null); do
        case $sp_a in
            docker | lxd | lxc | incus | incus-admin | microk8s | libvirt | disk | kmem | shadow) sp_by="$sp_by${sp_by:+; }the group $sp_a" ;;
        esac
    done
    # Whoever says what these services start is root, or writes below everything.
    for sp_a in /run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock /run/crio/crio.sock \
        /var/lib/lxd/unix.socket /var/snap/lxd/common/lxd/unix.socket /var/lib/incus/unix.socket; do
        if [ -S "$sp_a" ] && [ -w "$sp_a" ]; then sp_by="$sp_by${sp_by:+; }the socket $sp_a"; fi
    done
    set +f
    for sp_a in /dev/sd* /dev/vd* /dev/xvd* /dev/nvme* /dev/mmcblk* /dev/dm-* /dev/md*; do
        if [ -b "$sp_a" ] && { [ -w "$sp_a" ] || [ -r "$sp_a" ]; }; then
            sp_by="$sp_by${sp_by:+; }the disk $sp_a"
            break
        fi
    done
    set -f
    for sp_a in /etc /etc/passwd /etc/shadow /etc/sudoers /etc/sudoers.d /etc/crontab /etc/cron.d /etc/pam.d /etc/systemd/system \
        /etc/ld.so.preload /root /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do
        if [ -w "$sp_a" ]; then sp_by="$sp_by${sp_by:+; }writing $sp_a"; fi
    done
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
    sp_force_fit || sp_refuse forced-command "$sp_force_why"
    sp_plan_start must
    sp_file_fit
    sp_place
    sp_new_dir=0
    if [ ! -d "$sp_keys_dir" ]; then
        mkdir -m 0700 -- "$sp_keys_dir" 2>/dev/null || sp_no_room
        sp_new_dir=1
    fi
    sp_lock_keys
    sp_survey
    sp_file_fit
    sp_hard_links
    sp_old_notes
    sp_not_ended "$sp_my_home/.stagepass-ended."
    sp_foreign_before=$sp_same_foreign
    sp_guarding=sp_undo
    sp_guard
    # What closes by itself is to know it as what is told to.
    sp_confined_then=$sp_confined
    sp_guard_failsafe install
    sp_baseline=false sp_baseline_why=$sp_place_why sp_had_digest=$sp_baseline_digest
    if [ -n "$sp_dir" ] && [ -d "$sp_dir" ]; then
        sp_result_purge
        # Not a link to the shop, the shop.
        sp_real=$sp_start
        sp_baseline "$sp_dir/baseline"
        # What closes is to know what was there, too.
        if [ "$sp_failsafe" != none ] && [ "$sp_baseline_digest" != "$sp_had_digest" ]; then sp_guard_failsafe write; fi
    fi
    sp_put_lines
    sp_survey
    sp_tell
    sp_say shop_path "$sp_start"
    sp_say baseline "$sp_baseline"
    sp_say baseline_reason "$sp_baseline_why"
    sp_say baseline_digest "$sp_baseline_digest"
    sp_flush
}

# Notes of closes whose time is over go whenever anything is made or collected here.
sp_old_notes() { (sp_note_ended "$sp_my_home/.stagepass-ended." false) 2>/dev/null || :; }

# Our lines into the file we stand at, and out of every other.
sp_put_lines() {
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

# What was made is there.
sp_need_made() {
    sp_key_inputs
    sp_fence
    sp_find_file
    sp_plan_start may
    sp_place
    sp_lock_keys
    # Only now: a close may have held the folder until a moment ago.
    sp_survey
    [ "$sp_ours" -gt 0 ] || sp_refuse key-absent "There is no line of this grant in $sp_file."
}

# The end moves first in the gate, then in the key file, then in the failsafe, which reads what the
# gate reads: whoever stops in between leaves the earlier of two ends for new logins.
sp_update() {
    sp_need_made
    sp_old_notes
    sp_file_fit
    sp_hard_links
    sp_foreign_before=$sp_same_foreign
    sp_guarding=sp_undo
    sp_guard
    sp_must=1
    sp_put_lines
    sp_survey
    sp_guard_failsafe install
    sp_tell
    sp_trial_say
    sp_flush
}

# The trial login is over: its line goes, and what `open` left behind is looked at again, not made again.
sp_tried() {
    sp_need_made
    sp_file_fit
    sp_gated
    sp_must=1
    sp_put_lines
    sp_survey
    sp_trial_say
    sp_failsafe=none
    if [ -n "$sp_dir" ]; then
        sp_trial_over || sp_no_space
        sp_failsafe_present || :
    fi
    sp_say account "$sp_me"
    sp_say keys_file "$sp_file"
    sp_say key_lines "$sp_ours"
    sp_say expiry_time "${sp_stamp:-}"
    sp_say gate "$sp_gate"
    sp_say failsafe "$sp_failsafe"
    sp_flush
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
    sp_say gate "$sp_gate"
    sp_say gate_reason "$sp_gate_why"
    sp_say password_gate none
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_say confined "$sp_confined"
    sp_say confine_reason "$sp_confine_why"
    # The supporter is who the log belongs to.
    sp_say uses_protected false
}

# Whether the key lines of this grant are made for a gate.
sp_gated() {
    sp_gate=false
    [ -n "$sp_dir" ] || return 0
    case $sp_text in *"command=\"$sp_dir/gate "*) sp_gate=true ;; esac
    if sp_gate_present; then sp_gate=true; fi
}

sp_check() {
    sp_close_inputs
    sp_find_file
    sp_plan_start may
    sp_place
    sp_survey
    sp_gated
    sp_key_lines
    sp_bool present [ "$sp_ours" -gt 0 ]
    sp_say account "$sp_me"
    sp_say keys_file "$sp_file"
    sp_say keys_file_assumed "$sp_assumed"
    sp_say key_lines "$sp_ours"
    # A line with the key that was not there at open is drift, too.
    sp_bool keys_match [ "$sp_text$sp_moved" = "${sp_lines}0" ]
    sp_say same_key_kept "$sp_same_kept"
    sp_say same_key_foreign "$sp_same_foreign"
    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_force_fit || :
    sp_say forced "$sp_force_why"
    sp_gate=false
    if [ -n "$sp_dir" ] && sp_gate_present; then sp_gate=true; fi
    sp_say gate_present "$sp_gate"
    if [ -n "$sp_dir" ] && sp_failsafe_present; then sp_say failsafe_present true; else sp_say failsafe_present false; fi
    sp_say drop_in_present false
    if [ -n "$sp_dir" ] && [ -f "$sp_dir/baseline/about" ]; then sp_say baseline_present true; else sp_say baseline_present false; fi
    if [ "$sp_gate" = true ]; then
        sp_sessions
        sp_say sessions "$sp_ses_count"
        sp_uses
    fi
    sp_flush
}

sp_close_inputs() {
    sp_has_password=0
    sp_key_inputs
    case ${sp_uses_from:-} in '' | *[!0-9]*) sp_uses_from=0 ;; esac
    case ${sp_closer:=} in *[!0-9a-z]*) sp_refuse bad-input 'What is to be written beside the result is not of the form [0-9a-z]*.' ;; esac
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
    sp_survey
    [ -n "$sp_holding" ] || return 0
    sp_way_todo=$sp_holding
    # shellcheck disable=SC2030
    (
        trap - 0
        sp_hunt=$sp_same_key_before
        IFS=$sp_nl
        for sp_f in $sp_holding; do
            IFS=" $sp_tab$sp_nl"
            sp_at "$sp_f" || continue
            (sp_file_fit) >/dev/null 2>&1 || continue
            sp_work=$sp_work.way sp_lines=''
            (sp_replace) || sp_clean
        done
    ) >/dev/null 2>&1 || :
    sp_changed=1
}

sp_close() {
    sp_close_inputs
    sp_find_file
    sp_place
    sp_ended_all=0 sp_ses_conns='' sp_ses_pids='' sp_ses_elsewhere=0 sp_ses_blind=1
    sp_absent=false sp_any_gone=false sp_had_place=false sp_lined=false sp_was_moved=0 sp_todo='' sp_unfit='' sp_way_todo=''
    sp_there=''
    [ -z "$sp_dir" ] || sp_what_is_there
    sp_shut_gate
    # The way in first, and only then whoever is in: nothing that a supporter can hold or slow down stands
    # before it.
    if sp_lock_try; then
        sp_take_lines
        sp_shut
    else
        sp_way_in
        sp_shut
        sp_lock_keys
        sp_shut_gate
        sp_take_lines
    fi
    # What could be done is done; now it is said what could not.
    if [ -n "$sp_unfit" ] && sp_at "$sp_unfit"; then sp_file_fit; fi
    sp_survey
    if [ -z "$sp_todo$sp_way_todo" ] && [ "$sp_had_place$sp_lined" = falsefalse ]; then sp_absent=true; fi
    sp_note_ended "$sp_my_home/.stagepass-ended." "$sp_absent"
    # Once more: whoever came in before the line went.
    sp_shut
    [ $((sp_ours + sp_moved)) = 0 ] || sp_fail keys-left "There is still a line of this grant in $sp_file."
    [ -z "$sp_ses_conns$sp_ses_pids" ] || sp_fail sessions-left 'Sessions of this grant could not be ended.'
    sp_close_history
    sp_close_place
    # An open that had begun was waited for, one that has not will be turned away.
    sp_v=false
    if { [ -n "$sp_base" ] || [ -d "$sp_keys_dir" ]; } && { [ "$sp_absent" = false ] || [ "$sp_not_after" != 0 ]; }; then sp_v=true; fi
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
    sp_say gate_absent true
    sp_say drop_in_absent true
    sp_v=false
    if [ -n "$sp_base" ] && sp_result_there; then sp_v=true; fi
    sp_say result_kept "$sp_v"
    # Reached only when no line of this grant was left when the files were read again.
    sp_say absent true
    sp_flush
}

# What the client has written down by now goes, and what nobody asked for in a long time; nothing else
# changes. Where there is no folder of ours, nothing was kept, and nothing is to be held.
sp_collected() {
    sp_close_inputs
    sp_find_home
    sp_place
    [ -z "$sp_base" ] || sp_lock_keys
    sp_old_notes
    sp_v=false
    if [ -n "$sp_base" ] && [ -d "$sp_base" ]; then
        sp_result_drop
        ! sp_result_there || sp_v=true
        rm -rf -- "$sp_base/.kept.$sp_grant"
        sp_result_purge
        find "$sp_base" -maxdepth 1 -type d -name '.kept.*' -mtime +90 -exec rm -rf -- '{}' + 2>/dev/null || :
        rmdir -- "$sp_base" 2>/dev/null || :
    fi
    sp_say result_kept "$sp_v"
    sp_flush
}

# With the lock: our lines out of every file that sshd reads. Sets sp_todo (the files that had some),
# sp_unfit (one that cannot be changed), sp_was_moved and sp_any_gone.
sp_take_lines() {
    if [ "${sp_by_server:-}" = 1 ]; then sp_still_due || exit 0; fi
    # A close that was killed may have put one aside.
    IFS=$sp_nl
    for sp_f in $sp_read; do
        IFS=" $sp_tab$sp_nl"
        sp_at "$sp_f" || continue
        sp_put_back
        # shellcheck disable=SC2031
        sp_work=$sp_work.way
        sp_put_back
    done
    IFS=" $sp_tab$sp_nl"
    sp_survey
    if [ -n "$sp_dir" ]; then
        [ ! -d "$sp_dir" ] || sp_had_place=true
        if sp_has crontab && sp_crontab_ours; then sp_lined=true; fi
    fi
    sp_was_moved=$sp_moved sp_todo=$sp_holding
    if [ -z "$sp_holding" ]; then
        [ ! -e "$sp_target" ] || sp_clean
        sp_clean_way
        return 0
    fi
    sp_hunt=$sp_same_key_before
    IFS=$sp_nl
    for sp_f in $sp_todo; do
        IFS=" $sp_tab$sp_nl"
        sp_at "$sp_f" || continue
        if ! (sp_file_fit) >/dev/null 2>&1; then
            sp_unfit=$sp_f
            continue
        fi
        sp_clean_way
        sp_lines=''
        sp_replace
        sp_changed=1
        [ "$sp_gone" = false ] || sp_any_gone=true
        # No power cut is to bring the line back when the failsafe is gone.
        sp_settle "$sp_keys_dir" "${sp_keys_dir%/*}"
    done
    IFS=" $sp_tab$sp_nl"
}

# Sets sp_there to what of the grant is in its folder, a word each. The ledger knows what has to be.
sp_what_is_there() {
    [ -d "$sp_dir" ] || return 0
    sp_there=folder
    ! sp_gate_present || sp_there="$sp_there gate"
    [ ! -f "$sp_dir/baseline/about" ] || sp_there="$sp_there baseline"
    [ ! -f "$sp_dir/failsafe" ] || sp_there="$sp_there failsafe"
}

# What happened while the grant was open. It is written down before it is said, and before the list
# it was made from goes: a close that comes again finds it there.
sp_close_history() {
    sp_kept=$sp_out
    if [ "$sp_had_place" = false ] || { [ -z "$sp_todo" ] && [ ! -e "$sp_dir/baseline/about" ] && sp_result_there; }; then
        sp_strays
        # Who was shut in wrote no result, and where nobody can hide nobody is left.
        sp_doubt=1
        if [ -z "$sp_ses_stray" ] && [ "$sp_uncounted" = 0 ]; then sp_doubt=0; fi
        sp_again=$sp_nl$(sp_history_again) || :
        sp_out=$sp_out${sp_again#"$sp_nl"}$sp_nl
        sp_look_again
        sp_say_strays
        sp_v=none
        # What an earlier close wrote, or who can write there: whose word it is, the ledger knows.
        if [ -n "$sp_base" ] && [ -z "$sp_todo" ] && sp_result_there; then sp_v=result; fi
        sp_say history "$sp_v"
        sp_say there "$sp_there"
        [ "$sp_v" = result ] || [ -z "$sp_baseline_digest" ] || sp_say_keys_now
        return 0
    fi
    sp_out=''
    sp_now=$(date +%s)
    if [ "${sp_by_server:-}" = 1 ]; then
        sp_say by_server true
        sp_say server_closed_at "$sp_now"
    else
        sp_say by_server false
        sp_say server_closed_at 0
        # By this whoever sent it knows it again; the supporter cannot say it before it was sent.
        [ -z "$sp_closer" ] || sp_say closer "$sp_closer"
    fi
    sp_strays
    sp_say sessions_ended "$sp_ended_all"
    sp_uses
    sp_trial_clear "${sp_path:-$sp_my_home}"
    sp_difference "$sp_dir/baseline"
    sp_say_difference
    # What is written down is what holds without what is nobody's: whoever reads it looks for that again.
    sp_v=unknown
    if sp_gate_present && [ "$sp_ses_blind" = 0 ]; then sp_v=$sp_ses_elsewhere; fi
    sp_history=$sp_out
    sp_say sessions_left "$sp_v"
    sp_result_write || :
    if [ -n "$sp_ses_stray" ] || [ "$sp_uncounted" != 0 ]; then sp_v=unknown; fi
    sp_kept=$sp_kept${sp_history}sessions_left=$sp_v$sp_nl
    sp_history=$sp_out sp_out=$sp_kept
    sp_say_strays
    sp_say history own
    sp_say there "$sp_there"
}

# What began after the grant and is nobody's, as far as that can be seen. Sets sp_ses_stray and
# sp_uncounted: 0 where the kernel has no more tasks of the account than were seen, or none can have been
# started; 1 where it has more; 2 where it does not say. What ends just now is not counted against anybody.
sp_strays() {
    [ -z "${sp_strayed:-}" ] || return 0
    sp_strayed=1 sp_uncounted=0 sp_i=0
    # Who only looks at what is not live any more has nobody to tell from others.
    [ -n "${sp_opened:-}" ] || [ "$sp_had_place" = true ] || return 0
    while :; do
        sp_i=$((sp_i + 1)) sp_uncounted=0
        [ "$sp_i" = 1 ] || sp_sessions
        # An sshd that this account itself runs is one more of its programs: nothing is told apart there.
        if [ "$sp_ses_own" = 1 ]; then
            sp_ses_stray='' sp_uncounted=2
            break
        fi
        sp_known_strays
        if [ "$sp_ses_alone" = 0 ]; then
            sp_tasks=$sp_ses_tasks
            sp_none_hidden || sp_uncounted=$?
            # Nobody left meanwhile, whose place somebody else could have had.
            if [ "$sp_uncounted" = 0 ]; then
                sp_sessions
                sp_known_strays
                [ "$sp_ses_tasks" = "$sp_tasks" ] || sp_uncounted=1
            fi
        fi
        if [ -z "$sp_ses_stray" ] && [ "$sp_uncounted" != 1 ]; then break; fi
        # What was ended is counted until its parent has taken note of it.
        [ "$sp_i" -lt 10 ] || break
        if [ "$sp_i" -ge 3 ] && [ -n "$sp_ses_stray" ]; then break; fi
        sleep 0.3 2>/dev/null || sleep 1
    done
}

# Takes out of sp_ses_stray what systemd itself starts beside every first login: the manager of the account's
# own units, by the number that the first process of the server gives, and the one that was born with it.
# What such units start is listed all the same.
sp_known_strays() {
    case $sp_ses_stray in *systemd*) ;; *) return 0 ;; esac
    if [ ! -d /run/systemd/system ] || ! sp_has systemctl; then return 0; fi
    sp_m=$(sp_timed systemctl show -p MainPID --value "user@$sp_uid.service" 2>/dev/null 9>&-) || :
    case $sp_m in '' | 0 | *[!0-9]*) return 0 ;; esac
    sp_alive "$sp_m"
    sp_b=${sp_born%%-*} sp_j=''
    for sp_a in $(printf '%s' "$sp_ses_stray" | sed -n 's/^process \([0-9]*\) [^ ]* (sd-pam)$/\1/p'); do
        sp_alive "$sp_a"
        sp_process "$sp_a"
        if [ "$sp_ppid" = "$sp_m" ] && [ -n "$sp_born" ] && [ $((${sp_born%%-*} - sp_b)) -le 100 ]; then
            sp_j=$sp_a
            break
        fi
    done
    sp_ses_stray=$(printf '%s' "$sp_ses_stray" | grep -v -e "^process $sp_m " -e "^process ${sp_j:-none} ") || sp_ses_stray=''
    [ -z "$sp_ses_stray" ] || sp_ses_stray=$sp_ses_stray$sp_nl
}

# Said by the close that looked, and never again by a later one.
sp_say_strays() {
    sp_strays
    IFS=$sp_nl
    sp_n=0
    for sp_l in $sp_ses_stray; do
        sp_n=$((sp_n + 1))
        [ "$sp_n" -le 100 ] || break
        sp_say stray "$sp_l"
    done
    IFS=" $sp_tab$sp_nl"
    case $sp_uncounted in 0) sp_v='none' ;; 1) sp_v='more' ;; *) sp_v='unknown' ;; esac
    sp_say hidden "$sp_v"
}

# What the server wrote down when it closed by itself is the word of an account that was the supporter's,
# and so the list that it was made from was left: everything in it is looked for again, and what the server
# did not say is added. Who was shut into the folder of the shop wrote neither.
sp_look_again() {
    if [ -z "$sp_base" ] || [ ! -d "$sp_base/.kept.$sp_grant" ] || [ -L "$sp_base/.kept.$sp_grant" ] || [ "$sp_ses_alone" = 1 ]; then return 0; fi
    sp_difference "$sp_base/.kept.$sp_grant"
    case $sp_again in
        *"${sp_nl}difference="*) ;;
        *)
            sp_say_difference
            return 0
            ;;
    esac
    # Whoever reads both leaves out what is in both.
    [ -z "$sp_diff_records" ] || sp_out="${sp_out}record=again$sp_nl$sp_diff_records"
}

# Where there is nothing left to compare with: every key that opens this account now, a hundred of them.
sp_say_keys_now() {
    sp_n=0 sp_seen=$sp_nl
    IFS=$sp_nl
    for sp_f in $sp_read; do
        IFS=" $sp_tab$sp_nl"
        sp_at "$sp_f" || continue
        case $sp_seen in *"$sp_nl$sp_target$sp_nl"*) continue ;; esac
        sp_seen=$sp_seen$sp_target$sp_nl
        if [ ! -r "$sp_target" ] || [ ! -f "$sp_target" ]; then continue; fi
        sp_t=$(head -c 1000000 <"$sp_target" | SP_FILE=$sp_file awk '
            /^[ \t]*(#|\r?$)/ { next }
            {
                l = $0; gsub(/\\"/, "", l); gsub(/"[^"]*"/, "", l)
                m = split(l, f, /[ \t]+/)
                for (i = 1; i < m; i++) if (f[i] ~ /^(ssh-|ecdsa-|sk-)/) {
                    c = ""; for (j = i + 2; j <= m; j++) c = c (c == "" ? "" : " ") f[j]
                    print f[i] " ..." substr(f[i + 1], length(f[i + 1]) - 15) (c == "" ? "" : " (" substr(c, 1, 80) ")") " in " ENVIRON["SP_FILE"]
                    break
                }
                if (++n >= 100) exit
            }') || :
        IFS=$sp_nl
        for sp_l in $sp_t; do
            sp_n=$((sp_n + 1))
            [ "$sp_n" -gt 100 ] || sp_say key_now "$sp_l"
        done
    done
    IFS=" $sp_tab$sp_nl"
}

# Says again what an earlier close wrote down; nothing, while a line of the grant was there: that goes
# before it is written. The supporter can write there, too: of what is not ours to say nothing is said.
# Without a gate nothing tells the sessions of this grant from the merchant's own.
sp_history_again() {
    set -- /dev/null
    [ -z "$sp_base" ] || [ -n "$sp_todo" ] || ! sp_result_there || set -- "$sp_base/result.$sp_grant"
    head -c 7000000 <"$1" | tr -d '\000-\010\013-\037\177' | SP_DOUBT=$sp_doubt awk '
        { i = index($0, "="); k = substr($0, 1, i - 1); v = substr($0, i + 1); ok = !(k in n) }
        k == "use" { v = substr(v, 1, 400); ok = n[k] < 1000 }
        k ~ /^(record|packed)$/ { v = substr(v, 1, 9000); ok = v != "again" }
        k ~ /^(uses_total|(bytes|files)_(read|written)|sessions_ended|server_closed_at)$/ && (v !~ /^[0-9]+$/ || length(v) > 18) { next }
        k ~ /^(by_server|uses_partial)$/ && v !~ /^(true|false)$/ { next }
        k == "closer" && (v !~ /^[0-9a-z]+$/ || length(v) > 64) { next }
        k == "sessions_left" && ENVIRON["SP_DOUBT"] == "1" { next }
        k !~ /^(use|record|packed|uses_total|(bytes|files)_(read|written)|sessions_(ended|left)|server_closed_at|by_server|closer|uses_partial|difference)$/ { next }
        ok { n[k]++; print k "=" v }
        END {
            if (!("by_server" in n)) print "by_server=false"
            if (!("server_closed_at" in n)) print "server_closed_at=0"
            if (!("sessions_left" in n)) print "sessions_left=unknown"
        }'
}

# The folder of the grant goes, what may still be needed last: the failsafe tries again until then.
sp_close_place() {
    sp_failsafe_gone=true
    if [ -z "$sp_base" ]; then
        sp_say failsafe_absent true
        return 0
    fi
    if [ -d "$sp_dir" ]; then
        sp_gate_remove
        rm -rf -- "$sp_base/.gone.$sp_grant"
        # In one step: a list that is not whole would be taken for one that somebody changed.
        if [ "${sp_by_server:-}" = 1 ] && [ ! -e "$sp_base/.kept.$sp_grant" ]; then
            mv -- "$sp_dir/baseline" "$sp_base/.kept.$sp_grant" 2>/dev/null || :
        fi
        mv -- "$sp_dir/baseline" "$sp_base/.gone.$sp_grant" 2>/dev/null || :
        rm -rf -- "$sp_base/.gone.$sp_grant" "$sp_dir/baseline" "$sp_dir/baseline.new" "$sp_dir/logins"
        # A full disk may have room by now.
        sp_result_there || { sp_kept=$sp_out sp_out=$sp_history && { sp_result_write || :; } && sp_out=$sp_kept; }
        sp_settle "$sp_base/result.$sp_grant" "$sp_base" "$sp_dir"
        sp_failsafe_remove || sp_failsafe_gone=false
    fi
    # A line that came back, out of an editor that was open all the time.
    if [ "$sp_failsafe_gone" = true ] && sp_has crontab && sp_crontab_ours; then
        mkdir -p -- "$sp_base" 2>/dev/null || :
        sp_crontab_remove || sp_failsafe_gone=false
    fi
    if [ "$sp_failsafe_gone" = false ]; then
        sp_say failsafe_absent false
        sp_fail failsafe-left "${sp_cron_why:-What was to close this grant on the server could not be removed.}"
    fi
    sp_drop "$sp_dir"
    sp_result_purge
    rmdir -- "$sp_base" 2>/dev/null || :
    sp_bool failsafe_absent sp_failsafe_absent
}

# Everything in this account that carries a mark of ours, whosever grant it is.
sp_marks() {
    sp_close_inputs
    sp_find_file
    sp_place
    IFS=$sp_nl
    sp_seen=$sp_nl
    for sp_f in $sp_read; do
        IFS=" $sp_tab$sp_nl"
        sp_at "$sp_f" || continue
        case $sp_seen in *"$sp_nl$sp_target$sp_nl"*) continue ;; esac
        sp_seen=$sp_seen$sp_target$sp_nl
        if [ ! -r "$sp_target" ] || [ ! -f "$sp_target" ]; then continue; fi
        sp_t=$(SP_ME=$sp_me SP_FILE=$sp_file awk "$sp_awk_lines"'
            /^[ \t]*#/ { next }
            {
                sub(/\r$/, "")
                if (!stage($0)) next
                tag = "-"
                if (match($0, /\/gate [0-9a-z]+[ "]/)) tag = substr($0, RSTART + 6, RLENGTH - 7)
                match($0, /[A-Za-z0-9+\/]+=*[ \t]+stagepass:[0-9a-z]+$/)
                blob = substr($0, RSTART, RLENGTH); sub(/[ \t].*/, "", blob)
                print "key-line " id($0) " " ENVIRON["SP_ME"] " " tag " " blob " " ENVIRON["SP_FILE"]
            }' <"$sp_target")
        sp_say_marks
    done
    IFS=" $sp_tab$sp_nl"
    if [ -n "$sp_base" ]; then
        set +f
        for sp_f in "$sp_base"/* "$sp_my_home"/.stagepass-ended.*; do
            sp_v=${sp_f##*/}
            case $sp_v in
                result.*) sp_k=result sp_v=${sp_v#result.} ;;
                .stagepass-ended.*) sp_k=tombstone sp_v=${sp_v#.stagepass-ended.} ;;
                *)
                    sp_k=gate
                    [ -d "$sp_f" ] || continue
                    ;;
            esac
            case $sp_v in '' | *[!0-9a-z]*) continue ;; esac
            sp_say mark "$sp_k $sp_v $sp_me - - $sp_f"
        done
        set -f
    fi
    if [ "$sp_uid" = 0 ] && [ -n "$sp_base" ]; then
        set +f
        for sp_f in /etc/cron.d/stagepass-* "$sp_units"/stagepass-*.service; do
            grep -qsF -e "$sp_base/" "$sp_f" || continue
            sp_v=${sp_f##*/stagepass-}
            case $sp_f in *.service) sp_k=unit sp_v=${sp_v%.service} ;; *) sp_k=cron ;; esac
            case $sp_v in '' | *[!0-9a-z]*) ;; *) sp_say mark "$sp_k $sp_v $sp_me - - $sp_f" ;; esac
        done
        set -f
    fi
    if sp_has crontab; then
        sp_t=$(crontab -l 2>/dev/null | SP_ME=$sp_me awk '
            match($0, /\/[.]stagepass\/[0-9a-z]+\/failsafe" .* # stagepass [0-9a-z]+\047$/) {
                id = $0; sub(/\047$/, "", id); sub(/.* /, "", id)
                print "cron " id " " ENVIRON["SP_ME"] " - - crontab"
            }') || :
        sp_say_marks
    fi
    sp_flush
}

sp_say_marks() {
    IFS=$sp_nl
    for sp_l in $sp_t; do sp_say mark "$sp_l"; done
    IFS=" $sp_tab$sp_nl"
}
