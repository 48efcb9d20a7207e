#!/bin/bash
# The cases of the comparison: what was there before access, and what is different at its end.
# Read by run.sh, which has the hosts.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154

differences() {
    about="$suite difference"
    account=sp-anna login=root
    a_server_with_a_shop
    says_nothing_when_nothing_changed
    finds_each_class
    finds_what_is_planted_in_every_place
    finds_what_is_planted_among_many_homes
    finds_what_runs_and_listens
    looks_for_code_first_where_it_cannot_see_all
    tells_the_files_of_a_shop_apart
    tells_what_there_is_room_for
    is_not_fooled_by_names
    waits_for_nobody
    knows_its_own_list
    leaves_out_what_is_ours
    looks_before_stagepass_changes_a_folder
    compares_a_shared_account
    about="$suite difference"
    take_the_shop_away
}

# ---- the two functions, as a provider calls them ---------------------------------------------------

# compare baseline|difference|hold [name=value...]: sets out, code and digest.
compare() {
    local what=$1 a
    shift
    local -A in=([grant]=$grant [account]=$account [path]=$site [access]=sftp [public_key]=$supporter_key [check_key]=''
        [check_until]=0 [password]='' [has_password]=0 [deadline]=$deadline [expiry_form]=$form [restrict]=1 [from]=''
        [not_after]=0 [supporter]=Anna [baseline_digest]='' [at]=$lists)
    for a; do in[${a%%=*}]=${a#*=}; done
    {
        printf '{ set -eu\n'
        for a in "${!in[@]}"; do printf 'sp_%s=%s\n' "$a" "$(quote "${in[$a]}")"; done
        find "$repo/providers/lib" -name '*.sh' ! -name begin.sh | LC_ALL=C sort | xargs cat "$repo/providers/lib/begin.sh"
        # Narrower limits, where a test says so.
        printf '%s\n' "${besides:-}"
        printf 'sp_whoami; sp_me=%s; sp_my_home=%s\n' "$login" "$([ "$login" = root ] && echo /root || echo "/home/$login")"
        case $what in
            baseline) printf 'sp_baseline "$sp_at"; sp_say ok "$sp_baseline"; sp_say why "$sp_baseline_why"; sp_say digest "$sp_baseline_digest"; sp_flush\n' ;;
            difference) printf 'sp_difference "$sp_at"; sp_say_difference; sp_flush\n' ;;
            digest) printf 'sp_say digest "$(sp_b_digest "$sp_at")"; sp_flush\n' ;;
            room) printf 'sp_say room "$sp_b_plain $sp_b_packed"; sp_flush\n' ;;
            hold) printf 'sp_baseline_hold "$sp_path"\n' ;;
        esac
        printf "printf 'stagepass=1\\\\n'; exit 0; } </dev/null\n"
    } >"$tmp/script"
    # shellcheck disable=SC2029
    out=$(ssh "${options[@]}" -i "$tmp/operator" -p "${port[$suite]}" "$login@127.0.0.1" "$shell -s" <"$tmp/script" 2>"$tmp/err")
    code=$?
    [ "$what" != baseline ] || digest=$(sed -n 's/^digest=//p' <<<"$out")
    [ ! -s "$tmp/err" ] || fail "$what wrote to stderr" "$(cat "$tmp/err")"
    [ "$what" != difference ] || judged
    finishes
}

anew() {
    rm -rf "${root:?}${lists:?}"
    compare baseline
    says ok=true why=
}

# settled FILE: waits until a list that is made now is younger than its change, whatever the clock of the file
# system: without a whole list, what changed in the second before the opening or in the one of it counts as
# changed since. A disk that is another machine's keeps another time, and nothing may be missed there.
settled() { until [ "$(on date +%s)" -gt $(($(on stat -c %Z "$1") + 1)) ]; do sleep 0.1; done; }

# line PATTERN: one line of the reply is this, as a shell pattern.
line() {
    local one
    while IFS= read -r one; do
        # shellcheck disable=SC2053
        [[ $one != $1 ]] || { pass && return; }
    done <<<"$out"
    fail "the reply has no $1" "$out"
}
no_line() {
    local one
    while IFS= read -r one; do
        # shellcheck disable=SC2053
        [[ $one != $1 ]] || { fail "the reply has $1" "$out" && return; }
    done <<<"$out"
    pass
}
nothing() { says found_total=0 changed_total=0 difference=done; }

# once CLASS PATTERN SCRIPT [UNDO]: after that script, run as root, this is found and nothing else; and
# nothing is found before it.
once() {
    about="$suite difference: $1 ${2//\*/}"
    anew
    on bash -c "$3" >"$tmp/did" 2>&1 || fail 'the change itself failed' "$(cat "$tmp/did")"
    compare difference "baseline_digest=$digest"
    line "found=$1 $2"
    says found_total=1 changed_total=0 difference=done
    [ -z "${4:-}" ] || on bash -c "$4" >/dev/null 2>&1
}

a_server_with_a_shop() {
    echo 'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys/%u' >"$root/etc/ssh/sshd_config.d/15-test.conf"
    site=/srv/site lists=/var/lib/stagepass/$grant/baseline
    mkdir -p "$root/var/lib/stagepass/$grant" "$root$site/wp-content/uploads/2026" "$root$site/var/cache/prod" "$root$site/js" \
        "$root/home/deploy/.ssh" "$root/etc/ssh/keys"
    chmod 711 "$root/var/lib/stagepass" "$root/var/lib/stagepass/$grant"
    on useradd -M -N -c "stagepass $grant" -s /bin/bash -p '!' sp-anna
    printf 'account=sp-anna\nuid=%s\ngid=%s\npath=%s\n' "$(on id -u sp-anna)" "$(on id -g sp-anna)" "$site" >"$root/var/lib/stagepass/$grant/record"
    echo '<?php echo 1;' >"$root$site/index.php"
    echo 'alert(1)' >"$root$site/js/app.js"
    echo 'deny from all' >"$root$site/wp-content/uploads/.htaccess"
    echo picture >"$root$site/wp-content/uploads/2026/a.jpg"
    local i
    for i in 1 2 3 4 5 6 7 8; do echo "$i" >"$root$site/var/cache/prod/$i.php"; done
    ln -s js "$root$site/scripts"
    chown -Rh --reference="$root/home/deploy" "$root$site" "$root/home/deploy/.ssh"
    cp "$tmp/operator.pub" "$root/home/deploy/.ssh/authorized_keys"
    echo 'umask 022' >"$root/home/deploy/.bashrc"
    chown --reference="$root/home/deploy" "$root/home/deploy/.ssh/authorized_keys" "$root/home/deploy/.bashrc"
    ssh-keygen -q -t ed25519 -N '' -C 'mallory@example.org' -f "$tmp/mallory"
    mallory=$(cat "$tmp/mallory.pub")
    print_of_mallory=$(ssh-keygen -lf "$tmp/mallory.pub" | cut -d' ' -f2)
}

