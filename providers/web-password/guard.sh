# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# What guards what.
#
# Of each server come lines that say which password file guards a folder as one site serves it:
#   SERVER SITE FOLDER DEGREE FILE REALM WHERE
# with tabs between them and `-` for nothing. DEGREE is `whole`, or `part` where only some addresses of it are
# guarded by that file, with `above-` in front of it where the shop lies below what the site serves. FILE is
# as it is written, or `?TYPE` where the authentication is of another type.

# What both programs below know of paths.
sp_web_awk='
    function clean(s) { gsub(/\/+/, "/", s); sub(/\/$/, "", s); return s }
    function below(a, b) { return index(a "/", b "/") == 1 }
    function said(s) { return s == "" ? "-" : s }
    function rest(from,   i, s) { for (i = from; i <= NF; i++) s = s (i > from ? " " : "") $i; return s }
    BEGIN { FS = OFS = "\t"; p = clean(ENVIRON["SP_P"]); q = clean(ENVIRON["SP_Q"]) }
    # How the shop lies in a folder that is served: sets rel to its path in there.
    function shop_in(d) { rel = ""; if (d == "") return 0; if (p != d && below(p, d)) rel = substr(p, length(d) + 1); else if (q != d && below(q, d)) rel = substr(q, length(d) + 1); return rel != "" }
'

