# What @NAME@ tells to people. The values of the same reply can be put in, and the account's name.

# Change: what the plan of a grant says is made.
plan = one file in { $folder }

# How an open layer is not as it was made; the id stands in the manifest, [check.drift].
drift-changed = the file of `{ $account }`, `{ $file }`, was changed

# What is left of one that should be gone; [check.there].
there-record = root's record of the grant
