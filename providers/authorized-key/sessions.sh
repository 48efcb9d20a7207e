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
# shellcheck disable=SC2016 # $0 is awk's
sp_awk_sessions='
    function valid(key, c,    p, q) {
        if (!((key, c) in at)) return 0
        p = ppid[c]
        if ((key, "self") in at && at[key, "self"] == at[key, c]) return 0
        if (uid[p] == u) {
            if (at[key, p] == at[key, c]) return 0
        } else {
            if ((key, p) in at && at[key, p] != at[key, c]) return 0
            if ((key, ppid[p]) in at && at[key, ppid[p]] == at[key, c]) return 0
        }
        for (q in name) if (uid[q] == u && server(q) && !(q in conn) && at[key, q] == at[key, c] && ppid[c] != q) return 0
        return 1
    }
    function isd(p) { return name[p] == "sshd" || name[p] == "sshd-session" || name[p] == "dropbear" }
    function roots(p) { return p == 0 || (uid[p] == 0 && ruid[p] == 0) }
    function server(p,   q) {
        if (!isd(p)) return 0
        if (p in hid) return 1
        q = ppid[p]
        # In a container sshd may be the first process, which takes whoever has lost a parent.
        return isd(q) && (roots(q) && roots(ppid[q]) && (q != 1 || u == 0) || q == ours)
    }
    function climb(p,   q) {
        while (p in marked && ppid[p] in marked && uid[ppid[p]] == u) p = ppid[p]
        # Past what only calls itself an sshd.
        for (q = p = ppid[p]; uid[q] == u && isd(q) && !server(q); ) q = ppid[q]
        return uid[q] == u && server(q) ? q : p
    }
    function below(p, what,   n) {
        for (n = 0; p > 1 && n < 64; n++) { p = ppid[p]; if (what == "self" ? p == self : p in name && uid[p] == u && server(p)) return 1 }
        return 0
    }
    # What another grant wrote down as its own: a claim, which whoever is this account can write.
    function whose(p) {
        if (p in theirs) return theirs[p]
        if (("login", p) in at && at["login", p] != at["login", "self"] && (("login", at["login", p]) in claim)) return claim["login", at["login", p]]
        if (("scope", p) in at && at["scope", p] != at["scope", "self"] && (("scope", at["scope", p]) in claim)) return claim["scope", at["scope", p]]
        return ""
    }
    # Seconds are cut, and the two clocks were not read at the same time.
    function epoch(p) { return up == "" || !(p in begun) ? "-" : int(now - up + begun[p] / 100) }
    function after(p) { return !(p in begun) || since == 0 || up == "" || now - up + begun[p] / 100 >= since - 2 }
    BEGIN {
        u = ENVIRON["SP_UID"]; self = ENVIRON["SP_SELF"]; FS = "\n"
        now = ENVIRON["SP_NOW"] + 0; up = ENVIRON["SP_UP"]; since = ENVIRON["SP_SINCE"] + 0; alone = ENVIRON["SP_ALONE"] == "1"
    }
    {
        if (substr($0, 1, 6) == "/proc/") {
            l = substr($0, 7); i = index(l, "/"); p = substr(l, 1, i - 1); l = substr(l, i + 1)
            i = index(l, ":"); file = substr(l, 1, i - 1); v = substr(l, i + 1)
            if (file == "status") {
                i = index(v, ":"); k = substr(v, 1, i - 1); v = substr(v, i + 2)
                if (k == "Name") name[p] = v
                else if (k == "State") state[p] = substr(v, 1, 1)
                else if (k == "PPid") ppid[p] = v
                else if (k == "Uid") { split(v, f, "\t"); ruid[p] = f[1]; uid[p] = f[2] }
                else if (k == "Threads") threads[p] = v
            } else if (file == "stat") { sub(/.*[)] /, "", v); split(v, f, " "); begun[p] = f[20] }
            else if (file == "sessionid") { if (v != "4294967295") at["login", p] = v }
            else if (file == "cgroup") { sub(/^[^\/]*/, "", v); if (v ~ /\/session-[^\/]*\.scope$/) at["scope", p] = v }
            next
        }
        split($0, f, " ")
        if (f[1] == "watch") watch[f[2]] = 1
        else if (f[1] == "marked") marked[f[2]] = 1
        else if (f[1] == "conn") { seed[f[2]] = 1 }
        else if (f[1] == "hidden") { seed[f[2]] = 1; hid[f[2]] = 1; uid[f[2]] = u; name[f[2]] = "sshd" }
        else if (f[1] == "other") {
            if (f[3] != "-") theirs[f[3]] = f[2]
            if (f[4] != "-") claim["login", f[4]] = f[2]
            if (f[5] != "-") claim["scope", f[5]] = f[2]
        }
        else if (f[1] == "gone") { if (f[2] != "-") old["login", f[2]] = 1; if (f[3] != "-") old["scope", f[3]] = 1; if (f[2] f[3] == "--") blind = 1 }
    }
    END {
        # What is over and not yet taken back leaves its place to whoever comes next: it is not counted.
        for (p in name) if (ruid[p] == u && state[p] != "Z" && !below(p, "self")) tasks += threads[p] + 0 > 0 ? threads[p] : 1
        for (p in name) if (state[p] == "Z") uid[p] = ""
        for (p = self; p > 1 && !(p in safe); p = ppid[p]) {
            safe[p] = 1
            if (ours == "" && uid[p] == u && isd(p) && uid[ppid[p]] == u && isd(ppid[p])) ours = ppid[p]
        }
        if (("login", self) in at) at["login", "self"] = at["login", self]
        if (("scope", self) in at) at["scope", "self"] = at["scope", self]
        for (p in seed) if (uid[p] == u && isd(p)) conn[p] = 1
        for (p in watch) if (uid[p] == u) hit[p] = 1
        for (p in marked) if (uid[p] == u) { hit[p] = 1; q = climb(p); if (uid[q] == u && isd(q)) conn[q] = 1 }
        for (c in conn) {
            hit[c] = 1; ok = 0
            if (valid("login", c)) { want["login", at["login", c]] = 1; ok = 1 }
            if (valid("scope", c)) { want["scope", at["scope", c]] = 1; ok = 1 }
            if (!ok) blind = 1
        }
        # Of a connection that is gone only the ids are left.
        for (k in old) {
            split(k, f, SUBSEP); ok = 1
            if (at[f[1], "self"] == f[2]) ok = 0
            for (q in name) if (uid[q] == u && server(q) && !(q in conn) && at[f[1], q] == f[2]) ok = 0
            if (ok) want[k] = 1
        }
        for (p in name) {
            if ((("login", at["login", p]) in want) || (("scope", at["scope", p]) in want)) {
                if (uid[p] == u) hit[p] = 1
                else if (!(isd(p) && roots(p)) && uid[p] != "") others++
            }
        }
        do {
            more = 0
            for (p in name) if (!(p in hit) && ppid[p] in hit && uid[p] == u) { hit[p] = 1; more = 1 }
        } while (more)
        for (p in name) if (!(p in hit) && ppid[p] in hit && uid[p] != "" && uid[p] != u && !(isd(p) && roots(p))) others++
        for (p in name) {
            if (p in hit || p in safe || below(p, "self") || !(uid[p] == u || ruid[p] == u && state[p] != "Z") || !after(p)) continue
            w = whose(p)
            if (uid[p] == u && server(p)) print "stray login", p, epoch(p) (w != "" ? " " w : "")
            else if (!alone && !below(p, "server")) print "stray " (w != "" ? "of " w : "process"), p, epoch(p), name[p]
        }
        print "tasks", tasks + 0
        if (ours != "") print "own-server"
        for (k in want) { split(k, f, SUBSEP); if (f[1] == "scope" && sub(/^.*\/session-/, "", f[2]) && sub(/[.]scope$/, "", f[2])) print "scope", f[2] }
        n = 0
        for (p in hit) {
            if (p in safe || uid[p] != u) continue
            if (p in conn) { n++; print "conn", p } else { if (!(ppid[p] in hit) && !(p in watch)) n++; print "pid", p }
        }
        print "sum", n, others + 0, blind + 0
    }'

