-- Participants have rows of calls that are over: those of a live call are written when it ends.
DELETE FROM call_participants
WHERE (user_id, initiated_at_ms, call_id) IN (
    SELECT json_extract(value, '$.person.id'), initiated_at_ms, calls.id
    FROM calls, json_each(session, '$.participants')
    WHERE ended_at_ms IS NULL
);
