-- What one participant measured of the link to another, at a time. `sample` is the measurement as JSON.
CREATE TABLE call_quality (
    call_id   TEXT COLLATE "C" NOT NULL,
    from_user TEXT COLLATE "C" NOT NULL,
    to_user   TEXT COLLATE "C" NOT NULL,
    at_ms     BIGINT           NOT NULL,
    sample    TEXT             NOT NULL,
    PRIMARY KEY (call_id, from_user, to_user, at_ms)
);
