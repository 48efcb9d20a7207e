# The cases of authorized-key. Read by run.sh; needs what it defines.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154

# In three, each on a server of its own: most of them wait for a minute of cron, or for what was ended.
authorized_key() {
    key_lines
    shared_sessions
    shared_ends
}

key_lines() {
    about="$suite authorized-key"
    mkdir -p "$root/home/deploy/.ssh"
    key_file_cases
    shared_account
    odd_files
    same_key_twice
    moved_line
    several_key_files
    one_at_a_time
    account_of_root
    edited_meanwhile
    gate_in_a_shared_account
}

shared_sessions() {
    about="$suite authorized-key"
    mkdir -p "$root/home/deploy/.ssh"
    sessions_told_apart
    sessions_hidden
    named_sshd
    own_sshd
    kept_without_a_session
    another_grants_session
    fork_chain
    folder_gone
    locked_by_another
    closed_meanwhile
    failsafe_comes_late
    failsafe_notes_late
    way_in_first
    keeps_the_memory_of_a_shared_account
    root_by
}

shared_ends() {
    about="$suite authorized-key"
    mkdir -p "$root/home/deploy/.ssh"
    merchants_crontab
    crontab_of_busybox
    roots_crontab
    waits_for_cron_to_look
    failsafe_by_cron
    no_failsafe
    login_shells
    homes
    found_in_a_shared_account
    false_results
    killed_anywhere
    safe_from_power_cuts
}

# give CONTENT: the merchant's file as it is before. Our own way in must be in it, unless a test
# brings the script in as root's child: then it may be empty, or not there at all.
keys() { printf '%s' "$root/home/deploy/.ssh/authorized_keys"; }
own() { chown -R -h --reference="$root/home/deploy" "$root/home/deploy/.ssh" 2>/dev/null; }
give() {
    rm -rf "$root/home/deploy/.ssh" "$root/home/deploy/.stagepass" "$root/home/deploy"/.stagepass-*
    mkdir -m 700 "$root/home/deploy/.ssh"
    printf '%s' "$1" >"$(keys)"
    chmod "${2:-600}" "$(keys)"
    own
}

# as_deploy VERB name=value...: like verb, without needing a key in the file under test.
as_deploy() {
    script authorized-key "$@" >"$tmp/script"
    # shellcheck disable=SC2086
    out=$(on runuser -u deploy -- env -i HOME=/home/deploy PATH=/usr/bin:/bin $shell -s <"$tmp/script" 2>"$tmp/err")
    code=$?
    out=$(unframed <<<"$out")
    declared authorized-key "$1"
}

# Everything of the key files, and of ours, but for the results of closes that nobody collected yet.
home_state() { (cd "$root/home/deploy" && find . \( -path './.ssh*' -o -path './.stagepass/*' -o -path './.stagepass-*' \) ! -name 'result.*' ! -path './.stagepass/.kept.*' -printf '%p %y %m %u %g %s %l\n' | sort && find .ssh -type f -exec sha256sum {} + | sort) 2>/dev/null; }

# there_and_back NAME: open, the line is there, the rest is untouched; close; everything as before.
there_and_back() {
    local was
    about="$suite authorized_keys: $1"
    was=$(home_state)
    as_deploy open account=deploy
    finishes
    says key_lines=1
    as_deploy check account=deploy
    says present=true keys_match=true key_lines=1
    as_deploy open account=deploy
    finishes
    says key_lines=1
    as_deploy update account=deploy "deadline=$((deadline + 60))"
    finishes
    as_deploy check account=deploy "deadline=$((deadline + 60))"
    says keys_match=true
    same 'one line, however often it is opened' 1 "$(grep -c "$supporter_key stagepass:$grant\$" "$(keys)")"
    account=deploy want 'sshd takes the key' key_login sftp
    as_deploy close account=deploy
    finishes
    says keys_absent=true already_absent=false
    same 'as before, to the byte' "$was" "$(home_state)"
    as_deploy close account=deploy
    finishes
    says already_absent=true keys_absent=true
    same 'closed twice' "$was" "$(home_state)"
    as_deploy check account=deploy
    says present=false key_lines=0
    as_deploy collected account=deploy
    finishes
    want 'nothing at all is left of it' test ! -e "$root/home/deploy/.stagepass"
}

key_file_cases() {
    local operator other
    operator=$(cat "$tmp/operator.pub")
    other='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDq3XVBpGkbkEy8q1Yp3v7u7pG2kFf0cXvT0u4d4yQ3n someone@else'
    login=deploy account=deploy
    give "$operator
"
    there_and_back 'one line'
    give "$operator"
    there_and_back 'no final newline'
    give ''
    there_and_back 'empty'
    rm -f "$(keys)"
    there_and_back 'absent'
    rm -rf "$root/home/deploy/.ssh"
    there_and_back 'folder absent'
    give "# first
$operator

   # indented
$other"
    there_and_back 'comments and blank lines, no final newline'
    give "$(printf '%s\r\n%s\r\n' "$operator" "$other")"
    there_and_back 'CRLF without a final newline'
    give "$(printf '%s\r\n%s\r\n' "$operator" "$other")
"
    there_and_back 'CRLF'
    give "$operator

"
    there_and_back 'blank line at the end'
    give "$operator
# stagepass:$grant in a comment
command=\"echo stagepass:$grant\" $other stagepass:$grant
$other stagepass:${grant}z
"
    there_and_back 'lines that look like ours'
    give "$(printf '\xff\xfe %s\n' "# latin1 \xe9")
$operator
" 644
    there_and_back 'bytes that are no UTF-8, mode 644'
    give "$operator
"
    mkdir -p "$root/home/deploy/.ssh/real"
    mv "$(keys)" "$root/home/deploy/.ssh/real/keys"
    ln -s real/keys "$(keys)"
    own
    there_and_back 'a link'
    give "$operator
$(awk 'BEGIN { for (i = 0; i < 10000; i++) printf "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI%043d user%d@example\n", i, i }')
"
    there_and_back '10,000 lines'
}

shared_account() {
    about="$suite shared account"
    login=deploy account=deploy
    local access
    make_shop
    for access in sftp sftp-read-only ssh; do
        about="$suite shared account, $access"
        give "$(cat "$tmp/operator.pub")
"
        verb authorized-key detect "access=$access"
        finishes
        says supported=true user=deploy keys_file=/home/deploy/.ssh/authorized_keys keys_file_exists=true keys_file_writable=true key_lines=0
        verb authorized-key open "access=$access" path=/srv/my "check_key=$check_key" "check_until=$(($(date +%s) + 100))"
        refuses no-such-path
        verb authorized-key open "access=$access" "path=$shop" "check_key=$check_key" "check_until=$(($(date +%s) + 100))"
        finishes
        says key_lines=2
        identity=$tmp/check
        want 'the key that proves the login works' key_login "$access"
        identity=''
        verb authorized-key update "access=$access" "path=$shop"
        finishes
        says key_lines=1
        want 'the key works' key_login "$access"
        identity=$tmp/check
        deny 'the key that proved it is gone' key_login "$access"
        identity=''
        want 'paramiko takes it' paramiko_list ''
        echo content >"$tmp/upload"
        key_sftp "put $tmp/upload \"$shop/new\"" >/dev/null 2>&1
        if [ "$access" = sftp-read-only ]; then
            want 'cannot write' test ! -e "$root$shop/new"
        else
            want 'writes' test -e "$root$shop/new"
        fi
        rm -f "$root$shop/new"
        if [ "$access" = ssh ]; then
            same 'runs commands' deploy "$(key_ssh id -un)"
        else
            deny 'gets no command' bash -c 'key_ssh "touch /tmp/proof"; [ -e "$1" ]' - "$root/tmp/proof"
        fi
        deny 'gets no forwarding' timeout 10 ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -W "127.0.0.1:${port[$suite]}" -p "${port[$suite]}" deploy@127.0.0.1 </dev/null
        verb authorized-key update "access=$access" "path=$shop" "deadline=$(($(date +%s) - 60))"
        finishes
        deny 'past its time it is refused' key_login "$access"
        verb authorized-key close "access=$access" "path=$shop"
        finishes
        says sessions_left=0 same_key_foreign=false gate_absent=true failsafe_absent=true result_kept=true difference=done
        deny 'closed, it is refused' key_login "$access"
    done
    verb authorized-key open has_password=1 "password=$password"
    refuses password-needs-account
    verb authorized-key open account=sp-anna
    refuses other-account
    verb authorized-key open "not_after=$(($(date +%s) - 5))"
    refuses too-late
    verb authorized-key update
    refuses key-absent
    verb authorized-key open public_key=
    refuses no-credential
}

odd_files() {
    local operator was
    operator=$(cat "$tmp/operator.pub")
    login=deploy account=deploy
    about="$suite read-only file"
    give "$operator
" 400
    was=$(home_state)
    as_deploy open
    refuses keys-file-read-only
    same 'nothing changed' "$was" "$(home_state)"
    as_deploy detect
    says supported=false keys_file_writable=false
    about="$suite read-only folder"
    give "$operator
"
    chmod 500 "$root/home/deploy/.ssh"
    was=$(home_state)
    as_deploy open
    refuses keys-folder-read-only
    same 'nothing changed' "$was" "$(home_state)"
    chmod 700 "$root/home/deploy/.ssh"
    about="$suite a file of root's"
    chown 0:0 "$(keys)"
    chmod 666 "$(keys)"
    was=$(home_state)
    as_deploy open
    refuses keys-file-foreign
    same 'nothing changed' "$was" "$(home_state)"
    about="$suite a link that leads nowhere"
    give ''
    rm "$(keys)"
    ln -s /nowhere/at/all "$(keys)"
    own
    as_deploy open
    refuses keys-file-link
    as_deploy detect
    finishes
    says supported=false

    about="$suite attributes"
    give "$operator
" 640
    setfacl -m u:33:r "$(keys)"
    setfattr -n user.note -v kept "$(keys)" 2>/dev/null
    was=$(cd "$root" && getfacl -n -p "$(keys)" && getfattr -d "$(keys)" 2>/dev/null)
    as_deploy open
    finishes
    same 'owner, mode, ACL and attributes are kept at open' "$was" "$(cd "$root" && getfacl -n -p "$(keys)" && getfattr -d "$(keys)" 2>/dev/null)"
    as_deploy close
    same 'and at close' "$was" "$(cd "$root" && getfacl -n -p "$(keys)" && getfattr -d "$(keys)" 2>/dev/null)"

    about="$suite hard link"
    give "$operator
"
    ln "$(keys)" "$root/home/deploy/.ssh/second"
    as_deploy open
    finishes
    says hard_links=2
    as_deploy close
    finishes
    same 'the other name keeps its content' "$operator" "$(cat "$root/home/deploy/.ssh/second")"

    about="$suite full disk"
    give "$operator
"
    cp -a "$root/home/deploy/.ssh" "$tmp/keep"
    on mount -t tmpfs -o size=32k,mode=0700 tmpfs /home/deploy/.ssh
    on chown deploy:deploy /home/deploy/.ssh
    on runuser -u deploy -- sh -c 'i=0; while [ $i -lt 60 ]; do echo "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI0000000000000000000000000000000000000$i x"; i=$((i+1)); done >/home/deploy/.ssh/authorized_keys; chmod 600 /home/deploy/.ssh/authorized_keys; cat /dev/zero >/home/deploy/.ssh/fill 2>/dev/null'
    was=$(on sha256sum /home/deploy/.ssh/authorized_keys)
    as_deploy open
    refuses no-room
    same 'the file is whole' "$was" "$(on sha256sum /home/deploy/.ssh/authorized_keys)"
    same 'no litter' 'authorized_keys fill' "$(on ls /home/deploy/.ssh | tr '\n' ' ' | sed 's/ $//')"
    on rm /home/deploy/.ssh/fill
    as_deploy open
    finishes
    on sh -c 'cat /dev/zero >/home/deploy/.ssh/fill 2>/dev/null'
    # The gate is shut by then, and that is a change.
    as_deploy close
    fails no-room
    deny 'nobody gets in' account=deploy key_login sftp
    on rm /home/deploy/.ssh/fill
    as_deploy close
    finishes
    same 'as before' "$was" "$(on sha256sum /home/deploy/.ssh/authorized_keys)"
    on umount /home/deploy/.ssh
    rm -rf "$tmp/keep"

    about="$suite a private sshd with its own configuration"
    give "$operator
"
    on runuser -u deploy -- sh -c 'mkdir -p ~/own && cd ~/own && ssh-keygen -q -t ed25519 -N "" -f host && cp ~/.ssh/authorized_keys "my keys" && cp ~/.ssh/authorized_keys keys && printf "HostKey %s/host\nAuthorizedKeysFile %s/keys\nUsePAM no\nPidFile none\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n" "$PWD" "$PWD" >conf && exec /usr/sbin/sshd -f "$PWD/conf" -p '"$((port[$suite] + 1))"' -o ListenAddress=127.0.0.1'
    port[$suite]=$((port[$suite] + 1))
    verb authorized-key detect
    finishes
    says keys_file=/home/deploy/own/keys keys_file_assumed=false sshd_config=/home/deploy/own/conf sshd_settings=true password_authentication=no
    verb authorized-key open
    finishes
    want 'the login works there' key_login sftp
    verb authorized-key close
    finishes
    deny 'and is refused after close' key_login sftp
    port[$suite]=$((port[$suite] - 1))
    on pkill -KILL -u deploy -x sshd
    rm -rf "$root/home/deploy/own"
}

