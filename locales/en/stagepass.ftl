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
        [payment-unclear] whether payments move money is not understood{ $placed ->
            [yes] { " " }(`{ $place }` is `{ $value }`)
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
target-shops-seen-once = or for once: `stagepass target check { $target } --shop-folder FOLDER`, and the same option of `grant`

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
    .word = mended
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
       *[other] it is { $word }
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
skeleton-manifest = what it is, is told and may say
skeleton-program = what it makes: change this
skeleton-asking = which PHP is asked, as whom, and where
skeleton-verbs = in which order, and why
skeleton-sentences = what it tells people
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
    .none-found = no shop was found in the places where shops usually are
    .for-once = name its folder with `--shop-folder FOLDER`, or for good: `stagepass target add … --replace --path FOLDER`
shop-folder-unusable = the shop folder { $folder } cannot be used
shop-is-the-only-one = The shop in { $folder } is the only one that was found.
shops-several = { $target } has { $count } shops
    .way-out = name the one that is meant with `--shop-folder FOLDER`; nothing was made
shop-not-chosen = none of the { $count } shops of { $target } was chosen
ask-shop = Which of them is it for, 1 to { $count }?
progress-looking-for-shops = looking for shops on { $target }
key-kind-refused = { $target } takes no keys of the kind { $kind }
    .why = its sshd says: `PubkeyAcceptedAlgorithms { $accepted }`
    .ask = ask { $supporter } for a key of a kind that this server takes, such as RSA or ECDSA
    .generate = or let stagepass make one: `--generate-key` makes one of the right kind
secret-in-json = a JSON document never holds a secret
    .way-out = write the credential to a new file with `--output FILE`
    .seal = seal to a key with `--seal` or `--seal-to KEY`: what is sealed is no secret
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

## Handing over

# What is sealed, and to whom: age seals to ed25519 and RSA keys of SSH, and to its own.
seal-error-key-kind = nothing can be sealed to a key of the kind { $kind }: only to ed25519 and RSA keys of SSH, and to keys of age
seal-error-key = { $why }
seal-error-seal = the encryption failed
seal-error-not-sealed = there is no sealed text in it: that begins with `-----BEGIN AGE ENCRYPTED FILE-----`
seal-error-damaged = the sealed text is not whole, or was changed on its way
seal-error-not-ours = it was sealed to another key
seal-error-passphrase = the passphrase is another one
seal-error-too-much-work = it asks for more work than is done for a text that anybody may have written
seal-error-large = it is longer than anything that stagepass seals
seal-error-identity = { $why ->
    [age] it is not a private key of age
    [kind] sealed texts are not opened with a private key of this kind
   *[ssh] it is not a private key
}

seal-key-unusable = this key cannot be sealed to
    .another = ask the supporter for an ed25519 key, or a key of age, and name it with `--seal-to KEY`
    .passphrase = or seal with a passphrase that you tell them another way: `--passphrase`
seal-key-unreadable = the key in `{ $path }` cannot be read
seal-needless = there is nothing to seal
    .why = the supporter logs in with a key of their own, and no password is made
    .way-out = leave it out; `stagepass handover GRANT` prints what the supporter has to know
not-sealed = the credential could not be sealed, so nobody has it
passphrase-shown = passphrase of what is sealed, shown this once; tell it another way than the ticket:
credential-of-account = { $what } of { $account } on { $target }
credential-of-user = { $what } for the user { $account } on { $target }
credential-shown = { $what }, shown this once:
plan-sealed-to = { $what }, sealed to { $fingerprint }
plan-sealed-with = { $what }, sealed with a passphrase
handover-not-open = grant { $grant } is { $state }: only an open one is handed over
handover-done = grant { $grant } was handed over already, { $when }
    .why = what was sent twice may have been read by somebody else, and the record is to show who was sent what
    .way-out = `stagepass handover { $grant } --again --reason '…'` does it again
handover-not-kept = what was sealed could not be kept
handover-unreadable = what was sealed cannot be read
handover-not-sealed = the password of grant { $grant } is not in this: nothing was sealed for it on this computer
handover-ends = { $local } ({ $utc })
handover-title = { $case }: access for { $supporter }, until { $ends }
handover-how-to-open = The credential is sealed: only the supporter can open it. Save all of this in a file and run `stagepass open FILE`, or `age -d -i ~/.ssh/id_ed25519 FILE` with the lines from BEGIN to END alone.
handover-connect = connect
handover-host = host
handover-port = port
handover-user = user
handover-host-key = host key
handover-known-hosts = known_hosts
handover-access = access
handover-login = login
handover-also = also
handover-then = at the end
handover-ask = questions
handover-doubt = note
handover-beside = the user { $user } by `{ $provider }`
handover-shop = the user { $user } at { $url }
handover-at-the-end = the server ends it by itself, and then says: This access for { $case } ended
handover-somebody = the person at the shop who gave it to you
handover-by-key = with the key { $fingerprint }
handover-by-password = with a password
handover-by-both = with the key { $fingerprint }, or with a password

open-unreadable = `{ $path }` cannot be read
open-key-unusable = nothing can be opened with the key in `{ $path }`
open-failed = this was not opened
    .name-a-key = name the private key that it was sealed to with `--identity FILE`; the usual ones in `~/.ssh` were tried
    .another-key = name the private key that it was sealed to
    .whole = give it the whole text, from the line with BEGIN to the line with END
open-not-to-terminal = standard output is not a terminal, and what was sealed is a secret
open-done = What was sealed:
ask-key-passphrase = Passphrase of the key { $file }:
ask-sealed-passphrase = Passphrase that it was sealed with:

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

## What is wrong with the ledger

ledger-error-locked = { $holder ->
        [unknown] the ledger `{ $place }` stayed locked
       *[other] the ledger `{ $place }` stayed locked by { $holder }
    }
ledger-error-read-only = the ledger `{ $place }` cannot be written: { $why }
ledger-error-corrupt = the ledger `{ $place }` is damaged: { $why }
ledger-error-not-a-ledger = `{ $place }` is a database, but not a ledger of stagepass
ledger-error-newer-version = the ledger `{ $place }` has version { $found }, and this stagepass knows up to version { $known }
ledger-error-older-version = the ledger `{ $place }` has version { $found } and must be opened for writing once
ledger-error-disk-full = no space is left for the ledger `{ $place }`
ledger-error-absent = there is no ledger at `{ $place }` yet
ledger-error-denied = the ledger `{ $place }` may not be used: { $why }
ledger-error-unreachable = the ledger `{ $place }` cannot be reached: { $why }
ledger-error-unsure = the ledger `{ $place }` was lost while it recorded a change: { $why }
ledger-error-bad-url = the ledger's URL cannot be used: { $why }
ledger-error-insecure-url = the ledger's URL asks for `sslmode={ $mode }`, and `{ $host }` is not this machine
ledger-error-no-such-grant = there is no grant `{ $id }`
ledger-error-no-such-case = there is no case `{ $reference }`
ledger-error-ambiguous = more than one grant begins with `{ $prefix }`: { $matches }
ledger-error-conflict = the grant `{ $id }` was changed by another process
ledger-error-exists = `{ $name }` is already in the ledger
ledger-error-already-granted = this supporter already has the grant `{ $id }` on this target
ledger-error-case-closed = the case `{ $reference }` is closed
ledger-error-still-live = the case `{ $reference }` has live grants: { $grants }
ledger-error-illegal-transition = the grant `{ $id }` is { $from } and cannot become { $to }
ledger-error-altered = { $what ->
        [case] the case `{ $name }` was changed in the ledger by something else than stagepass
       *[grant] the grant `{ $name }` was changed in the ledger by something else than stagepass
    }
ledger-error-immutable = { $field ->
        [case] the case of the grant `{ $id }` cannot change
        [target] the target of the grant `{ $id }` cannot change
        [supporter] the supporter of the grant `{ $id }` cannot change
        [access] the access of the grant `{ $id }` cannot change
       *[created-at] the creation time of the grant `{ $id }` cannot change
    }
ledger-error-bad-text = { $field ->
        [host] the host holds a control character
        [target] the target holds a control character
        [reference] the reference holds a control character
        [desk] the desk holds a control character
        [supporter-name] the supporter's name holds a control character
        [supporter-company] the supporter's company holds a control character
        [provider] the provider holds a control character
        [account] the account holds a control character
       *[id] the id holds a control character
    }
ledger-error-no-copy = the ledger is on PostgreSQL, and no file
ledger-error-copy = the copy `{ $file }` cannot be written: { $why }
ledger-error-no-database = there is no database for the ledger at `{ $place }`
ledger-error-export = the events could not be written
ledger-error-database = the ledger `{ $place }` failed: { $why }
ledger-why-silent = it does not answer
ledger-why-no-database = it is not an SQLite database
ledger-why-only-for-reading = it was opened only for reading
ledger-lock-holder = process { $process } (`{ $program }`)
ledger-url =
    .scheme = it does not begin with `postgres://`
    .parameter-unknown = it has a parameter that is not known
    .parameter-invalid = one of its parameters is not valid
    .no-host = it names no host
    .hosts = it names more than one host
    .path = the path is not UTF-8
    .unreadable = an unreadable URL
ledger-warning-folder = the folder of `{ $place }` cannot be written
ledger-warning-mode = `{ $path }` can be used by others (mode { $mode })
ledger-warning-owner = `{ $path }` belongs to another user ({ $user })
ledger-break-at = event { $seq }: { $why }
ledger-break-file = the file is damaged: { $said }
ledger-break-migrations = the list of migrations is not that of this program
ledger-break-object = the { $kind } `{ $name }` is not of this program
ledger-break-object-missing = the { $kind } `{ $name }` is missing
ledger-break-view = one of the tables is a view
ledger-break-event = event { $seq } is not as it was recorded
ledger-break-event-missing = event { $seq } is missing
ledger-break-event-reported = event { $seq } is not the one that was reported
ledger-break-events-missing = the events from { $seq } on are missing
ledger-break-end = the chain ends at { $head }, not at { $stated }
ledger-break-grant = the grant { $grant } is not as event { $seq } left it
ledger-break-grant-changed = the grant { $grant } was changed without an event
ledger-break-case = the case { $case } is not as event { $seq } left it
ledger-break-case-changed = the case { $case } was changed without an event
ledger-break-count = { $counted } grants are counted as { $state }, not { $found }
ledger-break-count-incomplete = the count of grants is not complete
ledger-none = there is no ledger yet
    .way-out = the first `stagepass case open` makes it
ledger-head-unreadable = the remembered head cannot be read
    .way-out = give it as it was printed, such as 17:ab12…
ledger-broken = the ledger is not as it was recorded
    .way-out = somebody or something changed it: keep a copy, and compare it with your backups
ledger-copy-broken = the copy is not whole
    .way-out = `stagepass ledger verify` says whether the ledger is
ledger-whole = The record is complete and unchanged.

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
progress-copying-ledger = copying the ledger
progress-verifying-ledger = computing the chain again
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
    .hand-over = hand-over
    .send-this = Send this to the supporter. What is secret in it only they can open.
    .somebody = the supporter
    .connects = { $given } connects with
    .file = in { $path } (mode 0600)
tried-limited = The supporter's key is in place for the addresses in `--from`, and a trial login with the same rights worked.
tried-key = The server takes the supporter's key, and a trial login with the same rights worked.
tried-both = The server takes the supporter's key, and trial logins with the same rights and with the password worked.
tried-password = The password was tried for real and works.

## The states of a grant

state =
    .opening = opening
    .open = open
    .closing = closing
    .stuck = stuck
    .closed = closed
    .forgotten = forgotten

## What was typed, or stands in a file, and cannot be understood

unknown-word = `{ $word }` is not { $expected }
expected-become = none, sudo or sudo-password
expected-login = auto, agent, key or password
expected-state = opening, open, closing, stuck, closed or forgotten
expected-access = sftp, sftp-read-only or ssh
expected-environment = staging, live, test or development
expected-head = the head of a ledger, such as 12:5f…
file-error-not-regular = it is not a regular file
file-error-too-large = it is larger than { $most }
file-error-not-text = it is not UTF-8 text
file-error-not-utf-8 = not UTF-8
address-error-ftp = `{ $scheme }://` is FTP; only SSH and SFTP are supported
address-error-scheme = `{ $value }://` is not supported; write `ssh://user@host`
address-error-password = an address must not hold a password; it would stay in the shell's history
address-error-path = an address ends after the host and port; the shop's folder goes into `--path`
address-error-empty = the address is empty
address-error-user = `{ $value }` is not the name of an account
address-error-host = `{ $value }` is not a host name or an IP address
address-error-port = the port is not a number from 1 to 65535
address-character =
    .control = a control character cannot stand in an address
    .space = white space cannot stand in an address
    .quote = a quote cannot stand in an address
    .backslash = a backslash cannot stand in an address
    .percent = a percent sign cannot stand in an address
    .foreign = a character outside ASCII (write an international name as `xn--…`) cannot stand in an address
    .hyphen = a leading `-` cannot stand in an address
pin-error-private = this is a private key; a host key is public
pin-error-not-sha256 = only SHA-256 fingerprints are taken: `SHA256:` and 43 characters, as `ssh-keygen -l` prints them
pin-error-type = `{ $value }` is not a type of host key that stagepass takes
pin-error-unreadable = not a host key: expected `ssh-ed25519 AAAA…` or `SHA256:…`
target-value-name = `{ $value }` is not a name: small letters, digits, `.`, `_` and `-`, at most 63, the first a letter or digit
target-value-unknown-key = there is no such key; known keys are { $keys }
target-value-missing = it is missing
target-value-public-host = must be a host name or an address, and perhaps a port, such as `shop.example:2222`
target-value-only-ssh = it means nothing for `local:`
target-type =
    .text = expected a text in quotes
    .host-key = expected a host key in quotes, or a list of them
    .tables = expected `[target.NAME]`
    .only-tables = expected `[target.NAME]` and nothing else
    .table = expected a table
target-path =
    .relative = the folder must start with `/`
    .control = the folder must not hold control characters
    .long = the folder must not be longer than 1024 bytes
    .dots = the folder must not hold `.` or `..`
    .root = the folder must not be the root of the file system
target-identity =
    .control = the key file must be a path without control characters
    .relative = the key file must start with `/` or `~/`
    .not-text = the key file must be UTF-8
target-error-syntax = `{ $path }` is not TOML: line { $line }, column { $column }: { $message }
target-error-value = `{ $path }`, line { $line }, column { $column }: `{ $key }`: { $complaint }
target-error-given = `{ $key }`: { $complaint }
target-error-exists = there is a target `{ $value }` already
target-error-not-found = there is no target `{ $value }`
target-error-world-writable = `{ $path }` may be written by others; run `chmod 600` on it, as its owner
target-error-too-large = `{ $path }` is larger than 4 MiB
target-error-read = cannot read `{ $path }`
target-error-write = cannot write `{ $path }`; it is as it was

## How the server is reached

connect-doubt-jump = is reached from here through another server
connect-doubt-address = is an address that only this network has
connect-doubt-name = is a name that only this network or computer may know
connect-doubt = `{ $host }` { $why }: name the public one with `stagepass target add … --public-host`

transport-error-ftp = `{ $host }` answers as an FTP server does (`{ $greeting }`), not as an SSH server
transport-error-not-ssh = `{ $host }` is not an SSH server; it says `{ $greeting }`
transport-error-host-key-changed = the host key of `{ $host }` is not the pinned one: expected { $pinned }, received { $received }
transport-error-host-key-unknown = the host key of `{ $host }` is not known: it is { $received }
transport-error-host-key-revoked = the host key of `{ $host }`, { $received }, is marked `@revoked` in `known_hosts`
transport-error-unreachable = cannot reach `{ $host }`
transport-error-jump = the jump host `{ $jump }` cannot be used
transport-error-no-way = `{ $jump }` does not lead on to `{ $host }`: { $why }
transport-error-turned-away = `{ $host }` turns us away for now: `{ $greeting }`
transport-error-closed = `{ $host }` closed the connection before it said anything
transport-error-auth-refused = `{ $host }` refused the login of `{ $user }`; { $count ->
        [0] tried nothing
       *[other] tried { $tried }
    }; it takes { $methods }{ $spoke ->
        [yes] ; it says: `{ $banner }`
       *[no] {""}
    }
transport-error-no-password = there is no password for `{ $target }` in the keyring, and nobody to ask
transport-error-key-file = the key file `{ $path }` cannot be used: { $why }
transport-error-no-common-algorithm = { $kind ->
        [kex] no key exchange in common with `{ $host }`
        [key] no host key type in common with `{ $host }`
        [compression] no compression in common with `{ $host }`
        [mac] no message authentication in common with `{ $host }`
       *[cipher] no cipher in common with `{ $host }`
    }: it offers { $theirs }, we take { $ours }
transport-error-timed-out = { $phase ->
        [connect] `{ $host }` did not answer in time, while connecting
        [greeting] `{ $host }` did not answer in time, waiting for the server's first line
        [key-exchange] `{ $host }` did not answer in time, during the key exchange
        [login] `{ $host }` did not answer in time, during the login
       *[session] `{ $host }` did not answer in time, after the login
    }
transport-error-lost = { $phase ->
        [connect] the connection to `{ $host }` was lost while connecting: { $why }
        [greeting] the connection to `{ $host }` was lost waiting for the server's first line: { $why }
        [key-exchange] the connection to `{ $host }` was lost during the key exchange: { $why }
        [login] the connection to `{ $host }` was lost during the login: { $why }
       *[session] the connection to `{ $host }` was lost after the login: { $why }
    }
transport-error-ssh-config = `{ $path }`: { $why }
known-hosts-error = cannot read `{ $path }`
target-unusable = the target `{ $target }` cannot be used
target-way-out =
    .host-key-changed = nothing was sent. Ask your hosting company whether the server was reinstalled; only if it says so, and names the new fingerprint, add it again: `stagepass target add { $target } … --replace --host-key SHA256:…`
    .host-key-unknown = nothing was sent. Compare the fingerprint with the one your hosting company tells you, and pin it: `stagepass target add { $target } … --replace --host-key SHA256:…`
    .host-key-revoked = nothing was sent: somebody marked this key as stolen or retired
    .refused = check the account and its key: an agent that holds it, `--identity FILE`, or `--login password` with `stagepass secret set password`
    .no-password = keep it with `stagepass secret set password { $target }`
    .unreachable = check the address and the port, and whether the server is up
    .lost = the server ended the connection during the login: it may let nobody in for now (`/etc/nologin`), or this account only from elsewhere (`pam_access`); its log has the reason
    .shut-out = this server shuts an address out for a while after failed logins: wait ten minutes and try again
    .closed = some servers shut an address out for a while after failed logins: wait ten minutes and try again
jump-way-out =
    .host-key-unknown = nothing was sent, and the key pinned for `{ $target }` stays as it is. Compare this fingerprint with the one that whoever runs the jump host tells you; then connect to it once with `{ $command }`, which asks and writes it to { $file }
    .host-key-changed = nothing was sent, and the key pinned for `{ $target }` stays as it is. Ask whoever runs the jump host whether it was reinstalled; only then take its old key out of { $file } and connect to it once with `{ $command }`
    .refused = name its key in ~/.ssh/config (`IdentityFile`, in the block of the jump host), until `{ $command }` logs in
    .no-password = log in to a jump host with a key: its password is not asked for
jump-known-hosts =
    .file = `{ $path }`
    .none = a `UserKnownHostsFile` that keeps keys
lost-why-said = { $why }, and it says: `{ $said }`
sudo-wrong-password = `sudo` did not take the password: { $said }
key-file-why =
    .missing = it is not there
    .public = it is the public half, and no agent has the private half
    .passphrase = the passphrase is wrong
    .not-a-file = it is not a file
    .large = it is too large to be a key
    .mode = others may read it (mode { $mode }); run `chmod 600` on it
    .token = it is the key of a security token, which only an agent can use
tried-agent-key = agent key { $key }
tried-agent-certificate = agent certificate of key { $key }
trial-refused-at = `{ $path }` { $refusal }
trial-write-could = the file `{ $file }` could be made in `{ $folder }`
trial-write-could-left = the file `{ $file }` could be made in `{ $folder }`; it could not be removed again
trial-write-left = the file `{ $file }` in `{ $folder }` was made and could not be removed
trial-write-unread = the file `{ $file }` in `{ $folder }` was written and not read again: it { $refusal }
trial-write-unwritten = the file `{ $file }` in `{ $folder }` was made and not written: it { $refusal }
trial-shell-nothing = its shell runs nothing (status { $status }): { $said }
trial-no-commands = the server runs no commands
trial-shell =
    .opened = { $folder } was opened
    .not-opened = { $folder } cannot be opened
    .read = a file in { $folder } was read
    .nothing-to-read = { $folder } holds no file to read
    .not-read = no file in { $folder } can be read
    .written = a new file in { $folder } was written, read and removed
    .left = the file `{ $file }` in { $folder } was made and could not be removed
    .not-written = no new file can be written in { $folder }
ssh-config-undecided = it cannot be decided here
ssh-config-undecided-word = `{ $word }` cannot be decided here
certificate-why =
    .host = it is for hosts
    .expired = it has expired
    .early = it is not valid yet
    .other = it is for { $names }
tried-partly = { $what } (taken, but it wants more than that)
tried-ended = { $what } ({ $why })
login-methods =
    .nothing = nothing more
    .unknown = no method we know
tried-no-agent-key = the agent has no key that may be offered
login-too-many = too many failures
tried-no-agent = no agent: `SSH_AUTH_SOCK` is not set
tried-agent-silent = no agent answers at `{ $socket }`
tried-agent-unlisted = the agent does not list its keys
tried-agent-enough = { $tried } of { $all } agent keys tried; servers stop at about 6. Name one: `--identity FILE`
tried-sha-1 = { $what } (the server takes RSA with SHA-1 only)
tried-agent-unsigned = { $what } (the agent does not sign with it)
tried-enough = not `{ $file }`: servers stop at about 6 tries
tried-file-unusable = key file `{ $file }` ({ $why })
tried-file = key file `{ $file }`
tried-locked = { $what } (locked, and no passphrase)
tried-certificate = the certificate of { $what }
tried-certificate-rsa = { $what } (RSA: only from an agent)
lost-why-key = its host key changed on the way
lost-why-closed = the server closed it
unreachable-no-address = the name has no address
own-key-in-agent = it is in your agent
answer-no-local = no sshd on this machine answers: { $error }
answer-partly = it was taken, but the server wants { $methods } as well
answer-tried = { $methods } (tried { $tried })
answer-sftp-late = the SFTP session did not answer in time
answer-logged-in-but = logged in, but { $why }
end-no-commands-proftpd = the server does not run commands: ProFTPD there transfers files only
end-no-channel-late = the server opened no channel in time; nothing was sent
end-lost-unsent = the connection was lost before anything was sent
end-no-channel = the server opened no channel: { $why }
end-lost-before-said = the connection was lost before: { $goodbye }
end-lost-before = the connection was lost before
end-signal-named = the command was ended by signal { $name }
end-no-commands = the server does not run commands
end-no-output-end = its output did not end
end-late = it did not end in time
end-flood = it did not stop talking
end-lost = the connection was lost: { $why }
end-no-start = cannot start `/bin/sh` on this machine: { $error }
end-no-streams = the command has no input or output
end-signal = the command was ended by a signal
end-lost-command = the command was lost: { $error }
end-no-status = the connection was lost before the exit status was seen
sudo-nothing-why = `sudo` started nothing: { $why }
sudo-nothing-why-said = `sudo` started nothing: { $why }; it said: { $said }
sudo-nothing-said = `sudo` started nothing: { $said }
sudo-no-password = `sudo` wants a password and there is none in the keyring: `stagepass secret set sudo NAME` keeps it there
reach-sftp = SFTP { $version } answered from `{ $path }`
reach-shell = a command ran and answered
trial-folder-opened = `{ $shown }` was opened
trial-write-refused = a new file was refused, as it must be
trial-write-unseen = whether writing is refused was not seen: a new file { $refusal }
sftp-refusal =
    .missing = is not there
    .code = was refused ({ $code })
    .why = was refused: { $why }
    .other = was answered by something else
trial-new-file = a new file in `{ $shown }` { $refusal }
trial-written = a new file in `{ $shown }` was written, read and removed
trial-read-nothing = `{ $shown }` holds no file to read
trial-read = `{ $file }` was read
sftp-error =
    .short = its SFTP server's answer is cut short
    .first = its SFTP server refused the first request: { $why } ({ $code })
    .other = its SFTP server answers something else than was asked
    .version = its SFTP server does not say its version
    .ended = the SFTP session ended at once
    .long = too long a request
    .twice = its SFTP server answers one request twice
    .prints = something on the server prints text into the SFTP session, such as a greeting in the account's shell profile
trial-late = the session did not answer in time
trial-no-gate = this access has no gate
trial-gate = the gate of this grant answered
trial-gate-other = a gate answered, and not for this access: { $said }
trial-gate-none = not the gate answered, but { $heard }
trial-command-refused = a command was refused: { $why }
trial-command-unseen = whether a command is refused was not seen: { $why }
trial-command-planned = a command runs too, as the plan said
trial-command-ran = a command ran, where only SFTP was granted
trial-lost = the connection was lost
trial-no-sftp = the server has no SFTP
trial-closed = the server closed the session
trial-start-folder = the folder one starts in
trial-forwarding-planned = this server lets a password forward ports, as was said
trial-forwarding-back = a port of the server was lent to this login
trial-forwarding-through = a connection was forwarded through the server
trial-forwarding-tried = the server tried to forward a connection
trial-forwarding-refused = forwarding was refused in both directions
trial-no-word = it ended without a word
trial-no-word-status = it ended without a word (status { $status })
trial-no-channel = the server opened no channel
web-late = it did not answer in time
web-no-answer = what it answered is no answer of a web server
route-here = this machine
ssh-config-proxy-command = `ProxyCommand` applies to `{ $host }` and is not supported; use `ProxyJump`
ssh-config-jump =
    .circle = `ProxyJump` goes in a circle
    .blanks = take the blanks out of the list of hops
    .hops = `ProxyJump` has more than { $hops } hops
ssh-config-host =
    .not-one = `{ $text }` is not a host
    .no-domain = the name is in none of `CanonicalDomains`
    .none = this `Host` names none
    .neither = this is neither a name nor an address
ssh-config-line = line { $line }: { $why }
ssh-config-cnames = `CanonicalizePermittedCNAMEs` is not supported
ssh-config-text =
    .mark = it begins with a byte order mark, which `ssh` cannot read; save it as UTF-8 without one
    .bytes = it holds bytes that no text has; save it as UTF-8
    .not-utf-8 = this is not UTF-8; save the file as UTF-8
ssh-config-match = `Match { $pattern }` in line { $line } applies, and { $why }; use `Host`
ssh-config-keyword = `{ $key }` is no keyword of `ssh`; one that only a newer `ssh` knows goes into `IgnoreUnknown`
ssh-config-host-name =
    .tokens = `HostName { $name }`: only `%h` means something
    .not-one = `HostName { $name }` is not the name of a host
ssh-config-include =
    .tokens = `Include { $file }`: tokens are not supported
    .unsupported = `Include { $file }` is not supported
    .many = it includes too many files
ssh-config-perhaps = `{ $key }` counts only if { $block }
ssh-config-value =
    .comment = put the comment on a line of its own
    .one = `{ $key }` takes one value
    .unknown = `{ $value }` is no value of `{ $key }`
    .port = `{ $value }` is not a port
    .unsupported = `{ $key }` applies to `{ $host }` and is not supported
    .quote = a quote is not closed
    .missing = a value is missing
    .home = `{ $value }`: the home folder of another user
    .variable = the variable `{ $name }` is not set
    .token = the token `{ $token }` is not supported
ssh-config-file =
    .unread = cannot be read: { $error }
    .writable = others may write to it, and `ssh` refuses it too; run `chmod go-w` on it, and see whose it is
ssh-config-capitals = `Host { $pattern }` in line { $line } means `{ $name }`, and to `ssh` capitals are other letters; write both the same way

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

## Words that stand before values, and what is said on the way

opening-rehearsal = these terms only show a plan
    .why = a backup that they need was never read
opening-nothing-made = nothing was made
password-unhashed = the password cannot be hashed
opening-target-changed = `{ $target }` was changed or removed meanwhile
progress-making-layer = making `{ $provider }`
progress-trying-login = trying the supporter's login
progress-check-key = taking the verification key away
opening-gate-unrecorded = the gate answered, and its own record does not say so
    .why = what a supporter does could not be recorded there, or something else answered in its place
    .way-out = look whether the server's disk is full
opening-part-gone = { $part ->
        [gate] the gate that was made to end this access is not there any more
       *[failsafe] the failsafe that was made to end this access is not there any more
    }
    .why = something on the server took it away while the login was tried
    .way-out = ask whoever manages this server what cleans up there
opening-unrecorded = access was made and is recorded as `opening`; `stagepass sweep` takes it away again
opening-weaker = the server did not make what ends this access on time
opening-wider = the server could not confine this access to the shop folder after all
opening-layer-absent = `{ $provider }` said that it made its part, and it is not there
    .why = what was read back does not say `present=true`
opening-layer-shut = `{ $provider }` made its part, and it did not let in
opening-no-layer = the grant has no such layer
    .why = nothing was asked for
opening-refused = the server refused to make access with `{ $provider }`
opening-unknown = nobody saw how making access ended
opening-without-layers = the grant has no layer
opening-untried = the supporter's login could not be tried
opening-shut-out = { $what ->
        [password] access was made, but the password did not get in
       *[key] access was made, but the key did not get in
    }
    .why = the server answered: { $seen }
    .lists = AllowUsers, AllowGroups or a Match block of this server may keep new accounts out: `stagepass target check { $target }` shows its settings
    .kind = this server may take no keys of this kind (`PubkeyAcceptedAlgorithms` in sshd's settings), or a Match block keeps the account out: ask for a key of another kind
answer-none = not tried
answer-key-accepted = the supporter's key is accepted
answer-logged-in = logged in, { $reach }
answer-check-key = the verification key logged in
answer-refused = refused (it offers { $methods })
opening-key-elsewhere = not taken from this address, as `--from` says; its line was read back and is right
opening-key-line = the key line that was read back is not the one that was made
opening-interrupted = interrupted
    .why = the grant was not finished
opening-may-be-live = an account may be live on { $target }: `stagepass sweep`
opening-busy = another process is working on it
opening-taken-back = everything that had been made was taken back and re-read as gone
opening-kept = grant { $grant } stays in the ledger; `stagepass sweep` finishes it
    .why = taking it back failed: { $why }
trial-fault-gate = what was granted cannot be kept here: a session does not pass stagepass's gate
trial-fault-more = more can be done than was granted
trial-hint-shell = `--access ssh` grants a shell, where that is what you want
trial-fault-work = the access was made, and cannot do its work
trial-hint-forced =
    .unknown = most often a `ForceCommand` of this server goes before the one on a key; as root there: `sshd -T -C user={ $account },host=localhost,addr=127.0.0.1 | grep -i forcecommand`
    .known = this server's sshd forces `{ $forced }` on every session
    .way-out = in sshd's settings, `ForceCommand none` in a `Match User` block that stands first, for this account or for `sp-*`, leaves it to the gate
script-unmade = the script for the server cannot be made
target-taken = there is a target `{ $target }` already
    .way-out = choose another name, or add `--replace`
progress-host-key = asking the server for its host key
target-added = Target { $target } is added.
target-next = next: stagepass target check { $target }
target-has-grants = `{ $target }` has grants on the server with the host key { $keys }
    .close = close them first (`stagepass revoke --target { $target }`), or choose another name
    .keys = if it is the same server with a new host key, write both keys into `{ $file }`: host_key = ["old", "new"]
target-no-key-file = there is no key file `{ $file }`
target-warning-live = grants on a live shop need the desk's approval and a verified backup
target-fingerprint-unreadable = the host key's fingerprint cannot be understood
    .way-out = write it as the hoster tells it: SHA256:… or a whole `ssh-ed25519 AAAA…` line
target-host-key-revoked = the host key of `{ $host }` is marked `@revoked` in `known_hosts`
target-host-key-other = the host key of `{ $host }` is not the one in `known_hosts`
    .why = expected { $expected }, received { $fingerprint }
    .way-out = ask your hosting company for the fingerprint and give it with `--host-key SHA256:…`
ask-host-key = Is it the same?
target-host-key-unconfirmed = the host key was not confirmed
    .way-out = nothing was sent and nothing was added
target-host-key-new = the host key of `{ $host }` is not known: it is { $fingerprint }
    .way-out = compare it with the one your hosting company tells you, and give it: `stagepass target add { $target } … --host-key SHA256:…`
targets-unwritten = the list of targets was not changed
    .where = it is in `{ $file }`
targets-left-out = the targets in the ledger are left out: { $why }
target-unproved = the ledger's target `{ $name }` is not used: nothing proves that it is yours
targets-none = no targets; `stagepass target add` adds one
list-nothing = no grants recorded in { $place }
list-none-open = no access is open, says { $place }
list-cut = only the first { $count } are listed; `--limit` shows more
list-way-out = `stagepass revoke ID` tries again now, `stagepass show ID` says what went wrong
progress-checking = checking
manifest-name = it names itself `{ $name }`
manifest-credentials = only what has `account = "none"` has `credentials`: those of an account are asked for with `grant`
manifest-proof = a `proof` by `http` tries a password, and its `credentials` name none
manifest-signs = only what has `account = "none"` has `signs`: a user of the shop stands beside the account
manifest-program = its language is `php` where there is a `{ $program }`, and nowhere else
manifest-kept = its [close] may say `{ $KEPT }`, and there is no [collected] by which the server is told that it may forget the result
manifest-seen = its [open] is told `{ $key }`, which [detect] does not say in one line
manifest-untold = the script reads `{ $input }`, and its [inputs] do not say which verbs are told it
manifest-seen-elsewhere = its [{ $verb }] cannot have `seen`: [open] can
manifest-sayings = its [{ $name }] cannot have sentences of the kind { $kind_name }
manifest-verb = its [{ $verb }]: { $why }
manifest-shop = it needs a shop folder, and `en.ftl` does not say why: `needs-shop` is missing
manifest-records = its [{ $verb }] may say records of a comparison, which only [close] can
manifest-inputs =
    .unknown = its [inputs]: there is no input `{ $input }`
    .no-verb = its [inputs]: no verb is named for `{ $input }`
    .verb = its [inputs]: `{ $word }` is no verb, or named twice for `{ $input }`
demo-no-folder = no temporary folder can be made
demo-server = A throw-away server runs: { $server }.
demo-no-program = this program cannot be found
demo-scene =
    .ftp-refused = The merchant tries the old way. FTP is refused.
    .target-added = The staging server is added; its host key is compared with the one the hoster told.
    .live-refused = Access to the live shop is refused, with everything that would be needed.
    .sftp-works = The supporter connects with OpenSSH's own sftp.
    .time-passes = Time passes.
    .key-refused = The deadline is over: the server itself refuses the key.
    .shop-refused = The shop itself refuses the old cookies, and a new login.
    .swept = The sweep, as cron would run it, removes what was made and proves it.
    .found = It finds the program that the supporter left in the shop, and says so.
    .shop-user-gone = The user of the shop is gone as well.
    .shop-login = The supporter logs in to the shop through its own form.
    .without-root = Where there is no root, a time-limited key in the merchant's own account does it.
    .granted = Access to staging is granted, for { $seconds } seconds, and tried for real.
    .granted-shop = Access to staging and to the shop on it is granted, for { $seconds } seconds, and tried for real.
demo-no-shop = (a user of the shop itself is left out: { $why })
progress-deadline-comes = waiting for the deadline
demo-reason = the demo put it there
demo-all-well = (it says nothing: all is well)
demo-no-curl = there is no curl on this machine
demo-closing = (the server itself is closing it; asked again)
demo-folder-full = the demo's folder is full
demo-expected = (exit code { $expected }, as it must be)
demo-failed = the demo failed at `{ $words }`
    .why = { $status ->
            [none] it should have ended with { $expected }, and ended with no status
           *[other] it should have ended with { $expected }, and ended with { $status }
        }
demo-not-listed = the demo's grant is not listed
demo-not-run = `{ $program }` cannot be run
demo-no-sshd = there is no `sshd` on this machine
    .way-out = install it: `apt-get install openssh-server` (the service need not run)
demo-no-sftp = there is no `sftp` on this machine
    .way-out = install it: `apt-get install openssh-client`
demo-no-host = no throw-away host: { $why }; { $said }
demo-no-private-sshd = no private sshd can be started
demo-needs-host = it needs a throw-away host, and none can be made here
demo-ended = it ended with { $status }
demo-silent = it does not answer
demo-said-nothing = it said nothing
demo-no-keys = no keys can be made
demo-folder-unwritten = the demo's folder cannot be written
demo-no-shop-password = the demo's shop password is not there
demo-failed-at = the demo failed at `{ $address }`
demo-shop-answered = the shop answered with { $said }
demo-curl-not-run = `curl` cannot be run
provider-error-not-found = there is no provider `{ $value }`
provider-error-name-taken = `{ $value }` is the name of a built-in provider: rename the folder
provider-error-manifest = the manifest `{ $path }` cannot be used: { $why }
provider-error-sentences = the sentences of `{ $place }` cannot be used: { $why }
provider-error-unreadable = the provider's file `{ $path }` cannot be read
provider-error-unsafe = `{ $path }` must belong to you and be writable by nobody else
doctor-what =
    .configuration = configuration
    .ledger = ledger
    .grants = grants
    .keyring = keyring
    .schedule = schedule
    .shared-targets = targets in the ledger
    .shared-target = target { $target } in the ledger
    .grant = grant { $grant }
    .target = target { $target }
doctor-mark =
    .good = ok
    .bad = MEND
doctor-remedy = do: { $remedy }
doctor-bad = { $count ->
        [one] one thing has to be mended
       *[other] { $count } things have to be mended
    }
doctor-targets = { $count ->
        [one] one target in { $file }
       *[other] { $count } targets in { $file }
    }
    .none = no targets yet in { $file }
    .way-out = it holds the host keys that are believed: `chmod go-w` it
doctor-ledger = live grants: { $live }, closed: { $closed }, in { $place }
    .none = none yet ({ $place })
    .way-out = only you may read and write it
doctor-stuck = { $count } are stuck
    .way-out = `stagepass list` shows them first
doctor-found = closed with findings that nobody has acknowledged: { $count }
    .way-out = `stagepass list` shows them; once somebody has looked: `stagepass acknowledge`
doctor-drifted = open and not what was made: { $count }
doctor-unseen = open and not looked at for a day: { $count }
    .way-out = `stagepass sweep --check` says why
doctor-unproved = nothing proves that it is yours, and it is not used
doctor-keyring = it answers
    .locked = it is locked, and a target needs it
    .locked-unneeded = it is locked; no target needs one
    .absent = there is none here ({ $why }), and a target needs it
    .absent-unneeded = there is none here ({ $why }); no target needs one
    .way-out = unlock it, or give that target a key without a passphrase and sudo without a password
doctor-swept = open grants are swept on time, or there are none
    .way-out = `stagepass schedule install`
doctor-lost-target = its target `{ $target }` is no longer in the list
    .way-out = add the target again, so that the grant can be closed
doctor-clock = its clock is { $seconds } s off
    .way-out = turn on time synchronisation on the server (timedatectl set-ntp true)
doctor-reached = logged in; { $server }
doctor-refused = logged in, but `{ $provider }` cannot be used
doctor-nobody-there = cron has no agent, no keyring and nobody to ask: give the target a key file without a passphrase (`--identity`), and sudo without a password
doctor-root =
    .sudo-password = keep the password of `sudo` with `stagepass secret set sudo { $target }`
    .sudo = as root on the server, run `visudo -f /etc/sudoers.d/stagepass` and write `deploy ALL=(root) NOPASSWD: /bin/sh -s`, with your login in place of `deploy`
    .none = `stagepass target check { $target }` shows what the server has
progress-looking-with = looking with { $provider }
progress-looking-into-shop = looking into the shop with { $provider }
list-to-be-looked-at = { $count ->
        [one] one grant has to be looked at
       *[other] { $count } grants have to be looked at
    }
list-late = { $count ->
        [one] one grant is stuck or overdue
       *[other] { $count } grants are stuck or overdue
    }
list-trouble = { $count } grants are stuck, overdue or have to be looked at
check-unusable = cannot be used:
check-note = note:
check-environment = environment:
check-nothing-usable = no kind of access can be made on `{ $target }`
    .why = `{ $provider }`: { $why }
    .way-out = nothing was changed; each reason above says what to mend
check-yes = yes
    .with = yes, with what is named below
check-no = no
    .why = no: { $why }
check-clock =
    .same = as here
    .ahead = { $seconds } s ahead of this one
    .behind = { $seconds } s behind this one
check-folder = there
    .owned = there, owned by { $owner }
check-key-ends = by itself, to the second
    .not = not by itself
check-failsafe =
    .systemd = a systemd timer
    .cron = cron
    .crontab = the account's crontab
    .none = none
    .none-why = none: { $why }
check-logins = a key or a password
    .key = a key
    .password = a password
    .neither = neither a key nor a password
target-host-key-is = The host key of { $host } is
target-host-key-compare = Compare it with the fingerprint your hosting company tells you.
target-removed = target { $target } is removed
target-live = `{ $target }` has grants that are not closed
    .way-out = close them first: `stagepass revoke --target { $target }`
target-kept-in-ledger = the ledger
target-part-unusable = { $part ->
        [name] the target's name cannot be used
        [address] the target's address cannot be used
        [path] the target's shop folder cannot be used
        [public-host] the target's public host cannot be used
        [identity] the target's key file cannot be used
        [login] the target's login cannot be used
        [become] the target's way to root cannot be used
       *[environment] the target's environment cannot be used
    }
trial-not-tried = not tried: { $why }
    .no-layer = it has no layer
    .password = the password was never kept
manifest-place = line { $line }, column { $column }: { $why }
catalogue-error = line { $line }: { $why }
layer-another-server = `{ $target }` now leads to another server: the grant is on the one with the host key { $keys }; if it is the same server with a new host key, write both keys into targets.toml: host_key = ["old", "new"]
reconcile-by = by { $providers }
list-and = { $first } and { $second }
list-or = { $first } or { $second }
environment-verdict =
    .staging = staging
    .live = live
    .unknown = unknown
columns-not-shown = not shown: { $columns }
plan-anywhere = anywhere
plan-case = { $case } at { $desk }
plan-more = { $count } more
    .at-least = at least { $count } more
plan-then = { $backstops }, later
made-by = { $what }, by `{ $provider }`
granted-user = the user { $user } by `{ $provider }`
    .at = the user { $user } by `{ $provider }`, at { $place }
desk-any-port = any
desk-live = only with approval
    .never = never
desk-rules = Rules
desk-questions = Questions
desk-need =
    .required = required
    .wanted = wanted
desk-answer =
    .text = text
    .choice = a choice
    .date-time = a day and a time
    .id = an identifier
    .file = a file
    .multi-line = text of several lines
desk-when = `{ $question }` is { $values }
desk-access = asked for
    .never = never
moved-read = { $bytes } bytes read
    .files = { $bytes } bytes in { $files } files read
moved-written = { $bytes } bytes written
    .files = { $bytes } bytes in { $files } files written
show-account = { $account } by { $provider }
show-acknowledged = acknowledged { $at } by { $actor }: { $why }
backup-to-be-made = made by `{ $command }` when access is made, and then read
backup-was-made = was made by `{ $command }`
backup-shown = { $backup }: { $kind }, { $age } old, { $size }
state-altered = { $state }, ALTERED
state-stuck = STUCK
state-overdue = { $state }, OVERDUE
state-found = { $state }, { $count } FOUND
state-drifted = { $state }, DRIFTED
state-ending = open, ending
ends-closed = closed { $when }
trial-proved = the trial proved { $proved }
    .partly = the trial proved { $proved }; not tried: { $left_out }
provider-is-told = is told { $words }
provider-may-say = may say { $words }
provider-new = The provider { $provider } is in { $folder }:
    .dry-run = The provider { $provider } would be in { $folder }:
    .next = next: stagepass provider test { $provider } --target staging
demo-done = That was the whole job:
    .steps = { $steps } steps in { $seconds } s; the server and everything on it is gone.
demo-described =
    .host = OpenSSH on { $address }:{ $port }, a host of its own
    .private = OpenSSH on { $address }:{ $port }, a private sshd
demo-login =
    .let-in = 302: logged in
    .kept-out = 200: the form again, not logged in
    .neither = neither let in nor refused
demo-visit =
    .profile = 200: the own profile
    .form = 302: to the login form
    .neither = neither the page nor the login form
demo-curl-form = $ curl { $form }  (as { $user }, with the password)
demo-curl-page = $ curl { $page }  (with the cookies of that login)
label =
    .answers = answers
    .questions = questions
    .before-access = before access
    .never-sent = never sent
    .reference = reference
    .desk = desk
    .opened = opened
    .state = state
    .case = case
    .closed = closed
    .ledger = ledger
    .target = target
    .provider = provider
    .makes = makes
    .runs-as = runs as
    .account = account
    .from = from
    .digest = digest
    .file = file
    .what-it-says = what it says
    .host-key = host key
    .ends = ends
    .deadline = deadline
    .enforced-by = enforced by
    .tried = tried
    .beside-it = beside it
    .revoke = revoke
    .note = note
    .for = for
    .server = server
    .environment = environment
    .access = access
    .not-opened = not opened
    .opened-secrets = OPENED
    .live = LIVE
    .credential = credential
    .at-the-end = at the end
    .override = override
    .then = then
    .name = name
    .connects-by = connects by
    .port = port
    .time-box = time-box
    .extensions = extensions
    .live-shops = live shops
    .last-sweep = last sweep
    .by = by
    .every = every
    .where = where
    .runs = runs
    .connect = connect
    .grant = grant
    .supporter = supporter
    .key = key
    .password = password
    .ended-by = ended by
    .so = so
    .last-look = last look
    .by-sftp = by SFTP
    .attempts = attempts
    .last-error = last error
    .id = id
    .backup = backup
    .events = events
    .head = head
    .address = address
    .become = become
    .shop-folder = shop folder
    .kept-in = kept in
    .login = login
    .identity = identity
    .public-host = public host
    .can-be-used = can be used
    .would-make = would make
    .version = version
    .folder = folder
    .admin = admin
    .owned-by = owned by
    .php = PHP
    .signal = signal
    .says = says
    .system = system
    .clock = clock
    .logs-in-with = logs in with
    .key-ends = a key ends
    .gate = gate
    .failsafe = failsafe
    .confines = confines SFTP
check-key-failed = the verification key cannot be made
mark =
    .error = error:
    .warning = warning:
    .because = because:
    .hint = hint:
output-lost = standard output: { $why }
schedule-warning =
    .none = nothing sweeps on time: run `stagepass schedule install`, or `stagepass sweep` yourself when the deadline is over
    .silent = the sweep last ran { $silent } ago, and should run { $every }: `stagepass doctor` finds out why
backup-tool =
    .packing = `.{ $packing }` is not opened on this computer: keep it as `.gz` or `.zip`, or leave it on the server
    .encrypted = it is encrypted, or packed in a way that is not opened on this computer: keep it as a plain `.zip` or `.tar.gz`, or leave it on the server
reason-case-closed = the case is closed
reason-not-handed-over = not handed over
reason-not-known = the ledger did not know it
reason-deadline = the deadline is over
reason-there-again = it was there again
ledger-copy-name = its name is not UTF-8
end-no-answer = the server did not answer for it
claim-provider = { $why }; the grant was made with the one of digest { $digest }
claim-account = the key is in the account `{ $account }`, and the target now logs in as `{ $user }`
next-attempt = tried again by the next sweep
    .by-hand = `stagepass sweep` tries again; no schedule does it by itself
    .in = tried again by the sweep in { $time }
reason-by-server = closed by the server at { $at }
reason-unreachable = the target could not be used
reason-not-open = it did not open
proving-key-refused = the server does not take the key of { $supporter } (it offers { $methods })
refusal-untried = the login could not be tried: { $why }
refusal-nothing-tried = nothing was tried
answer-mixed = what the server said of several grants is mixed up
answer-cut = the server's answer ended before it came to this grant's end
answer-secret = the server repeated a secret that it was sent; what it said was thrown away
answer-other-shell = the login on the server runs something else than it was sent (a `.bashrc` or `.profile` that starts another shell, or reads): { $said }
answer-no-end = the server's answer has no end: { $said }
answer-noexec = the server's shell may not start programs (`noexec` in sudoers?): { $said }
answer-complained = { $reason } It complained: { $said }
answer-status = the script ended with status { $status }: { $said }
answer-no-status = the server did not say how the script ended
answer-undeclared = the script replied with `{ $key }`, which is not declared
answer-type = the script replied with `{ $key }={ $value }`, which is not of its type
answer-silent = it said nothing
detect-no = it says no, and gives no reason
detect-silent = it does not say whether it can be used
detect-forced = its sshd forces a command of its own on every session (`ForceCommand { $forced }`): no session would pass stagepass's gate, and nothing that is granted would be kept; `ForceCommand none` in a `Match User` block that stands first leaves an account out
saying-when =
    .empty = it says nothing of when the sentence is told
    .source = `{ $text }` asks neither `made.` nor `grant.`
    .reply = `{ $text }` names no reply
saying-no-sentence = `{ $id }` has no sentence: `{ $message }` is missing in `en.ftl`
saying-never-said = `{ $id }` asks for `{ $key }`, which is never said
keyring-why =
    .library = its library failed
    .none = there is none
    .collection = it has no default collection
period = every { $minutes } minutes
    .minute = every minute
    .hour = every hour
run-status = exit status { $status }
run-signal = it was ended by a signal
schedule-timer-gone = the timer's files are gone again
keyring-name =
    .empty = it is empty
    .long = it is longer than 400 bytes
    .control = it holds a control character
    .no-kind = it has no `kind:` in front
    .kind = the kind is passphrase, password, sudo or ledger
key-damage =
    .lines = it is broken over several lines
    .not-a-key = what follows its type is not a key
    .more = there is more in it than a key of its type
    .encoding = what follows the type is not what a key looks like
    .curve = it is not a point on its curve
    .type = it does not encode a key of its type
schedule-unusable-word =
    .not-utf-8 = is not UTF-8
    .relative = is not an absolute path
    .control = holds a control character
    .backslash = holds a backslash
    .long = is too long for a crontab
    .quote = has a quote in its path, which systemd refuses
artifact =
    .account = an account
    .key-line = a key line
    .entry = an entry in a list
    .record = root's record
    .unit = a systemd unit
    .cron = a cron job
    .drop-in = a part of sshd's settings
    .gate = a gate
    .role = a role in the shop
    .guard = a file in the shop
    .result = the result of a close
    .tombstone = a note against a late start
backup-name =
    .empty = names no file
    .hidden = has characters that are not shown
    .long = is longer than a path can be
    .relative = is no whole path: a file on the server begins with `/`, one here with `local:`
policy-problem-days = is { $days }, and must be 1 to { $most }
policy-problem-access = allows nothing
reason-by-hand = revoked by hand
revoke-busy = busy
    .why = { $grant }: another process is closing it
revoke-ending = ending
    .why = { $grant } on { $target }: work that was running may go on until { $at }
revoke-forgotten = { $grant } on { $target }; it was to end { $at }, and nobody saw it end
show-earlier = { $count } more before or between these
show-use-count = { $count ->
        [one] one use
       *[other] { $count } uses
    }
show-late = { $time } after the deadline
show-login = login { $text }
detect-clock-ahead = its clock is more than a year ahead of this one, and no deadline would mean anything
detect-clock-behind = its clock is more than a year behind this one, and no deadline would mean anything
complete-grant = { $state }, { $who } on { $target }
file-written-by =
    .owner = it belongs to another user
    .others = its group or everybody can write it; `chmod go-w` it
secret-password = password
    .of = password of `{ $provider }`
secret-private-key = private key
plan-nothing-touched = nothing was touched
reconcile-adopted = adopted
    .next = { $grant } on { $target }: the next sweep closes it
reconcile-not-done = NOT DONE
reconcile-fit = ({ $by }): { $fit } as recorded, { $strange } not
reconcile-word =
    .unknown = UNKNOWN
    .over = BACK
    .unproved = NOT PROVED
    .copy = COPY
    .missing = MISSING
    .leftover = leftover
reconcile-account = , account `{ $account }`
verify-word =
    .proved = proved
    .not-back = not back
    .drifted = DRIFTED
    .back = BACK
    .closed-again = closed again
    .unfinished = NOT OVER
    .unseen = NOT SEEN
verify-line = { $grant } on { $target } for { $supporter }: { $said }
reason-test-over = the test is over
test-no-function = no file of `{ $folder }` defines the function `{ $function }`
test-at-line = line { $line }: { $what }
test-why =
    .done = it was done
    .otherwise = check says otherwise
    .no-failsafe = nothing on this server would (`failsafe`): { $why }
    .early = it ended before its deadline
    .late = { $after } seconds after its deadline it is there
    .still-there = what was re-read says that access still exists
    .opened = it was opened all the same
    .present = it was refused, and check says present
    .not-absent = that close does not say absent
    .mark = no mark is told like this: `{ $line }`
    .unlisted = nothing of it is listed that lets anybody in
    .untagged = it is listed without the tag that proves it to be ours (`sp_tag`)
    .listed = { $artifact } is listed: { $detail }
    .key = the test key cannot be read
    .answer = the server answered otherwise: { $answer }
revoke-word =
    .not-closed = NOT CLOSED
    .not-recorded = NOT RECORDED
    .found = FOUND
revoke-more = and { $count } more: { $how }
acknowledged = acknowledged
    .what = { $findings } of { $grant }: { $reason }
reconcile-closed = { $grant } on { $target }
complete-kept-target = in the ledger
gate-ask = Ask { $who }.
    .unknown = Ask the person at the shop who gave it to you.

## What ends a grant on time

promise-key = the key
promise-password = the password
promise-by =
    .gate = gate
    .key-expiry = key expiry
    .systemd = failsafe (systemd timer)
    .cron = failsafe (cron)
    .crontab = failsafe (the account's crontab)
    .other = failsafe ({ $kind })
    .shop = the shop itself
    .nothing = nothing on the server
promise-missing =
    .gate = this server cannot run a gate
    .failsafe = this server has neither systemd nor cron
    .taken-away = nothing here takes it away at the deadline
    .refuses = nothing here refuses a new login at the deadline
    .ends = nothing here surely ends a session that is open at the deadline
    .nameless = Dropbear keeps a connection that a password opened after its account is gone, and nothing here can tell whose it is; use a key
    .commands-run = a password lets commands run here, and not SFTP alone
promise-then =
    .sweep = the sweep
    .expiry-day = the account's expiry day
way-out-of-drift = what drifted is mended on the server, or ended: `stagepass revoke ID`; `stagepass sweep --check` looks again at once
