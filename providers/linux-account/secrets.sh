# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What of that there is, for the plan: bounded in depth, time and number.
# shellcheck disable=SC2086
sp_detect_closed() {
    [ -n "$sp_real" ] || return 0
    sp_i=0
    sp_can_limit || :
    sp_t=$(sp_b_within 5 find "$sp_real" -maxdepth 5 -type d '(' -name vendor -o -name node_modules -o -name .git ')' -prune -o $sp_closed -print0 2>/dev/null |
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
    for sp_l in $sp_t; do
        case $sp_l in /*) sp_say path_closed "${sp_l#"${sp_real%/}"/}" ;; *) sp_i=$sp_l ;; esac
    done
    IFS=" $sp_tab$sp_nl"
    sp_say path_closed_total "$sp_i"
}

# Where anything is inherited, the umask of who makes a file counts for nothing (measured: umask 077, mode 664). A
# deployment that makes a file anew beside one that stays closed would open it, and not to the supporter alone.
# So such a folder gets no default entries. Where there were some before, sp_acl_awk sorts them. What the supporter
# makes there is shared by the gate instead (sp_share_shut).
# sp_keep_shut OWNER
sp_keep_shut() {
    [ -s "$sp_record/shut" ] || return 0
    if [ -n "$sp_n" ]; then set -- "$1" -n -x "d:u:$sp_a_uid"; else set -- "$1" -k; fi
    sp_w=$1
    shift
    sp_as "$sp_w" xargs -0 -r setfacl "$@" -- <"$sp_record/shut" 2>/dev/null || :
}

# What the gate needs to give the shop's own people the same rights on what the supporter made in such folders as
# they would have inherited: the folders, and the entries.
sp_share_shut() {
    [ ! -e "$sp_record/share" ] || rm -f -- "$sp_record/share"
    [ "$sp_perm" = rwX ] && [ -s "$sp_record/shut" ] || return 0
    chown "0:$sp_a_gid" -- "$sp_record/shut" && chmod 640 -- "$sp_record/shut" || return 0
    case $sp_g in rwX) sp_v=rwx ;; rX) sp_v=rx ;; *) sp_v=x ;; esac
    sp_v="u:$sp_a_uid:rwx,u:${sp_owner%:*}:rwx,g:${sp_owner#*:}:$sp_v"
    sp_put "$sp_record/share" 644 "$sp_v$sp_nl" || :
}

# sp_give OWNER: our entries on every file of that owner in the shop folder. Root's own only where
# nobody else can write on the way to them; files first, because a folder's mode shows its mask.
# shellcheck disable=SC2086
sp_give() {
    if [ "$1" != 0 ]; then
        sp_r=0
        find "$sp_real" ! -type d ! -type l $sp_keep -user "$1" -print0 2>/dev/null | sp_as "$1" xargs -0 -r setfacl $sp_n -m "${sp_e%%,*}" -- 2>/dev/null || sp_r=1
        find "$sp_real" -type d -user "$1" -print0 2>/dev/null | sp_as "$1" xargs -0 -r setfacl $sp_n -m "$sp_e" -- 2>/dev/null || sp_r=1
        sp_keep_shut "$1"
        return "$sp_r"
    fi
    # A second open: the supporter of the first may be in by now.
    [ "${sp_fresh:-0}" = 1 ] && sp_rooted "$sp_real" || return 1
    sp_r=0
    sp_v=$(find "$sp_real" -user 0 ! -type l -print0 | tr -dc '\000' | wc -c)
    sp_t=$(find "$sp_real" ! -user 0 -prune -o ! -type l -print0 -type d -perm /022 -prune | tr -dc '\000' | wc -c)
    [ "$((sp_v))" = "$((sp_t))" ] || sp_r=1
    find "$sp_real" ! -user 0 -prune -o ! -type d ! -type l $sp_keep -print0 -o -type d -perm /022 -prune | sp_as 0 xargs -0 -r setfacl $sp_n -m "${sp_e%%,*}" -- 2>/dev/null || sp_r=1
    find "$sp_real" ! -user 0 -prune -o -type d -print0 -perm /022 -prune | sp_as 0 xargs -0 -r setfacl $sp_n -m "$sp_e" -- 2>/dev/null || sp_r=1
    sp_keep_shut 0
    return "$sp_r"
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
    sp_m=${sp_mode%?}
    case $sp_access:${sp_m#"${sp_m%?}"} in
        sftp-read-only:[57] | sftp:7 | ssh:7) sp_group_is_safe "$sp_group" ;;
        *) return 1 ;;
    esac
}

# Whether the group would open what is to stay closed.
# shellcheck disable=SC2086
sp_group_opens_secrets() {
    [ -n "$sp_keep" ] || return 1
    sp_t=$(find "$sp_real" $sp_closed -perm -040 -print 2>/dev/null | head -c 1) || :
    [ -n "$sp_t" ]
}

sp_world_serves() {
    case $sp_access:$sp_mode in
        sftp-read-only:*[57] | sftp:*7 | ssh:*7) return 0 ;;
        *) return 1 ;;
    esac
}
