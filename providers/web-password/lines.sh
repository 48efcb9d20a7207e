# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Our lines in it.
#
# The file can be in a folder of somebody who is not root. So that nothing they do meanwhile leads root elsewhere, what
# is done is done in that folder (`cd`, and names without a path) and to files that are open: 6 is the old one, 7 the new
# one, and /proc/self/fd is a way to them that no rename changes. A rename itself follows no link.

# sp_web_hold FILE: opens it. Ends with 1 where it is not there (any more), or is not what it was looked at as.
sp_web_hold() {
    local folder="${1%/*}"
    sp_web_name=${1##*/}
    exec 6<&-
    cd -P -- "${folder:-/}" 2>/dev/null && [ "$PWD" = "${folder:-/}" ] || return 1
    [ -f "./$sp_web_name" ] && [ ! -L "./$sp_web_name" ] && { : <"./$sp_web_name"; } 2>/dev/null || return 1
    exec 6<"./$sp_web_name"
    # A device, or what root alone can read, may have come in between.
    sp_web_held=$(stat -L -c '%F %u %h' /proc/self/fd/6)
    case $sp_web_held in regular*) ;; *) return 1 ;; esac
}

# Lets go of the folder, and takes away what was not finished.
sp_tidy() {
    [ -z "${sp_web_held:-}" ] || rm -f -- "./$sp_web_name.stagepass-$sp_grant.new" "./$sp_web_name.stagepass-$sp_grant.old" 2>/dev/null || :
    sp_web_held=''
    exec 6<&-
    cd /
}

# sp_web_digest TEXT: sets sp_v to its SHA-256.
sp_web_digest() {
    sp_v=$(printf '%s' "$1" | sha256sum) || sp_v=''
    sp_v=${sp_v%% *}
}

# Looks through the file that is held. Ours is the entry right below our mark, and one of our name with the very hash
# that the record knows, wherever somebody moved it. Sets sp_web_ours (how many), sp_web_drop (the numbers of all our lines, with blanks
# around), sp_web_neat (whether it is there once, as it was made), sp_web_hash (ours, if it is as it was made),
# sp_web_places (BYTE of each of ours), sp_web_changed (our entry with another hash) and sp_web_foreign (one of our name that is not ours).
sp_web_scan() {
    local line said
    sp_web_ours=0 sp_web_drop=' ' sp_web_neat=false sp_web_hash='' sp_web_places='' sp_web_changed=false sp_web_foreign=false sp_web_marks=0
    said=$(SP_MARK="# stagepass $sp_grant" SP_FULL=$sp_mark SP_NAME=$sp_account: awk '
        BEGIN { m = ENVIRON["SP_MARK"]; full = ENVIRON["SP_FULL"]; a = ENVIRON["SP_NAME"]; off = "#" substr(a, 2) }
        { l = $0; here = at + 0; at += length($0) + 1; sub(/\r$/, "", l); below = above; above = "" }
        l == m || index(l, m " ") == 1 { above = l == full ? "neat" : "mark"; print "mark " NR; next }
        index(l, a) == 1 { h = substr(l, length(a) + 1); sub(/:.*/, "", h); print (below == "" ? "alone" : below) " " NR " " here " " h }
        below != "" && index(l, off) == 1 { print "mark " NR }' </proc/self/fd/6)
    IFS=$sp_nl
    for line in $said; do
        IFS=" $sp_tab$sp_nl"
        # shellcheck disable=SC2086
        set -- $line
        sp_web_scanned "$@"
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
    [ "$sp_web_ours:$sp_web_marks" = 1:1 ] || sp_web_neat=false
}

# sp_web_scanned mark LINE; or alone|mark|neat LINE BYTE HASH, by what stands above it.
sp_web_scanned() {
    local known=false
    if [ "$#" = 2 ] && [ "$1" = mark ]; then
        sp_web_marks=$((sp_web_marks + 1)) sp_web_drop="$sp_web_drop$2 "
        return 0
    fi
    sp_web_digest "${4:-}"
    case " $sp_rec_digests " in *" $sp_v "*) known=true ;; esac
    if [ "$1:$known" = alone:false ]; then
        sp_web_foreign=true
        return 0
    fi
    sp_web_ours=$((sp_web_ours + 1)) sp_web_drop="$sp_web_drop$2 " sp_web_places="$sp_web_places $3"
    if [ "$known" = true ]; then sp_web_hash=$4; else sp_web_changed=true; fi
    [ "$1:$known" != neat:true ] || sp_web_neat=true
}

# The file that is held without our lines; a last line without a newline stays so.
sp_web_without() {
    SP_DROP=$sp_web_drop SP_END=$1 awk '
        index(ENVIRON["SP_DROP"], " " NR " ") { next }
        { if (n++) printf "%s\n", held; held = $0; last = NR }
        END { if (n) printf "%s%s", held, last == NR && ENVIRON["SP_END"] == "none" ? "" : "\n" }' </proc/self/fd/6
}

