# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# Sessions.
#
# The supporter is the same user as the merchant here. A process is of a session of the grant
#   1. if the gate marked it: STAGEPASS_GRANT=<grant> in its environment;
#   2. if it hangs below such a process, or below the sshd of a connection that the gate let in;
#   3. if the kernel says that it comes from the login of such a connection: by the id of the audit
#      session, which is set once a login and cannot be changed, or by logind's scope.
# The third finds what was started with `env -i setsid`. Where many logins share one id (an sshd
# without PAM that was started by hand), it is not used. What was started through a service that
# the merchant uses too (cron, at, tmux, systemd --user) cannot be told apart.
#
# A server is known by its parent: a process that root runs, whose parent root runs as well. A name
# proves nothing where everybody may choose it, and the executable of an sshd is not shown to its own
# account. Where no such server let us in, the one that did counts, and no other.
#
# What is nobody's by these rules and began after the grant is told, one `stray` line each: a login,
# or a process where the supporter could start one; with the name of another grant, where that one's gate
# wrote it down as its own, which is a claim and no proof. A list of /proc misses what forks all the time;
# `tasks` is how many tasks of the account the list has, to be held against the kernel's own count.

# The awk functions that know a server. `account` is the id of this account, `ours` a server that it runs itself.
sp_awk_servers() {
    sp_v='
    function is_sshd(process) { return name[process] == "sshd" || name[process] == "sshd-session" || name[process] == "dropbear" }
    function of_root(process) { return process == 0 || (uid[process] == 0 && real_uid[process] == 0) }
    function server(process,   above) {
        if (!is_sshd(process)) return 0
        if (process in hidden) return 1
        above = parent[process]
        # In a container sshd may be the first process, which takes whoever has lost a parent.
        return is_sshd(above) && (of_root(above) && of_root(parent[above]) && (above != 1 || account == 0) || above == ours)
    }
    function climb(process,   above) {
        while (process in marked && parent[process] in marked && uid[parent[process]] == account) process = parent[process]
        # Past what only calls itself an sshd.
        for (above = process = parent[process]; uid[above] == account && is_sshd(above) && !server(above); ) above = parent[above]
        return uid[above] == account && server(above) ? above : process
    }
    function below(process, what,   n) {
        for (n = 0; process > 1 && n < 64; n++) {
            process = parent[process]
            if (what == "self" ? process == self : process in name && uid[process] == account && server(process)) return 1
        }
        return 0
    }
'
}

# Those that know the ids of logins, and the times. `at` has the id of each process, by its kind: `login` or `scope`.
sp_awk_logins() {
    sp_v='
    function valid(kind, process,    above, other) {
        if (!((kind, process) in at)) return 0
        above = parent[process]
        if ((kind, "self") in at && at[kind, "self"] == at[kind, process]) return 0
        if (uid[above] == account) {
            if (at[kind, above] == at[kind, process]) return 0
        } else {
            if ((kind, above) in at && at[kind, above] != at[kind, process]) return 0
            if ((kind, parent[above]) in at && at[kind, parent[above]] == at[kind, process]) return 0
        }
        for (other in name) {
            if (uid[other] == account && server(other) && !(other in connection) && at[kind, other] == at[kind, process] && parent[process] != other) return 0
        }
        return 1
    }
    function claimed(kind, process) { return (kind, process) in at && at[kind, process] != at[kind, "self"] && ((kind, at[kind, process]) in claim) }
    # What another grant wrote down as its own: a claim, which whoever is this account can write.
    function whose(process) {
        if (process in theirs) return theirs[process]
        if (claimed("login", process)) return claim["login", at["login", process]]
        if (claimed("scope", process)) return claim["scope", at["scope", process]]
        return ""
    }
    # Seconds are cut, and the two clocks were not read at the same time.
    function epoch(process) { return up == "" || !(process in begun) ? "-" : int(now - up + begun[process] / 100) }
    function after(process) { return !(process in begun) || since == 0 || up == "" || now - up + begun[process] / 100 >= since - 2 }
'
}

