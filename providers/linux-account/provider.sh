# shellcheck shell=sh disable=SC2034,SC2154
# An account of its own for one supporter. Runs as root.
# Run on: Debian 11 (OpenSSH 8.4p1, shadow 4.8.1, acl 2.2.53), Debian 12 (9.2p1, 4.13, 2.3.1),
# Debian 13 (10.0p2, 4.17, 2.3.2), each under dash, and Debian 12 under bash and busybox ash as well.
#
# The mark of an account is its comment field, `stagepass <grant>`. What else was made is written
# down in /var/lib/stagepass/<grant>, first thing at open, last thing away at close. The home folder
# and the key file are root's, so that the supporter cannot take the restrictions off the key. So are
# the gate, which is the login shell, and the failsafe.

sp_state=/var/lib/stagepass
sp_record=$sp_state/$sp_grant
sp_base=$sp_state
sp_dir=$sp_record
sp_mark="stagepass $sp_grant"

sp_account_inputs() {
    sp_check_inputs
    case $sp_account in '' | [!a-z_]* | *[!a-z0-9_-]*) sp_refuse bad-account 'The account name is not made of a-z, 0-9, _ and -, or does not start with a letter.' ;; esac
    [ "${#sp_account}" -le 32 ] || sp_refuse bad-account 'The account name is longer than 32 characters.'
    sp_whoami
    [ "$sp_uid" = 0 ] || sp_refuse not-root 'This needs root, and the login of stagepass is not root here.'
}

# One verb at a time on this server: two grants may meet in one shop folder, and in /etc/passwd.
sp_lock_state() {
    [ -d "$sp_state" ] || mkdir -p -- "$sp_state" || {
        "${sp_never_waits:-:}"
        sp_fail no-lock "There is no $sp_state, and it cannot be made."
    }
    sp_lock "$sp_state"
}

# ---- the record ----------------------------------------------------------------------------------

sp_read_record() {
    sp_recorded=0 sp_rec_name='' sp_rec_uid='' sp_rec_gid='' sp_rec_home='' sp_rec_keys='' sp_rec_dir=''
    sp_rec_path='' sp_rec_owner='' sp_rec_perm='' sp_rec_through='' sp_rec_mail=0 sp_rec_group='' sp_rec_password=1
    sp_rec_subs='' sp_kind='' sp_rec_gate=false sp_rec_confined=false sp_rec_door=none
    [ -d "$sp_record" ] || return 0
    sp_recorded=1
    [ -r "$sp_record/record" ] || return 0
    while IFS= read -r sp_l; do
        sp_v=${sp_l#*=}
        case $sp_l in
            account=*) sp_rec_name=$sp_v ;;
            uid=*) sp_rec_uid=$sp_v ;;
            gid=*) sp_rec_gid=$sp_v ;;
            home=*) sp_rec_home=$sp_v ;;
            keys=*) sp_rec_keys=$sp_v ;;
            keys_dir=*) sp_rec_dir=$sp_v ;;
            path=*) sp_rec_path=$sp_v ;;
            owner=*) sp_rec_owner=$sp_v ;;
            perm=*) sp_rec_perm=$sp_v ;;
            group=*) sp_rec_group=$sp_v ;;
            subuid=*) sp_rec_subs="$sp_rec_subs $sp_v" ;;
            mail=*) sp_rec_mail=$sp_v ;;
            password=*) sp_rec_password=$sp_v ;;
            kind=*) sp_kind=$sp_v ;;
            gate=*) sp_rec_gate=$sp_v ;;
            confined=*) sp_rec_confined=$sp_v ;;
            door=*) sp_rec_door=$sp_v ;;
            # The failsafe was written before there was one.
            digest=*) sp_baseline_digest=${sp_baseline_digest:-$sp_v} ;;
            through=*) sp_rec_through=$sp_rec_through$sp_v$sp_nl ;;
        esac
    done <"$sp_record/record"
}

# sp_note KEY VALUE: one more line of the record; the last one counts.
sp_note() { printf '%s=%s\n' "$1" "$2" >>"$sp_record/record"; }

# sp_renote KEY OLD NEW: the same, where there is something new.
sp_renote() { [ "$2" = "$3" ] || sp_note "$1" "$3"; }

# ---- the account as it is ------------------------------------------------------------------------

# Looks by name, and by the id in the record in case somebody renamed the account. Ours is what
# carries the mark, or has both the name and the id that root's own record holds: the comment of an
# account can be changed (sp_unmarked says so), and must not keep it open.
# Sets sp_taken when the id in the record is now somebody else's.
# Sets sp_login to the name where that is ours: sessions are found by it.
# Sets sp_found, sp_ours, sp_name, sp_a_uid, sp_a_gid, sp_a_comment, sp_a_home, sp_a_shell.
sp_look() {
    sp_found=0 sp_ours=0 sp_taken=0 sp_unmarked=false sp_name='' sp_login='' sp_a_uid='' sp_a_gid='' sp_a_comment='' sp_a_home='' sp_a_shell=''
    sp_passwd "$sp_account" ${sp_rec_uid:+"$sp_rec_uid"}
    IFS=$sp_nl
    for sp_l in $sp_t; do
        [ "$sp_ours" = 0 ] || break
        IFS=:
        # shellcheck disable=SC2086
        set -- $sp_l
        IFS=$sp_nl
        sp_v=0
        case ${5:-} in
            "$sp_mark" | "$sp_mark",*) sp_v=1 ;;
            *)
                if [ -n "$sp_rec_uid" ] && [ "$1:$3" = "$sp_rec_name:$sp_rec_uid" ] && [ "$1" = "$sp_account" ]; then
                    sp_v=1 sp_unmarked=true
                else
                    [ "$3" != "$sp_rec_uid" ] || sp_taken=1
                    [ "$1" = "$sp_account" ] || continue
                fi
                ;;
        esac
        sp_found=1 sp_name=$1 sp_a_uid=$3 sp_a_gid=$4 sp_a_comment=${5:-} sp_a_home=${6:-} sp_a_shell=${7:-}
        sp_ours=$sp_v
        [ "$sp_a_uid" != 0 ] || sp_ours=0
    done
    IFS=" $sp_tab$sp_nl"
    [ "$sp_ours" = 0 ] || sp_login=$sp_name
}

# Sets sp_hash_state (none, locked, usable), sp_expires (a day, or empty), and sp_ages (whether this server
# would end the password, or ask for another one, by its age).
sp_shadow() {
    sp_hash_state=none sp_expires='' sp_ages=false
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
    # Changed on day 0 means: to be changed at the next login.
    [ "${3:-}" != 0 ] || sp_ages=true
    for sp_v in "${4:-}" "${5:-}" "${7:-}"; do
        # 99999 is the word of shadow for no end.
        case $sp_v in '' | -* | 0 | 99999) ;; *) sp_ages=true ;; esac
    done
    # A password may be 0 days old at most, or lie idle for 0 days.
    case ${5:-}:${7:-} in 0:* | *:0) sp_ages=true ;; esac
}

# What login.defs says of the age of passwords is for those who stay. Ends with 1 where it cannot be undone.
sp_ageless() {
    sp_shadow "$1"
    [ "$sp_ages" = true ] || return 0
    ! sp_has chage || chage -m 0 -M -1 -I -1 -- "$1" >/dev/null 2>&1 || :
    sp_shadow "$1"
    [ "$sp_ages" = false ]
}

# The processes of a user id, and the logins of that account that are just being let in. Sets sp_pids.
sp_processes() {
    sp_of_uid "$1"
    sp_pids=$sp_procs
    [ -n "$2" ] || return 0
    sp_logins_of "$2"
    sp_pids="$sp_pids $sp_procs"
}

# Sets sp_count to how many processes the account has, but for those that watch over its connections, and what these
# have at work: they wake up for a moment now and then.
sp_count_processes() {
    sp_count=0
    [ -n "$1" ] || return 0
    sp_conn_uid=$1
    sp_connections
    sp_processes "$1" "$2"
    for sp_a in $sp_pids; do
        sp_b=$sp_a
        for sp_v in 1 2 3 4 5 6 7 8; do
            case " $sp_watchers " in *" $sp_b "*) continue 2 ;; esac
            sp_process "$sp_b"
            # What is gone by now is not in; an ancestor that is gone excuses nobody.
            [ -n "$sp_euid" ] || [ "$sp_b" != "$sp_a" ] || continue 2
            [ "$sp_ppid" -gt 1 ] || break
            sp_b=$sp_ppid
        done
        sp_count=$((sp_count + 1))
    done
}

# For the failsafe.
sp_in_use() {
    sp_read_record
    sp_look
    sp_id=$sp_rec_uid
    [ "$sp_taken" = 0 ] || sp_id=''
    sp_count_processes "$sp_id" "$sp_login"
    [ "$sp_count" != 0 ]
}

# After the deadline, while work goes on: the gate refuses what comes new, and so does the account.
sp_lock_access() {
    (
        sp_lock_state
        if sp_due; then
            sp_read_record
            sp_look
            if [ "$sp_ours" = 1 ]; then
                sp_shadow "$sp_name"
                [ "$sp_expires" = 1 ] || usermod -e 1 -- "$sp_name"
            fi
        fi
        sp_unlock
    ) >/dev/null 2>&1 || :
}

sp_missing_tools() {
    for sp_a in useradd usermod userdel chpasswd getent; do
        sp_has "$sp_a" || return 0
    done
    return 1
}

# ---- detect --------------------------------------------------------------------------------------

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
    sp_mode_watcher
    sp_say web_checks_modes "$sp_watch"
    sp_v=false
    if [ -n "$sp_path" ] && [ -z "$sp_watch" ] && sp_has setfacl && sp_has setpriv; then sp_v=true; fi
    sp_say acl_mode_change "$sp_v"
    sp_detect_closed
    sp_detect_gate
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

# What could stand in front of the sessions here, and what could end them.
sp_detect_gate() {
    sp_say server_kind "$sp_kind"
    sp_v='' sp_w=false
    if [ "$sp_uid" != 0 ]; then
        sp_v='Setting it up needs root.'
    elif [ "$sp_kind" = other ]; then
        sp_v='No SSH server that is known here was found.'
    elif [ -z "$sp_server" ] && [ "$sp_access" != ssh ]; then
        sp_v='This server has no sftp-server program, which the gate would start.'
    else
        sp_w=true
    fi
    sp_say can_gate "$sp_w"
    sp_say gate_reason "$sp_v"
    sp_failsafe_plan
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_confine_why='' sp_j=false
    if [ "$sp_access" = ssh ]; then
        sp_confine_why='The access includes a shell, which cannot be shut in.'
    elif sp_can_confine; then
        sp_j=true
    fi
    sp_say can_confine "$sp_j"
    sp_say confine_reason "$sp_confine_why"
    sp_v=true
    sp_drop_in_read || sp_v=false
    sp_say drop_in "$sp_v"
    sp_say drop_in_reason "$sp_drop_in_why"
    sp_other_doors
}

# Programs that would take the password of an account and know nothing of the gate.
sp_other_doors() {
    set +f
    sp_t=$(grep -hxs -e vsftpd -e proftpd -e 'pure-ftpd.*' -e 'in\.ftpd' -e ftpd -e 'in\.telnetd' -e telnetd -e xrdp-sesman -e cockpit-ws \
        -e miniserv.pl -e dropbear /proc/[0-9]*/comm) || :
    set -f
    sp_k=' '
    for sp_a in $sp_t; do
        case $sp_k in *" $sp_a "*) continue ;; esac
        sp_k="$sp_k$sp_a "
        [ "$sp_a:$sp_kind" = dropbear:dropbear ] || sp_say other_doors "$sp_a"
    done
    sp_listeners
    for sp_j in $sp_listening; do
        sp_title_of "$sp_j"
        [ "${sp_title_f:-/etc/ssh/sshd_config}" = "${sp_sshd_f:-/etc/ssh/sshd_config}" ] || sp_say other_doors "sshd -f $sp_title_f"
    done
}

# ---- the shop folder -----------------------------------------------------------------------------

# Sets sp_real, sp_owner (uid:gid), sp_mode, sp_group and sp_through (the folders above that need x).
# Which folder may be given is policy's to say, by what `detect` reported; here it is held to be that one.
sp_shop_plan() {
    sp_real='' sp_start='' sp_owner='' sp_through='' sp_group='' sp_perm='' sp_mode=''
    [ -n "$sp_path" ] || return 0
    if [ ! -d "$sp_path" ] || ! cd -P "$sp_path" 2>/dev/null; then
        sp_refuse no-such-path 'The shop folder is not there, or is not a folder.'
    fi
    sp_real=$PWD
    cd /
    case $sp_real in *[[:cntrl:]]*) sp_refuse bad-input 'The real path of the shop folder has a control character.' ;; esac
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
    sp_t=$(stat -c '%d:%i:%u %u:%g %a %G' -- "$@")
    [ "${sp_t%% *}" = "$sp_path_id" ] || sp_refuse path-changed 'The shop folder is not the one that was looked at: it was moved, replaced or given to another owner meanwhile.'
    IFS=$sp_nl
    for sp_l in $sp_t; do
        sp_l=${sp_l#* }
        sp_m=${sp_l#* }
        if [ -z "$sp_owner" ]; then
            sp_owner=${sp_l%% *} sp_mode=${sp_m%% *} sp_group=${sp_m#* }
        else
            case ${sp_m%% *} in *[1357]) ;; *) sp_through=$sp_through$1$sp_nl ;; esac
        fi
        shift
    done
    IFS=" $sp_tab$sp_nl"
}

# Programs of a web server that refuse to run what a group may write to, and an ACL shows as that.
sp_mode_watcher() {
    sp_watch=''
    for sp_a in suexec:/usr/lib/apache2/suexec suexec:/usr/lib/apache2/suexec-pristine suexec:/usr/lib/apache2/suexec-custom \
        suexec:/usr/sbin/suexec suexec:/usr/local/apache/bin/suexec suexec:/usr/local/apache2/bin/suexec \
        suphp:/etc/suphp suphp:/etc/suphp.conf suphp:/usr/lib/apache2/modules/mod_suphp.so \
        suphp:/usr/lib64/httpd/modules/mod_suphp.so cpanel:/usr/local/cpanel; do
        if [ -e "${sp_a#*:}" ]; then
            sp_watch=${sp_a%%:*}
            return 0
        fi
    done
}

# ---- acting as the owner of a file ---------------------------------------------------------------

# Where others can write, a file can become a link between a look and a change. What changes an ACL
# therefore runs as the owner of the file, and reaches nothing but that owner's files. Two powers
# stay: to reach a file through a folder that is closed to its owner, and not to lose the setgid bit.
# Sets sp_as_owner, a script: UID COMMAND...; and sp_as_caps where no script is needed.
# shellcheck disable=SC2016
sp_plan_owner() {
    sp_as_owner='' sp_as_caps=''
    sp_has setpriv || return 1
    sp_a=-all,+dac_read_search,+fsetid
    if setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="$sp_a" --ambient-caps="$sp_a" -- true 2>/dev/null; then
        sp_as_owner='u=$1; shift; exec setpriv --reuid="$u" --regid=65534 --clear-groups' sp_as_caps=$sp_a
    else
        # Containers often lack the first.
        sp_a=-all,+fsetid
        setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="$sp_a" --ambient-caps="$sp_a" -- true 2>/dev/null || return 1
        sp_as_owner='u=$1; shift
            g=$(getent passwd "$u" | cut -d: -f4)
            exec setpriv --reuid="$u" --regid="${g:-65534}" $([ -n "$g" ] && echo --init-groups || echo --clear-groups)'
    fi
    sp_as_owner="$sp_as_owner --inh-caps=$sp_a --ambient-caps=$sp_a -- \"\$@\""
}

# What runs as somebody can be stopped by whoever is the same: it has its time, and no longer.
sp_as_seconds=${sp_as_seconds:-600}
sp_as() {
    if [ "$1" = 0 ]; then
        shift
    elif [ -n "$sp_as_caps" ]; then
        sp_as_uid=$1
        shift
        set -- setpriv --reuid="$sp_as_uid" --regid=65534 --clear-groups --inh-caps="$sp_as_caps" --ambient-caps="$sp_as_caps" -- "$@"
    else
        set -- /bin/sh -c "$sp_as_owner" sh "$@"
    fi
    # shellcheck disable=SC2086
    [ -z "$sp_only_in" ] || [ -z "$sp_only" ] || set -- $sp_only "$@"
    sp_b_within "$sp_as_seconds" "$@" 9>&-
}

