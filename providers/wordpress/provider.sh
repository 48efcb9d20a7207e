# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# A user of its own in the administration of a WordPress shop. Runs as root, and what it loads of the shop as who owns that.
#
# What is done in the shop is in wordpress.php. What stands around it is in lib/shop_user: the record in /var/lib/stagepass/<grant>
# (first thing at open, last thing away at close), the lock, the failsafe, and what is compared at the end. Here is what is
# WordPress's own: where the shop is, how it is loaded, and the file in it that ends the access.

sp_state=/var/lib/stagepass
sp_record=$sp_state/$sp_grant
sp_base=$sp_state
sp_dir=$sp_record
sp_php_told=''
sp_user_provider=wordpress
sp_user_software=WordPress

# Nobody is waited for: a page that is being answered at the deadline is answered.
sp_in_use() { return 1; }

# The verbs, which are those of every user in a shop, each with the parts of the program that it needs.
sp_detect() {
    sp_php_with=sp_wp_program_signals
    sp_user_detect
}
sp_open() {
    sp_php_with='sp_wp_program_making sp_wp_program_state'
    sp_user_open
}
sp_update() {
    sp_php_with=sp_wp_program_making
    sp_user_update
}
sp_check() { sp_user_check; }
sp_close() {
    sp_php_with='sp_wp_program_ending sp_wp_program_state'
    sp_user_close
}
sp_collected() { sp_user_collected; }
sp_marks() { sp_user_marks; }

sp_site_tell() {
    sp_php_tell layout "$sp_wp_layout" host "$sp_wp_host" uri "${sp_wp_uri%/}" https "$sp_wp_https" bare "${sp_wp_bare:-0}" uses_from "$sp_uses_from"
    sp_wp_keeps_copies || sp_php_tell content "$sp_rec_content"
}

# Whether the shop may keep copies of its rows, or has a database of another kind; and where that cannot be looked at.
sp_wp_keeps_copies() {
    [ -n "$sp_rec_content" ] || return 0
    [ -e "$sp_rec_content/object-cache.php" ] || [ -e "$sp_rec_content/db.php" ]
}

# A database of another kind is a file of the owner's.
sp_site_nobody_may() { ! sp_wp_has_drop_in; }

# Where the database cannot be asked without the shop, the shop has to do.
sp_site_ask_otherwise() { sp_wp_load "$1"; }

# sp_wp_load VERB: by the shop, which is loaded; once more without its plugins where one of them cannot be loaded here.
sp_wp_load() {
    local told
    sp_php_tell by shop
    told=$sp_php_told sp_wp_bare=0
    sp_user_tell "$1"
    sp_php_run "$sp_site_owner"
    sp_php_value died
    [ -n "$sp_v" ] || [ -z "$sp_php_end" ] || return 0
    sp_wp_died=$sp_v
    sp_user_tried
    sp_wp_bare=1 sp_php_told=$told
    sp_user_tell "$1"
    sp_php_run "$sp_site_owner"
    sp_wp_bare=0
}

# The shop could not be loaded, and said so.
sp_site_untouched() {
    sp_php_value died
    [ "$sp_php_end" = 20 ] && [ -n "$sp_v" ] && ! sp_php_is began
}

sp_site_state() { sp_user_state "$1"; }
