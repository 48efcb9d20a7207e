# The cases of linux-account. Read by run.sh; needs what it defines.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154

# In two, each on a server of its own.
linux_account() {
    account_lives
    account_ends
}

account_lives() {
    about="$suite linux-account"
    account=sp-anna login=root
    detects
    lives
    counts_who_is_in
    keeps_acls
    secrets_stay_closed
    acts_as_the_owner
    keeps_to_the_shop
}

account_ends() {
    about="$suite linux-account"
    account=sp-anna login=root
    one_verb_at_a_time
    chooses_an_id
    leaves_traps_to_nobody
    follows_a_deployment
    is_not_held_up_by_what_vanishes
    refuses_what_is_not_ours
    survives_kills
    survives_power_cuts
    closes_whatever_happened
    closes_several_at_once
    closes_while_they_are_in
    compared_twice_at_once
    closes_all_of_one_shop
    closes_together_with_a_cut_list
    no_room_for_the_record
    asks_sshd
    guards_the_way_in
    keeps_secrets
}

lives() {
    local access with
    # All nine on one, the ones that differ most on the others.
    for access in sftp sftp-read-only ssh; do
        for with in key password both; do
            case $suite:$access:$with in
                bookworm:* | *:sftp:key | *:both) whole_life "$access" "$with" ;;
            esac
        done
    done
}

# Several grants that are closed by one script: ended together, looked at together, and each told what is its own.
closes_several_at_once() {
    about="$suite several at once"
    local was_grant=$grant was_account=$account name digest began i said
    local -A of_name=()
    make_shop
    echo mine >"$root/srv/merchants"
    chown --reference="$root/home/deploy" "$root/srv/merchants"
    said=$(stat -c '%U %a %Z' "$root/srv/merchants")
    # With a shop, without one, and one that is away already.
    for name in ann ben cleo dan eve; do
        grant=k3v9q2m7$name account=sp-$name
        case $name in
            ann | ben) set -- "path=$shop" ;;
            *) set -- path= ;;
        esac
        verb linux-account open "$@" access=ssh
        finishes
        digest=$(sed -n 's/^baseline_digest=//p' <<<"$out")
        batch "$@" access=ssh "baseline_digest=$digest"
        of_name[$name]=$batched
    done
    account=sp-cleo
    (key_ssh 'echo planted >/var/tmp/planted; : >began; exec sleep 600' >/dev/null 2>&1) &
    began=$!
    again 20 test -e "$root/var/tmp/planted"
    on chown sp-dan: /root
    on setpriv --reuid=sp-dan --clear-groups touch /srv/../root/of-dan
    on chown root: /root
    on setpriv --reuid=sp-ben --clear-groups sh -c "echo '<?php' >'$shop/var/planted.php'"
    on userdel sp-eve
    closes
    wait "$began" 2>/dev/null
    for name in ann ben cleo dan eve; do
        of "${of_name[$name]}"
        finishes
        says absent=true account_absent=true processes=0 result_kept=true
        [ "$name" = eve ] || says difference=done
        deny "sp-$name is still there" on getent passwd "sp-$name"
    done
    of "${of_name[eve]}"
    says already_absent=true left_total=0
    for name in ann ben dan eve; do
        of "${of_name[$name]}"
        says sessions_ended=0
        deny "$name is told of what cleo left" grep -q /var/tmp/planted <<<"$out"
    done
    for name in ann ben cleo eve; do
        of "${of_name[$name]}"
        deny "$name is told of what dan left" grep -q /root/of-dan <<<"$out"
    done
    of "${of_name[cleo]}"
    says sessions_ended=1 deleted_outside=1 reowned=0
    of "${of_name[dan]}"
    says 'left=deleted /root/of-dan' left_total=1
    # What is new in the shop is told to both who had it, as when one is closed after the other; and given to its owner once.
    for name in ann ben; do
        of "${of_name[$name]}"
        want "$name is told of the file in the shop" grep -q '^found=code .*planted.php' <<<"$out"
    done
    of "${of_name[ben]}"
    says reowned=1
    same 'the file in the shop is its owner'"'"'s' deploy "$(on stat -c %U "$shop/var/planted.php")"
    same 'what the merchant has was not touched' "$said" "$(stat -c '%U %a %Z' "$root/srv/merchants")"
    for i in /var/tmp/planted /root/of-dan; do deny "$i is still there" test -e "$root$i"; done
    same 'nothing but results is left' '' "$(cd "$root/var/lib/stagepass" && printf '%s\n' * | grep -v -e '^result[.]' -e '^last-uid$')"
    # Of two it is said, by one script, that they are recorded; one had none.
    : >"$root/var/lib/stagepass/result.of-nobody"
    touch -d '91 days ago' "$root/var/lib/stagepass/result.of-nobody"
    for name in ann dan fay; do
        grant=k3v9q2m7$name account=sp-$name
        batch access=ssh
        of_name[$name]=$batched
    done
    closes collected
    for name in ann dan fay; do
        of "${of_name[$name]}"
        finishes
        says result_kept=false
    done
    same 'theirs are gone, and what is old' 'result.k3v9q2m7ben result.k3v9q2m7cleo result.k3v9q2m7eve' "$(cd "$root/var/lib/stagepass" && printf '%s\n' result.* | grep -x -e 'result[.]of-nobody' -e 'result[.]k3v9q2m7\(ann\|ben\|cleo\|dan\|eve\|fay\)' | paste -sd ' ')"
    grant=$was_grant account=$was_account
    rm -f "$root"/var/lib/stagepass/result.* "$root/srv/merchants"
}

# Between the moment in which the first of several is shut and the one in which the last is ended, supporters who are in see
# it, and plant jobs and start programs, and others log in all the time. Looking up an account is made slow, so that this
# takes seconds: then whoever was shut first is not kept waiting for the last one.
closes_while_they_are_in() {
    local was_grant=$grant was_account=$account name digest uid jobs=() one
    local -A of_name=() id_of=()
    about="$suite several at once, and they are in"
    make_shop
    red_programs
    for name in ann ben cleo dan; do
        grant=k3v9q2m7$name account=sp-$name
        verb linux-account open access=ssh
        finishes
        digest=$(sed -n 's/^baseline_digest=//p' <<<"$out")
        batch access=ssh "baseline_digest=$digest"
        of_name[$name]=$batched
        id_of[$name]=$(on id -u "$account")
        on sh -c ': >"/run/red/window.$1"' - "$name"
        # The one that is shut first sees its own end, the others see that of the first.
        key_ssh "/opt/red/window /run/red/window.$name /var/lib/stagepass/k3v9q2m7ann/ends"
        want "sp-$name waits for its moment" again 60 holds "window.$name"
    done
    deny 'nothing was planted yet' test -e "$root/var/spool/cron/crontabs/sp-ann"
    printf '%s\n' '#!/bin/sh' 'case $* in *^sp-*/etc/passwd) [ ! -e /run/red/slow ] || sleep 1.2 ;; esac' 'exec /usr/bin/grep "$@"' >"$root/usr/local/bin/grep"
    chmod 755 "$root/usr/local/bin/grep"
    on sh -c 'touch /run/red/slow
        until flock -n /run/red/window.ann true; do sleep 0.05; done
        stat -c %s /var/lib/stagepass/k3v9q2m7dan/ends >/run/red/last; rm /run/red/slow' &
    jobs+=("$!")
    for name in ben cleo dan; do
        account=sp-$name
        while [ ! -e "$tmp/closed.$suite" ]; do key_ssh 'exec sleep 1000' >/dev/null 2>&1; done &
        jobs+=("$!")
    done
    closes
    touch "$tmp/closed.$suite"
    wait "${jobs[@]}" 2>/dev/null
    rm -f "$root/usr/local/bin/grep" "$tmp/closed.$suite"
    want 'the first was over before the last was shut' grep -q '^[1-9]' "$root/run/red/last"
    for name in ann ben cleo dan; do
        about="$suite several at once, and they are in: $name"
        account=sp-$name uid=${id_of[$name]}
        of "${of_name[$name]}"
        finishes
        says absent=true account_absent=true processes=0 keys_absent=true
        deny 'nothing of it lives' holds "window.$name"
        deny 'nor of a login' on sh -c 'grep -qs "^Uid:[[:space:]]*$1[[:space:]]" /proc/[0-9]*/status' - "$uid"
        deny 'there is no such account' on getent passwd "$account"
        deny 'the login is refused' key_login ssh
    done
    about="$suite several at once, and they are in"
    same 'no job is left' '' "$(on find /var/spool/cron/crontabs /var/spool/cron/atjobs -type f ! -name .SEQ)"
    for one in "${!id_of[@]}"; do
        same "no file of sp-$one is left" '' "$(on find / -xdev -uid "${id_of[$one]}" -not -path '/proc/*')"
    done
    rm -f "$root"/var/lib/stagepass/result.*
    grant=$was_grant account=$was_account
}

# While several are compared, which holds no lock, the server's own job comes for one of them and compares as well.
compared_twice_at_once() {
    about="$suite the server closes one of several while they are compared"
    local was_grant=$grant was_account=$account name digest late
    make_shop
    mkdir -p "$root/usr/local/bin"
    for name in ann ben; do
        grant=k3v9q2m7$name account=sp-$name
        verb linux-account open "path=$shop" access=ssh
        finishes
        digest=$(sed -n 's/^baseline_digest=//p' <<<"$out")
        batch "path=$shop" access=ssh "baseline_digest=$digest"
    done
    on setpriv --reuid=sp-ann --clear-groups sh -c "echo '<?php' >'$shop/var/planted.php'"
    slow_tool cmp 3
    on sh -c 'i=0; until [ -e /tmp/reached ] || [ $((i = i + 1)) -gt 1200 ]; do sleep 0.05; done; exec sh /var/lib/stagepass/k3v9q2m7ann/failsafe' >/dev/null 2>&1 &
    late=$!
    closes
    wait "$late"
    rm -f "$root/usr/local/bin/cmp" "$root/tmp/reached"
    for name in ann ben; do
        grant=k3v9q2m7$name account=sp-$name
        of "$([ "$name" = ann ] && echo 1 || echo 2)"
        finishes
        says absent=true difference=done
        want "$name is told of what is new" grep -q '^found=code .*planted.php' <<<"$out"
    done
    of 1
    says by_server=true
    rm -f "$root/$shop/var/planted.php" "$root"/var/lib/stagepass/result.*
    grant=$was_grant account=$was_account
}

# What is written down of the ACLs does not fit on the disk: then nothing is opened, and it is said why.
no_room_for_the_record() {
    local acl before
    about="$suite no room for the record of the ACLs"
    make_shop
    on sh -c 'mkdir "$1/many" && cd "$1/many" && seq 16000 | xargs touch && chown -R --reference=.. . && setfacl -R -m u:33:r .' sh "$shop"
    acl=$(acls "$shop") before=$(accounts)
    on sh -c 'mkdir -p /var/lib/stagepass && mount -t tmpfs -o size=1800k,mode=700 tmpfs /var/lib/stagepass'
    verb linux-account open "path=$shop"
    refuses no-room
    case $out in *'The record of the ACLs could not be written (full disk).'*) pass ;; *) fail 'it says why' "$out" ;; esac
    on umount /var/lib/stagepass
    same 'the ACLs are as before' "$acl" "$(acls "$shop")"
    same 'and the accounts' "$before" "$(accounts)"
    rm -rf "$root$shop/many"
}

# The list of the shop is longer than can be compared: what is new there and can be run is told by each of those that are closed
# together, and not by the one alone that made the list.
closes_together_with_a_cut_list() {
    local was_grant=$grant was_account=$account name otherwise
    local -A digest_of=()
    about="$suite closed together, and the list of the shop was cut"
    make_shop
    for name in ann ben; do
        grant=k3v9q2m7$name account=sp-$name
        verb linux-account open "path=$shop"
        finishes
        digest_of[$name]=$(sed -n 's/^baseline_digest=//p' <<<"$out")
    done
    echo '<?php' >"$root$shop/zzz.php"
    chown --reference="$root/home/deploy" "$root$shop/zzz.php"
    for name in ann ben; do
        grant=k3v9q2m7$name account=sp-$name
        batch "path=$shop" "baseline_digest=${digest_of[$name]}"
    done
    otherwise='s/^sp_b_list=.*/sp_b_list=200/'
    closes
    for name in 1 2; do
        of "$name"
        finishes
        says absent=true
        case $out in *'difference=partial: '*'the list of the shop folder is longer than can be compared'*) pass ;; *) fail "the list was not cut" "$out" ;; esac
        case $out in *'found=code new'*zzz.php*) pass ;; *) fail "the file that is new is told by the close number $name" "$out" ;; esac
    done
    grant=$was_grant account=$was_account
    rm -f "$root$shop/zzz.php"
}