# A supporter who is in can have such a process led to other files of the owner, out of the shop:
# setfacl follows a link that was put in the place of a file. It therefore sees every other place as
# read-only, in a mount namespace of its own.
# sp_only_there FOLDER: sets sp_only (what goes before a command), which is empty where that cannot be, and sp_only_in.
# The namespace is made once for each folder, since it takes a process for each mount. After that it lives by our
# descriptors: 8 is the namespace and 7 its root, for whoever is in a chroot.
sp_only='' sp_only_in='' sp_only_at='' sp_only_can=yes
# shellcheck disable=SC2016
sp_only_there() {
    sp_only_in=$1
    [ "$sp_only_at" != "$1" ] && [ "$sp_only_can" = yes ] || return 0
    sp_only_leave
    sp_only_at=$1
    sp_only_pid=''
    ! sp_has unshare || ! sp_has nsenter || sp_only_pid=$(sp_b_within 20 unshare -m /bin/sh -c '
        set -eu
        mount --make-rprivate /
        mount -n --rbind -- "$1" "$1"
        # One that is hidden under another is out of reach, too. These kinds know no ACL entries, and devices belong to root.
        D=$1 awk '\''
            BEGIN {
                d = ENVIRON["D"]; print "/"; seen["/"] = 1
                n = split("autofs proc sysfs devpts cgroup cgroup2 securityfs debugfs tracefs bpf configfs mqueue pstore efivarfs nsfs", a, " ")
                for (i = 1; i <= n; i++) none[a[i]] = 1
            }
            {
                p = $5; gsub(/\\040/, " ", p); gsub(/\\011/, "\t", p); gsub(/\\134/, "\\", p)
                t = $0; sub(/^.* - /, "", t); sub(/ .*/, "", t)
                if (p != d && index(p, d "/") != 1 && !(t in none) && $6 !~ /^ro(,|$)/ && !seen[p]++) print p
            }'\'' /proc/self/mountinfo | while IFS= read -r p; do
            [ ! -c "$p" ] || continue
            mount -n -o remount,bind,ro -- "$p" || ! mountpoint -q -- "$p" || exit 1
        done 2>/dev/null
        sleep 60 </dev/null >/dev/null 2>&1 &
        # Where this /proc shows other processes than ours, the number would be somebody else.
        [ "/proc/$!/ns/mnt" -ef /proc/self/ns/mnt ] || { kill "$!" && exit 1; }
        echo "$!"' sh "$1" 2>/dev/null 9>&-) || sp_only_pid=''
    # shellcheck disable=SC3013 # every sh named in lib.sh has -ef
    if [ -z "$sp_only_pid" ] || [ ! -r "/proc/$sp_only_pid/ns/mnt" ] || [ "/proc/$sp_only_pid/ns/mnt" -ef /proc/self/ns/mnt ]; then
        sp_only_can=no
        return 0
    fi
    exec 7<"/proc/$sp_only_pid/root" 8<"/proc/$sp_only_pid/ns/mnt"
    kill "$sp_only_pid" 2>/dev/null || :
    sp_only='nsenter --mount=/proc/self/fd/8 --root=/proc/self/fd/7 --wd=/proc/self/fd/7'
}

sp_only_leave() {
    sp_only='' sp_only_at=''
    exec 7<&- 8<&-
}

# Whether entries can be added while supporters of other grants are in the shop. Sets sp_shop_why if not.
sp_shop_apart() {
    sp_shop_others "$sp_real"
    sp_only_there "$sp_real"
    [ -z "$sp_only" ] && [ "$sp_other_uids" != ' ' ] || return 0
    sp_shop_why='Another grant is open on this shop, and this server cannot hold the change of ACL entries to its folder (unshare and mount are needed).'
    # With entries the mode shows their mask, and not what the group may do.
    case $(getfacl -E -n -p -- "$sp_real" 2>/dev/null | grep '^group::') in *rwx) sp_w=7 ;; *r-x) sp_w=5 ;; *) sp_w=0 ;; esac
    sp_mode=${sp_mode%??}$sp_w${sp_mode#"${sp_mode%?}"}
    return 1
}

# Whether nobody but root can put something else in the place of this path.
sp_rooted() {
    sp_p=${1%/*}
    set --
    while [ -n "$sp_p" ]; do
        set -- "$@" "$sp_p"
        sp_p=${sp_p%/*}
    done
    [ "$#" -gt 0 ] || return 0
    sp_t=$(stat -c '%u:%a' -- "$@" 2>/dev/null) || return 1
    for sp_l in $sp_t; do
        case $sp_l in
            0:*[2367][0-7] | 0:*[2367]) return 1 ;;
            0:*) ;;
            *) return 1 ;;
        esac
    done
}

# Files that hold passwords and keys, by name.
sp_secret_names='-name .env -o -name .env.* -o -name env.php -o -name wp-config*.php -o -name settings*.php -o -name settings.inc.php
    -o -name parameters.* -o -name config*.php -o -name local*.php -o -name local*.xml -o -name auth.json -o -name .htpasswd*
    -o -name *.pem -o -name *.key -o -name *.p12 -o -name *.pfx -o -name id_* -o -name .netrc -o -name .pgpass -o -name .my.cnf
    -o -name .git-credentials -o -name *secret* -o -name *credential* -o -name *password* -o -name *.sql -o -name *.sql.*'
# What stays closed: what others could not read before, and which its group could not read either, or which
# holds secrets by its name. Many shops are readable for their group alone, as a whole.
sp_closed="-type f ! -perm -004 ( ! -perm -040 -o $sp_secret_names )"

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

# sp_shop_reached FOLDER: whether the account still gets into the shop, and may write there where that
# was granted. A deployment that sets modes, or takes ACLs away, shuts it out.
sp_shop_reached() {
    sp_has setpriv || return 0
    sp_t='[ -r . ]'
    [ "$sp_access" = sftp-read-only ] || sp_t="$sp_t && [ -w . ]"
    sp_gate_as "$sp_a_uid" "$sp_a_gid" /bin/sh -c "cd -- \"\$1\" && $sp_t" sh "$1" >/dev/null 2>&1
}

# Writes down which files have ACLs of their own before any of ours, then adds ours.
# Where a mask exists it is kept: widening it would widen the rights of others.
sp_shop_open() {
    sp_shop=none sp_partial=false sp_shop_why='' sp_acl_mode=false
    [ -n "$sp_real" ] || return 0
    sp_can_limit || :
    sp_keep="! ( $sp_closed )"
    [ "${sp_with_secrets:-}" != 1 ] || sp_keep=''
    sp_mode_watcher
    if [ -n "$sp_watch" ]; then
        sp_shop_why="$sp_watch on this server refuses files that a group may write to, and entries for one account would show as that."
    elif sp_has setfacl && sp_has getfacl && sp_plan_owner && sp_shop_apart; then
        if [ ! -e "$sp_record/acl" ] && [ -n "$sp_other_acl" ]; then
            # What was there before any of ours, whichever of them ends first.
            cp -- "$sp_other_acl" "$sp_record/acl.new"
            mv -f "$sp_record/acl.new" "$sp_record/acl"
        elif [ ! -e "$sp_record/acl" ]; then
            IFS=$sp_nl
            # shellcheck disable=SC2086
            {
                # A file that vanishes meanwhile is no matter; a full disk is.
                getfacl -E -n -p -s -R -P -- "$sp_real" || :
                [ -z "$sp_through" ] || getfacl -E -n -p -s -- $sp_through || :
                printf '# end\n' || sp_undo no-room 'The record of the ACLs could not be written (full disk).'
            } 2>/dev/null >"$sp_record/acl.new"
            IFS=" $sp_tab$sp_nl"
            mv -f "$sp_record/acl.new" "$sp_record/acl"
        fi
        sp_settle "$sp_record/acl" "$sp_record"
        sp_g=${sp_mode%?}
        case ${sp_g#"${sp_g%?}"} in [67]) sp_g=rwX ;; [45]) sp_g=rX ;; *) sp_g=X ;; esac
        sp_e="u:$sp_a_uid:$sp_perm,d:u:$sp_a_uid:$sp_perm"
        # The shop's own people must reach what the supporter makes.
        [ "$sp_perm" != rwX ] || sp_e="$sp_e,d:u:${sp_owner%:*}:rwX,d:g:${sp_owner#*:}:$sp_g"
        sp_acl=1
        # Files that have a mask keep it: -n, and afterwards a mask of their own for those that had none.
        sp_n=''
        read -r sp_l <"$sp_record/acl" || sp_l=''
        case $sp_l in '# file'*) sp_n=-n ;; esac
        if sp_gnu_find; then
            sp_owners=$(find "$sp_real" ! -type l -printf '%U\n' 2>/dev/null | sort -u) || :
        else
            sp_owners=$(find "$sp_real" ! -type l -exec stat -c %u -- '{}' + 2>/dev/null | sort -u) || :
        fi
        if [ -e "$sp_record/shut" ] || [ -e "$sp_record/share" ]; then rm -f -- "$sp_record/shut" "$sp_record/share"; fi
        if [ -n "$sp_keep" ] && sp_gnu_find; then
            # shellcheck disable=SC2086
            find "$sp_real" $sp_closed -printf '%h\0' 2>/dev/null | sort -zu >"$sp_record/shut" || :
        fi
        sp_baseline_hold "$sp_real"
        # The folder itself shows whether this file system has ACLs.
        for sp_o in ${sp_owner%:*} $sp_owners; do
            case $sp_o in "${sp_owner%:*}") [ "$sp_acl" = 1 ] || continue ;; esac
            sp_give "$sp_o" || sp_partial=true
            [ "$sp_acl" = 1 ] || continue
            sp_acl=2
            sp_t=$(getfacl -E -n -p -- "$sp_real" 2>/dev/null) || :
            case $sp_t in *"user:$sp_a_uid:"*) ;; *) sp_acl=0 && break ;; esac
        done
        if [ "$sp_acl" != 0 ]; then
            if [ -n "$sp_n" ]; then
                sp_acl_uid=$sp_a_uid sp_acl_owner=$sp_owner
                {
                    cat "$sp_record/acl"
                    printf '# now\n'
                    getfacl -E -n -p -s -R -P -- "$sp_real" 2>/dev/null || :
                } | sp_acl_awk keep "$sp_real" "${sp_fresh:-0}" || sp_partial=true
            fi
            IFS=$sp_nl
            for sp_f in $sp_through; do
                IFS=" $sp_tab$sp_nl"
                sp_o=$(stat -c %u -- "$sp_f") || sp_o=''
                sp_only_there "$sp_f"
                # shellcheck disable=SC2086
                if [ -z "$sp_o" ] || { [ "$sp_o" = 0 ] && ! sp_rooted "$sp_f"; } ||
                    ! sp_as "$sp_o" setfacl $sp_n -m "u:$sp_a_uid:x" -- "$sp_f" 2>/dev/null; then
                    sp_partial=true
                fi
            done
            IFS=" $sp_tab$sp_nl"
            sp_only_leave
            sp_share_shut
            sp_acl_mode=true
            sp_shop=acl
            return 0
        fi
        sp_partial=false
        sp_shop_why='The file system of the shop folder takes no ACL entries, or others can put something else in its place.'
    elif [ -z "$sp_shop_why" ]; then
        sp_shop_why='This server cannot set ACL entries as the owner of a file (setfacl, getfacl and setpriv are needed).'
    fi
    if sp_group_serves && sp_group_opens_secrets; then
        sp_shop_why="$sp_shop_why The group of the shop folder could read files with passwords that stay closed; --with-secrets gives it all the same."
    elif sp_group_serves; then
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
# Ends with 2 when files of root were left alone, because others can write on the way to them.
# `drop` is for several accounts, in sp_acl_uid, as if it were called for one after the other.
# sp_acl_awk keep|drop FOLDER TRUST: TRUST is 1 when the account of the grant cannot be in.
sp_acl_awk() {
    sp_v=0
    ! sp_rooted "$2" || sp_v=1
    sp_only_there "$2"
    sp_l=$sp_only
    ! sp_can_limit || sp_l="timeout -s KILL $sp_as_seconds $sp_l"
    SP_IN=$sp_l SP_U=$sp_acl_uid SP_O=${sp_acl_owner%:*} SP_G=${sp_acl_owner#*:} SP_MODE=$1 SP_OTHERS=$sp_other_uids SP_ROOTED=$sp_v SP_TRUST=$3 SP_AS=$sp_as_owner awk '
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
        # An entry of another grant, which it takes away itself, or whose turn is after this one.
        function theirs(k) { sub(/^default:/, "", k); return k ~ /^user:/ && index(after[at], " " substr(k, 6) " ") }
        # Who else may write in this folder; the account of the grant does not count where it cannot be in.
        function shared(   i, k, p, m, w) {
            m = 7; w = 0
            for (i = 1; i <= n; i++) if (key(e[i]) == "mask:") m = bits(perm(e[i]))
            for (i = 1; i <= n; i++) {
                k = key(e[i]); p = bits(perm(e[i]))
                if (k ~ /^default:/ || k == "user:" || k == "user:0:" || k == "mask:") continue
                if (trust && k == "user:" u) continue
                if (k != "other:") p = both(p, m, 0)
                if (int(p / 2) % 2) w = 1
            }
            return w
        }
        # Whether a file of root can be reached by way of folders where only root writes.
        function rooted(   d) {
            if (file == top) return chain
            d = file; sub(/\/[^\/]*$/, "", d)
            return (d in quiet)
        }
        # Everything about one file goes to a setfacl that runs as its owner.
        function begin() {
            if (owner == "0" && !rooted()) { skipped = 1; to = ""; return }
            if (owner !~ /^[0-9]+$/) { failed = 1; to = ""; return }
            to = owner == "0" ? "exec " within " setfacl --restore=- 2>/dev/null" : "exec " within " /bin/sh -c \"$SP_AS\" sh " owner " setfacl --restore=- 2>/dev/null"
            used[to] = 1
            put("# file: " file)
            # Without this line setfacl takes setuid, setgid and sticky bits away.
            if (flags != "") put("# flags: " flags)
        }
        function put(line) { if (to != "") print line | to }
        function was(k) { return (file SUBSEP k) in had }
        function keep(   i, k, f, m, d, mine, open) {
            # What stays closed has no entry of ours, and needs no mask; in its folder nothing is inherited.
            for (i = 1; i <= n; i++) {
                if (key(e[i]) == "user:" u) mine = 1
                if (key(e[i]) == "default:user:" u) open = 1
            }
            if (!mine) return
            begin()
            m = 0; d = 0; f = was("default:user:")
            for (i = 1; i <= n; i++) {
                k = key(e[i])
                if (k ~ /^default:/ && !open && !f) continue
                if (k == "mask:" && !was(k)) continue
                if (k == "default:mask:" && !was(k)) continue
                if (f && k ~ /^default:/ && k != "default:user:" u) {
                    if (was(k)) e[i] = had[file SUBSEP k]
                    else if (!theirs(k)) continue
                }
                put(e[i])
                if (k == "group:" || (named(k) && k !~ /^default:/)) m = both(m, bits(perm(e[i])), 1)
                if (k == "default:group:" || (named(k) && k ~ /^default:/)) d = both(d, bits(perm(e[i])), 1)
                if (k == "default:user:") isdir = 1
            }
            if (!was("mask:")) put("mask::" text(m))
            if (isdir && !was("default:mask:")) put("default:mask::" text(d))
            isdir = 0
            put("")
        }
        function drop_all(   i, any) {
            any = 0
            for (at = 1; at <= us; at++) { u = account[at]; if (drop()) any = 1 }
            at = 1; u = account[1]
            if (!any) return
            begin()
            for (i = 1; i <= n; i++) put(e[i])
            put("")
        }
        # Whether there was anything to take off.
        function drop(   i, j, k, p, isdir, mine, with, inh, left, dleft, keepmask, keepdef, G, M, N, P, R, full, rest) {
            mine = 0; isdir = 0; P = 0; with = 0
            for (i = 1; i <= n; i++) {
                k = key(e[i]); p = perm(e[i])
                if (k ~ /^default:/) isdir = 1
                if (k == "user:" u || k == "default:user:" u) mine = 1
                if (k == "user:" u) P = bits(p)
                if (k ~ /^(default:)?user:[0-9]/ && theirs(k)) with = 1
                if (k == "group:") G = bits(p)
                if (k == "mask:") M = bits(p)
            }
            if (!mine) return 0
            inh = 0; dir = file; sub(/\/[^\/]*$/, "", dir)
            # The last of the grants on this shop takes these; what only one of them made in a closed folder, that one.
            if (!with && !((dir SUBSEP "default:user:" o) in had))
                for (i = 1; i <= n; i++) if (e[i] == "user:" o ":rwx" && !was("user:" o)) inh = 1
            left = 0; dleft = 0
            for (i = 1; i <= n; i++) {
                k = key(e[i]); gone[i] = 0
                if ((k == "user:" u || k == "default:user:" u) && !was(k)) gone[i] = 1
                if (inh && (k == "user:" o || k == "group:" g) && !was(k)) gone[i] = 1
                if (!with && (k == "default:user:" o || k == "default:group:" g) && !was(k)) gone[i] = 1
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
            j = 0
            for (i = 1; i <= n; i++) {
                k = key(e[i])
                if (gone[i]) continue
                if (k == "mask:" && !keepmask) continue
                if (k ~ /^default:/ && !keepdef) continue
                if (k == "default:mask:" && !was(k) && !dleft) continue
                j++
                if (k == "user:" u || k == "default:user:" u) e[j] = had[file SUBSEP k]
                else if (k == "group:" && !keepmask) e[j] = "group::" text(R)
                else if (k == "mask:") e[j] = "mask::" text(N)
                else e[j] = e[i]
            }
            n = j
            return 1
        }
        function done() {
            if (file != "") {
                if (!present) remember()
                else {
                    if (top == "") top = file
                    if (owner == "0" && rooted() && !shared()) quiet[file] = 1
                    if (mode == "keep") keep(); else drop_all()
                }
            }
            reset()
        }
        BEGIN {
            us = split(ENVIRON["SP_U"], account, " "); after[us] = ENVIRON["SP_OTHERS"]
            for (at = us; at > 1; at--) after[at - 1] = after[at] account[at] " "
            at = 1; u = account[1]
        }
        BEGIN { within = ENVIRON["SP_IN"]; o = ENVIRON["SP_O"]; g = ENVIRON["SP_G"]; mode = ENVIRON["SP_MODE"]; chain = ENVIRON["SP_ROOTED"] == 1; trust = ENVIRON["SP_TRUST"] == 1; top = ""; reset() }
        /^# now$/ { done(); present = 1; next }
        /^# file: / { done(); file = substr($0, 9); owner = ""; flags = ""; next }
        /^# owner: / { owner = $3; next }
        /^# flags: / { flags = $3; next }
        /^#/ || /^$/ { next }
        { e[++n] = $0 }
        END {
            done()
            for (to in used) if (close(to) != 0) failed = 1
            exit failed ? 1 : skipped ? 2 : 0
        }' 9>&-
}

# Takes our entries, and only ours, off the shop folder and the folders above it. Sets sp_acl_left,
# and ends with 1 when trying again may help.
sp_shop_close() {
    [ -e "$sp_record/acl" ] || return 0
    # Without what was written down (a disk that lost it) nobody knows which entries are ours.
    case $sp_id:$sp_rec_path:$(tail -n 1 "$sp_record/acl") in
        [0-9]*:/*:'# end') ;;
        *) sp_acl_left=true && return 0 ;;
    esac
    if ! sp_has setfacl; then
        sp_acl_left=true
        return 0
    fi
    sp_acl_owner=$sp_rec_owner
    if [ -n "$sp_shared" ] && "$sp_by_drop"; then return 0; fi
    sp_acl_uid=$sp_id
    sp_shop_others "$sp_rec_path"
    sp_plan_owner || return 1
    sp_shop_walk
    return "$sp_bad"
}

# Sets sp_bad to 1 when trying again may help.
sp_shop_walk() {
    [ ! -d "$sp_rec_path" ] || sp_only_there "$sp_rec_path"
    sp_bad=0
    if [ -d "$sp_rec_path" ]; then
        sp_baseline_hold "$sp_rec_path"
        sp_shop_drop "$sp_rec_path" -R -P
    fi
    IFS=$sp_nl
    for sp_f in $sp_rec_through; do
        IFS=" $sp_tab$sp_nl"
        [ ! -d "$sp_f" ] || sp_shop_drop "$sp_f"
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_shop_drop FOLDER OPTION...
sp_shop_drop() {
    sp_w=$1
    shift
    sp_r=0
    {
        cat "$sp_record/acl"
        printf '# now\n'
        getfacl -E -n -p -s "$@" -- "$sp_w" 2>/dev/null || :
    } | sp_acl_awk drop "$sp_w" 1 || sp_r=$?
    case $sp_r in
        0) ;;
        2) sp_acl_left=true ;;
        *) sp_bad=1 sp_acl_left=true ;;
    esac
}

# For one of several that are closed together: the first of a shop takes the entries of the others off with its own, in one walk. These
# are the ones for which nothing else is left to do there, and nothing to see: their end is sure, their comparison is kept, no file
# of theirs is in the shop, and what is written down of the time before is the same. Ends with 1 where there is none, or where
# that walk left anything: then each walks on its own, and so does one whose turn never comes.
sp_shop_together() {
    [ ! -e "$sp_shared/dropped.$sp_grant" ] || return 0
    # What held up one such walk is not to hold up one for each of them.
    [ ! -e "$sp_shared/apart.$sp_grant" ] || return 1
    sp_shop_others "$sp_rec_path"
    sp_acl_uid=$sp_id sp_others=''
    sp_t=$(grep -e '^path=' -e '^owner=' -e '^through=' "$sp_record/record") || return 1
    for sp_i in $sp_shared_ids; do
        case $sp_other_uids in *" $sp_i "*) ;; *) continue ;; esac
        set +f
        sp_d=$(grep -lsx "uid=$sp_i" "$sp_state"/*/record) || :
        set -f
        case $sp_d in */record"$sp_nl"* | '') continue ;; esac
        sp_d=${sp_d%/record}
        if [ ! -e "$sp_d/compared" ] || [ -e "$sp_shared/apart.${sp_d##*/}" ]; then continue; fi
        grep -q '^home=/' "$sp_d/record" || continue
        [ "$(grep -e '^path=' -e '^owner=' -e '^through=' "$sp_d/record")" = "$sp_t" ] || continue
        (sp_id=$sp_i && sp_walked_past) || continue
        cmp -s "$sp_record/acl" "$sp_d/acl" || continue
        sp_acl_uid="$sp_acl_uid $sp_i" sp_others="$sp_others ${sp_d##*/}"
        sp_v=${sp_other_uids%%" $sp_i "*}
        sp_other_uids="$sp_v ${sp_other_uids#*" $sp_i "}"
    done
    [ -n "$sp_others" ] && sp_plan_owner || return 1
    sp_shop_walk
    sp_v=dropped sp_r=0
    [ "$sp_bad$sp_acl_left" = 0false ] || sp_v=apart sp_acl_left=false sp_r=1
    for sp_a in $sp_grant $sp_others; do touch -- "$sp_shared/$sp_v.$sp_a" 2>/dev/null || :; done
    return "$sp_r"
}

