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

rule-desk-access = the desk `{ $desk }` asks for no access, and none is given in its cases
    .why = The desk works on tickets only.
    .way-out = Answer its questions with `stagepass case edit REF`, and file the ticket in the desk's own portal.

rule-triage = by the answers in case { $case } nobody is to be let in (rule { $number })
    .why = The fault is not where access would help, or it is too early for it.
    .way-out = Do what the rule says. If an answer has changed: `stagepass case edit { $case }`. If you know better: `--override triage --reason "…"`.

rule-answers = { $count ->
        [one] a question of the desk has no answer in case { $case }: { $missing }
       *[other] { $count } questions of the desk have no answer in case { $case }: { $missing }
    }
    .why = The desk wants them answered before anybody is let in.
    .way-out = `stagepass case edit { $case }` asks for them. Or say why it cannot wait: `--override answers --reason "…"`.

rule-ticket-secret = { $kind ->
        [forbidden] `{ $question }` is never sent to the desk
        [card-number] line { $line }, column { $column } of the answer to `{ $question }` is the number of a payment card
        [card-code] line { $line }, column { $column } of the answer to `{ $question }` is the code on the back of a card
        [iban] line { $line }, column { $column } of the answer to `{ $question }` is an IBAN
        [account-number] line { $line }, column { $column } of the answer to `{ $question }` is an account number
        [password] line { $line }, column { $column } of the answer to `{ $question }` is a password
        [password-hash] line { $line }, column { $column } of the answer to `{ $question }` is the hash of a password
        [pin] line { $line }, column { $column } of the answer to `{ $question }` is a PIN or a one-time code
        [private-key] line { $line }, column { $column } of the answer to `{ $question }` is a private key
        [session] line { $line }, column { $column } of the answer to `{ $question }` is the cookie of somebody who is logged in
       *[other] line { $line }, column { $column } of the answer to `{ $question }` is a secret ({ $kind })
    }
    .why = What is written into a ticket is read by people who were not meant to have it, for years.
    .way-out = Leave it out, or put dots in its place, and answer again. If it was sent somewhere already, change it.

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

rule-deadline-case = { $state ->
        [over] the case's time-box ended { $when }
       *[open] access would last longer than the case's time-box, which ends { $when }
    }
    .why = A case has a defined period, and every grant in it ends within it.
    .way-out = Choose `--until` no later than that. `stagepass case edit REF --for 5w --reason "…"` moves the end, as far as the desk allows; a case that goes on after that is closed and opened again.

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

rule-shop-user = there is no temporary user on the shop platform
    .why = Who investigates a plugin needs the shop's administration, too.
    .way-out = Make one with the access: `--with server,shop`.

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
    .way-out = name the shop's own folder (`stagepass target add … --replace --path FOLDER`); `stagepass provider list` shows the software that is known
grant-shop-several = there are signs of several kinds of shop in { $folder }: { $names }
    .way-out = name one of them in place of `shop`

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

## What stagepass itself needs

no-home = there is no home folder; set HOME
config-unusable = the configuration cannot be used
    .policy = `{ $key }` in [policy] { $problem }
    .way-out = mend `{ $path }`
    .contact = `contact` { $problem }
targets-unusable = the list of targets cannot be used
    .way-out = mend `{ $path }` and run this again
target-unknown = there is no target `{ $target }`
    .way-out = `stagepass target list` shows them; `stagepass target add` adds one
target-not-kept = the target `{ $target }` cannot be kept in the ledger
target-not-proved = what the ledger says of the target `{ $target }` is not proved to be yours
    .why = nothing was sent: its tag is not one that this machine's `mark.key` makes
    .way-out = copy `mark.key` from the state folder of the machine that added the target; where others may have written into the ledger, say anew what it is: `stagepass target add … --replace`
target-is-another = the ledger knows `{ $target }` as another server, { $other }: from other machines this grant cannot be closed
    .way-out = give one of the two another name
desk-unusable = the desk `{ $desk }` cannot be used
    .way-out = `stagepass desk list` shows the desks
provider-unusable = the provider `{ $provider }` cannot be used
    .way-out = `stagepass provider list` shows the providers
ledger-password-missing = the ledger's password is not in the keyring
    .keep = keep it with `stagepass secret set ledger { $url }`
    .unattended = where there is no keyring, as under cron, use `~/.pgpass` (mode 0600)
ledger-url-unusable = the ledger's URL cannot be understood
folder-not-made = the folder `{ $folder }` cannot be made
folder-unusable = the folder `{ $path }` cannot be used
config-file-unusable = the configuration `{ $path }` cannot be used
    .way-out = mend the file and run this again
config-untrusted = the configuration cannot be trusted
    .way-out = chmod go-w { $path }
config-readable = others can read the ledger's password
    .why = `{ $path }` holds it
    .way-out = chmod 600 { $path }
not-started = the program cannot start
see-help = `--help` has the options
interrupted = interrupted
    .live = an account may be live on { $target }: `stagepass sweep`
    .begun = what had been begun is in the ledger: `stagepass list` shows it
    .way-out = `stagepass sweep` finishes or undoes it
    .nothing = nothing had been made
credential-not-shown = the credential was not shown
terminal-unreadable = the terminal cannot be read
input-unreadable = standard input cannot be read
secret-too-long = the secret is longer than 4095 characters
mark-key-not-made = the key `{ $path }` cannot be made
mark-key-unusable = the key that tells our marks from others cannot be used
    .why = `{ $path }` { $why }
    .put-back = put it back from your backup, as a file of your own: `chmod 600 { $path }`
    .without = without it, take the file away: a new one is made, and what was marked with the old one counts as not proved to be ours
    .link = is a link, and must be a file
    .no-file = is not a regular file
    .unread = cannot be read: { $error }
    .owner = belongs to somebody else
    .mode = can be read or written by others
    .size = has { $count } bytes, and a key has { $size }