# Grants of one shop: closed one after the other, together, and together with a script that ends in the middle; and the shop is the
# same each time. Together, the shop is walked through once for all of whom nothing is in it.
closes_all_of_one_shop() {
    local was_grant=$grant was_account=$account how name access acl after='' was seconds deep=/srv/closed/shop made
    local -A digest_of=() number_of=()
    printf '#!/bin/sh\ncase " $* " in *" -R "*) echo "$*" >>/root/walks ;; esac\nexec /usr/bin/getfacl "$@"\n' >"$root/usr/local/bin/getfacl"
    chmod 755 "$root/usr/local/bin/getfacl"
    for how in apart together cut fails held; do
        about="$suite all of one shop, $how"
        seconds=600
        [ "$how" != held ] || seconds=2
        rm -rf "$root/srv/closed"
        make_shop
        mkdir -p "$root/srv/closed"
        mv "$root$shop" "$root$deep"
        chown --reference="$root/home/deploy" "$root/srv/closed"
        chmod 750 "$root/srv/closed"
        mkdir -p "$root$deep/team/sub" "$root$deep/based"
        echo a >"$root$deep/team/masked"
        echo b >"$root$deep/team/plain"
        chown -R --reference="$root/home/deploy" "$root$deep/team" "$root$deep/based"
        setfacl -m u:33:rwx,g:4:r-x,m::r-- "$root$deep/team/masked"
        setfacl -m u:33:rwx,d:u:33:rwx,d:g:4:rwX,d:m::r-x "$root$deep/team"
        setfacl -m d:u:1000:r-x "$root$deep/team/sub"
        setfacl -d -m u::rwx,g::r-x,o::--- "$root$deep/based"
        setfacl -m u:2000:rwx "$root$deep/run.sh"
        acl=$(acls /srv/closed)
        was=$(stat -c %a "$root$deep/index.php" "$root$deep/team/sub")
        for name in ann ben cleo dan; do
            grant=k3v9q2m7$name account=sp-$name access=sftp
            [ "$name" != ben ] || access='sftp-read-only'
            verb linux-account open "path=$deep" "access=$access"
            finishes
            says shop_access=acl
            digest_of[$name]=$(sed -n 's/^baseline_digest=//p' <<<"$out")
        done
        # One of them has a file in the shop, and the shop's own people go on working.
        on setpriv --reuid=sp-dan --clear-groups sh -c "echo '<?php' >'$deep/var/of-dan.php'"
        on runuser -u deploy -- sh -c 'umask 022; cd "$1"; echo n >new; mkdir newdir; echo n >newdir/file; install -m 755 new newprog; install -m 600 new newprivate' - "$deep"
        chmod 600 "$root$deep/index.php"
        chmod 2770 "$root$deep/team/sub"
        rm -f "$root/root/walks"
        case $how in
            cut)
                # The first has taken off what it takes off; the shells go, whoever has had a turn.
                printf '%s\n' '#!/bin/sh' 'p=$PPID all=' 'while c=$(cat "/proc/$p/comm") && [ "${c#sshd}" = "$c" ]; do' \
                    'all="$p $all"' 'p=$(sed -n "s/^PPid:[[:space:]]*//p" "/proc/$p/status")' 'done' 'kill -KILL $all' >"$root/usr/local/sbin/userdel"
                ;;
            # One is not closed by its turn.
            fails) printf '#!/bin/sh\ncase "$*" in *sp-ben*) exit 1 ;; esac\nexec /usr/sbin/userdel "$@"\n' >"$root/usr/local/sbin/userdel" ;;
            # Nothing can be taken off, by nobody's turn.
            held) printf '#!/bin/sh\n[ "$(id -u)" = 0 ] || kill -STOP $$\nexec /usr/bin/setfacl "$@"\n' >"$root/usr/local/bin/setfacl" && chmod 755 "$root/usr/local/bin/setfacl" ;;
        esac
        [ ! -e "$root/usr/local/sbin/userdel" ] || chmod 755 "$root/usr/local/sbin/userdel"
        if [ "$how" = apart ]; then
            for name in ann ben cleo dan; do
                grant=k3v9q2m7$name account=sp-$name access=sftp
                [ "$name" != ben ] || access='sftp-read-only'
                verb linux-account close "path=$deep" "access=$access" "baseline_digest=${digest_of[$name]}"
                finishes
                says absent=true acl_left=false difference=done
            done
            same 'a walk for each' 4 "$(wc -l <"$root/root/walks")"
        else
            for name in ann ben cleo dan; do
                grant=k3v9q2m7$name account=sp-$name access=sftp
                [ "$name" != ben ] || access='sftp-read-only'
                batch "path=$deep" "access=$access" "baseline_digest=${digest_of[$name]}" "as_seconds=$seconds"
                number_of[$name]=$batched
            done
            if [ "$how" = cut ]; then cut_off=1 closes; else closes; fi
            rm -f "$root/usr/local/sbin/userdel" "$root/usr/local/bin/setfacl"
            case $how in
                cut) same 'one walk' 1 "$(wc -l <"$root/root/walks")" ;;
                held) same 'one walk that failed, then one for each, and what is there read again behind each' 10 "$(wc -l <"$root/root/walks")" ;;
                *) same 'one walk, and one for who had a file there' 2 "$(wc -l <"$root/root/walks")" ;;
            esac
            for name in ann ben cleo dan; do
                grant=k3v9q2m7$name account=sp-$name access=sftp
                [ "$name" != ben ] || access='sftp-read-only'
                [ "$how" = cut ] || of "${number_of[$name]}"
                case $how:$name in
                    cut:* | fails:ben)
                        [ "$how" = cut ] || fails account-left
                        want "sp-$name is still there" on getent passwd "sp-$name"
                        verb linux-account close "path=$deep" "access=$access" "baseline_digest=${digest_of[$name]}"
                        ;;
                    held:*)
                        fails acl-left
                        says acl_left=true account_absent=true
                        [ "$name" != dan ] || says reowned=1
                        verb linux-account close "path=$deep" "access=$access" "baseline_digest=${digest_of[$name]}"
                        ;;
                esac
                finishes
                says absent=true account_absent=true acl_left=false difference=done
                want "$name is told of the file" grep -q '^found=code .*of-dan.php' <<<"$out"
                deny "$name is told of modes that nobody else changed" grep -q '^changed=.*mode' <(grep -v -e index.php -e team/sub <<<"$out")
                [ "$how:$name" = held:dan ] || [ "$name" != dan ] || says reowned=1
            done
        fi
        rm -f "$root$deep/var/of-dan.php"
        # What was made and changed meanwhile is the same, however they were closed.
        made=$(acls /srv/closed)
        [ -n "$after" ] || after=$made
        same 'the shop is as when each was closed alone' "$after" "$made"
        deny 'an entry of ours is left' grep -E '^(default:)?user:5[0-9]{4}:' <<<"$made"
        rm -rf "$root$deep/new" "$root$deep/newdir" "$root$deep/newprog" "$root$deep/newprivate"
        chmod "${was%%$'\n'*}" "$root$deep/index.php"
        chmod "00${was##*$'\n'}" "$root$deep/team/sub"
        same 'and but for that as before' "$acl" "$(acls /srv/closed)"
        rm -f "$root"/var/lib/stagepass/result.*
    done
    rm -rf "$root/srv/closed" "$root/usr/local/bin/getfacl" "$root/root/walks"
    grant=$was_grant account=$was_account
}

# What policy judges a shop folder by.
folder_facts() {
    about="$suite what a shop folder is"
    local deploy
    deploy=$(on id -u deploy)
    make_shop
    mkdir -p "$root/srv/a b/pub" "$root/etc/cron.d" "$root/etc/sudoers.d" "$root/etc/systemd/system" "$root/home/deploy/.ssh"
    chown -R --reference="$root/home/deploy" "$root/srv/a b"
    touch "$root/srv/a b/pub/index.php" "$root/srv/a b/composer.json"
    chmod 751 "$root/srv/a b"
    ln -sfn 'a b' "$root/srv/current"
    verb linux-account detect path=/srv/current
    finishes
    says 'path_real=/srv/a b' "path_id=$(on stat -c %d:%i:%u '/srv/a b')" "path_rights=$deploy $(on id -g deploy) 751" path_owner=deploy path_file_system=overlay \
        'path_above=0 0 755 /srv' 'path_signs=composer.json pub/index.php'
    deny 'nothing is known against it' grep -E '^path_(alias|home|root_runs|web_owner)=' <<<"$out"
    # What root runs there, and what it only reads or runs as somebody else.
    printf '%s\n' '* * * * * www-data php "/srv/a b/bin/cron"' '# * * * * * root /srv/a b/x' '0 1 * * * root tar czf /backup.tgz /srv/a b/' \
        '5 * * * * root su -s /bin/sh www-data -c "php /srv/current/bin/cron"' >"$root/etc/cron.d/harmless"
    printf '[Service]\nUser=deploy\nExecStart=/usr/bin/php /srv/current/worker.php\n' >"$root/etc/systemd/system/harmless.service"
    echo 'deploy ALL=(www-data) NOPASSWD: /srv/current/bin/x' >"$root/etc/sudoers.d/harmless"
    verb linux-account detect path=/srv/current
    deny 'what is harmless is not told' grep '^path_root_runs=' <<<"$out"
    echo '*/5 * * * * root cd /srv/current && php -f bin/magento cron:run >/dev/null' >"$root/etc/cron.d/one"
    printf '@reboot root /srv/current/run.sh\n' >"$root/etc/cron.d/two"
    printf '[Service]\nExecStart=-/usr/bin/php /srv/current/worker.php\n' >"$root/etc/systemd/system/three.service"
    echo 'deploy ALL=(ALL) NOPASSWD: /srv/current/bin/x' >"$root/etc/sudoers.d/four"
    mkdir -p "$root/var/spool/cron/crontabs"
    echo '0 4 * * * /usr/bin/flock -n /run/x.lock sh /srv/current/night.sh' >"$root/var/spool/cron/crontabs/root"
    verb linux-account detect path=/srv/current
    says path_root_runs=/etc/cron.d/one path_root_runs=/etc/cron.d/two path_root_runs=/etc/systemd/system/three.service \
        path_root_runs=/etc/sudoers.d/four path_root_runs=/var/spool/cron/crontabs/root
    rm -f "$root"/etc/cron.d/{harmless,one,two} "$root"/etc/systemd/system/{harmless,three}.service "$root"/etc/sudoers.d/{harmless,four} \
        "$root/var/spool/cron/crontabs/root"
    # Homes and login keys.
    verb linux-account detect path=/home/deploy
    says 'path_home=keys - - - /home/deploy/.ssh' "path_home=holds deploy $deploy /bin/bash /home/deploy" "path_home=keys deploy $deploy /bin/bash /home/deploy/.ssh"
    mkdir -p "$root/home/deploy/public_html"
    verb linux-account detect path=/home/deploy/public_html
    says "path_home=in deploy $deploy /bin/bash /home/deploy"
    ln -sfn '/srv/a b/keys' "$root/home/deploy/.ssh2"
    rmdir "$root/home/deploy/.ssh" "$root/home/deploy/public_html"
    mkdir "$root/srv/a b/keys"
    mv -T "$root/home/deploy/.ssh2" "$root/home/deploy/.ssh"
    verb linux-account detect path=/srv/current
    says "path_home=keys deploy $deploy /bin/bash /srv/a b/keys"
    rm "$root/home/deploy/.ssh"
    # The same folder by another path.
    mkdir -p "$root/srv/bound"
    on mount --bind /etc /srv/bound
    verb linux-account detect path=/srv/bound
    says path_real=/srv/bound path_alias=/etc path_owner=root
    on umount /srv/bound
    on mount -t proc proc /srv/bound
    verb linux-account detect path=/srv/bound
    says path_file_system=proc
    on umount /srv/bound
    verb linux-account detect path=/srv/nothing
    finishes
    says path_exists=false
    # A service's account counts where a web server or PHP really runs as it.
    on useradd -r -u 990 shopsvc
    chown 990 "$root/srv/bound"
    verb linux-account detect path=/srv/bound
    says path_web_owner=false
    rm -rf "${root:?}/srv/a b" "$root/srv/current" "$root/srv/bound"
    on userdel shopsvc
    # Without root, in the account that there is.
    cp -r "$root/root/.ssh" "$root/home/deploy/"
    chown -R --reference="$root/home/deploy" "$root/home/deploy/.ssh"
    mkdir -p "$root/srv/shut"
    chmod 700 "$root/srv/shut"
    login=deploy
    verb authorized-key detect path=/srv/shut
    finishes
    says path_exists=true
    deny 'what cannot be entered has no real path' grep '^path_real=' <<<"$out"
    login=root
    rmdir "$root/srv/shut"
    rm -rf "$root/home/deploy/.ssh"
}