take_the_shop_away() {
    on userdel sp-anna >/dev/null 2>&1
    on userdel -r deploy >/dev/null 2>&1
    on useradd -m -s /bin/bash deploy
    rm -f "$root/etc/ssh/sshd_config.d/15-test.conf"
    rm -rf "${root:?}/srv/site" "$root/var/lib/stagepass" "$root/etc/ssh/keys" "$tmp/mallory" "$tmp/mallory.pub"
    login=root
}

says_nothing_when_nothing_changed() {
    local one one_shell=$shell
    [ -z "${STAGEPASS_TEST_BUSYBOX:-}" ] || install -m 755 "$STAGEPASS_TEST_BUSYBOX" "$root/opt/busybox"
    for one in /bin/sh 'bash --posix' "${STAGEPASS_TEST_BUSYBOX:+/opt/busybox sh}"; do
        [ -n "$one" ] || continue
        about="$suite difference in $one" shell=$one
        anew
        want 'the digest is one of each file' grep -Eqx '[0-9a-f]{192}' <<<"$digest"
        same 'nobody else reads the list' '700 600' "$(stat -c %a "$root$lists") $(stat -c %a "$root$lists/shop")"
        deny 'no hash of a password is in the list' grep -rq '\$[0-9a-z]*\$' "$root$lists"
        compare difference "baseline_digest=$digest"
        nothing
        echo 'echo 2;' >>"$root$site/index.php"
        echo x >"$root$site/new.txt"
        rm "$root$site/js/app.js"
        on bash -c "useradd -M mallory; echo '$mallory' >>/root/.ssh/authorized_keys; install -m 4755 /bin/true /usr/local/bin/door"
        compare difference "baseline_digest=$digest"
        line 'found=user new account: mallory *'
        line "found=key new login key for root: ssh-ed25519 $print_of_mallory (mallory@example.org) in /root/.ssh/authorized_keys"
        line 'found=setuid new or changed, mode 4755, runs as root: /usr/local/bin/door'
        line 'found=code changed (content), by deploy: index.php'
        line 'changed=new new.txt'
        line 'changed=removed js/app.js'
        line difference=done
        no_line 'found=baseline*'
        on bash -c 'userdel mallory; rm /usr/local/bin/door; sed -i /mallory/d /root/.ssh/authorized_keys'
        echo 'alert(1)' >"$root$site/js/app.js"
        rm "$root$site/new.txt"
    done
    shell=$one_shell
    rm -f "$root/opt/busybox"
}

finds_each_class() {
    on useradd -M -s /bin/bash bob
    once user 'new account with the powers of root: mallory (id 0, home /root, shell /bin/bash)' \
        'echo "mallory:x:0:0::/root:/bin/bash" >>/etc/passwd' 'sed -i /^mallory/d /etc/passwd'
    once user 'account gone: bob' 'sed -i.was /^bob:/d /etc/passwd' 'mv /etc/passwd.was /etc/passwd'
    once user 'account changed: bob (*, shell /bin/bash is now /bin/sh)' 'usermod -s /bin/sh -d /tmp bob' 'usermod -s /bin/bash bob'
    once user 'password set: bob' 'echo bob:one | chpasswd'
    once user 'password changed: bob' 'echo bob:two | chpasswd'
    once user 'account without any password now: bob' 'passwd -d bob' 'usermod -p "!" bob'
    once group 'bob is now a member of sudo, which opens more than its name says' 'usermod -aG sudo bob' 'gpasswd -d bob sudo'
    once group 'new group: doors (id *' 'groupadd doors' 'groupdel doors'
    once key "new login key for deploy: ssh-ed25519 $print_of_mallory (mallory@example.org) in /home/deploy/.ssh/authorized_keys2" \
        "echo 'from=\"*\" $mallory' >/home/deploy/.ssh/authorized_keys2" 'rm /home/deploy/.ssh/authorized_keys2'
    on mkdir -p /etc/ssh/keys
    once key "new login key that signs others for deploy: ssh-ed25519 $print_of_mallory * in /etc/ssh/keys/deploy" \
        "echo 'no-pty,cert-authority $mallory' >/etc/ssh/keys/deploy" 'rm /etc/ssh/keys/deploy'
    on bash -c "echo '$mallory' >>/root/.ssh/authorized_keys"
    once key "login key gone for root: ssh-ed25519 * (mallory@example.org) in /root/.ssh/authorized_keys" 'sed -i /mallory/d /root/.ssh/authorized_keys'
    once key "login key with other options for deploy: *" "sed -i 's/^/no-pty /' /home/deploy/.ssh/authorized_keys" \
        "sed -i 's/^no-pty //' /home/deploy/.ssh/authorized_keys"
    once sudoers 'new: /etc/sudoers.d/door' 'echo "bob ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/door' 'rm /etc/sudoers.d/door'
    once sudoers 'changed: /etc/sudoers' 'echo "#" >>/etc/sudoers'
    once sudoers 'other owner or mode: /etc/sudoers' 'chmod 600 /etc/sudoers' 'chmod 440 /etc/sudoers'
    once cron 'new line in the crontab of bob: @reboot /tmp/x' 'echo "@reboot /tmp/x" | crontab -u bob -' 'crontab -r -u bob'
    once cron 'new line in the crontab of sp-anna (the account of this grant): @hourly id' 'echo "@hourly id" | crontab -u sp-anna -' 'crontab -r -u sp-anna'
    once cron 'new: /etc/cron.d/door' 'echo "* * * * * root id" >/etc/cron.d/door' 'rm /etc/cron.d/door'
    once cron 'new: /etc/cron.hourly/door' 'echo id >/etc/cron.hourly/door' 'rm /etc/cron.hourly/door'
    once at 'new job of bob: /var/spool/cron/atjobs/a0000101c2f3a4' \
        'echo id >/var/spool/cron/atjobs/a0000101c2f3a4; chown bob /var/spool/cron/atjobs/a*' 'rm /var/spool/cron/atjobs/a*'
    once unit 'new: /etc/systemd/system/door.service' 'echo "[Service]" >/etc/systemd/system/door.service' 'rm /etc/systemd/system/door.service'
    mkdir -p "$root/var/lib/systemd/linger" "$root/home/deploy/.config/systemd/user"
    once unit 'new: /var/lib/systemd/linger/deploy' 'touch /var/lib/systemd/linger/deploy' 'rm /var/lib/systemd/linger/deploy'
    once unit 'new: /home/deploy/.config/systemd/user/x.service' 'echo x >/home/deploy/.config/systemd/user/x.service'
    once login 'changed: /home/deploy/.bashrc' 'echo id >>/home/deploy/.bashrc'
    once login 'new: /home/deploy/.ssh/rc' 'echo id >/home/deploy/.ssh/rc' 'rm /home/deploy/.ssh/rc'
    once login 'changed: /etc/ssh/sshd_config' 'echo "#" >>/etc/ssh/sshd_config'
    once login 'new: /etc/ld.so.preload' ': >/etc/ld.so.preload' 'rm /etc/ld.so.preload'
    once login 'new: /etc/profile.d/door.sh' 'echo id >/etc/profile.d/door.sh' 'rm /etc/profile.d/door.sh'
    once setuid 'new or changed, mode 4755, runs as bob: /var/tmp/door' 'install -o bob -m 4755 /bin/true /var/tmp/door' 'rm /var/tmp/door'
    once setuid 'new or changed, mode 2755, runs as group shadow: /var/tmp/door' \
        'install -m 755 /bin/true /var/tmp/door; chgrp shadow /var/tmp/door; chmod 2755 /var/tmp/door; touch -d @1 /var/tmp/door' 'rm /var/tmp/door'
    # The trees have no libcap2-bin; a newer program than the tree's library does not start.
    cp "$(command -v getcap)" "$(command -v setcap)" "$root/usr/sbin/"
    ! on getcap /bin/true >/dev/null 2>&1 || once setuid 'file with capabilities (cap_setuid=ep): /var/tmp/door' \
        'install -m 755 /bin/true /var/tmp/door; setcap cap_setuid=ep /var/tmp/door' 'rm /var/tmp/door'
    rm -f "$root/usr/sbin/getcap" "$root/usr/sbin/setcap"
    on bash -c 'userdel bob; rm -f /var/mail/bob'
}