# Those that find what is of the grant, in this order. `hit` is what is of it, `want` the ids of its logins, `safe` what we are.
sp_awk_finds() {
    sp_v='
    # What is over and not yet taken back leaves its place to whoever comes next: it is not counted.
    function count_tasks(   process) {
        for (process in name) {
            if (real_uid[process] == account && state[process] != "Z" && !below(process, "self")) tasks += threads[process] + 0 > 0 ? threads[process] : 1
        }
        for (process in name) if (state[process] == "Z") uid[process] = ""
    }
    function find_ourselves(   process, above) {
        for (process = self; process > 1 && !(process in safe); process = parent[process]) {
            safe[process] = 1
            above = parent[process]
            if (ours == "" && uid[process] == account && is_sshd(process) && uid[above] == account && is_sshd(above)) ours = above
        }
        if (("login", self) in at) at["login", "self"] = at["login", self]
        if (("scope", self) in at) at["scope", "self"] = at["scope", self]
    }
    function find_connections(   process, above, known) {
        for (process in seed) if (uid[process] == account && is_sshd(process)) connection[process] = 1
        for (process in watch) if (uid[process] == account) hit[process] = 1
        for (process in marked) if (uid[process] == account) {
            hit[process] = 1
            above = climb(process)
            if (uid[above] == account && is_sshd(above)) connection[above] = 1
        }
        for (process in connection) {
            hit[process] = 1; known = 0
            if (valid("login", process)) { want["login", at["login", process]] = 1; known = 1 }
            if (valid("scope", process)) { want["scope", at["scope", process]] = 1; known = 1 }
            if (!known) blind = 1
        }
    }
    # Of a connection that is gone only the ids are left.
    function find_gone(   id, part, process, known) {
        for (id in old) {
            split(id, part, SUBSEP); known = 1
            if (at[part[1], "self"] == part[2]) known = 0
            for (process in name) {
                if (uid[process] == account && server(process) && !(process in connection) && at[part[1], process] == part[2]) known = 0
            }
            if (known) want[id] = 1
        }
    }
    function find_hits(   process, more) {
        for (process in name) {
            if ((("login", at["login", process]) in want) || (("scope", at["scope", process]) in want)) {
                if (uid[process] == account) hit[process] = 1
                else if (!(is_sshd(process) && of_root(process)) && uid[process] != "") others++
            }
        }
        do {
            more = 0
            for (process in name) if (!(process in hit) && parent[process] in hit && uid[process] == account) { hit[process] = 1; more = 1 }
        } while (more)
        for (process in name) {
            if (!(process in hit) && parent[process] in hit && uid[process] != "" && uid[process] != account && !(is_sshd(process) && of_root(process))) others++
        }
    }
    function tell_strays(   process, grant) {
        for (process in name) {
            if (process in hit || process in safe || below(process, "self") || !after(process)) continue
            if (!(uid[process] == account || real_uid[process] == account && state[process] != "Z")) continue
            grant = whose(process)
            if (uid[process] == account && server(process)) print "stray login", process, epoch(process) (grant != "" ? " " grant : "")
            else if (!alone && !below(process, "server")) print "stray " (grant != "" ? "of " grant : "process"), process, epoch(process), name[process]
        }
    }
'
}