# However a web server is told what a site is called, and however many names that are.
names_of_a_site() {
    local site=$root/etc/apache2/sites-enabled/names.conf many
    printf '<VirtualHost *:80>\n ServerName "one.example"\n ServerAlias two.example \\\n   www.three.example # and\n DocumentRoot /srv/names\n</VirtualHost>\n' >"$site"
    mkdir -p "$root/srv/names" "$root/etc/nginx/conf.d"
    printf 'server {\n server_name four.example # the first\n   "www.five.example"\n   *.six.example;\n root /srv/names;\n}\nserver {\n server_name other.example;\n root /srv/other;\n}\n' >"$root/etc/nginx/conf.d/names.conf"
    verb linux-account detect path=/srv/names
    says 'path_served_as=four.example,www.five.example,*.six.example,one.example,two.example,www.three.example'
    rm "$root/etc/nginx/conf.d/names.conf"
    many=$(seq -s ' ' -f 'shop%g.staging.example' 500)
    printf '<VirtualHost *:80>\n ServerName one.example\n ServerAlias %s\n ServerAlias www.last.example\n DocumentRoot /srv/names\n</VirtualHost>\n' "$many" >"$site"
    verb linux-account detect path=/srv/names
    same 'none is left out or cut' "one.example $many www.last.example" "$(sed -n -e 's/^path_served_as=//p' -e 's/^served_more=//p' <<<"$out" | tr ',\n' '  ' | sed 's/ $//')"
    rm -r "$site" "$root/srv/names"
}

detects() {
    folder_facts
    about="$suite detect"
    make_shop
    mkdir -p "$root/etc/nginx/sites-enabled" "$root/etc/apache2/sites-enabled"
    printf 'server {\n listen 80;\n server_name staging.shop.example www.staging.shop.example;\n root "/srv/my shop $x/pub";\n}\nserver {\n server_name other.example;\n root /srv/other;\n}\n' >"$root/etc/nginx/sites-enabled/shop"
    printf '<VirtualHost *:80>\nServerName apache.shop.example:80\nServerAlias a2.shop.example\nDocumentRoot "/srv/shop"\n</VirtualHost>\n' >"$root/etc/apache2/sites-enabled/shop.conf"
    mkdir -p "$root/srv/shop"
    ln -sfn "/usr/share/zoneinfo/Europe/Rome" "$root/etc/localtime"
    echo '10.1.2.3 shop-staging.example.org staging-'"$suite" >"$root/etc/hosts"
    local before
    before=$(cd "$root" && find etc home srv var/lib -newer "$tmp/check.pub" -printf '%p %T@ %m\n' | sort)
    verb linux-account detect path=/srv/shop
    finishes
    says os_id=debian uid=0 user=root home=/root "hostname=staging-$suite" fqdn=shop-staging.example.org \
        sshd_settings=true 'authorized_keys_file=.ssh/authorized_keys .ssh/authorized_keys2' use_pam=yes \
        password_authentication=yes can_password=true account_exists=false account_source=none mark= supported=true \
        path_exists=true path_owner=root path_group=root path_served_as=apache.shop.example,a2.shop.example \
        sftp_server=/usr/lib/openssh/sftp-server selinux=none 'zone=Europe/Rome CET +0100'
    case $suite in
        bullseye) says sshd_version=OpenSSH_8.4 os_version=11 ;;
        bookworm) says sshd_version=OpenSSH_9.2 os_version=12 ;;
        trixie) says sshd_version=OpenSSH_10.0 os_version=13 ;;
    esac
    verb linux-account detect path=
    says path_served_as=staging.shop.example,www.staging.shop.example,other.example,apache.shop.example,a2.shop.example
    verb linux-account detect "path=$shop" account=root
    says account_exists=true account_source=local 'path_served_as=staging.shop.example,www.staging.shop.example' path_owner=deploy
    same 'detect changed something' "$before" "$(cd "$root" && find etc home srv var/lib -newer "$tmp/check.pub" -printf '%p %T@ %m\n' | sort)"
    names_of_a_site
    echo 'PasswordAuthentication no' >"$root/etc/ssh/sshd_config.d/20-test.conf"
    verb linux-account detect
    says can_password=false password_authentication=no
    printf 'Match User sp-anna\nAuthenticationMethods publickey,password\nForceCommand /bin/true\n' >"$root/etc/ssh/sshd_config.d/20-test.conf"
    verb linux-account detect
    says can_password=false authentication_methods=publickey,password force_command=/bin/true
    rm "$root/etc/ssh/sshd_config.d/20-test.conf"
    login=deploy
    cp -r "$root/root/.ssh" "$root/home/deploy/"
    chown -R --reference="$root/home/deploy" "$root/home/deploy/.ssh"
    verb linux-account detect
    finishes
    says supported=false reason_id=not-root user=deploy
    verb linux-account open
    refuses not-root
    login=root
    rm -rf "$root/home/deploy/.ssh"
    ln -sfn /usr/share/zoneinfo/Etc/UTC "$root/etc/localtime"
}

# nobody_is_in INPUT...: by what `check` itself counts: what a session leaves has other names than it had.
nobody_is_in() {
    verb linux-account check "$@"
    case $out in *sessions=0*) ;; *) return 1 ;; esac
}

# whole_life ACCESS key|password|both
whole_life() {
    local access=$1 with=$2 key=$supporter_key secret='' has=0 before acl made
    about="$suite $access with $with"
    [ "$with" != password ] || key=''
    [ "$with" = key ] || { secret=$password has=1; }
    make_shop
    acl=$(acls "$shop") before=$(accounts)
    set -- "path=$shop" "access=$access" "public_key=$key" "has_password=$has"

    verb linux-account open "$@" "password=$secret" "check_key=$check_key" "check_until=$(($(date +%s) + 300))"
    finishes
    says account=sp-anna shop_access=acl shop_partial=false
    made=$(grep '^sp-anna:' "$root/etc/passwd")
    case $made in *":stagepass $grant:/home/sp-anna:"*) pass ;; *) fail 'the account carries the mark' "$made" ;; esac
    want 'the expiry day is the first that begins at or after the deadline' \
        grep -q "^sp-anna:[^:]*:[0-9]*:[^:]*:[^:]*:[^:]*:[^:]*:$(((deadline + 86399) / 86400)):" "$root/etc/shadow"
    identity=$tmp/check
    want 'the key that proves the login works' key_login "$access"
    identity=''
    verb linux-account check "$@" "check_key=$check_key" check_until=0
    says present=true keys_match=false locked=false
    verb linux-account update "$@"
    finishes
    # What the client left a moment ago may take its time on a busy server.
    want 'the session of that login is over' again 60 nobody_is_in "$@"
    verb linux-account check "$@"
    finishes
    says present=true foreign=false keys_match=true expiry_matches=true locked=false sessions=0 recorded=true
    if [ "$with" = password ]; then says key_lines=0; else says key_lines=1; fi
    if [ "$with" = key ]; then
        says password=none
        about="$suite $access with $with, whose line is gone"
        mv "$root/home/sp-anna/.ssh/authorized_keys" "$root/home/sp-anna/keys"
        verb linux-account check "$@"
        says present=true key_lines=0 locked=true
        mv "$root/home/sp-anna/keys" "$root/home/sp-anna/.ssh/authorized_keys"
        about="$suite $access with $with"
    else
        says password=usable
    fi
    identity=$tmp/check
    deny 'the key that proved the login is gone' key_login "$access"
    identity=''

    if [ "$with" != password ]; then
        want 'ssh and sftp take the key' key_login "$access"
        want 'paramiko takes the key' paramiko_list ''
        can_and_cannot "$access" key
    else
        deny 'no key was asked for' key_login "$access"
    fi
    if [ "$with" != key ]; then
        want 'ssh and sftp take the password' pw_login "$access"
        want 'paramiko takes the password' paramiko_list "$password"
        can_and_cannot "$access" pw
    fi

    verb linux-account update "$@" "deadline=$((deadline - 86400))"
    finishes
    says "expires_day=$(((deadline - 1)  / 86400))"
    want 'an update leaves the login as it was' key_or_password_login "$access" "$with"
    verb linux-account update "$@" "deadline=$(($(date +%s) - 100))"
    finishes
    if [ "$with" = key ]; then deny 'a key past its time is refused' key_login "$access"; fi

    verb linux-account close "$@" has_password=0
    finishes
    says account_absent=true home_absent=true keys_absent=true processes=0 already_absent=false foreign=false acl_left=false
    case $with in password) deny 'the login is refused' pw_login "$access" ;; *) deny 'the login is refused' key_login "$access" ;; esac
    same 'the account files are as before' "$before" "$(accounts)"
    rm -rf "$root$shop/new" "$root$shop/newdir" "$root$shop/-new"
    same 'the ACLs are as before' "$acl" "$(acls "$shop")"
    want 'no record is left' test ! -e "$root/var/lib/stagepass/$grant"
    verb linux-account close "$@" has_password=0
    finishes
    says already_absent=true account_absent=true home_absent=true keys_absent=true
    verb linux-account check "$@"
    finishes
    says present=false key_lines=0 sessions=0 home_present=false
}

# What ends while it is counted is not in, and neither is what a watcher has at work, however far below it.
counts_who_is_in() {
    about="$suite who is in"
    local uid
    make_shop
    mkdir -p "$root/usr/local/bin" "$root$shop/closed"
    echo closed >"$root$shop/closed/env.php"
    chmod 600 "$root$shop/closed/env.php"
    chown -R --reference="$root/home/deploy" "$root$shop/closed"
    verb linux-account open "path=$shop" access=sftp
    finishes
    uid=$(grep '^sp-anna:' "$root/etc/passwd" | cut -d: -f3)
    { on setpriv --reuid="$uid" --regid="$uid" --clear-groups sh -c 'echo $$ >/tmp/going; exec sleep 600' & } 2>/dev/null
    want 'it runs' again 60 on pgrep -u "$uid" -x sleep
    verb linux-account check "path=$shop" access=sftp
    says sessions=1
    # Ends what it has just listed, and says so behind that.
    printf '%s\n' '#!/bin/sh' '/bin/grep "$@"' 'code=$?' \
        "case \$* in *'-e ^Uid:[[:space:]]*${uid}[[:space:]]'*)" \
        'read -r pid </tmp/going && kill -KILL "$pid" && while [ -e "/proc/$pid" ]; do sleep 0.01; done' \
        'rm -f /tmp/going ;; esac' 'exit "$code"' >"$root/usr/local/bin/grep"
    chmod 755 "$root/usr/local/bin/grep"
    verb linux-account check "path=$shop" access=sftp
    says sessions=0
    want 'it ended while it was counted' test ! -e "$root/tmp/going"
    rm -f "$root/usr/local/bin/grep"

    # What the account made beside a closed file is shared when its connection is over.
    mv "$root/usr/bin/setfacl" "$root/usr/bin/setfacl.real"
    printf '%s\n' '#!/bin/sh' '[ "$(id -u)" = 0 ] || while [ -e /tmp/held ]; do sleep 0.1; done' 'exec setfacl.real "$@"' >"$root/usr/bin/setfacl"
    chmod 755 "$root/usr/bin/setfacl"
    : >"$root/tmp/held"
    want 'a file is made' key_sftp "put $tmp/upload \"$shop/closed/patch.php\""
    want 'it is being shared' again 60 on pgrep -u "$uid" -x setfacl
    want 'nobody is in' again 60 nobody_is_in "path=$shop" access=sftp
    want 'it is still being shared' on pgrep -u "$uid" -x setfacl
    rm -f "$root/tmp/held"
    want 'it was shared' again 60 gone on pgrep -u "$uid"
    mv "$root/usr/bin/setfacl.real" "$root/usr/bin/setfacl"
    verb linux-account close "path=$shop" access=sftp
    finishes
    says account_absent=true acl_left=false
}

key_login() {
    if [ "$1" = ssh ]; then [ "$(key_ssh 'echo in')" = in ] && key_sftp pwd; else key_sftp pwd; fi
}
pw_login() {
    if [ "$1" = ssh ]; then [ "$(pw_ssh 'echo in')" = in ] && pw_sftp pwd; else pw_sftp pwd | grep -q 'Remote working directory'; fi
}
key_or_password_login() { if [ "$2" = password ]; then pw_login "$1"; else key_login "$1"; fi; }

