# shellcheck shell=sh disable=SC2034,SC2154
# An account of its own for one supporter. Runs as root.
# Run on: Debian 11 (OpenSSH 8.4p1, shadow 4.8.1, acl 2.2.53), Debian 12 (9.2p1, 4.13, 2.3.1),
# Debian 13 (10.0p2, 4.17, 2.3.2), each under dash, and Debian 12 under bash and busybox ash as well.
#
# The mark of an account is its comment field, `stagepass <grant>`. What else was made is written
# down in /var/lib/stagepass/<grant>, first thing at open, last thing away at close. The home folder
# and the key file are root's, so that the supporter cannot take the restrictions off the key.

sp_state=/var/lib/stagepass
sp_record=$sp_state/$sp_grant
sp_mark="stagepass $sp_grant"

# One stagepass at a time on this server. What a client that was killed had started goes on here:
# closing waits for it, or it would find nothing yet and say that nothing is there.
sp_lock() {
    mkdir -p -- "$sp_state"
    sp_has flock || return 0
    exec 9>>"$sp_state/lock"
    flock -w 45 9 || sp_refuse busy 'Another stagepass has been at work on this server for 45 seconds.'
}

sp_account_inputs() {
    sp_check_inputs
    case $sp_account in '' | [!a-z_]* | *[!a-z0-9_-]*) sp_refuse bad-account 'The account name is not made of a-z, 0-9, _ and -, or does not start with a letter.' ;; esac
    [ "${#sp_account}" -le 32 ] || sp_refuse bad-account 'The account name is longer than 32 characters.'
    sp_whoami
    [ "$sp_uid" = 0 ] || sp_refuse not-root 'This needs root, and the login of stagepass is not root here.'
}

# ---- the record ----------------------------------------------------------------------------------

sp_read_record() {
    sp_recorded=0 sp_rec_uid='' sp_rec_gid='' sp_rec_home='' sp_rec_keys='' sp_rec_dir=''
    sp_rec_path='' sp_rec_owner='' sp_rec_perm='' sp_rec_through='' sp_rec_mail=0 sp_rec_group='' sp_rec_password=1
    [ -d "$sp_record" ] || return 0
    sp_recorded=1
    [ -r "$sp_record/record" ] || return 0
    while IFS= read -r sp_l; do
        sp_v=${sp_l#*=}
        case $sp_l in
            uid=*) sp_rec_uid=$sp_v ;;
            gid=*) sp_rec_gid=$sp_v ;;
            home=*) sp_rec_home=$sp_v ;;
            keys=*) sp_rec_keys=$sp_v ;;
            keys_dir=*) sp_rec_dir=$sp_v ;;
            path=*) sp_rec_path=$sp_v ;;
            owner=*) sp_rec_owner=$sp_v ;;
            perm=*) sp_rec_perm=$sp_v ;;
            group=*) sp_rec_group=$sp_v ;;
            mail=*) sp_rec_mail=$sp_v ;;
            password=*) sp_rec_password=$sp_v ;;
            through=*) sp_rec_through=$sp_rec_through$sp_v$sp_nl ;;
        esac
    done <"$sp_record/record"
}

# sp_note KEY VALUE: one more line of the record.
sp_note() { printf '%s=%s\n' "$1" "$2" >>"$sp_record/record"; }

# ---- the account as it is ------------------------------------------------------------------------

# Looks by name, and by the id in the record in case somebody renamed the account.
# Sets sp_taken when the id in the record is now somebody else's.
# Sets sp_found, sp_ours, sp_name, sp_a_uid, sp_a_gid, sp_a_comment, sp_a_home, sp_a_shell.
sp_look() {
    sp_found=0 sp_ours=0 sp_taken=0 sp_name='' sp_a_uid='' sp_a_gid='' sp_a_comment='' sp_a_home='' sp_a_shell=''
    sp_passwd "$sp_account" ${sp_rec_uid:+"$sp_rec_uid"}
    IFS=$sp_nl
    for sp_l in $sp_t; do
        [ "$sp_ours" = 0 ] || break
        IFS=:
        # shellcheck disable=SC2086
        set -- $sp_l
        IFS=$sp_nl
        case ${5:-} in
            "$sp_mark" | "$sp_mark",*) ;;
            *)
                [ "$3" != "$sp_rec_uid" ] || sp_taken=1
                [ "$1" = "$sp_account" ] || continue
                ;;
        esac
        sp_found=1 sp_name=$1 sp_a_uid=$3 sp_a_gid=$4 sp_a_comment=${5:-} sp_a_home=${6:-} sp_a_shell=${7:-}
        case $sp_a_comment in "$sp_mark" | "$sp_mark",*) sp_ours=1 ;; esac
        [ "$sp_a_uid" != 0 ] || sp_ours=0
    done
    IFS=" $sp_tab$sp_nl"
}

# Sets sp_hash_state (none, locked, usable) and sp_expires (a day, or empty).
sp_shadow() {
    sp_hash_state=none sp_expires=''
    sp_t=$(getent shadow "$1") || :
    IFS=:
    # shellcheck disable=SC2086
    set -- $sp_t
    IFS=" $sp_tab$sp_nl"
    case ${2:-} in
        '' | '*') ;;
        '!'* | '*'*) sp_hash_state=locked ;;
        *) sp_hash_state=usable ;;
    esac
    sp_expires=${8:-}
}

# The processes of a user id, by any of their four ids, and the logins of that account that are just
# being let in: those still run as root, and their title names the account. One grep, which does not
# mind processes that vanish. Sets sp_pids.
sp_processes() {
    set +f
    sp_t=$(grep -las -e "^Uid:.*[[:space:]]$1\([[:space:]]\|\$\)" -e "^sshd[a-z-]*: ${2:-?}[ @]" \
        /proc/[0-9]*/status /proc/[0-9]*/cmdline) || :
    set -f
    sp_pids=''
    for sp_a in $sp_t; do
        case $sp_a in
            */status) sp_a=${sp_a%/status} ;;
            *)
                # Anybody can call a process what they like; root does not.
                sp_a=${sp_a%/cmdline}
                sp_process "${sp_a#/proc/}"
                [ "$sp_euid" = 0 ] || continue
                ;;
        esac
        sp_pids="$sp_pids ${sp_a#/proc/}"
    done
}

