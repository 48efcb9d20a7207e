# What the manifest and the script tell to people. The other values of the same reply can be put in.
needs-shop = which shop is meant is found by the folder that it is in
# What the plan says is made.
plan = one user in the administration of { $home } (WordPress { $version }), at { $login_url }

# By the ids that the script says with `note`.
note-no-guard = nothing can be written beside the plugins of the shop: after the deadline only the server's failsafe and stagepass itself end the access, and no file in the shop refuses it
note-object-cache = the shop keeps what it read of a user in a cache of its own: where that cache is not shared with the command line, an open session can go on for as long as the cache keeps it
note-settings = WooCommerce is not there: the user may see and change the settings of the shop, and nothing that would give it more rights
note-plugin-dies = the shop cannot be loaded on the command line with its plugins (it ends at { $died }): it is loaded without them
note-not-direct = the database cannot be read without the shop ({ $direct_why }): what is said at the end is what the shop says of itself

# How an open grant is not as it was made.
drift-role-changed = the user `{ $account }` has other roles in the shop than it was made with: { $role }
drift-unmarked = the mark of the grant is gone from the user `{ $account }` of the shop
drift-guard-changed = the file that ends the access in the shop is gone, or was changed

# What is left of one that should be gone.
there-record = root's record of the grant

# What is to be known of an end.
note-keys-ended = the user had made keys, application passwords or webhooks ({ $keys_ended }); they are gone
note-role-changed = the user had other roles in the shop than it was made with
note-handed-over = what the user wrote in the shop belongs to an administrator now: { $line } (how many things, whose)
note-reread-by-shop = that the user is gone is what the shop says: its database could not be read without it
