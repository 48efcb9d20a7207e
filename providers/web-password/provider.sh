# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# A user of its own in the password file of HTTP Basic Authentication in front of a staging shop. Runs as root.
# Run on: Debian 11, 12, 13 (Apache 2.4; nginx 1.18, 1.22, 1.26), each under dash and bash, and Debian 12 under
# busybox ash as well.
#
# The user is two lines at the top of that file, `# stagepass <grant> <tag>` and `NAME:HASH`: both servers leave out
# lines that begin with `#`, htpasswd(1) keeps them, and what stands below stays byte for byte, also without a
# newline at its end. Neither server has to be told: both read the file for each request.
# What was made is written down in /var/lib/stagepass/<grant>, first thing at open, last thing away at close.
#
# `local` is in every sh named above; what stands in single quotes is for awk, or is looked for as it is.

sp_state=/var/lib/stagepass
sp_record=$sp_state/$sp_grant
sp_base=$sp_state
sp_dir=$sp_record

sp_web_inputs() {
    sp_check_inputs
    case $sp_account in '' | [!A-Za-z0-9_]* | *[!A-Za-z0-9_.-]*) sp_refuse bad-account 'The name of the user is not made of letters, digits, _, . and -, or does not start with a letter or a digit.' ;; esac
    [ "${#sp_account}" -le 32 ] || sp_refuse bad-account 'The name of the user is longer than 32 characters.'
    sp_whoami
    [ "$sp_uid" = 0 ] || sp_refuse not-root 'This needs root, and the login of stagepass is not root here.'
    sp_mark="# stagepass $sp_grant${sp_tag:+ $sp_tag}"
}

# One verb at a time on this server: two grants may meet in one file.
sp_web_lock() {
    [ -d "$sp_state" ] || mkdir -p -- "$sp_state" || sp_fail no-lock "There is no $sp_state, and it cannot be made."
    sp_lock "$sp_state"
}

# Requests are no sessions: nobody is in, and at the deadline there is nobody to wait for.
sp_in_use() { return 1; }

# sp_web_real PATH: sets sp_v to that folder without links, or to nothing. No process is started for it.
sp_web_real() {
    sp_v=''
    if cd -P -- "$1" 2>/dev/null; then sp_v=$PWD; fi
    cd /
    case $sp_v in //*) sp_v=${sp_v#/} ;; esac
}

# sp_web_inside FOLDER ABOVE: whether the first is the second, or in it.
sp_web_inside() {
    case $1/ in "${2%/}"/*) return 0 ;; esac
    return 1
}

# ---- which web servers there are -----------------------------------------------------------------

# sp_web_process NAME: sets sp_web_pid to the first process of that name (a pattern) that root runs here, and not in a
# container, and sp_web_args to its words.
sp_web_process() {
    local one
    sp_web_pid='' sp_web_args=''
    sp_of_root "^Name:[[:space:]]$1\$"
    for one in $sp_procs; do
        # shellcheck disable=SC3013 # every sh named above has -ef
        [ "/proc/$one/root" -ef / ] || continue
        sp_web_pid=$one
        # nginx puts its words into one, with blanks.
        sp_web_args=$(tr '\000' ' ' 2>/dev/null <"/proc/$one/cmdline") || :
        return 0
    done
    return 1
}

# sp_web_argument OPTION: sets sp_v to what stands behind it in sp_web_args, or to nothing.
sp_web_argument() {
    local word before=''
    sp_v=''
    for word in $sp_web_args; do
        [ "$before" != "$1" ] || sp_v=$word
        before=$word
    done
}

sp_web_first_file() {
    for sp_v; do
        [ ! -f "$sp_v" ] || return 0
    done
    sp_v=''
}

# Sets sp_web_apache and sp_web_nginx to the configuration of each, or to nothing, and sp_web_runs to those of
# them that run. What does not run beside one that does serves nothing.
sp_web_servers() {
    sp_web_runs='' sp_web_defined='' sp_web_nginx_pid=''
    if sp_web_process '\(apache2\|httpd\|httpd2\)'; then sp_web_runs=" apache"; fi
    sp_web_find_apache
    if sp_web_process nginx; then sp_web_runs="$sp_web_runs nginx" sp_web_nginx_pid=$sp_web_pid; fi
    sp_web_find_nginx
    case $sp_web_runs in
        ' apache') sp_web_nginx='' ;;
        ' nginx') sp_web_apache='' ;;
    esac
}

sp_web_find_apache() {
    local folder word
    sp_web_argument -d
    folder=$sp_v
    sp_web_argument -f
    case $sp_v in '' | /*) ;; *) sp_v=${folder:-/etc/apache2}/$sp_v ;; esac
    sp_web_first_file ${sp_v:+"$sp_v"} ${folder:+"$folder/apache2.conf" "$folder/conf/httpd.conf"} /etc/apache2/apache2.conf \
        /etc/httpd/conf/httpd.conf /etc/apache2/httpd.conf /usr/local/apache2/conf/httpd.conf
    sp_web_apache=$sp_v sp_web_root=${folder:-${sp_v%/*}}
    [ -n "$sp_web_apache" ] || return 0
    word=$(sed -n 's/^[[:space:]]*[Ss][Ee][Rr][Vv][Ee][Rr][Rr][Oo][Oo][Tt][[:space:]]*"\{0,1\}\(\/[^"]*[^"[:space:]]\)"\{0,1\}[[:space:]]*$/\1/p' "$sp_web_apache" | tail -n 1)
    [ -z "$word" ] || sp_web_root=$word
    for word in $sp_web_args; do
        case $word in -D?*) sp_web_defined=$sp_web_defined${word#-D}=$sp_nl ;; esac
    done
    sp_web_argument -D
    [ -z "$sp_v" ] || sp_web_defined=$sp_web_defined$sp_v=$sp_nl
    # Debian's own place for what the configuration calls ${NAME}.
    [ ! -r "${sp_web_apache%/*}/envvars" ] ||
        sp_web_defined=$sp_web_defined$(sed -n 's/^export \([A-Za-z_][A-Za-z_0-9]*=[A-Za-z0-9_./-]*\)$/\1/p' "${sp_web_apache%/*}/envvars")$sp_nl
}

sp_web_find_nginx() {
    sp_web_argument -c
    sp_web_first_file ${sp_v:+"$sp_v"} /etc/nginx/nginx.conf /usr/local/nginx/conf/nginx.conf /usr/local/etc/nginx/nginx.conf \
        /opt/nginx/conf/nginx.conf
    sp_web_nginx=$sp_v sp_web_prefix=${sp_v%/*}
}

# ---- what is configured --------------------------------------------------------------------------
#
# Files are read, and nothing is asked of the servers: a test of the configuration opens logs, and needs what
# the running server was given.
#
# A configuration becomes statements, a line each: FILE, then the words, with tabs between them; a section is a
# statement that begins with `<`, or one whose last word is `{`. What is included stands in its place.

# sp_web_words_apache FILE... (or `-` for standard input, which is sp_web_stdin): the words of Apache's lines
# (httpd.apache.org/docs/2.4/configuring.html). The name is in lower case.
sp_web_words_apache() {
    SP_FILE=${sp_web_stdin:-} awk '
        BEGIN { file = ENVIRON["SP_FILE"] }
        FNR == 1 { held = ""; if (FILENAME ~ /^\//) file = FILENAME }
        { sub(/\r$/, ""); gsub(/\t/, " ") }
        sub(/\\$/, "") { held = held $0; next }
        {
            l = held $0; held = ""; sub(/^ +/, "", l); sub(/ +$/, "", l)
            if (l == "" || l ~ /^#/) next
            if (l ~ /^</) sub(/ *>$/, "", l)
            for (n = 0; l != ""; n++) {
                w = ""; q = substr(l, 1, 1)
                if (q == "\"" || q == "\047") {
                    for (i = 2; i <= length(l) && (c = substr(l, i, 1)) != q; i++) {
                        if (c == "\\" && substr(l, i + 1, 1) ~ /["\047\\]/) c = substr(l, ++i, 1)
                        w = w c
                    }
                    l = substr(l, i + 1)
                } else {
                    i = index(l, " "); if (!i) i = length(l) + 1
                    w = substr(l, 1, i - 1); l = substr(l, i)
                }
                sub(/^ +/, "", l)
                printf "%s\t%s", n ? "" : file, n ? w : tolower(w)
            }
            printf "\n"
        }' "$@"
}

# Of what others may write: they could make it very long, or put something there of which no end comes.
sp_web_words_htaccess() {
    sp_web_stdin=$1
    sp_within 10 head -c 1000000 -- "$1" 2>/dev/null | tr -d '\000' | sp_web_words_apache -
}

# sp_web_words_nginx FILE...: the words of nginx's statements: quotes, backslashes, comments, and three characters that end a word.
sp_web_words_nginx() {
    awk '
        function word() { if (have) out = out (out == "" ? "" : "\t") w; w = ""; have = 0 }
        function end(mark) { word(); if (out mark != "") print FILENAME "\t" out mark; out = "" }
        FNR == 1 { w = out = q = ""; have = 0 }
        {
            sub(/\r$/, ""); gsub(/\t/, " ")
            for (i = 1; i <= length($0); i++) {
                c = substr($0, i, 1)
                if (c == "\\") { w = w substr($0, ++i, 1); have = 1; continue }
                if (q != "") { if (c == q) q = ""; else w = w c; continue }
                if (c == "#" && !have) break
                if (!have && (c == "\"" || c == "\047")) { q = c; have = 1; continue }
                if (c == " ") word()
                else if (c == ";") end("")
                # A variable is written ${name}, too.
                else if (c == "{" && w !~ /\$$/) end("\t{")
                else if (c == "}" && w !~ /\$[{][A-Za-z0-9_]*$/) { end(""); print FILENAME "\t}" }
                else { w = w c; have = 1 }
            }
            if (q == "") word()
        }' "$@"
}

# sp_web_words KIND FILE...: a line for each statement, FILE and the words.
sp_web_words() {
    local kind="$1"
    shift
    case $kind in
        apache) sp_web_words_apache "$@" ;;
        htaccess) sp_web_words_htaccess "$1" ;;
        nginx) sp_web_words_nginx "$@" ;;
    esac
}

# sp_web_read KIND DEPTH FILE...: prints the statements. KIND is apache, nginx or htaccess, which includes nothing:
# whoever may write to the shop must not name files for root to read. One program reads all files of an include.
sp_web_read() {
    local kind="$1" depth="$2" one line file='' rest skip=0
    shift 2
    [ "$depth" -lt 10 ] || return 0
    for one; do
        shift
        if [ -f "$one" ] && [ -r "$one" ]; then set -- "$@" "$one"; fi
    done
    [ "$#" -gt 0 ] || return 0
    IFS=$sp_nl
    for line in $(sp_web_words "$kind" "$@"); do
        IFS=$sp_nl
        # A section ends with its file.
        case $line in "$file$sp_tab"*) ;; *) file=${line%%"$sp_tab"*} skip=0 ;; esac
        line=${line#*"$sp_tab"}
        if [ "$kind" != nginx ]; then
            case $line in *'${'*) sp_web_expand "$line" && line=$sp_v ;; esac
            sp_web_conditional "$line" || continue
        fi
        rest=${line#*"$sp_tab"}
        case $kind:$line in
            apache:define"$sp_tab"*"$sp_tab"*) sp_web_defined=$sp_web_defined${rest%%"$sp_tab"*}=${rest#*"$sp_tab"}$sp_nl ;;
            apache:define"$sp_tab"*) sp_web_defined=$sp_web_defined$rest=$sp_nl ;;
            apache:loadmodule"$sp_tab"*) sp_web_modules="$sp_web_modules ${rest%%"$sp_tab"*} ${rest##*/}" ;;
            apache:include"$sp_tab"* | apache:includeoptional"$sp_tab"*) sp_web_include apache "$sp_web_root" "$rest" "$depth" ;;
            nginx:include"$sp_tab"*) sp_web_include nginx "$sp_web_prefix" "$rest" "$depth" ;;
        esac
        printf '%s\t%s\n' "$file" "$line"
    done
    IFS=" $sp_tab$sp_nl"
}

