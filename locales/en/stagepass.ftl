# stagepass in English.
#
# Written for a merchant who reads once and would rather not do this at all: what is wrong, why,
# and what to do. Commands and options stand in backquotes and are not translated.

## Why a rule holds

# The desk's own sentence, with its name and its number for the rule.
desk-reason = { $text } ({ $desk }, rule { $number })

## Rules
##
## The message says what may not be; `why` is the reason where the desk gives none of its own;
## `way-out` is what to do.

rule-ftp = this is FTP: { $kind ->
        [scheme] the address begins with `{ $sign }://`
        [port] port { $sign } is FTP's
       *[greeting] the server answered `{ $sign }`
    }
    .why = FTP sends passwords so that others on the way can read them, and no setting makes it safe.
    .way-out = Use the server's SSH or SFTP address, usually on port 22. Your hosting company can tell you what it is.

rule-protocol = the desk does not connect with { $wanted }
    .why = Only what the desk's engineers use is opened.
    .way-out = Use an `ssh://` address, and ask the desk which kind of access it needs.

rule-port = the port is { $port }, and the desk connects to port { $own }
    .why = The desk's engineers cannot reach another port.
    .way-out = Let the server answer on port { $own }. If the desk told you that { $port } is fine, add `--override port --reason "…"`.

rule-case-reference = the case's reference `{ $name }` { $problem }
    .why = The reference becomes part of names on your server.
    .way-out = Use the desk's ticket number: letters, digits and `. _ # / -`, at most 64.

rule-supporter-name = the supporter's name `{ $name }` { $problem }
    .why = The name is written to your server and to the record, where such characters do harm.
    .way-out = Write the person's name plainly, at most 80 characters. For O'Brien write O’Brien or OBrien.

rule-supporter-company = the company's name `{ $name }` { $problem }
    .why = The name is written to your server and to the record, where such characters do harm.
    .way-out = Write the company's name plainly, at most 80 characters.

rule-access = `{ $access }` is not a kind of access that you allow
    .why = Your own configuration allows { $count ->
        [0] none
       *[other] only { $allowed }
    }.
    .way-out = Choose one that you allow with `--access`, or say why this time is different: `--override access --reason "…"`.

rule-from = it is not said where the supporter connects from
    .why = Your own configuration asks for it, so that a lost credential is worth less.
    .way-out = Ask the desk for its addresses and add `--from 192.0.2.0/24`, or say why not: `--override from --reason "…"`.

rule-from-password = this server cannot hold a password to the addresses in `--from`
    .why = Only key logins can be limited to addresses here; the password would work from anywhere.
    .way-out = Use the supporter's key instead of a password (`--key FILE`, and without what has one of its own in `--with`), or accept it: `--override from.password --reason "…"`.

rule-credential = the supporter has nothing to log in with
    .why = A grant needs a key or a password.
    .way-out = Ask the supporter for a public key and add `--key FILE`. Without one, `--generate-key` makes a pair.

rule-password-strength = the password is too weak
    .why = A guessed password is an open door.
    .way-out = Let stagepass make the password: `--password`.

rule-password-server = `{ $target }` lets nobody in with a password
    .why = Its SSH server is set to take keys only. That is good, and there is no need to change it.
    .way-out = Use the supporter's public key: `--key FILE`. Without one, `--generate-key` makes a pair.

rule-password-read-only = a password login cannot be held to reading
    .why = Only a key carries the rule that nothing may be changed.
    .way-out = Use the supporter's key (`--key FILE`), or give `--access sftp`.

rule-account-root = { $by ->
        [root] the key would open the account of root on `{ $target }`
       *[other] the key would open `{ $account }` on `{ $target }`, which can become root: { $by }
    }
    .why = Root can change everything on the server, not only the shop, and nobody could tell afterwards who did what.
    .way-out = Leave `--with` out: stagepass then makes an account of its own for the supporter. Or say why it must be root: `--override account.root --reason "…"`.