# ---- open ----------------------------------------------------------------------------------------

# Sets sp_home, sp_keys and sp_keys_dir (a folder to be made for the key file, or empty).
sp_plan_home() {
    sp_homes=/home
    if [ -r /etc/default/useradd ]; then
        while IFS= read -r sp_l; do
            case $sp_l in HOME=/?*) sp_homes=${sp_l#HOME=} ;; esac
        done </etc/default/useradd
    fi
    sp_home=${sp_rec_home:-$sp_homes/$sp_account}
}

# The first file sshd reads for this account that nobody else's key is in.
sp_plan_keys() {
    sp_keys='' sp_keys_dir=''
    [ -n "$sp_public_key$sp_check_key" ] || return 0
    for sp_a in ${sp_s_keys:-.ssh/authorized_keys}; do
        [ "$sp_a" != none ] || continue
        # The number of an account that is not made yet is not known.
        sp_key_path "$sp_a" "$sp_home" "$sp_account" || continue
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

# What the gate is told.
sp_plan_inside() {
    sp_g_shell=/bin/sh sp_g_alone=1
    [ ! -x /bin/bash ] || sp_g_shell=/bin/bash
    sp_g_start=$sp_real
    sp_g_folder=${sp_real:-$sp_home}
    sp_g_alias=${sp_path%/}
    case $sp_g_alias/ in "$sp_real"/ | */../* | */./* | *//*) sp_g_alias='' ;; esac
}

# The gate is the login shell where sshd starts it, so that no way in leads past it; Dropbear wants one
# of /etc/shells, and so does PAM where it was told to. Sets sp_shell.
sp_plan_shell() {
    sp_t=$(grep -ls -e '^[^#]*pam_shells' /etc/pam.d/sshd /etc/pam.d/common-auth /etc/pam.d/common-account /etc/pam.d/system-auth) || :
    case $sp_gate:$sp_kind:$sp_t in
        true:openssh:)
            sp_shell=$sp_dir/gate
            return 0
            ;;
        true:*)
            sp_shell=$sp_g_shell
            return 0
            ;;
    esac
    case $sp_access:$sp_has_password in
        ssh:*) sp_shell=$sp_g_shell ;;
        *:1)
            sp_shell=$sp_server
            [ -n "$sp_server" ] || sp_refuse_new no-sftp-server 'A password for SFTP alone needs the sftp-server program, and this server has none; use a key.'
            ;;
        *)
            for sp_shell in /usr/sbin/nologin /sbin/nologin /bin/false; do
                [ ! -x "$sp_shell" ] || break
            done
            ;;
    esac
}

# What stands in front of a password login. Sets sp_door and sp_door_why.
sp_plan_door() {
    sp_door=none sp_door_why=''
    [ "$sp_has_password" = 1 ] || return 0
    if [ "$sp_gate" != true ]; then
        sp_door_why=$sp_gate_why
        return 0
    elif [ "$sp_kind" != openssh ]; then
        sp_door_why='This is not OpenSSH.'
        return 0
    fi
    if sp_drop_in_install "$sp_name"; then
        sp_door=drop-in
        return 0
    fi
    sp_door_why=$sp_drop_in_why
    case $sp_shell:$sp_s_ok:$sp_s_sftp in
        *:true:internal-sftp* | *:false:*) sp_door_why="$sp_door_why sshd serves SFTP by itself, past the login shell." ;;
        "$sp_dir/gate":*) sp_door='shell' ;;
    esac
}

# Sets sp_pick_uid: an id high in the range of people, where neither people nor the images of
# containers are counted from, that nothing here has: no account, no process, no grant, no file in
# the places that are quick to look at. Never below the last one we used: files of a former
# supporter may still be somewhere.
sp_free_uid() {
    sp_last='' sp_min=1000 sp_max=60000
    [ ! -r "$sp_state/last-uid" ] || read -r sp_last <"$sp_state/last-uid" || :
    case $sp_last in *[!0-9]*) sp_last='' ;; esac
    # Not read line by line: the shell reads a file byte by byte.
    # shellcheck disable=SC2046
    set -- $(grep -hs -e '^UID_M[AI][XN][[:space:]]' /etc/login.defs)
    while [ "$#" -ge 2 ]; do
        case $1:$2 in
            *:*[!0-9]*) ;;
            UID_MIN:*) sp_min=$2 ;;
            UID_MAX:*) sp_max=$2 ;;
        esac
        shift 2
    done
    # A container may have fewer ids than its login.defs says.
    sp_k='' sp_v='' sp_l=''
    [ ! -r /proc/self/uid_map ] || read -r sp_k sp_v sp_l </proc/self/uid_map || :
    if [ "$sp_k" = 0 ] && [ -n "$sp_l" ] && [ "$sp_l" -gt 1100 ] && [ "$sp_max" -ge "$sp_l" ]; then sp_max=$((sp_l - 1)); fi
    # 60001 and above are systemd's, 65534 is nobody.
    [ "$sp_max" -lt 60000 ] || sp_max=59999
    # The images of Airflow run as 50000.
    sp_low=52000
    [ "$sp_max" -ge 52100 ] || sp_low=$((sp_min + (sp_max - sp_min) * 3 / 4))
    sp_pick_uid=${sp_last:-0}
    sp_j=0
    while [ "$sp_j" -lt 200 ]; do
        sp_j=$((sp_j + 1))
        sp_pick_uid=$((sp_pick_uid + 1))
        if [ "$sp_pick_uid" -lt "$sp_low" ] || [ "$sp_pick_uid" -gt "$sp_max" ]; then sp_pick_uid=$sp_low; fi
        sp_uid_free "$sp_pick_uid" && return 0
    done
    sp_forget_new
    sp_refuse no-free-id "There is no free user id between $sp_low and $sp_max."
}

sp_uid_free() {
    ! getent passwd "$1" >/dev/null 2>&1 || return 1
    for sp_a in /etc/subuid /etc/subgid; do
        [ -r "$sp_a" ] || continue
        while IFS=: read -r sp_k sp_v sp_l; do
            case $sp_v:$sp_l in *[!0-9:]* | :* | *:) continue ;; esac
            if [ "$1" -ge "$sp_v" ] && [ "$1" -lt $((sp_v + sp_l)) ]; then return 1; fi
        done <"$sp_a"
    done
    set -- "$1" /tmp /var/tmp /dev/shm /var/lib/docker/volumes /var/lib/containers/storage/volumes ${sp_real:+"$sp_real"}
    sp_n=$1
    shift
    set +f
    sp_t=$(grep -ls -e "^Uid:.*[[:space:]]$sp_n\([[:space:]]\|\$\)" -e "^uid=$sp_n\$" -e "^[^:]*:[^:]*:$sp_n:" \
        /proc/[0-9]*/status "$sp_state"/*/record /etc/group) || :
    set -f
    [ -z "$sp_t" ] || return 1
    sp_t=$(find "$@" -maxdepth 2 -user "$sp_n" -print 2>/dev/null) || :
    [ -z "$sp_t" ]
}

sp_make_account() {
    sp_free_uid
    set -- -M -U -d "$sp_home" -s "$sp_shell" -c "$sp_mark" -e "$sp_expire_day" -p '*' \
        -f -1 -K PASS_MIN_DAYS=0 -K PASS_MAX_DAYS=-1
    # Subordinate ids are for containers, and what runs as one of them would be nobody's.
    sp_sub=''
    [ ! -e /etc/subuid ] || sp_sub='-K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0'
    sp_i=0
    while :; do
        sp_r=0
        if sp_late; then
            sp_forget_new
            sp_refuse "$sp_late_id" "$sp_late_why"
        fi
        # shellcheck disable=SC2086
        sp_said_useradd=$(useradd "$@" -u "$sp_pick_uid" $sp_sub -- "$sp_account" 2>&1) || sp_r=$?
        [ "$sp_r" != 0 ] || break
        sp_i=$((sp_i + 1))
        # shadow before 4.11 does not know what none of them means; to an id that is not one of people it gives none.
        case $sp_sub:$sp_said_useradd in
            *COUNT*:*subordinate*) sp_sub='-K UID_MAX=1001' && continue ;;
            ?*:*UID_MAX* | ?*:*subordinate*) sp_sub='' && continue ;;
        esac
        case $sp_r in
            1)
                # Somebody else holds the lock on /etc/passwd.
                [ "$sp_i" -lt 20 ] || break
                sleep 0.3 2>/dev/null || sleep 1
                ;;
            4)
                # Somebody took the id in this moment.
                [ "$sp_i" -lt 20 ] || break
                sp_free_uid
                ;;
            *) break ;;
        esac
    done
    if [ "$sp_r" != 0 ]; then
        sp_look
        if [ "$sp_found" = 1 ] && [ "$sp_ours" = 0 ]; then
            sp_forget_new
            sp_refuse account-exists 'An account of that name was made meanwhile, and it is not of this grant.'
        elif [ "$sp_found" = 0 ]; then
            sp_forget_new
            sp_refuse useradd-failed "useradd refused: $(printf '%s' "$sp_said_useradd" | tr -s '\000-\037' ' ' | cut -c 1-300)"
        fi
    else
        sp_look
    fi
    [ "$sp_found$sp_ours" = 11 ] || sp_fail useradd-failed 'useradd said it made the account, and it is not there.'
    sp_fresh=1
    printf '%s\n' "$sp_a_uid" >"$sp_state/last-uid"
    sp_no_sub_ids
}

# A part of what this server has of processes is the most that the account may have, by whatever way it came: sshd, cron and
# at ask PAM. Else it could take all of them, and nobody could start what ends it. Where that is not asked, there is the gate.
sp_limits=/etc/security/limits.d/stagepass-$sp_grant.conf
sp_limits_put() {
    [ -d "${sp_limits%/*}" ] || return 0
    sp_v=512
    # More than we have ourselves might not be given.
    for sp_a in /sys/fs/cgroup/pids.max:4 /sys/fs/cgroup/pids/pids.max:4 /proc/sys/kernel/threads-max:4 /proc/sys/kernel/pid_max:4 /proc/self/limits:1; do
        [ -r "${sp_a%:*}" ] || continue
        sp_w=''
        while read -r sp_k sp_l sp_w sp_r; do
            case $sp_k:$sp_l in
                # Behind the soft limit stands the hard one.
                Max:processes) sp_w=${sp_r%% *} && break ;;
                [0-9]*:) sp_w=$sp_k && break ;;
            esac
            sp_w=''
        done 2>/dev/null <"${sp_a%:*}" || :
        case $sp_w in '' | *[!0-9]* | ??????????*) continue ;; esac
        sp_w=$((sp_w / ${sp_a#*:}))
        [ "$sp_w" -ge "$sp_v" ] || sp_v=$sp_w
    done
    [ "$sp_v" -ge 16 ] || sp_v=16
    sp_put "$sp_limits" 644 "# stagepass: grant $sp_grant; removed when it is closed.
$sp_name - nproc $sp_v
" || :
}

sp_limits_drop() { if [ -e "$sp_limits" ] || [ -e "$sp_limits.new" ]; then rm -f -- "$sp_limits" "$sp_limits.new"; fi; }

# The id of a program in a container of the account's own is a subordinate one: none are left to it, or what
# is left is written down for whoever closes.
sp_no_sub_ids() {
    for sp_f in subuid:-V subgid:-W; do
        sp_sub_ids "${sp_f%:*}"
        for sp_a in $sp_sub; do
            usermod "${sp_f#*:}" "${sp_a%:*}-$((${sp_a%:*} + ${sp_a#*:} - 1))" -- "$sp_name" >/dev/null 2>&1 || :
        done
    done
    sp_sub_ids subuid
    for sp_a in $sp_sub; do sp_note subuid "$sp_a"; done
}

# sp_sub_ids FILE: sets sp_sub to the ranges that the account has there, FIRST:COUNT words.
sp_sub_ids() {
    sp_sub=''
    [ -r "/etc/$1" ] || return 0
    while IFS=: read -r sp_k sp_v sp_w; do
        case $sp_k in "$sp_name" | "$sp_a_uid") ;; *) continue ;; esac
        case $sp_v:$sp_w in *[!0-9:]* | :* | *: | ??????????*:* | *:??????????*) continue ;; esac
        sp_sub="$sp_sub $sp_v:$sp_w"
    done <"/etc/$1"
}

# Room for a close on a disk that the supporter has filled by then, in bytes and in files: usermod(8) and userdel(8)
# write every list of accounts anew. It is given back in two parts, when nobody is in any more.
sp_stock_up() {
    mkdir -p -- "$sp_record/room.1" "$sp_record/room.2"
    for sp_a in 1 2; do
        { printf '%0400000d' 0 >"$sp_record/room.$sp_a/bytes"; } 2>/dev/null || :
        for sp_v in 0 1 2 3 4 5 6 7 8 9; do
            for sp_w in 0 1 2 3; do : >"$sp_record/room.$sp_a/$sp_v$sp_w"; done
        done
    done
}
sp_stock_use() { [ ! -e "$sp_record/room.$1" ] && [ ! -e "$sp_record/room" ] || rm -rf -- "$sp_record/room.$1" "$sp_record/room" 2>/dev/null || :; }

# The record of a grant that made nothing, or of which nothing is left.
# The failsafe is the last to go: what is cut off before it is done again by it.
sp_forget() {
    sp_drop_in_remove
    sp_limits_drop
    # No power cut is to bring back what is gone when nobody looks any more.
    [ ! -d "$sp_record" ] ||
        sp_settle /etc/passwd /etc/shadow /etc "${sp_drop_in%/*}" "$sp_state/result.$sp_grant" "$sp_state" "$sp_record" \
            ${sp_rec_home:+"${sp_rec_home%/*}"} ${sp_rec_keys:+"${sp_rec_keys%/*}"}
    # A line that stays in a crontab is a change, whatever is said of the rest.
    sp_failsafe_remove || { sp_changed=1 && return 0; }
    # Asked to go is not gone.
    sp_failsafe_absent || { sp_changed=1 && return 0; }
    [ -d "$sp_record" ] || return 0
    sp_gate_remove
    sp_drop "$sp_record"
}

# A record that was there before is of something that is still there.
sp_forget_new() {
    [ -n "$sp_rec_home" ] || sp_forget
}

sp_refuse_new() {
    sp_forget_new
    sp_refuse "$1" "$2"
}

# The home is root's: who can write there can take the restrictions off the key. One that is there
# beside an account of a moment ago was made by somebody else, and stays theirs.
sp_make_home() {
    if [ "${sp_fresh:-0}" = 1 ] && { [ -e "$sp_home" ] || [ -L "$sp_home" ]; }; then
        sp_kept_home=1
        sp_undo home-exists "Something on this server made $sp_home while the account was made; stagepass makes the homes of its accounts itself."
    fi
    if [ ! -d "$sp_home" ]; then
        sp_t=''
        case $sp_keys in "$sp_home"/*/*) sp_t=${sp_keys%/*} ;; esac
        mkdir -m 0755 -- "$sp_home" ${sp_t:+"$sp_t"} 2>/dev/null || sp_undo no-room "The home $sp_home could not be made (a full or read-only disk)."
    else
        case $sp_keys in "$sp_home"/*/*) [ -d "${sp_keys%/*}" ] || mkdir -m 0755 -- "${sp_keys%/*}" ;; esac
    fi
    case $sp_access in
        ssh) install -d -o "$sp_a_uid" -g "$sp_a_gid" -m 0700 -- "$sp_home/files" "$sp_home/.cache" "$sp_home/.config" "$sp_home/.local" ;;
        sftp) [ -n "$sp_real" ] || install -d -o "$sp_a_uid" -g "$sp_a_gid" -m 0700 -- "$sp_home/files" ;;
    esac
}

