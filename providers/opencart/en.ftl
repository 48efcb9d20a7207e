# What the manifest and the script tell to people. The other values of the same reply can be put in.
needs-shop = which shop is meant is found by the folder that it is in
# What the plan says is made.
plan = one user in the administration of { $home } (OpenCart { $version }), at { $login_url }

# By the ids that the script says with `note`.
note-no-guard = OpenCart knows no end of a user: after the deadline only the server's failsafe and stagepass itself end the access
note-other-sessions = the shop keeps its sessions neither in its database nor in files ({ $session_engine }): those of the user open nothing once it is gone, and stay until they expire

# How an open grant is not as it was made.
drift-role-changed = the group of the user `{ $account }` may do other things in the shop than it was made with
drift-unmarked = the user `{ $account }` is in another group of the shop: { $role }
drift-disabled = the user `{ $account }` was disabled in the shop
drift-address-changed = the user `{ $account }` has another address, by which it could get a new password

# What is left of one that should be gone.
there-record = root's record of the grant

# What is to be known of an end.
note-new-administrator = the shop has an administrator who was none when access was granted: { $line }. Ask whoever may make one
note-role-changed = the user was in another group of the shop, or its group might do other things, than it was made with
