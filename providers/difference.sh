# shellcheck shell=sh disable=SC2030,SC2031,SC2034,SC2154
# What was there right before access was given, and what is different when it ends.
# Definitions only; stands behind lib.sh and ending.sh. docs/difference.md says what is compared, and
# what cannot be seen.
#
# Two kinds of lists. `system`: one line for a thing, KIND tab NAME tab VALUE tab TEXT; what is
# compared is the value. `shop`: one line for a file, PATH//WHAT; a path never holds `//`. Control
# characters in names are replaced before a name becomes part of a line.
# What somebody else can write is never waited for (timeout), read to its end (head), or followed.

sp_b_state=/var/lib/stagepass
sp_b_version=1
# Somebody waits for an answer, and has a time limit; at its deadline the server has time.
sp_b_seconds=25      # for the list of the shop
sp_b_disk_seconds=20 # for setuid files on the whole disk, beside the rest
sp_b_code_seconds=15
sp_b_all_seconds=40 # for all of these together, whatever a supporter made slow
if [ "${sp_by_server:-0}" = 1 ]; then sp_b_seconds=60 sp_b_disk_seconds=60 sp_b_code_seconds=60 sp_b_all_seconds=240; fi
# A disk with very many files has half of what it is waited for longer; the rest is for giving entries and taking them.
case ${sp_walk_seconds:=0} in '' | *[!0-9]* | ?????*) sp_walk_seconds=0 ;; esac
sp_b_more=$((sp_walk_seconds / 2))
sp_b_seconds=$((sp_b_seconds + sp_b_more)) sp_b_disk_seconds=$((sp_b_disk_seconds + sp_b_more))
sp_b_code_seconds=$((sp_b_code_seconds + sp_b_more)) sp_b_all_seconds=$((sp_b_all_seconds + sp_b_more))
sp_b_list=400000000 # bytes of the list of a shop: about four million files
sp_b_depth=100      # folders in one another
sp_b_homes=3000     # accounts
sp_b_bytes=1048576  # of one key file or crontab
sp_b_lines=20000    # of all key files and crontabs
sp_b_room=9000000   # of what is told in all replies of one script: 16 MB of base64 are read
sp_b_plain=1000000  # of it as it is, of one grant
sp_b_packed=4500000 # of it packed: some hundred thousand files of the shop, or a million

# What was looked at for several, and how many they are, is only there where several are closed (sp_close_ahead), whatever the
# environment says.
[ -n "${sp_turn:-}" ] || sp_shared='' sp_together=1
case ${sp_together:-} in [1-9] | [1-9][0-9]) ;; *) sp_together=1 ;; esac
[ "$sp_b_plain" -le $((sp_b_room / sp_together)) ] || sp_b_plain=$((sp_b_room / sp_together))
[ "$sp_b_packed" -le $((sp_b_room / sp_together)) ] || sp_b_packed=$((sp_b_room / sp_together))

# The places outside the shop through which somebody could come back: CLASS HOW PATH. One list: what is
# looked at, and which class a difference there is of; a `/` at the end is a folder. `sum` takes a
# digest of what is in a file, `stat` its size, times and inode (folders that packages fill). `~` is
# every home. tests/providers/difference.sh plants in each of them.
sp_b_all_places() {
    sp_b_places='
sudoers sum /etc/sudoers
sudoers sum /etc/sudoers.d/
sudoers sum /usr/local/etc/sudoers
sudoers sum /usr/local/etc/sudoers.d/
sudoers sum /etc/doas.conf
sudoers sum /etc/doas.d/
sudoers sum /etc/polkit-1/
sudoers stat /usr/share/polkit-1/
sudoers sum /usr/local/share/polkit-1/
login sum /etc/ssh/sshd_config
login sum /etc/ssh/sshd_config.d/
login sum /etc/ssh/ssh_config
login sum /etc/ssh/ssh_config.d/
login sum /etc/ssh/sshrc
login sum /etc/ssh/shosts.equiv
login sum /etc/hosts.equiv
login sum /etc/pam.d/
login sum /etc/pam.conf
login sum /etc/security/
login stat /usr/lib/pam.d/
login sum /etc/nsswitch.conf
login sum /etc/login.defs
login sum /etc/shells
login sum /etc/environment
login sum /etc/environment.d/
login sum /etc/ld.so.preload
login sum /etc/profile
login sum /etc/profile.d/
login sum /etc/bash.bashrc
login sum /etc/bash.bash_logout
login sum /etc/bashrc
login sum /etc/bash_completion
login sum /etc/bash_completion.d/
login stat /usr/share/bash-completion/
login sum /usr/local/share/bash-completion/
login sum /etc/zsh/
login sum /etc/zshrc
login sum /etc/zshenv
login sum /etc/zprofile
login stat /usr/share/zsh/vendor-completions/
login sum /usr/local/share/zsh/site-functions/
login sum /etc/fish/
login stat /usr/share/fish/vendor_conf.d/
login stat /usr/share/fish/vendor_completions.d/
login sum /etc/csh.cshrc
login sum /etc/csh.login
login sum /etc/skel/
login sum /etc/inputrc
login sum /etc/vim/
login sum /etc/screenrc
login sum /etc/tmux.conf
login sum /etc/gitconfig
login sum /etc/mailcap
login sum /etc/procmailrc
login sum /etc/psqlrc
login sum /etc/mysql/
login sum /etc/my.cnf
login sum /etc/my.cnf.d/
login sum /etc/xdg/autostart/
login sum /etc/X11/Xsession.d/
cron sum /etc/crontab
cron sum /etc/cron.d/
cron sum /etc/cron.hourly/
cron sum /etc/cron.daily/
cron sum /etc/cron.weekly/
cron sum /etc/cron.monthly/
cron sum /etc/anacrontab
cron sum /etc/cron.allow
cron sum /etc/at.allow
cron sum /etc/incron.d/
cron sum /var/spool/incron/
at sum /var/spool/cron/atjobs/
at sum /var/spool/at/
at sum /var/spool/atjobs/
unit sum /etc/systemd/
unit stat /usr/lib/systemd/
unit stat /lib/systemd/
unit sum /usr/local/lib/systemd/
unit sum /run/systemd/system/
unit sum /run/systemd/system.control/
unit sum /run/systemd/system-generators/
unit sum /var/lib/systemd/linger/
unit sum /etc/init.d/
unit sum /etc/init/
unit sum /etc/rc.local
unit sum /etc/rc.d/
unit sum /etc/inittab
unit sum /etc/supervisor/
unit sum /etc/xinetd.d/
unit sum /etc/inetd.conf
system sum /etc/ld.so.conf
system sum /etc/ld.so.conf.d/
system stat /etc/ld.so.cache
system sum /etc/update-motd.d/
system sum /etc/apt/apt.conf
system sum /etc/apt/apt.conf.d/
system sum /etc/apt/sources.list
system sum /etc/apt/sources.list.d/
system sum /etc/apt/trusted.gpg
system sum /etc/apt/trusted.gpg.d/
system sum /etc/apt/keyrings/
system sum /etc/dpkg/
system sum /etc/yum.conf
system sum /etc/yum.repos.d/
system sum /etc/yum/
system sum /etc/dnf/
system sum /etc/logrotate.conf
system sum /etc/logrotate.d/
system sum /etc/rsyslog.conf
system sum /etc/rsyslog.d/
system sum /etc/udev/
system stat /usr/lib/udev/rules.d/
system stat /lib/udev/rules.d/
system sum /run/udev/rules.d/
system sum /etc/network/
system sum /etc/NetworkManager/dispatcher.d/
system sum /etc/networkd-dispatcher/
system sum /etc/dhcp/
system sum /etc/ppp/
system sum /etc/tmpfiles.d/
system stat /usr/lib/tmpfiles.d/
system sum /run/tmpfiles.d/
system sum /etc/modprobe.d/
system stat /usr/lib/modprobe.d/
system stat /lib/modprobe.d/
system sum /etc/modules
system sum /etc/modules-load.d/
system sum /etc/sysctl.conf
system sum /etc/sysctl.d/
system sum /etc/binfmt.d/
system stat /usr/lib/binfmt.d/
system sum /etc/initramfs-tools/
system sum /etc/kernel/
system sum /etc/grub.d/
system sum /etc/default/
system sum /etc/sysconfig/
system sum /etc/dbus-1/
system sum /etc/aliases
system sum /etc/exim4/
system sum /etc/postfix/
system sum /etc/fail2ban/
system sum /etc/snmp/
system sum /etc/acpi/
program stat /usr/local/bin/
program stat /usr/local/sbin/
program stat /usr/local/games/
web sum /etc/apache2/
web sum /etc/httpd/
web sum /etc/nginx/
web sum /etc/lighttpd/
web sum /etc/caddy/
web sum /etc/php/
web sum /etc/php.ini
web sum /etc/php.d/
web sum /etc/php-fpm.conf
web sum /etc/php-fpm.d/
web sum /usr/local/etc/php/
web sum /usr/local/etc/php-fpm.conf
web sum /usr/local/etc/php-fpm.d/
web sum /usr/local/apache2/conf/
web sum /usr/local/nginx/conf/
web sum /usr/local/lsws/conf/
login sum ~/.ssh/
login sum ~/.profile
login sum ~/.bashrc
login sum ~/.bash_profile
login sum ~/.bash_login
login sum ~/.bash_logout
login sum ~/.bash_aliases
login sum ~/.bash_completion
login sum ~/.local/share/bash-completion/
login sum ~/.zshrc
login sum ~/.zprofile
login sum ~/.zshenv
login sum ~/.zlogin
login sum ~/.zlogout
login sum ~/.kshrc
login sum ~/.mkshrc
login sum ~/.shrc
login sum ~/.cshrc
login sum ~/.tcshrc
login sum ~/.login
login sum ~/.logout
login sum ~/.pam_environment
login sum ~/.config/fish/config.fish
login sum ~/.config/fish/conf.d/
login sum ~/.config/fish/functions/
login sum ~/.config/fish/completions/
login sum ~/.config/environment.d/
login sum ~/.config/autostart/
login sum ~/.inputrc
login sum ~/.gitconfig
login sum ~/.config/git/
login sum ~/.vimrc
login sum ~/.gvimrc
login stat ~/.vim/
login sum ~/.exrc
login sum ~/.config/nvim/
login sum ~/.nanorc
login sum ~/.emacs
login sum ~/.emacs.d/init.el
login sum ~/.tmux.conf
login sum ~/.config/tmux/
login sum ~/.screenrc
login sum ~/.psqlrc
login sum ~/.my.cnf
login sum ~/.sqliterc
login sum ~/.gdbinit
login sum ~/.lesskey
login sum ~/.mailcap
login sum ~/.procmailrc
login sum ~/.forward
login sum ~/.rhosts
login sum ~/.shosts
login sum ~/.k5login
login sum ~/.k5users
login sum ~/.curlrc
login sum ~/.wgetrc
login sum ~/.npmrc
login sum ~/.wp-cli/
login sum ~/.drush/
login sum ~/.xsession
login sum ~/.xsessionrc
login sum ~/.xprofile
login sum ~/.Xclients
program stat ~/bin/
program stat ~/.local/bin/
unit sum ~/.config/systemd/
unit sum ~/.local/share/systemd/
'
}