# Puts the key lines in place in one step; no lines, no file. Ends with 1 when it is too late.
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
    if sp_late; then
        rm -f -- "$sp_keys.new"
        return 1
    fi
    mv -f -- "$sp_keys.new" "$sp_keys"
}

# Its hash comes from the client: what is sent here may be written down (log_input in sudoers), and what is
# written down lets nobody in.
sp_set_password() {
    unset -f printf 2>/dev/null || :
    case $(type printf) in
        *builtin*) ;;
        *) sp_undo shell-unfit 'This shell has no printf of its own, so a password would show in the list of processes.' ;;
    esac
    ! sp_late || sp_undo "$sp_late_id" "$sp_late_why"
    if ! printf '%s:%s\n' "$sp_name" "$sp_secret" | chpasswd -e >/dev/null 2>&1; then
        sp_undo password-refused 'chpasswd refused the password (a rule of this server, or a read-only password file).'
    fi
    sp_secret=''
}

# A refusal found late: everything is taken away again before it is said.
sp_undo() {
    sp_why_id=$1 sp_why=$2 sp_evidence=0
    sp_beside_wait
    if ! sp_end >/dev/null 2>&1 || [ "$sp_left" != 0 ] || [ "$sp_acl_failed" = true ] || { [ -e "$sp_home" ] && [ "${sp_kept_home:-0}" = 0 ]; }; then
        sp_fail "$sp_why_id" "$sp_why Taking it back did not work entirely."
    fi
    sp_changed=''
    sp_forget
    sp_refuse "$sp_why_id" "$sp_why"
}

# The gate and the failsafe, before there is anything to let in by.
sp_plan_gate() {
    sp_confined=$sp_rec_confined
    sp_plan_inside
    if ! sp_gate_install || ! sp_failsafe_install; then
        sp_refuse_new no-room 'The gate and the failsafe could not be written (a full or read-only disk).'
    fi
    if [ "$sp_gate:$sp_kind" = true:other ]; then sp_gate=false sp_gate_why='No SSH server that is known here was found.'; fi
    case $sp_access:$sp_has_password:$sp_gate in
        sftp-read-only:1:false) sp_refuse_new read-only-needs-key "$sp_no_read_only" ;;
    esac
    sp_renote gate "$sp_rec_gate" "$sp_gate"
    sp_plan_shell
}
sp_no_read_only='A password login cannot be held to reading here; use a key, or grant SFTP with writing.'

sp_expiry_day() { sp_expire_day=$((($1 + 86399) / 86400)); }

sp_open() {
    sp_account_inputs
    sp_fence
    ! sp_missing_tools || sp_refuse no-useradd 'This server has no useradd, usermod, userdel, chpasswd and getent.'
    [ -n "$sp_public_key$sp_check_key" ] || [ "$sp_has_password" = 1 ] || sp_refuse no-credential 'Neither a key nor a password is to be set.'
    [ "$sp_has_password" != 1 ] || [ -n "$sp_secret" ] || sp_refuse no-credential 'A password is to be set, and none was given.'
    case $sp_secret in
        *[!A-Za-z0-9./\$=]*) sp_refuse bad-input 'The hash of the password is not one of crypt(3).' ;;
        '' | \$6\$?*) ;;
        *) sp_refuse bad-input 'The password was not hashed.' ;;
    esac
    sp_lock_state
    sp_tools
    sp_not_ended "$sp_state/ended."
    # The lock may have been waited for.
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
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
    [ -n "$sp_rec_home" ] || [ -w "${sp_home%/*}" ] || sp_refuse no-home-base "Nothing can be written to ${sp_home%/*} (a read-only disk), and the account needs a home there."
    sp_find_sshd
    sp_settings "$sp_account"
    sp_plan_keys
    sp_shop_plan
    sp_expiry_day "$sp_deadline"
    sp_result_purge

    if [ -z "$sp_rec_home" ]; then
        sp_result_drop
        mkdir -p -- "$sp_record"
        # The gate in it runs as the account.
        chmod 711 -- "$sp_state" "$sp_record"
        sp_mail=0
        [ ! -e "/var/mail/$sp_account" ] || sp_mail=1
        sp_t="account=$sp_account${sp_nl}tag=$sp_tag${sp_nl}kind=$sp_kind${sp_nl}password=$sp_has_password${sp_nl}mail=$sp_mail${sp_nl}keys=$sp_keys${sp_nl}keys_dir=$sp_keys_dir${sp_nl}path=$sp_real${sp_nl}owner=$sp_owner${sp_nl}perm=$sp_perm${sp_nl}group=$sp_group$sp_nl"
        IFS=$sp_nl
        for sp_l in $sp_through; do sp_t="${sp_t}through=$sp_l$sp_nl"; done
        IFS=" $sp_tab$sp_nl"
        : >"$sp_record/since"
        sp_stock_up
        # A record without a home, of an older version, was cut short, and nothing had been made then.
        sp_put "$sp_record/record" 600 "${sp_t}home=$sp_home$sp_nl" || sp_refuse_new no-room "Nothing can be written to $sp_record (a full or read-only disk)."
        # It is to be there after a power cut if anything of what it names is.
        sp_settle "$sp_record/record" "$sp_record" "$sp_state"
    fi
    sp_plan_gate
    if [ "$sp_found" = 0 ]; then
        sp_make_account
    else
        ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
        set -- -e "$sp_expire_day"
        [ "$sp_a_shell" = "$sp_shell" ] || set -- "$@" -s "$sp_shell"
        usermod "$@" -- "$sp_name" >/dev/null
    fi
    sp_changed=1
    if [ "$sp_rec_uid" != "$sp_a_uid" ]; then
        printf 'uid=%s\ngid=%s\n' "$sp_a_uid" "$sp_a_gid" >>"$sp_record/record"
        sp_settle "$sp_record/record" "$sp_state/last-uid" "$sp_state"
    fi
    sp_limits_put
    sp_baseline_ahead "$sp_dir/baseline"
    sp_make_home
    sp_shop_open
    sp_confined=false sp_confine_why='' sp_uses_safe=false
    if [ "$sp_gate" = true ]; then
        sp_gate_log "$sp_a_gid" || sp_undo no-room 'The log of the gate could not be made.'
        sp_gate_confine "$sp_a_uid" "$sp_a_gid"
    fi
    sp_renote confined "$sp_rec_confined" "$sp_confined"
    sp_baseline "$sp_dir/baseline"
    if [ -n "$sp_baseline_digest" ]; then
        { sp_note digest "$sp_baseline_digest"; } 2>/dev/null || sp_undo no-room 'The record of the grant could not be written (a full disk).'
        sp_settle_soon "$sp_record/record"
    fi
    # Where nothing starts it, somebody may.
    [ "$sp_failsafe" != none ] || sp_failsafe_write || sp_undo no-room 'The failsafe could not be written (a full disk).'
    sp_settle_soon "$sp_dir/baseline"
    sp_settle
    sp_plan_door
    sp_renote door "$sp_rec_door" "$sp_door"
    case $sp_access:$sp_has_password:$sp_door in
        sftp-read-only:1:none) sp_undo read-only-needs-key "$sp_no_read_only" ;;
    esac
    # Before the account was there sshd did not know its groups.
    if [ "$sp_door" != drop-in ] && [ -n "$sp_sshd" ] && sp_settings_differ; then sp_settings "$sp_name"; fi
    sp_gate_command any
    sp_force_fit "$sp_v" || sp_undo forced-command "$sp_force_why"
    # Until here nobody can log in.
    sp_note_dropbears || sp_undo no-room 'What is connected now could not be written down (a full disk).'
    if [ "$sp_has_password" = 1 ]; then
        [ "$sp_rec_password" = 1 ] || [ -z "$sp_rec_home" ] || sp_note password 1
        sp_set_password
    fi
    sp_ageless "$sp_name" || sp_undo password-ages 'This server would end the account by the age of its password (login.defs), and chage could not change that.'
    sp_write_keys || sp_undo "$sp_late_id" "$sp_late_why"

    sp_say account "$sp_name"
    sp_say account_uid "$sp_a_uid"
    sp_say home "$sp_home"
    sp_say shell "$sp_shell"
    sp_say keys_file "$sp_keys"
    sp_say expires_day "$sp_expire_day"
    sp_say shop_path "$sp_real"
    sp_say shop_access "$sp_shop"
    sp_say shop_partial "$sp_partial"
    sp_say shop_reason "$sp_shop_why"
    sp_say acl_mode_change "$sp_acl_mode"
    sp_say expiry_time "${sp_stamp:-}"
    sp_say gate "$sp_gate"
    sp_say gate_reason "$sp_gate_why"
    sp_say password_gate "$sp_door"
    sp_say password_gate_reason "$sp_door_why"
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_say confined "$sp_confined"
    sp_say confine_reason "$sp_confine_why"
    sp_say uses_protected "$sp_uses_safe"
    sp_say baseline "$sp_baseline"
    sp_say baseline_reason "$sp_baseline_why"
    sp_say baseline_digest "$sp_baseline_digest"
    sp_v=false
    if [ "$sp_has_password" = 1 ] && [ "$sp_s_forward:$sp_s_streams" != no:no ]; then sp_v=true; fi
    sp_say password_forwarding "$sp_v"
    # An address list is an option of a key.
    sp_v=false
    if [ "$sp_has_password" = 1 ] && [ -n "$sp_from" ]; then sp_v=true; fi
    sp_say password_ignores_from "$sp_v"
    sp_flush
}

# ---- update --------------------------------------------------------------------------------------

