# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# A user of its own in the back office of a PrestaShop. Runs as root, and asks the database as nobody.
#
# What is done in the shop's database is in prestashop.php; nothing of the shop is run. What stands around it is in lib/shop_user: the
# record in /var/lib/stagepass/<grant> (first thing at open, last thing away at close), the lock, and the failsafe. Here is what is
# PrestaShop's own: where the shop is, what its back office is called, and which settings count. Run on 1.7.6.7, 1.7.8.10 and 8.2.0.

sp_state=/var/lib/stagepass
sp_record=$sp_state/$sp_grant
sp_base=$sp_state
sp_dir=$sp_record
sp_php_told=''
sp_user_provider=prestashop
sp_user_software=PrestaShop

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
    sp_php_tell admin "$sp_ps_admin" debug "$sp_ps_debug" cached_prod "$sp_ps_cached_prod" cached_dev "$sp_ps_cached_dev" administrators "$sp_rec_admins" rights "$sp_rec_rights" uses_from "$sp_uses_from"
}

sp_site_state() { sp_user_state "$1"; }
