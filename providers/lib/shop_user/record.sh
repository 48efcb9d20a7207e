# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The record of a user in a shop.

# Sets sp_recorded and sp_rec_*: what was made, where, and by which database.
sp_user_read_record() {
    local line provider=''
    sp_recorded=0
    sp_user_no_record
    [ -d "$sp_record" ] || return 0
    sp_recorded=1
    [ -r "$sp_record/record" ] || return 0
    while IFS= read -r line; do
        case $line in
            provider=*) provider=${line#*=} ;;
            root=*) sp_rec_root=${line#*=} ;;
            user=*) sp_rec_user=${line#*=} ;;
            administrators=*) sp_rec_admins=${line#*=} ;;
            config=*) sp_rec_config=${line#*=} ;;
            database=*) sp_rec_database=${line#*=} ;;
            php=*) sp_rec_php=${line#*=} ;;
            *) sp_site_record_line "$line" ;;
        esac
    done <"$sp_record/record"
    [ "$provider" = "$sp_user_provider" ] || sp_refuse record-foreign "The record in $sp_record is of another kind of access with the same id."
    case $sp_rec_user in *[!0-9]*) sp_rec_user='' ;; esac
}

sp_user_no_record() {
    sp_rec_root='' sp_rec_user='' sp_rec_database='' sp_rec_config='' sp_rec_admins='' sp_rec_php=''
    sp_site_record_line ''
}

# What is to be made, before it is made; and once more with the number that the user was given, and whatever else was known only then.
sp_user_write_record() {
    sp_site_record
    [ -d "$sp_record" ] || { mkdir -p -- "$sp_record" 2>/dev/null && chmod 711 -- "$sp_state"; } || return 1
    sp_put "$sp_record/record" 600 "provider=$sp_user_provider
account=$sp_account
tag=$sp_tag
root=${sp_rec_root:-$sp_site_root}
user=$sp_rec_user
config=$sp_rec_config
php=$sp_php
database=$sp_rec_database
administrators=$sp_rec_admins
$sp_v" || return 1
    # It is to be there after a power cut if anything of what it names is.
    sp_settle "$sp_record/record" "$sp_record" "$sp_state"
}

# The failsafe is the last to go: what is cut off before is done again by it.
sp_user_forget() {
    [ ! -d "$sp_record" ] || sp_settle "$sp_state/result.$sp_grant" "$sp_state" "$sp_record"
    sp_failsafe_remove || { sp_changed=1 && return 0; }
    # Asked to go is not gone.
    sp_failsafe_absent || { sp_changed=1 && return 0; }
    [ ! -d "$sp_record" ] || sp_drop "$sp_record"
}

# sp_user_refuse_new ID SENTENCE: before anybody can get in. What was there of this grant before stays.
sp_user_refuse_new() {
    if [ "$sp_user_was" = 0 ]; then
        sp_site_unmake
        sp_user_forget
    fi
    sp_refuse "$1" "$2"
}
