# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What began after the grant and is nobody's, as far as that can be seen. Sets sp_ses_stray and
# sp_uncounted: 0 where the kernel has no more tasks of the account than were seen, or none can have been
# started; 1 where it has more; 2 where it does not say. What ends just now is not counted against anybody.
sp_strays() {
    local round=0 tasks
    [ -z "${sp_strayed:-}" ] || return 0
    sp_strayed=1 sp_uncounted=0
    # Who only looks at what is not live any more has nobody to tell from others.
    [ -n "${sp_opened:-}" ] || [ "$sp_had_place" = true ] || return 0
    while :; do
        round=$((round + 1)) sp_uncounted=0
        [ "$round" = 1 ] || sp_sessions
        # An sshd that this account itself runs is one more of its programs: nothing is told apart there.
        if [ "$sp_ses_own" = 1 ]; then
            sp_ses_stray='' sp_uncounted=2
            break
        fi
        sp_known_strays
        if [ "$sp_ses_alone" = 0 ]; then
            tasks=$sp_ses_tasks
            sp_none_hidden || sp_uncounted=$?
            # Nobody left meanwhile, whose place somebody else could have had.
            if [ "$sp_uncounted" = 0 ]; then
                sp_sessions
                sp_known_strays
                [ "$sp_ses_tasks" = "$tasks" ] || sp_uncounted=1
            fi
        fi
        if [ -z "$sp_ses_stray" ] && [ "$sp_uncounted" != 1 ]; then break; fi
        # What was ended is counted until its parent has taken note of it.
        [ "$round" -lt 10 ] || break
        if [ "$round" -ge 3 ] && [ -n "$sp_ses_stray" ]; then break; fi
        sleep 0.3 2>/dev/null || sleep 1
    done
}

# Takes out of sp_ses_stray what systemd itself starts beside every first login: the manager of the account's
# own units, by the number that the first process of the server gives, and the one that was born with it.
# What such units start is listed all the same.
sp_known_strays() {
    local manager began twin='' one
    case $sp_ses_stray in *systemd*) ;; *) return 0 ;; esac
    if [ ! -d /run/systemd/system ] || ! sp_has systemctl; then return 0; fi
    manager=$(sp_timed systemctl show -p MainPID --value "user@$sp_uid.service" 2>/dev/null 9>&-) || :
    case $manager in '' | 0 | *[!0-9]*) return 0 ;; esac
    sp_alive "$manager"
    began=${sp_born%%-*}
    for one in $(printf '%s' "$sp_ses_stray" | sed -n 's/^process \([0-9]*\) [^ ]* (sd-pam)$/\1/p'); do
        sp_alive "$one"
        sp_process "$one"
        if [ "$sp_ppid" = "$manager" ] && [ -n "$sp_born" ] && [ $((${sp_born%%-*} - began)) -le 100 ]; then
            twin=$one
            break
        fi
    done
    sp_ses_stray=$(printf '%s' "$sp_ses_stray" | grep -v -e "^process $manager " -e "^process ${twin:-none} ") || sp_ses_stray=''
    [ -z "$sp_ses_stray" ] || sp_ses_stray=$sp_ses_stray$sp_nl
}

# Said by the close that looked, and never again by a later one.
sp_say_strays() {
    local line count=0 hidden
    sp_strays
    IFS=$sp_nl
    for line in $sp_ses_stray; do
        count=$((count + 1))
        [ "$count" -le 100 ] || break
        sp_say stray "$line"
    done
    IFS=" $sp_tab$sp_nl"
    case $sp_uncounted in 0) hidden='none' ;; 1) hidden='more' ;; *) hidden='unknown' ;; esac
    sp_say hidden "$hidden"
}
