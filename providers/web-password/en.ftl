# What the script tells to people, by the ids it says with `note`. The other values of the same reply can be put in.
# What the plan says is made.
plan = one user in { $password_file }, which guards { $site } (asked for by { $web_server })

note-file-is-link = the password file is a link, and leads to `{ $password_file }`: that file is changed, and the link stays
note-file-in-shop = the password file `{ $password_file }` is in the shop folder: whoever may write there can change it, and with it who gets in
note-site-is-above = the password guards a site of which the shop is only a part: the user gets into all of it
note-guards-part = the password guards only a part of the shop
note-other-part = other parts of the shop have a password of their own, which the user does not open
note-web-server-not-running = the web server of this site does not run now
note-two-servers = both Apache and nginx serve this shop, and take passwords from the same file
note-shared-file = the same password file guards other sites, which the user opens too: { $shared_with }