# In every place of the one list a file is planted, or the file that it is gets a line more. Whoever adds a place
# adds it there, and this tries it.
finds_what_is_planted_in_every_place() {
    local uncapped=1 place class how path a n=0
    local -a places=() expected=() made=() changed=()
    about="$suite difference: every place"
    mapfile -t places < <(grep -v '^#' "$here/places.txt")
    same 'these are the places that are looked at' "$(printf '%s\n' "${places[@]}")" \
        "$(sed -n "/sp_b_places='/,/^'/p" "$repo/providers/lib/difference/places.sh" | grep '^[a-z]* [a-z]* [/~]')"
    echo 'AuthorizedPrincipalsFile /etc/principals/of/%u' >>"$root/etc/ssh/sshd_config.d/15-test.conf"
    echo 'TrustedUserCAKeys /etc/authorities/users' >>"$root/etc/ssh/sshd_config.d/15-test.conf"
    mkdir -p "$root/etc/principals/of"
    places+=('login sum /etc/principals/of/' 'login sum /etc/authorities/users')
    anew
    for place in "${places[@]}"; do
        read -r class how path <<<"$place"
        path=${path/#\~//home/deploy}
        case $path in /lib/*) [ ! -L "$root/lib" ] || continue ;; esac
        n=$((n + 1))
        # A name that at(1) would take.
        case $path in */) path=${path}a0000101c2f3a9 ;; esac
        if [ -e "$root$path" ]; then
            mkdir -p "$tmp/was/${path%/*}"
            cp -a "$root$path" "$tmp/was$path"
            changed+=("$path")
            if [ "$how" = stat ]; then touch -d @1 "$root$path"; else echo '# planted' >>"$root$path"; fi
            expected+=("found=$class changed: $path")
            continue
        fi
        a=$path
        while [ ! -d "$root${a%/*}" ]; do a=${a%/*}; done
        made+=("$a")
        mkdir -p "$root${path%/*}"
        case $path in /etc/ld.so.preload) : ;; *) echo '# planted' ;; esac >"$root$path"
        case $class in
            at) expected+=("found=$class new job of root: $path") ;;
            *) expected+=("found=$class new: $path") ;;
        esac
    done
    compare difference "baseline_digest=$digest"
    says difference=done
    for a in "${expected[@]}"; do want "$a" grep -Fxq -- "$a" <<<"$out"; done
    same 'so many places were tried' "$n" "${#expected[@]}"
    for a in "${made[@]}"; do rm -rf "${root:?}$a"; done
    for a in "${changed[@]}"; do cp -a "$tmp/was$a" "$root$a"; done
    rm -rf "$tmp/was" "$root/etc/principals"
    sed -i '/Principals\|Trusted/d' "$root/etc/ssh/sshd_config.d/15-test.conf"
}

# More of them than fit into the environment of a program.
finds_what_is_planted_among_many_homes() {
    about="$suite difference: many homes"
    cp -a "$root/etc/passwd" "$tmp/passwd"
    on bash -c 'mkdir /srv/homes && cd /srv/homes && for i in {1..1500}; do mkdir -p $i/.ssh && touch $i/.bashrc $i/.profile $i/.gitconfig $i/.vimrc
        echo "home$i:x:$((70000 + i)):70000::/srv/homes/$i:/bin/bash"; done >>/etc/passwd'
    anew
    compare difference "baseline_digest=$digest"
    nothing
    on bash -c 'echo x >>/srv/homes/1234/.vimrc; mkdir /srv/homes/1500/bin; echo x >/srv/homes/1500/bin/ls'
    compare difference "baseline_digest=$digest"
    line 'found=login changed: /srv/homes/1234/.vimrc'
    line 'found=program new: /srv/homes/1500/bin/ls'
    says found_total=3 difference=done
    about="$suite difference: more homes than are compared"
    rm -rf "${root:?}$lists"
    local besides=sp_b_homes=100
    compare baseline
    compare difference "baseline_digest=$digest"
    says found_total=0 'difference=partial: there are more accounts, login keys, crontab lines or files in homes than can be compared'
    cp -a "$tmp/passwd" "$root/etc/passwd"
    rm -rf "${root:?}/srv/homes" "$tmp/passwd"
}

# as_web SCRIPT: starts it as the web server's account, in the background; it says `up` when it runs.
as_web() {
    rm -f "$root/run/up"
    install -o 33 -m 666 /dev/null "$root/run/up"
    on setsid su -s /bin/sh www-data -c "$1" >/dev/null 2>&1 &
    web=$!
    until [ -s "$root/run/up" ]; do sleep 0.1; done
}

finds_what_runs_and_listens() {
    local perl='use Socket; socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(0, INADDR_LOOPBACK)); listen(S, 1);
        open(F, ">", "/run/up"); print F $$, " ", (sockaddr_in(getsockname(S)))[0], "\n"; close(F); sleep 1 while ! -e "/run/stop"' up port_of
    about="$suite difference: programs"
    anew
    # As a program that came by SFTP, was started through the shop, and deleted itself.
    install -o 33 -m 755 "$root/usr/bin/perl" "$root$site/helper"
    as_web "exec $site/helper -e '$perl'"
    read -r up port_of <"$root/run/up"
    rm "$root$site/helper"
    compare difference "baseline_digest=$digest"
    line "found=process runs since access was opened, of www-data, process *, its program was deleted: $site/helper"
    line "found=process listens since access was opened on 127.0.0.1:$port_of, of www-data, process *: $site/helper (deleted)"
    says found_total=2 changed_total=0 difference=done
    about="$suite difference: programs that ran before"
    anew
    compare difference "baseline_digest=$digest"
    nothing
    touch "$root/run/stop"
    wait "$web"
    about="$suite difference: programs that listen"
    rm -f "$root/run/stop"
    anew
    # No program of its own: an interpreter.
    as_web "exec /usr/bin/perl -e '$perl'"
    read -r up port_of <"$root/run/up"
    compare difference "baseline_digest=$digest"
    line "found=process listens since access was opened on 127.0.0.1:$port_of, of www-data, process *: /usr/bin/perl"
    says found_total=1
    touch "$root/run/stop"
    wait "$web"
    about="$suite difference: programs in a folder for temporary files"
    rm -f "$root/run/stop"
    anew
    install -m 755 "$root/usr/bin/perl" "$root/var/tmp/helper"
    as_web "exec /var/tmp/helper -e 'open(F, \">\", \"/run/up\"); print F \"up\"; close(F); sleep 1 while ! -e \"/run/stop\"'"
    compare difference "baseline_digest=$digest"
    line 'found=process runs since access was opened, of www-data, process *: /var/tmp/helper'
    says found_total=1
    touch "$root/run/stop"
    wait "$web"
    rm -f "$root/var/tmp/helper" "$root/run/up" "$root/run/stop"
}

# A supporter who knows the limits fills the shop up to them before they leave a program there.
looks_for_code_first_where_it_cannot_see_all() {
    local besides deep i
    about="$suite difference: more files than can be listed"
    mkdir "$root$site/many"
    on bash -c "cd $site/many && seq 3000 | xargs -I@ touch @.jpg"
    anew
    on bash -c "mkdir $site/zz && cd $site/zz && echo x >shell.php && ln -s /etc out && echo x >picture.jpg"
    echo 'echo 3;' >>"$root$site/index.php"
    besides=sp_b_list=20000
    compare difference "baseline_digest=$digest"
    line 'found=code new or changed, by root: zz/shell.php'
    line 'found=code new or changed, by root, a link to /etc: zz/out'
    line 'found=code * by deploy: index.php'
    says found_total=3 changed_total=0 \
        'difference=partial: new and removed files of the shop are not listed; the list of the shop folder is longer than can be compared'
    about="$suite difference: a list that was cut at the opening"
    rm -rf "${root:?}$lists" "${root:?}$site/zz"
    settled "$site/index.php"
    compare baseline
    says ok=true 'why=The list is not whole: the list of the shop folder is longer than can be compared.'
    on bash -c "mkdir $site/zz && echo x >$site/zz/shell.php"
    besides=''
    compare difference "baseline_digest=$digest"
    line 'found=code new or changed, by root: zz/shell.php'
    says found_total=1 changed_total=0
    line 'difference=partial: *; when access was opened, the list of the shop folder is longer than can be compared'
    rm -rf "${root:?}$site/many" "${root:?}$site/zz"
    # Each of these folders has a longer path than the one before: a list of them all has no end.
    about="$suite difference: very deep"
    anew
    deep=$(printf 'd%.0s' {1..250})
    on bash -c "mkdir $site/pit && cd $site/pit && for i in {1..400}; do mkdir $deep && cd $deep; done && echo x >shell.php && echo x >picture.jpg && echo x >$site/pit/near.php"
    compare difference "baseline_digest=$digest"
    line 'found=code new, by root: pit/near.php'
    line 'found=code new*, by root: pit/ddd*...*/shell.php'
    line 'difference=partial: in the shop folder there are more than 100 folders in one another, the first in pit'
    on rm -rf "$site/pit"
    # Whatever is slow there, what waits for the reply is not kept from it.
    about="$suite difference: slow"
    anew
    printf '#!/usr/bin/perl\nsleep 60 unless "@ARGV" =~ /-maxdepth 0/; exec "/usr/bin/find", @ARGV;\n' >"$root/usr/local/bin/find"
    chmod 755 "$root/usr/local/bin/find"
    besides=sp_b_all_seconds=3
    i=$(date +%s)
    compare difference "baseline_digest=$digest"
    want 'it comes to an end' [ $(($(date +%s) - i)) -le 30 ]
    line 'difference=partial: *listing the shop folder was ended after * seconds*'
    besides=''
    rm "$root/usr/local/bin/find"
    about="$suite difference: a shop folder that leads elsewhere"
    ln -sfn "$site" "$root/srv/current"
    rm -rf "${root:?}$lists"
    compare baseline path=/srv/current
    mkdir "$root/srv/release"
    ln -sfn /srv/release "$root/srv/current"
    compare difference "baseline_digest=$digest" path=/srv/current
    says 'difference=partial: the shop folder leads to another place now, which was not compared: /srv/release'
    rm -rf "${root:?}/srv/current" "$root/srv/release"
    about="$suite difference: no list"
    rm -rf "${root:?}$lists"
    compare digest
    says digest=
}

# shop_once PATTERN SCRIPT [UNDO]: the same for one line about the shop, `found=code …` or `changed=…`.
shop_once() {
    about="$suite difference: $1"
    anew
    on bash -c "cd $site || exit; $2" >"$tmp/did" 2>&1 || fail 'the change itself failed' "$(cat "$tmp/did")"
    compare difference "baseline_digest=$digest"
    line "$1"
    line difference=done
    case $1 in found=*) says found_total=1 changed_total=0 ;; *) says found_total=0 changed_total=1 ;; esac
    [ -z "${3:-}" ] || on bash -c "cd $site && $3" >/dev/null 2>&1
}

