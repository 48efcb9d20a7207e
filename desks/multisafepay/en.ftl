# The desk's rules, in our own words: one sentence each, to stand behind "because". Then its
# questions.

M1 = The desk investigates in a staging or test environment, and asks for access to that one only.
M2 = The desk asks for a temporary user with a password on the shop platform itself, not only on the server.
M3 = The desk asks for a strong password, made by a generator.
M4 = The account is always deleted when the work is finished.
M5 = The desk wants no access to a live shop unless one of its integration specialists was consulted and approved it.
M6 = When live access is asked for all the same, a backup is made beforehand.
M7 = The desk is not responsible for mistakes made in a live environment.
M8 = The desk connects by SFTP or SSH only; it no longer supports FTP, for security.
M9 = The desk connects to port 22.
M10 = Work that cannot be reproduced in a standard test environment is a project with a defined period; no solution is guaranteed.
M11 = The period of such a project is typically two to five weeks.
M12 = Before it investigates, the desk asks whether the problem is in the plugin or in a payment method, since when, what was updated, whether you could reproduce it, and for examples.

question-plugin_core = Is the problem in the core of the plugin?
    .help = That is: with every payment method, and not only with one.
    .choice-yes = yes
    .choice-no = no
    .choice-unknown = I do not know
question-method_core = Is the problem in the core of a payment method?
    .help = That is: with one payment method, while others work.
    .choice-yes = yes
    .choice-no = no
    .choice-unknown = I do not know
question-payment_method = Which payment method is it?
question-since = Since when is there the problem?
    .help = A day, or what happened right before.
question-updated = Was the plugin or the system updated recently?
    .choice-yes = yes
    .choice-no = no
    .choice-unknown = I do not know
question-update = What was updated, from which version to which?
question-reproduced = Could you reproduce the problem yourself?
    .help = What can be reproduced in a standard test environment is found sooner; what cannot becomes a project with a defined period.
    .choice-yes = yes
    .choice-no = no
question-reproduced_where = Where can you reproduce it?
    .help = The page and the environment: staging, test or live.
question-examples = Which examples are there?
    .help = Order numbers, times, messages. No data of customers.
