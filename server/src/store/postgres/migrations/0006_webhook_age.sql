-- Which of the things to tell are the oldest: these go first when there are too many.
CREATE INDEX webhook_outbox_age ON webhook_outbox (written_at_ms, call_id, sequence);
