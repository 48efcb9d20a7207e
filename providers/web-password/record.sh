# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# The record.

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