sp_missing_tools() {
    for sp_a in useradd usermod userdel chpasswd getent; do
        sp_has "$sp_a" || return 0
    done
    return 1
}

# ---- detect --------------------------------------------------------------------------------------

sp_sftp_server() {
    case $sp_s_sftp in
        /*)
            sp_server=${sp_s_sftp%% *}
            [ ! -x "$sp_server" ] || return 0
            ;;
    esac
    for sp_server in /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server \
        /usr/libexec/sftp-server /usr/lib/sftp-server; do
        [ ! -x "$sp_server" ] || return 0
    done
    sp_server=''
}

# Whether this sshd would take a password alone, from that account.
sp_takes_password() {
    case ${sp_s_methods:-any} in
        any) ;;
        *)
            case " $sp_s_methods " in
                *' password '*) [ "$sp_s_password" = yes ] && return 0 ;;
            esac
            case " $sp_s_methods " in
                *' keyboard-interactive '* | *' keyboard-interactive:'*) ;;
                *) return 1 ;;
            esac
            [ "$sp_s_kbd" = yes ] && [ "$sp_s_pam" = yes ]
            return
            ;;
    esac
    [ "$sp_s_password" = yes ] || { [ "$sp_s_kbd" = yes ] && [ "$sp_s_pam" = yes ]; }
}

sp_detect() {
    sp_check_inputs
    sp_facts "$sp_account"
    sp_v=none
    if [ -n "$sp_account_line" ]; then
        sp_v=nss
        while IFS= read -r sp_l; do
            case $sp_l in "$sp_account:"*) sp_v=local ;; esac
        done </etc/passwd
    fi
    sp_bool account_exists [ -n "$sp_account_line" ]
    sp_say account_source "$sp_v"
    IFS=:
    # shellcheck disable=SC2086
    set -- $sp_account_line
    IFS=" $sp_tab$sp_nl"
    sp_v=''
    case ${5:-} in
        'stagepass '*)
            sp_v=${5#stagepass }
            sp_v=${sp_v%%,*}
            ;;
    esac
    sp_say mark "$sp_v"
    sp_bool has_useradd sp_has useradd
    sp_bool has_userdel sp_has userdel
    sp_bool has_usermod sp_has usermod
    sp_bool has_chpasswd sp_has chpasswd
    sp_bool can_password sp_takes_password
    sp_sftp_server
    sp_say sftp_server "$sp_server"
    if [ "$sp_uid" != 0 ]; then
        sp_say supported false
        sp_say reason_id not-root
        sp_say reason 'Making an account needs root, and the login of stagepass is not root here.'
    elif sp_missing_tools; then
        sp_say supported false
        sp_say reason_id no-useradd
        sp_say reason 'This server has no useradd, usermod, userdel, chpasswd and getent (busybox makes accounts without an expiry day).'
    else
        sp_say supported true
    fi
    sp_flush
}

# ---- the shop folder -----------------------------------------------------------------------------

# Sets sp_real, sp_owner (uid:gid), sp_mode, sp_group and sp_through (the folders above that need x).
sp_shop_plan() {
    sp_real='' sp_start='' sp_owner='' sp_through='' sp_group='' sp_perm='' sp_mode=''
    [ -n "$sp_path" ] || return 0
    if [ ! -d "$sp_path" ] || ! cd -P "$sp_path" 2>/dev/null; then
        sp_refuse no-such-path 'The shop folder is not there, or is not a folder.'
    fi
    sp_real=$PWD
    cd /
    case $sp_real in *[[:cntrl:]]*) sp_refuse bad-input 'The real path of the shop folder has a control character.' ;; esac
    case $sp_real/ in
        /bin/* | /boot/* | /dev/* | /etc/* | /lib*/* | /proc/* | /root/* | /run/* | /sbin/* | /sys/* | \
            /usr/bin/* | /usr/sbin/* | /usr/lib*/* | "$sp_state"/*)
            sp_refuse path-is-system 'The shop folder is part of the system; access to it is not given away.'
            ;;
        / | // | /home/ | /media/ | /mnt/ | /opt/ | /srv/ | /tmp/ | /usr/ | /var/ | /var/lib/ | /var/log/ | /var/spool/)
            sp_refuse path-is-system 'The shop folder is a folder of the whole system; name the folder of the shop inside it.'
            ;;
    esac
    if [ -e "$sp_real/.ssh" ]; then
        sp_refuse path-holds-keys 'The shop folder is the home of an account (it holds .ssh); name the folder of the shop inside it.'
    fi
    case $sp_access in
        sftp-read-only) sp_perm=rX ;;
        *) sp_perm=rwX ;;
    esac
    sp_start=$sp_real
    set -- "$sp_real"
    sp_p=${sp_real%/*}
    while [ -n "$sp_p" ]; do
        set -- "$@" "$sp_p"
        sp_p=${sp_p%/*}
    done
    sp_t=$(stat -c '%u:%g %a %G' -- "$@")
    for sp_l in $(printf '%s' "$sp_t" | tr ' \n' '_ '); do
        sp_m=${sp_l#*_}
        if [ -z "$sp_owner" ]; then
            sp_owner=${sp_l%%_*} sp_mode=${sp_m%%_*} sp_group=${sp_m#*_}
        else
            case ${sp_m%%_*} in *[1357]) ;; *) sp_through=$sp_through$1$sp_nl ;; esac
        fi
        shift
    done
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

sp_world_serves() {
    case $sp_access:$sp_mode in
        sftp-read-only:*[57] | sftp:*7 | ssh:*7) return 0 ;;
        *) return 1 ;;
    esac
}

# sp_shop_others FOLDER: other grants on the same shop. Sets sp_other_uids (in spaces) and sp_other_acl,
# what one of them wrote down.
sp_shop_others() {
    sp_other_uids=' ' sp_other_acl=''
    set +f
    for sp_a in "$sp_state"/*/record; do
        [ "$sp_a" != "$sp_record/record" ] || continue
        [ -r "$sp_a" ] || continue
        [ -e "${sp_a%/record}/acl" ] || continue
        sp_v='' sp_w=''
        while IFS= read -r sp_l; do
            case $sp_l in
                path=*) sp_w=${sp_l#*=} ;;
                uid=*) sp_v=${sp_l#*=} ;;
            esac
        done <"$sp_a"
        [ "$sp_w" = "$1" ] || continue
        [ -n "$sp_v" ] || continue
        sp_other_uids="$sp_other_uids$sp_v "
        sp_other_acl=${sp_a%/record}/acl
    done
    set -f
}