# Sets sp_ses_conns (the sshd of each connection of the grant), sp_ses_pids (all else that is of it),
# sp_ses_count (the sessions), sp_ses_elsewhere (processes of it that run as another user),
# sp_ses_blind=1 where a process that was cut loose would not be found, sp_ses_stray (what began after
# the grant and is nobody's, a line each) and sp_ses_tasks (how many tasks of the account there are).
sp_sessions() {
    sp_ses_conns='' sp_ses_pids='' sp_ses_count=0 sp_ses_elsewhere=0 sp_ses_blind=0 sp_ses_stray='' sp_ses_tasks=0 sp_ses_scopes='' sp_ses_own=0
    sp_login_records
    sp_uptime
    sp_ses_now=$(date +%s)
    sp_ses_since=${sp_opened:-0}
    case $sp_ses_since in *[!0-9]*) sp_ses_since=0 ;; esac
    # Who was shut into the folder of the shop could start nothing.
    sp_ses_alone=0
    if [ "$sp_access" != ssh ] && [ "${sp_confined_then:-}" = true ]; then sp_ses_alone=1; fi
    # A watcher of the gate stands beside every connection, and names it. One of another account's names
    # nothing; one of this account's is the supporter's own word, who could end everything here anyway.
    sp_conn_uid=$sp_uid
    sp_connections
    for sp_a in $sp_conns; do
        if [ -r "/proc/${sp_a%%:*}/stat" ]; then
            sp_recorded="${sp_recorded}conn ${sp_a%%:*}$sp_nl"
        else
            sp_hidden="${sp_hidden% "${sp_a%%:*}"} ${sp_a%%:*}"
        fi
    done
    # /proc may hide its own sshd and sftp-server from an account (hidepid). Those are known by their
    # watchers; what else is hidden nobody knows.
    for sp_a in $sp_hidden; do
        ! sp_unseen "$sp_a" || sp_recorded="${sp_recorded}hidden $sp_a$sp_nl"
    done
    for sp_a in $sp_watchers; do sp_recorded="${sp_recorded}watch $sp_a$sp_nl"; done
    set +f
    sp_t=$({
        printf '%s' "$sp_recorded"
        # Processes end while they are looked at, which is no failure.
        grep -HsE '^(Name|State|PPid|Uid|Threads):' /proc/[0-9]*/status || :
        grep -Hs . /proc/[0-9]*/stat || :
        grep -Hs . /proc/[0-9]*/sessionid || :
        grep -HsE '/session-[^/]*[.]scope$' /proc/[0-9]*/cgroup || :
        sp_marked_seeds
    } 2>/dev/null | SP_UID=$sp_uid SP_SELF=$$ SP_NOW=$sp_ses_now SP_UP=$sp_up SP_SINCE=$sp_ses_since SP_ALONE=$sp_ses_alone \
        awk "$sp_awk_sessions") || :
    set -f
    IFS=$sp_nl
    for sp_l in $sp_t; do
        case $sp_l in
            'conn '*) sp_ses_conns="$sp_ses_conns ${sp_l#* }" ;;
            'pid '*) sp_ses_pids="$sp_ses_pids ${sp_l#* }" ;;
            'scope '*) sp_ses_scopes="$sp_ses_scopes ${sp_l#* }" ;;
            'stray '*) sp_ses_stray="$sp_ses_stray${sp_l#* }$sp_nl" ;;
            'tasks '*) sp_ses_tasks=${sp_l#* } ;;
            own-server) sp_ses_own=1 ;;
            'sum '*)
                IFS=' '
                # shellcheck disable=SC2086
                set -- $sp_l
                sp_ses_count=$2 sp_ses_elsewhere=$3 sp_ses_blind=$4
                IFS=$sp_nl
                ;;
        esac
    done
    IFS=" $sp_tab$sp_nl"
    [ -r /proc/1/stat ] || sp_ses_blind=1
}
sp_hidden=''
sp_unseen() { [ ! -r "/proc/$1/stat" ] && kill -0 "$1" 2>/dev/null; }