# What was made is there, and is ours.
sp_need_made() {
    sp_account_inputs
    sp_fence
    sp_lock_state
    sp_read_record
    sp_look
    [ "$sp_found" = 1 ] || sp_refuse account-absent 'There is no such account.'
    [ "$sp_ours" = 1 ] || sp_refuse account-foreign 'The account does not carry the mark of this grant.'
    [ -n "$sp_rec_home" ] || sp_refuse record-missing "The record of this grant in $sp_record is gone; close it."
}

sp_update() {
    sp_need_made
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
    sp_gate=$sp_rec_gate
    [ "$sp_gate_wanted" = 1 ] || sp_gate=false
    sp_expiry_day "$sp_deadline"
    # The new lines first: if the second step fails, the earlier of the two ends is in force.
    sp_write_keys || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_changed=1
    sp_shadow "$sp_name"
    ! sp_late || sp_fail "$sp_late_id" "$sp_late_why"
    sp_ageless "$sp_name" || sp_fail password-ages 'This server would end the account by the age of its password, and chage could not change that.'
    [ "$sp_expires" = "$sp_expire_day" ] || usermod -e "$sp_expire_day" -- "$sp_name" >/dev/null
    sp_update_gate
    sp_update_shop
    sp_trial_say
    sp_say account_uid "$sp_a_uid"
    sp_say expires_day "$sp_expire_day"
    sp_say keys_file "$sp_keys"
    sp_say expiry_time "${sp_stamp:-}"
    sp_flush
}

# The trial login is over: its key goes, and what `open` left behind is looked at again, not made again.
sp_tried() {
    sp_need_made
    sp_home=$sp_rec_home sp_keys=$sp_rec_keys sp_keys_dir=$sp_rec_dir sp_start=$sp_rec_path sp_gate=$sp_rec_gate
    sp_write_keys || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_changed=1
    sp_trial_say
    if [ "$sp_gate" = true ]; then
        sp_trial_over || sp_fail no-room 'The gate could not be told that the trial is over (a full or read-only disk).'
    fi
    sp_failsafe_present || :
    sp_say account_uid "$sp_a_uid"
    sp_say keys_file "$sp_keys"
    sp_say expiry_time "${sp_stamp:-}"
    sp_bool gate sp_gate_present
    sp_say failsafe "$sp_failsafe"
    sp_flush
}

# What a deployment took away of the account's rights is given again, as `open` gives it.
sp_update_shop() {
    [ -n "$sp_rec_path" ] && [ -d "$sp_rec_path" ] && [ -z "$sp_trial" ] || return 0
    ! sp_shop_reached "$sp_rec_path" || return 0
    sp_path=$sp_rec_path sp_fresh=0
    sp_shop_plan
    sp_shop_open
    sp_bool shop_reached sp_shop_reached "$sp_rec_path"
}

# Written anew, and with it what somebody took away. Both read `ends`, so that a failsafe which fires
# too early does nothing, and is started again every minute.
sp_update_gate() {
    if [ "$sp_gate" = true ]; then
        sp_find_sshd
        [ -n "${sp_s_sftp:-}" ] || sp_settings "$sp_account"
        sp_real=$sp_rec_path sp_confined=$sp_rec_confined
        sp_plan_inside
        sp_gate_install || sp_fail no-room 'The gate could not be written (a full or read-only disk).'
        sp_gate_log "$sp_a_gid" || :
        if [ "$sp_rec_door" = drop-in ] && ! sp_drop_in_present; then sp_drop_in_install "$sp_name" || :; fi
    fi
    sp_ends_write || sp_fail no-room 'The new end could not be written (a full or read-only disk).'
    if [ -z "$sp_baseline_digest" ]; then
        sp_b_digest "$sp_dir/baseline"
        sp_baseline_digest=$sp_b_d
    fi
    sp_failsafe_install || sp_fail no-room 'The failsafe could not be written (a full or read-only disk).'
    sp_say gate "$sp_gate"
    sp_say failsafe "$sp_failsafe"
}

# ---- check ---------------------------------------------------------------------------------------

sp_check() {
    sp_account_inputs
    sp_read_record
    sp_look
    sp_bool present [ "$sp_found$sp_ours" = 11 ]
    sp_bool foreign [ "$sp_found$sp_ours" = 10 ]
    sp_bool recorded [ "$sp_recorded" = 1 ]
    sp_say mark_changed "$sp_unmarked"
    sp_keys=${sp_rec_keys:-} sp_start=$sp_rec_path sp_home=$sp_rec_home sp_gate=$sp_rec_gate
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
        if [ -n "$sp_rec_path" ]; then
            sp_path_now
            sp_say path_now "$sp_now_at"
            sp_bool shop_reached sp_shop_reached "$sp_rec_path"
        fi
        if [ "$sp_gate" = true ]; then
            sp_find_sshd
            sp_settings "$sp_name"
            sp_gate_command any
            sp_force_fit "$sp_v" || :
            sp_say forced "$sp_force_why"
        fi
        sp_say account_uid "$sp_a_uid"
        sp_say expires_day "${sp_expires:-0}"
        sp_bool expiry_matches [ "$sp_expires" = "$sp_expire_day" ]
        sp_say password "$sp_hash_state"
        sp_say password_ages "$sp_ages"
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
    sp_count_processes "$sp_id" "$sp_login"
    sp_say sessions "$sp_count"
    sp_bool gate_present sp_gate_present
    sp_bool failsafe_present sp_failsafe_present
    sp_bool drop_in_present sp_drop_in_present
    sp_uses
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

# sp_end_processes ID [PROCESSES]: ends everything of that id, and the logins of the account that are just being let in, of these
# processes of OpenSSH or of all. Sets sp_left, 0 only by the kernel's word.
sp_end_processes() {
    [ ! -e "/run/systemd/users/$1" ] || sp_managed=1
    if [ -n "$sp_login" ]; then
        [ ! -e "/var/lib/systemd/linger/$sp_login" ] || rm -f -- "/var/lib/systemd/linger/$sp_login"
        sp_logins_of "$sp_login" ${2+"$2"}
        # shellcheck disable=SC2086
        [ -z "$sp_procs" ] || kill -KILL $sp_procs 2>/dev/null || :
    fi
    sp_end_slice "$1"
    sp_end_subs
    sp_end_uid "$1"
    [ "$sp_left_sub" = 0 ] || sp_left=$((sp_left + sp_left_sub))
    [ -e "/run/systemd/users/$1" ] && sp_has loginctl || return 0
    # What systemd itself still keeps of it goes, and cannot be in the way.
    sp_within 20 loginctl terminate-user "$1" >/dev/null 2>&1 || :
    sp_managed=1
    sp_end_uid "$1"
    [ "$sp_left_sub" = 0 ] || sp_left=$((sp_left + sp_left_sub))
}

# systemd would list the manager of that id as failed, for having been killed, and the whole server as not well. On a
# busy one it takes note of that some moments later.
sp_forget_manager() {
    [ -n "${sp_managed:-}" ] && sp_has systemctl || return 0
    sp_n=0
    while [ "$sp_n" -lt 20 ]; do
        sp_n=$((sp_n + 1))
        case $(sp_within 5 systemctl show -p ActiveState "user@$sp_id.service" "user-runtime-dir@$sp_id.service" 2>/dev/null) in
            *=active* | *activating*) sleep 0.1 2>/dev/null || sleep 1 ;;
            *) break ;;
        esac
    done
    sp_within 5 systemctl reset-failed "user@$sp_id.service" "user-runtime-dir@$sp_id.service" >/dev/null 2>&1 || :
}

# What runs under subordinate ids of the account, which those had that were made before there were none. A list of
# processes would not show all of it. Sets sp_left_sub to how many of the ids are left.
sp_end_subs() {
    sp_left_sub=0
    for sp_k in $sp_rec_subs; do
        # That low, they are somebody's.
        case $sp_k in *[!0-9:]* | :* | *: | *:*:*) continue ;; esac
        [ "${sp_k%:*}" -ge 65536 ] || continue
        sp_j=0
        while [ "$sp_j" -lt 20 ]; do
            sp_j=$((sp_j + 1))
            sp_v=0
            sp_ids_alive "${sp_k%:*}" "${sp_k#*:}"
            for sp_a in $sp_ids; do
                sp_v=$((sp_v + 1))
                sp_end_uid "$sp_a"
            done
            [ "$sp_v" != 0 ] || break
        done
        sp_left_sub=$((sp_left_sub + sp_v))
    done
}

# What a login of the account became by way of a setuid program is in its slice still. Whoever closes
# could have come from there, too.
sp_end_slice() {
    for sp_a in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
        sp_a=$sp_a/user.slice/user-$1.slice
        [ -d "$sp_a" ] || continue
        case $(cat /proc/self/cgroup 2>/dev/null) in *"/user-$1.slice"*) return 0 ;; esac
        if [ -w "$sp_a/cgroup.kill" ]; then
            echo 1 2>/dev/null >"$sp_a/cgroup.kill" || :
        elif sp_has systemctl; then
            sp_within 10 systemctl kill --signal=KILL "user-$1.slice" >/dev/null 2>&1 || :
        fi
        return 0
    done
}

# The crontab and the at jobs: they would start what was just ended, and be the next account's of that id.
sp_end_jobs() {
    for sp_a in "/var/spool/cron/crontabs/$sp_name" "/var/spool/cron/$sp_name" "/var/spool/cron/tabs/$sp_name"; do
        if [ -f "$sp_a" ]; then
            crontab -r -u "$sp_name" 2>/dev/null || rm -f -- "$sp_a"
            sp_rest="${sp_rest}deleted $sp_a$sp_nl"
            sp_rest_total=$((sp_rest_total + 1))
        fi
    done
    for sp_a in /var/spool/cron/atjobs /var/spool/at /var/spool/atjobs; do
        [ -d "$sp_a" ] || continue
        # Mostly there is nothing but the counter of at(1), which is seen without a program.
        sp_v=''
        set +f
        for sp_l in "$sp_a"/* "$sp_a"/.[!.]*; do
            case $sp_l in */.SEQ) ;; *) if [ -e "$sp_l" ] || [ -L "$sp_l" ]; then sp_v=1 && break; fi ;; esac
        done
        set -f
        [ -n "$sp_v" ] || continue
        # Their names are at's own. There may be very many.
        sp_t=$(find "$sp_a" -xdev -type f -user "$1" -print -exec rm -f -- '{}' + 2>/dev/null | cut -b 1-200 | awk 'NR <= 100; END { print NR }') || :
        sp_rest_total=$((sp_rest_total + ${sp_t##*"$sp_nl"}))
        for sp_l in ${sp_t%"${sp_t##*"$sp_nl"}"}; do sp_rest="${sp_rest}deleted $sp_l$sp_nl"; done
    done
}

# What the account left would be the next account's of that id. What it is called is the supporter's word, and
# may be very long: it is counted as it comes, and never kept whole. Sets sp_deleted and sp_reowned.
sp_end_files() {
    sp_walk_empty=''
    if [ -n "${sp_by_walk:-}" ] && "$sp_by_walk"; then return 0; fi
    sp_find_fit
    for sp_a in /tmp /var/tmp /dev/shm; do
        [ -d "$sp_a" ] || continue
        # Handed to root, a link in a sticky folder would be one that everybody follows.
        sp_delete "$sp_a"
        sp_deleted=$((sp_deleted + sp_v))
    done
    [ -n "$sp_rec_path" ] && [ -d "$sp_rec_path" ] || return 0
    sp_t='1 1'
    if sp_gnu_find; then
        sp_t=$(find "$sp_rec_path" -xdev -user "$sp_id" '(' '(' -name .ssh -o -path '*/.ssh/*' ')' -printf 's\n' -o -printf '.\n' ')' 2>/dev/null |
            awk '{ n[$0]++ } END { print n["."] + n["s"], n["s"] + 0 }') || :
    fi
    [ "${sp_t% *}" != 0 ] || return 0
    sp_end_planted "$sp_rec_path" "${sp_t#* }"
    sp_end_rights "$sp_rec_path"
    sp_baseline_hold "$sp_rec_path"
    sp_reown "$sp_rec_path" "$sp_rec_owner"
}

# GNU find works from inside each folder, so that one swapped for a link meanwhile leads nowhere.
sp_find_fit() {
    sp_x=-execdir
    sp_gnu_find || find / -maxdepth 0 -execdir true '{}' + 2>/dev/null || sp_x=-exec
}

# Every other place on this server's own disks: what the account made or changed since the grant was opened is deleted.
# Given to anybody it would be believed: the session of a web server, a link, a job. A folder that holds what is
# somebody else's stays, and is named.
# Sets sp_rest (a line for each of the first 500), sp_rest_total and sp_rest_partial.
sp_end_elsewhere() {
    [ -z "${sp_walk_empty:-}" ] || return 0
    # Somebody waits for an answer; at its deadline the server has time.
    sp_far=15
    [ "$sp_by_server" = 0 ] || sp_far=60
    sp_far=$((sp_far + sp_walk_seconds / 4))
    # A file's time of change cannot be set; without that test another's number could be mistaken for ours.
    # Without a record nobody knows whose the shop is.
    if [ -z "$sp_rec_home" ] || [ ! -e "$sp_record/since" ] || ! sp_gnu_find; then
        sp_rest_partial=true
        return 0
    fi
    sp_find_fit
    sp_disks
    sp_elsewhere_not
    for sp_a in "$sp_state" "${sp_home:-/.}"; do sp_m="$sp_m ! -path $sp_a ! -path $sp_a/*"; done
    # What is in the shop was handed over before, or stays and was named.
    sp_w=$(printf '%s' "${sp_rec_path:-/.}" | sed 's/[][*?\\]/\\&/g')
    sp_j="$sp_w/*"
    set --
    IFS=$sp_nl
    for sp_a in $sp_mount_points; do set -- "$@" "$sp_a"; done
    IFS=" $sp_tab$sp_nl"
    # shellcheck disable=SC2086
    sp_t=$(
        {
            sp_within "$sp_far" find "$@" -xdev $sp_k -path "${sp_home:-/.}" -prune -o -path "$sp_state" -prune -o -user "$sp_id" -cnewer "$sp_record/since" ! -path "$sp_j" \
                -printf '%H\t%p\0' 2>/dev/null || printf '!\t%s\0' "$?"
        } | tr '\n\0' '?\n' | cut -b 1-1000 | awk -F '\t' '
            $1 == "!" { print; next }
            { total++ }
            !seen[$1]++ { print "in\t" $1 }
            total <= 500 { print "at\t" substr($0, length($1) + 2) }
            END { print "total\t" total + 0 }'
    ) || :
    sp_v=0
    set --
    IFS=$sp_nl
    for sp_l in $sp_t; do
        case $sp_l in
            # 1 is a folder that went away meanwhile.
            "!$sp_tab"1) ;;
            "!$sp_tab"*) sp_rest_partial=true ;;
            "in$sp_tab"*) set -- "$@" "${sp_l#*"$sp_tab"}" ;;
            "total$sp_tab"*) sp_v=${sp_l#*"$sp_tab"} ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    [ "$sp_v" != 0 ] || return 0
    sp_rest_total=$((sp_rest_total + sp_v))
    for sp_f; do
        # shellcheck disable=SC2086
        sp_delete "$sp_f" -cnewer "$sp_record/since" ! -path "$sp_j" $sp_m
    done
    IFS=$sp_nl
    for sp_l in $sp_t; do
        case $sp_l in "at$sp_tab"*) sp_l=${sp_l#*"$sp_tab"} ;; *) continue ;; esac
        if [ -e "$sp_l" ] || [ -L "$sp_l" ]; then sp_rest="${sp_rest}not deleted $sp_l$sp_nl"; else sp_rest="${sp_rest}deleted $sp_l$sp_nl"; fi
    done
    IFS=" $sp_tab$sp_nl"
}

# Sets sp_k and sp_m to what find leaves out: the numbers in containers are other people's. With -delete it goes into
# what is pruned.
sp_elsewhere_not() {
    sp_k='' sp_m=''
    for sp_a in /var/lib/docker /var/lib/containers /var/lib/containerd /var/lib/lxc /var/lib/lxd /var/lib/machines /var/lib/kubelet; do
        sp_k="$sp_k -path $sp_a -prune -o" sp_m="$sp_m ! -path $sp_a/*"
    done
}