# sp_web_include KIND ROOT PATTERN DEPTH
sp_web_include() {
    local kind="$1" pattern="$3" depth=$(($4 + 1)) one
    case $pattern in /*) ;; *) pattern=$2/$pattern ;; esac
    # Apache reads all that is in a folder.
    if [ -d "$pattern" ]; then
        [ "$kind" = apache ] && [ "$depth" -lt 10 ] || return 0
        pattern="${pattern%/}/*"
    fi
    IFS=$sp_nl
    set +f
    # shellcheck disable=SC2086
    set -- $pattern
    set -f
    for one; do
        [ ! -d "$one" ] || sp_web_include "$kind" / "$one" "$depth"
    done
    sp_web_read "$kind" "$depth" "$@"
}

# sp_web_expand LINE: sets sp_v to it with what ${NAME} stands for; what is not known stays.
sp_web_expand() {
    local left="$1" name
    sp_v=''
    while :; do
        case $left in *'${'*'}'*) ;; *) break ;; esac
        sp_v=$sp_v${left%%"\${"*}
        left=${left#*"\${"}
        name=${left%%\}*}
        left=${left#*\}}
        case $sp_nl$sp_web_defined in
            *"$sp_nl$name="*)
                name=${sp_web_defined##*"$name="}
                sp_v=$sp_v${name%%"$sp_nl"*}
                ;;
            *) sp_v="$sp_v\${$name}" ;;
        esac
    done
    sp_v=$sp_v$left
}

# sp_web_conditional LINE: whether Apache reads it. Uses the caller's `skip`: how many sections deep it is in what is left out.
# The sections themselves are left out, too.
sp_web_conditional() {
    case $1 in
        '<ifmodule'* | '<ifdefine'* | '<ifversion'* | '<iffile'*)
            if [ "$skip" -gt 0 ] || ! sp_web_condition "$1"; then skip=$((skip + 1)); fi
            return 1
            ;;
        '</ifmodule'* | '</ifdefine'* | '</ifversion'* | '</iffile'*)
            [ "$skip" = 0 ] || skip=$((skip - 1))
            return 1
            ;;
    esac
    [ "$skip" = 0 ]
}

sp_web_condition() {
    local what wrong=1
    what=${1#*"$sp_tab"}
    case $what in '!'*) what=${what#!} wrong=0 ;; esac
    case $1 in
        '<ifmodule'*) sp_web_module "$what" || return "$wrong" ;;
        '<ifdefine'*) case $sp_nl$sp_web_defined in *"$sp_nl$what="*) ;; *) return "$wrong" ;; esac ;;
        '<iffile'*) [ -e "$what" ] || return "$wrong" ;;
        # What is for a version before 2.4 is for none that is known here.
        '<ifversion'*) case $what in '<'*) return "$wrong" ;; esac ;;
    esac
    [ "$wrong" = 1 ]
}

# Whether a module is there, by its identifier or its source file. Those that are built in are not listed
# anywhere; these nearly always are, and without any list all are.
sp_web_module() {
    [ -n "$sp_web_modules" ] || return 0
    case $1 in core.c | http_core.c | mod_so.c | mod_unixd.c | mod_log_config.c | mod_version.c | mod_watchdog.c | mod_logio.c) return 0 ;; esac
    case "$sp_web_modules " in *" $1 "* | *" ${1%.c}.so "*) return 0 ;; esac
    return 1
}

# ---- what guards what ----------------------------------------------------------------------------
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

# ---- which file is the shop's --------------------------------------------------------------------

# Sets sp_guards to the lines of all servers.
sp_web_look() {
    sp_real=''
    [ -z "$sp_path" ] || { sp_web_real "$sp_path" && sp_real=$sp_v; }
    sp_web_servers
    sp_guards=''
    [ -z "$sp_web_apache" ] || sp_guards=$(sp_web_guards_apache)$sp_nl
    [ -z "$sp_web_nginx" ] || sp_guards=$sp_guards$(sp_web_guards_nginx)$sp_nl
}

# sp_web_each FUNCTION: calls it for each line, with what is in it as g_server, g_site, g_folder, g_degree, g_file, g_realm,
# g_where, g_of_shop (whether the folder is the shop, or in it).
sp_web_each() {
    local line g_server g_site g_folder g_degree g_file g_realm g_where g_of_shop
    IFS=$sp_nl
    for line in $sp_guards; do
        IFS=$sp_tab
        # shellcheck disable=SC2086
        set -- "$1" $line
        IFS=" $sp_tab$sp_nl"
        g_server=$2 g_site=$3 g_folder=$4 g_degree=$5 g_file=$6 g_realm=$7 g_where=$8 g_of_shop=0
        # A path that is relative is so to another folder for each of them.
        case $g_server:$g_file in
            *:/* | *:'?'*) ;;
            apache:*) g_file=$sp_web_root/$g_file ;;
            nginx:*) g_file=$sp_web_prefix/$g_file ;;
        esac
        sp_web_real "$g_folder"
        [ -z "$sp_v" ] || g_folder=$sp_v
        if [ -n "$sp_real" ] && sp_web_inside "$g_folder" "$sp_real"; then g_of_shop=1; fi
        "$1"
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
}

# The files of the shop at this degree, each once, and what belongs to the first of them.
sp_web_pick_one() {
    [ "$g_of_shop:$g_degree" = "1:$sp_web_degree" ] || return 0
    case $g_file in
        '?'*)
            sp_web_other_type=${g_file#?}
            return 0
            ;;
    esac
    case " $sp_web_by " in *" $g_server "*) ;; *) sp_web_by="$sp_web_by${sp_web_by:+ }$g_server" ;; esac
    case $sp_nl$sp_web_files in
        *"$sp_nl$g_file$sp_nl"*) ;;
        *)
            [ -n "$sp_web_files" ] || sp_web_where=$g_where
            sp_web_files=$sp_web_files$g_file$sp_nl
            ;;
    esac
    case $sp_nl$sp_web_sites in *"$sp_nl$g_site$sp_nl"*) ;; *) sp_web_sites=$sp_web_sites$g_site$sp_nl ;; esac
    case $sp_nl$sp_web_realms in *"$sp_nl$g_realm$sp_nl"*) ;; *) sp_web_realms=$sp_web_realms$g_realm$sp_nl ;; esac
}

# What guards a part of the shop beside that.
sp_web_other_part() {
    case $g_of_shop:$g_degree:$g_file in
        1:*part:'?'* | 0:* | 1:*whole:*) ;;
        *)
            case $sp_nl$sp_web_files$sp_web_parts in *"$sp_nl$g_file$sp_nl"*) ;; *) sp_web_parts=$sp_web_parts$g_file$sp_nl ;; esac
            ;;
    esac
}

# Sets sp_web_files (what guards the shop: one, or there is none, or it is not clear), sp_web_degree, sp_web_by (which servers),
# sp_web_sites, sp_web_realms, sp_web_where and sp_web_parts.
sp_web_pick() {
    sp_web_other_type=''
    for sp_web_degree in whole above-whole part above-part; do
        sp_web_files='' sp_web_by='' sp_web_sites='' sp_web_realms='' sp_web_where='' sp_web_parts=''
        sp_web_each sp_web_pick_one
        [ -z "$sp_web_files" ] || break
    done
    case $sp_web_degree in *whole) sp_web_each sp_web_other_part ;; esac
}

# sp_unfit ID SENTENCE: the first of these is why nothing can be done. Ends with 1.
sp_unfit() {
    if [ -z "$sp_unfit_id" ]; then sp_unfit_id=$1 sp_unfit_why=$2; fi
    return 1
}

# sp_web_in_words LINES: sets sp_v to them in one line.
sp_web_in_words() {
    local one
    sp_v=''
    IFS=$sp_nl
    for one in $1; do sp_v="$sp_v${sp_v:+, }$one"; done
    IFS=" $sp_tab$sp_nl"
}

# Sets sp_file_named (as it is configured), sp_file (without links), and where that cannot be used sp_unfit_id and sp_unfit_why.
sp_web_find() {
    sp_unfit_id='' sp_unfit_why='' sp_file_named='' sp_file='' sp_linked=false
    sp_web_look
    sp_web_pick
    if [ -z "$sp_path" ]; then
        sp_unfit no-shop-folder 'No shop folder is known, and so not which site is meant. Name it with the target.'
    elif [ -z "$sp_real" ]; then
        sp_unfit no-such-path 'The shop folder is not there.'
    elif [ -z "$sp_web_apache$sp_web_nginx" ]; then
        sp_unfit no-web-server 'Neither Apache nor nginx was found on this server. Where another server stands in front of the shop and asks for the password, add a user there by hand.'
    elif [ -z "$sp_web_files" ]; then
        sp_web_unguarded
    else
        sp_web_one_file
    fi || :
}

sp_web_unguarded() {
    case $sp_web_other_type in
        '') sp_unfit no-basic-auth "No site that serves $sp_real asks for a password in the configuration that was read (Basic Authentication with a password file). Where another server stands in front of it and asks, add a user there by hand." ;;
        *) sp_unfit other-auth "The site that serves $sp_real asks for a password in another way ($sp_web_other_type), not by a password file of Basic Authentication. Add a user there by hand." ;;
    esac
}

sp_web_one_file() {
    case ${sp_web_files%"$sp_nl"} in
        *"$sp_nl"*)
            sp_web_in_words "$sp_web_files"
            sp_unfit several-password-files "Several password files guard this shop, and it is not clear which of them a supporter needs: $sp_v. Let all sites of the shop use one, or add a user by hand."
            return 1
            ;;
    esac
    sp_file_named=${sp_web_files%"$sp_nl"}
    case $sp_file_named in
        *[[:cntrl:]]*) sp_unfit password-file-unclear 'The path of the password file has a control character.' ;;
        *'$'*) sp_unfit password-file-unclear "Which file is meant by $sp_file_named is known to the web server alone. Write its path without a variable." ;;
        *) sp_web_resolve "$sp_file_named" && sp_web_file_fit ;;
    esac
}

# ---- may that file be changed --------------------------------------------------------------------

# sp_web_resolve FILE: sets sp_file to it without links, and sp_linked. A link is followed where nobody but root and the
# owner of what it leads to could have made it: what root changes is not for others to choose.
sp_web_resolve() {
    local left="$1" at='' part to tries=0 owner
    sp_linked=false
    owner=$(stat -L -c '%u' -- "$1" 2>/dev/null) || {
        sp_unfit no-password-file "There is no $1, which the web server is told to take passwords from. Make it with htpasswd first."
        return 1
    }
    while [ -n "$left" ]; do
        left=${left#/}
        part=${left%%/*}
        case $left in */*) left=/${left#*/} ;; *) left='' ;; esac
        case $part in
            '' | .) continue ;;
            ..)
                at=${at%/*}
                continue
                ;;
        esac
        if [ -L "$at/$part" ]; then
            sp_linked=true tries=$((tries + 1))
            to=$(readlink -- "$at/$part") && [ "$tries" -lt 40 ] && sp_web_only "${at:-/}" "$owner" ||
                sp_unfit link-unsafe "$1 leads over a link in ${at:-/}, where others than root and the owner of the file may write; a link like that is not followed. Name the file itself in the configuration." || return 1
            case $to in /*) at='' ;; esac
            left=/$to$left
        else
            at=$at/$part
        fi
    done
    sp_file=$at
}

# sp_web_only FOLDER UID: whether nobody but root and that one may write there.
sp_web_only() {
    # shellcheck disable=SC2046
    set -- "$2" $(stat -c '%u %g %a' -- "$1" 2>/dev/null)
    case ${2:-x} in 0 | "$1") ;; *) return 1 ;; esac
    case ${4:-777} in *[2367]) return 1 ;; esac
    case $4 in *[2367]?) [ "$3" = 0 ] || return 1 ;; esac
}

# Whether sp_file is one that can be replaced, and is a password file.
sp_web_file_fit() {
    local folder="${sp_file%/*}" mode owner links size fields
    folder=${folder:-/}
    if [ ! -f "$sp_file" ]; then
        sp_unfit password-file-odd "$sp_file is not a file."
        return 1
    fi
    # shellcheck disable=SC2046
    set -- $(stat -c '%a %u %h %s' -- "$sp_file")
    mode=$1 owner=$2 links=$3 size=$4
    sp_passwd "$owner"
    [ -n "$sp_t" ] || sp_unfit owner-unknown "$sp_file belongs to the number $owner, which no account has. Give it to root or to the owner of the shop." || return 1
    case $mode in *[2367]) sp_unfit password-file-open "Everybody on this server may write to $sp_file. Take that away first (chmod o-w)." || return 1 ;; esac
    sp_web_way_fit "$folder" || return 1
    # A new file takes the place of the old one, in one step; another name of it would go on with the old one, and writing
    # into it instead could leave half a file, with which nobody gets in.
    [ "$links" = 1 ] || sp_unfit hard-links "$sp_file has $links names (hard links), which replacing it would part. Give it one name." || return 1
    [ -w "$sp_file" ] && [ -w "$folder" ] || sp_unfit read-only "$sp_file is on a file system that is read-only, or is protected (chattr)." || return 1
    [ "$size" -le 1000000 ] || sp_unfit too-large "$sp_file is larger than a megabyte." || return 1
    [ "$(stat -f -c %a -- "$folder" 2>/dev/null)" != 0 ] || sp_unfit no-room "There is no room on the disk of $folder." || return 1
    sp_file_owner=$owner
    sp_web_content_fit "$sp_file"
}

# The same of the file that is held: it could be another one by now.
sp_web_held_fit() {
    case $sp_web_held in
        *" $sp_file_owner 1") sp_web_content_fit /proc/self/fd/6 ;;
        *) sp_unfit password-file-odd "$sp_file was replaced by another file while it was looked at." ;;
    esac
}

# sp_web_way_fit FOLDER: whether not everybody may put another file there in its place.
sp_web_way_fit() {
    local at="$1" mode
    while :; do
        mode=$(stat -c '%a' -- "${at:-/}" 2>/dev/null) || mode=777
        case $mode in
            [1357]???) ;;
            *[2367])
                sp_unfit folder-open "Everybody on this server may write to ${at:-/}, and so replace $sp_file. Take that away first (chmod o-w)."
                return 1
                ;;
        esac
        [ -n "$at" ] && [ "$at" != / ] || return 0
        at=${at%/*}
    done
}

# A path in the configuration can be wrong, and one in .htaccess is the choice of whoever may write to the shop: nothing but
# a password file is ever changed. Where it is not root's choice, there is a password in it already, and nothing else.
# sp_web_content_fit FILE
sp_web_content_fit() {
    local said forced=0
    if [ "$(tr -dc '\000' <"$1" | wc -c)" != 0 ]; then
        sp_unfit not-a-password-file "$sp_file is not a text file."
        return 1
    fi
    [ "$(stat -c %u -- "$sp_web_where" 2>/dev/null)" = 0 ] || forced=1
    said=$(SP_FORCED=$forced awk -F : '
        { sub(/\r$/, "") }
        /^#/ || /^[ \t]*$/ { next }
        { n++ }
        NF < 2 || NF > 3 || $1 == "" { wrong = 1 }
        $2 ~ /^(\$(apr1|1|2[aby]|5|6|y)\$.+|\{(SHA|SSHA|PLAIN)\}.+|[A-Za-z0-9.\/]*)$/ && ($2 !~ /^[A-Za-z0-9.\/]*$/ || length($2) == 13) { known++ }
        END { print (wrong || (ENVIRON["SP_FORCED"] == 1 && (!known || known != n)) ? "wrong" : "fit") }' <"$1")
    [ "$said" = fit ] || sp_unfit not-a-password-file "$sp_file, which ${sp_web_where} names, does not hold names and passwords alone."
}

# Sets sp_scheme to the best kind of hash that all of the shop's servers know: Apache brings bcrypt along, and nginx
# asks the crypt(3) of this server.
sp_web_scheme() {
    local library
    sp_scheme=bcrypt
    case " $sp_web_by " in *' nginx '*) ;; *) return 0 ;; esac
    library=''
    [ -z "$sp_web_nginx_pid" ] || library=$(sed -n 's|^.* \(/[^ ]*/libcrypt[.-][^ ]*\)$|\1|p' "/proc/$sp_web_nginx_pid/maps" 2>/dev/null | head -n 1)
    if [ -z "$library" ]; then
        set +f
        sp_web_first_file /lib/*/libcrypt.so.[12] /usr/lib/*/libcrypt.so.[12] /usr/lib64/libcrypt.so.[12] /lib/ld-musl-*.so.1
        set -f
        library=$sp_v
    fi
    # Whoever knows it looks for this, or (musl) tests itself with it.
    # A grep that is not GNU's sees nothing behind a NUL.
    [ -n "$library" ] && tr '\000' '\n' 2>/dev/null <"$library" | grep -qF -e '$2y$' -e '$2a$00$' || sp_scheme=sha512
}

