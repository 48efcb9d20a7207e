# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# A user of its own in the administration of a Magento 2 shop. Runs as root, and asks the database as nobody.
#
# What is done in the shop's database is in magento.php. What stands around it is in lib/shop_user: the record in
# /var/lib/stagepass/<grant> (first thing at open, last thing away at close), the lock, the failsafe, and what is compared at the end.
# Here is what is Magento's own: where the shop is, and the copy that it keeps of who may do what, of which the shop itself has to be told.

sp_state=/var/lib/stagepass
sp_record=$sp_state/$sp_grant
sp_base=$sp_state
sp_dir=$sp_record
sp_php_told=''
sp_user_provider=magento
sp_user_software=Magento

# Nobody is waited for: a page that is being answered at the deadline is answered.
sp_in_use() { return 1; }

# The verbs, which are those of every user in a shop.
sp_detect() { sp_user_detect; }
sp_open() { sp_user_open; }
sp_update() { sp_user_update; }
sp_check() { sp_user_check; }
sp_close() { sp_user_close; }
sp_collected() { sp_user_collected; }
sp_marks() { sp_user_marks; }

sp_site_tell() {
    sp_php_tell administrators "$sp_rec_admins" rights "$sp_rec_rights" deadline "${sp_user_until:-0}"
    # What the settings say of modules is long, and asked for by these alone.
    case $1 in facts | open | update | gone) sp_php_tell modules "$sp_mg_modules" maintenance "$sp_mg_closed" ;; esac
}

# sp_mg_load VERB SECONDS: as who owns the shop, who loads it for this. A shop whose caches are empty takes its time.
sp_mg_load() {
    sp_user_tell "$1"
    sp_php_seconds=$2
    sp_php_run "$sp_site_owner"
    sp_php_seconds=20
}

# The shop could not be loaded, and said so.
sp_site_untouched() {
    sp_php_value died
    [ "$sp_php_end" = 20 ] && [ -n "$sp_v" ] && ! sp_php_is loaded
}

sp_site_state() { sp_user_state "$1"; }