# Sets sp_recorded to what the gate wrote of each connection that it let in: `conn PID` where its sshd
# still runs, else `gone LOGIN SCOPE`. The supporter can write there too, and end up with their own
# processes ended: what is ended has to be an sshd, or of the same login as one was. And to what the gates
# of other grants wrote: `other GRANT PID LOGIN SCOPE`, with a `-` for a connection that is gone.
sp_login_records() {
    sp_recorded='' sp_boot='' sp_n=0
    [ ! -r /proc/sys/kernel/random/boot_id ] || read -r sp_boot </proc/sys/kernel/random/boot_id || :
    [ -n "$sp_dir" ] || return 0
    sp_records_of "$sp_grant"
    set +f
    set -- "$sp_base"/*/logins
    set -f
    sp_n=0
    for sp_f; do
        sp_j=${sp_f%/logins} sp_j=${sp_j##*/}
        case $sp_j in "$sp_grant" | '' | *[!0-9a-z]*) continue ;; esac
        sp_records_of "$sp_j"
    done
}

# sp_records_of GRANT: those of one grant. Reading has an end, whatever lies there.
sp_records_of() {
    [ -f "$sp_base/$1/logins" ] && [ -r "$sp_base/$1/logins" ] || return 0
    sp_m=$1
    sp_t=$(sp_timed head -c 200000 -- "$sp_base/$1/logins" 2>/dev/null 9>&-) || :
    IFS=$sp_nl
    for sp_l in $sp_t; do
        IFS=" $sp_tab$sp_nl"
        sp_n=$((sp_n + 1))
        [ "$sp_n" -le 2000 ] || break
        # PID BEGAN BOOT LOGIN SCOPE
        # shellcheck disable=SC2086 # words
        set -- $sp_l
        [ "$#" = 5 ] || continue
        sp_a=$1 sp_b=$2 sp_d=$4 sp_w=$5
        # Ids of another boot are other people's by now.
        [ "$3" = "$sp_boot" ] || continue
        case $sp_a$sp_b${sp_d%-} in '' | *[!0-9]*) continue ;; esac
        case $sp_w in '' | *[!A-Za-z0-9@:._/\\-]*) continue ;; esac
        sp_alive "$sp_a"
        if [ -z "$sp_born" ] || [ "$sp_born" != "$sp_b-$sp_boot" ]; then
            if [ "$sp_m" != "$sp_grant" ]; then
                sp_a=-
            elif sp_unseen "$sp_a"; then
                # Or another one with its number: the record alone is not enough to end it.
                sp_recorded="${sp_recorded}gone - -$sp_nl"
                continue
            else
                sp_recorded="${sp_recorded}gone $sp_d $sp_w$sp_nl"
                continue
            fi
        fi
        if [ "$sp_m" = "$sp_grant" ]; then
            sp_recorded="${sp_recorded}conn $sp_a$sp_nl"
        else
            sp_recorded="${sp_recorded}other $sp_m $sp_a $sp_d $sp_w$sp_nl"
        fi
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_own_matching FILE GREP_OPTION...: prints the FILE in /proc of every process of this account in which
# grep finds it. What stands in these files is in the memory of the process, and whose it is may see to it
# that reading never ends: each read has an end here, and ten that came to it are enough.
sp_own_matching() {
    sp_j=$1 sp_m=''
    shift
    set +f
    for sp_a in /proc/[0-9]*; do [ ! -O "$sp_a" ] || sp_m="$sp_m $sp_a/$sp_j"; done
    set -f
    [ -n "$sp_m" ] || return 0
    sp_r=0
    # shellcheck disable=SC2086 # paths in /proc, which hold no blanks
    if ! sp_has timeout; then
        grep "$@" $sp_m || :
        return 0
    fi
    # shellcheck disable=SC2086
    timeout -s KILL 5 grep "$@" $sp_m 9>&- || sp_r=$?
    [ "$sp_r" -ge 124 ] || return 0
    sp_i=0
    for sp_a in $sp_m; do
        sp_r=0
        timeout -s KILL 1 grep "$@" "$sp_a" 9>&- || sp_r=$?
        [ "$sp_r" -lt 124 ] || sp_i=$((sp_i + 1))
        [ "$sp_i" -lt 10 ] || return 0
    done
}

