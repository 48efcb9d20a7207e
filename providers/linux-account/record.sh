# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# The record.

sp_read_record() {
    sp_recorded=0 sp_rec_name='' sp_rec_uid='' sp_rec_gid='' sp_rec_home='' sp_rec_keys='' sp_rec_dir=''
    sp_rec_path='' sp_rec_owner='' sp_rec_perm='' sp_rec_through='' sp_rec_mail=0 sp_rec_group='' sp_rec_password=1
    sp_rec_subs='' sp_kind='' sp_rec_gate=false sp_rec_confined=false sp_rec_door=none
    [ -d "$sp_record" ] || return 0
    sp_recorded=1
    [ -r "$sp_record/record" ] || return 0
    while IFS= read -r sp_l; do
        sp_v=${sp_l#*=}
        case $sp_l in
            account=*) sp_rec_name=$sp_v ;;
            uid=*) sp_rec_uid=$sp_v ;;
            gid=*) sp_rec_gid=$sp_v ;;
            home=*) sp_rec_home=$sp_v ;;
            keys=*) sp_rec_keys=$sp_v ;;
            keys_dir=*) sp_rec_dir=$sp_v ;;
            path=*) sp_rec_path=$sp_v ;;
            owner=*) sp_rec_owner=$sp_v ;;
            perm=*) sp_rec_perm=$sp_v ;;
            group=*) sp_rec_group=$sp_v ;;
            subuid=*) sp_rec_subs="$sp_rec_subs $sp_v" ;;
            mail=*) sp_rec_mail=$sp_v ;;
            password=*) sp_rec_password=$sp_v ;;
            kind=*) sp_kind=$sp_v ;;
            gate=*) sp_rec_gate=$sp_v ;;
            confined=*) sp_rec_confined=$sp_v ;;
            door=*) sp_rec_door=$sp_v ;;
            # The failsafe was written before there was one.
            digest=*) sp_baseline_digest=${sp_baseline_digest:-$sp_v} ;;
            through=*) sp_rec_through=$sp_rec_through$sp_v$sp_nl ;;
        esac
    done <"$sp_record/record"
}

# sp_note KEY VALUE: one more line of the record; the last one counts.
sp_note() { printf '%s=%s\n' "$1" "$2" >>"$sp_record/record"; }

# sp_renote KEY OLD NEW: the same, where there is something new.
sp_renote() { [ "$2" = "$3" ] || sp_note "$1" "$3"; }
