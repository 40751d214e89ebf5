-- Which calls are old enough to be deleted.
CREATE INDEX calls_by_end ON calls (ended_at_ms) WHERE ended_at_ms IS NOT NULL;

-- Which chats a user is in.
CREATE INDEX chat_members_by_user ON chat_members (user_id);