# can_and_cannot ACCESS key|pw: what the credential is good for, and what not.
# Files that others could not read before stay closed, unless that was decided for; and all is as before afterwards.
secrets_stay_closed() {
    about="$suite files with passwords"
    local acl access made first
    make_shop
    mkdir -p "$root$shop/app/etc" "$root$shop/sessions"
    echo closed >"$root$shop/app/etc/env.php"
    echo group >"$root$shop/app/etc/di.xml"
    echo open >"$root$shop/wp-config.php"
    echo closed >"$root$shop/sessions/sess_1"
    chown -R --reference="$root/home/deploy" "$root$shop/app" "$root$shop/sessions" "$root$shop/wp-config.php"
    chmod 640 "$root$shop/app/etc/env.php" "$root$shop/app/etc/di.xml"
    chmod 644 "$root$shop/wp-config.php"
    chmod 600 "$root$shop/sessions/sess_1"
    acl=$(acls "$shop" | sort)
    verb linux-account detect "path=$shop"
    says path_closed=.env path_closed=app/etc/env.php path_closed=sessions/sess_1 path_closed_total=3
    for access in sftp-read-only sftp masked; do
        if [ "$access" = masked ]; then
            # The same where the shop has ACLs of its own.
            access=sftp
            setfacl -m u:33:rwx "$root$shop/run.sh"
            setfacl -m d:u:33:rwx "$root$shop/var"
            acl=$(acls "$shop" | sort)
        fi
        verb linux-account open "path=$shop" "access=$access"
        finishes
        says shop_access=acl shop_partial=false
        for f in .env app/etc/env.php sessions/sess_1; do
            deny "$f is read ($access)" key_sftp "get \"$shop/$f\" $tmp/got"
            rm -f "$tmp/got"
        done
        for f in index.php wp-config.php app/etc/di.xml; do
            want "$f is read ($access)" key_sftp "get \"$shop/$f\" $tmp/got"
            rm -f "$tmp/got"
        done
        # As a deployment does it: a new file in its place, and one that is no secret beside it.
        on runuser -u deploy -- sh -c 'umask 027; cd "$1/app/etc"; echo anew >env.new; mv env.new env.php; echo anew >../made.txt' - "$shop"
        deny "a replaced env.php is read ($access)" key_sftp "get \"$shop/app/etc/env.php\" $tmp/got"
        want "what is made elsewhere is read ($access)" key_sftp "get \"$shop/app/made.txt\" $tmp/got"
        rm -f "$tmp/got" "$root$shop/app/made.txt"
        # The umask of who makes a file there is what it was.
        on runuser -u deploy -- sh -c 'umask 077; echo anew >"$1/app/etc/key"' - "$shop"
        same 'a umask of 077 counts' 600 "$(stat -c %a "$root$shop/app/etc/key")"
        deny "a new file that is closed by its umask is read ($access)" key_sftp "get \"$shop/app/etc/key\" $tmp/got"
        deny 'anybody else reads it' on setpriv --reuid=65534 --regid=65534 --clear-groups cat "$shop/app/etc/key"
        rm -f "$tmp/got" "$root$shop/app/etc/key"
        if [ "$access" = sftp ]; then
            key_sftp "put $tmp/upload \"$shop/app/etc/patch.php\"
mkdir \"$shop/app/etc/patches\"
put $tmp/upload \"$shop/app/etc/patches/one.php\"" >/dev/null 2>&1
            want 'the web server reads what the supporter uploads there' on runuser -u www-data -- cat "$shop/app/etc/patch.php" "$shop/app/etc/patches/one.php"
            want 'the owner changes it' again 60 on runuser -u deploy -- sh -c 'cd "$1/app/etc" && echo more >>patch.php && echo more >>patches/one.php && echo x >patches/two.php' - "$shop"
            want 'the supporter, too' key_sftp "put $tmp/upload \"$shop/app/etc/patches/two.php\""
            deny 'what stays closed stays so' key_sftp "get \"$shop/app/etc/env.php\" $tmp/got"
            rm -f "$tmp/got"
        fi
        verb linux-account close "path=$shop" "access=$access"
        finishes
        says acl_left=false
        if [ "$access" = sftp ]; then
            # The PAM of Debian 13 gives accounts with a group of their own a umask of 002.
            made='deploy 644 deploy 755 deploy 644 deploy 644'
            [ "$suite" != trixie ] || made='deploy 644 deploy 775 deploy 644 deploy 664'
            same 'what the supporter made there is handed over as it was made' "$made" \
                "$(on sh -c 'cd "$1/app/etc" && stat -c "%U %a" patch.php patches patches/one.php patches/two.php' - "$shop" | tr '\n' ' ' | sed 's/ $//')"
            rm -r "$root$shop/app/etc/patch.php" "$root$shop/app/etc/patches"
        fi
        same 'the ACLs are as before' "$acl" "$(acls "$shop" | sort)"
    done
    verb linux-account open "path=$shop" with_secrets=1
    finishes
    for f in .env app/etc/env.php sessions/sess_1; do
        want "$f is read with --with-secrets" key_sftp "get \"$shop/$f\" $tmp/got"
        rm -f "$tmp/got"
    done
    verb linux-account close "path=$shop"
    finishes
    same 'the ACLs are as before' "$acl" "$(acls "$shop" | sort)"
    # Two grants on one shop: what one made there has no entry when both are over, whichever ends first.
    for first in sp-anna sp-bob plain; do
        if [ "$first" = plain ]; then
            setfacl -b "$root$shop/run.sh" "$root$shop/var"
            acl=$(acls "$shop" | sort)
        fi
        grant=firstgrant verb linux-account open account=sp-bob "path=$shop"
        finishes
        verb linux-account open "path=$shop"
        finishes
        key_sftp "put $tmp/upload \"$shop/app/etc/patch.php\"
mkdir \"$shop/app/etc/patches\"" >/dev/null 2>&1
        want 'the owner changes it beside another grant' again 60 on runuser -u deploy -- sh -c 'cd "$1/app/etc" && echo more >>patch.php && echo x >patches/two.php' - "$shop"
        [ "$first" != sp-anna ] || verb linux-account close "path=$shop"
        grant=firstgrant verb linux-account close account=sp-bob "path=$shop"
        finishes
        [ "$first" = sp-anna ] || verb linux-account close "path=$shop"
        finishes
        same "nothing is of anybody else ($first first)" 'deploy deploy deploy ' "$(on sh -c 'cd "$1/app/etc" && stat -c %U patch.php patches patches/two.php' - "$shop" | tr '\n' ' ')"
        deny "no entry is left ($first first)" grep -E '^(default:)?(user|group):[0-9]+' <(on getfacl -R -P -n -p -- "$shop/app/etc")
        rm -r "$root$shop/app/etc/patch.php" "$root$shop/app/etc/patches"
        same 'the ACLs are as before' "$acl" "$(acls "$shop" | sort)"
    done
    # Where the group is given instead, it must not open them.
    mv "$root/usr/bin/setfacl" "$root/usr/bin/setfacl.away"
    chgrp -R 33 "$root$shop"
    chmod 2775 "$root$shop"
    verb linux-account open "path=$shop"
    finishes
    says shop_access=none
    verb linux-account close "path=$shop"
    verb linux-account open "path=$shop" with_secrets=1
    finishes
    says shop_access=group
    verb linux-account close "path=$shop"
    finishes
    mv "$root/usr/bin/setfacl.away" "$root/usr/bin/setfacl"
}

can_and_cannot() {
    local ssh=$2_ssh sftp=$2_sftp owner
    echo content >"$tmp/upload"
    deny 'reads a file of the shop with passwords' bash -c '[ "$1" = secret ]' - "$("$sftp" "get \"$shop/.env\" $tmp/got" >/dev/null 2>&1; cat "$tmp/got" 2>/dev/null; rm -f "$tmp/got")"
    "$sftp" "put $tmp/upload \"$shop/new\"
mkdir \"$shop/newdir\"
put $tmp/upload \"$shop/private/new\"
put $tmp/upload \"$shop/-new\"" >/dev/null 2>&1
    if [ "$1" = sftp-read-only ]; then
        want 'cannot write' test ! -e "$root$shop/new"
    else
        want 'writes into the shop' test -s "$root$shop/new"
        want 'writes into a private folder of the shop' bash -c 'rm "$1"' - "$root$shop/private/new"
        if [ "$1" = ssh ]; then
            "$ssh" "echo shared >'$shop/made'"
            want 'the owner of the shop changes what the supporter made' again 60 on runuser -u deploy -- sh -c 'echo more >>"$1/made" && rm "$1/made"' - "$shop"
        fi
        # Nothing is inherited beside .env: the gate shares it when the connection is over.
        want 'the owner of the shop replaces what the supporter uploaded' again 60 on runuser -u deploy -- sh -c 'cp "$1/new" "$1/new2" && mv -f "$1/new2" "$1/new" && echo x >"$1/newdir/x" && rm "$1/newdir/x"' - "$shop"
        on runuser -u deploy -- sh -c 'echo theirs >"$1/-rf/theirs"' - "$shop"
        "$sftp" "put $tmp/upload \"$shop/-rf/theirs\"" >/dev/null 2>&1
        want 'the supporter changes what the owner made meanwhile' grep -q content "$root$shop/-rf/theirs"
        rm "$root$shop/-rf/theirs"
    fi
    "$sftp" "put $tmp/upload /home/sp-anna/.ssh/authorized_keys
put $tmp/upload /home/sp-anna/.ssh/authorized_keys2
rename /home/sp-anna/.ssh /home/sp-anna/x
rm /home/sp-anna/.ssh/authorized_keys
put $tmp/upload /home/sp-anna/file" >/dev/null 2>&1
    want 'cannot change the key file' bash -c '[ ! -e "$1/.ssh/authorized_keys2" ] && [ ! -e "$1/x" ] && [ ! -e "$1/file" ] && ! grep -q content "$1/.ssh/authorized_keys"' - "$root/home/sp-anna"
    if [ "$1" = ssh ]; then
        same 'runs commands as itself' sp-anna "$("$ssh" id -un)"
        want 'cannot become root' bash -c '! "$@" 2>/dev/null | grep -q root' - "$ssh" 'sudo -n id -un; su -c id'
        same 'has a place to work' ok "$("$ssh" 'cd ~/files && touch x && mkdir -p ~/.cache/y && echo ok')"
    else
        deny 'gets no command' bash -c '"$0" "touch /tmp/proof-of-shell"' "$ssh"
        want 'no command ran' test ! -e "$root/tmp/proof-of-shell"
    fi
    if [ "$2" = key ]; then
        deny 'gets no forwarding' timeout 10 ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -W "127.0.0.1:${port[$suite]}" -p "${port[$suite]}" "$account@127.0.0.1" </dev/null
    fi
}

# Files with ACLs, masks and default entries of their own, and files changed while the grant is open.
keeps_acls() {
    local acl deep=/srv/closed/deep/shop with
    for access in sftp sftp-read-only; do
        about="$suite ACLs, $access"
        make_shop
        mkdir -p "$root$shop/team/sub" "$root$shop/based"
        echo a >"$root$shop/team/masked"
        echo b >"$root$shop/team/plain"
        chown -R --reference="$root/home/deploy" "$root$shop/team" "$root$shop/based"
        setfacl -m u:33:rwx,g:4:r-x,m::r-- "$root$shop/team/masked"
        setfacl -m u:33:rwx,d:u:33:rwx,d:g:4:rwX,d:m::r-x "$root$shop/team"
        setfacl -m d:u:1000:r-x "$root$shop/team/sub"
        setfacl -d -m u::rwx,g::r-x,o::--- "$root$shop/based"
        setfacl -m u:2000:rwx "$root$shop/run.sh"
        acl=$(acls "$shop")
        verb linux-account open "path=$shop" "access=$access"
        finishes
        says shop_access=acl shop_partial=false
        want 'the mask stays' bash -c 'getfacl -n -p -- "$1" | grep -qx "mask::r--"' - "$root$shop/team/masked"
        want 'the others keep their default entries' bash -c 'getfacl -n -p -- "$1" | grep -q "^default:mask::r-x"' - "$root$shop/team"
        want 'the entry of somebody else stays' bash -c 'getfacl -n -p -- "$1" | grep -q "^default:user:1000:r-x"' - "$root$shop/team/sub"
        want 'a file outside is untouched though a link leads there' bash -c '! getfacl -n -p -s -R "$1" | grep -q .' - "$root/srv/outside"
        verb linux-account open "path=$shop" "access=$access"
        finishes
        verb linux-account close "path=$shop" "access=$access"
        finishes
        same 'the ACLs are as before, after two opens' "$acl" "$(acls "$shop")"
    done

    about="$suite ACLs, changed meanwhile"
    make_shop
    echo c >"$root$shop/changed"
    echo d >"$root$shop/widened"
    echo e >"$root$shop/shared"
    mkdir "$root$shop/closed"
    chown --reference="$root/home/deploy" "$root$shop/changed" "$root$shop/widened" "$root$shop/shared" "$root$shop/closed"
    verb linux-account open "path=$shop"
    chmod 600 "$root$shop/changed"
    chmod 755 "$root$shop/widened"
    setfacl -m u:33:rw- "$root$shop/shared"
    chmod 700 "$root$shop/closed"
    on runuser -u deploy -- sh -c 'umask 022; cd "$1"; echo n >new; mkdir newdir; echo n >newdir/file; install -m 755 new newprog; install -m 600 new newprivate' - "$shop"
    verb linux-account close "path=$shop"
    finishes
    same 'modes are what their owners made them' '600 755 700 644 755 644 755 600' \
        "$(cd "$root$shop" && stat -c %a changed widened closed new newdir newdir/file newprog newprivate | tr '\n' ' ' | sed 's/ $//')"
    want 'no entry of ours is left' bash -c '! getfacl -R -P -n -p -- "$1" | grep -E "^(default:)?user:[0-9]+" | grep -v "^user:33:rw-"' - "$root$shop"
    want 'the entry made meanwhile survives' bash -c 'getfacl -n -p -- "$1" | grep -qx "user:33:rw-"' - "$root$shop/shared"

    about="$suite folders above the shop"
    rm -rf "$root/srv/closed"
    mkdir -p "$root$deep"
    echo x >"$root$deep/f"
    chown -R --reference="$root/home/deploy" "$root/srv/closed"
    chmod 750 "$root/srv/closed"
    chmod 700 "$root/srv/closed/deep"
    acl=$(acls /srv/closed)
    verb linux-account open "path=$deep"
    says shop_access=acl
    want 'reaches a shop in closed folders' key_sftp "get $deep/f $tmp/got"
    deny 'and does not see what else is there' key_sftp "ls /srv/closed/deep"
    verb linux-account close "path=$deep"
    finishes
    same 'the folders above are as before' "$acl" "$(acls /srv/closed)"

    about="$suite an owner who holds up what runs as them"
    make_shop
    mkdir -p "$root/usr/local/bin"
    verb linux-account open "path=$shop"
    printf '#!/bin/sh\n[ "$(id -u)" = 0 ] || kill -STOP $$\nexec /usr/bin/setfacl "$@"\n' >"$root/usr/local/bin/setfacl"
    chmod 755 "$root/usr/local/bin/setfacl"
    verb linux-account close "path=$shop" as_seconds=2
    fails acl-left
    says account_absent=true
    rm "$root/usr/local/bin/setfacl"
    verb linux-account close "path=$shop"
    finishes
    says acl_left=false

    about="$suite no ACLs at all"
    mkdir -p "$root/opt/hidden"
    mv "$root/usr/bin/setfacl" "$root/opt/hidden/"
    make_shop
    chmod -R g+rwX "$root$shop"
    # Its .env could be read by the group.
    verb linux-account open "path=$shop" with_secrets=1
    finishes
    says shop_access=group
    want 'writes by the group of the folder' key_sftp "put $tmp/upload \"$shop/new\""
    verb linux-account close "path=$shop"
    finishes
    says reowned=1
    want 'nobody was left in the group' grep -q '^deploy:[^:]*:[0-9]*:$' "$root/etc/group"
    chown 0:4 "$root$shop"
    verb linux-account open "path=$shop"
    says shop_access=none
    verb linux-account close "path=$shop"
    mv "$root/opt/hidden/setfacl" "$root/usr/bin/"
}