same_key_twice() {
    about="$suite same key twice"
    login=deploy account=deploy
    local was operator
    operator=$(cat "$tmp/operator.pub")
    give "$operator"
    was=$(home_state)
    as_deploy open
    finishes
    says same_key_kept=false
    grant=other00001 as_deploy open
    finishes
    says same_key_kept=true key_lines=1
    as_deploy close
    finishes
    says same_key_kept=true same_key_foreign=false keys_absent=true
    want 'the other grant still works' key_login sftp
    grant=other00001 as_deploy check
    says present=true keys_match=true
    grant=other00001 as_deploy close
    finishes
    says same_key_kept=false
    same 'as before, to the byte' "$was" "$(home_state)"
    give "$operator
from=\"10.0.0.0/8\" $(cat "$tmp/supporter.pub")
"
    was=$(home_state)
    as_deploy detect
    says same_key_foreign=true
    as_deploy open
    says same_key_foreign=true
    as_deploy close
    finishes
    says same_key_foreign=true
    same "the merchant's own line with that key is untouched" "$was" "$(home_state)"
    about="$suite made by us, then used by the merchant"
    rm -rf "$root/home/deploy/.ssh"
    as_deploy open
    echo "$operator" >>"$(keys)"
    as_deploy close
    finishes
    same 'only the line of the merchant is left' "$operator" "$(cat "$(keys)")"
    give "$operator"
    as_deploy open
    echo '# later' >>"$(keys)"
    as_deploy close
    same 'what was added below stays' "$operator
# later" "$(cat "$(keys)")"
}

# A supporter who can write changes their own line: without our comment, without our options.
moved_line() {
    about="$suite a line that was moved"
    login=deploy account=deploy
    local operator was line
    operator=$(cat "$tmp/operator.pub")
    give "$operator
"
    was=$(home_state)
    as_deploy open
    says same_key_foreign=false
    for line in "$supporter_key anna" "$(tr ' ' '\t' <<<"$supporter_key")" "from=\"*\",environment=\"A=\\\"b c\" $supporter_key"; do
        give "$operator
$line
"
        as_deploy check same_key_before=0
        says present=false same_key_foreign=true keys_match=false key_lines=0
        as_deploy close same_key_before=1
        finishes
        says same_key_foreign=true moved_line_removed=false
        as_deploy close
        finishes
        says same_key_foreign=true moved_line_removed=false already_absent=true
        want 'it may be the merchant'\''s: it stays' grep -qF "$line" "$(keys)"
        as_deploy close same_key_before=0
        finishes
        says same_key_foreign=false moved_line_removed=true keys_absent=true already_absent=false
        same 'as before, to the byte' "$was" "$(home_state)"
    done
    about="$suite a moved line beside ours"
    as_deploy open
    echo "$supporter_key" >>"$(keys)"
    echo "command=\"echo $supporter_key\" ${operator% *} other" >>"$(keys)"
    as_deploy update same_key_before=0
    finishes
    says key_lines=1 same_key_foreign=true
    as_deploy close same_key_before=0
    finishes
    says moved_line_removed=true
    same 'what only mentions the key stays' "$operator
command=\"echo $supporter_key\" ${operator% *} other" "$(cat "$(keys)")"
}

several_key_files() {
    about="$suite several key files"
    login=deploy account=deploy
    local operator was conf=$root/etc/ssh/sshd_config.d/20-test.conf
    operator=$(cat "$tmp/operator.pub")
    give "$operator
"
    printf '%s\n' "$(cat "$tmp/supporter.pub")" >"$root/home/deploy/.ssh/authorized_keys2"
    own
    as_deploy detect
    says same_key_foreign=true "keys_file=/home/deploy/.ssh/authorized_keys"
    rm "$root/home/deploy/.ssh/authorized_keys2"
    was=$(home_state)
    as_deploy open
    finishes
    # Moved to the other file that sshd reads.
    grep stagepass: "$(keys)" >"$root/home/deploy/.ssh/authorized_keys2"
    own
    as_deploy check
    says key_lines=2 keys_match=false
    as_deploy update
    finishes
    says key_lines=1
    as_deploy check
    says key_lines=1 keys_match=true
    rm -f "$root/home/deploy/.ssh/authorized_keys2"
    as_deploy open
    finishes
    mv "$(keys)" "$root/home/deploy/.ssh/authorized_keys2"
    printf '%s\n' "$operator" >"$(keys)"
    own
    chmod 600 "$(keys)"
    as_deploy close
    finishes
    says already_absent=false keys_absent=true
    same 'taken out of the second file' "$operator" "$(cat "$root/home/deploy/.ssh/authorized_keys2")"
    rm -f "$root/home/deploy/.ssh/authorized_keys2"
    same 'as before' "$was" "$(home_state)"
    about="$suite sshd reads another file by now"
    as_deploy open
    finishes
    mv "$(keys)" "$root/home/deploy/.ssh/former"
    as_deploy close
    says keys_absent=true gate_absent=true
    as_deploy close
    says already_absent=true
    as_deploy check keys_file=/home/deploy/.ssh/former
    says present=true keys_match=true
    as_deploy close keys_file=/home/deploy/.ssh/former
    finishes
    says already_absent=false keys_absent=true
    same 'taken out of the file that open used' "$operator" "$(cat "$root/home/deploy/.ssh/former")"
    about="$suite one of the files is not ours to write"
    give "$operator
"
    as_deploy open
    cp "$(keys)" "$root/home/deploy/.ssh/authorized_keys2"
    chown 0:0 "$root/home/deploy/.ssh/authorized_keys2"
    chmod 644 "$root/home/deploy/.ssh/authorized_keys2"
    as_deploy close
    fails keys-file-foreign
    same 'the other was done' "$operator" "$(cat "$(keys)")"
    rm -f "$root/home/deploy/.ssh/authorized_keys2"
    as_deploy close keys_file=former
    refuses bad-input
}

# slow_tool NAME SECONDS: puts a slow one before the real one, that says when it was reached.
# held FOLDER: waits until somebody holds it.
held() { again 60 gone on flock -n "$1" true; }

slow_tool() {
    printf '#!/bin/sh\ntouch /tmp/reached; sleep %s; PATH=/usr/sbin:/usr/bin:/sbin:/bin exec %s "$@"\n' "$2" "$1" >"$root/usr/local/bin/$1"
    chmod 755 "$root/usr/local/bin/$1"
}
reached() {
    again 60 test -e "$root/tmp/reached"
    rm -f "$root/tmp/reached" "$root/usr/local/bin/$1"
}