# The same walk for one that is closed alone and stands still, beside its comparison.
sp_walk_begin() {
    sp_walk_own=''
    [ "$sp_evidence$sp_foreign$sp_left" = 1false0 ] && [ -z "$sp_shared${sp_ahead_compared:-}" ] && [ -n "$sp_rec_home" ] && [ -e "$sp_record/since" ] && sp_gnu_find || return 0
    sp_shared_ids=$sp_id sp_shared_homes=$sp_id$sp_tab$sp_home
    {
        sp_v=$(sp_ahead_walk) || sp_v=' none'
        printf '%s.\n' "$sp_v"
    } 2>/dev/null 9>&- >"$sp_record/walked" &
    sp_beside=$! sp_walk_own=1 sp_by_walk=sp_walked_past
}

sp_walk_end() {
    [ -n "$sp_walk_own" ] || return 0
    sp_beside_wait
    sp_shared_walk=''
    [ ! -r "$sp_record/walked" ] || IFS= read -r sp_shared_walk <"$sp_record/walked" || :
    # A full disk cuts it.
    case $sp_shared_walk in *' .') ;; *) sp_shared_walk=none ;; esac
}

# Whether the walk that was made for several grants, when all of them had ended, came past nothing of this account but its home:
# then there is nothing to look for, neither in the shop nor elsewhere. Whoever has anything is looked after on its own.
sp_walked_past() {
    [ -n "${sp_ahead_compared:-}${sp_walk_own:-}" ] && [ -n "${sp_shared_walk:-}" ] && [ -n "$sp_rec_home" ] || return 1
    case $sp_shared_walk in *none* | *" $sp_id "*) return 1 ;; esac
    # The shop is below the first of the roots, and on its file system.
    if [ -n "$sp_rec_path" ]; then
        case $sp_rec_path/ in "$sp_state"/* | /var/lib/[cdlmk]*) return 1 ;; esac
        sp_v=$(stat -c '%d' -- / "$sp_rec_path" 2>/dev/null) || return 1
        # shellcheck disable=SC2086
        set -- $sp_v
        [ "$#:${1:-}" = "2:${2:-}" ] || return 1
    fi
    sp_walk_empty=1
}

# Sets sp_mount_points to one for each file system that is on this server itself.
sp_disks() {
    sp_mount_points=/$sp_nl
    sp_w=' '
    [ -r /proc/self/mountinfo ] || return 0
    while read -r sp_a sp_b sp_k sp_v sp_m sp_l; do
        case $sp_l in
            *' - ext'[234]' '* | *' - xfs '* | *' - btrfs '* | *' - zfs '* | *' - f2fs '* | *' - jfs '* | *' - overlay '* | *' - tmpfs '*) ;;
            *) continue ;;
        esac
        # The first is the whole of it, mostly; what is bound elsewhere would be walked twice.
        case $sp_w in *" $sp_k "*) continue ;; esac
        case $sp_m in
            / | /proc* | /sys* | /snap/* | /run/user/* | /var/lib/docker/* | /var/lib/containers/* | /var/lib/lxc* | *\\*) ;;
            *) [ ! -d "$sp_m" ] || sp_mount_points=$sp_mount_points$sp_m$sp_nl ;;
        esac
        sp_w="$sp_w$sp_k "
    done </proc/self/mountinfo
}

# sp_delete FOLDER TEST...: removes what the account owns there. Sets sp_v to how many. What takes too
# long is not whole.
sp_delete() {
    sp_w=$1
    shift
    set -- find "$sp_w" -xdev -depth -user "$sp_id" "$@" -delete -print0
    if [ "$sp_x" = -execdir ]; then
        set -- sp_b_within "${sp_far:-600}" "$@"
    elif [ -n "${sp_as_owner:-}" ] || sp_plan_owner; then
        sp_only_in=''
        set -- sp_as "$sp_id" "$@"
    else
        sp_v=0
        return 0
    fi
    sp_v=$({
        {
            sp_r=0
            "$@" 2>/dev/null || sp_r=$?
            echo "$sp_r" >&3
        } | tr -dc '\000' | wc -c
    } 3>&1) || :
    case $sp_v in 124"$sp_nl"* | 137"$sp_nl"*) sp_rest_partial=true ;; esac
    sp_v=$((${sp_v#*"$sp_nl"}))
}

# sp_end_planted FOLDER SSH: files that a login, a mailer or a scheduler would obey if the shop folder ever were a home: those
# the account left there are not handed to anybody. SSH is 0 where none is of a folder .ssh.
sp_end_planted() {
    if [ "$2" != 0 ]; then
        sp_delete "$1" '(' -name .ssh -o -path '*/.ssh/*' ')'
        sp_planted=$((sp_planted + sp_v))
    fi
    sp_delete "$1" -maxdepth 1 ! -type d '(' -name '.bash*' -o -name .profile -o -name '.z[slp]*' -o -name .login -o -name .logout \
        -o -name '.*cshrc' -o -name .forward -o -name .rhosts -o -name .shosts -o -name .k5login -o -name .pam_environment \
        -o -name .netrc -o -name crontab -o -name '.cron*' ')'
    sp_planted=$((sp_planted + sp_v))
}

# sp_end_rights FOLDER: what the account owns there may have been opened to others, who would keep it open: entries for accounts
# that had none in the shop before, and the right of everybody to write. Both go, by a process that is the account
# (nothing else of it is left), so that a swap leads nowhere.
sp_end_rights() {
    [ -n "${sp_as_owner:-}" ] || sp_plan_owner || return 0
    sp_only_in=''
    if ! grep -qs '^default:other::.w' "$sp_record/acl"; then
        sp_v=$(find "$1" -xdev -user "$sp_id" ! -type l -perm -002 -print0 2>/dev/null | tr -dc '\000' | wc -c) || :
        if [ "$((sp_v))" -gt 0 ]; then
            find "$1" -xdev -user "$sp_id" ! -type l -perm -002 -print0 2>/dev/null | sp_as "$sp_id" xargs -0 -r chmod o-w -- 2>/dev/null || :
            sp_rest="${sp_rest}closed to everybody: $((sp_v)) of the account's files in $1$sp_nl"
            sp_rest_total=$((sp_rest_total + 1))
        fi
    fi
    sp_has setfacl && sp_has getfacl || return 0
    sp_shop_others "$1"
    sp_t=" $sp_id ${sp_rec_owner%:*} $sp_other_uids $(sed -n 's/^\(default:\)\{0,1\}user:\([0-9][0-9]*\):.*/\2/p' "$sp_record/acl" 2>/dev/null | sort -u | tr '\n' ' ')"
    sp_w=" ${sp_rec_owner#*:} $(sed -n 's/^\(default:\)\{0,1\}group:\([0-9][0-9]*\):.*/\2/p' "$sp_record/acl" 2>/dev/null | sort -u | tr '\n' ' ')"
    # Nothing comes out for a file that has none of these.
    sp_v=$(sp_foreign_entries "$1" "$sp_t" "$sp_w" | grep -c '^# file: ') || :
    [ "$((sp_v))" -gt 0 ] || return 0
    sp_foreign_entries "$1" "$sp_t" "$sp_w" | sp_as "$sp_id" setfacl --restore=- 2>/dev/null || :
    sp_rest="${sp_rest}closed to other accounts: $((sp_v)) of the account's files in $1$sp_nl"
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
    case $2 in 0:*) sp_reown_none "$1" && return 0 ;; esac
    sp_t=$(find "$1" -xdev -name .ssh -prune -o -user "$sp_id" -print0 2>/dev/null | tr -dc '\000' | wc -c) || :
    [ "$((sp_t))" -gt 0 ] || return 0
    if [ "$sp_x" = -execdir ]; then
        find "$1" -xdev -name .ssh -prune -o -user "$sp_id" -execdir chown -h --from="$sp_id" -- "$2" '{}' + 2>/dev/null || :
    else
        find "$1" -xdev -name .ssh -prune -o -user "$sp_id" -exec chown -h -- "$2" '{}' + 2>/dev/null || :
    fi
    sp_reowned=$((sp_reowned + sp_t))
}

# sp_reown_none FOLDER: a shop folder of root's. What is root's is believed (a job, a setting, a program), so nothing becomes
# root's. It stays where the site needs it, with a number that nobody has any more and that is not given again until the
# range is through, runs as nobody else, and is a finding.
sp_reown_none() {
    if [ -n "${sp_as_owner:-}" ] || sp_plan_owner; then
        sp_only_in=''
        find "$1" -xdev -user "$sp_id" -type f '(' -perm -4000 -o -perm -2000 ')' -print0 2>/dev/null | sp_as "$sp_id" xargs -0 -r chmod u-s,g-s -- 2>/dev/null || :
    fi
    sp_t=$(find "$1" -xdev -user "$sp_id" -print0 2>/dev/null | tr '\n\0' '?\n' | cut -b 1-300 |
        tr '\001-\011\013-\037\177' '?' | awk 'NR <= 3 { all = all "\t" $0 } END { if (NR) print NR " " id all }' id="$sp_id") || :
    [ -n "$sp_t" ] || return 0
    sp_diff_records="${sp_diff_records}record=o $sp_t$sp_nl"
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
    sp_mounted=''
    [ -r /proc/self/mountinfo ] || return 0
    while read -r sp_a sp_b sp_k sp_v sp_w sp_l; do
        case $sp_w in
            "$sp_home" | "$sp_home"/*)
                case $sp_l, in
                    *' - fuse'*[,\ ]user_id="$sp_id",*)
                        if umount -l -- "$sp_w" 2>/dev/null; then continue; fi
                        ;;
                esac
                sp_mounted=$sp_w
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

# Nobody new gets in, and whoever is in is killed. It comes before everything else: it waits for no lock, looks
# at nothing that is the supporter's, and needs no room on the disk. May be repeated.
# Sets sp_id to the id that is the account's alone, or to nothing, and adds to sp_sessions.
sp_shut() {
    sp_read_record
    sp_look
    sp_whose
    sp_ends_now || :
    if [ "$sp_ours" = 1 ] && [ -n "$sp_rec_keys" ] && [ -f "$sp_rec_keys" ]; then : >"$sp_rec_keys"; fi
    [ -n "$sp_id" ] || return 0
    if [ "$sp_ours" = 1 ] && [ "$sp_recorded$sp_rec_subs" = 1 ]; then
        sp_sub_ids subuid
        sp_rec_subs=$sp_sub
        for sp_a in $sp_sub; do sp_note subuid "$sp_a" 2>/dev/null || :; done
    fi
    sp_sessions=${sp_sessions:-0}
    sp_count_sessions
    # Found by their children, while these are there.
    "${sp_by_dropbears:-sp_end_dropbears}"
    # Nobody new comes in by a key any more, so that whoever is being let in was there when they were counted. Who has
    # a password is ended again when that is locked.
    sp_end_processes "$sp_id" "$sp_sshds"
}

# Sets sp_id to the id that is the account's alone, or to nothing, from what was just looked at.
sp_whose() {
    sp_id=$sp_rec_uid
    if [ "$sp_ours" = 1 ]; then
        sp_id=$sp_a_uid
    elif [ "$sp_recorded" = 0 ]; then
        sp_id=''
    fi
    # Root can give one id to two accounts.
    case $sp_id in
        '' | 0* | *[!0-9]*) ;;
        *) [ "$(grep -c "^[^:]*:[^:]*:$sp_id:" /etc/passwd)" -le 1 ] || sp_taken=1 ;;
    esac
    if [ "$sp_taken" = 1 ] || [ "$sp_id" = 0 ]; then sp_id=''; fi
}

# What cannot wait for a lock: a close at the deadline that is somebody's turn.
sp_when_busy() {
    [ "${sp_by_server:-0}" = 0 ] || ! sp_still_due || sp_shut
}

# Shuts the way in, and ends everything that is the account's; whatever is looked at afterwards stands still. Where
# that was done for several grants before any of them is looked at (sp_close_ahead), it is only asked whether
# anything came since.
sp_end_access() {
    if [ -n "${sp_ahead:-}" ] && "$sp_by_ahead"; then return 0; fi
    # Whatever was seen for others was seen before this.
    sp_shared=''
    sp_shut
    sp_had_no_mark=$sp_unmarked
    if [ "$sp_found" = 0 ]; then
        sp_absent=true
    elif [ "$sp_ours" = 0 ]; then
        sp_foreign=true
    fi
    sp_home=$sp_rec_home
    sp_stock_use 1
    # Where a password was ever set, none and expired. Without one the key was the only door.
    if [ "$sp_ours" = 1 ]; then
        [ -n "$sp_home" ] || sp_home=$sp_a_home
        [ "$sp_rec_password" = 0 ] || usermod -L -e 1 -- "$sp_name" >/dev/null 2>&1 || :
    elif [ "$sp_foreign" = true ]; then
        sp_home=''
        # Our file in the home of an account that now has our name would let the supporter into that.
        ! sp_our_keys || grep -qv "$sp_our_line" "$sp_rec_keys" || rm -f -- "$sp_rec_keys"
    fi
    sp_name=${sp_name:-$sp_account}
    [ "$sp_foreign" = true ] || sp_login=$sp_name
    if [ "$sp_foreign" = false ]; then
        case $sp_rec_keys in
            '' | "$sp_home"/*) ;;
            *) if [ -e "$sp_rec_keys" ] || [ -L "$sp_rec_keys" ] || [ -e "$sp_rec_keys.new" ]; then rm -f -- "$sp_rec_keys" "$sp_rec_keys.new"; fi ;;
        esac
        [ -z "$sp_rec_dir" ] || [ ! -d "$sp_rec_dir" ] || rmdir -- "$sp_rec_dir" 2>/dev/null || :
    fi
    [ -n "$sp_id" ] || return 0
    # Again after the jobs: one may have begun before it was gone. Where there was none, and several are closed, all of them are
    # ended once more before anything is looked at (sp_end_uids).
    [ "$sp_foreign" = true ] || sp_end_jobs "$sp_id"
    if [ -z "${sp_ends_ahead:-}" ] || [ "$sp_rest_total$sp_rec_password$sp_foreign" != 00false ]; then
        sp_end_processes "$sp_id"
        sp_left_dropbears
        [ "$sp_foreign" = true ] || sp_end_jobs "$sp_id"
    fi
    sp_trial_clear "$sp_rec_path" "$sp_id" "$sp_rec_gid"
}

# Everything of close but the reply. With sp_evidence=1 what is left behind is looked for, and what is
# different from before.
sp_end() {
    sp_absent=false sp_foreign=false sp_reowned=0 sp_deleted=0 sp_planted=0 sp_left=0 sp_acl_left=false sp_acl_failed=false
    sp_mounted='' sp_unattributed=0 sp_rest='' sp_rest_total=0 sp_rest_partial=false sp_sessions=${sp_sessions:-0}
    sp_end_access
    if [ -n "$sp_id" ]; then
        sp_walk_begin
        sp_compare
        sp_walk_end
        # Handed over first: what the account made is then changed as the shop's owner.
        if [ "$sp_foreign" = false ]; then
            sp_end_files
            [ "$sp_evidence" = 0 ] || sp_end_elsewhere
        fi
        sp_shop_close || sp_acl_left=true sp_acl_failed=true
    else
        sp_compare
        [ ! -e "$sp_record/acl" ] || sp_acl_left=true
        # What runs under an id that is somebody else's by now is not ours to end, and may be the supporter's.
        if [ "$sp_taken" = 1 ] && [ -n "$sp_rec_uid" ]; then
            sp_of_uid "$sp_rec_uid"
            if [ -n "$sp_procs" ] || ! sp_has perl || ! sp_none_of "$sp_rec_uid"; then sp_unattributed=1; fi
        fi
    fi
    sp_forget_manager
    sp_stock_use 2
    if [ "$sp_ours" = 1 ]; then
        sp_n=0
        while :; do
            sp_r=0
            sp_said_userdel=$(userdel -- "$sp_name" 2>&1) || sp_r=$?
            case $sp_r in 0 | 6) break ;; esac
            sp_n=$((sp_n + 1))
            [ "$sp_n" -lt 10 ] || break
            [ "$sp_n" -gt 1 ] || usermod -L -e 1 -- "$sp_name" >/dev/null 2>&1 || :
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
        # In none of them at all, mostly.
        sp_nowhere=1
        if sp_named_somewhere; then
            sp_nowhere=0
            if [ -n "$sp_rec_gid" ] && grep -qs "^$sp_account:" /etc/group; then
                sp_t=$(getent group "$sp_account") || :
                case $sp_t in "$sp_account:"*":$sp_rec_gid:") groupdel -- "$sp_account" 2>/dev/null || : ;; esac
            fi
        fi
    fi
    # Asked last, when there is no account any more as which anything could begin.
    [ -z "$sp_id" ] || sp_end_processes "$sp_id"
}

# sp_serves PID: whether that is the end of a connection of the account which Dropbear serves, as root.
# The supporter could name any process. The listener was not started by a Dropbear (but for one by
# inetd, that is none), and somebody else's connection has a child that is theirs.
sp_serves() {
    sp_named "$1" dropbear || return 1
    sp_process "$1"
    [ "$sp_euid" = 0 ] || return 1
    if ! sp_named "$sp_ppid" dropbear; then
        case "$(tr '\000' ' ' 2>/dev/null <"/proc/$1/cmdline") " in *' -i '*) ;; *) return 1 ;; esac
    fi
    set +f
    sp_t=$(grep -ls -e "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status) || :
    set -f
    for sp_l in $sp_t; do
        sp_l=${sp_l%/status}
        sp_process "${sp_l#/proc/}"
        [ "${sp_euid:-$sp_id}" = "$sp_id" ] || return 1
    done
}

# ---- Dropbear, which serves as root ----------------------------------------------------------------

# Sets sp_served to the connections that Dropbear serves here (PID:BEGAN words), but for our own. What they
# are named does not count: the program does, and that it is root's.
sp_dropbears() {
    sp_served='' sp_us=' ' sp_j=$$
    while [ "${sp_j:-0}" -gt 1 ]; do
        sp_us="$sp_us$sp_j "
        sp_process "$sp_j"
        sp_j=$sp_ppid
    done
    set +f
    sp_t=$(find /proc/[0-9]*/exe -maxdepth 0 -lname '*/dropbear*' 2>/dev/null) || :
    set -f
    for sp_j in $sp_t; do
        sp_j=${sp_j%/exe}
        sp_j=${sp_j#/proc/}
        case $sp_us in *" $sp_j "*) continue ;; esac
        sp_process "$sp_j"
        [ "$sp_euid" = 0 ] || continue
        case " $(tr '\000' ' ' 2>/dev/null <"/proc/$sp_j/cmdline") " in
            *' -i '*) ;;
            # The one above a connection is the listener; above that is none.
            *) case $(readlink "/proc/$sp_ppid/exe") in */dropbear*) ;; *) continue ;; esac ;;
        esac
        sp_alive "$sp_j"
        [ -z "$sp_born" ] || sp_served="$sp_served $sp_j:${sp_born%%-*}"
    done
}

