-- When a case's time-box ends, and what was answered to the desk's questions, as a JSON document: both
-- part of the row's hash where they are there. What was answered is in no event, so that an answer
-- that is taken back is gone.
alter table cases add column time_box_until bigint;
alter table cases add column answers text not null default '{}';

-- Those that end soon are asked for by every sweep.
create index cases_ending on cases (time_box_until)
    where closed_at is null and time_box_until is not null;
