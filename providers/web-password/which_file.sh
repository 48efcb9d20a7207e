# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# Which file is the shop's.

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
