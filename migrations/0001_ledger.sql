-- One dialect for SQLite and PostgreSQL: text, bigint and blob columns only. Times are unix seconds.
-- Rows say what is; `events` says how it came to be. Every row holds the number of the event that
-- last changed it, and that event holds the hash of the row.

-- The end of the chain. Every change updates this row first, so that writers come one by one.
create table chain (
    id bigint not null primary key check (id = 1),
    seq bigint not null,
    head text not null
);
insert into chain (id, seq, head)
values (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

create table events (
    seq bigint not null primary key,
    at bigint not null,
    actor text not null,
    verb text not null,
    case_reference text,
    grant_id text,
    target text,
    detail text not null,
    row_hash text,
    hash text not null
);
create index events_grant on events (grant_id, seq) where grant_id is not null;
create index events_case on events (case_reference, seq) where case_reference is not null;

create table cases (
    reference text not null primary key,
    desk text not null,
    opened_at bigint not null,
    closed_at bigint,
    event_seq bigint not null references events (seq) deferrable initially deferred
);
create index cases_open on cases (opened_at, reference) where closed_at is null;

create table grants (
    id text not null primary key,
    case_reference text not null references cases (reference),
    target text not null,
    supporter_name text not null,
    supporter_company text not null,
    access text not null,
    state text not null
        check (state in ('opening', 'open', 'closing', 'closed', 'stuck', 'forgotten')),
    created_at bigint not null,
    opened_at bigint,
    deadline bigint not null,
    closed_at bigint,
    deadline_maximum bigint not null,
    terms text not null,
    attempts bigint not null,
    next_attempt_at bigint,
    last_error text,
    version bigint not null,
    lease_owner text,
    lease_until bigint,
    event_seq bigint not null references events (seq) deferrable initially deferred
);
-- A ledger keeps every grant for ever, and only a few of them still matter: these stay small.
create index grants_live on grants (deadline, id)
    where state not in ('closed', 'forgotten');
create index grants_live_state on grants (state)
    where state not in ('closed', 'forgotten');
create index grants_live_target on grants (target, deadline, id)
    where state not in ('closed', 'forgotten');
create index grants_due
    on grants ((case state when 'open' then deadline else coalesce(next_attempt_at, 0) end), id)
    where state not in ('closed', 'forgotten');
create index grants_deadline on grants (deadline, id);
create index grants_case on grants (case_reference, deadline, id);
-- Ids are abbreviated by people; a prefix index that no collation can upset.
create index grants_abbreviation on grants (substr(id, 1, 4));

create table layers (
    grant_id text not null references grants (id),
    position bigint not null,
    provider text not null,
    digest text not null,
    account text not null,
    public_key text,
    key_fingerprint text,
    has_password bigint not null,
    inputs text not null,
    outputs text not null,
    state text not null
        check (state in ('opening', 'open', 'closing', 'closed', 'stuck', 'forgotten')),
    closed_at bigint,
    last_error text,
    findings bigint not null default 0,
    primary key (grant_id, position)
);
create index layers_key on layers (key_fingerprint) where key_fingerprint is not null;

-- How many grants stand in each state. Counted along, because counting all of them is slow.
create table tally (
    state text not null primary key,
    grants bigint not null
);
insert into tally (state, grants)
values ('opening', 0), ('open', 0), ('closing', 0), ('stuck', 0), ('closed', 0), ('forgotten', 0);

-- The last sweep of each machine. Not part of the chain: it would grow by a line a minute.
create table sweeps (
    host text not null primary key,
    at bigint not null,
    due bigint not null,
    closed bigint not null,
    failed bigint not null,
    stuck bigint not null
);

-- When logins that were meant to be refused were tried, for each target.
create table proofs (
    target text not null primary key,
    times text not null,
    version bigint not null
);