# sp_children PID: sets sp_pids to what runs below it.
sp_children() {
    set +f
    sp_t=$(grep -ls -e "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status) || :
    set -f
    sp_pids=''
    for sp_l in $sp_t; do
        sp_l=${sp_l%/status}
        sp_pids="$sp_pids ${sp_l#/proc/}"
    done
}

# With a password, Dropbear lets in connections that never start a program: nothing of the account runs then,
# and the connection outlives it. Those of before `open` are not the supporter's.
sp_note_dropbears() {
    [ "$sp_has_password" = 1 ] && [ ! -e "$sp_record/served" ] || return 0
    sp_dropbears
    sp_put "$sp_record/served" 600 "$sp_served$sp_nl"
}

# Ends the connections that programs of the account hang from, before those go.
sp_end_dropbears() {
    sp_dropbears
    for sp_i in $sp_served; do
        sp_children "${sp_i%:*}"
        [ -n "$sp_pids" ] || continue
        for sp_j in $sp_pids; do
            sp_process "$sp_j"
            # What vanished meanwhile says nothing; another account's is somebody else's connection.
            [ "${sp_euid:-$sp_id}" = "$sp_id" ] || continue 2
        done
        sp_alive "${sp_i%:*}"
        [ "${sp_born%%-*}" = "${sp_i#*:}" ] || continue
        kill -KILL "${sp_i%:*}" 2>/dev/null || continue
        sp_sessions=$((sp_sessions + 1))
    done
}

# When nothing of the account runs any more: a connection that began since `open`, and that nobody's programs
# hang from, may be the supporter's. Sets sp_unattributed.
sp_left_dropbears() {
    sp_unattributed=0
    [ "$sp_rec_password" = 1 ] || return 0
    sp_t=''
    [ ! -r "$sp_record/served" ] || sp_t=$(cat "$sp_record/served")
    sp_had=" $sp_t "
    # A login that was refused takes a moment to go.
    for sp_n in 1 2 3 4 5; do
        sp_unattributed=0
        sp_dropbears
        for sp_i in $sp_served; do
            case $sp_had in *" $sp_i "*) continue ;; esac
            sp_children "${sp_i%:*}"
            [ -n "$sp_pids" ] || sp_unattributed=$((sp_unattributed + 1))
        done
        [ "$sp_unattributed" != 0 ] || return 0
        sleep 1
    done
}

# sp_named PID NAME
sp_named() {
    sp_l=
    [ ! -r "/proc/$1/comm" ] || read -r sp_l 2>/dev/null <"/proc/$1/comm" || :
    [ "$sp_l" = "$2" ]
}

# Counts the connections of the account, and sets sp_sshds to all processes of OpenSSH. An sshd of it belongs to
# one of root's. Those that Dropbear serves run as root, and are ended here.
sp_count_sessions() {
    sp_with_status '^Name:[[:space:]]sshd'
    sp_sshds=$sp_procs
    for sp_a in $sp_procs; do
        sp_process "$sp_a"
        [ "$sp_ruid" = "$sp_id" ] || continue
        sp_process "$sp_ppid"
        [ "$sp_euid:$sp_ruid" != 0:0 ] || sp_sessions=$((sp_sessions + 1))
    done
    [ "${sp_kind:-}" = dropbear ] || return 0
    sp_conn_uid=$sp_id
    sp_connections
    for sp_a in $sp_conns; do
        sp_serves "${sp_a%:*}" || continue
        sp_sessions=$((sp_sessions + 1))
        kill -TERM "${sp_a%:*}" 2>/dev/null || :
    done
}

sp_compare() {
    sp_diff_records='' sp_diff_state='none: nothing was made'
    [ "$sp_evidence$sp_recorded" = 11 ] || return 0
    # One of several: it was compared when nothing of any of them had been changed yet.
    if [ -n "${sp_ahead_compared:-}" ]; then
        "$sp_by_seen"
        return 0
    fi
    # A close that did not get to its end may have taken our entries off the shop, which shows in modes:
    # what it saw before that is what counts.
    if [ -r "$sp_record/compared" ]; then
        sp_compared "$(cat "$sp_record/compared")"
        return 0
    fi
    sp_difference "$sp_dir/baseline"
    # Who is closed with others has it told by the shell that closes them; a folder of nobody's is not changed by closing.
    if [ -n "${sp_shared:-}" ] && [ -z "$sp_rec_path" ]; then return 0; fi
    sp_put "$sp_record/compared" 600 "$sp_diff_state$sp_nl$sp_diff_records" || :
}

# sp_compared TEXT: the state in a line, and behind it the records.
sp_compared() {
    sp_diff_state=${1%%"$sp_nl"*}
    sp_diff_records=''
    case $1 in *"$sp_nl"*) sp_diff_records=${1#*"$sp_nl"}$sp_nl ;; esac
}

sp_close() {
    sp_account_inputs
    # One of several has its turn: what was done and seen for it before.
    sp_ahead='' sp_ahead_compared=''
    case ${sp_turn:-} in
        '' | *[!0-9]*) ;;
        *) eval "sp_ahead=\${sp_ahead_$sp_turn:-}" ;;
    esac
    # A close that was asked for waits for nobody with that; at the deadline, which may have moved meanwhile, only for as long
    # as the lock may take.
    [ "$sp_by_server$sp_ahead" != 0 ] || sp_never_waits=sp_shut
    sp_lock_state
    sp_together_purge
    [ "${sp_turn:-1}" != 1 ] || sp_result_purge
    # An extension may have come while the lock was waited for.
    [ "$sp_by_server" = 0 ] || sp_still_due || exit 0
    sp_read_record
    sp_look
    sp_k=false
    # The close before this one got to its end, or nearly: what it said is said again.
    if [ "$sp_ours" = 0 ] && sp_result_there; then sp_k=true; fi
    if [ "$sp_k" = true ]; then
        sp_close_again
    else
        sp_tools
        sp_evidence=1
        sp_end
        sp_close_report
    fi
}

# What the client has written down by now goes, and what nobody asked for in a long time; nothing else changes.
sp_collected() {
    sp_account_inputs
    sp_lock_state
    sp_together_purge
    [ "${sp_turn:-1}" != 1 ] || sp_result_purge
    sp_result_drop
    sp_bool result_kept sp_result_there
    sp_flush
}

# ---- closing several at once ------------------------------------------------------------------------
#
# In three steps. For each of them: nobody gets in, and everything of it is ended (sp_ahead_end), under its lock, and whatever became
# of the others. Then one look at the server for all of them whose end is sure (sp_ahead_look), and for each the comparison with
# what was there before (sp_ahead_compare): up to here nothing was changed in which it could show. Then each is closed as ever
# (sp_close), and takes what was seen from there; the first of a shop takes the entries of the others off it (sp_shop_together). Whatever is not sure, or could not be looked at whole, is looked at by
# each on its own.