rule-account-shared = the key would open your own account `{ $account }` on `{ $target }`, { $by ->
        [ssh] with a shell
       *[other] with SFTP that this server cannot confine to the shop folder
    }
    .why = The supporter would be that account. They can read and change all that is in it, and what they leave behind there cannot be told from what is yours: stagepass could take the access away, but never prove that nothing is left.
    .way-out = { $by ->
        [ssh] Best is an account of its own: `stagepass target add { $target } … --replace --become sudo`, and leave `--with` out. Or give SFTP alone, confined to the shop folder: `--access sftp`, on a target with `--path`.
       *[other] Best is an account of its own: `stagepass target add { $target } … --replace --become sudo`, and leave `--with` out. A target with `--path` may be confined to that folder.
    } To share your account all the same, say why: `--override account.shared --reason "…"`.

rule-key-own = the key for the supporter is one of your own: { $where }
    .why = With it stagepass and you log in. A grant to it opens nothing new, and ending it would end nothing, or shut you out.
    .way-out = Ask the supporter for their public key, and give that with `--key FILE`. If you do mean your own: `--override key.own --reason "…"`.

rule-key-server = `{ $target }` lets nobody in with a key
    .why = Its SSH server is set to take passwords only.
    .way-out = Use `--password`, or ask your hosting company to allow keys (`PubkeyAuthentication yes`).

rule-path-missing = the shop folder `{ $path }` { $kind ->
        [closed] cannot be entered, or its real path has a character that no reply can carry
       *[none] is not on the server, or is not a folder
    }
    .why = The supporter would have nothing to look at.
    .way-out = Name the folder the shop is in, as it is on the server: `stagepass target add … --replace --path FOLDER`.

rule-path-system = the shop folder `{ $path }` { $kind ->
        [whole] is a folder for everything of its kind (`{ $at }`)
        [kernel] shows the state of the system itself
        [programs] is among programs (`{ $at }`), and no file in it shows a shop
       *[system] belongs to the system (`{ $at }`)
    }
    .why = Whoever writes there can become root or reach what is not the shop's, so no reason sets this aside.
    .way-out = Name the folder of the shop itself: `stagepass target add … --replace --path FOLDER`.

rule-path-home = the shop folder `{ $path }` { $kind ->
        [keys] holds the login keys of an account (`{ $at }`), or is among them
        [settings] is where the account { $account } keeps its settings or programs (home `{ $at }`)
       *[holds] is or holds the home of the account { $account } (`{ $at }`)
    }
    .why = Whoever writes where an account logs in can log in as that account, also after the grant has ended.
    .way-out = Name the folder of the shop inside it: `stagepass target add … --replace --path FOLDER`.

rule-path-root = root runs programs that are in the shop folder `{ $path }`: `{ $file }` says so
    .why = Whoever changes such a program becomes root with its next run.
    .way-out = Let it run as the shop's own account (in a crontab: that account's name instead of root), or give reading only: `--access sftp-read-only`.

rule-path-not-proved = nothing proves that `{ $path }` is a shop folder: { $kind ->
        [root] it belongs to root, and not to an account of a person or of the web server
        [nobody] nobody's account owns it
        [service] it belongs to the account { $more }, which is neither a person's nor the web server's
        [writable] everybody on the server can put something else in its place, in `{ $more }`
        [programs] `{ $more }` is a place for programs
        [home] it is the home of the account { $more }
       *[unsaid] the provider does not say what it is
    }
    .why = A wrong folder could give the supporter more than the shop.
    .way-out = Look at it on the server (`ls -ld { $real }`). If it is the shop's folder, say why: `--override path.not-proved --reason "…"`.

rule-secrets-reason = files with passwords and keys would be opened, and { $given ->
        [none] no reason is given
       *[bad] the reason { $problem }
    }
    .why = Such files open more than the shop folder: the database, the payment account, the mail.
    .way-out = Leave `--with-secrets` out, or say why the supporter needs them: `--reason "…"`.