# ---- small things --------------------------------------------------------------------------------

# sp_b_within SECONDS COMMAND...: ends the command after that time where timeout(1) can.
sp_b_within() {
    if sp_can_limit; then
        timeout -s KILL "$@"
    else
        shift
        "$@"
    fi
}

# sp_b_left SECONDS: sets sp_b_limit to that, or to what is left of the time for all together. By the clock that nobody
# sets, where there is one.
sp_b_left() {
    sp_b_clock
    sp_b_limit=$((sp_b_until - sp_b_at))
    [ "$sp_b_limit" -le "$1" ] || sp_b_limit=$1
    [ "$sp_b_limit" -ge 1 ] || sp_b_limit=1
}

sp_b_clock() {
    sp_b_at=''
    [ ! -r /proc/uptime ] || read -r sp_b_at sp_b_rest 2>/dev/null </proc/uptime || sp_b_at=''
    sp_b_at=${sp_b_at%%.*}
    case $sp_b_at in '' | *[!0-9]*) sp_b_at=$(date +%s) ;; esac
}

# Asked once, so that subshells know.
sp_b_tools() {
    sp_b_clock
    sp_b_until=$((sp_b_at + sp_b_all_seconds))
    [ -n "${sp_uid:-}" ] || sp_whoami
    sp_can_limit || :
    sp_b_gnu_find=no
    ! sp_gnu_find || sp_b_gnu_find=yes
    sp_b_sum=''
    for sp_b_a in sha256sum cksum; do
        if [ -z "$sp_b_sum" ] && sp_has "$sp_b_a"; then sp_b_sum=$sp_b_a; fi
    done
}

# Sets sp_b_random to a word nobody can guess: it keeps apart what is ours and what was read.
sp_b_random() {
    sp_b_word=''
    [ ! -r /proc/sys/kernel/random/uuid ] || read -r sp_b_word </proc/sys/kernel/random/uuid || :
    [ -n "$sp_b_word" ] || sp_b_word=$(date +%s)-$$-$(ps 2>/dev/null | od -An -tx1 2>/dev/null | tr -d ' \n' | cut -c 1-200)
}

# sp_b_digest FOLDER: sets sp_b_d to the digest of a baseline, or to nothing without sha256sum.
sp_b_digest() {
    sp_b_d=''
    sp_has sha256sum || return 0
    # Of nothing there is a digest, too.
    if [ ! -f "$1/about" ] || [ ! -f "$1/system" ] || [ ! -f "$1/shop" ]; then return 0; fi
    sp_b_d=$(cat -- "$1/about" "$1/system" "$1/shop" 2>/dev/null | sha256sum) || sp_b_d=''
    sp_b_d=${sp_b_d%% *}
}

# Whose things stagepass made. Root believes its own records and nothing else: a comment, a file
# name or a folder in somebody's home is quickly written. In a shared account there is nothing that the
# supporter could not write, so that only this grant's own is left out there.
# Sets sp_b_ids (` id id `), sp_b_accounts (` name:uid `), sp_b_groups (` name:gid `) and
# sp_b_others (` uid uid `, without this grant's).
sp_b_ours() {
    if [ -n "$sp_shared" ]; then
        sp_b_base=$sp_b_state
        IFS=/
        # shellcheck disable=SC2086
        set -- $sp_b_ours_known
        IFS=" $sp_tab$sp_nl"
        sp_b_ids=$1 sp_b_accounts=$2 sp_b_groups=$3 sp_b_others=$4 sp_b_names=$5
        return 0
    fi
    sp_b_ids=" $sp_grant " sp_b_accounts=' ' sp_b_groups=' ' sp_b_others=' ' sp_b_names=' '
    sp_b_base=$sp_b_state
    if [ "$sp_uid" != 0 ]; then
        sp_b_base=${sp_my_home:-${HOME:-}}/.stagepass
        return 0
    fi
    set +f
    set -- "$sp_b_base"/*/record
    set -f
    sp_b_n=$#
    while [ "$sp_b_n" -gt 0 ]; do
        sp_b_n=$((sp_b_n - 1))
        sp_b_a=$1
        shift
        if [ -f "$sp_b_a" ] && [ ! -L "$sp_b_a" ] && [ -O "$sp_b_a" ]; then set -- "$@" "$sp_b_a"; fi
    done
    [ "$#" -gt 0 ] || return 0
    sp_b_t=$(SP_GRANT=$sp_grant awk '
        function flush() {
            if (id != "") {
                print "id", id
                if (n != "" && u != "") { print "account", n ":" u; print "name", n; if (id != ENVIRON["SP_GRANT"]) print "other", u }
                if (n != "" && g != "") print "group", n ":" g
            }
            n = ""; u = ""; g = ""
        }
        FNR == 1 { flush(); id = FILENAME; sub(/\/record$/, "", id); sub(/.*\//, "", id); if (id ~ /[^0-9a-z]/) id = "" }
        /^account=/ { n = substr($0, 9); if (n ~ /[^a-z0-9_-]/) n = "" }
        /^uid=/ { u = substr($0, 5); if (u ~ /[^0-9]/) u = "" }
        /^gid=/ { g = substr($0, 5); if (g ~ /[^0-9]/) g = "" }
        END { flush() }' "$@" 2>/dev/null) || :
    sp_b_k=''
    for sp_b_a in $sp_b_t; do
        if [ -z "$sp_b_k" ]; then
            sp_b_k=$sp_b_a
            continue
        fi
        case $sp_b_k in
            id) sp_b_ids="$sp_b_ids$sp_b_a " ;;
            account) sp_b_accounts="$sp_b_accounts$sp_b_a " ;;
            group) sp_b_groups="$sp_b_groups$sp_b_a " ;;
            other) sp_b_others="$sp_b_others$sp_b_a " ;;
            name) sp_b_names="$sp_b_names$sp_b_a " ;;
        esac
        sp_b_k=''
    done
}

# ---- the system ----------------------------------------------------------------------------------

# sp_b_system WORD: prints the list. WORD salts the digests of passwords.
sp_b_system() {
    sp_b_passwords "$1"
    sp_b_programs
    # A full disk cuts a list without a word: it has an end.
    if sp_b_is_shared; then
        cat -- "$sp_shared/system"
    else
        sp_b_common
        printf 'end\t\t\t\n'
    fi
}

# What is the same for every grant whose baseline was made in the same places.
sp_b_common() {
    sp_b_users
    sp_b_candidates
    sp_b_files
    sp_b_listeners
    sp_b_random
    sp_b_texts "$sp_b_word"
}

# What a comparison needs, whichever list it is for.
sp_b_ready() {
    # Which files hold keys was for sshd to say at the beginning; it is asked where it did not.
    if [ -z "${sp_s_keys:-}" ]; then
        sp_find_sshd
        sp_settings root
    fi
    sp_b_tools
    sp_b_ours
}

# sp_b_share FOLDER IDS TURNS: what is looked at once for several grants that are closed together (sp_close_ahead), when everything
# that has one of these ids was ended: the list of the system, the search for setuid files, in FOLDER. Ends with 1 where
# it is not whole.
sp_b_share() {
    sp_b_work=$1
    sp_b_into=$sp_b_state/$sp_grant/baseline
    sp_b_about
    sp_b_ready
    # Nothing of theirs runs; what is left of one of them must not be hidden from it.
    sp_b_v=$sp_b_others
    sp_b_others=' '
    for sp_b_a in $sp_b_v; do
        case "$2 " in *" $sp_b_a "*) ;; *) sp_b_others="$sp_b_others$sp_b_a " ;; esac
    done
    sp_b_named_by_sshd
    # The earliest of them: each then takes what is later than its own.
    for sp_b_a in $3; do
        sp_b_v=$(
            "sp_one_$sp_b_a"
            while IFS= read -r sp_b_l; do
                case $sp_b_l in time=*) printf '%s\n' "${sp_b_l#*=}" ;; esac
            done <"$sp_b_state/$sp_grant/baseline/about"
        ) 2>/dev/null || sp_b_v=''
        case $sp_b_v in '' | *[!0-9]*) return 1 ;; esac
        [ "$sp_b_v" -ge "$sp_b_time" ] || sp_b_time=$sp_b_v
    done
    sp_b_setuid_raw >"$1/setuid.all" 2>/dev/null &
    sp_b_beside=$!
    # Of keys of theirs none is left out: they are gone by now.
    (
        sp_grant=none sp_public_key='' sp_check_key='' sp_account=''
        sp_b_common
        printf 'end\t\t\t\n'
    ) >"$1/system" 2>/dev/null
    sp_b_v=$(sp_b_from='' sp_path='' sp_b_ticks=0 && sp_b_programs)
    # shellcheck disable=SC2030
    [ -n "$sp_b_v" ] || sp_b_v=none
    {
        printf '%s / %s / %s\n' "${sp_s_keys:-}" "${sp_sshd_f:-}" "$sp_b_named"
        printf '%s\n' "$sp_b_named_new"
        printf '%s/%s/%s/%s/%s\n' "$sp_b_ids" "$sp_b_accounts" "$sp_b_groups" "$sp_b_others" "$sp_b_names"
        date +%s
        case $sp_b_v in none) printf 'none\n' ;; *) printf 'some\n' ;; esac
        if grep -qs '^cut' "$1/system"; then printf 'cut\n'; else printf 'whole\n'; fi
    } >"$1/known" || return 1
    sp_b_passwords_read
    # In no file, however short.
    sp_b_passwords_now=$sp_b_t
    wait "$sp_b_beside" 2>/dev/null || :
    case $(tail -n 1 <"$1/system") in end*) ;; *) return 1 ;; esac
    # What was not looked at to its end, and capabilities, which have no time, each looks at itself.
    ! grep -qs -e '^!' -e '^/' "$1/setuid.all" || return 0
    awk -v from="$sp_b_time" '$1 + 0 >= from + 0' "$1/setuid.all" >"$1/setuid" || return 1
}

# Whether the list that was made for several is the one that this grant would make.
sp_b_is_shared() {
    [ -n "$sp_shared" ] && [ -r "$sp_shared/system" ] && [ "${sp_shared_named:-}" = "${sp_s_keys:-} / ${sp_sshd_f:-} / $sp_b_named" ]
}

sp_b_users() {
    SP_MINE=$sp_b_accounts SP_GROUPS=$sp_b_groups SP_NAMES=$sp_b_names awk -F: '
        BEGIN { mine = ENVIRON["SP_MINE"]; groups = ENVIRON["SP_GROUPS"]; names = ENVIRON["SP_NAMES"] }
        FNR > 100000 { next }
        { gsub(/[\t\r]/, " ") }
        FILENAME == "/etc/passwd" {
            if (!index(mine, " " $1 ":" $3 " ")) print "user\t" $1 "\t" $3 ":" $4 ":" $6 ":" $7 "\t"
            next
        }
        {
            if (index(groups, " " $1 ":" $3 " ")) next
            n = split($4, m, ","); t = ""
            for (i = 1; i <= n; i++) if (m[i] != "" && !index(names, " " m[i] " ")) t = t "," m[i]
            print "group\t" $1 "\t" $3 ":" substr(t, 2) "\t"
        }' /etc/passwd /etc/group 2>/dev/null
}

# Whether a password is set, when it was, and a salted digest that tells one from another.
sp_b_passwords() {
    [ -r /etc/shadow ] || return 0
    sp_b_t=${sp_shared:+$sp_b_passwords_known}
    [ -n "$sp_b_t" ] || sp_b_passwords_read
    for sp_b_a in $sp_b_t; do
        sp_b_v=${sp_b_a#*:}
        case $sp_b_v in
            *:*)
                sp_b_v=${sp_b_v%%:*}
                if sp_has sha256sum; then
                    sp_b_d=$(printf '%s' "$1${sp_b_a#*:*:}" | sha256sum) || sp_b_d=''
                    sp_b_v=$sp_b_v-${sp_b_d%% *}
                fi
                sp_b_v=set$sp_b_v
                ;;
        esac
        printf 'password\t%s\t%s\t\n' "${sp_b_a%%:*}" "$sp_b_v"
    done
    sp_b_t=''
}

# Sets sp_b_t to ACCOUNT:STATE words.
sp_b_passwords_read() {
    sp_b_t=$(SP_MINE=$sp_b_accounts awk -F: '
        BEGIN { mine = ENVIRON["SP_MINE"] }
        FILENAME == "/etc/passwd" { id[$1] = $3; next }
        FNR > 100000 { exit }
        index(mine, " " $1 ":" id[$1] " ") || $1 ~ /[ \t]/ { next }
        $2 == "" { print $1 ":empty"; next }
        $2 ~ /^[!*]/ { print $1 ":locked"; next }
        # More accounts with a password than fifty: the day it was set has to do.
        ++n > 50 { print $1 ":set" $3; next }
        { print $1 ":" $3 ":" $2 }' /etc/passwd /etc/shadow 2>/dev/null) || :
}

# Sets sp_b_texts_of (KIND tab WHO tab FILE) for what is read line by line; sp_b_sums and sp_b_stats, the
# places of the one list that are there; and sp_b_classes (CLASS tab PATH) for all of these.
sp_b_candidates() {
    sp_b_texts_of='' sp_b_sums='' sp_b_stats='' sp_b_classes='' sp_b_of_homes=''
    sp_b_sums_more='' sp_b_stats_more='' sp_b_classes_more=''
    sp_b_all_places
    # Where one is the other, it is looked at once.
    sp_b_a=''
    [ ! -L /lib ] || sp_b_a=1
    IFS=$sp_nl
    for sp_b_l in $sp_b_places; do
        case $sp_b_l in
            *' ~/'*) sp_b_of_homes=$sp_b_of_homes$sp_b_l$sp_nl ;;
            *' /lib/'*) [ -n "$sp_b_a" ] || sp_b_place "$sp_b_l" ;;
            *) sp_b_place "$sp_b_l" ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    for sp_b_a in ${sp_sshd_f:-} ${sp_b_named:-}; do sp_b_place "login sum $sp_b_a"; done
    sp_b_placed
    sp_b_t=$(SP_MINE=$sp_b_accounts SP_MAX=$sp_b_homes SP_KEYS="${sp_s_keys:-} .ssh/authorized_keys .ssh/authorized_keys2" awk -F: '
        BEGIN { mine = ENVIRON["SP_MINE"]; max = ENVIRON["SP_MAX"] + 0; np = split(ENVIRON["SP_KEYS"], pat, " ") }
        NR > max { print "cut"; exit }
        index(mine, " " $1 ":" $3 " ") || $6 !~ /^\// { next }
        {
            gsub(/[\t\r]/, "", $6)
            if (!seen[$6]++) print "home\t" $1 "\t" $6
            for (i = 1; i <= np; i++) {
                p = pat[i]; o = ""
                if (p == "none") continue
                while ((k = index(p, "%")) > 0) {
                    c = substr(p, k + 1, 1)
                    o = o substr(p, 1, k - 1) (c == "h" ? $6 : c == "u" ? $1 : c == "U" ? $3 : c == "%" ? "%" : "")
                    p = substr(p, k + 2)
                }
                p = o p
                if (p !~ /^\//) p = ($6 == "/" ? "" : $6) "/" p
                if (!seen["k" p]++) print "key\t" $1 "\t" p
            }
        }' /etc/passwd 2>/dev/null) || :
    IFS=$sp_nl
    for sp_b_l in $sp_b_t; do
        sp_b_a=${sp_b_l#*"$sp_tab"*"$sp_tab"}
        case $sp_b_l in
            key*) if [ -f "$sp_b_a" ] && [ -r "$sp_b_a" ]; then sp_b_texts_of=$sp_b_texts_of$sp_b_l$sp_nl; fi ;;
            home*)
                # What stands in these is in the list by itself.
                case $sp_b_a in / | /bin | /usr/bin | /usr/sbin | /sbin | /dev | /proc*) continue ;; esac
                [ -d "$sp_b_a" ] || continue
                for sp_b_f in $sp_b_of_homes; do
                    sp_b_v=$sp_b_a${sp_b_f#*"~"}
                    if [ -e "${sp_b_v%/}" ] || [ -L "${sp_b_v%/}" ]; then sp_b_place "${sp_b_f%%"~"*}$sp_b_v"; fi
                done
                sp_b_placed
                ;;
            cut) printf 'cut\taccounts\t\t\n' ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    set +f
    for sp_b_a in /var/spool/cron/crontabs/* /var/spool/cron/tabs/* /var/spool/cron/*; do
        if [ ! -f "$sp_b_a" ] || [ -L "$sp_b_a" ] || [ ! -r "$sp_b_a" ]; then continue; fi
        case $sp_b_a in *[[:cntrl:]]*) continue ;; esac
        sp_b_f=${sp_b_a##*/}
        # The crontab of another grant's account is that grant's to report.
        if [ "$sp_b_f" != "${sp_account:-}" ]; then
            case $sp_b_names in *" $sp_b_f "*) continue ;; esac
        fi
        sp_b_texts_of="${sp_b_texts_of}cron$sp_tab$sp_b_f$sp_tab$sp_b_a$sp_nl"
    done
    set -f
}

