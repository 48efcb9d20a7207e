# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# sp_end_rights FOLDER: what the account owns there may have been opened to others, who would keep it open: entries for accounts
# that had none in the shop before, and the right of everybody to write. Both go, by a process that is the account
# (nothing else of it is left), so that a swap leads nowhere.
sp_end_rights() {
    local count users groups
    [ -n "${sp_as_owner:-}" ] || sp_plan_owner || return 0
    sp_only_in=''
    if ! grep -qs '^default:other::.w' "$sp_record/acl"; then
        count=$(find "$1" -xdev -user "$sp_id" ! -type l -perm -002 -print0 2>/dev/null | tr -dc '\000' | wc -c) || :
        if [ "$((count))" -gt 0 ]; then
            find "$1" -xdev -user "$sp_id" ! -type l -perm -002 -print0 2>/dev/null | sp_as "$sp_id" xargs -0 -r chmod o-w -- 2>/dev/null || :
            sp_rest="${sp_rest}closed to everybody: $((count)) of the account's files in $1$sp_nl"
            sp_rest_total=$((sp_rest_total + 1))
        fi
    fi
    sp_has setfacl && sp_has getfacl || return 0
    sp_shop_others "$1"
    users=" $sp_id ${sp_rec_owner%:*} $sp_other_uids $(sed -n 's/^\(default:\)\{0,1\}user:\([0-9][0-9]*\):.*/\2/p' "$sp_record/acl" 2>/dev/null | sort -u | tr '\n' ' ')"
    groups=" ${sp_rec_owner#*:} $(sed -n 's/^\(default:\)\{0,1\}group:\([0-9][0-9]*\):.*/\2/p' "$sp_record/acl" 2>/dev/null | sort -u | tr '\n' ' ')"
    # Nothing comes out for a file that has none of these.
    count=$(sp_foreign_entries "$1" "$users" "$groups" | grep -c '^# file: ') || :
    [ "$((count))" -gt 0 ] || return 0
    sp_foreign_entries "$1" "$users" "$groups" | sp_as "$sp_id" setfacl --restore=- 2>/dev/null || :
    sp_rest="${sp_rest}closed to other accounts: $((count)) of the account's files in $1$sp_nl"
    sp_rest_total=$((sp_rest_total + 1))
}

# sp_foreign_entries FOLDER USERS GROUPS: for each file of the account with an entry for anybody else: its ACL without that.
sp_foreign_entries() {
    find "$1" -xdev -user "$sp_id" ! -type l -print0 2>/dev/null | xargs -0 -r getfacl -E -n -p -s -- 2>/dev/null | awk -v users="$2" -v groups="$3" '
        function done(   i) {
            if (bad) { print "# file: " file; if (flags != "") print "# flags: " flags; for (i = 1; i <= n; i++) print e[i]; print "" }
            n = 0; bad = 0; flags = ""
        }
        /^# file: / { done(); file = substr($0, 9); next }
        /^# flags: / { flags = $3; next }
        /^#/ || /^$/ { next }
        {
            split($0, part, ":")
            i = part[1] == "default" ? 2 : 1
            if (part[i + 1] != "" && index(part[i] == "user" ? users : groups, " " part[i + 1] " ") == 0) bad = 1
            else e[++n] = $0
        }
        END { done() }'
}

# sp_reown FOLDER OWNER: what the account owns there, and nothing else, whatever it is by then.
sp_reown() {
    local count
    case $2 in 0:*) sp_reown_none "$1" && return 0 ;; esac
    count=$(find "$1" -xdev -name .ssh -prune -o -user "$sp_id" -print0 2>/dev/null | tr -dc '\000' | wc -c) || :
    [ "$((count))" -gt 0 ] || return 0
    if [ "$sp_find_exec" = -execdir ]; then
        find "$1" -xdev -name .ssh -prune -o -user "$sp_id" -execdir chown -h --from="$sp_id" -- "$2" '{}' + 2>/dev/null || :
    else
        find "$1" -xdev -name .ssh -prune -o -user "$sp_id" -exec chown -h -- "$2" '{}' + 2>/dev/null || :
    fi
    sp_reowned=$((sp_reowned + count))
}