# What changes an ACL runs as the owner of the file. A process of the shop that swaps a file for a
# link all the time leads it to nothing but its own.
acts_as_the_owner() {
    local acl before i uid
    about="$suite links that come and go"
    make_shop
    chown 33:33 "$root$shop/var"
    before=$(on getfacl -n -p /etc/shadow /etc/cron.d /root)
    on runuser -u www-data -- sh -c 'cd "$1/var"; while :; do
        i=0; while [ $i -lt 30 ]; do rm -rf "f$i" "d$i"; echo x >"f$i"; mkdir "d$i"; i=$((i+1)); done
        i=0; while [ $i -lt 30 ]; do rm -rf "f$i" "d$i"; ln -s /etc/shadow "f$i"; ln -s /etc/cron.d "d$i"; i=$((i+1)); done
    done' - "$shop" >/dev/null 2>&1 &
    sleep 0.3
    for i in 1 2 3 4 5 6 7 8; do
        verb linux-account open "path=$shop"
        finishes
        verb linux-account close "path=$shop"
        [ "$code" = 0 ] || fails acl-left
    done
    on pkill -KILL -u www-data
    wait "$!" 2>/dev/null
    verb linux-account close "path=$shop"
    finishes
    same 'nothing outside was changed' "$before" "$(on getfacl -n -p /etc/shadow /etc/cron.d /root)"

    about="$suite a shop of root's"
    make_shop
    rm -rf "$root/srv/rooted"
    cp -a "$root$shop" "$root/srv/rooted"
    chown -Rh 0:0 "$root/srv/rooted"
    chmod -R g-w,o-w "$root/srv/rooted"
    chmod 2755 "$root/srv/rooted/var"
    acl=$(acls /srv/rooted)
    verb linux-account open path=/srv/rooted
    finishes
    says shop_access=acl shop_partial=false acl_mode_change=true
    want 'the key reads and writes there' key_sftp "put $tmp/upload /srv/rooted/private/new"
    want 'and sets modes' key_sftp "chmod 6755 /srv/rooted/private/new"
    uid=$(stat -c %u "$root/srv/rooted/private/new")
    verb linux-account close path=/srv/rooted
    finishes
    says acl_left=false reowned=0 left_total=0 \
        "found=unowned The shop folder is root's, and nothing is given to root. 1 of the files there belong to $uid, which no account has: /srv/rooted/private/new"
    same 'what was made there is not given to root, and is no program of anybody' "$uid 705" "$(stat -c '%u %a' "$root/srv/rooted/private/new")"
    rm -f "$root/srv/rooted/private/new"
    same 'the ACLs are as before' "$acl" "$(acls /srv/rooted)"

    about="$suite files of root's where others write"
    make_shop
    echo x >"$root$shop/private/of-root"
    mkdir "$root$shop/folder-of-root"
    echo x >"$root$shop/folder-of-root/f"
    chmod 600 "$root$shop/private/of-root"
    chown 33:33 "$root$shop/private/-x" 2>/dev/null
    echo x >"$root$shop/private/of-www"
    chown 33:33 "$root$shop/private/of-www"
    chgrp 33 "$root$shop/private"
    chmod 2770 "$root$shop/private"
    acl=$(acls "$shop")
    verb linux-account open "path=$shop"
    finishes
    says shop_access=acl shop_partial=true
    want 'they are left alone' bash -c '! getfacl -n -p "$1/private/of-root" "$1/folder-of-root" | grep -q "^user:[0-9]"' - "$root$shop"
    want 'what their neighbours own is not' bash -c 'getfacl -n -p "$1/private/of-www" | grep -q "^user:[0-9]"' - "$root$shop"
    same 'setgid stays' 2770 "$(stat -c %a "$root$shop/private")"
    verb linux-account close "path=$shop"
    finishes
    says acl_left=false
    same 'the ACLs are as before' "$acl" "$(acls "$shop")"

    for i in -dac_read_search -fsetid; do
        about="$suite a container with $i"
        make_shop
        chgrp 33 "$root$shop/private"
        chmod 2770 "$root$shop/private"
        acl=$(acls "$shop")
        shell="setpriv --bounding-set=$i -- /bin/sh"
        verb linux-account open "path=$shop"
        finishes
        if [ "$i" = -fsetid ]; then
            says shop_access=none
            case $out in *'shop_reason=This server cannot set'*) pass ;; *) fail 'the reason is said' "$out" ;; esac
        else
            says shop_access=acl shop_partial=false
            want 'the key reads and writes there' key_sftp "put $tmp/upload \"$shop/private/new\""
        fi
        verb linux-account close "path=$shop"
        shell=/bin/sh
        finishes
        rm -f "$root$shop/private/new"
        same 'setgid stays' 2770 "$(stat -c %a "$root$shop/private")"
        same 'the ACLs are as before' "$acl" "$(acls "$shop")"
    done

    about="$suite programs that look at modes"
    make_shop
    mkdir -p "$root/etc/suphp"
    verb linux-account detect "path=$shop"
    says web_checks_modes=suphp acl_mode_change=false
    verb linux-account open "path=$shop"
    finishes
    says shop_access=none acl_mode_change=false
    case $out in *'shop_reason=suphp on this server'*) pass ;; *) fail 'the reason is said' "$out" ;; esac
    verb linux-account close "path=$shop"
    finishes
    rmdir "$root/etc/suphp"
    verb linux-account detect "path=$shop"
    says web_checks_modes= acl_mode_change=true
    rm -rf "$root/srv/rooted"
}

# Who is in puts a link of the owner's in the place of a folder, right before setfacl looks.
keeps_to_the_shop() {
    local i before acl
    for i in with without; do
        about="$suite links out of the shop, $i namespaces"
        make_shop
        mkdir "$root$shop/y"
        echo theirs >"$root$shop/y/.bashrc"
        chown --reference="$root/home/deploy" "$root$shop/y" "$root$shop/y/.bashrc"
        [ "$i" = with ] || mv "$root/usr/bin/unshare" "$root/opt/unshare"
        before=$(on getfacl -n -p /home/deploy /home/deploy/.bashrc) acl=$(acls "$shop")
        grant=firstgrant verb linux-account open account=sp-bob "path=$shop"
        finishes
        says shop_access=acl
        mkdir -p "$root/usr/local/bin"
        printf '%s\n' '#!/bin/sh' 'cd /srv/my*' 'if [ "$(id -u)" != 0 ] && [ ! -L y ] && mv y z; then ln -s /home/deploy y; fi' 'exec /usr/bin/setfacl "$@"' >"$root/usr/local/bin/setfacl"
        chmod 755 "$root/usr/local/bin/setfacl"
        verb linux-account open "path=$shop" access=ssh
        finishes
        if [ "$i" = with ]; then
            says shop_access=acl
            want 'the link was there' test -L "$root$shop/y"
        else
            says shop_access=none
            case $out in *'shop_reason=Another grant is open on this shop'*) pass ;; *) fail 'the reason is said' "$out" ;; esac
        fi
        same 'nothing of the owner is opened outside' "$before" "$(on getfacl -n -p /home/deploy /home/deploy/.bashrc)"
        [ ! -L "$root$shop/y" ] || on sh -c 'cd /srv/my*; rm y; mv z y'
        verb linux-account close "path=$shop" access=ssh
        [ "$code" = 0 ] || fails acl-left
        rm "$root/usr/local/bin/setfacl"
        [ ! -L "$root$shop/y" ] || on sh -c 'cd /srv/my*; rm y; mv z y'
        verb linux-account close "path=$shop" access=ssh
        finishes
        same 'nor at the end' "$before" "$(on getfacl -n -p /home/deploy /home/deploy/.bashrc)"
        grant=firstgrant verb linux-account close account=sp-bob "path=$shop"
        finishes
        same 'the ACLs are as before' "$acl" "$(acls "$shop")"
        want 'nothing stays mounted' gone on grep -q 'my.040shop' /proc/mounts
        [ "$i" = with ] || mv "$root/opt/unshare" "$root/usr/bin/unshare"
    done
}

one_verb_at_a_time() {
    local before first flock with
    before=$(accounts)
    mkdir -p "$root/usr/local/bin"
    for flock in with without; do
        about="$suite one verb at a time, $flock flock"
        [ "$flock" = with ] || mv "$root/usr/bin/flock" "$root/opt/flock"
        script linux-account open >"$tmp/first"
        slow_tool useradd 2
        on /bin/sh -s <"$tmp/first" >"$tmp/first.out" 2>&1 &
        first=$!
        reached useradd
        verb linux-account close
        finishes
        says already_absent=false account_absent=true
        wait "$first"
        want 'the open had ended before' grep -q '^stagepass-end=' "$tmp/first.out"
        same 'nothing is left of it' "$before" "$(accounts)"
        [ "$flock" = with ] || mv "$root/opt/flock" "$root/usr/bin/flock"
    done
    # The time limit runs out before each of the decisive steps.
    for with in getent:0 mkdir:0 useradd:0 chpasswd:1 install:1 install:0; do
        about="$suite the time limit before the step after ${with%:*}"
        slow_tool "${with%:*}" 2
        verb linux-account open access=ssh "has_password=${with#*:}" "password=$password" "not_after=$(($(date +%s) + 1))"
        rm -f "$root/usr/local/bin"/* "$root/tmp/reached"
        refuses too-late
        same 'nothing is left' "$before" "$(accounts)"
        want 'nor a home' test ! -e "$root/home/sp-anna"
        want 'nor a record' test ! -e "$root/var/lib/stagepass/$grant"
    done
    about="$suite the time limit of an update"
    verb linux-account open
    slow_tool getent 2
    verb linux-account update "deadline=$((deadline + 864000))" "not_after=$(($(date +%s) + 1))"
    rm -f "$root/usr/local/bin"/* "$root/tmp/reached"
    refuses too-late
    verb linux-account check
    says keys_match=true expiry_matches=true
    verb linux-account close
    finishes
    about="$suite a lock that is not given back"
    on flock /var/lib/stagepass sleep 60 &
    first=$!
    sleep 0.5
    verb linux-account open
    fails busy
    on pkill -u root -x sleep
    wait "$first" 2>/dev/null
    same 'nothing was made' "$before" "$(accounts)"
}

chooses_an_id() {
    about="$suite the id"
    local uid next last=$root/var/lib/stagepass/last-uid
    make_shop
    rm -f "$last"
    on useradd -u 52000 taken
    on groupadd -g 52001 taken-too
    echo deploy:52002:2 >>"$root/etc/subuid"
    echo x >"$root/tmp/of-another"
    chown 52004 "$root/tmp/of-another"
    echo x >"$root$shop/var/of-another"
    chown 52005 "$root$shop/var/of-another"
    on setpriv --reuid=52006 --clear-groups sleep 100 &
    sleep 0.5
    mkdir -p "$root/var/lib/docker/volumes/airflow/_data"
    chown 52007 "$root/var/lib/docker/volumes/airflow/_data"
    verb linux-account open "path=$shop"
    finishes
    says account_uid=52008
    rm -rf "$root/var/lib/docker"
    verb linux-account close "path=$shop"
    finishes
    verb linux-account open "path=$shop"
    says account_uid=52009
    verb linux-account close "path=$shop"
    echo 59999 >"$last"
    on pkill -u 52006
    wait "$!" 2>/dev/null
    verb linux-account open "path=$shop"
    says account_uid=52006
    verb linux-account close "path=$shop"
    cp "$root/etc/login.defs" "$tmp/login.defs"
    sed -i 's/^UID_MAX.*/UID_MAX 9000/' "$root/etc/login.defs"
    verb linux-account open
    says account_uid=7000
    verb linux-account close
    finishes
    cp "$tmp/login.defs" "$root/etc/login.defs"
    echo 52100 >"$last"
    sed -i '/^deploy:52002:/d' "$root/etc/subuid"
    on userdel taken
    on groupdel taken-too
    rm -f "$root/tmp/of-another"
}