# ---- our lines in it -----------------------------------------------------------------------------
#
# The file can be in a folder of somebody who is not root. So that nothing they do meanwhile leads root elsewhere, what
# is done is done in that folder (`cd`, and names without a path) and to files that are open: 6 is the old one, 7 the new
# one, and /proc/self/fd is a way to them that no rename changes. A rename itself follows no link.

# sp_web_hold FILE: opens it. Ends with 1 where it is not there (any more), or is not what it was looked at as.
sp_web_hold() {
    local folder="${1%/*}"
    sp_web_name=${1##*/}
    exec 6<&-
    cd -P -- "${folder:-/}" 2>/dev/null && [ "$PWD" = "${folder:-/}" ] || return 1
    [ -f "./$sp_web_name" ] && [ ! -L "./$sp_web_name" ] && { : <"./$sp_web_name"; } 2>/dev/null || return 1
    exec 6<"./$sp_web_name"
    # A device, or what root alone can read, may have come in between.
    sp_web_held=$(stat -L -c '%F %u %h' /proc/self/fd/6)
    case $sp_web_held in regular*) ;; *) return 1 ;; esac
}

# Lets go of the folder, and takes away what was not finished.
sp_tidy() {
    [ -z "${sp_web_held:-}" ] || rm -f -- "./$sp_web_name.stagepass-$sp_grant.new" "./$sp_web_name.stagepass-$sp_grant.old" 2>/dev/null || :
    sp_web_held=''
    exec 6<&-
    cd /
}