# sp_reown_none FOLDER: a shop folder of root's. What is root's is believed (a job, a setting, a program), so nothing becomes
# root's. It stays where the site needs it, with a number that nobody has any more and that is not given again until the
# range is through, runs as nobody else, and is a finding.
sp_reown_none() {
    local kept
    if [ -n "${sp_as_owner:-}" ] || sp_plan_owner; then
        sp_only_in=''
        find "$1" -xdev -user "$sp_id" -type f '(' -perm -4000 -o -perm -2000 ')' -print0 2>/dev/null | sp_as "$sp_id" xargs -0 -r chmod u-s,g-s -- 2>/dev/null || :
    fi
    kept=$(find "$1" -xdev -user "$sp_id" -print0 2>/dev/null | tr '\n\0' '?\n' | cut -b 1-300 |
        tr '\001-\011\013-\037\177' '?' | awk 'NR <= 3 { all = all "\t" $0 } END { if (NR) print NR " " id all }' id="$sp_id") || :
    [ -n "$kept" ] || return 0
    sp_diff_records="${sp_diff_records}record=o $kept$sp_nl"
}

# Removes the home that is in the record, or the root-owned one of a marked account.
sp_remove_home() {
    [ -n "$sp_home" ] && [ ! -L "$sp_home" ] && [ -d "$sp_home" ] && [ "${sp_kept_home:-0}" = 0 ] || return 0
    case $sp_home in /*/*"$sp_account") ;; *) return 0 ;; esac
    [ -O "$sp_home" ] || return 0
    sp_mounts
    [ -z "$sp_mounted" ] || return 0
    rm -rf --one-file-system -- "$sp_home" 2>/dev/null && return 0
    # rm of busybox knows no file systems; nothing is mounted there.
    find "$sp_home" -xdev -depth ! -type d -exec rm -f -- '{}' + 2>/dev/null || :
    find "$sp_home" -xdev -depth -type d -exec rmdir -- '{}' + 2>/dev/null || :
}

# Sets sp_mounted to what is mounted on the home or below it. A mount of the same file system looks
# like any folder: what is in it is somebody else's. Only what the account itself mounted (FUSE says
# who that was) is unmounted.
sp_mounts() {
    local number above device root point rest
    sp_mounted=''
    [ -r /proc/self/mountinfo ] || return 0
    while read -r number above device root point rest; do
        case $point in
            "$sp_home" | "$sp_home"/*)
                case $rest, in
                    *' - fuse'*[,\ ]user_id="$sp_id",*)
                        if umount -l -- "$point" 2>/dev/null; then continue; fi
                        ;;
                esac
                sp_mounted=$point
                ;;
        esac
    done </proc/self/mountinfo
}

# A userdel that was killed half-way leaves lines in shadow, gshadow and the like that nothing removes any
# more: made whole, they can be deleted.
sp_end_halves() {
    if grep -qs "^$sp_account:" /etc/shadow /etc/subuid /etc/subgid && ! grep -q "^$sp_account:" /etc/passwd; then
        useradd -M -N -p '!' -e 1 -c "$sp_mark" -s /bin/false -- "$sp_account" >/dev/null 2>&1 || :
        userdel -- "$sp_account" >/dev/null 2>&1 || :
    fi
    if grep -q "^$sp_account:" /etc/gshadow 2>/dev/null && ! grep -q "^$sp_account:" /etc/group; then
        groupadd -- "$sp_account" >/dev/null 2>&1 || :
        groupdel -- "$sp_account" >/dev/null 2>&1 || :
    fi
}

# Whether the key file has a line of ours.
sp_our_line=" stagepass:$sp_grant\$"
sp_our_keys() { [ -n "$sp_rec_keys" ] && grep -qs -e "$sp_our_line" "$sp_rec_keys"; }
