# What the manifest and the script tell to people. The other values of the same reply can be put in.
needs-shop = which shop is meant is found by the folder that it is in
# What the plan says is made.
plan = one user in the administration of { $home } (Magento { $version }), at { $login_url }

# By the ids that the script says with `note`.
note-no-guard = this Magento knows no end of a user: after the deadline only the server's failsafe and stagepass itself end the access

# How an open grant is not as it was made.
drift-role-changed = the role of the user `{ $account }` may do other things in the shop than it was made with
drift-unmarked = the user `{ $account }` has another role in the shop: { $role }
drift-disabled = the user `{ $account }` was disabled in the shop
drift-address-changed = the user `{ $account }` has another address, by which it could get a new password
drift-end-changed = the shop does not end the user `{ $account }` at the deadline of the grant any more
drift-keys = the user `{ $account }` has a key of the shop's API ({ $keys })

# What is left of one that should be gone.
there-record = root's record of the grant

# What is to be known of an end.
note-new-administrator = the shop has an administrator who was none when access was granted: { $line }. Ask whoever may make one
note-role-changed = the user had another role in the shop, or its role might do other things, than it was made with
note-keys-ended = the user had made keys of the shop's API ({ $keys_ended }), which were taken away
note-cache-untold = the user is gone, and the shop could not be told to forget its copy of who may do what. Nobody gets in by that; flush its cache (`bin/magento cache:clean config`)
