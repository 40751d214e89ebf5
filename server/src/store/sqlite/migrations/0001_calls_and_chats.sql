-- One row a call. `session` is the whole call as JSON and the truth; the columns beside it are what
-- queries and operators look at.
CREATE TABLE calls (
    id              TEXT    NOT NULL PRIMARY KEY,
    version         INTEGER NOT NULL,
    chat_id         TEXT    NOT NULL,
    call_type       TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    caller_id       TEXT    NOT NULL,
    request_id      TEXT,
    initiated_at_ms INTEGER NOT NULL,
    started_at_ms   INTEGER,
    ended_at_ms     INTEGER,
    end_reason      TEXT,
    session         TEXT    NOT NULL
);

-- A repeated `requestId` of the same caller is the same call.
CREATE UNIQUE INDEX calls_by_request ON calls (caller_id, request_id) WHERE request_id IS NOT NULL;

-- Holds the few live calls alone, however many are stored.
CREATE INDEX calls_live ON calls (id) WHERE ended_at_ms IS NULL;

-- One row a call and participant, clustered in the order in which a user's history is read. It
-- repeats what the filters and the statistics need, so that neither touches `calls`.
CREATE TABLE call_participants (
    user_id         TEXT    NOT NULL,
    initiated_at_ms INTEGER NOT NULL,
    call_id         TEXT    NOT NULL,
    chat_id         TEXT    NOT NULL,
    call_type       TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    is_outgoing     INTEGER NOT NULL,
    duration_s      INTEGER,
    avg_bitrate     REAL,
    packet_loss     REAL,
    jitter          REAL,
    PRIMARY KEY (user_id, initiated_at_ms, call_id)
) WITHOUT ROWID;

CREATE TABLE chats (
    id   TEXT NOT NULL PRIMARY KEY,
    name TEXT
) WITHOUT ROWID;

CREATE TABLE chat_members (
    chat_id  TEXT    NOT NULL,
    user_id  TEXT    NOT NULL,
    position INTEGER NOT NULL,
    name     TEXT,
    avatar   TEXT,
    PRIMARY KEY (chat_id, user_id)
) WITHOUT ROWID;