random-failed = the operating system's random number generator failed

## The commands

no-grants = there are no grants on this machine
    .first = the ledger is made by the first `stagepass case open`
    .lost = where the ledger is lost, `stagepass reconcile --all` looks for what it had made
not-acknowledged = what was found in { $grant } was not acknowledged
    .why = it has changed since it was shown, or it is just being closed
    .way-out = look again: `stagepass show { $grant }`
reason-unusable = the reason { $problem }
    .say-what-was-found = say in one sentence what was found to be the case
reason-missing = the reason is missing
    .say-what-was-found = add `--reason 'what was found to be the case'`
case-unusable = the case's reference cannot be used
    .why = it { $problem }
    .way-out = use the desk's ticket number: letters, digits and `. _ # / -`, at most 64
case-exists = the case `{ $case }` exists already
    .see = `stagepass case show { $case }` shows it
    .reopen = a closed case whose ticket goes on: `stagepass case reopen`
case-unknown = there is no case `{ $case }`
    .see = `stagepass case list --all` shows the cases
    .open = open it with `stagepass case open { $case } --desk multisafepay`
lint-looking = looking for secrets
lint-standard-input = standard input
lint-place-byte = byte { $offset }
lint-finding = { $kind ->
        [card-number] a card number
        [card-code] the security code of a card
        [iban] a bank account (IBAN)
        [account-number] a bank account number
        [password] a password
        [password-hash] the hash of a password
        [pin] a PIN or one-time code
        [issued-password] a password, as stagepass makes them
        [private-key] a private key
        [client-secret] a client_secret
        [access-token] an access token
        [refresh-token] a refresh_token
        [api-key] an API key
        [jwt] a token (JWT)
        [bearer-token] a bearer token
       *[session] a session cookie
    } ({ $length ->
        [one] 1 character
       *[other] { $length } characters
    }{ $shown ->
        [yes] , { $excerpt }
       *[no] {""}
    })
    .way-out = { $kind ->
        [card-number] replace it with the first 6 and the last 4 digits
        [card-code] take it out; it may not even be stored, and no desk needs it
        [iban] replace all but the last 4 characters
        [account-number] replace all but the last 4 digits
        [password] take it out; access for a supporter is made with `stagepass grant`
        [password-hash] take it out; anybody can try passwords against it
        [pin] take it out; no desk needs it
        [issued-password] take it out; hand it to the supporter alone, and not by the ticket
        [private-key] take it out, and use a new key: who has it can log in
        [client-secret] take it out; the desk knows the client by its client_id
        [access-token] take it out; the desk finds the call by its request id and time
        [refresh-token] take it out, unless the desk asks for it in a field of its own
        [api-key] take it out; name the key by its last 4 characters
        [jwt] take out what follows the second dot at least
        [bearer-token] take it out; leave `Authorization: Bearer [removed]`
       *[session] take it out; who has it is logged in as you
    }
lint-more = { $count ->
        [one] 1 more was found
       *[other] { $count } more were found
    }
lint-clean = { $count ->
        [one] no secrets found
       *[other] no secrets found in { $count } files
    }
lint-found = { $count ->
        [one] 1 secret was found; do not send this
       *[other] { $count } secrets were found; do not send this
    }
    .way-out = take them out, and run `stagepass case lint` again
    .sent-already = what was sent already is known to others: change it
lint-unread = `{ $file }` cannot be read, so it may hold anything
    .way-out = name files that exist and that you may read; `-` is standard input
lint-picture = { $file }: only the text stored with the picture was checked; look yourself for secrets that can be seen in it
lint-packed = { $file }: packed contents were not checked; unpack it and check the files, or send text
case-stays-open = the case { $reference } stays open until all are proved closed
desks-not-listed = the desks cannot be listed
deadline-missing = the new deadline is missing
    .way-out = add `--for 7d` (from now) or `--until '2026-12-01 18:00'`
extend-not-open = grant { $grant } is { $state }, and only an open grant has a deadline to move
terms-unreadable = the grant's terms cannot be read
grant-busy = another process is working on { $grant }
    .way-out = nothing was changed; try again in a moment
extend-refused = the server refused the new deadline
extend-unknown = nobody saw whether the server took the new deadline
    .set-again = the recorded one was set again
extend-ends-later = the grant still works and the sweep ends it at { $when }
no-layer = the grant has no layer
completion-unknown = this shell has no completion
script-not-made = the script cannot be made
man-not-made = the man page cannot be made
man-not-written = the pages cannot be written to `{ $folder }`
grant-on = { $grant } on { $target }: { $why }
grant-why = { $grant }: { $why }
busy-closing = { $grant }: another process is closing it
not-closed-kept = the ledger keeps them; `stagepass sweep` tries again until it is done
own-path-unknown = the path of this program cannot be found out
not-scheduled = the sweep could not work unattended, so it was not scheduled
    .finding = { $what }: { $found }
    .late = it did not end in time
schedule-unusable = the schedule cannot be used
key-file-unnamable = the key file `{ $name }` cannot be named
secret-name-unusable = the name cannot be used
secret-empty = the secret is empty; nothing was kept
secrets-unreadable = the list of secrets cannot be read
keyring-unusable = the keyring cannot be used
overdue-grant = { $grant } on { $target } for { $supporter }: { $why }; { $next }
overdue-look = access may still exist on these servers: look at them, or ask your hosting company
overdue-doctor = `stagepass doctor` checks whether the servers can be reached
not-proved-grant = { $grant } on { $target } { $why }
not-proved-close = `stagepass verify { $grant } --close` closes it again, with the same proof
not-proved-revoke = `stagepass revoke { $grant }` takes it away
not-proved-sweep = `stagepass sweep` works on what is not over
way-out-of-findings = `stagepass show ID` lists what was found; once somebody has looked at it: `stagepass acknowledge ID --reason '…'`
way-out-of-altered = `stagepass ledger verify` says where; put your last backup of the ledger back, or give the row up with `stagepass revoke ID --forget --reason '…'` and end what is on the server with `stagepass reconcile TARGET --close ID`
altered = its row in the ledger was changed by something else than stagepass, and nothing is done on its word
target-not-here = target `{ $target }` is not known on this computer; nothing was changed
    .way-out = run it on the computer that has the target, or add it here: `stagepass target add`