rule-live = { $verdict ->
        [contradicted] you declared `{ $host }` to be { $declared }, but something says that it is live: { $signals }
        [live] `{ $host }` is live: { $signals }
       *[unknown] nothing shows that `{ $host }` is staging, so it is treated as live; looked at: { $signals }
    }
    .why = A mistake on a live shop reaches your customers and their orders.
    .way-out = Give access to a staging copy instead. If it has to be this one, every point below is needed.

rule-live-never = the desk does not work on live environments, and `{ $host }` counts as one
    .why = The desk's own terms leave no way to do it.
    .way-out = Give access to a staging copy.

rule-live-approver = live: { $given ->
        [none] it is not said who at the desk approved this
       *[bad] the approver's name { $problem }
    }
    .why = A person at the desk has to know about it and agree.
    .way-out = Ask the desk for one of its specialists, and add `--approver "Name"`.

rule-live-approval = live: the desk's reference for its approval { $given ->
        [none] is missing
       *[bad] { $problem }
    }
    .why = Afterwards it must be possible to find out what was agreed.
    .way-out = Ask for the ticket or message in which it was approved, and add `--approval REFERENCE`.

rule-live-reason = live: { $given ->
        [none] it is not said why it must be the live shop
       *[bad] the reason { $problem }
    }
    .why = Whoever reads the record later needs to know.
    .way-out = Add `--reason "…"` in your own words.

rule-live-access = live: the kind of access is not chosen, only assumed (`{ $access }`)
    .why = On a live shop nothing is given by default.
    .way-out = Choose the least that will do: `--access sftp-read-only`, `--access sftp` or `--access ssh`.

rule-live-backup = live: { $problem ->
        [missing] there is no backup at `{ $path }` { $place ->
            [here] on this computer
           *[server] on the server
        }
        [no-file] `{ $path }` is a folder, a pipe or a device, and no backup
        [unreadable] the backup `{ $path }` cannot be read: { $detail }
        [empty] the backup `{ $path }` is empty
        [old] the backup `{ $path }` is { $age } old, and may be { $hours } h old at most
        [future] the backup `{ $path }` was written in the future, so one of two clocks is wrong
        [changed] the backup `{ $path }` changed while it was read: it is not finished
        [unhashed] the backup `{ $path }` was not read to its end
        [tool] the backup `{ $path }` cannot be opened: { $tool }
        [broken] the backup `{ $path }` is damaged or cut off: it does not open to its end
        [cut] the backup `{ $path }` is cut off: it opens, and its own end is missing
        [too-much] the backup `{ $path }` takes longer to read than a quarter of an hour, or holds more than can be listed
        [neither] `{ $path }` is neither an archive (tar, ZIP) nor a dump that makes tables
        [hollow] there is no file in the archive `{ $path }`
        [no-shop] no backup can be told to be of this shop: the target names no shop folder, or there is no file in it
        [no-files] no archive of the shop's files is named, only a dump
        [no-dump] no dump of the database is named, only files
        [other-config] the backup is not of this shop: `{ $config }` is in no archive
        [other-files] the backup is not of this shop: of { $looked } files of the shop folder that were looked for, { $found } are in it
        [small] the backup is too small for this shop: it holds { $bytes } of files, and the shop folder { $shop }
        [other-tables] the dump is not of this shop: it does not make the table `{ $table }`
        [no-rows] the dump makes this shop's tables, and puts nothing into them
       *[none] no backup is named
    }
    .why = With a fresh backup a mistake is a bad hour; without one it can be the end of the shop.
    .way-out = { $problem ->
        [tool] Keep it as `.gz` or `.zip`, or let the other side open it: `--backup FILE` is read on the server, `--backup local:FILE` on this computer.
        [no-shop] Name the shop folder: `stagepass target add … --replace --path /var/www/shop`, and then `--backup FILE`.
        [no-dump] Add a dump: `mysqldump --single-transaction SHOP | gzip >/root/shop.sql.gz` on the server, and `--backup /root/shop.sql.gz`.
        [other-tables] Dump the shop's own database: `mysqldump --single-transaction SHOP | gzip >/root/shop.sql.gz` on the server, and `--backup /root/shop.sql.gz`.
        [no-rows] Leave out `--no-data`: `mysqldump --single-transaction SHOP | gzip >/root/shop.sql.gz` on the server, and `--backup /root/shop.sql.gz`.
        [no-files] Add an archive: `tar -czf /root/shop.tar.gz -C /var/www shop` on the server, and `--backup /root/shop.tar.gz`.
        [other-config] Archive the whole shop folder: `tar -czf /root/shop.tar.gz -C /var/www shop` on the server, and `--backup /root/shop.tar.gz`.
        [other-files] Archive the whole shop folder: `tar -czf /root/shop.tar.gz -C /var/www shop` on the server, and `--backup /root/shop.tar.gz`.
        [small] Archive the whole shop folder, media too: `tar -czf /root/shop.tar.gz -C /var/www shop` on the server, and `--backup /root/shop.tar.gz`.
       *[other] Make one now on the server, `tar -czf /root/shop.tar.gz -C /var/www shop` and `mysqldump --single-transaction SHOP | gzip >/root/shop.sql.gz`, and name both: `--backup FILE` (`local:FILE` on this computer), or `--backup-command CMD`.
    }