# sp_close_ahead COUNT: called in the shell from which each of these closes gets one of its own, and that is without
# `set -e`. Sets sp_ahead_NUMBER (`clean` or `mixed`, the id, the sessions that were ended, the jobs that were deleted), sp_seen_NUMBER
# (the comparison), and sp_shared, the folder of what is shared.
sp_close_ahead() {
    sp_nl='
'
    sp_tab='	'
    sp_shared='' sp_shared_ids='' sp_shared_turns='' sp_shared_homes='' sp_turn=0 sp_together=$1
    # Named here, so that a close alone, and the failsafe, are not sent them.
    sp_by_ahead=sp_end_was_ahead sp_by_seen=sp_ahead_take sp_by_walk=sp_walked_past sp_by_drop=sp_shop_together sp_by_shop=sp_b_shop_known sp_by_keep=sp_b_shop_keep
    trap 'sp_close_behind' 0
    trap 'exit 1' HUP PIPE TERM
    # Asked once for all: which tools there are, which id nobody has, and whether a Dropbear serves here.
    sp_all=$(
        set -e
        sp_one_1
        sp_start
        sp_tools
        sp_find_nobody
        # Of one that inetd starts nothing is to be seen before it serves; it ends with what it started.
        set +f
        sp_v=$(find /proc/[0-9]*/exe -maxdepth 0 -lname '*/dropbear*' 2>/dev/null) || :
        printf '%s %s %s %s' "$sp_timeout" "$sp_gnu" "${sp_v:+some}" "$sp_nobody"
        exit 0
    ) 2>/dev/null
    # shellcheck disable=SC2181 # in a condition `set -e` would count for nothing
    if [ "$?" = 0 ]; then
        sp_timeout=${sp_all%% *} sp_nobody=${sp_all##* }
        sp_gnu=${sp_all#* }
        sp_gnu=${sp_gnu%% *}
        case $sp_all in *' some '*) ;; *) sp_by_dropbears=: ;; esac
    fi
    while [ "$sp_turn" -lt "$1" ]; do
        sp_turn=$((sp_turn + 1))
        sp_all=$(
            set -e
            "sp_one_$sp_turn"
            sp_start
            [ "$sp_by_server" = 0 ] || exit 20
            sp_ahead_end
            exit 0
        ) 2>/dev/null
        # shellcheck disable=SC2181 # in a condition `set -e` would count for nothing
        [ "$?" = 0 ] || continue
        eval "sp_ahead_$sp_turn=\$sp_all"
        case $sp_all in
            'clean '*)
                sp_all=${sp_all%%"$sp_nl"*}
                sp_all=${sp_all#clean }
                sp_shared_ids="$sp_shared_ids ${sp_all%% *}" sp_shared_turns="$sp_shared_turns $sp_turn"
                sp_shared_homes="$sp_shared_homes${sp_all%% *}$sp_tab${sp_all#* * * * }$sp_nl"
                ;;
        esac
    done
    # One alone looks for itself.
    case $sp_shared_turns in ' '*' '*) ;; *) return 0 ;; esac
    sp_all=$(
        set -e
        "sp_one_${sp_shared_turns##* }"
        sp_start
        sp_ahead_look
        exit 0
    ) 2>/dev/null
    # shellcheck disable=SC2181
    [ "$?" = 0 ] || return 0
    sp_shared=${sp_all%%"$sp_nl"*}
    sp_b_passwords_known=${sp_all#"$sp_shared"}
    sp_b_passwords_known=${sp_b_passwords_known#"$sp_nl"} sp_all=''
    # What it is too little for a file, each in a line.
    {
        IFS= read -r sp_shared_named
        IFS= read -r sp_b_named_now
        IFS= read -r sp_b_ours_known
        IFS= read -r sp_b_now_known
        IFS= read -r sp_b_programs_known
        IFS= read -r sp_b_cut_known
        IFS= read -r sp_shared_walk
    } <"$sp_shared/known"
    for sp_turn in $sp_shared_turns; do
        sp_all=$(
            set -e
            "sp_one_$sp_turn"
            sp_start
            sp_ahead_compare
            exit 0
        ) 2>/dev/null
        # shellcheck disable=SC2181
        [ "$?" = 0 ] || continue
        eval "sp_seen_$sp_turn=\$sp_all"
    done
}

# When the last one had its turn.
sp_close_behind() { [ -z "${sp_shared:-}" ] || rm -rf -- "$sp_shared"; }

# What such a shell left behind that was killed.
sp_together_purge() {
    set +f
    for sp_a in "$sp_state"/together.*; do
        [ -d "$sp_a" ] || continue
        sp_v=${sp_a##*/together.}
        sp_alive "${sp_v%%.*}"
        [ "${sp_born%%-*}" = "${sp_v#*.}" ] || rm -rf -- "$sp_a"
    done
    set -f
}

# Prints what became of it. It stands still when the account is ours alone and nothing of it is left by the kernel's word.
sp_ahead_end() {
    sp_account_inputs
    sp_never_waits=sp_shut sp_ends_ahead=1
    sp_lock_state
    sp_absent=false sp_foreign=false sp_unattributed=0 sp_rest='' sp_rest_total=0
    sp_end_access
    sp_k=clean
    # It was closed before, or never made; or something of it is not as it was left.
    [ "$sp_ours$sp_recorded$sp_foreign$sp_taken" = 11false0 ] && [ "${sp_left:-1}$sp_unattributed$sp_unmarked" = 00false ] && [ -r "$sp_record/baseline/about" ] && [ -e "$sp_record/since" ] &&
        [ ! -e "$sp_record/compared" ] || sp_k=mixed
    # What could not be deleted is seen by its own comparison alone.
    for sp_a in "/var/spool/cron/crontabs/$sp_name" "/var/spool/cron/$sp_name" "/var/spool/cron/tabs/$sp_name"; do
        [ ! -f "$sp_a" ] || sp_k=mixed
    done
    printf '%s %s %s %s %s %s\n%s' "$sp_k" "${sp_id:-0}" "${sp_sessions:-0}" "$sp_rest_total" "${sp_managed:-0}" "$sp_home" "$sp_rest"
}

# In a close that has its turn: whether what was done ahead still holds. What came since is ended, and then nothing that was
# seen holds.
sp_end_was_ahead() {
    # Since sp_close looked.
    sp_whose
    sp_l=${sp_ahead%%"$sp_nl"*}
    # shellcheck disable=SC2086
    set -- $sp_l
    sp_sessions=$3 sp_rest_total=$4
    [ "$5" = 0 ] || sp_managed=1
    sp_rest=${sp_ahead#"$sp_l"}
    sp_rest=${sp_rest#"$sp_nl"}
    [ -z "$sp_rest" ] || sp_rest=${sp_rest%"$sp_nl"}$sp_nl
    [ "$1 $sp_id $sp_ours" = "clean $2 1" ] || return 1
    sp_end_uid "$sp_id"
    if [ "$sp_left$sp_had_any" != 00 ]; then
        rm -f -- "$sp_record/compared"
        return 1
    fi
    sp_had_no_mark=$sp_unmarked sp_home=${sp_rec_home:-$sp_a_home} sp_login=$sp_name
    [ -z "${sp_shared:-}" ] || eval "sp_ahead_compared=\${sp_seen_$sp_turn:-}"
}

# Prints the name of the folder with what was seen, and behind it what is in no file (hashes of passwords); nothing where it could not
# be seen whole.
sp_ahead_look() {
    sp_alive "$$"
    sp_d=$sp_state/together.$$.${sp_born%%-*}
    rm -rf -- "$sp_d" && mkdir -m 0700 -- "$sp_d" || return 1
    # shellcheck disable=SC2086
    if sp_end_uids $sp_shared_ids && sp_b_share "$sp_d" "$sp_shared_ids" "$sp_shared_turns"; then
        sp_v=$(sp_ahead_walk) || sp_v=' none'
        printf '%s\n' "$sp_v" >>"$sp_d/known"
        printf '%s\n%s' "$sp_d" "$sp_b_passwords_now"
        return 0
    fi
    rm -rf -- "$sp_d"
    return 1
}

# One walk for all: prints, in one line, which of these ids have a file on the disks of this server outside their home, or anywhere
# one that others become them by. Each of those then looks on its own.
sp_ahead_walk() {
    sp_gnu_find || return 1
    sp_disks
    sp_elsewhere_not
    set --
    for sp_a in $sp_shared_ids; do set -- "$@" -o -user "$sp_a"; done
    shift
    set -- '(' "$@" ')' -printf '%U\t%m\t%p\0'
    sp_v=$#
    IFS=$sp_nl
    for sp_a in $sp_mount_points; do set -- "$@" "$sp_a"; done
    IFS=" $sp_tab$sp_nl"
    # Where anybody can write, on whatever file system that is.
    sp_t=$(stat -c '%d %n' -- / /tmp /var/tmp /dev/shm 2>/dev/null) || :
    IFS=$sp_nl
    for sp_l in $sp_t; do
        sp_a=${sp_l#* }
        [ ! -d "$sp_a" ] || [ "${sp_l%% *}" = "${sp_t%% *}" ] || set -- "$@" "$sp_a"
    done
    IFS=" $sp_tab$sp_nl"
    # The roots come first.
    while [ "$sp_v" -gt 0 ]; do
        sp_v=$((sp_v - 1)) sp_a=$1
        shift
        set -- "$@" "$sp_a"
    done
    # shellcheck disable=SC2086
    {
        sp_r=0
        sp_ahead_find "$@" || sp_r=$?
        # 1 is a folder that went away meanwhile.
        printf '!\t%s\0' "$sp_r"
    } | tr '\n\0' '?\n' | cut -b 1-1000 | SP_HOMES=$sp_shared_homes awk -F '\t' '
        BEGIN { n = split(ENVIRON["SP_HOMES"], line, "\n"); for (i = 1; i <= n; i++) if (split(line[i], f, "\t") == 2) home[f[1]] = f[2] }
        $1 == "!" { r = $2; ended++; next }
        {
            p = $0; sub(/^[^\t]*\t[^\t]*\t/, "", p)
            if ($2 < 4000 && home[$1] != "" && (p == home[$1] || index(p, home[$1] "/") == 1)) next
            has[$1] = 1
        }
        END { for (i in has) printf " %s", i; print " "; exit !(ended == 1 && r < 2) }'
}

# sp_ahead_find ROOT... TEST...: with what is left out between them.
sp_ahead_find() {
    sp_v=$#
    sp_w=0
    while [ "$sp_v" -gt 0 ]; do
        sp_v=$((sp_v - 1)) sp_a=$1
        shift
        # shellcheck disable=SC2086
        case $sp_w$sp_a in 0'(') sp_w=1 && set -- "$@" -xdev $sp_k -path "$sp_state" -prune -o ;; esac
        set -- "$@" "$sp_a"
    done
    sp_within $((30 + sp_walk_seconds / 4)) find "$@" 2>/dev/null
}

# Prints the comparison: the state in a line, then the records.
sp_ahead_compare() {
    sp_account_inputs
    # Whose it is was looked at when it was ended.
    sp_read_record
    [ "$sp_recorded" = 1 ] || exit 20
    sp_evidence=1 sp_foreign=false
    sp_compare
    printf '%s\n%s' "$sp_diff_state" "$sp_diff_records"
}

sp_ahead_take() { sp_compared "$sp_ahead_compared"; }

# Whether the name of the account stands in a list of accounts, as one or as a member.
sp_named_somewhere() {
    grep -qs -e "^$sp_account:" -e "[:,]$sp_account\(,.*\)\{0,1\}\$" /etc/passwd /etc/shadow /etc/subuid /etc/subgid /etc/group /etc/gshadow
}

# Sets sp_lines to the lists of accounts in which a name that nobody has any more still stands. A group of that name that is
# not of this grant is no matter.
sp_lines_left() {
    sp_lines=''
    [ "$sp_found" = 0 ] || return 0
    # Looked at when the account had been deleted.
    [ "${sp_nowhere:-0}" = 0 ] || return 0
    sp_named_somewhere || return 0
    for sp_a in passwd shadow subuid subgid; do
        ! grep -qs "^$sp_account:" "/etc/$sp_a" || sp_lines="$sp_lines /etc/$sp_a"
    done
    # As a member.
    sp_v="^[^:]*:.*[:,]$sp_account\(,.*\)\{0,1\}\$"
    # What root made of the account, under another name, has its group still, and nobody can delete that.
    sp_w=${sp_rec_gid:-none}
    ! grep -qs "^[^:]*:[^:]*:[^:]*:$sp_w:" /etc/passwd || sp_w=none
    ! grep -qs -e "^$sp_account:[^:]*:$sp_w:" -e "$sp_v" /etc/group || sp_lines="$sp_lines /etc/group"
    sp_w="^$sp_account:"
    ! grep -qs "$sp_w" /etc/group || sp_w=$sp_v
    ! grep -qs -e "$sp_w" -e "$sp_v" /etc/gshadow || sp_lines="$sp_lines /etc/gshadow"
}

# sp_close_note NOTHING_WAS_MADE
sp_close_note() {
    sp_note_ended "$sp_state/ended." "$1"
    # An open that had begun was waited for, one that has not will be turned away.
    sp_k=false
    if [ "$1" = false ] || [ "$sp_not_after" != 0 ]; then sp_k=true; fi
    sp_say late_open_refused "$sp_k"
}

sp_close_again() {
    sp_v=true
    [ "$sp_recorded" = 0 ] || sp_v=false
    sp_close_note "$sp_v"
    sp_say already_absent true
    sp_bool foreign [ "$sp_found$sp_ours" = 10 ]
    sp_bool result_kept true
    sp_result_replay
    sp_forget
    sp_failsafe_absent || sp_fail failsafe-left "${sp_cron_why:-The failsafe is still there.}"
    sp_flush
}

sp_close_report() {
    sp_w=false
    [ "$sp_recorded$sp_found" != 00 ] || sp_w=true
    sp_nothing=$sp_w
    sp_close_note "$sp_w"
    sp_say mark_changed "$sp_had_no_mark"
    sp_say already_absent "$sp_absent"
    sp_say foreign "$sp_foreign"
    # An account of another name without our mark that has our id: renamed by root, or made anew.
    sp_bool id_taken [ "$sp_taken" = 1 ]
    sp_say sessions_ended "$sp_sessions"
    sp_say reowned "$sp_reowned"
    sp_say deleted_outside "$sp_deleted"
    sp_say planted_removed "$sp_planted"
    sp_say acl_left "$sp_acl_left"
    sp_say processes "$sp_left"
    # What nobody can tell is said, and never taken for none.
    if [ "$sp_unattributed" = 0 ]; then sp_say sessions_left 0; else sp_say sessions_left unknown; fi
    sp_uses
    sp_say_difference
    sp_say_lines left "$sp_rest"
    sp_say left_total "$sp_rest_total"
    sp_say left_partial "$sp_rest_partial"
    # What is said from here on was read again.
    sp_was=$sp_home
    sp_look
    sp_lines_left
    sp_bool account_absent [ "$sp_ours" = 0 ]
    sp_v=true
    if [ -n "$sp_was" ] && [ -e "$sp_was" ]; then sp_v=false; fi
    sp_say home_absent "$sp_v"
    sp_k=true
    if [ "$sp_foreign" = true ]; then
        ! sp_our_keys || sp_k=false
    elif [ -n "$sp_rec_keys" ] && [ -e "$sp_rec_keys" ]; then
        sp_k=false
    fi
    sp_say keys_absent "$sp_k"
    [ "$sp_ours" = 0 ] || sp_fail account-left "The account is still there: $(printf '%s' "${sp_said_userdel:-}" | tr -s '\000-\037' ' ' | cut -c 1-200)"
    [ "$sp_left" = 0 ] || sp_fail processes-left 'Processes of the account still run.'
    [ -z "$sp_lines" ] || sp_fail lines-left "The account is deleted, and its name still stands in$sp_lines, which could not be replaced."
    [ -z "$sp_mounted" ] || sp_fail mounted-below "Something is mounted on $sp_mounted; unmount it, and close again. Nothing of the home folder was removed."
    [ "$sp_v$sp_k" = truetrue ] || sp_fail files-left 'The home or the key file is still there.'
    [ "$sp_acl_failed" = false ] || sp_fail acl-left 'Taking the entries off the shop folder failed.'
    sp_drop_in_remove
    sp_gate_remove "$sp_limits" "$sp_limits.new"
    sp_v=true
    ! sp_drop_in_present || sp_v=false
    sp_say drop_in_absent "$sp_v"
    sp_v=true
    ! sp_gate_present || sp_v=false
    sp_say gate_absent "$sp_v"
    sp_limits_drop
    [ ! -e "$sp_limits" ] || sp_fail files-left "$sp_limits could not be deleted."
    # Reached only when everything above was re-read as gone. The failsafe goes last; if it does not
    # go, that is said instead.
    sp_say failsafe_absent true
    sp_bool by_server [ "$sp_by_server" = 1 ]
    sp_v=0
    [ "$sp_by_server" = 0 ] || sp_v=$(date +%s)
    sp_say server_closed_at "$sp_v"
    sp_say absent true
    sp_v=false
    if [ "$sp_nothing" = false ] && [ "$sp_recorded" = 1 ]; then
        if sp_result_write; then
            sp_v=true
        elif [ "$sp_by_server" = 1 ]; then
            sp_fail no-room 'What was found could not be written down (a full disk).'
        fi
    fi
    sp_say result_kept "$sp_v"
    sp_forget
    if ! sp_failsafe_absent; then
        sp_out=$(printf '%s' "$sp_out" | sed 's/^failsafe_absent=true$/failsafe_absent=false/')$sp_nl
        sp_fail failsafe-left "${sp_cron_why:-The failsafe is still there.}"
    fi
    sp_flush
}

# ---- marks ---------------------------------------------------------------------------------------

# Everything on this server that carries a mark of ours, whatever its grant: KIND GRANT ACCOUNT TAG KEY
# DETAIL. Nobody but root writes where this looks, but for key lines and comments; the tag says
# whether those are ours.
sp_marks() {
    sp_check_inputs
    sp_whoami
    [ "$sp_uid" = 0 ] || sp_refuse not-root 'This needs root, and the login of stagepass is not root here.'
    sp_seen=''
    sp_t=$(getent passwd) || :
    IFS=$sp_nl
    for sp_l in $sp_t; do
        IFS=:
        # shellcheck disable=SC2086
        set -- $sp_l
        IFS=$sp_nl
        case ${5:-} in
            'stagepass '?*)
                sp_v=${5#stagepass }
                sp_mark_say account "${sp_v%%,*}" "$1" - "uid=$3"
                ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    set +f
    for sp_a in "$sp_state"/*/ "$sp_state"/result.* "$sp_state"/ended.* "$sp_units"/stagepass-*.timer "$sp_units"/stagepass-*.service \
        /etc/cron.d/stagepass-* /etc/ssh/sshd_config.d/50-stagepass-*.conf; do
        [ -e "$sp_a" ] || continue
        sp_v=${sp_a%/}
        sp_v=${sp_v##*/}
        case $sp_a in
            */result.*) sp_mark_say result "${sp_v#result.}" - - "$sp_a" ;;
            */ended.*) sp_mark_say tombstone "${sp_v#ended.}" - - "$sp_a" ;;
            "$sp_units"/*)
                sp_v=${sp_v#stagepass-}
                sp_mark_say unit "${sp_v%.*}" - - "$sp_a"
                ;;
            /etc/cron.d/*) sp_mark_say cron "${sp_v#stagepass-}" - - "$sp_a" ;;
            /etc/ssh/*)
                sp_v=${sp_v#50-stagepass-}
                sp_w=$(sed -n 's/^Match User //p' "$sp_a" | head -n 1) || :
                sp_mark_say drop-in "${sp_v%.conf}" "${sp_w:--}" - "$sp_a"
                ;;
            "$sp_state"/*/)
                sp_mark_say record "$sp_v" - - "$sp_a"
                [ ! -e "${sp_a}gate" ] || sp_mark_say gate "$sp_v" - - "${sp_a}gate"
                ;;
        esac
    done
    set -f
    sp_mark_keys
    sp_flush
}

# sp_mark_say KIND GRANT ACCOUNT KEY DETAIL: account and tag are those of the record, where there is one.
sp_mark_say() {
    case $2 in '' | *[!0-9a-z]*) return 0 ;; esac
    sp_k=$3 sp_w=-
    if [ -r "$sp_state/$2/record" ]; then
        while IFS= read -r sp_l; do
            case $sp_l in
                account=?*) [ "$sp_k" != - ] || sp_k=${sp_l#*=} ;;
                tag=?*) sp_w=${sp_l#*=} ;;
            esac
        done <"$sp_state/$2/record"
    fi
    sp_say mark "$1 $2 $sp_k $sp_w $4 $5"
}

# Key lines with our mark, in every file that sshd may read for a local account.
sp_mark_keys() {
    sp_find_sshd
    sp_settings root
    set --
    sp_t=$(getent passwd) || :
    IFS=$sp_nl
    for sp_l in $sp_t; do
        sp_home=${sp_l%:*}
        sp_home=${sp_home##*:}
        sp_account=${sp_l%%:*}
        sp_k=${sp_l#*:*:}
        sp_k=${sp_k%%:*}
        case $sp_home in /?*) ;; *) continue ;; esac
        IFS=" $sp_nl"
        for sp_a in ${sp_s_keys:-.ssh/authorized_keys .ssh/authorized_keys2}; do
            sp_key_path "$sp_a" "$sp_home" "$sp_account" "$sp_k" || continue
            case $sp_v in /*) ;; *) sp_v=$sp_home/$sp_v ;; esac
            [ ! -f "$sp_v" ] || set -- "$@" "$sp_account:$sp_v"
        done
        IFS=$sp_nl
    done
    for sp_f; do
        sp_t=$(head -c 1048576 "${sp_f#*:}" 2>/dev/null | tr -d '\000' | grep -a -e ' stagepass:[0-9a-z][0-9a-z]*[[:space:]]*$' | head -n 200) || :
        for sp_l in $sp_t; do
            case $sp_l in '#'*) continue ;; esac
            sp_v=${sp_l##* stagepass:}
            sp_v=${sp_v%%[!0-9a-z]*}
            # The tag is behind the gate's path; the key is the last word but one.
            sp_w=-
            case $sp_l in
                *command=\"*"/$sp_v/gate "*)
                    sp_w=${sp_l#*"/$sp_v/gate "}
                    sp_w=${sp_w%%[!0-9a-z]*}
                    ;;
            esac
            sp_k=${sp_l% stagepass:*}
            sp_say mark "key-line $sp_v ${sp_f%%:*} ${sp_w:--} ${sp_k##* } ${sp_f#*:}"
        done
    done
    IFS=" $sp_tab$sp_nl"
}
