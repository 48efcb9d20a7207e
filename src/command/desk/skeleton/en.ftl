# One sentence for each rule of @NAME@, to stand behind "because"; then its questions.

R1 = The desk connects by SFTP or SSH only.
R2 = The desk wants to know since when there is a problem, and how to see it, and never a password.

question-since = Since when is there the problem?
    .help = A day and a time of day, such as 2026-12-01 14:05.
question-again = Can you make it happen again?
    .choice-yes = yes
    .choice-no = no
question-steps = What has to be done to see it?