# Writes down which files have ACLs of their own before any of ours, then adds ours.
# Where a mask exists it is kept: widening it would widen the rights of others.
sp_shop_open() {
    sp_shop=none sp_partial=false
    [ -n "$sp_real" ] || return 0
    if sp_has setfacl && sp_has getfacl; then
        sp_shop_others "$sp_real"
        if [ ! -e "$sp_record/acl" ] && [ -n "$sp_other_acl" ]; then
            # What was there before any of ours, whichever of them ends first.
            cp -- "$sp_other_acl" "$sp_record/acl.new"
            mv -f "$sp_record/acl.new" "$sp_record/acl"
        elif [ ! -e "$sp_record/acl" ]; then
            IFS=$sp_nl
            # shellcheck disable=SC2086
            {
                getfacl -E -n -p -s -R -P -- "$sp_real"
                [ -z "$sp_through" ] || getfacl -E -n -p -s -- $sp_through
            } >"$sp_record/acl.new"
            IFS=" $sp_tab$sp_nl"
            mv -f "$sp_record/acl.new" "$sp_record/acl"
        fi
        sp_g=${sp_mode%?}
        case ${sp_g#"${sp_g%?}"} in [67]) sp_g=rwX ;; [45]) sp_g=rX ;; *) sp_g=X ;; esac
        sp_e="u:$sp_a_uid:$sp_perm,d:u:$sp_a_uid:$sp_perm"
        # The shop's own people must reach what the supporter makes.
        [ "$sp_perm" != rwX ] || sp_e="$sp_e,d:u:${sp_owner%:*}:rwX,d:g:${sp_owner#*:}:$sp_g"
        sp_acl=1
        # Files that have a mask keep it: -n, and afterwards a mask of their own for those that had none.
        sp_n=''
        [ ! -s "$sp_record/acl" ] || sp_n=-n
        setfacl $sp_n -R -P -m "$sp_e" -- "$sp_real" 2>/dev/null || sp_partial=true
        if [ "$sp_partial" = true ]; then
            sp_t=$(getfacl -E -n -p -- "$sp_real" 2>/dev/null) || :
            case $sp_t in *"user:$sp_a_uid:"*) ;; *) sp_acl=0 sp_partial=false ;; esac
        fi
        if [ "$sp_acl" = 1 ]; then
            if [ -n "$sp_n" ]; then
                sp_acl_uid=$sp_a_uid sp_acl_owner=$sp_owner
                {
                    cat "$sp_record/acl"
                    printf '# now\n'
                    getfacl -E -n -p -s -R -P -- "$sp_real"
                } | sp_acl_awk keep | setfacl --restore=- || sp_partial=true
            fi
            if [ -n "$sp_through" ]; then
                IFS=$sp_nl
                # shellcheck disable=SC2086
                setfacl $sp_n -m "u:$sp_a_uid:x" -- $sp_through 2>/dev/null || sp_partial=true
                IFS=" $sp_tab$sp_nl"
            fi
            sp_shop=acl
            return 0
        fi
    fi
    if sp_group_serves; then
        case " $(id -G -- "$sp_name") " in
            *" ${sp_owner#*:} "*) ;;
            *) usermod -a -G "${sp_owner#*:}" -- "$sp_name" >/dev/null ;;
        esac
        sp_shop=group
    elif sp_world_serves; then
        sp_shop=world
    fi
}