# Apache: the sites, what they serve, and each setting with the section it stands in.
#   site N NAME; root N FOLDER; alias N URL FOLDER; access NAME; set N KIND PATH KEY VALUE WHERE
sp_web_apache_facts() {
    awk "$sp_web_awk"'
        function top(   i) { kind = path = ""; for (i = 1; i <= deep; i++) if (k[i] != "-") { if (k[i] ~ /^(files|if)/) { kind = "part"; path = "" } else if (kind == "") { kind = k[i]; path = w[i] } } }
        # Nothing in .htaccess ends the section that stands for it, nor is about anything but its folder.
        { d = $2; own = deep && k[1] == "htaccess" }
        !own && d == "<virtualhost" { v = ++sites; print "site", v, $3; next }
        !own && d == "</virtualhost" { v = 0; next }
        d ~ /^<\// { if (deep > own) deep--; next }
        d ~ /^</ {
            k[++deep] = "-"; s = substr(d, 2); r = 3
            if (s ~ /^(directory|location|files|if|else|elseif|htaccess|proxy)(match)?$/) {
                if ($3 == "~") { s = s "match"; r = 4 }
                sub(/^else(if)?$/, "if", s); k[deep] = s; w[deep] = s ~ /match$/ ? rest(r) : clean(rest(r))
            }
            next
        }
        { top() }
        kind == "" && (d == "servername" || d == "serveralias") { sub(/:[0-9]+$/, "", $3); sub(/^.*:\/\//, "", $3); print "site", v + 0, $3 }
        kind == "" && d == "documentroot" { print "root", v + 0, clean(rest(3)) }
        !own && d == "alias" && $4 != "" { print "alias", v + 0, clean($3), clean($4) }
        kind == "" && d == "accessfilename" { print "access", $3 }
        kind != "" && d ~ /^(authuserfile|authtype|authname|authbasicprovider|allowoverride|allowoverridelist)$/ { print "set", v + 0, kind, said(path), d, said(rest(3)), $1 }'
}

# Apache: the rules by which sections go over one another (httpd.apache.org/docs/2.4/sections.html): folders and .htaccess,
# the longer the later, then DirectoryMatch, then Location; those of a site after the general ones.
sp_web_awk_sections='
    function glob(s) { gsub(/[.+(){}|^$\\]/, "\\\\&", s); gsub(/\*/, "[^/]*", s); gsub(/\?/, "[^/]", s); return "^" s "(/|$)" }
    # How far a section is about folder t at address u: 2 for all of it, 1 for a part.
    function about(i, t, u,   s) {
        s = path[i] == "-" ? "" : path[i]
        if (kind[i] == "directory" || kind[i] == "htaccess") return below(t, s) || (s ~ /[*?]/ && t ~ glob(s)) ? 2 : below(s, t)
        if (kind[i] == "directorymatch") return (t "/") ~ s ? 2 : 0
        if (kind[i] == "location") return below(u, s) || (s ~ /[*?]/ && u ~ glob(s)) ? 2 : below(s, u)
        if (kind[i] == "locationmatch") return (u "/") ~ s ? 2 : 1
        return kind[i] == "part"
    }
    function rank(i) {
        if (kind[i] ~ /^location/) return 2e6 + i
        if (kind[i] == "directorymatch") return 1e6 + i
        return 100 * length(path[i]) + (kind[i] == "htaccess" ? 60 : site[i] ? 30 : 0) + i / 1e6
    }
    # Whether a section counts in that site: .htaccess does where AllowOverride of its folder says so.
    function counts(i, v,   o) {
        if (site[i] && site[i] != v) return 0
        if (kind[i] != "htaccess") return 1
        o = best("allowoverride", v, path[i], "", 1) " " best("allowoverridelist", v, path[i], "", 1)
        return tolower(o) ~ /(^| )(all|authconfig|authuserfile)( |$)/
    }
    # The value that counts in the end; of `plain` ones, which stand in Directory alone. Else sets from.
    function best(name, v, t, u, plain,   i, r, b) {
        r = -1; if (!plain) from = ""
        for (i = 1; i <= n; i++) {
            if (key[i] != name || (plain ? kind[i] !~ /^directory/ || (site[i] && site[i] != v) : !counts(i, v)) || about(i, t, u) < 2 || rank(i) <= r) continue
            r = rank(i); b = value[i]; if (!plain) from = where[i]
        }
        return b
    }
'

sp_web_apache_guards() {
    SP_P=$sp_path SP_Q=$sp_real awk "$sp_web_awk$sp_web_awk_sections"'
        function guard(v, t, u, degree,   i, f, w, y, p) {
            f = best("authuserfile", v, t, u); w = from; y = tolower(best("authtype", v, t, u))
            p = tolower(best("authbasicprovider", v, t, u))
            # What keeps answers (mod_authn_socache) lets a user in for minutes after it is gone from the file.
            if (y == "digest" || (y == "basic" && (p !~ /^(file.*)?$/ || p ~ /socache/))) f = "?" (y == "basic" ? "provider" : y)
            if (f != "" && y != "" && y != "none") print "apache", name[v], said(t), degree "whole", f, said(best("authname", v, t, u)), said(w)
            for (i = 1; i <= n; i++) if (key[i] == "authuserfile" && about(i, t, u) == 1 && counts(i, v)) print "apache", name[v], said(t), degree "part", value[i], "-", where[i]
        }
        function serve(v, d, u) { guard(v, d, u, ""); if (shop_in(d)) guard(v, d rel, u rel, "above-") }
        $1 == "site" { if (!($2 in name) || name[$2] ~ /[:*]/) name[$2] = $3; if ($2 > sites) sites = $2 }
        $1 == "root" { root[$2] = $3 }
        $1 == "alias" { a++; alias_of[a] = $2; alias_url[a] = $3; alias_to[a] = $4 }
        $1 == "set" { n++; site[n] = $2; kind[n] = $3; path[n] = $4; key[n] = $5; value[n] = $6; where[n] = $7 }
        END {
            if (name[0] == "") name[0] = "_default_"
            for (v = sites ? 1 : 0; v <= sites; v++) {
                if (!(v in root)) root[v] = root[0]
                if (root[v] != "") serve(v, root[v], "")
                for (i = 1; i <= a; i++) if (!alias_of[i] || alias_of[i] == v) serve(v, alias_to[i], alias_url[i])
            }
        }'
}

# Prints the lines of Apache.
sp_web_guards_apache() {
    local facts names folders one name
    sp_web_modules=''
    facts=$(sp_web_read apache 0 "$sp_web_apache" | sp_web_apache_facts)
    names=$(printf '%s\n' "$facts" | sed -n "s/^access$sp_tab//p")
    # Every folder in which there may be a file that adds to the configuration, once.
    folders=$(printf 'root\t0\t%s\nroot\t0\t%s\n%s\n' "$sp_path" "$sp_real" "$facts" | awk -F '\t' '
        $1 == "root" || $1 == "alias" {
            d = $NF; if (d !~ /^\//) next
            for (sub(/\/+$/, "", d); !seen[d]++; sub(/\/[^\/]*$/, "", d)) print d "/"
        }')
    IFS=$sp_nl
    for one in $folders; do
        for name in ${names:-.htaccess}; do
            IFS=$sp_nl
            [ ! -f "$one$name" ] || facts=$facts$sp_nl$({ printf '%s\t<htaccess\t%s\n' "$one$name" "${one%/}" && sp_web_read htaccess 0 "$one$name"; } | sp_web_apache_facts)
        done
    done
    IFS=" $sp_tab$sp_nl"
    printf '%s\n' "$facts" | sp_web_apache_guards
}

# nginx: the sections with what each sets, one on a line:
#   N PARENT KIND ARGUMENT ROOT ALIAS AUTH FILE NAME WHERE
sp_web_nginx_sections() {
    awk "$sp_web_awk"'
        function expand(s, i,   v, at) {
            while (match(s, /\$[{]?[A-Za-z0-9_]+[}]?/)) {
                v = substr(s, RSTART + 1, RLENGTH - 1); gsub(/[{}]/, "", v)
                for (at = i; at && !((at, v) in var); at = up[at]) {}
                if (!((at, v) in var)) return s
                s = substr(s, 1, RSTART - 1) var[at, v] substr(s, RSTART + RLENGTH)
            }
            return s
        }
        $2 == "}" { if (deep) deep--; now = deep ? open[deep] : 0; next }
        $NF == "{" {
            n++; up[n] = now; open[++deep] = now = n; kind[n] = $2
            NF--; arg[n] = $2 == "location" ? rest(3) : ""
            next
        }
        $2 == "root" { root[now] = rest(3) }
        $2 == "alias" { alias[now] = rest(3) }
        $2 == "set" { v = $3; sub(/^\$/, "", v); var[now, v] = rest(4) }
        $2 == "auth_basic" { auth[now] = rest(3) }
        $2 == "auth_basic_user_file" { file[now] = rest(3); where[now] = $1 }
        $2 == "server_name" && name[now] == "" { name[now] = $3 == "" ? "_" : $3 }
        $2 == "listen" && port[now] == "" { port[now] = $3 }
        END { for (i = 1; i <= n; i++) print i, up[i] + 0, kind[i], said(arg[i]), said(clean(expand(root[i], i))), said(clean(expand(alias[i], i))), said(auth[i]), said(expand(file[i], i)), said(name[i] == "" ? port[i] : name[i]), said(where[i]) }'
}

# nginx: what is not set in a section is what the one around it sets; the longest location counts.
sp_web_nginx_guards() {
    SP_P=$sp_path SP_Q=$sp_real awk "$sp_web_awk"'
        function climb(i, f) { for (; i; i = up[i]) if (col[i, f] != "-") return i; return 0 }
        # The address a location begins with; nothing for a regular expression, which is about a part.
        function prefix(i,   s) { s = col[i, 4]; if (s ~ /^(~|@)/) return ""; sub(/^(\^~|=) */, "", s); return s }
        function whole(s, u,   i, b, l) {
            b = s
            for (i = 1; i <= n; i++) if (of[i] == s && kind[i] == "location" && prefix(i) != "" && index(u "/", prefix(i)) == 1 && length(prefix(i)) > l) { b = i; l = length(prefix(i)) }
            return b
        }
        function tell(s, i, t, degree,   a, f) {
            a = climb(i, 7); f = climb(i, 8)
            if (a && f && col[a, 7] != "off" && col[f, 8] != "off") print "nginx", col[s, 9], said(t), degree, col[f, 8], col[a, 7], col[f, 10]
        }
        # Folder t of server s at address u, and the locations of it that have a file of their own.
        function guard(s, t, u, degree,   i, w) {
            w = whole(s, u); tell(s, w, t, degree "whole")
            for (i = 1; i <= n; i++) if (of[i] == s && i != w && kind[i] != "server" && col[i, 5] col[i, 6] == "--" && col[i, 8] != "-" && (u == "" || prefix(i) == "" || below(prefix(i), u))) tell(s, i, t, degree "part")
        }
        function serve(s, d, u) { guard(s, d, u, ""); if (shop_in(d)) guard(s, d rel, u rel, "above-") }
        { n = $1; up[n] = $2; kind[n] = $3; for (i = 1; i <= NF; i++) col[n, i] = $i; of[n] = $3 == "server" ? n : of[$2] + 0 }
        END {
            for (i = 1; i <= n; i++) {
                s = of[i]; if (!s) continue
                r = climb(i, 5); d = r ? col[r, 5] : ""
                if (kind[i] == "server" && d != "") serve(s, d, "")
                if (kind[i] != "location" || prefix(i) == "") continue
                u = prefix(i); sub(/\/$/, "", u)
                if (col[i, 6] != "-") serve(s, col[i, 6], u)
                else if (r == i) { d = d u; serve(s, d, u) }
            }
        }'
}

sp_web_guards_nginx() { sp_web_read nginx 0 "$sp_web_nginx" | sp_web_nginx_sections | sp_web_nginx_guards; }