# sp_web_digest TEXT: sets sp_v to its SHA-256.
sp_web_digest() {
    sp_v=$(printf '%s' "$1" | sha256sum) || sp_v=''
    sp_v=${sp_v%% *}
}

# Looks through the file that is held. Ours is the entry right below our mark, and one of our name with the very hash
# that the record knows, wherever somebody moved it. Sets sp_web_ours (how many), sp_web_drop (the numbers of all our lines, with blanks
# around), sp_web_neat (whether it is there once, as it was made), sp_web_hash (ours, if it is as it was made),
# sp_web_places (BYTE of each of ours), sp_web_changed (our entry with another hash) and sp_web_foreign (one of our name that is not ours).
sp_web_scan() {
    local line said
    sp_web_ours=0 sp_web_drop=' ' sp_web_neat=false sp_web_hash='' sp_web_places='' sp_web_changed=false sp_web_foreign=false sp_web_marks=0
    said=$(SP_MARK="# stagepass $sp_grant" SP_FULL=$sp_mark SP_NAME=$sp_account: awk '
        BEGIN { m = ENVIRON["SP_MARK"]; full = ENVIRON["SP_FULL"]; a = ENVIRON["SP_NAME"]; off = "#" substr(a, 2) }
        { l = $0; here = at + 0; at += length($0) + 1; sub(/\r$/, "", l); below = above; above = "" }
        l == m || index(l, m " ") == 1 { above = l == full ? "neat" : "mark"; print "mark " NR; next }
        index(l, a) == 1 { h = substr(l, length(a) + 1); sub(/:.*/, "", h); print (below == "" ? "alone" : below) " " NR " " here " " h }
        below != "" && index(l, off) == 1 { print "mark " NR }' </proc/self/fd/6)
    IFS=$sp_nl
    for line in $said; do
        IFS=" $sp_tab$sp_nl"
        # shellcheck disable=SC2086
        set -- $line
        sp_web_scanned "$@"
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
    [ "$sp_web_ours:$sp_web_marks" = 1:1 ] || sp_web_neat=false
}

# sp_web_scanned mark LINE; or alone|mark|neat LINE BYTE HASH, by what stands above it.
sp_web_scanned() {
    local known=false
    if [ "$#" = 2 ] && [ "$1" = mark ]; then
        sp_web_marks=$((sp_web_marks + 1)) sp_web_drop="$sp_web_drop$2 "
        return 0
    fi
    sp_web_digest "${4:-}"
    case " $sp_rec_digests " in *" $sp_v "*) known=true ;; esac
    if [ "$1:$known" = alone:false ]; then
        sp_web_foreign=true
        return 0
    fi
    sp_web_ours=$((sp_web_ours + 1)) sp_web_drop="$sp_web_drop$2 " sp_web_places="$sp_web_places $3"
    if [ "$known" = true ]; then sp_web_hash=$4; else sp_web_changed=true; fi
    [ "$1:$known" != neat:true ] || sp_web_neat=true
}