closed-with-findings = { $count ->
        [one] { $grant } is closed, and { $findings ->
            [one] one finding has
           *[other] { $findings } findings have
        } to be looked at
       *[other] { $count } closed grants have findings to be looked at
    }
not-closed = { $count ->
        [one] one grant is
       *[other] { $count } grants are
    } not proved closed
would-be-closed = { $count ->
        [0] nothing would be closed
       *[other] these would be closed; nothing was touched
    }
progress-closing = closing
ended-already = { $grant } was { $state } already
nothing-to-close = there is nothing to close
closed-with-something = re-read, and access is gone; { $findings }
findings = { $count ->
        [one] one finding
       *[other] { $count } findings
    }
and-more = and { $count } more
overdue = { $count ->
        [one] one grant is
       *[other] { $count } grants are
    } stuck or overdue
    .not-closed-yet = not closed yet
to-be-looked-at = { $count ->
        [one] one grant has
       *[other] { $count } grants have
    } to be looked at
not-proved = { $count ->
        [one] one grant is
       *[other] { $count } grants are
    } not proved
nothing-due = nothing is due
not-looked-at = { $grant } was not looked at: { $why }
progress-sweeping = sweeping
mended = it is what was made again
target-gone = its target is not in the list any more
verify-left-out = { $count } closed grants are on targets that were removed; left out
would-be-verified = { $count ->
        [0] nothing would be verified
       *[other] these would be verified; nothing was touched
    }
progress-verifying = verifying
nothing-to-verify = there is nothing to verify
verify-unfinished = { $state ->
        [open] its deadline is over
       *[other] it is { $state }
    }, and { $last ->
        [failed] the last attempt to close it failed: { $error }
       *[none] it is not proved to be gone
    }
is-back = is back: { $why }
is-not-as-made = is not as it was made: { $why }
is-not-over = is not over: { $why }
was-not-seen = was not seen: { $why }
nothing-recorded = nothing was recorded
nothing-to-acknowledge = { $state ->
        [drifted] nothing was found in { $grant } that could be acknowledged; what drifted is mended on the server, or ended with `stagepass revoke { $grant }`
       *[other] nothing of { $grant } has to be acknowledged
    }
case-closed-already = the case { $case } is closed already
case-open-already = the case { $case } is open already
answers-unusable = { $count ->
        [one] an answer cannot be kept
       *[other] { $count } answers cannot be kept
    }
    .nothing = nothing was kept of what was given together
answer-unusable = { $id }: { $why }
answers-file-unusable = the answers in { $file } cannot be read
    .text = it is not UTF-8 text
    .json = line { $line }, column { $column }: it is no JSON
    .toml = line { $line }, column { $column }: it is no TOML
    .value = `{ $id }` is a list or a table; an answer is a text, a number, a day and time, or true or false
    .way-out = write one answer a line, `since = "the update of Monday"`, or the same as a JSON object
set-unusable = `--set` has no `=` in it
    .way-out = write `--set since='the update of Monday'`
answer-no-question = { $count ->
        [0] the desk `{ $desk }` asks no questions
       *[other] the desk `{ $desk }` asks no such question; it asks: { $known }
    }
answer-not-asked = it is asked only where `{ $question }` is one of: { $words }
answer-secret-asked = it is a secret, and is taken neither from the command line nor from a file: `stagepass case edit { $case }` asks for it at a terminal
answer-secret-short = it is shorter than { $least } characters, and no such token
answer-file-unreadable = the file cannot be read: { $why }
asking-begins = The questions of { $desk }. Enter alone leaves one for later; every answer is kept at once.
asking-question = { $question } ({ $need }, rule { $rule })
asking-choices = One of: { $choices }
asking-answer = { $kind ->
        [multi-line] Answer (an empty line ends it):
       *[other] Answer:
    }
asking-more = ...
asking-secret = It is a secret, and is not kept: only that you have it, and its fingerprint. Do you want to give it?
asking-hidden = It is not shown:
asking-stops = Rule { $number }: { $why }
asking-broken-off = broken off; what was answered is kept
    .go-on = `stagepass case edit { $case }` goes on where it was
asking-answered = { $count ->
        [0] Every question is answered.
       *[other] Missing: { $missing }
    }
asking-wanted = Wanted, too: { $wanted }
asking-go-on = `stagepass case edit { $case }` goes on
case-never-granted = Nothing is granted in it: the desk takes tickets only.
ticket-no-questions = the desk `{ $desk }` asks no questions: there is nothing to write
ticket-language = the desk `{ $desk }` does not speak `{ $language }`
    .way-out = it speaks: { $known }
ticket-incomplete = { $count ->
        [one] One required answer is missing: { $missing }
       *[other] { $count } required answers are missing: { $missing }
    }. `stagepass case edit { $case }` asks for them.
ticket-files = These go with it: { $files }
ticket-by-hand = `{ $id }` is not in it: put it into the portal's own field yourself.
ticket-secret = { $count ->
        [one] there is a secret in the ticket, and it is not printed
       *[other] there are { $count } secrets in the ticket, and it is not printed
    }
    .place = line { $line }, column { $column } ({ $kind }), in the answer to `{ $question }`
    .way-out = leave it out: `stagepass case edit REF --set ID=VALUE`; if it was sent somewhere already, change it
