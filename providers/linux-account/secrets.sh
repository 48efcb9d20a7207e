# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What of that there is, for the plan: bounded in depth, time and number.
# shellcheck disable=SC2086
sp_detect_closed() {
    local lines line total=0
    [ -n "$sp_real" ] || return 0
    sp_what_stays_closed
    sp_can_limit || :
    lines=$(sp_b_within 5 find "$sp_real" -maxdepth 5 -type d '(' -name vendor -o -name node_modules -o -name .git ')' -prune -o $sp_closed -print0 2>/dev/null |
        tr '\n\0' '?\n' | awk '
            # The twelve that are least deep, in their order.
            NR > 1000 { exit }
            {
                k = gsub("/", "/"); total++
                for (i = n < 12 ? ++n : 12; i > 0; i--) {
                    if (i == n && depth[i] == "") { depth[i] = k; text[i] = $0 } else if (k < depth[i] || (k == depth[i] && $0 < text[i])) { depth[i + 1] = depth[i]; text[i + 1] = text[i]; depth[i] = k; text[i] = $0 } else break
                }
            }
            END { for (i = 1; i <= n; i++) print text[i]; print total + 0 }') || :
    IFS=$sp_nl
    for line in $lines; do
        case $line in /*) sp_say path_closed "${line#"${sp_real%/}"/}" ;; *) total=$line ;; esac
    done
    IFS=" $sp_tab$sp_nl"
    sp_say path_closed_total "$total"
}

# Where anything is inherited, the umask of who makes a file counts for nothing (measured: umask 077, mode 664). A
# deployment that makes a file anew beside one that stays closed would open it, and not to the supporter alone.
# So such a folder gets no default entries. Where there were some before, sp_acl_awk sorts them. What the supporter
# makes there is shared by the gate instead (sp_share_shut).
# sp_keep_shut OWNER MASKS: MASKS as for sp_give.
sp_keep_shut() {
    local owner="$1"
    [ -s "$sp_record/shut" ] || return 0
    if [ -n "$2" ]; then set -- -n -x "d:u:$sp_a_uid"; else set -- -k; fi
    sp_as "$owner" xargs -0 -r setfacl "$@" -- <"$sp_record/shut" 2>/dev/null || :
}

# What the gate needs to give the shop's own people the same rights on what the supporter made in such folders as
# they would have inherited: the folders, and the entries.
# sp_share_shut RIGHTS: of the group of the shop.
sp_share_shut() {
    local rights entries
    [ ! -e "$sp_record/share" ] || rm -f -- "$sp_record/share"
    [ "$sp_perm" = rwX ] && [ -s "$sp_record/shut" ] || return 0
    chown "0:$sp_a_gid" -- "$sp_record/shut" && chmod 640 -- "$sp_record/shut" || return 0
    case $1 in rwX) rights=rwx ;; rX) rights=rx ;; *) rights=x ;; esac
    entries="u:$sp_a_uid:rwx,u:${sp_owner%:*}:rwx,g:${sp_owner#*:}:$rights"
    sp_put "$sp_record/share" 644 "$entries$sp_nl" || :
}

# sp_give OWNER ENTRIES MASKS: our entries on every file of that owner in the shop folder; what is no folder gets the first of them
# alone. MASKS is -n where the masks that are there are kept, else nothing. Root's own only where
# nobody else can write on the way to them; files first, because a folder's mode shows its mask.
# shellcheck disable=SC2086
sp_give() {
    local owner="$1" entries="$2" masks="$3" failed=0 all reached
    if [ "$owner" != 0 ]; then
        find "$sp_real" ! -type d ! -type l $sp_keep -user "$owner" -print0 2>/dev/null |
            sp_as "$owner" xargs -0 -r setfacl $masks -m "${entries%%,*}" -- 2>/dev/null || failed=1
        find "$sp_real" -type d -user "$owner" -print0 2>/dev/null |
            sp_as "$owner" xargs -0 -r setfacl $masks -m "$entries" -- 2>/dev/null || failed=1
        sp_keep_shut "$owner" "$masks"
        return "$failed"
    fi
    # A second open: the supporter of the first may be in by now.
    [ "${sp_fresh:-0}" = 1 ] && sp_rooted "$sp_real" || return 1
    all=$(find "$sp_real" -user 0 ! -type l -print0 | tr -dc '\000' | wc -c)
    reached=$(find "$sp_real" ! -user 0 -prune -o ! -type l -print0 -type d -perm /022 -prune | tr -dc '\000' | wc -c)
    [ "$((all))" = "$((reached))" ] || failed=1
    find "$sp_real" ! -user 0 -prune -o ! -type d ! -type l $sp_keep -print0 -o -type d -perm /022 -prune |
        sp_as 0 xargs -0 -r setfacl $masks -m "${entries%%,*}" -- 2>/dev/null || failed=1
    find "$sp_real" ! -user 0 -prune -o -type d -print0 -perm /022 -prune |
        sp_as 0 xargs -0 -r setfacl $masks -m "$entries" -- 2>/dev/null || failed=1
    sp_keep_shut 0 "$masks"
    return "$failed"
}

# A group that opens more than a shop is none to be given.
sp_group_is_safe() {
    case $1 in
        root | sudo | wheel | adm | admin | docker | lxd | incus* | libvirt* | kvm | shadow | disk | staff | \
            systemd-* | utmp | tty | kmem | backup | operator | ssl-cert | sshd | UNKNOWN | '') return 1 ;;
        www-data | www | apache | nginx | http | httpd | wwwrun) return 0 ;;
    esac
    [ "${sp_owner#*:}" -ge 1000 ] && [ "${sp_owner#*:}" -lt 65534 ]
}

# Whether the folder's group may do as much as the grant needs.
sp_group_serves() {
    local bits="${sp_mode%?}"
    case $sp_access:${bits#"${bits%?}"} in
        sftp-read-only:[57] | sftp:7 | ssh:7) sp_group_is_safe "$sp_group" ;;
        *) return 1 ;;
    esac
}

# Whether the group would open what is to stay closed.
# shellcheck disable=SC2086
sp_group_opens_secrets() {
    local found
    [ -n "$sp_keep" ] || return 1
    found=$(find "$sp_real" $sp_closed -perm -040 -print 2>/dev/null | head -c 1) || :
    [ -n "$found" ]
}

sp_world_serves() {
    case $sp_access:$sp_mode in
        sftp-read-only:*[57] | sftp:*7 | ssh:*7) return 0 ;;
        *) return 1 ;;
    esac
}