one_at_a_time() {
    local operator was first flock
    operator=$(cat "$tmp/operator.pub")
    login=deploy account=deploy
    mkdir -p "$root/usr/local/bin"
    for flock in with without; do
        about="$suite one at a time, $flock flock"
        [ "$flock" = with ] || mv "$root/usr/bin/flock" "$root/opt/flock"
        give "$operator
"
        was=$(home_state)
        # An open whose client died runs on; close comes meanwhile and waits for it.
        script authorized-key open >"$tmp/first"
        slow_tool cp 2
        on runuser -u deploy -- /bin/sh -s <"$tmp/first" >"$tmp/first.out" 2>&1 &
        first=$!
        reached cp
        as_deploy close
        finishes
        says already_absent=false keys_absent=true
        wait "$first"
        want 'the open had ended before' grep -q '^stagepass-end=' "$tmp/first.out"
        same 'nothing is left of it' "$was" "$(home_state)"

        # An update waits for a close, and then finds nothing to update.
        as_deploy open
        script authorized-key close >"$tmp/first"
        slow_tool cp 2
        on runuser -u deploy -- /bin/sh -s <"$tmp/first" >"$tmp/first.out" 2>&1 &
        first=$!
        reached cp
        as_deploy update
        refuses key-absent
        wait "$first"
        same 'an update brings nothing back' "$was" "$(home_state)"

        # The time limit runs out between the first look and the decisive step.
        slow_tool cp 3
        as_deploy open "not_after=$(($(date +%s) + 1))"
        rm -f "$root/usr/local/bin/cp" "$root/tmp/reached"
        refuses too-late
        same 'nothing was made' "$was" "$(home_state)"
        rm -rf "$root/home/deploy/.ssh"
        was=$(home_state)
        slow_tool flock 3
        slow_tool ln 3
        as_deploy open "not_after=$(($(date +%s) + 1))"
        rm -f "$root/usr/local/bin/flock" "$root/usr/local/bin/ln" "$root/tmp/reached"
        if [ "$flock" = with ]; then refuses too-late; same 'nor a folder' "$was" "$(home_state)"; else as_deploy close; fi
        if [ "$flock" = without ]; then
            give "$operator
"
            was=$(home_state)
            mkdir -p "$root/home/deploy/.stagepass/.stagepass-lock/999999-12345-"
            chown -R --reference="$root/home/deploy" "$root/home/deploy/.stagepass"
            as_deploy open
            finishes
            as_deploy close
            finishes
            as_deploy collected
            same 'the lock of one that died is taken over, and goes' "$was" "$(home_state)"
            want 'all of it' test ! -e "$root/home/deploy/.stagepass/.stagepass-lock"
            mv "$root/opt/flock" "$root/usr/bin/flock"
        fi
    done

    about="$suite notes of closes whose time is over"
    give "$operator
"
    local step
    for step in open update collected; do
        [ "$step" != update ] || as_deploy open
        grant=early00001 as_deploy close "not_after=$(($(date +%s) + 2))"
        finishes
        want 'the note is there' test -e "$root/home/deploy/.stagepass-ended.early00001"
        grant=early00002 as_deploy close "not_after=$(($(date +%s) + 100))"
        sleep 3
        as_deploy "$step"
        finishes
        want "gone after $step" test ! -e "$root/home/deploy/.stagepass-ended.early00001"
        want 'and no other' test -e "$root/home/deploy/.stagepass-ended.early00002"
        [ "$step" = collected ] || as_deploy close
    done

    about="$suite a lock that is not given back"
    give "$operator
"
    as_deploy open
    finishes
    want 'the key is in' grep -q "$supporter_key" "$(keys)"
    on runuser -u deploy -- flock /home/deploy/.stagepass sleep 60 &
    first=$!
    held /home/deploy/.stagepass
    was=$(date +%s)
    as_deploy close
    fails busy
    want 'it does not wait for ever' test $(($(date +%s) - was)) -le 30
    deny 'and the key is out all the same' grep -q "$supporter_key" "$(keys)"
    same 'with nothing beside it' authorized_keys "$(ls "$root/home/deploy/.ssh")"
    on pkill -u deploy sleep
    wait "$first" 2>/dev/null
    as_deploy close
    finishes
    as_deploy collected
    want 'nothing is left' test ! -e "$root/home/deploy/.stagepass"

    about="$suite a program that ends with 10"
    printf '#!/bin/sh\nexit 10\n' >"$root/usr/local/bin/stat"
    chmod 755 "$root/usr/local/bin/stat"
    printf '#!/bin/sh\nexit 10\n' >"$root/usr/local/bin/tail"
    chmod 755 "$root/usr/local/bin/tail"
    cp "$root/usr/local/bin/tail" "$root/usr/local/bin/awk"
    as_deploy open
    rm -f "$root/usr/local/bin"/*
    same 'it is no refusal' 21 "$code"
    says reason_id=unexpected
}

account_of_root() {
    about="$suite the account of root"
    login=root account=root
    local was
    was=$(cat "$root/root/.ssh/authorized_keys")
    verb authorized-key open
    refuses root-account
    same 'nothing was changed' "$was" "$(cat "$root/root/.ssh/authorized_keys")"
    verb authorized-key open allow_root=1
    finishes
    verb authorized-key close
    finishes
    same 'as before' "$was" "$(cat "$root/root/.ssh/authorized_keys")"
    account=sp-anna
}

edited_meanwhile() {
    about="$suite edited meanwhile"
    login=deploy account=deploy
    local i
    give "$(cat "$tmp/operator.pub")
"
    # A merchant who adds a line every few milliseconds, with an editor that replaces the file.
    # shellcheck disable=SC2016
    on runuser -u deploy -- sh -c 'cd ~/.ssh; i=0; while [ $i -lt 40 ]; do i=$((i+1)); { cat authorized_keys; echo "# edit $i"; } >e && cat e >authorized_keys; sleep 0.05; done; rm -f e' &
    local merchant=$!
    for i in 1 2 3 4 5 6; do
        grant=parallel0$i as_deploy open
        grant=parallel0$i as_deploy close
    done
    wait "$merchant"
    same 'no line of the merchant was lost' 40 "$(grep -c '^# edit ' "$(keys)")"
    about="$suite edited while the file goes"
    rm -rf "$root/home/deploy/.ssh"
    as_deploy open
    finishes
    for i in mv rm; do
        printf '%s\n' '#!/bin/sh' 'for one; do [ "$one" != /home/deploy/.ssh/authorized_keys ] || [ -e /tmp/once ] || { touch /tmp/once; echo "# edit" >>"$one"; }; done' \
            "exec /bin/$i \"\$@\"" >"$root/usr/local/bin/$i"
        chmod 755 "$root/usr/local/bin/$i"
    done
    as_deploy close
    finishes
    says file_removed=false keys_absent=true
    want 'it was edited' test -e "$root/tmp/once"
    same 'the line of the merchant is there, and nothing else' '# edit' "$(cat "$(keys)")"
    same 'nor beside it' authorized_keys "$(ls -A "$root/home/deploy/.ssh")"
    about="$suite killed while the file goes"
    rm -rf "$root/home/deploy/.ssh"
    as_deploy open
    finishes
    printf '%s\n' '#!/bin/sh' '/bin/mv "$@"' 'for one; do [ "$one" != /home/deploy/.ssh/authorized_keys ] || kill -KILL "$PPID"; done' >"$root/usr/local/bin/mv"
    script authorized-key close >"$tmp/script"
    on runuser -u deploy -- env -i HOME=/home/deploy PATH=/usr/bin:/bin /bin/sh -s <"$tmp/script" >/dev/null 2>&1
    rm "$root/usr/local/bin/mv" "$root/usr/local/bin/rm" "$root/tmp/once"
    as_deploy close
    finishes
    says keys_absent=true
    want 'nothing is left' test ! -e "$root/home/deploy/.ssh"
    as_deploy collected
    about="$suite ten at once"
    give "$(cat "$tmp/operator.pub")
"
    local jobs=()
    for i in 0 1 2 3 4 5 6 7 8 9; do
        grant=tenatonce$i script authorized-key open >"$tmp/script.$i"
        on runuser -u deploy -- /bin/sh -s <"$tmp/script.$i" >/dev/null 2>&1 &
        jobs+=("$!")
    done
    wait "${jobs[@]}"
    same 'ten lines' 10 "$(grep -c 'stagepass:tenatonce[0-9]$' "$(keys)")"
    jobs=()
    for i in 0 1 2 3 4 5 6 7 8 9; do
        grant=tenatonce$i script authorized-key close >"$tmp/script.$i"
        on runuser -u deploy -- /bin/sh -s <"$tmp/script.$i" >/dev/null 2>&1 &
        jobs+=("$!")
    done
    wait "${jobs[@]}"
    same 'and none' "$(cat "$tmp/operator.pub")" "$(cat "$(keys)")"
}

# ---- the gate, the sessions, the failsafe --------------------------------------------------------

# as_merchant COMMAND: the merchant's own login.
as_merchant() { ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/operator" -p "${port[$suite]}" "deploy@$address" "$@" </dev/null; }
# The crontab as its bytes are, or `none`.
tab() { on runuser -u deploy -- sh -c 'crontab -l >/dev/null 2>&1 || { echo none; exit 0; }; EDITOR=cat VISUAL=cat crontab -e 2>/dev/null'; }
cron_on() {
    on sh -c '[ -s /run/crond.pid ] && kill -0 "$(cat /run/crond.pid)" 2>/dev/null || cron'
    again 60 test -s "$root/run/crond.pid"
    # It does not see what is changed in the second in which it looked at the crontabs.
    sleep 1.1
}
cron_off() {
    on sh -c '[ ! -s /run/crond.pid ] || kill "$(cat /run/crond.pid)"; rm -f /run/crond.pid'
    sleep 0.2
}
# running PATTERN: how many processes of the shared account have exactly this command line.
running() { on pgrep -c -u deploy -x -f "$1" || :; }
fresh() {
    give "$(cat "$tmp/operator.pub")
"
    on runuser -u deploy -- crontab -r 2>/dev/null || :
    login=deploy account=deploy
}
# value KEY: of the last reply.
value() { sed -n "s/^$1=//p" <<<"$out"; }

gate_in_a_shared_account() {
    about="$suite gate in a shared account"
    local was line made master
    fresh
    make_shop
    was=$(home_state)
    as_deploy detect
    finishes
    says can_gate=true drop_in=false
    same 'to ask changes nothing' "$was" "$(home_state)"
    as_deploy open access=ssh "path=$shop" "check_key=$check_key" "check_until=$(($(date +%s) + 100))"
    finishes
    says gate=true key_lines=2 uses_protected=false baseline=true confined=false password_gate=none
    line=$(grep "$supporter_key" "$(keys)")
    want 'the line leads to the gate' grep -qF 'command="/home/deploy/.stagepass/'"$grant/gate t4g\"" <<<"$line"
    want 'so does that of the proof' grep -qF "/gate t4g own\"" <(grep "$check_key" "$(keys)")
    same 'nobody else looks into the folder' '700 700' "$(cd "$root/home/deploy/.stagepass" && stat -c %a . "$grant" | tr '\n' ' ' | sed 's/ $//')"
    identity=$tmp/check key_ssh true
    same 'a command, its output and its status' 'out 3' "$(key_ssh 'echo out; exit 3' | tr '\n' ' ')$(key_ssh 'exit 3'; echo $?)"
    same 'standard input' piped "$(ssh "${options[@]}" -o BatchMode=yes -i "$tmp/supporter" -p "${port[$suite]}" "deploy@$address" cat <<<piped)"
    want 'SFTP' key_sftp pwd
    as_deploy check access=ssh "path=$shop"
    says gate_present=true drop_in_present=false sessions=0 uses_total=5
    same 'each use, and whose' 'own command command command sftp' "$(value use | cut -d' ' -f3 | tr '\n' ' ' | sed 's/ $//')"
    as_deploy check access=ssh "path=$shop" uses_from=4
    same 'only what is new' sftp "$(value use | cut -d' ' -f3)"
    made=$(cd "$root/home/deploy/.stagepass/$grant" && stat -c '%n %i %Y' gate ends)
    as_deploy tried access=ssh "path=$shop" trial=n0nce
    finishes
    says gate=true key_lines=1 trial_seen=false
    same 'nothing is written anew' "$made" "$(cd "$root/home/deploy/.stagepass/$grant" && stat -c '%n %i %Y' gate ends)"
    deny 'the line of the trial is gone' grep -qF "$check_key" "$(keys)"
    same "the supporter's is as it was" "$line" "$(grep -F "$supporter_key" "$(keys)")"

    # A connection that was opened before the deadline, and is kept.
    master=$tmp/master.$suite
    ssh "${options[@]}" -o BatchMode=yes -i "$tmp/supporter" -p "${port[$suite]}" -M -S "$master" -o ControlPersist=yes "deploy@$address" true </dev/null
    as_deploy update access=ssh "path=$shop" "deadline=$(($(date +%s) + 3600))"
    finishes
    same 'the gate has the new deadline' $((deadline - deadline + $(value expiry_time >/dev/null; sed -n 's/^deadline=//p' "$root/home/deploy/.stagepass/$grant/ends"))) "$(sed -n 's/^hard=//p' "$root/home/deploy/.stagepass/$grant/ends")"
    as_deploy update access=ssh "path=$shop" "deadline=$(($(date +%s) - 1))"
    finishes
    sleep 6
    deny 'the connection that was kept is over' ssh -S "$master" -O check none
    deny 'and so is the login' key_ssh true
    as_deploy close access=ssh "path=$shop"
    finishes
    want 'the end was logged' grep -q '^use=[0-9]* 127.0.0.1 ended ' <<<"$out"
    says uses_total=7 already_absent=false result_kept=true by_server=false
    line=$out
    as_deploy close access=ssh "path=$shop"
    finishes
    says already_absent=true uses_total=7
    same 'the result is said again' "$(grep '^use=\|^found\|^differ' <<<"$line")" "$(grep '^use=\|^found\|^differ' <<<"$out")"
    as_deploy collected
    finishes
    says result_kept=false
    want 'collected, it goes' test ! -e "$root/home/deploy/.stagepass"
    as_deploy close
    finishes
    deny 'and is said no more' grep -q '^use=' <<<"$out"
    same 'as before, to the byte' "$was" "$(home_state)"

    about="$suite access for SFTP only, in a shared account"
    as_deploy open access=sftp-read-only "path=$shop"
    finishes
    want 'SFTP starts in the shop' grep -q "$shop" <(key_sftp pwd)
    key_sftp "put $tmp/upload \"$shop/new\"" >/dev/null 2>&1
    want 'cannot write' test ! -e "$root$shop/new"
    same 'a command is refused with a sentence' 'stagepass: This access for '"DH-1 'x' \$(id) %n"' is for SFTP only. Ask Anna at anna@example.org.' "$(key_ssh id 2>&1)"
    as_deploy close access=sftp-read-only "path=$shop"
    finishes
    says uses_total=3
    as_deploy collected

    about="$suite nothing was opened, and nothing is left"
    was=$(home_state)
    slow_tool ln 3
    slow_tool cp 3
    as_deploy open "not_after=$(($(date +%s) + 2))"
    rm -f "$root/usr/local/bin/ln" "$root/usr/local/bin/cp" "$root/tmp/reached"
    refuses too-late
    same 'to the byte' "$was" "$(home_state)"
    as_deploy open gate_wanted=0 access=sftp
    finishes
    says gate=false
    want 'a line without the gate' grep -q 'command="internal-sftp' "$(keys)"
    as_deploy check gate_wanted=0
    says keys_match=true gate_present=false
    as_deploy close
    finishes
    says sessions_left=unknown
    as_deploy collected
}

sessions_told_apart() {
    about="$suite sessions told apart"
    local mine theirs served i jobs=()
    fresh
    cron_on
    printf '* * * * * sleep 71006\n' | on runuser -u deploy -- crontab -
    # Whatever cron starts while it is open, or in the seconds before, may be the supporter's.
    want 'the job of cron runs' again 90 runs_some 'sleep 71006'
    sleep 4
    as_deploy open access=ssh
    finishes
    on pkill -STOP -x cron
    mine=$tmp/mine.$suite theirs=$tmp/theirs.$suite
    # The merchant's own: a session, what it left behind, a connection that is kept, a job of cron.
    as_merchant 'nohup sleep 71001 >/dev/null 2>&1 & setsid -f sleep 71002 </dev/null >/dev/null 2>&1; sleep 71003' 2>/dev/null &
    jobs+=("$!")
    as_merchant 'env -i setsid -f sleep 71005 </dev/null >/dev/null 2>&1'
    ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/operator" -p "${port[$suite]}" -M -S "$mine" -o ControlPersist=yes "deploy@$address" true </dev/null
    # The supporter's: the same, and what was cut loose in every way.
    key_ssh 'nohup sleep 72001 >/dev/null 2>&1 & sleep 72002' 2>/dev/null &
    jobs+=("$!")
    key_ssh 'env -i setsid -f sleep 72003 </dev/null >/dev/null 2>&1; setsid -f sh -c "exec env -i sleep 72004" </dev/null >/dev/null 2>&1'
    key_ssh 'exec env -i sleep 72005' 2>/dev/null &
    jobs+=("$!")
    ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" -M -S "$theirs" -o ControlPersist=yes "deploy@$address" true </dev/null
    ssh -tt "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" "deploy@$address" 'sleep 72006' </dev/null >/dev/null 2>&1 &
    jobs+=("$!")
    sleep 60 | sftp "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -P "${port[$suite]}" "deploy@$address" >/dev/null 2>&1 &
    for i in 1 2 3 4 5 6; do appears "sleep 7200$i"; done
    for i in 1 2 3 5; do appears "sleep 7100$i"; done
    appears '.*sftp-server.*'
    # Another account says that the merchant's connection is the supporter's.
    served=$(ssh -S "$mine" none 'echo "$PPID"' </dev/null)
    on setpriv --reuid=33 --clear-groups -- /bin/sh -c 'setsid sh -c "sleep 71010; :" "$1" --watch "$2" "$(cut -d" " -f22 "/proc/$2/stat")" >/dev/null 2>&1 </dev/null &' \
        - "/home/deploy/.stagepass/$grant/gate" "$served"
    for i in 1 2 3 4 5 6; do same "there is 7200$i" 1 "$(running "sleep 7200$i")"; done
    as_deploy check access=ssh
    finishes
    # Four connections with work, the one that is kept, SFTP; and what two of them left behind.
    want 'sessions are counted' test "$(value sessions)" -ge 6
    want 'and nobody else is' test "$(value sessions)" -le 8
    as_deploy close access=ssh
    finishes
    # The merchant logged in while it was open, too: nobody can tell whose login that was.
    says sessions_left=unknown history=own 'there=folder gate baseline failsafe'
    same 'the two logins' 2 "$(grep -c '^stray=login ' <<<"$out")"
    same 'and what was cut loose from a third one' 'sleep sleep' "$(sed -n 's/^stray=process [0-9]* [0-9]* //p' <<<"$out" | tr '\n' ' ' | sed 's/ $//')"
    want 'sessions were ended' test "$(value sessions_ended)" -ge 6
    for i in 1 2 3 4 5 6; do same "7200$i is over" 0 "$(running "sleep 7200$i")"; done
    for i in 1 2 3 5; do same "the merchant's 7100$i goes on" 1 "$(running "sleep 7100$i")"; done
    want 'so does the job of cron' runs_some 'sleep 71006'
    want "the merchant's connection goes on" ssh -S "$mine" -O check none
    same 'and works' still "$(ssh -S "$mine" none echo still </dev/null)"
    deny 'the one of the supporter is over' ssh -S "$theirs" -O check none
    same 'no watcher is left' '' "$(on pgrep -u deploy -f -- --watch || :)"
    as_deploy check access=ssh
    says gate_present=false
    ssh -S "$mine" -O exit none 2>/dev/null
    on pkill -KILL -x sleep
    wait "${jobs[@]}" 2>/dev/null
    as_deploy collected
    on pkill -CONT -x cron
    cron_off

    about="$suite who holds the lock is ended first"
    fresh
    as_deploy open access=ssh
    key_ssh 'flock /home/deploy sleep 72007' 2>/dev/null &
    jobs=("$!")
    sleep 1
    as_deploy close access=ssh
    finishes
    same 'it is over' 0 "$(running 'sleep 72007')"
    wait "${jobs[@]}" 2>/dev/null
    as_deploy collected

    about="$suite an sshd whose connections share a login"
    fresh
    # Started by hand from somebody's session and without PAM: every connection has that session's id.
    on runuser -u deploy -- sh -c 'mkdir -p ~/own && cd ~/own && ssh-keygen -q -t ed25519 -N "" -f host && printf "HostKey %s/host\nUsePAM no\nPidFile none\nPasswordAuthentication no\n" "$PWD" >conf'
    as_merchant "/usr/sbin/sshd -f ~/own/conf -p $((port[$suite] + 1)) -o ListenAddress=127.0.0.1; setsid -f sleep 71007 </dev/null >/dev/null 2>&1"
    as_deploy open access=ssh
    finishes
    port[$suite]=$((port[$suite] + 1))
    as_merchant 'setsid -f sleep 71008 </dev/null >/dev/null 2>&1; sleep 71009' 2>/dev/null &
    jobs=("$!")
    key_ssh 'nohup sleep 72008 >/dev/null 2>&1 & sleep 72009' 2>/dev/null &
    jobs+=("$!")
    sleep 1.5
    port[$suite]=$((port[$suite] - 1))
    as_deploy close access=ssh
    finishes
    says sessions_left=unknown
    for i in 8 9; do same "7200$i is over" 0 "$(running "sleep 7200$i")"; done
    for i in 7 8 9; do same "the merchant's 7100$i goes on" 1 "$(running "sleep 7100$i")"; done
    same 'and so does that sshd' 1 "$(on pgrep -c -u deploy -f '^sshd: /usr/sbin/sshd .*listener')"
    on pkill -KILL -u deploy
    wait "${jobs[@]}" 2>/dev/null
    as_deploy collected
    rm -rf "$root/home/deploy/own"
}

# With hidepid an account does not see its own sshd and sftp-server: not to be seen is not to be gone.
sessions_hidden() {
    about="$suite sessions that are hidden"
    local mine jobs=() served i
    fresh
    mine=$tmp/hidden.$suite
    ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/operator" -p "${port[$suite]}" -M -S "$mine" -o ControlPersist=yes "deploy@$address" true </dev/null
    served=$(ssh -S "$mine" none 'echo "$PPID"' </dev/null)
    on mount -o remount,hidepid=2 /proc
    deny 'it does not see its own sshd' on runuser -u deploy -- test -e "/proc/$served"
    as_deploy open access=ssh
    finishes
    for i in 1 2; do
        sleep 60 2>/dev/null | sftp "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -P "${port[$suite]}" "deploy@$address" >/dev/null 2>&1 &
    done
    key_ssh 'sleep 72010' 2>/dev/null &
    jobs+=("$!")
    appears 'sleep 72010'
    want 'there is SFTP' again 60 test_value 2 on pgrep -c -u deploy -x sftp-server
    as_deploy check access=ssh
    says sessions=3
    # The merchant's sshd got the number of a connection that is long over.
    printf '%s 1 %s - -\n' "$served" "$(cat /proc/sys/kernel/random/boot_id)" >>"$root/home/deploy/.stagepass/$grant/logins"
    as_deploy close access=ssh
    finishes
    says sessions_ended=3 sessions_left=unknown
    same 'it is over' '0 0' "$(on pgrep -c -u deploy -x sftp-server) $(running 'sleep 72010')"
    want "the merchant's connection goes on" ssh -S "$mine" -O check none
    same 'and works' still "$(ssh -S "$mine" none echo still </dev/null)"
    as_deploy collected
    as_deploy open
    sleep 60 2>/dev/null | sftp "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -P "${port[$suite]}" "deploy@$address" >/dev/null 2>&1 &
    sleep 2
    on pkill -u deploy -KILL -f -- --watch
    as_deploy close
    finishes
    says sessions_left=unknown
    as_deploy collected
    on mount -o remount,hidepid=0 /proc
    ssh -S "$mine" -O exit none 2>/dev/null
    on pkill -KILL -u deploy -x 'sftp-server|sleep'
    wait "${jobs[@]}" 2>/dev/null
}

# crontab_kinds WHOSE: what is in it stays, to the byte.
crontab_kinds() {
    local was kind ours
    for kind in none empty plain odd head; do
        about="$suite $1: $kind"
        fresh
        case $kind in
            none) ;;
            empty) on runuser -u deploy -- crontab - </dev/null ;;
            plain) printf 'MAILTO=anna@example.org\n\n5 4 * * * true\n' | on runuser -u deploy -- crontab - ;;
            odd) printf 'SHELL=/bin/bash\n# \\r and \\b\r\n* * * * * printf "\\r%%d\\b" 1\t# x \r\n# \377\376\n*/5 * * * * stagepass sweep # stagepass sweep\n\n' | on runuser -u deploy -- crontab - ;;
            head) printf '# DO NOT EDIT THIS FILE - edit the master and reinstall.\n# (mine\n# (Cron version mine\n0 0 1 1 * true\n' | on runuser -u deploy -- crontab - ;;
        esac
        was=$(tab; echo .)
        as_deploy open
        finishes
        says failsafe=crontab
        ours=$(on runuser -u deploy -- crontab -l | head -n 1)
        same 'the line' "* * * * * /bin/sh -c 'exec /bin/sh \"/home/deploy/.stagepass/$grant/failsafe\" >/dev/null 2>/dev/null # stagepass $grant'" "$ours"
        if [ "$kind" != none ]; then same 'the rest of it' "$was" "$(tab | sed 1d; echo .)"; fi
        as_deploy open
        finishes
        grant=other00001 as_deploy open
        finishes
        same 'one line each' 2 "$(on runuser -u deploy -- crontab -l | grep -ac '/[.]stagepass/')"
        as_deploy update "deadline=$((deadline + 60))"
        finishes
        says failsafe=crontab
        as_deploy marks
        finishes
        same 'marks' 'cron gate key-line cron gate key-line' "$(value mark | grep -e " $grant " | cut -d' ' -f1 | sort | tr '\n' ' ')$(value mark | grep -e ' other00001 ' | cut -d' ' -f1 | sort | tr '\n' ' ' | sed 's/ $//')"
        want 'with tag and key' grep -qF "key-line $grant deploy t4g ${supporter_key#* } /home/deploy/.ssh/authorized_keys" <<<"$out"
        as_deploy close
        finishes
        says failsafe_absent=true
        grant=other00001 as_deploy close
        finishes
        same 'to the byte' "$was" "$(tab; echo .)"
        as_deploy collected
        grant=other00001 as_deploy collected
        want 'nothing is left' test ! -e "$root/home/deploy/.stagepass"
    done
}

