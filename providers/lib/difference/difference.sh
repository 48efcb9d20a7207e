# shellcheck shell=sh disable=SC2030,SC2031,SC2034,SC2154,SC3043
# The difference.

# sp_difference FOLDER: compares with the baseline in it. Sets sp_diff_records, the lines of a reply that tell it, and
# sp_diff_state: `done`, `none: WHY` or `partial: WHY`.
sp_difference() {
    local folder="$1" changed='' answer
    sp_diff_records='' sp_diff_state='none: no list was made when access was opened'
    if [ -L "$folder" ] || [ ! -f "$folder/about" ] || [ ! -f "$folder/system" ] || [ ! -f "$folder/shop" ]; then
        [ -n "${sp_baseline_digest:-}" ] || return 0
        sp_diff_state='none: the list that was made when access was opened is gone'
        sp_diff_records="record=! gone$sp_nl"
        return 0
    fi
    if [ -n "${sp_baseline_digest:-}" ] && sp_has sha256sum; then
        sp_b_digest "$folder"
        [ "$sp_b_d" = "$sp_baseline_digest" ] || changed=1
    fi
    answer=$(
        sp_b_into=$folder sp_b_bad=''
        sp_b_about
        sp_b_ready
        sp_b_named_by_sshd
        sp_b_compare
    ) 9>&- || :
    sp_diff_state=${answer%%"$sp_nl"*}
    [ -n "$sp_diff_state" ] || sp_diff_state='none: the comparison did not come to its end'
    case $answer in *"$sp_nl"*) sp_diff_records=${answer#*"$sp_nl"}$sp_nl ;; esac
    [ -z "$changed" ] || sp_diff_records="record=! changed$sp_nl$sp_diff_records"
}

# What the baseline in sp_b_into says of itself: sets sp_b_salt, sp_b_from and those behind it.
sp_b_about() {
    local line value
    sp_b_salt='' sp_b_from='' sp_b_was='' sp_b_was_cut='' sp_b_were='' sp_b_time=0 sp_b_named='' sp_b_ticks=0
    while IFS= read -r line; do
        value=${line#*=}
        case $line in
            salt=*) sp_b_salt=$value ;;
            path=*) sp_b_from=$value ;;
            why=*) sp_b_was=$value ;;
            cut=*) sp_b_was_cut=$value ;;
            others=*) sp_b_were=$value ;;
            # Looked for in the same places, whatever sshd would say now.
            keys=*) sp_s_keys=$value ;;
            config=*) sp_sshd_f=$value ;;
            named=*) sp_b_named=$value ;;
            # After a restart everything is younger.
            start=*) [ "${value% *}" != "$(sp_b_boot)" ] || sp_b_ticks=${value##* } ;;
            time=*) sp_b_time=$value ;;
        esac
    done <"$sp_b_into/about"
    case $sp_b_time in '' | *[!0-9]*) sp_b_time=0 ;; esac
    case $sp_b_ticks in '' | *[!0-9]*) sp_b_ticks=0 ;; esac
}

# In a subshell: prints the state in a line, and the records behind it.
sp_b_compare() {
    local one
    # In a folder of its own: while several are compared, which holds no lock, the failsafe may come for one of them.
    sp_b_work=$sp_b_into/now.$$
    if sp_b_is_shared && [ -z "$sp_b_from" ]; then
        # One folder for all, one after the other; of the one before, nothing counts that this one does not write itself.
        sp_b_work=$sp_shared/now
        [ -d "$sp_b_work" ] || mkdir -m 0700 -- "$sp_b_work" 2>/dev/null || :
        for one in since holders same; do : >"$sp_b_work/$one"; done
        sp_b_compare_in
        return 0
    fi
    sp_b_purge
    if ! mkdir -m 0700 -- "$sp_b_work" 2>/dev/null; then
        printf 'none: there is no room to compare in\n'
        return 0
    fi
    sp_b_compare_in
    rm -rf -- "$sp_b_work"
}

# What a comparison left behind that was killed.
sp_b_purge() {
    local one
    set +f
    for one in "$sp_b_into"/now.*; do
        if [ ! -e "$one" ] && [ ! -L "$one" ]; then continue; fi
        if [ "$one" = "$sp_b_work" ] || ! kill -0 "${one##*.}" 2>/dev/null; then rm -rf -- "$one"; fi
    done
    set -f
}