tells_the_files_of_a_shop_apart() {
    shop_once 'found=code new, by deploy: admin.PHP' 'echo x >admin.PHP; chown deploy admin.PHP' 'rm admin.PHP'
    shop_once 'found=code new, by www-data, the web server can write it, in a folder for uploads: wp-content/uploads/2026/b.php.jpg' \
        'echo x >wp-content/uploads/2026/b.php.jpg; chown www-data wp-content/uploads/2026/b.php.jpg' 'rm wp-content/uploads/2026/b.php.jpg'
    shop_once 'found=code new, by deploy, the web server can write it: x.phtml' 'echo x >x.phtml; chown deploy:www-data x.phtml; chmod 664 x.phtml' 'rm x.phtml'
    shop_once 'found=code changed (content), by deploy: wp-content/uploads/.htaccess' 'echo "allow from all" >wp-content/uploads/.htaccess'
    shop_once 'found=code removed: wp-content/uploads/.htaccess' 'rm wp-content/uploads/.htaccess' \
        'echo x >wp-content/uploads/.htaccess; chown deploy:deploy wp-content/uploads/.htaccess'
    # The same size, and the old time put back.
    shop_once 'found=code changed (content or only its times), by deploy: index.php' \
        'touch -r index.php /tmp/t; printf X | dd of=index.php conv=notrunc; touch -r /tmp/t index.php'
    shop_once 'found=code changed (replaced), by deploy: index.php' \
        'cp -p index.php index.new; printf Y | dd of=index.new conv=notrunc; touch -r index.php index.new; mv index.new index.php'
    shop_once 'found=code changed (mode 644 is now 666), by deploy, the web server can write it: index.php' 'chmod 666 index.php' 'chmod 644 index.php'
    shop_once 'found=code changed (owner deploy is now www-data), by www-data, the web server can write it: index.php' \
        'chown www-data index.php' 'chown deploy index.php'
    shop_once 'found=code changed (was another kind of file, owner deploy is now root), by root, a link to /tmp/x: index.php' 'rm index.php; ln -s /tmp/x index.php' \
        'rm index.php; echo x >index.php; chown deploy:deploy index.php'
    shop_once 'found=code new, by root, a link to ../../../etc: wp-content/uploads/etc' 'ln -s ../../../etc wp-content/uploads/etc' 'rm wp-content/uploads/etc'
    shop_once 'found=code changed (leads elsewhere), by deploy, a link to /etc: scripts' 'ln -sfn /etc scripts; chown -h deploy:deploy scripts' 'ln -sfn js scripts; chown -h deploy:deploy scripts'
    shop_once 'changed=new link: 2026' 'ln -s wp-content/uploads/2026 2026' 'rm 2026'
    shop_once 'changed=changed content: js/app.js' 'echo x >>js/app.js'
    shop_once 'changed=removed js/app.js' 'rm js/app.js' 'echo x >js/app.js'
    shop_once 'changed=new folder: a' 'mkdir a' 'rmdir a'
    # What a cache writes itself is one line; a folder that is merely called so is none.
    shop_once 'found=code 2 new and 7 changed files in a cache, which is best emptied: var/cache' \
        'for i in 1 2 3 4 5 6 7; do echo $i$i >var/cache/prod/$i.php; done; echo x >var/cache/prod/x.php; echo x >var/cache/prod/y.php' \
        'rm var/cache/prod/[xy].php'
    about="$suite difference: a new folder called cache"
    anew
    on bash -c "mkdir -p $site/cache/a && for i in 1 2 3 4 5 6 7; do echo x >$site/cache/a/\$i.php; done"
    compare difference
    says found_total=7
    line 'found=code new, by root: cache/a/7.php'
    rm -rf "${root:?}$site/cache"
    about="$suite difference: many files at once"
    mkdir "$root$site/many"
    on bash -c "cd $site/many && seq 1000 | xargs -I@ touch @.php @.jpg"
    anew
    on chmod -R 777 "$site/many"
    compare difference
    line 'found=code 1000 files changed (mode 644 is now 777); *The first: many/1.php'
    line 'changed=changed 1000 files, mode 644 is now 777; *The first: many/1.jpg'
    says found_total=1 changed_total=2
    anew
    on bash -c "cd $site/many && for i in *; do echo x >\$i; done; mkdir uploads; touch uploads/{1..300}.php"
    compare difference
    says found_total=1300 changed_total=1001
    same 'of these, so many are listed' '200 300' "$(grep -c ^found= <<<"$out") $(grep -c ^changed= <<<"$out")"
    same 'those in a folder for uploads first' 80 "$(grep ^found= <<<"$out" | grep -n '^found=code new, .*uploads' | cut -d: -f1 | awk '$1 <= 80' | wc -l)"
    rm -rf "${root:?}$site/many"
}

