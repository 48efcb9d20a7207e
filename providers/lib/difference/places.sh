# shellcheck shell=sh disable=SC2030,SC2031,SC2034,SC2154,SC3043
# What was there right before access was given, and what is different when it ends.
# Definitions only. docs/difference.md says what is compared, and
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

# What else a provider looks for on the walk for setuid files.
sp_by_seek=''
# The account that comes to be while a list is made, and its UID:GID.
sp_b_own='' sp_b_own_ids=''
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