# The file that is held without our lines; a last line without a newline stays so.
sp_web_without() {
    SP_DROP=$sp_web_drop SP_END=$1 awk '
        index(ENVIRON["SP_DROP"], " " NR " ") { next }
        { if (n++) printf "%s\n", held; held = $0; last = NR }
        END { if (n) printf "%s%s", held, last == NR && ENVIRON["SP_END"] == "none" ? "" : "\n" }' </proc/self/fd/6
}

# sp_web_wanted put|take END: the file as it is to be. By the printf of the shell: an argument is for everybody to see.
sp_web_wanted() {
    [ "$1" = take ] || printf '%s\n%s:%s\n' "$sp_mark" "$sp_account" "$sp_secret"
    sp_web_without "$2"
}

# Makes the new file as the old one is: owner, mode, ACL, label. It is open as 7, and belongs to root alone until then.
sp_web_like_old() {
    cp --attributes-only --preserve=all /proc/self/fd/6 /proc/self/fd/7 2>/dev/null || {
        # Those who lose the owner lose setuid bits, too: the mode comes last.
        chown "$(stat -L -c '%u:%g' /proc/self/fd/6)" /proc/self/fd/7 || return 1
        chmod "$(stat -L -c '%a' /proc/self/fd/6)" /proc/self/fd/7 || return 1
        ! sp_has getfacl || ! sp_has setfacl || getfacl -cnpE /proc/self/fd/6 2>/dev/null | setfacl --set-file=- /proc/self/fd/7 2>/dev/null || return 1
    }
    [ "$(stat -L -c '%u:%g:%a' /proc/self/fd/6)" = "$(stat -L -c '%u:%g:%a' /proc/self/fd/7)" ]
}

# sp_web_write put|take END: the new file, whole or not at all. Not every awk says that it could not write.
sp_web_write() {
    sp_web_like_old || return 1
    sp_web_wanted "$1" "$2" 2>/dev/null >&7 || return 1
    sp_web_wanted "$1" "$2" | cmp -s - /proc/self/fd/7 || return 1
    sync /proc/self/fd/7 2>/dev/null || :
}

sp_web_sum() { cksum </proc/self/fd/6; }

# sp_web_edit put|take FILE: with or without our lines. htpasswd(1) writes into the file without a lock: what was changed
# meanwhile is the start of another try. Ends with 1 where there is no such file, 2 where no new one could be written,
# 3 where it may not be replaced, 4 where it changes all the time, 5 where the time is over, 6 where it is not what it
# was a moment ago (sp_unfit_why).
sp_web_edit() {
    local new old end sum tries=0 written=4
    while [ "$tries" -lt 8 ]; do
        tries=$((tries + 1))
        sp_web_hold "$2" || return 1
        new=./$sp_web_name.stagepass-$sp_grant.new old=./$sp_web_name.stagepass-$sp_grant.old
        sum=$(sp_web_sum)
        sp_web_scan
        rm -f -- "$new" "$old" 2>/dev/null || :
        case $1 in
            put)
                [ "$sp_web_neat:$sp_web_hash" != "true:$sp_secret" ] || return 0
                sp_web_held_fit || return 6
                ;;
            take) [ "$sp_web_drop" != ' ' ] || return 0 ;;
        esac
        end=newline
        case $(tail -c 1 </proc/self/fd/6; printf x) in "${sp_nl}x") ;; *) end=none ;; esac
        written=0
        # Made anew, and never what somebody put there.
        set -C
        { sp_web_write "$1" "$end" 7>"$new"; } 2>/dev/null || written=2
        set +C
        [ "$written" = 0 ] || break
        if [ "$1" = put ] && sp_late; then
            written=5
            break
        fi
        # shellcheck disable=SC3013 # every sh named above has -ef
        if ! [ "./$sp_web_name" -ef /proc/self/fd/6 ] || [ "$(sp_web_sum)" != "$sum" ]; then
            written=4
            continue
        fi
        ln -- "./$sp_web_name" "$old" 2>/dev/null || :
        mv -fT -- "$new" "./$sp_web_name" 2>/dev/null || {
            written=3
            break
        }
        # Written into between the look and the rename: theirs goes back, and ours is done again on top of it.
        if [ "$(sp_web_sum)" = "$sum" ] || ! mv -fT -- "$old" "./$sp_web_name" 2>/dev/null; then
            rm -f -- "$old"
            sp_settle "./$sp_web_name" .
            return 0
        fi
        written=4
    done
    rm -f -- "$new" "$old" 2>/dev/null || :
    return "$written"
}

# sp_web_blot FILE: makes comments of our entries, by one byte each, written in its place: that needs no room, and goes for
# every name that the file has. The lines themselves go when the file can be replaced.
sp_web_blot() {
    local at
    sp_web_hold "$1" || return 1
    sp_web_scan
    for at in $sp_web_places; do
        [ "$(dd if=/proc/self/fd/6 bs=1 skip="$at" count=$((${#sp_account} + 1)) 2>/dev/null)" = "$sp_account:" ] || return 1
        printf '#' | dd of=/proc/self/fd/6 bs=1 seek="$at" conv=notrunc 2>/dev/null || return 1
    done
    sp_settle "./$sp_web_name"
    sp_web_scan
    [ "$sp_web_ours" = 0 ]
}

# ---- the record ----------------------------------------------------------------------------------

