# What the manifest and the script tell to people. The other values of the same reply can be put in.
needs-shop = an account of its own could neither read nor write the shop

# Before access is made.
warning-other-doors = a password would also open { $line }
warning-files-show-group-writable = while the grant is open, files of the shop show as writable by their group: that is how an ACL looks in `ls`, and goes away when the grant is closed
warning-forwarding = with a password the supporter may also forward ports, which a key of ours does not allow

# Where access was made and cannot do its work.
hint-with-secrets = files that others on the server cannot read stay closed, and here that may be all of them: `--with-secrets --reason TEXT` opens them
hint-install-acl = install the package `acl` on the server, which has `setfacl`, and grant again
hint-as-owner = or log in as `{ $path_owner }`, whose folder it is, and use `--with authorized-key`

# How an open grant is not as it was made.
drift-mark-changed = the mark of the account `{ $account }` was changed
drift-expiry-changed = the expiry day of the account `{ $account }` was changed
drift-password-ages = the server will end `{ $account }` by the age of its password
drift-locked = the account `{ $account }` is locked: nobody can log in to it
drift-home-gone = the home folder of `{ $account }` is not there any more
drift-rights-lost = the account `{ $account }` has lost rights in the shop folder (a deployment?): `stagepass extend` gives them again

# What is left of one that should be gone.
there-home = the home folder of the account
there-record = root's record of the grant

# What is to be known of an end.
note-reowned = { $reowned ->
        [one] one file of the account was
       *[other] { $reowned } files of the account were
    } given to the shop folder's owner
note-id-taken = an account of another name, without our mark, has this account's number; it was left alone: look at it
note-acl-left = some files of root in folders that others can write keep an entry for a number that no account has any more
note-planted-removed = { $planted_removed ->
        [one] one login file that the account had left in the shop folder was
       *[other] { $planted_removed } login files that the account had left in the shop folder were
    } not handed over
note-mark-changed = the account's mark had been changed while the grant was open
note-deleted-outside = { $deleted_outside ->
        [one] one file that the account left in temporary folders was
       *[other] { $deleted_outside } files that the account left in temporary folders were
    } deleted
