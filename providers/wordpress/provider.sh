# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC3043
# A user of its own in the administration of a WordPress shop. Runs as root, and what it loads of the shop as who owns that.
#
# What is done in the shop is in wordpress.php. What stands around it is in lib/shop_user: the record in /var/lib/stagepass/<grant>
# (first thing at open, last thing away at close), the lock, and the failsafe. Here is what is WordPress's own: where the shop is, how
# it is loaded, and the file in it that ends the access.

sp_state=/var/lib/stagepass
sp_record=$sp_state/$sp_grant
sp_base=$sp_state
sp_dir=$sp_record
sp_php_told=''
sp_user_provider=wordpress

# Nobody is waited for: a page that is being answered at the deadline is answered.
sp_in_use() { return 1; }

# The verbs, which are those of every user in a shop.
sp_open() { sp_user_open; }
sp_update() { sp_user_update; }
sp_check() { sp_user_check; }
sp_close() { sp_user_close; }
sp_collected() { sp_user_collected; }
sp_marks() { sp_user_marks; }

# sp_site_tell VERB: what every verb is told.
sp_site_tell() {
    sp_php_tell verb "$1" grant "$sp_grant" tag "$sp_tag" account "$sp_account" root "$sp_site_root" config "$sp_site_config" layout "$sp_wp_layout" \
        host "$sp_wp_host" uri "${sp_wp_uri%/}" https "$sp_wp_https" bare "${sp_wp_bare:-0}" deadline "${sp_user_until:-0}" user_id "$sp_rec_user" \
        administrators "$sp_rec_admins"
}

# Not where the database is a file of the shop's.
sp_site_nobody_may() {
    local content
    for content in "$sp_site_root/wp-content" "${sp_site_root%/*}/app" $(sed -n "s/^[^#]*'WP_CONTENT_DIR', *'\([A-Za-z0-9_./-]*\)'.*/\1/p" "$sp_site_config" 2>/dev/null | head -n 1); do
        [ ! -e "$content/db.php" ] || return 1
    done
}

# Where the database cannot be asked without the shop, the shop has to do.
sp_site_ask_otherwise() {
    sp_php_tell by shop
    sp_wp_load "$1"
}

# sp_wp_load VERB: the same for what loads the shop; once more without its plugins where one of them cannot be loaded here.
sp_wp_load() {
    local told="$sp_php_told"
    sp_wp_bare=0
    sp_site_tell "$1"
    sp_php_run "$sp_site_owner"
    sp_php_value died
    [ -n "$sp_v" ] || [ -z "$sp_php_end" ] || return 0
    sp_wp_died=$sp_v sp_wp_bare=1 sp_php_told=$told
    sp_site_tell "$1"
    sp_php_run "$sp_site_owner"
    sp_wp_bare=0
}
