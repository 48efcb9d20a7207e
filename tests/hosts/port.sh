# shellcheck shell=bash
# A port of 127.0.0.1 for a throw-away server, and nobody else's while whoever asked for it runs.

readonly port_claims=/run/lock/stagepass-test-ports

# claim_port: sets `claimed`. The claim is a lock that this process and what it starts hold: two that choose in the same
# moment do not come to the same one. Below the range that the kernel hands out for outgoing connections.
claim_port() {
    local candidate hex held
    mkdir -p "$port_claims"
    while :; do
        candidate=$((20000 + RANDOM % 12000))
        exec {held}>>"$port_claims/$candidate"
        printf -v hex ':%04X ' "$candidate"
        if flock --nonblock "$held" && ! grep -q "$hex" /proc/net/tcp; then break; fi
        exec {held}>&-
    done
    # Read by who asked.
    # shellcheck disable=SC2034
    claimed=$candidate
}
