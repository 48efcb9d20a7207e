# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What the server wrote down when it closed by itself is the word of an account that was the supporter's,
# and so the list that it was made from was left: everything in it is looked for again, and what the server
# did not say is added. Who was shut into the folder of the shop wrote neither. Given what was said again, with a newline
# before it.
sp_look_again() {
    if [ -z "$sp_base" ] || [ ! -d "$sp_base/.kept.$sp_grant" ] || [ -L "$sp_base/.kept.$sp_grant" ] || [ "$sp_ses_alone" = 1 ]; then return 0; fi
    sp_difference "$sp_base/.kept.$sp_grant"
    case $1 in
        *"${sp_nl}difference="*) ;;
        *)
            sp_say_difference
            return 0
            ;;
    esac
    # Whoever reads both leaves out what is in both.
    [ -z "$sp_diff_records" ] || sp_out="${sp_out}record=again$sp_nl$sp_diff_records"
}

# Where there is nothing left to compare with: every key that opens this account now, a hundred of them.
sp_say_keys_now() {
    local count=0 seen="$sp_nl" one found line
    IFS=$sp_nl
    for one in $sp_read; do
        IFS=" $sp_tab$sp_nl"
        sp_at "$one" || continue
        case $seen in *"$sp_nl$sp_target$sp_nl"*) continue ;; esac
        seen=$seen$sp_target$sp_nl
        if [ ! -r "$sp_target" ] || [ ! -f "$sp_target" ]; then continue; fi
        found=$(head -c 1000000 <"$sp_target" | SP_FILE=$sp_file awk '
            /^[ \t]*(#|\r?$)/ { next }
            {
                l = $0; gsub(/\\"/, "", l); gsub(/"[^"]*"/, "", l)
                m = split(l, f, /[ \t]+/)
                for (i = 1; i < m; i++) if (f[i] ~ /^(ssh-|ecdsa-|sk-)/) {
                    c = ""; for (j = i + 2; j <= m; j++) c = c (c == "" ? "" : " ") f[j]
                    print f[i] " ..." substr(f[i + 1], length(f[i + 1]) - 15) (c == "" ? "" : " (" substr(c, 1, 80) ")") " in " ENVIRON["SP_FILE"]
                    break
                }
                if (++n >= 100) exit
            }') || :
        IFS=$sp_nl
        for line in $found; do
            count=$((count + 1))
            [ "$count" -gt 100 ] || sp_say key_now "$line"
        done
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_history_again DOUBT: says again what an earlier close wrote down; nothing, while a line of the grant was there: that goes
# before it is written. The supporter can write there, too: of what is not ours to say nothing is said.
# Without a gate nothing tells the sessions of this grant from the merchant's own.
sp_history_again() {
    local file=/dev/null
    [ -z "$sp_base" ] || [ -n "$sp_todo" ] || ! sp_result_there || file=$sp_base/result.$sp_grant
    head -c 7000000 <"$file" | tr -d '\000-\010\013-\037\177' | SP_DOUBT=$1 awk '
        { i = index($0, "="); k = substr($0, 1, i - 1); v = substr($0, i + 1); ok = !(k in n) }
        k == "use" { v = substr(v, 1, 400); ok = n[k] < 1000 }
        k ~ /^(record|packed)$/ { v = substr(v, 1, 9000); ok = v != "again" }
        k ~ /^(uses_total|(bytes|files)_(read|written)|sessions_ended|server_closed_at)$/ && (v !~ /^[0-9]+$/ || length(v) > 18) { next }
        k ~ /^(by_server|uses_partial|uses_cut)$/ && v !~ /^(true|false)$/ { next }
        k == "closer" && (v !~ /^[0-9a-z]+$/ || length(v) > 64) { next }
        k == "sessions_left" && ENVIRON["SP_DOUBT"] == "1" { next }
        k !~ /^(use|record|packed|uses_total|(bytes|files)_(read|written)|sessions_(ended|left)|server_closed_at|by_server|closer|uses_partial|uses_cut|difference)$/ { next }
        ok { n[k]++; print k "=" v }
        END {
            if (!("by_server" in n)) print "by_server=false"
            if (!("server_closed_at" in n)) print "server_closed_at=0"
            if (!("sessions_left" in n)) print "sessions_left=unknown"
        }'
}

# The folder of the grant goes, what may still be needed last: the failsafe tries again until then.
sp_close_place() {
    local gone=true said
    if [ -z "$sp_base" ]; then
        sp_say failsafe_absent true
        return 0
    fi
    if [ -d "$sp_dir" ]; then
        sp_gate_remove
        rm -rf -- "$sp_base/.gone.$sp_grant"
        # In one step: a list that is not whole would be taken for one that somebody changed.
        if [ "${sp_by_server:-}" = 1 ] && [ ! -e "$sp_base/.kept.$sp_grant" ]; then
            mv -- "$sp_dir/baseline" "$sp_base/.kept.$sp_grant" 2>/dev/null || :
        fi
        mv -- "$sp_dir/baseline" "$sp_base/.gone.$sp_grant" 2>/dev/null || :
        rm -rf -- "$sp_base/.gone.$sp_grant" "$sp_dir/baseline" "$sp_dir/baseline.new" "$sp_dir/logins"
        # A full disk may have room by now. Where an earlier close wrote it, and it is gone, nobody can write it again.
        [ -z "$sp_history" ] || sp_result_there || { said=$sp_out sp_out=$sp_history && { sp_result_write || :; } && sp_out=$said; }
        sp_settle "$sp_base/result.$sp_grant" "$sp_base" "$sp_dir"
        sp_failsafe_remove || gone=false
    fi
    # A line that came back, out of an editor that was open all the time.
    if [ "$gone" = true ] && sp_has crontab && sp_crontab_ours; then
        mkdir -p -- "$sp_base" 2>/dev/null || :
        sp_crontab_remove || gone=false
    fi
    if [ "$gone" = false ]; then
        sp_say failsafe_absent false
        sp_fail failsafe-left "${sp_cron_why:-What was to close this grant on the server could not be removed.}"
    fi
    sp_drop "$sp_dir"
    sp_result_purge
    rmdir -- "$sp_base" 2>/dev/null || :
    sp_bool failsafe_absent sp_failsafe_absent
}