backup-note-config-elsewhere = the shop's configuration is not in its folder, so the backup was not asked to hold it
backup-note-tables-unproved = which tables this shop needs is not known: that the dump has any with rows was enough
backup-note-prefix-unknown = what this shop's tables begin with is not known: that the dump has the platform's was enough

rule-live-acknowledgement = live: rule { $number } is not acknowledged: “{ $sentence }”
    .why = You should have read that before you decide.
    .way-out = If you accept it, add `--acknowledge { $number }`.

rule-live-confirmation = live: { $given ->
        [other] `{ $typed }` is not the host name
       *[none] the host name was not typed
    }
    .why = Typing the name is the last moment to notice that it is the wrong server.
    .way-out = Type `{ $host }` when you are asked, or add `--yes-live { $host }`.

rule-deadline-past = the deadline, { $when }, is not in the future
    .why = Access that is over cannot be given.
    .way-out = Choose a later one, such as `--for 14d`. To end access now, use `stagepass revoke`.

rule-deadline-maximum = access for { $asked } is longer than { $days ->
        [one] one day
       *[other] { $days } days
    }
    .why = That is the longest that the desk and your own configuration allow.
    .way-out = Choose `--for { $days }d` or less; it can be extended. Or say why it must be longer: `--override deadline.maximum --reason "…"`.

rule-deadline-hard = access for { $asked } is longer than { $days } days
    .why = Temporary access that lasts longer is not temporary. There is no way around this one.
    .way-out = Choose `--for { $days }d` or less. If more is needed later, make a new grant then.

rule-expiry-weak = this server cannot end access to the minute by itself: { $credentials }
    .why = If your computer is off at the deadline, access may last until the end of that day or until the next sweep.
    .way-out = If that will do, add `--accept-weak-expiry`, and let `stagepass schedule install` look after it.

rule-extension-state = the grant ended at { $when }, and what has ended is not extended
    .why = Its access may already be gone.
    .way-out = Make a new grant.

rule-extension-reason = { $given ->
        [none] it is not said why more time is needed
       *[bad] the reason { $problem }
    }
    .why = Whoever reads the record later needs to know.
    .way-out = Add `--reason "…"` in your own words.

rule-extension-count = the grant may be extended { $count ->
        [0] never
        [one] once
       *[other] { $count } times
    }, and has been
    .why = Access that is extended again and again is not temporary.
    .way-out = Ask the desk how much time it still needs. If it goes on, make a new grant.

rule-extension-total = the grant may last until { $latest } at most
    .why = That was agreed when it was made.
    .way-out = Extend it until then, and make a new grant if more is needed.