# plain: nothing in the reply but printable UTF-8, in lines of ours.
plain() {
    want 'the reply is UTF-8' iconv -f utf-8 -t utf-8 <<<"$out"
    deny 'no control character gets through' grep -q '[[:cntrl:]]' <<<"$out"
    deny 'no line is forged' grep -vqE '^(found|changed|found_total|changed_total|difference|stagepass)=' <<<"$out"
    deny 'no line is too long' grep -qE '^.{420}' <<<"$out"
}

# What a reply has no room for is packed; what it still has none for is looked at for code alone; and where nothing can be packed
# less is told.
tells_what_there_is_room_for() {
    local no_gzip='sp_has() { [ "$1" != gzip ] && command -v "$1" >/dev/null 2>&1; }'
    about="$suite difference: room"
    settled "$site/index.php"
    anew
    on bash -c "mkdir $site/many && cd $site/many && seq -f '%05g-a-rather-long-name-of-a-picture.jpg' 4000 | xargs touch shell.php"
    compare difference
    says difference=done found_total=1 changed_total=4001
    besides=$no_gzip
    compare difference
    says difference=done found_total=1 changed_total=4001
    for besides in sp_b_packed=3000 "$no_gzip; sp_b_plain=220000"; do
        compare difference
        line 'found=code new or changed, by root: many/shell.php'
        line 'difference=partial: more files differ than can be told: of the shop only what a server may run*'
        says found_total=1 changed_total=0
    done
    # Neither for that.
    on bash -c "cd $site/many && seq -f '%05g-a-rather-long-name-of-a-program.php' 4000 | xargs touch"
    for besides in sp_b_packed=3000 "$no_gzip; sp_b_plain=220000"; do
        compare difference
        line 'found=code new or changed, by root: many/*.php'
        line 'difference=partial: more files differ than can be told: *'
    done
    # What one script closes has to find room in one reply, whatever the environment says.
    besides=''
    compare room together=25
    says 'room=1000000 4500000'
    compare room turn=1 together=25
    says 'room=360000 360000'
    compare room turn=1 together=2
    says 'room=1000000 4500000'
    # However much there is of files, in the shop and in homes, it pushes nothing else off.
    on bash -c "mkdir -p /home/deploy/.vim/plugin && cd /home/deploy/.vim/plugin && seq -f '%05g-a-rather-long-name-of-a-plugin.vim' 4000 | xargs touch; echo '@hourly id' | crontab -"
    for besides in sp_b_packed=3000 "$no_gzip; sp_b_plain=220000"; do
        compare difference
        line 'found=cron new line in the crontab of root: @hourly id'
        line 'difference=partial: more files differ than can be told: *'
    done
    on bash -c 'crontab -r; rm -rf /home/deploy/.vim'
    besides=''
    rm -rf "${root:?}$site/many"
}