# As in lib/ending, but for watchers of this account alone: those of others name nothing here.
sp_connections() {
    sp_conns='' sp_watchers=''
    [ -n "$sp_dir" ] || return 0
    sp_t=$(sp_own_matching cmdline -lasF -e "$sp_dir/gate" 2>/dev/null) || :
    for sp_b in $sp_t; do
        sp_l=$(sp_timed tr '\000' ' ' 2>/dev/null <"$sp_b") || :
        case $sp_l in *"$sp_dir/gate --watch "*) ;; *) continue ;; esac
        # shellcheck disable=SC2086
        set -- ${sp_l##*--watch }
        case ${1:-x}${2:-x} in *[!0-9]*) continue ;; esac
        sp_b=${sp_b%/cmdline}
        sp_b=${sp_b#/proc/}
        sp_process "$sp_b"
        [ "$sp_euid" = "$sp_uid" ] || continue
        case " $sp_watchers " in *" $sp_b "*) continue ;; esac
        sp_watchers="$sp_watchers $sp_b"
        sp_lives "$1" "$2" || continue
        case " $sp_conns " in *" $1:$2 "*) ;; *) sp_conns="$sp_conns $1:$2" ;; esac
    done
}

sp_timed() { if sp_has timeout; then timeout -s KILL 2 "$@"; else "$@"; fi; }