rule-override-unknown = there is no rule `{ $rule }` to override
    .why = An override that does nothing would look like one that did.
    .way-out = Use the rule's id exactly as it is shown.

rule-override-forbidden = rule `{ $rule }` cannot be overridden
    .why = It protects your customers, or it has a way of its own.
    .way-out = Leave `--override { $rule }` out, and do what the rule itself asks for.

rule-override-reason = { $given ->
        [none] the override of `{ $rule }` has no reason
       *[bad] the reason to override `{ $rule }` { $problem }
    }
    .why = An exception that nobody can explain later is a hole.
    .way-out = Add `--reason "…"` in your own words.

rule-close-delete = what was made for a grant is deleted at its end
    .why = An account that nobody needs is an account that somebody finds.
    .way-out = There is nothing to do: stagepass does it, and proves it.

# Goes on from what it is about, such as "the supporter's name `…`".
name-problem = { $kind ->
        [empty] is empty
        [long] is longer than { $limit } characters
        [character] has a character in it that is not allowed: `{ $character }`
        [first] may not begin with `{ $character }`
       *[spaces] begins or ends with a space
    }

# One thing that was looked at to tell staging from live.
environment-signal = { $source ->
        [declared] you declared it `{ $value }`
        [address] its address is `{ $value }`
        [hostname] the server calls itself `{ $value }`
        [served] it serves `{ $value }`
        [setting] it is set up as `{ $value }`
        [shop-host] the shop has the name `{ $value }`
        [leads-here] `{ $value }` leads to this server
        [leads-elsewhere] `{ $value }` leads to another server
        [guarded] the front page of `{ $value }` asks for a password
        [open-to-all] the front page of `{ $value }` is open to everybody
        [payment-test] payments are only tried{ $placed ->
            [yes] { " " }(`{ $place }`)
           *[no] { "" }
        }
        [payment-live] payments move money{ $placed ->
            [yes] { " " }(`{ $place }`)
           *[no] { "" }
        }
        [paid-order] the newest paid order is { $value } old{ $placed ->
            [yes] , paid by `{ $place }`
           *[no] { "" }
        }
        [noindex] search engines stay away: { $value }
        [coming-soon] the shop is closed to customers: { $value }
        [debug] errors are shown to developers: { $value }
        [mail] the shop's mail is { $value }
        [orders] it holds { $value } orders
       *[other] `{ $value }`
    }

# What a signal is evidence of.
environment-says = { $says ->
        [live] live, and decides
        [staging-strong] staging, enough by itself
        [staging-medium] staging, with one more
        [staging-weak] staging, too weak to count
       *[nothing] nothing
    }

environment-live-payments = payments of this staging copy move money ({ $places }): put them into test mode before somebody tries one
environment-customers = this staging copy holds orders, so perhaps your customers' data, and nothing shows that its mail is off: an order that is changed may write to a customer
environment-only-declared = nothing but your word shows that it is staging: `stagepass target check` lists what was looked at

shop-not-looked-into = whether the shop is staging was not asked of it by `{ $provider }`: { $why }
target-shops-seen = { $count ->
        [one] a shop was found on the server
       *[other] { $count } shops were found on the server
    }
target-shops-seen-hint = name the one that is meant: `stagepass target add { $target } … --replace --path FOLDER`

grant-shop-needs-a-folder = which shop is meant is found by its folder
grant-shop-unknown = there is no shop in { $folder } whose software stagepass knows
grant-shop-unknown-hint = name the shop's own folder (`stagepass target add … --replace --path FOLDER`); `stagepass provider list` shows the software that is known
grant-shop-several = there are signs of several kinds of shop in { $folder }: { $names }
grant-shop-several-hint = name one of them in place of `shop`

## Lengths of time

duration-days = { $days ->
        [one] 1 day
       *[other] { $days } days
    }
