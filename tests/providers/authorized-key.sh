# The cases of authorized-key. Read by run.sh; needs what it defines.
# shellcheck shell=bash disable=SC2004,SC2016,SC2034,SC2154

authorized_key() {
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
}

# give CONTENT: the merchant's file as it is before. Our own way in must be in it, unless a test
# brings the script in as root's child: then it may be empty, or not there at all.
keys() { printf '%s' "$root/home/deploy/.ssh/authorized_keys"; }
own() { chown -R -h --reference="$root/home/deploy" "$root/home/deploy/.ssh" 2>/dev/null; }
give() {
    rm -rf "$root/home/deploy/.ssh"
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
    declared authorized-key "$1"
}

state() { (cd "$root/home/deploy" && find . -path './.ssh*' -printf '%p %y %m %u %g %s %l\n' | sort && find .ssh -type f -exec sha256sum {} + | sort) 2>/dev/null; }

# there_and_back NAME: open, the line is there, the rest is untouched; close; everything as before.
there_and_back() {
    local was
    about="$suite authorized_keys: $1"
    was=$(state)
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
    same 'as before, to the byte' "$was" "$(state)"
    as_deploy close account=deploy
    finishes
    says already_absent=true keys_absent=true
    same 'closed twice' "$was" "$(state)"
    as_deploy check account=deploy
    says present=false key_lines=0
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
        says sessions_left=unknown same_key_foreign=false
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
    was=$(state)
    as_deploy open
    refuses keys-file-read-only
    same 'nothing changed' "$was" "$(state)"
    as_deploy detect
    says supported=false keys_file_writable=false
    about="$suite read-only folder"
    give "$operator
"
    chmod 500 "$root/home/deploy/.ssh"
    was=$(state)
    as_deploy open
    refuses keys-folder-read-only
    same 'nothing changed' "$was" "$(state)"
    chmod 700 "$root/home/deploy/.ssh"
    about="$suite a file of root's"
    chown 0:0 "$(keys)"
    chmod 666 "$(keys)"
    was=$(state)
    as_deploy open
    refuses keys-file-foreign
    same 'nothing changed' "$was" "$(state)"
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
    as_deploy close
    refuses no-room
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
    was=$(state)
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
    same 'as before, to the byte' "$was" "$(state)"
    give "$operator
from=\"10.0.0.0/8\" $(cat "$tmp/supporter.pub")
"
    was=$(state)
    as_deploy detect
    says same_key_foreign=true
    as_deploy open
    says same_key_foreign=true
    as_deploy close
    finishes
    says same_key_foreign=true
    same "the merchant's own line with that key is untouched" "$was" "$(state)"
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
    was=$(state)
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
        same 'as before, to the byte' "$was" "$(state)"
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
    was=$(state)
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
    same 'as before' "$was" "$(state)"
    about="$suite sshd reads another file by now"
    as_deploy open
    finishes
    mv "$(keys)" "$root/home/deploy/.ssh/former"
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
slow_tool() {
    printf '#!/bin/sh\ntouch /tmp/reached; sleep %s; PATH=/usr/sbin:/usr/bin:/sbin:/bin exec %s "$@"\n' "$2" "$1" >"$root/usr/local/bin/$1"
    chmod 755 "$root/usr/local/bin/$1"
}
reached() {
    local i
    for i in $(seq 100); do
        [ ! -e "$root/tmp/reached" ] || break
        sleep 0.05
    done
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
        was=$(state)
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
        want 'the open had ended before' grep -qx stagepass=1 "$tmp/first.out"
        same 'nothing is left of it' "$was" "$(state)"

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
        same 'an update brings nothing back' "$was" "$(state)"

        # The time limit runs out between the first look and the decisive step.
        slow_tool cp 3
        as_deploy open "not_after=$(($(date +%s) + 1))"
        rm -f "$root/usr/local/bin/cp" "$root/tmp/reached"
        refuses too-late
        same 'nothing was made' "$was" "$(state)"
        rm -rf "$root/home/deploy/.ssh"
        was=$(state)
        slow_tool flock 3
        slow_tool ln 3
        as_deploy open "not_after=$(($(date +%s) + 1))"
        rm -f "$root/usr/local/bin/flock" "$root/usr/local/bin/ln" "$root/tmp/reached"
        if [ "$flock" = with ]; then refuses too-late; same 'nor a folder' "$was" "$(state)"; else as_deploy close; fi
        if [ "$flock" = without ]; then
            give "$operator
"
            was=$(state)
            mkdir -p "$root/home/deploy/.ssh/.stagepass-lock/999999-12345-"
            own
            as_deploy open
            finishes
            as_deploy close
            finishes
            same 'the lock of one that died is taken over, and goes' "$was" "$(state)"
            mv "$root/opt/flock" "$root/usr/bin/flock"
        fi
    done

    about="$suite a lock that is not given back"
    give "$operator
"
    on runuser -u deploy -- flock /home/deploy/.ssh sleep 60 &
    first=$!
    sleep 0.5
    was=$(date +%s)
    as_deploy close
    fails busy
    want 'it does not wait for ever' test $(($(date +%s) - was)) -le 30
    on pkill -u deploy sleep
    wait "$first" 2>/dev/null

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
