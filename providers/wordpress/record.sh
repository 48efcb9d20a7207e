# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# The record.

# Sets sp_recorded and sp_rec_*: what was made, where, and by whom the shop is loaded.
sp_wp_read_record() {
    local line provider=''
    sp_recorded=0 sp_rec_root='' sp_rec_user='' sp_rec_guard='' sp_rec_guard_made=0 sp_rec_guard_digest='' sp_rec_database='' sp_rec_config='' sp_rec_php=''
    [ -d "$sp_record" ] || return 0
    sp_recorded=1
    [ -r "$sp_record/record" ] || return 0
    while IFS= read -r line; do
        case $line in
            provider=*) provider=${line#*=} ;;
            root=*) sp_rec_root=${line#*=} ;;
            user=*) sp_rec_user=${line#*=} ;;
            guard=*) sp_rec_guard=${line#*=} ;;
            guard_made=*) sp_rec_guard_made=${line#*=} ;;
            guard_digest=*) sp_rec_guard_digest=${line#*=} ;;
            config=*) sp_rec_config=${line#*=} ;;
            php=*) sp_rec_php=${line#*=} ;;
            database=*) sp_rec_database=${line#*=} ;;
        esac
    done <"$sp_record/record"
    [ "$provider" = wordpress ] || sp_refuse record-foreign "The record in $sp_record is of another kind of access with the same id."
    case $sp_rec_user in *[!0-9]*) sp_rec_user='' ;; esac
}

# What is to be made, before it is made; and once more with the number that the user was given, and with what the file in the shop is:
# by that it is known for ours when files are compared.
sp_wp_write_record() {
    mkdir -p -- "$sp_record" 2>/dev/null && chmod 711 -- "$sp_state" && sp_put "$sp_record/record" 600 "provider=wordpress
account=$sp_account
tag=$sp_tag
root=$sp_wp_root
user=$sp_rec_user
guard=$sp_rec_guard
guard_made=$sp_rec_guard_made
guard_digest=$sp_rec_guard_digest
config=$sp_rec_config
php=$sp_php
database=$sp_rec_database
" || return 1
    # It is to be there after a power cut if anything of what it names is.
    sp_settle "$sp_record/record" "$sp_record" "$sp_state"
}

# The failsafe is the last to go: what is cut off before is done again by it.
sp_wp_forget() {
    [ ! -d "$sp_record" ] || sp_settle "$sp_state/result.$sp_grant" "$sp_state" "$sp_record"
    sp_failsafe_remove || { sp_changed=1 && return 0; }
    # Asked to go is not gone.
    sp_failsafe_absent || { sp_changed=1 && return 0; }
    [ ! -d "$sp_record" ] || sp_drop "$sp_record"
}

# sp_wp_refuse_new ID SENTENCE: before anybody can get in. What was there of this grant before stays.
sp_wp_refuse_new() {
    [ "$sp_wp_was" = 1 ] || sp_wp_forget
    sp_refuse "$1" "$2"
}