duration-days-hours = { duration-days } { $hours } h
duration-hours = { $hours } h
duration-hours-minutes = { $hours } h { $minutes } min
duration-minutes = { $minutes } min
duration-minutes-seconds = { $minutes } min { $seconds } s
duration-seconds = { $seconds } s
time-ahead = in { $length }
time-ago = { $length } ago
time-now = now

## Refusals: headings

refused = { $count ->
        [one] refused: one rule stands against it. Nothing was touched.
       *[other] refused: { $count } rules stand against it. Nothing was touched.
    }
refused-because = because
refused-way-out = what to do

## What is told of a server before access is made on it

server-clock-differs = the server's clock is { $seconds } s { $way ->
        [ahead] ahead of
       *[behind] behind
    } this one; the deadline is kept by the server's clock
server-knows-no-end-of-a-key = this server's sshd knows no end of a key; the gate and the failsafe have to do
server-account-is-shared = the account is shared: a supporter who means harm could take the gate and the failsafe away, or leave a key; what changed meanwhile is looked for when the grant is closed, and shown to you
server-account-is-shared-to-read = the account is shared: the supporter can read all that this account can read
server-cannot-confine = SFTP cannot be confined to the shop folder here{ $given ->
        [yes] : { $why }
       *[no] { "" }
    }; what the account may not read or write stays closed to it
server-key-is-there-already = the supporter's key already opens this account by a line that is not ours: that access is not limited, and is not taken away
server-shop-folder-is-a-link = `{ $path }` is a link, and leads to `{ $real }` now: the access is to that folder, and stays with it when a deployment moves the link
hint-other-provider = `--with { $provider }`: { $summary }

## What to do where access was made and cannot do its work. A provider has more of its own.

trial-hint-read-only = reading alone works here: `--access sftp-read-only`
trial-hint-folder = or name another folder: `stagepass target add … --replace --path FOLDER`

## How an open grant is not as it was made, whatever the provider. Behind `drift-` stands the id that `--json` says.

drift-foreign = { $kind ->
        [none] an entry
       *[other] an account
    } named `{ $account }` is there that stagepass did not make
drift-gone = { $kind ->
        [none] the entry `{ $account }` is not there any more
       *[other] the access in `{ $account }` is not there any more
    }
drift-keys-changed = the key lines of `{ $account }` are not the ones that were made
drift-gate-gone = the gate is not there any more or was changed
drift-baseline-gone = the list of what was there before, to compare with at the end, is gone
drift-failsafe-gone = the job that ends it on the server is not there any more
drift-drop-in-gone = sshd's own setting for this account is not there any more
drift-forced = sessions do not pass the gate: { $why }
drift-path-moved = the path of the shop leads to `{ $path }` now, and the access is to `{ $shop }`: take it away and grant it again
drift-uses-gone = lines of the record of uses on the server are missing

## What is there of a grant that should be gone, whatever the provider

still-there = what was re-read says that { $what } is still there
there-access = access
there-account = the account `{ $account }`
there-layer = what `{ $provider }` made (`{ $account }`)
there-key-line = the grant's key line in the account `{ $account }`
there-key-elsewhere = the supporter's key, in a line without our mark
there-gate = the gate of its sessions
there-failsafe = the job that ends it
there-drop-in = its part of sshd's settings
there-processes = { $count ->
        [one] one running process
       *[other] { $count } running processes
    } of the grant
there-sessions = { $count ->
        [one] one session that is open
       *[other] { $count } sessions that are open
    }

## What is to be known of an end, whatever the provider

end-already-absent = the { $kind ->
        [none] entry
       *[other] access in
    } `{ $account }` was already absent when stagepass came to end it
end-foreign = { $kind ->
        [none] an entry
       *[other] an account
    } named `{ $account }` exists that stagepass did not make; it was left alone
end-same-key-kept = the same key still opens this account through another grant, which stays
end-same-key-foreign = the same key is also in a line that stagepass did not make; that line was left alone and the key still opens this account
end-uses-partial = the record of uses is not complete (SFTP was ended while files were open): more may have been moved than the bytes say
end-sessions-left = { $sessions ->
        [one] one session of this grant is
       *[other] { $sessions } sessions of this grant are
    } still open
