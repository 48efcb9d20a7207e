# What the manifest and the script tell to people. The other values of the same reply can be put in.
needs-shop = which shop is meant is found by the folder that it is in
# What the plan says is made.
plan = one employee in the back office of { $home } (PrestaShop { $version }), at { $login_url }

# By the ids that the script says with `note`.
note-no-guard = PrestaShop knows no end of an employee: after the deadline only the server's failsafe and stagepass itself end the access

# How an open grant is not as it was made.
drift-role-changed = the profile of the employee `{ $account }` may do other things in the shop than it was made with
drift-unmarked = the employee `{ $account }` has another profile in the shop: { $role }
drift-disabled = the employee `{ $account }` was disabled in the shop
drift-address-changed = the employee `{ $account }` has another address, by which it logs in and could get a new password

# What is left of one that should be gone.
there-record = root's record of the grant

# What is to be known of an end.
note-new-administrator = the shop has an administrator who was none when access was granted: { $line }. Ask whoever may make one
note-role-changed = the employee had another profile of the shop, or its profile might do other things, than it was made with
note-handed-over = what the employee wrote in the shop belongs to an administrator now: { $line } (how many things, whose)
note-kept = a module of the shop keeps rows that name the employee who is gone (table, and how many): { $line }