leaves_traps_to_nobody() {
    local before
    before=$(accounts)
    about="$suite what is planted"
    make_shop
    verb linux-account open "path=$shop" access=ssh
    key_ssh 'cd "/srv/my shop \$x" && mkdir -p .ssh var/.ssh && echo k >.ssh/authorized_keys && echo k >var/.ssh/x && for f in .bashrc .profile .forward .rhosts crontab .zshenv; do echo evil >$f; done; echo fine >fine.php; ln -s /etc/passwd /tmp/trap; mkdir /tmp/dir; echo x >/tmp/dir/f'
    verb linux-account close "path=$shop"
    finishes
    says planted_removed=10 reowned=1 deleted_outside=3
    same 'only what is no trap is left' fine.php "$(cd "$root$shop" && find . -newer "$tmp/script" ! -type d -printf '%f\n' 2>/dev/null; cd "$root$shop" && ls -d .ssh var/.ssh .bashrc .profile .forward .rhosts crontab .zshenv fine.php 2>/dev/null)"
    want 'no link is left in a sticky folder' on test ! -L /tmp/trap

    about="$suite what is opened to others"
    make_shop
    verb linux-account open "path=$shop" access=ssh
    # The shop knows www-data, and nobody knows 4243.
    key_ssh 'cd "/srv/my shop \$x" && mkdir -m 777 wide && echo x >wide/f && mkdir named && setfacl -m u:4243:rwx,d:u:4243:rwx,g:4244:r named && echo x >named/f && chmod 666 wide/f && echo x >plain'
    verb linux-account close "path=$shop" access=ssh
    finishes
    says "left=closed to everybody: 2 of the account's files in $shop" "left=closed to other accounts: 2 of the account's files in $shop"
    same 'nobody else may write' '' "$(on find "$shop" -newer /etc/passwd- -perm -002 ! -type l -printf '%f ')"
    deny 'nor has an entry' grep -q 424 <(acls "$shop")
    on rm -rf "$shop/wide" "$shop/named" "$shop/plain"

    about="$suite mounted below the home"
    mkdir -p "$root/srv/data"
    echo precious >"$root/srv/data/file"
    verb linux-account open access=ssh
    on mkdir /home/sp-anna/files/data
    on mount --bind /srv/data /home/sp-anna/files/data
    verb linux-account close
    fails mounted-below
    says account_absent=true home_absent=false
    same 'what was mounted is whole' precious "$(cat "$root/srv/data/file")"
    deny 'the login is refused' key_login ssh
    on umount /home/sp-anna/files/data
    verb linux-account close
    finishes
    says already_absent=true home_absent=true
    same 'what was mounted is still whole' precious "$(cat "$root/srv/data/file")"
    same 'the account files are as before' "$before" "$(accounts)"
}

# The path of the shop is a link that a deployment leads to a copy of it, with the entries of the account; the supporter, who is
# in, puts a program there.
follows_a_deployment() {
    local kept acl entries='^(default:)?user:5[0-9]{4}:'
    for kept in deleted kept; do
        about="$suite a deployment, the old shop is $kept"
        make_shop
        rm -rf "$root/srv/releases" "$root/srv/current"
        mkdir "$root/srv/releases"
        mv "$root$shop" "$root/srv/releases/1"
        chown --reference="$root/home/deploy" "$root/srv/releases"
        # What the merchant's own have: it is copied as well, and stays.
        setfacl -m u:33:rwx,d:u:33:rwx "$root/srv/releases/1/private"
        ln -s releases/1 "$root/srv/current"
        acl=$(acls /srv/releases/1 | sed 's|/releases/1|/releases/2|')
        verb linux-account open path=/srv/current access=ssh
        finishes
        says shop_access=acl
        key_ssh "echo '<?php' >/srv/releases/1/var/fix.php"
        started session key_ssh "until [ -e /srv/releases/2/ready ]; do sleep 0.1; done; echo '<?php' >/srv/releases/2/var/evil.php; chmod 666 /srv/releases/2/var/evil.php; exec sleep 1000"
        on sh -c 'cp -a /srv/releases/1 /srv/releases/2 && ln -sfn releases/2 /srv/current'
        [ "$kept" = kept ] || rm -rf "$root/srv/releases/1"
        want 'the copy has our entries' grep -qE "$entries" <(acls /srv/releases/2)
        on touch /srv/releases/2/ready
        want 'who is still in puts a program there' again 60 on test -e /srv/releases/2/var/evil.php
        rm "$root/srv/releases/2/ready"
        verb linux-account check path=/srv/current access=ssh
        says path_now=/srv/releases/2
        verb linux-account close path=/srv/current access=ssh
        finishes
        says account_absent=true acl_left=false processes=0 'left=handed over /srv/releases/2/var/evil.php'
        want 'the program is found' grep -q '^found=elsewhere /srv/releases/2/var/evil.php: ' <<<"$out"
        want 'and that this was not compared' grep -q '^difference=partial: .*leads to another place now.*/srv/releases/2' <<<"$out"
        same 'it is the owner of the shop who has it now, and not everybody may write' 'deploy 664' "$(on stat -c '%U %a' /srv/releases/2/var/evil.php)"
        rm "$root/srv/releases/2/var/evil.php" "$root/srv/releases/2/var/fix.php"
        same 'and all else is as it was before, where it was' "$acl" "$(acls /srv/releases/2)"
        deny 'no entry is left anywhere' grep -E "$entries" <(acls /srv)
    done
    # A link proves nothing of whose a folder is.
    about="$suite a deployment to a folder of somebody else"
    rm -rf "$root/srv/releases/3"
    mkdir "$root/srv/releases/3"
    chmod 777 "$root/srv/releases/3"
    verb linux-account open path=/srv/current access=ssh
    finishes
    key_ssh 'echo x >/srv/releases/3/file'
    ln -sfn releases/3 "$root/srv/current"
    verb linux-account close path=/srv/current access=ssh
    finishes
    says 'left=deleted /srv/releases/3/file' reowned=0
    rm -rf "$root/srv/releases" "$root/srv/current"
}

# What was there a moment ago is no failure: a shop is at work while it is closed, and so may be whoever tidies up.
is_not_held_up_by_what_vanishes() {
    about="$suite files that vanish"
    make_shop
    mkdir -m 777 "$root/srv/open"
    verb linux-account open "path=$shop" access=ssh
    finishes
    key_ssh 'for at in /tmp /srv/open "/srv/my shop \$x/var"; do mkdir -m 777 "$at/many"; for i in $(seq 400); do mkdir "$at/many/$i"; : >"$at/many/$i/file"; done; done'
    on sh -c 'while [ ! -e /run/enough ]; do
            for at in /srv/open "$1/var" /tmp; do
                rm -rf "$at/many/$((i = i % 400 + 1))"
                mkdir -p "$at/came" && : >"$at/came/$i" && rm -rf "$at/came"
            done
        done' - "$shop" >/dev/null 2>&1 &
    verb linux-account close "path=$shop" access=ssh
    on touch /run/enough
    wait "$!"
    rm "$root/run/enough"
    finishes
    says account_absent=true acl_left=false left_partial=false difference=done
    rm -rf "$root/srv/open" "$root$shop/var/many"
}

refuses_what_is_not_ours() {
    about="$suite what is not ours"
    local before
    before=$(accounts)
    verb linux-account open "not_after=$(($(date +%s) - 5))"
    refuses too-late
    verb linux-account open account='-x'
    refuses bad-account
    verb linux-account open 'account=a b'
    refuses bad-account
    verb linux-account open 'public_key=ssh-ed25519 AAAA",command="id'
    refuses bad-input
    verb linux-account open 'public_key=ssh-ed25519 AAAA
ssh-ed25519 BBBB'
    refuses bad-input
    verb linux-account open 'from=10.0.0.0/8",command="id'
    refuses bad-input
    verb linux-account open public_key=
    refuses no-credential
    verb linux-account open access=sftp-read-only has_password=1 "password=$password" gate_wanted=0
    refuses read-only-needs-key
    verb linux-account open 'tag=x y'
    refuses bad-input
    verb linux-account open at_end=never
    refuses bad-input
    verb linux-account open path=/srv/nothing
    refuses no-such-path
    # Which folder may be given is policy's to say; here, that it is the one that was judged.
    mkdir -p "$root/srv/judged" "$root/srv/other"
    chown --reference="$root/home/deploy" "$root/srv/judged" "$root/srv/other"
    local judged
    judged=$(on stat -c %d:%i:%u /srv/judged)
    verb linux-account open path=/srv/other "path_id=$judged"
    refuses path-changed
    verb linux-account open path=/srv/judged path_id=
    refuses path-changed
    mv "$root/srv/judged" "$root/srv/moved"
    ln -s /etc "$root/srv/judged"
    verb linux-account open path=/srv/judged "path_id=$judged"
    refuses path-changed
    rm "$root/srv/judged"
    chown 0:0 "$root/srv/moved"
    verb linux-account open path=/srv/moved "path_id=$judged"
    refuses path-changed
    same 'nothing was made' '' "$(grep '^sp-anna:' "$root/etc/passwd")$(find "$root/var/lib/stagepass" -mindepth 1 -type d 2>/dev/null)"
    rmdir "$root/srv/moved" "$root/srv/other"
    mkdir "$root/home/sp-anna"
    verb linux-account open
    refuses home-exists
    rmdir "$root/home/sp-anna"
    ln -s /srv "$root/home/sp-anna"
    verb linux-account open
    refuses home-exists
    rm "$root/home/sp-anna"
    same 'refusals change nothing' "$before" "$(accounts)"
    want 'refusals leave no record' test ! -e "$root/var/lib/stagepass/$grant"

    on useradd -m -c 'Anna from accounting' sp-anna
    before=$(accounts)
    verb linux-account open
    refuses account-exists
    verb linux-account update
    refuses account-foreign
    verb linux-account check
    says present=false foreign=true
    verb linux-account close
    finishes
    says foreign=true account_absent=true
    on usermod -c 'stagepass k3v9q2m7xaz' sp-anna
    before=$(accounts)
    verb linux-account close
    says foreign=true
    verb linux-account open
    refuses account-exists
    same 'an account that is not ours is left alone' "$before" "$(accounts)"
    want 'and its home' test -d "$root/home/sp-anna"
    on userdel -r sp-anna >/dev/null 2>&1

    about="$suite the mark taken off"
    verb linux-account open
    finishes
    on usermod -c 'somebody else' sp-anna
    verb linux-account check
    says present=true foreign=false mark_changed=true
    verb linux-account close
    finishes
    says account_absent=true foreign=false mark_changed=true
    deny 'the login is refused' key_login sftp
    verb linux-account open
    on usermod -c 'somebody else' -l other sp-anna
    verb linux-account close
    finishes
    says id_taken=true already_absent=true sessions_left=0 keys_absent=true
    want 'and its group is its own' grep -q '^sp-anna:' "$root/etc/group"
    want 'an account of another name is not touched' grep -q '^other:.*:somebody else:' "$root/etc/passwd"
    on userdel other
    on groupdel sp-anna 2>/dev/null
    verb linux-account open
    on usermod -c "stagepass $grant,5,," sp-anna
    verb linux-account close
    finishes
    says account_absent=true already_absent=false
}