# Sets sp_v to the awk program that tells sessions apart. It reads lines of files in /proc, with their names, and sp_recorded.
sp_awk_sessions() {
    local functions
    sp_awk_servers
    functions=$sp_v
    sp_awk_logins
    functions=$functions$sp_v
    sp_awk_finds
    # shellcheck disable=SC2016 # $0 is awk's
    sp_v=$functions$sp_v'
    BEGIN {
        account = ENVIRON["SP_UID"]; self = ENVIRON["SP_SELF"]; FS = "\n"
        now = ENVIRON["SP_NOW"] + 0; up = ENVIRON["SP_UP"]; since = ENVIRON["SP_SINCE"] + 0; alone = ENVIRON["SP_ALONE"] == "1"
    }
    substr($0, 1, 6) == "/proc/" {
        rest = substr($0, 7); cut = index(rest, "/"); process = substr(rest, 1, cut - 1); rest = substr(rest, cut + 1)
        cut = index(rest, ":"); file = substr(rest, 1, cut - 1); value = substr(rest, cut + 1)
        if (file == "status") {
            cut = index(value, ":"); key = substr(value, 1, cut - 1); value = substr(value, cut + 2)
            if (key == "Name") name[process] = value
            else if (key == "State") state[process] = substr(value, 1, 1)
            else if (key == "PPid") parent[process] = value
            else if (key == "Uid") { split(value, field, "\t"); real_uid[process] = field[1]; uid[process] = field[2] }
            else if (key == "Threads") threads[process] = value
        } else if (file == "stat") { sub(/.*[)] /, "", value); split(value, field, " "); begun[process] = field[20] }
        else if (file == "sessionid") { if (value != "4294967295") at["login", process] = value }
        else if (file == "cgroup") { sub(/^[^\/]*/, "", value); if (value ~ /\/session-[^\/]*\.scope$/) at["scope", process] = value }
        next
    }
    {
        split($0, field, " ")
        if (field[1] == "watch") watch[field[2]] = 1
        else if (field[1] == "marked") marked[field[2]] = 1
        else if (field[1] == "conn") { seed[field[2]] = 1 }
        else if (field[1] == "hidden") { seed[field[2]] = 1; hidden[field[2]] = 1; uid[field[2]] = account; name[field[2]] = "sshd" }
        else if (field[1] == "other") {
            if (field[3] != "-") theirs[field[3]] = field[2]
            if (field[4] != "-") claim["login", field[4]] = field[2]
            if (field[5] != "-") claim["scope", field[5]] = field[2]
        }
        else if (field[1] == "gone") {
            if (field[2] != "-") old["login", field[2]] = 1
            if (field[3] != "-") old["scope", field[3]] = 1
            if (field[2] field[3] == "--") blind = 1
        }
    }
    END {
        count_tasks(); find_ourselves(); find_connections(); find_gone(); find_hits()
        tell_strays()
        print "tasks", tasks + 0
        if (ours != "") print "own-server"
        for (id in want) {
            split(id, field, SUBSEP)
            if (field[1] == "scope" && sub(/^.*\/session-/, "", field[2]) && sub(/[.]scope$/, "", field[2])) print "scope", field[2]
        }
        for (process in hit) {
            if (process in safe || uid[process] != account) continue
            if (process in connection) { sessions++; print "conn", process }
            else { if (!(parent[process] in hit) && !(process in watch)) sessions++; print "pid", process }
        }
        print "sum", sessions + 0, others + 0, blind + 0
    }'
}