is_not_fooled_by_names() {
    about="$suite difference: names"
    local deep='' i
    anew
    mkdir "$root$site/n"
    on bash -c "cd $site/n || exit
        printf x >\$'a\\nfound=user forged\\nb.php'
        printf x >\$'tab\\tin it.php'
        printf x >\$'\\e[31mred\\a.php'
        printf x >\$'invalid \\xff\\xc3( \\xed\\xa0\\x80.php'
        printf x >\$'turned \\u202ephp.jpg'
        printf x >'\$(id) \`id\` ; & | * ?.php'
        printf x >'-rf.php'; mkdir -- '-delete'; printf x >'-delete/-exec.php'
        printf x >'index.php//f 644 0 0 0 0 0 0'
        printf x >\$'back\\\\slash.php'
        printf x >\$'gr\\xc3\\xbc\\xc3\\x9f dich.php'" 2>/dev/null
    for i in $(seq 15); do deep=$deep$(printf 'd%.0s' $(seq 250))/; done
    on bash -c "mkdir -p $site/n/$deep && cd $site/n/$deep && printf x >$(printf 'e%.0s' $(seq 200)).php"
    # Deeper than a path can be.
    on bash -c "cd $site/n/$deep && for i in 1 2 3 4; do mkdir $(printf 'f%.0s' $(seq 250)) && cd f*; done; printf x >deep.php"
    compare difference "baseline_digest=$digest"
    plain
    says difference=done
    line 'found=code new, by root: n/a?found=user forged?b.php'
    line 'found=code new, by root: n/tab?in it.php'
    line 'found=code new, by root: n/??31mred?.php'
    line 'found=code new, by root: n/invalid ??( ???.php'
    line 'changed=new n/turned ?php.jpg'
    line 'found=code new, by root: n/grüß dich.php'
    line 'found=code new, by root: n/$(id) `id` ; & | \* ?.php'
    line 'found=code new, by root: n/-delete/-exec.php'
    line 'found=code new, by root: n/dddd*...*eee.php'
    line 'found=code new, by root: n/dddd*...*fff/deep.php'
    no_line 'found=user*'
    on bash -c "cd $site/n && printf y >\$'a\\nfound=user forged\\nb.php' && touch -d @1 \$'tab\\tin it.php'"
    anew
    on bash -c "cd $site/n && printf z >\$'a\\nfound=user forged\\nb.php' && rm \$'tab\\tin it.php'"
    compare difference "baseline_digest=$digest"
    plain
    line 'found=code changed (content), by root: n/a?found=user forged?b.php'
    line 'changed=removed n/tab?in it.php'
    says found_total=1 changed_total=1
    rm -rf "${root:?}$site/n"
    about="$suite difference: names elsewhere"
    anew
    on bash -c "printf x >\$'/etc/cron.d/a\\nfound=user forged'; printf x >\$'/home/deploy/.config/systemd/user/a\\n=81a4 0 0\\tx\\tx'
        install -m 4755 /bin/true \$'/var/tmp/a\\nb'; printf '%s\\n' 'ssh-ed25519 ${mallory:12:68} '\$'\\e[31m\\xff'' found=user' >>/root/.ssh/authorized_keys
        printf '%s\\n' \$'@hourly id \\e[31m' | crontab -"
    compare difference "baseline_digest=$digest"
    plain
    line 'found=cron new: /etc/cron.d/a?found=user forged'
    line 'found=unit new: /home/deploy/.config/systemd/user/a?*'
    line 'found=setuid new or changed, mode 4755, runs as root: /(control characters in its name), inode *'
    line 'found=key new login key for root: ssh-ed25519 * (??31m? found=user) in *'
    line 'found=cron new line in the crontab of root: @hourly id ??31m'
    says found_total=5
    on bash -c "rm -f /etc/cron.d/a* /home/deploy/.config/systemd/user/* /var/tmp/a*; crontab -r; sed -i '/found=user/d' /root/.ssh/authorized_keys"
}

# What a supporter could leave so that nobody ever comes to an end.
waits_for_nobody() {
    local before
    about="$suite difference: traps"
    anew
    on bash -c "cd /home/deploy && mkfifo .ssh/rc .ssh/authorized_keys2 .bash_login .config/systemd/user/x.service /var/spool/cron/crontabs/deploy $site/pipe.php
        ln -s /dev/zero .bash_profile; ln -s /dev/zero /etc/ssh/keys/deploy; ln -s / $site/all; ln -s . $site/loop
        head -c 300000000 /dev/zero >.zshrc; yes 'no-pty $mallory' | head -c 30000000 >>.ssh/authorized_keys
        { printf 'x%.0s' {1..2000}; head -c 5000000 /dev/zero | tr '\\0' y; } >/var/spool/cron/crontabs/root
        chown root:crontab /var/spool/cron/crontabs/root; truncate -s 1T $site/large.php"
    before=$(date +%s)
    compare difference "baseline_digest=$digest"
    want 'the comparison comes to an end' [ "$(($(date +%s) - before))" -le 20 ]
    plain
    line 'found=key of this file only the beginning could be compared: /home/deploy/.ssh/authorized_keys'
    line 'found=cron of this crontab only the beginning could be compared: *'
    line 'found=login new: /home/deploy/.zshrc'
    line 'found=login new: /home/deploy/.ssh/rc'
    line 'found=code new, by root: pipe.php'
    line 'found=code new, by root: large.php'
    line 'found=code new, by root, a link to /: all'
    on bash -c "cd /home/deploy && rm -f .ssh/rc .ssh/authorized_keys2 .bash_login .config/systemd/user/x.service /var/spool/cron/crontabs/* \
        $site/pipe.php $site/large.php $site/all $site/loop .bash_profile .zshrc /etc/ssh/keys/deploy; cp /root/.ssh/authorized_keys .ssh/; chown deploy .ssh/*"
}