merchants_crontab() {
    about="$suite crontab"
    cron_on
    crontab_kinds crontab

    about="$suite crontab: an editor that was open all the time"
    fresh
    printf '5 4 * * * true\n' | on runuser -u deploy -- crontab -
    as_deploy open
    on runuser -u deploy -- crontab -l >"$tmp/with"
    printf '6 4 * * * true\n' | on runuser -u deploy -- crontab -
    as_deploy check
    says failsafe_present=false
    as_deploy update
    finishes
    as_deploy check
    says failsafe_present=true
    as_deploy close
    finishes
    same 'what was edited stays' '6 4 * * * true' "$(tab)"
    on runuser -u deploy -- crontab - <"$tmp/with"
    as_deploy marks
    want 'a line that came back is seen' grep -q "^mark=cron $grant deploy " <<<"$out"
    as_deploy close
    finishes
    says already_absent=false failsafe_absent=true
    same 'and goes' '5 4 * * * true' "$(tab)"
    as_deploy collected

    about="$suite crontab: edited all the time"
    fresh
    on runuser -u deploy -- sh -c 'i=0; while [ $i -lt 25 ]; do i=$((i+1)); { crontab -l 2>/dev/null; echo "# edit $i"; } | crontab -; sleep 0.3; done' &
    local editor=$! i
    for i in 1 2 3 4; do
        grant=edited000$i as_deploy open
        grant=edited000$i as_deploy close
        grant=edited000$i as_deploy collected
    done
    wait "$editor"
    # A crontab has no lock: what was read before we wrote and written after it undoes ours. The next
    # close finds it.
    for i in 1 2 3 4; do
        grant=edited000$i as_deploy close
        grant=edited000$i as_deploy collected
    done
    same 'no line of ours is left' 0 "$(tab | grep -c '/[.]stagepass/')"
    want 'nearly every edit is there' test "$(tab | grep -c '^# edit')" -ge 20

    about="$suite crontab: full disk"
    fresh
    on mount -t tmpfs -o size=256k tmpfs /var/spool/cron/crontabs
    on chgrp crontab /var/spool/cron/crontabs
    on chmod 1730 /var/spool/cron/crontabs
    on sh -c 'cat /dev/zero >/var/spool/cron/crontabs/fill 2>/dev/null'
    as_deploy open
    finishes
    says failsafe=none
    on rm /var/spool/cron/crontabs/fill
    same 'no crontab' none "$(tab)"
    as_deploy close
    finishes
    on umount /var/spool/cron/crontabs
    as_deploy collected
    cron_off
}

# crontab of busybox writes what it has room for, puts that in the place of what was there, and ends
# well. This one does so with the numbers of bytes in /tmp/tab/room, one for each write.
crontab_of_busybox() {
    local was
    fresh
    cron_on
    cat >"$root/usr/local/bin/crontab" <<'SH'
#!/bin/sh
cd /tmp/tab
case $1 in
    --help) echo 'BusyBox v1.35.0 multi-call binary.' >&2; exit 1 ;;
    -l) [ -e tab ] || { echo "crontab: can't open 'deploy': No such file or directory" >&2; exit 1; }; cat tab ;;
    -r) rm -f tab ;;
    -) room=$(sed -n 1p room); sed -i 1d room; echo write >>writes; head -c "${room:-100000}" >new; mv new tab ;;
    *) exit 1 ;;
esac
SH
    chmod 755 "$root/usr/local/bin/crontab"
    mkdir -m 777 "$root/tmp/tab"
    was='# DO NOT EDIT THIS FILE - edit the master and reinstall.
