# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The failsafe.

# What it is sent with the source; a provider may add names that it needs.
sp_failsafe_inputs='grant account path access public_key has_password deadline expiry_form restrict from keys_file
same_key_before allow_root supporter tag case ask at_end drain walk_seconds baseline_digest gate_wanted'

# Whether it stays where nothing starts it.
sp_failsafe_stays=''

sp_unit=stagepass-$sp_grant
sp_units=/etc/systemd/system

# Sets sp_failsafe to what will start it on this server (systemd, cron.d, crontab, none) and
# sp_failsafe_why. sp_failsafe_skip holds those that were tried in vain.
sp_failsafe_plan() {
    sp_failsafe=none sp_failsafe_why=''
    if [ "$sp_uid" = 0 ]; then
        case " ${sp_failsafe_skip:-} " in
            *' systemd '*) ;;
            *)
                if [ -d /run/systemd/system ] && sp_has systemctl && [ -w "$sp_units" ]; then
                    sp_failsafe=systemd
                    return 0
                fi
                ;;
        esac
        case " ${sp_failsafe_skip:-} " in
            *' cron.d '*) ;;
            *)
                if [ -d /etc/cron.d ] && [ -w /etc/cron.d ] && sp_cron_runs; then
                    sp_failsafe=cron.d
                    return 0
                fi
                ;;
        esac
    fi
    case " ${sp_failsafe_skip:-} " in
        *' crontab '*) sp_failsafe_why=${sp_cron_why:-A line in the crontab of this account was refused.} && return 0 ;;
    esac
    if ! sp_has crontab; then
        sp_failsafe_why='There is neither systemd nor cron.'
    elif ! sp_cron_runs any; then
        sp_failsafe_why='No cron daemon runs.'
    elif ! sp_crontab_read; then
        sp_failsafe_why=${sp_cron_why:-This account may not have a crontab.}
    else
        sp_failsafe='crontab'
        return 0
    fi
    [ "$sp_uid" = 0 ] || sp_failsafe_why="$sp_failsafe_why This login cannot use systemd for it."
}

# sp_cron_runs [any]: whether somebody runs what stands in cron.d, or in crontabs at all. Where the
# processes of others are not shown, a note of the daemon has to do, or a crontab that is in use already.
sp_cron_runs() {
    local one found wanted="${1:-}"
    set +f
    found=$(grep -slxE 'cron|crond|cronie|fcron|dcron' /proc/[0-9]*/comm) || :
    set -f
    # A supervisor names it, too, and says nothing of what it reads.
    if [ "$wanted" = any ]; then
        sp_with_status '^Uid:[[:space:]]*0[[:space:]]*0[[:space:]]'
        set --
        for one in $sp_procs; do set -- "$@" "/proc/$one/cmdline"; done
        found=$found$sp_nl$(sp_within 5 grep -slzx crond -- "$@" 2>/dev/null </dev/null) || :
    fi
    for one in $found; do
        one=${one#/proc/}
        # A name alone proves nothing: a process may call itself what it likes.
        sp_process "${one%%/*}"
        [ "$sp_euid" = 0 ] || continue
        [ "$wanted" != any ] || return 0
        # busybox has one that reads no cron.d.
        case $(readlink "/proc/${one%%/*}/exe") in *busybox*) ;; *) return 0 ;; esac
    done
    [ "$wanted" = any ] || return 1
    if [ -d /run/systemd/system ] && sp_has systemctl; then
        for one in cron crond cronie cron.target; do
            ! systemctl is-active --quiet "$one" 2>/dev/null || return 0
        done
    fi
    [ ! -d /proc/1 ] || return 1
    for one in /run/crond.pid /run/cron.pid /var/run/crond.pid /var/run/cron.pid; do
        [ ! -e "$one" ] || return 0
    done
    crontab -l 2>/dev/null | grep -v -e '^[[:space:]]*#' -e '/[.]stagepass/' | grep -q '[^[:space:]]'
}

# Writes the file, and what starts it. Sets sp_failsafe and sp_failsafe_why. Ends with 1 when the file
# could not be written.
sp_failsafe_install() {
    sp_failsafe_write || return 1
    sp_failsafe_skip='' sp_failsafe_tried=''
    while :; do
        sp_failsafe_plan
        case $sp_failsafe in
            systemd) ! sp_timer_install || ! sp_failsafe_try || return 0 ;;
            cron.d) ! sp_cron_d_install || ! sp_failsafe_try || return 0 ;;
            # What crontab(1) writes for a moment is nothing that was there.
            crontab) sp_beside_wait && sp_settle && { ! sp_crontab_install || ! sp_failsafe_try || return 0; } ;;
            none)
                [ -z "$sp_failsafe_tried" ] || sp_failsafe_why="It was tried, and did not answer: $sp_failsafe_tried"
                # Somebody may start it by hand.
                [ -z "$sp_failsafe_stays" ] || return 0
                sp_settle
                rm -f -- "$sp_dir/failsafe"
                return 0
                ;;
        esac
        sp_failsafe_take "$sp_failsafe" || :
        sp_failsafe_skip="$sp_failsafe_skip $sp_failsafe"
    done
}