case-answers = Answers
case-time-box-ends = { $state ->
        [over] the time-box of case { $case } ended { $when }: close it with `stagepass case close { $case }`; if its ticket goes on, open it again then
       *[open] the time-box of case { $case } ends { $when }, and every grant in it by then: close it, or give it more time with `stagepass case edit { $case } --for 5w --reason '…'`
    }
case-no-time-box = a case at the desk `{ $desk }` has no time-box: it allows no access
case-time-box-unusable = the time-box cannot be { $asked }
    .most = it is { $most ->
        [one] one day
       *[other] { $most } days
    } at most from when the case was opened, by the desk's rules
    .least = it is one day at least, and ends in the future
    .way-out = a case that goes on after that is closed, and opened again with a reason
case-edited = Case { $case } is changed.
case-unchanged = nothing in case { $case } has changed
case-edit-nothing = there is nothing to change, and nobody to ask
    .way-out = name answers with `--set ID=VALUE` or `--answers FILE`, or move the time-box with `--for 5w --reason '…'`
case-edit-closed = the case { $case } is closed, and stays as it is
    .way-out = if its ticket goes on: `stagepass case reopen { $case } --reason '…'`
case-is-open = Case { $case } is open.
    .by = Investigation by { $desk }.
case-is-open-again = Case { $case } is open again.
case-is-closed = Case { $case } is closed.
case-forgotten = { $count ->
        [one] 1 grant was
       *[other] { $count } grants were
    } forgotten and never seen to end ({ $grants } on { $target })
extend-would-end = { $grant } would end { $when }
nothing-touched = nothing was touched
extend-done = Grant { $grant } has a new deadline.
verify-as-made = open, as it was made
verify-nothing-there = { $state }, and nothing is there
verify-there-was = there was { $what }
built-in = built in
desk-time-box = { $days } days unless said otherwise, { $most } at most
desk-at-most = { $count } at most
desk-tickets-only = never: it takes tickets only
desk-answers-first = its required questions are answered
desk-only-when = only where { $when }
desk-required-when = required where { $when }
desk-not-kept = not kept
desk-new-manifest = its rules, its questions and its time-box: change this
desk-new-texts = what it says and asks, in English
desk-made = The desk { $name } is in { $folder }:
desk-would-be-made = The desk { $name } would be in { $folder }:
desk-new-next = next: stagepass desk show { $name }
desk-not-made = the folder { $folder } was not made
desk-name-unusable = `{ $name }` cannot be the name of a new desk
    .letters = a desk's name is small letters, digits and `-`, at most 40
    .built-in = a desk that comes with stagepass has it, and its rules cannot be replaced
    .way-out = choose another name
desk-there = { $folder } is there already
    .why = what you wrote there is not replaced
    .way-out = choose another name, or change what is there
desks-not-yours = others can write the folder with your desks
    .way-out = `chmod go-w { $folder }`
reconcile-would-be = { $grant } on { $target } would be { $word ->
        [adopted] adopted
       *[closed] closed
    }
reconcile-no-lists = nothing can list its marks here
reconcile-no-targets = there are no targets
reconcile-busy = another process is working on it
reconcile-live = the grant { $grant } itself is { $state }, and closing what only has its name could end it: `stagepass revoke { $grant }` first
reconcile-not-looked-at = it was closed, and not looked at again: { $why }
reconcile-left = it was closed, and this still carries its mark: { $marks }
providers-others = `stagepass provider list` shows the others
backup-no-tool = there is no `{ $tool }` on the server
backup-no-rights = the account that stagepass uses there may not read it

## A provider of your own

provider-name-unusable = no provider can be named `{ $name }`
    .letters = a name is made of small letters, digits and `-`, begins with a letter, and has 64 characters at most
    .built-in = a built-in provider has that name
    .word = in `--with` that word stands for the provider that fits the server, or the shop
    .way-out = choose another name, such as the name of what it makes
provider-there = `{ $folder }` is there already
    .why = nothing is ever written over: it may be somebody's work
    .way-out = choose another name, or move that folder away
    .test = `stagepass provider test { $name } --target …` tries what is there
provider-not-yours = a provider that is made there would not be used
    .way-out = make it yours alone: `chmod go-w { $folder }`
provider-not-made = `{ $folder }` cannot be made
    .left = nothing of it was left
test-live = `{ $target }` is declared live
    .way-out = test a provider on a staging target
test-failed = `{ $name }` failed the test at: { $step }
    .taken-back = what the test made was taken back
test-not-gone = what the test made is not proved to be gone
test-script-unusable = the script of `{ $provider }` cannot be used
    .way-out = nothing of it was run
test-unread = the server could not be asked whether it can read the script
nothing-made = nothing was made
test-no-grant = no test grant can be made
provider-unusable-on = `{ $provider }` cannot be used on { $target }
    .leave-out = nothing was made; leave it out of `--with`, or mend what it says
test-no-layer = there is no layer
test-sweep = grant { $grant } is in the ledger; `stagepass sweep` closes it

## `grant`

no-credential-made = no credential can be made
no-key-pair-made = no key pair can be made
file-not-made = the file `{ $path }` cannot be made
    .way-out = nothing was made on the server; name another file
credential-not-written = the credential cannot be written to `{ $path }`
plan-declined = nothing was made: you did not agree to the plan
    .nothing = nothing was changed on the server, and nothing was recorded
no-passwords = `{ $provider }` makes no passwords
    .why = it would be the password of the account that stagepass itself logs in to
    .key = use the supporter's public key, `--key FILE`, or make one with `--generate-key`
    .root = or let stagepass be root there: `stagepass target add { $target } … --replace --become sudo`
