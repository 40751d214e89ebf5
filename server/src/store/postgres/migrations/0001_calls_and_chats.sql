-- One row a call. `session` is the whole call as JSON and the truth; the columns beside it are what
-- queries and operators look at. Ids sort by byte, whatever the locale of the database.
CREATE TABLE calls (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version         BIGINT NOT NULL,
    chat_id         TEXT   NOT NULL,
    call_type       TEXT   NOT NULL,
    status          TEXT   NOT NULL,
    caller_id       TEXT   NOT NULL,
    request_id      TEXT,
    initiated_at_ms BIGINT NOT NULL,
    started_at_ms   BIGINT,
    ended_at_ms     BIGINT,
    deadline_ms     BIGINT,
    end_reason      TEXT,
    session         TEXT   NOT NULL
);

-- A repeated `requestId` of the same caller is the same call.
CREATE UNIQUE INDEX calls_by_request ON calls (caller_id, request_id) WHERE request_id IS NOT NULL;

-- Holds the few live calls alone, in the order of their deadlines, however many are stored.
CREATE INDEX calls_live ON calls (deadline_ms) WHERE ended_at_ms IS NULL;

-- One row a call and participant, in the order in which a user's history is read. The index carries
-- what the filters and the statistics need, so that neither touches the tables.
CREATE TABLE call_participants (
    user_id         TEXT             NOT NULL,
    initiated_at_ms BIGINT           NOT NULL,
    call_id         TEXT COLLATE "C" NOT NULL,
    chat_id         TEXT             NOT NULL,
    call_type       TEXT             NOT NULL,
    status          TEXT             NOT NULL,
    is_outgoing     BOOLEAN          NOT NULL,
    duration_s      BIGINT,
    avg_bitrate     DOUBLE PRECISION,
    packet_loss     DOUBLE PRECISION,
    jitter          DOUBLE PRECISION,
    PRIMARY KEY (user_id, initiated_at_ms, call_id)
        INCLUDE (chat_id, call_type, status, is_outgoing, duration_s, avg_bitrate, packet_loss, jitter)
);

-- Who is concerned by a live call.
CREATE INDEX call_participants_live ON call_participants (user_id)
    WHERE status IN ('ringing', 'ongoing');

CREATE TABLE chats (
    id   TEXT NOT NULL PRIMARY KEY,
    name TEXT
);

CREATE TABLE chat_members (
    chat_id  TEXT   NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    user_id  TEXT   NOT NULL,
    position BIGINT NOT NULL,
    name     TEXT,
    avatar   TEXT,
    PRIMARY KEY (chat_id, user_id)
);