# Starts it as what was just installed would start it: with the environment that systemd or cron makes, and
# in the folder and by the shell that cron takes. It is read to its last line, and answers; it closes nothing.
# Ends with 1, and sp_failsafe_tried says what came instead.
sp_failsafe_try() {
    local entry home=/ name=root said
    if [ "$sp_failsafe" = crontab ]; then
        sp_passwd "$sp_uid"
        entry=${sp_t%%"$sp_nl"*}
        name=${entry%%:*} home=${entry%:*}
        home=${home##*:}
    fi
    said=$(
        cd "$home" 2>&1 || exit
        set -- env -i "HOME=$home" "LOGNAME=$name" SHELL=/bin/sh PATH=/usr/bin:/bin /bin/sh -c "exec /bin/sh \"$sp_dir/failsafe\" --answer"
        ! sp_has timeout || set -- timeout 30 "$@"
        "$@" </dev/null 2>&1 9>&-
    ) || :
    [ "$said" != "$sp_failsafe_answer" ] || return 0
    sp_plain "$said"
    sp_failsafe_tried=$(printf '%s' "$sp_v" | cut -c 1-200)
    return 1
}
sp_failsafe_answer="the failsafe of $sp_grant answers"

# Sets sp_v to what that file begins with, which does nothing before its time. It needs nothing from whatever starts it.
sp_failsafe_head() {
    sp_quote "$sp_dir"
    sp_v="#!/bin/sh
# stagepass: closes the access of grant $sp_grant when its time is over, and removes itself.
# Until then it does nothing. To end the access before, run \`stagepass revoke\`, or as root
# set \`deadline=0\` and \`hard=0\` in the file \`ends\` beside this one and run it.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
export PATH
d=$sp_v answer=\${1:-}
look() {
    end=0
    while IFS= read -r l; do
        case \$l in deadline=*[!0-9]*) ;; deadline=?*) end=\${l#*=} ;; esac
    done 2>/dev/null <\"\$d/ends\"
    now=\$(date +%s)
    case \$now in '' | *[!0-9]*) now=0 ;; esac
    rest=\$((end - now))
}
# Cron starts nothing when there is no room for one more file in /tmp. So one of these waits from the beginning. Where there
# is room, cron has two minutes.
if [ \"\$answer\" = wait ]; then
    while [ -e \"\$d/failsafe\" ]; do
        look
        if [ \"\$rest\" -le 0 ]; then
            if [ \"\$rest\" -gt -120 ] && l=\$(mktemp 2>/dev/null); then rm -f \"\$l\"; else /bin/sh \"\$d/failsafe\"; fi
            [ -e \"\$d/failsafe\" ] || exit 0
        fi
        if [ \"\$rest\" -gt 0 ] && [ \"\$rest\" -lt 60 ]; then sleep \"\$rest\"; else sleep 60; fi
    done
    exit 0
fi
umask 077
if [ \"\$answer\" != --answer ]; then
    look
    # Cron comes once a minute: whoever comes last before the deadline waits for it.
    if [ \"\$rest\" -gt 60 ]; then
        if [ \"\$answer\" = cron ]; then
            l=0
            [ ! -r \"\$d/waiter\" ] || read -r l <\"\$d/waiter\"
            if [ ! -O \"/proc/\$l\" ]; then
                setsid /bin/sh \"\$d/failsafe\" wait >/dev/null 2>&1 </dev/null &
                echo \"\$!\" >\"\$d/waiter\"
            fi
        fi
        exit 0
    fi
    [ \"\$rest\" -le 0 ] || sleep \"\$rest\"
    [ -e \"\$d/failsafe\" ] || exit 0
    # One that hangs is ended: systemd forgets its own limit when units are read again meanwhile, and cron has none.
    if [ \"\$answer\" != within ] && timeout --foreground -s KILL 5 true 2>/dev/null; then exec timeout --foreground -s KILL 3600 /bin/sh \"\$d/failsafe\" within; fi
    # A full disk keeps nobody in.
    log=\$d/failsafe.log
    true 2>/dev/null >>\"\$log\" || log=/dev/null
    exec >\"\$log\" 2>&1
fi
{ set -eu
sp_check_key='' sp_check_until=0 sp_trial='' sp_password='' sp_uses_from=0 sp_by_server=1 sp_not_after=0
"
}

# The text that closes is the text that opened: the same functions, with the same inputs.
sp_failsafe_write() {
    local one text
    # Where there is no gate, nobody else has written it, and without it the time is over.
    [ -e "$sp_dir/ends" ] || sp_ends_write || return 1
    sp_failsafe_head
    text=$sp_v
    for one in $sp_failsafe_inputs; do
        # What a provider is not told is not set there, either: empty, it would be taken for a mistake.
        eval "sp_v=\${sp_$one+told}"
        [ -n "$sp_v" ] || continue
        eval "sp_quote \"\$sp_$one\""
        text="${text}sp_$one=$sp_v$sp_nl"
    done
    sp_put "$sp_dir/failsafe" 700 "$text$sp_source
[ \"\$answer\" != --answer ] || sp_failsafe_answers
sp_failsafe
exit 0
} </dev/null
" || return 1
    # Whoever starts it is settled with it, and it is of no use alone.
    sp_settle_soon "$sp_dir/failsafe" "$sp_dir/ends" "$sp_dir"
}

sp_failsafe_update() { sp_failsafe_install; }

# Sets sp_failsafe to what is there to start it. Ends with 1 when nothing is.
sp_failsafe_present() {
    sp_failsafe=none
    if [ -e "$sp_units/$sp_unit.timer" ]; then
        sp_failsafe=systemd
        systemctl is-active --quiet "$sp_unit.timer" 2>/dev/null || return 1
    elif [ -e "/etc/cron.d/$sp_unit" ]; then
        sp_failsafe=cron.d
    elif sp_has crontab && sp_crontab_read && sp_crontab_ours; then
        sp_failsafe='crontab'
        sp_cron_settings
        [ -z "$sp_cron_set" ] || return 1
    fi
    [ "$sp_failsafe" != none ] && [ -e "$sp_dir/failsafe" ]
}

# Takes away what starts it; the file goes with the folder. The last step of a close but one. Ends with
# 1 where a line stays in a crontab: what that line starts stays too, and tries it again.
sp_failsafe_remove() {
    sp_failsafe_take systemd
    sp_failsafe_take cron.d
    sp_failsafe_take crontab
}

# Whether nothing of it is left.
sp_failsafe_absent() {
    [ ! -e "$sp_units/$sp_unit.timer" ] && [ ! -e "$sp_units/$sp_unit.service" ] && [ ! -e "/etc/cron.d/$sp_unit" ] || return 1
    [ ! -e "$sp_dir/crontab-was" ] || ! sp_has crontab || { sp_crontab_read && ! sp_crontab_ours; }
}

sp_failsafe_take() {
    local one
    case $1 in
        systemd)
            set --
            # The link first: what is cut short is found by the others.
            for one in "$sp_units/timers.target.wants/$sp_unit.timer" "$sp_units/$sp_unit.timer" "$sp_units/$sp_unit.service" \
                "$sp_units/$sp_unit.timer.new" "$sp_units/$sp_unit.service.new"; do
                if [ -e "$one" ] || [ -L "$one" ]; then set -- "$@" "$one"; fi
            done
            [ "$#" -gt 0 ] || return 0
            systemctl stop "$sp_unit.timer" >/dev/null 2>&1 || :
            rm -f -- "$@" "/var/lib/systemd/timers/stamp-$sp_unit.timer" || :
            systemctl reset-failed "$sp_unit.service" >/dev/null 2>&1 || :
            systemctl --no-block daemon-reload >/dev/null 2>&1 || :
            ;;
        cron.d)
            set --
            for one in "/etc/cron.d/$sp_unit" "/etc/cron.d/$sp_unit.new"; do
                if [ -e "$one" ] || [ -L "$one" ]; then set -- "$@" "$one"; fi
            done
            [ "$#" = 0 ] || rm -f -- "$@" 2>/dev/null || :
            # It may be what called us; then it sees that there is nothing to wait for any more.
            [ "${sp_by_server:-0}" = 1 ] || ! sp_waiter || kill -KILL "-$sp_waiter" 2>/dev/null || :
            ;;
        crontab) [ ! -e "$sp_dir/crontab-was" ] || ! sp_has crontab || sp_crontab_remove ;;
    esac
}

# sp_calendar SECONDS: the deadline, and then every hour for ever: a server that was down at the
# deadline, or went down in the middle of a close, does it when it is up again.
sp_calendar() {
    local hour minute second
    sp_civil "$1"
    hour=$(($1 % 86400 / 3600)) minute=$(($1 % 3600 / 60)) second=$(($1 % 60))
    printf 'OnCalendar=%s-%s-%s %s:%s:%s UTC\n' "$sp_year" "$sp_mon" "$sp_day" "$hour" "$minute" "$second"
    [ "$hour" = 23 ] || printf 'OnCalendar=%s-%s-%s %s..23:%s:00 UTC\n' "$sp_year" "$sp_mon" "$sp_day" $((hour + 1)) "$minute"
    [ "$sp_day" = 31 ] || printf 'OnCalendar=%s-%s-%s..31 *:%s:00 UTC\n' "$sp_year" "$sp_mon" $((sp_day + 1)) "$minute"
    [ "$sp_mon" = 12 ] || printf 'OnCalendar=%s-%s..12-* *:%s:00 UTC\n' "$sp_year" $((sp_mon + 1)) "$minute"
    printf 'OnCalendar=%s..2199-*-* *:%s:00 UTC\n' $((sp_year + 1)) "$minute"
}

sp_timer_install() {
    local title times was=0
    sp_plain "$sp_case"
    # A percent sign means something in a unit.
    title="stagepass: the end of grant $sp_grant${sp_v:+ ($sp_v)}"
    case $title in *[%\\]*) title="stagepass: the end of grant $sp_grant" ;; esac
    [ ! -e "$sp_units/$sp_unit.timer" ] || was=1
    sp_put "$sp_units/$sp_unit.service" 644 "[Unit]
Description=$title

[Service]
Type=oneshot
ExecStart=/bin/sh $sp_dir/failsafe
TimeoutStartSec=1h
LogLevelMax=notice
" || return 1
    times=$(sp_calendar "$sp_deadline")
    sp_put "$sp_units/$sp_unit.timer" 644 "[Unit]
Description=$title

[Timer]
$times
OnUnitInactiveSec=60
Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
" || return 1
    [ -d "$sp_units/timers.target.wants" ] || mkdir -m 755 -- "$sp_units/timers.target.wants" || return 1
    ln -sfn "../$sp_unit.timer" "$sp_units/timers.target.wants/$sp_unit.timer" || return 1
    sp_settle "$sp_units/$sp_unit.timer" "$sp_units/$sp_unit.service" "$sp_units" "$sp_units/timers.target.wants"
    # A unit that systemd has not read yet needs no reload, which is slow on a large server.
    if [ "$was" = 1 ] && systemctl is-active --quiet "$sp_unit.timer" 2>/dev/null; then
        systemctl daemon-reload >/dev/null 2>&1 && systemctl restart "$sp_unit.timer" >/dev/null 2>&1 || return 1
    elif ! systemctl start "$sp_unit.timer" >/dev/null 2>&1; then
        systemctl daemon-reload >/dev/null 2>&1 && systemctl start "$sp_unit.timer" >/dev/null 2>&1 || return 1
    fi
    systemctl is-active --quiet "$sp_unit.timer" || return 1
    # A timer that starts after its time would wait for the next hour.
    [ "$(date +%s)" -lt "$sp_deadline" ] || systemctl --no-block start "$sp_unit.service" >/dev/null 2>&1 || :
}

# Cron looks once a minute, and knows a change by the second of it: what comes right after its look, in
# the second of a change that it saw, is not seen before the next one. So nothing comes in those seconds.
sp_cron_moment() {
    local second
    second=$(date +%S) || second=''
    case $second in 0[012]) sleep "$((3 - ${second#0}))" ;; esac
}

sp_cron_d_install() {
    sp_cron_moment
    sp_put "/etc/cron.d/$sp_unit" 644 "# stagepass: the end of grant $sp_grant; it removes itself
* * * * * root /bin/sh $sp_dir/failsafe cron >/dev/null 2>&1
" || return 1
    sp_settle "/etc/cron.d/$sp_unit" /etc/cron.d
    sp_waiter || {
        setsid /bin/sh "$sp_dir/failsafe" wait </dev/null >/dev/null 2>&1 9>&- &
        echo "$!" >"$sp_dir/waiter"
    }
}

# Sets sp_waiter to the process that waits for the deadline where cron might not be able to start one. Ends with 1 when there
# is none. Its number could be another's by now: whose is looked at, before what it says of itself.
sp_waiter() {
    sp_waiter=''
    [ -r "$sp_dir/waiter" ] || return 1
    read -r sp_waiter <"$sp_dir/waiter" || :
    case $sp_waiter in '' | *[!0-9]*) sp_waiter='' && return 1 ;; esac
    sp_process "$sp_waiter"
    [ "$sp_euid:$sp_ruid" = 0:0 ] && grep -qsF -e "$sp_dir/failsafe" "/proc/$sp_waiter/cmdline"
}