no-shop-folder = `{ $target }` has no shop folder
    .name-it = name it: `stagepass target add { $target } … --replace --path /var/www/shop`
    .look = `stagepass target check { $target }` lists the shops that are found there
key-kind-refused = { $target } takes no keys of the kind { $kind }
    .why = its sshd says: `PubkeyAcceptedAlgorithms { $accepted }`
    .ask = ask { $supporter } for a key of a kind that this server takes, such as RSA or ECDSA
    .generate = or let stagepass make one: `--generate-key` makes one of the right kind
secret-in-json = a JSON document never holds a secret
    .way-out = write the credential to a new file with `--output FILE`
secret-not-to-terminal = standard output is not a terminal, and a secret would be made
    .reveal = or print it all the same with `--reveal`
output-file = write it to a new file with `--output FILE`
secret-thrown-away = standard output is closed or thrown away, and a secret would be made
output-needless = nothing would be written to `{ $path }`
    .why = `--output` is for a credential that is made, and the supporter has the key
    .way-out = leave `--output` out, or make a key pair with `--generate-key`
file-exists = the file `{ $path }` exists already
    .way-out = name a new file: stagepass never writes over one
speaks-ftp = the server speaks FTP
grant-unnamable = the grant cannot be named
look-failed = the server { $target } did not answer a look at it
    .way-out = nothing was made; `stagepass target check` shows more
from-unusable = `--from` cannot be used on { $target }
    .dropbear = this server is Dropbear, which refuses every key with a list of addresses
    .way-out = leave `--from` out, or limit the addresses in a firewall
grant-examples = `stagepass grant --help` has examples
credential-missing = there is no credential
    .key = give the supporter's public key with `--key FILE`
    .make = or let stagepass make one with `--generate-key` or `--password`
with-too-many = `--with` names too many providers
    .why = a grant has at most { $count } layers
with-two-accounts = `{ $one }` and `{ $other }` both give an account
    .way-out = a grant has one account that the supporter logs in to: leave one of them out
with-no-account = nothing that `--with` names gives an account
    .way-out = name what gives one, too: `--with { $server },{ $names }`
with-twice = `--with` names `{ $provider }` more than once
    .way-out = name each once: nothing is made twice for one grant
max-unusable = `--max` cannot be used
    .nothing = there is nothing to wait for
    .range = it must be between one minute and twelve hours
    .way-out = write `--at-end drain --max 30m`; without `--at-end drain` everything ends at the deadline
case-closed = the case `{ $case }` is closed
    .way-out = open a new case for a new investigation
key-file-unreadable = the key file `{ $file }` cannot be read
    .name-it = name the file with the supporter's public key
    .pipe = what a program prints can be given on standard input: `--key -`
key-unusable = the supporter's public key cannot be used
from-host-and-net = `{ $typed }` is an address and a network
    .way-out = write `{ $net }` for the network, or `{ $address }` for the one address
from-not-a-network = `{ $typed }` is not a network
    .way-out = write 192.0.2.0/24, 2001:db8::/32 or a single address
deadline-not-meant = the deadline is not the one that was meant
deadline-examples = write `--for 14d`, `--for 5h`, or `--until '2026-12-01 18:00'`
deadline-unusable = the deadline cannot be understood
not-handed-over =
    .taken-back = the grant was taken back: { $how }
    .revoke = run `stagepass revoke { $grant }`
grant-needs = { $names } { $count ->
        [one] is
       *[other] are
    } missing

## A backup

backup-not-read = the backup could not be read
backup-command-unusable = `--backup-command` { $why }
    .way-out = put what is long or secret into a script, and name that: `--backup-command ./backup.sh`
    .none = names no command
    .long = must be one line of at most 400 bytes, since it is shown and recorded
    .secret = holds a password, and would be recorded with it
backup-command-failed = the backup command did not make a backup
    .nothing = nothing was made on the server, and nothing was sent to it
    .late = it was ended: it ran for more than { $minutes } minutes
    .signal = a signal ended it
    .status = it ended with status { $status }
    .too-much = it printed more than a list of names
    .no-text = it printed what is no text
    .no-name = it printed no name; it prints `/path/on/the/server` or `local:FILE`, one a line
    .many = it printed { $lines } lines, and a backup is at most { $most } files
    .other-line = it printed a line that is no name: `{ $line }`; it prints `/path/on/the/server` or `local:FILE`, one a line, and everything else on standard error
backup-name-unusable = `--backup { $name }` { $why }
    .there = a file on the server: `--backup /var/backups/shop.tar.gz`
    .here = a file on this computer: `--backup local:shop.tar.gz`
backup-not-looked-at = the backup could not be looked at

## `reconcile`

reconcile-nothing = nothing was found of a grant `{ $grant }`
    .way-out = `stagepass reconcile TARGET` lists what does not fit; what fits is ended by `revoke`
reconcile-several = `{ $grant }` begins more than one grant's id
    .way-out = write more of it
reconcile-known = the ledger knows the grant { $grant } already
    .close = `stagepass reconcile { $target } --close { $grant }`
reconcile-unproved = nothing was touched: not everything that was named is proved to be ours
    .way-out = look at it on the server; `--unproved` lets this act on it, after a question
    .yes = `--yes` answers the question where nobody can be asked
does-not-fit = { $count ->
        [one] one thing does
       *[other] { $count } things do
    } not fit
    .adopt-or-close = `stagepass reconcile { $target } --adopt { $grant }` lets the next sweep close it, `--close { $grant }` closes it now
    .end-in-ledger = `stagepass revoke { $grant }` ends it in the ledger, with the proof
    .by-hand = look at it on { $target }, and take it away by hand; or `stagepass revoke { $grant }` ends the grant, and then run this again
    .close = `stagepass reconcile { $target } --close { $grant }` closes it
    .close-unproved = look at { $grant } on { $target }: if it is yours, `stagepass reconcile { $target } --close { $grant } --unproved` closes it