# (mine
# (Cron version mine
5 4 * * * backup \r
6 4 * * * invoices'
    tabbed() { printf '%s\n' "$was" >"$root/tmp/tab/tab"; chown --reference="$root/home/deploy" "$root/tmp/tab/tab"; rooms "$@"; }
    rooms() { rm -f "$root/tmp/tab/writes"; printf '%s\n' "$@" >"$root/tmp/tab/room"; chmod 666 "$root/tmp/tab/room"; }

    about="$suite crontab of busybox"
    tabbed
    as_deploy open
    finishes
    says failsafe=crontab
    same 'the rest of it' "$was" "$(sed 1d "$root/tmp/tab/tab")"
    as_deploy close
    finishes
    same 'to the byte' "$was" "$(cat "$root/tmp/tab/tab")"
    as_deploy collected

    about="$suite crontab of busybox: cut"
    tabbed 140
    as_deploy open
    finishes
    says failsafe=none
    want 'it says why' grep -q '^failsafe_reason=.*it is as it was' <<<"$out"
    same 'as it was' "$was" "$(cat "$root/tmp/tab/tab")"
    tabbed
    as_deploy open
    says failsafe=crontab
    cp "$root/tmp/tab/tab" "$tmp/with"
    rooms 100
    as_deploy close
    fails failsafe-left
    want 'as it was, with our line' cmp "$tmp/with" "$root/tmp/tab/tab"
    as_deploy close
    finishes
    same 'and then without it' "$was" "$(cat "$root/tmp/tab/tab")"
    as_deploy collected
    want 'nothing is left' test ! -e "$root/home/deploy/.stagepass"

    about="$suite crontab of busybox: cut for good"
    for room in 0 1 140; do
        tabbed "$room" 60
        as_deploy open
        finishes
        says failsafe=none
        want 'it says where the crontab is' grep -q '^failsafe_reason=.* is in /home/deploy/.stagepass/crontab.saved' <<<"$out"
        same 'there it is' "$was" "$(cat "$root/home/deploy/.stagepass/crontab.saved")"
        as_deploy close
        finishes
        as_deploy collected
        same 'and stays' 'crontab.saved' "$(ls -A "$root/home/deploy/.stagepass")"
        rm -r "$root/home/deploy/.stagepass"
        tabbed
        as_deploy open
        cp "$root/tmp/tab/tab" "$tmp/with"
        rooms $((room < 100 ? room : 100)) 60
        as_deploy close
        fails failsafe-left
        want 'it says where the crontab is' grep -q '^reason=.* is in /home/deploy/.stagepass/crontab.saved' <<<"$out"
        as_deploy close
        finishes
        as_deploy collected
        want 'there it is' cmp "$tmp/with" "$root/home/deploy/.stagepass/crontab.saved"
        rm -r "$root/home/deploy/.stagepass"
    done

    about="$suite crontab of busybox: killed in the middle"
    tabbed 140
    # The next thing it would do is to read what came of it.
    sed -i '/^    -)/s/mv new tab/mv new tab; kill -KILL "$PPID"/' "$root/usr/local/bin/crontab"
    script authorized-key open >"$tmp/script"
    on runuser -u deploy -- env -i HOME=/home/deploy PATH=/usr/bin:/bin /bin/sh -s <"$tmp/script" >/dev/null 2>&1
    same 'cut' 140 "$(stat -c %s "$root/tmp/tab/tab")"
    sed -i 's/; kill -KILL "$PPID"//' "$root/usr/local/bin/crontab"
    as_deploy close
    fails failsafe-left
    same 'there it is' "$was" "$(cat "$root/home/deploy/.stagepass/crontab.saved")"
    as_deploy close
    finishes
    as_deploy collected
    rm -r "$root/home/deploy/.stagepass"

    about="$suite crontab of busybox: full disk"
    tabbed
    on mount -t tmpfs -o size=256k tmpfs /var/spool/cron/crontabs
    on sh -c 'cat /dev/zero >/var/spool/cron/crontabs/fill 2>/dev/null'
    as_deploy open
    finishes
    says failsafe=none
    want 'it says why' grep -q '^failsafe_reason=.*full disk' <<<"$out"
    want 'nothing was tried' test ! -e "$root/tmp/tab/writes"
    on umount /var/spool/cron/crontabs
    as_deploy close
    finishes
    as_deploy collected
    rm -r "$root/usr/local/bin/crontab" "$root/tmp/tab"

    if [ -n "${STAGEPASS_TEST_BUSYBOX:-}" ]; then
        install -m 4755 "$STAGEPASS_TEST_BUSYBOX" "$root/usr/local/bin/crontab"
        crontab_kinds 'crontab of the real busybox'
        about="$suite crontab of the real busybox: full disk"
        fresh
        on mount -t tmpfs -o size=256k tmpfs /var/spool/cron/crontabs
        printf '5 4 * * * true\n' | on runuser -u deploy -- crontab -
        on sh -c 'cat /dev/zero >/var/spool/cron/crontabs/fill 2>/dev/null'
        as_deploy open
        finishes
        says failsafe=none
        same 'the crontab is as it was' '5 4 * * * true' "$(on cat /var/spool/cron/crontabs/deploy)"
        as_deploy close
        as_deploy collected
        on umount /var/spool/cron/crontabs
        rm "$root/usr/local/bin/crontab"
    fi
    cron_off
}

# Root's crontab is edited with the same care, where a cron of busybox reads no cron.d.
roots_crontab() {
    about="$suite root's crontab"
    login=root account=sp-anna
    local was crond kind
    cron_off
    mkdir -p "$root/opt/busybox-cron"
    cp -p "$root/usr/bin/sleep" "$root/opt/busybox-cron/crond"
    crond=$(on bash -c '/opt/busybox-cron/crond 3000 </dev/null >/dev/null 2>&1 & echo "$!"; bash -c "sleep 3000; :" crond </dev/null >/dev/null 2>&1 & echo "$!"')
    for kind in none head odd; do
        about="$suite root's crontab: $kind"
        on crontab -r 2>/dev/null || :
        case $kind in
            none) ;;
            head) printf '# DO NOT EDIT THIS FILE (managed by ops)\n0 1 * * * backup\n0 2 * * * invoices\n0 3 * * * true\n' | on crontab - ;;
            odd) printf 'MAILTO=""\n\n# \\r\r\n# \377\n5 4 * * * true\n' | on crontab - ;;
        esac
        was=$(root_tab; echo .)
        verb linux-account open
        finishes
        says failsafe=crontab
        same 'the line' "* * * * * /bin/sh -c 'exec /bin/sh \"/var/lib/stagepass/$grant/failsafe\" >/dev/null 2>/dev/null # stagepass $grant'" "$(on crontab -l | head -n 1)"
        if [ "$kind" != none ]; then same 'the rest of it' "$was" "$(root_tab | sed 1d; echo .)"; fi
        verb linux-account update "deadline=$((deadline + 60))"
        finishes
        says failsafe=crontab
        same 'one line' 1 "$(on crontab -l | grep -c stagepass)"
        verb linux-account check "deadline=$((deadline + 60))"
        says failsafe_present=true
        verb linux-account close
        finishes
        says failsafe_absent=true
        same 'to the byte' "$was" "$(root_tab; echo .)"
        want 'nothing is left beside it' bash -c '[ -z "$(ls -A "$1/var/lib/stagepass" | grep crontab)" ]' - "$root"
        verb linux-account collected
    done

    about="$suite root's crontab: a line in the form of once"
    printf '5 4 * * * true\n' | on crontab -
    verb linux-account open
    on sh -c 'crontab -l | sed "1s|.*|* * * * * /bin/sh '\''/var/lib/stagepass/'"$grant"'/failsafe'\'' >/dev/null 2>\&1 # stagepass '"$grant"'|" | crontab -'
    want 'it is there' grep -qF "/bin/sh '/var/lib/stagepass/$grant/failsafe' >/dev/null 2>&1 # stagepass $grant" <(on crontab -l)
    verb linux-account close
    finishes
    same 'goes as well' '5 4 * * * true' "$(root_tab)"
    verb linux-account collected
    on crontab -r
    # shellcheck disable=SC2086 # one word each
    on kill $crond
    rm -r "$root/opt/busybox-cron"
}
root_tab() { on sh -c 'crontab -l >/dev/null 2>&1 || { echo none; exit 0; }; EDITOR=cat VISUAL=cat crontab -e 2>/dev/null'; }

# Cron must not have looked in the very second in which the line comes.
waits_for_cron_to_look() {
    about="$suite the crontab changes when cron has looked"
    local second wanted
    fresh
    cron_on
    for second in 00 02 03 59; do
        # The clock itself says no such second on demand.
        printf '%s\n' '#!/bin/sh' "[ \"\$*\" != +%S ] || { echo $second; exit 0; }" 'exec /opt/date "$@"' >"$tmp/date"
        printf '%s\n' '#!/bin/sh' 'echo "$*" >>/tmp/slept' 'exec /opt/sleep "$@"' >"$tmp/sleep"
        on mv /usr/bin/date /usr/bin/sleep /opt/
        install -m 755 "$tmp/date" "$tmp/sleep" "$root/usr/bin/"
        as_deploy open access=ssh
        on mv /opt/date /opt/sleep /usr/bin/
        finishes
        says failsafe=crontab
        case $second in 00) wanted=3 ;; 02) wanted=1 ;; *) wanted='' ;; esac
        same "at second $second" "$wanted" "$(grep -sx '[0-9]' "$root/tmp/slept")"
        rm -f "$root/tmp/slept"
        as_deploy close access=ssh
        as_deploy collected
    done
    cron_off
}

# The server closes by itself, with nobody there.
failsafe_by_cron() {
    about="$suite failsafe by cron"
    local was until end i keys_were supporter
    fresh
    cron_on
    printf '5 4 * * * true\n' | on runuser -u deploy -- crontab -
    was=$(tab) keys_were=$(home_state)
    # Ends two seconds before a minute begins, so that nobody waits long.
    until=$(($(date +%s) + 12))
    until=$((until - until % 60 + 58))
    [ $((until - $(date +%s))) -ge 12 ] || until=$((until + 60))
    as_deploy open access=ssh "deadline=$until"
    finishes
    says failsafe=crontab gate=true
    # In the last minute it waits for the deadline.
    on timeout -s KILL 2 runuser -u deploy -- sh "/home/deploy/.stagepass/$grant/failsafe"
    want 'before the deadline it does nothing' test -e "$root/home/deploy/.stagepass/$grant/gate"
    key_ssh 'env -i setsid -f sleep 73001 </dev/null >/dev/null 2>&1; sleep 73002' 2>/dev/null &
    supporter=$!
    as_merchant 'setsid -f sleep 71001 </dev/null >/dev/null 2>&1'
    end=$((until + 75))
    while [ -e "$root/home/deploy/.stagepass/$grant" ] && [ "$(date +%s)" -lt "$end" ]; do sleep 0.5; done
    want 'closed within a minute' test $(($(date +%s) - until)) -le 65
    want 'not before its time' test "$(date +%s)" -ge "$until"
    same 'no session' '0 0' "$(running 'sleep 73001') $(running 'sleep 73002')"
    same 'the merchant goes on' 1 "$(running 'sleep 71001')"
    same 'the keys, to the byte' "$keys_were" "$(home_state)"
    same 'the crontab, to the byte' "$was" "$(tab)"
    deny 'nobody gets in' key_ssh true
    as_deploy check access=ssh
    says present=false gate_present=false failsafe_present=false
    as_deploy close access=ssh
    finishes
    says by_server=true already_absent=true keys_absent=true
    want 'when it was' test "$(value server_closed_at)" -ge "$until"
    want 'what was done' grep -q '^use=[0-9]* 127.0.0.1 command env -i setsid' <<<"$out"
    as_deploy collected
    want 'nothing is left' test ! -e "$root/home/deploy/.stagepass"
    on pkill -KILL -u deploy -x sleep
    wait "$supporter" 2>/dev/null

    about="$suite failsafe while work goes on"
    # From here on the test starts it, and cron does not.
    on sh -c 'kill -STOP "$(cat /run/crond.pid)"'
    as_deploy open access=ssh at_end=drain drain=3600
    finishes
    key_ssh 'sleep 29' 2>/dev/null &
    supporter=$!
    appears 'sleep 29'
    as_deploy update access=ssh "deadline=$(date +%s)" at_end=drain drain=3600
    finishes
    deny 'nobody new gets in' key_ssh true
    same 'what runs may go on' 1 "$(running 'sleep 29')"
    on runuser -u deploy -- sh "/home/deploy/.stagepass/$grant/failsafe"
    same 'it waited' 0 "$(running 'sleep 29')"
    want 'closed when the work was done' test ! -e "$root/home/deploy/.stagepass/$grant"
    wait "$supporter"
    same 'the work ended as it wanted' 0 $?
    as_deploy close access=ssh
    says by_server=true sessions_ended=0
    as_deploy collected

    about="$suite failsafe that finds a later end"
    as_deploy open access=ssh "deadline=$(($(date +%s) - 5))"
    cp -p "$root/home/deploy/.stagepass/$grant/failsafe" "$root/home/deploy/late"
    as_deploy update access=ssh
    on runuser -u deploy -- sh /home/deploy/late
    as_deploy check access=ssh
    says present=true keys_match=true gate_present=true
    rm "$root/home/deploy/late"
    as_deploy close access=ssh
    as_deploy collected
    on sh -c 'kill -CONT "$(cat /run/crond.pid)"'
    cron_off
}

