-- What the host application is still to be told, written with the change that it tells of.
CREATE TABLE webhook_outbox (
    call_id       TEXT    NOT NULL,
    sequence      BIGINT  NOT NULL,
    body          TEXT    NOT NULL,
    written_at_ms BIGINT  NOT NULL,
    due_at_ms     BIGINT  NOT NULL,
    attempts      BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (call_id, sequence)
);

CREATE INDEX webhook_outbox_due ON webhook_outbox (due_at_ms);