not-every-target = not every target was seen
target-why = { $target }: { $why }

## A deadline that cannot be understood

deadline-error-not-a-length = `{ $value }` is not a length of time; write `14d`, `5h`, `90m` or `2 weeks`
deadline-error-not-a-time = `{ $value }` is not a time; write `2026-12-01`, `2026-12-01 18:00`, `2026-12-01T18:00+01:00` or `2026-12-01T17:00Z`
deadline-error-zero = `{ $value }` is no time at all
deadline-error-far = `{ $value }` is more than a year away
deadline-error-past = `{ $text }` is in the past: it was { $ago }
deadline-error-twice = `{ $text }` comes twice that day, because clocks are put back; write `{ $earlier }` or `{ $later }`
deadline-error-never = `{ $text }` does not come that day, because clocks are put forward; write `{ $earlier }` or `{ $later }`
deadline-doubt-months = `{ $shown }` is { $length }; for months write `{ $days }d`.
deadline-doubt-minutes = `{ $shown }` is { $length }; for minutes write `{ $count }min`.
deadline-doubt-short = `{ $shown }` is only { $length }.

## A desk that cannot be used

desk-error-not-found = there is no desk `{ $name }`; there are: { $known }
desk-error-name = `{ $value }` cannot be a desk's name: only a-z, 0-9 and `-`, at most 40
desk-error-name-taken = `{ $value }` has the name of a desk that comes with stagepass; rename it
desk-error-unsafe = `{ $path }` is not used: { $why }
desk-error-malformed = { $path }:{ $line }:{ $column }: { $why }
desk-error-invalid = { $path }: { $why }
desk-error-texts = { $path }: { $source }
desk-error-read = cannot read `{ $path }`
desk-invalid-maximum = `time_box.maximum_days` is { $days }, and must be 1 to { $most }
desk-invalid-default = `time_box.default_days` is { $days }, and must be 1 to `maximum_days`, { $most }
desk-invalid-total = `extensions.total_days` is { $days }, and must be `time_box.maximum_days`, { $least }, to { $most }
desk-invalid-age = `live.backup_maximum_age_hours` is { $hours }, and must be 1 to { $most }
desk-invalid-protocols = `protocols` is empty
desk-invalid-port = `port` is not a port for SSH
desk-invalid-name = `name` { $problem }
desk-invalid-acknowledge = `live.acknowledge` names no rule: `{ $rule }`
desk-invalid-twice = rule `{ $rule }` is there twice
desk-invalid-speaks-for = rule `{ $rule }` speaks for `{ $spoken }`, which is no rule of stagepass
desk-invalid-sentence = the sentence `{ $id }` is missing
desk-invalid-missing = `{ $key }` is missing
desk-invalid-needless = a desk with `access = false` takes tickets only, and has no `{ $key }`
desk-invalid-question = { $problem ->
        [name] `{ $id }` is no name for a question: a-z, 0-9 and `_`, at most 40, the first a letter
        [twice] question `{ $id }` is there twice
        [rule] `{ $id }` names a rule that is not in `rules`
        [choices] question `{ $id }` has `choices` exactly where its kind is `choice`
        [choice-name] a choice of question `{ $id }` is no word: a-z, 0-9 and `_`, the first a letter
        [uuid] question `{ $id }` has `uuid`, which is for the kind `id`
        [secret] question `{ $id }` has `secret`, which is for the kinds `text` and `id`
        [condition] `{ $id }` depends on something that no earlier question with choices can be answered with
        [no-condition] the stop of rule `{ $id }` has no condition in `when`
        [need] question `{ $id }` is required in any case, and has `required_when`
       *[forbidden] `{ $id }` is forbidden, and asked for
    }

answer-problem-empty = it is empty
answer-problem-long = it is longer than { $limit } characters
answer-problem-character = it has a character in it that is not allowed: `{ $character }`
answer-problem-choice = it is none of: { $choices }
answer-problem-time = { $why }; the desk wants the day and the time of day, such as `2026-12-01 14:05`
answer-problem-future = it has not come yet, and the problem has
answer-problem-id = an id is one word of letters, digits and signs
answer-problem-uuid = it is no UUID, such as `550e8400-e29b-41d4-a716-446655440000`

## The keyring

keyring-error-name = this cannot be the name of a secret: { $why }
keyring-error-absent = no keyring can be reached: { $why }
keyring-error-locked = the keyring is locked
keyring-error-no-answer = the keyring did not answer within { $limit } s
keyring-error-not-text = what the keyring keeps as `{ $name }` is not text
keyring-error-ambiguous = the keyring keeps more than one secret as `{ $name }`
keyring-error-refused = the keyring refused: { $why }
keyring-error-index = cannot use the list of secret names `{ $path }`
secret-kept = kept { $name } in the keyring
secret-removed = removed { $name }
secret-absent = there was no { $name }
keyring-instead =
    .passphrase = give stagepass a key of its own without a passphrase, used for nothing else: `ssh-keygen -t ed25519 -N '' -C stagepass -f ~/.ssh/stagepass_ed25519`, and put `restrict` in front of its line in `authorized_keys` on the server
    .agent = or load the key into an agent whose socket does not change between logins: `ssh-add { $target }`, with `IdentityAgent` in `~/.ssh/config`; after a restart somebody has to load it again
    .login-key = let `{ $target }` log in with a key instead of a password: `ssh-keygen -t ed25519 -N '' -C stagepass -f ~/.ssh/stagepass_ed25519`, then `ssh-copy-id -i ~/.ssh/stagepass_ed25519.pub` to it
    .login-key-set = and set `login = "key"` for `{ $target }` in the targets file
    .sudo = on `{ $target }`, as root, run `visudo -f /etc/sudoers.d/stagepass` and write `deploy ALL=(root) NOPASSWD: /bin/sh -s`, with your login in place of `deploy`; whoever holds that login's key is then root without a password
    .sudo-set = and set `become = "sudo"` for `{ $target }` in the targets file
    .ledger = let PostgreSQL know this user without a password: `peer` over the local socket, or a client certificate (`sslcert`, `sslkey`) in the ledger's URL