# sp_b_place "CLASS HOW PATH": takes note of it, where it is there.
sp_b_place() {
    sp_b_v=${1#* * }
    sp_b_v=${sp_b_v%/}
    if [ ! -e "$sp_b_v" ] && [ ! -L "$sp_b_v" ]; then return 0; fi
    case $sp_b_v in *[[:cntrl:]]*) return 0 ;; esac
    # Kept short here: with thousands of homes the whole would be copied each time.
    case $1 in
        *' stat '*) sp_b_stats_more=$sp_b_stats_more$sp_b_v$sp_nl ;;
        *) sp_b_sums_more=$sp_b_sums_more$sp_b_v$sp_nl ;;
    esac
    sp_b_classes_more=$sp_b_classes_more${1%% *}$sp_tab$sp_b_v$sp_nl
}

sp_b_placed() {
    sp_b_sums=$sp_b_sums$sp_b_sums_more sp_b_stats=$sp_b_stats$sp_b_stats_more sp_b_classes=$sp_b_classes$sp_b_classes_more
    sp_b_sums_more='' sp_b_stats_more='' sp_b_classes_more=''
}

# Sets sp_b_named to the files and folders that sshd is told to read or to run, besides those that were
# named when access was opened.
sp_b_named_by_sshd() {
    set +f
    set -- /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf ${sp_sshd_f:+"$sp_sshd_f"}
    set -f
    if [ -n "$sp_shared" ]; then
        sp_b_named=${sp_b_named:-}${sp_b_named_now:-}
        return 0
    fi
    sp_b_named_new=$(awk '
        NR > 20000 { exit }
        { gsub(/["=,]/, " ") }
        tolower($1) ~ /^(include|(authorizedkeys|authorizedprincipals)command|authorizedprincipalsfile|trustedusercakeys|revokedkeys|forcecommand|subsystem|hostcertificate|securitykeyprovider|xauthlocation|chrootdirectory)$/ {
            for (i = 2; i <= NF && i < 20; i++) {
                p = $i
                if (p !~ /^\/[A-Za-z0-9_.\/+@%*?-]+$/) continue
                # The gate of a grant, which sshd is told to run: it comes and goes with the grant.
                if (p ~ /^\/var\/lib\/stagepass\/[0-9a-z]+\/gate$/) continue
                # Of a pattern, the folder.
                if (match(p, /[%*?]/)) { p = substr(p, 1, RSTART - 1); sub(/\/[^\/]*$/, "", p) }
                if (tolower($1) == "chrootdirectory") p = p "/etc"
                if (p ~ /^\/[^\/]+\/[^\/]/ && p !~ /^\/(usr|proc|sys|dev)\/[^\/]*$/ && !seen[p]++ && ++n <= 50) printf " %s", p
            }
        }' "$@" 2>/dev/null) || :
    sp_b_named=${sp_b_named:-}$sp_b_named_new
}

# Files compared as a whole: what they are, whose, and what is in them. A link is compared by where it
# leads; what is there is not read.
sp_b_files() {
    sp_b_q='*[[:cntrl:]]*'
    {
        # Too much for the environment of a program.
        printf '%s\n.\n' "$sp_b_classes$sp_b_texts_of"
        # A name with a control character is one that no program here obeys: that it is there is enough.
        for sp_b_how in sum stat; do
            IFS=$sp_nl
            # shellcheck disable=SC2086
            if [ "$sp_b_how" = sum ]; then set -- $sp_b_sums; else set -- $sp_b_stats; fi
            IFS=" $sp_tab$sp_nl"
            [ "$#" -gt 0 ] || continue
            sp_b_r=0
            sp_b_left 10
            if [ "$sp_b_how" = sum ]; then
                sp_b_within "$sp_b_limit" find "$@" -maxdepth 6 -name "$sp_b_q" -prune -o \
                    -exec stat -c "=%f %u %g$sp_tab%n$sp_tab%N" -- '{}' + \
                    -type f -size -2000k -exec "${sp_b_sum:-ls}" -- '{}' + \
                    -o -type f -exec stat -c "+%s %Y %Z$sp_tab%n" -- '{}' + 2>/dev/null || sp_b_r=$?
            else
                sp_b_within "$sp_b_limit" find "$@" -maxdepth 6 -name "$sp_b_q" -prune -o \
                    -type f -exec stat -c "=%f %u %g$sp_tab%n$sp_tab%N$sp_nl+%s %Y %Z %i$sp_tab%n" -- '{}' + \
                    -o -exec stat -c "=%f %u %g$sp_tab%n$sp_tab%N" -- '{}' + 2>/dev/null || sp_b_r=$?
            fi
            case $sp_b_r in 124 | 137) printf '!\n' ;; esac
        done
        IFS=$sp_nl
        # shellcheck disable=SC2086
        set -- $sp_b_sums$sp_b_stats
        IFS=" $sp_tab$sp_nl"
        sp_b_left 10
        [ "$#" = 0 ] || sp_b_within "$sp_b_limit" find "$@" -maxdepth 6 -name "$sp_b_q" -prune -print0 2>/dev/null | head -c 100000 | tr '\000\001-\037\177' '\n?'
    } | head -c 40000000 | head -n 150000 | SP_IDS=$sp_b_ids SP_OTHERS=$sp_b_others SP_ROOT=$sp_uid awk '
        BEGIN { ids = ENVIRON["SP_IDS"]; others = ENVIRON["SP_OTHERS"]; root = ENVIRON["SP_ROOT"] == 0 }
        # The class of the nearest place above it.
        function kind(p) { while (p != "") { if (p in class) return class[p]; if (!sub(/\/[^\/]*$/, "", p)) break } return "login" }
        # What a grant makes for itself goes by its id, in these places and no other.
        function ours(p,   id) {
            if (!match(p, /stagepass-[0-9a-z]+(\.service|\.timer|\.conf)?$/)) return 0
            id = substr(p, RSTART + 10); sub(/\..*/, "", id)
            if (!index(ids, " " id " ")) return 0
            p = substr(p, 1, RSTART - 1)
            return root && (p == "/etc/cron.d/" || p == "/etc/ssh/sshd_config.d/50-" || p == "/etc/security/limits.d/" || p == "/etc/systemd/system/" || p == "/etc/systemd/system/timers.target.wants/")
        }
        # In one order, whichever of the programs came first to a file; and one place may be named by another.
        function add(p, v) { if ((p, v) in known) return; known[p, v] = 1; if (!(p in what) && !(p in holds)) order[++n] = p; what[p] = what[p] " " v }
        function hold(p, v) { if (!(p in what) && !(p in holds)) order[++n] = p; holds[p] = " " v }
        { bytes += length($0) + 1 }
        # First of all: CLASS tab PATH, and KIND tab WHO tab FILE, of which the key files are compared line by line.
        !listed && $0 == "." { listed = 1; next }
        !listed { k = split($0, f, "\t"); if (k == 2) class[f[2]] = f[1]; else if (k == 3 && f[1] == "key") skip[f[3]] = 1; next }
        /^=/ {
            split($0, f, "\t"); v = substr(f[1], 2); p = f[2]
            split(v, w, " ")
            if (kind(p) == "at" && index(others, " " w[2] " ")) skip[p] = 1
            # The mode of a link says nothing, where it leads does.
            if (w[1] ~ /^a/) { v = f[3]; sub(/^.* -> /, "-> ", v) }
            add(p, v); next
        }
        /^\+/ { split($0, f, "\t"); hold(f[2], substr(f[1], 2)); next }
        /^\\?[0-9a-f]+  ?\*?\// && length($1) >= 64 { p = $0; sub(/^[^ ]+ [ *]/, "", p); hold(p, $1); next }
        /^[0-9]+ [0-9]+ \// { p = $0; sub(/^[0-9]+ [0-9]+ /, "", p); hold(p, $1 "-" $2); next }
        /^\// { if (/\?/) add($0, "odd") }
        /^!$/ || NR >= 150000 || bytes >= 39990000 { cut = 1 }
        END {
            if (cut) print "cut\tfiles\t\t"
            for (i = 1; i <= n; i++) {
                p = order[i]
                if (p in skip || ours(p)) continue
                # That a home has such a folder says nothing, what is in it does. Units of sessions come and go.
                if (p ~ /\/\.ssh$/ && what[p] ~ /^ 4/) continue
                k = kind(p)
                # The counter of at(1), and its empty folder of output.
                if (k == "at" && p ~ /\/(\.SEQ|spool|\.lockfile)$/) continue
                print k "\t" p "\t" substr(what[p] holds[p], 2) "\t"
            }
        }'
}

# Who listens for connections (TCP): `UID ADDRESS:PORT`, and the number of the socket.
sp_b_listeners() {
    sp_b_within 5 head -c 20000000 /proc/net/tcp /proc/net/tcp6 2>/dev/null | SP_OTHERS=$sp_b_others awk '
        BEGIN { others = ENVIRON["SP_OTHERS"] }
        function hex(s,   i, v) { v = 0; for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1; return v }
        function four(s) { return hex(substr(s, 7, 2)) "." hex(substr(s, 5, 2)) "." hex(substr(s, 3, 2)) "." hex(substr(s, 1, 2)) }
        function six(s,   i, j, w, o) {
            if (s ~ /^0*$/) return "[::]"
            if (s ~ /^0000000000000000FFFF0000/) return "[::ffff:" four(substr(s, 25)) "]"
            o = ""
            for (i = 0; i < 4; i++) { w = substr(s, i * 8 + 1, 8); o = o ":" substr(w, 7, 2) substr(w, 5, 2) ":" substr(w, 3, 2) substr(w, 1, 2) }
            return "[" tolower(substr(o, 2)) "]"
        }
        $4 != "0A" || index(others, " " $8 " ") { next }
        split($2, f, ":") == 2 && $8 ~ /^[0-9]+$/ && $10 ~ /^[0-9]+$/ {
            k = $8 " " (length(f[1]) == 8 ? four(f[1]) : six(f[1])) ":" hex(f[2])
            if (!(k in text)) { if (++n > 5000) next; order[n] = k; text[k] = $10 } else text[k] = text[k] " " $10
        }
        END {
            if (n > 5000) print "cut\tlisteners\t\t"
            for (i = 1; i <= n && i <= 5000; i++) print "listen\t" order[i] "\topen\t" text[order[i]]
        }' || :
}

# Processes whose program is deleted, in memory only, in the shop, or in a folder for temporary files.
# Where the time is known when access was opened (sp_b_ticks), one that is merely deleted has to be
# younger: an update deletes what runs. Nothing is read of a process but what the kernel itself says.
sp_b_programs() {
    set +f
    set -- /proc/[0-9]*/exe
    set -f
    sp_b_top=${sp_b_from:-}
    # Nothing like that ran when several were looked at, and this one has no shop.
    [ "${sp_shared:+$sp_b_programs_known$sp_b_top${sp_path:-}}" != none ] || return 0
    if [ -z "$sp_b_top" ] && [ -n "${sp_path:-}" ]; then sp_b_top=$(readlink -f -- "$sp_path") || sp_b_top=''; fi
    sp_b_t=$(sp_b_within 5 stat -c '%N' -- "$@" 2>/dev/null | SP_TOP=${sp_b_top:-/nonexistent}/ awk '
        BEGIN { top = ENVIRON["SP_TOP"] }
        !match($0, /^.?\/proc\/[0-9]+\/exe.? -> /) { next }
        {
            split($0, f, "/"); p = substr($0, RSTART + RLENGTH); sub(/^\047/, "", p); sub(/\047$/, "", p)
            gsub(/[\001-\037\177]/, "?", p)
            there = p ~ /^\/(tmp|var\/tmp|dev\/shm|run\/user|run\/shm|memfd:)/ || index(p, top) == 1
            if (!there && p !~ / \(deleted\)$/) next
            if (++n <= 200) print f[3] "\t" there + 0 "\t" p
        }') || :
    IFS=$sp_nl
    for sp_b_l in $sp_b_t; do
        IFS=" $sp_tab$sp_nl"
        sp_b_a=${sp_b_l%%"$sp_tab"*}
        sp_b_l=${sp_b_l#*"$sp_tab"}
        sp_b_who "$sp_b_a" || continue
        case $sp_b_others in *" $sp_b_u "*) continue ;; esac
        if [ "${sp_b_l%%"$sp_tab"*}" = 0 ] && [ "$sp_b_start" -lt "${sp_b_ticks:-0}" ]; then continue; fi
        printf 'process\t%s.%s\truns\t%s %s\n' "$sp_b_a" "$sp_b_start" "$sp_b_u" "${sp_b_l#*"$sp_tab"}"
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_b_who PID: sets sp_b_u to whose it is and sp_b_start to when it began, in ticks since the start of the system.
sp_b_who() {
    sp_b_u='' sp_b_start=''
    while read -r sp_b_v sp_b_f sp_b_k; do
        case $sp_b_v in Uid:) sp_b_u=${sp_b_k%%[!0-9]*} && break ;; esac
    done 2>/dev/null <"/proc/$1/status" || return 1
    read -r sp_b_v 2>/dev/null <"/proc/$1/stat" || return 1
    # Its name may hold anything.
    sp_b_v=${sp_b_v##*") "}
    # shellcheck disable=SC2086
    set -- $sp_b_v
    [ "$#" -ge 20 ] || return 1
    shift 19
    sp_b_start=$1
    case $sp_b_start:$sp_b_u in *[!0-9:]* | :* | *:) return 1 ;; esac
}

# Which processes hold the new listening sockets: SOCKET PID UID PROGRAM. A socket that nobody here holds is
# somebody else's: of a container, or of the kernel.
sp_b_holders() {
    sp_b_t=$(awk -F '\t' 'NR == FNR { if ($1 == "listen") old[$2] = 1; next } $1 == "listen" && !($2 in old) { printf " %s", $4 }' "$sp_b_into/system" "$sp_b_work/system" 2>/dev/null) || :
    [ -n "$sp_b_t" ] || return 0
    set +f
    set -- /proc/[0-9]*/fd
    set -f
    sp_b_t=$(sp_b_within 5 ls -ln -- "$@" 2>/dev/null | SP_SOCKETS="$sp_b_t " awk '
        BEGIN { sockets = ENVIRON["SP_SOCKETS"] }
        /^\/proc\/[0-9]+\/fd:$/ { split($0, f, "/"); pid = f[3]; next }
        match($0, / -> socket:\[[0-9]+\]$/) {
            s = substr($0, RSTART + 12, RLENGTH - 13)
            if (index(sockets, " " s " ") && !(s in seen) && ++n <= 200) { seen[s] = 1; print s ":" pid }
        }') || :
    for sp_b_a in $sp_b_t; do
        sp_b_who "${sp_b_a#*:}" || continue
        sp_b_v=$(readlink "/proc/${sp_b_a#*:}/exe" 2>/dev/null) || sp_b_v='a program that cannot be seen'
        printf '%s %s %s %s\n' "${sp_b_a%:*}" "${sp_b_a#*:}" "$sp_b_u" "$(printf '%s' "$sp_b_v" | tr '\n' '?')"
    done
}

# sp_b_texts WORD: login keys and crontabs, line by line. WORD stands in front of our own lines.
sp_b_texts() {
    {
        IFS=$sp_nl
        for sp_b_l in $sp_b_texts_of; do
            printf '\n%s\t%s\n' "$1" "$sp_b_l"
            sp_b_within 5 head -c "$sp_b_bytes" -- "${sp_b_l#*"$sp_tab"*"$sp_tab"}" 2>/dev/null
        done
        IFS=" $sp_tab$sp_nl"
        if [ "$sp_uid" != 0 ] && sp_has crontab; then
            printf '\n%s\tcron\t%s\tcrontab -l\n' "$1" "${sp_me:-$sp_uid}"
            sp_b_within 5 crontab -l 2>/dev/null | head -c "$sp_b_bytes"
        fi
        printf '\n'
    } | tr -d '\000' | SP_BASE=$sp_b_base SP_LINES=$sp_b_lines SP_WORD=$1 SP_IDS=$sp_b_ids SP_GRANT=$sp_grant SP_MAX=$sp_b_bytes \
        SP_BLOBS=" ${sp_public_key#* } ${sp_check_key#* } " awk '
        BEGIN {
            word = ENVIRON["SP_WORD"]; ids = ENVIRON["SP_IDS"]; grant = ENVIRON["SP_GRANT"]
            max = ENVIRON["SP_MAX"] + 0; lines = ENVIRON["SP_LINES"] + 0; base = ENVIRON["SP_BASE"]; blobs = ENVIRON["SP_BLOBS"]
        }
        function start() { if (bytes >= max) print kind "\t" who "\t" file "\tlong\tlong\t" }
        # Our own key line: with a key that we put there. Those of other grants are told like any: a folder of
        # that name proves nothing where the supporter can make one, and who has the ledger knows them.
        function ours(blob, l,   id) {
            if (!match(l, /[ \t]stagepass:[0-9a-z]+$/)) return 0
            id = substr(l, RSTART + 11)
            return id == grant && index(blobs, " " blob " ") > 0
        }
        # The line of a failsafe, byte for byte, and nothing that merely mentions one.
        function failsafe(l,   id, p) {
            id = l; sub(/\047$/, "", id); sub(/.* # stagepass /, "", id)
            if (id !~ /^[0-9a-z]+$/ || !index(ids, " " id " ")) return 0
            p = base "/" id "/failsafe"
            return l == "* * * * * /bin/sh \047" p "\047 >/dev/null 2>&1 # stagepass " id || \
                l == "* * * * * /bin/sh -c \047exec /bin/sh \"" p "\" >/dev/null 2>/dev/null # stagepass " id "\047"
        }
        function key(l,   i, c, q, o, f, n) {
            sub(/^[ \t]+/, "", l)
            if (l == "" || l ~ /^#/) return
            o = ""
            if (l !~ /^(ssh|ecdsa|sk)-[^ \t"=,]+[ \t]/) {
                q = 0
                for (i = 1; i <= length(l); i++) {
                    c = substr(l, i, 1)
                    if (c == "\\" && substr(l, i + 1, 1) == "\"") { i++; continue }
                    if (c == "\"") q = !q
                    else if (!q && (c == " " || c == "\t")) break
                }
                o = substr(l, 1, i - 1); l = substr(l, i); sub(/^[ \t]+/, "", l)
            }
            n = split(l, f, /[ \t]+/)
            if (n < 2 || f[1] !~ /^(ssh|ecdsa|sk)-/ || f[2] !~ /^AAAA[A-Za-z0-9+\/]+=*$/) return
            if (ours(f[2], l)) return
            c = f[3]; for (i = 4; i <= n && i < 12; i++) c = c " " f[i]
            gsub(/\t/, " ", o)
            say("key\t" who "\t" file "\t" f[1] " " f[2], o, c)
        }
        # The same key, or the same line, twice: both count.
        function say(k, v, t) {
            if (!(k in value)) { if (++n > lines) return; order[n] = k; value[k] = v; text[k] = t } else value[k] = value[k] " | " v
        }
        index($0, word "\t") == 1 {
            start()
            bytes = 0; split($0, f, "\t"); kind = f[2]; who = f[3]; file = f[4]
            next
        }
        {
            bytes += length($0) + 1
            sub(/\r$/, "")
            if (kind == "key") key($0)
            else if ($0 !~ /^[ \t]*(#|$)/ && !failsafe($0)) { gsub(/\t/, " "); say("cron\t" who "\t" file "\t" $0, "line", "") }
        }
        END {
            start()
            if (n > lines) print "cut\tlines\t\t"
            for (i = 1; i <= n && i <= lines; i++) print order[i] "\t" value[order[i]] "\t" text[order[i]]
        }'
}

# ---- the shop ------------------------------------------------------------------------------------

# Sets sp_b_mine to the pattern of our own folder, where the home of a shared account may be
# in the shop; it goes whole at close. Nothing else of ours is left out: others write there.
sp_b_own() {
    sp_b_mine=none
    if [ "$sp_uid" = 0 ] || [ ! -d "${sp_my_home:-}/.stagepass/$sp_grant" ]; then return 0; fi
    sp_b_mine=$(cd -P "$sp_my_home/.stagepass/$sp_grant" && printf '%s' "$PWD") || sp_b_mine=none
    case $sp_b_mine in *[][*?\\]*) sp_b_mine=none ;; esac
}

# sp_b_shop FOLDER FILE: writes the list of the shop to FILE. Sets sp_b_why when it is
# not whole, and sp_b_cut when it ends somewhere.
# PATH//TYPE MODE UID GID SIZE MTIME CTIME INODE, and //TARGET for a link. The times and the size of a
# folder follow from what is in it.
sp_b_shop() {
    sp_b_why='' sp_b_cut=''
    : >"$2"
    [ -n "$1" ] || return 0
    if [ ! -d "$1" ]; then
        sp_b_why='the shop folder is not there'
        return 0
    fi
    [ -z "$sp_shared" ] || ! "$sp_by_shop" "$1" "$2" || return 0
    sp_b_own
    sp_b_left "$sp_b_seconds"
    sp_b_t=$({
        if [ "$sp_b_gnu_find" = yes ]; then
            {
                sp_b_within "$sp_b_limit" find "$1" -maxdepth "$sp_b_depth" -path "$sp_b_mine" -prune -o -type d -printf '%P//d %m %U %G 0 0 0 %d\0' -o \
                    -type l -printf '%P//l %m %U %G %s %T@ %C@ %i//%l\0' -o -printf '%P//%y %m %U %G %s %T@ %C@ %i\0' 2>&3
                printf 'status %s\n' "$?" >&3
            } | tr '\000\n\t' '\n\001\002'
        else
            sp_b_q="*$sp_nl*"
            {
                sp_b_within "$sp_b_limit" find "$1" -maxdepth "$sp_b_depth" "(" -path "$sp_b_q" -o -path "$sp_b_mine" ")" -prune -o -type l -exec stat -c '%n//%F=%a %u %g %s %Y %Z %i//%N' -- '{}' + \
                    -o -exec stat -c '%n//%F=%a %u %g %s %Y %Z %i' -- '{}' + 2>&3
                printf 'status %s\n' "$?" >&3
                # Names with a newline: that they are there.
                sp_b_within "$sp_b_limit" find "$1" -path "$sp_b_q" -prune -print0 2>/dev/null | tr '\000\n' '\n\001'
            } | tr '\t' '\002' | SP_TOP=$1 awk '
                BEGIN { top = length(ENVIRON["SP_TOP"]) }
                {
                    k = index($0, "//")
                    if (!k) { print substr($0, top + 2) "//? 0 0 0 0 0 0 0"; next }
                    p = substr($0, 1, k - 1); m = substr($0, k + 2)
                    e = index(m, "="); t = substr(m, 1, e - 1); m = substr(m, e + 1)
                    if (t == "directory") { split(m, f, " "); m = f[1] " " f[2] " " f[3] " 0 0 0 " split(substr(p, top + 2), f, "/") }
                    # Name and target, each in single quotes, with an arrow between.
                    if (e = index(m, "//")) {
                        n = substr(m, e + 2); m = substr(m, 1, e - 1)
                        q = "\047" p "\047 -> \047"
                        if (index(n, q) == 1) m = m "//" substr(n, length(q) + 1, length(n) - length(q) - 1)
                    }
                    t = t ~ /^regular/ ? "f" : t == "directory" ? "d" : t ~ /link/ ? "l" : "?"
                    print substr(p, top + 2) "//" t " " m
                }'
        fi | head -c "$sp_b_list" >"$2" || printf 'no room\n' >&3
    } 3>&1 | awk '
        # What vanishes meanwhile is no matter.
        /^find: / && !/No such file or directory$/ { if (!n++) { first = $0; sub(/^find: /, "", first); sub(/: [^:]*$/, "", first) } }
        /^status [0-9]+$/ && !s { s = $2 }
        /^no room$/ { s = 28 }
        END { gsub(/^[`\047"]+|[\047"]+$/, "", first); if (length(first) > 200) first = substr(first, 1, 90) "..." substr(first, length(first) - 90); print n + 0, s + 0, first }') || sp_b_t='0 28 '
    sp_b_n=${sp_b_t%% *}
    sp_b_v=${sp_b_t#* * }
    case $sp_b_t in
        *' 28 '*) sp_b_cut=1 sp_b_why='there was no room for the list of the shop folder' ;;
        *' 137 '* | *' 124 '*) sp_b_cut=1 sp_b_why="listing the shop folder was ended after $sp_b_limit seconds" ;;
        '0 '*) ;;
        '1 '*) sp_b_why="in the shop folder this could not be read: $sp_b_v" ;;
        *) sp_b_why="in the shop folder $sp_b_n folders could not be read, the first: $sp_b_v" ;;
    esac
    if [ "$(wc -c <"$2")" -ge "$sp_b_list" ]; then
        sp_b_cut=1 sp_b_why='the list of the shop folder is longer than can be compared'
        # Without its half line.
        if ! sed '$d' <"$2" >"$2.whole" || ! mv -f -- "$2.whole" "$2"; then : >"$2"; fi
    fi
    # What is below is not in the list: endless trees would never come to an end.
    sp_b_v=''
    ! grep -qa "//d [0-9 ]* 0 0 0 $sp_b_depth\$" <"$2" ||
        sp_b_v=$(grep -a -m 1 "//d [0-9 ]* 0 0 0 $sp_b_depth\$" <"$2" | cut -c 1-60 | tr -d '\001-\037\177') || :
    [ -z "$sp_b_v" ] || sp_b_why="${sp_b_why:+$sp_b_why; }in the shop folder there are more than $sp_b_depth folders in one another, the first in ${sp_b_v%%/*}"
}

# sp_b_shop_known FOLDER FILE: the same from the list that another had made of that folder, of those that are compared together.
sp_b_shop_known() {
    [ -n "$sp_shared" ] || return 1
    set +f
    for sp_b_a in "$sp_shared"/shop.*.of; do
        [ -r "$sp_b_a" ] || continue
        {
            IFS= read -r sp_b_v
            IFS= read -r sp_b_why
            IFS= read -r sp_b_cut
        } <"$sp_b_a" || continue
        [ "$sp_b_v" = "$1" ] || continue
        if ln -f -- "${sp_b_a%.of}" "$2" 2>/dev/null; then
            set -f
            return 0
        fi
    done
    set -f
    sp_b_why='' sp_b_cut=''
    return 1
}

# sp_b_shop_keep FOLDER FILE: for the others.
sp_b_shop_keep() {
    [ -n "$sp_shared" ] && [ -n "$1" ] && [ -s "$2" ] || return 0
    ! ln -- "$2" "$sp_shared/shop.$sp_turn" 2>/dev/null || printf '%s\n%s\n%s\n' "$1" "$sp_b_why" "$sp_b_cut" >"$sp_shared/shop.$sp_turn.of" || :
}

# ---- the baseline --------------------------------------------------------------------------------

# sp_baseline FOLDER: sets sp_baseline (true, false), sp_baseline_why and sp_baseline_digest.
# What is there already, whole, stays: a second `open` must not take what the supporter did for what
# was there before.
sp_baseline() {
    sp_baseline=false sp_baseline_why='' sp_baseline_digest=''
    sp_b_to=$1
    if sp_baseline_there "$1"; then
        sp_baseline=true
        sp_b_digest "$sp_b_to"
        sp_baseline_digest=$sp_b_d
        return 0
    fi
    if [ -z "${sp_beside:-}" ]; then
        sp_baseline_begin "$1" || {
            sp_baseline_why='The list of what is there now could not be written.'
            return 0
        }
        { sp_b_system "$sp_b_salt" || :; } 2>/dev/null 9>&- >"$1.new/system" || :
    fi
    sp_beside_wait
    sp_b_r=0
    sp_baseline_why=$(
        sp_b_into=$sp_b_to.new
        sp_b_tools
        sp_b_shop "$sp_b_from" "$sp_b_into/shop" 2>/dev/null
        printf 'version=%s\nsalt=%s\npath=%s\nwhy=%s\ncut=%s\nothers=%s\nkeys=%s\nconfig=%s\nnamed=%s\nstart=%s\ntime=%s\nend\n' "$sp_b_version" "$sp_b_salt" "$sp_b_from" "$sp_b_why" \
            "$sp_b_cut" "$sp_b_others" "$sp_b_keys" "$sp_b_config" "$sp_b_named" "$(sp_b_boot) $(sp_b_ticks_of $$)" "$(date +%s)" 2>/dev/null >"$sp_b_into/about" || exit 1
        case $(tail -q -n 1 -- "$sp_b_into/about" "$sp_b_into/system") in end"$sp_nl"end*) ;; *) exit 1 ;; esac
        case $sp_b_why in 'there was no room'*) exit 1 ;; esac
        printf '%s' "$sp_b_why"
    ) 9>&- || sp_b_r=1
    if [ "$sp_b_r" = 0 ] && mv -- "$sp_b_to.new" "$sp_b_to" 2>/dev/null; then
        sp_baseline=true
        sp_b_digest "$sp_b_to"
        sp_baseline_digest=$sp_b_d
        [ -z "$sp_baseline_why" ] || sp_baseline_why="The list is not whole: $sp_baseline_why."
    else
        rm -rf -- "$sp_b_to.new" 2>/dev/null || :
        sp_baseline_why='The list of what is there now could not be written (a full disk, or a quota).'
    fi
}

# sp_baseline_ahead FOLDER: begins with the list of the system, which goes on beside whatever else is made until
# sp_baseline wants it. What is made meanwhile must be left out of the list by its name (sp_b_ours), and is not the
# shop. It holds our lock: whoever closes after we were killed waits until nothing is written any more.
sp_baseline_ahead() {
    if sp_baseline_there "$1" || ! sp_baseline_begin "$1"; then return 0; fi
    { sp_b_system "$sp_b_salt" || :; } 2>/dev/null >"$1.new/system" &
    sp_beside=$!
}

sp_baseline_there() { [ ! -L "$1" ] && [ -f "$1/about" ]; }

# sp_baseline_begin FOLDER: a new folder for the list, and what the list begins with. Ends with 1 where it cannot be made.
sp_baseline_begin() {
    sp_b_r=0
    for sp_b_a in "$1" "$1.new"; do if [ -e "$sp_b_a" ] || [ -L "$sp_b_a" ]; then sp_b_r=1; fi; done
    if { [ "$sp_b_r" = 1 ] && ! rm -rf -- "$1" "$1.new" 2>/dev/null; } || ! mkdir -m 0700 -- "$1.new" 2>/dev/null; then return 1; fi
    sp_b_tools
    sp_b_ours
    sp_b_random
    sp_b_salt=$sp_b_word
    if [ -z "${sp_s_keys:-}" ]; then
        sp_find_sshd
        sp_settings "${sp_me:-root}"
    fi
    sp_b_keys=${sp_s_keys:-} sp_b_config=${sp_sshd_f:-} sp_b_named=''
    sp_b_named_by_sshd
    sp_b_from=${sp_rec_path:-${sp_real:-${sp_start:-}}}
    if [ -z "$sp_b_from" ] && [ -n "${sp_path:-}" ]; then sp_b_from=$(readlink -f -- "$sp_path") || sp_b_from=$sp_path; fi
}

sp_b_boot() {
    sp_b_word=''
    [ ! -r /proc/sys/kernel/random/boot_id ] || read -r sp_b_word </proc/sys/kernel/random/boot_id || :
    printf '%s' "$sp_b_word"
}
sp_b_ticks_of() { ! sp_b_who "$1" || printf '%s' "$sp_b_start"; }

# sp_baseline_hold FOLDER: right before stagepass itself changes the entries or the owners of a folder.
# That gives every file there a new inode time, by which a content that was changed and given its old
# time back is told. So, for every grant with a baseline of that folder: which files are as they were
# up to now, and digests of what can be obeyed. The first time is enough: a digest holds for good.
sp_baseline_hold() {
    [ "${sp_uid:-}" = 0 ] && sp_has sha256sum || return 0
    sp_b_of=$1
    set +f
    set -- "$sp_b_state"/*/baseline/about
    set -f
    for sp_b_a; do
        if [ ! -f "$sp_b_a" ] || [ -L "$sp_b_a" ] || [ ! -O "$sp_b_a" ]; then continue; fi
        sp_b_to=${sp_b_a%/about}
        # Its own difference is known by then, as are those of grants that are closed with it.
        if [ "$sp_b_to" = "$sp_b_state/$sp_grant/baseline" ] && [ -n "${sp_diff_state:-}" ]; then continue; fi
        if [ -e "$sp_b_to/held" ] || [ -e "${sp_b_to%/baseline}/compared" ]; then continue; fi
        (
            sp_b_into=$sp_b_to
            sp_b_about
            [ -n "$sp_b_from" ] || exit 0
            case $sp_b_from/:$sp_b_of/ in "$sp_b_of"/*:*) ;; *:"$sp_b_from"/*) ;; *) exit 0 ;; esac
            sp_b_tools
            # In this order: what is unchanged after its digest was taken was so when it was taken.
            sp_b_sums "$sp_b_from" >"$sp_b_into/sums"
            sp_b_shop "$sp_b_from" "$sp_b_into/list"
            sort -T "$sp_b_into" "$sp_b_into/shop" "$sp_b_into/list" | uniq -d >"$sp_b_into/held.new"
            rm -f -- "$sp_b_into/list"
            mv -f -- "$sp_b_into/held.new" "$sp_b_into/held"
        ) 2>/dev/null 9>&- || :
    done
}

# sp_b_sums FOLDER: digests of everything that may be obeyed, by a server or by a browser.
sp_b_sums() {
    sp_b_q='*[[:cntrl:]]*'
    sp_b_left $((20 + sp_b_more))
    sp_b_within "$sp_b_limit" find "$1" -type f -size -1000k ! -path "$sp_b_q" ! -path '*\\*' ! -iname '*.jpg' ! -iname '*.jpeg' \
        ! -iname '*.png' ! -iname '*.gif' ! -iname '*.webp' ! -iname '*.avif' ! -iname '*.woff' ! -iname '*.woff2' ! -iname '*.pdf' \
        ! -iname '*.zip' ! -iname '*.gz' ! -iname '*.mp4' -exec sha256sum -- '{}' + 2>/dev/null || :
}

# ---- the difference ------------------------------------------------------------------------------

# sp_difference FOLDER: compares with the baseline in it. Sets sp_diff_records, the lines of a reply that tell it, and
# sp_diff_state: `done`, `none: WHY` or `partial: WHY`.
sp_difference() {
    sp_diff_records='' sp_diff_state='none: no list was made when access was opened'
    sp_b_to=$1 sp_b_note=''
    if [ -L "$sp_b_to" ] || [ ! -f "$sp_b_to/about" ] || [ ! -f "$sp_b_to/system" ] || [ ! -f "$sp_b_to/shop" ]; then
        [ -n "${sp_baseline_digest:-}" ] || return 0
        sp_diff_state='none: the list that was made when access was opened is gone'
        sp_diff_records="record=! gone$sp_nl"
        return 0
    fi
    if [ -n "${sp_baseline_digest:-}" ] && sp_has sha256sum; then
        sp_b_digest "$sp_b_to"
        [ "$sp_b_d" = "$sp_baseline_digest" ] || sp_b_note=changed
    fi
    sp_b_out=$(
        sp_b_into=$sp_b_to sp_b_bad=''
        sp_b_about
        sp_b_ready
        sp_b_named_by_sshd
        sp_b_compare
    ) 9>&- || :
    sp_diff_state=${sp_b_out%%"$sp_nl"*}
    [ -n "$sp_diff_state" ] || sp_diff_state='none: the comparison did not come to its end'
    case $sp_b_out in *"$sp_nl"*) sp_diff_records=${sp_b_out#*"$sp_nl"}$sp_nl ;; esac
    [ "$sp_b_note" != changed ] || sp_diff_records="record=! changed$sp_nl$sp_diff_records"
}

sp_b_about() {
    sp_b_salt='' sp_b_from='' sp_b_was='' sp_b_was_cut='' sp_b_were='' sp_b_time=0 sp_b_named='' sp_b_ticks=0
    while IFS= read -r sp_b_l; do
        sp_b_v=${sp_b_l#*=}
        case $sp_b_l in
            salt=*) sp_b_salt=$sp_b_v ;;
            path=*) sp_b_from=$sp_b_v ;;
            why=*) sp_b_was=$sp_b_v ;;
            cut=*) sp_b_was_cut=$sp_b_v ;;
            others=*) sp_b_were=$sp_b_v ;;
            # Looked for in the same places, whatever sshd would say now.
            keys=*) sp_s_keys=$sp_b_v ;;
            config=*) sp_sshd_f=$sp_b_v ;;
            named=*) sp_b_named=$sp_b_v ;;
            # After a restart everything is younger.
            start=*) [ "${sp_b_v% *}" != "$(sp_b_boot)" ] || sp_b_ticks=${sp_b_v##* } ;;
            time=*) sp_b_time=$sp_b_v ;;
        esac
    done <"$sp_b_into/about"
    case $sp_b_time in '' | *[!0-9]*) sp_b_time=0 ;; esac
    case $sp_b_ticks in '' | *[!0-9]*) sp_b_ticks=0 ;; esac
}

# In a subshell: prints the state in a line, and the records behind it.
sp_b_compare() {
    # In a folder of its own: while several are compared, which holds no lock, the failsafe may come for one of them.
    sp_b_work=$sp_b_into/now.$$
    if sp_b_is_shared && [ -z "$sp_b_from" ]; then
        # One folder for all, one after the other; of the one before, nothing counts that this one does not write itself.
        sp_b_work=$sp_shared/now
        [ -d "$sp_b_work" ] || mkdir -m 0700 -- "$sp_b_work" 2>/dev/null || :
        for sp_b_a in since holders same; do : >"$sp_b_work/$sp_b_a"; done
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
    set +f
    for sp_b_a in "$sp_b_into"/now.*; do
        if [ ! -e "$sp_b_a" ] && [ ! -L "$sp_b_a" ]; then continue; fi
        if [ "$sp_b_a" = "$sp_b_work" ] || ! kill -0 "${sp_b_a##*.}" 2>/dev/null; then rm -rf -- "$sp_b_a"; fi
    done
    set -f
}

sp_b_compare_in() {
    # The longest search goes on beside the rest.
    sp_b_beside=''
    if [ -n "$sp_shared" ] && [ -r "$sp_shared/setuid" ]; then
        : >"$sp_b_work/setuid"
        [ ! -s "$sp_shared/setuid" ] || sp_b_setuid_new <"$sp_shared/setuid" >"$sp_b_work/setuid" 2>/dev/null
    else
        sp_b_setuid >"$sp_b_work/setuid" 2>/dev/null &
        sp_b_beside=$!
    fi
    sp_b_system "$sp_b_salt" >"$sp_b_work/system" 2>/dev/null
    sp_b_shop "$sp_b_from" "$sp_b_work/shop" 2>/dev/null
    [ -z "$sp_shared" ] || "$sp_by_keep" "$sp_b_from" "$sp_b_work/shop"
    # The same, line for line: nobody is new there.
    sp_b_same=''
    if cmp -s "$sp_b_into/system" "$sp_b_work/system"; then sp_b_same=1; else sp_b_holders >"$sp_b_work/holders" 2>/dev/null; fi
    # What could not be listed whole may hide code: whatever the kernel says changed since is looked for alone.
    if [ -n "$sp_b_cut$sp_b_was_cut$sp_b_why$sp_b_was" ]; then sp_b_code_since >"$sp_b_work/since" 2>/dev/null; fi
    [ -z "$sp_b_beside" ] || wait "$sp_b_beside" 2>/dev/null || :
    for sp_b_a in told places files; do : >"$sp_b_work/$sp_b_a"; done
    if [ -z "$sp_b_same" ] || [ -s "$sp_b_work/setuid" ]; then sp_b_say_system >"$sp_b_work/told"; fi
    sp_b_say_shop
    # A full disk cuts a list, and not every program says so: each has an end.
    for sp_b_a in told places files; do
        [ -s "$sp_b_work/$sp_b_a" ] || continue
        printf '.\n' 2>/dev/null >>"$sp_b_work/$sp_b_a" || :
        [ "$(tail -n 1 <"$sp_b_work/$sp_b_a")" = . ] || sp_b_bad="$sp_b_bad; there was no room to compare in"
    done
    sp_b_less='' && sp_b_fit
    sp_b_v=end
    [ -n "$sp_b_same" ] || sp_b_v=$(tail -n 1 <"$sp_b_work/system" 2>/dev/null)
    case $sp_b_v in
        end*) ;;
        *) sp_b_bad="$sp_b_bad; there was no room to compare in" ;;
    esac
    # The same as one that was looked at for all of them.
    if { [ -z "$sp_b_same" ] || ! sp_b_is_shared || [ "${sp_b_cut_known:-cut}" != whole ]; } && grep -qs '^cut' "$sp_b_into/system" "$sp_b_work/system"; then
        sp_b_bad="$sp_b_bad; there are more accounts, login keys, crontab lines or files in homes than can be compared"
    fi
    if [ -s "$sp_b_work/setuid" ] && grep -q '^!' "$sp_b_work/setuid" 2>/dev/null; then
        sp_b_bad="$sp_b_bad; the search for setuid files was ended before it was through"
    fi
    sp_b_v=${sp_shared:+$sp_b_now_known}
    if [ "${sp_b_v:-$(date +%s)}" -lt "$sp_b_time" ]; then sp_b_bad="$sp_b_bad; the clock of the server was set back"; fi
    if [ -n "$sp_b_why" ] && [ "$sp_b_why" = "$sp_b_was" ]; then
        sp_b_bad="$sp_b_bad; when access was opened and now, $sp_b_why"
    else
        [ -z "$sp_b_was" ] || sp_b_bad="$sp_b_bad; when access was opened, $sp_b_was"
        [ -z "$sp_b_why" ] || sp_b_bad="$sp_b_bad; $sp_b_why"
    fi
    # A link that deployments move.
    if [ -n "$sp_b_from" ] && [ -n "${sp_path:-}" ]; then
        sp_b_v=$(readlink -f -- "$sp_path" 2>/dev/null) || sp_b_v=''
        if [ -n "$sp_b_v" ] && [ "$sp_b_v" != "$sp_b_from" ]; then
            sp_b_bad="$sp_b_bad; the shop folder leads to another place now, which was not compared: $sp_b_v"
        fi
    fi
    if [ -n "$sp_b_bad" ]; then sp_b_say_all "partial: ${sp_b_bad#; }"; else sp_b_say_all 'done'; fi
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
    set --
    for sp_b_a in /tmp /var/tmp /dev/shm /home /usr/local /opt "$sp_b_from" "${sp_my_home:-}"; do
        [ -z "$sp_b_a" ] || [ ! -d "$sp_b_a" ] || set -- "$@" "$sp_b_a"
    done
    {
        sp_b_r=137
        if [ "$sp_uid" = 0 ]; then
            sp_b_t=$(awk '
                $6 ~ /(^|,)nosuid(,|$)/ || seen[$3 " " $4]++ || whole[$3] { next }
                { t = ""; for (i = 7; i < NF; i++) if ($i == "-") { t = $(i + 1); break } }
                t ~ /^(ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|overlay|tmpfs|bcachefs)$/ && $5 !~ /\\|^\/(proc|sys)(\/|$)|\/(docker|containers|containerd)\// {
                    if ($4 == "/") whole[$3] = 1
                    if (++n < 100) print $5
                }' /proc/self/mountinfo 2>/dev/null) || :
            sp_b_r=0
            sp_b_left "$sp_b_disk_seconds"
            # shellcheck disable=SC2086
            sp_b_suid_find "$sp_b_limit" ${sp_b_t:-/} || sp_b_r=$?
            case $sp_b_r in 124 | 137) printf '!\n' ;; esac
        fi
        case $sp_b_r in
            124 | 137)
                sp_b_r=0
                sp_b_left 4
                sp_b_suid_find "$sp_b_limit" "$@" || sp_b_r=$?
                case $sp_b_r in 124 | 137) printf '!\n' ;; esac
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
    sp_b_q='*[[:cntrl:]]*'
    set -- "$@" -xdev '(' -path /proc -o -path /sys -o -path /var/lib/docker -o -path /var/lib/containers -o \
        -path /var/lib/containerd ')' -prune -o \
        -type f '(' -perm -4000 -o -perm -2000 ')' -prune ! -path "$sp_b_q" -exec stat -c '%Z %a %u %g %n' -- '{}' + -o \
        -type f '(' -perm -4000 -o -perm -2000 ')' -exec stat -c '%Z %a %u %g /(control characters in its name), inode %i' -- '{}' +
    if [ "$sp_uid" = 0 ] && [ "$sp_b_gnu_find" = yes ] && sp_has getcap; then
        set -- "$@" -o -type f -perm /111 -newerct "@$sp_b_time" -prune ! -path "$sp_b_q" -exec getcap -- '{}' +
    fi
    sp_b_a=$1
    shift
    sp_b_within "$sp_b_a" find "$@"
}

# ---- what is told of it ---------------------------------------------------------------------------
#
# Nothing is judged here: what differs is told, a record a line, and whoever asked says what it means (src/difference/). The
# first character of a record says what it is:
#   +LINE, -LINE   a line of the list `system` that is there now, or was
#   s WHAT         a setuid file, or one with capabilities, as sp_b_setuid_new says them
#   h SOCKET PID UID PROGRAM   who holds a listening socket that is new
#   u NAME:UID:GID, g NAME:GID, w NAME, t FOLDER   accounts, groups, accounts that a web server runs as, the shop folder
#   a, d, c, m     a file of the shop that came, went, changed or came (nobody knows which), differs: sp_b_say_shop
#   x              what stands behind was not told, since it is too long and nothing here can pack it
#   o COUNT UID tab NAME...    files in a shop folder of root's whose account is gone
#   ! WHAT         `gone` or `changed`: the list itself
#   .              the end of a part
# Control characters in them are question marks by then, and a tab parts fields.

# sp_b_say_all STATE: prints it in a line, and the records behind it as lines of the reply.
sp_b_say_all() {
    sp_b_v=$1
    case $sp_b_v in *[[:cntrl:]]*) sp_b_v=$(printf '%s' "$sp_b_v" | tr '\001-\037\177' '?') ;; esac
    printf '%s\n' "$sp_b_v"
    if [ -s "$sp_b_work/packed" ]; then
        head -c "$sp_b_packed" <"$sp_b_work/packed" | base64 | sed 's/^/packed=/'
    elif [ "$sp_b_n" -gt 0 ]; then
        sp_b_say_told | head -c "$sp_b_plain" | sed 's/^/record=/'
        # Names come with it.
        [ "$sp_b_n" -le $((sp_b_plain - 200000)) ] || printf '\nrecord=x\n'
    fi
}

# A reply has an end. Little is told as it is, more is packed where the server can. What is too much even so is cut where anybody
# can make as much of it as they like: files in homes, and of the shop all but what may be code; nothing else is pushed off by these.
sp_b_fit() {
    [ ! -e "$sp_b_work/packed" ] || rm -f -- "$sp_b_work/packed"
    sp_b_n=0
    if [ ! -s "$sp_b_work/told" ] && [ ! -s "$sp_b_work/places" ] && [ ! -s "$sp_b_work/files" ]; then return 0; fi
    sp_b_n=$(cat -- "$sp_b_work/told" "$sp_b_work/places" "$sp_b_work/files" | wc -c)
    [ "$sp_b_n" -gt 60000 ] || return 0
    if sp_has gzip && sp_has base64; then
        sp_b_say_told | gzip -c 2>/dev/null >"$sp_b_work/packed" || sp_b_bad="$sp_b_bad; there was no room to compare in"
        [ "$(wc -c <"$sp_b_work/packed")" -gt "$sp_b_packed" ] || return 0
    elif [ "$sp_b_n" -le $((sp_b_plain - 200000)) ]; then
        return 0
    fi
    [ -z "$sp_b_less" ] || return 0
    sp_b_less=1
    sp_b_bad="$sp_b_bad; more files differ than can be told: of the shop only what a server may run"
    sp_b_code_since 2>/dev/null | sed 's/^/c/' | head -c $((sp_b_packed * 2 / 3)) >"$sp_b_work/files"
    [ "$(wc -c <"$sp_b_work/files")" -lt $((sp_b_packed * 2 / 3)) ] || sp_b_bad="$sp_b_bad, and not all of that"
    head -c $((sp_b_packed * 2 / 3)) <"$sp_b_work/places" >"$sp_b_work/less"
    mv -f -- "$sp_b_work/less" "$sp_b_work/places" || : >"$sp_b_work/places"
    sp_b_fit
}

sp_b_say_told() {
    {
        sp_b_say_names
        cat -- "$sp_b_work/told" "$sp_b_work/places" "$sp_b_work/files"
    } | tr '\001-\010\013-\037\177' '?'
}

sp_b_say_names() {
    awk -F: '
        FNR > 5000 { next }
        FILENAME == "/etc/passwd" { print "u " $1 ":" $3 ":" $4; next }
        { print "g " $1 ":" $3 }' /etc/passwd /etc/group 2>/dev/null || :
    sp_b_web_users
    for sp_b_a in $sp_b_web; do printf 'w %s\n' "$sp_b_a"; done
    printf 't %s\n' "$sp_b_from"
}

# Everything but the shop. Of files there may be very many: they stand in a list of their own.
sp_b_say_system() {
    SP_PLACES=$sp_b_work/places awk -F '\t' '
        BEGIN { places = ENVIRON["SP_PLACES"] }
        function say(sign, l,   n, f) { n = split(l, f, "\t"); if (n == 4 && f[1] !~ /^(user|password|group|process|listen)$/) print sign l >places; else print sign l }
        FILENAME == ARGV[1] { was[$0]++; next }
        was[$0] > 0 { was[$0]--; next }
        { say("+", $0) }
        END { for (l in was) if (was[l] > 0) say("-", l) }' "$sp_b_into/system" "$sp_b_work/system" 2>/dev/null || sp_b_bad="$sp_b_bad; there was no room to compare in"
    sed -e '/^!$/d' -e 's/^/s /' <"$sp_b_work/setuid" 2>/dev/null || sp_b_bad="$sp_b_bad; there was no room to compare in"
    [ ! -s "$sp_b_work/holders" ] || sed 's/^/h /' <"$sp_b_work/holders" 2>/dev/null || sp_b_bad="$sp_b_bad; there was no room to compare in"
}

# Sets sp_b_web to the accounts a web server runs PHP as.
sp_b_web_users() {
    sp_b_web=' www-data www apache nginx http httpd wwwrun _www '
    set +f
    set -- /etc/php/*/fpm/pool.d/*.conf /etc/php-fpm.d/*.conf
    set -f
    sp_b_t=$(sed -n 's/^[[:space:]]*user[[:space:]]*=[[:space:]]*\([a-z_][a-z0-9_-]*\).*/\1/p' "$@" </dev/null 2>/dev/null) || :
    for sp_b_a in $sp_b_t; do sp_b_web="$sp_b_web$sp_b_a "; done
}

# The shop: both lists sorted, walked side by side. What differs is told as
#   a, d, c PATH//TYPE MODE UID GID, and //TARGET for a link
#   m PATH//TYPE MODE UID GID TYPE MODE UID GID HOW, and //TARGET: as it was, as it is, and what else is not the same: `s` size,
#     `m` time, `c` time of the inode, `i` inode, `t` target, of which `h` says that it was as in the list when stagepass itself
#     gave it a new inode time, `d` that its digest is the one from then, `o` that its owner was another grant
# A file of which only stagepass changed the inode, by its digest, is no difference.
sp_b_say_shop() {
    [ -n "$sp_b_from" ] || return 0
    if [ -n "$sp_b_why" ] && [ ! -s "$sp_b_work/shop" ]; then return 0; fi
    # In the same order and the same: nothing to sort.
    if [ ! -s "$sp_b_work/since" ] && cmp -s "$sp_b_into/shop" "$sp_b_work/shop"; then return 0; fi
    [ -f "$sp_b_work/since" ] || : >"$sp_b_work/since"
    if ! sort -T "$sp_b_work" "$sp_b_into/shop" >"$sp_b_work/was" 2>/dev/null || ! sort -u -T "$sp_b_work" "$sp_b_work/shop" "$sp_b_work/since" >"$sp_b_work/is" 2>/dev/null; then
        sp_b_bad="$sp_b_bad; there was no room to compare the shop folder in"
        return 0
    fi
    if [ -s "$sp_b_into/held" ]; then
        # What is missing of it is a file more that is told.
        sp_b_sums "$sp_b_from" | sort -T "$sp_b_work" - "$sp_b_into/sums" 2>/dev/null | uniq -d >"$sp_b_work/same" 2>/dev/null || :
    fi
    SP_OLD=$sp_b_work/was SP_NEW=$sp_b_work/is SP_SINCE=$sp_b_work/since SP_HELD=$sp_b_into/held SP_SAME=$sp_b_work/same \
        SP_WERE=$sp_b_were SP_TOP=$sp_b_from SP_CUT=$sp_b_cut$sp_b_was_cut awk '
        BEGIN {
            old = ENVIRON["SP_OLD"]; new = ENVIRON["SP_NEW"]; held = ENVIRON["SP_HELD"]
            top = length(ENVIRON["SP_TOP"]); were = ENVIRON["SP_WERE"]; whole = ENVIRON["SP_CUT"] == ""
            while ((getline l < ENVIRON["SP_SAME"]) > 0) same[substr(l, 68 + top)] = 1
            while ((getline l < ENVIRON["SP_SINCE"]) > 0) if ((k = index(l, "//")) > 0) since[substr(l, 1, k - 1)] = 1
            h_more = (getline h < held) > 0
            forward_old(); forward_new()
            while (o_more || n_more) {
                if (o_more && n_more && o == n) { forward_old(); forward_new(); continue }
                if (o_more && (!n_more || (op "//") < (np "//"))) { if (whole) tell("d", op, om); forward_old(); continue }
                if (n_more && (!o_more || (np "//") < (op "//"))) { if (whole) tell("a", np, nm); else if (np in since) tell("c", np, nm); forward_new(); continue }
                differs(); forward_old(); forward_new()
            }
        }
        function forward_old(   k) { o_more = 0; while ((getline o < old) > 0) { o = o ""; k = index(o, "//"); if (!k) continue; op = substr(o, 1, k - 1); om = substr(o, k + 2); o_more = 1; break } }
        function forward_new(   k) { n_more = 0; while ((getline n < new) > 0) { n = n ""; k = index(n, "//"); if (!k) continue; np = substr(n, 1, k - 1); nm = substr(n, k + 2); n_more = 1; break } }
        # Whether the file was as it was when stagepass itself gave it a new inode time.
        function is_held() {
            while (h_more && (h "") < (o "")) h_more = (getline h < held) > 0
            return h_more && (h "") == (o "")
        }
        # The mode without the digit of the group, in which an entry of stagepass shows.
        function rest(m) { return substr(m, 1, length(m) - 2) substr(m, length(m)) }
        # Its words, and where a link leads.
        function words(m, f,   k) { to = ""; if ((k = index(m, "//")) > 0) { to = substr(m, k + 2); m = substr(m, 1, k - 1) } split(m, f, " ") }
        function say(kind, p, what, type) { print kind p "//" what (type == "l" ? "//" to : "") }
        function tell(kind, p, m,   f) { words(m, f); say(kind, p, f[1] " " f[2] " " f[3] " " f[4], f[1]) }
        function differs(   f, g, was, how, kept) {
            words(om, g); was = to; words(nm, f); kept = is_held()
            how = (f[5] != g[5] ? "s" : "") (f[6] != g[6] ? "m" : "") (f[7] != g[7] ? "c" : "") (f[8] != g[8] ? "i" : "") (to != was ? "t" : "")
            if (kept && np in same && how ~ /^c?$/ && f[1] == g[1] && rest(f[2]) == rest(g[2]) && f[4] == g[4] && (f[3] == g[3] || index(were, " " g[3] " "))) return
            how = how (kept ? "h" : "") (np in same ? "d" : "") (index(were, " " g[3] " ") ? "o" : "")
            say("m", np, g[1] " " g[2] " " g[3] " " g[4] " " f[1] " " f[2] " " f[3] " " f[4] " " (how == "" ? "-" : how), f[1])
        }' </dev/null 2>/dev/null >"$sp_b_work/files" || sp_b_bad="$sp_b_bad; the shop folder could not be compared"
    [ -z "$sp_b_cut$sp_b_was_cut" ] || sp_b_bad="$sp_b_bad; new and removed files of the shop are not listed"
}

# Says it all as lines of the reply.
sp_say_difference() {
    sp_out=$sp_out$sp_diff_records
    sp_say difference "$sp_diff_state"
}