knows_its_own_list() {
    local first
    about="$suite difference: the list"
    anew
    first=$digest
    echo x >"$root$site/evil.php"
    compare baseline
    same 'a second open does not take what was done for what was there' "$first" "$digest"
    # A file that is added to the list has been there all the time, it seems.
    (cd "$root$site" && find . -name evil.php -printf '%P//%y %m %U %G %s %T@ %C@ %i\n') >>"$root$lists/shop"
    compare difference "baseline_digest=$first"
    line 'found=baseline The list of what was there when access was opened was changed since*'
    says found_total=1
    rm -rf "${root:?}$lists"
    compare difference "baseline_digest=$first"
    line 'found=baseline The list * is gone*'
    line 'difference=none: *'
    compare difference
    says 'difference=none: no list was made when access was opened' found_total=0
    rm "$root$site/evil.php"
    about="$suite difference: no shop"
    rm -rf "${root:?}$lists"
    compare baseline path=
    compare difference "baseline_digest=$digest" path=
    nothing
    about="$suite difference: the shop is gone"
    anew
    mv "$root$site" "$root/srv/moved"
    compare difference
    says 'difference=partial: the shop folder is not there' found_total=0
    mv "$root/srv/moved" "$root$site"
    about="$suite difference: a full disk"
    mkdir -p "$root/srv/small"
    on mount -t tmpfs -o size=64k tmpfs /srv/small
    on bash -c "cd $site && mkdir m && cd m && touch {1..3000}.txt"
    compare baseline at=/srv/small/baseline
    says ok=false digest= 'why=The list of what is there now could not be written (a full disk, or a quota).'
    same 'nothing is left of it' '' "$(on ls -A /srv/small)"
    on umount /srv/small
    # However much room there is to compare in: what was found is told whole, or it is told that it is not.
    on mount -t tmpfs -o size=4m tmpfs /srv/small
    local room full=0 whole=0
    compare baseline at=/srv/small/baseline
    says ok=true why=
    on bash -c "cd $site/m && touch {1..1000}.php && echo '@hourly id' | crontab - && install -m 4755 /bin/true /usr/local/bin/door"
    for room in $(seq 4 60 1900); do
        on bash -c "rm -f /srv/small/filler; head -c \$((\$(df --output=avail -k /srv/small | tail -n 1) - $room))k /dev/zero >/srv/small/filler"
        compare difference at=/srv/small/baseline
        case $out in
            *difference=done*)
                whole=$((whole + 1))
                line 'found=cron new line in the crontab of root: @hourly id'
                line 'found=setuid new or changed, mode 4755, runs as root: /usr/local/bin/door'
                says found_total=1003 changed_total=0
                ;;
            *'difference=partial: '*room* | *'difference=none: '*) full=$((full + 1)) && pass ;;
            *) fail "with $room kB of room it is told that something is missing" "$out" ;;
        esac
    done
    want 'a disk was full, and one was not' test "$full" -gt 3 -a "$whole" -gt 3
    on bash -c 'crontab -r; rm -f /usr/local/bin/door; umount /srv/small'
    rm -rf "${root:?}$site/m" "$root/srv/small"
}

leaves_out_what_is_ours() {
    local id=other7x uid
    about="$suite difference: another grant"
    anew
    on bash -c "useradd -M -c 'stagepass $id' sp-bob && echo sp-bob:secret | chpasswd && usermod -aG www-data sp-bob
        mkdir -p /var/lib/stagepass/$id && printf 'account=sp-bob\nuid=%s\ngid=%s\n' \$(id -u sp-bob) \$(id -g sp-bob) >/var/lib/stagepass/$id/record
        mkdir -p /home/sp-bob/.ssh && echo '$mallory' >/home/sp-bob/.ssh/authorized_keys
        echo x >/etc/cron.d/stagepass-$id; echo x >/etc/systemd/system/stagepass-$id.timer; echo x >/etc/systemd/system/stagepass-$id.service
        mkdir -p /etc/systemd/system/timers.target.wants; ln -s ../stagepass-$id.timer /etc/systemd/system/timers.target.wants/stagepass-$id.timer
        echo x >/etc/ssh/sshd_config.d/50-stagepass-$id.conf
        echo '@hourly id' | crontab -u sp-bob -; echo \"* * * * * /bin/sh '/var/lib/stagepass/$id/failsafe' >/dev/null 2>&1 # stagepass $id\" | crontab -"
    compare difference "baseline_digest=$digest"
    nothing
    about="$suite difference: another grant that ended"
    rm -rf "${root:?}$lists"
    compare baseline
    on bash -c "crontab -r -u sp-bob; userdel sp-bob; rm -rf /home/sp-bob /var/lib/stagepass/$id /etc/cron.d/stagepass-$id /etc/systemd/system/stagepass-$id.* \
        /etc/systemd/system/timers.target.wants/stagepass-$id.timer /etc/ssh/sshd_config.d/50-stagepass-$id.conf; crontab -r"
    compare difference "baseline_digest=$digest"
    nothing
    about="$suite difference: marks that nobody wrote down"
    anew
    on bash -c "useradd -M -c 'stagepass $id' sp-bob; echo x >/etc/cron.d/stagepass-$id; echo x >/etc/systemd/system/stagepass-$id.service
        echo '${mallory% *} stagepass:$grant' >>/root/.ssh/authorized_keys
        mkdir -p /home/deploy/.stagepass/$id && echo '${mallory% *} stagepass:$id' >>/home/deploy/.ssh/authorized_keys
        echo x >/etc/cron.hourly/stagepass-$grant
        echo \"* * * * * id; /bin/sh '/var/lib/stagepass/$grant/failsafe' >/dev/null 2>&1 # stagepass $grant\" | crontab -"
    compare difference "baseline_digest=$digest"
    line 'found=user new account: sp-bob *'
    line "found=cron new: /etc/cron.d/stagepass-$id"
    line "found=cron new: /etc/cron.hourly/stagepass-$grant"
    line "found=unit new: /etc/systemd/system/stagepass-$id.service"
    line "found=key new login key for root: * (stagepass:$grant, which no record of stagepass here knows) in *"
    line "found=key new login key for deploy: * (stagepass:$id, which no record of stagepass here knows) in *"
    line 'found=cron new line in the crontab of root: \* \* \* \* \* id; /bin/sh *'
    on bash -c "userdel sp-bob; rm -rf /home/deploy/.stagepass /etc/cron.*/stagepass-* /etc/systemd/system/stagepass-*; crontab -r
        sed -i '/stagepass:/d' /root/.ssh/authorized_keys /home/deploy/.ssh/authorized_keys"
}