## The schedule

schedule-error-period = a sweep every { $minutes } minutes is not possible: it must be 1 to 60 and divide 60
schedule-error-unusable = `{ $word }` cannot be scheduled: it { $why }
schedule-error-no-way = this machine has neither a crontab nor a systemd user manager
schedule-error-missing = `{ $program }` is not installed
schedule-error-start = cannot run `{ $program }`
schedule-error-slow = `{ $program }` did not end within { $limit } s
schedule-error-failed = `{ $program }` failed: { $said }
schedule-error-too-long = the crontab is longer than { $most } KiB
schedule-error-inexact = `crontab -l` does not show the crontab as it is, with its control characters
schedule-error-edited = the crontab changed while it was being edited; nothing was written
schedule-error-read-back = the crontab read back is not what was written; { $restored ->
        [yes] the former one was put back
       *[no] putting the former one back failed too
    }
schedule-error-foreign = `{ $path }` is there and was not written by stagepass
schedule-error-no-user-manager = the systemd user manager cannot be reached: { $why }
schedule-error-file = cannot use `{ $path }`
schedule-note-not-lingering = the timer stops when you log out, and starts again when you log in; `{ $command }` keeps it running
schedule-note-no-cron-daemon = no cron daemon was seen on this machine; until one runs, nothing is swept
schedule-note-timer-inactive = the timer is not running ({ $state }); `stagepass schedule install` starts it again
schedule-note-crontab-sets = the crontab sets `{ $variable }`, which the sweep inherits
nothing-written = nothing was written
schedule-made = The sweep is scheduled, and it was shown that it can log in unattended.
schedule-none = the sweep is not scheduled on this machine
schedule-removed = { $count ->
        [0] the sweep was not scheduled
       *[other] the sweep is no longer scheduled; nothing else was touched
    }
last-sweep = { $when } on { $host }: { $due } due, { $closed } closed, { $failed } failed
    .never = never
changed-by-hand = changed by hand

## A file that is not the public key that is needed

key-error-read = the public key cannot be read
key-error-empty = there is no public key in it: it is empty
key-error-large = it is larger than 16 KiB, and no public key is
key-error-several = it holds { $value } keys; a grant is for one person and one key
key-error-options = it has options in front of the key; only `type base64 comment` is taken
key-error-private = this is a PRIVATE key, and it must be sent to nobody
key-error-pem = it is a public key in PEM format, as OpenSSL writes it, not in OpenSSH's
key-error-armor = it is not an SSH key: it begins with `{ $value }`
key-error-surrounded = there is other text around the key; it must be alone in the file
key-error-url = it is a web address, not a key
key-error-other-format = it is in the SSH2 format of PuTTY, not in OpenSSH's
key-error-certificate = it is a certificate, not a public key
key-error-type = the key's type, `{ $value }`, is not taken: servers and stagepass refuse it
key-error-short-rsa = the RSA key has { $value } bits, and must have 2048 or more
key-error-damaged = the key is damaged: { $value }
key-error-not-a-key = it is not a public key in OpenSSH's format
key-error-not-text = it has control characters in it, or is not text

## What to do about the ledger

ledger-database-hint-read-only = the login may only read, or the server is a standby: see its rights there
ledger-database-hint-denied = check user and password, and what `pg_hba.conf` and the grants there allow
ledger-database-hint-corrupt = leave the database as it is, and restore your last `pg_dump` into another
ledger-database-hint-disk-full = make room on the database's server; nothing was lost, and nothing was changed
ledger-database-hint-older-version = any command of a login that may change tables brings it up to date
ledger-database-hint-absent = nothing was recorded in this database; `stagepass case open` begins
ledger-hint-locked = another stagepass is writing; try again in a moment
ledger-hint-read-only = check who owns the file and its folder
ledger-hint-corrupt = keep the file as it is, and put your last backup of it in its place
ledger-hint-bad-url = mend `ledger` in config.toml: `ledger = "postgres://user@host/database"`
ledger-hint-insecure-url = leave `sslmode` out of `ledger` in config.toml, or write `sslmode=verify-full`
ledger-hint-export = what was written is not the whole ledger; write it to a place with room for it
ledger-hint-not-a-ledger = nothing was changed in it; name another folder with `--state`, or move it away
ledger-hint-absent = if there was one, put your last backup in its place; `stagepass case open` begins a new one
ledger-hint-denied = check who owns it, its folder, and what they allow
ledger-hint-unreachable = check that the database runs and answers from here
ledger-hint-older-version = any command brings it up to date; check who owns the file and its folder, so that it can be written
ledger-hint-altered = nothing was done: `stagepass ledger verify` says where; put your last backup of the ledger back
ledger-hint-no-copy = `pg_dump` makes a backup of a database
ledger-hint-copy = name a new file in a folder that can be written
ledger-hint-no-database = make the database, or mend `ledger` in config.toml: `ledger = "postgres://user@host/database"`
ledger-hint-unsure = `stagepass list` shows what was recorded
ledger-hint-conflict = look at it with `stagepass show`, and try again
ledger-hint-newer-version = use the newer stagepass that wrote it
ledger-hint-disk-full = make room; nothing was lost, and nothing was changed
ledger-hint-no-such-grant = `stagepass list --all` shows every grant
ledger-hint-no-such-case = `stagepass case list --all` shows every case
ledger-hint-ambiguous = write more of the id
ledger-hint-already-granted = one person has one grant on a target: `stagepass extend` moves its deadline, `stagepass revoke` ends it

