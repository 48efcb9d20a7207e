-- What was found at the close and what drifted while open: part of the row's hash.
alter table grants add column findings bigint not null default 0;
alter table grants add column drift text;

-- When a server was looked at, when it is next, and how long running work is waited for: not part
-- of the hash, because the chain would grow by a line an hour for every grant.
alter table grants add column checked_at bigint;
alter table grants add column next_check_at bigint;
alter table grants add column wait_until bigint;

-- Somebody has to look at these; they are few, however many grants there are.
create index grants_findings on grants (deadline, id) where findings > 0;
create index grants_drifted on grants (deadline, id) where drift is not null;
create index grants_unchecked on grants ((coalesce(next_check_at, opened_at + 3600)), id)
    where state = 'open';