# Both directions of the ACL work, over getfacl's text: the record, `# now`, what is now.
# `keep`: masks for files that had none, and the default entries that were there before ours.
# `drop`: no entry of ours. Where no mask was before, none is afterwards, and the group gets back
#   what it had. A chmod done meanwhile landed in the mask, so a mask that is not the one setfacl
#   computed is the group's wish. Files made meanwhile inherited an entry with x: theirs is what
#   group and mask have in common.
sp_acl_awk() {
    SP_U=$sp_acl_uid SP_O=${sp_acl_owner%:*} SP_G=${sp_acl_owner#*:} SP_MODE=$1 SP_OTHERS=$sp_other_uids awk '
        function bits(s) { return (s ~ /r/ ? 4 : 0) + (s ~ /w/ ? 2 : 0) + (s ~ /x/ ? 1 : 0) }
        function text(b) { return (b >= 4 ? "r" : "-") (b % 4 >= 2 ? "w" : "-") (b % 2 ? "x" : "-") }
        function both(a, b, any,   i, r) {
            r = 0
            for (i = 1; i <= 4; i *= 2) {
                x = int(a / i) % 2; y = int(b / i) % 2
                if (any ? x || y : x && y) r += i
            }
            return r
        }
        function perm(line) { return substr(line, length(line) - 2) }
        function key(line) { return substr(line, 1, length(line) - 4) }
        function named(k) { return k ~ /^(default:)?(user|group):[0-9]/ }
        function reset() { n = 0; file = ""; split("", e) }
        function remember(   i) {
            for (i = 1; i <= n; i++) had[file SUBSEP key(e[i])] = e[i]
        }
        # An entry of another grant, which it takes away itself.
        function theirs(k) { return k ~ /^default:user:/ && index(others, " " substr(k, 14) " ") }
        function was(k) { return (file SUBSEP k) in had }
        function keep(   i, k, f, m, d) {
            print "# file: " file
            m = 0; d = 0; f = was("default:user:")
            for (i = 1; i <= n; i++) {
                k = key(e[i])
                if (k == "mask:" && !was(k)) continue
                if (k == "default:mask:" && !was(k)) continue
                if (f && k ~ /^default:/ && k != "default:user:" u) {
                    if (was(k)) e[i] = had[file SUBSEP k]
                    else if (!theirs(k)) continue
                }
                print e[i]
                if (k == "group:" || (named(k) && k !~ /^default:/)) m = both(m, bits(perm(e[i])), 1)
                if (k == "default:group:" || (named(k) && k ~ /^default:/)) d = both(d, bits(perm(e[i])), 1)
                if (k == "default:user:") isdir = 1
            }
            if (!was("mask:")) print "mask::" text(m)
            if (isdir && !was("default:mask:")) print "default:mask::" text(d)
            isdir = 0
            print ""
        }
        function drop(   i, k, p, isdir, mine, inh, left, dleft, keepmask, keepdef, G, M, N, P, R, full, rest, out) {
            mine = 0; isdir = 0; P = 0
            for (i = 1; i <= n; i++) {
                k = key(e[i]); p = perm(e[i])
                if (k ~ /^default:/) isdir = 1
                if (k == "user:" u || k == "default:user:" u) mine = 1
                if (k == "user:" u) P = bits(p)
                if (k == "group:") G = bits(p)
                if (k == "mask:") M = bits(p)
            }
            if (!mine) return
            inh = 0; dir = file; sub(/\/[^\/]*$/, "", dir)
            if (!shared && !((dir SUBSEP "default:user:" o) in had))
                for (i = 1; i <= n; i++) if (e[i] == "user:" o ":rwx" && !was("user:" o)) inh = 1
            left = 0; dleft = 0; out = ""
            for (i = 1; i <= n; i++) {
                k = key(e[i]); gone[i] = 0
                if ((k == "user:" u || k == "default:user:" u) && !was(k)) gone[i] = 1
                if (inh && (k == "user:" o || k == "group:" g) && !was(k)) gone[i] = 1
                # The last of the grants on this shop takes these.
                if (!shared && (k == "default:user:" o || k == "default:group:" g) && !was(k)) gone[i] = 1
                if (!gone[i] && named(k)) { if (k ~ /^default:/) dleft++; else left++ }
            }
            keepmask = was("mask:") || left > 0
            keepdef = was("default:user:") || dleft > 0
            # A mask that is no more than what setfacl computed is computed again for what is left.
            full = G; rest = G
            for (i = 1; i <= n; i++) {
                k = key(e[i])
                if (!named(k) || k ~ /^default:/) continue
                full = both(full, bits(perm(e[i])), 1)
                if (!gone[i]) rest = both(rest, bits(perm(e[i])), 1)
            }
            if (!was("mask:") && M == full) N = rest; else N = M
            R = G
            if (!keepmask && M != both(G, P, 1)) {
                if (!isdir && P % 2) R = both(G, M, 0); else R = M
            }
            print "# file: " file
            for (i = 1; i <= n; i++) {
                k = key(e[i])
                if (gone[i]) continue
                if (k == "mask:" && !keepmask) continue
                if (k ~ /^default:/ && !keepdef) continue
                if (k == "default:mask:" && !was(k) && !dleft) continue
                if (k == "user:" u || k == "default:user:" u) print had[file SUBSEP k]
                else if (k == "group:" && !keepmask) print "group::" text(R)
                else if (k == "mask:") print "mask::" text(N)
                else print e[i]
            }
            print ""
        }
        function done() {
            if (file != "") {
                if (!present) remember(); else if (mode == "keep") keep(); else drop()
            }
            reset()
        }
        BEGIN { u = ENVIRON["SP_U"]; o = ENVIRON["SP_O"]; g = ENVIRON["SP_G"]; mode = ENVIRON["SP_MODE"]; others = ENVIRON["SP_OTHERS"]; shared = others ~ /[0-9]/; reset() }
        /^# now$/ { done(); present = 1; next }
        /^# file: / { done(); file = substr($0, 9); next }
        /^#/ || /^$/ { next }
        { e[++n] = $0 }
        END { done() }'
}

# Takes our entries, and only ours, off the shop folder and the folders above it.
sp_shop_close() {
    [ -e "$sp_record/acl" ] && [ -n "$sp_rec_uid" ] && sp_has setfacl || return 0
    sp_acl_uid=$sp_rec_uid sp_acl_owner=$sp_rec_owner
    sp_shop_others "$sp_rec_path"
    sp_t=0
    {
        cat "$sp_record/acl"
        printf '# now\n'
        [ ! -d "$sp_rec_path" ] || getfacl -E -n -p -s -R -P -- "$sp_rec_path" 2>/dev/null || :
        if [ -n "$sp_rec_through" ]; then
            IFS=$sp_nl
            # shellcheck disable=SC2086
            getfacl -E -n -p -s -- $sp_rec_through 2>/dev/null || :
            IFS=" $sp_tab$sp_nl"
        fi
    } | sp_acl_awk drop | setfacl --restore=- || sp_t=1
    return "$sp_t"
}

# ---- open ----------------------------------------------------------------------------------------

# Sets sp_home, sp_keys and sp_keys_dir (a folder to be made for the key file, or empty).
sp_plan_home() {
    sp_base=/home
    if [ -r /etc/default/useradd ]; then
        while IFS= read -r sp_l; do
            case $sp_l in HOME=/?*) sp_base=${sp_l#HOME=} ;; esac
        done </etc/default/useradd
    fi
    sp_home=${sp_rec_home:-$sp_base/$sp_account}
}

# The first file sshd reads for this account that nobody else's key is in.
sp_plan_keys() {
    sp_keys='' sp_keys_dir=''
    [ -n "$sp_public_key$sp_check_key" ] || return 0
    for sp_a in ${sp_s_keys:-.ssh/authorized_keys}; do
        sp_v=''
        case $sp_a in none) continue ;; esac
        while :; do
            case $sp_a in
                *%*)
                    sp_v=$sp_v${sp_a%%%*}
                    sp_a=${sp_a#*%}
                    case $sp_a in
                        h*) sp_v=$sp_v$sp_home ;;
                        u*) sp_v=$sp_v$sp_account ;;
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
            "$sp_home"/*) ;;
            /*"$sp_account"*)
                # A file outside the home: its folder must be there, or the folder above that.
                [ -z "$sp_keys" ] || continue
                sp_keys_dir=${sp_v%/*}
                if [ -d "$sp_keys_dir" ]; then
                    sp_keys_dir=''
                elif [ ! -d "${sp_keys_dir%/*}" ]; then
                    continue
                fi
                sp_keys=$sp_v
                continue
                ;;
            /*) continue ;;
            *) sp_v=$sp_home/$sp_v ;;
        esac
        sp_keys=$sp_v sp_keys_dir=''
        break
    done
    [ -n "$sp_keys" ] || sp_refuse no-key-file "This sshd reads no key file that belongs to one account (AuthorizedKeysFile $sp_s_keys); use a password, or let sshd read .ssh/authorized_keys."
    case $sp_keys in
        "$sp_home"/*) ;;
        *)
            if [ -e "$sp_keys" ] && [ "$sp_rec_keys" != "$sp_keys" ]; then
                sp_refuse key-file-exists "There is a key file at $sp_keys already, and it is not of this grant."
            fi
            ;;
    esac
}

sp_plan_shell() {
    case $sp_access:$sp_has_password in
        ssh:*)
            sp_shell=/bin/sh
            [ ! -x /bin/bash ] || sp_shell=/bin/bash
            ;;
        *:1)
            sp_sftp_server
            [ -n "$sp_server" ] || sp_refuse no-sftp-server 'A password for SFTP alone needs the sftp-server program, and this server has none; use a key.'
            sp_shell=$sp_server
            ;;
        *)
            for sp_shell in /usr/sbin/nologin /sbin/nologin /bin/false; do
                [ ! -x "$sp_shell" ] || break
            done
            ;;
    esac
}

# An id that a former grant had may still own files somewhere: never below the highest we used.
sp_make_account() {
    sp_last=''
    [ ! -r "$sp_state/last-uid" ] || read -r sp_last <"$sp_state/last-uid" || :
    case $sp_last in *[!0-9]*) sp_last='' ;; esac
    set -- -M -U -d "$sp_home" -s "$sp_shell" -c "$sp_mark" -e "$sp_expire_day" -p '*'
    if [ -n "$sp_last" ] && [ "$sp_last" -lt 59000 ]; then set -- "$@" -K "UID_MIN=$((sp_last + 1))"; fi
    # Subordinate ids are for containers; without them two files fewer are written, here and at close.
    sp_sub=''
    [ ! -e /etc/subuid ] || sp_sub='-K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0'
    sp_i=0
    while :; do
        sp_r=0
        # shellcheck disable=SC2086
        sp_said_useradd=$(useradd "$@" $sp_sub -- "$sp_account" 2>&1) || sp_r=$?
        [ "$sp_r" != 0 ] || break
        sp_i=$((sp_i + 1))
        # shadow before 4.11 does not know what none of them means.
        case $sp_sub:$sp_said_useradd in ?*:*subordinate*) sp_sub='' && continue ;; esac
        case $sp_r in
            1)
                # Somebody else holds the lock on /etc/passwd.
                [ "$sp_i" -lt 20 ] || break
                sleep 0.3 2>/dev/null || sleep 1
                ;;
            *) break ;;
        esac
    done
    if [ "$sp_r" != 0 ]; then
        sp_look
        if [ "$sp_found" = 1 ] && [ "$sp_ours" = 0 ]; then
            sp_forget
            sp_refuse account-exists 'An account of that name was made meanwhile, and it is not of this grant.'
        elif [ "$sp_found" = 0 ]; then
            sp_forget
            sp_refuse useradd-failed "useradd refused: $(printf '%s' "$sp_said_useradd" | tr -s '\000-\037' ' ' | cut -c 1-300)"
        fi
    else
        sp_look
    fi
    [ "$sp_found$sp_ours" = 11 ] || sp_fail useradd-failed 'useradd said it made the account, and it is not there.'
    if [ -z "$sp_last" ] || [ "$sp_a_uid" -gt "$sp_last" ]; then
        printf '%s\n' "$sp_a_uid" >"$sp_state/last-uid"
    fi
}

# The record of a grant that made nothing, or of which nothing is left.
sp_forget() {
    [ ! -d "$sp_record" ] || rm -rf -- "$sp_record"
}

# The home is root's: who can write there can take the restrictions off the key.
sp_make_home() {
    if [ ! -d "$sp_home" ]; then
        sp_t=''
        case $sp_keys in "$sp_home"/*/*) sp_t=${sp_keys%/*} ;; esac
        mkdir -m 0755 -- "$sp_home" ${sp_t:+"$sp_t"}
    else
        case $sp_keys in "$sp_home"/*/*) [ -d "${sp_keys%/*}" ] || mkdir -m 0755 -- "${sp_keys%/*}" ;; esac
    fi
    case $sp_access in
        ssh) install -d -o "$sp_a_uid" -g "$sp_a_gid" -m 0700 -- "$sp_home/files" "$sp_home/.cache" "$sp_home/.config" "$sp_home/.local" ;;
        sftp) [ -n "$sp_real" ] || install -d -o "$sp_a_uid" -g "$sp_a_gid" -m 0700 -- "$sp_home/files" ;;
    esac
}