end-sessions-unknown = what runs or is connected on this server cannot all be told apart; some of it may be of this grant, and was not ended
end-sessions-shared = sessions that were open in this shared account cannot be told apart and were not ended
end-provider-changed = the provider `{ $provider }` has changed since the grant
end-password-not-tried = { $provider }: what let the supporter in was read again and is gone; the password was never kept, and was not tried

end-found = found: { $line }
end-by-server = closed by the server at { $at }
end-sessions-ended = { $count ->
        [one] one session was open and was
       *[other] { $count } sessions were open and were
    } ended
end-not-compared = { $how } was compared: { $why }
end-of-other-grants = { $count ->
        [one] one difference is what stagepass made for another grant
       *[other] { $count } differences are what stagepass made for other grants
    }
end-files-changed = { $count ->
        [one] one file of the shop changed
       *[other] { $count } files of the shop changed
    }

## What is to be known of what was made

note-of = { $provider }: { $text }
made-same-key-foreign = the same key is also in a line that stagepass did not make: through that line it opens this account without restrictions and without an end until you remove it
made-same-key-kept = the same key opens this account through another grant too
made-shop-partial = some files of the shop folder could not be opened to the new account
made-no-rights = the new account has no rights in the shop folder: this server has no ACLs
made-shop-reason = { $shop_reason }
made-uses-unprotected = the list of what the supporter does is kept in the account: it could be changed there
made-no-baseline = nothing can be compared when the grant is closed: { $baseline_reason }
made-forwards = with a password the supporter can also forward ports: this server's `AllowTcpForwarding` says so, and only a key can be restricted

## What came of a login that was to be tried

login-note = login: { $text }
login-key-taken = the supporter's key is taken
login-refused = tried and refused
login-key-refused = the key was tried and refused; the password was never kept, and was not tried
login-still-accepted = the server still accepts the key of { $supporter }
login-password-not-kept = not tried: the password was never kept
login-key-in-another-line = not tried: the same key is in a line that stagepass did not make, and opens this account in any case
login-key-of-another-grant = not tried: the same key opens this account through grant { $grant }, too
login-key-limited = not tried: the key is limited to other addresses, and would be refused from here in any case
login-key-limited-by-now = the key is limited to the addresses of `--from`, and the server does not take it from here any more
login-rationed = not tried: so that no server locks this address out, a login that fails is made once in { $spacing } seconds and { $per } times in { $minutes } minutes

## What is to be known of a look

verify-drains = its deadline is over; what is running may go on until { $until }
verify-close-failed = closing it again failed: { $why }
marks-unreadable = { $count ->
        [one] one mark that `{ $provider }` listed
       *[other] { $count } marks that `{ $provider }` listed
    } cannot be read
marks-more = there are more marks than the { $count } that `{ $provider }` lists: run this again when these are dealt with

## What may be said of a grant that is closed

closed-nothing-left = re-read, and nothing is left
closed-taken-away = taken away; what was left behind in your own account `{ $account }` cannot be ruled out

## What was found in an account that is the merchant's own. The first word is a class of findings, and
## is not translated.

shared-all-gone = record everything that stagepass had put into `{ $account }` for this grant was gone, and nobody had closed it: nothing can be compared, and every key that opens the account now is listed
shared-gate-gone = record the gate of this grant in `{ $account }` was gone before it was closed
shared-too-early = record a note in `{ $account }` says that the server closed this grant at { $at }, before its deadline: the server does not do that, and whoever had the account can write it
shared-not-ours = record a note in `{ $account }` says that stagepass closed this grant, and the ledger knows of no such close: whoever had the account can write it
shared-login = login a login to `{ $account }` that began at { $at }, while access was open, is still there, and nobody can tell whose it is: process { $pid }; if it is not yours, `kill { $pid }` there
shared-login-claimed = login a login to `{ $account }` that began at { $at }, while access was open, is still there: process { $pid }; a note in the account says that it came by the grant { $grant }, which is not open there by this ledger: if nobody else who uses stagepass has made it, `kill { $pid }` there
shared-beside = the grant { $grant } is open in `{ $account }` as well: what runs there for it cannot be told from what this supporter may have left, and ends with it
shared-processes = process { $count ->
        [one] one process
       *[other] { $count } processes
    } of `{ $account }` that began while access was open, and nobody can tell whose: { $names }