# The client, the connection or the server dies in the middle: the next open finishes, close cleans.
survives_kills() {
    about="$suite killed in the middle"
    make_shop
    local acl before i
    acl=$(acls "$shop") before=$(accounts)
    for i in 1 2 3 4 5 6 7 8 9 10 12 14; do
        script linux-account open "path=$shop" has_password=1 "password=$password" >"$tmp/script"
        on timeout -s KILL "0.0$(printf '%02d' $((i * 8)))" /bin/sh -s <"$tmp/script" >/dev/null 2>&1
        on sh -c 'sleep 0.2; rm -f /etc/*.lock'
        if [ $((i % 2)) = 0 ]; then
            verb linux-account open "path=$shop" has_password=1 "password=$password"
            finishes
            want 'a second open finishes the first' key_login sftp
        fi
        verb linux-account close "path=$shop"
        finishes
        says account_absent=true home_absent=true keys_absent=true
        same 'nothing is left of it' "$before" "$(accounts)"
        same 'the ACLs are as before' "$acl" "$(acls "$shop")"
        want 'nor a record' test ! -e "$root/var/lib/stagepass/$grant"
    done
    verb linux-account open "path=$shop"
    for i in 1 2 3 4 5 6 8 10; do
        script linux-account close "path=$shop" >"$tmp/script"
        on timeout -s KILL "0.0$(printf '%02d' $((i * 8)))" /bin/sh -s <"$tmp/script" >/dev/null 2>&1
        on sh -c 'sleep 0.2; rm -f /etc/*.lock'
    done
    verb linux-account close "path=$shop"
    finishes
    same 'a close that was killed is finished by the next' "$before" "$(accounts)"
    same 'with its ACLs' "$acl" "$(acls "$shop")"

    about="$suite two at once"
    script linux-account open >"$tmp/one"
    grant=zzzzzzzzzz script linux-account open >"$tmp/two"
    on /bin/sh -s <"$tmp/one" >"$tmp/one.out" 2>/dev/null &
    on /bin/sh -s <"$tmp/two" >"$tmp/two.out" 2>/dev/null
    wait "$!"
    same 'one account of two grants started at once' 1 "$(grep -c '^sp-anna:' "$root/etc/passwd")"
    same 'one of them is told' 1 "$(cat "$tmp/one.out" "$tmp/two.out" | grep -c '^reason_id=')"
    verb linux-account close
    finishes
    grant=zzzzzzzzzz verb linux-account close
    finishes
    same 'both closed, nothing left' "$before" "$(accounts)"
}

# What has to be on the disk, and before what: a sync that writes down how things are.
survives_power_cuts() {
    local acl
    make_shop
    acl=$(acls "$shop")
    mkdir -p "$root/usr/local/bin"
    printf '%s\n' '#!/bin/sh' 'is() { if "$@" >/dev/null 2>&1; then printf 1; else printf 0; fi; }' 'shift' \
        "for one; do printf '%s %s%s%s%s\\n' \"\$one\" \"\$(is grep ^sp-anna: /etc/passwd)\" \"\$(is test -e /home/sp-anna)\" \\" \
        "    \"\$(is test -e /etc/cron.d/stagepass-$grant)\" \"\$(getfacl -npE /srv/my* | grep -c '^user:[0-9]')\"; done >>/tmp/syncs" >"$root/usr/local/bin/sync"
    chmod 755 "$root/usr/local/bin/sync"
    on sh -c '/usr/sbin/cron; pkill -STOP -x cron'
    about="$suite what a power cut must not undo: open"
    verb linux-account open "path=$shop"
    finishes
    # Account, home, failsafe, entries on the shop: how it was when that was made safe.
    same 'what is to be made is written down before' '0000' "$(synced "/var/lib/stagepass/$grant/record" | head -n 1)"
    same 'the id before anything is given to it' '1010' "$(synced "/var/lib/stagepass/$grant/record" | sed -n 2p)"
    same 'and last, by which list it is compared' '1111' "$(synced "/var/lib/stagepass/$grant/record" | tail -n 1)"
    same 'and it is not given again' '1010' "$(synced /var/lib/stagepass/last-uid)"
    same 'the ACLs before they are changed' '1110' "$(synced "/var/lib/stagepass/$grant/acl")"
    rm -f "$root/tmp/syncs"
    about="$suite what a power cut must not undo: close"
    verb linux-account close "path=$shop"
    finishes
    for one in /etc/passwd /etc/shadow /etc /home "/var/lib/stagepass/$grant" "/var/lib/stagepass/result.$grant"; do
        same "$one is safe before the failsafe goes" 0010 "$(synced "$one")"
    done
    rm -f "$root/tmp/syncs" "$root/usr/local/bin/sync"
    on pkill -KILL -x cron

    about="$suite a record that was lost"
    verb linux-account open "path=$shop"
    sed -i '/^[ug]id=/d' "$(state record)"
    verb linux-account close "path=$shop"
    finishes
    says acl_left=false
    same 'the mark of the account says the id' "$acl" "$(acls "$shop")"
    for one in acl record; do
        verb linux-account open "path=$shop" access=ssh
        key_ssh 'ln -s /etc/passwd "/srv/my shop \$x/link2"; echo deny >"/srv/my shop \$x/.htaccess"'
        : >"$(state "$one")"
        verb linux-account close "path=$shop" access=ssh
        finishes
        says account_absent=true acl_left=true
        want 'what cannot be told apart stays' test -L "$root$shop/link2" -a -e "$root$shop/.htaccess"
        make_shop
    done
}
synced() { sed -n "s|^$1 \([01]*\)\$|\1|p" "$root/tmp/syncs"; }

closes_whatever_happened() {
    about="$suite close"
    make_shop
    local before uid acl
    before=$(accounts) acl=$(acls "$shop")
    verb linux-account open "path=$shop" access=ssh
    uid=$(grep '^sp-anna:' "$root/etc/passwd" | cut -d: -f3)
    # A session, a multiplexed master, a detached child, jobs, files outside, a setuid copy.
    ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -M -S "$tmp/mux" -N -f -p "${port[$suite]}" sp-anna@127.0.0.1
    key_ssh 'setsid sleep 1000 >/dev/null 2>&1 & (trap "" TERM HUP; while :; do sleep 1; done) >/dev/null 2>&1 & echo t >/tmp/left; echo t >/dev/shm/left; cp /bin/true "/srv/my shop \$x/suid"; chmod 4755 "/srv/my shop \$x/suid"; mkdir "/srv/my shop \$x/mine"; echo x >"/srv/my shop \$x/mine/f"; exit 0'
    mkdir -p "$root/var/spool/cron/crontabs" "$root/var/spool/cron/atjobs"
    echo '* * * * * id' >"$root/var/spool/cron/crontabs/sp-anna"
    echo job >"$root/var/spool/cron/atjobs/a0001"
    chown "$uid" "$root/var/spool/cron/crontabs/sp-anna" "$root/var/spool/cron/atjobs/a0001"
    echo mail >"$root/var/mail/sp-anna"
    verb linux-account check "path=$shop" access=ssh
    case $out in *sessions=0*) fail 'check sees what runs' "$out" ;; *) pass ;; esac
    says files_outside=2
    verb linux-account close "path=$shop" access=ssh
    finishes
    says account_absent=true home_absent=true processes=0 reowned=3 deleted_outside=2 planted_removed=0
    same 'nothing of that id runs' '' "$(on ps -o pid= -u "$uid")"
    deny 'the multiplexed master is dead' ssh "${options[@]}" -S "$tmp/mux" -o ControlMaster=no -p "${port[$suite]}" sp-anna@127.0.0.1 true
    want 'the crontab is gone' test ! -e "$root/var/spool/cron/crontabs/sp-anna"
    want 'the at job is gone' test ! -e "$root/var/spool/cron/atjobs/a0001"
    want 'the mail is gone' test ! -e "$root/var/mail/sp-anna"
    same 'no file of that id is left' '' "$(on find / -xdev -uid "$uid" -not -path '/proc/*')"
    same 'files in the shop belong to the shop' 'deploy deploy 755' "$(on stat -c '%U %G %a' "$shop/suid")"
    want 'files elsewhere are gone' on test ! -e /tmp/left
    rm -rf "$root$shop/suid" "$root$shop/mine"
    same 'the account files are as before' "$before" "$(accounts)"
    same 'the ACLs are as before' "$acl" "$(acls "$shop")"

    about="$suite the next account"
    verb linux-account open
    want 'the id is not used again' test "$(grep '^sp-anna:' "$root/etc/passwd" | cut -d: -f3)" -gt "$uid"

    about="$suite deleted by hand"
    on userdel sp-anna
    verb linux-account close
    finishes
    says already_absent=true account_absent=true home_absent=true
    want 'its home went too' test ! -e "$root/home/sp-anna"
    verb linux-account open "path=$shop"
    on usermod -l renamed sp-anna
    verb linux-account close "path=$shop"
    finishes
    want 'a renamed account with our mark goes' bash -c '! grep -q "stagepass" "$1"' - "$root/etc/passwd"
    on groupdel sp-anna 2>/dev/null
    verb linux-account open "path=$shop"
    rm -rf "$root$shop"
    verb linux-account close "path=$shop"
    finishes
    says account_absent=true
    verb linux-account open
    on sh -c 'chattr -R -a "$1" 2>/dev/null; rm -rf "$1"' - "/var/lib/stagepass/$grant"
    verb linux-account open
    refuses record-missing
    verb linux-account close
    finishes
    says account_absent=true home_absent=true
    same 'the account files are as before' "$before" "$(accounts)"

    about="$suite a userdel killed half-way"
    verb linux-account open has_password=1 "password=$password"
    sed -i '/^sp-anna:/d' "$root/etc/passwd"
    verb linux-account close
    finishes
    same 'no half of the account is left' "$before" "$(accounts)"
    verb linux-account open
    sed -i '/^sp-anna:/d' "$root/etc/passwd" "$root/etc/shadow" "$root/etc/group"
    verb linux-account close
    finishes
    same 'no half of the group is left' "$before" "$(accounts)"

    about="$suite a list of groups that cannot be replaced"
    verb linux-account open
    on mount --bind /etc/group /etc/group
    verb linux-account close
    fails lines-left
    case $out in *'still stands in /etc/group'*) pass ;; *) fail 'the file is named' "$out" ;; esac
    on umount /etc/group
    verb linux-account close
    finishes
    same 'the account files are as before' "$before" "$(accounts)"

    about="$suite the id is somebody else's now"
    verb linux-account open
    uid=$(grep '^sp-anna:' "$root/etc/passwd" | cut -d: -f3)
    on userdel sp-anna
    on useradd -u "$uid" other
    on runuser -u other -- sleep 60 &
    disown
    sleep 0.5
    verb linux-account close
    finishes
    says id_taken=true sessions_left=unknown
    want 'their processes run on' on pgrep -u other sleep
    on pkill -u other sleep
    sleep 0.5
    on userdel other

    about="$suite the name is somebody else's now"
    verb linux-account open
    on userdel sp-anna
    rm -rf "$root/home/sp-anna"
    on useradd -m -u 4242 -s /bin/bash sp-anna
    cp -r "$root/root/.ssh" "$root/home/sp-anna/"
    chown -R 4242:4242 "$root/home/sp-anna/.ssh"
    started theirs ssh "${options[@]}" -i "$tmp/operator" -p "${port[$suite]}" "sp-anna@$address" 'sleep 1000'
    want 'they are in' again 60 on pgrep -u 4242 sleep
    verb linux-account check
    says foreign=true sessions=0
    verb linux-account close
    finishes
    says foreign=true keys_absent=true sessions_ended=0
    sleep 0.5
    want 'their session goes on' test ! -e "$tmp/ended.theirs"
    want 'and their keys are theirs' test -s "$root/home/sp-anna/.ssh/authorized_keys"
    on userdel -rf sp-anna 2>/dev/null
    on pkill -KILL -u 4242
    verb linux-account open
    on userdel sp-anna
    on useradd -M -u 4242 -s /bin/bash sp-anna
    want 'our key would let the supporter in to them' grep -q "stagepass:$grant" "$root/home/sp-anna/.ssh/authorized_keys"
    verb linux-account close
    finishes
    says foreign=true keys_absent=true
    want 'and is gone' test ! -e "$root/home/sp-anna/.ssh/authorized_keys"
    on userdel -rf sp-anna 2>/dev/null
}