no_failsafe() {
    about="$suite no cron daemon"
    fresh
    cron_off
    as_deploy detect
    finishes
    says failsafe=none
    as_deploy open
    finishes
    says failsafe=none
    same 'no crontab' none "$(tab)"
    as_deploy check
    says failsafe_present=false
    as_deploy close
    finishes
    says failsafe_absent=true
    as_deploy collected
    for file in cron.deny cron.allow; do
        about="$suite $file"
        fresh
        cron_on
        printf '5 4 * * * true\n' | on runuser -u deploy -- crontab -
        if [ "$file" = cron.deny ]; then echo deploy; else echo root; fi >"$root/etc/$file"
        as_deploy detect
        finishes
        says failsafe=none
        as_deploy open
        finishes
        says failsafe=none
        want 'it says why' grep -q '^failsafe_reason=.*not allowed to use' <<<"$out"
        as_deploy close
        finishes
        as_deploy collected
        rm -f "$root/etc/$file"
        same 'the crontab is as it was' '5 4 * * * true' "$(tab)"
    done
    about="$suite cron.deny, later"
    as_deploy open
    says failsafe=crontab
    echo deploy >"$root/etc/cron.deny"
    as_deploy close
    fails failsafe-left
    says failsafe_absent=false
    deny 'the key is gone all the same' key_login sftp
    rm -f "$root/etc/cron.deny"
    as_deploy close
    finishes
    says failsafe_absent=true
    same 'and then the line' '5 4 * * * true' "$(tab)"
    as_deploy collected
    cron_off
}

# Every shell that the account may have, and profiles that print.
login_shells() {
    local one path was
    was=$(on getent passwd deploy | cut -d: -f7)
    for one in sh bash csh tcsh fish zsh; do
        about="$suite login shell $one"
        path=''
        for path in /bin/$one /usr/bin/$one ''; do [ -z "$path" ] || ! on test -x "$path" || break; done
        if [ -z "$path" ]; then
            printf '   SKIPPED %s: there is no %s in this tree\n' "$about" "$one"
            continue
        fi
        fresh
        # Without one it asks questions first.
        on runuser -u deploy -- touch /home/deploy/.zshrc
        on usermod -s "$path" deploy
        as_deploy detect
        says can_gate=true
        as_deploy open access=ssh
        finishes
        says gate=true
        same 'a command' "hi $path" "$(key_ssh 'echo hi $SHELL')"
        same 'its status' 3 "$(key_ssh 'exit 3'; echo $?)"
        want 'SFTP' key_sftp pwd
        same 'a login shell' "shell $path" "$(ssh -tt "${options[@]}" -o BatchMode=yes -i "$tmp/supporter" -p "${port[$suite]}" "deploy@$address" <<<'echo shell $SHELL
exit' 2>/dev/null | tr -d '\r' | grep -ao "shell $path" | tail -n 1)"
        as_deploy close access=ssh
        finishes
        says sessions_left=0 uses_total=4
        as_deploy collected
    done
    rm -f "$root/home/deploy/.zshrc"
    on usermod -s "$was" deploy
    about="$suite a profile that prints"
    fresh
    cp -p "$root/home/deploy/.bashrc" "$tmp/bashrc.$suite"
    printf 'echo Welcome\n' >"$root/home/deploy/.bashrc"
    as_deploy detect access=sftp
    says can_gate=false
    as_deploy open access=sftp
    finishes
    says gate=false
    want 'it says why' grep -q '^gate_reason=The profile of this account prints' <<<"$out"
    want 'SFTP works as ever' key_sftp pwd
    as_deploy check access=sftp
    says keys_match=true gate_present=false
    as_deploy update access=sftp
    finishes
    says gate=false
    as_deploy close access=sftp
    finishes
    as_deploy open access=ssh
    finishes
    says gate=true
    want 'a command works' grep -qx in <(key_ssh 'echo in')
    as_deploy close access=ssh
    finishes
    as_deploy collected
    about="$suite a profile that leaves a program behind"
    printf 'sleep 71010 &\n' >"$root/home/deploy/.bashrc"
    local began
    began=$(date +%s)
    as_deploy open access=sftp
    finishes
    says gate=true
    want 'it is not waited for' test $(($(date +%s) - began)) -le 15
    as_deploy close access=sftp
    finishes
    as_deploy collected
    on pkill -KILL -u deploy -x sleep
    about="$suite a login shell that does nothing"
    on usermod -s /usr/sbin/nologin deploy
    as_deploy detect access=sftp
    says can_gate=false
    as_deploy open access=sftp
    says gate=false
    as_deploy close access=sftp
    as_deploy collected
    on usermod -s "$was" deploy
    cp -p "$tmp/bashrc.$suite" "$root/home/deploy/.bashrc"
}

homes() {
    local was
    about="$suite a home with a blank"
    fresh
    cron_on
    mv "$root/home/deploy" "$root/home/de ploy"
    on usermod -d '/home/de ploy' deploy
    ln -s 'de ploy' "$root/home/deploy"
    as_deploy detect
    says can_gate=false
    as_deploy open access=sftp
    finishes
    says gate=false failsafe=crontab 'keys_file=/home/de ploy/.ssh/authorized_keys'
    want 'the login works' key_sftp pwd
    # What cron would run, run by hand.
    on sh -c 'printf "deadline=0\nhard=0\n" >"/home/de ploy/.stagepass/$1/ends"' sh "$grant"
    on runuser -u deploy -- crontab -l | sed 's/^[*] [*] [*] [*] [*] //' >"$tmp/line"
    on runuser -u deploy -- sh -c "$(cat "$tmp/line")"
    want 'the failsafe closed it' test ! -e "$root/home/de ploy/.stagepass/$grant"
    deny 'and the login is refused' key_sftp pwd
    as_deploy close
    says by_server=true
    as_deploy collected
    rm "$root/home/deploy"
    mv "$root/home/de ploy" "$root/home/deploy"
    on usermod -d /home/deploy deploy

    about="$suite a home that is full"
    fresh
    was=$(home_state)
    on mount -t tmpfs -o size=64k,mode=0755 tmpfs /home/deploy
    on chown deploy:deploy /home/deploy
    on runuser -u deploy -- sh -c 'mkdir -m 700 ~/.ssh; echo "# mine" >~/.ssh/authorized_keys; chmod 600 ~/.ssh/authorized_keys; cat /dev/zero >~/fill 2>/dev/null'
    as_deploy open access=ssh
    refuses no-room
    same 'nothing is left' '. .. .ssh fill' "$(on ls -a /home/deploy | tr '\n' ' ' | sed 's/ $//')"
    same 'nor in the crontab' none "$(tab)"
    on umount /home/deploy
    about="$suite a home that is not the account's"
    # Debian 13 makes homes that nobody else may enter.
    local mode
    mode=$(stat -c %a "$root/home/deploy")
    chown 0:0 "$root/home/deploy"
    chmod 755 "$root/home/deploy"
    as_deploy open access=sftp
    finishes
    says gate=false failsafe=none baseline=false
    want 'the login works' key_sftp pwd
    as_deploy close access=sftp
    finishes
    says sessions_left=unknown result_kept=false
    chown --reference="$root/home/deploy/.ssh" "$root/home/deploy"
    chmod "$mode" "$root/home/deploy"
    same 'as before' "$was" "$(home_state)"
    about="$suite something else where our folder would be"
    echo mine >"$root/home/deploy/.stagepass"
    chown --reference="$root/home/deploy" "$root/home/deploy/.stagepass"
    as_deploy open access=sftp
    finishes
    says gate=false failsafe=none
    as_deploy close access=sftp
    finishes
    same 'it stays' mine "$(cat "$root/home/deploy/.stagepass")"
    rm "$root/home/deploy/.stagepass"
    cron_off
}

# What the supporter changed is found, and told from what we did.
found_in_a_shared_account() {
    about="$suite what was changed"
    fresh
    cron_on
    make_shop
    local digest first
    as_deploy open access=ssh "path=$shop"
    finishes
    digest=$(value baseline_digest)
    as_deploy close access=ssh "path=$shop" "baseline_digest=$digest"
    finishes
    says found_total=0 changed_total=0 difference=done
    as_deploy collected
    as_deploy open access=ssh "path=$shop"
    digest=$(value baseline_digest)
    key_ssh "echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDq3XVBpGkbkEy8q1Yp3v7u7pG2kFf0cXvT0u4d4yQ3n back door' >>.ssh/authorized_keys; { crontab -l; echo '9 9 * * * /tmp/back'; } | crontab -"
    as_deploy close access=ssh "path=$shop" "baseline_digest=$digest"
    finishes
    says found_total=2
    want 'the key' grep -q '^found=key .*back door' <<<"$out"
    want 'the line in the crontab' grep -q '^found=cron .*/tmp/back' <<<"$out"
    first=$(grep '^found' <<<"$out")
    as_deploy close access=ssh "path=$shop" "baseline_digest=$digest"
    same 'said again until it is collected' "$first" "$(grep '^found' <<<"$out")"
    as_deploy collected
    cron_off
}

# The supporter can write a result, too.
false_results() {
    about="$suite false results"
    local line
    fresh
    as_deploy open access=ssh
    finishes
    key_ssh "printf '%s\n' by_server=true server_closed_at=5 sessions_left=0 difference=done >.stagepass/result.$grant; rm .stagepass/$grant/baseline/about"
    as_deploy close access=ssh
    finishes
    says by_server=false server_closed_at=0 sessions_left=0
    deny 'the comparison was not done' grep -q '^difference=done' <<<"$out"
    as_deploy collected
    as_deploy open access=ssh
    key_ssh "printf '%s\n' by_server=true server_closed_at=5 sessions_left=0 >.stagepass/result.$grant; rm -r .stagepass/$grant"
    as_deploy close access=ssh
    finishes
    says by_server=false server_closed_at=0 sessions_left=unknown
    as_deploy collected

    # What the supporter left running makes the folder again when the close has seen that there is none.
    about="$suite false results: a folder that comes back"
    as_deploy open access=ssh
    key_ssh "rm -r .stagepass/$grant"
    printf '#!/bin/sh\nmkdir -p "/home/deploy/.stagepass/%s"\nexec /usr/bin/head "$@"\n' "$grant" >"$root/usr/local/bin/head"
    chmod 755 "$root/usr/local/bin/head"
    as_deploy close access=ssh
    rm -f "$root/usr/local/bin/head"
    finishes
    says absent=true sessions_left=unknown
    want 'nothing of it is left' test ! -e "$root/home/deploy/.stagepass/$grant"
    as_deploy collected

    about="$suite false results, and nothing else"
    as_deploy open access=ssh
    as_deploy close access=ssh
    line=$(value uses_total)
    printf '%s\n' zzz=1 by_server=maybe sessions_ended=x bytes_read=99999999999999999999 absent=false =1 nothing uses_total=5 use=1 >>"$root/home/deploy/.stagepass/result.$grant"
    as_deploy close access=ssh
    finishes
    says already_absent=true by_server=false "uses_total=$line" absent=true
    same 'each once' '' "$(cut -d= -f1 <<<"$out" | grep -vx -e use -e found -e changed | sort | uniq -d)"
    deny 'nothing else' grep -q -e '^zzz' -e '^=' -e '^nothing' -e '999' -e '=x$' -e '=maybe' <<<"$out"
    as_deploy collected
}

# Whatever is killed: closing again ends it, and nothing is left. bash counts the commands, so that
# the kills are spread over the whole of each verb.
killed_anywhere() {
    about="$suite killed anywhere"
    fresh
    cron_on
    printf '5 4 * * * true\n' | on runuser -u deploy -- crontab -
    local was crontab_was step at all share turn
    was=$(home_state) crontab_was=$(tab)
    for step in open update close; do
        [ "$step" = open ] || as_deploy open access=ssh
        counted "$step" 0
        all=$(cat "$root/tmp/commands")
        want "$step is long enough to be killed in many places" test "$all" -gt 200
        as_deploy close access=ssh
        as_deploy collected
        # A third of the moments on each Debian; one that was asked for alone has them all.
        turn=0
        for share in 8 16 24 32 40 48 56 62 68 72 76 80 84 88 92 95 98; do
            turn=$((turn + 1))
            if [[ " ${STAGEPASS_TEST_CASES:-} " != *" killed_anywhere "* ]]; then
                case $suite$((turn % 3)) in bullseye0 | bookworm1 | trixie2) ;; *) continue ;; esac
            fi
            about="$suite $step killed after $share % of $all commands"
            [ "$step" = open ] || as_deploy open access=ssh
            [ "$step" != close ] || key_ssh true
            counted "$step" $((all * share / 100))
            as_deploy close access=ssh
            finishes
            says keys_absent=true absent=true gate_absent=true failsafe_absent=true
            [ "$step" != close ] || want 'the use is known' grep -q '^use=.* command true' <<<"$out"
            deny 'it is no finding' grep -q '^found=' <<<"$out"
            same 'the keys, to the byte' "$was" "$(home_state)"
            same 'the crontab, to the byte' "$crontab_was" "$(tab)"
            as_deploy collected
            want 'nothing is left' test ! -e "$root/home/deploy/.stagepass"
        done
    done
    rm -f "$root/tmp/commands"
    cron_off
}