shared-hidden = process the server counts more processes of `{ $account }` than it shows: something may be running that hands over to a child all the time
shared-uncounted = whether a program of the supporter's still runs in `{ $account }` cannot be shown here: this server does not count it

## The supporter's public key

key-hint-which-file = A public key is one line that begins with `ssh-ed25519 AAAA…`, usually in a file that ends in `.pub`.
key-hint-several = Ask the supporter which key is theirs, and save that line alone in a file. A second person gets a grant of their own.
key-hint-options = Save the line again from `ssh-ed25519` (or `ssh-rsa`, `ecdsa-…`) on. stagepass puts its own, stricter options in front.
key-hint-private = Ask for the file that ends in `.pub`. Delete the private key you were sent, and tell the supporter to make a new pair, because this one has been seen.
key-hint-convert = Convert it with `ssh-keygen -i -f FILE > key.pub`; for a file that begins with `-----BEGIN PUBLIC KEY-----` or `-----BEGIN RSA PUBLIC KEY-----` add `-m PKCS8` or `-m PEM`. In PuTTYgen, copy the text under “Public key for pasting into OpenSSH authorized_keys file”.
key-hint-surrounded = Save the one line that begins with `ssh-ed25519` (or `ssh-rsa`, `ecdsa-…`) alone in a file, from there to its end.
key-hint-url = Download it first, look at what came, and name the file: `curl -o key.pub ADDRESS`, then `--key key.pub`.
key-hint-tilde = The `~` was in quotes, so that your shell did not replace it. Write it without quotes, or the whole path.
key-hint-certificate = Ask for the public key itself, the file without `-cert` in its name.
key-hint-new = Ask the supporter for a newer key: `ssh-keygen -t ed25519`.
key-hint-damaged = Copy it again, as one line and without changes. A file attached to a message survives better than pasted text.
key-warning-short-rsa = This RSA key is shorter than 3072 bits. It will do for now; an ed25519 key is better.

# The trial of a password that a web server asks for. What was seen of each site stands in `web-not-tried`.
web-proved = { $site } asks for a password (401), and lets this one in (what it then answers: { $code })
web-asked-again = { $site } asks for a password, and asks again when it is given this one
web-silent-to-the-password = { $site } asks for a password, and given it: { $why }
web-not-tried = not tried: no site asked for this password ({ $why })
web-other-realm = { $site } asks for another password, for "{ $realm }"
web-answered = { $site } answered { $code }
web-silent = { $site }: { $why }
web-no-site = the web server's settings name no site

# The trial of a user of the shop itself, through its login form.
form-proved = the login at { $url } let this user in (it answered { $code })
form-asked-again = the login asked again when it was given this user, at { $url } ({ $code })
form-not-let-in = the login led to { $url }, which answered { $code }
form-silent = the login at { $url } did not answer: { $why }
form-not-tried = not tried: the login at { $url } could not be used from the server itself ({ $why })
form-no-address = the address is not one of a site
form-guarded = the web server asks for a password of its own before: add `web-password` to `--with`, before the shop
form-captcha = the login asks for a proof that a human is there (a captcha), and did not let a program in
form-none = there is no form for a password at { $url } ({ $code })
form-leads-nowhere = { $url } leads to nowhere
form-leads-elsewhere = { $url } leads to another site, { $other }, and was not followed
form-leads-in-a-circle = { $url } leads on and on
