# What the manifest and the script tell to people. The other values of the same reply can be put in.
needs-shop = which site is meant is found by the folder that it serves
# What the plan says is made.
plan = one user in { $password_file }, which guards { $site } (asked for by { $web_server })

# By the ids that the script says with `note`.
note-file-is-link = the password file is a link, and leads to `{ $password_file }`: that file is changed, and the link stays
note-file-in-shop = the password file `{ $password_file }` is in the shop folder: whoever may write there can change it, and with it who gets in
note-site-is-above = the password guards a site of which the shop is only a part: the user gets into all of it
note-guards-part = the password guards only a part of the shop
note-other-part = other parts of the shop have a password of their own, which the user does not open
note-web-server-not-running = the web server of this site does not run now
note-two-servers = both Apache and nginx serve this shop, and take passwords from the same file
note-shared-file = the same password file guards other sites, which the user opens too: { $shared_with }

# How an open grant is not as it was made.
drift-entry-changed = the line of `{ $account }` in `{ $password_file }` was changed
drift-another-file = the site takes its passwords from `{ $password_file_now }` now: the one of `{ $account }` is in `{ $password_file }`
drift-unguarded = the site asks for no password of `{ $password_file }` any more: { $reason }

# What is left of one that should be gone.
there-record = root's record of the grant

# What is to be known of an end.
note-entry-changed = the user's line in the password file had been changed while the grant was open
