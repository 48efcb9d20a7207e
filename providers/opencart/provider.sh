# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# A user of its own in the administration of an OpenCart shop. Runs as root, and asks the database as nobody.
#
# What is done in the shop's database is in opencart.php; nothing of the shop is run. What stands around it is in lib/shop_user: the
# record in /var/lib/stagepass/<grant> (first thing at open, last thing away at close), the lock, and the failsafe. Here is what is
# OpenCart's own: where the shop is, and sessions in files.

sp_state=/var/lib/stagepass
sp_record=$sp_state/$sp_grant
sp_base=$sp_state
sp_dir=$sp_record
sp_php_told=''
sp_user_provider=opencart
sp_user_software=OpenCart

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

# What ends the access deletes the user as well, but where whoever owns its sessions has to end them in between.
sp_site_tell() {
    sp_php_tell administrators "$sp_rec_admins" rights "$sp_rec_rights"
    [ "$sp_oc_engine" = file ] || sp_php_tell whole 1
}