# Sets sp_recorded, sp_rec_file, sp_rec_name, and sp_rec_digests: of every hash this grant ever had, so that an open
# that is cut off while it sets another one leaves none that nobody knows.
sp_web_read_record() {
    local line provider=''
    sp_recorded=0 sp_rec_file='' sp_rec_name='' sp_rec_digests=''
    [ -d "$sp_record" ] || return 0
    sp_recorded=1
    if [ -r "$sp_record/record" ]; then
        while IFS= read -r line; do
            case $line in
                provider=*) provider=${line#*=} ;;
                account=*) sp_rec_name=${line#*=} ;;
                file=*) sp_rec_file=${line#*=} ;;
                digest=*) sp_rec_digests="$sp_rec_digests ${line#*=}" ;;
            esac
        done <"$sp_record/record"
        [ "$provider" = web-password ] || sp_refuse record-foreign "The record in $sp_record is of another kind of access with the same id."
    fi
}

# What is to be made, before it is made.
sp_web_write_record() {
    local text digest
    text="provider=web-password${sp_nl}account=$sp_account${sp_nl}tag=$sp_tag${sp_nl}file=$sp_file$sp_nl"
    for digest in $sp_rec_digests; do text="${text}digest=$digest$sp_nl"; done
    mkdir -p -- "$sp_record" 2>/dev/null && chmod 711 -- "$sp_state" && sp_put "$sp_record/record" 600 "$text" || return 1
    # It is to be there after a power cut if anything of what it names is.
    sp_settle "$sp_record/record" "$sp_record" "$sp_state"
}

# The failsafe is the last to go: what is cut off before is done again by it.
sp_web_forget() {
    [ ! -d "$sp_record" ] || sp_settle "$sp_state/result.$sp_grant" "$sp_state" "$sp_record"
    sp_failsafe_remove || { sp_changed=1 && return 0; }
    # Asked to go is not gone.
    sp_failsafe_absent || { sp_changed=1 && return 0; }
    [ ! -d "$sp_record" ] || sp_drop "$sp_record"
}

# sp_web_refuse_new ID SENTENCE: before anybody can get in. What was there of this grant before stays.
sp_web_refuse_new() {
    [ "$sp_web_was" = 1 ] || sp_web_forget
    sp_refuse "$1" "$2"
}

# ---- detect --------------------------------------------------------------------------------------

sp_detect() {
    sp_check_inputs
    sp_mark="# stagepass $sp_grant${sp_tag:+ $sp_tag}" sp_rec_digests=''
    sp_web_say_server
    [ -z "$sp_path" ] || sp_bool path_exists [ -d "$sp_path" ]
    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_failsafe_plan
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    if [ "$sp_uid" != 0 ]; then
        sp_say web_server none
        sp_unfit_id=not-root sp_unfit_why='Changing the password file needs root, and the login of stagepass is not root here.'
    else
        sp_web_find
        sp_web_taken
        sp_web_say_site
    fi
    sp_bool supported [ -z "$sp_unfit_id" ]
    if [ -n "$sp_unfit_id" ]; then
        sp_say reason_id "$sp_unfit_id"
        sp_say reason "$sp_unfit_why"
    fi
    sp_flush
}

# What any provider says of the server and its clock.
sp_web_say_server() {
    sp_whoami
    sp_os
    sp_say os_id "$sp_id"
    sp_say os_version "$sp_version"
    sp_say kernel "$(uname -r)"
    sp_host=$(uname -n)
    sp_fqdn "$sp_host"
    sp_say hostname "$sp_host"
    sp_say fqdn "$sp_fq"
    sp_say uid "$sp_uid"
    sp_t=$(date +'%s %Z %z')
    sp_say clock "${sp_t%% *}"
    sp_say zone "${sp_t#* }"
    sp_bool has_systemd [ -d /run/systemd/system ]
    sp_bool has_cron sp_has crontab
    sp_bool has_flock sp_has flock
}

# Whether the name is another's in that file. Looks at it by its path: nothing is changed.
sp_web_taken() {
    sp_web_foreign=false
    [ -n "$sp_account" ] && [ -n "$sp_file" ] && [ -z "$sp_unfit_id" ] && sp_web_hold "$sp_file" || return 0
    sp_web_scan
    sp_web_held=''
    sp_tidy
    [ "$sp_web_foreign" = false ] || sp_unfit name-taken "$sp_file has a user $sp_account already, and it is not of this grant. Choose another name." || :
}

sp_web_say_site() {
    sp_web_scheme
    case " $sp_web_by " in
        *' apache '*) sp_say web_server apache ;;
        *' nginx '*) sp_say web_server nginx ;;
        *) if [ -n "$sp_web_apache" ]; then sp_say web_server apache; elif [ -n "$sp_web_nginx" ]; then sp_say web_server nginx; else sp_say web_server none; fi ;;
    esac
    sp_say password_file "${sp_file:-$sp_file_named}"
    sp_say password_file_named "$sp_file_named"
    sp_say password_file_link "$sp_linked"
    [ -n "$sp_web_files" ] || return 0
    sp_say configured_in "${sp_web_where#-}"
    sp_say_lines realm "$sp_web_realms"
    sp_say scheme "$sp_scheme"
    sp_say_lines site "$sp_web_sites"
    sp_web_shared
    sp_say_lines shared_with "$sp_web_others"
    [ -z "$sp_web_others" ] || sp_say note shared-file
    [ "$sp_linked" = false ] || sp_say note file-is-link
    # Whoever may write to the shop by another layer of the grant could change it.
    [ -z "$sp_file" ] || ! sp_web_inside "$sp_file" "$sp_real" || sp_say note file-in-shop
    case $sp_web_degree in
        above-*) sp_say note site-is-above ;;
    esac
    case $sp_web_degree in *part) sp_say note guards-part ;; esac
    [ -z "$sp_web_parts" ] || sp_say note other-part
    sp_say_lines other_part "$sp_web_parts"
    [ -n "$sp_web_runs" ] || sp_say note web-server-not-running
    case $sp_web_by in *' '*) sp_say note two-servers ;; esac
}

# Sets sp_web_others to the other sites that the same file opens, a line each: NAME FOLDER.
sp_web_shared() {
    sp_web_others=''
    [ -z "$sp_file" ] || sp_web_each sp_web_share_one
}

sp_web_share_one() {
    local real
    [ "$g_of_shop" = 0 ] || return 0
    case $g_file in
        "$sp_file" | "$sp_file_named") ;;
        *)
            real=$(readlink -f -- "$g_file" 2>/dev/null) || real=''
            [ "$real" = "$sp_file" ] || return 0
            ;;
    esac
    # The shop itself by a way through a folder above it.
    ! sp_web_inside "$sp_real" "$g_folder" || case " $sp_web_sites" in *"$g_site$sp_nl"*) return 0 ;; esac
    case $sp_nl$sp_web_others in *"$sp_nl$g_site $g_folder$sp_nl"*) ;; *) sp_web_others="$sp_web_others$g_site $g_folder$sp_nl" ;; esac
}

# ---- open and update -----------------------------------------------------------------------------

# The hash as it comes is one that a password file can hold, and that the server knows.
sp_web_hash_fit() {
    case $sp_secret in
        '') sp_refuse no-credential 'A password is to be set, and none was given.' ;;
        *[!A-Za-z0-9./\$]*) sp_refuse bad-input 'The hash of the password is not one of crypt(3).' ;;
        \$2y\$[0-9][0-9]\$?*) ;;
        \$6\$?*) ;;
        *) sp_refuse bad-input 'The password was not hashed, or in a way that is not known here ($2y$ and $6$ are).' ;;
    esac
    unset -f printf 2>/dev/null || :
    case $(type printf) in
        *builtin*) ;;
        *) sp_refuse shell-unfit 'This shell has no printf of its own, so a password would show in the list of processes.' ;;
    esac
    sp_has sha256sum || sp_refuse no-sha256sum 'This server has no sha256sum program, by which the user is known again. Install coreutils.'
}