looks_before_stagepass_changes_a_folder() {
    about="$suite difference: two grants in one shop"
    mkdir -p "$root$site/lib"
    on bash -c "cd $site/lib && for i in {1..40}; do echo \"<?php // \$i\" >\$i.php; echo \$i >\$i.jpg; done; chown -R deploy: ."
    anew
    # Changed before stagepass comes: stays a finding.
    on bash -c "cd $site/lib && touch -r 1.php /tmp/t && printf X | dd of=1.php conv=notrunc && touch -r /tmp/t 1.php" >/dev/null 2>&1
    compare hold grant=other7x
    on setfacl -R -m u:daemon:rX "$site"
    compare difference "baseline_digest=$digest"
    line 'found=code changed (content or only its times), by deploy: lib/1.php'
    says found_total=1 changed_total=0
    # Changed while it works, or afterwards: the digest tells.
    on bash -c "cd $site/lib && touch -r 2.php /tmp/t && printf X | dd of=2.php conv=notrunc && touch -r /tmp/t 2.php" >/dev/null 2>&1
    compare hold grant=other7x
    on bash -c "setfacl -R -b $site; echo y >>$site/lib/3.php"
    compare difference "baseline_digest=$digest"
    line 'found=code changed (content or only its times), by deploy: lib/2.php'
    line 'found=code changed (content), by deploy: lib/3.php'
    says found_total=3 changed_total=0
    about="$suite difference: another folder is not held"
    anew
    compare hold grant=other7x path=/srv/sit
    deny 'another folder is not looked at' test -e "$root$lists/held"
    on setfacl -R -m u:daemon:rX "$site"
    compare difference "baseline_digest=$digest"
    line 'found=code * files with new times of their inode and nothing else*'
    on setfacl -R -b "$site"
    rm -rf "${root:?}$site/lib"
}

compares_a_shared_account() {
    local lists=/home/deploy/.stagepass/$grant/baseline keys=$root/home/deploy/.ssh/authorized_keys account=''
    about="$suite difference in a shared account"
    login=deploy
    cat "$tmp/operator.pub" >"$keys"
    on bash -c 'rm -f /var/spool/cron/crontabs/*; chown -R deploy: /home/deploy; install -d -o deploy -m 700 /home/deploy/.stagepass /home/deploy/.stagepass/'"$grant"
    anew
    compare difference "baseline_digest=$digest"
    nothing
    echo "restrict $supporter_key stagepass:$grant" >>"$keys"
    on bash -c "echo \"* * * * * /bin/sh -c 'exec /bin/sh \\\"/home/deploy/.stagepass/$grant/failsafe\\\" >/dev/null 2>/dev/null # stagepass $grant'\" | crontab -u deploy -"
    compare difference "baseline_digest=$digest"
    nothing
    # The mark of this grant behind another key, of a grant that is not there, of one whose folder anybody here can
    # make, with the line of its failsafe, and a line that only ends like ours.
    on bash -c "su deploy -c 'mkdir -p ~/.stagepass/other7x'; echo '${mallory% *} stagepass:other7x' >>/home/deploy/.ssh/authorized_keys
        { crontab -l -u deploy; echo \"* * * * * /bin/sh -c 'exec /bin/sh \\\"/home/deploy/.stagepass/other7x/failsafe\\\" >/dev/null 2>/dev/null # stagepass other7x'\"; } | crontab -u deploy -"
    ssh-keygen -q -t ed25519 -N '' -C eve -f "$tmp/eve"
    echo "$(cut -d' ' -f1,2 "$tmp/eve.pub") stagepass:$grant" >>"$keys"
    ssh-keygen -q -t ecdsa -N '' -C eve2 -f "$tmp/eve2"
    echo "$(cut -d' ' -f1,2 "$tmp/eve2.pub") stagepass:nobody" >>"$keys"
    on bash -c "{ crontab -l -u deploy; echo \"* * * * * id; /bin/sh -c 'exec /bin/sh \\\"/home/deploy/.stagepass/$grant/failsafe\\\" >/dev/null 2>/dev/null # stagepass $grant'\"; } | crontab -u deploy -
        echo id >>/home/deploy/.bashrc; su deploy -c 'cp /bin/true /home/deploy/door; chmod 4755 /home/deploy/door; echo x >$site/new.php'"
    compare difference "baseline_digest=$digest"
    line "found=key new login key for deploy: ssh-ed25519 * (stagepass:$grant, which no record of stagepass here knows) in *"
    line "found=key new login key for deploy: * (stagepass:other7x, which no record of stagepass here knows) in *"
    line "found=cron new line in the crontab of deploy: \* \* \* \* \* /bin/sh -c *other7x*"
    line "found=key new login key for deploy: ecdsa-* (stagepass:nobody, which no record of stagepass here knows) in *"
    line 'found=cron new line in the crontab of deploy: \* \* \* \* \* id; *'
    line 'found=login changed: /home/deploy/.bashrc'
    line 'found=setuid new or changed, mode 4755, runs as deploy: /home/deploy/door'
    line 'found=code new, by deploy: new.php'
    says found_total=8 changed_total=0
    about="$suite difference in a shared account: a folder it may not read"
    on bash -c "rm /home/deploy/door; mkdir -m 700 $site/closed"
    rm -rf "${root:?}$lists"
    compare baseline
    says ok=true "why=The list is not whole: in the shop folder this could not be read: $site/closed."
    compare difference "baseline_digest=$digest"
    says found_total=0 "difference=partial: when access was opened and now, in the shop folder this could not be read: $site/closed"
    rm -rf "${root:?}$site/closed" "$root/home/deploy/.stagepass" "$tmp/eve" "$tmp/eve.pub" "$tmp/eve2" "$tmp/eve2.pub"
    on bash -c 'crontab -r -u deploy'
    login=root
}
