-- History and statistics are answered by an index alone, as far as autovacuum has been there since the
-- last change. Left to itself it comes when a fifth of a table has changed: after 200,000 calls of a
-- million. So it comes after a fiftieth.
ALTER TABLE call_participants SET (
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02
);
ALTER TABLE calls SET (
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02
);