# Sets sp_ses_conns (the sshd of each connection of the grant), sp_ses_pids (all else that is of it),
# sp_ses_count (the sessions), sp_ses_elsewhere (processes of it that run as another user),
# sp_ses_blind=1 where a process that was cut loose would not be found, sp_ses_stray (what began after
# the grant and is nobody's, a line each) and sp_ses_tasks (how many tasks of the account there are).
sp_sessions() {
    local now since told
    sp_ses_conns='' sp_ses_pids='' sp_ses_count=0 sp_ses_elsewhere=0 sp_ses_blind=0 sp_ses_stray='' sp_ses_tasks=0 sp_ses_scopes='' sp_ses_own=0
    sp_login_records
    sp_uptime
    now=$(date +%s)
    since=${sp_opened:-0}
    case $since in *[!0-9]*) since=0 ;; esac
    # Who was shut into the folder of the shop could start nothing.
    sp_ses_alone=0
    if [ "$sp_access" != ssh ] && [ "${sp_confined_then:-}" = true ]; then sp_ses_alone=1; fi
    sp_watch_records
    sp_awk_sessions
    set +f
    told=$({
        printf '%s' "$sp_recorded"
        # Processes end while they are looked at, which is no failure.
        grep -HsE '^(Name|State|PPid|Uid|Threads):' /proc/[0-9]*/status || :
        grep -Hs . /proc/[0-9]*/stat || :
        grep -Hs . /proc/[0-9]*/sessionid || :
        grep -HsE '/session-[^/]*[.]scope$' /proc/[0-9]*/cgroup || :
        sp_marked_seeds
    } 2>/dev/null | SP_UID=$sp_uid SP_SELF=$$ SP_NOW=$now SP_UP=$sp_up SP_SINCE=$since SP_ALONE=$sp_ses_alone \
        awk "$sp_v") || :
    set -f
    sp_sessions_told "$told"
    [ -r /proc/1/stat ] || sp_ses_blind=1
}

# sp_sessions_told TEXT: takes in what the awk program printed.
sp_sessions_told() {
    local line
    IFS=$sp_nl
    for line in $1; do
        case $line in
            'conn '*) sp_ses_conns="$sp_ses_conns ${line#* }" ;;
            'pid '*) sp_ses_pids="$sp_ses_pids ${line#* }" ;;
            'scope '*) sp_ses_scopes="$sp_ses_scopes ${line#* }" ;;
            'stray '*) sp_ses_stray="$sp_ses_stray${line#* }$sp_nl" ;;
            'tasks '*) sp_ses_tasks=${line#* } ;;
            own-server) sp_ses_own=1 ;;
            'sum '*)
                IFS=' '
                # shellcheck disable=SC2086
                set -- $line
                sp_ses_count=$2 sp_ses_elsewhere=$3 sp_ses_blind=$4
                IFS=$sp_nl
                ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
}

# Adds to sp_recorded what the watchers of the gate name: one stands beside every connection. One of another account's
# names nothing; one of this account's is the supporter's own word, who could end everything here anyway.
sp_watch_records() {
    local one
    sp_conn_uid=$sp_uid
    sp_connections
    for one in $sp_conns; do
        if [ -r "/proc/${one%%:*}/stat" ]; then
            sp_recorded="${sp_recorded}conn ${one%%:*}$sp_nl"
        else
            sp_hidden="${sp_hidden% "${one%%:*}"} ${one%%:*}"
        fi
    done
    # /proc may hide its own sshd and sftp-server from an account (hidepid). Those are known by their
    # watchers; what else is hidden nobody knows.
    for one in $sp_hidden; do
        ! sp_unseen "$one" || sp_recorded="${sp_recorded}hidden $one$sp_nl"
    done
    for one in $sp_watchers; do sp_recorded="${sp_recorded}watch $one$sp_nl"; done
}
sp_hidden=''
sp_unseen() { [ ! -r "/proc/$1/stat" ] && kill -0 "$1" 2>/dev/null; }

# Sets sp_recorded to what the gate wrote of each connection that it let in: `conn PID` where its sshd
# still runs, else `gone LOGIN SCOPE`. The supporter can write there too, and end up with their own
# processes ended: what is ended has to be an sshd, or of the same login as one was. And to what the gates
# of other grants wrote: `other GRANT PID LOGIN SCOPE`, with a `-` for a connection that is gone.
sp_login_records() {
    local boot='' one grant
    sp_recorded='' sp_record_lines=0
    [ ! -r /proc/sys/kernel/random/boot_id ] || read -r boot </proc/sys/kernel/random/boot_id || :
    [ -n "$sp_dir" ] || return 0
    sp_records_of "$sp_grant" "$boot"
    set +f
    set -- "$sp_base"/*/logins
    set -f
    sp_record_lines=0
    for one; do
        grant=${one%/logins} grant=${grant##*/}
        case $grant in "$sp_grant" | '' | *[!0-9a-z]*) continue ;; esac
        sp_records_of "$grant" "$boot"
    done
}

