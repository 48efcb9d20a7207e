# What the manifest and the script tell to people. The other values of the same reply can be put in.
# Before access is made.
warning-keys-file-assumed = without root the server's settings cannot be read: `~/.ssh/authorized_keys` is assumed, and the login that follows proves it
warning-root-by = `{ $user }` can become root ({ $root_by }), and so can the supporter
warning-root-by-confined = `{ $user }` can become root ({ $root_by }): the confinement alone keeps the supporter from that

# Where access was made and cannot do its work.
hint-as-owner = the folder is `{ $path_owner }`'s: let stagepass log in as `{ $path_owner }`, or as root, who makes an account of its own (`stagepass target add … --replace`)
hint-as-owner-of-shop = let stagepass log in as the account that owns the shop, or as root, who makes an account of its own (`stagepass target add … --replace`)
hint-by-root = let stagepass log in as root, who makes an account of its own (`stagepass target add … --replace`)

# What is to be known of an end.
note-moved-line-removed = the supporter's key stood in a line without our mark that was not there before; that line was removed too
