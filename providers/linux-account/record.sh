# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The record.

sp_read_record() {
    local line value
    sp_recorded=0 sp_rec_name='' sp_rec_uid='' sp_rec_gid='' sp_rec_home='' sp_rec_keys='' sp_rec_dir=''
    sp_rec_path='' sp_rec_owner='' sp_rec_perm='' sp_rec_through='' sp_rec_mail=0 sp_rec_group='' sp_rec_password=1
    sp_rec_subs='' sp_kind='' sp_rec_gate=false sp_rec_confined=false sp_rec_door=none
    [ -d "$sp_record" ] || return 0
    sp_recorded=1
    [ -r "$sp_record/record" ] || return 0
    while IFS= read -r line; do
        value=${line#*=}
        case $line in
            account=*) sp_rec_name=$value ;;
            uid=*) sp_rec_uid=$value ;;
            gid=*) sp_rec_gid=$value ;;
            home=*) sp_rec_home=$value ;;
            keys=*) sp_rec_keys=$value ;;
            keys_dir=*) sp_rec_dir=$value ;;
            path=*) sp_rec_path=$value ;;
            owner=*) sp_rec_owner=$value ;;
            perm=*) sp_rec_perm=$value ;;
            group=*) sp_rec_group=$value ;;
            subuid=*) sp_rec_subs="$sp_rec_subs $value" ;;
            mail=*) sp_rec_mail=$value ;;
            password=*) sp_rec_password=$value ;;
            kind=*) sp_kind=$value ;;
            gate=*) sp_rec_gate=$value ;;
            confined=*) sp_rec_confined=$value ;;
            door=*) sp_rec_door=$value ;;
            # The failsafe was written before there was one.
            digest=*) sp_baseline_digest=${sp_baseline_digest:-$value} ;;
            through=*) sp_rec_through=$sp_rec_through$value$sp_nl ;;
        esac
    done <"$sp_record/record"
}

# sp_note KEY VALUE: one more line of the record; the last one counts.
sp_note() { printf '%s=%s\n' "$1" "$2" >>"$sp_record/record"; }

# sp_renote KEY OLD NEW: the same, where there is something new.
sp_renote() { [ "$2" = "$3" ] || sp_note "$1" "$3"; }