# Puts the key lines in place in one step; no lines, no file.
sp_write_keys() {
    [ -n "$sp_keys" ] || return 0
    sp_key_lines
    if [ -z "$sp_lines" ]; then
        rm -f -- "$sp_keys"
        return 0
    fi
    if [ -n "$sp_keys_dir" ] && [ ! -d "$sp_keys_dir" ]; then mkdir -m 0755 -- "$sp_keys_dir"; fi
    umask 022
    printf '%s' "$sp_lines" >"$sp_keys.new"
    umask 077
    [ -s "$sp_keys.new" ] || sp_fail no-room "The key file could not be written (full disk)."
    if [ -e /sys/fs/selinux/enforce ] && sp_has restorecon; then
        case $sp_keys in
            "$sp_home"/*) restorecon -R "$sp_home" || : ;;
            *) restorecon "$sp_keys.new" || : ;;
        esac
    fi
    mv -f -- "$sp_keys.new" "$sp_keys"
}

sp_set_password() {
    unset -f printf 2>/dev/null || :
    case $(type printf) in
        *builtin*) ;;
        *) sp_undo shell-unfit 'This shell has no printf of its own, so a password would show in the list of processes.' ;;
    esac
    if ! printf '%s:%s\n' "$sp_name" "$sp_secret" | chpasswd >/dev/null 2>&1; then
        sp_undo password-refused 'chpasswd refused the password (a rule of this server, or a read-only password file).'
    fi
    sp_secret=''
}

# A refusal found late: everything is taken away again before it is said.
sp_undo() {
    sp_why_id=$1 sp_why=$2
    if ! sp_end >/dev/null 2>&1 || [ "$sp_left" != 0 ] || [ "$sp_acl_left" = true ] || [ -e "$sp_home" ]; then
        sp_fail "$sp_why_id" "$sp_why Taking it back did not work entirely."
    fi
    sp_forget
    sp_refuse "$sp_why_id" "$sp_why"
}

sp_expiry_day() { sp_expire_day=$((($1 + 86399) / 86400)); }

sp_open() {
    sp_account_inputs
    sp_lock
    sp_fence
    sp_not_ended "$sp_state/ended."
    ! sp_missing_tools || sp_refuse no-useradd 'This server has no useradd, usermod, userdel, chpasswd and getent.'
    [ -n "$sp_public_key$sp_check_key" ] || [ "$sp_has_password" = 1 ] || sp_refuse no-credential 'Neither a key nor a password is to be set.'
    [ "$sp_has_password" != 1 ] || [ -n "$sp_secret" ] || sp_refuse no-credential 'A password is to be set, and none was given.'
    case $sp_secret in *[[:cntrl:]]*) sp_refuse bad-input 'The password has a character that chpasswd would misread.' ;; esac
    sp_read_record
    sp_look
    if [ "$sp_found" = 1 ] && [ "$sp_ours" = 0 ]; then
        sp_refuse account-exists 'There is an account of that name already, and it is not of this grant.'
    fi
    sp_plan_home
    if [ "$sp_found" = 1 ] && [ -z "$sp_rec_home" ]; then
        sp_refuse record-missing "The account carries the mark of this grant, but its record in $sp_record is gone; close it first."
    fi
    if [ -z "$sp_rec_home" ] && { [ -e "$sp_home" ] || [ -L "$sp_home" ]; }; then
        sp_refuse home-exists "There is $sp_home already, and it is not of this grant."
    fi
    [ -d "${sp_home%/*}" ] || sp_refuse no-home-base "There is no folder ${sp_home%/*} for homes."
    sp_find_sshd
    sp_settings "$sp_account"
    sp_plan_keys
    sp_plan_shell
    sp_shop_plan
    sp_expiry_day "$sp_deadline"

    if [ -z "$sp_rec_home" ]; then
        mkdir -p -- "$sp_record"
        sp_mail=0
        [ ! -e "/var/mail/$sp_account" ] || sp_mail=1
        sp_t="account=$sp_account${sp_nl}password=$sp_has_password${sp_nl}mail=$sp_mail${sp_nl}keys=$sp_keys${sp_nl}keys_dir=$sp_keys_dir${sp_nl}path=$sp_real${sp_nl}owner=$sp_owner${sp_nl}perm=$sp_perm${sp_nl}group=$sp_group$sp_nl"
        IFS=$sp_nl
        for sp_l in $sp_through; do sp_t="${sp_t}through=$sp_l$sp_nl"; done
        IFS=" $sp_tab$sp_nl"
        # The home comes last: a record without it was cut short, and nothing had been made then.
        printf '%shome=%s\n' "$sp_t" "$sp_home" >"$sp_record/record"
    fi
    if [ "$sp_found" = 0 ]; then
        sp_make_account
    else
        usermod -e "$sp_expire_day" -- "$sp_name" >/dev/null
    fi
    if [ "$sp_rec_uid" != "$sp_a_uid" ]; then
        printf 'uid=%s\ngid=%s\n' "$sp_a_uid" "$sp_a_gid" >>"$sp_record/record"
    fi
    sp_make_home
    sp_shop_open
    # Until here nobody can log in.
    if [ "$sp_has_password" = 1 ]; then
        [ "$sp_rec_password" = 1 ] || [ -z "$sp_rec_home" ] || sp_note password 1
        sp_set_password
    fi
    sp_write_keys

    sp_say account "$sp_name"
    sp_say account_uid "$sp_a_uid"
    sp_say home "$sp_home"
    sp_say shell "$sp_shell"
    sp_say keys_file "$sp_keys"
    sp_say expires_day "$sp_expire_day"
    sp_say shop_path "$sp_real"
    sp_say shop_access "$sp_shop"
    sp_say shop_partial "$sp_partial"
    sp_say expiry_time "${sp_stamp:-}"
    sp_v=false
    if [ "$sp_has_password" = 1 ] && [ "${sp_s_forward:-yes}" != no ]; then sp_v=true; fi
    sp_say password_forwarding "$sp_v"
    # An address list is an option of a key.
    sp_v=false
    if [ "$sp_has_password" = 1 ] && [ -n "$sp_from" ]; then sp_v=true; fi
    sp_say password_ignores_from "$sp_v"
    sp_flush
}

# ---- update --------------------------------------------------------------------------------------

sp_update() {
    sp_account_inputs
    sp_lock
    sp_fence
    sp_read_record
    sp_look
    [ "$sp_found" = 1 ] || sp_refuse account-absent 'There is no such account.'
    [ "$sp_ours" = 1 ] || sp_refuse account-foreign 'The account does not carry the mark of this grant.'
    [ -n "$sp_rec_home" ] || sp_refuse record-missing "The record of this grant in $sp_record is gone; close it."
    sp_plan_home
    sp_keys=$sp_rec_keys sp_keys_dir=$sp_rec_dir
    if [ -z "$sp_keys" ] && [ -n "$sp_public_key$sp_check_key" ]; then
        sp_find_sshd
        sp_settings "$sp_account"
        sp_plan_keys
        sp_note keys "$sp_keys"
        sp_note keys_dir "$sp_keys_dir"
        sp_t=${sp_keys%/*}
        case $sp_keys in "$sp_home"/*/*) [ -d "$sp_t" ] || mkdir -m 0755 -- "$sp_t" ;; esac
    fi
    sp_start=$sp_rec_path
    sp_expiry_day "$sp_deadline"
    # The new lines first: if the second step fails, the earlier of the two ends is in force.
    sp_write_keys
    sp_shadow "$sp_name"
    [ "$sp_expires" = "$sp_expire_day" ] || usermod -e "$sp_expire_day" -- "$sp_name" >/dev/null
    sp_say account_uid "$sp_a_uid"
    sp_say expires_day "$sp_expire_day"
    sp_say keys_file "$sp_keys"
    sp_say expiry_time "${sp_stamp:-}"
    sp_flush
}

