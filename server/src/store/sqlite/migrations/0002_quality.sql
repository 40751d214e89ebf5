-- What one participant measured of the link to another, at a time. `sample` is the measurement as JSON.
CREATE TABLE call_quality (
    call_id   TEXT    NOT NULL,
    from_user TEXT    NOT NULL,
    to_user   TEXT    NOT NULL,
    at_ms     INTEGER NOT NULL,
    sample    TEXT    NOT NULL,
    PRIMARY KEY (call_id, from_user, to_user, at_ms)
) WITHOUT ROWID;