sp_open() {
    sp_web_inputs
    sp_fence
    sp_web_hash_fit
    sp_web_lock
    sp_tools
    sp_not_ended "$sp_state/ended."
    # The lock may have been waited for.
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_web_read_record
    sp_web_was=$sp_recorded
    sp_web_find
    sp_web_taken
    [ -z "$sp_unfit_id" ] || sp_refuse "$sp_unfit_id" "$sp_unfit_why"
    if [ -n "$sp_rec_file" ] && [ "$sp_rec_file" != "$sp_file" ]; then
        sp_refuse password-file-moved "This grant was begun in $sp_rec_file, and the site takes passwords from $sp_file now. Close it first."
    fi
    sp_web_scheme
    case $sp_scheme:$sp_secret in
        sha512:\$2*) sp_refuse hash-not-known 'The web server asks the crypt(3) of this server, which does not know bcrypt. A hash of SHA-512 ($6$) is needed.' ;;
    esac
    sp_result_purge
    [ "$sp_recorded" = 1 ] || sp_result_drop
    sp_web_digest "$sp_secret"
    case " $sp_rec_digests " in *" $sp_v "*) ;; *) sp_rec_digests="$sp_rec_digests $sp_v" ;; esac
    sp_web_write_record || sp_web_refuse_new no-room "Nothing can be written to $sp_state (a full or read-only disk)."
    sp_failsafe_install || sp_web_refuse_new no-room 'The failsafe could not be written (a full or read-only disk).'
    # Where nothing starts it, somebody may.
    [ "$sp_failsafe" != none ] || sp_failsafe_write || sp_web_refuse_new no-room 'The failsafe could not be written (a full disk).'
    sp_settle
    # Until here nobody can log in.
    sp_web_put
    sp_web_say_made
    sp_flush
}

# The entry, as the last step.
sp_web_put() {
    local ended=0
    sp_web_edit put "$sp_file" || ended=$?
    case $ended in
        0) ;;
        1) sp_web_refuse_new no-password-file "$sp_file is not there any more." ;;
        2) sp_web_refuse_new no-room "A new $sp_file could not be written (a full disk, or attributes that cannot be kept); the old one is as it was." ;;
        3) sp_web_refuse_new read-only "$sp_file cannot be replaced (a read-only or protected file system)." ;;
        5) sp_web_refuse_new "$sp_late_id" "$sp_late_why" ;;
        6) sp_web_refuse_new "$sp_unfit_id" "$sp_unfit_why" ;;
        *) sp_web_refuse_new password-file-busy "$sp_file changed eight times while it was being edited. Try again." ;;
    esac
    sp_changed=1
}

sp_web_say_made() {
    sp_say account "$sp_account"
    sp_say password_file "$sp_file"
    sp_say password_file_link "$sp_linked"
    sp_say web_server "${sp_web_by%% *}"
    sp_say_lines realm "$sp_web_realms"
    sp_say_lines site "$sp_web_sites"
    sp_web_shared
    sp_say_lines shared_with "$sp_web_others"
    sp_say shop_path "$sp_real"
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
}

# The failsafe reads the new end from a file, and fires in vain where it is early. An entry that lost its mark gets it back; one
# that is gone cannot be made again without the hash, which is nowhere else.
sp_update() {
    sp_web_inputs
    sp_fence
    sp_web_lock
    sp_web_read_record
    [ -n "$sp_rec_file" ] || sp_refuse record-missing "There is no record of this grant in $sp_record."
    sp_web_find
    [ -z "$sp_unfit_id" ] || sp_refuse "$sp_unfit_id" "$sp_unfit_why"
    [ "$sp_file" = "$sp_rec_file" ] || sp_refuse password-file-moved "The site takes passwords from $sp_file now, and the user is in $sp_rec_file. Take it away and grant it again."
    sp_web_hold "$sp_file" || sp_refuse no-password-file "$sp_file is not there any more."
    sp_web_scan
    [ -n "$sp_web_hash" ] || sp_refuse entry-absent "The user $sp_account is not in $sp_file any more as it was made. Take it away and grant it again."
    ! sp_late || sp_refuse "$sp_late_id" "$sp_late_why"
    sp_secret=$sp_web_hash sp_web_was=1
    sp_web_put
    sp_secret=''
    sp_tidy
    sp_ends_write || sp_fail no-room 'The new end could not be written (a full or read-only disk).'
    sp_failsafe_install || sp_fail no-room 'The failsafe could not be written (a full or read-only disk).'
    sp_settle
    sp_say account "$sp_account"
    sp_say password_file "$sp_file"
    sp_say failsafe "$sp_failsafe"
    sp_say failsafe_reason "$sp_failsafe_why"
    sp_flush
}

# ---- check ---------------------------------------------------------------------------------------

sp_check() {
    sp_web_inputs
    sp_web_read_record
    sp_web_find
    sp_web_foreign=false sp_web_ours=0 sp_web_changed=false sp_web_neat=false
    if sp_web_hold "${sp_rec_file:-${sp_file:-/}}"; then sp_web_scan; fi
    sp_web_held=''
    sp_tidy
    sp_say account "$sp_account"
    sp_bool present [ "$sp_web_ours" != 0 ]
    sp_bool foreign [ "$sp_web_foreign:$sp_web_ours" = true:0 ]
    sp_bool recorded [ "$sp_recorded" = 1 ]
    sp_say entry_matches "$sp_web_neat"
    sp_say password_file "${sp_rec_file:-$sp_file}"
    # Another one by now, or none that can be used, and then why.
    sp_say password_file_now "$sp_file"
    sp_bool guards_shop [ -n "$sp_file" -a "$sp_file" = "${sp_rec_file:-$sp_file}" ]
    sp_path_now
    sp_say path_now "$sp_now_at"
    sp_bool failsafe_present sp_failsafe_present
    sp_ends_read
    sp_now=$(date +%s)
    sp_bool expired [ "$sp_recorded" = 1 -a "$sp_now" -ge "$sp_end_hard" ]
    sp_say sessions 0
    if [ -n "$sp_unfit_id" ]; then
        sp_say reason_id "$sp_unfit_id"
        sp_say reason "$sp_unfit_why"
    fi
    sp_flush
}

# ---- close ---------------------------------------------------------------------------------------

