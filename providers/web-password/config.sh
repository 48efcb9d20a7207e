# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# What is configured.
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