# What has to be on the disk before the failsafe goes: a sync that writes down how things are.
safe_from_power_cuts() {
    about="$suite what a power cut must not undo"
    local one
    fresh
    cron_on
    as_deploy open access=ssh
    finishes
    mkdir -p "$root/usr/local/bin"
    printf '%s\n' '#!/bin/sh' '[ "$1" != -- ] || shift' "for one; do echo \"\$one \$(grep -c 'stagepass:$grant\$' ~/.ssh/authorized_keys) \$(crontab -l 2>/dev/null | grep -c 'stagepass $grant')\"; done >>/tmp/syncs" >"$root/usr/local/bin/sync"
    chmod 755 "$root/usr/local/bin/sync"
    as_deploy close access=ssh
    finishes
    for one in .ssh .stagepass/result."$grant" .stagepass; do
        same "$one is safe when the line is gone, and the failsafe is not" '0 1' "$(sed -n "s|^/home/deploy/$one ||p" "$root/tmp/syncs" | tail -n 1)"
    done
    rm -f "$root/tmp/syncs" "$root/usr/local/bin/sync"
    as_deploy collected
    cron_off
}

# counted VERB N: runs the verb and kills it after N commands; with 0, leaves in /tmp/commands how many
# there were, to within ten.
counted() {
    {
        printf 'set -T; z=0; trap '\''[ "$BASHPID" != "$$" ] || { z=$((z + 1)); [ "$z" != %s ] || kill -KILL "$$"; [ $((z %% 10)) != 0 ] || [ %s != 0 ] || echo "$z" >/tmp/commands; }'\'' DEBUG\n' "$2" "$2"
        script authorized-key "$1" access=ssh
    } >"$tmp/first"
    rm -f "$root/tmp/commands"
    on runuser -u deploy -- env -i HOME=/home/deploy PATH=/usr/bin:/bin /bin/bash -s <"$tmp/first" >/dev/null 2>&1
}

# With a systemd, logind, and without the chroot that forbids namespaces to the accounts of a light host.
# ---- what a supporter does who wants to stay -----------------------------------------------------

# supporter_runs NAME [WORD...]: the program tests/red/NAME runs in a session of the supporter's, to its end.
supporter_runs() { ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" "deploy@$address" "sh -s -- ${*:2}" <"$repo/tests/red/$1"; }

# R17: a process may call itself what it likes.
named_sshd() {
    about="$suite a process named sshd"
    local jobs=()
    fresh
    as_deploy open access=ssh
    finishes
    supporter_runs shared-named-sshd.sh 72021 &
    jobs+=("$!")
    appears 'sshd 72021'
    as_merchant 'setsid -f sleep 71021 </dev/null >/dev/null 2>&1'
    as_deploy close access=ssh
    finishes
    says sessions_left=unknown
    same 'what calls itself sshd is over, with the job beside it' '0 0' "$(calls_itself 72021 sshd) $(running 'sleep 72022')"
    same "and the merchant's goes on, and is told" '1 1' "$(running 'sleep 71021') $(grep -c '^stray=process .* sleep$' <<<"$out")"
    on pkill -KILL -u deploy -x 'sleep|sshd'
    wait "${jobs[@]}" 2>/dev/null
    as_deploy collected

    # Not cut loose from the login by its name: where nothing else tells them apart it is told.
    about="$suite a process named sshd, and nothing that the gate wrote"
    fresh
    as_deploy open access=ssh
    supporter_runs shared-named-sshd.sh 72023 loose
    appears 'sshd 72023'
    as_deploy close access=ssh
    finishes
    says sessions_left=unknown
    want 'what is left is told' grep -q '^stray=process .* sshd$' <<<"$out"
    on pkill -KILL -u deploy -x 'sleep|sshd'
    as_deploy collected
}
# R17: a second server, which no record of stagepass knows, and a connection over it.
own_sshd() {
    local at=$((port[$suite] + 2)) how over=$tmp/over.$suite jobs=()
    for how in kept loose; do
        about="$suite an sshd of the supporter's, $how"
        fresh
        cron_off
        as_deploy open access=ssh
        finishes
        supporter_runs shared-own-sshd.sh "$at" "$how" "$check_key"
        want 'it listens' again 60 on bash -c ": </dev/tcp/127.0.0.1/$at"
        ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/check" -p "$at" -M -S "$over" -fN "deploy@$address"
        ssh "${options[@]}" -S "$over" none 'exec sleep 72051' >/dev/null 2>&1 </dev/null &
        jobs=("$!")
        appears 'sleep 72051'
        as_deploy close access=ssh
        finishes
        if ssh -S "$over" -O check none 2>/dev/null; then
            says sessions_left=unknown
            want 'what runs there is told' grep -q '^stray=' <<<"$out"
            want 'and who listens is found' grep -q "^found=process listens since access was opened on 127.0.0.1:$at, of deploy, " <<<"$out"
        else
            deny 'it is over, and so is its server' on bash -c ": </dev/tcp/127.0.0.1/$at"
            same 'and what ran there' 0 "$(running 'sleep 72051')"
        fi
        ssh -S "$over" -O exit none 2>/dev/null
        on pkill -KILL -u deploy -f "sshd.*-p $at"
        on pkill -KILL -u deploy -x 'sleep'
        wait "${jobs[@]}" 2>/dev/null
        as_deploy collected
        rm -rf "$root/home/deploy/own"
    done
}

# calls_itself NUMBER NAME: how many processes of that name have that number as their one argument.
calls_itself() { on sh -c 'n=0; for p in /proc/[0-9]*; do [ "$(cat "$p/comm" 2>/dev/null):$(tr "\000" " " <"$p/cmdline" 2>/dev/null)" != "$2:$2 $1 " ] || n=$((n + 1)); done; echo "$n"' - "$1" "$2"; }
runs_some() { [ "$(running "$1")" -gt 0 ]; }
# appears COMMAND_LINE: waits until a process of the account has it.
appears() { again 60 runs_some "$1" || fail "nothing of $1 came up"; }

# R20: a connection that never had a session met no gate.
kept_without_a_session() {
    about="$suite a connection without a session"
    local kept=$tmp/idle.$suite
    fresh
    make_shop
    as_deploy open "path=$shop" baseline_digest=
    finishes
    ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" -M -S "$kept" -f -N "deploy@$address"
    want 'it is there' ssh -S "$kept" -O check none
    as_deploy close "path=$shop" confined_then=true
    finishes
    says sessions_left=unknown
    same 'it is told' 1 "$(grep -c '^stray=login ' <<<"$out")"
    deny 'and gets no command' ssh -S "$kept" none true
    ssh -S "$kept" -O exit none 2>/dev/null
    as_deploy close "path=$shop" confined_then=true
    # What nobody could tell apart is over, and the rest was looked at when it was written down.
    says sessions_left=0 hidden=none
    deny 'gone, it is told no more' grep -q '^stray=' <<<"$out"
    as_deploy collected
}

# What another grant's gate wrote down as its own is said to be that one's, and goes on.
another_grants_session() {
    about="$suite a session of another grant"
    local second=other00001 session=$tmp/second-session.$suite
    fresh
    rm -f "$tmp/second" "$tmp/second.pub"
    ssh-keygen -q -t ed25519 -N '' -f "$tmp/second"
    as_deploy open access=ssh
    finishes
    grant=$second as_deploy open access=ssh "public_key=$(cut -d' ' -f1,2 "$tmp/second.pub")"
    finishes
    ssh "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/second" -p "${port[$suite]}" -M -S "$session" "deploy@$address" 'sleep 72041' </dev/null >/dev/null 2>&1 &
    appears 'sleep 72041'
    as_deploy close access=ssh closer=c10se5
    finishes
    says sessions_left=unknown history=own closer=c10se5
    want 'it is told with its grant' grep -q "^stray=login [0-9]* [0-9]* $second\$" <<<"$out"
    same 'and goes on' 1 "$(running 'sleep 72041')"
    want 'what is written down holds without it' grep -q '^closer=c10se5$' "$root/home/deploy/.stagepass/result.$grant"
    as_deploy close access=ssh closer=an0ther
    finishes
    says history=result closer=c10se5

    # What lies there may be anything: reading it has an end.
    rm -f "$root/home/deploy/.stagepass/$second/logins"
    on runuser -u deploy -- mkfifo "/home/deploy/.stagepass/$second/logins"
    as_deploy close access=ssh
    finishes
    want 'without a note it is nobody'"'"'s' grep -q '^stray=login [0-9]* [0-9]*$' <<<"$out"
    rm -f "$root/home/deploy/.stagepass/$second/logins"
    grant=$second as_deploy close access=ssh "public_key=$(cut -d' ' -f1,2 "$tmp/second.pub")"
    finishes
    same 'its own close ends it' 0 "$(running 'sleep 72041')"
    wait "$!" 2>/dev/null
    as_deploy collected
    grant=$second as_deploy collected
    want 'nothing is left' test ! -e "$root/home/deploy/.stagepass"
}

# R1: a program that hands over to a child all the time is met by no list.
fork_chain() {
    about="$suite a chain of processes"
    local before
    fresh
    as_deploy open access=ssh
    finishes
    supporter_runs shared-fork-chain.sh /tmp/chain
    before=$(cat "$root/tmp/chain")
    moves "$before"
    as_deploy close access=ssh
    finishes
    before=$(cat "$root/tmp/chain")
    if moves_on "$before"; then
        says sessions_left=unknown
        want 'it is told, by its number or as more than is listed' grep -q -e '^hidden=more' -e '^stray=process ' <<<"$out"
    else
        # The kernel knows the login, and a list met it in the end.
        pass
    fi
    : >"$root/tmp/chain-ends"
    again 60 test -e "$root/tmp/chain-ended"
    rm -f "$root"/tmp/chain*
    as_deploy collected
}
moves_on() { again "${2:-3}" gone test_value "$1" cat "$root/tmp/chain"; }
moves() { want 'it runs' moves_on "$1" 60; }

# R18: whoever was the account wrote what lies in it.
folder_gone() {
    about="$suite a key in another file, and our folder gone"
    local digest
    fresh
    make_shop
    as_deploy open access=ssh "path=$shop"
    finishes
    digest=$(value baseline_digest)
    supporter_runs shared-plant.sh gone
    as_deploy check access=ssh "path=$shop"
    says gate_present=false failsafe_present=false baseline_present=false
    as_deploy close access=ssh "path=$shop" "baseline_digest=$digest"
    finishes
    says history=none there= by_server=false sessions_left=unknown
    want 'every key that is left is told' grep -q '^key_now=ssh-ed25519 .* (back door) in .*/authorized_keys2$' <<<"$out"
    deny 'the key of the grant is not' key_ssh true
    rm -f "$root/home/deploy/.ssh/authorized_keys2"

    about="$suite a result that nobody wrote but the supporter"
    fresh
    as_deploy open access=ssh "path=$shop"
    digest=$(value baseline_digest)
    supporter_runs shared-plant.sh forged "$grant" "$(date +%s)"
    as_deploy close access=ssh "path=$shop" "baseline_digest=$digest"
    finishes
    # While the line of the grant stood it was no result at all.
    says history=none by_server=false
    as_deploy collected
    rm -f "$root/home/deploy/.ssh/authorized_keys2"
    fresh
    as_deploy open access=ssh "path=$shop"
    supporter_runs shared-plant.sh forged-and-out "$grant" "$(date +%s)"
    appears 'sleep 72032'
    as_deploy close access=ssh "path=$shop" "baseline_digest=$digest"
    finishes
    says history=result there= by_server=true sessions_left=unknown
    want 'what is nobody'"'"'s is told' grep -q '^stray=process [0-9]* [0-9]* sleep$' <<<"$out"
    same 'what bears the name of the grant is over' 0 "$(running 'sleep 72031')"
    same 'what does not is not ended' 1 "$(running 'sleep 72032')"
    on pkill -x -f 'sleep 72032'
    as_deploy collected
    rm -f "$root/home/deploy/.ssh/authorized_keys2"

    about="$suite what the server wrote is looked at again"
    fresh
    cron_on
    as_deploy open access=ssh "path=$shop"
    digest=$(value baseline_digest)
    cron_off
    # Its time is over, and nobody's cron is there to come first.
    printf 'deadline=1\nhard=1\n' >"$root/home/deploy/.stagepass/$grant/ends"
    on runuser -u deploy -- sh "/home/deploy/.stagepass/$grant/failsafe"
    want 'the server closed it' grep -q '^by_server=true' "$root/home/deploy/.stagepass/result.$grant"
    echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDq3XVBpGkbkEy8q1Yp3v7u7pG2kFf0cXvT0u4d4yQ3n back door' >>"$(keys)"
    as_deploy close access=ssh "path=$shop" "baseline_digest=$digest"
    finishes
    says history=result by_server=true
    want 'the key is found' grep -q '^found=key .*back door' <<<"$out"
    as_deploy collected
    want 'nothing is left' test ! -e "$root/home/deploy/.stagepass"
}

# The failsafe is at it, and holds the lock: who comes meanwhile shuts the way in, waits, and finds its result.
closed_meanwhile() {
    about="$suite the server closes at the same moment"
    local first i
    fresh
    as_deploy open access=ssh
    finishes
    on runuser -u deploy -- flock /home/deploy/.stagepass sh -c 'until [ -e /tmp/go ]; do sleep 0.05; done' &
    first=$!
    held /home/deploy/.stagepass
    script authorized-key close access=ssh >"$tmp/meanwhile"
    on runuser -u deploy -- env -i HOME=/home/deploy PATH=/usr/bin:/bin /bin/sh -s <"$tmp/meanwhile" >"$tmp/meanwhile.out" 2>&1 &
    for i in $(seq 200); do
        grep -q "$supporter_key" "$(keys)" || break
        sleep 0.05
    done
    deny 'the way in is shut although somebody holds the lock' grep -q "$supporter_key" "$(keys)"
    printf 'by_server=true\nserver_closed_at=%s\n' "$(date +%s)" >"$root/home/deploy/.stagepass/result.$grant"
    chown --reference="$root/home/deploy" "$root/home/deploy/.stagepass/result.$grant"
    rm -r "$root/home/deploy/.stagepass/$grant"
    touch "$root/tmp/go"
    wait "$first" "$!"
    out=$(cat "$tmp/meanwhile.out") code=0
    says history=result by_server=true
    as_deploy collected
    rm -f "$root/tmp/go"
}

# The other way round: while the failsafe waits for the lock, whoever holds it closes the grant and takes the folder away.
failsafe_comes_late() {
    about="$suite the failsafe comes when all is over"
    local first late
    fresh
    cron_on
    as_deploy open access=ssh
    finishes
    cron_off
    printf 'deadline=1\nhard=1\n' >"$root/home/deploy/.stagepass/$grant/ends"
    on runuser -u deploy -- flock /home/deploy/.stagepass sh -c 'until [ -e /tmp/go ]; do sleep 0.05; done; rm -r /home/deploy/.stagepass' &
    first=$!
    held /home/deploy/.stagepass
    on runuser -u deploy -- sh "/home/deploy/.stagepass/$grant/failsafe" &
    late=$!
    want 'it takes the key out and waits' again 60 gone grep -q "$supporter_key" "$(keys)"
    touch "$root/tmp/go"
    wait "$first" "$late"
    want 'it leaves nothing' test ! -e "$root/home/deploy/.stagepass"
    rm -f "$root/tmp/go"
    as_deploy close access=ssh
    finishes
    as_deploy collected
}

# And before it waits it writes down that it tries, into the folder that is just being removed.
failsafe_notes_late() {
    about="$suite the failsafe writes into the folder that goes"
    fresh
    as_deploy open access=ssh
    finishes
    mkdir -p "$root/usr/local/bin"
    cat >"$root/usr/local/bin/rm" <<'SH'
#!/bin/sh
PATH=/usr/bin:/bin
case $* in
    "-rf -- /home/deploy/.stagepass/k3v9q2m7xa")
        if [ ! -e /tmp/noted ]; then
            : >/tmp/noted
            rm -rf "$3"/*
            echo 1 >"$3/tries"
            echo "rm: cannot remove '$3': Directory not empty" >&2
            exit 1
        fi
        ;;
esac
exec rm "$@"
SH
    chmod 755 "$root/usr/local/bin/rm"
    as_deploy close access=ssh
    rm -f "$root/usr/local/bin/rm"
    finishes
    want 'it did write' test -e "$root/tmp/noted"
    says absent=true
    rm -f "$root/tmp/noted"
    as_deploy collected
    want 'nothing is left' test ! -e "$root/home/deploy/.stagepass"
}

# R11: another account holds a lock on the home folder.
locked_by_another() {
    about="$suite another account holds a lock"
    local mode first was
    fresh
    mode=$(stat -c %a "$root/home/deploy")
    chmod 755 "$root/home/deploy"
    as_deploy open access=ssh
    finishes
    on setpriv --reuid=33 --clear-groups flock /home/deploy sleep 60 &
    first=$!
    held /home/deploy
    was=$(date +%s)
    as_deploy check access=ssh
    as_deploy close access=ssh
    finishes
    as_deploy collected
    as_deploy open access=ssh
    finishes
    want 'nobody waited for it' test $(($(date +%s) - was)) -le 20
    as_deploy close access=ssh
    finishes
    as_deploy collected
    on pkill -u 33 sleep
    wait "$first" 2>/dev/null
    chmod "$mode" "$root/home/deploy"
}

# R3: the way in is shut before anybody is looked for.
way_in_first() {
    about="$suite the key goes before anybody is looked for"
    local first i
    fresh
    as_deploy open access=ssh
    script authorized-key close access=ssh >"$tmp/first"
    # What reads memory of processes hangs.
    printf '#!/bin/sh\ncase "$*" in *environ* | *cmdline*) touch /tmp/reached; exec sleep 600 ;; esac\nPATH=/usr/sbin:/usr/bin:/sbin:/bin exec grep "$@"\n' >"$root/usr/local/bin/grep"
    chmod 755 "$root/usr/local/bin/grep"
    on runuser -u deploy -- /bin/sh -s <"$tmp/first" >"$tmp/first.out" 2>&1 &
    first=$!
    want 'memory was to be read' again 60 test -e "$root/tmp/reached"
    deny 'and the key is out already' grep -q "$supporter_key" "$(keys)"
    wait "$first"
    want 'and it comes to an end' grep -q '^stagepass-end=' "$tmp/first.out"
    rm -f "$root/usr/local/bin/grep" "$root/tmp/reached"
    on pkill -KILL -u deploy -x sleep
    as_deploy collected
}

# R3: every verb meets a process of the merchant's own account whose arguments and environment hang when they are read.
keeps_the_memory_of_a_shared_account() {
    local uid
    about="$suite a shared account whose memory nobody can read"
    red_programs
    fresh
    uid=$(on id -u deploy)
    on /opt/red/mute /run/red/mute "$uid"
    want 'it keeps its memory' holds mute
    as_deploy detect access=ssh
    finishes
    as_deploy open access=ssh
    finishes
    want 'the login goes on all the same' timeout 30 ssh "${options[@]}" -o IdentitiesOnly=yes -i "$tmp/supporter" -p "${port[$suite]}" "deploy@$address" true
    as_deploy close access=ssh
    finishes
    says keys_absent=true
    want 'what was there before goes on' holds mute
    on sh -c 'kill -KILL $(grep -ls "^Uid:[[:space:]]*$1[[:space:]]" /proc/[0-9]*/status | tr -dc "0-9\n")' - "$uid"
    want 'it is gone' again 60 gone holds mute
    as_deploy collected
}