# sp_web_take_all FILE...: our lines out of each of these. What is a link is followed as at open, and where that may not be, said.
sp_web_take_all() {
    local one
    for one; do
        case $one in /*) ;; *) continue ;; esac
        [ -e "$one" ] || continue
        sp_unfit_id='' sp_unfit_why=''
        if ! sp_web_resolve "$one" || { [ "$sp_linked" = true ] && ! sp_web_way_fit "${sp_file%/*}"; }; then
            sp_web_unsafe=$one
            continue
        fi
        case $sp_nl$sp_web_done in *"$sp_nl$sp_file$sp_nl"*) continue ;; esac
        sp_web_done=$sp_web_done$sp_file$sp_nl
        sp_web_take "$sp_file"
        sp_web_entries=$((sp_web_entries + sp_web_ours))
        sp_tidy
    done
}

# sp_web_take FILE: adds to sp_web_had (how many entries of ours there were), and leaves sp_web_ours (how many there are).
sp_web_take() {
    local ended=0 links
    sp_web_ours=0
    sp_web_hold "$1" || return 0
    sp_web_scan
    sp_web_had=$((sp_web_had + sp_web_ours))
    [ "$sp_web_changed" = false ] || sp_web_any_changed=true
    [ "$sp_web_drop" != ' ' ] || { sp_web_note_foreign && return 0; }
    sp_changed=1
    links=${sp_web_held##* }
    # The other names of a file keep what is in it.
    [ "$links" = 1 ] || sp_web_blot "$1" || :
    sp_web_edit take "$1" || ended=$?
    [ "$ended" = 0 ] || [ "$ended" = 1 ] || sp_web_blot "$1" || :
    # What is said from here on was read again.
    sp_web_ours=0
    ! sp_web_hold "$1" || sp_web_scan
    sp_web_note_foreign
    [ "$sp_web_drop" = ' ' ] || sp_web_left=$1
}

sp_web_note_foreign() { [ "$sp_web_foreign" = false ] || sp_web_any_foreign=true; }

sp_close() {
    sp_web_inputs
    sp_web_lock
    sp_tools
    sp_result_purge
    # An extension may have come while the lock was waited for.
    [ "$sp_by_server" = 0 ] || sp_still_due || exit 0
    sp_web_read_record
    # What cannot be taken away now is tried again by the server itself.
    sp_ends_now || :
    sp_web_had=0 sp_web_any_changed=false sp_web_any_foreign=false sp_web_left='' sp_web_entries=0 sp_web_done='' sp_web_unsafe=''
    sp_web_take_all "$sp_rec_file"
    # And from what guards the shop by now, where somebody took our lines along.
    sp_web_look
    sp_web_pick
    IFS=$sp_nl
    # shellcheck disable=SC2086
    set -- $sp_web_files
    IFS=" $sp_tab$sp_nl"
    sp_web_take_all "$@"
    if [ "$sp_recorded:$sp_web_had" = 0:0 ] && sp_result_there; then
        sp_web_close_again
    else
        sp_web_close_report
    fi
}

# The close before this one got to its end, or nearly: what it said is said again.
sp_web_close_again() {
    sp_web_close_note false
    sp_say already_absent true
    sp_say foreign "$sp_web_any_foreign"
    sp_say result_kept true
    sp_result_replay
    sp_web_forget
    sp_failsafe_absent || sp_fail failsafe-left "${sp_cron_why:-The failsafe is still there.}"
    sp_flush
}

# sp_web_close_note NOTHING_WAS_MADE
sp_web_close_note() {
    sp_note_ended "$sp_state/ended." "$1"
    # An open that had begun was waited for, one that has not will be turned away.
    sp_bool late_open_refused [ "$1" = false -o "$sp_not_after" != 0 ]
}

sp_web_close_report() {
    local nothing=false at=0 kept=false
    [ "$sp_recorded:$sp_web_had" != 0:0 ] || nothing=true
    sp_web_close_note "$nothing"
    sp_bool already_absent [ "$sp_web_had" = 0 ]
    sp_say foreign "$sp_web_any_foreign"
    sp_say entry_changed "$sp_web_any_changed"
    sp_say password_file "${sp_rec_file:-${sp_web_done%%"$sp_nl"*}}"
    sp_bool entry_absent [ "$sp_web_entries" = 0 ]
    [ "$sp_web_entries" = 0 ] || sp_fail entry-left "The user $sp_account is still in $sp_web_left, which could not be changed (a read-only or protected file system)."
    [ -z "$sp_web_left" ] || sp_fail lines-left "The user $sp_account cannot log in any more; its lines stay in $sp_web_left as comments until that can be written anew (a full disk?)."
    [ -z "$sp_web_unsafe" ] || sp_fail link-unsafe "$sp_web_unsafe leads over a link by now, from or to a folder where others may write; it was not followed. Look whether $sp_account is in what it leads to."
    sp_say failsafe_absent true
    sp_bool by_server [ "$sp_by_server" = 1 ]
    [ "$sp_by_server" = 0 ] || at=$(date +%s)
    sp_say server_closed_at "$at"
    # Reached only when everything was read again as gone. The failsafe goes last; if it does not go, that is said instead.
    sp_say absent true
    if [ "$nothing" = false ] && [ "$sp_recorded" = 1 ]; then
        if sp_result_write; then
            kept=true
        elif [ "$sp_by_server" = 1 ]; then
            sp_fail no-room 'What was found could not be written down (a full disk).'
        fi
    fi
    sp_say result_kept "$kept"
    sp_web_forget
    if ! sp_failsafe_absent; then
        sp_out=$(printf '%s' "$sp_out" | sed 's/^failsafe_absent=true$/failsafe_absent=false/')$sp_nl
        sp_fail failsafe-left "${sp_cron_why:-The failsafe is still there.}"
    fi
    sp_flush
}

# What the client has written down by now goes, and what nobody asked for in a long time; nothing else changes.
sp_collected() {
    sp_web_inputs
    sp_web_lock
    sp_result_purge
    sp_result_drop
    sp_bool result_kept sp_result_there
    sp_flush
}

# ---- marks ---------------------------------------------------------------------------------------

# What this provider made on this server, whatever the grant: KIND GRANT ACCOUNT TAG KEY DETAIL, where KIND is entry, record,
# result, unit or cron. An entry is looked for in every password file of the configuration, and of a record.
sp_marks() {
    local one grant
    sp_web_inputs
    sp_web_look
    sp_web_files=''
    set +f
    set -- "$sp_state"/*/record
    set -f
    for one; do
        grep -qsx 'provider=web-password' "$one" || continue
        grant=${one%/record}
        grant=${grant##*/}
        sp_web_mark_record "$grant" "$one"
    done
    set +f
    set -- "$sp_state"/result.*
    set -f
    for one; do
        ! grep -qs '^entry_absent=' "$one" || sp_web_mark result "${one##*/result.}" - - "$one"
    done
    sp_web_each sp_web_mark_file
    IFS=$sp_nl
    for one in $sp_web_files; do
        IFS=" $sp_tab$sp_nl"
        sp_web_mark_entries "$one"
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
    sp_flush
}

# sp_web_mark KIND GRANT ACCOUNT TAG DETAIL
sp_web_mark() {
    case $2 in '' | *[!0-9a-z]*) return 0 ;; esac
    sp_say mark "$1 $2 ${3:--} ${4:--} - $5"
}

sp_web_mark_record() {
    local line name='' tag='' at
    while IFS= read -r line; do
        case $line in
            account=*) name=${line#*=} ;;
            tag=*) tag=${line#*=} ;;
            file=/*) g_file=${line#*=} && sp_web_mark_file ;;
        esac
    done <"$2"
    sp_web_mark record "$1" "$name" "$tag" "${2%record}"
    for at in "$sp_units/stagepass-$1.timer" "$sp_units/stagepass-$1.service"; do
        [ ! -e "$at" ] || sp_web_mark unit "$1" "$name" "$tag" "$at"
    done
    [ ! -e "/etc/cron.d/stagepass-$1" ] || sp_web_mark cron "$1" "$name" "$tag" "/etc/cron.d/stagepass-$1"
}

sp_web_mark_file() {
    local real
    case $g_file in /*) ;; *) return 0 ;; esac
    real=$(readlink -f -- "$g_file" 2>/dev/null) || return 0
    case $sp_nl$sp_web_files in *"$sp_nl$real$sp_nl"*) ;; *) sp_web_files=$sp_web_files$real$sp_nl ;; esac
}

# sp_web_mark_entries FILE: our marks in it, with the name below each.
sp_web_mark_entries() {
    local line said
    [ -f "$1" ] && [ -r "$1" ] || return 0
    said=$(head -c 1048576 -- "$1" | tr -d '\000\r' | awk '
        above != "" { i = index($0, ":"); print above, (i > 1 && $0 ~ /^[A-Za-z0-9_]/ ? substr($0, 1, i - 1) : "-"); above = "" }
        /^# stagepass [0-9a-z]+( [0-9a-z]+)?$/ { above = $3 " " ($4 == "" ? "-" : $4) }
        END { if (above != "") print above, "-" }' | head -n 200)
    IFS=$sp_nl
    for line in $said; do
        IFS=" $sp_tab$sp_nl"
        # shellcheck disable=SC2086
        set -- "$1" $line
        sp_web_mark entry "$2" "$4" "$3" "$1"
        IFS=$sp_nl
    done
    IFS=" $sp_tab$sp_nl"
}