# sp_web_wanted put|take END: the file as it is to be. By the printf of the shell: an argument is for everybody to see.
sp_web_wanted() {
    [ "$1" = take ] || printf '%s\n%s:%s\n' "$sp_mark" "$sp_account" "$sp_secret"
    sp_web_without "$2"
}

# Makes the new file as the old one is: owner, mode, ACL, label. It is open as 7, and belongs to root alone until then.
sp_web_like_old() {
    cp --attributes-only --preserve=all /proc/self/fd/6 /proc/self/fd/7 2>/dev/null || {
        # Those who lose the owner lose setuid bits, too: the mode comes last.
        chown "$(stat -L -c '%u:%g' /proc/self/fd/6)" /proc/self/fd/7 || return 1
        chmod "$(stat -L -c '%a' /proc/self/fd/6)" /proc/self/fd/7 || return 1
        ! sp_has getfacl || ! sp_has setfacl || getfacl -cnpE /proc/self/fd/6 2>/dev/null | setfacl --set-file=- /proc/self/fd/7 2>/dev/null || return 1
    }
    [ "$(stat -L -c '%u:%g:%a' /proc/self/fd/6)" = "$(stat -L -c '%u:%g:%a' /proc/self/fd/7)" ]
}

# sp_web_write put|take END: the new file, whole or not at all. Not every awk says that it could not write.
sp_web_write() {
    sp_web_like_old || return 1
    sp_web_wanted "$1" "$2" 2>/dev/null >&7 || return 1
    sp_web_wanted "$1" "$2" | cmp -s - /proc/self/fd/7 || return 1
    sync /proc/self/fd/7 2>/dev/null || :
}

sp_web_sum() { cksum </proc/self/fd/6; }

# sp_web_edit put|take FILE: with or without our lines. htpasswd(1) writes into the file without a lock: what was changed
# meanwhile is the start of another try. Ends with 1 where there is no such file, 2 where no new one could be written,
# 3 where it may not be replaced, 4 where it changes all the time, 5 where the time is over, 6 where it is not what it
# was a moment ago (sp_unfit_why).
sp_web_edit() {
    local new old end sum tries=0 written=4
    while [ "$tries" -lt 8 ]; do
        tries=$((tries + 1))
        sp_web_hold "$2" || return 1
        new=./$sp_web_name.stagepass-$sp_grant.new old=./$sp_web_name.stagepass-$sp_grant.old
        sum=$(sp_web_sum)
        sp_web_scan
        rm -f -- "$new" "$old" 2>/dev/null || :
        case $1 in
            put)
                [ "$sp_web_neat:$sp_web_hash" != "true:$sp_secret" ] || return 0
                sp_web_held_fit || return 6
                ;;
            take) [ "$sp_web_drop" != ' ' ] || return 0 ;;
        esac
        end=newline
        case $(tail -c 1 </proc/self/fd/6; printf x) in "${sp_nl}x") ;; *) end=none ;; esac
        written=0
        # Made anew, and never what somebody put there.
        set -C
        { sp_web_write "$1" "$end" 7>"$new"; } 2>/dev/null || written=2
        set +C
        [ "$written" = 0 ] || break
        if [ "$1" = put ] && sp_late; then
            written=5
            break
        fi
        # shellcheck disable=SC3013 # every sh named above has -ef
        if ! [ "./$sp_web_name" -ef /proc/self/fd/6 ] || [ "$(sp_web_sum)" != "$sum" ]; then
            written=4
            continue
        fi
        ln -- "./$sp_web_name" "$old" 2>/dev/null || :
        mv -fT -- "$new" "./$sp_web_name" 2>/dev/null || {
            written=3
            break
        }
        # Written into between the look and the rename: theirs goes back, and ours is done again on top of it.
        if [ "$(sp_web_sum)" = "$sum" ] || ! mv -fT -- "$old" "./$sp_web_name" 2>/dev/null; then
            rm -f -- "$old"
            sp_settle "./$sp_web_name" .
            return 0
        fi
        written=4
    done
    rm -f -- "$new" "$old" 2>/dev/null || :
    return "$written"
}

# sp_web_blot FILE: makes comments of our entries, by one byte each, written in its place: that needs no room, and goes for
# every name that the file has. The lines themselves go when the file can be replaced.
sp_web_blot() {
    local at
    sp_web_hold "$1" || return 1
    sp_web_scan
    for at in $sp_web_places; do
        [ "$(dd if=/proc/self/fd/6 bs=1 skip="$at" count=$((${#sp_account} + 1)) 2>/dev/null)" = "$sp_account:" ] || return 1
        printf '#' | dd of=/proc/self/fd/6 bs=1 seek="$at" conv=notrunc 2>/dev/null || return 1
    done
    sp_settle "./$sp_web_name"
    sp_web_scan
    [ "$sp_web_ours" = 0 ]
}