# ---- check ---------------------------------------------------------------------------------------

sp_check() {
    sp_account_inputs
    sp_read_record
    sp_look
    sp_bool present [ "$sp_found$sp_ours" = 11 ]
    sp_bool foreign [ "$sp_found$sp_ours" = 10 ]
    sp_bool recorded [ "$sp_recorded" = 1 ]
    sp_keys=${sp_rec_keys:-} sp_start=$sp_rec_path sp_home=$sp_rec_home
    sp_key_lines
    sp_i=0 sp_t='' sp_match=true
    if [ -n "$sp_keys" ] && [ -r "$sp_keys" ]; then
        while IFS= read -r sp_l || [ -n "$sp_l" ]; do
            sp_t=$sp_t$sp_l$sp_nl
            case $sp_l in *" stagepass:$sp_grant") sp_i=$((sp_i + 1)) ;; esac
        done <"$sp_keys"
    fi
    [ "$sp_t" = "$sp_lines" ] || sp_match=false
    sp_say key_lines "$sp_i"
    sp_say keys_match "$sp_match"
    sp_v=0
    if [ "$sp_found$sp_ours" = 11 ]; then
        sp_shadow "$sp_name"
        sp_now=$(date +%s)
        sp_expiry_day "$sp_deadline"
        sp_say account_uid "$sp_a_uid"
        sp_say expires_day "${sp_expires:-0}"
        sp_bool expiry_matches [ "$sp_expires" = "$sp_expire_day" ]
        sp_say password "$sp_hash_state"
        if [ -n "$sp_expires" ] && [ "$sp_expires" -le $((sp_now / 86400)) ]; then
            sp_say locked true
        elif [ "$sp_hash_state" != usable ] && [ "$sp_i" = 0 ]; then
            sp_say locked true
        else
            sp_say locked false
        fi
    fi
    sp_id=${sp_rec_uid:-}
    [ "$sp_ours" = 0 ] || sp_id=$sp_a_uid
    if [ -n "$sp_id" ]; then
        sp_processes "$sp_id" "$sp_name"
        for sp_a in $sp_pids; do sp_v=$((sp_v + 1)); done
    fi
    sp_say sessions "$sp_v"
    sp_v=0
    if [ -n "$sp_id" ]; then
        sp_t=$(find /tmp /var/tmp /dev/shm -xdev -user "$sp_id" -print0 2>/dev/null | tr -dc '\000' | wc -c) || :
        sp_v=$((sp_t))
    fi
    sp_say files_outside "$sp_v"
    sp_v=false
    if [ -n "$sp_rec_home" ] && [ -e "$sp_rec_home" ]; then sp_v=true; fi
    sp_say home_present "$sp_v"
    sp_flush
}

