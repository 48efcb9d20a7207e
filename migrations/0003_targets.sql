-- What a target is stands in its events: the last one of these about it says it. They are few, and
-- are asked for by whoever opens a ledger that several machines share.
create index events_target on events (target, seq) where verb in ('target.kept', 'target.dropped');