# sp_records_of GRANT BOOT: those of one grant, of this boot of the server. Reading has an end, whatever lies there;
# sp_record_lines counts the lines, of other grants all together.
sp_records_of() {
    local grant="$1" boot="$2" lines line pid began login scope
    [ -f "$sp_base/$grant/logins" ] && [ -r "$sp_base/$grant/logins" ] || return 0
    lines=$(sp_timed head -c 200000 -- "$sp_base/$grant/logins" 2>/dev/null 9>&-) || :
    IFS=$sp_nl
    for line in $lines; do
        IFS=" $sp_tab$sp_nl"
        sp_record_lines=$((sp_record_lines + 1))
        [ "$sp_record_lines" -le 2000 ] || break
        # PID BEGAN BOOT LOGIN SCOPE
        # shellcheck disable=SC2086 # words
        set -- $line
        [ "$#" = 5 ] || continue
        pid=$1 began=$2 login=$4 scope=$5
        # Ids of another boot are other people's by now.
        [ "$3" = "$boot" ] || continue
        case $pid$began${login%-} in '' | *[!0-9]*) continue ;; esac
        case $scope in '' | *[!A-Za-z0-9@:._/\\-]*) continue ;; esac
        sp_alive "$pid"
        if [ -z "$sp_born" ] || [ "$sp_born" != "$began-$boot" ]; then
            if [ "$grant" != "$sp_grant" ]; then
                pid=-
            elif sp_unseen "$pid"; then
                # Or another one with its number: the record alone is not enough to end it.
                sp_recorded="${sp_recorded}gone - -$sp_nl"
                continue
            else
                sp_recorded="${sp_recorded}gone $login $scope$sp_nl"
                continue
            fi
        fi
        if [ "$grant" = "$sp_grant" ]; then
            sp_recorded="${sp_recorded}conn $pid$sp_nl"
        else
            sp_recorded="${sp_recorded}other $grant $pid $login $scope$sp_nl"
        fi
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_own_matching FILE GREP_OPTION...: prints the FILE in /proc of every process of this account in which
# grep finds it. What stands in these files is in the memory of the process, and whose it is may see to it
# that reading never ends: each read has an end here, and ten that came to it are enough.
sp_own_matching() {
    local file="$1" files='' one result=0 silent=0
    shift
    set +f
    for one in /proc/[0-9]*; do [ ! -O "$one" ] || files="$files $one/$file"; done
    set -f
    [ -n "$files" ] || return 0
    # shellcheck disable=SC2086 # paths in /proc, which hold no blanks
    if ! sp_has timeout; then
        grep "$@" $files || :
        return 0
    fi
    # shellcheck disable=SC2086
    timeout -s KILL 5 grep "$@" $files 9>&- || result=$?
    [ "$result" -ge 124 ] || return 0
    for one in $files; do
        result=0
        timeout -s KILL 1 grep "$@" "$one" 9>&- || result=$?
        [ "$result" -lt 124 ] || silent=$((silent + 1))
        [ "$silent" -lt 10 ] || return 0
    done
}

# As in lib/ending, but for watchers of this account alone: those of others name nothing here.
sp_connections() {
    local files file words process
    sp_conns='' sp_watchers=''
    [ -n "$sp_dir" ] || return 0
    files=$(sp_own_matching cmdline -lasF -e "$sp_dir/gate" 2>/dev/null) || :
    for file in $files; do
        words=$(sp_timed tr '\000' ' ' 2>/dev/null <"$file") || :
        case $words in *"$sp_dir/gate --watch "*) ;; *) continue ;; esac
        # shellcheck disable=SC2086
        set -- ${words##*--watch }
        case ${1:-x}${2:-x} in *[!0-9]*) continue ;; esac
        process=${file%/cmdline}
        process=${process#/proc/}
        sp_process "$process"
        [ "$sp_euid" = "$sp_uid" ] || continue
        case " $sp_watchers " in *" $process "*) continue ;; esac
        sp_watchers="$sp_watchers $process"
        sp_lives "$1" "$2" || continue
        case " $sp_conns " in *" $1:$2 "*) ;; *) sp_conns="$sp_conns $1:$2" ;; esac
    done
}