# ---- close ---------------------------------------------------------------------------------------

# Kills until nothing runs under that id, for ten seconds at most. Sets sp_left.
sp_end_processes() {
    sp_i=0
    if [ -e "/var/lib/systemd/linger/$sp_name" ] && sp_has loginctl; then
        loginctl disable-linger "$sp_name" >/dev/null 2>&1 || :
    fi
    if [ -e "/run/systemd/users/$1" ] && sp_has loginctl; then
        loginctl terminate-user "$1" >/dev/null 2>&1 || :
    fi
    while :; do
        sp_processes "$1" "$sp_name"
        sp_left=0
        for sp_a in $sp_pids; do
            sp_left=$((sp_left + 1))
            kill -KILL "$sp_a" 2>/dev/null || :
        done
        [ "$sp_left" -gt 0 ] || return 0
        sp_i=$((sp_i + 1))
        # What forks faster than it is killed one by one is killed all at once.
        if [ "$sp_i" -gt 3 ] && sp_has setpriv; then
            setpriv --reuid "$1" --clear-groups -- /bin/sh -c 'kill -KILL -1' 2>/dev/null || :
        fi
        [ "$sp_i" -lt 100 ] || return 0
        if ! sleep 0.1 2>/dev/null; then
            sp_i=$((sp_i + 9))
            sleep 1
        fi
    done
}