## What is asked and told on the way

ask-passphrase = Passphrase of the key file { $file }:
ask-password = Login password { $who ->
        [known] of { $user } on { $target }:
       *[unknown] on { $target }:
    }
ask-sudo = sudo password { $who ->
        [known] of { $user } on { $target }:
       *[unknown] on { $target }:
    }
ask-ledger = Password of the ledger:
ask-again = That was not right. { $question }
ask-yes = { $question } [y/N]
ask-found = What was found to be the case?
ask-case = Case (the desk's reference):
ask-target = Target ({ $names }):
ask-supporter = Supporter's name:
ask-key = File with the supporter's public key (empty: make a key pair):
ask-doubt = { $doubt } Is that meant?
ask-let-in = Let { $supporter } in?
ask-live-host = This counts as a LIVE shop. Type its host name, { $name }, to let { $supporter } in:
ask-more-time = Why is more time needed?
ask-unproved = { $count ->
        [one] { $grant } is not proved to be ours. Go on?
       *[other] { $count } of these are not proved to be ours. Go on?
    }
progress-asking = asking the servers
progress-connecting = connecting
progress-connecting-to = connecting to { $target }
progress-deadline = moving the deadline
progress-looking = looking
progress-looking-at-server = looking at the server
progress-making-access = making access
progress-making-backup = making the backup: { $command }
progress-reading-backup = reading the backup { $name }
progress-reading-script = reading the script
progress-proving-schedule = trying every target with open grants, as cron would
case-next = next: stagepass grant --case { $case } --target NAME --supporter NAME --key FILE
case-none-open = no open cases; `stagepass case open REF --desk NAME` opens one
case-list-cut = only the { $count } opened last are listed
man-written = man pages are in { $folder }
schedule-way = hint: `stagepass schedule install` schedules it
secrets-none = no secrets are kept; `stagepass secret set` keeps one
interrupted-undoing = interrupted: undoing what was begun on { $target }
no-mark-key = there is no `mark.key` in the state folder: nothing can be proved to be ours; put it back from your backup

## Grants as they are shown

unconfirmed = { $grant }: the server was to end it at { $end }; `stagepass sweep` asks it
    .gone = { $grant }: the server says that it ended it; `stagepass sweep` records it
    .still-there = { $grant }: the server was to end it at { $end }, and it is still there: `stagepass sweep`
state-unconfirmed = over, not confirmed
state-says-gone = over, says the server
state-still-there = over, STILL THERE
ends-forgotten = forgotten, not closed
ended-by-server = the server itself, by the job that was left there
show-drift = What is not as it was made
show-found = What was found
show-not-compared = What changed was not compared
show-changed = What changed in the shop
show-partly = not everything was compared: { $why }
show-left = Files of the account that were elsewhere
show-uses = How it was used
show-events = What happened
show-key = the supporter's key was { $text }
show-check-key = a login with the same options worked: { $text }
show-password = the password logged in: { $text }

## The plan

plan-no-shop-user = rule { $number }: { $text } This grant makes none: `--with server,shop` does
plan-unanswered = rule { $number }: { $count ->
        [one] one question of the desk has no answer yet
       *[other] { $count } questions of the desk have no answer yet
    }; `stagepass case edit { $case }` asks for them
plan-title = The plan
plan-approved = approved by { $approver } ({ $approval })
plan-not-opened = { $files }  (others on the server cannot read them; `--with-secrets` opens them)
plan-opened = also files with passwords and keys ({ $files }): { $reason }
plan-own-key = the supporter's own key { $fingerprint }
plan-new-pair = a new key pair
plan-new-password = a new password
plan-weak = cannot be enforced here: { $layer }
plan-at-end = sessions that are open are ended
plan-drain = nothing new may start; what runs may go on for { $time }
plan-no-folder = no shop folder was named
plan-sftp = SFTP, reading and writing ({ $place })
plan-read-only = SFTP, reading only ({ $place })
plan-ssh = shell, commands and SFTP ({ $place })
granted = Granted: { $grant }.
    .somebody = the supporter
    .connects = { $given } connects with
    .file = in { $path } (mode 0600)
tried-limited = The supporter's key is in place for the addresses in `--from`, and a trial login with the same rights worked.
tried-key = The server takes the supporter's key, and a trial login with the same rights worked.
tried-both = The server takes the supporter's key, and trial logins with the same rights and with the password worked.
tried-password = The password was tried for real and works.

## How the server is reached

connect-doubt-jump = is reached from here through another server
connect-doubt-address = is an address that only this network has
connect-doubt-name = is a name that only this network or computer may know
connect-doubt = `{ $host }` { $why }: name the public one with `stagepass target add … --public-host`

## What a survey of a server finds

survey-leftover = nothing that lets anybody in
survey-copied = its tag was made for another account or another key
survey-claims = beside what is ours there is what only claims to be
survey-over = the ledger says that the grant is over, and this is there
survey-unknown = this installation made it, and the ledger does not know it
survey-no-key = there is no `mark.key` here: nothing can be proved to be ours
survey-tag-of-another = its tag was not made by this installation for this account and key on this server
survey-no-tag = it has no tag
survey-ended-early = nothing on the server lets it in, and a note there says that the server ended it, which it does not do before the deadline: `stagepass revoke` looks at what is left
survey-missing = the ledger says it is open, and nothing on the server lets it in
survey-other-key = it names the grant, and has another key than the grant
survey-other-tag = its tag is not the one that was made with the grant
survey-other-account = the ledger has the grant for the account { $accounts }, and this is another
survey-other-server = the ledger has the grant on `{ $target }`, which is another server