# The processes with the mark of the gate. The environments of others cannot be read, nor need they.
sp_marked_seeds() {
    if printf 'a\000b' | grep -qzxF b 2>/dev/null; then
        { sp_own_matching environ -lszxF "STAGEPASS_GRANT=$sp_grant" || :; } | sed -n 's|^/proc/\([0-9]*\)/environ$|marked \1|p'
        return 0
    fi
    # A grep that knows no -z (busybox as Alpine builds it).
    for sp_a in /proc/[0-9]*; do
        if [ ! -O "$sp_a" ] || [ ! -r "$sp_a/environ" ]; then continue; fi
        ! sp_timed tr '\000' '\n' <"$sp_a/environ" | grep -qxF "STAGEPASS_GRANT=$sp_grant" || printf 'marked %s\n' "${sp_a#/proc/}"
    done
}

# Ends them, waits for ten seconds at most until none is left, and sets sp_ended.
sp_end_sessions() {
    sp_hidden=''
    sp_sessions
    sp_ended=$sp_ses_count sp_i=0
    sp_end_scopes
    while [ -n "$sp_ses_conns$sp_ses_pids" ]; do
        # An sshd that is asked tidies up behind itself: terminal, login records, logind's session.
        for sp_a in $sp_ses_conns; do
            if [ "$sp_i" -lt 3 ]; then kill -TERM "$sp_a" 2>/dev/null || :; else kill -KILL "$sp_a" 2>/dev/null || :; fi
        done
        for sp_a in $sp_ses_pids; do kill -KILL "$sp_a" 2>/dev/null || :; done
        sp_i=$((sp_i + 1))
        [ "$sp_i" -lt 60 ] || break
        if ! sleep 0.1 2>/dev/null; then
            sp_i=$((sp_i + 6))
            sleep 1
        fi
        sp_sessions
    done
}

# What hands over to a child all the time is never met by its number. logind ends whole logins, and lets
# everybody end their own; our own stays.
sp_end_scopes() {
    if [ -z "$sp_ses_scopes" ] || ! sp_has loginctl || [ ! -d /run/systemd/seats ]; then return 0; fi
    sp_t=$(sed -n 's|^.*/session-\([^/]*\)[.]scope$|\1|p' /proc/self/cgroup 2>/dev/null) || :
    sp_w=" $sp_t "
    for sp_a in $sp_ses_scopes; do
        case $sp_a in *[!A-Za-z0-9]*) continue ;; esac
        case $sp_w in *" $sp_a "*) continue ;; esac
        sp_w="$sp_w$sp_a "
        sp_timed loginctl kill-session --signal=KILL "$sp_a" >/dev/null 2>&1 9>&- || :
    done
}

# sp_none_hidden: whether the account has no more tasks than were listed, by the kernel's own count: with a
# limit of that many, this shell among them, and two for the try itself, there is room to start one. Ends
# with 2 where the kernel counts nothing for us.
sp_none_hidden() {
    if [ "$sp_uid" = 0 ] || ! sp_has prlimit || ! sp_has timeout; then return 2; fi
    sp_v=$((sp_ses_tasks + 2))
    prlimit --nproc="$sp_v:$sp_v" timeout 5 true >/dev/null 2>&1 9>&- || return 1
}

# For the failsafe, in the time in which work may still go on.
sp_in_use() {
    sp_sessions
    [ "$sp_ses_count" -gt 0 ]
}