# What the account left: its crontab and at jobs would be the next account's of that id, and so
# would its files. Sets sp_reowned. One find says whether there is anything at all.
sp_end_files() {
    for sp_a in "/var/spool/cron/crontabs/$sp_name" "/var/spool/cron/$sp_name" "/var/spool/cron/tabs/$sp_name"; do
        if [ -f "$sp_a" ]; then
            crontab -r -u "$sp_name" 2>/dev/null || rm -f -- "$sp_a"
        fi
    done
    set --
    for sp_a in /tmp /var/tmp /dev/shm /var/spool/cron/atjobs /var/spool/at /var/spool/atjobs "$sp_rec_path"; do
        [ -z "$sp_a" ] || [ ! -d "$sp_a" ] || set -- "$@" "$sp_a"
    done
    [ "$#" -gt 0 ] || return 0
    sp_t=$(find "$@" -xdev -user "$sp_id" -print 2>/dev/null) || :
    [ -n "$sp_t" ] || return 0
    for sp_a; do
        case $sp_a in
            /var/spool/*) find "$sp_a" -xdev -type f -user "$sp_id" -exec rm -f -- '{}' + 2>/dev/null || : ;;
            "$sp_rec_path") sp_reown "$sp_a" "$sp_rec_owner" ;;
            *) sp_reown "$sp_a" 0:0 ;;
        esac
    done
}

# sp_reown FOLDER OWNER. From inside each folder, so that a folder swapped for a link meanwhile
# leads nowhere.
sp_reown() {
    sp_t=$(find "$1" -xdev -user "$sp_id" -print0 2>/dev/null | tr -dc '\000' | wc -c) || :
    [ "$((sp_t))" -gt 0 ] || return 0
    sp_x=-execdir
    find / -maxdepth 0 -execdir true '{}' + 2>/dev/null || sp_x=-exec
    find "$1" -xdev -user "$sp_id" "$sp_x" chown -h "$2" -- '{}' + 2>/dev/null || :
    sp_reowned=$((sp_reowned + sp_t))
}

# Removes the home that is in the record, or the root-owned one of a marked account.
sp_remove_home() {
    [ -n "$sp_home" ] && [ ! -L "$sp_home" ] && [ -d "$sp_home" ] || return 0
    case $sp_home in /*/*"$sp_account") ;; *) return 0 ;; esac
    [ -O "$sp_home" ] || return 0
    rm -rf --one-file-system -- "$sp_home" 2>/dev/null && return 0
    # A file system mounted below (sshfs and the like) is in the way, or rm is busybox's.
    while read -r sp_a sp_b sp_l; do
        case $sp_b in "$sp_home"/*) umount -l -- "$sp_b" 2>/dev/null || : ;; esac
    done </proc/mounts
    find "$sp_home" -xdev -depth ! -type d -exec rm -f -- '{}' + 2>/dev/null || :
    find "$sp_home" -xdev -depth -type d -exec rmdir -- '{}' + 2>/dev/null || :
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

# Everything of close but the reply.
sp_end() {
    sp_read_record
    sp_look
    sp_absent=false sp_foreign=false sp_reowned=0 sp_left=0 sp_acl_left=false
    if [ "$sp_found" = 0 ]; then
        sp_absent=true
    elif [ "$sp_ours" = 0 ]; then
        [ "$sp_a_uid" != "$sp_rec_uid" ] ||
            sp_refuse mark-changed "The account $sp_name has the user id of this grant but no longer its mark; put the comment back to '$sp_mark', or remove the account by hand."
        sp_foreign=true
    fi
    sp_home=$sp_rec_home sp_id=$sp_rec_uid
    if [ "$sp_ours" = 1 ]; then
        sp_id=$sp_a_uid
        [ -n "$sp_home" ] || sp_home=$sp_a_home
        # Lock first: no key, and where a password was ever set, none and expired. Without a password
        # the key is the only door, and the account itself is gone a moment later.
        if [ -n "$sp_rec_keys" ] && [ -f "$sp_rec_keys" ]; then : >"$sp_rec_keys"; fi
        [ "$sp_rec_password" = 0 ] || usermod -L -e 1 -- "$sp_name" >/dev/null
    elif [ "$sp_foreign" = true ]; then
        sp_home=''
    fi
    [ "$sp_taken" = 0 ] || sp_id=''
    sp_name=${sp_name:-$sp_account}
    if [ "$sp_foreign" = false ]; then
        case $sp_rec_keys in '' | "$sp_home"/*) ;; *) rm -f -- "$sp_rec_keys" "$sp_rec_keys.new" ;; esac
        [ -z "$sp_rec_dir" ] || [ ! -d "$sp_rec_dir" ] || rmdir -- "$sp_rec_dir" 2>/dev/null || :
    fi
    if [ -n "$sp_id" ] && [ "$sp_id" != 0 ] && { [ "$sp_ours" = 1 ] || [ "$sp_recorded" = 1 ]; }; then
        sp_end_processes "$sp_id"
        sp_shop_close || sp_acl_left=true
        [ "$sp_foreign" = true ] || sp_end_files
    fi
    if [ "$sp_ours" = 1 ]; then
        sp_i=0
        while :; do
            sp_r=0
            sp_said_userdel=$(userdel -- "$sp_name" 2>&1) || sp_r=$?
            case $sp_r in 0 | 6) break ;; esac
            sp_i=$((sp_i + 1))
            [ "$sp_i" -lt 10 ] || break
            [ "$sp_i" -gt 1 ] || usermod -L -e 1 -- "$sp_name" >/dev/null 2>&1 || :
            sp_end_processes "$sp_id"
            sleep 0.3 2>/dev/null || sleep 1
        done
    fi
    if [ "$sp_foreign" = false ] && { [ "$sp_ours" = 1 ] || [ "$sp_recorded" = 1 ]; }; then
        sp_remove_home
        if [ "$sp_rec_mail" = 0 ]; then
            for sp_a in "/var/mail/$sp_name" "/var/spool/mail/$sp_name"; do
                [ ! -f "$sp_a" ] || rm -f -- "$sp_a"
            done
        fi
        [ "$sp_absent" = false ] || sp_end_halves
        if [ -n "$sp_rec_gid" ]; then
            sp_t=$(getent group "$sp_account") || :
            case $sp_t in "$sp_account:"*":$sp_rec_gid:") groupdel -- "$sp_account" 2>/dev/null || : ;; esac
        fi
    fi
}

sp_close() {
    sp_account_inputs
    sp_lock
    sp_end
    sp_w=false
    [ "$sp_recorded$sp_found" != 00 ] || sp_w=true
    sp_note_ended "$sp_state/ended." "$sp_w"
    # An open that had begun was waited for, one that has not will be turned away.
    sp_k=false
    if sp_has flock && { [ "$sp_w" = false ] || [ "$sp_not_after" != 0 ]; }; then sp_k=true; fi
    sp_say late_open_refused "$sp_k"
    sp_say already_absent "$sp_absent"
    sp_say foreign "$sp_foreign"
    sp_say reowned "$sp_reowned"
    sp_say acl_left "$sp_acl_left"
    sp_say processes "$sp_left"
    # What is said from here on was read again.
    sp_was=$sp_home
    sp_look
    sp_bool account_absent [ "$sp_ours" = 0 ]
    sp_v=true
    if [ -n "$sp_was" ] && [ -e "$sp_was" ]; then sp_v=false; fi
    sp_say home_absent "$sp_v"
    sp_k=true
    if [ -n "$sp_rec_keys" ] && [ -e "$sp_rec_keys" ]; then sp_k=false; fi
    sp_say keys_absent "$sp_k"
    [ "$sp_ours" = 0 ] || sp_fail account-left "The account is still there: $(printf '%s' "${sp_said_userdel:-}" | tr -s '\000-\037' ' ' | cut -c 1-200)"
    [ "$sp_left" = 0 ] || sp_fail processes-left 'Processes of the account still run.'
    [ "$sp_v$sp_k" = truetrue ] || sp_fail files-left 'The home or the key file is still there.'
    [ "$sp_acl_left" = false ] || sp_fail acl-left 'Taking the entries off the shop folder failed.'
    # Reached only when everything above was re-read as gone.
    sp_say absent true
    sp_forget
    sp_flush
}