# R10: who can become root by this account.
root_by() {
    local group
    about="$suite an account that can become root"
    fresh
    as_deploy detect access=ssh
    says root_by=
    for group in docker lxd disk; do
        on groupadd -f "$group"
        on usermod -aG "$group" deploy
        as_deploy detect access=ssh
        says "root_by=the group $group"
        on gpasswd -d deploy "$group" >/dev/null
    done
    chmod 666 "$root/etc/crontab" 2>/dev/null || echo >"$root/etc/crontab"
    chmod 666 "$root/etc/crontab"
    as_deploy detect access=ssh
    says 'root_by=writing /etc/crontab'
    chmod 644 "$root/etc/crontab"
    if on test -x /usr/bin/sudo; then
        printf 'deploy ALL=(www-data) NOPASSWD: ALL\ndeploy ALL=(ALL) /bin/true\n' >"$root/etc/sudoers.d/deploy"
        as_deploy detect access=ssh
        says root_by=
        printf 'deploy ALL=(ALL:ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/deploy"
        as_deploy detect access=ssh
        says 'root_by=sudo without a password, NOPASSWD: ALL'
        rm -f "$root/etc/sudoers.d/deploy"
    fi
}

booted_shared_account() {
    boot_full "$suite"
    about="$suite a shared account, booted"
    fresh
    local was
    mkdir -p "$root/srv/mine"
    chown --reference="$root/home/deploy" "$root/srv/mine"
    ln -s mine "$root/srv/link"
    was=$(home_state)
    as_deploy detect path=/srv/link
    finishes
    says can_gate=true can_confine=true failsafe=crontab
    as_deploy open path=/srv/link
    finishes
    says gate=true confined=true failsafe=crontab
    same 'SFTP starts in the shop' 'Remote working directory: /srv/mine' "$(key_sftp pwd | grep -a '^Remote')"
    want 'reads and writes there' key_sftp "put $tmp/upload x
get /srv/link/x /dev/null
rm x"
    deny 'reaches no key file' key_sftp 'ls /home/deploy/.ssh'
    deny 'nor the gate' key_sftp 'ls /home/deploy/.stagepass'
    deny 'nor anything else' key_sftp 'get /etc/passwd- /dev/null'
    sleep 60 | sftp "${options[@]}" -o BatchMode=yes -o IdentitiesOnly=yes -i "$tmp/supporter" -P "${port[$suite]}" "deploy@$address" >/dev/null 2>&1 &
    sleep 1.5
    as_deploy check path=/srv/link
    says sessions=1 failsafe_present=true
    as_deploy close path=/srv/link confined_then=true
    finishes
    says sessions_ended=1 sessions_left=0 found_total=0 hidden=none
    as_deploy collected
    same 'as before, to the byte' "$was" "$(home_state)"
    as_deploy open access=ssh path=/srv/mine
    finishes
    says confined=false
    key_ssh 'env -i setsid -f sleep 72001 </dev/null >/dev/null 2>&1'
    as_merchant 'env -i setsid -f sleep 71001 </dev/null >/dev/null 2>&1'
    want 'the login is known by logind' grep -q '/session-.*[.]scope$' "$root/home/deploy/.stagepass/$grant/logins"
    # Without the id of the audit session, logind's scope has to do.
    sed -i 's/^\([^ ]* [^ ]* [^ ]*\) [0-9]* /\1 - /' "$root/home/deploy/.stagepass/$grant/logins"
    # By a login of its own: who comes in from outside of the host sees other control groups.
    verb authorized-key close access=ssh path=/srv/mine
    finishes
    # The merchant's began while it was open, and nobody can tell.
    says sessions_left=unknown
    same "the supporter's is over, the merchant's is not" '0 1' "$(running 'sleep 72001') $(running 'sleep 71001')"
    as_deploy collected
    # A chain is met by no list: logind ends the login that it came from, and the kernel's count shows it.
    about="$suite a chain of processes, booted"
    on pkill -KILL -u deploy -x sleep
    as_deploy open access=ssh path=/srv/mine
    finishes
    supporter_runs shared-fork-chain.sh /tmp/chain kept
    moves "$(cat "$root/tmp/chain")"
    verb authorized-key close access=ssh path=/srv/mine
    finishes
    if moves_on "$(cat "$root/tmp/chain")"; then
        says sessions_left=unknown
        want 'it is told' grep -q -e '^hidden=more' -e '^stray=process ' <<<"$out"
    else
        pass
    fi
    : >"$root/tmp/chain-ends"
    verb authorized-key collected
    # By a job of at, it is of no login that anybody knows.
    about="$suite a chain of processes from a job, booted"
    on pkill -KILL -u deploy -x perl
    rm -f "$root"/tmp/chain*
    install -m 755 "$repo/tests/red/shared-fork-chain.sh" "$root/tmp/start"
    as_deploy open access=ssh path=/srv/mine
    finishes
    key_ssh 'echo "/tmp/start /tmp/chain kept" | at now' 2>/dev/null
    want 'the job has started it' again 60 test -s "$root/tmp/chain"
    verb authorized-key close access=ssh path=/srv/mine
    finishes
    moves "$(cat "$root/tmp/chain")"
    says sessions_left=unknown
    want 'it is told' grep -q -e '^hidden=more' -e '^stray=process ' <<<"$out"
    : >"$root/tmp/chain-ends"
    want 'it is over' again 60 test -e "$root/tmp/chain-ended"
    rm -f "$root"/tmp/chain* "$root/tmp/start"
    verb authorized-key collected
    about="$suite the account of root, booted"
    login=root account=root
    verb authorized-key open allow_root=1 account=root access=ssh
    finishes
    says gate=true failsafe=systemd confined=false
    account=root same 'root logs in' root "$(account=root key_ssh id -un)"
    verb authorized-key marks account=root
    want 'the unit is seen' grep -q "^mark=unit $grant root " <<<"$out"
    verb authorized-key close account=root access=ssh
    finishes
    says failsafe_absent=true gate_absent=true
    verb authorized-key collected account=root
    want 'nothing is left' test ! -e "$root/root/.stagepass"
    stop_full
}