sp_b_compare_in() {
    local beside='' same='' sums='' one
    # The longest search goes on beside the rest.
    if [ -n "$sp_shared" ] && [ -r "$sp_shared/setuid" ]; then
        : >"$sp_b_work/setuid"
        [ ! -s "$sp_shared/setuid" ] || sp_b_setuid_new <"$sp_shared/setuid" >"$sp_b_work/setuid" 2>/dev/null
    else
        sp_b_setuid >"$sp_b_work/setuid" 2>/dev/null &
        beside=$!
    fi
    # Beside the rest, where stagepass itself has changed the shop since (sp_baseline_hold).
    if [ -s "$sp_b_into/held" ] && [ -n "$sp_b_from" ]; then
        { [ -n "$sp_shared" ] && "$sp_by_sums"; } || sp_b_sums "$sp_b_from" >"$sp_b_work/sums" 2>/dev/null &
        sums=$!
    fi
    # The same as the list that was made for several: it need not be written down for that.
    if [ -n "$sp_shared" ] && "$sp_by_list"; then same=1; fi
    [ -n "$same" ] || sp_b_system "$sp_b_salt" >"$sp_b_work/system" 2>/dev/null
    sp_b_shop "$sp_b_from" "$sp_b_work/shop" 2>/dev/null
    [ -z "$sp_shared" ] || "$sp_by_keep" "$sp_b_from" "$sp_b_work/shop"
    # The same, line for line: nobody is new there.
    if [ -n "$same" ] || cmp -s "$sp_b_into/system" "$sp_b_work/system"; then same=1; else sp_b_holders >"$sp_b_work/holders" 2>/dev/null; fi
    # What could not be listed whole may hide code: whatever the kernel says changed since is looked for alone.
    if [ -n "$sp_b_cut$sp_b_was_cut$sp_b_why$sp_b_was" ]; then sp_b_code_since >"$sp_b_work/since" 2>/dev/null; fi
    [ -z "$beside" ] || wait "$beside" 2>/dev/null || :
    for one in told places files; do : >"$sp_b_work/$one"; done
    if [ -z "$same" ] || [ -s "$sp_b_work/setuid" ]; then sp_b_say_system >"$sp_b_work/told"; fi
    sp_b_say_shop
    [ -z "$sums" ] || wait "$sums" 2>/dev/null || :
    # A full disk cuts a list, and not every program says so: each has an end.
    for one in told places files; do
        [ -s "$sp_b_work/$one" ] || continue
        printf '.\n' 2>/dev/null >>"$sp_b_work/$one" || :
        [ "$(tail -n 1 <"$sp_b_work/$one")" = . ] || sp_b_bad="$sp_b_bad; there was no room to compare in"
    done
    sp_b_fit
    sp_b_not_compared "$same"
    if [ -n "$sp_b_bad" ]; then sp_b_say_all "partial: ${sp_b_bad#; }"; else sp_b_say_all 'done'; fi
}

# sp_b_not_compared SAME: adds to sp_b_bad what was not compared, and why. SAME is 1 where the lists of the system are the same, or nothing.
sp_b_not_compared() {
    local same="$1" end=end now leads
    [ -n "$same" ] || end=$(tail -n 1 <"$sp_b_work/system" 2>/dev/null)
    case $end in
        end*) ;;
        *) sp_b_bad="$sp_b_bad; there was no room to compare in" ;;
    esac
    # The same as one that was looked at for all of them.
    if { [ -z "$same" ] || ! sp_b_is_shared || [ "${sp_b_cut_known:-cut}" != whole ]; } && grep -qs '^cut' "$sp_b_into/system" "$sp_b_work/system"; then
        sp_b_bad="$sp_b_bad; there are more accounts, login keys, crontab lines or files in homes than can be compared"
    fi
    if [ -s "$sp_b_work/setuid" ] && grep -q '^!' "$sp_b_work/setuid" 2>/dev/null; then
        sp_b_bad="$sp_b_bad; the search for setuid files was ended before it was through"
    fi
    now=${sp_shared:+$sp_b_now_known}
    now=${now:-${sp_asked_at:-}}
    if [ "${now:-$(date +%s)}" -lt "$sp_b_time" ]; then sp_b_bad="$sp_b_bad; the clock of the server was set back"; fi
    if [ -n "$sp_b_why" ] && [ "$sp_b_why" = "$sp_b_was" ]; then
        sp_b_bad="$sp_b_bad; when access was opened and now, $sp_b_why"
    else
        [ -z "$sp_b_was" ] || sp_b_bad="$sp_b_bad; when access was opened, $sp_b_was"
        [ -z "$sp_b_why" ] || sp_b_bad="$sp_b_bad; $sp_b_why"
    fi
    # A link that deployments move.
    if [ -n "$sp_b_from" ] && [ -n "${sp_path:-}" ]; then
        leads=$(readlink -f -- "$sp_path" 2>/dev/null) || leads=''
        if [ -n "$leads" ] && [ "$leads" != "$sp_b_from" ]; then
            sp_b_bad="$sp_b_bad; the shop folder leads to another place now, which was not compared: $leads"
        fi
    fi
}

