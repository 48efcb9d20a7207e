# shellcheck shell=sh disable=SC2034,SC2154,SC3043
# What the record of a user in PrestaShop has beside those of others: a digest of what its profile may do.

# sp_site_record_line LINE: an empty one begins a record.
sp_site_record_line() {
    case $1 in
        '') sp_rec_rights='' ;;
        rights=*) sp_rec_rights=${1#*=} ;;
    esac
    case $sp_rec_rights in *[!0-9a-f]*) sp_rec_rights='' ;; esac
}

sp_site_record() { sp_v="rights=$sp_rec_rights$sp_nl"; }

# Nothing of a grant is in the shop but its rows.
sp_site_mark_record() { :; }