asks_sshd() {
    local conf=$root/etc/ssh/sshd_config.d/20-test.conf before
    before=$(accounts)
    about="$suite AuthorizedKeysFile"
    # The running sshd must read it too.
    mkdir -p "$root/etc/ssh/keys"
    echo 'AuthorizedKeysFile /etc/ssh/keys/%u' >"$conf"
    cp "$root/root/.ssh/authorized_keys" "$root/etc/ssh/keys/root"
    chmod 755 "$root/etc/ssh/keys"
    reload
    verb linux-account open
    finishes
    says keys_file=/etc/ssh/keys/sp-anna
    want 'the login works with keys in /etc' key_login sftp
    verb linux-account close
    finishes
    want 'the key file in /etc went' test ! -e "$root/etc/ssh/keys/sp-anna"
    deny 'the login is refused' key_login sftp
    cp "$tmp/operator.pub" "$root/etc/ssh/keys/sp-anna"
    verb linux-account open
    refuses key-file-exists
    rm "$root/etc/ssh/keys/sp-anna"
    echo 'AuthorizedKeysFile /etc/ssh/keys.d/%u/keys /etc/ssh/keys/%u' >"$conf"
    mkdir -p "$root/etc/ssh/keys.d"
    chmod 755 "$root/etc/ssh/keys.d"
    reload
    verb linux-account open
    says keys_file=/etc/ssh/keys.d/sp-anna/keys
    want 'the login works with a folder for each account' key_login sftp
    verb linux-account close
    want 'the folder went' test ! -e "$root/etc/ssh/keys.d/sp-anna"
    printf 'AuthorizedKeysFile /etc/ssh/keys/%%u\nMatch User sp-anna\nAuthorizedKeysFile none\n' >"$conf"
    verb linux-account open
    refuses no-key-file
    verb linux-account open public_key= has_password=1 "password=$password"
    finishes
    verb linux-account close
    printf 'AuthorizedKeysFile /etc/ssh/keys/%%u\nMatch User sp-anna\nAuthorizedKeysFile /etc/ssh/everybody\n' >"$conf"
    verb linux-account open
    refuses no-key-file

    about="$suite UsePAM no"
    printf 'UsePAM no\n' >"$conf"
    reload
    verb linux-account open has_password=1 "password=$password"
    finishes
    want 'the key works without PAM' key_login sftp
    want 'the password works without PAM' pw_login sftp
    verb linux-account close
    verb linux-account open
    want 'a key alone works without PAM' key_login sftp
    verb linux-account close
    rm "$conf"
    reload
    same 'the account files are as before' "$before" "$(accounts)"

    about="$suite sudo"
    mkdir -p "$root/home/deploy/.ssh"
    cp "$root/root/.ssh/authorized_keys" "$root/home/deploy/.ssh/"
    chown -R --reference="$root/home/deploy" "$root/home/deploy/.ssh"
    echo "127.0.0.1 staging-$suite" >>"$root/etc/hosts"
    echo 'deploy ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/deploy"
    printf 'Match LocalPort %s User sp-anna\nAuthorizedKeysFile .ssh/here\n' "${port[$suite]}" >"$conf"
    login=deploy shell='sudo -n /bin/sh'
    verb linux-account detect
    finishes
    says supported=true authorized_keys_file=.ssh/here
    login=root shell=/bin/sh
    rm -rf "$root/home/deploy/.ssh" "$root/etc/sudoers.d/deploy"
    rm "$conf"
}

guards_the_way_in() {
    about="$suite key options"
    local line
    verb linux-account open from=10.1.0.0/16,2001:db8::/32 "check_key=$check_key" "check_until=$(($(date +%s) + 200))"
    finishes
    says password_ignores_from=false password_forwarding=false
    deny 'an address that is not on the list is refused' key_login sftp
    identity=$tmp/check
    want 'the login that proves it is not bound to the list' key_login sftp
    identity=''
    verb linux-account update from=127.0.0.0/8
    want 'an address on the list is let in' key_login sftp
    verb linux-account update restrict=0 expiry_form=none
    line=$(cat "$root/home/sp-anna/.ssh/authorized_keys")
    same 'for an sshd that knows neither restrict nor expiry-time' \
        "no-port-forwarding,no-X11-forwarding,no-agent-forwarding,no-pty,command=\"/var/lib/stagepass/$grant/gate t4g\" $supporter_key stagepass:$grant" "$line"
    want 'it logs in' key_login sftp
    verb linux-account close
    finishes
}

# Every program that open starts is replaced by one that looks for the password in every process's
# arguments and environment, its own included, and then goes on.
keeps_secrets() {
    about="$suite secrets"
    local name
    mkdir -p "$root/usr/local/sbin" "$root/usr/local/bin"
    for name in useradd usermod chpasswd mkdir mv install date getent sshd stat setfacl getfacl id; do
        printf '#!/bin/bash\nreal=$(PATH=/usr/sbin:/usr/bin:/sbin:/bin; command -v %s)\ncat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" >>/var/seen\nexec "$real" "$@"\n' "$name" >"$root/usr/local/bin/$name"
        chmod 755 "$root/usr/local/bin/$name"
    done
    make_shop
    script linux-account open "path=$shop" has_password=1 "password=$password" >"$tmp/script"
    # A `local` would be exported where the environment has a variable of its name.
    local names
    mapfile -t names < <(grep -rhoE '^ *local [^;]*' "$repo/providers" | grep -oE '\b[a-z_]+(=| |$)' | tr -d '= ' | grep -v '^local$' | sort -u)
    on env sp_password=x sp_secret=x "sp_public_key=x" "${names[@]/%/=x}" /bin/sh -s <"$tmp/script" >"$tmp/reply" 2>&1
    rm -f "$root"/usr/local/bin/*
    want 'there are locals' test "${#names[@]}" -gt 100
    same 'none of them is in the environment of a program' '' "$(grep -E "^($(IFS='|'; echo "${names[*]}"))=" "$root/var/seen" | grep -vE '=x$' | head -n 3)"
    deny 'nor is the hash of the password' grep -qF -- '$6$' "$root/var/seen"
    want 'open went on' grep -q '^stagepass-end=' "$tmp/reply"
    want 'the programs were watched' grep -q chpasswd "$root/var/seen"
    deny 'the password is in no argument and no environment' grep -qF -- "$password" "$root/var/seen"
    rm -f "$root/var/seen"
    deny 'the password is in no reply' grep -qF -- "$password" "$tmp/reply"
    same 'the password is in no file' '' "$(grep -rlF --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev -- "$password" "$tmp/$suite/up/u" 2>/dev/null)"
    want 'the password works' pw_login sftp
    verb linux-account close "path=$shop"
    finishes

    about="$suite a password the server refuses"
    local before
    before=$(accounts)
    printf '#!/bin/sh\ncat >/dev/null; echo BAD PASSWORD; exit 1\n' >"$root/usr/local/sbin/chpasswd"
    chmod 755 "$root/usr/local/sbin/chpasswd"
    verb linux-account open has_password=1 "password=$password"
    refuses password-refused
    rm "$root/usr/local/sbin/chpasswd"
    same 'everything was taken back' "$before" "$(accounts)"
    want 'with the home' test ! -e "$root/home/sp-anna"
    want 'and the record' test ! -e "$root/var/lib/stagepass/$grant"
}

# OpenSSH before 9.1 reads the expiry time in local time. The server's clock is moved for its sshd
# alone, with a preloaded time().
local_time() {
    about="$suite local time"
    login=root account=sp-anna
    local zone at when row
    mkdir -p "$root/opt/clock"
    printf '#include <sys/syscall.h>\n#include <stdio.h>\n#include <time.h>\nlong syscall(long, ...);\ntime_t time(time_t *t) { struct timespec n; syscall(SYS_clock_gettime, 0, &n); FILE *f = fopen("/opt/clock/offset", "r"); long o = 0; if (f) { if (fscanf(f, "%%ld", &o) != 1) o = 0; fclose(f); } if (t) *t = n.tv_sec + o; return n.tv_sec + o; }\n' >"$tmp/clock.c"
    # Only symbols that every glibc of the last fifteen years has.
    cc -shared -fPIC -O1 -std=gnu89 -o "$root/opt/clock/clock.so" "$tmp/clock.c" || fail "the clock does not compile"
    chmod 755 "$root/opt/clock"
    echo 0 >"$root/opt/clock/offset"
    chmod 644 "$root/opt/clock/"*
    halt "$suite"
    umount -R -l "$root/dev" "$root/proc" 2>/dev/null
    boot "$suite" LD_PRELOAD=/opt/clock/clock.so
    # zone, deadline in UTC: winter, summer, the hour that happens twice (first and second time), the
    # hour that does not happen, a zone whose summer is our winter, half-hour zones, one with no summer time.
    for row in 'Europe/Rome 2027-01-15T12:00:00Z' 'Europe/Rome 2027-07-15T12:00:00Z' \
        'Europe/Rome 2027-10-31T00:30:00Z' 'Europe/Rome 2027-10-31T01:30:00Z' 'Europe/Rome 2027-10-30T23:59:30Z' \
        'Europe/Rome 2027-03-28T01:00:00Z' 'Europe/Rome 2027-03-28T01:30:00Z' 'Europe/Rome 2027-03-28T00:30:00Z' \
        'Pacific/Auckland 2027-01-15T12:00:00Z' 'Australia/Lord_Howe 2027-01-15T12:00:00Z' 'Asia/Kolkata 2027-07-15T12:00:00Z' \
        'America/St_Johns 2027-07-15T12:00:00Z' 'Etc/UTC 2027-07-15T12:00:00Z' 'Europe/Dublin 2027-07-15T12:00:00Z' \
        'Africa/Casablanca 2027-07-15T12:00:00Z'; do
        zone=${row% *} at=$(date -u -d "${row#* }" +%s)
        about="$suite local time, $row"
        ln -sfn "/usr/share/zoneinfo/$zone" "$root/etc/localtime"
        reload
        verb linux-account open "deadline=$at" expiry_form=local
        finishes
        sleep 0.3
        echo $((at + 2 - $(date +%s))) >"$root/opt/clock/offset"
        deny 'two seconds late: refused' key_login sftp
        # Exact where summer time is what it is nearly everywhere; early, never late, elsewhere.
        case $zone in
            Europe/Dublin | Africa/Casablanca) when=7300 ;;
            *) when=8 ;;
        esac
        echo $((at - when - $(date +%s))) >"$root/opt/clock/offset"
        want "$when seconds before: let in" key_login sftp
        echo 0 >"$root/opt/clock/offset"
        verb linux-account close
    done
    ln -sfn /usr/share/zoneinfo/Etc/UTC "$root/etc/localtime"
}

other_shells() {
    local one
    cp -p "$(command -v bash)" "$root/opt/bash" 2>/dev/null
    for one in 'bash --posix' "${STAGEPASS_TEST_BUSYBOX:+/opt/busybox sh}"; do
        [ -n "$one" ] || continue
        [ -z "${STAGEPASS_TEST_BUSYBOX:-}" ] || install -m 755 "$STAGEPASS_TEST_BUSYBOX" "$root/opt/busybox"
        about="$suite under $one"
        shell=$one login=root account=sp-anna
        local acl before
        make_shop
        setfacl -m u:33:rwx "$root$shop/run.sh"
        acl=$(acls "$shop") before=$(accounts)
        verb linux-account detect "path=$shop"
        finishes
        says sshd_version=OpenSSH_9.2 supported=true
        verb linux-account open "path=$shop" has_password=1 "password=$password"
        finishes
        want 'the key works' key_login sftp
        want 'the password works' pw_login sftp
        verb linux-account check "path=$shop" has_password=1
        says keys_match=true expiry_matches=true
        verb linux-account update "path=$shop" expiry_form=local
        finishes
        want 'the key still works' key_login sftp
        verb linux-account close "path=$shop"
        finishes
        same 'the account files are as before' "$before" "$(accounts)"
        same 'the ACLs are as before' "$acl" "$(acls "$shop")"
        key_file_cases
        shell=/bin/sh
    done
}

# How long the verbs take beside one bare script that does the same work, both through ssh.
measure() {
    about="$suite times"
    account=sp-anna login=root
    local round
    printf 'useradd -m -e 2027-01-01 -s /bin/bash bare && printf "bare:%%s\\n" "x9" | chpasswd && mkdir -m 700 /home/bare/.ssh && echo "restrict,pty %s" >/home/bare/.ssh/authorized_keys && chmod 600 /home/bare/.ssh/authorized_keys && chown -R bare: /home/bare/.ssh\n' "$supporter_key" >"$tmp/bare-open"
    printf 'userdel -r bare 2>/dev/null\n' >"$tmp/bare-close"
    printf 'exit 0\n' >"$tmp/nothing"
    script linux-account detect >"$tmp/detect"
    : >"$tmp/times"
    for round in 1 2 3 4 5 6 7; do
        script linux-account open access=ssh has_password=1 "password=$password" >"$tmp/open"
        script linux-account open access=ssh >"$tmp/open-key"
        script linux-account close access=ssh >"$tmp/close"
        for step in nothing detect open close open-key close bare-open bare-close; do timed "$step"; done
    done
    for step in nothing detect open open-key close bare-open bare-close; do
        printf '   %-12s median %s ms\n' "$step" "$(grep "^$step " "$tmp/times" | cut -d' ' -f2 | sort -n | sed -n '4p')"
    done
}

timed() {
    local from to
    from=$(date +%s%N)
    on /bin/sh -s <"$tmp/$1" >/dev/null 2>&1
    to=$(date +%s%N)
    echo "$1 $(((to - from) / 1000000))" >>"$tmp/times"
}
