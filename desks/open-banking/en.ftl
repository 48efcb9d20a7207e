# The desk's rules, in our own words: one sentence each, to stand behind "because". Then its
# questions.

T1 = The desk works on an incident once it has the client id, the exact day and time, the error message, the steps with the endpoints and their parameters, the device and browser, and the ids that belong to the request.
T2 = The desk works faster with the debug ids of the accounts, a screenshot whose sensitive parts are blurred, the request's id, and, only for a problem about refresh, the refresh token.
T3 = The desk must never be sent sensitive data of end users (bank codes, account numbers, passwords, PINs), an access token, the client secret, or a picture that shows any of these.
T4 = Whatever sensitive is shared through a ticket is a security threat in itself.
T5 = The desk works on tickets, which go through its own portal.

question-about = What is the problem about?
    .help = For payments the desk wants the payment's id, for a refresh it may want the refresh token.
    .choice-payments = the payments API
    .choice-accounts = accounts and their transactions
    .choice-refresh = refreshing a connection
    .choice-other = something else
question-asynchronous = Was it an asynchronous or a batch request?
    .choice-yes = yes
    .choice-no = no
question-client_id = What is your client_id?
    .help = The id alone. The client_secret is never sent.
question-happened_at = When did it happen, to the minute?
    .help = Such as 2026-12-01 14:05, in your own time, or with an offset such as +01:00.
question-error_message = What does the error message say?
question-steps = What was done, step by step, or what was attempted?
question-endpoints = Which endpoints were called, with which parameters?
    .help = Without the header Authorization, tokens and data of end users.
question-device = On which device and in which browser?
question-simp_id = What is the simp_id of the payment?
question-task_id = What is the task_id of the request?
question-debug_id = What are the debug_ids of the accounts concerned?
question-screenshot = Which file is a screenshot of it?
    .help = Blur what is sensitive first.
question-x_request_id = What was the X-Request-Id?
    .help = A UUID, from the headers of the answer.
question-refresh_token = What is the refresh_token?
    .help = It is not kept: what is recorded is that you have it, and its fingerprint. Put it into the field of the portal yourself.