# Files of the shop that a server may run or obey and whose inode changed since access was opened, in
# the form of the list.
sp_b_code_since() {
    if [ "$sp_b_gnu_find" != yes ] || [ -z "$sp_b_from" ] || [ "$sp_b_time" = 0 ]; then return 0; fi
    sp_b_left "$sp_b_code_seconds"
    sp_b_within "$sp_b_limit" find "$sp_b_from" -path "$sp_b_mine" -prune -o ! -type d -newerct "@$((sp_b_time - 1))" \
        '(' -iname '*.php*' -o -iname '*.pht*' -o -iname '*.phar*' -o -iname '*.inc' -o -iname '*.module' -o -iname '*.js' -o -iname '*.mjs' \
        -o -iname '*.sh' -o -iname '*.py' -o -iname '*.pl' -o -iname '*.rb' -o -iname '*.lua' -o -iname '*.cgi' -o -iname '*.fcgi' -o -iname '*.so' \
        -o -iname '*.?htm' -o -iname '*.?html' -o -iname '*.asp*' -o -iname '*.jsp' -o -iname '.htaccess' -o -iname '.user.ini' -o -iname 'php.ini' \
        -o -iname '.env*' -o -iname 'web.config' -o -type l ')' \
        '(' -type l -printf '%P//l %m %U %G %s %T@ %C@ %i//%l\0' -o -printf '%P//%y %m %U %G %s %T@ %C@ %i\0' ')' |
        tr '\000\n\t' '\n\001\002' | head -c 20000000
}

# Setuid and setgid files whose inode changed since access was opened (nobody sets that time), and for
# root the files that were given capabilities: on every local file system that honours them. Where
# that takes too long, the places where anybody can write at least.
sp_b_setuid() { sp_b_setuid_raw | sp_b_setuid_new; }
sp_b_setuid_raw() {
    local one disks ended=137
    set --
    for one in /tmp /var/tmp /dev/shm /home /usr/local /opt "$sp_b_from" "${sp_my_home:-}"; do
        [ -z "$one" ] || [ ! -d "$one" ] || set -- "$@" "$one"
    done
    {
        if [ "$sp_uid" = 0 ]; then
            disks=$(awk '
                $6 ~ /(^|,)nosuid(,|$)/ || seen[$3 " " $4]++ || whole[$3] { next }
                { t = ""; for (i = 7; i < NF; i++) if ($i == "-") { t = $(i + 1); break } }
                t ~ /^(ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|overlay|tmpfs|bcachefs)$/ && $5 !~ /\\|^\/(proc|sys)(\/|$)|\/(docker|containers|containerd)\// {
                    if ($4 == "/") whole[$3] = 1
                    if (++n < 100) print $5
                }' /proc/self/mountinfo 2>/dev/null) || :
            ended=0
            sp_b_left "$sp_b_disk_seconds"
            # A provider may look for more on the same walk.
            # shellcheck disable=SC2086
            "${sp_by_seek:-sp_b_suid_find}" "$sp_b_limit" ${disks:-/} || ended=$?
            case $ended in 124 | 137) printf '!\n' ;; esac
        fi
        case $ended in
            124 | 137)
                ended=0
                sp_b_left 4
                sp_b_suid_find "$sp_b_limit" "$@" || ended=$?
                case $ended in 124 | 137) printf '!\n' ;; esac
                ;;
        esac
    } 2>/dev/null | head -n 10000
}

# Those that are new since this grant was opened.
sp_b_setuid_new() {
    awk -v from="$sp_b_time" '
        /^!$/ { print; next }
        /^[0-9]+ [0-7]+ [0-9]+ [0-9]+ \// {
            p = $0; sub(/^[0-9]+ [0-7]+ [0-9]+ [0-9]+ /, "", p)
            if ($1 + 0 >= from + 0 && !seen[p]++) print $2, $3, $4, p
            next
        }
        # What getcap says: `FILE cap_x=ep`, before libcap 2.42 `FILE = cap_x+ep`.
        /^\// {
            if (!match($0, / (= )?cap_[^ ]*$/)) next
            p = substr($0, 1, RSTART - 1); c = substr($0, RSTART + 1); sub(/^= /, "", c)
            if (!seen["c" p]++) print "cap", c, "-", p
        }'
}

# sp_b_suid_find SECONDS FOLDER...: a name with control characters is told by its inode. (busybox find
# forgets `-exec +` in brackets.) To prune a file does nothing, but GNU find may not ask for its name before that: it would
# for every file on the disk, which takes three times as long as all the rest.
sp_b_suid_find() {
    local seconds="$1" odd='*[[:cntrl:]]*'
    shift
    set -- "$@" -xdev '(' -path /proc -o -path /sys -o -path /var/lib/docker -o -path /var/lib/containers -o \
        -path /var/lib/containerd ')' -prune -o \
        -type f '(' -perm -4000 -o -perm -2000 ')' -prune ! -path "$odd" -exec stat -c '%Z %a %u %g %n' -- '{}' + -o \
        -type f '(' -perm -4000 -o -perm -2000 ')' -exec stat -c '%Z %a %u %g /(control characters in its name), inode %i' -- '{}' +
    if [ "$sp_uid" = 0 ] && [ "$sp_b_gnu_find" = yes ] && sp_has getcap; then
        set -- "$@" -o -type f -perm /111 -newerct "@$sp_b_time" -prune ! -path "$odd" -exec getcap -- '{}' +
    fi
    sp_b_within "$seconds" find "$@"
}