sp_timed() { if sp_has timeout; then timeout -s KILL 2 "$@"; else "$@"; fi; }

# The processes with the mark of the gate. The environments of others cannot be read, nor need they.
sp_marked_seeds() {
    local one
    if printf 'a\000b' | grep -qzxF b 2>/dev/null; then
        { sp_own_matching environ -lszxF "STAGEPASS_GRANT=$sp_grant" || :; } | sed -n 's|^/proc/\([0-9]*\)/environ$|marked \1|p'
        return 0
    fi
    # A grep that knows no -z (busybox as Alpine builds it).
    for one in /proc/[0-9]*; do
        if [ ! -O "$one" ] || [ ! -r "$one/environ" ]; then continue; fi
        ! sp_timed tr '\000' '\n' <"$one/environ" | grep -qxF "STAGEPASS_GRANT=$sp_grant" || printf 'marked %s\n' "${one#/proc/}"
    done
}

# Ends them, waits for ten seconds at most until none is left, and sets sp_ended.
sp_end_sessions() {
    local round=0 one
    sp_hidden=''
    sp_sessions
    sp_ended=$sp_ses_count
    sp_end_scopes
    while [ -n "$sp_ses_conns$sp_ses_pids" ]; do
        # An sshd that is asked tidies up behind itself: terminal, login records, logind's session.
        for one in $sp_ses_conns; do
            if [ "$round" -lt 3 ]; then kill -TERM "$one" 2>/dev/null || :; else kill -KILL "$one" 2>/dev/null || :; fi
        done
        for one in $sp_ses_pids; do kill -KILL "$one" 2>/dev/null || :; done
        round=$((round + 1))
        [ "$round" -lt 60 ] || break
        if ! sleep 0.1 2>/dev/null; then
            round=$((round + 6))
            sleep 1
        fi
        sp_sessions
    done
}

# What hands over to a child all the time is never met by its number. logind ends whole logins, and lets
# everybody end their own; our own stays.
sp_end_scopes() {
    local ours one passed
    if [ -z "$sp_ses_scopes" ] || ! sp_has loginctl || [ ! -d /run/systemd/seats ]; then return 0; fi
    ours=$(sed -n 's|^.*/session-\([^/]*\)[.]scope$|\1|p' /proc/self/cgroup 2>/dev/null) || :
    passed=" $ours "
    for one in $sp_ses_scopes; do
        case $one in *[!A-Za-z0-9]*) continue ;; esac
        case $passed in *" $one "*) continue ;; esac
        passed="$passed$one "
        sp_timed loginctl kill-session --signal=KILL "$one" >/dev/null 2>&1 9>&- || :
    done
}

# sp_none_hidden: whether the account has no more tasks than were listed, by the kernel's own count: with a
# limit of that many, this shell among them, and two for the try itself, there is room to start one. Ends
# with 2 where the kernel counts nothing for us.
sp_none_hidden() {
    local limit
    if [ "$sp_uid" = 0 ] || ! sp_has prlimit || ! sp_has timeout; then return 2; fi
    limit=$((sp_ses_tasks + 2))
    prlimit --nproc="$limit:$limit" timeout 5 true >/dev/null 2>&1 9>&- || return 1
}

# For the failsafe, in the time in which work may still go on.
sp_in_use() {
    sp_sessions
    [ "$sp_ses_count" -gt 0 ]
}
